/* proc.c: the scheduler. Goroutines (G) run on threads (M) that hold a P.
 *
 * Every way out of a goroutine ends in rt_schedule() on an empty system stack; it finds
 * the next G and continues it. A P has a ring of 256 runnable Gs, of which others steal
 * half, and runnext, the G its current one just made ready.
 *
 * The wake-up rule. A thread that submits work publishes it, then (full fence) looks for
 * an idle P with no thread spinning, and wakes one. A thread that stops spinning first
 * leaves nmspinning (full fence), then looks at all queues again. One of the two must see
 * the other; without both fences work can be left lying with every thread asleep.
 * A spinning thread that finds work and was the last spinner wakes another.
 *
 * Stopping the world sets gcwaiting, asks every running G to yield (poisoned guard and
 * signal), takes idle Ps and Ps in syscalls at once and waits for the rest. */
#include "runtime.h"

#include "amd64/offsets.h"
#define LAYOUT(cs, gs, cf, gf, off, type) _Static_assert(offsetof(cs, cf) == off, #cs "." #cf);
#define LAYOUT_SIZE(cs, gs, n) _Static_assert(sizeof(cs) == n, #cs);
#include "../abi/layout.def"
_Static_assert(offsetof(G, sched.ctxt) == G_sched_ctxt, "G");
_Static_assert(offsetof(G, sched.bp) == G_sched_bp && offsetof(M, ret) == M_ret, "G, M");
_Static_assert(offsetof(M, pregs) == M_pregs && offsetof(M, pxmm) == M_pxmm, "M");
_Static_assert(offsetof(P, wbbuf) == P_wbbuf, "P");

Sched sched;
P **rt_allp;
M rt_m0;
static G g0_0, gsignal_0;
GRare rt_norare;
static GRare g0rare, gsignalrare;

extern void go_goexit(void) __asm__("runtime.goexit");
extern void go_main(void) __asm__("runtime.main");
u64 os_sigmask(i32 how, u64 mask);
i64 rt_setfs(M *mp);
void os_vdsoinit(const u8 *base);
bool sig_request_preempt(M *mp);

void rt_asyncregs_free(void *p);
static G *findrunnable(bool *inherit);
static void stopm(void);
static void startm(P *pp, bool spinning);
static void handoffp(P *pp);
static void acquirep(P *pp);
static P *releasep(void);
static void checkdead(void);

/* ---- random numbers: wyrand per M ---- */
static u64 cheaprand(void) {
	M *mp = rt_m();
	mp->rng += 0xa0761d6478bd642f;
	__uint128_t m = (__uint128_t)mp->rng * (mp->rng ^ 0xe7037ed1a0b428db);
	return (u64)(m >> 64) ^ (u64)m;
}

u64 rt_rand(void) { return cheaprand(); }
u32 rt_randn(u32 n) { return (u32)((u64)(u32)cheaprand() * n >> 32); }

u64 rand_u64(void) { return cheaprand(); }
u64 rand_u32(void) { return (u32)cheaprand(); }
u64 rand_n(u32 n) { return rt_randn(n); }

/* ---- status ---- */
u32 rt_gstatus(G *gp) { return aload(&gp->atomicstatus) & ~(u32)GScan; }

void rt_casgstatus(G *gp, u32 old, u32 new) {
	for (u32 i = 0; !acas(&gp->atomicstatus, old, new); i++) {
		u32 v = aload(&gp->atomicstatus);
		if (v != old && (v & ~(u32)GScan) != old && old != GWaiting && i > 100000000) {
			rt_printf("casgstatus: g %d is %d, expected %d -> %d\n", gp->goid, (i64)v, (i64)old, (i64)new);
			rt_throw("bad g transition");
		}
		if (i % 64 == 63)
			os_yield();
	}
}

/* ---- global queue; sched.lock held ---- */
static void globput(G *gp) {
	gp->sched.link = NULL;
	if (sched.runqtail != NULL)
		sched.runqtail->sched.link = gp;
	else
		sched.runqhead = gp;
	sched.runqtail = gp;
	sched.runqsize++;
}

static G *globpop(void) {
	G *gp = sched.runqhead;
	if (gp == NULL)
		return NULL;
	sched.runqhead = gp->sched.link;
	if (sched.runqhead == NULL)
		sched.runqtail = NULL;
	sched.runqsize--;
	gp->sched.link = NULL;
	return gp;
}

/* ---- local queue ---- */
static bool runqputslow(P *pp, G *gp, u32 h, u32 t) {
	G *batch[RunqLen / 2 + 1];
	u32 n = (t - h) / 2;
	if (n != RunqLen / 2)
		rt_throw("runqputslow: queue is not full");
	for (u32 i = 0; i < n; i++)
		batch[i] = pp->runq[(h + i) % RunqLen];
	if (!acas(&pp->runqhead, h, h + n))
		return false;
	batch[n] = gp;
	rt_lock(&sched.lock);
	for (u32 i = 0; i <= n; i++)
		globput(batch[i]);
	rt_unlock(&sched.lock);
	return true;
}

static void runqput(P *pp, G *gp, bool next) {
	if (sched.deterministic && next && rt_randn(2) == 0)
		next = false;
	if (next) {
		G *old = axchg(&pp->runnext, gp);
		if (old == NULL)
			return;
		gp = old;   /* the displaced one goes to the tail */
	}
	for (;;) {
		u32 h = aload(&pp->runqhead), t = pp->runqtail;
		if (t - h < RunqLen) {
			astorerel(&pp->runq[t % RunqLen], gp);
			astorerel(&pp->runqtail, t + 1);
			return;
		}
		if (runqputslow(pp, gp, h, t))
			return;
	}
}

static G *runqget(P *pp, bool *inherit) {
	G *next = aload(&pp->runnext);
	if (next != NULL && acas(&pp->runnext, next, (G *)NULL)) {
		*inherit = true;
		return next;
	}
	for (;;) {
		u32 h = aload(&pp->runqhead), t = pp->runqtail;
		if (t == h)
			return NULL;
		G *gp = aload(&pp->runq[h % RunqLen]);
		if (acas(&pp->runqhead, h, h + 1))
			return gp;
	}
}

static bool runqempty(P *pp) {
	for (;;) {
		u32 h = aload(&pp->runqhead), t = aload(&pp->runqtail);
		G *next = aload(&pp->runnext);
		if (t == aload(&pp->runqtail))
			return h == t && next == NULL;
	}
}

static u32 runqgrab(P *pp, G **batch, u32 batchhead, bool stealnext) {
	for (;;) {
		u32 h = aload(&pp->runqhead), t = aload(&pp->runqtail);
		u32 n = t - h;
		n -= n / 2;
		if (n == 0) {
			if (!stealnext)
				return 0;
			G *next = aload(&pp->runnext);
			if (next == NULL)
				return 0;
			/* give its P a moment: it is probably about to run it */
			if (aload(&pp->status) == PRunning) {
				os_usleep(3);
				if (aload(&pp->runnext) != next)
					continue;
			}
			if (!acas(&pp->runnext, next, (G *)NULL))
				continue;
			batch[batchhead % RunqLen] = next;
			return 1;
		}
		if (n > RunqLen / 2)
			continue;   /* torn view of head and tail */
		for (u32 i = 0; i < n; i++)
			astorerel(&batch[(batchhead + i) % RunqLen], aload(&pp->runq[(h + i) % RunqLen]));
		if (acas(&pp->runqhead, h, h + n))
			return n;
	}
}

static G *runqsteal(P *pp, P *victim, bool stealnext) {
	u32 t = pp->runqtail;
	u32 n = runqgrab(victim, pp->runq, t, stealnext);
	if (n == 0)
		return NULL;
	n--;
	G *gp = pp->runq[(t + n) % RunqLen];
	if (n > 0)
		astorerel(&pp->runqtail, t + n);
	return gp;
}

/* Take a share of the global queue; sched.lock held. */
static G *globrunqget(P *pp, i32 max) {
	i32 n = sched.runqsize;
	if (n == 0)
		return NULL;
	i32 share = n / sched.gomaxprocs + 1;
	if (share < n)
		n = share;
	if (max > 0 && n > max)
		n = max;
	if (n > RunqLen / 2)
		n = RunqLen / 2;
	G *gp = globpop();
	while (--n > 0)
		runqput(pp, globpop(), false);
	return gp;
}

static void injectglist(G *list) {
	P *pp = rt_p();
	i32 n = 0;
	for (G *gp = list, *next; gp != NULL; gp = next, n++) {
		next = gp->sched.link;
		rt_casgstatus(gp, GWaiting, GRunnable);
		if (pp != NULL) {
			runqput(pp, gp, false);
		} else {
			rt_lock(&sched.lock);
			globput(gp);
			rt_unlock(&sched.lock);
		}
	}
	for (; n > 0 && aload(&sched.npidle) != 0; n--)
		rt_wakep();
}

/* ---- idle Ps and Ms; sched.lock held ---- */
static void pidleput(P *pp) {
	pp->link = sched.pidle;
	sched.pidle = pp;
	axadd(&sched.npidle, 1);
}

static P *pidleget(void) {
	P *pp = sched.pidle;
	if (pp != NULL) {
		sched.pidle = pp->link;
		axadd(&sched.npidle, -1);
	}
	return pp;
}

static void mput(M *mp) {
	mp->schedlink = sched.midle;
	sched.midle = mp;
	sched.nmidle++;
	checkdead();
}

static M *mget(void) {
	M *mp = sched.midle;
	if (mp != NULL) {
		sched.midle = mp->schedlink;
		sched.nmidle--;
	}
	return mp;
}

static void acquirep(P *pp) {
	M *mp = rt_m();
	if (mp->p != NULL || pp->m != NULL || pp->status != PIdle)
		rt_throw("acquirep: invalid p state");
	mp->p = pp;
	pp->m = mp;
	astore(&pp->status, PRunning);
}

static P *releasep(void) {
	M *mp = rt_m();
	P *pp = mp->p;
	if (pp == NULL || pp->m != mp || pp->status != PRunning)
		rt_throw("releasep: invalid p state");
	mp->p = NULL;
	pp->m = NULL;
	astore(&pp->status, PIdle);
	return pp;
}

/* ---- threads ---- */
static Mutex mlock;

static M *allocm(void) {
	M *mp = NULL;
	mp = rt_persistentalloc(sizeof(M), 64);
	G *g0 = rt_persistentalloc(sizeof(G), 16), *gs = rt_persistentalloc(sizeof(G), 16);
	u8 *stk = os_mmap(NULL, SystemStackSize + SignalStackSize, 3, 0x22);
	if (stk == NULL)
		rt_throw("runtime: cannot allocate a thread stack");
	mp->self = mp;
	mp->g0 = mp->g = g0;
	mp->gsignal = gs;
	g0->stack = (Stack){ (uptr)stk, (uptr)stk + SystemStackSize };
	gs->stack = (Stack){ (uptr)stk + SystemStackSize, (uptr)stk + SystemStackSize + SignalStackSize };
	g0->m = gs->m = mp;
	g0->rare = gs->rare = &rt_norare;
	rt_grare(g0), rt_grare(gs);
	g0->stackguard0 = g0->stack.lo + 4096;
	gs->stackguard0 = gs->stack.lo + 4096;
	g0->atomicstatus = gs->atomicstatus = GRunning;
	mp->systop = g0->stack.hi - 64;
	os_random(&mp->rng, 8);
	rt_lock(&sched.lock);
	mp->id = sched.mnext++;
	if (sched.mnext - sched.nmfreed > sched.maxmcount && sched.maxmcount > 0) {
		rt_unlock(&sched.lock);
		rt_printf("runtime: program exceeds %d-thread limit\n", (i64)sched.maxmcount);
		rt_throw("thread exhaustion");
	}
	mp->alllink = sched.allm;
	astorerel(&sched.allm, mp);
	rt_unlock(&sched.lock);
	return mp;
}

static void mstart(void) {
	M *mp = rt_m();
	if (mp->nextp != NULL) {
		P *pp = mp->nextp;
		mp->nextp = NULL;
		acquirep(pp);
	}
	rt_onsystop(rt_schedule);
}

void rt_newm(void (*fn)(void), P *pp) {
	rt_lock(&mlock);
	M *mp = allocm();
	mp->nextp = pp;
	mp->mstartfn = fn;
	if (!os_newthread(mp, (void *)mp->systop))
		rt_throw("newosproc: cannot create thread");
	rt_unlock(&mlock);
}

static void newspinm(P *pp, bool spinning) {
	rt_lock(&mlock);
	M *mp = allocm();
	mp->nextp = pp;
	mp->spinning = spinning;
	mp->mstartfn = mstart;
	if (!os_newthread(mp, (void *)mp->systop)) {
		rt_printf("runtime: failed to create new OS thread (have %d already)\n", sched.mnext - 1);
		rt_throw("newosproc");
	}
	rt_unlock(&mlock);
}

void rt_newthread_block(void) { rt_lock(&mlock); }
void rt_newthread_unblock(void) { rt_unlock(&mlock); }

/* Sleep until someone hands us a P. */
static void stopm(void) {
	M *mp = rt_m();
	if (mp->spinning)
		rt_throw("stopm: spinning");
	rt_lock(&sched.lock);
	mput(mp);
	rt_unlock(&sched.lock);
	rt_notesleep(&mp->park);
	rt_noteclear(&mp->park);
	P *pp = mp->nextp;
	mp->nextp = NULL;
	acquirep(pp);
}

/* Run pp on some thread; pp NULL: on an idle P, if any. */
static void startm(P *pp, bool spinning) {
	rt_lock(&sched.lock);
	if (pp == NULL) {
		if (spinning == false || (pp = pidleget()) == NULL) {
			rt_unlock(&sched.lock);
			if (spinning)
				axadd(&sched.nmspinning, -1);
			return;
		}
	}
	M *mp = mget();
	rt_unlock(&sched.lock);
	if (mp == NULL) {
		newspinm(pp, spinning);
		return;
	}
	mp->spinning = spinning;
	mp->nextp = pp;
	rt_notewakeup(&mp->park);
}

void rt_wakep(void) {
	if (aload(&sched.npidle) == 0 || aload(&sched.nmspinning) != 0 || !acas(&sched.nmspinning, 0, 1))
		return;
	startm(NULL, true);
}

/* The P loses its thread (syscall, locked goroutine): find it another if it has work. */
static void handoffp(P *pp) {
	if (!runqempty(pp) || aload(&sched.runqsize) != 0 || rt_gc_runnable()) {
		if (!aload(&sched.gcwaiting)) {
			startm(pp, false);
			return;
		}
	}
	if (!aload(&sched.gcwaiting) && aload(&sched.nmspinning) + aload(&sched.npidle) == 0 &&
	    acas(&sched.nmspinning, 0, 1)) {
		startm(pp, true);
		return;
	}
	rt_lock(&sched.lock);
	if (sched.gcwaiting) {
		astore(&pp->status, PGcstop);
		if (--sched.stopwait == 0)
			rt_notewakeup(&sched.stopnote);
		rt_unlock(&sched.lock);
		return;
	}
	if (sched.runqsize != 0) {
		rt_unlock(&sched.lock);
		startm(pp, false);
		return;
	}
	/* nobody left to poll the network, or a timer is due here: keep one thread going */
	if (aload(&sched.npidle) == sched.gomaxprocs - 1 && aload(&sched.lastpoll) != 0) {
		rt_unlock(&sched.lock);
		startm(pp, false);
		return;
	}
	i64 when = aload(&pp->timerminwhen);
	pidleput(pp);
	rt_unlock(&sched.lock);
	if (when != 0)
		rt_netpoll_break();
}

static void gcstopm(void) {
	M *mp = rt_m();
	if (mp->spinning) {
		mp->spinning = false;
		axadd(&sched.nmspinning, -1);
	}
	P *pp = releasep();
	rt_lock(&sched.lock);
	astore(&pp->status, PGcstop);
	if (--sched.stopwait == 0)
		rt_notewakeup(&sched.stopnote);
	rt_unlock(&sched.lock);
	stopm();
}

/* ---- running ---- */
static void wakesysmon(void) {
	rt_lock(&sched.lock);
	if (sched.sysmonwait) {
		astore(&sched.sysmonwait, 0);
		rt_notewakeup(&sched.sysmonnote);
	}
	rt_unlock(&sched.lock);
}

/* gp's rarely used fields, to be written. */
GRare *rt_grare(G *gp) {
	if (gp->rare == &rt_norare)
		gp->rare = rt_persistentalloc(sizeof(GRare), 64);
	return gp->rare;
}

/* The same in a signal handler: from the M's reserve, filled when it schedules. */
GRare *rt_grare_signal(M *mp, G *gp) {
	static GRare last;
	if (gp->rare != &rt_norare)
		return gp->rare;
	if (mp->rarereserve == NULL)
		return &last;           /* dying twice without a switch between */
	gp->rare = mp->rarereserve;
	mp->rarereserve = NULL;
	return gp->rare;
}

static void NORETURN execute(G *gp, bool inherit) {
	M *mp = rt_m();
	P *pp = mp->p;
	mp->curg = gp;
	gp->m = mp;
	rt_casgstatus(gp, GRunnable, GRunning);
	gp->waitsince = 0;
	gp->preempt = false;
	if (unlikely(aloadrelaxed(&sched.sysmonwait)))
		wakesysmon();
	gp->stackguard0 = gp->stack.lo + rt_stackguard;
	if (!inherit)
		pp->schedtick++;
	if (unlikely(rt_debugvars.stackmove))
		astore(&gp->stackguard0, STACK_PREEMPT);   /* the next prologue moves the stack */
	/* a stop request may have come between; do not lose it */
	if (aload(&pp->preempt) || aload(&sched.gcwaiting)) {
		gp->preempt = true;
		astore(&gp->stackguard0, STACK_PREEMPT);
	}
	if (gp->asyncsafepoint) {
		u64 *save = gp->asyncregs;
		memcpy(mp->pregs, save, sizeof mp->pregs);
		memcpy(mp->pxmm, save + nelem(mp->pregs), sizeof mp->pxmm);
		gp->asyncsafepoint = false;
		rt_asyncregs_free(save);
		rt_gogo_async(gp);
	}
	Pair r = { 0, 0 };
	ResumeFn f = gp->sched.resume;
	if (f != NULL) {
		gp->sched.resume = NULL;
		mp->g = mp->g0;
		r = f(gp);
	}
	rt_gogo(gp, r.a, r.b);
}

static void resetspinning(void) {
	M *mp = rt_m();
	mp->spinning = false;
	axadd(&sched.nmspinning, -1);
	rt_wakep();
}

/* A locked goroutine runs only on its thread: sleep until it is handed to us. */
static void stoplockedm(void) {
	M *mp = rt_m();
	if (mp->p != NULL)
		handoffp(releasep());
	rt_lock(&sched.lock);
	sched.nmidlelocked++;
	checkdead();
	rt_unlock(&sched.lock);
	rt_notesleep(&mp->park);
	rt_noteclear(&mp->park);
	P *pp = mp->nextp;
	mp->nextp = NULL;
	acquirep(pp);
}

static void startlockedm(G *gp) {
	M *mp = gp->rare->lockedm;
	rt_lock(&sched.lock);
	sched.nmidlelocked--;
	rt_unlock(&sched.lock);
	mp->nextp = releasep();
	rt_notewakeup(&mp->park);
	stopm();
}

static void checkm(const char *where) {
	if (rt_m()->locks != 0) {
		rt_printf("runtime: %d locks held in %s\n", (i64)rt_m()->locks, where);
		rt_throw("schedule: holding locks");
	}
}

void rt_schedule(void) {
	M *mp = rt_m();
	mp->g = mp->g0;
	mp->curg = NULL;
	checkm("schedule");
	if (unlikely(mp->rarereserve == NULL))
		mp->rarereserve = rt_persistentalloc(sizeof(GRare), 64);
	if (mp->lockedg != NULL) {
		stoplockedm();
		G *gp = mp->lockedg;
		while (aload(&sched.gcwaiting)) {
			/* we hold a P the stopper wants; hand it over and wait for the next */
			P *pp = releasep();
			rt_lock(&sched.lock);
			astore(&pp->status, PGcstop);
			if (--sched.stopwait == 0)
				rt_notewakeup(&sched.stopnote);
			globput(gp);
			sched.nmidlelocked++;
			rt_unlock(&sched.lock);
			rt_notesleep(&mp->park);
			rt_noteclear(&mp->park);
			pp = mp->nextp;
			mp->nextp = NULL;
			acquirep(pp);
		}
		execute(gp, false);
	}
	for (;;) {
		bool inherit = false;
		if (mp->p == NULL)
			stopm();
		G *gp = findrunnable(&inherit);
		if (mp->spinning)
			resetspinning();
		if (gp->rare->lockedm != NULL && gp->rare->lockedm != mp) {
			startlockedm(gp);
			continue;
		}
		execute(gp, inherit);
	}
}

static G *stealwork(P *pp, i64 *now, i64 *until, bool *newwork) {
	i32 n = sched.gomaxprocs;
	for (int round = 0; round < 4; round++) {
		bool last = round == 3;
		u32 start = rt_randn((u32)n), stride = 1;
		for (i32 i = 0; i < n; i++, start = (start + stride) % (u32)n) {
			if (aload(&sched.gcwaiting)) {
				*newwork = true;
				return NULL;
			}
			P *victim = rt_allp[start];
			if (victim == pp)
				continue;
			if (last && aload(&victim->timerminwhen) != 0) {
				bool ran = false;
				*now = rt_timers_check(victim, *now, until, &ran);
				if (ran) {
					bool inherit;
					G *gp = runqget(pp, &inherit);
					if (gp != NULL)
						return gp;
					*newwork = true;
				}
			}
			if (aload(&victim->status) != PIdle) {
				G *gp = runqsteal(pp, victim, last);
				if (gp != NULL)
					return gp;
			}
		}
	}
	return NULL;
}

static i64 earlier(i64 a, i64 b) { return a == 0 || (b != 0 && b < a) ? b : a; }

static G *findrunnable(bool *inherit) {
	M *mp = rt_m();
	for (;;) {
		P *pp = mp->p;
		if (aload(&sched.gcwaiting)) {
			gcstopm();
			continue;
		}
		i64 until = 0;
		bool ran = false;
		i64 now = rt_timers_check(pp, 0, &until, &ran);
		pp->preempt = 0;

		if (pp->schedtick % 61 == 0 && aload(&sched.runqsize) > 0) {
			rt_lock(&sched.lock);
			G *gp = globrunqget(pp, 1);
			rt_unlock(&sched.lock);
			if (gp != NULL)
				return gp;
		}
		G *gp = runqget(pp, inherit);
		if (gp != NULL)
			return gp;
		if (aload(&sched.runqsize) != 0) {
			rt_lock(&sched.lock);
			gp = globrunqget(pp, 0);
			rt_unlock(&sched.lock);
			if (gp != NULL)
				return gp;
		}
		if (rt_netpoll_inited() && rt_netpoll_anywaiters() && aload(&sched.lastpoll) != 0) {
			G *list = rt_netpoll(0);
			if (list != NULL) {
				gp = list;
				list = gp->sched.link;
				gp->sched.link = NULL;
				rt_casgstatus(gp, GWaiting, GRunnable);
				injectglist(list);
				return gp;
			}
		}
		bool newwork = false;
		if (mp->spinning || 2 * aload(&sched.nmspinning) < sched.gomaxprocs - aload(&sched.npidle)) {
			if (!mp->spinning) {
				mp->spinning = true;
				axadd(&sched.nmspinning, 1);
			}
			gp = stealwork(pp, &now, &until, &newwork);
			if (gp != NULL)
				return gp;
			if (newwork)
				continue;
		}
		rt_lock(&sched.lock);
		if (sched.gcwaiting) {
			rt_unlock(&sched.lock);
			continue;
		}
		if (sched.runqsize != 0) {
			gp = globrunqget(pp, 0);
			rt_unlock(&sched.lock);
			return gp;
		}
		if (!mp->spinning && aload(&sched.needspinning)) {
			mp->spinning = true;
			axadd(&sched.nmspinning, 1);
			astore(&sched.needspinning, 0);
			rt_unlock(&sched.lock);
			continue;
		}
		releasep();
		pidleput(pp);
		rt_unlock(&sched.lock);

		/* Fence of the idle side: leave the spinners first, then look at everything again. */
		bool wasspinning = mp->spinning;
		if (wasspinning) {
			mp->spinning = false;
			axadd(&sched.nmspinning, -1);
			afence();
			bool found = aload(&sched.runqsize) != 0;
			for (i32 i = 0; !found && i < sched.gomaxprocs; i++)
				found = !runqempty(rt_allp[i]);
			if (found) {
				rt_lock(&sched.lock);
				pp = pidleget();
				rt_unlock(&sched.lock);
				if (pp != NULL) {
					acquirep(pp);
					mp->spinning = true;
					axadd(&sched.nmspinning, 1);
					continue;
				}
			}
		}
		until = 0;
		for (i32 i = 0; i < sched.gomaxprocs; i++)
			until = earlier(until, aload(&rt_allp[i]->timerminwhen));

		/* The last idle thread sleeps in the poller until the next timer. */
		if ((until != 0 || (rt_netpoll_inited() && rt_netpoll_anywaiters())) && axchg(&sched.lastpoll, 0) != 0) {
			astore(&sched.polluntil, until);
			/* a timer may have been set before it could see polluntil */
			afence();
			i64 until2 = until;
			for (i32 i = 0; i < sched.gomaxprocs; i++)
				until2 = earlier(until2, aload(&rt_allp[i]->timerminwhen));
			if (aload(&sched.runqsize) != 0)
				until2 = 1;
			i64 delay = -1;
			now = os_nanotime();
			if (until2 != 0)
				delay = until2 > now ? until2 - now : 0;
			G *list = rt_netpoll(delay);
			astore(&sched.polluntil, 0);
			astore(&sched.lastpoll, os_nanotime());
			rt_lock(&sched.lock);
			pp = sched.gcwaiting ? NULL : pidleget();
			rt_unlock(&sched.lock);
			if (pp == NULL) {
				injectglist(list);
			} else {
				acquirep(pp);
				if (list != NULL) {
					gp = list;
					list = gp->sched.link;
					gp->sched.link = NULL;
					rt_casgstatus(gp, GWaiting, GRunnable);
					injectglist(list);
					return gp;
				}
				if (wasspinning) {
					mp->spinning = true;
					axadd(&sched.nmspinning, 1);
				}
				continue;
			}
		} else if (until != 0 && rt_netpoll_inited()) {
			i64 pu = aload(&sched.polluntil);
			if (pu == 0 || pu > until)
				rt_netpoll_break();
		}
		stopm();
	}
}

/* ---- park, ready, yield ---- */
static G *dropg(void) {
	M *mp = rt_m();
	G *gp = mp->curg;
	gp->m = NULL;
	mp->curg = NULL;
	mp->g = mp->g0;
	return gp;
}

void rt_park(bool (*unlockf)(G *, void *), void *lock, u8 reason) {
	M *mp = rt_m();
	G *gp = mp->curg;
	gp->waitreason = reason;
	gp->waitsince = 0;
	rt_casgstatus(gp, GRunning, GWaiting);
	dropg();
	/* from here on a waker may run gp as soon as unlockf lets it */
	if (unlockf != NULL && !unlockf(gp, lock)) {
		rt_casgstatus(gp, GWaiting, GRunnable);
		execute(gp, true);
	}
	rt_onsystop(rt_schedule);
}

static bool unlockmutex(G *gp UNUSED, void *l) {
	rt_unlock(l);
	return true;
}

void rt_park_unlock(Mutex *l, u8 reason) { rt_park(unlockmutex, l, reason); }

void rt_ready(G *gp) {
	rt_casgstatus(gp, GWaiting, GRunnable);
	P *pp = rt_p();
	if (pp != NULL) {
		runqput(pp, gp, true);
	} else {
		rt_lock(&sched.lock);
		globput(gp);
		rt_unlock(&sched.lock);
	}
	afence();   /* submit side of the wake-up rule */
	rt_wakep();
}

static void NORETURN yieldto(G *gp) {
	rt_casgstatus(gp, GRunning, GRunnable);
	dropg();
	rt_lock(&sched.lock);
	globput(gp);
	rt_unlock(&sched.lock);
	rt_wakep();
	rt_onsystop(rt_schedule);
}

void rt_yield(ResumeFn resume) {
	G *gp = rt_curg();
	gp->sched.resume = resume;
	yieldto(gp);
}

void proc_gosched(void) { rt_yield(NULL); }

/* Give the rest of our slice to gp, which is waiting; we go to the local queue. */
void rt_handoff(G *to, ResumeFn resume) {
	G *gp = rt_curg();
	gp->sched.resume = resume;
	P *pp = rt_p();
	rt_casgstatus(to, GWaiting, GRunnable);
	runqput(pp, to, true);
	rt_casgstatus(gp, GRunning, GRunnable);
	dropg();
	runqput(pp, gp, false);
	rt_onsystop(rt_schedule);
}

/* newstack found the guard poisoned. */
void proc_preempted(G *gp) {
	gp->preempt = false;
	gp->stackguard0 = gp->stack.lo + rt_stackguard;
	yieldto(gp);
}

/* Asynchronous preemption: registers lie in M.pregs; keep them with the goroutine. */
static void *asyncfree;
static Mutex asynclock;

void rt_asyncregs_free(void *p) {
	rt_lock(&asynclock);
	*(void **)p = asyncfree;
	asyncfree = p;
	rt_unlock(&asynclock);
}

void proc_asyncpreempt(void) {
	M *mp = rt_m();
	G *gp = mp->curg;
	u64 n = sizeof mp->pregs + sizeof mp->pxmm;
	rt_lock(&asynclock);
	u64 *save = asyncfree;
	if (save != NULL)
		asyncfree = *(void **)save;
	rt_unlock(&asynclock);
	if (save == NULL)
		save = rt_persistentalloc(n, 16);
	memcpy(save, mp->pregs, sizeof mp->pregs);
	memcpy(save + nelem(mp->pregs), mp->pxmm, sizeof mp->pxmm);
	gp->asyncregs = save;
	gp->asyncsafepoint = true;
	uptr sp = mp->pregs[15];
	gp->sched.pc = *(uptr *)sp;
	gp->sched.sp = sp + 8;
	gp->sched.bp = mp->pregs[6];
	gp->sched.ctxt = NULL;
	yieldto(gp);
}

/* ---- birth and death ---- */
static u64 stackstart(void) {
	u64 n = StackMin;
	while (n - rt_stackguard < StackMin / 3)
		n *= 2;
	return n;
}

static void ginit(G *gp) {
	gp->stack = rt_stack_alloc(stackstart());
	gp->stackguard0 = gp->stack.lo + rt_stackguard;
}

/* A new block of goroutines: one is the answer, the others go to pp. */
static G *moregs(P *pp) {
	rt_lock(&sched.allglock);
	static u8 *room, *roomend;
	if (room == roomend) {
		enum { Chunk = 64 * GBlockBytes };
		u8 *at = os_mmap(NULL, Chunk + GBlockBytes, 3, 0x22);
		if (at == NULL)
			rt_throw("runtime: cannot allocate goroutines");
		room = (u8 *)(((uptr)at + GBlockBytes - 1) & ~(uptr)(GBlockBytes - 1));
		roomend = room + Chunk;
	}
	GBlock *b = (GBlock *)room;
	room += GBlockBytes;
	for (u32 i = 0; i < GBlockLen; i++) {
		b->g[i].atomicstatus = GDead;
		b->g[i].rare = &rt_norare;
	}
	b->next = sched.allg;
	astorerel(&sched.allg, b);
	rt_unlock(&sched.allglock);
	for (u32 i = GBlockLen - 1; i > 0; i--) {
		b->g[i].sched.link = pp->gfree;
		pp->gfree = &b->g[i];
		pp->gfreen++;
	}
	return &b->g[0];
}

static G *gfget(P *pp) {
	G *gp = pp->gfree;
	if (gp != NULL) {
		pp->gfree = gp->sched.link;
		pp->gfreen--;
	} else if (aload(&sched.gfree) != NULL) {
		rt_lock(&sched.gfreelock);
		gp = sched.gfree;
		if (gp != NULL)
			sched.gfree = gp->sched.link;
		rt_unlock(&sched.gfreelock);
	}
	if (gp == NULL)
		gp = moregs(pp);
	if (gp->stack.lo == 0)
		ginit(gp);
	return gp;
}

static void gfput(P *pp, G *gp) {
	rt_stack_check(gp);
	if (gp->stack.hi - gp->stack.lo != stackstart()) {
		rt_stack_free(gp->stack);
		gp->stack = (Stack){ 0, 0 };
	}
	if (pp->gfreen < 64) {
		gp->sched.link = pp->gfree;
		pp->gfree = gp;
		pp->gfreen++;
		return;
	}
	rt_lock(&sched.gfreelock);
	gp->sched.link = sched.gfree;
	sched.gfree = gp;
	rt_unlock(&sched.gfreelock);
}

static u64 newgoid(P *pp) {
	if (pp->goidcache == pp->goidcacheend) {
		pp->goidcache = axadd(&sched.goidgen, 16) - 16 + 1;
		pp->goidcacheend = pp->goidcache + 16;
	}
	return pp->goidcache++;
}

static G *newg(Funcval *fn, G *parent, uptr callerpc, u32 status) {
	P *pp = rt_p();
	if (fn == NULL)
		rt_fatal("go of nil func value");
	G *gp = gfget(pp);
	uptr sp = gp->stack.hi - 4 * 8;
	gp->goid = newgoid(pp);
	gp->stktopsp = sp;
	/* as if goexit had called fn */
	sp -= 8;
	*(uptr *)sp = (uptr)go_goexit + 1;
	gp->sched = (Gobuf){ sp, (uptr)fn->fn, NULL, fn, NULL, 0 };
	gp->startpc = (uptr)fn->fn;
	gp->gopc = callerpc;
	gp->parentgoid = parent != NULL ? parent->goid : 0;
	gp->labels = parent != NULL ? parent->labels : NULL;
	gp->bubble = parent != NULL ? parent->bubble : NULL;
	gp->fipsonlybypass = parent != NULL && parent->fipsonlybypass;
	gp->ditwanted = parent != NULL && parent->ditwanted;
	axadd(&sched.ngcount, 1);
	rt_casgstatus(gp, GDead, status);
	return gp;
}

G *rt_newproc(Funcval *fn, G *parent, uptr callerpc) {
	G *gp = newg(fn, parent, callerpc, GRunnable);
	runqput(rt_p(), gp, true);
	afence();
	rt_wakep();
	return gp;
}

void proc_new(Funcval *fn) {
	G *cur = rt_curg();
	rt_newproc(fn, cur, cur != NULL ? cur->sched.pc : 0);
}

G *rt_newparked(Funcval *fn) {
	G *cur = rt_curg();
	return newg(fn, cur, cur->sched.pc, GWaiting);
}

void rt_gdestroy(G *gp) {
	M *mp = rt_m();
	rt_casgstatus(gp, GRunning, GDead);
	axadd(&sched.ngcount, -1);
	if (gp->rare != &rt_norare)
		memset(gp->rare, 0, sizeof *gp->rare);
	mp->lockedg = NULL;
	mp->lockedext = 0;
	gp->_defer = gp->_panic = NULL;
	gp->param = gp->labels = gp->bubble = NULL;
	gp->waits = WaitsOther;
	gp->sched.resume = NULL;
	gp->syscallsp = 0;
	gp->waitreason = gp->sig = gp->fipsindicator = 0;
	gp->paniconfault = false;
	dropg();
	gfput(mp->p, gp);
}

void proc_goexit(void) {
	rt_gdestroy(rt_curg());
	rt_onsystop(rt_schedule);
}

i64 proc_gcount(void) { return (i64)aload(&sched.ngcount) - aload(&sched.ngsys); }
i64 proc_numcpu(void) { return sched.ncpu; }

/* ---- syscalls ---- */
static void savesyscall(G *gp) {
	gp->syscallpc = gp->sched.pc;
	gp->syscallsp = gp->sched.sp;
	gp->syscallbp = gp->sched.bp;
}

void proc_entersyscall(void) {
	M *mp = rt_m();
	G *gp = mp->curg;
	if (gp == NULL)
		return;
	savesyscall(gp);
	rt_casgstatus(gp, GRunning, GSyscall);
	P *pp = mp->p;
	if (aload(&sched.sysmonwait))
		wakesysmon();
	mp->oldp = pp;
	pp->m = NULL;
	mp->p = NULL;
	astore(&pp->status, PSyscall);
	if (aload(&sched.gcwaiting)) {
		rt_lock(&sched.lock);
		if (sched.stopwait > 0 && acas(&pp->status, PSyscall, PGcstop)) {
			pp->syscalltick++;
			if (--sched.stopwait == 0)
				rt_notewakeup(&sched.stopnote);
		}
		rt_unlock(&sched.lock);
	}
}

static bool regainp(M *mp) {
	P *old = mp->oldp;
	mp->oldp = NULL;
	if (old != NULL && acas(&old->status, PSyscall, PIdle)) {
		acquirep(old);
		old->syscalltick++;
		return true;
	}
	rt_lock(&sched.lock);
	P *pp = sched.gcwaiting ? NULL : pidleget();
	rt_unlock(&sched.lock);
	if (pp == NULL)
		return false;
	acquirep(pp);
	return true;
}

void proc_exitsyscall(void) {
	M *mp = rt_m();
	G *gp = mp->curg;
	if (gp == NULL)
		return;
	gp->waitsince = 0;
	if (regainp(mp)) {
		rt_casgstatus(gp, GSyscall, GRunning);
		gp->syscallsp = 0;
		if (gp->preempt)
			astore(&gp->stackguard0, STACK_PREEMPT);
		return;
	}
	rt_casgstatus(gp, GSyscall, GRunnable);
	gp->syscallsp = 0;
	dropg();
	rt_lock(&sched.lock);
	globput(gp);
	if (mp->lockedg != NULL) {
		/* our thread must run it: wait to be handed a P */
		rt_unlock(&sched.lock);
		rt_wakep();
		rt_onsystop(rt_schedule);
	}
	rt_unlock(&sched.lock);
	rt_wakep();
	rt_onsystop(rt_schedule);
}

void rt_entersyscall_c(void) {
	M *mp = rt_m();
	P *pp = releasep();
	mp->oldp = NULL;
	if (mp->curg != NULL) {
		savesyscall(mp->curg);
		rt_casgstatus(mp->curg, GRunning, GSyscall);
	}
	handoffp(pp);
}

void rt_exitsyscall_c(void) {
	M *mp = rt_m();
	while (!regainp(mp)) {
		rt_lock(&sched.lock);
		if (sched.pidle == NULL || sched.gcwaiting) {
			rt_unlock(&sched.lock);
			os_usleep(20);
			continue;
		}
		rt_unlock(&sched.lock);
	}
	if (mp->curg != NULL) {
		rt_casgstatus(mp->curg, GSyscall, GRunning);
		mp->curg->syscallsp = 0;
	}
}

/* ---- preemption and the stopped world ---- */
void rt_preemptone(P *pp) {
	M *mp = aload(&pp->m);
	if (mp == NULL || mp == rt_m())
		return;
	G *gp = aload(&mp->curg);
	if (gp == NULL)
		return;
	gp->preempt = true;
	astore(&gp->stackguard0, STACK_PREEMPT);
	astore(&pp->preempt, 1);
	if (sig_request_preempt(mp) && acas(&mp->signalpending, 0, 1))
		os_signal_thread(mp, 23);
}

void rt_preemptall(void) {
	for (i32 i = 0; i < sched.gomaxprocs; i++)
		if (aload(&rt_allp[i]->status) == PRunning)
			rt_preemptone(rt_allp[i]);
}

static u32 worldsema;

bool rt_try_stop_the_world(const char *why UNUSED) {
	if (!acas(&worldsema, 0, 1))
		return false;
	M *mp = rt_m();
	mp->stopping = true;
	rt_lock(&sched.lock);
	sched.stopwait = sched.gomaxprocs;
	rt_noteclear(&sched.stopnote);
	astore(&sched.gcwaiting, 1);
	rt_preemptall();
	astore(&mp->p->status, PGcstop);
	sched.stopwait--;
	for (i32 i = 0; i < sched.gomaxprocs; i++) {
		P *pp = rt_allp[i];
		if (acas(&pp->status, PSyscall, PGcstop)) {
			pp->syscalltick++;
			sched.stopwait--;
		}
	}
	for (P *pp; (pp = pidleget()) != NULL;) {
		astore(&pp->status, PGcstop);
		sched.stopwait--;
	}
	bool wait = sched.stopwait > 0;
	rt_unlock(&sched.lock);
	while (wait && !rt_notetsleep(&sched.stopnote, 100 * 1000))
		rt_preemptall();
	astore(&sched.worldstopped, 1);
	return true;
}

/* Somebody else may be stopping the world: be stopped meanwhile. */
void rt_stop_the_world(const char *why) {
	while (!rt_try_stop_the_world(why)) {
		rt_entersyscall_c();
		os_usleep(20);
		rt_exitsyscall_c();
	}
}

void rt_start_the_world(void) {
	M *mp = rt_m();
	G *list = rt_netpoll_inited() ? rt_netpoll(0) : NULL;
	P *work = NULL;
	rt_lock(&sched.lock);
	astore(&sched.worldstopped, 0);
	astore(&mp->p->status, PRunning);
	for (i32 i = sched.gomaxprocs - 1; i >= 0; i--) {
		P *pp = rt_allp[i];
		if (pp == mp->p)
			continue;
		pp->preempt = 0;
		astore(&pp->status, PIdle);
		if (runqempty(pp)) {
			pidleput(pp);
		} else {
			pp->link = work;
			work = pp;
		}
	}
	mp->p->preempt = 0;
	astore(&sched.gcwaiting, 0);
	if (sched.sysmonwait) {
		astore(&sched.sysmonwait, 0);
		rt_notewakeup(&sched.sysmonnote);
	}
	rt_unlock(&sched.lock);
	mp->stopping = false;
	astore(&worldsema, 0);
	while (work != NULL) {
		P *pp = work;
		work = pp->link;
		startm(pp, false);
	}
	injectglist(list);
	rt_wakep();
}

void proc_stoptheworld(void) { rt_stop_the_world("go"); }
void proc_starttheworld(void) { rt_start_the_world(); }

/* World stopped, or start-up. Ps beyond n give their goroutines away. */
void rt_procresize(i32 n) {
	i32 old = sched.gomaxprocs;
	P **all = rt_persistentalloc((u64)(n > old ? n : old) * sizeof(P *), 16);
	for (i32 i = 0; i < old; i++)
		all[i] = rt_allp[i];
	for (i32 i = old; i < n; i++) {
		P *pp = rt_persistentalloc(sizeof(P), 64);
		/* the overlay's pool of defer records: an empty slice over the array behind it */
		pp->overlay[0] = (u64)(uptr)&pp->overlay[3];
		pp->overlay[2] = 32;
		pp->id = i;
		pp->status = PGcstop;
		pp->wbbuf.next = (uptr)pp->wbbuf.buf;
		pp->wbbuf.end = (uptr)(pp->wbbuf.buf + WbBufLen);
		all[i] = pp;
		if (i > 0 || old > 0)
			rt_mcache_init(pp);
	}
	M *mp = rt_m();
	for (i32 i = n; i < old; i++) {
		P *pp = all[i];
		bool inherit;
		for (G *gp; (gp = runqget(pp, &inherit)) != NULL;)
			globput(gp);
		extern void rt_timers_move(P *from, P *to);
		rt_timers_move(pp, all[0]);
		rt_stack_flushcache(pp);
		rt_mcache_flush(pp);
		pp->status = PDead;
		if (mp->p == pp) {
			mp->p = all[0];
			pp->m = NULL;
			all[0]->m = mp;
			all[0]->status = PGcstop;
		}
	}
	rt_allp = all;
	sched.gomaxprocs = n;
}

/* n <= 0 asks only. */
i64 proc_gomaxprocs(i64 n) {
	i32 old = sched.gomaxprocs;
	if (n <= 0 || n == old)
		return old;
	if (n > 65536)
		n = 65536;
	rt_stop_the_world("GOMAXPROCS");
	old = sched.gomaxprocs;
	rt_procresize((i32)n);
	rt_start_the_world();
	return old;
}

G *rt_nextg(G *gp) {
	if (gp == NULL) {
		GBlock *b = aload(&sched.allg);
		return b != NULL ? b->g : NULL;
	}
	GBlock *b = (GBlock *)((uptr)gp & ~(uptr)(GBlockBytes - 1));
	if (gp < b->g + GBlockLen - 1)
		return gp + 1;
	return b->next != NULL ? b->next->g : NULL;
}

void rt_foreach_g(void (*f)(G *gp, void *arg), void *arg) {
	for (G *gp = NULL; (gp = rt_nextg(gp)) != NULL;)
		f(gp, arg);
}

i64 proc_suspendg(G *gp) { return rt_gstatus(gp); }

i64 proc_setmaxthreads(i64 n) {
	rt_lock(&sched.lock);
	i64 old = sched.maxmcount;
	sched.maxmcount = n > 0x7fffffff ? 0x7fffffff : (i32)n;
	rt_unlock(&sched.lock);
	return old;
}

/* ---- odds and ends that Go calls ---- */
static bool parkalways(G *gp UNUSED, void *l UNUSED) { return true; }
void proc_park(u64 reason) { rt_park(parkalways, NULL, (u8)reason); }
void proc_ready(G *gp) { rt_ready(gp); }
void proc_osyield(void) { os_yield(); }

void proc_lockthread(void) {
	M *mp = rt_m();
	G *gp = mp->curg;
	mp->lockedext++;
	mp->lockedg = gp;
	rt_grare(gp)->lockedm = mp;
}

void proc_unlockthread(void) {
	M *mp = rt_m();
	if (mp->lockedext == 0 || --mp->lockedext > 0)
		return;
	mp->lockedg->rare->lockedm = NULL;
	mp->lockedg = NULL;
}

i64 proc_pin(void) {
	M *mp = rt_m();
	mp->lockedint++;
	return mp->p->id;
}

void proc_unpin(void) { rt_m()->lockedint--; }

bool proc_canspin(i64 i) {
	if (i >= 4 || sched.ncpu <= 1 || sched.gomaxprocs <= aload(&sched.npidle) + aload(&sched.nmspinning) + 1)
		return false;
	return runqempty(rt_p());
}

void proc_dospin(void) {
	for (int i = 0; i < 30; i++)
		__asm__ volatile("pause");
}

/* ---- wait records ---- */
Sudog *rt_sudog_acquire(void) {
	P *pp = rt_p();
	Sudog *s = pp->sudogfree;
	if (s != NULL) {
		pp->sudogfree = s->next;
	} else {
		Sudog *block = rt_persistentalloc(32 * sizeof(Sudog), 16);
		for (int i = 1; i < 32; i++) {
			block[i].next = pp->sudogfree;
			pp->sudogfree = &block[i];
		}
		s = &block[0];
	}
	memset(s, 0, sizeof *s);
	return s;
}

void rt_sudog_release(Sudog *s) {
	P *pp = rt_p();
	s->elem = NULL;
	s->c = NULL;
	s->g = NULL;
	s->next = pp->sudogfree;
	pp->sudogfree = s;
}

/* ---- deadlock: nobody runs, nothing will wake anybody; sched.lock held ---- */
static bool mainstarted;

static void checkdead(void) {
	if (!mainstarted || sched.panicking)
		return;
	i64 run = sched.mnext - sched.nmfreed - sched.nmidle - sched.nmidlelocked - sched.nmsys;
	if (run > 0)
		return;
	i64 waiting = 0;
	for (G *gp = NULL; (gp = rt_nextg(gp)) != NULL;) {
		u32 s = rt_gstatus(gp);
		if (s == GWaiting || s == GPreempted)
			waiting++;
		else if (s == GRunnable || s == GRunning || s == GSyscall)
			return;
	}
	if (waiting > 0 && waiting == aload(&sched.ngsys))
		waiting = 0;
	for (i32 i = 0; i < sched.gomaxprocs; i++)
		if (rt_allp[i]->timern > 0)
			return;
	if (rt_netpoll_inited() && rt_netpoll_anywaiters())
		return;
	extern bool sig_anyreceiver(void);
	if (sig_anyreceiver())
		return;
	rt_unlock(&sched.lock);
	sched.panicking = 1;
	if (waiting == 0)
		rt_fatal("no goroutines (main called runtime.Goexit) - deadlock!");
	rt_fatal("all goroutines are asleep - deadlock!");
}

/* ---- sysmon: a thread without P that keeps the others honest ---- */
static u32 retake(i64 now) {
	u32 n = 0;
	for (i32 i = 0; i < sched.gomaxprocs; i++) {
		P *pp = rt_allp[i];
		u32 s = aload(&pp->status);
		if (s == PRunning) {
			if (pp->sysmontick_sched != pp->schedtick) {
				pp->sysmontick_sched = pp->schedtick;
				pp->sysmontick_schedwhen = now;
			} else if (pp->sysmontick_schedwhen + 10 * 1000 * 1000 <= now) {
				rt_preemptone(pp);
			}
		} else if (s == PSyscall) {
			if (pp->sysmontick_syscall != pp->syscalltick) {
				pp->sysmontick_syscall = pp->syscalltick;
				pp->sysmontick_syscallwhen = now;
				continue;
			}
			if (runqempty(pp) && aload(&sched.nmspinning) + aload(&sched.npidle) > 0 &&
			    pp->sysmontick_syscallwhen + 10 * 1000 * 1000 > now)
				continue;
			if (acas(&pp->status, PSyscall, PIdle)) {
				n++;
				pp->syscalltick++;
				handoffp(pp);
			}
		}
	}
	return n;
}

static void sysmon(void) {
	rt_lock(&sched.lock);
	sched.nmsys++;
	checkdead();
	rt_unlock(&sched.lock);
	u32 idle = 0, delay = 20;
	for (;;) {
		if (idle == 0)
			delay = 20;
		else if (idle > 50)
			delay *= 2;
		if (delay > 10000)
			delay = 10000;
		os_usleep(delay);
		i64 now = os_nanotime();
		if (aload(&sched.gcwaiting) || aload(&sched.npidle) == sched.gomaxprocs) {
			rt_lock(&sched.lock);
			if (sched.gcwaiting || sched.npidle == sched.gomaxprocs) {
				astore(&sched.sysmonwait, 1);
				rt_unlock(&sched.lock);
				rt_notetsleep(&sched.sysmonnote, 60ll * 1000000000);
				rt_lock(&sched.lock);
				astore(&sched.sysmonwait, 0);
				rt_noteclear(&sched.sysmonnote);
				idle = 0;
				delay = 20;
			}
			rt_unlock(&sched.lock);
			now = os_nanotime();
		}
		i64 last = aload(&sched.lastpoll);
		if (rt_netpoll_inited() && last != 0 && last + 10 * 1000 * 1000 < now) {
			acas(&sched.lastpoll, last, now);
			G *list = rt_netpoll(0);
			if (list != NULL)
				injectglist(list);
		}
		if (retake(now) != 0)
			idle = 0;
		else
			idle++;
		rt_gc_sysmon(now);
	}
}

void proc_startsysmon(void) {
	static u32 started;
	if (acas(&started, 0, 1))
		rt_newm(sysmon, NULL);
}

/* ---- start ---- */
i32 rt_argc;
u8 **rt_argv;
uptr *rt_auxv;
static u8 **envp;
DebugVars rt_debugvars;
u64 rt_hashseed;                /* memhash mixes it in; fixed in deterministic mode */

const char *rt_getenv(const char *name) {
	u64 n = rt_strlen(name);
	for (u8 **e = envp; *e != NULL; e++)
		if (memcmp(*e, name, n) == 0 && (*e)[n] == '=')
			return (const char *)*e + n + 1;
	return NULL;
}

static i64 parseint(const char *s) {
	i64 v = 0;
	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + *s - '0';
	return v;
}

i64 rt_debug(const char *key, i64 dflt) {
	const char *s = rt_getenv("SEAGO_DEBUG");
	u64 n = rt_strlen(key);
	while (s != NULL && *s != 0) {
		u64 i = 0;
		while (i < n && s[i] == key[i])
			i++;
		if (i == n && s[n] == '=')
			return parseint(s + n + 1);
		while (*s != 0 && *s != ',')
			s++;
		if (*s == ',')
			s++;
	}
	return dflt;
}

static void NORETURN startmain(void) {
	static Funcval mainfn;
	mainfn.fn = (const void *)go_main;
	rt_newproc(&mainfn, NULL, 0);
	mainstarted = true;
	rt_schedule();
}

void NORETURN rt_start(uptr *sp) {
	rt_argc = (i32)sp[0];
	rt_argv = (u8 **)(sp + 1);
	envp = rt_argv + rt_argc + 1;
	u8 **e = envp;
	while (*e != NULL)
		e++;
	rt_auxv = (uptr *)(e + 1);
	M *mp = &rt_m0;
	mp->self = mp;
	mp->g = mp->g0 = &g0_0;
	mp->gsignal = &gsignal_0;
	g0_0.m = gsignal_0.m = mp;
	g0_0.rare = &g0rare;
	gsignal_0.rare = &gsignalrare;
	rt_setfs(mp);
	const u8 *vdso = NULL;
	for (uptr *a = rt_auxv; a[0] != 0; a += 2) {
		if (a[0] == 6)
			os_physpagesize = a[1];
		else if (a[0] == 33)
			vdso = (const u8 *)a[1];
	}
	os_vdsoinit(vdso);
	u8 *stk = os_mmap(NULL, 4 * SystemStackSize + SignalStackSize, 3, 0x22);
	g0_0.stack = (Stack){ (uptr)stk, (uptr)stk + 4 * SystemStackSize };
	g0_0.stackguard0 = g0_0.stack.lo + 4096;
	gsignal_0.stack = (Stack){ g0_0.stack.hi, g0_0.stack.hi + SignalStackSize };
	gsignal_0.stackguard0 = gsignal_0.stack.lo + 4096;
	g0_0.atomicstatus = gsignal_0.atomicstatus = GRunning;
	mp->systop = g0_0.stack.hi - 64;
	sched.ncpu = os_ncpu();
	sched.maxmcount = 10000;
	sched.mnext = 1;
	sched.allm = mp;
	sched.starttime = os_nanotime();
	sched.lastpoll = sched.starttime;
	os_random(&mp->rng, 8);
	os_random(&rt_hashseed, 8);
	rt_debugvars.stackmove = rt_debug("stackmove", 0);
	rt_debugvars.schedseed = rt_debug("schedseed", 0);
	rt_debugvars.gcstress = rt_debug("gcstress", 0);
	rt_debugvars.clobber = rt_debug("clobber", 0);
	mp->sigmask = os_sigmask(0, 0);
	os_threadinit(mp);
	rt_mallocinit();
	i32 n = os_gomaxprocs();
	const char *s = rt_getenv("GOMAXPROCS");
	if (s != NULL && parseint(s) > 0)
		n = (i32)parseint(s);
	if (rt_debugvars.schedseed != 0) {
		sched.deterministic = 1;
		mp->rng = (u64)rt_debugvars.schedseed;
		rt_hashseed = 0;
		n = 1;
	}
	rt_procresize(n);
	rt_mcache_init(rt_allp[0]);
	for (i32 i = n - 1; i >= 0; i--) {
		rt_allp[i]->status = PIdle;
		if (i > 0)
			pidleput(rt_allp[i]);
	}
	acquirep(rt_allp[0]);
	rt_signals_init();
	rt_onsystop(startmain);
}
