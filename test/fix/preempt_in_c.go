package main

// A goroutine that spends nearly all its time in the runtime yields all the same.

import (
	"fmt"
	"runtime"
	"time"
)

//go:noinline
func poll(stop chan bool) {
	for {
		select {
		case <-stop:
			return
		default:
		}
	}
}

func main() {
	runtime.GOMAXPROCS(2)
	for round := 0; round < 20; round++ {
		stop, done := make(chan bool), make(chan bool)
		for i := 0; i < 4; i++ {
			go func() {
				poll(stop)
				done <- true
			}()
		}
		time.Sleep(time.Millisecond)
		runtime.GC()
		close(stop)
		for i := 0; i < 4; i++ {
			<-done
		}
	}
	fmt.Println("ok")
}
