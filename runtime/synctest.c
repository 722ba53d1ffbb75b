/* synctest.c: bubbles of internal/synctest: goroutines with a clock of their own.
 *
 * A bubble counts its goroutines that are not durably blocked: those that only another goroutine of the bubble, or the
 * bubble's clock, can wake. Every change of status is reported here (rt_casgstatus). When the count falls to zero the bubble wakes
 * one goroutine: the one in Wait, if no timer is due, or else the root, which called Run: it moves the clock to the next
 * timer and runs it, until there is none. active keeps a bubble awake while a goroutine is half way into its wait, and from
 * the moment somebody was chosen to be woken until he runs.
 *
 * Bubbles are never freed: channels keep pointing to theirs. */
#include "runtime.h"

struct Bubble {
	u64 id;                 /* first: tracebacks print it */
	Mutex lock;
	Timers timers;
	i64 now;
	G *root, *waiter, *main;
	bool waiting, done;     /* somebody is in Wait; main has ended */
	i64 total, running, active;
	Bubble *link;           /* those whose Run has not returned: their timers are roots */
};

static struct { Mutex lock; Bubble *live; u64 ids; } all;

enum { BaseTime = 946684800 };  /* 2000-01-01 */

static bool durable(u8 reason) {
	switch (reason) {
	case WaitChanReceiveNilChan: case WaitChanSendNilChan: case WaitSelectNoCases: case WaitSleep: case WaitSyncCondWait:
	case WaitSynctestWaitGroupWait: case WaitCoroutine: case WaitSynctestRun: case WaitSynctestWait:
	case WaitSynctestChanReceive: case WaitSynctestChanSend: case WaitSynctestSelect:
		return true;
	}
	return false;
}

/* Whom to wake, if the bubble is blocked; lock held. */
static G *towake(Bubble *b) {
	if (b->running > 0 || b->active > 0)
		return NULL;
	b->active++;
	i64 next = aload(&b->timers.minwhen);
	if (next > 0 && next <= b->now)
		return b->root;
	return b->waiter != NULL ? b->waiter : b->root;
}

static void unlockandwake(Bubble *b) {
	G *gp = towake(b);
	rt_unlock(&b->lock);
	if (gp != NULL)
		rt_ready(gp);
}

static bool runs(const G *gp, u32 status) {
	return status != GDead && !(status == GWaiting && durable(gp->waitreason));
}

void rt_bubble_status(G *gp, u32 old, u32 new) {
	Bubble *b = gp->bubble;
	bool was = runs(gp, old), is = runs(gp, new);
	i64 born = (old == GDead) - (new == GDead);
	if (was == is && born == 0)
		return;
	rt_lock(&b->lock);
	b->total += born;
	b->running += is - was;
	if (new == GDead && gp == b->main)
		b->done = true;
	if (b->total < 0 || b->running < 0)
		rt_throw("synctest: bubble has lost count of its goroutines");
	unlockandwake(b);
}

void rt_bubble_active(Bubble *b, i64 d) {
	rt_lock(&b->lock);
	b->active += d;
	if (b->active < 0)
		rt_throw("active < 0");
	if (d < 0)
		unlockandwake(b);
	else
		rt_unlock(&b->lock);
}

i64 rt_bubble_now(const Bubble *b) { return b->now; }
Timers *rt_bubble_timers(Bubble *b) { return &b->timers; }

void rt_bubble_roots(void (*f)(Timers *ts, void *arg), void *arg) {
	rt_lock(&all.lock);
	for (Bubble *b = all.live; b != NULL; b = b->link)
		f(&b->timers, arg);
	rt_unlock(&all.lock);
}

/* ---- Run, step by step, for the overlay ---- */
void bubble_start(Funcval *fn) {
	G *gp = rt_curg();
	Bubble *b = rt_persistentalloc(sizeof *b, 16);
	b->total = b->running = b->active = 1;
	b->root = gp;
	b->now = (i64)BaseTime * 1000000000;
	rt_lock(&all.lock);
	b->id = ++all.ids;
	b->link = all.live;
	all.live = b;
	rt_unlock(&all.lock);
	gp->bubble = b;
	b->main = rt_newproc(fn, gp, gp->sched.pc);
}

void bubble_runtimers(void) {
	Bubble *b = rt_curg()->bubble;
	i64 until = 0;
	bool ran = false;
	rt_timers_run(&b->timers, b->now, &until, &ran);
}

static bool idles(G *gp, void *arg UNUSED) {
	Bubble *b = gp->bubble;
	rt_lock(&b->lock);
	b->active--;
	rt_unlock(&b->lock);
	return true;
}

void bubble_idle(void) { rt_park(idles, NULL, WaitSynctestRun); }

/* Everybody is blocked: move the clock. False: nothing more can happen. */
bool bubble_next(void) {
	Bubble *b = rt_curg()->bubble;
	rt_lock(&b->lock);
	i64 next = aload(&b->timers.minwhen);
	bool more = next != 0 && !b->done;
	if (more && next < b->now)
		rt_throw("time went backwards");
	if (more)
		b->now = next;
	rt_unlock(&b->lock);
	return more;
}

/* Goroutines left beside the root, and whether main is not among them. */
Pair bubble_end(void) {
	Bubble *b = rt_curg()->bubble;
	rt_lock(&all.lock);
	for (Bubble **p = &all.live; *p != NULL; p = &(*p)->link)
		if (*p == b) {
			*p = b->link;
			break;
		}
	rt_unlock(&all.lock);
	return (Pair){ (u64)(b->total - 1), b->done };
}

/* ---- Wait ---- */
static bool waits(G *gp, void *arg UNUSED) {
	Bubble *b = gp->bubble;
	rt_lock(&b->lock);
	b->waiter = gp;
	rt_unlock(&b->lock);
	return true;
}

static Pair afterwait(G *gp) {
	Bubble *b = gp->bubble;
	rt_lock(&b->lock);
	b->active--;
	b->waiter = NULL;
	b->waiting = false;
	rt_unlock(&b->lock);
	return (Pair){ 1, 0 };
}

/* False: another goroutine of the bubble is waiting already. */
bool bubble_wait(void) {
	G *gp = rt_curg();
	Bubble *b = gp->bubble;
	rt_lock(&b->lock);
	bool taken = b->waiting;
	b->waiting = true;
	rt_unlock(&b->lock);
	if (taken)
		return false;
	gp->sched.resume = afterwait;
	rt_park(waits, NULL, WaitSynctestWait);
}

/* ---- membership of objects ---- */
enum { Unbubbled, CurrentBubble, OtherBubble };

bool synctest_isinbubble(void) { return rt_curg()->bubble != NULL; }

static u64 associated(void *p, bool add) {
	u64 id = ((Bubble *)rt_curg()->bubble)->id, found = rt_special_bubble((uptr)p, add ? id : 0);
	return found == 0 ? Unbubbled : found == id ? CurrentBubble : OtherBubble;
}

u64 synctest_associate(void *p) { return associated(p, true); }
bool synctest_isassociated(void *p) { return associated(p, false) == CurrentBubble; }
void synctest_disassociate(void *p) { rt_special_unbubble((uptr)p); }
