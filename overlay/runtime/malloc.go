// Memory as Go code sees it. Allocation, barriers and collection are C; here are their
// Go names, what reflection and maps call them, and the API on top.
package runtime

import (
	"internal/abi"
	"internal/runtime/gc"
	"internal/runtime/math"

	"unsafe"
)

const (
	mallocHeaderSize       = 8
	minSizeForMallocHeader = 8 * ptrBits
	ptrBits                = 64
	_MaxSmallSize          = gc.MaxSmallSize
	smallSizeDiv           = gc.SmallSizeDiv
	smallSizeMax           = gc.SmallSizeMax
	largeSizeDiv           = gc.LargeSizeDiv
	_PageSize              = pageSize
)

// entries of the allocator
func mallocgc(size uintptr, typ *_type, needzero bool) unsafe.Pointer
func newobject(typ *_type) unsafe.Pointer
func cpersistentalloc(size, align uintptr) unsafe.Pointer
func bulkBarrierPreWrite(dst, src, size uintptr, typ *abi.Type)
func bulkBarrierPreWriteSrcOnly(dst, src, size uintptr, typ *abi.Type)
func cwbstore(slot *unsafe.Pointer, val unsafe.Pointer)
func cinheap(p uintptr) uintptr

type sysMemStat uint64

// memstats and gcController name the counters upstream's files pass along.
var memstats struct{ other_sys, gcMiscSys sysMemStat }

type gcControllerState struct{ globals int64 }

func (c *gcControllerState) addGlobals(n int64) { c.globals += n }

var gcController gcControllerState

// startpanic_m asks whether there is a heap to print with; there is, before Go code runs.
var mheap_ = struct{ cachealloc struct{ size uintptr } }{struct{ size uintptr }{1}}

func persistentalloc(size, align uintptr, sysStat *sysMemStat) unsafe.Pointer {
	if align == 0 {
		align = 8
	}
	return cpersistentalloc(size, align)
}

//go:linkname maps_newobject internal/runtime/maps.newobject
func maps_newobject(typ *_type) unsafe.Pointer { return newobject(typ) }

//go:linkname reflect_unsafe_New reflect.unsafe_New
func reflect_unsafe_New(typ *_type) unsafe.Pointer { return newobject(typ) }

//go:linkname reflectlite_unsafe_New internal/reflectlite.unsafe_New
func reflectlite_unsafe_New(typ *_type) unsafe.Pointer { return newobject(typ) }

//go:linkname newarray
func newarray(typ *_type, n int) unsafe.Pointer {
	if n == 1 {
		return mallocgc(typ.Size_, typ, true)
	}
	size, overflow := math.MulUintptr(typ.Size_, uintptr(n))
	if overflow || size > maxAlloc || n < 0 {
		panic(plainError("runtime: allocation size out of range"))
	}
	return mallocgc(size, typ, true)
}

//go:linkname reflect_unsafe_NewArray reflect.unsafe_NewArray
func reflect_unsafe_NewArray(typ *_type, n int) unsafe.Pointer { return newarray(typ, n) }

//go:linkname maps_newarray internal/runtime/maps.newarray
func maps_newarray(typ *_type, n int) unsafe.Pointer { return newarray(typ, n) }

//go:linkname reflect_verifyNotInHeapPtr reflect.verifyNotInHeapPtr
func reflect_verifyNotInHeapPtr(p uintptr) bool { return cinheap(p) == 0 && p != ^uintptr(0) }

// freegc is a hint that growslice gives; the collector finds the memory anyway.
func freegc(ptr unsafe.Pointer, size uintptr, noscan bool) bool { return false }

// Atomic pointer stores carry the write barrier in front of the plain operation. They are not inlined: nothing may
// stop a goroutine between the two.

//go:nosplit
func atomicwb(ptr *unsafe.Pointer, new unsafe.Pointer) {
	pp := getg().m.p.ptr()
	if pp.wbBuf.next+16 > pp.wbBuf.end {
		cwbflush()
	}
	b := (*[2]uintptr)(unsafe.Pointer(pp.wbBuf.next))
	b[0] = uintptr(*ptr)
	b[1] = uintptr(new)
	pp.wbBuf.next += 16
}

func cwbflush()

//go:nosplit
func atomicstorep(ptr unsafe.Pointer, new unsafe.Pointer) {
	if writeBarrier.enabled {
		atomicwb((*unsafe.Pointer)(ptr), new)
	}
	atomicStorepNoWB(noescape(ptr), new)
}

//go:linkname atomicStorepNoWB internal/runtime/atomic.StorepNoWB
func atomicStorepNoWB(ptr unsafe.Pointer, val unsafe.Pointer)

//go:linkname atomicCasp1 internal/runtime/atomic.Casp1
func atomicCasp1(ptr *unsafe.Pointer, old, new unsafe.Pointer) bool

//go:linkname atomicXchguintptr internal/runtime/atomic.Xchguintptr
func atomicXchguintptr(ptr *uintptr, new uintptr) uintptr

//go:linkname atomic_storePointer internal/runtime/atomic.storePointer
//go:nosplit
//go:noinline
func atomic_storePointer(ptr *unsafe.Pointer, new unsafe.Pointer) {
	atomicstorep(unsafe.Pointer(ptr), new)
}

//go:linkname atomic_casPointer internal/runtime/atomic.casPointer
//go:nosplit
//go:noinline
func atomic_casPointer(ptr *unsafe.Pointer, old, new unsafe.Pointer) bool {
	if writeBarrier.enabled {
		atomicwb(ptr, new)
	}
	return atomicCasp1(ptr, old, new)
}

//go:linkname sync_atomic_StorePointer sync/atomic.StorePointer
//go:nosplit
//go:noinline
func sync_atomic_StorePointer(ptr *unsafe.Pointer, new unsafe.Pointer) {
	atomicstorep(unsafe.Pointer(ptr), new)
}

//go:linkname sync_atomic_SwapPointer sync/atomic.SwapPointer
//go:nosplit
//go:noinline
func sync_atomic_SwapPointer(ptr *unsafe.Pointer, new unsafe.Pointer) unsafe.Pointer {
	if writeBarrier.enabled {
		atomicwb(ptr, new)
	}
	return unsafe.Pointer(atomicXchguintptr((*uintptr)(noescape(unsafe.Pointer(ptr))), uintptr(new)))
}

//go:linkname sync_atomic_CompareAndSwapPointer sync/atomic.CompareAndSwapPointer
//go:nosplit
//go:noinline
func sync_atomic_CompareAndSwapPointer(ptr *unsafe.Pointer, old, new unsafe.Pointer) bool {
	return atomic_casPointer(ptr, old, new)
}

// progToPointerMask is for programs of pointer bits, which no linker of ours emits: the
// block is the mask itself.
func progToPointerMask(prog *byte, size uintptr) bitvector {
	return bitvector{int32(size / 8), prog}
}
