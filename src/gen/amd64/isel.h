/* Instruction selection: what its files share. A context, short names for what every rule is made of, and the rules. */
#ifndef SEAGO_GEN_AMD64_ISEL_H
#define SEAGO_GEN_AMD64_ISEL_H

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

static inline Value *val(Isel *s, ValueId v) { return &s->f->v.a[v]; }
static inline Ty ty_of(Isel *s, ValueId v) { return s->f->v.a[v].ty; }

/* The value that stands for v: copies and nil checks are their arguments. */
static inline ValueId real(Isel *s, ValueId v)
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

static inline MInst *begin(Isel *s, XOp op, u32 size)
{
	vec_push(s->m->ar, &s->group, (MInst){
		.op = op, .size = (u8)size, .base = -1, .index = -1, .pos = s->pos, .inl = s->inl, .map = -1,
		.o = arena_array(s->m->ar, MOpnd, MaxOpnds),
	});
	return &vec_last(&s->group);
}

static inline void opnd(MInst *i, VReg v, u8 fix, bool early)
{
	i->o[i->ndef + i->nuse] = (MOpnd){.v = v, .reg = RegNone, .fix = fix, .early = early};
}

/* Definitions come before uses. */
static inline void def(MInst *i, VReg v, u8 fix)
{
	opnd(i, v, fix, false);
	i->ndef++;
	if (fix != RegNone && !(i->flags & MCall))
		i->clobber |= 1u << fix;
}

static inline VReg temp(Isel *s, MInst *i, Ty ty)
{
	VReg v = mfunc_temp(s->m, ty);
	opnd(i, v, RegNone, true);
	i->ndef++;
	return v;
}

static inline u32 use_at(MInst *i, VReg v, u8 fix)
{
	opnd(i, v, fix, false);
	return i->nuse++;
}

static inline bool fits32(i64 x) { return x == (i32)x; }

static inline bool is_const(Isel *s, ValueId v, i64 *c)
{
	Value *p = val(s, v = real(s, v));
	if (p->op != SsaConst || ty_is_float(p->ty))
		return false;
	u32 bits = ty_size(p->ty) * 8;
	*c = bits == 64 ? p->aux : (i64)((u64)p->aux << (64 - bits)) >> (64 - bits);
	return true;
}

static inline u32 opsize(Ty ty) { return ty_size(ty) < 4 ? 4 : ty_size(ty); }

/* ---- isel_opnd.c: into a register, an address, or the last operand of an operation with a form ---- */
void isel_set_remat(Isel *s, VReg v, MInst i);
VReg isel_const_reg(Isel *s, Ty ty, i64 bits);
VReg isel_reg(Isel *s, ValueId id);
static inline u32 use(Isel *s, MInst *i, ValueId v) { return use_at(i, isel_reg(s, v), RegNone); }
bool isel_scaled(Isel *s, ValueId v, ValueId *index, u8 *scale);
i64 isel_argarea(Func *f, i64 aux);
Addr isel_address(Isel *s, ValueId v, i64 off);
void isel_set_addr(Isel *s, MInst *i, Addr a);
Addr isel_address_far(Isel *s, ValueId v, i64 off);
bool isel_can_fold_load(Isel *s, ValueId v, u32 size);
void isel_fold_load(Isel *s, MInst *i, ValueId v);
void isel_operand(Isel *s, MInst *i, ValueId v);
void isel_mov(Isel *s, VReg d, ValueId a, Ty ty);
/* d = a op b, two operands: d takes a's register; _rr and _ri over registers made here. */
MInst *isel_alu(Isel *s, XOp op, u32 size, VReg d, ValueId a, ValueId b, bool commutes);
MInst *isel_alu_rr(Isel *s, XOp op, u32 size, VReg d, VReg a, VReg b);
MInst *isel_alu_ri(Isel *s, XOp op, u32 size, VReg d, VReg a, i64 imm);
void isel_cmp_ri(Isel *s, u32 size, VReg a, i64 imm);
VReg isel_extend(Isel *s, ValueId a, bool sign);
/* ---- isel_cmp.c: comparisons and selects ---- */
u8 isel_condition(Isel *s, ValueId v);
void isel_set_bool(Isel *s, VReg d, u8 cc);
void lower_compare(Isel *s, ValueId v);
void isel_cmov(Isel *s, u32 size, VReg d, VReg other, VReg when, u8 cc);
void lower_select(Isel *s, ValueId v);
/* ---- isel_arith.c: arithmetic ---- */
void lower_add(Isel *s, ValueId v);
void lower_mulhi(Isel *s, ValueId v, bool sign);
void lower_div128(Isel *s, ValueId v, bool rem);
void lower_shift(Isel *s, ValueId v);
void lower_rotate(Isel *s, ValueId v);
void isel_unary(Isel *s, XOp op, u32 size, VReg d, VReg a, bool tied);
void lower_div(Isel *s, ValueId v, bool sign, bool rem);
void lower_ctz(Isel *s, ValueId v);
void lower_clz(Isel *s, ValueId v);
void lower_popcnt(Isel *s, ValueId v);
void lower_bswap(Isel *s, ValueId v);
void lower_carry(Isel *s, ValueId v, XOp op, bool out);
void lower_mul(Isel *s, ValueId v);
void lower_extend(Isel *s, ValueId v, bool sign);
void lower_sign_mask(Isel *s, ValueId v, XOp op, u64 mask);
void lower_copysign(Isel *s, ValueId v);
void lower_minmax(Isel *s, ValueId v, bool max);
void lower_convert(Isel *s, ValueId v);
/* ---- isel_mem.c: memory ---- */
void lower_load(Isel *s, ValueId v);
void isel_store(Isel *s, Addr a, ValueId v);
void lower_store(Isel *s, ValueId v);
MInst *isel_call(Isel *s, XOp op, Sym *callee, u32 outsize);
void lower_zero(Isel *s, ValueId v);
void isel_copy(Isel *s, Addr to, Addr from, i64 n);
void lower_move(Isel *s, ValueId v);
void lower_nilcheck(Isel *s, ValueId v, u32 at);
void lower_bounds(Isel *s, ValueId v);
void lower_atomic(Isel *s, ValueId v);
/* ---- isel_call.c: calls, parameters, results ---- */
void lower_call(Isel *s, ValueId v);
void lower_result(Isel *s, ValueId v);
void lower_param(Isel *s, ValueId v);
void lower_entry(Isel *s);
void lower_tailcall(Isel *s, ValueId v);
void lower_return(Isel *s, Block *b);

#endif
