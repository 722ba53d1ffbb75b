// Conversions and concatenations that stay in the frame use its buffers, or the bytes as they are; those that leave it are copies.
package main

import (
	"fmt"
	"testing"
)

var sink []string
var bytesSink [][]byte

//go:noinline
func keep(b []byte) string { return string(b) }

//go:noinline
func parse(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func loop(b []byte) string {
	last := ""
	for i := range b {
		s := string(b[i:])
		if len(s) > len(last) || i == 2 {
			last = s
		}
	}
	return last + "."
}

func concat(a, b string) (r string) {
	for i := 0; i < 3; i++ {
		r = r + a + b
	}
	return r
}

func kind(b []byte) int {
	switch string(b) {
	case "one":
		return 1
	case "two":
		return 2
	}
	return 0
}

func main() {
	b := []byte("12345")
	m := map[string]int{"12345": 7}
	allocs := testing.AllocsPerRun(100, func() {
		if parse(string(b)) != 12345 || m[string(b)] != 7 || string(b) != "12345" || kind(b) != 0 {
			panic("wrong")
		}
		n := 0
		for _, c := range []byte("abcdef") {
			n += int(c)
		}
		s := []byte(string(b) + "!")
		if len(s) != 6 || n == 0 {
			panic("wrong")
		}
		b = append(b[:0:cap(b)], "12345"...)
	})
	fmt.Println(allocs)
	for i := 0; i < 3; i++ {
		s := string(b)
		b[0]++
		sink = append(sink, s, keep(b), string(b[:2])+"x"+string(b[2:]))
		bytesSink = append(bytesSink, []byte(s))
		bytesSink[i][1] = '_'
	}
	fmt.Println(sink)
	fmt.Printf("%s\n", bytesSink)
	fmt.Println(loop([]byte("abc")), concat("x", "y"), kind([]byte("two")))
	v := append([]int{1}, make([]int, 3)...)
	v[1] = 5
	w := append(v[:1], make([]int, 2)...)
	fmt.Println(v, w, testing.AllocsPerRun(10, func() { bytesSink[0] = append([]byte(nil), make([]byte, 100)...) }))
	defer func() { fmt.Println(recover()) }()
	n := -1
	_ = append(v, make([]int, n)...)
}
