/* Instruction selection: SSA to amd64, one block at a time from its end.
 *
 * Blocks are taken in reverse of reverse post-order and values backwards, so every user is seen before what it uses: a
 * value nobody asked for (folded into an address, a compare or an operand, or dead) is simply not emitted. Phi arguments are
 * asked for beforehand. Constants and addresses are never emitted where they stand: their VRegs are rematerialisable.
 * Each value produces a short group of instructions in forward order; groups are put together backwards.
 *
 * A load is folded into its only user when both are in one block and no store, call or other effect lies between. */
#include "isel.h"

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
	case SsaCopy: case SsaBitcast: case SsaTrunc: isel_mov(s, v, a[0], ty); break;
	case SsaCallerPC: case SsaCallerSP:
		i = begin(s, p->op == SsaCallerPC ? XCallerPC : XCallerSP, 8);
		def(i, v, RegNone);
		break;
	case SsaAdd: lower_add(s, v); break;
	case SsaSub: isel_alu(s, XSub, size, v, a[0], a[1], false); break;
	case SsaAnd: isel_alu(s, XAnd, size, v, a[0], a[1], true); break;
	case SsaOr: isel_alu(s, XOr, size, v, a[0], a[1], true); break;
	case SsaXor: isel_alu(s, XXor, size, v, a[0], a[1], true); break;
	case SsaMul: lower_mul(s, v); break;
	case SsaMulHiS: case SsaMulHiU: lower_mulhi(s, v, p->op == SsaMulHiS); break;
	case SsaDivS: lower_div(s, v, true, false); break;
	case SsaDivU: lower_div(s, v, false, false); break;
	case SsaRemS: lower_div(s, v, true, true); break;
	case SsaRemU: lower_div(s, v, false, true); break;
	case SsaDiv128: case SsaRem128: lower_div128(s, v, p->op == SsaRem128); break;
	case SsaNeg: isel_unary(s, XNeg, size, v, isel_reg(s, a[0]), true); break;
	case SsaNot: isel_unary(s, XNot, size, v, isel_reg(s, a[0]), true); break;
	case SsaBoolNot: isel_alu_ri(s, XXor, 4, v, isel_reg(s, a[0]), 1); break;
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
	case SsaFAdd: isel_alu(s, XFAdd, ty_size(ty), v, a[0], a[1], true); break;
	case SsaFSub: isel_alu(s, XFSub, ty_size(ty), v, a[0], a[1], false); break;
	case SsaFMul: isel_alu(s, XFMul, ty_size(ty), v, a[0], a[1], true); break;
	case SsaFDiv: isel_alu(s, XFDiv, ty_size(ty), v, a[0], a[1], false); break;
	case SsaFNeg: lower_sign_mask(s, v, XFXor, 1ull << 63); break;
	case SsaFAbs: lower_sign_mask(s, v, XFAnd, ty == TyF32 ? 0x7fffffffull << 32 : ~(1ull << 63)); break;
	case SsaFCopysign: lower_copysign(s, v); break;
	case SsaFSqrt: isel_unary(s, XFSqrt, ty_size(ty), v, isel_reg(s, a[0]), false); break;
	case SsaFRound: {
		static const u8 mode[] = {0, 1, 2, 3};
		isel_unary(s, XFRound, ty_size(ty), v, isel_reg(s, a[0]), false);
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
		isel_set_addr(s, i, isel_address(s, a[0], 0));
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
		isel_set_addr(s, i, (Addr){.mem = MemOut, .disp = val(s, a[0])->sig->out[p->aux].off});
		break;
	case SsaArgAddr:
		i = begin(s, XLea, 8);
		def(i, v, RegNone);
		isel_set_addr(s, i, (Addr){.mem = MemArg, .disp = isel_argarea(s->f, p->aux)});
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
				h.arg[j] = isel_reg(s, value_args(s->f, v)[mb->predindex.a[j]]);
			vec_push(s->m->ar, &mb->phi, h);
		}
	}
}

static void lower_term(Isel *s, Block *b)
{
	MInst *i;
	switch (b->term) {
	case TermJump: begin(s, XJmp, 8); break;
	case TermIf: {
		u8 cc = isel_condition(s, b->ctl);
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
