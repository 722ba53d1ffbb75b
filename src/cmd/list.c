/* seago list: packages and modules as data. Standard packages are shown as upstream has them, not as seago completes them. What needs
 * test variants, export data or other versions of modules is left to the go command, compiled on first use. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include "value.h"

typedef struct List {
	Build b;
	bool json, deps, e, m, compiled, find;
	bool printed;
	bool delegate;                         /* the go command can answer, we cannot */
	int argc; char **argv;
	const char *format;
	const char **only; u32 nonly;          /* -json=a,b */
} List;

/* ---- flags ---- */

static void split_names(List *l, const char *s)
{
	VEC(const char *) v = {0};
	while (*s) {
		size_t n = strcspn(s, ",");
		if (n)
			vec_push(&l->b.ar, &v, arena_strndup(&l->b.ar, s, n));
		s += n + (s[n] == ',');
	}
	l->only = v.n ? v.a : NULL;
	l->nonly = v.n;
}

/* True if the flag is list's own. */
static bool own_flag(List *l, const char *name, const char *v)
{
	static const char *const upstreams[] = {"test", "export", "u", "versions", "retracted"};
	bool on = !v || strcmp(v, "false");
	if (!strcmp(name, "json")) {
		l->json = on;
		if (v && strcmp(v, "true") && on)
			split_names(l, v);
	} else if (!strcmp(name, "deps"))
		l->deps = on;
	else if (!strcmp(name, "e"))
		l->e = on;
	else if (!strcmp(name, "m"))
		l->m = on;
	else if (!strcmp(name, "compiled"))
		l->compiled = on;
	else if (!strcmp(name, "find"))
		l->find = on;
	else {
		for (size_t i = 0; i < nelem(upstreams); i++)
			if (!strcmp(upstreams[i], name)) {
				l->delegate |= on;
				return true;
			}
		return false;
	}
	return true;
}

static void parse(List *l, int argc, char **argv)
{
	VEC(char *) rest = {0};
	int i = 0;
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *s = argv[i] + 1 + (argv[i][1] == '-'), *eq = strchr(s, '=');
		const char *name = eq ? arena_strndup(&l->b.ar, s, (size_t)(eq - s)) : s;
		if (!strcmp(name, "f")) {
			if (!eq && i + 1 == argc)
				go_fatal(2, "flag needs an argument: -f\nusage: go list [-f format] [-json] [-m] [list flags] [build flags] [packages]\n"
					"Run 'go help list' for details.");
			l->format = eq ? eq + 1 : argv[++i];
		} else if (!own_flag(l, name, eq ? eq + 1 : NULL)) {
			vec_push(&l->b.ar, &rest, argv[i]);
			bool value = options_takes_value(name);
			if (value && !eq && i + 1 < argc)
				vec_push(&l->b.ar, &rest, argv[++i]);
		}
	}
	for (; i < argc; i++)
		vec_push(&l->b.ar, &rest, argv[i]);
	options_parse(&l->b, "list", (int)rest.n, rest.a);
	if (l->format && l->json)
		go_fatal(1, "go: list -f cannot be used with list -json");
}

/* ---- values ---- */

/* Packages of the main modules need m only through others, as far as their go.mod files tell. */
static bool is_indirect(const Loader *l, const Module *m)
{
	for (u32 i = 0; i < l->mains.n; i++)
		for (u32 k = 0; k < l->mains.a[i]->mod->require.n; k++) {
			const ModReq *r = &l->mains.a[i]->mod->require.a[k];
			if (!r->indirect && !strcmp(r->path, m->path))
				return false;
		}
	return !m->main && m->version != NULL;
}

static Val *module_val(List *l, const Module *m, bool replacing)
{
	Arena *a = &l->b.ar;
	Val *v = val_map(a);
	if (!m)
		return v;
	val_put(a, v, "Path", val_text(a, m->path));
	val_put(a, v, "Version", val_text(a, m->version));
	val_put(a, v, "Replace", m->replace ? module_val(l, m->replace, true) : val_map(a));
	Loader *ld = &l->b.load;
	bool own = m->version && !m->replace && !ld->vendored;
	const char *time = own ? module_time(ld, m->path, m->version) : NULL, *modsum = own ? sum_of(ld, m->path, m->version, "/go.mod") : NULL;
	val_put(a, v, "Time", val_text(a, time));
	val_put(a, v, "Main", val_bool(a, m->main));
	val_put(a, v, "Indirect", val_bool(a, !replacing && is_indirect(ld, m)));
	val_put(a, v, "Dir", val_text(a, m->dir));
	val_put(a, v, "GoMod", val_text(a, m->file ? m->file : m->dir && file_exists(path_join(a, m->dir, "go.mod")) ? path_join(a, m->dir, "go.mod") : ""));
	val_put(a, v, "GoVersion", val_text(a, m->go ? m->go : ""));
	val_put(a, v, "Error", val_map(a));
	val_put(a, v, "Sum", val_text(a, m->replace ? "" : m->sum));
	val_put(a, v, "GoModSum", val_text(a, modsum));
	Buf s = {.ar = a};
	buf_printf(&s, m->version ? "%s %s" : "%s", m->path, m->version);
	if (m->replace)
		buf_printf(&s, m->replace->version ? " => %s %s" : " => %s", m->replace->path, m->replace->version);
	v->known = true;
	v->s = buf_str(&s);
	return v;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

typedef VEC(const char *) Names;

static void sort_unique(Names *v)
{
	u32 w = 0;
	if (v->n)
		qsort(v->a, v->n, sizeof *v->a, by_text);
	for (u32 i = 0; i < v->n; i++)
		if (!w || strcmp(v->a[w - 1], v->a[i]))
			v->a[w++] = v->a[i];
	v->n = w;
}

static Val *bases(List *l, const char **path, u32 n)
{
	Names v = {0};
	for (u32 i = 0; i < n; i++)
		vec_push(&l->b.ar, &v, path_base(path[i]));
	sort_unique(&v);
	return val_list(&l->b.ar, v.a, v.n);
}

static Val *file_names(List *l, File **file, u32 n)
{
	Names v = {0};
	for (u32 i = 0; i < n; i++)
		vec_push(&l->b.ar, &v, path_base(file[i]->src->path));
	sort_unique(&v);
	return val_list(&l->b.ar, v.a, v.n);
}

/* Import paths as resolved; map: source import -> path where they differ. */
static Val *import_names(List *l, const LoadPkg *p, File **file, u32 n, Val *map)
{
	Arena *a = &l->b.ar;
	Names v = {0};
	for (u32 i = 0; i < n; i++) {
		const File *f = file[i];
		for (u32 k = 0; k < list_len(f, f->decls) && node_kind(f, list_at(f, f->decls, k)) == NodeImportDecl; k++) {
			u32 len;
			NodeId lit = node_at(f, list_at(f, f->decls, k))->b;
			const char *path = lit ? lit_string(a, f, lit, &len) : NULL;
			LoadPkg *q = path ? map_getp(&p->imported, intern_str(path)) : NULL;
			if (path)
				vec_push(a, &v, q ? q->path : path);
			if (q && strcmp(q->path, path) && map && !val_get(map, path))
				val_put(a, map, path, val_text(a, q->path));
		}
	}
	sort_unique(&v);
	return val_list(a, v.a, v.n);
}

static Val *embeds(List *l, File **file, u32 n, bool files)
{
	Names v = {0};
	for (u32 i = 0; i < n; i++)
		for (u32 k = 0; k < file[i]->nembed; k++) {
			const Embed *e = &file[i]->embed[k];
			for (u32 j = 0; files && j < e->file.n; j++)
				vec_push(&l->b.ar, &v, e->file.a[j].name);
			for (u32 j = 0; !files && j < e->pattern.n; j++)
				vec_push(&l->b.ar, &v, e->pattern.a[j]);
		}
	sort_unique(&v);
	return val_list(&l->b.ar, v.a, v.n);
}

static void collect_deps(List *l, LoadPkg *p, u8 mark, Names *v)
{
	for (u32 i = 0; i < p->ngofile; i++)
		for (u32 k = 0; k < list_len(p->file[i], p->file[i]->decls); k++) {
			const File *f = p->file[i];
			NodeId d = list_at(f, f->decls, k);
			u32 n;
			if (node_kind(f, d) != NodeImportDecl)
				break;
			const char *path = node_at(f, d)->b ? lit_string(&l->b.ar, f, node_at(f, d)->b, &n) : NULL;
			if (path && !strcmp(path, "unsafe"))
				vec_push(&l->b.ar, v, path);
		}
	for (u32 i = 0; i < p->nimport; i++) {
		LoadPkg *q = p->import[i];
		if (q->mark == mark)
			continue;
		q->mark = mark;
		vec_push(&l->b.ar, v, q->path);
		collect_deps(l, q, mark, v);
	}
}

static bool is_main(const LoadPkg *p)
{
	return p->ngofile && !strcmp(p->file[0]->pkgname->s, "main");
}

static Val *deps_val(List *l, LoadPkg *p)
{
	Names v = {0};
	for (u32 i = 0; i < l->b.load.all.n; i++)
		l->b.load.all.a[i]->mark = 0;
	p->mark = 1;
	collect_deps(l, p, 1, &v);
	LoadPkg *rt = load_find(&l->b.load, "runtime");
	if (is_main(p) && rt->mark != 1) {      /* every program has it */
		rt->mark = 1;
		vec_push(&l->b.ar, &v, rt->path);
		collect_deps(l, rt, 1, &v);
	}
	sort_unique(&v);
	return val_list(&l->b.ar, v.a, v.n);
}

static Val *error_val(List *l, const LoadPkg *p)
{
	Arena *a = &l->b.ar;
	Val *v = val_map(a);
	v->known = true;
	const char *text = p->error ? p->error : "", *pos = "", *err = text;
	if (p->error && p->why && p->parent) {
		pos = pos_text(&l->b.load, p->parentpos);
		err = p->why;
	}
	Names stack = {0};
	for (const LoadPkg *q = p; p->error && q; q = q->parent)
		vec_push(a, &stack, q->path);
	for (u32 i = 0; i < stack.n / 2; i++) {
		const char *t = stack.a[i];
		stack.a[i] = stack.a[stack.n - 1 - i];
		stack.a[stack.n - 1 - i] = t;
	}
	val_put(a, v, "ImportStack", val_list(a, stack.a, stack.n));
	val_put(a, v, "Pos", val_text(a, pos));
	val_put(a, v, "Err", val_text(a, err));
	return v;
}

static bool below_error(LoadPkg *p, u8 mark)
{
	if (p->error)
		return true;
	for (u32 i = 0; i < p->nimport; i++)
		if (p->import[i]->mark != mark) {
			p->import[i]->mark = mark;
			if (below_error(p->import[i], mark))
				return true;
		}
	return false;
}

static const char *target(List *l, const LoadPkg *p)
{
	const Context *c = &l->b.ctx;
	const char *bin = context_env(c, "GOBIN");
	if (!is_main(p) || p->given || p->std)
		return "";
	return path_join(&l->b.ar, *bin ? bin : path_join(&l->b.ar, c->gopath ? arena_strndup(&l->b.ar, c->gopath, strcspn(c->gopath, ":")) : "/", "bin"),
		build_exec_name(&l->b, p));
}

static const char *xtest_name(List *l, const LoadPkg *p)
{
	const char *s = p->nxfile ? p->xfile[0]->pkgname->s : "";
	return has_suffix(s, "_test") ? arena_strndup(&l->b.ar, s, strlen(s) - 5) : s;
}

/* Files that are neither Go nor assembly we take, by kind; and hidden Go files, which no constraint admits. */
typedef struct Others { Names h, c, syso, ignored, hidden; } Others;

static Others other_files(List *l, const LoadPkg *p)
{
	static const char *const known[] = {".c", ".cc", ".cpp", ".cxx", ".m", ".h", ".hh", ".hpp", ".hxx", ".f", ".F", ".for", ".f90", ".s", ".S", ".sx",
		".swig", ".swigcxx", ".syso"};
	Arena *a = &l->b.ar;
	Others o = {0};
	DirScan d;
	if (!p->dir || p->given || !dir_open(&d, p->dir, SeenNames))
		return o;
	while (dir_next(&d)) {
		const char *name = arena_strndup(a, d.name, strlen(d.name)), *dot = strrchr(name, '.'), *path = path_join(a, p->dir, name);
		bool hidden = name[0] == '.' || name[0] == '_', other = false;
		for (size_t i = 0; i < nelem(known) && dot; i++)
			other |= !strcmp(dot, known[i]);
		bool go = dot && !strcmp(dot, ".go") && (hidden || has_suffix(name, "_test.go"));
		if ((!other && !go) || !file_exists(path))
			continue;
		size_t n;
		bool syso = !strcmp(dot, ".syso"), header = other && (dot[1] == 'h');
		const char *text = hidden || syso ? NULL : context_read(&l->b.ctx, a, path, &n);
		bool ok = !hidden && file_name_matches(&l->b.ctx, name) && (syso || (text && file_head_matches(&l->b.ctx, text, n)));
		if (!other && !ok)
			vec_push(a, &o.hidden, name);
		else if (!other)
			continue;
		else if (!ok)
			vec_push(a, &o.ignored, name);
		else if (strcmp(dot, ".s"))
			vec_push(a, syso ? &o.syso : header ? &o.h : &o.c, name);
	}
	dir_close(&d);
	sort_unique(&o.h);
	sort_unique(&o.c);
	sort_unique(&o.syso);
	sort_unique(&o.ignored);
	for (u32 i = 0; i < p->nignored; i++)
		vec_push(a, &o.hidden, path_base(p->ignored[i]));
	sort_unique(&o.hidden);
	return o;
}

static Val *pkg_val(List *l, LoadPkg *p)
{
	Arena *a = &l->b.ar;
	Val *v = val_map(a), *map = val_map(a);
	Val *imports = import_names(l, p, p->file, p->ngofile, map);
	const char *root = p->std ? l->b.ctx.goroot : p->mod && p->mod->dir ? p->mod->dir : "";
	for (u32 i = 0; i < l->b.load.all.n; i++)
		l->b.load.all.a[i]->mark = 0;
	Others other = other_files(l, p);
	v->known = true;
#define PUT(name, value) val_put(a, v, name, value)
	PUT("Dir", val_text(a, p->dir));
	PUT("ImportPath", val_text(a, p->path));
	PUT("ImportComment", val_text(a, ""));
	PUT("Name", val_text(a, p->ngofile ? p->file[0]->pkgname->s : p->ntfile ? p->tfile[0]->pkgname->s : xtest_name(l, p)));
	PUT("Doc", val_text(a, ""));
	PUT("Target", val_text(a, target(l, p)));
	PUT("Root", val_text(a, root));
	PUT("ForTest", val_text(a, ""));
	PUT("Export", val_text(a, ""));
	PUT("Module", module_val(l, p->mod, false));
	PUT("Match", p->match ? val_list(a, &p->match, 1) : val_list(a, NULL, 0));
	PUT("Goroot", val_bool(a, p->std));
	PUT("Standard", val_bool(a, p->std));
	PUT("DepOnly", val_bool(a, !p->named));
	PUT("Incomplete", val_bool(a, below_error(p, 7)));
	PUT("DefaultGODEBUG", val_text(a, p->ngofile && p->file && !strcmp(p->file[0]->pkgname->s, "main") ? godebug_default(&l->b.load, p, NULL) : ""));
	PUT("Stale", val_bool(a, false));
	PUT("StaleReason", val_text(a, ""));
	PUT("GoFiles", bases(l, p->gofile, p->ngofile));
	PUT("CgoFiles", val_list(a, NULL, 0));
	PUT("CompiledGoFiles", l->compiled ? bases(l, p->gofile, p->ngofile) : val_list(a, NULL, 0));
	PUT("IgnoredGoFiles", val_list(a, other.hidden.a, other.hidden.n));
	PUT("InvalidGoFiles", val_list(a, NULL, 0));
	PUT("IgnoredOtherFiles", val_list(a, other.ignored.a, other.ignored.n));
	PUT("CFiles", val_list(a, other.c.a, other.c.n));
	PUT("HFiles", val_list(a, other.h.a, other.h.n));
	PUT("SFiles", bases(l, p->sfile, p->nsfile));
	PUT("SysoFiles", val_list(a, other.syso.a, other.syso.n));
	PUT("EmbedPatterns", embeds(l, p->file, p->ngofile, false));
	PUT("EmbedFiles", embeds(l, p->file, p->ngofile, true));
	PUT("Imports", imports);
	PUT("ImportMap", map);
	PUT("Deps", l->find ? val_list(a, NULL, 0) : deps_val(l, p));
	PUT("Error", error_val(l, p));
	PUT("DepsErrors", val_list(a, NULL, 0));
	PUT("TestGoFiles", file_names(l, p->tfile, p->ntfile));
	PUT("TestImports", import_names(l, p, p->tfile, p->ntfile, NULL));
	PUT("TestEmbedPatterns", embeds(l, p->tfile, p->ntfile, false));
	PUT("TestEmbedFiles", embeds(l, p->tfile, p->ntfile, true));
	PUT("XTestGoFiles", file_names(l, p->xfile, p->nxfile));
	PUT("XTestImports", import_names(l, p, p->xfile, p->nxfile, NULL));
	PUT("XTestEmbedPatterns", embeds(l, p->xfile, p->nxfile, false));
	PUT("XTestEmbedFiles", embeds(l, p->xfile, p->nxfile, true));
#undef PUT
	return v;
}

static Val *unsafe_val(List *l)
{
	Arena *a = &l->b.ar;
	const char *dir = path_join(a, l->b.ctx.goroot, "src/unsafe"), *file = "unsafe.go";
	LoadPkg *p = arena_new(a, LoadPkg);
	*p = (LoadPkg){.path = "unsafe", .dir = dir, .std = true, .gofile = &file, .ngofile = 0};
	Val *v = pkg_val(l, p);
	for (u32 i = 0; i < v->member.n; i++) {
		if (!strcmp(v->member.a[i].name, "Name"))
			v->member.a[i].v = val_text(a, "unsafe");
		if (!strcmp(v->member.a[i].name, "GoFiles"))
			v->member.a[i].v = val_list(a, &file, 1);
	}
	return v;
}

/* ---- output ---- */

static void show(List *l, const Val *v, const char *plain)
{
	Buf o = {.ar = &l->b.ar};
	const char *error = NULL;
	if (l->json)
		val_json(&o, v, 0, l->only, l->nonly);
	else if (!l->format)
		buf_puts(&o, plain);
	else if (!template_print(&o, &l->b.ar, l->format, v, &error)) {
		if (!l->printed)        /* it knows more functions */
			as_go("list", l->argc, l->argv);
		go_fatal(1, "template: main: %s", error);
	}
	l->printed = true;
	if (o.n || !l->format)
		printf("%s%s", buf_str(&o), o.n && o.a[o.n - 1] == '\n' ? "" : "\n");
}

/* What packages found by patterns lack is told, and they are listed nevertheless. */
static bool tell_missing(List *l)
{
	bool pattern = false, told = false;
	for (u32 i = 0; i < l->b.opt.narg; i++)
		pattern |= strstr(l->b.opt.arg[i], "...") != NULL;
	for (u32 i = 0; i < l->b.load.listed.n && pattern && !l->e; i++) {
		const LoadPkg *p = l->b.load.listed.a[i];
		if (p->error && p->fault == FaultMissing) {
			fprintf(stderr, "%s\n", p->error);
			told = true;
		}
	}
	fflush(stderr);
	return told;
}

static int list_packages(List *l)
{
	Loader *ld = &l->b.load;
	bool bad = false, unsafe = false;
	ld->tests = ld->only_names = true;
	load_packages(ld, l->b.opt.arg, l->b.opt.narg);
	for (u32 i = 0; i < ld->warning.n; i++)
		fprintf(stderr, "%s\n", ld->warning.a[i]);
	VEC(LoadPkg *) out = {0};
	if (l->deps)
		for (u32 i = 0; i < ld->named.n; i++) {
			for (u32 k = 0; k < ld->all.n; k++)
				ld->all.a[k]->mark = 0;
			Names v = {0};
			collect_deps(l, ld->named.a[i], 1, &v);
			ld->named.a[i]->mark = 1;
			for (u32 k = 0; k < ld->all.n; k++)
				ld->all.a[k]->wanted |= ld->all.a[k]->mark == 1;
		}
	for (u32 i = 0; i < ld->listed.n && l->deps; i++)
		if (ld->listed.a[i]->wanted)
			vec_push(&l->b.ar, &out, ld->listed.a[i]);
	for (u32 i = 0; i < ld->named.n && !l->deps; i++)
		vec_push(&l->b.ar, &out, ld->named.a[i]);
	for (u32 i = 0; i < out.n && !l->e; i++)
		if (out.a[i]->error && out.a[i]->fault != FaultTestOnly) {
			fprintf(stderr, "%s\n", out.a[i]->error);
			bad = true;
		}
	if (bad)
		return 1;
	bool told = tell_missing(l);
	for (u32 i = 0; i < out.n; i++) {
		if (l->deps && !unsafe) {       /* it comes before the first that imports it */
			Names v = {0};
			LoadPkg *p = out.a[i];
			for (u32 k = 0; k < ld->all.n; k++)
				ld->all.a[k]->mark = 0;
			collect_deps(l, p, 1, &v);
			for (u32 k = 0; k < v.n && !unsafe; k++)
				unsafe = !strcmp(v.a[k], "unsafe");
			if (unsafe)
				show(l, unsafe_val(l), "unsafe");
		}
		show(l, pkg_val(l, out.a[i]), out.a[i]->path);
	}
	return told;
}

int cmd_list(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "-m") || !strcmp(argv[i], "--m") || !strcmp(argv[i], "-m=true"))
			as_go("list", argc, argv);
	List *l = arena_new(&(Arena){0}, List);
	l->argc = argc;
	l->argv = argv;
	parse(l, argc, argv);
	if (l->delegate)
		as_go("list", argc, argv);
	l->b.ctx.upstream = true;
	build_start(&l->b);
	return list_packages(l);
}
