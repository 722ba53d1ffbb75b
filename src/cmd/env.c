/* seago env: the settings of the go command. -w and -u change the user's go/env. Variables of C compilers are shown because scripts
 * look at them; nothing here uses them. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "cmd.h"

enum { VarMax = 64 };
typedef struct Var { const char *name, *value, *usual; } Var;     /* usual: what it would be if nobody had set anything */
typedef struct Env { Arena ar; Context c; Var var[VarMax]; u32 n; } Env;

/* Settings with the value they have when unset and the GOROOT's go.env says nothing. */
static const struct { const char *name, *usual; } plain[] = {
	{"AR", "ar"}, {"CC", "gcc"}, {"CGO_CFLAGS", "-O2 -g"}, {"CGO_CPPFLAGS", ""}, {"CGO_CXXFLAGS", "-O2 -g"}, {"CGO_FFLAGS", "-O2 -g"},
	{"CGO_LDFLAGS", "-O2 -g"}, {"CXX", "g++"}, {"GCCGO", "gccgo"}, {"GO111MODULE", ""}, {"GOAMD64", "v1"}, {"GOAUTH", "netrc"},
	{"GOBIN", ""}, {"GOCACHEPROG", ""}, {"GODEBUG", ""}, {"GOEXPERIMENT", ""}, {"GOFIPS140", "off"}, {"GOFLAGS", ""}, {"GOINSECURE", ""},
	{"GOPRIVATE", ""}, {"GOPROXY", ""}, {"GOSUMDB", ""}, {"GOTMPDIR", ""},
	{"GOTOOLCHAIN", "local"}, {"GOVCS", ""}, {"PKG_CONFIG", "pkg-config"},
};
/* Others that may be written. */
static const char *const writable[] = {
	"CGO_CFLAGS_ALLOW", "CGO_CFLAGS_DISALLOW", "CGO_CPPFLAGS_ALLOW", "CGO_CPPFLAGS_DISALLOW", "CGO_CXXFLAGS_ALLOW", "CGO_CXXFLAGS_DISALLOW",
	"CGO_ENABLED", "CGO_FFLAGS_ALLOW", "CGO_FFLAGS_DISALLOW", "CGO_LDFLAGS_ALLOW", "CGO_LDFLAGS_DISALLOW", "FC", "GO386", "GOARCH", "GOARM",
	"GOARM64", "GOCACHE", "GOMIPS", "GOMIPS64", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOOS", "GOPATH", "GOPPC64", "GORISCV64", "GOROOT",
	"GOWASM", "GO_EXTLINK_ENABLED",
};
static const char *const fixed[] = {"GOEXE", "GOGCCFLAGS", "GOHOSTARCH", "GOHOSTOS", "GOMOD", "GOWORK", "GOTOOLDIR", "GOVERSION", "GOTELEMETRY",
	"GOTELEMETRYDIR"};

static bool listed(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], s))
			return true;
	return false;
}

/* ---- values ---- */

static void add(Env *e, const char *name, const char *value, const char *usual)
{
	if (e->n < VarMax)
		e->var[e->n++] = (Var){name, value ? value : "", usual ? usual : ""};
}

static const char *or(const char *a, const char *b)
{
	return *a ? a : b;
}

static void add_paths(Env *e)
{
	Arena *a = &e->ar;
	const Context *c = &e->c;
	const char *home = getenv("HOME"), *cache = getenv("XDG_CACHE_HOME"), *config = getenv("XDG_CONFIG_HOME"), *env = getenv("GOENV");
	home = home && *home ? home : "";
	config = config && *config ? config : path_join(a, home, ".config");
	cache = cache && *cache ? cache : path_join(a, home, ".cache");
	const char *gopath = path_join(a, home, "go"), *gocache = path_join(a, cache, "go-build"), *file = path_join(a, config, "go/env");
	const char *mod = c->modules ? module_file(a, c->cwd) : NULL;
	add(e, "GOCACHE", or(context_env(c, "GOCACHE"), gocache), gocache);
	add(e, "GOENV", env && *env ? env : file, file);
	add(e, "GOMOD", mod ? mod : c->modules ? "/dev/null" : "", "");
	add(e, "GOMODCACHE", c->modcache, path_join(a, gopath, "pkg/mod"));
	add(e, "GOPATH", c->gopath, gopath);
	add(e, "GOROOT", c->goroot, c->goroot);
	add(e, "GOTELEMETRYDIR", path_join(a, config, "go/telemetry"), path_join(a, config, "go/telemetry"));
	add(e, "GOTOOLDIR", c->goroot ? path_join(a, c->goroot, "pkg/tool/linux_amd64") : "", c->goroot ? path_join(a, c->goroot, "pkg/tool/linux_amd64") : "");
	const char *work = strcmp(context_env(c, "GOWORK"), "off") ? work_file(c) : "off";
	add(e, "GOWORK", work, "");
	add(e, "SEAGO_OVERLAY", c->overlay, c->overlay);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const Var *)a)->name, ((const Var *)b)->name);
}

static void fill(Env *e)
{
	const Context *c = &e->c;
	const char *private = context_env(c, "GOPRIVATE"), *version = c->goversion;
	for (size_t i = 0; i < nelem(plain); i++) {
		const char *usual = or(context_default(c, plain[i].name), plain[i].usual);
		add(e, plain[i].name, or(context_env(c, plain[i].name), usual), usual);
	}
	add(e, "CGO_ENABLED", "0", "0");
	add(e, "GOARCH", c->goarch, "amd64");
	add(e, "GOEXE", "", "");
	add(e, "GOGCCFLAGS", "", "");
	add(e, "GOHOSTARCH", "amd64", "amd64");
	add(e, "GOHOSTOS", "linux", "linux");
	add(e, "GONOPROXY", or(context_env(c, "GONOPROXY"), private), "");
	add(e, "GONOSUMDB", or(context_env(c, "GONOSUMDB"), private), "");
	add(e, "GOOS", c->goos, "linux");
	add(e, "GOTELEMETRY", "off", "off");
	add(e, "GOVERSION", version, version);
	add_paths(e);
	qsort(e->var, e->n, sizeof *e->var, by_name);
}

static const char *value_of(const Env *e, const char *name)
{
	for (u32 i = 0; i < e->n; i++)
		if (!strcmp(e->var[i].name, name))
			return e->var[i].value;
	return "";
}

/* ---- printing ---- */

static void print_shell(const Var *v)
{
	printf("%s='", v->name);
	for (const char *p = v->value; *p; p++)
		*p == '\'' ? (void)fputs("'\\''", stdout) : (void)putchar(*p);
	printf("'\n");
}

static void print_json(const Env *e, const Var *v, u32 n)
{
	Buf b = {.ar = (Arena *)(uintptr_t)&e->ar};
	for (u32 i = 0; i < n; i++) {
		buf_printf(&b, "%s\t", i ? ",\n" : "\n");
		json_quote(&b, v[i].name, strlen(v[i].name));
		buf_puts(&b, ": ");
		json_quote(&b, v[i].value, strlen(v[i].value));
	}
	printf("{%s%s}\n", buf_str(&b), n ? "\n" : "");
}

static void print(const Env *e, char **name, int nname, bool json, bool changed)
{
	Var out[VarMax + 1];
	u32 n = 0;
	for (int i = 0; i < nname; i++) {
		if (strchr(name[i], '='))
			go_fatal(1, "go: invalid variable name \"%s\" (use -w to set variable)", name[i]);
		if (!json && !changed)
			printf("%s\n", value_of(e, name[i]));
	}
	if (nname && !json && !changed)
		return;
	for (u32 i = 0; i < e->n; i++) {
		bool wanted = !nname;
		for (int k = 0; k < nname; k++)
			wanted |= !strcmp(name[k], e->var[i].name);
		if (wanted && !(changed && !strcmp(e->var[i].value, e->var[i].usual)))
			out[n++] = e->var[i];
	}
	for (int k = 0; k < nname && json && !changed && n < VarMax; k++)      /* unknown names are empty */
		if (!bsearch(&(Var){.name = name[k]}, e->var, e->n, sizeof *e->var, by_name))
			out[n++] = (Var){name[k], "", ""};
	qsort(out, n, sizeof *out, by_name);
	if (json)
		print_json(e, out, n);
	for (u32 i = 0; i < n && !json; i++)
		print_shell(&out[i]);
}

/* ---- -w and -u ---- */

static void check_name(const char *key)
{
	if (listed(fixed, nelem(fixed), key))
		go_fatal(1, "go: %s cannot be modified", key);
	if (!strcmp(key, "GOENV") || !strcmp(key, "GODEBUG"))
		go_fatal(1, "go: %s can only be set using the OS environment", key);
	bool known = listed(writable, nelem(writable), key);
	for (size_t i = 0; i < nelem(plain); i++)
		known |= !strcmp(plain[i].name, key);
	if (!known)
		go_fatal(1, "go: unknown go command variable %s", key);
}

static void check_value(const char *key, const char *v)
{
	if (!strcmp(key, "GO111MODULE") && *v && strcmp(v, "auto") && strcmp(v, "on") && strcmp(v, "off"))
		go_fatal(1, "go: invalid %s value \"%s\"", key, v);
	if (!strcmp(key, "GOPATH") && *v == '~')
		go_fatal(1, "go: GOPATH entry cannot start with shell metacharacter '~': \"%s\"", v);
	if (!strcmp(key, "GOPATH") && *v && *v != '/')
		go_fatal(1, "go: GOPATH entry is relative; must be absolute path: \"%s\"", v);
	if (!strcmp(key, "GOMODCACHE") && *v && *v != '/')
		go_fatal(1, "go: GOMODCACHE entry is relative; must be absolute path: \"%s\"", v);
	if (!strcmp(key, "GOTMPDIR") && *v && *v != '/')
		go_fatal(1, "go: GOTMPDIR must be an absolute path");
	if (!strcmp(key, "GOOS") && strcmp(v, "linux"))
		go_fatal(1, "go: unsupported GOOS/GOARCH pair %s/amd64", v);
	if (!strcmp(key, "GOARCH") && strcmp(v, "amd64"))
		go_fatal(1, "go: unsupported GOOS/GOARCH pair linux/%s", v);
	if (strpbrk(v, "\v\r\n"))
		go_fatal(1, "go: invalid newline in %s=... value", key);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool sets(const char *line, const char *key, size_t n)
{
	return !strncmp(line, key, n) && line[n] == '=';
}

/* Rewrites the user's go/env: the settings of args instead of the old ones, sorted; -u: without them. */
static void update(Env *e, char **arg, int narg, bool unset)
{
	Arena *a = &e->ar;
	VEC(const char *) line = {0};
	const char *file = context_env_file(a);
	if (!file)
		go_fatal(1, "go: GOENV=off: there is no file to write to");
	for (const char *p = e->c.envfile, *end = p + e->c.envsize; p && p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
		const char *s = arena_strndup(a, p, (size_t)(stop - p));
		bool drop = !*s;
		for (int i = 0; i < narg; i++)
			drop |= sets(s, arg[i], strcspn(arg[i], "="));
		if (!drop)
			vec_push(a, &line, s);
		p = nl ? nl + 1 : end;
	}
	for (int i = 0; i < narg && !unset; i++)
		vec_push(a, &line, arg[i]);
	if (line.n)
		qsort(line.a, line.n, sizeof *line.a, by_text);
	Buf b = {.ar = a};
	for (u32 i = 0; i < line.n; i++)
		buf_printf(&b, "%s\n", line.a[i]);
	const char *slash = strrchr(file, '/');
	if (slash && !dir_make(arena_strndup(a, file, (size_t)(slash - file))))
		go_fatal(1, "go: writing go env config: mkdir %.*s: %s", (int)(slash - file), file, strerror_go(errno));
	if (!file_write_atomic(file, buf_str(&b), b.n, 0666))
		go_fatal(1, "go: writing go env config: open %s: %s", file, strerror_go(errno));
}

static int write_settings(Env *e, char **arg, int narg)
{
	if (!narg)
		go_fatal(1, "go: no KEY=VALUE arguments given");
	for (int i = 0; i < narg; i++) {
		const char *eq = strchr(arg[i], '=');
		if (!eq)
			go_fatal(1, "go: arguments must be KEY=VALUE: invalid argument: %s", arg[i]);
		const char *key = arena_strndup(&e->ar, arg[i], (size_t)(eq - arg[i])), *env = getenv(key);
		check_name(key);
		check_value(key, eq + 1);
		for (int k = 0; k < i; k++)
			if (sets(arg[k], key, strlen(key)))
				go_fatal(1, "go: multiple values for key: %s", key);
		if (env && *env && strcmp(env, eq + 1))
			fprintf(stderr, "warning: go env -w %s=... does not override conflicting OS environment variable\n", key);
	}
	update(e, arg, narg, false);
	return 0;
}

static int unset_settings(Env *e, char **arg, int narg)
{
	if (!narg)
		go_fatal(1, "go: 'go env -u' requires an argument");
	for (int i = 0; i < narg; i++)
		check_name(arg[i]);
	update(e, arg, narg, true);
	return 0;
}

int cmd_env(int argc, char **argv)
{
	Env e = {0};
	bool json = false, changed = false, w = false, u = false;
	int i = 0;
	for (; i < argc && argv[i][0] == '-'; i++) {
		const char *s = argv[i] + 1 + (argv[i][1] == '-');
		if (!strcmp(s, "json"))
			json = true;
		else if (!strcmp(s, "changed"))
			changed = true;
		else if (!strcmp(s, "w"))
			w = true;
		else if (!strcmp(s, "u"))
			u = true;
		else
			go_fatal(2, "flag provided but not defined: -%s\nusage: go env [-json] [-changed] [-u] [-w] [var ...]\nRun 'go help env' for details.", s);
	}
	if (u + w + json > 1)
		go_fatal(1, "go: cannot use -%s with -%s", json ? "json" : "u", json && u ? "u" : "w");
	context_init(&e.c, &e.ar, "seago");
	if (w)
		return write_settings(&e, argv + i, argc - i);
	if (u)
		return unset_settings(&e, argv + i, argc - i);
	fill(&e);
	print(&e, argv + i, argc - i, json, changed);
	return 0;
}
