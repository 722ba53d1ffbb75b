/* start.c: from the kernel's entry to the main goroutine; environment and debug switches. */
#include "proc.h"

#include "amd64/offsets.h"
#define LAYOUT(cs, gs, cf, gf, off, type) _Static_assert(offsetof(cs, cf) == off, #cs "." #cf);
#define LAYOUT_SIZE(cs, gs, n) _Static_assert(sizeof(cs) == n, #cs);
#include "../abi/layout.def"
_Static_assert(offsetof(G, sched.ctxt) == G_sched_ctxt, "G");
_Static_assert(offsetof(G, sched.bp) == G_sched_bp && offsetof(G, preempt) == G_preempt && offsetof(M, ret) == M_ret, "G, M");
_Static_assert(offsetof(M, pregs) == M_pregs && offsetof(M, pxmm) == M_pxmm, "M");
_Static_assert(offsetof(P, wbbuf) == P_wbbuf, "P");

Sched sched;
P **rt_allp;
M rt_m0;
static G g0_0, gsignal_0;
static GRare g0rare, gsignalrare;

extern void go_main(void) __asm__("runtime.main");
extern const struct { const char *ptr; i64 len; } rt_godebugdefault __asm__("runtime.godebugDefault");
i64 rt_setfs(M *mp);
void os_vdsoinit(const u8 *base);

i32 rt_argc;
u8 **rt_argv;
uptr *rt_auxv;
static u8 **envp;
DebugVars rt_debugvars;
u64 rt_hashseed;                /* memhash mixes it in; fixed in deterministic mode */

const char *rt_getenv(const char *name) {
	u64 n = rt_strlen(name);
	for (u8 **e = envp; *e != NULL; e++)
		if (memcmp(*e, name, n) == 0 && (*e)[n] == '=')
			return (const char *)*e + n + 1;
	return NULL;
}

static i64 parseint(const char *s) {
	i64 v = 0;
	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + *s - '0';
	return v;
}

/* key=n in a comma-separated list. */
static i64 setting(const char *s, const char *end, const char *key, i64 v) {
	u64 n = rt_strlen(key);
	while (s < end) {
		u64 i = 0;
		while (i < n && s + i < end && s[i] == key[i])
			i++;
		if (i == n && s + n < end && s[n] == '=')
			v = parseint(s + n + 1);
		while (s < end && *s != ',')
			s++;
		s++;
	}
	return v;
}

static i64 env_setting(const char *name, const char *key, i64 v) {
	const char *s = rt_getenv(name);
	return s == NULL ? v : setting(s, s + rt_strlen(s), key, v);
}

i64 rt_debug(const char *key, i64 dflt) { return env_setting("SEAGO_DEBUG", key, dflt); }

/* The environment's word counts more than what the program was built with. */
i64 rt_godebug(const char *key, i64 dflt) {
	return env_setting("GODEBUG", key, setting(rt_godebugdefault.ptr, rt_godebugdefault.ptr + rt_godebugdefault.len, key, dflt));
}

/* The main goroutine stays on the main thread until all packages are initialised. */
static void NORETURN startmain(void) {
	static Funcval mainfn;
	mainfn.fn = (const void *)go_main;
	G *gp = rt_newlocked(&mainfn);
	sched_mainstarted = true;
	proc_execute(gp, false);
}

void NORETURN rt_start(uptr *sp) {
	rt_argc = (i32)sp[0];
	rt_argv = (u8 **)(sp + 1);
	envp = rt_argv + rt_argc + 1;
	u8 **e = envp;
	while (*e != NULL)
		e++;
	rt_auxv = (uptr *)(e + 1);
	M *mp = &rt_m0;
	mp->self = mp;
	mp->g = mp->g0 = &g0_0;
	mp->gsignal = &gsignal_0;
	g0_0.m = gsignal_0.m = mp;
	g0_0.rare = &g0rare;
	gsignal_0.rare = &gsignalrare;
	rt_setfs(mp);
	const u8 *vdso = NULL;
	for (uptr *a = rt_auxv; a[0] != 0; a += 2) {
		if (a[0] == 6)
			os_physpagesize = a[1];
		else if (a[0] == 33)
			vdso = (const u8 *)a[1];
	}
	os_vdsoinit(vdso);
	u8 *stk = os_mmap(NULL, 4 * SystemStackSize + SignalStackSize, 3, 0x22);
	g0_0.stack = (Stack){ (uptr)stk, (uptr)stk + 4 * SystemStackSize };
	g0_0.stackguard0 = g0_0.stack.lo + 4096;
	gsignal_0.stack = (Stack){ g0_0.stack.hi, g0_0.stack.hi + SignalStackSize };
	gsignal_0.stackguard0 = gsignal_0.stack.lo + 4096;
	g0_0.atomicstatus = gsignal_0.atomicstatus = GRunning;
	mp->systop = g0_0.stack.hi - 64;
	sched.ncpu = os_ncpu();
	sched.maxmcount = 10000;
	sched.mnext = 1;
	sched.allm = mp;
	sched.starttime = os_nanotime();
	sched.lastpoll = sched.starttime;
	os_random(&mp->rng, 8);
	os_random(&rt_hashseed, 8);
	rt_debugvars.stackmove = rt_debug("stackmove", 0);
	rt_debugvars.schedseed = rt_debug("schedseed", 0);
	rt_debugvars.gcstress = rt_debug("gcstress", 0);
	rt_debugvars.shrink = rt_debug("shrink", 0);
	rt_debugvars.clobber = rt_debug("clobber", 0);
	mp->sigmask = os_sigmask(0, 0);
	os_threadinit(mp);
	rt_mallocinit();
	sched.quota = rt_godebug("containermaxprocs", 1) != 0;
	sched.procsauto = rt_godebug("updatemaxprocs", 1) != 0;
	sched.asyncoff = rt_godebug("asyncpreemptoff", 0) != 0;
	i32 n = os_gomaxprocs(sched.quota);
	const char *s = rt_getenv("GOMAXPROCS");
	if (s != NULL && parseint(s) > 0) {
		n = (i32)parseint(s);
		sched.procsauto = false;
	}
	if (rt_debugvars.schedseed != 0) {
		sched.deterministic = 1;
		mp->rng = (u64)rt_debugvars.schedseed;
		rt_hashseed = 0;
		sched.procsauto = false;
		n = 1;
	}
	rt_procresize(n);
	rt_mcache_init(rt_allp[0]);
	for (i32 i = n - 1; i >= 0; i--) {
		rt_allp[i]->status = PIdle;
		if (i > 0)
			p_idle_put(rt_allp[i]);
	}
	p_acquire(rt_allp[0]);
	rt_signals_init();
	rt_onsystop(startmain);
}
