// Checks that must stay and checks that may go: loops, ends of ranges, sums that wrap, lengths that were numbers before.
package main

import (
	"fmt"
	"math"
)

func try(f func() any) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(r)
		}
	}()
	fmt.Println(f())
}

//go:noinline
func cut(name string) (string, string) {
	i := len(name) - 1
	for i >= 0 && name[i] != '.' {
		i--
	}
	recv := ""
	if i >= 0 {
		recv = name[:i]
		name = name[i+1:]
		if len(recv) >= 3 && recv[0] == '(' && recv[len(recv)-1] == ')' {
			recv = recv[2 : len(recv)-1]
		}
	}
	return recv, name
}

//go:noinline
func prefix(s []int, n int) int {
	if n < 0 {
		return -1
	}
	t := s[:n]
	return t[0] + len(t)
}

//go:noinline
func after(s []int, i int) int {
	if i+1 < len(s) {
		return s[i] // i+1 may have wrapped
	}
	return -1
}

//go:noinline
func before(s []int, i int) int {
	if i-1 < len(s) && i > 0 {
		return s[i-1]
	}
	return -1
}

//go:noinline
func pairs(s []int) (n int) {
	for i := 0; i < len(s)-1; i++ {
		n += s[i] * s[i+1]
	}
	for i := 1; i < len(s); i++ {
		n -= s[i-1]
	}
	for i := len(s) - 1; i >= 0; i-- {
		n += s[i] << i
	}
	for i := len(s) - 1; i > 0; i-- {
		n += s[i-1]
	}
	return
}

//go:noinline
func stride(s []int, k int) (n int) {
	for i := 0; i < len(s); i += k {
		n += s[i]
		if n > 1000 {
			return
		}
	}
	return
}

//go:noinline
func window(s []int, lo, hi int) (n int) {
	for i := lo; i < hi; i++ {
		n += s[i]
	}
	return
}

//go:noinline
func masked(s *[8]int, i int, u uint) int { return s[i&7] + s[u%8] + s[u>>61] }

//go:noinline
func hashed(s []int, h int) int { return s[h%len(s)] }

//go:noinline
func chunks(p []byte) (n int) {
	for len(p) >= 4 {
		n += int(p[0]) | int(p[3])<<8
		p = p[4:]
	}
	if len(p) != 0 {
		n += int(p[len(p)-1])
	}
	return
}

//go:noinline
func signs(x int) (int, int, uint) {
	if x >= 0 {
		return x / 8, x % 8, 1 << (uint(x) & 63)
	}
	return x / 8, x % 8, 0
}

//go:noinline
func shift(n int) int {
	r := 0
	for i := 0; i < n; i++ {
		r |= 1 << i
	}
	return r
}

//go:noinline
func differ(x int) string {
	if x == 0 || x < 0 {
		return "small"
	}
	if x > 0 {
		return "big"
	}
	return "never"
}

func main() {
	s := []int{1, 2, 3, 4, 5}
	for _, n := range []string{"", ".", "a", "a.b", "(*T).m", "x(*T).", "(()"} {
		a, b := cut(n)
		fmt.Printf("%q %q\n", a, b)
	}
	for _, n := range []int{-5, 0, 1, 5, 6} {
		try(func() any { return prefix(s, n) })
	}
	for _, i := range []int{math.MaxInt, math.MinInt, -1, 0, 3, 4, 5, 6} {
		try(func() any { return after(s, i) })
		try(func() any { return before(s, i) })
		try(func() any { return masked((*[8]int)([]int{1, 2, 3, 4, 5, 6, 7, 8}), i, uint(i)) })
		try(func() any { return hashed(s, i) })
		try(func() any { return fmt.Sprint(signs(i)) })
		try(func() any { return differ(i) })
	}
	for n := range 6 {
		fmt.Println(pairs(s[:n]), chunks([]byte("abcdefghi")[:n]))
	}
	for _, k := range []int{1, 2, 4, 5, math.MaxInt} {
		try(func() any { return stride(s, k) })
	}
	try(func() any { return stride([]int{600, 1, 1, 1, 1}, 0) })
	for _, r := range [][2]int{{0, 5}, {-1, 2}, {2, 6}, {4, 1}, {5, 5}} {
		try(func() any { return window(s, r[0], r[1]) })
	}
	fmt.Println(shift(3), shift(64), shift(70))
}
