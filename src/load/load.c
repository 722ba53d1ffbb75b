/* The import graph.
 *
 * Breadth first, a level at a time: list the files of all packages new in this level, read and parse them on all threads
 * (one job a file), then follow their imports, which makes the next level. When nothing is new the graph is ordered:
 * imports first, ties by import path, so that the order depends on nothing but the sources.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include "load.h"

static int by_path(const void *a, const void *b)
{
	return strcmp((*(LoadPkg *const *)a)->path, (*(LoadPkg *const *)b)->path);
}

/* ---- imports ---- */

/* gc's rule for import paths: graphic characters except punctuation that shells and file systems mind. Returns what is wrong
 * with path, or NULL. */
static const char *path_fault(Loader *l, const char *path, u32 n)
{
	if (!n)
		return "empty string";
	for (const char *p = path, *end = path + n; p < end;) {
		u32 r;
		int k = utf8_decode(p, end, &r);
		bool bad = r < 0x80 ? r <= ' ' || r == 0x7f || strchr("!\"#$%&'()*,:;<=>?[]^{|}`\\", (int)r) : r == RUNE_ERROR || !rune_is_print(r);
		if (bad && rune_is_print(r))
			return arena_printf(l->ar, "invalid character U+%04X '%.*s'", r, k, p);
		if (bad)
			return arena_printf(l->ar, "invalid character U+%04X", r);
		p += k;
	}
	return NULL;
}

/* Go's rule for the elements of an import path that is looked up in modules. Returns what is wrong, or NULL. */
static const char *malformed(Loader *l, const char *path)
{
	size_t n = strlen(path);
	if (path[0] == '-')
		return "leading dash";
	if (strstr(path, "//"))
		return "double slash";
	if (path[n - 1] == '/')
		return "trailing slash";
	for (const char *e = path, *end; *e; e = *end ? end + 1 : end) {
		end = e + strcspn(e, "/");
		if (strspn(e, ".") == (size_t)(end - e))
			return arena_printf(l->ar, "invalid path element \"%.*s\"", (int)(end - e), e);
		if (end[-1] == '.')
			return "trailing dot in path element";
		for (const char *p = e; p < end;) {
			u32 r;
			int k = utf8_decode(p, end, &r);
			if (r >= 0x80 || !(strchr("-._~+", (int)r) || (r >= '0' && r <= '9') || ((r | 32) >= 'a' && (r | 32) <= 'z')))
				return arena_printf(l->ar, "invalid char '%.*s'", k, p);
			p += k;
		}
	}
	return NULL;
}

/* What the go command says of a path before it looks for the package. NULL: nothing. */
static const char *path_refused(Loader *l, const char *path)
{
	const char *why;
	if (strchr(path, '@'))
		return arena_printf(l->ar, "import path \"%s\" should not have @version", path);
	if (*path == '/')
		return arena_printf(l->ar, "\"%s\" is not a package path; see 'go help packages'", path);
	if (!strcmp(path, "all") || !strcmp(path, "std") || !strcmp(path, "cmd") || !strcmp(path, "tool") || !strcmp(path, "work"))
		return arena_printf(l->ar, "\"%s\" is not an importable package; see 'go help packages'", path);
	return (why = malformed(l, path)) ? arena_printf(l->ar, "malformed import path \"%s\": %s", path, why) : NULL;
}

/* What gc says when it is to import such a path. */
static const char *import_fault(Loader *l, const char *path)
{
	const char *clean = path_clean(l->ar, path);
	if (*path == '/')
		return "import path cannot be absolute path";
	if (*path != '.' && strcmp(clean, path))
		return arena_printf(l->ar, "non-canonical import path \"%s\" (should be \"%s\")", path, clean);
	return NULL;
}

static bool is_relative(const char *path)
{
	return !strcmp(path, ".") || !strcmp(path, "..") || has_prefix(path, "./") || has_prefix(path, "../");
}

static void import_error(LoadPkg *p, const char *text)
{
	if (p->error)
		return;
	p->fault = FaultOther;
	p->error = text;
}

/* Where an import begins: its name, if it has one. */
static Pos spec_pos(const File *f, NodeId decl)
{
	const Node *d = node_at(f, decl);
	return node_at(f, d->a ? d->a : d->b)->pos;
}

/* The go command tells this one with the file's full name. */
static const char *invalid_path(Loader *l, Pos pos, const char *path, u32 n)
{
	SrcLoc loc = pos_loc(pos);
	Buf b = {.ar = l->ar};
	buf_printf(&b, "%s:%u:%u: invalid import path: ", src_of(pos)->path, loc.line, loc.col);
	buf_write(&b, path, n);
	return buf_str(&b);
}

/* The package that file of p imports as path; NULL: none, which has been said. */
static LoadPkg *follow(Loader *l, LoadPkg *p, const char *path, Pos pos, Diag *d)
{
	if (!strcmp(path, "unsafe"))
		return NULL;
	if (is_relative(path) && l->front.local) {
		path = path_join(l->ar, l->front.local, path);
	} else if (is_relative(path) && !l->ctx->modules && p->dir) {
		return load_dir(l, path_join(l->ar, p->dir, path), p, pos);
	} else if (is_relative(path)) {
		import_error(p, arena_printf(l->ar, "%s: \"%s\" is relative, but relative import paths are not supported in module mode",
			pos_text(l, pos), path));
		return NULL;
	}
	const char *fault;
	if (!l->front.local && d == &p->diag && l->ctx->modules && (fault = path_refused(l, path))) {
		import_error(p, arena_printf(l->ar, "%s: %s", pos_text(l, pos), fault));
		return NULL;
	}
	if ((fault = import_fault(l, path))) {
		diag_add(d, pos, "could not import %s (%s)", path, fault);
		return NULL;
	}
	return load_resolve(l, p, path, pos);
}

/* What files of p import; faults go to d. Test files tell by themselves what they miss. */
static LoadPkg **imports_of(Loader *l, LoadPkg *p, File **file, u32 nfile, Diag *diag, u32 *nimport)
{
	VEC(LoadPkg *) imp = {0};
	for (u32 i = 0; i < nfile; i++) {
		const File *f = file[i];
		for (u32 k = 0; k < list_len(f, f->decls); k++) {
			NodeId d = list_at(f, f->decls, k);
			if (node_kind(f, d) != NodeImportDecl)
				break;
			u32 n;
			NodeId lit = node_at(f, d)->b;
			bool bad = !lit || node_at(f, lit)->flag & FlagBad;
			const char *path = bad ? NULL : lit_string(l->ar, f, lit, &n);
			const char *fault = path ? path_fault(l, path, n) : NULL;
			if (fault && !l->front.local && diag == &p->diag)
				import_error(p, invalid_path(l, spec_pos(f, d), path, n));
			else if (fault)
				diag_add(diag, node_at(f, lit)->pos, "invalid import path (%s)", fault);
			LoadPkg *q = path && !fault ? follow(l, p, path, spec_pos(f, d), diag) : NULL;
			if (q && q->why && diag == &p->tdiag) {
				diag_add(diag, spec_pos(f, d), "%s", q->why);
				q = NULL;
			}
			if (q) {
				vec_push(l->ar, &imp, q);
				map_putp(l->ar, &p->imported, intern_str(path), q);
			}
		}
	}
	if (imp.n)
		qsort(imp.a, imp.n, sizeof *imp.a, by_path);
	u32 w = 0;
	for (u32 i = 0; i < imp.n; i++)
		if (!w || imp.a[w - 1] != imp.a[i])
			imp.a[w++] = imp.a[i];
	*nimport = w;
	return imp.a;
}

static const char *language(Loader *l, LoadPkg *p);

/* Before go1.16 the checker refuses the directive, whatever its patterns match. */
static void find_embedded(Loader *l, LoadPkg *p, File **file, u32 n)
{
	bool allowed = n && atoi(language(l, p) + strlen("go1.")) >= 16;
	for (u32 i = 0; i < n && !p->error && allowed; i++) {
		const char *fault = embed_resolve(l, p, file[i]);
		if (fault)
			import_error(p, fault);
	}
}

static void follow_imports(Loader *l, LoadPkg *p)
{
	find_embedded(l, p, p->file, p->ngofile);
	find_embedded(l, p, p->tfile, p->ntfile);
	find_embedded(l, p, p->xfile, p->nxfile);
	p->import = imports_of(l, p, p->file, p->ngofile, &p->diag, &p->nimport);
	if (l->only_names)
		return;
	p->timport = imports_of(l, p, p->tfile, p->ntfile, &p->tdiag, &p->ntimport);
	p->ximport = imports_of(l, p, p->xfile, p->nxfile, &p->tdiag, &p->nximport);
}

/* Where p first imports q. */
static Pos import_pos(Loader *l, const LoadPkg *p, const LoadPkg *q)
{
	for (u32 i = 0; i < p->ngofile; i++) {
		const File *f = p->file[i];
		for (u32 k = 0; k < list_len(f, f->decls) && node_kind(f, list_at(f, f->decls, k)) == NodeImportDecl; k++) {
			u32 n;
			NodeId lit = node_at(f, list_at(f, f->decls, k))->b;
			const char *path = lit_string(l->ar, f, lit, &n);
			if (path && map_getp(&p->imported, intern_str(path)) == q)
				return spec_pos(f, list_at(f, f->decls, k));
		}
	}
	return 0;
}

/* Rules that depend on who imports: known once all packages are. */
static void check_permissions(Loader *l, LoadPkg *p)
{
	for (u32 i = 0; i < p->nimport && !p->error; i++) {
		const char *fmt = import_forbidden(l, p, p->import[i]);
		if (!fmt)
			continue;
		const char *hole = strstr(fmt, "%s");
		import_error(p, arena_printf(l->ar, "%.*s%s%s", (int)(hole - fmt), fmt, pos_text(l, import_pos(l, p, p->import[i])), hole + 2));
	}
}

static void run_level(Loader *l, u32 from)
{
	u32 to = l->all.n;
	Jobs jobs = {0};
	for (u32 i = from; i < to; i++)
		if (l->all.a[i]->dir)
			files_list(l, l->all.a[i], &jobs);
	files_parse(l, &jobs);
	for (u32 i = from; i < to; i++) {
		if (l->all.a[i]->dir)
			files_check_empty(l, l->all.a[i]);
		follow_imports(l, l->all.a[i]);
	}
}

/* ---- order ---- */

enum { White, Grey, Black };

typedef struct Order { Loader *l; VEC(LoadPkg *) out, stack; } Order;

static const char *base_of(Loader *l, const LoadPkg *p, const LoadPkg *q)
{
	SrcFile *f = src_of(import_pos(l, p, q));
	return f ? path_base(f->path) : "";
}

/* The cycle that closes at p as gc tells it: the chain of imports from a named package. */
static void report_cycle(Order *o, LoadPkg *p)
{
	Loader *l = o->l;
	Buf b = {.ar = l->ar};
	VEC(LoadPkg *) way = {0};
	u32 start = o->stack.n;
	while (start > 0 && o->stack.a[start - 1] != p)
		start--;
	for (LoadPkg *q = p->parent; q && q->mark != Black && way.n < 1000; q = q->parent) {
		bool inside = false;
		for (u32 i = start ? start - 1 : 0; i < o->stack.n; i++)
			inside |= o->stack.a[i] == q;
		if (inside)
			break;
		vec_push(l->ar, &way, q);
	}
	LoadPkg *last = NULL;
	buf_puts(&b, "package ");
	for (u32 i = way.n; i-- > 0; last = way.a[i])
		last ? buf_printf(&b, "\n\timports %s from %s", way.a[i]->path, base_of(l, last, way.a[i])) : buf_puts(&b, way.a[i]->path);
	for (u32 i = start ? start - 1 : 0; i < o->stack.n; i++) {
		LoadPkg *q = o->stack.a[i];
		last ? buf_printf(&b, "\n\timports %s from %s", q->path, base_of(l, last, q)) : buf_puts(&b, q->path);
		last = q;
	}
	buf_printf(&b, "\n\timports %s from %s: import cycle not allowed", p->path, base_of(l, last, p));
	import_error(last, buf_str(&b));
}

static void visit(Order *o, LoadPkg *p)
{
	if (p->mark == Black)
		return;
	if (p->mark == Grey) {
		report_cycle(o, p);
		return;
	}
	p->mark = Grey;
	vec_push(o->l->ar, &o->stack, p);
	for (u32 i = 0; i < p->nimport; i++)
		visit(o, p->import[i]);
	(void)vec_pop(&o->stack);
	p->mark = Black;
	p->order = o->out.n;
	vec_push(o->l->ar, &o->out, p);
}

/* Depth first from the packages named, in their order: as errors are told. */
static void list_graph(Loader *l)
{
	Order o = {.l = l};
	for (u32 i = 0; i < l->all.n; i++)
		l->all.a[i]->mark = White;
	qsort(l->all.a, l->all.n, sizeof *l->all.a, by_path);
	for (u32 i = 0; i < l->named.n; i++)
		visit(&o, l->named.a[i]);
	for (u32 i = 0; i < l->all.n; i++)
		visit(&o, l->all.a[i]);
	l->listed.a = o.out.a;
	l->listed.n = o.out.n;
}

static void mark_below(LoadPkg *p, u8 mark)
{
	if (p->mark == mark)
		return;
	p->mark = mark;
	for (u32 i = 0; i < p->nimport; i++)
		mark_below(p->import[i], mark);
}

/* Takes packages with the given mark whose imports have been taken, always the one with the least path: so the spec orders
 * initialisation. Cycles have been reported; their packages come last. */
static void take_ready(Loader *l, u8 mark, u32 *n)
{
	VEC(LoadPkg *) ready = {0};     /* descending */
	u32 *wait = arena_array(l->ar, u32, l->listed.n);
	VEC(LoadPkg *) *user = (void *)arena_alloc(l->ar, sizeof *user * max_u64(l->listed.n, 1), 8);
	for (u32 i = 0; i < l->listed.n; i++) {
		LoadPkg *p = l->listed.a[i];
		for (u32 k = 0; p->mark == mark && k < p->nimport; k++)
			if (p->import[k]->mark == mark) {
				wait[p->order]++;
				vec_push(l->ar, &user[p->import[k]->order], p);
			}
	}
	for (u32 i = l->all.n; i-- > 0;)        /* all is sorted by path */
		if (l->all.a[i]->mark == mark && !wait[l->all.a[i]->order])
			vec_push(l->ar, &ready, l->all.a[i]);
	while (ready.n) {
		LoadPkg *p = vec_pop(&ready);
		l->sorted.a[(*n)++] = p;
		for (u32 k = 0; k < user[p->order].n; k++) {
			LoadPkg *q = user[p->order].a[k];
			if (--wait[q->order])
				continue;
			vec_push(l->ar, &ready, q);
			for (u32 i = ready.n - 1; i > 0 && strcmp(ready.a[i - 1]->path, q->path) < 0; i--) {
				ready.a[i] = ready.a[i - 1];
				ready.a[i - 1] = q;
			}
		}
	}
}

/* The runtime and what it needs first, then the others. */
void load_order(Loader *l)
{
	u32 n = 0;
	list_graph(l);
	l->sorted.a = arena_array(l->ar, LoadPkg *, l->all.n);
	for (u32 i = 0; i < l->all.n; i++)
		l->all.a[i]->mark = White;
	mark_below(load_find(l, "runtime"), Grey);
	take_ready(l, Grey, &n);
	take_ready(l, White, &n);
	bool cyclic = n < l->all.n;
	l->sorted.n = n;
	if (!cyclic)
		l->all.a = l->sorted.a;
	for (u32 i = 0; i < l->all.n && !cyclic; i++)
		l->all.a[i]->order = i;
}

/* ---- the checker's packages ---- */

static Pkg *import_pkg(void *arg, Pkg *from, const char *path, Pos pos)
{
	Loader *l = arg;
	LoadPkg *p = from->load;
	if (!strcmp(path, "unsafe"))
		return l->chk->unsafe_pkg;
	LoadPkg *q = map_getp(&p->imported, intern_str(path));
	if (q && q->variant)
		q = q->variant;
	return q && !(q->error && !q->dir) ? q->pkg : NULL;
}

static const char *language(Loader *l, LoadPkg *p)
{
	if (p->named && l->front.lang)
		return l->front.lang;
	if (p->mod)
		return p->mod->goversion;
	return has_prefix(p->path, "vendor/") || has_prefix(p->path, "cmd/vendor/") ? "go1.24" : l->chk->goversion;
}

void load_make_pkg(Loader *l, LoadPkg *p)
{
	Pkg *k = arena_new(l->ar, Pkg);
	p->pkg = k;
	k->name = p->ngofile ? p->file[0]->pkgname : p->ntfile ? p->tfile[0]->pkgname : intern_str(path_base(p->path));
	k->path = p->named && !l->tests && !strcmp(k->name->s, "main") ? "main" : p->path;
	k->file = p->file;
	k->nfile = p->ngofile;
	k->imports = arena_array(l->ar, Pkg *, p->nimport);
	for (u32 i = 0; i < p->nimport; i++)
		if (p->import[i]->pkg)      /* missing only in an import cycle */
			k->imports[k->nimport++] = p->import[i]->pkg;
	k->order = p->order;
	k->goversion = language(l, p);
	k->std = p->std;
	k->main_module = p->named || !(p->std || (p->mod && !p->mod->main));
	k->ignore_missing_body = p->std || p->nsfile || (p->named && l->front.incomplete);
	k->diag = &p->diag;
	k->chk = l->chk;
	k->load = p;
	for (u32 i = 0; i < p->ngofile; i++)
		p->file[i]->pkg = p;
}

/* ---- entry ---- */

void load_start(Loader *l)
{
	l->worker = arena_array(l->ar, Arena, pool_size(l->pool));
	l->manifest = l->ctx->upstream ? arena_new(l->ar, Manifest) : manifest_read(l->ar, l->ctx->overlay);
	l->chk->import = import_pkg;
	l->chk->import_arg = l;
	if (l->ctx->modules)
		modules_find(l);
}

/* Packages that only a pattern named and that have nothing to build are not meant. */
static void drop_empty(Loader *l)
{
	u32 w = 0;
	for (u32 i = 0; i < l->named.n; i++) {
		LoadPkg *p = l->named.a[i];
		if (p->wild && (p->fault == FaultNoGo || p->fault == FaultTestOnly))
			p->named = false, p->error = NULL;
		else
			l->named.a[w++] = p;
	}
	l->named.n = w;
}

static const char *const cover_imports[] = {"internal/coverage/cfile", "internal/coverage/rtcov", "sync/atomic"};
static const char *const test_main_imports[] = {"os", "reflect", "testing", "testing/internal/testdeps"};

void load_close(Loader *l)
{
	for (u32 i = 0; l->tests && !l->only_names && i < nelem(test_main_imports); i++)
		load_resolve(l, NULL, test_main_imports[i], 0);
	for (u32 i = 0; l->cover && i < nelem(cover_imports); i++)
		load_resolve(l, NULL, cover_imports[i], 0);
	load_resolve(l, NULL, "runtime", 0);        /* every program has it */
	for (u32 done = 0; done < l->all.n;) {
		u32 from = done;
		done = l->all.n;
		run_level(l, from);
	}
	drop_empty(l);
	modules_check(l);
	for (u32 i = 0; i < l->all.n; i++)
		check_permissions(l, l->all.a[i]);
	load_order(l);
	for (u32 i = 0; i < l->all.n; i++)
		l->all.a[i]->nparsed = l->all.a[i]->diag.v.n;
	for (u32 i = 0; i < l->all.n; i++)
		load_make_pkg(l, l->all.a[i]);
}

void load_packages(Loader *l, const char **arg, u32 narg)
{
	load_start(l);
	load_args(l, arg, narg);
	load_close(l);
}
