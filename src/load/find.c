/* Where an import path leads, and who may go there.
 *
 * With modules: the standard library, then the main module's vendor folder or the modules of the build list whose path is a
 * prefix of the import path; the package must be in exactly one of them. Without: GOROOT, vendor folders above the
 * importer, then each entry of GOPATH. The standard library has a vendor folder of its own. */
#define _GNU_SOURCE
#include <stdlib.h>
#include "load.h"

LoadPkg *load_find(Loader *l, const char *path)
{
	return map_getp(&l->by_path, intern_str(path));
}

LoadPkg *load_add(Loader *l, const char *path)
{
	LoadPkg *p = arena_new(l->ar, LoadPkg);
	p->path = arena_strndup(l->ar, path, strlen(path));
	diag_init(&p->diag, l->ar);
	diag_init(&p->tdiag, l->ar);
	map_putp(l->ar, &l->by_path, intern_str(path), p);
	vec_push(l->ar, &l->all, p);
	return p;
}

/* ---- texts ---- */

const char *pos_text_at(Loader *l, Pos pos, u32 cols)
{
	SrcLoc loc = pos_loc(pos);
	SrcFile *f = src_of(pos);
	const char *file = f && !strcmp(loc.file, f->shown) ? short_path(l->ctx, f->path) : loc.file;
	return loc.col ? arena_printf(l->ar, "%s:%u:%u", file, loc.line, loc.col + cols) : arena_printf(l->ar, "%s:%u", file, loc.line);
}

const char *pos_text(Loader *l, Pos pos) { return pos_text_at(l, pos, 0); }

const char *import_stack(Loader *l, const LoadPkg *p)
{
	const char *s = p->path;
	for (const LoadPkg *q = p->parent; q; q = q->parent)
		s = arena_printf(l->ar, "%s\n\timports %s", q->path, s);
	return arena_printf(l->ar, "package %s", s);
}

static void missing(Loader *l, LoadPkg *p, const char *text)
{
	p->dir = NULL;
	p->fault = FaultMissing;
	p->why = text;
	p->error = p->parent ? arena_printf(l->ar, "%s: %s", pos_text(l, p->parentpos), text) : text;
}

/* ---- modules ---- */

/* path is prefix, or below it. */
static const char *below(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);
	return has_prefix(path, prefix) && (!path[n] || path[n] == '/') ? path + n : NULL;
}

/* A go.mod between the module's folder and dir: dir belongs to another module. */
static bool crosses_module(Arena *a, const Module *m, const char *dir)
{
	char *d = arena_strndup(a, dir, strlen(dir));
	while (strlen(d) > strlen(m->dir)) {
		if (file_exists(path_join(a, d, "go.mod")))
			return true;
		*strrchr(d, '/') = 0;
	}
	return false;
}

static const char *dir_in_module(Loader *l, const Module *m, const char *path)
{
	const char *rest = below(path, m->path);
	if (!rest || !m->dir)
		return NULL;
	const char *dir = *rest ? path_join(l->ar, m->dir, rest + 1) : m->dir;
	if (!dir_has_go(l->ctx, dir) || ((m->main || !m->version) && crosses_module(l->ar, m, dir)))
		return NULL;
	return dir;
}

static bool dotted(const char *path)
{
	const char *slash = strchr(path, '/'), *dot = strchr(path, '.');
	return dot && (!slash || dot < slash);
}

static const char *missing_text(Loader *l, const char *path)
{
	if (!dotted(path) && !(l->main_mod && below(path, l->main_mod->path)))
		return arena_printf(l->ar, "package %s is not in std (%s)", path, path_join(l->ar, l->ctx->goroot, path_join(l->ar, "src", path)));
	if (!l->main_mod)
		return arena_printf(l->ar, "no required module provides package %s: go.mod file not found in current directory or any parent directory; "
			"see 'go help modules'", path);
	if (l->vendored)
		return arena_printf(l->ar, "cannot find module providing package %s: import lookup disabled by -mod=vendor", path);
	return arena_printf(l->ar, "no required module provides package %s; to add it:\n\tgo get %s", path, path);
}

static void find_vendored(Loader *l, LoadPkg *p)
{
	const char *own = dir_in_module(l, l->main_mod, p->path);
	const char *dir = path_join(l->ar, l->main_mod->dir, path_join(l->ar, "vendor", p->path));
	Module *m = map_getp(&l->vendor_mod, intern_str(p->path));
	bool vendored = dir_has_go(l->ctx, dir);
	if (own && vendored) {
		missing(l, p, arena_printf(l->ar, "ambiguous import: found package %s in multiple directories:\n\t%s\n\t%s", p->path, own, dir));
	} else if (own) {
		p->dir = own;
		p->mod = l->main_mod;
	} else if (vendored && m) {
		p->dir = dir;
		p->mod = m;
	} else if (vendored) {
		missing(l, p, arena_printf(l->ar, "cannot find module providing package %s: %s is not listed in vendor/modules.txt; "
			"to sync the vendor directory:\n\tgo mod vendor", p->path, dir));
	} else {
		missing(l, p, missing_text(l, p->path));
	}
}

static const char *module_name(Loader *l, const Module *m)
{
	return m->version ? arena_printf(l->ar, "%s %s", m->path, m->version) : m->path;
}

static void find_in_modules(Loader *l, LoadPkg *p)
{
	Module *found = NULL, *unusable = NULL;
	for (u32 i = 0; i < l->mods.n; i++) {
		Module *m = l->mods.a[i];
		const char *dir = dir_in_module(l, m, p->path);
		if (!dir && m->error && below(p->path, m->path))
			unusable = m;
		if (!dir)
			continue;
		if (found) {
			Module *a = found, *b = m;      /* the longer path first */
			if (strlen(b->path) > strlen(a->path))
				a = m, b = found;
			const char *text = arena_printf(l->ar, "ambiguous import: found package %s in multiple modules:\n\t%s (%s)\n\t%s (%s)", p->path,
				module_name(l, a), dir_in_module(l, a, p->path), module_name(l, b), dir_in_module(l, b, p->path));
			missing(l, p, text);
			return;
		}
		found = m;
		p->dir = dir;
		p->mod = m;
	}
	if (found) {
		module_used(l, found, p);
		if (found->error)
			missing(l, p, found->error);
		return;
	}
	if (!unusable && modules_complete(l)) {
		find_in_modules(l, p);
		if (p->mod && !(l->ctx->mod && !strcmp(l->ctx->mod, "mod")))
			go_fatal(1, "go: updates to go.mod needed; to update it:\n\tgo mod tidy");
		return;
	}
	missing(l, p, unusable ? arena_printf(l->ar, "%s", unusable->error) : missing_text(l, p->path));
}

/* ---- GOPATH ---- */

static void find_in_gopath(Loader *l, LoadPkg *p)
{
	const char *src = path_join(l->ar, l->ctx->goroot, path_join(l->ar, "src", p->path));
	Buf b = {.ar = l->ar};
	buf_printf(&b, "cannot find package \"%s\" in any of:\n\t%s (from $GOROOT)", p->path, src);
	bool first = true;
	for (const char *s = l->ctx->gopath; s && *s; s += *s == ':') {
		size_t n = strcspn(s, ":");
		const char *dir = path_join(l->ar, arena_strndup(l->ar, s, n), path_join(l->ar, "src", p->path));
		s += n;
		if (dir_exists(dir)) {
			p->dir = dir;
			return;
		}
		buf_printf(&b, "\n\t%s%s", dir, first ? " (from $GOPATH)" : "");
		first = false;
	}
	missing(l, p, buf_str(&b));
}

/* "a/b/vendor/path" for the innermost vendor folder above from that has path; NULL if none. */
static const char *gopath_vendored(Loader *l, const LoadPkg *from, const char *path)
{
	if (!from->dir || from->given || from->path[0] == '_')
		return NULL;
	char *imp = arena_strndup(l->ar, from->path, strlen(from->path)), *dir = arena_strndup(l->ar, from->dir, strlen(from->dir));
	for (;;) {
		const char *v = path_join(l->ar, imp, path_join(l->ar, "vendor", path));
		if (dir_has_go(l->ctx, path_join(l->ar, dir, path_join(l->ar, "vendor", path))))
			return v;
		char *a = strrchr(imp, '/'), *b = strrchr(dir, '/');
		if (!a || !b)
			return NULL;
		*a = *b = 0;
	}
}

/* ---- any path ---- */

static bool in_std(Loader *l, const char *path)
{
	return !dotted(path) && dir_exists(path_join(l->ar, l->ctx->goroot, path_join(l->ar, "src", path)));
}

/* The path under which from finds what it calls path. */
static const char *mapped(Loader *l, const LoadPkg *from, const char *path)
{
	if (from && from->std && dotted(path)) {
		const char *v = path_join(l->ar, has_prefix(from->path, "cmd/") ? "cmd/vendor" : "vendor", path);
		if (load_find(l, v) || dir_exists(path_join(l->ar, l->ctx->goroot, path_join(l->ar, "src", v))))
			return v;
	}
	const char *v = from && !from->std && !l->ctx->modules ? gopath_vendored(l, from, path) : NULL;
	return v ? v : path;
}

LoadPkg *load_resolve(Loader *l, LoadPkg *from, const char *path, Pos pos)
{
	path = mapped(l, from, path);
	LoadPkg *p = load_find(l, path);
	if (p)
		return p;
	p = load_add(l, path);
	p->parent = from;
	p->parentpos = pos;
	if (in_std(l, path) && (l->main_mod == NULL || !dir_in_module(l, l->main_mod, path) || dir_has_go(l->ctx, path_join(l->ar, l->ctx->goroot, path_join(l->ar, "src", path))))) {
		p->dir = path_join(l->ar, l->ctx->goroot, path_join(l->ar, "src", path));
		p->std = true;
		if (!dir_has_go(l->ctx, p->dir) && !manifest_find(l->manifest, path))
			missing(l, p, missing_text(l, path));
	} else if (!l->ctx->modules) {
		find_in_gopath(l, p);
	} else if (l->vendored) {
		find_vendored(l, p);
	} else {
		find_in_modules(l, p);
	}
	return p;
}

/* ---- permission ---- */

/* Offset of the last element "internal" (or "vendor") of path; -1: none. */
static int element_at(const char *path, const char *elem)
{
	size_t n = strlen(elem);
	int at = -1;
	for (const char *p = path; p;) {
		const char *slash = strchrnul(p, '/');
		if ((size_t)(slash - p) == n && !memcmp(p, elem, n))
			at = (int)(p - path);
		p = *slash ? slash + 1 : NULL;
	}
	return at;
}

static bool path_below(const char *path, const char *prefix, size_t n)
{
	return !strncmp(path, prefix, n) && (n == 0 || !path[n] || path[n] == '/');
}

/* The folder that holds the "internal" folder, for packages known by folder rather than by module. */
static bool same_tree(Loader *l, const LoadPkg *from, const LoadPkg *p, int at)
{
	size_t tail = strlen(p->path) - (size_t)at, n = strlen(p->dir);
	if (n < tail)
		return true;
	n -= tail;
	while (n > 0 && p->dir[n - 1] == '/')
		n--;
	(void)l;
	return from->dir && path_below(from->dir, p->dir, n);
}

static bool internal_allowed(Loader *l, const LoadPkg *from, const LoadPkg *p)
{
	int at = element_at(p->path, "internal");
	if (at < 0 || l->front.local)           /* the compiler itself knows no such rule */
		return true;
	if (below(from->path, "crypto") && below(p->path, "crypto/internal/fips140"))
		return true;
	if (below(from->path, "crypto/internal/fips140"))
		return below(p->path, "crypto/internal") != NULL;
	if (!p->mod)
		return same_tree(l, from, p, at);
	const char *path = from->path;
	if (from->given && from->mod && from->dir) {
		const char *rest = below(from->dir, from->mod->dir);
		path = rest ? path_join(l->ar, from->mod->path, *rest ? rest : ".") : path;
	}
	return path_below(path, p->path, at > 0 ? (size_t)at - 1 : 0);
}

const char *import_forbidden(Loader *l, const LoadPkg *from, const LoadPkg *p)
{
	int at;
	if (p->error || !p->dir)
		return NULL;
	if (!l->front.local && !internal_allowed(l, from, p))      /* -D: as the compiler alone, which knows no such rule */
		return arena_printf(l->ar, "%s\n\t%s: use of internal package %s not allowed", import_stack(l, from), "%s", p->path);
	if ((at = element_at(p->path, "vendor")) >= 0 && !p->mod && !same_tree(l, from, p, at))
		return arena_printf(l->ar, "%%s: use of vendored package not allowed");
	if (p->ngofile && p->file && !strcmp(p->file[0]->pkgname->s, "main") && !p->std)
		return arena_printf(l->ar, "%%s: import \"%s\" is a program, not an importable package", p->path);
	return NULL;
}
