// Initialisers that only make a value run only if their variable is looked at, and then in their place.
package main

import "fmt"

var trace []string

func note(s string) string { trace = append(trace, s); return s }

var first = note("first")
var table = map[string]*string{"first": &first, "second": &second} // made between two calls
var second = note("second")
var seen = len(table)               // reads what the fragment above made
var never = map[string]func(){"x": boom} // dropped: nobody looks
var _ = map[string]int{"y": 1}
var divided = []int{10 / zero()}    // a call stays
var closures = []func() string{func() string { return first }, func() string { return second }}
var viaPointer = &indirect
var indirect = map[int]string{1: "one"}

func zero() int { note("zero"); return 5 }

func boom() { panic("never called") }

func main() {
	fmt.Println(trace, seen, divided)
	fmt.Println(*table["first"], *table["second"])
	fmt.Println(closures[0](), closures[1](), (*viaPointer)[1])
}
