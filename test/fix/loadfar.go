// A load with more than forty stores to other places before it.
package main

import "fmt"

type pair struct{ a, b any }

var last = &[3]byte{1, 2, 3}

func seven() int { return 7 }

var pairs = []pair{
	{seven(), seven()}, {seven(), seven()}, {seven(), seven()}, {seven(), seven()}, {seven(), seven()}, {seven(), seven()},
	{[4]int{}, [4]int{1}}, {[4]int{}, [4]int{2}}, {[4]int{}, [4]int{3}}, {[4]int{}, [4]int{4}}, {[4]int{}, [4]int{5}},
	{seven(), last},
}

func main() {
	for _, p := range pairs {
		fmt.Println(p.a, p.b)
	}
}
