/* chan.c: channels.
 *
 * A channel holds a ring of elements and two queues of parked goroutines; at least one
 * queue is empty, except for a select that waits on both ends. A sender that finds a
 * parked receiver copies straight into the receiver's slot and makes it runnable, and the
 * reverse. c->lock guards everything, including slots of goroutines parked on c.
 *
 * Parking is rt_park with the lock released only after the goroutine is GWaiting; what
 * remains to be done after waking (was it a close?) is the resume function. */
#include "runtime.h"

enum { KindNoPointers = 0 };

/* Layout of an Hchan for the collector: buf, timer, elemtype, bubble. */
static u8 hchanmask[2];
static Type hchantype;

static void inittype(void) {
	static const u16 ptrs[] = { offsetof(Hchan, buf), offsetof(Hchan, timer), offsetof(Hchan, elemtype),
		offsetof(Hchan, bubble) };
	for (u32 i = 0; i < nelem(ptrs); i++)
		hchanmask[ptrs[i] / 64] |= (u8)(1 << ptrs[i] / 8 % 8);
	hchantype.gcdata = hchanmask;
	hchantype.ptrbytes = offsetof(Hchan, bubble) + 8;
	hchantype.align = hchantype.fieldalign = 8;
	hchantype.kind = 25;
	astorerel(&hchantype.size, sizeof(Hchan));
}

Hchan *rt_makechan(Type *t, i64 n) {
	Type *elem = ((ChanType *)t)->elem;
	u64 bytes;
	if (unlikely(aload(&hchantype.size) == 0))
		inittype();
	if (elem->size >= 1 << 16 || elem->align > 8)
		rt_throw("makechan: invalid channel element type");
	if (n < 0 || __builtin_mul_overflow(elem->size, (u64)n, &bytes) || bytes > (1ull << 47) - sizeof(Hchan))
		rt_panic_plain("makechan: size out of range");
	Hchan *c;
	if (elem->ptrbytes == 0) {
		c = rt_mallocgc(sizeof(Hchan) + bytes, NULL, true);
		c->buf = c + 1;
	} else {
		c = rt_mallocgc(sizeof(Hchan), &hchantype, true);
		if (bytes != 0)
			rt_wb_store(&c->buf, rt_mallocgc(bytes, elem, true));
	}
	c->elemsize = (u16)elem->size;
	rt_wb_store((void **)&c->elemtype, elem);
	c->dataqsiz = (u64)n;
	c->bubble = rt_curg()->bubble;
	return c;
}

Hchan *chan_make(Type *t, i64 n) { return rt_makechan(t, n); }

static inline void *slot(Hchan *c, u64 i) { return (u8 *)c->buf + i * c->elemsize; }

static inline u64 next(Hchan *c, u64 i) { return i + 1 == c->dataqsiz ? 0 : i + 1; }

void rt_waitq_put(Waitq *q, Sudog *s) {
	s->next = NULL;
	s->prev = q->last;
	if (q->last != NULL)
		q->last->next = s;
	else
		q->first = s;
	q->last = s;
}

/* First waiter that nobody else woke: a goroutine in a select stands in many queues. */
static Sudog *dequeue(Waitq *q) {
	for (;;) {
		Sudog *s = q->first;
		if (s == NULL)
			return NULL;
		q->first = s->next;
		if (s->next != NULL)
			s->next->prev = NULL;
		else
			q->last = NULL;
		s->next = s->prev = NULL;
		if (s->isselect && !acas(&s->g->selectdone, 0, 1))
			continue;
		return s;
	}
}

void rt_waitq_remove(Waitq *q, Sudog *s) {
	if (s->prev != NULL)
		s->prev->next = s->next;
	else if (q->first == s)
		q->first = s->next;
	else
		return;   /* already dequeued */
	if (s->next != NULL)
		s->next->prev = s->prev;
	else
		q->last = s->prev;
	s->next = s->prev = NULL;
}

/* A copy whose one side may be another goroutine's stack slot. */
static void copydirect(Type *t, void *dst, const void *src) {
	if (unlikely(rt_writebarrier.enabled)) {
		rt_bulk_barrier(t, dst, src);
		rt_copybarrier(t, src);
	}
	memmove(dst, src, t->size);
}

static void wake(Sudog *s, bool success) {
	G *gp = s->g;
	if (s->since != 0)
		s->since = os_nanotime() - s->since;
	gp->param = s;
	s->success = success;
	rt_ready(gp);
}

/* One step of a send with c->lock held: true if done and unlocked. May panic. */
bool rt_chan_trysend(Hchan *c, const void *elem) {
	if (c->closed) {
		rt_unlock(&c->lock);
		rt_panic_plain("send on closed channel");
	}
	Sudog *s = dequeue(&c->recvq);
	if (s != NULL) {
		if (s->elem != NULL) {
			copydirect(c->elemtype, s->elem, elem);
			s->elem = NULL;
		}
		rt_unlock(&c->lock);
		wake(s, true);
		return true;
	}
	if (c->qcount < c->dataqsiz) {
		rt_typedmemmove(c->elemtype, slot(c, c->sendx), elem);
		c->sendx = next(c, c->sendx);
		c->qcount++;
		rt_unlock(&c->lock);
		return true;
	}
	return false;
}

/* One step of a receive with c->lock held: true if done and unlocked; *ok as in v, ok. */
bool rt_chan_tryrecv(Hchan *c, void *elem, bool *ok) {
	if (c->closed && c->qcount == 0) {
		rt_unlock(&c->lock);
		if (elem != NULL)
			rt_typedmemclr(c->elemtype, elem);
		*ok = false;
		return true;
	}
	*ok = true;
	if (c->closed == 0) {
		Sudog *s = dequeue(&c->sendq);
		if (s != NULL) {
			if (c->dataqsiz == 0) {
				if (elem != NULL)
					copydirect(c->elemtype, elem, s->elem);
			} else {
				/* full ring: take the head, the sender's goes where it was */
				void *p = slot(c, c->recvx);
				if (elem != NULL)
					rt_typedmemmove(c->elemtype, elem, p);
				rt_typedmemmove(c->elemtype, p, s->elem);
				c->recvx = next(c, c->recvx);
				c->sendx = c->recvx;
			}
			s->elem = NULL;
			rt_unlock(&c->lock);
			wake(s, true);
			return true;
		}
	}
	if (c->qcount > 0) {
		void *p = slot(c, c->recvx);
		if (elem != NULL)
			rt_typedmemmove(c->elemtype, elem, p);
		rt_typedmemclr(c->elemtype, p);
		c->recvx = next(c, c->recvx);
		c->qcount--;
		rt_unlock(&c->lock);
		return true;
	}
	return false;
}

/* Queue the current goroutine by its own record; want: a receive with two results. */
static void enqueue(Hchan *c, Waitq *q, void *elem, bool want) {
	G *gp = rt_curg();
	gp->one = (Sudog){ .g = gp, .elem = elem, .c = c, .flag = want, .since = rt_prof_start(WaitChanReceive) };
	gp->waits = WaitsOne;
	gp->param = NULL;
	gp->selectdone = 0;
	rt_waitq_put(q, &gp->one);
}

static bool finish(G *gp) {
	if (gp->waits != WaitsOne || gp->param != &gp->one)
		rt_throw("channel: corrupted waiting list");
	gp->waits = WaitsOther;
	gp->param = NULL;
	if (unlikely(gp->one.since != 0))
		rt_prof_blocked(gp, gp->one.since, 0);
	return gp->one.success;
}

static Pair aftersend(G *gp) {
	if (!finish(gp))
		rt_panic_plain("send on closed channel");
	return (Pair){ 1, 0 };
}

static Pair afterrecv(G *gp) {
	Hchan *c = gp->one.c;
	if (c->timer != NULL)
		rt_timers_chan_unblock(c);
	bool ok = finish(gp);
	return gp->one.flag ? (Pair){ 1, ok } : (Pair){ ok, 0 };
}

/* A channel made in a bubble is used from outside. */
static inline bool foreign(const Hchan *c) {
	if (likely(c->bubble == NULL))
		return false;
	G *gp = rt_curg();
	return gp == NULL || gp->bubble != c->bubble;
}

static bool send(Hchan *c, void *elem, bool block) {
	if (c == NULL) {
		if (!block)
			return false;
		rt_park(NULL, NULL, WaitChanSendNilChan);
	}
	if (foreign(c))
		rt_fatal("send on synctest channel from outside bubble");
	if (!block && !aload(&c->closed) &&
	    (c->dataqsiz == 0 ? aload(&c->recvq.first) == NULL : aload(&c->qcount) == c->dataqsiz))
		return false;
	rt_lock(&c->lock);
	if (rt_chan_trysend(c, elem))
		return true;
	if (!block) {
		rt_unlock(&c->lock);
		return false;
	}
	enqueue(c, &c->sendq, elem, false);
	rt_curg()->sched.resume = aftersend;
	rt_park_unlock(&c->lock, c->bubble != NULL ? WaitSynctestChanSend : WaitChanSend);
}

/* wantpair: results are (selected, received) instead of received alone */
static Pair recv(Hchan *c, void *elem, bool block, bool wantpair) {
	bool ok = false;
	if (c == NULL) {
		if (!block)
			return (Pair){ 0, 0 };
		rt_park(NULL, NULL, WaitChanReceiveNilChan);
	}
	if (foreign(c))
		rt_fatal("receive on synctest channel from outside bubble");
	if (c->timer != NULL)
		rt_timer_maybe_run_chan(c->timer);
	if (!block && (c->dataqsiz == 0 ? aload(&c->sendq.first) == NULL : aload(&c->qcount) == 0) && !aload(&c->closed))
		return (Pair){ 0, 0 };
	rt_lock(&c->lock);
	if (rt_chan_tryrecv(c, elem, &ok))
		return wantpair ? (Pair){ 1, ok } : (Pair){ ok, 0 };
	if (!block) {
		rt_unlock(&c->lock);
		return (Pair){ 0, 0 };
	}
	if (c->timer != NULL)
		rt_timers_chan_block(c);
	enqueue(c, &c->recvq, elem, wantpair);
	rt_curg()->sched.resume = afterrecv;
	rt_park_unlock(&c->lock, c->bubble != NULL ? WaitSynctestChanReceive : WaitChanReceive);
}

void chan_send1(Hchan *c, void *elem) { send(c, elem, true); }
void chan_recv1(Hchan *c, void *elem) { recv(c, elem, true, false); }
u64 chan_recv2(Hchan *c, void *elem) { return recv(c, elem, true, false).a; }
u64 chan_nbsend(Hchan *c, void *elem) { return send(c, elem, false); }
Pair chan_nbrecv(void *elem, Hchan *c) { return recv(c, elem, false, true); }
u64 chan_reflectsend(Hchan *c, void *elem, bool nb) { return send(c, elem, !nb); }
Pair chan_reflectrecv(Hchan *c, bool nb, void *elem) { return recv(c, elem, !nb, true); }

/* Wake everybody: receivers with zero values, senders to panic. */
void chan_close(Hchan *c) {
	if (c == NULL)
		rt_panic_plain("close of nil channel");
	if (foreign(c))
		rt_fatal("close of synctest channel from outside bubble");
	rt_lock(&c->lock);
	if (c->closed) {
		rt_unlock(&c->lock);
		rt_panic_plain("close of closed channel");
	}
	c->closed = 1;
	Sudog *list = NULL, **tail = &list;
	for (Sudog *s; (s = dequeue(&c->recvq)) != NULL; tail = &s->next) {
		if (s->elem != NULL) {
			rt_typedmemclr(c->elemtype, s->elem);
			s->elem = NULL;
		}
		*tail = s;
	}
	for (Sudog *s; (s = dequeue(&c->sendq)) != NULL; tail = &s->next) {
		s->elem = NULL;
		*tail = s;
	}
	*tail = NULL;
	rt_unlock(&c->lock);
	for (Sudog *s = list, *n; s != NULL; s = n) {
		n = s->next;
		s->next = NULL;
		wake(s, false);
	}
}

i64 chan_len(Hchan *c) {
	if (c == NULL)
		return 0;
	if (c->timer != NULL && !rt_timers_async())
		return 0;   /* timer channels look unbuffered */
	if (c->timer != NULL)
		rt_timer_maybe_run_chan(c->timer);
	return (i64)c->qcount;
}

i64 chan_cap(Hchan *c) { return c == NULL || (c->timer != NULL && !rt_timers_async()) ? 0 : (i64)c->dataqsiz; }

/* For timers: a non-blocking send of raw bytes from C. */
bool rt_chan_nbsend(Hchan *c, const void *elem) { return send(c, (void *)elem, false); }
