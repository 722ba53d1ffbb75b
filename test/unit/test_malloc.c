/* test_malloc.c: the allocator and collector as a hosted program.
 * The runtime's memory files are linked with the small OS and scheduler below: one "P" per thread,
 * the world stopped by a lock each thread takes around its steps. Types and roots are made by hand.
 * A random graph is compared with a shadow model: whatever the model can reach must keep its
 * contents, and after a collection the number of objects must be the number reachable.
 *   cc -DMEM_HOSTED test_malloc.c runtime/{sizeclass,mheap,...}.c -lpthread */
#define _GNU_SOURCE
#include "../../runtime/mem.h"
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <time.h>

enum { NSlots = 4000, NTypes = 8, NThreads = 4 };

Sched sched;
P **rt_allp;
DebugVars rt_debugvars;
Moduledata rt_firstmoduledata;
static pthread_rwlock_t world = PTHREAD_RWLOCK_INITIALIZER;
static _Thread_local MCache *cache;
static _Thread_local M thread;
static _Thread_local P proc;
static uptr roots[NThreads][NSlots];

MCache *mcache_current(void) { return cache; }
M *test_m(void) { return &thread; }
static void *start_thread(void *f) { thread = *(M *)f; ((M *)f)->mstartfn(); return NULL; }
void rt_lock(Mutex *l) { while (__atomic_exchange_n(&l->key, 1, __ATOMIC_ACQUIRE)) sched_yield(); }
void rt_unlock(Mutex *l) { __atomic_store_n(&l->key, 0, __ATOMIC_RELEASE); }
void rt_printf(const char *f, ...) { va_list a; va_start(a, f); vfprintf(stderr, f, a); va_end(a); }
void rt_throw(const char *m) { fprintf(stderr, "throw: %s\n", m); abort(); }
void rt_fatal(const char *m) { rt_throw(m); }
void rt_panic_plain(const char *m) { rt_throw(m); }
void rt_panic_error(const char *m) { rt_throw(m); }
void *os_mmap(void *at, u64 n, i32 prot, i32 flags)
{
	void *p = mmap(at, n, prot, flags, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}
i64 os_munmap(void *p, u64 n) { return munmap(p, n); }
i64 os_madvise(void *p, u64 n, i32 a) { return madvise(p, n, a); }
bool os_commit(void *p, u64 n) { return mprotect(p, n, 3) == 0; }
u64 os_sigmask(i32 how, u64 mask) { (void)how, (void)mask; return 0; }
void os_yield(void) { sched_yield(); }
void os_futexsleep(u32 *a, u32 v, i64 ns) { (void)ns; syscall(SYS_futex, a, 0, v, NULL, NULL, 0); }
void os_futexwake(u32 *a, u32 n) { syscall(SYS_futex, a, 1, n, NULL, NULL, 0); }
bool os_newthread(M *mp, void *stack) { pthread_t t; (void)stack; return !pthread_create(&t, NULL, start_thread, mp); }
i64 os_nanotime(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000ll + t.tv_nsec; }
void os_walltime(i64 *s, i32 *n) { *s = 0, *n = 0; }
const char *rt_getenv(const char *n) { return getenv(n); }
void mprof_sample(MCache *c, uptr p, u64 size) { (void)c, (void)p, (void)size; }
i64 mprof_rate(void) { return 0; }
void mprof_setrate(MCache *c, i64 rate) { c->memrate = rate; }
u32 mprof_cut(MCache *c, u32 spanclass, u64 size, u32 n) { (void)c, (void)spanclass, (void)size; return n; }
u32 rt_tracing;
void rt_trace_heap(void) {}
void rt_trace_gc(bool begin) { (void)begin; }
void mprof_freed(void *b) { (void)b; }
void mprof_publish(void) {}
void rt_stack_collect(void) {}
i64 rt_godebug(const char *k, i64 d) { (void)k; return d; }
void rt_park(bool (*f)(G *, void *), void *l, u8 r) { (void)f, (void)l, (void)r; abort(); }
i64 rt_debug(const char *k, i64 d) { (void)k; return d; }
u64 rt_callgoclosure(Funcval *f, u64 a, u64 b, u64 c, u64 d) { (void)f, (void)a, (void)b, (void)c; return d; }
u32 rt_gstatus(G *g) { (void)g; return GDead; }
void rt_unwind_init(Unwinder *u, G *g) { u->gp = g; u->done = true; }
bool rt_unwind_next(Unwinder *u) { return !u->done; }
void rt_frame_maps(const Frame *f, Ptrmap *l, Ptrmap *a, const StackObject **o, u64 *n) { (void)f, (void)l, (void)a, (void)o; *n = 0; }
void rt_roots_g(G *g, RootFn f, RangeFn r, void *a) { (void)g, (void)f, (void)r, (void)a; }
void rt_foreach_g(void (*f)(G *, void *), void *a) { (void)f, (void)a; }
bool rt_stack_shrinks(G *g) { (void)g; return false; }
void rt_stack_shrink(G *g) { (void)g; }
GRare rt_norare;
u64 rt_rand(void) { return 0; }
void os_usleep(u32 us) { usleep(us); }
void rt_prof_roots(RootFn f, void *a) { (void)f, (void)a; }
void rt_preemptone(P *p) { (void)p; }
String rt_funcname(const Func *f) { (void)f; return (String){0}; }
i64 rt_stop_began(void) { return 1; }
void rt_wakep(void) {}
i64 os_syscall(i64 n, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) { (void)n, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f; return 0; }
void rt_yield(ResumeFn f) { (void)f; abort(); }
bool rt_outside_enter(bool stopped)
{
	axadd(&sched.outside, 1);
	if (stopped || !aload(&sched.gcwaiting))
		return true;
	axadd(&sched.outside, -1u);
	return false;
}
void rt_outside_leave(void) { axadd(&sched.outside, -1u); }
void rt_ready(G *g) { (void)g; }
void rt_park_unlock(Mutex *l, u8 r) { (void)l, (void)r; abort(); }
void rt_roots_global(RootFn f, void *arg)
{
	for (u32 t = 0; t < NThreads; t++)
		for (u32 i = 0; i < NSlots; i++)
			f(arg, (void *)roots[t][i]);
}
/* A thread holds the world for reading while it runs; the stopper trades that for writing. */
bool rt_try_stop_the_world(const char *why)
{
	(void)why;
	pthread_rwlock_unlock(&world);
	pthread_rwlock_wrlock(&world);
	astore(&sched.gcwaiting, 1);
	while (aload(&sched.outside))
		sched_yield();
	return true;
}
void rt_start_the_world(void)
{
	astore(&sched.gcwaiting, 0);
	pthread_rwlock_unlock(&world);
	pthread_rwlock_rdlock(&world);
}

static u64 rnd(u64 *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* Types: word 0 a pointer, word 1 a check number, then pointers where the mask says so. */
static Type types[NTypes];
static u8 masks[NTypes][4096];
static u64 typesize[NTypes] = { 16, 24, 64, 200, 512, 600, 5000, 40000 };

static void make_types(void)
{
	u64 seed = 99;
	for (u32 t = 0; t < NTypes; t++) {
		u64 words = typesize[t] / 8, last = 0;
		masks[t][0] = 1;
		for (u64 i = 2; i < words; i++)
			if (rnd(&seed) % 3 == 0)
				masks[t][i >> 3] |= 1 << (i & 7), last = i;
		types[t] = (Type){ .size = typesize[t], .ptrbytes = (last + 1) * 8, .gcdata = masks[t], .kind = 25 };
	}
}

typedef struct { uptr *p; u32 type; u64 check; u32 ref; } Model;

/* An object refers to at most one other slot's object through its last pointer word. */
static void *step_thread(void *arg)
{
	u64 t = (u64)arg, seed = 7 + t * 1000003;
	proc.mcache = cache = mcache_new();
	thread.self = &thread;
	thread.p = &proc;
	pthread_rwlock_rdlock(&world);
	Model *m = calloc(NSlots, sizeof *m);
	u64 checks = 0;
	for (u64 n = 0; n < 300000; n++) {
		u32 i = rnd(&seed) % NSlots;
		u32 ty = rnd(&seed) % 100 < 97 ? rnd(&seed) % 5 : rnd(&seed) % NTypes;
		if (rnd(&seed) % 4 == 0) {      /* garbage and noise */
			u8 *x = mem_alloc(cache, 1 + rnd(&seed) % 300, NULL, true);
			for (u32 k = 0; k < 1; k++)
				if (x[k])
					abort();
			memset(x, 0xff, 1);
		}
		uptr *p = mem_alloc(cache, types[ty].size, &types[ty], true);
		for (u64 k = 0; k < types[ty].size / 8; k++)
			if (p[k]) {
				fprintf(stderr, "not zero: type %u word %lu of %p = %lx\n", ty, k, (void *)p, p[k]);
				abort();
			}
		u64 lastword = types[ty].ptrbytes / 8 - 1;
		for (u64 k = 1; k < types[ty].size / 8; k++)
			if (!(masks[ty][k >> 3] >> (k & 7) & 1))
				p[k] = (uptr)p + 8;     /* looks like a pointer, is none */
		p[1] = n * 4 + t;
		/* the new object keeps the old one of another slot alive through an interior pointer */
		u32 j = rnd(&seed) % NSlots;
		if (m[j].p)
			p[lastword] = (uptr)m[j].p + 8;
		m[i] = (Model){ p, ty, n * 4 + t, 0 };
		roots[t][i] = (uptr)p;
		if (m[j].p && j != i && m[j].p[1] != m[j].check)
			abort();
		uptr held = p[lastword];
		if (held && lastword && *(uptr *)held % 4 != t)
			abort();
		if (rnd(&seed) % 3 == 0 && lastword)
			p[lastword] = 0;        /* keep chains short */
		u32 k = rnd(&seed) % NSlots;
		if (m[k].p) {
			if (m[k].p[1] != m[k].check) {
				fprintf(stderr, "object changed\n");
				abort();
			}
			checks++;
		}
		if (n % 64 == 0) {
			pthread_rwlock_unlock(&world);
			pthread_rwlock_rdlock(&world);
		}
	}
	pthread_rwlock_unlock(&world);
	free(m);
	printf("thread %lu: %lu checks\n", t, checks);
	return NULL;
}

static u64 live_objects(void)
{
	sweep_finish();
	u64 n = 0;
	mcache_flush_all();
	for (u32 i = 0; i < NumSizeClasses; i++)
		n += mheap.nmalloc[i] - mheap.nfree[i];
	return n;
}

static void test_exact(void)
{
	memset(roots, 0, sizeof roots);
	gc_try_collect(true);
	if (live_objects())
		rt_throw("objects survive without roots");
	uptr *head = NULL;
	for (u32 i = 0; i < 100000; i++) {
		uptr *p = mem_alloc(cache, 16, &types[0], true);
		p[0] = (uptr)head;
		head = p;
		roots[0][0] = (uptr)head;
		mem_alloc(cache, 48, &types[1], true);
	}
	gc_try_collect(true);
	if (live_objects() != 100000)
		rt_throw("list: wrong number of live objects");
	mem_verify();
	static u64 seen;
	u64 *h = (u64 *)weak_register((uptr)head);
	if (weak_register((uptr)head) != (u64)h || weak_register((uptr)head + 8) == (u64)h || weak_strong(h) != (u64)head)
		rt_throw("weak handle");
	cleanup_add((uptr)head, &seen);
	fin_add((uptr)head[0], &types[0], 0, NULL, NULL);
	roots[0][0] = 0;
	gc_try_collect(true);
	if (weak_strong(h))
		rt_throw("weak pointer to a dead object");
	printf("finalizers %lu cleanups %lu objects left %lu\n", finq_pending(0), finq_pending(1), live_objects());
	u64 rec[6];
	if (finq_next(0, rec) != 1 || rec[0] != (u64)&types[0] || finq_next(1, rec) != 1 || rec[0] != (u64)&seen)
		rt_throw("queue");
	gc_try_collect(true);
	if (live_objects())
		rt_throw("finalized objects stay");
}

/* runtime.newobject itself: fs points to our M while it runs, and back to libc's in its slow path. */
static uptr libcfs;
static inline void set_fs(uptr fs)
{
	__asm__ volatile("syscall" : : "a"(158l), "D"(0x1002l), "S"(fs) : "rcx", "r11", "memory");
}

u64 test_slow(Type *t)
{
	set_fs(libcfs);
	u64 p = mem_newobject(t);
	M *mp = &thread;
	set_fs((uptr)mp);
	return p;
}

__asm__(".globl \"runtime.cnewobject\", \"runtime.cmallocgc\"\n"
	"\"runtime.cmallocgc\": ud2\n"
	"\"runtime.cnewobject\": mov %rax, %rdi\npush %rbp\nmov %rsp, %rbp\nand $-16, %rsp\ncall test_slow\nleave\nret\n");

static uptr *go_newobject(Type *t)
{
	uptr *p;
	__asm__ volatile("sub $128, %%rsp; call \"runtime.newobject\"; add $128, %%rsp" : "=a"(p) : "a"(t)
		: "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "memory", "cc");
	return p;
}

static uptr *news[20000];

static void test_newobject(void)
{
	__asm__ volatile("mov %%fs:0, %0" : "=r"(libcfs));
	M *mp = &thread;
	static Type small = { .size = 8, .align = 8 }, tiny = { .size = 3 }, zero = { .size = 0 }, data = { .size = 100 };
	mheap.gcpercent = -1;
	gc_update_goal();
	u64 seed = 5;
	static Type *ty[20000];
	for (u32 i = 0; i < 20000; i++) {
		u64 r = rnd(&seed) % 12;
		ty[i] = r < NTypes - 1 ? &types[r] : r == 8 ? &small : r == 9 ? &tiny : r == 10 ? &zero : &data;
	}
	set_fs((uptr)mp);
	for (u32 i = 0; i < 20000; i++)
		news[i] = go_newobject(ty[i]);
	set_fs(libcfs);
	for (u32 i = 0; i < 20000; i++) {
		u8 *p = (u8 *)news[i];
		for (u64 k = 0; k < ty[i]->size; k++)
			if (p[k])
				rt_throw("newobject: not zero");
		memset(p, i, ty[i]->size);
		if (!ty[i]->ptrbytes || ty[i]->size > BitmapMaxSize)
			continue;
		u64 *map = (u64 *)(((uptr)p & ~8191ul) + 8064), at = ((uptr)p & 8191) / 8;
		for (u64 k = 0; k < ty[i]->size / 8; k++) {
			u64 want = k < ty[i]->ptrbytes / 8 ? ty[i]->gcdata[k / 8] >> k % 8 & 1 : 0;
			if ((map[(at + k) / 64] >> (at + k) % 64 & 1) != want)
				rt_throw("newobject: wrong pointer bits");
		}
	}
	for (u32 i = 0; i < 20000; i++)
		for (u64 k = 0; k < ty[i]->size; k++)
			if (((u8 *)news[i])[k] != (u8)i)
				rt_throw("newobject: objects overlap");
	mheap.gcpercent = 100;
	gc_update_goal();
	static Type *bt[] = { &types[0], &types[1], &types[2], &types[3], &small, &data };
	for (u32 t = 0; t < nelem(bt); t++) {
		i64 t0 = os_nanotime();
		set_fs((uptr)mp);
		for (u64 i = 0; i < 2000000; i++)
			go_newobject(bt[t]);
		set_fs(libcfs);
		printf("newobject %lu bytes%s: %.1f ns\n", bt[t]->size, bt[t]->ptrbytes ? " with pointers" : "",
			(os_nanotime() - t0) / 2e6);
	}
}

static void bench(void)
{
	static const u64 sizes[] = { 16, 24, 64, 200 };
	for (u32 t = 0; t < 4; t++) {
		i64 t0 = os_nanotime();
		u64 n = 4000000;
		for (u64 i = 0; i < n; i++)
			mem_alloc(cache, sizes[t], &types[t], true);
		i64 t1 = os_nanotime();
		printf("alloc %lu bytes with pointers: %.1f ns\n", sizes[t], (double)(t1 - t0) / n);
		t0 = os_nanotime();
		for (u64 i = 0; i < n; i++)
			mem_alloc(cache, sizes[t], NULL, true);
		t1 = os_nanotime();
		printf("alloc %lu bytes without: %.1f ns\n", sizes[t], (double)(t1 - t0) / n);
	}
	mheap.gcpercent = -1;
	gc_update_goal();
	uptr tree = 0;
	static u8 mask = 3;
	static Type node = { .size = 32, .ptrbytes = 16, .gcdata = &mask };
	u64 n = 2000000;
	uptr *all = malloc(n * 8);
	for (u64 i = 0; i < n; i++) {
		uptr *p = mem_alloc(cache, 32, &node, true);
		all[i] = (uptr)p;
		if (i) {
			uptr *parent = (uptr *)all[(i - 1) / 2];
			parent[(i - 1) & 1] = (uptr)p;
		} else {
			tree = (uptr)p;
		}
	}
	roots[0][0] = tree;
	i64 t0 = os_nanotime();
	gc_try_collect(true);
	i64 t1 = os_nanotime();
	printf("mark %lu objects of 32 bytes: %.1f ns each, pause %.1f ms\n", n, (double)(t1 - t0) / n, (t1 - t0) / 1e6);
	if (live_objects() < n)
		rt_throw("tree lost");
	free(all);
}

int main(int argc, char **argv)
{
	rt_debugvars.memcheck = argc > 1 && atoi(argv[1]) & 1;
	rt_debugvars.clobber = argc > 1 && atoi(argv[1]) & 2;
	rt_debugvars.gcstress = 0;
	sched.gomaxprocs = NThreads;
	static P unused;        /* every thread has its own; there is no barrier */
	static P *all[NThreads];
	for (u32 i = 0; i < NThreads; i++)
		all[i] = &unused;
	rt_allp = all;
	rt_mallocinit();
	mheap.enabled = true;
	mheap.mode = GcStopped;
	make_types();
	pthread_t th[NThreads];
	for (u64 t = 0; t < NThreads; t++)
		pthread_create(&th[t], NULL, step_thread, (void *)t);
	for (u32 t = 0; t < NThreads; t++)
		pthread_join(th[t], NULL);
	proc.mcache = cache = mcache_new();
	thread.self = &thread;
	thread.p = &proc;
	pthread_rwlock_rdlock(&world);
	test_exact();
	test_newobject();
	printf("%lu cycles, pauses %.1f ms\n", mheap.numgc, mheap.pausetotal / 1e6);
	if (!(argc > 1))
		bench();
	printf("ok\n");
	return 0;
}
