/* Building many test programs with one load and one check.
 *
 * The packages named, their test files and everything that any of them imports are read, parsed and their declarations checked
 * once. Each program is then built by a forked process, which starts with all of that in memory, copied only where it writes: it
 * adds the variants of packages that the test needs, checks those, and goes on from there to the executable. Function bodies,
 * SSA and code are made by each process for itself. */
#include <stdio.h>
#include "test.h"

static bool any_bad_import(const LoadPkg *p)
{
	for (u32 i = 0; i < p->nimport; i++)
		if (p->import[i]->mark)
			return true;
	return false;
}

static void check(Build *b, LoadPkg *p)
{
	types_collect(b->chk, p->pkg);
	types_decls(b->chk, p->pkg);
	if (p->pkg->main_module || b->opt.check_all)
		types_finish(b->chk, p->pkg);
}

void test_load(Build *b, const TestFlags *t)
{
	Loader *l = &b->load;
	l->tests = true;
	build_phase(b, "load");
	load_packages(l, b->opt.arg, b->opt.narg);
	build_phase(b, "check");
	/* mark: has errors, or imports something that has */
	for (u32 i = 0; i < l->all.n; i++) {
		LoadPkg *p = l->all.a[i];
		p->mark = p->error || build_syntax_errors(p) || any_bad_import(p);
		if (!p->mark)
			check(b, p);
	}
	build_phase(b, NULL);
}

static bool fresh(const LoadPkg *p)
{
	return !p->pkg->cpriv;
}

static bool front(Build *b)
{
	Loader *l = &b->load;
	for (u32 i = 0; i < l->all.n; i++)
		if (l->all.a[i]->error || (fresh(l->all.a[i]) && l->all.a[i]->diag.v.n))
			build_report(b, l->all.a[i]);
	return !b->nerror;
}

static bool check_rest(Build *b)
{
	Loader *l = &b->load;
	for (u32 i = 0; i < l->all.n; i++) {
		LoadPkg *p = l->all.a[i];
		if (fresh(p))
			check(b, p);
		build_report(b, p);
	}
	return !b->nerror;
}

int test_build(Build *b, LoadPkg *p, const char *exe, int threads)
{
	const char *error;
	b->pool = b->load.pool = pool_new(threads);     /* threads do not survive the fork */
	char *src = test_main_source(&b->ar, p, &error);
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
	bool ok = check_rest(b) && build_program(b, b->load.named.a[0], exe);
	build_phase(b, NULL);
	if (b->opt.time)
		build_print_times(b);
	return ok ? TestBuilt : TestBuildFailed;
}
