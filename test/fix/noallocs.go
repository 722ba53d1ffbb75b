// What does not allocate: buffers of objects that are sliced in place, small functions that return what they make, constants that
// literals capture, a second weak pointer.
package main

import (
	"fmt"
	"testing"
	"weak"
)

type nat struct{ limbs []uint }

func newNat() *nat { return &nat{make([]uint, 0, 32)} }

//go:noinline
func (x *nat) reset(n int) *nat {
	if cap(x.limbs) < n {
		x.limbs = make([]uint, n)
		return x
	}
	x.limbs = x.limbs[:n]
	return x
}

type key struct{ seed, pub [32]byte }

func (k *key) bytes() []byte {
	b := make([]byte, 0, 64)
	b = append(b, k.seed[:]...)
	return append(b, k.pub[:]...)
}

func (k *key) public() any {
	b := make([]byte, 32)
	copy(b, k.pub[:])
	return b
}

//go:noinline
func sum(b []byte) (n int) {
	for _, c := range b {
		n += int(c)
	}
	return n
}

var kept any

//go:noinline
func keep(args ...any) { kept = args[0] }

func main() {
	k := new(key)
	i, s := 1<<40, "abc"
	p := new(int)
	w := weak.Make(p)
	check := func(name string, f func()) { fmt.Println(name, testing.AllocsPerRun(20, f)) }
	check("sliced in place", func() { newNat().reset(10) })
	check("returned bytes", func() { sum(k.bytes()) })
	check("returned interface", func() { sum(k.public().([]byte)) })
	check("captured constants", func() {
		if kept == 1 {
			keep(i)
		}
		for _, a := range [...]any{i, s} {
			kept = a
		}
	})
	check("weak", func() { w = weak.Make(p) })
	fmt.Println(kept, *w.Value())
	j := 1
	f := func() int { return i + j + len(s) }
	j++
	fmt.Println(f() - 1<<40)
}
