package main

import (
	"runtime"
	"strings"
)

// Assignments check indices and pointers of the left side when they store, after operands and earlier stores.

type P struct {
	i int
	a [4]int
}

var trace string
var sink int64

func at(i int) int    { trace += "i"; return i }
func val(v int) int   { trace += "v"; return v }
func two() (int, int) { trace += "2"; return 1, 2 }
func try(name string, f func()) {
	trace = ""
	defer func() { println(name, recover() != nil, trace) }()
	f()
}

// Where a load faults is the line that has it, though the value is used on the next one.
//
//go:noinline
func deref(p *int32) int64 {
	v := *p
	return int64(v)
}

func line() {
	defer func() {
		recover()
		var buf [2048]byte
		s := string(buf[:runtime.Stack(buf[:], false)])
		println("line", strings.Contains(s, "assign_checks.go:30 "), strings.Contains(s, "assign_checks.go:31 "))
	}()
	sink = deref(nil)
}

func main() {
	m := map[int]int{}
	s := []int{}
	var grid [3][3]int
	var p *P
	var pa *[3]int
	k := 5
	try("slice", func() { m[1], s[1] = 1, 1 })
	try("field", func() { m[2], p.i = 2, 2 })
	try("array field", func() { m[3], p.a[k-3] = 3, 3 })
	try("array", func() { m[4], grid[at(1)][at(k)] = 4, val(4) })
	try("pointer to array", func() { m[5], pa[at(0)] = 5, val(5) })
	try("one", func() { s[at(3)] = val(1) })
	try("tuple", func() { m[6], s[at(0)] = two() })
	try("range", func() {
		for m[7], s[at(9)] = range []int{7} {
		}
	})
	println(len(m), m[1], m[2], m[3], m[4], m[5], m[6], m[7])
	i := 1
	i, grid[i][i] = 2, 9
	grid[i], i = [3]int{1, 2, 3}, 0
	println(i, grid[1][1], grid[2][2])
	line()
}
