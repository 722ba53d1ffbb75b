/* Inlining: small functions take the place of calls to them.
 *
 * Components come bottom up, so a callee is finished when its callers are looked at: what it has taken in itself comes along.
 * The block of the call is cut in two, the callee's blocks are copied between the halves, parameters become the
 * arguments and returned values become phis of the second half. Every copied value says in the inline tree
 * which call it came through: tracebacks, runtime.Callers and line tables show the same frames as without.
 *
 * Calls through an interface whose itab is known, often because the function that made it was inlined, become calls of the method.
 *
 * A call of a closure is one of a known function when the closure is a function value that never changes, or an object made in this
 * function whose first word is its code: often only because the call that was handed the closure has been inlined, so these calls are
 * looked for again afterwards. The body then takes what it has captured from the object, which stays in the frame and dissolves. Such
 * a body may be bigger, since it is mostly called from one place: that of a loop over a function, for example.
 *
 * Not inlined: what asks for the identity of its frame (recover, defer, caller's pc or sp), what has parameters on the stack, what
 * a directive forbids, members of the caller's own component, calls that never return and calls in cold blocks. */
#include "whole.h"

enum {
	CostMax = 40, MakerCost = 120, CallCost = 28, NewCost = 4, BlockMax = 16, BigFunc = 5000, BigCost = 12, RetMax = 16,
	ClosureCost = 400, ClosureBlocks = 80, ClosureCalls = 40,
	Never = ClosureCost + 1,
};

static const u32 forbidding = PragmaNoinline | PragmaUintptrEscapes | PragmaUintptrKeepAlive | PragmaCgoUnsafeArgs |
	PragmaSystemstack | PragmaNowritebarrierrec | PragmaYeswritebarrierrec | PragmaNowritebarrier;

static bool in_registers(const Sig *s)
{
	for (u32 i = 0; i < s->nin; i++)
		if (s->in[i].reg < 0 && (s->in[i].ty != TyVoid || s->in[i].size))     /* nothing is passed for an empty struct */
			return false;
	for (u32 i = 0; i < s->nout; i++)
		if (s->out[i].reg < 0)
			return false;
	return true;
}

/* What a value weighs. */
static u32 cost_of(const Value *v)
{
	switch (v->op) {
	case SsaConst: case SsaParam: case SsaAddr: case SsaLocalAddr: case SsaPhi: case SsaVarDef: case SsaResult: case SsaCopy:
		return 0;
	case SsaClosure:
		return 0;
	case SsaArgAddr: case SsaResultAddr: case SsaCallerPC: case SsaCallerSP:
		return Never;
	case SsaNew: case SsaMakeSlice: case SsaMove: case SsaZero:
		return NewCost;
	case SsaCall: case SsaCallClosure: case SsaCallCode:
		return v->flags & FlagNoreturn ? 1 : CallCost;
	case SsaLoad: case SsaStore:
		return v->flags & FlagVolatile ? Never : 1;
	}
	return 1;
}

/* Whether the function returns memory that it makes: in its caller it can be made in the frame. */
static bool returns_new(Func *f)
{
	for (BlockId b = 1; b < f->b.n; b++) {
		const Block *blk = &f->b.a[b];
		for (u32 i = 0; blk->term == TermRet && i < blk->ret.n; i++) {
			ValueId v = blk->ret.a[i];
			for (u32 steps = 0; steps < 8; steps++) {
				const Value *x = &f->v.a[v];
				if (x->op == SsaNew || x->op == SsaMakeSlice)
					return true;
				if (x->op != SsaAdd && x->op != SsaCopy && x->op != SsaNilCheck && (x->op != SsaPhi || !x->nargs))
					break;
				v = value_args(f, v)[0];
			}
		}
	}
	return false;
}

static u32 cost(const Func *f)
{
	u32 n = 0;
	for (BlockId b = 1; b < f->b.n && n < Never; b++)
		for (u32 i = 0; i < f->b.a[b].v.n && n < Never; i++)
			n += cost_of(&f->v.a[f->b.a[b].v.a[i]]);
	return n;
}

static bool can_inline(const Func *f)
{
	if (f->noinline || f->has_defer || f->has_recover || f->deferreturn || (f->needctxt && !f->is_closure) || f->wrapper || f->funcid ||
	    f->nosafepoint || f->b.n > ClosureBlocks || f->pragma & forbidding || !in_registers(f->sig))
		return false;
	for (u32 i = 0; i < f->slot.n; i++)
		if (f->slot.a[i].pinned || f->slot.a[i].zeroed)
			return false;
	u32 nret = 0;
	for (BlockId b = 1; b < f->b.n; b++) {
		if (f->b.a[b].term == TermTailCall)
			return false;
		nret += f->b.a[b].term == TermRet;
	}
	return nret && nret <= RetMax;
}

static bool hides_pointers(const Sym *s)
{
	const char *dot = strrchr(s->name, '.');
	return dot && (!strcmp(dot, ".noescape") || !strcmp(dot, ".NoEscape"));
}

typedef struct Inliner {
	Func *f, *g;               /* caller, callee */
	Arena *ar;
	ValueId *val; BlockId *blk; u32 *inl;   /* of the callee -> of the caller */
	u32 slots;                 /* first copied slot */
	ValueId closure;           /* what the callee's context is here */
} Inliner;

static void copy_tree(Inliner *in, const Value *call)
{
	Func *f = in->f, *g = in->g;
	in->inl = arena_array(in->ar, u32, g->inl.n + 1);
	vec_push(f->ar, &f->inl, (Inl){.parent = call->inl, .callpos = call->pos, .fn = g->sym, .startpos = g->pos});
	in->inl[0] = f->inl.n - 1;
	for (u32 i = 1; i < g->inl.n; i++) {
		Inl x = g->inl.a[i];
		x.parent = in->inl[x.parent];
		vec_push(f->ar, &f->inl, x);
		in->inl[i] = f->inl.n - 1;
	}
}

static void copy_value(Inliner *in, ValueId from, const ValueId *args)
{
	Func *f = in->f;
	Value v = in->g->v.a[from];
	ValueId to = in->val[from];
	BlockId b = in->blk[v.block];
	vec_push(f->ar, &f->b.a[b].v, to);
	v.block = b;
	v.inl = in->inl[v.inl];
	v.nargs = 0;
	memset(v.arg, 0, sizeof v.arg);
	if (v.op == SsaParam) {
		v.op = SsaCopy;
		v.nargs = 1;
		v.arg[0] = args[v.aux];
		v.aux = 0;
	}
	if (v.op == SsaClosure) {
		v.op = SsaCopy;
		v.nargs = 1;
		v.arg[0] = in->closure;
	}
	if (v.op == SsaLocalAddr || v.op == SsaVarDef)
		v.aux += in->slots;
	f->v.a[to] = v;
}

static void copy_args(Inliner *in, ValueId from)
{
	if (in->g->v.a[from].op == SsaParam || in->g->v.a[from].op == SsaClosure)
		return;
	u32 n = in->g->v.a[from].nargs;
	ValueId tmp[8], *a = n <= 8 ? tmp : arena_array(in->ar, ValueId, n);
	const ValueId *old = value_args(in->g, from);
	for (u32 i = 0; i < n; i++)
		a[i] = in->val[old[i]];
	value_set_args(in->f, in->val[from], a, n);
}

/* The callee's blocks and values, under new numbers. */
static void copy_body(Inliner *in, const ValueId *args)
{
	Func *f = in->f, *g = in->g;
	in->blk = arena_array(in->ar, BlockId, g->b.n);
	in->val = arena_array(in->ar, ValueId, g->v.n);
	in->slots = f->slot.n;
	for (u32 i = 0; i < g->slot.n; i++)
		vec_push(f->ar, &f->slot, g->slot.a[i]);
	for (BlockId b = 1; b < g->b.n; b++) {
		in->blk[b] = func_block(f);
		for (u32 i = 0; i < g->b.a[b].v.n; i++) {
			in->val[g->b.a[b].v.a[i]] = f->v.n;
			vec_push(f->ar, &f->v, (Value){0});
		}
	}
	for (BlockId b = 1; b < g->b.n; b++)
		for (u32 i = 0; i < g->b.a[b].v.n; i++)
			copy_value(in, g->b.a[b].v.a[i], args);
	for (BlockId b = 1; b < g->b.n; b++) {
		const Block *from = &g->b.a[b];
		for (u32 i = 0; i < from->v.n; i++)
			copy_args(in, from->v.a[i]);
		Block *to = &f->b.a[in->blk[b]];
		for (u32 i = 0; i < from->pred.n; i++)
			vec_push(f->ar, &to->pred, in->blk[from->pred.a[i]]);
		for (u32 i = 0; i < from->succ.n; i++)
			vec_push(f->ar, &to->succ, in->blk[from->succ.a[i]]);
		to->term = from->term;
		to->ctl = in->val[from->ctl];
		to->likely = from->likely;
		to->cold = from->cold;
		to->pos = from->pos;
		to->inl = in->inl[from->inl];
	}
}

/* Everything behind position at of block b moves to a new block. */
static BlockId cut(Func *f, BlockId b, u32 at)
{
	BlockId c = func_block(f);
	Block *from = &f->b.a[b], *to = &f->b.a[c];
	for (u32 i = at; i < from->v.n; i++) {
		vec_push(f->ar, &to->v, from->v.a[i]);
		f->v.a[from->v.a[i]].block = c;
	}
	from->v.n = at;
	to->succ.a = from->succ.a, to->succ.n = from->succ.n, to->succ.cap = from->succ.cap;
	to->ret.a = from->ret.a, to->ret.n = from->ret.n, to->ret.cap = from->ret.cap;
	to->term = from->term;
	to->ctl = from->ctl;
	to->likely = from->likely;
	to->pos = from->pos;
	to->inl = from->inl;
	memset(&from->succ, 0, sizeof from->succ);
	memset(&from->ret, 0, sizeof from->ret);
	from->ctl = 0;
	from->likely = 0;
	from->term = TermJump;
	for (u32 i = 0; i < to->succ.n; i++) {
		Block *s = &f->b.a[to->succ.a[i]];
		for (u32 j = 0; j < s->pred.n; j++)
			if (s->pred.a[j] == b)
				s->pred.a[j] = c;
	}
	return c;
}

/* Result component k of the call: what the returns give. */
static void join_result(Inliner *in, BlockId after, ValueId result, u32 k, const BlockId *ret, u32 nret)
{
	Func *f = in->f;
	ValueId a[RetMax];
	for (u32 i = 0; i < nret; i++)
		a[i] = in->val[in->g->b.a[ret[i]].ret.a[k]];
	if (nret == 1) {
		value_become_copy(f, result, a[0]);
		return;
	}
	vec_push(f->ar, &f->v, (Value){.op = SsaPhi, .ty = f->v.a[result].ty, .block = after, .pos = f->v.a[result].pos, .inl = f->v.a[result].inl});
	ValueId phi = f->v.n - 1;
	value_set_args(f, phi, a, nret);
	Block *blk = &f->b.a[after];
	vec_push(f->ar, &blk->v, 0);
	memmove(blk->v.a + 1, blk->v.a, (blk->v.n - 1) * sizeof *blk->v.a);
	blk->v.a[0] = phi;
	value_become_copy(f, result, phi);
}

static BlockId inline_call(Func *f, Func *g, BlockId b, u32 at, Arena *ar)
{
	Inliner in = {.f = f, .g = g, .ar = ar};
	ValueId call = f->b.a[b].v.a[at];
	Value cv = f->v.a[call];
	ValueId *args = arena_array(ar, ValueId, cv.nargs + 1);
	memcpy(args, value_args(f, call), cv.nargs * sizeof *args);
	if (cv.op == SsaCallClosure)
		in.closure = *args++;
	BlockId after = cut(f, b, at + 1);
	f->b.a[b].v.n--;
	f->v.a[call] = (Value){0};
	copy_tree(&in, &cv);
	copy_body(&in, args);
	block_edge(f, b, in.blk[1]);
	f->b.a[b].pos = cv.pos;
	BlockId ret[RetMax];
	u32 nret = 0;
	for (BlockId x = 1; x < g->b.n; x++) {
		if (g->b.a[x].term != TermRet)
			continue;
		ret[nret++] = x;
		f->b.a[in.blk[x]].term = TermJump;
		block_edge(f, in.blk[x], after);
	}
	for (u32 i = 0; i < f->b.a[after].v.n; i++) {
		ValueId v = f->b.a[after].v.a[i];
		if (f->v.a[v].op == SsaResult && f->v.a[v].arg[0] == call)
			join_result(&in, after, v, (u32)f->v.a[v].aux, ret, nret);
	}
	return after;
}

/* A call of noescape: the pointer itself, by a way escape analysis does not follow. */
static void hide(Func *f, BlockId b, u32 at)
{
	Block *blk = &f->b.a[b];
	ValueId call = blk->v.a[at], arg = value_args(f, call)[0];
	for (u32 i = at + 1; i < blk->v.n; i++) {
		Value *v = &f->v.a[blk->v.a[i]];
		if (v->op != SsaResult || v->arg[0] != call)
			continue;
		v->op = SsaBitcast;
		v->aux = 0;
		v->arg[0] = arg;
	}
	f->v.a[call] = (Value){0};
	memmove(blk->v.a + at, blk->v.a + at + 1, (blk->v.n - at - 1) * sizeof *blk->v.a);
	blk->v.n--;
}

/* ---- calls through an interface whose dynamic type is known ---- */

static ValueId through_copies(const Func *f, ValueId v)
{
	while (f->v.a[v].op == SsaCopy || f->v.a[v].op == SsaNilCheck)
		v = f->v.a[v].arg[0];
	return v;
}

/* The method that a code word loaded from an itab of the program is; NULL: not known. */
static Sym *itab_method(const Func *f, ValueId code)
{
	const Value *load = &f->v.a[through_copies(f, code)];
	if (load->op != SsaLoad)
		return NULL;
	const Value *tab = &f->v.a[through_copies(f, load->arg[0])];
	Sym *s = tab->op == SsaAddr ? sym_target(tab->sym) : NULL;
	if (!s || !s->def || s->def->what != WhatItab)
		return NULL;
	for (u32 i = 0; i < s->rel.n; i++)
		if (s->rel.a[i].off == (u64)(tab->aux + load->aux))
			return sym_target(s->rel.a[i].sym);
	return NULL;
}

/* What is left of the interface is the data word: the receiver. */
static void call_method(Func *f, ValueId call)
{
	const Value *v = &f->v.a[call];
	const ValueId *a = value_args(f, call);
	Sym *to = v->callee && v->callee->def && v->callee->def->what == WhatImethod ? itab_method(f, a[0]) : NULL;
	Func *g = to ? sym_code(to) : NULL;
	if (!g || g->sig->nin != v->nargs - 1 || g->sig->nout != v->sig->nout)
		return;
	u32 n = v->nargs - 1;
	ARENA_LOCAL(ar, 512);
	ValueId *rest = arena_array(&ar, ValueId, n + 1);
	memcpy(rest, a + 1, n * sizeof *rest);
	f->v.a[call].op = SsaCall;
	f->v.a[call].callee = to;
	value_set_args(f, call, rest, n);
	arena_free(&ar);
}

static bool worth(const Func *f, const Func *g, bool closure)
{
	if (!g->inline_cost || (g->needctxt && !closure))
		return false;
	if (closure)
		return f->v.n <= BigFunc;
	return g->b.n <= BlockMax && g->inline_cost <= (f->v.n > BigFunc ? BigCost : CostMax);
}

/* The code of a closure made here: what is stored in its first word. */
static Sym *code_of_object(const Func *f, ValueId obj)
{
	Sym *code = NULL;
	for (ValueId i = 1; i < f->v.n; i++) {
		const Value *v = &f->v.a[i];
		if (v->op != SsaStore || v->aux || through_copies(f, v->arg[0]) != obj)
			continue;
		const Value *x = &f->v.a[through_copies(f, v->arg[1])];
		if (code || x->op != SsaAddr || x->aux)
			return NULL;
		code = x->sym;
	}
	return code;
}

/* The function a closure call goes to, if that is known; a function value without context makes it a plain call. */
static Func *closure_callee(Func *f, ValueId call)
{
	ValueId c = through_copies(f, value_args(f, call)[0]);
	const Value *x = &f->v.a[c];
	if (x->op == SsaNew) {
		Sym *code = code_of_object(f, c);
		Func *g = code ? sym_code(code) : NULL;
		return g && g->is_closure && g->needctxt ? g : NULL;
	}
	Sym *s = x->op == SsaAddr && !x->aux ? sym_target(x->sym) : NULL;
	Func *g = s && !s->fn ? sym_code(s) : NULL;
	if (!g || g->needctxt)
		return NULL;
	Value *v = &f->v.a[call];
	u32 n = v->nargs - 1;
	ValueId *a = arena_array(f->ar, ValueId, n + 1);
	memcpy(a, value_args(f, call) + 1, n * sizeof *a);
	v->op = SsaCall;
	v->callee = g->sym;
	value_set_args(f, call, a, n);
	return g;
}

typedef struct Site { Func *f; Arena *ar; u32 closures; bool any, again; } Site;

/* The call at position i of block b: 0, or the block where to go on. */
static BlockId try_call(Site *s, BlockId b, u32 i)
{
	Func *f = s->f;
	ValueId call = f->b.a[b].v.a[i];
	u8 op = f->v.a[call].op;
	if ((op != SsaCall && op != SsaCallClosure) || f->v.a[call].flags & (FlagNoreturn | FlagTail))
		return 0;
	if (f->b.a[b].term == TermTailCall && i + 1 == f->b.a[b].v.n)
		return 0;
	if (s->again && op != SsaCallClosure)
		return 0;
	if (op == SsaCall && !f->v.a[call].callee)
		return 0;
	Func *g = op == SsaCall ? sym_code(f->v.a[call].callee) : closure_callee(f, call);
	bool closure = op == SsaCallClosure;
	if (!g || g == f || f->v.a[call].nargs - (f->v.a[call].op == SsaCallClosure) != g->sig->nin || !worth(f, g, closure))
		return 0;
	if (closure && ++s->closures > ClosureCalls)
		return 0;
	s->any = true;
	return inline_call(f, g, b, i, s->ar);
}

static void scan(Site *s, BlockId b)
{
	Func *f = s->f;
	for (u32 i = 0; i < f->b.a[b].v.n && !f->b.a[b].cold; i++) {
		if (f->v.a[f->b.a[b].v.a[i]].op == SsaCallCode)
			call_method(f, f->b.a[b].v.a[i]);
		const Value *v = &f->v.a[f->b.a[b].v.a[i]];
		Sym *to = v->op == SsaCall && v->callee ? sym_target(v->callee) : NULL;
		Func *g = to && hides_pointers(to) ? sym_code(to) : NULL;
		if (g && v->nargs == 1 && g->sig->nout == 1) {
			hide(f, b, i--);
			continue;
		}
		if (to && v->callee->noescape)  /* what is promised of the call is not known of its body */
			continue;
		BlockId next = try_call(s, b, i);
		if (next) {
			b = next;
			i = UINT32_MAX;         /* on at the start of the second half */
		}
	}
}

void inline_calls(Func *f)
{
	ARENA_LOCAL(ar, 32 << 10);
	Site s = {.f = f, .ar = &ar};
	u32 nblock = f->b.n;
	for (BlockId b = 1; b < nblock; b++)
		scan(&s, b);
	s.again = true;
	for (BlockId b = nblock; b < f->b.n; b++)
		scan(&s, b);
	if (s.any)
		ssa_drop_copies(f);
	arena_free(&ar);
}

/* The functions that put numbers together from bytes: one load or store in the end. */
static bool moves_bytes(const Sym *s)
{
	static const char *const kind[] = {"encoding/binary.bigEndian.", "encoding/binary.littleEndian.", "internal/byteorder."};
	for (size_t i = 0; i < nelem(kind); i++)
		if (!strncmp(s->name, kind[i], strlen(kind[i])) && !strstr(s->name, "Append"))
			return true;
	return false;
}

/* Called when a function has its final early form: may others take it in? The cost is 0 until then, so that members of
 * one component never take in each other. What could only come in by a closure call must be a value somewhere. */
void inline_decide(Func *f)
{
	u32 n = can_inline(f) ? cost(f) + 1 : 0;
	if (n > CostMax && n < Never && (moves_bytes(f->sym) || (n <= MakerCost && returns_new(f))))
		n = CostMax;
	bool plain = n <= CostMax && f->b.n <= BlockMax && !f->needctxt;
	f->inline_cost = n < Never && (plain || f->is_value) ? n : 0;
}
