/* index: x[i], x[lo:hi:max] and the rules of constant indices (spec: Index expressions, Slice expressions). */
#include "check.h"

/* The one index of an index expression, or 0 after an error. */
static NodeId single_index(Check *c, NodeId e)
{
	NodeId index = node_at(c->env.file, e)->b;
	if (!index) {
		err_node(c, e, "invalid syntax tree: missing index for %s", s_expr(c, node_at(c->env.file, e)->a));
		return 0;
	}
	if (node_kind(c->env.file, index) == NodeList && expr_count(c->env.file, index) > 1) {
		err_node(c, expr_item(c->env.file, index, 1), "invalid operation: more than one index");
		return expr_item(c->env.file, index, 0);
	}
	return index;
}

/* What indexing a type gives. key is set for maps; len < 0: no bound known. */
typedef struct Indexed { Check *c; Type *elem, *key; i64 len; u8 mode; bool var; } Indexed;

static bool indexable(Checker *k, Type *u, bool var, Indexed *r)
{
	r->len = -1;
	r->key = NULL;
	r->mode = ModeVar;
	if (kind_info(u->kind) & IsString) {
		r->elem = k->t_byte;
		r->mode = ModeValue;
		return true;
	}
	switch (u->kind) {
	case KindArray:
		r->len = u->len;
		r->elem = u->elem;
		r->mode = var ? ModeVar : ModeValue;
		return true;
	case KindPointer: {
		Type *a = types_under(u->elem);
		if (type_is_tparam(u->elem) || a->kind != KindArray)
			return false;
		r->len = a->len;
		r->elem = a->elem;
		return true;
	}
	case KindSlice:
		r->elem = u->elem;
		return true;
	case KindMap:
		r->key = u->key;
		r->elem = u->elem;
		r->mode = ModeMapIndex;
		return true;
	default:
		return false;
	}
}

/* Combines the terms of a type parameter: equal elements, all maps or none, the shortest length. */
static bool index_term(void *arg, Type *t, Type *u)
{
	Indexed *a = arg, r;
	Checker *k = a->c->k;
	(void)t;
	if (!u || !indexable(k, u, a->var, &r))
		return false;
	if (!a->elem) {
		a->elem = r.elem;
		a->key = r.key;
		a->len = r.len;
		a->mode = r.mode;
		return true;
	}
	if ((a->key != NULL) != (r.key != NULL) || (a->key && !types_identical(k, a->key, r.key)) || !types_identical(k, a->elem, r.elem))
		return false;
	if (r.len >= 0 && (a->len < 0 || r.len < a->len))
		a->len = r.len;
	if (r.mode == ModeValue)
		a->mode = ModeValue;
	return true;
}

bool index_expr(Check *c, Operand *x, NodeId e)
{
	NodeId inner = node_at(c->env.file, e)->a;
	check_expr_or_type(c, x, inner, true);
	if (x->mode == ModeInvalid) {
		expr_use(c, node_at(c->env.file, e)->b);
		return false;
	}
	if (x->mode == ModeType) {
		x->mode = ModeInvalid;
		x->type = check_var_type(c, e);
		if (!type_is_invalid(x->type))
			x->mode = ModeType;
		return false;
	}
	if (x->mode == ModeValue) {
		Type *u = types_under(x->type);
		if (u->kind == KindFunc && u->fn.ntparams)
			return true;
	}
	expr_nongeneric(c, NULL, x);
	if (x->mode == ModeInvalid)
		return false;
	Indexed r = { .c = c, .var = x->mode == ModeVar, .len = -1 };
	bool ok = x->mode != ModeNil && x->mode != ModeBuiltin && x->mode != ModeNovalue && type_each_term(c->k, x->type, index_term, &r);
	if (!ok || !r.elem) {
		err_at(c, node_at(c->env.file, e)->pos, "cannot index %s", s_operand(c, x));
		expr_use(c, node_at(c->env.file, e)->b);
		x->mode = ModeInvalid;
		return false;
	}
	if (x->mode == ModeConst && type_is(x->type, IsString)) {
		u32 n;
		const_str(x->val, &n);
		r.len = n;
	}
	NodeId index = single_index(c, e);
	if (!index) {
		x->mode = ModeInvalid;
		return false;
	}
	if (r.key) {
		Operand key;
		expr_single(c, NULL, &key, index);
		check_assignment(c, &key, r.key, "map index");
	} else {
		if (x->mode == ModeConst)    /* "abc"[i]: the string exists at run time */
			expr_update_type(c, inner, type_default(c->k, x->type), true);
		i64 v;
		index_value(c, index, r.len, &v);
	}
	x->mode = r.mode;
	x->type = r.elem;
	x->expr = e;
	return false;
}

bool index_valid(Check *c, Operand *x, const char *what, bool allow_negative)
{
	if (x->mode == ModeInvalid)
		return false;
	check_convert_untyped(c, x, c->k->typ[KindInt]);
	if (x->mode == ModeInvalid)
		return false;
	if (!type_all(x->type, IsInteger)) {
		err_operand(c, x, "invalid argument: %s %s must be integer", what, s_operand(c, x));
		return false;
	}
	if (x->mode != ModeConst)
		return true;
	if (!allow_negative && const_sign(x->val) < 0) {
		err_operand(c, x, "invalid argument: %s %s must not be negative", what, s_operand(c, x));
		return false;
	}
	if (!check_representable_const(c, x->val, c->k->typ[KindInt], &x->val)) {
		err_operand(c, x, "invalid argument: %s %s overflows int", what, s_operand(c, x));
		return false;
	}
	return true;
}

Type *index_value(Check *c, NodeId n, i64 max, i64 *val)
{
	Operand x;
	*val = -1;
	expr_single(c, NULL, &x, n);
	if (!index_valid(c, &x, "index", false))
		return c->k->typ[KindInvalid];
	if (x.mode != ModeConst)
		return x.type;
	i64 v;
	if (const_kind(x.val) == ConstUnknown || !const_int64(x.val, &v))
		return c->k->typ[KindInvalid];
	if (max >= 0 && v >= max) {
		Buf b = { .ar = c->ar };
		const_print(&b, x.val);
		err_operand(c, &x, "invalid argument: index %s out of bounds [0:%lld]", buf_str(&b), (long long)max);
		return c->k->typ[KindInvalid];
	}
	*val = v;
	return x.type;
}

typedef struct SliceArg { Check *c; Operand *x; Type *ct, *cu; bool string, failed; } SliceArg;

/* Common underlying type, strings counting as []byte. */
static bool slice_term(void *arg, Type *t, Type *u)
{
	SliceArg *a = arg;
	Check *c = a->c;
	if (!u) {
		err_operand(c, a->x, "cannot slice %s: no specific type in %s", s_operand(c, a->x), s_type(c, a->x->type));
		a->failed = true;
		return false;
	}
	if (kind_info(u->kind) & IsString) {
		u = types_slice(c->k, c->k->t_byte);
		a->string = true;
	}
	if (!a->cu) {
		a->ct = t;
		a->cu = u;
		return true;
	}
	if (!types_identical(c->k, a->cu, u)) {
		err_operand(c, a->x, "cannot slice %s: %s and %s have different underlying types", s_operand(c, a->x), s_type(c, a->ct), s_type(c, t));
		a->failed = true;
		return false;
	}
	return true;
}

/* Reports the first pair of constant indices that decreases. */
static void check_order(Check *c, ListId l, const i64 ind[3])
{
	for (int i = 0; i < 2; i++) {
		if (ind[i] <= 0)
			continue;
		for (int j = i + 1; j < 3; j++) {
			if (ind[j] >= 0 && ind[j] < ind[i]) {
				NodeId at = list_at(c->env.file, l, (u32)j);
				if (at)
					err_node(c, at, "invalid slice indices: %lld < %lld", (long long)ind[j], (long long)ind[i]);
				return;
			}
		}
	}
}

void index_slice(Check *c, Operand *x, NodeId e)
{
	const Node *n = node_at(c->env.file, e);
	ListId l = n->b;
	expr_single(c, NULL, x, n->a);
	if (x->mode == ModeInvalid) {
		for (u32 i = 0; i < 3; i++)
			expr_use(c, list_at(c->env.file, l, i));
		return;
	}
	SliceArg a = { .c = c, .x = x };
	if (x->mode != ModeNil)
		type_each_term(c->k, x->type, slice_term, &a);
	else
		a.cu = x->type;
	if (a.failed || !a.cu) {
		x->mode = ModeInvalid;
		return;
	}
	Type *u = a.cu;
	if (a.string)
		u = type_is_tparam(x->type) ? c->k->typ[KindString] : types_under(x->type);
	i64 length = -1;
	bool valid = false;
	if (kind_info(u->kind) & IsString) {
		if (n->flag & FlagFull) {
			NodeId at = list_at(c->env.file, l, 2);
			err_node(c, at ? at : e, "invalid operation: 3-index slice of string");
			x->mode = ModeInvalid;
			return;
		}
		valid = true;
		if (x->mode == ModeConst) {
			u32 len;
			const_str(x->val, &len);
			length = len;
		}
		if (type_is_untyped(x->type)) {
			x->type = c->k->typ[KindString];
			expr_update_type(c, n->a, x->type, true);
		}
	} else if (u->kind == KindArray) {
		valid = true;
		length = u->len;
		if (x->mode != ModeVar) {
			err_operand(c, x, "cannot slice unaddressable value %s", s_operand(c, x));
			x->mode = ModeInvalid;
			return;
		}
		expr_mark_root(c, n->a, ObjAddrTaken | ObjAssigned);
		x->type = types_slice(c->k, u->elem);
	} else if (u->kind == KindPointer) {
		Type *arr = types_under(u->elem);
		if (arr->kind == KindArray) {
			valid = true;
			length = arr->len;
			x->type = types_slice(c->k, arr->elem);
		}
	} else if (u->kind == KindSlice) {
		valid = true;
	}
	if (!valid) {
		err_operand(c, x, "cannot slice %s", s_operand(c, x));
		x->mode = ModeInvalid;
		return;
	}
	x->mode = ModeValue;
	if ((n->flag & FlagFull) && (!list_at(c->env.file, l, 1) || !list_at(c->env.file, l, 2))) {
		x->mode = ModeInvalid;      /* the parser has said so */
		return;
	}
	i64 ind[3];
	for (u32 i = 0; i < 3; i++) {
		NodeId at = list_at(c->env.file, l, i);
		ind[i] = -1;
		if (at)
			index_value(c, at, length >= 0 ? length + 1 : -1, &ind[i]);
		else if (i == 0)
			ind[i] = 0;
		else if (length >= 0)
			ind[i] = length;
	}
	check_order(c, l, ind);
}
