// What an HTTP server and client are made of: streaming, trailers, hijacked connections, timeouts on both sides, graceful shutdown,
// HTTP/2 over TLS 1.3 and 1.2, and without TLS; cookies, redirects, uploads, reverse proxies.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// serve runs a server on a free port until the function it returns is called.
func serve(s *http.Server) (url string, stop func()) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	s.ErrorLog = log.New(io.Discard, "", 0)
	go s.Serve(l)
	return "http://" + l.Addr().String(), func() { check(s.Close()) }
}

func body(resp *http.Response, err error) string {
	check(err)
	defer resp.Body.Close()
	return fmt.Sprintf("%s %d %q", resp.Proto, resp.StatusCode, must(io.ReadAll(resp.Body)))
}

// isTimeout reduces an error to what both sides of a comparison agree on.
func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// ---- one exchange ----

func streaming() {
	next := make(chan bool)
	url, stop := serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		for i := range 3 {
			fmt.Fprintf(w, "part %d\n", i)
			check(http.NewResponseController(w).Flush())
			<-next
		}
		w.Header().Set("X-Sum", "three parts")
	})})
	defer stop()
	resp := must(http.Get(url))
	in := bufio.NewReader(resp.Body)
	for {
		line, err := in.ReadString('\n') // arrives before the handler goes on
		if err == io.EOF {
			break
		}
		fmt.Printf("stream: %q\n", line)
		next <- true
	}
	fmt.Println("trailer:", resp.Trailer.Get("X-Sum"), "encoding:", resp.TransferEncoding)

	// Both directions at once: the client writes on while it reads what came back.
	url, stop2 := serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check(http.NewResponseController(w).EnableFullDuplex())
		in := bufio.NewScanner(r.Body)
		for in.Scan() {
			fmt.Fprintln(w, strings.ToUpper(in.Text()))
			check(http.NewResponseController(w).Flush())
		}
	})})
	defer stop2()
	pr, pw := io.Pipe()
	go fmt.Fprintln(pw, "first")
	resp = must(http.Post(url, "text/plain", pr))
	in = bufio.NewReader(resp.Body)
	for _, word := range []string{"second", "third", ""} {
		fmt.Printf("duplex: %q\n", must(in.ReadString('\n')))
		if word == "" {
			check(pw.Close())
		} else {
			fmt.Fprintln(pw, word)
		}
	}
	fmt.Printf("duplex ends: %q\n", must(io.ReadAll(in)))
}

func hijack() {
	url, stop := serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "shout" {
			http.Error(w, "shout only", http.StatusUpgradeRequired)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		check(err)
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\n\r\n")
		for rw.Flush() == nil {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			fmt.Fprint(rw, strings.ToUpper(line))
		}
	})})
	defer stop()
	fmt.Println("no upgrade:", body(http.Get(url)))
	req := must(http.NewRequest("GET", url, nil))
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "shout")
	resp := must(http.DefaultTransport.RoundTrip(req))
	rw := resp.Body.(io.ReadWriteCloser)
	in := bufio.NewReader(rw)
	fmt.Println("upgrade:", resp.Status)
	for i := range 3 {
		fmt.Fprintf(rw, "line %d\n", i)
		fmt.Printf("hijacked: %q\n", must(in.ReadString('\n')))
	}
	check(rw.Close())
}

func expectContinue() {
	url, stop := serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuse" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		w.Header().Add("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		n := must(io.Copy(io.Discard, r.Body))
		fmt.Fprint(w, n)
	})})
	defer stop()
	t := &http.Transport{ExpectContinueTimeout: 10 * time.Second}
	defer t.CloseIdleConnections()
	for _, path := range []string{"/take", "/refuse"} {
		var events []string
		var mu sync.Mutex
		note := func(s string) { mu.Lock(); events = append(events, s); mu.Unlock() }
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			Got100Continue: func() { note("continue") },
			Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
				if code != 100 {
					note(fmt.Sprint(code, h["Link"]))
				}
				return nil
			},
		})
		req := must(http.NewRequestWithContext(ctx, "PUT", url+path, strings.NewReader(strings.Repeat("x", 100000))))
		req.Header.Set("Expect", "100-continue")
		resp, err := t.RoundTrip(req)
		got := body(resp, err)
		mu.Lock()
		slices.Sort(events) // the hints may come before or after the body is sent
		fmt.Println("expect", path, got, events)
		mu.Unlock()
	}
}

func uploads() {
	url, stop := serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := r.ParseMultipartForm(1000); err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		f, h, err := r.FormFile("file")
		check(err)
		defer f.Close()
		_, spilled := f.(*os.File)
		fmt.Fprint(w, r.FormValue("name"), " ", h.Filename, " ", len(must(io.ReadAll(f))), " on disk: ", spilled)
		check(r.MultipartForm.RemoveAll())
	})})
	defer stop()
	for _, size := range []int{100, 100000, 2 << 20} {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		check(m.WriteField("name", "value"))
		must(must(m.CreateFormFile("file", "file.bin")).Write(make([]byte, size)))
		check(m.Close())
		resp, err := http.Post(url, m.FormDataContentType(), &b)
		fmt.Println("upload:", body(resp, err))
	}
}

func client() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "user", Value: "gopher", Path: "/", HttpOnly: true})
		http.Redirect(w, r, "/home/7", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /home/{id}", func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("user")
		fmt.Fprintln(w, r.PathValue("id"), c, err)
	})
	mux.HandleFunc("GET /loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("POST /keep", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/echo", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.HandleFunc("GET /zip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, "accepted: ", r.Header.Get("Accept-Encoding"))
		check(z.Close())
	})
	mux.HandleFunc("GET /auth", func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		fmt.Fprintln(w, user, password, ok)
	})
	mux.Handle("GET /files/", http.StripPrefix("/files", http.FileServer(http.Dir(os.TempDir()))))
	url, stop := serve(&http.Server{Handler: mux})
	defer stop()
	c := &http.Client{Jar: must(cookiejar.New(nil))}
	fmt.Print("login: ", body(c.Get(url+"/login")), "\n")
	_, err := c.Get(url + "/loop")
	fmt.Println("loop:", strings.ReplaceAll(err.Error(), url, ""))
	fmt.Println("307:", body(c.Post(url+"/keep", "text/plain", strings.NewReader("sent twice"))))
	fmt.Println("gzip:", body(c.Get(url+"/zip")))
	fmt.Println("auth:", body(c.Get(strings.Replace(url, "//", "//me:secret@", 1)+"/auth")))
	fmt.Println("method:", body(c.Head(url+"/echo")), body(c.Get(url+"/echo")), body(c.Get(url+"/nowhere")))

	dir := must(os.MkdirTemp("", "files"))
	defer os.RemoveAll(dir)
	check(os.WriteFile(dir+"/digits.txt", []byte("0123456789"), 0o600))
	req := must(http.NewRequest("GET", url+"/files/"+dir[strings.LastIndex(dir, "/")+1:]+"/digits.txt", nil))
	req.Header.Set("Range", "bytes=2-4,7-")
	resp := must(c.Do(req))
	kind, boundary, _ := strings.Cut(resp.Header.Get("Content-Type"), "; boundary=")
	for parts := multipart.NewReader(resp.Body, boundary); ; {
		p, err := parts.NextPart()
		if err != nil {
			break
		}
		fmt.Printf("range: %d %s %s %q\n", resp.StatusCode, kind, p.Header.Get("Content-Range"), must(io.ReadAll(p)))
	}
	resp.Body.Close()
	req.Header.Set("Range", "bytes=20-")
	fmt.Println("bad range:", body(c.Do(req)))

	// A connection is used again once its answer was read.
	reused := 0
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if i.Reused {
			reused++
		}
	}})
	t := &http.Transport{}
	for range 5 {
		body(t.RoundTrip(must(http.NewRequestWithContext(ctx, "GET", url+"/zip", nil))))
	}
	t.CloseIdleConnections()
	fmt.Println("connections used again:", reused)
}

// ---- time ----

func timeouts() {
	release := make(chan bool)
	gone := make(chan error, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
			gone <- r.Context().Err()
		}
	})
	mux.HandleFunc("/half", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "half")
		http.NewResponseController(w).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		check(http.NewResponseController(w).SetWriteDeadline(time.Now().Add(50 * time.Millisecond)))
		var err error
		for err == nil {
			_, err = w.Write(make([]byte, 1<<20)) // nobody reads it
		}
		gone <- err
	})
	mux.Handle("/handler", http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), 30*time.Millisecond, "too late"))
	url, stop := serve(&http.Server{Handler: mux})
	defer stop()
	c := &http.Client{Timeout: 50 * time.Millisecond}
	_, err := c.Get(url + "/slow")
	fmt.Println("client timeout:", isTimeout(err), "server sees:", <-gone)
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New("changed my mind")) })
	_, err = http.DefaultClient.Do(must(http.NewRequestWithContext(ctx, "GET", url+"/slow", nil)))
	fmt.Println("cancelled:", errors.Is(err, context.Canceled), context.Cause(ctx), "server sees:", <-gone)
	resp := must(c.Get(url + "/half"))
	data, err := io.ReadAll(resp.Body)
	fmt.Printf("in the middle of the body: %q %v\n", data, isTimeout(err))
	resp.Body.Close()
	t := &http.Transport{ResponseHeaderTimeout: 30 * time.Millisecond}
	_, err = t.RoundTrip(must(http.NewRequest("GET", url+"/slow", nil)))
	fmt.Println("header timeout:", err, "server sees:", <-gone)
	fmt.Println("timeout handler:", body(http.Get(url+"/handler")))
	resp = must(http.Get(url + "/write"))
	fmt.Println("write deadline:", isTimeout(<-gone))
	resp.Body.Close()
	close(release)

	// An idle connection is closed by the server, and the client notices before it sends.
	var closed atomic.Int32
	url, stop2 := serve(&http.Server{
		Handler:     http.NotFoundHandler(),
		IdleTimeout: 30 * time.Millisecond,
		ConnState: func(c net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				closed.Add(1)
			}
		},
	})
	defer stop2()
	body(http.Get(url))
	for closed.Load() == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Println("idle timeout:", body(http.Get(url)))
}

func shutdown() {
	started, release := make(chan bool), make(chan bool)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started <- true
		<-release
		fmt.Fprint(w, "finished")
	})}
	s.RegisterOnShutdown(func() { close(release) })
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	served, answer := make(chan error), make(chan string)
	go func() { served <- s.Serve(l) }()
	idle := must(net.Dial("tcp", l.Addr().String()))
	fmt.Fprint(idle, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n") // answered without a handler
	must(http.ReadResponse(bufio.NewReader(idle), nil))
	go func() { answer <- body(http.Get("http://" + l.Addr().String())) }()
	<-started
	fmt.Println("shutdown:", s.Shutdown(context.Background()), <-served, <-answer)
	_, err := idle.Read(make([]byte, 1))
	fmt.Println("idle connection:", err)
	_, err = net.Dial("tcp", l.Addr().String())
	fmt.Println("port closed:", err != nil)

	stuck := make(chan bool)
	s2 := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { started <- true; <-stuck })}
	l = must(net.Listen("tcp", "127.0.0.1:0"))
	go s2.Serve(l)
	failed := make(chan error)
	go func() {
		_, err := http.Get("http://" + l.Addr().String())
		failed <- err
	}()
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	fmt.Println("shutdown of a stuck handler:", s2.Shutdown(ctx))
	check(s2.Close())
	fmt.Println("its client:", errors.Is(<-failed, io.EOF))
	close(stuck)
}

// ---- TLS and HTTP/2 ----

func certificate() (tls.Certificate, *x509.CertPool) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "here"}, DNSNames: []string{"here.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	pool := x509.NewCertPool()
	pool.AddCert(must(x509.ParseCertificate(der)))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func secure() {
	cert, pool := certificate()
	mux := http.NewServeMux()
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s over %s, name %q, %d client certificates", r.Proto, tls.VersionName(r.TLS.Version), r.TLS.ServerName, len(r.TLS.PeerCertificates))
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Bytes")
		n, _ := io.Copy(w, r.Body)
		w.Header().Set("X-Bytes", fmt.Sprint(n))
	})
	gone := make(chan error, 1)
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
		gone <- r.Context().Err()
	})
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	s := &http.Server{Handler: mux, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven}}
	go s.ServeTLS(l, "", "")
	url := "https://" + l.Addr().String()
	connect := func(version uint16, h2, withCert bool) *http.Client {
		c := &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version, ServerName: "here.test"}
		if withCert {
			c.Certificates = []tls.Certificate{cert}
		}
		return &http.Client{Transport: &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: h2}}
	}
	for _, version := range []uint16{tls.VersionTLS13, tls.VersionTLS12} {
		for _, h2 := range []bool{true, false} {
			c := connect(version, h2, h2)
			fmt.Println("tls:", body(c.Get(url+"/who")))
			big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
			resp := must(c.Post(url+"/echo", "", bytes.NewReader(big)))
			back := must(io.ReadAll(resp.Body))
			fmt.Println("  a megabyte comes back:", bytes.Equal(back, big), "trailer:", resp.Trailer.Get("X-Bytes"))
			var wg sync.WaitGroup
			var good atomic.Int32
			for i := range 100 {
				wg.Go(func() {
					want := strings.Repeat(fmt.Sprint(i), 1000)
					if body(c.Post(url+"/echo", "", strings.NewReader(want))) == fmt.Sprintf("%s 200 %q", resp.Proto, want) {
						good.Add(1)
					}
				})
			}
			wg.Wait()
			fmt.Println("  at once:", good.Load())
			ctx, cancel := context.WithCancel(context.Background())
			resp = must(c.Do(must(http.NewRequestWithContext(ctx, "GET", url+"/hang", nil))))
			cancel()
			_, err := io.ReadAll(resp.Body)
			// Closing TLS over HTTP/1.1, the client may still see the server's regular end.
			fmt.Println("  cancelled:", errors.Is(err, context.Canceled) || !h2 && err == nil, "server sees:", <-gone)
			c.CloseIdleConnections()
		}
	}
	_, err := http.Get(url + "/who")
	var unknown x509.UnknownAuthorityError
	fmt.Println("unknown authority:", errors.As(err, &unknown))
	c := connect(0, true, false)
	c.Transport.(*http.Transport).TLSClientConfig.ServerName = "there.test"
	_, err = c.Get(url + "/who")
	fmt.Println("wrong name:", strings.ReplaceAll(err.Error(), url, ""))
	_, err = connect(tls.VersionTLS11, true, false).Get(url + "/who")
	fmt.Println("old version:", strings.ReplaceAll(err.Error(), url, ""))
	fmt.Println("plain text to a TLS port:", body(http.Get("http://"+l.Addr().String())))

	// Session tickets: the second handshake is shorter.
	conf := &tls.Config{RootCAs: pool, ServerName: "here.test", ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	for range 2 {
		conn := must(tls.Dial("tcp", l.Addr().String(), conf))
		fmt.Fprint(conn, "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		must(io.ReadAll(conn))
		fmt.Println("resumed:", conn.ConnectionState().DidResume)
		conn.Close()
	}
	fmt.Println("shutdown:", s.Shutdown(context.Background()))
}

func plainHTTP2() {
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	url, stop := serve(&http.Server{Protocols: &p, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method) })})
	defer stop()
	t := &http.Transport{Protocols: &p}
	defer t.CloseIdleConnections()
	fmt.Println("without TLS:", body((&http.Client{Transport: t}).Get(url)))
}

// ---- between ----

func proxy() {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"path": r.URL.Path, "forwarded": r.Header.Get("X-Forwarded-For"), "host": r.Host == "front.test"})
	}))
	defer backend.Close()
	rp := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(must(url.Parse(backend.URL)))
			r.SetXForwarded()
			r.Out.Host = "front.test"
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, "backend is away", http.StatusBadGateway)
		},
	}
	front := httptest.NewServer(rp)
	defer front.Close()
	fmt.Println("reverse proxy:", body(http.Get(front.URL+"/a/b")))
	backend.Close()
	fmt.Println("reverse proxy:", body(http.Get(front.URL+"/a/b")))

	rec := httptest.NewRecorder()
	http.NotFoundHandler().ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	dump := must(httputil.DumpResponse(rec.Result(), true))
	fmt.Printf("%q\n", dump)
}

func panics() {
	url, stop := serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("in the handler")
		}
		panic(http.ErrAbortHandler)
	})})
	defer stop()
	for _, path := range []string{"/panic", "/abort"} {
		_, err := http.Get(url + path)
		fmt.Println("panic:", errors.Is(err, io.EOF))
	}
}

func main() {
	streaming()
	hijack()
	expectContinue()
	uploads()
	client()
	timeouts()
	shutdown()
	secure()
	plainHTTP2()
	proxy()
	panics()
}
