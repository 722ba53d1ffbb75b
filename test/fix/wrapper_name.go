// A value method called through a nil pointer: the panic names package, type and method.
package main

import "fmt"

type T struct{ n int }

func (t T) String() string { return "T" }

//go:noinline
func call(s fmt.Stringer) string { return s.String() }

func main() {
	defer func() { fmt.Println(recover()) }()
	var p *T
	call(p)
}
