package main

import (
	"runtime"
	"weak"
)

type T struct {
	p *int
	n int
}

var alive *T

func mk(c chan int) weak.Pointer[T] {
	t := &T{new(int), 7}
	runtime.SetFinalizer(t, func(t *T) { c <- t.n })
	u := &T{nil, 9}
	runtime.AddCleanup(u, func(x int) { c <- x }, 11)
	alive = &T{nil, 5}
	return weak.Make(u)
}

func main() {
	c := make(chan int, 4)
	w := mk(c)
	a := weak.Make(alive)
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	println(<-c + <-c)
	println(w.Value() == nil, a.Value() == alive, weak.Make(alive) == a)
}
