/* typeset: what an interface stands for: all its methods and the union of types its elements allow.
 *
 * A term list is a disjoint union of terms T and ~T; "all" stands for every type. Lists are short (at most 100 terms), so
 * union and intersection compare all pairs, as types2 does. While a type set is being computed, a recursive request sees the
 * unrestricted set; whoever is at work on which interface is known per thread.
 */
#include <stdio.h>
#include "check.h"
#include "table.h"

bool typeset_empty(const TypeSet *s) { return !s->all && s->nterm == 0; }
bool typeset_has_terms(const TypeSet *s) { return !s->all && s->nterm > 0; }
bool typeset_is_method_set(const TypeSet *s) { return !s->comparable && s->all; }

/* ---- terms ---- */

bool term_disjoint(Checker *k, UnionTerm x, UnionTerm y)
{
	Type *ux = y.tilde ? types_under(x.type) : x.type, *uy = x.tilde ? types_under(y.type) : y.type;
	return !types_identical(k, ux, uy);
}

bool term_includes(Checker *k, UnionTerm x, Type *t)
{
	return types_identical(k, x.type, x.tilde ? types_under(t) : t);
}

static bool term_subset(Checker *k, UnionTerm x, UnionTerm y)
{
	return !term_disjoint(k, x, y) && (!x.tilde || y.tilde);
}

typedef struct Terms { bool all; UnionTerm *v; u32 n; } Terms;

/* Adds term t, absorbing or being absorbed. */
static void terms_add(Checker *k, Terms *l, UnionTerm t)
{
	u32 n = 0;
	for (u32 i = 0; i < l->n; i++) {
		if (term_disjoint(k, l->v[i], t)) {
			l->v[n++] = l->v[i];
			continue;
		}
		if (l->v[i].tilde || !t.tilde)
			return;          /* there already; nothing before it was dropped since terms are disjoint */
	}
	l->v[n++] = t;
	l->n = n;
}

static Terms terms_union(Checker *k, Terms a, Terms b)
{
	if (a.all || b.all)
		return (Terms){ .all = true };
	Terms r = { .v = k_array(k, UnionTerm, a.n + b.n + 1) };
	for (u32 i = 0; i < a.n; i++)
		terms_add(k, &r, a.v[i]);
	for (u32 i = 0; i < b.n; i++)
		terms_add(k, &r, b.v[i]);
	return r;
}

static Terms terms_intersect(Checker *k, Terms a, Terms b)
{
	if (a.all)
		return b;
	if (b.all)
		return a;
	Terms r = { .v = k_array(k, UnionTerm, a.n * b.n + 1) };
	for (u32 i = 0; i < a.n; i++)
		for (u32 j = 0; j < b.n; j++)
			if (!term_disjoint(k, a.v[i], b.v[j]))
				terms_add(k, &r, !a.v[i].tilde || b.v[j].tilde ? a.v[i] : b.v[j]);
	return r;
}

bool typeset_subset(Checker *k, const TypeSet *a, const TypeSet *b)
{
	if (b->all)
		return true;
	if (a->all)
		return false;
	for (u32 i = 0; i < a->nterm; i++) {
		bool in = false;
		for (u32 j = 0; !in && j < b->nterm; j++)
			in = term_subset(k, a->term[i], b->term[j]);
		if (!in)
			return false;
	}
	return true;
}

bool typeset_terms_equal(Checker *k, const TypeSet *a, const TypeSet *b)
{
	return typeset_subset(k, a, b) && typeset_subset(k, b, a);
}

/* ---- computing ---- */

typedef struct Working { Type *iface; struct Working *prev; } Working;
static _Thread_local Working *working;      /* innermost first */

static TypeSet *top_set(Checker *k)
{
	TypeSet *s = k_new(k, TypeSet);
	s->all = true;
	return s;
}

typedef struct Meth { Obj *m; Pos pos; } Meth;
typedef struct Gather { Check *c; Checker *k; Meth *v; u32 n, cap; Map by_name; Arena *scratch; } Gather;
typedef struct Dup { Obj *m, *other; Pos pos, opos; } Dup;

static void report_dup(Check *c, Dup *d)
{
	Err e;
	err_new(c, &e);
	err_add(&e, d->pos, "duplicate method %s", d->m->name->s);
	err_add(&e, d->opos, "other declaration of method %s", d->m->name->s);
	err_report(&e);
}

static void check_dup(Check *c, void *arg, NodeId n)
{
	Dup *d = arg;
	(void)n;
	if ((d->pos && !check_allowed(c, 14)) || !types_identical(c->k, d->m->type, d->other->type))
		report_dup(c, d);
}

static void gather(Gather *g, Pos pos, Obj *m, bool explicit)
{
	Meth *old = NULL;
	u64 *slot = map_slot(g->scratch, &g->by_name, (u64)(uintptr_t)m->name);
	if (*slot) {
		old = &g->v[*slot - 1];
		if (!name_same(old->m, m->pkg, m->name)) {
			old = NULL;
			for (u32 i = 0; i < g->n; i++)
				if (name_same(g->v[i].m, m->pkg, m->name))
					old = &g->v[i];
		}
	}
	if (!old) {
		if (g->n == g->cap) {
			Meth *v = arena_array(g->scratch, Meth, g->cap = g->cap ? 2 * g->cap : 8);
			if (g->n)
				memcpy(v, g->v, g->n * sizeof *v);
			g->v = v;
		}
		g->v[g->n++] = (Meth){ m, pos };
		if (!*slot)
			*slot = g->n;
		return;
	}
	if (!g->c)
		return;
	Dup *d = arena_new(g->c->ar, Dup);
	*d = (Dup){ m, old->m, pos, old->pos };
	if (explicit)
		report_dup(g->c, d);
	else
		check_later(g->c, check_dup, d, 0);
}

#define MAX_TERMS 100

/* The terms of a union; false if it has too many. */
static bool union_terms(Check *c, Checker *k, Pos pos, Type *u, Terms *out)
{
	Terms all = { 0 };
	for (u32 i = 0; i < u->un.n; i++) {
		UnionTerm t = u->un.term[i];
		Type *tu = types_under(t.type);
		Terms one = { .v = &t, .n = 1 };
		if (tu->kind == KindInterface) {
			TypeSet *s = typeset_compute(c, k, pos, tu);
			one = (Terms){ s->all, s->term, s->nterm };
		} else if (type_is_invalid(tu)) {
			continue;
		} else if (t.tilde && !types_identical(k, t.type, tu)) {
			one.n = 0;
		}
		all = terms_union(k, all, one);
		if (all.n > MAX_TERMS) {
			if (c)
				err_at(c, pos, "cannot handle more than %d union terms (implementation limitation)", MAX_TERMS);
			return false;
		}
	}
	*out = all;
	return true;
}

static bool imported_constraint(Check *c, Type *t)
{
	Type *n = type_named(t);
	if (!n || n->named.obj->pkg == c->pkg || !n->named.obj->pkg)
		return false;
	Type *u = types_under(n);
	return u->kind == KindInterface && !typeset_is_method_set(types_typeset(c->k, u));
}

/* Intersects s with the terms of one embedded element. */
static void restrict_set(Checker *k, TypeSet *s, Terms t, bool comparable)
{
	Terms r = terms_intersect(k, (Terms){ s->all, s->term, s->nterm }, t);
	bool comp = s->comparable || comparable;
	if (comp && !r.all) {
		UnionTerm *v = k_array(k, UnionTerm, r.n + 1);
		u32 n = 0;
		for (u32 i = 0; i < r.n; i++)
			if (type_comparable(k, r.v[i].type, false, NULL, NULL, NULL))
				v[n++] = r.v[i];
		r = (Terms){ .v = v, .n = n };
		comp = false;
	}
	s->all = r.all;
	s->term = r.v;
	s->nterm = r.n;
	s->comparable = comp;
}

TypeSet *typeset_compute(Check *c, Checker *k, Pos pos, Type *t)
{
	TypeSet *s = __atomic_load_n(&t->iface.tset, __ATOMIC_ACQUIRE);
	if (s)
		return s;
	if (t->flags & TypeIncomplete)
		return top_set(k);
	for (Working *w = working; w; w = w->prev)
		if (w->iface == t)
			return top_set(k);
	if (!c)
		c = t->iface.chk;
	Working here = { t, working };
	working = &here;
	_Alignas(16) char room[4096];            /* enough nearly always */
	Arena tmp = { .p = room, .end = room + sizeof room };
	s = top_set(k);
	Gather g = { .c = c, .k = k, .scratch = &tmp };
	for (u32 i = 0; i < t->iface.nmethod; i++)
		gather(&g, t->iface.method[i]->pos, t->iface.method[i], true);
	for (u32 i = 0; i < t->iface.nembed; i++) {
		Type *e = t->iface.embed[i], *u = types_under(e);
		Pos epos = t->iface.embedpos ? t->iface.embedpos[i] : 0;
		Check *ec = epos ? c : NULL;
		if (u->kind == KindInterface) {
			TypeSet *es = typeset_compute(c, k, epos ? epos : pos, u);
			if (ec && imported_constraint(c, e) && !check_version(c, epos, 18, "embedding constraint interface %s", s_type(c, e)))
				continue;
			for (u32 j = 0; j < es->nmethod; j++)
				gather(&g, epos, es->method[j], false);
			restrict_set(k, s, (Terms){ es->all, es->term, es->nterm }, es->comparable);
		} else if (u->kind == KindUnion) {
			Terms ut;
			if (ec && !check_version(c, epos, 18, "embedding interface element %s", s_type(c, u)))
				continue;
			if (union_terms(c, k, epos, u, &ut))
				restrict_set(k, s, ut, false);
		} else if (!type_is_invalid(u)) {
			if (ec && !check_version(c, epos, 18, "embedding non-interface type %s", s_type(c, e)))
				continue;
			UnionTerm *one = k_new(k, UnionTerm);
			one->type = e;
			restrict_set(k, s, (Terms){ .v = one, .n = 1 }, false);
		}
	}
	if (g.n) {
		s->method = k_array(k, Obj *, g.n);
		s->nmethod = g.n;
		for (u32 i = 0; i < g.n; i++) {
			u32 j = i;
			for (; j > 0 && obj_cmp(s->method[j - 1], g.v[i].m) > 0; j--)
				s->method[j] = s->method[j - 1];
			s->method[j] = g.v[i].m;
		}
	}
	working = here.prev;
	arena_free(&tmp);
	TypeSet *none = NULL;
	if (!__atomic_compare_exchange_n(&t->iface.tset, &none, s, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		s = none;
	return s;
}

TypeSet *types_typeset(Checker *k, Type *t)
{
	Type *u = types_under(t);
	if (u->kind != KindInterface)
		bug("type set of something that is no interface");
	return typeset_compute(NULL, k, 0, u);
}

/* The interface a type parameter is bound by. */
Type *tparam_iface(Checker *k, Type *t)
{
	Type *bound = __atomic_load_n(&t->tparam.bound, __ATOMIC_ACQUIRE);
	Type *u = bound ? types_under(bound) : NULL;
	if (!u || type_is_invalid(u))
		return k->t_empty_iface;
	if (u->kind == KindInterface)
		return type_is_tparam(bound) ? k->t_empty_iface : u;
	Type *i = type_alloc(k, KindInterface);
	i->flags = bound->flags & TypeHasTParam;
	i->iface.embed = k_array(k, Type *, 1);
	i->iface.embed[0] = bound;
	i->iface.nembed = 1;
	i->iface.implicit = true;
	__atomic_store_n(&t->tparam.bound, i, __ATOMIC_RELEASE);
	return i;
}

/* ---- walking over the types of a set ---- */

bool type_each_term(Checker *k, Type *t, TermFn *f, void *arg)
{
	Type *a = types_unalias(t);
	if (a->kind != KindTypeParam)
		return f(arg, t, types_under(a));
	TypeSet *s = types_typeset(k, types_under(a));
	if (!typeset_has_terms(s))
		return f(arg, NULL, NULL);
	for (u32 i = 0; i < s->nterm; i++) {
		Type *u = types_unalias(s->term[i].type);
		if (!f(arg, s->term[i].type, types_under(u)))
			return false;
	}
	return true;
}

typedef struct Common {
	Checker *k;
	Check *c;
	Type *ct, *cu;
	bool (*cond)(void *arg, Type *t, Type *u, const char **cause);
	void *arg;
	const char **cause;
	bool strings;              /* []byte and string go together as string */
} Common;

__attribute__((format(printf, 2, 0)))
static bool cause_is(Common *m, const char *fmt, Type *a, Type *b)
{
	m->cu = NULL;
	if (!m->cause)
		return false;
	_Alignas(16) char room[4096];            /* enough nearly always */
	Arena tmp = { .p = room, .end = room + sizeof room };
	Buf x = { .ar = &tmp }, y = { .ar = &tmp };
	if (a) {
		print_type(&x, m->k, a, QualName, NULL, 0);
		print_type(&y, m->k, b, QualName, NULL, 0);
	}
	size_t n = strlen(fmt) + x.n + y.n + 1;
	char *text = k_alloc(m->k, n, 1);
	snprintf(text, n, fmt, buf_str(&x), buf_str(&y));
	*m->cause = text;
	arena_free(&tmp);
	return false;
}

static bool common_term(void *arg, Type *t, Type *u)
{
	Common *m = arg;
	if (m->cond && !m->cond(m->arg, t, u, m->cause)) {
		m->cu = NULL;
		return false;
	}
	if (!u)
		return cause_is(m, "no specific type", NULL, NULL);
	if (!m->cu) {
		m->ct = t;
		m->cu = u;
		return true;
	}
	if (m->cu->kind == KindChan && u->kind == KindChan) {
		if (!types_identical(m->k, m->cu->elem, u->elem))
			return cause_is(m, "channels %s and %s have different element types", m->ct, t);
		if (m->cu->dir == u->dir)
			return true;
		if (m->cu->dir == ChanBoth) {
			m->ct = t;
			m->cu = u;
		} else if (u->dir != ChanBoth) {
			return cause_is(m, "channels %s and %s have conflicting directions", m->ct, t);
		}
		return true;
	}
	if (m->strings) {
		bool xs = m->cu->kind == KindString, ys = u->kind == KindString;
		if ((xs || (m->cu->kind == KindSlice && types_under(m->cu->elem)->kind == KindUint8)) &&
		    (ys || (u->kind == KindSlice && types_under(u->elem)->kind == KindUint8)) && xs != ys) {
			m->cu = m->k->typ[KindString];
			return true;
		}
		if (xs && ys)
			return true;
	}
	if (!types_identical(m->k, m->cu, u))
		return cause_is(m, "%s and %s have different underlying types", m->ct, t);
	return true;
}

Type *check_common_under(Checker *k, Type *t, bool (*cond)(void *, Type *, Type *, const char **), void *arg, const char **cause)
{
	Common m = { .k = k, .cond = cond, .arg = arg, .cause = cause };
	return type_each_term(k, t, common_term, &m) ? m.cu : NULL;
}

Type *types_core(Checker *k, Type *t) { return check_common_under(k, t, NULL, NULL, NULL); }
Type *check_core(Checker *k, Type *t) { return types_core(k, t); }

Type *check_core_string(Checker *k, Type *t)
{
	Common m = { .k = k, .strings = true };
	return type_each_term(k, t, common_term, &m) ? m.cu : NULL;
}
