// The smallest program anyone writes: what its build costs is the price of starting.
package main

import "fmt"

func main() { fmt.Println("hello") }
