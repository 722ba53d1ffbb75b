// The Mandelbrot set as bits: a tight floating point loop that leaves early.
package main

import (
	"fmt"
	"hash/fnv"
)

func inside(cr, ci float64) bool {
	var zr, zi, zr2, zi2 float64
	for i := 0; i < 50; i++ {
		zr, zi = zr2-zi2+cr, 2*zr*zi+ci
		zr2, zi2 = zr*zr, zi*zi
		if zr2+zi2 > 4 {
			return false
		}
	}
	return true
}

func main() {
	const n = 3200
	h := fnv.New64a()
	row := make([]byte, n/8)
	count := 0
	for y := 0; y < n; y++ {
		clear(row)
		ci := 2*float64(y)/n - 1
		for x := 0; x < n; x++ {
			if inside(2*float64(x)/n-1.5, ci) {
				row[x/8] |= 0x80 >> (x % 8)
				count++
			}
		}
		h.Write(row)
	}
	fmt.Printf("mandelbrot %d %d %016x\n", n, count, h.Sum64())
}
