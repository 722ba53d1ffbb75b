// SHA-256 written in Go, checked against the library's: rotations, unsigned arithmetic, arrays.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
)

var (
	start [8]uint32
	round [64]uint32
)

// The constants are the first 32 bits behind the point of square and cube roots of primes.
func init() {
	n := 0
	for p := int64(2); n < 64; p++ {
		if !big.NewInt(p).ProbablyPrime(0) {
			continue
		}
		if n < 8 {
			r := new(big.Int).Sqrt(new(big.Int).Lsh(big.NewInt(p), 64))
			start[n] = uint32(r.Uint64())
		}
		round[n] = uint32(cubeRoot(new(big.Int).Lsh(big.NewInt(p), 96)))
		n++
	}
}

func cubeRoot(x *big.Int) uint64 {
	var r uint64
	for bit := uint64(1) << 35; bit > 0; bit >>= 1 {
		t := new(big.Int).SetUint64(r | bit)
		c := new(big.Int).Mul(t, t)
		if c.Mul(c, t).Cmp(x) <= 0 {
			r |= bit
		}
	}
	return r
}

func block(h *[8]uint32, p []byte) {
	var w [64]uint32
	for len(p) >= 64 {
		for i := 0; i < 16; i++ {
			w[i] = binary.BigEndian.Uint32(p[4*i:])
		}
		for i := 16; i < 64; i++ {
			a, b := w[i-15], w[i-2]
			s0 := bits.RotateLeft32(a, -7) ^ bits.RotateLeft32(a, -18) ^ a>>3
			s1 := bits.RotateLeft32(b, -17) ^ bits.RotateLeft32(b, -19) ^ b>>10
			w[i] = w[i-16] + s0 + w[i-7] + s1
		}
		a, b, c, d, e, f, g, k := h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]
		for i := 0; i < 64; i++ {
			t1 := k + (bits.RotateLeft32(e, -6) ^ bits.RotateLeft32(e, -11) ^ bits.RotateLeft32(e, -25)) + (e&f ^ ^e&g) + round[i] + w[i]
			t2 := (bits.RotateLeft32(a, -2) ^ bits.RotateLeft32(a, -13) ^ bits.RotateLeft32(a, -22)) + (a&b ^ a&c ^ b&c)
			k, g, f, e, d, c, b, a = g, f, e, d+t1, c, b, a, t1+t2
		}
		h[0] += a
		h[1] += b
		h[2] += c
		h[3] += d
		h[4] += e
		h[5] += f
		h[6] += g
		h[7] += k
		p = p[64:]
	}
}

func sum(data []byte) (out [32]byte) {
	h := start
	whole := len(data) &^ 63
	block(&h, data[:whole])
	tail := append(append(make([]byte, 0, 128), data[whole:]...), 0x80)
	for len(tail)%64 != 56 {
		tail = append(tail, 0)
	}
	block(&h, binary.BigEndian.AppendUint64(tail, uint64(len(data))*8))
	for i, x := range h {
		binary.BigEndian.PutUint32(out[4*i:], x)
	}
	return
}

func main() {
	data := make([]byte, 1<<20+21)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	if sum(data) != sha256.Sum256(data) {
		panic("sha256: the sums differ")
	}
	var s [32]byte
	for i := 0; i < 120; i++ {
		s = sum(data)
		copy(data[i:], s[:])
	}
	fmt.Printf("sha256 %x\n", s)
}
