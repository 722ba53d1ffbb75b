/* subst: types with type parameters replaced, and instances of generic types.
 *
 * Substitution returns its argument where nothing changes, so that unchanged parts stay shared. An instance of a named type is one node
 * per (origin, identical arguments); its right side and methods are made when somebody looks. A type declared inside a generic function
 * depends on the function's type parameters without naming them: its instances take them as arguments.
 */
#include "check.h"
#include "table.h"

static Type *subst(Checker *k, Type *t, const TypeEnv *env);

static Type *subst_tuple(Checker *k, Type *t, const TypeEnv *env)
{
	Obj **v = NULL;
	for (u32 i = 0; i < t->tuple.n; i++) {
		Obj *o = t->tuple.v[i];
		Type *u = subst(k, o->type, env);
		if (u == o->type)
			continue;
		if (!v) {
			v = k_array(k, Obj *, t->tuple.n);
			memcpy(v, t->tuple.v, t->tuple.n * sizeof *v);
		}
		v[i] = obj_alloc(k, ObjVar, o->pos, o->pkg, o->name, u);
		v[i]->flags = o->flags & (ObjIsParam | ObjIsResult | ObjIsRecv);
	}
	return v ? types_tuple(k, v, t->tuple.n) : t;
}

static Type *subst_struct(Checker *k, Type *t, const TypeEnv *env)
{
	Obj **v = NULL;
	for (u32 i = 0; i < t->st.n; i++) {
		Obj *o = t->st.field[i];
		Type *u = subst(k, o->type, env);
		if (u == o->type)
			continue;
		if (!v) {
			v = k_array(k, Obj *, t->st.n);
			memcpy(v, t->st.field, t->st.n * sizeof *v);
		}
		v[i] = obj_alloc(k, ObjVar, o->pos, o->pkg, o->name, u);
		u32 id = v[i]->id;
		*v[i] = *o;
		v[i]->id = id;
		v[i]->type = u;
	}
	return v ? types_struct(k, v, t->st.tag, t->st.n) : t;
}

static Type *subst_func(Checker *k, Type *t, const TypeEnv *env)
{
	Type *p = subst_tuple(k, t->fn.params, env), *r = subst_tuple(k, t->fn.results, env);
	if (p == t->fn.params && r == t->fn.results)
		return t;
	Type *s = types_func(k, p, r, t->variadic);
	s->fn.recv = t->fn.recv;
	s->fn.tparams = t->fn.tparams;
	s->fn.ntparams = t->fn.ntparams;
	s->fn.rtparams = t->fn.rtparams;
	s->fn.nrtparams = t->fn.nrtparams;
	if (s->fn.ntparams)
		s->flags |= TypeHasTParam;
	return s;
}

/* NULL if nothing changes. */
static Type **subst_list(Checker *k, Type **v, u32 n, const TypeEnv *env)
{
	Type **out = NULL;
	for (u32 i = 0; i < n; i++) {
		Type *u = subst(k, v[i], env);
		if (u == v[i])
			continue;
		if (!out) {
			out = k_array(k, Type *, n);
			memcpy(out, v, n * sizeof *v);
		}
		out[i] = u;
	}
	return out;
}

static Type *subst_iface(Checker *k, Type *t, const TypeEnv *env)
{
	Obj **m = NULL;
	for (u32 i = 0; i < t->iface.nmethod; i++) {
		Obj *o = t->iface.method[i];
		Type *u = subst(k, o->type, env);
		if (u == o->type)
			continue;
		if (!m) {
			m = k_array(k, Obj *, t->iface.nmethod);
			memcpy(m, t->iface.method, t->iface.nmethod * sizeof *m);
		}
		m[i] = obj_alloc(k, ObjFunc, o->pos, o->pkg, o->name, u);
		u32 id = m[i]->id;
		*m[i] = *o;
		m[i]->id = id;
		m[i]->type = u;
		m[i]->fn.origin = o->fn.origin ? o->fn.origin : o;
	}
	Type **e = subst_list(k, t->iface.embed, t->iface.nembed, env);
	if (!m && !e)
		return t;
	Type *s = type_alloc(k, KindInterface);
	s->iface = t->iface;
	s->iface.tset = NULL;
	s->iface.chk = NULL;
	if (m)
		s->iface.method = m;
	if (e)
		s->iface.embed = e;
	for (u32 i = 0; i < s->iface.nmethod; i++)
		s->flags |= s->iface.method[i]->type->flags & TypeHasTParam;
	for (u32 i = 0; i < s->iface.nembed; i++)
		s->flags |= s->iface.embed[i]->flags & TypeHasTParam;
	return s;
}

static Type *subst_union(Checker *k, Type *t, const TypeEnv *env)
{
	Type *s = NULL;
	for (u32 i = 0; i < t->un.n; i++) {
		Type *u = subst(k, t->un.term[i].type, env);
		if (u == t->un.term[i].type)
			continue;
		if (!s) {
			s = type_alloc(k, KindUnion);
			s->un.n = t->un.n;
			s->un.term = k_array(k, UnionTerm, t->un.n);
			memcpy(s->un.term, t->un.term, t->un.n * sizeof *s->un.term);
		}
		s->un.term[i].type = u;
	}
	for (u32 i = 0; s && i < s->un.n; i++)
		s->flags |= s->un.term[i].type->flags & TypeHasTParam;
	return s ? s : t;
}

/* An instance of a generic type that is local to generic code gets the arguments of that code too, behind its own, as soon as they
 * are known. */
static Type *subst_local(Checker *k, Type *t, const NamedLazy *o, const TypeEnv *env)
{
	u32 n = t->named.ntargs, all = n + o->nouter;
	Type **v = k_array(k, Type *, all);
	bool own = false, outer = false;
	for (u32 i = 0; i < all; i++) {
		Type *x = i < n ? t->named.targs[i] : o->outer[i - n];
		v[i] = subst(k, x, env);
		*(i < n ? &own : &outer) |= v[i] != x;
	}
	return own || outer ? type_instance(NULL, k, t->named.lazy->pos, t->named.origin, v, outer ? all : n) : t;
}

static Type *subst_named(Checker *k, Type *t, const TypeEnv *env)
{
	if (t->named.ntargs) {
		u32 want = t->named.origin->named.ntparams;
		const NamedLazy *o = t->named.origin->named.lazy;
		if (want && o->nouter && want == t->named.ntargs)
			return subst_local(k, t, o, env);
		if (want && want != t->named.ntargs && want + o->nouter != t->named.ntargs)
			return k->typ[KindInvalid];
		Type **v = subst_list(k, t->named.targs, t->named.ntargs, env);
		return v ? type_instance(NULL, k, t->named.lazy->pos, t->named.origin, v, t->named.ntargs) : t;
	}
	NamedLazy *z = t->named.lazy;
	if (!z->nouter)
		return t;
	Type **v = subst_list(k, z->outer, z->nouter, env);
	return v ? type_instance(NULL, k, t->named.obj->pos, t, v, z->nouter) : t;
}

static Type *subst(Checker *k, Type *t, const TypeEnv *env)
{
	if (!t || !(t->flags & TypeHasTParam))
		return t;
	switch (t->kind) {
	case KindTypeParam:
		for (u32 i = 0; i < env->n; i++)
			if (env->tparams[i] == t)
				return env->targs[i] ? env->targs[i] : t;
		return t;
	case KindPointer: {
		Type *e = subst(k, t->elem, env);
		return e == t->elem ? t : types_pointer(k, e);
	}
	case KindSlice: {
		Type *e = subst(k, t->elem, env);
		return e == t->elem ? t : types_slice(k, e);
	}
	case KindArray: {
		Type *e = subst(k, t->elem, env);
		return e == t->elem ? t : types_array(k, e, t->len);
	}
	case KindChan: {
		Type *e = subst(k, t->elem, env);
		return e == t->elem ? t : types_chan(k, t->dir, e);
	}
	case KindMap: {
		Type *e = subst(k, t->elem, env), *x = subst(k, t->key, env);
		return e == t->elem && x == t->key ? t : types_map(k, x, e);
	}
	case KindTuple: return subst_tuple(k, t, env);
	case KindStruct: return subst_struct(k, t, env);
	case KindFunc: return subst_func(k, t, env);
	case KindInterface: return subst_iface(k, t, env);
	case KindUnion: return subst_union(k, t, env);
	case KindNamed: return subst_named(k, t, env);
	case KindAlias:
		if (!t->alias.ntargs)
			return t->alias.ntparams ? t : t->alias.rhs ? subst(k, t->alias.rhs, env) : t;
		Type **v = subst_list(k, t->alias.targs, t->alias.ntargs, env);
		return v ? type_instance(NULL, k, 0, t->alias.origin, v, t->alias.ntargs) : t;
	}
	return t;
}

Type *type_subst(Checker *k, Type *t, const TypeEnv *env) { return env->n ? subst(k, t, env) : t; }

/* ---- memo for the builder ---- */

typedef struct Memo { Type *t, *res; u32 n; Type **tparams, **targs; } Memo;

static bool memo_eq(void *val, void *key)
{
	Memo *a = val, *b = key;
	return a->t == b->t && a->n == b->n && !memcmp(a->targs, b->targs, a->n * sizeof *a->targs) &&
		!memcmp(a->tparams, b->tparams, a->n * sizeof *a->targs);
}

Type *types_subst(Checker *k, Type *t, const TypeEnv *env)
{
	if (!t || !(t->flags & TypeHasTParam) || !env || !env->n)
		return t;
	if (t->kind == KindTypeParam)
		return subst(k, t, env);
	Tables *p = k->priv;
	Memo key = { t, NULL, env->n, env->tparams, env->targs };
	u64 h = hash_mix((u64)(uintptr_t)t, env->n);
	for (u32 i = 0; i < env->n; i++)
		h = hash_mix(hash_mix(h, (u64)(uintptr_t)env->targs[i]), (u64)(uintptr_t)env->tparams[i]);
	Entry *e = table_find(&p->subst, h, memo_eq, &key);
	if (e)
		return ((Memo *)e->val)->res;
	Memo *m = k_new(k, Memo);
	*m = key;
	m->tparams = k_array(k, Type *, env->n);
	m->targs = k_array(k, Type *, env->n);
	memcpy(m->tparams, env->tparams, env->n * sizeof *m->targs);
	memcpy(m->targs, env->targs, env->n * sizeof *m->targs);
	m->res = subst(k, t, env);
	return ((Memo *)table_add(k, &p->subst, h, memo_eq, &key, m))->res;
}

/* ---- instances ---- */

typedef struct InstKey { Checker *k; Type *origin; Type **targs; u32 n; } InstKey;

static bool inst_eq(void *val, void *key)
{
	Type *t = val;
	InstKey *b = key;
	if (t->named.origin != b->origin || t->named.ntargs != b->n)
		return false;
	for (u32 i = 0; i < b->n; i++)
		if (!types_identical(b->k, t->named.targs[i], b->targs[i]))
			return false;
	return true;
}

static Type *named_instance(Checker *k, Pos pos, Type *origin, Type **targs, u32 n)
{
	Tables *p = k->priv;
	InstKey key = { k, origin, targs, n };
	u64 h = hash_mix(origin->id, n);
	for (u32 i = 0; i < n; i++)
		h = hash_mix(h, type_hash(targs[i], 3));
	Entry *e = table_find(&p->inst, h, inst_eq, &key);
	if (e)
		return e->val;
	Type *t = type_alloc(k, KindNamed);
	t->named.obj = origin->named.obj;
	t->named.origin = origin;
	t->named.ntargs = n;
	t->named.targs = k_array(k, Type *, n);
	t->named.tparams = origin->named.tparams;
	t->named.ntparams = origin->named.ntparams;
	for (u32 i = 0; i < n; i++) {
		t->named.targs[i] = targs[i];
		t->flags |= targs[i]->flags & TypeHasTParam;
	}
	if (origin->named.ntparams == n && origin->named.lazy->nouter)
		t->flags |= TypeHasTParam;      /* those of the function it is declared in */
	t->named.lazy = k_new(k, NamedLazy);
	t->named.lazy->pos = pos;
	t->canon = t;
	return table_add(k, &p->inst, h, inst_eq, &key, t);
}

/* c may be NULL: then the caller has made sure that the number of arguments is right. */
Type *type_instance(Check *c, Checker *k, Pos pos, Type *g, Type **targs, u32 n)
{
	switch (g->kind) {
	case KindNamed:
		return named_instance(k, pos, g, targs, n);
	case KindAlias: {
		if (n != g->alias.ntparams)
			return k->typ[KindInvalid];
		Type *a = type_alloc(k, KindAlias);
		a->alias.obj = g->alias.obj;
		a->alias.origin = g;
		a->alias.ntargs = n;
		a->alias.targs = k_array(k, Type *, n);
		memcpy(a->alias.targs, targs, n * sizeof *targs);
		a->alias.tparams = g->alias.tparams;
		a->alias.ntparams = g->alias.ntparams;
		TypeEnv env = { g->alias.tparams, targs, n };
		a->alias.rhs = g->alias.rhs ? subst(k, g->alias.rhs, &env) : NULL;
		if (a->alias.rhs)
			a->flags = a->alias.rhs->flags & TypeHasTParam;
		for (u32 i = 0; i < n; i++)
			a->flags |= targs[i]->flags & TypeHasTParam;
		return a;
	}
	case KindFunc: {
		TypeEnv env = { g->fn.tparams, targs, n };
		Type *s = subst_func(k, g, &env);
		Type *r = types_func(k, s->fn.params, s->fn.results, s->variadic);
		r->fn.recv = g->fn.recv;
		return r;
	}
	}
	(void)c;
	bug("cannot instantiate a type of kind %d", g->kind);
}

Type *types_instantiate(Checker *k, Type *generic, Type **targs, u32 n)
{
	return type_instance(NULL, k, 0, generic, targs, n);
}

Type *check_instance(Check *c, Pos pos, Type *g, Type **targs, u32 n)
{
	u32 want = g->kind == KindAlias ? g->alias.ntparams : g->kind == KindFunc ? g->fn.ntparams : n;
	if (want != n) {
		const char *name = g->kind == KindAlias ? g->alias.obj->name->s : s_type(c, g);
		err_at(c, pos, "%s type arguments for type %s: have %u, want %u", n < want ? "not enough" : "too many", name, n, want);
		return c->k->typ[KindInvalid];
	}
	return type_instance(c, c->k, pos, g, targs, n);
}

bool check_validate_targs(Check *c, Pos pos, u32 want, u32 got, bool report)
{
	if (got != want && report)
		err_at(c, pos, "%s type arguments: have %u, want %u", got < want ? "not enough" : "too many", got, want);
	return got == want;
}

int check_verify(Check *c, Pos pos, Type **tparams, Type **targs, u32 n, const char **cause)
{
	(void)pos;
	TypeEnv env = { tparams, targs, n };
	for (u32 i = 0; i < n; i++) {
		tparam_iface(c->k, tparams[i]);
		Type *bound = type_subst(c->k, tparams[i]->tparam.bound, &env);
		if (!implements(c, c->k, targs[i], bound, true, cause))
			return (int)i;
	}
	return -1;
}

/* ---- methods ---- */

u32 named_nmethod(const Type *t) { return t->named.origin->named.nmethod; }

Obj *named_method(Check *c, Checker *k, Type *t, u32 i)
{
	Type *g = t->named.origin;
	Obj *om = g->named.method[i];
	if (t == g)
		return om;
	NamedLazy *z = t->named.lazy;
	Obj **memo = __atomic_load_n((Obj ***)&z->method, __ATOMIC_ACQUIRE);
	if (!memo) {
		Obj **v = k_array(k, Obj *, g->named.nmethod), **none = NULL;
		if (__atomic_compare_exchange_n((Obj ***)&z->method, &none, v, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			memo = v;
		else
			memo = none;
	}
	Obj *m = __atomic_load_n(&memo[i], __ATOMIC_ACQUIRE);
	if (m)
		return m;
	if (c && om->pkg == c->pkg && pkg_priv(c->pkg)->phase < 2)
		check_obj(c, om);
	Type *sig = om->type;
	if (!sig || sig->kind != KindFunc)
		bug("method %s.%s has no signature yet", g->named.obj->name->s, om->name->s);
	if (!sig->fn.recv)
		return om;       /* its declaration is being checked */
	bool ptr;
	Type *rbase = types_unalias(type_deref(sig->fn.recv->type, &ptr));
	if (rbase == t) {
		m = om;
	} else {
		TypeEnv env = { sig->fn.rtparams, t->named.targs, t->named.ntargs };
		Type *s = sig;
		if (sig->fn.nrtparams == t->named.ntargs)
			s = subst_func(k, sig, &env);
		Type *s2 = types_func(k, s->fn.params, s->fn.results, s->variadic);
		Obj *recv = obj_alloc(k, ObjVar, sig->fn.recv->pos, sig->fn.recv->pkg, sig->fn.recv->name, om->flags & ObjPtrRecv ? types_pointer(k, t) : t);
		recv->flags = sig->fn.recv->flags;
		s2->fn.recv = recv;
		m = obj_alloc(k, ObjFunc, om->pos, om->pkg, om->name, s2);
		u32 id = m->id;
		*m = *om;
		m->id = id;
		m->type = s2;
		m->fn.recvnamed = t;
		m->fn.origin = om;
	}
	Obj *none = NULL;
	if (!__atomic_compare_exchange_n(&memo[i], &none, m, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		m = none;
	return m;
}

Obj *types_method(Checker *k, Type *t, Name *name, Pkg *from)
{
	Type *n = type_named(t);
	if (!n || name_blank(name))
		return NULL;
	Type *g = n->named.origin;
	for (u32 i = 0; i < g->named.nmethod; i++)
		if (name_same(g->named.method[i], from, name))
			return named_method(NULL, k, n, i);
	return NULL;
}

void types_fn_tparams(const Obj *fn, Type ***tparams, u32 *n)
{
	if (fn->fn.origin)
		fn = fn->fn.origin;
	Type *s = fn->type;
	*n = 0;
	*tparams = NULL;
	if (!s || s->kind != KindFunc)
		return;
	*n = s->fn.nrtparams ? s->fn.nrtparams : s->fn.ntparams;
	*tparams = s->fn.nrtparams ? s->fn.rtparams : s->fn.tparams;
}
