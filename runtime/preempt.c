/* preempt.c: taking a goroutine off its thread, and stopping the world.
 *
 * A request poisons the goroutine's guard, so that its next prologue yields, and sends SIGURG, whose handler makes it call
 * asyncPreempt when the instruction allows it. Stopping the world sets gcwaiting, asks everybody, takes idle Ps and Ps in system
 * calls at once and waits for the rest. */
#include "proc.h"

/* ---- one goroutine ---- */
/* newstack found the guard poisoned. */
void proc_preempted(G *gp) {
	gp->preempt = false;
	gp->stackguard0 = gp->stack.lo + rt_stackguard;
	rt_m()->tracestop = TraceStopPreempted;
	proc_yieldto(gp);
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
	mp->tracestop = TraceStopPreempted;
	proc_yieldto(gp);
}

/* ---- the world ---- */
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
	if (!sched.asyncoff && sig_request_preempt(mp) && acas(&mp->signalpending, 0, 1))
		os_signal_thread(mp, 23);
}

void rt_preemptall(void) {
	for (i32 i = 0; i < sched.gomaxprocs; i++)
		if (aload(&rt_allp[i]->status) == PRunning)
			rt_preemptone(rt_allp[i]);
}

static u32 worldsema;

static struct { i64 began, stopped; bool gc; } pause;    /* the one who stops the world */

bool rt_try_stop_the_world(const char *why) {
	if (!acas(&worldsema, 0, 1))
		return false;
	pause.began = os_nanotime();
	pause.gc = why[0] == 'G' && why[1] == 'C';
	M *mp = rt_m();
	mp->stopping = true;
	rt_lock(&sched.lock);
	sched.stopwait = sched.gomaxprocs;
	rt_noteclear(&sched.stopnote);
	astore(&sched.gcwaiting, 1);
	rt_preemptall();
	if (mp->p != NULL) {
		astore(&mp->p->status, PGcstop);
		sched.stopwait--;
	}
	for (i32 i = 0; i < sched.gomaxprocs; i++) {
		P *pp = rt_allp[i];
		rt_trace_enter();
		if (acas(&pp->status, PSyscall, PGcstop)) {
			pp->syscalltick++;
			sched.stopwait--;
			rt_trace_steal(pp);
		}
		rt_trace_leave();
	}
	for (P *pp; (pp = p_idle_get()) != NULL;) {
		astore(&pp->status, PGcstop);
		sched.stopwait--;
	}
	bool wait = sched.stopwait > 0;
	rt_unlock(&sched.lock);
	while (wait && !rt_notetsleep(&sched.stopnote, 100 * 1000))
		rt_preemptall();
	while (aload(&sched.outside) != 0)
		os_yield();
	astore(&sched.worldstopped, 1);
	pause.stopped = os_nanotime();
	if (unlikely(rt_tracing))
		rt_trace_stw(why);
	return true;
}

i64 rt_stop_began(void) { return pause.began; }

/* Threads without P, like the collector's, count themselves while they are inside. */
bool rt_outside_enter(bool stopped) {
	axadd(&sched.outside, 1);
	if (stopped || !aload(&sched.gcwaiting))
		return true;
	axadd(&sched.outside, -1u);
	return false;
}

void rt_outside_leave(void) { axadd(&sched.outside, -1u); }

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
	if (unlikely(rt_tracing))
		rt_trace_stw(NULL);
	G *list = rt_netpoll_inited() ? rt_netpoll(0) : NULL;
	P *work = NULL;
	rt_lock(&sched.lock);
	astore(&sched.worldstopped, 0);
	if (mp->p != NULL)
		astore(&mp->p->status, PRunning);
	for (i32 i = sched.gomaxprocs - 1; i >= 0; i--) {
		P *pp = rt_allp[i];
		if (pp == mp->p)
			continue;
		pp->preempt = 0;
		astore(&pp->status, PIdle);
		if (runq_empty(pp)) {
			p_idle_put(pp);
		} else {
			pp->link = work;
			work = pp;
		}
	}
	if (mp->p != NULL)
		mp->p->preempt = 0;
	astore(&sched.gcwaiting, 0);
	if (sched.sysmonwait) {
		astore(&sched.sysmonwait, 0);
		rt_notewakeup(&sched.sysmonnote);
	}
	rt_unlock(&sched.lock);
	mp->stopping = false;
	rt_metric_pause(pause.gc, pause.stopped - pause.began, os_nanotime() - pause.began);
	astore(&worldsema, 0);
	while (work != NULL) {
		P *pp = work;
		work = pp->link;
		m_start(pp, false);
	}
	runq_inject(list);
	rt_wakep();
}

/* Dying: whoever runs shall stop and stay so, as far as that can be had in a few milliseconds. */
void proc_freezetheworld(void) {
	astore(&sched.stopwait, INT32_MAX);
	astore(&sched.gcwaiting, 1);
	for (u32 i = 0; i < 5; i++) {
		bool running = false;
		for (i32 k = 0; k < sched.gomaxprocs; k++)
			running |= aload(&rt_allp[k]->status) == PRunning && rt_allp[k] != rt_p();
		if (!running)
			break;
		rt_preemptall();
		os_usleep(1000);
	}
}

void proc_stoptheworld(const char *why) { rt_stop_the_world(why); }
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
		for (G *gp; (gp = runq_get(pp, &inherit)) != NULL;)
			globq_put(gp);
		extern void rt_timers_move(Timers *from, Timers *to);
		rt_timers_move(&pp->timers, &all[0]->timers);
		rt_stack_flushcache(pp);
		rt_mcache_flush(pp);
		pp->status = PDead;
		if (mp->p == pp) {
			if (rt_tracing)
				rt_trace_proc(pp, false), rt_trace_proc(all[0], true);
			mp->p = all[0];
			pp->m = NULL;
			all[0]->m = mp;
			all[0]->status = PGcstop;
		}
	}
	rt_allp = all;
	sched.gomaxprocs = n;
	if (rt_tracing)
		rt_trace_procs(old);
}

i64 proc_defaultprocs(void) { return os_gomaxprocs(sched.quota); }
void proc_procsauto(bool on) { sched.procsauto = on && rt_godebug("updatemaxprocs", 1) != 0; }

i64 proc_gomaxprocs(void) { return sched.gomaxprocs; }
