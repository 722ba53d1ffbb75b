/* Bytes put together by shifts are one wide load: b[0] | b[1]<<8 | ..., in either order; bytes stored from shifts of one value are one
 * wide store. Works inside a block; needs: checks that can go are gone. leaves: the narrow loads without users.
 *
 * Loads: the tree of ors over a value is flattened into parts (address, size, shift). All must read memory in one state, so nothing
 * may be written between the first of them and the value. Stores: a run of byte stores to neighbouring addresses, nothing but pure values in between,
 * is replaced by one store in the place of the last. */
#include "ssa.h"

enum { PartsMax = 8 };

typedef struct Part8 { ValueId load, base; i64 off; u32 shift; } Part8;
typedef struct Combine {
	Func *f;
	BlockId b;
	u32 *epoch;               /* by value: writes before it in its block */
	u8 *inner;                /* part of a tree already looked at */
} Combine;

static bool const_of(const Func *f, ValueId v, i64 *c)
{
	*c = f->v.a[v].aux;
	return f->v.a[v].op == SsaConst;
}

/* Base value and offset of an access. */
static ValueId place(const Func *f, const Value *access, i64 *off)
{
	ValueId p = access->arg[0];
	i64 c;
	*off = access->aux;
	while (f->v.a[p].op == SsaAdd && const_of(f, f->v.a[p].arg[1], &c)) {
		*off += c;
		p = f->v.a[p].arg[0];
	}
	return p;
}

static bool gather(Combine *k, ValueId v, u32 shift, Part8 *part, u32 *n)
{
	Func *f = k->f;
	const Value *x = &f->v.a[v];
	i64 c;
	if (x->block != k->b || shift > 56)
		return false;
	if (x->op == SsaOr) {
		k->inner[v] = 1;
		return gather(k, x->arg[0], shift, part, n) && gather(k, x->arg[1], shift, part, n);
	}
	if (x->op == SsaShl && const_of(f, x->arg[1], &c) && c >= 0 && c < 64)
		return gather(k, x->arg[0], shift + (u32)c, part, n);
	if (x->op != SsaZeroExt || *n == PartsMax)
		return false;
	const Value *l = &f->v.a[x->arg[0]];
	if (l->op != SsaLoad || l->ty != TyI8 || l->block != k->b || l->flags & FlagVolatile)
		return false;
	i64 off;
	ValueId base = place(f, l, &off);
	part[(*n)++] = (Part8){x->arg[0], base, off, shift};
	return true;
}

/* Do the parts make one number? Gives the first of them in memory and the order of bytes. */
static bool one_number(const Combine *k, ValueId v, const Part8 *part, u32 n, u32 *first, bool *big)
{
	*first = 0;
	for (u32 i = 1; i < n; i++)
		if (part[i].off < part[*first].off)
			*first = i;
	bool little = true, swapped = true;
	for (u32 i = 0; i < n; i++) {
		i64 at = part[i].off - part[*first].off;
		if (part[i].base != part[0].base || at >= n || k->epoch[part[i].load] != k->epoch[v])
			return false;
		for (u32 j = 0; j < i; j++)
			if (part[j].off == part[i].off)
				return false;
		little &= part[i].shift == 8 * at;
		swapped &= part[i].shift == 8 * (n - 1 - (u32)at);
	}
	*big = swapped;
	return little || swapped;
}

static ValueId insert(Combine *k, ValueId before, SsaOp op, Ty ty, ValueId arg)
{
	Func *f = k->f;
	Value like = f->v.a[before];
	vec_push(f->ar, &f->v, (Value){.op = (u8)op, .ty = ty, .pos = like.pos, .inl = like.inl, .block = k->b, .nargs = 1, .arg = {arg}});
	Block *blk = &f->b.a[k->b];
	u32 at = 0;
	while (blk->v.a[at] != before)
		at++;
	vec_push(f->ar, &blk->v, 0);
	memmove(blk->v.a + at + 1, blk->v.a + at, (blk->v.n - 1 - at) * sizeof *blk->v.a);
	blk->v.a[at] = f->v.n - 1;
	return f->v.n - 1;
}

static void become(Func *f, ValueId v, SsaOp op, ValueId arg, i64 aux)
{
	Value *x = &f->v.a[v];
	x->op = (u8)op;
	x->aux = aux;
	x->flags = op == SsaLoad ? FlagNonNil : 0;      /* its bytes have been there */
	x->nargs = 1;
	x->arg[0] = arg;
	x->arg[1] = 0;
}

static void combine_loads(Combine *k, ValueId v)
{
	Func *f = k->f;
	Part8 part[PartsMax];
	u32 n = 0, first;
	bool big;
	u32 size = ty_size((Ty)f->v.a[v].ty);
	if (!gather(k, v, 0, part, &n) || (n != 2 && n != 4 && n != 8) || n > size || !one_number(k, v, part, n, &first, &big))
		return;
	const Value *l = &f->v.a[part[first].load];
	ValueId addr = l->arg[0];
	i64 off = l->aux;
	Ty ty = n == 8 ? TyI64 : n == 4 ? TyI32 : TyI16;
	if (n == size && !big) {
		become(f, v, SsaLoad, addr, off);
		return;
	}
	ValueId wide = insert(k, v, SsaLoad, ty, addr);
	f->v.a[wide].aux = off;
	f->v.a[wide].flags = FlagNonNil;
	if (big && n < size)
		wide = insert(k, v, SsaBswap, ty, wide);
	become(f, v, n == size ? SsaBswap : SsaZeroExt, wide, 0);
}

/* ---- stores ---- */

/* Byte i of a wider value: what is stored is Trunc(x >> 8 * i). */
static ValueId byte_of(const Func *f, ValueId v, u32 *index)
{
	const Value *x = &f->v.a[v];
	i64 c;
	*index = 0;
	if (x->op != SsaTrunc || x->ty != TyI8)
		return 0;
	ValueId y = x->arg[0];
	const Value *s = &f->v.a[y];
	if (s->op == SsaShrU && const_of(f, s->arg[1], &c) && c > 0 && !(c & 7) && (u64)c < 8 * ty_size((Ty)s->ty)) {
		*index = (u32)c / 8;
		y = s->arg[0];
	}
	return y;
}

/* A run of n byte stores, the last of them at position end of the block, in rising or falling order of addresses. */
static bool combine_run(Combine *k, const ValueId *st, u32 n)
{
	Func *f = k->f;
	i64 off0, off;
	u32 i0, at;
	ValueId base = place(f, &f->v.a[st[0]], &off0), x = byte_of(f, f->v.a[st[0]].arg[1], &i0);
	if (!x || ty_size((Ty)f->v.a[x].ty) < n)
		return false;
	i64 low = off0, step = 0;
	ValueId lowest = st[0];
	bool little = true, swapped = true;
	for (u32 i = 1; i < n; i++) {
		if (place(f, &f->v.a[st[i]], &off) != base || byte_of(f, f->v.a[st[i]].arg[1], &at) != x)
			return false;
		step = i == 1 ? off - off0 : step;
		if ((step != 1 && step != -1) || off != off0 + step * (i64)i)
			return false;
		if (off < low)
			low = off, lowest = st[i];
	}
	for (u32 i = 0; i < n; i++) {
		place(f, &f->v.a[st[i]], &off);
		byte_of(f, f->v.a[st[i]].arg[1], &at);
		little &= at == (u32)(off - low);
		swapped &= at == n - 1 - (u32)(off - low);
	}
	if (!little && !swapped)
		return false;
	Ty ty = n == 8 ? TyI64 : n == 4 ? TyI32 : TyI16;
	ValueId last = st[n - 1], v = x;
	if (ty != f->v.a[x].ty)
		v = insert(k, last, SsaTrunc, ty, x);
	if (swapped)
		v = insert(k, last, SsaBswap, ty, v);
	Value *to = &f->v.a[last];
	to->arg[0] = f->v.a[lowest].arg[0];
	to->aux = f->v.a[lowest].aux;
	to->arg[1] = v;
	for (u32 i = 0; i + 1 < n; i++)
		f->v.a[st[i]] = (Value){0};
	return true;
}

/* Byte stores of the block with nothing but pure values between them; runs are separated by 0. */
static bool combine_stores(Combine *k, Arena *ar)
{
	Func *f = k->f;
	VEC(ValueId) st = {0};
	bool any = false;
	for (u32 i = 0; i < f->b.a[k->b].v.n; i++) {
		ValueId id = f->b.a[k->b].v.a[i];
		const Value *v = &f->v.a[id];
		u32 at;
		if (v->op == SsaStore && v->flags & FlagNonNil && !(v->flags & FlagVolatile) && byte_of(f, v->arg[1], &at))
			vec_push(ar, &st, id);
		else if (!(ssa_op_info[v->op].flags & SsaPure) && st.n && vec_last(&st))
			vec_push(ar, &st, 0);
	}
	for (u32 i = 0; i + 1 < st.n;) {
		u32 run = 0, len = 0;
		while (i + run < st.n && st.a[i + run] && run < PartsMax)
			run++;
		for (u32 want = 8; want >= 2 && !len; want /= 2)
			if (run >= want && combine_run(k, st.a + i, want))
				len = want;
		any |= len != 0;
		i += len ? len : 1;
	}
	return any;
}

static void drop_invalid(Block *blk, const Func *f)
{
	u32 w = 0;
	for (u32 i = 0; i < blk->v.n; i++)
		if (f->v.a[blk->v.a[i]].op != SsaInvalid)
			blk->v.a[w++] = blk->v.a[i];
	blk->v.n = w;
}

static bool has_bytes(const Func *f, BlockId b)
{
	u32 n = 0;
	for (u32 i = 0; i < f->b.a[b].v.n && n < 2; i++) {
		const Value *v = &f->v.a[f->b.a[b].v.a[i]];
		n += (v->op == SsaLoad && v->ty == TyI8) || (v->op == SsaStore && f->v.a[v->arg[1]].ty == TyI8);
	}
	return n >= 2;
}

static void combine_block(Combine *k, Arena *ar)
{
	Func *f = k->f;
	u32 writes = 0, n = f->b.a[k->b].v.n;
	ValueId *v = arena_array(ar, ValueId, n);
	memcpy(v, f->b.a[k->b].v.a, n * sizeof *v);
	for (u32 i = 0; i < n; i++) {
		const Value *x = &f->v.a[v[i]];
		k->epoch[v[i]] = writes;
		writes += x->op == SsaAtomicLoad || ssa_op_info[x->op].flags & (SsaStoreFlag | SsaCallFlag);
	}
	for (u32 i = n; i-- > 0;)
		if (f->v.a[v[i]].op == SsaOr && !k->inner[v[i]] && ty_size((Ty)f->v.a[v[i]].ty) >= 2)
			combine_loads(k, v[i]);
	if (combine_stores(k, ar))
		drop_invalid(&f->b.a[k->b], f);
}

void ssa_combine(Func *f)
{
	ARENA_LOCAL(ar, 16 << 10);
	Combine k = {.f = f};
	for (BlockId b = 1; b < f->b.n; b++) {
		if (!has_bytes(f, b))
			continue;
		if (!k.epoch) {
			k.epoch = arena_array(&ar, u32, f->v.n);
			k.inner = arena_array(&ar, u8, f->v.n);
		}
		k.b = b;
		combine_block(&k, &ar);
	}
	arena_free(&ar);
}
