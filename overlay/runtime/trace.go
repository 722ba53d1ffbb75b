// Execution traces: starting and stopping them, the passing of generations, and what is written when one is over: its
// stacks, for which functions and lines must be known. Events are C's (runtime/trace.c).
package runtime

import (
	"internal/runtime/atomic"
	"internal/runtime/sys"
	"internal/trace/tracev2"
	"unsafe"
)

func ctraceswitch(start, stop bool) (gen uint64)
func ctraceread() (p *byte, n int)
func ctracestacks(gen uint64) *traceStack
func ctracestring(gen uint64, p *byte, n int) uint64
func ctraceput(gen uint64, p *byte, n int)
func ctraceflushed(gen uint64)
func ctraceawait(gen uint64)
func ctraceannotate(ev, id, arg uint64, s1, s2 string)
func ctraceadvancer(fn func())
func semacquire(addr *uint32)
func semrelease(addr *uint32)

// traceStack is C's TraceEntry: a stack and its number.
type traceStack struct {
	_      sys.NotInHeap
	next   *traceStack
	_      [2]uint64
	id     uint64
	nbytes uint64
}

var tracing struct {
	sema  uint32 // 1: nobody is changing generations
	epoch uint64 // changes when a trace starts or stops
	on    bool
	naps  uint32 // advancers that exist
}

func init() { tracing.sema = 1 }

func traceEnabled() bool { return tracing.on }

const defaultTraceAdvancePeriod = 1e9

// StartTrace begins a trace, to be read by ReadTrace.
func StartTrace() error {
	semacquire(&tracing.sema)
	stopTheWorld("start trace\x00")
	gen := ctraceswitch(true, false)
	startTheWorld()
	if gen == 0 {
		semrelease(&tracing.sema)
		return errorString("tracing is already enabled")
	}
	tracing.on = true
	tracing.epoch++
	epoch := tracing.epoch
	atomic.Xadd(&tracing.naps, 1)
	ctraceadvancer(func() { traceAdvancer(epoch) })
	semrelease(&tracing.sema)
	return nil
}

// StopTrace ends the trace and returns when all of it has been read.
func StopTrace() { traceAdvance(true) }

// traceAdvancer begins a generation once a second, while the trace is the one it was made for.
func traceAdvancer(epoch uint64) {
	for {
		timeSleep(int64(debug.traceadvanceperiod))
		if tracing.epoch != epoch {
			break
		}
		traceAdvance(false)
	}
	atomic.Xadd(&tracing.naps, -1)
}

// traceAdvance ends the present generation, writes what belongs to it, and waits until it has been read.
func traceAdvance(stopTrace bool) {
	semacquire(&tracing.sema)
	stopTheWorld("stop trace\x00")
	gen := ctraceswitch(false, stopTrace)
	startTheWorld()
	if gen != 0 {
		if stopTrace {
			tracing.on = false
			tracing.epoch++
		}
		traceStacks(gen)
		ctraceflushed(gen)
		ctraceawait(gen)
	}
	semrelease(&tracing.sema)
}

// ReadTrace returns the next piece of the trace, which is valid until the next call, or nil when the trace has ended.
func ReadTrace() []byte {
	p, n := ctraceread()
	if n == 0 {
		return nil
	}
	return unsafe.Slice(p, n)
}

// traceStacks writes the stacks that events of the generation name.
func traceStacks(gen uint64) {
	const limit = 60 << 10
	buf := make([]byte, 0, limit+4096)
	str := func(s string) uint64 { return ctracestring(gen, unsafe.StringData(s), len(s)) }
	for e := ctracestacks(gen); e != nil; e = e.next {
		pcs := appendLogical(nil, unsafe.Slice((*uintptr)(add(unsafe.Pointer(e), unsafe.Sizeof(traceStack{}))), e.nbytes/8))
		if len(pcs) > 128 {
			pcs = pcs[:128]
		}
		if len(buf) == 0 {
			buf = append(buf, byte(tracev2.EvStacks))
		}
		one := appendUvarint(append(make([]byte, 0, 1024), byte(tracev2.EvStack)), e.id)
		one = appendUvarint(one, uint64(len(pcs)))
		for frames := CallersFrames(pcs); len(pcs) > 0; pcs = pcs[1:] {
			f, _ := frames.Next()
			one = appendUvarint(one, uint64(f.PC))
			one = appendUvarint(one, str(f.Function))
			one = appendUvarint(one, str(f.File))
			one = appendUvarint(one, uint64(f.Line))
		}
		if len(buf)+len(one) > limit {
			ctraceput(gen, &buf[0], len(buf))
			buf = append(buf[:0], byte(tracev2.EvStacks))
		}
		buf = append(buf, one...)
	}
	if len(buf) > 0 {
		ctraceput(gen, &buf[0], len(buf))
	}
}

func appendUvarint(b []byte, v uint64) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

const traceClockShift = 6

//go:linkname traceClockNow
func traceClockNow() uint64 { return uint64(nanotime()) >> traceClockShift }

//go:linkname traceClockUnitsPerSecond runtime/trace.runtime_traceClockUnitsPerSecond
func traceClockUnitsPerSecond() uint64 { return 1e9 >> traceClockShift }

//go:linkname trace_userTaskCreate runtime/trace.userTaskCreate
func trace_userTaskCreate(id, parentID uint64, taskType string) {
	ctraceannotate(uint64(tracev2.EvUserTaskBegin), id, parentID, taskType, "")
}

//go:linkname trace_userTaskEnd runtime/trace.userTaskEnd
func trace_userTaskEnd(id uint64) { ctraceannotate(uint64(tracev2.EvUserTaskEnd), id, 0, "", "") }

//go:linkname trace_userRegion runtime/trace.userRegion
func trace_userRegion(id, mode uint64, name string) {
	if mode < 2 {
		ctraceannotate(uint64(tracev2.EvUserRegionBegin)+mode, id, 0, name, "")
	}
}

//go:linkname trace_userLog runtime/trace.userLog
func trace_userLog(id uint64, category, message string) {
	ctraceannotate(uint64(tracev2.EvUserLog), id, 0, category, message)
}
