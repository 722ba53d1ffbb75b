// Goroutines that start and end: in waves with a WaitGroup, and one at a time.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

func main() {
	const waves, width = 2500, 1000
	var sum atomic.Int64
	var wg sync.WaitGroup
	for w := 0; w < waves; w++ {
		wg.Add(width)
		for i := 0; i < width; i++ {
			go func() {
				sum.Add(int64(i))
				wg.Done()
			}()
		}
		wg.Wait()
	}
	done := make(chan bool)
	for i := 0; i < 300000; i++ {
		go func() { done <- true }()
		<-done
	}
	fmt.Println("spawn", waves*width, sum.Load())
}
