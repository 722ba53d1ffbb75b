/* check: what the files of the type checker share among themselves. Nobody outside src/types includes this.
 *
 * Nouns. A Check is one thread's checking context: the declarations of one package, or one body. It owns an arena of
 * process lifetime, a queue of delayed actions and an Env. Env is the lexical surroundings of the construct being checked;
 * whoever enters a declaration, function literal or body saves it, changes it and puts it back. An Operand is an
 * intermediate result of checking an expression. An Err is an error message in several parts.
 *
 * Nodes are numbers inside a File: a NodeId is always meant in c->env.file, unless a File stands beside it.
 */
#ifndef SEAGO_CHECK_H
#define SEAGO_CHECK_H

#include "types.h"

typedef struct Check Check;
typedef struct DeclInfo DeclInfo;

/* ---- operands ---- */

typedef struct Operand {
	u8 mode;                   /* Mode */
	u16 id;                    /* ModeBuiltin: BuiltinId */
	File *file;                /* of expr */
	NodeId expr;               /* 0 = none */
	Type *type;                /* NULL or invalid type when mode is ModeInvalid */
	const Const *val;          /* ModeConst */
	const char *text;          /* printed instead of expr if not NULL */
	NodeId bound;              /* expression as recorded when expr was replaced by its parent (untyped trees); 0 = expr */
} Operand;

/* ---- environment ---- */

typedef struct Env {
	File *file;                /* whose nodes are meant */
	Scope *scope;              /* innermost scope */
	DeclInfo *decl;            /* package-level declaration whose dependencies are collected, or NULL */
	Body *body;                /* body being checked (also package-level initialisers), or NULL */
	Obj *func;                 /* declared function around, or NULL */
	NodeId lit;                /* innermost function literal around, or 0 */
	Type *sig;                 /* innermost function's signature (literal's or func's), or NULL */
	i64 iota;                  /* < 0: none */
	Pos errpos;                /* position of the constant's name when its initialiser is inherited, else 0 */
	u16 version;               /* N of language version go1.N */
	bool in_tparams;           /* inside a type parameter list */
	bool has_label;            /* function uses labels (set by check_body_syntax owner) */
	bool has_call_or_recv;     /* expression holds a call or receive */
	Map *is_panic;             /* Call nodes (id) that call the predeclared panic; owned by stmt/return */
	void *stmt;                /* statement checker's own (labels, ...) */
} Env;

typedef void ActionFn(Check *c, void *arg, NodeId n);
typedef struct Action { ActionFn *fn; void *arg; NodeId n; Env env; } Action;

struct Check {
	Checker *k;
	Pkg *pkg;
	Arena *ar;                 /* process lifetime, this context's alone */
	Env env;
	VEC(Action) delayed;
	VEC(Obj *) objpath;        /* objects being declared, outermost first (cycles) */
	Map tip;                   /* types being computed -> 1 + depth (validType) */
	u32 depth;                 /* recursion bound: see check_enter */
	u32 nerror;                /* errors reported through this context */
	Map depseen;               /* (Body, Obj) pairs in some Body.deps already */
	void *expr_priv;           /* expression checker's own */
	struct Check *next;        /* free list */
};

/* A package-level object's declaration (also methods). */
struct DeclInfo {
	File *file;
	Scope *fscope;
	u16 version;
	bool inherited;            /* const: type and init come from an earlier ConstDecl */
	Obj *obj;
	Obj **lhs; u32 nlhs;       /* x, y = f(): the variables; else NULL */
	NodeId decl;               /* ConstDecl, VarDecl, TypeDecl, FuncDecl */
	NodeId vtyp, init;         /* const, var; 0 = absent */
	i64 iota;
	Body *body;                /* function body or variable initialiser */
};
DeclInfo *check_decl_info(const Pkg *p, Obj *o);            /* NULL: not package-level */
Scope *check_file_scope(const Pkg *p, const File *f);

#define CHECK_MAX_DEPTH 10000
/* Bounds recursion: false (after one error at n) when too deep. Pair with check_leave also when false was returned. */
bool check_enter(Check *c, NodeId n);
static inline void check_leave(Check *c) { c->depth--; }

/* Runs fn when the outermost declaration being worked on is complete, with the present Env. */
void check_later(Check *c, ActionFn *fn, void *arg, NodeId n);
void check_delayed(Check *c, u32 top);                      /* runs what was queued since the queue had top entries */
Check *check_open(Checker *k, Pkg *p);                      /* a context from the pool */
void check_close(Check *c);                                 /* runs the queue, gives it back */

/* ---- errors.c ----
 * Format arguments are plain C. Types, expressions, ... are turned to text by the s_ functions (in c->ar, short-lived). */
#define PRINTF(m, n) __attribute__((format(printf, m, n)))
void err_at(Check *c, Pos pos, const char *fmt, ...) PRINTF(3, 4);         /* exactly there */
void err_node(Check *c, NodeId n, const char *fmt, ...) PRINTF(3, 4);      /* at the node's leftmost position, as types2 does */
void err_operand(Check *c, const Operand *x, const char *fmt, ...) PRINTF(3, 4);
void err_soft(Check *c, Pos pos, const char *fmt, ...) PRINTF(3, 4);       /* unused things */
typedef struct Err { Check *c; Pos pos; u32 n; Buf text; u32 first; /* length of the first part */ bool soft; } Err;
void err_new(Check *c, Err *e);
void err_add(Err *e, Pos pos, const char *fmt, ...) PRINTF(3, 4);          /* first one: the message; others: continuation lines */
void err_altdecl(Err *e, const Obj *o);                                   /* "other declaration of x" */
void err_report(Err *e);
const char *s_type(Check *c, Type *t);
const char *s_types(Check *c, Type **t, u32 n);                           /* a, b, c */
const char *s_tuple(Check *c, Type *sig_or_tuple);                        /* (int, string) */
const char *s_expr(Check *c, NodeId n);
const char *s_operand(Check *c, const Operand *x);                        /* types2's description: x (variable of type T) */
const char *s_obj(Check *c, Obj *o);
const char *s_name(const Obj *o);
const char *s_pos(Check *c, Pos p);                                       /* file:line:col as in "at x.go:3:4" */
const char *s_fmt(Check *c, const char *fmt, ...) PRINTF(2, 3);
const char *s_kind(const Obj *o);                                         /* types2's objectKind: "defined type", "local variable", ... */

/* ---- versions ---- */
static inline bool check_allowed(const Check *c, int minor) { return c->env.version >= minor; }
/* Reports "what requires go1.N or later" unless allowed. */
bool check_version(Check *c, Pos pos, int minor, const char *fmt, ...) PRINTF(4, 5);

/* ---- scope.c, objects ---- */
Scope *scope_new(Arena *a, Scope *parent);
Obj *scope_find(const Scope *s, const Name *n);                 /* this scope only */
Obj *scope_insert(Arena *a, Scope *s, Obj *o);                  /* returns the object that is there already, or NULL */
Obj *check_lookup(const Check *c, const Name *n);               /* from c->env.scope outwards */
Obj *check_lookup_scope(const Check *c, const Name *n, Scope **where);
Scope *check_open_scope(Check *c, NodeId n);                    /* env.scope = new child */
static inline void check_close_scope(Check *c) { c->env.scope = c->env.scope->parent; }
Obj *obj_new(Check *c, ObjKind kind, Pos pos, Name *name, Type *t);
Obj *obj_new_local(Check *c, NodeId name);                      /* local variable: numbered, entered in env.body's locals; records the definition */
void check_add_local(Check *c, Obj *param);                     /* enters a parameter or result at the start of its body or literal */
/* Inserts o (unless blank) in s; reports redeclarations. id: Name node for recording, 0 = none. */
void check_declare(Check *c, Scope *s, NodeId id, Obj *o);
static inline bool name_blank(const Name *n) { return n->len == 1 && n->s[0] == '_'; }
static inline bool obj_is_universe(const Check *c, const Obj *o) { return o->parent == c->k->universe; }
/* Called for every use of an object by name: marks it used, notes dependencies (Body.deps), captures. */
void check_use(Check *c, NodeId id, Obj *o);
void check_add_dep(Check *c, Obj *o);                           /* dependency only (methods through selectors) */
static inline void obj_set(Obj *o, u32 flags) { o->flags |= flags; }
static inline bool obj_is(const Obj *o, u32 flags) { return (o->flags & flags) != 0; }

/* ---- recording ---- */
static inline ExprInfo *check_info(Check *c, NodeId n) { return &c->env.file->info[n]; }
void check_record_type(Check *c, NodeId n, u8 mode, Type *t);   /* mode and type; keeps the union */
void check_record_def(Check *c, NodeId id, Obj *o);
void check_record_use(Check *c, NodeId id, Obj *o);
void check_record_inst(Check *c, NodeId n, Obj *fn, Type **targs, u32 ntargs, Type *type);  /* sets InfoInst */
void check_record_sel(Check *c, NodeId n, Selection *s);

/* ---- decl.c ---- */
void check_obj(Check *c, Obj *o);                               /* makes sure a package-level object has its type */
void check_decl_stmt(Check *c, ListId decls);                   /* declarations inside a function */
void check_arity(Check *c, Pos pos, ListId names, NodeId values, bool constdecl, bool inherited);

/* ---- typexpr.c ---- */
Type *check_type(Check *c, NodeId n);                           /* never NULL; invalid after an error; not generic, not a constraint interface check */
Type *check_var_type(Check *c, NodeId n);                       /* type of a variable: no constraint interface */
void check_valid_var_type(Check *c, NodeId n, Type *t);          /* t, written at n, is a variable's type: later, no constraint interface */
Type *check_def_type(Check *c, NodeId n, Obj *def);             /* type expression of the declaration of def */
Type *check_generic_type(Check *c, NodeId n, const char **cause); /* generic type, uninstantiated */
Type *check_sig(Check *c, NodeId functype, NodeId recv, NodeId tparams);  /* opens no scope that stays; scope in check_sig_scope */
Scope *check_sig_scope(Check *c, Type *sig);                    /* scope holding the parameters: parent of the body's block */
void check_ident(Check *c, Operand *x, NodeId n, bool want_type);
/* x becomes the type n denotes, for x.(T)-like uses where an expression may also be a type: used by check_raw_expr on type nodes. */
i64 check_array_len(Check *c, NodeId n);                        /* < 0 after an error */

/* ---- predicates ---- */
enum {  /* properties of basic types */
	IsBool = 1, IsInteger = 2, IsUnsigned = 4, IsFloat = 8, IsComplex = 16, IsString = 32, IsUntyped = 64,
	IsOrdered = IsInteger | IsFloat | IsString, IsNumeric = IsInteger | IsFloat | IsComplex,
	IsConstType = IsBool | IsNumeric | IsString,
};
int kind_info(TypeKind k);
static inline bool type_is_invalid(const Type *t) { return !t || t->kind == KindInvalid || (t->kind == KindAlias && types_unalias((Type *)t)->kind == KindInvalid); }
bool type_is(Type *t, int info);                                /* under(t) is a basic with any of info; false for type parameters */
bool type_all(Type *t, int info);                               /* for type parameters: every type of a non-empty type set */
bool type_is_untyped(const Type *t);
bool type_is_typed(const Type *t);
bool type_is_untyped_numeric(const Type *t);
bool type_is_tparam(Type *t);                                   /* also through aliases */
bool type_is_nonparam_interface(Type *t);
bool type_is_generic(Type *t);                                  /* uninstantiated generic named type or alias */
bool type_is_basic(Type *t, TypeKind kind);                     /* under(t) is that basic type */
bool type_is_bytes_or_runes(Type *t);                           /* under is []byte or []rune */
bool type_has_nil(Type *t);
bool type_has_name(Type *t);
bool type_has_empty_set(Type *t);
bool type_is_unsafe_ptr(Type *t);
Type *type_named(Type *t);                                      /* unaliased Named or NULL */
Type *type_deref(Type *t, bool *ptr);                           /* *T -> T */
Type *type_default(Checker *k, Type *t);                        /* default type of an untyped one */
Type *type_max(Type *a, Type *b);                               /* of two untyped numeric types, or identical; NULL */
bool check_comparable(Check *c, Type *t, bool dynamic, const char **cause);   /* cause text without leading space */
/* Calls f for each type term (t, under) of t's type set; for other types once. (NULL, NULL) if there are no specific types. Stops when f says false. */
typedef bool TermFn(void *arg, Type *t, Type *under);
bool type_each_term(Checker *k, Type *t, TermFn *f, void *arg);
Type *check_common_under(Checker *k, Type *t, bool (*cond)(void *arg, Type *t, Type *u, const char **cause), void *arg, const char **cause); /* types2's commonUnder */
Type *check_core(Checker *k, Type *t);                          /* = types_core */
Type *check_core_string(Checker *k, Type *t);                   /* string | []byte mixes give string */
/* Invokes unify-with-empty semantics of subtype assertion: "impossible type assertion" causes. */

/* ---- lookup.c ---- */
/* types2's lookupFieldOrMethod. sel is NULL when nothing was found: then index_only says an ambiguity (non-zero path), indirect that the
 * method exists with a pointer receiver. fold: case-insensitive. */
typedef struct LookupResult { Obj *obj; Selection *sel; bool indirect; bool ambiguous; } LookupResult;
LookupResult check_lookup_member(Check *c, Type *t, bool addressable, Pkg *pkg, Name *name, bool fold);
/* First missing method of T for interface V; cause (may be NULL) gets types2's "(missing method m)" text. static_: T is an interface and
 * must have all methods. */
Obj *check_missing_method(Check *c, Type *v, Type *t, bool static_, bool *wrongtype, const char **cause);
bool check_implements(Check *c, Type *v, Type *t, bool constraint, const char **cause);
bool check_assertable(Check *c, Type *v, Type *t, const char **cause);     /* newAssertableTo */

/* ---- instance.c, infer.c, unify.c ---- */
Type *check_instance(Check *c, Pos pos, Type *generic, Type **targs, u32 n);    /* types_instantiate for a use at pos */
bool check_validate_targs(Check *c, Pos pos, u32 ntparams, u32 ntargs, bool report); /* count */
/* Index of the first type argument that does not satisfy its constraint, or -1. */
int check_verify(Check *c, Pos pos, Type **tparams, Type **targs, u32 n, const char **cause);
/* Infers missing (NULL) type arguments. targs has ntparams entries. params: Tuple of the (generic) parameters; args: their operands. On
 * failure adds to e and returns NULL. reverse: wording for assignments of generic functions. */
Type **check_infer(Check *c, Pos pos, Type **tparams, u32 ntparams, Type **targs, u32 ntargs, Type *params, Operand **args, u32 nargs, bool reverse, Err *e);
/* Fresh copies of tparams and t in terms of them (for calls whose arguments are generic too). */
void check_rename_tparams(Check *c, Type ***tparams, u32 n, Type **t);
bool check_unify(Check *c, Type **tparams, u32 n, Type **targs, Type *x, Type *y, bool exact);
/* Signature sig instantiated with targs; verifies constraints later. posn(i) = pos[i] if i < npos, else at pos. */
Type *check_instantiate_sig(Check *c, Pos at, NodeId expr, Type **targs, u32 n, Type *sig, const NodeId *xlist, u32 nx);

/* ---- constants: const.c (also see types.h) ---- */
Const *const_make_bool(Arena *a, bool b);
Const *const_make_int(Arena *a, i64 v);
Const *const_make_uint(Arena *a, u64 v);
Const *const_make_string(Arena *a, const char *s, u32 len);
Const *const_from_literal(Arena *a, const File *f, NodeId lit);
Const *const_make_unknown(void);
Const *const_make_float64(Arena *a, double d);                 /* unknown if not finite */
Const *const_make_imag(Arena *a, const Const *x);              /* x*i */
const Const *const_to_int(Arena *a, const Const *c);           /* these three: unknown if the value does not fit */
const Const *const_to_float(Arena *a, const Const *c);
const Const *const_to_complex(Arena *a, const Const *c);
u32 const_bitlen(const Const *c);
const Const *const_unary(Arena *a, Op op, const Const *y, u32 bits);
const Const *const_binary(Arena *a, const Const *x, Op op, const Const *y, bool intdiv);
const Const *const_shift(Arena *a, const Const *x, bool left, u32 s);
bool const_compare(const Const *x, Op op, const Const *y);
u64 const_hash(const Const *c);
void const_quote(Buf *b, const char *s, u32 n);                /* as strconv.Quote */

/* ---- plain.c ---- */
/* The type of a package variable's initialiser if that is a table whose elements can be checked later, else NULL. */
Type *plain_init_type(Check *c, NodeId init);

/* ================ the other half: expressions and statements ================
 * Everything below is implemented in expr.c, call.c, ... All set x->mode = ModeInvalid after reporting an error. */
void check_expr(Check *c, Operand *x, NodeId n);                          /* single value; no types, no generic functions */
void check_expr_target(Check *c, Type *target, const char *desc, Operand *x, NodeId n);  /* with target type for generic function values */
void check_expr_or_type(Check *c, Operand *x, NodeId n, bool allow_generic);
void check_generic_expr(Check *c, Operand *x, NodeId n);
void check_raw_expr(Check *c, Operand *x, NodeId n, bool allow_generic);  /* any mode */
void check_const_expr(Check *c, Operand *x, NodeId n);                    /* as check_expr, for constants: array lengths etc. No mode requirement */
void check_selector(Check *c, Operand *x, NodeId n, bool want_type);      /* x.f, pkg.Name; for type expressions too */
void check_convert_untyped(Check *c, Operand *x, Type *target);
bool check_representable_const(Check *c, const Const *v, Type *basic, const Const **rounded);
bool check_operand_assignable(Check *c, Operand *x, Type *t, const char **cause);
void check_assignment(Check *c, Operand *x, Type *t, const char *context);
void check_use_exprs(Check *c, NodeId list_or_expr);                      /* types2's use: evaluate for side effects on "used" */
void check_default_type(Check *c, Operand *x);
/* const name type = init: obj->type is set already if there is a type. */
void check_const_decl(Check *c, Obj *o, Operand *init);                   /* initConst */
/* Initialisation of package-level or local variables. nlhs variables from the expression or List rhs; ret = 0. */
void check_var_init(Check *c, Obj **lhs, u32 nlhs, NodeId rhs);           /* initVars */
void check_one_var_init(Check *c, Obj *lhs, NodeId typed_init, const char *context);   /* x = init with expression target type; "variable declaration" */
/* Body of b->fn (declared functions): statements, labels, missing return, unused variables. c->env is set up by the caller: file, func,
 * body, sig, version, scope = check_sig_scope. Literals check themselves (delayed). */
void check_func_body(Check *c, Body *b, NodeId block);

/* ================ inside the expression half ================ */
typedef enum ExprKind { ExprConversion, ExprExpression, ExprStatement } ExprKind;
typedef struct Target { Type *sig; const char *desc; } Target;            /* where a function value goes: for inference; sig NULL: nowhere */
typedef enum ConvCode { ConvOk, ConvTruncated, ConvOverflow, ConvInvalid } ConvCode;
#define LIST_ITEM(f, n, i) expr_item(f, n, i)
Target target_of(Type *t, const char *desc);
ExprKind expr_raw(Check *c, const Target *t, Operand *x, NodeId n, Type *hint, bool allow_generic);
void expr_single(Check *c, const Target *t, Operand *x, NodeId n);
void expr_hint(Check *c, Operand *x, NodeId n, Type *hint);
u32 expr_multi(Check *c, NodeId n, bool allow_commaok, Operand **list, bool *commaok);   /* operands in c->ar */
void expr_exclude(Check *c, Operand *x, u32 modes);
void expr_single_value(Check *c, Operand *x);
void expr_record(Check *c, Operand *x);
void expr_record_as(Check *c, NodeId n, u8 mode, Type *t, const Const *val);
void expr_update_type(Check *c, NodeId n, Type *t, bool final);
void expr_update_val(Check *c, NodeId n, const Const *v);
void expr_binary(Check *c, Operand *x, NodeId e, NodeId lhs, NodeId rhs, Op op);
void expr_comparison(Check *c, Operand *x, Operand *y, Op op, bool switch_case);
void expr_match_types(Check *c, Operand *x, Operand *y);
void expr_overflow(Check *c, Operand *x, Pos at);
Type *expr_chan_elem(Check *c, Pos at, Operand *x, bool recv);
bool expr_use(Check *c, NodeId n);
bool expr_use_lhs(Check *c, NodeId n);
void expr_type_assertion(Check *c, NodeId e, Operand *x, Type *t, bool type_switch);
ConvCode expr_implicit_type(Check *c, Operand *x, Type *target, Type **newt, const Const **val);
void expr_nongeneric(Check *c, const Target *t, Operand *x);
void expr_mark_root(Check *c, NodeId n, u32 flags);             /* sets flags on the local variable whose memory n is part of */
const char *expr_text(Check *c, const Operand *x);
const char *type_composite_kind(Type *t);
bool type_identical_ignore_tags(Checker *k, Type *a, Type *b);
bool index_expr(Check *c, Operand *x, NodeId n);                /* true: x is a generic function to instantiate with n's indices */
void index_slice(Check *c, Operand *x, NodeId n);
Type *index_value(Check *c, NodeId n, i64 max, i64 *val);       /* type (invalid after an error); val -1 if not constant */
bool index_valid(Check *c, Operand *x, const char *what, bool allow_negative);
ExprKind call_expr(Check *c, Operand *x, NodeId n);
Type *call_arguments(Check *c, NodeId call, Type *sig, Type **targs, u32 ntargs, const NodeId *xlist, u32 nx, Operand **args, u32 nargs, Type ***atargs, u32 *natargs);
Type **call_func_inst(Check *c, const Target *t, Pos pos, Operand *x, NodeId inst, bool infer, u32 *n);
bool call_builtin(Check *c, Operand *x, NodeId n, u32 id);
ExprKind builtin_kind(u32 id);
void conversion(Check *c, Operand *x, Type *t);
void literal_basic(Check *c, Operand *x, NodeId n);
void literal_func(Check *c, Operand *x, NodeId n);
void literal_composite(Check *c, Operand *x, NodeId n, Type *hint);
void assign_vars(Check *c, NodeId lhs, NodeId rhs);
void assign_short_decl(Check *c, NodeId stmt, NodeId lhs, NodeId rhs);
void assign_var(Check *c, NodeId lhs, NodeId rhs, Operand *x, const char *context);
void assign_init_var(Check *c, Obj *lhs, Operand *x, const char *context);
void assign_init_vars(Check *c, Obj **lhs, u32 n, NodeId rhs, NodeId ret);
const char *types_summary(Check *c, Type **t, u32 n, bool variadic, bool dots);
const char *lookup_error(Check *c, Type *t, const Name *sel, Obj *alt, bool struct_lit);
void stmt_func_body(Check *c, Type *sig, NodeId block);         /* with env.sig, scope, lit set */
void stmt_labels(Check *c, NodeId block);
bool stmt_terminates(Check *c, NodeId s, const Name *label);

/* ================ inside the core half ================ */

/* Flags of Type.flags. */
enum { TypeHasTParam = 1, TypeIncomplete = 2 /* interface being built */ };

/* What a Named type keeps for itself. */
typedef struct NamedLazy {
	Type *_Atomic rhs;         /* right side of its declaration (instances: substituted on demand); NULL while being declared */
	Pos pos;                   /* instance: where it was first written */
	Obj *iobj;                 /* instance: stands for it on paths of cycles */
	Obj *_Atomic *method;      /* instance: methods made so far, parallel to origin's */
	Type **outer; u32 nouter;  /* local type in generic code: the type parameters around it */
	bool valid;                /* validType has passed */
} NamedLazy;

/* What a package keeps while it is checked. */
typedef struct PkgPriv {
	Map decl;                  /* Obj* -> DeclInfo* */
	Scope **fscope;            /* by file->index in p->file */
	VEC(Obj *) imports;        /* PkgNames in order */
	Map dotimport;             /* (file scope, name) -> PkgName */
	Map methods;               /* TypeName Obj* -> VEC(Obj *)* of methods not yet attached */
	Map qual;                  /* Name* of package -> Pkg* or (Pkg*)1 if several imported packages have that name */
	bool have_qual;
	bool value_cycle;          /* constants or variables refer to each other in a cycle */
	u8 phase;                  /* 0 nothing, 1 collected, 2 declared, 3 finished */
	_Atomic bool have_order;
	Lock order_lock;
	void *inst;                /* instances recorded, see scope.c */
	struct Mono *mono;
	Lock mono_lock;
	Check *chk;                /* of the declarations */
	u16 version;
} PkgPriv;

Type *check_bound(Check *c, NodeId n);
void check_collect_tparams(Check *c, NodeId fields, Type ***dst, u32 *ndst);
void check_sig_into(Check *c, Type *sig, NodeId ftype, NodeId recv, NodeId tparams);
void *k_alloc(Checker *k, size_t size, size_t align);           /* process lifetime, any thread */
#define k_new(k, T) ((T *)k_alloc(k, sizeof(T), _Alignof(T)))
#define k_array(k, T, n) ((T *)k_alloc(k, sizeof(T) * (size_t)(n), _Alignof(T)))
u32 k_next_id(Checker *k);
void inst_map_init(Checker *k, Pkg *p);
void universe_test_builtins(Checker *k);
const char *basic_name(Checker *k, const Type *t);
Type *type_alloc(Checker *k, TypeKind kind);
Obj *obj_alloc(Checker *k, ObjKind kind, Pos pos, Pkg *pkg, Name *name, Type *t);
Type *type_new_named(Checker *k, Obj *o, Type *rhs);
Type *type_new_tparam(Checker *k, Obj *o, Type *bound, u32 index);
Type *type_invalid(const Type *t);
Checker *type_checker(const Type *t);                           /* via its object; NULL for others */
bool name_same(const Obj *a, const Pkg *pkg, const Name *name); /* types2's sameId */
bool name_same_fold(const Obj *a, const Pkg *pkg, const Name *name);
int obj_cmp(const Obj *a, const Obj *b);                        /* order of methods */
Type *tparam_iface(Checker *k, Type *t);
TypeSet *typeset_compute(Check *c, Checker *k, Pos pos, Type *iface);
bool typeset_is_method_set(const TypeSet *s);
bool typeset_empty(const TypeSet *s);
bool typeset_has_terms(const TypeSet *s);
bool typeset_subset(Checker *k, const TypeSet *a, const TypeSet *b);
bool typeset_terms_equal(Checker *k, const TypeSet *a, const TypeSet *b);
bool term_includes(Checker *k, UnionTerm x, Type *t);
bool term_disjoint(Checker *k, UnionTerm x, UnionTerm y);
bool type_comparable(Checker *k, Type *t, bool dynamic, bool *reported, const char **cause, Check *c);
Type *named_rhs(Type *t);
Obj *named_method(Check *c, Checker *k, Type *named, u32 i);    /* i-th method, instantiated */
u32 named_nmethod(const Type *named);
Type *type_subst(Checker *k, Type *t, const TypeEnv *env);      /* not memoised */
Type *type_instance(Check *c, Checker *k, Pos pos, Type *generic, Type **targs, u32 n);
LookupResult lookup_member(Check *c, Checker *k, Arena *ar, Type *t, bool addressable, const Pkg *pkg, const Name *name, bool fold, bool deref_named_ptr);
typedef bool EquivFn(void *arg, Type *x, Type *y);
Obj *missing_method(Check *c, Checker *k, Type *v, Type *t, bool static_, EquivFn *eq, void *arg, bool *wrongtype, const char **cause);
bool has_all_methods(Check *c, Checker *k, Type *v, Type *t, bool static_, EquivFn *eq, void *arg, const char **cause);
bool implements(Check *c, Checker *k, Type *v, Type *t, bool constraint, const char **cause);
bool type_is_interface_ptr(Type *t);
Type *tuple_of(Type *fn, bool results);
bool check_finite_size(Check *c, Type *t);
void check_valid_type(Check *c, Type *named);
void check_cycle_error(Check *c, Obj **cycle, u32 n, u32 start);
u32 first_in_src(Obj **v, u32 n);
void mono_canon(Check *c, Type *mpar, Type *tpar);
void mono_instance(Check *c, Pos pos, Type **tparams, Type **targs, u32 n, const NodeId *xlist, u32 nx);
bool mono_check(Check *c);
void check_init_cycles(Check *c, Pkg *p);
void print_type(Buf *b, Checker *k, Type *t, QualMode q, Pkg *rel, int flags);
enum { PrintNoNames = 1, PrintSubscripts = 2, PrintPkgInfo = 4, PrintPath = 8 /* full paths, as types2 without a qualifier */ };
void print_sig(Buf *b, Checker *k, Type *sig, QualMode q, Pkg *rel, int flags);
const char *s_term(Check *c, UnionTerm t);
const char *s_terms(Check *c, const TypeSet *s);
const char *s_func(Check *c, Obj *f, bool pkginfo);
int version_parse(const char *v);                               /* "go1.N..." -> N, 0 if none */
static inline PkgPriv *pkg_priv(const Pkg *p) { return p->cpriv; }

#endif
