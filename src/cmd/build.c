/* seago build and seago run. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "programs.h"

static bool is_command(const LoadPkg *p)
{
	return p->ngofile && !strcmp(p->file[0]->pkgname->s, "main");
}

static bool is_major(const char *s)
{
	return s[0] == 'v' && s[1] >= '1' && s[1] <= '9' && strspn(s + 1, "0123456789") == strlen(s + 1) && strcmp(s, "v1");
}

/* The last element of the import path (the one before it if that is a major version), or the first file's name. */
const char *build_exec_name(Build *b, const LoadPkg *p)
{
	if (p->given) {
		const char *base = path_base(p->gofile[0]);
		return arena_strndup(&b->ar, base, strlen(base) - 3);
	}
	const char *path = p->path, *base = path_base(path);
	if (!p->mod && path[0] == '_')
		base = path_base(p->dir);
	if (is_major(base) && base > path) {
		const char *up = arena_strndup(&b->ar, path, (size_t)(base - path) - 1);
		return path_base(up);
	}
	return base;
}

/* What is there to write to decides nothing about the program: the cache need not remember it. */
static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Where the programs go. archive: what -o names for a package that is not a program. */
typedef struct Place { const char *file, *dir, *archive; } Place;

static Place place(Build *b)
{
	const char *out = b->opt.out;
	Loader *l = &b->load;
	if (!out) {
		if (l->named.n != 1 || !is_command(l->named.a[0]) || b->opt.build_all)
			return (Place){0};
		const char *name = build_exec_name(b, l->named.a[0]);
		if (is_folder(name) && !b->opt.build_all)
			go_fatal(1, "go: build output \"%s\" already exists and is a directory", name);
		return (Place){.file = name};
	}
	bool any = false;
	for (u32 i = 0; i < l->named.n; i++)
		any |= is_command(l->named.a[i]);
	if (is_folder(out) || has_suffix(out, "/")) {
		if (!any)
			go_fatal(1, "go: no main packages to build");
		return (Place){.dir = out};
	}
	if (!strcmp(out, "/dev/null"))
		return (Place){0};
	if (l->named.n == 0)
		go_fatal(1, "go: no packages to build");
	if (l->named.n > 1)
		go_fatal(1, "go: cannot write multiple packages to non-directory %s", out);
	if (!any)
		return (Place){.archive = out};
	return (Place){.file = out};
}

/* Several commands share what they have in common: see programs.c. */
typedef struct Mains {
	Build *b;
	VEC(LoadPkg *) p;
	VEC(const char *) out;                 /* NULL: compiled for its errors */
	VEC(const char *) text;                /* what was said about each */
	bool ok;
} Mains;

static int main_code(void *arg, u32 i)
{
	static const char *const own[] = {"main"};
	Mains *m = arg;
	build_share_begin(m->b, own, nelem(own));
	return (m->out.a[i] ? build_share_code(m->b, m->p.a[i]) : build_share_discard(m->b, m->p.a[i])) ? ProgramReady : 1;
}

static int main_finish(void *arg, u32 i, bool alone, int threads)
{
	Mains *m = arg;
	m->b->pool = m->b->load.pool = pool_new(threads);
	if (alone) {
		m->b->sharing = false;
		return !(m->out.a[i] ? build_program(m->b, m->p.a[i], m->out.a[i]) : build_discard(m->b, &m->p.a[i], 1));
	}
	bool ok = build_share_link(m->b, m->p.a[i], m->out.a[i]);
	return m->b->prog.stale ? ProgramStale : !ok;
}

static void main_forget(void *arg, u32 i)
{
	build_share_end(((Mains *)arg)->b);
}

static void main_done(void *arg, u32 i, int status, const char *text, u32 n)
{
	Mains *m = arg;
	m->text.a[i] = n ? arena_strndup(&m->b->ar, text, n) : NULL;
	m->ok &= !status;
	if (!status && m->out.a[i])
		cache_made(m->b, m->out.a[i]);
}

static bool make_several(Mains *m)
{
	Build *b = m->b;
	build_share_start(b);
	programs_run(&(Programs){.n = m->p.n, .njob = pool_size(b->pool), .arg = m, .code = main_code, .finish = main_finish, .forget = main_forget, .done = main_done});
	for (u32 i = 0; i < m->p.n; i++)
		if (m->text.a[i])
			fputs(m->text.a[i], stderr);
	b->sharing = false;
	return m->ok;
}

/* Compiles what was named: programs go to their places, everything else is compiled for its errors. */
static bool make_all(Build *b, Place to)
{
	Loader *l = &b->load;
	VEC(LoadPkg *) rest = {0};
	Mains m = {.b = b, .ok = true};
	bool ok = true;
	if (!build_ok(load_find(l, "runtime")))
		return false;           /* it is in every program */
	if (to.dir && !b->opt.dry && !is_folder(to.dir) && !dir_make(to.dir))
		go_fatal(1, "go: mkdir %s: %m", to.dir);
	for (u32 i = 0; i < l->named.n; i++) {
		LoadPkg *p = l->named.a[i];
		if (!build_ok(p))
			continue;
		if (!is_command(p) || (b->opt.build_all && l->named.n == 1))
			vec_push(&b->ar, &rest, p);
		else {
			vec_push(&b->ar, &m.p, p);
			vec_push(&b->ar, &m.text, NULL);
			vec_push(&b->ar, &m.out, to.file || !to.dir ? to.file : path_join(&b->ar, to.dir, build_exec_name(b, p)));
		}
	}
	if (m.p.n == 1)
		ok &= m.out.a[0] || l->named.n == 1 ? build_program(b, m.p.a[0], m.out.a[0]) : build_discard(b, m.p.a, 1);
	else if (m.p.n)
		ok &= make_several(&m);
	if (rest.n)
		ok &= build_discard(b, rest.a, rest.n);
	return ok;
}

/* -v: packages in the order they are compiled. -n, -x: one line a step. */
static void announce(Build *b, Place to)
{
	for (u32 i = 0; i < b->load.all.n; i++) {
		const LoadPkg *p = b->load.all.a[i];
		if (b->opt.verbose)
			fprintf(stderr, "%s\n", p->path);
		if (b->opt.trace || b->opt.dry) {
			fprintf(stderr, "compile %s #", p->path);
			for (u32 k = 0; k < p->ngofile; k++)
				fprintf(stderr, " %s", path_base(p->gofile[k]));
			fputc('\n', stderr);
		}
	}
	for (u32 i = 0; i < b->load.named.n && (b->opt.trace || b->opt.dry); i++)
		if (is_command(b->load.named.a[i]) && (to.file || to.dir))
			fprintf(stderr, "link %s -o %s\n", b->load.named.a[i]->path, to.file ? to.file : path_join(&b->ar, to.dir, build_exec_name(b, b->load.named.a[i])));
}

static int finish(Build *b, bool ok)
{
	build_phase(b, NULL);
	progress_end(b);
	if (ok)
		cache_store(b);
	if (b->opt.time)
		build_print_times(b);
	return ok ? 0 : 1;
}

int cmd_build(int argc, char **argv)
{
	Build b = {0};
	seen_start();
	options_parse(&b, "build", argc, argv);
	cache_key(&b, argc, argv);
	if (cache_hit(&b))
		return 0;
	build_start(&b);
	if (!build_load(&b))
		return finish(&b, false);
	if (build_stopped(&b, "load"))
		return finish(&b, true);
	Place to = place(&b);
	announce(&b, to);
	if (b.opt.dry)
		return finish(&b, true);
	bool ok = build_check(&b);
	if (!build_stopped(&b, "check"))
		ok &= make_all(&b, to);
	if (ok && to.archive)           /* what is wrong with the package is told first */
		go_fatal(1, "go: -o %s: %s is not a main package, and seago writes no package archives", to.archive, b.load.named.a[0]->path);
	return finish(&b, ok);
}

/* Runs the program; its exit status is the result, 1 if a signal ended it, as the go command does. */
static int execute(const char *path, const Options *o)
{
	VEC(char *) arg = {0};
	Arena a = {0};
	vec_push(&a, &arg, (char *)(uintptr_t)path);
	for (u32 i = 0; i < o->nrest; i++)
		vec_push(&a, &arg, (char *)(uintptr_t)o->rest[i]);
	vec_push(&a, &arg, NULL);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGXFSZ, SIG_DFL);
		execv(path, arg.a);
		_exit(127);
	}
	int status = 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		;
	if (pid > 0 && WIFEXITED(status)) {
		if (WEXITSTATUS(status))
			fprintf(stderr, "exit status %d\n", WEXITSTATUS(status));
		return WEXITSTATUS(status) ? 1 : 0;
	}
	if (pid > 0 && WIFSIGNALED(status))
		fprintf(stderr, "signal: %s\n", strsignal(WTERMSIG(status)));
	return 1;
}

/* The one main package that run is to run. */
static LoadPkg *runnable(Build *b)
{
	Loader *l = &b->load;
	if (l->named.n == 0)
		go_fatal(1, "go: no packages loaded from %s", b->opt.arg[0]);
	if (l->named.n > 1)
		go_fatal(1, "go: pattern %s matches multiple packages", b->opt.arg[0]);
	if (!is_command(l->named.a[0]))
		go_fatal(1, "package %s is not a main package", l->named.a[0]->path);
	return l->named.a[0];
}

int cmd_run(int argc, char **argv)
{
	Build b = {0};
	seen_start();
	options_parse(&b, "run", argc, argv);
	if (!b.opt.buildvcs)
		b.opt.buildvcs = "false";
	cache_key(&b, argc, argv);
	b.cache.run = true;
	if (cache_hit(&b) && b.cache.program)
		return execute(b.cache.program, &b.opt);
	build_start(&b);
	build_remote(&b, argc, argv);
	if (!build_load(&b) || build_stopped(&b, "load"))
		return finish(&b, !b.nerror);
	LoadPkg *p = runnable(&b);
	announce(&b, (Place){.file = b.opt.out});
	if (b.opt.dry || !build_check(&b) || build_stopped(&b, "check"))
		return finish(&b, !b.nerror);
	const char *tmp = getenv("TMPDIR");
	char dir[4096];
	snprintf(dir, sizeof dir, "%s/seago-run-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		fatal("mkdir %s:", dir);
	char *exe = path_join(&b.ar, dir, build_exec_name(&b, p));
	int status = finish(&b, build_program(&b, p, exe));
	if (!status && file_exists(exe))
		status = execute(exe, &b.opt);
	unlink(exe);
	rmdir(dir);
	return status;
}

/* Programs go to $GOBIN, or to bin below the first entry of GOPATH; other packages are compiled for their errors. */
int cmd_install(int argc, char **argv)
{
	Build b = {0};
	seen_start();
	options_parse(&b, "install", argc, argv);
	if (b.opt.out)
		go_fatal(2, "flag provided but not defined: -o\nusage: go install [build flags] [packages]\nRun 'go help install' for details.");
	cache_key(&b, argc, argv);
	if (cache_hit(&b))
		return 0;
	build_start(&b);
	build_remote(&b, argc, argv);
	const char *bin = context_env(&b.ctx, "GOBIN"), *gopath = b.ctx.gopath;
	if (*bin && *bin != '/')
		go_fatal(1, "go: cannot install, GOBIN must be an absolute path");
	if (!*bin && !gopath)
		go_fatal(1, "go: cannot find a folder for programs: neither GOBIN, GOPATH nor HOME is set");
	if (!*bin)
		bin = path_join(&b.ar, arena_strndup(&b.ar, gopath, strcspn(gopath, ":")), "bin");
	if (!build_load(&b))
		return finish(&b, false);
	Place to = {.dir = bin};
	announce(&b, to);
	bool ok = b.opt.dry || (build_check(&b) & make_all(&b, to));
	return finish(&b, ok);
}
