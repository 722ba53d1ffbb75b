// Everything that moves pointers about while the collector marks: channels, select, timers, maps, slices, stacks, coroutines,
// atomics, finalizers, cleanups, weak pointers. Every value carries what it must be.
package main

import (
	"fmt"
	"iter"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"weak"
)

type node struct {
	next *node
	a, b int
}

func list(n, seed int) (l *node) {
	for i := 0; i < n; i++ {
		l = &node{l, seed + i, ^(seed + i)}
	}
	return
}

func check(l *node, n, seed int) {
	for i := n - 1; i >= 0; i, l = i-1, l.next {
		if l.a != seed+i || l.b != ^l.a {
			panic(fmt.Sprint("node is ", l.a, " ", l.b, ", not ", seed+i))
		}
	}
	if l != nil {
		panic("list too long")
	}
}

var sink atomic.Pointer[node]

func garbage() {
	for i := 0; i < 20; i++ {
		sink.Store(list(3, i))
	}
}

// Values wander through channels of all kinds: only the receiver has them afterwards.
func channels(rounds int) {
	direct, buffered := make(chan *node), make(chan *node, 3)
	values := make(chan [3]*node)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; i < rounds; i++ {
			direct <- list(4, i)
			buffered <- list(5, i)
			values <- [3]*node{list(1, i), list(2, i), list(3, i)}
		}
	})
	for i := 0; i < rounds; i++ {
		x := <-direct
		garbage()
		select {
		case y := <-buffered:
			check(y, 5, i)
		case <-time.After(time.Minute):
			panic("late")
		}
		v := <-values
		garbage()
		for k, l := range v {
			check(l, k+1, i)
		}
		check(x, 4, i)
	}
	wg.Wait()
}

// Lists change places in memory that is scanned at different times.
func places(rounds int) {
	boxes := make([]struct {
		p   *node
		pad [6]int
	}, 100)
	m := map[int]*node{}
	for i := range boxes {
		boxes[i].p = list(3, i)
		m[i] = list(2, i)
	}
	for r := 0; r < rounds; r++ {
		i, j := r*7%100, r*13%100
		boxes[i].p, boxes[j].p = boxes[j].p, boxes[i].p
		m[i], m[j] = m[j], m[i]
		if r%10 == 0 {
			delete(m, i)
			m[i] = list(2, r)
			boxes = append(boxes[:50:50], boxes[50:]...)
			garbage()
		}
		reflect.Swapper(boxes)(r%100, (r+1)%100)
	}
	for _, b := range boxes {
		check(b.p, 3, b.p.next.next.a)
	}
	for _, l := range m {
		check(l, 2, l.next.a)
	}
}

// A deep stack is scanned while others hang on its frames.
func deep(n int, l *node) int {
	if n == 0 {
		garbage()
		return 0
	}
	x := list(2, n)
	r := deep(n-1, x)
	check(x, 2, n)
	check(l, 2, n+1)
	return r + 1
}

func tree(l *node) iter.Seq[*node] {
	return func(yield func(*node) bool) {
		for ; l != nil; l = l.next {
			if !yield(&node{nil, l.a, l.b}) {
				return
			}
		}
	}
}

func coroutines(rounds int) {
	for r := 0; r < rounds; r++ {
		next, stop := iter.Pull(tree(list(10, r)))
		for i := 9; i >= 0; i-- {
			garbage()
			n, ok := next()
			if !ok {
				panic("coroutine ended")
			}
			check(n, 1, r+i)
		}
		stop()
	}
}

func atomics(rounds int) {
	var p atomic.Pointer[node]
	var wg sync.WaitGroup
	p.Store(list(1, 0))
	for g := 0; g < 3; g++ {
		wg.Go(func() {
			for r := 0; r < rounds; r++ {
				switch r % 3 {
				case 0:
					old := p.Swap(list(1, r))
					check(old, 1, old.a)
				case 1:
					old := p.Load()
					p.CompareAndSwap(old, list(1, r))
					check(old, 1, old.a)
				default:
					p.Store(&node{nil, r, ^r})
				}
			}
		})
	}
	wg.Wait()
}

func timers(rounds int) {
	var wg sync.WaitGroup
	for r := 0; r < rounds; r++ {
		l := list(3, r)
		wg.Add(1)
		time.AfterFunc(time.Duration(r%5)*time.Microsecond, func() { check(l, 3, r); wg.Done() })
		garbage()
	}
	wg.Wait()
}

func specials(rounds int) {
	var done, cleaned atomic.Int64
	for r := 0; r < rounds; r++ {
		o := &struct{ l *node }{list(3, r)}
		runtime.SetFinalizer(o, func(o *struct{ l *node }) { check(o.l, 3, r); done.Add(1) })
		c := new([2]int)
		runtime.AddCleanup(c, func(l *node) { check(l, 2, r); cleaned.Add(1) }, list(2, r))
		w := weak.Make(list(1, r))
		garbage()
		if p := w.Value(); p != nil {
			garbage()
			check(p, 1, r)
		}
	}
	for i := 0; i < 1000 && (done.Load() < int64(rounds)-3 || cleaned.Load() < int64(rounds)-3); i++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	if done.Load() < int64(rounds)-3 || cleaned.Load() < int64(rounds)-3 {
		panic("not finalized")
	}
}

func main() {
	const n = 60
	var wg sync.WaitGroup
	for _, f := range []func(int){channels, places, coroutines, atomics, timers, specials} {
		wg.Go(func() { f(n) })
	}
	for i := 0; i < 5; i++ {
		if deep(300, list(2, 301)) != 300 {
			panic("deep")
		}
		runtime.GC()
	}
	wg.Wait()
	fmt.Println("ok")
}
