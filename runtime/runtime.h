/* runtime.h: the runtime every Go program is linked with, as a table of contents.
 *
 * G is a goroutine: a copied stack and the place where its Go code continues.
 * M is an OS thread. P is the right to run Go code, with its run queue, timers and caches.
 * Go code runs on the goroutine stack; C runs only on the thread's system stack, entered
 * through the thunks of abi/entries.def. A C entry either returns to Go or parks: it has
 * left a continuation in g->resume and ends in rt_schedule(); no C frame survives a switch.
 * Metadata (G, M, P, Sudog, pollDesc) lives off the Go heap; what of it can hold heap
 * pointers is reported by rt_roots_*.
 *
 * Field names follow Go's own runtime where Go code of the overlay reads them; offsets
 * that Go or assembly depend on are rows of abi/layout.def. */
#ifndef SEAGO_RUNTIME_H
#define SEAGO_RUNTIME_H

#include "../abi/gotypes.h"

#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define nelem(a) (sizeof(a) / sizeof((a)[0]))

/* Atomics: an access goes through these when someone else may be there. */
#define aload(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define aloadrelaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define astore(p, v) __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)
#define astorerel(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define axadd(p, d) __atomic_add_fetch((p), (d), __ATOMIC_SEQ_CST)
#define axchg(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define acas(p, old, new) __sync_bool_compare_and_swap((p), (old), (new))
#define afence() __atomic_thread_fence(__ATOMIC_SEQ_CST)

typedef struct G G;
typedef struct M M;
typedef struct P P;
typedef struct Sudog Sudog;
typedef struct Hchan Hchan;
typedef struct Timer Timer;
typedef struct Bubble Bubble;
typedef struct { u64 a, b; } Pair;          /* results of an entry: Go's AX, BX */
typedef Pair (*ResumeFn)(G *gp);            /* what a parked entry still has to do */
typedef struct { u32 key; u32 rank; } Mutex;   /* futex lock: 0 free, 1 held, 2 contended */
typedef struct { u32 key; } Note;           /* one-shot event */

enum {
	StackMin = 1024,        /* smallest goroutine stack */
	StackSmall = 128,       /* frames up to here compare SP with the guard directly */
	StackNumOrders = 5,     /* cached sizes: StackMin << 0..3 */
	SystemStackSize = 64 << 10,
	SignalStackSize = 64 << 10,
	PageSize = 8192,        /* heap page */
};
extern const u64 rt_stackguard;         /* bytes below the guard: the linker's longest chain without a check */
#define STACK_PREEMPT ((uptr)-1314)   /* 0xfffffffffffffade: asks the next prologue to yield */

enum GStatus {                          /* upstream's values: delve and tracebacks read them */
	GIdle, GRunnable, GRunning, GSyscall, GWaiting, GMoribund, GDead, GEnqueueUnused, GCopystack,
	GPreempted, GLeaked, GDeadextra, GScan = 0x1000,
};
enum PStatus { PIdle, PRunning, PSyscall, PGcstop, PDead };

/* runtime.waitReason of Go 1.26, in its order. */
enum WaitReason {
	WaitZero, WaitGCAssistMarking, WaitIOWait, WaitDumpingHeap, WaitGarbageCollection,
	WaitGarbageCollectionScan, WaitPanicWait, WaitGCAssistWait, WaitGCSweepWait, WaitGCScavengeWait,
	WaitFinalizerWait, WaitForceGCIdle, WaitUpdateGOMAXPROCSIdle, WaitSemacquire, WaitSleep,
	WaitChanReceiveNilChan, WaitChanSendNilChan, WaitSelectNoCases, WaitSelect, WaitChanReceive,
	WaitChanSend, WaitSyncCondWait, WaitSyncMutexLock, WaitSyncRWMutexRLock, WaitSyncRWMutexLock,
	WaitSyncWaitGroupWait, WaitTraceReaderBlocked, WaitForGCCycle,
	WaitGCWorkerIdle, WaitGCWorkerActive, WaitPreempted, WaitDebugCall, WaitGCMarkTermination,
	WaitStoppingTheWorld, WaitFlushProcCaches, WaitTraceGoroutineStatus, WaitTraceProcStatus,
	WaitPageTraceFlush, WaitCoroutine, WaitGCWeakToStrongWait, WaitSynctestRun, WaitSynctestWait,
	WaitSynctestChanReceive, WaitSynctestChanSend, WaitSynctestSelect, WaitSynctestWaitGroupWait,
	WaitCleanupWait,
};

/* Where a goroutine continues. Go's gobuf has g and lr in place of link and resume; nobody there needs them. */
typedef struct {
	uptr sp, pc;
	G *link;                /* next in a run queue or free list */
	void *ctxt;
	ResumeFn resume;        /* runs on the system stack of whoever resumes us; then results go to Go */
	uptr bp;
} Gobuf;
typedef struct { uptr lo, hi; } Stack;

/* A wait record: a goroutine in the queue of a channel, semaphore or condition variable. */
struct Sudog {
	G *g;
	Sudog *next, *prev;
	void *elem;             /* may point into g's stack: copied and adjusted with it */
	Hchan *c;
	Sudog *waitlink;        /* select: next record of the same goroutine */
	i64 since;              /* profiles: when the wait began, then how long it took; 0: nobody wants to know */
	u32 ticket;
	bool isselect, success;
	u8 flag;                /* receive: two results wanted; semaphore: queue first */
	u8 skip;                /* semaphore: frames that profiles and traces leave out */
};

/* What most goroutines never need. */
typedef struct {
	Slice writebuf;         /* where print goes instead of stderr */
	uptr sigcode0, sigcode1, sigpc;     /* the fault that became a panic */
	void *ancestors;
	M *lockedm;
	u64 traceseq;           /* traces: this generation's changes */
} GRare;

enum WaitKind { WaitsOther, WaitsOne, WaitsMany };     /* which of g's wait fields hold something */

/* A goroutine, 256 bytes. Owner: the M running it; status decides who may touch the rest.
 * Status changes go through rt_casgstatus. The last 64 bytes belong to whatever it waits for. */
struct G {
	Stack stack;
	uptr stackguard0;       /* compared by prologues; STACK_PREEMPT asks for a yield */
	void *_panic;           /* innermost runtime._panic, on the stack */
	void *_defer;           /* innermost runtime._defer */
	M *m;                   /* while running or in a syscall */
	Gobuf sched;
	uptr stktopsp;
	void *param;            /* what the waker hands over; a coroutine's first argument */
	u32 atomicstatus;
	u32 selectdone;         /* a waker claims a goroutine in select by cas */
	u64 goid;
	i64 waitsince;
	u8 waitreason;
	u8 sig;                 /* fault being panicked about */
	bool preempt, paniconfault;
	u8 fipsindicator;
	bool fipsonlybypass, ditwanted;
	u8 waits : 2;           /* enum WaitKind */
	u8 asyncsafepoint : 1;  /* stopped by a signal: asyncregs holds its registers */
	u8 scanned : 1;         /* equal to mheap.parity: the collector has seen our stack. Whoever runs us, or holds GScan */
	GRare *rare;            /* rt_norare until something must be written */
	u64 parentgoid;
	uptr gopc;
	uptr startpc;
	void *labels;           /* profiler labels, heap */
	Bubble *bubble;         /* synctest */
	union {
		Sudog one;                      /* WaitsOne */
		struct {
			void *resumearg[4];         /* what sched.resume needs */
			union {
				Sudog *waiting;         /* WaitsMany: records in lock order */
				Timer *timer;           /* Sleep */
				void *asyncregs;        /* asyncsafepoint */
			};
			uptr syscallsp;             /* 0 outside of system calls; at one.waitlink, which is NULL */
			uptr syscallpc, syscallbp;
		};
	};
};

/* Gs are never freed; they come in blocks that can be walked. */
enum { GBlockBytes = 8192, GBlockLen = 31 };
typedef struct GBlock { struct GBlock *next; u64 pad[31]; G g[GBlockLen]; } GBlock;

typedef struct { Sudog *first, *last; } Waitq;

/* A channel; lives in the Go heap. lock guards all fields and the queued sudogs. */
struct Hchan {
	u64 qcount, dataqsiz;
	void *buf;
	u16 elemsize;
	u32 closed;
	Timer *timer;           /* feeding this channel: Go 1.23 channel timers */
	Type *elemtype;
	u64 sendx, recvx;
	Waitq recvq, sendq;
	Bubble *bubble;         /* only its goroutines may use the channel */
	Mutex lock;
};

/* A timer. A time.Timer is {C, initTimer, Timer} in the Go heap; others are off heap.
 * mu guards all; the P heap that holds it is reached through ts. */
struct Timer {
	Mutex mu;
	u8 state;               /* TimerHeaped | TimerModified | TimerZombie */
	bool ischan, isfake;
	u32 blocked;            /* receivers waiting on its channel */
	i64 when, period;
	Funcval *f;             /* func(arg any, seq uintptr, delay int64), or NULL: cf */
	Eface arg;
	uptr seq;
	struct Timers *ts;      /* heap that holds us */
	Mutex sendlock;
	i64 heapwhen;           /* key in that heap */
	u32 issending;
	u32 rand;               /* order among timers of a bubble due at once */
	void (*cf)(Timer *t, void *arg, uptr seq, i64 now);   /* C callback on the system stack, no locks held */
	u64 heapidx;
};

typedef struct { i64 when; Timer *t; } TimerWhen;

/* A heap of timers, of a P or of a bubble; mu guards it, minwhen is read by everybody. */
typedef struct Timers {
	Mutex mu;
	TimerWhen *heap;
	u64 n, cap;
	i64 minwhen;            /* of the first; 0: none */
} Timers;

/* The write barrier's buffer; assembly appends, rt_wbflush (memory) drains. */
enum { WbBufLen = 512 };
typedef struct { uptr next, end; uptr buf[WbBufLen]; } WbBuf;

enum { RunqLen = 256 };

/* The right to run Go code. Owned by the M it is attached to. */
struct P {
	i32 id;
	u32 status;             /* enum PStatus, atomic: sysmon and the world stopper cas it */
	P *link;
	u32 schedtick, syscalltick;
	u32 sysmontick_sched, sysmontick_syscall;
	i64 sysmontick_schedwhen, sysmontick_syscallwhen;
	M *m;
	void *mcache;           /* memory's per-P cache */
	void *gcw;              /* memory's per-P mark work */
	u32 preempt;
	u32 runsafepoint;
	WbBuf wbbuf;
	u32 runqhead, runqtail; /* head: cas by stealers; tail: owner only */
	G *runq[RunqLen];
	G *runnext;             /* owner P only; stealers take it by cas */
	G *gfree;
	i32 gfreen;
	u32 readytick;          /* one wake-up of 64 is timed */
	Sudog *sudogfree;
	Timer *timerfree;       /* Sleep's */
	u64 goidcache, goidcacheend;
	uptr stackcache[StackNumOrders];    /* free lists by order */
	u32 stackcachen[StackNumOrders];
	Timers timers;
	u64 rng;
	u64 traceseq, tracem;   /* traces: this generation's changes of owner; who is in a system call with it */
	u64 reserved[60];
	u64 overlay[64];        /* the Go overlay's */
};

/* An OS thread. fs base points here, so %fs:0 is the M itself and %fs:8 its g. */
struct M {
	M *self;
	G *g;                   /* what runs now: curg, g0 or gsignal */
	uptr systop;            /* top of the system stack: thunks start here */
	G *g0;
	G *curg;
	P *p;
	u64 ret[10];            /* results 3..: thunks load them */
	G *gsignal;
	u64 procid;
	i64 id;
	i32 throwing, mallocing, locks, dying, profilehz, lockedext, lockedint;
	bool spinning, blocked, incgo, stopping;
	u8 traceback;
	i8 printlock;
	u16 pad0;
	u32 perthread;          /* atomic: a call of sys_allthreads is to be made here */
	String preemptoff;
	P *nextp, *oldp;
	Note park;
	u32 signalpending;
	M *alllink, *schedlink;
	G *lockedg;
	u32 syscalltick;
	u32 preemptgen;
	uptr vdsosp, vdsopc;
	uptr libcallpc, libcallsp;
	G *libcallg;
	bool (*waitunlockf)(G *gp, void *lock);
	void *waitlock;
	u64 sigmask;
	void (*mstartfn)(void);
	u64 rng;
	GRare *rarereserve;     /* for a signal handler that needs one */
	u64 proftimer;          /* 1 + id of the CPU profile's timer */
	Mutex tracelock;        /* traces: events of this thread, and what they tell */
	struct TraceBuf *tracebuf;
	u64 tracelast;
	u32 tracenest;          /* how often the thread itself has locked tracelock */
	u8 tracestop, traceskip;        /* of the next event: enum TraceStop; frames left out of its stack */
	bool tracekept;         /* the goroutine leaves a system call with the P it went with */
	u8 tracepad;
	u32 gone;               /* atomic: the thread has ended, its stacks are free */
	u32 pad1;
	u64 scratch[2];
	u64 pregs[20];          /* asynchronous preemption: GPRs, flags */
	u64 pxmm[32];
	uptr createstack[32];
	u64 overlay[256];       /* the Go overlay's */
};

/* Scheduler state shared by all; lock guards what is not said to be atomic. */
typedef struct {
	Mutex lock;
	u64 goidgen;            /* atomic */
	i64 lastpoll;           /* atomic; 0: someone is blocked in netpoll */
	i64 polluntil;          /* atomic */
	M *midle;
	i32 nmidle, nmidlelocked;
	i64 mnext;
	i32 maxmcount, nmsys;
	i64 nmfreed;
	P *pidle;
	i32 npidle;             /* atomic */
	i32 nmspinning;         /* atomic */
	u32 needspinning;       /* atomic */
	G *runqhead, *runqtail;
	i32 runqsize;
	Mutex gfreelock;
	G *gfree;
	Mutex sudoglock;
	Sudog *sudogfree;
	u32 gcwaiting;          /* atomic: stop as soon as you can */
	u32 outside;            /* atomic: threads without P that touch goroutines or the heap */
	i32 stopwait;
	Note stopnote;
	u32 sysmonwait;         /* atomic */
	Note sysmonnote;
	u32 worldstopped;
	Mutex allglock;
	GBlock *allg;           /* all goroutines ever; grows at the head, never shrinks */
	M *allm;
	u64 ngcount;            /* live goroutines, atomic */
	i64 starttime;
	u32 panicking;
	i32 gomaxprocs, ncpu;
	u32 deterministic;
	bool quota;             /* GOMAXPROCS minds the cgroup */
	bool asyncoff;          /* GODEBUG=asyncpreemptoff=1 */
	bool procsauto;         /* and follows its changes: nobody has set it */
	u64 seed;
} Sched;

extern Sched sched;
extern GRare rt_norare;         /* all zero for ever */
extern P **rt_allp;             /* gomaxprocs of them */
extern M rt_m0;

/* os.h's contracts, kept by linux/os.c: raw calls return -errno. */
i64 os_write(i32 fd, const void *p, u64 n);
i64 os_read(i32 fd, void *p, u64 n);
i64 os_open(const char *path, i32 flags, i32 mode);
i64 os_close(i32 fd);
void os_exit(i32 code) NORETURN;
void *os_mmap(void *at, u64 n, i32 prot, i32 flags);      /* NULL on failure */
i64 os_munmap(void *p, u64 n);
i64 os_madvise(void *p, u64 n, i32 advice);
i64 os_mprotect(void *p, u64 n, i32 prot);
void *os_reserve(u64 n);                                   /* PROT_NONE address space */
bool os_commit(void *p, u64 n);                            /* make it readable and writable */
void os_unused(void *p, u64 n);                            /* contents may be dropped */
void os_futexsleep(u32 *addr, u32 val, i64 ns);            /* ns < 0: for ever */
void os_futexwake(u32 *addr, u32 n);
void os_yield(void);
void os_usleep(u32 us);
i64 os_nanotime(void);
void os_walltime(i64 *sec, i32 *nsec);
bool os_newthread(M *mp, void *stacktop);
void os_exitthread(u32 *gone) NORETURN;                    /* sets *gone when it needs its stack no more */
void os_signal_thread(M *mp, i32 sig);
i32 os_ncpu(void);
i32 os_gomaxprocs(bool quota);                             /* affinity and, if asked, the cgroup's quota */
i64 os_cpuquota(void);                                     /* processors; 0: no quota */
bool os_random(void *p, u64 n);
void os_threadinit(M *mp);                                 /* alternate signal stack, mask */
void os_dieofsignal(i32 sig) NORETURN;
extern u64 os_physpagesize;

/* lock.c */
void rt_lock(Mutex *l);
bool rt_trylock(Mutex *l);
void rt_unlock(Mutex *l);
void rt_notesleep(Note *n);
bool rt_notetsleep(Note *n, i64 ns);                       /* false: timed out */
void rt_notewakeup(Note *n);
void rt_noteclear(Note *n);

/* print.c: for messages of C itself; everything Go can say is said in Go. */
void rt_printf(const char *fmt, ...);                      /* %s %d %x %p %S(String*) to fd 2 */
void rt_throw(const char *msg) NORETURN;                   /* an invariant of ours is broken */
void rt_fatal(const char *msg) NORETURN;                   /* the program's unrecoverable mistake */
void rt_panic_plain(const char *msg) NORETURN;             /* Go panic(plainError(msg)) in the calling goroutine */
void rt_panic_error(const char *msg) NORETURN;             /* Go panic(errorString(msg)), "runtime error: " */
/* Leave C and call a Go function as if the entry's Go caller had called it. */
void rt_gocall(const void *fn, u64 a0, u64 a1) NORETURN;

/* mem.c: no libc, these are ours. Word copies never tear aligned words. */
void *memcpy(void *d, const void *s, size_t n);
void *memmove(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
u64 rt_strlen(const char *s);

/* start.c */
extern i32 rt_argc;
extern u8 **rt_argv;
extern uptr *rt_auxv;
const char *rt_getenv(const char *name);
i64 rt_godebug(const char *key, i64 dflt);                 /* GODEBUG=key=n,...; the last one counts */
i64 rt_debug(const char *key, i64 dflt);                   /* SEAGO_DEBUG=key=n,... */
/* Hostile modes, read once at start. */
typedef struct { i64 stackmove, schedseed, gcstress, clobber, schedtrace, memcheck, shrink; } DebugVars;
extern DebugVars rt_debugvars;

/* amd64/asm.S */
G *rt_getg(void);                                          /* M.g */
static inline M *rt_m(void) { M *m; __asm__("mov %%fs:0, %0" : "=r"(m)); return m; }
static inline G *rt_curg(void) { return rt_m()->curg; }
static inline P *rt_p(void) { return rt_m()->p; }
void rt_gogo(G *gp, u64 a, u64 b) NORETURN;                /* continue gp->sched with AX=a, BX=b */
void rt_gogo_async(G *gp) NORETURN;                        /* continue from M.pregs */
void rt_onsystop(void (*f)(void)) NORETURN;                /* fresh system stack */
u64 rt_callgo(const void *fn, u64 a0, u64 a1, u64 a2, u64 a3);  /* call Go on the system stack, g = g0 */
u64 rt_callgoclosure(Funcval *fv, u64 a0, u64 a1, u64 a2, u64 a3);
u64 rt_cputicks(void);

/* proc.c, thread.c, goroutine.c, preempt.c, syscall.c; proc.h is what they share */
void rt_schedule(void) NORETURN;
/* Park the current goroutine; gp->resume (may be NULL) runs when it is resumed. */
void rt_park(bool (*unlockf)(G *, void *), void *lock, u8 reason) NORETURN;
void rt_park_unlock(Mutex *l, u8 reason) NORETURN;
void rt_ready(G *gp);                                      /* waiting -> runnable on this P, wake a P */
void rt_yield(ResumeFn resume) NORETURN;                   /* to the global queue; resume then runs */
u32 rt_gstatus(G *gp);                                     /* without GScan */
void rt_casgstatus(G *gp, u32 old, u32 new);
G *rt_newproc(Funcval *fn, G *parent, uptr callerpc);      /* runnable */
void rt_stop_the_world(const char *why);                   /* caller runs on a system stack with a P */
bool rt_try_stop_the_world(const char *why);               /* false: somebody else is stopping it */
void rt_start_the_world(void);
i64 rt_stop_began(void);                                   /* world stopped: when the stopping began */
bool rt_outside_enter(bool stopped);                       /* a thread without P wants to touch goroutines or the heap; false: the world is being stopped. stopped: that is no hindrance */
void rt_outside_leave(void);
void rt_procresize(i32 n);                                 /* world stopped */
void rt_preemptall(void);
void rt_preemptone(P *pp);
void rt_wakep(void);
void rt_newm(void (*fn)(void), P *pp);
void rt_dying_p(void);                                     /* the thread will never give it back */
G *rt_nextg(G *gp);                                        /* after gp, NULL: the first; NULL at the end */
void rt_foreach_g(void (*f)(G *gp, void *arg), void *arg); /* world stopped or tolerant */
void rt_entersyscall_c(void);                              /* C about to block a thread: give the P away */
void rt_exitsyscall_c(void);                               /* get one back */
GRare *rt_grare(G *gp);                                    /* gp's own, for writing */
GRare *rt_grare_signal(M *mp, G *gp);
Sudog *rt_sudog_acquire(void);
void rt_sudog_release(Sudog *s);
u64 rt_rand(void);
u32 rt_randn(u32 n);

/* stack.c */
Stack rt_stack_alloc(u64 n);
void rt_stack_free(Stack s);
void rt_stack_check(const G *gp);                          /* hostile modes: nothing below the guard was written */
void rt_stack_grow(G *gp, u64 newsize);                    /* move gp's stack */
bool rt_stack_shrinks(G *gp);                              /* gp is held at a synchronous safepoint and uses little of its stack */
void rt_stack_shrink(G *gp);                               /* then: the channels it waits on are locked */
void rt_stack_flushcache(P *pp);
void rt_stack_collect(void);                               /* world stopped: unused stacks go back to the heap */

/* unwind.c: frames of a stopped goroutine, innermost first. */
typedef struct {
	const Func *f;
	uptr entry, pc, continpc, sp, fp, varp, argp;
	bool innermost;          /* f == NULL: assembly of ours, scan [sp, fp) conservatively; only arguments can have a map */
} Frame;
typedef struct { G *gp; Frame fr; uptr bp; bool done; } Unwinder;
typedef struct { i32 nbit; const u8 *bits; } Ptrmap;
const Func *rt_findfunc(uptr pc);                          /* NULL: not Go */
String rt_funcname(const Func *f);
String rt_funcfile(const Func *f, uptr pc, i32 *line);    /* of the outermost of inlined calls */
i32 rt_pcvalue(const Func *f, u32 off, uptr pc);
i32 rt_pcdata(const Func *f, u32 table, uptr pc);
const void *rt_funcdata(const Func *f, u8 i);
void rt_unwind_init(Unwinder *u, G *gp);                   /* from gp->sched or syscallpc/sp */
bool rt_unwind_next(Unwinder *u);
/* Live slots of a frame: locals cover [varp-nbit*8, varp), args [argp, argp+nbit*8). */
void rt_frame_maps(const Frame *fr, Ptrmap *locals, Ptrmap *args, const StackObject **objs, u64 *nobjs);

/* The stack of a goroutine that is not running Go code, as return addresses, innermost first; if it is in a C entry, that one's
 * thunk comes first. skip logical frames are left out; also runtime.main and goexit, unless the whole stack is asked for. */
u64 rt_callers(G *gp, uptr *pc, u64 max, u64 skip, bool whole);
uptr rt_thunkbefore(uptr pc);                              /* the entry called just before pc; 0: none */

/* roots: everything off heap that can hold heap pointers, for the collector. */
typedef void (*RootFn)(void *arg, void *ptr);              /* ptr may be NULL or not heap */
typedef void (*RangeFn)(void *arg, uptr lo, uptr hi);      /* scan these words conservatively */
void rt_roots_global(RootFn f, void *arg);                 /* timers, semaphores, poll, hooks */
void rt_roots_g(G *gp, RootFn f, RangeFn range, void *arg);/* g fields, wait records, async registers */

/* chan.c select.c sema.c timer.c netpoll.c signal.c synctest.c sys.c, reached through abi/entries.def */
Hchan *rt_makechan(Type *t, i64 n);
void rt_timer_init(Timer *t);
bool rt_timer_modify(Timer *t, i64 when, i64 period, Funcval *f, Eface arg, uptr seq);
bool rt_timer_stop(Timer *t);
i64 rt_timers_run(Timers *ts, i64 now, i64 *until, bool *ran);    /* those due; returns now */
void rt_timers_chan_block(Hchan *c);
void rt_timers_chan_unblock(Hchan *c);
void rt_timer_maybe_run_chan(Timer *t);
bool rt_timers_async(void);                                /* their channels have the semantics of Go 1.22 */
G *rt_netpoll(i64 ns);                                     /* list through schedlink */
void rt_netpoll_break(void);
bool rt_netpoll_inited(void);
bool rt_netpoll_anywaiters(void);
void rt_signals_init(void);
i64 rt_prof_start(u8 reason);                              /* a wait begins: the time, or 0 if no profile wants it */
void rt_metric_pause(bool gc, i64 stopping, i64 total);    /* ns */
void rt_metric_latency(i64 ns);
void rt_metric_mutexwait(i64 ns);
void rt_prof_blocked(G *gp, i64 ns, u32 skip);             /* gp has waited; skip: rt_callers' */
void rt_prof_contended(G *releaser, i64 ns, u32 skip);
i32 rt_prof_hz(void);
void rt_prof_thread_end(M *mp);
void rt_prof_thread(M *mp);                                /* the running thread: timer as rt_prof_hz says */
void rt_prof_signal(M *mp, uptr pc, uptr sp, uptr bp);
void rt_prof_roots(RootFn f, void *arg);
/* trace.c */
enum TraceStop { TraceStopOther, TraceStopPreempted, TraceStopYield };
extern u32 rt_tracing;          /* changes with the world stopped; a thread without P looks between enter and leave */
extern u32 rt_traceready;       /* the reader is parked and has something to read */
void rt_trace_enter(void);
void rt_trace_leave(void);
void rt_trace_status(G *gp, u32 old, u32 new);             /* between enter and leave */
void rt_trace_steal(P *pp);                                /* between enter and leave */
void rt_trace_proc(P *pp, bool start);
void rt_trace_procs(i32 old);
void rt_trace_stw(const char *why);                        /* NULL: over */
void rt_trace_gc(bool begin);
void rt_trace_heap(void);
void rt_trace_sample(M *mp, const uptr *pc, u64 n);
void rt_trace_thread_end(M *mp);
G *rt_trace_reader(void);
static inline void rt_trace_skip(u32 n) { if (unlikely(rt_tracing)) rt_m()->traceskip = (u8)n; }
u64 rt_heap_live(u64 *goal);
void rt_bubble_status(G *gp, u32 old, u32 new);            /* gp has a bubble */
void rt_bubble_active(Bubble *b, i64 d);
i64 rt_bubble_now(const Bubble *b);
Timers *rt_bubble_timers(Bubble *b);
void rt_bubble_roots(void (*f)(Timers *ts, void *arg), void *arg);
u64 rt_special_bubble(uptr p, u64 id);                     /* id of the bubble p belongs to; id != 0: that one if it had none */
void rt_special_unbubble(uptr p);
void rt_semacquire(u32 *addr);                             /* parks; resume continues the Go caller */
void rt_semrelease(u32 *addr);

/* What the memory owner provides: malloc.c mcache.c mcentral.c mheap.c mark.c sweep.c mfinal.c */
void rt_mallocinit(void);                                  /* before any P */
void rt_mcache_init(P *pp);                                /* P is born */
void rt_mcache_flush(P *pp);                               /* P dies; world stopped */
void *rt_mallocgc(u64 size, Type *typ, bool needzero);     /* from C entries: may collect, never parks */
void *rt_persistentalloc(u64 size, u64 align);             /* zeroed, off heap, for ever */
void *rt_stackspan_alloc(u64 bytes);                       /* multiple of PageSize */
void rt_stackspan_free(void *p, u64 bytes);
void rt_typedmemmove(Type *t, void *dst, const void *src); /* with barriers */
void rt_typedmemclr(Type *t, void *p);
void rt_bulk_barrier(Type *t, void *dst, const void *src); /* before a raw copy of one value */
void rt_wb_store(void **slot, void *val);                  /* *slot = val with barrier */
void rt_wbflush(void);                                     /* drain this P's WbBuf */
void rt_shade(void *p);                                    /* barriers on: p may be anything; the collector must see it */
void rt_copybarrier(Type *t, const void *src);             /* barriers on: *src goes where the collector may have looked already */
bool rt_gc_active(void);                                   /* a cycle is under way */
void rt_gc_yields(G *gp);                                  /* gp's thread, before gp yields: its stack may have to be scanned */
void rt_gc_born(G *gp);                                    /* nobody needs to scan its stack this cycle */
u8 *rt_type_gcmask(Type *t);                               /* honours TFlagGCMaskOnDemand */
bool rt_gc_runnable(void);                                 /* anything for an idle M to do */
void rt_gc_sysmon(i64 now);                                /* called by sysmon: periodic GC, scavenging */
i64 rt_gc_forceperiod(void);                               /* ns without a collection before one is forced */
void rt_gc_forcer(G *gp);                                  /* who collects when it is time */
void rt_gc_main(void);                                     /* after runtime.main began: enable GC */
extern struct RtWriteBarrier { u32 enabled; u32 pad; u64 align; } rt_writebarrier __asm__("runtime.writeBarrier");

/* Linker symbols */
extern Moduledata rt_firstmoduledata __asm__("runtime.firstmoduledata");

#endif
