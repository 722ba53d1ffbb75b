// The stacks of goroutines that are gone serve other purposes after a collection.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

//go:noinline
func deep(n int) int {
	var pad [16]int
	if n == 0 {
		return 0
	}
	pad[n%16] = 1
	return deep(n-1) + pad[n%16]
}

func stacks() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}

func many(n, depth int) (during uint64) {
	gate := make(chan bool)
	var started, wg sync.WaitGroup
	for range n {
		wg.Add(1)
		started.Add(1)
		go func() {
			defer wg.Done()
			deep(depth)
			started.Done()
			<-gate
		}()
	}
	started.Wait()
	during = stacks()
	close(gate)
	wg.Wait()
	return
}

func main() {
	for _, depth := range []int{0, 10, 40} {
		during := many(20000, depth)
		runtime.GC()
		runtime.GC()
		fmt.Println(depth, during > 16<<20, stacks() < during/4)
		many(1000, depth)
	}
}
