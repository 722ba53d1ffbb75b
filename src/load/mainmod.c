/* The main modules: the one whose go.mod is in the current directory or above it, or all that a go.work names; and whether
 * dependencies come from the module cache or from vendor/. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "load.h"

/* The nearest file of that name at or above dir. */
static const char *nearest(Arena *a, const char *dir, const char *name, const char *stop)
{
	char *d = path_clean(a, dir);
	for (;;) {
		const char *file = path_join(a, d, name);
		if (file_exists(file))
			return file;
		char *slash = strrchr(d, '/');
		if (!slash || !d[1] || (stop && !strcmp(d, stop)))
			return NULL;
		slash[slash == d] = 0;
	}
}

const char *module_file(Arena *a, const char *dir)
{
	return nearest(a, dir, "go.mod", NULL);
}

const char *work_file(const Context *c)
{
	const char *v = context_env(c, "GOWORK");
	if (!strcmp(v, "off") || !c->modules)
		return NULL;
	if (!*v || !strcmp(v, "auto"))
		return nearest(c->ar, c->cwd, "go.work", c->goroot);
	if (*v != '/')
		go_fatal(1, "go: invalid GOWORK: not an absolute path");
	return v;
}

const char *language_of(Arena *a, const char *go, const char *def)
{
	if (!go)
		return def;
	size_t n = strspn(go, "0123456789");
	n += go[n] == '.';
	n += strspn(go + n, "0123456789");
	return arena_printf(a, "go%.*s", (int)n, go);
}

bool mods_update(const Loader *l)
{
	return !strcmp(l->mod_mode, "mod");
}

void load_ask(Loader *l)
{
	if (l->ask)
		l->ask(l);
}

const char *no_main_module(const Loader *l)
{
	return l->work ? "no modules were found in the current workspace; see 'go help work'" :
		"go.mod file not found in current directory or any parent directory; see 'go help modules'";
}

const char *updates_needed(Loader *l)
{
	if (l->ctx->mod)
		return arena_printf(l->ar, "updates to go.mod needed, disabled by -mod=%s; to update it:\n\tgo mod tidy", l->ctx->mod);
	if (l->mod_why)
		return arena_printf(l->ar, "updates to go.mod needed, disabled by -mod=%s\n\t(%s)\n\tto update it:\n\tgo mod tidy", l->mod_mode, l->mod_why);
	return "updates to go.mod needed; to update it:\n\tgo mod tidy";
}

static const char *folder_of(Arena *a, const char *file)
{
	const char *slash = strrchr(file, '/');
	return slash == file ? "/" : arena_strndup(a, file, (size_t)(slash - file));
}

/* ---- reading ---- */

static void put_faults(const ModFile *m)
{
	for (u32 i = 0; i < m->fault.n; i++)
		fprintf(stderr, "%s\n", m->fault.a[i]);
}

void mods_told(const ModFile *m, const char *file)
{
	if (!m->fault.n)
		return;
	fflush(stdout);
	fprintf(stderr, "go: errors parsing %s:\n", file);
	put_faults(m);
	exit(1);
}

static void check_debug(Loader *l, const ModFile *f, const char *what)
{
	for (u32 i = 0; i < f->godebug.n; i++) {
		const char *fault = godebug_fault(l->ctx, "godebug", f->godebug.a[i].key, f->godebug.a[i].value);
		if (fault)
			go_fatal(1, "go: error loading %s:\n%s:%u: %s", what, f->shown, f->godebug.a[i].line, fault);
	}
}

static bool same_target(const ModReplace *a, const ModReplace *b)
{
	return !strcmp(a->to, b->to) && !strcmp(a->to_version ? a->to_version : "", b->to_version ? b->to_version : "");
}

static const char *at(Arena *a, const char *path, const char *version)
{
	return version ? arena_printf(a, "%s@%s", path, version) : path;
}

/* Where replacements by directories are; the same module twice must be replaced by the same. */
static void settle_replaces(Loader *l, ModFile *f, const char *dir)
{
	for (u32 i = 0; i < f->replace.n; i++) {
		ModReplace *r = &f->replace.a[i];
		r->file = f->file;
		if (!r->to_version)
			r->dir = r->to[0] == '/' ? path_clean(l->ar, r->to) : path_join(l->ar, dir, r->to);
		for (u32 k = 0; k < i; k++) {
			const ModReplace *o = &f->replace.a[k];
			if (!strcmp(o->path, r->path) && !strcmp(o->version ? o->version : "", r->version ? r->version : "") && !same_target(o, r))
				go_fatal(1, "go: conflicting replacements for %s:\n\t%s\n\t%s", at(l->ar, r->path, r->version),
					at(l->ar, o->to, o->to_version), at(l->ar, r->to, r->to_version));
		}
	}
}

/* One main module; what is wrong with it, or NULL. */
static const char *read_main(Loader *l, const char *dir, const char *file, const char *shown)
{
	size_t n;
	const char *text = context_read(l->ctx, l->ar, file, &n), *ours = l->ctx->goversion + 2;
	if (!text)
		return arena_printf(l->ar, "open %s: %s", l->work ? file : shown, strerror_go(errno));
	ModFile *f = modfile_parse(l->ar, file, shown, text, n, ModMain);
	if (f->fault.n) {
		Buf b = {.ar = l->ar};
		if (f->queries)
			load_ask(l);
		buf_printf(&b, "errors parsing %s:", shown);
		for (u32 i = 0; i < f->fault.n; i++)
			buf_printf(&b, "\n%s", f->fault.a[i]);
		return buf_str(&b);
	}
	if (f->go && gover_cmp(f->go, ours) > 0 && !l->work)
		return arena_printf(l->ar, "%s requires go >= %s (running go %s; GOTOOLCHAIN=local)", shown, f->go, ours);
	if (!f->path)
		return arena_printf(l->ar, "error reading %s: missing module declaration. To specify the module path:\n\tgo mod edit -module=example.com/mod", shown);
	if (!strcmp(f->path, "go") || !strcmp(f->path, "toolchain"))
		return arena_printf(l->ar, "error reading %s: invalid module path: \"%s\"", shown, f->path);
	settle_replaces(l, f, dir);
	Module *m = arena_new(l->ar, Module);
	*m = (Module){.path = f->path, .dir = dir, .file = path_join(l->ar, dir, "go.mod"), .main = true, .mod = f, .placed = true, .read = true};
	m->go = f->go;
	m->goversion = language_of(l->ar, f->go, "go1.16");    /* what gc assumes without a go line */
	vec_push(l->ar, &l->mains, m);
	return NULL;
}

/* ---- go.work ---- */

static const char *work_go(const ModFile *w)
{
	return w->go ? w->go : "1.18";
}

static ModFile *read_work(Loader *l, const char *file)
{
	size_t n;
	const char *shown = short_path(l->ctx, file), *text = context_read(l->ctx, l->ar, file, &n), *ours = l->ctx->goversion + 2;
	if (!text)
		go_fatal(1, "go: reading go.work: open %s: %s", shown, strerror_go(errno));
	ModFile *w = modfile_parse(l->ar, file, shown, text, n, ModWork);
	mods_told(w, "go.work");
	if (w->go && gover_cmp(w->go, ours) > 0)
		go_fatal(1, "go: %s requires go >= %s (running go %s; GOTOOLCHAIN=local)", shown, w->go, ours);
	return w;
}

/* A module that go.work names. */
static void add_used(Loader *l, const char *dir, bool *bad)
{
	const char *file = path_join(l->ar, dir, "go.mod"), *shown = short_path(l->ctx, file), *place = short_path(l->ctx, dir);
	const char *fault = read_main(l, dir, file, shown), *go = fault ? NULL : vec_last(&l->mains)->mod->go;
	if (fault)
		fault = arena_printf(l->ar, "cannot load module %s listed in go.work file: %s", place, has_prefix(fault, "open ") ?
			arena_printf(l->ar, "open %s: %s", shown, strrchr(fault, ':') + 2) : fault);
	else if (go && gover_cmp(go, work_go(l->work)) > 0 && gover_cmp(go, "1.21") >= 0)
		fault = arena_printf(l->ar, "module %s listed in go.work file requires go >= %s, but go.work %s go %s; to update it:\n\tgo work use",
			place, go, l->work->go ? "lists" : "implicitly requires", work_go(l->work));
	if (!fault)
		return;
	fprintf(stderr, *bad ? "%s\n" : "go: %s\n", fault);
	*bad = true;
}

static bool replaced_by_work(const Loader *l, const char *path)
{
	for (u32 i = 0; i < l->work->replace.n; i++)
		if (!strcmp(l->work->replace.a[i].path, path))
			return true;
	return false;
}

/* Replacements of several modules meet in a workspace: directories are seen from go.work, and what go.work says goes first. */
static void merge_replaces(Loader *l)
{
	VEC(const ModReplace *) seen = {0};
	for (u32 i = 0; i < l->mains.n; i++)
		for (u32 k = 0; k < l->mains.a[i]->mod->replace.n; k++) {
			ModReplace *r = &l->mains.a[i]->mod->replace.a[k];
			if (r->dir && r->to[0] != '/') {
				const char *rel = path_rel(l->ar, l->root_dir, r->dir);
				r->shown = has_prefix(rel, "../") || !strcmp(rel, "..") || !strcmp(rel, ".") ? rel : arena_printf(l->ar, "./%s", rel);
			}
			if (replaced_by_work(l, r->path))
				continue;
			for (u32 j = 0; j < seen.n; j++) {
				const ModReplace *o = seen.a[j];
				if (o->file == r->file || strcmp(o->path, r->path) || strcmp(o->version ? o->version : "", r->version ? r->version : ""))
					continue;
				const char *x = o->dir ? o->dir : at(l->ar, o->to, o->to_version), *y = r->dir ? r->dir : at(l->ar, r->to, r->to_version);
				const char *what = at(l->ar, r->path, r->version);
				if (strcmp(x, y))
					go_fatal(1, "go: conflicting replacements for %s:\n\t%s\n\t%s\nuse \"go work edit -replace %s=[override]\" to resolve",
						what, x, y, what);
			}
			vec_push(l->ar, &seen, r);
		}
}

static void read_workspace(Loader *l, const char *file)
{
	bool bad = false;
	ModFile *w = l->work = read_work(l, file);
	l->root_dir = folder_of(l->ar, file);
	VEC(const char *) dirs = {0};
	for (u32 i = 0; i < w->use.n; i++) {
		const char *dir = w->use.a[i].path[0] == '/' ? path_clean(l->ar, w->use.a[i].path) : path_join(l->ar, l->root_dir, w->use.a[i].path);
		for (u32 k = 0; k < dirs.n; k++)
			if (!strcmp(dirs.a[k], dir))
				go_fatal(1, "go: error loading go.work:\n%s:%u: path %s appears multiple times in workspace", w->shown, w->use.a[i].line, dir);
		vec_push(l->ar, &dirs, dir);
	}
	check_debug(l, w, "go.work");
	settle_replaces(l, w, l->root_dir);
	for (u32 i = 0; i < dirs.n; i++)
		add_used(l, dirs.a[i], &bad);
	if (bad)
		exit(1);
	for (u32 i = 0; i < l->mains.n; i++)
		for (u32 k = 0; k < i; k++)
			if (!strcmp(l->mains.a[k]->path, l->mains.a[i]->path))
				go_fatal(1, "go: module %s appears multiple times in workspace", l->mains.a[i]->path);
	for (u32 i = 0; i < w->replace.n; i++)
		if (!w->replace.a[i].version && main_of(l, w->replace.a[i].path))
			go_fatal(1, "go: workspace module %s is replaced at all versions in the go.work file. To fix, remove the replacement from the go.work "
				"file or specify the version at which to replace the module.", w->replace.a[i].path);
	merge_replaces(l);
	for (u32 i = 0; i < l->mains.n; i++) {
		sums_read(l, path_join(l->ar, l->mains.a[i]->dir, "go.sum"));
		const char *around = module_file(l->ar, l->ctx->cwd);
		if (around && !strcmp(around, l->mains.a[i]->file))
			l->main_mod = l->mains.a[i];
	}
	l->sum_name = "go.work.sum";
	sums_read(l, arena_printf(l->ar, "%s.sum", file));
}

/* ---- -mod ---- */

static void choose_mode(Loader *l)
{
	const char *flag = l->ctx->mod, *go = l->work ? l->work->go : l->mains.a[0]->mod->go, *source = l->work ? "go.work" : "go.mod";
	l->mod_mode = flag ? flag : "readonly";
	if (flag && l->work && !strcmp(flag, "mod"))
		go_fatal(1, "go: -mod may only be set to readonly or vendor when in workspace mode, but it is set to \"mod\"\n\tRemove the -mod flag to use "
			"the default readonly value, \n\tor set GOWORK=off to disable workspace mode.");
	if (flag || !dir_exists(path_join(l->ar, l->root_dir, "vendor")))
		return;
	bool workspace = vendor_is_workspace(l);
	if (!go)
		l->mod_why = arena_printf(l->ar, "Go version in %s is unspecified, so vendor directory was not used.", source);
	else if (gover_cmp(go, "1.14") < 0)
		l->mod_why = arena_printf(l->ar, "Go version in %s is %s, so vendor directory was not used.", source, go);
	else if (workspace != (l->work != NULL))
		l->mod_why = workspace ? "Outside workspace mode, but vendor directory is for a workspace." :
			"In workspace mode, but vendor directory is not for a workspace";
	else {
		l->mod_mode = "vendor";
		l->mod_why = arena_printf(l->ar, "Go version in %s is at least 1.14 and vendor directory exists.", source);
	}
}

static void read_single(Loader *l, const char *root)
{
	const char *alt = l->ctx->modfile, *file = root, *dir = folder_of(l->ar, root), *shown;
	if (alt)
		l->ctx->modfile = file = alt[0] == '/' ? alt : path_join(l->ar, l->ctx->cwd, alt);
	shown = alt ? alt : short_path(l->ctx, file);
	l->root_dir = dir;
	const char *fault = read_main(l, dir, file, shown);
	if (fault)
		go_fatal(1, "go: %s", fault);
	l->main_mod = l->mains.a[0];
	check_debug(l, l->main_mod->mod, "go.mod");
	l->sum_name = "go.sum";
	sums_read(l, alt ? arena_printf(l->ar, "%.*s.sum", (int)strlen(file) - 4, file) : path_join(l->ar, dir, "go.sum"));
}

/* A go.mod in the folder for temporary files itself is nobody's. */
static bool in_temp_root(Loader *l, const char *root)
{
	const char *tmp = getenv("TMPDIR");
	tmp = tmp && *tmp ? tmp : "/tmp";
	if (strcmp(folder_of(l->ar, root), path_clean(l->ar, tmp)))
		return false;
	fprintf(stderr, "go: warning: ignoring go.mod in system temp root %s\n", tmp);
	return true;
}

void modules_find(Loader *l)
{
	const char *root, *alt = l->ctx->modfile, *work = work_file(l->ctx);
	l->mod_mode = "readonly";
	if (l->noroot) {
		modules_roots(l);
		return;
	}
	if (work && alt)
		go_fatal(1, "go: -modfile cannot be used in workspace mode");
	if (work) {
		read_workspace(l, work);
	} else {
		root = module_file(l->ar, l->ctx->cwd);
		if (!root && dir_exists(path_join(l->ar, l->ctx->cwd, "go.mod")))
			go_fatal(1, "go: error reading go.mod: read go.mod: is a directory");
		if (!root && alt)
			go_fatal(1, "go: cannot find main module, but -modfile was set.\n\t-modfile cannot be used to set the module root directory.");
		if (!root || in_temp_root(l, root))
			return;
		if (alt && !has_suffix(alt, ".mod"))
			go_fatal(1, "go: -modfile=%s: file does not have .mod extension", alt);
		read_single(l, root);
	}
	if (!l->mains.n)
		return;
	choose_mode(l);
	l->vendored = !strcmp(l->mod_mode, "vendor");
	for (u32 i = 0; i < l->mains.n; i++)
		vec_push(l->ar, &l->mods, l->mains.a[i]);
	if (l->vendored)
		vendor_read(l);
	modules_roots(l);
}
