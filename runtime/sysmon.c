/* sysmon.c: a thread without P that keeps the others honest, and the detection of deadlock.
 *
 * Every 20 us to 10 ms it takes Ps from long system calls, asks goroutines that run for 10 ms to yield, polls the network if nobody
 * has, and wakes the collector's periodic work. It sleeps while all Ps are idle. */
#include "proc.h"

/* ---- deadlock: nobody runs, nothing will wake anybody; sched.lock held ---- */
bool sched_mainstarted;

/* The runtime's own goroutines wait for ever and mean nothing. */
static bool idles(const G *gp) {
	u8 r = gp->waitreason;
	return r == WaitFinalizerWait || r == WaitCleanupWait || r == WaitForceGCIdle || r == WaitUpdateGOMAXPROCSIdle;
}

void sched_checkdead(void) {
	if (!sched_mainstarted || sched.panicking || rt_gc_active())
		return;         /* a collection may wake somebody, and whoever ends it starts a thread that asks again */
	i64 run = sched.mnext - sched.nmfreed - sched.nmidle - sched.nmidlelocked - sched.nmsys;
	if (run > 0)
		return;
	i64 waiting = 0;
	for (G *gp = NULL; (gp = rt_nextg(gp)) != NULL;) {
		u32 s = rt_gstatus(gp);
		if (s == GWaiting || s == GPreempted)
			waiting += !idles(gp);
		else if (s == GRunnable || s == GRunning || s == GSyscall)
			return;
	}
	for (i32 i = 0; i < sched.gomaxprocs; i++)
		if (rt_allp[i]->timers.n > 0)
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

/* ---- sysmon ---- */
void sysmon_wake(void) {
	rt_lock(&sched.lock);
	if (sched.sysmonwait) {
		astore(&sched.sysmonwait, 0);
		rt_notewakeup(&sched.sysmonnote);
	}
	rt_unlock(&sched.lock);
}

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
			if (runq_empty(pp) && aload(&sched.nmspinning) + aload(&sched.npidle) > 0 &&
			    pp->sysmontick_syscallwhen + 10 * 1000 * 1000 > now)
				continue;
			rt_trace_enter();
			bool taken = acas(&pp->status, PSyscall, PIdle);
			if (taken)
				rt_trace_steal(pp);
			rt_trace_leave();
			if (taken) {
				n++;
				pp->syscalltick++;
				p_handoff(pp);
			}
		}
	}
	return n;
}

/* ---- the goroutine that follows the machine's idea of GOMAXPROCS ---- */
static G *updater;      /* atomic: parked in procs_wait */
static i32 wanted;

static bool updater_waits(G *gp, void *arg UNUSED) {
	astore(&updater, gp);
	return true;
}

void procs_wait(void) { rt_park(updater_waits, NULL, WaitUpdateGOMAXPROCSIdle); }
i64 procs_wanted(void) { return sched.procsauto ? wanted : 0; }

/* Two goroutines that wait for sysmon; being born waiting, they cost a program nothing. */
void proc_starthelpers(Funcval *gc, Funcval *procs) {
	rt_gc_forcer(rt_newparked(gc, WaitForceGCIdle));
	astore(&updater, rt_newparked(procs, WaitUpdateGOMAXPROCSIdle));
}

static void followprocs(i64 now) {
	static i64 last;
	if (!sched.procsauto || now - last < 1000 * 1000 * 1000)
		return;
	last = now;
	i32 n = os_gomaxprocs(sched.quota);
	if (n == sched.gomaxprocs || n < 1)
		return;
	G *gp = axchg(&updater, (G *)NULL);
	if (gp == NULL)
		return;
	wanted = n;
	rt_ready(gp);
}

static void sysmon(void) {
	rt_lock(&sched.lock);
	sched.nmsys++;
	sched_checkdead();
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
				rt_notetsleep(&sched.sysmonnote, rt_gc_forceperiod() / 2);
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
				runq_inject(list);
		}
		if (retake(now) != 0)
			idle = 0;
		else
			idle++;
		rt_gc_sysmon(now);
		followprocs(now);
	}
}

void proc_startsysmon(void) {
	static u32 started;
	if (acas(&started, 0, 1))
		rt_newm(sysmon, NULL);
}
