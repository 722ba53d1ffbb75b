/* seago test: builds and runs the tests of packages, and reports as go test does.
 *
 * Each unit goes through waiting, building, built, running, done. A single loop starts processes while there is room for more, reads what
 * they write and takes note of their ends; results are printed in the order of the packages. Programs start in that order, too. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

typedef enum State { Waiting, Building, Built, Running, Done } State;

typedef struct TestUnit {
	LoadPkg *p;
	State state;
	const char *dir, *exe;          /* temporary folder, and the program in it */
	pid_t pid;
	int fd, pidfd;                  /* what the process writes; -1: closed, or there is none */
	bool exited, quit, killed;
	int status;
	u64 start, deadline;            /* running: when; deadline of the next measure against it, 0: none */
	u64 end;
	Buf text;                       /* of the process that runs now */
	Buf shown;                      /* to be printed when its turn comes */
	TestJson *json;
	const char *failed_build;
	bool setup, bad_build;
} TestUnit;

typedef struct Run {
	Arena ar;
	TestFlags f;
	Build b;
	const char *tmp;
	VEC(TestUnit) unit;
	int njob, nactive;
	u32 printed;                    /* units whose results are out */
	struct { pid_t pid; int go, in; Buf text; } builder;  /* makes several programs; pid 0: there is none. go: one byte a program that
	                                 * it may begin; in: its messages */
	bool failed, stop;
	FILE *profile;                  /* -coverprofile */
	int sigfd;
	sigset_t mask;                  /* as it was, for children */
} Run;

static bool show_pass(const Run *r)
{
	return r->f.verbose || r->f.list || r->f.help;
}

/* Programs write to our standard output themselves. */
static bool direct(const Run *r)
{
	return (!r->f.pkg.n || r->f.bench || r->b.opt.fuzz) && !r->f.json;
}

/* Shown at once, but seen by us too. */
static bool streams(const Run *r)
{
	return !direct(r) && !r->f.json && show_pass(r) && (r->unit.n == 1 || r->njob == 1);
}

/* ---- where programs go ---- */

/* Last element of the path, without a major version. */
static const char *exec_name(Run *r, const LoadPkg *p)
{
	const char *base = path_base(p->path);
	if (base > p->path && base[0] == 'v' && base[1] >= '1' && base[1] <= '9' && strspn(base + 1, "0123456789") == strlen(base + 1)) {
		const char *e = base - 1, *s = e;
		while (s > p->path && s[-1] != '/')
			s--;
		return arena_strndup(&r->ar, s, (size_t)(e - s));
	}
	return base;
}

static void mkdir_or_die(const char *dir)
{
	if (mkdir(dir, 0777) && errno != EEXIST)
		fatal("mkdir %s:", dir);
}

/* Where -c and -o want the program; NULL: nowhere. */
static const char *kept_exe(Run *r, const TestUnit *u)
{
	const char *name = arena_printf(&r->ar, "%s.test", exec_name(r, u->p)), *o = r->f.out;
	if (!o)
		return r->f.compile_only || r->f.keep ? path_join(&r->ar, r->b.ctx.cwd, name) : NULL;
	char *full = o[0] == '/' ? arena_printf(&r->ar, "%s", o) : arena_printf(&r->ar, "%s/%s", r->b.ctx.cwd, o);
	return dir_exists(full) || o[strlen(o) - 1] == '/' ? path_join(&r->ar, full, name) : path_clean(&r->ar, full);
}

static void choose_exe(Run *r, TestUnit *u)
{
	const char *keep = kept_exe(r, u);
	if (keep && strcmp(keep, "/dev/null")) {
		char *dir = arena_strndup(&r->ar, keep, (size_t)(path_base(keep) - keep));
		mkdir_or_die(dir);
		u->exe = keep;
		return;
	}
	u->dir = arena_printf(&r->ar, "%s/b%03u", r->tmp, (u32)(u - r->unit.a) + 1);
	mkdir_or_die(u->dir);
	u->exe = arena_printf(&r->ar, "%s/%s.test", u->dir, exec_name(r, u->p));
}

static void remove_exe(TestUnit *u)
{
	if (!u->dir)
		return;
	unlink(u->exe);
	rmdir(u->dir);
	u->dir = NULL;
}

/* ---- processes ---- */

/* Forks; the parent gets a pipe to what the child writes to the descriptors in fds, unless there are none. */
static bool spawn(Run *r, TestUnit *u, int nfd, const int *fds)
{
	int p[2] = {-1, -1};
	if (nfd && pipe2(p, O_CLOEXEC))
		fatal("pipe:");
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		fatal("fork:");
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &r->mask, NULL);
		for (int i = 0; i < nfd; i++)
			dup2(p[1], fds[i]);
		return true;
	}
	if (nfd)
		close(p[1]);
	u->pid = pid;
	u->fd = p[0];
	u->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (u->pidfd >= 0)
		fcntl(u->pidfd, F_SETFD, FD_CLOEXEC);
	u->exited = u->quit = u->killed = false;
	u->text = (Buf){.ar = &r->ar};
	r->nactive++;
	return false;
}

static void start_build(Run *r, TestUnit *u)
{
	u->state = Building;
	if (!spawn(r, u, 1, (int[]){STDERR_FILENO}))
		return;
	int threads = r->unit.n > 1 && r->njob > 1 ? 1 : r->b.opt.jobs;
	_exit(test_build(&r->b, &r->f, u->p, u->exe, threads));
}

/* The builder makes the programs of all units, in their order. */
static void start_builder(Run *r)
{
	int go[2], in[2];
	if (pipe2(go, O_CLOEXEC) || pipe2(in, O_CLOEXEC))
		fatal("pipe:");
	fflush(NULL);
	r->builder.pid = fork();
	if (r->builder.pid < 0)
		fatal("fork:");
	if (r->builder.pid == 0) {
		TestProgram *p = arena_array(&r->ar, TestProgram, r->unit.n);
		for (u32 i = 0; i < r->unit.n; i++)
			p[i] = (TestProgram){r->unit.a[i].p, r->unit.a[i].exe, i};
		setpgid(0, 0);
		sigprocmask(SIG_SETMASK, &r->mask, NULL);
		close(go[1]);
		close(in[0]);
		test_builder(&r->b, &r->f, p, r->unit.n, r->njob > 1 ? r->njob - 1 : 1, go[0], in[1]);
		_exit(0);
	}
	setpgid(r->builder.pid, r->builder.pid);
	close(go[0]);
	close(in[1]);
	r->builder.go = go[1];
	r->builder.in = in[0];
	r->builder.text = (Buf){.ar = &r->ar};
}

/* ---- coverage ---- */

static const char *cover_dir(Run *r, const TestUnit *u)
{
	return arena_printf(&r->ar, "%s/run%u/gocoverdir", r->tmp, (u32)(u - r->unit.a));
}

static const char *cover_out(Run *r, const TestUnit *u)
{
	return arena_printf(&r->ar, "%s/run%u/_cover_.out", r->tmp, (u32)(u - r->unit.a));
}

/* The folder for a program's data files; with -coverpkg it says which packages there are beside those that the program has. */
static void make_cover_dir(Run *r, const TestUnit *u)
{
	const char *dir = cover_dir(r, u);
	if (!dir_make(dir))
		fatal("mkdir %s:", dir);
	const Cover *c = &r->f.cover;
	Buf path = {.ar = &r->ar}, file = {.ar = &r->ar};
	for (u32 i = 0; i < c->job.n && c->pkg.n; i++) {
		const CoverJob *j = &c->job.a[i];
		struct stat st;
		if (!j->metafile || stat(j->metafile, &st) || !st.st_size)
			continue;
		buf_puts(&path, path.n ? "," : "");
		json_quote(&path, j->p->path, strlen(j->p->path));
		buf_puts(&file, file.n ? "," : "");
		json_quote(&file, j->metafile, strlen(j->metafile));
	}
	if (!path.n)
		return;
	const char *text = arena_printf(&r->ar, "{\"ImportPaths\":[%s],\"MetaFileFragments\":[%s]}\n", buf_str(&path), buf_str(&file));
	file_write_atomic(path_join(&r->ar, dir, "metafiles.txt"), text, strlen(text), 0666);
}

/* -coverprofile: the profiles of all programs, under one head. */
static void begin_profile(Run *r)
{
	const char *name = r->f.cover.profile;
	if (!name || r->f.compile_only)
		return;
	const char *path = *name == '/' ? name : path_join(&r->ar, r->f.outputdir ? r->f.outputdir : r->b.ctx.cwd, name);
	r->profile = fopen(path, "we");
	if (!r->profile)
		go_fatal(1, "go: open %s: %s", path, strerror_go(errno));
	fprintf(r->profile, "mode: %s\n", r->f.cover.mode);
	fflush(r->profile);
}

static void merge_profile(Run *r, const char *from)
{
	size_t n;
	char *text = r->profile ? file_read(&r->ar, from, &n) : NULL, *nl = text ? strchr(text, '\n') : NULL;
	if (nl)
		fwrite(nl + 1, 1, n - (size_t)(nl + 1 - text), r->profile);
}

/* "coverage: ..." of the program's own words, for the line that sums up. */
static const char *cover_note(Run *r, const TestUnit *u)
{
	const char *s = r->f.cover.mode && u->text.n ? strstr(arena_strndup(&r->ar, u->text.a, u->text.n), "coverage: ") : NULL;
	return s && strchr(s, '\n') ? arena_printf(&r->ar, "\t%.*s", (int)strcspn(s, "\n"), s) : "";
}

/* What covdata says about the meta-data of a package without tests; "" if it has no functions. */
static const char *covdata(Run *r, const CoverJob *j, const char *what, const char *out)
{
	size_t n = 0;
	const char *text = path_join(&r->ar, j->dir, "covdata.txt");
	int fd = open(text, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	const char *arg[] = {"covdata", what, "-i", j->dir, out ? "-o" : NULL, out, NULL};
	tool_run(&r->b.ctx, "cmd/covdata", arg, -1, fd);
	close(fd);
	char *s = file_read(&r->ar, text, &n);
	return s ? s : "";
}

static const CoverJob *meta_of(const Run *r, const LoadPkg *p)
{
	const Cover *c = &r->f.cover;
	struct stat st;
	for (u32 i = 0; i < c->job.n; i++)
		if (c->job.a[i].p == p && c->job.a[i].metafile && !stat(c->job.a[i].metafile, &st) && st.st_size)
			return &c->job.a[i];
	return NULL;
}

/* Bare text of a package that has functions but no tests; NULL: nothing is known about it. */
static const char *cover_untested(Run *r, const TestUnit *u)
{
	const CoverJob *j = r->f.cover.mode ? meta_of(r, u->p) : NULL;
	if (!j)
		return NULL;
	if (r->profile) {
		const char *out = path_join(&r->ar, j->dir, "profile.txt");
		covdata(r, j, "textfmt", out);
		merge_profile(r, out);
	}
	return covdata(r, j, "percent", NULL);
}

static void exec_test(Run *r, TestUnit *u)
{
	VEC(char *) arg = {0};
	Arena *a = &r->ar;
	for (u32 i = 0; i < r->f.exec.n; i++)
		vec_push(a, &arg, (char *)(uintptr_t)r->f.exec.a[i]);
	vec_push(a, &arg, (char *)(uintptr_t)u->exe);
	static char quiet_exit[] = "-test.paniconexit0", events[] = "-test.v=test2json", timeout[] = "-test.timeout=10m0s";
	vec_push(a, &arg, quiet_exit);
	if (r->f.json)
		vec_push(a, &arg, events);
	if (!r->f.has_timeout)
		vec_push(a, &arg, timeout);
	if (!r->f.outputdir && (r->f.profile || r->f.artifacts))
		vec_push(a, &arg, arena_printf(a, "-test.outputdir=%s", r->b.ctx.cwd));
	if (r->b.opt.fuzz)
		vec_push(a, &arg, arena_printf(a, "-test.fuzzcachedir=%s/fuzz/%s", cache_folder(a), u->p->path));
	if (r->f.cover.mode)
		vec_push(a, &arg, arena_printf(a, "-test.gocoverdir=%s", cover_dir(r, u)));
	if (r->f.cover.profile)
		vec_push(a, &arg, arena_printf(a, "-test.coverprofile=%s", cover_out(r, u)));
	for (u32 i = 0; i < r->f.pass.n; i++)
		vec_push(a, &arg, (char *)(uintptr_t)r->f.pass.a[i]);
	vec_push(a, &arg, NULL);
	if (chdir(u->p->dir)) {
		printf("chdir %s: %s\n", u->p->dir, strerror(errno));
		fflush(stdout);
		_exit(1);
	}
	signal(SIGPIPE, SIG_DFL);
	setenv("PWD", u->p->dir, 1);
	if (r->f.cover.mode)
		setenv("GOCOVERDIR", cover_dir(r, u), 1);
	setenv("GOROOT", r->b.ctx.goroot, 0);
	const char *bin = path_join(a, r->b.ctx.goroot, "bin"), *path = getenv("PATH");
	if (dir_exists(bin))
		setenv("PATH", path && *path ? arena_printf(a, "%s:%s", bin, path) : bin, 1);
	int null = open("/dev/null", O_RDONLY);
	dup2(null, STDIN_FILENO);
	if (null > STDIN_FILENO)
		close(null);
	execvp(arg.a[0], arg.a);
	printf("%s: %s\n", arg.a[0], strerror(errno));
	fflush(stdout);
	_exit(1);
}

static void start_run(Run *r, TestUnit *u)
{
	u->state = Running;
	if (r->f.cover.mode)
		make_cover_dir(r, u);
	if (r->f.json)
		u->json = test_json_new(&r->ar, u->p->path);
	u->start = clock_ns();
	u->deadline = r->f.kill_ns ? u->start + r->f.kill_ns : 0;
	if (direct(r)) {
		if (spawn(r, u, 0, NULL)) {
			dup2(STDOUT_FILENO, STDERR_FILENO);
			exec_test(r, u);
		}
		return;
	}
	if (spawn(r, u, 2, (int[]){STDOUT_FILENO, STDERR_FILENO}))
		exec_test(r, u);
}

/* ---- results ---- */

/* Says something about u where its output goes. */
static void say(Run *r, TestUnit *u, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void say(Run *r, TestUnit *u, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *s = arena_vprintf(&r->ar, fmt, ap);
	va_end(ap);
	if (u->json)
		test_json_write(u->json, s, strlen(s));
	else
		buf_puts(&u->shown, s);
}

static void finish(Run *r, TestUnit *u, bool ok)
{
	u->state = Done;
	if (!ok) {
		r->failed = true;
		r->stop |= r->f.failfast;
	}
	if (u->json)
		test_json_close(u->json, ok, u->failed_build);
	u->json = NULL;
	remove_exe(u);
}

/* "# pkg [pkg.test]" of the first complaint. */
static const char *complained_about(Run *r, TestUnit *u)
{
	const char *s = u->text.n ? buf_str(&u->text) : "";
	if (s[0] != '#' || s[1] != ' ')
		return arena_printf(&r->ar, "%s [%s.test]", u->p->path, u->p->path);
	return arena_strndup(&r->ar, s + 2, strcspn(s + 2, "\n"));
}

static void build_text(Run *r, TestUnit *u, bool failed)
{
	if (!r->f.json) {
		if (u->text.n)
			fwrite(u->text.a, 1, u->text.n, stderr);
		return;
	}
	const char *id = complained_about(r, u);
	for (const char *s = u->text.a, *end = s + u->text.n; s < end;) {
		const char *nl = memchr(s, '\n', (size_t)(end - s)), *e = nl ? nl + 1 : end;
		test_json_build(&r->ar, id, "build-output", s, (size_t)(e - s));
		s = e;
	}
	if (failed) {
		test_json_build(&r->ar, id, "build-fail", NULL, 0);
		u->failed_build = id;
	}
}

static void build_ended(Run *r, TestUnit *u, int status)
{
	build_text(r, u, status != TestBuilt);
	u->state = Built;
	u->bad_build = status != TestBuilt;
	u->setup = status == TestSetupFailed;
}

/* What became of a built unit that is not run. */
static bool settle(Run *r, TestUnit *u)
{
	if (!u->bad_build && load_has_tests(u->p) && !r->f.compile_only)
		return false;
	if (r->f.compile_only && !u->bad_build && load_has_tests(u->p)) {
		finish(r, u, true);
		return true;
	}
	const char *bare;
	if (r->f.json)
		u->json = test_json_new(&r->ar, u->p->path);
	if (u->bad_build)
		say(r, u, "FAIL\t%s [%s failed]\n", u->p->path, u->setup ? "setup" : "build");
	else if ((bare = cover_untested(r, u)))
		say(r, u, "%s", bare);
	else
		say(r, u, "?   \t%s\t[no test files]\n", u->p->path);
	finish(r, u, !u->bad_build);
	return true;
}

static bool has_line(const Buf *b, const char *line)
{
	size_t n = strlen(line);
	for (const char *s = b->a, *end = s + b->n; s && s + n <= end;) {
		if (!memcmp(s, line, n))
			return true;
		s = memchr(s, '\n', (size_t)(end - s));
		s = s ? s + 1 : NULL;
	}
	return false;
}

/* A time.Duration's String, for whole seconds. */
static const char *seconds(Run *r, u64 ns)
{
	u64 s = ns / 1000000000;
	if (s < 60)
		return arena_printf(&r->ar, "%us", (u32)s);
	if (s < 3600)
		return arena_printf(&r->ar, "%um%us", (u32)(s / 60), (u32)(s % 60));
	return arena_printf(&r->ar, "%uh%um%us", (u32)(s / 3600), (u32)(s / 60 % 60), (u32)(s % 60));
}

static void run_ended(Run *r, TestUnit *u)
{
	double t = (u->end - u->start) / 1e9;
	bool ok = WIFEXITED(u->status) && !WEXITSTATUS(u->status), keep = streams(r) || show_pass(r) || r->f.json;
	if (r->f.cover.profile)
		merge_profile(r, cover_out(r, u));
	bool cut = u->text.n && u->text.a[u->text.n - 1] != '\n';
	if (ok) {
		const char *note = has_line(&u->text, "testing: warning: no tests to run\n") ? " [no tests to run]" :
			has_line(&u->text, "testing: warning: no fuzz tests to fuzz\n") ? " [no fuzz tests to fuzz]" : "";
		if (!keep)
			u->shown.n = 0;
		if (cut)
			say(r, u, "\n");
		say(r, u, "ok  \t%s\t%.3fs%s%s\n", u->p->path, t, cover_note(r, u), note);
	} else {
		if (u->quit)
			say(r, u, "*** Test killed with quit: ran too long (%s).\n", seconds(r, r->f.kill_ns));
		if (WIFSIGNALED(u->status))
			say(r, u, "signal: %s%s\n", strsignal(WTERMSIG(u->status)), WCOREDUMP(u->status) ? " (core dumped)" : "");
		else if (!u->text.n)
			say(r, u, "exit status %d\n", WEXITSTATUS(u->status));
		else if (cut)
			say(r, u, "\n");
		say(r, u, "%sFAIL\t%s\t%.3fs\n", r->f.json ? "\x16" : "", u->p->path, t);
	}
	finish(r, u, ok);
}

static void print_ready(Run *r)
{
	for (; r->printed < r->unit.n; r->printed++) {
		TestUnit *u = &r->unit.a[r->printed];
		if (u->shown.n && (u->state == Done || streams(r)))
			fwrite(u->shown.a, 1, u->shown.n, stdout);
		if (u->state == Done || streams(r))
			u->shown.n = 0;
		fflush(stdout);
		if (u->state != Done)
			return;
	}
}

/* ---- the loop ---- */

static void take_text(Run *r, TestUnit *u)
{
	char b[65536];
	ssize_t n = read(u->fd, b, sizeof b);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		close(u->fd);
		u->fd = -1;
		return;
	}
	buf_write(&u->text, b, (size_t)n);
	if (u->state != Running)
		return;
	if (u->json)
		test_json_write(u->json, b, (size_t)n);
	else
		buf_write(&u->shown, b, (size_t)n);
}

static void ended(Run *r, TestUnit *u)
{
	if (u->fd >= 0)
		close(u->fd);
	if (u->pidfd >= 0)
		close(u->pidfd);
	u->fd = u->pidfd = -1;
	u->pid = 0;
	r->nactive--;
	if (u->state != Building) {
		run_ended(r, u);
		return;
	}
	if (WIFSIGNALED(u->status))
		buf_printf(&u->text, "# %s\ncompiler ended by signal: %s\n", u->p->path, strsignal(WTERMSIG(u->status)));
	build_ended(r, u, WIFEXITED(u->status) ? WEXITSTATUS(u->status) : TestBuildFailed);
}

static void end_builder(Run *r)
{
	if (!r->builder.pid)
		return;
	kill(-r->builder.pid, SIGKILL);
	waitpid(r->builder.pid, NULL, 0);
	close(r->builder.go);
	close(r->builder.in);
	r->builder.pid = 0;
}

/* What the builder tells. If it is gone, programs that are still missing are made one by one: whatever went wrong will be told there. */
static void hear_builder(Run *r)
{
	char b[65536];
	ssize_t n = read(r->builder.in, b, sizeof b);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		end_builder(r);
		for (u32 i = 0; i < r->unit.n; i++)
			if (r->unit.a[i].state == Building)
				r->unit.a[i].state = Waiting;
		return;
	}
	Buf *t = &r->builder.text;
	buf_write(t, b, (size_t)n);
	TestMessage m;
	u32 at = 0;
	while (at + sizeof m <= t->n && (memcpy(&m, t->a + at, sizeof m), at + sizeof m + m.ntext <= t->n)) {
		TestUnit *u = &r->unit.a[m.unit];
		u->text = (Buf){.ar = &r->ar};
		buf_write(&u->text, t->a + at + sizeof m, m.ntext);
		at += (u32)sizeof m + m.ntext;
		build_ended(r, u, m.status);
	}
	memmove(t->a, t->a + at, t->n - at);
	t->n -= at;
}

/* Lets the builder go on, so far ahead of the programs that run. */
static void let_build(Run *r)
{
	u32 ahead = 0, max = 2 * (u32)r->njob + 2;
	for (u32 i = 0; i < r->unit.n; i++)
		ahead += r->unit.a[i].state == Building || r->unit.a[i].state == Built;
	for (u32 i = 0; i < r->unit.n && ahead < max; i++)
		if (r->unit.a[i].state == Waiting) {
			r->unit.a[i].state = Building;
			ahead++;
			if (write(r->builder.go, "", 1) != 1)
				return;         /* it is gone: hear_builder will see */
		}
}

/* How long output is waited for after a program's end, and a program after it was told to quit. */
static u64 patience(const Run *r)
{
	return max_u64(5000000000u, r->f.kill_ns / 10);
}

static void watch(Run *r, TestUnit *u)
{
	if (!u->exited && waitpid(u->pid, &u->status, WNOHANG) == u->pid) {
		u->exited = true;
		u->end = clock_ns();
		u->deadline = u->end + patience(r);
	}
	u64 now = clock_ns();
	bool late = u->deadline && now >= u->deadline;
	if (u->exited && u->fd >= 0 && late)
		say(r, u, "*** Test I/O incomplete %s after exiting.\n", seconds(r, patience(r)));
	if (u->exited && (u->fd < 0 || late)) {
		ended(r, u);
	} else if (!u->exited && u->state == Running && late) {
		kill(u->pid, u->quit ? SIGKILL : SIGQUIT);
		u->quit = true;
		u->deadline = now + patience(r);
	}
}

static bool may_start_run(const Run *r, u32 i)
{
	if (i && (direct(r) ? r->unit.a[i - 1].state < Done : r->unit.a[i - 1].state < Running))
		return false;
	return r->unit.a[i].state == Built;
}

static void start_more(Run *r)
{
	for (u32 i = 0; i < r->unit.n; i++) {
		TestUnit *u = &r->unit.a[i];
		if (r->stop && (u->state == Waiting || u->state == Built || (u->state == Building && !u->pid))) {
			end_builder(r);
			remove_exe(u);
			u->state = Done;
		}
		if (may_start_run(r, i) && !settle(r, u) && r->nactive < r->njob)
			start_run(r, u);
	}
	if (r->builder.pid) {
		let_build(r);
		return;
	}
	for (u32 i = 0; i < r->unit.n && r->nactive < r->njob; i++)
		if (r->unit.a[i].state == Waiting)
			start_build(r, &r->unit.a[i]);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path), 0;
}

static void remove_tree(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void clean_up(Run *r)
{
	end_builder(r);
	for (u32 i = 0; i < r->unit.n; i++) {
		if (r->unit.a[i].pid)
			kill(r->unit.a[i].pid, SIGKILL);
		remove_exe(&r->unit.a[i]);
	}
	if (r->profile)
		fclose(r->profile);
	r->profile = NULL;
	remove_tree(r->tmp);
}

static bool step(Run *r)
{
	ARENA_LOCAL(tmp, 4096);
	struct pollfd *p = arena_array(&tmp, struct pollfd, 2 * r->unit.n + 3);
	TestUnit **of = arena_array(&tmp, TestUnit *, 2 * r->unit.n + 3);
	u32 n = 0;
	int wait = 1000;
	p[n++] = (struct pollfd){.fd = r->sigfd, .events = POLLIN};
	p[n++] = (struct pollfd){.fd = r->builder.pid ? r->builder.in : -1, .events = POLLIN};
	for (u32 i = 0; i < r->unit.n; i++) {
		TestUnit *u = &r->unit.a[i];
		if (!u->pid)
			continue;
		if (u->pidfd < 0 || u->exited)
			wait = 20;
		of[n] = u;
		p[n++] = (struct pollfd){.fd = u->fd, .events = POLLIN};
		p[n++] = (struct pollfd){.fd = u->exited ? -1 : u->pidfd, .events = POLLIN};
	}
	if (poll(p, n, wait) < 0 && errno != EINTR)
		fatal("poll:");
	bool interrupted = p[0].revents;
	if (r->builder.pid && p[1].revents)
		hear_builder(r);
	for (u32 i = 2; i < n; i += 2) {
		if (of[i]->fd >= 0 && p[i].revents)
			take_text(r, of[i]);
		else
			watch(r, of[i]);
	}
	arena_free(&tmp);
	return !interrupted;
}

static int loop(Run *r)
{
	while (r->printed < r->unit.n) {
		start_more(r);
		print_ready(r);
		if (r->printed < r->unit.n && (r->nactive || r->builder.pid) && !step(r)) {
			clean_up(r);
			return 1;
		}
		print_ready(r);
	}
	clean_up(r);
	if (r->f.pkg.n && r->failed && !r->f.json)
		printf("FAIL\n");
	fflush(stdout);
	return r->failed;
}

static void check_output(Run *r)
{
	const char *o = r->f.out;
	if (r->unit.n > 1 && o && strcmp(o, "/dev/null") && o[strlen(o) - 1] != '/' && !dir_exists(o))
		fatal("with multiple packages, -o must refer to a directory or /dev/null");
	for (u32 i = 0; (o || r->f.compile_only) && i < r->unit.n; i++)
		for (u32 k = 0; k < i; k++)
			if (!strcmp(exec_name(r, r->unit.a[i].p), exec_name(r, r->unit.a[k].p)))
				fatal("cannot write test binary %s.test for multiple packages:\n%s\n%s", exec_name(r, r->unit.a[i].p),
					r->unit.a[k].p->path, r->unit.a[i].p->path);
}

/* One package of the main module: failing inputs are written beside its sources. */
static void check_fuzz(Run *r)
{
	if (!r->b.opt.fuzz)
		return;
	const LoadPkg *p = r->unit.a[0].p;
	if (r->unit.n != 1)
		go_fatal(1, "cannot use -fuzz flag with multiple packages");
	if (r->f.cover.profile)
		go_fatal(1, "cannot use -coverprofile flag with -fuzz flag");
	if (r->f.profile)
		go_fatal(1, "cannot use %s flag with -fuzz flag", r->f.profile);
	if (p->mod ? !p->mod->main : p->std)
		go_fatal(1, "cannot use -fuzz flag on package outside the main module");
	if (!cache_folder(&r->ar))
		go_fatal(1, "seago: no place for inputs found by fuzzing: neither SEAGOCACHE, XDG_CACHE_HOME nor HOME is set");
	r->f.kill_ns = 0;               /* as long as it likes */
}

static void block_signals(Run *r)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &r->mask);
	r->sigfd = signalfd(-1, &set, SFD_CLOEXEC);
}

int cmd_test(int argc, char **argv)
{
	Run *r = arena_new(&(Arena){0}, Run);
	if (!test_flags_parse(&r->b, &r->ar, &r->f, argc, argv))
		return 2;
	r->b.opt.fuzz = r->f.fuzz && *r->f.fuzz;
	build_start(&r->b);
	test_load(&r->b, &r->f);
	for (u32 i = 0; i < r->b.load.named.n; i++) {
		TestUnit u = {.p = r->b.load.named.a[i], .fd = -1, .pidfd = -1, .shown = {.ar = &r->ar}};
		vec_push(&r->ar, &r->unit, u);
	}
	if (!r->unit.n)
		go_fatal(1, "no packages to test");
	if (r->f.profile && r->unit.n > 1)
		go_fatal(1, "cannot use %s flag with multiple packages", r->f.profile);
	check_fuzz(r);
	begin_profile(r);
	if (r->f.bench)
		r->f.kill_ns = 0;
	r->njob = r->f.jobs ? r->f.jobs : pool_size(r->b.pool);
	check_output(r);
	const char *tmp = getenv("TMPDIR");
	char *dir = arena_printf(&r->ar, "%s/seago-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		fatal("mkdir %s:", dir);
	r->tmp = dir;
	r->f.cover.tmp = r->tmp;
	test_check(&r->b, &r->f);
	for (u32 i = 0; i < r->unit.n; i++)
		choose_exe(r, &r->unit.a[i]);
	/* programs that nobody sees have no symbol table and no DWARF, as with go test */
	if (!r->f.compile_only && !r->f.keep && !r->f.out)
		r->b.opt.link.strip = r->b.opt.link.nodebug = true;
	block_signals(r);
	signal(SIGPIPE, SIG_IGN);
	if (r->unit.n > 1)
		start_builder(r);
	return loop(r);
}
