/* Expressions. Operands are evaluated left to right; what may be changed by a later operand is kept in a slot of its own. */
#include "build.h"

bool is_const(Build *b, NodeId n)
{
	return info_at(b->file, n)->mode == ModeConst;
}

static Val nil_val(Build *b, NodeId n)
{
	Type *t = b_typeof(b, n);
	if (!t || t->kind == KindUntypedNil)
		return (Val){.form = ValParts, .t = b_basic(b, KindUntypedNil)};
	return val_zero(b, t);
}

Val expr(Build *b, NodeId n)
{
	return val_keep(b, expr_borrow(b, n));
}

Val expr_to(Build *b, NodeId n, Type *t)
{
	return assign_conv(b, expr(b, n), t);
}

ValueId expr_1(Build *b, NodeId n)
{
	Val v = expr_borrow(b, n);
	if (v.form != ValParts || v.n != 1)
		bug("expr_1: %u components", v.n);
	return v.p[0];
}

void expr_into(Build *b, NodeId n, Type *t, ValueId ptr, i64 off, bool stack)
{
	NodeId x = node_unparen(b->file, n);
	if (node_kind(b->file, x) == NodeCompositeLit && types_under(t)->kind != KindInterface && types_under(b_typeof(b, x))->kind != KindPointer) {
		complit_into(b, x, t, ptr, off, stack, false);
		return;
	}
	if (!call_into(b, n, t, ptr, off, stack))
		val_store_flags(b, ptr, off, assign_conv(b, expr_borrow(b, n), t), FlagNonNil, stack);
}

ValueId index_of(Build *b, Val v, bool *uns)
{
	Type *u = types_under(v.t);
	*uns = kind_is_unsigned((TypeKind)u->kind);
	return conv_number(b, v, b_basic(b, *uns ? KindUint64 : KindInt)).p[0];
}

ValueId expr_index(Build *b, NodeId n, bool *uns)
{
	for (u32 i = 0; i < b->early.n; i++)
		if (b->early.a[i].n == n) {
			ValueId v = b->early.a[i].v;
			*uns = b->early.a[i].uns;
			b->early.a[i] = vec_last(&b->early);
			b->early.n--;
			return v;
		}
	return index_of(b, expr(b, n), uns);
}

bool key_first(Build *b, NodeId x, NodeId key)
{
	return has_call(b, key) && !has_call(b, x);
}

void index_early(Build *b, NodeId x, const NodeId *index, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (index[i] && key_first(b, x, index[i])) {
			bool uns;
			ValueId v = expr_index(b, index[i], &uns);
			vec_push(b->ar, &b->early, (EarlyIndex){index[i], v, uns});
		}
}

/* ---- arithmetic ---- */

static ValueId check_divisor(Build *b, ValueId y)
{
	i64 c;
	if (v_isconst(b, y, &c) && c)
		return y;
	BlockId ok = b_block(b), bad = b_block(b);
	b_if(b, v_2(b, SsaNe, TyI8, y, v_const(b, v_ty(b, y), 0)), ok, bad, 1);
	b_seal(b, ok), b_seal(b, bad);
	b_start(b, bad);
	b->f->b.a[bad].cold = true;
	call_rt0(b, "panicdivide", 0);
	b_exit(b);
	b_start(b, ok);
	return y;
}

static Val int_op(Build *b, Op op, Type *t, ValueId x, ValueId y)
{
	bool uns = kind_is_unsigned((TypeKind)types_under(t)->kind);
	Ty ty = v_ty(b, x);
	SsaOp o;
	switch (op) {
	case OpAdd: o = SsaAdd; break;
	case OpSub: o = SsaSub; break;
	case OpMul: o = SsaMul; break;
	case OpAnd: o = SsaAnd; break;
	case OpOr: o = SsaOr; break;
	case OpXor: o = SsaXor; break;
	case OpAndNot: o = SsaAnd; y = v_1(b, SsaNot, ty, y); break;
	case OpDiv: o = uns ? SsaDivU : SsaDivS; y = check_divisor(b, y); break;
	case OpRem: o = uns ? SsaRemU : SsaRemS; y = check_divisor(b, y); break;
	default: bug("integer operator %d", op);
	}
	return val_1(t, v_2(b, o, ty, x, y));
}

static ValueId float_op(Build *b, Op op, ValueId x, ValueId y)
{
	SsaOp o = op == OpAdd ? SsaFAdd : op == OpSub ? SsaFSub : op == OpMul ? SsaFMul : SsaFDiv;
	return v_2(b, o, v_ty(b, x), x, y);
}

static Val complex_op(Build *b, Op op, Type *t, Val x, Val y)
{
	Val r = {.form = ValParts, .n = 2, .t = t};
	if (op == OpAdd || op == OpSub) {
		for (int i = 0; i < 2; i++)
			r.p[i] = float_op(b, op, x.p[i], y.p[i]);
		return r;
	}
	/* computed in double precision, as gc does */
	Type *c128 = b_basic(b, KindComplex128);
	x = conv_number(b, x, c128);
	y = conv_number(b, y, c128);
	if (op == OpMul) {
		ValueId a = x.p[0], bb = x.p[1], c = y.p[0], d = y.p[1];
		r.p[0] = float_op(b, OpSub, float_op(b, OpMul, a, c), float_op(b, OpMul, bb, d));
		r.p[1] = float_op(b, OpAdd, float_op(b, OpMul, a, d), float_op(b, OpMul, bb, c));
	} else {
		r = call_runtime(b, "complex128div", "dd", (ValueId[]){x.p[0], x.p[1], y.p[0], y.p[1]}, 4);
	}
	r.t = c128;
	return conv_number(b, r, t);
}

Val binary(Build *b, Op op, Type *t, Val x, Val y)
{
	TypeKind k = (TypeKind)types_under(t)->kind;
	if (op == OpShl || op == OpShr)
		return shift(b, op, t, x, y);
	if (kind_is_complex(k))
		return complex_op(b, op, t, x, y);
	if (kind_is_float(k))
		return val_1(t, float_op(b, op, x.p[0], y.p[0]));
	if (k == KindString) {
		ValueId a[5] = {v_buf(b, KindUint8, TmpBufSize), x.p[0], x.p[1], y.p[0], y.p[1]};
		return val_parts(b, t, call_runtime(b, "concatstring2", "pi", a, 5).p);
	}
	return int_op(b, op, t, x.p[0], y.p[0]);
}

/* A constant count may be of any numeric kind. */
Val shift_count(Build *b, NodeId n)
{
	u64 c;
	if (is_const(b, n) && const_uint64(info_at(b->file, n)->val, &c))
		return val_1(b_basic(b, KindUint64), v_int(b, (i64)c));
	return expr(b, n);
}

Val shift(Build *b, Op op, Type *t, Val x, Val y)
{
	Type *cu = types_under(y.t);
	bool uns = kind_is_unsigned((TypeKind)cu->kind);
	ValueId n = conv_number(b, y, b_basic(b, uns ? KindUint64 : KindInt64)).p[0];
	i64 c;
	if (!uns && !(v_isconst(b, n, &c) && c >= 0)) {
		BlockId ok = b_block(b), bad = b_block(b);
		b_if(b, v_2(b, SsaLeS, TyI8, v_int(b, 0), n), ok, bad, 1);
		b_seal(b, ok), b_seal(b, bad);
		b_start(b, bad);
		b->f->b.a[bad].cold = true;
		call_rt0(b, "panicshift", 0);
		b_exit(b);
		b_start(b, ok);
	}
	SsaOp o = op == OpShl ? SsaShl : kind_is_unsigned((TypeKind)types_under(t)->kind) ? SsaShrU : SsaShrS;
	return val_1(t, v_2(b, o, v_ty(b, x.p[0]), x.p[0], n));
}

/* ---- strings ---- */

/* A constant that is not empty makes sure that the result is a copy. */
static bool concat_constant(Build *b, NodeId n)
{
	NodeId x = node_unparen(b->file, n);
	const Node *nd = node_at(b->file, x);
	u32 len;
	if (is_const(b, x))
		return const_str(info_at(b->file, x)->val, &len) && len;
	return nd->kind == NodeBinary && nd->op == OpAdd && (concat_constant(b, nd->a) || concat_constant(b, nd->b));
}

static void concat_operands(Build *b, NodeId n, bool has_constant, void *out)
{
	VEC(Val) *v = out;
	NodeId x = node_unparen(b->file, n);
	const Node *nd = node_at(b->file, x);
	if (nd->kind == NodeBinary && nd->op == OpAdd && !is_const(b, x)) {
		concat_operands(b, nd->a, has_constant, out);
		concat_operands(b, nd->b, has_constant, out);
		return;
	}
	vec_push(b->ar, v, has_constant ? expr_tmpstring(b, n) : expr(b, n));
}

static Val concat(Build *b, NodeId n, Type *t)
{
	VEC(Val) v = {0};
	concat_operands(b, n, concat_constant(b, n), &v);
	ValueId buf = v_buf(b, KindUint8, TmpBufSize);
	if (v.n <= 5) {
		ValueId a[11] = {buf};
		u32 na = 1;
		for (u32 i = 0; i < v.n; i++)
			a[na++] = v.a[i].p[0], a[na++] = v.a[i].p[1];
		return val_parts(b, t, call_runtime(b, arena_printf(b->ar, "concatstring%u", v.n), "pi", a, na).p);
	}
	Type *arr = types_array(b->k, b_basic(b, KindString), v.n);
	ValueId p = v_slot(b, slot_new(b, arr, NULL));
	mem_zero(b, p, 0, arr, true);
	for (u32 i = 0; i < v.n; i++)
		val_store_flags(b, p, 16 * (i64)i, val_retype(v.a[i], b_basic(b, KindString)), FlagNonNil, true);
	ValueId cnt = v_int(b, v.n);
	return val_parts(b, t, call_runtime(b, "concatstrings", "pi", (ValueId[]){buf, p, cnt, cnt}, 4).p);
}

Val expr_tmpstring(Build *b, NodeId n)
{
	NodeId x = node_unparen(b->file, n);
	const Node *nd = node_at(b->file, x);
	if (nd->kind != NodeCall || is_const(b, x) || !(info_at(b->file, x)->flags & InfoConvCall))
		return expr_borrow(b, n);
	Type *t = b_typeof(b, x), *from = types_under(b_typeof(b, list_at(b->file, nd->b, 0)));
	if (types_under(t)->kind != KindString || from->kind != KindSlice || types_under(from->elem)->kind != KindUint8)
		return expr_borrow(b, n);
	Val v = expr(b, list_at(b->file, nd->b, 0));
	return (Val){.form = ValParts, .n = 2, .t = t, .p = {v.p[0], v.p[1]}};
}

/* ---- conditions ---- */

static bool is_compare(Op op)
{
	return op >= OpEql && op <= OpGeq;
}

void expr_cond(Build *b, NodeId n, BlockId yes, BlockId no)
{
	NodeId x = node_unparen(b->file, n);
	const Node *nd = node_at(b->file, x);
	if (!is_const(b, x) && nd->kind == NodeUnary && nd->op == OpNot) {
		expr_cond(b, nd->a, no, yes);
		return;
	}
	if (!is_const(b, x) && nd->kind == NodeBinary && (nd->op == OpAndAnd || nd->op == OpOrOr)) {
		BlockId mid = b_block(b);
		if (nd->op == OpAndAnd)
			expr_cond(b, nd->a, mid, no);
		else
			expr_cond(b, nd->a, yes, mid);
		b_seal(b, mid);
		b_start(b, mid);
		expr_cond(b, nd->b, yes, no);
		return;
	}
	b_live(b);
	b_if(b, expr_1(b, x), yes, no, 0);
}

static Val logical(Build *b, NodeId n, Type *t)
{
	u32 r = var_new(b, TyI8);
	BlockId yes = b_block(b), no = b_block(b), done = b_block(b);
	expr_cond(b, n, yes, no);
	b_seal(b, yes), b_seal(b, no);
	b_start(b, yes);
	var_set(b, r, v_const(b, TyI8, 1));
	b_jump(b, done);
	b_start(b, no);
	var_set(b, r, v_const(b, TyI8, 0));
	b_jump(b, done);
	b_seal(b, done);
	b_start(b, done);
	return val_1(t, var_get(b, r));
}

static Val expr_binary(Build *b, NodeId n, const Node *nd)
{
	Op op = (Op)nd->op;
	Type *t = b_typeof(b, n);
	if (op == OpAndAnd || op == OpOrOr)
		return logical(b, n, t);
	if (is_compare(op)) {
		bool calls = has_call(b, nd->b);        /* which may change the bytes of a string without a copy */
		Val x = calls ? expr(b, nd->a) : expr_tmpstring(b, nd->a), y = expr_tmpstring(b, nd->b);
		b->pos = nd->pos;
		return val_1(t, cmp_mixed(b, op, x, y));
	}
	if (op == OpAdd && types_under(t)->kind == KindString)
		return concat(b, n, t);
	Val x = expr(b, nd->a);
	if (op != OpShl && op != OpShr)
		x = assign_conv(b, x, t);
	else
		x = val_retype(x, t);
	bool sh = op == OpShl || op == OpShr;
	Val y = sh ? shift_count(b, nd->b) : expr(b, nd->b);
	b->pos = nd->pos;
	if (!sh)
		y = assign_conv(b, y, t);
	return binary(b, op, t, x, y);
}

/* ---- channels, unary ---- */

static ValueId out_slot(Build *b, Type *t)
{
	ValueId p = v_slot(b, slot_new(b, t, NULL));
	mem_zero(b, p, 0, t, true);
	return p;
}

static Val receive(Build *b, NodeId ch, bool commaok, bool wanted)
{
	Type *elem = types_under(b_typeof(b, ch))->elem;
	ValueId c = expr_1(b, ch);
	ValueId p = wanted || commaok ? out_slot(b, elem) : v_const(b, TyPtr, 0);
	if (!commaok) {
		call_rt0(b, "chanrecv1", 2, c, p);
		if (!wanted)
			return (Val){0};
		Val v = val_load(b, elem, p, 0, true);
		v.borrowed = false;
		return v;
	}
	Val *e = arena_array(b->ar, Val, 2);
	ValueId ok = call_rt1(b, "chanrecv2", TyI8, 2, c, p);
	e[0] = val_load(b, elem, p, 0, true);
	e[0].borrowed = false;
	e[1] = val_1(b_basic(b, KindBool), ok);
	return (Val){.form = ValTuple, .elem = e, .nelem = 2};
}

static Val expr_unary(Build *b, NodeId n, const Node *nd)
{
	if (nd->op == OpAnd)
		return expr_addr(b, nd->a);
	if (nd->op == OpRecv)
		return receive(b, nd->a, false, true);
	Type *t = b_typeof(b, n);
	Val x = assign_conv(b, expr(b, nd->a), t);
	TypeKind k = (TypeKind)types_under(t)->kind;
	Ty ty = v_ty(b, x.p[0]);
	switch (nd->op) {
	case OpAdd:
		return x;
	case OpSub:
		if (kind_is_complex(k))
			return (Val){.form = ValParts, .n = 2, .t = t, .p = {v_1(b, SsaFNeg, ty, x.p[0]), v_1(b, SsaFNeg, ty, x.p[1])}};
		return val_1(t, v_1(b, kind_is_float(k) ? SsaFNeg : SsaNeg, ty, x.p[0]));
	case OpXor:
		return val_1(t, v_1(b, SsaNot, ty, x.p[0]));
	case OpNot:
		return val_1(t, v_1(b, SsaBoolNot, TyI8, x.p[0]));
	}
	bug("unary operator %d", nd->op);
}

Val expr_addr(Build *b, NodeId n)
{
	NodeId x = node_unparen(b->file, n);
	Type *t = b_typeof(b, x), *pt = types_pointer(b->k, t);
	if (node_kind(b->file, x) == NodeCompositeLit) {
		ValueId p = v_new(b, t, 0);
		complit_into(b, x, t, p, 0, false, true);
		return val_1(pt, p);
	}
	Place p = place_of(b, x);
	if (p.kind != PlaceMem)
		bug("address of a variable that has none");
	if (!p.nonnil && !p.stack)
		v_nilcheck(b, p.ptr);
	return val_1(pt, place_addr(b, &p));
}

/* ---- slicing ---- */

static ValueId bound(Build *b, NodeId n, bool *uns)
{
	*uns = false;
	return n ? expr_index(b, n, uns) : 0;
}

static void check(Build *b, BoundsKind k, bool uns, ValueId i, ValueId len)
{
	v_bounds(b, (BoundsKind)(k + uns), i, len);
}

/* Adds lo elements to p, unless nothing is left: then the result must not point past the object's end. */
static ValueId advance(Build *b, ValueId p, ValueId lo, i64 size, ValueId left)
{
	i64 c;
	if (v_isconst(b, lo, &c) && !c)
		return p;
	ValueId delta = v_2(b, SsaMul, TyI64, lo, v_int(b, size));
	ValueId mask = v_2(b, SsaShrS, TyI64, v_1(b, SsaNeg, TyI64, left), v_int(b, 63));
	return v_2(b, SsaAdd, TyPtr, p, v_2(b, SsaAnd, TyI64, delta, mask));
}

static Val slice_string(Build *b, Val s, Type *t, const NodeId *ix, Pos pos)
{
	bool ul, uh;
	ValueId lo = bound(b, ix[0], &ul), hi = bound(b, ix[1], &uh), len = s.p[1];
	b->pos = pos;
	if (hi)
		check(b, BoundsSliceAlen, uh, hi, len);
	else
		hi = len;
	if (!lo)
		lo = v_int(b, 0);
	else
		check(b, BoundsSliceB, ul, lo, hi);
	ValueId n = v_2(b, SsaSub, TyI64, hi, lo);
	return (Val){.form = ValParts, .n = 2, .t = t, .p = {advance(b, s.p[0], lo, 1, n), n}};
}

static Val slice_parts(Build *b, ValueId p, ValueId len, ValueId cap, bool array, Type *elem, Type *t, const NodeId *ix, bool full, Pos pos)
{
	bool ul, uh, um;
	ValueId lo = bound(b, ix[0], &ul), hi = bound(b, ix[1], &uh), max = bound(b, ix[2], &um);
	b->pos = pos;
	if (full) {
		check(b, array ? BoundsSlice3Alen : BoundsSlice3Acap, um, max, cap);
		check(b, BoundsSlice3B, uh, hi, max);
		if (lo)
			check(b, BoundsSlice3C, ul, lo, hi);
	} else {
		max = cap;
		if (hi)
			check(b, array ? BoundsSliceAlen : BoundsSliceAcap, uh, hi, cap);
		else
			hi = len;
		if (lo)
			check(b, BoundsSliceB, ul, lo, hi);
	}
	if (!lo)
		lo = v_int(b, 0);
	ValueId n = v_2(b, SsaSub, TyI64, hi, lo), c = v_2(b, SsaSub, TyI64, max, lo);
	return (Val){.form = ValParts, .n = 3, .t = t, .p = {advance(b, p, lo, b_size(b, elem), c), n, c}};
}

static Val expr_slice(Build *b, NodeId n, const Node *nd)
{
	Type *t = b_typeof(b, n), *xt = b_typeof(b, nd->a), *u = types_under(xt);
	NodeId ix[3] = {list_at(b->file, nd->b, 0), list_at(b->file, nd->b, 1), list_at(b->file, nd->b, 2)};
	bool full = nd->flag & FlagFull;
	index_early(b, nd->a, ix, 3);
	if (u->kind == KindString || u->kind == KindUntypedString)
		return slice_string(b, expr(b, nd->a), t, ix, nd->pos);
	if (u->kind == KindSlice) {
		Val s = expr(b, nd->a);
		return slice_parts(b, s.p[0], s.p[1], s.p[2], false, u->elem, t, ix, full, nd->pos);
	}
	ValueId p;
	if (u->kind == KindPointer) {
		p = expr_1(b, nd->a);
		v_nilcheck(b, p);
		u = types_under(u->elem);
	} else {
		p = expr_addr(b, nd->a).p[0];
	}
	ValueId len = v_int(b, u->len);
	return slice_parts(b, p, len, len, true, u->elem, t, ix, full, nd->pos);
}

/* ---- names and selections ---- */

static Val func_ref(Build *b, NodeId n, Obj *o)
{
	InstInfo *in = (info_at(b->file, n)->flags & InfoInst) ? types_inst(b->file, n) : NULL;
	if (!in)
		return funcval_of(b, o, NULL, 0);
	return funcval_of(b, in->obj, b_targs(b, in), in->ntargs);
}

static Val expr_name(Build *b, NodeId n)
{
	ExprInfo *in = info_at(b->file, n);
	Obj *o = in->obj;
	if (in->mode == ModeNil || o->kind == ObjNil)
		return nil_val(b, n);
	if (o->kind == ObjFunc)
		return func_ref(b, n, o);
	Place p = place_var(b, o);
	return place_load(b, &p);
}

static Val expr_selector(Build *b, NodeId n, const Node *nd)
{
	Selection *s = info_at(b->file, n)->sel;
	if (s->kind == SelMethodVal || s->kind == SelMethodExpr)
		return method_value(b, n);
	if (s->kind == SelQualified && s->obj->kind == ObjFunc)
		return func_ref(b, n, s->obj);
	if (s->kind == SelQualified) {
		Place p = place_var(b, s->obj);
		return place_load(b, &p);
	}
	Place p;
	Val v = select_path(b, nd->a, s, s->npath, &p);
	return p.kind == PlaceBlank ? v : place_load(b, &p);
}

static Val expr_map_get(Build *b, const Node *nd, bool commaok)
{
	Type *t = b_typeof(b, nd->a), *kt = types_under(t)->key;
	bool first = key_first(b, nd->a, nd->b);
	Val key = {0};
	if (first)
		key = assign_conv(b, expr_tmpstring(b, nd->b), kt);
	ValueId m = expr_1(b, nd->a);
	if (!first)
		key = assign_conv(b, expr_tmpstring(b, nd->b), kt);
	return mapidx_get(b, t, m, key, commaok);
}

static Val expr_index_value(Build *b, NodeId n, const Node *nd)
{
	Type *u = types_under(b_typeof(b, nd->a));
	if (info_at(b->file, n)->flags & InfoInst) {
		InstInfo *in = types_inst(b->file, n);
		return func_ref(b, n, in->obj);
	}
	if (u->kind == KindMap) {
		return expr_map_get(b, nd, false);
	}
	if (u->kind != KindString && u->kind != KindUntypedString) {
		Place p = place_of(b, n);
		return place_load(b, &p);
	}
	index_early(b, nd->a, &nd->b, 1);
	Val s = expr(b, nd->a);
	bool uns;
	ValueId i = expr_index(b, nd->b, &uns);
	b->pos = nd->pos;
	v_bounds(b, uns ? BoundsIndexU : BoundsIndex, i, s.p[1]);
	return val_1(b_typeof(b, n), v_load(b, TyI8, v_2(b, SsaAdd, TyPtr, s.p[0], i), 0, FlagNonNil));
}

Val expr_commaok(Build *b, NodeId n)
{
	NodeId x = node_unparen(b->file, n);
	const Node *nd = node_at(b->file, x);
	b->pos = nd->pos;
	switch (nd->kind) {
	case NodeTypeAssert:
		return type_assert(b, expr(b, nd->a), b_typeof(b, nd->b), true);
	case NodeUnary:
		return receive(b, nd->a, true, true);
	case NodeIndex:
		return expr_map_get(b, nd, true);
	}
	bug("comma-ok of node kind %d", nd->kind);
}

Val expr_borrow(Build *b, NodeId n)
{
	b_live(b);
	const Node *nd = node_at(b->file, n);
	ExprInfo *in = info_at(b->file, n);
	if (in->mode == ModeConst)
		return val_const(b, b_typeof(b, n), in->val);
	if (nd->kind == NodeParen)
		return expr_borrow(b, nd->a);
	b->pos = nd->pos;
	switch (nd->kind) {
	case NodeName:
		return expr_name(b, n);
	case NodeCompositeLit:
		return expr_complit(b, n);
	case NodeFuncLit:
		return expr_funclit(b, n);
	case NodeSelector:
		return expr_selector(b, n, nd);
	case NodeIndex:
		return expr_index_value(b, n, nd);
	case NodeSlice:
		return expr_slice(b, n, nd);
	case NodeTypeAssert:
		return type_assert(b, expr(b, nd->a), b_typeof(b, nd->b), false);
	case NodeUnary:
		return expr_unary(b, n, nd);
	case NodeStar: {
		Place p = place_of(b, n);
		return place_load(b, &p);
	}
	case NodeBinary:
		return expr_binary(b, n, nd);
	case NodeCall:
		return expr_call(b, n);
	}
	bug("expression of node kind %d", nd->kind);
}

void expr_effect(Build *b, NodeId n)
{
	NodeId x = node_unparen(b->file, n);
	const Node *nd = node_at(b->file, x);
	b_live(b);
	b->pos = nd->pos;
	if (nd->kind == NodeUnary && nd->op == OpRecv)
		receive(b, nd->a, false, false);
	else
		expr_borrow(b, x);
}
