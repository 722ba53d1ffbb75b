// Million parks many goroutines on one channel, reports what they cost, and lets them
// go.
//
//	million [-n count]
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// resident returns the bytes of memory this process occupies.
func resident() int {
	data, err := os.ReadFile("/proc/self/statm")
	f := bytes.Fields(data)
	if err != nil || len(f) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(string(f[1]))
	return pages * os.Getpagesize()
}

// peak returns the most memory this process ever occupied.
func peak() int {
	data, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(data) {
		if f := bytes.Fields(line); len(f) > 1 && string(f[0]) == "VmHWM:" {
			kb, _ := strconv.Atoi(string(f[1]))
			return kb << 10
		}
	}
	return 0
}

func main() {
	n := flag.Int("n", 1000000, "goroutines")
	flag.Parse()
	before, start := resident(), time.Now()
	gate := make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum := 0
	wg.Add(*n)
	for i := range *n {
		go func() {
			defer wg.Done()
			<-gate
			mu.Lock()
			sum += i
			mu.Unlock()
		}()
	}
	created, alive := time.Since(start), runtime.NumGoroutine()
	runtime.Gosched()
	size := resident() - before
	start = time.Now()
	close(gate)
	wg.Wait()
	fmt.Println(alive > *n, "sum", sum)
	fmt.Fprintf(os.Stderr, "%d goroutines: %v to create, %d bytes each, %v to finish, %d MB at most\n",
		*n, created.Round(time.Millisecond), size / *n, time.Since(start).Round(time.Millisecond), peak()/1e6)
}
