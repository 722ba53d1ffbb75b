/* What is known about the size of numbers: differences of 64-bit integers, bounds of single ones.
 *
 * A fact says a - b <= k, as whole numbers that do not wrap; value 0 stands for the number zero, so a fact with it is a bound.
 * Facts come from branches and passed checks and hold below a point of the dominator tree. prove answers whether x - y <= k follows:
 * by a fact, by bounds, over one more value, or from how x and y are computed: sums with constants, loop counters, masks, shifts,
 * remainders. Every rule that takes a sum apart first makes sure that it does not wrap. */
#include "gvn.h"

enum { BoundDepth = 3, ProveDepth = 3, FactsMax = 12 };

typedef struct Fact { ValueId a, b; i64 k; u32 next_a, next_b; } Fact;

struct Facts {
	Func *f;
	const Dom *dom;
	Arena *ar;
	VEC(Fact) fact;
	u32 *by_a, *by_b;       /* by value: its latest fact */
	u8 *length;             /* by value: never negative */
};

static const Value *arg(const Facts *p, const Value *v, u32 i)
{
	return &p->f->v.a[value_resolve(p->f, v->arg[i])];
}

static i64 add_sat(i64 x, i64 y)
{
	i64 r;
	return __builtin_add_overflow(x, y, &r) ? (y < 0 ? INT64_MIN : INT64_MAX) : r;
}

static i64 sub_sat(i64 x, i64 y)
{
	i64 r;
	return __builtin_sub_overflow(x, y, &r) ? (y < 0 ? INT64_MAX : INT64_MIN) : r;
}

static bool const_arg(const Facts *p, const Value *v, u32 i, i64 *c)
{
	const Value *a = arg(p, v, i);
	*c = a->aux;
	return a->op == SsaConst && a->ty == TyI64;
}

/* v = x + c as written, wrapping or not */
static bool is_sum(const Facts *p, const Value *v, ValueId *x, i64 *c)
{
	if ((v->op != SsaAdd && v->op != SsaSub) || v->ty != TyI64 || !const_arg(p, v, 1, c))
		return false;
	if (v->op == SsaSub) {
		if (*c == INT64_MIN)
			return false;
		*c = -*c;
	}
	*x = value_resolve(p->f, v->arg[0]);
	return true;
}

/* ---- loop counters ---- */

/* Is b only entered after phi was found below (up) or above (down) something? Looks up the dominators as far as the block of phi. */
static bool tested(const Facts *p, ValueId phi, BlockId b, bool up)
{
	BlockId top = p->f->v.a[phi].block;
	for (; b && b != top; b = p->dom->idom[b]) {
		const Block *blk = &p->f->b.a[b];
		if (blk->pred.n != 1)
			continue;
		const Block *from = &p->f->b.a[blk->pred.a[0]];
		if (from->term != TermIf || from->succ.a[0] == from->succ.a[1])
			continue;
		const Value *c = &p->f->v.a[value_resolve(p->f, from->ctl)];
		bool yes = from->succ.a[0] == b;
		if (c->op != SsaLtS && c->op != SsaLeS)
			continue;
		/* strictly less: a < b, or not b <= a */
		bool strict = (c->op == SsaLtS) == yes;
		ValueId small = value_resolve(p->f, c->arg[yes ? 0 : 1]), big = value_resolve(p->f, c->arg[yes ? 1 : 0]);
		if (strict && (up ? small : big) == phi)
			return true;
		if (!strict && !up && big == phi && p->f->v.a[small].op == SsaConst && p->f->v.a[small].aux > INT64_MIN)
			return true;
	}
	return false;
}

/* Where a counter starts that goes up (down) by one, each time after a test; 0: it is none. */
static ValueId counter_start(const Facts *p, ValueId phi, bool up)
{
	const Value *x = &p->f->v.a[phi];
	if (x->op != SsaPhi || x->nargs != 2 || x->ty != TyI64)
		return 0;
	ValueId start = 0;
	bool step = false;
	for (u32 i = 0; i < 2; i++) {
		ValueId a = value_resolve(p->f, x->arg[i]), from;
		const Value *v = &p->f->v.a[a];
		i64 c;
		if (is_sum(p, v, &from, &c) && from == phi && c == (up ? 1 : -1) && tested(p, phi, v->block, up))
			step = true;
		else if (v->block != x->block && dom_over(p->dom, v->block, x->block))
			start = a;
	}
	return step ? start : 0;
}

/* ---- bounds of one value ---- */

static i64 low(const Facts *p, ValueId x, u32 depth);

static i64 high(const Facts *p, ValueId x, u32 depth)
{
	const Value *v = &p->f->v.a[x];
	i64 r = INT64_MAX, c;
	ValueId y;
	if (!x)
		return 0;
	if (v->op == SsaConst)
		return v->aux;
	for (u32 i = p->by_a[x], n = 0; i && n < FactsMax; i = p->fact.a[i].next_a, n++) {
		const Fact *t = &p->fact.a[i];
		i64 k = t->b ? depth ? add_sat(high(p, t->b, depth - 1), t->k) : t->k < 0 ? INT64_MAX + t->k : INT64_MAX : t->k;
		r = k < r ? k : r;
	}
	if (!depth)
		return r;
	i64 s = INT64_MAX;
	switch (v->op) {
	case SsaZeroExt: case SsaSignExt: {
		u32 w = 8 * ty_size(arg(p, v, 0)->ty);
		s = (i64)((u64)1 << (v->op == SsaZeroExt ? w : w - 1)) - 1;
		if (v->op == SsaZeroExt && arg(p, v, 0)->ty == TyI8) {
			u8 op = arg(p, v, 0)->op;
			if (op >= SsaEq && op <= SsaLeU)
				s = 1;
		}
		break;
	}
	case SsaAnd:
		if (const_arg(p, v, 1, &c) && c >= 0)
			s = c;
		else if (low(p, value_resolve(p->f, v->arg[0]), depth - 1) >= 0)
			s = high(p, value_resolve(p->f, v->arg[0]), depth - 1);
		break;
	case SsaShrU:
		if (const_arg(p, v, 1, &c) && c > 0 && c < 64)
			s = (i64)(~(u64)0 >> c);
		break;
	case SsaRemS: case SsaRemU:
		if (const_arg(p, v, 1, &c) && c > 0)
			s = c - 1;
		break;
	case SsaDivS:
		if (const_arg(p, v, 1, &c) && c > 0)
			s = high(p, value_resolve(p->f, v->arg[0]), depth - 1) / c;
		break;
	case SsaClz: case SsaCtz: case SsaPopcnt:
		s = 64;
		break;
	case SsaAdd: case SsaSub:
		if (is_sum(p, v, &y, &c)) {
			i64 h = high(p, y, depth - 1), l = low(p, y, depth - 1);
			if (c >= 0 ? h <= INT64_MAX - c : l >= INT64_MIN - c)
				s = add_sat(h, c);
		}
		break;
	case SsaPhi:
		if ((y = counter_start(p, x, false)))
			s = high(p, y, depth - 1);
		break;
	}
	return s < r ? s : r;
}

static i64 low(const Facts *p, ValueId x, u32 depth)
{
	const Value *v = &p->f->v.a[x];
	i64 r = p->length[x] ? 0 : INT64_MIN, c;
	ValueId y;
	if (!x)
		return 0;
	if (v->op == SsaConst)
		return v->aux;
	for (u32 i = p->by_b[x], n = 0; i && n < FactsMax; i = p->fact.a[i].next_b, n++) {
		const Fact *t = &p->fact.a[i];
		i64 k = t->a ? depth ? sub_sat(low(p, t->a, depth - 1), t->k) : t->k < 0 ? INT64_MIN - t->k : INT64_MIN : t->k == INT64_MIN ? r : -t->k;
		r = k > r ? k : r;
	}
	if (!depth)
		return r;
	i64 s = INT64_MIN;
	switch (v->op) {
	case SsaZeroExt: case SsaClz: case SsaCtz: case SsaPopcnt:
		s = 0;
		break;
	case SsaSignExt:
		s = -(i64)((u64)1 << (8 * ty_size(arg(p, v, 0)->ty) - 1));
		break;
	case SsaAnd:
		if (low(p, value_resolve(p->f, v->arg[0]), depth - 1) >= 0 || low(p, value_resolve(p->f, v->arg[1]), depth - 1) >= 0)
			s = 0;
		break;
	case SsaShrU:
		if (const_arg(p, v, 1, &c) && c > 0 && c < 64)
			s = 0;
		else if (low(p, value_resolve(p->f, v->arg[0]), depth - 1) >= 0)
			s = 0;
		break;
	case SsaShrS: case SsaDivS: case SsaRemS: case SsaDivU: case SsaRemU:
		if (low(p, value_resolve(p->f, v->arg[0]), depth - 1) >= 0 && low(p, value_resolve(p->f, v->arg[1]), depth - 1) >= 0)
			s = 0;
		break;
	case SsaAdd: case SsaSub:
		if (is_sum(p, v, &y, &c)) {
			i64 h = high(p, y, depth - 1), l = low(p, y, depth - 1);
			if (c >= 0 ? h <= INT64_MAX - c : l >= INT64_MIN - c)
				s = add_sat(l, c);
		} else if (v->op == SsaSub && v->ty == TyI64 && depth == BoundDepth &&
			low(p, value_resolve(p->f, v->arg[1]), depth - 1) >= 0 && prove_le(p, value_resolve(p->f, v->arg[1]), value_resolve(p->f, v->arg[0]), 0)) {
			s = 0;
		}
		break;
	case SsaPhi:
		if ((y = counter_start(p, x, true)))
			s = low(p, y, depth - 1);
		break;
	}
	return s > r ? s : r;
}

i64 prove_low(const Facts *p, ValueId x) { return low(p, value_resolve(p->f, x), BoundDepth); }
i64 prove_high(const Facts *p, ValueId x) { return high(p, value_resolve(p->f, x), BoundDepth); }

/* x = base + c without wrapping; constants are zero + c. */
static ValueId take_apart(const Facts *p, ValueId x, i64 *c)
{
	const Value *v = &p->f->v.a[x];
	ValueId y;
	*c = 0;
	if (!x)
		return 0;
	if (v->op == SsaConst) {
		*c = v->aux;
		return 0;
	}
	if (!is_sum(p, v, &y, c))
		return x;
	if (*c >= 0 ? high(p, y, 2) <= INT64_MAX - *c : low(p, y, 2) >= INT64_MIN - *c)
		return y;
	*c = 0;
	return x;
}

/* ---- differences ---- */

static bool follows(const Facts *p, ValueId x, ValueId y, i64 k, u32 depth);

/* From the way x is computed: something at least as big that is far enough below y. */
static bool by_shape(const Facts *p, ValueId x, ValueId y, i64 k, u32 depth)
{
	const Value *v = &p->f->v.a[x];
	ValueId a = v->nargs && v->nargs <= 3 ? value_resolve(p->f, v->arg[0]) : 0, b = v->nargs == 2 ? value_resolve(p->f, v->arg[1]) : 0, s;
	if (x && v->ty == TyI64)
		switch (v->op) {
		case SsaSub:
			if (low(p, b, 1) >= 0 && low(p, a, 1) >= 0 && follows(p, a, y, k, depth))
				return true;
			break;
		case SsaAnd:
			if ((low(p, a, 1) >= 0 && follows(p, a, y, k, depth)) || (low(p, b, 1) >= 0 && follows(p, b, y, k, depth)))
				return true;
			break;
		case SsaShrU: case SsaShrS: case SsaDivS: case SsaDivU:
			if (low(p, a, 1) >= 0 && low(p, b, 1) >= (v->op == SsaDivS) && follows(p, a, y, k, depth))
				return true;
			break;
		case SsaRemU: case SsaRemS:             /* the divisor is not zero */
			if (b == y && k >= -1 && low(p, b, 2) >= 0 && (v->op == SsaRemS || low(p, b, 2) >= 0))
				return true;
			break;
		case SsaPhi:
			if ((s = counter_start(p, x, false)) && follows(p, s, y, k, depth))
				return true;
			break;
		}
	if (y && (s = counter_start(p, y, true)))
		return follows(p, x, s, k, depth);
	return false;
}

static bool follows(const Facts *p, ValueId x, ValueId y, i64 k, u32 depth)
{
	i64 cx, cy;
	x = take_apart(p, x, &cx);
	y = take_apart(p, y, &cy);
	if (__builtin_sub_overflow(k, cx, &k) || __builtin_add_overflow(k, cy, &k))
		return false;
	if (x == y)
		return k >= 0;
	i64 h = high(p, x, 2), l = low(p, y, 2), d;
	if (!__builtin_sub_overflow(h, l, &d) && d <= k)
		return true;
	for (u32 i = p->by_a[x], n = 0; x && i && n < FactsMax; i = p->fact.a[i].next_a, n++) {
		const Fact *t = &p->fact.a[i];
		i64 rest;
		if (t->b == y && t->k <= k)
			return true;
		if (depth && t->b && t->b != y && !__builtin_sub_overflow(k, t->k, &rest) && follows(p, t->b, y, rest, depth - 1))
			return true;
	}
	return depth && by_shape(p, x, y, k, depth - 1);
}

bool prove_le(const Facts *p, ValueId x, ValueId y, i64 k)
{
	return follows(p, x ? value_resolve(p->f, x) : 0, y ? value_resolve(p->f, y) : 0, k, ProveDepth);
}

/* ---- facts ---- */

void prove_learn(Facts *p, ValueId x, ValueId y, i64 k)
{
	i64 cx, cy;
	x = take_apart(p, x ? value_resolve(p->f, x) : 0, &cx);
	y = take_apart(p, y ? value_resolve(p->f, y) : 0, &cy);
	if (x == y || __builtin_sub_overflow(k, cx, &k) || __builtin_add_overflow(k, cy, &k))
		return;
	vec_push(p->ar, &p->fact, (Fact){x, y, k, p->by_a[x], p->by_b[y]});
	p->by_a[x] = p->by_b[y] = p->fact.n - 1;
}

/* x != the constant c: matters at the end of a range. */
void prove_differs(Facts *p, ValueId x, i64 c)
{
	if (c < INT64_MAX && prove_low(p, x) == c)
		prove_learn(p, 0, x, -(c + 1));
	else if (c > INT64_MIN && prove_high(p, x) == c)
		prove_learn(p, x, 0, c - 1);
}

u32 prove_mark(const Facts *p)
{
	return p->fact.n;
}

void prove_release(Facts *p, u32 mark)
{
	while (p->fact.n > mark) {
		Fact t = vec_pop(&p->fact);
		p->by_a[t.a] = t.next_a;
		p->by_b[t.b] = t.next_b;
	}
}

/* Lengths and capacities of strings and slices, where they come from memory, a caller or a callee. */
static bool is_length(const Func *f, const Value *v)
{
	const Sig *s = NULL;
	const SigPart *part = NULL;
	Type *t = NULL;
	if (v->op == SsaLoad)
		return v->flags & FlagLength;
	if (v->op == SsaParam && (s = f->sig)) {
		part = &s->in[v->aux];
		t = s->param ? s->param[part->param].type : NULL;
	} else if (v->op == SsaResult && (s = f->v.a[v->arg[0]].sig)) {
		part = &s->out[v->aux];
		t = s->result ? s->result[part->param].type : NULL;
	}
	if (!t || part->poff < 8 || part->ty != TyI64)
		return false;
	u8 kind = types_under(t)->kind;
	return kind == KindString || kind == KindSlice;
}

Facts *prove_new(Func *f, const Dom *dom, Arena *ar)
{
	Facts *p = arena_new(ar, Facts);
	*p = (Facts){.f = f, .dom = dom, .ar = ar, .by_a = arena_array(ar, u32, f->v.n), .by_b = arena_array(ar, u32, f->v.n),
		.length = arena_array(ar, u8, f->v.n)};
	vec_push(ar, &p->fact, (Fact){0});
	for (ValueId v = 1; v < f->v.n; v++)
		p->length[v] = is_length(f, &f->v.a[v]);
	return p;
}
