/* Register allocation: block by block in reverse post-order, with next-use distances.
 *
 * live() computes what is live at both ends of each block together with the distance to its next use, where a call on the way
 * counts as far, because nothing survives it in a register. Each block then starts with the registers its first
 * finished predecessor ended with (loops keep only what is used before the next call), and walks forward: uses are
 * brought into registers, the value with the furthest next use goes when none is free. A value that ever loses its
 * last register, or lives across a call, gets a spill slot; it is stored once, right behind its definition, so losing a register costs
 * no code. Edges into blocks with several predecessors get parallel moves at the end of the predecessor (critical
 * edges were split when the machine form was made).
 *
 * Spill slots are shared by values of one class whose live ranges, as intervals over the order of blocks, do not meet. */
#include <stdlib.h>

#include "gen.h"

enum { FarCall = 1000, FarCold = 100 };

typedef struct Use { i32 pos; u32 next; } Use;

typedef struct RA {
	MFunc *m;
	const Arch *a;
	Arena *ar;
	VEC(Use) use;
	u32 freeuse;
	u32 *head;             /* per VReg: next use in this block, 0 none */
	RegMask *where;        /* per VReg: registers that hold it */
	VReg in[MaxRegs];      /* per register: what it holds */
	RegMask used;          /* registers that hold something */
	u8 *endreg;            /* per VReg, while a block starts: 1 + the register the predecessor leaves it in */
	VEC(VReg) live;        /* sparse set: live and not rematerialisable */
	u32 *liveat;           /* position in live + 1 */
	MBlock *b;
	RegMask pinned;        /* of the current instruction */
} RA;

/* ---- liveness with distances ---- */

typedef struct Live {
	VEC(VReg) set;
	i32 *dist;
	u32 *at;               /* position in set + 1 */
	u8 *stale;             /* per block: what is live into a successor has changed since it was looked at */
} Live;

static void live_add(Arena *ar, Live *l, VReg v, i32 d)
{
	if (l->at[v]) {
		if (d < l->dist[v])
			l->dist[v] = d;
		return;
	}
	vec_push(ar, &l->set, v);
	l->at[v] = l->set.n;
	l->dist[v] = d;
}

static void live_remove(Live *l, VReg v)
{
	u32 i = l->at[v];
	if (!i)
		return;
	VReg last = vec_last(&l->set);
	l->set.a[i - 1] = last;
	l->at[last] = i;
	l->at[v] = 0;
	l->set.n--;
}

/* Stores the set; whether it differs from the old one. */
static bool live_save(Arena *ar, Live *l, LiveAt **list, u32 *n, i32 bias)
{
	bool changed = *n != l->set.n || !*list;
	if (!*list || *n < l->set.n)
		*list = arena_array(ar, LiveAt, l->set.n);
	*n = l->set.n;
	LiveAt *t = *list;
	for (u32 i = 0; i < l->set.n; i++) {
		VReg v = l->set.a[i];
		i32 d = l->dist[v] + bias;
		changed |= t[i].v != v || t[i].dist != d;
		t[i] = (LiveAt){v, d};
	}
	return changed;
}

/* Uses of one instruction get distance pos, seen after ncall calls (backwards). */
static void live_inst(MFunc *m, Live *l, MInst *i, i32 pos, i32 *ncall)
{
	for (u32 k = 0; k < i->ndef; k++)
		live_remove(l, i->o[k].v);
	*ncall += (i->flags & MCall) != 0;
	for (u32 k = i->ndef; k < (u32)i->ndef + i->nuse; k++) {
		VReg v = i->o[k].v;
		if (m->v.a[v].remat)
			continue;
		if (l->at[v])
			l->dist[v] = pos - *ncall * FarCall;
		else
			live_add(m->ar, l, v, pos - *ncall * FarCall);
	}
}

static void live_out(MFunc *m, Live *l, u32 bi)
{
	MBlock *b = &m->b.a[bi];
	for (u32 i = 0; i < b->succ.n; i++) {
		MBlock *s = &m->b.a[b->succ.a[i]];
		i32 far = s->cold && !b->cold ? FarCold : 0;
		for (u32 k = 0; k < s->nlivein; k++)
			live_add(m->ar, l, s->livein[k].v, s->livein[k].dist + far);
		u32 p = mblock_pred_at(m, bi, b->succ.a[i]);
		for (u32 k = 0; k < s->phi.n; k++)
			if (!m->v.a[s->phi.a[k].arg[p]].remat)
				live_add(m->ar, l, s->phi.a[k].arg[p], far);
	}
}

static bool live_block(MFunc *m, Live *l, u32 bi)
{
	MBlock *b = &m->b.a[bi];
	for (u32 i = 0; i < l->set.n; i++)
		l->at[l->set.a[i]] = 0;
	l->set.n = 0;
	live_out(m, l, bi);
	live_save(m->ar, l, &b->liveout, &b->nliveout, 0);
	l->stale[bi] = 0;
	i32 n = (i32)b->in.n, ncall = 0;
	for (u32 i = 0; i < l->set.n; i++)
		l->dist[l->set.a[i]] += n + 1;
	live_inst(m, l, &b->term, n, &ncall);
	for (i32 i = n - 1; i >= 0; i--)
		live_inst(m, l, &b->in.a[i], i, &ncall);
	for (u32 i = 0; i < b->phi.n; i++)
		live_remove(l, b->phi.a[i].v);
	for (u32 i = 0; i < l->set.n; i++)      /* bounded, so that distances of loops do not run away */
		if (l->dist[l->set.a[i]] + ncall * FarCall > 1 << 20)
			l->dist[l->set.a[i]] = (1 << 20) - ncall * FarCall;
	bool changed = b->nlivein != l->set.n;
	if (live_save(m->ar, l, &b->livein, &b->nlivein, ncall * FarCall))
		for (u32 i = 0; i < b->pred.n; i++)
			l->stale[b->pred.a[i]] = 1;
	return changed;
}

static void live(MFunc *m)
{
	Live l = {.dist = arena_array(m->ar, i32, m->v.n), .at = arena_array(m->ar, u32, m->v.n), .stale = arena_array(m->ar, u8, m->b.n)};
	memset(l.stale, 1, m->b.n);
	for (bool changed = true; changed;) {
		changed = false;
		for (u32 i = m->order.n; i-- > 0;)
			if (l.stale[m->order.a[i]])
				changed |= live_block(m, &l, m->order.a[i]);
	}
	if (m->b.a[m->order.a[0]].nlivein)
		bug("regalloc: v%u is used before its definition", m->b.a[m->order.a[0]].livein[0].v);
}

/* ---- state ---- */

static void push_use(RA *r, VReg v, i32 pos)
{
	u32 u = r->freeuse;
	if (u)
		r->freeuse = r->use.a[u].next;
	else {
		vec_push(r->ar, &r->use, (Use){0});
		u = r->use.n - 1;
	}
	r->use.a[u] = (Use){pos, r->head[v]};
	r->head[v] = u;
}

static void pop_use(RA *r, VReg v)
{
	u32 u = r->head[v];
	r->head[v] = r->use.a[u].next;
	r->use.a[u].next = r->freeuse;
	r->freeuse = u;
}

static i32 next_use(RA *r, VReg v) { return r->head[v] ? r->use.a[r->head[v]].pos : INT32_MAX; }

/* Is v wanted after position pos? */
static bool live_after(RA *r, VReg v, i32 pos)
{
	for (u32 u = r->head[v]; u; u = r->use.a[u].next)
		if (r->use.a[u].pos > pos)
			return true;
	return false;
}

static void live_set(RA *r, VReg v)
{
	if (r->m->v.a[v].remat || r->liveat[v])
		return;
	vec_push(r->ar, &r->live, v);
	r->liveat[v] = r->live.n;
}

static void live_clear(RA *r, VReg v)
{
	u32 i = r->liveat[v];
	if (!i)
		return;
	VReg last = vec_last(&r->live);
	r->live.a[i - 1] = last;
	r->liveat[last] = i;
	r->liveat[v] = 0;
	r->live.n--;
}

static void drop(RA *r, u8 reg)
{
	VReg v = r->in[reg];
	if (v)
		r->where[v] &= ~(1u << reg);
	r->in[reg] = 0;
	r->used &= ~(1u << reg);
}

static void hold(RA *r, u8 reg, VReg v)
{
	drop(r, reg);
	r->in[reg] = v;
	r->where[v] |= 1u << reg;
	r->used |= 1u << reg;
}

static void need_slot(RA *r, VReg v)
{
	if (!r->m->v.a[v].remat)
		r->m->v.a[v].spilled = true;
}

/* The register's value leaves it; it can be had from its slot later. */
static void evict(RA *r, u8 reg)
{
	VReg v = r->in[reg];
	if (!v)
		return;
	drop(r, reg);
	if (!r->where[v] && r->head[v])
		need_slot(r, v);
}

static u8 first_reg(RegMask m) { return (u8)__builtin_ctz(m); }

/* A register for v out of mask: the wished one, a free one, or the one whose value is used last. Empty on return. */
static u8 take(RA *r, VReg v, RegMask mask, u8 wish)
{
	const u8 *order = r->a->order[vreg_float(r->m, v)];
	mask &= r->a->allocatable[vreg_float(r->m, v)] & ~r->pinned;
	if (!mask)
		bug("regalloc: no register possible for v%u in %s", v, r->m->f->sym->name);
	if (wish != RegNone && (mask >> wish & 1) && !r->in[wish])
		return wish;
	for (u32 i = 0; order[i] != RegNone; i++)
		if ((mask >> order[i] & 1) && !r->in[order[i]])
			return order[i];
	u8 best = RegNone;
	i64 far = -1;
	for (u32 i = 0; order[i] != RegNone; i++) {
		if (!(mask >> order[i] & 1))
			continue;
		VReg w = r->in[order[i]];
		i64 d = next_use(r, w);
		if (r->where[w] & ~(1u << order[i]))
			d = INT64_MAX;           /* another copy stays */
		else if (r->m->v.a[w].remat)
			d *= 2;
		if (d > far)
			far = d, best = order[i];
	}
	evict(r, best);
	return best;
}

/* ---- inserted instructions ---- */

static void insert(RA *r, MBlock *b, MInst i)
{
	i.flags |= MInserted;
	vec_push(r->ar, &b->out, i);
}

static MInst remat_inst(RA *r, VReg v, u8 reg)
{
	MInst i = r->m->remat.a[r->m->v.a[v].rematinst];
	MOpnd *o = arena_array(r->ar, MOpnd, i.ndef);
	*o = (MOpnd){.v = v, .reg = reg, .fix = RegNone};
	i.o = o;
	return i;
}

/* Brings v into reg, which must be empty. */
static void fill(RA *r, VReg v, u8 reg)
{
	VInfo *vi = &r->m->v.a[v];
	if (r->where[v])
		insert(r, r->b, r->a->move(r->m, vi->ty, reg, v, first_reg(r->where[v]), v));
	else if (vi->remat)
		insert(r, r->b, remat_inst(r, v, reg));
	else {
		need_slot(r, v);
		insert(r, r->b, r->a->move(r->m, vi->ty, reg, v, RegNone, v));
	}
	hold(r, reg, v);
}

/* Makes reg empty for a fixed operand; keeps its value in another register if one is free and it is wanted again by
 * position until (a call's own position: nothing lives longer in a register). */
static void vacate(RA *r, u8 reg, RegMask avoid, i32 until)
{
	VReg v = r->in[reg];
	if (!v)
		return;
	if (next_use(r, v) <= until && r->head[v] && r->where[v] == 1u << reg && !r->m->v.a[v].remat) {
		bool flt = vreg_float(r->m, v);
		RegMask mask = r->a->allocatable[flt] & ~avoid & ~r->pinned & ~(1u << reg);
		for (u32 i = 0; r->a->order[flt][i] != RegNone; i++) {
			u8 to = r->a->order[flt][i];
			if ((mask >> to & 1) && !r->in[to]) {
				insert(r, r->b, r->a->move(r->m, r->m->v.a[v].ty, to, v, reg, v));
				hold(r, to, v);
				break;
			}
		}
	}
	evict(r, reg);
}

/* ---- one instruction ---- */

static void place_fixed(RA *r, MInst *i, i32 pos, RegMask fixed)
{
	i32 until = i->flags & MCall ? pos : INT32_MAX - 1;
	for (u32 k = i->ndef; k < (u32)i->ndef + i->nuse; k++) {
		MOpnd *o = &i->o[k];
		if (o->fix == RegNone)
			continue;
		if (r->in[o->fix] != o->v) {
			vacate(r, o->fix, fixed | (i->flags & MCall ? 0 : i->clobber), until);
			fill(r, o->v, o->fix);
		}
		o->reg = o->fix;
		r->pinned |= 1u << o->fix;
	}
}

static void place_free(RA *r, MInst *i, RegMask avoid)
{
	for (u32 k = i->ndef; k < (u32)i->ndef + i->nuse; k++) {
		MOpnd *o = &i->o[k];
		if (o->fix != RegNone)
			continue;
		RegMask have = r->where[o->v] & ~avoid;
		if (have)
			o->reg = first_reg(have);
		else {
			o->reg = take(r, o->v, ~avoid, r->m->v.a[o->v].hint);
			fill(r, o->v, o->reg);
		}
		r->pinned |= 1u << o->reg;
	}
}

/* Use 0 gives its register to definition 0: needs a copy when the value lives on. */
static void tie(RA *r, MInst *i, i32 pos, RegMask avoid)
{
	MOpnd *a = &i->o[i->ndef], *b = a + 1;
	bool lives = live_after(r, a->v, pos);
	if (lives && (i->flags & MSwap) && i->nuse == 2 && b->v != a->v && !live_after(r, b->v, pos)) {
		MOpnd t = *a;
		*a = *b;
		*b = t;
		lives = false;
	}
	if (!lives && i->o[0].fix == RegNone)
		return;
	if (!lives && i->o[0].fix == a->reg)
		return;
	u8 to = i->o[0].fix;
	if (to == RegNone)
		to = take(r, i->o[0].v, ~avoid, r->m->v.a[i->o[0].v].hint);
	insert(r, r->b, r->a->move(r->m, r->m->v.a[a->v].ty, to, i->o[0].v, a->reg, a->v));
	a->reg = to;
	r->pinned |= 1u << to;
}

/* What the instruction destroys must be elsewhere if it is wanted afterwards. */
static void save_clobbered(RA *r, RegMask clobber, i32 pos)
{
	RegMask keep = r->pinned;
	for (RegMask w = clobber; w; w &= w - 1) {
		u8 reg = first_reg(w);
		VReg v = r->in[reg];
		if (!v)
			continue;
		if (live_after(r, v, pos) && !(r->where[v] & ~clobber) && !r->m->v.a[v].remat) {
			bool flt = vreg_float(r->m, v);
			RegMask mask = r->a->allocatable[flt] & ~clobber & ~keep;
			const u8 *order = r->a->order[flt];
			for (u32 i = 0; order[i] != RegNone; i++)
				if ((mask >> order[i] & 1) && !r->in[order[i]]) {
					insert(r, r->b, r->a->move(r->m, r->m->v.a[v].ty, order[i], v, reg, v));
					hold(r, order[i], v);
					break;
				}
		}
	}
}

static RegMask fixed_defs(const MInst *i)
{
	RegMask m = 0;
	for (u32 k = 0; k < i->ndef; k++)
		if (i->o[k].fix != RegNone)
			m |= 1u << i->o[k].fix;
	return m;
}

/* Uses of this instruction are over: free what has no more. */
static void finish_uses(RA *r, MInst *i)
{
	for (u32 k = i->ndef; k < (u32)i->ndef + i->nuse; k++)
		pop_use(r, i->o[k].v);
	for (u32 k = i->ndef; k < (u32)i->ndef + i->nuse; k++) {
		VReg v = i->o[k].v;
		if (r->head[v])
			continue;
		for (RegMask w = r->where[v]; w; w &= w - 1)
			drop(r, first_reg(w));
		live_clear(r, v);
	}
}

static void safepoint(RA *r, MInst *i)
{
	for (RegMask w = r->used; w; w &= w - 1)
		drop(r, first_reg(w));
	if (i->flags & MNoreturn)
		return;
	u32 n = 0;
	for (u32 k = 0; k < r->live.n; k++) {
		need_slot(r, r->live.a[k]);
		n += r->m->v.a[r->live.a[k]].ty == TyPtr;
	}
	i->live = arena_array(r->ar, VReg, n);
	for (u32 k = 0; k < r->live.n; k++)
		if (r->m->v.a[r->live.a[k]].ty == TyPtr)
			i->live[i->nlive++] = r->live.a[k];
}

static void define(RA *r, MInst *i, u32 k, RegMask avoid)
{
	MOpnd *o = &i->o[k];
	if (o->early)
		return;
	if (o->fix != RegNone)
		o->reg = o->fix;
	else if (k == 0 && (i->flags & MTied))
		o->reg = i->o[i->ndef].reg;
	else
		o->reg = take(r, o->v, ~avoid, r->m->v.a[o->v].hint);
	r->pinned |= 1u << o->reg;
}

static void inst(RA *r, MInst *src, i32 pos)
{
	MInst x = *src;
	u32 n = (u32)x.ndef + x.nuse;
	x.o = arena_array(r->ar, MOpnd, n);
	memcpy(x.o, src->o, n * sizeof *x.o);
	RegMask fixed = 0;
	for (u32 k = 0; k < n; k++)
		if (x.o[k].fix != RegNone)
			fixed |= 1u << x.o[k].fix;
	RegMask avoid = fixed | (x.flags & MCall ? 0 : x.clobber);
	r->pinned = 0;
	place_fixed(r, &x, pos, avoid);
	place_free(r, &x, avoid);
	if ((x.flags & MTied) && x.nuse)
		tie(r, &x, pos, avoid);
	for (u32 k = 0; k < x.ndef; k++)
		if (x.o[k].early) {
			x.o[k].reg = take(r, x.o[k].v, ~avoid, RegNone);
			r->pinned |= 1u << x.o[k].reg;
		}
	if (!(x.flags & MCall))
		save_clobbered(r, x.clobber | fixed_defs(&x), pos);
	finish_uses(r, &x);
	if (x.flags & MCall)
		safepoint(r, &x);
	for (RegMask w = x.clobber & r->used; w; w &= w - 1)
		evict(r, first_reg(w));
	r->pinned = 0;
	for (u32 k = 0; k < x.ndef; k++)
		if (x.o[k].early || (k == 0 && (x.flags & MTied) && x.nuse))
			r->pinned |= 1u << (x.o[k].early ? x.o[k].reg : x.o[x.ndef].reg);
	for (u32 k = 0; k < x.ndef; k++)
		define(r, &x, k, (x.flags & MCall ? 0 : x.clobber) | (x.ndef > 1 ? fixed : 0));
	for (u32 k = 0; k < x.ndef; k++) {
		evict(r, x.o[k].reg);
		if (r->head[x.o[k].v]) {
			hold(r, x.o[k].reg, x.o[k].v);
			live_set(r, x.o[k].v);
		}
	}
	vec_push(r->ar, &r->b->out, x);
}

/* ---- blocks ---- */

static void hint_inst(RA *r, MInst *i)
{
	VInfo *v = r->m->v.a;
	if ((i->flags & MTied) && i->nuse && v[i->o[0].v].hint != RegNone)
		v[i->o[i->ndef].v].hint = v[i->o[0].v].hint;
	for (u32 k = 0; k < (u32)i->ndef + i->nuse; k++)
		if (i->o[k].fix != RegNone && (k >= i->ndef || v[i->o[k].v].hint == RegNone))
			v[i->o[k].v].hint = i->o[k].fix;
}

/* Lists of next uses, and wishes, in one walk backwards. */
static void scan_uses(RA *r, u32 bi)
{
	MBlock *b = r->b;
	i32 n = (i32)b->in.n;
	for (u32 i = 0; i < b->nliveout; i++)
		push_use(r, b->liveout[i].v, n + 1 + b->liveout[i].dist);
	if (b->succ.n == 1) {
		MBlock *s = &r->m->b.a[b->succ.a[0]];
		u32 p = mblock_pred_at(r->m, bi, b->succ.a[0]);
		for (u32 i = 0; i < s->phi.n; i++)
			if (s->phi.a[i].reg != RegNone)
				r->m->v.a[s->phi.a[i].arg[p]].hint = s->phi.a[i].reg;
	}
	hint_inst(r, &b->term);
	for (u32 k = b->term.ndef; k < (u32)b->term.ndef + b->term.nuse; k++)
		push_use(r, b->term.o[k].v, n);
	for (i32 i = n - 1; i >= 0; i--) {
		MInst *x = &b->in.a[i];
		hint_inst(r, x);
		for (u32 k = x->ndef; k < (u32)x->ndef + x->nuse; k++)
			push_use(r, x->o[k].v, i);
	}
}

static bool is_away(const MBlock *b, VReg v)
{
	for (u32 i = 0; i < b->away.n; i++)
		if (b->away.a[i] == v)
			return true;
	return false;
}

/* The finished predecessor whose registers the block takes over. */
static u32 primary_pred(RA *r)
{
	u32 best = UINT32_MAX;
	for (u32 i = 0; i < r->b->pred.n; i++) {
		MBlock *p = &r->m->b.a[r->b->pred.a[i]];
		if (p->done && (best == UINT32_MAX || r->m->b.a[r->b->pred.a[best]].cold))
			best = i;
	}
	return best;
}

static void start_phis(RA *r, u32 pred)
{
	MBlock *b = r->b, *p = &r->m->b.a[b->pred.a[pred]];
	for (u32 i = 0; i < b->phi.n; i++) {
		MPhi *h = &b->phi.a[i];
		bool flt = vreg_float(r->m, h->v);
		h->reg = RegNone;
		for (u8 reg = 0; reg < MaxRegs; reg++)   /* stay where the argument is, if it is free there */
			if (p->end[reg] == h->arg[pred] && !r->in[reg] && vreg_float(r->m, h->arg[pred]) == flt)
				h->reg = reg;
		u8 wish = r->m->v.a[h->v].hint;
		if (h->reg == RegNone && wish != RegNone && !r->in[wish] && (r->a->allocatable[flt] >> wish & 1))
			h->reg = wish;
		const u8 *order = r->a->order[flt];
		for (u32 k = 0; h->reg == RegNone && order[k] != RegNone; k++)
			if (!r->in[order[k]])
				h->reg = order[k];
		live_set(r, h->v);
		if (h->reg == RegNone) {
			r->m->v.a[h->v].spilled = true;
			continue;
		}
		hold(r, h->reg, h->v);
		for (u32 k = 0; k < b->pred.n; k++)
			if (r->m->v.a[h->arg[k]].hint == RegNone)
				r->m->v.a[h->arg[k]].hint = h->reg;
	}
}

static void block(RA *r, u32 bi)
{
	MBlock *b = r->b = &r->m->b.a[bi];
	for (u32 i = 0; i < r->live.n; i++)
		r->liveat[r->live.a[i]] = 0;
	r->live.n = 0;
	for (RegMask w = r->used; w; w &= w - 1)
		drop(r, first_reg(w));
	scan_uses(r, bi);
	vec_reserve(r->ar, &b->out, b->in.n + b->in.n / 2 + 4);
	u32 pred = primary_pred(r);
	const MBlock *before = pred == UINT32_MAX ? NULL : &r->m->b.a[b->pred.a[pred]];
	for (RegMask w = before ? before->ended : 0; w; w &= w - 1) {
		u8 *at = &r->endreg[before->end[first_reg(w)]];
		if (!*at)
			*at = first_reg(w) + 1;
	}
	for (u32 i = 0; i < b->nlivein; i++) {
		VReg v = b->livein[i].v;
		live_set(r, v);
		if (pred == UINT32_MAX || (b->pred.n > 1 && (b->livein[i].dist >= FarCall || is_away(b, v))))
			continue;
		if (r->endreg[v] && !r->where[v])
			hold(r, r->endreg[v] - 1, v);
	}
	for (RegMask w = before ? before->ended : 0; w; w &= w - 1)
		r->endreg[before->end[first_reg(w)]] = 0;
	if (b->pred.n > 1)
		for (u32 i = 0; i < b->nlivein; i++)    /* not in a register at a merge: every edge must have it in memory */
			if (!r->where[b->livein[i].v])
				need_slot(r, b->livein[i].v);
	if (b->phi.n && pred == UINT32_MAX)
		bug("regalloc: phi without a finished predecessor");
	if (b->phi.n)
		start_phis(r, pred);
	memcpy(b->start, r->in, sizeof b->start);
	for (u32 i = 0; i < b->phi.n; i++) {            /* dead phis free their registers */
		VReg v = b->phi.a[i].v;
		if (r->head[v])
			continue;
		if (b->phi.a[i].reg != RegNone)
			drop(r, b->phi.a[i].reg);
		live_clear(r, v);
	}
	for (u32 i = 0; i < b->in.n; i++)
		inst(r, &b->in.a[i], (i32)i);
	inst(r, &b->term, (i32)b->in.n);
	memset(b->end, 0, sizeof b->end);
	b->ended = 0;
	for (u32 i = 0; i < b->nliveout; i++) {
		VReg v = b->liveout[i].v;
		b->ended |= r->where[v];
		for (RegMask w = r->where[v]; w; w &= w - 1)
			b->end[first_reg(w)] = v;
		r->head[v] = 0;
	}
	b->done = true;
}

/* ---- edges ---- */

/* A value on its way: from a register, its spill slot or nothing (rematerialised) to a register or a slot. */
typedef struct Move { u8 dst, src; VReg dstv, srcv; bool remat; } Move;

static bool same_place(u8 ra, VReg va, u8 rb, VReg vb)
{
	return ra == rb && (ra != RegNone || va == vb);
}

static bool blocked(const Move *mv, u32 n, u32 i)
{
	for (u32 k = 0; k < n; k++)
		if (k != i && !mv[k].remat && same_place(mv[i].dst, mv[i].dstv, mv[k].src, mv[k].srcv))
			return true;
	return false;
}

static void emit_remat(RA *r, MBlock *b, const Move *mv)
{
	Ty ty = r->m->v.a[mv->srcv].ty;
	u8 reg = mv->dst != RegNone ? mv->dst : r->a->scratch[ty_is_float(ty)];
	insert(r, b, remat_inst(r, mv->srcv, reg));
	if (mv->dst == RegNone) {
		insert(r, b, r->a->move(r->m, ty, RegNone, mv->dstv, reg, mv->srcv));
		if (r->a->rezero && ty_is_float(ty))
			insert(r, b, r->a->rezero(r->m));
	}
}

/* A register for one value of a cycle: a free one of its class, since the way through another class is long. */
static u8 parking(const RA *r, bool flt, RegMask busy)
{
	RegMask mask = r->a->allocatable[flt] & ~busy;
	return flt && mask ? first_reg(mask) : r->a->scratch[0];
}

static void parallel(RA *r, MBlock *b, Move *mv, u32 n)
{
	RegMask busy = 0;
	for (u32 i = 0; i < n; i++) {
		busy |= mv[i].dst == RegNone ? 0 : 1u << mv[i].dst;
		busy |= mv[i].src == RegNone ? 0 : 1u << mv[i].src;
	}
	while (n) {
		bool progress = false;
		for (u32 i = 0; i < n;) {
			if (mv[i].remat || blocked(mv, n, i)) {
				i++;
				continue;
			}
			if (!same_place(mv[i].dst, mv[i].dstv, mv[i].src, mv[i].srcv))
				insert(r, b, r->a->move(r->m, r->m->v.a[mv[i].dstv].ty, mv[i].dst, mv[i].dstv, mv[i].src, mv[i].srcv));
			mv[i] = mv[--n];
			progress = true;
		}
		if (progress)
			continue;
		u32 c = 0;
		while (c < n && mv[c].remat)
			c++;
		if (c == n)
			break;
		Move first = mv[c];             /* a cycle: park one value */
		u8 s = parking(r, first.src == RegNone ? 0 : ty_is_float(r->m->v.a[first.srcv].ty), busy);
		insert(r, b, r->a->move(r->m, r->m->v.a[first.srcv].ty, s, first.srcv, first.src, first.srcv));
		for (u32 i = 0; i < n; i++)
			if (!mv[i].remat && same_place(mv[i].src, mv[i].srcv, first.src, first.srcv))
				mv[i].src = s;
	}
	for (u32 i = 0; i < n; i++)             /* only rematerialisations are left, their targets are free now */
		emit_remat(r, b, &mv[i]);
}

static Move move_from(RA *r, MBlock *p, u8 dst, VReg dstv, VReg srcv)
{
	Move mv = {.dst = dst, .dstv = dstv, .src = RegNone, .srcv = srcv};
	if (dst != RegNone && p->end[dst] == srcv)
		mv.src = dst;
	for (u8 reg = 0; reg < MaxRegs && mv.src == RegNone; reg++)
		if (p->end[reg] == srcv)
			mv.src = reg;
	if (mv.src == RegNone) {
		mv.remat = r->m->v.a[srcv].remat;
		need_slot(r, srcv);
	}
	return mv;
}

static void edge(RA *r, u32 from, u32 to)
{
	MBlock *p = &r->m->b.a[from], *b = &r->m->b.a[to];
	if (b->pred.n < 2 && !b->phi.n)
		return;
	if (p->succ.n > 1)
		bug("regalloc: critical edge b%u b%u", from, to);
	u32 k = mblock_pred_at(r->m, from, to), n = 0;
	Move *mv = arena_array(r->ar, Move, MaxRegs + b->phi.n);
	for (u8 reg = 0; reg < MaxRegs; reg++) {
		VReg v = b->start[reg];
		bool phi = false;
		for (u32 i = 0; v && i < b->phi.n; i++)
			phi |= b->phi.a[i].v == v;
		if (v && !phi)
			mv[n++] = move_from(r, p, reg, v, v);
	}
	for (u32 i = 0; i < b->phi.n; i++)
		mv[n++] = move_from(r, p, b->phi.a[i].reg, b->phi.a[i].v, b->phi.a[i].arg[k]);
	MInst term = vec_pop(&p->out);
	parallel(r, p, mv, n);
	vec_push(r->ar, &p->out, term);
}

/* ---- spill slots ---- */

static void stretch(VInfo *v, u32 at)
{
	if (at < v->lo)
		v->lo = at;
	if (at > v->hi)
		v->hi = at;
}

static void ranges(MFunc *m)
{
	u32 at = 1;
	for (u32 i = 0; i < m->v.n; i++)
		m->v.a[i].lo = UINT32_MAX;
	for (u32 i = 0; i < m->order.n; i++) {
		MBlock *b = &m->b.a[m->order.a[i]];
		b->lo = at;
		b->hi = at += b->in.n + 2;
		at++;
	}
	for (u32 i = 0; i < m->order.n; i++) {
		MBlock *b = &m->b.a[m->order.a[i]];
		for (u32 k = 0; k < b->nlivein; k++)
			stretch(&m->v.a[b->livein[k].v], b->lo);
		for (u32 k = 0; k < b->nliveout; k++)
			stretch(&m->v.a[b->liveout[k].v], b->hi);
		for (u32 j = 0; j <= b->in.n; j++) {
			MInst *x = j < b->in.n ? &b->in.a[j] : &b->term;
			for (u32 k = 0; k < (u32)x->ndef + x->nuse; k++)
				stretch(&m->v.a[x->o[k].v], b->lo + 1 + j);
		}
		for (u32 k = 0; k < b->phi.n; k++) {
			stretch(&m->v.a[b->phi.a[k].v], b->lo);
			for (u32 j = 0; j < b->pred.n; j++)
				stretch(&m->v.a[b->phi.a[k].v], m->b.a[b->pred.a[j]].hi);
		}
	}
}

typedef struct Range { u32 lo; VReg v; } Range;

static int by_start(const void *x, const void *y)
{
	const Range *a = x, *b = y;
	return a->lo != b->lo ? (a->lo < b->lo ? -1 : 1) : a->v < b->v ? -1 : a->v > b->v;
}

/* A parameter that arrives in a register and fills a word is spilled where the caller left space for it: the frame is smaller, and
 * tracebacks find it there. */
static const SigPart *home(const MFunc *m, VReg v)
{
	if (v >= m->f->v.n || m->f->v.a[v].op != SsaParam || !m->f->sig)
		return NULL;
	const SigPart *p = &m->f->sig->in[m->f->v.a[v].aux];
	return p->reg >= 0 && ty_size(p->ty) == 8 && p->ty == m->v.a[v].ty && !(p->off & 7) ? p : NULL;
}

static void assign_slots(MFunc *m)
{
	VEC(Range) list = {0};
	ranges(m);
	for (u32 i = 1; i < m->v.n; i++)
		if (m->v.a[i].spilled)
			vec_push(m->ar, &list, (Range){m->v.a[i].lo, i});
	if (list.n)
		qsort(list.a, list.n, sizeof *list.a, by_start);
	for (u32 i = 0; i < list.n; i++) {
		VInfo *v = &m->v.a[list.a[i].v];
		const SigPart *arg = home(m, list.a[i].v);
		if (arg) {
			v->slot = (i32)m->spill.n;
			vec_push(m->ar, &m->spill, (SpillSlot){.ptr = v->ty == TyPtr, .arg = true, .argoff = arg->off});
			continue;
		}
		u32 s = 0;
		while (s < m->spill.n && (m->spill.a[s].arg || m->spill.a[s].ptr != (v->ty == TyPtr) || m->spill.a[s].hi >= v->lo))
			s++;
		if (s == m->spill.n)
			vec_push(m->ar, &m->spill, (SpillSlot){.ptr = v->ty == TyPtr});
		m->spill.a[s].hi = v->hi;
		v->slot = (i32)s;
	}
}

static bool any_spilled(RA *r, const MBlock *b)
{
	for (u32 i = 0; i < b->phi.n; i++)
		if (b->phi.a[i].reg != RegNone && r->m->v.a[b->phi.a[i].v].spilled)
			return true;
	for (u32 i = 0; i < b->out.n; i++)
		for (u32 k = 0; !(b->out.a[i].flags & MInserted) && k < b->out.a[i].ndef; k++)
			if (r->m->v.a[b->out.a[i].o[k].v].spilled)
				return true;
	return false;
}

/* A store to the slot behind every definition of a value that has one. */
static void store_spills(RA *r, MBlock *b)
{
	MInst *old = b->out.a;
	u32 n = b->out.n;
	if (!any_spilled(r, b))
		return;
	b->out.a = NULL;
	b->out.n = b->out.cap = 0;
	vec_reserve(r->ar, &b->out, n + b->phi.n);
	for (u32 i = 0; i < b->phi.n; i++)
		if (b->phi.a[i].reg != RegNone && r->m->v.a[b->phi.a[i].v].spilled)
			insert(r, b, r->a->move(r->m, r->m->v.a[b->phi.a[i].v].ty, RegNone, b->phi.a[i].v, b->phi.a[i].reg, b->phi.a[i].v));
	for (u32 i = 0; i < n; i++) {
		vec_push(r->ar, &b->out, old[i]);
		for (u32 k = 0; !(old[i].flags & MInserted) && k < old[i].ndef; k++) {
			MOpnd *o = &old[i].o[k];
			if (r->m->v.a[o->v].spilled)
				insert(r, b, r->a->move(r->m, r->m->v.a[o->v].ty, RegNone, o->v, o->reg, o->v));
		}
	}
}

/* ---- a second try for loops ----
 * A value that is only wanted behind a loop should not sit in a register at its head if the loop has too few: it would be brought
 * back every time round. Where that has happened such values are noted, and registers are allocated once more. */

static bool ends_with(const MBlock *p, VReg v)
{
	for (u8 reg = 0; reg < MaxRegs; reg++)
		if (p->end[reg] == v)
			return true;
	return false;
}

static bool is_phi(const MBlock *h, VReg v)
{
	for (u32 i = 0; i < h->phi.n; i++)
		if (h->phi.a[i].v == v)
			return true;
	return false;
}

/* Does the edge from p bring something back? Then all that h keeps is in question. */
static void reloaded(RA *r, MBlock *h, const MBlock *p)
{
	bool any = false;
	for (u8 reg = 0; reg < MaxRegs; reg++)
		any |= h->start[reg] && !ends_with(p, h->start[reg]) && !is_phi(h, h->start[reg]);
	for (u8 reg = 0; any && reg < MaxRegs; reg++) {
		VReg v = h->start[reg];
		if (v && !is_phi(h, v) && !is_away(h, v))
			vec_push(r->ar, &h->away, v);
	}
}

/* Blocks of the loop of h, backwards from its back edges. */
static void drop_used(RA *r, u32 h)
{
	MFunc *m = r->m;
	MBlock *head = &m->b.a[h];
	bool *in = arena_array(r->ar, bool, m->b.n);
	bool *used = arena_array(r->ar, bool, m->v.n);
	VEC(u32) work = {0};
	in[h] = true;
	vec_push(r->ar, &work, h);
	for (u32 k = 0; k < work.n; k++) {
		MBlock *b = &m->b.a[work.a[k]];
		for (u32 i = 0; i < b->pred.n; i++) {
			u32 p = b->pred.a[i];
			if (in[p] || m->b.a[p].order < head->order)
				continue;
			in[p] = true;
			vec_push(r->ar, &work, p);
		}
		for (u32 j = 0; j <= b->in.n && !b->cold; j++) {
			const MInst *x = j < b->in.n ? &b->in.a[j] : &b->term;
			for (u32 i = x->ndef; i < (u32)x->ndef + x->nuse; i++)
				used[x->o[i].v] = true;
		}
		for (u32 i = 0; i < b->phi.n; i++)
			for (u32 j = 0; j < b->pred.n; j++)
				used[b->phi.a[i].arg[j]] |= m->b.a[b->pred.a[j]].order >= head->order;
	}
	u32 n = 0;
	for (u32 i = 0; i < head->away.n; i++)
		if (!used[head->away.a[i]])
			head->away.a[n++] = head->away.a[i];
	head->away.n = n;
}

static bool loops_reload(RA *r)
{
	MFunc *m = r->m;
	bool any = false;
	for (u32 k = 0; k < m->order.n; k++) {
		MBlock *h = &m->b.a[m->order.a[k]];
		for (u32 i = 0; i < h->pred.n && !h->cold; i++) {
			const MBlock *p = &m->b.a[h->pred.a[i]];
			if (p->order >= h->order && !p->cold)
				reloaded(r, h, p);
		}
		if (h->away.n)
			drop_used(r, m->order.a[k]);
		any |= h->away.n != 0;
	}
	return any;
}

static void start_over(RA *r)
{
	MFunc *m = r->m;
	for (u32 i = 0; i < m->order.n; i++) {
		MBlock *b = &m->b.a[m->order.a[i]];
		b->out.n = 0;
		b->done = false;
	}
	for (u32 i = 0; i < m->v.n; i++)
		m->v.a[i].spilled = false;
}

/* needs: critical edges split, phis in MBlock.phi. leaves: MBlock.out with registers and slots, terminator last. */
void gen_regalloc(MFunc *m)
{
	RA r = {.m = m, .a = m->arch, .ar = m->ar};
	live(m);
	r.head = arena_array(m->ar, u32, m->v.n);
	r.where = arena_array(m->ar, RegMask, m->v.n);
	r.liveat = arena_array(m->ar, u32, m->v.n);
	r.endreg = arena_array(m->ar, u8, m->v.n);
	vec_push(m->ar, &r.use, (Use){0});
	for (u32 i = 0; i < m->order.n; i++)
		block(&r, m->order.a[i]);
	if (loops_reload(&r)) {
		start_over(&r);
		for (u32 i = 0; i < m->order.n; i++)
			block(&r, m->order.a[i]);
	}
	for (u32 i = 0; i < m->order.n; i++) {
		MBlock *b = &m->b.a[m->order.a[i]];
		for (u32 k = 0; k < b->succ.n; k++)
			edge(&r, m->order.a[i], b->succ.a[k]);
	}
	assign_slots(m);
	for (u32 i = 0; i < m->order.n; i++)
		store_spills(&r, &m->b.a[m->order.a[i]]);
}
