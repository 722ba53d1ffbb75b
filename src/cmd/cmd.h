/* cmd: the subcommands, one small file each, and the pipeline they share.
 *
 * A Build is one run of the pipeline: options in, phases in order, each timed. Phases: load, check, reach, summarise,
 * compile, link. Diagnostics are printed per package under "# import/path", imports first, as the go command does. */
#ifndef SEAGO_CMD_H
#define SEAGO_CMD_H

#include "../link/link.h"
#include "../load/load.h"

typedef struct Options {
	const char *out;               /* -o */
	int jobs;                      /* -j, -p; 0 = all CPUs */
	bool all_errors;               /* -e, -gcflags=-e */
	bool check_all;                /* -check=all: bodies of dependencies too */
	bool build_all;                /* -d all: every function of the named packages is compiled, nothing linked */
	FrontOptions front;            /* -gcflags: language version, ... */
	bool time;                     /* -d time */
	const char *stop;              /* -d stop=PHASE */
	const char *dump;              /* -d parse ... */
	PassOptions pass;              /* -d PASS[=func], off=, on=, stop=, check */
	const char **arg; u32 narg;    /* packages or files */
	const char **rest; u32 nrest;  /* run: arguments of the program */
} Options;

typedef struct PhaseTime { const char *name; u64 wall, cpu; } PhaseTime;
typedef struct Build {
	Arena ar;
	Options opt;
	Context ctx;
	Loader load;
	Pool *pool;
	Checker *chk;
	PhaseTime phase[16];
	u32 nphase;
	u32 nerror;
	Program prog;
	Whole whole;
} Build;

typedef struct Command { const char *name, *args, *summary; int (*run)(int argc, char **argv); } Command;
extern const Command commands[];   /* ends with a NULL name */

/* options.c: false after printing what is wrong */
bool options_parse(Arena *a, Options *o, int argc, char **argv, bool run);
void options_help(void);
/* gcflags.c: the argument of -gcflags; false after printing what is wrong */
bool gcflags_parse(Arena *a, Options *o, const char *text);

/* pipeline.c */
void build_start(Build *b, const char *exe);          /* context, threads, tables */
void build_phase(Build *b, const char *name);         /* the phase that begins now; NULL ends the last one */
bool build_stopped(const Build *b, const char *phase);/* -d stop=phase */
bool build_front(Build *b);                           /* load and check; prints diagnostics; false if there were any */
void build_print_times(Build *b);
void build_report(Build *b, LoadPkg *p);              /* prints what is wrong with p; counts */
bool build_syntax_errors(const LoadPkg *p);           /* such a package goes no further */

/* compile.c: from checked packages to the executable; false after printing what went wrong */
bool build_back(Build *b, const char *out);
int cmd_build(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_env(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_test(int argc, char **argv);

#endif
