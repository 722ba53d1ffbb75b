/* mono: finds instantiation cycles, which would need infinitely many instances.
 *
 * Vertices are type parameters (and local types that depend on some). An instantiation P := T adds an edge from every parameter in T
 * to P, of weight 0 if T is just that parameter and 1 if it is inside something. A cycle of positive weight is an error; heaviest
 * paths are computed until nothing grows or a path is longer than there are vertices.
 */
#include "check.h"

typedef struct MVertex { u32 weight, len; i32 pre; Obj *obj; } MVertex;
typedef struct MEdge { u32 dst, src, weight; Pos pos; Type *type; } MEdge;
struct Mono {
	Arena ar;
	VEC(MVertex) v;
	VEC(MEdge) e;
	Map canon;                 /* method's receiver parameter -> type's parameter */
	Map index;                 /* Obj* -> 1 + vertex */
};

static struct Mono *mono_of(Check *c)
{
	PkgPriv *p = pkg_priv(c->pkg);
	if (!p->mono)
		p->mono = k_new(c->k, struct Mono);
	return p->mono;
}

void mono_canon(Check *c, Type *mpar, Type *tpar)
{
	PkgPriv *p = pkg_priv(c->pkg);
	lock_acquire(&p->mono_lock);
	struct Mono *m = mono_of(c);
	map_putp(&m->ar, &m->canon, mpar, tpar);
	lock_release(&p->mono_lock);
}

static u32 vertex(struct Mono *m, Obj *o)
{
	u64 *slot = map_slot(&m->ar, &m->index, (u64)(uintptr_t)o);
	if (!*slot) {
		vec_push(&m->ar, &m->v, (MVertex){ .obj = o, .pre = -1 });
		*slot = m->v.n;
	}
	return (u32)*slot - 1;
}

static u32 tparam_vertex(struct Mono *m, Type *t)
{
	Type *x = map_getp(&m->canon, t);
	return vertex(m, (x ? x : t)->tparam.obj);
}

typedef struct Assign { Check *c; struct Mono *m; Pos pos; Type *tpar, *targ; u32 depth; } Assign;

static void flow(Assign *a, u32 src, Type *t)
{
	MEdge e = { tparam_vertex(a->m, a->tpar), src, t != a->targ, a->pos, a->targ };
	vec_push(&a->m->ar, &a->m->e, e);
}

static void walk(Assign *a, Type *t);

static void walk_vars(Assign *a, Obj **v, u32 n)
{
	for (u32 i = 0; i < n; i++)
		walk(a, v[i]->type);
}

static void walk(Assign *a, Type *t)
{
	t = types_unalias(t);
	if (!(t->flags & TypeHasTParam) || a->depth > 200)
		return;
	a->depth++;
	switch (t->kind) {
	case KindTypeParam:
		flow(a, tparam_vertex(a->m, t), t);
		break;
	case KindNamed: {
		Type *g = t->named.origin;
		NamedLazy *z = g->named.lazy;
		if (z->nouter && g->named.obj->pkg == a->c->pkg) {
			bool have = map_getp(&a->m->index, g->named.obj);
			u32 x = vertex(a->m, g->named.obj);
			for (u32 i = 0; !have && i < z->nouter; i++)
				vec_push(&a->m->ar, &a->m->e, (MEdge){ x, tparam_vertex(a->m, z->outer[i]), 1, g->named.obj->pos, z->outer[i] });
			flow(a, x, t);
		}
		for (u32 i = 0; i < t->named.ntargs; i++)
			walk(a, t->named.targs[i]);
		break;
	}
	case KindArray: case KindChan: case KindPointer: case KindSlice: walk(a, t->elem); break;
	case KindMap:
		walk(a, t->key);
		walk(a, t->elem);
		break;
	case KindInterface: {
		TypeSet *s = types_typeset(a->c->k, t);
		walk_vars(a, s->method, s->nmethod);
		break;
	}
	case KindFunc:
		walk_vars(a, t->fn.params->tuple.v, t->fn.params->tuple.n);
		walk_vars(a, t->fn.results->tuple.v, t->fn.results->tuple.n);
		break;
	case KindStruct: walk_vars(a, t->st.field, t->st.n); break;
	}
	a->depth--;
}

void mono_instance(Check *c, Pos pos, Type **tparams, Type **targs, u32 n, const NodeId *xlist, u32 nx)
{
	PkgPriv *p = pkg_priv(c->pkg);
	for (u32 i = 0; i < n; i++) {
		if (!tparams[i]->tparam.obj || tparams[i]->tparam.obj->pkg != c->pkg || !(targs[i]->flags & TypeHasTParam))
			continue;
		lock_acquire(&p->mono_lock);
		Assign a = { c, mono_of(c), i < nx ? node_start(c->env.file, xlist[i]) : pos, tparams[i], targs[i], 0 };
		walk(&a, targs[i]);
		lock_release(&p->mono_lock);
	}
}

static void report_loop(Check *c, struct Mono *m, u32 v)
{
	VEC(u32) stack = { 0 };
	bool *seen = arena_array(c->ar, bool, m->v.n);
	while (!seen[v]) {
		vec_push(c->ar, &stack, v);
		seen[v] = true;
		v = m->e.a[m->v.a[v].pre].src;
	}
	u32 first = 0;
	while (stack.a[first] != v)
		first++;
	Err e;
	err_new(c, &e);
	err_add(&e, m->v.a[v].obj->pos, "instantiation cycle:");
	for (u32 i = first; i < stack.n; i++) {
		MEdge *g = &m->e.a[m->v.a[stack.a[i]].pre];
		Obj *o = m->v.a[g->dst].obj;
		if (o->type->kind == KindTypeParam)
			err_add(&e, g->pos, "%s instantiated as %s", o->name->s, s_type(c, g->type));
		else
			err_add(&e, g->pos, "%s implicitly parameterized by %s", o->name->s, s_type(c, g->type));
	}
	err_report(&e);
}

bool mono_check(Check *c)
{
	struct Mono *m = pkg_priv(c->pkg)->mono;
	if (!m)
		return true;
	for (bool again = true; again;) {
		again = false;
		for (u32 i = 0; i < m->e.n; i++) {
			MEdge *e = &m->e.a[i];
			MVertex *src = &m->v.a[e->src], *dst = &m->v.a[e->dst];
			u32 w = src->weight + e->weight;
			if (w <= dst->weight)
				continue;
			dst->pre = (i32)i;
			dst->len = src->len + 1;
			if (dst->len == m->v.n) {
				report_loop(c, m, e->dst);
				return false;
			}
			dst->weight = w;
			again = true;
		}
	}
	return true;
}
