// A server, and a client, that are treated badly: malformed requests and answers, headers without end, clients slower than slow,
// ten thousand idle connections, a full accept queue, no file descriptors left, connections reset.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

var quiet = log.New(io.Discard, "", 0)

func listen() net.Listener { return must(net.Listen("tcp", "127.0.0.1:0")) }

// ---- requests that are none ----

var requests = []struct{ name, text string }{
	{"fine", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"fine, bare newlines", "GET / HTTP/1.1\nHost: x\n\n"},
	{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"},
	{"nothing", ""},
	{"newline", "\r\n"},
	{"garbage", "\x00\x01\x02\x03\xff\r\n\r\n"},
	{"no protocol", "GET /\r\n\r\n"},
	{"HTTP/3", "GET / HTTP/3.0\r\n\r\n"},
	{"HTTP/1.9", "GET / HTTP/1.9\r\nHost: x\r\n\r\n"},
	{"version", "GET / HTTP/one\r\n\r\n"},
	{"method", "G@T / HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"no host", "GET / HTTP/1.1\r\n\r\n"},
	{"two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
	{"host with a space", "GET / HTTP/1.1\r\nHost: x y\r\n\r\n"},
	{"header without colon", "GET / HTTP/1.1\r\nHost: x\r\nwhat\r\n\r\n"},
	{"space before colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
	{"header name", "GET / HTTP/1.1\r\nHost: x\r\nA\x01B: c\r\n\r\n"},
	{"header value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n"},
	{"folded header", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"},
	{"length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n"},
	{"negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"},
	{"huge length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"},
	{"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
	{"equal lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab"},
	{"length and chunks", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: rot13\r\n\r\n"},
	{"chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
	{"chunk size", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"},
	{"chunk too large", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"},
	{"chunk cut", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc"},
	{"body cut", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"},
	{"expectation", "GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n"},
	{"absolute", "GET http://y/z HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"escape", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"relative", "GET z HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
	{"TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"},
	{"long path", "GET /" + strings.Repeat("a", 20000) + " HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"long header", "GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 20000) + "\r\n\r\n"},
	{"long header name", "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("a", 20000) + ": b\r\n\r\n"},
	{"many headers", "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 5000) + "\r\n"},
	{"header at the limit", "GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 7000) + "\r\n\r\n"},
	{"two at once", "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"one and garbage", "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n\x00\x00\r\n\r\n"},
}

// answers sends the text, half-closes, and returns the first lines of all answers.
func answers(addr, text string) string {
	c := must(net.Dial("tcp", addr)).(*net.TCPConn)
	defer c.Close()
	go func() {
		io.WriteString(c, text)
		c.CloseWrite()
	}()
	data, _ := io.ReadAll(c)
	var got []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "HTTP/") || strings.HasPrefix(line, "saw ") || strings.HasPrefix(line, "400 ") {
			got = append(got, line)
		}
	}
	return strings.Join(got, " | ")
}

func malformed() {
	l := listen()
	s := &http.Server{ErrorLog: quiet, MaxHeaderBytes: 4096, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "saw %s %.20s of %s, body %q, %v\n", r.Method, r.URL, r.Host, b, err)
	})}
	go s.Serve(l)
	for _, r := range requests {
		fmt.Printf("%s: %s\n", r.name, answers(l.Addr().String(), r.text))
	}
	check(s.Close())
}

// ---- clients that take their time ----

func slowLoris() {
	l := listen()
	s := &http.Server{ErrorLog: quiet, ReadHeaderTimeout: 150 * time.Millisecond, Handler: http.NotFoundHandler()}
	go s.Serve(l)
	var wg sync.WaitGroup
	var closed, early atomic.Int32
	for range 200 {
		wg.Go(func() {
			start := time.Now()
			c := must(net.Dial("tcp", l.Addr().String()))
			defer c.Close()
			gone := make(chan bool)
			go func() {
				io.Copy(io.Discard, c)
				close(gone)
			}()
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n")
			for {
				select {
				case <-gone:
					closed.Add(1)
					if time.Since(start) < 150*time.Millisecond {
						early.Add(1)
					}
					return
				case <-time.After(20 * time.Millisecond):
					fmt.Fprint(c, "A: b\r\n")
				}
			}
		})
	}
	fmt.Printf("meanwhile: %s\n", answers(l.Addr().String(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	wg.Wait()
	fmt.Println("slow clients closed:", closed.Load(), "too early:", early.Load())

	// One that sends its body slowly, and one that never reads.
	mux := http.NewServeMux()
	result := make(chan string, 1)
	mux.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		result <- fmt.Sprint("slow body: timeout ", errors.Is(err, os.ErrDeadlineExceeded))
	})
	mux.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		var err error
		for err == nil {
			_, err = w.Write(make([]byte, 1<<20))
		}
		result <- fmt.Sprint("slow reader: timeout ", errors.Is(err, os.ErrDeadlineExceeded))
	})
	l = listen()
	s2 := &http.Server{ErrorLog: quiet, ReadTimeout: 100 * time.Millisecond, WriteTimeout: 100 * time.Millisecond, Handler: mux}
	go s2.Serve(l)
	for _, text := range []string{"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc", "GET /write HTTP/1.1\r\nHost: x\r\n\r\n"} {
		c := must(net.Dial("tcp", l.Addr().String()))
		fmt.Fprint(c, text)
		fmt.Println(<-result)
		c.Close()
	}
	check(s.Close())
	check(s2.Close())
}

func resets() {
	l := listen()
	s := &http.Server{ErrorLog: quiet, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })}
	go s.Serve(l)
	for i := range 500 {
		c := must(net.Dial("tcp", l.Addr().String())).(*net.TCPConn)
		if i%2 == 0 {
			fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc")
		}
		check(c.SetLinger(0)) // close sends a reset
		check(c.Close())
	}
	fmt.Println("after resets:", answers(l.Addr().String(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	fmt.Println("shutdown:", s.Shutdown(context.Background()))
}

// ---- many clients, in a process of their own ----

// A crowd is this program again, as n clients of an address. Once told to start, each opens a connection, sends a request, reads the
// answer and waits for the connection to be closed.
type crowd struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func newCrowd(addr net.Addr, n int) *crowd {
	cmd := exec.Command(os.Args[0], "clients", addr.String(), strconv.Itoa(n))
	cmd.Stderr = os.Stderr
	c := &crowd{cmd, must(cmd.StdinPipe()), bufio.NewReader(must(cmd.StdoutPipe()))}
	check(cmd.Start())
	return c
}

func (c *crowd) start()         { check(c.in.Close()) }
func (c *crowd) report() string { return strings.TrimSpace(must(c.out.ReadString('\n'))) }
func (c *crowd) wait()          { check(c.cmd.Wait()) }

func clients(addr string, n int) {
	io.Copy(io.Discard, os.Stdin)
	var wg, opened sync.WaitGroup
	var answered, ended atomic.Int32
	limit := make(chan bool, 64) // as many are opening at a time
	for range n {
		opened.Add(1)
		wg.Go(func() {
			limit <- true
			c, err := net.Dial("tcp", addr)
			<-limit
			check(err)
			defer c.Close()
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err == nil {
				io.Copy(io.Discard, resp.Body)
				answered.Add(1)
			}
			opened.Done()
			if n, err := c.Read(make([]byte, 1)); n == 0 && err == io.EOF {
				ended.Add(1)
			}
		})
	}
	opened.Wait()
	fmt.Println(answered.Load(), "answered")
	wg.Wait()
	fmt.Println(ended.Load(), "ended by the server")
}

func idleConnections() {
	const n = 10000
	var state [5]atomic.Int32
	var mu sync.Mutex
	was := map[net.Conn]http.ConnState{}
	l := listen()
	s := &http.Server{ErrorLog: quiet, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello") }),
		ConnState: func(c net.Conn, now http.ConnState) {
			mu.Lock()
			defer mu.Unlock()
			if old, ok := was[c]; ok {
				state[old].Add(-1)
			}
			state[now].Add(1)
			was[c] = now
		}}
	go s.Serve(l)
	c := newCrowd(l.Addr(), n)
	c.start()
	fmt.Println("crowd:", c.report())
	for state[http.StateIdle].Load() != n { // the last of them is on its way there
		time.Sleep(time.Millisecond)
	}
	fmt.Println("idle:", state[http.StateIdle].Load(), "active:", state[http.StateActive].Load())
	fmt.Println("one more:", answers(l.Addr().String(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	fmt.Println("shutdown:", s.Shutdown(context.Background()))
	fmt.Println("crowd:", c.report())
	c.wait()
}

// acceptQueue lets connections wait in a queue that holds two.
func acceptQueue() {
	fd := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0))
	check(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	check(syscall.Listen(fd, 1))
	f := os.NewFile(uintptr(fd), "listener")
	l := must(net.FileListener(f))
	f.Close()
	const n = 8
	got := make(chan string)
	for range n {
		go func() {
			c, err := net.DialTimeout("tcp", l.Addr().String(), 20*time.Second)
			if err != nil {
				got <- err.Error()
				return
			}
			defer c.Close()
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			data, err := io.ReadAll(c)
			got <- fmt.Sprint(strings.HasSuffix(string(data), "hello\n"), err)
		}()
	}
	_, err := net.DialTimeout("tcp", l.Addr().String(), 100*time.Millisecond) // by now, the others stand in the way
	for err == nil {
		_, err = net.DialTimeout("tcp", l.Addr().String(), 100*time.Millisecond)
	}
	var timeout net.Error
	fmt.Println("the queue is full:", errors.As(err, &timeout) && timeout.Timeout())
	s := &http.Server{ErrorLog: quiet, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello") })}
	go s.Serve(l)
	for range n {
		fmt.Println("waited in the queue:", <-got)
	}
	check(s.Close())
}

// firstWord notices the first message that contains it.
type firstWord struct {
	word string
	once sync.Once
	seen chan string
}

func (f *firstWord) Write(p []byte) (int, error) {
	if strings.Contains(string(p), f.word) {
		f.once.Do(func() { f.seen <- string(p) })
	}
	return len(p), nil
}

// noDescriptors serves more connections than the process may open; accepting backs off until there are descriptors again.
func noDescriptors() {
	var limit syscall.Rlimit
	check(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	l := listen()
	errs := &firstWord{word: "too many open files", seen: make(chan string, 1)}
	s := &http.Server{ErrorLog: log.New(errs, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello") })}
	go s.Serve(l)
	const n = 200
	c := newCrowd(l.Addr(), n)
	check(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 60, Max: limit.Max}))
	c.start()
	message := <-errs.seen // with an address in front and a delay behind
	fmt.Println("accept:", message[strings.LastIndex(message, "accept4:"):strings.LastIndex(message, " in ")])
	_, err := os.Open(os.Args[0])
	fmt.Println("open:", errors.Is(err, syscall.EMFILE))
	_, err = (&http.Transport{}).RoundTrip(httptest.NewRequest("GET", "http://"+l.Addr().String(), nil))
	fmt.Println("dial:", errors.Is(err, syscall.EMFILE))
	fmt.Println("exec:", exec.Command("/bin/true").Run() != nil)
	check(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	fmt.Println("crowd:", c.report())
	fmt.Println("shutdown:", s.Shutdown(context.Background()))
	fmt.Println("crowd:", c.report())
	c.wait()
}

// ---- servers that misbehave ----

func badServers() {
	cases := []struct{ name, text string }{
		{"closes", ""},
		{"garbage", "hello\r\n\r\n"},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-Le"},
		{"status", "HTTP/1.1 two OK\r\n\r\n"},
		{"header", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"},
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"},
		{"short body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"},
		{"chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
		{"chunk cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"},
		{"no end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"},
		{"until it closes", "HTTP/1.1 200 OK\r\n\r\nabc"},
		{"long header", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 20000) + "\r\n\r\n"},
		{"hints without end", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: <"+strings.Repeat("a", 1000)+">\r\n\r\n", 100)},
		{"nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"},
		{"bad place", "HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"},
		{"no gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"},
		{"switching", "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
	}
	l := listen()
	var text atomic.Value
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				bufio.NewReader(c).ReadString('\n')
				io.WriteString(c, text.Load().(string))
				c.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	t := &http.Transport{MaxResponseHeaderBytes: 10000}
	for _, c := range cases {
		text.Store(c.text)
		resp, err := (&http.Client{Transport: t}).Get("http://" + l.Addr().String())
		if err != nil {
			fmt.Printf("%s: %s\n", c.name, strings.ReplaceAll(err.Error(), l.Addr().String(), "ADDR"))
			continue
		}
		data, err := io.ReadAll(resp.Body)
		fmt.Printf("%s: %s %q %v\n", c.name, resp.Status, data, err)
		resp.Body.Close()
		t.CloseIdleConnections()
	}
	l.Close()
	_, err := http.Get("http://" + l.Addr().String())
	fmt.Println("nobody there:", errors.Is(err, syscall.ECONNREFUSED))
	_, err = http.Get("gopher://x/")
	fmt.Println(err)
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "clients" {
		clients(os.Args[2], must(strconv.Atoi(os.Args[3])))
		return
	}
	malformed()
	slowLoris()
	resets()
	acceptQueue()
	noDescriptors()
	idleConnections()
	badServers()
}
