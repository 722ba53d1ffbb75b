// Reflectcall calls a function whose signature is known only at run time.
//
// A Go function type with nine integer, fifteen float and one array parameter and as many register results names every argument
// register and the stack area at once, so the call is an ordinary one through that type: unwinding and growth are the
// compiler's. What the callee does not take it ignores; its results on the stack and its spill space lie behind its stack
// arguments, which is why the arrays are larger than what they carry.
package runtime

import (
	"internal/abi"
	"unsafe"
)

type callFunc[A any] func(
	i0, i1, i2, i3, i4, i5, i6, i7, i8 uintptr,
	f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14 float64,
	args A,
) (
	r0, r1, r2, r3, r4, r5, r6, r7, r8 uintptr,
	q0, q1, q2, q3, q4, q5, q6, q7, q8, q9, q10, q11, q12, q13, q14 float64,
)

// stackArgs is where its caller's calls have their stack arguments.
func stackArgs() unsafe.Pointer

// callVia copies n bytes of arguments, calls, and copies the nres bytes of results, which
// the callee left behind its arguments, to where they belong in the frame. Nothing may happen between.
//
//go:noinline
func callVia[A any](fn, frame unsafe.Pointer, n, nres uintptr, regs *abi.RegArgs) {
	f := *(*callFunc[A])(unsafe.Pointer(&fn))
	var a A
	if n > 0 {
		memmove(noescape(unsafe.Pointer(&a)), frame, n)
	}
	fl := (*[15]float64)(unsafe.Pointer(&regs.Floats))
	regs.Ints[0], regs.Ints[1], regs.Ints[2], regs.Ints[3], regs.Ints[4], regs.Ints[5], regs.Ints[6], regs.Ints[7], regs.Ints[8],
		fl[0], fl[1], fl[2], fl[3], fl[4], fl[5], fl[6], fl[7], fl[8], fl[9], fl[10], fl[11], fl[12], fl[13], fl[14] = f(
		regs.Ints[0], regs.Ints[1], regs.Ints[2], regs.Ints[3], regs.Ints[4], regs.Ints[5], regs.Ints[6], regs.Ints[7], regs.Ints[8],
		fl[0], fl[1], fl[2], fl[3], fl[4], fl[5], fl[6], fl[7], fl[8], fl[9], fl[10], fl[11], fl[12], fl[13], fl[14],
		a)
	if nres > 0 {
		memmove(add(frame, n), add(stackArgs(), n), nres)
	}
	for i := range regs.Ints {
		if regs.ReturnIsPtr.Get(i) {
			regs.Ptrs[i] = unsafe.Pointer(regs.Ints[i])
		}
	}
}

//go:linkname doReflectcall runtime.reflectcall
func doReflectcall(typ *_type, fn, frame unsafe.Pointer, argSize, retOffset, frameSize uint32, regs *abi.RegArgs) {
	n, nres := uintptr(retOffset), uintptr(argSize-retOffset)
	switch {
	case argSize == 0:
		callVia[[0]byte](fn, frame, 0, 0, regs)
	case frameSize <= 256:
		callVia[[256]byte](fn, frame, n, nres, regs)
	case frameSize <= 4096:
		callVia[[4096]byte](fn, frame, n, nres, regs)
	case frameSize <= 1<<16:
		callVia[[1 << 16]byte](fn, frame, n, nres, regs)
	case frameSize <= 1<<20:
		callVia[[1 << 20]byte](fn, frame, n, nres, regs)
	case frameSize <= 1<<24:
		callVia[[1 << 24]byte](fn, frame, n, nres, regs)
	case frameSize <= 1<<28:
		callVia[[1 << 28]byte](fn, frame, n, nres, regs)
	default:
		panic(plainError("arg size to reflect.call more than 256MB"))
	}
	if nres > 0 && typ != nil && typ.Pointers() && writeBarrier.enabled {
		bulkBarrierPreWriteSrcOnly(uintptr(add(frame, n)), uintptr(add(frame, n)), nres, nil)
	}
}
