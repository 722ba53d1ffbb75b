/* One function from SSA to Code: builds the machine form's graph, then runs the stages in order. */
#include "gen.h"

VReg mfunc_temp(MFunc *m, Ty ty)
{
	vec_push(m->ar, &m->v, (VInfo){.ty = ty, .hint = RegNone, .slot = -1});
	return m->v.n - 1;
}

u32 mblock_new(MFunc *m)
{
	vec_push(m->ar, &m->b, (MBlock){0});
	return m->b.n - 1;
}

/* Marks what can be reached from b; the stack holds blocks still to visit. */
static void reach(MFunc *m, bool *seen, u32 from)
{
	VEC(u32) stk = {0};
	seen[from] = true;
	vec_push(m->ar, &stk, from);
	while (stk.n) {
		Block *b = &m->f->b.a[vec_pop(&stk)];
		for (u32 i = 0; i < b->succ.n; i++)
			if (!seen[b->succ.a[i]]) {
				seen[b->succ.a[i]] = true;
				vec_push(m->ar, &stk, b->succ.a[i]);
			}
	}
}

static void copy_graph(MFunc *m)
{
	Func *f = m->f;
	bool *seen = arena_array(m->ar, bool, f->b.n);
	reach(m, seen, 1);
	if (f->deferreturn && !seen[f->deferreturn])
		reach(m, seen, f->deferreturn);
	for (u32 i = 0; i < f->b.n; i++)
		mblock_new(m);
	for (u32 i = 1; i < f->b.n; i++) {
		Block *b = &f->b.a[i];
		MBlock *mb = &m->b.a[i];
		if (!seen[i])
			continue;
		mb->cold = b->cold || b->term == TermExit;
		for (u32 k = 0; k < b->succ.n; k++)
			vec_push(m->ar, &mb->succ, b->succ.a[k]);
		for (u32 k = 0; k < b->pred.n; k++)
			if (seen[b->pred.a[k]]) {
				vec_push(m->ar, &mb->pred, b->pred.a[k]);
				vec_push(m->ar, &mb->predindex, k);
			}
	}
}

/* An edge between a block with several successors and one with several predecessors gets a block of its own, for the moves. */
static void split_critical(MFunc *m)
{
	u32 n = m->b.n;
	for (u32 i = 1; i < n; i++)
		for (u32 k = 0; k < m->b.a[i].succ.n && m->b.a[i].succ.n > 1; k++) {
			u32 to = m->b.a[i].succ.a[k];
			if (m->b.a[to].pred.n < 2)
				continue;
			u32 e = mblock_new(m), p = 0;
			while (m->b.a[to].pred.a[p] != i)
				p++;
			m->b.a[to].pred.a[p] = e;
			m->b.a[i].succ.a[k] = e;
			m->b.a[e].cold = m->b.a[to].cold || m->b.a[i].cold;
			vec_push(m->ar, &m->b.a[e].succ, to);
			vec_push(m->ar, &m->b.a[e].pred, i);
		}
}

/* Post-order from one root; likely successors come last, so that they follow directly in reverse. */
static void postorder(MFunc *m, u32 root, u8 *state)
{
	typedef struct { u32 b, i; } Item;
	VEC(Item) stk = {0};
	state[root] = 1;
	vec_push(m->ar, &stk, (Item){root, 0});
	while (stk.n) {
		Item *t = &vec_last(&stk);
		MBlock *b = &m->b.a[t->b];
		u32 n = b->succ.n;
		if (t->i == 2 * n) {
			vec_push(m->ar, &m->order, t->b);
			stk.n--;
			continue;
		}
		u32 k = t->i++ % n;             /* first round: cold ones; second: the rest, last first */
		bool flip = t->b < m->f->b.n && m->f->b.a[t->b].likely < 0;
		u32 s = b->succ.a[flip ? k : n - 1 - k];
		if (state[s] || (t->i <= n && !m->b.a[s].cold))
			continue;
		state[s] = 1;
		vec_push(m->ar, &stk, (Item){s, 0});
	}
}

static void order_blocks(MFunc *m)
{
	u8 *state = arena_array(m->ar, u8, m->b.n);
	if (m->f->deferreturn) {
		postorder(m, m->f->deferreturn, state);
		state[1] = 0;
	}
	postorder(m, 1, state);
	for (u32 i = 0, j = m->order.n; i + 1 < j; i++) {
		u32 t = m->order.a[i];
		m->order.a[i] = m->order.a[--j];
		m->order.a[j] = t;
	}
	for (u32 i = 0; i < m->order.n; i++)
		m->b.a[m->order.a[i]].order = i + 1;
	for (u32 cold = 0; cold < 2; cold++)
		for (u32 i = 0; i < m->order.n; i++)
			if (m->b.a[m->order.a[i]].cold == cold || (i == 0 && !cold))
				if (!(cold && i == 0))
					vec_push(m->ar, &m->layout, m->order.a[i]);
}

Code *gen_func(Func *f, const Arch *arch, Arena *out, Arena *tmp)
{
	bug_context_pass = "gen";
	bug_context_func = f->sym->name;
	MFunc *m = arena_new(tmp, MFunc);
	m->arch = arch;
	m->f = f;
	m->ar = tmp;
	m->out = out;
	m->code = arena_new(out, Code);
	vec_reserve(tmp, &m->v, f->v.n * 2);
	for (u32 i = 0; i < f->v.n; i++)
		mfunc_temp(m, f->v.a[i].ty);
	copy_graph(m);
	split_critical(m);
	order_blocks(m);
	arch->lower(m);
	gen_regalloc(m);
	gen_zero_slots(m);
	gen_frame(m);
	gen_stackmap(m);
	arch->emit(m);
	return m->code;
}
