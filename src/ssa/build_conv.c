/* Conversions: numbers, strings, interfaces, type assertions.
 *
 * An interface is two words: the type (or for interfaces with methods the itab) and the data, which is the value itself when
 * the type is pointer-shaped and otherwise points at an immutable copy. */
#include "build.h"

static bool empty_iface(Build *b, Type *t)
{
	return types_typeset(b->k, types_under(t))->nmethod == 0;
}

static bool is_iface(Type *t)
{
	return types_under(t)->kind == KindInterface;
}

/* ---- numbers ---- */

static bool is_unsigned(Type *u)
{
	return kind_is_unsigned((TypeKind)u->kind) || u->kind == KindBool;
}

static Ty scalar_ty(Build *b, Type *t)
{
	Part p[4];
	u32 n;
	if (!parts_of(b, t, p, &n) || n != 1)
		bug("scalar type expected");
	return (Ty)p[0].ty;
}

static ValueId int_resize(Build *b, ValueId v, bool uns, Ty to)
{
	Ty from = v_ty(b, v);
	if (ty_size(from) == ty_size(to))
		return from == to ? v : v_1(b, SsaBitcast, to, v);
	if (ty_size(from) > ty_size(to))
		return v_1(b, SsaTrunc, to, v);
	return v_1(b, uns ? SsaZeroExt : SsaSignExt, to, v);
}

static ValueId float_to_int(Build *b, ValueId v, Type *to)
{
	Ty ty = scalar_ty(b, to);
	if (is_unsigned(to)) {
		if (ty == TyI64)
			return v_1(b, SsaFToU, TyI64, v);
		if (ty == TyI32)
			return v_1(b, SsaTrunc, TyI32, v_1(b, SsaFToI, TyI64, v));
	}
	if (ty_size(ty) >= 4)
		return v_1(b, SsaFToI, ty, v);
	return v_1(b, SsaTrunc, ty, v_1(b, SsaFToI, TyI32, v));
}

static ValueId int_to_float(Build *b, ValueId v, bool uns, Ty to)
{
	Ty from = v_ty(b, v);
	if (uns && from == TyI64)
		return v_1(b, SsaUToF, to, v);
	if (uns || ty_size(from) < 4)
		v = int_resize(b, v, uns, uns && from == TyI32 ? TyI64 : TyI32);
	return v_1(b, SsaIToF, to, v);
}

Val conv_number(Build *b, Val v, Type *to)
{
	Type *f = types_under(v.t), *u = types_under(to);
	if (kind_is_complex((TypeKind)u->kind)) {
		Ty ty = u->kind == KindComplex64 ? TyF32 : TyF64;
		if (!kind_is_complex((TypeKind)f->kind)) {      /* a constant whose kind was chosen before the instance was known */
			Val re = conv_number(b, v, b_basic(b, ty == TyF32 ? KindFloat32 : KindFloat64));
			return (Val){.form = ValParts, .n = 2, .t = to, .p = {re.p[0], v_const(b, ty, 0)}};
		}
		return (Val){.form = ValParts, .n = 2, .t = to, .p = {v_1(b, SsaFToF, ty, v.p[0]), v_1(b, SsaFToF, ty, v.p[1])}};
	}
	Ty ty = scalar_ty(b, to);
	bool ffloat = kind_is_float((TypeKind)f->kind), tfloat = kind_is_float((TypeKind)u->kind);
	ValueId x = v.p[0];
	if (ffloat && tfloat)
		x = v_1(b, SsaFToF, ty, x);
	else if (ffloat)
		x = float_to_int(b, x, u);
	else if (tfloat)
		x = int_to_float(b, x, is_unsigned(f), ty);
	else
		x = int_resize(b, x, is_unsigned(f), ty);
	return val_1(to, x);
}

/* ---- to interface ---- */

/* Read-only memory holding constant components; 0 when some component is not constant. */
static ValueId const_memory(Build *b, Val v)
{
	Part part[4];
	u32 n;
	if (v.form != ValParts || !parts_of(b, v.t, part, &n))
		return 0;
	Buf name = {.ar = b->ar};
	buf_printf(&name, "go:ro.%lld", (long long)b_size(b, v.t));
	for (u32 i = 0; i < n; i++) {
		Value *p = &b->f->v.a[b_resolve(b, v.p[i])];
		if (p->op == SsaConst)
			buf_printf(&name, ",%u:%u:%llx", part[i].off, ty_size((Ty)part[i].ty), (unsigned long long)p->aux);
		else if (p->op == SsaAddr && part[i].ty == TyPtr)
			buf_printf(&name, ",%u:%s+%lld", part[i].off, p->sym->name, (long long)p->aux);
		else
			return 0;
	}
	Layout *l = types_layout(b->k, v.t);
	u8 *data = arena_array(b->ar, u8, l->size + 1);
	Reloc rel[nelem(part)];
	u32 nrel = 0;
	for (u32 i = 0; i < n; i++) {
		Value *p = &b->f->v.a[b_resolve(b, v.p[i])];
		if (p->op == SsaConst)
			memcpy(data + part[i].off, &p->aux, ty_size((Ty)part[i].ty));
		else
			rel[nrel++] = (Reloc){part[i].off, RelocAddr64, p->sym, p->aux};
	}
	buf_printf(&name, "@%d", (int)l->align);
	Sym *s = sym_made(b->p, buf_str(&name), (SymContent){.kind = SymRodata, .align = (u8)__builtin_ctzll((u64)l->align), .readonly = true,
		.size = (u32)l->size, .data = data, .rel = rel, .nrel = nrel});
	return v_addr(b, s, 0);
}

static ValueId box_new(Build *b, Val v)
{
	ValueId p = v_new(b, v.t, 0);
	val_store(b, p, 0, v, true);
	return p;
}

/* Small integers live in the runtime's table of all bytes. */
static ValueId box_small(Build *b, Val v)
{
	ValueId wide = int_resize(b, v.p[0], true, TyI64), x = wide;
	ValueId table = v_addr(b, sym_runtime(b->p, "staticuint64s"), 0);
	if (v_ty(b, v.p[0]) == TyI8)
		return v_2(b, SsaAdd, TyPtr, table, v_2(b, SsaShl, TyI64, x, v_int(b, 3)));
	u32 r = var_new(b, TyPtr);
	BlockId small = b_block(b), big = b_block(b), done = b_block(b);
	b_if(b, v_2(b, SsaLtU, TyI8, wide, v_int(b, 256)), small, big, -1);
	b_seal(b, small), b_seal(b, big);
	b_start(b, small);
	var_set(b, r, v_2(b, SsaAdd, TyPtr, table, v_2(b, SsaShl, TyI64, x, v_int(b, 3))));
	b_jump(b, done);
	b_start(b, big);
	var_set(b, r, box_new(b, v));
	b_jump(b, done);
	b_seal(b, done);
	b_start(b, done);
	return var_get(b, r);
}

static ValueId data_word(Build *b, Val v)
{
	Layout *l = types_layout(b->k, v.t);
	if (l->direct) {
		if (v.form != ValParts || v.n != 1)
			return v_load(b, TyPtr, v.m.ptr, v.m.off, FlagNonNil);
		return v.p[0];
	}
	if (!l->size)
		return v_addr(b, sym_runtime(b->p, "zerobase"), 0);
	ValueId ro = const_memory(b, v);
	if (ro)
		return ro;
	TypeKind k = (TypeKind)types_under(v.t)->kind;
	if (v.form == ValParts && v.n == 1 && (kind_is_integer(k) || k == KindBool))
		return box_small(b, v);
	return box_new(b, v);
}

static Val iface_val(Type *t, ValueId word, ValueId data)
{
	return (Val){.form = ValParts, .n = 2, .t = t, .p = {word, data}};
}

ValueId iface_type(Build *b, Val x)
{
	if (empty_iface(b, x.t))
		return x.p[0];
	i64 c;
	if (v_isconst(b, x.p[0], &c))
		return v_const(b, TyPtr, 0);
	u32 r = var_new(b, TyPtr);
	BlockId some = b_block(b), done = b_block(b);
	var_set(b, r, x.p[0]);
	b_if(b, v_2(b, SsaNe, TyI8, x.p[0], v_const(b, TyPtr, 0)), some, done, 1);
	b_seal(b, some);
	b_start(b, some);
	var_set(b, r, v_load(b, TyPtr, x.p[0], 8, FlagNonNil));
	b_jump(b, done);
	b_seal(b, done);
	b_start(b, done);
	return var_get(b, r);
}

/* An interface made of a type word that may be nil, by asking for the itab. */
static Val iface_convert(Build *b, Val v, Type *to)
{
	ValueId typ = iface_type(b, v);
	if (empty_iface(b, to))
		return iface_val(to, typ, v.p[1]);
	u32 r = var_new(b, TyPtr);
	BlockId some = b_block(b), done = b_block(b);
	var_set(b, r, v_const(b, TyPtr, 0));
	b_if(b, v_2(b, SsaNe, TyI8, typ, v_const(b, TyPtr, 0)), some, done, 1);
	b_seal(b, some);
	b_start(b, some);
	var_set(b, r, call_rt1(b, "assertE2I", TyPtr, 2, v_rtype(b, to), typ));
	b_jump(b, done);
	b_seal(b, done);
	b_start(b, done);
	return iface_val(to, var_get(b, r), v.p[1]);
}

Val to_iface(Build *b, Val v, Type *iface)
{
	if (is_iface(v.t))
		return b_same(b, v.t, iface) ? val_retype(v, iface) : iface_convert(b, v, iface);      /* itabs belong to named interfaces */
	Sym *rt = sym_type(b->p, v.t);
	bool empty = empty_iface(b, iface);
	if (empty && (!b->f->boxed.n || vec_last(&b->f->boxed) != rt))
		vec_push(b->ar, &b->f->boxed, rt);
	ValueId word = v_addr(b, empty ? rt : sym_itab(b->p, v.t, iface), 0);
	return iface_val(iface, word, data_word(b, v));
}

/* ---- from interface ---- */

Val iface_data(Build *b, Val x, Type *t)
{
	if (types_layout(b->k, t)->direct) {
		Part p[4];
		u32 n;
		if (parts_of(b, t, p, &n) && n == 1)
			return val_1(t, x.p[1]);
	}
	Val v = val_load(b, t, x.p[1], 0, true);
	v.borrowed = false;                     /* boxed values never change */
	return v;
}

/* Whether the dynamic type of x is the concrete type to. */
ValueId type_matches(Build *b, Val x, Type *to, ValueId typ, ValueId *word)
{
	Obj *missing;
	bool wrong;
	if (!types_implements(b->k, to, types_under(x.t), &missing, &wrong))     /* an instance may ask for what cannot be */
		return v_const(b, TyI8, 0);
	/* types are compared, not itabs: interfaces of other names but equal methods share values */
	ValueId w = v_addr(b, sym_type(b->p, to), 0);
	if (word)
		*word = w;
	return v_2(b, SsaEq, TyI8, typ ? typ : iface_type(b, x), w);
}

static Val with_ok(Build *b, Val v, ValueId ok)
{
	Val *e = arena_array(b->ar, Val, 2);
	e[0] = v;
	e[1] = val_1(b_basic(b, KindBool), ok);
	return (Val){.form = ValTuple, .elem = e, .nelem = 2};
}

static Val assert_concrete(Build *b, Val x, Type *to, bool commaok)
{
	BlockId yes = b_block(b), no = b_block(b), done = b_block(b);
	u32 okvar = var_new(b, TyI8);
	Part part[4];
	u32 n;
	bool mem = !parts_of(b, to, part, &n);
	Place res = {.kind = PlaceVar, .t = to, .var = b->varty.n};
	if (mem) {
		res = place_mem(to, v_slot(b, slot_new(b, to, NULL)), 0);
		res.stack = true;
	} else {
		for (u32 i = 0; i < n; i++)
			var_new(b, (Ty)part[i].ty);
	}
	b_if(b, type_matches(b, x, to, 0, NULL), yes, no, 1);
	b_seal(b, yes), b_seal(b, no);
	b_start(b, no);
	if (commaok) {
		if (mem)
			mem_zero(b, res.ptr, 0, to, true);
		else
			place_store(b, &res, val_zero(b, to));
		var_set(b, okvar, v_const(b, TyI8, 0));
		b_jump(b, done);
	} else {
		bool e = empty_iface(b, x.t);
		call_rt0(b, e ? "panicdottypeE" : "panicdottypeI", 3, x.p[0], v_rtype(b, to), v_rtype(b, x.t));
		b_exit(b);
	}
	b_start(b, yes);
	place_store(b, &res, iface_data(b, x, to));
	var_set(b, okvar, v_const(b, TyI8, 1));
	b_jump(b, done);
	b_seal(b, done);
	b_start(b, done);
	Val v = place_load(b, &res);
	v.borrowed = false;
	return commaok ? with_ok(b, v, var_get(b, okvar)) : v;
}

static Val assert_iface(Build *b, Val x, Type *to, bool commaok)
{
	ValueId typ = iface_type(b, x), nil = v_const(b, TyPtr, 0);
	u32 word = var_new(b, TyPtr);
	BlockId some = b_block(b), none = b_block(b), done = b_block(b);
	b_if(b, v_2(b, SsaNe, TyI8, typ, nil), some, none, 1);
	b_seal(b, some), b_seal(b, none);
	b_start(b, none);
	if (commaok) {
		var_set(b, word, nil);
		b_jump(b, done);
	} else {
		call_rt0(b, "panicnildottype", 1, v_rtype(b, to));
		b_exit(b);
	}
	b_start(b, some);
	if (empty_iface(b, to))
		var_set(b, word, typ);
	else
		var_set(b, word, call_rt1(b, commaok ? "assertE2I2" : "assertE2I", TyPtr, 2, v_rtype(b, to), typ));
	b_jump(b, done);
	b_seal(b, done);
	b_start(b, done);
	ValueId w = var_get(b, word);
	if (!commaok)
		return iface_val(to, w, x.p[1]);
	ValueId ok = v_2(b, SsaNe, TyI8, w, nil);
	return with_ok(b, iface_val(to, w, v_3(b, SsaSelect, TyPtr, ok, x.p[1], nil)), ok);
}

Val type_assert(Build *b, Val x, Type *to, bool commaok)
{
	return is_iface(to) ? assert_iface(b, x, to, commaok) : assert_concrete(b, x, to, commaok);
}

/* ---- explicit and implicit conversions ---- */

Val assign_conv(Build *b, Val v, Type *to)
{
	if (!v.t || v.form == ValTuple)
		bug("assign_conv: no single value");
	if (v.t->kind == KindUntypedNil)
		return val_zero(b, to);
	if (is_iface(to))
		return to_iface(b, v, to);
	Type *f = types_under(v.t);
	if (f->kind >= KindUntypedBool && f->kind <= KindUntypedString && f->kind != types_under(to)->kind && v.form == ValParts && v.n == 1 &&
	    (kind_is_integer((TypeKind)f->kind) || kind_is_float((TypeKind)f->kind)))
		return conv_number(b, v, to);
	return val_retype(v, to);
}

static bool is_bytes(Type *u, TypeKind k)
{
	return u->kind == KindSlice && types_under(u->elem)->kind == k;
}

ValueId v_buf(Build *b, TypeKind elem, u32 n)
{
	return v_new(b, types_array(b->k, b_basic(b, elem), n), FlagBuf);
}

/* Conversions whose result the runtime puts into a buffer of ours if it is small and does not leave the frame. */
static Val runtime_slice(Build *b, const char *name, Val v, Type *to)
{
	bool runes = !strcmp(name, "stringtoslicerune");
	ValueId a[5] = {v_buf(b, runes ? KindInt32 : KindUint8, !strcmp(name, "intstring") ? 4 : TmpBufSize)};
	u32 n = 1;
	for (u32 i = 0; i < v.n; i++)
		a[n++] = v.p[i];
	Val r = call_runtime(b, name, types_under(to)->kind == KindString ? "pi" : "pii", a, n);
	return val_parts(b, to, r.p);
}

static Val to_string(Build *b, Val v, Type *to)
{
	Type *f = types_under(v.t);
	if (f->kind == KindString || f->kind == KindUntypedString)
		return val_retype(v, to);
	if (is_bytes(f, KindUint8)) {
		v.n = 2;                        /* pointer and length */
		return runtime_slice(b, "slicebytetostring", v, to);
	}
	if (is_bytes(f, KindInt32))
		return runtime_slice(b, "slicerunetostring", v, to);
	Val i = val_1(v.t, int_resize(b, v.p[0], is_unsigned(f), TyI64));
	return runtime_slice(b, "intstring", i, to);
}

static Val slice_to_array(Build *b, Val v, Type *to, Type *arr, bool ptr)
{
	i64 len = types_under(arr)->len;
	v_bounds(b, BoundsConvert, v_int(b, len), v.p[1]);
	if (ptr)
		return val_1(to, v.p[0]);
	if (!len)
		return val_zero(b, to);
	return val_keep(b, val_load(b, to, v.p[0], 0, true));
}

Val convert(Build *b, Val v, Type *to)
{
	Type *f = types_under(v.t), *u = types_under(to);
	if (v.t->kind == KindUntypedNil)
		return val_zero(b, to);
	if (u->kind == KindInterface)
		return to_iface(b, v, to);
	if (u->kind == KindString)
		return to_string(b, v, to);
	if (f->kind == KindString || f->kind == KindUntypedString)
		return runtime_slice(b, is_bytes(u, KindUint8) ? "stringtoslicebyte" : "stringtoslicerune", v, to);
	if (f->kind == KindSlice && u->kind == KindArray)
		return slice_to_array(b, v, to, u, false);
	if (f->kind == KindSlice && u->kind == KindPointer)
		return slice_to_array(b, v, to, u->elem, true);
	if (u->kind == KindUnsafePointer || f->kind == KindUnsafePointer)
		return val_1(to, v_1(b, SsaBitcast, scalar_ty(b, to), v.p[0]));
	bool fnum = kind_is_integer((TypeKind)f->kind) || kind_is_float((TypeKind)f->kind) || kind_is_complex((TypeKind)f->kind);
	if (fnum && u->kind <= KindComplex128)
		return conv_number(b, v, to);
	return val_retype(v, to);
}
