/* Instruction selection: SSA to amd64, one block at a time from its end.
 *
 * Blocks are taken in reverse of reverse post-order and values backwards, so every user is seen before what it uses: a
 * value nobody asked for (folded into an address, a compare or an operand, or dead) is simply not emitted. Phi arguments are
 * asked for beforehand. Constants and addresses are never emitted where they stand: their VRegs are rematerialisable.
 * Each value produces a short group of instructions in forward order; groups are put together backwards.
 *
 * A load is folded into its only user when both are in one block and no store, call or other effect lies between. */
#include "amd64.h"

typedef VEC(ValueId) VecId;

typedef struct Isel {
	MFunc *m;
	Func *f;
	u32 bi;                /* block */
	VEC(MInst) group;      /* current value, forward */
	u32 *uses;             /* live users of a value */
	bool *want;            /* somebody needs it in a register */
	u32 *epoch;            /* effects before the value in its block */
	u32 now;               /* epoch of the user being lowered */
	VecId results;         /* of the call above, wanted */
	Pos pos;
	u32 inl;
} Isel;

typedef struct Addr { u8 mem; ValueId base, index; u8 scale; i64 disp; Sym *sym; u32 slot; } Addr;

static Value *val(Isel *s, ValueId v) { return &s->f->v.a[v]; }
static Ty ty_of(Isel *s, ValueId v) { return s->f->v.a[v].ty; }

/* The value that stands for v: copies and nil checks are their arguments. */
static ValueId real(Isel *s, ValueId v)
{
	for (;;) {
		Value *p = val(s, v);
		if ((p->op == SsaCopy || p->op == SsaNilCheck) && ty_of(s, p->arg[0]) == p->ty)
			v = p->arg[0];
		else
			return v;
	}
}

/* ---- instructions ---- */

enum { MaxOpnds = 5 };

static MInst *begin(Isel *s, XOp op, u32 size)
{
	vec_push(s->m->ar, &s->group, (MInst){
		.op = op, .size = (u8)size, .base = -1, .index = -1, .pos = s->pos, .inl = s->inl, .map = -1,
		.o = arena_array(s->m->ar, MOpnd, MaxOpnds),
	});
	return &vec_last(&s->group);
}

static void opnd(MInst *i, VReg v, u8 fix, bool early)
{
	i->o[i->ndef + i->nuse] = (MOpnd){.v = v, .reg = RegNone, .fix = fix, .early = early};
}

/* Definitions come before uses. */
static void def(MInst *i, VReg v, u8 fix)
{
	opnd(i, v, fix, false);
	i->ndef++;
	if (fix != RegNone && !(i->flags & MCall))
		i->clobber |= 1u << fix;
}

static VReg temp(Isel *s, MInst *i, Ty ty)
{
	VReg v = mfunc_temp(s->m, ty);
	opnd(i, v, RegNone, true);
	i->ndef++;
	return v;
}

static u32 use_at(MInst *i, VReg v, u8 fix)
{
	opnd(i, v, fix, false);
	return i->nuse++;
}

/* ---- values in registers ---- */

static bool fits32(i64 x) { return x == (i32)x; }

static bool is_const(Isel *s, ValueId v, i64 *c)
{
	Value *p = val(s, v = real(s, v));
	if (p->op != SsaConst || ty_is_float(p->ty))
		return false;
	u32 bits = ty_size(p->ty) * 8;
	*c = bits == 64 ? p->aux : (i64)((u64)p->aux << (64 - bits)) >> (64 - bits);
	return true;
}

static void set_remat(Isel *s, VReg v, MInst i)
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
static VReg const_reg(Isel *s, Ty ty, i64 bits)
{
	VReg v = mfunc_temp(s->m, ty);
	set_remat(s, v, const_inst(s, ty, bits));
	return v;
}

static VReg reg(Isel *s, ValueId id)
{
	id = real(s, id);
	Value *p = val(s, id);
	switch (p->op) {
	case SsaConst:
		set_remat(s, id, const_inst(s, p->ty, p->aux));
		break;
	case SsaAddr:
		set_remat(s, id, (MInst){.op = XLea, .size = 8, .mem = MemSym, .sym = p->sym, .disp = (i32)p->aux});
		break;
	case SsaLocalAddr:
		set_remat(s, id, (MInst){.op = XLea, .size = 8, .mem = MemSlot, .slot = (u32)p->aux, .slotaddr = true});
		break;
	case SsaGetG:
		set_remat(s, id, (MInst){.op = XGetG, .size = 8});
		break;
	default:
		s->want[id] = true;
	}
	return id;
}

static u32 use(Isel *s, MInst *i, ValueId v) { return use_at(i, reg(s, v), RegNone); }

/* ---- addresses ---- */

/* May v vanish into its user's address? Its arguments must not live longer than they would. */
static bool foldable(Isel *s, ValueId v)
{
	return s->uses[v] == 1 || val(s, v)->block == s->bi;
}

static bool scaled(Isel *s, ValueId v, ValueId *index, u8 *scale)
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

static i64 argarea(Func *f, i64 aux)
{
	return aux < f->sig->nin ? f->sig->in[aux].off : f->sig->out[aux - f->sig->nin].off;
}

static Addr address(Isel *s, ValueId v, i64 off)
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
			a.mem = MemArg, a.disp += argarea(s->f, p->aux);
		else if (p->op == SsaResultAddr)
			a.mem = MemOut, a.disp += val(s, p->arg[0])->sig->out[p->aux].off;
		else if (p->op == SsaAdd && is_const(s, p->arg[1], &c) && fits32(a.disp + c)) {
			a.disp += c;
			v = p->arg[0];
			continue;
		} else if (p->op == SsaAdd && room && foldable(s, v) && ty_size(p->ty) == 8) {
			if (!scaled(s, p->arg[1], &a.index, &a.scale))
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

static void set_addr(Isel *s, MInst *i, Addr a)
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

static Addr address_far(Isel *s, ValueId v, i64 off)
{
	if (!fits32(off))
		bug("offset %lld", (long long)off);
	return address(s, v, off);
}

/* ---- operands: register, immediate or memory ---- */

static bool can_fold_load(Isel *s, ValueId v, u32 size)
{
	Value *p = val(s, v);
	return p->op == SsaLoad && s->uses[v] == 1 && p->block == s->bi && s->epoch[v] == s->now &&
		ty_size(p->ty) == size && !(p->flags & FlagVolatile);
}

/* The load v happens in i. If it faults, the fault is v's. */
static void fold_load(Isel *s, MInst *i, ValueId v)
{
	Value *p = val(s, v);
	set_addr(s, i, address_far(s, p->arg[0], p->aux));
	if (!(p->flags & FlagNonNil)) {
		i->pos = p->pos;
		i->inl = p->inl;
	}
}

/* Last operand of an operation with a form. */
static void operand(Isel *s, MInst *i, ValueId v)
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
	} else if (can_fold_load(s, v, i->size)) {
		i->aux = FormM;
		fold_load(s, i, v);
	} else {
		i->aux = FormR;
		use(s, i, v);
	}
}

static u32 opsize(Ty ty) { return ty_size(ty) < 4 ? 4 : ty_size(ty); }

static void mov(Isel *s, VReg d, ValueId a, Ty ty)
{
	bool df = ty_is_float(ty), sf = ty_is_float(ty_of(s, a));
	MInst *i = begin(s, df ? (sf ? XFMov : XMovIF) : sf ? XMovFI : XMov, df || sf ? ty_size(ty) : 8);
	def(i, d, RegNone);
	use(s, i, a);
}

/* d = a op b, two operands: d takes a's register. */
static MInst *alu(Isel *s, XOp op, u32 size, VReg d, ValueId a, ValueId b, bool commutes)
{
	i64 c;
	ValueId ra = real(s, a), rb = real(s, b);
	if (commutes && (is_const(s, ra, &c) || (can_fold_load(s, ra, size) && !can_fold_load(s, rb, size)))) {
		ValueId t = a;
		a = b;
		b = t;
	}
	MInst *i = begin(s, op, size);
	def(i, d, RegNone);
	i->flags = MTied;
	use(s, i, a);
	operand(s, i, b);
	if (commutes && i->aux == FormR)
		i->flags |= MSwap;
	return i;
}

/* The same over registers made here. */
static MInst *alu_rr(Isel *s, XOp op, u32 size, VReg d, VReg a, VReg b)
{
	MInst *i = begin(s, op, size);
	def(i, d, RegNone);
	i->flags = MTied;
	use_at(i, a, RegNone);
	use_at(i, b, RegNone);
	return i;
}

static MInst *alu_ri(Isel *s, XOp op, u32 size, VReg d, VReg a, i64 imm)
{
	MInst *i = begin(s, op, size);
	def(i, d, RegNone);
	i->flags = MTied;
	i->aux = FormI;
	i->imm = imm;
	use_at(i, a, RegNone);
	return i;
}

static void cmp_ri(Isel *s, u32 size, VReg a, i64 imm)
{
	MInst *i = begin(s, XCmp, size);
	i->aux = FormI;
	i->imm = imm;
	use_at(i, a, RegNone);
}

static VReg extend(Isel *s, ValueId a, bool sign)
{
	u32 size = ty_size(ty_of(s, a));
	i64 c;
	if (is_const(s, a, &c))
		return const_reg(s, TyI32, sign ? c : c & (((i64)1 << size * 8) - 1));
	VReg t = mfunc_temp(s->m, TyI32);
	MInst *i = begin(s, sign ? XMovsx : XMovzx, size);
	i->aux = 4;
	def(i, t, RegNone);
	use(s, i, a);
	return t;
}

/* ---- conditions ---- */

static u8 swapped(u8 cc)       /* a cc b == b swapped(cc) a */
{
	switch (cc) {
	case CcB: return CcA;
	case CcA: return CcB;
	case CcAE: return CcBE;
	case CcBE: return CcAE;
	case CcL: return CcG;
	case CcG: return CcL;
	case CcLE: return CcGE;
	case CcGE: return CcLE;
	}
	return cc;
}

static u8 compare_int(Isel *s, ValueId a, ValueId b, u8 cc)
{
	i64 c;
	u32 size = ty_size(ty_of(s, a));
	if (is_const(s, a, &c) || (can_fold_load(s, real(s, a), size) && !is_const(s, b, &c) && !can_fold_load(s, real(s, b), size))) {
		ValueId t = a;
		a = b;
		b = t;
		cc = swapped(cc);
	}
	a = real(s, a);
	bool imm = is_const(s, b, &c) && fits32(c);
	if (imm && c == 0 && !can_fold_load(s, a, size)) {      /* sets the flags as cmp does */
		Value *p = val(s, a);
		MInst *i = begin(s, XTest, size);
		if (p->op == SsaAnd && s->uses[a] == 1 && !can_fold_load(s, real(s, p->arg[1]), size)) {
			use(s, i, p->arg[0]);
			operand(s, i, p->arg[1]);
		} else {
			use(s, i, a);
			use(s, i, a);
		}
		return cc;
	}
	MInst *i = begin(s, XCmp, size);
	if (imm && can_fold_load(s, a, size)) {
		i->aux = FormMI;
		i->imm = c;
		fold_load(s, i, a);
	} else {
		use(s, i, a);
		operand(s, i, b);
	}
	return cc;
}

static u8 compare_float(Isel *s, ValueId a, ValueId b, u8 cc)
{
	MInst *i = begin(s, XFCmp, ty_size(ty_of(s, a)));
	use(s, i, a);
	operand(s, i, b);
	return cc;
}

/* Emits the comparison behind v and says which condition is v != 0. */
static u8 condition(Isel *s, ValueId v)
{
	v = real(s, v);
	Value *p = val(s, v);
	if (s->uses[v] == 1)
		switch (p->op) {
		case SsaBoolNot: return condition(s, p->arg[0]) ^ 1;
		case SsaEq: return compare_int(s, p->arg[0], p->arg[1], CcE);
		case SsaNe: return compare_int(s, p->arg[0], p->arg[1], CcNE);
		case SsaLtS: return compare_int(s, p->arg[0], p->arg[1], CcL);
		case SsaLeS: return compare_int(s, p->arg[0], p->arg[1], CcLE);
		case SsaLtU: return compare_int(s, p->arg[0], p->arg[1], CcB);
		case SsaLeU: return compare_int(s, p->arg[0], p->arg[1], CcBE);
		case SsaFEq: return compare_float(s, p->arg[0], p->arg[1], CcFEq);
		case SsaFNe: return compare_float(s, p->arg[0], p->arg[1], CcFNe);
		case SsaFLt: return compare_float(s, p->arg[1], p->arg[0], CcA);
		case SsaFLe: return compare_float(s, p->arg[1], p->arg[0], CcAE);
		}
	MInst *i = begin(s, XTest, ty_size(p->ty));
	use(s, i, v);
	use(s, i, v);
	return CcNE;
}

static void set_bool(Isel *s, VReg d, u8 cc)
{
	MInst *i = begin(s, cc >= CcFEq ? XFSetEq : XSetcc, 1);
	i->cc = cc;
	i->imm = cc == CcFNe;
	def(i, d, RegNone);
}

static void lower_compare(Isel *s, ValueId v)
{
	u32 keep = s->uses[v];
	s->uses[v] = 1;                 /* condition() takes a value apart only for its single user: this is it */
	u8 cc = condition(s, v);
	s->uses[v] = keep;
	set_bool(s, v, cc);
}

/* Float comparisons for equality need two flags: only branches and XFSetEq know how. */
static u8 plain_condition(Isel *s, ValueId v)
{
	u8 cc = condition(s, v);
	if (cc < CcFEq)
		return cc;
	VReg t = mfunc_temp(s->m, TyI8);
	set_bool(s, t, cc);
	MInst *i = begin(s, XTest, 1);
	use_at(i, t, RegNone);
	use_at(i, t, RegNone);
	return CcNE;
}

static void cmov(Isel *s, u32 size, VReg d, VReg other, VReg when, u8 cc)
{
	MInst *i = begin(s, XCmov, size);
	i->cc = cc;
	i->flags = MTied;
	def(i, d, RegNone);
	use_at(i, other, RegNone);
	use_at(i, when, RegNone);
}

static void lower_select(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u8 cc = plain_condition(s, p->arg[0]);
	VReg a = reg(s, p->arg[1]), b = reg(s, p->arg[2]);
	if (!ty_is_float(p->ty)) {
		cmov(s, opsize(p->ty), v, b, a, cc);
		return;
	}
	MInst *i = begin(s, XFSelect, ty_size(p->ty));
	i->cc = cc;
	i->flags = MTied;
	def(i, v, RegNone);
	use_at(i, b, RegNone);
	use_at(i, a, RegNone);
}

/* ---- integer arithmetic ---- */

static void lower_add(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	ValueId x;
	u8 scale;
	if (ty_size(p->ty) == 8 && scaled(s, p->arg[1], &x, &scale)) {
		Addr a = address(s, v, 0);
		if (a.mem == MemBase && a.base && a.base != v) {
			MInst *i = begin(s, XLea, 8);
			def(i, v, RegNone);
			set_addr(s, i, a);
			return;
		}
	}
	MInst *i = alu(s, XAdd, opsize(p->ty), v, p->arg[0], p->arg[1], true);
	if (i->aux != FormM && ty_size(p->ty) >= 4)
		i->flags &= ~MTied;     /* lea when the registers differ */
}

static void fixed_use(Isel *s, MInst *i, ValueId v, u8 r) { use_at(i, reg(s, v), r); }

static void lower_mulhi(Isel *s, ValueId v, bool sign)
{
	Value *p = val(s, v);
	MInst *i = begin(s, XMul, ty_size(p->ty));
	i->aux = sign;
	def(i, v, RegDX);
	i->clobber |= 1u << RegAX;
	fixed_use(s, i, p->arg[0], RegAX);
	use(s, i, p->arg[1]);
}

/* By 2^k: shifts and masks. Signed quotients round towards zero, so negative dividends get 2^k - 1 added first. */
static bool div_power(Isel *s, ValueId v, bool sign, bool rem)
{
	Value *p = val(s, v);
	i64 c;
	u32 size = ty_size(p->ty), w = size * 8;
	if (size < 4 || !is_const(s, p->arg[1], &c) || c < 2 || (c & (c - 1)) || c > 1 << 30)
		return false;
	u32 k = (u32)__builtin_ctzll((u64)c);
	VReg a = reg(s, p->arg[0]);
	if (!sign) {
		alu_ri(s, rem ? XAnd : XShr, size, v, a, rem ? c - 1 : k);
		return true;
	}
	VReg top = mfunc_temp(s->m, TyI64), bias = mfunc_temp(s->m, TyI64), sum = mfunc_temp(s->m, TyI64);
	alu_ri(s, XSar, size, top, a, w - 1);
	alu_ri(s, XShr, size, bias, top, w - k);
	alu_rr(s, XAdd, size, sum, bias, a);
	if (!rem) {
		alu_ri(s, XSar, size, v, sum, k);
		return true;
	}
	VReg whole = mfunc_temp(s->m, TyI64);
	alu_ri(s, XAnd, size, whole, sum, -c);
	alu_rr(s, XSub, size, v, a, whole);
	return true;
}

static void lower_div128(Isel *s, ValueId v, bool rem)
{
	Value *p = val(s, v);
	MInst *i = begin(s, XDiv, 8);
	i->aux = 4;
	def(i, v, rem ? RegDX : RegAX);
	i->clobber = 1u << RegAX | 1u << RegDX;
	fixed_use(s, i, p->arg[0], RegDX);
	fixed_use(s, i, p->arg[1], RegAX);
	use(s, i, p->arg[2]);
}

static void shift_const(Isel *s, XOp op, u32 size, VReg d, VReg a, i64 c)
{
	MInst *i = alu_ri(s, op, size, d, a, c);
	i->flags |= MTied;
}

static void shift_cl(Isel *s, XOp op, u32 size, VReg d, VReg a, VReg count)
{
	MInst *i = begin(s, op, size);
	i->flags = MTied;
	i->aux = FormR;
	def(i, d, RegNone);
	use_at(i, a, RegNone);
	use_at(i, count, RegCX);
}

static void lower_shift(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u32 width = ty_size(p->ty) * 8, size = opsize(p->ty);
	XOp op = p->op == SsaShl ? XShl : p->op == SsaShrU ? XShr : XSar;
	i64 c;
	bool narrow = width < 32 && op != XShl;
	bool known = is_const(s, p->arg[1], &c);
	if (known && (u64)c >= width) {
		if (op != XSar) {
			MInst *i = begin(s, XMovI, 8);
			def(i, v, RegNone);
			return;
		}
		c = width - 1;
	}
	VReg a = narrow ? extend(s, p->arg[0], op == XSar) : reg(s, p->arg[0]);
	if (known) {
		shift_const(s, op, size, v, a, c);
		return;
	}
	VReg n = reg(s, p->arg[1]);
	u32 bits = size * 8;
	if (p->flags & FlagBounded)
		shift_cl(s, op, size, v, a, n);
	else if (op == XSar) {
		VReg max = const_reg(s, TyI64, bits - 1), t = mfunc_temp(s->m, TyI64);
		cmp_ri(s, 8, n, bits);
		cmov(s, 4, t, n, max, CcAE);
		shift_cl(s, op, size, v, a, t);
	} else {
		VReg t = mfunc_temp(s->m, TyI64), mask = mfunc_temp(s->m, TyI64);
		shift_cl(s, op, size, t, a, n);
		cmp_ri(s, 8, n, bits);
		MInst *i = begin(s, XSbbSelf, size);
		def(i, mask, RegNone);
		alu_rr(s, XAnd, size, v, t, mask)->flags |= MSwap;
	}
}

static void lower_rotate(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	i64 c;
	VReg a = reg(s, p->arg[0]);
	if (is_const(s, p->arg[1], &c))
		shift_const(s, XRol, ty_size(p->ty), v, a, c & (ty_size(p->ty) * 8 - 1));
	else
		shift_cl(s, XRol, ty_size(p->ty), v, a, reg(s, p->arg[1]));
}

static void unary(Isel *s, XOp op, u32 size, VReg d, VReg a, bool tied)
{
	MInst *i = begin(s, op, size);
	def(i, d, RegNone);
	i->flags = tied ? MTied : 0;
	use_at(i, a, RegNone);
}

/* ---- division by constants: multiply by a scaled inverse (Warren, Hacker's Delight, chapter 10) ---- */

static VReg shift_right(Isel *s, bool sign, VReg a, u32 n)
{
	if (!n)
		return a;
	VReg t = mfunc_temp(s->m, TyI64);
	shift_const(s, sign ? XSar : XShr, 8, t, a, n);
	return t;
}

static VReg mul_high(Isel *s, bool sign, VReg a, u64 m)
{
	VReg t = mfunc_temp(s->m, TyI64);
	MInst *i = begin(s, XMul, 8);
	i->aux = sign;
	def(i, t, RegDX);
	i->clobber |= 1u << RegAX;
	use_at(i, a, RegAX);
	use_at(i, const_reg(s, TyI64, (i64)m), RegNone);
	return t;
}

static VReg arith(Isel *s, XOp op, VReg a, VReg b)
{
	VReg t = mfunc_temp(s->m, TyI64);
	alu_rr(s, op, 8, t, a, b);
	return t;
}

/* floor(a / d), a an unsigned number of 64 bits, d not a power of two */
static VReg quotient_u64(Isel *s, VReg a, u64 d)
{
	u32 n = 64 - (u32)__builtin_clzll(d), k = (u32)__builtin_ctzll(d);
	unsigned __int128 top = (unsigned __int128)1 << (63 + n), one = 1;
	unsigned __int128 low = top / d, high = (top + (top >> 64)) / d;       /* 2^(63+n) .. 2^(63+n) + 2^(n-1) */
	if (low != high && !(high >> 64))
		return shift_right(s, false, mul_high(s, false, a, (u64)high), n - 1);
	if (k) {                        /* fewer bits are left of an even dividend's half */
		u64 e = d >> k;
		u32 w = 64 - (u32)__builtin_clzll(e);
		VReg half = shift_right(s, false, a, k);
		unsigned __int128 m = ((one << (63 + w)) / e) + 1;             /* error below 2^w: good for 63 bits */
		return shift_right(s, false, mul_high(s, false, half, (u64)m), w - 1);
	}
	/* the multiplier has 65 bits: 2^64 + m */
	u64 m = (u64)(((one << 64) * ((n < 64 ? one << n : one << 64) - d)) / d + 1);
	VReg hi = mul_high(s, false, a, m);
	VReg t = shift_right(s, false, arith(s, XSub, a, hi), 1);
	return shift_right(s, false, arith(s, XAdd, t, hi), n - 1);
}

/* trunc(a / d), 64 bits, d > 2 and no power of two */
static VReg quotient_s64(Isel *s, VReg a, u64 d)
{
	u32 n = 64 - (u32)__builtin_clzll(d);
	u64 m = (u64)((((unsigned __int128)1 << (63 + n)) / d) + 1);   /* above 2^63: negative as a signed factor, hence + a */
	VReg q = arith(s, XAdd, mul_high(s, true, a, m), a);
	q = shift_right(s, true, q, n - 1);
	return arith(s, XSub, q, shift_right(s, true, a, 63));
}

/* The same for 32 bits, in 64-bit registers: a is extended. */
static VReg quotient_32(Isel *s, VReg a, u64 d, bool sign)
{
	if (!sign)
		return mul_high(s, false, a, ~(u64)0 / d + 1);
	u32 n = 64 - (u32)__builtin_clzll(d);
	u64 m = (((u64)1 << (31 + n)) / d) + 1;
	VReg t = arith(s, XImul, a, const_reg(s, TyI64, (i64)m));
	VReg q = shift_right(s, true, t, 31 + n);
	return arith(s, XSub, q, shift_right(s, true, a, 63));
}

static bool div_const(Isel *s, ValueId v, bool sign, bool rem)
{
	Value *p = val(s, v);
	u32 size = ty_size(p->ty);
	i64 c;
	if (!is_const(s, p->arg[1], &c))
		return false;
	u64 d = sign ? (u64)(c < 0 ? -(u64)c : (u64)c) : size == 8 ? (u64)c : (u64)c & (((u64)1 << size * 8) - 1);
	if (d < 3 || !(d & (d - 1)))
		return false;
	VReg a = reg(s, p->arg[0]);
	if (size < 8) {
		a = mfunc_temp(s->m, TyI64);
		MInst *i = begin(s, sign ? XMovsx : XMovzx, size);
		i->aux = 8;
		def(i, a, RegNone);
		use(s, i, p->arg[0]);
	}
	VReg q = size < 8 ? quotient_32(s, a, d, sign) : sign ? quotient_s64(s, a, d) : quotient_u64(s, a, d);
	if (!rem && c < 0 && sign) {
		unary(s, XNeg, opsize(p->ty), v, q, true);
	} else if (!rem) {
		MInst *i = begin(s, XMov, 8);
		def(i, v, RegNone);
		use_at(i, q, RegNone);
	} else {
		VReg t = mfunc_temp(s->m, TyI64);
		if (fits32((i64)d)) {
			MInst *i = begin(s, XImul, 8);
			i->aux = FormI;
			i->imm = (i64)d;
			def(i, t, RegNone);
			use_at(i, q, RegNone);
		} else
			alu_rr(s, XImul, 8, t, q, const_reg(s, TyI64, (i64)d));
		alu_rr(s, XSub, 8, v, a, t);
	}
	return true;
}

static void lower_div(Isel *s, ValueId v, bool sign, bool rem)
{
	Value *p = val(s, v);
	if (div_power(s, v, sign, rem) || div_const(s, v, sign, rem))
		return;
	Ty ty = p->ty;
	i64 c;
	bool narrow = ty_size(ty) < 4;
	bool minus = sign && !narrow && !(is_const(s, p->arg[1], &c) && c != -1);
	VReg a = narrow ? extend(s, p->arg[0], sign) : reg(s, p->arg[0]);
	VReg b = narrow ? extend(s, p->arg[1], sign) : reg(s, p->arg[1]);
	MInst *i = begin(s, XDiv, opsize(ty));
	i->aux = (u16)(sign | minus << 1);
	def(i, v, rem ? RegDX : RegAX);
	i->clobber = 1u << RegAX | 1u << RegDX;
	use_at(i, a, RegAX);
	use_at(i, b, RegNone);
}

/* bsf and bsr leave their target alone for zero and set the zero flag: cmov the answer for it. */
static void lower_ctz(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u32 width = ty_size(p->ty) * 8;
	VReg t = mfunc_temp(s->m, TyI64);
	if (width < 32) {
		VReg a = mfunc_temp(s->m, TyI64);
		alu_ri(s, XOr, 4, a, reg(s, p->arg[0]), 1 << width);
		unary(s, XBsf, 4, v, a, false);
		return;
	}
	VReg none = const_reg(s, TyI64, width);
	unary(s, XBsf, width / 8, t, reg(s, p->arg[0]), false);
	cmov(s, width / 8, v, t, none, CcE);
}

static void lower_clz(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u32 width = ty_size(p->ty) * 8, size = width == 64 ? 8 : 4;
	VReg a = width < 32 ? extend(s, p->arg[0], false) : reg(s, p->arg[0]);
	VReg t = mfunc_temp(s->m, TyI64), u = mfunc_temp(s->m, TyI64), n = mfunc_temp(s->m, TyI64);
	VReg none = const_reg(s, TyI64, -1);
	unary(s, XBsr, size, t, a, false);
	cmov(s, size, u, t, none, CcE);
	unary(s, XNeg, size, n, u, true);       /* width - 1 - index */
	alu_ri(s, XAdd, size, v, n, width - 1);
}

static void lower_popcnt(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	VReg a = ty_size(p->ty) < 4 ? extend(s, p->arg[0], false) : reg(s, p->arg[0]);
	unary(s, XPopcnt, opsize(p->ty), v, a, false);
}

static void lower_bswap(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	if (ty_size(p->ty) == 2)
		shift_const(s, XRol, 2, v, reg(s, p->arg[0]), 8);
	else
		unary(s, XBswap, ty_size(p->ty), v, reg(s, p->arg[0]), true);
}

/* Carry chains: negating the incoming 0 or 1 sets the carry flag to it. */
static void lower_carry(Isel *s, ValueId v, XOp op, bool out)
{
	Value *p = val(s, v);
	u32 size = ty_size(ty_of(s, p->arg[0]));
	VReg t = mfunc_temp(s->m, TyI64), d = out ? mfunc_temp(s->m, TyI64) : v;
	unary(s, XNeg, 1, t, reg(s, p->arg[2]), true);
	alu_rr(s, op, size, d, reg(s, p->arg[0]), reg(s, p->arg[1]));
	if (!out)
		return;
	VReg b = ty_size(p->ty) == 1 ? v : mfunc_temp(s->m, TyI8);
	set_bool(s, b, CcB);
	if (b != v) {
		MInst *i = begin(s, XMovzx, 1);
		def(i, v, RegNone);
		use_at(i, b, RegNone);
	}
}

static void lea_scaled(Isel *s, u32 size, VReg d, VReg base, VReg index, u8 scale)
{
	MInst *i = begin(s, XLea, size);
	def(i, d, RegNone);
	i->mem = MemBase;
	i->scale = scale;
	i->base = (i8)use_at(i, base, RegNone);
	i->index = (i8)use_at(i, index, RegNone);
}

/* By a constant: shifts, and one or two address computations where that is shorter than the three cycles of imul. */
static bool mul_const(Isel *s, ValueId v, ValueId x, i64 c)
{
	u32 size = opsize(val(s, v)->ty);
	u64 u = (u64)c;
	if (c <= 0)
		return false;
	u32 k = (u32)__builtin_ctzll(u);
	if (u >> k == 1) {
		shift_const(s, XShl, size, v, reg(s, x), k);
		return true;
	}
	static const u8 odd[] = {3, 5, 9};
	for (u32 i = 0; i < nelem(odd); i++) {
		if (u >> k == odd[i]) {
			VReg a = reg(s, x), t = k ? mfunc_temp(s->m, TyI64) : v;
			lea_scaled(s, size, t, a, a, odd[i] - 1);
			if (k)
				shift_const(s, XShl, size, v, t, k);
			return true;
		}
		for (u32 j = 0; j < nelem(odd) && !k; j++)
			if (u == (u64)odd[i] * odd[j]) {
				VReg a = reg(s, x), t = mfunc_temp(s->m, TyI64);
				lea_scaled(s, size, t, a, a, odd[i] - 1);
				lea_scaled(s, size, v, t, t, odd[j] - 1);
				return true;
			}
	}
	return false;
}

static void lower_mul(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	i64 c;
	if (is_const(s, p->arg[1], &c) && mul_const(s, v, p->arg[0], c))
		return;
	if (is_const(s, p->arg[1], &c) && fits32(c)) {
		MInst *i = begin(s, XImul, opsize(p->ty));
		i->aux = FormI;
		i->imm = c;
		def(i, v, RegNone);
		use(s, i, p->arg[0]);
	} else
		alu(s, XImul, opsize(p->ty), v, p->arg[0], p->arg[1], true);
}

static void lower_extend(Isel *s, ValueId v, bool sign)
{
	Value *p = val(s, v);
	ValueId a = real(s, p->arg[0]);
	u32 size = ty_size(ty_of(s, a));
	Value *q = val(s, a);
	bool fold = q->op == SsaLoad && s->uses[a] == 1 && q->block == s->bi && s->epoch[a] == s->now && !(q->flags & FlagVolatile);
	MInst *i = begin(s, fold ? (sign ? XLoadS : XLoad) : sign ? XMovsx : XMovzx, size);
	i->aux = (u16)(sign ? opsize(p->ty) : 0);
	def(i, v, RegNone);
	if (fold)
		fold_load(s, i, a);
	else
		use(s, i, a);
}

/* ---- floats ---- */

static void lower_sign_mask(Isel *s, ValueId v, XOp op, u64 mask)
{
	Value *p = val(s, v);
	if (p->ty == TyF32)
		mask >>= 32;
	VReg c = const_reg(s, p->ty, (i64)mask);
	alu_rr(s, op, 4, v, reg(s, p->arg[0]), c);
}

static void lower_copysign(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u64 mask = p->ty == TyF32 ? 0x7fffffff : 0x7fffffffffffffff;
	VReg c = const_reg(s, p->ty, (i64)mask), a = mfunc_temp(s->m, p->ty), b = mfunc_temp(s->m, p->ty);
	alu_rr(s, XFAnd, 4, a, reg(s, p->arg[0]), c);
	alu_rr(s, XFAndN, 4, b, c, reg(s, p->arg[1]));
	alu_rr(s, XFOr, 4, v, a, b);
}

/* min: the second operand wins for NaNs and zeros, so ask both ways and or the bits. max(x, y) = -min(-x, -y). */
static void lower_minmax(Isel *s, ValueId v, bool max)
{
	Value *p = val(s, v);
	Ty ty = p->ty;
	u32 size = ty_size(ty);
	VReg x = reg(s, p->arg[0]), y = reg(s, p->arg[1]), sign = 0;
	if (max) {
		sign = const_reg(s, ty, ty == TyF32 ? 0x80000000 : INT64_MIN);
		VReg nx = mfunc_temp(s->m, ty), ny = mfunc_temp(s->m, ty);
		alu_rr(s, XFXor, 4, nx, x, sign);
		alu_rr(s, XFXor, 4, ny, y, sign);
		x = nx, y = ny;
	}
	VReg a = mfunc_temp(s->m, ty), b = mfunc_temp(s->m, ty), r = max ? mfunc_temp(s->m, ty) : v;
	alu_rr(s, XFMin, size, a, x, y);
	alu_rr(s, XFMin, size, b, a, x);
	alu_rr(s, XFOr, 4, r, b, a);
	if (max)
		alu_rr(s, XFXor, 4, v, r, sign);
}

static void lower_convert(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	Ty from = ty_of(s, p->arg[0]);
	static const XOp op[] = {XIToF, XUToF, XFToI, XFToU, XFToF};
	MInst *i = begin(s, op[p->op - SsaIToF], p->op <= SsaUToF ? ty_size(p->ty) : ty_size(from));
	i->aux = (u16)(p->op <= SsaUToF ? ty_size(from) : ty_size(p->ty));
	if (p->op == SsaUToF) {
		i->o[0] = (MOpnd){.v = v, .fix = RegNone, .early = true};
		i->ndef = 1;
		temp(s, i, TyI64);
	} else if (p->op == SsaFToU) {
		i->o[0] = (MOpnd){.v = v, .fix = RegNone, .early = true};
		i->ndef = 1;
		temp(s, i, TyF64);
	} else
		def(i, v, RegNone);
	use(s, i, p->arg[0]);
}

/* ---- memory ---- */

static void lower_load(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	MInst *i = begin(s, ty_is_float(p->ty) ? XFLoad : XLoad, ty_size(p->ty));
	def(i, v, RegNone);
	set_addr(s, i, address_far(s, p->arg[0], p->aux));
}

static void store(Isel *s, Addr a, ValueId v)
{
	i64 c;
	Ty ty = ty_of(s, v);
	if (!ty_is_float(ty) && is_const(s, v, &c) && fits32(c)) {
		MInst *i = begin(s, XStoreI, ty_size(ty));
		i->imm = c;
		set_addr(s, i, a);
		return;
	}
	MInst *i = begin(s, ty_is_float(ty) ? XFStore : XStore, ty_size(ty));
	use(s, i, v);
	set_addr(s, i, a);
}

static bool on_stack(Addr a) { return a.mem == MemSlot || a.mem == MemArg || a.mem == MemOut; }

static void lower_store(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	Addr a = address_far(s, p->arg[0], p->aux);
	if (!(p->flags & FlagWB) || on_stack(a)) {
		store(s, a, p->arg[1]);
		return;
	}
	i64 c;
	MInst *i = begin(s, XStoreWB, 8);
	i->clobber = 1u << RegR11;
	if (is_const(s, p->arg[1], &c) && c == 0)
		i->aux = FormI;
	else
		use(s, i, p->arg[1]);
	set_addr(s, i, a);
}

static MInst *call(Isel *s, XOp op, Sym *callee, u32 outsize)
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
	set_addr(s, i, a);
	return t;
}

static VReg sym_addr(Isel *s, Sym *y)
{
	VReg t = mfunc_temp(s->m, TyI64);
	set_remat(s, t, (MInst){.op = XLea, .size = 8, .mem = MemSym, .sym = y});
	return t;
}

enum { InlineZero = 192, InlineCopy = 128 };

static void lower_zero(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	Addr a = address_far(s, p->arg[0], p->aux);
	if (!p->aux2)
		return;
	if ((p->flags & FlagWB) && !on_stack(a)) {
		VReg at = lea(s, a), type = sym_addr(s, p->callee);
		MInst *i = call(s, XCall, sym_get(s->f->prog, "runtime.typedmemclr"), 16);
		use_at(i, type, RegAX);
		use_at(i, at, RegBX);
	} else if (p->aux2 <= InlineZero) {
		MInst *i = begin(s, XZero, 8);
		i->imm = p->aux2;
		set_addr(s, i, a);
	} else {
		VReg at = lea(s, a);
		MInst *i = begin(s, XRepStos, 8);
		i->imm = p->aux2;
		i->clobber = 1u << RegDI | 1u << RegCX | 1u << RegAX;
		use_at(i, at, RegDI);
	}
}

/* Copies n bytes between addresses; the target may be the outgoing area. */
static void copy(Isel *s, Addr to, Addr from, i64 n)
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
		use_at(i, d ? d : reg(s, to.base), RegNone);
	set_addr(s, i, from);
}

static void lower_move(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	Addr to = address_far(s, p->arg[0], p->aux), from = address_far(s, p->arg[1], 0);
	if (!p->aux2)
		return;
	if (!(p->flags & FlagWB) || on_stack(to)) {
		copy(s, to, from, p->aux2);
		return;
	}
	VReg d = lea(s, to), f = lea(s, from), type = sym_addr(s, p->callee);
	MInst *i = call(s, XCall, sym_get(s->f->prog, "runtime.typedmemmove"), 24);
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

static void lower_nilcheck(Isel *s, ValueId v, u32 at)
{
	ValueId a = real(s, val(s, v)->arg[0]);
	SsaOp op = val(s, a)->op;
	if (op == SsaLocalAddr || op == SsaAddr || op == SsaArgAddr || check_implied(s, a, at))
		return;
	MInst *i = begin(s, XNilCheck, 1);
	use(s, i, a);
}

static void lower_bounds(Isel *s, ValueId v)
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

static void lower_atomic(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u32 size = ty_size(p->nargs > 1 ? ty_of(s, p->arg[1]) : p->ty);
	if (p->op == SsaAtomicLoad) {
		lower_load(s, v);
		return;
	}
	Addr a = address_far(s, p->arg[0], p->aux);
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
		set_addr(s, i, a);
		return;
	case SsaAtomicAdd:
		t = mfunc_temp(s->m, TyI64);
		i = begin(s, XXadd, size);
		i->flags = MTied;
		def(i, t, RegNone);
		use(s, i, p->arg[1]);
		set_addr(s, i, a);
		alu_rr(s, XAdd, opsize(p->ty), v, t, reg(s, p->arg[1]));
		return;
	case SsaAtomicCas:
		i = begin(s, XCmpxchg, size);
		i->clobber = 1u << RegAX;
		use_at(i, reg(s, p->arg[1]), RegAX);
		use(s, i, p->arg[2]);
		set_addr(s, i, a);
		set_bool(s, v, CcE);
		return;
	default:
		i = begin(s, s->want[v] ? (and ? XLoopAnd : XLoopOr) : and ? XLockAnd : XLockOr, size);
		if (s->want[v])
			def(i, v, RegAX);
		use(s, i, p->arg[1]);
		set_addr(s, i, a);
	}
}

/* ---- calls ---- */

static u8 part_reg(const SigPart *p)
{
	return ty_is_float(p->ty) ? amd64_floatarg[p->reg] : amd64_intarg[p->reg];
}

static void lower_call(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	Sig *sig = p->sig;
	ValueId *arg = value_args(s->f, v);
	u32 first = p->op != SsaCall;
	if (p->nargs != first + sig->nin)
		bug("%s: call v%u has %u arguments for %u components", s->f->sym->name, v, p->nargs - first, sig->nin);
	for (u32 k = 0; k < sig->nin; k++) {
		SigPart *part = &sig->in[k];
		Addr out = {.mem = MemOut, .disp = part->off};
		if (part->reg >= 0)
			continue;
		if (part->ty != TyVoid)
			store(s, out, arg[first + k]);
		else if (part->size)
			copy(s, out, address(s, arg[first + k], 0), part->size);
	}
	static const XOp op[] = {XCall, XCallM, XCallR};
	MInst *i = call(s, op[p->op - SsaCall], p->callee, sig->argsize + sig->spillsize);
	i->o = arena_array(s->m->ar, MOpnd, sig->nin + sig->nout + 2);
	if (p->flags & FlagNoreturn)
		i->flags |= MNoreturn;
	i->imm = (p->flags & FlagAbi0) != 0;     /* restore g and zero */
	for (u32 k = 0; k < s->results.n; k++)
		def(i, s->results.a[k], part_reg(&sig->out[val(s, s->results.a[k])->aux]));
	s->results.n = 0;
	if (p->op == SsaCallClosure) {
		i->mem = MemBase;
		i->base = (i8)use_at(i, reg(s, arg[0]), RegDX);
	} else if (p->op == SsaCallCode)
		use(s, i, arg[0]);
	for (u32 k = 0; k < sig->nin; k++)
		if (sig->in[k].reg >= 0)
			use_at(i, reg(s, arg[first + k]), part_reg(&sig->in[k]));
}

static void load_area(Isel *s, ValueId v, MemKind mem, u32 off)
{
	Ty ty = ty_of(s, v);
	MInst *i = begin(s, ty_is_float(ty) ? XFLoad : XLoad, ty_size(ty));
	def(i, v, RegNone);
	set_addr(s, i, (Addr){.mem = mem, .disp = off});
}

static void lower_result(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	SigPart *part = &val(s, p->arg[0])->sig->out[p->aux];
	if (part->reg >= 0)
		vec_push(s->m->ar, &s->results, v);
	else
		load_area(s, v, MemOut, part->off);
}

static void lower_param(Isel *s, ValueId v)
{
	SigPart *part = &s->f->sig->in[val(s, v)->aux];
	if (part->reg < 0)              /* the others are defined by XEntry */
		load_area(s, v, MemArg, part->off);
}

/* Defines parameters in registers and the context: first instruction of the function. */
static void lower_entry(Isel *s)
{
	MInst *e = begin(s, XEntry, 8);
	e->o = arena_array(s->m->ar, MOpnd, MaxRegs);
	for (ValueId v = 1; v < s->f->v.n; v++) {
		Value *p = val(s, v);
		if (!s->want[v] || (p->op != SsaParam && p->op != SsaClosure))
			continue;
		SigPart *part = p->op == SsaParam ? &s->f->sig->in[p->aux] : NULL;
		if (part && part->reg < 0)
			continue;
		u8 r = part ? part_reg(part) : RegDX;
		if (e->clobber >> r & 1)
			bug("%s: parameter v%u is defined twice", s->f->sym->name, v);
		def(e, v, r);
	}
}

/* ---- one value ---- */

static void lower_value(Isel *s, ValueId v, u32 at)
{
	Value *p = val(s, v);
	ValueId *a = p->arg;
	Ty ty = p->ty;
	u32 size = opsize(ty);
	MInst *i;
	switch (p->op) {
	case SsaConst: case SsaAddr: case SsaLocalAddr: case SsaGetG: case SsaPhi: case SsaClosure:
		break;
	case SsaParam: lower_param(s, v); break;
	case SsaCopy: case SsaBitcast: case SsaTrunc: mov(s, v, a[0], ty); break;
	case SsaCallerPC: case SsaCallerSP:
		i = begin(s, p->op == SsaCallerPC ? XCallerPC : XCallerSP, 8);
		def(i, v, RegNone);
		break;
	case SsaAdd: lower_add(s, v); break;
	case SsaSub: alu(s, XSub, size, v, a[0], a[1], false); break;
	case SsaAnd: alu(s, XAnd, size, v, a[0], a[1], true); break;
	case SsaOr: alu(s, XOr, size, v, a[0], a[1], true); break;
	case SsaXor: alu(s, XXor, size, v, a[0], a[1], true); break;
	case SsaMul: lower_mul(s, v); break;
	case SsaMulHiS: case SsaMulHiU: lower_mulhi(s, v, p->op == SsaMulHiS); break;
	case SsaDivS: lower_div(s, v, true, false); break;
	case SsaDivU: lower_div(s, v, false, false); break;
	case SsaRemS: lower_div(s, v, true, true); break;
	case SsaRemU: lower_div(s, v, false, true); break;
	case SsaDiv128: case SsaRem128: lower_div128(s, v, p->op == SsaRem128); break;
	case SsaNeg: unary(s, XNeg, size, v, reg(s, a[0]), true); break;
	case SsaNot: unary(s, XNot, size, v, reg(s, a[0]), true); break;
	case SsaBoolNot: alu_ri(s, XXor, 4, v, reg(s, a[0]), 1); break;
	case SsaShl: case SsaShrS: case SsaShrU: lower_shift(s, v); break;
	case SsaRotL: lower_rotate(s, v); break;
	case SsaClz: lower_clz(s, v); break;
	case SsaCtz: lower_ctz(s, v); break;
	case SsaPopcnt: lower_popcnt(s, v); break;
	case SsaBswap: lower_bswap(s, v); break;
	case SsaAddC: case SsaAddCOut: lower_carry(s, v, XAdc, p->op == SsaAddCOut); break;
	case SsaSubB: case SsaSubBOut: lower_carry(s, v, XSbb, p->op == SsaSubBOut); break;
	case SsaEq: case SsaNe: case SsaLtS: case SsaLeS: case SsaLtU: case SsaLeU:
	case SsaFEq: case SsaFNe: case SsaFLt: case SsaFLe: lower_compare(s, v); break;
	case SsaSelect: lower_select(s, v); break;
	case SsaSignExt: lower_extend(s, v, true); break;
	case SsaZeroExt: lower_extend(s, v, false); break;
	case SsaFAdd: alu(s, XFAdd, ty_size(ty), v, a[0], a[1], true); break;
	case SsaFSub: alu(s, XFSub, ty_size(ty), v, a[0], a[1], false); break;
	case SsaFMul: alu(s, XFMul, ty_size(ty), v, a[0], a[1], true); break;
	case SsaFDiv: alu(s, XFDiv, ty_size(ty), v, a[0], a[1], false); break;
	case SsaFNeg: lower_sign_mask(s, v, XFXor, 1ull << 63); break;
	case SsaFAbs: lower_sign_mask(s, v, XFAnd, ty == TyF32 ? 0x7fffffffull << 32 : ~(1ull << 63)); break;
	case SsaFCopysign: lower_copysign(s, v); break;
	case SsaFSqrt: unary(s, XFSqrt, ty_size(ty), v, reg(s, a[0]), false); break;
	case SsaFRound: {
		static const u8 mode[] = {0, 1, 2, 3};
		unary(s, XFRound, ty_size(ty), v, reg(s, a[0]), false);
		vec_last(&s->group).imm = 8 | mode[p->aux & 3];
		break;
	}
	case SsaFMA:
		i = begin(s, XFma, ty_size(ty));
		i->flags = MTied;
		def(i, v, RegNone);
		use(s, i, a[2]);
		use(s, i, a[0]);
		use(s, i, a[1]);
		break;
	case SsaFMin: case SsaFMax: lower_minmax(s, v, p->op == SsaFMax); break;
	case SsaIToF: case SsaUToF: case SsaFToI: case SsaFToU: case SsaFToF: lower_convert(s, v); break;
	case SsaLoad: lower_load(s, v); break;
	case SsaStore: lower_store(s, v); break;
	case SsaZero: lower_zero(s, v); break;
	case SsaMove: lower_move(s, v); break;
	case SsaNilCheck: lower_nilcheck(s, v, at); break;
	case SsaBounds: lower_bounds(s, v); break;
	case SsaAtomicLoad: case SsaAtomicStore: case SsaAtomicXchg: case SsaAtomicAdd: case SsaAtomicCas:
	case SsaAtomicAnd: case SsaAtomicOr: lower_atomic(s, v); break;
	case SsaPrefetch:
		i = begin(s, XPrefetch, 8);
		set_addr(s, i, address(s, a[0], 0));
		break;
	case SsaPause: begin(s, XPause, 8); break;
	case SsaKeepAlive:
		i = begin(s, XNop, 8);
		use(s, i, a[0]);
		break;
	case SsaVarDef:
		i = begin(s, XVarDef, 8);
		i->slot = (u32)p->aux;
		break;
	case SsaCall: case SsaCallClosure: case SsaCallCode: lower_call(s, v); break;
	case SsaResult: lower_result(s, v); break;
	case SsaResultAddr:
		i = begin(s, XLea, 8);
		def(i, v, RegNone);
		set_addr(s, i, (Addr){.mem = MemOut, .disp = val(s, a[0])->sig->out[p->aux].off});
		break;
	case SsaArgAddr:
		i = begin(s, XLea, 8);
		def(i, v, RegNone);
		set_addr(s, i, (Addr){.mem = MemArg, .disp = argarea(s->f, p->aux)});
		break;
	default:
		bug("%s: v%u: %s reached instruction selection", s->f->sym->name, v, ssa_op_info[p->op].name);
	}
}

/* ---- blocks ---- */

/* A load that may fault is a nil check too: it stays, also when nobody wants what it loads. */
static bool is_root(const Value *p)
{
	u8 fl = ssa_op_info[p->op].flags;
	return (fl & (SsaEffect | SsaStoreFlag | SsaCallFlag)) || (p->op == SsaLoad && ((p->flags & FlagVolatile) || !(p->flags & FlagNonNil)));
}

static void mark(Isel *s, VecId *work, ValueId v)
{
	if (s->uses[v]++ == 0 && !is_root(val(s, v)))
		vec_push(s->m->ar, work, v);
}

/* Counts the live users of every value, and the effects before it in its block. */
static void count_uses(Isel *s)
{
	MFunc *m = s->m;
	VecId work = {0};
	for (u32 i = 0; i < m->order.n; i++) {
		if (m->order.a[i] >= s->f->b.n)
			continue;
		Block *b = &s->f->b.a[m->order.a[i]];
		u32 n = 0;
		for (u32 k = 0; k < b->v.n; k++) {
			Value *p = val(s, b->v.a[k]);
			s->epoch[b->v.a[k]] = n;
			n += (ssa_op_info[p->op].flags & (SsaEffect | SsaStoreFlag | SsaCallFlag)) != 0;
			if (is_root(p)) {
				ValueId *a = value_args(s->f, b->v.a[k]);
				for (u32 j = 0; j < p->nargs; j++)
					mark(s, &work, a[j]);
			}
		}
		if (b->term == TermIf || b->term == TermSwitch)
			mark(s, &work, b->ctl);
		for (u32 k = 0; b->term == TermRet && k < b->ret.n; k++)
			mark(s, &work, b->ret.a[k]);
	}
	while (work.n) {
		ValueId v = vec_pop(&work), *a = value_args(s->f, v);
		for (u32 j = 0; j < val(s, v)->nargs; j++)
			mark(s, &work, a[j]);
	}
	for (ValueId v = 1; v < s->f->v.n; v++)      /* users of a check use what was checked */
		if (real(s, v) != v)
			s->uses[real(s, v)] += s->uses[v];
}

static void fill_phis(Isel *s)
{
	for (u32 i = 0; i < s->m->order.n; i++) {
		u32 bi = s->m->order.a[i];
		if (bi >= s->f->b.n)
			continue;
		Block *b = &s->f->b.a[bi];
		MBlock *mb = &s->m->b.a[bi];
		for (u32 k = 0; k < b->v.n && val(s, b->v.a[k])->op == SsaPhi; k++) {
			ValueId v = b->v.a[k];
			if (!s->uses[v])
				continue;
			MPhi h = {.v = v, .reg = RegNone, .arg = arena_array(s->m->ar, VReg, mb->pred.n)};
			for (u32 j = 0; j < mb->pred.n; j++)
				h.arg[j] = reg(s, value_args(s->f, v)[mb->predindex.a[j]]);
			vec_push(s->m->ar, &mb->phi, h);
		}
	}
}

static void lower_tailcall(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	ValueId *arg = value_args(s->f, v);
	MInst *i = begin(s, XTailCall, 8);
	i->o = arena_array(s->m->ar, MOpnd, p->nargs + 1);
	u32 first = p->op != SsaCall;
	i->sym = p->callee;
	i->aux = p->op - SsaCall;       /* 1: through the closure, 2: code address */
	if (first)
		use_at(i, reg(s, arg[0]), p->op == SsaCallClosure ? RegDX : RegR12);
	for (u32 k = 0; k < p->sig->nin; k++) {
		if (p->sig->in[k].reg < 0)
			bug("%s: tail call with arguments on the stack", s->f->sym->name);
		use_at(i, reg(s, arg[first + k]), part_reg(&p->sig->in[k]));
	}
}

static void lower_return(Isel *s, Block *b)
{
	MInst *i = begin(s, XRet, 8);
	Sig *sig = s->f->sig;
	i->o = arena_array(s->m->ar, MOpnd, b->ret.n + 1);
	u32 k = 0;
	for (u32 j = 0; sig && j < sig->nout; j++)
		if (sig->out[j].reg >= 0) {
			if (k == b->ret.n)
				bug("%s: too few results returned", s->f->sym->name);
			use_at(i, reg(s, b->ret.a[k++]), part_reg(&sig->out[j]));
		}
	s->m->b.a[s->bi].isret = true;
}

static void lower_term(Isel *s, Block *b)
{
	MInst *i;
	switch (b->term) {
	case TermJump: begin(s, XJmp, 8); break;
	case TermIf: {
		u8 cc = condition(s, b->ctl);
		begin(s, XJcc, 8)->cc = cc;
		break;
	}
	case TermSwitch:
		if (b->succ.n == 1) {
			begin(s, XJmp, 8);
			break;
		}
		i = begin(s, XSwitch, 8);
		temp(s, i, TyI64);
		use(s, i, b->ctl);
		break;
	case TermRet: lower_return(s, b); break;
	case TermExit: begin(s, XExit, 8); break;
	case TermTailCall: lower_tailcall(s, vec_last(&b->v)); break;
	default: bug("%s: block b%u without terminator", s->f->sym->name, s->bi);
	}
}

static void kill_if_whole(Isel *s, MInst *i, u32 slot, i64 disp, i64 n)
{
	if (disp == 0 && n >= s->f->slot.a[slot].size)
		i->slotkill = slot + 1;
}

/* What an instruction does to frame slots, for the stack maps. */
static void slot_effect(Isel *s, MInst *i)
{
	if (i->op == XVarDef)
		i->slotkill = i->slot + 1;
	if (i->op == XCopy && i->aux == MemSlot)
		kill_if_whole(s, i, i->copy_slot, i->copy_disp, i->imm);
	if (i->mem != MemSlot)
		return;
	i->slotaddr = i->op == XLea;
	i->slotwrite = i->op == XStore || i->op == XStoreI || i->op == XFStore || i->op == XZero;
	if (i->slotwrite && i->index < 0)
		kill_if_whole(s, i, i->slot, i->disp, i->op == XZero ? i->imm : i->size);
}

/* Moves the current group, last instruction first, behind the instructions gathered so far (which run backwards). */
static void flush(Isel *s, MBlock *mb)
{
	while (s->group.n) {
		slot_effect(s, &vec_last(&s->group));
		vec_push(s->m->ar, &mb->in, vec_pop(&s->group));
	}
}

static void lower_block(Isel *s, u32 bi)
{
	Block *b = &s->f->b.a[bi];
	MBlock *mb = &s->m->b.a[bi];
	s->bi = bi;
	s->pos = b->pos;
	s->inl = b->inl;
	s->now = UINT32_MAX;
	for (u32 k = b->v.n; k-- > 0 && s->now == UINT32_MAX;)     /* epoch at the end of the block */
		s->now = s->epoch[b->v.a[k]] + ((ssa_op_info[val(s, b->v.a[k])->op].flags & (SsaEffect | SsaStoreFlag | SsaCallFlag)) != 0);
	lower_term(s, b);
	mb->term = vec_pop(&s->group);
	flush(s, mb);
	for (u32 k = b->v.n - (b->term == TermTailCall); k-- > 0;) {
		ValueId v = b->v.a[k];
		Value *p = val(s, v);
		if (!s->want[v] && (!is_root(p) || (p->op == SsaLoad && s->uses[v])))
			continue;               /* dead, or folded into its user */
		s->pos = p->pos;
		s->inl = p->inl;
		s->now = s->epoch[v];
		lower_value(s, v, k);
		flush(s, mb);
	}
	if (bi == 1) {
		s->pos = s->f->pos;
		s->inl = 0;
		lower_entry(s);
		flush(s, mb);
	}
	for (u32 i = 0, j = mb->in.n; i + 1 < j; i++) {
		MInst t = mb->in.a[i];
		mb->in.a[i] = mb->in.a[--j];
		mb->in.a[j] = t;
	}
}

/* needs: MFunc.b with edges and order. leaves: MBlock.in, phi, term over VRegs. */
void amd64_lower(MFunc *m)
{
	u32 n = m->f->v.n;
	Isel s = {
		.m = m, .f = m->f,
		.uses = arena_array(m->ar, u32, n), .want = arena_array(m->ar, bool, n), .epoch = arena_array(m->ar, u32, n),
	};
	count_uses(&s);
	fill_phis(&s);
	for (u32 i = m->order.n; i-- > 0;) {
		u32 bi = m->order.a[i];
		if (bi < m->f->b.n) {
			lower_block(&s, bi);
			continue;
		}
		s.pos = 0;
		begin(&s, XJmp, 8);             /* a split edge */
		m->b.a[bi].term = vec_pop(&s.group);
	}
}
