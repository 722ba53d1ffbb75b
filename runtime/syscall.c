/* syscall.c: goroutines in system calls.
 *
 * Entering leaves the P in PSyscall: nobody's, but the thread takes it back by one cas if sysmon or a stopper has not. */
#include "proc.h"

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
		sysmon_wake();
	mp->oldp = pp;
	mp->syscalltick = pp->syscalltick;
	pp->m = NULL;
	mp->p = NULL;
	astore(&pp->status, PSyscall);
	if (aload(&sched.gcwaiting)) {
		rt_lock(&sched.lock);
		rt_trace_enter();
		bool stopped = sched.stopwait > 0 && acas(&pp->status, PSyscall, PGcstop);
		if (stopped)
			rt_trace_steal(pp);
		rt_trace_leave();
		if (stopped) {
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
	mp->tracekept = false;
	if (old != NULL && acas(&old->status, PSyscall, PIdle)) {
		mp->tracekept = old->syscalltick++ == mp->syscalltick;
		if (unlikely(rt_tracing && !mp->tracekept)) {   /* it was somebody else's meanwhile */
			rt_trace_enter();
			rt_trace_steal(old);
			rt_trace_leave();
			p_acquire(old);
		} else {
			p_attach(old);
		}
		return true;
	}
	rt_lock(&sched.lock);
	P *pp = sched.gcwaiting ? NULL : p_idle_get();
	rt_unlock(&sched.lock);
	if (pp == NULL)
		return false;
	p_acquire(pp);
	return true;
}

/* The collector may be looking at gp's frames from syscallsp on. */
static void leave(G *gp) {
	while (!acas(&gp->atomicstatus, GSyscall, GSyscall | GScan))
		os_yield();
	gp->syscallsp = 0;
	astore(&gp->atomicstatus, GSyscall);
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
	leave(gp);
	rt_trace_enter();
	rt_casgstatus(gp, GSyscall, GRunnable);
	rt_trace_leave();
	g_drop();
	rt_lock(&sched.lock);
	globq_put(gp);
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
	mp->oldp = NULL;
	if (mp->curg != NULL) {
		savesyscall(mp->curg);
		rt_casgstatus(mp->curg, GRunning, GSyscall);
	}
	p_handoff(p_release());
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
