/* The verifier: every invariant ssa.h promises, checked between passes in debug builds.
 *
 * Structure first (ids, argument counts, edges in both directions, phis), then types, then dominance of
 * definitions over uses, with immediate dominators by the usual iteration over reverse post-order. */
#include "ssa.h"

typedef struct Verify {
	Func *f;
	const char *when;
	u32 *order;        /* reverse post-order number of a block, 0 = unreachable */
	BlockId *rpo;
	u32 n;
	BlockId *idom;
	u32 *index;        /* position of a value in its block, from 1; 0 = not in any */
} Verify;

static _Noreturn void broken(Verify *c, ValueId v, BlockId b, const char *what)
{
	const char *name = c->f->sym ? c->f->sym->name : "?";
	if (v)
		bug("ssa broken after %s in %s: v%u (%s) in b%u: %s", c->when, name, v, ssa_op_info[c->f->v.a[v].op].name, b, what);
	bug("ssa broken after %s in %s: b%u: %s", c->when, name, b, what);
}

static void check_edges(Verify *c, BlockId id)
{
	Func *f = c->f;
	Block *b = &f->b.a[id];
	static const u8 nsucc[] = {[TermJump] = 1, [TermIf] = 2};
	if (b->term == TermNone || b->term > TermTailCall)
		broken(c, 0, id, "no terminator");
	if (b->term == TermSwitch ? b->succ.n < 1 : b->succ.n != (b->term <= TermIf ? nsucc[b->term] : 0))
		broken(c, 0, id, "wrong number of successors");
	if ((b->term == TermIf || b->term == TermSwitch) && (!b->ctl || b->ctl >= f->v.n))
		broken(c, 0, id, "bad control value");
	for (u32 i = 0; i < b->succ.n; i++) {
		BlockId s = b->succ.a[i];
		if (!s || s >= f->b.n)
			broken(c, 0, id, "bad successor");
		u32 out = 0, in = 0;
		for (u32 j = 0; j < b->succ.n; j++)
			out += b->succ.a[j] == s;
		for (u32 j = 0; j < f->b.a[s].pred.n; j++)
			in += f->b.a[s].pred.a[j] == id;
		if (in != out)
			broken(c, 0, id, "edge missing in the successor's predecessors");
	}
	for (u32 i = 0; i < b->pred.n; i++)
		if (!b->pred.a[i] || b->pred.a[i] >= f->b.n)
			broken(c, 0, id, "bad predecessor");
}

static void check_shape(Verify *c, BlockId id)
{
	Func *f = c->f;
	Block *b = &f->b.a[id];
	bool body = false;
	for (u32 i = 0; i < b->v.n; i++) {
		ValueId v = b->v.a[i];
		if (!v || v >= f->v.n)
			broken(c, 0, id, "bad value id");
		Value *p = &f->v.a[v];
		if (p->op == SsaInvalid || p->op >= SsaMax)
			broken(c, v, id, "bad op");
		if (p->block != id)
			broken(c, v, id, "belongs to another block");
		if (c->index[v])
			broken(c, v, id, "listed twice");
		c->index[v] = i + 1;
		if (p->op == SsaPhi && body)
			broken(c, v, id, "phi after other values");
		body |= p->op != SsaPhi;
		const SsaOpInfo *o = &ssa_op_info[p->op];
		if (o->nargs >= 0 && p->nargs != (u32)o->nargs)
			broken(c, v, id, "wrong number of arguments");
		if (p->op == SsaPhi && p->nargs != b->pred.n)
			broken(c, v, id, "one argument per predecessor is needed");
		if ((o->result == 'V') != (p->ty == TyVoid) || p->ty >= TyMax || (o->result == 'B' && p->ty != TyI8))
			broken(c, v, id, "wrong result type");
		ValueId *a = value_args(f, v);
		for (u32 j = 0; j < p->nargs; j++)
			if (!a[j] || a[j] >= f->v.n || (f->v.a[a[j]].ty == TyVoid) != (p->op == SsaResult || p->op == SsaResultAddr))
				broken(c, v, id, "bad argument");
	}
}

static bool same_width(Ty a, Ty b) { return ty_size(a) == ty_size(b) && ty_is_float(a) == ty_is_float(b); }

static void check_types(Verify *c, ValueId v)
{
	Func *f = c->f;
	Value *p = &f->v.a[v];
	ValueId *a = value_args(f, v);
	Ty t0 = p->nargs > 0 ? f->v.a[a[0]].ty : TyVoid, t1 = p->nargs > 1 ? f->v.a[a[1]].ty : TyVoid;
	switch (p->op) {
	case SsaAdd: case SsaSub: case SsaMul: case SsaAnd: case SsaOr: case SsaXor: case SsaDivS: case SsaDivU:
	case SsaRemS: case SsaRemU: case SsaMulHiS: case SsaMulHiU: case SsaFAdd: case SsaFSub: case SsaFMul: case SsaFDiv:
		if (!same_width(t0, p->ty) || !same_width(t1, p->ty))
			broken(c, v, p->block, "operand types differ from the result's");
		break;
	case SsaEq: case SsaNe: case SsaLtS: case SsaLeS: case SsaLtU: case SsaLeU: case SsaFEq: case SsaFNe: case SsaFLt: case SsaFLe:
		if (!same_width(t0, t1) || ty_is_float(t0) != (p->op >= SsaFEq))
			broken(c, v, p->block, "operand types differ");
		break;
	case SsaShl: case SsaShrS: case SsaShrU: case SsaRotL:
		if (!same_width(t0, p->ty) || ty_is_float(t1) || ty_is_float(t0))
			broken(c, v, p->block, "bad shift");
		break;
	case SsaSignExt: case SsaZeroExt:
		if (ty_is_float(t0) || ty_size(t0) >= ty_size(p->ty))
			broken(c, v, p->block, "extension does not widen");
		break;
	case SsaTrunc:
		if (ty_is_float(t0) || ty_size(t0) <= ty_size(p->ty))
			broken(c, v, p->block, "truncation does not narrow");
		break;
	case SsaBitcast:
		if (ty_size(t0) != ty_size(p->ty))
			broken(c, v, p->block, "bitcast changes the size");
		break;
	case SsaPhi:
		for (u32 i = 0; i < p->nargs; i++)
			if (!same_width(f->v.a[a[i]].ty, p->ty))
				broken(c, v, p->block, "phi of different types");
		break;
	case SsaBounds:
		if (p->aux < 0 || p->aux >= BoundsMax || t0 != TyI64 || t1 != TyI64)
			broken(c, v, p->block, "bad bounds check");
		break;
	case SsaLocalAddr: case SsaVarDef:
		if (p->aux < 0 || p->aux >= f->slot.n)
			broken(c, v, p->block, "bad slot");
		break;
	case SsaCall: case SsaCallClosure: case SsaCallCode:
		if (!p->sig || (p->op == SsaCall && !p->callee))
			broken(c, v, p->block, "call without callee or signature");
		break;
	case SsaResult: case SsaResultAddr:
		if (!(ssa_op_info[f->v.a[a[0]].op].flags & SsaCallFlag) || p->aux < 0 || p->aux >= f->v.a[a[0]].sig->nout)
			broken(c, v, p->block, "result of no call");
		break;
	case SsaStore:
		if ((p->flags & FlagWB) && t1 != TyPtr)
			broken(c, v, p->block, "write barrier for a non-pointer");
		break;
	}
}

/* Numbers blocks in reverse post-order with an explicit stack. */
static void number(Verify *c, Arena *a)
{
	Func *f = c->f;
	typedef struct { BlockId b; u32 i; } Item;
	Item *stk = arena_array(a, Item, f->b.n + 1);
	BlockId *post = arena_array(a, BlockId, f->b.n + 1);
	u32 sp = 0, n = 0;
	c->order[1] = 1;
	stk[sp++] = (Item){1, 0};
	while (sp) {
		Item *t = &stk[sp - 1];
		Block *b = &f->b.a[t->b];
		if (t->i == b->succ.n) {
			post[n++] = t->b;
			sp--;
			continue;
		}
		BlockId s = b->succ.a[t->i++];
		if (!c->order[s]) {
			c->order[s] = 1;
			stk[sp++] = (Item){s, 0};
		}
	}
	c->n = n;
	for (u32 i = 0; i < n; i++) {
		c->rpo[i] = post[n - 1 - i];
		c->order[c->rpo[i]] = i + 1;
	}
}

static void dominators(Verify *c)
{
	Func *f = c->f;
	c->idom[1] = 1;
	for (bool changed = true; changed;) {
		changed = false;
		for (u32 i = 1; i < c->n; i++) {
			Block *b = &f->b.a[c->rpo[i]];
			BlockId d = 0;
			for (u32 j = 0; j < b->pred.n; j++) {
				BlockId p = b->pred.a[j];
				if (!c->order[p] || !c->idom[p])
					continue;
				for (BlockId x = p; d && x != d;) {
					if (c->order[x] > c->order[d])
						x = c->idom[x];
					else
						d = c->idom[d];
					p = x;
				}
				d = d ? d : p;
			}
			changed |= c->idom[c->rpo[i]] != d;
			c->idom[c->rpo[i]] = d;
		}
	}
}

static bool dominates(Verify *c, BlockId a, BlockId b)
{
	while (c->order[b] > c->order[a])
		b = c->idom[b];
	return a == b;
}

/* May v be used at position at (from 1) of block b? */
static bool available(Verify *c, ValueId v, BlockId b, u32 at)
{
	BlockId d = c->f->v.a[v].block;
	if (!c->index[v] || !c->order[d])
		return false;
	return d == b ? c->index[v] < at : dominates(c, d, b);
}

static void check_uses(Verify *c, BlockId id)
{
	Func *f = c->f;
	Block *b = &f->b.a[id];
	for (u32 i = 0; i < b->v.n; i++) {
		ValueId v = b->v.a[i], *a = value_args(f, v);
		bool phi = f->v.a[v].op == SsaPhi;
		for (u32 j = 0; j < f->v.a[v].nargs; j++) {
			BlockId at = phi ? b->pred.a[j] : id;
			if (phi && !c->order[at])
				continue;
			if (!available(c, a[j], at, phi ? UINT32_MAX : i + 1))
				broken(c, v, id, "argument does not dominate its use");
		}
	}
	if ((b->term == TermIf || b->term == TermSwitch) && !available(c, b->ctl, id, UINT32_MAX))
		broken(c, 0, id, "control value does not dominate the end");
	for (u32 i = 0; b->term == TermRet && i < b->ret.n; i++)
		if (!b->ret.a[i] || b->ret.a[i] >= f->v.n || !available(c, b->ret.a[i], id, UINT32_MAX))
			broken(c, 0, id, "result does not dominate the return");
	if (b->term == TermTailCall && (!b->v.n || !(ssa_op_info[f->v.a[vec_last(&b->v)].op].flags & SsaCallFlag)))
		broken(c, 0, id, "tail call without a call at the end");
}

void ssa_verify(Func *f, const char *when)
{
	Arena a = {0};
	Verify c = {.f = f, .when = when};
	c.index = arena_array(&a, u32, f->v.n);
	c.order = arena_array(&a, u32, f->b.n + 1);
	c.rpo = arena_array(&a, BlockId, f->b.n + 1);
	c.idom = arena_array(&a, BlockId, f->b.n + 1);
	if (f->b.n < 2)
		broken(&c, 0, 0, "no entry block");
	if (f->b.a[1].pred.n)
		broken(&c, 0, 1, "the entry block has predecessors");
	number(&c, &a);
	for (u32 i = 0; i < c.n; i++)
		check_edges(&c, c.rpo[i]);
	for (u32 i = 0; i < c.n; i++)
		check_shape(&c, c.rpo[i]);
	for (u32 i = 0; i < c.n; i++)
		for (u32 j = 0; j < f->b.a[c.rpo[i]].v.n; j++)
			check_types(&c, f->b.a[c.rpo[i]].v.a[j]);
	dominators(&c);
	for (u32 i = 0; i < c.n; i++)
		check_uses(&c, c.rpo[i]);
	arena_free(&a);
}
