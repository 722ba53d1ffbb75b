/* Modules: the main module, its build list, and where the others are.
 *
 * Minimal version selection: of every module the highest version that any module in the graph requires. The graph starts with
 * the main module's requirements. A module at go 1.17 or later lists all that its packages need, so from there on the graph is
 * pruned: such a module's own requirements count, those of the modules it requires are not looked at. For the same
 * reason a main module of that kind is tried with its own list alone, and the graph is read only when a package is missing.
 *
 * Modules come from the module cache ($GOMODCACHE, the go command's layout), from directories (replace) or from vendor/. Files of
 * the cache are believed if go.sum knows them. Nothing is downloaded. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "load.h"

/* A module at a version in the graph; vertices are shared. */
typedef struct Vertex {
	const char *path, *version;
	ModFile *mod;                  /* NULL: not read */
	bool unpruned;                 /* read so */
	bool queued[2];                /* pruned, unpruned */
} Vertex;

typedef struct Graph { Loader *l; Map vertex; VEC(Vertex *) all; } Graph;

/* ---- places ---- */

const char *module_file(Arena *a, const char *dir)
{
	char *d = path_clean(a, dir);
	for (;;) {
		const char *file = path_join(a, d, "go.mod");
		if (file_exists(file))
			return file;
		char *slash = strrchr(d, '/');
		if (!slash || slash == d)
			return NULL;
		*slash = 0;
	}
}

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

static const ModReplace *replacement(Loader *l, const char *path, const char *version)
{
	const ModReplace *found = NULL;
	for (u32 i = 0; i < l->main_file->replace.n; i++) {
		const ModReplace *r = &l->main_file->replace.a[i];
		if (strcmp(r->path, path) || (r->version && strcmp(r->version, version)))
			continue;
		if (!found || r->version)
			found = r;
	}
	return found;
}

/* ---- go.sum ---- */

static void read_sums(Loader *l)
{
	size_t n;
	const char *file = path_join(l->ar, l->main_mod->dir, "go.sum");
	if (l->ctx->modfile)
		file = arena_printf(l->ar, "%.*s.sum", (int)strlen(l->ctx->modfile) - 4, l->ctx->modfile);
	const char *p = context_read(l->ctx, l->ar, file, &n), *end = p + n;
	for (u32 line = 1; p && p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *e = nl ? nl : end;
		const char *a = memchr(p, ' ', (size_t)(e - p)), *b = a ? memchr(a + 1, ' ', (size_t)(e - a - 1)) : NULL;
		if (b && !memchr(b + 1, ' ', (size_t)(e - b - 1))) {
			size_t len = (size_t)(e - b - 1);
			while (len && (b[len] == '\r'))
				len--;
			map_putp(l->ar, &l->sums, intern(p, (size_t)(b - p)), arena_strndup(l->ar, b + 1, len));
		} else if (e > p) {
			go_fatal(1, "malformed go.sum:\n%s:%u: wrong number of fields %d", file, line, a ? b ? 4 : 2 : 1);
		}
		p = nl ? nl + 1 : end;
	}
}

static const char *sum_of(Loader *l, const char *path, const char *version, const char *suffix)
{
	return map_getp(&l->sums, intern_str(arena_printf(l->ar, "%s %s%s", path, version, suffix)));
}

static const char *base64(Arena *a, const u8 *p, u32 n)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	Buf b = {.ar = a};
	for (u32 i = 0; i < n; i += 3) {
		u32 left = n - i, v = (u32)p[i] << 16 | (left > 1 ? (u32)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
		buf_putc(&b, digit[v >> 18]);
		buf_putc(&b, digit[v >> 12 & 63]);
		buf_putc(&b, left > 1 ? digit[v >> 6 & 63] : '=');
		buf_putc(&b, left > 2 ? digit[v & 63] : '=');
	}
	return buf_str(&b);
}

/* h1 of a go.mod: the hash of the list of its one file's hash. */
static const char *mod_sum(Arena *a, const char *text, size_t n)
{
	u8 h[32];
	Buf b = {.ar = a};
	sha256(text, n, h);
	for (int i = 0; i < 32; i++)
		buf_printf(&b, "%02x", h[i]);
	buf_puts(&b, "  go.mod\n");
	sha256(b.a, b.n, h);
	return arena_printf(a, "h1:%s", base64(a, h, 32));
}

static _Noreturn void mismatch(Loader *l, const char *path, const char *version, const char *suffix, const char *have, const char *want)
{
	(void)l;
	go_fatal(1, "verifying %s@%s%s: checksum mismatch\n\tdownloaded: %s\n\tgo.sum:     %s\n\nSECURITY ERROR\n"
		"This download does NOT match an earlier download recorded in go.sum.\n"
		"The bits may have been replaced on the origin server, or an attacker may\nhave intercepted the download attempt.\n\n"
		"For more information, see 'go help module-auth'.", path, version, suffix, have, want);
}

/* ---- go.mod files ---- */

static void told(const ModFile *m, const char *file)
{
	if (!m->fault.n)
		return;
	fflush(stdout);
	fprintf(stderr, "go: errors parsing %s:\n", file);
	for (u32 i = 0; i < m->fault.n; i++)
		fprintf(stderr, "%s\n", m->fault.a[i]);
	exit(1);
}

/* The go.mod of a module in the graph. One from before go.mod files is empty. */
static ModFile *read_mod(Loader *l, const char *path, const char *version)
{
	size_t n;
	const ModReplace *r = replacement(l, path, version);
	if (r && !r->to_version) {
		const char *dir = r->to[0] == '/' ? r->to : path_join(l->ar, l->main_mod->dir, r->to), *file = path_join(l->ar, dir, "go.mod");
		const char *text = context_read(l->ctx, l->ar, file, &n), *shown = short_path(l->ctx, file);
		if (!text)
			go_fatal(1, "go: %s@%s (replaced by %s): reading %s: open %s: %s", path, version, r->to, shown, file, strerror_go(errno));
		ModFile *m = modfile_parse(l->ar, file, shown, text, n, true);
		told(m, shown);
		return m;
	}
	const char *p = r ? r->to : path, *v = r ? r->to_version : version, *file = download(l, p, v, "mod"), *want = sum_of(l, p, v, "/go.mod");
	const char *text = context_read(l->ctx, l->ar, file, &n);
	bool check = !l->ctx->mod || strcmp(l->ctx->mod, "mod");
	if (check && !want)
		go_fatal(1, "go: %s@%s: missing go.sum entry for go.mod file; to add it:\n\tgo mod download %s", p, v, p);
	if (!text)
		go_fatal(1, "go: %s@%s: not in the module cache (%s), and seago does not download modules yet", p, v, file);
	const char *have = mod_sum(l->ar, text, n);
	if (want && strcmp(have, want))
		mismatch(l, p, v, "/go.mod", have, want);
	ModFile *m = modfile_parse(l->ar, file, arena_printf(l->ar, "%s@%s/go.mod", p, v), text, n, true);
	told(m, file);
	return m;
}

static bool is_excluded(Loader *l, const char *path, const char *version)
{
	for (u32 i = 0; i < l->main_file->exclude.n; i++)
		if (!strcmp(l->main_file->exclude.a[i].path, path) && !strcmp(l->main_file->exclude.a[i].version, version))
			return true;
	return false;
}

/* "go1.N" of a go line; without one, def */
static const char *language_of(Arena *a, const char *go, const char *def)
{
	if (!go)
		return def;
	size_t n = strspn(go, "0123456789");
	n += go[n] == '.';
	n += strspn(go + n, "0123456789");
	return arena_printf(a, "go%.*s", (int)n, go);
}

/* ---- the graph ---- */

static Vertex *vertex(Graph *g, const char *path, const char *version)
{
	u64 *slot = map_slot(g->l->ar, &g->vertex, (u64)(uintptr_t)intern_str(arena_printf(g->l->ar, "%s@%s", path, version)));
	Vertex *v = (Vertex *)(uintptr_t)*slot;
	if (!v) {
		v = arena_new(g->l->ar, Vertex);
		v->path = path;
		v->version = version;
		*slot = (u64)(uintptr_t)v;
		vec_push(g->l->ar, &g->all, v);
	}
	return v;
}

static void visit(Graph *g, Vertex *v, bool unpruned)
{
	if (v->queued[unpruned])
		return;
	v->queued[unpruned] = true;
	if (!v->mod)
		v->mod = read_mod(g->l, v->path, v->version);
	bool old = !v->mod->go || gover_cmp(v->mod->go, "1.17") < 0;
	for (u32 i = 0; i < v->mod->require.n; i++) {
		const ModReq *r = &v->mod->require.a[i];
		if (is_excluded(g->l, r->path, r->version) || !strcmp(r->path, g->l->main_mod->path))
			continue;
		Vertex *to = vertex(g, r->path, r->version);
		if (unpruned || old)
			visit(g, to, unpruned || old);
	}
}

static void place(Loader *l, Module *m)
{
	const ModReplace *r = replacement(l, m->path, m->version);
	const char *path = m->path, *version = m->version;
	if (r) {
		Module *to = m->replace = arena_new(l->ar, Module);
		to->path = r->to;
		to->version = r->to_version;
		path = r->to;
		version = r->to_version;
	}
	if (!version) {
		m->dir = path[0] == '/' ? path : path_join(l->ar, l->main_mod->dir, path);
		if (!dir_exists(m->dir)) {
			m->error = arena_printf(l->ar, "%s@%s: replacement directory %s does not exist", m->path, m->version, r->to);
			m->dir = NULL;
		}
		return;
	}
	const char *sum = m->sum = sum_of(l, path, version, "");
	if (m->replace)
		m->replace->sum = sum;
	m->dir = cache_dir(l, path, version);
	if (dir_exists(m->dir))
		return;
	m->error = arena_printf(l->ar, "%s@%s: not in the module cache (%s), and seago does not download modules yet", path, version, m->dir);
	m->dir = NULL;
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(Module *const *)a)->path, (*(Module *const *)b)->path);
}

static void select_versions(Loader *l, Graph *g)
{
	Map best = {0};
	VEC(Module *) list = {0};
	for (u32 i = 0; i < g->all.n; i++) {
		Vertex *v = g->all.a[i];
		Module *m = map_getp(&best, intern_str(v->path));
		if (!m) {
			m = arena_new(l->ar, Module);
			m->path = v->path;
			m->version = v->version;
			map_putp(l->ar, &best, intern_str(v->path), m);
			vec_push(l->ar, &list, m);
		} else if (semver_cmp(v->version, m->version) > 0) {
			m->version = v->version;
		}
	}
	if (list.n)
		qsort(list.a, list.n, sizeof *list.a, by_path);
	l->mods.n = 0;
	vec_push(l->ar, &l->mods, l->main_mod);
	for (u32 i = 0; i < list.n; i++) {
		place(l, list.a[i]);
		vec_push(l->ar, &l->mods, list.a[i]);
	}
}

static void add_roots(Graph *g)
{
	ModFile *m = g->l->main_file;
	for (u32 i = 0; i < m->require.n; i++)
		if (!is_excluded(g->l, m->require.a[i].path, m->require.a[i].version))
			vertex(g, m->require.a[i].path, m->require.a[i].version);
}

bool modules_complete(Loader *l)
{
	if (l->whole_graph || l->vendored || !l->main_mod)
		return false;
	l->whole_graph = true;
	Graph g = {.l = l};
	add_roots(&g);
	bool old = !l->main_file->go || gover_cmp(l->main_file->go, "1.17") < 0;
	for (u32 i = 0, n = g.all.n; i < n; i++)
		visit(&g, g.all.a[i], old);
	select_versions(l, &g);
	return true;
}

void module_language(Loader *l, Module *m)
{
	size_t n;
	const char *file = path_join(l->ar, m->dir, "go.mod"), *text = context_read(l->ctx, l->ar, file, &n);
	ModFile *f = text ? modfile_parse(l->ar, file, file, text, n, true) : NULL;
	m->file = text ? file : NULL;
	m->goversion = language_of(l->ar, f ? f->go : NULL, "go1.16");
}

void module_used(Loader *l, Module *m, const LoadPkg *p)
{
	if (m->goversion)
		return;
	module_language(l, m);
	size_t n;
	const char *path = m->replace ? m->replace->path : m->path, *version = m->replace ? m->replace->version : m->version;
	if (!version || (l->ctx->mod && !strcmp(l->ctx->mod, "mod")))
		return;
	if (!m->sum) {
		const char *by = p->parent ? arena_printf(l->ar, " (imported by %s)", p->parent->path) : "";
		m->error = arena_printf(l->ar, "missing go.sum entry for module providing package %s%s; to add:\n\tgo get %s%s%s", p->path, by,
			p->parent ? p->parent->path : p->path, "", "");
		return;
	}
	const char *have = file_read(l->ar, download(l, path, version, "ziphash"), &n);
	if (have && strcmp(arena_strndup(l->ar, have, strcspn(have, "\r\n")), m->sum))
		mismatch(l, path, version, "", arena_strndup(l->ar, have, strcspn(have, "\r\n")), m->sum);
}

/* ---- vendor/modules.txt ---- */

typedef struct Vendored { Module *m; bool explicit; } Vendored;
typedef VEC(Vendored) VendorList;

static VendorList read_vendor(Loader *l)
{
	size_t n;
	VendorList v = {0};
	const char *file = path_join(l->ar, l->main_mod->dir, "vendor/modules.txt"), *p = context_read(l->ctx, l->ar, file, &n), *end = p + n;
	Module *m = NULL;
	while (p && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *e = nl ? nl : end;
		char *line = arena_strndup(l->ar, p, (size_t)(e - p));
		p = nl ? nl + 1 : end;
		if (has_prefix(line, "## ")) {
			if (m && v.n) {
				v.a[v.n - 1].explicit |= strstr(line, "explicit") != NULL;
				const char *go = strstr(line, "go ");
				m->goversion = go ? language_of(l->ar, go + 3, "go1.16") : m->goversion;
			}
		} else if (has_prefix(line, "# ")) {
			char *save = NULL, *path = strtok_r(line + 2, " \r", &save), *version = strtok_r(NULL, " \r", &save);
			m = NULL;
			if (!path || !version || !semver_valid(version))
				continue;       /* "# path => dir" repeats a replacement without a version */
			m = arena_new(l->ar, Module);
			*m = (Module){.path = path, .version = version, .goversion = "go1.16", .dir = path_join(l->ar, l->main_mod->dir, path_join(l->ar, "vendor", path))};
			char *arrow = strtok_r(NULL, " \r", &save), *to = strtok_r(NULL, " \r", &save), *to_version = strtok_r(NULL, " \r", &save);
			if (arrow && to && !strcmp(arrow, "=>")) {
				m->replace = arena_new(l->ar, Module);
				*m->replace = (Module){.path = to, .version = to_version};
			}
			vec_push(l->ar, &v, (Vendored){m, false});
		} else if (m && line[0] && line[0] != '#') {
			line[strcspn(line, " \r")] = 0;
			map_putp(l->ar, &l->vendor_mod, intern_str(line), m);
		}
	}
	return v;
}

static Vendored *find_vendored(VendorList *v, const char *path, const char *version)
{
	for (u32 i = 0; i < v->n; i++)
		if (!strcmp(v->a[i].m->path, path) && !strcmp(v->a[i].m->version, version))
			return &v->a[i];
	return NULL;
}

static void check_vendor(Loader *l, VendorList *v)
{
	Buf b = {.ar = l->ar};
	const ModFile *f = l->main_file;
	for (u32 i = 0; i < f->require.n; i++) {
		const ModReq *r = &f->require.a[i];
		Vendored *x = find_vendored(v, r->path, r->version);
		if (!x || !x->explicit)
			buf_printf(&b, "\n\t%s@%s: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt", r->path, r->version);
	}
	for (u32 i = 0; i < v->n; i++) {
		bool found = !v->a[i].explicit;
		for (u32 k = 0; k < f->require.n; k++)
			found |= !strcmp(f->require.a[k].path, v->a[i].m->path) && !strcmp(f->require.a[k].version, v->a[i].m->version);
		if (!found)
			buf_printf(&b, "\n\t%s@%s: is marked as explicit in vendor/modules.txt, but not explicitly required in go.mod", v->a[i].m->path,
				v->a[i].m->version);
	}
	if (b.n)
		go_fatal(1, "go: inconsistent vendoring in %s:%s\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n"
			"\tTo sync the vendor directory, run:\n\t\tgo mod vendor", l->main_mod->dir, buf_str(&b));
}

/* ---- the main module ---- */

static void check_workspace(Loader *l)
{
	const char *work = context_env(l->ctx, "GOWORK");
	if (!strcmp(work, "off"))
		return;
	char *d = arena_strndup(l->ar, l->ctx->cwd, strlen(l->ctx->cwd));
	const char *file = *work ? work : NULL;
	while (!file) {
		if (file_exists(path_join(l->ar, d, "go.work")))
			file = path_join(l->ar, d, "go.work");
		char *slash = strrchr(d, '/');
		if (!slash || slash == d)
			break;
		*slash = 0;
	}
	if (file)
		go_fatal(1, "go: %s: seago does not support workspaces yet; set GOWORK=off", short_path(l->ctx, file));
}

static void read_main(Loader *l, const char *root, const char *file, const char *shown)
{
	size_t n;
	const char *text = context_read(l->ctx, l->ar, file, &n);
	if (!text)
		go_fatal(1, "go: open %s: %s", shown, strerror_go(errno));
	ModFile *f = l->main_file = modfile_parse(l->ar, file, shown, text, n, false);
	told(f, shown);
	if (!f->path)
		go_fatal(1, "go: error reading %s: missing module declaration. To specify the module path:\n\tgo mod edit -module=example.com/mod", shown);
	const char *ours = l->ctx->goversion + 2;       /* after "go" */
	if (f->go && gover_cmp(f->go, ours) > 0)
		go_fatal(1, "go: %s requires go >= %s (running go %s; GOTOOLCHAIN=local)", shown, f->go, ours);
	Module *m = l->main_mod = arena_new(l->ar, Module);
	m->path = f->path;
	m->dir = arena_strndup(l->ar, root, (size_t)(strrchr(root, '/') - root));
	m->file = root;
	m->main = true;
	m->goversion = language_of(l->ar, f->go, "go1.16");    /* what gc assumes without a go line */
	vec_push(l->ar, &l->mods, m);
}

void modules_find(Loader *l)
{
	const char *root = module_file(l->ar, l->ctx->cwd), *file = root, *shown, *flag = l->ctx->mod, *alt = l->ctx->modfile;
	check_workspace(l);
	if (alt && !has_suffix(alt, ".mod"))
		go_fatal(1, "go: -modfile=%s: file does not have .mod extension", alt);
	if (!root && dir_exists(path_join(l->ar, l->ctx->cwd, "go.mod")))
		go_fatal(1, "go: error reading go.mod: read go.mod: is a directory");
	if (!root)
		return;
	if (alt)
		l->ctx->modfile = file = alt[0] == '/' ? alt : path_join(l->ar, l->ctx->cwd, alt);
	shown = alt ? alt : short_path(l->ctx, file);
	read_main(l, root, file, shown);
	bool has_vendor = dir_exists(path_join(l->ar, l->main_mod->dir, "vendor"));
	l->vendored = flag ? !strcmp(flag, "vendor") : has_vendor && l->main_file->go && gover_cmp(l->main_file->go, "1.14") >= 0 &&
		file_exists(path_join(l->ar, l->main_mod->dir, "vendor/modules.txt"));
	if (l->vendored) {
		VendorList v = read_vendor(l);
		check_vendor(l, &v);
		return;
	}
	read_sums(l);
	Graph g = {.l = l};
	add_roots(&g);
	select_versions(l, &g);
	if (!l->main_file->go || gover_cmp(l->main_file->go, "1.17") < 0)
		modules_complete(l);
}
