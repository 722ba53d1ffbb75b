/* Dominators and loops, computed anew by whoever wants them.
 *
 * Reverse post-order by depth-first search, immediate dominators after Lengauer and Tarjan (the simple form, with path compression:
 * long chains of conditions must not cost the square of their length), natural loops from the back edges. The recovery block of a function with defers is a second entry: nothing dominates it but itself. */
#include "ssa.h"

/* The depth-first tree by its numbers, from 1 in order of visits; 0 is the root above both entries. */
typedef struct Tree {
	BlockId *block;
	u32 *number;            /* of a block; 0: not reached */
	u32 *parent;
	u32 n;
	u32 *semi, *best, *anc; /* anc: 1 + the ancestor in the forest, 0: none yet */
	u32 *path;
} Tree;

static void visit(Tree *t, BlockId b, u32 parent)
{
	t->number[b] = ++t->n;
	t->block[t->n] = b;
	t->parent[t->n] = parent;
}

static void search(Tree *t, Func *f, BlockId root, Arena *a, BlockId *post, u32 *npost)
{
	typedef struct { BlockId b; u32 i; } Item;
	VEC(Item) stk = {0};
	if (t->number[root])
		return;
	visit(t, root, 0);
	vec_push(a, &stk, (Item){root, 0});
	while (stk.n) {
		Item *top = &vec_last(&stk);
		Block *b = &f->b.a[top->b];
		if (top->i == b->succ.n) {
			post[(*npost)++] = top->b;
			stk.n--;
			continue;
		}
		BlockId s = b->succ.a[top->i++];
		if (!t->number[s]) {
			visit(t, s, t->number[top->b]);
			vec_push(a, &stk, (Item){s, 0});
		}
	}
}

/* The vertex with the least semidominator on the forest path to v, which gets shorter. */
static u32 least(Tree *t, u32 v)
{
	u32 n = 0;
	if (!t->anc[v])
		return v;
	for (u32 u = v; t->anc[t->anc[u] - 1]; u = t->anc[u] - 1)
		t->path[n++] = u;
	while (n) {
		u32 u = t->path[--n], p = t->anc[u] - 1;
		if (t->semi[t->best[p]] < t->semi[t->best[u]])
			t->best[u] = t->best[p];
		t->anc[u] = t->anc[p];
	}
	return t->best[v];
}

static u32 semidominator(Tree *t, Func *f, u32 k)
{
	BlockId b = t->block[k];
	u32 semi = t->parent[k];
	if (b == 1 || b == f->deferreturn)
		return 0;
	for (u32 j = 0; j < f->b.a[b].pred.n; j++) {
		u32 p = t->number[f->b.a[b].pred.a[j]];
		if (p)
			semi = (u32)min_u64(semi, t->semi[least(t, p)]);
	}
	return semi;
}

static void immediate(Dom *d, Tree *t, Func *f, Arena *a)
{
	u32 n = t->n + 1, *idom = arena_array(a, u32, n), *bucket = arena_array(a, u32, n), *next = arena_array(a, u32, n);
	t->semi = arena_array(a, u32, n);
	t->best = arena_array(a, u32, n);
	t->anc = arena_array(a, u32, n);
	t->path = arena_array(a, u32, n);
	for (u32 k = 0; k < n; k++)
		t->semi[k] = t->best[k] = k;
	for (u32 k = t->n; k > 0; k--) {
		u32 s = t->semi[k] = semidominator(t, f, k), p = t->parent[k];
		next[k] = bucket[s];
		bucket[s] = k;
		t->anc[k] = p + 1;
		for (u32 v = bucket[p]; v; v = next[v]) {
			u32 u = least(t, v);
			idom[v] = t->semi[u] < t->semi[v] ? u : p;
		}
		bucket[p] = 0;
	}
	for (u32 k = 1; k < n; k++) {
		if (idom[k] != t->semi[k])
			idom[k] = idom[idom[k]];
		d->idom[t->block[k]] = t->block[idom[k]];
	}
}

static void intervals(Dom *d, Func *f, Arena *a)
{
	BlockId *child = arena_array(a, BlockId, f->b.n + 1), *sibling = arena_array(a, BlockId, f->b.n + 1);
	for (u32 i = d->n; i-- > 0;) {
		BlockId b = d->rpo[i];
		sibling[b] = child[d->idom[b]];
		child[d->idom[b]] = b;
	}
	u32 t = 0;
	BlockId b = 0;
	for (;;) {
		d->pre[b] = ++t;
		if (child[b]) {
			b = child[b];
			continue;
		}
		while (d->post[b] = ++t, b && !sibling[b])
			b = d->idom[b];
		if (!b)
			return;
		b = sibling[b];
	}
}

/* Blocks of the loop of header h: those that reach its back edges backwards. Inner loops were done before. */
static void fill_loop(Dom *d, Func *f, BlockId h, Arena *a)
{
	VEC(BlockId) work = {0};
	Block *hb = &f->b.a[h];
	for (u32 j = 0; j < hb->pred.n; j++) {
		BlockId p = hb->pred.a[j];
		if (d->order[p] && dom_over(d, h, p))
			vec_push(a, &work, p);
	}
	while (work.n) {
		BlockId b = vec_pop(&work), top = b;
		while (top != h && d->loop[top])
			top = d->loop[top];             /* the outermost loop known so far stands for its blocks */
		if (top == h)
			continue;
		d->loop[top] = h;
		for (u32 j = 0; j < f->b.a[top].pred.n; j++) {
			BlockId p = f->b.a[top].pred.a[j];
			if (!d->order[p])
				continue;
			if (p != h)
				vec_push(a, &work, p);
		}
	}
}

static void loops(Dom *d, Func *f, Arena *a)
{
	u8 *header = arena_array(a, u8, f->b.n + 1);
	for (u32 i = 0; i < d->n; i++) {
		BlockId b = d->rpo[i];
		for (u32 j = 0; j < f->b.a[b].succ.n; j++) {
			BlockId s = f->b.a[b].succ.a[j];
			if (d->order[s] > d->order[b])
				continue;
			if (dom_over(d, s, b))
				header[s] = 1;
			else
				d->irreducible = true;
		}
	}
	if (d->irreducible)
		return;
	/* while a loop is filled, loop[x] of a header x means the loop around its own */
	for (u32 i = d->n; i-- > 0;)
		if (header[d->rpo[i]])
			fill_loop(d, f, d->rpo[i], a);
	for (u32 i = 0; i < d->n; i++) {
		BlockId b = d->rpo[i], up = d->loop[b];
		d->depth[b] = up ? d->depth[up] : 0;
		if (header[b])
			d->depth[b]++;
	}
	d->header = header;
}

void dom_make(Dom *d, Func *f, Arena *a)
{
	u32 n = f->b.n + 1;
	*d = (Dom){.rpo = arena_array(a, BlockId, n), .order = arena_array(a, u32, n), .idom = arena_array(a, BlockId, n),
		.pre = arena_array(a, u32, n), .post = arena_array(a, u32, n), .loop = arena_array(a, BlockId, n), .depth = arena_array(a, u32, n)};
	Tree t = {.block = arena_array(a, BlockId, n), .number = arena_array(a, u32, n), .parent = arena_array(a, u32, n)};
	BlockId *post = arena_array(a, BlockId, n);
	u32 npost = 0;
	if (f->deferreturn)
		search(&t, f, f->deferreturn, a, post, &npost);
	search(&t, f, 1, a, post, &npost);
	d->n = npost;
	for (u32 i = 0; i < npost; i++) {
		d->rpo[i] = post[npost - 1 - i];
		d->order[d->rpo[i]] = i + 1;
	}
	immediate(d, &t, f, a);
	intervals(d, f, a);
	loops(d, f, a);
}

/* The innermost loop b is in, as its header. */
BlockId dom_loop(const Dom *d, BlockId b)
{
	return d->header && d->header[b] ? b : d->loop[b];
}

bool dom_in_loop(const Dom *d, BlockId header, BlockId b)
{
	if (!header)
		return true;
	for (BlockId l = dom_loop(d, b); l; l = d->loop[l])
		if (l == header)
			return true;
	return false;
}
