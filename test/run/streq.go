// Strings and small memory compared with constants and with each other: every length and every differing byte; long switches.
package main

import (
	"fmt"
	"strings"
)

type rgb struct{ r, g, b byte }
type odd struct{ a [7]byte }
type wide struct{ a, b int64 }

func eqs(s string) []bool {
	return []bool{s == "", s == "a", s == "ab", s == "abc", s == "abcd", s == "abcde", s == "abcdef", s == "abcdefg", s == "abcdefgh",
		s == "abcdefghi", s == "abcdefghijklmno", s == "abcdefghijklmnop", s == "abcdefghijklmnopq", s == "abcdefghijklmnopqrstuvwxyzABCDEF",
		s == "abcdefghijklmnopqrstuvwxyzABCDEFG", "\xff\xfe\xfd" == s, s == "\x80"}
}

func which(s string) int {
	switch s {
	case "if", "for":
		return 1
	case "":
		return 2
	case "break", "const":
		return 3
	case "continue":
		return 4
	case "defer":
		fallthrough
	case "fallthrough":
		return 5
	case "func", "else", "case", "goto", "type":
		return 6
	default:
		return 0
	case "import", "struct", "switch", "select", "return":
		return 7
	}
}

func same[T comparable](x T) bool { return x == x }

func main() {
	const all = "abcdefghijklmnopqrstuvwxyzABCDEFG"
	for n := 0; n <= len(all); n++ {
		s := strings.Clone(all[:n])
		fmt.Println(n, eqs(s))
		for i := range n {
			b := []byte(s)
			b[i] ^= 0x80
			for k, e := range eqs(string(b)) {
				if e {
					fmt.Println("equal", n, i, k)
				}
			}
		}
	}
	fmt.Println(eqs("\xff\xfe\xfd")[15], eqs("\x80")[16])
	for _, s := range strings.Fields("if for break const continue defer fallthrough func else case goto type import struct switch select return go map chan iff retur return0") {
		fmt.Print(which(s), which(s[1:]), " ")
	}
	fmt.Println(which(""))
	for i := range 3 {
		x, y := rgb{1, 2, 3}, rgb{1, 2, 3}
		p := []*byte{&x.r, &x.g, &x.b}[i]
		fmt.Print(x == y, " ")
		*p = 9
		fmt.Println(x == y)
	}
	for i := range 7 {
		var x, y odd
		x.a[i] = 1
		fmt.Print(x == y, " ")
		y.a[i] = 1
		fmt.Println(x == y, [7]byte(x.a) == y.a)
	}
	fmt.Println(wide{1, 2} == wide{1, int64(len(all))}, wide{1, 33} == wide{1, int64(len(all))})
	fmt.Println(same("x"), same(1.5), same(rgb{}))
	var np *rgb
	defer func() { fmt.Println(recover()) }()
	fmt.Println(*np == rgb{})
}
