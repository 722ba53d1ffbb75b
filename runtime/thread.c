/* thread.c: threads and the Ps they hold: making them, putting them to sleep, handing Ps on.
 *
 * A thread without work gives its P to the idle list and sleeps on m.park; whoever has a P to run puts it in m.nextp and
 * wakes it. A thread whose goroutine is locked to it sleeps the same way until somebody hands over a P. */
#include "proc.h"

/* ---- idle Ps and Ms; sched.lock held ---- */
void p_idle_put(P *pp) {
	pp->link = sched.pidle;
	sched.pidle = pp;
	axadd(&sched.npidle, 1);
}

P *p_idle_get(void) {
	P *pp = sched.pidle;
	if (pp != NULL) {
		sched.pidle = pp->link;
		axadd(&sched.npidle, -1);
	}
	return pp;
}

static void m_idle_put(M *mp) {
	mp->schedlink = sched.midle;
	sched.midle = mp;
	sched.nmidle++;
	sched_checkdead();
}

static M *m_idle_get(void) {
	M *mp = sched.midle;
	if (mp != NULL) {
		sched.midle = mp->schedlink;
		sched.nmidle--;
	}
	return mp;
}

void p_attach(P *pp) {
	M *mp = rt_m();
	if (mp->p != NULL || pp->m != NULL || pp->status != PIdle)
		rt_throw("acquirep: invalid p state");
	mp->p = pp;
	pp->m = mp;
	astore(&pp->status, PRunning);
}

void p_acquire(P *pp) {
	p_attach(pp);
	if (unlikely(rt_tracing))
		rt_trace_proc(pp, true);
}

P *p_release(void) {
	M *mp = rt_m();
	P *pp = mp->p;
	if (pp == NULL || pp->m != mp || pp->status != PRunning)
		rt_throw("releasep: invalid p state");
	if (unlikely(rt_tracing))
		rt_trace_proc(pp, false);
	mp->p = NULL;
	pp->m = NULL;
	astore(&pp->status, PIdle);
	return pp;
}

/* ---- threads ---- */
static Mutex mlock;

static M *freem;        /* ended threads', by schedlink */

/* The M of a thread that is gone, with its stacks; mlock held. */
static M *reusem(void) {
	for (M **at = &freem; *at != NULL; at = &(*at)->schedlink)
		if (aload(&(*at)->gone)) {
			M *mp = *at;
			*at = mp->schedlink;
			mp->schedlink = NULL;
			mp->gone = 0;
			mp->g = mp->g0;
			mp->curg = NULL;
			rt_lock(&sched.lock);
			sched.nmfreed--;
			rt_unlock(&sched.lock);
			return mp;
		}
	return NULL;
}

static M *newm(void) {
	M *mp = rt_persistentalloc(sizeof(M), 64);
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
	mp->alllink = sched.allm;
	astorerel(&sched.allm, mp);
	rt_unlock(&sched.lock);
	return mp;
}

static M *allocm(void) {
	M *mp = reusem();
	if (mp == NULL)
		mp = newm();
	i64 n = sched.mnext - sched.nmfreed;
	if (n > sched.maxmcount && sched.maxmcount > 0) {
		rt_printf("runtime: program exceeds %d-thread limit\n", (i64)sched.maxmcount);
		rt_throw("thread exhaustion");
	}
	return mp;
}

/* The thread ends: the goroutine it was locked to has ended and may have changed it in ways nobody else expects. It has a P. */
void m_exit(void) {
	M *mp = rt_m();
	rt_prof_thread_end(mp);
	P *pp = p_release();
	rt_trace_thread_end(mp);
	p_handoff(pp);
	rt_lock(&sched.lock);
	sched.nmfreed++;
	sched_checkdead();
	rt_unlock(&sched.lock);
	if (mp == &rt_m0)               /* the process's first thread would stay as a zombie: it sleeps instead */
		for (Note never = { 0 };;)
			rt_notesleep(&never);
	rt_lock(&mlock);
	mp->procid = 0;
	mp->schedlink = freem;
	freem = mp;
	rt_unlock(&mlock);
	os_exitthread(&mp->gone);
}

static void mstart(void) {
	M *mp = rt_m();
	if (mp->nextp != NULL) {
		P *pp = mp->nextp;
		mp->nextp = NULL;
		p_acquire(pp);
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
void m_stop(void) {
	M *mp = rt_m();
	if (mp->spinning)
		rt_throw("stopm: spinning");
	rt_lock(&sched.lock);
	m_idle_put(mp);
	rt_unlock(&sched.lock);
	rt_notesleep(&mp->park);
	rt_noteclear(&mp->park);
	P *pp = mp->nextp;
	mp->nextp = NULL;
	p_acquire(pp);
}

/* Run pp on some thread; pp NULL: on an idle P, if any. */
void m_start(P *pp, bool spinning) {
	rt_lock(&sched.lock);
	if (pp == NULL) {
		if (spinning == false || (pp = p_idle_get()) == NULL) {
			rt_unlock(&sched.lock);
			if (spinning)
				axadd(&sched.nmspinning, -1);
			return;
		}
	}
	M *mp = m_idle_get();
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
	m_start(NULL, true);
}

/* The P loses its thread (syscall, locked goroutine): find it another if it has work. */
void p_handoff(P *pp) {
	if (!runq_empty(pp) || aload(&sched.runqsize) != 0 || rt_gc_runnable()) {
		if (!aload(&sched.gcwaiting)) {
			m_start(pp, false);
			return;
		}
	}
	if (!aload(&sched.gcwaiting) && aload(&sched.nmspinning) + aload(&sched.npidle) == 0 &&
	    acas(&sched.nmspinning, 0, 1)) {
		m_start(pp, true);
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
		m_start(pp, false);
		return;
	}
	/* nobody left to poll the network, or a timer is due here: keep one thread going */
	if (aload(&sched.npidle) == sched.gomaxprocs - 1 && aload(&sched.lastpoll) != 0) {
		rt_unlock(&sched.lock);
		m_start(pp, false);
		return;
	}
	i64 when = aload(&pp->timers.minwhen);
	p_idle_put(pp);
	rt_unlock(&sched.lock);
	if (when != 0)
		rt_netpoll_break();
}

void m_gcstop(void) {
	M *mp = rt_m();
	if (mp->spinning) {
		mp->spinning = false;
		axadd(&sched.nmspinning, -1);
	}
	P *pp = p_release();
	rt_lock(&sched.lock);
	astore(&pp->status, PGcstop);
	if (--sched.stopwait == 0)
		rt_notewakeup(&sched.stopnote);
	rt_unlock(&sched.lock);
	m_stop();
}

/* ---- goroutines locked to their thread ---- */
/* A locked goroutine runs only on its thread: sleep until it is handed to us. */
void m_stop_locked(void) {
	M *mp = rt_m();
	if (mp->p != NULL)
		p_handoff(p_release());
	rt_lock(&sched.lock);
	sched.nmidlelocked++;
	sched_checkdead();
	rt_unlock(&sched.lock);
	rt_notesleep(&mp->park);
	rt_noteclear(&mp->park);
	P *pp = mp->nextp;
	mp->nextp = NULL;
	p_acquire(pp);
}

void m_start_locked(G *gp) {
	M *mp = gp->rare->lockedm;
	rt_lock(&sched.lock);
	sched.nmidlelocked--;
	rt_unlock(&sched.lock);
	mp->nextp = p_release();
	rt_notewakeup(&mp->park);
	m_stop();
}

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

/* A thread that dies without a P gets one of its own: printing may allocate. */
void rt_dying_p(void) {
	M *mp = rt_m();
	if (mp->p != NULL)
		return;
	P *pp = rt_persistentalloc(sizeof(P), 64);
	pp->wbbuf.next = (uptr)pp->wbbuf.buf;
	pp->wbbuf.end = (uptr)(pp->wbbuf.buf + WbBufLen);
	pp->id = -1;
	pp->status = PRunning;
	pp->m = mp;
	rt_mcache_init(pp);
	mp->p = pp;
}

i64 proc_setmaxthreads(i64 n) {
	rt_lock(&sched.lock);
	i64 old = sched.maxmcount;
	sched.maxmcount = n > 0x7fffffff ? 0x7fffffff : (i32)n;
	rt_unlock(&sched.lock);
	return old;
}
