// Echo runs a TCP echo server and its clients: all clients are connected at the same time,
// each sends a line and checks what comes back. Both ends live in one process if it may open
// that many files; otherwise the clients move to a second process of the same program.
//
//	echo [-clients n] [-connect addr]
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
)

// echo copies through a small buffer of its own: io.Copy between two sockets would splice, which costs a pipe,
// two files more, for each connection.
func echo(c net.Conn) {
	defer c.Close()
	var buf [512]byte
	for {
		n, err := c.Read(buf[:])
		if _, werr := c.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		go echo(c)
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

// run connects n clients to addr, lets them all talk once every one is connected and reports how many were served.
func run(addr string, n int) int {
	var ready, done sync.WaitGroup
	var failed atomic.Int32
	start := make(chan struct{})
	ready.Add(n)
	for id := range n {
		done.Go(func() {
			if err := client(addr, id, &ready, start); err != nil && failed.Add(1) <= 3 {
				fmt.Fprintln(os.Stderr, err)
			}
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	fmt.Println(n-int(failed.Load()), "clients served,", failed.Load(), "failed")
	if failed.Load() > 0 {
		return 1
	}
	return 0
}

// spare counts the files that are open beside the connections.
const spare = 64

// fits tells whether this process may hold both ends of n connections.
func fits(n int) bool {
	var lim syscall.Rlimit
	return syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim) == nil && uint64(2*n+spare) <= lim.Cur
}

func main() {
	n := flag.Int("clients", 10000, "concurrent clients")
	connect := flag.String("connect", "", "run only the clients, against the server at this address")
	flag.Parse()
	if *connect != "" {
		os.Exit(run(*connect, *n))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go serve(l)
	if fits(*n) {
		os.Exit(run(l.Addr().String(), *n))
	}
	clients := exec.Command("/proc/self/exe", "-clients", fmt.Sprint(*n), "-connect", l.Addr().String())
	clients.Stdout, clients.Stderr = os.Stdout, os.Stderr
	if err := clients.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
}
