/* timer.c: timers, with the channel semantics of Go 1.23.
 *
 * Each P keeps a binary heap of timers by time; minwhen caches its head for everybody.
 * A timer knows its heap (ts) and its place (heapidx). A channel timer stands in a heap
 * only while somebody is blocked on its channel; otherwise receivers look at the clock
 * themselves, so an unreferenced timer is garbage. Stop and Reset count seq up and drain
 * the channel under sendlock, so no stale value is ever seen.
 *
 * Lock order: sendlock, channel, timer.mu, P.timermu. The runner comes from the heap and
 * tries timer.mu only. */
#include "runtime.h"

bool rt_chan_tryrecv(Hchan *c, void *elem, bool *ok);

/* ---- heap; pp->timermu held ---- */
static void place(P *pp, u64 i, TimerWhen w) {
	pp->timerheap[i] = w;
	w.t->heapidx = i;
}

static void up(P *pp, u64 i, TimerWhen w) {
	for (; i > 0 && w.when < pp->timerheap[(i - 1) / 2].when; i = (i - 1) / 2)
		place(pp, i, pp->timerheap[(i - 1) / 2]);
	place(pp, i, w);
}

static void down(P *pp, u64 i, TimerWhen w) {
	for (;;) {
		u64 k = 2 * i + 1;
		if (k >= pp->timern)
			break;
		if (k + 1 < pp->timern && pp->timerheap[k + 1].when < pp->timerheap[k].when)
			k++;
		if (w.when <= pp->timerheap[k].when)
			break;
		place(pp, i, pp->timerheap[k]);
		i = k;
	}
	place(pp, i, w);
}

static void updatemin(P *pp) { astore(&pp->timerminwhen, pp->timern > 0 ? pp->timerheap[0].when : 0); }

static void insert(P *pp, Timer *t) {
	if (pp->timern == pp->timercap) {
		u64 cap = pp->timercap == 0 ? 256 : 2 * pp->timercap;
		TimerWhen *h = os_mmap(NULL, cap * sizeof *h, 3, 0x22);
		if (h == NULL)
			rt_throw("timers: out of memory");
		memcpy(h, pp->timerheap, pp->timern * sizeof *h);
		if (pp->timerheap != NULL)
			os_munmap(pp->timerheap, pp->timercap * sizeof *h);
		pp->timerheap = h;
		pp->timercap = cap;
	}
	t->heapwhen = t->when;
	t->ts = pp;
	pp->timern++;
	up(pp, pp->timern - 1, (TimerWhen){ t->when, t });
	updatemin(pp);
}

static void removeat(P *pp, u64 i) {
	pp->timerheap[i].t->ts = NULL;
	TimerWhen last = pp->timerheap[--pp->timern];
	if (i < pp->timern) {
		if (i > 0 && last.when < pp->timerheap[(i - 1) / 2].when)
			up(pp, i, last);
		else
			down(pp, i, last);
	}
	updatemin(pp);
}

/* ---- one timer; t->mu held ---- */
static void takeout(Timer *t) {
	P *pp = t->ts;
	if (pp == NULL)
		return;
	rt_lock(&pp->timermu);
	if (t->ts == pp)
		removeat(pp, t->heapidx);
	rt_unlock(&pp->timermu);
}

static void wakepoller(i64 when) {
	if (aload(&sched.lastpoll) == 0) {
		i64 pu = aload(&sched.polluntil);
		if (pu == 0 || pu > when)
			rt_netpoll_break();
	} else {
		rt_wakep();
	}
}

static bool putin(Timer *t) {
	P *pp = rt_p();
	if (t->when <= 0 || (t->ischan && t->blocked == 0))
		return false;
	rt_lock(&pp->timermu);
	insert(pp, t);
	bool first = pp->timerheap[0].t == t;
	rt_unlock(&pp->timermu);
	return first;
}

void rt_timer_init(Timer *t) { memset(t, 0, sizeof *t); }

static void drain(Timer *t, bool *pending) {
	Hchan *c = t->arg.data;
	bool ok;
	rt_lock(&c->lock);
	if (c->qcount == 0) {
		rt_unlock(&c->lock);
		return;
	}
	if (rt_chan_tryrecv(c, NULL, &ok))
		*pending = true;
}

/* Somebody is about to send, but will find seq changed: the timer was stopped in time. */
static bool overtaken(const Timer *t) { return t->ischan && t->period == 0 && aload(&t->issending) > 0; }

bool rt_timer_stop(Timer *t) {
	if (t->ischan)
		rt_lock(&t->sendlock);
	rt_lock(&t->mu);
	bool pending = t->when > 0 || overtaken(t);
	takeout(t);
	t->when = 0;
	t->seq += t->ischan;
	rt_unlock(&t->mu);
	if (t->ischan) {
		drain(t, &pending);
		rt_unlock(&t->sendlock);
	}
	return pending;
}

bool rt_timer_modify(Timer *t, i64 when, i64 period, Funcval *f, Eface arg, uptr seq) {
	if (when <= 0)
		rt_throw("timer when must be positive");
	if (t->ischan)
		rt_lock(&t->sendlock);
	rt_lock(&t->mu);
	bool pending = t->when > 0 || overtaken(t);
	takeout(t);
	if (f != NULL) {
		rt_wb_store((void **)&t->f, f);
		rt_wb_store((void **)&t->arg.type, arg.type);
		rt_wb_store(&t->arg.data, arg.data);
	}
	t->period = period;
	t->when = when;
	t->seq = t->ischan ? t->seq + 1 : seq;
	bool first = putin(t);
	rt_unlock(&t->mu);
	if (t->ischan) {
		drain(t, &pending);
		rt_unlock(&t->sendlock);
	}
	if (first)
		wakepoller(when);
	return pending;
}

/* t->mu held on entry, released: t is due and out of its heap. */
static void run(Timer *t, i64 now) {
	i64 delay = now - t->when;
	uptr seq = t->seq;
	Funcval *f = t->f;
	Eface arg = t->arg;
	void (*cf)(Timer *, void *, uptr, i64) = t->cf;
	if (t->period > 0) {
		t->when += t->period * (1 + delay / t->period);
		if (t->when < 0)
			t->when = INT64_MAX;
		putin(t);
	} else {
		t->when = 0;
	}
	bool once = t->ischan && t->period == 0;
	if (once)
		axadd(&t->issending, 1u);
	rt_unlock(&t->mu);
	if (cf != NULL) {
		cf(t, arg.data, seq, now);
		return;
	}
	if (!t->ischan) {
		rt_callgoclosure(f, (u64)arg.type, (u64)arg.data, seq, (u64)delay);
		return;
	}
	rt_lock(&t->sendlock);
	if (once)
		axadd(&t->issending, -1u);
	if (t->seq == seq)
		rt_callgoclosure(f, (u64)arg.type, (u64)arg.data, seq, (u64)delay);
	rt_unlock(&t->sendlock);
}

i64 rt_timers_check(P *pp, i64 now, i64 *until, bool *ran) {
	for (;;) {
		i64 next = aload(&pp->timerminwhen);
		if (next == 0)
			return now;
		if (now == 0)
			now = os_nanotime();
		if (next > now) {
			*until = *until == 0 || next < *until ? next : *until;
			return now;
		}
		rt_lock(&pp->timermu);
		if (pp->timern == 0 || pp->timerheap[0].when > now) {
			rt_unlock(&pp->timermu);
			continue;
		}
		Timer *t = pp->timerheap[0].t;
		if (!rt_trylock(&t->mu)) {
			rt_unlock(&pp->timermu);
			os_yield();
			continue;
		}
		removeat(pp, 0);
		rt_unlock(&pp->timermu);
		*ran = true;
		run(t, now);
	}
}

void rt_timers_move(P *from, P *to) {
	while (from->timern > 0) {
		Timer *t = from->timerheap[0].t;
		removeat(from, 0);
		insert(to, t);
	}
}

/* ---- channel timers ---- */
void rt_timer_maybe_run_chan(Timer *t) {
	if (t->ts != NULL)
		return;
	rt_lock(&t->mu);
	i64 now = os_nanotime();
	if (t->ts != NULL || t->when == 0 || t->when > now) {
		rt_unlock(&t->mu);
		return;
	}
	run(t, now);
}

void rt_timers_chan_block(Hchan *c) {
	Timer *t = c->timer;
	rt_lock(&t->mu);
	bool first = t->blocked++ == 0 && putin(t);
	i64 when = t->when;
	rt_unlock(&t->mu);
	if (first)
		wakepoller(when);
}

void rt_timers_chan_unblock(Hchan *c) {
	Timer *t = c->timer;
	rt_lock(&t->mu);
	if (--t->blocked == 0)
		takeout(t);
	rt_unlock(&t->mu);
}

/* ---- package time ---- */
typedef struct { void *c; u8 init; Timer t; } TimeTimer;
_Static_assert(offsetof(TimeTimer, t) == 16, "time.Timer");
static u8 timermask[2];
static Type timertype;

static void inittype(void) {
	static const u16 ptrs[] = { 0, offsetof(TimeTimer, t.f), offsetof(TimeTimer, t.arg.type), offsetof(TimeTimer, t.arg.data) };
	for (u32 i = 0; i < nelem(ptrs); i++)
		timermask[ptrs[i] / 64] |= (u8)(1 << ptrs[i] / 8 % 8);
	timertype.gcdata = timermask;
	timertype.ptrbytes = offsetof(TimeTimer, t.arg.data) + 8;
	timertype.align = timertype.fieldalign = 8;
	timertype.kind = 25;
	astorerel(&timertype.size, sizeof(TimeTimer));
}

TimeTimer *time_newtimer(i64 when, i64 period, Funcval *f, Type *argtype, void *argdata, Hchan *c) {
	if (unlikely(aload(&timertype.size) == 0))
		inittype();
	TimeTimer *tt = rt_mallocgc(sizeof *tt, &timertype, true);
	if (c != NULL) {
		tt->t.ischan = true;
		rt_wb_store((void **)&c->timer, &tt->t);
	}
	rt_timer_modify(&tt->t, when, period, f, (Eface){ argtype, argdata }, 0);
	tt->init = 1;
	return tt;
}

bool time_stoptimer(TimeTimer *t) { return rt_timer_stop(&t->t); }

bool time_resettimer(TimeTimer *t, i64 when, i64 period) {
	return rt_timer_modify(&t->t, when, period, NULL, (Eface){ NULL, NULL }, 0);
}

static void wakesleeper(Timer *t UNUSED, void *gp, uptr seq UNUSED, i64 now UNUSED) { rt_ready(gp); }

static bool startsleep(G *gp, void *when) {
	Timer *t = gp->timer;
	rt_timer_modify(t, (i64)when, 0, NULL, (Eface){ NULL, NULL }, 0);
	return true;
}

/* Free timers are linked through their argument. */
static Pair aftersleep(G *gp) {
	P *pp = rt_p();
	gp->timer->arg.data = pp->timerfree;
	pp->timerfree = gp->timer;
	return (Pair){ 0, 0 };
}

void time_sleep(i64 ns) {
	if (ns <= 0)
		return;
	G *gp = rt_curg();
	P *pp = rt_p();
	gp->timer = pp->timerfree;
	if (gp->timer != NULL)
		pp->timerfree = gp->timer->arg.data;
	else
		gp->timer = rt_persistentalloc(sizeof(Timer), 16);
	gp->timer->cf = wakesleeper;
	gp->timer->arg.data = gp;
	gp->sched.resume = aftersleep;
	i64 when = os_nanotime() + ns;
	if (when < 0)
		when = INT64_MAX;
	rt_park(startsleep, (void *)when, WaitSleep);
}

Pair time_now(void) {
	i64 sec;
	i32 nsec;
	os_walltime(&sec, &nsec);
	rt_m()->ret[0] = (u64)os_nanotime();
	return (Pair){ (u64)sec, (u64)(u32)nsec };
}

Pair time_wall(void) {
	i64 sec;
	i32 nsec;
	os_walltime(&sec, &nsec);
	return (Pair){ (u64)sec, (u64)(u32)nsec };
}

i64 time_nano(void) { return os_nanotime(); }
bool time_isbubbled(void) { return false; }
