// Pointers that are passed on the stack to reflect's stubs live while the stubs gather them.
package main

import (
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
)

type pair struct {
	p *int
	s string
}

type row [1024]*int // an array is passed on the stack, and its copy is an allocation that may collect

type wide [5000]*int // its copy is one that asks for a collection

type res [64]*int

// results in registers, results on the stack, few arguments on the stack
type (
	many func(a int, r row, x pair, p *int, f float64, q *int, y pair, t row, e any, z []*int, m map[string]int, u row) (*int, string, pair, any, *int)
	big  func(a int, r wide, p *int, t wide) (wide, *int, res)
	few  func(a, b, c, d, e, f, g, h, i, j, k, l *int) (res, *int)
)

func num(n int) *int {
	p := new(int)
	*p = n
	return p
}

func set(n int, r []*int) {
	for i := range r {
		r[i] = num(n + i)
	}
}

func fill(n int) (r row) {
	set(n, r[:])
	return r
}

func fillWide(n int) (r wide) {
	set(n, r[:])
	return r
}

func word(n int) string { return strings.Repeat(string(rune('a'+n%26)), 5) }

func check(what string, n int, r []*int) {
	for i, p := range r {
		if *p != n+i {
			panic(fmt.Sprint(what, " ", i, ": ", *p, ", want ", n+i))
		}
	}
}

// stack growth, memory that may lie over what was freed, a collection
func disturb(n int) int {
	var pad [64]int
	if n == 0 {
		for i := range 4 {
			r := fill(-1000000 * (i + 1))
			runtime.KeepAlive(&r)
		}
		runtime.GC()
		return 0
	}
	pad[n%64] = n
	return disturb(n-1) + pad[n%64] - n
}

type rcv struct{ base *int }

func (v *rcv) Many(a int, r row, x pair, p *int, f float64, q *int, y pair, t row, e any, z []*int, m map[string]int, u row) (*int, string, pair, any, *int) {
	disturb(20)
	n := *v.base + a
	check("r", n, r[:])
	check("t", n+2000, t[:])
	check("u", n+4000, u[:])
	got := fmt.Sprint(*x.p-n, x.s, *p-n, f, *q-n, *y.p-n, y.s, *e.(*int)-n, *z[0]-n, *z[1]-n, m["k"]-n)
	want := fmt.Sprint(1, word(n), 2, 2.5, 3, 4, word(n+1), 5, 6, 7, 8)
	if got != want {
		panic(got + ", want " + want)
	}
	return q, got, x, *p, u[7]
}

func (v *rcv) Few(a, b, c, d, e, f, g, h, i, j, k, l *int) (r res, p *int) {
	disturb(20)
	check("few", *v.base, []*int{a, b, c, d, e, f, g, h, i, j, k, l})
	for i := range r {
		r[i] = num(*v.base + i)
	}
	return r, l
}

func callMany(f many, n, base int) int {
	q, s, x, e, u := f(n-base, fill(n), pair{num(n + 1), word(n)}, num(n+2), 2.5, num(n+3), pair{num(n + 4), word(n + 1)},
		fill(n+2000), num(n+5), []*int{num(n + 6), num(n + 7)}, map[string]int{"k": n + 8}, fill(n+4000))
	disturb(3)
	if *q != n+3 || *x.p != n+1 || x.s != word(n) || e != n+2 || *u != n+4007 {
		panic(fmt.Sprint("results ", *q-n, *x.p-n, x.s, e, *u-n))
	}
	return len(s)
}

func callBig(f big, n int) int {
	r, p, s := f(n, fillWide(n), num(n+2), fillWide(n+6000))
	disturb(3)
	check("big", n+6000, r[:])
	check("big res", n, s[:])
	return *p - n
}

func callFew(f few, n int) int {
	r, p := f(num(n), num(n+1), num(n+2), num(n+3), num(n+4), num(n+5), num(n+6), num(n+7), num(n+8), num(n+9), num(n+10), num(n+11))
	disturb(3)
	check("few results", n, r[:])
	return *p - n
}

// the stubs are called with little room left, in steps
func deep(d int, f func() int) int {
	if d == 0 {
		return f()
	}
	return deep(d-1, f)
}

func main() {
	debug.SetGCPercent(1)
	v := &rcv{num(100)}
	m := reflect.ValueOf(v)
	manyMethod := many(m.MethodByName("Many").Interface().(func(int, row, pair, *int, float64, *int, pair, row, any, []*int, map[string]int, row) (*int, string, pair, any, *int)))
	fewMethod := few(m.MethodByName("Few").Interface().(func(a, b, c, d, e, f, g, h, i, j, k, l *int) (res, *int)))
	manyMade := reflect.MakeFunc(reflect.TypeFor[many](), func(in []reflect.Value) []reflect.Value {
		disturb(20)
		return m.MethodByName("Many").Call(in)
	}).Interface().(many)
	bigMade := reflect.MakeFunc(reflect.TypeFor[big](), func(in []reflect.Value) []reflect.Value {
		disturb(20)
		r, t := in[1].Interface().(wide), in[3].Interface().(wide)
		check("big r", int(in[0].Int()), r[:])
		check("big t", int(in[0].Int())+6000, t[:])
		return []reflect.Value{in[3], in[2], reflect.ValueOf(res(r[:]))}
	}).Interface().(big)
	fewMade := reflect.MakeFunc(reflect.TypeFor[few](), m.MethodByName("Few").Call).Interface().(few)

	sums := make(chan int)
	for g := range 6 {
		go func() {
			n := 20000*g + 200
			sum := deep(g*7, func() int { return callMany(manyMade, n, 100) })
			sum += deep(g*7, func() int { return callMany(manyMethod, n+5000, 100) })
			sum += deep(g*9, func() int { return callBig(bigMade, n) })
			sum += deep(g*40, func() int { return callFew(fewMade, 100) })
			sum += deep(g*41, func() int { return callFew(fewMethod, 100) })
			sums <- sum
		}()
	}
	total := 0
	for range 6 {
		total += <-sums
	}
	fmt.Println(total)
}
