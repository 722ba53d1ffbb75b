/* netpoll.c: waiting for file descriptors with epoll.
 *
 * One PollDesc per descriptor, off heap, never freed; the epoll data carries its address
 * tagged with a sequence number, so that late events of a reused one are dropped. rg and
 * wg are NULL, Ready, Wait or the parked goroutine. Deadlines are timers whose sequence
 * numbers make stale firings harmless. The idle thread sleeps in rt_netpoll and is woken
 * through an eventfd. */
#include "runtime.h"

typedef struct PollDesc PollDesc;
struct PollDesc {
	PollDesc *link;
	uptr fd;
	u32 seq;                /* tag of this life */
	u32 info;               /* atomic: Closing, ... bits seen without the lock */
	G *rg, *wg;             /* atomic */
	Mutex lock;
	bool closing, eventerr;
	i64 rd, wd;             /* deadlines; < 0 expired */
	Timer rt, wt;
	u32 rseq, wseq;
};

#define PD_READY ((G *)1)
#define PD_WAIT ((G *)2)
enum { PollOK, PollClosing, PollTimeout, PollNotPollable };
enum { EpollIn = 1, EpollOut = 4, EpollErr = 8, EpollHup = 16, EpollRdhup = 0x2000 };

typedef struct { u32 events; u64 data; } __attribute__((packed)) Event;

i64 os_syscall(i64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);

static i32 epfd = -1, evfd = -1;
static u32 inited, wakesig, waiters;
static Mutex initlock, freelock;
static PollDesc *freelist;

static void init(void) {
	if (aload(&inited))
		return;
	rt_lock(&initlock);
	if (!inited) {
		epfd = (i32)os_syscall(291, 02000000, 0, 0, 0, 0, 0);
		evfd = (i32)os_syscall(290, 0, 02000000 | 04000, 0, 0, 0, 0);
		if (epfd < 0 || evfd < 0)
			rt_throw("runtime: netpollinit failed");
		Event ev = { EpollIn, 0 };
		os_syscall(233, epfd, 1, evfd, (u64)&ev, 0, 0);
		astore(&inited, 1);
	}
	rt_unlock(&initlock);
}

bool rt_netpoll_inited(void) { return aload(&inited) != 0; }
bool rt_netpoll_anywaiters(void) { return aload(&waiters) != 0; }

void rt_netpoll_break(void) {
	init();
	if (!acas(&wakesig, 0, 1))
		return;
	u64 one = 1;
	os_write(evfd, &one, 8);
}

void poll_serverinit(void) { init(); }
bool poll_isserverfd(uptr fd) { return (i32)fd == epfd || (i32)fd == evfd; }

static PollDesc *alloc(void) {
	rt_lock(&freelock);
	PollDesc *pd = freelist;
	if (pd != NULL)
		freelist = pd->link;
	rt_unlock(&freelock);
	return pd != NULL ? pd : rt_persistentalloc(sizeof *pd, 64);
}

Pair poll_open(uptr fd) {
	PollDesc *pd = alloc();
	rt_lock(&pd->lock);
	pd->fd = fd;
	pd->closing = pd->eventerr = false;
	pd->rg = pd->wg = NULL;
	pd->rd = pd->wd = 0;
	pd->rseq++, pd->wseq++, pd->seq++;
	rt_unlock(&pd->lock);
	init();
	Event ev = { EpollIn | EpollOut | EpollRdhup | 1u << 31, (u64)pd | (u64)(pd->seq & 0xffff) << 48 };
	i64 r = os_syscall(233, epfd, 1, fd, (u64)&ev, 0, 0);
	if (r < 0) {
		rt_lock(&freelock);
		pd->link = freelist;
		freelist = pd;
		rt_unlock(&freelock);
		return (Pair){ 0, (u64)-r };
	}
	return (Pair){ (u64)pd, 0 };
}

void poll_close(PollDesc *pd) {
	if (!pd->closing)
		rt_throw("runtime: close polldesc w/o unblock");
	Event ev = { 0, 0 };
	os_syscall(233, epfd, 2, pd->fd, (u64)&ev, 0, 0);
	rt_lock(&pd->lock);
	pd->seq++;
	rt_unlock(&pd->lock);
	rt_lock(&freelock);
	pd->link = freelist;
	freelist = pd;
	rt_unlock(&freelock);
}

static u64 check(PollDesc *pd, i64 mode) {
	if (aload(&pd->closing))
		return PollClosing;
	if ((mode == 'r' && aload(&pd->rd) < 0) || (mode == 'w' && aload(&pd->wd) < 0))
		return PollTimeout;
	if (mode == 'r' && aload(&pd->eventerr))
		return PollNotPollable;
	return PollOK;
}

u64 poll_reset(PollDesc *pd, i64 mode) {
	u64 e = check(pd, mode);
	if (e == PollOK)
		astore(mode == 'r' ? &pd->rg : &pd->wg, (G *)NULL);
	return e;
}

static bool commit(G *gp, void *gpp) {
	if (!acas((G **)gpp, PD_WAIT, gp))
		return false;
	axadd(&waiters, 1);
	return true;
}

static u64 waitfor(PollDesc *pd, i64 mode);

static Pair afterwait(G *gp) {
	PollDesc *pd = gp->resumearg[0];
	i64 mode = (i64)gp->resumearg[1];
	G **gpp = mode == 'r' ? &pd->rg : &pd->wg;
	G *old = axchg(gpp, (G *)NULL);
	if (old > PD_WAIT)
		rt_throw("runtime: corrupted polldesc");
	u64 e = check(pd, mode);
	if (old == PD_READY || e != PollOK)
		return (Pair){ e, 0 };
	return (Pair){ waitfor(pd, mode), 0 };   /* a stale deadline: wait on */
}

static u64 waitfor(PollDesc *pd, i64 mode) {
	G **gpp = mode == 'r' ? &pd->rg : &pd->wg;
	G *gp = rt_curg();
	for (;;) {
		u64 e = check(pd, mode);
		if (e != PollOK)
			return e;
		if (acas(gpp, PD_READY, (G *)NULL))
			return PollOK;
		if (acas(gpp, (G *)NULL, PD_WAIT))
			break;
		if (aload(gpp) != PD_READY && aload(gpp) != NULL)
			rt_throw("runtime: double wait");
	}
	gp->resumearg[0] = pd;
	gp->resumearg[1] = (void *)mode;
	gp->sched.resume = afterwait;
	u64 e = check(pd, mode);   /* closing or a deadline may have missed PD_WAIT */
	if (e != PollOK) {
		gp->sched.resume = NULL;
		G *old = axchg(gpp, (G *)NULL);
		return old == PD_READY ? PollOK : e;
	}
	rt_trace_skip(3);               /* this, (*pollDesc).wait, waitRead or waitWrite */
	rt_park(commit, gpp, WaitIOWait);
}

u64 poll_wait(PollDesc *pd, i64 mode) { return waitfor(pd, mode); }
void poll_waitcanceled(PollDesc *pd UNUSED, i64 mode UNUSED) { rt_throw("pollWaitCanceled"); }

/* Make the waiter of a side runnable, if there is one; ready: leave a mark otherwise. */
static G *unblock(PollDesc *pd, i64 mode, bool ioready) {
	G **gpp = mode == 'r' ? &pd->rg : &pd->wg;
	for (;;) {
		G *old = aload(gpp);
		if (old == PD_READY || (old == NULL && !ioready))
			return NULL;
		if (acas(gpp, old, ioready ? PD_READY : (G *)NULL)) {
			if (old == NULL || old == PD_WAIT)
				return NULL;
			axadd(&waiters, (u32)-1);
			return old;
		}
	}
}

static void expired(PollDesc *pd, uptr seq, bool read, bool write) {
	G *rg = NULL, *wg = NULL;
	rt_lock(&pd->lock);
	if (seq != (read ? pd->rseq : pd->wseq)) {
		rt_unlock(&pd->lock);
		return;
	}
	if (read) {
		astore(&pd->rd, -1ll);
		rg = unblock(pd, 'r', false);
	}
	if (write) {
		astore(&pd->wd, -1ll);
		wg = unblock(pd, 'w', false);
	}
	rt_unlock(&pd->lock);
	if (rg != NULL)
		rt_ready(rg);
	if (wg != NULL)
		rt_ready(wg);
}

static void readdeadline(Timer *t UNUSED, void *pd, uptr seq, i64 now UNUSED) { expired(pd, seq, true, false); }
static void writedeadline(Timer *t UNUSED, void *pd, uptr seq, i64 now UNUSED) { expired(pd, seq, false, true); }

static void arm(Timer *t, PollDesc *pd, i64 when, u32 seq, void (*cf)(Timer *, void *, uptr, i64)) {
	rt_timer_stop(t);
	if (when <= 0)
		return;
	t->cf = cf;
	t->arg.data = pd;
	rt_timer_modify(t, when, 0, NULL, (Eface){ NULL, NULL }, seq);
}

void poll_setdeadline(PollDesc *pd, i64 d, i64 mode) {
	G *rg = NULL, *wg = NULL;
	if (d > 0) {
		d += os_nanotime();
		if (d <= 0)
			d = INT64_MAX;
	}
	rt_lock(&pd->lock);
	if (pd->closing) {
		rt_unlock(&pd->lock);
		return;
	}
	if (mode == 'r' || mode == 'r' + 'w') {
		astore(&pd->rd, d);
		arm(&pd->rt, pd, d, ++pd->rseq, readdeadline);
		if (d < 0)
			rg = unblock(pd, 'r', false);
	}
	if (mode == 'w' || mode == 'r' + 'w') {
		astore(&pd->wd, d);
		arm(&pd->wt, pd, d, ++pd->wseq, writedeadline);
		if (d < 0)
			wg = unblock(pd, 'w', false);
	}
	rt_unlock(&pd->lock);
	if (rg != NULL)
		rt_ready(rg);
	if (wg != NULL)
		rt_ready(wg);
}

void poll_unblock(PollDesc *pd) {
	rt_lock(&pd->lock);
	if (pd->closing)
		rt_throw("runtime: unblock on closing polldesc");
	astore(&pd->closing, true);
	pd->rseq++, pd->wseq++;
	G *rg = unblock(pd, 'r', false), *wg = unblock(pd, 'w', false);
	rt_timer_stop(&pd->rt);
	rt_timer_stop(&pd->wt);
	rt_unlock(&pd->lock);
	if (rg != NULL)
		rt_ready(rg);
	if (wg != NULL)
		rt_ready(wg);
}

static void push(G **list, G *gp) {
	if (gp != NULL) {
		gp->sched.link = *list;
		*list = gp;
	}
}

G *rt_netpoll(i64 ns) {
	Event evs[128];
	G *list = NULL;
	init();
	i32 ms = ns < 0 ? -1 : ns == 0 ? 0 : ns < 1000000 ? 1 : ns < 1000000000000000ll ? (i32)((ns + 999999) / 1000000) : 1000000000;
	i64 n = os_syscall(232, epfd, (u64)evs, nelem(evs), ms, 0, 0);
	for (i64 i = 0; i < n; i++) {
		Event *ev = &evs[i];
		if (ev->data == 0) {
			if (ns != 0) {
				u64 v;
				os_read(evfd, &v, 8);
				astore(&wakesig, 0);
			}
			continue;
		}
		PollDesc *pd = (PollDesc *)(ev->data & 0xffffffffffffull);
		if ((pd->seq & 0xffff) != ev->data >> 48)
			continue;
		bool r = (ev->events & (EpollIn | EpollRdhup | EpollHup | EpollErr)) != 0;
		bool w = (ev->events & (EpollOut | EpollHup | EpollErr)) != 0;
		astore(&pd->eventerr, ev->events == EpollErr);
		if (r)
			push(&list, unblock(pd, 'r', true));
		if (w)
			push(&list, unblock(pd, 'w', true));
	}
	return list;
}
