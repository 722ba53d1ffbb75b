/* sema.c: sleeping until a counter is positive, for sync.Mutex and friends.
 *
 * Waiters hang in 251 buckets by address, each a list under its lock. Acquire tries the
 * counter, then under the lock announces itself (nwait), tries again and parks; release
 * increments first and looks at nwait after: the same Dekker pair as the scheduler's. A
 * woken waiter either was given the token (ticket) or competes again. */
#include "runtime.h"

enum { Buckets = 251 };
typedef struct { Mutex lock; Sudog *head, *tail; u32 nwait; u32 pad[9]; } Root;
static Root roots[Buckets];

static Root *root(u32 *addr) { return &roots[((uptr)addr >> 3) % Buckets]; }

static bool cansemacquire(u32 *addr) {
	for (;;) {
		u32 v = aload(addr);
		if (v == 0)
			return false;
		if (acas(addr, v, v - 1))
			return true;
	}
}

static void NORETURN waitfor(u32 *addr, bool lifo, u8 reason, u8 skip);
static Pair afterwait(G *gp);

/* skip: how many logical frames of the caller are no news to whoever reads a trace or profile */
static void acquire(u32 *addr, bool lifo, u8 reason, u8 skip) {
	if (cansemacquire(addr))
		return;
	Root *r = root(addr);
	rt_lock(&r->lock);
	axadd(&r->nwait, 1);
	if (cansemacquire(addr)) {
		axadd(&r->nwait, (u32)-1);
		rt_unlock(&r->lock);
		return;
	}
	waitfor(addr, lifo, reason, skip);
}

/* root locked, nwait counted */
static void waitfor(u32 *addr, bool lifo, u8 reason, u8 skip) {
	Root *r = root(addr);
	G *gp = rt_curg();
	Sudog *s = &gp->one;
	*s = (Sudog){ .g = gp, .elem = addr, .flag = lifo, .skip = skip, .since = rt_prof_start(reason) };
	gp->waits = WaitsOne;
	if (lifo) {
		s->next = r->head;
		if (r->head != NULL)
			r->head->prev = s;
		else
			r->tail = s;
		r->head = s;
	} else {
		s->prev = r->tail;
		if (r->tail != NULL)
			r->tail->next = s;
		else
			r->head = s;
		r->tail = s;
	}
	gp->sched.resume = afterwait;
	rt_trace_skip(1u + skip);
	rt_park_unlock(&r->lock, reason);
}

static Pair afterwait(G *gp) {
	Sudog *s = &gp->one;
	u32 *addr = s->elem;
	gp->waits = WaitsOther;
	if (unlikely(s->since != 0))
		rt_prof_blocked(gp, s->since, 1u + s->skip);
	bool given = s->ticket != 0 || cansemacquire(addr);
	if (!given) {
		Root *r = root(addr);
		rt_lock(&r->lock);
		axadd(&r->nwait, 1);
		if (!cansemacquire(addr))
			waitfor(addr, s->flag, gp->waitreason, s->skip);
		axadd(&r->nwait, (u32)-1);
		rt_unlock(&r->lock);
	}
	return (Pair){ 0, 0 };
}

void rt_handoff(G *to, ResumeFn resume);

static bool ismutex(u8 r) { return r == WaitSyncMutexLock || r == WaitSyncRWMutexLock || r == WaitSyncRWMutexRLock; }

static void release(u32 *addr, bool handoff, u8 skip) {
	Root *r = root(addr);
	axadd(addr, 1);
	if (aload(&r->nwait) == 0)
		return;
	rt_lock(&r->lock);
	Sudog *s = r->head;
	while (s != NULL && s->elem != addr)
		s = s->next;
	if (s == NULL) {
		rt_unlock(&r->lock);
		return;
	}
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		r->head = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	else
		r->tail = s->prev;
	s->next = s->prev = NULL;
	axadd(&r->nwait, (u32)-1);
	rt_unlock(&r->lock);
	if (handoff && cansemacquire(addr))
		s->ticket = 1;
	G *gp = s->g;
	if (unlikely(s->since != 0)) {
		s->since = os_nanotime() - s->since;
		if (ismutex(gp->waitreason)) {
			rt_metric_mutexwait(s->since);
			rt_prof_contended(rt_curg(), s->since, 1u + skip);
		}
	}
	rt_trace_skip(1u + skip);
	if (s->ticket == 1 && rt_m()->locks == 0)
		rt_handoff(gp, NULL);   /* does not return here */
	rt_ready(gp);
}

void rt_semacquire(u32 *addr) { acquire(addr, false, WaitSemacquire, 0); }
void rt_semrelease(u32 *addr) { release(addr, false, 0); }
void sema_acquire(u32 *addr) { acquire(addr, false, WaitSemacquire, 0); }
void sema_acquire_poll(u32 *addr) { acquire(addr, false, WaitSemacquire, 0); }
void sema_acquire_wg(u32 *addr, bool durable) {
	acquire(addr, false, durable ? WaitSynctestWaitGroupWait : WaitSyncWaitGroupWait, 0);
}
void sema_acquire_rwr(u32 *addr, bool lifo, i64 skip) { acquire(addr, lifo, WaitSyncRWMutexRLock, (u8)skip); }
void sema_acquire_rw(u32 *addr, bool lifo, i64 skip) { acquire(addr, lifo, WaitSyncRWMutexLock, (u8)skip); }
void sema_acquire_mutex(u32 *addr, bool lifo, i64 skip) { acquire(addr, lifo, WaitSyncMutexLock, (u8)skip); }
void sema_release(u32 *addr, bool handoff, i64 skip) { release(addr, handoff, (u8)skip); }
void sema_release1(u32 *addr) { release(addr, false, 0); }

/* sync.Cond: tickets; wait and notify are generation numbers. */
typedef struct { u32 wait, notify; Mutex lock; Sudog *head, *tail; } NotifyList;
_Static_assert(offsetof(NotifyList, head) == 16, "sync.notifyList");

u64 notify_add(NotifyList *l) { return (u64)(u32)(axadd(&l->wait, 1) - 1); }

static bool before(u32 a, u32 b) { return (i32)(a - b) < 0; }

static Pair afternotify(G *gp) {
	gp->waits = WaitsOther;
	if (unlikely(gp->one.since != 0))
		rt_prof_blocked(gp, os_nanotime() - gp->one.since, 1);
	return (Pair){ 0, 0 };
}

void notify_wait(NotifyList *l, u32 t) {
	rt_lock(&l->lock);
	if (before(t, l->notify)) {
		rt_unlock(&l->lock);
		return;
	}
	G *gp = rt_curg();
	Sudog *s = &gp->one;
	*s = (Sudog){ .g = gp, .ticket = t, .since = rt_prof_start(WaitSyncCondWait) };
	gp->waits = WaitsOne;
	if (l->tail == NULL)
		l->head = s;
	else
		l->tail->next = s;
	l->tail = s;
	gp->sched.resume = afternotify;
	rt_trace_skip(1);
	rt_park_unlock(&l->lock, WaitSyncCondWait);
}

static void wake(G *gp) {
	if (gp->bubble != NULL && rt_curg()->bubble != gp->bubble) {
		rt_printf("semaphore wake of synctest goroutine %d from outside bubble\n", gp->goid);
		rt_fatal("semaphore wake of synctest goroutine from outside bubble");
	}
	rt_trace_skip(1);
	rt_ready(gp);
}

void notify_all(NotifyList *l) {
	if (aload(&l->wait) == aload(&l->notify))
		return;
	rt_lock(&l->lock);
	Sudog *s = l->head;
	l->head = l->tail = NULL;
	astore(&l->notify, aload(&l->wait));
	rt_unlock(&l->lock);
	for (Sudog *n; s != NULL; s = n) {
		n = s->next;
		s->next = NULL;
		wake(s->g);
	}
}

void notify_one(NotifyList *l) {
	if (aload(&l->wait) == aload(&l->notify))
		return;
	rt_lock(&l->lock);
	u32 t = l->notify;
	if (t == aload(&l->wait)) {
		rt_unlock(&l->lock);
		return;
	}
	astore(&l->notify, t + 1);
	for (Sudog *p = NULL, *s = l->head; s != NULL; p = s, s = s->next) {
		if (s->ticket != t)
			continue;
		if (p != NULL)
			p->next = s->next;
		else
			l->head = s->next;
		if (s->next == NULL)
			l->tail = p;
		s->next = NULL;
		rt_unlock(&l->lock);
		wake(s->g);
		return;
	}
	rt_unlock(&l->lock);
}

void notify_check(u64 size) {
	if (size != sizeof(NotifyList))
		rt_throw("bad notifyList size");
}
