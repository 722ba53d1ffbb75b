package main

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

type shape interface {
	area() float64
	name() string
}
type rect struct{ w, h float64 }
type circle struct{ r float64 }

func (r rect) area() float64    { return r.w * r.h }
func (r rect) name() string     { return "rect" }
func (c *circle) area() float64 { return 3 * c.r * c.r }
func (c *circle) name() string  { return "circle" }

type named struct {
	shape
	label string
}

func counter() (func() int, func()) {
	n := 0
	return func() int { n++; return n }, func() { n = 100 }
}

func Map[T, U any](in []T, f func(T) U) []U {
	var out []U
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}

type stack[T any] struct{ items []T }

func (s *stack[T]) push(v T) { s.items = append(s.items, v) }
func (s *stack[T]) pop() (v T, ok bool) {
	if len(s.items) == 0 {
		return v, false
	}
	v = s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return v, true
}

var errBad = errors.New("bad")

func mayFail(n int) (res int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered: %v", r)
		}
	}()
	switch {
	case n == 0:
		return 0, errBad
	case n < 0:
		panic("negative")
	case n > 10:
		var a []int
		_ = a[n]
	}
	return 100 / (n - 5), nil
}

func seq(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i * i) {
				return
			}
		}
	}
}

func main() {
	next, reset := counter()
	next()
	next()
	reset()
	fmt.Println(next())
	for _, s := range []shape{rect{2, 3}, &circle{2}, named{rect{1, 1}, "unit"}} {
		fmt.Printf("%s %.1f %T\n", s.name(), s.area(), s)
	}
	fmt.Println(strings.Join(Map([]int{1, 2, 3}, func(i int) string { return fmt.Sprint(i * i) }), ","))
	var st stack[string]
	st.push("a")
	st.push("b")
	fmt.Println(st.pop())
	fmt.Println(st.pop())
	fmt.Println(st.pop())
	for _, n := range []int{0, -1, 20, 5, 7} {
		r, err := mayFail(n)
		fmt.Println(n, r, err, errors.Is(err, errBad))
	}
	for v := range seq(10) {
		if v > 30 {
			break
		}
		fmt.Print(v, " ")
	}
	fmt.Println()
	m := map[string][]int{}
	for i, w := range strings.Fields("the quick brown fox jumps over the lazy dog the end") {
		m[w] = append(m[w], i)
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		fmt.Print(k, m[k], " ")
	}
	fmt.Println(len(m))
	var funcs []func() int
	for i := 0; i < 3; i++ {
		funcs = append(funcs, func() int { return i })
	}
	for _, f := range funcs {
		fmt.Print(f(), " ")
	}
	fmt.Println()
outer:
	for i := range 4 {
		for j := range 4 {
			if j == 2 {
				continue outer
			}
			if i == 3 {
				break outer
			}
			fmt.Print(i, j, ";")
		}
	}
	fmt.Println()
	c := complex(1, 2)
	fmt.Println(c*c, real(c), len("héllo"), []rune("héllo")[1], string(rune(233)))
	type key struct {
		a int
		b string
	}
	km := map[key]int{{1, "x"}: 1, {2, "y"}: 2}
	fmt.Println(km[key{2, "y"}], km[key{3, "z"}])
	var e any = 3.5
	switch v := e.(type) {
	case int:
		fmt.Println("int", v)
	case float64, float32:
		fmt.Println("float", v)
	}
	defer fmt.Println("deferred 1")
	defer func() { fmt.Println("deferred 2", recover()) }()
	var np *named
	fmt.Println(np.label)
}
