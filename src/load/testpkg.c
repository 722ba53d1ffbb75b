/* The program that tests a package.
 *
 * The graph of all packages named, with everything that they and their tests import, is loaded once. A test's program is carved
 * out of it: the package under test gets its own test files, package p_test and the generated main are added, and packages that
 * import the package under test, directly or not, are compiled anew against the changed one. Those are variants: a new
 * record with the same trees but facts of its own. Everything else is shared as it is, checked declarations included. */
#include "load.h"

enum { Unseen, Busy, Same };

bool load_has_tests(const LoadPkg *p)
{
	return p->ntfile || p->nxfile;
}

/* The trees of files, without what the checker found out about them. */
static File **fresh_files(Loader *l, LoadPkg *owner, File **file, u32 n, File **more, u32 nmore)
{
	File **v = arena_array(l->ar, File *, n + nmore);
	for (u32 i = 0; i < n + nmore; i++) {
		v[i] = arena_new(l->ar, File);
		*v[i] = *(i < n ? file[i] : more[i - n]);
		v[i]->info = NULL;
		v[i]->pkg = owner;
		v[i]->index = i;
	}
	return v;
}

static void take_faults(Diag *d, const Diag *from, u32 n)
{
	for (u32 i = 0; i < n; i++)
		diag_add(d, from->v.a[i].pos, "%s", from->v.a[i].msg);
}

static LoadPkg *new_variant(Loader *l, LoadPkg *p, const char *path, const char *fortest)
{
	LoadPkg *v = arena_new(l->ar, LoadPkg);
	*v = *p;
	v->path = path;
	v->pkg = NULL;
	v->variant = NULL;
	v->fortest = fortest;
	v->nxfile = v->ntfile = 0;
	v->mark = Unseen;
	diag_init(&v->diag, l->ar);
	diag_init(&v->tdiag, l->ar);
	if (strcmp(path, p->path))
		p = NULL;
	vec_push(l->ar, &l->before.made, (TestMade){intern_str(path), p});
	map_putp(l->ar, &l->by_path, intern_str(path), v);
	return v;
}

/* What stands for p in the program: itself, or its variant, made if p imports one. */
static LoadPkg *stand_in(Loader *l, LoadPkg *p, const char *fortest)
{
	if (p->variant || p->fortest || p->mark != Unseen)
		return p->variant ? p->variant : p;
	p->mark = Busy;
	bool changed = false;
	for (u32 i = 0; i < p->nimport; i++)
		changed |= stand_in(l, p->import[i], fortest) != p->import[i];
	p->mark = Same;
	if (!changed)
		return p;
	LoadPkg *v = new_variant(l, p, p->path, fortest);
	p->variant = v;
	take_faults(&v->diag, &p->diag, p->nparsed);
	v->file = fresh_files(l, v, p->file, p->ngofile, NULL, 0);
	v->import = arena_array(l->ar, LoadPkg *, p->nimport);
	for (u32 i = 0; i < p->nimport; i++)
		v->import[i] = stand_in(l, p->import[i], fortest);
	return v;
}

/* Adds the stand-ins of from[0..n) to p's imports, each once. */
static void add_imports(Loader *l, LoadPkg *p, LoadPkg **from, u32 n, const char *fortest)
{
	LoadPkg **v = arena_array(l->ar, LoadPkg *, p->nimport + n);
	for (u32 i = 0; i < p->nimport; i++)
		v[i] = p->import[i];
	p->import = v;
	for (u32 i = 0; i < n; i++) {
		LoadPkg *q = stand_in(l, from[i], fortest);
		bool have = false;
		for (u32 k = 0; k < p->nimport; k++)
			have |= v[k] == q;
		if (!have)
			v[p->nimport++] = q;
	}
}

static LoadPkg *with_tests(Loader *l, LoadPkg *p)
{
	LoadPkg *v = new_variant(l, p, p->path, p->path), **base = v->import;
	u32 nbase = v->nimport;
	p->variant = v;
	take_faults(&v->diag, &p->diag, p->nparsed);
	File **file = p->ncfile ? p->cfile : p->file;
	u32 n = p->ncfile ? p->ncfile : p->ngofile;
	v->file = fresh_files(l, v, file, n, p->tfile, p->ntfile);
	const char **go = arena_array(l->ar, const char *, n + p->ntfile);
	for (u32 i = 0; i < n + p->ntfile; i++)
		go[i] = v->file[i]->src->path;
	v->gofile = go;
	v->ngofile = n + p->ntfile;
	v->nimport = 0;
	add_imports(l, v, base, nbase, p->path);
	add_imports(l, v, p->cimport, p->ncimport, p->path);
	add_imports(l, v, p->timport, p->ntimport, p->path);
	return v;
}

static LoadPkg *external(Loader *l, LoadPkg *p)
{
	LoadPkg *x = new_variant(l, p, arena_printf(l->ar, "%s_test", p->path), p->path);
	x->file = fresh_files(l, x, NULL, 0, p->xfile, p->nxfile);
	x->ngofile = p->nxfile;
	x->nsfile = 0;
	x->nimport = 0;
	add_imports(l, x, p->ximport, p->nximport, p->path);
	return x;
}

static LoadPkg *main_pkg(Loader *l, LoadPkg *p, const char *src, u32 n)
{
	LoadPkg *m = arena_new(l->ar, LoadPkg);
	m->path = "main";
	m->dir = p->dir;
	m->std = true;          /* may import internal packages */
	m->fortest = p->path;
	diag_init(&m->diag, l->ar);
	diag_init(&m->tdiag, l->ar);
	File *f = syntax_parse(l->ar, src_add("_testmain.go", NULL, NULL, src, n), ParseFull, true, &m->diag);
	m->file = arena_new(l->ar, File *);
	m->file[0] = f;
	m->ngofile = 1;
	f->pkg = m;
	static const char *name[] = {"_testmain.go"};
	m->gofile = name;
	for (u32 i = 0; i < list_len(f, f->decls); i++) {
		NodeId d = list_at(f, f->decls, i);
		if (node_kind(f, d) != NodeImportDecl)
			break;
		u32 len;
		const char *path = lit_string(l->ar, f, node_at(f, d)->b, &len);
		LoadPkg *q = load_find(l, path);
		if (!q)
			continue;
		add_imports(l, m, &q, 1, p->path);
		map_putp(l->ar, &m->imported, intern_str(path), q);
	}
	return m;
}

typedef struct Closure { Loader *l; VEC(LoadPkg *) out; } Closure;

static void collect(Closure *c, LoadPkg *p)
{
	if (p->mark)
		return;
	p->mark = 1;
	vec_push(c->l->ar, &c->out, p);
	for (u32 i = 0; i < p->nimport; i++)
		collect(c, p->import[i]);
}

/* ---- which packages a test has of its own ---- */

typedef struct Reaches { Loader *l; LoadPkg *p; VEC(const char *) path; u64 bytes; bool bad; } Reaches;
enum { WayUnseen, WayBusy, WayNo, WayYes };

static u64 source_bytes(File **f, u32 n)
{
	u64 size = 0;
	for (u32 i = 0; i < n; i++)
		size += f[i]->src->size;
	return size;
}

static bool unsound(const LoadPkg *p)
{
	return p->error || p->diag.v.n || !p->pkg || p->pkg->fake;
}

/* Whether q imports p, directly or not; such packages are counted. */
static bool leads(Reaches *r, LoadPkg *q)
{
	if (q == r->p)
		return true;
	if (q->mark != WayUnseen)
		return q->mark == WayYes;
	q->mark = WayBusy;
	r->bad |= unsound(q);
	bool yes = false;
	for (u32 i = 0; i < q->nimport; i++)
		yes |= leads(r, q->import[i]);
	if (yes) {
		vec_push(r->l->ar, &r->path, q->path);
		r->bytes += source_bytes(q->file, q->ngofile);
	}
	q->mark = yes ? WayYes : WayNo;
	return yes;
}

static const char *const test_main_imports[] = {"os", "reflect", "testing", "testing/internal/testdeps"};

bool load_test_own(Loader *l, LoadPkg *p, TestOwn *out)
{
	bool anew = p->ntfile || p->ncfile;
	Reaches r = {.l = l, .p = anew ? p : NULL};
	for (u32 i = 0; i < l->all.n; i++)
		l->all.a[i]->mark = WayUnseen;
	vec_push(l->ar, &r.path, "main");
	if (p->nxfile)
		vec_push(l->ar, &r.path, arena_printf(l->ar, "%s_test", p->path));
	if (anew)
		vec_push(l->ar, &r.path, p->path);
	r.bad = unsound(p);
	for (u32 i = 0; i < p->nimport; i++)
		leads(&r, p->import[i]);
	for (u32 i = 0; i < p->ntimport; i++)
		leads(&r, p->timport[i]);
	for (u32 i = 0; i < p->nximport; i++)
		leads(&r, p->ximport[i]);
	for (size_t i = 0; i < nelem(test_main_imports); i++)
		leads(&r, load_find(l, test_main_imports[i]));
	if (l->cover)
		leads(&r, load_find(l, "internal/coverage/cfile"));
	bool runtime = leads(&r, load_find(l, "runtime"));
	*out = (TestOwn){.path = r.path.a, .n = r.path.n, .bytes = r.bytes};
	return !r.bad && !runtime;
}

void load_use_covered(Loader *l, LoadPkg *p)
{
	LoadPkg **base = p->import;
	u32 n = p->nimport;
	p->nimport = 0;
	add_imports(l, p, base, n, NULL);
	add_imports(l, p, p->cimport, p->ncimport, NULL);
	p->file = p->cfile;
	p->ngofile = p->ncfile;
	p->ncfile = p->ncimport = 0;
	const char **go = arena_array(l->ar, const char *, p->ngofile);
	for (u32 i = 0; i < p->ngofile; i++) {
		go[i] = p->file[i]->src->path;
		p->file[i]->index = i;
	}
	p->gofile = go;
	Pkg *old = p->pkg;              /* importers know it */
	load_make_pkg(l, p);
	*old = *p->pkg;
	p->pkg = old;
}

LoadPkg *load_test_program(Loader *l, LoadPkg *p, const char *src, u32 n)
{
	l->before.all.a = l->all.a, l->before.all.n = l->all.n;
	l->before.named.a = l->named.a, l->before.named.n = l->named.n;
	l->before.made.n = 0;
	for (u32 i = 0; i < l->all.n; i++)
		l->all.a[i]->mark = Unseen;
	if (p->ntfile || p->ncfile)
		with_tests(l, p);
	LoadPkg *first = p->variant ? p->variant : p;
	if (p->nxfile)
		external(l, p);
	LoadPkg *main = main_pkg(l, p, src, n), *rt = stand_in(l, load_find(l, "runtime"), p->path);
	take_faults(&first->diag, &p->tdiag, p->tdiag.v.n);
	for (u32 i = 0; i < l->all.n; i++)
		l->all.a[i]->mark = 0;
	Closure c = {.l = l};
	main->named = true;
	collect(&c, main);
	collect(&c, rt);
	l->all.a = c.out.a;
	l->all.n = c.out.n;
	l->named.a = arena_new(l->ar, LoadPkg *);
	l->named.a[0] = main;
	l->named.n = l->named.cap = 1;
	load_order(l);
	for (u32 i = 0; i < l->all.n; i++) {
		LoadPkg *q = l->all.a[i];
		if (q->pkg)
			q->pkg->order = q->order;
		else
			load_make_pkg(l, q);
	}
	return main;
}

void load_test_undo(Loader *l)
{
	for (u32 i = 0; i < l->before.made.n; i++) {
		TestMade *m = &l->before.made.a[i];
		map_putp(l->ar, &l->by_path, m->path, m->plain);
		if (m->plain)
			m->plain->variant = NULL;
	}
	l->all.a = l->before.all.a, l->all.n = l->before.all.n;
	l->named.a = l->before.named.a, l->named.n = l->named.cap = l->before.named.n;
	for (u32 i = 0; i < l->all.n; i++) {
		l->all.a[i]->order = i;
		if (l->all.a[i]->pkg)
			l->all.a[i]->pkg->order = i;
	}
}
