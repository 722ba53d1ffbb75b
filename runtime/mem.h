/* mem.h: the allocator and the collector, as a table of contents.
 *
 * The heap is one reservation of address space, cut into pages of 8 KB. A span is a run of
 * pages; a table with one entry per page leads from any address to its span. A span in use
 * holds objects of one size class, all with or all without pointers (its span class), or one
 * large object. mcentral keeps the spans of one class that no P holds; each P has an mcache
 * with one span per class and in it a run: consecutive free slots, already zeroed, handed out
 * by moving a pointer. Assembly knows runs (MCacheRun) and does nothing but that.
 *
 * Where the pointers are: spans without pointers are never scanned. Objects of up to 512 bytes
 * have one bit per word in a bitmap at the end of their span's single page. Larger ones carry
 * their type in a word before the object, large objects in their span. Types describe
 * themselves by a mask, repeated when the object is an array of them.
 *
 * Collection marks beside the program, between two short stops of the world: the first turns the
 * write barrier on, the second, when nothing is left to mark, deals with finalizers, cleanups and weak
 * pointers. What is allocated in between is marked from birth: a run, when it is cut. Spans are swept when
 * somebody wants to allocate from them; the mark bits become the allocation bits. All spans are swept
 * before the next cycle. The stack of C frames of the thread that starts a cycle is scanned conservatively,
 * therefore C may hold heap pointers in locals over an allocation. */
#ifndef SEAGO_MEM_H
#define SEAGO_MEM_H

#include "runtime.h"

enum {
	PageShift = 13,
	NumSizeClasses = 68,
	NumSpanClasses = NumSizeClasses * 2,
	MaxSmallSize = 32768,
	MallocHeaderSize = 8,
	BitmapMaxSize = 512,            /* objects up to here have their pointer bits at the end of the page */
	SpanBitmapBytes = PageSize / 64,
	TinySize = 16,
	TinySpanClass = 2 * 2 + 1,
	PrezeroMax = 1024,              /* runs of objects up to this size are zeroed as a whole */
	RunBytes = 4096,                /* a run is this long at most (or one object) */
	MinHeap = 4 << 20,
};
#define HEAP_PAGE(a) (((uptr)(a) - mheap.base) >> PageShift)

typedef struct MSpan MSpan;
typedef struct Special Special;
typedef struct { MSpan *first, *last; } MSpanList;
enum SpanState { SpanDead, SpanFree, SpanInUse, SpanManual };

/* A run of pages. Hot for the marker: the first 64 bytes. */
struct MSpan {
	uptr base;
	u64 elemsize;
	u32 divmagic;           /* offset * divmagic >> 32 = slot; 0 for large objects */
	u32 nelems;
	u8 *markbits;           /* this cycle's reachable slots */
	u8 *allocbits;          /* last cycle's: slots below freeindex or set here are allocated */
	u8 state;               /* enum SpanState */
	u8 spanclass;           /* sizeclass << 1 | noscan */
	u8 needzero;            /* free slots may hold anything */
	u8 cached;              /* held by an mcache */
	u32 freeindex;          /* slots from here are free unless set in allocbits */
	Type *largetype;        /* of a large object with pointers */
	u64 largesize;          /* bytes of it that largetype describes */
	u64 npages;
	u32 sweepgen;           /* heap's - 2: to be swept, - 1: being swept, equal: swept; guarded by mcentral's lock */
	u32 alloccount;
	MSpan *next, *prev;     /* in list */
	MSpanList *list;
	Special *specials;      /* sorted by offset, then kind; guarded by speciallock */
	MSpan *nextspecial;     /* spans that have specials */
	Mutex speciallock;
	bool inspecials;
	u8 bitsorder;
	u32 stackfree;          /* stack spans: free pieces */
	u8 *checkbits;          /* gccheck: what concurrent marking found */
};

/* What a P allocates from without a lock; 32 bytes, known to assembly. */
typedef struct {
	uptr bump, limit;       /* free slots, zeroed if elemsize <= PrezeroMax */
	MSpan *span;
	u64 elemsize;
} MCacheRun;

typedef struct MCache MCache;
struct MCache {
	MCacheRun run[NumSpanClasses];
	uptr tiny;              /* block that small pointer-free objects share */
	u64 tinyoffset;
	u64 tinyallocs;
	i64 livedelta;          /* bytes not yet in mheap.live */
	i64 black;              /* bytes of runs cut while marking */
	u64 debt;               /* bytes allocated while marking for which nobody has marked yet */
	u64 nmalloc[NumSizeClasses];
	u64 largebytes, nlarge;
	i64 memrate;            /* MemProfileRate as of left; -1: never looked */
	bool sampled;           /* the object about to be handed out goes into the profile */
	u64 left[NumSpanClasses];       /* bytes of the class until the next sample, what its run holds counted; [0]: large objects */
	u64 stressn;
	MCache *all;
	bool used;
};

typedef struct {
	Mutex lock;
	MSpanList partial[2], full[2];  /* [sweepgen / 2 & 1] holds swept ones */
} MCentral;

enum SpecialKind { SpecialFinalizer = 1, SpecialWeak, SpecialCleanup, SpecialProfile, SpecialBubble };

/* Something attached to an address inside an object; lives off the heap. */
struct Special {
	Special *next;
	u64 offset;             /* from the span's base */
	u8 kind;
	void *fn;               /* finalizer or cleanup closure: root. Weak: the handle, root. Profile: its bucket */
	Type *fint, *ot;        /* finalizer: type of its parameter, type of the object pointer */
	u64 nret;               /* finalizer: bytes of results; cleanup: its id; profile: size; bubble: its id */
};

enum { NumExactBins = 128, NumBins = NumExactBins + 8 * 24 };

typedef struct {
	Mutex lock;             /* page allocation, fields up to pagesinuse */
	uptr base, limit;       /* the reservation */
	uptr used;              /* [base, used) is committed */
	MSpan **spans;          /* page -> span; NULL inside free runs */
	u64 *dirty;             /* page -> may hold something other than zero: has memory behind it */
	MSpanList bin[NumBins];
	u64 binmap[(NumBins + 63) / 64];
	MSpan *freespans;       /* unused MSpan records */
	MSpan **all;            /* every record ever made */
	u64 nall, capall;
	u8 *bitspool[5];        /* unused bitmaps of 8 << i bytes */
	u64 pagesinuse, pagesmanual, pagesreleased;
	MCentral central[NumSpanClasses];
	u32 sweepgen;           /* changes with the world stopped */
	u32 sweepdone;          /* atomic */
	u64 sweepcursor;        /* atomic, index into all */
	Mutex cachelock;
	MCache *caches;
	Mutex speciallock;
	MSpan *specialspans;
	Special *freespecials;
	/* accounting; atomic unless the world is stopped */
	u64 live;               /* bytes allocated or not yet swept */
	u64 marked;             /* live at the end of the last mark */
	u64 trigger;
	u64 goal;
	u64 nmalloc[NumSizeClasses], nfree[NumSizeClasses];
	u64 largebytes, nlarge, largefreebytes, nlargefree;
	u64 tinyallocs;
	u64 metabytes;
	u64 stackinuse;
	/* policy */
	i32 gcpercent;
	i64 memlimit;
	bool enabled;
	u32 phase;              /* enum GcPhase; changes with the world stopped */
	u8 parity;              /* G.scanned of goroutines that this cycle has seen */
	u8 mode;                /* enum GcMode */
	u8 stress;              /* gcstress=3: begin again as soon as possible */
	u8 check;               /* gccheck=1 */
	u64 black;              /* bytes allocated marked */
	u64 numgc, numforced;
	i64 gccpu[3];           /* ns of marking: those who allocate, dedicated, idle processors */
	u64 pausetotal, pausens[256], pauseend[256], lastgc;
	i64 lastgcmono;
} MHeap;
extern MHeap mheap;
u64 os_sigmask(i32 how, u64 mask);

extern const u16 rt_class_size[NumSizeClasses];
extern u8 rt_size_class8[129];          /* (size + 7) / 8 -> class, size <= 1024 */
extern u8 rt_size_class128[250];        /* (size - 1024 + 127) / 128 -> class */
extern u64 rt_zerobase __asm__("runtime.zerobase");

/* sizeclass.c */
void sizeclass_init(void);
u32 sizeclass_of(u64 size);             /* size <= MaxSmallSize */
u64 sizeclass_roundup(u64 size, bool noscan);
u32 sizeclass_pages(u32 class);

/* mheap.c */
void mheap_init(void);
MSpan *mheap_alloc(u64 npages, u32 spanclass, u8 state);
void mheap_free(MSpan *s);
void mspan_list_push(MSpanList *l, MSpan *s);
void mspan_list_remove(MSpan *s);       /* from the list it is in */
u64 mheap_scavenge(u64 keep);           /* return free pages to the system down to keep bytes; bytes returned */
u8 *mheap_bits_alloc(u32 nelems, u8 *order);
void mheap_bits_free(u8 *b, u8 order);

static inline MSpan *mheap_span_of(uptr p)
{
	uptr off = p - mheap.base;
	if (off >= mheap.used - mheap.base)
		return NULL;
	MSpan *s = mheap.spans[off >> PageShift];
	return s && s->state == SpanInUse ? s : NULL;
}

static inline u32 mspan_index(const MSpan *s, uptr p)
{
	return (u32)(((p - s->base) * s->divmagic) >> 32);
}

static inline bool mspan_isfree(const MSpan *s, u32 i)
{
	return i >= s->freeindex && !(s->allocbits[i >> 3] >> (i & 7) & 1);
}

static inline bool mspan_noscan(const MSpan *s)
{
	return s->spanclass & 1;
}

static inline bool mspan_hasbitmap(const MSpan *s)
{
	return !(s->spanclass & 1) && s->elemsize <= BitmapMaxSize;
}

static inline bool mspan_hasheader(const MSpan *s)
{
	return !(s->spanclass & 1) && s->elemsize > BitmapMaxSize && s->spanclass >= 2;
}

/* The object p points into: its slot, or NULL. *start is the first byte of the slot. */
MSpan *mheap_find_object(uptr p, uptr *start, u32 *index);
/* First byte of the object a Go pointer can have: behind the header, if there is one. */
uptr mheap_object_base(uptr p);

/* mcentral.c */
MSpan *mcentral_get(u32 spanclass);
void mcentral_put(MSpan *s);

/* mcache.c */
MCache *mcache_new(void);
void mcache_release(MCache *c);         /* give all spans back */
bool mcache_refill(MCache *c, u32 spanclass);   /* a new run; false: out of memory */
void mcache_flush_all(void);            /* world stopped: counters exact, spans back in mcentral */
#ifdef MEM_HOSTED       /* test/unit/test_malloc.c: threads instead of Ps */
MCache *mcache_current(void);
M *test_m(void);
#define rt_m() test_m()
#define rt_p() (test_m()->p)
#define rt_curg() (test_m()->curg)
#else
static inline MCache *mcache_current(void)
{
	return rt_p()->mcache;
}
#endif

/* malloc.c */
void *mem_alloc(MCache *c, u64 size, Type *typ, bool needzero);

/* mbitmap.c */
void heapbits_write(uptr obj, u64 elemsize, u64 size, Type *typ);

/* mark.c */
typedef struct Marker Marker;
typedef struct WorkBuf { struct WorkBuf *next; u64 n; u64 obj[1022]; } WorkBuf;
enum { MarkRing = 8 };
typedef struct { uptr addr; const StackObject *obj; bool done; } StackObj;

/* What marks: a worker thread, a P, whoever has stopped the world. One thread at a time. */
struct Marker {
	WorkBuf *buf;
	u64 ring[MarkRing];     /* taken from buf, their memory on its way */
	u32 ringhead, ringtail;
	u64 bytes, objects;     /* marked, not yet in gcwork's sums */
	u64 scanned;            /* bytes looked at, ever: the unit of work */
	u64 stackbytes, badptr;
	u64 item;               /* being scanned, for gccheck's message */
	/* the goroutine stack being scanned: objects of its frames, pointers to them not yet followed */
	uptr stacklo, stackhi;
	const Frame *frame;
	StackObj *obj;
	u64 nobj, capobj;
	uptr *ptr;
	u64 nptr, capptr;
};
void gc_mark(Marker *w, uptr p);                 /* p: exact pointer or anything that is not heap */
void gc_mark_conservative(Marker *w, uptr p);    /* p: any word */
void gc_mark_range(Marker *w, uptr lo, uptr hi); /* conservatively */
void gc_mark_block(Marker *w, uptr base, u64 ptrbytes, const u8 *mask);
void gc_scan_object(Marker *w, uptr p);          /* what the object p is in refers to, not itself */
bool gc_drain(Marker *w, u64 amount);            /* scan about so many bytes; false: found nothing more to do */
void gc_marker_init(Marker *w);
Marker *gc_marker_of(P *pp);                     /* pp's, for the thread that holds it */
bool gc_publish(Marker *w);                      /* let others have what w holds; true: it held something */
bool gc_work_waits(void);                        /* published and not taken */
extern u32 gc_hungry;                            /* atomic: markers looking for work */

/* gcstack.c */
bool gc_scan_goroutine(Marker *w, G *gp);        /* false: it runs; ask it to yield, then it scans itself */
void gc_scan_system_stack(Marker *w);            /* C frames of this thread, outside of a goroutine */
extern bool gc_shrinks;                          /* stacks that are too large are halved */
extern bool gc_asked;                            /* by runtime.GC: no C function below us holds pointers, only what earlier ones left behind */

/* gcwork.c: who marks what, and when */
void gc_prepare_work(void);                      /* world stopped: all roots are to be looked at */
bool gc_step(Marker *w, u64 amount);             /* a root or about amount bytes; false: nothing to do at the moment */
bool gc_settle(Marker *w, i64 ns);               /* world stopped: mark until nothing is left, or for so long (0: to the end); true: done */
void gc_wake_workers(void);
void gc_start_workers(void);
void gc_assist(MCache *c);                       /* mark in return for c->debt */
void gc_flush_p(P *pp);                          /* what its barriers recorded goes to the markers */
typedef struct { u64 bytes, scanned, stackbytes; i64 assist, dedicated, idle; } GcSums;
extern GcSums gcsums;                            /* of this cycle; atomic */

/* gcpace.c: when to begin, how much a mutator must help */
u64 gc_globals_bytes(void);
void gc_pace_begin(u64 live);                    /* world stopped */
void gc_pace_end(u64 allocated, i64 ns);         /* allocated during the mark, which took ns of somebody's time */
void gc_pace_revise(void);
u64 gc_pace_owed(u64 bytes);                     /* work for bytes allocated, after what workers have done in advance */
void gc_pace_credit(u64 scanned);
i64 gc_pace_expected(void);                      /* ns that marking took last time */

/* gccheck.c */
void gc_check_marks(Marker *w);                  /* world stopped, marked: mark anew and compare */
extern bool gc_checking;
void gc_check_object(Marker *w, MSpan *s, u32 i);

/* sweep.c */
bool sweep_span(MSpan *s);               /* s is claimed; true: it went back to the heap */
bool sweep_one(void);                    /* false: nothing left */
void sweep_finish(void);
void sweep_start(void);                  /* world stopped, after mark */

/* gc.c */
enum GcPhase { GcOff, GcMark };
enum GcMode { GcConcurrent, GcStopped, GcIncremental };   /* marking: by threads beside the program; with the world stopped; by those who allocate */
bool gc_try_collect(bool whole);         /* begin a cycle, whole: and end it; false: somebody else stops the world, or we may not */
bool gc_try_finish(Marker *w, i64 ns);   /* stop the world and end the cycle, if that takes no more than ns (0: whatever it takes) */
void gc_update_goal(void);
void gc_read_environment(void);
static inline bool gc_marking(void)
{
	return aloadrelaxed(&mheap.phase) == GcMark;
}
static inline bool gc_wanted(void)
{
	return aloadrelaxed(&mheap.live) >= aloadrelaxed(&mheap.trigger) && mheap.enabled;
}
typedef struct { i64 begin, mark, end, done; u64 live0, live1, goal; i64 pause1, pause2; } GcTimes;
void gc_mark_hooks(Marker *w);            /* what Go code registered with the collector */
void gc_trace(const GcTimes *t, bool forced);
void mem_verify(void);                   /* walk all spans, throw on anything odd */

/* wbcheck.c */
void wbcheck_init(void);
void wbcheck_note(const uptr *v, u64 n);
void wbcheck_heap(void);

/* mfinal.c */
bool special_add(uptr p, Special sp);    /* false: there is one of this kind already */
bool special_remove(uptr p, u8 kind, u64 id, Special *out);
void special_mark_roots(Marker *w, MSpan *s);
void special_finish_mark(Marker *w);     /* after mark: queue finalizers and cleanups, clear weak handles */
void finq_mark_roots(Marker *w);
void mfinal_wake(void);                  /* world running again */

/* mprof.c */
enum { ProfMem, ProfBlock, ProfMutex, ProfKinds };
void mprof_sample(MCache *c, uptr p, u64 size);
i64 mprof_rate(void);
void mprof_setrate(MCache *c, i64 rate);
u32 mprof_cut(MCache *c, u32 spanclass, u64 size, u32 n);       /* how many of n objects make a run that starts or ends at a sample */
void mprof_freed(void *bucket);
void mprof_publish(void);
void mprof_visit(void (*f)(void *arg, void *bucket, u64 size, u64 allocs, u64 frees, const uptr *stk, u64 n), void *arg);
void fin_queued(void (*f)(void *arg, void *fn, void *obj, void *fint, void *ot), void *arg);
void mem_ptrwords(uptr p, u8 *out, u64 n);
void *mprof_buckets(u64 kind);
void mprof_blockevent(i64 ns, i64 skip);
void mprof_setblockrate(i64 rate);
i64 mprof_setmutexrate(i64 rate);

/* Entries of abi/entries-mem.def. */
u64 mem_newobject(Type *typ);
u64 mem_mallocgc(u64 size, Type *typ, u64 needzero);
u64 mem_inheap(uptr p);
void mem_bulkbarrier(uptr dst, uptr src, u64 size, Type *typ);
void mem_bulkbarriersrc(uptr dst, uptr src, u64 size, Type *typ);
Pair mem_findobject(uptr p);
u64 mem_readstats(void *ms);
u64 metrics_read(void *m);
u64 mem_classsize(u64 class);
void gc_scan_sizes(u64 *heap, u64 *stack, u64 *globals);  /* what the last cycle had to look at */
void fin_counts(u64 n[4]);              /* finalizers, cleanups: queued, executed */
u64 gc_run(void);
void gc_forced_wait(void);
u64 gc_setpercent(i64 percent);
u64 gc_setlimit(i64 limit);
void gc_scavenge_all(void);
void gc_register_poolcleanup(Funcval *f);
void gc_register_cache(void **p);
void mem_ptrwords(uptr p, u8 *out, u64 n);
u64 finq_next(u64 kind, void *out);
void finq_done(u64 kind);
u64 finq_pending(u64 kind);
u64 fin_add(uptr p, void *fn, u64 nret, Type *fint, Type *ot);
void fin_remove(uptr p);
u64 cleanup_add(uptr p, void *fn);
void cleanup_remove(uptr p, u64 id);
u64 weak_register(uptr p);
u64 weak_strong(u64 *h);

static inline u32 bits_count(u64 x)
{
	x -= x >> 1 & 0x5555555555555555;
	x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return x * 0x0101010101010101 >> 56;
}

static inline void mem_zero(void *p, u64 n)
{
	u64 *q = p;
	if (n < 256) {
		for (; n >= 8; n -= 8)
			*q++ = 0;
	} else {
		u64 words = n >> 3;
		__asm__ volatile("rep stosq" : "+D"(q), "+c"(words) : "a"(0) : "memory");
		n &= 7;
	}
	for (u8 *b = (u8 *)q; n; n--)
		*b++ = 0;
}

#endif
