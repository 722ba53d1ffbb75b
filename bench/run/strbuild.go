// Strings built, split, joined and formatted.
package main

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

func main() {
	h := fnv.New64a()
	size := 0
	for round := 0; round < 100; round++ {
		var b strings.Builder
		for i := 0; i < 20000; i++ {
			b.WriteString("item ")
			b.WriteString(strconv.Itoa(i * round))
			b.WriteByte(',')
			b.WriteRune('é')
			if i%10 == 0 {
				fmt.Fprintf(&b, "%5d|%-8s|%x|%v;", i, "word", i, i%3 == 0)
			}
		}
		s := b.String()
		parts := strings.Split(s, ",")
		joined := strings.Join(parts, "--")
		upper := strings.ToUpper(strings.ReplaceAll(joined, "item", "thing"))
		size += len(upper) + strings.Count(upper, "7") + len(strings.Fields(upper))
		line := ""
		for i := 0; i < 300; i++ {
			line += string(rune('a' + (i+round)%26))
		}
		for _, r := range upper {
			size += int(r) & 1
		}
		if round%25 == 0 {
			h.Write([]byte(upper))
		}
		h.Write([]byte(line))
	}
	fmt.Printf("strbuild %d %016x\n", size, h.Sum64())
}
