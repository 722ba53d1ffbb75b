// The largest singular value of an endless matrix's corner: divisions in nested loops over slices.
package main

import (
	"fmt"
	"math"
)

func entry(i, j int) float64 {
	return 1 / float64((i+j)*(i+j+1)/2+i+1)
}

func times(out, v []float64) {
	for i := range out {
		var s float64
		for j, x := range v {
			s += entry(i, j) * x
		}
		out[i] = s
	}
}

func timesTransposed(out, v []float64) {
	for i := range out {
		var s float64
		for j, x := range v {
			s += entry(j, i) * x
		}
		out[i] = s
	}
}

func main() {
	const n = 3400
	u, v, t := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range u {
		u[i] = 1
	}
	for i := 0; i < 10; i++ {
		times(t, u)
		timesTransposed(v, t)
		times(t, v)
		timesTransposed(u, t)
	}
	var uv, vv float64
	for i := range u {
		uv += u[i] * v[i]
		vv += v[i] * v[i]
	}
	fmt.Printf("spectralnorm %d %.9f\n", n, math.Sqrt(uv/vv))
}
