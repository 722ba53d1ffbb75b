/* Memory: loads and stores, write barriers, zeroing and copying, nil checks and bounds, atomics. */
#include "isel.h"

/* ---- memory ---- */

void lower_load(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	MInst *i = begin(s, ty_is_float(p->ty) ? XFLoad : XLoad, ty_size(p->ty));
	def(i, v, RegNone);
	isel_set_addr(s, i, isel_address_far(s, p->arg[0], p->aux));
}

void isel_store(Isel *s, Addr a, ValueId v)
{
	i64 c;
	Ty ty = ty_of(s, v);
	if (!ty_is_float(ty) && is_const(s, v, &c) && fits32(c)) {
		MInst *i = begin(s, XStoreI, ty_size(ty));
		i->imm = c;
		isel_set_addr(s, i, a);
		return;
	}
	MInst *i = begin(s, ty_is_float(ty) ? XFStore : XStore, ty_size(ty));
	use(s, i, v);
	isel_set_addr(s, i, a);
}

static bool on_stack(Addr a) { return a.mem == MemSlot || a.mem == MemArg || a.mem == MemOut; }

void lower_store(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	Addr a = isel_address_far(s, p->arg[0], p->aux);
	if (!(p->flags & FlagWB) || on_stack(a)) {
		isel_store(s, a, p->arg[1]);
		return;
	}
	i64 c;
	MInst *i = begin(s, XStoreWB, 8);
	i->clobber = 1u << RegR11;
	if (is_const(s, p->arg[1], &c) && c == 0)
		i->aux = FormI;
	else
		use(s, i, p->arg[1]);
	isel_set_addr(s, i, a);
}

MInst *isel_call(Isel *s, XOp op, Sym *callee, u32 outsize)
{
	MInst *i = begin(s, op, 8);
	i->flags = MCall;
	i->sym = callee;
	s->m->has_call = true;
	if (outsize > s->m->outsize)
		s->m->outsize = outsize;
	return i;
}

static VReg lea(Isel *s, Addr a)
{
	VReg t = mfunc_temp(s->m, TyPtr);
	MInst *i = begin(s, XLea, 8);
	def(i, t, RegNone);
	isel_set_addr(s, i, a);
	return t;
}

static VReg sym_addr(Isel *s, Sym *y)
{
	VReg t = mfunc_temp(s->m, TyI64);
	isel_set_remat(s, t, (MInst){.op = XLea, .size = 8, .mem = MemSym, .sym = y});
	return t;
}

enum { InlineZero = 192, InlineCopy = 128 };

void lower_zero(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	Addr a = isel_address_far(s, p->arg[0], p->aux);
	if (!p->aux2)
		return;
	if ((p->flags & FlagWB) && !on_stack(a)) {
		VReg at = lea(s, a), type = sym_addr(s, p->callee);
		MInst *i = isel_call(s, XCall, sym_get(s->f->prog, "runtime.typedmemclr"), 16);
		use_at(i, type, RegAX);
		use_at(i, at, RegBX);
	} else if (p->aux2 <= InlineZero) {
		MInst *i = begin(s, XZero, 8);
		i->imm = p->aux2;
		isel_set_addr(s, i, a);
	} else {
		VReg at = lea(s, a);
		MInst *i = begin(s, XRepStos, 8);
		i->imm = p->aux2;
		i->clobber = 1u << RegDI | 1u << RegCX | 1u << RegAX;
		use_at(i, at, RegDI);
	}
}

/* Copies n bytes between addresses; the target may be the outgoing area. */
void isel_copy(Isel *s, Addr to, Addr from, i64 n)
{
	bool big = n > InlineCopy;
	VReg d = 0;
	if (big || to.index || to.mem == MemSym) {
		d = lea(s, to);
		to = (Addr){.mem = MemBase};
	}
	if (big) {
		VReg f = lea(s, from);
		MInst *i = begin(s, XRepMovs, 8);
		i->imm = n;
		i->clobber = 1u << RegDI | 1u << RegCX | 1u << RegSI;
		use_at(i, d, RegDI);
		use_at(i, f, RegSI);
		return;
	}
	MInst *i = begin(s, XCopy, 8);
	i->imm = n;
	i->aux = to.mem;
	i->copy_disp = (i32)to.disp;
	i->copy_slot = to.slot;
	if (to.mem == MemBase)
		use_at(i, d ? d : isel_reg(s, to.base), RegNone);
	isel_set_addr(s, i, from);
}

void lower_move(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	Addr to = isel_address_far(s, p->arg[0], p->aux), from = isel_address_far(s, p->arg[1], 0);
	if (!p->aux2)
		return;
	if (!(p->flags & FlagWB) || on_stack(to)) {
		isel_copy(s, to, from, p->aux2);
		return;
	}
	VReg d = lea(s, to), f = lea(s, from), type = sym_addr(s, p->callee);
	MInst *i = isel_call(s, XCall, sym_get(s->f->prog, "runtime.typedmemmove"), 24);
	use_at(i, type, RegAX);
	use_at(i, d, RegBX);
	use_at(i, f, RegCX);
}

/* A following access through the same pointer faults just as well, if nothing can be seen in between. */
static bool check_implied(Isel *s, ValueId ptr, u32 at)
{
	Block *b = &s->f->b.a[s->bi];
	for (u32 i = at + 1; i < b->v.n && i < at + 12; i++) {
		Value *p = val(s, b->v.a[i]);
		bool access = (p->op == SsaLoad && s->want[b->v.a[i]]) || p->op == SsaStore;
		if (access && real(s, p->arg[0]) == ptr && p->aux >= 0 && p->aux < 4096)
			return true;
		if (ssa_op_info[p->op].flags & (SsaEffect | SsaCallFlag | SsaStoreFlag))
			return false;
	}
	return false;
}

void lower_nilcheck(Isel *s, ValueId v, u32 at)
{
	ValueId a = real(s, val(s, v)->arg[0]);
	SsaOp op = val(s, a)->op;
	if (op == SsaLocalAddr || op == SsaAddr || op == SsaArgAddr || check_implied(s, a, at))
		return;
	MInst *i = begin(s, XNilCheck, 1);
	use(s, i, a);
}

void lower_bounds(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	bool strict = p->aux <= BoundsIndexU;
	Sym *panics = sym_get(s->f->prog, ssa_bounds_name[p->aux]);
	ValueId a = real(s, p->arg[0]), b = real(s, p->arg[1]);
	i64 c, d;
	MInst *i = begin(s, XBounds, 8);
	i->flags = MPanics | MNoreturn;
	i->sym = panics;
	s->m->has_bounds = true;
	if (is_const(s, a, &c) && fits32(c) && !(is_const(s, b, &d) && fits32(d))) {
		i->cc = strict ? CcBE : CcB;    /* the length against the constant */
		i->scale = 1;                   /* says so */
		i->aux = FormI;
		i->imm = c;
		use(s, i, b);
		return;
	}
	i->cc = strict ? CcAE : CcA;
	use(s, i, a);
	if (is_const(s, b, &c) && fits32(c)) {
		i->aux = FormI;
		i->imm = c;
	} else
		use(s, i, b);
}

/* ---- atomics ---- */

void lower_atomic(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u32 size = ty_size(p->nargs > 1 ? ty_of(s, p->arg[1]) : p->ty);
	if (p->op == SsaAtomicLoad) {
		lower_load(s, v);
		return;
	}
	Addr a = isel_address_far(s, p->arg[0], p->aux);
	bool and = p->op == SsaAtomicAnd;
	VReg t = v;
	MInst *i;
	switch (p->op) {
	case SsaAtomicStore:
		t = mfunc_temp(s->m, ty_of(s, p->arg[1]));
		/* fall through */
	case SsaAtomicXchg:
		i = begin(s, XXchg, size);
		i->flags = MTied;
		def(i, t, RegNone);
		use(s, i, p->arg[1]);
		isel_set_addr(s, i, a);
		return;
	case SsaAtomicAdd:
		t = mfunc_temp(s->m, TyI64);
		i = begin(s, XXadd, size);
		i->flags = MTied;
		def(i, t, RegNone);
		use(s, i, p->arg[1]);
		isel_set_addr(s, i, a);
		isel_alu_rr(s, XAdd, opsize(p->ty), v, t, isel_reg(s, p->arg[1]));
		return;
	case SsaAtomicCas:
		i = begin(s, XCmpxchg, size);
		i->clobber = 1u << RegAX;
		use_at(i, isel_reg(s, p->arg[1]), RegAX);
		use(s, i, p->arg[2]);
		isel_set_addr(s, i, a);
		isel_set_bool(s, v, CcE);
		return;
	default:
		i = begin(s, s->want[v] ? (and ? XLoopAnd : XLoopOr) : and ? XLockAnd : XLockOr, size);
		if (s->want[v])
			def(i, v, RegAX);
		use(s, i, p->arg[1]);
		isel_set_addr(s, i, a);
	}
}
