// JSON to structures and to interface values: scanning, reflection, allocation.
package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

type point struct {
	X, Y float64
	Name string `json:"name"`
}

type shape struct {
	Kind   string         `json:"kind"`
	ID     int64          `json:"id"`
	Points []point        `json:"points"`
	Props  map[string]int `json:"props"`
	Parent *int           `json:"parent"`
}

func document(n int) []byte {
	var b strings.Builder
	b.WriteByte('[')
	for i := 0; i < n; i++ {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `{"kind": "poly\u0067on", "id": %d, "points": [`, i)
		for k := 0; k < 6; k++ {
			if k > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, `{"x": %g, "Y": %g, "name": "p\t%d"}`, float64(i)/3, float64(k)*1.5, k)
		}
		fmt.Fprintf(&b, `], "props": {"depth": %d, "colour": %d}, "unknown": [1, {"a": null}], "parent": null}`, i%5, i)
	}
	b.WriteByte(']')
	return []byte(b.String())
}

func main() {
	doc := document(1500)
	var sum float64
	var ids, nodes int64
	for round := 0; round < 32; round++ {
		var shapes []shape
		if err := json.Unmarshal(doc, &shapes); err != nil {
			panic(err)
		}
		for _, s := range shapes {
			ids += s.ID + int64(len(s.Kind)+s.Props["colour"])
			for _, p := range s.Points {
				sum += p.X + p.Y
			}
		}
		var any any
		if err := json.Unmarshal(doc, &any); err != nil {
			panic(err)
		}
		nodes += count(any)
	}
	fmt.Printf("jsondec %d %.3f %d %d\n", len(doc), sum, ids, nodes)
}

func count(v any) (n int64) {
	n = 1
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n += count(e)
		}
	case map[string]any:
		for _, e := range v {
			n += count(e)
		}
	}
	return
}
