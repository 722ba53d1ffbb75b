/* What memory holds: loads that were done before or follow a store give the value that is known, stores of what is there go away.
 *
 * Used by the walk of value numbering, so operands have their final numbers. Memory has a version after every operation that may
 * change it; versions form a chain up the dominator tree: store, range (clear, copy, slot becoming undefined), fresh object,
 * loop (its operations are listed) or something unknown. A load goes up the chain over what cannot touch its address. Where it
 * stops, the version tells the value (a store to the same address, a cleared range) or a load that stopped there before.
 *
 * Addresses are a base value and an offset. Two differ for sure when the ranges behind one base do not meet, when they belong to
 * different objects with a name (slots, symbols, allocations), or when one is a slot whose address stays in this function. */
#include "gvn.h"

enum { WalkMax = 40, LoopMax = 12 };

typedef enum VerKind { VerUnknown, VerStore, VerRange, VerNew, VerLoop } VerKind;
typedef struct Version { u8 kind; ValueId v; u32 parent; BlockId loop; } Version;
typedef struct Known { u64 hash; u32 version, next; ValueId base; i64 off; u8 ty; ValueId v; } Known;
typedef struct Place { ValueId base; i64 off; u32 n; } Place;
typedef struct LoopEffects { u32 n; ValueId v[LoopMax]; } LoopEffects;   /* n > LoopMax: too many, or a call */

struct Mem {
	Func *f;
	const Dom *dom;
	Arena *ar;
	VEC(Version) ver;
	u32 cur, *out;                    /* version at the end of a block, 0: not visited */
	VEC(Known) known; u32 *bucket; u32 nbucket;
	LoopEffects **loop;               /* by header */
	u8 *leaks;                        /* by slot: its address gets away */
};

static Place place_of(const Func *f, ValueId p, i64 off, u32 n)
{
	for (;;) {
		p = value_resolve(f, p);
		const Value *v = &f->v.a[p];
		if (v->op == SsaNilCheck)
			p = v->arg[0];
		else if (v->op == SsaAdd && v->ty == TyPtr && f->v.a[value_resolve(f, v->arg[1])].op == SsaConst) {
			off += f->v.a[value_resolve(f, v->arg[1])].aux;
			p = v->arg[0];
		} else
			return (Place){p, off, n};
	}
}

/* The value whose object an address lies in. */
static ValueId object(const Func *f, ValueId p)
{
	for (;;) {
		p = value_resolve(f, p);
		const Value *v = &f->v.a[p];
		if (v->op != SsaNilCheck && !(v->op == SsaAdd && v->ty == TyPtr))
			return p;
		p = v->arg[0];
	}
}

static bool named(u8 op)
{
	return op == SsaLocalAddr || op == SsaAddr || op == SsaNew;
}

/* Only loads and stores of this function can reach it. */
static bool private(const Mem *m, ValueId obj)
{
	const Value *v = &m->f->v.a[obj];
	return v->op == SsaLocalAddr && !m->leaks[v->aux];
}

static bool meet(Place a, Place b)
{
	return a.off < b.off + b.n && b.off < a.off + a.n;
}

static bool may_alias(const Mem *m, Place a, Place b)
{
	if (a.base == b.base)
		return meet(a, b);
	ValueId x = object(m->f, a.base), y = object(m->f, b.base);
	const Value *p = &m->f->v.a[x], *q = &m->f->v.a[y];
	if (private(m, x) != private(m, y))
		return false;
	if (!named(p->op) || !named(q->op))
		return true;
	if (p->op != q->op)
		return false;
	if (p->op == SsaLocalAddr)
		return p->aux == q->aux;
	if (p->op == SsaNew)
		return x == y;
	return p->sym->base || q->sym->base || p->sym == q->sym;
}

/* ---- effects ---- */

static bool changes(const Value *v)
{
	u8 flags = ssa_op_info[v->op].flags;
	switch (v->op) {
	case SsaVarDef: case SsaNew:
		return true;
	case SsaMakeSlice:
		return false;
	}
	return flags & (SsaStoreFlag | SsaCallFlag) || v->op == SsaAtomicLoad;
}

static bool place_of_effect(const Func *f, const Value *v, Place *p)
{
	switch (v->op) {
	case SsaStore:
		*p = place_of(f, v->arg[0], v->aux, ty_size(f->v.a[v->arg[1]].ty));
		return true;
	case SsaZero: case SsaMove:
		*p = place_of(f, v->arg[0], v->aux, (u32)v->aux2);
		return v->aux2 >= 0 && v->aux2 < UINT32_MAX;
	}
	return false;
}

/* May the operation change what is at p? */
static bool touches(const Mem *m, ValueId id, Place p)
{
	const Value *v = &m->f->v.a[id];
	Place q;
	if (v->op == SsaNew)
		return object(m->f, p.base) == id;
	if (v->op == SsaVarDef) {
		const Value *o = &m->f->v.a[object(m->f, p.base)];
		return o->op == SsaLocalAddr ? o->aux == v->aux : !named(o->op) && m->leaks[v->aux];
	}
	if (place_of_effect(m->f, v, &q))
		return may_alias(m, p, q);
	return !private(m, object(m->f, p.base));
}

static u32 version_new(Mem *m, VerKind kind, ValueId v, u32 parent, BlockId loop)
{
	vec_push(m->ar, &m->ver, (Version){kind, v, parent, loop});
	return m->ver.n - 1;
}

static u32 loop_entry(const Mem *m, u32 version, Place p)
{
	const LoopEffects *l = m->loop[m->ver.a[version].loop];
	for (u32 i = 0; i < l->n; i++)
		if (touches(m, l->v[i], p))
			return 0;
	return m->ver.a[version].parent;
}

/* The version that decides what is at p; after a long way any that has nothing to do with it. */
static u32 deciding(const Mem *m, Place p)
{
	const Value *o = &m->f->v.a[object(m->f, p.base)];
	if (o->op == SsaAddr && o->sym->readonly && !o->sym->base)
		return 1;
	u32 at = m->cur;
	for (u32 i = 0; i < WalkMax; i++) {
		const Version *x = &m->ver.a[at];
		if (x->kind == VerUnknown && (!x->parent || touches(m, x->v, p)))
			return at;
		if (x->kind == VerLoop) {
			u32 up = loop_entry(m, at, p);
			if (!up)
				return at;
			at = up;
			continue;
		}
		if (x->kind != VerUnknown && touches(m, x->v, p))
			return at;
		at = x->parent;
	}
	return at;
}

/* ---- what is known ---- */

static u64 known_hash(u32 version, Place p, u8 ty)
{
	return hash_mix(hash_mix((u64)version << 8 | ty, (u64)p.off), p.base);
}

static void remember(Mem *m, u32 version, Place p, u8 ty, ValueId v)
{
	u64 h = known_hash(version, p, ty);
	u32 *b = &m->bucket[h & (m->nbucket - 1)];
	vec_push(m->ar, &m->known, (Known){h, version, *b, p.base, p.off, ty, v});
	*b = m->known.n - 1;
}

static ValueId recall(const Mem *m, u32 version, Place p, u8 ty)
{
	u64 h = known_hash(version, p, ty);
	for (u32 e = m->bucket[h & (m->nbucket - 1)]; e; e = m->known.a[e].next) {
		const Known *k = &m->known.a[e];
		if (k->hash == h && k->version == version && k->base == p.base && k->off == p.off && k->ty == ty)
			return k->v;
	}
	return 0;
}

/* Value at p as of a version: a value, or zero for sure. */
static ValueId value_at(const Mem *m, u32 version, Place p, u8 ty, bool *zero)
{
	const Version *x = &m->ver.a[version];
	const Value *v = &m->f->v.a[x->v];
	Place q;
	*zero = x->kind == VerNew && object(m->f, p.base) == x->v;
	if (x->kind == VerRange && v->op == SsaZero && place_of_effect(m->f, v, &q) && q.base == p.base)
		*zero = p.off >= q.off && p.off + p.n <= q.off + q.n;
	if (x->kind == VerStore && place_of_effect(m->f, v, &q) && q.base == p.base && q.off == p.off &&
	    m->f->v.a[value_resolve(m->f, v->arg[1])].ty == ty && !(v->flags & FlagVolatile))
		return value_resolve(m->f, v->arg[1]);
	return *zero ? 0 : recall(m, version, p, ty);
}

ValueId mem_load(Mem *m, ValueId id, bool *zero)
{
	const Value *v = &m->f->v.a[id];
	*zero = false;
	if (v->flags & FlagVolatile)
		return 0;
	Place p = place_of(m->f, v->arg[0], v->aux, ty_size(v->ty));
	u32 at = deciding(m, p);
	ValueId x = value_at(m, at, p, v->ty, zero);
	if (!x && !*zero)
		remember(m, at, p, v->ty, id);
	return x;
}

/* True: the store changes nothing. */
bool mem_store(Mem *m, ValueId id)
{
	const Value *v = &m->f->v.a[id];
	if (v->flags & FlagVolatile)
		return false;
	ValueId x = value_resolve(m->f, v->arg[1]);
	Place p = place_of(m->f, v->arg[0], v->aux, ty_size(m->f->v.a[x].ty));
	bool zero;
	ValueId old = value_at(m, deciding(m, p), p, m->f->v.a[x].ty, &zero);
	return old == x || (zero && m->f->v.a[x].op == SsaConst && !m->f->v.a[x].aux);
}

/* Any operation that stays: advances the version if it may change memory. */
void mem_effect(Mem *m, ValueId id)
{
	const Value *v = &m->f->v.a[id];
	Place p;
	if (!changes(v))
		return;
	VerKind kind = VerUnknown;
	if (v->op == SsaNew)
		kind = VerNew;
	else if (v->op == SsaVarDef)
		kind = VerRange;
	else if (place_of_effect(m->f, v, &p))
		kind = v->op == SsaStore ? VerStore : VerRange;
	m->cur = version_new(m, kind, id, m->cur, 0);
}

/* ---- blocks ---- */

void mem_enter(Mem *m, BlockId b)
{
	const Block *blk = &m->f->b.a[b];
	u32 same = 0;
	bool head = m->dom->header && m->dom->header[b], differ = b == 1 || b == m->f->deferreturn;
	for (u32 i = 0; i < blk->pred.n && !differ; i++) {
		BlockId p = blk->pred.a[i];
		if (!m->dom->order[p] || (head && dom_over(m->dom, b, p)))
			continue;
		differ = !m->out[p] || (same && m->out[p] != same);
		same = m->out[p];
	}
	if (differ || !same)
		m->cur = version_new(m, VerUnknown, 0, 0, 0);
	else
		m->cur = same;
	if (head && m->loop[b] && m->loop[b]->n)
		m->cur = m->loop[b]->n > LoopMax ? version_new(m, VerUnknown, 0, 0, 0) : version_new(m, VerLoop, 0, m->cur, b);
	else if (m->dom->irreducible && blk->pred.n > 1)
		m->cur = version_new(m, VerUnknown, 0, 0, 0);
}

void mem_exit(Mem *m, BlockId b)
{
	m->out[b] = m->cur;
}

u32 mem_mark(const Mem *m)
{
	return m->known.n;
}

void mem_release(Mem *m, u32 mark)
{
	while (m->known.n > mark) {
		Known k = vec_pop(&m->known);
		m->bucket[k.hash & (m->nbucket - 1)] = k.next;
	}
}

static void find_leaks(Mem *m)
{
	Func *f = m->f;
	for (BlockId b = 1; b < f->b.n; b++) {
		const Block *blk = &f->b.a[b];
		for (u32 i = 0; i < blk->v.n; i++) {
			const Value *v = &f->v.a[blk->v.a[i]];
			const ValueId *a = value_args(f, blk->v.a[i]);
			for (u32 k = 0; k < v->nargs; k++) {
				const Value *o = &f->v.a[object(f, a[k])];
				bool through = (v->op == SsaAdd && v->ty == TyPtr && !k) || v->op == SsaCopy || v->op == SsaNilCheck;
				bool address = !k && (v->op == SsaLoad || v->op == SsaStore || v->op == SsaZero);
				address |= v->op == SsaMove || v->op == SsaKeepAlive;
				if (o->op == SsaLocalAddr && !through && !address)
					m->leaks[o->aux] = 1;
			}
		}
		for (u32 i = 0; i < blk->ret.n; i++) {
			const Value *o = &f->v.a[object(f, blk->ret.a[i])];
			if (o->op == SsaLocalAddr)
				m->leaks[o->aux] = 1;
		}
	}
	for (u32 i = 0; i < f->slot.n; i++)
		m->leaks[i] |= f->slot.a[i].pinned;
}

static void find_loops(Mem *m)
{
	Func *f = m->f;
	for (u32 k = 0; k < m->dom->n; k++) {
		BlockId b = m->dom->rpo[k];
		for (u32 i = 0; i < f->b.a[b].v.n; i++) {
			ValueId id = f->b.a[b].v.a[i];
			const Value *v = &f->v.a[id];
			if (!changes(v))
				continue;
			bool call = ssa_op_info[v->op].flags & SsaCallFlag;
			for (BlockId l = dom_loop(m->dom, b); l; l = m->dom->loop[l]) {
				if (!m->loop[l])
					m->loop[l] = arena_new(m->ar, LoopEffects);
				LoopEffects *x = m->loop[l];
				if (x->n < LoopMax && !call)
					x->v[x->n++] = id;
				else
					x->n = LoopMax + 1;
			}
		}
	}
}

Mem *mem_new(Func *f, const Dom *dom, Arena *ar)
{
	Mem *m = arena_new(ar, Mem);
	*m = (Mem){.f = f, .dom = dom, .ar = ar, .nbucket = 64};
	while (m->nbucket < f->v.n / 4)
		m->nbucket *= 2;
	m->bucket = arena_array(ar, u32, m->nbucket);
	m->out = arena_array(ar, u32, f->b.n);
	m->loop = arena_array(ar, LoopEffects *, f->b.n);
	m->leaks = arena_array(ar, u8, f->slot.n + 1);
	vec_push(ar, &m->known, (Known){0});
	vec_push(ar, &m->ver, (Version){0});
	version_new(m, VerUnknown, 0, 0, 0);            /* 1: for what never changes */
	find_leaks(m);
	if (dom->header && !dom->irreducible)
		find_loops(m);
	return m;
}
