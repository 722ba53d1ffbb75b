// runtime.GC leaves nothing alive that only earlier calls knew; weak pointers to a global are equal; a timer stopped in time says so.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
	"weak"
)

type T struct {
	t *T
	n int
}

var global T

//go:noinline
func made() weak.Pointer[T] { return weak.Make(new(T)) }

func main() {
	w := made()
	alive := w.Value() != nil
	runtime.GC()
	fmt.Println(alive, w.Value() == nil, weak.Make(&global) == weak.Make(&global))
	var wg sync.WaitGroup
	for range 300 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 30 {
				a, b := time.NewTimer(time.Millisecond), time.NewTimer(time.Millisecond)
				<-a.C
				if !b.Stop() {
					<-b.C
				}
			}
		}()
	}
	wg.Wait()
	fmt.Println("stopped")
}
