/* types: what a program means.
 *
 * Nouns. A Type is one of the spec's types. Pointers, slices, arrays, maps, channels and instances are hash-consed: building
 * []T twice gives one node. Structs, signatures, tuples and interfaces are made afresh, since they carry names and positions.
 * Two spellings of one type (byte/uint8, aliases, reordered interface methods) are two nodes with one canonical
 * node: identity is types_canon(a) == types_canon(b), or types_identical, which needs no canonical nodes. An Obj is a declared thing. A Scope maps
 * names to Objs. A Pkg is a package being checked. ExprInfo is what the checker found out about one tree node; the
 * SSA builder reads nothing else. A Const is an exact constant.
 *
 * Order. types_collect (names of a package) -> types_decls (all package-level declarations, in import order) ->
 * types_body (function bodies and initialisers, any order, any thread, on demand). Declarations are immutable once
 * types_decls has returned for the package; what is filled lazily later (instances, method sets, canonical nodes,
 * layouts) is guarded inside this module.
 *
 * Generic code is checked once, generically. Recorded types mention type parameters; the builder substitutes
 * (types_subst) per instance.
 *
 * Errors are reported in types2's wording and position through Pkg.diag.
 */
#ifndef SEAGO_TYPES_H
#define SEAGO_TYPES_H

#include "../syntax/syntax.h"

typedef struct Type Type;
typedef struct Obj Obj;
typedef struct Scope Scope;
typedef struct Pkg Pkg;
typedef struct Const Const;
typedef struct ExprInfo ExprInfo;
typedef struct Checker Checker;     /* one per program: tables, universe, locks */

/* ---- types ---- */

typedef enum TypeKind {
	KindInvalid,
	/* basic, same order as abi.Kind up to UnsafePointer's place */
	KindBool, KindInt, KindInt8, KindInt16, KindInt32, KindInt64,
	KindUint, KindUint8, KindUint16, KindUint32, KindUint64, KindUintptr,
	KindFloat32, KindFloat64, KindComplex64, KindComplex128, KindString, KindUnsafePointer,
	KindUntypedBool, KindUntypedInt, KindUntypedRune, KindUntypedFloat, KindUntypedComplex, KindUntypedString, KindUntypedNil,
	KindLastBasic = KindUntypedNil,
	KindArray, KindSlice, KindPointer, KindMap, KindChan, KindFunc, KindStruct, KindInterface,
	KindTuple,       /* parameter and result lists; types of multi-value calls */
	KindNamed,       /* defined types and their instances */
	KindTypeParam,
	KindUnion,       /* in constraint interfaces */
	KindAlias,       /* a name for another type; generic ones have tparams/targs */
	KindMax
} TypeKind;

typedef enum ChanDir { ChanBoth, ChanSendOnly, ChanRecvOnly } ChanDir;

/* A struct field, parameter or result. Fields are Objs (ObjVar) so that uses can point at them. */
typedef struct UnionTerm { Type *type; bool tilde; } UnionTerm;

struct Type {
	u8 kind;
	u8 flags;
	bool variadic;             /* Func */
	u8 dir;                    /* Chan: ChanDir */
	u32 id;                    /* dense; schedule dependent */
	Type *_Atomic canon;       /* canonical node once known, else NULL; use types_canon */
	Type *elem;                /* Array, Slice, Pointer, Map (value), Chan */
	union {
		i64 len;                                            /* Array; < 0 unknown (error) */
		Type *key;                                          /* Map */
		struct { Obj **v; u32 n; } tuple;                   /* Tuple: vars */
		struct {                                            /* Func */
			Type *params, *results;                     /* Tuples, never NULL */
			Obj *recv;                                  /* method: its receiver variable; not part of identity */
			Type **tparams; u32 ntparams;               /* generic function: TypeParams */
			Type **rtparams; u32 nrtparams;             /* receiver's type parameters */
			Scope *scope;                               /* checker's own: the parameters' scope */
		} fn;
		struct { Obj **field; const char **tag; u32 n; } st; /* Struct; tag NULL or per field NULL/unquoted, tags may hold NULs: see taglen */
		struct {                                            /* Interface */
			Obj **method; u32 nmethod;                  /* explicit methods, in source order */
			Type **embed; Pos *embedpos; u32 nembed;
			struct TypeSet *tset;                       /* use types_typeset */
			bool implicit;                              /* wraps a constraint literal: ~int */
			struct Check *chk;                          /* checker's own: reports errors of its type set */
		} iface;
		struct { UnionTerm *term; u32 n; } un;
		struct {                                            /* Named */
			Obj *obj;                                   /* its TypeName */
			Type *origin;                               /* generic type this is an instance of, or itself */
			Type **targs; u32 ntargs;                   /* instance */
			Type **tparams; u32 ntparams;               /* generic declaration */
			Type *_Atomic under;                        /* use types_under */
			Obj **method; u32 nmethod;                  /* declared methods, source order; instances: use types_method */
			struct NamedLazy *lazy;                     /* checker's own */
		} named;
		struct { Obj *obj; Type *bound; u32 index; } tparam; /* index in its list; bound: use types_bound_iface */
		struct {                                            /* Alias */
			Obj *obj;
			Type *rhs, *actual;                         /* as written; what is not an alias behind it, NULL: not known */
			Type *origin; Type **targs; u32 ntargs; Type **tparams; u32 ntparams;
		} alias;
	};
	struct Layout *_Atomic layout;   /* memo of types_layout for non-parameterised types */
	void *_Atomic rtype;             /* Sym of its descriptor; owned by whole */
};

/* All methods and the type terms an interface stands for. */
typedef struct TypeSet {
	Obj **method; u32 nmethod;      /* sorted: by name, unexported ones by package path after the name */
	UnionTerm *term; u32 nterm;     /* meaningful if !all */
	bool all;                       /* no type restriction */
	bool comparable;                /* embeds comparable */
} TypeSet;

/* ---- objects ---- */

typedef enum ObjKind { ObjBad, ObjPkgName, ObjConst, ObjTypeName, ObjVar, ObjFunc, ObjLabel, ObjBuiltin, ObjNil } ObjKind;

enum {  /* Obj.flags */
	ObjIsField = 1, ObjEmbedded = 2, ObjIsParam = 4, ObjUsed = 8, ObjIsResult = 16, ObjIsRecv = 32,
	ObjPtrRecv = 64,          /* Func: method with pointer receiver */
	ObjAddrTaken = 128,       /* local Var: address taken explicitly or implicitly (&x, x.ptrMethod(), x[:] of array) */
	ObjCaptured = 256,        /* local Var: used by a function literal inside its function, or by the body of a range over a function it is declared outside of */
	ObjAssigned = 512,        /* local Var: assigned after its declaration (so capture by value is wrong) */
	ObjGlobal = 1024,         /* package-level */
	ObjIfaceMethod = 2048,    /* Func declared in an interface */
	ObjLoopVar = 4096,        /* declared by for i := ...; per-iteration if language >= go1.22 (ObjPerIter) */
	ObjPerIter = 8192,
};

struct Obj {
	u8 kind;
	_Atomic u8 color;          /* checker */
	u16 builtin;               /* Builtin: BuiltinId */
	_Atomic u32 flags;
	u32 id;                    /* dense; schedule dependent */
	Name *name;
	Pkg *pkg;                  /* NULL for universe */
	Type *type;                /* NULL until resolved */
	Pos pos;                   /* of the declaring identifier */
	File *file;                /* declaring file (package-level and bodies) */
	NodeId decl;               /* ConstDecl, TypeDecl, VarDecl, FuncDecl, Field ... */
	u32 order;                 /* package-level: declaration order over all files of the package */
	u32 index;                 /* iota; field index; param index; local: number inside its function */
	Scope *parent;
	union {
		Const *val;                                 /* Const */
		struct { Pkg *imported; } pkgname;
		struct {                                    /* Func (declared function or method) */
			u32 range;                          /* index of FuncRange in file, for decl'd functions */
			struct Body *body;                  /* facts of the checked body; see types_body */
			Type *recvnamed;                    /* methods: receiver base type (Named, generic origin) or interface's Type */
			Obj *origin;                        /* method of an instance: the generic method */
		} fn;
		struct {                                    /* Var */
			NodeId init;                        /* package-level: initialiser expression or 0 */
			struct Body *body;                  /* package-level: its initialiser group (shared by x, y = f()) */
			Obj *func;                          /* local: the FuncDecl Obj around it (NULL in package-level initialisers) */
			NodeId lit;                         /* local: innermost FuncLit node that declares it, or 0 */
		} var;
	};
};

struct Scope {
	Scope *parent;
	Map names;                 /* Name* -> Obj* */
	Pos start, end;
	bool is_func;
};

struct Pkg {
	const char *path;          /* import path: "main" for commands keeps its real path in modpath */
	Name *name;
	File **file; u32 nfile;    /* in file name order */
	Pkg **imports; u32 nimport;/* direct, sorted by path, unique */
	u32 order;                 /* position in dependency order (imports first, ties by path) */
	const char *goversion;     /* language version "go1.N" */
	bool std;                  /* part of the standard library */
	bool main_module;          /* check all bodies, report all errors */
	bool fake;                 /* could not be loaded; every selector is an error already reported */
	bool ignore_missing_body;  /* bodyless functions are fine (assembly, or the list of std-surface 2.1) */
	Scope *scope;
	Diag *diag;
	Checker *chk;
	Obj **obj; u32 nobj;       /* package-level objects incl. blank ones and methods, in order */
	struct Body **init; u32 ninit;   /* package variable initialisers in execution order (types_initorder) */
	void *cpriv;               /* checker's own */
	void *load;                /* loader's record */
	u32 nerror;
	struct { Obj *obj; const char *path; } *linkpush; u32 nlinkpush;
};

/* A body: a function declaration's, or a package variable's initialiser. */
typedef struct Body {
	Obj *fn;                   /* Func, or NULL */
	Obj **lhs; u32 nlhs;       /* initialiser: variables set (blank ones too) */
	NodeId init;               /* initialiser expression */
	File *file;
	Pkg *pkg;
	_Atomic u8 state;          /* 0 unchecked, 1 being checked, 2 done */
	bool bad;                  /* had errors: do not compile */
	bool plain;                /* initialiser left unchecked by types_decls: refers to no variable and no function */
	u8 is_data;                /* initialiser: whole's own, see static_ok */
	u32 init_index;            /* initialiser: its place in Pkg.init */
	bool has_defer, has_recover;      /* of the declaration's own frame (not literals inside) */
	VEC(Obj *) deps;           /* package-level variables and functions of the same package referred to (methods too) */
	VEC(Obj *) locals;         /* all local variables, parameters and results included, numbered by Obj.index */
	VEC(NodeId) lits;          /* FuncLit nodes in source order */
} Body;

/* ---- constants (const.c; GMP/MPFR inside) ---- */

typedef enum ConstKind { ConstUnknown, ConstBool, ConstString, ConstInt, ConstFloat, ConstComplex } ConstKind;
ConstKind const_kind(const Const *c);
bool const_bool(const Const *c);
const char *const_str(const Const *c, u32 *len);
bool const_int64(const Const *c, i64 *v);       /* exact fit; accepts integral floats/complex after const_to_int */
bool const_uint64(const Const *c, u64 *v);
double const_float64(const Const *c);           /* correctly rounded; may be +-Inf */
float const_float32(const Const *c);
void const_complex(const Const *c, double *re, double *im);
int const_sign(const Const *c);
const Const *const_real(Checker *k, const Const *c);
const Const *const_imag(Checker *k, const Const *c);
void const_print(Buf *b, const Const *c);       /* as go/constant's String (messages) */
/* Bits of a constant as a value of a basic type (after conversion): integers modulo 2^64, floats as IEEE bits in
 * lo (float32 in the low half), complex as re in lo and im in hi. */
void const_bits(const Const *c, const Type *basic, u64 *lo, u64 *hi);

/* ---- what the checker records per node ---- */

typedef enum Mode {
	ModeInvalid, ModeNovalue, ModeBuiltin, ModeType, ModeConst, ModeVar /* addressable */, ModeMapIndex,
	ModeValue, ModeNil, ModeCommaOk /* value usable as v, ok */, ModePkg,
} Mode;

/* How x.f was resolved. Path: field indices to follow (through embedded fields, dereferencing pointers on the way);
 * for fields the last entry is the field itself; for methods the path leads to the embedded receiver holder and obj is the
 * method. recv is the type of x. */
typedef enum SelKind { SelField, SelMethodVal /* x.m: call or bound method value */, SelMethodExpr /* T.m */, SelQualified /* pkg.Name */ } SelKind;
typedef struct Selection {
	u8 kind;
	bool indirect;             /* a pointer was followed between x and obj */
	u16 npath;
	Type *recv;
	Obj *obj;                  /* field Var, method Func (declared or interface), or package-level object */
	u16 path[];
} Selection;

struct ExprInfo {
	Type *type;                /* of the expression, after untyped conversion; Tuple for multi-value calls; the type itself for ModeType */
	union {
		const Const *val;      /* ModeConst (any node kind): its value converted to type */
		Obj *obj;              /* Name: object used or defined (NULL for blank or the symbolic variable of a type switch guard) */
		Selection *sel;        /* Selector (not const) */
		struct InstInfo *inst; /* Index of a generic function/type: see types_inst */
	};
	u8 mode;
	u8 flags;
	u8 lhs;                    /* checker's own: untyped operand of a non-constant shift */
};
enum {  /* ExprInfo.flags */
	InfoDef = 1,          /* Name declares its object here (:=, var, parameter ...) */
	InfoObj = 2,          /* union holds obj even though mode is ModeConst? never; set when obj is valid */
	InfoInst = 4,         /* generic function name/selector/index used here has inferred type arguments: types_inst(file, node) */
	InfoImplicit = 8,     /* CaseClause of a type switch with a symbolic variable: obj = the clause's variable */
	InfoCommaOk = 16,     /* evaluated in a two-value context (v, ok :=): type is the Tuple */
	InfoConvCall = 32,    /* Call is a conversion */
	InfoBuiltinCall = 64, /* Call of a builtin: its id is info(fun).obj->builtin */
	InfoMethodCall = 128,
};

/* Info of a node. Valid for package-level declarations after types_decls, inside bodies after types_body. */
static inline ExprInfo *info_at(const File *f, NodeId n) { return &f->info[n]; }

/* Instance used at a Name, Selector or Index node flagged InfoInst: the generic Func obj and its type arguments (which may
 * mention type parameters of the enclosing function). For instantiated types the node's type says all. */
typedef struct InstInfo { Obj *obj; Type **targs; u32 ntargs; Type *type; } InstInfo;
InstInfo *types_inst(const File *f, NodeId n);   /* NULL if none */

typedef enum BuiltinId {
	BuiltinNone,
	BuiltinAppend, BuiltinCap, BuiltinClear, BuiltinClose, BuiltinComplex, BuiltinCopy, BuiltinDelete, BuiltinImag, BuiltinLen,
	BuiltinMake, BuiltinMax, BuiltinMin, BuiltinNew, BuiltinPanic, BuiltinPrint, BuiltinPrintln, BuiltinReal, BuiltinRecover,
	BuiltinUnsafeAdd, BuiltinUnsafeAlignof, BuiltinUnsafeOffsetof, BuiltinUnsafeSizeof, BuiltinUnsafeSlice,
	BuiltinUnsafeSliceData, BuiltinUnsafeString, BuiltinUnsafeStringData,
	BuiltinAssert, BuiltinTrace,   /* only in the checker's own tests */
	BuiltinMax_
} BuiltinId;

/* ---- universe.c ---- */
struct Checker {
	Arena *ar;                 /* process lifetime; guarded by lock when used from several threads */
	Type *typ[KindLastBasic + 1];   /* basic types by kind */
	Type *t_byte, *t_rune, *t_any, *t_error, *t_comparable, *t_empty_iface, *t_empty_tuple, *t_empty_struct;
	Obj *o_error_error;        /* method Error of error */
	Scope *universe;
	Pkg *unsafe_pkg;
	const char *goversion;     /* newest language version, "go1.26" */
	Pkg *(*import)(void *arg, Pkg *from, const char *path, Pos pos);  /* NULL: not found, error already reported */
	void *import_arg;
	bool all_bodies;           /* -check=all */
	bool test_builtins;        /* assert, trace */
	void *priv;
};
Checker *types_new(Arena *ar);

/* ---- decl.c, resolve.c: packages ---- */
void types_collect(Checker *k, Pkg *p);     /* files parsed and imports linked */
void types_decls(Checker *k, Pkg *p);       /* all declarations of p; needs those of its imports */
/* Checks a body if that was not done yet (any thread; blocks while another thread does it). Returns false if it has errors. */
bool types_body(Checker *k, Body *b);
/* Whether a plain initialiser (Body.plain), checked or not, is made of bytes and addresses of such. */
bool types_plain_data(const Body *b);
/* Everything left to check in p: bodies of all functions, unused imports, initialisation order and its cycles, ... */
void types_finish(Checker *k, Pkg *p);
/* Fills p->init on demand without checking bodies that cannot matter. Needs types_decls. */
void types_initorder(Checker *k, Pkg *p);
Obj *pkg_lookup(const Pkg *p, const char *name);

/* ---- type.c: construction (hash-consed) and questions ---- */
Type *types_pointer(Checker *k, Type *elem);
Type *types_slice(Checker *k, Type *elem);
Type *types_array(Checker *k, Type *elem, i64 len);
Type *types_map(Checker *k, Type *key, Type *val);
Type *types_chan(Checker *k, ChanDir d, Type *elem);
Type *types_tuple(Checker *k, Obj **v, u32 n);
Type *types_tuple_of(Checker *k, Type **t, u32 n);                    /* unnamed variables */
Type *types_func(Checker *k, Type *params, Type *results, bool variadic);
Type *types_struct(Checker *k, Obj **field, const char **tag, u32 n);
Obj *types_field(Checker *k, Pkg *pkg, Name *name, Type *t, bool embedded);
Type *types_canon(Checker *k, Type *t);                                /* aliases and names of parameters gone */
bool types_identical(Checker *k, Type *a, Type *b);
Type *types_unalias(Type *t);
Type *types_under(Type *t);                                            /* underlying type; never Named/Alias; a TypeParam's is its constraint interface */
TypeSet *types_typeset(Checker *k, Type *iface);
Type *types_core(Checker *k, Type *t);                                 /* common underlying type of a type parameter's set, else under; NULL if none */
bool types_comparable(Checker *k, Type *t);
bool types_is_interface(const Type *t);                                /* underlying is an interface and t is no type parameter */
bool types_has_tparam(const Type *t);
static inline bool kind_is_integer(TypeKind k) { return (k >= KindInt && k <= KindUintptr) || k == KindUntypedInt || k == KindUntypedRune; }
static inline bool kind_is_unsigned(TypeKind k) { return k >= KindUint && k <= KindUintptr; }
static inline bool kind_is_float(TypeKind k) { return k == KindFloat32 || k == KindFloat64 || k == KindUntypedFloat; }
static inline bool kind_is_complex(TypeKind k) { return k == KindComplex64 || k == KindComplex128 || k == KindUntypedComplex; }

/* ---- lookup.c ---- */
/* Finds field or method name of t (embedding rules). Result in a; obj NULL if absent or ambiguous. */
Selection *types_lookup(Checker *k, Arena *a, Type *t, bool addressable, Pkg *from, Name *name);
/* Method set of t (or *T given as pointer type): for descriptors, itabs and wrappers. Sorted as abi wants (exported first by name, then
 * by package path); each entry says how to reach the method. Memoised, any thread. */
typedef struct MethodEntry { Obj *fn; Selection *sel; Type *sig /* without receiver, substituted for instances */; } MethodEntry;
typedef struct MethodSet { MethodEntry *m; u32 n; } MethodSet;
MethodSet *types_methodset(Checker *k, Type *t);
bool types_implements(Checker *k, Type *t, Type *iface, Obj **missing, bool *wrongtype);
bool types_assignable(Checker *k, Type *from, Type *to);

/* ---- subst.c, instance.c, infer.c ---- */
/* t with type parameters tparams[i] replaced by targs[i]. Same node if nothing changes. Memoised per (t, targs). */
typedef struct TypeEnv { Type **tparams; Type **targs; u32 n; } TypeEnv;
Type *types_subst(Checker *k, Type *t, const TypeEnv *env);
Type *types_instantiate(Checker *k, Type *generic, Type **targs, u32 n);   /* Named (or alias/func signature): no constraint check */
/* Method of a Named type (instances: with substituted signature, fn.origin set). NULL if there is none. */
Obj *types_method(Checker *k, Type *named, Name *name, Pkg *from);
/* Type parameters in scope in fn's body: receiver's, then its own. */
void types_fn_tparams(const Obj *fn, Type ***tparams, u32 *n);

/* ---- layout.c: sizes for linux/amd64, gc's rules ---- */
typedef struct Layout {
	i64 size, align;           /* size -1: too large to exist */
	i64 ptrbytes;              /* bytes of the prefix that may hold pointers; 0 = noscan */
	i64 *offset;               /* Struct: field offsets */
	bool direct;               /* pointer-shaped: stored directly in an interface word (Size_ == PtrBytes == 8) */
	bool regular;              /* plain memory equality is value equality (no padding, floats, strings, interfaces, blank fields) */
	bool comparable;
} Layout;
Layout *types_layout(Checker *k, Type *t);   /* t without type parameters */
static inline i64 types_size(Checker *k, Type *t) { return types_layout(k, t)->size; }
/* Sets bit i for every pointer word of t placed at byte offset off. */
void types_ptrmask(Checker *k, Type *t, i64 off, u8 *mask);

/* ---- typestring.c ---- */
typedef enum QualMode {
	QualError,      /* relative to the package being checked, as in messages */
	QualName,       /* package name: reflect's String, e.g. map[string]pkg.T */
	QualPath,       /* full import path: link names, canonical */
} QualMode;
void types_print(Buf *b, Checker *k, Type *t, QualMode q, const Pkg *rel);
void obj_print(Buf *b, Checker *k, Obj *o, QualMode q, const Pkg *rel);
/* Canonical, injective name (identical types <=> equal text); local types carry their function and number. Memoised. */
const char *types_linkname(Checker *k, Type *t);
/* Link name of a function: "pkg/path.F", "pkg/path.(*T).M", "pkg/path.T.M", with type arguments "pkg.F[int]"
 * for instances. Path escaping as gc's. */
char *types_funcname(Checker *k, Arena *a, Obj *fn, Type **targs, u32 ntargs);

#endif
