// Fanin merges several producers into one channel and checks that nothing is lost.
package main

import (
	"fmt"
	"slices"
	"sync"
)

func producer(id, n int) <-chan string {
	c := make(chan string)
	go func() {
		defer close(c)
		for i := range n {
			c <- fmt.Sprintf("p%d-%03d", id, i)
		}
	}()
	return c
}

func merge[T any](in ...<-chan T) <-chan T {
	out := make(chan T)
	var wg sync.WaitGroup
	for _, c := range in {
		wg.Go(func() {
			for v := range c {
				out <- v
			}
		})
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	return out
}

func main() {
	var in []<-chan string
	for id := range 8 {
		in = append(in, producer(id, 100))
	}
	all := slices.Sorted(func(yield func(string) bool) {
		for s := range merge(in...) {
			if !yield(s) {
				return
			}
		}
	})
	fmt.Println(len(all), "items from", all[0], "to", all[len(all)-1], "distinct:", len(slices.Compact(all)))
}
