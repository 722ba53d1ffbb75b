// Finalizers, cleanups and pins. C keeps them beside the objects and queues what became
// due; two goroutines here run the queues.
package runtime

import (
	"internal/abi"
	"internal/goarch"
	"internal/runtime/atomic"
	"unsafe"
)

func cfinqnext(kind uintptr, rec *finRecord) bool
func cfinqdone(kind uintptr)
func cfinqpending(kind uintptr) int
func caddfinalizer(p, fn unsafe.Pointer, nret uintptr, fint, ot *_type) bool
func cremovefinalizer(p unsafe.Pointer)
func caddcleanup(p, fn unsafe.Pointer) uint64
func cremovecleanup(p uintptr, id uint64)
func cfindobject(p uintptr) (base, size, noscan uintptr)
func cptrwords(p uintptr, out *byte, n int)

const (
	finqFinalizer = 0
	finqCleanup   = 1
	maxTinySize   = 16
)

// finRecord is what the collector hands over for one object that became unreachable.
type finRecord struct {
	fn   unsafe.Pointer
	arg  unsafe.Pointer
	nret uintptr
	fint *_type
	ot   *_type
	kind uintptr
}

// fingStatus tells tracebacks whether a finalizer is running user code.
const fingRunningFinalizer = 1

var fingStatus atomic.Uint32

// The goroutines start with the first finalizer and the first cleanup.
var finStarted [2]atomic.Uint32

func startfinalizers(kind int) {
	if finStarted[kind].Load() == 0 && finStarted[kind].CompareAndSwap(0, 1) {
		gp := getg()
		bubble := gp.bubble
		gp.bubble = nil // they belong to everybody
		if kind == finqFinalizer {
			go runFinalizers()
		} else {
			go runCleanups()
		}
		gp.bubble = bubble
	}
}

func runFinalizers() {
	for {
		var r finRecord
		if cfinqnext(finqFinalizer, &r) {
			fingStatus.Or(fingRunningFinalizer)
			callFinalizer(&r)
			fingStatus.And(^uint32(fingRunningFinalizer))
			r = finRecord{}
			cfinqdone(finqFinalizer)
		}
	}
}

// callFinalizer passes the object as the finalizer's parameter wants it. Results are
// dropped, but there must be room for those that come back on the stack.
func callFinalizer(r *finRecord) {
	var regs abi.RegArgs
	var frame unsafe.Pointer
	size := unsafe.Sizeof(any(nil)) + r.nret
	frame = mallocgc(size, nil, true)
	arg := unsafe.Pointer(&regs.Ints)
	switch r.fint.Kind() {
	case abi.Pointer:
		regs.Ptrs[0] = r.arg
		*(*unsafe.Pointer)(arg) = r.arg
	case abi.Interface:
		regs.Ptrs[1] = r.arg
		ityp := (*interfacetype)(unsafe.Pointer(r.fint))
		var e any
		*efaceOf(&e) = eface{r.ot, r.arg}
		if len(ityp.Methods) == 0 {
			*(*eface)(arg) = eface{r.ot, r.arg}
		} else {
			*(*iface)(arg) = iface{assertE2I(ityp, r.ot), r.arg}
		}
	default:
		throw("finalizer with a parameter that is neither pointer nor interface")
	}
	reflectcall(nil, r.fn, frame, uint32(size), uint32(size), uint32(size), &regs)
	KeepAlive(r.arg)
}

func runCleanups() {
	for {
		var r finRecord
		if cfinqnext(finqCleanup, &r) {
			fn := *(*func())(unsafe.Pointer(&r.fn))
			fn()
			r = finRecord{}
			fn = nil
			cfinqdone(finqCleanup)
		}
	}
}

// SetFinalizer arranges for finalizer(obj) to be called once obj is unreachable; a nil
// finalizer takes it back.
func SetFinalizer(obj any, finalizer any) {
	e := efaceOf(&obj)
	etyp := e._type
	if etyp == nil {
		throw("runtime.SetFinalizer: first argument is nil")
	}
	name := toRType(etyp).string()
	if etyp.Kind() != abi.Pointer {
		throw("runtime.SetFinalizer: first argument is " + name + ", not pointer")
	}
	ot := (*ptrtype)(unsafe.Pointer(etyp))
	if ot.Elem == nil {
		throw("nil elem type!")
	}
	base, _, _ := cfindobject(uintptr(e.data))
	if base == 0 {
		if inModule(uintptr(e.data)) {
			return
		}
		throw("runtime.SetFinalizer: pointer not in allocated block")
	}
	if uintptr(e.data) != base && (ot.Elem.Pointers() || ot.Elem.Size_ >= maxTinySize) {
		throw("runtime.SetFinalizer: pointer not at beginning of allocated block")
	}
	f := efaceOf(&finalizer)
	if f._type == nil {
		cremovefinalizer(e.data)
		KeepAlive(e.data)
		return
	}
	fname := toRType(f._type).string()
	if f._type.Kind() != abi.Func {
		throw("runtime.SetFinalizer: second argument is " + fname + ", not a function")
	}
	ft := (*functype)(unsafe.Pointer(f._type))
	if ft.IsVariadic() {
		throw("runtime.SetFinalizer: cannot pass " + name + " to finalizer " + fname + " because dotdotdot")
	}
	if ft.InCount != 1 || !finalizerTakes(ft.InSlice()[0], etyp, ot) {
		throw("runtime.SetFinalizer: cannot pass " + name + " to finalizer " + fname)
	}
	nret := uintptr(0)
	for _, t := range ft.OutSlice() {
		nret = alignUp(nret, uintptr(t.Align_)) + t.Size_
	}
	nret = alignUp(nret, goarch.PtrSize)
	startfinalizers(finqFinalizer)
	if !caddfinalizer(e.data, f.data, nret, ft.InSlice()[0], etyp) {
		throw("runtime.SetFinalizer: finalizer already set")
	}
	KeepAlive(e.data)
}

// finalizerTakes reports whether a value of pointer type etyp can be passed as in.
func finalizerTakes(in, etyp *_type, ot *ptrtype) bool {
	switch {
	case in == etyp:
		return true
	case in.Kind() == abi.Pointer:
		return (in.Uncommon() == nil || etyp.Uncommon() == nil) && (*ptrtype)(unsafe.Pointer(in)).Elem == ot.Elem
	case in.Kind() == abi.Interface:
		ityp := (*interfacetype)(unsafe.Pointer(in))
		return len(ityp.Methods) == 0 || assertE2I2(ityp, etyp) != nil
	}
	return false
}

// inModule reports whether p points to data of the program image, which is never freed,
// or to the one address of all empty objects.
func inModule(p uintptr) bool {
	if p == uintptr(unsafe.Pointer(&zerobase)) {
		return true
	}
	for md := &firstmoduledata; md != nil; md = md.next {
		if md.noptrdata <= p && p < md.end || md.types <= p && p < md.etypes {
			return true
		}
	}
	return false
}

// Cleanup stands for one call of AddCleanup.
type Cleanup struct {
	id  uint64
	ptr uintptr
}

// AddCleanup arranges for cleanup(arg) to run some time after the object ptr points
// into became unreachable.
func AddCleanup[T, S any](ptr *T, cleanup func(S), arg S) Cleanup {
	ptr = abi.Escape(ptr)
	cleanup = abi.Escape(cleanup)
	if ptr == nil {
		panic("runtime.AddCleanup: ptr is nil")
	}
	var target uintptr
	if k := abi.TypeOf(arg).Kind(); k == abi.Pointer || k == abi.UnsafePointer {
		target = *(*uintptr)(unsafe.Pointer(&arg))
	}
	fv := *(*unsafe.Pointer)(unsafe.Pointer(&cleanup))
	run := func() { cleanup(arg) }
	return addCleanup(unsafe.Pointer(ptr), fv, target, *(*unsafe.Pointer)(unsafe.Pointer(&run)))
}

// addCleanup refuses what would keep the object alive for ever: target, the pointer passed
// as argument, and what the closure fv captured.
func addCleanup(ptr, fv unsafe.Pointer, target uintptr, run unsafe.Pointer) Cleanup {
	p := uintptr(ptr)
	if target == p {
		panic("runtime.AddCleanup: ptr is equal to arg, cleanup will never run")
	}
	base, size, noscan := cfindobject(p)
	if base == 0 {
		if inModule(p) {
			return Cleanup{}
		}
		panic("runtime.AddCleanup: ptr not in allocated block")
	}
	tiny := noscan != 0 && size == maxTinySize
	if target >= base && target < base+size && !tiny {
		panic("runtime.AddCleanup: ptr is within arg, cleanup will never run")
	}
	if cbase, csize, cnoscan := cfindobject(uintptr(fv)); cbase != 0 && cnoscan == 0 {
		for a := cbase; a < cbase+csize; a += goarch.PtrSize {
			if v := *(*uintptr)(unsafe.Pointer(a)); v >= base && v < base+size {
				panic("runtime.AddCleanup: cleanup function closes over ptr, cleanup will never run")
			}
		}
	}
	startfinalizers(finqCleanup)
	id := caddcleanup(ptr, run)
	KeepAlive(ptr)
	return Cleanup{id, p}
}

// Stop cancels the cleanup if it has not been queued yet.
func (c Cleanup) Stop() {
	if c.id != 0 {
		cremovecleanup(c.ptr, c.id)
	}
}

//go:linkname unique_runtime_blockUntilEmptyCleanupQueue unique.runtime_blockUntilEmptyCleanupQueue
func unique_runtime_blockUntilEmptyCleanupQueue(timeout int64) bool {
	return blockUntilEmptyQueue(finqCleanup, timeout)
}

//go:linkname sync_test_runtime_blockUntilEmptyCleanupQueue sync_test.runtime_blockUntilEmptyCleanupQueue
func sync_test_runtime_blockUntilEmptyCleanupQueue(timeout int64) bool {
	return blockUntilEmptyQueue(finqCleanup, timeout)
}

func blockUntilEmptyQueue(kind uintptr, timeout int64) bool {
	for start := nanotime(); nanotime()-start < timeout; Gosched() {
		if cfinqpending(kind) == 0 {
			return true
		}
	}
	return false
}

//go:noinline
func KeepAlive(x any) {
	if cgoAlwaysFalse {
		println(x)
	}
}

var cgoAlwaysFalse bool

// A Pinner keeps objects where they are, and alive, until Unpin. Nothing moves here, so a
// list of what is pinned, reachable from a global, is all there is to it.
type Pinner struct {
	*pinner
}

type pinner struct {
	refs       []unsafe.Pointer
	next, prev *pinner
}

var pins struct {
	lock mutex
	head *pinner
}

// Pin pins the object a pointer or unsafe.Pointer points to.
func (p *Pinner) Pin(pointer any) {
	e := efaceOf(&pointer)
	if e._type == nil {
		panic(errorString("runtime.Pinner: argument is nil"))
	}
	if k := e._type.Kind(); k != abi.Pointer && k != abi.UnsafePointer {
		panic(errorString("runtime.Pinner: argument is not a pointer: " + toRType(e._type).string()))
	}
	if p.pinner == nil {
		n := new(pinner)
		lock(&pins.lock)
		n.next = pins.head
		if n.next != nil {
			n.next.prev = n
		}
		pins.head = n
		unlock(&pins.lock)
		p.pinner = n
	}
	if base, _, _ := cfindobject(uintptr(e.data)); base != 0 {
		p.refs = append(p.refs, e.data)
	}
}

// Unpin releases everything p pinned.
func (p *Pinner) Unpin() {
	n := p.pinner
	if n == nil {
		return
	}
	lock(&pins.lock)
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		pins.head = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	}
	unlock(&pins.lock)
	n.refs = nil
	p.pinner = nil
}

// reflect_gcbits tells tests which words of the object that x points to are pointers: one byte a word, up to the last pointer.
//
//go:linkname reflect_gcbits reflect.gcbits
func reflect_gcbits(x any) []byte {
	base, size, _ := cfindobject(uintptr(efaceOf(&x).data))
	if base == 0 || size < goarch.PtrSize {
		return nil
	}
	mask := make([]byte, size/goarch.PtrSize)
	cptrwords(base, &mask[0], len(mask))
	n := len(mask)
	for n > 0 && mask[n-1] == 0 {
		n--
	}
	return mask[:n]
}
