/* Scalar promotion: frame slots that are only loaded and stored at fixed places become values.
 *
 * A slot is a candidate while every use of its address is a load, a store, a clearing or a copy at a constant offset. Its
 * elements are the (offset, type) pairs accessed; they must not overlap. Each element is then a variable, and the
 * program is put into SSA form for it as at construction (Braun et al., on the finished graph of blocks): reads at the start of a block with
 * several predecessors make a phi, filled when all blocks have been seen. Copies to and from other memory become loads and
 * stores of the elements. */
#include "ssa.h"

enum { ElemMax = 8, NoSlot = UINT32_MAX };

typedef struct Elem { u32 off; u8 ty; u32 var; } Elem;
typedef struct Cand { bool out; bool moved; u32 n; Elem e[ElemMax]; } Cand;
typedef struct At { u32 slot; i64 off; } At;          /* what an address is; slot NoSlot: something else */
typedef struct Todo { ValueId phi; u32 var; } Todo;

typedef struct Sroa {
	Func *f;
	Arena *ar;
	Cand *cand;
	At *at;
	u8 *varty; u32 nvar;
	ValueId *end;             /* [block * nvar + var]: value at the end of a block */
	VEC(Todo) todo;
	VEC(ValueId) out;         /* the block being rewritten */
	VEC(ValueId) fresh;       /* constants for the entry block */
	ValueId zero[TyMax];
} Sroa;

static const Value *val(const Sroa *s, ValueId v) { return &s->f->v.a[v]; }

/* ---- which slots ---- */

static void reject(Sroa *s, ValueId v)
{
	if (s->at[v].slot != NoSlot)
		s->cand[s->at[v].slot].out = true;
}

static void element(Sroa *s, At at, u8 ty)
{
	Cand *c = &s->cand[at.slot];
	u32 size = ty_size((Ty)ty);
	if (c->out || at.off < 0 || at.off + size > s->f->slot.a[at.slot].size) {
		c->out = true;
		return;
	}
	for (u32 i = 0; i < c->n; i++) {
		u32 lo = c->e[i].off, n = ty_size((Ty)c->e[i].ty);
		if (at.off == lo && size == n)
			return;
		if (at.off < lo + n && at.off + size > lo) {
			c->out = true;
			return;
		}
	}
	if (c->n == ElemMax)
		c->out = true;
	else
		c->e[c->n++] = (Elem){(u32)at.off, ty, 0};
}

/* A range of bytes is touched as a whole: every element must be inside or outside. */
static bool splits(const Cand *c, i64 off, i64 size)
{
	for (u32 i = 0; i < c->n; i++) {
		i64 lo = c->e[i].off, hi = lo + ty_size((Ty)c->e[i].ty);
		if (lo < off + size && hi > off && (lo < off || hi > off + size))
			return true;
	}
	return false;
}

static bool covered(const Cand *c, i64 off, i64 size)
{
	i64 n = 0;
	for (u32 i = 0; i < c->n; i++)
		if (c->e[i].off >= off && c->e[i].off < off + size)
			n += ty_size((Ty)c->e[i].ty);
	return n == size;
}

static At address(const Sroa *s, const Value *v, const ValueId *a)
{
	if (v->op == SsaLocalAddr)
		return (At){(u32)v->aux, 0};
	if (v->op == SsaNilCheck || v->op == SsaCopy)
		return s->at[a[0]];
	if (v->op == SsaAdd && s->at[a[0]].slot != NoSlot && val(s, a[1])->op == SsaConst)
		return (At){s->at[a[0]].slot, s->at[a[0]].off + val(s, a[1])->aux};
	return (At){NoSlot, 0};
}

static At access_at(const Sroa *s, ValueId addr, i64 off)
{
	return (At){s->at[addr].slot, s->at[addr].off + off};
}

/* Loads and stores name the elements; other uses end the candidacy. */
static void look(Sroa *s, ValueId id)
{
	const Value *v = val(s, id);
	const ValueId *a = value_args(s->f, id);
	s->at[id] = address(s, v, a);
	if (s->at[id].slot != NoSlot)
		return;
	bool vol = v->flags & FlagVolatile;
	switch (v->op) {
	case SsaLoad: case SsaStore:
		if (s->at[a[0]].slot == NoSlot)
			break;
		if (vol)
			reject(s, a[0]);
		else
			element(s, access_at(s, a[0], v->aux), v->op == SsaLoad ? v->ty : val(s, a[1])->ty);
		if (v->op == SsaStore)
			reject(s, a[1]);
		return;
	case SsaZero:
		return;
	case SsaMove:
		for (u32 i = 0; i < 2; i++)
			if (s->at[a[i]].slot != NoSlot)
				s->cand[s->at[a[i]].slot].moved = true;
		return;
	}
	for (u32 i = 0; i < v->nargs; i++)
		reject(s, a[i]);
}

/* Second look, when all elements are known. True if a candidate was lost. */
static bool check(Sroa *s, ValueId id)
{
	const Value *v = val(s, id);
	const ValueId *a = value_args(s->f, id);
	bool lost = false;
	if (v->op == SsaZero && s->at[a[0]].slot != NoSlot) {
		At at = access_at(s, a[0], v->aux);
		Cand *c = &s->cand[at.slot];
		if (!c->out && splits(c, at.off, v->aux2))
			lost = c->out = true;
	}
	if (v->op != SsaMove)
		return lost;
	Cand *c[2];
	for (u32 i = 0; i < 2; i++)
		c[i] = s->at[a[i]].slot != NoSlot && !s->cand[s->at[a[i]].slot].out ? &s->cand[s->at[a[i]].slot] : NULL;
	for (u32 i = 0; i < 2; i++)
		if (c[i] && (v->flags & FlagVolatile || splits(c[i], s->at[a[i]].off, v->aux2) || !covered(c[i], s->at[a[i]].off, v->aux2) || (c[0] && c[1])))
			lost = c[i]->out = true;
	return lost;
}

/* Elements of a slot that is copied must say truly which words are pointers. */
static bool honest(Sroa *s, u32 slot)
{
	const Slot *l = &s->f->slot.a[slot];
	const Cand *c = &s->cand[slot];
	u8 *mask = arena_array(s->ar, u8, l->size / 64 + 2);
	if (l->type)
		types_ptrmask(s->f->prog->chk, (Type *)(uintptr_t)l->type, 0, mask);
	for (u32 i = 0; i < c->n; i++) {
		u32 word = c->e[i].off / 8;
		if ((c->e[i].ty == TyPtr) != (mask[word / 8] >> word % 8 & 1))
			return false;
	}
	return true;
}

static void find(Sroa *s, const Dom *d)
{
	Func *f = s->f;
	for (u32 i = 0; i < f->slot.n; i++)
		s->cand[i].out = f->slot.a[i].pinned || f->slot.a[i].size == 0;
	for (ValueId v = 0; v < f->v.n; v++)
		s->at[v].slot = NoSlot;
	/* definitions come before uses in this order, except around phis */
	for (u32 i = 0; i < d->n; i++) {
		Block *b = &f->b.a[d->rpo[i]];
		for (u32 j = 0; j < b->v.n; j++) {
			look(s, b->v.a[j]);
			if (!dom_over(d, 1, d->rpo[i])) {
				const ValueId *a = value_args(f, b->v.a[j]);
				for (u32 k = 0; k < val(s, b->v.a[j])->nargs; k++)
					reject(s, a[k]);
			}
		}
		reject(s, b->ctl);
		for (u32 j = 0; j < b->ret.n; j++)
			reject(s, b->ret.a[j]);
	}
	for (u32 i = 0; i < d->n; i++) {                /* phis may use what comes later */
		Block *b = &f->b.a[d->rpo[i]];
		for (u32 j = 0; j < b->v.n && val(s, b->v.a[j])->op == SsaPhi; j++) {
			const ValueId *a = value_args(f, b->v.a[j]);
			for (u32 k = 0; k < val(s, b->v.a[j])->nargs; k++)
				reject(s, a[k]);
		}
	}
	for (u32 i = 0; i < f->slot.n; i++)
		if (!s->cand[i].out && s->cand[i].moved && !honest(s, i))
			s->cand[i].out = true;
	for (bool again = true; again;) {
		again = false;
		for (u32 i = 0; i < d->n; i++)
			for (u32 j = 0; j < f->b.a[d->rpo[i]].v.n; j++)
				again |= check(s, f->b.a[d->rpo[i]].v.a[j]);
	}
	for (u32 i = 0; i < f->slot.n; i++)
		for (u32 k = 0; !s->cand[i].out && k < s->cand[i].n; k++)
			s->cand[i].e[k].var = s->nvar++;
}

/* ---- rewriting ---- */

static ValueId fresh(Sroa *s, BlockId b, SsaOp op, u8 ty, const Value *like)
{
	vec_push(s->f->ar, &s->f->v, (Value){.op = (u8)op, .ty = ty, .block = b, .pos = like ? like->pos : 0, .inl = like ? like->inl : 0});
	return s->f->v.n - 1;
}

static ValueId zero(Sroa *s, u8 ty)
{
	if (!s->zero[ty]) {
		s->zero[ty] = fresh(s, 1, SsaConst, ty, NULL);
		vec_push(s->ar, &s->fresh, s->zero[ty]);
	}
	return s->zero[ty];
}

static ValueId *end_of(Sroa *s, BlockId b, u32 var) { return &s->end[(size_t)b * s->nvar + var]; }

static ValueId read(Sroa *s, BlockId b, u32 var)
{
	ValueId *e = end_of(s, b, var);
	if (!*e && s->f->b.a[b].pred.n) {
		*e = fresh(s, b, SsaPhi, s->varty[var], NULL);
		vec_push(s->ar, &s->todo, (Todo){*e, var});
	} else if (!*e) {
		*e = zero(s, s->varty[var]);
	}
	return *e;
}

static const Elem *find_elem(const Cand *c, i64 off)
{
	for (u32 i = 0; i < c->n; i++)
		if (c->e[i].off == off)
			return &c->e[i];
	bug("sroa: no element at %lld", (long long)off);
}

/* x as type ty, of the same size */
static ValueId as_type(Sroa *s, BlockId b, ValueId x, u8 ty, const Value *like)
{
	if (val(s, x)->ty == ty)
		return x;
	Value proto = *like;
	ValueId v = fresh(s, b, SsaBitcast, ty, &proto);
	s->f->v.a[v].nargs = 1;
	s->f->v.a[v].arg[0] = x;
	vec_push(s->ar, &s->out, v);
	return v;
}

static Cand *live_cand(Sroa *s, ValueId addr)
{
	u32 slot = s->at[addr].slot;
	return slot != NoSlot && !s->cand[slot].out ? &s->cand[slot] : NULL;
}

/* A copy between a promoted slot and memory, element by element. */
static void split_move(Sroa *s, BlockId b, ValueId id, Cand *to, Cand *from)
{
	Value v = *val(s, id);
	At at = s->at[v.arg[to ? 0 : 1]];
	Cand *c = to ? to : from;
	for (u32 i = 0; i < c->n; i++) {
		const Elem *e = &c->e[i];
		if (e->off < at.off || e->off >= at.off + v.aux2)
			continue;
		ValueId m = fresh(s, b, to ? SsaLoad : SsaStore, to ? e->ty : TyVoid, &v);
		ValueId x = to ? 0 : read(s, b, e->var);
		Value *n = &s->f->v.a[m];
		n->aux = e->off - at.off;
		n->flags = (u16)((v.flags & FlagNonNil) | (!to && e->ty == TyPtr ? v.flags & FlagWB : 0));
		n->nargs = to ? 1 : 2;
		n->arg[0] = v.arg[to ? 1 : 0];
		n->arg[1] = x;
		vec_push(s->ar, &s->out, m);
		if (to)
			*end_of(s, b, e->var) = m;
	}
}

static void rewrite(Sroa *s, BlockId b, ValueId id)
{
	Value v = *val(s, id);
	const ValueId *a = value_args(s->f, id);
	Cand *c = v.nargs ? live_cand(s, a[0]) : NULL, *c1 = v.op == SsaMove ? live_cand(s, a[1]) : NULL;
	switch (v.op) {
	case SsaLoad:
		if (!c)
			break;
		const Elem *e = find_elem(c, s->at[a[0]].off + v.aux);
		value_become_copy(s->f, id, as_type(s, b, read(s, b, e->var), v.ty, &v));
		return;
	case SsaStore:
		if (!c)
			break;
		e = find_elem(c, s->at[a[0]].off + v.aux);
		ValueId x = as_type(s, b, a[1], e->ty, &v);
		*end_of(s, b, e->var) = x;
		return;
	case SsaZero:
		if (!c)
			break;
		for (u32 i = 0; i < c->n; i++) {
			i64 off = s->at[a[0]].off + v.aux;
			if (c->e[i].off >= off && c->e[i].off < off + v.aux2)
				*end_of(s, b, c->e[i].var) = zero(s, c->e[i].ty);
		}
		return;
	case SsaMove:
		if (!c && !c1)
			break;
		split_move(s, b, id, c, c1);
		return;
	case SsaVarDef:
		if (!s->cand[v.aux].out)
			return;
		break;
	}
	if (s->at[id].slot != NoSlot && !s->cand[s->at[id].slot].out) {
		s->f->v.a[id].op = SsaInvalid;          /* an address nobody uses any more */
		return;
	}
	vec_push(s->ar, &s->out, id);
}

static void fill_phis(Sroa *s)
{
	VEC(ValueId) arg = {0};
	for (u32 i = 0; i < s->todo.n; i++) {
		Todo t = s->todo.a[i];
		BlockId b = val(s, t.phi)->block;
		arg.n = 0;
		for (u32 j = 0; j < s->f->b.a[b].pred.n; j++) {
			ValueId x = read(s, s->f->b.a[b].pred.a[j], t.var);
			vec_push(s->ar, &arg, x);
		}
		value_set_args(s->f, t.phi, arg.a, arg.n);
	}
}

/* A phi of one value besides itself is that value. */
static void drop_trivial(Sroa *s)
{
	for (bool again = true; again;) {
		again = false;
		for (u32 i = 0; i < s->todo.n; i++) {
			ValueId p = s->todo.a[i].phi, same = 0;
			if (val(s, p)->op != SsaPhi)
				continue;
			const ValueId *a = value_args(s->f, p);
			bool several = false;
			for (u32 j = 0; j < val(s, p)->nargs && !several; j++) {
				ValueId x = value_resolve(s->f, a[j]);
				if (x == p || x == same)
					continue;
				several = same != 0;
				same = x;
			}
			if (!several && same) {
				value_become_copy(s->f, p, same);
				again = true;
			}
		}
	}
}

void ssa_drop_copies(Func *f)
{
	for (ValueId v = 1; v < f->v.n; v++) {
		if (f->v.a[v].op == SsaCopy || f->v.a[v].op == SsaInvalid)
			continue;
		ValueId *a = value_args(f, v);
		for (u32 i = 0; i < f->v.a[v].nargs; i++)
			a[i] = value_resolve(f, a[i]);
	}
	for (BlockId b = 1; b < f->b.n; b++) {
		Block *blk = &f->b.a[b];
		blk->ctl = value_resolve(f, blk->ctl);
		for (u32 i = 0; i < blk->ret.n; i++)
			blk->ret.a[i] = value_resolve(f, blk->ret.a[i]);
		u32 w = 0;
		for (u32 i = 0; i < blk->v.n; i++)
			if (f->v.a[blk->v.a[i]].op != SsaCopy)
				blk->v.a[w++] = blk->v.a[i];
		blk->v.n = w;
	}
	for (ValueId v = 1; v < f->v.n; v++)
		if (f->v.a[v].op == SsaCopy)
			f->v.a[v] = (Value){0};
}

static void put_front(Func *f, BlockId b, const ValueId *v, u32 n)
{
	Block *blk = &f->b.a[b];
	u32 old = blk->v.n;
	if (!n)
		return;
	for (u32 i = 0; i < n; i++)
		vec_push(f->ar, &blk->v, 0);
	memmove(blk->v.a + n, blk->v.a, old * sizeof *blk->v.a);
	memcpy(blk->v.a, v, n * sizeof *v);
}

void ssa_sroa(Func *f)
{
	if (!f->slot.n)
		return;
	ARENA_LOCAL(ar, 64 << 10);
	Dom d;
	dom_make(&d, f, &ar);
	Sroa s = {.f = f, .ar = &ar, .cand = arena_array(&ar, Cand, f->slot.n), .at = arena_array(&ar, At, f->v.n)};
	find(&s, &d);
	s.varty = arena_array(&ar, u8, s.nvar + 1);
	bool any = false;
	for (u32 i = 0; i < f->slot.n; i++) {
		any |= !s.cand[i].out;
		for (u32 k = 0; !s.cand[i].out && k < s.cand[i].n; k++)
			s.varty[s.cand[i].e[k].var] = s.cand[i].e[k].ty;
	}
	if (!any || (u64)s.nvar * f->b.n > 1 << 24) {
		arena_free(&ar);
		return;
	}
	s.end = arena_array(&ar, ValueId, (size_t)f->b.n * s.nvar + 1);
	for (u32 i = 0; i < d.n; i++) {
		BlockId b = d.rpo[i];
		s.out.n = 0;
		for (u32 j = 0; j < f->b.a[b].v.n; j++)
			rewrite(&s, b, f->b.a[b].v.a[j]);
		f->b.a[b].v.n = 0;
		for (u32 j = 0; j < s.out.n; j++)
			vec_push(f->ar, &f->b.a[b].v, s.out.a[j]);
	}
	fill_phis(&s);
	put_front(f, 1, s.fresh.a, s.fresh.n);
	for (u32 i = 0; i < s.todo.n; i++)
		put_front(f, val(&s, s.todo.a[i].phi)->block, &s.todo.a[i].phi, 1);
	drop_trivial(&s);
	ssa_drop_copies(f);
	arena_free(&ar);
}
