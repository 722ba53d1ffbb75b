// Memory statistics, collections on demand, and what runtime/debug asks about memory.
package runtime

import _ "unsafe" // for go:linkname

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
	m.GCCPUFraction = min(float64(float64bits(m.GCCPUFraction))/1e9, 1)
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
