/* call: calls, conversions written as calls, argument passing, selectors, and instantiation of generic functions.
 *
 * Arguments may be generic functions themselves; then their type parameters are inferred together with those of the
 * function called. A call f(g()) passes the results of g.
 */
#include "check.h"

#include <strings.h>

static Operand *operand_at(Check *c, u8 mode, NodeId e, Type *t)
{
	Operand *x = arena_new(c->ar, Operand);
	*x = (Operand){ .mode = mode, .file = c->env.file, .expr = e, .type = t };
	return x;
}

static bool generic_sig(Type *t)
{
	return t && t->kind == KindFunc && t->fn.ntparams;
}

/* The type arguments written in index expression inst; NULL after an error. */
static Type **type_list(Check *c, NodeId inst, NodeId **xlist, u32 *n)
{
	File *f = c->env.file;
	NodeId index = node_at(f, inst)->b;
	*n = expr_count(f, index);
	*xlist = arena_array(c->ar, NodeId, *n + 1);
	Type **t = arena_array(c->ar, Type *, *n + 1);
	bool ok = true;
	for (u32 i = 0; i < *n; i++) {
		(*xlist)[i] = expr_item(f, index, i);
		t[i] = check_var_type(c, (*xlist)[i]);
		ok = ok && !type_is_invalid(t[i]);
	}
	return ok ? t : NULL;
}

/* ---- instantiation without a call ---- */

/* Instantiates generic function x with inst's type arguments and, if infer, what t tells about the rest. If too few are known and
 * infer is false, returns them (*n of them) and leaves x generic; else NULL. */
Type **call_func_inst(Check *c, const Target *t, Pos pos, Operand *x, NodeId inst, bool infer, u32 *n)
{
	NodeId *xlist = NULL;
	Type **targs = NULL;
	u32 got = 0;
	Pos at = inst ? node_at(c->env.file, inst)->pos : pos;
	*n = 0;
	if (inst)
		x->expr = inst;
	bool version_ok = check_version(c, at, 18, "function instantiation");
	if (inst) {
		targs = type_list(c, inst, &xlist, &got);
		if (!targs) {
			x->mode = ModeInvalid;
			return NULL;
		}
	}
	Type *sig = types_under(x->type);
	u32 want = sig->fn.ntparams;
	if (got > want) {
		err_node(c, xlist[got - 1], "got %u type arguments but want %u", got, want);
		x->mode = ModeInvalid;
		return NULL;
	}
	if (got < want) {
		if (!infer) {
			*n = got;
			return targs;
		}
		Operand *arg = NULL;
		bool reverse = false;
		Type *params = c->k->t_empty_tuple;
		if (t && t->sig) {
			if (version_ok && !check_allowed(c, 21))
				check_version(c, at, 21, "%s instantiated function in assignment", inst ? "partially" : "implicitly");
			Type *gsig = types_func(c->k, sig->fn.params, sig->fn.results, sig->variadic);
			params = types_tuple_of(c->k, &gsig, 1);
			arg = operand_at(c, ModeValue, x->expr, t->sig);
			arg->text = t->desc;
			reverse = true;
		}
		Type **tparams = sig->fn.tparams;
		check_rename_tparams(c, &tparams, want, &params);
		Type **full = arena_array(c->ar, Type *, want);
		if (got)
			memcpy(full, targs, got * sizeof *full);
		Err e;
		err_new(c, &e);
		targs = check_infer(c, pos, tparams, want, full, want, params, &arg, arg ? 1 : 0, reverse, &e);
		if (!targs) {
			if (e.n)
				err_report(&e);
			x->mode = ModeInvalid;
			return NULL;
		}
	}
	x->type = check_instantiate_sig(c, node_at(c->env.file, x->expr)->pos, x->expr, targs, want, sig, xlist, got);
	x->mode = ModeValue;
	return NULL;
}

/* ---- arguments ---- */

typedef struct Args { Operand **v; u32 n; Type ***targs; u32 *ntargs; } Args;

/* Checks the argument expressions; generic functions stay generic, with the type arguments given so far in targs. */
static Args argument_list(Check *c, ListId l)
{
	File *f = c->env.file;
	u32 n = list_len(f, l);
	Args r = { 0 };
	bool infer = !check_allowed(c, 21);
	r.v = arena_array(c->ar, Operand *, n + 1);
	r.targs = arena_array(c->ar, Type **, n + 1);
	r.ntargs = arena_array(c->ar, u32, n + 1);
	r.n = n;
	for (u32 i = 0; i < n; i++) {
		NodeId e = list_at(f, l, i);
		Operand *x = r.v[i] = operand_at(c, ModeInvalid, e, c->k->typ[KindInvalid]);
		if (node_kind(f, e) == NodeIndex) {
			bool inst = false;
			if (check_enter(c, e))
				inst = index_expr(c, x, e);
			check_leave(c);
			if (inst) {
				u32 k;
				Type **targs = call_func_inst(c, NULL, node_at(f, x->expr)->pos, x, e, infer, &k);
				if (targs) {
					r.targs[i] = targs;
					r.ntargs[i] = k;
					x->expr = e;
				} else {
					expr_record(c, x);
				}
				continue;
			}
			x->expr = e;
			expr_record(c, x);
			expr_exclude(c, x, 1u << ModeNovalue | 1u << ModeBuiltin | 1u << ModeType);
			continue;
		}
		expr_raw(c, NULL, x, e, NULL, true);
		expr_exclude(c, x, 1u << ModeNovalue | 1u << ModeBuiltin | 1u << ModeType);
		if (n == 1 && x->mode != ModeInvalid && x->type->kind == KindTuple) {
			Type *t = x->type;
			r.n = t->tuple.n;
			r.v = arena_array(c->ar, Operand *, r.n + 1);
			r.targs = arena_array(c->ar, Type **, r.n + 1);
			r.ntargs = arena_array(c->ar, u32, r.n + 1);
			for (u32 j = 0; j < r.n; j++)
				r.v[j] = operand_at(c, ModeValue, e, t->tuple.v[j]->type);
			return r;
		}
		expr_single_value(c, x);
	}
	return r;
}

static void count_error(Check *c, NodeId call, Type *sig, Operand **args, u32 nargs, u32 npars, bool ddd)
{
	File *f = c->env.file;
	NodeId at = call;
	Pos pos = 0;
	if (nargs > npars)
		at = args[npars]->expr;
	else if (nargs > 0)
		at = args[nargs - 1]->expr;
	else
		pos = list_extra(f, node_at(f, call)->b);
	Type **have = arena_array(c->ar, Type *, nargs + 1), **want = arena_array(c->ar, Type *, sig->fn.params->tuple.n + 1);
	for (u32 i = 0; i < nargs; i++)
		have[i] = args[i]->type;
	for (u32 i = 0; i < sig->fn.params->tuple.n; i++)
		want[i] = sig->fn.params->tuple.v[i]->type;
	Err e;
	(void)pos;
	err_new(c, &e);
	err_add(&e, node_start(f, at), "%s arguments in call to %s", nargs > npars ? "too many" : "not enough", s_expr(c, node_at(f, call)->a));
	err_add(&e, 0, "have %s", types_summary(c, have, nargs, false, ddd));
	err_add(&e, 0, "want %s", types_summary(c, want, sig->fn.params->tuple.n, sig->variadic, false));
	err_report(&e);
}

/* Parameter types of sig for nargs arguments, the variadic one repeated; NULL if the call cannot match (reported). */
static Type *parameters(Check *c, NodeId call, Type *sig, Operand **args, u32 nargs, bool *adjusted)
{
	const Node *n = node_at(c->env.file, call);
	bool ddd = n->flag & FlagDots;
	Type *params = sig->fn.params;
	u32 npars = params->tuple.n;
	*adjusted = false;
	if (sig->variadic && ddd) {
		if (list_len(c->env.file, n->b) == 1 && nargs > 1) {
			err_node(c, call, "cannot use ... with %u-valued %s", nargs, s_expr(c, list_at(c->env.file, n->b, 0)));
			return NULL;
		}
	} else if (sig->variadic) {
		if (nargs + 1 >= npars) {
			Type **t = arena_array(c->ar, Type *, nargs + 1);
			Type *last = types_under(params->tuple.v[npars - 1]->type);
			for (u32 i = 0; i < nargs; i++)
				t[i] = i < npars - 1 ? params->tuple.v[i]->type : last->elem;
			params = types_tuple_of(c->k, t, nargs);
			*adjusted = true;
			npars = nargs;
		} else {
			npars--;
		}
	} else if (ddd) {
		err_node(c, call, "cannot use ... in call to non-variadic %s", s_expr(c, n->a));
		return NULL;
	}
	if (nargs != npars) {
		count_error(c, call, sig, args, nargs, npars, ddd);
		return NULL;
	}
	return params;
}

/* A generic argument: fresh type parameters for it, appended to the list being inferred. */
typedef struct Infer { VEC(Type *) tparams; VEC(Type *) targs; } Infer;

static Type *rename_generic_arg(Check *c, Operand *arg, Infer *in, Type **given, u32 ngiven)
{
	Type *sig = arg->type;
	u32 n = sig->fn.ntparams;
	Type **tp = sig->fn.tparams;
	Type *plain = types_func(c->k, sig->fn.params, sig->fn.results, sig->variadic);
	check_rename_tparams(c, &tp, n, &plain);
	Type *fresh = type_alloc(c->k, KindFunc);
	u32 id = fresh->id;
	*fresh = (Type){ .kind = KindFunc, .flags = plain->flags, .variadic = plain->variadic, .id = id };
	fresh->fn.params = plain->fn.params;
	fresh->fn.results = plain->fn.results;
	fresh->fn.tparams = tp;
	fresh->fn.ntparams = n;
	for (u32 i = 0; i < n; i++) {
		vec_push(c->ar, &in->tparams, tp[i]);
		vec_push(c->ar, &in->targs, i < ngiven ? given[i] : NULL);
	}
	return fresh;
}

/* Passes args to sig, inferring type arguments where needed. Returns the signature called (sig, or its instance); sig again after an
 * error. targs: the type arguments written, from expressions xlist. */
Type *call_arguments(Check *c, NodeId call, Type *sig, Type **targs, u32 ntargs, const NodeId *xlist, u32 nx, Operand **args, u32 nargs, Type ***atargs, u32 *natargs)
{
	const Node *node = node_at(c->env.file, call);
	bool adjusted;
	Type *result = sig, *params = parameters(c, call, sig, args, nargs, &adjusted);
	if (!params)
		return sig;
	Infer in = { 0 };
	u32 n = sig->fn.ntparams;
	if (n) {
		if (!check_allowed(c, 18))
			check_version(c, node_start(c->env.file, call), 18, node_kind(c->env.file, node->a) == NodeIndex ? "function instantiation" : "implicit function instantiation");
		Type **tp = sig->fn.tparams;
		check_rename_tparams(c, &tp, n, &params);
		for (u32 i = 0; i < n; i++) {
			vec_push(c->ar, &in.tparams, tp[i]);
			vec_push(c->ar, &in.targs, i < ntargs ? targs[i] : NULL);
		}
	}
	bool any = false;
	Type **generic = arena_array(c->ar, Type *, nargs + 1);
	for (u32 i = 0; i < nargs; i++) {
		if (args[i]->mode == ModeInvalid || !generic_sig(args[i]->type))
			continue;
		generic[i] = args[i]->type;
		args[i]->type = rename_generic_arg(c, args[i], &in, atargs ? atargs[i] : NULL, natargs ? natargs[i] : 0);
		if (!any)
			check_version(c, node_start(c->env.file, args[i]->expr), 21, "implicitly instantiated function as argument");
		any = true;
	}
	if (in.tparams.n) {
		Err e;
		err_new(c, &e);
		Type **inferred = check_infer(c, node->pos, in.tparams.a, in.tparams.n, in.targs.a, in.targs.n, params, args, nargs, false, &e);
		if (!inferred) {
			if (e.n)
				err_at(c, e.pos, "in call to %s, %s", s_expr(c, node->a), buf_str(&e.text));
			return sig;
		}
		if (n) {
			result = check_instantiate_sig(c, node->pos, node->a, inferred, n, sig, xlist, nx);
			TypeEnv env = { in.tparams.a, inferred, n };
			params = adjusted ? types_subst(c->k, params, &env) : result->fn.params;
		}
		u32 j = n;
		for (u32 i = 0; i < nargs; i++) {
			if (!generic[i])
				continue;
			args[i]->type = check_instantiate_sig(c, node->pos, args[i]->expr, inferred + j, generic[i]->fn.ntparams, generic[i], NULL, 0);
			expr_record(c, args[i]);
			j += generic[i]->fn.ntparams;
		}
	}
	if (nargs) {
		const char *context = NULL;
		for (u32 i = 0; i < nargs; i++) {
			Type *t = params->tuple.v[i]->type;
			/* the usual case needs no text */
			if (args[i]->mode >= ModeVar && args[i]->mode != ModeNil && !type_is_invalid(args[i]->type) && args[i]->type == t && t->kind != KindFunc && t->kind != KindTuple)
				continue;
			if (!context)
				context = s_fmt(c, "argument to %s", s_expr(c, node->a));
			check_assignment(c, args[i], t, context);
		}
	}
	return result;
}

/* ---- calls ---- */

static ExprKind conversion_call(Check *c, Operand *x, NodeId call)
{
	const Node *n = node_at(c->env.file, call);
	u32 nargs = list_len(c->env.file, n->b);
	expr_nongeneric(c, NULL, x);
	if (x->mode == ModeInvalid)
		return ExprConversion;
	Type *T = x->type;
	x->mode = ModeInvalid;
	check_info(c, call)->flags |= InfoConvCall;
	if (nargs == 0) {
		err_at(c, list_extra(c->env.file, n->b) ? node_start(c->env.file, call) : n->pos, "missing argument in conversion to %s", s_type(c, T));
	} else if (nargs == 1) {
		NodeId arg = list_at(c->env.file, n->b, 0);
		expr_single(c, NULL, x, arg);
		if (x->mode != ModeInvalid) {
			Type *u = types_under(T);
			if (u->kind == KindInterface && !type_is_tparam(T) && !typeset_is_method_set(types_typeset(c->k, u))) {
				err_node(c, call, "cannot use interface %s in conversion (contains specific type constraints or is comparable)", s_type(c, T));
				x->mode = ModeInvalid;
			} else if (n->flag & FlagDots) {
				err_node(c, arg, "invalid use of ... in conversion to %s", s_type(c, T));
				x->mode = ModeInvalid;
			} else {
				conversion(c, x, T);
			}
		}
	} else {
		for (u32 i = 0; i < nargs; i++)
			expr_use(c, list_at(c->env.file, n->b, i));
		err_node(c, list_at(c->env.file, n->b, nargs - 1), "too many arguments in conversion to %s", s_type(c, T));
	}
	x->expr = call;
	return ExprConversion;
}

static bool func_cond(void *arg, Type *t, Type *u, const char **cause)
{
	Check *c = arg;
	if (!u || u->kind == KindFunc)
		return true;
	*cause = s_fmt(c, "%s is not a function", s_type(c, t));
	return false;
}

static void use_args(Check *c, NodeId call)
{
	ListId l = node_at(c->env.file, call)->b;
	for (u32 i = 0; i < list_len(c->env.file, l); i++)
		expr_use(c, list_at(c->env.file, l, i));
}

static ExprKind failed_call(Check *c, Operand *x, NodeId call)
{
	use_args(c, call);
	x->mode = ModeInvalid;
	x->expr = call;
	return ExprStatement;
}

ExprKind call_expr(Check *c, Operand *x, NodeId call)
{
	File *f = c->env.file;
	const Node *n = node_at(f, call);
	NodeId inst = 0;
	if (node_kind(f, n->a) == NodeIndex) {
		if (index_expr(c, x, n->a))
			inst = n->a;
		x->expr = n->a;
		expr_record(c, x);
	} else {
		check_expr_or_type(c, x, n->a, true);
	}
	if (x->mode == ModeInvalid)
		return failed_call(c, x, call);
	if (x->mode == ModeType)
		return conversion_call(c, x, call);
	if (x->mode == ModeBuiltin) {
		u32 id = x->id;
		check_info(c, call)->flags |= InfoBuiltinCall;
		if (!call_builtin(c, x, call, id))
			x->mode = ModeInvalid;
		x->expr = call;
		if (x->mode != ModeInvalid && x->mode != ModeConst)
			c->env.has_call_or_recv = true;
		return builtin_kind(id);
	}
	const char *cause = "";
	Type *sig = x->mode == ModeNil ? NULL : check_common_under(c->k, x->type, func_cond, c, &cause);
	if (!sig) {
		err_operand(c, x, "invalid operation: cannot call %s: %s", s_operand(c, x), x->mode == ModeNil ? "untyped nil is not a function" : cause);
		x->mode = ModeInvalid;
		x->expr = call;
		use_args(c, call);
		return ExprStatement;
	}
	bool was_generic = sig->fn.ntparams > 0;
	NodeId *xlist = NULL;
	Type **targs = NULL;
	u32 nt = 0, nx = 0;
	if (inst) {
		targs = type_list(c, inst, &xlist, &nt);
		if (!targs)
			return failed_call(c, x, call);
		nx = nt;
		if (nt > sig->fn.ntparams) {
			err_node(c, xlist[sig->fn.ntparams], "got %u type arguments but want %u", nt, sig->fn.ntparams);
			return failed_call(c, x, call);
		}
		if (nt == sig->fn.ntparams && nt) {
			check_version(c, node_start(f, inst), 18, "function instantiation");
			sig = check_instantiate_sig(c, node_at(f, inst)->pos, inst, targs, nt, sig, xlist, nx);
			targs = NULL;
			xlist = NULL;
			nt = nx = 0;
		}
	}
	Args a = argument_list(c, n->b);
	sig = call_arguments(c, call, sig, targs, nt, xlist, nx, a.v, a.n, a.targs, a.ntargs);
	if (was_generic && !sig->fn.ntparams)
		expr_record_as(c, n->a, ModeValue, sig, NULL);
	Type *res = sig->fn.results;
	x->mode = res->tuple.n ? ModeValue : ModeNovalue;
	if (res->tuple.n)
		x->type = res->tuple.n == 1 ? res->tuple.v[0]->type : res;
	x->val = NULL;
	x->expr = call;
	c->env.has_call_or_recv = true;
	if (x->mode == ModeValue && sig->fn.ntparams && types_has_tparam(x->type))
		x->mode = ModeInvalid;    /* inference failed; the result would mention foreign type parameters */
	return ExprStatement;
}

/* ---- selectors ---- */

static const char *tail(const char *s)
{
	s++;
	while (((u8)*s & 0xC0) == 0x80)
		s++;
	return s;
}

/* Why there is no sel in t; alt is what was found when case is ignored. */
const char *lookup_error(Check *c, Type *t, const Name *sel, Obj *alt, bool struct_lit)
{
	enum { Missing, Misspelled, Unexported, Inaccessible } e = Missing;
	if (alt) {
		bool same_tail = !strcmp(tail(sel->s), tail(alt->name->s));
		if (alt->pkg == c->pkg)
			e = Misspelled;
		else if (sel->exported)
			e = alt->name->exported ? Misspelled : same_tail ? Unexported : Missing;
		else if (alt->name->exported)
			e = same_tail ? Misspelled : Missing;
		else if (sel == alt->name)
			e = Inaccessible;
	}
	const char *a = alt ? alt->name->s : "", *ts = s_type(c, t);
	if (struct_lit) {
		switch (e) {
		case Missing: return s_fmt(c, "unknown field %s in struct literal of type %s", sel->s, ts);
		case Misspelled: return s_fmt(c, "unknown field %s in struct literal of type %s, but does have %s", sel->s, ts, a);
		case Unexported: return s_fmt(c, "unknown field %s in struct literal of type %s, but does have unexported %s", sel->s, ts, a);
		default: return s_fmt(c, "cannot refer to unexported field %s in struct literal of type %s", a, ts);
		}
	}
	const char *what = !alt ? "object" : alt->kind == ObjVar ? "field" : alt->kind == ObjFunc ? "method" : "object";
	switch (e) {
	case Missing: return s_fmt(c, "type %s has no field or method %s", ts, sel->s);
	case Misspelled: return s_fmt(c, "type %s has no field or method %s, but does have %s %s", ts, sel->s, what, a);
	case Unexported: return s_fmt(c, "type %s has no field or method %s, but does have unexported %s %s", ts, sel->s, what, a);
	default: return s_fmt(c, "cannot refer to unexported %s %s", what, a);
	}
}

static Obj *exported_ignoring_case(Scope *s, const Name *n)
{
	Obj *best = NULL;
	for (u32 i = 0; i < s->names.cap; i++) {
		Obj *o = s->names.key[i] ? (Obj *)(uintptr_t)s->names.val[i] : NULL;
		if (o && o->name->exported && o->name->len == n->len && !strcasecmp(o->name->s, n->s) && (!best || name_cmp(o->name, best->name) < 0))
			best = o;
	}
	return best;
}

/* Is name called by an exported function short enough that gc surely inlines it? */
static bool called_inline(const Pkg *p, const Name *name)
{
	for (u32 i = 0; i < p->nfile; i++) {
		const File *f = p->file[i];
		for (u32 k = 0; k < f->nfunc; k++) {
			NodeId d = f->func[k].decl, body = decl_part(f, d, 3);
			if (!node_name(f, node_at(f, d)->a)->exported || !body || list_len(f, node_at(f, body)->a) != 1)
				continue;
			for (NodeId n = f->func[k].first; n < f->func[k].last; n++)
				if (node_kind(f, n) == NodeName && node_name(f, n) == name)
					return true;
		}
	}
	return false;
}

/* gc sees of an imported package what its export data holds: exported objects, the types they are made of, and what inlined
 * bodies refer to. Functions and variables beyond these do not exist for it. */
static bool in_export_data(const Pkg *p, const Obj *o)
{
	return o->name->exported || (o->kind != ObjFunc && o->kind != ObjVar) || called_inline(p, o->name);
}

static void qualified(Check *c, Operand *x, NodeId e, NodeId ident, NodeId selid, Obj *pname)
{
	Name *sel = node_name(c->env.file, selid);
	Pkg *pkg = pname->pkgname.imported;
	check_record_use(c, ident, pname);
	obj_set(pname, ObjUsed);
	if (!pkg)
		return;
	Obj *o = pkg->scope ? scope_find(pkg->scope, sel) : NULL;
	if (!o || !in_export_data(pkg, o)) {
		if (!pkg->fake && !name_blank(sel)) {
			Obj *alt = pkg->scope ? exported_ignoring_case(pkg->scope, sel) : NULL;
			if (alt)
				err_node(c, selid, "undefined: %s (but have %s)", s_expr(c, e), alt->name->s);
			else
				err_node(c, selid, "undefined: %s", s_expr(c, e));
		}
		return;
	}
	if (!sel->exported)
		err_node(c, selid, "name %s not exported by package %s", sel->s, pkg->name->s);
	check_record_use(c, selid, o);
	switch (o->kind) {
	case ObjConst:
		x->mode = ModeConst;
		x->val = o->val;
		break;
	case ObjTypeName: x->mode = ModeType; break;
	case ObjVar: x->mode = ModeVar; break;
	case ObjFunc: x->mode = ModeValue; break;
	case ObjBuiltin:
		x->mode = ModeBuiltin;
		x->id = o->builtin;
		break;
	default:
		return;
	}
	x->type = o->type ? o->type : c->k->typ[KindInvalid];
	if (x->mode != ModeBuiltin && type_is_invalid(x->type)) {
		x->mode = ModeInvalid;
		return;
	}
	if (x->mode != ModeConst) {
		Selection *s = arena_new(c->ar, Selection);
		s->kind = SelQualified;
		s->obj = o;
		check_record_sel(c, e, s);
	}
}

static Type *with_receiver(Check *c, Type *recv, Type *sig)
{
	Type *p = sig->fn.params;
	u32 n = p->tuple.n;
	Obj **v = arena_array(c->ar, Obj *, n + 1);
	Name *name = intern_str("");
	if (n && p->tuple.v[0]->name && p->tuple.v[0]->name->len)
		name = sig->fn.recv && sig->fn.recv->name && sig->fn.recv->name->len ? sig->fn.recv->name : intern_str("_");
	v[0] = obj_alloc(c->k, ObjVar, sig->fn.recv ? sig->fn.recv->pos : 0, c->pkg, name, recv);
	v[0]->flags |= ObjIsParam;
	memcpy(v + 1, p->tuple.v, n * sizeof *v);
	return types_func(c->k, types_tuple(c->k, v, n + 1), sig->fn.results, sig->variadic);
}

static void missing_member(Check *c, Operand *x, NodeId selid, LookupResult r)
{
	Name *sel = node_name(c->env.file, selid);
	if (type_is_invalid(types_under(x->type)))
		return;
	if (r.ambiguous) {
		err_node(c, selid, "ambiguous selector %s.%s", s_expr(c, x->expr), sel->s);
		return;
	}
	const char *t = s_type(c, x->type);
	if (r.indirect) {
		if (x->mode == ModeType)
			err_node(c, selid, "invalid method expression %s.%s (needs pointer receiver (*%s).%s)", t, sel->s, t, sel->s);
		else
			err_node(c, selid, "cannot call pointer method %s on %s", sel->s, t);
		return;
	}
	const char *why;
	if (type_is_interface_ptr(x->type)) {
		why = type_is_tparam(types_under(x->type)->elem) ? s_fmt(c, "type %s is pointer to type parameter, not type parameter", t) :
			s_fmt(c, "type %s is pointer to interface, not interface", t);
	} else {
		LookupResult alt = { 0 };
		if (!name_blank(sel))
			alt = check_lookup_member(c, x->type, x->mode == ModeVar, c->pkg, sel, true);
		why = lookup_error(c, x->type, sel, alt.obj, false);
	}
	err_node(c, selid, "%s.%s undefined (%s)", s_expr(c, x->expr), sel->s, why);
}

/* x.f (spec: Selectors, Method expressions, Qualified identifiers). */
void check_selector(Check *c, Operand *x, NodeId e, bool want_type)
{
	File *f = c->env.file;
	const Node *n = node_at(f, e);
	NodeId selid = n->b;
	Name *sel = node_name(f, selid);
	*x = (Operand){ .mode = ModeInvalid, .file = f, .expr = e, .type = c->k->typ[KindInvalid] };
	if (node_kind(f, n->a) == NodeName) {
		Obj *o = check_lookup(c, node_name(f, n->a));
		if (o && o->kind == ObjPkgName) {
			qualified(c, x, e, n->a, selid, o);
			x->expr = e;
			return;
		}
	}
	check_expr_or_type(c, x, n->a, false);
	if (x->mode == ModeBuiltin)
		err_at(c, n->pos, "invalid use of %s in selector expression", s_operand(c, x));
	if (x->mode == ModeBuiltin || x->mode == ModeInvalid)
		goto error;
	if (want_type) {
		err_node(c, selid, "%s is not a type", s_expr(c, e));
		goto error;
	}
	LookupResult r = { 0 };
	if (x->mode != ModeNil && !name_blank(sel))
		r = check_lookup_member(c, x->type, x->mode == ModeVar, c->pkg, sel, false);
	if (!r.obj) {
		missing_member(c, x, selid, r);
		goto error;
	}
	Obj *o = r.obj;
	if (o->kind == ObjFunc)
		check_obj(c, o->fn.origin ? o->fn.origin : o);
	Selection *s = r.sel;
	s->recv = x->type;
	s->obj = o;
	s->indirect = r.indirect;
	if (x->mode == ModeType) {
		if (o->kind != ObjFunc) {
			err_node(c, selid, "%s.%s undefined (type %s has no method %s)", s_expr(c, x->expr), sel->s, s_type(c, x->type), sel->s);
			goto error;
		}
		s->kind = SelMethodExpr;
		if (!o->type || o->type->kind != KindFunc) {
			err_node(c, e, "invalid syntax tree: illegal cycle in method declaration");
			goto error;
		}
		x->mode = ModeValue;
		x->type = with_receiver(c, x->type, o->type);
		check_add_dep(c, o);
	} else if (o->kind == ObjVar) {
		s->kind = SelField;
		x->mode = x->mode == ModeVar || r.indirect ? ModeVar : ModeValue;
		x->type = o->type ? o->type : c->k->typ[KindInvalid];
	} else {
		s->kind = SelMethodVal;
		if (x->mode == ModeVar && obj_is(o, ObjPtrRecv) && !r.indirect)
			expr_mark_root(c, n->a, ObjAddrTaken | ObjAssigned);
		x->mode = ModeValue;
		x->type = o->type;
		if (!o->type || o->type->kind != KindFunc)
			goto error;
		if (o->type->fn.recv)
			x->type = types_func(c->k, o->type->fn.params, o->type->fn.results, o->type->variadic);
		check_add_dep(c, o);
	}
	check_record_use(c, selid, o);
	check_record_sel(c, e, s);
	x->val = NULL;
	x->expr = e;
	return;
error:
	x->mode = ModeInvalid;
	x->type = c->k->typ[KindInvalid];
	x->expr = e;
}

/* ---- evaluation for the sake of uses ---- */

static bool use1(Check *c, NodeId e, bool lhs)
{
	File *f = c->env.file;
	if (!e)
		return true;
	NodeId in = node_unparen(f, e);
	Operand x;
	bool ok = true;
	switch (node_kind(f, in)) {
	case NodeName: {
		Name *n = node_name(f, in);
		if (name_blank(n))
			return true;
		Obj *o = lhs ? check_lookup(c, n) : NULL;
		bool local = o && o->kind == ObjVar && o->pkg == c->pkg, used = local && obj_is(o, ObjUsed);
		check_expr_or_type(c, &x, in, true);
		if (local && !used)
			o->flags &= ~(u32)ObjUsed;
		return x.mode != ModeInvalid;
	}
	case NodeList:
		for (u32 i = 0; i < expr_count(f, in); i++)
			ok &= use1(c, expr_item(f, in, i), lhs);
		return ok;
	case NodeKeyValue:
		return use1(c, node_at(f, in)->b, lhs);
	default:
		expr_raw(c, NULL, &x, e, NULL, true);
		return x.mode != ModeInvalid;
	}
}

bool expr_use(Check *c, NodeId n) { return use1(c, n, false); }
bool expr_use_lhs(Check *c, NodeId n) { return use1(c, n, true); }
void check_use_exprs(Check *c, NodeId n) { use1(c, n, false); }
