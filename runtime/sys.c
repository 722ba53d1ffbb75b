/* sys.c: small services of the process, coroutines, the roots of the collector
 * that lie off the heap. */
#include "runtime.h"

i64 os_syscall(i64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
G *rt_newparked(Funcval *fn, u8 reason);
void rt_gdestroy(G *gp);
u64 os_sigaction(i32 sig, i32 handler);
void rt_newthread_block(void);
void rt_newthread_unblock(void);

void sys_exit(i32 code) { os_exit(code); }
i64 sys_write(uptr fd, const void *p, i32 n) { return os_write((i32)fd, p, (u64)n); }
Pair sys_args(void) { return (Pair){ (u64)rt_argc, (u64)rt_argv }; }

Pair sys_fcntl(i32 fd, i32 cmd, i32 arg) {
	i64 r = os_syscall(72, (u64)fd, (u64)cmd, (u64)arg, 0, 0, 0);
	if (r < 0)
		return (Pair){ (u64)(u32)-1, (u64)-r };
	return (Pair){ (u64)(u32)r, 0 };
}

Pair sys_auxv(void) {
	u64 n = 0;
	while (rt_auxv[n] != 0)
		n += 2;
	return (Pair){ n, (u64)rt_auxv };
}

/* ---- one system call in every thread: setuid and friends ---- */
enum { SigPerThread = 33, Enosys = 38 };
static struct { u64 nr, a[6]; i64 result; } every;

static i64 callevery(void) {
	return os_syscall((i64)every.nr, every.a[0], every.a[1], every.a[2], every.a[3], every.a[4], every.a[5]);
}

/* In the handler of SigPerThread. */
void sys_perthread(M *mp) {
	if (aload(&mp->perthread) == 0)
		return;
	if (callevery() != every.result)
		rt_throw("AllThreadsSyscall6 results differ between threads; runtime corrupted");
	astore(&mp->perthread, 0);
	os_futexwake(&mp->perthread, 1);
}

/* The world is stopped and no thread is born meanwhile: new ones inherit what was changed. The first call decides whether
 * the others are made. Threads are reached by signal, wherever they sleep. */
Pair sys_allthreads(u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
	M *me = rt_m();
	os_sigaction(SigPerThread, 2);
	rt_stop_the_world("AllThreadsSyscall");
	rt_newthread_block();
	every.nr = nr;
	memcpy(every.a, (u64[6]){ a, b, c, d, e, f }, sizeof every.a);
	i64 r = every.result = callevery();
	if (r >= 0 || r < -4095) {
		for (M *mp = aload(&sched.allm); mp != NULL; mp = mp->alllink) {
			if (mp == me || mp->procid == 0)
				continue;
			astore(&mp->perthread, 1);
			os_signal_thread(mp, SigPerThread);
		}
		for (M *mp = aload(&sched.allm); mp != NULL; mp = mp->alllink)
			while (aload(&mp->perthread) != 0)
				os_futexsleep(&mp->perthread, 1, 1000 * 1000);
	}
	rt_newthread_unblock();
	rt_start_the_world();
	bool failed = r < 0 && r >= -4095;
	rt_m()->ret[0] = failed ? (u64)-r : 0;
	return failed ? (Pair){ (u64)-1, 0 } : (Pair){ (u64)r, 0 };
}

/* ---- coroutines: two goroutines that pass one thread of control ---- */
/* runtime.coro lives in the Go heap: {gp guintptr; f func(*coro); ...}; the overlay knows f. */
typedef struct { G *gp; Funcval *f; } Coro;
extern void go_corostart(void) __asm__("runtime.corostart");
static Funcval corostart;
static u8 coromask[1] = { 2 };
static Type corotype = { .size = 16, .ptrbytes = 16, .align = 8, .fieldalign = 8, .kind = 25, .gcdata = coromask };

Coro *coro_new(Funcval *f) {
	Coro *c = rt_mallocgc(sizeof *c, &corotype, true);
	rt_wb_store((void **)&c->f, f);
	corostart.fn = (const void *)go_corostart;
	G *gp = rt_newparked(&corostart, WaitCoroutine);
	gp->param = c;
	c->gp = gp;
	return c;
}

static bool swap(G *gp, void *arg) {
	Coro *c = arg;
	G *next = axchg(&c->gp, gp);
	if (next == NULL)
		rt_throw("coroswitch on exited coro");
	rt_ready(next);
	return true;
}

void coro_switch(Coro *c) { rt_park(swap, c, WaitCoroutine); }

void coro_exit(Coro *c) {
	G *next = axchg(&c->gp, (G *)NULL);
	rt_gdestroy(rt_curg());
	rt_ready(next);
	rt_onsystop(rt_schedule);
}

/* ---- what lives off the heap and points into it ---- */
typedef struct { RootFn f; void *arg; } Reporter;

static void timer_roots(Timers *ts, void *rp) {
	Reporter *r = rp;
	rt_lock(&ts->mu);
	for (u64 k = 0; k < ts->n; k++) {
		Timer *t = ts->heap[k].t;
		r->f(r->arg, t);
		r->f(r->arg, t->f);
		r->f(r->arg, t->arg.type);
		r->f(r->arg, t->arg.data);
	}
	rt_unlock(&ts->mu);
}

void rt_roots_global(RootFn f, void *arg) {
	Reporter r = { f, arg };
	for (i32 i = 0; i < sched.gomaxprocs; i++) {
		P *pp = rt_allp[i];
		for (u32 k = 0; k < nelem(pp->overlay); k++)
			f(arg, (void *)pp->overlay[k]);         /* the Go side's pool of defer records */
		timer_roots(&pp->timers, &r);
	}
	rt_bubble_roots(timer_roots, &r);
}

void rt_roots_g(G *gp, RootFn f, RangeFn range, void *arg) {
	f(arg, gp->param);
	f(arg, gp->sched.ctxt);
	f(arg, gp->labels);
	f(arg, gp->_defer);
	f(arg, gp->rare->ancestors);
	f(arg, gp->rare->writebuf.ptr);
	if (gp->asyncsafepoint)
		range(arg, (uptr)gp->asyncregs, (uptr)gp->asyncregs + sizeof rt_m0.pregs + sizeof rt_m0.pxmm);
	if (gp->waits == WaitsOne) {
		f(arg, gp->one.elem);
		f(arg, gp->one.c);
		return;
	}
	for (u32 i = 0; gp->sched.resume != NULL && i < nelem(gp->resumearg); i++)
		f(arg, gp->resumearg[i]);
	for (Sudog *s = gp->waits == WaitsMany ? gp->waiting : NULL; s != NULL; s = s->waitlink) {
		f(arg, s->elem);
		f(arg, s->c);
	}
}
