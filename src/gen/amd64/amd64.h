/* amd64: registers, operations and condition codes shared by the files of this folder.
 * Reference: Intel 64 Architectures Software Developer's Manual, volume 2. */
#ifndef SEAGO_GEN_AMD64_H
#define SEAGO_GEN_AMD64_H

#include "../gen.h"

enum Reg {
#define REG(name, text, alloc) Reg##name,
#include "regs.def"
};

typedef enum XOp {
#define INSN(name, remark) X##name,
#include "insn.def"
	XMax
} XOp;

enum { FormR, FormI, FormM, FormMI };      /* MInst.aux of operations with a form */

/* Condition codes as encoded; the last two test a float comparison for equality, which needs the parity flag too. */
enum Cc {
	CcO, CcNO, CcB, CcAE, CcE, CcNE, CcBE, CcA, CcS, CcNS, CcP, CcNP, CcL, CcGE, CcLE, CcG,
	CcFEq = 16, CcFNe = 17,
};
_Static_assert((CcB ^ 1) == CcAE && (CcFEq ^ 1) == CcFNe, "negation flips the low bit");

/* enc.c: one instruction into a growing buffer */
typedef struct Enc {
	u8 *a;
	u32 n, cap;
	Arena *ar;
} Enc;
typedef struct EncMem { u8 base, index, scale; bool rip; i32 disp; } EncMem;   /* RegNone: absent */
void enc_grow(Enc *e);
static inline void enc_u8(Enc *e, u32 b)
{
	if (unlikely(e->n == e->cap))
		enc_grow(e);
	e->a[e->n++] = (u8)b;
}
void enc_u32(Enc *e, u32 v);
void enc_u64(Enc *e, u64 v);
/* op: opcode bytes, last byte lowest (0x0fb6); prefix: 0 or a mandatory prefix; size 8 sets REX.W; byte_reg, byte_rm: that
 * register is an 8-bit one. */
enum { EncByteReg = 1, EncByteRm = 2 };
void enc_rr(Enc *e, u32 prefix, u32 op, u32 size, u32 flags, u8 reg, u8 rm);
/* Returns where the 32-bit displacement of a rip-relative operand was put. imm: bytes that follow. */
u32 enc_rm(Enc *e, u32 prefix, u32 op, u32 size, u32 flags, u8 reg, EncMem m);

/* isel.c, emit.c, abi.c */
void amd64_lower(MFunc *m);
void amd64_emit(MFunc *m);
MInst amd64_move(MFunc *m, Ty ty, u8 dst, VReg dstv, u8 src, VReg srcv);
MInst amd64_rezero(MFunc *m);
extern const u8 amd64_intarg[9], amd64_floatarg[15];

#endif
