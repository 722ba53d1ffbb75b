// What single operations of the runtime cost. Each line of output is a name, a number and its unit, separated by tabs.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

func measure(name string, n int, f func(n int)) {
	f(n / 10)
	start := time.Now()
	f(n)
	fmt.Printf("%s\t%.1f\tns\n", name, float64(time.Since(start))/float64(n))
}

func spawn(n int) {
	var wg sync.WaitGroup
	for ; n > 0; n -= 1000 {
		wg.Add(1000)
		for range 1000 {
			go wg.Done()
		}
		wg.Wait()
	}
}

func pingpong(n int) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for x := range ping {
			pong <- x
		}
	}()
	for i := range n {
		ping <- i
		<-pong
	}
	close(ping)
}

func buffered(n int) {
	c := make(chan int, 16)
	for ; n > 0; n -= 16 {
		for i := range 16 {
			c <- i
		}
		for range 16 {
			<-c
		}
	}
}

func across(n int) {
	c := make(chan int, 128)
	go func() {
		for i := range n {
			c <- i
		}
		close(c)
	}()
	for range c {
	}
}

func selects(n int) {
	a, b := make(chan int, 1), make(chan int, 1)
	for i := range n {
		a <- i
		select {
		case <-a:
		case <-b:
		}
	}
}

func locks(n int) {
	var mu sync.Mutex
	for range n {
		mu.Lock()
		mu.Unlock()
	}
}

type list struct {
	next *list
	data [6]int
}

func longestPause() time.Duration {
	var l *list
	for range 1000000 {
		l = &list{next: l}
	}
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	runtime.KeepAlive(l)
	var longest uint64
	for _, p := range m.PauseNs {
		longest = max(longest, p)
	}
	return time.Duration(longest)
}

func main() {
	measure("go and exit", 500000, spawn)
	measure("ping-pong, there and back", 500000, pingpong)
	measure("buffered send and receive, one goroutine", 4000000, buffered)
	measure("buffered send and receive, two goroutines", 4000000, across)
	measure("send and select", 2000000, selects)
	measure("lock and unlock", 10000000, locks)
	fmt.Printf("longest pause of the collector, 64 MB live\t%.1f\tus\n", float64(longestPause())/1000)
}
