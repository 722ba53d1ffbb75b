/* initorder: in which order package variables are initialised.
 *
 * The graph has the package's variables and the functions reached from their initialisers. Functions that refer to each other form one
 * unit (strongly connected component). Repeatedly the earliest declared variable whose dependencies are all initialised comes next; a
 * unit is passed as soon as everything it refers to is. If that gets stuck there is a cycle, which is then looked for and reported as
 * types2 does, on the graph with functions left out.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include "check.h"

typedef struct ONode {
	Obj *obj;
	Body *body;                /* its references, or NULL */
	u32 unit;                  /* functions: index of component's first node + 1 */
	u32 low, num;              /* Tarjan */
	bool on_stack;
	u32 ndeps;                 /* variables, and first node of a unit: edges not yet satisfied */
	VEC(u32) pred;             /* nodes (variables, units) that wait for this one */
} ONode;

typedef struct Order {
	Checker *k;
	Pkg *p;
	Arena ar;
	Map index;                 /* Obj* -> 1 + node */
	VEC(ONode) v;
	VEC(u32) stack;
	u32 counter;
	bool consts;               /* constants are nodes too: only to report cycles */
} Order;

static u32 node_of(Order *o, Obj *obj)
{
	u64 *slot = map_slot(&o->ar, &o->index, (u64)(uintptr_t)obj);
	if (!*slot) {
		DeclInfo *d = o->consts && obj->kind != ObjFunc ? check_decl_info(o->p, obj) : NULL;
		Body *b = d ? d->body : obj->kind == ObjVar ? obj->var.body : obj->kind == ObjFunc ? obj->fn.body : NULL;
		vec_push(&o->ar, &o->v, (ONode){ .obj = obj, .body = b });
		*slot = o->v.n;
	}
	return (u32)*slot - 1;
}

static bool matters(Order *o, Obj *x) { return x->kind == ObjVar || x->kind == ObjFunc || (o->consts && x->kind == ObjConst); }

/* All nodes, checking the functions that initialisers reach. */
static void reach(Order *o)
{
	for (u32 i = 0; i < o->p->nobj; i++)
		if (o->p->obj[i]->kind == ObjVar || (o->consts && o->p->obj[i]->kind == ObjConst))
			node_of(o, o->p->obj[i]);
	for (u32 i = 0; i < o->v.n; i++) {
		Body *b = o->v.a[i].body;
		if (!b)
			continue;
		if (b->fn)
			types_body(o->k, b);
		for (u32 j = 0; j < b->deps.n; j++)
			if (matters(o, b->deps.a[j]))
				node_of(o, b->deps.a[j]);
	}
}

/* ---- components of functions ---- */

static void tarjan(Order *o, u32 n)
{
	ONode *x = &o->v.a[n];
	x->num = x->low = ++o->counter;
	x->on_stack = true;
	vec_push(&o->ar, &o->stack, n);
	for (u32 j = 0; x->body && j < x->body->deps.n; j++) {
		Obj *d = x->body->deps.a[j];
		if (d->kind != ObjFunc)
			continue;
		ONode *y = &o->v.a[node_of(o, d)];
		if (!y->num) {
			tarjan(o, (u32)(y - o->v.a));
			if (y->low < x->low)
				x->low = y->low;
		} else if (y->on_stack && y->num < x->low) {
			x->low = y->num;
		}
	}
	if (x->low != x->num)
		return;
	u32 m;
	do {
		m = vec_pop(&o->stack);
		o->v.a[m].on_stack = false;
		o->v.a[m].unit = n + 1;
	} while (m != n);
}

static u32 rep(Order *o, u32 n) { return o->v.a[n].unit ? o->v.a[n].unit - 1 : n; }

static void link_edges(Order *o)
{
	for (u32 i = 0; i < o->v.n; i++)
		if (o->v.a[i].obj->kind == ObjFunc && !o->v.a[i].num)
			tarjan(o, i);
	for (u32 i = 0; i < o->v.n; i++) {
		Body *b = o->v.a[i].body;
		u32 from = rep(o, i);
		for (u32 j = 0; b && j < b->deps.n; j++) {
			if (!matters(o, b->deps.a[j]))
				continue;
			u32 to = rep(o, node_of(o, b->deps.a[j]));
			if (to == from && o->v.a[i].obj->kind == ObjFunc)
				continue;
			vec_push(&o->ar, &o->v.a[to].pred, from);
			o->v.a[from].ndeps++;
		}
	}
}

/* ---- heap of ready variables by declaration order ---- */

typedef struct Heap { VEC(u32) h; } Heap;

static bool before(Order *o, u32 a, u32 b) { return o->v.a[a].obj->order < o->v.a[b].obj->order; }

static void heap_push(Order *o, Heap *q, u32 n)
{
	vec_push(&o->ar, &q->h, n);
	for (u32 i = q->h.n - 1; i > 0 && before(o, q->h.a[i], q->h.a[(i - 1) / 2]); i = (i - 1) / 2) {
		u32 t = q->h.a[i];
		q->h.a[i] = q->h.a[(i - 1) / 2];
		q->h.a[(i - 1) / 2] = t;
	}
}

static u32 heap_pop(Order *o, Heap *q)
{
	u32 top = q->h.a[0];
	q->h.a[0] = vec_last(&q->h);
	q->h.n--;
	for (u32 i = 0;;) {
		u32 m = i, l = 2 * i + 1;
		if (l < q->h.n && before(o, q->h.a[l], q->h.a[m]))
			m = l;
		if (l + 1 < q->h.n && before(o, q->h.a[l + 1], q->h.a[m]))
			m = l + 1;
		if (m == i)
			return top;
		u32 t = q->h.a[i];
		q->h.a[i] = q->h.a[m];
		q->h.a[m] = t;
		i = m;
	}
}

static void satisfied(Order *o, Heap *q, u32 n)
{
	ONode *x = &o->v.a[n];
	for (u32 i = 0; i < x->pred.n; i++) {
		ONode *y = &o->v.a[x->pred.a[i]];
		if (--y->ndeps)
			continue;
		if (y->obj->kind == ObjVar)
			heap_push(o, q, x->pred.a[i]);
		else
			satisfied(o, q, x->pred.a[i]);
	}
}

/* ---- cycles ---- */

static int by_order(const void *a, const void *b)
{
	u32 x = (*(Obj *const *)a)->order, y = (*(Obj *const *)b)->order;
	return x < y ? -1 : x > y;
}

static bool find_path(Order *o, u32 from, Obj *to, Map *seen, void *path)
{
	struct { Obj **a; u32 n, cap; } *out = path;
	u64 *slot = map_slot(&o->ar, seen, from + 1);
	if (*slot)
		return false;
	*slot = 1;
	Body *b = o->v.a[from].body;
	if (!b)
		return false;
	Obj **d = arena_array(&o->ar, Obj *, b->deps.n + 1);
	u32 n = 0;
	for (u32 i = 0; i < b->deps.n; i++)
		if (matters(o, b->deps.a[i]))
			d[n++] = b->deps.a[i];
	qsort(d, n, sizeof *d, by_order);
	for (u32 i = 0; i < n; i++) {
		if (d[i] == to || find_path(o, node_of(o, d[i]), to, seen, path)) {
			vec_push(&o->ar, out, d[i]);
			return true;
		}
	}
	return false;
}

static void report_cycle(Check *c, Obj **cycle, u32 n)
{
	Obj *x = cycle[0];
	if (n == 1) {
		err_at(c, x->pos, "initialization cycle: %s refers to itself", x->name->s);
		return;
	}
	Err e;
	err_new(c, &e);
	err_add(&e, x->pos, "initialization cycle for %s", x->name->s);
	for (u32 j = n; j-- > 0;) {
		err_add(&e, x->pos, "%s refers to %s", x->name->s, cycle[j]->name->s);
		x = cycle[j];
	}
	err_report(&e);
}

typedef struct VarDeps { VEC(u32) v; u32 left; bool done; } VarDeps;

static void var_deps(Order *o, u32 n, Map *seen, VarDeps *out)
{
	Body *b = o->v.a[n].body;
	for (u32 i = 0; b && i < b->deps.n; i++) {
		if (!matters(o, b->deps.a[i]))
			continue;
		u32 m = node_of(o, b->deps.a[i]);
		u64 *slot = map_slot(&o->ar, seen, m + 1);
		if (*slot)
			continue;
		*slot = 1;
		if (o->v.a[m].obj->kind != ObjFunc)
			vec_push(&o->ar, &out->v, m);
		else
			var_deps(o, m, seen, out);
	}
}

static bool sooner(Order *o, VarDeps *d, u32 a, u32 b)
{
	bool x = o->v.a[a].obj->kind == ObjConst, y = o->v.a[b].obj->kind == ObjConst;
	if (x != y)
		return x;
	return d[a].left < d[b].left || (d[a].left == d[b].left && before(o, a, b));
}

static void report_cycles(Order *o)
{
	u32 n = o->v.n;
	VarDeps *d = arena_array(&o->ar, VarDeps, n);
	for (u32 i = 0; i < n; i++) {
		d[i].done = o->v.a[i].obj->kind == ObjFunc;
		Map seen = { 0 };
		if (!d[i].done)
			var_deps(o, i, &seen, &d[i]);
		d[i].left = d[i].v.n;
	}
	Check *c = check_open(o->k, o->p);
	for (;;) {
		u32 best = n;
		for (u32 i = 0; i < n; i++)
			if (!d[i].done && (best == n || sooner(o, d, i, best)))
				best = i;
		if (best == n)
			break;
		d[best].done = true;
		if (d[best].left > 0) {
			Map seen = { 0 };
			VEC(Obj *) path = { 0 };
			if (find_path(o, best, o->v.a[best].obj, &seen, &path))
				report_cycle(c, path.a, path.n);
		}
		for (u32 i = 0; i < n; i++)
			for (u32 j = 0; !d[i].done && j < d[i].v.n; j++)
				d[i].left -= d[i].v.a[j] == best;
	}
	check_close(c);
}

void types_initorder(Checker *k, Pkg *p)
{
	PkgPriv *v = pkg_priv(p);
	if (atomic_load(&v->have_order))
		return;
	lock_acquire(&v->order_lock);
	if (atomic_load(&v->have_order)) {
		lock_release(&v->order_lock);
		return;
	}
	Order o = { .k = k, .p = p };
	reach(&o);
	link_edges(&o);
	Heap q = { 0 };
	u32 nvar = 0, done = 0;
	for (u32 i = 0; i < o.v.n; i++)
		nvar += o.v.a[i].obj->kind == ObjVar;
	p->init = k_array(k, Body *, nvar + 1);
	p->ninit = 0;
	/* functions that refer to nothing satisfy at once; collect first, since satisfying changes counts */
	u32 *start = arena_array(&o.ar, u32, o.v.n + 1), nstart = 0;
	for (u32 i = 0; i < o.v.n; i++)
		if (!o.v.a[i].ndeps && rep(&o, i) == i)
			start[nstart++] = i;
	for (u32 i = 0; i < nstart; i++) {
		if (o.v.a[start[i]].obj->kind == ObjVar)
			heap_push(&o, &q, start[i]);
		else
			satisfied(&o, &q, start[i]);
	}
	Map emitted = { 0 };
	while (q.h.n) {
		u32 n = heap_pop(&o, &q);
		Body *b = o.v.a[n].body;
		done++;
		if (b && !map_getp(&emitted, b)) {
			map_putp(&o.ar, &emitted, b, b);
			p->init[p->ninit++] = b;
		}
		satisfied(&o, &q, n);
	}
	if (done < nvar || v->value_cycle) {
		o.consts = true;
		o.index = (Map){ 0 };
		o.v.n = 0;
		reach(&o);
		report_cycles(&o);
	}
	arena_free(&o.ar);
	atomic_store(&v->have_order, true);
	lock_release(&v->order_lock);
}
