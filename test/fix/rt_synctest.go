// Bubbles: a clock that moves when everybody is blocked, Wait, tickers, contexts, deadlock.
package main

import (
	"context"
	"fmt"
	"sync"
	_ "testing/synctest"
	"time"
	_ "unsafe"
)

//go:linkname run internal/synctest.Run
func run(func())

//go:linkname wait internal/synctest.Wait
func wait()

func bubble(name string, f func()) {
	fmt.Println("--", name)
	defer func() {
		if e := recover(); e != nil {
			fmt.Println("panic:", e)
		}
	}()
	run(f)
}

func main() {
	start := time.Now()
	bubble("sleep", func() {
		t := time.Now()
		time.Sleep(24 * time.Hour)
		fmt.Println(t.UTC(), time.Since(t))
	})
	bubble("wait", func() {
		n := 0
		go func() {
			for range 10 {
				time.Sleep(time.Second)
				n++
			}
		}()
		time.Sleep(4500 * time.Millisecond)
		wait()
		fmt.Println(n)
		time.Sleep(time.Minute)
	})
	bubble("ticker", func() {
		tick := time.NewTicker(time.Hour)
		defer tick.Stop()
		t := time.Now()
		for range 3 {
			fmt.Println((<-tick.C).Sub(t))
		}
	})
	bubble("context", func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { <-ctx.Done() })
		time.Sleep(5*time.Second - 1)
		wait()
		fmt.Println(ctx.Err())
		time.Sleep(1)
		wait()
		fmt.Println(ctx.Err())
		wg.Wait()
	})
	bubble("after func", func() {
		time.AfterFunc(time.Minute, func() { fmt.Println("fired") })
		time.Sleep(2 * time.Minute)
	})
	bubble("select", func() {
		c := make(chan int)
		select {
		case <-c:
		case <-time.After(time.Hour):
			fmt.Println("timeout")
		}
	})
	bubble("deadlock", func() { <-make(chan int) })
	bubble("leak", func() {
		go func() { select {} }()
	})
	if time.Since(start) > 30*time.Second {
		fmt.Println("that took real time")
	}
}
