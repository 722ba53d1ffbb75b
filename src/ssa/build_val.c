/* Values of Go types: components, memory, and the way between them.
 *
 * A type of at most four scalars is its scalars. Anything bigger has an address; reading it from a variable borrows the
 * variable's memory, and val_keep copies when the value must survive later effects. */
#include "build.h"

bool parts_of(Build *b, Type *t, Part *p, u32 *n)
{
	return ssa_parts(b->k, t, p, n);
}

i64 b_size(Build *b, Type *t)
{
	return types_size(b->k, t);
}

bool b_has_pointers(Build *b, Type *t)
{
	return types_layout(b->k, t)->ptrbytes != 0;
}

bool b_same(Build *b, Type *x, Type *y)
{
	return x == y || types_identical(b->k, x, y);
}

ValueId v_offset(Build *b, ValueId ptr, i64 off)
{
	return off ? v_2(b, SsaAdd, TyPtr, ptr, v_int(b, off)) : ptr;
}

ValueId v_rtype(Build *b, Type *t)
{
	return v_addr(b, sym_type(b->p, t), 0);
}

Val val_1(Type *t, ValueId x)
{
	return (Val){.form = ValParts, .n = 1, .t = t, .p = {x}};
}

Val val_parts(Build *b, Type *t, const ValueId *p)
{
	Part part[4];
	u32 n;
	Val v = {.form = ValParts, .t = t};
	if (!parts_of(b, t, part, &n))
		bug("val_parts: type is not decomposed");
	v.n = (u8)n;
	memcpy(v.p, p, n * sizeof *p);
	return v;
}

Val val_retype(Val v, Type *t)
{
	v.t = t;
	return v;
}

Val val_zero(Build *b, Type *t)
{
	Part part[4];
	u32 n;
	Val v = {.form = ValParts, .t = t};
	if (!parts_of(b, t, part, &n)) {
		u32 s = slot_new(b, t, NULL);
		mem_zero(b, v_slot(b, s), 0, t, true);
		return (Val){.form = ValMem, .t = t, .m = {v_slot(b, s), 0}};
	}
	v.n = (u8)n;
	for (u32 i = 0; i < n; i++)
		v.p[i] = v_const(b, part[i].ty, 0);
	return v;
}

Val val_string(Build *b, Type *t, const char *s, u32 n)
{
	ValueId p = n ? v_addr(b, sym_string(b->p, s, n), 0) : v_const(b, TyPtr, 0);
	return (Val){.form = ValParts, .n = 2, .t = t, .p = {p, v_int(b, n)}};
}

Val val_const(Build *b, Type *t, const Const *c)
{
	Type *u = types_under(t);
	u64 lo, hi;
	if (u->kind == KindInterface) {         /* a constant operand of an implicit conversion keeps its default type */
		static const u8 def[] = {[ConstBool] = KindBool, [ConstString] = KindString, [ConstInt] = KindInt, [ConstFloat] = KindFloat64, [ConstComplex] = KindComplex128};
		return to_iface(b, val_const(b, b_basic(b, (TypeKind)def[const_kind(c)]), c), t);
	}
	switch (u->kind) {
	case KindString: case KindUntypedString: {
		u32 n;
		const char *s = const_str(c, &n);
		return val_string(b, t, s, n);
	}
	case KindBool: case KindUntypedBool:
		return val_1(t, v_const(b, TyI8, const_bool(c)));
	case KindComplex64: case KindComplex128: case KindUntypedComplex: {
		Ty f = u->kind == KindComplex64 ? TyF32 : TyF64;
		const_bits(c, u, &lo, &hi);
		return (Val){.form = ValParts, .n = 2, .t = t, .p = {v_const(b, f, (i64)lo), v_const(b, f, (i64)hi)}};
	}
	default: {
		Part p[4];
		u32 n;
		if (!parts_of(b, t, p, &n) || n != 1)
			bug("constant of a type that is no scalar");
		const_bits(c, u, &lo, &hi);
		return val_1(t, v_const(b, p[0].ty, (i64)lo));
	}
	}
}

/* ---- memory ---- */

void mem_zero(Build *b, ValueId ptr, i64 off, Type *t, bool stack)
{
	Layout *l = types_layout(b->k, t);
	if (!l->size)
		return;
	if (stack && b->f->v.a[b_resolve(b, ptr)].op == SsaLocalAddr && !off) {
		ValueId d = v_n(b, SsaVarDef, TyVoid, NULL, 0);
		b->f->v.a[d].aux = b->f->v.a[b_resolve(b, ptr)].aux;
	}
	ValueId v = v_n(b, SsaZero, TyVoid, &ptr, 1);
	Value *z = &b->f->v.a[v];
	z->aux = off;
	z->aux2 = l->size;
	if (!stack && l->ptrbytes) {
		z->flags |= FlagWB;
		z->callee = sym_alloc(b->p, t);
	}
}

void mem_move(Build *b, ValueId dst, i64 doff, ValueId src, i64 soff, Type *t, bool stack)
{
	Layout *l = types_layout(b->k, t);
	if (!l->size)
		return;
	if (stack && !doff && b->f->v.a[b_resolve(b, dst)].op == SsaLocalAddr &&
	    b->f->slot.a[b->f->v.a[b_resolve(b, dst)].aux].size == l->size) {
		ValueId d = v_n(b, SsaVarDef, TyVoid, NULL, 0);
		b->f->v.a[d].aux = b->f->v.a[b_resolve(b, dst)].aux;
	}
	dst = v_offset(b, dst, doff);
	src = v_offset(b, src, soff);
	ValueId v = v_n(b, SsaMove, TyVoid, (ValueId[]){dst, src}, 2);
	Value *m = &b->f->v.a[v];
	m->aux2 = l->size;
	if (!stack && l->ptrbytes) {
		m->flags |= FlagWB;
		m->callee = sym_alloc(b->p, t);
	}
}

Val val_load(Build *b, Type *t, ValueId ptr, i64 off, bool nonnil)
{
	Part part[4];
	u32 n;
	Val v = {.form = ValParts, .t = t};
	if (!parts_of(b, t, part, &n)) {
		if (!nonnil)
			v_nilcheck(b, ptr);
		return (Val){.form = ValMem, .borrowed = true, .t = t, .m = {ptr, off}};
	}
	if (!n && !nonnil)
		v_nilcheck(b, ptr);
	v.n = (u8)n;
	u8 kind = types_under(t)->kind;
	for (u32 i = 0; i < n; i++) {
		u32 length = i && (kind == KindString || kind == KindSlice) ? FlagLength : 0;
		v.p[i] = v_load(b, part[i].ty, ptr, off + part[i].off, (nonnil || i ? FlagNonNil : 0) | length);
	}
	return v;
}

void val_store_flags(Build *b, ValueId ptr, i64 off, Val v, u32 flags, bool stack)
{
	Part part[4];
	u32 n;
	if (v.form == ValMem) {
		if (!(flags & FlagNonNil))
			v_nilcheck(b, ptr);
		if (b_resolve(b, v.m.ptr) != b_resolve(b, ptr) || v.m.off != off)
			mem_move(b, ptr, off, v.m.ptr, v.m.off, v.t, stack);
		return;
	}
	if (!parts_of(b, v.t, part, &n) || n != v.n)
		bug("val_store: components do not fit the type");
	if (!n && !(flags & FlagNonNil))
		v_nilcheck(b, ptr);
	for (u32 i = 0; i < n; i++) {
		u32 fl = flags | (i ? FlagNonNil : 0);
		if (!stack && part[i].ty == TyPtr)
			fl |= FlagWB;
		v_store(b, ptr, off + part[i].off, v.p[i], fl);
	}
}

void val_store(Build *b, ValueId ptr, i64 off, Val v, bool nonnil)
{
	val_store_flags(b, ptr, off, v, nonnil ? FlagNonNil : 0, v_is_local(b, ptr));
}

Val val_keep(Build *b, Val v)
{
	if (v.form != ValMem || !v.borrowed)
		return v;
	u32 s = slot_new(b, v.t, NULL);
	mem_move(b, v_slot(b, s), 0, v.m.ptr, v.m.off, v.t, true);
	return (Val){.form = ValMem, .t = v.t, .m = {v_slot(b, s), 0}};
}

ValueId val_addr(Build *b, Val v, i64 *off)
{
	*off = 0;
	if (v.form == ValMem) {
		*off = v.m.off;
		return v.m.ptr;
	}
	u32 s = slot_new(b, v.t, NULL);
	ValueId p = v_slot(b, s), d = v_n(b, SsaVarDef, TyVoid, NULL, 0);
	b->f->v.a[d].aux = s;
	val_store_flags(b, p, 0, v, FlagNonNil, true);
	return p;
}

ValueId val_addr0(Build *b, Val v)
{
	i64 off;
	ValueId p = val_addr(b, v, &off);
	return v_offset(b, p, off);
}

Val val_field(Build *b, Val v, Type *ft, i64 off)
{
	Part part[4], fp[4];
	u32 n, fn;
	if (v.form == ValMem) {
		bool borrowed = v.borrowed;
		Val r = val_load(b, ft, v.m.ptr, v.m.off + off, true);
		r.borrowed = borrowed;
		return r;
	}
	if (!parts_of(b, v.t, part, &n) || !parts_of(b, ft, fp, &fn))
		bug("val_field: not components");
	Val r = {.form = ValParts, .n = (u8)fn, .t = ft};
	for (u32 i = 0; i < fn; i++) {
		u32 j = 0;
		while (j < n && part[j].off != off + fp[i].off)
			j++;
		if (j == n)
			bug("val_field: no component at offset %lld", (long long)(off + fp[i].off));
		r.p[i] = v.p[j];
	}
	return r;
}

/* ---- places ---- */

Place place_mem(Type *t, ValueId ptr, i64 off)
{
	return (Place){.kind = PlaceMem, .t = t, .ptr = ptr, .off = off};
}

Val place_load(Build *b, const Place *p)
{
	Part part[4];
	u32 n;
	switch (p->kind) {
	case PlaceVar: {
		Val v = {.form = ValParts, .t = p->t};
		parts_of(b, p->t, part, &n);
		v.n = (u8)n;
		for (u32 i = 0; i < n; i++)
			v.p[i] = var_get(b, p->var + i);
		return v;
	}
	case PlaceMem:
		return val_load(b, p->t, p->ptr, p->off, p->nonnil || p->stack);
	case PlaceMap:
		return mapidx_get(b, p->map, p->ptr, p->key, false);
	}
	bug("place_load: blank");
}

void place_store(Build *b, const Place *p, Val v)
{
	switch (p->kind) {
	case PlaceBlank:
		return;
	case PlaceVar:
		for (u32 i = 0; i < v.n; i++)
			var_set(b, p->var + i, v.p[i]);
		return;
	case PlaceMem: {
		u32 flags = (p->nonnil || p->stack ? FlagNonNil : 0) | (p->isvolatile ? FlagVolatile : 0);
		val_store_flags(b, p->ptr, p->off, v, flags, p->stack);
		return;
	}
	case PlaceMap: {
		v = val_keep(b, v);
		ValueId at = mapidx_assign(b, p->map, p->ptr, p->key);
		val_store_flags(b, at, 0, v, FlagNonNil, false);
		return;
	}
	}
}

ValueId place_addr(Build *b, const Place *p)
{
	if (p->kind != PlaceMem)
		bug("place_addr: variable without an address");
	return v_offset(b, p->ptr, p->off);
}
