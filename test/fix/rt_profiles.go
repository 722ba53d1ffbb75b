// Profiles name the functions where time, memory and waits went.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

//go:noinline
func burn(n int) (x int) {
	for i := 0; i < n; i++ {
		x += i ^ x
	}
	return
}

var keep [][]byte

//go:noinline
func allocate(n int) {
	for i := 0; i < n; i++ {
		keep = append(keep, make([]byte, 4096))
	}
}

//go:noinline
func blocked() {
	c := make(chan int)
	go func() { time.Sleep(20 * time.Millisecond); c <- 1 }()
	<-c
}

var sink *[3]int

var mu sync.Mutex

//go:noinline
func critical() {
	mu.Lock()
	time.Sleep(5 * time.Millisecond)
	mu.Unlock()
}

func text(name string) string {
	var b bytes.Buffer
	pprof.Lookup(name).WriteTo(&b, 1)
	return b.String()
}

func main() {
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	var cpu bytes.Buffer
	pprof.StartCPUProfile(&cpu)
	for t := time.Now(); time.Since(t) < 300*time.Millisecond; {
		burn(1000000)
	}
	pprof.StopCPUProfile()
	z, err := gzip.NewReader(&cpu)
	if err != nil {
		panic(err)
	}
	raw, _ := io.ReadAll(z)
	fmt.Println("cpu:", bytes.Contains(raw, []byte("main.burn")))

	allocate(5000)
	runtime.GC()
	var inuse int64
	recs := make([]runtime.MemProfileRecord, 1000)
	n, ok := runtime.MemProfile(recs, false)
	for _, r := range recs[:n] {
		fs := runtime.CallersFrames(r.Stack())
		for f, more := fs.Next(); ; f, more = fs.Next() {
			if f.Function == "main.allocate" {
				inuse += r.InUseBytes()
			}
			if !more {
				break
			}
		}
	}
	fmt.Println("memory:", ok, inuse > 40<<10 && inuse < 1<<20)
	keep = nil
	runtime.GC()
	runtime.GC()

	blocked()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(critical)
	}
	wg.Wait()
	fmt.Println("block:", strings.Contains(text("block"), "main.blocked"), strings.Contains(text("block"), "main.critical"))
	fmt.Println("mutex:", strings.Contains(text("mutex"), "main.critical"))
	fmt.Println("heap:", strings.Contains(text("allocs"), "main.allocate"))

	runtime.MemProfileRate = 1
	for range 1000 {
		sink = new([3]int)
	}
	runtime.GC()
	recs = make([]runtime.MemProfileRecord, 100000)
	n, _ = runtime.MemProfile(recs, true)
	one := false
	for _, r := range recs[:n] {
		one = one || r.AllocObjects > 500 && r.AllocBytes == 24*r.AllocObjects
	}
	runtime.KeepAlive(sink)
	fmt.Println("every:", one)
}
