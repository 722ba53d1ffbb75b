/* stmt: statements and function bodies (spec: Statements).
 *
 * Function literals met in a statement are checked when the statement is complete, so that they see all variables with
 * their types. Unused variables are reported when a function ends: all its variables were numbered in Body.locals in
 * the order of their declaration. Where break, continue, goto and fallthrough may stand is the parser's business.
 */
#include "check.h"

static void stmt(Check *c, NodeId s);

static void stmt_list(Check *c, ListId l)
{
	for (u32 i = 0; i < list_len(c->env.file, l); i++)
		stmt(c, list_at(c->env.file, l, i));
}

static void multiple_defaults(Check *c, ListId l)
{
	File *f = c->env.file;
	NodeId first = 0;
	for (u32 i = 0; i < list_len(f, l); i++) {
		NodeId s = list_at(f, l, i);
		if (node_at(f, s)->a)
			continue;
		if (first)
			err_node(c, s, "multiple defaults (first at %s)", s_pos(c, node_at(f, first)->pos));
		else
			first = s;
	}
}

/* ---- expression switches ---- */

typedef struct SeenCase { struct SeenCase *next; const Const *val; Type *type; Pos pos; } SeenCase;

static void case_value(Check *c, Operand *x, NodeId e, Map *seen)
{
	Operand v;
	expr_single(c, NULL, &v, e);
	if (x->mode == ModeInvalid || v.mode == ModeInvalid)
		return;
	check_convert_untyped(c, &v, x->type);
	if (v.mode == ModeInvalid)
		return;
	Operand res = v, tag = *x;
	expr_comparison(c, &res, &tag, OpEql, true);
	if (res.mode == ModeInvalid || v.mode != ModeConst)
		return;
	ConstKind k = const_kind(v.val);
	if (k != ConstInt && k != ConstFloat && k != ConstString)
		return;
	u64 *slot = map_slot(c->ar, seen, const_hash(v.val) | 1);
	SeenCase *s = (SeenCase *)(uintptr_t)*slot;
	for (; s; s = s->next) {
		if (!types_identical(c->k, s->type, v.type) || !const_compare(s->val, OpEql, v.val))
			continue;
		Err err;
		err_new(c, &err);
		err_add(&err, node_start(c->env.file, e), "duplicate case %s in expression switch", s_operand(c, &v));
		err_add(&err, s->pos, "previous case");
		err_report(&err);
		return;
	}
	s = arena_new(c->ar, SeenCase);
	*s = (SeenCase){ (SeenCase *)(uintptr_t)*slot, v.val, v.type, node_at(c->env.file, e)->pos };
	*slot = (u64)(uintptr_t)s;
}

static void expr_switch(Check *c, NodeId tag, ListId clauses)
{
	File *f = c->env.file;
	Operand x;
	if (tag) {
		expr_single(c, NULL, &x, tag);
		check_assignment(c, &x, NULL, "switch expression");
		if (x.mode != ModeInvalid && !check_comparable(c, x.type, true, NULL) && !type_has_nil(x.type)) {
			err_operand(c, &x, "cannot switch on %s (%s is not comparable)", s_operand(c, &x), s_type(c, x.type));
			x.mode = ModeInvalid;
		}
	} else {
		x = (Operand){ .mode = ModeConst, .file = f, .type = c->k->typ[KindBool], .val = const_make_bool(c->ar, true), .text = "true" };
	}
	multiple_defaults(c, clauses);
	Map seen = { 0 };
	u32 n = list_len(f, clauses);
	for (u32 i = 0; i < n; i++) {
		NodeId s = list_at(f, clauses, i);
		const Node *cl = node_at(f, s);
		for (u32 j = 0; j < expr_count(f, cl->a); j++)
			case_value(c, &x, expr_item(f, cl->a, j), &seen);
		check_open_scope(c, s);
		stmt_list(c, cl->b);
		check_close_scope(c);
	}
}

/* ---- type switches ---- */

static bool is_nil_name(Check *c, NodeId e)
{
	File *f = c->env.file;
	NodeId n = node_unparen(f, e);
	if (node_kind(f, n) != NodeName)
		return false;
	Obj *o = check_lookup(c, node_name(f, n));
	return o && o->kind == ObjNil;
}

/* Types of one clause. Returns the type of the symbolic variable in it. x is NULL after an error in the guard. */
static Type *case_types(Check *c, Operand *x, NodeId cases, Map *seen)
{
	File *f = c->env.file;
	Type *T = NULL;
	u32 n = expr_count(f, cases);
	for (u32 i = 0; i < n; i++) {
		NodeId e = expr_item(f, cases, i);
		u64 key = 1;
		T = NULL;
		if (is_nil_name(c, e)) {
			Operand dummy;
			expr_single(c, NULL, &dummy, e);
		} else {
			T = check_var_type(c, e);
			if (type_is_invalid(T))
				continue;
			expr_record_as(c, e, ModeType, T, NULL);
			key = (u64)(uintptr_t)types_canon(c->k, T);
		}
		u64 *slot = map_slot(c->ar, seen, key);
		if (*slot) {
			Err err;
			err_new(c, &err);
			err_add(&err, node_start(f, e), "duplicate case %s in type switch", T ? s_type(c, T) : "nil");
			err_add(&err, node_start(f, (NodeId)*slot), "previous case");
			err_report(&err);
			continue;
		}
		*slot = e;
		if (x && T)
			expr_type_assertion(c, e, x, T, true);
	}
	if (n != 1 || !T)
		return x ? x->type : c->k->typ[KindInvalid];
	return T;
}

static void type_switch(Check *c, NodeId guard, ListId clauses)
{
	File *f = c->env.file;
	const Node *g = node_at(f, guard);
	NodeId lhs = g->a;
	if (lhs) {
		if (name_blank(node_name(f, lhs))) {
			err_soft(c, node_at(f, lhs)->pos, "no new variable on left side of :=");
			lhs = 0;
		} else {
			check_record_def(c, lhs, NULL);
		}
	}
	Operand x, *sx = NULL;
	expr_single(c, NULL, &x, g->b);
	if (x.mode != ModeInvalid) {
		if (type_is_tparam(x.type))
			err_operand(c, &x, "cannot use type switch on type parameter value %s", s_operand(c, &x));
		else if (types_under(x.type)->kind == KindInterface)
			sx = &x;
		else
			err_operand(c, &x, "%s is not an interface", s_operand(c, &x));
	}
	multiple_defaults(c, clauses);
	Map seen = { 0 };
	u32 n = list_len(f, clauses), nvar = 0;
	Obj **vars = arena_array(c->ar, Obj *, n + 1);
	for (u32 i = 0; i < n; i++) {
		NodeId s = list_at(f, clauses, i);
		Type *T = case_types(c, sx, node_at(f, s)->a, &seen);
		check_open_scope(c, s);
		if (lhs) {
			Obj *o = obj_new(c, ObjVar, node_at(f, lhs)->pos, node_name(f, lhs), T);
			o->decl = s;
			check_add_local(c, o);
			check_declare(c, c->env.scope, 0, o);
			ExprInfo *info = check_info(c, s);
			info->obj = o;
			info->flags |= InfoImplicit;
			info->type = T;
			vars[nvar++] = o;
		}
		stmt_list(c, node_at(f, s)->b);
		check_close_scope(c);
	}
	bool used = !lhs;
	for (u32 i = 0; i < nvar; i++) {
		used |= obj_is(vars[i], ObjUsed);
		obj_set(vars[i], ObjUsed);
	}
	if (!used)
		err_soft(c, node_at(f, lhs)->pos, "%s declared and not used", node_name(f, lhs)->s);
}

static void switch_stmt(Check *c, const Node *n, NodeId s)
{
	File *f = c->env.file;
	NodeId init = list_at(f, n->a, 0), tag = list_at(f, n->a, 1);
	check_open_scope(c, s);
	if (init)
		stmt(c, init);
	if (tag && node_kind(f, tag) == NodeTypeSwitchGuard)
		type_switch(c, tag, n->b);
	else
		expr_switch(c, tag, n->b);
	check_close_scope(c);
}

/* ---- select ---- */

static bool comm_valid(Check *c, NodeId s)
{
	File *f = c->env.file;
	const Node *n = node_at(f, s);
	NodeId rhs = 0;
	switch (n->kind) {
	case NodeSendStmt: return true;
	case NodeAssignStmt: rhs = n->b; break;
	case NodeExprStmt: rhs = n->a; break;
	}
	if (!rhs)
		return false;
	const Node *r = node_at(f, node_unparen(f, rhs));
	return r->kind == NodeUnary && r->op == OpRecv;
}

static void select_stmt(Check *c, ListId clauses)
{
	File *f = c->env.file;
	multiple_defaults(c, clauses);
	for (u32 i = 0; i < list_len(f, clauses); i++) {
		NodeId s = list_at(f, clauses, i);
		const Node *cl = node_at(f, s);
		if (cl->a && !comm_valid(c, cl->a)) {
			err_node(c, cl->a, "select case must be send or receive (possibly with assignment)");
			continue;
		}
		check_open_scope(c, s);
		if (cl->a)
			stmt(c, cl->a);
		stmt_list(c, cl->b);
		check_close_scope(c);
	}
}

/* ---- for and range ---- */

typedef struct RangeTypes { Type *key, *val; const char *cause; bool ok, func; } RangeTypes;

static Type *array_deref(Type *u)
{
	if (u->kind == KindPointer && !type_is_tparam(u->elem)) {
		Type *a = types_under(u->elem);
		if (a->kind == KindArray)
			return a;
	}
	return u;
}

static bool range_cond(void *arg, Type *t, Type *u, const char **cause)
{
	Check *c = arg;
	if (!u || u->kind != KindChan || u->dir != ChanSendOnly)
		return true;
	*cause = s_fmt(c, "receive from send-only channel %s", s_type(c, t));
	return false;
}

static RangeTypes bad_range(const char *cause) { return (RangeTypes){ .cause = cause }; }

/* func(yield func(K, V) bool) */
static RangeTypes range_func(Check *c, Type *fn)
{
#define FORM "func must be func(yield func(...) bool): "
	if (!check_allowed(c, 23))
		return bad_range("requires go1.23 or later");
	if (fn->fn.params->tuple.n != 1)
		return bad_range(FORM "wrong argument count");
	if (fn->fn.results->tuple.n != 0)
		return bad_range(FORM "unexpected results");
	const char *cause = "";
	Type *cb = check_common_under(c->k, fn->fn.params->tuple.v[0]->type, NULL, NULL, &cause);
	if (!cb)
		return bad_range(s_fmt(c, FORM "in yield type, %s", cause));
	if (cb->kind != KindFunc)
		return bad_range(FORM "argument is not func");
	Obj **p = cb->fn.params->tuple.v, **r = cb->fn.results->tuple.v;
	u32 np = cb->fn.params->tuple.n, nr = cb->fn.results->tuple.n;
	if (np > 2)
		return bad_range(FORM "yield func has too many parameters");
	if (nr != 1 || !types_identical(c->k, r[0]->type, c->k->typ[KindBool])) {
		if (nr == 1 && type_is(r[0]->type, IsBool))
			return bad_range(FORM "yield func returns user-defined boolean, not bool");
		return bad_range(FORM "yield func does not return bool");
	}
	return (RangeTypes){ np > 0 ? p[0]->type : NULL, np > 1 ? p[1]->type : NULL, "", true, true };
#undef FORM
}

/* Types of the iteration variables over a value of type orig. */
static RangeTypes range_types(Check *c, Type *orig)
{
	Checker *k = c->k;
	const char *cause = "";
	Type *u = check_common_under(k, orig, range_cond, c, &cause);
	if (!u)
		return bad_range(cause);
	Type *t = array_deref(u);
	switch (t->kind) {
	case KindArray: case KindSlice: return (RangeTypes){ k->typ[KindInt], t->elem, "", true, false };
	case KindMap: return (RangeTypes){ t->key, t->elem, "", true, false };
	case KindChan: return (RangeTypes){ t->elem, NULL, "", true, false };
	case KindFunc: return range_func(c, t);
	default: break;
	}
	int info = kind_info(t->kind);
	if (info & IsString)
		return (RangeTypes){ k->typ[KindInt], k->t_rune, "", true, false };
	if (info & IsInteger) {
		if (!check_allowed(c, 22))
			return bad_range("requires go1.22 or later");
		return (RangeTypes){ orig, NULL, "", true, false };
	}
	return bad_range("");
}

static void range_define(Check *c, NodeId s, NodeId lhs[2], Type *rhs[2], Operand *x, bool over_int)
{
	File *f = c->env.file;
	Obj *vars[2];
	u32 n = 0;
	for (int i = 0; i < 2; i++) {
		if (!lhs[i])
			continue;
		Obj *o;
		if (node_kind(f, lhs[i]) == NodeName) {
			o = obj_new_local(c, lhs[i]);
			obj_set(o, check_allowed(c, 22) ? ObjLoopVar | ObjPerIter : ObjLoopVar);
			if (!name_blank(o->name))
				vars[n++] = o;
		} else {
			err_node(c, lhs[i], "invalid syntax tree: cannot declare %s", s_expr(c, lhs[i]));
			o = obj_new(c, ObjVar, node_at(f, lhs[i])->pos, intern_str("_"), NULL);
		}
		if (!rhs[i] || type_is_invalid(rhs[i])) {
			o->type = c->k->typ[KindInvalid];
			obj_set(o, ObjUsed);
			continue;
		}
		if (over_int) {
			assign_init_var(c, o, x, "range clause");
		} else {
			Operand y = { .mode = ModeValue, .file = f, .expr = lhs[i], .type = rhs[i] };
			assign_init_var(c, o, &y, "assignment");
		}
		if (node_kind(f, lhs[i]) == NodeName)
			check_record_type(c, lhs[i], ModeVar, o->type);
	}
	for (u32 i = 0; i < n; i++)
		check_declare(c, c->env.scope, 0, vars[i]);
	if (!n)
		err_node(c, s, "no new variables on left side of :=");
}

static void range_assign(Check *c, NodeId lhs[2], Type *rhs[2], Operand *x, bool over_int)
{
	for (int i = 0; i < 2; i++) {
		if (!lhs[i] || !rhs[i] || type_is_invalid(rhs[i]))
			continue;
		if (over_int) {
			assign_var(c, lhs[i], 0, x, "range clause");
			if (x->mode != ModeInvalid && !type_is(x->type, IsInteger) && !type_all(x->type, IsInteger))
				err_soft(c, node_start(c->env.file, lhs[i]), "cannot use iteration variable of type %s", s_type(c, x->type));
		} else {
			Operand y = { .mode = ModeValue, .file = c->env.file, .expr = lhs[i], .type = rhs[i] };
			assign_var(c, lhs[i], 0, &y, "assignment");
		}
	}
}

/* The body of a range over a function is a function of its own at run time: what it uses of the variables around it (those
 * numbered before first) is captured, results are too if it returns. */
static void range_func_captures(Check *c, NodeId clause, NodeId body, u32 first)
{
	File *f = c->env.file;
	Body *b = c->env.body;
	for (NodeId n = clause + 1; b && n < body; n++) {
		NodeKind kind = node_kind(f, n);
		ExprInfo *i = &f->info[n];
		if (kind == NodeReturnStmt) {
			Type *res = c->env.sig->fn.results;
			for (u32 j = 0; j < res->tuple.n; j++)
				obj_set(res->tuple.v[j], ObjCaptured | ObjAssigned);
		}
		if (kind != NodeName || !(i->flags & InfoObj) || !i->obj || i->obj->kind != ObjVar)
			continue;
		Obj *o = i->obj;
		if (o->index < first && b->locals.a[o->index] == o)
			obj_set(o, ObjCaptured);
	}
}

static void range_stmt(Check *c, NodeId s, NodeId clause, NodeId body)
{
	File *f = c->env.file;
	const Node *n = node_at(f, clause);
	u32 nl = expr_count(f, n->a);
	NodeId lhs[2] = { nl > 0 ? expr_item(f, n->a, 0) : 0, nl > 1 ? expr_item(f, n->a, 1) : 0 };
	NodeId extra = nl > 2 ? expr_item(f, n->a, 2) : 0;
	Operand x;
	RangeTypes r = { 0 };
	u32 first = c->env.body ? c->env.body->locals.n : 0;
	expr_single(c, NULL, &x, n->b);
	if (x.mode != ModeInvalid) {
		r = x.mode == ModeNil ? bad_range("") : range_types(c, x.type);
		const char *xs = s_operand(c, &x);
		if (!r.ok && r.cause && *r.cause)
			err_soft(c, node_start(f, x.expr), "cannot range over %s: %s", xs, r.cause);
		else if (!r.ok)
			err_soft(c, node_start(f, x.expr), "cannot range over %s", xs);
		else if (!r.key && lhs[0])
			err_soft(c, node_start(f, lhs[0]), "range over %s permits no iteration variables", xs);
		else if (!r.val && lhs[1])
			err_soft(c, node_start(f, lhs[1]), "range over %s permits only one iteration variable", xs);
		else if (extra)
			err_soft(c, node_start(f, extra), "range clause permits at most two iteration variables");
	}
	check_open_scope(c, s);
	Type *rhs[2] = { r.key, r.val };
	bool over_int = x.mode != ModeInvalid && type_is(x.type, IsInteger);
	if (x.mode == ModeConst && type_is(x.type, IsString))
		expr_update_type(c, n->b, type_default(c->k, x.type), true);
	if (n->flag & FlagDef)
		range_define(c, s, lhs, rhs, &x, over_int);
	else if (lhs[0])
		range_assign(c, lhs, rhs, &x, over_int);
	else if (over_int)
		check_assignment(c, &x, NULL, "range clause");
	stmt(c, body);
	if (r.ok && r.func) {
		range_func_captures(c, clause, body, first);
		for (int i = 0; i < 2 && !(n->flag & FlagDef); i++)
			if (lhs[i])
				expr_mark_root(c, lhs[i], ObjCaptured);
	}
	check_close_scope(c);
}

/* Variables of a three-part for clause. */
static void mark_loop_vars(Check *c, NodeId init)
{
	File *f = c->env.file;
	const Node *n = node_at(f, init);
	if (n->kind != NodeAssignStmt || !(n->flag & FlagDef))
		return;
	for (u32 i = 0; i < expr_count(f, n->a); i++) {
		NodeId e = expr_item(f, n->a, i);
		ExprInfo *info = check_info(c, e);
		if (node_kind(f, e) == NodeName && (info->flags & InfoDef) && info->obj)
			obj_set(info->obj, check_allowed(c, 22) ? ObjLoopVar | ObjPerIter : ObjLoopVar);
	}
}

static void condition(Check *c, NodeId e, const char *what)
{
	Operand x;
	expr_single(c, NULL, &x, e);
	if (x.mode != ModeInvalid && !type_all(x.type, IsBool))
		err_node(c, e, "non-boolean condition in %s statement", what);
}

static void for_stmt(Check *c, const Node *n, NodeId s)
{
	File *f = c->env.file;
	NodeId init = list_at(f, n->a, 0), cond = list_at(f, n->a, 1), post = list_at(f, n->a, 2);
	if (init && node_kind(f, init) == NodeRangeClause) {
		range_stmt(c, s, init, n->b);
		return;
	}
	check_open_scope(c, s);
	if (init) {
		stmt(c, init);
		mark_loop_vars(c, init);
	}
	if (cond)
		condition(c, cond, "for");
	if (post) {
		stmt(c, post);
		const Node *p = node_at(f, post);
		if (p->kind == NodeAssignStmt && (p->flag & FlagDef))
			expr_use(c, p->a);      /* the parser has complained */
	}
	stmt(c, n->b);
	check_close_scope(c);
}

/* ---- the rest ---- */

static void suspended_call(Check *c, const Node *n)
{
	const char *keyword = n->op == TokDefer ? "defer" : "go", *msg;
	if (n->op == TokDefer && c->env.body && !c->env.lit)
		c->env.body->has_defer = true;
	if (node_kind(c->env.file, n->a) != NodeCall) {
		err_node(c, n->a, "expression in %s must be function call", keyword);
		expr_use(c, n->a);
		return;
	}
	Operand x;
	switch (expr_raw(c, NULL, &x, n->a, NULL, false)) {
	case ExprConversion: msg = "requires function call, not conversion"; break;
	case ExprExpression: msg = "discards result of"; break;
	default: return;
	}
	err_operand(c, &x, "%s %s %s", keyword, msg, s_operand(c, &x));
}

static void expr_stmt(Check *c, NodeId e)
{
	Operand x;
	ExprKind kind = expr_raw(c, NULL, &x, e, NULL, false);
	const char *msg = "is not used";
	if (x.mode == ModeBuiltin)
		msg = "must be called";
	else if (x.mode == ModeType)
		msg = "is not an expression";
	else if (kind == ExprStatement)
		return;
	err_operand(c, &x, "%s %s", s_operand(c, &x), msg);
}

static void assign_stmt(Check *c, NodeId s, const Node *n)
{
	File *f = c->env.file;
	Operand x;
	if (!n->b) {
		expr_single(c, NULL, &x, n->a);
		if (x.mode == ModeInvalid)
			return;
		if (!type_all(x.type, IsNumeric)) {
			const char *op = op_text[n->op];
			err_node(c, n->a, "invalid operation: %s%s%s (non-numeric type %s)", s_expr(c, n->a), op, op, s_type(c, x.type));
			return;
		}
		assign_var(c, n->a, 0, &x, "assignment");
		return;
	}
	if (n->flag & FlagDef) {
		assign_short_decl(c, s, n->a, n->b);
		return;
	}
	if (n->op == OpNone) {
		assign_vars(c, n->a, n->b);
		return;
	}
	if (expr_count(f, n->a) != 1 || expr_count(f, n->b) != 1) {
		err_node(c, s, "assignment operation %s requires single-valued expressions", op_text[n->op]);
		return;
	}
	NodeId lhs = expr_item(f, n->a, 0), rhs = expr_item(f, n->b, 0);
	expr_binary(c, &x, 0, lhs, rhs, n->op);
	if (x.mode == ModeConst)       /* the sum of two constants is nobody's node */
		x.expr = lhs;
	assign_var(c, lhs, 0, &x, "assignment");
}

static void return_stmt(Check *c, NodeId s, const Node *n)
{
	Type *res = c->env.sig->fn.results;
	u32 nres = res->tuple.n;
	if (n->a || !nres || !res->tuple.v[0]->name || !res->tuple.v[0]->name->len) {
		if (n->a || nres)
			assign_init_vars(c, res->tuple.v, nres, n->a, s);
		for (u32 i = 0; i < nres; i++)
			if (n->a && !obj_is(res->tuple.v[i], ObjAssigned))
				obj_set(res->tuple.v[i], ObjAssigned);
		return;
	}
	for (u32 i = 0; i < nres; i++) {
		Obj *o = res->tuple.v[i], *alt = check_lookup(c, o->name);
		if (!alt || alt == o || name_blank(o->name))
			continue;
		Err e;
		err_new(c, &e);
		err_add(&e, node_start(c->env.file, s), "result parameter %s not in scope at return", o->name->s);
		err_add(&e, alt->pos, "inner declaration of %s", s_obj(c, o));
		err_report(&e);
	}
}

static void send_stmt(Check *c, NodeId s, const Node *n)
{
	Operand ch, val;
	expr_single(c, NULL, &ch, n->a);
	expr_single(c, NULL, &val, n->b);
	if (ch.mode == ModeInvalid || val.mode == ModeInvalid)
		return;
	Type *elem = expr_chan_elem(c, node_start(c->env.file, s), &ch, false);
	if (elem)
		check_assignment(c, &val, elem, "send");
}

static void if_stmt(Check *c, NodeId s, const Node *n)
{
	File *f = c->env.file;
	NodeId init = list_at(f, n->a, 0), cond = list_at(f, n->a, 1), els = list_at(f, n->b, 1);
	check_open_scope(c, s);
	if (init)
		stmt(c, init);
	if (cond)
		condition(c, cond, "if");
	stmt(c, list_at(f, n->b, 0));
	if (els)
		stmt(c, els);
	check_close_scope(c);
}

static void stmt(Check *c, NodeId s)
{
	const Node *n = node_at(c->env.file, s);
	u32 top = c->delayed.n;
	if (!check_enter(c, s)) {
		check_leave(c);
		return;
	}
	switch (n->kind) {
	case NodeEmptyStmt: break;
	case NodeDeclStmt: check_decl_stmt(c, n->a); break;
	case NodeLabeledStmt:
		c->env.has_label = true;
		stmt(c, n->b);
		break;
	case NodeExprStmt: expr_stmt(c, n->a); break;
	case NodeSendStmt: send_stmt(c, s, n); break;
	case NodeAssignStmt: assign_stmt(c, s, n); break;
	case NodeCallStmt: suspended_call(c, n); break;
	case NodeReturnStmt: return_stmt(c, s, n); break;
	case NodeBranchStmt: break;
	case NodeBlock:
		check_open_scope(c, s);
		stmt_list(c, n->a);
		check_close_scope(c);
		break;
	case NodeIfStmt: if_stmt(c, s, n); break;
	case NodeSwitchStmt: switch_stmt(c, n, s); break;
	case NodeSelectStmt: select_stmt(c, n->b); break;
	case NodeForStmt: for_stmt(c, n, s); break;
	case NodeBadExpr: break;
	default: err_node(c, s, "invalid syntax tree: invalid statement");
	}
	check_leave(c);
	check_delayed(c, top);
}

/* ---- bodies ---- */

/* "declared and not used" for the variables from first on that belong to the function in env.lit itself. */
static void usage(Check *c, u32 first)
{
	Body *b = c->env.body;
	for (u32 i = first; i < b->locals.n; i++) {
		Obj *o = b->locals.a[i];
		if (o->var.lit != c->env.lit || !o->parent || name_blank(o->name) || obj_is(o, ObjUsed | ObjIsParam | ObjIsResult | ObjIsRecv))
			continue;
		err_soft(c, o->pos, "declared and not used: %s", o->name->s);
	}
}

void stmt_func_body(Check *c, Type *sig, NodeId block)
{
	File *f = c->env.file;
	const Node *n = node_at(f, block);
	Body *b = c->env.body;
	u32 first = b ? b->locals.n : 0;
	Map panics = { 0 };
	if (sig->fn.recv)
		check_add_local(c, sig->fn.recv);
	for (u32 i = 0; i < sig->fn.params->tuple.n; i++)
		check_add_local(c, sig->fn.params->tuple.v[i]);
	for (u32 i = 0; i < sig->fn.results->tuple.n; i++)
		check_add_local(c, sig->fn.results->tuple.v[i]);
	c->env.is_panic = sig->fn.results->tuple.n ? &panics : NULL;
	c->env.has_label = false;
	c->env.has_call_or_recv = false;
	stmt_list(c, n->a);
	if (c->env.has_label)
		stmt_labels(c, block);
	if (sig->fn.results->tuple.n && !stmt_terminates(c, block, NULL))
		err_at(c, list_extra(f, n->a), "missing return");
	if (b)
		usage(c, first);
	c->env.is_panic = NULL;
}

void check_func_body(Check *c, Body *b, NodeId block)
{
	if (!block)
		return;
	c->env.body = b;
	c->env.lit = 0;
	stmt_func_body(c, c->env.sig, block);
}
