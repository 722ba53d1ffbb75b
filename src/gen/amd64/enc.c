/* Encoding of one instruction: prefixes, REX, opcode, ModRM, SIB, displacement (SDM volume 2, chapter 2). */
#include "amd64.h"

void enc_grow(Enc *e)
{
	u32 cap = e->cap ? e->cap * 2 : 1024;
	u8 *a = arena_raw(e->ar, cap, 1);
	if (e->n)
		memcpy(a, e->a, e->n);
	e->a = a;
	e->cap = cap;
}

void enc_u32(Enc *e, u32 v)
{
	for (int i = 0; i < 4; i++)
		enc_u8(e, v >> (8 * i) & 0xff);
}

void enc_u64(Enc *e, u64 v)
{
	enc_u32(e, (u32)v);
	enc_u32(e, (u32)(v >> 32));
}

static void opcode(Enc *e, u32 op)
{
	if (op >> 16)
		enc_u8(e, op >> 16 & 0xff);
	if (op >> 8)
		enc_u8(e, op >> 8 & 0xff);
	enc_u8(e, op & 0xff);
}

/* spl, bpl, sil, dil need a REX prefix, even an empty one. */
static bool needs_rex(u8 r) { return r >= 4 && r < 8; }

static void prefixes(Enc *e, u32 prefix, u32 size, u32 reg, u32 index, u32 rm, bool force)
{
	if (size == 2)
		enc_u8(e, 0x66);
	if (prefix)
		enc_u8(e, prefix);
	u32 rex = (size == 8) << 3 | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (rm >> 3 & 1);
	if (rex || force)
		enc_u8(e, 0x40 | rex);
}

void enc_rr(Enc *e, u32 prefix, u32 op, u32 size, u32 flags, u8 reg, u8 rm)
{
	reg &= 15, rm &= 15;
	bool force = ((flags & EncByteReg) && needs_rex(reg)) || ((flags & EncByteRm) && needs_rex(rm));
	prefixes(e, prefix, size, reg, 0, rm, force);
	opcode(e, op);
	enc_u8(e, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

u32 enc_rm(Enc *e, u32 prefix, u32 op, u32 size, u32 flags, u8 reg, EncMem m)
{
	reg &= 15;
	bool force = (flags & EncByteReg) && needs_rex(reg);
	u32 index = m.index == RegNone ? 0 : m.index, base = m.rip || m.base == RegNone ? 0 : m.base;
	prefixes(e, prefix, size, reg, index, base, force);
	opcode(e, op);
	u32 r = (u32)(reg & 7) << 3;
	if (m.rip) {
		enc_u8(e, r | 5);
		enc_u32(e, (u32)m.disp);
		return e->n - 4;
	}
	bool small = m.disp == (i8)m.disp;
	u32 mod = m.disp == 0 && (base & 7) != 5 ? 0 : small ? 0x40 : 0x80;
	if (m.index == RegNone && (base & 7) != 4)
		enc_u8(e, mod | r | (base & 7));
	else {
		u32 scale = m.index == RegNone ? 0 : (u32)__builtin_ctz(m.scale ? m.scale : 1);
		enc_u8(e, mod | r | 4);
		enc_u8(e, scale << 6 | (m.index == RegNone ? 4 : index & 7) << 3 | (base & 7));
	}
	if (mod == 0x40)
		enc_u8(e, (u32)m.disp & 0xff);
	else if (mod == 0x80)
		enc_u32(e, (u32)m.disp);
	return 0;
}
