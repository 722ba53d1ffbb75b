/* Comparisons and what asks for their outcome: flags where a branch or a move is the only user, a byte otherwise. */
#include "isel.h"

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
	if (is_const(s, a, &c) || (isel_can_fold_load(s, real(s, a), size) && !is_const(s, b, &c) && !isel_can_fold_load(s, real(s, b), size))) {
		ValueId t = a;
		a = b;
		b = t;
		cc = swapped(cc);
	}
	a = real(s, a);
	bool imm = is_const(s, b, &c) && fits32(c);
	if (imm && c == 0 && !isel_can_fold_load(s, a, size)) {      /* sets the flags as cmp does */
		Value *p = val(s, a);
		MInst *i = begin(s, XTest, size);
		if (p->op == SsaAnd && s->uses[a] == 1 && !isel_can_fold_load(s, real(s, p->arg[1]), size)) {
			use(s, i, p->arg[0]);
			isel_operand(s, i, p->arg[1]);
		} else {
			use(s, i, a);
			use(s, i, a);
		}
		return cc;
	}
	MInst *i = begin(s, XCmp, size);
	if (imm && isel_can_fold_load(s, a, size)) {
		i->aux = FormMI;
		i->imm = c;
		isel_fold_load(s, i, a);
	} else {
		use(s, i, a);
		isel_operand(s, i, b);
	}
	return cc;
}

static u8 compare_float(Isel *s, ValueId a, ValueId b, u8 cc)
{
	MInst *i = begin(s, XFCmp, ty_size(ty_of(s, a)));
	use(s, i, a);
	isel_operand(s, i, b);
	return cc;
}

/* Emits the comparison behind v and says which condition is v != 0. */
u8 isel_condition(Isel *s, ValueId v)
{
	v = real(s, v);
	Value *p = val(s, v);
	if (s->uses[v] == 1)
		switch (p->op) {
		case SsaBoolNot: return isel_condition(s, p->arg[0]) ^ 1;
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

void isel_set_bool(Isel *s, VReg d, u8 cc)
{
	MInst *i = begin(s, cc >= CcFEq ? XFSetEq : XSetcc, 1);
	i->cc = cc;
	i->imm = cc == CcFNe;
	def(i, d, RegNone);
}

void lower_compare(Isel *s, ValueId v)
{
	u32 keep = s->uses[v];
	s->uses[v] = 1;                 /* isel_condition() takes a value apart only for its single user: this is it */
	u8 cc = isel_condition(s, v);
	s->uses[v] = keep;
	isel_set_bool(s, v, cc);
}

/* Float comparisons for equality need two flags: only branches and XFSetEq know how. */
static u8 plain_condition(Isel *s, ValueId v)
{
	u8 cc = isel_condition(s, v);
	if (cc < CcFEq)
		return cc;
	VReg t = mfunc_temp(s->m, TyI8);
	isel_set_bool(s, t, cc);
	MInst *i = begin(s, XTest, 1);
	use_at(i, t, RegNone);
	use_at(i, t, RegNone);
	return CcNE;
}

void isel_cmov(Isel *s, u32 size, VReg d, VReg other, VReg when, u8 cc)
{
	MInst *i = begin(s, XCmov, size);
	i->cc = cc;
	i->flags = MTied;
	def(i, d, RegNone);
	use_at(i, other, RegNone);
	use_at(i, when, RegNone);
}

void lower_select(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	u8 cc = plain_condition(s, p->arg[0]);
	VReg a = isel_reg(s, p->arg[1]), b = isel_reg(s, p->arg[2]);
	if (!ty_is_float(p->ty)) {
		isel_cmov(s, opsize(p->ty), v, b, a, cc);
		return;
	}
	MInst *i = begin(s, XFSelect, ty_size(p->ty));
	i->cc = cc;
	i->flags = MTied;
	def(i, v, RegNone);
	use_at(i, b, RegNone);
	use_at(i, a, RegNone);
}
