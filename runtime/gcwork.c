/* gcwork.c: who marks what, and when.
 *
 * A mark phase has a fixed set of roots, handed out piece by piece: blocks of globals, what C keeps, spans with specials, blocks of
 * goroutines. Goroutines that run when their turn comes wait in a list and are asked to yield. Everything else is
 * work found by marking. A step is one piece of either kind, some tens of microseconds.
 *
 * Who makes steps: threads of our own, without a P. They count themselves in sched.outside during a step, so a stop of the world
 * waits for the end of the step and has the heap for itself. As many of them go on as there are idle Ps; when there are none,
 * a quarter of the processors, by sleeping. Who allocates makes steps too if the threads are not fast enough (gcpace.c).
 * With the world stopped, all of them may mark (crew.stopped).
 *
 * The end is found by trying: a worker that finds nothing, while nobody else has anything, stops the world, collects what is
 * left in the buffers of Ps and marks that. If it is much, the world goes on and so does the phase: what has been marked stays. */
#include "mem.h"

i64 os_syscall(i64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);

enum { Step = 64 << 10, GlobalBlock = 128 << 10, MaxWorkers = 8, MaxPending = 256, ParallelMin = 4 << 20, FinishNs = 100000 };

static struct {
	Mutex lock;
	u32 open;               /* atomic: something below has not been handed out */
	u64 globals, nglobals;
	u32 misc;
	MSpan *special;
	GBlock *gs;
	u32 npending;           /* atomic */
	G *pending[MaxPending]; /* were running */
	i64 asked;              /* atomic: when we last asked running goroutines to yield */
} roots;

static struct {
	u32 n;                  /* threads */
	u32 gen;                /* futex they sleep on between phases */
	u32 stopped;            /* atomic: they may mark with the world stopped */
	u32 busy;               /* atomic: have something to do */
	Marker marker[MaxWorkers];
} crew;

GcSums gcsums;

/* ---- roots ---- */
static u64 blocks(Bitvector b)
{
	return ((u64)b.n * 8 + GlobalBlock - 1) / GlobalBlock;
}

void gc_prepare_work(void)
{
	roots.globals = roots.nglobals = 0;
	for (Moduledata *md = &rt_firstmoduledata; md; md = md->next)
		roots.nglobals += blocks(md->gcdatamask) + blocks(md->gcbssmask);
	roots.misc = 0;
	roots.special = mheap.specialspans;
	roots.gs = sched.allg;
	roots.npending = 0;
	astore(&roots.open, 1);
}

static bool block_of(Marker *w, u64 *i, uptr base, Bitvector mask)
{
	u64 n = blocks(mask), off = *i * GlobalBlock, size = (u64)mask.n * 8;
	if (*i >= n) {
		*i -= n;
		return false;
	}
	u64 len = size - off < GlobalBlock ? size - off : GlobalBlock;
	gc_mark_block(w, base + off, len, mask.bytedata + off / 64);
	w->scanned += len;
	return true;
}

static void mark_globals(Marker *w, u64 i)
{
	for (Moduledata *md = &rt_firstmoduledata; md; md = md->next)
		if (block_of(w, &i, md->data, md->gcdatamask) || block_of(w, &i, md->bss, md->gcbssmask))
			return;
}

static void global_ptr(void *arg, void *p)
{
	gc_mark(arg, (uptr)p);
}

static bool pend(G *gp)
{
	if (roots.npending == MaxPending)
		return false;
	roots.pending[roots.npending] = gp;
	astore(&roots.npending, roots.npending + 1);
	return true;
}

static void ask_to_yield(void)
{
	i64 now = os_nanotime(), last = aload(&roots.asked);
	if (aload(&sched.gcwaiting) || now - last < 50000 || !acas(&roots.asked, last, now))
		return;
	for (i32 i = 0; i < sched.gomaxprocs; i++) {
		M *mp = aload(&rt_allp[i]->m);
		G *gp = mp ? aload(&mp->curg) : NULL;
		if (gp && gp->scanned != mheap.parity)
			rt_preemptone(rt_allp[i]);
	}
}

static void mark_goroutines(Marker *w, GBlock *b)
{
	for (u32 i = 0; i < GBlockLen; i++) {
		G *gp = &b->g[i];
		while (!gc_scan_goroutine(w, gp)) {
			rt_lock(&roots.lock);
			bool ok = pend(gp);
			rt_unlock(&roots.lock);
			if (ok)
				break;
			ask_to_yield();
			os_yield();
		}
	}
}

/* Goroutines that ran: have they stopped, or looked at themselves? True: one has. */
static bool mark_pending(Marker *w)
{
	bool any = false;
	rt_lock(&roots.lock);
	for (u32 i = roots.npending; i-- > 0;) {
		if (!gc_scan_goroutine(w, roots.pending[i]))
			continue;
		roots.pending[i] = roots.pending[roots.npending - 1];
		astore(&roots.npending, roots.npending - 1);
		any = true;
	}
	rt_unlock(&roots.lock);
	if (aload(&roots.npending))
		ask_to_yield();
	return any;
}

static bool mark_root(Marker *w)
{
	u64 global = ~0ul;
	u32 misc = ~0u;
	MSpan *special[32];
	u32 nspecial = 0;
	GBlock *b = NULL;
	rt_lock(&roots.lock);
	if ((b = roots.gs)) {
		roots.gs = b->next;
	} else if (roots.misc < 2) {
		misc = roots.misc++;
	} else if (roots.globals < roots.nglobals) {
		global = roots.globals++;
	} else if (roots.special) {
		for (; roots.special && nspecial < nelem(special); roots.special = roots.special->nextspecial)
			special[nspecial++] = roots.special;
	} else {
		astore(&roots.open, 0);
	}
	rt_unlock(&roots.lock);
	if (b)
		mark_goroutines(w, b);
	else if (misc == 0)
		rt_roots_global(global_ptr, w);
	else if (misc == 1)
		gc_mark_hooks(w), finq_mark_roots(w);
	else if (global != ~0ul)
		mark_globals(w, global);
	for (u32 i = 0; i < nspecial; i++)
		special_mark_roots(w, special[i]);
	return b || misc != ~0u || global != ~0ul || nspecial;
}

static void add_sums(Marker *w, u64 scanned)
{
	axadd(&gcsums.bytes, w->bytes);
	axadd(&gcsums.stackbytes, w->stackbytes);
	axadd(&gcsums.scanned, scanned);
	w->bytes = w->objects = w->stackbytes = 0;
}

bool gc_step(Marker *w, u64 amount)
{
	u64 before = w->scanned;
	bool did = aload(&roots.npending) && mark_pending(w);
	did |= aload(&roots.open) && mark_root(w);
	did |= gc_drain(w, amount);
	did |= w->scanned != before;
	add_sums(w, w->scanned - before);
	return did;
}

/* ---- the world is stopped ---- */
/* What Ps and workers still hold goes where everybody can take it; true: there was something. */
static bool gather(Marker *w)
{
	u64 before = w->scanned;
	rt_prof_roots(global_ptr, w);
	for (i32 i = 0; i < sched.gomaxprocs; i++) {
		P *pp = rt_allp[i];
		gc_flush_p(pp);
		if (pp->gcw) {
			add_sums(pp->gcw, 0);
			gc_publish(pp->gcw);
		}
	}
	for (u32 i = 0; i < crew.n; i++)
		gc_publish(&crew.marker[i]);
	gc_publish(w);
	add_sums(w, w->scanned - before);
	return gc_work_waits();
}

static void wait_for_workers(void)
{
	while (aload(&sched.outside))
		os_yield();
}

bool gc_settle(Marker *w, i64 ns)
{
	i64 end = ns ? os_nanotime() + ns : INT64_MAX;
	bool parallel = !ns && crew.n && mheap.live > ParallelMin;
	gather(w);
	if (parallel) {
		astore(&crew.stopped, 1);
		gc_wake_workers();
	}
	for (;;) {
		bool did = gc_step(w, Step / 2);
		if (os_nanotime() > end) {
			gc_publish(w);
			return false;
		}
		if (did)
			continue;
		if (aload(&roots.npending)) {           /* on its way out of a system call */
			os_yield();
			continue;
		}
		if (parallel && aload(&crew.busy)) {
			__builtin_ia32_pause();
			continue;
		}
		if (parallel) {
			astore(&crew.stopped, 0);
			wait_for_workers();
		}
		if (!gather(w) && !aload(&roots.open) && !aload(&roots.npending))
			return true;
		if (parallel)
			astore(&crew.stopped, 1);
	}
}

/* ---- workers ---- */
static u32 dedicated(void)
{
	u32 n = ((u32)sched.gomaxprocs + 2) / 4;
	return n ? n : 1;
}

/* Sleep that makes of the time dt a part of a quarter of all processors. */
static i64 rest(i64 dt)
{
	i64 share = 25 * (i64)sched.gomaxprocs / (i64)dedicated();
	return share >= 100 ? 0 : dt * (100 - share) / share;
}

static void let_go(Marker *w)
{
	if (rt_outside_enter(false)) {
		gc_publish(w);
		rt_outside_leave();
	}
}

/* Processor time of this thread: others may have our processor meanwhile. */
static i64 cputime(void)
{
	i64 ts[2] = { 0, 0 };
	os_syscall(228 /* clock_gettime */, 3 /* THREAD_CPUTIME_ID */, (u64)ts, 0, 0, 0, 0);
	return ts[0] * 1000000000 + ts[1];
}

/* One mark phase. */
static void mark_phase(u32 id)
{
	Marker *w = &crew.marker[id];
	bool busy = false, hungry = false;
	i64 owed = 0, last = cputime();
	u32 nothing = 0;
	while (aload(&mheap.phase) == GcMark) {
		bool stopped = aload(&crew.stopped), idle = id < (u32)aload(&sched.npidle);
		if (!stopped && !idle && id >= dedicated()) {
			let_go(w);
			os_usleep(500);
			continue;
		}
		if (!rt_outside_enter(stopped)) {
			os_usleep(20);
			continue;
		}
		if (aload(&mheap.phase) != GcMark) {
			rt_outside_leave();
			break;
		}
		u64 before = w->scanned;
		bool did = gc_step(w, Step);
		i64 t = cputime(), dt = t - last;
		last = t;
		axadd(idle ? &gcsums.idle : &gcsums.dedicated, dt);
		if (did != busy)
			axadd(&crew.busy, did ? 1u : -1u);
		if (did == hungry)
			axadd(&gc_hungry, did ? -1u : 1u);
		busy = did;
		hungry = !did;
		if (!idle && !stopped && (owed += rest(dt)) > 300000)
			gc_publish(w);
		rt_outside_leave();
		if (did) {
			nothing = 0;
			gc_pace_credit(w->scanned - before);
			if (owed > 300000 && !stopped) {
				os_usleep(owed / 1000);
				owed = 0;
			}
			continue;
		}
		if (!stopped && id == 0 && !aload(&crew.busy) && !gc_work_waits() && !aload(&roots.npending) && gc_try_finish(w, FinishNs))
			break;
		if (++nothing < 20)
			for (u32 i = 0; i < 50; i++)
				__builtin_ia32_pause();
		else
			os_usleep(20);
	}
	if (busy)
		axadd(&crew.busy, -1u);
	if (hungry)
		axadd(&gc_hungry, -1u);
}

/* Sweeping beside the program, while a P is idle. */
static void sweep_phase(void)
{
	while (aload(&mheap.phase) == GcOff && !aload(&mheap.sweepdone)) {
		if (aload(&sched.npidle) == 0) {
			os_usleep(1000);
			continue;
		}
		if (!rt_outside_enter(false)) {
			os_usleep(20);
			continue;
		}
		for (u32 i = 0; i < 32 && aload(&mheap.phase) == GcOff && sweep_one(); i++)
			;
		rt_outside_leave();
	}
}

/* Without P and without signals of users: sleeps until there is something to mark. */
static void worker(void)
{
	M *mp = rt_m();
	u32 id = (u32)(-1 - mp->id);
	os_sigmask(2 /* SIG_SETMASK */, ~(1ul << 32));     /* AllThreadsSyscall reaches us too */
	for (u32 seen = 0;;) {
		u32 gen;
		while ((gen = aload(&crew.gen)) == seen)
			os_futexsleep(&crew.gen, seen, -1);
		seen = gen;
		mark_phase(id);
		if (id == 0)
			sweep_phase();
	}
}

void gc_start_workers(void)
{
	enum { HelperStack = 64 << 10 };    /* its lower half is the signal stack every thread must have */
	u32 n = sched.gomaxprocs < MaxWorkers ? (u32)sched.gomaxprocs : MaxWorkers;
	static u32 starting;
	if (crew.n >= n || !acas(&starting, 0, 1))
		return;
	while (crew.n < n) {
		M *mp = rt_persistentalloc(sizeof *mp, 64);
		u8 *stack = os_mmap(NULL, HelperStack, 3, 0x22);
		mp->self = mp;
		mp->g0 = mp->g = rt_persistentalloc(sizeof(G), 16);
		mp->gsignal = rt_persistentalloc(sizeof(G), 16);
		mp->g0->m = mp->gsignal->m = mp;
		mp->g0->rare = mp->gsignal->rare = &rt_norare;
		mp->gsignal->stack = (Stack){ (uptr)stack, (uptr)stack + HelperStack / 2 };
		mp->g0->stack = (Stack){ (uptr)stack + HelperStack / 2, (uptr)stack + HelperStack };
		mp->systop = (uptr)stack + HelperStack - 64;
		mp->mstartfn = worker;
		mp->id = -1 - (i64)crew.n;
		gc_marker_init(&crew.marker[crew.n]);
		rt_lock(&sched.lock);
		mp->alllink = sched.allm;
		astorerel(&sched.allm, mp);
		rt_unlock(&sched.lock);
		if (!stack || !os_newthread(mp, (void *)mp->systop))
			break;
		astore(&crew.n, crew.n + 1);
	}
	astore(&starting, 0);
}

void gc_wake_workers(void)
{
	axadd(&crew.gen, 1);
	os_futexwake(&crew.gen, MaxWorkers);
}

/* ---- those who allocate ---- */
/* Marking by allocation alone: some of it each time, as the seed will have it. */
static void step_incrementally(Marker *w)
{
	for (u32 n = 1 + rt_rand() % 4; n > 0; n--)
		if (!gc_step(w, 1 << 10)) {
			if (!aload(&roots.npending))
				gc_try_finish(w, 0);
			return;
		}
}

/* Whoever has more than enough sees that we are hungry; false: nobody did in 20 us. */
static bool offered(void)
{
	i64 end = os_nanotime() + 20000;
	axadd(&gc_hungry, 1);
	while (!gc_work_waits() && !aload(&sched.gcwaiting) && os_nanotime() < end)
		__builtin_ia32_pause();
	axadd(&gc_hungry, -1u);
	return gc_work_waits();
}

void gc_assist(MCache *c)
{
	Marker *w = gc_marker_of(rt_p());
	u64 owed = mheap.mode == GcIncremental ? 1 : gc_pace_owed(c->debt);
	c->debt = 0;
	if (!owed)
		return;
	i64 t0 = os_nanotime();
	if (mheap.mode == GcIncremental) {
		step_incrementally(w);
	} else {
		axadd(&crew.busy, 1);
		u64 end = w->scanned + owed;
		while (w->scanned < end && !aload(&sched.gcwaiting) &&
		    (gc_step(w, end - w->scanned < Step ? end - w->scanned : Step) || offered()))
			;
		gc_publish(w);
		axadd(&crew.busy, -1u);
	}
	axadd(&gcsums.assist, os_nanotime() - t0);
}
