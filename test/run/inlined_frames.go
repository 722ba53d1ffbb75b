// Frames of inlined calls are seen as if the calls were made: Callers, Caller, panics, recover, wrappers.
package main

import (
	"fmt"
	"runtime"
	"strings"
)

type T struct{ n int }

func (t T) where() []string { return frames(t.n) }
func (t *T) ptr() []string  { return t.where() }

func frames(skip int) []string {
	var pcs [20]uintptr
	n := runtime.Callers(skip+1, pcs[:])
	fr := runtime.CallersFrames(pcs[:n])
	var out []string
	for {
		f, more := fr.Next()
		out = append(out, fmt.Sprintf("%s:%d", f.Function, f.Line))
		if !more || f.Function == "main.main" {
			break
		}
	}
	return out
}

func a(n int) []string { return frames(n) }
func b(n int) []string {
	x := a(n)
	return x
}
func c(n int) []string { return b(n) }

func caller(skip int) string {
	pc, file, line, ok := runtime.Caller(skip)
	return fmt.Sprint(runtime.FuncForPC(pc).Name(), " ", file[strings.LastIndex(file, "/")+1:], ":", line, " ", ok)
}
func d() string { return caller(1) }
func e() string { return d() + "|" + caller(2) }

func gen[X any](x X) []string { return frames(0) }

func div(a, b int) int       { return a / b }
func idx(s []int, i int) int { return s[i] }
func deref(p *T) int         { return p.n }

func try(name string, f func()) {
	defer func() {
		r := recover()
		fmt.Println(name, r)
		for _, s := range frames(0) {
			if strings.HasPrefix(s, "main.") {
				fmt.Print(" ", s)
			}
		}
		fmt.Println()
	}()
	f()
}

type I interface{ ptr() []string }

var zero int
var nilT *T

func helper() any { return recover() }

func rec() (r any) {
	defer func() { r = helper() }()
	defer func() {
		if x := recover(); x != nil {
			r = x
		}
	}()
	panic("one")
}

func main() {
	for _, s := range c(0) {
		fmt.Println(s)
	}
	for _, s := range c(2) {
		fmt.Println(s)
	}
	fmt.Println(d())
	fmt.Println(e())
	t := &T{0}
	for _, s := range t.ptr() {
		fmt.Println(s)
	}
	var i I = t
	for _, s := range i.ptr() {
		fmt.Println(s)
	}
	for _, s := range gen(3) {
		fmt.Println(s)
	}
	f := t.where
	for _, s := range f() {
		fmt.Println(s)
	}
	try("div", func() { fmt.Println(div(1, zero)) })
	try("idx", func() { fmt.Println(idx([]int{1, 2}, 2+zero)) })
	try("deref", func() { fmt.Println(deref(nilT)) })
	fmt.Println(rec())
	func() {
		for _, s := range frames(0) {
			fmt.Println(s)
		}
	}()
}
