/* Making values: constants folded, identities applied, equal pure values shared.
 *
 * Integer constants are kept sign-extended from their width, so that equal values have equal bits. */
#include "build.h"

enum { EntryBlock = 1, VnDepth = 16, ChainMax = 12 };

Ty v_ty(Build *b, ValueId v)
{
	return (Ty)b->f->v.a[v].ty;
}

bool v_is_local(Build *b, ValueId ptr)
{
	for (;;) {
		ptr = b_resolve(b, ptr);
		Value *v = &b->f->v.a[ptr];
		if (v->op == SsaLocalAddr || v->op == SsaArgAddr)
			return true;
		if (v->op != SsaAdd)
			return false;
		ptr = v->arg[0];
	}
}

static i64 norm(Ty ty, i64 x)
{
	switch (ty) {
	case TyI8: return (i8)x;
	case TyI16: return (i16)x;
	case TyI32: return (i32)x;
	case TyF32: return (i64)(u32)x;
	default: return x;
	}
}

static u64 zext(Ty ty, i64 x)
{
	switch (ty) {
	case TyI8: return (u8)x;
	case TyI16: return (u16)x;
	case TyI32: return (u32)x;
	default: return (u64)x;
	}
}

/* ---- value numbering ---- */

static bool reaches(Build *b, BlockId from)
{
	BlockId at = b->cur;
	if (from == EntryBlock)
		return true;
	for (int i = 0; i < VnDepth; i++) {
		if (at == from)
			return true;
		Block *blk = &b->f->b.a[at];
		bool known = at < b->nsealed * 64 && bit_get(b->sealed, at);
		if (!known || blk->pred.n != 1)
			return false;
		at = blk->pred.a[0];
	}
	return false;
}

static u64 hash_of(const Value *v)
{
	u64 h = hash_mix(v->op * 131u + v->ty, (u64)v->aux);
	for (u32 i = 0; i < 3; i++)
		h = hash_mix(h, v->arg[i]);
	if (v->op == SsaAddr)                                  /* by name: pointers differ between runs */
		h = hash_mix(h, v->sym->hash);
	return h ? h : 1;
}

static bool equal(const Value *x, const Value *y)
{
	return x->op == y->op && x->ty == y->ty && x->flags == y->flags && x->aux == y->aux && x->aux2 == y->aux2 &&
		x->arg[0] == y->arg[0] && x->arg[1] == y->arg[1] && x->arg[2] == y->arg[2];
}

/* The value like proto (no more than three arguments): an old one or a new one in block blk. */
static ValueId number(Build *b, Value proto, BlockId blk)
{
	bool pure = ssa_op_info[proto.op].flags == SsaPure || ssa_op_info[proto.op].flags == (SsaPure | SsaCommutes);
	u64 h = 0;
	if (pure) {
		h = hash_of(&proto);
		ValueId c = (ValueId)map_get(&b->vn, h);
		for (int i = 0; c && i < ChainMax; i++) {
			Value *v = &b->f->v.a[c];
			if (equal(v, &proto) && (blk == EntryBlock ? v->block == EntryBlock : reaches(b, v->block)))
				return c;
			c = c < b->vnnext.n ? b->vnnext.a[c] : 0;
		}
	}
	ValueId id = func_value(b->f, blk, (SsaOp)proto.op, (Ty)proto.ty, blk == EntryBlock ? 0 : b->pos);
	proto.pos = b->f->v.a[id].pos;
	proto.block = blk;
	b->f->v.a[id] = proto;
	if (pure) {
		while (b->vnnext.n <= id)
			vec_push(b->ar, &b->vnnext, 0);
		b->vnnext.a[id] = (ValueId)map_get(&b->vn, h);
		map_put(b->ar, &b->vn, h, id);
	}
	return id;
}

static ValueId make(Build *b, Value v)
{
	b_live(b);
	return number(b, v, b->cur);
}

ValueId v_const(Build *b, Ty ty, i64 bits)
{
	return number(b, (Value){.op = SsaConst, .ty = ty, .aux = norm(ty, bits)}, EntryBlock);
}

ValueId v_addr(Build *b, Sym *s, i64 off)
{
	return number(b, (Value){.op = SsaAddr, .ty = TyPtr, .aux = off, .sym = s}, EntryBlock);
}

ValueId v_slot(Build *b, u32 slot)
{
	return number(b, (Value){.op = SsaLocalAddr, .ty = TyPtr, .aux = slot}, EntryBlock);
}

bool v_isconst(Build *b, ValueId v, i64 *bits)
{
	Value *p = &b->f->v.a[b_resolve(b, v)];
	if (p->op != SsaConst)
		return false;
	*bits = p->aux;
	return true;
}

ValueId v_0(Build *b, SsaOp op, Ty ty)
{
	return make(b, (Value){.op = op, .ty = ty});
}

/* ---- folding ---- */

static int width(Ty ty)
{
	return (int)ty_size(ty) * 8;
}

static bool fold1(SsaOp op, Ty to, Ty from, i64 x, i64 *r)
{
	u64 u = zext(from, x);
	int w = width(from);
	switch (op) {
	case SsaNeg: *r = (i64)-(u64)x; return true;
	case SsaNot: *r = ~x; return true;
	case SsaSignExt: case SsaTrunc: *r = x; return true;
	case SsaZeroExt: *r = (i64)u; return true;
	case SsaBoolNot: *r = !x; return true;
	case SsaBitcast: *r = x; return from != TyF32 || to == TyI32;
	case SsaClz: *r = u ? __builtin_clzll(u) - (64 - w) : w; return true;
	case SsaCtz: *r = u ? __builtin_ctzll(u) : w; return true;
	case SsaPopcnt: *r = __builtin_popcountll(u); return true;
	case SsaBswap: *r = (i64)(__builtin_bswap64(u) >> (64 - w)); return true;
	default: return false;
	}
}

static bool fold2(SsaOp op, Ty ty, i64 x, i64 y, i64 *r)
{
	u64 ux = zext(ty, x), uy = zext(ty, y);
	int w = width(ty);
	switch (op) {
	case SsaAdd: *r = (i64)((u64)x + (u64)y); return true;
	case SsaSub: *r = (i64)((u64)x - (u64)y); return true;
	case SsaMul: *r = (i64)((u64)x * (u64)y); return true;
	case SsaDivS: if (!y) return false; *r = y == -1 ? (i64)-(u64)x : x / y; return true;
	case SsaRemS: if (!y) return false; *r = y == -1 ? 0 : x % y; return true;
	case SsaDivU: if (!uy) return false; *r = (i64)(ux / uy); return true;
	case SsaRemU: if (!uy) return false; *r = (i64)(ux % uy); return true;
	case SsaAnd: *r = x & y; return true;
	case SsaOr: *r = x | y; return true;
	case SsaXor: *r = x ^ y; return true;
	case SsaShl: *r = (u64)y >= (u64)w ? 0 : (i64)((u64)x << y); return true;
	case SsaShrU: *r = (u64)y >= (u64)w ? 0 : (i64)(ux >> y); return true;
	case SsaShrS: *r = x >> ((u64)y >= (u64)w ? w - 1 : y); return true;
	case SsaEq: *r = x == y; return true;
	case SsaNe: *r = x != y; return true;
	case SsaLtS: *r = x < y; return true;
	case SsaLeS: *r = x <= y; return true;
	case SsaLtU: *r = ux < uy; return true;
	case SsaLeU: *r = ux <= uy; return true;
	default: return false;
	}
}

static Ty result_ty(SsaOp op, Ty ty)
{
	char r = ssa_op_info[op].result;
	return r == 'B' ? TyI8 : r == 'V' ? TyVoid : ty;
}

ValueId v_1(Build *b, SsaOp op, Ty ty, ValueId x)
{
	i64 c, r;
	x = b_resolve(b, x);
	Ty from = v_ty(b, x);
	if ((op == SsaSignExt || op == SsaZeroExt || op == SsaTrunc || op == SsaBitcast || op == SsaFToF) && from == ty)
		return x;
	if (v_isconst(b, x, &c) && !(ty == TyPtr && c) && fold1(op, ty, from, c, &r))
		return v_const(b, result_ty(op, ty), r);
	Value *v = &b->f->v.a[x];
	if ((op == SsaNeg || op == SsaNot || op == SsaBoolNot) && v->op == op)
		return v->arg[0];
	if (op == SsaBoolNot && (v->op == SsaEq || v->op == SsaNe))
		return v_2(b, v->op == SsaEq ? SsaNe : SsaEq, TyI8, v->arg[0], v->arg[1]);
	return make(b, (Value){.op = op, .ty = result_ty(op, ty), .nargs = 1, .arg = {x}});
}

/* x op c for a constant c: 0 when no rule applies. */
static ValueId identity(Build *b, SsaOp op, Ty ty, ValueId x, i64 c)
{
	switch (op) {
	case SsaAdd: case SsaSub: case SsaOr: case SsaXor: case SsaShl: case SsaShrS: case SsaShrU: case SsaRotL:
		if (!c)
			return x;
		if (op == SsaOr && c == -1)
			return v_const(b, ty, -1);
		if (op == SsaXor && c == -1)
			return v_1(b, SsaNot, ty, x);
		return 0;
	case SsaMul:
		if (!c)
			return v_const(b, ty, 0);
		return c == 1 ? x : 0;
	case SsaDivS: case SsaDivU:
		return c == 1 ? x : 0;
	case SsaAnd:
		if (!c)
			return v_const(b, ty, 0);
		return c == -1 ? x : 0;
	default:
		return 0;
	}
}

ValueId v_2(Build *b, SsaOp op, Ty ty, ValueId x, ValueId y)
{
	i64 cx = 0, cy = 0, r;
	x = b_resolve(b, x);
	y = b_resolve(b, y);
	Ty from = v_ty(b, x);
	bool kx = v_isconst(b, x, &cx), ky = v_isconst(b, y, &cy);
	bool fl = ty_is_float(from);
	if (!fl && kx && ky && !(result_ty(op, ty) == TyPtr && (cx | cy)) && fold2(op, from, cx, cy, &r))
		return v_const(b, result_ty(op, ty), r);
	if (!fl && kx && !ky && (ssa_op_info[op].flags & SsaCommutes) && v_ty(b, y) == from) {
		ValueId t = x; x = y; y = t;
		cy = cx;
		ky = true;
		kx = false;
	}
	if (!fl && ky) {
		ValueId same = identity(b, op, ty, x, cy);
		if (same && v_ty(b, same) == result_ty(op, ty))
			return same;
	}
	if (!fl && x == y) {
		if (op == SsaEq || op == SsaLeS || op == SsaLeU)
			return v_const(b, TyI8, 1);
		if (op == SsaNe || op == SsaLtS || op == SsaLtU)
			return v_const(b, TyI8, 0);
		if (op == SsaXor || (op == SsaSub && ty != TyPtr))
			return v_const(b, ty, 0);
		if (op == SsaAnd || op == SsaOr)
			return x;
	}
	Value *v = &b->f->v.a[x];
	if (op == SsaAdd && ky && v->op == SsaAdd) {          /* (p + c1) + c2 */
		i64 c1;
		ValueId base = v->arg[0], second = v->arg[1];
		if (v_isconst(b, second, &c1))
			return v_2(b, SsaAdd, ty, base, v_const(b, TyI64 == v_ty(b, y) ? TyI64 : v_ty(b, y), (i64)((u64)c1 + (u64)cy)));
	}
	if (op == SsaAdd && ky && v->op == SsaAddr)
		return v_addr(b, v->sym, v->aux + cy);
	return make(b, (Value){.op = op, .ty = result_ty(op, ty), .nargs = 2, .arg = {x, y}});
}

ValueId v_3(Build *b, SsaOp op, Ty ty, ValueId x, ValueId y, ValueId z)
{
	i64 c;
	x = b_resolve(b, x), y = b_resolve(b, y), z = b_resolve(b, z);
	if (op == SsaSelect) {
		if (v_isconst(b, x, &c))
			return c ? y : z;
		if (y == z)
			return y;
	}
	return make(b, (Value){.op = op, .ty = result_ty(op, ty), .nargs = 3, .arg = {x, y, z}});
}

ValueId v_n(Build *b, SsaOp op, Ty ty, const ValueId *a, u32 n)
{
	b_live(b);
	ValueId id = func_value(b->f, b->cur, op, result_ty(op, ty), b->pos);
	value_set_args(b->f, id, a, n);
	return id;
}

/* ---- memory ---- */

/* Adds the constant part of an address to off; an offset too far for an instruction goes into the address. */
static ValueId split(Build *b, ValueId ptr, i64 *off)
{
	i64 c;
	if (*off != (i32)*off) {
		ptr = v_2(b, SsaAdd, TyPtr, ptr, v_int(b, *off));
		*off = 0;
		return ptr;
	}
	ptr = b_resolve(b, ptr);
	Value *v = &b->f->v.a[ptr];
	if (v->op == SsaAdd && v_isconst(b, v->arg[1], &c) && *off + c == (i32)(*off + c)) {
		*off += c;
		return v->arg[0];
	}
	return ptr;
}

ValueId v_load(Build *b, Ty ty, ValueId ptr, i64 off, u32 flags)
{
	ptr = split(b, ptr, &off);
	ValueId v = v_n(b, SsaLoad, ty, &ptr, 1);
	b->f->v.a[v].aux = off;
	b->f->v.a[v].flags = (u16)flags;
	return v;
}

void v_store(Build *b, ValueId ptr, i64 off, ValueId x, u32 flags)
{
	ptr = split(b, ptr, &off);
	if (v_ty(b, x) != TyPtr || v_is_local(b, ptr))
		flags &= ~(u32)FlagWB;
	ValueId v = v_n(b, SsaStore, TyVoid, (ValueId[]){ptr, x}, 2);
	b->f->v.a[v].aux = off;
	b->f->v.a[v].flags = (u16)flags;
}

ValueId v_bool(Build *b, ValueId v)
{
	return v_ty(b, v) == TyI8 ? v : v_2(b, SsaNe, TyI8, v, v_const(b, v_ty(b, v), 0));
}

void v_bounds(Build *b, BoundsKind k, ValueId index, ValueId len)
{
	i64 i, n;
	if (v_isconst(b, index, &i) && v_isconst(b, len, &n) && i >= 0 && (k <= BoundsIndexU ? i < n : i <= n))
		return;
	if (k > BoundsIndexU && b_resolve(b, index) == b_resolve(b, len))
		return;
	ValueId v = v_n(b, SsaBounds, TyVoid, (ValueId[]){index, len}, 2);
	b->f->v.a[v].aux = k;
}

void v_nilcheck(Build *b, ValueId p)
{
	p = b_resolve(b, p);
	SsaOp op = (SsaOp)b->f->v.a[p].op;
	if (op == SsaLocalAddr || op == SsaAddr || op == SsaNew || op == SsaArgAddr)
		return;
	v_n(b, SsaNilCheck, TyPtr, &p, 1);
}
