// Goroutines as Go code sees them: how the program starts, locks, the list of all
// goroutines, and the calls into the C scheduler.
//
// The C runtime starts the main goroutine in runtime.main. rt0_go_init then does, on that
// goroutine, what Go code needs before any package is initialised, in an order that
// matters: CPU features before hash seeds, seeds before the first map, module list before
// itabs, environment before GODEBUG.
package runtime

import (
	"internal/cpu"
	"internal/goarch"
	"internal/runtime/atomic"
	"internal/runtime/exithook"
	"unsafe"
)

//go:linkname main_main main.main
func main_main()

// inittab is laid out by the linker: how many, then entry addresses of the packages'
// initialisers in their order.
//
//go:linkname inittab runtime.inittab
var inittab [1]uintptr

var (
	mainStarted     bool
	runtimeInitTime int64
	modinfo         string
)

// entries of the C scheduler
func newproc(fn *funcval)
func Gosched()
func goexit0()
func cgomaxprocs() int
func cprocresize(n int)
func cnumcpu() int
func cgcount() int
func cstartsysmon()
func cstoptheworld(why *byte)
func cstarttheworld()
func cpark(reason int)
func cready(gp *g)
func cnextg(gp *g) *g
func cdieofsignal(sig uint32)
func cargs() (argc int, argv **byte)
func cauxv() (n int, auxv *uintptr)
func osyield()
func entersyscall()
func exitsyscall()
func goschedguarded()
func LockOSThread()
func UnlockOSThread()
func cgcenable()
func cgcforcedwait()
func cprocswait()
func cprocswanted() int
func cstarthelpers(gc, procs func())
func cdefaultgomaxprocs() int
func ctimersgodebug(async unsafe.Pointer)

// main is the first goroutine.
func main() {
	rt0_go_init()
	mainStarted = true
	cstartsysmon()
	cgcenable()
	cstarthelpers(forcegchelper, updatemaxprocs)

	runtimeInitTime = nanotime()
	tab := unsafe.Pointer(&inittab)
	n := *(*uintptr)(tab)
	for i := uintptr(0); i < n; i++ {
		// A func value is a pointer to a word holding the code address: the table's own slot.
		slot := add(tab, (i+1)*goarch.PtrSize)
		fn := *(*func())(unsafe.Pointer(&slot))
		fn()
	}
	UnlockOSThread() // C locked us to the main thread; what an init function locked stays
	main_main()
	// Another goroutine that is panicking may be running its deferred calls: let it finish
	// and print.
	if runningPanicDefers.Load() != 0 {
		for c := 0; c < 1000; c++ {
			if runningPanicDefers.Load() == 0 {
				break
			}
			Gosched()
		}
	}
	if panicking.Load() != 0 {
		block()
	}
	exithook.Run(0)
	exit(0)
}

// forcegchelper collects when nothing else has for two minutes; sysmon wakes it.
func forcegchelper() {
	for {
		for !cgc() {
			Gosched()
		}
		cgcforcedwait()
	}
}

// updatemaxprocs follows changes of the processor quota and affinity until GOMAXPROCS is set by hand.
func updatemaxprocs() {
	for {
		if n := cprocswanted(); n > 0 {
			stopToResize(n)
			startTheWorldGC()
		}
		cprocswait()
	}
}

func block()

// rt0_go_init prepares everything Go code of the runtime keeps, before package initialisers.
func rt0_go_init() {
	n, v := cargs()
	nx, px := cauxv()
	auxv = unsafe.Slice(px, nx)
	argc, argv = int32(n), v
	moduledataverify()
	goargs()
	goenvs_unix()
	cpu.Initialize(gogetenv("GODEBUG"))
	alginit()
	modulesinit()
	typelinksinit()
	itabsinit()
	parseRuntimeDebugVars(gogetenv("GODEBUG"))
	finishDebugVarsSetup()
	ctimersgodebug(unsafe.Pointer(&debug.asynctimerchan))
	secureMode = auxvSecure()
	exithook.Gosched = Gosched
	exithook.Goid = func() uint64 { return getg().goid }
	exithook.Throw = throw
}

// auxvSecure reports AT_SECURE: the program runs with privileges its caller lacks.
func auxvSecure() bool {
	n, p := cauxv()
	for i := 0; i+1 < n; i += 2 {
		if *(*uintptr)(add(unsafe.Pointer(p), uintptr(i)*goarch.PtrSize)) == 23 {
			return *(*uintptr)(add(unsafe.Pointer(p), uintptr(i+1)*goarch.PtrSize)) == 1
		}
	}
	return false
}

var secureMode bool

func isSecureMode() bool { return secureMode }

func sysargs(argc int32, argv **byte) {}

//go:linkname os_beforeExit os.runtime_beforeExit
func os_beforeExit(exitCode int) { exithook.Run(exitCode) }

// goexit1 ends the goroutine; goexit, in assembly, is where its first function returns to.
func goexit1() { goexit0() }

// Locks. A Go holder is pinned to its thread by m.locks, so waiting is short.

//go:nosplit
func lock2(l *mutex) {
	getg().m.locks++
	for i := 0; !atomic.Cas(&l.key, 0, 1); i++ {
		if i < 4 {
			procyield(30)
		} else {
			osyield()
		}
	}
}

//go:nosplit
func unlock2(l *mutex) {
	if atomic.Xchg(&l.key, 0) == 0 {
		throw("unlock of unlocked lock")
	}
	gp := getg()
	gp.m.locks--
	if gp.m.locks == 0 && gp.preempt {
		gp.stackguard0 = stackPreempt // the request came while we held the lock
	}
}

//go:nosplit
func lock(l *mutex) { lockWithRank(l, getLockRank(l)) }

//go:nosplit
func unlock(l *mutex) { unlockWithRank(l) }

//go:nosplit
func readgstatus(gp *g) uint32 { return gp.atomicstatus.Load() }

// forEachGRace calls fn for every goroutine. The list only grows at its head.
func forEachGRace(fn func(gp *g)) {
	for gp := cnextg(nil); gp != nil; gp = cnextg(gp) {
		fn(gp)
	}
}

// freezetheworld makes a best effort to stop everybody while we die.
func freezetheworld()

// schedtrace belongs to the C scheduler's debug switch.
func schedtrace(detailed bool) {}

// stopTheWorld: why ends with a zero byte.
func stopTheWorld(why string) { cstoptheworld(unsafe.StringData(why)) }
func startTheWorld()          { cstarttheworld() }

//go:linkname stopTheWorldGC
func stopTheWorldGC() { stopTheWorld("asked for by linkname\x00") }

//go:linkname startTheWorldGC
func startTheWorldGC() { startTheWorld() }

// GOMAXPROCS sets how many threads run Go code at once and returns the old number;
// n < 1 only asks.
func GOMAXPROCS(n int) int {
	if n > 0 {
		cprocsauto(false)
	}
	old := cgomaxprocs()
	if n > 0 && n != old {
		old = stopToResize(n)
		startTheWorldGC()
	}
	return old
}

// stopToResize changes the number of Ps and leaves the world stopped.
func stopToResize(n int) (old int) {
	stopTheWorld("GOMAXPROCS\x00")
	old = cgomaxprocs()
	cprocresize(min(n, 65536))
	return old
}

// SetDefaultGOMAXPROCS goes back to the number the machine and its limits suggest.
func SetDefaultGOMAXPROCS() {
	stopToResize(cdefaultgomaxprocs())
	startTheWorldGC()
	cprocsauto(true)
}

func cprocsauto(on bool)

func defaultGOMAXPROCSUpdateGODEBUG() {}

// NumCPU is how many logical CPUs the process may use.
func NumCPU() int { return cnumcpu() }

// NumCgoCall is always 0: there is no C code to call.
func NumCgoCall() int64 { return 0 }

// NumGoroutine is how many goroutines exist.
func NumGoroutine() int {
	return cgcount() - 2 - int(tracing.naps) - int(finStarted[finqFinalizer].Load()+finStarted[finqCleanup].Load())
}

func lockOSThread()   { LockOSThread() }
func unlockOSThread() { UnlockOSThread() }

//go:linkname timeSleep time.Sleep
func timeSleep(ns int64)

// Breakpoint traps into a debugger.
func Breakpoint() { breakpoint() }

//go:linkname setPanicOnFault runtime/debug.setPanicOnFault
func setPanicOnFault(new bool) (old bool) {
	gp := getg()
	old, gp.paniconfault = gp.paniconfault, new
	return old
}

//go:linkname debug_modinfo runtime/debug.modinfo
func debug_modinfo() string { return modinfo }

// A coro is a goroutine that runs only when switched to; C keeps its half.
type coro struct {
	gp guintptr
	f  func(*coro)
}

func coroexit(c *coro)

// corostart is the first function of a coroutine's goroutine.
func corostart() {
	gp := getg()
	c := (*coro)(gp.param)
	gp.param = nil
	defer coroexit(c)
	c.f(c)
}

// cgo does not exist here.
func cgocall(fn, arg unsafe.Pointer) int32 {
	throw("cgocall without cgo")
	return 0
}

var (
	_cgo_set_traceback_functions  unsafe.Pointer
	_cgo_call_traceback_function  unsafe.Pointer
	_cgo_call_symbolizer_function unsafe.Pointer
)

//go:linkname syscall_cgocaller syscall.cgocaller
func syscall_cgocaller(fn unsafe.Pointer, args ...uintptr) uintptr {
	throw("syscall.cgocaller without cgo")
	return 0
}

func cgoCheckMemmove2(typ *_type, dst, src unsafe.Pointer, off, size uintptr) {}
func cgoCheckSliceCopy(typ *_type, dst, src unsafe.Pointer, n int)            {}
func checkptrStraddles(ptr unsafe.Pointer, size uintptr) bool                 { return false }
func printDebugLog()                                                          {}
func enableWER()                                                              {}

// Asked for by tests of package time.
var haveHighResSleep = true

// crash dies so that the system leaves a core.
func crash() { cdieofsignal(_SIGABRT) }

const (
	_SIGABRT = 6
	_SIGBUS  = 7
	_SIGFPE  = 8
	_SIGSEGV = 11
)

//go:linkname doAsmcgocall runtime.asmcgocall
func doAsmcgocall(fn, arg unsafe.Pointer) int32 { return cgocall(fn, arg) }

//go:linkname doUsleep runtime.usleep
func doUsleep(usec uint32) { timeSleep(int64(usec) * 1000) }

//go:linkname unixFcntl internal/syscall/unix.fcntl
func unixFcntl(fd, cmd, arg int32) (int32, int32)

//go:linkname doFcntl runtime.fcntl
func doFcntl(fd, cmd, arg int32) (int32, int32) { return unixFcntl(fd, cmd, arg) }
