/* signal.c: signals: faults that become panics, preemption, os/signal.
 *
 * The handler runs in C on the thread's alternate stack and knows its M from fs. It trusts
 * no register of the interrupted code: the goroutine is M.curg, and the code is Go code of
 * that goroutine only if pc is in a Go function and sp within the goroutine's stack.
 * A fault there is turned into a call of sigpanic from the faulting instruction; a fault in
 * a leaf of ours (memmove) is charged to its Go caller. SIGURG becomes a call of
 * asyncPreempt when pcdata says the instruction is safe. */
#include "runtime.h"

extern void go_sigpanic(void) __asm__("runtime.sigpanic");
extern void go_asyncpreempt(void) __asm__("runtime.asyncPreempt");
extern void go_fatalsignal(void) __asm__("runtime.fatalsignal");

u64 os_sigaction(i32 sig, i32 handler);
void sys_perthread(M *mp);
u64 os_sigmask(i32 how, u64 mask);
i64 os_syscall(i64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);

enum { Nsig = 65, SigHup = 1, SigInt = 2, SigQuit = 3, SigIll = 4, SigTrap = 5, SigAbrt = 6, SigBus = 7,
	SigFpe = 8, SigSegv = 11, SigPipe = 13, SigTerm = 15, SigStkflt = 16, SigChld = 17, SigUrg = 23,
	SigProf = 27, SigSys = 31 };
enum { SigNotify = 1, SigKill = 2, SigThrow = 4, SigPanic = 8, SigDefault = 16 };

static u8 sigflags(i32 sig) {
	switch (sig) {
	case SigHup: case SigInt: case SigTerm: return SigNotify | SigKill;
	case SigQuit: case SigIll: case SigTrap: case SigAbrt: case SigStkflt: case SigSys: return SigNotify | SigThrow;
	case SigBus: case SigFpe: case SigSegv: return SigNotify | SigPanic;
	case SigPipe: return SigNotify;
	case 9: case 19: case 32: case 33: return 0;
	case SigChld: case SigUrg: case 18: case 28: return SigNotify | SigDefault;
	case 20: case 21: case 22: return SigNotify | SigDefault;
	default: return SigNotify;
	}
}

typedef struct { u64 flags; void *link; u64 sssp, ssflags, sssize;
	u64 r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags; } Ucontext;
typedef struct { i32 signo, err, code, pad; u64 addr; } Siginfo;

/* ---- os/signal: a set of pending signals and one goroutine that fetches them ---- */
static u32 wanted[3], ignored[3], inherited[3],      /* inherited: ignored when we started, as by nohup */
	 mask[3], recvbits[3];
static u32 state;      /* 0 idle, 1 the receiver sleeps, 2 something is pending */
static u32 inuse, delivering;
enum { SigIdle, SigReceiving, SigSending };

bool sig_anyreceiver(void) { return aload(&inuse) != 0; }

/* In the handler: no locks of the scheduler; the netpoller's eventfd wakes a thread that
 * finds sigready set. */
static u32 pendingwake;

static bool sigsend(u32 sig) {
	u32 bit = 1u << (sig & 31);
	axadd(&delivering, 1);
	if ((aload(&wanted[sig / 32]) & bit) == 0) {
		axadd(&delivering, (u32)-1);
		return false;
	}
	__sync_fetch_and_or(&mask[sig / 32], bit);
	astore(&pendingwake, 1);
	os_futexwake(&pendingwake, 1);
	axadd(&delivering, (u32)-1);
	return true;
}

/* The receiver blocks its thread, not a P: signals are rare and the wake-up comes from a
 * handler that may hold nothing. */
u64 sig_recv(void) {
	for (;;) {
		for (u32 i = 0; i < 3; i++) {
			if (recvbits[i] == 0)
				recvbits[i] = axchg(&mask[i], 0);
			if (recvbits[i] != 0) {
				u32 b = (u32)__builtin_ctz(recvbits[i]);
				recvbits[i] &= recvbits[i] - 1;
				return i * 32 + b;
			}
		}
		if (axchg(&pendingwake, 0) != 0)
			continue;
		astore(&state, SigReceiving);
		rt_entersyscall_c();
		while (aload(&pendingwake) == 0)
			os_futexsleep(&pendingwake, 0, -1);
		rt_exitsyscall_c();
		astore(&state, SigIdle);
	}
}

void sig_enable(u32 sig) {
	if (sig >= Nsig)
		return;
	astore(&inuse, 1);
	__sync_fetch_and_or(&wanted[sig / 32], 1u << (sig & 31));
	__sync_fetch_and_and(&ignored[sig / 32], ~(1u << (sig & 31)));
	if (sigflags((i32)sig) & SigNotify)
		os_sigaction((i32)sig, 2);
}

/* Caught whether somebody wants them or not; what has no other meaning is then ignored, as os/signal promises. */
static bool ourhandler(i32 sig) { return sig == SigUrg || (sigflags(sig) != 0 && !(sigflags(sig) & SigDefault)); }

void sig_disable(u32 sig) {
	if (sig >= Nsig)
		return;
	__sync_fetch_and_and(&wanted[sig / 32], ~(1u << (sig & 31)));
	bool ignore = inherited[sig / 32] >> (sig & 31) & 1;
	if (ignore)
		__sync_fetch_and_or(&ignored[sig / 32], 1u << (sig & 31));
	if (ignore || !ourhandler((i32)sig))
		os_sigaction((i32)sig, ignore);
}

void sig_ignore(u32 sig) {
	if (sig >= Nsig)
		return;
	__sync_fetch_and_and(&wanted[sig / 32], ~(1u << (sig & 31)));
	__sync_fetch_and_or(&ignored[sig / 32], 1u << (sig & 31));
	if (sig != SigUrg)
		os_sigaction((i32)sig, 1);
}

bool sig_ignored(u32 sig) { return sig < Nsig && (aload(&ignored[sig / 32]) >> (sig & 31) & 1) != 0; }

void sig_waituntilidle(void) {
	while (aload(&delivering) != 0 || aload(&pendingwake) != 0)
		os_yield();
}

void sig_pipe(void) {
	if (sig_ignored(SigPipe) || (aload(&wanted[0]) >> SigPipe & 1))
		return;
	os_dieofsignal(SigPipe);
}

static u64 oldsys;
void sig_ignoresys(void) { oldsys = os_sigaction(SigSys, 1); }
void sig_restoresys(void) { os_sigaction(SigSys, 2); }
void sig_dieof(i32 sig) { os_dieofsignal(sig); }

/* ---- the handler ---- */
static bool ingo(M *mp, uptr pc, uptr sp) {
	G *gp = mp->curg;
	return gp != NULL && sp >= gp->stack.lo && sp <= gp->stack.hi && rt_findfunc(pc) != NULL;
}

/* The name of the function whose text stands at pc: an inlined one's, if it is inlined. */
static const char *innermost(const Func *f, uptr pc) {
	const struct { u8 id, pad[3]; i32 name, parentpc, startline; } *tree = rt_funcdata(f, FuncdataInlTree);
	i32 i = tree == NULL ? -1 : rt_pcdata(f, PcdataInlTreeIndex, pc);
	return (const char *)rt_firstmoduledata.funcnametab.ptr + (i < 0 ? f->nameoff : tree[i].name);
}

static bool of_runtime(const char *name) {
	/* sync/atomic: ours are two steps, the barrier and the operation */
	static const char *const closed[] = { "runtime.", "internal/runtime/", "reflect.", "runtime/", "sync/atomic." };
	for (u32 i = 0; i < nelem(closed); i++) {
		const char *p = closed[i], *q = name;
		while (*p != 0 && *p == *q)
			p++, q++;
		if (*p == 0)
			return true;
	}
	return false;
}

static bool safe(const Func *f, uptr pc, uptr *newpc) {
	/* assembly has no such table; it may keep more registers than we save (the upper halves of vectors) */
	if (f->npcdata <= PcdataUnsafePoint || ((const u32 *)(f + 1))[PcdataUnsafePoint] == 0)
		return false;
	i32 v = rt_pcdata(f, PcdataUnsafePoint, pc);
	if (v == UnsafePointUnsafe)
		return false;
	if (rt_funcdata(f, FuncdataLocalsPointerMaps) == NULL || (f->flag & FuncFlagAsm) != 0)
		return false;
	if (f->nameoff == 0 || of_runtime((const char *)rt_firstmoduledata.funcnametab.ptr + f->nameoff) || of_runtime(innermost(f, pc)))
		return false;
	*newpc = pc;
	if (v == UnsafePointRestartAtEntry)
		*newpc = rt_firstmoduledata.text + f->entryoff;
	else if (v != UnsafePointSafe)
		return false;
	return true;
}

bool sig_request_preempt(M *mp UNUSED) { return rt_firstmoduledata.ftab.len > 1; }

static bool may_yield(M *mp, G *gp) {
	return gp != NULL && mp->p != NULL && !mp->stopping && mp->locks == 0 && mp->lockedint == 0 && mp->preemptoff.len == 0 &&
	       mp->mallocing == 0 && rt_gstatus(gp) == GRunning && (gp->preempt || mp->p->preempt) && mp->g == gp;
}

/* C returns to pc with the goroutine asked to yield; sp: where the return address is. */
bool sig_preempt_late(uptr pc, uptr sp) {
	M *mp = rt_m();
	G *gp = mp->curg;
	uptr newpc;
	return may_yield(mp, gp) && !sched.asyncoff && ingo(mp, pc, sp) && sp >= gp->stack.lo + 64 && safe(rt_findfunc(pc), pc, &newpc) && newpc == pc;
}

static void preempt(M *mp, Ucontext *c) {
	G *gp = mp->curg;
	uptr newpc;
	astore(&mp->signalpending, 0);
	axadd(&mp->preemptgen, 1);
	if (!may_yield(mp, gp))
		return;
	if (!ingo(mp, c->rip, c->rsp) || c->rsp < gp->stack.lo + 64 || !safe(rt_findfunc(c->rip), c->rip, &newpc))
		return;
	c->rsp -= 8;
	*(u64 *)c->rsp = newpc;
	c->rip = (u64)go_asyncpreempt;
}

static void NORETURN fatalsignal(M *mp, i32 sig, Siginfo *info, Ucontext *c) {
	rt_dying_p();
	G *gp = mp->curg != NULL ? mp->curg : mp->g0;
	GRare *rare = rt_grare_signal(mp, gp);
	rare->sigcode0 = (uptr)info->code;
	rare->sigcode1 = info->addr;
	G *g0 = mp->g0;
	static u32 once;
	if (axadd(&once, 1) == 1) {
		mp->g0 = mp->gsignal;   /* Go printing runs on this stack */
		rt_callgo((const void *)go_fatalsignal, (u64)gp, (u64)sig, c->rip, c->rsp);
	}
	mp->g0 = g0;
	os_exit(2);
}

void sig_handler(i32 sig, Siginfo *info, Ucontext *c) {
	M *mp = rt_m();
	if (sig == 33) {
		sys_perthread(mp);
		return;
	}
	if (sig == SigProf) {
		if (info->code == -2 || info->code == 0x80)     /* of a timer */
			rt_prof_signal(mp, c->rip, c->rsp, c->rbp);
		if (info->code < 0 && info->code != -6)
			return;
	}
	if (sig == SigUrg) {
		preempt(mp, c);
		if (info->code == -6)
			return;
	}
	u8 flags = sigflags(sig);
	if ((flags & SigPanic) != 0 && info->code > 0) {
		G *gp = mp->curg;
		uptr pc = c->rip, sp = c->rsp;
		bool inleaf = false;
		if (gp != NULL && sp >= gp->stack.lo && sp < gp->stack.hi && rt_findfunc(pc) == NULL) {
			/* a leaf without frame: its caller's call is where the fault shows; a
			 * call through a nil func looks the same */
			pc = *(uptr *)sp;
			sp += 8;
			inleaf = true;
		}
		if (gp != NULL && mp->g == gp && ingo(mp, pc, sp) && mp->throwing == 0) {
			GRare *rare = rt_grare_signal(mp, gp);
			gp->sig = (u8)sig;
			rare->sigcode0 = (uptr)info->code;
			rare->sigcode1 = info->addr;
			rare->sigpc = pc;
			if (!inleaf) {
				sp -= 8;
				*(uptr *)sp = pc;
			} else {
				sp -= 8;
			}
			c->rsp = sp;
			c->rip = (u64)go_sigpanic;
			c->r14 = (u64)gp;
			return;
		}
		fatalsignal(mp, sig, info, c);
	}
	if ((flags & SigNotify) != 0 && sigsend((u32)sig))
		return;
	if (sig_ignored((u32)sig))
		return;
	if ((flags & SigKill) != 0)
		os_dieofsignal(sig);
	if ((flags & (SigThrow | SigPanic)) != 0)
		fatalsignal(mp, sig, info, c);
}

void rt_signals_init(void) {
	for (i32 sig = 1; sig < Nsig; sig++) {
		if (!ourhandler(sig))
			continue;
		u64 old = os_sigaction(sig, -1);
		if ((sig == SigHup || sig == SigInt) && old == 1) {
			inherited[sig / 32] |= 1u << (sig & 31);
			__sync_fetch_and_or(&ignored[sig / 32], 1u << (sig & 31));
			continue;
		}
		os_sigaction(sig, 2);
	}
}

/* ---- fork and exec ---- */
static u64 savedmask;
void rt_newthread_block(void);
void rt_newthread_unblock(void);

void fork_before(void) {
	M *mp = rt_m();
	mp->lockedint++;
	savedmask = os_sigmask(0, ~0ull);
	mp->sigmask = savedmask;
}

void fork_after(void) {
	M *mp = rt_m();
	os_sigmask(2, mp->sigmask);
	mp->lockedint--;
}

/* Shares our memory: touch nothing but the kernel's idea of signals. */
void fork_afterinchild(void) {
	for (i32 sig = 1; sig < Nsig; sig++)
		if (ourhandler(sig) && os_sigaction(sig, -1) > 1)
			os_sigaction(sig, 0);
	os_sigmask(2, rt_m()->sigmask);
}

void exec_before(void) { rt_newthread_block(); rt_m()->locks--; }
void exec_after(void) { rt_m()->locks++; rt_newthread_unblock(); }
