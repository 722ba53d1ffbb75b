/* cmd: the subcommands, one small file each, and the pipeline they share.
 *
 * A Build is one run of the pipeline: options in, phases in order, each timed. Phases: load, check, assemble, reach,
 * compile, link; the last four once for every program made. Diagnostics are printed per package under "# import/path",
 * imports first, as the go command does. */
#ifndef SEAGO_CMD_H
#define SEAGO_CMD_H

#include "../link/link.h"
#include "../load/load.h"

/* -ldflags, taken apart. */
typedef struct LinkFlags {
	const char *text;              /* as given */
	bool strip, nodebug;           /* -s: no symbol table; -w: no DWARF */
	VEC(const char *) define;      /* -X: importpath.name=value */
	const char *buildid;           /* -buildid; NULL: made from the contents */
	const char *error;             /* what the linker would say */
} LinkFlags;

typedef struct Options {
	const char *out;               /* -o */
	int jobs;                      /* -j, -p; 0 = all CPUs */
	bool all_errors;               /* -e, -gcflags=-e */
	bool check_all;                /* -check=all: bodies of dependencies too */
	bool verbose, trace, dry;      /* -v, -x, -n */
	bool json;                     /* -json: diagnostics as events */
	bool trimpath;
	const char *tags;              /* -tags, as given */
	const char *gcflags, *asmflags;/* as given; NULL: not given */
	bool build_all;                /* -d all: every function of the named packages is compiled, nothing linked */
	FrontOptions front;            /* -gcflags: language version, ... */
	const char *mod, *modfile, *overlay, *buildmode, *buildvcs;
	LinkFlags link;
	bool rebuild, nocache;         /* -a: what the cache knows is not asked for; -d nocache: nor kept */
	bool fuzz;                     /* programs count the blocks they go through, for fuzzing */
	bool time;                     /* -d time */
	const char *stop;              /* -d stop=PHASE */
	const char *dump;              /* -d parse ... */
	PassOptions pass;              /* -d PASS[=func], off=, on=, stop=, check */
	const char **arg; u32 narg;    /* packages or files */
	const char **rest; u32 nrest;  /* run: arguments of the program */
} Options;

typedef struct PhaseTime { const char *name; u64 wall, cpu, alone /* cpu of the thread that leads */, wall0, cpu0, alone0, resident; } PhaseTime;

/* What git was asked, and answered: status, log, tags. */
enum { VcsQuestions = 3 };
typedef struct VcsChild { int pid, fd, err, status; } VcsChild;       /* err: it could not be started */
typedef struct VcsState {
	bool started;
	const char *root;              /* of the repository */
	VcsChild child[VcsQuestions];
	const char *answer[VcsQuestions];   /* NULL: failed */
	const char *text;              /* all of it, once answered */
} VcsState;

/* The entry of the build cache that a command is about. */
typedef struct Cache {
	const char *folder, *entry;    /* NULL: the cache is not used */
	VEC(const char *) made;        /* programs, by full path */
	bool run;                      /* they are wanted to be run, not to be in their places */
	const char *program;           /* after a hit: the one to run */
} Cache;

typedef struct Progress Progress;
typedef struct Build {
	Arena ar;
	const char *command;           /* "build", "run", ... */
	Options opt;
	Context ctx;
	Loader load;
	Pool *pool;
	Checker *chk;
	PhaseTime phase[16];
	u32 nphase;
	PhaseTime *now;                /* the phase that runs; NULL: none */
	u32 nerror;
	u32 skip;                      /* arguments that -C took */
	bool asked;                    /* the go command has been asked: not again */
	bool sharing;                  /* several programs, one after the other, in one symbol table */
	Share share;
	const char *modinfo; u32 nmodinfo;   /* of the program being made */
	Program prog;                  /* the program being made */
	Whole whole;
	VcsState vcs;
	Cache cache;
	struct Progress *progress;     /* NULL: nobody looks */
} Build;

typedef struct Command { const char *name, *args, *summary; int (*run)(int argc, char **argv); } Command;
extern const Command commands[];   /* ends with a NULL name */

/* options.c */
/* Flags of $GOFLAGS and of the command line; exits after printing what is wrong. -C has been obeyed afterwards. */
void options_parse(Build *b, const char *command, int argc, char **argv);
void options_help(void);
bool options_known(const char *name);                 /* whether it is a build flag */
bool options_takes_value(const char *name);           /* whether a build flag is followed by its value */
/* build.c */
const char *build_exec_name(Build *b, const LoadPkg *p);    /* of the program that main package p becomes */
/* gcflags.c: the argument of -gcflags; false after printing what is wrong */
bool gcflags_parse(Arena *a, Options *o, const char *text);
/* ldflags.c */
void ldflags_parse(Arena *a, LinkFlags *f, const char *text);
bool split_quoted(Arena *a, const char *s, const char ***out, u32 *n);   /* fields; 'x' and "x" keep blanks; false: open quote */

/* pipeline.c */
void build_start(Build *b);                           /* context, threads, tables */
void build_phase(Build *b, const char *name);         /* the phase that begins now; NULL ends the last one */
bool build_stopped(const Build *b, const char *phase);/* -d stop=phase */
bool build_load(Build *b);                            /* the packages named and all they import; prints what is wrong */
void build_check_packages(Build *b);                  /* checks what has not been checked; diagnostics stay in the packages */
bool build_check(Build *b);                           /* prints diagnostics; false if there were any */
bool build_ok(const LoadPkg *p);                      /* p and all it imports are without errors */
void build_output(Build *b, const LoadPkg *p, const char *text);      /* text under p's "# path" */
void build_print_times(Build *b);
void build_report(Build *b, LoadPkg *p);              /* prints what is wrong with p; counts */
bool build_syntax_errors(const LoadPkg *p);           /* such a package goes no further */

/* assemble.c: .s files of the program's packages, before reach; false after printing what went wrong */
bool build_assembly(Build *b);
/* compile.c: from checked packages to code; false after printing what went wrong */
bool build_program(Build *b, LoadPkg *main, const char *out);         /* the executable of one main package */
bool build_discard(Build *b, LoadPkg **p, u32 n);                     /* all bodies of packages, for their errors */
/* Several programs, one after the other: begin, code, link in a child (as its last deed), end. The paths are those of packages that
 * belong to the program alone. */
void build_share_start(Build *b);
void build_share_begin(Build *b, const char *const *path, u32 n);
bool build_share_code(Build *b, LoadPkg *main);                       /* reach, and the code that is not main's own */
bool build_share_discard(Build *b, LoadPkg *p);                       /* instead of code: all that p declares, and no link */
bool build_share_link(Build *b, LoadPkg *main, const char *out);
void build_share_end(Build *b);
/* json.c */
void json_quote(Buf *o, const char *s, size_t n);
/* vcs.c */
typedef struct Vcs { const char *system, *revision, *time, *modified, *version; } Vcs;   /* NULL: none */
void vcs_start(Build *b, const char *root);           /* asks git about the repository at root (which may end with a newline) */
void vcs_foresee(Build *b);                           /* the same, if one of the named packages will be stamped */
const char *vcs_answer(Build *b);                     /* all that it said, as one text */
bool vcs_find(Build *b, const LoadPkg *main, Vcs *out);               /* false after printing what went wrong */
/* cache.c: whole builds, kept; use: cache_key, cache_hit, ... cache_made, cache_store */
void cache_key(Build *b, int argc, char **argv);      /* of the command that options_parse has read */
bool cache_hit(Build *b);                             /* nothing to do: what would be made is there */
void cache_made(Build *b, const char *out);           /* a program was written */
void cache_store(Build *b);                           /* the command succeeded */
/* buildinfo.c */
void buildinfo_text(Build *b, const LoadPkg *main, const Vcs *v, Buf *out);         /* what debug.ReadBuildInfo parses, between its marks */

/* progress.c */
void progress_start(Build *b);
void progress_phase(Build *b, const char *name);
void progress_clear(Build *b);                        /* before something is printed */
void progress_end(Build *b);
/* vet.c: analyses the named packages of b, loaded with their tests, with upstream's cmd/vet or cmd/fix; flag: the tool's flags; explicit: the user
 * gave some. Its exit status; what it finds goes to standard error. */
int vet_run(Build *b, const char *tool, const char *const *flag, u32 nflag, bool explicit);
/* tool.c: programs of the distribution, compiled on first use and kept */
const char *cache_folder(Arena *a);                                   /* the user's cache of ours; NULL: no place is known */
const char *seago_build_id(Arena *a);                                 /* changes whenever the compiler's code does */
const char *tool_find(Context *c, const char *import_path);           /* the executable, compiled if it is not in the cache; or exits */
/* Runs it instead of us; argv ends with NULL, argv[0] included. Does not return. */
_Noreturn void tool_exec(Context *c, const char *import_path, const char *const *argv);
/* Runs it and waits; in, out: descriptors for its standard input and output, or -1. Its exit status, 128 + the signal that ended it, or -1. */
int tool_run(Context *c, const char *import_path, const char *const *argv, int in, int out);

void tool_env(const Context *c);                                      /* in a child: the settings under which such a program works for us */
/* ask.c: what the go command settles for builds */
void build_ask(Loader *l);                                            /* Loader.ask */
bool build_expand(Loader *l, const char *pattern, const char ***path, u32 *npath);    /* Loader.expand */
void build_remote(Build *b, int argc, char **argv);                   /* run and install: arguments pkg@version; after build_start */
/* mod.c */
_Noreturn void as_go(const char *command, int argc, char **argv);     /* the go command does all of it */

int cmd_mod(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_work(int argc, char **argv);
int cmd_build(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_env(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_install(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_clean(int argc, char **argv);
int cmd_vet(int argc, char **argv);
int cmd_fix(int argc, char **argv);
int cmd_fmt(int argc, char **argv);
int cmd_doc(int argc, char **argv);
int cmd_generate(int argc, char **argv);
int cmd_bug(int argc, char **argv);
int cmd_tool(int argc, char **argv);
int cmd_help(int argc, char **argv);

#endif
