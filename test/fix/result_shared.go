package main

// A return statement assigns to named results, and what still points at them sees it.

type pair struct {
	n  int
	ok bool
}

//go:noinline
func id[T any](x T) T { return x }

//go:noinline
func byStruct() (p pair, f func() bool) {
	p = pair{1, true}
	return pair{2, id(false)}, func() bool { return p.ok }
}

//go:noinline
func byInt() (n int, f func() int) {
	n = 1
	return 2, func() int { return n }
}

//go:noinline
func byPointer() (n int, p *int) {
	n = 1
	p = &n
	return 2, p
}

//go:noinline
func swapped() (a, b string, f func() string) {
	a, b = "a", "b"
	return b, a, func() string { return a + b }
}

func inlined() (n int, f func() int) {
	return id(7), func() int { n++; return n }
}

var keep *int

//go:noinline
func kept() (n int) {
	keep = &n
	return id(5)
}

//go:noinline
func fromCall() (a int, p *int) {
	p = &a
	return byPointer()
}

func main() {
	_, f := byStruct()
	_, g := byInt()
	_, p := byPointer()
	_, _, h := swapped()
	_, k := inlined()
	println(f(), g(), *p, h(), k(), k(), kept(), *keep)
	a, q := fromCall()
	println(a, *q)
}
