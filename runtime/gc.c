/* gc.c: the collection cycle and when it happens.
 *
 * begin: sweep what is left, stop the world, give all spans back to mcentral, turn the write barrier on. From here on new
 * objects are born marked. Marking then goes on beside the program (gcwork.c). end: the world is stopped and nothing is left to mark: settle
 * specials, turn mark bits around, barrier off. A cycle that is likely to be short, or must be over when the caller goes on, is begun
 * and ended in one stop. The phase changes only while the world is stopped. */
#include "mem.h"

enum { ShortNs = 150000 };      /* a mark that takes no longer is done in the first stop */
static Funcval *poolcleanup;
static void **cache[8];         /* words that a collection clears; only package bcache has some */
static u32 ncache;

static struct {
	GcTimes t;
	bool forced;
	u32 begun;              /* cycles; changes with the world stopped */
	u32 ended;              /* of them; atomic */
	u32 active;             /* atomic: those by which somebody may still be woken */
	u8 barriers;            /* always on, for a hostile mode */
} cycle;

static struct { Mutex lock; G *first; } waiters;       /* parked in runtime.GC and SetGCPercent */

/* ---- one cycle; the world is stopped ---- */
/* We hold a P. */
static void begin(bool forced)
{
	GcTimes *t = &cycle.t;
	*t = (GcTimes){ .begin = os_nanotime() };
	cycle.forced = forced;
	if (poolcleanup)
		rt_callgoclosure(poolcleanup, 0, 0, 0, 0);
	for (u32 i = 0; i < ncache; i++)
		astore(cache[i], NULL);
	mcache_flush_all();
	sweep_finish();
	if (rt_debugvars.memcheck)
		mem_verify();
	t->live0 = mheap.live;
	t->goal = mheap.goal;
	mheap.parity ^= 1;
	mheap.black = 0;
	gcsums = (GcSums){0};
	cycle.begun++;
	axadd(&cycle.active, 1);
	cycle.barriers = rt_writebarrier.enabled;
	mheap.phase = GcMark;
	rt_writebarrier.enabled = 1;
	astore(&mheap.trigger, ~0ul);
	gc_prepare_work();
	gc_pace_begin(mheap.live);
	Marker *w = gc_marker_of(rt_p());
	if (rt_curg())
		gc_scan_goroutine(w, rt_curg());
	else
		gc_scan_system_stack(w);        /* the scheduler itself allocated */
	t->mark = os_nanotime();
}

static void account(void)
{
	GcTimes *t = &cycle.t;
	i64 sec;
	i32 nsec;
	os_walltime(&sec, &nsec);
	t->done = os_nanotime();
	t->pause2 = t->done - rt_stop_began();
	u32 at = (mheap.numgc + 255) % 256;
	mheap.lastgc = sec * 1000000000 + nsec;
	mheap.lastgcmono = t->done;
	mheap.pausens[at] = t->pause1 + t->pause2;
	mheap.pauseend[at] = mheap.lastgc;
	mheap.pausetotal += t->pause1 + t->pause2;
	mheap.gccpu[0] += gcsums.assist;
	mheap.gccpu[1] += gcsums.dedicated;
	mheap.gccpu[2] += gcsums.idle;
	gc_trace(t, cycle.forced);
}

static void end(Marker *w)
{
	GcTimes *t = &cycle.t;
	mcache_flush_all();
	t->live1 = mheap.live;
	if (mheap.check)
		gc_check_marks(w);
	wbcheck_heap();
	special_finish_mark(w);
	axadd(&gcsums.bytes, w->bytes);
	w->bytes = 0;
	mprof_publish();
	mheap.phase = GcOff;
	rt_writebarrier.enabled = cycle.barriers;
	sweep_start();
	rt_stack_collect();
	mheap.marked = mheap.live = gcsums.bytes + mheap.black;
	mheap.numgc++;
	mheap.numforced += cycle.forced;
	bool stopped = !t->pause1;
	i64 spent = gcsums.assist + gcsums.dedicated + gcsums.idle;
	gc_pace_end(stopped ? 0 : t->live1 - t->live0 + 1, stopped ? os_nanotime() - t->mark : spent);
	gc_update_goal();
	axadd(&cycle.ended, 1);
	account();
}

/* The world goes on after a cycle. */
static void ended(void)
{
	mfinal_wake();
	rt_lock(&waiters.lock);
	G *list = waiters.first;
	waiters.first = NULL;
	rt_unlock(&waiters.lock);
	for (G *gp = list, *next; gp; gp = next) {
		next = gp->sched.link;
		rt_ready(gp);
	}
	axadd(&cycle.active, -1u);
	if (!rt_p())
		rt_wakep();     /* asks again whether everybody is asleep */
	if (mheap.memlimit != INT64_MAX || !cycle.forced)
		mheap_scavenge(mheap.goal == ~0ul ? 1ul << 40 : (mheap.goal - mheap.marked) + mheap.goal / 10);
}

/* t.end is when the mark was over, as far as is known: the stop that ended it. */
bool gc_try_finish(Marker *w, i64 ns)
{
	M *mp = rt_m();
	if (mp->mallocing || mp->locks || mp->dying)
		return false;
	mp->mallocing = 1;
	bool ours = rt_try_stop_the_world("GC"), done = false;
	if (ours) {
		cycle.t.end = rt_stop_began();
		done = mheap.phase == GcMark && gc_settle(w, ns);
		if (done)
			end(w);
		else if (mheap.phase == GcMark)
			cycle.t.pause1 += os_nanotime() - rt_stop_began();
		rt_start_the_world();
	}
	mp->mallocing = 0;
	if (done)
		ended();
	return done;
}

/* May this thread stop the world now? */
static bool allowed(bool force)
{
	M *mp = rt_m();
	return mp->p && !mp->mallocing && !mp->dying && !mp->locks && (mheap.enabled || force);
}

static bool wanted(void)
{
	return gc_wanted() || (mheap.stress && mheap.enabled && mheap.phase == GcOff);
}

static bool try_collect(bool whole, bool forced)
{
	M *mp = rt_m();
	if (!allowed(forced) || !(whole || forced || wanted()))
		return false;
	while (!aload(&mheap.sweepdone))
		sweep_one();
	if (whole && mheap.mode != GcIncremental && mheap.live > MinHeap)
		gc_start_workers();
	mp->mallocing = 1;
	bool ours = rt_try_stop_the_world("GC"), over = false, on = false;
	if (ours) {
		Marker *w = gc_marker_of(mp->p);
		if (whole && mheap.phase == GcMark) {
			cycle.t.end = rt_stop_began();
			gc_settle(w, 0);
			end(w);
			over = true;
		}
		if (mheap.phase == GcOff && (whole || forced || wanted())) {
			gc_asked = forced;
			begin(forced);
			gc_asked = false;
			bool now = whole || mheap.mode == GcStopped || rt_tracing;     /* a trace's events need a goroutine */
			if (unlikely(rt_tracing))
				rt_trace_gc(true);
			if (now || (gc_pace_expected() < ShortNs && !mheap.stress)) {
				cycle.t.end = os_nanotime();
				if (gc_settle(w, now ? 0 : ShortNs)) {
					cycle.t.end = os_nanotime();
					end(w);
					over = true;
				}
			}
			if (unlikely(rt_tracing))
				rt_trace_gc(false);
			if (mheap.phase == GcMark) {
				gc_publish(w);
				cycle.t.pause1 = os_nanotime() - rt_stop_began();
				on = true;
			}
		}
		rt_start_the_world();
	}
	mp->mallocing = 0;
	if (on && mheap.mode == GcConcurrent) {
		gc_start_workers();
		gc_wake_workers();
	}
	if (over)
		ended();
	return ours;
}

bool gc_try_collect(bool whole)
{
	return try_collect(whole, false);
}

void gc_mark_hooks(Marker *w)
{
	gc_mark(w, (uptr)poolcleanup);
}

bool rt_gc_active(void)
{
	return aload(&cycle.active) != 0;
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

/* Marking has its own threads. */
bool rt_gc_runnable(void)
{
	return false;
}

static i64 forceperiod = 120ll * 1000000000;

i64 rt_gc_forceperiod(void)
{
	return forceperiod;
}

void rt_gc_main(void)
{
	mheap.enabled = true;
	gc_shrinks = rt_godebug("gcshrinkstackoff", 0) == 0;
	forceperiod = rt_debug("forcegcms", 120000) * 1000000;
	mheap.mode = (u8)rt_debug("gcmode", sched.deterministic ? GcIncremental : GcConcurrent);
	mheap.stress = rt_debugvars.gcstress == 3;
	if (mheap.stress)
		rt_debugvars.gcstress = 0;
	mheap.check = rt_debug("gccheck", 0) != 0;
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

/* Until cycle n has ended; then resume goes on. */
static void NORETURN wait_for_cycle(u32 n, ResumeFn resume)
{
	G *gp = rt_curg();
	gp->sched.resume = resume;
	rt_lock(&waiters.lock);
	if ((i32)(aload(&cycle.ended) - n) < 0) {
		gp->sched.link = waiters.first;
		waiters.first = gp;
		rt_park_unlock(&waiters.lock, WaitForGCCycle);
	}
	rt_unlock(&waiters.lock);
	rt_yield(resume);
}

static Pair go_on(G *gp);

/* A cycle that began after the call has ended; false: try again. May park. */
static bool whole_cycle(u32 want)
{
	if (mheap.mode != GcConcurrent)
		return try_collect(true, true);
	for (;;) {
		if ((i32)(aload(&cycle.ended) - want) >= 0)
			return true;
		if (mheap.phase == GcMark) {
			rt_curg()->resumearg[0] = (void *)(u64)want;
			wait_for_cycle(aload(&cycle.begun), go_on);
		}
		if (!try_collect(false, true))
			return false;
	}
}

static Pair run_cycle(u32 want)
{
	if (!whole_cycle(want))
		return (Pair){ 0, 0 };
	while (!aload(&mheap.sweepdone))
		sweep_one();
	return (Pair){ 1, 0 };
}

static Pair go_on(G *gp)
{
	return run_cycle((u32)(u64)gp->resumearg[0]);
}

/* cgc() bool: a whole cycle, swept to the end; false: the world was being stopped, try again. */
u64 gc_run(void)
{
	return run_cycle(aload(&cycle.begun) + 1).a;
}

static Pair return_arg(G *gp)
{
	return (Pair){ (u64)gp->resumearg[0], 0 };
}

/* Whoever turns the collector off finds it at rest afterwards. */
u64 gc_setpercent(i64 percent)
{
	i32 old = mheap.gcpercent;
	mheap.gcpercent = (i32)percent < 0 ? -1 : (i32)percent;
	gc_update_goal();
	while (mheap.gcpercent < 0 && mheap.phase == GcMark) {
		if (mheap.mode != GcConcurrent) {
			gc_try_finish(gc_marker_of(rt_p()), 0);
			continue;
		}
		rt_curg()->resumearg[0] = (void *)(i64)old;
		wait_for_cycle(cycle.begun, return_arg);
	}
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
	while (!aload(&mheap.sweepdone))
		sweep_one();
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
