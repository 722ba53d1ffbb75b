package main

import (
	"fmt"
	"os" // ERROR "imported and not used"
)

type T struct{ a int }

func f() int {
} // ERROR "missing return"

func main() {
	x := 1    // ERROR "declared and not used: x"
	y.foo()   // ERROR "undefined: y"
	var t T
	t.b = 2   // ERROR "t.b undefined \(type T has no field or method b\)"
	fmt.Println("a" + 1) // ERROR "cannot convert|mismatched types"
	var s string = 5     // ERROR "cannot use 5 \(untyped int constant\) as string value in variable declaration"
	for i := range 3 {
		fmt.Println(i)
		break L // ERROR "break label not defined: L"
	}
	_ = s
	_ = t
}
