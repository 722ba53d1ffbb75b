/* The row of amd64. Peculiar about it: two-operand instructions, CX for shifts, AX and DX for wide multiplication and
 * division, total store order, calls push their return address. */
#include "amd64.h"

static const char *const regname[] = {
#define REG(name, text, alloc) text,
#include "regs.def"
};

enum {
	Allocatable = 0
#define REG(name, text, alloc) | (alloc ? 1u << Reg##name : 0)
#include "regs.def"
	,
	IntMask = Allocatable & 0xffff,
	FloatMask = Allocatable & ~0xffff,
};

/* Argument registers that are wanted most come last. */
static const u8 int_order[] = {
	RegSI, RegDI, RegR8, RegR9, RegR10, RegR11, RegDX, RegCX, RegR12, RegR15, RegBX, RegAX, RegNone,
};
static const u8 float_order[] = {
	RegX8, RegX9, RegX10, RegX11, RegX12, RegX13, RegX14, RegX7, RegX6, RegX5, RegX4, RegX3, RegX2, RegX1, RegX0, RegNone,
};

const Arch arch_amd64 = {
	.name = "amd64",
	.nregs = 32,
	.regname = regname,
	.allocatable = {(u32)IntMask, (u32)FloatMask},
	.order = {int_order, float_order},
	.intarg = amd64_intarg, .nintarg = nelem(amd64_intarg),
	.floatarg = amd64_floatarg, .nfloatarg = nelem(amd64_floatarg),
	.closure = RegDX, .g = RegR14,
	.lower = amd64_lower,
	.emit = amd64_emit,
	.move = amd64_move,
	.rezero = amd64_rezero,
	.scratch = {RegR13, RegX15},
};
