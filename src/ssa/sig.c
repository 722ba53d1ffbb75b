/* ABIInternal: which component of which parameter and result goes where.
 *
 * A value is assigned wholly to registers or wholly to the stack. Registers are counted separately for integers
 * and floats, and for parameters and results. Stack sequence: receiver, parameters, (word aligned) results,
 * (word aligned) spill space for the parameters in registers. */
#include "ssa.h"

enum { IntRegs = 9, FloatRegs = 15, MaxParts = IntRegs + FloatRegs + 1 };

typedef struct Flat { Part p[MaxParts]; u32 n; } Flat;

static Ty scalar(const Type *u)
{
	switch (u->kind) {
	case KindBool: case KindInt8: case KindUint8: return TyI8;
	case KindInt16: case KindUint16: return TyI16;
	case KindInt32: case KindUint32: return TyI32;
	case KindInt: case KindUint: case KindInt64: case KindUint64: case KindUintptr: return TyI64;
	case KindFloat32: return TyF32;
	case KindFloat64: return TyF64;
	case KindPointer: case KindUnsafePointer: case KindMap: case KindChan: case KindFunc: return TyPtr;
	}
	return TyVoid;
}

static bool add(Flat *fl, Ty ty, i64 off, u32 max)
{
	if (fl->n == max)
		return false;
	fl->p[fl->n++] = (Part){.ty = ty, .off = (u32)off};
	return true;
}

/* Constant operands such as shift counts may keep an untyped type: the default type's representation. */
static const u8 untyped_default[] = {
	KindBool, KindInt, KindInt32, KindFloat64, KindComplex128, KindString, KindUnsafePointer,
};

/* Components of t at off; false when there are more than max or an array stands in the way. */
static bool flatten(Checker *k, Type *t, i64 off, Flat *fl, u32 max)
{
	Type *u = types_under(t);
	if (u->kind >= KindUntypedBool && u->kind <= KindUntypedNil)
		u = k->typ[untyped_default[u->kind - KindUntypedBool]];
	Ty ty = scalar(u);
	if (ty != TyVoid)
		return add(fl, ty, off, max);
	switch (u->kind) {
	case KindString:
		return add(fl, TyPtr, off, max) && add(fl, TyI64, off + 8, max);
	case KindSlice:
		return add(fl, TyPtr, off, max) && add(fl, TyI64, off + 8, max) && add(fl, TyI64, off + 16, max);
	case KindInterface:
		return add(fl, TyPtr, off, max) && add(fl, TyPtr, off + 8, max);
	case KindComplex64:
		return add(fl, TyF32, off, max) && add(fl, TyF32, off + 4, max);
	case KindComplex128:
		return add(fl, TyF64, off, max) && add(fl, TyF64, off + 8, max);
	case KindArray:
		return u->len == 0 || (u->len == 1 && flatten(k, u->elem, off, fl, max));
	case KindStruct: {
		Layout *l = types_layout(k, u);
		for (u32 i = 0; i < u->st.n; i++)
			if (!flatten(k, u->st.field[i]->type, off + l->offset[i], fl, max))
				return false;
		return true;
	}
	}
	bug("flatten: type kind %d", u->kind);
}

bool ssa_parts(Checker *k, Type *t, Part *out, u32 *n)
{
	Flat fl = {0};
	if (!flatten(k, t, 0, &fl, 4))
		return false;
	memcpy(out, fl.p, fl.n * sizeof *out);
	*n = fl.n;
	return true;
}

typedef struct Assign {
	Checker *k;
	Arena *ar;
	VEC(SigPart) part;
	u32 nint, nfloat;     /* registers used */
	u32 stack;            /* bytes used */
	bool abi0;            /* no registers */
} Assign;

/* n bytes more, saturating: the frame of whoever calls this is refused for its size, see gen_frame_fits. */
static u32 grow(u32 at, i64 n)
{
	enum { Most = 1u << 31 };
	return n < 0 || at + (u64)n > Most ? Most : at + (u32)n;
}

/* The parts of one parameter; every part of a value on the stack is listed too when it is decomposed at all. */
static SigVar assign(Assign *a, Type *t, u32 index)
{
	Layout *l = types_layout(a->k, t);
	SigVar v = {.type = t, .first = a->part.n};
	Flat fl = {0};
	u32 ni = a->nint, nf = a->nfloat;
	bool flat = flatten(a->k, t, 0, &fl, MaxParts);
	for (u32 i = 0; flat && i < fl.n; i++)
		*(ty_is_float(fl.p[i].ty) ? &nf : &ni) += 1;
	v.in_regs = !a->abi0 && flat && fl.n && ni <= IntRegs && nf <= FloatRegs;
	if (!v.in_regs) {
		a->stack = (u32)align_up(a->stack, (u64)l->align);
		v.off = a->stack;
		a->stack = grow(a->stack, l->size);
		if (!flat || fl.n > 4)
			fl.n = 0;
	}
	for (u32 i = 0; i < fl.n; i++) {
		SigPart p = {.ty = fl.p[i].ty, .reg = -1, .off = v.off + fl.p[i].off, .param = index, .poff = fl.p[i].off};
		if (v.in_regs)
			p.reg = (i8)(ty_is_float(p.ty) ? a->nfloat++ : a->nint++);
		vec_push(a->ar, &a->part, p);
	}
	v.n = a->part.n - v.first;
	if (!v.in_regs && !v.n)     /* one part standing for the whole: addressed, never a value */
		vec_push(a->ar, &a->part, (SigPart){.ty = TyVoid, .reg = -1, .off = v.off, .param = index, .size = (u32)l->size}), v.n = 1;
	return v;
}

static Sig *make(Checker *k, Arena *ar, Type *fn, Type *recv, bool abi0)
{
	Type *pt = fn->fn.params, *rt = fn->fn.results;
	Sig *s = arena_new(ar, Sig);
	Assign in = {.k = k, .ar = ar, .abi0 = abi0};
	s->nparam = pt->tuple.n + (recv != NULL);
	s->param = arena_array(ar, SigVar, s->nparam);
	u32 n = 0;
	if (recv)
		s->param[n] = assign(&in, recv, n), n++;
	for (u32 i = 0; i < pt->tuple.n; i++)
		s->param[n] = assign(&in, pt->tuple.v[i]->type, n), n++;
	Assign out = {.k = k, .ar = ar, .abi0 = abi0, .stack = (u32)align_up(in.stack, 8)};
	s->retoff = out.stack;
	s->nresult = rt->tuple.n;
	s->result = arena_array(ar, SigVar, s->nresult);
	for (u32 i = 0; i < rt->tuple.n; i++)
		s->result[i] = assign(&out, rt->tuple.v[i]->type, i);
	s->argsize = (u32)align_up(out.stack, 8);
	u32 spill = s->argsize;
	for (u32 i = 0; i < s->nparam; i++) {
		SigVar *v = &s->param[i];
		if (!v->in_regs)
			continue;
		Layout *l = types_layout(k, v->type);
		spill = (u32)align_up(spill, (u64)l->align);
		for (u32 j = 0; j < v->n; j++)
			in.part.a[v->first + j].off = spill + in.part.a[v->first + j].poff;
		v->off = spill;
		spill = grow(spill, l->size);
	}
	s->spillsize = (u32)align_up(spill, 8) - s->argsize;
	s->in = in.part.a;
	s->nin = in.part.n;
	s->out = out.part.a;
	s->nout = out.part.n;
	return s;
}

/* Memo in Program, by function type and receiver: parts with a lock each. */
typedef struct SigEntry { Type *key, *recv; bool abi0; Sig *sig; struct SigEntry *next; } SigEntry;
enum { SigShards = 16 };
typedef struct SigTab { struct SigShard { Lock lock; Arena ar; Map m; } shard[SigShards]; } SigTab;

void sigs_init(Program *p)
{
	p->sigs = arena_new(p->ar, SigTab);
}

static Sig *memo(Program *p, Type *fn, Type *recv, bool abi0)
{
	Type *key = types_canon(p->chk, types_under(fn));
	Type *rkey = recv ? types_canon(p->chk, recv) : NULL;
	u64 h = hash_mix((u64)(uintptr_t)key, (u64)(uintptr_t)rkey) | 1;
	struct SigShard *s = &p->sigs->shard[(h >> 20) % SigShards];
	lock_acquire(&s->lock);
	u64 *slot = map_slot(&s->ar, &s->m, h);
	SigEntry *e = (SigEntry *)(uintptr_t)*slot;
	while (e && (e->key != key || e->recv != rkey || e->abi0 != abi0))
		e = e->next;
	if (!e) {
		e = arena_new(&s->ar, SigEntry);
		*e = (SigEntry){key, rkey, abi0, make(p->chk, &s->ar, key, recv, abi0), (SigEntry *)(uintptr_t)*slot};
		*slot = (u64)(uintptr_t)e;
	}
	lock_release(&s->lock);
	return e->sig;
}

Sig *sig_make(Program *p, Type *fn, Type *recv)
{
	return memo(p, fn, recv, false);
}

Sig *sig_abi0(Program *p, Type *fn)
{
	return memo(p, fn, NULL, true);
}
