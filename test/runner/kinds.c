/* What is done for each kind of test. A kind is a row of the table at the end.
 *
 * Kinds that end in "dir" hold their packages in X.dir beside X.go: the files with one package clause are one package, imported
 * as "./a" or "test/a" after its first file. They are laid out as a module called test, a folder a package, files linked in. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "runner.h"

enum { BuildSeconds = 90, RunSeconds = 90, UnitSeconds = 600 };

typedef struct Job { Runner *r; Arena *a; const Test *t; const char *tmp; bool skipped; } Job;   /* tmp: folder of this test alone */

static bool fail(Job *j, const char *what, Result *res)
{
	fprintf(stderr, "--- %s: %s (status %d%s)\n%.2000s\n", j->t->name, what, res->status, res->timeout ? ", timed out" : "", buf_str(&res->out));
	return false;
}

static bool broke(const Result *res)
{
	return res->timeout || res->status > 1;
}

/* ---- command lines ---- */

static Strings words(Job *j, const char *first, ...)
{
	Strings v = {0};
	va_list ap;
	va_start(ap, first);
	for (const char *s = first; s; s = va_arg(ap, const char *))
		vec_push(j->a, &v, s);
	va_end(ap);
	return v;
}

static void append(Job *j, Strings *v, const Strings *more)
{
	for (u32 i = 0; i < more->n; i++)
		vec_push(j->a, v, more->a[i]);
}

/* Flags of the recipe that are meant for the compiler, as -gcflags; -ldflags and what follows are the linker's. */
static void append_gcflags(Job *j, Strings *v)
{
	for (u32 i = 0; i < j->t->flags.n && strncmp(j->t->flags.a[i], "-ldflags", 8); i++)
		if (!j->t->gc_output)
			vec_push(j->a, v, arena_printf(j->a, "-gcflags=%s", j->t->flags.a[i]));
}

static Result run(Job *j, const char *dir, Strings v, int seconds)
{
	vec_push(j->a, &v, NULL);
	return execute(j->a, dir, v.a, &j->t->env, seconds);
}

static Result run_tool(Job *j, const char *dir, Strings v)
{
	return run(j, dir, v, j->t->seconds ? j->t->seconds : BuildSeconds);
}

/* ---- comparisons ---- */

static bool output_agrees(Job *j, Result *res)
{
	size_t n = 0;
	const char *want = file_read(j->a, arena_printf(j->a, "%.*s.out", (int)strlen(j->t->path) - 3, j->t->path), &n);
	int status = 0;
	if (want && n > 12 && !strncmp(want, "exit status ", 12)) {    /* first line of our own expectations */
		status = atoi(want + 12);
		const char *nl = strchrnul(want, '\n') + 1;
		n -= (size_t)(nl - want);
		want = nl;
	}
	if (res->status != status || res->timeout)
		return fail(j, "wrong exit status", res);
	if (res->out.n != n || (n && memcmp(res->out.a, want, n)))
		return fail(j, "wrong output", res);
	return true;
}

static bool errors_right(Job *j, Errors *e, Result *res, bool want_error)
{
	if (broke(res))
		return fail(j, "the compiler broke", res);
	errors_got(j->a, e, &res->out);
	Buf why = {.ar = j->a};
	bool ok = errors_agree(j->a, e, &why);
	if (ok && res->status != want_error)
		return fail(j, want_error ? "compiles, but must not" : "does not compile", res);
	if (ok)
		return true;
	res->out = why;
	return fail(j, "errors differ", res);
}

/* ---- single files ---- */

static Strings compiler(Job *j)
{
	Strings v = words(j, j->r->seago, "build", "-e", "-gcflags=-complete=false", "-gcflags=-D=test", NULL);
	append_gcflags(j, &v);
	vec_push(j->a, &v, "-d");
	vec_push(j->a, &v, "all");
	return v;
}

static bool errorcheck_file(Job *j, const char *path)
{
	Errors e = {0};
	errors_want(j->a, &e, path);
	Strings v = compiler(j);
	vec_push(j->a, &v, path);
	Result res = run_tool(j, NULL, v);
	return errors_right(j, &e, &res, j->t->want_error);
}

static bool do_errorcheck(Job *j)
{
	return errorcheck_file(j, j->t->path);
}

/* test/err: checked only, as seago build does it. */
static bool do_err(Job *j)
{
	Errors e = {0};
	errors_want(j->a, &e, j->t->path);
	Result res = run_tool(j, NULL, words(j, j->r->seago, "build", "-e", "-d", "stop=check", j->t->path, NULL));
	return errors_right(j, &e, &res, e.want.n > 0);
}

static bool do_compile(Job *j)
{
	Strings v = compiler(j);
	vec_push(j->a, &v, j->t->path);
	Result res = run_tool(j, NULL, v);
	return !res.status && !res.timeout ? true : fail(j, "does not compile", &res);
}

/* Compiles what is named, as the go command would, to an executable in the test's own folder. */
static const char *build_exe(Job *j, const char *dir, Strings flags, const char *what)
{
	const char *exe = path_join(j->a, j->tmp, "a.exe");
	Strings v = words(j, j->r->seago, "build", "-o", exe, NULL);
	append(j, &v, &flags);
	vec_push(j->a, &v, what);
	for (u32 i = 0; i < j->t->args.n; i++)         /* runoutput ./rotate.go: more files of the program */
		if (strstr(j->t->args.a[i], ".go"))
			vec_push(j->a, &v, j->t->args.a[i]);
	Result res = run_tool(j, dir, v);
	if (!res.status && !res.timeout)
		return exe;
	fail(j, "does not compile", &res);
	return NULL;
}

static const char *program_dir(Job *j)
{
	if (j->t->file)
		return j->r->testdir;
	return arena_strndup(j->a, j->t->path, (size_t)(path_base(j->t->path) - j->t->path));
}

static Result run_exe(Job *j, const char *exe)
{
	Strings v = words(j, exe, NULL);
	for (u32 i = 0; i < j->t->args.n; i++)
		if (!strstr(j->t->args.a[i], ".go"))
			vec_push(j->a, &v, j->t->args.a[i]);
	return run(j, program_dir(j), v, j->t->seconds ? j->t->seconds : RunSeconds);
}

static bool do_build(Job *j)
{
	Strings v = words(j, j->r->seago, "build", NULL);       /* without -o: it may be no program */
	append(j, &v, &j->t->flags);
	vec_push(j->a, &v, j->t->path);
	Result res = run_tool(j, j->tmp, v);
	return !res.status && !res.timeout ? true : fail(j, "does not compile", &res);
}

static bool do_run(Job *j)
{
	const char *exe = build_exe(j, program_dir(j), j->t->flags, j->t->path);
	if (!exe)
		return false;
	Result res = run_exe(j, exe);
	return output_agrees(j, &res);
}

/* The program's output is a Go program too: tmp__.go, or NULL. */
static const char *generate(Job *j)
{
	const char *exe = build_exe(j, j->r->testdir, (Strings){0}, j->t->path), *out = path_join(j->a, j->tmp, "tmp__.go");
	if (!exe)
		return NULL;
	Result res = run_exe(j, exe);
	if (res.status || res.timeout)
		return fail(j, "wrong exit status", &res), NULL;
	if (!file_write_atomic(out, res.out.a, res.out.n, 0644))
		fatal("write %s:", out);
	return out;
}

static bool do_runoutput(Job *j)
{
	const char *file = generate(j);
	if (!file)
		return false;
	Test alone = *j->t;
	alone.args.n = 0;
	j->t = &alone;
	const char *exe = build_exe(j, j->tmp, j->t->flags, file);
	if (!exe)
		return false;
	Result res = run_exe(j, exe);
	return output_agrees(j, &res);
}

static bool do_errorcheckoutput(Job *j)
{
	const char *file = generate(j);
	return file && errorcheck_file(j, file);
}

/* ---- directories ---- */

typedef struct DirPkg { const char *name, *path; Strings file; bool skip; } DirPkg;
typedef VEC(DirPkg) DirPkgs;

static const char *source_dir(Job *j)
{
	return arena_printf(j->a, "%.*s.dir", (int)strlen(j->t->path) - 3, j->t->path);
}

static const char *package_name(Job *j, const char *file)
{
	size_t n;
	for (const char *p = file_read(j->a, file, &n); p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (!strncmp(p, "package ", 8)) {
			p += 8;
			return arena_strndup(j->a, p, strcspn(p, " ;\r\n\t/"));
		}
	}
	fatal("%s: no package clause", file);
}

static DirPkgs dir_packages(Job *j)
{
	const char *dir = source_dir(j);
	Strings f = list_dir(j->a, dir, ".go");
	DirPkgs v = {0};
	for (u32 i = 0; i < f.n; i++) {
		const char *name = package_name(j, path_join(j->a, dir, f.a[i]));
		u32 k = j->t->single ? v.n : 0;
		while (k < v.n && strcmp(v.a[k].name, name))
			k++;
		if (k == v.n)
			vec_push(j->a, &v, (DirPkg){.name = name, .path = arena_printf(j->a, "test/%.*s", (int)strlen(f.a[i]) - 3, f.a[i])});
		vec_push(j->a, &v.a[k].file, f.a[i]);
	}
	return v;
}

/* Upstream names the files one by one; a folder leaves out x_test.go, which gets another name. */
static void link_file(Job *j, const char *from, const char *to_dir)
{
	const char *base = path_base(from), *to = path_join(j->a, to_dir, base), *test = strstr(base, "_test.go");
	if (test)
		to = path_join(j->a, to_dir, arena_printf(j->a, "%.*s_test0.go", (int)(test - base), base));
	if (symlink(from, to))
		fatal("symlink %s:", to);
}

static const char *language(Job *j)
{
	for (u32 i = 0; i < j->t->flags.n; i++)
		if (!strncmp(j->t->flags.a[i], "-lang=go", 8))
			return j->t->flags.a[i] + 8;
	return "1.26";
}

static void write_mod(Job *j, const char *dir, const char *module, const char *version)
{
	const char *text = arena_printf(j->a, "module %s\n\ngo %s\n", module, version), *file = path_join(j->a, dir, "go.mod");
	if (!file_write_atomic(file, text, strlen(text), 0644))
		fatal("write %s:", file);
}

/* The module test in j->tmp/test, a folder a package. */
static const char *lay_out(Job *j, DirPkgs *v)
{
	const char *root = path_join(j->a, j->tmp, "test");
	for (u32 i = 0; i < v->n; i++) {
		const char *dir = path_join(j->a, j->tmp, v->a[i].path);
		make_dirs(j->a, dir);
		for (u32 k = 0; k < v->a[i].file.n; k++)
			link_file(j, path_join(j->a, source_dir(j), v->a[i].file.a[k]), dir);
	}
	write_mod(j, root, "test", language(j));
	return root;
}

static Result compile_packages(Job *j, const char *root, DirPkgs *v)
{
	Strings c = compiler(j);
	for (u32 i = 0; i < v->n; i++)
		if (!v->a[i].skip)
			vec_push(j->a, &c, v->a[i].path);
	return run_tool(j, root, c);
}

static bool do_compiledir(Job *j)
{
	DirPkgs v = dir_packages(j);
	Result res = compile_packages(j, lay_out(j, &v), &v);
	return !res.status && !res.timeout ? true : fail(j, "does not compile", &res);
}

static bool run_packages(Job *j, const char *root, DirPkgs *v)
{
	Result res = compile_packages(j, root, v);
	if (res.status || res.timeout)
		return fail(j, "does not compile", &res);
	Strings flags = words(j, "-gcflags=-D=test -complete=false", NULL);
	Test bare = *j->t;
	bare.args = (Strings){0};
	const Test *t = j->t;
	j->t = &bare;
	const char *exe = build_exe(j, root, flags, vec_last(v).path);
	j->t = t;
	if (!exe)
		return false;
	res = run(j, j->tmp, words(j, exe, NULL), RunSeconds);
	return output_agrees(j, &res);
}

static bool do_rundir(Job *j)
{
	DirPkgs v = dir_packages(j);
	return run_packages(j, lay_out(j, &v), &v);
}

static bool do_errorcheckdir(Job *j)
{
	DirPkgs v = dir_packages(j);
	const char *root = lay_out(j, &v);
	bool rundir = !strcmp(j->t->kind, "errorcheckandrundir"), ok = true;
	if (!j->t->gc_output) {
		Errors e = {0};
		for (u32 i = 0; i < v.n; i++)
			for (u32 k = 0; k < v.a[i].file.n; k++)
				errors_want(j->a, &e, path_join(j->a, source_dir(j), v.a[i].file.a[k]));
		Result res = compile_packages(j, root, &v);
		ok = errors_right(j, &e, &res, j->t->want_error);
	}
	if (rundir && j->t->want_error && v.n > 1)
		v.a[v.n - 2].skip = true;       /* the one that does not compile; the last does without it */
	return ok && (!rundir || run_packages(j, root, &v));
}

/* All .go and .s files of the directory are one command. */
static const char *build_dir(Job *j, const char *module, const char *version, Strings flags)
{
	const char *dir = path_join(j->a, j->tmp, module);
	make_dirs(j->a, dir);
	Strings go = list_dir(j->a, source_dir(j), ".go"), s = list_dir(j->a, source_dir(j), ".s");
	for (u32 i = 0; i < go.n; i++)
		link_file(j, path_join(j->a, source_dir(j), go.a[i]), dir);
	for (u32 i = 0; i < s.n; i++)
		link_file(j, path_join(j->a, source_dir(j), s.a[i]), dir);
	write_mod(j, dir, module, version);
	return build_exe(j, dir, flags, ".");
}

static bool do_builddir(Job *j)
{
	return build_dir(j, "main", "1.26", (Strings){0}) != NULL;
}

static bool do_buildrundir(Job *j)
{
	const char *exe = build_dir(j, "main", "1.26", (Strings){0});
	if (!exe)
		return false;
	Result res = run(j, j->tmp, words(j, exe, NULL), RunSeconds);
	return output_agrees(j, &res);
}

static void copy_tree(Job *j, const char *from, const char *to)
{
	Strings v = list_dir(j->a, from, "");
	make_dirs(j->a, to);
	for (u32 i = 0; i < v.n; i++) {
		const char *f = path_join(j->a, from, v.a[i]);
		if (dir_exists(f))
			copy_tree(j, f, path_join(j->a, to, v.a[i]));
		else
			link_file(j, f, to);
	}
}

/* A module named after the directory, go run . in it. */
static bool do_runindir(Job *j)
{
	const char *from = source_dir(j), *to = path_join(j->a, j->tmp, path_join(j->a, "src", path_base(from)));
	copy_tree(j, from, to);
	write_mod(j, to, path_base(from), j->t->modversion ? j->t->modversion : "1.14");
	const char *exe = build_exe(j, to, j->t->flags, ".");
	if (!exe)
		return false;
	Result res = run(j, to, words(j, exe, NULL), RunSeconds);
	return output_agrees(j, &res);
}

/* ---- the table ---- */

static bool do_unit(Job *j)
{
	Strings v = {0};
	char *s = arena_strndup(j->a, j->t->path, strlen(j->t->path)), *save;
	for (char *w = strtok_r(s, " ", &save); w; w = strtok_r(NULL, " ", &save))
		vec_push(j->a, &v, w);
	Result res = run(j, NULL, v, UnitSeconds);
	j->skipped = res.status == 77 && !res.timeout;
	if (j->skipped)
		return true;
	return !res.status && !res.timeout ? true : fail(j, "failed", &res);
}

static const struct { const char *name; bool (*run)(Job *j); } kinds[] = {
	{"run", do_run}, {"buildrun", do_run}, {"runoutput", do_runoutput}, {"rundir", do_rundir}, {"runindir", do_runindir},
	{"buildrundir", do_buildrundir}, {"errorcheckandrundir", do_errorcheckdir},
	{"compile", do_compile}, {"compiledir", do_compiledir}, {"build", do_build}, {"builddir", do_builddir},
	{"errorcheck", do_errorcheck}, {"errorcheckdir", do_errorcheckdir}, {"errorcheckoutput", do_errorcheckoutput},
	{"err", do_err}, {"unit", do_unit},
};

bool kind_known(const char *kind)
{
	for (size_t i = 0; i < nelem(kinds); i++)
		if (!strcmp(kinds[i].name, kind))
			return true;
	return false;
}

Outcome kind_run(Runner *r, Arena *a, const Test *t)
{
	Job j = {r, a, t, arena_printf(a, "%s/%d", r->tmp, (int)getpid()), false};
	make_dirs(a, j.tmp);
	bool ok = false;
	for (size_t i = 0; i < nelem(kinds); i++)
		if (!strcmp(kinds[i].name, t->kind))
			ok = kinds[i].run(&j);
	remove_tree(j.tmp);
	return j.skipped ? Skipped : ok ? Passed : Failed;
}
