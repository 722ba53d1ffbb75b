// Command module writes a Go module with thirty packages and their tests, the same one every time:
//
//	seago run bench/module/main.go DIR
//
// Packages are of six kinds (containers with type parameters, JSON records, HTTP handlers, templates, workers, text), import earlier
// packages, and are tested from inside, from outside or both: what a service of middling size looks like to a build command.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const packages = 30

var kinds = []struct{ name, code, test string }{
	{"box", boxCode, boxTest},
	{"record", recordCode, recordTest},
	{"web", webCode, webTest},
	{"page", pageCode, pageTest},
	{"pool", poolCode, poolTest},
	{"words", wordsCode, wordsTest},
}

func name(i int) string { return fmt.Sprintf("%s%d", kinds[i%len(kinds)].name, i/len(kinds)+1) }

func write(path, text string) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		panic(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		panic(err)
	}
}

// imports returns the packages that package i uses: the one before it, and one of every kind further down.
func imports(i int) []string {
	var v []string
	for _, k := range []int{i - 1, i - 7, i - 12} {
		if k >= 0 {
			v = append(v, name(k))
		}
	}
	return v
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: module DIR")
		os.Exit(2)
	}
	dir := os.Args[1]
	write(filepath.Join(dir, "go.mod"), "module example.com/thirty\n\ngo 1.26\n")
	for i := range packages {
		k, p := kinds[i%len(kinds)], name(i)
		var imp, use strings.Builder
		for _, q := range imports(i) {
			fmt.Fprintf(&imp, "\t\"example.com/thirty/%s\"\n", q)
			fmt.Fprintf(&use, "\tn += %s.Size(depth - 1)\n", q)
		}
		fill := strings.NewReplacer("PKG", p, "IMPORTS\n", imp.String(), "USES\n", use.String(), "NUM", fmt.Sprint(i+3))
		write(filepath.Join(dir, p, p+".go"), fill.Replace(k.code)+fill.Replace(sizeCode))
		inside := strings.NewReplacer("PKG_T", p, "Q.", "", "SELF\n", "", "PKG", p, "NUM", fmt.Sprint(i+3))
		outside := strings.NewReplacer("PKG_T", p+"_test", "Q.", p+".", "SELF\n", "\t\"example.com/thirty/"+p+"\"\n", "PKG", p, "NUM", fmt.Sprint(i+3))
		if i%3 != 2 {
			write(filepath.Join(dir, p, p+"_test.go"), inside.Replace(k.test))
		}
		if i%3 != 0 {
			write(filepath.Join(dir, p, "outside_test.go"), outside.Replace(strings.ReplaceAll(k.test, "func Test", "func TestOutside")))
		}
	}
}

const sizeCode = `
// Size adds up what the packages below make of it.
func Size(depth int) int {
	n := NUM
	if depth <= 0 {
		return n
	}
USES
	return n
}
`

const boxCode = `package PKG

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
IMPORTS
)

var ErrEmpty = errors.New("PKG: empty")

// Heap is a priority queue.
type Heap[T any] struct {
	less func(a, b T) bool
	item []T
}

func NewHeap[T any](less func(a, b T) bool) *Heap[T] { return &Heap[T]{less: less} }

func (h *Heap[T]) Len() int { return len(h.item) }

func (h *Heap[T]) Push(x T) {
	h.item = append(h.item, x)
	for i := len(h.item) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.less(h.item[i], h.item[up]) {
			break
		}
		h.item[i], h.item[up] = h.item[up], h.item[i]
		i = up
	}
}

func (h *Heap[T]) Pop() (T, error) {
	var zero T
	if len(h.item) == 0 {
		return zero, ErrEmpty
	}
	top, n := h.item[0], len(h.item)-1
	h.item[0] = h.item[n]
	h.item = h.item[:n]
	for i := 0; ; {
		c := 2*i + 1
		if c >= n {
			break
		}
		if c+1 < n && h.less(h.item[c+1], h.item[c]) {
			c++
		}
		if !h.less(h.item[c], h.item[i]) {
			break
		}
		h.item[i], h.item[c] = h.item[c], h.item[i]
		i = c
	}
	return top, nil
}

// Set is a set of things that can be ordered.
type Set[T cmp.Ordered] map[T]struct{}

func SetOf[T cmp.Ordered](v ...T) Set[T] {
	s := make(Set[T], len(v))
	for _, x := range v {
		s[x] = struct{}{}
	}
	return s
}

func (s Set[T]) Sorted() []T {
	v := make([]T, 0, len(s))
	for x := range s {
		v = append(v, x)
	}
	slices.Sort(v)
	return v
}

func (s Set[T]) String() string { return fmt.Sprint(s.Sorted()) }

func Map[T, U any](v []T, f func(T) U) []U {
	out := make([]U, 0, len(v))
	for _, x := range v {
		out = append(out, f(x))
	}
	return out
}

func GroupBy[K cmp.Ordered, T any](v []T, key func(T) K) ([]K, map[K][]T) {
	m := map[K][]T{}
	for _, x := range v {
		m[key(x)] = append(m[key(x)], x)
	}
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	return keys, m
}
`

const boxTest = `package PKG_T

import (
	"errors"
	"math/rand"
	"strings"
	"testing"
	"testing/quick"
SELF
)

func TestHeap(t *testing.T) {
	sorted := func(v []int16) bool {
		h := Q.NewHeap(func(a, b int16) bool { return a < b })
		for _, x := range v {
			h.Push(x)
		}
		last := int16(-1 << 15)
		for h.Len() > 0 {
			x, err := h.Pop()
			if err != nil || x < last {
				return false
			}
			last = x
		}
		_, err := h.Pop()
		return errors.Is(err, Q.ErrEmpty)
	}
	if err := quick.Check(sorted, &quick.Config{MaxCount: 20, Rand: rand.New(rand.NewSource(NUM))}); err != nil {
		t.Error(err)
	}
}

func TestSet(t *testing.T) {
	for _, c := range []struct{ in, want string }{{"b a c a", "[a b c]"}, {"", "[]"}, {"x", "[x]"}} {
		t.Run(c.in, func(t *testing.T) {
			if got := Q.SetOf(strings.Fields(c.in)...).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	keys, m := Q.GroupBy(Q.Map([]int{1, 2, 3, 4, 5}, func(i int) int { return i * i }), bool2(func(i int) bool { return i%2 == 0 }).key)
	if len(keys) != 2 || len(m[0]) != 3 {
		t.Error(keys, m)
	}
	if Q.Size(2) < NUM {
		t.Error(Q.Size(2))
	}
}

type bool2 func(int) bool

func (f bool2) key(i int) int {
	if f(i) {
		return 1
	}
	return 0
}
`

const recordCode = `package PKG

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
IMPORTS
)

type Item struct {
	ID      int               ` + "`json:\"id\"`" + `
	Name    string            ` + "`json:\"name,omitempty\"`" + `
	Tags    []string          ` + "`json:\"tags\"`" + `
	Labels  map[string]string ` + "`json:\"labels,omitempty\"`" + `
	Created time.Time         ` + "`json:\"created\"`" + `
	Parent  *Item             ` + "`json:\"parent,omitempty\"`" + `
	State   State             ` + "`json:\"state\"`" + `
}

type State int

const (
	Open State = iota
	Closed
)

func (s State) MarshalText() ([]byte, error) {
	switch s {
	case Open:
		return []byte("open"), nil
	case Closed:
		return []byte("closed"), nil
	}
	return nil, fmt.Errorf("PKG: state %d", int(s))
}

func (s *State) UnmarshalText(b []byte) error {
	switch string(b) {
	case "open":
		*s = Open
	case "closed":
		*s = Closed
	default:
		return fmt.Errorf("PKG: state %q", b)
	}
	return nil
}

type Store struct{ dir string }

func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return &Store{dir}, nil
}

func (s *Store) path(id int) string { return filepath.Join(s.dir, fmt.Sprintf("%06d.json", id)) }

func (s *Store) Put(it *Item) error {
	b, err := json.MarshalIndent(it, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(s.path(it.ID), b, 0o600)
}

func (s *Store) Get(id int) (*Item, error) {
	f, err := os.Open(s.path(id))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Decode(f)
}

func Decode(r io.Reader) (*Item, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	it := new(Item)
	if err := d.Decode(it); err != nil {
		return nil, fmt.Errorf("PKG: %w", err)
	}
	return it, nil
}

func Compact(b []byte) string {
	var out bytes.Buffer
	if err := json.Compact(&out, b); err != nil {
		return err.Error()
	}
	return out.String()
}
`

const recordTest = `package PKG_T

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"
SELF
)

func TestStore(t *testing.T) {
	s, err := Q.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want := &Q.Item{ID: NUM, Name: "n", Tags: []string{"a", "b"}, Labels: map[string]string{"k": "v"},
		Created: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Parent: &Q.Item{ID: 1, Tags: []string{}}, State: Q.Closed}
	if err := s.Put(want); err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(NUM)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := s.Get(0); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []string{"{\"id\":\"x\"}", "{\"nope\":1}", "[", "{\"state\":\"ajar\"}"} {
		if it, err := Q.Decode(strings.NewReader(c)); err == nil {
			t.Errorf("%s: %+v", c, it)
		}
	}
	if s := Q.Compact([]byte("{ \"a\" : [ 1 , 2 ] }")); s != "{\"a\":[1,2]}" {
		t.Error(s)
	}
	if Q.Size(2) < NUM {
		t.Error(Q.Size(2))
	}
}
`

const webCode = `package PKG

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"
IMPORTS
)

type Server struct {
	mu    sync.RWMutex
	notes map[int]string
	next  int
	log   *slog.Logger
	mux   *http.ServeMux
}

func NewServer(log *slog.Logger) *Server {
	s := &Server{notes: map[int]string{}, next: 1, log: log, mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /notes/{id}", s.get)
	s.mux.HandleFunc("POST /notes", s.post)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	s.mux.ServeHTTP(w, r.WithContext(ctx))
	s.log.InfoContext(ctx, "request", "method", r.Method, "path", r.URL.Path)
}

func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.Error(w, "bad id", http.StatusBadRequest)
		return
	}
	s.mu.RLock()
	text, ok := s.notes[id]
	s.mu.RUnlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	reply(w, http.StatusOK, map[string]any{"id": id, "text": text})
}

func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	var in struct{ Text string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	id := s.next
	s.next++
	s.notes[id] = in.Text
	s.mu.Unlock()
	reply(w, http.StatusCreated, map[string]any{"id": id})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
`

const webTest = `package PKG_T

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
SELF
)

func TestNotes(t *testing.T) {
	srv := httptest.NewServer(Q.NewServer(slog.New(slog.NewTextHandler(io.Discard, nil))))
	defer srv.Close()
	res, err := http.Post(srv.URL+"/notes", "application/json", strings.NewReader(fmt.Sprintf("{\"Text\":\"n%d\"}", NUM)))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusCreated || string(b) != "{\"id\":1}\n" {
		t.Fatalf("%s %q", res.Status, b)
	}
	res, err = http.Get(srv.URL + "/notes/1")
	if err != nil {
		t.Fatal(err)
	}
	b, _ = io.ReadAll(res.Body)
	res.Body.Close()
	if want := fmt.Sprintf("{\"id\":1,\"text\":\"n%d\"}\n", NUM); string(b) != want {
		t.Errorf("got %q, want %q", b, want)
	}
}

func TestErrors(t *testing.T) {
	s := Q.NewServer(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	for _, c := range []struct {
		method, path, body string
		status             int
	}{{"GET", "/notes/7", "", 404}, {"GET", "/notes/x", "", 400}, {"POST", "/notes", "{", 400}, {"PUT", "/notes", "", 405}, {"GET", "/healthz", "", 204}} {
		t.Run(c.method+c.path, func(t *testing.T) {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(c.method, c.path, strings.NewReader(c.body)))
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
		})
	}
	if Q.Size(2) < NUM {
		t.Error(Q.Size(2))
	}
}
`

const pageCode = `package PKG

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"
	"time"
IMPORTS
)

type Entry struct {
	Title string
	When  time.Time
	Tags  []string
}

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"join": strings.Join,
	"day":  func(t time.Time) string { return t.Format(time.DateOnly) },
}).Parse(` + "`" + `{{define "entry"}}{{.Title | printf "%-8s"}} {{day .When}}{{if .Tags}} [{{join .Tags ", "}}]{{end}}
{{end}}# {{.Name}}
{{range $i, $e := .Entries}}{{$i}}: {{template "entry" $e}}{{else}}nothing
{{end}}` + "`" + `))

func Render(name string, v []Entry) (string, error) {
	var b bytes.Buffer
	err := page.Execute(&b, struct {
		Name    string
		Entries []Entry
	}{name, v})
	if err != nil {
		return "", fmt.Errorf("PKG: %w", err)
	}
	return b.String(), nil
}
`

const pageTest = `package PKG_T

import (
	"strings"
	"testing"
	"time"
SELF
)

func TestRender(t *testing.T) {
	when := time.Date(2025, 2, 3, 0, 0, 0, 0, time.UTC)
	got, err := Q.Render("x", []Q.Entry{{"one", when, []string{"a", "b"}}, {"two", when.AddDate(0, 1, 0), nil}})
	if err != nil {
		t.Fatal(err)
	}
	want := "# x\n0: one      2025-02-03 [a, b]\n1: two      2025-03-03\n"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestRenderNothing(t *testing.T) {
	if got, err := Q.Render("y", nil); err != nil || !strings.HasSuffix(got, "nothing\n") {
		t.Error(got, err)
	}
	if Q.Size(2) < NUM {
		t.Error(Q.Size(2))
	}
}
`

const poolCode = `package PKG

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
IMPORTS
)

var ErrClosed = errors.New("PKG: closed")

type job struct {
	f    func(context.Context) error
	done chan<- error
}

// Pool runs jobs on a fixed number of goroutines.
type Pool struct {
	jobs   chan job
	wg     sync.WaitGroup
	count  atomic.Int64
	once   sync.Once
	closed chan struct{}
}

func New(ctx context.Context, n int) *Pool {
	p := &Pool{jobs: make(chan job), closed: make(chan struct{})}
	for range n {
		p.wg.Go(func() {
			for {
				select {
				case j := <-p.jobs:
					p.count.Add(1)
					j.done <- run(ctx, j.f)
				case <-p.closed:
					return
				}
			}
		})
	}
	return p
}

func run(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("PKG: panic: %v", r)
		}
	}()
	return f(ctx)
}

func (p *Pool) Do(ctx context.Context, f func(context.Context) error) error {
	done := make(chan error, 1)
	select {
	case p.jobs <- job{f, done}:
	case <-p.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-done
}

func (p *Pool) Count() int64 { return p.count.Load() }

func (p *Pool) Close() {
	p.once.Do(func() { close(p.closed) })
	p.wg.Wait()
}

// Memo remembers what a function returned, for a while.
type Memo[K comparable, V any] struct {
	mu  sync.Mutex
	m   map[K]entry[V]
	ttl time.Duration
	f   func(K) (V, error)
}

type entry[V any] struct {
	v    V
	till time.Time
}

func NewMemo[K comparable, V any](ttl time.Duration, f func(K) (V, error)) *Memo[K, V] {
	return &Memo[K, V]{m: map[K]entry[V]{}, ttl: ttl, f: f}
}

func (m *Memo[K, V]) Get(k K) (V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.m[k]; ok && time.Now().Before(e.till) {
		return e.v, nil
	}
	v, err := m.f(k)
	if err == nil {
		m.m[k] = entry[V]{v, time.Now().Add(m.ttl)}
	}
	return v, err
}
`

const poolTest = `package PKG_T

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"
SELF
)

func TestPool(t *testing.T) {
	p := Q.New(context.Background(), 4)
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum := 0
	for i := range 10 * NUM {
		wg.Go(func() {
			if err := p.Do(context.Background(), func(context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				sum += i
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := 10 * NUM; sum != n*(n-1)/2 || p.Count() != int64(n) {
		t.Error(sum, p.Count())
	}
	if err := p.Do(context.Background(), func(context.Context) error { panic("ouch") }); err == nil || err.Error() != "PKG: panic: ouch" {
		t.Error(err)
	}
	p.Close()
	if err := p.Do(context.Background(), nil); !errors.Is(err, Q.ErrClosed) {
		t.Error(err)
	}
}

func TestMemo(t *testing.T) {
	calls := 0
	m := Q.NewMemo(time.Hour, func(s string) (int, error) {
		calls++
		return strconv.Atoi(s)
	})
	for range 3 {
		if v, err := m.Get("12"); v != 12 || err != nil {
			t.Fatal(v, err)
		}
		if _, err := m.Get("x"); err == nil {
			t.Fatal("no error")
		}
	}
	if calls != 4 {
		t.Error(calls)
	}
	if Q.Size(2) < NUM {
		t.Error(Q.Size(2))
	}
}
`

const wordsCode = `package PKG

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode"
IMPORTS
)

type Count struct {
	Word string
	N    int
}

func Tally(r io.Reader) ([]Count, error) {
	m := map[string]int{}
	s := bufio.NewScanner(r)
	s.Split(bufio.ScanWords)
	for s.Scan() {
		w := strings.ToLower(strings.TrimFunc(s.Text(), func(r rune) bool { return !unicode.IsLetter(r) }))
		if w != "" {
			m[w]++
		}
	}
	v := make([]Count, 0, len(m))
	for w, n := range m {
		v = append(v, Count{w, n})
	}
	sort.Slice(v, func(i, j int) bool { return v[i].N > v[j].N || v[i].N == v[j].N && v[i].Word < v[j].Word })
	return v, s.Err()
}

var assign = regexp.MustCompile("^\\s*([a-z][a-z0-9_]*)\\s*=\\s*(.*?)\\s*$")

func Parse(text string) (map[string]float64, error) {
	m := map[string]float64{}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := assign.FindStringSubmatch(line)
		if f == nil {
			return nil, fmt.Errorf("PKG: line %d: %q", i+1, line)
		}
		x, err := strconv.ParseFloat(f[2], 64)
		if err != nil {
			return nil, fmt.Errorf("PKG: line %d: %w", i+1, err)
		}
		m[f[1]] = x
	}
	return m, nil
}

func Norm(m map[string]float64) float64 {
	s := 0.0
	for _, x := range m {
		s += x * x
	}
	return math.Sqrt(s)
}
`

const wordsTest = `package PKG_T

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
SELF
)

func TestTally(t *testing.T) {
	v, err := Q.Tally(strings.NewReader(strings.Repeat("The quick the, lazy! quick the 42 ", NUM)))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("[{the %d} {quick %d} {lazy %d}]", 3*NUM, 2*NUM, NUM)
	if got := fmt.Sprint(v); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParse(t *testing.T) {
	m, err := Q.Parse("# x\na = 3\n\n b=4 \n")
	if err != nil || Q.Norm(m) != 5 {
		t.Error(m, err)
	}
	if _, err := Q.Parse("a = b"); !errors.Is(err, strconv.ErrSyntax) {
		t.Error(err)
	}
	if _, err := Q.Parse("a"); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Error(err)
	}
	if Q.Size(2) < NUM {
		t.Error(Q.Size(2))
	}
}
`
