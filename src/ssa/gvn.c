/* One walk down the dominator tree: equal values are shared, and what is known is used.
 *
 * Scoped state, undone when the walk leaves a subtree: a hash table of pure values; facts "this condition has this value here"
 * from branches and passed checks; pointers known not to be nil; what memory holds (memory.c). With these, values fold, nil checks and bounds checks
 * go away and branches are decided. Bounds: i < n holds if the same check was passed or if it follows from what is known about sizes
 * (prove.c). */
#include "gvn.h"

enum { FaultLimit = 4096 };

typedef struct Entry { u64 hash; ValueId v; u32 next; } Entry;
/* a < b or a <= b, signed or not */
typedef struct Less { ValueId a, b; bool sign, strict; } Less;
typedef struct Mark { u32 entry, less, truth, nonnil, mem, facts; } Mark;
typedef struct Truth { ValueId v; u8 old; } Truth;

typedef struct Gvn {
	Func *f;
	Arena *ar;
	Dom dom;
	Mem *mem;
	Facts *facts;
	VEC(Entry) entry; u32 *bucket; u32 nbucket;
	VEC(Less) less;
	VEC(Truth) truth; u8 *known;      /* by value: 0 unknown, 1 zero, 2 not zero */
	VEC(ValueId) nonnil; u8 *isnonnil;
	VEC(BlockId) folded;              /* block << 1 | successor */
	bool changed;
} Gvn;

static void become_copy(Gvn *g, ValueId id, ValueId of)
{
	value_become_copy(g->f, id, of);
	g->changed = true;
}

/* ---- facts ---- */

static void learn_nonnil(Gvn *g, ValueId p)
{
	if (g->isnonnil[p])
		return;
	g->isnonnil[p] = 1;
	vec_push(g->ar, &g->nonnil, p);
}

static bool nonnil(const Gvn *g, ValueId p)
{
	u8 op = g->f->v.a[p].op;
	return g->isnonnil[p] || op == SsaLocalAddr || (op == SsaNew && !(g->f->v.a[p].flags & FlagBuf)) || op == SsaAddr || op == SsaNilCheck || op == SsaArgAddr || op == SsaResultAddr;
}

/* An unsigned relation is a signed one too if the bigger side is not negative. */
static void learn_less(Gvn *g, Less l)
{
	if (!l.sign && prove_low(g->facts, l.b) < 0)
		return;
	prove_learn(g->facts, l.a, l.b, l.strict ? -1 : 0);
	if (!l.sign)
		prove_learn(g->facts, 0, l.a, 0);
}

static void learn(Gvn *g, ValueId c, bool truth)
{
	const Value *v = &g->f->v.a[c];
	if (!g->known[c]) {
		vec_push(g->ar, &g->truth, (Truth){c, 0});
		g->known[c] = truth ? 2 : 1;
	}
	const ValueId *arg = value_args(g->f, c);
	ValueId a = v->nargs ? value_resolve(g->f, arg[0]) : 0, b = v->nargs == 2 ? value_resolve(g->f, arg[1]) : 0;
	switch (v->op) {
	case SsaBoolNot:
		learn(g, a, !truth);
		break;
	case SsaLtS: case SsaLtU: case SsaLeS: case SsaLeU: {
		bool strict = v->op == SsaLtS || v->op == SsaLtU, sign = v->op == SsaLtS || v->op == SsaLeS;
		Less l = truth ? (Less){a, b, sign, strict} : (Less){b, a, sign, !strict};
		if (g->f->v.a[a].ty != TyI64)
			break;
		vec_push(g->ar, &g->less, l);
		learn_less(g, l);
		break;
	}
	case SsaEq: case SsaNe:
		if (g->f->v.a[a].ty == TyPtr && g->f->v.a[b].op == SsaConst && !g->f->v.a[b].aux && truth == (v->op == SsaNe))
			learn_nonnil(g, a);
		if (g->f->v.a[a].ty != TyI64)
			break;
		if (truth == (v->op == SsaEq)) {
			prove_learn(g->facts, a, b, 0);
			prove_learn(g->facts, b, a, 0);
		} else if (g->f->v.a[b].op == SsaConst)
			prove_differs(g->facts, a, g->f->v.a[b].aux);
		else if (g->f->v.a[a].op == SsaConst)
			prove_differs(g->facts, b, g->f->v.a[a].aux);
		break;
	}
}

static bool is_const(const Gvn *g, ValueId v, i64 *c)
{
	if (g->f->v.a[v].op != SsaConst)
		return false;
	*c = g->f->v.a[v].aux;
	return true;
}

/* ---- checks ---- */

static bool in_bounds(const Gvn *g, const Value *v)
{
	ValueId i = value_resolve(g->f, v->arg[0]), n = value_resolve(g->f, v->arg[1]);
	i64 ci, cn;
	bool upto = v->aux != BoundsIndex && v->aux != BoundsIndexU;
	if (is_const(g, i, &ci) && is_const(g, n, &cn))
		return upto ? (u64)ci <= (u64)cn : (u64)ci < (u64)cn;
	return prove_le(g->facts, i, n, upto ? 0 : -1) && prove_le(g->facts, 0, i, 0);
}

static bool seen_check(const Gvn *g, const Value *v)
{
	ValueId i = value_resolve(g->f, v->arg[0]), n = value_resolve(g->f, v->arg[1]);
	bool upto = v->aux != BoundsIndex && v->aux != BoundsIndexU;
	for (u32 k = g->less.n; k-- > 0;) {
		const Less *l = &g->less.a[k];
		if (l->a == i && l->b == n && !l->sign && (l->strict || upto))
			return true;
	}
	return false;
}

static void visit_access(Gvn *g, ValueId id)
{
	Value *v = &g->f->v.a[id];
	if (v->op == SsaStore) {
		if (!mem_store(g->mem, id))
			return;
		v->op = SsaInvalid;
		g->changed = true;
		return;
	}
	bool zero;
	ValueId x = mem_load(g->mem, id, &zero);
	if (x) {
		become_copy(g, id, x);
	} else if (zero) {
		*v = (Value){.op = SsaConst, .ty = v->ty, .pos = v->pos, .block = v->block, .inl = v->inl};
		g->changed = true;
	}
}

/* The second operand is the length or capacity of something, not an index. */
static bool of_length(i64 kind)
{
	return kind <= BoundsSliceAcapU || (kind >= BoundsSlice3Alen && kind <= BoundsSlice3AcapU);
}

static bool visit_check(Gvn *g, ValueId id)
{
	Value *v = &g->f->v.a[id];
	if (v->op == SsaNilCheck) {
		ValueId p = value_resolve(g->f, v->arg[0]);
		if (nonnil(g, p))
			become_copy(g, id, p);
		else
			learn_nonnil(g, p);
		return true;
	}
	if (v->op == SsaBounds) {
		if (of_length(v->aux))          /* it is one here, whatever it was before it became one */
			prove_learn(g->facts, 0, value_resolve(g->f, v->arg[1]), 0);
		if (in_bounds(g, v) || seen_check(g, v)) {
			v->op = SsaInvalid;
			g->changed = true;
		} else if (v->aux != BoundsConvert) {
			Less l = {value_resolve(g->f, v->arg[0]), value_resolve(g->f, v->arg[1]), false, v->aux == BoundsIndex || v->aux == BoundsIndexU};
			vec_push(g->ar, &g->less, l);
			learn_less(g, l);
		}
		return true;
	}
	if (v->op == SsaLoad || v->op == SsaStore) {
		ValueId p = value_resolve(g->f, v->arg[0]);
		if (nonnil(g, p))
			v->flags |= FlagNonNil;
		else if (!(v->flags & FlagNonNil) && v->aux >= 0 && v->aux < FaultLimit)
			learn_nonnil(g, p);
		visit_access(g, id);
		return v->op != SsaConst;
	}
	return false;
}

/* ---- values ---- */

static bool numbered(const Value *v)
{
	switch (v->op) {
	case SsaPhi: case SsaCopy: case SsaResult: case SsaResultAddr: case SsaClosure: case SsaInvalid:
		return false;
	}
	return ssa_op_info[v->op].flags & SsaPure && v->nargs <= 3;
}

static bool equal(const Value *x, const Value *y)
{
	return x->op == y->op && x->ty == y->ty && x->flags == y->flags && x->aux == y->aux && x->aux2 == y->aux2 && x->callee == y->callee &&
		x->nargs == y->nargs && x->arg[0] == y->arg[0] && x->arg[1] == y->arg[1] && x->arg[2] == y->arg[2];
}

/* Operands of commuting operations: constants last, else the older value first. */
static bool wrong_order(const Gvn *g, const Value *v)
{
	const Value *x = &g->f->v.a[v->arg[0]], *y = &g->f->v.a[v->arg[1]];
	if (!(ssa_op_info[v->op].flags & SsaCommutes) || x->ty != y->ty)
		return false;
	if ((x->op == SsaConst) != (y->op == SsaConst))
		return x->op == SsaConst;
	return v->arg[0] > v->arg[1];
}

static void number(Gvn *g, ValueId id)
{
	Value *v = &g->f->v.a[id];
	if (wrong_order(g, v)) {
		ValueId t = v->arg[0];
		v->arg[0] = v->arg[1];
		v->arg[1] = t;
	}
	u64 h = hash_mix(hash_mix(v->op * 131u + v->ty, (u64)v->aux), (u64)v->aux2);
	for (u32 i = 0; i < 3; i++)
		h = hash_mix(h, v->arg[i]);
	u32 *b = &g->bucket[h & (g->nbucket - 1)];
	for (u32 e = *b; e; e = g->entry.a[e].next)
		if (g->entry.a[e].hash == h && equal(&g->f->v.a[g->entry.a[e].v], v)) {
			become_copy(g, id, g->entry.a[e].v);
			return;
		}
	vec_push(g->ar, &g->entry, (Entry){h, id, *b});
	*b = g->entry.n - 1;
}

static void to_const(Gvn *g, ValueId id, i64 c)
{
	Value *v = &g->f->v.a[id];
	*v = (Value){.op = SsaConst, .ty = v->ty, .aux = c, .pos = v->pos, .block = v->block, .inl = v->inl};
	g->changed = true;
}

/* What the sizes of operands decide: comparisons, signs of quotients, shifts that stay below the width. */
static void visit_sizes(Gvn *g, ValueId id)
{
	Value *v = &g->f->v.a[id];
	i64 c;
	if (v->nargs != 2)
		return;
	ValueId a = v->arg[0], b = v->arg[1];
	switch (v->op) {
	case SsaLtS: case SsaLeS: {
		i64 k = v->op == SsaLtS ? -1 : 0;
		if (g->f->v.a[a].ty != TyI64)
			break;
		if (prove_le(g->facts, a, b, k))
			to_const(g, id, 1);
		else if (prove_le(g->facts, b, a, -1 - k))
			to_const(g, id, 0);
		break;
	}
	case SsaDivS: case SsaRemS:
		if (v->ty == TyI64 && is_const(g, b, &c) && c > 0 && prove_low(g->facts, a) >= 0)
			v->op = v->op == SsaDivS ? SsaDivU : SsaRemU;
		break;
	case SsaShl: case SsaShrS: case SsaShrU:
		if (!(v->flags & FlagBounded) && prove_low(g->facts, b) >= 0 && prove_high(g->facts, b) < 8 * ty_size((Ty)v->ty))
			v->flags |= FlagBounded;
		break;
	}
}

static void visit_value(Gvn *g, ValueId id)
{
	Value *v = &g->f->v.a[id];
	if (v->op == SsaInvalid || v->op == SsaCopy)
		return;
	if (v->op != SsaPhi) {
		ValueId *a = value_args(g->f, id);
		for (u32 i = 0; i < v->nargs; i++)
			a[i] = value_resolve(g->f, a[i]);
	}
	if (visit_check(g, id))
		return;
	if (ssa_fold(g->f, id))
		g->changed = true;
	visit_sizes(g, id);
	if (numbered(v))
		number(g, id);
}

/* What the only way into b says. */
static void enter_facts(Gvn *g, BlockId b)
{
	const Block *blk = &g->f->b.a[b];
	if (blk->pred.n != 1 || b == g->f->deferreturn)
		return;
	const Block *p = &g->f->b.a[blk->pred.a[0]];
	if (p->term == TermIf && p->succ.a[0] != p->succ.a[1])
		learn(g, value_resolve(g->f, p->ctl), p->succ.a[0] == b);
}

static void visit_block(Gvn *g, BlockId b)
{
	enter_facts(g, b);
	Block *blk = &g->f->b.a[b];
	mem_enter(g->mem, b);
	for (u32 i = 0; i < blk->v.n; i++) {
		visit_value(g, blk->v.a[i]);
		mem_effect(g->mem, blk->v.a[i]);
	}
	mem_exit(g->mem, b);
	if (blk->term != TermIf)
		return;
	ValueId c = blk->ctl = value_resolve(g->f, blk->ctl);
	i64 k;
	if (is_const(g, c, &k))
		vec_push(g->ar, &g->folded, b << 1 | (k == 0));
	else if (g->known[c])
		vec_push(g->ar, &g->folded, b << 1 | (g->known[c] == 1));
}

static void leave(Gvn *g, Mark m)
{
	while (g->entry.n > m.entry) {
		Entry e = vec_pop(&g->entry);
		g->bucket[e.hash & (g->nbucket - 1)] = e.next;
	}
	mem_release(g->mem, m.mem);
	prove_release(g->facts, m.facts);
	g->less.n = m.less;
	while (g->truth.n > m.truth)
		g->known[vec_pop(&g->truth).v] = 0;
	while (g->nonnil.n > m.nonnil)
		g->isnonnil[vec_pop(&g->nonnil)] = 0;
}

static Mark mark(const Gvn *g)
{
	return (Mark){g->entry.n, g->less.n, g->truth.n, g->nonnil.n, mem_mark(g->mem), prove_mark(g->facts)};
}

static void walk(Gvn *g)
{
	u32 nb = g->f->b.n + 1;
	BlockId *child = arena_array(g->ar, BlockId, nb), *sibling = arena_array(g->ar, BlockId, nb);
	for (u32 i = g->dom.n; i-- > 0;) {
		BlockId b = g->dom.rpo[i], up = g->dom.idom[b];
		sibling[b] = child[up];
		child[up] = b;
	}
	Mark *saved = arena_array(g->ar, Mark, nb);
	for (BlockId b = child[0]; b;) {
		saved[b] = mark(g);
		visit_block(g, b);
		if (child[b]) {
			b = child[b];
			continue;
		}
		leave(g, saved[b]);
		while (b && !sibling[b]) {
			b = g->dom.idom[b];
			if (b)
				leave(g, saved[b]);
		}
		b = sibling[b];
	}
}

static void drop_invalid(Func *f)
{
	for (BlockId b = 1; b < f->b.n; b++) {
		Block *blk = &f->b.a[b];
		u32 w = 0;
		for (u32 i = 0; i < blk->v.n; i++)
			if (f->v.a[blk->v.a[i]].op != SsaInvalid)
				blk->v.a[w++] = blk->v.a[i];
		blk->v.n = w;
	}
}

void ssa_gvn(Func *f)
{
	ARENA_LOCAL(ar, 64 << 10);
	Gvn g = {.f = f, .ar = &ar, .nbucket = 64};
	dom_make(&g.dom, f, &ar);
	while (g.nbucket < f->v.n)
		g.nbucket *= 2;
	g.bucket = arena_array(&ar, u32, g.nbucket);
	g.known = arena_array(&ar, u8, f->v.n);
	g.isnonnil = arena_array(&ar, u8, f->v.n);
	vec_push(&ar, &g.entry, (Entry){0});
	g.mem = mem_new(f, &g.dom, &ar);
	g.facts = prove_new(f, &g.dom, &ar);
	walk(&g);
	drop_invalid(f);
	if (g.folded.n) {
		ssa_fold_branches(f, g.folded.a, g.folded.n);
		ssa_prune(f);
	}
	if (g.changed || g.folded.n) {
		ssa_trivial_phis(f);
		ssa_drop_copies(f);
	}
	arena_free(&ar);
}
