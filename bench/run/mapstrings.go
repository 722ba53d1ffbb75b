// Words counted in a map of strings, with keys converted from bytes.
package main

import (
	"fmt"
	"slices"
)

func main() {
	text := make([]byte, 0, 8<<20)
	for seed := uint32(7); len(text) < cap(text)-16; text = append(text, ' ') {
		seed = seed*1664525 + 1013904223
		// A word of the vocabulary, the small numbers more often.
		for w := (seed >> 16) * (seed >> 16) >> 14 & 0x3ffff; ; w /= 24 {
			text = append(text, 'a'+byte(w%24))
			if w < 24 {
				break
			}
		}
	}
	total, different := 0, 0
	var top []string
	for round := 0; round < 5; round++ {
		count := make(map[string]int)
		start := 0
		for i, c := range text {
			if c == ' ' {
				count[string(text[start:i])]++
				start = i + 1
			}
		}
		keys := make([]string, 0, len(count))
		for k, v := range count {
			total += v * len(k)
			keys = append(keys, k)
		}
		different += len(keys)
		top = top[:0]
		for range 3 {
			best := slices.MaxFunc(keys, func(a, b string) int {
				if c := count[a] - count[b]; c != 0 {
					return c
				}
				if a < b {
					return 1
				}
				return -1
			})
			top = append(top, fmt.Sprint(best, "=", count[best]))
			delete(count, best)
		}
	}
	fmt.Println("mapstrings", total, different, top)
}
