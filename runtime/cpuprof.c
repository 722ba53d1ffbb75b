/* cpuprof.c: the CPU profile. Every thread that runs Go code has a timer on its own processor time, which sends it SIGPROF; the
 * handler walks the goroutine's stack and appends a record to a ring that the overlay reads.
 *
 * The walk trusts nothing: the interrupted instruction may be anywhere. In Go code it starts there; in a leaf of ours on a
 * goroutine's stack, at its return address; in C, where the goroutine left Go (g.sched); without a goroutine it says runtime._System.
 * Writers hold lock with all signals blocked, as the handler has them; so does the reader.
 *
 * A record: number of words, time, tag (the goroutine's labels), then return addresses. */
#include "runtime.h"

i64 os_syscall(i64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
u64 os_sigmask(i32 how, u64 mask);
u64 os_sigaction(i32 sig, i32 handler);

enum { RingWords = 1 << 16, MaxDepth = 64, SigProf = 27, SysTimerCreate = 222, SysTimerSettime = 223, SysTimerDelete = 226,
	ClockThreadCpu = 3, SigevThreadId = 4 };
static u64 *ring, head, tail, lost;     /* words written and read, ever */
static u32 lock;
static i32 hz;                          /* atomic; 0: off */

extern void go_system(void) __asm__("runtime._System");

static void acquire(void) {
	while (!acas(&lock, 0, 1))
		__asm__ volatile("pause");
}

static void release(void) { astore(&lock, 0); }

/* This thread's timer, as hz says. */
void rt_prof_thread_end(M *mp) {
	if (mp->proftimer != 0)
		os_syscall(SysTimerDelete, mp->proftimer - 1, 0, 0, 0, 0, 0);
	mp->proftimer = 0;
	mp->profilehz = 0;
}

void rt_prof_thread(M *mp) {
	i32 want = aload(&hz);
	rt_prof_thread_end(mp);
	mp->profilehz = want;
	if (want == 0)
		return;
	struct { u64 value; i32 signo, notify, tid, pad[11]; } ev = { 0, SigProf, SigevThreadId, (i32)mp->procid, { 0 } };
	i32 id = 0;
	if (os_syscall(SysTimerCreate, ClockThreadCpu, (u64)&ev, (u64)&id, 0, 0, 0) < 0)
		return;
	mp->proftimer = (u64)(u32)id + 1;
	i64 period = 1000000000 / want, first = 1 + (i64)rt_randn((u32)period);
	i64 spec[4] = { 0, period, 0, first };
	os_syscall(SysTimerSettime, (u64)id, 0, (u64)spec, 0, 0, 0);
}

i32 rt_prof_hz(void) { return aloadrelaxed(&hz); }

void prof_setrate(i64 rate) {
	if (rate > 1000000)
		rate = 1000000;
	if (rate > 0 && ring == NULL)
		ring = os_mmap(NULL, RingWords * sizeof *ring, 3, 0x22);
	if (rate > 0 && ring == NULL)
		return;
	os_sigaction(SigProf, 2);
	astore(&hz, (i32)rate);
	rt_prof_thread(rt_m());
}

static u64 walk(G *gp, uptr pc, uptr sp, uptr bp, uptr *out, u64 max) {
	u64 n = 0;
	for (bool first = true; n < max; first = false) {
		const Func *f = rt_findfunc(pc);
		uptr fp;
		if (f == NULL) {        /* assembly of ours between Go frames */
			if (first || bp < sp || bp + 16 > gp->stack.hi)
				break;
			fp = bp + 16;
		} else {
			out[n++] = first ? pc + 1 : pc;
			if (f->flag & FuncFlagTopFrame)
				break;
			i32 d = rt_pcvalue(f, f->pcsp, first ? pc : pc - 1);
			fp = sp + (uptr)(d < 0 ? 0 : d) + 8;
			if (d >= 8 && fp <= gp->stack.hi)
				bp = *(uptr *)(fp - 16);
		}
		if (fp <= sp || fp > gp->stack.hi)
			break;
		if (f == NULL)
			bp = *(uptr *)bp;
		pc = *(uptr *)(fp - 8);
		sp = fp;
	}
	return n;
}

/* In the handler. */
void rt_prof_signal(M *mp, uptr pc, uptr sp, uptr bp) {
	if (aload(&hz) == 0)
		return;
	G *gp = mp->curg;
	uptr stk[MaxDepth];
	u64 n = 0;
	if (gp != NULL && sp >= gp->stack.lo && sp < gp->stack.hi) {
		if (rt_findfunc(pc) == NULL) {
			pc = *(uptr *)sp - 1;
			sp += 8;
		}
		n = walk(gp, pc, sp, bp, stk, MaxDepth);
	} else if (gp != NULL && gp->sched.sp >= gp->stack.lo && gp->sched.sp < gp->stack.hi) {
		uptr entry = rt_findfunc(gp->sched.pc) != NULL ? rt_thunkbefore(gp->sched.pc) : 0;
		if (entry != 0)         /* the time of C is the entry's */
			stk[n++] = entry + 1;
		n += walk(gp, gp->sched.pc - 1, gp->sched.sp, gp->sched.bp, stk + n, MaxDepth - n);
	}
	if (n == 0)
		stk[n++] = (uptr)go_system + 1;
	rt_trace_sample(mp, stk, n);
	acquire();
	if (RingWords - (head - tail) < n + 3) {
		lost++;
	} else {
		u64 put[3] = { n + 3, (u64)os_nanotime(), gp != NULL ? (u64)gp->labels : 0 };
		for (u64 i = 0; i < 3; i++)
			ring[head++ % RingWords] = put[i];
		for (u64 i = 0; i < n; i++)
			ring[head++ % RingWords] = stk[i];
	}
	release();
}

/* Whole records into buf of n words, tags into tags; returns words and records copied. The count of lost samples is a
 * record of 3 words without frames, its time the number. */
Pair prof_read(u64 *buf, u64 n, void **tags) {
	u64 words = 0, records = 0;
	u64 mask = os_sigmask(0, ~0ull);
	acquire();
	if (lost != 0 && n >= 3) {
		buf[0] = 3;
		buf[1] = lost;
		buf[2] = 0;
		rt_wb_store(&tags[records++], NULL);
		words = 3;
		lost = 0;
	}
	while (tail != head) {
		u64 len = ring[tail % RingWords];
		if (words + len > n)
			break;
		for (u64 i = 0; i < len; i++)
			buf[words + i] = ring[(tail + i) % RingWords];
		rt_wb_store(&tags[records++], (void *)buf[words + 2]);
		buf[words + 2] = 1;     /* samples */
		words += len;
		tail += len;
	}
	release();
	os_sigmask(2, mask);
	return (Pair){ words, records };
}

/* World stopped: labels that only the ring knows. */
void rt_prof_roots(RootFn f, void *arg) {
	u64 mask = os_sigmask(0, ~0ull);
	acquire();
	for (u64 at = tail; at != head; at += ring[at % RingWords])
		f(arg, (void *)ring[(at + 2) % RingWords]);
	release();
	os_sigmask(2, mask);
}
