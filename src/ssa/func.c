/* Functions under construction: dense arrays of values and blocks, and the table of operations.
 *
 * Ids are indices, id 0 is invalid. Pointers into Func.v and Func.args move when they grow: keep ids. */
#include "ssa.h"

enum {
	Pure = SsaPure, Commutes = SsaCommutes, Load = SsaLoadFlag, Store = SsaStoreFlag,
	Effect = SsaEffect, Call = SsaCallFlag, Fault = SsaFault,
	ResultT = 'T', ResultV = 'V', ResultB = 'B',
};

const SsaOpInfo ssa_op_info[SsaMax] = {
#define OP(name, nargs, result, flags, remark) {#name, nargs, Result##result, flags},
#include "ops.def"
#undef OP
};

const char *const ssa_bounds_name[BoundsMax] = {
#define BOUNDS(name, fn) fn,
	SSA_BOUNDS
#undef BOUNDS
};

Func *func_new(Program *p, Sym *s, Arena *a)
{
	Func *f = arena_new(a, Func);
	f->sym = s;
	f->prog = p;
	f->ar = a;
	vec_reserve(a, &f->v, 64);
	vec_reserve(a, &f->b, 16);
	vec_push(a, &f->v, (Value){0});
	vec_push(a, &f->b, (Block){0});
	vec_push(a, &f->inl, (Inl){0});
	if (s)
		s->fn = f;
	return f;
}

BlockId func_block(Func *f)
{
	vec_push(f->ar, &f->b, (Block){0});
	return f->b.n - 1;
}

ValueId func_value(Func *f, BlockId b, SsaOp op, Ty ty, Pos pos)
{
	ValueId id = f->v.n;
	vec_push(f->ar, &f->v, (Value){.op = op, .ty = ty, .pos = pos, .block = b});
	vec_push(f->ar, &f->b.a[b].v, id);
	return id;
}

ValueId *value_args(Func *f, ValueId v)
{
	Value *p = &f->v.a[v];
	return p->nargs <= 3 ? p->arg : f->args.a + p->arg[0];
}

void value_become_copy(Func *f, ValueId v, ValueId of)
{
	Value *x = &f->v.a[v];
	x->op = SsaCopy;
	x->flags = 0;
	x->aux = x->aux2 = 0;
	x->callee = NULL;
	x->nargs = 1;
	x->arg[0] = of;
	x->arg[1] = x->arg[2] = 0;
}

void value_set_args(Func *f, ValueId v, const ValueId *a, u32 n)
{
	Value *p = &f->v.a[v];
	if (n <= 3) {
		ValueId t[3] = {0};
		for (u32 i = 0; i < n; i++)
			t[i] = a[i];
		memcpy(p->arg, t, sizeof t);
	} else {
		u32 at = f->args.n;
		if (p->nargs >= n && p->nargs > 3)
			at = p->arg[0];         /* shrinks in place */
		for (u32 i = 0; i < n; i++) {
			ValueId x = a[i];       /* a may point into f->args, which may move */
			bool inside = f->args.a && a >= f->args.a && a < f->args.a + f->args.cap;
			size_t off = inside ? (size_t)(a - f->args.a) : 0;
			if (at + i < f->args.n)
				f->args.a[at + i] = x;
			else
				vec_push(f->ar, &f->args, x);
			if (inside)
				a = f->args.a + off;
		}
		p->arg[0] = at;
		p->arg[1] = p->arg[2] = 0;
	}
	p->nargs = n;
}

void block_edge(Func *f, BlockId from, BlockId to)
{
	vec_push(f->ar, &f->b.a[from].succ, to);
	vec_push(f->ar, &f->b.a[to].pred, from);
}

#define COPY(to, v) ((v).a = (v).n ? arena_copy(to, (v).a, (v).n * sizeof *(v).a, 16) : NULL, (v).cap = (v).n)

void func_keep(const Func *f, Func *out, Arena *a)
{
	*out = *f;
	out->ar = NULL;
	memset(&out->boxed, 0, sizeof out->boxed);
	COPY(a, out->v);
	COPY(a, out->b);
	COPY(a, out->args);
	COPY(a, out->slot);
	COPY(a, out->inl);
	for (BlockId i = 0; i < out->b.n; i++) {
		Block *k = &out->b.a[i];
		COPY(a, k->v);
		COPY(a, k->pred);
		COPY(a, k->succ);
		COPY(a, k->ret);
	}
}
