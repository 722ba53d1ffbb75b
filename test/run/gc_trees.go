package main

import "runtime"

type node struct{ l, r *node }

func build(d int) *node {
	if d == 0 {
		return &node{}
	}
	return &node{build(d - 1), build(d - 1)}
}
func (n *node) count() int {
	if n == nil {
		return 0
	}
	return 1 + n.l.count() + n.r.count()
}

var sink [][]byte

func main() {
	long := build(14)
	total := 0
	for i := 0; i < 200; i++ {
		total += build(10).count()
	}
	m := map[int]*node{}
	for i := 0; i < 10000; i++ {
		m[i] = &node{l: &node{}}
		if i%3 == 0 {
			delete(m, i/2)
		}
	}
	var ss []string
	s := ""
	for i := 0; i < 2000; i++ {
		s += "x"
		ss = append(ss, s)
	}
	for i := 0; i < 1000; i++ {
		sink = append(sink, make([]byte, i*10))
	}
	runtime.GC()
	sum := 0
	for _, n := range m {
		sum += n.count()
	}
	for _, s := range ss {
		sum += len(s)
	}
	println(long.count(), total, len(m), sum)
	ch := make(chan int)
	for g := 0; g < 4; g++ {
		go func() {
			t := 0
			for i := 0; i < 50; i++ {
				t += build(8).count()
			}
			ch <- t
		}()
	}
	println(<-ch + <-ch + <-ch + <-ch)
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	println(ms.NumGC > 0, ms.Mallocs > ms.Frees, ms.HeapAlloc > 0)
}
