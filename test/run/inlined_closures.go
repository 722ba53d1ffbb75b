// Closures whose calls are inlined: what they capture, loops over functions, closures in closures, frames, panics.
package main

import (
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func filter(s iter.Seq[int], keep func(int) bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		for x := range s {
			if keep(x) && !yield(x) {
				return
			}
		}
	}
}

func apply(s []int, f func(int) int) {
	for i, x := range s {
		s[i] = f(x)
	}
}

func frames() (out []string) {
	var pcs [20]uintptr
	fr := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := fr.Next()
		if strings.HasPrefix(f.Function, "main.") { // names of closures depend on what was inlined
			out = append(out, fmt.Sprint(f.Line))
		}
		if !more {
			return
		}
	}
}

func find(n, x int) int {
	for i := range count(n) {
		if i*i == x {
			return i
		}
	}
	return -1
}

func nested(n int) (t int) {
outer:
	for i := range count(n) {
		for j := range count(i) {
			if j > 3 {
				continue outer
			}
			if i > 6 {
				break outer
			}
			t += i * j
		}
	}
	return
}

func adders(n int) (fs []func(int) int) {
	t := 0
	for i := range n {
		add := func(x int) int { t += x * i; return t }
		add(1)
		fs = append(fs, add)
	}
	return
}

func deferred() (s string) {
	defer func() { s += fmt.Sprint(recover()) }()
	for i := range count(3) {
		defer func() { s += fmt.Sprint(i) }()
		if i == 2 {
			panic("x")
		}
	}
	return
}

func rec(n int) int {
	var f func(int) int
	f = func(k int) int {
		if k == 0 {
			return 0
		}
		return k + f(k-1)
	}
	return f(n)
}

func swap(a, b int) (int, int) {
	f := func() (int, int) { return b, a }
	return f()
}

func bad(yield func(int) bool) {
	yield(1)
	yield(2)
}

func try(f func()) {
	defer func() {
		fmt.Println(recover())
	}()
	f()
}

func main() {
	s := []int{1, 2, 3}
	k := 10
	apply(s, func(x int) int { k++; return x * k })
	fmt.Println(s, k, find(100, 81), find(100, 82), nested(10), rec(10))
	for i, v := range slices.All(s) {
		fmt.Print(i, v, " ")
	}
	for x := range filter(count(20), func(x int) bool { return x%k == 0 }) {
		fmt.Println(x)
	}
	fs := adders(4)
	for _, f := range fs {
		fmt.Print(f(1), " ")
	}
	fmt.Println(deferred())
	for range count(1) {
		for _, f := range frames() {
			fmt.Println(f)
		}
		func() {
			fmt.Println(frames())
		}()
	}
	a, b := swap(1, 2)
	fmt.Println(a, b)
	try(func() {
		for i := range count(3) {
			s[i+1] = i
		}
	})
	try(func() {
		for x := range bad {
			fmt.Println(x)
			break
		}
	})
	try(func() {
		var f func()
		f()
	})
	fmt.Println(s)
}
