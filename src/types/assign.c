/* assign: assignability in context, initialisation, assignment and short variable declarations (spec: Assignment statements,
 * Variable declarations). */
#include "check.h"

/* x is to be assigned to something of type T (NULL: to anything, with its default type). */
void check_assignment(Check *c, Operand *x, Type *T, const char *context)
{
	expr_single_value(c, x);
	switch (x->mode) {
	case ModeInvalid:
		return;
	case ModeConst: case ModeVar: case ModeMapIndex: case ModeValue: case ModeCommaOk: case ModeNil:
		break;
	default:
		err_operand(c, x, "cannot assign %s to %s in %s", s_operand(c, x), T ? s_type(c, T) : "_", context);
		x->mode = ModeInvalid;
		return;
	}
	if (type_is_untyped(x->type)) {
		Type *target = T, *nt;
		const Const *v;
		if (x->mode == ModeNil) {
			if (!T) {
				err_operand(c, x, "use of untyped nil in %s", context);
				x->mode = ModeInvalid;
				return;
			}
		} else if (!T || type_is_nonparam_interface(T)) {
			target = type_default(c->k, x->type);
		}
		ConvCode code = expr_implicit_type(c, x, target, &nt, &v);
		if (code) {
			err_operand(c, x, "cannot use %s as %s value in %s%s", s_operand(c, x), s_type(c, target), context,
				code == ConvTruncated ? " (truncated)" : code == ConvOverflow ? " (overflows)" : "");
			x->mode = ModeInvalid;
			return;
		}
		if (v) {
			x->val = v;
			expr_update_val(c, x->expr, v);
		}
		if (nt != x->type) {
			x->type = nt;
			expr_update_type(c, x->expr, nt, false);
		}
	}
	if (x->type->kind == KindFunc && x->type->fn.ntparams) {
		err_operand(c, x, "cannot use generic function %s without instantiation in %s", expr_text(c, x), context);
		x->mode = ModeInvalid;
		return;
	}
	if (!T || x->type == T)
		return;
	const char *cause = "";
	if (check_operand_assignable(c, x, T, &cause))
		return;
	const char *s = s_operand(c, x), *t = s_type(c, T);
	if (cause && *cause)
		err_operand(c, x, "cannot use %s as %s value in %s: %s", s, t, context, cause);
	else
		err_operand(c, x, "cannot use %s as %s value in %s", s, t, context);
	x->mode = ModeInvalid;
}

static Type *invalid(Check *c) { return c->k->typ[KindInvalid]; }

void check_const_decl(Check *c, Obj *o, Operand *x)
{
	if (x->mode == ModeInvalid || type_is_invalid(x->type) || (o->type && type_is_invalid(o->type))) {
		if (!o->type)
			o->type = invalid(c);
		return;
	}
	if (x->mode != ModeConst) {
		err_operand(c, x, "%s is not constant", s_operand(c, x));
		if (!o->type)
			o->type = invalid(c);
		return;
	}
	if (!o->type)
		o->type = x->type;
	check_assignment(c, x, o->type, "constant declaration");
	if (x->mode != ModeInvalid)
		o->val = (Const *)x->val;
}

void assign_init_var(Check *c, Obj *lhs, Operand *x, const char *context)
{
	if (x->mode == ModeInvalid || type_is_invalid(x->type) || (lhs->type && type_is_invalid(lhs->type))) {
		if (!lhs->type)
			lhs->type = invalid(c);
		x->mode = ModeInvalid;
		return;
	}
	if (!lhs->type) {
		Type *t = x->type;
		if (type_is_untyped(t)) {
			if (t->kind == KindUntypedNil) {
				err_operand(c, x, "use of untyped nil in %s", context);
				lhs->type = invalid(c);
				x->mode = ModeInvalid;
				return;
			}
			t = type_default(c->k, t);
		}
		lhs->type = t;
	}
	check_assignment(c, x, lhs->type, context);
}

/* ---- messages about counts ---- */

/* (int, string, number): types as in "have" and "want" lines. */
const char *types_summary(Check *c, Type **t, u32 n, bool variadic, bool dots)
{
	Buf b = { .ar = c->ar };
	buf_putc(&b, '(');
	for (u32 i = 0; i < n; i++) {
		const char *s;
		bool last = i == n - 1;
		if (i)
			buf_puts(&b, ", ");
		if (type_is_invalid(t[i]))
			s = "unknown type";
		else if (type_is_untyped(t[i]))
			s = type_is(t[i], IsNumeric) ? "number" : s_type(c, t[i]) + strlen("untyped ");
		else
			s = s_type(c, last && variadic && t[i]->kind == KindSlice ? t[i]->elem : t[i]);
		buf_printf(&b, "%s%s%s", last && variadic ? "..." : "", s, last && dots ? "..." : "");
	}
	buf_putc(&b, ')');
	return buf_str(&b);
}

static const char *measure(Check *c, u32 n, const char *unit) { return s_fmt(c, "%u %s%s", n, unit, n == 1 ? "" : "s"); }

static void assign_error(Check *c, NodeId rhs, u32 l, u32 r)
{
	File *f = c->env.file;
	NodeId rhs0 = expr_item(f, rhs, 0);
	const char *vars = measure(c, l, "variable"), *vals = measure(c, r, "value");
	if (expr_count(f, rhs) == 1) {
		NodeId call = node_unparen(f, rhs0);
		if (node_kind(f, call) == NodeCall) {
			err_node(c, rhs0, "assignment mismatch: %s but %s returns %s", vars, s_expr(c, node_at(f, call)->a), vals);
			return;
		}
	}
	err_node(c, rhs0, "assignment mismatch: %s but %s", vars, vals);
}

static void return_error(Check *c, NodeId ret, Obj **lhs, u32 l, Operand *rhs, u32 r)
{
	Pos at = node_start(c->env.file, ret);
	if (r > l)
		at = node_start(c->env.file, rhs[l].expr);
	else if (r > 0)
		at = node_start(c->env.file, rhs[r - 1].expr);
	Type **have = arena_array(c->ar, Type *, r + 1), **want = arena_array(c->ar, Type *, l + 1);
	for (u32 i = 0; i < r; i++)
		have[i] = rhs[i].type;
	for (u32 i = 0; i < l; i++)
		want[i] = lhs[i]->type;
	Err e;
	err_new(c, &e);
	err_add(&e, at, "%s return values", r > l ? "too many" : "not enough");
	err_add(&e, 0, "have %s", types_summary(c, have, r, false, false));
	err_add(&e, 0, "want %s", types_summary(c, want, l, false, false));
	err_report(&e);
}

/* ---- initialisation ---- */

static void spoil(Check *c, Obj **lhs, u32 l)
{
	for (u32 i = 0; i < l; i++)
		if (!lhs[i]->type)
			lhs[i]->type = invalid(c);
}

static void record_commaok(Check *c, NodeId n, Operand *two)
{
	Type *t[2] = { two[0].type, two[1].type };
	Type *tuple = types_tuple_of(c->k, t, 2);
	for (;;) {
		ExprInfo *i = check_info(c, n);
		i->type = tuple;
		i->flags |= InfoCommaOk;
		if (node_kind(c->env.file, n) != NodeParen)
			return;
		n = node_at(c->env.file, n)->a;
	}
}

static bool is_call(Check *c, NodeId list)
{
	return expr_count(c->env.file, list) == 1 && node_kind(c->env.file, node_unparen(c->env.file, expr_item(c->env.file, list, 0))) == NodeCall;
}

/* lhs = rhs for new variables, or the results of a return statement (ret). */
void assign_init_vars(Check *c, Obj **lhs, u32 l, NodeId rhs, NodeId ret)
{
	File *f = c->env.file;
	const char *context = ret ? "return statement" : "assignment";
	u32 r = expr_count(f, rhs);
	if (l == r && !is_call(c, rhs)) {
		for (u32 i = 0; i < l; i++) {
			const char *desc = lhs[i]->name ? lhs[i]->name->s : "";
			Target t = target_of(lhs[i]->type, ret && !*desc ? "result variable" : desc);
			Operand x;
			expr_single(c, &t, &x, expr_item(f, rhs, i));
			assign_init_var(c, lhs[i], &x, context);
		}
		return;
	}
	if (r != 1) {
		bool ok = true;
		for (u32 i = 0; i < r; i++)
			ok &= expr_use(c, expr_item(f, rhs, i));
		if (ok && ret) {
			Operand *v = arena_array(c->ar, Operand, r + 1);
			for (u32 i = 0; i < r; i++)
				expr_single(c, NULL, &v[i], expr_item(f, rhs, i));
			return_error(c, ret, lhs, l, v, r);
		} else if (ok) {
			assign_error(c, rhs, l, r);
		}
		spoil(c, lhs, l);
		return;
	}
	Operand *v;
	bool commaok;
	NodeId rhs0 = expr_item(f, rhs, 0);
	r = expr_multi(c, rhs0, l == 2 && !ret, &v, &commaok);
	if (l == r) {
		for (u32 i = 0; i < l; i++)
			assign_init_var(c, lhs[i], &v[i], context);
		if (commaok && v[0].mode != ModeInvalid && v[1].mode != ModeInvalid)
			record_commaok(c, rhs0, v);
		return;
	}
	if (r == 0 || v[0].mode != ModeInvalid) {
		if (ret)
			return_error(c, ret, lhs, l, v, r);
		else
			assign_error(c, rhs, l, r);
	}
	spoil(c, lhs, l);
}

void check_var_init(Check *c, Obj **lhs, u32 nlhs, NodeId rhs) { assign_init_vars(c, lhs, nlhs, rhs, 0); }

void check_one_var_init(Check *c, Obj *lhs, NodeId init, const char *context)
{
	Target t = target_of(lhs->type, lhs->name->s);
	Operand x;
	expr_single(c, &t, &x, init);
	assign_init_var(c, lhs, &x, context);
}

/* ---- assignment ---- */

/* The variable an identifier on the left denotes, if it is one of ours: assigning does not use it. */
static Obj *assigned_var(Check *c, NodeId ident)
{
	if (node_kind(c->env.file, ident) != NodeName)
		return NULL;
	Obj *o = check_lookup(c, node_name(c->env.file, ident));
	return o && o->kind == ObjVar && o->pkg == c->pkg ? o : NULL;
}

/* Type of an assignment's left side; NULL for _, invalid after an error. */
static Type *lhs_type(Check *c, NodeId lhs)
{
	File *f = c->env.file;
	NodeId id = node_unparen(f, lhs);
	if (node_kind(f, id) == NodeName && name_blank(node_name(f, id))) {
		check_record_def(c, id, NULL);
		return NULL;
	}
	Obj *v = assigned_var(c, id);
	bool used = v && obj_is(v, ObjUsed);
	Operand x;
	expr_single(c, NULL, &x, lhs);
	if (v && !used && !obj_is(v, ObjGlobal))
		v->flags &= ~(u32)ObjUsed;
	if (x.mode == ModeInvalid || type_is_invalid(x.type))
		return invalid(c);
	if (x.mode == ModeVar || x.mode == ModeMapIndex) {
		expr_mark_root(c, lhs, ObjAssigned);
		return x.type;
	}
	if (node_kind(f, x.expr) == NodeSelector) {
		Operand op;
		expr_single(c, NULL, &op, node_at(f, x.expr)->a);
		if (op.mode == ModeMapIndex) {
			err_operand(c, &x, "cannot assign to struct field %s in map", s_expr(c, x.expr));
			return invalid(c);
		}
	}
	err_operand(c, &x, "cannot assign to %s (neither addressable nor a map index expression)", s_expr(c, x.expr));
	return invalid(c);
}

/* lhs = x, or lhs = rhs if x is NULL. */
void assign_var(Check *c, NodeId lhs, NodeId rhs, Operand *x, const char *context)
{
	Type *T = lhs_type(c, lhs);
	Operand y;
	if (T && type_is_invalid(T)) {
		if (x)
			x->mode = ModeInvalid;
		else
			expr_use(c, rhs);
		return;
	}
	if (!x) {
		Target t = { 0 };
		if (T && types_under(T)->kind == KindFunc)
			t = target_of(T, s_expr(c, lhs));
		expr_single(c, &t, &y, rhs);
		x = &y;
	}
	if (!T && !strcmp(context, "assignment"))
		context = "assignment to _ identifier";
	check_assignment(c, x, T, context);
}

void assign_vars(Check *c, NodeId lhs, NodeId rhs)
{
	File *f = c->env.file;
	u32 l = expr_count(f, lhs), r = expr_count(f, rhs);
	if (l == r && !is_call(c, rhs)) {
		for (u32 i = 0; i < l; i++)
			assign_var(c, expr_item(f, lhs, i), expr_item(f, rhs, i), NULL, "assignment");
		return;
	}
	if (r != 1) {
		bool ok = expr_use_lhs(c, lhs);
		ok &= expr_use(c, rhs);
		if (ok)
			assign_error(c, rhs, l, r);
		return;
	}
	Operand *v;
	bool commaok;
	NodeId rhs0 = expr_item(f, rhs, 0);
	r = expr_multi(c, rhs0, l == 2, &v, &commaok);
	if (l == r) {
		for (u32 i = 0; i < l; i++)
			assign_var(c, expr_item(f, lhs, i), 0, &v[i], "assignment");
		if (commaok && v[0].mode != ModeInvalid && v[1].mode != ModeInvalid)
			record_commaok(c, rhs0, v);
		return;
	}
	if (r == 0 || v[0].mode != ModeInvalid)
		assign_error(c, rhs, l, r);
	expr_use_lhs(c, lhs);
}

/* ---- a, b := x, y ---- */

static bool repeated(Check *c, NodeId lhs, u32 i)
{
	File *f = c->env.file;
	Name *n = node_name(f, expr_item(f, lhs, i));
	for (u32 j = 0; j < i; j++) {
		NodeId other = expr_item(f, lhs, j);
		if (node_kind(f, other) == NodeName && node_name(f, other) == n)
			return true;
	}
	return false;
}

void assign_short_decl(Check *c, NodeId stmt, NodeId lhs, NodeId rhs)
{
	File *f = c->env.file;
	u32 top = c->delayed.n, n = expr_count(f, lhs), nnew = 0;
	Scope *scope = c->env.scope;
	Obj **vars = arena_array(c->ar, Obj *, n + 1), **fresh = arena_array(c->ar, Obj *, n + 1);
	bool bad = false;
	for (u32 i = 0; i < n; i++) {
		NodeId e = expr_item(f, lhs, i);
		vars[i] = NULL;
		if (node_kind(f, e) != NodeName) {
			expr_use_lhs(c, e);
			err_node(c, e, "non-name %s on left side of :=", s_expr(c, e));
			bad = true;
			continue;
		}
		Name *name = node_name(f, e);
		if (!name_blank(name)) {
			if (repeated(c, lhs, i)) {
				err_node(c, e, "%s repeated on left side of :=", s_expr(c, e));
				bad = true;
				continue;
			}
			Obj *alt = scope_find(scope, name);
			if (alt) {
				check_record_use(c, e, alt);
				if (alt->kind == ObjVar) {
					vars[i] = alt;
					obj_set(alt, ObjAssigned);
					check_record_type(c, e, ModeVar, alt->type);
				} else {
					err_node(c, e, "cannot assign to %s", s_expr(c, e));
					bad = true;
				}
				continue;
			}
		}
		vars[i] = obj_new_local(c, e);
		if (!name_blank(name))
			fresh[nnew++] = vars[i];
	}
	for (u32 i = 0; i < n; i++)
		if (!vars[i])
			vars[i] = obj_new(c, ObjVar, node_at(f, expr_item(f, lhs, i))->pos, intern_str("_"), NULL);
	assign_init_vars(c, vars, n, rhs, 0);
	check_delayed(c, top);
	for (u32 i = 0; i < n; i++) {
		NodeId e = expr_item(f, lhs, i);
		if (node_kind(f, e) == NodeName)
			check_record_type(c, e, ModeVar, vars[i]->type);
	}
	if (!nnew && !bad) {
		err_soft(c, node_at(f, stmt)->pos, "no new variables on left side of :=");
		return;
	}
	for (u32 i = 0; i < nnew; i++)
		check_declare(c, scope, 0, fresh[i]);
}
