// Allocations of types that are too large for a pointer mask of their own.
package main

import (
	"fmt"
	"runtime"
)

type big struct {
	pre  [3]*int
	hash [40000]uint32
	p    [20000]*int
	m    map[string]int
}

//go:noinline
func alloc(n int) []big { return make([]big, n) }

func main() {
	v := alloc(3)
	for i := range v {
		x := i + 7
		v[i].p[19999] = &x
		v[i].m = map[string]int{"k": i}
	}
	for i := 0; i < 3; i++ {
		runtime.GC()
		_ = make([]byte, 1<<20)
	}
	fmt.Println(*v[2].p[19999], v[1].m["k"])
}
