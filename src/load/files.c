/* The files of a package: which ones belong to it, and their trees.
 *
 * A directory is listed and filtered by file names on the caller's thread; what remains are jobs, one a file, in order: read,
 * look at the head, parse. Their results go back to the packages in the order of the jobs. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "load.h"

static int by_string(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool contains(const char **a, u32 n, const char *s)
{
	for (u32 i = 0; i < n; i++)
		if (!strcmp(a[i], s))
			return true;
	return false;
}

/* ---- listing ---- */

typedef VEC(const char *) Names;

static bool is_source(const char *name)
{
	return (has_suffix(name, ".go") || has_suffix(name, ".s")) && name[0] != '_' && name[0] != '.';
}

static bool names_in(Loader *l, const char *dir, Names *v)
{
	DirScan d;
	bool opened = dir_open(&d, dir, SeenSources);
	while (opened && dir_next(&d)) {
		if (!is_source(d.name))
			continue;
		if (d.type != DT_REG && dir_exists(path_join(l->ar, dir, d.name)))
			continue;
		vec_push(l->ar, v, arena_strndup(l->ar, d.name, strlen(d.name)));
	}
	int err = errno;
	if (opened)
		dir_close(&d);
	u32 listed = v->n;      /* -overlay: files deleted, files that are nowhere on disk */
	for (u32 i = 0; i < l->ctx->added.n; i++) {
		const char *path = l->ctx->added.a[i], *base = path_base(path);
		size_t n = (size_t)(base - path) - 1;
		if (strlen(dir) != n || memcmp(dir, path, n) || !is_source(base))
			continue;
		bool deleted = !*(const char *)map_getp(&l->ctx->replaced, intern_str(path));
		for (u32 k = 0; deleted && k < v->n; k++)
			if (!strcmp(v->a[k], base))
				v->a[k--] = v->a[--v->n];
		if (!deleted && !contains(v->a, v->n, base))
			vec_push(l->ar, v, base);
	}
	if (v->n)
		qsort(v->a, v->n, sizeof *v->a, by_string);
	errno = err;
	return opened || listed || v->n;
}

bool dir_has_go(const Context *c, const char *dir)
{
	DirScan d;
	bool any = false;
	if (dir_open(&d, dir, SeenSources)) {
		while (!any && dir_next(&d))
			any = has_suffix(d.name, ".go") && (d.type == DT_REG || !dir_exists(path_join(c->ar, dir, d.name)));
		dir_close(&d);
	}
	for (u32 i = 0; i < c->added.n && !any; i++) {
		const char *path = c->added.a[i];
		size_t n = (size_t)(path_base(path) - path) - 1;
		any = strlen(dir) == n && !memcmp(dir, path, n) && has_suffix(path, ".go");
	}
	return any;
}

static void add_job(Loader *l, Jobs *v, LoadPkg *p, const char *path, bool forced)
{
	vec_push(l->ar, v, (Job){.p = p, .path = path, .forced = forced});
}

/* Constraints in the head of an assembly file. */
static bool selected(Loader *l, const char *path)
{
	Arena tmp = {0};
	size_t n;
	char *src = context_read(l->ctx, &tmp, path, &n);
	bool ok = !src || file_head_matches(l->ctx, src, n);
	arena_free(&tmp);
	return ok;
}

void files_list(Loader *l, LoadPkg *p, Jobs *jobs)
{
	if (p->given) {
		for (u32 i = 0; i < p->ngofile; i++)
			add_job(l, jobs, p, p->gofile[i], true);
		for (u32 i = 0; i < p->ntestfile && l->tests; i++)
			vec_push(l->ar, jobs, (Job){.p = p, .path = p->testfile[i], .forced = true, .test = true});
		p->ngofile = 0;
		return;
	}
	ManifestPkg *m = p->std ? manifest_find(l->manifest, p->path) : NULL;
	Names name = {0}, sfile = {0}, ignored = {0}, test = {0};
	if (!names_in(l, p->dir, &name)) {
		p->error = arena_printf(l->ar, "open %s: %s", p->dir, strerror_go(errno));
		p->fault = FaultOther;
		return;
	}
	for (u32 i = 0; i < name.n; i++) {
		const char *s = name.a[i];
		bool take = m && contains(m->take.a, m->take.n, s);
		bool drop = m && !take && (m->only || contains(m->drop.a, m->drop.n, s));
		const char *full = path_join(l->ar, p->dir, s);
		if (drop)
			continue;
		if (!take && !file_name_matches(l->ctx, s)) {
			if (has_suffix(s, ".go"))
				vec_push(l->ar, &ignored, full);
		} else if (has_suffix(s, "_test.go")) {
			vec_push(l->ar, &test, full);
			if (l->tests && p->named)
				vec_push(l->ar, jobs, (Job){.p = p, .path = full, .test = true});
		} else if (has_suffix(s, ".go"))
			add_job(l, jobs, p, full, take);
		else if ((!m || !(m->only || m->supplied)) && selected(l, full))
			vec_push(l->ar, &sfile, full);
	}
	for (u32 i = 0; m && i < m->add.n; i++)
		add_job(l, jobs, p, m->add.a[i], true);
	p->sfile = sfile.a;
	p->nsfile = sfile.n;
	p->ignored = ignored.a;
	p->nignored = ignored.n;
	p->testfile = test.a;
	p->ntestfile = test.n;
}

/* ---- parsing ---- */

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

/* The file's name in diagnostics: below the current directory "./x.go" and "dir/x.go". */
const char *file_shown(const Context *c, Arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash || path[0] != '/')
		return path;
	const char *dir = arena_strndup(a, path, (size_t)(slash - path)), *rel = path_rel(a, c->cwd, dir);
	if (strlen(rel) >= strlen(dir))
		return path;
	return arena_printf(a, "%s/%s", rel, slash + 1);
}

/* The file's name in line tables. With -trimpath: the import path, or module@version, and what is below. */
const char *file_linked(const Context *c, Arena *a, const LoadPkg *p, const char *path)
{
	const char *base = path_base(path);
	if (!c->trimpath && p->std && has_prefix(path, c->overlay))    /* ours are part of the library, as far as a program can tell */
		return arena_printf(a, "%s/src/%s/%s", c->goroot, p->path, base);
	if (!c->trimpath)
		return path[0] == '/' ? path : path_join(a, c->cwd, path);
	const Module *m = p->mod;
	if (p->given)
		return arena_printf(a, "./%s", base);
	if (m && m->version && has_prefix(p->path, m->path))
		return arena_printf(a, "%s@%s%s/%s", m->path, m->version, p->path + strlen(m->path), base);
	return arena_printf(a, "%s/%s", p->path, base);
}

typedef struct Parse { Loader *l; Jobs *jobs; } Parse;

static void run_job(void *arg, int worker, u32 i)
{
	Parse *v = arg;
	Job *j = &v->jobs->a[i];
	Arena *a = &v->l->worker[worker];
	const Context *c = v->l->ctx;
	size_t n;
	u32 type = path_type(j->path, true);
	if (type && type != S_IFREG) {
		j->unreadable = true;           /* a pipe or a device may never end */
		j->err = 0;
		return;
	}
	char *src = context_read(c, a, j->path, &n);
	if (!src || n >= UINT32_MAX / 2) {
		j->unreadable = true;
		j->err = src ? EFBIG : errno;
		return;
	}
	if (!j->forced && !file_head_matches(c, src, n))
		return;
	diag_init(&j->diag, a);
	SrcFile *sf = src_add(j->path, file_shown(c, a, j->path), file_linked(c, a, j->p, j->path), src, (u32)n);
	File *f = syntax_parse(a, sf, ParseFull, j->p->std || (j->p->named && v->l->front.as_std), &j->diag);
	j->f = imports_c(f) ? NULL : f;
}

static void fail(LoadPkg *p, const char *text)
{
	if (p->error)
		return;
	p->fault = FaultOther;
	p->error = text;
}

/* What the user reads of a package that others import stands at the import. */
static const char *at_import(Loader *l, const LoadPkg *p, const char *text)
{
	return p->parent ? arena_printf(l->ar, "%s: %s", pos_text(l, p->parentpos), text) : text;
}

/* Errors before the first declaration keep the go command from learning the imports: it tells them itself. NULL: none. */
static const char *header_error(Loader *l, const Job *j)
{
	u32 off;
	SrcFile *f = j->f->src;
	const char *msg = j->diag.v.n && !l->front.local ? header_fault(l, f->src, f->size, &off) : NULL;
	if (!msg)
		return NULL;
	bool past = off == f->size && off && f->src[off - 1] == '\n';      /* the end counts to the last line */
	return arena_printf(l->ar, "%s: %s", pos_text_at(l, f->base + off - past, past), msg);
}

static void take_test_file(Loader *l, Job *j)
{
	LoadPkg *p = j->p;
	diag_append(&p->tdiag, &j->diag);
	if (has_suffix(j->f->pkgname->s, "_test"))
		p->xfile[p->nxfile++] = j->f;
	else
		p->tfile[p->ntfile++] = j->f;
	j->f->pkg = p;
	l->nfile++;
	l->nbyte += j->f->src->size;
}

/* Jobs of one package follow each other: from .. to. */
static void take_results(Loader *l, Job *from, Job *to)
{
	LoadPkg *p = from->p;
	u32 max = (u32)(to - from), nig = 0;
	const char **ignored = arena_array(l->ar, const char *, p->nignored + max);
	for (; nig < p->nignored; nig++)
		ignored[nig] = p->ignored[nig];
	p->gofile = arena_array(l->ar, const char *, max);
	p->file = arena_array(l->ar, File *, max);
	p->tfile = arena_array(l->ar, File *, max);
	p->xfile = arena_array(l->ar, File *, max);
	for (Job *j = from; j < to; j++) {
		if (j->unreadable)
			fail(p, at_import(l, p, arena_printf(l->ar, "open %s: %s", j->path, j->err ? strerror_go(j->err) : "not a regular file")));
		else if (!j->f)
			ignored[nig++] = j->path;
		if (!j->f)
			continue;
		if (j->test) {
			take_test_file(l, j);
			continue;
		}
		diag_append(&p->diag, &j->diag);
		const char *header = header_error(l, j);
		if (header)
			fail(p, header);
		else if (p->ngofile && p->file[0]->pkgname != j->f->pkgname)
			fail(p, at_import(l, p, arena_printf(l->ar, "found packages %s (%s) and %s (%s) in %s", p->file[0]->pkgname->s,
				path_base(p->gofile[0]), j->f->pkgname->s, path_base(j->path), p->dir)));
		p->gofile[p->ngofile] = j->path;
		p->file[p->ngofile] = j->f;
		j->f->index = p->ngofile++;
		j->f->pkg = p;
		l->nfile++;
		l->nbyte += j->f->src->size;
	}
	p->ignored = ignored;
	p->nignored = nig;
}

static bool has_tests(Loader *l, LoadPkg *p)
{
	bool any = false;
	Arena a = {0};
	for (u32 i = 0; i < p->ntestfile && !any; i++) {
		size_t n;
		char *src = context_read(l->ctx, &a, p->testfile[i], &n);
		any = src && file_head_matches(l->ctx, src, n);
	}
	arena_free(&a);
	return any;
}

void files_check_empty(Loader *l, LoadPkg *p)
{
	if (p->ngofile || p->error || load_has_tests(p))
		return;
	p->fault = FaultNoGo;
	if (has_tests(l, p)) {
		p->fault = FaultTestOnly;
		p->error = arena_printf(l->ar, "%s: no non-test Go files in %s", p->path, p->dir);
	} else if (p->nignored || p->ntestfile) {
		p->error = arena_printf(l->ar, "%s: build constraints exclude all Go files in %s", import_stack(l, p), p->dir);
	} else {
		p->error = arena_printf(l->ar, "no Go files in %s", p->dir);
	}
}

void files_parse(Loader *l, Jobs *jobs)
{
	Parse v = {l, jobs};
	pool_run(l->pool, jobs->n, run_job, &v);
	for (u32 i = 0, k; i < jobs->n; i = k) {
		for (k = i + 1; k < jobs->n && jobs->a[k].p == jobs->a[i].p; k++)
			;
		take_results(l, &jobs->a[i], jobs->a + k);
	}
}
