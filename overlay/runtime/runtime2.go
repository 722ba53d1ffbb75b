// The types Go code of this package shares with the C runtime: goroutines, threads,
// processors, defer and panic records. Fields down to the overlay blocks stand at the
// offsets of abi/layout.def; what Go alone uses lives inside m.overlay and p.overlay.
// Defer and panic records are laid out as the compiler emits them.
package runtime

import (
	"internal/abi"
	"internal/chacha8rand"
	"internal/goarch"
	"internal/runtime/atomic"
	"internal/runtime/sys"
	"unsafe"
)

// Values of g.atomicstatus.
const (
	_Gidle = iota
	_Grunnable
	_Grunning
	_Gsyscall
	_Gwaiting
	_Gmoribund_unused
	_Gdead
	_Genqueue_unused
	_Gcopystack
	_Gpreempted
	_Gleaked
	_Gdeadextra
	_Gscan          = 0x1000
	_Gscanrunnable  = _Gscan + _Grunnable
	_Gscanrunning   = _Gscan + _Grunning
	_Gscansyscall   = _Gscan + _Gsyscall
	_Gscanwaiting   = _Gscan + _Gwaiting
	_Gscanpreempted = _Gscan + _Gpreempted
)

// mutex is the C runtime's futex lock: 0 free, 1 held, 2 contended.
type mutex struct {
	lockRankStruct
	key uint32
	pad uint32
}

type funcval struct {
	fn uintptr
	// captured variables follow
}

type iface struct {
	tab  *itab
	data unsafe.Pointer
}

type eface struct {
	_type *_type
	data  unsafe.Pointer
}

type itab = abi.ITab

func efaceOf(ep *any) *eface { return (*eface)(unsafe.Pointer(ep)) }

// Pointers to g, m and p as plain numbers: these live off the heap and need no barrier.
type guintptr uintptr
type puintptr uintptr
type muintptr uintptr

//go:nosplit
func (gp guintptr) ptr() *g { return (*g)(unsafe.Pointer(gp)) }

//go:nosplit
func (gp *guintptr) set(g *g) { *gp = guintptr(unsafe.Pointer(g)) }

//go:nosplit
func (gp *g) guintptr() guintptr { return guintptr(unsafe.Pointer(gp)) }

//go:nosplit
func (pp puintptr) ptr() *p { return (*p)(unsafe.Pointer(pp)) }

//go:nosplit
func (mp muintptr) ptr() *m { return (*m)(unsafe.Pointer(mp)) }

type gobuf struct {
	sp   uintptr
	pc   uintptr
	g    guintptr
	ctxt unsafe.Pointer
	lr   uintptr
	bp   uintptr
}

type stack struct {
	lo uintptr
	hi uintptr
}

type g struct {
	stack          stack
	stackguard0    uintptr
	_panic         *_panic
	_defer         *_defer
	m              *m
	sched          gobuf
	stktopsp       uintptr
	param          unsafe.Pointer
	atomicstatus   atomic.Uint32
	selectDone     atomic.Uint32
	goid           uint64
	waitsince      int64
	waitreason     waitReason
	sig            uint8
	preempt        bool
	paniconfault   bool
	fipsIndicator  uint8
	fipsOnlyBypass bool
	ditWanted      bool
	_              uint8
	*gRare
	parentGoid uint64
	gopc       uintptr
	startpc    uintptr
	labels     unsafe.Pointer
	bubble     *synctestBubble
	goOnly
	_         [40]byte
	syscallsp uintptr
	syscallpc uintptr
	syscallbp uintptr
}

// gRare holds what most goroutines never need; those share one that is all zero.
type gRare struct {
	writebuf  []byte
	sigcode0  uintptr
	sigcode1  uintptr
	sigpc     uintptr
	ancestors *[]ancestorInfo
	lockedm   muintptr
	_         uint64
}

// goOnly names fields of upstream's g that are constant here: they take no room.
type goOnly struct {
	cgoCtxt         [0]uintptr
	runningCleanups never
}

type never struct{}

func (never) Load() bool { return false }

type m struct {
	self          muintptr
	tlsg          guintptr
	systop        uintptr
	g0            *g
	curg          *g
	p             puintptr
	ret           [10]uintptr
	gsignal       *g
	procid        uint64
	id            int64
	throwing      throwType
	mallocing     int32
	locks         int32
	dying         int32
	profilehz     int32
	lockedExt     uint32
	lockedInt     uint32
	spinning      bool
	blocked       bool
	incgo         bool
	stopping      bool
	traceback     uint8
	printlock     int8
	_             [6]byte
	preemptoff    string
	nextp         puintptr
	oldp          puintptr
	park          uint32
	signalPending atomic.Uint32
	alllink       muintptr
	schedlink     muintptr
	lockedg       guintptr
	syscalltick   uint32
	preemptGen    atomic.Uint32
	vdsoSP        uintptr
	vdsoPC        uintptr
	libcallpc     uintptr
	libcallsp     uintptr
	libcallg      guintptr
	_             [(832 - 304) / 8]uint64
	createstack   [32]uintptr

	// overlay block of the C struct: 2,048 bytes.
	pcvalueCache  pcvalueCache
	chacha8       chacha8rand.State
	cheaprand     uint64
	caughtsig     guintptr
	cgoCallers    *cgoCallers
	cgoCallersUse atomic.Uint32
	ncgo          int32
	ncgocall      uint64
	profStack     []uintptr
	ditEnabled    bool
}

type p struct {
	id             int32
	status         uint32
	link           puintptr
	schedtick      uint32
	syscalltick    uint32
	_              [24]byte
	m              muintptr
	mcache         uintptr
	gcw            uintptr
	preempt        uint32
	runSafePointFn uint32
	wbBuf          wbBuf
	_              [(6912 - 80 - 4112) / 8]uint64

	// overlay block of the C struct: 512 bytes.
	deferpool    []*_defer
	deferpoolbuf [32]*_defer
}

type wbBuf struct {
	next uintptr
	end  uintptr
	buf  [512]uintptr
}

// The blocks behind m.overlay and p.overlay must be where C left room for them.
const (
	_ = uint(1088 - unsafe.Offsetof(m{}.pcvalueCache))
	_ = uint(unsafe.Offsetof(m{}.pcvalueCache) - 1088)
	_ = uint(832 - unsafe.Offsetof(m{}.createstack))
	_ = uint(unsafe.Offsetof(m{}.createstack) - 832)
	_ = uint(1088 + 2048 - unsafe.Sizeof(m{}))
	_ = uint(6912 - unsafe.Offsetof(p{}.deferpool))
	_ = uint(unsafe.Offsetof(p{}.deferpool) - 6912)
	_ = uint(6912 + 512 - unsafe.Sizeof(p{}))
	_ = uint(256 - unsafe.Sizeof(g{}))
	_ = uint(unsafe.Sizeof(g{}) - 256)
)

type sudog struct {
	g        guintptr
	next     uintptr
	prev     uintptr
	elem     unsafe.Pointer
	c        *hchan
	waitlink *sudog
	since    int64
	ticket   uint32
	isSelect bool
	success  bool
	_        uint16
}

// Channels and timers are C's; Go only passes them on.
type hchan struct{ qcount, dataqsiz uint }
type timer struct{ _ sys.NotInHeap }

type _func struct {
	sys.NotInHeap
	entryOff    uint32
	nameOff     int32
	args        int32
	deferreturn uint32
	pcsp        uint32
	pcfile      uint32
	pcln        uint32
	npcdata     uint32
	cuOffset    uint32
	startLine   int32
	funcID      abi.FuncID
	flag        abi.FuncFlag
	_           [1]byte
	nfuncdata   uint8
}

// funcinl stands in for a _func where the pc is inside an inlined call.
type funcinl struct {
	ones      uint32
	entry     uintptr
	name      string
	file      string
	line      int32
	startLine int32
}

// A _defer is one pending deferred call; the compiler builds them on stacks.
type _defer struct {
	heap      bool
	rangefunc bool
	sp        uintptr
	pc        uintptr
	fn        func()
	link      *_defer
	head      *atomic.Pointer[_defer]
}

// A _panic lives in the frame of gopanic, Goexit or deferreturn and walks the frames.
type _panic struct {
	arg          any
	link         *_panic
	startPC      uintptr
	startSP      unsafe.Pointer
	sp           unsafe.Pointer
	lr           uintptr
	fp           unsafe.Pointer
	retpc        uintptr
	deferBitsPtr *uint8
	slotsPtr     unsafe.Pointer
	recovered    bool
	repanicked   bool
	goexit       bool
	deferreturn  bool
	gopanicFP    unsafe.Pointer
}

type savedOpenDeferState struct {
	retpc           uintptr
	deferBitsOffset uintptr
	slotsOffset     uintptr
}

type ancestorInfo struct {
	pcs  []uintptr
	goid uint64
	gopc uintptr
}

// waitReason has the order of enum WaitReason in runtime/runtime.h.
type waitReason uint8

const (
	waitReasonZero  waitReason = 0
	waitReasonCount            = waitReason(len(waitReasonStrings))
)

var waitReasonStrings = [...]string{
	"", "GC assist marking", "IO wait", "dumping heap", "garbage collection",
	"garbage collection scan", "panicwait", "GC assist wait", "GC sweep wait", "GC scavenge wait",
	"finalizer wait", "force gc (idle)", "GOMAXPROCS updater (idle)", "semacquire", "sleep",
	"chan receive (nil chan)", "chan send (nil chan)", "select (no cases)", "select", "chan receive",
	"chan send", "sync.Cond.Wait", "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock",
	"sync.WaitGroup.Wait", "trace reader (blocked)", "wait for GC cycle", "GC worker (idle)",
	"GC worker (active)", "preempted", "debug call", "GC mark termination", "stopping the world",
	"flushing proc caches", "trace goroutine status", "trace proc status", "page trace flush",
	"coroutine", "GC weak to strong wait", "synctest.Run", "synctest.Wait", "chan receive (durable)",
	"chan send (durable)", "select (durable)", "sync.WaitGroup.Wait (durable)", "cleanup wait",
}

func (w waitReason) String() string {
	if int(w) >= len(waitReasonStrings) {
		return "unknown wait reason"
	}
	return waitReasonStrings[w]
}

func (w waitReason) isMutexWait() bool {
	return w.String() == "sync.Mutex.Lock" || w.String() == "sync.RWMutex.RLock" || w.String() == "sync.RWMutex.Lock"
}

// isIdleInSynctest: synctest.c's durable.
func (w waitReason) isIdleInSynctest() bool {
	switch s := w.String(); s {
	case "chan receive (nil chan)", "chan send (nil chan)", "select (no cases)", "sleep", "sync.Cond.Wait", "coroutine",
		"synctest.Run", "synctest.Wait":
		return true
	default:
		return len(s) > 9 && s[len(s)-9:] == "(durable)"
	}
}

// Bits of the C scheduler that upstream's files name through sched.
var sched struct {
	deferlock mutex
	deferpool *_defer
}

type bitvector struct {
	n        int32
	bytedata *uint8
}

func (bv *bitvector) ptrbit(i uintptr) uint8 {
	return *addb(bv.bytedata, i/8) >> (i % 8) & 1
}

type stackObjectRecord struct {
	off       int32
	size      int32
	ptrBytes  int32
	gcdataoff uint32
}

// gcdata finds the pointer mask in the module whose go:func.* block holds the record.
func (r *stackObjectRecord) gcdata() (uintptr, *byte) {
	ptr := uintptr(unsafe.Pointer(r))
	for md := &firstmoduledata; md != nil; md = md.next {
		if md.gofunc <= ptr && ptr < md.end {
			return uintptr(r.ptrBytes), (*byte)(unsafe.Pointer(md.rodata + uintptr(r.gcdataoff)))
		}
	}
	throw("stack object record outside of all modules")
	return 0, nil
}

type notInHeap struct{ _ sys.NotInHeap }

type initTask struct {
	state uint32
	nfns  uint32
}

type ptabEntry struct {
	name nameOff
	typ  typeOff
}

type cgoCallers [32]uintptr

// Facts upstream's files ask for.
const (
	framepointer_enabled = true
	fixedStack           = 1024
	stackDebug           = 0
	stackMin             = 1024
	stackPreempt         = ^uintptr(1313)
	stackFork            = ^uintptr(1233)
	pageSize             = 8192
	maxSmallSize         = 32768
	maxAlloc             = 1 << 48
	osHasLowResClockInt  = 0
	osHasLowResClock     = false
	maxProfStackDepth    = 1024
	goarm                = 0
	_                    = goarch.PtrSize
)

var (
	iscgo        bool
	isarchive    bool
	islibrary    bool
	physPageSize uintptr = 4096
	isIntel      bool
	zerobase     uintptr
)

// writeBarrier.enabled is tested by compiled code; C defines the word.
var writeBarrier struct {
	enabled bool
	pad     [3]byte
	alignme uint64
}

func addb(p *byte, n uintptr) *byte { return (*byte)(unsafe.Pointer(uintptr(unsafe.Pointer(p)) + n)) }

func round2(x int32) int32 {
	s := uint(0)
	for 1<<s < x {
		s++
	}
	return 1 << s
}
