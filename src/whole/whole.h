/* whole: what needs the whole program.
 *
 * Nouns. A symbol is live when something live refers to it. Reach closes the set: it takes live symbols off a worklist,
 * makes their contents (SSA of a function, bytes and relocations of a descriptor or variable), and marks what
 * they refer to. Methods follow gc's linker: a method of a type that was converted to an interface lives if its name
 * and signature is called through some interface, or if reflection may ask for it. Only monotone insertions happen here, so
 * the result does not depend on the order of work.
 */
#ifndef SEAGO_WHOLE_H
#define SEAGO_WHOLE_H

#include "../ssa/ssa.h"

typedef struct Whole {
	Program *p;
	Pkg **pkg; u32 npkg;       /* all packages, dependency order */
	VEC(Sym *) work;           /* live, not yet processed */
	VEC(Sym *) live;           /* every live symbol, arrival order: sort before output */
	VEC(Sym *) iface_types;    /* live type descriptors used in interfaces */
	Map imethod;               /* Sym* of a called interface method -> 1 */
	Map by_name;               /* Name* of a symbol pushed by go:linkname -> Obj* */
	Map pkg_by_path;           /* Name* -> Pkg* */
	bool reflect_methods;      /* reflection may call any exported method of an interface type */
	VEC(Sym *) inits;          /* functions run before main.main, in order; those left out are not reachable */
	const char **root; u32 nroot;   /* Go symbols the C runtime and generated code refer to */
	bool bad;                  /* a body had errors */
} Whole;

/* ---- reach.c ---- */
/* Indexes linknames and packages; call after declarations of all packages are checked. */
void whole_start(Whole *w, Program *p, Pkg **pkg, u32 npkg);
/* Builds everything reachable from the runtime's roots and main. False if a reachable body has errors. */
/* Gives a string variable its value, as the linker's -X does (before whole_reach). */
void whole_define_string(Whole *w, const char *name, const char *text);
bool whole_reach(Whole *w);
void whole_mark(Whole *w, Sym *s);
/* ---- typedesc.c: descriptors in internal/abi's layout ---- */
void typedesc_fill(Whole *w, Sym *s);          /* WhatType */
void typedesc_alloc(Whole *w, Sym *s);         /* WhatAlloc */
void itab_fill(Whole *w, Sym *s);              /* WhatItab */
/* Marks what a descriptor used in an interface keeps alive; called again when more methods are called. */
void typedesc_methods(Whole *w, Sym *s);
Sym *gcmask_sym(Program *p, Type *t);          /* 1 bit a word, shared by content */
u32 typedesc_hash(Program *p, Type *t);            /* abi.Type.Hash */
/* ---- static.c: initialisers as data ---- */
/* Whether the initialiser of b is data (checks it if that takes more than its type); then its variable needs no code. */
bool static_ok(Whole *w, Body *b);
/* pure.c: whether an initialiser has no effect but its variable's value; then it runs only if the variable is live. */
bool init_is_pure(Whole *w, const Body *b);
/* Lays out the data of a variable's symbol if its initialiser is static; otherwise leaves it zero. */
void static_fill(Whole *w, Sym *var);

/* ---- callgraph.c ---- */
Sym *sym_target(Sym *s);                       /* through aliases */
Func *sym_code(Sym *s);                        /* the function a symbol is, or whose function value it is; NULL: none here */
/* Calls fn for every strongly connected component of live functions, callees first. */
void whole_bottom_up(Whole *w, void (*fn)(void *arg, Func **f, u32 n), void *arg);
/* ---- inline.c ---- */
void inline_calls(Func *f);                    /* takes in what inline_decide has allowed */
void inline_decide(Func *f);
/* ---- escape.c: which objects live in the frame ---- */
/* What a function does with its pointer parameters. Numbers are dereferences: 0 the pointer itself, 1 what it points to, ...;
 * EscapeNone: it does not get there. Index nin is the closure context. */
enum { EscapeNone = 0xff };
typedef struct Escape { u32 nin, nout; u8 *heap; u8 *result; /* [in * nout + out] */ } Escape;
/* Finds the summaries of a component and moves objects that do not outlive their frame into slots. */
void escape_component(Whole *w, Func **f, u32 n);

#endif
