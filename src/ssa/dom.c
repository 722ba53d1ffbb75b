/* Dominators and loops, computed anew by whoever wants them.
 *
 * Reverse post-order by depth-first search, immediate dominators by iteration over it (Cooper, Harvey, Kennedy), natural loops from
 * the back edges. The recovery block of a function with defers is a second entry: nothing dominates it but itself. */
#include "ssa.h"

static void search(Dom *d, Func *f, BlockId root, Arena *a, BlockId *post, u32 *npost)
{
	typedef struct { BlockId b; u32 i; } Item;
	VEC(Item) stk = {0};
	if (d->order[root])
		return;
	d->order[root] = 1;
	vec_push(a, &stk, (Item){root, 0});
	while (stk.n) {
		Item *t = &vec_last(&stk);
		Block *b = &f->b.a[t->b];
		if (t->i == b->succ.n) {
			post[(*npost)++] = t->b;
			stk.n--;
			continue;
		}
		BlockId s = b->succ.a[t->i++];
		if (!d->order[s]) {
			d->order[s] = 1;
			vec_push(a, &stk, (Item){s, 0});
		}
	}
}

/* 0 stands for a root above both entries. */
static BlockId meet(const Dom *d, BlockId x, BlockId y)
{
	while (x != y) {
		if (!x || !y)
			return 0;
		if (d->order[x] > d->order[y])
			x = d->idom[x];
		else
			y = d->idom[y];
	}
	return x;
}

static void immediate(Dom *d, Func *f, Arena *a)
{
	u8 *done = arena_array(a, u8, f->b.n + 1);
	for (bool changed = true; changed;) {
		changed = false;
		for (u32 i = 0; i < d->n; i++) {
			BlockId b = d->rpo[i], m = 0;
			bool first = true;
			if (b != 1 && b != f->deferreturn)
				for (u32 j = 0; j < f->b.a[b].pred.n; j++) {
					BlockId p = f->b.a[b].pred.a[j];
					if (!d->order[p] || !done[p])
						continue;
					m = first ? p : meet(d, m, p);
					first = false;
				}
			if (!done[b] || d->idom[b] != m)
				changed = true;
			done[b] = 1;
			d->idom[b] = m;
		}
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
	BlockId *post = arena_array(a, BlockId, n);
	u32 npost = 0;
	if (f->deferreturn)
		search(d, f, f->deferreturn, a, post, &npost);
	search(d, f, 1, a, post, &npost);
	d->n = npost;
	for (u32 i = 0; i < npost; i++) {
		d->rpo[i] = post[npost - 1 - i];
		d->order[d->rpo[i]] = i + 1;
	}
	immediate(d, f, a);
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
