/* Where things are: GOROOT, GOPATH, our overlay, the target; and what the user has set: environment, go/env, -overlay. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include "load.h"

static bool is_goroot(Arena *a, const char *dir)
{
	return file_exists(path_join(a, dir, "src/runtime/runtime.go"));
}

/* What the environment names is taken at its word. */
static const char *goroot_said(void)
{
	const char *s = getenv("SEAGO_GOROOT"), *g = getenv("GOROOT");
	return s && *s ? s : g && *g ? g : NULL;
}

static const char *find_goroot(Arena *a, const char *exedir)
{
	const char *said = goroot_said();
	if (said)
		return is_goroot(a, said) ? path_clean(a, said) : NULL;
	const char *try[] = {
		path_join(a, exedir, "../goroot"), path_join(a, exedir, "goroot"), "/usr/local/go", "/usr/lib/go-1.26", "/usr/share/go-1.26",
	};
	for (size_t i = 0; i < nelem(try); i++)
		if (is_goroot(a, try[i]))
			return path_clean(a, try[i]);
	return NULL;
}

const char *goroot_error(Arena *a)
{
	static const char advice[] = "the standard library's source is needed; set GOROOT, or run 'make std' in seago's source tree to fetch it";
	const char *said = goroot_said();
	return said ? arena_printf(a, "cannot find GOROOT: %s holds no src/runtime/runtime.go; %s", said, advice) :
		arena_printf(a, "cannot find GOROOT: %s", advice);
}

static const char *exe_dir(Arena *a, const char *exe)
{
	char buf[4096];
	ssize_t n = readlink("/proc/self/exe", buf, sizeof buf - 1);
	const char *p = n > 0 ? arena_strndup(a, buf, (size_t)n) : exe;
	const char *slash = strrchr(p, '/');
	return slash ? arena_strndup(a, p, (size_t)(slash - p)) : ".";
}

/* ---- settings ---- */

/* NAME=value lines; '#' starts a comment line. */
static const char *setting(Arena *a, const char *text, size_t size, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = text, *end = text + size; p && p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *e = nl ? nl : end;
		if (e > p && e[-1] == '\r')
			e--;
		if ((size_t)(e - p) > n && !memcmp(p, name, n) && p[n] == '=')
			return arena_strndup(a, p + n + 1, (size_t)(e - p - n - 1));
		p = nl ? nl + 1 : end;
	}
	return NULL;
}

const char *context_env_file(Arena *a)
{
	const char *v = getenv("GOENV"), *dir = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (v && !strcmp(v, "off"))
		return NULL;
	if (v && *v)
		return v;
	if (dir && *dir)
		return path_join(a, dir, "go/env");
	return home && *home ? path_join(a, home, ".config/go/env") : NULL;
}

const char *context_default(const Context *c, const char *name)
{
	const char *v = setting(c->ar, c->rootenv, c->rootsize, name);
	return v ? v : "";
}

const char *context_env(const Context *c, const char *name)
{
	const char *v = getenv(name);
	if (v && *v)
		return v;
	v = setting(c->ar, c->envfile, c->envsize, name);
	return v ? v : context_default(c, name);
}

/* $PWD if it names the directory we are in: the user's idea of the path, symbolic links kept. */
static const char *current_dir(Arena *a)
{
	char cwd[4096];
	struct stat here, there;
	const char *pwd = getenv("PWD");
	if (pwd && *pwd == '/' && stat(pwd, &there) == 0 && stat(".", &here) == 0 && here.st_ino == there.st_ino && here.st_dev == there.st_dev)
		return path_clean(a, pwd);
	if (!getcwd(cwd, sizeof cwd))
		fatal("cannot find the current directory:");
	return arena_strndup(a, cwd, strlen(cwd));
}

void context_init(Context *c, Arena *a, const char *exe)
{
	const char *dir = exe_dir(a, exe), *env, *home = getenv("HOME");
	c->ar = a;
	c->goroot = find_goroot(a, dir);
	const char *file = context_env_file(a);
	if (file)
		c->envfile = file_read(a, file, &c->envsize);
	if (c->goroot)
		c->rootenv = file_read(a, path_join(a, c->goroot, "go.env"), &c->rootsize);
	const char *overlay[] = {getenv("SEAGO_OVERLAY"), path_join(a, dir, "overlay"), path_join(a, dir, "../overlay")};
	for (size_t i = 0; i < nelem(overlay) && !c->overlay; i++)
		if (overlay[i] && file_exists(path_join(a, overlay[i], "manifest")))
			c->overlay = path_clean(a, overlay[i]);
	c->goos = *(env = context_env(c, "GOOS")) ? env : "linux";
	c->goarch = *(env = context_env(c, "GOARCH")) ? env : "amd64";
	c->gopath = *(env = context_env(c, "GOPATH")) ? env : home && *home ? path_join(a, home, "go") : NULL;
	env = context_env(c, "GOMODCACHE");
	if (*env)
		c->modcache = env;
	else if (c->gopath)
		c->modcache = path_join(a, arena_strndup(a, c->gopath, strcspn(c->gopath, ":")), "pkg/mod");
	c->cwd = current_dir(a);
	c->modules = strcmp(context_env(c, "GO111MODULE"), "off") != 0;
	c->minor = 26;
	size_t n;
	char *v = c->goroot ? file_read(a, path_join(a, c->goroot, "VERSION"), &n) : NULL;
	c->goversion = v && has_prefix(v, "go1.") ? arena_strndup(a, v, strcspn(v, "\r\n")) : "go1.26";
}

/* ---- files ---- */

const char *short_path(const Context *c, const char *path)
{
	if (path[0] != '/')
		return path;
	const char *rel = path_rel(c->ar, c->cwd, path);
	return strlen(rel) < strlen(path) ? rel : path;
}

char *context_read(const Context *c, Arena *a, const char *path, size_t *n)
{
	const char *with = c->replaced.n ? map_getp(&c->replaced, intern_str(path)) : NULL;
	if (with && !*with) {
		errno = ENOENT;
		return NULL;
	}
	return file_read(a, with ? with : path, n);
}

/* ---- -overlay: {"Replace": {"path": "file", ...}} ---- */

typedef struct Json { const char *p, *end; Arena *ar; } Json;

static void json_space(Json *j)
{
	while (j->p < j->end && strchr(" \t\r\n", *j->p) && *j->p)
		j->p++;
}

static bool json_is(Json *j, char c)
{
	json_space(j);
	if (j->p >= j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

static const char *json_string(Json *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	Buf b = {.ar = j->ar};
	if (!json_is(j, '"'))
		return NULL;
	for (; j->p < j->end && *j->p != '"'; j->p++) {
		const char *e = *j->p == '\\' && j->p + 1 < j->end ? strchr(from, j->p[1]) : NULL;
		if (*j->p == '\\' && (!e || !*e))
			return NULL;
		buf_putc(&b, e ? to[e - from] : *j->p);
		j->p += e != NULL;
	}
	return json_is(j, '"') ? buf_str(&b) : NULL;
}

static bool overlay_parse(Context *c, Json *j)
{
	const char *key = json_is(j, '{') ? json_string(j) : NULL;
	if (!key || strcmp(key, "Replace") || !json_is(j, ':') || !json_is(j, '{'))
		return false;
	while (!json_is(j, '}')) {
		const char *from = json_string(j), *to = from && json_is(j, ':') ? json_string(j) : NULL;
		if (!to || !*from)
			return false;
		from = *from == '/' ? path_clean(c->ar, from) : path_join(c->ar, c->cwd, from);
		if (*to && *to != '/')
			to = path_join(c->ar, c->cwd, to);
		map_putp(c->ar, &c->replaced, intern_str(from), (void *)(uintptr_t)to);
		vec_push(c->ar, &c->added, from);
		if (!json_is(j, ',') && j->p < j->end && *j->p != '}')
			return false;
	}
	return json_is(j, '}');
}

const char *overlay_read(Context *c, const char *file)
{
	size_t n;
	char *text = file_read(c->ar, file, &n);
	if (!text)
		return arena_printf(c->ar, "reading overlay: open %s: %s", file, strerror_go(errno));
	Json j = {text, text + n, c->ar};
	return overlay_parse(c, &j) ? NULL : arena_printf(c->ar, "parsing overlay JSON: %s: malformed", file);
}
