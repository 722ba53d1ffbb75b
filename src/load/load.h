/* load: from the command line to parsed packages.
 *
 * Nouns. A Context says for what we build: GOOS, GOARCH, tags, where things are. A LoadPkg is one package: its directory,
 * the files that its build constraints select, their trees, and its imports. A Module is a go.mod with a place; the build
 * list is the main module and all that minimal version selection chose. The Loader holds the import graph, closed under
 * imports and in the order of initialisation (imports first, then by path).
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
	Arena *ar;
	const char *goos, *goarch;
	const char *goroot;            /* NULL: none found; goroot_error says how to get one */
	const char *overlay;           /* folder of our Go files and the manifest, or NULL */
	const char *gopath;            /* a list; NULL: unknown, for want of a home */
	const char *modcache;
	const char *cwd;
	bool modules;                  /* GO111MODULE is not off */
	int minor;                     /* newest language version: go1.<minor> */
	const char *goversion;         /* "go1.26.8": first line of the GOROOT's VERSION */
	VEC(const char *) tags;        /* from -tags and the defaults that are not computed */
	bool trimpath;                 /* -trimpath */
	bool upstream;                 /* the library as it is, without our files */
	const char *mod, *modfile;     /* -mod, -modfile; NULL: not given */
	Map replaced;                  /* -overlay: Name* of a path -> const char* of the file with its contents ("": deleted) */
	VEC(const char *) added;       /* -overlay: paths of replaced that may not exist in their directory */
	char *envfile; size_t envsize; /* the user's go/env */
	char *rootenv; size_t rootsize;/* the GOROOT's go.env */
} Context;

typedef struct Module Module;
struct Module {
	const char *path;
	const char *version;           /* NULL: the main module, or one replaced by a directory without version */
	const char *dir;               /* NULL: not in the cache */
	const char *goversion;         /* "go1.N" */
	const char *file;              /* its go.mod */
	Module *replace;               /* what stands in its place, or NULL */
	bool main, indirect;
	const char *sum;               /* "h1:..." from go.sum, or NULL */
	const char *error;             /* cannot be used: why */
};

/* What is wrong with a package that could not be loaded, as far as callers treat the cases differently. */
typedef enum Fault { FaultNone, FaultMissing, FaultNoGo, FaultTestOnly, FaultOther } Fault;

typedef struct LoadPkg LoadPkg;
struct LoadPkg {
	const char *path;              /* import path as resolved (vendor/golang.org/... for std's vendored packages) */
	const char *dir;
	bool std;                      /* part of the standard library */
	const char *match;             /* the argument that named it */
	bool wanted, reported;         /* for the caller */
	bool named, wild;              /* named on the command line; only by a pattern with "..." */
	bool given;                    /* made of files named on the command line */
	const char **gofile; u32 ngofile;   /* full paths, in file name order */
	const char **sfile; u32 nsfile;     /* selected .s files */
	struct AsmUnit **asmunit;           /* what they assemble to, once; NULL: left out by its constraints */
	const char **ignored; u32 nignored; /* Go files excluded by constraints */
	const char **testfile; u32 ntestfile;   /* _test.go files that names admit; constraints inside them not looked at */
	File **file;
	LoadPkg **import; u32 nimport; /* unique, sorted by path */
	Map imported;                  /* Name* of a path as written in p's files -> LoadPkg* */
	File **tfile; u32 ntfile;      /* _test.go files of the package itself, when tests are loaded */
	File **xfile; u32 nxfile;      /* _test.go files of package p_test */
	LoadPkg **timport, **ximport; u32 ntimport, nximport;   /* what those import; unique, sorted by path */
	Diag tdiag;                    /* what is wrong with the test files, and their imports */
	u32 nparsed;                   /* diag's items that loading found */
	LoadPkg *variant;              /* testpkg.c: what stands for this package in the test's program */
	const char *fortest;           /* compiled for the test of this package only */
	LoadPkg *parent;               /* who imported it first; NULL: named */
	Pos parentpos;                 /* where */
	Module *mod;                   /* NULL for std and plain files */
	Pkg *pkg;                      /* the checker's package */
	Diag diag;
	const char *error;             /* could not be loaded: gc's text, with position or chain of imports */
	const char *why;               /* the same without them, if nothing was found at all */
	u8 fault;
	u32 order;
	u8 mark;
};

/* How the named packages are read and checked. */
typedef struct FrontOptions {
	const char *lang;              /* language version instead of the module's, or NULL */
	const char *local;             /* import "./x" means local/x, and faults are told as the compiler alone tells them; NULL: such imports are errors */
	bool incomplete;               /* functions may lack bodies */
	bool as_std;                   /* as part of the standard library: more directives */
} FrontOptions;

typedef struct Loader {
	Arena *ar;
	Pool *pool;
	Context *ctx;
	Checker *chk;
	Module *main_mod;
	struct ModFile *main_file;     /* its go.mod */
	Map sums;                      /* go.sum: Name* of "path version" -> "h1:..." */
	bool whole_graph;              /* mods is what the whole module graph says, not only the main module's list */
	VEC(Module *) mods;            /* the build list: the main module, then the others by path */
	bool vendored;                 /* packages of other modules come from the main module's vendor folder */
	Map vendor_mod;                /* then: Name* of a package -> Module* */
	Map by_path;                   /* Name* of path -> LoadPkg* */
	VEC(LoadPkg *) all;            /* once loaded: in the order of initialisation */
	VEC(LoadPkg *) listed;         /* imports first, from the named packages in their order: as errors are told */
	VEC(LoadPkg *) sorted;
	VEC(LoadPkg *) named;          /* in the order of the command line */
	VEC(const char *) warning;
	struct Manifest *manifest;
	const char *arg;               /* pattern.c: the argument at hand */
	FrontOptions front;
	bool tests;                    /* set before loading: the named packages' test files are wanted too */
	Arena *worker;                 /* one arena a worker, kept for good */
	u32 nfile;
	u64 nbyte;
} Loader;

/* ---- context.c ---- */
/* Environment and machine: finds the GOROOT ($SEAGO_GOROOT, $GOROOT, <exe>/../goroot or <exe>/goroot, /usr/local/go,
 * /usr/lib/go-1.26, /usr/share/go-1.26) and the overlay beside the executable. */
void context_init(Context *c, Arena *a, const char *exe);
const char *goroot_error(Arena *a);  /* what to tell a user who has none */
const char *context_env(const Context *c, const char *name);   /* the environment, the user's go/env, the GOROOT's go.env; "" if unset */
const char *context_default(const Context *c, const char *name);  /* what the GOROOT's go.env says; "" if nothing */
const char *context_env_file(Arena *a);    /* where go env -w writes; NULL: switched off */
const char *short_path(const Context *c, const char *path);    /* relative to the current directory if that is shorter */
char *context_read(const Context *c, Arena *a, const char *path, size_t *n);  /* file_read with -overlay applied */
const char *overlay_read(Context *c, const char *file);        /* -overlay file; NULL, or what is wrong */
/* ---- constraint.c ---- */
bool tag_matches(const Context *c, const char *tag, size_t n);
/* Evaluates the expression after "//go:build"; syntax errors give false and *bad. */
bool constraint_eval(const Context *c, const char *expr, size_t n, bool *bad);
/* Name rules: false if name's _GOOS/_GOARCH suffixes exclude it. */
bool file_name_matches(const Context *c, const char *name);
/* Looks at the head of a file (up to the package clause). */
bool file_head_matches(const Context *c, const char *src, size_t n);
/* ---- manifest.c: overlay/manifest ---- */
typedef struct ManifestPkg { const char *path; bool only, supplied; VEC(const char *) take; VEC(const char *) drop; VEC(const char *) add; } ManifestPkg;
typedef struct Manifest { VEC(ManifestPkg) pkg; } Manifest;
Manifest *manifest_read(Arena *a, const char *overlay_dir);
ManifestPkg *manifest_find(Manifest *m, const char *path);
/* ---- semver.c ---- */
bool semver_valid(const char *v);                    /* v1.2.3, v1.2.3-pre+build */
int semver_cmp(const char *a, const char *b);
bool gover_valid(const char *v);                     /* 1.26, 1.26.1, 1.26rc1 */
int gover_cmp(const char *a, const char *b);
/* ---- modfile.c: go.mod and go.work ---- */
typedef struct ModReq { const char *path, *version; bool indirect; u32 line; } ModReq;
typedef struct ModReplace { const char *path, *version /* NULL: all */, *to, *to_version /* NULL: a directory */; } ModReplace;
typedef struct ModFile {
	const char *file, *path, *go, *toolchain;
	VEC(ModReq) require, exclude;
	VEC(ModReplace) replace;
	VEC(const char *) use;
	VEC(const char *) fault;       /* what is wrong: "go.mod:3: ..." */
} ModFile;
ModFile *modfile_parse(Arena *a, const char *file, const char *shown, const char *text, size_t n, bool lax);
/* ---- module.c ---- */
bool modules_complete(Loader *l);                    /* a package was not found: reads the whole graph; false if that was done */
void module_language(Loader *l, Module *m);          /* reads m's go.mod for its language version */
void module_used(Loader *l, Module *m, const LoadPkg *p);   /* p comes from m: its language version; checks go.sum, sets m->error */
const char *module_file(Arena *a, const char *dir);  /* nearest go.mod at or above dir; NULL if none */
void modules_find(Loader *l);                        /* the main module and its build list */
/* ---- find.c: where an import path leads ---- */
LoadPkg *load_find(Loader *l, const char *path);
LoadPkg *load_add(Loader *l, const char *path);      /* a new package of that name, without a place */
/* The package that path means when imported by from at pos (NULL: the command line). Never NULL; its error tells of failures. */
LoadPkg *load_resolve(Loader *l, LoadPkg *from, const char *path, Pos pos);
const char *import_forbidden(Loader *l, const LoadPkg *from, const LoadPkg *p);    /* internal, vendor, main; NULL: fine */
const char *pos_text(Loader *l, Pos pos);            /* "file:line:col" with the file's short path */
const char *pos_text_at(Loader *l, Pos pos, u32 cols);       /* so many columns behind pos */
const char *import_stack(Loader *l, const LoadPkg *p);     /* "package A\n\timports B ...", ending with p */
const char *file_shown(const Context *c, Arena *a, const char *path);                          /* the name in messages */
const char *file_linked(const Context *c, Arena *a, const LoadPkg *p, const char *path);   /* the name in line tables */
bool dir_has_go(const Context *c, const char *dir);
/* ---- files.c: the files of packages ---- */
/* A candidate file of a package. */
typedef struct Job {
	LoadPkg *p;
	const char *path;
	bool forced;            /* named by the manifest or the command line: constraints do not apply */
	bool test;              /* a test file that is wanted */
	/* results */
	File *f;                /* NULL: excluded */
	bool unreadable;
	int err;
	Diag diag;
} Job;
typedef VEC(Job) Jobs;
void files_list(Loader *l, LoadPkg *p, Jobs *jobs);  /* lists p's directory, or its given files */
void files_parse(Loader *l, Jobs *jobs);             /* reads and parses on all threads, then hands the trees to their packages */
void files_check_empty(Loader *l, LoadPkg *p);       /* a package without files is an error */
/* ---- header.c ---- */
/* What keeps the go command from knowing the imports of a file, in its words, and where; NULL: nothing. */
const char *header_fault(Loader *l, const char *src, u32 n, u32 *off);
/* ---- embed.c ---- */
const char *embed_resolve(Loader *l, LoadPkg *p, const File *f);   /* finds the files of f's directives; NULL, or what is wrong */
typedef enum EmbedKind { EmbedNone, EmbedString, EmbedBytes, EmbedFS } EmbedKind;
EmbedKind embed_kind(const Type *t);                 /* how a variable of type t holds files */
void embed_check(Loader *l, LoadPkg *p);             /* after the declarations: reports variables that cannot */
/* ---- pattern.c: the command line ---- */
LoadPkg *load_dir(Loader *l, const char *dir, LoadPkg *from, Pos pos);     /* the package in a directory, without modules */
void load_args(Loader *l, const char **arg, u32 narg);     /* fills l->named; fatal for arguments without sense */
_Noreturn void go_fatal(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));   /* a message as the go command words it */
/* ---- load.c ---- */
/* Loads packages given as import paths, patterns, directories (./x) or .go files, and all they import. Errors are printed by
 * the caller from each LoadPkg. */
void load_packages(Loader *l, const char **arg, u32 narg);
void load_start(Loader *l);        /* the steps of load_packages, for callers with packages of their own: manifest, modules */
void load_close(Loader *l);        /* everything that the packages in l->all import, in order, with the checker's packages */
void load_order(Loader *l);        /* orders l->all and l->listed */
void load_make_pkg(Loader *l, LoadPkg *p);   /* the checker's package of p */
/* ---- testpkg.c: test binaries ---- */
/* Turns the loaded graph into the program that tests p: p with its own test files, whatever imports it compiled anew, package p_test,
 * and the main package whose source is given. Changes the loader: one process, one test. Errors are in the LoadPkgs. */
LoadPkg *load_test_program(Loader *l, LoadPkg *p, const char *src, u32 n);
bool load_has_tests(const LoadPkg *p);

#endif
