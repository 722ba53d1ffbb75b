/* test_gcworld.c: allocator and collector under the real scheduler, before there is a compiler.
 * Linked with the runtime's objects into a freestanding program. The "Go code" is C that keeps g in
 * R14, runs on goroutine stacks and calls the runtime through its thunks; it has no stack maps,
 * so what it needs is rooted in one global that the module table describes.
 * Goroutines on all Ps build and check trees while collections stop the world. */
#include "../../runtime/mem.h"

enum { NGoroutines = 6, Rounds = 60, Depth = 10 };
typedef struct Node { struct Node *left, *right; u64 check; } Node;

static u8 nodemask[8] = { 3 };
static Type nodetype = { .size = 24, .ptrbytes = 16, .gcdata = nodemask, .align = 8, .kind = 25 };
static struct { Node *tree[NGoroutines]; Node *stack[NGoroutines][Depth + 2]; } roots;
static u8 rootmask[(sizeof roots / 8 + 7) / 8];
static u64 done, nodes;
void test_system(void) __asm__("runtime._System");
void test_system(void) {}
Moduledata rt_firstmoduledata __asm__("runtime.firstmoduledata");
String test_godebug __asm__("runtime.godebugDefault");

#define CLOBBERS "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r15", "memory", "cc"
static inline u64 gocall1(const void *fn, u64 a)
{
	u64 dummy;
	__asm__ volatile("push %%rbp; call *%%rdx; pop %%rbp" : "+a"(a), "=b"(dummy), "+d"(fn) : : CLOBBERS);
	return a;
}

extern void go_newobject(void) __asm__("runtime.newobject");
extern void go_gosched(void) __asm__("runtime.Gosched");
extern void go_newproc(void) __asm__("runtime.newproc");
extern void go_gc(void) __asm__("runtime.cgc");
extern void go_gcenable(void) __asm__("runtime.cgcenable");
extern void go_exit(void) __asm__("runtime.exit");
extern void go_readmemstats(void) __asm__("runtime.creadmemstats");

static void fail(const char *s)
{
	rt_printf("FAIL: %s\n", s);
	os_exit(1);
}

/* A tree of the given depth; partial results hang in roots.stack. */
static Node *build(u32 me, u32 depth, u64 check)
{
	Node *n = (Node *)gocall1(go_newobject, (u64)&nodetype);
	if (n->left || n->right || n->check)
		fail("not zero");
	n->check = check;
	roots.stack[me][depth] = n;
	if (depth) {
		n->left = build(me, depth - 1, check * 2);
		n->right = build(me, depth - 1, check * 2 + 1);
	}
	return n;
}

static u64 verify(Node *n, u64 check)
{
	if (n->check != check)
		fail("node changed");
	return n->left ? 1 + verify(n->left, check * 2) + verify(n->right, check * 2 + 1) : 1;
}

static void work(void)
{
	u32 me = __atomic_fetch_add(&done, 1ul << 32, __ATOMIC_SEQ_CST) >> 32;
	for (u32 round = 0; round < Rounds; round++) {
		roots.tree[me] = build(me, Depth, round + 1);
		gocall1(go_gosched, 0);
		__atomic_fetch_add(&nodes, verify(roots.tree[me], round + 1), __ATOMIC_RELAXED);
		if (round % 20 == me)
			while (!(gocall1(go_gc, 0) & 1))
				gocall1(go_gosched, 0);
		verify(roots.tree[me], round + 1);
	}
	axadd(&done, 1);
	for (;;)
		gocall1(go_gosched, 0);
}

extern void go_work(void) __asm__("go_work");
static Funcval workfn = { (const void *)go_work };
static u8 stats[6000];

void test_main(void)
{
	gocall1(go_gcenable, 0);
	for (u32 i = 0; i < NGoroutines; i++)
		gocall1(go_newproc, (u64)&workfn);
	while ((u32)aload(&done) < NGoroutines)
		gocall1(go_gosched, 0);
	while (!(gocall1(go_gc, 0) & 1))
		gocall1(go_gosched, 0);
	for (u32 i = 0; i < NGoroutines; i++)
		verify(roots.tree[i], Rounds);
	while (!(gocall1(go_readmemstats, (u64)stats) & 1))
		gocall1(go_gosched, 0);
	u64 *ms = (u64 *)stats;
	rt_printf("%d nodes checked, mallocs %d frees %d heap %d kB, %d cycles, pauses %d us\n", aload(&nodes), ms[4], ms[5],
		ms[6] >> 10, mheap.numgc, mheap.pausetotal / 1000);
	/* stacks without maps are scanned conservatively: a dead slot may keep a tree or two */
	u64 want = NGoroutines * ((2ul << Depth) - 1);
	if (ms[4] - ms[5] < want || ms[4] - ms[5] > want * 3 / 2)
		fail("wrong number of live objects");
	rt_printf("ok\n");
	os_exit(0);
}

void test_work(void)
{
	work();
}

void test_init(void)
{
	rt_firstmoduledata.bss = (uptr)&roots;
	rt_firstmoduledata.ebss = (uptr)(&roots + 1);
	rt_firstmoduledata.gcbssmask = (Bitvector){ sizeof roots / 8, rootmask };
	memset(rootmask, 0xff, sizeof rootmask);
}

void test_throw(const u8 *s, u64 n)
{
	os_write(2, "throw: ", 7);
	os_write(2, s, n);
	os_exit(3);
}

/* What the Go side provides, as far as C refers to it. Stacks of 2 kB suffice for this code. */
__asm__(".globl runtime.main, runtime.goexit1, runtime.throw, runtime.fatal, runtime.rtPanicError\n"
	".globl reflect.moveMakeFuncArgPtrs, reflect.callReflect, reflect.callMethod\n"
	"reflect.moveMakeFuncArgPtrs: reflect.callReflect: reflect.callMethod: ud2\n"
	".globl runtime.rtPanicPlain, runtime.sigpanic, runtime.fatalsignal, runtime.corostart\n"
	"runtime.main: push %rbp\n mov %rsp, %rbp\n call test_init\n call test_main\n"
	"go_work: push %rbp\n mov %rsp, %rbp\n call test_work\n ud2\n"
	"runtime.throw:\nruntime.fatal:\nruntime.rtPanicError:\nruntime.rtPanicPlain: mov %rax, %rdi\n mov %rbx, %rsi\n"
	" and $-16, %rsp\n call test_throw\n"
	"runtime.goexit1:\nruntime.sigpanic:\nruntime.fatalsignal:\nruntime.corostart: ud2\n");
