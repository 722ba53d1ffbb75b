// Calls through reflect's stubs at every depth of a small stack.
package main

import (
	"fmt"
	"reflect"
)

type T struct{ n int }

func (t *T) Add(a int, b float64, s string, p *int) (int, float64, string, *int) {
	return a + t.n, b * 2, s + "!", p
}

var add = reflect.MakeFunc(reflect.TypeOf(func(int, float64, string, *int) (int, float64, string, *int) { return 0, 0, "", nil }),
	func(in []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(int(in[0].Int()) + 1), reflect.ValueOf(in[1].Float() + 0.5), in[2], in[3]}
	}).Interface().(func(int, float64, string, *int) (int, float64, string, *int))

func deep(n int, f func(int, float64, string, *int) (int, float64, string, *int)) int {
	var pad [3]int
	if n == 0 {
		x := 7
		a, b, s, p := f(1, 2.5, "s", &x)
		*p++
		return a + int(b*10) + len(s) + x
	}
	pad[n%3] = n
	return deep(n-1, f) + pad[0]*0 + pad[1]*0
}

func main() {
	m := reflect.ValueOf(&T{5}).Method(0).Interface().(func(int, float64, string, *int) (int, float64, string, *int))
	sums := make(chan int)
	for n := range 40 {
		go func() { sums <- deep(n, add)*1000 + deep(n, m) }()
	}
	total := 0
	for range 40 {
		total += <-sums
	}
	fmt.Println(total)
}
