/* The test runner's parts.
 *
 * A Test is one thing that passes or fails. Its kind says what is done (kinds.c); tests of GOROOT/test get kind, flags and
 * arguments from the recipe line of their file (recipe.c). A Result is what a process left behind (exec.c). Errors are the
 * expectations in // ERROR comments beside the messages of the compiler (errors.c). */
#ifndef SEAGO_RUNNER_H
#define SEAGO_RUNNER_H

#include "../../src/base/base.h"

typedef enum Outcome { Passed, Failed, Skipped } Outcome;
typedef VEC(const char *) Strings;

typedef struct Test {
	const char *name, *kind, *path;
	const char *file;          /* GOROOT/test: path below it, for messages and positions */
	Strings flags, args, env;  /* of the recipe: for the compiler, for the program, NAME=value */
	bool want_error;           /* compilation must fail */
	bool single;               /* -s: each file of the directory is a package */
	bool gc_output;            /* errorcheckandrundir with gc's own diagnostics: only the second half is run */
	int seconds;               /* -t, or 0 */
	const char *modversion;
	const char *excluded;      /* why it does not apply, or NULL */
} Test;

typedef struct Known { const char *name, *why; } Known;

typedef struct Runner {
	Arena ar;
	const char *seago, *goroot, *testdir, *tmp;
	bool verbose;
	int jobs;
	VEC(Test) test;
	VEC(Known) known, exclude;
} Runner;

/* ---- exec.c ---- */
typedef struct Result { Buf out; int status; bool timeout; } Result;   /* status: exit code, or 256 + signal */
/* Runs argv (NULL at its end) in dir, or here; stdout and stderr together. env: additions, may be NULL. */
Result execute(Arena *a, const char *dir, const char **argv, const Strings *env, int seconds);
void remove_tree(const char *dir);
void make_dirs(Arena *a, const char *dir);            /* with all that are missing above it */
Strings list_dir(Arena *a, const char *dir, const char *suffix);   /* names, sorted; empty if there is no dir */

/* ---- errors.c ---- */
typedef struct Want { const char *file; u32 line; const char *re; } Want;
typedef struct Message { const char *file; u32 line; const char *text; bool used; } Message;
typedef struct Errors { VEC(Want) want; VEC(Message) msg; } Errors;
void errors_want(Arena *a, Errors *e, const char *path);
void errors_got(Arena *a, Errors *e, Buf *out);       /* what the compiler printed */
bool errors_agree(Arena *a, Errors *e, Buf *why);

/* ---- recipe.c ---- */
/* Reads the recipe in src; false if it has none. */
bool recipe_read(Runner *r, Test *t, const char *src);

/* ---- kinds.c ---- */
bool kind_known(const char *kind);
Outcome kind_run(Runner *r, Arena *a, const Test *t);

#endif
