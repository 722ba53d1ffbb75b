// Whatever happens just above the stack guard, at every distance from it: small leaves, nosplit system calls, faults,
// write barriers, growth, blocking.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

type node struct {
	next *node
	m    map[string]int
	v    [4]int
}

//go:noinline
func leaf(a, b, c, d int) (x [6]int) {
	for i := range x {
		x[i] = a*i + b - c ^ d
	}
	return
}

//go:noinline
func fault(p *node) (n int) {
	defer func() {
		if recover() != nil {
			n = 1
		}
	}()
	return p.v[2]
}

var shared *node
var mu sync.Mutex

//go:noinline
func work(kind, n int) int {
	switch kind {
	case 0:
		x := leaf(n, 2, 3, 4)
		return x[5]
	case 1:
		f, err := os.Open("/dev/null")
		if err != nil {
			panic(err)
		}
		f.Close()
		return 1
	case 2:
		return fault(nil)
	case 3:
		mu.Lock()
		shared = &node{next: shared, m: map[string]int{"a": n}}
		if n%7 == 0 {
			shared = nil
		}
		mu.Unlock()
		return n
	case 4:
		runtime.Gosched()
		return len(strings.Repeat("ab", n%50))
	case 5:
		c := make(chan int)
		go func() { c <- n }()
		select {
		case v := <-c:
			return v
		case <-time.After(time.Minute):
			return -1
		}
	case 6:
		return len(fmt.Sprintf("%d %v %s", n, []int{n, 2}, "x"))
	default:
		var big [100]int
		big[n%100] = n
		return big[n%100] + runtime.NumCPU()*0
	}
}

//go:noinline
func narrow(depth, kind, n int) int {
	if depth == 0 {
		return work(kind, n)
	}
	return narrow(depth-1, kind, n) + 1
}

//go:noinline
func wide(depth, kind, n int) int {
	var pad [3]int
	pad[depth%3] = depth
	if depth == 0 {
		return work(kind, n)
	}
	return wide(depth-1, kind, n) + pad[(depth+1)%3] + 1
}

func main() {
	sums := make(chan int, 8)
	total := 0
	for kind := range 8 {
		for n := range 60 {
			go func() { sums <- narrow(n, kind, n) + wide(n/2, kind, n) }()
			total += <-sums
		}
	}
	fmt.Println(total)
}
