/* Algebra on one value, and keeping the graph of blocks tidy.
 *
 * ssa_fold looks at a value whose arguments have been resolved and turns it into a constant or a copy of something that was there
 * before; it never makes values. Integer constants it makes are sign-extended from their width. */
#include "ssa.h"

static i64 norm(u8 ty, i64 x)
{
	switch (ty) {
	case TyI8: return (i8)x;
	case TyI16: return (i16)x;
	case TyI32: return (i32)x;
	default: return x;
	}
}

static u64 zext(u8 ty, i64 x)
{
	u32 n = ty_size((Ty)ty);
	return n >= 8 ? (u64)x : (u64)x & (((u64)1 << n * 8) - 1);
}

static bool to_const(Value *v, i64 x)
{
	v->op = SsaConst;
	v->aux = norm(v->ty, x);
	v->aux2 = 0;
	v->flags = 0;
	v->nargs = 0;
	memset(v->arg, 0, sizeof v->arg);
	return true;
}

static bool to_copy(Value *v, ValueId of)
{
	v->op = SsaCopy;
	v->aux = v->aux2 = 0;
	v->flags = 0;
	v->callee = NULL;
	v->nargs = 1;
	v->arg[0] = of;
	v->arg[1] = v->arg[2] = 0;
	return true;
}

static bool eval2(u8 op, u8 ty, i64 x, i64 y, i64 *r)
{
	u64 ux = zext(ty, x), uy = zext(ty, y);
	u32 w = ty_size((Ty)ty) * 8;
	x = norm(ty, x);
	if (op != SsaShl && op != SsaShrS && op != SsaShrU)
		y = norm(ty, y);
	switch (op) {
	case SsaAdd: *r = (i64)((u64)x + (u64)y); return true;
	case SsaSub: *r = (i64)((u64)x - (u64)y); return true;
	case SsaMul: *r = (i64)((u64)x * (u64)y); return true;
	case SsaAnd: *r = x & y; return true;
	case SsaOr: *r = x | y; return true;
	case SsaXor: *r = x ^ y; return true;
	case SsaShl: *r = (u64)y >= w ? 0 : (i64)((u64)x << y); return true;
	case SsaShrU: *r = (u64)y >= w ? 0 : (i64)(ux >> y); return true;
	case SsaShrS: *r = x >> ((u64)y >= w ? w - 1 : (u64)y); return true;
	case SsaEq: *r = x == y; return true;
	case SsaNe: *r = x != y; return true;
	case SsaLtS: *r = x < y; return true;
	case SsaLeS: *r = x <= y; return true;
	case SsaLtU: *r = ux < uy; return true;
	case SsaLeU: *r = ux <= uy; return true;
	default: return false;
	}
}

static bool never_nil(const Func *f, ValueId v)
{
	u8 op = f->v.a[v].op;
	return op == SsaLocalAddr || (op == SsaNew && !(f->v.a[v].flags & FlagBuf)) || op == SsaAddr || op == SsaNilCheck;
}

/* x op constant c, or c op x when the operation commutes */
static bool identity(Func *f, Value *v, ValueId x, i64 c)
{
	u8 xt = f->v.a[x].ty;
	switch (v->op) {
	case SsaAdd: case SsaOr: case SsaXor: case SsaSub: case SsaShl: case SsaShrS: case SsaShrU:
		return c == 0 && xt == v->ty && to_copy(v, x);
	case SsaMul:
		return c == 1 ? xt == v->ty && to_copy(v, x) : c == 0 && to_const(v, 0);
	case SsaAnd:
		return c == -1 ? xt == v->ty && to_copy(v, x) : c == 0 && to_const(v, 0);
	case SsaEq:
		return xt == TyPtr && c == 0 && never_nil(f, x) && to_const(v, 0);
	case SsaNe:
		return xt == TyPtr && c == 0 && never_nil(f, x) && to_const(v, 1);
	default:
		return false;
	}
}

static bool fold_two(Func *f, Value *v)
{
	ValueId x = v->arg[0], y = v->arg[1];
	const Value *a = &f->v.a[x], *b = &f->v.a[y];
	i64 r;
	if (ty_is_float(a->ty) || ty_is_float(v->ty))
		return false;
	if (a->op == SsaConst && b->op == SsaConst)
		return eval2(v->op, a->ty, a->aux, b->aux, &r) && to_const(v, r);
	if (b->op == SsaConst && identity(f, v, x, norm(b->ty, b->aux)))
		return true;
	if (a->op == SsaConst && ssa_op_info[v->op].flags & SsaCommutes && identity(f, v, y, norm(a->ty, a->aux)))
		return true;
	if (x != y)
		return false;
	switch (v->op) {
	case SsaEq: case SsaLeS: case SsaLeU: return to_const(v, 1);
	case SsaNe: case SsaLtS: case SsaLtU: return to_const(v, 0);
	case SsaSub: case SsaXor: return to_const(v, 0);
	case SsaAnd: case SsaOr: return to_copy(v, x);
	default: return false;
	}
}

bool ssa_fold(Func *f, ValueId id)
{
	Value *v = &f->v.a[id];
	if (!(ssa_op_info[v->op].flags & SsaPure))
		return false;
	const Value *a = v->nargs ? &f->v.a[v->nargs <= 3 ? v->arg[0] : 0] : NULL;
	switch (v->op) {
	case SsaSignExt: case SsaTrunc:
		return a->op == SsaConst && to_const(v, norm(a->ty, a->aux));
	case SsaZeroExt:
		return a->op == SsaConst && to_const(v, (i64)zext(a->ty, a->aux));
	case SsaBoolNot:
		if (a->op == SsaBoolNot)
			return to_copy(v, a->arg[0]);
		return a->op == SsaConst && to_const(v, !a->aux);
	case SsaNeg:
		return a->op == SsaConst && to_const(v, (i64)(0 - (u64)a->aux));
	case SsaNot:
		return a->op == SsaConst && to_const(v, ~a->aux);
	case SsaBitcast:
		return a->ty == v->ty && to_copy(v, v->arg[0]);
	case SsaSelect:
		if (v->arg[1] == v->arg[2] || a->op == SsaConst)
			return to_copy(v, a->op == SsaConst && !a->aux ? v->arg[2] : v->arg[1]);
		return false;
	case SsaAdd: case SsaSub: case SsaMul: case SsaAnd: case SsaOr: case SsaXor: case SsaShl: case SsaShrS: case SsaShrU:
	case SsaEq: case SsaNe: case SsaLtS: case SsaLeS: case SsaLtU: case SsaLeU:
		return fold_two(f, v);
	default:
		return false;
	}
}

/* ---- the graph of blocks ---- */

/* Of b's predecessors only those stay whose keep is set, with their phi arguments. */
static void keep_preds(Func *f, BlockId b, const u8 *keep)
{
	Block *blk = &f->b.a[b];
	ARENA_LOCAL(ar, 1024);
	ValueId *some = arena_array(&ar, ValueId, blk->pred.n);
	u32 n;
	for (u32 i = 0; i < blk->v.n && f->v.a[blk->v.a[i]].op == SsaPhi; i++) {
		ValueId v = blk->v.a[i];
		const ValueId *a = value_args(f, v);
		n = 0;
		for (u32 j = 0; j < f->v.a[v].nargs; j++)
			if (keep[j])
				some[n++] = a[j];
		value_set_args(f, v, some, n);
	}
	n = 0;
	for (u32 j = 0; j < blk->pred.n; j++)
		if (keep[j])
			blk->pred.a[n++] = blk->pred.a[j];
	blk->pred.n = n;
	arena_free(&ar);
}

/* Branches that go one way for sure become jumps. An item is a block, shifted by one, and which successor is taken. */
void ssa_fold_branches(Func *f, const u32 *item, u32 n)
{
	ARENA_LOCAL(ar, 4096);
	u8 *lost = arena_array(&ar, u8, f->b.n), *seen = arena_array(&ar, u8, f->b.n);      /* 1 + the edge not taken; how often met */
	u64 *loser = arena_array(&ar, u64, bit_words(f->b.n));
	for (u32 i = 0; i < n; i++) {
		u32 which = !(item[i] & 1);
		lost[item[i] >> 1] = (u8)(1 + which);
		bit_set(loser, f->b.a[item[i] >> 1].succ.a[which]);
	}
	for (BlockId b = 1; b < f->b.n; b++) {
		if (!bit_get(loser, b))
			continue;
		const Block *blk = &f->b.a[b];
		u8 *keep = arena_array(&ar, u8, blk->pred.n);
		for (u32 j = 0; j < blk->pred.n; j++) {
			BlockId p = blk->pred.a[j];
			const BlockId *succ = f->b.a[p].succ.a;
			/* of two equal edges the first predecessor entry is the first successor's */
			keep[j] = !lost[p] || succ[lost[p] - 1] != b || (succ[0] == succ[1] && seen[p]++ != lost[p] - 1);
		}
		keep_preds(f, b, keep);
	}
	for (u32 i = 0; i < n; i++) {
		Block *blk = &f->b.a[item[i] >> 1];
		blk->succ.a[0] = blk->succ.a[item[i] & 1];
		blk->succ.n = 1;
		blk->term = TermJump;
		blk->ctl = 0;
		blk->likely = 0;
	}
	arena_free(&ar);
}

/* Blocks that cannot be reached lose their contents and edges. */
void ssa_prune(Func *f)
{
	ARENA_LOCAL(ar, 4096);
	u8 *seen = arena_array(&ar, u8, f->b.n);
	VEC(BlockId) work = {0};
	seen[1] = 1;
	vec_push(&ar, &work, 1);
	if (f->deferreturn && !seen[f->deferreturn]) {
		seen[f->deferreturn] = 1;
		vec_push(&ar, &work, f->deferreturn);
	}
	while (work.n) {
		BlockId b = vec_pop(&work);
		for (u32 i = 0; i < f->b.a[b].succ.n; i++) {
			BlockId s = f->b.a[b].succ.a[i];
			if (seen[s])
				continue;
			seen[s] = 1;
			vec_push(&ar, &work, s);
		}
	}
	for (BlockId b = 1; b < f->b.n; b++) {
		const Block *blk = &f->b.a[b];
		if (!seen[b])
			continue;
		u8 *keep = arena_array(&ar, u8, blk->pred.n);
		bool all = true;
		for (u32 i = 0; i < blk->pred.n; i++)
			all &= keep[i] = seen[blk->pred.a[i]];
		if (!all)
			keep_preds(f, b, keep);
	}
	for (BlockId b = 1; b < f->b.n; b++) {
		Block *blk = &f->b.a[b];
		if (seen[b])
			continue;
		for (u32 i = 0; i < blk->v.n; i++)
			f->v.a[blk->v.a[i]] = (Value){0};
		*blk = (Block){0};
	}
	arena_free(&ar);
}

/* Phis of one value besides themselves become copies, until none is left. */
void ssa_trivial_phis(Func *f)
{
	for (bool again = true; again;) {
		again = false;
		for (BlockId b = 1; b < f->b.n; b++)
			for (u32 i = 0; i < f->b.a[b].v.n; i++) {
				ValueId id = f->b.a[b].v.a[i], same = 0;
				if (f->v.a[id].op == SsaCopy)
					continue;
				if (f->v.a[id].op != SsaPhi)
					break;
				const ValueId *a = value_args(f, id);
				bool several = false;
				for (u32 j = 0; j < f->v.a[id].nargs && !several; j++) {
					ValueId x = a[j];
					while (f->v.a[x].op == SsaCopy)
						x = f->v.a[x].arg[0];
					if (x == id || x == same)
						continue;
					several = same != 0;
					same = x;
				}
				if (!several && same && f->v.a[same].ty == f->v.a[id].ty)
					again |= to_copy(&f->v.a[id], same);
			}
	}
}
