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
