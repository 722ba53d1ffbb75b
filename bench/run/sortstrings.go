// Strings sorted: comparison of strings, and a closure as the order.
package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

func words(n int, seed uint32) []string {
	a := make([]string, n)
	var b [16]byte
	for i := range a {
		for k := range b {
			seed = seed*1664525 + 1013904223
			b[k] = 'a' + byte(seed>>28)
		}
		a[i] = string(b[:4+seed>>8%12])
	}
	return a
}

func digest(a []string) (h uint64) {
	for _, s := range a {
		for i := 0; i < len(s); i++ {
			h = h*31 + uint64(s[i])
		}
	}
	return
}

func main() {
	const n = 250000
	var h uint64
	for seed := uint32(1); seed <= 6; seed++ {
		a := words(n, seed)
		b := slices.Clone(a)
		sort.Strings(a)
		h = h*17 + digest(a)
		slices.SortFunc(b, func(x, y string) int {
			if c := len(x) - len(y); c != 0 {
				return c
			}
			return strings.Compare(y, x)
		})
		h = h*17 + digest(b)
	}
	fmt.Printf("sortstrings %d %016x\n", n, h)
}
