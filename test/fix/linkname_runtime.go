package main

// What widely used packages reach in the runtime by linkname: map iterators as they were before Go 1.24, pinning, yielding.

import (
	"reflect"
	"unsafe"
)

type iter struct {
	key, elem, typ unsafe.Pointer
	it             unsafe.Pointer
	rest           [12]uintptr
}

//go:linkname mapiterinit runtime.mapiterinit
func mapiterinit(t, m unsafe.Pointer, it *iter)

//go:linkname mapiternext runtime.mapiternext
func mapiternext(it *iter)

//go:linkname reflect_mapiterinit reflect.mapiterinit
func reflect_mapiterinit(t, m unsafe.Pointer, it *iter)

//go:linkname reflect_mapiternext reflect.mapiternext
func reflect_mapiternext(it *iter)

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

//go:linkname goyield runtime.goyield
func goyield()

func main() {
	m := map[string]int{"a": 1, "b": 2, "c": 3}
	t := (*[2]unsafe.Pointer)(unsafe.Pointer(new(any)))
	*(*any)(unsafe.Pointer(t)) = m
	sum, keys := 0, 0
	var it iter
	for mapiterinit(t[0], *(*unsafe.Pointer)(unsafe.Pointer(&m)), &it); it.key != nil; mapiternext(&it) {
		sum += *(*int)(it.elem)
		keys += len(*(*string)(it.key))
	}
	println(sum, keys, reflect.TypeOf(m).String())
	var r iter
	for reflect_mapiterinit(t[0], *(*unsafe.Pointer)(unsafe.Pointer(&m)), &r); r.key != nil; reflect_mapiternext(&r) {
		sum += *(*int)(r.elem)
	}
	println(sum)
	println(procPin() >= 0)
	procUnpin()
	done := false
	go func() { done = true }()
	for !done {
		goyield()
	}
	println(done)
}
