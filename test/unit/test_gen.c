/* Code generation: SSA to machine code, run in this process through a trampoline that plays the goroutine.
 *
 * Hand-written functions in SSA text with known answers, then random functions compared with an interpreter. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../../src/gen/gen.h"

static int failed, passed;

/* Types play no part here: slots of the text form have none. */
Layout *types_layout(Checker *k, Type *t) { bug("types_layout"); }
void types_ptrmask(Checker *k, Type *t, i64 off, u8 *mask) { bug("types_ptrmask"); }

/* ---- the trampoline: call_go(fn, ints[9], floats[15], g) ---- */

void call_go(void *fn, u64 *ints, double *floats, void *g);
void stub_panic(void), stub_barrier(void), stub_clobber(void);
u64 saved_sp, panicked[3], barrier_buf[4], barrier_calls;
#define LOADX(n, off) "movsd " off "(%rdx), %xmm" n "\n"
#define SAVEX(n, off) "movsd %xmm" n ", " off "(%rdx)\n"
#define ALLX(M) M("0","0") M("1","8") M("2","16") M("3","24") M("4","32") M("5","40") M("6","48") M("7","56") \
	M("8","64") M("9","72") M("10","80") M("11","88") M("12","96") M("13","104") M("14","112")
__asm__(
	".text\n.globl call_go\ncall_go:\n"
	"push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\npush %rsi\npush %rdx\n"
	"sub $520, %rsp\nmov %rsp, saved_sp(%rip)\nmov %rcx, %r14\nmov %rdi, %r12\n"
	ALLX(LOADX) "xorps %xmm15, %xmm15\n"
	"mov 0(%rsi), %rax\nmov 8(%rsi), %rbx\nmov 16(%rsi), %rcx\nmov 24(%rsi), %rdi\nmov 40(%rsi), %r8\nmov 48(%rsi), %r9\n"
	"mov 56(%rsi), %r10\nmov 64(%rsi), %r11\nmov 32(%rsi), %rsi\n"
	"call *%r12\n"
	"call_done:\n"
	"mov 520(%rsp), %rdx\nmov 528(%rsp), %r12\n"
	"mov %rax, 0(%r12)\nmov %rbx, 8(%r12)\nmov %rcx, 16(%r12)\nmov %rdi, 24(%r12)\nmov %rsi, 32(%r12)\nmov %r8, 40(%r12)\n"
	"mov %r9, 48(%r12)\nmov %r10, 56(%r12)\nmov %r11, 64(%r12)\n"
	ALLX(SAVEX)
	"add $536, %rsp\npop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\nret\n"
	".globl stub_panic\nstub_panic:\n"
	"mov %rax, panicked(%rip)\nmov %rbx, panicked+8(%rip)\nmovq $1, panicked+16(%rip)\nmov saved_sp(%rip), %rsp\njmp call_done\n"
	".globl stub_barrier\nstub_barrier:\nincq barrier_calls(%rip)\nlea barrier_buf(%rip), %r11\nret\n"
	/* returns AX + BX and destroys everything else */
	".globl stub_clobber\nstub_clobber:\nadd %rbx, %rax\n"
	"mov $-77, %rbx\nmov %rbx, %rcx\nmov %rbx, %rdx\nmov %rbx, %rsi\nmov %rbx, %rdi\nmov %rbx, %r8\nmov %rbx, %r9\nmov %rbx, %r10\n"
	"mov %rbx, %r11\nmov %rbx, %r12\nmov %rbx, %r13\nmov %rbx, %r15\n"
	"movq %rbx, %xmm0\nmovq %rbx, %xmm1\nmovq %rbx, %xmm2\nmovq %rbx, %xmm3\nmovq %rbx, %xmm4\nmovq %rbx, %xmm5\nmovq %rbx, %xmm6\n"
	"movq %rbx, %xmm7\nmovq %rbx, %xmm8\nmovq %rbx, %xmm9\nmovq %rbx, %xmm10\nmovq %rbx, %xmm11\nmovq %rbx, %xmm12\nmovq %rbx, %xmm13\n"
	"movq %rbx, %xmm14\nret\n");

/* ---- a tiny linker ---- */

static Arena mem;
static Program prog;
static u8 *text;
static u32 ntext;
enum { TextMax = 16 << 20 };

static void reset(void)
{
	static bool once;
	if (once)
		symtab_free(&prog);
	once = true;
	arena_reset(&mem);
	memset(&prog, 0, sizeof prog);
	prog.ar = &mem;
	symtab_init(&prog);
	sym_const(&prog, "runtime.writeBarrier", "\0\0\0\0\0\0\0", 8);
	ntext = 0;
	barrier_calls = 0;
}

static u32 place(const void *p, u32 n)
{
	ntext = (ntext + 15) & ~15u;
	u32 at = ntext;
	if (at + n > TextMax)
		bug("test: text full");
	memcpy(text + at, p, n);
	ntext += n;
	return at;
}

static u64 address(Sym *s)
{
	if (s->addr)
		return s->addr;
	if (s->kind == SymRodata || s->kind == SymData)
		return s->addr = (u64)(uintptr_t)(text + place(s->data, s->size));
	static u8 jump[16] = {0x49, 0xbd};      /* mov r13, imm64; jmp r13 */
	void *to = !strncmp(s->name, "runtime.goPanic", 15) ? (void *)stub_panic : !strcmp(s->name, "test.clobber") ? (void *)stub_clobber :
		!strncmp(s->name, "runtime.gcWrite", 15) ? (void *)stub_barrier : NULL;
	if (!to)
		to = (void *)stub_panic;
	u64 a = (u64)(uintptr_t)to;
	memcpy(jump + 2, &a, 8);
	memcpy(jump + 10, "\x41\xff\xe5", 3);
	return s->addr = (u64)(uintptr_t)(text + place(jump, 13));
}

static void check_tables(const Code *c, const char *name)
{
	for (u32 i = 1; i < c->sp.n; i++)
		if (c->sp.a[i].pc <= c->sp.a[i - 1].pc)
			bug("%s: sp table is not ascending", name);
	for (u32 i = 1; i < c->line.n; i++)
		if (c->line.a[i].pc <= c->line.a[i - 1].pc)
			bug("%s: line table is not ascending", name);
	for (u32 i = 0; i < c->map.n; i++)
		if (c->map.a[i].val < -1 || c->map.a[i].val >= (i32)c->nmap)
			bug("%s: stack map index %d", name, c->map.a[i].val);
}

static Sym *generate(Func *f)
{
	Arena tmp = {0};
	ssa_verify(f, "test");
	Code *c = gen_func(f, &arch_amd64, &mem, &tmp);
	arena_free(&tmp);
	check_tables(c, f->sym->name);
	f->sym->code = c;
	f->sym->addr = (u64)(uintptr_t)(text + place(c->text, c->size));
	return f->sym;
}

static void link_func(Sym *s)
{
	for (u32 i = 0; i < s->code->rel.n; i++) {
		Reloc *r = &s->code->rel.a[i];
		i64 v = (i64)(address(r->sym) + (u64)r->add - (s->addr + r->off));
		i32 w = (i32)v;
		if (w != v)
			bug("test: relocation out of range");
		memcpy((u8 *)(uintptr_t)s->addr + r->off, &w, 4);
	}
}

static u64 ints[9];
static double floats[15];
static u64 fake_g[8];

static void run(Sym *s)
{
	panicked[2] = 0;
	call_go((void *)(uintptr_t)s->addr, ints, floats, fake_g);
}

/* Reads one or more functions; checks that the text round-trips; the first is the entry. */
static Sym *load(const char *src)
{
	Sym *fn[16];
	u32 n = 0;
	Diag dg;
	diag_init(&dg, &mem);
	for (const char *p = src; (p = strstr(p, "func @")); p += 6) {
		Func *f = ssa_read(&prog, p, &dg);
		if (!f) {
			Buf b = {.ar = &mem};
			diag_print(&dg, &b, 0);
			bug("test: %s", buf_str(&b));
		}
		Buf a = {.ar = &mem}, b = {.ar = &mem};
		ssa_print(&a, f);
		Func *g = ssa_read(&prog, buf_str(&a), &dg);
		if (!g)
			bug("test: printed text does not read back:\n%s", buf_str(&a));
		ssa_verify(g, "reading back");
		ssa_print(&b, g);
		Func *h = ssa_read(&prog, buf_str(&b), &dg);
		Buf c = {.ar = &mem};
		ssa_print(&c, h);
		if (strcmp(buf_str(&b), buf_str(&c)) != 0)
			bug("test: text is not stable:\n%s\n%s", buf_str(&b), buf_str(&c));
		f->sym->fn = f;
		f->sym->kind = SymText;
		fn[n++] = f->sym;
		generate(f);
	}
	for (u32 i = 0; i < n; i++)
		link_func(fn[i]);
	return fn[0];
}

static void expect(const char *what, u64 got, u64 want)
{
	if (got == want) {
		passed++;
		return;
	}
	failed++;
	printf("%s: got %llx, want %llx\n", what, (unsigned long long)got, (unsigned long long)want);
}

/* ---- hand-written functions ---- */

static u64 call2(Sym *s, u64 a, u64 b)
{
	memset(ints, 0x5a, sizeof ints);
	ints[0] = a;
	ints[1] = b;
	run(s);
	return ints[0];
}

static void test_basic(void)
{
	reset();
	Sym *s = load("func @sum sig(i64 i64 -> i64) {\nb1:\n v1 = Param.i64 #0\n v2 = Param.i64 #1\n v3 = Add.i64 v1 v2\n ret v3\n}\n");
	expect("sum", call2(s, 40, 2), 42);
	s = load("func @loop sig(i64 -> i64) {\nb1:\n v1 = Param.i64 #0\n v2 = Const.i64\n v9 = Const.i64 #1\n jump b2\n"
		"b2: <- b1 b3\n v3 = Phi.i64 v2 v7\n v4 = Phi.i64 v2 v6\n v5 = LtS.i8 v3 v1\n if v5 b3 b4\n"
		"b3:\n v6 = Add.i64 v4 v3\n v7 = Add.i64 v3 v9\n jump b2\n"
		"b4:\n ret v4\n}\n");
	expect("loop", call2(s, 10, 0), 45);
	s = load("func @swap sig(i64 i64 i64 -> i64 i64) {\nb1:\n v1 = Param.i64 #0\n v2 = Param.i64 #1\n v3 = Param.i64 #2\n v20 = Const.i64\n v21 = Const.i64 #1\n jump b2\n"
		"b2: <- b1 b3\n v4 = Phi.i64 v1 v5\n v5 = Phi.i64 v2 v4\n v6 = Phi.i64 v3 v8\n v7 = Ne.i8 v6 v20\n if v7 b3 b4\n"
		"b3:\n v8 = Sub.i64 v6 v21\n jump b2\nb4:\n ret v4 v5\n}\n");
	ints[0] = 1, ints[1] = 2, ints[2] = 3;
	run(s);
	expect("swap", ints[0] * 10 + ints[1], 21);
	s = load("func @fib sig(i64 -> i64 / 0 0 8) {\nb1:\n v1 = Param.i64 #0\n v2 = Const.i64 #2\n v3 = LtS.i8 v1 v2\n if v3 b2 b3\n"
		"b2:\n ret v1\nb3:\n v4 = Const.i64 #1\n v5 = Sub.i64 v1 v4\n v6 = Call @fib sig(i64 -> i64 / 0 0 8) v5\n v7 = Result.i64 #0 v6\n"
		" v8 = Sub.i64 v1 v2\n v9 = Call @fib sig(i64 -> i64 / 0 0 8) v8\n v10 = Result.i64 #0 v9\n v11 = Add.i64 v7 v10\n ret v11\n}\n");
	expect("fib", call2(s, 20, 0), 6765);
	s = load("func @sw sig(i64 -> i64) {\nb1:\n v1 = Param.i64 #0\n switch v1 b2 b3 b2 b4\nb2:\n v2 = Const.i64 #10\n ret v2\n"
		"b3:\n v3 = Const.i64 #20\n ret v3\nb4:\n v4 = Const.i64 #30\n ret v4\n}\n");
	for (u64 i = 0; i < 5; i++)
		expect("switch", call2(s, i, 0), i == 1 ? 20 : i == 0 || i == 2 ? 10 : 30);
	expect("switch negative", call2(s, (u64)-1, 0), 30);
}

static void test_memory(void)
{
	reset();
	i64 a[8] = {10, 11, 12, 13, 14, 15, 16, 17};
	Sym *s = load("func @index sig(ptr i64 i64 -> i64) {\nb1:\n v1 = Param.ptr #0\n v2 = Param.i64 #1\n v3 = Param.i64 #2\n Bounds v3 v2\n v4 = Const.i64 #3\n"
		" v5 = Shl.i64 v3 v4\n v6 = Add.ptr v1 v5\n v7 = Load.i64 v6\n v8 = Load.i64 #8 v1\n v9 = Add.i64 v7 v8\n ret v9\n}\n");
	ints[0] = (u64)(uintptr_t)a, ints[1] = 8, ints[2] = 3;
	run(s);
	expect("index", ints[0], 24);
	ints[0] = (u64)(uintptr_t)a, ints[1] = 8, ints[2] = 9;
	run(s);
	expect("bounds panics", panicked[2], 1);
	expect("bounds index", panicked[0], 9);
	expect("bounds length", panicked[1], 8);
	s = load("func @copy sig(ptr ptr ->) {\nb1:\n v1 = Param.ptr #0\n v2 = Param.ptr #1\n Move #0 %61 v1 v2\n ret\n}\n");
	char from[400], to[400];
	for (u32 i = 0; i < sizeof from; i++)
		from[i] = (char)(i * 7 + 1);
	memset(to, 0, sizeof to);
	ints[0] = (u64)(uintptr_t)to, ints[1] = (u64)(uintptr_t)from;
	run(s);
	expect("copy", !memcmp(to, from, 61) && to[61] == 0, 1);
	s = load("func @copybig sig(ptr ptr ->) {\nb1:\n v1 = Param.ptr #0\n v2 = Param.ptr #1\n Move #0 %333 v1 v2\n Zero #8 %21 v1\n Zero #40 %217 v1\n ret\n}\n");
	memset(to, 0, sizeof to);
	ints[0] = (u64)(uintptr_t)to, ints[1] = (u64)(uintptr_t)from;
	run(s);
	memset(from + 8, 0, 21);
	memset(from + 40, 0, 217);
	expect("copy and clear", !memcmp(to, from, 333) && to[333] == 0, 1);
	s = load("func @slots sig(i64 i64 -> i64) {\nslot 0 size 24 align 8\nslot 1 size 16 align 8\nb1:\n v1 = Param.i64 #0\n v2 = Param.i64 #1\n v3 = LocalAddr.ptr #0\n"
		" VarDef #0\n Store #8 v3 v1\n Store #16 v3 v2\n v5 = Call @test.clobber sig(i64 i64 -> i64 / 0 0 16) v1 v2\n v6 = Result.i64 #0 v5\n v7 = Load.i64 #8 v3\n v8 = Load.i64 #16 v3\n"
		" v9 = Mul.i64 v7 v8\n v10 = Add.i64 v9 v6\n ret v10\n}\n");
	expect("slots", call2(s, 6, 7), 55);
	s = load("func @barrier sig(ptr ptr ->) {\nb1:\n v1 = Param.ptr #0\n v2 = Param.ptr #1\n Store #8 v1 v2 !wb\n ret\n}\n");
	u32 *flag = (u32 *)(uintptr_t)sym_get(&prog, "runtime.writeBarrier")->addr;
	void *cell[2] = {NULL, &a[1]};
	for (u32 on = 0; on < 2; on++) {
		*flag = on;
		ints[0] = (u64)(uintptr_t)cell, ints[1] = (u64)(uintptr_t)&a[2 + on];
		run(s);
		expect("barrier store", (u64)(uintptr_t)cell[1], (u64)(uintptr_t)&a[2 + on]);
		expect("barrier calls", barrier_calls, on);
	}
	expect("barrier new", barrier_buf[0], (u64)(uintptr_t)&a[3]);
	expect("barrier old", barrier_buf[1], (u64)(uintptr_t)&a[2]);
	s = load("func @atomics sig(ptr i64 i64 -> i64 i64 i8 i64) {\nb1:\n v1 = Param.ptr #0\n v2 = Param.i64 #1\n v3 = Param.i64 #2\n v4 = AtomicAdd.i64 v1 v2\n v5 = AtomicXchg.i64 v1 v3\n"
		" v6 = AtomicCas.i8 v1 v3 v2\n v7 = AtomicOr.i64 v1 v3\n AtomicStore #8 v1 v2\n ret v4 v5 v6 v7\n}\n");
	i64 w[2] = {5, 0};
	ints[0] = (u64)(uintptr_t)w, ints[1] = 3, ints[2] = 12;
	run(s);
	expect("atomic add", ints[0], 8);
	expect("atomic exchange", ints[1], 8);
	expect("atomic cas", ints[2] & 0xff, 1);
	expect("atomic or", ints[3], 3);
	expect("atomic result", (u64)w[0], 15);
	expect("atomic store", (u64)w[1], 3);
}

/* The panic machinery finds the closure of open-coded defer i at the first one's address + 8 i. */
static void test_defer_slots(void)
{
	reset();
	Sym *s = load("func @d sig(i64 -> i64) open_defers deferslots 0 1 {\nslot 0 size 1 align 1 pinned\nslot 1 size 8 align 8 pinned\nslot 2 size 8 align 8 pinned\n"
		"slot 3 size 8 align 8 pinned\nb1:\n v1 = Param.i64 #0\n v2 = LocalAddr.ptr #1\n Store v2 v1\n v3 = Load.i64 v2\n ret v3\n}\n");
	expect("defer slots run", call2(s, 7, 0), 7);
	Slot *sl = s->fn->slot.a;
	expect("defer slots ascend", sl[2].off == sl[1].off + 8 && sl[3].off == sl[2].off + 8, 1);
	expect("defer slots start", s->code->defer_slots_off, (u64)-sl[1].off);
}

/* Two pointers and an integer live across the first of two calls. The loaded pointer is in that call's map of locals, the
 * parameter in its map of arguments, because it is kept in the space the caller left for it; the integer is in none, and no
 * pointer is in the second call's map. At entry the pointer parameter's space is in the map of the arguments. */
static void test_stack_map(void)
{
	reset();
	Sym *s = load("func @m sig(i64 ptr -> i64 / 0 0 16) {\nb1:\n v1 = Param.i64 #0\n v2 = Param.ptr #1\n v3 = Load.ptr v2\n"
		" v4 = Call @test.clobber sig(i64 i64 -> i64 / 0 0 16) v1 v1\n v5 = Result.i64 #0 v4\n v6 = Load.i64 v2\n v7 = Load.i64 v3\n v8 = Add.i64 v7 v1\n v9 = Add.i64 v8 v5\n"
		" v10 = Call @test.clobber sig(i64 i64 -> i64 / 0 0 16) v6 v9\n v11 = Result.i64 #0 v10\n ret v11\n}\n");
	u64 cell = 100, *ptr = &cell;
	expect("stack map run", call2(s, 3, (u64)(uintptr_t)&ptr), (u64)(uintptr_t)ptr + 100 + 3 + 6);
	const Code *c = s->code;
	expect("words of locals", c->localbits, 1);
	expect("words of arguments", c->argbits, 2);
	expect("entry arguments", c->argmap[0], 2);
	u32 locals = 0, args = 0, calls = 0;
	for (u32 i = 0; i < c->map.n; i++)
		if (c->map.a[i].val >= 0) {
			locals += (u32)c->localmap[c->map.a[i].val] << 4 * calls;
			args += (u32)c->argmap[c->map.a[i].val] << 4 * calls++;
		}
	expect("calls", calls, 2);
	expect("locals at the first call only", locals, 1);
	expect("arguments at the first call only", args, 2);
}

static void test_stack_args(void)
{
	reset();
	Sym *s = load("func @f sig(i64 i64 i64 i64 i64 i64 i64 i64 i64 -> i64 / 0 0 72) {\nb1:\n"
		" v1 = Param.i64 #0\n v2 = Param.i64 #1\n v3 = Param.i64 #2\n v4 = Param.i64 #3\n v5 = Param.i64 #4\n v6 = Param.i64 #5\n v7 = Param.i64 #6\n v8 = Param.i64 #7\n v9 = Param.i64 #8\n"
		" v10 = Call @g sig(i64 i64 i64 i64 i64 i64 i64 i64 i64 i64:0:9:0 i64:8:10:0 -> i64 i64:16:1:0 / 24 16 72) v9 v8 v7 v6 v5 v4 v3 v2 v1 v3 v5\n"
		" v11 = Result.i64 #0 v10\n v12 = Result.i64 #1 v10\n v13 = Add.i64 v11 v12\n v14 = Add.i64 v13 v9\n ret v14\n}\n"
		"func @g sig(i64 i64 i64 i64 i64 i64 i64 i64 i64 i64:0:9:0 i64:8:10:0 -> i64 i64:16:1:0 / 24 16 72) {\nb1:\n"
		" v1 = Param.i64 #0\n v2 = Param.i64 #8\n v3 = Param.i64 #9\n v4 = Param.i64 #10\n v5 = Sub.i64 v1 v2\n v6 = Mul.i64 v3 v4\n"
		" v7 = ArgAddr.ptr #12\n Store v7 v6\n ret v5\n}\n");
	for (u64 i = 0; i < 9; i++)
		ints[i] = i + 1;
	run(s);
	expect("stack arguments", ints[0], 9 - 1 + 3 * 5 + 9);
}

/* ---- the interpreter: what every operation means ---- */

static u64 trunc_to(Ty t, u64 v)
{
	u32 n = ty_size(t) * 8;
	return n == 64 ? v : v & ((1ull << n) - 1);
}

static i64 sext(Ty t, u64 v)
{
	u32 n = 64 - ty_size(t) * 8;
	return (i64)(v << n) >> n;
}

static double dbl(u64 v) { double d; memcpy(&d, &v, 8); return d; }
static float flt(u64 v) { float d; memcpy(&d, &v, 4); return d; }
static u64 bits(Ty t, double d)
{
	u64 v = 0;
	float f = (float)d;
	if (t == TyF64)
		memcpy(&v, &d, 8);
	else
		memcpy(&v, &f, 4);
	return v;
}
static double num(Ty t, u64 v) { return t == TyF64 ? dbl(v) : (double)flt(v); }

static u64 fop(SsaOp op, Ty t, u64 a, u64 b)
{
	if (t == TyF32) {
		float x = flt(a), y = flt(b);
		float r = op == SsaFAdd ? x + y : op == SsaFSub ? x - y : op == SsaFMul ? x * y : x / y;
		u64 v = 0;
		memcpy(&v, &r, 4);
		return v;
	}
	double x = dbl(a), y = dbl(b);
	return bits(t, op == SsaFAdd ? x + y : op == SsaFSub ? x - y : op == SsaFMul ? x * y : x / y);
}

static u64 shift(SsaOp op, Ty t, u64 a, u64 n)
{
	u64 w = ty_size(t) * 8;
	if (op == SsaShrS)
		return (u64)(sext(t, a) >> (n >= w ? w - 1 : n));
	if (n >= w)
		return 0;
	return op == SsaShl ? a << n : trunc_to(t, a) >> n;
}

static u64 eval(Func *f, ValueId v, const u64 *val)
{
	Value *p = &f->v.a[v];
	ValueId *arg = value_args(f, v);
	Ty t = p->ty, from = p->nargs ? f->v.a[arg[0]].ty : t;
	u64 a = p->nargs > 0 ? val[arg[0]] : 0, b = p->nargs > 1 ? val[arg[1]] : 0, c = p->nargs > 2 ? val[arg[2]] : 0;
	i64 sa = sext(from, a), sb = sext(from, b);
	u32 w = ty_size(t) * 8;
	switch (p->op) {
	case SsaConst: return (u64)p->aux;
	case SsaAdd: return a + b;
	case SsaSub: return a - b;
	case SsaMul: return a * b;
	case SsaDivS: return sb == -1 ? -(u64)sa : (u64)(sa / sb);
	case SsaRemS: return sb == -1 ? 0 : (u64)(sa % sb);
	case SsaDivU: return a / b;
	case SsaRemU: return a % b;
	case SsaMulHiU: return w == 64 ? (u64)(((unsigned __int128)a * b) >> 64) : (a * b) >> 32;
	case SsaMulHiS: return w == 64 ? (u64)(((__int128)sa * sb) >> 64) : (u64)((sa * sb) >> 32);
	case SsaAnd: return a & b;
	case SsaOr: return a | b;
	case SsaXor: return a ^ b;
	case SsaNeg: return -a;
	case SsaNot: return ~a;
	case SsaBoolNot: return a ^ 1;
	case SsaShl: case SsaShrS: case SsaShrU: return shift(p->op, t, a, b);
	case SsaRotL: b &= w - 1; return b ? a << b | trunc_to(t, a) >> (w - b) : a;
	case SsaClz: return a ? (u64)__builtin_clzll(a) - (64 - w) : w;
	case SsaCtz: return a ? (u64)__builtin_ctzll(a) : w;
	case SsaPopcnt: return (u64)__builtin_popcountll(a);
	case SsaBswap: return __builtin_bswap64(a) >> (64 - w);
	case SsaAddC: return a + b + c;
	case SsaAddCOut: return (u64)(((unsigned __int128)a + b + c) >> 64) & 1;
	case SsaSubB: return a - b - c;
	case SsaSubBOut: return (u64)(((unsigned __int128)a - b - c) >> 64) & 1;
	case SsaEq: return a == b;
	case SsaNe: return a != b;
	case SsaLtS: return sa < sb;
	case SsaLeS: return sa <= sb;
	case SsaLtU: return a < b;
	case SsaLeU: return a <= b;
	case SsaSelect: return a ? b : c;
	case SsaSignExt: return (u64)sa;
	case SsaZeroExt: case SsaTrunc: case SsaBitcast: case SsaCopy: return a;
	case SsaFAdd: case SsaFSub: case SsaFMul: case SsaFDiv: return fop(p->op, t, a, b);
	case SsaFNeg: return a ^ (t == TyF64 ? 1ull << 63 : 1ull << 31);
	case SsaFAbs: return a & ~(t == TyF64 ? 1ull << 63 : 1ull << 31);
	case SsaFSqrt: return t == TyF64 ? bits(t, sqrt(dbl(a))) : bits(t, sqrtf(flt(a)));
	case SsaFCopysign: return (a & ~(t == TyF64 ? 1ull << 63 : 1ull << 31)) | (b & (t == TyF64 ? 1ull << 63 : 1ull << 31));
	case SsaFEq: return num(from, a) == num(from, b);
	case SsaFNe: return num(from, a) != num(from, b);
	case SsaFLt: return num(from, a) < num(from, b);
	case SsaFLe: return num(from, a) <= num(from, b);
	case SsaIToF: return t == TyF64 ? bits(t, (double)sa) : bits(t, (float)sa);
	case SsaUToF: return t == TyF64 ? bits(t, (double)a) : bits(t, (float)a);
	case SsaFToF: return bits(t, num(from, a));
	}
	bug("eval: %s", ssa_op_info[p->op].name);
}

/* Runs from block 1; results of test.clobber are the sum of its two arguments. */
static u64 interpret(Func *f, const u64 *in)
{
	u64 *val = calloc(f->v.n, sizeof *val), *tmp = calloc(f->v.n, sizeof *tmp), r = 0;
	BlockId b = 1, from = 0;
	for (;;) {
		Block *k = &f->b.a[b];
		for (u32 i = 0; i < k->v.n && f->v.a[k->v.a[i]].op == SsaPhi; i++) {
			u32 j = 0;
			while (k->pred.a[j] != from)
				j++;
			tmp[i] = val[value_args(f, k->v.a[i])[j]];
		}
		for (u32 i = 0; i < k->v.n; i++) {
			ValueId v = k->v.a[i], *a = value_args(f, v);
			Value *p = &f->v.a[v];
			if (p->op == SsaPhi)
				val[v] = tmp[i];
			else if (p->op == SsaParam)
				val[v] = trunc_to(p->ty, in[p->aux]);
			else if (p->op == SsaCall)
				val[v] = val[a[0]] + val[a[1]];
			else if (p->op == SsaResult)
				val[v] = val[a[0]];
			else
				val[v] = trunc_to(p->ty, eval(f, v, val));
		}
		from = b;
		if (k->term == TermRet) {
			r = val[k->ret.a[0]];
			break;
		}
		if (k->term == TermIf)
			b = k->succ.a[val[k->ctl] ? 0 : 1];
		else if (k->term == TermSwitch)
			b = k->succ.a[val[k->ctl] < k->succ.n - 1 ? val[k->ctl] : k->succ.n - 1];
		else
			b = k->succ.a[0];
	}
	free(val);
	free(tmp);
	return r;
}

/* ---- random functions ---- */

static u64 seed;
static Sig *clobber_sig;
static u32 rnd(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(seed >> 33) % n;
}

typedef struct Gen { Func *f; BlockId b; VEC(ValueId) pool; } Gen;   /* pool: values that dominate here */

static ValueId emit(Gen *g, SsaOp op, Ty ty, const ValueId *a, u32 n)
{
	ValueId v = func_value(g->f, g->b, op, ty, 0);
	value_set_args(g->f, v, a, n);
	return v;
}

static ValueId constant(Gen *g, Ty ty)
{
	static const i64 odd[] = {0, 1, -1, 2, 7, 8, 63, 64, 127, -128, 255, 0x7fffffff, -0x7fffffffll - 1, 0xffffffffll, INT64_MAX, INT64_MIN, 0x123456789abcdef};
	ValueId v = emit(g, SsaConst, ty, NULL, 0);
	g->f->v.a[v].aux = ty_is_float(ty) ? (i64)bits(ty, (double)rnd(1000) / 8 - 50) : (i64)trunc_to(ty, (u64)odd[rnd(nelem(odd))]);
	return v;
}

static ValueId pick(Gen *g, Ty ty)
{
	for (u32 i = 0; i < 12 && rnd(8); i++) {
		ValueId v = g->pool.a[rnd(g->pool.n)];
		if (g->f->v.a[v].ty == ty)
			return v;
	}
	return constant(g, ty);
}

static ValueId pick_bool(Gen *g)
{
	Ty t = TyI8 + rnd(4);
	bool fl = !rnd(5);
	if (fl)
		t = rnd(2) ? TyF64 : TyF32;
	ValueId a[2] = {pick(g, t), pick(g, t)};
	ValueId v = emit(g, fl ? SsaFEq + rnd(4) : SsaEq + rnd(6), TyI8, a, 2);
	return rnd(6) ? v : emit(g, SsaBoolNot, TyI8, &v, 1);
}

static ValueId nonzero(Gen *g, Ty t)
{
	ValueId a[2] = {pick(g, t), constant(g, t)};
	g->f->v.a[a[1]].aux = 1;
	return emit(g, SsaOr, t, a, 2);
}

static ValueId random_int(Gen *g, Ty t)
{
	static const SsaOp plain[] = {SsaAdd, SsaSub, SsaMul, SsaAnd, SsaOr, SsaXor, SsaAdd, SsaSub};
	static const SsaOp one[] = {SsaNeg, SsaNot, SsaClz, SsaCtz, SsaPopcnt};
	ValueId a[3] = {pick(g, t), pick(g, t)};
	switch (rnd(13)) {
	case 0:
		if (t >= TyI32 && rnd(2)) {
			a[1] = constant(g, t);
			g->f->v.a[a[1]].aux = 1ll << (1 + rnd(29));
		} else
			a[1] = nonzero(g, t);
		return emit(g, SsaDivS + rnd(4), t, a, 2);
	case 1: case 2:
		a[1] = pick(g, TyI64);
		if (rnd(2)) {
			a[2] = constant(g, TyI64);
			g->f->v.a[a[2]].aux = 63;
			a[1] = emit(g, SsaAnd, TyI64, a + 1, 2);
		}
		return emit(g, SsaShl + rnd(4), t, a, 2);
	case 3: return emit(g, one[rnd(nelem(one))], t, a, 1);
	case 4:
		a[0] = pick_bool(g);
		a[1] = pick(g, t), a[2] = pick(g, t);
		return emit(g, SsaSelect, t, a, 3);
	case 5:
		if (t >= TyI32)
			return emit(g, rnd(2) ? SsaMulHiS : SsaMulHiU, t, a, 2);
		break;
	case 6:
		if (t > TyI8) {
			a[0] = pick(g, t - 1);
			return emit(g, rnd(2) ? SsaSignExt : SsaZeroExt, t, a, 1);
		}
		break;
	case 7:
		if (t < TyI64) {
			a[0] = pick(g, TyI64);
			return emit(g, SsaTrunc, t, a, 1);
		}
		a[0] = pick_bool(g);
		a[2] = emit(g, SsaZeroExt, TyI64, a, 1);
		a[0] = pick(g, t);
		return emit(g, SsaAddC + rnd(4), t, a, 3);
	case 8:
		if (t > TyI8)
			return emit(g, SsaBswap, t, a, 1);
		return pick_bool(g);
	case 9:
		if (t == TyI64 && !rnd(2)) {
			ValueId c = emit(g, SsaCall, TyVoid, a, 2);
			g->f->v.a[c].callee = sym_get(&prog, "test.clobber");
			g->f->v.a[c].sig = clobber_sig;
			return emit(g, SsaResult, TyI64, &c, 1);
		}
		break;
	}
	return emit(g, plain[rnd(nelem(plain))], t, a, 2);
}

static ValueId random_float(Gen *g, Ty t)
{
	ValueId a[3] = {pick(g, t), pick(g, t)};
	switch (rnd(8)) {
	case 0: return emit(g, rnd(2) ? SsaFNeg : SsaFAbs, t, a, 1);
	case 1: a[0] = pick(g, rnd(2) ? TyI32 : TyI64); return emit(g, SsaIToF, t, a, 1);
	case 2: a[0] = pick(g, TyI64); return emit(g, SsaUToF, t, a, 1);
	case 3: a[0] = pick(g, t == TyF32 ? TyF64 : TyF32); return emit(g, SsaFToF, t, a, 1);
	case 4:
		a[0] = pick_bool(g);
		a[1] = pick(g, t), a[2] = pick(g, t);
		return emit(g, SsaSelect, t, a, 3);
	case 5: return emit(g, SsaFCopysign, t, a, 2);
	}
	return emit(g, SsaFAdd + rnd(3), t, a, 2);
}

static void straight(Gen *g, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		Ty t = rnd(5) ? TyI8 + rnd(4) : rnd(2) ? TyF64 : TyF32;
		ValueId v = ty_is_float(t) ? random_float(g, t) : random_int(g, t);
		vec_push(&mem, &g->pool, v);
	}
}

/* Both arms extend the pool and give it back; phis join pairs of values. */
static void diamond(Gen *g, u32 depth);
static void body(Gen *g, u32 depth)
{
	straight(g, 3 + rnd(10));
	if (depth && rnd(3))
		diamond(g, depth - 1);
	straight(g, rnd(5));
}

static void diamond(Gen *g, u32 depth)
{
	static const Ty types[] = {TyI64, TyI64, TyI32, TyI8, TyF64, TyF32};
	Func *f = g->f;
	ValueId c = pick_bool(g), arm[2][6];
	BlockId from = g->b, join = func_block(f), end[2];
	u32 keep = g->pool.n;
	f->b.a[from].term = TermIf;
	f->b.a[from].ctl = c;
	for (u32 k = 0; k < 2; k++) {
		g->b = func_block(f);
		block_edge(f, from, g->b);
		body(g, depth);
		for (u32 i = 0; i < nelem(types); i++)
			arm[k][i] = pick(g, types[i]);
		end[k] = g->b;
		f->b.a[g->b].term = TermJump;
		g->pool.n = keep;
	}
	g->b = join;
	block_edge(f, end[0], join);
	block_edge(f, end[1], join);
	for (u32 i = 0; i < nelem(types); i++)
		vec_push(&mem, &g->pool, emit(g, SsaPhi, types[i], (ValueId[]){arm[0][i], arm[1][i]}, 2));
}

/* for i := 0; i < n; i++ { body }, with values carried around. */
static void loop(Gen *g, u32 depth)
{
	static const Ty types[] = {TyI64, TyI64, TyI64, TyI32, TyI8, TyF64};
	Func *f = g->f;
	ValueId init[7], phi[7], step[2];
	for (u32 i = 0; i < nelem(types); i++)
		init[i] = pick(g, types[i]);
	init[6] = constant(g, TyI64);
	f->v.a[init[6]].aux = 0;
	BlockId pre = g->b, head = func_block(f), in = func_block(f), out = func_block(f);
	f->b.a[pre].term = TermJump;
	block_edge(f, pre, head);
	g->b = head;
	for (u32 i = 0; i < 7; i++)
		phi[i] = emit(g, SsaPhi, i < 6 ? types[i] : TyI64, (ValueId[]){init[i], 0}, 2);
	ValueId n = constant(g, TyI64);
	f->v.a[n].aux = 1 + rnd(5);
	ValueId c = emit(g, SsaLtS, TyI8, (ValueId[]){phi[6], n}, 2);
	f->b.a[head].term = TermIf;
	f->b.a[head].ctl = c;
	block_edge(f, head, in);
	block_edge(f, head, out);
	g->b = in;
	u32 keep = g->pool.n;
	for (u32 i = 0; i < 7; i++)
		vec_push(&mem, &g->pool, phi[i]);
	body(g, depth);
	for (u32 i = 0; i < 6; i++) {
		ValueId v = rnd(3) ? pick(g, types[i]) : phi[rnd(2) && i < 3 ? (i + 1) % 3 : i];
		value_args(f, phi[i])[1] = v;
	}
	step[0] = phi[6];
	step[1] = constant(g, TyI64);
	f->v.a[step[1]].aux = 1;
	ValueId next = emit(g, SsaAdd, TyI64, step, 2);
	value_args(f, phi[6])[1] = next;
	f->b.a[g->b].term = TermJump;
	block_edge(f, g->b, head);
	g->pool.n = keep;
	for (u32 i = 0; i < 7; i++)
		vec_push(&mem, &g->pool, phi[i]);
	g->b = out;
}

/* Everything in the pool goes into the result. */
static Func *random_func(u64 s, u32 size)
{
	static const Ty ptype[] = {TyI64, TyI64, TyI32, TyI16, TyI8, TyI64};
	seed = s;
	Func *f = func_new(&prog, sym_get(&prog, "random"), &mem);
	f->sig = arena_new(&mem, Sig);
	f->sig->in = arena_array(&mem, SigPart, nelem(ptype));
	f->sig->nin = nelem(ptype);
	f->sig->spillsize = 8 * nelem(ptype);
	f->sig->out = arena_new(&mem, SigPart);
	*f->sig->out = (SigPart){.ty = TyI64};
	f->sig->nout = 1;
	Gen g = {.f = f, .b = func_block(f)};
	for (u32 i = 0; i < nelem(ptype); i++) {
		f->sig->in[i] = (SigPart){.ty = ptype[i], .reg = (i8)i, .off = 8 * i};
		ValueId v = emit(&g, SsaParam, ptype[i], NULL, 0);
		f->v.a[v].aux = i;
		vec_push(&mem, &g.pool, v);
	}
	for (u32 i = 0; i < size; i++) {
		straight(&g, rnd(12));
		if (rnd(2))
			diamond(&g, 2);
		else
			loop(&g, 2);
	}
	ValueId sum = constant(&g, TyI64);
	for (u32 i = 0; i < g.pool.n; i++) {
		ValueId v = g.pool.a[i];
		Ty t = f->v.a[v].ty;
		if (t == TyF32 || t == TyF64) {
			if (rnd(2))
				continue;
			ValueId lt[2] = {v, constant(&g, t)};
			v = emit(&g, SsaFLt, TyI8, lt, 2);
			t = TyI8;
		}
		if (t != TyI64)
			v = emit(&g, SsaSignExt, TyI64, &v, 1);
		sum = emit(&g, rnd(2) ? SsaXor : SsaAdd, TyI64, (ValueId[]){sum, v}, 2);
	}
	f->b.a[g.b].term = TermRet;
	vec_push(&mem, &f->b.a[g.b].ret, sum);
	return f;
}

static void test_random(u32 from, u32 to)
{
	for (u32 k = from; k < to; k++) {
		reset();
		Sig *cs = arena_new(&mem, Sig);
		*cs = (Sig){.in = arena_array(&mem, SigPart, 2), .nin = 2, .out = arena_new(&mem, SigPart), .nout = 1, .spillsize = 16};
		cs->in[0] = (SigPart){.ty = TyI64};
		cs->in[1] = (SigPart){.ty = TyI64, .reg = 1, .off = 8};
		cs->out[0] = (SigPart){.ty = TyI64};
		clobber_sig = cs;
		Func *f = random_func(k + 1, 1 + k % 5);
		Sym *s = generate(f);
		link_func(s);
		for (u32 j = 0; j < 3; j++) {
			u64 in[9];
			for (u32 i = 0; i < 9; i++)
				ints[i] = in[i] = (u64)rnd(1u << 30) * rnd(1u << 30) >> rnd(60);
			u64 want = interpret(f, in);
			run(s);
			if (ints[0] != want) {
				failed++;
				printf("random %u: got %llx, want %llx\n", k, (unsigned long long)ints[0], (unsigned long long)want);
				if (getenv("VERBOSE")) {
					Buf b = {.ar = &mem};
					ssa_print(&b, f);
					puts(buf_str(&b));
					FILE *o = fopen(getenv("VERBOSE"), "wb");
					fwrite((void *)(uintptr_t)s->addr, 1, s->code->size, o);
					fclose(o);
				}
				return;
			}
			passed++;
		}
	}
}

/* ---- conversions, rounding, wide arithmetic: against C ---- */

static u64 run_float(Sym *s, double x, double y)
{
	floats[0] = x;
	floats[1] = y;
	run(s);
	u64 v;
	memcpy(&v, floats, 8);
	return v;
}

static Sym *binary(const char *name, const char *op)
{
	return load(arena_printf(&mem, "func @%s sig(f64 f64 -> f64) {\nb1:\n v1 = Param.f64 #0\n v2 = Param.f64 #1\n v3 = %s v1 v2\n ret v3\n}\n", name, op));
}

/* Go's min: a NaN wins, -0 is less than 0. */
static double go_min(double x, double y)
{
	return x != x ? x : y != y ? y : x == y ? (signbit(x) ? x : y) : x < y ? x : y;
}

static void test_floats(void)
{
	reset();
	Sym *min = binary("min", "FMin.f64"), *max = binary("max", "FMax.f64");
	Sym *round[4];
	for (u32 i = 0; i < 4; i++)
		round[i] = load(arena_printf(&mem, "func @round%u sig(f64 -> f64) {\nb1:\n v1 = Param.f64 #0\n v2 = FRound.f64 #%u v1\n ret v2\n}\n", i, i));
	Sym *ftou = load("func @ftou sig(f64 -> i64) {\nb1:\n v1 = Param.f64 #0\n v2 = FToU.i64 v1\n ret v2\n}\n");
	Sym *ftoi = load("func @ftoi sig(f64 -> i64) {\nb1:\n v1 = Param.f64 #0\n v2 = FToI.i64 v1\n ret v2\n}\n");
	static const double x[] = {0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, 1e18, 9.3e18, 1.8e19, 3.7, -3.7, INFINITY, -INFINITY, NAN};
	for (u32 i = 0; i < nelem(x); i++) {
		double r[4] = {nearbyint(x[i]), floor(x[i]), ceil(x[i]), trunc(x[i])};
		for (u32 k = 0; k < 4; k++)
			expect("round", dbl(run_float(round[k], x[i], 0)) == r[k] || r[k] != r[k], 1);
		if (x[i] >= 0 && x[i] < 1.8446744073709552e19) {
			run_float(ftou, x[i], 0);
			expect("float to unsigned", ints[0], (u64)x[i]);
		}
		if (fabs(x[i]) < 9.2e18) {
			run_float(ftoi, x[i], 0);
			expect("float to signed", ints[0], (u64)(i64)x[i]);
		}
		for (u32 k = 0; k < nelem(x); k++) {
			double lo = go_min(x[i], x[k]), hi = -go_min(-x[i], -x[k]);
			double a = dbl(run_float(min, x[i], x[k])), b = dbl(run_float(max, x[i], x[k]));
			expect("min", lo != lo ? a != a : bits(TyF64, a) == bits(TyF64, lo), 1);
			expect("max", hi != hi ? b != b : bits(TyF64, b) == bits(TyF64, hi), 1);
		}
	}
	static const struct { double x; u64 want; } odd[] = {{NAN, 1ull << 63}, {3e19, 1ull << 63}, {-1.5, UINT64_MAX}};
	for (u32 i = 0; i < nelem(odd); i++) {      /* what gc's code gives on amd64 */
		run_float(ftou, odd[i].x, 0);
		expect("out of range to unsigned", ints[0], odd[i].want);
	}
	if (__builtin_cpu_supports("fma")) {
		Sym *s = load("func @fma sig(f64 f64 -> f64) {\nb1:\n v1 = Param.f64 #0\n v2 = Param.f64 #1\n v3 = FMA.f64 v1 v2 v1\n ret v3\n}\n");
		expect("fma", run_float(s, 1 + 0x1p-40, 1 - 0x1p-40), bits(TyF64, fma(1 + 0x1p-40, 1 - 0x1p-40, 1 + 0x1p-40)));
	}
}

static void test_wide(void)
{
	reset();
	Sym *s = load("func @div128 sig(i64 i64 i64 -> i64 i64) {\nb1:\n v1 = Param.i64 #0\n v2 = Param.i64 #1\n v3 = Param.i64 #2\n v4 = Div128.i64 v1 v2 v3\n v5 = Rem128.i64 v1 v2 v3\n ret v4 v5\n}\n");
	u64 hi = 0x1234, lo = 0x9876543210fedcba, by = 0xfedcba987654321;
	ints[0] = hi, ints[1] = lo, ints[2] = by;
	run(s);
	unsigned __int128 n = (unsigned __int128)hi << 64 | lo;
	expect("128-bit quotient", ints[0], (u64)(n / by));
	expect("128-bit remainder", ints[1], (u64)(n % by));
	s = load("func @closure sig(ptr i64 -> i64 / 0 0 16) {\nb1:\n v1 = Param.ptr #0\n v2 = Param.i64 #1\n v3 = CallClosure sig(i64 -> i64 / 0 0 8) v1 v2\n v4 = Result.i64 #0 v3\n"
		" v5 = Add.i64 v4 v2\n ret v5\n}\n"
		"func @body sig(i64 -> i64 / 0 0 8) is_closure {\nb1:\n v1 = Param.i64 #0\n v2 = Closure.ptr\n v3 = Load.i64 #8 v2\n v4 = Mul.i64 v1 v3\n ret v4\n}\n");
	u64 fv[2] = {sym_get(&prog, "body")->addr, 11};
	expect("closure", call2(s, (u64)(uintptr_t)fv, 5), 60);
	s = load("func @tail sig(i64 -> i64 / 0 0 8) {\nb1:\n v1 = Param.i64 #0\n v2 = Const.i64 #3\n v3 = Add.i64 v1 v2\n v4 = Call @twice sig(i64 -> i64 / 0 0 8) v3\n tailcall\n}\n"
		"func @twice sig(i64 -> i64 / 0 0 8) {\nb1:\n v1 = Param.i64 #0\n v2 = Add.i64 v1 v1\n ret v2\n}\n");
	expect("tail call", call2(s, 4, 0), 14);
}

int main(int argc, char **argv)
{
	text = mmap(NULL, TextMax, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (argc > 1)
		test_random((u32)atoi(argv[1]), argc > 2 ? (u32)atoi(argv[2]) : (u32)atoi(argv[1]) + 1);
	else {
		test_basic();
		test_memory();
		test_stack_args();
		test_defer_slots();
		test_stack_map();
		test_floats();
		test_wide();
		test_random(0, 400);
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
