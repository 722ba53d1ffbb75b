/* ABIInternal's register sequences, and the copies the allocator inserts. */
#include "amd64.h"

const u8 amd64_intarg[9] = {RegAX, RegBX, RegCX, RegDI, RegSI, RegR8, RegR9, RegR10, RegR11};
const u8 amd64_floatarg[15] = {
	RegX0, RegX1, RegX2, RegX3, RegX4, RegX5, RegX6, RegX7, RegX8, RegX9, RegX10, RegX11, RegX12, RegX13, RegX14,
};

static MInst plain(XOp op, u32 size)
{
	return (MInst){.op = op, .size = (u8)size, .base = -1, .index = -1};
}

/* A whole word moves between integer registers, so that pointers and narrow values look alike. */
MInst amd64_move(MFunc *m, Ty ty, u8 dst, VReg dstv, u8 src, VReg srcv)
{
	u32 size = ty_is_float(ty) ? ty_size(ty) : 8;
	MInst i = plain(XMovMM, size);
	if (dst == RegNone && src == RegNone) {
		i.slot = dstv;
		i.imm = srcv;
		return i;
	}
	MOpnd *o = arena_array(m->ar, MOpnd, 2);
	o[0] = (MOpnd){.v = dst == RegNone ? srcv : dstv, .reg = dst == RegNone ? src : dst, .fix = RegNone};
	o[1] = (MOpnd){.v = srcv, .reg = src, .fix = RegNone};
	i.o = o;
	if (dst == RegNone) {
		i.op = src >= RegX0 ? XFStore : XStore;
		i.nuse = 1;
		i.mem = MemSpill;
		i.slot = dstv;
	} else if (src == RegNone) {
		i.op = dst >= RegX0 ? XFLoad : XLoad;
		i.ndef = 1;
		i.mem = MemSpill;
		i.slot = srcv;
	} else {
		bool df = dst >= RegX0, sf = src >= RegX0;
		i.op = df ? (sf ? XFMov : XMovIF) : (sf ? XMovFI : XMov);
		if (df != sf)
			i.size = 8;
		i.ndef = i.nuse = 1;
	}
	return i;
}

MInst amd64_rezero(MFunc *m)
{
	return plain(XRezero, 8);
}
