/* The passes over one function, in order, and the driver that runs, verifies and prints them. */
#include <stdio.h>
#include "ssa.h"

void ssa_sroa(Func *f);
void ssa_gvn(Func *f);
void ssa_closures(Func *f);
void ssa_combine(Func *f);
void ssa_deadcode(Func *f);
void ssa_alloc(Func *f);

const Pass ssa_passes[] = {
	{"inline", NULL, PassWhole, false, "small functions into their callers"},
	{"escape", NULL, PassWhole, false, "objects that do not outlive their frame move into it"},
	/* from here on nothing decides where an object lives */
	{"sroa", ssa_sroa, PassLate, false, "frame slots become values"},
	{"gvn", ssa_gvn, PassLate, false, "equal values shared, known conditions, nil and bounds checks"},
	{"closures", ssa_closures, PassLate, false, "slots whose address went through an object that is gone"},
	{"combine", ssa_combine, PassLate, false, "bytes put together or taken apart become wide loads and stores"},
	{"deadcode", ssa_deadcode, PassLate, false, "values nobody uses"},
	{"alloc", ssa_alloc, PassLate, true, "allocations become calls"},
	{0},
};

/* Passes still being tried out: only with -d on=NAME. */
static const char *const off_by_default[] = {NULL};

static bool listed(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == n && !memcmp(p, name, n))
			return true;
	return false;
}

bool ssa_pass_known(const char *name, size_t n)
{
	if (n == 5 && !memcmp(name, "build", n))
		return true;
	for (const Pass *p = ssa_passes; p->name; p++)
		if (strlen(p->name) == n && !memcmp(p->name, name, n))
			return true;
	return false;
}

bool ssa_pass_on(const Program *p, const char *name)
{
	const PassOptions *o = p->pass;
	if (o && listed(o->off, name))
		return false;
	for (const char *const *n = off_by_default; *n; n++)
		if (!strcmp(*n, name))
			return o && listed(o->on, name);
	return true;
}

void ssa_pass_done(Func *f, const char *name)
{
	const PassOptions *o = f->prog->pass;
	if (!o)
		return;
	if (o->check)
		ssa_verify(f, name);
	if (!o->dump || strcmp(o->dump, name) || (o->dumpfunc && strcmp(o->dumpfunc, f->sym->name)))
		return;
	Arena ar = {0};
	Buf b = {.ar = &ar};
	ssa_print(&b, f);
	printf("; after %s\n%s", name, buf_str(&b));
	arena_free(&ar);
}

void ssa_run_stage(Func *f, PassStage stage)
{
	const PassOptions *o = f->prog->pass;
	bool stopped = false;
	for (const Pass *p = ssa_passes; p->name; p++) {
		if (p->stage != stage || !p->run)
			continue;
		if (p->required || (!stopped && ssa_pass_on(f->prog, p->name))) {
			bug_context_pass = p->name;
			p->run(f);
			ssa_pass_done(f, p->name);
		}
		stopped |= o && o->stop && !strcmp(o->stop, p->name);
	}
	bug_context_pass = NULL;
}

/* ---- deadcode: pure values nobody uses go away -------------------------------------------------
 * Marks from effects and terminators through arguments, then drops the rest from the blocks. */

typedef struct Marks { Func *f; u64 *live; VEC(ValueId) work; } Marks;

static void need(Marks *m, ValueId v)
{
	if (!v || bit_get(m->live, v))
		return;
	bit_set(m->live, v);
	vec_push(m->f->ar, &m->work, v);
}

/* Effects stay; so does a load that may fault, since it is a nil check too. */
static bool is_root(const Value *v)
{
	u8 flags = ssa_op_info[v->op].flags;
	if (flags & SsaPure)
		return false;
	return !(flags & SsaLoadFlag) || flags & SsaEffect || v->flags & FlagVolatile || !(v->flags & FlagNonNil);
}

void ssa_deadcode(Func *f)
{
	ArenaMark mark = arena_mark(f->ar);
	Marks m = {.f = f, .live = arena_array(f->ar, u64, bit_words(f->v.n))};
	for (u32 b = 1; b < f->b.n; b++) {
		Block *blk = &f->b.a[b];
		need(&m, blk->ctl);
		for (u32 i = 0; i < blk->ret.n; i++)
			need(&m, blk->ret.a[i]);
		for (u32 i = 0; i < blk->v.n; i++)
			if (is_root(&f->v.a[blk->v.a[i]]))
				need(&m, blk->v.a[i]);
	}
	while (m.work.n) {
		ValueId v = vec_pop(&m.work);
		ValueId *a = value_args(f, v);
		for (u32 i = 0; i < f->v.a[v].nargs; i++)
			need(&m, a[i]);
	}
	for (u32 b = 1; b < f->b.n; b++) {
		Block *blk = &f->b.a[b];
		u32 w = 0;
		for (u32 i = 0; i < blk->v.n; i++) {
			ValueId v = blk->v.a[i];
			if (bit_get(m.live, v))
				blk->v.a[w++] = v;
			else
				f->v.a[v].op = SsaInvalid;
		}
		blk->v.n = w;
	}
	arena_release(f->ar, mark);
}

/* ---- closures: what inlined closures have captured -------------------------------------------
 * needs: the object of the closure is values by now, so that slots captured by reference are only loaded and stored. Only functions
 * that took a body in can have such, and only if something can be gained the passes before are run again. */

static u32 addresses(const Func *f)
{
	u32 n = 0;
	for (BlockId b = 1; b < f->b.n; b++)
		for (u32 i = 0; i < f->b.a[b].v.n; i++)
			n += f->v.a[f->b.a[b].v.a[i]].op == SsaLocalAddr;
	return n;
}

void ssa_closures(Func *f)
{
	u32 before = f->inl.n > 1 && f->slot.n ? addresses(f) : 0;
	if (!before)
		return;
	ssa_deadcode(f);
	ssa_sroa(f);
	if (addresses(f) < before)
		ssa_gvn(f);
}

/* ---- alloc: allocations become runtime calls ---------------------------------------------------
 * needs: escape decisions taken. leaves: no New, no MakeSlice. */

static Sig *ptr_sig(Func *f, u32 nint)
{
	Checker *k = f->prog->chk;
	Type *in[3] = {k->typ[KindUnsafePointer], k->typ[KindInt], k->typ[KindInt]};
	Type *out[1] = {k->typ[KindUnsafePointer]};
	return sig_make(f->prog, types_func(k, types_tuple_of(k, in, 1 + nint), types_tuple_of(k, out, 1), false), NULL);
}

/* Turns v into the result of a call; the call and the descriptor's address are appended to the block. */
static void call_runtime(Func *f, BlockId b, ValueId v, const char *name, Sym *desc, u32 nint)
{
	Pos pos = f->v.a[v].pos;
	u32 inl = f->v.a[v].inl;
	ValueId arg[3];
	arg[0] = func_value(f, b, SsaAddr, TyI64, pos);
	f->v.a[arg[0]].sym = desc;
	for (u32 i = 0; i < nint; i++)
		arg[i + 1] = value_args(f, v)[i];
	ValueId call = func_value(f, b, SsaCall, TyVoid, pos);
	Value *c = &f->v.a[call];
	c->callee = sym_runtime(f->prog, name);
	c->sig = ptr_sig(f, nint);
	c->inl = inl;
	value_set_args(f, call, arg, 1 + nint);
	Value *x = &f->v.a[v];
	x->op = SsaResult;
	x->aux = 0;
	x->aux2 = 0;
	x->callee = NULL;
	value_set_args(f, v, &call, 1);
	vec_push(f->ar, &f->b.a[b].v, v);
}

/* The result outlives the frame: the runtime is to allocate. */
static void no_buffer(Func *f, BlockId b, ValueId v)
{
	Value *x = &f->v.a[v];
	x->op = SsaConst;
	x->flags = 0;
	x->aux = 0;
	x->callee = NULL;
	vec_push(f->ar, &f->b.a[b].v, v);
}

void ssa_alloc(Func *f)
{
	for (BlockId b = 1; b < f->b.n; b++) {
		Block *blk = &f->b.a[b];
		bool any = false;
		for (u32 i = 0; i < blk->v.n; i++)
			any |= f->v.a[blk->v.a[i]].op == SsaNew || f->v.a[blk->v.a[i]].op == SsaMakeSlice;
		if (!any)
			continue;
		ValueId *old = blk->v.a;
		u32 n = blk->v.n;
		memset(&blk->v, 0, sizeof blk->v);
		for (u32 i = 0; i < n; i++) {
			const Value *x = &f->v.a[old[i]];
			Type *t = (Type *)(uintptr_t)x->type;
			if (x->op == SsaNew && x->flags & FlagBuf)
				no_buffer(f, b, old[i]);
			else if (x->op == SsaNew)
				call_runtime(f, b, old[i], "newobject", sym_alloc(f->prog, t), 0);
			else if (x->op == SsaMakeSlice)
				call_runtime(f, b, old[i], "makeslice", sym_alloc(f->prog, t), 2);
			else
				vec_push(f->ar, &f->b.a[b].v, old[i]);
		}
	}
}
