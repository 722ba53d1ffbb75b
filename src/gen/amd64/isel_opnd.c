/* Operands: what stands in a register, as an immediate, in an address or in memory.
 *
 * A constant or an address never takes an instruction of its own: its VReg can be made again wherever it is wanted. A load is
 * folded into its only user when both are in one block and no store, call or other effect lies between. */
#include "isel.h"

/* ---- values in registers ---- */

void isel_set_remat(Isel *s, VReg v, MInst i)
{
	VInfo *vi = &s->m->v.a[v];
	if (vi->remat)
		return;
	vi->remat = true;
	vi->rematinst = s->m->remat.n;
	i.base = i.index = -1;
	i.ndef = 1;
	vec_push(s->m->ar, &s->m->remat, i);
}

static MInst const_inst(Isel *s, Ty ty, i64 bits)
{
	if (!ty_is_float(ty))
		return (MInst){.op = XMovI, .size = 8, .imm = ty == TyI32 ? (i64)(u32)bits : ty == TyI16 ? (i64)(u16)bits : ty == TyI8 ? (i64)(u8)bits : bits};
	if (ty == TyF32)
		bits = (u32)bits;
	if (!bits)
		return (MInst){.op = XFZero, .size = (u8)ty_size(ty)};
	Buf b = {.ar = s->m->ar};
	buf_printf(&b, ty == TyF32 ? "$f32.%08llx" : "$f64.%016llx", (unsigned long long)bits);
	return (MInst){.op = XFLoad, .size = (u8)ty_size(ty), .mem = MemSym, .sym = sym_const(s->f->prog, buf_str(&b), &bits, ty_size(ty))};
}

/* A rematerialisable constant of its own. */
VReg isel_const_reg(Isel *s, Ty ty, i64 bits)
{
	VReg v = mfunc_temp(s->m, ty);
	isel_set_remat(s, v, const_inst(s, ty, bits));
	return v;
}

VReg isel_reg(Isel *s, ValueId id)
{
	id = real(s, id);
	Value *p = val(s, id);
	switch (p->op) {
	case SsaConst:
		isel_set_remat(s, id, const_inst(s, p->ty, p->aux));
		break;
	case SsaAddr:
		isel_set_remat(s, id, (MInst){.op = XLea, .size = 8, .mem = MemSym, .sym = p->sym, .disp = (i32)p->aux});
		break;
	case SsaLocalAddr:
		isel_set_remat(s, id, (MInst){.op = XLea, .size = 8, .mem = MemSlot, .slot = (u32)p->aux, .slotaddr = true});
		break;
	case SsaGetG:
		isel_set_remat(s, id, (MInst){.op = XGetG, .size = 8});
		break;
	default:
		s->want[id] = true;
	}
	return id;
}

/* ---- addresses ---- */

/* May v vanish into its user's address? Its arguments must not live longer than they would. */
static bool foldable(Isel *s, ValueId v)
{
	return s->uses[v] == 1 || val(s, v)->block == s->bi;
}

bool isel_scaled(Isel *s, ValueId v, ValueId *index, u8 *scale)
{
	i64 c;
	Value *p = val(s, v = real(s, v));
	if (!foldable(s, v))
		return false;
	if (p->op == SsaShl && is_const(s, p->arg[1], &c) && c >= 0 && c <= 3)
		*scale = (u8)(1 << c);
	else if (p->op == SsaMul && is_const(s, p->arg[1], &c) && (c == 2 || c == 4 || c == 8))
		*scale = (u8)c;
	else
		return false;
	*index = p->arg[0];
	return true;
}

i64 isel_argarea(Func *f, i64 aux)
{
	return aux < f->sig->nin ? f->sig->in[aux].off : f->sig->out[aux - f->sig->nin].off;
}

Addr isel_address(Isel *s, ValueId v, i64 off)
{
	Addr a = {.mem = MemBase, .disp = off, .scale = 1};
	i64 c;
	for (;;) {
		v = real(s, v);
		Value *p = val(s, v);
		bool room = !a.index;
		if (p->op == SsaLocalAddr)
			a.mem = MemSlot, a.slot = (u32)p->aux;
		else if (p->op == SsaAddr && room && fits32(a.disp + p->aux))
			a.mem = MemSym, a.sym = p->sym, a.disp += p->aux;
		else if (p->op == SsaArgAddr)
			a.mem = MemArg, a.disp += isel_argarea(s->f, p->aux);
		else if (p->op == SsaResultAddr)
			a.mem = MemOut, a.disp += val(s, p->arg[0])->sig->out[p->aux].off;
		else if (p->op == SsaAdd && is_const(s, p->arg[1], &c) && fits32(a.disp + c)) {
			a.disp += c;
			v = p->arg[0];
			continue;
		} else if (p->op == SsaAdd && room && foldable(s, v) && ty_size(p->ty) == 8) {
			if (!isel_scaled(s, p->arg[1], &a.index, &a.scale))
				a.index = p->arg[1];
			for (Value *q; (q = val(s, a.index = real(s, a.index)))->op == SsaAdd && is_const(s, q->arg[1], &c) &&
				foldable(s, a.index) && c == (i32)c && fits32(a.disp + c * a.scale);) {
				a.disp += c * a.scale;
				a.index = q->arg[0];
			}
			v = p->arg[0];
			continue;
		} else
			a.base = v;
		return a;
	}
}

void isel_set_addr(Isel *s, MInst *i, Addr a)
{
	i->mem = a.mem;
	i->disp = (i32)a.disp;
	i->sym = a.sym ? a.sym : i->sym;
	i->slot = a.slot;
	i->scale = a.scale;
	if (a.base)
		i->base = (i8)use(s, i, a.base);
	if (a.index)
		i->index = (i8)use(s, i, a.index);
}

Addr isel_address_far(Isel *s, ValueId v, i64 off)
{
	if (!fits32(off))
		bug("offset %lld", (long long)off);
	return isel_address(s, v, off);
}

/* ---- operands: register, immediate or memory ---- */

bool isel_can_fold_load(Isel *s, ValueId v, u32 size)
{
	Value *p = val(s, v);
	return p->op == SsaLoad && s->uses[v] == 1 && p->block == s->bi && s->epoch[v] == s->now &&
		ty_size(p->ty) == size && !(p->flags & FlagVolatile);
}

/* The load v happens in i. If it faults, the fault is v's. */
void isel_fold_load(Isel *s, MInst *i, ValueId v)
{
	Value *p = val(s, v);
	isel_set_addr(s, i, isel_address_far(s, p->arg[0], p->aux));
	if (!(p->flags & FlagNonNil)) {
		i->pos = p->pos;
		i->inl = p->inl;
	}
}

/* Last operand of an operation with a form. */
void isel_operand(Isel *s, MInst *i, ValueId v)
{
	i64 c;
	v = real(s, v);
	if (!ty_is_float(ty_of(s, v)) && is_const(s, v, &c) && fits32(c)) {
		i->aux = FormI;
		i->imm = c;
	} else if (ty_is_float(ty_of(s, v)) && val(s, v)->op == SsaConst && (u64)val(s, v)->aux << (ty_size(ty_of(s, v)) == 4 ? 32 : 0) != 0) {
		MInst k = const_inst(s, ty_of(s, v), val(s, v)->aux);
		i->aux = FormM;
		i->mem = k.mem;
		i->sym = k.sym;
	} else if (isel_can_fold_load(s, v, i->size)) {
		i->aux = FormM;
		isel_fold_load(s, i, v);
	} else {
		i->aux = FormR;
		use(s, i, v);
	}
}

void isel_mov(Isel *s, VReg d, ValueId a, Ty ty)
{
	bool df = ty_is_float(ty), sf = ty_is_float(ty_of(s, a));
	MInst *i = begin(s, df ? (sf ? XFMov : XMovIF) : sf ? XMovFI : XMov, df || sf ? ty_size(ty) : 8);
	def(i, d, RegNone);
	use(s, i, a);
}

/* d = a op b, two operands: d takes a's register. */
MInst *isel_alu(Isel *s, XOp op, u32 size, VReg d, ValueId a, ValueId b, bool commutes)
{
	i64 c;
	ValueId ra = real(s, a), rb = real(s, b);
	if (commutes && (is_const(s, ra, &c) || (isel_can_fold_load(s, ra, size) && !isel_can_fold_load(s, rb, size)))) {
		ValueId t = a;
		a = b;
		b = t;
	}
	MInst *i = begin(s, op, size);
	def(i, d, RegNone);
	i->flags = MTied;
	use(s, i, a);
	isel_operand(s, i, b);
	if (commutes && i->aux == FormR)
		i->flags |= MSwap;
	return i;
}

/* The same over registers made here. */
MInst *isel_alu_rr(Isel *s, XOp op, u32 size, VReg d, VReg a, VReg b)
{
	MInst *i = begin(s, op, size);
	def(i, d, RegNone);
	i->flags = MTied;
	use_at(i, a, RegNone);
	use_at(i, b, RegNone);
	return i;
}

MInst *isel_alu_ri(Isel *s, XOp op, u32 size, VReg d, VReg a, i64 imm)
{
	MInst *i = begin(s, op, size);
	def(i, d, RegNone);
	i->flags = MTied;
	i->aux = FormI;
	i->imm = imm;
	use_at(i, a, RegNone);
	return i;
}

void isel_cmp_ri(Isel *s, u32 size, VReg a, i64 imm)
{
	MInst *i = begin(s, XCmp, size);
	i->aux = FormI;
	i->imm = imm;
	use_at(i, a, RegNone);
}

VReg isel_extend(Isel *s, ValueId a, bool sign)
{
	u32 size = ty_size(ty_of(s, a));
	i64 c;
	if (is_const(s, a, &c))
		return isel_const_reg(s, TyI32, sign ? c : c & (((i64)1 << size * 8) - 1));
	VReg t = mfunc_temp(s->m, TyI32);
	MInst *i = begin(s, sign ? XMovsx : XMovzx, size);
	i->aux = 4;
	def(i, t, RegNone);
	use(s, i, a);
	return t;
}
