/* runq.c: the queues of runnable goroutines.
 *
 * A P has a ring of 256, of which others steal half, and runnext, the one its current goroutine just made ready. The
 * owner alone moves the tail, everybody the head by cas. What does not fit goes to the global queue, under sched.lock. */
#include "proc.h"

/* ---- global queue; sched.lock held ---- */
void globq_put(G *gp) {
	gp->sched.link = NULL;
	if (sched.runqtail != NULL)
		sched.runqtail->sched.link = gp;
	else
		sched.runqhead = gp;
	sched.runqtail = gp;
	sched.runqsize++;
}

static G *globq_pop(void) {
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
		globq_put(batch[i]);
	rt_unlock(&sched.lock);
	return true;
}

void runq_put(P *pp, G *gp, bool next) {
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

G *runq_get(P *pp, bool *inherit) {
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

bool runq_empty(P *pp) {
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

G *runq_steal(P *pp, P *victim, bool stealnext) {
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
G *globq_get(P *pp, i32 max) {
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
	G *gp = globq_pop();
	while (--n > 0)
		runq_put(pp, globq_pop(), false);
	return gp;
}

void runq_inject(G *list) {
	P *pp = rt_p();
	i32 n = 0;
	for (G *gp = list, *next; gp != NULL; gp = next, n++) {
		next = gp->sched.link;
		if (pp != NULL) {
			rt_casgstatus(gp, GWaiting, GRunnable);
			runq_put(pp, gp, false);
		} else {
			rt_trace_enter();
			rt_casgstatus(gp, GWaiting, GRunnable);
			rt_trace_leave();
			rt_lock(&sched.lock);
			globq_put(gp);
			rt_unlock(&sched.lock);
		}
	}
	for (; n > 0 && aload(&sched.npidle) != 0; n--)
		rt_wakep();
}
