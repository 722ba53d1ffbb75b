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
	if (!dir_has_go(l->ctx, dir) || ((m->main || (m->replace ? !m->replace->version : !m->version)) && crosses_module(l->ar, m, dir)))
		return NULL;
	return dir;
}

static bool dotted(const char *path)
{
	const char *slash = strchr(path, '/'), *dot = strchr(path, '.');
	return dot && (!slash || dot < slash);
}

/* The main module whose package wants p, however indirectly. */
static const Module *importing_main(const LoadPkg *p)
{
	for (p = p->parent; p; p = p->parent)
		if (p->mod && p->mod->main)
			return p->mod;
	return NULL;
}

/* A replacement that nothing requires, but where the package would be. */
static const char *replaced_text(Loader *l, const char *path)
{
	const ModReplace *best = NULL;
	for (u32 i = 0; i <= l->mains.n; i++) {
		const ModFile *f = i < l->mains.n ? l->mains.a[i]->mod : l->work;
		for (u32 k = 0; f && k < f->replace.n; k++) {
			const ModReplace *r = &f->replace.a[k];
			const char *rest = below(path, r->path);
			if (!rest || !r->dir || (best && strlen(best->path) >= strlen(r->path)) || map_getp(&l->chosen, intern_str(r->path)))
				continue;
			if (dir_has_go(l->ctx, *rest ? path_join(l->ar, r->dir, rest + 1) : r->dir))
				best = r;
		}
	}
	if (!best)
		return NULL;
	return arena_printf(l->ar, "module %s provides package %s and is replaced but not required; to add it:\n\tgo get %s%s%s", best->path, path,
		best->path, best->version ? "@" : "", best->version ? best->version : "");
}

static const char *missing_text(Loader *l, const LoadPkg *p)
{
	const char *path = p->path, *replaced = l->mains.n && !l->vendored ? replaced_text(l, path) : NULL;
	if (replaced)
		return replaced;
	bool ours = false;
	for (u32 i = 0; i < l->mains.n; i++)
		ours |= below(path, l->mains.a[i]->path) != NULL;
	if (!dotted(path) && !ours)
		return arena_printf(l->ar, "package %s is not in std (%s)", path, path_join(l->ar, l->ctx->goroot, path_join(l->ar, "src", path)));
	if (!l->mains.n)
		return arena_printf(l->ar, "no required module provides package %s: %s", path, no_main_module(l));
	if (mods_update(l))
		return arena_printf(l->ar, "cannot find module providing package %s", path);
	if (l->ctx->mod)
		return arena_printf(l->ar, "cannot find module providing package %s: import lookup disabled by -mod=%s", path, l->ctx->mod);
	if (l->mod_why)
		return arena_printf(l->ar, "cannot find module providing package %s: import lookup disabled by -mod=%s\n\t(%s)", path, l->mod_mode, l->mod_why);
	const Module *by = importing_main(p);
	if (by && by != l->main_mod)
		return arena_printf(l->ar, "no required module provides package %s; to add it:\n\tcd %s\n\tgo get %s", path, by->dir, path);
	return arena_printf(l->ar, "no required module provides package %s; to add it:\n\tgo get %s", path, path);
}

static void found_in(LoadPkg *p, Module *m, const char *dir)
{
	p->dir = dir;
	p->mod = m;
}

static void find_vendored(Loader *l, LoadPkg *p)
{
	Buf places = {.ar = l->ar};
	u32 n = 0;
	for (u32 i = 0; i < l->mains.n; i++) {
		const char *own = dir_in_module(l, l->mains.a[i], p->path);
		if (own) {
			found_in(p, l->mains.a[i], own);
			buf_printf(&places, "\n\t%s", own);
			n++;
		}
	}
	const char *dir = path_join(l->ar, l->root_dir, path_join(l->ar, "vendor", p->path)), *go = l->work ? l->work->go : l->main_mod->mod->go;
	Module *m = map_getp(&l->vendor_mod, intern_str(p->path));
	bool vendored = dir_has_go(l->ctx, dir);
	if (vendored && !m && (l->work || (go && gover_cmp(go, "1.23") >= 0))) {
		vec_push(l->ar, &l->warning, arena_printf(l->ar, "go: ignoring package %s which exists in the vendor directory but is missing from "
			"vendor/modules.txt. To sync the vendor directory run go %s vendor.", p->path, l->work ? "work" : "mod"));
		vendored = false;
	}
	if (vendored) {
		found_in(p, m, dir);
		buf_printf(&places, "\n\t%s", dir);
		n++;
	}
	if (n > 1)
		missing(l, p, arena_printf(l->ar, "ambiguous import: found package %s in multiple directories:%s", p->path, buf_str(&places)));
	else if (!n)
		missing(l, p, missing_text(l, p));
}

static const char *module_name(Loader *l, const Module *m)
{
	return m->version ? arena_printf(l->ar, "%s %s", m->path, m->version) : m->path;
}

/* Modules that may hold a package, by their paths: longest first. */
typedef VEC(Module *) Candidates;

static Candidates candidates(Loader *l, const Map *list, const char *path)
{
	Candidates c = {0};
	for (char *prefix = arena_strndup(l->ar, path, strlen(path));;) {
		Module *m = map_getp(list, intern_str(prefix));
		if (m)
			vec_push(l->ar, &c, m);
		char *slash = strrchr(prefix, '/');
		if (!slash)
			return c;
		*slash = 0;
	}
}

/* What is missing in go.sum before it is known which module has the package. */
static const char *sums_text(Loader *l, const LoadPkg *p, const Candidates *c, bool found)
{
	const LoadPkg *by = p->parent;
	Buf b = {.ar = l->ar};
	buf_printf(&b, found ? "missing go.sum entry needed to verify package %s" : "missing go.sum entry for module providing package %s", p->path);
	if (by)
		buf_printf(&b, " (imported by %s)", by->path);
	if (found)
		buf_puts(&b, " is provided by exactly one module");
	if (by) {
		SrcFile *f = src_of(p->parentpos);
		const char *version = by->mod && !by->mod->main ? by->mod->version : NULL;
		buf_printf(&b, "; to add:\n\tgo get%s %s%s%s", f && has_suffix(f->path, "_test.go") ? " -t" : "", by->path, version ? "@" : "",
			version ? version : "");
		return buf_str(&b);
	}
	buf_puts(&b, "; to add:\n\tgo mod download");
	for (u32 i = c->n; i-- > 0;)
		if (c->a[i]->nosum)
			buf_printf(&b, " %s", c->a[i]->path);
	return buf_str(&b);
}

/* Looks through the modules of a list; false if none has the package. */
static bool find_listed(Loader *l, LoadPkg *p, const Map *list)
{
	Candidates c = candidates(l, list, p->path), has = {0};
	bool unsummed = false;
	for (u32 i = 0; i < c.n; i++) {
		Module *m = c.a[i];
		if (!module_there(l, m)) {
			if (m->error) {
				missing(l, p, m->error);
				return true;
			}
			unsummed = true;
		} else if (dir_in_module(l, m, p->path)) {
			vec_push(l->ar, &has, m);
		}
	}
	if (has.n > 1) {
		Buf b = {.ar = l->ar};
		buf_printf(&b, "ambiguous import: found package %s in multiple modules:", p->path);
		for (u32 i = has.n; i-- > 0;)
			buf_printf(&b, "\n\t%s (%s)", module_name(l, has.a[i]), dir_in_module(l, has.a[i], p->path));
		missing(l, p, buf_str(&b));
	} else if (unsummed) {
		missing(l, p, sums_text(l, p, &c, has.n));
	} else if (has.n) {
		found_in(p, has.a[0], dir_in_module(l, has.a[0], p->path));
		if (!module_checked(l, has.a[0]))
			missing(l, p, has.a[0]->error);
	}
	return has.n || unsummed;
}

static void find_in_modules(Loader *l, LoadPkg *p)
{
	bool old = l->whole_graph && !l->work && l->mains.n && module_is_old(l->main_mod);
	if (!l->graph_error && old && find_listed(l, p, &l->chosen))
		return;
	if (!old && find_listed(l, p, &l->root))
		return;
	modules_complete(l);
	if (l->graph_error)
		missing(l, p, l->graph_error);
	else if (old || !find_listed(l, p, &l->chosen))
		missing(l, p, missing_text(l, p));
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
	bool own = false;
	for (u32 i = 0; i < l->mains.n && !own; i++)
		own = dir_in_module(l, l->mains.a[i], path) != NULL;
	if (in_std(l, path) && (!own || dir_has_go(l->ctx, path_join(l->ar, l->ctx->goroot, path_join(l->ar, "src", path))))) {
		p->dir = path_join(l->ar, l->ctx->goroot, path_join(l->ar, "src", path));
		p->std = true;
		if (!dir_has_go(l->ctx, p->dir) && !manifest_find(l->manifest, path))
			missing(l, p, missing_text(l, p));
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
