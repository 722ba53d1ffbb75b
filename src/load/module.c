/* The module graph: which version of every module is used, and where it is.
 *
 * Minimal version selection: of every module the highest version that any module in the graph requires. The graph starts with
 * the main module's requirements. A module at go 1.17 or later lists all that its packages need, so from there on the graph is
 * pruned: such a module's own requirements count, those of the modules it requires are not looked at. For the same
 * reason a main module of that kind is tried with its own list alone, and the graph is read only when a package is missing or
 * when a look at the go.mod files of the modules in use shows that the list cannot be right. In a workspace the lists are those of
 * its modules, whose requirements count as if one module had them all.
 *
 * Modules come from the module cache ($GOMODCACHE, the go command's layout), from directories (replace) or from vendor/. Files of
 * the cache are believed if go.sum knows them. What is not in the cache the go command fetches: load_ask. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "load.h"

/* ---- modules ---- */

static Name *key_of(Loader *l, const char *path, const char *version)
{
	return intern_str(arena_printf(l->ar, "%s@%s", path, version));
}

Module *main_of(const Loader *l, const char *path)
{
	for (u32 i = 0; i < l->mains.n; i++)
		if (!strcmp(l->mains.a[i]->path, path))
			return l->mains.a[i];
	return NULL;
}

Module *module_at(Loader *l, const char *path, const char *version)
{
	u64 *slot = map_slot(l->ar, &l->module, (u64)(uintptr_t)key_of(l, path, version));
	if (!*slot) {
		Module *m = arena_new(l->ar, Module);
		m->path = path;
		m->version = version;
		*slot = (u64)(uintptr_t)m;
	}
	return (Module *)(uintptr_t)*slot;
}

static const ModReplace *replaced_in(const ModFile *f, const char *path, const char *version)
{
	const ModReplace *all = NULL;
	for (u32 i = 0; f && i < f->replace.n; i++) {
		const ModReplace *r = &f->replace.a[i];
		if (strcmp(r->path, path))
			continue;
		if (r->version && version && !strcmp(r->version, version))
			return r;
		if (!r->version)
			all = r;
	}
	return all;
}

const ModReplace *module_replacement(const Loader *l, const char *path, const char *version)
{
	if (!version && main_of(l, path))
		return NULL;
	const ModReplace *r = replaced_in(l->work, path, version);
	for (u32 i = 0; i < l->mains.n && !r; i++)
		r = replaced_in(l->mains.a[i]->mod, path, version);
	return r;
}

bool module_is_excluded(const Loader *l, const char *path, const char *version)
{
	for (u32 i = 0; i < l->mains.n; i++) {
		const ModFile *f = l->mains.a[i]->mod;
		for (u32 k = 0; k < f->exclude.n; k++)
			if (!strcmp(f->exclude.a[k].path, path) && !strcmp(f->exclude.a[k].version, version))
				return true;
	}
	return false;
}

bool module_is_old(const Module *m)
{
	return !m->mod->go || gover_cmp(m->mod->go, "1.17") < 0;
}

/* ---- places ---- */

/* Upper case letters become '!' and lower case, for file systems that do not tell them apart. */
static const char *escaped(Arena *a, const char *s)
{
	Buf b = {.ar = a};
	for (; *s; s++)
		*s >= 'A' && *s <= 'Z' ? buf_printf(&b, "!%c", *s + 32) : buf_putc(&b, *s);
	return buf_str(&b);
}

static const char *cache_dir(Loader *l, const char *path, const char *version)
{
	return l->ctx->modcache ? path_join(l->ar, l->ctx->modcache, arena_printf(l->ar, "%s@%s", escaped(l->ar, path), escaped(l->ar, version))) : "";
}

static const char *download(Loader *l, const char *path, const char *version, const char *suffix)
{
	return path_join(l->ar, l->ctx->modcache ? l->ctx->modcache : "/nonexistent",
		arena_printf(l->ar, "cache/download/%s/@v/%s.%s", escaped(l->ar, path), escaped(l->ar, version), suffix));
}

static const char *not_cached(Loader *l, const char *what)
{
	return arena_printf(l->ar, "%s is not in the module cache, and there is no way to download it", what);
}

/* Where m's files are, or would be. */
void module_place(Loader *l, Module *m)
{
	if (m->placed)
		return;
	m->placed = true;
	const ModReplace *r = module_replacement(l, m->path, m->version);
	const char *path = m->path, *version = m->version;
	if (r) {
		Module *to = m->replace = arena_new(l->ar, Module);
		to->path = path = r->shown ? r->shown : r->to;
		to->version = version = r->to_version;
	}
	if (!version) {
		m->dir = r->dir;
		if (!dir_exists(m->dir)) {
			m->error = arena_printf(l->ar, "%s@%s: replacement directory %s does not exist", m->path, m->version, r->shown ? r->shown : r->to);
			m->dir = NULL;
		}
		return;
	}
	m->sum = sum_of(l, path, version, "");
	if (m->replace)
		m->replace->sum = m->sum;
	const char *dir = cache_dir(l, path, version);
	m->dir = dir_exists(dir) && !file_exists(download(l, path, version, "partial")) ? dir : NULL;
	m->nosum = !m->sum && !l->vendored && !l->noroot;
	size_t n;
	const char *own = l->noroot && m->dir ? file_read(l->ar, download(l, path, version, "ziphash"), &n) : NULL;
	if (own)
		m->sum = arena_strndup(l->ar, own, strcspn(own, "\r\n"));
}

bool module_cached(Loader *l, Module *m)
{
	module_place(l, m);
	return !m->error && m->dir;
}

bool module_there(Loader *l, Module *m)
{
	module_place(l, m);
	const char *path = m->replace ? m->replace->path : m->path, *version = m->replace ? m->replace->version : m->version;
	if (m->error || !version || m->main || l->vendored)
		return !m->error;
	if (m->nosum && (!sums_needed(l) || mods_update(l)))
		load_ask(l);
	if (m->nosum && sums_needed(l))
		return false;
	if (!m->dir)
		load_ask(l);
	if (!m->dir)
		m->error = not_cached(l, arena_printf(l->ar, "%s@%s", path, version));
	return !m->error;
}

/* ---- go.mod files ---- */

static ModFile *parsed(Loader *l, Module *m, const char *file, const char *shown, const char *text, size_t n)
{
	ModFile *f = modfile_parse(l->ar, file, shown, text, n, ModOther);
	if (f->fault.n) {
		Buf b = {.ar = l->ar};
		buf_printf(&b, "parsing %s: ", shown);
		for (u32 i = 0; i < f->fault.n; i++)
			buf_printf(&b, "%s%s", i ? "\n" : "", f->fault.a[i]);
		m->modwhy = buf_str(&b);
		return NULL;
	}
	return f;
}

static void read_replacing(Loader *l, Module *m, const ModReplace *r)
{
	size_t n;
	const char *file = path_join(l->ar, r->dir, "go.mod"), *shown = short_path(l->ctx, file), *text = context_read(l->ctx, l->ar, file, &n);
	m->file = file;
	if (!text)
		m->modwhy = arena_printf(l->ar, "reading %s: open %s: %s", shown, file, strerror_go(errno));
	else
		m->mod = parsed(l, m, file, shown, text, n);
}

/* The go.mod of a version; one from before go.mod files was made when it was fetched. */
static void read_cached(Loader *l, Module *m, const char *path, const char *version)
{
	size_t n;
	const char *file = m->file = download(l, path, version, "mod"), *want = sum_of(l, path, version, "/go.mod");
	const char *text = context_read(l->ctx, l->ar, file, &n);
	if (!want && !l->noroot && (!sums_needed(l) || mods_update(l)))
		load_ask(l);
	if (!want && sums_needed(l)) {
		m->modwhy = arena_printf(l->ar, "missing go.sum entry for go.mod file; to add it:\n\tgo mod download %s", m->path);
		return;
	}
	if (!text) {
		load_ask(l);
		m->modwhy = not_cached(l, "go.mod");
		return;
	}
	const char *have = mod_sum(l->ar, text, n);
	if (want && strcmp(have, want))
		sum_mismatch(l, path, version, "/go.mod", have, want);
	m->mod = parsed(l, m, file, "go.mod", text, n);
	const char *name = m->mod ? m->mod->path : m->path;
	if (!name)
		m->modwhy = "parsing go.mod: missing module line";
	else if (strcmp(name, m->path) && strcmp(name, path))
		m->modwhy = arena_printf(l->ar, "parsing go.mod:\n\tmodule declares its path as: %s\n\t        but was required as: %s", name, m->path);
}

void module_read(Loader *l, Module *m)
{
	if (m->read)
		return;
	m->read = true;
	const ModReplace *r = module_replacement(l, m->path, m->version);
	if (r && !r->to_version)
		read_replacing(l, m, r);
	else
		read_cached(l, m, r ? r->to : m->path, r ? r->to_version : m->version);
	if (m->modwhy)
		return;
	const char *go = m->mod->go, *ours = l->ctx->goversion + 2;
	m->go = go;
	if (m->replace) {
		m->replace->go = go;
		m->replace->file = m->file;
		m->replace->dir = m->dir;
	}
	m->goversion = language_of(l->ar, go, "go1.16");
	if (go && gover_cmp(go, ours) > 0)
		go_fatal(1, "go: %s requires go >= %s (running go %s; GOTOOLCHAIN=local)", r ? r->to_version ? arena_printf(l->ar, "%s@%s", r->to,
			r->to_version) : r->to : arena_printf(l->ar, "%s@%s", m->path, m->version), go, ours);
}

/* ---- the graph ---- */

typedef struct Graph { Loader *l; VEC(Module *) all; bool failed; } Graph;

static void visit(Graph *g, Module *m, bool unpruned);

static void require(Graph *g, Module *m, const char *path, const char *version)
{
	if (module_is_excluded(g->l, path, version))
		return;
	Module *to = module_at(g->l, path, version);
	vec_push(g->l->ar, &m->need, to);
	if (!to->reached) {
		to->reached = true;
		vec_push(g->l->ar, &g->all, to);
	}
}

static void visit(Graph *g, Module *m, bool unpruned)
{
	if (m->queued[unpruned])
		return;
	bool first = !m->queued[!unpruned];
	m->queued[unpruned] = true;
	module_read(g->l, m);
	g->failed |= m->modwhy != NULL;
	if (m->modwhy)
		return;
	for (u32 i = 0; first && i < m->mod->require.n; i++)
		require(g, m, m->mod->require.a[i].path, m->mod->require.a[i].version);
	bool old = unpruned || module_is_old(m);
	for (u32 i = 0; old && i < m->need.n; i++)
		visit(g, m->need.a[i], true);
}

static int by_path(const void *a, const void *b)
{
	const Module *x = *(Module *const *)a, *y = *(Module *const *)b;
	int d = strcmp(x->path, y->path);
	return d ? d : semver_cmp(x->version, y->version);
}

/* The highest versions of list, by path, behind the main modules. */
static void select_versions(Loader *l, Module **list, u32 n, Map *into)
{
	VEC(Module *) best = {0};
	for (u32 i = 0; i < n; i++) {
		Module *m = list[i];
		u64 *slot = map_slot(l->ar, into, (u64)(uintptr_t)intern_str(m->path));
		Module *had = (Module *)(uintptr_t)*slot;
		if (had && (had->main || semver_cmp(m->version, had->version) <= 0))
			continue;
		*slot = (u64)(uintptr_t)m;
	}
	for (u32 i = 0; i < n; i++)
		if (map_getp(into, intern_str(list[i]->path)) == list[i])
			vec_push(l->ar, &best, list[i]);
	if (best.n)
		qsort(best.a, best.n, sizeof *best.a, by_path);
	l->mods.n = l->mains.n;
	for (u32 i = 0; i < best.n; i++)
		if (!i || best.a[i] != best.a[i - 1]) {
			module_place(l, best.a[i]);
			vec_push(l->ar, &l->mods, best.a[i]);
		}
}

/* "A requires\n\tB requires\n\tC: what is wrong", for the first module without a go.mod, breadth first from the main modules. */
static const char *graph_fault(Graph *g, Module *top)
{
	Loader *l = g->l;
	VEC(Module *) queue = {0};
	for (u32 i = 0; i < top->need.n; i++)
		vec_push(l->ar, &queue, top->need.a[i]);
	Map seen = {0};
	for (u32 i = 0; i < queue.n; i++) {
		Module *m = queue.a[i];
		if (map_getp(&seen, m))
			continue;
		map_putp(l->ar, &seen, m, m);
		if (m->modwhy) {
			const ModReplace *r = module_replacement(l, m->path, m->version);
			const char *s = arena_printf(l->ar, "%s@%s", m->path, m->version);
			if (r)
				s = arena_printf(l->ar, "%s (replaced by %s)", s, r->to_version ? arena_printf(l->ar, "%s@%s", r->to, r->to_version) : r->to);
			s = arena_printf(l->ar, "%s: %s", s, m->modwhy);
			for (Module *by = m->from; by; by = by->from)
				s = arena_printf(l->ar, "%s@%s requires\n\t%s", by->path, by->version, s);
			return s;
		}
		for (u32 k = 0; k < m->need.n; k++) {
			Module *to = m->need.a[k];
			if (!map_getp(&seen, to) && !to->from)
				to->from = m;
			vec_push(l->ar, &queue, to);
		}
	}
	return NULL;
}

/* In a workspace a module required by its modules counts with the requirements of its selected version. */
static void visit_selected(Graph *g)
{
	Loader *l = g->l;
	for (bool more = true; more;) {
		more = false;
		Map best = {0};
		for (u32 i = 0; i < g->all.n; i++) {
			Module *m = g->all.a[i], *had = map_getp(&best, intern_str(m->path));
			if (!main_of(l, m->path) && (!had || semver_cmp(m->version, had->version) > 0))
				map_putp(l->ar, &best, intern_str(m->path), m);
		}
		for (u32 i = 0; i < l->mains.n; i++)
			for (u32 k = 0; k < l->mains.a[i]->need.n; k++) {
				Module *r = l->mains.a[i]->need.a[k], *m = map_getp(&best, intern_str(r->path));
				if (m && m != r && !m->queued[false] && !m->queued[true]) {
					visit(g, m, false);
					more = true;
				}
			}
	}
}

static void add_mains(Loader *l, Map *into)
{
	for (u32 i = 0; i < l->mains.n; i++)
		map_putp(l->ar, into, intern_str(l->mains.a[i]->path), l->mains.a[i]);
}

bool modules_complete(Loader *l)
{
	if (l->whole_graph || l->vendored || (!l->mains.n && !l->remote))
		return false;
	l->whole_graph = true;
	Graph g = {.l = l};
	Module top = {0};
	if (l->remote) {
		require(&g, &top, l->remote->path, l->remote->version);
		visit(&g, l->remote, false);
	}
	for (u32 i = 0; i < l->mains.n; i++) {
		Module *m = l->mains.a[i];
		VEC(Module *) own = {0};
		for (u32 k = 0; k < m->mod->require.n; k++)
			require(&g, m, m->mod->require.a[k].path, m->mod->require.a[k].version);
		for (u32 k = 0; k < m->need.n; k++)
			vec_push(l->ar, &own, m->need.a[k]);
		if (own.n)
			qsort(own.a, own.n, sizeof *own.a, by_path);
		for (u32 k = 0; k < own.n; k++)
			vec_push(l->ar, &top.need, own.a[k]);
		for (u32 k = 0; k < own.n; k++)
			visit(&g, own.a[k], module_is_old(m));
	}
	if (l->work)
		visit_selected(&g);
	if (g.failed)
		l->graph_error = graph_fault(&g, &top);
	add_mains(l, &l->chosen);
	select_versions(l, g.all.a, g.all.n, &l->chosen);
	return true;
}

void modules_roots(Loader *l)
{
	VEC(Module *) list = {0};
	add_mains(l, &l->root);
	for (u32 i = 0; i < l->mains.n && !l->work; i++) {
		const ModFile *f = l->mains.a[i]->mod;
		for (u32 k = 0; k < f->require.n; k++) {
			const ModReq *r = &f->require.a[k];
			if (module_is_excluded(l, r->path, r->version)) {
				fprintf(stderr, "go: ignoring requirement on excluded version %s %s\n", r->path, r->version);
				continue;
			}
			Module *m = module_at(l, r->path, r->version);
			m->indirect = r->indirect;
			vec_push(l->ar, &list, m);
		}
	}
	if (l->remote)
		vec_push(l->ar, &list, l->remote);
	if (l->vendored) {
		for (u32 i = l->mains.n; i < l->mods.n && !l->work && !module_is_old(l->main_mod); i++) {
			Module *m = l->mods.a[i];
			bool listed = false;
			for (u32 k = 0; k < list.n; k++)
				listed |= !strcmp(list.a[k]->path, m->path) && !strcmp(list.a[k]->version, m->version);
			if (!listed)
				go_fatal(1, "go: vendored module %s@%s should be required explicitly in go.mod\ngo: %s", m->path, m->version, updates_needed(l));
		}
		return;
	}
	select_versions(l, list.a, list.n, &l->root);
	if (l->mains.n && !l->work && module_is_old(l->main_mod) && modules_complete(l) && l->graph_error)
		go_fatal(1, "go: %s", l->graph_error);
}

/* ---- packages from modules ---- */

bool module_checked(Loader *l, Module *m)
{
	size_t n;
	if (!module_there(l, m))
		return false;
	if (m->main || l->vendored)
		return true;
	const char *path = m->replace ? m->replace->path : m->path, *version = m->replace ? m->replace->version : m->version;
	const char *have = version && m->sum ? file_read(l->ar, download(l, path, version, "ziphash"), &n) : NULL;
	have = have ? arena_strndup(l->ar, have, strcspn(have, "\r\n")) : NULL;
	if (have && strcmp(have, m->sum))
		sum_mismatch(l, path, version, "", have, m->sum);
	module_read(l, m);
	if (m->modwhy)
		m->error = version ? arena_printf(l->ar, "%s@%s: %s", path, version, m->modwhy) : arena_printf(l->ar, "module %s: %s", path, m->modwhy);
	return !m->modwhy;
}

/* When the version was made, as its .info file in the cache tells; NULL: it does not. */
const char *module_time(Loader *l, const char *path, const char *version)
{
	size_t n;
	const char *p = file_read(l->ar, download(l, path, version, "info"), &n), *at = p ? strstr(p, "\"Time\":\"") : NULL;
	return at ? arena_strndup(l->ar, at + 8, strcspn(at + 8, "\"")) : NULL;
}

/* ---- go.mod against what was loaded ---- */

static _Noreturn void out_of_date(Loader *l)
{
	if (mods_update(l))
		load_ask(l);
	go_fatal(1, "go: %s", updates_needed(l));
}

/* Marks p and all it imports: what a main module's packages need must come from modules it lists. */
static void mark_all(LoadPkg *p)
{
	if (p->in_all)
		return;
	p->in_all = true;
	for (u32 i = 0; i < p->nimport; i++)
		mark_all(p->import[i]);
	for (u32 i = 0; p->mod && p->mod->main && i < p->ntimport; i++)
		mark_all(p->timport[i]);
	for (u32 i = 0; p->mod && p->mod->main && i < p->nximport; i++)
		mark_all(p->ximport[i]);
}

/* go.mod of a module in use asks for more than the main module's list has. */
static bool list_too_low(Loader *l, Module *m)
{
	const ModFile *f = m->mod, *ours = l->main_mod->mod;
	if (!f || m->modwhy)
		return false;
	if (f->go && gover_cmp(f->go, "1.21") >= 0 && gover_cmp(f->go, ours->go ? ours->go : "1.16") > 0)
		return true;
	for (u32 i = 0; i < f->require.n; i++) {
		const ModReq *r = &f->require.a[i];
		Module *root = map_getp(&l->root, intern_str(r->path));
		if (root && !root->main && semver_cmp(root->version, r->version) < 0 && !module_is_excluded(l, r->path, r->version))
			return true;
	}
	return false;
}

/* Every line of the list says what the graph says. */
static void check_list(Loader *l)
{
	const ModFile *f = l->main_mod->mod;
	const char *go = f->go ? f->go : "1.16";
	for (u32 i = 0; i < f->require.n; i++) {
		const ModReq *r = &f->require.a[i];
		Module *m = map_getp(&l->chosen, intern_str(r->path));
		if (m && !m->main && strcmp(m->version, r->version) && !module_is_excluded(l, r->path, r->version))
			out_of_date(l);
	}
	for (u32 i = l->mains.n; i < l->mods.n; i++) {
		const ModFile *d = l->mods.a[i]->mod;
		if (d && d->go && gover_cmp(d->go, "1.21") >= 0 && gover_cmp(d->go, go) > 0)
			out_of_date(l);
	}
}

/* A package of a main module imports one of a module that its go.mod does not name. */
static void check_direct(Loader *l, LoadPkg *p)
{
	for (u32 i = 0; i < p->nimport && !p->error; i++) {
		LoadPkg *q = p->import[i];
		if (!q->mod || q->mod->main || q->error)
			continue;
		bool read = q->mod->queued[false] || q->mod->queued[true];
		if (l->work ? read : map_getp(&l->root, intern_str(q->mod->path)) == q->mod)
			continue;
		p->fault = FaultOther;
		p->error = arena_printf(l->ar, "package %s imports %s from implicitly required module; to add missing requirements, run:\n\tgo get %s@%s",
			p->path, q->path, q->mod->path, q->mod->version);
	}
}

void modules_check(Loader *l)
{
	if (!l->mains.n || l->vendored || l->noroot)
		return;
	bool old = !l->work && module_is_old(l->main_mod), low = false;
	for (u32 i = 0; i < l->all.n; i++)
		if (l->all.a[i]->mod && l->all.a[i]->mod->main)
			mark_all(l->all.a[i]);
	for (u32 i = 0; i < l->all.n; i++) {
		LoadPkg *p = l->all.a[i];
		Module *root = p->mod ? map_getp(&l->root, intern_str(p->mod->path)) : NULL;
		if (!p->mod && p->fault == FaultMissing && mods_update(l))
			load_ask(l);
		if (p->mod && p->mod->main && (old || l->work))
			check_direct(l, p);
		if (!p->mod || p->mod->main || l->work || old || !(p->in_all || p->named))
			continue;
		if (!root)
			out_of_date(l);
		low |= !l->whole_graph && list_too_low(l, root);
	}
	if (l->work)
		return;
	const ModFile *f = l->main_mod->mod;
	for (u32 i = 0; i < f->require.n && !low; i++) {        /* a module named twice */
		Module *m = map_getp(&l->root, intern_str(f->require.a[i].path));
		low = m && !m->main && strcmp(m->version, f->require.a[i].version) && !module_is_excluded(l, m->path, f->require.a[i].version);
	}
	if (low)
		modules_complete(l);
	if (l->whole_graph)
		check_list(l);
	for (u32 i = 0; i < f->require.n; i++)
		if (module_is_excluded(l, f->require.a[i].path, f->require.a[i].version))
			out_of_date(l);
	if (!mods_update(l))
		return;
	if (!f->go)
		load_ask(l);
	for (u32 i = 0; i < l->all.n; i++)
		for (u32 k = 0; l->all.a[i]->mod && l->all.a[i]->mod->main && k < l->all.a[i]->nimport; k++)
			if (l->all.a[i]->import[k]->mod && l->all.a[i]->import[k]->mod->indirect)
				load_ask(l);    /* the list says "indirect" of it */
}
