package main

// Loops without calls yield to whoever stops the world, and to other goroutines.

import (
	"fmt"
	"runtime"
	"time"
)

var x [4]int

func spin(i int) {
	for {
		x[i]++
	}
}

func main() {
	runtime.GOMAXPROCS(2)
	for i := range x {
		go spin(i)
	}
	time.Sleep(time.Millisecond)
	runtime.GC()
	fmt.Println("ok")
}
