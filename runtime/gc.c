/* gc.c: the collection cycle and when it happens.
 * Sweep what is left, stop the world, give all spans back to mcentral, mark from the roots, settle
 * specials, turn mark bits around, start the world. The goal for the next cycle is the live heap
 * plus GOGC percent of heap, stacks and globals, held below the memory limit. */
#include "mem.h"

typedef struct { uptr addr; const StackObject *obj; bool done; } StackObj;

/* Scan of one goroutine stack: objects of its frames and the pointers to them not yet followed. */
typedef struct {
	Marker *w;
	uptr lo, hi;
	StackObj *obj;
	u64 nobj, capobj;
	uptr *ptr;
	u64 nptr, capptr;
	u64 bytes;
} StackScan;

enum { ParallelMin = 8 << 20 };   /* waking helpers pays for heaps above this */
static StackScan scan;          /* the collector's; the world is stopped */
static u64 stackbytes;
static bool shrinkstacks;       /* unless GODEBUG=gcshrinkstackoff=1 */
static bool asked;              /* by runtime.GC: no C function below us holds pointers, only what earlier ones left behind */
static Funcval *poolcleanup;
static void **cache[8];         /* words that a collection clears; only package bcache has some */
static u32 ncache;
static int gctrace = -1;

static void *grow_array(void *old, u64 n, u64 *cap, u64 elem)
{
	u64 more = *cap ? *cap * 2 : 32768 / elem;
	void *p = os_mmap(NULL, more * elem, 3, 0x22);
	if (!p)
		rt_fatal("runtime: cannot allocate memory");
	if (old) {
		memcpy(p, old, n * elem);
		os_munmap(old, *cap * elem);
	}
	*cap = more;
	return p;
}

static void stack_word(StackScan *sc, uptr p, bool conservative)
{
	if (p >= sc->lo && p < sc->hi) {
		if (sc->nptr == sc->capptr)
			sc->ptr = grow_array(sc->ptr, sc->nptr, &sc->capptr, sizeof *sc->ptr);
		sc->ptr[sc->nptr++] = p;
	} else if (conservative) {
		gc_mark_conservative(sc->w, p);
	} else if (p) {
		gc_mark(sc->w, p);
	}
}

static void stack_bits(StackScan *sc, uptr base, u64 n, const u8 *bits, bool conservative)
{
	for (u64 i = 0; i < n; i++)
		if (!bits || bits[i >> 3] >> (i & 7) & 1)
			stack_word(sc, ((uptr *)base)[i], conservative);
}

static void scan_frame(StackScan *sc, Unwinder *u)
{
	Frame *fr = &u->fr;
	if (u->gp->asyncsafepoint && fr->innermost) {
		uptr end = fr->varp > fr->sp ? fr->varp : fr->fp;
		stack_bits(sc, fr->sp, (end - fr->sp) >> 3, NULL, true);
	} else if (!fr->continpc) {
		return;
	} else if (!fr->f) {            /* assembly of ours: no maps but for arguments, arguments of others inside */
		stack_bits(sc, fr->sp, (fr->fp - fr->sp) >> 3, NULL, true);
	}
	Ptrmap locals = {0}, args = {0};
	const StackObject *objs = NULL;
	u64 nobjs = 0;
	rt_frame_maps(fr, &locals, &args, &objs, &nobjs);
	bool maps = !(u->gp->asyncsafepoint && fr->innermost);
	if (maps && locals.nbit > 0)
		stack_bits(sc, fr->varp - locals.nbit * 8ul, locals.nbit, locals.bits, false);
	if (args.nbit > 0)
		stack_bits(sc, fr->argp, args.nbit, maps ? args.bits : NULL, !maps);
	for (u64 i = 0; i < nobjs; i++) {
		uptr at = (objs[i].off < 0 ? fr->varp : fr->argp) + (i64)objs[i].off;
		if (at < fr->sp)
			continue;       /* in the prologue: the frame is not there yet */
		if (sc->nobj == sc->capobj)
			sc->obj = grow_array(sc->obj, sc->nobj, &sc->capobj, sizeof *sc->obj);
		sc->obj[sc->nobj++] = (StackObj){ at, &objs[i], false };
	}
}

/* Frames come innermost first, so the objects are nearly sorted. */
static void sort_objects(StackScan *sc)
{
	for (u64 i = 1; i < sc->nobj; i++) {
		StackObj o = sc->obj[i];
		u64 j = i;
		for (; j && sc->obj[j - 1].addr > o.addr; j--)
			sc->obj[j] = sc->obj[j - 1];
		sc->obj[j] = o;
	}
}

static StackObj *find_object(StackScan *sc, uptr p)
{
	u64 lo = 0, hi = sc->nobj;
	while (lo < hi) {
		u64 mid = (lo + hi) / 2;
		if (sc->obj[mid].addr <= p)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	StackObj *o = &sc->obj[lo - 1];
	return p < o->addr + (u32)o->obj->size ? o : NULL;
}

static void follow_objects(StackScan *sc)
{
	sort_objects(sc);
	while (sc->nptr) {
		StackObj *o = find_object(sc, sc->ptr[--sc->nptr]);
		if (!o || o->done)
			continue;
		o->done = true;
		const u8 *mask = (const u8 *)rt_firstmoduledata.rodata + o->obj->gcdataoff;
		stack_bits(sc, o->addr, (u32)o->obj->ptrbytes >> 3, mask, false);
	}
}

static void root_ptr(void *arg, void *p)
{
	stack_word(arg, (uptr)p, true);   /* some of them are plain words */
}

static void root_range(void *arg, uptr lo, uptr hi)
{
	for (uptr p = lo; p + 8 <= hi; p += 8)
		stack_word(arg, *(uptr *)p, true);
}

/* C frames below us and registers they saved: heap pointers, and pointers to objects of the
 * goroutine stack that only the C function it called still knows. */
static __attribute__((noinline)) void scan_own_stack(StackScan *sc)
{
	uptr regs[6];
	__asm__ volatile("movq %%rbx,0(%0); movq %%rbp,8(%0); movq %%r12,16(%0);"
		"movq %%r13,24(%0); movq %%r14,32(%0); movq %%r15,40(%0)" : : "r"(regs) : "memory");
	root_range(sc, (uptr)regs, rt_m()->systop);
}

static i64 cyclestart;

static void scan_goroutine(G *gp, void *arg)
{
	u32 st = rt_gstatus(gp);
	if (st == GDead || st == GIdle || st == GDeadextra)
		return;
	if ((st == GWaiting || st == GSyscall) && gp->waitsince == 0)
		gp->waitsince = cyclestart;     /* tracebacks say how long */
	StackScan *sc = arg;
	sc->lo = gp->stack.lo;
	sc->hi = gp->stack.hi;
	sc->nobj = sc->nptr = 0;
	Unwinder u;
	rt_unwind_init(&u, gp);
	if (!u.done)
		stackbytes += gp->stack.hi - u.fr.sp;
	for (; !u.done; rt_unwind_next(&u))
		scan_frame(sc, &u);
	rt_roots_g(gp, root_ptr, root_range, sc);
	if (gp == rt_curg() && !asked)
		scan_own_stack(sc);
	follow_objects(sc);
	if (shrinkstacks && gp != rt_curg())
		rt_stack_shrink(gp);
}

static void global_ptr(void *arg, void *p)
{
	gc_mark(arg, (uptr)p);
}

static u64 globals_bytes(void)
{
	u64 n = 0;
	for (Moduledata *md = &rt_firstmoduledata; md; md = md->next)
		n += md->edata - md->data + md->ebss - md->bss;
	return n;
}

void gc_scan_sizes(u64 *heap, u64 *stack, u64 *globals)
{
	*heap = mheap.marked;
	*stack = stackbytes;
	*globals = globals_bytes();
}

void gc_mark_roots(Marker *w)
{
	for (Moduledata *md = &rt_firstmoduledata; md; md = md->next) {
		gc_mark_block(w, md->data, (u64)md->gcdatamask.n * 8, md->gcdatamask.bytedata);
		gc_mark_block(w, md->bss, (u64)md->gcbssmask.n * 8, md->gcbssmask.bytedata);
	}
	rt_roots_global(global_ptr, w);
	gc_mark(w, (uptr)poolcleanup);
	special_mark_roots(w);
	finq_mark_roots(w);
	scan.w = w;
	stackbytes = 0;
	rt_foreach_g(scan_goroutine, &scan);
	if (!rt_curg()) {       /* the scheduler itself allocated */
		scan.lo = scan.hi = 0;
		scan_own_stack(&scan);
	}
	u32 helpers = sched.gomaxprocs > 1 && mheap.live > ParallelMin ? sched.gomaxprocs - 1 : 0;
	gc_drain_parallel(w, helpers);
}

static u64 saturated_add(u64 a, u64 b)
{
	return a + b < a ? ~0ul : a + b;
}

void gc_update_goal(void)
{
	u64 goal = ~0ul;
	if (mheap.gcpercent >= 0) {
		u64 base = mheap.marked + stackbytes + (mheap.numgc ? globals_bytes() : 0);
		u64 extra = base / 100 * mheap.gcpercent + base % 100 * mheap.gcpercent / 100;
		goal = saturated_add(mheap.marked, extra);
		u64 min = (u64)MinHeap * mheap.gcpercent / 100;
		if (goal < min)
			goal = min;
	}
	if (mheap.memlimit != INT64_MAX) {
		u64 other = mheap.metabytes + mheap.stackinuse, limit = mheap.memlimit;
		u64 room = limit > other ? limit - other : 0;
		room -= room / 32;
		u64 least = mheap.marked + mheap.marked / 16 + (64 << 10);  /* never collect without end */
		if (room < least)
			room = least;
		if (goal > room)
			goal = room;
	}
	mheap.goal = goal;
	astore(&mheap.trigger, goal);
}

static void print_ms(u64 ns)
{
	if (ns >= 10000000) {
		rt_printf("%d", ns / 1000000);
		return;
	}
	u64 us = ns / 1000;
	if (!us)
		rt_printf("0");
	else if (us >= 1000)
		rt_printf("%d.%d", us / 1000, us % 1000 / 100);
	else
		rt_printf("0.%d%d%d", us / 100, us / 10 % 10, us % 10);
}

static void trace(i64 t0, i64 t1, i64 t2, i64 t3, u64 heap0, u64 heap1, u64 goal, bool forced)
{
	u64 ms = (t0 - sched.starttime) / 1000000;
	u64 total = t3 - sched.starttime;
	rt_printf("gc %d @%d.%d%d%ds %d%s: ", mheap.numgc, ms / 1000, ms / 100 % 10, ms / 10 % 10, ms % 10,
		total ? mheap.pausetotal * 100 / total : 0, "%");
	u64 part[3] = { t1 - t0, t2 - t1, t3 - t2 };
	for (u32 i = 0; i < 3; i++) {
		rt_printf(i ? "+" : "");
		print_ms(part[i]);
	}
	rt_printf(" ms clock, ");
	print_ms(part[0] * (u64)sched.gomaxprocs);
	rt_printf("+0/");
	print_ms(part[1]);
	rt_printf("/0+");
	print_ms(part[2] * sched.gomaxprocs);
	rt_printf(" ms cpu, %d->%d->%d MB, %d MB goal, %d MB stacks, %d MB globals, %d P%s\n", heap0 >> 20, heap1 >> 20,
		mheap.marked >> 20, goal >> 20, stackbytes >> 20, globals_bytes() >> 20, (i64)sched.gomaxprocs,
		forced ? " (forced)" : "");
}

static void read_godebug(void)
{
	gctrace = (i32)rt_godebug("gctrace", 0);
}

/* One cycle; the world is stopped and we hold a P. */
static void collect(bool forced)
{
	i64 t0 = cyclestart = os_nanotime();
	if (poolcleanup)
		rt_callgoclosure(poolcleanup, 0, 0, 0, 0);
	for (u32 i = 0; i < ncache; i++)
		astore(cache[i], NULL);
	mcache_flush_all();
	sweep_finish();
	u64 heap0 = mheap.live, goal = mheap.goal;
	if (rt_debugvars.memcheck)
		mem_verify();
	i64 t1 = os_nanotime();
	Marker w;
	gc_marker_init(&w);
	gc_mark_roots(&w);
	wbcheck_heap();
	special_finish_mark(&w);
	mprof_publish();
	gc_marker_done(&w);
	i64 t2 = os_nanotime();
	sweep_start();
	rt_stack_collect();
	mheap.marked = w.bytes;
	mheap.live = w.bytes;
	mheap.numgc++;
	mheap.numforced += forced;
	gc_update_goal();
	i64 sec;
	i32 nsec;
	os_walltime(&sec, &nsec);
	i64 t3 = os_nanotime();
	u32 at = (mheap.numgc + 255) % 256;
	mheap.lastgc = sec * 1000000000 + nsec;
	mheap.lastgcmono = t3;
	mheap.pausens[at] = t3 - t0;
	mheap.pauseend[at] = mheap.lastgc;
	mheap.pausetotal += t3 - t0;
	if (gctrace < 0)
		read_godebug();
	if (gctrace > 0)
		trace(t0, t1, t2, t3, heap0, heap0, goal, forced);
	if (mheap.memlimit != INT64_MAX || !forced)
		mheap_scavenge(mheap.goal == ~0ul ? 1ul << 40 : (mheap.goal - mheap.marked) + mheap.goal / 10);
}

static bool try_collect(bool force, bool byuser)
{
	M *mp = rt_m();
	if (!mp->p || mp->mallocing || mp->dying || mp->locks || (!mheap.enabled && !force))
		return false;
	if (!force && !gc_wanted() && !rt_debugvars.gcstress)
		return false;
	if (rt_debugvars.gcstress && !mheap.enabled)
		return false;
	mp->mallocing = 1;
	bool ours = rt_try_stop_the_world("GC");
	if (ours) {
		asked = byuser;
		if (force || gc_wanted()) {
			if (unlikely(rt_tracing))
				rt_trace_gc(true);
			collect(force);
			if (unlikely(rt_tracing))
				rt_trace_gc(false);
		}
		rt_start_the_world();
	}
	mp->mallocing = 0;
	if (ours)
		mfinal_wake();
	return ours;
}

bool gc_try_collect(bool force)
{
	return try_collect(force, false);
}

/* Every span consistent with itself; the world is stopped and nothing is left to sweep. */
void mem_verify(void)
{
	for (u64 i = 0; i < mheap.nall; i++) {
		MSpan *s = mheap.all[i];
		if (s->state != SpanInUse)
			continue;
		u32 used = 0;
		for (u32 k = 0; k < s->nelems; k++)
			used += !mspan_isfree(s, k);
		bool bad = used != s->alloccount || s->freeindex > s->nelems || s->sweepgen != mheap.sweepgen || s->cached;
		bad |= mheap.spans[HEAP_PAGE(s->base)] != s || mheap.spans[HEAP_PAGE(s->base) + s->npages - 1] != s;
		if (mspan_hasheader(s))
			for (u32 k = 0; k < s->nelems; k++) {
				Type *t = *(Type **)(s->base + k * s->elemsize);
				bad |= !mspan_isfree(s, k) && (!t || !t->ptrbytes || t->ptrbytes > t->size);
			}
		if (bad) {
			rt_printf("runtime: span %p elemsize %d nelems %d alloccount %d used %d freeindex %d sweepgen %d/%d\n", s->base,
				s->elemsize, (u64)s->nelems, (u64)s->alloccount, (u64)used, (u64)s->freeindex, (u64)s->sweepgen,
				(u64)mheap.sweepgen);
			rt_throw("heap is inconsistent");
		}
	}
}

/* Marking has its own threads and sweeping is done by those who allocate. */
bool rt_gc_runnable(void)
{
	return false;
}

/* "off", or a number with one of the given units; -1 if it is neither. */
static i64 parse_setting(const char *s, const char *const *units)
{
	if (s[0] == 'o' && s[1] == 'f' && s[2] == 'f' && !s[3])
		return -2;
	i64 v = 0;
	u32 digits = 0;
	for (; *s >= '0' && *s <= '9'; s++, digits++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *s - '0', &v))
			return -1;
	for (u32 k = 0; digits && units[k]; k++) {
		u32 i = 0;
		while (units[k][i] && units[k][i] == s[i])
			i++;
		if (!units[k][i] && !s[i] && v <= INT64_MAX >> (k > 1 ? (k - 1) * 10 : 0))
			return v << (k > 1 ? (k - 1) * 10 : 0);
	}
	return -1;
}

/* GOGC and GOMEMLIMIT. */
void gc_read_environment(void)
{
	static const char *const plain[] = { "", NULL }, *const bytes[] = { "", "B", "KiB", "MiB", "GiB", "TiB", NULL };
	const char *s = rt_getenv("GOGC");
	i64 v = s ? parse_setting(s, plain) : -1;
	if (v == -2)
		mheap.gcpercent = -1;
	else if (v >= 0 && v <= INT32_MAX)
		mheap.gcpercent = v;
	s = rt_getenv("GOMEMLIMIT");
	v = s && *s ? parse_setting(s, bytes) : -2;
	if (v == -1) {
		rt_printf("GOMEMLIMIT=%s\n", s);
		rt_fatal("malformed GOMEMLIMIT; see `go doc runtime/debug.SetMemoryLimit`");
	}
	if (v >= 0)
		mheap.memlimit = v;
}

static i64 forceperiod = 120ll * 1000000000;

i64 rt_gc_forceperiod(void)
{
	return forceperiod;
}

void rt_gc_main(void)
{
	mheap.enabled = true;
	shrinkstacks = rt_godebug("gcshrinkstackoff", 0) == 0;
	forceperiod = rt_debug("forcegcms", 120000) * 1000000;
	mheap.lastgcmono = os_nanotime();
}

/* ---- the goroutine that collects when nothing has for two minutes, so that finalizers run and memory goes back ---- */
static G *forcer;               /* atomic: parked in gc_forced_wait */

static bool forcer_waits(G *gp, void *arg UNUSED)
{
	astore(&forcer, gp);
	return true;
}

void rt_gc_forcer(G *gp)
{
	astore(&forcer, gp);
}

void gc_forced_wait(void)
{
	rt_park(forcer_waits, NULL, WaitForceGCIdle);
}

/* Now and then from a thread without P: a collection that is overdue, memory nobody wants back. */
void rt_gc_sysmon(i64 now)
{
	static i64 last;
	if (mheap.enabled && mheap.gcpercent >= 0 && now - mheap.lastgcmono > forceperiod) {
		G *gp = axchg(&forcer, (G *)NULL);
		if (gp)
			rt_ready(gp);
	}
	if (now - last < 1000000000)
		return;
	last = now;
	if (mheap.goal != ~0ul && now - mheap.lastgcmono > 2000000000)
		mheap_scavenge(mheap.goal / 10);
}

/* ---- as Go calls them ---- */

/* cgc() bool: a whole cycle, swept to the end; false: the world was being stopped, try again. */
u64 gc_run(void)
{
	if (!try_collect(true, true))
		return 0;
	sweep_finish();
	return 1;
}

u64 gc_setpercent(i64 percent)
{
	i32 old = mheap.gcpercent;
	mheap.gcpercent = (i32)percent < 0 ? -1 : (i32)percent;
	gc_update_goal();
	return (u64)(i64)old;
}

u64 gc_setlimit(i64 limit)
{
	i64 old = mheap.memlimit;
	if (limit >= 0) {
		mheap.memlimit = limit;
		gc_update_goal();
	}
	return old;
}

/* cscavenge(): free pages go back to the system now. */
void gc_scavenge_all(void)
{
	sweep_finish();
	mheap_scavenge(0);
}

void gc_register_poolcleanup(Funcval *f)
{
	poolcleanup = f;
}

void gc_register_cache(void **p)
{
	if (ncache == nelem(cache))
		rt_throw("too many registered caches");
	cache[ncache++] = p;
}
