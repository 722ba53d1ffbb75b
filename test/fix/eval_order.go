// In a list of expressions calls come first; variables are read when all calls have been made.
package main

import "fmt"

type T struct{ s []int }

func (t *T) add(n int) error {
	t.s = append(t.s, n)
	return nil
}

func results() (T, error) {
	var t T
	return t, t.add(1)
}

func args(t T, err error, t2 T) int { return len(t.s) + 10*len(t2.s) }

var global = 1

func set(n int) int {
	global = n
	return n
}

func main() {
	t, _ := results()
	fmt.Println(t)
	var u T
	fmt.Println(args(u, u.add(1), u))
	a, b := global, set(2)
	fmt.Println(a, b)
	a, b = global, set(3)
	fmt.Println(a, b)
	var c, d = global, set(4)
	fmt.Println(c, d)
}
