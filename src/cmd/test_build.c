/* Building test programs.
 *
 * The packages named, their test files and everything that any of them imports are read, parsed and checked once. A program's own
 * packages, the variants that its test needs, are made and checked when its turn comes.
 *
 * Several programs are made by one process, the builder (programs.c), which keeps the code that programs share. A test of something that
 * much of the library imports would compile the library anew: such a program, one with errors in what it is made of, and a single one
 * are made by a process that does everything for itself and leaves nothing behind. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>
#include "programs.h"
#include "test.h"

enum { OwnMax = 64, OwnBytesMax = 4 << 20 };    /* packages and bytes of source that are made anew in the builder */

static bool imports_sound(const LoadPkg *p)
{
	for (u32 i = 0; i < p->nimport; i++)
		if (!p->import[i]->pkg || p->import[i]->pkg->fake || p->import[i]->error)
			return false;
	return true;
}

void test_load(Build *b, TestFlags *t)
{
	Loader *l = &b->load;
	l->tests = true;
	l->cover = t->cover.mode;
	build_phase(b, "load");
	load_packages(l, b->opt.arg, b->opt.narg);
	build_phase(b, NULL);
}

/* Without -coverpkg a package is measured by its own test alone; without a test it has meta-data to show. */
static void cover(Build *b, Cover *c)
{
	for (u32 i = 0; i < b->load.named.n && !c->pkg.n; i++) {
		LoadPkg *p = b->load.named.a[i];
		bool tests = load_has_tests(p);
		if (!p->error && p->ngofile && !p->diag.v.n)
			vec_push(&b->ar, &c->job, (CoverJob){.p = p, .meta = !tests, .only_meta = !tests});
	}
	if (c->pkg.n)
		cover_select(b, c);
	cover_packages(b, c);
	if (c->failed)
		exit(1);
	if (c->pkg.n)
		cover_use(b, c);
}

void test_check(Build *b, TestFlags *t)
{
	if (t->cover.mode) {
		build_phase(b, "cover");
		cover(b, &t->cover);
	}
	build_phase(b, "check");
	build_check_packages(b);
	build_phase(b, NULL);
}

/* Found by loading: no use to go on. */
static bool front(Build *b)
{
	Loader *l = &b->load;
	for (u32 i = 0; i < l->all.n; i++) {
		LoadPkg *p = l->all.a[i];
		if (p->error || (!p->pkg->cpriv && p->diag.v.n) || build_syntax_errors(p))
			build_report(b, p);
	}
	return !b->nerror;
}

static bool check_rest(Build *b)
{
	Loader *l = &b->load;
	build_check_packages(b);
	for (u32 i = 0; i < l->all.n; i++)
		build_report(b, l->all.a[i]);
	return !b->nerror && imports_sound(l->named.a[0]);
}

/* Everything up to the checked program; TestBuilt, or what went wrong. */
static int variants(Build *b, const TestFlags *t, LoadPkg *p)
{
	const char *error;
	b->nerror = 0;
	char *src = test_main_source(&b->ar, p, t->cover.mode ? &t->cover : NULL, &error);
	if (!src) {
		fprintf(stderr, "# %s\n%s\n", p->path, error);
		return TestSetupFailed;
	}
	if (p->error) {
		build_report(b, p);
		return TestSetupFailed;
	}
	build_phase(b, "variants");
	load_test_program(&b->load, p, src, (u32)strlen(src));
	if (!front(b))
		return TestSetupFailed;
	return check_rest(b) ? TestBuilt : TestBuildFailed;
}

static int end(Build *b, bool ok)
{
	build_phase(b, NULL);
	if (b->opt.time)
		build_print_times(b);
	return ok ? TestBuilt : TestBuildFailed;
}

int test_build(Build *b, const TestFlags *t, LoadPkg *p, const char *exe, int threads)
{
	b->pool = b->load.pool = pool_new(threads);     /* threads do not survive the fork */
	b->sharing = false;
	int status = variants(b, t, p);
	return status != TestBuilt ? status : end(b, build_program(b, b->load.named.a[0], exe));
}

/* ---- the builder ---- */

typedef struct Builder { Build *b; const TestFlags *t; const TestProgram *prog; int in, out; bool made; } Builder;

static int code(void *arg, u32 i)
{
	Builder *w = arg;
	Build *b = w->b;
	TestOwn own;
	LoadPkg *p = w->prog[i].p;
	w->made = load_test_own(&b->load, p, &own) && own.n <= OwnMax && own.bytes <= OwnBytesMax;
	if (!w->made)
		return ProgramAlone;
	build_share_begin(b, own.path, own.n);
	int status = variants(b, w->t, p);
	if (status == TestBuilt && !build_share_code(b, b->load.named.a[0]))
		status = TestBuildFailed;
	return status == TestBuilt ? ProgramReady : status;
}

static int finish(void *arg, u32 i, bool alone, int threads)
{
	Builder *w = arg;
	Build *b = w->b;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (alone)
		return test_build(b, w->t, w->prog[i].p, w->prog[i].exe, threads);
	b->pool = b->load.pool = pool_new(threads);
	bool ok = build_share_link(b, b->load.named.a[0], w->prog[i].exe);
	return b->prog.stale ? ProgramStale : end(b, ok);
}

static void forget(void *arg, u32 i)
{
	Builder *w = arg;
	if (!w->made)
		return;
	load_test_undo(&w->b->load);
	build_share_end(w->b);
}

static void write_all(int fd, const void *p, size_t n)
{
	for (const char *s = p; n;) {
		ssize_t k = write(fd, s, n);
		if (k < 0 && errno != EINTR)
			_exit(1);       /* nobody listens any more */
		s += k > 0 ? k : 0;
		n -= k > 0 ? (size_t)k : 0;
	}
}

static void done(void *arg, u32 i, int status, const char *text, u32 n)
{
	Builder *w = arg;
	TestMessage m = {.unit = w->prog[i].unit, .status = status, .ntext = n};
	write_all(w->out, &m, sizeof m);
	write_all(w->out, text, n);
}

/* A byte comes for each program that may be begun. */
static bool may_begin(void *arg, u32 i)
{
	Builder *w = arg;
	char c;
	ssize_t n;
	while ((n = read(w->in, &c, 1)) < 0 && errno == EINTR)
		;
	return n == 1;
}

void test_builder(Build *b, const TestFlags *t, const TestProgram *prog, u32 n, int njob, int in, int out)
{
	Builder w = {.b = b, .t = t, .prog = prog, .in = in, .out = out};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	b->pool = b->load.pool = pool_new(b->opt.jobs);
	build_share_start(b);
	programs_run(&(Programs){.n = n, .njob = njob, .arg = &w, .wait = may_begin, .code = code, .finish = finish, .forget = forget, .done = done});
}
