/* Built-in functions. builtin_apply works on values already evaluated (a deferred call has them that way); expr_builtin
 * evaluates the arguments in the way each function asks for. */
#include "build.h"

static Type *under_of(const Val *v)
{
	return types_under(v->t);
}

static Val int_val(Build *b, ValueId v)
{
	return val_1(b_basic(b, KindInt), v);
}

/* ---- print ---- */

static bool is_runtime_type(Type *t, const char *name)
{
	t = types_unalias(t);
	return t->kind == KindNamed && t->named.obj->pkg && !strcmp(t->named.obj->pkg->path, "runtime") && !strcmp(t->named.obj->name->s, name);
}

static void print_one(Build *b, Val v)
{
	Type *u = types_under(v.t);
	TypeKind k = (TypeKind)u->kind;
	if (k == KindString || k == KindUntypedString) {
		call_rt0(b, is_runtime_type(v.t, "quoted") ? "printquoted" : "printstring", 2, v.p[0], v.p[1]);
	} else if (k == KindInterface) {
		bool empty = types_typeset(b->k, u)->nmethod == 0;
		call_rt0(b, empty ? "printeface" : "printiface", 2, v.p[0], v.p[1]);
	} else if (k == KindSlice) {
		call_rt0(b, "printslice", 3, v.p[0], v.p[1], v.p[2]);
	} else if (kind_is_complex(k)) {
		call_rt0(b, k == KindComplex64 ? "printcomplex64" : "printcomplex128", 2, v.p[0], v.p[1]);
	} else if (kind_is_float(k)) {
		call_rt0(b, k == KindFloat32 ? "printfloat32" : "printfloat64", 1, v.p[0]);
	} else if (k == KindBool || k == KindUntypedBool) {
		call_rt0(b, "printbool", 1, v.p[0]);
	} else if (kind_is_integer(k)) {
		bool uns = kind_is_unsigned(k);
		ValueId x = conv_number(b, v, b_basic(b, uns ? KindUint64 : KindInt64)).p[0];
		call_rt0(b, is_runtime_type(v.t, "hex") ? "printhex" : uns ? "printuint" : "printint", 1, x);
	} else {
		call_rt0(b, "printpointer", 1, v.p[0]);
	}
}

static void print_all(Build *b, const Val *v, u32 n, bool ln)
{
	call_rt0(b, "printlock", 0);
	for (u32 i = 0; i < n; i++) {
		if (ln && i)
			call_rt0(b, "printsp", 0);
		print_one(b, v[i]);
	}
	if (ln)
		call_rt0(b, "printnl", 0);
	call_rt0(b, "printunlock", 0);
}

/* ---- slices ---- */

static void move_elems(Build *b, Type *elem, ValueId dst, ValueId src, ValueId n, ValueId dstlen, ValueId srclen)
{
	if (b_has_pointers(b, elem))
		call_rt1(b, "typedslicecopy", TyI64, 5, v_rtype(b, elem), dst, dstlen, src, srclen);
	else
		call_rt0(b, "memmove", 3, dst, src, v_2(b, SsaMul, TyI64, n, v_int(b, b_size(b, elem))));
}

static Val builtin_copy(Build *b, Val d, Val s)
{
	Type *elem = under_of(&d)->elem;
	ValueId n = v_3(b, SsaSelect, TyI64, v_2(b, SsaLtS, TyI8, d.p[1], s.p[1]), d.p[1], s.p[1]);
	if (b_size(b, elem))
		move_elems(b, elem, d.p[0], s.p[0], n, d.p[1], s.p[1]);
	return int_val(b, n);
}

/* Grown s: room for num more; pointer and capacity in SSA variables. */
typedef struct Grown { ValueId ptr, cap, oldlen, newlen; } Grown;

static Grown grow(Build *b, Val s, ValueId num)
{
	Type *elem = under_of(&s)->elem;
	u32 pv = var_new(b, TyPtr), cv = var_new(b, TyI64);
	ValueId newlen = v_2(b, SsaAdd, TyI64, s.p[1], num);
	BlockId more = b_block(b), done = b_block(b);
	var_set(b, pv, s.p[0]);
	var_set(b, cv, s.p[2]);
	b_if(b, v_2(b, SsaLtU, TyI8, s.p[2], newlen), more, done, -1);
	b_seal(b, more);
	if (b->f->b.a[more].pred.n) {
		b_start(b, more);
		Val r = call_runtime(b, "growslice", "pii", (ValueId[]){s.p[0], newlen, s.p[2], num, v_rtype(b, elem)}, 5);
		var_set(b, pv, r.p[0]);
		var_set(b, cv, r.p[2]);
		b_jump(b, done);
	}
	b_seal(b, done);
	b_start(b, done);
	return (Grown){var_get(b, pv), var_get(b, cv), s.p[1], newlen};
}

static ValueId elem_addr(Build *b, ValueId p, ValueId i, i64 size)
{
	return v_2(b, SsaAdd, TyPtr, p, v_2(b, SsaMul, TyI64, i, v_int(b, size)));
}

static void builtin_clear(Build *b, Val x);

/* append(s, make([]T, n)...): no slice is made. Returns the length's node, or 0 if x is not of that form. */
static NodeId made_length(Build *b, NodeId x, Type *elem)
{
	x = node_unparen(b->file, x);
	const Node *nd = node_at(b->file, x);
	if (nd->kind != NodeCall || !(info_at(b->file, x)->flags & InfoBuiltinCall) || builtin_of(b, x) != BuiltinMake || list_len(b->file, nd->b) != 2)
		return 0;
	Type *t = types_under(b_typeof(b, x));
	return t->kind == KindSlice && b_same(b, t->elem, elem) ? list_at(b->file, nd->b, 1) : 0;
}

static Val append_made(Build *b, Val s, Type *t, Type *elem, NodeId length)
{
	bool uns;
	ValueId n = expr_index(b, length, &uns);
	BlockId bad = b_block(b), fine = b_block(b);
	b_if(b, v_2(b, SsaLtS, TyI8, n, v_int(b, 0)), bad, fine, -1);
	b_seal(b, bad);
	if (b->f->b.a[bad].pred.n) {
		b_start(b, bad);
		call_rt0(b, "panicmakeslicelen", 0);
		b_jump(b, fine);
	}
	b_seal(b, fine);
	b_start(b, fine);
	Grown g = grow(b, s, n);
	Val tail = {.form = ValParts, .n = 3, .t = t, .p = {elem_addr(b, g.ptr, g.oldlen, b_size(b, elem)), n, n}};
	builtin_clear(b, tail);
	return (Val){.form = ValParts, .n = 3, .t = t, .p = {g.ptr, g.newlen, g.cap}};
}

/* Arguments of a builtin: expressions, or the results of the one call that stands for all of them. */
typedef struct Args { ListId list; u32 n; Val *result; } Args;

static Args args_of(Build *b, NodeId call)
{
	ListId l = node_at(b->file, call)->b;
	Args a = {.list = l, .n = list_len(b->file, l)};
	if (a.n != 1)
		return a;
	NodeId x = node_unparen(b->file, list_at(b->file, l, 0));
	Type *t = node_kind(b->file, x) == NodeCall ? b_typeof(b, x) : NULL;
	if (!t || t->kind != KindTuple)
		return a;
	Val v = expr_call(b, x);
	a.n = v.nelem;
	a.result = v.elem;
	return a;
}

static Val arg_to(Build *b, const Args *a, u32 i, Type *t)
{
	return a->result ? assign_conv(b, a->result[i], t) : expr_to(b, list_at(b->file, a->list, i), t);
}

static Val builtin_append(Build *b, NodeId n)
{
	const Node *nd = node_at(b->file, n);
	Type *t = b_typeof(b, n), *elem = types_under(t)->elem;
	Args arg = args_of(b, n);
	u32 cnt = arg.n;
	Val s = arg_to(b, &arg, 0, t);
	i64 size = b_size(b, elem);
	if (cnt == 1)
		return s;
	if (nd->flag & FlagDots) {
		NodeId made = made_length(b, list_at(b->file, nd->b, 1), elem);
		if (made)
			return append_made(b, s, t, elem, made);
		Val x = expr(b, list_at(b->file, nd->b, 1));
		if (x.t->kind == KindUntypedNil)
			return s;
		Grown g = grow(b, s, x.p[1]);
		if (size)
			move_elems(b, elem, elem_addr(b, g.ptr, g.oldlen, size), x.p[0], x.p[1], x.p[1], x.p[1]);
		return (Val){.form = ValParts, .n = 3, .t = t, .p = {g.ptr, g.newlen, g.cap}};
	}
	Val *v = arena_array(b->ar, Val, cnt);
	for (u32 i = 1; i < cnt; i++)
		v[i] = arg_to(b, &arg, i, elem);
	Grown g = grow(b, s, v_int(b, cnt - 1));
	ValueId at = elem_addr(b, g.ptr, g.oldlen, size);
	for (u32 i = 1; i < cnt; i++)
		val_store(b, at, size * (i64)(i - 1), v[i], true);
	return (Val){.form = ValParts, .n = 3, .t = t, .p = {g.ptr, g.newlen, g.cap}};
}

static void builtin_clear(Build *b, Val x)
{
	Type *u = under_of(&x);
	if (u->kind == KindMap) {
		call_rt0(b, "mapclear", 2, v_rtype(b, x.t), x.p[0]);
		return;
	}
	i64 size = b_size(b, u->elem);
	if (!size)
		return;
	ValueId n = v_2(b, SsaMul, TyI64, x.p[1], v_int(b, size));
	BlockId some = b_block(b), done = b_block(b);
	b_if(b, v_2(b, SsaNe, TyI8, n, v_int(b, 0)), some, done, 1);
	b_seal(b, some);
	b_start(b, some);
	call_rt0(b, b_has_pointers(b, u->elem) ? "memclrHasPointers" : "memclrNoHeapPointers", 2, x.p[0], n);
	b_jump(b, done);
	b_seal(b, done);
	b_start(b, done);
}

/* ---- make, new, len, cap ---- */

/* make([]T, len, constant): the length is checked here, so that the object has a constant size and may live in the frame. */
static void check_length(Build *b, ValueId len, i64 cap)
{
	BlockId bad = b_block(b), fine = b_block(b), neg = b_block(b), big = b_block(b);
	b_if(b, v_2(b, SsaLtU, TyI8, v_int(b, cap), len), bad, fine, -1);
	b_seal(b, bad);
	if (b->f->b.a[bad].pred.n) {
		b_start(b, bad);
		b_if(b, v_2(b, SsaLtS, TyI8, len, v_int(b, 0)), neg, big, 0);
		b_seal(b, neg), b_seal(b, big);
		b_start(b, neg);
		call_rt0(b, "panicmakeslicelen", 0);
		b_jump(b, fine);
		b_start(b, big);
		call_rt0(b, "panicmakeslicecap", 0);
		b_jump(b, fine);
	}
	b_seal(b, fine);
	b_start(b, fine);
}

static Val builtin_make(Build *b, NodeId n)
{
	const Node *nd = node_at(b->file, n);
	Type *t = b_typeof(b, n), *u = types_under(t);
	u32 cnt = list_len(b->file, nd->b);
	bool uns;
	ValueId a = cnt > 1 ? expr_index(b, list_at(b->file, nd->b, 1), &uns) : 0;
	i64 c;
	switch (u->kind) {
	case KindSlice: {
		ValueId cap = cnt > 2 ? expr_index(b, list_at(b->file, nd->b, 2), &uns) : a;
		i64 size = b_size(b, u->elem), room;
		ValueId len = a;
		if (cnt > 2 && !v_isconst(b, a, &c) && v_isconst(b, cap, &room) && size > 0 && room > 0 && room <= (64 << 10) / size) {
			check_length(b, a, room);
			len = cap;
		}
		ValueId p = v_n(b, SsaMakeSlice, TyPtr, (ValueId[]){len, cap}, 2);
		b->f->v.a[p].type = u->elem;
		b->f->v.a[p].callee = sym_alloc(b->p, u->elem);
		return (Val){.form = ValParts, .n = 3, .t = t, .p = {p, a, cap}};
	}
	case KindMap:
		if (!a || (v_isconst(b, a, &c) && c <= 8))
			return val_1(t, call_rt1(b, "makemap_small", TyPtr, 0));
		return val_1(t, call_rt1(b, "makemap", TyPtr, 3, v_rtype(b, t), a, v_const(b, TyPtr, 0)));
	case KindChan:
		return val_1(t, call_rt1(b, "makechan", TyPtr, 2, v_rtype(b, t), a ? a : v_int(b, 0)));
	}
	bug("make of type kind %d", u->kind);
}

static Val builtin_new(Build *b, NodeId n)
{
	NodeId x = list_at(b->file, node_at(b->file, n)->b, 0);
	Type *t = b_typeof(b, n), *elem = types_under(t)->elem;
	if (info_at(b->file, x)->mode == ModeType)
		return val_1(t, v_new(b, elem, 0));
	Val v = expr_to(b, x, elem);
	ValueId p = v_new(b, elem, 0);
	val_store(b, p, 0, v, true);
	return val_1(t, p);
}

static Val builtin_len(Build *b, Val x, bool cap)
{
	Type *u = under_of(&x);
	if (u->kind == KindPointer)
		u = types_under(u->elem);
	switch (u->kind) {
	case KindString: case KindUntypedString:
		return int_val(b, x.p[1]);
	case KindSlice:
		return int_val(b, x.p[cap ? 2 : 1]);
	case KindArray:
		return int_val(b, v_int(b, u->len));
	case KindChan:
		return int_val(b, call_rt1(b, cap ? "chancap" : "chanlen", TyI64, 1, x.p[0]));
	case KindMap: {                         /* first word of the map: entries in use */
		u32 r = var_new(b, TyI64);
		BlockId some = b_block(b), done = b_block(b);
		var_set(b, r, v_int(b, 0));
		b_if(b, v_2(b, SsaNe, TyI8, x.p[0], v_const(b, TyPtr, 0)), some, done, 1);
		b_seal(b, some);
		b_start(b, some);
		var_set(b, r, v_load(b, TyI64, x.p[0], 0, FlagNonNil));
		b_jump(b, done);
		b_seal(b, done);
		b_start(b, done);
		return int_val(b, var_get(b, r));
	}
	}
	bug("len of type kind %d", u->kind);
}

/* ---- min, max ---- */

static Val minmax(Build *b, Val x, Val y, bool max)
{
	TypeKind k = (TypeKind)under_of(&x)->kind;
	if (kind_is_float(k))
		return val_1(x.t, v_2(b, max ? SsaFMax : SsaFMin, v_ty(b, x.p[0]), x.p[0], y.p[0]));
	ValueId c = max ? cmp(b, OpLss, x, y) : cmp(b, OpLss, y, x);
	Val r = x;
	for (u32 i = 0; i < x.n; i++)
		r.p[i] = v_3(b, SsaSelect, v_ty(b, x.p[i]), c, y.p[i], x.p[i]);
	return r;
}

/* ---- unsafe ---- */

static void panic_unless(Build *b, ValueId ok, const char *name)
{
	BlockId good = b_block(b), bad = b_block(b);
	b_if(b, ok, good, bad, 1);
	b_seal(b, good), b_seal(b, bad);
	if (b->f->b.a[bad].pred.n) {
		b_start(b, bad);
		b->f->b.a[bad].cold = true;
		call_rt0(b, name, 0);
		b_exit(b);
	}
	b_start(b, good);
}

/* len elements of the size must fit between ptr and the end of the address space; nil only with length 0. */
static void check_unsafe(Build *b, ValueId ptr, ValueId len, i64 size, bool string)
{
	const char *plen = string ? "panicunsafestringlen" : "panicunsafeslicelen", *pnil = string ? "panicunsafestringnilptr" : "panicunsafeslicenilptr";
	panic_unless(b, v_2(b, SsaLeS, TyI8, v_int(b, 0), len), plen);
	ValueId sz = v_int(b, size), mem = v_2(b, SsaMul, TyI64, len, sz);
	ValueId isnil = v_2(b, SsaEq, TyI8, ptr, v_const(b, TyPtr, 0)), empty = v_2(b, SsaEq, TyI8, len, v_int(b, 0));
	panic_unless(b, v_2(b, SsaOr, TyI8, v_1(b, SsaBoolNot, TyI8, isnil), empty), pnil);
	if (size > 1)
		panic_unless(b, v_2(b, SsaEq, TyI8, v_2(b, SsaMulHiU, TyI64, len, sz), v_int(b, 0)), plen);
	ValueId room = v_1(b, SsaNeg, TyI64, v_1(b, SsaBitcast, TyI64, ptr));
	panic_unless(b, v_2(b, SsaOr, TyI8, isnil, v_2(b, SsaLeU, TyI8, mem, room)), plen);
}

static Val builtin_unsafe(Build *b, NodeId n, u16 id)
{
	const Node *nd = node_at(b->file, n);
	NodeId x0 = list_at(b->file, nd->b, 0);
	Type *t = b_typeof(b, n);
	bool uns;
	if (id == BuiltinUnsafeSizeof)
		return val_1(t, v_int(b, b_size(b, b_typeof(b, x0))));
	if (id == BuiltinUnsafeAlignof)
		return val_1(t, v_int(b, types_layout(b->k, b_typeof(b, x0))->align));
	Args arg = args_of(b, n);
	Val x = arg.result ? arg.result[0] : expr(b, x0), y = {0};
	if (arg.n > 1)
		y = arg.result ? arg.result[1] : expr(b, list_at(b->file, nd->b, 1));
	switch (id) {
	case BuiltinUnsafeAdd:
		return val_1(t, v_2(b, SsaAdd, TyPtr, x.p[0], index_of(b, y, &uns)));
	case BuiltinUnsafeSliceData: case BuiltinUnsafeStringData:
		return val_1(t, x.p[0]);
	case BuiltinUnsafeSlice: {
		ValueId len = index_of(b, y, &uns);
		check_unsafe(b, x.p[0], len, b_size(b, types_under(t)->elem), false);
		return (Val){.form = ValParts, .n = 3, .t = t, .p = {x.p[0], len, len}};
	}
	case BuiltinUnsafeString: {
		ValueId len = index_of(b, y, &uns);
		check_unsafe(b, x.p[0], len, 1, true);
		return (Val){.form = ValParts, .n = 2, .t = t, .p = {x.p[0], len}};
	}
	}
	bug("unsafe builtin %d", id);
}

/* ---- */

Val builtin_apply(Build *b, NodeId call, u16 id, Val *v, u32 n)
{
	(void)call;
	switch (id) {
	case BuiltinClose:
		call_rt0(b, "closechan", 1, v[0].p[0]);
		return (Val){0};
	case BuiltinDelete:
		mapidx_delete(b, v[0].t, v[0].p[0], v[1]);
		return (Val){0};
	case BuiltinPanic:
		call_rt0(b, "gopanic", 2, v[0].p[0], v[0].p[1]);
		b_exit(b);
		return (Val){0};
	case BuiltinPrint: case BuiltinPrintln:
		print_all(b, v, n, id == BuiltinPrintln);
		return (Val){0};
	case BuiltinCopy:
		return builtin_copy(b, v[0], v[1]);
	case BuiltinClear:
		builtin_clear(b, v[0]);
		return (Val){0};
	case BuiltinRecover: {
		Val r = call_runtime(b, "gorecover", "pp", NULL, 0);
		return val_retype(r, b->k->t_empty_iface);
	}
	case BuiltinLen: case BuiltinCap:
		return builtin_len(b, v[0], id == BuiltinCap);
	}
	bug("builtin %d on values", id);
}

/* Which builtin a call names: print, or unsafe.Add. */
u16 builtin_of(Build *b, NodeId call)
{
	NodeId fun = node_unparen(b->file, node_at(b->file, call)->a);
	ExprInfo *in = info_at(b->file, fun);
	Obj *o = in->obj;
	if (node_kind(b->file, fun) == NodeSelector)
		o = in->sel->obj;
	return o->builtin;
}

Val expr_builtin(Build *b, NodeId n)
{
	const Node *nd = node_at(b->file, n);
	u16 id = builtin_of(b, n);
	Type *t = b_typeof(b, n);
	switch (id) {
	case BuiltinAppend:
		return builtin_append(b, n);
	case BuiltinMake:
		return builtin_make(b, n);
	case BuiltinNew:
		return builtin_new(b, n);
	case BuiltinMin: case BuiltinMax: {
		Args arg = args_of(b, n);
		Val r = arg_to(b, &arg, 0, t);
		for (u32 i = 1; i < arg.n; i++)
			r = minmax(b, r, arg_to(b, &arg, i, t), id == BuiltinMax);
		return r;
	}
	case BuiltinComplex: {
		Ty f = types_under(t)->kind == KindComplex64 ? TyF32 : TyF64;
		Type *ft = b_basic(b, f == TyF32 ? KindFloat32 : KindFloat64);
		Args arg = args_of(b, n);
		ValueId re = arg_to(b, &arg, 0, ft).p[0], im = arg_to(b, &arg, 1, ft).p[0];
		return (Val){.form = ValParts, .n = 2, .t = t, .p = {re, im}};
	}
	case BuiltinReal: case BuiltinImag:
		return val_1(t, expr(b, list_at(b->file, nd->b, 0)).p[id == BuiltinImag]);
	case BuiltinUnsafeAdd: case BuiltinUnsafeAlignof: case BuiltinUnsafeSizeof: case BuiltinUnsafeSlice: case BuiltinUnsafeSliceData:
	case BuiltinUnsafeString: case BuiltinUnsafeStringData:
		return builtin_unsafe(b, n, id);
	case BuiltinUnsafeOffsetof: {
		const Node *sel = node_at(b->file, node_unparen(b->file, list_at(b->file, nd->b, 0)));
		Selection *s = info_at(b->file, node_unparen(b->file, list_at(b->file, nd->b, 0)))->sel;
		Type *at = b_typeof(b, sel->a);
		i64 off = 0;
		for (u32 i = 0; i < s->npath; i++) {
			Type *u = types_under(at);
			if (u->kind == KindPointer)
				u = types_under(u->elem);
			off += types_layout(b->k, u)->offset[s->path[i]];
			at = u->st.field[s->path[i]]->type;
		}
		return val_1(t, v_int(b, off));
	}
	}
	Callee c;
	callee_of(b, n, &c);
	c.builtin = id;
	Val r = builtin_apply(b, n, id, c.arg, c.narg);
	return r.form == ValParts && t && t->kind <= KindAlias && r.n && types_under(t)->kind == types_under(r.t)->kind ? val_retype(r, t) : r;
}
