// A goroutine that ends while locked to its thread takes the thread with it.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func threads() map[string]bool {
	m := map[string]bool{}
	list, _ := os.ReadDir("/proc/self/task")
	for _, e := range list {
		m[e.Name()] = true
	}
	return m
}

func main() {
	var mu sync.Mutex
	ended := map[int]bool{}
	for round := range 50 {
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				if i == 3 {
					return
				}
				runtime.LockOSThread()
				if i == 2 {
					defer runtime.UnlockOSThread()
				}
				if i == 1 {
					mu.Lock()
					if id := syscall.Gettid(); id != os.Getpid() {
						ended[id] = true
					}
					mu.Unlock()
				}
				time.Sleep(time.Duration(round%3) * time.Microsecond)
				if i == 0 {
					runtime.Goexit()
				}
			})
		}
		wg.Wait()
	}
	left := 0
	for range 100 {
		time.Sleep(10 * time.Millisecond)
		now := threads()
		left = 0
		for id := range ended {
			if now[fmt.Sprint(id)] {
				left++
			}
		}
		if left == 0 {
			break
		}
	}
	fmt.Println("threads ended:", len(ended) > 30, "of them left:", left, "few threads:", len(threads()) < 15)
	runtime.GC()
	c := make(chan int)
	for i := range 100 {
		go func() { c <- i }()
	}
	sum := 0
	for range 100 {
		sum += <-c
	}
	fmt.Println(sum)
}
