package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Metrics counts requests by route and status, and how long they took; it also asks the runtime. Prometheus reads its text.
type Metrics struct {
	inflight atomic.Int64
	requests sync.Map // route -> *histogram
	answers  sync.Map // answer -> *atomic.Int64
}

type answer struct {
	route string
	code  int
}

// bounds are the upper ends of the histogram's buckets, in seconds; one more is for all above.
var bounds = [...]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

type histogram struct {
	buckets [len(bounds) + 1]atomic.Int64
	nanos   atomic.Int64
}

func (h *histogram) add(d time.Duration) {
	i, _ := slices.BinarySearch(bounds[:], d.Seconds())
	h.buckets[i].Add(1)
	h.nanos.Add(int64(d))
}

// load returns the value of a key, which is made if there is none.
func load[T any](m *sync.Map, key any) *T {
	v, ok := m.Load(key)
	if !ok {
		v, _ = m.LoadOrStore(key, new(T))
	}
	return v.(*T)
}

// Done counts a request.
func (m *Metrics) Done(route string, code int, d time.Duration) {
	load[histogram](&m.requests, route).add(d)
	load[atomic.Int64](&m.answers, answer{route, code}).Add(1)
}

// runtimeMetrics are asked for under the names on the left.
var runtimeMetrics = map[string]string{
	"go_goroutines":          "/sched/goroutines:goroutines",
	"go_heap_bytes":          "/memory/classes/heap/objects:bytes",
	"go_memory_bytes":        "/memory/classes/total:bytes",
	"go_gc_cycles_total":     "/gc/cycles/total:gc-cycles",
	"go_alloc_bytes_total":   "/gc/heap/allocs:bytes",
	"go_alloc_objects_total": "/gc/heap/allocs:objects",
}

// ServeHTTP writes all of them in Prometheus' format, always in the same order.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintf(w, "# TYPE http_requests_in_flight gauge\nhttp_requests_in_flight %d\n", m.inflight.Load())
	fmt.Fprintf(w, "# TYPE http_requests_total counter\n")
	for _, a := range slices.SortedFunc(keys[answer](&m.answers), func(a, b answer) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.code, b.code))
	}) {
		fmt.Fprintf(w, "http_requests_total{route=%q,code=\"%d\"} %d\n", a.route, a.code, load[atomic.Int64](&m.answers, a).Load())
	}
	fmt.Fprintf(w, "# TYPE http_request_seconds histogram\n")
	for _, route := range slices.Sorted(keys[string](&m.requests)) {
		load[histogram](&m.requests, route).write(w, route)
	}
	for _, name := range slices.Sorted(maps.Keys(runtimeMetrics)) {
		sample := []metrics.Sample{{Name: runtimeMetrics[name]}}
		if metrics.Read(sample); sample[0].Value.Kind() == metrics.KindUint64 {
			fmt.Fprintf(w, "%s %d\n", name, sample[0].Value.Uint64())
		}
	}
}

func (h *histogram) write(w io.Writer, route string) {
	total := int64(0)
	for i, bound := range bounds {
		total += h.buckets[i].Load()
		fmt.Fprintf(w, "http_request_seconds_bucket{route=%q,le=\"%g\"} %d\n", route, bound, total)
	}
	total += h.buckets[len(bounds)].Load()
	fmt.Fprintf(w, "http_request_seconds_bucket{route=%q,le=\"+Inf\"} %d\n", route, total)
	fmt.Fprintf(w, "http_request_seconds_sum{route=%q} %g\n", route, time.Duration(h.nanos.Load()).Seconds())
	fmt.Fprintf(w, "http_request_seconds_count{route=%q} %d\n", route, total)
}

func keys[K any](m *sync.Map) func(func(K) bool) {
	return func(yield func(K) bool) {
		m.Range(func(k, _ any) bool { return yield(k.(K)) })
	}
}
