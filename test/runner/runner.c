/* The test runner.
 *
 *     runner [-j n] [-v] [-seago path] [-goroot dir] [-known file]... [-exclude file] [-kind kind] SUITE...
 *
 * Suites: unit:COMMAND   passes if the command (words separated by blanks) exits with 0; skipped with 77
 *         run:DIR        Go programs and what they print (x.go, x.out)
 *         err:DIR        // ERROR "regexp" on the line that is wrong
 *         goroot:LIST    files of GOROOT/test named in LIST, or "all"
 *
 * Every test runs in processes of its own with a time limit; output is compared exactly. Tests named in a known file
 * ("name reason...") are expected to fail: they count as skipped, and as failed when they pass, so that the list stays true. Tests
 * that the exclusion file names ("file reason...") or whose recipe asks for what only gc can give do not apply; they are
 * counted by reason. goroot:all ends with a table of the kinds. The last line is "N passed, N failed, N skipped". */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runner.h"

/* ---- suites ---- */

static void add_dir(Runner *r, const char *kind, const char *dir)
{
	Strings v = list_dir(&r->ar, dir, ".go");
	if (!v.n)
		fatal("%s: no tests", dir);
	for (u32 i = 0; i < v.n; i++)
		vec_push(&r->ar, &r->test, (Test){.name = arena_printf(&r->ar, "%s/%s", path_base(dir), v.a[i]), .kind = kind,
			.path = realpath(path_join(&r->ar, dir, v.a[i]), NULL)});
}

static void add_goroot_file(Runner *r, const char *name, bool must)
{
	size_t n;
	Test t = {.name = arena_printf(&r->ar, "goroot/%s", name), .file = arena_printf(&r->ar, "%s", name)};
	t.path = path_join(&r->ar, r->testdir, name);
	char *src = file_read(&r->ar, t.path, &n);
	if (src && recipe_read(r, &t, src))
		vec_push(&r->ar, &r->test, t);
	else if (must)
		fatal("%s: no test of a kind this runner knows", t.path);
}

static void add_goroot(Runner *r, const char *list)
{
	static const char *const dirs[] = {".", "ken", "chan", "interface", "internal/runtime/sys", "syntax", "dwarf", "fixedbugs", "codegen", "abi",
		"typeparam", "typeparam/mdempsky", "arenas", "simd"};
	size_t n;
	for (size_t i = 0; !strcmp(list, "all") && i < nelem(dirs); i++) {
		Strings v = list_dir(&r->ar, path_join(&r->ar, r->testdir, dirs[i]), ".go");
		for (u32 k = 0; k < v.n; k++)
			add_goroot_file(r, path_join(&r->ar, dirs[i], v.a[k]), false);
	}
	if (!strcmp(list, "all"))
		return;
	char *p = file_read(&r->ar, list, &n);
	if (!p)
		fatal("open %s:", list);
	for (char *s = strtok(p, "\n"); s; s = strtok(NULL, "\n"))
		if (*s && *s != '#')
			add_goroot_file(r, s, true);
}

/* Lines "name reason"; the lists have the same shape. */
static void read_list(Runner *r, const char *file, bool exclude)
{
	size_t n;
	char *p = file_read(&r->ar, file, &n);
	if (!p)
		fatal("open %s:", file);
	for (char *s = strtok(p, "\n"); s; s = strtok(NULL, "\n")) {
		if (*s == '#' || !*s)
			continue;
		char *sp = strchr(s, ' ');
		if (!sp)
			fatal("%s: %s: a reason is missing", file, s);
		*sp = 0;
		Known k = {s, sp + 1};
		if (exclude)
			vec_push(&r->ar, &r->exclude, k);
		else
			vec_push(&r->ar, &r->known, k);
	}
}

/* "build/test_x errors DIR" is called "test_x errors". */
static const char *unit_name(Arena *a, const char *command)
{
	const char *sp = strchrnul(command, ' '), *end = *sp ? strchrnul(sp + 1, ' ') : sp, *base = sp;
	while (base > command && base[-1] != '/')
		base--;
	return arena_strndup(a, base, (size_t)(end - base));
}

/* ---- running ---- */

static const char *known_why(const Runner *r, const char *name)
{
	for (u32 i = 0; i < r->known.n; i++)
		if (!strcmp(r->known.a[i].name, name))
			return r->known.a[i].why;
	return NULL;
}

static Outcome run_test(Runner *r, const Test *t)
{
	Arena a = {0};
	Outcome o = kind_run(r, &a, t);
	arena_free(&a);
	return o;
}

/* A test that fails is run once more: passing then is reported, since it means a race or a time limit, and counts as passed. */
static Outcome run_twice(Runner *r, const Test *t)
{
	Outcome o = run_test(r, t);
	if (o != Failed)
		return o;
	if (known_why(r, t->name) || run_test(r, t) == Failed)
		return Failed;
	printf("FLAKY %s\n", t->name);
	fflush(stdout);
	return Passed;
}

/* ---- results ---- */

typedef struct Row { const char *kind; u32 n[3], excluded; } Row;
typedef struct Count { const char *why; u32 n; } Count;
typedef struct Tally { VEC(Row) row; VEC(Count) reason; u32 n[3]; } Tally;

static Row *row_of(Runner *r, Tally *y, const char *kind)
{
	for (u32 i = 0; i < y->row.n; i++)
		if (!strcmp(y->row.a[i].kind, kind))
			return &y->row.a[i];
	vec_push(&r->ar, &y->row, (Row){.kind = kind});
	return &vec_last(&y->row);
}

static void count_excluded(Runner *r, Tally *y, const Test *t)
{
	row_of(r, y, t->kind)->excluded++;
	for (u32 i = 0; i < y->reason.n; i++)
		if (!strcmp(y->reason.a[i].why, t->excluded)) {
			y->reason.a[i].n++;
			return;
		}
	vec_push(&r->ar, &y->reason, (Count){t->excluded, 1});
}

static void finish(Runner *r, Tally *y, const Test *t, Outcome o)
{
	const char *why = known_why(r, t->name);
	if (why && o == Failed) {
		printf("KNOWN %s: %s\n", t->name, why);
		o = Skipped;
	} else if (why) {
		printf("FAIL %s: passes, but is listed as a known failure\n", t->name);
		o = Failed;
	} else if (o == Failed || r->verbose) {
		printf("%s %s\n", o == Failed ? "FAIL" : "ok  ", t->name);
	}
	y->n[o]++;
	row_of(r, y, t->kind)->n[o]++;
}

static void print_table(const Tally *y)
{
	printf("\n%-20s %7s %7s %7s %9s\n", "kind", "passed", "failed", "known", "excluded");
	for (u32 i = 0; i < y->row.n; i++) {
		const Row *w = &y->row.a[i];
		printf("%-20s %7u %7u %7u %9u\n", w->kind, w->n[Passed], w->n[Failed], w->n[Skipped], w->excluded);
	}
	printf("\nexcluded:\n");
	for (u32 i = 0; i < y->reason.n; i++)
		printf("%5u  %s\n", y->reason.a[i].n, y->reason.a[i].why);
}

/* One child a test, up to jobs at once; results are taken in order of completion. */
static void run_all(Runner *r, Tally *y)
{
	pid_t *pid = arena_array(&r->ar, pid_t, r->test.n + 1);
	u32 next = 0, running = 0;
	while (next < r->test.n || running) {
		fflush(NULL);
		for (; next < r->test.n && running < (u32)r->jobs; next++) {
			if (r->test.a[next].excluded) {
				count_excluded(r, y, &r->test.a[next]);
				continue;
			}
			pid[next] = fork();
			if (pid[next] == 0)
				_exit(run_twice(r, &r->test.a[next]));
			running++;
		}
		int status;
		pid_t p = running ? wait(&status) : 0;
		running -= p > 0;
		for (u32 i = 0; p > 0 && i < next; i++)
			if (pid[i] == p)
				finish(r, y, &r->test.a[i], WIFEXITED(status) ? (Outcome)WEXITSTATUS(status) : Failed);
	}
}

static void keep_kind(Runner *r, const char *kind)
{
	u32 n = 0;
	for (u32 i = 0; i < r->test.n; i++)
		if (!strcmp(r->test.a[i].kind, kind))
			r->test.a[n++] = r->test.a[i];
	r->test.n = n;
}

int main(int argc, char **argv)
{
	setenv("SEAGOCACHE", "off", 0);   /* what is tested is made */
	Runner r = {.jobs = 2, .seago = "build/seago", .goroot = "/usr/local/go"};
	const char *kind = NULL;
	bool all = false;
	for (int i = 1; i < argc; i++) {
		char *s = argv[i];
		r.testdir = path_join(&r.ar, r.goroot, "test");
		if (!strcmp(s, "-v"))
			r.verbose = true;
		else if (!strcmp(s, "-j") && i + 1 < argc)
			r.jobs = atoi(argv[++i]);
		else if (!strcmp(s, "-seago") && i + 1 < argc)
			r.seago = argv[++i];
		else if (!strcmp(s, "-goroot") && i + 1 < argc)
			r.goroot = argv[++i];
		else if (!strcmp(s, "-kind") && i + 1 < argc)
			kind = argv[++i];
		else if ((!strcmp(s, "-known") || !strcmp(s, "-exclude")) && i + 1 < argc)
			read_list(&r, argv[i + 1], s[1] == 'e'), i++;
		else if (!strncmp(s, "unit:", 5))
			vec_push(&r.ar, &r.test, (Test){.name = unit_name(&r.ar, s + 5), .kind = "unit", .path = s + 5});
		else if (!strncmp(s, "run:", 4))
			add_dir(&r, "run", s + 4);
		else if (!strncmp(s, "err:", 4))
			add_dir(&r, "err", s + 4);
		else if (!strncmp(s, "goroot:", 7))
			add_goroot(&r, s + 7), all |= !strcmp(s + 7, "all");
		else
			fatal("unknown argument %s", s);
	}
	if (kind)
		keep_kind(&r, kind);
	char tmp[] = "/tmp/seago-test-XXXXXX";
	char *seago = realpath(r.seago, NULL);
	if (!seago && r.test.n)
		fatal("%s:", r.seago);
	r.seago = seago;
	r.tmp = mkdtemp(tmp);
	Tally y = {0};
	run_all(&r, &y);
	remove_tree(tmp);
	if (all)
		print_table(&y);
	printf("%u passed, %u failed, %u skipped\n", y.n[Passed], y.n[Failed], y.n[Skipped]);
	return y.n[Failed] ? 1 : 0;
}
