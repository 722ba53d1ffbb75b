// Stages joined by buffered channels, with a fan-out in the middle and a select at the end.
package main

import (
	"fmt"
	"sync"
)

const (
	n      = 4000000
	buffer = 128
)

func stage(in <-chan int, f func(int) int) <-chan int {
	out := make(chan int, buffer)
	go func() {
		for x := range in {
			out <- f(x)
		}
		close(out)
	}()
	return out
}

func spread(in <-chan int, workers int) <-chan int {
	out := make(chan int, buffer)
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for x := range in {
				out <- x*x + 1
			}
		}()
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	return out
}

func main() {
	source := make(chan int, buffer)
	go func() {
		for i := 0; i < n; i++ {
			source <- i
		}
		close(source)
	}()
	doubled := stage(source, func(x int) int { return 2 * x })
	out := stage(spread(doubled, 4), func(x int) int { return x % 1000003 })
	never := make(chan int)
	sum, count := 0, 0
	for out != nil {
		select {
		case x, ok := <-out:
			if !ok {
				out = nil
				break
			}
			sum += x
			count++
		case <-never:
			panic("nobody sends here")
		}
	}
	fmt.Println("pipeline", count, sum)
}
