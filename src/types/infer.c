/* infer: type arguments of a call or assignment, from its arguments, from constraints, and from untyped constants last.
 *
 * Three steps: typed arguments are unified with their parameters; then constraint types and methods are unified with what is known until
 * nothing new comes out; parameters that only got untyped constants take the default type of the largest kind. What was found is
 * substituted into itself until no parameter is left; cycles through themselves are given up.
 */
#include "check.h"
#include "unify.h"

typedef struct Walk { Type **tparams; u32 n; Arena *ar; Map seen; } Walk;

static bool parameterized1(Walk *w, Type *t);

static bool vars_parameterized(Walk *w, Obj **v, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (parameterized1(w, v[i]->type))
			return true;
	return false;
}

static bool parameterized1(Walk *w, Type *t)
{
	t = types_unalias(t);
	if (!t || !(t->flags & TypeHasTParam))
		return false;
	u64 *slot = map_slot(w->ar, &w->seen, (u64)(uintptr_t)t);
	if (*slot)
		return *slot == 2;
	*slot = 1;
	bool r = false;
	switch (t->kind) {
	case KindArray: case KindSlice: case KindPointer: case KindChan:
		r = parameterized1(w, t->elem);
		break;
	case KindMap:
		r = parameterized1(w, t->key) || parameterized1(w, t->elem);
		break;
	case KindStruct:
		r = vars_parameterized(w, t->st.field, t->st.n);
		break;
	case KindTuple:
		r = vars_parameterized(w, t->tuple.v, t->tuple.n);
		break;
	case KindFunc:
		r = parameterized1(w, t->fn.params) || parameterized1(w, t->fn.results);
		break;
	case KindInterface: {
		TypeSet *s = types_typeset(type_checker(w->tparams[0]), t);
		r = vars_parameterized(w, s->method, s->nmethod);
		for (u32 i = 0; !r && i < s->nterm; i++)
			r = parameterized1(w, s->term[i].type);
		break;
	}
	case KindNamed:
		for (u32 i = 0; !r && i < t->named.ntargs; i++)
			r = parameterized1(w, t->named.targs[i]);
		break;
	case KindTypeParam:
		for (u32 i = 0; !r && i < w->n; i++)
			r = w->tparams[i] == t;
		break;
	}
	map_put(w->ar, &w->seen, (u64)(uintptr_t)t, r ? 2 : 1);
	return r;
}

static bool parameterized(Check *c, Type **tparams, u32 n, Type *t)
{
	if (!t || !(t->flags & TypeHasTParam))
		return false;
	Walk w = { .tparams = tparams, .n = n, .ar = c->ar };
	return parameterized1(&w, t);
}

/* ---- core terms ---- */

typedef struct Core { Type *t; bool tilde, single; } Core;

static Core core_term(Check *c, Type *tpar)
{
	TypeSet *s = types_typeset(c->k, types_under(tpar));
	if (!typeset_has_terms(s))
		return (Core){ 0 };
	if (s->nterm == 1)
		return (Core){ s->term[0].type, s->term[0].tilde, true };
	bool tilde = false;
	for (u32 i = 0; i < s->nterm; i++)
		tilde |= s->term[i].tilde;
	Type *u = types_core(c->k, tpar);
	return u ? (Core){ u, tilde, false } : (Core){ 0 };
}

/* ---- cycles ---- */

typedef struct Cycle { Type **tparams, **inferred; u32 n; Arena *ar; Map seen; } Cycle;
static void kill(Cycle *w, Type *t);

static void kill_vars(Cycle *w, Obj **v, u32 n)
{
	for (u32 i = 0; i < n; i++)
		kill(w, v[i]->type);
}

static void kill(Cycle *w, Type *t)
{
	t = types_unalias(t);
	if (!t || !(t->flags & TypeHasTParam))
		return;
	u64 *slot = map_slot(w->ar, &w->seen, (u64)(uintptr_t)t);
	if (*slot) {
		for (u32 i = 0; t->kind == KindTypeParam && i < w->n; i++)
			if (w->tparams[i] == t)
				w->inferred[i] = NULL;
		return;
	}
	*slot = 1;
	switch (t->kind) {
	case KindArray: case KindSlice: case KindPointer: case KindChan: kill(w, t->elem); break;
	case KindMap:
		kill(w, t->key);
		kill(w, t->elem);
		break;
	case KindStruct: kill_vars(w, t->st.field, t->st.n); break;
	case KindFunc:
		kill_vars(w, t->fn.params->tuple.v, t->fn.params->tuple.n);
		kill_vars(w, t->fn.results->tuple.v, t->fn.results->tuple.n);
		break;
	case KindUnion:
		for (u32 i = 0; i < t->un.n; i++)
			kill(w, t->un.term[i].type);
		break;
	case KindInterface:
		kill_vars(w, t->iface.method, t->iface.nmethod);
		for (u32 i = 0; i < t->iface.nembed; i++)
			kill(w, t->iface.embed[i]);
		break;
	case KindNamed:
		for (u32 i = 0; i < t->named.ntargs; i++)
			kill(w, t->named.targs[i]);
		break;
	case KindTypeParam:
		for (u32 i = 0; i < w->n; i++)
			if (w->tparams[i] == t && w->inferred[i])
				kill(w, w->inferred[i]);
	}
	map_put(w->ar, &w->seen, (u64)(uintptr_t)t, 0);
}

/* ---- inference ---- */

static const char *tparams_string(Check *c, Type **v, u32 n)
{
	Buf b = { .ar = c->ar };
	for (u32 i = 0; i < n; i++) {
		if (i)
			buf_puts(&b, n == 2 ? " and " : i == n - 1 ? ", and " : ", ");
		buf_puts(&b, v[i]->tparam.obj->name->s);
	}
	return buf_str(&b);
}

typedef struct Infer {
	Check *c;
	Unifier u;
	Type **tparams;
	u32 n;
	bool reverse;
	Err *e;
	Pos pos;
} Infer;

static const char *arg_expr(Infer *f, Operand *x)
{
	Buf b = { .ar = f->c->ar };
	if (x->text)
		return x->text;
	if (x->expr)
		node_print(&b, x->file ? x->file : f->c->env.file, x->expr);
	return buf_str(&b);
}

static Pos arg_pos(Infer *f, Operand *x)
{
	return x->expr ? node_start(x->file ? x->file : f->c->env.file, x->expr) : f->pos;
}

static void mismatch(Infer *f, Type *tpar, Type *targ, Operand *x)
{
	Check *c = f->c;
	Type **v = arena_array(c->ar, Type *, f->n);
	bool all = true;
	for (u32 i = 0; i < f->n; i++) {
		v[i] = *f->u.handle[i];
		all &= !v[i];
	}
	Pos pos = arg_pos(f, x);
	if (all) {
		err_add(f->e, pos, "type %s of %s does not match %s (cannot infer %s)", s_type(c, targ), arg_expr(f, x), s_type(c, tpar),
			tparams_string(c, f->tparams, f->n));
		return;
	}
	TypeEnv env = { f->tparams, v, f->n };
	Type *inf = type_subst(c->k, tpar, &env);
	if (inf == tpar)
		err_add(f->e, pos, "type %s of %s does not match %s", s_type(c, targ), arg_expr(f, x), s_type(c, tpar));
	else if (f->reverse)
		err_add(f->e, pos, "inferred type %s for %s does not match type %s of %s", s_type(c, inf), s_type(c, tpar), s_type(c, targ), arg_expr(f, x));
	else
		err_add(f->e, pos, "type %s of %s does not match inferred type %s for %s", s_type(c, targ), arg_expr(f, x), s_type(c, inf), s_type(c, tpar));
}

static bool unify_exact(void *arg, Type *x, Type *y) { return unifier_unify(arg, x, y, UnifyExact); }

static u32 unknowns(Infer *f)
{
	u32 n = 0;
	for (u32 i = 0; i < f->n; i++)
		n += !*f->u.handle[i];
	return n;
}

/* Constraints, until they tell nothing new. */
static bool use_constraints(Infer *f)
{
	Check *c = f->c;
	for (;;) {
		u32 before = unknowns(f);
		for (u32 i = 0; i < f->n; i++) {
			Type *tpar = f->tparams[i], *tx = *f->u.handle[i];
			Core core = core_term(c, tpar);
			if (core.t && tx) {
				if (!unifier_unify(&f->u, tx, core.t, 0)) {
					err_add(f->e, f->pos, "%s (type %s) does not satisfy %s", s_type(c, tpar), s_type(c, tx), s_type(c, tpar->tparam.bound));
					return false;
				}
			} else if (core.t && core.single && !core.tilde) {
				*f->u.handle[i] = core.t;
			}
			if (tx && !parameterized(c, f->tparams, f->n, tx)) {
				const char *cause = "";
				if (!has_all_methods(c, c->k, tx, types_under(tpar), true, unify_exact, &f->u, &cause)) {
					err_add(f->e, f->pos, "%s (type %s) does not satisfy %s %s", s_type(c, tpar), s_type(c, tx), s_type(c, tpar->tparam.bound), cause);
					return false;
				}
			}
		}
		if (unknowns(f) == before)
			return true;
	}
}

static bool use_untyped(Infer *f, Type *params, Operand **args, const u32 *untyped, u32 n)
{
	Check *c = f->c;
	Type **max = arena_array(c->ar, Type *, f->n);
	for (u32 j = 0; j < n; j++) {
		Type *tpar = params->tuple.v[untyped[j]]->type;
		Operand *x = args[untyped[j]];
		int i = unifier_index(&f->u, tpar);
		if (i < 0 || *f->u.handle[i])
			continue;
		Type *m = max[i] ? type_max(max[i], x->type) : x->type;
		if (!m) {
			err_add(f->e, arg_pos(f, x), "mismatched types %s and %s (cannot infer %s)", s_type(c, max[i]), s_type(c, x->type), s_type(c, tpar));
			return false;
		}
		max[i] = m;
	}
	for (u32 i = 0; i < f->n; i++)
		if (max[i])
			*f->u.handle[i] = type_default(c->k, max[i]);
	return true;
}

/* Substitutes what was inferred into itself. */
static void simplify(Infer *f, Type **inferred, Type **targs)
{
	Check *c = f->c;
	Cycle w = { .tparams = f->tparams, .inferred = inferred, .n = f->n, .ar = c->ar };
	for (u32 i = 0; i < f->n; i++)
		kill(&w, f->tparams[i]);
	for (u32 round = 0; round < 1000; round++) {
		TypeEnv env = { f->tparams, inferred, f->n };
		bool changed = false;
		for (u32 i = 0; i < f->n; i++) {
			if (!inferred[i] || targs[i])
				continue;
			Type *t = type_subst(c->k, inferred[i], &env);
			if (t == inferred[i])
				continue;
			if (t->kind == KindFunc && t->fn.ntparams && !parameterized(c, f->tparams, f->n, t)) {
				Type *s = types_func(c->k, t->fn.params, t->fn.results, t->variadic);
				s->fn.recv = t->fn.recv;
				t = s;
			}
			inferred[i] = t;
			changed = true;
		}
		if (!changed)
			return;
	}
}

Type **check_infer(Check *c, Pos pos, Type **tparams, u32 n, Type **targs0, u32 ntargs, Type *params, Operand **args, u32 nargs, bool reverse, Err *e)
{
	Type **targs = arena_array(c->ar, Type *, n);
	bool all = true;
	for (u32 i = 0; i < n; i++) {
		targs[i] = i < ntargs && targs0 ? targs0[i] : NULL;
		all &= targs[i] != NULL;
	}
	if (all)
		return targs;
	for (u32 i = 0; i < nargs; i++)
		if (args[i]->mode == ModeInvalid)
			return NULL;
	if (params && params->tuple.n) {
		TypeEnv env = { tparams, targs, n };
		params = type_subst(c->k, params, &env);
	}
	Infer f = { .c = c, .tparams = tparams, .n = n, .reverse = reverse, .e = e, .pos = pos };
	unifier_init(&f.u, c, tparams, targs, n, check_allowed(c, 21));
	u32 *untyped = arena_array(c->ar, u32, nargs + 1), nuntyped = 0;
	for (u32 i = 0; i < nargs; i++) {
		Type *pt = params->tuple.v[i]->type;
		if (!parameterized(c, tparams, n, pt) && !parameterized(c, tparams, n, args[i]->type))
			continue;
		if (type_is_typed(args[i]->type)) {
			if (!unifier_unify(&f.u, pt, args[i]->type, UnifyAssign)) {
				mismatch(&f, pt, args[i]->type, args[i]);
				return NULL;
			}
		} else if (pt->kind == KindTypeParam && args[i]->mode != ModeNil && args[i]->type->kind != KindUntypedNil) {
			untyped[nuntyped++] = i;
		}
	}
	if (!use_constraints(&f) || !use_untyped(&f, params, args, untyped, nuntyped))
		return NULL;
	Type **inferred = arena_array(c->ar, Type *, n);
	for (u32 i = 0; i < n; i++)
		inferred[i] = *f.u.handle[i];
	simplify(&f, inferred, targs);
	for (u32 i = 0; i < n; i++) {
		if (!inferred[i] || parameterized(c, tparams, n, inferred[i])) {
			Obj *o = tparams[i]->tparam.obj;
			err_add(e, pos, "cannot infer %s (declared at %s)", o->name->s, s_pos(c, o->pos));
			return NULL;
		}
	}
	return inferred;
}

void check_rename_tparams(Check *c, Type ***tparams, u32 n, Type **t)
{
	if (!n)
		return;
	Type **old = *tparams, **v = arena_array(c->ar, Type *, n);
	for (u32 i = 0; i < n; i++) {
		Obj *o = obj_new(c, ObjTypeName, old[i]->tparam.obj->pos, old[i]->tparam.obj->name, NULL);
		o->pkg = old[i]->tparam.obj->pkg;
		v[i] = type_new_tparam(c->k, o, NULL, old[i]->tparam.index);
	}
	TypeEnv env = { old, v, n };
	for (u32 i = 0; i < n; i++)
		v[i]->tparam.bound = type_subst(c->k, old[i]->tparam.bound, &env);
	*t = type_subst(c->k, *t, &env);
	*tparams = v;
}

/* ---- instantiated signatures ---- */

typedef struct SigCheck { Type **tparams, **targs; u32 n; const NodeId *xlist; u32 nx; Pos pos; } SigCheck;

static void verify_sig(Check *c, void *arg, NodeId n)
{
	SigCheck *s = arg;
	const char *cause = "";
	(void)n;
	int i = check_verify(c, s->pos, s->tparams, s->targs, s->n, &cause);
	if (i >= 0)
		err_at(c, (u32)i < s->nx ? node_start(c->env.file, s->xlist[i]) : s->pos, "%s", cause);
	else
		mono_instance(c, s->pos, s->tparams, s->targs, s->n, s->xlist, s->nx);
}

/* Notes the instance at expr and at what it is made of, down to the function's name. */
static void record_instance(Check *c, NodeId expr, Type **targs, u32 n, Type *sig)
{
	File *f = c->env.file;
	NodeId name = expr;
	while (name && (node_kind(f, name) == NodeParen || node_kind(f, name) == NodeIndex))
		name = node_at(f, name)->a;
	if (!name)
		return;
	ExprInfo *i = check_info(c, name);
	Obj *fn = NULL;
	if (node_kind(f, name) == NodeName)
		fn = i->obj;
	else if (node_kind(f, name) == NodeSelector && i->sel)
		fn = i->sel->obj;
	if (!fn || fn->kind != ObjFunc)
		return;
	for (NodeId e = expr;; e = node_at(f, e)->a) {
		check_record_inst(c, e, fn, targs, n, sig);
		if (e == name)
			break;
	}
}

Type *check_instantiate_sig(Check *c, Pos at, NodeId expr, Type **targs, u32 n, Type *sig, const NodeId *xlist, u32 nx)
{
	Type *r = type_instance(c, c->k, at, sig, targs, n);
	record_instance(c, expr, targs, n, r);
	SigCheck *s = arena_new(c->ar, SigCheck);
	*s = (SigCheck){ sig->fn.tparams, targs, n, NULL, nx, at };
	if (nx) {
		NodeId *x = arena_array(c->ar, NodeId, nx);
		memcpy(x, xlist, nx * sizeof *x);
		s->xlist = x;
	}
	check_later(c, verify_sig, s, 0);
	return r;
}
