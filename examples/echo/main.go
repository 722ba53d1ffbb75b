// Echo runs a TCP echo server and its clients in one process: all clients are connected
// at the same time, each sends a line and checks what comes back.
//
//	echo [-clients n]
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
)

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			io.Copy(c, c)
		}()
	}
}

// dialing bounds the connections being set up, so that the listener's queue does not overflow.
var dialing = make(chan struct{}, 512)

func client(addr string, id int, ready *sync.WaitGroup, start <-chan struct{}) error {
	dialing <- struct{}{}
	c, err := net.Dial("tcp", addr)
	<-dialing
	ready.Done()
	if err != nil {
		return err
	}
	defer c.Close()
	<-start
	want := fmt.Sprintf("hello from client %d\n", id)
	if _, err := io.WriteString(c, want); err != nil {
		return err
	}
	got, err := bufio.NewReaderSize(c, 64).ReadString('\n')
	if err == nil && got != want {
		err = fmt.Errorf("client %d: got %q", id, got)
	}
	return err
}

func main() {
	n := flag.Int("clients", 10000, "concurrent clients; both ends are ours, so twice as many files are open")
	flag.Parse()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go serve(l)
	var ready, done sync.WaitGroup
	var failed atomic.Int32
	start := make(chan struct{})
	ready.Add(*n)
	for id := range *n {
		done.Go(func() {
			if err := client(l.Addr().String(), id, &ready, start); err != nil && failed.Add(1) <= 3 {
				fmt.Fprintln(os.Stderr, err)
			}
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	l.Close()
	fmt.Println(*n-int(failed.Load()), "clients served,", failed.Load(), "failed")
	if failed.Load() > 0 {
		os.Exit(1)
	}
}
