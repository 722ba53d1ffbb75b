// A system call made in every thread: a property of threads is the same wherever goroutines run.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	prSetKeepCaps = 8
	prGetKeepCaps = 7
)

func main() {
	// some threads, asleep in system calls and idle
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			runtime.LockOSThread()
			wg.Done()
			var ts syscall.Timespec
			ts.Sec = 5
			syscall.Nanosleep(&ts, nil)
		}()
	}
	wg.Wait()
	time.Sleep(10 * time.Millisecond)
	_, _, e := syscall.AllThreadsSyscall(syscall.SYS_PRCTL, prSetKeepCaps, 1, 0)
	fmt.Println("set:", e)
	wrong := make(chan int, 16)
	for range 8 {
		go func() {
			runtime.LockOSThread()
			v, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, prGetKeepCaps, 0, 0)
			time.Sleep(10 * time.Millisecond)
			wrong <- int(1 - v)
		}()
	}
	n := 0
	for range 8 {
		n += <-wrong
	}
	fmt.Println("threads without it:", n)
	_, _, e = syscall.AllThreadsSyscall(syscall.SYS_PRCTL, 0x7fffffff, 0, 0)
	fmt.Println("unknown:", e)
	fmt.Println(syscall.Setuid(syscall.Getuid()), syscall.Setgid(syscall.Getgid()))
}
