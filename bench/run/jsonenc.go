// Structures to JSON: reflection, string escaping, number formatting.
package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
)

type address struct {
	Street string  `json:"street"`
	City   string  `json:"city"`
	Lat    float64 `json:"lat"`
	Lon    float64 `json:"lon"`
}

type person struct {
	ID      int               `json:"id"`
	Name    string            `json:"name"`
	Email   *string           `json:"email,omitempty"`
	Active  bool              `json:"active"`
	Tags    []string          `json:"tags"`
	Address address           `json:"address"`
	Scores  []float64         `json:"scores"`
	Extra   map[string]string `json:"extra,omitempty"`
}

func people(n int) []person {
	list := make([]person, n)
	for i := range list {
		p := &list[i]
		p.ID = i
		p.Name = fmt.Sprintf("Person <%d> \"Ünï\"", i)
		if i%3 == 0 {
			mail := fmt.Sprintf("p%d@example.org", i)
			p.Email = &mail
		}
		p.Active = i%2 == 0
		p.Tags = []string{"alpha", "beta", fmt.Sprint("tag", i%17)}
		p.Address = address{fmt.Sprint(i, " Main Street"), "Springfield", float64(i) / 7, -float64(i) / 3}
		for k := 0; k < 8; k++ {
			p.Scores = append(p.Scores, float64(i*k)/9)
		}
		if i%4 == 0 {
			p.Extra = map[string]string{"colour": "blue", "shape": "round", "a": "b"}
		}
	}
	return list
}

func main() {
	list := people(2000)
	h := fnv.New64a()
	size := 0
	for round := 0; round < 240; round++ {
		list[0].ID = round
		out, err := json.Marshal(list)
		if err != nil {
			panic(err)
		}
		size += len(out)
		if round%80 == 0 {
			h.Write(out)
		}
	}
	fmt.Printf("jsonenc %d %016x\n", size, h.Sum64())
}
