/* Arithmetic: integers, division by constants, bits, extension and conversion, floats. */
#include "isel.h"

/* ---- integer arithmetic ---- */

void lower_add(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	ValueId x;
	u8 scale;
	if (ty_size(p->ty) == 8 && isel_scaled(s, p->arg[1], &x, &scale)) {
		Addr a = isel_address(s, v, 0);
		if (a.mem == MemBase && a.base && a.base != v) {
			MInst *i = begin(s, XLea, 8);
			def(i, v, RegNone);
			isel_set_addr(s, i, a);
			return;
		}
	}
	MInst *i = isel_alu(s, XAdd, opsize(p->ty), v, p->arg[0], p->arg[1], true);
	if (i->aux != FormM && ty_size(p->ty) >= 4)
		i->flags &= ~MTied;     /* lea when the registers differ */
}

static void fixed_use(Isel *s, MInst *i, ValueId v, u8 r) { use_at(i, isel_reg(s, v), r); }

void lower_mulhi(Isel *s, ValueId v, bool sign)
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
	VReg a = isel_reg(s, p->arg[0]);
	if (!sign) {
		isel_alu_ri(s, rem ? XAnd : XShr, size, v, a, rem ? c - 1 : k);
		return true;
	}
	VReg top = mfunc_temp(s->m, TyI64), bias = mfunc_temp(s->m, TyI64), sum = mfunc_temp(s->m, TyI64);
	isel_alu_ri(s, XSar, size, top, a, w - 1);
	isel_alu_ri(s, XShr, size, bias, top, w - k);
	isel_alu_rr(s, XAdd, size, sum, bias, a);
	if (!rem) {
		isel_alu_ri(s, XSar, size, v, sum, k);
		return true;
	}
	VReg whole = mfunc_temp(s->m, TyI64);
	isel_alu_ri(s, XAnd, size, whole, sum, -c);
	isel_alu_rr(s, XSub, size, v, a, whole);
	return true;
}

void lower_div128(Isel *s, ValueId v, bool rem)
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
	MInst *i = isel_alu_ri(s, op, size, d, a, c);
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

void lower_shift(Isel *s, ValueId v)
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
	VReg a = narrow ? isel_extend(s, p->arg[0], op == XSar) : isel_reg(s, p->arg[0]);
	if (known) {
		shift_const(s, op, size, v, a, c);
		return;
	}
	VReg n = isel_reg(s, p->arg[1]);
	u32 bits = size * 8;
	if (p->flags & FlagBounded)
		shift_cl(s, op, size, v, a, n);
	else if (op == XSar) {
		VReg max = isel_const_reg(s, TyI64, bits - 1), t = mfunc_temp(s->m, TyI64);
		isel_cmp_ri(s, 8, n, bits);
		isel_cmov(s, 4, t, n, max, CcAE);
		shift_cl(s, op, size, v, a, t);
	} else {
		VReg t = mfunc_temp(s->m, TyI64), mask = mfunc_temp(s->m, TyI64);
		shift_cl(s, op, size, t, a, n);
		isel_cmp_ri(s, 8, n, bits);
		MInst *i = begin(s, XSbbSelf, size);
		def(i, mask, RegNone);
		isel_alu_rr(s, XAnd, size, v, t, mask)->flags |= MSwap;
	}
}

void lower_rotate(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	i64 c;
	VReg a = isel_reg(s, p->arg[0]);
	if (is_const(s, p->arg[1], &c))
		shift_const(s, XRol, ty_size(p->ty), v, a, c & (ty_size(p->ty) * 8 - 1));
	else
		shift_cl(s, XRol, ty_size(p->ty), v, a, isel_reg(s, p->arg[1]));
}

void isel_unary(Isel *s, XOp op, u32 size, VReg d, VReg a, bool tied)
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
	use_at(i, isel_const_reg(s, TyI64, (i64)m), RegNone);
	return t;
}

static VReg arith(Isel *s, XOp op, VReg a, VReg b)
{
	VReg t = mfunc_temp(s->m, TyI64);
	isel_alu_rr(s, op, 8, t, a, b);
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
	VReg t = arith(s, XImul, a, isel_const_reg(s, TyI64, (i64)m));
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
	VReg a = isel_reg(s, p->arg[0]);
	if (size < 8) {
		a = mfunc_temp(s->m, TyI64);
		MInst *i = begin(s, sign ? XMovsx : XMovzx, size);
		i->aux = 8;
		def(i, a, RegNone);
		use(s, i, p->arg[0]);
	}
	VReg q = size < 8 ? quotient_32(s, a, d, sign) : sign ? quotient_s64(s, a, d) : quotient_u64(s, a, d);
	if (!rem && c < 0 && sign) {
		isel_unary(s, XNeg, opsize(p->ty), v, q, true);
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
			isel_alu_rr(s, XImul, 8, t, q, isel_const_reg(s, TyI64, (i64)d));
		isel_alu_rr(s, XSub, 8, v, a, t);
	}
	return true;
}

void lower_div(Isel *s, ValueId v, bool sign, bool rem)
{
	Value *p = val(s, v);
	if (div_power(s, v, sign, rem) || div_const(s, v, sign, rem))
		return;
	Ty ty = p->ty;
	i64 c;
	bool narrow = ty_size(ty) < 4;
	bool minus = sign && !narrow && !(is_const(s, p->arg[1], &c) && c != -1);
	VReg a = narrow ? isel_extend(s, p->arg[0], sign) : isel_reg(s, p->arg[0]);
	VReg b = narrow ? isel_extend(s, p->arg[1], sign) : isel_reg(s, p->arg[1]);
	MInst *i = begin(s, XDiv, opsize(ty));
	i->aux = (u16)(sign | minus << 1);
	def(i, v, rem ? RegDX : RegAX);
	i->clobber = 1u << RegAX | 1u << RegDX;
	use_at(i, a, RegAX);
	use_at(i, b, RegNone);
}

/* bsf and bsr leave their target alone for zero and set the zero flag: cmov the answer for it. */
void lower_ctz(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u32 width = ty_size(p->ty) * 8;
	VReg t = mfunc_temp(s->m, TyI64);
	if (width < 32) {
		VReg a = mfunc_temp(s->m, TyI64);
		isel_alu_ri(s, XOr, 4, a, isel_reg(s, p->arg[0]), 1 << width);
		isel_unary(s, XBsf, 4, v, a, false);
		return;
	}
	VReg none = isel_const_reg(s, TyI64, width);
	isel_unary(s, XBsf, width / 8, t, isel_reg(s, p->arg[0]), false);
	isel_cmov(s, width / 8, v, t, none, CcE);
}

void lower_clz(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u32 width = ty_size(p->ty) * 8, size = width == 64 ? 8 : 4;
	VReg a = width < 32 ? isel_extend(s, p->arg[0], false) : isel_reg(s, p->arg[0]);
	VReg t = mfunc_temp(s->m, TyI64), u = mfunc_temp(s->m, TyI64), n = mfunc_temp(s->m, TyI64);
	VReg none = isel_const_reg(s, TyI64, -1);
	isel_unary(s, XBsr, size, t, a, false);
	isel_cmov(s, size, u, t, none, CcE);
	isel_unary(s, XNeg, size, n, u, true);       /* width - 1 - index */
	isel_alu_ri(s, XAdd, size, v, n, width - 1);
}

void lower_popcnt(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	VReg a = ty_size(p->ty) < 4 ? isel_extend(s, p->arg[0], false) : isel_reg(s, p->arg[0]);
	isel_unary(s, XPopcnt, opsize(p->ty), v, a, false);
}

void lower_bswap(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	if (ty_size(p->ty) == 2)
		shift_const(s, XRol, 2, v, isel_reg(s, p->arg[0]), 8);
	else
		isel_unary(s, XBswap, ty_size(p->ty), v, isel_reg(s, p->arg[0]), true);
}

/* Carry chains: negating the incoming 0 or 1 sets the carry flag to it. */
void lower_carry(Isel *s, ValueId v, XOp op, bool out)
{
	Value *p = val(s, v);
	u32 size = ty_size(ty_of(s, p->arg[0]));
	VReg t = mfunc_temp(s->m, TyI64), d = out ? mfunc_temp(s->m, TyI64) : v;
	isel_unary(s, XNeg, 1, t, isel_reg(s, p->arg[2]), true);
	isel_alu_rr(s, op, size, d, isel_reg(s, p->arg[0]), isel_reg(s, p->arg[1]));
	if (!out)
		return;
	VReg b = ty_size(p->ty) == 1 ? v : mfunc_temp(s->m, TyI8);
	isel_set_bool(s, b, CcB);
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
		shift_const(s, XShl, size, v, isel_reg(s, x), k);
		return true;
	}
	static const u8 odd[] = {3, 5, 9};
	for (u32 i = 0; i < nelem(odd); i++) {
		if (u >> k == odd[i]) {
			VReg a = isel_reg(s, x), t = k ? mfunc_temp(s->m, TyI64) : v;
			lea_scaled(s, size, t, a, a, odd[i] - 1);
			if (k)
				shift_const(s, XShl, size, v, t, k);
			return true;
		}
		for (u32 j = 0; j < nelem(odd) && !k; j++)
			if (u == (u64)odd[i] * odd[j]) {
				VReg a = isel_reg(s, x), t = mfunc_temp(s->m, TyI64);
				lea_scaled(s, size, t, a, a, odd[i] - 1);
				lea_scaled(s, size, v, t, t, odd[j] - 1);
				return true;
			}
	}
	return false;
}

void lower_mul(Isel *s, ValueId v)
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
		isel_alu(s, XImul, opsize(p->ty), v, p->arg[0], p->arg[1], true);
}

void lower_extend(Isel *s, ValueId v, bool sign)
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
		isel_fold_load(s, i, a);
	else
		use(s, i, a);
}

/* ---- floats ---- */

void lower_sign_mask(Isel *s, ValueId v, XOp op, u64 mask)
{
	Value *p = val(s, v);
	if (p->ty == TyF32)
		mask >>= 32;
	VReg c = isel_const_reg(s, p->ty, (i64)mask);
	isel_alu_rr(s, op, 4, v, isel_reg(s, p->arg[0]), c);
}

void lower_copysign(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u64 mask = p->ty == TyF32 ? 0x7fffffff : 0x7fffffffffffffff;
	VReg c = isel_const_reg(s, p->ty, (i64)mask), a = mfunc_temp(s->m, p->ty), b = mfunc_temp(s->m, p->ty);
	isel_alu_rr(s, XFAnd, 4, a, isel_reg(s, p->arg[0]), c);
	isel_alu_rr(s, XFAndN, 4, b, c, isel_reg(s, p->arg[1]));
	isel_alu_rr(s, XFOr, 4, v, a, b);
}

/* min: the second operand wins for NaNs and zeros, so ask both ways and or the bits. max(x, y) = -min(-x, -y). */
void lower_minmax(Isel *s, ValueId v, bool max)
{
	Value *p = val(s, v);
	Ty ty = p->ty;
	u32 size = ty_size(ty);
	VReg x = isel_reg(s, p->arg[0]), y = isel_reg(s, p->arg[1]), sign = 0;
	if (max) {
		sign = isel_const_reg(s, ty, ty == TyF32 ? 0x80000000 : INT64_MIN);
		VReg nx = mfunc_temp(s->m, ty), ny = mfunc_temp(s->m, ty);
		isel_alu_rr(s, XFXor, 4, nx, x, sign);
		isel_alu_rr(s, XFXor, 4, ny, y, sign);
		x = nx, y = ny;
	}
	VReg a = mfunc_temp(s->m, ty), b = mfunc_temp(s->m, ty), r = max ? mfunc_temp(s->m, ty) : v;
	isel_alu_rr(s, XFMin, size, a, x, y);
	isel_alu_rr(s, XFMin, size, b, a, x);
	isel_alu_rr(s, XFOr, 4, r, b, a);
	if (max)
		isel_alu_rr(s, XFXor, 4, v, r, sign);
}

void lower_convert(Isel *s, ValueId v)
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
