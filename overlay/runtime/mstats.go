// Memory statistics, collections on demand, and what runtime/debug and runtime/metrics
// ask about memory.
package runtime

import (
	"internal/godebugs"
	"unsafe"
)

func cgc() bool
func creadmemstats(m *MemStats) bool
func cscavenge()
func csetgcpercent(percent int) int

// MemStats are the allocator's counters; C fills it field by field in this layout.
type MemStats struct {
	Alloc         uint64
	TotalAlloc    uint64
	Sys           uint64
	Lookups       uint64
	Mallocs       uint64
	Frees         uint64
	HeapAlloc     uint64
	HeapSys       uint64
	HeapIdle      uint64
	HeapInuse     uint64
	HeapReleased  uint64
	HeapObjects   uint64
	StackInuse    uint64
	StackSys      uint64
	MSpanInuse    uint64
	MSpanSys      uint64
	MCacheInuse   uint64
	MCacheSys     uint64
	BuckHashSys   uint64
	GCSys         uint64
	OtherSys      uint64
	NextGC        uint64
	LastGC        uint64
	PauseTotalNs  uint64
	PauseNs       [256]uint64
	PauseEnd      [256]uint64
	NumGC         uint32
	NumForcedGC   uint32
	GCCPUFraction float64
	EnableGC      bool
	DebugGC       bool
	BySize        [61]struct {
		Size    uint32
		Mallocs uint64
		Frees   uint64
	}
}

// ReadMemStats fills m with the counters as of now, with the world stopped.
func ReadMemStats(m *MemStats) {
	for !creadmemstats(m) {
		Gosched()
	}
}

// GC runs a full collection and returns when it and its sweep are over. The goroutines of
// finalizers and cleanups that it woke go first, as they do while upstream's GC sweeps.
func GC() {
	for !cgc() {
		Gosched()
	}
	Gosched()
}

//go:linkname freeOSMemory runtime/debug.freeOSMemory
func freeOSMemory() {
	GC()
	cscavenge()
}

//go:linkname readGCStats runtime/debug.readGCStats
func readGCStats(pauses *[]uint64) {
	var ms MemStats
	ReadMemStats(&ms)
	n := min(ms.NumGC, uint32(len(ms.PauseNs)))
	p := (*pauses)[:0]
	if cap(p) < int(2*n+3) {
		throw("short slice passed to readGCStats")
	}
	at := func(i uint32) uint32 { return (ms.NumGC - 1 - i) % uint32(len(ms.PauseNs)) }
	for i := uint32(0); i < n; i++ {
		p = append(p, ms.PauseNs[at(i)])
	}
	for i := uint32(0); i < n; i++ {
		p = append(p, ms.PauseEnd[at(i)])
	}
	*pauses = append(p, ms.LastGC, uint64(ms.NumGC), ms.PauseTotalNs)
}

//go:linkname writeHeapDump runtime/debug.WriteHeapDump
func writeHeapDump(fd uintptr) { throw("runtime/debug.WriteHeapDump: heap dumps do not exist") }

// runtime/metrics: a sample is a name and a value {kind, scalar, pointer}.
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
)

var metricsState struct {
	lock  mutex
	godbg map[string]func() uint64
	names []string
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
	var ms MemStats
	ReadMemStats(&ms)
	for i := range unsafe.Slice((*metricSample)(samples), n) {
		s := (*metricSample)(add(samples, uintptr(i)*unsafe.Sizeof(metricSample{})))
		s.kind, s.scalar = metricValue(s.name, &ms)
	}
}

func metricValue(name string, ms *MemStats) (kind int, v uint64) {
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
		v = ms.Mallocs
	case "/gc/heap/frees:bytes":
		v = ms.TotalAlloc - ms.HeapAlloc
	case "/gc/heap/frees:objects":
		v = ms.Frees
	case "/gc/heap/goal:bytes":
		v = ms.NextGC
	case "/gc/heap/live:bytes", "/memory/classes/heap/objects:bytes":
		v = ms.HeapAlloc
	case "/gc/heap/objects:objects":
		v = ms.HeapObjects
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
	case "/cgo/go-to-c-calls:calls":
	default:
		lock(&metricsState.lock)
		m := metricsState.godbg
		unlock(&metricsState.lock)
		if read := m[name]; read != nil {
			return metricUint64, read()
		}
		for _, info := range godebugs.All {
			if !info.Opaque && name == "/godebug/non-default-behavior/"+info.Name+":events" {
				return metricUint64, 0 // nobody has asked for that setting yet
			}
		}
		return metricBad, 0
	}
	return metricUint64, v
}
