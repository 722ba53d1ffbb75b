// runtime/metrics: names for the counters C keeps.
package runtime

import "unsafe"

const (
	metricHist    = 3 + (40-6)*4 // buckets of a time distribution, as in runtime/metrics.c
	metricClasses = 68           // size classes; the first stands for large objects
)

type metricTimes [metricHist]uint64

// metricData is C's Metrics.
type metricData struct {
	gcPause, gcStop, otherPause, otherStop, latency          metricTimes
	mutexWait                                                uint64
	mallocs, frees                                           [metricClasses]uint64
	tiny, scanHeap, scanStack, scanGlobals                   uint64
	created, runnable, running, waiting, notInGo, threads    uint64
	totalNs, userNs, pauseNs                                 uint64
	assistNs, dedicatedNs, idleMarkNs                        uint64
	finQueued, finExecuted, cleanupsQueued, cleanupsExecuted uint64
	gogc, memLimit, stackStart                               uint64
}

func cmetrics(m *metricData) bool

// A metricSample is runtime/metrics.Sample: a name and a value {kind, scalar, pointer}.
type metricSample struct {
	name   string
	kind   int
	scalar uint64
	ptr    unsafe.Pointer
}

const (
	metricBad = iota
	metricUint64
	metricFloat64
	metricHistogram
)

type metricFloatHistogram struct {
	counts  []uint64
	buckets []float64
}

var metricsState struct {
	lock  mutex
	godbg map[string]func() uint64
}

//go:linkname godebug_registerMetric internal/godebug.registerMetric
func godebug_registerMetric(name string, read func() uint64) {
	lock(&metricsState.lock)
	old := metricsState.godbg
	unlock(&metricsState.lock)
	m := map[string]func() uint64{name: read}
	for k, v := range old {
		m[k] = v
	}
	lock(&metricsState.lock)
	metricsState.godbg = m
	unlock(&metricsState.lock)
}

//go:linkname readMetrics runtime/metrics.runtime_readMetrics
func readMetrics(samples unsafe.Pointer, n int, _ int) {
	ms, d := new(MemStats), new(metricData)
	ReadMemStats(ms)
	for !cmetrics(d) {
		Gosched()
	}
	for i := range n {
		s := (*metricSample)(add(samples, uintptr(i)*unsafe.Sizeof(metricSample{})))
		if v, ok := metricCount(s.name, ms, d); ok {
			s.kind, s.scalar = metricUint64, v
		} else if v, ok := metricSeconds(s.name, d); ok {
			s.kind, s.scalar = metricFloat64, float64bits(v)
		} else if h := metricDistribution(s.name, d); h != nil {
			s.kind, s.ptr = metricHistogram, unsafe.Pointer(h)
		} else {
			s.kind = metricBad
		}
	}
}

func metricCount(name string, ms *MemStats, d *metricData) (v uint64, ok bool) {
	switch name {
	case "/gc/cycles/total:gc-cycles":
		v = uint64(ms.NumGC)
	case "/gc/cycles/forced:gc-cycles":
		v = uint64(ms.NumForcedGC)
	case "/gc/cycles/automatic:gc-cycles":
		v = uint64(ms.NumGC - ms.NumForcedGC)
	case "/gc/heap/allocs:bytes":
		v = ms.TotalAlloc
	case "/gc/heap/allocs:objects":
		v = ms.Mallocs - d.tiny // those are told by a metric of their own
	case "/gc/heap/frees:bytes":
		v = ms.TotalAlloc - ms.HeapAlloc
	case "/gc/heap/frees:objects":
		v = ms.Frees - d.tiny
	case "/gc/heap/goal:bytes":
		v = ms.NextGC
	case "/gc/heap/live:bytes", "/gc/scan/heap:bytes":
		v = d.scanHeap
	case "/gc/heap/objects:objects":
		v = ms.HeapObjects
	case "/gc/heap/tiny/allocs:objects":
		v = d.tiny
	case "/gc/scan/stack:bytes":
		v = d.scanStack
	case "/gc/scan/globals:bytes":
		v = d.scanGlobals
	case "/gc/scan/total:bytes":
		v = d.scanHeap + d.scanStack + d.scanGlobals
	case "/gc/stack/starting-size:bytes":
		v = d.stackStart
	case "/gc/gogc:percent":
		v = d.gogc
	case "/gc/gomemlimit:bytes":
		v = d.memLimit
	case "/gc/finalizers/queued:finalizers":
		v = d.finQueued
	case "/gc/finalizers/executed:finalizers":
		v = d.finExecuted
	case "/gc/cleanups/queued:cleanups":
		v = d.cleanupsQueued
	case "/gc/cleanups/executed:cleanups":
		v = d.cleanupsExecuted
	case "/memory/classes/heap/objects:bytes":
		v = ms.HeapAlloc
	case "/memory/classes/heap/free:bytes":
		v = ms.HeapIdle - ms.HeapReleased
	case "/memory/classes/heap/released:bytes":
		v = ms.HeapReleased
	case "/memory/classes/heap/stacks:bytes":
		v = ms.StackInuse
	case "/memory/classes/heap/unused:bytes":
		v = ms.HeapInuse - ms.HeapAlloc
	case "/memory/classes/metadata/mcache/inuse:bytes":
		v = ms.MCacheInuse
	case "/memory/classes/metadata/mcache/free:bytes":
		v = ms.MCacheSys - ms.MCacheInuse
	case "/memory/classes/metadata/mspan/inuse:bytes":
		v = ms.MSpanInuse
	case "/memory/classes/metadata/mspan/free:bytes":
		v = ms.MSpanSys - ms.MSpanInuse
	case "/memory/classes/metadata/other:bytes":
		v = ms.GCSys
	case "/memory/classes/other:bytes":
		v = ms.OtherSys
	case "/memory/classes/os-stacks:bytes":
		v = ms.StackSys - ms.StackInuse
	case "/memory/classes/profiling/buckets:bytes":
		v = ms.BuckHashSys
	case "/memory/classes/total:bytes":
		v = ms.Sys
	case "/sched/gomaxprocs:threads":
		v = uint64(GOMAXPROCS(0))
	case "/sched/goroutines:goroutines":
		v = uint64(NumGoroutine())
	case "/sched/goroutines-created:goroutines":
		v = d.created
	case "/sched/goroutines/not-in-go:goroutines":
		v = d.notInGo
	case "/sched/goroutines/runnable:goroutines":
		v = d.runnable
	case "/sched/goroutines/running:goroutines":
		v = d.running
	case "/sched/goroutines/waiting:goroutines":
		v = d.waiting
	case "/sched/threads/total:threads":
		v = d.threads
	case "/cgo/go-to-c-calls:calls", "/gc/limiter/last-enabled:gc-cycle":
	default:
		lock(&metricsState.lock)
		m := metricsState.godbg
		unlock(&metricsState.lock)
		if read := m[name]; read != nil {
			return read(), true
		}
		const settings = "/godebug/non-default-behavior/" // those nobody has registered were never used
		return 0, len(name) > len(settings) && name[:len(settings)] == settings
	}
	return v, true
}

// metricSeconds: the collector's time is its pauses, when nobody else runs, and what markers and allocating goroutines spent.
func metricSeconds(name string, d *metricData) (float64, bool) {
	sec := func(ns uint64) (float64, bool) { return float64(ns) / 1e9, true }
	gc := min(d.pauseNs+d.assistNs+d.dedicatedNs+d.idleMarkNs, d.totalNs)
	user := min(d.userNs-min(d.userNs, gc), d.totalNs-gc)
	switch name {
	case "/cpu/classes/total:cpu-seconds":
		return sec(d.totalNs)
	case "/cpu/classes/gc/total:cpu-seconds":
		return sec(gc)
	case "/cpu/classes/gc/pause:cpu-seconds":
		return sec(d.pauseNs)
	case "/cpu/classes/gc/mark/assist:cpu-seconds":
		return sec(d.assistNs)
	case "/cpu/classes/gc/mark/dedicated:cpu-seconds":
		return sec(d.dedicatedNs)
	case "/cpu/classes/gc/mark/idle:cpu-seconds":
		return sec(d.idleMarkNs)
	case "/cpu/classes/user:cpu-seconds":
		return sec(user)
	case "/cpu/classes/idle:cpu-seconds":
		return sec(d.totalNs - gc - user)
	case "/cpu/classes/scavenge/assist:cpu-seconds",
		"/cpu/classes/scavenge/background:cpu-seconds", "/cpu/classes/scavenge/total:cpu-seconds":
		return 0, true
	case "/sync/mutex/wait/total:seconds":
		return sec(d.mutexWait)
	}
	return 0, false
}

func metricDistribution(name string, d *metricData) *metricFloatHistogram {
	switch name {
	case "/gc/pauses:seconds", "/sched/pauses/total/gc:seconds":
		return timeDistribution(&d.gcPause)
	case "/sched/pauses/stopping/gc:seconds":
		return timeDistribution(&d.gcStop)
	case "/sched/pauses/total/other:seconds":
		return timeDistribution(&d.otherPause)
	case "/sched/pauses/stopping/other:seconds":
		return timeDistribution(&d.otherStop)
	case "/sched/latencies:seconds":
		return timeDistribution(&d.latency)
	case "/gc/heap/allocs-by-size:bytes":
		return sizeDistribution(&d.mallocs)
	case "/gc/heap/frees-by-size:bytes":
		return sizeDistribution(&d.frees)
	}
	return nil
}

func timeDistribution(t *metricTimes) *metricFloatHistogram {
	b := []float64{-infinity(), 0}
	for k := 6; k < 40; k++ {
		for q := range 4 {
			b = append(b, float64(uint64(4+q)<<(k-2))/1e9)
		}
	}
	return &metricFloatHistogram{t[:], append(b, float64(1<<40)/1e9, infinity())}
}

// sizeDistribution: a class holds sizes above the class below it, up to its own.
func sizeDistribution(n *[metricClasses]uint64) *metricFloatHistogram {
	b := []float64{1}
	for i := 1; i < metricClasses; i++ {
		b = append(b, float64(cclasssize(i)+1))
	}
	return &metricFloatHistogram{append(n[1:metricClasses:metricClasses], n[0]), append(b, infinity())}
}

func cclasssize(class int) int

func infinity() float64 { return float64frombits(0x7ff << 52) }
