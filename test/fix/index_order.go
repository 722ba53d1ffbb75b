package main

import "fmt"

// Calls in an index are made before variables of the operand are read.

type S struct{ a []int }

func main() {
	var r []int
	grow := func() int { r = append(r, len(r)+10); return len(r) - 1 }
	try := func(name string, f func() any) {
		defer func() {
			if e := recover(); e != nil {
				fmt.Println(name, "panic", e)
			}
		}()
		r = nil
		fmt.Println(name, f())
	}
	try("addr", func() any { p := &r[grow()]; return *p })
	try("load", func() any { return r[grow()] })
	try("store", func() any { r[grow()] = 5; return r })
	try("op", func() any { r[grow()] += 5; return r })
	try("inc", func() any { r[grow()]++; return r })
	try("slice", func() any { return r[grow():] })
	try("slice2", func() any { return r[:grow()+1] })
	try("bin", func() any { return len(r) + grow() + len(r) })
	s := &S{}
	g2 := func() int { s.a = append(s.a, 7); return len(s.a) - 1 }
	try("faddr", func() any { p := &s.a[g2()]; return *p })
	try("fload", func() any { return s.a[g2()] })
	try("fop", func() any { s.a[g2()] *= 2; return s.a })
	try("fslice", func() any { return s.a[g2():] })
	g3 := func() int { s = &S{[]int{1, 2, 3, 4, 5, 6}}; return 5 }
	try("ptr", func() any { p := &s.a[g3()]; return *p })
	s = &S{}
	try("ptrload", func() any { return s.a[g3()] })
	str := ""
	g4 := func() int { str += "abc"; return len(str) - 1 }
	try("str", func() any { return str[g4()] })
	try("strslice", func() any { return str[g4():] })
	var arr [4]int
	g5 := func() int { arr[2] = 9; return 2 }
	try("arr", func() any { return arr[g5()] })
	arr = [4]int{}
	pa := &arr
	try("parr", func() any { return pa[g5()] })
	var m map[string]int
	g6 := func() string { m = map[string]int{"a": 3}; return "a" }
	try("map", func() any { return m[g6()] })
	m = nil
	try("mapstore", func() any { m[g6()] = 4; return m })
	ss := [][]int{nil}
	g7 := func() int { ss[0] = append(ss[0], 1); return len(ss[0]) - 1 }
	try("nest", func() any { return ss[0][g7()] })
	try("nestaddr", func() any { p := &ss[0][g7()]; return *p })
}
