/* expr: operands, operators, and untyped expressions.
 *
 * Expressions are checked top down; each function leaves its result in an Operand, with ModeInvalid after an error.
 * expr_raw dispatches on the node and records what it found in the file's info.
 *
 * An untyped expression is recorded with its untyped type and gets its final type later, when it meets a typed
 * operand, a variable or its default: expr_update_type then walks down the tree again, since the operands of a
 * non-constant untyped tree (comparisons, shifts) take the type of the whole. Whether a node still waits for its
 * type is simply whether its recorded type is untyped.
 */
#include "check.h"

#include <math.h>

/* ---- recording ---- */

void expr_record_as(Check *c, NodeId n, u8 mode, Type *t, const Const *val)
{
	if (!n)
		return;
	ExprInfo *i = check_info(c, n);
	i->type = t;
	i->mode = mode;
	i->lhs = 0;
	if (mode == ModeConst) {
		i->val = val;
		i->flags &= (u8)~InfoObj;
	}
}

void expr_record(Check *c, Operand *x)
{
	switch (x->mode) {
	case ModeInvalid:
		expr_record_as(c, x->expr, ModeInvalid, c->k->typ[KindInvalid], NULL);
		break;
	case ModeNovalue:
		expr_record_as(c, x->expr, ModeNovalue, c->k->t_empty_tuple, NULL);
		break;
	case ModeBuiltin:
		expr_record_as(c, x->expr, ModeBuiltin, c->k->typ[KindInvalid], NULL);
		break;
	default:
		expr_record_as(c, x->expr, x->mode, x->type, x->val);
	}
}

const char *expr_text(Check *c, const Operand *x) { return x->text ? x->text : s_expr(c, x->expr); }

static bool pending(const ExprInfo *i) { return i->type && i->mode != ModeInvalid && type_is_untyped(i->type); }

void expr_update_val(Check *c, NodeId n, const Const *v)
{
	if (!n)
		return;
	ExprInfo *i = check_info(c, n);
	if (pending(i) && i->mode == ModeConst)
		i->val = v;
}

static bool is_comparison(Op op) { return op >= OpEql && op <= OpGeq; }
static bool is_shift(Op op) { return op == OpShl || op == OpShr; }

/* The walk down: n and the operands that share its type become t. */
void expr_update_type(Check *c, NodeId n, Type *t, bool final)
{
	if (!n)
		return;
	ExprInfo *i = check_info(c, n);
	const Node *node = node_at(c->env.file, n);
	if (!pending(i))
		return;
	bool is_const = i->mode == ModeConst;
	if (!check_enter(c, n)) {
		check_leave(c);
		return;
	}
	switch (node->kind) {
	case NodeParen:
		expr_update_type(c, node->a, t, final);
		break;
	case NodeUnary:
		if (!is_const)
			expr_update_type(c, node->a, t, final);
		break;
	case NodeBinary:
		if (is_const || is_comparison(node->op))
			break;
		expr_update_type(c, node->a, t, final);
		if (!is_shift(node->op))
			expr_update_type(c, node->b, t, final);
		break;
	}
	check_leave(c);
	if (!final && type_is_untyped(t)) {
		i->type = types_under(t);
		return;
	}
	if (i->lhs && !type_all(t, IsInteger)) {
		i->type = c->k->typ[KindInvalid];
		err_node(c, n, "invalid operation: shifted operand %s (type %s) must be integer", s_expr(c, n), s_type(c, t));
		return;
	}
	const Const *val = is_const ? i->val : NULL;
	if (is_const) {
		Operand x = { .mode = ModeConst, .file = c->env.file, .expr = n, .type = i->type, .val = val };
		i->type = c->k->typ[KindInvalid];     /* taken out: no recursion from the conversion */
		check_convert_untyped(c, &x, t);
		if (x.mode == ModeInvalid)
			return;
		val = x.val;
	}
	expr_record_as(c, n, i->mode, t, val);
}

/* ---- operands as text ---- */

static const char *const mode_text[] = {
	[ModeInvalid] = "invalid operand", [ModeNovalue] = "no value", [ModeBuiltin] = "built-in", [ModeType] = "type",
	[ModeConst] = "constant", [ModeVar] = "variable", [ModeMapIndex] = "map index expression", [ModeValue] = "value",
	[ModeNil] = "nil", [ModeCommaOk] = "comma, ok expression", [ModePkg] = "package",
};

static void print_operand_type(Check *c, Buf *b, const Operand *x)
{
	if (type_is_invalid(x->type)) {
		buf_puts(b, " with invalid type");
		return;
	}
	buf_puts(b, " of ");
	if (type_is_generic(x->type) || (x->type->kind == KindFunc && x->type->fn.ntparams))
		buf_puts(b, "generic ");
	Type *t = types_unalias(x->type);
	if (t->kind != KindTypeParam && (x->type->kind == KindNamed || x->type->kind == KindAlias)) {
		const char *what = type_composite_kind(x->type);
		buf_printf(b, "%s ", what ? what : type_is_unsafe_ptr(x->type) ? "Pointer" : s_type(c, types_under(x->type)));
	}
	buf_printf(b, "type %s", s_type(c, x->type));
	if (t->kind == KindTypeParam) {
		buf_printf(b, " constrained by %s", s_type(c, t->tparam.bound));
		if (type_has_empty_set(t))
			buf_puts(b, " with empty type set");
	}
}

/* As types2 describes operands: expression (kind value of type T). */
const char *s_operand(Check *c, const Operand *x)
{
	if (x->mode == ModeNil) {
		if (type_is_invalid(x->type))
			return "nil (with invalid type)";
		if (x->type->kind == KindUntypedNil)
			return "nil";
		return s_fmt(c, "nil (of type %s)", s_type(c, x->type));
	}
	Buf b = { .ar = c->ar }, v = { .ar = c->ar };
	const char *e = x->text || x->expr ? expr_text(c, x) : x->mode == ModeType ? s_type(c, x->type) : "";
	if (x->mode == ModeConst)
		const_print(&v, x->val);
	if (!*e && x->mode == ModeConst)
		e = buf_str(&v);
	if (*e)
		buf_printf(&b, "%s (", e);
	bool has_type = false;
	if (x->mode > ModeType && x->mode != ModePkg && x->type) {
		if (type_is_untyped(x->type))
			buf_printf(&b, "%s ", s_type(c, x->type));
		else
			has_type = true;
	}
	buf_puts(&b, mode_text[x->mode]);
	if (x->mode == ModeConst && strcmp(buf_str(&v), e))
		buf_printf(&b, " %s", buf_str(&v));
	if (has_type)
		print_operand_type(c, &b, x);
	if (*e)
		buf_putc(&b, ')');
	return buf_str(&b);
}

/* ---- predicates on types ---- */

const char *type_composite_kind(Type *t)
{
	switch (types_under(t)->kind) {
	case KindArray: return "array";
	case KindSlice: return "slice";
	case KindStruct: return "struct";
	case KindPointer: return "pointer";
	case KindFunc: return "func";
	case KindInterface: return "interface";
	case KindMap: return "map";
	case KindChan: return "chan";
	case KindTuple: return "tuple";
	case KindUnion: return "union";
	default: return NULL;
	}
}

static bool identical_tuples(Checker *k, Type *a, Type *b)
{
	if (a->tuple.n != b->tuple.n)
		return false;
	for (u32 i = 0; i < a->tuple.n; i++)
		if (!type_identical_ignore_tags(k, a->tuple.v[i]->type, b->tuple.v[i]->type))
			return false;
	return true;
}

static bool identical_structs(Checker *k, Type *a, Type *b)
{
	if (a->st.n != b->st.n)
		return false;
	for (u32 i = 0; i < a->st.n; i++) {
		Obj *f = a->st.field[i], *g = b->st.field[i];
		if (obj_is(f, ObjEmbedded) != obj_is(g, ObjEmbedded) || !name_same(f, g->pkg, g->name) ||
		    !type_identical_ignore_tags(k, f->type, g->type))
			return false;
	}
	return true;
}

bool type_identical_ignore_tags(Checker *k, Type *a, Type *b)
{
	if (types_identical(k, a, b))
		return true;
	a = types_unalias(a);
	b = types_unalias(b);
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case KindStruct: return identical_structs(k, a, b);
	case KindPointer: case KindSlice: return type_identical_ignore_tags(k, a->elem, b->elem);
	case KindArray: return a->len == b->len && type_identical_ignore_tags(k, a->elem, b->elem);
	case KindChan: return a->dir == b->dir && type_identical_ignore_tags(k, a->elem, b->elem);
	case KindMap: return type_identical_ignore_tags(k, a->key, b->key) && type_identical_ignore_tags(k, a->elem, b->elem);
	case KindFunc:
		return a->variadic == b->variadic && !a->fn.ntparams && !b->fn.ntparams &&
			identical_tuples(k, a->fn.params, b->fn.params) && identical_tuples(k, a->fn.results, b->fn.results);
	default: return false;
	}
}

/* ---- constants: overflow and representability ---- */

static const char *op_name(Check *c, NodeId n)
{
	const Node *node = node_at(c->env.file, n);
	if (node->kind == NodeUnary)
		return node->op == OpXor ? "bitwise complement " : "";
	if (node->kind == NodeBinary) {
		switch (node->op) {
		case OpAdd: return "addition ";
		case OpSub: return "subtraction ";
		case OpXor: return "bitwise XOR ";
		case OpMul: return "multiplication ";
		case OpShl: return "shift ";
		}
	}
	return "";
}

static void invalid_conversion(Check *c, ConvCode code, Operand *x, Type *target)
{
	const char *s = s_operand(c, x), *t = s_type(c, target);
	if (code == ConvTruncated)
		err_operand(c, x, "%s truncated to %s", s, t);
	else if (code == ConvOverflow)
		err_operand(c, x, "%s overflows %s", s, t);
	else
		err_operand(c, x, "cannot convert %s to type %s", s, t);
}

static bool int_fits(const Const *v, TypeKind k)
{
	i64 i;
	u64 u;
	if (k == KindUntypedInt || k == KindUntypedRune)
		return true;
	static const u8 bits[KindMax] = {
		[KindInt] = 64, [KindInt8] = 8, [KindInt16] = 16, [KindInt32] = 32, [KindInt64] = 64,
		[KindUint] = 64, [KindUint8] = 8, [KindUint16] = 16, [KindUint32] = 32, [KindUint64] = 64, [KindUintptr] = 64,
	};
	int n = bits[k];
	if (kind_is_unsigned(k))
		return const_uint64(v, &u) && (n == 64 || u >> n == 0);
	return const_int64(v, &i) && (n == 64 || (i >= -((i64)1 << (n - 1)) && i < (i64)1 << (n - 1)));
}

static const Const *round_float(Check *c, const Const *v, bool single)
{
	double d = single ? (double)const_float32(v) : const_float64(v);
	return isinf(d) ? NULL : const_make_float64(c->ar, d);
}

/* Representability of a constant (spec: Representability). */
bool check_representable_const(Check *c, const Const *v, Type *basic, const Const **rounded)
{
	const Const *ignored;
	TypeKind k = basic->kind;
	int info = kind_info(k);
	if (!rounded)
		rounded = &ignored;
	if (const_kind(v) == ConstUnknown)
		return true;
	if (info & IsInteger) {
		v = const_to_int(c->ar, v);
		if (const_kind(v) != ConstInt)
			return false;
		*rounded = v;
		return int_fits(v, k);
	}
	if (info & IsFloat) {
		v = const_to_float(c->ar, v);
		if (const_kind(v) != ConstFloat)
			return false;
		if (k == KindUntypedFloat)
			return true;
		v = round_float(c, v, k == KindFloat32);
		if (v)
			*rounded = v;
		return v != NULL;
	}
	if (info & IsComplex) {
		v = const_to_complex(c->ar, v);
		if (const_kind(v) != ConstComplex)
			return false;
		if (k == KindUntypedComplex)
			return true;
		const Const *re = round_float(c, const_real(c->k, v), k == KindComplex64);
		const Const *im = round_float(c, const_imag(c->k, v), k == KindComplex64);
		if (!re || !im)
			return false;
		*rounded = const_binary(c->ar, re, OpAdd, const_make_imag(c->ar, im), false);
		return true;
	}
	if (info & IsString)
		return const_kind(v) == ConstString;
	if (info & IsBool)
		return const_kind(v) == ConstBool;
	return false;
}

static ConvCode representation(Check *c, Operand *x, Type *basic, const Const **v)
{
	*v = x->val;
	if (check_representable_const(c, x->val, basic, v))
		return ConvOk;
	if (type_is(x->type, IsNumeric) && type_is(basic, IsNumeric))
		return !type_is(x->type, IsInteger) && type_is(basic, IsInteger) ? ConvTruncated : ConvOverflow;
	return ConvInvalid;
}

static void representable(Check *c, Operand *x, Type *basic)
{
	const Const *v;
	ConvCode code = representation(c, x, basic, &v);
	if (code) {
		invalid_conversion(c, code, x, basic);
		x->mode = ModeInvalid;
		return;
	}
	x->val = v;
}

void expr_overflow(Check *c, Operand *x, Pos at)
{
	if (const_kind(x->val) == ConstUnknown) {
		err_at(c, at, "constant result is not representable");
		return;
	}
	if (type_is_typed(x->type)) {
		representable(c, x, types_under(x->type));
		return;
	}
	if (const_kind(x->val) == ConstInt && const_bitlen(x->val) > 512) {
		err_at(c, at, "constant %soverflow", x->expr ? op_name(c, x->expr) : "");
		x->val = const_make_unknown();
	}
}

/* ---- untyped conversion ---- */

typedef struct ImplicitArg { Check *c; Operand *x; } ImplicitArg;

static bool implicit_term(void *arg, Type *t, Type *u)
{
	ImplicitArg *a = arg;
	Type *nt;
	const Const *v;
	(void)t;
	return u && expr_implicit_type(a->c, a->x, u, &nt, &v) == ConvOk;
}

/* Type (and rounded value, if not NULL) untyped x takes when target is wanted. */
ConvCode expr_implicit_type(Check *c, Operand *x, Type *target, Type **newt, const Const **val)
{
	*newt = x->type;
	*val = NULL;
	if (x->mode == ModeInvalid || type_is_typed(x->type) || type_is_invalid(target))
		return ConvOk;
	if (type_is_untyped(target)) {
		Type *m = type_max(x->type, target);
		if (!m)
			return ConvInvalid;
		*newt = m;
		return ConvOk;
	}
	if (x->mode == ModeNil) {
		*newt = target;
		return type_has_nil(target) ? ConvOk : ConvInvalid;
	}
	Type *u = types_under(target);
	if (type_is_tparam(target)) {
		ImplicitArg a = { c, x };
		*newt = target;
		return type_each_term(c->k, target, implicit_term, &a) ? ConvOk : ConvInvalid;
	}
	if (u->kind == KindInterface) {
		TypeSet *s = types_typeset(c->k, u);
		if (s->nmethod || !s->all || s->comparable)
			return ConvInvalid;
		*newt = type_default(c->k, x->type);
		return ConvOk;
	}
	if (u->kind > KindLastBasic || u->kind == KindInvalid)
		return ConvInvalid;
	*newt = target;
	if (x->mode == ModeConst)
		return representation(c, x, u, val);
	switch (x->type->kind) {
	case KindUntypedBool: return type_is(target, IsBool) ? ConvOk : ConvInvalid;
	case KindUntypedInt: case KindUntypedRune: case KindUntypedFloat: case KindUntypedComplex:
		return type_is(target, IsNumeric) ? ConvOk : ConvInvalid;
	case KindUntypedString: return type_is(target, IsString) ? ConvOk : ConvInvalid;
	default: return ConvInvalid;
	}
}

static void take_type(Check *c, Operand *x, Type *nt, const Const *v)
{
	if (v) {
		x->val = v;
		expr_update_val(c, x->expr, v);
	}
	if (nt != x->type) {
		x->type = nt;
		expr_update_type(c, x->expr, nt, false);
	}
}

void check_convert_untyped(Check *c, Operand *x, Type *target)
{
	Type *nt;
	const Const *v;
	ConvCode code = expr_implicit_type(c, x, target, &nt, &v);
	if (code) {
		invalid_conversion(c, code, x, type_is_tparam(target) ? target : types_under(target));
		x->mode = ModeInvalid;
		return;
	}
	take_type(c, x, nt, v);
}

void check_default_type(Check *c, Operand *x) { check_convert_untyped(c, x, type_default(c->k, x->type)); }

/* ---- assignability (spec: Assignability) ---- */

typedef struct AssignArg { Check *c; Operand *x; Type *other; Type *tparam; Type *orig; const char **cause; bool ok; } AssignArg;

static void add_cause(Check *c, const char **cause, const char *msg)
{
	if (!cause)
		return;
	*cause = *cause && **cause ? s_fmt(c, "%s\n\t%s", msg, *cause) : msg;
}

static bool untyped_to_term(void *arg, Type *t, Type *u)
{
	AssignArg *a = arg;
	Type *nt;
	const Const *v;
	(void)u;
	return t && expr_implicit_type(a->c, a->x, t, &nt, &v) == ConvOk;
}

static bool assign_to_term(void *arg, Type *t, Type *u)
{
	AssignArg *a = arg;
	(void)u;
	if (!t)
		return false;
	a->ok = check_operand_assignable(a->c, a->x, t, a->cause);
	if (!a->ok)
		add_cause(a->c, a->cause, s_fmt(a->c, "cannot assign %s to %s (in %s)", s_type(a->c, a->x->type), s_type(a->c, t), s_type(a->c, a->tparam)));
	return a->ok;
}

static bool assign_from_term(void *arg, Type *t, Type *u)
{
	AssignArg *a = arg;
	(void)u;
	if (!t)
		return false;
	a->x->type = t;
	a->ok = check_operand_assignable(a->c, a->x, a->other, a->cause);
	if (!a->ok)
		add_cause(a->c, a->cause, s_fmt(a->c, "cannot assign %s (in %s) to %s", s_type(a->c, t), s_type(a->c, a->tparam), s_type(a->c, a->orig)));
	return a->ok;
}

bool check_operand_assignable(Check *c, Operand *x, Type *orig, const char **cause)
{
	Checker *k = c->k;
	if (x->mode == ModeInvalid || type_is_invalid(orig) || type_is_invalid(x->type))
		return true;
	Type *V = types_unalias(x->type), *T = types_unalias(orig);
	if (types_identical(k, V, T))
		return true;
	Type *Vu = types_under(V), *Tu = types_under(T);
	bool Vp = type_is_tparam(V), Tp = type_is_tparam(T);
	if (type_is_untyped(Vu)) {
		AssignArg a = { .c = c, .x = x };
		Type *nt;
		const Const *v;
		return Tp ? type_each_term(k, T, untyped_to_term, &a) : expr_implicit_type(c, x, T, &nt, &v) == ConvOk;
	}
	if (!Vp && !Tp && (!type_has_name(V) || !type_has_name(T)) && types_identical(k, Vu, Tu))
		return true;
	if ((Tu->kind == KindInterface && !Tp) || type_is_interface_ptr(Tu)) {
		if (check_implements(c, V, T, false, cause))
			return true;
		if (!Vp)
			return false;
		if (cause)
			*cause = NULL;
	}
	if (Vu->kind == KindInterface && !Vp && check_implements(c, T, V, false, NULL)) {
		if (cause)
			*cause = "need type assertion";
		return false;
	}
	if (Vu->kind == KindChan && Vu->dir == ChanBoth && Tu->kind == KindChan && types_identical(k, Vu->elem, Tu->elem))
		return !type_has_name(V) || !type_has_name(T);
	if (!type_has_name(V) && Tp) {
		AssignArg a = { .c = c, .x = x, .tparam = T, .cause = cause };
		type_each_term(k, T, assign_to_term, &a);
		return a.ok;
	}
	if (Vp && !type_has_name(T)) {
		Operand y = *x;
		AssignArg a = { .c = c, .x = &y, .other = T, .orig = orig, .tparam = V, .cause = cause };
		type_each_term(k, V, assign_from_term, &a);
		return a.ok;
	}
	return false;
}

/* ---- unary ---- */

static bool check_op(Check *c, Operand *x, Op op, int info)
{
	if (type_all(x->type, info))
		return true;
	err_operand(c, x, "invalid operation: operator %s not defined on %s", op_text[op], s_operand(c, x));
	return false;
}

typedef struct ChanArg { Check *c; bool recv; } ChanArg;

static bool chan_cond(void *arg, Type *t, Type *u, const char **cause)
{
	ChanArg *a = arg;
	if (!u)
		*cause = "no specific channel type";
	else if (u->kind != KindChan)
		*cause = s_fmt(a->c, "non-channel %s", s_type(a->c, t));
	else if (a->recv && u->dir == ChanSendOnly)
		*cause = s_fmt(a->c, "send-only channel %s", s_type(a->c, t));
	else if (!a->recv && u->dir == ChanRecvOnly)
		*cause = s_fmt(a->c, "receive-only channel %s", s_type(a->c, t));
	else
		return true;
	return false;
}

/* Element type of channel x, or NULL after an error at at. */
Type *expr_chan_elem(Check *c, Pos at, Operand *x, bool recv)
{
	const char *cause = "";
	ChanArg a = { c, recv };
	Type *u = check_common_under(c->k, x->type, chan_cond, &a, &cause);
	if (u)
		return u->elem;
	const char *verb = recv ? "receive from" : "send to";
	if (type_is_tparam(x->type))
		err_at(c, at, "invalid operation: cannot %s %s: %s", verb, s_operand(c, x), cause);
	else
		err_at(c, at, "invalid operation: cannot %s %s %s", verb, cause, s_operand(c, x));
	return NULL;
}

/* Marks the local variable that n denotes (a part of). */
void expr_mark_root(Check *c, NodeId n, u32 flags)
{
	File *f = c->env.file;
	for (;;) {
		const Node *node = node_at(f, n);
		ExprInfo *i = &f->info[n];
		switch (node->kind) {
		case NodeParen:
			n = node->a;
			continue;
		case NodeSelector:
			if (i->mode == ModeConst || i->mode == ModeType || !i->sel || i->sel->kind != SelField || i->sel->indirect)
				return;
			n = node->a;
			continue;
		case NodeIndex: {
			Type *t = f->info[node->a].type;
			if (type_is_invalid(t))
				return;
			Type *u = types_under(t);
			if (u->kind != KindArray && !type_is_tparam(t))
				return;
			n = node->a;
			continue;
		}
		case NodeName:
			if ((i->flags & InfoObj) && i->obj && i->obj->kind == ObjVar && !obj_is(i->obj, ObjGlobal | ObjIsField))
				obj_set(i->obj, flags);
			return;
		default:
			return;
		}
	}
}

static void unary(Check *c, Operand *x, NodeId e)
{
	const Node *n = node_at(c->env.file, e);
	Op op = n->op;
	expr_single(c, NULL, x, n->a);
	if (x->mode == ModeInvalid)
		return;
	switch (op) {
	case OpAnd:
		if (node_kind(c->env.file, node_unparen(c->env.file, n->a)) != NodeCompositeLit && x->mode != ModeVar) {
			err_operand(c, x, "invalid operation: cannot take address of %s", s_operand(c, x));
			x->mode = ModeInvalid;
			return;
		}
		expr_mark_root(c, n->a, ObjAddrTaken | ObjAssigned);
		x->mode = ModeValue;
		x->type = types_pointer(c->k, x->type);
		return;
	case OpRecv: {
		Type *elem = expr_chan_elem(c, node_start(c->env.file, x->expr), x, true);
		x->mode = elem ? ModeCommaOk : ModeInvalid;
		if (elem) {
			x->type = elem;
			c->env.has_call_or_recv = true;
		}
		return;
	}
	case OpTilde:
		if (!type_all(x->type, IsInteger)) {
			err_node(c, e, "cannot use ~ outside of interface or type constraint");
			x->mode = ModeInvalid;
			return;
		}
		err_node(c, e, "cannot use ~ outside of interface or type constraint (use ^ for bitwise complement)");
		op = OpXor;
		break;
	default:
		break;
	}
	if (!check_op(c, x, op, op == OpXor ? IsInteger : op == OpNot ? IsBool : IsNumeric)) {
		x->mode = ModeInvalid;
		return;
	}
	if (x->mode != ModeConst) {
		x->mode = ModeValue;
		return;
	}
	if (const_kind(x->val) == ConstUnknown)
		return;
	u32 bits = 0;
	if (type_is(x->type, IsUnsigned))
		bits = (u32)types_size(c->k, types_under(x->type)) * 8;
	x->val = const_unary(c->ar, op, x->val, bits);
	x->expr = e;
	expr_overflow(c, x, n->pos);
}

/* ---- binary ---- */

static const char *incomparable_cause(Check *c, Type *t)
{
	switch (types_under(t)->kind) {
	case KindSlice: case KindFunc: case KindMap:
		return s_fmt(c, "%s can only be compared to nil", type_composite_kind(t));
	}
	const char *cause = "";
	check_comparable(c, t, true, &cause);
	return cause ? cause : "";
}

/* x op y for a comparison operator; in switches x is the case and y the tag. */
void expr_comparison(Check *c, Operand *x, Operand *y, Op op, bool switch_case)
{
	if (type_is_invalid(x->type) || type_is_invalid(y->type)) {
		x->mode = ModeInvalid;
		return;
	}
	if (switch_case)
		op = OpEql;
	Operand *bad = NULL;
	const char *cause = "";
	if (!check_operand_assignable(c, x, y->type, NULL) && !check_operand_assignable(c, y, x->type, NULL)) {
		bad = y;
		cause = s_fmt(c, "mismatched types %s and %s", s_type(c, x->type), s_type(c, y->type));
	} else if (op == OpEql || op == OpNeq) {
		if (x->mode == ModeNil || y->mode == ModeNil) {
			if ((x->mode == ModeNil && y->mode == ModeNil) || !type_has_nil(x->mode == ModeNil ? y->type : x->type))
				bad = y;
		} else if (!check_comparable(c, x->type, true, NULL)) {
			bad = x;
			cause = incomparable_cause(c, x->type);
		} else if (!check_comparable(c, y->type, true, NULL)) {
			bad = y;
			cause = incomparable_cause(c, y->type);
		}
	} else if (!type_all(x->type, IsOrdered)) {
		bad = x;
	} else if (!type_all(y->type, IsOrdered)) {
		bad = y;
	}
	if (!bad) {
		if (x->mode == ModeConst && y->mode == ModeConst) {
			x->val = const_make_bool(c->ar, const_compare(x->val, op, y->val));
		} else {
			x->mode = ModeValue;
			expr_update_type(c, x->expr, type_default(c->k, x->type), true);
			expr_update_type(c, y->expr, type_default(c->k, y->type), true);
		}
		x->type = c->k->typ[KindUntypedBool];
		return;
	}
	if (!*cause) {
		if (type_is_tparam(x->type) || type_is_tparam(y->type)) {
			if (!type_is_tparam(x->type))
				bad = y;
			cause = s_fmt(c, "type parameter %s cannot use operator %s", s_type(c, bad->type), op_text[op]);
		} else {
			const char *what = type_composite_kind(bad->type);
			cause = s_fmt(c, "operator %s not defined on %s", op_text[op], what ? what : s_type(c, bad->type));
		}
	}
	if (switch_case)
		err_operand(c, x, "invalid case %s in switch on %s (%s)", expr_text(c, x), expr_text(c, y), cause);
	else
		err_operand(c, bad, "invalid operation: %s %s %s (%s)", expr_text(c, x), op_text[op], expr_text(c, y), cause);
	x->mode = ModeInvalid;
}

/* A constant shift count: not negative, and a uint if it was untyped. */
static bool const_shift_count(Check *c, Operand *y, const Const **yval)
{
	*yval = const_to_int(c->ar, y->val);
	if (const_kind(*yval) == ConstInt && const_sign(*yval) < 0) {
		err_operand(c, y, "invalid operation: negative shift count %s", s_operand(c, y));
		return false;
	}
	if (type_is_untyped(y->type)) {
		representable(c, y, c->k->typ[KindUint]);
		return y->mode != ModeInvalid;
	}
	return true;
}

static bool value_shift_count(Check *c, Operand *y)
{
	if (type_all(y->type, IsInteger)) {
		return type_all(y->type, IsUnsigned) ||
			check_version(c, node_start(c->env.file, y->expr), 13, "invalid operation: signed shift count %s", s_operand(c, y));
	}
	if (type_is_untyped(y->type)) {
		check_convert_untyped(c, y, c->k->typ[KindUint]);
		return y->mode != ModeInvalid;
	}
	err_operand(c, y, "invalid operation: shift count %s must be integer", s_operand(c, y));
	return false;
}

static void const_shift_expr(Check *c, Operand *x, Operand *y, NodeId e, Op op, const Const *xval, const Const *yval)
{
	u64 s;
	if (const_kind(x->val) == ConstUnknown || const_kind(y->val) == ConstUnknown) {
		x->val = const_make_unknown();
		if (!type_is(x->type, IsInteger))
			x->type = c->k->typ[KindUntypedInt];
		return;
	}
	if (!const_uint64(yval, &s) || s > 1023 - 1 + 52) {
		err_operand(c, y, "invalid operation: invalid shift count %s", s_operand(c, y));
		x->mode = ModeInvalid;
		return;
	}
	if (!type_is(x->type, IsInteger))
		x->type = c->k->typ[KindUntypedInt];
	x->val = const_shift(c->ar, xval, op == OpShl, (u32)s);
	if (e)
		x->expr = e;
	expr_overflow(c, x, e ? node_at(c->env.file, e)->pos : node_start(c->env.file, x->expr));
}

static void shift(Check *c, Operand *x, Operand *y, NodeId e, Op op)
{
	const Const *xval = x->mode == ModeConst ? const_to_int(c->ar, x->val) : NULL, *yval = NULL;
	if (!type_all(x->type, IsInteger) && !(type_is_untyped(x->type) && xval && const_kind(xval) == ConstInt)) {
		err_operand(c, x, "invalid operation: shifted operand %s must be integer", s_operand(c, x));
		x->mode = ModeInvalid;
		return;
	}
	if (!(y->mode == ModeConst ? const_shift_count(c, y, &yval) : value_shift_count(c, y))) {
		x->mode = ModeInvalid;
		return;
	}
	if (x->mode == ModeConst) {
		if (y->mode == ModeConst) {
			const_shift_expr(c, x, y, e, op, xval, yval);
			return;
		}
		if (type_is_untyped(x->type)) {    /* its type comes from the context, and must be an integer then */
			if (x->expr && pending(check_info(c, x->expr)))
				check_info(c, x->expr)->lhs = 1;
			x->mode = ModeValue;
			return;
		}
	}
	if (!type_all(x->type, IsInteger)) {
		err_operand(c, x, "invalid operation: shifted operand %s must be integer", s_operand(c, x));
		x->mode = ModeInvalid;
		return;
	}
	x->mode = ModeValue;
}

static bool may_convert(Operand *x, Operand *y)
{
	if (type_is_typed(x->type) && type_is_typed(y->type))
		return false;
	if (type_all(x->type, IsNumeric) != type_all(y->type, IsNumeric))
		return false;
	if (type_is_nonparam_interface(x->type) || type_is_nonparam_interface(y->type))
		return true;
	if (type_all(x->type, IsBool) != type_all(y->type, IsBool) || type_all(x->type, IsString) != type_all(y->type, IsString))
		return false;
	if (x->mode == ModeNil)
		return type_has_nil(y->type);
	if (y->mode == ModeNil)
		return type_has_nil(x->type);
	return types_under(x->type)->kind != KindPointer && types_under(y->type)->kind != KindPointer;
}

void expr_match_types(Check *c, Operand *x, Operand *y)
{
	if (!may_convert(x, y))
		return;
	check_convert_untyped(c, x, y->type);
	if (x->mode == ModeInvalid)
		return;
	check_convert_untyped(c, y, x->type);
	if (y->mode == ModeInvalid)
		x->mode = ModeInvalid;
}

static bool division_by_zero(Check *c, Operand *x, Operand *y)
{
	if (y->mode != ModeConst)
		return false;
	if ((x->mode == ModeConst || type_all(x->type, IsInteger)) && const_sign(y->val) == 0)
		return true;
	if (x->mode == ModeConst && type_is(x->type, IsComplex)) {
		const Const *re = const_real(c->k, y->val), *im = const_imag(c->k, y->val);
		return const_sign(const_binary(c->ar, re, OpMul, re, false)) == 0 && const_sign(const_binary(c->ar, im, OpMul, im, false)) == 0;
	}
	return false;
}

static int binary_info(Op op)
{
	switch (op) {
	case OpAdd: return IsNumeric | IsString;
	case OpSub: case OpMul: case OpDiv: return IsNumeric;
	case OpAndAnd: case OpOrOr: return IsBool;
	default: return IsInteger;
	}
}

/* x op rhs, where x is lhs evaluated; e is the binary node, or 0 for lhs op= rhs. */
static void binary_with(Check *c, Operand *x, NodeId e, NodeId lhs, NodeId rhs, Op op)
{
	Operand y;
	expr_single(c, NULL, &y, rhs);
	if (x->mode == ModeInvalid)
		return;
	if (y.mode == ModeInvalid) {
		x->mode = ModeInvalid;
		x->expr = y.expr;
		return;
	}
	if (is_shift(op)) {
		shift(c, x, &y, e, op);
		return;
	}
	expr_match_types(c, x, &y);
	if (x->mode == ModeInvalid)
		return;
	if (is_comparison(op)) {
		expr_comparison(c, x, &y, op, false);
		return;
	}
	if (!types_identical(c->k, x->type, y.type)) {
		if (!type_is_invalid(x->type) && !type_is_invalid(y.type)) {
			const char *tx = s_type(c, x->type), *ty = s_type(c, y.type);
			if (e)
				err_operand(c, x, "invalid operation: %s (mismatched types %s and %s)", s_expr(c, e), tx, ty);
			else
				err_operand(c, x, "invalid operation: %s %s= %s (mismatched types %s and %s)", s_expr(c, lhs), op_text[op], s_expr(c, rhs), tx, ty);
		}
		x->mode = ModeInvalid;
		return;
	}
	if (!check_op(c, x, op, binary_info(op))) {
		x->mode = ModeInvalid;
		return;
	}
	if ((op == OpDiv || op == OpRem) && division_by_zero(c, x, &y)) {
		err_operand(c, &y, "invalid operation: division by zero");
		x->mode = ModeInvalid;
		return;
	}
	if (x->mode != ModeConst || y.mode != ModeConst) {
		x->mode = ModeValue;
		return;
	}
	if (const_kind(x->val) == ConstUnknown || const_kind(y.val) == ConstUnknown) {
		x->val = const_make_unknown();
		return;
	}
	x->val = const_binary(c->ar, x->val, op, y.val, op == OpDiv && type_is(x->type, IsInteger));
	Pos at = e ? node_at(c->env.file, e)->pos : node_start(c->env.file, x->expr);
	if (e)
		x->expr = e;
	expr_overflow(c, x, at);
}

/* Long chains a + b + c + ... lean to the left: they are climbed from their first operand, without recursion. */
static void binary_chain(Check *c, Operand *x, NodeId e)
{
	File *f = c->env.file;
	VEC(NodeId) chain = { 0 };
	for (NodeId n = e; node_kind(f, n) == NodeBinary; n = node_at(f, n)->a)
		vec_push(c->ar, &chain, n);
	expr_single(c, NULL, x, node_at(f, vec_last(&chain))->a);
	for (u32 i = chain.n; i-- > 0;) {
		const Node *n = node_at(f, chain.a[i]);
		binary_with(c, x, chain.a[i], n->a, n->b, n->op);
		x->expr = chain.a[i];
		if (i)
			expr_record(c, x);
	}
}

/* lhs op= rhs */
void expr_binary(Check *c, Operand *x, NodeId e, NodeId lhs, NodeId rhs, Op op)
{
	expr_single(c, NULL, x, lhs);
	binary_with(c, x, e, lhs, rhs, op);
}

/* ---- dispatch ---- */

Target target_of(Type *t, const char *desc)
{
	if (t && !type_is_invalid(t) && types_under(t)->kind == KindFunc)
		return (Target){ types_under(t), desc };
	return (Target){ 0 };
}

/* Generic functions and types are no values. */
void expr_nongeneric(Check *c, const Target *t, Operand *x)
{
	if (x->mode == ModeInvalid || x->mode == ModeNovalue || x->mode == ModeBuiltin || !x->type)
		return;
	const char *what = NULL;
	if (x->type->kind == KindNamed || x->type->kind == KindAlias) {
		if (type_is_generic(x->type))
			what = "type";
	} else if (x->type->kind == KindFunc && x->type->fn.ntparams && x->mode != ModeType) {
		if (t && t->sig) {
			u32 n;
			call_func_inst(c, t, node_at(c->env.file, x->expr)->pos, x, 0, true, &n);
			return;
		}
		what = "function";
	}
	if (what) {
		err_node(c, x->expr, "cannot use generic %s %s without instantiation", what, s_expr(c, x->expr));
		x->mode = ModeInvalid;
		x->type = c->k->typ[KindInvalid];
	}
}

static bool deref_term(void *arg, Type *t, Type *u)
{
	AssignArg *a = arg;
	Check *c = a->c;
	(void)t;
	if (!u || u->kind != KindPointer) {
		err_operand(c, a->x, "invalid operation: cannot indirect %s", s_operand(c, a->x));
		return false;
	}
	if (a->other && !types_identical(c->k, u->elem, a->other)) {
		err_operand(c, a->x, "invalid operation: pointers of %s must have identical base types", s_operand(c, a->x));
		return false;
	}
	a->other = u->elem;
	return true;
}

static void star(Check *c, Operand *x, NodeId inner)
{
	check_expr_or_type(c, x, inner, false);
	if (x->mode == ModeInvalid)
		return;
	if (x->mode == ModeType) {
		check_valid_var_type(c, inner, x->type);
		x->type = types_pointer(c->k, x->type);
		return;
	}
	AssignArg a = { .c = c, .x = x };
	if (x->mode == ModeNil) {
		err_operand(c, x, "invalid operation: cannot indirect %s", s_operand(c, x));
		x->mode = ModeInvalid;
		return;
	}
	if (!type_each_term(c->k, x->type, deref_term, &a)) {
		x->mode = ModeInvalid;
		return;
	}
	x->mode = ModeVar;
	x->type = a.other;
}

void expr_type_assertion(Check *c, NodeId e, Operand *x, Type *t, bool type_switch)
{
	const char *cause = "";
	if (types_is_interface(t) || !check_missing_method(c, t, x->type, false, NULL, &cause))
		return;
	if (!cause)
		cause = "";
	if (type_switch)
		err_node(c, e, "impossible type switch case: %s\n\t%s cannot have dynamic type %s %s", s_expr(c, e), s_operand(c, x), s_type(c, t), cause);
	else
		err_node(c, e, "impossible type assertion: %s\n\t%s does not implement %s %s", s_expr(c, e), s_type(c, t), s_type(c, x->type), cause);
}

static void type_assert(Check *c, Operand *x, NodeId e)
{
	const Node *n = node_at(c->env.file, e);
	expr_single(c, NULL, x, n->a);
	if (x->mode == ModeInvalid)
		return;
	if (type_is_tparam(x->type)) {
		err_operand(c, x, "invalid operation: cannot use type assertion on type parameter value %s", s_operand(c, x));
	} else if (types_under(x->type)->kind != KindInterface) {
		err_operand(c, x, "invalid operation: %s is not an interface", s_operand(c, x));
	} else {
		Type *t = check_var_type(c, n->b);
		if (!type_is_invalid(t)) {
			expr_type_assertion(c, e, x, t, false);
			x->mode = ModeCommaOk;
			x->type = t;
			return;
		}
	}
	x->mode = ModeInvalid;
}

/* Checks n by kind; x->expr becomes n unless stated. */
static ExprKind internal(Check *c, const Target *t, Operand *x, NodeId e, Type *hint)
{
	const Node *n = node_at(c->env.file, e);
	ExprKind kind = ExprExpression;
	u32 nt;
	switch (n->kind) {
	case NodeBadExpr:
		break;
	case NodeName:
		check_ident(c, x, e, false);
		break;
	case NodeDotsType:
		err_node(c, e, "invalid syntax tree: invalid use of ...");
		break;
	case NodeBasicLit:
		if (!(n->flag & FlagBad))
			literal_basic(c, x, e);
		break;
	case NodeFuncLit:
		literal_func(c, x, e);
		break;
	case NodeCompositeLit:
		literal_composite(c, x, e, hint);
		break;
	case NodeParen:
		kind = expr_raw(c, NULL, x, n->a, NULL, false);
		x->expr = e;
		return kind;
	case NodeSelector:
		check_selector(c, x, e, false);
		break;
	case NodeIndex:
		if (index_expr(c, x, e))
			call_func_inst(c, t, n->pos, x, e, true, &nt);
		break;
	case NodeSlice:
		index_slice(c, x, e);
		break;
	case NodeTypeAssert:
		type_assert(c, x, e);
		break;
	case NodeTypeSwitchGuard:
		err_node(c, e, "invalid syntax tree: use of .(type) outside type switch");
		expr_use(c, n->b);
		break;
	case NodeCall:
		return call_expr(c, x, e);
	case NodeList:
		err_node(c, e, "invalid syntax tree: unexpected list of expressions");
		break;
	case NodeStar:
		star(c, x, n->a);
		break;
	case NodeUnary:
		unary(c, x, e);
		if (n->op == OpRecv)
			kind = ExprStatement;
		break;
	case NodeBinary:
		binary_chain(c, x, e);
		break;
	case NodeKeyValue:
		err_node(c, e, "invalid syntax tree: no key:value expected");
		break;
	case NodeArrayType: case NodeSliceType: case NodeStructType: case NodeFuncType: case NodeInterfaceType:
	case NodeMapType: case NodeChanType:
		x->mode = ModeType;
		x->type = check_type(c, e);
		break;
	default:
		bug("expression of kind %d", n->kind);
	}
	x->expr = e;
	return x->mode == ModeInvalid ? ExprStatement : kind;
}

ExprKind expr_raw(Check *c, const Target *t, Operand *x, NodeId e, Type *hint, bool allow_generic)
{
	ExprKind kind = ExprStatement;
	*x = (Operand){ .mode = ModeInvalid, .file = c->env.file, .expr = e, .type = c->k->typ[KindInvalid] };
	if (check_enter(c, e))
		kind = internal(c, t, x, e, hint);
	check_leave(c);
	if (!allow_generic)
		expr_nongeneric(c, t, x);
	if (x->mode != ModeInvalid && x->mode != ModeNovalue && x->mode != ModeBuiltin && x->type && !check_finite_size(c, x->type)) {
		x->mode = ModeInvalid;
		x->type = c->k->typ[KindInvalid];
	}
	expr_record(c, x);
	return kind;
}

void expr_exclude(Check *c, Operand *x, u32 modes)
{
	if (!(modes & 1u << x->mode))
		return;
	const char *s = s_operand(c, x);
	if (x->mode == ModeNovalue)
		err_operand(c, x, modes & 1u << ModeType ? "%s used as value" : "%s used as value or type", s);
	else if (x->mode == ModeBuiltin)
		err_operand(c, x, "%s must be called", s);
	else
		err_operand(c, x, "%s is not an expression", s);
	x->mode = ModeInvalid;
}

void expr_single_value(Check *c, Operand *x)
{
	if (x->mode == ModeValue && x->type->kind == KindTuple) {
		err_operand(c, x, "multiple-value %s in single-value context", s_operand(c, x));
		x->mode = ModeInvalid;
	}
}

enum { NotValues = 1u << ModeNovalue | 1u << ModeBuiltin | 1u << ModeType };

void expr_single(Check *c, const Target *t, Operand *x, NodeId n)
{
	expr_raw(c, t, x, n, NULL, false);
	expr_exclude(c, x, NotValues);
	expr_single_value(c, x);
}

void expr_hint(Check *c, Operand *x, NodeId n, Type *hint)
{
	expr_raw(c, NULL, x, n, hint, false);
	expr_exclude(c, x, NotValues);
	expr_single_value(c, x);
}

void check_expr(Check *c, Operand *x, NodeId n) { expr_single(c, NULL, x, n); }
void check_const_expr(Check *c, Operand *x, NodeId n) { expr_single(c, NULL, x, n); }
void check_raw_expr(Check *c, Operand *x, NodeId n, bool allow_generic) { expr_raw(c, NULL, x, n, NULL, allow_generic); }

void check_expr_target(Check *c, Type *target, const char *desc, Operand *x, NodeId n)
{
	Target t = target_of(target, desc);
	expr_single(c, &t, x, n);
}

void check_generic_expr(Check *c, Operand *x, NodeId n)
{
	expr_raw(c, NULL, x, n, NULL, true);
	expr_exclude(c, x, NotValues);
	expr_single_value(c, x);
}

void check_expr_or_type(Check *c, Operand *x, NodeId n, bool allow_generic)
{
	expr_raw(c, NULL, x, n, NULL, allow_generic);
	expr_exclude(c, x, 1u << ModeNovalue);
	expr_single_value(c, x);
}

/* The values of a single expression: several for a call, two for comma-ok. */
u32 expr_multi(Check *c, NodeId e, bool allow_commaok, Operand **list, bool *commaok)
{
	Operand x;
	*commaok = false;
	expr_raw(c, NULL, &x, e, NULL, false);
	expr_exclude(c, &x, NotValues);
	if (x.mode != ModeInvalid && x.type->kind == KindTuple) {
		u32 n = x.type->tuple.n;
		*list = arena_array(c->ar, Operand, n + 1);
		for (u32 i = 0; i < n; i++)
			(*list)[i] = (Operand){ .mode = ModeValue, .file = c->env.file, .expr = e, .type = x.type->tuple.v[i]->type };
		return n;
	}
	*list = arena_array(c->ar, Operand, 2);
	(*list)[0] = x;
	if (allow_commaok && (x.mode == ModeMapIndex || x.mode == ModeCommaOk)) {
		(*list)[1] = (Operand){ .mode = ModeValue, .file = c->env.file, .expr = e, .type = c->k->typ[KindUntypedBool] };
		*commaok = true;
		return 2;
	}
	return 1;
}
