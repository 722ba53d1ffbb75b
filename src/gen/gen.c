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
	vec_reserve(m->ar, &m->b, f->b.n + f->b.n / 2 + 8);
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
	enum { Many = 8 };
	u32 n = m->b.n;
	Map many = {0};                 /* from, to -> where to look for the next such edge, for blocks with many predecessors */
	for (u32 i = 1; i < n; i++)
		for (u32 k = m->b.a[i].pred.n > Many ? m->b.a[i].pred.n : 0; k-- > 0;)
			map_put(m->ar, &many, (u64)m->b.a[i].pred.a[k] << 32 | i, k);
	for (u32 i = 1; i < n; i++)
		for (u32 k = 0; k < m->b.a[i].succ.n && m->b.a[i].succ.n > 1; k++) {
			u32 to = m->b.a[i].succ.a[k];
			if (m->b.a[to].pred.n < 2)
				continue;
			u64 *next = m->b.a[to].pred.n > Many ? map_slot(m->ar, &many, (u64)i << 32 | to) : NULL;
			u32 e = mblock_new(m), p = next ? (u32)*next : 0;
			while (m->b.a[to].pred.a[p] != i)
				p++;
			m->b.a[to].pred.a[p] = e;
			if (next)
				*next = p + 1;
			m->b.a[i].succ.a[k] = e;
			m->b.a[e].cold = m->b.a[to].cold || m->b.a[i].cold;
			vec_push(m->ar, &m->b.a[e].succ, to);
			vec_push(m->ar, &m->b.a[e].pred, i);
		}
}

/* Where a block stands among the predecessors of its only successor. */
static void number_preds(MFunc *m)
{
	for (u32 i = 1; i < m->b.n; i++)
		for (u32 k = 0; k < m->b.a[i].pred.n; k++)
			m->b.a[m->b.a[i].pred.a[k]].predat = k;
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

/* ---- rotation: the test of a loop moves from its top to its bottom, which saves a jump every time round ---- */

enum { RotateMax = 3 };

/* How many blocks from position top on make up the test: the last of them leaves the loop, which ends at position end. 0: none. */
static u32 test_blocks(const MFunc *m, const u32 *at, u32 top, u32 end)
{
	for (u32 n = 1; n <= RotateMax && top + n <= end; n++) {
		const MBlock *b = &m->b.a[m->layout.a[top + n - 1]];
		u32 out = 0, in = 0;
		for (u32 i = 0; i < b->succ.n; i++) {
			const MBlock *s = &m->b.a[b->succ.a[i]];
			out += !s->cold && at[b->succ.a[i]] > end;
			in += at[b->succ.a[i]] > top && at[b->succ.a[i]] <= end;
		}
		if (b->succ.n == 2 && out == 1 && in == 1)
			return n;
		bool falls = in && at[m->layout.a[top + n]] == top + n;
		if (out || !falls)
			return 0;
	}
	return 0;
}

static void rotate_loops(MFunc *m)
{
	u32 n = m->layout.n, moved[RotateMax];
	u32 *at = arena_array(m->ar, u32, m->b.n);      /* position in layout */
	for (u32 i = 0; i < n; i++)
		at[m->layout.a[i]] = i;
	for (u32 k = 0; k < m->order.n; k++) {
		u32 h = m->order.a[k], end = 0;
		const MBlock *b = &m->b.a[h];
		for (u32 i = 0; i < b->pred.n && !b->cold; i++) {
			u32 p = b->pred.a[i];
			if (m->b.a[p].order > b->order && !m->b.a[p].cold && at[p] > at[h] && at[p] > end)
				end = at[p];
		}
		u32 top = at[h], len = end && top ? test_blocks(m, at, top, end) : 0;
		if (!len || top + len > end)
			continue;
		memcpy(moved, m->layout.a + top, len * sizeof *moved);
		memmove(m->layout.a + top, m->layout.a + top + len, (end + 1 - top - len) * sizeof *moved);
		memcpy(m->layout.a + end + 1 - len, moved, len * sizeof *moved);
		for (u32 i = top; i <= end; i++)
			at[m->layout.a[i]] = i;
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
	rotate_loops(m);
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
	number_preds(m);
	order_blocks(m);
	arch->lower(m);
	gen_regalloc(m);
	gen_zero_slots(m);
	gen_frame(m);
	gen_stackmap(m);
	gen_arginfo(m);
	arch->emit(m);
	return m->code;
}
