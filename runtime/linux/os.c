/* os.c: Linux behind the contracts of runtime.h, by raw system calls.
 *
 * Calls return -errno. Threads are made by clone with their own fs base, which is the M.
 * Clocks go through the vDSO when the kernel offers one; it runs on the system stack. */
#include "../runtime.h"

i64 os_syscall(i64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
i64 os_clone(u64 flags, void *stack, M *mp, void (*fn)(void));
i64 rt_setfs(M *mp);
i64 rt_vdso_call(void *fn, u64 a, u64 b);
void rt_sigtramp(void);
void rt_sigreturn(void);

enum {
	SysRead = 0, SysWrite = 1, SysOpen = 2, SysClose = 3, SysMmap = 9, SysMprotect = 10, SysMunmap = 11,
	SysRtSigaction = 13, SysRtSigprocmask = 14, SysPread64 = 17, SysSchedYield = 24, SysMadvise = 28, SysNanosleep = 35,
	SysGetpid = 39, SysFcntl = 72, SysSigaltstack = 131, SysArchPrctl = 158, SysGettid = 186,
	SysFutex = 202, SysSchedGetaffinity = 204, SysClockGettime = 228, SysExitGroup = 231, SysTgkill = 234,
	SysGetrandom = 318, SysExit = 60,
};

u64 os_physpagesize = 4096;
static i64 (*vdsoclock)(i32, i64 *);

i64 os_write(i32 fd, const void *p, u64 n) { return os_syscall(SysWrite, fd, (u64)p, n, 0, 0, 0); }
i64 os_read(i32 fd, void *p, u64 n) { return os_syscall(SysRead, fd, (u64)p, n, 0, 0, 0); }
i64 os_open(const char *path, i32 flags, i32 mode) { return os_syscall(SysOpen, (u64)path, flags, mode, 0, 0, 0); }
i64 os_close(i32 fd) { return os_syscall(SysClose, fd, 0, 0, 0, 0, 0); }
i64 os_munmap(void *p, u64 n) { return os_syscall(SysMunmap, (u64)p, n, 0, 0, 0, 0); }
i64 os_madvise(void *p, u64 n, i32 advice) { return os_syscall(SysMadvise, (u64)p, n, advice, 0, 0, 0); }
i64 os_mprotect(void *p, u64 n, i32 prot) { return os_syscall(SysMprotect, (u64)p, n, prot, 0, 0, 0); }
void os_yield(void) { os_syscall(SysSchedYield, 0, 0, 0, 0, 0, 0); }

void os_exit(i32 code) {
	for (;;)
		os_syscall(SysExitGroup, code, 0, 0, 0, 0, 0);
}

void *os_mmap(void *at, u64 n, i32 prot, i32 flags) {
	i64 r = os_syscall(SysMmap, (u64)at, n, prot, flags, (u64)-1, 0);
	return r < 0 && r > -4096 ? NULL : (void *)r;
}

void *os_reserve(u64 n) { return os_mmap(NULL, n, 0, 0x4022); }   /* PRIVATE|ANON|NORESERVE */
bool os_commit(void *p, u64 n) { return os_mmap(p, n, 3, 0x4032) == p; }  /* + FIXED */
void os_unused(void *p, u64 n) { os_madvise(p, n, 4); }           /* MADV_DONTNEED */

void os_futexsleep(u32 *addr, u32 val, i64 ns) {
	i64 ts[2] = { ns / 1000000000, ns % 1000000000 };
	os_syscall(SysFutex, (u64)addr, 128, val, ns < 0 ? 0 : (u64)ts, 0, 0);
}

void os_futexwake(u32 *addr, u32 n) { os_syscall(SysFutex, (u64)addr, 129, n, 0, 0, 0); }

void os_usleep(u32 us) {
	i64 ts[2] = { us / 1000000, us % 1000000 * 1000 };
	os_syscall(SysNanosleep, (u64)ts, 0, 0, 0, 0, 0);
}

static void clock(i32 id, i64 ts[2]) {
	if (vdsoclock != NULL && rt_vdso_call((void *)vdsoclock, id, (u64)ts) == 0)
		return;
	os_syscall(SysClockGettime, id, (u64)ts, 0, 0, 0, 0);
}

i64 os_nanotime(void) {
	i64 ts[2];
	clock(1, ts);
	return ts[0] * 1000000000 + ts[1];
}

void os_walltime(i64 *sec, i32 *nsec) {
	i64 ts[2];
	clock(0, ts);
	*sec = ts[0];
	*nsec = (i32)ts[1];
}

/* The vDSO is an ELF image; find __vdso_clock_gettime in its dynamic symbols. */
void os_vdsoinit(const u8 *base) {
	if (base == NULL)
		return;
	const u64 *eh = (const u64 *)base;
	const u8 *ph = base + eh[4];
	u32 phsize = *(const u16 *)(base + 54), phn = *(const u16 *)(base + 56);
	i64 slide = 0;
	bool haveload = false;
	const i64 *dyn = NULL;
	for (u32 i = 0; i < phn; i++, ph += phsize) {
		u32 type = *(const u32 *)ph;
		const u64 *w = (const u64 *)ph;
		if (type == 1 && !haveload) {
			haveload = true;
			slide = (i64)base + (i64)w[1] - (i64)w[2];
		} else if (type == 2) {
			dyn = (const i64 *)(base + w[1]);
		}
	}
	if (!haveload || dyn == NULL)
		return;
	const char *str = NULL;
	const u8 *sym = NULL;
	const u32 *hash = NULL, *gnuhash = NULL;
	for (; dyn[0] != 0; dyn += 2) {
		void *p = (void *)(dyn[1] + slide);
		switch (dyn[0]) {
		case 5: str = p; break;
		case 6: sym = p; break;
		case 4: hash = p; break;
		case 0x6ffffef5: gnuhash = p; break;
		}
	}
	if (str == NULL || sym == NULL || (hash == NULL && gnuhash == NULL))
		return;
	u32 n = hash != NULL ? hash[1] : 64;
	static const char want[] = "__vdso_clock_gettime";
	for (u32 i = 0; i < n; i++) {
		const u8 *s = sym + 24 * i;
		if (memcmp(str + *(const u32 *)s, want, sizeof want) == 0 && (s[4] & 15) == 2) {
			vdsoclock = (i64 (*)(i32, i64 *))(slide + *(const u64 *)(s + 8));
			return;
		}
	}
}

bool os_random(void *p, u64 n) { return os_syscall(SysGetrandom, (u64)p, n, 0, 0, 0, 0) == (i64)n; }

i32 os_ncpu(void) {
	u64 mask[128];
	i64 n = os_syscall(SysSchedGetaffinity, 0, sizeof mask, (u64)mask, 0, 0, 0);
	i32 c = 0;
	for (i64 i = 0; i < n / 8; i++)
		for (u64 m = mask[i]; m != 0; m &= m - 1)
			c++;
	return c > 0 ? c : 1;
}

/* A quota is rounded up, and at least 2, as Go does. */
i32 os_gomaxprocs(bool quota) {
	i32 n = os_ncpu();
	i64 limit = quota && n > 2 ? os_cpuquota() : 0;
	if (limit == 0)
		return n;
	if (limit < 2)
		limit = 2;
	return limit < n ? (i32)limit : n;
}

static void threadentry(void) {
	M *mp = rt_m();
	os_threadinit(mp);
	mp->mstartfn();
	os_syscall(SysExit, 0, 0, 0, 0, 0, 0);
}

void os_exitthread(u32 *gone) {
	u64 all = ~0ull;
	os_syscall(SysRtSigprocmask, 2, (u64)&all, 0, 8, 0, 0);
	__asm__ volatile("movl $1, (%0)\n\txor %%edi, %%edi\n\tsyscall" : : "r"(gone), "a"(SysExit) : "memory");
	__builtin_unreachable();
}

bool os_newthread(M *mp, void *stacktop) {
	u64 all = ~0ull, old;
	/* signals stay blocked until the new thread has its alternate stack */
	os_syscall(SysRtSigprocmask, 2, (u64)&all, (u64)&old, 8, 0, 0);
	mp->sigmask = rt_m()->sigmask;  /* old may be the collector's, which blocks all */
	/* VM FS FILES SIGHAND THREAD SYSVSEM SETTLS: the kernel sets fs for us */
	u64 flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x80000;
	i64 r = os_clone(flags, stacktop, mp, threadentry);
	if (r > 0)
		mp->procid = (u64)r;    /* before it runs: somebody may want to signal it */
	os_syscall(SysRtSigprocmask, 2, (u64)&old, 0, 8, 0, 0);
	return r > 0;
}

void os_threadinit(M *mp) {
	mp->procid = (u64)os_syscall(SysGettid, 0, 0, 0, 0, 0, 0);
	struct { u64 sp; i32 flags, pad; u64 size; } ss = { mp->gsignal->stack.lo, 0, 0,
		mp->gsignal->stack.hi - mp->gsignal->stack.lo };
	os_syscall(SysSigaltstack, (u64)&ss, 0, 0, 0, 0, 0);
	u64 mask = mp->sigmask;
	os_syscall(SysRtSigprocmask, 2, (u64)&mask, 0, 8, 0, 0);
}

u64 os_sigmask(i32 how, u64 mask) {
	u64 old = 0;
	os_syscall(SysRtSigprocmask, how, (u64)&mask, (u64)&old, 8, 0, 0);
	return old;
}

void os_signal_thread(M *mp, i32 sig) {
	os_syscall(SysTgkill, os_syscall(SysGetpid, 0, 0, 0, 0, 0, 0), mp->procid, sig, 0, 0, 0);
}

/* handler: 0 default, 1 ignore, 2 ours */
u64 os_sigaction(i32 sig, i32 handler) {
	struct { u64 fn, flags; void (*restorer)(void); u64 mask; } sa, old;
	memset(&sa, 0, sizeof sa);
	memset(&old, 0, sizeof old);
	if (handler < 0) {
		os_syscall(SysRtSigaction, sig, 0, (u64)&old, 8, 0, 0);
		return old.fn;
	}
	sa.fn = handler == 2 ? (u64)rt_sigtramp : (u64)handler;
	sa.flags = 0x4 | 0x08000000 | 0x10000000 | 0x04000000;   /* SIGINFO ONSTACK RESTART RESTORER */
	sa.restorer = rt_sigreturn;
	sa.mask = ~0ull;
	os_syscall(SysRtSigaction, sig, (u64)&sa, (u64)&old, 8, 0, 0);
	return old.fn;
}

void os_dieofsignal(i32 sig) {
	os_sigaction(sig, 0);
	os_sigmask(1, 1ull << (sig - 1));
	os_signal_thread(rt_m(), sig);
	os_usleep(1000);
	os_exit(2);
}
