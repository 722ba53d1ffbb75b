// Integers sorted by slices.Sort and by sort.Sort: generic code, and calls through an interface.
package main

import (
	"fmt"
	"slices"
	"sort"
)

func random(n int, seed uint32) []int {
	a := make([]int, n)
	for i := range a {
		seed ^= seed << 13
		seed ^= seed >> 17
		seed ^= seed << 5
		a[i] = int(seed)
	}
	return a
}

func digest(a []int) (h uint64) {
	for _, x := range a {
		h = h*31 + uint64(x)
	}
	return
}

func main() {
	const n = 1000000
	var h uint64
	for seed := uint32(1); seed <= 5; seed++ {
		a := random(n, seed)
		slices.Sort(a)
		h = h*17 + digest(a)
		a = random(n/2, seed+100)
		sort.Sort(sort.IntSlice(a))
		h = h*17 + digest(a)
	}
	fmt.Printf("sortints %d %016x\n", n, h)
}
