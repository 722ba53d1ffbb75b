/* unify: makes two types equal by choosing types for type parameters.
 *
 * Each bound parameter has a handle; joined parameters share one. A handle holds the type inferred so far. Modes: inexact unification
 * looks through defined types and channel directions; "assign" does so at the top only; "exact" not at all.
 */
#include "check.h"
#include "unify.h"

enum { MaxDepth = 100 };

void unifier_init(Unifier *u, Check *c, Type **tparams, Type **targs, u32 n, bool ifaces)
{
	*u = (Unifier){ .c = c, .k = c->k, .tparams = tparams, .n = n, .ifaces = ifaces };
	u->handle = arena_array(c->ar, Type **, n);
	for (u32 i = 0; i < n; i++) {
		u->handle[i] = arena_new(c->ar, Type *);
		*u->handle[i] = targs[i];
	}
}

int unifier_index(const Unifier *u, Type *t)
{
	t = types_unalias(t);
	if (t->kind != KindTypeParam)
		return -1;
	for (u32 i = 0; i < u->n; i++)
		if (u->tparams[i] == t)
			return (int)i;
	return -1;
}

static bool join(Unifier *u, int x, int y)
{
	Type **hx = u->handle[x], **hy = u->handle[y];
	if (hx == hy)
		return true;
	if (*hx && *hy)
		return false;
	Type **from = *hx ? hy : hx, **to = *hx ? hx : hy;
	for (u32 i = 0; i < u->n; i++)
		if (u->handle[i] == from)
			u->handle[i] = to;
	return true;
}

static Type *as_iface(Type *t)
{
	t = types_unalias(t);
	if (t->kind == KindTypeParam)
		return NULL;
	t = types_under(t);
	return t->kind == KindInterface ? t : NULL;
}

static bool is_literal(Type *t)
{
	t = types_unalias(t);
	return t->kind != KindNamed && t->kind != KindTypeParam;
}

typedef struct UPair { Type *x, *y; struct UPair *prev; } UPair;
static bool nify(Unifier *u, Type *x, Type *y, int mode, UPair *p);

static bool nify_tuple(Unifier *u, Type *x, Type *y, int mode, UPair *p)
{
	if (x->tuple.n != y->tuple.n)
		return false;
	for (u32 i = 0; i < x->tuple.n; i++)
		if (!nify(u, x->tuple.v[i]->type, y->tuple.v[i]->type, mode, p))
			return false;
	return true;
}

/* A bound parameter against a type. */
static bool nify_param(Unifier *u, int px, Type *y, int mode, UPair *p)
{
	Type *x = *u->handle[px];
	if (!x) {
		*u->handle[px] = y;
		return true;
	}
	if (!nify(u, x, y, mode, p))
		return false;
	Type *xi = as_iface(x), *yi = as_iface(y);
	bool xn = type_named(x), yn = type_named(y);
	if (xi && yi) {
		if (xn && yn)
			return types_identical(u->k, x, y);
		if (types_typeset(u->k, xi)->nmethod != types_typeset(u->k, yi)->nmethod)
			return false;
	} else if (xi || yi) {
		return false;
	}
	if (mode & UnifyExact || xn)
		return true;
	Type *yu = types_under(y);
	if (yn || (yu->kind == KindChan && yu->dir != ChanBoth))
		*u->handle[px] = y;
	return true;
}

static Obj *find_method(TypeSet *s, Obj *m)
{
	for (u32 i = 0; i < s->nmethod; i++)
		if (name_same(s->method[i], m->pkg, m->name))
			return s->method[i];
	return NULL;
}

static bool nify_ifaces(Unifier *u, Type *x, Type *y, UPair *p, bool subset)
{
	TypeSet *a = types_typeset(u->k, x), *b = types_typeset(u->k, y);
	if (a->comparable != b->comparable || !typeset_terms_equal(u->k, a, b))
		return false;
	if (!subset && a->nmethod != b->nmethod)
		return false;
	for (UPair *q = p; q; q = q->prev)
		if ((q->x == x && q->y == y) || (q->x == y && q->y == x))
			return true;
	UPair here = { x, y, p };
	if (a->nmethod > b->nmethod) {
		TypeSet *t = a;
		a = b;
		b = t;
	}
	for (u32 i = 0; i < a->nmethod; i++) {
		Obj *m = find_method(b, a->method[i]);
		if (!m || !nify(u, a->method[i]->type, m->type, UnifyExact, &here))
			return false;
	}
	return true;
}

static bool nify_methods(Unifier *u, Type *iface, Type *t, UPair *p)
{
	TypeSet *s = types_typeset(u->k, iface);
	for (u32 i = 0; i < s->nmethod; i++) {
		Obj *m = s->method[i];
		LookupResult r = lookup_member(u->c, u->k, u->c->ar, t, false, m->pkg, m->name, false, true);
		if (!r.obj || r.obj->kind != ObjFunc)
			return false;
		if (!r.obj->type)
			check_obj(u->c, r.obj);
		if (!nify(u, m->type, r.obj->type, UnifyExact, p))
			return false;
	}
	return true;
}

static bool nify_same_kind(Unifier *u, Type *x, Type *y, int mode, int emode, UPair *p)
{
	if (x->kind <= KindLastBasic)
		return true;
	switch (x->kind) {
	case KindArray:
		return (x->len < 0 || y->len < 0 || x->len == y->len) && nify(u, x->elem, y->elem, emode, p);
	case KindSlice: case KindPointer:
		return nify(u, x->elem, y->elem, emode, p);
	case KindMap:
		return nify(u, x->key, y->key, emode, p) && nify(u, x->elem, y->elem, emode, p);
	case KindChan:
		return (!(mode & UnifyExact) || x->dir == y->dir) && nify(u, x->elem, y->elem, emode, p);
	case KindStruct:
		if (x->st.n != y->st.n)
			return false;
		for (u32 i = 0; i < x->st.n; i++) {
			Obj *f = x->st.field[i], *g = y->st.field[i];
			const char *a = x->st.tag && x->st.tag[i] ? x->st.tag[i] : "", *b = y->st.tag && y->st.tag[i] ? y->st.tag[i] : "";
			if (((f->flags ^ g->flags) & ObjEmbedded) || strcmp(a, b) || !name_same(f, g->pkg, g->name) || !nify(u, f->type, g->type, emode, p))
				return false;
		}
		return true;
	case KindTuple:
		return nify_tuple(u, x, y, mode, p);
	case KindFunc:
		return x->variadic == y->variadic && nify_tuple(u, x->fn.params, y->fn.params, emode, p) &&
			nify_tuple(u, x->fn.results, y->fn.results, emode, p);
	case KindInterface:
		return nify_ifaces(u, x, y, p, false);
	case KindNamed:
		if (x->named.ntargs != y->named.ntargs)
			return false;
		for (u32 i = 0; i < x->named.ntargs; i++)
			if (!nify(u, x->named.targs[i], y->named.targs[i], mode, p))
				return false;
		return x->named.origin == y->named.origin;
	}
	return false;
}

static bool nify1(Unifier *u, Type *x, Type *y, int mode, UPair *p)
{
	Type *t;
	if (x == y || types_unalias(x) == types_unalias(y))
		return true;
	if (type_named(x) || unifier_index(u, y) >= 0) {
		t = x;
		x = y;
		y = t;
	}
	Type *ny = type_named(y);
	if (!(mode & UnifyExact) && ny && is_literal(x) && !(u->ifaces && types_is_interface(x))) {
		y = types_under(ny);
		if (x == y || types_unalias(x) == y)
			return true;
	}
	int px = unifier_index(u, x), py = unifier_index(u, y);
	if (px >= 0 && py >= 0)
		return join(u, px, py) || nify(u, *u->handle[px], *u->handle[py], mode, p);
	if (px >= 0)
		return nify_param(u, px, y, mode, p);
	if (u->ifaces && !(mode & UnifyExact)) {
		Type *xi = as_iface(x), *yi = as_iface(y);
		if (xi && yi)
			return nify_ifaces(u, xi, yi, p, true);
		if (yi) {
			xi = yi;
			y = x;
		}
		if (xi)
			return nify_methods(u, xi, y, p);
	}
	if (type_is_tparam(y)) {
		t = x;
		x = y;
		y = t;
	}
	int emode = mode & UnifyAssign ? mode | UnifyExact : mode;
	Type *xa = types_unalias(x), *ya = types_unalias(y);
	if (xa->kind == KindTypeParam) {
		Type *core = types_core(u->k, xa);
		return core && nify(u, core, y, UnifyAssign, p);
	}
	return xa->kind == ya->kind && nify_same_kind(u, xa, ya, mode, emode, p);
}

static bool nify(Unifier *u, Type *x, Type *y, int mode, UPair *p)
{
	if (!x || !y)
		return x == y;
	bool ok = ++u->depth <= MaxDepth && nify1(u, x, y, mode, p);
	u->depth--;
	return ok;
}

bool unifier_unify(Unifier *u, Type *x, Type *y, int mode) { return nify(u, x, y, mode, NULL); }

bool check_unify(Check *c, Type **tparams, u32 n, Type **targs, Type *x, Type *y, bool exact)
{
	Unifier u;
	unifier_init(&u, c, tparams, targs, n, check_allowed(c, 21));
	bool ok = unifier_unify(&u, x, y, exact ? UnifyExact : 0);
	for (u32 i = 0; ok && i < n; i++)
		targs[i] = *u.handle[i];
	return ok;
}
