// Package initialisation runs on the main thread; what an init function locks stays locked in main.
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

var tid = syscall.Gettid()

func init() {
	runtime.LockOSThread()
	c := make(chan int)
	go func() { c <- syscall.Gettid() }()
	if <-c == tid {
		fmt.Println("another goroutine on the locked thread")
	}
}

func main() {
	fmt.Println(tid == os.Getpid(), syscall.Gettid() == tid, runtime.NumGoroutine())
	for range 1000 {
		runtime.Gosched()
	}
	fmt.Println(syscall.Gettid() == tid)
	runtime.UnlockOSThread()
}
