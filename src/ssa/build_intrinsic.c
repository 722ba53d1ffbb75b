/* Calls that become operations: one row each in intrinsics.def. */
#include "build.h"

typedef enum How {
	InAtomic, InUnary, InBinary, InNullary, InLeading, InLen, InTrailing, InRotate, InAddCarry, InSubBorrow, InMulWide,
	InMulOverflow, InPrefetch, InClosure, InSame, InSelect, InFuncPC, InFuncPC0, InEscape, InKeepAlive,
} How;

typedef struct Row { const char *pkg, *name; u8 how, ty; u16 op; } Row;

static const Row rows[] = {
#define INTRINSIC(pkg, name, how, ty, op) {pkg, name, how, ty, op},
#include "intrinsics.def"
#undef INTRINSIC
};

static const Row *find(const Obj *fn)
{
	const char *path = fn->pkg ? fn->pkg->path : "";
	u32 i = 0;
	while (i < nelem(rows)) {
		if (strcmp(rows[i].pkg, path)) {        /* on to the next package */
			const char *p = rows[i].pkg;
			while (i < nelem(rows) && rows[i].pkg == p)
				i++;
			continue;
		}
		if (!strcmp(rows[i].name, fn->name->s))
			return &rows[i];
		i++;
	}
	return NULL;
}

static Val pair(Build *b, Val x, Val y)
{
	Val *e = arena_array(b->ar, Val, 2);
	e[0] = x;
	e[1] = y;
	return (Val){.form = ValTuple, .elem = e, .nelem = 2};
}

static Type *result(const Obj *fn, u32 i)
{
	Type *r = fn->type->fn.results;
	return i < r->tuple.n ? r->tuple.v[i]->type : NULL;
}

static Val atomic(Build *b, const Row *r, const Obj *fn, const Val *a, u32 n)
{
	ValueId args[3];
	for (u32 i = 0; i < n; i++)
		args[i] = a[i].p[0];
	SsaOp op = (SsaOp)r->op;
	Ty ty = op == SsaAtomicStore ? TyVoid : (Ty)r->ty;
	ValueId v = v_n(b, op, ty, args, n);
	return result(fn, 0) ? val_1(result(fn, 0), v) : (Val){0};
}

static ValueId widen(Build *b, ValueId x)
{
	return v_1(b, SsaZeroExt, TyI64, x);
}

static ValueId leading(Build *b, ValueId x, Ty ty, bool len)
{
	ValueId z = v_1(b, SsaClz, TyI64, widen(b, x));
	if (len)
		return v_2(b, SsaSub, TyI64, v_int(b, 64), z);
	return v_2(b, SsaSub, TyI64, z, v_int(b, 64 - 8 * (i64)ty_size(ty)));
}

/* A bit above the operand stops the count for zero. */
static ValueId trailing(Build *b, ValueId x, Ty ty)
{
	ValueId w = widen(b, x);
	if (ty != TyI64)
		w = v_2(b, SsaOr, TyI64, w, v_int(b, 1ll << (8 * ty_size(ty))));
	return v_1(b, SsaCtz, TyI64, w);
}

static Val mul_wide(Build *b, const Obj *fn, const Val *a)
{
	ValueId x = a[0].p[0], y = a[1].p[0];
	return pair(b, val_1(result(fn, 0), v_2(b, SsaMulHiU, TyI64, x, y)), val_1(result(fn, 1), v_2(b, SsaMul, TyI64, x, y)));
}

static Val with_carry(Build *b, const Obj *fn, const Val *a, SsaOp op, SsaOp out)
{
	ValueId x = a[0].p[0], y = a[1].p[0], c = a[2].p[0];
	return pair(b, val_1(result(fn, 0), v_3(b, op, TyI64, x, y, c)), val_1(result(fn, 1), v_3(b, out, TyI64, x, y, c)));
}

/* Whether the pointers in values of type t are those of strings. */
static bool only_strings(Build *b, Type *t)
{
	Type *u = types_under(t);
	if (u->kind == KindString || !types_layout(b->k, t)->ptrbytes)
		return true;
	if (u->kind == KindArray)
		return only_strings(b, u->elem);
	if (u->kind != KindStruct)
		return false;
	for (u32 i = 0; i < u->st.n; i++)
		if (!only_strings(b, u->st.field[i]->type))
			return false;
	return true;
}

/* Pointers in v, but for those of strings, must not point into a stack. */
static void escape(Build *b, Val v)
{
	if (only_strings(b, v.t))
		return;
	if (v.form != ValParts)
		v = val_1(b_basic(b, KindUnsafePointer), val_addr0(b, v));
	for (u32 i = 0; i < v.n; i++)
		if (v_ty(b, v.p[i]) == TyPtr && types_under(v.t)->kind != KindString) {
			ValueId k = v_n(b, SsaKeepAlive, TyVoid, &v.p[i], 1);
			b->f->v.a[k].flags |= FlagMustHeap;
		}
}

static bool code_of(Build *b, Val f, Val *out, Type *t)
{
	*out = val_1(t, v_load(b, TyI64, f.p[1], 0, FlagNonNil));
	return true;
}

/* The same of a function in assembly, by the convention it has. */
static bool abi0_code_of(Build *b, Val f, Val *out, Type *t)
{
	const Value *x = &b->f->v.a[b_resolve(b, f.p[1])];
	const char *name = x->op == SsaAddr && !x->aux ? x->sym->name : "", *end = strstr(name, "\xc2\xb7" "f");
	Sym *text = end && !end[3] ? sym_get(b->p, arena_strndup(b->ar, name, (size_t)(end - name))) : NULL;
	if (!text || !text->def || text->def->what != WhatToAbi0)
		return code_of(b, f, out, t);
	*out = val_1(t, v_1(b, SsaBitcast, TyI64, v_addr(b, sym_abi0(b->p, text->name), 0)));
	return true;
}

bool intrinsic(Build *b, Obj *fn, Type **targs, u32 ntargs, Val *a, u32 n, Val *out)
{
	(void)targs;
	(void)ntargs;
	if (!fn->pkg || !fn->pkg->std || fn->type->fn.recv)
		return false;
	const Row *r = find(fn);
	if (!r)
		return false;
	Type *t = result(fn, 0);
	Ty ty = (Ty)r->ty;
	SsaOp op = (SsaOp)r->op;
	switch ((How)r->how) {
	case InAtomic:
		*out = atomic(b, r, fn, a, n);
		return true;
	case InUnary:
		*out = val_1(t, v_1(b, op, ty, a[0].p[0]));
		return true;
	case InBinary:
		*out = val_1(t, v_2(b, op, ty, a[0].p[0], a[1].p[0]));
		return true;
	case InNullary:
		*out = val_1(t, v_0(b, op, ty));
		return true;
	case InLeading: case InLen:
		*out = val_1(t, leading(b, a[0].p[0], ty, r->how == InLen));
		return true;
	case InTrailing:
		*out = val_1(t, trailing(b, a[0].p[0], ty));
		return true;
	case InRotate:
		*out = val_1(t, v_2(b, SsaRotL, ty, a[0].p[0], a[1].p[0]));
		return true;
	case InAddCarry:
		*out = with_carry(b, fn, a, SsaAddC, SsaAddCOut);
		return true;
	case InSubBorrow:
		*out = with_carry(b, fn, a, SsaSubB, SsaSubBOut);
		return true;
	case InMulWide:
		*out = mul_wide(b, fn, a);
		return true;
	case InMulOverflow: {
		ValueId hi = v_2(b, SsaMulHiU, TyI64, a[0].p[0], a[1].p[0]);
		*out = pair(b, val_1(t, v_2(b, SsaMul, TyI64, a[0].p[0], a[1].p[0])), val_1(result(fn, 1), v_2(b, SsaNe, TyI8, hi, v_int(b, 0))));
		return true;
	}
	case InPrefetch:
		v_n(b, SsaPrefetch, TyVoid, &a[0].p[0], 1);
		*out = (Val){0};
		return true;
	case InClosure:
		*out = val_1(t, v_1(b, SsaBitcast, TyI64, b_context(b)));
		return true;
	case InSame:
		*out = val_retype(a[0], t);
		return true;
	case InSelect:
		*out = val_1(t, v_3(b, SsaSelect, TyI64, v_2(b, SsaNe, TyI8, a[0].p[0], v_int(b, 0)), a[1].p[0], a[2].p[0]));
		return true;
	case InFuncPC:
		return code_of(b, a[0], out, t);
	case InFuncPC0:
		return abi0_code_of(b, a[0], out, t);
	case InEscape:
		escape(b, a[0]);
		*out = (Val){0};
		return true;
	case InKeepAlive:
		v_n(b, SsaKeepAlive, TyVoid, &a[0].p[1], 1);
		*out = (Val){0};
		return true;
	}
	return false;
}
