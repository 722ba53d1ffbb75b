/* The test runner.
 *
 *     runner [-j n] [-v] [-seago path] [-goroot dir] [-known file] SUITE...
 *
 * Suites: unit:COMMAND   passes if the command (words separated by blanks) exits with 0
 *         run:DIR        Go programs and what they print (x.go, x.out)
 *         err:DIR        // ERROR "regexp" on the line that is wrong
 *         goroot:LIST    files of GOROOT/test named in LIST, or "all": kinds run, compile, build, errorcheck
 *
 * Every test runs in processes of its own with a time limit; output is compared exactly. Tests named in the known file
 * ("name reason...") are expected to fail: they count as skipped, and as failed when they pass, so that the list stays true. The
 * last line is "N passed, N failed, N skipped". */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../../src/base/base.h"

typedef enum Outcome { Passed, Failed, Skipped, Inapplicable } Outcome;
typedef struct Test { const char *name, *kind, *path, *flags; } Test;

typedef struct Known { const char *name, *why; } Known;

typedef struct Runner {
	Arena ar;
	const char *seago, *goroot, *tmp;
	bool verbose;
	int jobs;
	VEC(Test) test;
	VEC(Known) known;
	u32 count[3];
} Runner;

/* ---- processes ---- */

typedef struct Result { Buf out; int status; bool timeout; } Result;   /* status: exit code, or 256 + signal */

/* Runs argv in dir; stdout and stderr together. */
static Result execute(Arena *a, const char *dir, const char **argv, int seconds)
{
	Result r = {.out = {.ar = a}};
	int fd[2];
	if (pipe(fd))
		fatal("pipe:");
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		if (dir && chdir(dir))
			_exit(126);
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(fd[1], 1);
		dup2(fd[1], 2);
		close(fd[0]);
		execv(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
	close(fd[1]);
	u64 end = clock_ns() + (u64)seconds * 1000000000ull;
	enum { OutMax = 16 << 20 };
	for (;;) {
		u64 now = clock_ns();
		struct pollfd p = {.fd = fd[0], .events = POLLIN};
		if (now >= end || r.out.n > OutMax || poll(&p, 1, (int)((end - now) / 1000000 + 1)) == 0) {
			r.timeout = true;
			kill(-pid, SIGKILL);
			break;
		}
		char buf[65536];
		ssize_t n = read(fd[0], buf, sizeof buf);
		if (n <= 0)
			break;
		buf_write(&r.out, buf, (size_t)n);
	}
	close(fd[0]);
	int status = 0;
	waitpid(pid, &status, 0);
	r.status = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
	return r;
}

static bool fail(const char *name, const char *what, Result *r)
{
	fprintf(stderr, "--- %s: %s (status %d%s)\n%.2000s\n", name, what, r->status, r->timeout ? ", timed out" : "", buf_str(&r->out));
	return false;
}

/* ---- ERROR comments ---- */

typedef struct Want { u32 line; const char *re; bool found; } Want;
typedef struct Message { u32 line; const char *text; bool used; } Message;
typedef struct Errors { VEC(Want) want; VEC(Message) msg; } Errors;

/* Reads the quoted regexps after "ERROR " (or GC_ERROR) on each line. "////" switches a line off. */
static void parse_wants(Arena *a, Errors *e, const char *src)
{
	u32 line = 1;
	for (const char *p = src; *p; line++) {
		const char *nl = strchrnul(p, '\n');
		char *s = arena_strndup(a, p, (size_t)(nl - p));
		char *c = strstr(s, "// ERROR ");
		char *g = strstr(s, "// GC_ERROR ");
		if (g)
			c = g + 3;
		if (c && !strstr(s, "////")) {
			for (char *q = strchr(c, '"'), *b = strchr(c, '`'); q || b;) {
				char *o = !q || (b && b < q) ? b : q, *w = strchr(o + 1, *o);
				if (!w)
					break;
				const char *re = arena_strndup(a, o + 1, (size_t)(w - o - 1));
				vec_push(a, &e->want, (Want){line, re, false});
				q = strchr(w + 1, '"');
				b = strchr(w + 1, '`');
			}
		}
		p = *nl ? nl + 1 : nl;
	}
}

/* "path:line:col: text" with continuation lines. */
static void parse_messages(Arena *a, Errors *e, const char *out)
{
	for (const char *p = out; *p;) {
		const char *nl = strchrnul(p, '\n');
		char *s = arena_strndup(a, p, (size_t)(nl - p));
		char *c = strstr(s, ".go:");
		if (s[0] == '\t' && e->msg.n) {
			vec_last(&e->msg).text = arena_printf(a, "%s\n%s", vec_last(&e->msg).text, s);
		} else if (c && s[0] != '#') {
			u32 line = (u32)strtoul(c + 4, &c, 10);
			char *text = strstr(c, ": ");
			vec_push(a, &e->msg, (Message){line, text ? text + 2 : c, false});
		}
		p = *nl ? nl + 1 : nl;
	}
}

/* A regexp of the suite in POSIX form: \d, \n, and braces that are no repetition count; LINE, LINE+n, LINE-n stand for
 * "file:line" there, of which the number is kept. */
static char *to_posix(Arena *a, const char *re, u32 line)
{
	Buf b = {.ar = a};
	for (; *re; re++) {
		if (re[0] == '\\' && re[1] == 'd') {
			buf_puts(&b, "[0-9]");
			re++;
		} else if (re[0] == '\\' && re[1] == 'n') {
			buf_putc(&b, '\n');
			re++;
		} else if (re[0] == '\\' && re[1]) {
			buf_putc(&b, *re++);
			buf_putc(&b, *re);
		} else if (re[0] == '{' && re[1] >= '0' && re[1] <= '9') {
			for (; *re != '}' && re[1]; re++)
				buf_putc(&b, *re);
			buf_putc(&b, *re);
		} else if (re[0] == '{' || re[0] == '}') {
			buf_printf(&b, "\\%c", *re);
		} else if (!strncmp(re, "LINE", 4)) {
			char *end = (char *)(uintptr_t)re + 4;
			long d = *end == '+' || *end == '-' ? strtol(end, &end, 10) : 0;
			buf_printf(&b, ".*:?%ld", (long)line + d);
			re = end - 1;
		} else {
			buf_putc(&b, *re);
		}
	}
	return arena_strndup(a, buf_str(&b), b.n);
}

static bool matches(Arena *a, const char *re, u32 line, const char *text)
{
	regex_t r;
	if (regcomp(&r, to_posix(a, re, line), REG_EXTENDED | REG_NOSUB))
		return strstr(text, re) != NULL;
	bool ok = !regexec(&r, text, 0, NULL, 0);
	regfree(&r);
	return ok;
}

static bool errors_agree(Arena *a, Errors *e, Buf *why)
{
	bool ok = true;
	for (u32 i = 0; i < e->want.n; i++) {
		Want *w = &e->want.a[i];
		for (u32 k = 0; k < e->msg.n; k++)
			if (e->msg.a[k].line == w->line && matches(a, w->re, w->line, e->msg.a[k].text))
				w->found = e->msg.a[k].used = true;
		if (!w->found) {
			buf_printf(why, "line %u: missing error \"%s\"\n", w->line, w->re);
			ok = false;
		}
	}
	for (u32 k = 0; k < e->msg.n; k++)
		if (!e->msg.a[k].used) {
			buf_printf(why, "line %u: unmatched error: %s\n", e->msg.a[k].line, e->msg.a[k].text);
			ok = false;
		}
	return ok;
}

/* ---- kinds ---- */

enum { CheckSeconds = 60, RunSeconds = 90 };

static bool run_errorcheck(Runner *r, Arena *a, const Test *t, bool want_none)
{
	size_t n;
	char *src = file_read(a, t->path, &n);
	const char *argv[] = {r->seago, "build", "-e", "-d", "stop=check", t->path, NULL};
	Result res = execute(a, NULL, argv, CheckSeconds);
	Errors e = {0};
	if (!want_none)
		parse_wants(a, &e, src);
	parse_messages(a, &e, buf_str(&res.out));
	Buf why = {.ar = a};
	if (res.timeout || res.status > 1)
		return fail(t->name, "the compiler broke", &res);
	if (errors_agree(a, &e, &why))
		return true;
	res.out = why;
	return fail(t->name, "errors differ", &res);
}

static bool run_compile(Runner *r, Arena *a, const Test *t)
{
	const char *exe = arena_printf(a, "%s/%d.exe", r->tmp, (int)getpid());
	const char *argv[] = {r->seago, "build", "-o", exe, t->path, NULL};
	Result res = execute(a, NULL, argv, CheckSeconds);
	unlink(exe);
	return !res.status && !res.timeout ? true : fail(t->name, "does not compile", &res);
}

static bool run_run(Runner *r, Arena *a, const Test *t)
{
	const char *exe = arena_printf(a, "%s/%d.exe", r->tmp, (int)getpid());
	const char *build[] = {r->seago, "build", "-o", exe, t->path, NULL};
	Result res = execute(a, NULL, build, CheckSeconds);
	if (res.status || res.timeout)
		return fail(t->name, "does not compile", &res);
	char *dir = arena_strndup(a, t->path, strlen(t->path));
	*strrchr(dir, '/') = 0;
	const char *argv[] = {exe, NULL};
	res = execute(a, dir, argv, RunSeconds);
	unlink(exe);
	size_t n = 0;
	char *want = file_read(a, arena_printf(a, "%.*s.out", (int)strlen(t->path) - 3, t->path), &n);
	int status = 0;
	if (want && n > 12 && !strncmp(want, "exit status ", 12)) {    /* first line of our own expectations */
		status = atoi(want + 12);
		char *nl = strchr(want, '\n');
		n -= (size_t)(nl + 1 - want);
		want = nl + 1;
	}
	if (res.status != status || res.timeout)
		return fail(t->name, "wrong exit status", &res);
	if (res.out.n != n || (n && memcmp(res.out.a, want, n)))
		return fail(t->name, "wrong output", &res);
	return true;
}

static Outcome run_test(Runner *r, const Test *t)
{
	Arena a = {0};
	bool ok;
	if (!strcmp(t->kind, "unit")) {
		const char *argv[16] = {0};
		char *words = arena_strndup(&a, t->path, strlen(t->path)), *save;
		for (char *w = strtok_r(words, " ", &save), **p = (char **)argv; w && p < (char **)argv + 15; w = strtok_r(NULL, " ", &save))
			*p++ = w;
		Result res = execute(&a, NULL, argv, 300);
		ok = !res.status && !res.timeout ? true : fail(t->name, "failed", &res);
	} else if (!strcmp(t->kind, "errorcheck")) {
		ok = run_errorcheck(r, &a, t, strstr(t->flags, "-0") != NULL);
	} else if (!strcmp(t->kind, "compile") || !strcmp(t->kind, "build")) {
		ok = run_compile(r, &a, t);
	} else {
		ok = run_run(r, &a, t);
	}
	arena_free(&a);
	return ok ? Passed : Failed;
}

static const char *known_why(const Runner *r, const char *name)
{
	for (u32 i = 0; i < r->known.n; i++)
		if (!strcmp(r->known.a[i].name, name))
			return r->known.a[i].why;
	return NULL;
}

/* A test that fails is run once more: passing then is reported, since it means a race or a time limit, and counts as passed. */
static Outcome run_twice(Runner *r, const Test *t)
{
	if (run_test(r, t) == Passed)
		return Passed;
	if (known_why(r, t->name) || run_test(r, t) == Failed)
		return Failed;
	printf("FLAKY %s\n", t->name);
	fflush(stdout);
	return Passed;
}

/* ---- suites ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const Test *)a)->name, ((const Test *)b)->name);
}

static void add_dir(Runner *r, const char *kind, const char *dir)
{
	DIR *d = opendir(dir);
	u32 first = r->test.n;
	if (!d)
		fatal("open %s:", dir);
	for (struct dirent *e; (e = readdir(d));) {
		size_t n = strlen(e->d_name);
		if (n > 3 && !strcmp(e->d_name + n - 3, ".go"))
			vec_push(&r->ar, &r->test, (Test){arena_printf(&r->ar, "%s/%s", path_base(dir), e->d_name), kind,
				realpath(path_join(&r->ar, dir, e->d_name), NULL), ""});
	}
	closedir(d);
	if (r->test.n > first)
		qsort(r->test.a + first, r->test.n - first, sizeof(Test), by_name);
}

/* The recipe line of a GOROOT/test file: "// run", "// errorcheck -0 ..."; NULL if this runner has no such kind. Flags that ask for
 * gc's own diagnostics make a test inapplicable. */
static const char *recipe(Arena *a, const char *src, const char **flags)
{
	static const char *const kinds[] = {"run", "compile", "errorcheck", "build"};
	for (const char *p = src; *p;) {
		const char *nl = strchrnul(p, '\n');
		if (nl > p && strncmp(p, "//go:build", 10) && strncmp(p, "// +build", 9)) {
			if (strncmp(p, "// ", 3))
				return NULL;
			p += 3;
			for (size_t i = 0; i < nelem(kinds); i++) {
				size_t n = strlen(kinds[i]);
				if (!strncmp(p, kinds[i], n) && (p[n] == '\n' || p[n] == ' ' || p[n] == '\r')) {
					*flags = arena_strndup(a, p + n, (size_t)(nl - p) - n);
					return kinds[i];
				}
			}
			return NULL;
		}
		p = *nl ? nl + 1 : nl;
	}
	return NULL;
}

static void add_goroot_file(Runner *r, const char *name, bool must)
{
	size_t n;
	const char *path = path_join(&r->ar, r->goroot, path_join(&r->ar, "test", name)), *flags = "";
	char *src = file_read(&r->ar, path, &n);
	if (!src) {
		if (must)
			fatal("open %s:", path);
		return;
	}
	const char *kind = recipe(&r->ar, src, &flags);
	bool plain = strspn(flags, " \r") == strlen(flags) || !strcmp(flags, " -0");
	if (kind && plain)
		vec_push(&r->ar, &r->test, (Test){arena_printf(&r->ar, "goroot/%s", name), kind, path, flags});
	else if (must)
		fatal("%s: no test of a kind this runner knows", name);
}

static void add_goroot(Runner *r, const char *list)
{
	size_t n;
	if (!strcmp(list, "all")) {
		static const char *const dirs[] = {".", "ken", "chan", "interface", "syntax", "fixedbugs", "typeparam", "abi"};
		for (size_t i = 0; i < nelem(dirs); i++) {
			u32 first = r->test.n;
			DIR *d = opendir(path_join(&r->ar, path_join(&r->ar, r->goroot, "test"), dirs[i]));
			for (struct dirent *e; d && (e = readdir(d));)
				if (strlen(e->d_name) > 3 && !strcmp(e->d_name + strlen(e->d_name) - 3, ".go"))
					add_goroot_file(r, path_join(&r->ar, dirs[i], e->d_name), false);
			if (d)
				closedir(d);
			if (r->test.n > first)
				qsort(r->test.a + first, r->test.n - first, sizeof(Test), by_name);
		}
		return;
	}
	char *p = file_read(&r->ar, list, &n);
	if (!p)
		fatal("open %s:", list);
	for (char *s = strtok(p, "\n"); s; s = strtok(NULL, "\n"))
		if (*s && *s != '#')
			add_goroot_file(r, s, true);
}

static void read_known(Runner *r, const char *file)
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
			fatal("%s: %s: a known failure needs a reason", file, s);
		*sp = 0;
		vec_push(&r->ar, &r->known, (Known){s, sp + 1});
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

/* ---- driver ---- */

static void finish(Runner *r, const Test *t, Outcome o)
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
	r->count[o]++;
}

/* One child a test, up to jobs at once; results are taken in order of completion. */
static void run_all(Runner *r)
{
	pid_t *pid = arena_array(&r->ar, pid_t, r->test.n + 1);
	u32 next = 0, running = 0;
	while (next < r->test.n || running) {
		fflush(NULL);
		while (next < r->test.n && running < (u32)r->jobs) {
			pid[next] = fork();
			if (pid[next] == 0)
				_exit(run_twice(r, &r->test.a[next]));
			next++;
			running++;
		}
		int status;
		pid_t p = wait(&status);
		running--;
		for (u32 i = 0; i < next; i++)
			if (pid[i] == p)
				finish(r, &r->test.a[i], WIFEXITED(status) ? (Outcome)WEXITSTATUS(status) : Failed);
	}
}

int main(int argc, char **argv)
{
	Runner r = {.jobs = 2, .seago = "build/seago", .goroot = "/usr/local/go"};
	for (int i = 1; i < argc; i++) {
		char *s = argv[i];
		if (!strcmp(s, "-v"))
			r.verbose = true;
		else if (!strcmp(s, "-j") && i + 1 < argc)
			r.jobs = atoi(argv[++i]);
		else if (!strcmp(s, "-seago") && i + 1 < argc)
			r.seago = argv[++i];
		else if (!strcmp(s, "-goroot") && i + 1 < argc)
			r.goroot = argv[++i];
		else if (!strcmp(s, "-known") && i + 1 < argc)
			read_known(&r, argv[++i]);
		else if (!strncmp(s, "unit:", 5))
			vec_push(&r.ar, &r.test, (Test){unit_name(&r.ar, s + 5), "unit", s + 5, ""});
		else if (!strncmp(s, "run:", 4))
			add_dir(&r, "run", s + 4);
		else if (!strncmp(s, "err:", 4))
			add_dir(&r, "errorcheck", s + 4);
		else if (!strncmp(s, "goroot:", 7))
			add_goroot(&r, s + 7);
		else
			fatal("unknown argument %s", s);
	}
	char tmp[] = "/tmp/seago-test-XXXXXX";
	r.tmp = mkdtemp(tmp);
	run_all(&r);
	rmdir(tmp);
	printf("%u passed, %u failed, %u skipped\n", r.count[Passed], r.count[Failed], r.count[Skipped]);
	return r.count[Failed] ? 1 : 0;
}
