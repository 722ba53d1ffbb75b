/* gen: from SSA to machine code.
 *
 * Nouns. An MFunc is a function in machine form: MBlocks of MInsts over virtual registers (VReg), which are the SSA
 * values themselves plus temporaries. An MInst has operands (definitions first, then uses), at most one memory
 * operand and one immediate. A VReg is defined once, or is rematerialisable: then it has no definition and
 * is computed again wherever it is wanted. Phis stay phis: a list at the head of a block. A Code is the result: bytes, symbolic
 * relocations and the tables the linker encodes.
 *
 * Order. arch->lower (isel) -> regalloc -> stackmap -> frame -> arch->emit. Nothing here knows a machine by name; facts come
 * from struct Arch.
 *
 * Registers. Every call destroys all of them. A value needed after a call sits in its spill slot, stored once right behind its
 * definition; slots are of pointers or of non-pointers for ever. Instructions the allocator inserts do not touch flags.
 */
#ifndef SEAGO_GEN_H
#define SEAGO_GEN_H

#include "../ssa/ssa.h"

typedef u32 VReg;          /* 0: none */
typedef u32 RegMask;
enum { MaxRegs = 32, RegNone = 0xff };

typedef enum MemKind {
	MemNone,
	MemBase,               /* base + index * scale + disp */
	MemSym,                /* sym + disp, pc relative */
	MemSlot,               /* frame slot + disp (+ index * scale) */
	MemSpill,              /* spill slot of VReg slot */
	MemArg,                /* incoming argument area + disp */
	MemOut,                /* outgoing argument area + disp */
} MemKind;

typedef struct MOpnd {
	VReg v;
	u8 reg;                /* set by regalloc */
	u8 fix;                /* required register, or RegNone */
	bool early;            /* temporary: never shares a register with a use */
} MOpnd;

enum {  /* MInst.flags */
	MTied = 1,             /* definition 0 takes the register of use 0 */
	MSwap = 2,             /* uses 0 and 1 may be exchanged */
	MCall = 4,             /* safepoint; destroys all registers */
	MNoreturn = 8,
	MPanics = 32,          /* a cold call that panics: has a stack map of what survives a panic */
	MInserted = 16,        /* by regalloc: copies, reloads, stores to spill slots */
};

typedef struct MInst {
	u16 op;                /* the machine's own */
	u8 size, cc;
	u8 flags, mem, scale;
	i8 base, index;        /* which use; -1: none */
	u8 ndef, nuse;
	u16 aux;               /* the machine's own */
	i32 disp;
	u32 slot;
	RegMask clobber;
	i64 imm;
	Sym *sym;
	bool slotwrite;        /* MemSlot operand is only written */
	bool slotaddr;         /* MemSlot operand: the address is taken */
	u32 slotkill;          /* 1 + frame slot written completely or becoming undefined */
	i32 copy_disp; u32 copy_slot;  /* block copies: the second address */
	MOpnd *o;              /* ndef definitions, then nuse uses */
	Pos pos;
	u32 inl;
	VReg *live; u32 nlive; /* calls: pointers in spill slots needed afterwards */
	i32 map;               /* calls: index of the stack map */
} MInst;

typedef struct LiveAt { VReg v; i32 dist; } LiveAt;

typedef struct MPhi { VReg v; u8 reg; VReg *arg; } MPhi;   /* reg RegNone: lives in its spill slot */

typedef struct MBlock {
	VEC(MInst) in;         /* before register allocation, terminator excluded */
	VEC(MInst) out;        /* after it */
	VEC(MPhi) phi;
	VEC(u32) succ, pred;   /* block numbers; reachable ones only */
	VEC(u32) predindex;    /* position of pred[i] among the SSA block's predecessors */
	MInst term;            /* jump, branch, return ...: operands may be used at the end of the block */
	bool cold, isret;
	u32 order;             /* position in MFunc.order + 1; 0: unreachable */
	u32 predat;            /* one successor: this block's position among its predecessors */
	LiveAt *livein, *liveout; u32 nlivein, nliveout;
	VReg start[MaxRegs], end[MaxRegs];
	VEC(VReg) away;        /* regalloc: live into this loop, not used in it and not kept in a register */
	RegMask ended;         /* registers that hold something at the end */
	bool done;
	u32 lo, hi;            /* linear positions */
} MBlock;

typedef struct VInfo {
	u8 ty;
	bool remat, spilled;
	u8 hint;               /* wished register */
	u32 rematinst;         /* index in MFunc.remat */
	i32 slot;              /* spill slot number, -1 none */
	u32 lo, hi;            /* live range over linear positions, for sharing slots */
} VInfo;

typedef struct SpillSlot { bool ptr, arg; u32 hi, argoff; i32 off; } SpillSlot;   /* arg: a parameter's own spill space, argoff from argp */

typedef struct PcVal { u32 pc; i32 val; } PcVal;
typedef struct PcLine { u32 pc; Pos pos; u32 inl; } PcLine;
/* An inlined call that has left code: whose body, from which entry (-1: the function itself), and a pc with the call's position. */
typedef struct CodeInl { Sym *fn; i32 parent; u32 pc, tree /* in f->inl */; Pos startpos; } CodeInl;
typedef struct StackObj { i32 off; u32 size; const Type *type; } StackObj;

/* Upstream's values of the table of unsafe points. */
enum { PointSafe = -1, PointUnsafe = -2 };

/* Machine code of one function. pc tables: sorted, a row holds from its pc to the next row's. Offsets in bitmaps and stack
 * objects as in the runtime's tables: locals end at varp (address of the saved frame pointer), args start at argp.
 * A pc-relative relocation is sym + add - address of the field, so add holds -4 and what follows the field. */
typedef struct Code {
	u8 *text; u32 size;
	VEC(Reloc) rel;
	u32 framesize;             /* bytes between the return address and SP */
	u32 argsize;               /* stack arguments and results */
	VEC(PcLine) line;          /* inl: in the end 1 + index in inlined, 0 = the function's own body */
	CodeInl *inlined; u32 ninlined;
	VEC(PcVal) sp;             /* bytes SP is below its value at entry */
	VEC(PcVal) map;            /* stack map index at calls; -1: as at entry, which is map 0 */
	VEC(PcVal) unsafe_;        /* places for asynchronous preemption: PointSafe or PointUnsafe */
	u32 nmap, argbits, localbits;
	u8 *argmap, *localmap;     /* nmap bitmaps of (bits + 7) / 8 bytes */
	StackObj *obj; u32 nobj;
	u8 *arginfo; u32 narginfo; /* arguments for tracebacks */
	u8 *arglive; u32 narglive; /* which of them can be told; none: all */
	u32 deferreturn;           /* pc of the recovery block, 0 none */
	bool open_defers;
	u32 defer_bits_off, defer_slots_off;    /* below varp */
	struct CodeTabs *tabs;     /* link's own */
} Code;

typedef struct MFunc {
	const struct Arch *arch;
	Func *f;
	Arena *ar;                 /* this function's scratch */
	Arena *out;                /* where Code goes: longer lived than ar, or the same */
	VEC(MBlock) b;             /* same numbers as Func.b, then split edges */
	VEC(u32) order;            /* reverse post-order */
	VEC(u32) layout;           /* order of emission: cold blocks last */
	VEC(VInfo) v;
	VEC(MInst) remat;
	VEC(SpillSlot) spill;
	u32 outsize;               /* outgoing area */
	bool has_call;             /* real ones */
	bool has_bounds;           /* cold calls that panic */
	bool has_frame;            /* frame pointer saved */
	u32 framesize;             /* below the saved frame pointer */
	struct StackMap *stackmap; /* stackmap.c's own */
	Code *code;
} MFunc;

/* One row per processor. */
typedef struct Arch {
	const char *name;
	u32 nregs;
	const char *const *regname;
	RegMask allocatable[2];        /* integer, float */
	const u8 *order[2];            /* allocation order, RegNone at the end */
	const u8 *intarg; u32 nintarg; /* ABIInternal sequences */
	const u8 *floatarg; u32 nfloatarg;
	u8 closure, g;
	void (*lower)(MFunc *m);
	void (*emit)(MFunc *m);
	/* Instructions regalloc inserts; locations are registers, or RegNone for the spill slot of v. */
	MInst (*move)(MFunc *m, Ty ty, u8 dst, VReg dstv, u8 src, VReg srcv);
	u8 scratch[2];                 /* reserved for breaking cycles, by class (may be the same) */
	MInst (*rezero)(MFunc *m);     /* restores a scratch register that must hold zero; NULL: none */
} Arch;

extern const Arch arch_amd64;

static inline bool vreg_float(const MFunc *m, VReg v) { return ty_is_float(m->v.a[v].ty); }
VReg mfunc_temp(MFunc *m, Ty ty);
u32 mblock_new(MFunc *m);
/* Position of from among the predecessors of to, critical edges being split. */
static inline u32 mblock_pred_at(const MFunc *m, u32 from, u32 to) { return m->b.a[to].pred.n > 1 ? m->b.a[from].predat : 0; }

/* gen.c: one function; output in out, scratch memory in tmp. Any thread. */
Code *gen_func(Func *f, const Arch *arch, Arena *out, Arena *tmp);

/* regalloc.c */
void gen_regalloc(MFunc *m);
/* stackmap.c: fills Code.argmap, Code.localmap and the map index of every call; needs frame offsets */
void gen_stackmap(MFunc *m);
void gen_zero_slots(MFunc *m);                         /* which slots the prologue must clear */
bool slot_has_pointers(const MFunc *m, const Slot *s);
/* arginfo.c: Code.arginfo and arglive; needs the spill slots */
void gen_arginfo(MFunc *m);
/* frame.c: offsets of slots and spills from the frame base (the saved frame pointer, downwards) */
/* False, and *why in gc's words, if a frame of f would be larger than 1 GB; asked before gen_func. */
bool gen_frame_fits(const Func *f, Arena *a, const char **why);
void gen_frame(MFunc *m);
/* pctab.c */
void code_line(Arena *a, Code *c, u32 pc, Pos pos, u32 inl);
/* Fills Code.inlined from the rows of line. Calls of which no row tells get one byte each, never executed, from pc on: how many. */
u32 code_inline_marks(MFunc *m, u32 pc);
void code_inline_rows(MFunc *m);                       /* numbers of f->inl in the rows become those of Code.inlined */
void code_pcval(Arena *a, void *table, u32 pc, i32 val);   /* VEC(PcVal) */
u8 *code_encode(Arena *a, const PcVal *v, u32 n, i32 first, u32 end, u32 quantum, u32 *len);  /* pclntab's varint pairs */

#endif
