// Random numbers: the generator is C's, one state per thread.
package runtime

import (
	"internal/runtime/math"
	"unsafe"
)

func rand() uint64
func rand32() uint32
func randn(n uint32) uint32

func bootstrapRand() uint64 { return rand() }
func reseedBootstrapRand()  {}

// cheaprand is a wyrand step on a word of the thread: fast, and good enough for choices
// nobody can attack.
//
//go:linkname cheaprand
//go:nosplit
func cheaprand() uint32 {
	mp := getg().m
	mp.cheaprand += 0xa0761d6478bd642f
	hi, lo := math.Mul64(mp.cheaprand, mp.cheaprand^0xe7037ed1a0b428db)
	return uint32(hi ^ lo)
}

func cheaprand64() int64 { return int64(cheaprand())<<31 ^ int64(cheaprand()) }

//go:linkname cheaprandn
//go:nosplit
func cheaprandn(n uint32) uint32 { return uint32(uint64(cheaprand()) * uint64(n) >> 32) }

//go:linkname legacy_fastrand runtime.fastrand
func legacy_fastrand() uint32 { return uint32(rand()) }

//go:linkname legacy_fastrandn runtime.fastrandn
func legacy_fastrandn(n uint32) uint32 { return randn(n) }

//go:linkname legacy_fastrand64 runtime.fastrand64
func legacy_fastrand64() uint64 { return rand() }

func readRandom(r []byte) int {
	for i := range r {
		r[i] = byte(rand())
	}
	return len(r)
}

var _ unsafe.Pointer
