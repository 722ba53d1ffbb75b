// A variable that another package names with go:linkname has the value of the package that declares it.
package main

import (
	"fmt"
	"math/bits"
)

func div(hi, y uint64) {
	defer func() { fmt.Println(recover()) }()
	bits.Div64(hi, 0, y)
}

func main() {
	div(1, 0)
	div(4, 2)
}
