package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// forStores runs a test for every kind of store; PostgreSQL if PGWIRE_TEST_URL names a server.
func forStores(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("files", func(t *testing.T) {
		s, err := OpenFileStore(t.TempDir(), 1<<10)
		if err != nil {
			t.Fatal(err)
		}
		test(t, s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		url := os.Getenv("PGWIRE_TEST_URL")
		if url == "" {
			t.Skip("PGWIRE_TEST_URL names no server")
		}
		s, err := OpenSQLStore(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.db.Exec("TRUNCATE documents"); err != nil {
			t.Fatal(err)
		}
		test(t, s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// client talks to a handler.
type client struct {
	t *testing.T
	h http.Handler
}

// do returns the status and the answer. Headers are names and values in turn.
func (c client) do(method, path, body string, headers ...string) (int, map[string]any) {
	c.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	var v map[string]any
	if w.Body.Len() > 0 && strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			c.t.Fatalf("%s %s: %v in %q", method, path, err, w.Body)
		}
		if v["version"] != nil && w.Header().Get("ETag") != fmt.Sprintf(`"%.0f"`, v["version"]) {
			c.t.Errorf("%s %s: version %v, ETag %s", method, path, v["version"], w.Header().Get("ETag"))
		}
	}
	return w.Code, v
}

func (c client) want(code int, method, path, body string, headers ...string) map[string]any {
	c.t.Helper()
	got, v := c.do(method, path, body, headers...)
	if got != code {
		c.t.Errorf("%s %s %.100s: status %d, want %d: %v", method, path, body, got, code, v)
	}
	return v
}

func newClient(t *testing.T, s Store) client {
	return client{t, NewAPI(s, new(Metrics), 5*time.Second, 100).Handler()}
}

func TestDocuments(t *testing.T) {
	forStores(t, func(t *testing.T, s Store) {
		c := newClient(t, s)
		c.want(404, "GET", "/v1/documents/a", "")
		c.want(404, "DELETE", "/v1/documents/a", "")
		first := c.want(200, "PUT", "/v1/documents/a", ` {"n" : 1}`)
		v := c.want(200, "GET", "/v1/documents/a", "")
		if fmt.Sprint(v["body"]) != "map[n:1]" || v["id"] != "a" || v["version"] != first["version"] || v["updated"] != first["updated"] {
			t.Error(first, v)
		}
		version := fmt.Sprintf(`"%.0f"`, v["version"])
		c.want(304, "GET", "/v1/documents/a", "", "If-None-Match", version)
		c.want(412, "PUT", "/v1/documents/a", "2", "If-None-Match", "*")
		c.want(412, "PUT", "/v1/documents/a", "2", "If-Match", `"999999999"`)
		c.want(412, "PUT", "/v1/documents/a", "2", "If-Match", "nonsense")
		c.want(200, "PUT", "/v1/documents/a", "2", "If-Match", version)
		c.want(412, "PUT", "/v1/documents/a", "3", "If-Match", version)
		c.want(412, "DELETE", "/v1/documents/a", "", "If-Match", version)
		c.want(412, "PUT", "/v1/documents/b", "1", "If-Match", version)
		c.want(200, "DELETE", "/v1/documents/a", "")
		again := c.want(200, "PUT", "/v1/documents/a", "null", "If-None-Match", "*")
		if again["version"].(float64) <= v["version"].(float64) {
			t.Error("versions go back:", v, again)
		}
		if v := c.want(200, "GET", "/v1/documents/a", ""); v["body"] != nil {
			t.Error(v)
		}
		c.want(200, "PUT", "/v1/documents/gr%C3%BC%C3%9Fe%2Fa%27b%22", `"h\u00e4\u0000"`)
		if v := c.want(200, "GET", "/v1/documents/gr%C3%BC%C3%9Fe%2Fa%27b%22", ""); v["id"] != `grüße/a'b"` || v["body"] != "hä\x00" {
			t.Errorf("%q", v)
		}
	})
}

func TestBadRequests(t *testing.T) {
	forStores(t, func(t *testing.T, s Store) {
		c := newClient(t, s)
		for _, r := range []struct {
			code               int
			method, path, body string
		}{
			{400, "PUT", "/v1/documents/a", ""},
			{400, "PUT", "/v1/documents/a", "{"},
			{400, "PUT", "/v1/documents/a", "1 2"},
			{400, "PUT", "/v1/documents/a", "\"\xff\""},
			{400, "PUT", "/v1/documents/%00", "1"},
			{400, "PUT", "/v1/documents/%ff", "1"},
			{400, "PUT", "/v1/documents/" + strings.Repeat("x", 201), "1"},
			{413, "PUT", "/v1/documents/a", `"` + strings.Repeat("x", maxBody) + `"`},
			{404, "PUT", "/v1/documents/", "1"},
			{405, "POST", "/v1/documents/a", "1"},
			{404, "GET", "/v2/documents", ""},
			{400, "GET", "/v1/documents?limit=0", ""},
			{400, "GET", "/v1/documents?limit=many", ""},
			{400, "GET", "/v1/documents?after=%00", ""},
			{400, "POST", "/v1/batch", ""},
			{400, "POST", "/v1/batch", "[]"},
			{400, "POST", "/v1/batch", "[1]"},
			{400, "POST", "/v1/batch", `[{"id":"a"}]`},
			{400, "POST", "/v1/batch", `[{"id":"","put":1}]`},
			{400, "POST", "/v1/batch", `[{"id":"a","put":1,"delete":true}]`},
			{400, "POST", "/v1/batch", `[{"id":"a","put":1},{"id":"a","delete":true}]`},
			{400, "POST", "/v1/batch", `[{"id":"a","put":1,"why":"not"}]`},
			{400, "POST", "/v1/batch", "[" + strings.Repeat(`{"id":"a","put":1},`, maxChanges) + `{"id":"a","put":1}]`},
		} {
			v := c.want(r.code, r.method, r.path, r.body)
			if r.code == 400 && v["error"] == "" {
				t.Error("no error in the answer:", v)
			}
		}
		if v := c.want(200, "GET", "/v1/documents", ""); fmt.Sprint(v) != "map[documents:[]]" {
			t.Error("something was written:", v)
		}
	})
}

func TestBatch(t *testing.T) {
	forStores(t, func(t *testing.T, s Store) {
		c := newClient(t, s)
		v := c.want(200, "POST", "/v1/batch", `[{"id":"b","put":[1]},{"id":"a","put":{"x":1},"if_version":0}]`)
		docs := v["documents"].([]any)
		if len(docs) != 2 || docs[0].(map[string]any)["id"] != "b" {
			t.Error(v)
		}
		c.want(412, "POST", "/v1/batch", `[{"id":"c","put":1},{"id":"a","put":2,"if_version":0}]`)
		c.want(404, "POST", "/v1/batch", `[{"id":"c","put":1},{"id":"d","delete":true}]`)
		c.want(404, "GET", "/v1/documents/c", "")
		c.want(200, "POST", "/v1/batch", `[{"id":"c","put":1},{"id":"a","delete":true}]`)
		c.want(404, "GET", "/v1/documents/a", "")
	})
}

func TestList(t *testing.T) {
	forStores(t, func(t *testing.T, s Store) {
		c := newClient(t, s)
		var ops []string
		for i := range 25 {
			ops = append(ops, fmt.Sprintf(`{"id":"x%02d","put":%d}`, 24-i, 24-i))
		}
		c.want(200, "POST", "/v1/batch", "["+strings.Join(append(ops, `{"id":"w","put":0}`, `{"id":"y","put":0}`, `{"id":"X","put":0}`), ",")+"]")
		var got []string
		for after := ""; ; {
			v := c.want(200, "GET", "/v1/documents?prefix=x&limit=10&after="+after, "")
			for _, d := range v["documents"].([]any) {
				got = append(got, d.(map[string]any)["id"].(string))
			}
			if v["next"] == nil {
				break
			}
			after = v["next"].(string)
		}
		if len(got) != 25 || got[0] != "x00" || got[24] != "x24" {
			t.Error(got)
		}
		c.want(200, "DELETE", "/v1/documents/x03", "")
		v := c.want(200, "GET", "/v1/documents?after=x02&limit=1", "")
		if v["next"] != "x04" {
			t.Error(v)
		}
	})
}

// Counters that many clients increase, each by comparing versions: none of the increments is lost.
func TestConcurrentUpdates(t *testing.T) {
	forStores(t, func(t *testing.T, s Store) {
		c := newClient(t, s)
		c.want(200, "PUT", "/v1/documents/n", "0")
		var wg sync.WaitGroup
		var conflicts atomic.Int32
		for range 8 {
			wg.Go(func() {
				for done := 0; done < 10; {
					v := c.want(200, "GET", "/v1/documents/n", "")
					code, e := c.do("PUT", "/v1/documents/n", fmt.Sprint(v["body"].(float64)+1), "If-Match", fmt.Sprintf(`"%.0f"`, v["version"]))
					switch code {
					case 200:
						done++
					case 412:
						conflicts.Add(1)
					default:
						t.Error(code, e)
						return
					}
				}
			})
		}
		wg.Wait()
		if v := c.want(200, "GET", "/v1/documents/n", ""); v["body"] != 80.0 {
			t.Error(v, "conflicts:", conflicts.Load())
		}
	})
}

func TestDeadline(t *testing.T) {
	forStores(t, func(t *testing.T, s Store) {
		c := client{t, NewAPI(s, new(Metrics), time.Nanosecond, 100).Handler()}
		if code, v := c.do("PUT", "/v1/documents/a", "1"); code != 504 && code != 503 {
			t.Error(code, v)
		}
	})
}

// One of many clients creates a document, and batches that overlap do not block each other for good.
func TestConcurrentCreation(t *testing.T) {
	forStores(t, func(t *testing.T, s Store) {
		c := newClient(t, s)
		for round := range 5 {
			var wg sync.WaitGroup
			var created atomic.Int32
			for i := range 8 {
				wg.Go(func() {
					a, b := fmt.Sprint("a", round), fmt.Sprint("b", round)
					if i%2 == 0 {
						a, b = b, a
					}
					code, v := c.do("POST", "/v1/batch", fmt.Sprintf(`[{"id":%q,"put":1,"if_version":0},{"id":%q,"put":1}]`, a, b))
					if code == 200 {
						created.Add(1)
					} else if code != 412 {
						t.Error(code, v)
					}
				})
			}
			wg.Wait()
			if created.Load() != 1 {
				t.Errorf("created %d times", created.Load())
			}
		}
	})
}

// stuckStore is busy until it is released; a name of "panic" is too much for it.
type stuckStore struct {
	Store
	entered, release chan bool
}

func (s stuckStore) Get(ctx context.Context, id string) (Document, error) {
	if id == "panic" {
		panic("at the store")
	}
	s.entered <- true
	<-s.release
	return Document{}, ErrNotFound
}

func (s stuckStore) Ping(context.Context) error { return nil }

func TestTooMany(t *testing.T) {
	s := stuckStore{entered: make(chan bool), release: make(chan bool)}
	api := NewAPI(s, new(Metrics), 50*time.Millisecond, 1)
	c := client{t, api.Handler()}
	c.want(500, "GET", "/v1/documents/panic", "")
	done := make(chan bool)
	go func() { c.want(404, "GET", "/v1/documents/a", ""); done <- true }()
	<-s.entered
	c.want(503, "GET", "/v1/documents/b", "")
	close(s.release)
	<-done
	c.want(200, "GET", "/readyz", "")
	api.stopping.Store(true)
	c.want(503, "GET", "/readyz", "")
	c.want(200, "GET", "/healthz", "")
	w := httptest.NewRecorder()
	api.metrics.ServeHTTP(w, nil)
	for _, line := range []string{
		`http_requests_total{route="GET /v1/documents/{id}",code="404"} 1`,
		`http_requests_total{route="GET /v1/documents/{id}",code="500"} 1`,
		`http_requests_total{route="GET /v1/documents/{id}",code="503"} 1`,
		`http_request_seconds_count{route="GET /v1/documents/{id}"} 3`,
		"http_requests_in_flight 0",
		"go_goroutines ",
	} {
		if !strings.Contains(w.Body.String(), line) {
			t.Errorf("no %s in:\n%s", line, w.Body)
		}
	}
}

// What a store holds is there when it is opened again, compacted or not, and versions go on.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	var version int64
	for round := range 4 {
		s, err := OpenFileStore(dir, 4<<10)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			docs, err := s.Apply(t.Context(), []Change{{ID: fmt.Sprint("n", i%20), Body: fmt.Appendf(nil, `[%d,%d]`, round, i)}})
			if err != nil {
				t.Fatal(err)
			}
			if docs[0].Version <= version {
				t.Fatalf("version %d after %d", docs[0].Version, version)
			}
			version = docs[0].Version
		}
		docs, err := s.Apply(t.Context(), []Change{{ID: "n0"}})
		if err != nil {
			t.Fatal(err)
		}
		version = docs[0].Version
		list, err := s.List(t.Context(), "n", "", 100)
		if err != nil || len(list) != 19 || string(list[0].Body) != fmt.Sprintf("[%d,181]", round) {
			t.Fatal(len(list), err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if snaps, _ := filepath.Glob(dir + "/*.snap"); len(snaps) != 1 {
		t.Errorf("snapshots: %q", snaps)
	}
}

func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, err := certificate(dir, []string{"localhost", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := certificate(dir, nil)
	if err != nil || !bytes.Equal(again.Certificate[0], cert.Certificate[0]) {
		t.Error("another one is made", err)
	}
	pool := x509.NewCertPool()
	data, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
	if err != nil || !pool.AppendCertsFromPEM(data) {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.StartTLS()
	defer s.Close()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	resp, err := c.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := certificate(dir, nil); err == nil {
		t.Error("a broken key is replaced")
	}
}

// The whole service: it serves, and when it is told to stop it finishes what it has begun.
func TestRun(t *testing.T) {
	var log syncBuffer
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	defer slog.SetDefault(slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- run(ctx, options{addr: "127.0.0.1:0", admin: "127.0.0.1:0", data: t.TempDir(), timeout: time.Second, grace: 5 * time.Second, concurrent: 10, compact: 1 << 20})
	}()
	address := log.waitFor("serving")
	metrics := "http://" + log.waitFor("admin") + "/metrics"
	pr, pw := io.Pipe()
	answered := make(chan error)
	go func() {
		r, _ := http.NewRequest("PUT", "http://"+address+"/v1/documents/slow", pr)
		resp, err := http.DefaultClient.Do(r)
		if err == nil && resp.StatusCode != 200 {
			err = errors.New(resp.Status)
		}
		answered <- err
	}()
	io.WriteString(pw, `{"half":`)
	for in := ""; !strings.Contains(in, "http_requests_in_flight 1\n"); {
		resp, err := http.Get(metrics)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		in = string(data)
	}
	stop()
	log.waitFor("stopping")
	io.WriteString(pw, "1}")
	pw.Close()
	if err := <-answered; err != nil {
		t.Error("the request in flight:", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// waitFor waits for a message and returns its address.
func (s *syncBuffer) waitFor(msg string) (address string) {
	for {
		s.mu.Lock()
		for line := range bytes.Lines(s.b.Bytes()) {
			var l struct{ Msg, Address string }
			if json.Unmarshal(line, &l); l.Msg == msg {
				s.mu.Unlock()
				return l.Address
			}
		}
		s.mu.Unlock()
		time.Sleep(time.Millisecond)
	}
}
