// At MemProfileRate 1 the memory profile counts every object, by the stack that made it, inlined calls included,
// and after a collection knows which are gone.
package main

import (
	"fmt"
	"runtime"
	"sort"
	"strings"
)

type node struct {
	next *node
	pad  [5]int
}

var (
	list *node
	big  [][]byte
)

func inlined(n *node) *node { return &node{next: n} }

func grow(n int) {
	for i := 0; i < n; i++ {
		list = inlined(list)
	}
}

func shrink(n int) {
	for i := 0; i < n; i++ {
		list = list.next
	}
}

//go:noinline
func large(n int) {
	for i := 0; i < n; i++ {
		big = append(big, make([]byte, 100_000))
	}
}

func profile() {
	runtime.GC()
	recs := make([]runtime.MemProfileRecord, 1000)
	n, ok := runtime.MemProfile(recs, true)
	if !ok {
		panic("too many records")
	}
	var lines []string
	for _, r := range recs[:n] {
		var names []string
		frames := runtime.CallersFrames(r.Stack())
		for {
			f, more := frames.Next()
			if strings.HasPrefix(f.Function, "main.") {
				names = append(names, f.Function)
			}
			if !more {
				break
			}
		}
		if s := strings.Join(names, " < "); strings.Contains(s, "inlined") || strings.Contains(s, "large") && r.AllocBytes/r.AllocObjects > 100_000 {
			lines = append(lines, fmt.Sprint(s, ": made ", r.AllocObjects, " of ", r.AllocBytes/r.AllocObjects, ", in use ", r.InUseObjects()))
		}
	}
	sort.Strings(lines)
	fmt.Println(strings.Join(lines, "\n"))
}

func main() {
	big = make([][]byte, 0, 100)
	runtime.MemProfileRate = 1
	big = append(big, make([]byte, 50_000)) // the old rate's runs end
	grow(1000)
	large(10)
	profile()
	shrink(400)
	big = big[:3]
	clear(big[3:cap(big)])
	profile()
	list = nil
	profile()
}
