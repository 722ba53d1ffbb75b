/* decl: declarations, resolved on demand.
 *
 * An object is white until somebody needs its type, grey while it is on the path of objects being declared, black afterwards. Meeting a
 * grey object is a cycle, which is fine if it goes through a type definition and no value, or through values only (initialisation order
 * looks at those). Cycles from type name to type name without a literal between are found beforehand, since nothing has an
 * underlying type then.
 */
#include <stdatomic.h>
#include "check.h"

enum { White, Grey, Black };

static void push(Check *c, Obj *o)
{
	o->color = Grey;
	vec_push(c->ar, &c->objpath, o);
}

static void pop(Check *c)
{
	vec_pop(&c->objpath)->color = Black;
}

/* ---- cycles ---- */

u32 first_in_src(Obj **v, u32 n)
{
	u32 f = 0;
	for (u32 i = 1; i < n; i++)
		if (v[i]->pos < v[f]->pos)
			f = i;
	return f;
}

static const char *qualified(Check *c, Obj *o)
{
	return o->pkg && o->pkg != c->pkg ? s_fmt(c, "%s.%s", o->pkg->name->s, o->name->s) : o->name->s;
}

void check_cycle_error(Check *c, Obj **cycle, u32 n, u32 start)
{
	Obj *o = cycle[start];
	bool is_type = o->kind == ObjTypeName;
	if (is_type && o->type && o->type->kind == KindAlias)
		o->type->alias.rhs = o->type->alias.actual = c->k->typ[KindInvalid];
	if (n == 1) {
		if (is_type)
			err_at(c, o->pos, "invalid recursive type: %s refers to itself", qualified(c, o));
		else
			err_at(c, o->pos, "invalid cycle in declaration: %s refers to itself", qualified(c, o));
		return;
	}
	Err e;
	err_new(c, &e);
	if (is_type)
		err_add(&e, o->pos, "invalid recursive type %s", qualified(c, o));
	else
		err_add(&e, o->pos, "invalid cycle in declaration of %s", qualified(c, o));
	for (u32 i = 0; i < n; i++) {
		Obj *next = cycle[(start + i + 1) % n];
		err_add(&e, o->pos, "%s refers to %s", qualified(c, o), qualified(c, next));
		o = next;
	}
	err_report(&e);
}

static bool is_alias(const Obj *o)
{
	return o->type && s_kind(o)[0] == 't' && o->type->kind != KindTypeParam;
}

static bool valid_cycle(Check *c, Obj *o)
{
	u32 start = c->objpath.n;
	while (start > 0 && c->objpath.a[start - 1] != o)
		start--;
	if (start-- == 0)
		bug("%s is grey but not being declared", o->name->s);
	Obj **cycle = c->objpath.a + start;
	u32 n = c->objpath.n - start, nval = 0, ndef = 0;
	for (u32 i = 0; i < n; i++) {
		Obj *x = cycle[i];
		if (x->kind == ObjConst || x->kind == ObjVar) {
			nval++;
		} else if (x->kind == ObjTypeName) {
			if (c->env.in_tparams && x->type && type_is_generic(x->type))
				return true;
			if (!is_alias(x))
				ndef++;
		}
	}
	if (nval == n)
		pkg_priv(c->pkg)->value_cycle = true;
	if (nval == n || (nval == 0 && ndef > 0))
		return true;
	check_cycle_error(c, cycle, n, first_in_src(cycle, n));
	return false;
}

/* ---- constants and variables ---- */

static void const_decl(Check *c, Obj *o, NodeId typ, NodeId init, bool inherited, i64 iota)
{
	i64 saved_iota = c->env.iota;
	Pos saved_pos = c->env.errpos;
	c->env.iota = iota;
	c->env.errpos = 0;
	o->val = NULL;
	if (typ) {
		Type *t = check_type(c, typ);
		if (!(type_is(t, IsConstType))) {
			if (!type_is_invalid(types_under(t)))
				err_node(c, typ, "invalid constant type %s", s_type(c, t));
			o->type = c->k->typ[KindInvalid];
			goto out;
		}
		o->type = t;
	}
	Operand x = { .mode = ModeInvalid, .file = c->env.file, .type = c->k->typ[KindInvalid] };
	if (init) {
		if (inherited)
			c->env.errpos = o->pos;
		check_expr(c, &x, init);
	}
	check_const_decl(c, o, &x);
out:
	c->env.iota = saved_iota;
	c->env.errpos = saved_pos;
	if (!o->type)
		o->type = c->k->typ[KindInvalid];
}

static void var_decl(Check *c, Obj *o, Obj **lhs, u32 nlhs, NodeId typ, NodeId init)
{
	if (typ)
		o->type = check_var_type(c, typ);
	if (!init) {
		if (!typ)
			o->type = c->k->typ[KindInvalid];
		return;
	}
	if (nlhs <= 1) {
		check_one_var_init(c, o, init, "variable declaration");
	} else {
		for (u32 i = 0; typ && i < nlhs; i++)
			lhs[i]->type = o->type;
		check_var_init(c, lhs, nlhs, init);
	}
	if (!o->type)
		o->type = c->k->typ[KindInvalid];
}

/* ---- types ---- */

typedef struct TypeCheck { Obj *o; Type *rhs; NodeId typ; bool version_err; } TypeCheck;

static void check_type_later(Check *c, void *arg, NodeId n)
{
	TypeCheck *t = arg;
	Type *named = type_named(t->o->type);
	(void)n;
	if (named)
		check_valid_type(c, named);
	Type *r = t->rhs ? type_named(t->rhs) : NULL;
	if (t->version_err || !r || r->named.obj->pkg == c->pkg || !r->named.obj->pkg)
		return;
	Type *u = types_under(r);
	if (u->kind == KindInterface && !typeset_is_method_set(types_typeset(c->k, u)))
		check_version(c, node_start(c->env.file, t->typ), 18, "using type constraint %s", s_type(c, t->rhs));
}

/* Remembers the end of a chain of aliases once all of it is known, so that long chains cost nothing. */
static void settle_alias(Type *a)
{
	Type *t = a->alias.rhs;
	while (t && t->kind == KindAlias)
		t = t->alias.actual ? t->alias.actual : t->alias.rhs;
	a->alias.actual = t;
}

static void alias_decl(Check *c, Obj *o, NodeId n, NodeId tps, NodeId typ, TypeCheck *tc)
{
	File *f = c->env.file;
	if (tps && !check_version(c, node_start(f, list_at(f, node_at(f, tps)->a, 0)), 23, "generic type alias"))
		tc->version_err = true;
	if (!tc->version_err && !check_version(c, node_at(f, n)->pos, 9, "type alias"))
		tc->version_err = true;
	Type *a = type_alloc(c->k, KindAlias);
	a->alias.obj = o;
	a->alias.origin = a;
	if (!o->type)
		o->type = a;
	Scope *saved = c->env.scope;
	if (tps) {
		check_open_scope(c, n);
		check_collect_tparams(c, tps, &a->alias.tparams, &a->alias.ntparams);
	}
	Type *rhs = tc->rhs = check_def_type(c, typ, o);
	if (type_is_invalid(a->alias.rhs) && a->alias.rhs)
		rhs = a->alias.rhs;      /* a cycle was reported */
	a->alias.rhs = rhs;
	if (rhs->kind == KindTypeParam)
		for (u32 i = 0; i < a->alias.ntparams; i++)
			if (a->alias.tparams[i] == rhs) {
				err_node(c, typ, "cannot use type parameter declared in alias declaration as RHS");
				a->alias.rhs = c->k->typ[KindInvalid];
			}
	a->flags |= a->alias.rhs->flags & TypeHasTParam;
	settle_alias(a);
	c->env.scope = saved;
}

static void type_decl(Check *c, Obj *o, NodeId n)
{
	File *f = c->env.file;
	NodeId tps = decl_part(f, n, 0), typ = decl_part(f, n, 1);
	if (tps && !list_len(f, node_at(f, tps)->a))
		tps = 0;
	TypeCheck *tc = arena_new(c->ar, TypeCheck);
	tc->o = o;
	tc->typ = typ;
	check_later(c, check_type_later, tc, n);
	if (node_at(f, n)->flag & FlagAlias) {
		alias_decl(c, o, n, tps, typ, tc);
		return;
	}
	if (tps && !check_version(c, node_start(f, list_at(f, node_at(f, tps)->a, 0)), 18, "type parameter"))
		tc->version_err = true;
	Type *t = type_new_named(c->k, o, NULL);
	NamedLazy *z = t->named.lazy;
	if (c->env.func && c->env.func->type) {
		types_fn_tparams(c->env.func, &z->outer, &z->nouter);
		if (z->nouter)
			t->flags |= TypeHasTParam;
	}
	Scope *saved = c->env.scope;
	if (tps) {
		check_open_scope(c, n);
		check_collect_tparams(c, tps, &t->named.tparams, &t->named.ntparams);
	}
	Type *rhs = tc->rhs = check_def_type(c, typ, o);
	if (type_is_tparam(rhs)) {
		err_node(c, typ, "cannot use a type parameter as RHS in type declaration");
		rhs = c->k->typ[KindInvalid];
	}
	atomic_store(&z->rhs, rhs);
	c->env.scope = saved;
}

static void check_unique(Check *c, void *arg, NodeId n)
{
	Type *t = arg, *u = types_under(t);
	(void)n;
	if (u->kind != KindStruct)
		return;
	Map m = { 0 };
	for (u32 i = 0; i < t->named.nmethod; i++)
		map_putp(c->ar, &m, t->named.method[i]->name, t->named.method[i]);
	for (u32 i = 0; i < u->st.n; i++) {
		Obj *alt = map_getp(&m, u->st.field[i]->name);
		if (!alt || name_blank(alt->name) || !name_same(alt, u->st.field[i]->pkg, u->st.field[i]->name))
			continue;
		Err e;
		err_new(c, &e);
		err_add(&e, alt->pos, "field and method with the same name %s", alt->name->s);
		err_altdecl(&e, u->st.field[i]);
		err_report(&e);
	}
}

/* Hands the methods found by resolve to their type. */
static void collect_methods(Check *c, Obj *o)
{
	struct { VEC(Obj *) v; } *l = map_getp(&pkg_priv(c->pkg)->methods, o);
	if (!l || !l->v.n)
		return;
	Type *base = type_named(o->type);
	if (base && base->named.obj != o)
		base = NULL;
	if (base)
		check_later(c, check_unique, base, 0);
	Obj **m = k_array(c->k, Obj *, l->v.n);
	u32 n = 0;
	Map seen = { 0 };
	for (u32 i = 0; i < l->v.n; i++) {
		u64 *slot = map_slot(c->ar, &seen, (u64)(uintptr_t)l->v.a[i]->name);
		if (*slot) {
			Obj *alt = (Obj *)(uintptr_t)*slot;
			err_at(c, l->v.a[i]->pos, "method %s.%s already declared at %s", o->name->s, alt->name->s, s_pos(c, alt->pos));
			continue;
		}
		*slot = (u64)(uintptr_t)l->v.a[i];
		l->v.a[i]->fn.recvnamed = base;
		m[n++] = l->v.a[i];
	}
	l->v.n = 0;
	if (base) {
		base->named.method = m;
		base->named.nmethod = n;
	}
}

/* ---- functions ---- */

static void func_decl(Check *c, Obj *o, DeclInfo *d)
{
	File *f = c->env.file;
	NodeId tps = decl_part(f, d->decl, 1);
	if (tps && !list_len(f, node_at(f, tps)->a))
		tps = 0;
	Type *sig = types_func(c->k, c->k->t_empty_tuple, c->k->t_empty_tuple, false);
	o->type = sig;       /* ends cycles */
	check_sig_into(c, sig, decl_part(f, d->decl, 2), decl_part(f, d->decl, 0), tps);
	check_record_type(c, decl_part(f, d->decl, 2), ModeType, sig);
	if (sig->fn.recv) {
		bool ptr;
		Type *r = type_deref(sig->fn.recv->type, &ptr);
		if (ptr)
			o->flags |= ObjPtrRecv;
		if (!o->fn.recvnamed && type_named(r))
			o->fn.recvnamed = type_named(r)->named.origin;
	}
	if (tps && !decl_part(f, d->decl, 3))
		err_soft(c, node_start(f, d->decl), "generic function is missing function body");
}

/* ---- on demand ---- */

void check_obj(Check *c, Obj *o)
{
	u8 color = atomic_load_explicit(&o->color, memory_order_acquire);
	if (color == Black || o->pkg != c->pkg)
		return;
	if (color == Grey) {
		bool ok = valid_cycle(c, o);
		if ((o->kind == ObjConst || o->kind == ObjVar) && (!ok || !o->type))
			o->type = c->k->typ[KindInvalid];
		else if (o->kind == ObjTypeName && !ok)
			o->type = c->k->typ[KindInvalid];
		return;
	}
	DeclInfo *d = check_decl_info(c->pkg, o);
	if (o->type || !d) {
		if (!o->type)
			o->type = c->k->typ[KindInvalid];
		return;
	}
	Env saved = c->env;
	push(c, o);
	c->env = (Env){ .file = d->file, .scope = d->fscope, .decl = d, .version = d->version, .iota = -1 };
	if (!check_enter(c, d->decl)) {
		o->type = c->k->typ[KindInvalid];
	} else switch (o->kind) {
	case ObjConst:
		/* only to note what it refers to */
		if (d->init && node_kind(d->file, d->init) != NodeBasicLit)
			c->env.body = d->body = arena_new(c->ar, Body);
		const_decl(c, o, d->vtyp, d->init, d->inherited, d->iota);
		break;
	case ObjVar:
		c->env.body = d->body;
		if (!d->body && d->vtyp && node_kind(d->file, d->vtyp) != NodeName && node_kind(d->file, d->vtyp) != NodeSelector)
			c->env.body = d->body = arena_new(c->ar, Body);   /* array lengths may refer to variables */
		if (d->body && !d->vtyp && d->body->nlhs == 1 && !c->pkg->main_module && !c->k->all_bodies)
			o->type = plain_init_type(c, d->init);
		if (o->type)
			d->body->plain = true;
		else
			var_decl(c, o, d->lhs, d->nlhs, d->vtyp, d->init);
		break;
	case ObjTypeName:
		type_decl(c, o, d->decl);
		collect_methods(c, o);
		break;
	case ObjFunc:
		func_decl(c, o, d);
		break;
	default:
		bug("declaration of an object of kind %d", o->kind);
	}
	check_leave(c);
	c->env = saved;
	pop(c);
}

/* ---- declarations in functions ---- */

static void local_const(Check *c, NodeId n, NodeId last, bool inherited, i64 iota)
{
	File *f = c->env.file;
	const Node *d = node_at(f, n);
	u32 top = c->delayed.n, cnt = list_len(f, d->a);
	NodeId typ = last ? decl_part(f, last, 0) : 0, values = last ? decl_part(f, last, 1) : 0;
	Obj **lhs = arena_array(c->ar, Obj *, cnt);
	for (u32 i = 0; i < cnt; i++) {
		NodeId id = list_at(f, d->a, i);
		lhs[i] = obj_new(c, ObjConst, node_at(f, id)->pos, node_name(f, id), NULL);
		const_decl(c, lhs[i], typ, i < expr_count(f, values) ? expr_item(f, values, i) : 0, inherited, iota);
	}
	check_arity(c, d->pos, d->a, values, true, inherited);
	check_delayed(c, top);
	for (u32 i = 0; i < cnt; i++)
		check_declare(c, c->env.scope, list_at(f, d->a, i), lhs[i]);
}

static void local_var(Check *c, NodeId n)
{
	File *f = c->env.file;
	const Node *d = node_at(f, n);
	NodeId typ = decl_part(f, n, 0), values = decl_part(f, n, 1);
	u32 top = c->delayed.n, cnt = list_len(f, d->a), nv = expr_count(f, values);
	Obj **lhs = arena_array(c->ar, Obj *, cnt);
	for (u32 i = 0; i < cnt; i++)
		lhs[i] = obj_new_local(c, list_at(f, d->a, i));
	for (u32 i = 0; i < cnt; i++) {
		bool shared = nv == 1 && cnt > 1;
		NodeId init = shared ? expr_item(f, values, 0) : i < nv ? expr_item(f, values, i) : 0;
		var_decl(c, lhs[i], shared ? lhs : NULL, shared ? cnt : 0, typ, init);
		if (nv == 1)
			break;
	}
	for (u32 i = 0; i < cnt; i++)
		if (!lhs[i]->type)
			lhs[i]->type = c->k->typ[KindInvalid];
	if (!typ || values)
		check_arity(c, d->pos, d->a, values, false, false);
	check_delayed(c, top);
	for (u32 i = 0; i < cnt; i++)
		check_declare(c, c->env.scope, list_at(f, d->a, i), lhs[i]);
}

void check_decl_stmt(Check *c, ListId l)
{
	File *f = c->env.file;
	bool open = false;
	u32 first = 0, group = 0;
	NodeId last = 0;
	for (u32 i = 0; i < list_len(f, l); i++) {
		NodeId n = list_at(f, l, i);
		const Node *d = node_at(f, n);
		if (d->kind == NodeConstDecl) {
			if (!open || !d->op || d->op != group) {
				open = true;
				group = d->op;
				first = i;
				last = 0;
			}
			bool own = decl_part(f, n, 0) || decl_part(f, n, 1);
			bool inherited = !own && last;
			if (own)
				last = n;
			local_const(c, n, last, inherited, i - first);
			continue;
		}
		open = false;
		if (d->kind == NodeVarDecl) {
			local_var(c, n);
		} else if (d->kind == NodeTypeDecl) {
			Obj *o = obj_new(c, ObjTypeName, node_at(f, d->a)->pos, node_name(f, d->a), NULL);
			o->var.func = c->env.func;
			check_declare(c, c->env.scope, d->a, o);
			push(c, o);
			type_decl(c, o, n);
			pop(c);
		}
	}
}

/* ---- direct cycles ---- */

static void direct_cycle(Check *c, Obj *o, Map *state)
{
	VEC(Obj *) path = { 0 };
	while (o) {
		u64 s = map_get(state, (u64)(uintptr_t)o);   /* 0 new, 1 done, else 2 + place on path */
		if (s == 1)
			break;
		if (s) {
			o->type = c->k->typ[KindInvalid];
			u32 start = (u32)s - 2;
			check_cycle_error(c, path.a + start, path.n - start, first_in_src(path.a + start, path.n - start));
			break;
		}
		map_put(c->ar, state, (u64)(uintptr_t)o, 2 + path.n);
		vec_push(c->ar, &path, o);
		DeclInfo *d = check_decl_info(c->pkg, o);
		NodeId rhs = decl_part(d->file, d->decl, 1);
		if (!rhs || node_kind(d->file, rhs) != NodeName)
			break;
		o = scope_find(c->pkg->scope, node_name(d->file, rhs));
		if (!o || o->kind != ObjTypeName)
			break;
	}
	for (u32 i = 0; i < path.n; i++)
		map_put(c->ar, state, (u64)(uintptr_t)path.a[i], 1);
}

static bool alias_decl_p(Check *c, Obj *o)
{
	DeclInfo *d = check_decl_info(c->pkg, o);
	return node_at(d->file, d->decl)->flag & FlagAlias;
}

void types_decls(Checker *k, Pkg *p)
{
	PkgPriv *v = pkg_priv(p);
	Check *c = check_open(k, p);
	Map state = { 0 };
	for (u32 i = 0; i < p->nobj; i++)
		if (p->obj[i]->kind == ObjTypeName)
			direct_cycle(c, p->obj[i], &state);
	for (u32 i = 0; i < p->nobj; i++)
		if (p->obj[i]->kind == ObjTypeName && p->obj[i]->type)
			collect_methods(c, p->obj[i]);
	for (int pass = 0; pass < 3; pass++)
		for (u32 i = 0; i < p->nobj; i++) {
			Obj *o = p->obj[i];
			int want = o->kind != ObjTypeName ? 2 : alias_decl_p(c, o) ? 1 : 0;
			if (want == pass)
				check_obj(c, o);
		}
	check_delayed(c, 0);
	for (u32 i = 0; i < p->nobj; i++)
		if (p->obj[i]->kind == ObjVar && p->obj[i]->var.body && !p->obj[i]->var.body->plain)
			p->obj[i]->var.body->state = 2;
	v->phase = 2;
	check_close(c);
}
