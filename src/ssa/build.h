/* build: typed tree to SSA. Shared by the build_*.c files; nobody else includes this.
 *
 * Nouns. A Build is one function under construction (a declared function, a literal inside, a wrapper). A Val is the value of an
 * expression: its components as SSA values, or, for types ssa_parts refuses, the address of memory that holds it. A Place is
 * something that can be assigned to. A Loc says where a variable lives. An SSA variable is one component of a variable, a
 * number; Braun et al.'s algorithm turns its definitions and uses into values and phis while blocks are made.
 *
 * A borrowed Val names memory that the program may still change; val_keep copies it to a slot of its own. Generic code is
 * built per instance: every recorded type passes through b_type.
 */
#ifndef SEAGO_SSA_BUILD_H
#define SEAGO_SSA_BUILD_H

#include "ssa.h"

typedef struct Build Build;

enum { StackVarMax = 128 << 10 };  /* larger variables are objects of the heap, as in gc */
enum { FuncIDWrapper = 23 };      /* abi.FuncIDWrapper: recover looks through it, tracebacks skip it */

typedef enum ValForm { ValNone, ValParts, ValMem, ValTuple } ValForm;
typedef struct Val {
	u8 form;
	u8 n;                  /* ValParts: components */
	bool borrowed;         /* ValMem: somebody else's memory */
	Type *t;
	union {
		ValueId p[4];
		struct { ValueId ptr; i64 off; } m;          /* ValMem */
		struct { struct Val *elem; u32 nelem; };     /* ValTuple: results of a call */
	};
} Val;

/* A check that a place still owes: of an index (which then moves the pointer), or, without a length, that the pointer is not nil. */
typedef struct Owed { ValueId index, len; Type *elem; i64 off; bool uns; Pos pos; struct Owed *next; } Owed;

typedef enum PlaceKind { PlaceBlank, PlaceVar, PlaceMem, PlaceMap } PlaceKind;
typedef struct Place {
	u8 kind;
	bool nonnil;           /* PlaceMem: ptr was checked, or cannot be nil */
	bool stack;            /* PlaceMem: inside a frame slot: no write barrier */
	bool isvolatile;       /* result slot in a function with defer */
	Type *t;
	u32 var;               /* PlaceVar: first component */
	ValueId ptr; i64 off;  /* PlaceMem; PlaceMap: ptr = map */
	Val key;               /* PlaceMap */
	Type *map;
	bool late;             /* made by place_late */
	Owed *owed;            /* first check; they are done before the place is used */
} Place;

typedef enum LocKind { LocNone, LocVar, LocSlot, LocRef, LocMem, LocPtrSlot } LocKind;
typedef struct Loc {
	u8 kind;
	bool isvolatile;
	Type *t;
	u32 var;               /* LocVar: first component; LocRef: the SSA variable that holds the object's address */
	u32 slot;              /* LocSlot; LocPtrSlot: pinned slot that holds the object's address too (results with defer) */
	ValueId ptr; i64 off;  /* LocMem: unchanging, inside the closure */
} Loc;

/* What a function literal takes along. */
typedef struct Capture { Obj *obj; bool byref; Type *t; u32 off; } Capture;

typedef struct Target Target;
typedef struct RangeFunc RangeFunc;

/* Where break, continue and goto lead. */
struct Target {
	Target *up;
	Name *label;
	BlockId brk, cont;
	NodeId stmt;
};
typedef struct Label { BlockId block; } Label;

/* How a range-over-func body is left other than by falling out of it: code in #next, repeated outside by a branch or a return. */
typedef struct RangeExit { i64 code; u16 op; Name *label; } RangeExit;
struct RangeFunc {
	Name *label;
	Obj *state, *next;
	VEC(RangeExit) exit;
};

typedef struct Incomplete { BlockId b; u32 var; ValueId phi; } Incomplete;

/* An index that was computed before the expression it stands in. */
typedef struct EarlyIndex { NodeId n; ValueId v; bool uns; } EarlyIndex;

struct Build {
	Program *p;
	Checker *k;
	Func *f;
	Arena *ar;                   /* scratch, literals inside included; the function moves out at the end */
	File *file;
	Pkg *pkg;
	TypeEnv env;
	Build *outer;                /* around a literal */
	Obj *fnobj;
	BlockId cur;                 /* 0: unreachable */
	Pos pos;
	/* SSA variables */
	VEC(u8) varty;
	Map defs;                    /* block << 32 | var + 1 -> value */
	VEC(EarlyIndex) early;       /* computed before their operand */
	VEC(Incomplete) incomplete;
	u64 *sealed; u32 nsealed;
	Map vn;                      /* hash -> newest value of that hash */
	Map consts;
	VEC(ValueId) vnnext;         /* chain of equal hashes, by value */
	/* variables */
	Map locs;                    /* Obj -> Loc */
	Map forced;                  /* Obj -> 1: used by a range-over-func body other than its own */
	VEC(Capture) capture;
	u32 capsize;                 /* bytes of the closure object so far */
	ValueId ctx;                 /* context register */
	Map rtsigs;                  /* spelling -> function type of machine scalars */
	/* results */
	Type *sigtype;               /* KindFunc */
	Type *retsig;                /* of the function that return statements leave: sigtype, but for range-over-func bodies */
	u32 nresult;
	Obj **resultobj;             /* entries NULL or blank ones when unnamed */
	Obj *defers;                 /* token of the frame that range-over-func bodies defer to */
	bool has_range_func;
	/* control flow */
	Target *target;
	Map labels;          /* Name* -> Label* */
	Name *label;                 /* label of the statement about to be built */
	BlockId fall;                /* fallthrough */
	/* defers */
	bool has_defer, has_recover, open_defers, defer_in_loop, has_goto;
	u32 loop;                    /* depth of loops around */
	u32 ndefer, defer_seen;
	u32 bitsslot, closureslot;   /* frame slots */
	u32 bitsvar;                 /* SSA variable mirroring the defer bits */
	u32 defervar;                /* first of ndefer SSA variables mirroring the closure slots */
	NodeId bodynode;             /* Block being built */
	RangeFunc *range;            /* building the body of a range-over-func loop */
	/* names of nested functions */
	const char *litname;         /* prefix */
	u32 nlit, ngowrap, ndeferwrap, nrange;
};

/* ---- build_func.c: blocks, variables, values ---- */
Build *build_new(Program *p, Sym *s, Type *sigtype, Type *recv, File *file, Pkg *pkg, Build *outer);
Func *build_finish(Build *b);                                     /* seals, cleans; ends b unless it is the build of a literal, which lasts as long as the one around it */
Type *b_type(Build *b, Type *t);                                  /* recorded type -> type of this instance */
Type *b_typeof(Build *b, NodeId n);
Type *b_under(Build *b, Type *t);
Type *b_basic(Build *b, TypeKind k);
Type **b_targs(Build *b, const InstInfo *inst);
ValueId b_context(Build *b);                                      /* the context register */
BlockId b_block(Build *b);                                        /* new, unsealed */
void b_start(Build *b, BlockId blk);                              /* continue there */
void b_seal(Build *b, BlockId blk);                               /* all predecessors are known */
void b_jump(Build *b, BlockId to);
void b_if(Build *b, ValueId c, BlockId yes, BlockId no, int likely);
void b_exit(Build *b);                                            /* after a call that does not return */
void b_live(Build *b);                                            /* makes sure there is a current block */
u32 var_new(Build *b, Ty ty);
void var_set(Build *b, u32 var, ValueId v);
ValueId var_get(Build *b, u32 var);
ValueId b_resolve(Build *b, ValueId v);                           /* through copies */
u32 slot_new(Build *b, Type *t, Name *name);
ValueId temp_new(Build *b, Type *t, bool *stack);                  /* memory for a literal: a slot or, when large, an object */
u32 slot_raw(Build *b, u32 size, u32 align);
ValueId v_slot(Build *b, u32 slot);
ValueId v_const(Build *b, Ty ty, i64 bits);
static inline ValueId v_int(Build *b, i64 n) { return v_const(b, TyI64, n); }
ValueId v_addr(Build *b, Sym *s, i64 off);
bool v_isconst(Build *b, ValueId v, i64 *bits);
ValueId v_0(Build *b, SsaOp op, Ty ty);
ValueId v_1(Build *b, SsaOp op, Ty ty, ValueId x);
ValueId v_2(Build *b, SsaOp op, Ty ty, ValueId x, ValueId y);
ValueId v_3(Build *b, SsaOp op, Ty ty, ValueId x, ValueId y, ValueId z);
ValueId v_n(Build *b, SsaOp op, Ty ty, const ValueId *a, u32 n);
ValueId eq_contents(Build *b, Val x, Val y);                        /* of strings as long as each other */
ValueId v_load(Build *b, Ty ty, ValueId ptr, i64 off, u32 flags);
void v_store(Build *b, ValueId ptr, i64 off, ValueId v, u32 flags);
ValueId v_bool(Build *b, ValueId cond_true_value);                /* 0/1 of a comparison: identity, documents intent */
void v_bounds(Build *b, BoundsKind k, ValueId index, ValueId len);
void v_nilcheck(Build *b, ValueId p);
Ty v_ty(Build *b, ValueId v);
bool v_is_local(Build *b, ValueId ptr);                           /* points into a frame slot for sure */

/* ---- build_val.c: values of Go types ---- */
Val val_zero(Build *b, Type *t);
Val val_1(Type *t, ValueId x);
Val val_parts(Build *b, Type *t, const ValueId *p);
Val val_load(Build *b, Type *t, ValueId ptr, i64 off, bool nonnil);   /* ValMem results are borrowed */
void val_store(Build *b, ValueId ptr, i64 off, Val v, bool nonnil);
void val_store_flags(Build *b, ValueId ptr, i64 off, Val v, u32 flags, bool stack);
Val val_keep(Build *b, Val v);                                    /* unborrowed */
ValueId val_addr(Build *b, Val v, i64 *off);                      /* memory that holds v; parts are spilled to a new slot */
ValueId val_addr0(Build *b, Val v);                               /* the same with the offset added */
Val val_field(Build *b, Val v, Type *ft, i64 off);                /* component of a struct or array value */
Val val_retype(Val v, Type *t);
bool parts_of(Build *b, Type *t, Part *p, u32 *n);
ValueId v_offset(Build *b, ValueId ptr, i64 off);
i64 b_size(Build *b, Type *t);
bool b_has_pointers(Build *b, Type *t);
bool b_same(Build *b, Type *a, Type *c);                          /* identical */
ValueId v_rtype(Build *b, Type *t);                               /* address of the descriptor */
Val val_string(Build *b, Type *t, const char *s, u32 n);
Val val_const(Build *b, Type *t, const Const *c);
void mem_zero(Build *b, ValueId ptr, i64 off, Type *t, bool stack);
void mem_move(Build *b, ValueId dst, i64 doff, ValueId src, i64 soff, Type *t, bool stack);

/* places */
Place place_of(Build *b, NodeId n);                               /* evaluates operands of an assignable expression */
/* The same for the left side of an assignment: indices and nil pointers are checked by place_settle, after the right side. */
Place place_late(Build *b, NodeId n);
void place_settle(Build *b, Place *p);
Place place_var(Build *b, Obj *o);
Place place_mem(Type *t, ValueId ptr, i64 off);
Val place_load(Build *b, const Place *p);
void place_store(Build *b, const Place *p, Val v);
ValueId place_addr(Build *b, const Place *p);                     /* PlaceMem: the pointer */
Loc *loc_of(Build *b, Obj *o);                                    /* captures when o is an outer function's */
Loc *loc_declare(Build *b, Obj *o, bool zero);                    /* a fresh variable */
void var_init(Build *b, Obj *o, Val v);                           /* declares and sets */
bool obj_by_ref(Build *b, Obj *o);

/* ---- build_expr.c ---- */
Val expr(Build *b, NodeId n);                                     /* kept: may be held over later effects */
Val expr_borrow(Build *b, NodeId n);                              /* to be used at once */
Val expr_to(Build *b, NodeId n, Type *t);                         /* converted as by assignment */
void expr_into(Build *b, NodeId n, Type *t, ValueId ptr, i64 off, bool stack);   /* fresh memory, not visible to the expression */
void expr_effect(Build *b, NodeId n);                             /* value not wanted */
ValueId expr_1(Build *b, NodeId n);
void expr_cond(Build *b, NodeId n, BlockId yes, BlockId no);
Val expr_addr(Build *b, NodeId n);                                /* &n */
Val expr_commaok(Build *b, NodeId n);                             /* ValTuple of two */
ValueId expr_index(Build *b, NodeId n, bool *is_unsigned);        /* as TyI64, for bounds checks */
/* Calls in an index are made before the variables of the operand x are read, as gc does: index_early computes such indices, for expr_index
 * to find; key_first tells of a map's key. */
void index_early(Build *b, NodeId x, const NodeId *index, u32 n);
bool key_first(Build *b, NodeId x, NodeId key);
ValueId index_of(Build *b, Val v, bool *is_unsigned);
bool is_const(Build *b, NodeId n);
Val binary(Build *b, Op op, Type *t, Val x, Val y);               /* arithmetic */
Val shift_count(Build *b, NodeId n);
Val shift(Build *b, Op op, Type *t, Val x, Val y);
Val select_path(Build *b, NodeId x, Selection *s, u32 npath, Place *place);

/* ---- build_cmp.c ---- */
ValueId cmp(Build *b, Op op, Val x, Val y);                       /* same type */
ValueId cmp_mixed(Build *b, Op op, Val x, Val y);                 /* one may be an interface */
/* The order in which the fields of a struct are compared: at most two steps a field. */
typedef enum EqWhat { EqAll, EqLength, EqContents } EqWhat;
typedef struct EqStep { u32 field; u8 what; } EqStep;
u32 eq_order(Type *u, EqStep *out);
ValueId eq_step(Build *b, EqStep s, Val x, Val y);
ValueId eq_mem(Build *b, Type *t, ValueId p, i64 poff, ValueId q, i64 qoff);

/* ---- build_conv.c ---- */
Val convert(Build *b, Val v, Type *to);                           /* explicit conversion */
Val assign_conv(Build *b, Val v, Type *to);                       /* implicit: to interface, nil, channel direction, ... */
Val to_iface(Build *b, Val v, Type *iface);
Val type_assert(Build *b, Val x, Type *to, bool commaok);
ValueId iface_type(Build *b, Val x);                              /* type word, 0 for nil */
ValueId type_matches(Build *b, Val x, Type *to, ValueId typ, ValueId *word);
Val iface_data(Build *b, Val x, Type *t);
Val conv_number(Build *b, Val v, Type *to);
enum { TmpBufSize = 32 };                                         /* runtime.tmpBuf */
ValueId v_buf(Build *b, TypeKind elem, u32 n);                    /* buffer for a result that stays here; else nil */
Val expr_tmpstring(Build *b, NodeId n);                           /* string(bytes) without a copy: to be used before the bytes change */

/* ---- build_call.c ---- */
typedef enum CalleeKind { CalleeSym, CalleeClosure, CalleeCode, CalleeBuiltin } CalleeKind;
typedef struct Callee {
	u8 kind;
	Sym *sym;
	ValueId fn;                  /* closure, or code address */
	Type *sig;                   /* function type */
	Type *recv;                  /* its receiver's type, or NULL */
	bool abi0;
	u16 builtin;
	NodeId call;
	Val *arg; u32 narg;          /* receiver first; converted */
	VEC(ValueId) keep;           /* pointers passed as uintptr to a function that wants them kept: alive until it returns */
	bool keep_heap;              /* they must be on the heap */
	bool raw;                    /* a result in memory may be left where the callee put it: it is copied before anything else */
} Callee;
Val expr_call(Build *b, NodeId n);
bool call_into(Build *b, NodeId n, Type *t, ValueId ptr, i64 off, bool stack);   /* as expr_into, if n is a call whose result is memory */
Val call_emit(Build *b, Callee *c);
void callee_of(Build *b, NodeId n, Callee *c);                    /* evaluates function and arguments */
Val builtin_apply(Build *b, NodeId call, u16 id, Val *arg, u32 n);
Val expr_builtin(Build *b, NodeId n);
u16 builtin_of(Build *b, NodeId call);
Val call_runtime(Build *b, const char *name, const char *results, const ValueId *a, u32 n);
ValueId call_rt1(Build *b, const char *name, Ty ty, u32 n, ...);
void call_rt0(Build *b, const char *name, u32 n, ...);
ValueId call_sym(Build *b, Sym *s, Type *sig, Type *recv, const ValueId *a, u32 n);
Type *rt_sig(Build *b, const char *in, const char *out);          /* function type of machine scalars: "pi" */
Type *rt_sig_of(Checker *k, const char *in, const char *out);
Val method_value(Build *b, NodeId n);
Val funcval_of(Build *b, Obj *fn, Type **targs, u32 ntargs);
ValueId closure_wrap(Build *b, Callee *c, const char *what);      /* func() that makes the call later */
bool intrinsic(Build *b, Obj *fn, Type **targs, u32 ntargs, Val *arg, u32 n, Val *out);
MethodEntry *method_entry(Build *b, Type *recv, Obj *fn);

/* ---- build_lit.c ---- */
Val expr_complit(Build *b, NodeId n);
void complit_into(Build *b, NodeId n, Type *t, ValueId ptr, i64 off, bool stack, bool zeroed);
Val expr_funclit(Build *b, NodeId n);
ValueId v_new(Build *b, Type *t, u32 flags);
ValueId closure_make(Build *b, Build *lit, bool stackonly);

/* ---- build_map.c ---- */
Val mapidx_get(Build *b, Type *m, ValueId map, Val key, bool commaok);
ValueId mapidx_assign(Build *b, Type *m, ValueId map, Val key);
void mapidx_delete(Build *b, Type *m, ValueId map, Val key);

/* ---- build_stmt.c, build_range.c, build_defer.c ---- */
void stmt(Build *b, NodeId n);
void stmt_list(Build *b, ListId l);
void stmt_block(Build *b, NodeId n);
void stmt_range(Build *b, NodeId n);
void stmt_select(Build *b, NodeId n);
void stmt_switch(Build *b, NodeId n);
void stmt_defer(Build *b, NodeId n);
void stmt_go(Build *b, NodeId n);
void stmt_return(Build *b, NodeId n);
void stmt_branch(Build *b, NodeId n);
void assign_op(Build *b, NodeId lhs, Val v);
void define_or_assign(Build *b, NodeId lhs, Val v, bool def);
void return_emit(Build *b);                                       /* results are stored: run defers, leave */
void branch_emit(Build *b, u16 op, Name *label);
void range_leave(Build *b, u16 op, Name *label);                  /* out of a range-over-func body */
Obj *obj_synthetic(Build *b, const char *name, Type *t, u32 flags);
void defer_exit(Build *b);
void params_declare(Build *b, NodeId recv, NodeId functype);        /* parameters and results become variables */
Val param_val(Build *b, const Sig *s, u32 i);                     /* incoming parameter i */
void ret(Build *b, const Val *v);                                 /* leaves with these results; runs no defers */
void body_build(Build *b, NodeId recv, NodeId functype, NodeId block);

bool has_call(Build *b, NodeId n);
/* The order in which gc evaluates the expressions of a list: those that call, in order; then the others, which see the effects. */
const u32 *expr_order(Build *b, const NodeId *n, u32 cnt);
const u32 *expr_order_of(Build *b, NodeId list);                  /* of an "expression or List" child */

/* ---- build_scan.c: facts found by walking the tree ---- */
void node_walk(const File *f, NodeId n, bool (*fn)(void *arg, const File *f, NodeId n), void *arg);   /* fn false: not inside */
typedef struct FrameFacts { u32 ndefer, nreturn; bool defer_in_loop, recover, range_func, has_goto; } FrameFacts;
FrameFacts scan_frame(Build *b, NodeId body);
void scan_range_funcs(Build *b, NodeId body);                     /* fills forced */

#endif
