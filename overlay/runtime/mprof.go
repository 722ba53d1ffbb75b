// Profiles, coverage: the questions std asks a runtime about itself.
// C keeps the sampled stacks (runtime/mprof.c, runtime/cpuprof.c); here they get the form std wants.
package runtime

import (
	"internal/abi"
	"internal/coverage/rtcov"
	"internal/profilerecord"
	"internal/runtime/sys"
	"unsafe"
)

// MemProfileRate is the mean number of bytes between samples of the memory profile; C defines it as 512 kB.
var MemProfileRate int

// A StackRecord is an execution stack, ended by a 0 if shorter than the array.
type StackRecord struct {
	Stack0 [32]uintptr
}

func (r *StackRecord) Stack() []uintptr { return upToZero(r.Stack0[:]) }

func upToZero(s []uintptr) []uintptr {
	for i, v := range s {
		if v == 0 {
			return s[:i]
		}
	}
	return s
}

// A MemProfileRecord describes the live objects of one allocation stack.
type MemProfileRecord struct {
	AllocBytes, FreeBytes     int64
	AllocObjects, FreeObjects int64
	Stack0                    [32]uintptr
}

func (r *MemProfileRecord) InUseBytes() int64   { return r.AllocBytes - r.FreeBytes }
func (r *MemProfileRecord) InUseObjects() int64 { return r.AllocObjects - r.FreeObjects }
func (r *MemProfileRecord) Stack() []uintptr    { return upToZero(r.Stack0[:]) }

// A BlockProfileRecord describes the waiting that began at one stack.
type BlockProfileRecord struct {
	Count  int64
	Cycles int64
	StackRecord
}

// SetBlockProfileRate: a wait of rate nanoseconds or more is recorded, a shorter one with a probability; 0: none.
func SetBlockProfileRate(rate int)

// SetMutexProfileFraction: one of rate contended unlocks is recorded; the old rate is returned, rate < 0 only asks.
func SetMutexProfileFraction(rate int) int

// profBucket is C's ProfBucket: a stack and what was counted there.
type profBucket struct {
	_             sys.NotInHeap
	next          *profBucket
	_             [2]uint64
	nstk, size    uint64
	allocs, frees uint64
	pending       uint64
	count, cycles uint64
}

func cprofbuckets(kind int) *profBucket

const (
	profMem = iota
	profBlock
	profMutex
)

func (b *profBucket) stack() []uintptr {
	return appendLogical(nil, unsafe.Slice((*uintptr)(add(unsafe.Pointer(b), unsafe.Sizeof(profBucket{}))), b.nstk))
}

// appendLogical appends the logical frames, inlined calls included and wrappers left out, of physical return addresses.
func appendLogical[W uint64 | uintptr](dst []W, stk []W) []W {
	last := abi.FuncIDNormal
	for _, pc := range stk {
		f := findfunc(uintptr(pc) - 1)
		if !f.valid() {
			dst = append(dst, pc)
			continue
		}
		for u, uf := newInlineUnwinder(f, uintptr(pc)-1); uf.valid(); uf = u.next(uf) {
			sf := u.srcFunc(uf)
			if sf.funcID != abi.FuncIDWrapper || !elideWrapperCalling(last) {
				dst = append(dst, W(uf.pc+1))
			}
			last = sf.funcID
		}
	}
	return dst
}

// memProfile calls found for each record and returns how many there are; if they are more than room, it calls for none.
func memProfile(room int, inuseZero bool, found func(i int, r profilerecord.MemProfileRecord)) int {
	var ms MemStats
	ReadMemStats(&ms)
	visit := func(f func(i int, r profilerecord.MemProfileRecord)) int {
		n := 0
		for b := cprofbuckets(profMem); b != nil; b = b.next {
			allocs := b.allocs
			if ms.NumGC == 0 { // no collection yet: everything there is
				allocs += b.pending
			}
			if allocs == 0 || !inuseZero && allocs == b.frees {
				continue
			}
			if f != nil {
				f(n, profilerecord.MemProfileRecord{
					AllocBytes: int64(allocs * b.size), FreeBytes: int64(b.frees * b.size),
					AllocObjects: int64(allocs), FreeObjects: int64(b.frees), Stack: b.stack(),
				})
			}
			n++
		}
		return n
	}
	n := visit(nil)
	if n <= room {
		return visit(func(i int, r profilerecord.MemProfileRecord) {
			if i < room {
				found(i, r)
			}
		})
	}
	return n
}

// MemProfile fills p with what was allocated where, as of the last collection, if it fits.
func MemProfile(p []MemProfileRecord, inuseZero bool) (n int, ok bool) {
	n = memProfile(len(p), inuseZero, func(i int, r profilerecord.MemProfileRecord) {
		p[i] = MemProfileRecord{AllocBytes: r.AllocBytes, FreeBytes: r.FreeBytes, AllocObjects: r.AllocObjects, FreeObjects: r.FreeObjects}
		copy(p[i].Stack0[:], r.Stack)
	})
	return n, n <= len(p)
}

func waitProfile(kind, room int, found func(i int, r profilerecord.BlockProfileRecord)) int {
	n := 0
	for b := cprofbuckets(kind); b != nil; b = b.next {
		n++
	}
	if n <= room {
		i := 0
		for b := cprofbuckets(kind); b != nil && i < room; b = b.next {
			found(i, profilerecord.BlockProfileRecord{Count: int64(b.count+128) >> 8, Cycles: int64(b.cycles), Stack: b.stack()})
			i++
		}
		n = i
	}
	return n
}

func publicWaits(kind int, p []BlockProfileRecord) (n int, ok bool) {
	n = waitProfile(kind, len(p), func(i int, r profilerecord.BlockProfileRecord) {
		p[i] = BlockProfileRecord{Count: r.Count, Cycles: r.Cycles}
		copy(p[i].Stack0[:], r.Stack)
	})
	return n, n <= len(p)
}

// BlockProfile fills p with where goroutines waited and how long, if it fits; MutexProfile with who made them wait.
func BlockProfile(p []BlockProfileRecord) (n int, ok bool) { return publicWaits(profBlock, p) }
func MutexProfile(p []BlockProfileRecord) (n int, ok bool) { return publicWaits(profMutex, p) }

// ThreadCreateProfile knows of no stacks: C makes the threads.
func ThreadCreateProfile(p []StackRecord) (n int, ok bool) { return 0, true }

// Stack writes the calling goroutine's traceback to buf, and with all set everybody's.
func Stack(buf []byte, all bool) int {
	if all {
		stopTheWorld("all goroutines stack trace\x00")
	}
	n := 0
	if len(buf) > 0 {
		gp := getg()
		sp := sys.GetCallerSP()
		pc := sys.GetCallerPC()
		systemstack(func() {
			g0 := getg()
			g0.m.traceback = 1 // whatever GOTRACEBACK says about crashes
			g0.writebuf = buf[0:0:len(buf)]
			goroutineheader(gp)
			traceback(pc, sp, 0, gp)
			if all {
				tracebackothers(gp)
			}
			g0.m.traceback = 0
			n = len(g0.writebuf)
			g0.writebuf = nil
		})
	}
	if all {
		startTheWorld()
	}
	return n
}

// GoroutineProfile fills p with the stacks of all goroutines, if they fit.
func GoroutineProfile(p []StackRecord) (n int, ok bool) {
	recs := make([]profilerecord.StackRecord, len(p))
	n, ok = goroutineProfile(recs, nil)
	if ok {
		for i := range recs[:n] {
			copy(p[i].Stack0[:], recs[i].Stack)
		}
	}
	return n, ok
}

func goroutineProfile(p []profilerecord.StackRecord, labels []unsafe.Pointer) (n int, ok bool) {
	const depth = 128
	buf := make([]uintptr, depth*(len(p)+1))
	me := getg()
	sp, pc := sys.GetCallerSP(), sys.GetCallerPC()
	stopTheWorld("goroutine profile\x00")
	systemstack(func() {
		forEachGRace(func(gp *g) {
			switch s := readgstatus(gp) &^ _Gscan; {
			case s == _Gidle || s == _Gdead || s == _Gdeadextra || isSystemGoroutine(gp, false):
				return
			}
			if n < len(p) {
				var u unwinder
				if gp == me {
					u.initAt(pc, sp, 0, gp, unwindSilentErrors)
				} else {
					u.initAt(^uintptr(0), ^uintptr(0), 0, gp, unwindSilentErrors)
				}
				s := buf[n*depth : (n+1)*depth]
				p[n].Stack = s[:tracebackPCs(&u, 0, s)]
				if labels != nil {
					labels[n] = gp.labels
				}
			}
			n++
		})
	})
	startTheWorld()
	return n, n <= len(p)
}

//go:linkname pprof_goroutineProfileWithLabels
func pprof_goroutineProfileWithLabels(p []profilerecord.StackRecord, labels []unsafe.Pointer) (n int, ok bool) {
	return goroutineProfile(p, labels)
}

//go:linkname pprof_goroutineLeakProfileWithLabels
func pprof_goroutineLeakProfileWithLabels(p []profilerecord.StackRecord, labels []unsafe.Pointer) (n int, ok bool) {
	return 0, true
}

//go:linkname pprof_memProfileInternal
func pprof_memProfileInternal(p []profilerecord.MemProfileRecord, inuseZero bool) (n int, ok bool) {
	n = memProfile(len(p), inuseZero, func(i int, r profilerecord.MemProfileRecord) { p[i] = r })
	return n, n <= len(p)
}

//go:linkname pprof_blockProfileInternal
func pprof_blockProfileInternal(p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	n = waitProfile(profBlock, len(p), func(i int, r profilerecord.BlockProfileRecord) { p[i] = r })
	return n, n <= len(p)
}

//go:linkname pprof_mutexProfileInternal
func pprof_mutexProfileInternal(p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	n = waitProfile(profMutex, len(p), func(i int, r profilerecord.BlockProfileRecord) { p[i] = r })
	return n, n <= len(p)
}

//go:linkname pprof_threadCreateInternal
func pprof_threadCreateInternal(p []profilerecord.StackRecord) (n int, ok bool) { return 0, true }

//go:linkname pprof_fpunwindExpand
func pprof_fpunwindExpand(dst, src []uintptr) int { return copy(dst, src) } // stacks are logical already

//go:linkname pprof_makeProfStack
func pprof_makeProfStack() []uintptr { return make([]uintptr, 128) }

//go:linkname goroutineleakcount runtime/pprof.runtime_goroutineleakcount
func goroutineleakcount() int { return 0 }

//go:linkname goroutineLeakGC runtime/pprof.runtime_goroutineLeakGC
func goroutineLeakGC() { GC() }

// CPU profiling. _System is where time goes that belongs to no goroutine.
var cpuprof struct {
	hz     int
	header bool
}

func cprofrate(hz int)
func cprofread(buf *uint64, n int, tags *unsafe.Pointer) (words, records int)

func _System() { _System() }

// SetCPUProfileRate starts, with hz > 0, or stops the CPU profile.
func SetCPUProfileRate(hz int) {
	hz = max(hz, 0)
	if hz > 0 {
		if cpuprof.hz != 0 {
			print("runtime: cannot set CPU profile rate until previous profile has finished.\n")
			return
		}
		cpuprof.header = true
	}
	cpuprof.hz = hz
	cprofrate(hz)
}

// CPUProfile is the way nobody has read profiles since Go 1.9.
func CPUProfile() []byte { panic("CPUProfile no longer available") }

//go:linkname pprof_cyclesPerSecond runtime/pprof.runtime_cyclesPerSecond
func pprof_cyclesPerSecond() int64 { return 1e9 }

// pprof_readProfile returns records as pprof wants them: number of words, time, samples, return addresses; first of all
// the frequency. A record without samples says how many were lost.
//
//go:linkname pprof_readProfile runtime/pprof.readProfile
func pprof_readProfile() (data []uint64, tags []unsafe.Pointer, eof bool) {
	const words = 1 << 14
	eof = cpuprof.hz == 0
	if cpuprof.header {
		cpuprof.header = false
		return []uint64{3, 0, uint64(max(cpuprof.hz, 1))}, []unsafe.Pointer{nil}, false
	}
	data = make([]uint64, words)
	tags = make([]unsafe.Pointer, words/3)
	n, k := cprofread(&data[0], words, &tags[0])
	if n == 0 {
		return nil, nil, eof
	}
	var out []uint64
	for rec := data[:n]; len(rec) > 0; rec = rec[rec[0]:] {
		at := len(out)
		out = append(out, rec[:3]...)
		if rec[2] == 0 { // lost samples: time is their number
			out = append(out, rec[1])
		} else {
			out = appendLogical(out, rec[3:rec[0]])
		}
		out[at] = uint64(len(out) - at)
	}
	return out, tags[:k], false
}

// Coverage.

//go:linkname coverage_getCovCounterList internal/coverage/cfile.getCovCounterList
func coverage_getCovCounterList() []rtcov.CovCounterBlob {
	m := &firstmoduledata
	if m.covctrs == m.ecovctrs {
		return nil
	}
	return []rtcov.CovCounterBlob{{Counters: (*uint32)(unsafe.Pointer(m.covctrs)), Len: uint64((m.ecovctrs - m.covctrs) / 4)}}
}

//go:linkname vgetrandom internal/syscall/unix.vgetrandom
func vgetrandom(p []byte, flags uint32) (ret int, supported bool) { return -1, false }
