// Reflectcall calls a function whose signature is known only at run time.
//
// A Go function type with nine integer, fifteen float and one array parameter and result
// names every argument register and the stack area at once, so the call is an ordinary
// one through that type: stack maps, unwinding and growth are the compiler's. What the
// callee does not take it ignores; its spill space lies behind its stack arguments, which
// is why the arrays are larger than what they carry.
package runtime

import (
	"internal/abi"
	"unsafe"
)

type callFunc[A, R any] func(
	i0, i1, i2, i3, i4, i5, i6, i7, i8 uintptr,
	f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14 float64,
	args A,
) (
	r0, r1, r2, r3, r4, r5, r6, r7, r8 uintptr,
	q0, q1, q2, q3, q4, q5, q6, q7, q8, q9, q10, q11, q12, q13, q14 float64,
	res R,
)

// callVia copies n bytes of arguments, calls, and copies the nres bytes of results to
// where they belong in the frame, n rounded to words behind its start.
//
//go:noinline
func callVia[A, R any](fn, frame unsafe.Pointer, n, nres uintptr, regs *abi.RegArgs) {
	f := *(*callFunc[A, R])(unsafe.Pointer(&fn))
	var a A
	if n > 0 {
		memmove(noescape(unsafe.Pointer(&a)), frame, n)
	}
	fl := (*[15]float64)(unsafe.Pointer(&regs.Floats))
	var res R
	regs.Ints[0], regs.Ints[1], regs.Ints[2], regs.Ints[3], regs.Ints[4], regs.Ints[5], regs.Ints[6], regs.Ints[7], regs.Ints[8],
		fl[0], fl[1], fl[2], fl[3], fl[4], fl[5], fl[6], fl[7], fl[8], fl[9], fl[10], fl[11], fl[12], fl[13], fl[14],
		res = f(
		regs.Ints[0], regs.Ints[1], regs.Ints[2], regs.Ints[3], regs.Ints[4], regs.Ints[5], regs.Ints[6], regs.Ints[7], regs.Ints[8],
		fl[0], fl[1], fl[2], fl[3], fl[4], fl[5], fl[6], fl[7], fl[8], fl[9], fl[10], fl[11], fl[12], fl[13], fl[14],
		a)
	if nres > 0 {
		memmove(add(frame, n), noescape(unsafe.Pointer(&res)), nres)
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
	if nres == 0 {
		switch {
		case argSize == 0:
			callVia[[0]byte, [0]byte](fn, frame, 0, 0, regs)
		case frameSize <= 256:
			callVia[[256]byte, [0]byte](fn, frame, n, 0, regs)
		case frameSize <= 4096:
			callVia[[4096]byte, [0]byte](fn, frame, n, 0, regs)
		case frameSize <= 65536:
			callVia[[65536]byte, [0]byte](fn, frame, n, 0, regs)
		default:
			throw("reflectcall: frame too large")
		}
		return
	}
	// The results' place depends on the exact size of the arguments.
	if frameSize-retOffset > 4096 {
		throw("reflectcall: results too large")
	}
	switch n {
	case 0:
		callVia[[0]byte, [4096]byte](fn, frame, n, nres, regs)
	case 8:
		callVia[[8]byte, [4096]byte](fn, frame, n, nres, regs)
	case 16:
		callVia[[16]byte, [4096]byte](fn, frame, n, nres, regs)
	case 24:
		callVia[[24]byte, [4096]byte](fn, frame, n, nres, regs)
	case 32:
		callVia[[32]byte, [4096]byte](fn, frame, n, nres, regs)
	case 40:
		callVia[[40]byte, [4096]byte](fn, frame, n, nres, regs)
	case 48:
		callVia[[48]byte, [4096]byte](fn, frame, n, nres, regs)
	case 56:
		callVia[[56]byte, [4096]byte](fn, frame, n, nres, regs)
	case 64:
		callVia[[64]byte, [4096]byte](fn, frame, n, nres, regs)
	case 72:
		callVia[[72]byte, [4096]byte](fn, frame, n, nres, regs)
	case 80:
		callVia[[80]byte, [4096]byte](fn, frame, n, nres, regs)
	case 88:
		callVia[[88]byte, [4096]byte](fn, frame, n, nres, regs)
	case 96:
		callVia[[96]byte, [4096]byte](fn, frame, n, nres, regs)
	case 104:
		callVia[[104]byte, [4096]byte](fn, frame, n, nres, regs)
	case 112:
		callVia[[112]byte, [4096]byte](fn, frame, n, nres, regs)
	case 120:
		callVia[[120]byte, [4096]byte](fn, frame, n, nres, regs)
	case 128:
		callVia[[128]byte, [4096]byte](fn, frame, n, nres, regs)
	case 136:
		callVia[[136]byte, [4096]byte](fn, frame, n, nres, regs)
	case 144:
		callVia[[144]byte, [4096]byte](fn, frame, n, nres, regs)
	case 152:
		callVia[[152]byte, [4096]byte](fn, frame, n, nres, regs)
	case 160:
		callVia[[160]byte, [4096]byte](fn, frame, n, nres, regs)
	case 168:
		callVia[[168]byte, [4096]byte](fn, frame, n, nres, regs)
	case 176:
		callVia[[176]byte, [4096]byte](fn, frame, n, nres, regs)
	case 184:
		callVia[[184]byte, [4096]byte](fn, frame, n, nres, regs)
	case 192:
		callVia[[192]byte, [4096]byte](fn, frame, n, nres, regs)
	case 200:
		callVia[[200]byte, [4096]byte](fn, frame, n, nres, regs)
	case 208:
		callVia[[208]byte, [4096]byte](fn, frame, n, nres, regs)
	case 216:
		callVia[[216]byte, [4096]byte](fn, frame, n, nres, regs)
	case 224:
		callVia[[224]byte, [4096]byte](fn, frame, n, nres, regs)
	case 232:
		callVia[[232]byte, [4096]byte](fn, frame, n, nres, regs)
	case 240:
		callVia[[240]byte, [4096]byte](fn, frame, n, nres, regs)
	case 248:
		callVia[[248]byte, [4096]byte](fn, frame, n, nres, regs)
	case 256:
		callVia[[256]byte, [4096]byte](fn, frame, n, nres, regs)
	default:
		throw("reflectcall: too many arguments beside results on the stack")
	}
	if typ != nil && typ.Pointers() && writeBarrier.enabled {
		bulkBarrierPreWriteSrcOnly(uintptr(add(frame, n)), uintptr(add(frame, n)), nres, nil)
	}
}
