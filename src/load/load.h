/* load: from the command line to parsed packages.
 *
 * Nouns. A Context says for what we build: GOOS, GOARCH, tags, where things are. A LoadPkg is one package: its directory,
 * the files that its build constraints select, their trees, and its imports. A Module is a go.mod. The Loader holds
 * the import graph, closed under imports and in dependency order (imports first, ties by path).
 *
 * Selection follows go/build: file names (_GOOS, _GOARCH, _test), //go:build lines, package clauses, cgo off.
 * For packages named in the overlay manifest the listed files replace or complete upstream's.
 *
 * Threads: files are read and parsed by a pool; the graph itself belongs to the caller's thread.
 */
#ifndef SEAGO_LOAD_H
#define SEAGO_LOAD_H

#include "../types/types.h"

typedef struct Context {
	const char *goos, *goarch;
	const char *goroot;            /* NULL: none found; goroot_error says how to get one */
	const char *overlay;           /* folder of our Go files and the manifest, or NULL */
	const char *gopath;
	const char *cwd;
	bool modules;                  /* GO111MODULE is not off */
	int minor;                     /* newest language version: go1.<minor> */
	VEC(const char *) tags;        /* from -tags and the defaults that are not computed */
} Context;

typedef struct Module {
	const char *path, *dir;
	const char *goversion;         /* "go1.N" */
	const char *file;              /* its go.mod */
} Module;

typedef struct LoadPkg LoadPkg;
struct LoadPkg {
	const char *path;              /* import path as resolved (vendor/golang.org/... for std's vendored packages) */
	const char *dir;
	bool std, named;               /* part of the standard library; named on the command line */
	const char **gofile; u32 ngofile;   /* full paths, in file name order */
	const char **sfile; u32 nsfile;     /* selected .s files */
	const char **ignored; u32 nignored; /* excluded by constraints */
	File **file;
	LoadPkg **import; u32 nimport; /* unique, sorted by path */
	File **tfile; u32 ntfile;      /* _test.go files of the package itself, when tests are loaded */
	File **xfile; u32 nxfile;      /* _test.go files of package p_test */
	LoadPkg **timport, **ximport; u32 ntimport, nximport;   /* what those import; unique, sorted by path */
	Diag tdiag;                    /* what is wrong with the test files, and their imports */
	u32 nparsed;                   /* diag's items that loading found */
	LoadPkg *variant;              /* testpkg.c: what stands for this package in the test's program */
	const char *fortest;           /* compiled for the test of this package only */
	Module *mod;                   /* NULL for std and plain files */
	Pkg *pkg;                      /* the checker's package */
	Diag diag;
	const char *error;             /* could not be loaded: one line, gc's wording */
	u32 order;
	u8 mark;
};

/* How the named packages are read and checked. */
typedef struct FrontOptions {
	const char *lang;              /* language version instead of the module's, or NULL */
	const char *local;             /* import "./x" means local/x; NULL: such imports are errors */
	bool incomplete;               /* functions may lack bodies */
	bool as_std;                   /* as part of the standard library: more directives */
} FrontOptions;

typedef struct Loader {
	Arena *ar;
	Pool *pool;
	Context *ctx;
	Checker *chk;
	Module *main_mod;
	FrontOptions front;
	Map by_path;                   /* Name* of path -> LoadPkg* */
	VEC(LoadPkg *) all;            /* in dependency order once loaded */
	VEC(LoadPkg *) named;
	struct Manifest *manifest;
	bool tests;                    /* set before loading: the named packages' test files are wanted too */
	u32 nfile, nerror;
	u64 nbyte;
} Loader;

/* ---- context.c ---- */
/* Environment and machine: finds the GOROOT ($SEAGO_GOROOT, $GOROOT, <exe>/../goroot or <exe>/goroot, /usr/local/go,
 * /usr/lib/go-1.26, /usr/share/go-1.26) and the overlay beside the executable. */
void context_init(Context *c, Arena *a, const char *exe);
const char *goroot_error(void);    /* what to tell a user who has none */
/* ---- constraint.c ---- */
bool tag_matches(const Context *c, const char *tag, size_t n);
/* Evaluates the expression after "//go:build"; syntax errors give false and *bad. */
bool constraint_eval(const Context *c, const char *expr, size_t n, bool *bad);
/* Name rules: false if name's _GOOS/_GOARCH suffixes exclude it. */
bool file_name_matches(const Context *c, const char *name);
/* Looks at the head of a file (up to the package clause). */
bool file_head_matches(const Context *c, const char *src, size_t n);
/* ---- manifest.c: overlay/manifest ---- */
typedef struct ManifestPkg { const char *path; bool only; VEC(const char *) take; VEC(const char *) drop; VEC(const char *) add; } ManifestPkg;
typedef struct Manifest { VEC(ManifestPkg) pkg; } Manifest;
Manifest *manifest_read(Arena *a, const char *overlay_dir);
ManifestPkg *manifest_find(Manifest *m, const char *path);
/* ---- module.c ---- */
Module *module_find(Arena *a, const char *dir);   /* nearest go.mod at or above dir, parsed; NULL if none */
/* ---- load.c ---- */
/* Loads packages given as import paths, directories (./x) or .go files, and all they import. Errors are printed by the
 * caller from each LoadPkg. */
void load_packages(Loader *l, const char **arg, u32 narg);
LoadPkg *load_find(Loader *l, const char *path);
void load_order(Loader *l);            /* orders l->all, imports first */
void load_make_pkg(Loader *l, LoadPkg *p);   /* the checker's package of p */
/* ---- testpkg.c: test binaries ---- */
/* Turns the loaded graph into the program that tests p: p with its own test files, whatever imports it compiled anew, package p_test,
 * and the main package whose source is given. Changes the loader: one process, one test. Errors are in the LoadPkgs. */
LoadPkg *load_test_program(Loader *l, LoadPkg *p, const char *src, u32 n);
bool load_has_tests(const LoadPkg *p);

#endif
