/* select.c: selectgo.
 *
 * Lock all channels in address order, look for a ready case in random order; else put a
 * wait record on every channel and park with all of them unlocked. The waker has claimed
 * us through g.selectdone and left its record in g.param; the resume function locks
 * everything again, removes the other records and returns the winner's index. The arrays
 * lie on the goroutine's stack: resumearg keeps their addresses, which move with it. */
#include "runtime.h"

typedef struct { Hchan *c; void *elem; } Scase;

bool rt_chan_trysend(Hchan *c, const void *elem);
bool rt_chan_tryrecv(Hchan *c, void *elem, bool *ok);
void rt_waitq_put(Waitq *q, Sudog *s);
void rt_waitq_remove(Waitq *q, Sudog *s);

static void lockall(Scase *cas, u16 *lockorder, i64 n) {
	Hchan *last = NULL;
	for (i64 i = 0; i < n; i++) {
		Hchan *c = cas[lockorder[i]].c;
		if (c != last)
			rt_lock(&c->lock);
		last = c;
	}
}

static void unlockall(Scase *cas, u16 *lockorder, i64 n, Hchan *except) {
	for (i64 i = n - 1; i >= 0; i--) {
		Hchan *c = cas[lockorder[i]].c;
		if (i > 0 && cas[lockorder[i - 1]].c == c)
			continue;
		if (c != except)
			rt_unlock(&c->lock);
	}
}

/* Park's unlock: by the wait records, which stand in lock order and off the stack, since
 * the goroutine may run the moment the last lock is gone. */
static bool unlockwaiting(G *gp, void *arg UNUSED) {
	Hchan *last = NULL;
	for (Sudog *s = gp->waiting; s != NULL; s = s->waitlink) {
		if (s->c != last && last != NULL)
			rt_unlock(&last->lock);
		last = s->c;
	}
	if (last != NULL)
		rt_unlock(&last->lock);
	return true;
}

static void sortlocks(Scase *cas, u16 *o, i64 n) {
	for (i64 i = 1; i < n; i++) {   /* heap of indices by channel address */
		u16 v = o[i];
		i64 j = i;
		for (; j > 0 && (uptr)cas[o[(j - 1) / 2]].c < (uptr)cas[v].c; j = (j - 1) / 2)
			o[j] = o[(j - 1) / 2];
		o[j] = v;
	}
	for (i64 i = n - 1; i > 0; i--) {
		u16 v = o[i];
		o[i] = o[0];
		i64 j = 0;
		for (;;) {
			i64 k = 2 * j + 1;
			if (k >= i)
				break;
			if (k + 1 < i && (uptr)cas[o[k]].c < (uptr)cas[o[k + 1]].c)
				k++;
			if ((uptr)cas[v].c >= (uptr)cas[o[k]].c)
				break;
			o[j] = o[k];
			j = k;
		}
		o[j] = v;
	}
}

static Pair afterselect(G *gp) {
	Scase *cas = gp->resumearg[0];
	u16 *lockorder = gp->resumearg[1];
	i64 nsends = (i64)gp->resumearg[2], n = (i64)gp->resumearg[3];
	Sudog *won = gp->param;
	gp->param = NULL;
	lockall(cas, lockorder, n);
	gp->selectdone = 0;
	Sudog *list = gp->waiting;
	gp->waits = WaitsOther;
	i64 index = -1, waited = 0;
	bool ok = false;
	for (i64 i = 0; i < n; i++) {
		Sudog *s = list;
		list = s->waitlink;
		i64 k = lockorder[i];
		Hchan *c = cas[k].c;
		if (k >= nsends && c->timer != NULL)
			rt_timers_chan_unblock(c);
		if (s == won) {
			index = k;
			ok = s->success;
			waited = s->since;
		} else {
			rt_waitq_remove(k < nsends ? &c->sendq : &c->recvq, s);
		}
		s->waitlink = NULL;
		rt_sudog_release(s);
	}
	unlockall(cas, lockorder, n, NULL);
	if (index < 0)
		rt_throw("selectgo: bad wakeup");
	if (unlikely(waited != 0))
		rt_prof_blocked(gp, waited, 0);
	if (index < nsends && !ok)
		rt_panic_plain("send on closed channel");
	return (Pair){ (u64)index, index >= nsends && ok };
}

/* order0 has room for 2*(nsends+nrecvs) u16: poll order, lock order. */
Pair select_go(Scase *cas, u16 *order0, uptr *pc0 UNUSED, i64 nsends, i64 nrecvs, bool block) {
	i64 total = nsends + nrecvs, n = 0;
	u16 *poll = order0, *lockorder = order0 + total;
	bool bubbled = rt_curg()->bubble != NULL;       /* all channels are of our bubble */
	for (i64 i = 0; i < total; i++) {
		if (cas[i].c == NULL) {
			cas[i].elem = NULL;
			continue;
		}
		if (cas[i].c->bubble == NULL)
			bubbled = false;
		else if (rt_curg()->bubble != cas[i].c->bubble)
			rt_fatal("select on synctest channel from outside bubble");
		if (i >= nsends && cas[i].c->timer != NULL)
			rt_timer_maybe_run_chan(cas[i].c->timer);
		u32 j = rt_randn((u32)n + 1);
		poll[n] = poll[j];
		poll[j] = (u16)i;
		n++;
	}
	for (i64 i = 0; i < n; i++)
		lockorder[i] = poll[i];
	sortlocks(cas, lockorder, n);
	lockall(cas, lockorder, n);
	for (i64 i = 0; i < n; i++) {
		i64 k = poll[i];
		Hchan *c = cas[k].c;
		bool ready, ok = false;
		if (k < nsends)
			ready = c->closed || c->recvq.first != NULL || c->qcount < c->dataqsiz;
		else
			ready = c->closed || c->sendq.first != NULL || c->qcount > 0;
		if (!ready)
			continue;
		/* All but c are let go; the step unlocks c. A queue may hold only losers of
		 * other selects: then the step says no with c still locked. */
		unlockall(cas, lockorder, n, c);
		bool done = k < nsends ? rt_chan_trysend(c, cas[k].elem) : rt_chan_tryrecv(c, cas[k].elem, &ok);
		if (done)
			return (Pair){ (u64)k, ok };
		rt_unlock(&c->lock);
		lockall(cas, lockorder, n);
		i = -1;   /* the stale waiters are gone: look again from the start */
	}
	if (!block) {
		unlockall(cas, lockorder, n, NULL);
		return (Pair){ (u64)-1, 0 };
	}
	G *gp = rt_curg();
	if (n == 0)
		rt_park(NULL, NULL, WaitSelectNoCases);
	Sudog **link = &gp->waiting;
	gp->waits = WaitsMany;
	gp->selectdone = 0;
	gp->param = NULL;
	i64 since = rt_prof_start(WaitSelect);
	for (i64 i = 0; i < n; i++) {
		i64 k = lockorder[i];
		Hchan *c = cas[k].c;
		Sudog *s = rt_sudog_acquire();
		s->g = gp;
		s->isselect = true;
		s->elem = cas[k].elem;
		s->since = since;
		s->c = c;
		*link = s;
		link = &s->waitlink;
		rt_waitq_put(k < nsends ? &c->sendq : &c->recvq, s);
		if (k >= nsends && c->timer != NULL)
			rt_timers_chan_block(c);
	}
	*link = NULL;
	gp->resumearg[0] = cas;
	gp->resumearg[1] = lockorder;
	gp->resumearg[2] = (void *)nsends;
	gp->resumearg[3] = (void *)n;
	gp->sched.resume = afterselect;
	rt_park(unlockwaiting, NULL, bubbled ? WaitSynctestSelect : WaitSelect);
}

void select_block(void) { rt_park(NULL, NULL, WaitSelectNoCases); }
