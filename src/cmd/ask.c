/* What the go command does for our builds: it fetches modules that are not in the cache, changes go.mod under -mod=mod, expands
 * "all", and finds what pkg@version means. Packages are resolved by the loader as long as everything is there; when something is
 * not, the go command loads the same packages with the same flags, says what go says, and then the build starts over. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd.h"

typedef VEC(const char *) Args;

static Build *build_of(Loader *l)
{
	return (Build *)(void *)((char *)l - offsetof(Build, load));
}

/* ---- running it ---- */

/* Lines that tell of progress; any other line is an error. */
static bool is_progress(const char *s)
{
	static const char *const known[] = {"go: downloading ", "go: finding ", "go: found ", "go: warning: ", "go: added ", "go: upgraded ",
		"go: downgraded ", "go: extracting ", "go: ignoring ", "go: dropping ", "go: module ", "#", "seago: "};
	for (size_t i = 0; i < nelem(known); i++)
		if (has_prefix(s, known[i]))
			return true;
	return false;
}

typedef struct Answer { const char *out; int status; bool complained; } Answer;

static const char *const no_tool = "go: error obtaining buildID for go tool compile";

/* Passes lines on as they come, but not the one that says that there is no compiler. */
static void pass_lines(FILE *from, Answer *r)
{
	char *line = NULL;
	size_t cap = 0;
	for (ssize_t n; (n = getline(&line, &cap, from)) > 0;) {
		if (has_prefix(line, no_tool))
			continue;
		r->complained |= !is_progress(line);
		fwrite(line, 1, (size_t)n, stderr);
	}
	free(line);
}

/* Runs the go command. Its standard output is the answer; what it says on standard error is passed on. */
static Answer run_go(Build *b, const Args *arg)
{
	Answer r = {.out = ""};
	int err[2];
	FILE *out = tmpfile();
	const char *exe = tool_find(&b->ctx, "cmd/go");
	if (!out || pipe(err) != 0)
		go_fatal(1, "seago: cannot make a temporary file: %s", strerror_go(errno));
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fileno(out), 1);
		dup2(err[1], 2);
		close(err[0]);
		close(err[1]);
		tool_env(&b->ctx);
		setenv("CGO_ENABLED", "0", 1);
		execv(exe, (char *const *)(uintptr_t)arg->a);
		_exit(127);
	}
	close(err[1]);
	FILE *said = fdopen(err[0], "r");
	if (pid < 0 || !said)
		go_fatal(1, "seago: cannot run %s: %s", exe, strerror_go(errno));
	pass_lines(said, &r);
	fclose(said);
	while (waitpid(pid, &r.status, 0) < 0 && errno == EINTR)
		;
	Buf text = {.ar = &b->ar};
	char buf[4096];
	rewind(out);
	for (size_t n; (n = fread(buf, 1, sizeof buf, out)) > 0;)
		buf_write(&text, buf, n);
	fclose(out);
	r.out = buf_str(&text);
	return r;
}

/* The flags that decide which packages are loaded and from where. */
static void add_flags(Build *b, Args *arg)
{
	const Options *o = &b->opt;
	const struct { const char *name, *value; } flag[] = {{"mod", o->mod}, {"modfile", o->modfile}, {"tags", o->tags}, {"overlay", o->overlay}};
	for (size_t i = 0; i < nelem(flag); i++)
		if (flag[i].value)
			vec_push(&b->ar, arg, arena_printf(&b->ar, "-%s=%s", flag[i].name, flag[i].value));
}

static Args list_command(Build *b, const char *format)
{
	Args arg = {0};
	vec_push(&b->ar, &arg, "go");
	vec_push(&b->ar, &arg, "list");
	vec_push(&b->ar, &arg, arena_printf(&b->ar, "-f=%s", format));
	add_flags(b, &arg);
	return arg;
}

/* ---- starting over ---- */

/* The same command line once more, in the directory that -C has led to. */
static _Noreturn void start_over(Build *b)
{
	size_t n;
	Args arg = {0};
	const char *p = file_read(&b->ar, "/proc/self/cmdline", &n), *end = p + n;
	if (!p)
		fatal("read /proc/self/cmdline:");
	for (; p < end; p += strlen(p) + 1)
		vec_push(&b->ar, &arg, p);
	if (arg.n > 2 && b->skip) {
		memmove(arg.a + 2, arg.a + 2 + b->skip, (arg.n - 2 - b->skip) * sizeof *arg.a);
		arg.n -= b->skip;
	}
	vec_push(&b->ar, &arg, NULL);
	setenv("SEAGO_ASKED", "1", 1);
	fflush(NULL);
	execv("/proc/self/exe", (char *const *)(uintptr_t)arg.a);
	fatal("exec /proc/self/exe:");
}

void build_ask(Loader *l)
{
	Build *b = build_of(l);
	if (b->asked)
		return;
	b->asked = true;
	Args arg = list_command(b, "{{with .Error}}{{.}}{{end}}");
	vec_push(&b->ar, &arg, "-e");
	vec_push(&b->ar, &arg, "-deps");
	if (l->tests && !l->only_names)
		vec_push(&b->ar, &arg, "-test");
	vec_push(&b->ar, &arg, "--");
	for (u32 i = 0; i < b->opt.narg; i++)
		vec_push(&b->ar, &arg, b->opt.arg[i]);
	vec_push(&b->ar, &arg, NULL);
	Answer r = run_go(b, &arg);
	bool bad = r.complained || r.status;
	bool list = !strcmp(b->command, "list");        /* it tells errors in its own way */
	for (const char *p = r.out; *p && !list;) {
		size_t n = strcspn(p, "\n");
		if (n)
			fprintf(stderr, "%.*s\n", (int)n, p);
		bad |= n > 0;
		p += n + (p[n] == '\n');
	}
	if (bad)
		exit(1);
	start_over(b);
}

bool build_expand(Loader *l, const char *pattern, const char ***path, u32 *npath)
{
	Build *b = build_of(l);
	VEC(const char *) found = {0};
	Args arg = list_command(b, "{{.ImportPath}}");
	vec_push(&b->ar, &arg, "--");
	vec_push(&b->ar, &arg, pattern);
	vec_push(&b->ar, &arg, NULL);
	Answer r = run_go(b, &arg);
	if (r.status)
		exit(1);
	for (const char *p = r.out; *p;) {
		size_t n = strcspn(p, "\n");
		if (n)
			vec_push(&b->ar, &found, arena_strndup(&b->ar, p, n));
		p += n + (p[n] == '\n');
	}
	*path = found.a;
	*npath = found.n;
	return true;
}

/* ---- pkg@version ---- */

/* The module that has the package, of those whose path is a prefix of path and that are now in the cache. */
static Module *providing(Build *b, const char *path, const char *const *version, u32 n)
{
	Loader *l = &b->load;
	for (char *prefix = arena_strndup(&b->ar, path, strlen(path));;) {
		for (u32 i = 0; i < n; i++) {
			Module *m = module_at(l, prefix, version[i]);
			const char *rest = path + strlen(prefix);
			if (module_cached(l, m) && (strstr(rest, "...") || dir_has_go(&b->ctx, path_join(&b->ar, m->dir, *rest ? rest + 1 : "."))))
				return m;
		}
		char *slash = strrchr(prefix, '/');
		if (!slash)
			return NULL;
		*slash = 0;
	}
}

/* Versions that a query such as "latest" may have led to: what the go command says of every prefix of path. */
static void query(Build *b, const char *path, const char *version, Args *out)
{
	Args arg = {0};
	vec_push(&b->ar, &arg, "go");
	vec_push(&b->ar, &arg, "list");
	vec_push(&b->ar, &arg, "-m");
	vec_push(&b->ar, &arg, "-e");
	vec_push(&b->ar, &arg, "-f={{if not .Error}}{{.Version}}{{end}}");
	const char *dots = strstr(path, "...");
	for (char *prefix = arena_strndup(&b->ar, path, dots ? (size_t)(dots - path) : strlen(path));;) {
		size_t n = strlen(prefix);
		if (n && prefix[n - 1] != '/')
			vec_push(&b->ar, &arg, arena_printf(&b->ar, "%s@%s", prefix, version));
		char *slash = strrchr(prefix, '/');
		if (!slash)
			break;
		*slash = 0;
	}
	vec_push(&b->ar, &arg, NULL);
	Answer r = run_go(b, &arg);
	for (const char *p = r.out; *p;) {
		size_t n = strcspn(p, "\n");
		if (n)
			vec_push(&b->ar, out, arena_strndup(&b->ar, p, n));
		p += n + (p[n] == '\n');
	}
}

/* The go command goes as far as it can without a compiler: it finds the module, fetches what the packages need, and complains as
 * it should. Then the module alone is what the loader starts from. */
void build_remote(Build *b, int argc, char **argv)
{
	bool remote = false;
	for (u32 i = 0; i < b->opt.narg; i++) {
		const char *s = b->opt.arg[i];
		remote |= strchr(s, '@') && *s != '-' && *s != '/' && *s != '.' && !(has_suffix(s, ".go") && file_exists(s));
	}
	if (!remote)
		return;
	Args arg = {0};
	vec_push(&b->ar, &arg, "go");
	vec_push(&b->ar, &arg, b->command);
	vec_push(&b->ar, &arg, "-toolexec=/nonexistent");
	for (int i = (int)b->skip; i < argc; i++)
		vec_push(&b->ar, &arg, argv[i]);
	vec_push(&b->ar, &arg, NULL);
	Answer r = run_go(b, &arg);
	if (r.complained || !r.status)
		exit(1);
	const char *first = b->opt.arg[0], *version = strchr(first, '@') + 1;
	const char *path = arena_strndup(&b->ar, first, (size_t)(version - first) - 1);
	Args known = {0};
	vec_push(&b->ar, &known, version);
	b->load.noroot = true;
	Module *m = semver_valid(version) ? providing(b, path, known.a, 1) : NULL;
	if (!m) {
		query(b, path, version, &known);
		m = providing(b, path, known.a, known.n);
	}
	if (!m)
		go_fatal(1, "go: %s: cannot tell which module provides the package", first);
	b->load.remote = m;
	const char **plain = arena_array(&b->ar, const char *, b->opt.narg);
	for (u32 i = 0; i < b->opt.narg; i++)
		plain[i] = arena_strndup(&b->ar, b->opt.arg[i], strcspn(b->opt.arg[i], "@"));
	b->opt.arg = plain;
}
