/* Tables over program counters: rows in ascending order, each valid up to the next one's pc. */
#include "gen.h"

void code_line(Arena *a, Code *c, u32 pc, Pos pos, u32 inl)
{
	if (c->line.n) {
		PcLine *l = &vec_last(&c->line);
		if (l->pos == pos && l->inl == inl)
			return;
		if (l->pc == pc) {
			l->pos = pos;
			l->inl = inl;
			return;
		}
	}
	vec_push(a, &c->line, (PcLine){pc, pos, inl});
}

/* ---- inlined calls ----
 * A frame of an inlined body is shown by its entry in the inline tree: name, parent entry and a pc that has the position of the
 * call in the parent. Most calls have left such an instruction, the computation of an argument for example; the others get a byte
 * behind the function's code. */

static u64 row_key(u32 inl, Pos pos) { return (u64)(inl + 1) << 32 | pos; }

u32 code_inline_marks(MFunc *m, u32 pc)
{
	Code *c = m->code;
	Func *f = m->f;
	u32 added = 0;
	c->ninlined = 0;
	if (f->inl.n <= 1)
		return 0;
	u8 *used = arena_array(m->ar, u8, f->inl.n);
	Map at = {0};
	for (u32 i = 0; i < c->line.n && c->line.a[i].pc < pc; i++) {
		for (u32 k = c->line.a[i].inl; k && !used[k]; k = f->inl.a[k].parent)
			used[k] = 1;
		u64 *slot = map_slot(m->ar, &at, row_key(c->line.a[i].inl, c->line.a[i].pos));
		if (!*slot)
			*slot = c->line.a[i].pc + 1;
	}
	if (!c->inlined)
		c->inlined = arena_array(m->out, CodeInl, f->inl.n);
	i32 *index = arena_array(m->ar, i32, f->inl.n);
	index[0] = -1;
	for (u32 k = 1; k < f->inl.n; k++) {
		const Inl *x = &f->inl.a[k];
		if (!used[k])
			continue;
		u64 *slot = map_slot(m->ar, &at, row_key(x->parent, x->callpos));
		if (!*slot) {
			code_line(m->out, c, pc + added, x->callpos, x->parent);
			*slot = pc + added++ + 1;
		}
		index[k] = (i32)c->ninlined;
		c->inlined[c->ninlined++] = (CodeInl){x->fn, index[x->parent], (u32)*slot - 1, k, x->startpos};
	}
	return added;
}

void code_inline_rows(MFunc *m)
{
	Code *c = m->code;
	if (!c->ninlined)
		return;
	u32 *row = arena_array(m->ar, u32, m->f->inl.n);
	for (u32 k = 0; k < c->ninlined; k++)
		row[c->inlined[k].tree] = k + 1;
	for (u32 i = 0; i < c->line.n; i++)
		c->line.a[i].inl = row[c->line.a[i].inl];
}

void code_pcval(Arena *a, void *table, u32 pc, i32 val)
{
	VEC(PcVal) *t = table;
	if (t->n && vec_last(t).val == val)
		return;
	if (t->n && vec_last(t).pc == pc) {
		vec_last(t).val = val;
		if (t->n > 1 && t->a[t->n - 2].val == val)
			t->n--;
		return;
	}
	vec_push(a, t, (PcVal){pc, val});
}

static u32 varint(u8 *p, u32 x)
{
	u32 n = 0;
	for (; x >= 0x80; x >>= 7)
		p[n++] = (u8)(x | 0x80);
	p[n++] = (u8)x;
	return n;
}

/* pclntab's form: pairs of (value difference, zigzag; pc difference in quanta), then a zero. The value starts at -1; pcs before
 * the first row have the value first. */
u8 *code_encode(Arena *a, const PcVal *v, u32 n, i32 first, u32 end, u32 quantum, u32 *len)
{
	u8 *out = arena_alloc(a, 10 * (n + 1) + 1, 1);
	u32 k = 0, pc = 0;
	i32 old = -1;
	for (u32 i = 0; i <= n; i++) {
		i32 val = i ? v[i - 1].val : first;
		while (i < n && v[i].val == val)
			i++;
		u32 to = i < n ? v[i].pc : end;
		if (to == pc)
			continue;
		i32 d = val - old;
		k += varint(out + k, (u32)d << 1 ^ (u32)(d >> 31));
		k += varint(out + k, (to - pc) / quantum);
		old = val;
		pc = to;
	}
	out[k++] = 0;
	*len = k;
	return out;
}
