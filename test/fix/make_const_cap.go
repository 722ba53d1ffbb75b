// make with a variable length and a small constant capacity can live in the frame; the length is checked all the same.
package main

import (
	"fmt"
	"testing"
)

//go:noinline
func length(n int) int { return n }

func try(n int) {
	defer func() { fmt.Println(recover()) }()
	s := make([]int32, length(n), 16)
	s = append(s, 5)
	fmt.Println(len(s), cap(s), s[len(s)-1])
}

func main() {
	for _, n := range []int{0, 15, 16, 17, -1} {
		try(n)
	}
	out := make([]byte, 0, 100)
	fmt.Println(testing.AllocsPerRun(10, func() {
		h := make([]byte, length(20), 64)
		h[19] = 1
		out = append(out[:0], h...)
	}), len(out), out[19])
}
