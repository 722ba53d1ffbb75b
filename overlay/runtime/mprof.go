// Profiles, execution traces, coverage: the questions std asks a runtime about itself.
// Goroutine stacks are answered; sampling profiles and traces do not exist and report
// themselves as empty.
package runtime

import (
	"internal/coverage/rtcov"
	"internal/profilerecord"
	"internal/runtime/sys"
	"unsafe"
)

// MemProfileRate would be the mean number of bytes between samples; 0 says that there
// are none.
var MemProfileRate int = 0

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

var mutexFraction int

func SetBlockProfileRate(rate int) {}

func SetMutexProfileFraction(rate int) int {
	old := mutexFraction
	if rate >= 0 {
		mutexFraction = rate
	}
	return old
}

func MemProfile(p []MemProfileRecord, inuseZero bool) (n int, ok bool) { return 0, true }
func BlockProfile(p []BlockProfileRecord) (n int, ok bool)             { return 0, true }
func MutexProfile(p []BlockProfileRecord) (n int, ok bool)             { return 0, true }
func ThreadCreateProfile(p []StackRecord) (n int, ok bool)             { return 0, true }

// Stack writes the calling goroutine's traceback to buf, and with all set everybody's.
func Stack(buf []byte, all bool) int {
	if all {
		cstoptheworld()
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
		cstarttheworld()
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
	cstoptheworld()
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
	cstarttheworld()
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
	return 0, true
}

//go:linkname pprof_blockProfileInternal
func pprof_blockProfileInternal(p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	return 0, true
}

//go:linkname pprof_mutexProfileInternal
func pprof_mutexProfileInternal(p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	return 0, true
}

//go:linkname pprof_threadCreateInternal
func pprof_threadCreateInternal(p []profilerecord.StackRecord) (n int, ok bool) { return 0, true }

//go:linkname pprof_fpunwindExpand
func pprof_fpunwindExpand(dst, src []uintptr) int { return copy(dst, src) }

//go:linkname pprof_makeProfStack
func pprof_makeProfStack() []uintptr { return make([]uintptr, 128) }

//go:linkname goroutineleakcount runtime/pprof.runtime_goroutineleakcount
func goroutineleakcount() int { return 0 }

//go:linkname goroutineLeakGC runtime/pprof.runtime_goroutineLeakGC
func goroutineLeakGC() { GC() }

// CPU profiling: a profile begins with a header and, without a sampling clock, ends there.
var cpuprof struct {
	hz     int
	header bool
}

func SetCPUProfileRate(hz int) {
	if hz > 0 {
		cpuprof.header = true
	}
	cpuprof.hz = max(hz, 0)
}

// CPUProfile is the way nobody has read profiles since Go 1.9.
func CPUProfile() []byte { panic("CPUProfile no longer available") }

//go:linkname pprof_cyclesPerSecond runtime/pprof.runtime_cyclesPerSecond
func pprof_cyclesPerSecond() int64 { return 1e9 }

//go:linkname pprof_readProfile runtime/pprof.readProfile
func pprof_readProfile() (data []uint64, tags []unsafe.Pointer, eof bool) {
	if cpuprof.header {
		cpuprof.header = false
		return []uint64{3, 0, uint64(max(cpuprof.hz, 1))}, []unsafe.Pointer{nil}, false
	}
	return nil, nil, cpuprof.hz == 0
}

// Execution traces.
type traceError string

func (e traceError) Error() string { return string(e) }

func StartTrace() error { return traceError("tracing is not supported by this runtime") }
func StopTrace()        {}
func ReadTrace() []byte { return nil }

func traceAdvance(stopTrace bool) {}

//go:linkname traceClockNow
func traceClockNow() uint64 { return uint64(nanotime()) }

//go:linkname traceClockUnitsPerSecond runtime/trace.runtime_traceClockUnitsPerSecond
func traceClockUnitsPerSecond() uint64 { return 1e9 }

//go:linkname trace_userTaskCreate runtime/trace.userTaskCreate
func trace_userTaskCreate(id, parentID uint64, taskType string) {}

//go:linkname trace_userTaskEnd runtime/trace.userTaskEnd
func trace_userTaskEnd(id uint64) {}

//go:linkname trace_userRegion runtime/trace.userRegion
func trace_userRegion(id, mode uint64, name string) {}

//go:linkname trace_userLog runtime/trace.userLog
func trace_userLog(id uint64, category, message string) {}

// Coverage.

//go:linkname coverage_getCovCounterList internal/coverage/cfile.getCovCounterList
func coverage_getCovCounterList() []rtcov.CovCounterBlob { return nil }

func addCovMeta(p unsafe.Pointer, dlen uint32, hash [16]byte, pkpath string, pkid int, cmode uint8, cgran uint8) uint32 {
	throw("coverage instrumentation is not supported")
	return 0
}

//go:linkname vgetrandom internal/syscall/unix.vgetrandom
func vgetrandom(p []byte, flags uint32) (ret int, supported bool) { return -1, false }
