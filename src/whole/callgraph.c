/* The call graph, bottom up: strongly connected components of the live functions, callees before callers.
 *
 * An edge is a static call or a reference to code (a closure made, a function value): the summary of a literal is wanted where its
 * closure is made. An itab refers to its methods: calls through it may become calls of them. Components come from Tarjan's algorithm with an explicit stack. Functions are taken in the order
 * of their names, so that nothing depends on the order in which they were found. A component is handed to the workers when those it
 * has edges to are done; it may look at their functions and at its own, at no others. */
#include <stdatomic.h>
#include <stdlib.h>
#include "whole.h"

typedef struct CallNode { Func *f; u32 low, num, comp; bool on_stack; u32 i, n; u32 *succ; } CallNode;   /* succ: numbers of nodes, from 1 */
typedef struct Component { Func **f; u32 n; _Atomic u32 waiting; VEC(u32) user; } Component;
typedef struct Graph {
	Arena *ar;
	CallNode *node; u32 n;
	VEC(u32) stack;
	u32 serial;
	VEC(Component) comp;     /* callees first */
	Pool *pool;
	Arena *edges;            /* of each worker: succ */
	void (*fn)(void *arg, int worker, Func **f, u32 n);
	void *arg;
} Graph;

Sym *sym_target(Sym *s)
{
	while (s && s->base && !s->fn)
		s = s->base;
	return s;
}

Func *sym_code(Sym *s)
{
	s = sym_target(s);
	if (!s)
		return NULL;
	if (s->fn)
		return s->fn;
	if (s->def && s->def->what == WhatFuncVal && s->rel.n == 1 && s->size <= 8)
		return sym_code(s->rel.a[0].sym);
	return NULL;
}

static bool add_edge(u32 *out, u32 *n, Sym *s)
{
	Func *f = sym_code(s);
	if (!f || !f->node)
		return false;
	out[(*n)++] = f->node;
	return true;
}

static const Sym *itab_of(Sym *s)
{
	s = sym_target(s);
	return s && s->def && s->def->what == WhatItab ? s : NULL;
}

static void add_methods(u32 *out, u32 *n, const Sym *itab)
{
	for (u32 i = 0; i < itab->rel.n; i++)
		if (itab->rel.a[i].off >= 24)
			add_edge(out, n, itab->rel.a[i].sym);
}

static void find_edges(void *arg, int worker, u32 node)
{
	Graph *g = arg;
	CallNode *x = &g->node[node];
	Func *f = x->f;
	u32 max = 0;
	for (BlockId b = 1; b < f->b.n; b++)
		for (u32 i = 0; i < f->b.a[b].v.n; i++) {
			const Value *v = &f->v.a[f->b.a[b].v.a[i]];
			const Sym *tab = v->op == SsaAddr ? itab_of(v->sym) : NULL;
			max += tab ? tab->rel.n : v->op == SsaCall || v->op == SsaAddr;
		}
	x->succ = max ? arena_raw(&g->edges[worker], max * sizeof *x->succ, 4) : NULL;
	for (BlockId b = 1; b < f->b.n; b++)
		for (u32 i = 0; i < f->b.a[b].v.n; i++) {
			const Value *v = &f->v.a[f->b.a[b].v.a[i]];
			if (v->op == SsaCall)
				add_edge(x->succ, &x->n, v->callee);
			else if (v->op == SsaAddr && itab_of(v->sym))
				add_methods(x->succ, &x->n, itab_of(v->sym));
			else if (v->op == SsaAddr && add_edge(x->succ, &x->n, v->sym))
				__atomic_store_n(&g->node[x->succ[x->n - 1] - 1].f->is_value, true, __ATOMIC_RELAXED);
		}
}

static void enter(Graph *g, u32 i)
{
	CallNode *x = &g->node[i];
	x->low = x->num = ++g->serial;
	x->on_stack = true;
	vec_push(g->ar, &g->stack, i);
}

/* Takes the component whose root is i off the stack; it waits for those its functions have edges to. */
static void emit(Graph *g, u32 i)
{
	u32 at = g->stack.n, me = g->comp.n;
	do
		g->node[g->stack.a[--at]].on_stack = false;
	while (g->stack.a[at] != i);
	Component c = {.n = g->stack.n - at};
	c.f = arena_array(g->ar, Func *, c.n);
	for (u32 k = 0; k < c.n; k++) {
		CallNode *x = &g->node[g->stack.a[at + k]];
		c.f[k] = x->f;
		x->comp = me;
	}
	for (u32 k = 0; k < c.n; k++) {
		CallNode *x = &g->node[g->stack.a[at + k]];
		for (u32 s = 0; s < x->n; s++) {
			u32 to = g->node[x->succ[s] - 1].comp;
			if (to == me || (g->comp.a[to].user.n && vec_last(&g->comp.a[to].user) == me))
				continue;
			vec_push(g->ar, &g->comp.a[to].user, me);
			c.waiting++;
		}
	}
	vec_push(g->ar, &g->comp, c);
	g->stack.n = at;
}

static void visit(Graph *g, u32 root)
{
	VEC(u32) path = {0};
	enter(g, root);
	vec_push(g->ar, &path, root);
	while (path.n) {
		u32 i = vec_last(&path);
		CallNode *x = &g->node[i];
		if (x->i < x->n) {
			u32 s = x->succ[x->i++] - 1;
			CallNode *y = &g->node[s];
			if (!y->num) {
				enter(g, s);
				vec_push(g->ar, &path, s);
			} else if (y->on_stack && y->num < x->low) {
				x->low = y->num;
			}
			continue;
		}
		path.n--;
		if (path.n && g->node[vec_last(&path)].low > x->low)
			g->node[vec_last(&path)].low = x->low;
		if (x->low == x->num)
			emit(g, i);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(Func *const *)a)->sym->name, (*(Func *const *)b)->sym->name);
}

static void run_component(void *arg, int worker, void *item)
{
	Graph *g = arg;
	Component *c = item;
	g->fn(g->arg, worker, c->f, c->n);
	for (u32 i = 0; i < c->user.n; i++) {
		Component *u = &g->comp.a[c->user.a[i]];
		if (atomic_fetch_sub(&u->waiting, 1) == 1)
			pool_add(g->pool, u);
	}
}

void whole_bottom_up(Whole *w, void (*fn)(void *arg, int worker, Func **f, u32 n), void *arg)
{
	Arena ar = {0};
	Graph g = {.ar = &ar, .pool = w->pool, .fn = fn, .arg = arg};
	Func **f = arena_array(&ar, Func *, w->live.n);
	for (u32 i = 0; i < w->live.n; i++)
		if (w->live.a[i]->fn && share_at_work(w, w->live.a[i]))
			f[g.n++] = w->live.a[i]->fn;
	qsort(f, g.n, sizeof *f, by_name);
	g.node = arena_array(&ar, CallNode, g.n);
	for (u32 i = 0; i < g.n; i++) {
		g.node[i].f = f[i];
		f[i]->node = i + 1;
	}
	g.edges = arena_array(&ar, Arena, pool_size(w->pool));
	pool_run(w->pool, g.n, find_edges, &g);
	for (u32 i = 0; i < g.n; i++)
		if (!g.node[i].num)
			visit(&g, i);
	for (u32 i = g.comp.n; i-- > 0;)
		if (!g.comp.a[i].waiting)
			pool_add(w->pool, &g.comp.a[i]);
	pool_drain(w->pool, run_component, &g);
	for (u32 i = 0; i < g.n; i++)
		f[i]->node = 0;
	for (int i = 0; i < pool_size(w->pool); i++)
		arena_free(&g.edges[i]);
	arena_free(&ar);
}
