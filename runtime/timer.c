/* timer.c: timers, with the channel semantics of Go 1.23.
 *
 * Each P, and each bubble, keeps a binary heap of timers by time; minwhen caches its head for everybody.
 * A timer knows its heap (ts) and its place (heapidx). A channel timer stands in a heap
 * only while somebody is blocked on its channel; otherwise receivers look at the clock
 * themselves, so an unreferenced timer is garbage. Stop and Reset count seq up and drain
 * the channel under sendlock, so no stale value is ever seen.
 *
 * Lock order: sendlock, channel, timer.mu, Timers.mu. The runner comes from the heap and
 * tries timer.mu only. */
#include "runtime.h"

bool rt_chan_tryrecv(Hchan *c, void *elem, bool *ok);

/* ---- heap; mu held ---- */
static void place(Timers *ts, u64 i, TimerWhen w) {
	ts->heap[i] = w;
	w.t->heapidx = i;
}

/* Of timers with a faked clock, those due at the same time go in random order. */
static bool before(TimerWhen a, TimerWhen b) {
	return a.when < b.when || (a.when == b.when && unlikely(a.t->isfake) && a.t->rand < b.t->rand);
}

static void up(Timers *ts, u64 i, TimerWhen w) {
	for (; i > 0 && before(w, ts->heap[(i - 1) / 2]); i = (i - 1) / 2)
		place(ts, i, ts->heap[(i - 1) / 2]);
	place(ts, i, w);
}

static void down(Timers *ts, u64 i, TimerWhen w) {
	for (;;) {
		u64 k = 2 * i + 1;
		if (k >= ts->n)
			break;
		if (k + 1 < ts->n && before(ts->heap[k + 1], ts->heap[k]))
			k++;
		if (!before(ts->heap[k], w))
			break;
		place(ts, i, ts->heap[k]);
		i = k;
	}
	place(ts, i, w);
}

static void updatemin(Timers *ts) { astore(&ts->minwhen, ts->n > 0 ? ts->heap[0].when : 0); }

static void insert(Timers *ts, Timer *t) {
	if (ts->n == ts->cap) {
		u64 cap = ts->cap == 0 ? 256 : 2 * ts->cap;
		TimerWhen *h = os_mmap(NULL, cap * sizeof *h, 3, 0x22);
		if (h == NULL)
			rt_throw("timers: out of memory");
		memcpy(h, ts->heap, ts->n * sizeof *h);
		if (ts->heap != NULL)
			os_munmap(ts->heap, ts->cap * sizeof *h);
		ts->heap = h;
		ts->cap = cap;
	}
	if (unlikely(rt_writebarrier.enabled)) {        /* the collector may have looked at this heap already */
		rt_shade(t);
		rt_shade(t->f);
		rt_shade(t->arg.type);
		rt_shade(t->arg.data);
	}
	t->heapwhen = t->when;
	t->ts = ts;
	ts->n++;
	up(ts, ts->n - 1, (TimerWhen){ t->when, t });
	updatemin(ts);
}

static void removeat(Timers *ts, u64 i) {
	ts->heap[i].t->ts = NULL;
	TimerWhen last = ts->heap[--ts->n];
	if (i < ts->n) {
		if (i > 0 && before(last, ts->heap[(i - 1) / 2]))
			up(ts, i, last);
		else
			down(ts, i, last);
	}
	updatemin(ts);
}

/* ---- one timer; t->mu held ---- */
static void takeout(Timer *t) {
	Timers *ts = t->ts;
	if (ts == NULL)
		return;
	rt_lock(&ts->mu);
	if (t->ts == ts)
		removeat(ts, t->heapidx);
	rt_unlock(&ts->mu);
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

static bool wantsheap(const Timer *t) { return t->when > 0 && (!t->ischan || t->blocked > 0); }

/* Into the heap of this P or, with a faked clock, of the current goroutine's bubble. True: it is the first of a real one. */
static bool putin(Timer *t) {
	if (!wantsheap(t))
		return false;
	Timers *ts = t->isfake ? rt_bubble_timers(rt_curg()->bubble) : &rt_p()->timers;
	if (t->isfake)
		t->rand = (u32)rt_rand();
	rt_lock(&ts->mu);
	insert(ts, t);
	bool first = ts->heap[0].t == t && !t->isfake;
	rt_unlock(&ts->mu);
	return first;
}

static i64 clock(const Timer *t) { return t->isfake ? rt_bubble_now(rt_curg()->bubble) : os_nanotime(); }

static void run(Timer *t, i64 now);

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

/* GODEBUG=asynctimerchan=2: channels of timers are like others, a stale value may be received. (With 1 package time makes
 * timers of functions instead.) */
static const u32 *async;        /* of the overlay, which follows GODEBUG */
void timers_godebug(const u32 *p) { async = p; }
bool rt_timers_async(void) { return async != NULL && aloadrelaxed(async) != 0; }

/* A timer that has been due for a while and that nobody has looked at sends first. t->mu held. */
static void runlate(Timer *t) {
	if (t->ischan && t->ts == NULL && t->when > 0 && t->when <= clock(t)) {
		run(t, clock(t));
		rt_lock(&t->mu);
	}
}

/* Somebody is about to send, but will find seq changed: the timer was stopped in time. */
static bool overtaken(const Timer *t) { return t->ischan && t->period == 0 && aload(&t->issending) > 0; }

bool rt_timer_stop(Timer *t) {
	bool sync = t->ischan && !rt_timers_async();
	if (sync)
		rt_lock(&t->sendlock);
	rt_lock(&t->mu);
	if (!sync)
		runlate(t);
	bool pending = t->when > 0 || (sync && overtaken(t));
	takeout(t);
	t->when = 0;
	t->seq += sync;
	rt_unlock(&t->mu);
	if (sync) {
		drain(t, &pending);
		rt_unlock(&t->sendlock);
	}
	return pending;
}

bool rt_timer_modify(Timer *t, i64 when, i64 period, Funcval *f, Eface arg, uptr seq) {
	bool sync = t->ischan && !rt_timers_async();
	if (when <= 0)
		rt_throw("timer when must be positive");
	if (sync)
		rt_lock(&t->sendlock);
	rt_lock(&t->mu);
	if (!sync)
		runlate(t);
	bool pending = t->when > 0 || (sync && overtaken(t));
	takeout(t);
	if (f != NULL) {
		rt_wb_store((void **)&t->f, f);
		rt_wb_store((void **)&t->arg.type, arg.type);
		rt_wb_store(&t->arg.data, arg.data);
	}
	t->period = period;
	t->when = when;
	if (t->isfake && wantsheap(t) && when <= clock(t)) {
		/* due at once: the bubble's clock would wait until all are blocked */
		if (sync)
			rt_unlock(&t->sendlock);
		run(t, clock(t));
		return pending;
	}
	t->seq = t->ischan ? t->seq + sync : seq;
	bool first = putin(t);
	rt_unlock(&t->mu);
	if (sync) {
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
	bool sync = t->ischan && !rt_timers_async(), once = sync && t->period == 0;
	if (once)
		axadd(&t->issending, 1u);
	rt_unlock(&t->mu);
	if (cf != NULL) {
		cf(t, arg.data, seq, now);
		return;
	}
	if (!sync) {
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

i64 rt_timers_run(Timers *ts, i64 now, i64 *until, bool *ran) {
	for (;;) {
		i64 next = aload(&ts->minwhen);
		if (next == 0)
			return now;
		if (now == 0)
			now = os_nanotime();
		if (next > now) {
			*until = *until == 0 || next < *until ? next : *until;
			return now;
		}
		rt_lock(&ts->mu);
		if (ts->n == 0 || ts->heap[0].when > now) {
			rt_unlock(&ts->mu);
			continue;
		}
		Timer *t = ts->heap[0].t;
		if (!rt_trylock(&t->mu)) {
			rt_unlock(&ts->mu);
			os_yield();
			continue;
		}
		removeat(ts, 0);
		rt_unlock(&ts->mu);
		*ran = true;
		run(t, now);
	}
}

void rt_timers_move(Timers *from, Timers *to) {
	while (from->n > 0) {
		Timer *t = from->heap[0].t;
		removeat(from, 0);
		insert(to, t);
	}
}

/* ---- channel timers ---- */
void rt_timer_maybe_run_chan(Timer *t) {
	if (t->ts != NULL)
		return;
	rt_lock(&t->mu);
	i64 now = clock(t);
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
	tt->t.isfake = rt_curg()->bubble != NULL;
	if (c != NULL) {
		tt->t.ischan = true;
		rt_wb_store((void **)&c->timer, &tt->t);
	}
	rt_timer_modify(&tt->t, when, period, f, (Eface){ argtype, argdata }, 0);
	tt->init = 1;
	return tt;
}

static void mustbebubbled(const TimeTimer *t, const char *msg) {
	if (t->t.isfake && rt_curg()->bubble == NULL)
		rt_fatal(msg);
}

bool time_stoptimer(TimeTimer *t) {
	mustbebubbled(t, "stop of synctest timer from outside bubble");
	return rt_timer_stop(&t->t);
}

bool time_resettimer(TimeTimer *t, i64 when, i64 period) {
	mustbebubbled(t, "reset of synctest timer from outside bubble");
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
	gp->timer->isfake = gp->bubble != NULL;
	i64 when = clock(gp->timer) + ns;
	if (when < 0)
		when = INT64_MAX;
	if (gp->timer->isfake) {
		startsleep(gp, (void *)when);   /* its clock stands still until we wait */
		rt_park(NULL, NULL, WaitSleep);
	}
	rt_park(startsleep, (void *)when, WaitSleep);
}

static Pair walltime(i64 mono) {
	i64 sec;
	i32 nsec;
	os_walltime(&sec, &nsec);
	rt_m()->ret[0] = (u64)mono;
	return (Pair){ (u64)sec, (u64)(u32)nsec };
}

Pair time_now(void) { return walltime(os_nanotime()); }
Pair time_wall(void) { return walltime(0); }
i64 time_nano(void) { return os_nanotime(); }

/* The clock of package time: a bubble's, without monotonic part, for goroutines in one. */
Pair time_runtimenow(void) {
	G *gp = rt_curg();
	if (gp == NULL || gp->bubble == NULL)
		return time_now();
	i64 now = rt_bubble_now(gp->bubble);
	rt_m()->ret[0] = 0;
	return (Pair){ (u64)(now / 1000000000), (u64)(now % 1000000000) };
}

i64 time_runtimenano(void) {
	G *gp = rt_curg();
	return gp != NULL && gp->bubble != NULL ? rt_bubble_now(gp->bubble) : os_nanotime();
}

bool time_isbubbled(void) { return rt_curg()->bubble != NULL; }
