/* syntax: source text to tree.
 *
 * Nouns. A File is one parsed source file: dense arrays of 16-byte Nodes and of list entries, addressed by 32-bit
 * ids; id 0 means absent. Children have smaller ids than their parents except where a row in nodes.def says
 * otherwise; all nodes of one function declaration are contiguous ([first, last) in its FuncRange), so per-node facts
 * of later phases live in plain arrays beside the tree. The tree is immutable after parsing.
 *
 * Errors go to the Diag given, in gc's wording and position. A File is always returned, BadExpr standing where no
 * sense could be made.
 */
#ifndef SEAGO_SYNTAX_H
#define SEAGO_SYNTAX_H

#include "../base/base.h"

typedef u32 NodeId;
typedef u32 ListId;

typedef enum NodeKind {
	NodeNone,
#define NODE(kind, a, b, remark) Node##kind,
#include "nodes.def"
#undef NODE
	NodeMax
} NodeKind;

typedef enum LitKind { LitInt = 1, LitFloat, LitImag, LitRune, LitString } LitKind;

/* Operators, in gc's precedence groups. */
typedef enum Op {
	OpNone,
	OpDef,     /* := (scanner only) */
	OpNot, OpRecv, OpTilde,
	OpOrOr,
	OpAndAnd,
	OpEql, OpNeq, OpLss, OpLeq, OpGtr, OpGeq,
	OpAdd, OpSub, OpOr, OpXor,          /* OpXor is also unary ^ */
	OpMul, OpDiv, OpRem, OpAnd, OpAndNot, OpShl, OpShr,
	OpMax
} Op;
extern const char *const op_text[OpMax];

typedef enum Tok {
	TokNone, TokEOF, TokName, TokLiteral,
	TokOperator,    /* binary operators but * */
	TokAssignOp,    /* op= */
	TokIncOp,       /* ++ -- */
	TokAssign, TokDefine, TokArrow, TokStar,
	TokLparen, TokLbrack, TokLbrace, TokRparen, TokRbrack, TokRbrace,
	TokComma, TokSemi, TokColon, TokDot, TokDotDotDot,
	TokBreak, TokCase, TokChan, TokConst, TokContinue, TokDefault, TokDefer, TokElse, TokFallthrough, TokFor, TokFunc,
	TokGo, TokGoto, TokIf, TokImport, TokInterface, TokMap, TokPackage, TokRange, TokReturn, TokSelect, TokStruct,
	TokSwitch, TokType, TokVar,
	TokMax
} Tok;

enum {
	FlagDots = 1,    /* Call: f(x...) */
	FlagDef = 1,     /* AssignStmt, RangeClause: := */
	FlagAlias = 1,   /* TypeDecl: = */
	FlagFull = 1,    /* Slice: three indices */
	FlagKeyed = 1,   /* CompositeLit */
	FlagBlank = 1,   /* Name: _ */
	FlagBad = 2,     /* BasicLit with a reported error */
	FlagParenType = 4,
	FlagTag = 8,     /* Field: the BasicLit just before it is its tag; use field_tag() */
};

typedef struct Node {
	u8 kind, flag;
	u16 op;
	Pos pos;
	u32 a, b;
} Node;

/* Directive bits of a declaration (//go:noinline ...), as a set. */
typedef enum Pragma {
	PragmaNoinline = 1 << 0, PragmaNosplit = 1 << 1, PragmaNoescape = 1 << 2, PragmaNorace = 1 << 3,
	PragmaNocheckptr = 1 << 4, PragmaUintptrKeepAlive = 1 << 5, PragmaUintptrEscapes = 1 << 6,
	PragmaSystemstack = 1 << 7, PragmaNowritebarrier = 1 << 8, PragmaNowritebarrierrec = 1 << 9,
	PragmaYeswritebarrierrec = 1 << 10, PragmaNotInHeap = 1 << 11, PragmaRegisterParams = 1 << 12,
	PragmaCgoUnsafeArgs = 1 << 13, PragmaWasm = 1 << 14,
} Pragma;

/* //go:linkname local target ; target NULL in the one-argument form. */
typedef struct Linkname { Pos pos; Name *local; const char *target; } Linkname;
/* A file that a //go:embed pattern matched: its name below the package's folder, and where it is. */
typedef struct EmbedFile { const char *name, *path; } EmbedFile;
/* //go:embed patterns, attached to the var declared next. load finds the files. */
typedef struct Embed { Pos pos; NodeId decl; VEC(const char *) pattern; VEC(Pos) at; VEC(EmbedFile) file; } Embed;
/* Every top-level FuncDecl, in order. */
typedef struct FuncRange { NodeId decl, first, last; u32 pragma; } FuncRange;

typedef struct File {
	SrcFile *src;
	Node *node;          /* node[0] is unused */
	u32 nnode;
	u32 *list;           /* see list_len */
	u32 nlist;
	Name **names;        /* Name nodes: names[node.a] */
	u32 nnames;
	Name *pkgname;
	Pos pkgpos;
	ListId decls;        /* top-level declarations in order, imports first */
	FuncRange *func;     /* sorted by first */
	u32 nfunc;
	Linkname *linkname;
	u32 nlinkname;
	Embed *embed;
	u32 nembed;
	const char *goversion;   /* "go1.N" from //go:build, or NULL */
	VEC(struct DebugDirective { Pos pos; const char *text; }) debug;   /* //go:debug lines */
	bool bad;            /* had syntax errors */
	bool counters;       /* made for coverage: its arrays of uint32 are counters */
	struct ExprInfo *info;   /* facts of the checker, one per node; owned by types (see types.h) */
	void *pkg;           /* struct Package of load, set by its owner */
	u32 index;           /* of the file in its package */
} File;

static inline const Node *node_at(const File *f, NodeId n) { return &f->node[n]; }
static inline NodeKind node_kind(const File *f, NodeId n) { return (NodeKind)f->node[n].kind; }
/* A list at id l: list[l] = count, list[l+1] = extra (a position or 0), then the items. List 0 is empty. */
static inline u32 list_len(const File *f, ListId l) { return l ? f->list[l] : 0; }
static inline Pos list_extra(const File *f, ListId l) { return l ? f->list[l + 1] : 0; }
static inline u32 list_at(const File *f, ListId l, u32 i) { return f->list[l + 2 + i]; }
static inline Name *node_name(const File *f, NodeId n) { return f->names[f->node[n].a]; }

/* ---- scan.c ---- */
void syntax_init(void);      /* interns keywords; call once before any scanning */

/* ---- parse.c ---- */
typedef enum ParseMode {
	ParseFull = 0,
	ParseImportsOnly = 1,    /* package clause and imports */
} ParseMode;
/* Parses src (registered, sentinel terminated). Never NULL. pragma errors are reported as gc does; std says that
 * the file belongs to the standard library (more directives allowed). */
File *syntax_parse(Arena *a, SrcFile *src, ParseMode mode, bool std, Diag *d);

/* ---- tree.c ---- */
NodeId field_tag(const File *f, NodeId field);          /* BasicLit or 0 */
Pos node_start(const File *f, NodeId n);                /* leftmost position, as gc's StartPos */
Pos node_end(const File *f, NodeId n);                  /* as gc's EndPos */
NodeId node_unparen(const File *f, NodeId n);
/* Expression as gc prints it in messages (syntax.String: ShortForm, function bodies as "{…}"). */
void node_print(Buf *b, const File *f, NodeId n);
const char *lit_text(const File *f, NodeId n, u32 *len);
/* Value of a string literal (quotes removed, escapes done), in a; NULL if malformed. */
char *lit_string(Arena *a, const File *f, NodeId n, u32 *len);
bool unquote(Arena *a, const char *lit, u32 n, char **out, u32 *outlen);
void tree_dump(Buf *b, const File *f);                  /* -d parse */
/* Items of an "expression or List" child. */
u32 expr_count(const File *f, NodeId n);                /* 0 for 0, list length for List, else 1 */
NodeId expr_item(const File *f, NodeId n, u32 i);
static inline u32 decl_part(const File *f, NodeId decl, u32 i) { return list_at(f, f->node[decl].b, i); }

#endif
