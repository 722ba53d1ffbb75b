package main

// Goroutines are stopped anywhere by collections that follow each other; what they compute stays right.

import (
	"fmt"
	"runtime"
	"sync"
)

type node struct {
	l, r *node
	v    int
	f    float64
}

func build(n int) *node {
	if n == 0 {
		return nil
	}
	return &node{build(n - 1), build(n - 1), n, float64(n)}
}

func (n *node) sum() (int, float64) {
	if n == nil {
		return 0, 0
	}
	a, x := n.l.sum()
	b, y := n.r.sum()
	return a + b + n.v, x + y + n.f
}

func reverse(n *node) {
	for p := n; p != nil; p = p.l {
		p.l, p.r = p.r, p.l
	}
}

func sieve(n int) (c int) {
	s := make([]bool, n)
	for i := 2; i < n; i++ {
		if !s[i] {
			c++
			for j := 2 * i; j < n; j += i {
				s[j] = true
			}
		}
	}
	return
}

func matrix(n int) float64 {
	a := make([][]float64, n)
	for i := range a {
		a[i] = make([]float64, n)
		for j := range a[i] {
			a[i][j] = float64(i*j%7) + 0.5
		}
	}
	t := 0.0
	for i := range a {
		for j := range a {
			s := 0.0
			for k := range a {
				s += a[i][k] * a[k][j]
			}
			t += s
		}
	}
	return t
}

func swap(p []*node) (t int) {
	for r := 0; r < 200; r++ {
		for i, j := 0, len(p)-1; i < j; i, j = i+1, j-1 {
			p[i], p[j] = p[j], p[i]
		}
	}
	for i := range p {
		t += p[i].v * i
	}
	return
}

func work(i int) string {
	t := build(10)
	reverse(t)
	a, f := t.sum()
	m := map[string]*node{}
	for k := 0; k < 300; k++ {
		m[fmt.Sprint(k)] = &node{v: k}
	}
	s := 0
	for k, n := range m {
		s += len(k) * n.v
	}
	p := make([]*node, 501)
	for k := range p {
		p[k] = &node{v: k}
	}
	return fmt.Sprint(a, f, s, sieve(20000), matrix(60), swap(p))
}

func main() {
	want := work(0)
	var wg sync.WaitGroup
	stop := make(chan bool)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	bad := 0
	for g := 0; g < 6; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 20; i++ {
				if got := work(i); got != want {
					bad++
					fmt.Println(got, "instead of", want)
				}
			}
		}()
	}
	wg.Wait()
	close(stop)
	fmt.Println(want, bad)
}
