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
	const char *version;           /* NULL: a main module, or one replaced by a directory without version */
	const char *dir;               /* NULL: not in the cache */
	const char *goversion;         /* "go1.N"; NULL: its go.mod has not been read */
	const char *go;                /* its go line as it stands, or NULL */
	const char *file;              /* its go.mod */
	Module *replace;               /* what stands in its place, or NULL */
	bool main, indirect;
	const char *sum;               /* "h1:..." from go.sum, or NULL */
	const char *error;             /* cannot be used: why, as an import of its packages is told */
	/* module.c */
	struct ModFile *mod;           /* its go.mod, once read */
	const char *modwhy;            /* why that is not to be had, without the module's name */
	bool placed, nosum, read, queued[2], reached;
	VEC(Module *) need;            /* what the graph says that it requires */
	Module *from;                  /* who required it first, breadth first */
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
	File **cfile; u32 ncfile;      /* what stands for file when coverage is measured: rewritten files, and one with their counters */
	LoadPkg **cimport; u32 ncimport;    /* what those import beside import */
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
	bool in_all;                   /* in a main module, or imported from there, however indirectly */
};

/* How the named packages are read and checked. */
typedef struct FrontOptions {
	const char *lang;              /* language version instead of the module's, or NULL */
	const char *local;             /* import "./x" means local/x, and faults are told as the compiler alone tells them; NULL: such imports are errors */
	bool incomplete;               /* functions may lack bodies */
	bool as_std;                   /* as part of the standard library: more directives */
} FrontOptions;

/* What load_test_program changes in the loader. */
typedef struct TestMade { Name *path; LoadPkg *plain; } TestMade;   /* plain: NULL for p_test */
typedef struct TestBefore { VEC(LoadPkg *) all, named; VEC(TestMade) made; } TestBefore;

typedef struct Loader {
	Arena *ar;
	Pool *pool;
	Context *ctx;
	Checker *chk;
	VEC(Module *) mains;           /* main modules, in the order of go.work; none outside of modules */
	Module *main_mod;              /* the one around the current directory, or the only one; NULL: none */
	struct ModFile *work;          /* go.work; NULL: no workspace */
	const char *root_dir;          /* where go.work or the main module's go.mod is, and the vendor folder */
	const char *mod_mode, *mod_why;/* -mod as given or found; why so, if that is to be told */
	bool noroot;                   /* no main module is looked for: pkg@version */
	Map module;                    /* Name* of "path@version" -> Module* */
	Map root, chosen;              /* Name* of a module path -> Module*: of the main modules' lists; of the whole graph */
	Map sums;                      /* go.sum: Name* of "path version" -> "h1:..." */
	const char *sum_name;          /* its name in messages */
	bool whole_graph;              /* mods is what the whole module graph says, not only the main module's list */
	const char *graph_error;       /* the graph could not be read: why */
	VEC(Module *) mods;            /* the build list: the main modules, then the others by path */
	bool vendored;                 /* packages of other modules come from the vendor folder */
	Map vendor_mod;                /* then: Name* of a package -> Module* */
	/* Settles by the go command what takes the network or changes go.mod, and starts over; returns if that has been done. May be NULL. */
	void (*ask)(struct Loader *l);
	/* The packages that "all" names. May be NULL. */
	bool (*expand)(struct Loader *l, const char *pattern, const char ***path, u32 *npath);
	Module *remote;                /* with noroot: where the named packages are */
	Map by_path;                   /* Name* of path -> LoadPkg* */
	VEC(LoadPkg *) all;            /* once loaded: in the order of initialisation */
	VEC(LoadPkg *) listed;         /* imports first, from the named packages in their order: as errors are told */
	VEC(LoadPkg *) sorted;
	VEC(LoadPkg *) named;          /* in the order of the command line */
	VEC(const char *) warning;
	struct Manifest *manifest;
	const char *arg;               /* pattern.c: the argument at hand */
	FrontOptions front;
	bool only_names;               /* tests are only looked at: what they import need not be there */
	TestBefore before;
	bool cover;                    /* set before loading: what measuring coverage takes is wanted too */
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
typedef struct ModReplace {
	const char *path, *version /* NULL: all */, *to, *to_version /* NULL: a directory */;
	const char *dir;               /* of a directory: where it is; set for main modules and workspaces */
	const char *shown;             /* to, as seen from where vendor/ is */
	const char *file;              /* go.mod or go.work with it */
	u32 line;
} ModReplace;
typedef struct ModUse { const char *path; u32 line; } ModUse;
typedef struct ModDebug { const char *key, *value; u32 line; } ModDebug;
typedef enum ModKind { ModMain, ModOther /* a dependency's go.mod: what is unknown is ignored */, ModWork } ModKind;
typedef struct ModFile {
	const char *file, *shown /* in messages */, *path, *go, *toolchain;
	VEC(ModReq) require, exclude;
	VEC(ModReplace) replace;
	VEC(ModUse) use;
	VEC(const char *) tool, ignore;
	VEC(ModDebug) godebug;
	VEC(const char *) fault;       /* what is wrong: "go.mod:3: ..." */
	bool queries;                  /* a version is none, but could stand for one: a branch, a commit */
} ModFile;
ModFile *modfile_parse(Arena *a, const char *file, const char *shown, const char *text, size_t n, ModKind kind);
/* ---- mainmod.c: the main modules, go.work, -mod ---- */
const char *module_file(Arena *a, const char *dir);  /* nearest go.mod at or above dir; NULL if none */
const char *work_file(const Context *c);             /* the go.work that applies in the current directory; NULL: none */
void modules_find(Loader *l);                        /* the main modules and their requirements */
const char *language_of(Arena *a, const char *go, const char *def);   /* "go1.N" of a go line; without one, def */
void mods_told(const ModFile *m, const char *file);  /* exits if m has faults, after telling them */
bool mods_update(const Loader *l);                   /* -mod=mod */
void load_ask(Loader *l);                            /* l->ask, if there is one */
const char *no_main_module(const Loader *l);
const char *updates_needed(Loader *l);               /* what is said if go.mod would have to change and must not */
/* ---- sums.c: go.sum ---- */
void sums_read(Loader *l, const char *file);
const char *sum_of(Loader *l, const char *path, const char *version, const char *suffix);
const char *mod_sum(Arena *a, const char *text, size_t n);            /* of a go.mod */
_Noreturn void sum_mismatch(Loader *l, const char *path, const char *version, const char *suffix, const char *have, const char *want);
bool sums_needed(const Loader *l);                   /* every module must be in go.sum */
/* ---- vendor.c: vendor/modules.txt ---- */
void vendor_read(Loader *l);                         /* l->mods, l->vendor_mod; exits if it contradicts go.mod */
bool vendor_is_workspace(Loader *l);                 /* made by go work vendor */
/* ---- module.c: the module graph ---- */
Module *module_at(Loader *l, const char *path, const char *version);
Module *main_of(const Loader *l, const char *path);  /* the main module of that path, or NULL */
const ModReplace *module_replacement(const Loader *l, const char *path, const char *version);
void module_place(Loader *l, Module *m);             /* m->dir, m->replace, m->sum, or m->error */
void module_read(Loader *l, Module *m);              /* m->mod, or m->modwhy */
bool module_cached(Loader *l, Module *m);            /* m's files are in the cache */
bool module_there(Loader *l, Module *m);             /* m's files can be searched; else m->error, or m->nosum */
bool module_is_old(const Module *m);                 /* before go1.17: its list of requirements is not complete */
bool module_checked(Loader *l, Module *m);           /* m provides a package: its files are there and are those of go.sum; else m->error */
const char *module_time(Loader *l, const char *path, const char *version);
bool modules_complete(Loader *l);                    /* reads the whole graph; false if that was done before or cannot be */
void modules_roots(Loader *l);                       /* the build list as far as the main modules tell */
void modules_check(Loader *l);                       /* go.mod agrees with the packages loaded; exits, or asks, if not */
bool module_is_excluded(const Loader *l, const char *path, const char *version);
/* ---- godebug.c ---- */
const char *godebug_fault(const Context *c, const char *verb, const char *key, const char *value);    /* NULL: a setting that may be made */
/* What GODEBUG is for a program unless the user says otherwise; tested: the package whose test main is, or NULL. */
const char *godebug_default(Loader *l, const LoadPkg *main, const LoadPkg *tested);
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
bool load_pattern_matches(const char *pat, const char *s);  /* "..." in pat matches any text */
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
 * and the main package whose source is given. Changes the loader, until load_test_undo. Errors are in the LoadPkgs. */
LoadPkg *load_test_program(Loader *l, LoadPkg *p, const char *src, u32 n);
void load_test_undo(Loader *l);
void load_use_covered(Loader *l, LoadPkg *p);        /* p is made of its cfile in every program; before it is checked */
/* The paths of packages that p's test has of its own, and how much source is compiled anew beside p's; false: they include the runtime,
 * or something that the program needs has errors. */
typedef struct TestOwn { const char **path; u32 n; u64 bytes; } TestOwn;
bool load_test_own(Loader *l, LoadPkg *p, TestOwn *out);
bool load_has_tests(const LoadPkg *p);

#endif
