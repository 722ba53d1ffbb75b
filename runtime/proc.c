/* proc.c: the scheduler. Goroutines (G) run on threads (M) that hold a P.
 *
 * Every way out of a goroutine ends in rt_schedule() on an empty system stack; it finds
 * the next G and continues it. A P has a ring of 256 runnable Gs, of which others steal
 * half, and runnext, the G its current one just made ready (runq.c).
 *
 * The wake-up rule. A thread that submits work publishes it, then (full fence) looks for
 * an idle P with no thread spinning, and wakes one. A thread that stops spinning first
 * leaves nmspinning (full fence), then looks at all queues again. One of the two must see
 * the other; without both fences work can be left lying with every thread asleep.
 * A spinning thread that finds work and was the last spinner wakes another.
 */
#include "proc.h"

static G *findrunnable(bool *inherit);

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

/* ---- running ---- */
void NORETURN proc_execute(G *gp, bool inherit) {
	M *mp = rt_m();
	P *pp = mp->p;
	mp->curg = gp;
	gp->m = mp;
	if (unlikely(mp->profilehz != rt_prof_hz()))
		rt_prof_thread(mp);
	rt_casgstatus(gp, GRunnable, GRunning);
	if (unlikely(gp->waitsince < 0))
		rt_metric_latency(os_nanotime() + gp->waitsince);
	gp->waitsince = 0;
	gp->preempt = false;
	if (unlikely(aloadrelaxed(&sched.sysmonwait)))
		sysmon_wake();
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
		m_stop_locked();
		G *gp = mp->lockedg;
		while (aload(&sched.gcwaiting)) {
			/* we hold a P the stopper wants; hand it over and wait for the next */
			P *pp = p_release();
			rt_lock(&sched.lock);
			astore(&pp->status, PGcstop);
			if (--sched.stopwait == 0)
				rt_notewakeup(&sched.stopnote);
			globq_put(gp);
			sched.nmidlelocked++;
			rt_unlock(&sched.lock);
			rt_notesleep(&mp->park);
			rt_noteclear(&mp->park);
			pp = mp->nextp;
			mp->nextp = NULL;
			p_acquire(pp);
		}
		proc_execute(gp, false);
	}
	for (;;) {
		bool inherit = false;
		if (mp->p == NULL)
			m_stop();
		G *gp = findrunnable(&inherit);
		if (mp->spinning)
			resetspinning();
		if (gp->rare->lockedm != NULL && gp->rare->lockedm != mp) {
			m_start_locked(gp);
			continue;
		}
		proc_execute(gp, inherit);
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
			if (last && aload(&victim->timers.minwhen) != 0) {
				bool ran = false;
				*now = rt_timers_run(&victim->timers, *now, until, &ran);
				if (ran) {
					bool inherit;
					G *gp = runq_get(pp, &inherit);
					if (gp != NULL)
						return gp;
					*newwork = true;
				}
			}
			if (aload(&victim->status) != PIdle) {
				G *gp = runq_steal(pp, victim, last);
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
			m_gcstop();
			continue;
		}
		i64 until = 0;
		bool ran = false;
		i64 now = rt_timers_run(&pp->timers, 0, &until, &ran);
		pp->preempt = 0;

		if (unlikely(aloadrelaxed(&rt_traceready))) {
			G *reader = rt_trace_reader();
			if (reader != NULL) {
				rt_casgstatus(reader, GWaiting, GRunnable);
				return reader;
			}
		}
		if (pp->schedtick % 61 == 0 && aload(&sched.runqsize) > 0) {
			rt_lock(&sched.lock);
			G *gp = globq_get(pp, 1);
			rt_unlock(&sched.lock);
			if (gp != NULL)
				return gp;
		}
		G *gp = runq_get(pp, inherit);
		if (gp != NULL)
			return gp;
		if (aload(&sched.runqsize) != 0) {
			rt_lock(&sched.lock);
			gp = globq_get(pp, 0);
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
				runq_inject(list);
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
			gp = globq_get(pp, 0);
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
		p_release();
		p_idle_put(pp);
		rt_unlock(&sched.lock);

		/* Fence of the idle side: leave the spinners first, then look at everything again. */
		bool wasspinning = mp->spinning;
		if (wasspinning) {
			mp->spinning = false;
			axadd(&sched.nmspinning, -1);
			afence();
			bool found = aload(&sched.runqsize) != 0;
			for (i32 i = 0; !found && i < sched.gomaxprocs; i++)
				found = !runq_empty(rt_allp[i]);
			if (found) {
				rt_lock(&sched.lock);
				pp = p_idle_get();
				rt_unlock(&sched.lock);
				if (pp != NULL) {
					p_acquire(pp);
					mp->spinning = true;
					axadd(&sched.nmspinning, 1);
					continue;
				}
			}
		}
		until = 0;
		for (i32 i = 0; i < sched.gomaxprocs; i++)
			until = earlier(until, aload(&rt_allp[i]->timers.minwhen));

		/* The last idle thread sleeps in the poller until the next timer. */
		if ((until != 0 || (rt_netpoll_inited() && rt_netpoll_anywaiters())) && axchg(&sched.lastpoll, 0) != 0) {
			astore(&sched.polluntil, until);
			/* a timer may have been set before it could see polluntil */
			afence();
			i64 until2 = until;
			for (i32 i = 0; i < sched.gomaxprocs; i++)
				until2 = earlier(until2, aload(&rt_allp[i]->timers.minwhen));
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
			pp = sched.gcwaiting ? NULL : p_idle_get();
			rt_unlock(&sched.lock);
			if (pp == NULL) {
				runq_inject(list);
			} else {
				p_acquire(pp);
				if (list != NULL) {
					gp = list;
					list = gp->sched.link;
					gp->sched.link = NULL;
					rt_casgstatus(gp, GWaiting, GRunnable);
					runq_inject(list);
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
		m_stop();
	}
}

/* ---- park, ready, yield ---- */
G *g_drop(void) {
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
	Bubble *b = gp->bubble;
	if (unlikely(b != NULL))
		rt_bubble_active(b, 1);         /* not blocked until unlockf has agreed */
	rt_casgstatus(gp, GRunning, GWaiting);
	g_drop();
	/* from here on a waker may run gp as soon as unlockf lets it */
	if (unlockf != NULL && !unlockf(gp, lock)) {
		rt_casgstatus(gp, GWaiting, GRunnable);
		if (b != NULL)
			rt_bubble_active(b, -1);
		proc_execute(gp, true);
	}
	if (unlikely(b != NULL))
		rt_bubble_active(b, -1);
	rt_onsystop(rt_schedule);
}

static bool unlockmutex(G *gp UNUSED, void *l) {
	rt_unlock(l);
	return true;
}

void rt_park_unlock(Mutex *l, u8 reason) { rt_park(unlockmutex, l, reason); }

void rt_ready(G *gp) {
	P *pp = rt_p();
	if (pp == NULL)
		rt_trace_enter();
	rt_casgstatus(gp, GWaiting, GRunnable);
	if (pp == NULL)
		rt_trace_leave();
	if (pp != NULL) {
		if (unlikely((pp->readytick++ & 63) == 0))
			gp->waitsince = -os_nanotime();
		runq_put(pp, gp, true);
	} else {
		rt_lock(&sched.lock);
		globq_put(gp);
		rt_unlock(&sched.lock);
	}
	afence();   /* submit side of the wake-up rule */
	rt_wakep();
}

void NORETURN proc_yieldto(G *gp) {
	if (unlikely(rt_writebarrier.enabled))
		rt_gc_yields(gp);
	rt_casgstatus(gp, GRunning, GRunnable);
	g_drop();
	rt_lock(&sched.lock);
	globq_put(gp);
	rt_unlock(&sched.lock);
	rt_wakep();
	rt_onsystop(rt_schedule);
}

void rt_yield(ResumeFn resume) {
	G *gp = rt_curg();
	gp->sched.resume = resume;
	rt_m()->tracestop = TraceStopYield;
	proc_yieldto(gp);
}

void proc_gosched(void) { rt_yield(NULL); }

/* Give the rest of our slice to gp, which is waiting; we go to the local queue. */
void rt_handoff(G *to, ResumeFn resume) {
	G *gp = rt_curg();
	gp->sched.resume = resume;
	P *pp = rt_p();
	rt_casgstatus(to, GWaiting, GRunnable);
	runq_put(pp, to, true);
	rt_casgstatus(gp, GRunning, GRunnable);
	g_drop();
	runq_put(pp, gp, false);
	rt_onsystop(rt_schedule);
}

/* ---- odds and ends that Go calls ---- */
static bool parkalways(G *gp UNUSED, void *l UNUSED) { return true; }
void proc_park(u64 reason) { rt_park(parkalways, NULL, (u8)reason); }
void proc_ready(G *gp) { rt_ready(gp); }
void proc_osyield(void) { os_yield(); }

i64 proc_pin(void) {
	M *mp = rt_m();
	mp->lockedint++;
	return mp->p->id;
}

void proc_unpin(void) { rt_m()->lockedint--; }

bool proc_canspin(i64 i) {
	if (i >= 4 || sched.ncpu <= 1 || sched.gomaxprocs <= aload(&sched.npidle) + aload(&sched.nmspinning) + 1)
		return false;
	return runq_empty(rt_p());
}

void proc_dospin(void) {
	for (int i = 0; i < 30; i++)
		__asm__ volatile("pause");
}
