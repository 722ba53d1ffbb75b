/* Emission: final instructions to bytes, relocations and pc tables.
 *
 * Two passes over the same code. The first uses long branches everywhere and so finds an upper bound for every distance;
 * the second takes the short form where the bound fits. Cold ends (panics of bounds checks, write barriers, morestack) are queued
 * while the body is emitted and follow it. */
#include "amd64.h"

enum ColdKind { ColdBounds, ColdBarrier };
typedef struct Cold { u8 kind; MInst *i; u32 fix, back; } Cold;
typedef struct Fix { u32 at, block; bool small; } Fix;      /* at: the displacement field */
typedef struct Table { u32 lea, block; } Table;

typedef struct Emit {
	MFunc *m;
	Code *c;
	Enc e;
	u32 pass;
	u32 *pos, *old;        /* block offsets in this and the previous pass */
	VEC(Fix) fix;
	VEC(Cold) cold;
	VEC(Table) table;
	u32 next;              /* block that follows, 0 none */
	u32 morestack, wrap;   /* displacements of the stack check's branches */
	VEC(u32) oldjump;      /* where the jumps stood in the first pass */
	i32 depth;             /* bytes SP is below its value at entry */
} Emit;

static void reloc(Emit *e, u32 at, RelocKind k, Sym *sym, i64 add)
{
	vec_push(e->m->out, &e->c->rel, (Reloc){.off = at, .kind = k, .sym = sym, .add = add});
}

/* ---- operands ---- */

static EncMem sp_mem(Emit *e, i64 off)
{
	i64 d = off + (e->depth - (i64)(e->m->framesize + (e->m->has_frame ? 8 : 0)));   /* SP may be lower in cold code */
	return (EncMem){.base = RegSP, .index = RegNone, .disp = (i32)d};
}

/* Displacements are from SP as it stands in the body. */
static i64 frame_off(Emit *e, MemKind k, u32 slot, i64 disp)
{
	MFunc *m = e->m;
	switch (k) {
	case MemSlot: return (i64)m->framesize + m->f->slot.a[slot].off + disp;
	case MemSpill: return (i64)m->framesize + m->spill.a[m->v.a[slot].slot].off + disp;
	case MemArg: return (i64)m->framesize + (m->has_frame ? 16 : 8) + disp;
	default: return disp;
	}
}

static EncMem mem_of(Emit *e, const MInst *i, i64 plus)
{
	EncMem r = {.base = RegNone, .index = RegNone, .scale = i->scale ? i->scale : 1};
	if (i->mem == MemSym) {
		r.rip = true;
		return r;
	}
	if (i->mem == MemBase) {
		r.base = i->base >= 0 ? i->o[i->ndef + i->base].reg : RegNone;
		r.disp = (i32)(i->disp + plus);
		if (r.base == RegNone)
			bug("%s: address without base", e->m->f->sym->name);
	} else
		r = sp_mem(e, frame_off(e, i->mem, i->slot, i->disp + plus)), r.scale = i->scale ? i->scale : 1;
	if (i->index >= 0)
		r.index = i->o[i->ndef + i->index].reg;
	return r;
}

/* imm: bytes of immediate that follow the displacement. */
static void op_mem_at(Emit *e, u32 prefix, u32 op, u32 size, u32 flags, u8 reg, const MInst *i, i64 plus, u32 imm)
{
	u32 at = enc_rm(&e->e, prefix, op, size, flags, reg, mem_of(e, i, plus));
	if (i->mem == MemSym)
		reloc(e, at, RelocPC32, i->sym, i->disp + plus - 4 - (i64)imm);
}

static void op_mem(Emit *e, u32 prefix, u32 op, u32 size, u32 flags, u8 reg, const MInst *i, u32 imm)
{
	op_mem_at(e, prefix, op, size, flags, reg, i, 0, imm);
}

static u8 d(const MInst *i) { return i->o[0].reg; }
static u8 u(const MInst *i, u32 k) { return i->o[i->ndef + k].reg; }

static void imm_sized(Emit *e, u32 size, i64 v)
{
	if (size == 1)
		enc_u8(&e->e, (u32)v & 0xff);
	else if (size == 2)
		enc_u8(&e->e, (u32)v & 0xff), enc_u8(&e->e, (u32)v >> 8 & 0xff);
	else
		enc_u32(&e->e, (u32)v);
}

/* ---- branches inside an instruction, always short ---- */

static u32 jump8(Emit *e, int cc)
{
	enc_u8(&e->e, cc < 0 ? 0xeb : 0x70 | cc);
	enc_u8(&e->e, 0);
	return e->e.n;
}

static void land8(Emit *e, u32 from) { e->e.a[from - 1] = (u8)(e->e.n - from); }

static u32 jump32(Emit *e, int cc)
{
	if (cc < 0)
		enc_u8(&e->e, 0xe9);
	else
		enc_u8(&e->e, 0x0f), enc_u8(&e->e, 0x80 | cc);
	enc_u32(&e->e, 0);
	return e->e.n - 4;
}

static void put32(Emit *e, u32 at, u32 v)
{
	for (int k = 0; k < 4; k++)
		e->e.a[at + k] = (u8)(v >> 8 * k);
}

static void land32(Emit *e, u32 at, u32 to) { put32(e, at, to - (at + 4)); }

/* ---- plain code ---- */

static void mov_rr(Emit *e, u8 to, u8 from)
{
	if (to != from)
		enc_rr(&e->e, 0, 0x8b, 8, 0, to, from);
}

static void mov_imm(Emit *e, u8 r, i64 v)
{
	if (v == (i64)(u32)v) {
		if (r >= 8)
			enc_u8(&e->e, 0x41);
		enc_u8(&e->e, 0xb8 | (r & 7));
		enc_u32(&e->e, (u32)v);
	} else if (v == (i32)v) {
		enc_rr(&e->e, 0, 0xc7, 8, 0, 0, r);
		enc_u32(&e->e, (u32)v);
	} else {
		enc_u8(&e->e, 0x48 | (r >> 3));
		enc_u8(&e->e, 0xb8 | (r & 7));
		enc_u64(&e->e, (u64)v);
	}
}

static void rezero(Emit *e) { enc_rr(&e->e, 0, 0x0f57, 4, 0, RegX15, RegX15); }

static void call_sym(Emit *e, Sym *s)
{
	enc_u8(&e->e, 0xe8);
	enc_u32(&e->e, 0);
	reloc(e, e->e.n - 4, RelocCall32, s, -4);
}

/* op r, rm | r, imm | r, mem in the pattern of 0x00..0x3b; base: opcode of "rm8, r8", ext: /digit. */
static void alu(Emit *e, const MInst *i, u32 base, u32 ext, u8 r, u32 bk)
{
	u32 size = i->size, wide = size > 1;
	switch (i->aux) {
	case FormR:
		enc_rr(&e->e, 0, base + 2 + wide, size, size == 1 ? EncByteReg | EncByteRm : 0, r, u(i, bk));
		break;
	case FormM:
		op_mem(e, 0, base + 2 + wide, size, size == 1 ? EncByteReg : 0, r, i, 0);
		break;
	case FormI:
		if (i->imm == (i8)i->imm) {
			enc_rr(&e->e, 0, wide ? 0x83 : 0x80, size, size == 1 ? EncByteRm : 0, (u8)ext, r);
			enc_u8(&e->e, (u32)i->imm & 0xff);
		} else {
			enc_rr(&e->e, 0, wide ? 0x81 : 0x80, size, size == 1 ? EncByteRm : 0, (u8)ext, r);
			imm_sized(e, size, i->imm);
		}
		break;
	case FormMI: {
		bool small = i->imm == (i8)i->imm;
		u32 n = size == 1 || small ? 1 : size == 2 ? 2 : 4;
		op_mem(e, 0, size == 1 ? 0x80 : small ? 0x83 : 0x81, size, 0, (u8)ext, i, n);
		imm_sized(e, n, i->imm);
		break;
	}
	}
}

static void emit_add(Emit *e, const MInst *i)
{
	if (i->aux == FormM || d(i) == u(i, 0)) {
		alu(e, i, 0x00, 0, d(i), 1);
		return;
	}
	EncMem m = {.base = u(i, 0), .index = RegNone, .scale = 1};
	if (i->aux == FormI)
		m.disp = (i32)i->imm;
	else if (d(i) == u(i, 1)) {
		enc_rr(&e->e, 0, 0x03, i->size, 0, d(i), u(i, 0));
		return;
	} else
		m.index = u(i, 1);
	enc_rm(&e->e, 0, 0x8d, i->size, 0, d(i), m);
}

static void emit_test(Emit *e, const MInst *i)
{
	u32 wide = i->size > 1;
	if (i->aux == FormI) {
		enc_rr(&e->e, 0, 0xf6 + wide, i->size, wide ? 0 : EncByteRm, 0, u(i, 0));
		imm_sized(e, i->size, i->imm);
	} else
		enc_rr(&e->e, 0, 0x84 + wide, i->size, wide ? 0 : EncByteReg | EncByteRm, u(i, 1), u(i, 0));
}

static void emit_shift(Emit *e, const MInst *i, u32 ext)
{
	u32 wide = i->size > 1, flags = wide ? 0 : EncByteRm;
	if (i->aux == FormI) {
		if (!i->imm)
			return;
		enc_rr(&e->e, 0, 0xc0 + wide, i->size, flags, (u8)ext, d(i));
		enc_u8(&e->e, (u32)i->imm & 0xff);
	} else
		enc_rr(&e->e, 0, 0xd2 + wide, i->size, flags, (u8)ext, d(i));
}

static void emit_div(Emit *e, const MInst *i)
{
	bool sign = i->aux & 1;
	u8 by = u(i, i->nuse - 1);
	u32 skip = 0, done;
	if (i->aux & 2) {               /* MIN / -1 traps: x / -1 = -x, x % -1 = 0 */
		enc_rr(&e->e, 0, 0x83, i->size, 0, 7, by);
		enc_u8(&e->e, 0xff);
		skip = jump8(e, CcE);
	}
	if (sign) {
		if (i->size == 8)
			enc_u8(&e->e, 0x48);
		enc_u8(&e->e, 0x99);
	} else if (!(i->aux & 4))
		enc_rr(&e->e, 0, 0x33, 4, 0, RegDX, RegDX);
	enc_rr(&e->e, 0, 0xf7, i->size, 0, sign ? 7 : 6, by);
	if (!skip)
		return;
	done = jump8(e, -1);
	land8(e, skip);
	enc_rr(&e->e, 0, 0xf7, i->size, 0, 3, RegAX);
	enc_rr(&e->e, 0, 0x33, 4, 0, RegDX, RegDX);
	land8(e, done);
}

/* ---- block copies and clears ---- */

static EncMem shift_mem(EncMem m, i64 by)
{
	m.disp += (i32)by;
	return m;
}

/* One piece of size n through X15 or R13. */
static void piece(Emit *e, const MInst *i, EncMem to, u32 off, u32 n)
{
	if (n == 16) {
		op_mem_at(e, 0, 0x0f10, 4, 0, RegX15, i, off, 0);
		enc_rm(&e->e, 0, 0x0f11, 4, 0, RegX15, shift_mem(to, off));
		return;
	}
	if (n == 1)
		op_mem_at(e, 0, 0x0fb6, 4, 0, RegR13, i, off, 0);
	else if (n == 2)
		op_mem_at(e, 0, 0x0fb7, 4, 0, RegR13, i, off, 0);
	else
		op_mem_at(e, 0, 0x8b, n, 0, RegR13, i, off, 0);
	enc_rm(&e->e, 0, n == 1 ? 0x88 : 0x89, n == 1 ? 4 : n, 0, RegR13, shift_mem(to, off));
}

static void emit_copy(Emit *e, const MInst *i)
{
	EncMem to = {.base = RegNone, .index = RegNone, .scale = 1};
	if (i->aux == MemBase)
		to.base = u(i, 0), to.disp = i->copy_disp;
	else
		to = sp_mem(e, frame_off(e, i->aux, i->copy_slot, i->copy_disp));
	u32 n = (u32)i->imm, off = 0;
	for (; n - off >= 16; off += 16)
		piece(e, i, to, off, 16);
	for (u32 k = 8; k; k /= 2)
		for (; n - off >= k; off += k)
			piece(e, i, to, off, k);
	if (n >= 16)
		rezero(e);
}

static void emit_zero(Emit *e, const MInst *i)
{
	u32 n = (u32)i->imm, off = 0;
	for (; n - off >= 16; off += 16)
		op_mem_at(e, 0, 0x0f11, 4, 0, RegX15, i, off, 0);
	for (u32 k = 8; k; k /= 2)
		for (; n - off >= k; off += k) {
			op_mem_at(e, 0, k == 1 ? 0xc6 : 0xc7, k, 0, 0, i, off, k == 8 ? 4 : k);
			imm_sized(e, k, 0);
		}
}

static void emit_rep(Emit *e, const MInst *i)
{
	bool stos = i->op == XRepStos;
	u32 n = (u32)i->imm;
	mov_imm(e, RegCX, n / 8);
	if (stos)
		enc_rr(&e->e, 0, 0x33, 4, 0, RegAX, RegAX);
	enc_u8(&e->e, 0xf3);
	enc_u8(&e->e, 0x48);
	enc_u8(&e->e, stos ? 0xab : 0xa5);
	for (u32 k = 0; k < n % 8; k++)
		enc_u8(&e->e, stos ? 0xaa : 0xa4);
}

/* ---- floats ---- */

static u32 fprefix(const MInst *i) { return i->size == 8 ? 0xf2 : 0xf3; }

static void falu(Emit *e, const MInst *i, u32 op)
{
	if (i->aux == FormM)
		op_mem(e, fprefix(i), op, 4, 0, d(i), i, 0);
	else
		enc_rr(&e->e, fprefix(i), op, 4, 0, d(i), u(i, 1));
}

static void emit_fcmp(Emit *e, const MInst *i)
{
	u32 prefix = i->size == 8 ? 0x66 : 0;
	if (i->aux == FormM)
		op_mem(e, prefix, 0x0f2e, 4, 0, u(i, 0), i, 0);
	else
		enc_rr(&e->e, prefix, 0x0f2e, 4, 0, u(i, 0), u(i, 1));
}

static void setcc(Emit *e, u32 cc, u8 r) { enc_rr(&e->e, 0, 0x0f90 | cc, 1, EncByteRm, 0, r); }

/* Equal means zero flag and no parity (unordered). */
static void emit_fseteq(Emit *e, const MInst *i)
{
	setcc(e, i->imm ? CcNE : CcE, d(i));
	setcc(e, i->imm ? CcP : CcNP, RegR13);
	enc_rr(&e->e, 0, i->imm ? 0x0b : 0x23, 4, 0, d(i), RegR13);
}

static void cvt_if(Emit *e, u32 fsize, u32 isize, u8 to, u8 from)
{
	enc_rr(&e->e, 0, 0x0f57, 4, 0, to, to);         /* no dependency on the old value */
	enc_rr(&e->e, fsize == 8 ? 0xf2 : 0xf3, 0x0f2a, isize, 0, to, from);
}

/* Top bit set: halve, keeping the lost bit sticky, convert, double. */
static void emit_utof(Emit *e, const MInst *i)
{
	u8 from = u(i, 0), t = i->o[1].reg;
	enc_rr(&e->e, 0, 0x85, 8, 0, from, from);
	u32 neg = jump8(e, CcS);
	cvt_if(e, i->size, 8, d(i), from);
	u32 done = jump8(e, -1);
	land8(e, neg);
	mov_rr(e, t, from);
	mov_rr(e, RegR13, from);
	enc_rr(&e->e, 0, 0xd1, 8, 0, 5, t);
	enc_rr(&e->e, 0, 0x83, 4, 0, 4, RegR13);
	enc_u8(&e->e, 1);
	enc_rr(&e->e, 0, 0x0b, 8, 0, t, RegR13);
	cvt_if(e, i->size, 8, d(i), t);
	enc_rr(&e->e, fprefix(i), 0x0f58, 4, 0, d(i), d(i));
	land8(e, done);
}

/* A negative first answer means negative, 2^63 or more, or no number: then the bits of x - 2^63, converted, are added. */
static void emit_ftou(Emit *e, const MInst *i)
{
	u8 x = u(i, 0), t = i->o[1].reg;
	u32 p = fprefix(i);
	enc_rr(&e->e, p, 0x0f2c, 8, 0, d(i), x);
	enc_rr(&e->e, 0, 0x85, 8, 0, d(i), d(i));
	u32 done = jump8(e, CcNS);
	mov_imm(e, RegR13, i->size == 8 ? 0x43e0000000000000 : 0x5f000000);
	enc_rr(&e->e, 0x66, 0x0f6e, 8, 0, RegX15, RegR13);
	enc_rr(&e->e, 0, 0x0f28, 4, 0, t, x);
	enc_rr(&e->e, p, 0x0f5c, 4, 0, t, RegX15);
	enc_rr(&e->e, p, 0x0f2c, 8, 0, RegR13, t);
	enc_rr(&e->e, 0, 0x0b, 8, 0, d(i), RegR13);
	rezero(e);
	land8(e, done);
}

/* vfmadd231sd d, a, b (VEX.LIG.66.0F38.W1 B9; W0 for single). */
static void emit_fma(Emit *e, const MInst *i)
{
	u8 r = d(i) & 15, a = u(i, 1) & 15, b = u(i, 2) & 15;
	enc_u8(&e->e, 0xc4);
	enc_u8(&e->e, 0x42 | (r < 8) << 7 | (b < 8) << 5);
	enc_u8(&e->e, (u32)(i->size == 8) << 7 | (~(u32)a & 15) << 3 | 1);
	enc_u8(&e->e, 0xb9);
	enc_u8(&e->e, 0xc0 | (r & 7) << 3 | (b & 7));
}

/* ---- calls, checks, barriers ---- */

static void mark_call(Emit *e, const MInst *i, u32 start)
{
	code_pcval(e->m->out, &e->c->map, start, i->map);
}

/* What Go code takes for granted: g in R14 and zero in X15. Assembly of ABI0 keeps neither. */
static void restore_fixed(Emit *e)
{
	enum { TlsG = 8 };              /* M.g, from the thread pointer */
	static const u8 code[] = {0x64, 0x4c, 0x8b, 0x34, 0x25, TlsG, 0, 0, 0, 0x45, 0x0f, 0x57, 0xff};
	for (u32 i = 0; i < sizeof code; i++)
		enc_u8(&e->e, code[i]);
}

static void emit_call(Emit *e, const MInst *i)
{
	mark_call(e, i, e->e.n);
	if (i->op == XCall)
		call_sym(e, i->sym);
	else if (i->op == XCallR)
		enc_rr(&e->e, 0, 0xff, 4, 0, 2, u(i, 0));
	else
		op_mem(e, 0, 0xff, 4, 0, 2, i, 0);
	if (i->imm)
		restore_fixed(e);
}

static void emit_bounds(Emit *e, MInst *i)
{
	i->size = 8;
	alu(e, i, 0x38, 7, u(i, 0), 1);
	u32 at = jump32(e, i->cc);
	vec_push(e->m->ar, &e->cold, (Cold){ColdBounds, i, at, 0});
}

/* Index to AX and length to BX; the operand that is an immediate comes last. */
static void cold_bounds(Emit *e, Cold *c)
{
	MInst *i = c->i;
	land32(e, c->fix, e->e.n);
	i32 depth = e->depth;
	bool own = !e->m->has_frame;
	if (own) {
		enc_u8(&e->e, 0x55);
		mov_rr(e, RegBP, RegSP);
		code_pcval(e->m->out, &e->c->sp, e->e.n - 3, e->depth += 8);
		enc_rr(&e->e, 0, 0x83, 8, 0, 5, RegSP);
		enc_u8(&e->e, 16);
		code_pcval(e->m->out, &e->c->sp, e->e.n, e->depth += 16);
	}
	u8 a = i->scale ? RegNone : u(i, 0), b = i->scale ? u(i, 0) : i->aux == FormI ? RegNone : u(i, 1);
	if (b == RegAX && a == RegBX)
		enc_rr(&e->e, 0, 0x87, 8, 0, RegAX, RegBX);
	else if (b == RegAX) {
		mov_rr(e, RegBX, b);
		if (a != RegNone)
			mov_rr(e, RegAX, a);
	} else {
		if (a != RegNone)
			mov_rr(e, RegAX, a);
		if (b != RegNone)
			mov_rr(e, RegBX, b);
	}
	if (a == RegNone)
		mov_imm(e, RegAX, i->imm);
	else if (b == RegNone)
		mov_imm(e, RegBX, i->imm);
	u32 at = e->e.n;
	code_pcval(e->m->out, &e->c->map, at, i->map);
	call_sym(e, i->sym);
	enc_u8(&e->e, 0x0f);
	enc_u8(&e->e, 0x0b);
	e->depth = depth;
	if (own)
		code_pcval(e->m->out, &e->c->sp, e->e.n, e->depth);
}

static void store_wb(Emit *e, const MInst *i)
{
	if (i->aux == FormI) {
		op_mem(e, 0, 0xc7, 8, 0, 0, i, 4);
		enc_u32(&e->e, 0);
	} else
		op_mem(e, 0, 0x89, 8, 0, u(i, 0), i, 0);
}

static void emit_barrier(Emit *e, MInst *i)
{
	Arena *out = e->m->out;
	code_pcval(out, &e->c->unsafe_, e->e.n, PointUnsafe);
	u32 at = enc_rm(&e->e, 0, 0x83, 4, 0, 7, (EncMem){.rip = true, .base = RegNone, .index = RegNone});
	enc_u8(&e->e, 0);
	reloc(e, at, RelocPC32, sym_get(e->m->f->prog, "runtime.writeBarrier"), -5);
	u32 fix = jump32(e, CcNE), back = e->e.n;
	store_wb(e, i);
	code_pcval(out, &e->c->unsafe_, e->e.n, PointSafe);
	vec_push(e->m->ar, &e->cold, (Cold){ColdBarrier, i, fix, back});
}

/* gcWriteBarrierN returns room for N words in R11: the new pointer, then the old one. */
static void cold_barrier(Emit *e, Cold *c)
{
	MInst *i = c->i;
	land32(e, c->fix, e->e.n);
	code_pcval(e->m->out, &e->c->unsafe_, e->e.n, PointUnsafe);
	bool nil = i->aux == FormI;
	call_sym(e, sym_get(e->m->f->prog, nil ? "runtime.gcWriteBarrier1" : "runtime.gcWriteBarrier2"));
	if (!nil)
		enc_rm(&e->e, 0, 0x89, 8, 0, u(i, 0), (EncMem){.base = RegR11, .index = RegNone});
	op_mem(e, 0, 0x8b, 8, 0, RegR13, i, 0);
	enc_rm(&e->e, 0, 0x89, 8, 0, RegR13, (EncMem){.base = RegR11, .index = RegNone, .disp = nil ? 0 : 8});
	u32 at = jump32(e, -1);
	land32(e, at, c->back);
	code_pcval(e->m->out, &e->c->unsafe_, e->e.n, PointSafe);
}

/* old = [m]; until [m] takes old op x: the old value stays in AX. */
static void emit_atomic_loop(Emit *e, const MInst *i)
{
	u32 wide = i->size > 1;
	op_mem(e, 0, 0x8a + wide, i->size, wide ? 0 : EncByteReg, RegAX, i, 0);
	u32 again = e->e.n;
	mov_rr(e, RegR13, RegAX);
	enc_rr(&e->e, 0, i->op == XLoopAnd ? 0x23 : 0x0b, 8, 0, RegR13, u(i, 0));
	enc_u8(&e->e, 0xf0);
	op_mem(e, 0, 0x0fb0 + wide, i->size, wide ? 0 : EncByteReg, RegR13, i, 0);
	u32 j = jump8(e, CcNE);
	e->e.a[j - 1] = (u8)(again - j);
}

/* ---- one instruction ---- */

static void emit_loads(Emit *e, const MInst *i)
{
	switch (i->size) {
	case 1: op_mem(e, 0, 0x0fb6, i->aux == 8 ? 8 : 4, 0, d(i), i, 0); break;
	case 2: op_mem(e, 0, 0x0fb7, 4, 0, d(i), i, 0); break;
	default: op_mem(e, 0, 0x8b, i->size, 0, d(i), i, 0);
	}
}

static void emit_signed(Emit *e, const MInst *i, bool mem)
{
	u32 to = i->aux == 8 ? 8 : 4;
	u32 op = i->size == 1 ? 0x0fbe : i->size == 2 ? 0x0fbf : 0x63;
	if (mem)
		op_mem(e, 0, op, to, 0, d(i), i, 0);
	else
		enc_rr(&e->e, 0, op, to, i->size == 1 ? EncByteRm : 0, d(i), u(i, 0));
}

static void emit_inst(Emit *e, MInst *i)
{
	Enc *x = &e->e;
	u32 size = i->size, wide = size > 1;
	switch ((XOp)i->op) {
	case XNop: case XEntry: case XVarDef: break;
	case XMov: mov_rr(e, d(i), u(i, 0)); break;
	case XMovI: mov_imm(e, d(i), i->imm); break;
	case XMovMM: {
		MInst t = {.mem = MemSpill, .slot = (u32)i->imm, .base = -1, .index = -1};
		op_mem(e, 0xf3, 0x0f7e, 4, 0, RegX15, &t, 0);
		t.slot = i->slot;
		op_mem(e, 0x66, 0x0fd6, 4, 0, RegX15, &t, 0);
		rezero(e);
		break;
	}
	case XRezero: rezero(e); break;
	case XLoad: emit_loads(e, i); break;
	case XLoadS: emit_signed(e, i, true); break;
	case XStore: op_mem(e, 0, 0x88 + wide, size, wide ? 0 : EncByteReg, u(i, 0), i, 0); break;
	case XStoreI:
		op_mem(e, 0, 0xc6 + wide, size, 0, 0, i, size == 8 ? 4 : size);
		imm_sized(e, size, i->imm);
		break;
	case XLea: op_mem(e, 0, 0x8d, 8, 0, d(i), i, 0); break;
	case XAdd: emit_add(e, i); break;
	case XOr: alu(e, i, 0x08, 1, d(i), 1); break;
	case XAdc: alu(e, i, 0x10, 2, d(i), 1); break;
	case XSbb: alu(e, i, 0x18, 3, d(i), 1); break;
	case XAnd: alu(e, i, 0x20, 4, d(i), 1); break;
	case XSub: alu(e, i, 0x28, 5, d(i), 1); break;
	case XXor: alu(e, i, 0x30, 6, d(i), 1); break;
	case XCmp: alu(e, i, 0x38, 7, i->aux == FormMI ? 0 : u(i, 0), 1); break;
	case XTest: emit_test(e, i); break;
	case XImul:
		if (i->aux == FormI) {
			enc_rr(x, 0, 0x69, size, 0, d(i), u(i, 0));
			imm_sized(e, 4, i->imm);
		} else if (i->aux == FormM)
			op_mem(e, 0, 0x0faf, size, 0, d(i), i, 0);
		else
			enc_rr(x, 0, 0x0faf, size, 0, d(i), u(i, 1));
		break;
	case XShl: emit_shift(e, i, 4); break;
	case XShr: emit_shift(e, i, 5); break;
	case XSar: emit_shift(e, i, 7); break;
	case XRol: emit_shift(e, i, 0); break;
	case XNeg: enc_rr(x, 0, 0xf6 + wide, size, wide ? 0 : EncByteRm, 3, d(i)); break;
	case XNot: enc_rr(x, 0, 0xf7, size, 0, 2, d(i)); break;
	case XBswap:
		if (size == 8 || d(i) >= 8)
			enc_u8(x, 0x40 | (size == 8) << 3 | (d(i) >> 3));
		enc_u8(x, 0x0f);
		enc_u8(x, 0xc8 | (d(i) & 7));
		break;
	case XBsf: enc_rr(x, 0, 0x0fbc, size, 0, d(i), u(i, 0)); break;
	case XBsr: enc_rr(x, 0, 0x0fbd, size, 0, d(i), u(i, 0)); break;
	case XPopcnt: enc_rr(x, 0xf3, 0x0fb8, size, 0, d(i), u(i, 0)); break;
	case XMovzx:
		if (size == 4)
			enc_rr(x, 0, 0x8b, 4, 0, d(i), u(i, 0));
		else
			enc_rr(x, 0, size == 1 ? 0x0fb6 : 0x0fb7, 4, size == 1 ? EncByteRm : 0, d(i), u(i, 0));
		break;
	case XMovsx: emit_signed(e, i, false); break;
	case XSetcc: setcc(e, i->cc, d(i)); break;
	case XCmov: enc_rr(x, 0, 0x0f40 | i->cc, size, 0, d(i), u(i, 1)); break;
	case XSbbSelf: enc_rr(x, 0, 0x1b, size, 0, d(i), d(i)); break;
	case XMul: enc_rr(x, 0, 0xf7, size, 0, i->aux ? 5 : 4, u(i, 1)); break;
	case XDiv: emit_div(e, i); break;
	case XFMov:
		if (d(i) != u(i, 0))
			enc_rr(x, 0, 0x0f28, 4, 0, d(i), u(i, 0));
		break;
	case XFLoad: op_mem(e, fprefix(i), 0x0f10, 4, 0, d(i), i, 0); break;
	case XFStore: op_mem(e, fprefix(i), 0x0f11, 4, 0, u(i, 0), i, 0); break;
	case XFZero: enc_rr(x, 0, 0x0f57, 4, 0, d(i), d(i)); break;
	case XMovIF: enc_rr(x, 0x66, 0x0f6e, size, 0, d(i), u(i, 0)); break;
	case XMovFI: enc_rr(x, 0x66, 0x0f7e, size, 0, u(i, 0), d(i)); break;
	case XFAdd: falu(e, i, 0x0f58); break;
	case XFSub: falu(e, i, 0x0f5c); break;
	case XFMul: falu(e, i, 0x0f59); break;
	case XFDiv: falu(e, i, 0x0f5e); break;
	case XFMin: falu(e, i, 0x0f5d); break;
	case XFSqrt: enc_rr(x, fprefix(i), 0x0f51, 4, 0, d(i), u(i, 0)); break;
	case XFAnd: enc_rr(x, 0, 0x0f54, 4, 0, d(i), u(i, 1)); break;
	case XFAndN: enc_rr(x, 0, 0x0f55, 4, 0, d(i), u(i, 1)); break;
	case XFOr: enc_rr(x, 0, 0x0f56, 4, 0, d(i), u(i, 1)); break;
	case XFXor: enc_rr(x, 0, 0x0f57, 4, 0, d(i), u(i, 1)); break;
	case XFCmp: emit_fcmp(e, i); break;
	case XFSetEq: emit_fseteq(e, i); break;
	case XFRound:
		enc_rr(x, 0x66, size == 8 ? 0x0f3a0b : 0x0f3a0a, 4, 0, d(i), u(i, 0));
		enc_u8(x, (u32)i->imm);
		break;
	case XFma: emit_fma(e, i); break;
	case XFSelect: {
		u32 over = jump8(e, i->cc ^ 1);
		enc_rr(x, 0, 0x0f28, 4, 0, d(i), u(i, 1));
		land8(e, over);
		break;
	}
	case XIToF: cvt_if(e, size, i->aux, d(i), u(i, 0)); break;
	case XUToF: emit_utof(e, i); break;
	case XFToI: enc_rr(x, fprefix(i), 0x0f2c, i->aux, 0, d(i), u(i, 0)); break;
	case XFToU: emit_ftou(e, i); break;
	case XFToF: enc_rr(x, fprefix(i), 0x0f5a, 4, 0, d(i), u(i, 0)); break;
	case XCall: case XCallR: case XCallM: emit_call(e, i); break;
	case XBounds: emit_bounds(e, i); break;
	case XNilCheck: enc_rm(x, 0, 0x84, 4, 0, RegAX, (EncMem){.base = u(i, 0), .index = RegNone}); break;
	case XStoreWB: emit_barrier(e, i); break;
	case XZero: emit_zero(e, i); break;
	case XCopy: emit_copy(e, i); break;
	case XRepStos: case XRepMovs: emit_rep(e, i); break;
	case XXchg: op_mem(e, 0, 0x86 + wide, size, wide ? 0 : EncByteReg, d(i), i, 0); break;
	case XXadd:
		enc_u8(x, 0xf0);
		op_mem(e, 0, 0x0fc0 + wide, size, wide ? 0 : EncByteReg, d(i), i, 0);
		break;
	case XCmpxchg:
		enc_u8(x, 0xf0);
		op_mem(e, 0, 0x0fb0 + wide, size, wide ? 0 : EncByteReg, u(i, 1), i, 0);
		break;
	case XLockAnd: case XLockOr:
		enc_u8(x, 0xf0);
		op_mem(e, 0, (i->op == XLockAnd ? 0x20 : 0x08) + wide, size, wide ? 0 : EncByteReg, u(i, 0), i, 0);
		break;
	case XLoopAnd: case XLoopOr: emit_atomic_loop(e, i); break;
	case XPause: enc_u8(x, 0xf3); enc_u8(x, 0x90); break;
	case XPrefetch: op_mem(e, 0, 0x0f18, 4, 0, 1, i, 0); break;
	case XCallerPC: enc_rm(x, 0, 0x8b, 8, 0, d(i), sp_mem(e, frame_off(e, MemArg, 0, -8))); break;
	case XCallerSP: enc_rm(x, 0, 0x8d, 8, 0, d(i), sp_mem(e, frame_off(e, MemArg, 0, 0))); break;
	case XGetG: mov_rr(e, d(i), RegR14); break;
	default: bug("%s: machine operation %d cannot be emitted", e->m->f->sym->name, i->op);
	}
}

/* ---- control flow ---- */

static bool empty(const MFunc *m, u32 b)
{
	return m->b.a[b].out.n == 1 && m->b.a[b].out.a[0].op == XJmp && b != m->order.a[0] && b != m->f->deferreturn;
}

/* Where a jump to b ends up; empty blocks are not emitted. A loop of empty blocks stays at one of them. */
static u32 forward(const MFunc *m, u32 b)
{
	u32 n = 0, to = b;
	while (empty(m, to) && n++ < 64)
		to = m->b.a[to].succ.a[0];
	return empty(m, to) ? b : to;
}

static void jump(Emit *e, int cc, u32 to)
{
	u32 at = e->e.n, k = e->fix.n;
	bool small = false;
	if (e->pass) {
		i64 dist = e->pos[to] != UINT32_MAX ? (i64)e->pos[to] - (i64)(at + 2) : (i64)e->old[to] - (i64)e->oldjump.a[k];
		small = dist >= -128 && dist <= 127;
	} else
		vec_push(e->m->ar, &e->oldjump, at);
	u32 field;
	if (small) {
		jump8(e, cc);
		field = e->e.n - 1;
	} else
		field = jump32(e, cc);
	vec_push(e->m->ar, &e->fix, (Fix){field, to, small});
}

static void branch(Emit *e, u8 cc, u32 yes, u32 no)
{
	if (cc == CcFNe) {
		cc = CcFEq;
		u32 t = yes;
		yes = no;
		no = t;
	}
	if (cc == CcFEq) {              /* unordered is not equal */
		jump(e, CcP, no);
		cc = CcE;
	}
	if (no == e->next)
		jump(e, cc, yes);
	else {
		jump(e, cc ^ 1, no);
		if (yes != e->next)
			jump(e, -1, yes);
	}
}

static void emit_switch(Emit *e, const MInst *i, MBlock *b)
{
	u32 n = b->succ.n - 1;
	u8 t = i->o[0].reg, v = u(i, 0);
	enc_rr(&e->e, 0, 0x81, 8, 0, 7, v);
	enc_u32(&e->e, n);
	jump(e, CcAE, forward(e->m, b->succ.a[n]));
	u32 at = enc_rm(&e->e, 0, 0x8d, 8, 0, RegR13, (EncMem){.rip = true, .base = RegNone, .index = RegNone});
	enc_rm(&e->e, 0, 0x63, 8, 0, t, (EncMem){.base = RegR13, .index = v, .scale = 4});
	enc_rr(&e->e, 0, 0x03, 8, 0, t, RegR13);
	enc_rr(&e->e, 0, 0xff, 4, 0, 4, t);
	vec_push(e->m->ar, &e->table, (Table){at, (u32)(b - e->m->b.a)});
}

static void set_depth(Emit *e, i32 depth)
{
	e->depth = depth;
	code_pcval(e->m->out, &e->c->sp, e->e.n, depth);
}

static void epilogue(Emit *e)
{
	MFunc *m = e->m;
	if (!m->has_frame)
		return;
	if (m->framesize) {
		enc_rr(&e->e, 0, m->framesize < 128 ? 0x83 : 0x81, 8, 0, 0, RegSP);
		imm_sized(e, m->framesize < 128 ? 1 : 4, m->framesize);
		set_depth(e, 8);
	}
	enc_u8(&e->e, 0x5d);
	set_depth(e, 0);
}

static void emit_term(Emit *e, MInst *i, MBlock *b)
{
	i32 depth = e->depth;
	switch ((XOp)i->op) {
	case XJmp:
		if (forward(e->m, b->succ.a[0]) != e->next)
			jump(e, -1, forward(e->m, b->succ.a[0]));
		return;
	case XJcc:
		branch(e, i->cc, forward(e->m, b->succ.a[0]), forward(e->m, b->succ.a[1]));
		return;
	case XSwitch:
		emit_switch(e, i, b);
		return;
	case XExit:
		enc_u8(&e->e, 0x0f);
		enc_u8(&e->e, 0x0b);
		return;
	case XRet:
		epilogue(e);
		enc_u8(&e->e, 0xc3);
		break;
	case XTailCall:
		epilogue(e);
		if (i->aux == 0) {
			enc_u8(&e->e, 0xe9);
			enc_u32(&e->e, 0);
			reloc(e, e->e.n - 4, RelocCall32, i->sym, -4);
		} else if (i->aux == 1)
			enc_rm(&e->e, 0, 0xff, 4, 0, 4, (EncMem){.base = RegDX, .index = RegNone});
		else
			enc_rr(&e->e, 0, 0xff, 4, 0, 4, u(i, 0));
		break;
	default:
		bug("%s: bad terminator", e->m->f->sym->name);
	}
	set_depth(e, depth);
}

/* ---- beginning and end ---- */

enum { StackGuard = 16 /* in g */, StackSmall = 128, StackBig = 4096 };

static bool needs_check(const MFunc *m)
{
	return !m->f->nosplit && (m->has_call || m->framesize + 16 > StackSmall);
}

static void stack_check(Emit *e)
{
	MFunc *m = e->m;
	if (!needs_check(m))
		return;
	u8 r = RegSP;
	u32 over = m->framesize + 8;
	if (over > StackSmall) {
		r = RegR13;
		enc_rm(&e->e, 0, 0x8d, 8, 0, r, (EncMem){.base = RegSP, .index = RegNone, .disp = -(i32)(over - StackSmall)});
	}
	u32 wrap = 0;
	if (over > StackBig) {          /* the difference may wrap around */
		enc_rr(&e->e, 0, 0x3b, 8, 0, r, RegSP);
		wrap = jump32(e, CcA);
	}
	enc_rm(&e->e, 0, 0x3b, 8, 0, r, (EncMem){.base = RegR14, .index = RegNone, .disp = StackGuard});
	e->morestack = jump32(e, CcBE);
	e->wrap = wrap;
}

static void zero_word(Emit *e, i64 off)
{
	enc_rm(&e->e, 0, 0xc7, 8, 0, 0, sp_mem(e, off));
	enc_u32(&e->e, 0);
}

static void prologue(Emit *e)
{
	MFunc *m = e->m;
	code_line(m->out, e->c, 0, m->f->pos, 0);
	code_pcval(m->out, &e->c->map, 0, -1);
	code_pcval(m->out, &e->c->unsafe_, 0, PointUnsafe);
	set_depth(e, 0);
	if (m->f->abi0)
		restore_fixed(e);
	stack_check(e);
	if (m->has_frame) {
		enc_u8(&e->e, 0x55);
		set_depth(e, 8);
		mov_rr(e, RegBP, RegSP);
		if (m->framesize) {
			enc_rr(&e->e, 0, m->framesize < 128 ? 0x83 : 0x81, 8, 0, 5, RegSP);
			imm_sized(e, m->framesize < 128 ? 1 : 4, m->framesize);
		}
		set_depth(e, (i32)m->framesize + 8);
	}
	for (u32 i = 0; i < m->f->slot.n; i++)
		for (u32 o = 0; m->f->slot.a[i].zeroed && o < m->f->slot.a[i].size; o += 8)
			zero_word(e, frame_off(e, MemSlot, i, o));
	const Sig *s = m->f->sig;
	for (u32 o = s ? s->retoff : 0; s && m->has_call && o < s->argsize; o += 8)
		zero_word(e, frame_off(e, MemArg, 0, o));
	code_pcval(m->out, &e->c->unsafe_, e->e.n, PointSafe);
}

/* Argument registers into the caller's spill space or back. */
static void spill_args(Emit *e, bool back)
{
	const Sig *s = e->m->f->sig;
	for (u32 i = 0; s && i < s->nin; i++) {
		const SigPart *p = &s->in[i];
		if (p->reg < 0)
			continue;
		EncMem mem = {.base = RegSP, .index = RegNone, .disp = (i32)p->off + 8};
		u32 n = ty_size(p->ty);
		if (ty_is_float(p->ty))
			enc_rm(&e->e, n == 8 ? 0xf2 : 0xf3, back ? 0x0f10 : 0x0f11, 4, 0, amd64_floatarg[p->reg], mem);
		else
			enc_rm(&e->e, 0, (back ? 0x8a : 0x88) + (n > 1), n, n == 1 ? EncByteReg : 0, amd64_intarg[p->reg], mem);
	}
}

static void emit_morestack(Emit *e)
{
	MFunc *m = e->m;
	if (!needs_check(m))
		return;
	land32(e, e->morestack, e->e.n);
	if (e->wrap)
		land32(e, e->wrap, e->e.n);
	code_line(m->out, e->c, e->e.n, m->f->pos, 0);
	code_pcval(m->out, &e->c->map, e->e.n, -1);
	code_pcval(m->out, &e->c->unsafe_, e->e.n, PointUnsafe);
	set_depth(e, 0);
	spill_args(e, false);
	call_sym(e, sym_get(m->f->prog, m->f->needctxt || m->f->is_closure ? "runtime.morestack" : "runtime.morestack_noctxt"));
	spill_args(e, true);
	u32 at = jump32(e, -1);
	land32(e, at, 0);
}

static void emit_cold(Emit *e)
{
	set_depth(e, (i32)e->m->framesize + (e->m->has_frame ? 8 : 0));
	for (u32 i = 0; i < e->cold.n; i++) {
		Cold *c = &e->cold.a[i];
		code_line(e->m->out, e->c, e->e.n, c->i->pos, c->i->inl);
		if (c->kind == ColdBounds)
			cold_bounds(e, c);
		else
			cold_barrier(e, c);
	}
}

static void emit_tables(Emit *e)
{
	for (u32 i = 0; i < e->table.n; i++) {
		while (e->e.n % 4)
			enc_u8(&e->e, 0xcc);
		u32 at = e->e.n;
		MBlock *b = &e->m->b.a[e->table.a[i].block];
		land32(e, e->table.a[i].lea, at);
		for (u32 k = 0; k + 1 < b->succ.n; k++)
			enc_u32(&e->e, e->pos[forward(e->m, b->succ.a[k])] - at);
	}
}

/* Behind the code: bytes that carry the positions of inlined calls, and one that keeps the last from ending the function. */
static void emit_marks(Emit *e)
{
	u32 n = code_inline_marks(e->m, e->e.n);
	for (u32 i = 0; n && i <= n; i++)
		enc_u8(&e->e, 0xcc);
}

static void emit_block(Emit *e, u32 bi)
{
	MFunc *m = e->m;
	MBlock *b = &m->b.a[bi];
	e->pos[bi] = e->e.n;
	for (u32 k = 0; k < b->out.n; k++) {
		MInst *i = &b->out.a[k];
		if (i->pos && i->inl && !e->e.n)
			enc_u8(&e->e, 0x90);    /* the entry is the function's own, for FuncForPC */
		if (i->pos)
			code_line(m->out, e->c, e->e.n, i->pos, i->inl);
		if (k + 1 == b->out.n)
			emit_term(e, i, b);
		else
			emit_inst(e, i);
	}
}

static void pass(Emit *e, const u32 *list, u32 n)
{
	MFunc *m = e->m;
	Code *c = e->c;
	e->e.n = c->rel.n = c->line.n = c->sp.n = c->map.n = c->unsafe_.n = 0;
	e->fix.n = e->cold.n = e->table.n = 0;
	for (u32 i = 0; i < m->b.n; i++)
		e->pos[i] = UINT32_MAX;
	prologue(e);
	for (u32 i = 0; i < n; i++) {
		e->next = i + 1 < n ? list[i + 1] : 0;
		emit_block(e, list[i]);
	}
	emit_cold(e);
	emit_morestack(e);
	emit_tables(e);
	emit_marks(e);
	for (u32 i = 0; i < e->fix.n; i++) {
		Fix *f = &e->fix.a[i];
		if (f->small)
			e->e.a[f->at] = (u8)(e->pos[f->block] - (f->at + 1));
		else
			land32(e, f->at, e->pos[f->block]);
	}
}

void amd64_emit(MFunc *m)
{
	Emit e = {.m = m, .c = m->code, .e.ar = m->ar};
	e.pos = arena_array(m->ar, u32, m->b.n);
	e.old = arena_array(m->ar, u32, m->b.n);
	u32 *list = arena_array(m->ar, u32, m->b.n), n = 0;
	for (u32 i = 0; i < m->layout.n; i++)
		if (forward(m, m->layout.a[i]) == m->layout.a[i])
			list[n++] = m->layout.a[i];
	pass(&e, list, n);
	u32 *t = e.pos;
	e.pos = e.old;
	e.old = t;
	e.pass = 1;
	pass(&e, list, n);
	code_inline_rows(m);
	m->code->text = arena_copy(m->out, e.e.a, e.e.n, 1);
	m->code->size = e.e.n;
	m->code->deferreturn = m->f->deferreturn ? e.pos[m->f->deferreturn] : 0;
}
