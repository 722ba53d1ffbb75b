// reflect.Value.Call with arguments and results of any size on the stack.
package main

import (
	"fmt"
	"reflect"
	"runtime"
)

type big [10_000]*int

//go:noinline
func grow(n int) int {
	var a [50]int
	if n == 0 {
		return 0
	}
	a[n%50] = n
	return grow(n-1) + a[n%50] - n
}

func work(p *int) *int {
	runtime.GC()
	grow(200)
	q := new(int)
	*q = *p + 1
	return q
}

func manyArgs(a [40]*int, b int, c [40]string) (x [30]*int, y string, z [5000]*int) {
	x[7] = work(a[3])
	z[4999] = work(x[7])
	runtime.GC()
	return x, c[39], z
}

func large(a big, n int) (big, int) {
	a[n] = work(a[n-1])
	runtime.GC()
	return a, n + 1
}

func huge(a [3 << 20]byte) (r [300]byte, sum int) {
	for _, c := range a {
		sum += int(c)
	}
	r[299] = a[1<<20]
	return
}

func main() {
	one := new(int)
	*one = 1
	a, c := [40]*int{3: one}, [40]string{39: "last"}
	out := reflect.ValueOf(manyArgs).Call([]reflect.Value{reflect.ValueOf(a), reflect.ValueOf(5), reflect.ValueOf(c)})
	runtime.GC()
	fmt.Println(*out[0].Index(7).Interface().(*int), out[1], *out[2].Index(4999).Interface().(*int))
	b := big{77: one}
	out = reflect.ValueOf(large).Call([]reflect.Value{reflect.ValueOf(b), reflect.ValueOf(78)})
	runtime.GC()
	fmt.Println(*out[0].Index(78).Interface().(*int), out[1])
	var h [3 << 20]byte
	h[0], h[1<<20], h[3<<20-1] = 1, 2, 3
	out = reflect.ValueOf(huge).Call([]reflect.Value{reflect.ValueOf(h)})
	fmt.Println(out[0].Index(299), out[1])
}
