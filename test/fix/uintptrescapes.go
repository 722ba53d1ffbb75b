package main

import "unsafe"

//go:noinline
func recurse(i int, s []byte) byte {
	s[0] = byte(i)
	if i == 0 {
		return s[i]
	} else {
		var a [1024]byte
		r := recurse(i-1, a[:])
		return r + a[0]
	}
}

//go:noinline
//go:uintptrescapes
func F2(a ...uintptr) {
	var s [16]byte
	recurse(4096, s[:])
	*(*int)(unsafe.Pointer(a[0])) = 42
}
func F() int {
	var buf [1024]int
	F2(uintptr(unsafe.Pointer(&buf[0])))
	return buf[0]
}
func main() { println(F()) }
