/* seago test: the parts of one command.
 *
 * Nouns. A TestUnit is one package to test; its program is built by a process of its own, forked once everything that the tests have in
 * common is loaded and checked, and then run. TestFlags is the command line, split into what seago, the builds and the test
 * programs are told. A TestJson turns a program's output into events. */
#ifndef SEAGO_TEST_H
#define SEAGO_TEST_H

#include "cover.h"

typedef struct TestFlags {
	VEC(const char *) pkg;          /* packages as given */
	VEC(const char *) pass;         /* arguments of the test programs */
	VEC(const char *) build_args;   /* flags of the build itself */
	VEC(const char *) exec;         /* -exec: program and arguments */
	const char *out;                /* -o */
	const char *fuzz, *list;        /* values given */
	Cover cover;
	bool compile_only;              /* -c */
	bool json, verbose, bench, failfast, help;
	bool has_timeout, artifacts;
	const char *outputdir;          /* absolute; NULL: the current directory */
	const char *profile;            /* the first of the flags for profiles */
	bool keep;                      /* one of them, other than -trace: the program stays, with its symbols */
	u64 kill_ns;                    /* a program that runs longer is stopped; 0: never */
	int jobs;                       /* -p: builds and programs at once */
} TestFlags;

typedef struct TestJson TestJson;

/* What a building process says with its exit status. */
enum { TestBuilt = 0, TestBuildFailed = 1, TestSetupFailed = 3 };

/* test_flags.c: false after printing what is wrong */
bool test_flags_parse(Build *b, Arena *a, TestFlags *t, int argc, char **argv);

/* test_main.c: the source of the program's package main, or NULL and *error */
char *test_main_source(Arena *a, const LoadPkg *p, const Cover *c, const char **error);

/* test_build.c */
/* Loads the packages named with their tests and checks the declarations that all programs share. Errors stay in the packages. */
void test_load(Build *b, TestFlags *t);
/* Then: what has been loaded is rewritten for coverage, if that is wanted, and checked. */
void test_check(Build *b, TestFlags *t);
/* In a process of its own: makes p's test program; what is wrong goes to standard error. */
int test_build(Build *b, const TestFlags *t, LoadPkg *p, const char *exe, int threads);
/* In a process of its own: makes programs, each once a byte for it has come from in; writes a message and its text to out as they are done. */
typedef struct TestProgram { LoadPkg *p; const char *exe; u32 unit; } TestProgram;
typedef struct TestMessage { u32 unit; int status; u32 ntext; } TestMessage;
void test_builder(Build *b, const TestFlags *t, const TestProgram *prog, u32 n, int njob, int in, int out);

/* test_json.c */
TestJson *test_json_new(Arena *a, const char *pkg);          /* emits the start event */
void test_json_write(TestJson *j, const char *s, size_t n);
void test_json_close(TestJson *j, bool ok, const char *failed_build);
/* One event of a build that failed: id is "pkg [pkg.test]". */
void test_json_build(Arena *a, const char *id, const char *action, const char *output, size_t n);

#endif
