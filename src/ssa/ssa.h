/* ssa: the middle representation.
 *
 * Nouns. A Func is one function instance: dense arrays of Values and Blocks, ids are indices, id 0 is invalid.
 * A Value is an op with up to three inline arguments or a list. Strings, slices, interfaces, complex numbers and small
 * structs never exist as one Value: they are components, each a machine scalar (Ty). Larger aggregates live in frame
 * Slots and are handled by address. A Block ends in one terminator kept in the block itself. A Sym is a named thing of
 * the output (function, data, type descriptor); references to it are symbolic until link. A Program holds all of it.
 *
 * Effects stay in the order of Block.v; pure values may stand anywhere their arguments dominate.
 * Pointers into the heap or a stack have type TyPtr, everything else does not: stack maps are made of this.
 */
#ifndef SEAGO_SSA_H
#define SEAGO_SSA_H

#include "../types/types.h"

typedef struct Func Func;
typedef struct Sym Sym;
typedef struct Program Program;
typedef u32 ValueId;
typedef u32 BlockId;

typedef enum Ty { TyVoid, TyI8, TyI16, TyI32, TyI64, TyPtr, TyF32, TyF64, TyMax } Ty;
static inline u32 ty_size(Ty t) { static const u8 n[TyMax] = {0, 1, 2, 4, 8, 8, 4, 8}; return n[t]; }
static inline bool ty_is_float(Ty t) { return t >= TyF32; }

typedef enum SsaOp {
#define OP(name, nargs, result, flags, remark) Ssa##name,
#include "ops.def"
#undef OP
	SsaMax
} SsaOp;

enum { SsaPure = 1, SsaCommutes = 2, SsaLoadFlag = 4, SsaStoreFlag = 8, SsaEffect = 16, SsaCallFlag = 32, SsaFault = 64 };
typedef struct SsaOpInfo { const char *name; i8 nargs; char result; u8 flags; } SsaOpInfo;
extern const SsaOpInfo ssa_op_info[SsaMax];

/* Bounds.aux: what is checked. The condition is index < length (unsigned) for the first two kinds, index <= length for
 * the others; the U kinds say that the index is unsigned (its text in the panic). Second column: who panics. */
#define SSA_BOUNDS \
	BOUNDS(Index, "runtime.goPanicIndex") BOUNDS(IndexU, "runtime.goPanicIndexU") \
	BOUNDS(SliceAlen, "runtime.goPanicSliceAlen") BOUNDS(SliceAlenU, "runtime.goPanicSliceAlenU") \
	BOUNDS(SliceAcap, "runtime.goPanicSliceAcap") BOUNDS(SliceAcapU, "runtime.goPanicSliceAcapU") \
	BOUNDS(SliceB, "runtime.goPanicSliceB") BOUNDS(SliceBU, "runtime.goPanicSliceBU") \
	BOUNDS(Slice3Alen, "runtime.goPanicSlice3Alen") BOUNDS(Slice3AlenU, "runtime.goPanicSlice3AlenU") \
	BOUNDS(Slice3Acap, "runtime.goPanicSlice3Acap") BOUNDS(Slice3AcapU, "runtime.goPanicSlice3AcapU") \
	BOUNDS(Slice3B, "runtime.goPanicSlice3B") BOUNDS(Slice3BU, "runtime.goPanicSlice3BU") \
	BOUNDS(Slice3C, "runtime.goPanicSlice3C") BOUNDS(Slice3CU, "runtime.goPanicSlice3CU") \
	BOUNDS(Convert, "runtime.goPanicSliceConvert")
typedef enum BoundsKind {
#define BOUNDS(name, fn) Bounds##name,
	SSA_BOUNDS
#undef BOUNDS
	BoundsMax
} BoundsKind;
extern const char *const ssa_bounds_name[BoundsMax];

enum {  /* Value.flags */
	FlagBounded = 1,      /* shifts: count < width */
	FlagWB = 2,           /* Store, Zero, Move: write barrier unless the target is the stack */
	FlagMustHeap = 4,     /* New: never on the stack; KeepAlive: nor what the value points to */
	FlagNonNil = 8,       /* Load, Store: the pointer was checked or cannot be nil */
	FlagNoreturn = 16,    /* calls that never return */
	FlagTail = 32,
	FlagUnlikely = 64,
	FlagBuf = 256,        /* New: a buffer for a result; nil if it cannot be in the frame */
	FlagVolatile = 128,   /* Load, Store of slots read by the panic machinery: not moved, not removed */
	FlagLength = 256,     /* Load: a length or capacity, never negative */
	FlagAbi0 = 512,       /* Call: of assembly; the registers that Go reserves must be restored afterwards */
};

/* Where operations keep what (aux, the union, callee):
 *   Addr: sym + aux.  New: callee = descriptor, aux = size, type.  MakeSlice: callee = descriptor, type = element type.
 *   Zero: aux2 bytes at arg0 + aux, callee = descriptor.  Move: aux2 bytes, callee = descriptor.
 *   Call: callee, sig.  CallClosure, CallCode: sig.  ArgAddr: aux = index in Sig.in, results: Sig.nin + index in Sig.out. */
typedef struct Value {
	u8 op, ty;
	u16 flags;
	Pos pos;
	BlockId block;
	u32 inl;              /* inline tree entry, 0 = the function's own body */
	u32 nargs;
	ValueId arg[3];       /* nargs <= 3; else arg[0] = start in Func.args */
	i64 aux;
	union { i64 aux2; Sym *sym; const Type *type; struct Sig *sig; };
	Sym *callee;          /* Call: the function; Zero, Move with FlagWB: type descriptor; New: allocation descriptor */
} Value;

typedef enum TermKind {
	TermNone,
	TermJump,             /* succ[0] */
	TermIf,               /* ctl != 0 ? succ[0] : succ[1]; likely: +1 first, -1 second, 0 unknown */
	TermSwitch,           /* ctl (TyI64) in [0, nsucc-1): succ[ctl], else the last one: dense jump table */
	TermRet,              /* ret[]: result components (register-assigned; stack-assigned ones are in memory) */
	TermExit,             /* unreachable: after a call that does not return */
	TermTailCall,         /* last value of the block is the call */
} TermKind;

typedef struct Block {
	VEC(ValueId) v;       /* phis first, then the rest in order */
	VEC(BlockId) pred;    /* order = order of phi arguments */
	VEC(BlockId) succ;
	VEC(ValueId) ret;     /* TermRet */
	ValueId ctl;
	u8 term;
	i8 likely;
	bool cold;
	Pos pos;
	u32 inl;
} Block;

/* A frame slot: address-taken locals, aggregates, results in functions with defer. */
typedef struct Slot {
	const Type *type;     /* for the pointer mask; NULL: no pointers */
	u32 size, align;
	Name *name;           /* variable, or NULL for temporaries */
	bool pinned;          /* always live (defer bits, results in functions with defer) */
	bool zeroed;          /* must be cleared at entry (ambiguously live pointers) */
	i32 off;              /* set by gen: from the frame base */
} Slot;

/* Where the components of parameters and results go: ABIInternal. */
typedef struct SigPart {
	u8 ty;                /* TyVoid: a whole stack-assigned aggregate; the argument value is then the address (TyPtr) it is copied from */
	i8 reg;               /* index in the integer or float sequence; -1: on the stack */
	u32 off;              /* stack: offset in the argument area; register: offset of its spill slot */
	u32 param;            /* which parameter or result */
	u32 poff;             /* offset of the component inside it */
	u32 size;             /* TyVoid: the whole value lives in memory, passed by copying size bytes from an address */
} SigPart;
typedef struct SigVar { Type *type; u32 off; bool in_regs; u32 first, n; } SigVar;   /* one parameter/result: its parts */
typedef struct Sig {
	SigPart *in, *out; u32 nin, nout;      /* components, receiver first */
	SigVar *param, *result; u32 nparam, nresult;
	u32 argsize;          /* stack-assigned args and results */
	u32 retoff;           /* where stack results start */
	u32 spillsize;        /* caller-reserved spill area after argsize */
} Sig;

/* One inlined call: entry i describes the frame of an inlined body. */
typedef struct Inl { u32 parent; Pos callpos; Sym *fn; Pos startpos; } Inl;

struct Func {
	Sym *sym;
	Program *prog;
	Arena *ar;
	VEC(Value) v;
	VEC(Block) b;         /* b[1] is the entry */
	VEC(ValueId) args;    /* argument lists */
	VEC(Slot) slot;
	VEC(Inl) inl;         /* inl[0] unused */
	Sig *sig;
	Pos pos, endpos;
	u32 pragma;
	u8 funcid;            /* abi.FuncID: wrappers and runtime's special ones */
	bool wrapper, needctxt, nosplit, has_defer, has_recover, nosafepoint, is_closure, open_defers, noinline;
	bool abi0;            /* called by assembly: sig is sig_abi0's, g and zero registers are made at entry */
	u32 defer_bits_slot, defer_slots;   /* open-coded defers: slot numbers */
	BlockId deferreturn;  /* block that calls deferreturn and returns; 0 = none */
	bool compiled;        /* for programs to come too: only what callers need to know is left */
	u32 inline_cost;      /* 0: not to be inlined; whole/inline.c */
	VEC(Sym *) boxed;     /* types whose values it puts into interfaces without an itab: reach */
	struct Escape *escape;   /* what happens to its parameters: whole/escape.c; NULL: unknown */
	u32 node;             /* in the call graph, from 1; 0: not in it */
	bool is_value;        /* some function refers to it other than by calling it: callgraph.c */
};

/* ---- symbols ---- */

typedef enum SymKind {
	SymUndef, SymText, SymRodata, SymData, SymNoptrData, SymBss, SymNoptrBss,
	SymExtern,            /* defined by the C runtime's objects */
} SymKind;
enum { SymAsm = 1, SymSpWrite = 2, SymTopFrame = 4, SymWrapper = 8 };    /* Sym.asmflags; SpWrite: moves SP in ways the tables do not tell */
typedef enum RelocKind { RelocAddr64, RelocAddr32, RelocPC32, RelocOff32 /* from the types base */, RelocTextOff32, RelocCall32, RelocMethodOff32 /* TextOff, or -1 when dead */, RelocTypeOffWeak } RelocKind;
enum { CounterCover = 1, CounterFuzz, CounterMax };
typedef struct Reloc { u32 off; u8 kind; Sym *sym; i64 add; } Reloc;

struct Sym {
	const char *name;     /* unique; gc's spelling */
	u32 id, hash;         /* hash: of the name */
	u8 kind;
	u8 align;             /* log2 */
	bool dupok, local, readonly;
	bool reachable;       /* during reach: atomic */
	bool kept;            /* by the linker, in the program at hand */
	bool wanted;          /* link: reachability found it live; tables of methods refer to it */
	bool needed;          /* has users once inlining is over: needed.c */
	u8 counter;           /* data: CounterCover, CounterFuzz: lies with others of its kind; 0: neither */
	bool own;             /* share.c: belongs to the program at hand alone */
	bool noescape;        /* text without a body: some declaration promises that arguments do not escape */
	u8 asmflags;          /* text of the assembler: SymAsm and more */
	u16 stackuse;         /* assembly of the C runtime: bytes of the goroutine's stack */
	u32 size;
	u8 *data;             /* NULL: zeros */
	VEC(Reloc) rel;
	const Type *gotype;   /* data: layout, for the pointer mask */
	Func *fn;             /* text: body, once built */
	struct Code *code;    /* text: machine code, once generated */
	const Type *type;     /* type descriptor or itab of this type */
	u64 addr;
	Sym *base; u32 baseoff;   /* a name inside another symbol's bytes (C runtime sections); NULL: its own. During reach: sym_base */
	_Atomic u32 state;    /* of a type descriptor: whole's own */
	const void *origin;   /* of assembly: what it was made from */
	struct SymRefs *refs; /* share.c: what its content keeps alive, for the next program; NULL: not made yet */
	struct SymDef { u8 what; Obj *fn; Type **targs; u32 ntargs; Type *type, *type2; Body *body; const MethodEntry *method; struct Join *join; } *def;   /* how to make its contents: refs.c; NULL: unknown here */
};

/* Until reach is done, other threads may be giving a symbol its definition or another name. */
static inline struct SymDef *sym_def(const Sym *s) { return __atomic_load_n(&s->def, __ATOMIC_ACQUIRE); }
static inline Sym *sym_base(const Sym *s) { return __atomic_load_n(&s->base, __ATOMIC_ACQUIRE); }

/* What a symbol stands for (SymDef.what). */
typedef enum SymWhat {
	WhatNone,
	WhatFunc,        /* fn, targs: a declared function or method instance */
	WhatFuncVal,     /* read-only word holding the address of a function: named f + "\xc2\xb7f"; fn/targs or rel */
	WhatGlobal,      /* fn = the Var */
	WhatType,        /* type: full descriptor */
	WhatAlloc,       /* type: allocation descriptor (prefix of a descriptor, keeps nothing alive) */
	WhatItab,        /* type, type2 = interface */
	WhatEq, WhatHash,/* type: generated equality and hash functions */
	WhatWrapper,     /* type = receiver type, method: promoted or pointer-to-value wrapper taking type as receiver */
	WhatIfn,         /* as WhatWrapper, but the receiver is an interface data word */
	WhatMethodVal,   /* type = receiver type, method: body of a bound method value (name-fm); receiver from the closure */
	WhatInit,        /* body: initialiser fragment */
	WhatImethod,     /* fn = method, type = its signature: nothing to emit */
	WhatToAbi0,      /* fn has its body in assembly: ABIInternal to ABI0 */
	WhatFromAbi0,    /* for assembly that calls fn: ABI0 to ABIInternal */
	WhatLit,         /* a function literal: its Func was made with its parent */
} SymWhat;

struct Program {
	Arena *ar;
	Checker *chk;
	struct SymTab *symtab;
	Map linkname;         /* Obj* -> const char*: symbol name given by go:linkname; frozen before building */
	struct Whole *whole;
	const struct PassOptions *pass;
	struct SigTab *sigs;  /* memo of sig_make */
	_Atomic bool stale;   /* set by the linker: what is to be linked refers to a symbol of another program */
	Lock lock;            /* guards ar while several threads are at work */
};

/* sym.c: any thread */
void symtab_init(Program *p);                               /* p->ar is set; once, before anything else */
void symtab_free(Program *p);
u32 symtab_list(Program *p, Arena *a, Sym ***out);          /* all of them, in no order; nobody else is at work */
void symtab_keep(Program *p, bool (*keep)(const Sym *s));   /* the others leave the table */
void symtab_add(Program *p, Sym **s, u32 n);                /* symbols that left it come back */
Sym *sym_get(Program *p, const char *name);                 /* creates SymUndef when new */
Sym *sym_find(Program *p, const char *name);                /* NULL when absent */
Sym *sym_string(Program *p, const char *s, u32 n);          /* read-only bytes of a string constant, shared */
Sym *sym_define(Program *p, const char *name, struct SymDef def);  /* the first definition counts */
Sym *sym_const(Program *p, const char *name, const void *bytes, u32 n);  /* read-only data without pointers, made once */
/* The same as the content says, made once: data NULL is zeros; rel are its relocations. */
typedef struct SymContent { u8 kind, align; bool readonly, mapped /* data stays where it is */; u32 size; const void *data; const Reloc *rel; u32 nrel; } SymContent;
Sym *sym_made(Program *p, const char *name, SymContent c);
void *prog_alloc(Program *p, size_t size);                  /* lives as long as the program; any thread */
void sym_reloc(Program *p, Sym *s, u32 off, RelocKind k, Sym *to, i64 add);

/* refs.c: symbols of things, in gc's spelling; any thread. Each call only names: whole builds what is reached. */
Sym *sym_func(Program *p, Obj *fn, Type **targs, u32 ntargs);  /* honours go:linkname; methods of instances: receiver's targs first */
Sym *sym_funcval(Program *p, Sym *text);                       /* static closure of a function */
Sym *sym_global(Program *p, Obj *var);
Sym *sym_type(Program *p, Type *t);                            /* full descriptor; canonical */
Sym *sym_alloc(Program *p, Type *t);                           /* for New, MakeSlice, Zero/Move barriers */
Sym *sym_itab(Program *p, Type *t, Type *iface);
Sym *sym_eq(Program *p, Type *t);                              /* func(p, q unsafe.Pointer) bool */
Sym *sym_hash(Program *p, Type *t);                            /* func(p unsafe.Pointer, seed uintptr) uintptr */
Sym *sym_method(Program *p, Type *recv, const MethodEntry *m); /* callable with recv as receiver: the method itself or a wrapper */
Sym *sym_ifn(Program *p, Type *recv, const MethodEntry *m);    /* callable with an interface data word as receiver */
Sym *sym_method_val(Program *p, Type *recv, const MethodEntry *m);
/* Marker of "method called through an interface": put it in Value.callee of every SsaCallCode. sig has no receiver. */
Sym *sym_imethod(Program *p, const Obj *method, Type *sig);
Sym *sym_runtime(Program *p, const char *name);                /* "runtime." + name */
Sym *sym_init(Program *p, Body *b, u32 index);                 /* pkg.init.<index>-style fragment */

/* func.c */
Func *func_new(Program *p, Sym *s, Arena *a);
BlockId func_block(Func *f);
ValueId func_value(Func *f, BlockId b, SsaOp op, Ty ty, Pos pos);   /* appended to b, no arguments */
ValueId *value_args(Func *f, ValueId v);
void value_set_args(Func *f, ValueId v, const ValueId *a, u32 n);
void value_become_copy(Func *f, ValueId v, ValueId of);             /* v keeps its type and place */
void func_keep(const Func *f, Func *out, Arena *a);                /* a copy with arrays of its own, to be inlined */
static inline ValueId value_resolve(const Func *f, ValueId v) { while (f->v.a[v].op == SsaCopy) v = f->v.a[v].arg[0]; return v; }
void block_edge(Func *f, BlockId from, BlockId to);                 /* appends to succ and pred; phis get their argument by the caller */

/* sig.c */
void sigs_init(Program *p);                                         /* by symtab_init */
Sig *sig_abi0(Program *p, Type *fn);                                /* everything on the stack */
Sig *sig_make(Program *p, Type *fn, Type *recv);                    /* memoised per canonical type; recv NULL for none */
/* Components of a type, in order; false if it is not decomposed (then it lives in memory). */
typedef struct Part { u8 ty; u32 off; } Part;
bool ssa_parts(Checker *k, Type *t, Part *out, u32 *n);             /* at most 4 parts */

/* build*.c: typed tree to SSA */
typedef struct FuncInst { Obj *fn; Type **targs; u32 ntargs; } FuncInst;
Func *ssa_build(Program *p, Sym *s, Body *body, FuncInst inst);     /* literals inside become Funcs of their own, added to the program */
Func *ssa_build_init(Program *p, Sym *s, Body *body);               /* fragment: evaluates body->init and sets body->lhs */
/* WhatWrapper: takes recv and calls m, reached through a path, a pointer or an interface. WhatIfn (ifn): takes recv's interface data word. */
Func *ssa_build_wrapper(Program *p, Sym *s, Type *recv, const MethodEntry *m, bool ifn);
Func *ssa_build_methodval(Program *p, Sym *s, Type *recv, const MethodEntry *m);   /* context {code, receiver} */
Func *ssa_build_eq(Program *p, Sym *s, Type *t);                    /* func(p, q unsafe.Pointer) bool */
Func *ssa_build_hash(Program *p, Sym *s, Type *t);                  /* func(p unsafe.Pointer, seed uintptr) uintptr */

/* "fn" calls "fn<abi0>", or (from) the other way round: arguments and results are copied from one convention to the other. */
Func *ssa_build_abi(Program *p, Sym *s, Obj *fn, bool from);
Sym *sym_abi0(Program *p, const char *name);                        /* the function of that name for callers of ABI0 */

/* Builds what s->def describes: Func, Eq, Hash, Wrapper, Ifn, MethodVal or Init (bodies must have been checked). */
Func *ssa_build_sym(Program *p, Sym *s);

/* dom.c: dominators and loops of the blocks that can be reached, in an arena of the caller */
typedef struct Dom {
	BlockId *rpo; u32 n;         /* reverse post-order; unreachable blocks are not in it */
	u32 *order;                  /* position in rpo + 1; 0: unreachable */
	BlockId *idom;               /* of the entry and of the block of deferreturn: 0 */
	u32 *pre, *post;             /* interval of the dominator tree walk */
	BlockId *loop;               /* header of the innermost loop around a block, for a header: around its loop; 0: none */
	u8 *header;                  /* block is the header of a loop */
	u32 *depth;                  /* how many loops are around it */
	bool irreducible;            /* a cycle has several entries: loop and depth are not to be trusted */
} Dom;
void dom_make(Dom *d, Func *f, Arena *a);
static inline bool dom_over(const Dom *d, BlockId a, BlockId b) { return d->pre[a] <= d->pre[b] && d->post[b] <= d->post[a]; }
/* Is block b inside the loop with this header? (0: the whole function) */
BlockId dom_loop(const Dom *d, BlockId b);     /* header of the innermost loop that b is in */
bool dom_in_loop(const Dom *d, BlockId header, BlockId b);

/* text.c, verify.c, pass.c */
void ssa_print(Buf *b, const Func *f);
Func *ssa_read(Program *p, const char *text, Diag *d);              /* what ssa_print wrote */
void ssa_verify(Func *f, const char *when);                         /* bug() on the first broken invariant */
/* The pass table: in order. Early passes run on every function of a component before its callers are looked at, "inline" and
 * "escape" are the whole program's (no function here), late ones run on each function alone. */
typedef enum PassStage { PassEarly, PassWhole, PassLate } PassStage;
typedef struct Pass { const char *name; void (*run)(Func *f); u8 stage; bool required; const char *what; } Pass;
extern const Pass ssa_passes[];                                     /* ends with a NULL name */
/* How the passes are run; Program.pass, NULL: all of them. */
typedef struct PassOptions {
	const char *off;             /* names, comma separated: not run unless required */
	const char *on;              /* names of passes that are off by default */
	const char *dump;            /* print after this pass ("build": before all), dumpfunc: only this function */
	const char *dumpfunc;
	const char *stop;            /* the last late pass to run */
	bool check;                  /* verify after each */
} PassOptions;
void ssa_count_blocks(Func *f);                                     /* count.c: for fuzzing, before everything else */
bool ssa_fold(Func *f, ValueId v);                                  /* simplify.c: v became a constant or a copy */
void ssa_fold_branches(Func *f, const u32 *item, u32 n);            /* TermIf becomes TermJump; item: block << 1 | successor taken */
void ssa_prune(Func *f);                                            /* empties blocks that cannot be reached */
void ssa_trivial_phis(Func *f);
void ssa_drop_copies(Func *f);                                      /* uses of Copy become uses of what it copies */
bool ssa_pass_known(const char *name, size_t n);
bool ssa_pass_on(const Program *p, const char *name);
void ssa_pass_done(Func *f, const char *name);                      /* verifies and prints as asked */
void ssa_run_stage(Func *f, PassStage stage);
static inline void ssa_run_passes(Func *f) { ssa_run_stage(f, PassLate); }

#endif
