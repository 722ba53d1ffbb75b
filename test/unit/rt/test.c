/* test.c: the scheduler without a compiler: goroutines written in assembly (go.S) ping-pong
 * over channels, sleep, select, contend for a semaphore, wait for a pipe and grow stacks.
 * test_next is a script: it is asked what the main goroutine shall do next. */
#include "../../../runtime/runtime.h"

Moduledata rt_firstmoduledata;
String test_godebug __asm__("runtime.godebugDefault");
void test_system(void) __asm__("runtime._System");
void test_system(void) {}

/* A module table with one function, so that the preemption signal finds a safe place. */
extern u8 test_registers_first[], test_registers_end[];
static struct { Func f; u32 pcdata[2], funcdata[2]; } onefunc;
static Functab onetab[2];
static Findfuncbucket onebucket[2];
static const Stackmap nomap = { 1, 0, {} };

static void moduleinit(void) {
	Moduledata *md = &rt_firstmoduledata;
	uptr lo = (uptr)test_registers_first, hi = (uptr)test_registers_end;
	onefunc.f = (Func){ .nameoff = 1, .npcdata = 2, .nfuncdata = 2 };
	onefunc.pcdata[0] = 1;   /* -1, safe, all the way */
	md->pctab.ptr = "\0\0\xff\xff\x7f";
	onefunc.funcdata[0] = ~(u32)0;
	onefunc.funcdata[1] = 0;
	onetab[1].entryoff = (u32)(hi - lo);
	md->gofunc = (uptr)&nomap;
	md->funcnametab.ptr = "\0test.registers";
	md->pclntable.ptr = &onefunc;
	md->ftab = (Slice){ onetab, 2, 2 };
	md->findfunctab = (uptr)onebucket;
	md->minpc = md->text = lo;
	md->maxpc = md->etext = hi;
}
i64 os_syscall(i64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
Pair poll_open(uptr fd);

#define GOFUNC(c, name) extern void c(void) __asm__(name)
GOFUNC(go_pinger, "test.pinger");
GOFUNC(go_sleeper, "test.sleeper");
GOFUNC(go_spinner, "test.spinner");
GOFUNC(go_reader, "test.reader");
GOFUNC(go_locker, "test.locker");
GOFUNC(go_selector, "test.selector");
GOFUNC(go_feeder, "test.feeder");
GOFUNC(go_tick, "test.tick");
GOFUNC(go_registers, "test.registers");

typedef struct { const void *fn; u64 w[4]; } Closure;

static Type word = { .size = 8, .align = 8, .fieldalign = 8, .kind = 6 };
static ChanType chanword = { .elem = &word };

void test_die(const char *msg, u64 n) {
	os_write(2, "DIED: ", 6);
	if (n < 200)
		os_write(2, msg, n);
	os_write(2, "\n", 1);
	os_exit(3);
}

static Closure *closure(const void *fn, u64 a, u64 b, u64 c, u64 d) {
	Closure *f = rt_persistentalloc(sizeof *f, 16);
	*f = (Closure){ fn, { a, b, c, d } };
	return f;
}

enum { Rounds = 20000, Sleepers = 1000, Spinners = 8, Lockers = 16, LockRounds = 2000, Sels = 5000 };
static Hchan *a, *b, *done;
static u64 counter, phase, left;
static u32 sema = 1;
static i64 t0;
static i32 fds[2];
static u64 tid;

static u32 gen(void) {
	u32 n = 0;
	for (M *mp = sched.allm; mp != NULL; mp = mp->alllink)
		n += mp->preemptgen;
	return n;
}

static Pair op(u64 o, void *arg) { return (Pair){ o, (u64)arg }; }

static void check(const char *what, bool ok) {
	rt_printf("%s %s %d us\n", ok ? "ok  " : "FAIL", what, (os_nanotime() - t0) / 1000);
	if (!ok)
		os_exit(1);
	t0 = os_nanotime();
}

/* Each phase starts goroutines one call at a time, then receives from done. */
Pair test_next(u64 step, u64 value) {
	static u64 i;
	if (step == 0) {
		t0 = os_nanotime();
		a = rt_makechan(&chanword.t, 0);
		b = rt_makechan(&chanword.t, 0);
		done = rt_makechan(&chanword.t, 4);
	}
again:
	i++;
	switch (phase) {
	case 0:
		if (i == 1)
			return op(1, closure(go_pinger, (u64)a, (u64)b, Rounds, (u64)done));
		if (i == 2)
			return op(1, closure(go_pinger, (u64)b, (u64)a, Rounds - 1, (u64)done));
		if (i == 3)
			return op(3, a);
		if (i == 4)
			return op(2, done);
		if (i == 5)
			return op(2, b);   /* the last pong */
		check("ping-pong", value > 5 + Rounds);
		break;
	case 1:
		if (i <= Sleepers)
			return op(1, closure(go_sleeper, (i % 50) * 100000 + 1000, (u64)done, 0, 0));
		if (i <= 2 * Sleepers + 1)   /* and the second pinger's */
			return op(2, done);
		check("sleepers", true);
		break;
	case 2:
		if (i <= Spinners)
			return op(1, closure(go_spinner, 5000000, (u64)done, 0, 0));
		if (i <= 2 * Spinners)
			return op(2, done);
		check("spinners", true);
		break;
	case 3:
		if (i <= Lockers)
			return op(1, closure(go_locker, (u64)&sema, (u64)&counter, LockRounds, (u64)done));
		if (i <= 2 * Lockers)
			return op(2, done);
		check("semaphore", counter == Lockers * LockRounds);
		break;
	case 4:
		if (i == 1)
			return op(1, closure(go_selector, (u64)a, (u64)b, 2 * Sels, (u64)done));
		if (i == 2)
			return op(1, closure(go_feeder, (u64)a, Sels, 0, 0));
		if (i == 3)
			return op(1, closure(go_feeder, (u64)b, Sels, 0, 0));
		if (i == 4)
			return op(2, done);
		check("select", value == 2 * Sels);
		break;
	case 5:
		if (i == 1) {
			os_syscall(293, (u64)fds, 04000, 0, 0, 0, 0);
			Pair pd = poll_open((uptr)fds[0]);
			check("pollOpen", pd.b == 0);
			return op(1, closure(go_reader, pd.a, (u64)fds[0], (u64)done, 0));
		}
		if (i == 2)
			return op(1, closure(go_sleeper, 20000000, (u64)done, 0, 0));
		if (i == 3)
			return op(2, done);
		if (i == 4) {
			u64 v = 77;
			os_write(fds[1], &v, 8);
			return op(2, done);
		}
		check("netpoll", value == 77);
		break;
	case 6:
		if (i == 1)
			return op(4, (void *)2000);
		check("stack growth", value == 2000 * 2001 / 2);
		break;
	case 7:
		/* a timer whose function is Go: it sends on done from the system stack */
		if (i == 1) {
			static Eface none;
			static Timer *t;
			t = rt_persistentalloc(sizeof *t, 16);
			rt_timer_modify(t, os_nanotime() + 3000000, 0, (Funcval *)closure(go_tick, (u64)done, 0, 0, 0), none, 9);
			return op(2, done);
		}
		check("timer function", value == 9);
		if (i == 2) {
			static Timer *t;
			t = rt_persistentalloc(sizeof *t, 16);
			rt_timer_modify(t, os_nanotime() + 3000000, 0, (Funcval *)closure(go_tick, (u64)done, 0, 0, 0), (Eface){ 0, 0 }, 8);
			check("stop pending", rt_timer_stop(t) && !rt_timer_stop(t));
		}
		break;
	case 8:
		/* stop the world, collect and change GOMAXPROCS under load */
		if (i <= 4)
			return op(1, closure(go_locker, (u64)&sema, (u64)&counter, 20000, (u64)done));
		if (i == 5)
			return op(1, closure(go_feeder, (u64)a, 5000, 0, 0));
		if (i == 6)
			return op(1, closure(go_selector, (u64)a, (u64)b, 5000, (u64)done));
		if (i < 200)
			return i % 3 == 0 ? op(8, NULL) : op(5, (void *)(1 + i % 7));
		if (i < 205)
			return op(2, done);
		check("world stopped under load", counter == Lockers * LockRounds + 80000);
		break;
	case 9:
		/* a locked goroutine stays on its thread */
		if (i == 1)
			return op(6, NULL);
		if (i == 2) {
			tid = rt_m()->procid;
			return op(1, closure(go_pinger, (u64)a, (u64)b, 1001, (u64)done));
		}
		if (i < 2003)
			return i % 2 == 1 ? op(3, a) : op(2, b);
		if (i == 2003) {
			check("locked thread", tid == rt_m()->procid);
			return op(7, NULL);
		}
		break;
	case 10:
		/* one P: a loop without calls must let the sleeper run, and lose no register */
		if (i == 1)
			return op(5, (void *)1);
		if (i == 2) {
			moduleinit();
			return op(1, closure(go_registers, 400000000, (u64)done, 0, 0));
		}
		if (i == 3)
			return op(1, closure(go_sleeper, 1000000, (u64)b, 0, 0));
		if (i == 4)
			return op(2, b);
		if (i == 5) {
			check("preempted a loop", aload(&done->qcount) == 0 && gen() != 0);
			return op(2, done);
		}
		check("registers kept", value == 0);
		break;
	case 11:
		/* idle: an argument asks for two seconds of sleep, to be watched from outside */
		if (i == 1 && rt_argc > 1)
			return op(1, closure(go_sleeper, 2000000000, (u64)done, 0, 0));
		if (i == 2 && rt_argc > 1)
			return op(2, done);
		break;
	default:
		if (left == 1)
			return op(2, a);   /* deadlock, on purpose */
		rt_printf("all ok; %d threads\n", sched.mnext);
		os_exit(0);
	}
	phase++;
	i = 0;
	goto again;
}
