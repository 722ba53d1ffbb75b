/* What the command line names: files, directories, import paths, and patterns with "...".
 *
 * A local argument (./x, ../x, /x, .) is a directory, a name is an import path; "std", "cmd" and "all" are sets. In a
 * pattern "..." stands for any text, and "/..." at its end for nothing as well. Folders named testdata or beginning with '.'
 * or '_', and other modules' folders, are not matched. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "load.h"

_Noreturn void go_fatal(int status, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fflush(stdout);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	fflush(stderr);
	_Exit(status);
}

static bool is_local(const char *arg)
{
	return arg[0] == '/' || !strcmp(arg, ".") || !strcmp(arg, "..") || has_prefix(arg, "./") || has_prefix(arg, "../");
}

static const char *absolute(Loader *l, const char *arg)
{
	return arg[0] == '/' ? path_clean(l->ar, arg) : path_join(l->ar, l->ctx->cwd, arg);
}

static const char *goroot_src(Loader *l)
{
	return path_join(l->ar, l->ctx->goroot, "src");
}

/* What follows dir in path, without a slash; NULL if path is not dir or below. */
static const char *inside(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	if (!has_prefix(path, dir) || (path[n] && path[n] != '/'))
		return NULL;
	return path[n] ? path + n + 1 : path + n;
}

static void name_pkg(Loader *l, LoadPkg *p, bool wild)
{
	if (p->named) {
		p->wild &= wild;
		return;
	}
	p->named = true;
	p->wild = wild;
	p->match = l->arg;
	vec_push(l->ar, &l->named, p);
}

/* ---- directories ---- */

static LoadPkg *failed(Loader *l, const char *path, const char *error)
{
	LoadPkg *p = load_find(l, path);
	if (!p)
		p = load_add(l, path);
	p->error = error;
	p->fault = FaultOther;
	return p;
}

/* A directory that has no import path: it is known by its place. */
static LoadPkg *placed(Loader *l, const char *dir)
{
	const char *path = arena_printf(l->ar, "_%s", dir);
	LoadPkg *p = load_find(l, path);
	if (!p) {
		p = load_add(l, path);
		p->dir = dir;
	}
	return p;
}

static LoadPkg *gopath_dir(Loader *l, const char *dir)
{
	for (const char *s = l->ctx->gopath; s && *s; s += *s == ':') {
		size_t n = strcspn(s, ":");
		const char *rest = inside(dir, path_join(l->ar, arena_strndup(l->ar, s, n), "src"));
		s += n;
		if (rest && *rest)
			return load_resolve(l, NULL, rest, 0);
	}
	return placed(l, dir);
}

LoadPkg *load_dir(Loader *l, const char *dir, LoadPkg *from, Pos pos)
{
	LoadPkg *p = inside(dir, goroot_src(l)) ? load_resolve(l, from, inside(dir, goroot_src(l)), pos) : gopath_dir(l, dir);
	if (!p->parent && !p->named) {
		p->parent = from;
		p->parentpos = pos;
	}
	if (!p->error && !dir_exists(dir)) {
		p->dir = NULL;
		p->fault = FaultMissing;
		p->why = arena_printf(l->ar, "cannot find package \".\" in:\n\t%s", dir);
		p->error = arena_printf(l->ar, "%s: %s", pos_text(l, pos), p->why);
	}
	return p;
}

static const char *vendor_fault(Loader *l, const char *dir, const char *rest)
{
	if (!l->vendored)
		return arena_printf(l->ar, "without -mod=vendor, directory %s has no package path", dir);
	if (!map_getp(&l->vendor_mod, intern_str(rest)))
		return arena_printf(l->ar, "directory %s is not a package listed in vendor/modules.txt", dir);
	return NULL;
}

/* A directory of a main module; NULL: of none. */
static LoadPkg *main_dir(Loader *l, const char *dir)
{
	LoadPkg *foreign = NULL;
	for (u32 i = 0; i < l->mains.n; i++)
		if (!strcmp(l->mains.a[i]->dir, dir))
			return load_resolve(l, NULL, l->mains.a[i]->path, 0);
	for (u32 i = 0; i < l->mains.n; i++) {
		const Module *m = l->mains.a[i];
		const char *rest = inside(dir, m->dir);
		if (!rest || strchr(rest, '@'))
			continue;
		if (has_prefix(rest, "vendor/")) {
			const char *fault = vendor_fault(l, dir, rest + 7);
			return fault ? failed(l, dir, fault) : load_resolve(l, NULL, rest + 7, 0);
		}
		const char *path = path_join(l->ar, m->path, rest), *mod = module_file(l->ar, dir);
		if (mod && !strcmp(mod, m->file))
			return load_resolve(l, NULL, path, 0);
		if (!foreign)
			foreign = failed(l, dir, arena_printf(l->ar, "main module (%s) does not contain package %s", m->path, path));
	}
	return foreign;
}

static LoadPkg *dependency_dir(Loader *l, const char *dir)
{
	for (u32 i = l->mains.n; i < l->mods.n; i++) {
		const Module *d = l->mods.a[i];
		const char *rest = d->dir ? inside(dir, d->dir) : NULL;
		if (rest)
			return load_resolve(l, NULL, *rest ? path_join(l->ar, d->path, rest) : d->path, 0);
	}
	return NULL;
}

static LoadPkg *module_dir(Loader *l, const char *dir)
{
	const char *src = goroot_src(l);
	if (inside(dir, src) && *inside(dir, src))
		return load_resolve(l, NULL, inside(dir, src), 0);
	LoadPkg *p = main_dir(l, dir);
	if (!p)
		p = dependency_dir(l, dir);
	if (!p && modules_complete(l))
		p = dependency_dir(l, dir);
	if (p)
		return p;
	if (!l->mains.n)
		go_fatal(1, "go: %s", no_main_module(l));
	const char *shown = short_path(l->ctx, dir), *what = strcmp(shown, ".") ? arena_printf(l->ar, "directory %s", shown) : "current directory";
	const char *mod = l->work ? module_file(l->ar, dir) : NULL;
	if (mod)
		return failed(l, dir, arena_printf(l->ar, "%s is contained in a module that is not one of the workspace modules listed in go.work. You can add "
			"the module to the workspace using:\n\tgo work use %s", what, short_path(l->ctx, arena_strndup(l->ar, mod, strlen(mod) - 7))));
	return failed(l, dir, arena_printf(l->ar, "%s outside %s selected dependencies", what,
		l->work ? "modules listed in go.work or their" : "main module or its"));
}

static LoadPkg *named_dir(Loader *l, const char *arg)
{
	const char *dir = absolute(l, arg);
	if (l->ctx->modules && !l->mains.n && !inside(dir, goroot_src(l)))
		go_fatal(1, "go: %s", no_main_module(l));
	if (!path_type(dir, true) && errno == ENOENT && !dir_has_go(l->ctx, dir))
		return failed(l, arg, arena_printf(l->ar, l->ctx->modules ? "stat %s: directory not found" : "cannot find package \".\" in:\n\t%s", dir));
	if (!dir_has_go(l->ctx, dir)) {
		DirScan d;
		if (!dir_open(&d, dir, SeenSources))
			return failed(l, arg, arena_printf(l->ar, "open %s: %s", dir, strerror_go(errno)));
		dir_close(&d);
		return failed(l, arg, arena_printf(l->ar, "no Go files in %s", dir));
	}
	return l->ctx->modules ? module_dir(l, dir) : inside(dir, goroot_src(l)) ? load_resolve(l, NULL, inside(dir, goroot_src(l)), 0) : gopath_dir(l, dir);
}

/* ---- patterns ---- */

/* "..." matches any text. */
static bool matches(const char *pat, const char *s)
{
	const char *dots = strstr(pat, "...");
	if (!dots)
		return !strcmp(pat, s);
	size_t n = (size_t)(dots - pat);
	if (strncmp(pat, s, n) != 0)
		return n > 0 && !dots[3] && pat[n - 1] == '/' && strlen(s) == n - 1 && !memcmp(pat, s, n - 1);
	if (!dots[3])
		return true;
	for (s += n; *s; s++)
		if (matches(dots + 3, s))
			return true;
	return matches(dots + 3, s);
}

bool load_pattern_matches(const char *pat, const char *s)
{
	return matches(pat, s);
}

typedef struct Walk { Loader *l; const char *pattern; bool local, cmd, modules, vendor; u32 found; } Walk;

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void found(Walk *w, const char *dir, const char *path)
{
	Loader *l = w->l;
	if (!strcmp(path, "builtin") && inside(dir, goroot_src(l)))
		return;         /* documentation only */
	if (!strcmp(path, "runtime/cgo") && inside(dir, goroot_src(l)))
		return;         /* not without cgo, as the go command has it */
	w->found++;
	LoadPkg *p = w->local ? named_dir(l, dir) : load_resolve(l, NULL, path, 0);
	name_pkg(l, p, true);
}

/* Folders that an ignore line of a main module's go.mod names: "./x" that one, "x" any of that name. */
static bool is_ignored(Loader *l, const char *dir)
{
	for (u32 i = 0; i < l->mains.n; i++) {
		const Module *m = l->mains.a[i];
		const char *rest = inside(dir, m->dir);
		for (u32 k = 0; rest && k < m->mod->ignore.n; k++) {
			const char *s = m->mod->ignore.a[k];
			const char *rooted = has_prefix(s, "./") ? path_clean(l->ar, s) : NULL, *tail = rooted ? NULL : path_clean(l->ar, s);
			if (rooted ? !strcmp(rest, rooted) : has_suffix(arena_printf(l->ar, "/%s", rest), arena_printf(l->ar, "/%s", tail)))
				return true;
		}
	}
	return false;
}

/* Visits dir (import path path; shown to a local pattern as rel) and what is below, in order. */
static void walk(Walk *w, const char *dir, const char *path, const char *rel, bool top)
{
	Loader *l = w->l;
	if (!top && w->modules && (file_exists(path_join(l->ar, dir, "go.mod")) || is_ignored(l, dir)))
		return;
	if (matches(w->pattern, w->local ? rel : path) && *path && dir_has_go(l->ctx, dir))
		found(w, dir, path);
	VEC(const char *) sub = {0};
	DirScan d;
	bool opened = dir_open(&d, dir, SeenFolders);
	while (opened && dir_next(&d)) {
		const char *s = d.name;
		if (!strcmp(s, "testdata") || (d.type != DT_DIR && d.type != DT_UNKNOWN))
			continue;
		if (!strcmp(s, "vendor") && (w->modules || !w->vendor))
			continue;
		if (top && !w->cmd && !strcmp(s, "cmd") && !strcmp(dir, goroot_src(l)))
			continue;
		vec_push(l->ar, &sub, arena_strndup(l->ar, s, strlen(s)));
	}
	if (opened)
		dir_close(&d);
	if (sub.n)
		qsort(sub.a, sub.n, sizeof *sub.a, by_name);
	for (u32 i = 0; i < sub.n; i++) {
		const char *to = path_join(l->ar, dir, sub.a[i]);
		if (dir_exists(to))
			walk(w, to, *path ? path_join(l->ar, path, sub.a[i]) : sub.a[i], arena_printf(l->ar, "%s/%s", rel, sub.a[i]), false);
	}
}

/* The nearest go.mod is that of a main module. */
static bool of_main(Loader *l, const char *dir)
{
	const char *mod = module_file(l->ar, dir);
	for (u32 i = 0; mod && i < l->mains.n; i++)
		if (!strcmp(l->mains.a[i]->file, mod))
			return true;
	return false;
}

static bool in_dependency(Loader *l, const char *dir)
{
	for (u32 i = l->mains.n; i < l->mods.n; i++)
		if (l->mods.a[i]->dir && inside(dir, l->mods.a[i]->dir))
			return true;
	return false;
}

static void local_pattern(Loader *l, const char *arg)
{
	const char *dots = strstr(arg, "..."), *slash = dots;
	while (slash > arg && slash[-1] != '/')
		slash--;
	const char *prefix = arena_strndup(l->ar, arg, (size_t)(slash - arg)), *dir = absolute(l, *prefix ? prefix : ".");
	if (!dir_exists(dir)) {
		LoadPkg *p = failed(l, arg, arena_printf(l->ar, "pattern %s: lstat %s: no such file or directory", arg, prefix));
		name_pkg(l, p, false);
		return;
	}
	if (l->ctx->modules && !inside(dir, goroot_src(l)) && !of_main(l, dir) && !in_dependency(l, dir))
		go_fatal(1, "pattern %s: directory prefix %s does not contain %s selected dependencies", arg, short_path(l->ctx, dir),
			l->work ? "modules listed in go.work or their" : "main module or its");
	const char *clean = strlen(prefix) > 1 ? arena_strndup(l->ar, prefix, strlen(prefix) - 1) : prefix;
	Walk w = {.l = l, .pattern = arg, .local = true, .cmd = true, .modules = l->ctx->modules, .vendor = true};
	walk(&w, dir, ".", clean, true);
	if (!w.found)
		vec_push(l->ar, &l->warning, arena_printf(l->ar, "go: warning: \"%s\" matched no packages", arg));
}

static void std_pattern(Loader *l, const char *arg, const char *pattern, bool cmd)
{
	Walk w = {.l = l, .pattern = pattern, .cmd = cmd, .vendor = true};
	const char *dir = cmd ? path_join(l->ar, goroot_src(l), "cmd") : goroot_src(l);
	walk(&w, dir, cmd ? "cmd" : "", "", true);
	if (!w.found)
		vec_push(l->ar, &l->warning, arena_printf(l->ar, "go: warning: \"%s\" matched no packages", arg));
}

/* Whether a package below path can match the pattern. */
static bool reaches(const char *pattern, const char *path)
{
	const char *dots = strstr(pattern, "...");
	size_t n = (size_t)(dots - pattern), m = strlen(path);
	return !strncmp(pattern, path, n < m ? n : m);
}

static void walk_module(Walk *w, Module *m)
{
	Loader *l = w->l;
	if (l->vendored && !m->main)
		walk(w, m->dir, m->path, "", true);
	else if (m->main || module_there(l, m))
		walk(w, m->dir, m->path, "", true);
	else if (m->error)
		go_fatal(1, "go: %s", m->error);
}

static void path_pattern(Loader *l, const char *arg)
{
	Walk w = {.l = l, .pattern = arg, .modules = l->ctx->modules, .vendor = strstr(arg, "vendor") != NULL};
	Walk s = w;
	s.modules = false;
	if (arg[0] == '.' || !strchr(arg, '.') || strchr(arg, '.') >= strstr(arg, "...")) {
		walk(&s, goroot_src(l), "", "", true);
		if (has_prefix(arg, "cmd") || has_prefix(arg, "..."))
			walk(&s, path_join(l->ar, goroot_src(l), "cmd"), "cmd", "", true);
	}
	if (!l->vendored)
		modules_complete(l);
	if (l->graph_error)
		go_fatal(1, "go: pattern %s: %s", arg, l->graph_error);
	for (u32 i = 0; i < l->mods.n; i++)
		if (i < l->mains.n || reaches(arg, l->mods.a[i]->path))
			walk_module(&w, l->mods.a[i]);
	for (const char *p = l->ctx->modules ? NULL : l->ctx->gopath; p && *p; p += *p == ':') {
		size_t n = strcspn(p, ":");
		const char *src = path_join(l->ar, arena_strndup(l->ar, p, n), "src");
		walk(&w, src, "", "", true);
		p += n;
	}
	if (!w.found && !s.found)
		vec_push(l->ar, &l->warning, arena_printf(l->ar, "go: warning: \"%s\" matched no packages", arg));
}

/* "work": the packages of the main modules; "tool": what their tool lines name; "all": both, and later all they import. */
static void main_pattern(Loader *l, const char *arg)
{
	bool tools = strcmp(arg, "work") != 0, own = strcmp(arg, "tool") != 0;
	if (!l->mains.n)
		go_fatal(1, "go: %s", no_main_module(l));
	const char **path;
	u32 n;
	if (own && tools && l->expand && l->expand(l, arg, &path, &n)) {
		for (u32 i = 0; i < n; i++)
			name_pkg(l, load_resolve(l, NULL, path[i], 0), true);
		return;
	}
	for (u32 i = 0; i < l->mains.n; i++) {
		const Module *m = l->mains.a[i];
		Walk w = {.l = l, .pattern = arena_printf(l->ar, "%s/...", m->path), .modules = true};
		if (own)
			walk(&w, m->dir, m->path, "", true);
		for (u32 k = 0; tools && k < m->mod->tool.n; k++)
			name_pkg(l, load_resolve(l, NULL, m->mod->tool.a[k], 0), false);
	}
}

/* ---- files ---- */

static bool is_go_file(const char *arg)
{
	return has_suffix(arg, ".go") && file_exists(arg);
}

/* The command line's .go files form one package of their own. */
static void given_files(Loader *l, const char **arg, u32 narg)
{
	const char *dir = NULL, *shown = NULL;
	LoadPkg *p = load_add(l, "command-line-arguments");
	p->gofile = arena_array(l->ar, const char *, narg);
	for (u32 i = 0; i < narg; i++) {
		struct stat st;
		const char *path = absolute(l, arg[i]), *slash = strrchr(path, '/'), *given = strrchr(arg[i], '/');
		if (!has_suffix(arg[i], ".go"))
			go_fatal(1, "named files must be .go files: %s", arg[i]);
		if (stat(path, &st) != 0)
			go_fatal(1, "stat %s: %s", arg[i], strerror_go(errno));
		if (S_ISDIR(st.st_mode))
			go_fatal(1, "%s is a directory, should be a Go file", arg[i]);
		const char *in = slash == path ? "/" : arena_strndup(l->ar, path, (size_t)(slash - path));
		const char *in_shown = given ? arena_strndup(l->ar, arg[i], (size_t)(given - arg[i])) : ".";
		if (dir && strcmp(dir, in) != 0)
			go_fatal(1, "named files must all be in one directory; have %s and %s", shown, in_shown);
		dir = in;
		shown = in_shown;
		if (!has_suffix(arg[i], "_test.go"))
			p->gofile[p->ngofile++] = path;
	}
	p->dir = dir;
	for (u32 i = 0; i < l->mains.n; i++)
		if (inside(dir, l->mains.a[i]->dir))
			p->mod = l->mains.a[i];
	p->given = true;
	p->testfile = arena_array(l->ar, const char *, narg);
	for (u32 i = 0; i < narg; i++)
		if (has_suffix(arg[i], "_test.go"))
			p->testfile[p->ntestfile++] = absolute(l, arg[i]);
	name_pkg(l, p, false);
}

static void one_arg(Loader *l, const char *arg)
{
	bool dots = strstr(arg, "...") != NULL;
	if (strchr(arg, '@') && !is_local(arg))
		go_fatal(1, "package %s: can only use path@version syntax with 'go get' and 'go install' in module-aware mode", arg);
	if (is_local(arg))
		dots ? local_pattern(l, arg) : name_pkg(l, named_dir(l, arg), false);
	else if (!strcmp(arg, "std") || !strcmp(arg, "cmd"))
		std_pattern(l, arg, "...", arg[0] == 'c');
	else if (l->ctx->modules && (!strcmp(arg, "all") || !strcmp(arg, "work") || !strcmp(arg, "tool")))
		main_pattern(l, arg);
	else if (!strcmp(arg, "all"))
		path_pattern(l, "...");
	else if (dots)
		path_pattern(l, arg);
	else
		name_pkg(l, load_resolve(l, NULL, arg[0] ? path_clean(l->ar, arg) : ".", 0), false);
}

void load_args(Loader *l, const char **arg, u32 narg)
{
	for (u32 i = 0; i < narg; i++)
		if (is_go_file(arg[i])) {
			given_files(l, arg, narg);
			return;
		}
	for (u32 i = 0; i < narg; i++) {
		l->arg = arg[i];
		one_arg(l, arg[i]);
	}
}
