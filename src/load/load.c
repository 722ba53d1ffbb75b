/* The import graph.
 *
 * Breadth first, a level at a time: find the directories and candidate files of all packages new in this level, read and
 * parse the files on all threads (one job a file), then follow their imports, which makes the next level. When nothing is new
 * the graph is ordered: imports first, ties by import path, so that the order depends on nothing but the sources.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include "load.h"

/* A candidate file of a package of the current level. */
typedef struct Job {
	LoadPkg *p;
	const char *path;
	bool forced;            /* named by the manifest or the command line: constraints do not apply */
	bool test;
	/* results */
	File *f;                /* NULL: excluded */
	bool cgo, unreadable;
	int err;
	Diag diag;
} Job;

typedef struct Level {
	Loader *l;
	VEC(Job) job;
	Arena *worker;          /* one arena a worker, kept for good */
} Level;

static bool has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && !strcmp(s + n - m, suffix);
}

static bool has_prefix(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static int by_string(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(LoadPkg *const *)a)->path, (*(LoadPkg *const *)b)->path);
}

static bool contains(const char **a, u32 n, const char *s)
{
	for (u32 i = 0; i < n; i++)
		if (!strcmp(a[i], s))
			return true;
	return false;
}

/* ---- where an import path lives ---- */

LoadPkg *load_find(Loader *l, const char *path)
{
	return map_getp(&l->by_path, intern_str(path));
}

static LoadPkg *add_pkg(Loader *l, const char *path)
{
	LoadPkg *p = arena_new(l->ar, LoadPkg);
	p->path = path;
	diag_init(&p->diag, l->ar);
	diag_init(&p->tdiag, l->ar);
	map_putp(l->ar, &l->by_path, intern_str(path), p);
	vec_push(l->ar, &l->all, p);
	return p;
}

static const char *missing_text(Loader *l, const char *path)
{
	const char *slash = strchr(path, '/'), *dot = strchr(path, '.');
	if (dot && (!slash || dot < slash) && l->ctx->modules)
		return arena_printf(l->ar, "no required module provides package %s; to add it:\n\tgo get %s", path, path);
	return arena_printf(l->ar, "package %s is not in std (%s)", path, path_join(l->ar, l->ctx->goroot, path_join(l->ar, "src", path)));
}

/* The package that path means when imported by from (NULL: the command line). Never NULL; p->error tells of failures. */
static LoadPkg *resolve(Loader *l, LoadPkg *from, const char *path)
{
	const char *src = path_join(l->ar, l->ctx->goroot, "src");
	if (from && from->std && has_prefix(path, "golang.org/")) {
		bool cmd = has_prefix(from->path, "cmd/");
		const char *v = path_join(l->ar, cmd ? "cmd/vendor" : "vendor", path);
		if (load_find(l, v) || dir_exists(path_join(l->ar, src, v)))
			path = v;
	}
	LoadPkg *p = load_find(l, path);
	if (p)
		return p;
	p = add_pkg(l, arena_strndup(l->ar, path, strlen(path)));
	Module *m = l->main_mod;
	size_t n = m ? strlen(m->path) : 0;
	if (m && has_prefix(path, m->path) && (!path[n] || path[n] == '/')) {
		p->dir = path_join(l->ar, m->dir, path[n] ? path + n + 1 : ".");
		p->mod = m;
	} else if (dir_exists(path_join(l->ar, src, path))) {
		p->dir = path_join(l->ar, src, path);
		p->std = true;
	} else if (!l->ctx->modules && l->ctx->gopath) {
		p->dir = path_join(l->ar, l->ctx->gopath, path_join(l->ar, "src", path));
	}
	if (!p->dir || !dir_exists(p->dir)) {
		p->dir = NULL;
		p->error = missing_text(l, path);
	}
	return p;
}

/* ---- the files of a package ---- */

static void add_job(Level *v, LoadPkg *p, const char *path, bool forced)
{
	Job j = {.p = p, .path = path, .forced = forced, .test = v->l->tests && p->named && has_suffix(path, "_test.go")};
	vec_push(v->l->ar, &v->job, j);
}

static void list_dir(Level *v, LoadPkg *p)
{
	Loader *l = v->l;
	ManifestPkg *m = p->std ? manifest_find(l->manifest, p->path) : NULL;
	VEC(const char *) name = {0};
	DIR *d = opendir(p->dir);
	if (!d) {
		p->error = arena_printf(l->ar, "open %s: %s", p->dir, strerror(errno));
		return;
	}
	for (struct dirent *e; (e = readdir(d));)
		if ((has_suffix(e->d_name, ".go") || has_suffix(e->d_name, ".s")) && e->d_name[0] != '_' && e->d_name[0] != '.')
			vec_push(l->ar, &name, arena_strndup(l->ar, e->d_name, strlen(e->d_name)));
	closedir(d);
	qsort(name.a, name.n, sizeof *name.a, by_string);
	VEC(const char *) sfile = {0}, ignored = {0};
	for (u32 i = 0; i < name.n; i++) {
		const char *s = name.a[i];
		bool take = m && contains(m->take.a, m->take.n, s);
		bool drop = m && !take && (m->only || contains(m->drop.a, m->drop.n, s));
		const char *full = path_join(l->ar, p->dir, s);
		if (drop || (has_suffix(s, "_test.go") && !(l->tests && p->named)))
			continue;
		if (!take && !file_name_matches(l->ctx, s))
			vec_push(l->ar, &ignored, full);
		else if (has_suffix(s, ".go"))
			add_job(v, p, full, take);
		else if (!m)
			vec_push(l->ar, &sfile, full);
	}
	for (u32 i = 0; m && i < m->add.n; i++)
		add_job(v, p, m->add.a[i], true);
	p->sfile = sfile.a;
	p->nsfile = sfile.n;
	p->ignored = ignored.a;
	p->nignored = ignored.n;
}

static bool imports_c(const File *f)
{
	for (u32 i = 0; i < list_len(f, f->decls); i++) {
		NodeId d = list_at(f, f->decls, i);
		if (node_kind(f, d) != NodeImportDecl)
			break;
		u32 n;
		const char *s = lit_text(f, node_at(f, d)->b, &n);
		if (n == 3 && s[1] == 'C')
			return true;
	}
	return false;
}

static void run_job(void *arg, int worker, u32 i)
{
	Level *v = arg;
	Job *j = &v->job.a[i];
	Arena *a = &v->worker[worker];
	size_t n;
	char *src = file_read(a, j->path, &n);
	if (!src || n >= UINT32_MAX / 2) {
		j->unreadable = true;
		j->err = src ? EFBIG : errno;
		return;
	}
	if (!j->forced && !file_head_matches(v->l->ctx, src, n))
		return;
	diag_init(&j->diag, a);
	SrcFile *sf = src_add(j->path, j->path, src, (u32)n);
	File *f = syntax_parse(a, sf, ParseFull, j->p->std || (j->p->named && v->l->front.as_std), &j->diag);
	j->cgo = imports_c(f);
	j->f = j->cgo ? NULL : f;
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

/* import "./x" */
static const char *local_path(Loader *l, const char *path)
{
	bool local = !strcmp(path, ".") || !strcmp(path, "..") || has_prefix(path, "./") || has_prefix(path, "../");
	return local && l->front.local ? path_join(l->ar, l->front.local, path) : path;
}

static LoadPkg *follow(Loader *l, LoadPkg *p, const char *path, Pos pos, Diag *diag)
{
	path = local_path(l, path);
	if (!strcmp(path, "unsafe"))
		return NULL;
	const char *fault = import_fault(l, path);
	if (fault) {
		diag_add(&p->diag, pos, "could not import %s (%s)", path, fault);
		return NULL;
	}
	LoadPkg *q = resolve(l, p, path);
	if (q->error && !q->dir) {
		diag_add(diag, pos, "%s", q->error);
		return NULL;
	}
	return q;
}

/* What files of p import; faults go to d. */
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
			if (fault)
				diag_add(diag, node_at(f, lit)->pos, "invalid import path (%s)", fault);
			LoadPkg *q = path && !fault ? follow(l, p, path, node_at(f, lit)->pos, diag) : NULL;
			if (q)
				vec_push(l->ar, &imp, q);
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

static void follow_imports(Loader *l, LoadPkg *p)
{
	p->import = imports_of(l, p, p->file, p->ngofile, &p->diag, &p->nimport);
	p->timport = imports_of(l, p, p->tfile, p->ntfile, &p->tdiag, &p->ntimport);
	p->ximport = imports_of(l, p, p->xfile, p->nxfile, &p->tdiag, &p->nximport);
}

static File **with_file(Loader *l, File **file, u32 *n, File *f)
{
	File **v = arena_array(l->ar, File *, *n + 1);
	for (u32 k = 0; k < *n; k++)
		v[k] = file[k];
	v[(*n)++] = f;
	return v;
}

static void take_test_file(Loader *l, Job *j)
{
	LoadPkg *p = j->p;
	const char *name = j->f->pkgname->s;
	for (u32 k = 0; k < j->diag.v.n; k++)
		diag_add(&p->tdiag, j->diag.v.a[k].pos, "%s", j->diag.v.a[k].msg);
	if (has_suffix(name, "_test"))
		p->xfile = with_file(l, p->xfile, &p->nxfile, j->f);
	else
		p->tfile = with_file(l, p->tfile, &p->ntfile, j->f);
	j->f->pkg = p;
	l->nfile++;
	l->nbyte += j->f->src->size;
}

static void take_results(Level *v)
{
	Loader *l = v->l;
	for (u32 i = 0; i < v->job.n; i++) {
		Job *j = &v->job.a[i];
		LoadPkg *p = j->p;
		if (j->unreadable)
			p->error = arena_printf(l->ar, "open %s: %s", j->path, strerror(j->err));
		if (!j->f)
			continue;
		if (j->test) {
			take_test_file(l, j);
			continue;
		}
		for (u32 k = 0; k < j->diag.v.n; k++)
			diag_add(&p->diag, j->diag.v.a[k].pos, "%s", j->diag.v.a[k].msg);
		if (p->ngofile && p->file[0]->pkgname != j->f->pkgname && !p->error)
			p->error = arena_printf(l->ar, "found packages %s (%s) and %s (%s) in %s", p->file[0]->pkgname->s,
				path_base(p->gofile[0]), j->f->pkgname->s, path_base(j->path), p->dir);
		/* grown one at a time: packages have few files, and the level holds them in order */
		const char **go = arena_array(l->ar, const char *, p->ngofile + 1);
		for (u32 k = 0; k < p->ngofile; k++)
			go[k] = p->gofile[k];
		go[p->ngofile] = j->path;
		p->gofile = go;
		j->f->index = p->ngofile;
		j->f->pkg = p;
		p->file = with_file(l, p->file, &p->ngofile, j->f);
		l->nfile++;
		l->nbyte += j->f->src->size;
	}
}

static void check_empty(Loader *l, LoadPkg *p)
{
	if (p->ngofile || p->error || load_has_tests(p))
		return;
	p->error = arena_printf(l->ar, p->nignored ? "build constraints exclude all Go files in %s" : "no Go files in %s", p->dir);
}

static void run_level(Level *v, u32 from)
{
	Loader *l = v->l;
	u32 to = l->all.n;
	v->job.n = 0;
	for (u32 i = from; i < to; i++)
		if (l->all.a[i]->dir && !l->all.a[i]->mark)
			list_dir(v, l->all.a[i]);
	for (u32 i = from; i < to; i++)
		for (u32 k = 0; l->all.a[i]->mark && k < l->all.a[i]->ngofile; k++)
			add_job(v, l->all.a[i], l->all.a[i]->gofile[k], true);
	for (u32 i = from; i < to; i++)
		if (l->all.a[i]->mark)
			l->all.a[i]->ngofile = 0;
	pool_run(l->pool, v->job.n, run_job, v);
	take_results(v);
	for (u32 i = from; i < to; i++) {
		check_empty(l, l->all.a[i]);
		follow_imports(l, l->all.a[i]);
	}
}

/* ---- order ---- */

enum { White, Grey, Black };

/* Prints the cycle that closes at p as gc does: the chain of imports that leads back. */
static void report_cycle(Loader *l, LoadPkg **stack, u32 n, LoadPkg *p)
{
	Buf b = {.ar = l->ar};
	u32 start = n;
	while (start > 0 && stack[start - 1] != p)
		start--;
	buf_printf(&b, "package %s", stack[start ? start - 1 : 0]->path);
	for (u32 i = start; i < n; i++)
		buf_printf(&b, "\n\timports %s", stack[i]->path);
	buf_printf(&b, "\n\timports %s: import cycle not allowed", p->path);
	p->error = buf_str(&b);
}

typedef struct Order { Loader *l; VEC(LoadPkg *) out, stack; } Order;

static void visit(Order *o, LoadPkg *p)
{
	if (p->mark == Black)
		return;
	if (p->mark == Grey) {
		report_cycle(o->l, o->stack.a, o->stack.n, p);
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

void load_order(Loader *l)
{
	Order o = {.l = l};
	for (u32 i = 0; i < l->all.n; i++)
		l->all.a[i]->mark = White;
	qsort(l->all.a, l->all.n, sizeof *l->all.a, by_path);
	for (u32 i = 0; i < l->all.n; i++)
		visit(&o, l->all.a[i]);
	l->all.a = o.out.a;
	l->all.n = o.out.n;
}

/* ---- the checker's packages ---- */

static Pkg *import_pkg(void *arg, Pkg *from, const char *path, Pos pos)
{
	Loader *l = arg;
	LoadPkg *p = from->load;
	if (!strcmp(path, "unsafe"))
		return l->chk->unsafe_pkg;
	LoadPkg *q = load_find(l, local_path(l, path));
	if (p->std && has_prefix(path, "golang.org/"))
		q = resolve(l, p, path);
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
	k->main_module = !p->std;
	k->ignore_missing_body = p->std || p->nsfile || (p->named && l->front.incomplete);
	k->diag = &p->diag;
	k->chk = l->chk;
	k->load = p;
	for (u32 i = 0; i < p->ngofile; i++)
		p->file[i]->pkg = p;
}

/* ---- entry ---- */

/* The command line's .go files form one package of their own. */
static LoadPkg *files_pkg(Loader *l, const char **arg, u32 narg)
{
	LoadPkg *p = add_pkg(l, "command-line-arguments");
	p->dir = l->ctx->cwd;
	p->mod = l->ctx->modules ? l->main_mod : NULL;
	p->gofile = arena_array(l->ar, const char *, narg);
	for (u32 i = 0; i < narg; i++)
		p->gofile[p->ngofile++] = arg[i];
	p->mark = 1;            /* files given, not to be listed */
	return p;
}

static const char *dir_import_path(Loader *l, const char *dir)
{
	Module *m = l->main_mod;
	size_t n = m ? strlen(m->dir) : 0;
	if (m && has_prefix(dir, m->dir) && (!dir[n] || dir[n] == '/'))
		return dir[n] ? path_join(l->ar, m->path, dir + n + 1) : m->path;
	const char *src = path_join(l->ar, l->ctx->goroot, "src/");
	if (has_prefix(dir, src))
		return dir + strlen(src) + (dir[strlen(src)] == '/');
	return arena_printf(l->ar, "_%s", dir);
}

static LoadPkg *named_pkg(Loader *l, const char *arg)
{
	if (arg[0] != '.' && arg[0] != '/')
		return resolve(l, NULL, arg);
	const char *dir = arg[0] == '/' ? path_clean(l->ar, arg) : path_join(l->ar, l->ctx->cwd, arg);
	const char *path = dir_import_path(l, dir);
	LoadPkg *p = load_find(l, path);
	if (p)
		return p;
	if (path[0] != '_')
		return resolve(l, NULL, path);
	p = add_pkg(l, path);
	p->dir = dir_exists(dir) ? dir : NULL;
	if (!p->dir)
		p->error = arena_printf(l->ar, "directory %s not found", arg);
	return p;
}

static const char *const test_main_imports[] = {"os", "reflect", "testing", "testing/internal/testdeps"};

void load_packages(Loader *l, const char **arg, u32 narg)
{
	Level v = {.l = l};
	v.worker = arena_array(l->ar, Arena, pool_size(l->pool));
	l->manifest = manifest_read(l->ar, l->ctx->overlay);
	if (l->ctx->modules && !l->main_mod)
		l->main_mod = module_find(l->ar, l->ctx->cwd);
	l->chk->import = import_pkg;
	l->chk->import_arg = l;
	if (narg && has_suffix(arg[0], ".go")) {
		vec_push(l->ar, &l->named, files_pkg(l, arg, narg));
	} else {
		for (u32 i = 0; i < narg; i++)
			vec_push(l->ar, &l->named, named_pkg(l, arg[i]));
	}
	for (u32 i = 0; i < l->named.n; i++)
		l->named.a[i]->named = true;
	resolve(l, NULL, "runtime");        /* every program has it */
	for (u32 i = 0; l->tests && i < nelem(test_main_imports); i++)
		resolve(l, NULL, test_main_imports[i]);
	for (u32 done = 0; done < l->all.n;) {
		u32 from = done;
		done = l->all.n;
		run_level(&v, from);
	}
	load_order(l);
	for (u32 i = 0; i < l->all.n; i++)
		l->all.a[i]->nparsed = l->all.a[i]->diag.v.n;
	for (u32 i = 0; i < l->all.n; i++)
		load_make_pkg(l, l->all.a[i]);
}
