/* Frames: what TEXT's $frame-args asks for, as gc does it.
 *
 *     args...         argument area: x+off(FP)
 *     return address
 *     saved BP        if there is a frame or a call, unless NOFRAME
 *     locals          x-off(SP) counts down from here
 *     ...             off(SP) counts up from here
 *
 * Functions that are not NOSPLIT begin with a stack check, whose slow end stands behind the last statement; a leaf with a small
 * frame needs none. RET gives the frame back. Offsets of FP and of the pseudo SP follow PUSH and POP. */
#include "../asm.h"

enum { StackSmall = 128, StackBig = 4096, GuardOff = 16, PtrSize = 8 };

typedef VEC(Ins) InsVec;

static Opnd reg(u8 n)
{
	return (Opnd){.kind = OdReg, .reg = {RcGp, n}};
}

static Opnd mem(u8 base, i64 off)
{
	return (Opnd){.kind = OdMem, .name = BaseReg, .base = {RcGp, base}, .off = off};
}

static Opnd imm(i64 v)
{
	return (Opnd){.kind = OdImm, .off = v};
}

static Ins *add(Asm *a, InsVec *v, Pos pos, const char *op, u32 n, Opnd x, Opnd y)
{
	Ins in = {.op = op, .nopnd = (u8)n, .o = {x, y}, .pos = pos, .target = ~0u};
	vec_push(a->fa, v, in);
	return &vec_last(v);
}

static void add_branch(Asm *a, InsVec *v, Pos pos, const char *op, u32 target)
{
	Ins *in = add(a, v, pos, op, 1, (Opnd){.kind = OdBranch}, (Opnd){0});
	in->what = InsBranch;
	in->target = target;
}

/* SP moves down by n. -128 is shorter than 128. */
static void add_sp(Asm *a, InsVec *v, Pos pos, i64 n)
{
	if (!n)
		return;
	bool flip = n == 0x80 || (n < 0 && n != -0x80);
	add(a, v, pos, flip ? "ADDQ" : "SUBQ", 2, imm(flip ? -n : n), reg(GpSP))->spadj = (i32)n;
}

static bool cannot_grow(const char *sym)
{
	static const char *const names[] = {"runtime.panicdivide", "runtime.panicwrap", "runtime.panicshift", "runtime.panicBounds", "runtime.panicExtend"};
	for (u32 i = 0; i < nelem(names); i++)
		if (sym && !strcmp(sym, names[i]))
			return true;
	return false;
}

static bool is_leaf(const FuncState *fs, i64 frame)
{
	for (u32 i = 0; i < fs->in.n; i++) {
		const Ins *in = &fs->in.a[i];
		if (in->what == InsCall && (!cannot_grow(in->o[0].sym) || frame >= StackSmall - 8))
			return false;
	}
	return true;
}

/* Target numbers from here on are in the new function; Fix marks those that still count in the old one. */
enum { Morestack = 0x7ffffffe, Entry = 0x7fffffff };

static void stack_check(Asm *a, InsVec *v, const AsmFunc *f, i64 frame)
{
	Opnd guard = mem(GpR14, GuardOff), sp = reg(GpSP), tmp = reg(GpR12);
	if (!f->internal)
		add(a, v, f->pos, "MOVQ", 2, (Opnd){.kind = OdMem, .name = BaseReg, .base = {RcTls, 0}}, reg(GpR14));
	if (frame <= StackSmall) {
		add(a, v, f->pos, "CMPQ", 2, sp, guard);
	} else if (frame <= StackBig) {
		add(a, v, f->pos, "LEAQ", 2, mem(GpSP, -(frame - StackSmall)), tmp);
		add(a, v, f->pos, "CMPQ", 2, tmp, guard);
	} else {                        /* SP - frame could wrap around */
		add(a, v, f->pos, "MOVQ", 2, sp, tmp);
		add(a, v, f->pos, "SUBQ", 2, imm(frame - StackSmall), tmp);
		add_branch(a, v, f->pos, "JCS", Morestack);
		add(a, v, f->pos, "CMPQ", 2, tmp, guard);
	}
	add_branch(a, v, f->pos, "JLS", Morestack);
}

static void fix_offsets(Ins *in, i64 depth, i64 bp)
{
	for (u32 i = 0; i < in->nopnd; i++) {
		Opnd *p = &in->o[i];
		if ((p->kind != OdMem && p->kind != OdAddr) || (p->name != BaseParam && p->name != BaseAuto))
			continue;
		p->off += p->name == BaseParam ? depth + PtrSize : depth - bp;
		p->name = BaseReg;
		p->sym = NULL;
		p->base = (AsmReg){RcGp, GpSP};
	}
}

static i32 push_size(const char *op)
{
	bool push = !strncmp(op, "PUSH", 4), pop = !strncmp(op, "POP", 3);
	const char *s = op + (push ? 4 : 3);
	if (!push && !pop)
		return 0;
	s += *s == 'F';
	i32 n = !strcmp(s, "Q") ? 8 : !strcmp(s, "L") ? 4 : !strcmp(s, "W") ? 2 : 0;
	return push ? n : -n;
}

static void add_ret(Asm *a, InsVec *v, Ins *in, i64 frame, i64 bp)
{
	add_sp(a, v, in->pos, -(frame - bp));
	if (bp)
		add(a, v, in->pos, "POPQ", 1, reg(GpBP), (Opnd){0})->spadj = -(i32)bp;
	Ins ret = *in;
	ret.spadj = (i32)frame;         /* what follows comes from a branch */
	if (in->nopnd && in->o[0].sym) {
		ret.op = "JMP";
		ret.what = InsBranch;
	}
	vec_push(a->fa, v, ret);
}

/* Copies the body, expanding what needs it; where[i] is where statement i went. */
static void copy_body(Asm *a, FuncState *fs, InsVec *v, u32 *where, i64 frame, i64 bp)
{
	i64 depth = frame;
	for (u32 i = 1; i < fs->in.n; i++) {
		Ins *in = &fs->in.a[i];
		where[i] = v->n;
		a->pos = in->pos;
		fix_offsets(in, depth, bp);
		if (in->what == InsRet) {
			if (depth != frame)
				asm_error(a, "%s: unbalanced PUSH/POP", fs->f->name);
			add_ret(a, v, in, frame, bp);
			continue;
		}
		if (in->what == InsAdjsp) {
			in->value = in->nopnd && in->o[0].kind == OdImm ? in->o[0].off : 0;
			add_sp(a, v, in->pos, in->value);
			depth += in->value;
			continue;
		}
		i32 push = push_size(in->op);
		in->spadj = push;
		depth += push;
		if (!push && in->what == InsCode && in->nopnd && in->o[in->nopnd - 1].kind == OdReg && in->o[in->nopnd - 1].reg.cls == RcGp &&
		    in->o[in->nopnd - 1].reg.n == GpSP && strncmp(in->op, "CMP", 3))
			fs->f->spwrite = true;
		vec_push(a->fa, v, *in);
	}
}

void func_frame(Asm *a, FuncState *fs)
{
	AsmFunc *f = fs->f;
	i64 frame = f->frame < 0 ? 0 : f->frame, bp = 0;
	bool call = false;
	a->pos = f->pos;
	for (u32 i = 0; i < fs->in.n; i++)
		call |= fs->in.a[i].what == InsCall;
	if (!(f->flags & AsmNoframe) && (frame || call)) {
		bp = PtrSize;
		frame += bp;
	} else {
		f->flags |= AsmNoframe;
	}
	if (frame % PtrSize)
		asm_error(a, "unaligned stack size %lld", (long long)frame);
	if (!(f->flags & AsmNosplit) && frame < StackSmall && is_leaf(fs, frame))
		f->flags |= AsmNosplit;
	InsVec v = {0};
	u32 *where = arena_array(a->fa, u32, fs->in.n + 1);
	bool check = !(f->flags & AsmNosplit);
	if (check)
		stack_check(a, &v, f, frame);
	u32 prologue = v.n;
	if (bp) {
		add(a, &v, f->pos, "PUSHQ", 1, reg(GpBP), (Opnd){0})->spadj = (i32)bp;
		add(a, &v, f->pos, "MOVQ", 2, reg(GpSP), reg(GpBP));
	}
	add_sp(a, &v, f->pos, frame - bp);
	u32 body = v.n;
	copy_body(a, fs, &v, where, frame, bp);
	for (u32 i = body; i < v.n; i++)
		if (v.a[i].target != ~0u)
			v.a[i].target = v.a[i].target ? where[v.a[i].target] : 0;
	if (check) {
		u32 slow = v.n;
		Ins *c = add(a, &v, f->pos, "CALL", 1, (Opnd){.kind = OdMem, .name = BaseExtern}, (Opnd){0});
		c->what = InsCall;
		c->o[0].sym = f->flags & AsmNeedctxt ? "runtime.morestack" : "runtime.morestack_noctxt";
		c->o[0].internal = true;
		c->spadj = 0;
		c->value = 1;           /* the slow end: the frame is not there */
		add_branch(a, &v, f->pos, "JMP", Entry);
		for (u32 i = 0; i < prologue; i++)
			if (v.a[i].target == Morestack)
				v.a[i].target = slow;
		vec_last(&v).target = 0;
	}
	fs->in.a = v.a;
	fs->in.n = v.n;
	fs->in.cap = v.cap;
	f->frame = frame;
}
