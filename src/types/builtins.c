/* builtins: calls of predeclared functions and of package unsafe (spec: Built-in functions). */
#include "check.h"

typedef struct BuiltinFact { const char *name; u8 nargs; bool variadic; u8 kind; } BuiltinFact;

static const BuiltinFact facts[BuiltinMax_] = {
	/*                           name        args more   kind */
	[BuiltinAppend]          = { "append",     1, true,  ExprExpression },
	[BuiltinCap]             = { "cap",        1, false, ExprExpression },
	[BuiltinClear]           = { "clear",      1, false, ExprStatement },
	[BuiltinClose]           = { "close",      1, false, ExprStatement },
	[BuiltinComplex]         = { "complex",    2, false, ExprExpression },
	[BuiltinCopy]            = { "copy",       2, false, ExprStatement },
	[BuiltinDelete]          = { "delete",     2, false, ExprStatement },
	[BuiltinImag]            = { "imag",       1, false, ExprExpression },
	[BuiltinLen]             = { "len",        1, false, ExprExpression },
	[BuiltinMake]            = { "make",       1, true,  ExprExpression },
	[BuiltinMax]             = { "max",        1, true,  ExprExpression },
	[BuiltinMin]             = { "min",        1, true,  ExprExpression },
	[BuiltinNew]             = { "new",        1, false, ExprExpression },
	[BuiltinPanic]           = { "panic",      1, false, ExprStatement },
	[BuiltinPrint]           = { "print",      0, true,  ExprStatement },
	[BuiltinPrintln]         = { "println",    0, true,  ExprStatement },
	[BuiltinReal]            = { "real",       1, false, ExprExpression },
	[BuiltinRecover]         = { "recover",    0, false, ExprStatement },
	[BuiltinUnsafeAdd]       = { "Add",        2, false, ExprExpression },
	[BuiltinUnsafeAlignof]   = { "Alignof",    1, false, ExprExpression },
	[BuiltinUnsafeOffsetof]  = { "Offsetof",   1, false, ExprExpression },
	[BuiltinUnsafeSizeof]    = { "Sizeof",     1, false, ExprExpression },
	[BuiltinUnsafeSlice]     = { "Slice",      2, false, ExprExpression },
	[BuiltinUnsafeSliceData] = { "SliceData",  1, false, ExprExpression },
	[BuiltinUnsafeString]    = { "String",     2, false, ExprExpression },
	[BuiltinUnsafeStringData]= { "StringData", 1, false, ExprExpression },
	[BuiltinAssert]          = { "assert",     1, false, ExprStatement },
	[BuiltinTrace]           = { "trace",      0, true,  ExprExpression },
};

ExprKind builtin_kind(u32 id) { return (ExprKind)facts[id].kind; }

/* One call: x is the result and, at first, the first argument. */
typedef struct Call {
	Check *c;
	Operand *x;
	NodeId node;
	u32 id;
	Operand **arg;
	u32 n;
	ListId list;
	Type *type, *elem;        /* for the term functions */
	bool flag;
	const char *cause;
} Call;

static Type *basic(Call *b, TypeKind k) { return b->c->k->typ[k]; }

static bool result(Call *b, u8 mode, Type *t)
{
	b->x->mode = mode;
	b->x->type = t;
	return true;
}

static NodeId fun_of(Call *b) { return node_at(b->c->env.file, b->node)->a; }

static bool version(Call *b, int minor, const char *what)
{
	return check_version(b->c, node_start(b->c->env.file, fun_of(b)), minor, "%s", what);
}

/* Element type of slice x: all terms slices of one element type. cause says why not. */
static bool slice_elem_term(void *arg, Type *t, Type *u)
{
	Call *b = arg;
	Check *c = b->c;
	(void)t;
	if (!u || u->kind != KindSlice) {
		b->cause = b->x->mode == ModeNil ? "argument must be a slice; have untyped nil" : s_fmt(c, "argument must be a slice; have %s", s_operand(c, b->x));
		return false;
	}
	if (b->elem && !types_identical(c->k, b->elem, u->elem)) {
		b->cause = s_fmt(c, "mismatched slice element types %s and %s in %s", s_type(c, b->elem), s_type(c, u->elem), s_operand(c, b->x));
		return false;
	}
	b->elem = u->elem;
	return true;
}

static Type *slice_elem(Check *c, Operand *x, const char **cause)
{
	Call b = { .c = c, .x = x };
	if (x->mode == ModeNil) {
		*cause = "argument must be a slice; have untyped nil";
		return NULL;
	}
	bool ok = type_each_term(c->k, x->type, slice_elem_term, &b);
	*cause = b.cause;
	return ok ? b.elem : NULL;
}

/* Every term is a []byte or a string; flag: there is a string. */
static bool bytes_or_string_term(void *arg, Type *t, Type *u)
{
	Call *b = arg;
	(void)t;
	if (u && u->kind == KindSlice && types_identical(b->c->k, u->elem, b->c->k->t_byte))
		return true;
	if (u && (kind_info(u->kind) & IsString)) {
		b->flag = true;
		return true;
	}
	return false;
}

static bool bytes_or_string(Check *c, Operand *y, bool *has_string)
{
	Call b = { .c = c };
	if (y->mode == ModeNil)
		return false;
	bool ok = type_each_term(c->k, y->type, bytes_or_string_term, &b);
	*has_string = b.flag;
	return ok;
}

static bool is_byte_slice(Check *c, Operand *x)
{
	return check_operand_assignable(c, x, types_slice(c->k, c->k->t_byte), NULL);
}

/* Runtime operand of untyped type: give it its default. */
static void settle(Check *c, Operand *y)
{
	if (type_is_untyped(y->type) && y->mode != ModeNil)
		check_convert_untyped(c, y, type_default(c->k, y->type));
}

static bool append(Call *b)
{
	Check *c = b->c;
	Operand *x = b->x;
	const char *cause;
	bool has_string = false;
	Type *elem = slice_elem(c, x, &cause);
	if (!elem) {
		err_operand(c, x, "invalid append: %s", cause);
		return false;
	}
	bool dots = node_at(c->env.file, b->node)->flag & FlagDots;
	if (b->n == 2 && dots && is_byte_slice(c, x) && bytes_or_string(c, b->arg[1], &has_string) && has_string) {
		settle(c, b->arg[1]);
		return result(b, ModeValue, x->type);
	}
	Type *params[] = { x->type, types_slice(c->k, elem) }, *res = x->type;
	Type *sig = types_func(c->k, types_tuple_of(c->k, params, 2), types_tuple_of(c->k, &res, 1), true);
	call_arguments(c, b->node, sig, NULL, 0, NULL, 0, b->arg, b->n, NULL, NULL);
	return result(b, ModeValue, res);
}

static Type *array_deref(Type *t)
{
	Type *p = types_unalias(t);
	if (p->kind == KindPointer && !type_is_tparam(p->elem)) {
		Type *a = types_under(p->elem);
		if (a->kind == KindArray)
			return a;
	}
	return t;
}

static bool has_len(Call *b, Type *u)
{
	Type *t = array_deref(u);
	switch (t->kind) {
	case KindArray: case KindSlice: case KindChan: return true;
	case KindMap: return b->id == BuiltinLen;
	default: return b->id == BuiltinLen && (kind_info(t->kind) & IsString);
	}
}

static bool len_term(void *arg, Type *t, Type *u)
{
	(void)t;
	return u && has_len(arg, u);
}

static bool len_or_cap(Call *b, bool calls)
{
	Check *c = b->c;
	Operand *x = b->x;
	if (x->mode == ModeNil || !type_each_term(c->k, x->type, len_term, b)) {
		if (!type_is_invalid(types_under(x->type)))
			err_operand(c, x, "invalid argument: %s for built-in %s", s_operand(c, x), facts[b->id].name);
		return false;
	}
	Type *u = type_is_tparam(x->type) ? NULL : array_deref(types_under(x->type));
	u8 mode = ModeValue;
	const Const *val = NULL;
	u32 n;
	if (u && x->mode == ModeConst) {
		mode = ModeConst;
		const_str(x->val, &n);
		val = const_make_int(c->ar, n);
	} else if (u && u->kind == KindArray && !calls) {
		mode = ModeConst;
		val = u->len >= 0 ? const_make_int(c->ar, u->len) : const_make_unknown();
	}
	x->val = val;
	return result(b, mode, basic(b, KindInt));
}

static bool clear_term(void *arg, Type *t, Type *u)
{
	Call *b = arg;
	(void)t;
	if (u && (u->kind == KindMap || u->kind == KindSlice))
		return true;
	err_operand(b->c, b->x, "invalid argument: cannot clear %s: argument must be (or constrained by) map or slice", s_operand(b->c, b->x));
	return false;
}

static bool close_term(void *arg, Type *t, Type *u)
{
	Call *b = arg;
	(void)t;
	if (!u || u->kind != KindChan)
		err_operand(b->c, b->x, "invalid operation: cannot close non-channel %s", s_operand(b->c, b->x));
	else if (u->dir == ChanRecvOnly)
		err_operand(b->c, b->x, "invalid operation: cannot close receive-only channel %s", s_operand(b->c, b->x));
	else
		return true;
	return false;
}

static bool delete_term(void *arg, Type *t, Type *u)
{
	Call *b = arg;
	(void)t;
	if (!u || u->kind != KindMap) {
		err_operand(b->c, b->x, "invalid argument: %s is not a map", s_operand(b->c, b->x));
		return false;
	}
	if (b->type && !types_identical(b->c->k, u->key, b->type)) {
		err_operand(b->c, b->x, "invalid argument: maps of %s must have identical key types", s_operand(b->c, b->x));
		return false;
	}
	b->type = u->key;
	return true;
}

/* Maps the float or complex type of x to its counterpart; NULL if there is none. */
static Type *counterpart(Call *b, Type *t)
{
	TypeKind k = types_under(t)->kind;
	if (b->id == BuiltinComplex)
		return k == KindFloat32 ? basic(b, KindComplex64) : k == KindFloat64 ? basic(b, KindComplex128) : k == KindUntypedFloat ? basic(b, KindUntypedComplex) : NULL;
	return k == KindComplex64 ? basic(b, KindFloat32) : k == KindComplex128 ? basic(b, KindFloat64) : k == KindUntypedComplex ? basic(b, KindUntypedFloat) : NULL;
}

static bool counterpart_term(void *arg, Type *t, Type *u)
{
	(void)u;
	return t && counterpart(arg, t);
}

static Type *apply(Call *b, Type *t)
{
	if (!type_is_tparam(t))
		return type_is_invalid(t) ? NULL : counterpart(b, t);
	if (!type_each_term(b->c->k, t, counterpart_term, b))
		return NULL;
	err_operand(b->c, b->x, "%s not supported as argument to built-in %s for go1.18 (see go.dev/issue/50937)", s_operand(b->c, b->x), facts[b->id].name);
	return basic(b, KindInvalid);
}

static void complex_to_float(Call *b, Operand *x)
{
	if (type_is(x->type, IsNumeric) && const_sign(const_imag(b->c->k, x->val)) == 0)
		x->type = basic(b, KindUntypedFloat);
}

static bool make_complex(Call *b)
{
	Check *c = b->c;
	Operand *x = b->x, *y = b->arg[1];
	bool ux = type_is_untyped(x->type), uy = type_is_untyped(y->type);
	if (ux && !uy) {
		check_convert_untyped(c, x, y->type);
	} else if (!ux && uy) {
		check_convert_untyped(c, y, x->type);
	} else if (ux && uy && x->mode == ModeConst && y->mode == ModeConst) {
		complex_to_float(b, x);
		complex_to_float(b, y);
	} else if (ux && uy) {
		check_convert_untyped(c, x, basic(b, KindFloat64));
		check_convert_untyped(c, y, basic(b, KindFloat64));
	}
	if (x->mode == ModeInvalid || y->mode == ModeInvalid)
		return false;
	if (!types_identical(c->k, x->type, y->type)) {
		err_operand(c, x, "invalid operation: %s (mismatched types %s and %s)", s_expr(c, b->node), s_type(c, x->type), s_type(c, y->type));
		return false;
	}
	Type *t = apply(b, x->type);
	if (!t) {
		err_operand(c, x, "invalid argument: arguments have type %s, expected floating-point", s_type(c, x->type));
		return false;
	}
	if (x->mode == ModeConst && y->mode == ModeConst) {
		const Const *re = const_to_float(c->ar, x->val), *im = const_make_imag(c->ar, const_to_float(c->ar, y->val));
		x->val = const_binary(c->ar, re, OpAdd, im, false);
		return result(b, ModeConst, t);
	}
	return result(b, ModeValue, t);
}

static bool real_or_imag(Call *b)
{
	Check *c = b->c;
	Operand *x = b->x;
	if (type_is_untyped(x->type)) {
		if (x->mode == ModeConst) {
			if (type_is(x->type, IsNumeric))
				x->type = basic(b, KindUntypedComplex);
		} else {
			check_convert_untyped(c, x, basic(b, KindComplex128));
			if (x->mode == ModeInvalid)
				return false;
		}
	}
	Type *t = apply(b, x->type);
	if (!t) {
		err_operand(c, x, "invalid argument: argument has type %s, expected complex type", s_type(c, x->type));
		return false;
	}
	if (x->mode != ModeConst)
		return result(b, ModeValue, t);
	x->val = b->id == BuiltinReal ? const_real(c->k, x->val) : const_imag(c->k, x->val);
	return result(b, ModeConst, t);
}

static bool copy(Call *b)
{
	Check *c = b->c;
	Operand *x = b->x, *y = b->arg[1];
	bool has_string;
	if (!is_byte_slice(c, x) || !bytes_or_string(c, y, &has_string)) {
		const char *cause;
		Type *dst = slice_elem(c, x, &cause);
		if (!dst) {
			err_operand(c, x, "invalid copy: %s", cause);
			return false;
		}
		Type *src = slice_elem(c, y, &cause);
		if (!src) {
			if (!type_all(y->type, IsString)) {
				err_operand(c, y, "invalid copy: %s", cause);
				return false;
			}
			src = c->k->t_byte;
		}
		if (!types_identical(c->k, dst, src)) {
			err_operand(c, x, "invalid copy: arguments %s and %s have different element types %s and %s", s_operand(c, x), s_operand(c, y), s_type(c, dst), s_type(c, src));
			return false;
		}
	}
	settle(c, y);
	return result(b, ModeValue, basic(b, KindInt));
}

static bool make_cond(void *arg, Type *t, Type *u, const char **cause)
{
	(void)arg;
	(void)t;
	if (u && (u->kind == KindSlice || u->kind == KindMap || u->kind == KindChan))
		return true;
	*cause = u ? "type must be slice, map, or channel" : "no specific type";
	return false;
}

static bool make(Call *b)
{
	Check *c = b->c;
	NodeId arg0 = list_at(c->env.file, b->list, 0);
	Type *T = check_var_type(c, arg0);
	if (type_is_invalid(T))
		return false;
	const char *cause = "";
	Type *u = check_common_under(c->k, T, make_cond, NULL, &cause);
	if (!u) {
		err_node(c, arg0, "invalid argument: cannot make %s: %s", s_expr(c, arg0), cause);
		return false;
	}
	u32 min = u->kind == KindSlice ? 2 : 1;
	if (b->n < min || b->n > min + 1) {
		err_node(c, b->node, "invalid operation: %s expects %u or %u arguments; found %u", s_expr(c, b->node), min, min + 1, b->n);
		return false;
	}
	i64 size[2];
	u32 k = 0;
	for (u32 i = 1; i < b->n; i++) {
		i64 v;
		index_value(c, list_at(c->env.file, b->list, i), -1, &v);
		if (v >= 0)
			size[k++] = v;
	}
	if (k == 2 && size[0] > size[1])
		err_node(c, list_at(c->env.file, b->list, 1), "invalid argument: length and capacity swapped");
	return result(b, ModeValue, T);
}

static bool min_or_max(Call *b)
{
	Check *c = b->c;
	Operand *x = b->x;
	const char *name = facts[b->id].name;
	version(b, 21, s_fmt(c, "built-in %s", name));
	for (u32 i = 0; i < b->n; i++) {
		Operand *a = b->arg[i];
		if (!type_all(a->type, IsOrdered) || a->mode == ModeNil) {
			err_operand(c, a, "invalid argument: %s cannot be ordered", s_operand(c, a));
			return false;
		}
		if (!i)
			continue;
		expr_match_types(c, x, a);
		if (x->mode == ModeInvalid)
			return false;
		if (!types_identical(c->k, x->type, a->type)) {
			err_operand(c, a, "invalid argument: mismatched types %s (previous argument) and %s (type of %s)", s_type(c, x->type), s_type(c, a->type), s_expr(c, a->expr));
			return false;
		}
		if (x->mode == ModeConst && a->mode == ModeConst) {
			if (const_compare(a->val, b->id == BuiltinMax ? OpGtr : OpLss, x->val))
				*x = *a;
		} else {
			x->mode = ModeValue;
		}
	}
	if (x->mode != ModeConst) {
		x->mode = ModeValue;
		check_assignment(c, x, c->k->t_empty_iface, s_fmt(c, "argument to built-in %s", name));
		if (x->mode == ModeInvalid)
			return false;
	}
	for (u32 i = 0; i < b->n; i++)
		expr_update_type(c, b->arg[i]->expr, x->type, true);
	return true;
}

static bool new_(Call *b)
{
	Check *c = b->c;
	Operand *x = b->x;
	NodeId arg = list_at(c->env.file, b->list, 0);
	check_expr_or_type(c, x, arg, false);
	expr_exclude(c, x, 1u << ModeNovalue | 1u << ModeBuiltin);
	if (x->mode == ModeInvalid)
		return false;
	if (x->mode == ModeType) {
		check_valid_var_type(c, arg, x->type);
	} else {
		if (type_is_untyped(x->type)) {
			check_assignment(c, x, NULL, "argument to new");
			if (x->mode == ModeInvalid)
				return false;
		}
		version(b, 26, s_fmt(c, "new(%s)", s_expr(c, arg)));
	}
	return result(b, ModeValue, types_pointer(c->k, x->type));
}

static bool print(Call *b)
{
	const char *context = s_fmt(b->c, "argument to built-in %s", facts[b->id].name);
	for (u32 i = 0; i < b->n; i++) {
		check_assignment(b->c, b->arg[i], NULL, context);
		if (b->arg[i]->mode == ModeInvalid)
			return false;
	}
	return result(b, ModeNovalue, b->c->k->t_empty_tuple);
}

/* ---- unsafe ---- */

/* Sizes of types that mention type parameters are known per instance only. */
static bool var_size(Type *t)
{
	return types_has_tparam(t);
}

typedef struct Seen { const struct Seen *up; Type *t; } Seen;

static bool has_var_size(Type *t, const Seen *up)
{
	if (type_is_tparam(t))
		return true;
	Type *n = type_named(t);
	Seen seen = { up, n };
	if (n) {
		for (const Seen *s = up; s; s = s->up)
			if (s->t == n)
				return false;
		up = &seen;
	}
	Type *u = types_under(t);
	if (!n && !var_size(u))
		return false;
	if (u->kind == KindArray)
		return has_var_size(u->elem, up);
	if (u->kind == KindStruct)
		for (u32 i = 0; i < u->st.n; i++)
			if (has_var_size(u->st.field[i]->type, up))
				return true;
	return false;
}

static bool size_or_align(Call *b)
{
	Check *c = b->c;
	Operand *x = b->x;
	bool align = b->id == BuiltinUnsafeAlignof;
	check_assignment(c, x, NULL, s_fmt(c, "argument to unsafe.%s", facts[b->id].name));
	if (x->mode == ModeInvalid)
		return false;
	if (has_var_size(x->type, NULL))
		return result(b, ModeValue, basic(b, KindUintptr));
	Layout *l = types_layout(c->k, x->type);
	if (!align && l->size < 0) {
		err_operand(c, x, "%s is too large", s_operand(c, x));
		return false;
	}
	x->val = const_make_int(c->ar, align ? l->align : l->size);
	return result(b, ModeConst, basic(b, KindUintptr));
}

static bool offsetof_(Call *b)
{
	Check *c = b->c;
	File *f = c->env.file;
	Operand *x = b->x;
	NodeId arg0 = list_at(f, b->list, 0), sel = node_unparen(f, arg0);
	if (node_kind(f, sel) != NodeSelector) {
		err_node(c, arg0, "invalid argument: %s is not a selector expression", s_expr(c, arg0));
		expr_use(c, arg0);
		return false;
	}
	expr_single(c, NULL, x, node_at(f, sel)->a);
	if (x->mode == ModeInvalid)
		return false;
	Type *base = x->type, *p = types_under(base);
	if (p->kind == KindPointer && types_under(p->elem)->kind == KindStruct)
		base = p->elem;
	Name *name = node_name(f, node_at(f, sel)->b);
	LookupResult r = check_lookup_member(c, base, false, c->pkg, name, false);
	if (!r.obj) {
		err_operand(c, x, "invalid argument: %s has no single field %s", s_type(c, base), name->s);
		return false;
	}
	if (r.obj->kind == ObjFunc) {
		err_node(c, arg0, "invalid argument: %s is a method value", s_expr(c, arg0));
		return false;
	}
	if (r.indirect) {
		err_operand(c, x, "invalid argument: field %s is embedded via a pointer in %s", name->s, s_type(c, base));
		return false;
	}
	r.sel->kind = SelField;
	r.sel->recv = base;
	r.sel->obj = r.obj;
	check_record_use(c, node_at(f, sel)->b, r.obj);
	check_record_sel(c, sel, r.sel);
	check_record_type(c, sel, x->mode == ModeVar ? ModeVar : ModeValue, r.obj->type);
	if (has_var_size(base, NULL))
		return result(b, ModeValue, basic(b, KindUintptr));
	if (types_layout(c->k, base)->size < 0) {
		err_operand(c, x, "%s is too large", s_operand(c, x));
		return false;
	}
	i64 off = 0;
	Type *t = base;
	for (u32 i = 0; i < r.sel->npath; i++) {
		off += types_layout(c->k, t)->offset[r.sel->path[i]];
		t = types_under(t)->st.field[r.sel->path[i]]->type;
	}
	x->val = const_make_int(c->ar, off);
	return result(b, ModeConst, basic(b, KindUintptr));
}

static bool unsafe(Call *b)
{
	Check *c = b->c;
	Operand *x = b->x;
	Type *u, *ptr = basic(b, KindUnsafePointer);
	const char *cause = "";
	switch (b->id) {
	case BuiltinUnsafeAdd:
		version(b, 17, "unsafe.Add");
		check_assignment(c, x, ptr, "argument to unsafe.Add");
		return x->mode != ModeInvalid && index_valid(c, b->arg[1], "length", true) && result(b, ModeValue, ptr);
	case BuiltinUnsafeSlice:
		version(b, 17, "unsafe.Slice");
		u = x->mode == ModeNil ? NULL : check_common_under(c->k, x->type, NULL, NULL, &cause);
		if (!u || u->kind != KindPointer) {
			err_operand(c, x, "invalid argument: %s is not a pointer", s_operand(c, x));
			return false;
		}
		return index_valid(c, b->arg[1], "length", false) && result(b, ModeValue, types_slice(c->k, u->elem));
	case BuiltinUnsafeSliceData:
		version(b, 20, "unsafe.SliceData");
		u = x->mode == ModeNil ? NULL : check_common_under(c->k, x->type, NULL, NULL, &cause);
		if (!u || u->kind != KindSlice) {
			err_operand(c, x, "invalid argument: %s is not a slice", s_operand(c, x));
			return false;
		}
		return result(b, ModeValue, types_pointer(c->k, u->elem));
	case BuiltinUnsafeString:
		version(b, 20, "unsafe.String");
		check_assignment(c, x, types_pointer(c->k, c->k->t_byte), "argument to unsafe.String");
		return x->mode != ModeInvalid && index_valid(c, b->arg[1], "length", false) && result(b, ModeValue, basic(b, KindString));
	default:
		version(b, 20, "unsafe.StringData");
		check_assignment(c, x, basic(b, KindString), "argument to unsafe.StringData");
		return x->mode != ModeInvalid && result(b, ModeValue, types_pointer(c->k, c->k->t_byte));
	}
}

static bool assert_(Call *b)
{
	Check *c = b->c;
	Operand *x = b->x;
	if (x->mode != ModeConst || !type_is(x->type, IsBool)) {
		err_operand(c, x, "invalid argument: %s is not a boolean constant", s_operand(c, x));
		return false;
	}
	if (!const_bool(x->val))
		err_node(c, b->node, "%s failed", s_expr(c, b->node));
	return true;
}

static bool dispatch(Call *b, bool calls)
{
	Check *c = b->c;
	Operand *x = b->x;
	switch (b->id) {
	case BuiltinAppend: return append(b);
	case BuiltinCap: case BuiltinLen: return len_or_cap(b, calls);
	case BuiltinClear:
		version(b, 21, "clear");
		if (x->mode == ModeNil ? !clear_term(b, NULL, NULL) : !type_each_term(c->k, x->type, clear_term, b))
			return false;
		return result(b, ModeNovalue, c->k->t_empty_tuple);
	case BuiltinClose:
		if (x->mode == ModeNil ? !close_term(b, NULL, NULL) : !type_each_term(c->k, x->type, close_term, b))
			return false;
		return result(b, ModeNovalue, c->k->t_empty_tuple);
	case BuiltinComplex: return make_complex(b);
	case BuiltinCopy: return copy(b);
	case BuiltinDelete:
		if (x->mode == ModeNil ? !delete_term(b, NULL, NULL) : !type_each_term(c->k, x->type, delete_term, b))
			return false;
		*x = *b->arg[1];
		check_assignment(c, x, b->type, "argument to delete");
		return x->mode != ModeInvalid && result(b, ModeNovalue, c->k->t_empty_tuple);
	case BuiltinImag: case BuiltinReal: return real_or_imag(b);
	case BuiltinMake: return make(b);
	case BuiltinMax: case BuiltinMin: return min_or_max(b);
	case BuiltinNew: return new_(b);
	case BuiltinPanic:
		if (c->env.is_panic)
			map_put(c->ar, c->env.is_panic, b->node, 1);
		check_assignment(c, x, c->k->t_empty_iface, "argument to panic");
		return x->mode != ModeInvalid && result(b, ModeNovalue, c->k->t_empty_tuple);
	case BuiltinPrint: case BuiltinPrintln: return print(b);
	case BuiltinRecover:
		if (c->env.body && !c->env.lit)
			c->env.body->has_recover = true;
		return result(b, ModeValue, c->k->t_empty_iface);
	case BuiltinUnsafeAlignof: case BuiltinUnsafeSizeof: return size_or_align(b);
	case BuiltinUnsafeOffsetof: return offsetof_(b);
	case BuiltinAssert: return assert_(b);
	case BuiltinTrace:
		for (u32 i = 0; i < b->n; i++) {
			Operand t;
			expr_raw(c, NULL, i ? &t : x, list_at(c->env.file, b->list, i), NULL, false);
		}
		if (!b->n)
			return result(b, ModeNovalue, c->k->t_empty_tuple);
		return x->mode != ModeInvalid;
	default: return unsafe(b);
	}
}

static bool evaluate_args(Call *b)
{
	Check *c = b->c;
	u32 n = list_len(c->env.file, b->list);
	bool ok = true, commaok;
	if (n == 1) {
		Operand *list;
		b->n = expr_multi(c, list_at(c->env.file, b->list, 0), false, &list, &commaok);
		b->arg = arena_array(c->ar, Operand *, b->n + 1);
		for (u32 i = 0; i < b->n; i++)
			b->arg[i] = &list[i];
	} else {
		Operand *v = arena_array(c->ar, Operand, n + 1);
		b->arg = arena_array(c->ar, Operand *, n + 1);
		b->n = n;
		for (u32 i = 0; i < n; i++) {
			expr_single(c, NULL, &v[i], list_at(c->env.file, b->list, i));
			b->arg[i] = &v[i];
		}
	}
	for (u32 i = 0; i < b->n; i++)
		ok = ok && b->arg[i]->mode != ModeInvalid;
	if (ok && b->n)
		*b->x = *b->arg[0];
	return ok;
}

bool call_builtin(Check *c, Operand *x, NodeId call, u32 id)
{
	const Node *n = node_at(c->env.file, call);
	const BuiltinFact *fact = &facts[id];
	Call b = { .c = c, .x = x, .node = call, .id = id, .list = n->b };
	if ((n->flag & FlagDots) && id != BuiltinAppend) {
		err_node(c, call, "invalid operation: invalid use of ... with built-in %s", fact->name);
		for (u32 i = 0; i < list_len(c->env.file, n->b); i++)
			expr_use(c, list_at(c->env.file, n->b, i));
		return false;
	}
	bool saved = c->env.has_call_or_recv, calls;
	bool counts = id == BuiltinLen || id == BuiltinCap;
	if (counts)
		c->env.has_call_or_recv = false;
	if (id == BuiltinMake || id == BuiltinNew || id == BuiltinUnsafeOffsetof || id == BuiltinTrace) {
		b.n = list_len(c->env.file, n->b);
	} else if (!evaluate_args(&b)) {
		if (counts)
			c->env.has_call_or_recv = saved;
		return false;
	}
	calls = c->env.has_call_or_recv;
	if (counts)
		c->env.has_call_or_recv = saved;
	const char *msg = b.n < fact->nargs ? "not enough" : !fact->variadic && b.n > fact->nargs ? "too many" : NULL;
	if (msg) {
		err_node(c, call, "invalid operation: %s arguments for %s (expected %u, found %u)", msg, s_expr(c, call), fact->nargs, b.n);
		return false;
	}
	return dispatch(&b, calls);
}
