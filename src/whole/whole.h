/* whole: what needs the whole program.
 *
 * Nouns. A symbol is live when something live refers to it. Reach closes the set: it takes live symbols off a worklist,
 * makes their contents (SSA of a function, bytes and relocations of a descriptor or variable), and marks what
 * they refer to. Methods follow gc's linker: a method of a type that was converted to an interface lives if its name
 * and signature is called through some interface, or if reflection may ask for it. Only monotone insertions happen here, so
 * the result does not depend on the order of work, and all threads take part in it.
 */
#ifndef SEAGO_WHOLE_H
#define SEAGO_WHOLE_H

#include "../ssa/ssa.h"

/* Which functions are summarised and compiled: share.c. */
typedef enum Stage { StageAll, StageShared, StageOwn } Stage;

typedef struct Whole {
	Program *p;
	Pool *pool;
	Pkg **pkg; u32 npkg;       /* all packages, dependency order */
	VEC(Sym *) live;           /* after reach: every live symbol, in no order */
	Map by_name;               /* Name* of a symbol pushed by go:linkname -> Obj*; frozen before reach */
	Map pkg_by_path;           /* Name* -> Pkg*; likewise */
	VEC(Sym *) inits;          /* functions run before main.main, in order; those left out are not reachable */
	const char **root; u32 nroot;   /* Go symbols the C runtime and generated code refer to */
	Pkg **target; u32 ntarget; /* instead of a program: all that these packages declare */
	bool record;               /* other programs follow: symbols remember what they refer to */
	Stage stage;
	struct Reach *reach;       /* one a worker */
	struct Joins *joins;       /* reach.c */
} Whole;

/* One thread's part in reach: what it hands out lives in its arena. */
typedef struct Reach {
	Whole *w;
	Program *p;
	Arena ar;
	VEC(Sym *) live;           /* symbols this thread was the first to mark */
	bool bad;                  /* a body had errors */
	struct SymRefs *rec;       /* where the references of the symbol being made are noted; NULL: nowhere */
} Reach;

/* ---- reach.c ---- */
/* Indexes linknames and packages; call after declarations of all packages are checked. */
void whole_start(Whole *w, Program *p, Pkg **pkg, u32 npkg, Pool *pool);
/* The function or variable of that link name, or NULL. */
Obj *whole_object(Whole *w, const char *name);
/* Gives a string variable its value, as the linker's -X does (before whole_reach). */
void whole_define_string(Whole *w, const char *name, const char *text, u32 n);
/* Builds everything reachable from the runtime's roots and main, or the targets. False if a reachable body has errors. */
bool whole_reach(Whole *w);
void reach_mark(Reach *r, Sym *s);             /* s is live */
void reach_in_iface(Reach *r, Sym *type);      /* values of the type are put into interfaces */
/* Method m of type is wanted if im is called: true if it is already, else it will be marked when that happens. */
bool reach_called(Reach *r, Sym *im, Sym *type, u32 m);
static inline void reach_reloc(Reach *r, Sym *s, u32 off, RelocKind k, Sym *to, i64 add)
{
	vec_push(&r->ar, &s->rel, (Reloc){.off = off, .kind = k, .sym = to, .add = add});
}
/* ---- share.c: several programs, one after the other, in one symbol table ---- */
/* What the making of a symbol has marked, for programs that find it made. */
typedef struct SymRefs {
	VEC(Sym *) mark, iface, imethod;
	bool asks;                 /* for methods, by reflection */
} SymRefs;
typedef struct Share {
	Arena ar;                  /* of the program at hand */
	VEC(Sym *) hidden;
	const char *const *path; u32 npath;
} Share;
/* A program begins in which packages of these paths are not those of other programs: what exists under their names is hidden. */
void share_begin(Share *s, Program *p, const char *const *path, u32 n);
void share_divide(Share *s, Whole *w);     /* after reach: Sym.own says what no other program can use */
void share_end(Share *s, Program *p);      /* that is forgotten, and what was hidden comes back */
/* Whether the function of a live symbol is to be looked at in this stage. */
static inline bool share_at_work(const Whole *w, const Sym *s)
{
	return !s->fn->compiled && (w->stage == StageAll || s->own == (w->stage == StageOwn));
}
/* ---- typedesc.c: descriptors in internal/abi's layout ---- */
void typedesc_fill(Reach *r, Sym *s);          /* WhatType */
void typedesc_alloc(Reach *r, Sym *s);         /* WhatAlloc */
void itab_fill(Reach *r, Sym *s);              /* WhatItab */
/* Marks what a descriptor used in an interface keeps alive: methods that are called, now or later; or all exported ones. */
void typedesc_methods(Reach *r, Sym *s, bool exported);
void typedesc_mark_method(Reach *r, Sym *s, u32 i);
Sym *gcmask_sym(Program *p, Type *t);          /* 1 bit a word, shared by content */
u32 typedesc_hash(Program *p, Type *t);            /* abi.Type.Hash */
/* ---- static.c: initialisers as data ---- */
/* Whether the initialiser of b is data (checks it if that takes more than its type); then its variable needs no code. */
bool static_ok(Reach *r, Body *b);
/* embed.c: lays out the data of a variable that holds embedded files; false if it is none. */
bool embed_fill(Reach *r, Sym *var);
/* pure.c: whether an initialiser has no effect but its variable's value; then it runs only if the variable is live. */
bool init_is_pure(Reach *r, const Body *b);
/* Lays out the data of a variable's symbol if its initialiser is static; otherwise leaves it zero. */
void static_fill(Reach *r, Sym *var);

/* ---- callgraph.c ---- */
Sym *sym_target(Sym *s);                       /* through aliases */
Func *sym_code(Sym *s);                        /* the function a symbol is, or whose function value it is; NULL: none here */
/* Calls fn on the workers for every strongly connected component of live functions, callees first. */
void whole_bottom_up(Whole *w, void (*fn)(void *arg, int worker, Func **f, u32 n), void *arg);
/* ---- inline.c ---- */
void inline_calls(Func *f);                    /* takes in what inline_decide has allowed */
void inline_decide(Func *f);
/* ---- needed.c ---- */
Func **whole_needed(Whole *w, Arena *ar, bool all, u32 *n);   /* after inlining: the functions that get code; all live ones */
/* ---- escape.c: which objects live in the frame ---- */
/* What a function does with its pointer parameters. Numbers are dereferences: 0 the pointer itself, 1 what it points to, ...;
 * EscapeNone: it does not get there. Index nin is the closure context. */
enum { EscapeNone = 0xff };
typedef struct Escape { u32 nin, nout; u8 *heap; u8 *result; /* [in * nout + out] */ } Escape;
/* Finds the summaries of a component and moves objects that do not outlive their frame into slots. */
void escape_component(Whole *w, Func **f, u32 n);

#endif
