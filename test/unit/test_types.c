/* test_types: drives the type checker without the rest of the toolchain.
 *
 *   test_types std              all packages of the standard library, with everything they import; any error is a failure
 *   test_types cmd              as std, and the commands of the Go distribution
 *   test_types data [dir...]    GOROOT/src/internal/types/testdata: expected messages against reported ones
 *   test_types par              as std, with declarations first and then all bodies on two threads
 *   test_types facts            std; then canonical types, link names, layouts and method sets of every type met
 *   test_types errors FILE...   GOROOT/test/ *.go files with  // ERROR "regexp"  comments (errorcheck)
 *   test_types PATH...          packages by import path
 *   test_types FILE.go...       each file as a package of its own, errors printed
 *
 * It finds packages in GOROOT/src and GOROOT/src/vendor and selects files for linux/amd64 itself.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "../../src/types/types.h"

static Arena ar;
static Checker *k;
static const char *goroot = "/usr/local/go";
static bool verbose;
static Map packages;               /* Name* of path -> Unit* */
static u32 nerrors, npackages, nfiles;
static u64 t_parse, t_check;

typedef struct Unit { Pkg *pkg; Diag *diag; bool loading; const char *dir; } Unit;

/* ---- build constraints ---- */

static bool tag_true(const char *s, size_t n)
{
	static const char *const on[] = { "linux", "amd64", "unix", "gc", "purego", "math_big_pure_go", "goexperiment.regabiwrappers",
		"goexperiment.regabiargs", "goexperiment.greenteagc", "goexperiment.dwarf5", "goexperiment.randomizedheapbase64" };
	for (u32 i = 0; i < nelem(on); i++)
		if (strlen(on[i]) == n && !memcmp(on[i], s, n))
			return true;
	return n > 4 && !memcmp(s, "go1.", 4) && atoi(s + 4) <= 26;
}

static bool parse_or(const char **p);

static bool parse_not(const char **p)
{
	while (**p == ' ' || **p == '\t')
		++*p;
	if (**p == '!') {
		++*p;
		return !parse_not(p);
	}
	if (**p == '(') {
		++*p;
		bool r = parse_or(p);
		while (**p == ' ')
			++*p;
		if (**p == ')')
			++*p;
		return r;
	}
	const char *s = *p;
	while (isalnum((u8)**p) || **p == '_' || **p == '.')
		++*p;
	if (*p == s)
		++*p;
	return tag_true(s, (size_t)(*p - s));
}

static bool parse_and(const char **p)
{
	bool r = parse_not(p);
	for (;;) {
		while (**p == ' ')
			++*p;
		if ((*p)[0] != '&' || (*p)[1] != '&')
			return r;
		*p += 2;
		r &= parse_not(p);
	}
}

static bool parse_or(const char **p)
{
	bool r = parse_and(p);
	for (;;) {
		while (**p == ' ')
			++*p;
		if ((*p)[0] != '|' || (*p)[1] != '|')
			return r;
		*p += 2;
		r |= parse_and(p);
	}
}

static bool source_wanted(const char *src)
{
	for (const char *s = src; *s;) {
		const char *nl = strchr(s, '\n');
		if (!strncmp(s, "//go:build ", 11)) {
			const char *p = s + 11;
			char *line = arena_strndup(&ar, p, nl ? (size_t)(nl - p) : strlen(p));
			const char *q = line;
			return parse_or(&q);
		}
		if (!strncmp(s, "package ", 8))
			break;
		if (!strncmp(s, "/*", 2)) {
			nl = strstr(s, "*/");
			nl = nl ? strchr(nl, '\n') : NULL;
		}
		if (!nl)
			break;
		s = nl + 1;
	}
	return true;
}

static bool file_wanted(const char *path)
{
	size_t n;
	char *src = file_read(&ar, path, &n);
	return src && source_wanted(src);
}

static bool in_list(const char *list, const char *s, size_t n)
{
	for (const char *p = list; *p;) {
		size_t m = strcspn(p, " ");
		if (m == n && !memcmp(p, s, n))
			return true;
		p += m + (p[m] == ' ');
	}
	return false;
}

static bool name_wanted(const char *name)
{
	static const char os[] = "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos";
	static const char arch[] = "386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm";
	size_t n = strlen(name);
	if (n < 4 || strcmp(name + n - 3, ".go") || name[0] == '_' || name[0] == '.')
		return false;
	n -= 3;
	if (n >= 5 && !memcmp(name + n - 5, "_test", 5))
		return false;
	const char *end = name + n, *a = end, *b;
	while (a > name && a[-1] != '_')
		a--;
	if (a == name)
		return true;
	if (in_list(arch, a, (size_t)(end - a))) {
		if ((size_t)(end - a) != 5 || memcmp(a, "amd64", 5))
			return false;
		end = a - 1;
		for (b = end; b > name && b[-1] != '_';)
			b--;
		if (b > name && in_list(os, b, (size_t)(end - b)))
			return (size_t)(end - b) == 5 && !memcmp(b, "linux", 5);
		return true;
	}
	if (in_list(os, a, (size_t)(end - a)))
		return (size_t)(end - a) == 5 && !memcmp(a, "linux", 5);
	return true;
}

/* ---- loading ---- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static Pkg *new_pkg(const char *path, Diag *d, File **f, u32 n, bool std)
{
	Pkg *p = arena_new(&ar, Pkg);
	p->path = path;
	p->file = f;
	p->nfile = n;
	p->name = n ? f[0]->pkgname : NULL;
	p->goversion = "go1.26";
	p->std = std;
	p->main_module = true;
	p->ignore_missing_body = true;
	p->diag = d;
	return p;
}

static Pkg *load(const char *path, const char *from);

static Pkg *import_cb(void *arg, Pkg *from, const char *path, Pos pos)
{
	(void)arg;
	if (!strcmp(path, "C"))
		return NULL;
	Pkg *p = load(path, from->path);
	if (!p)
		diag_add(from->diag, pos, "could not import %s (package not found)", path);
	return p;
}

static void load_imports(Pkg *p)
{
	VEC(Pkg *) v = { 0 };
	for (u32 i = 0; i < p->nfile; i++) {
		File *f = p->file[i];
		for (u32 j = 0; j < list_len(f, f->decls); j++) {
			NodeId n = list_at(f, f->decls, j);
			if (node_kind(f, n) != NodeImportDecl || !node_at(f, n)->b)
				continue;
			u32 len;
			char *s = lit_string(&ar, f, node_at(f, n)->b, &len);
			if (!s || !strcmp(s, "unsafe") || !strcmp(s, "C"))
				continue;
			Pkg *q = load(s, p->path);
			bool have = !q;
			for (u32 m = 0; m < v.n; m++)
				have |= v.a[m] == q;
			if (!have)
				vec_push(&ar, &v, q);
		}
	}
	p->imports = v.a;
	p->nimport = v.n;
}

static bool decls_only;
static VEC(Unit *) units;

static void check_all(Pkg *p)
{
	u64 t = clock_ns();
	types_collect(k, p);
	types_decls(k, p);
	if (!decls_only)
		types_finish(k, p);
	t_check += clock_ns() - t;
}

static void print_diag(const char *path, Diag *d)
{
	if (!d->v.n)
		return;
	Buf b = { .ar = &ar };
	nerrors += diag_print(d, &b, 20);
	printf("# %s\n%s", path, buf_str(&b));
	fflush(stdout);
}

static bool imports_c(const File *f)
{
	for (u32 j = 0; j < list_len(f, f->decls); j++) {
		NodeId n = list_at(f, f->decls, j);
		u32 len;
		if (node_kind(f, n) == NodeImportDecl && node_at(f, n)->b && !strcmp(lit_string(&ar, f, node_at(f, n)->b, &len), "C"))
			return true;
	}
	return false;
}

/* The commands have their own vendor tree. */
static const char *vendored(const char *path, const char *from)
{
	const char *v = arena_printf(&ar, "cmd/vendor/%s", path);
	bool dotted = memchr(path, '.', strcspn(path, "/")) != NULL;
	return dotted && !strncmp(from, "cmd/", 4) && dir_exists(arena_printf(&ar, "%s/src/%s", goroot, v)) ? v : path;
}

static Pkg *load(const char *path, const char *from)
{
	path = vendored(path, from);
	Name *name = intern_str(path);
	Unit *u = map_getp(&packages, name);
	if (u)
		return u->loading ? NULL : u->pkg;
	u = arena_new(&ar, Unit);
	map_putp(&ar, &packages, name, u);
	u->loading = true;
	const char *dir = arena_printf(&ar, "%s/src/%s", goroot, path);
	if (!dir_exists(dir))
		dir = arena_printf(&ar, "%s/src/vendor/%s", goroot, path);
	DIR *d = opendir(dir);
	if (!d)
		return NULL;
	VEC(char *) names = { 0 };
	for (struct dirent *e; (e = readdir(d));)
		if (name_wanted(e->d_name))
			vec_push(&ar, &names, arena_printf(&ar, "%s", e->d_name));
	closedir(d);
	if (names.n)
		qsort(names.a, names.n, sizeof *names.a, by_name);
	u->diag = arena_new(&ar, Diag);
	diag_init(u->diag, &ar);
	VEC(File *) files = { 0 };
	for (u32 i = 0; i < names.n; i++) {
		char *file = path_join(&ar, dir, names.a[i]);
		size_t size;
		char *src = file_read(&ar, file, &size);
		if (!src || !source_wanted(src))
			continue;
		u64 t = clock_ns();
		File *f = syntax_parse(&ar, src_add(file, NULL, NULL, src, (u32)size), ParseFull, true, u->diag);
		t_parse += clock_ns() - t;
		if (imports_c(f))
			continue;
		vec_push(&ar, &files, f);
		nfiles++;
	}
	if (!files.n)
		return NULL;
	u->pkg = new_pkg(intern_str(path)->s, u->diag, files.a, files.n, true);
	load_imports(u->pkg);
	npackages++;
	if (verbose) {
		fprintf(stderr, "%s\n", path);
	}
	check_all(u->pkg);
	vec_push(&ar, &units, u);
	if (!decls_only)
		print_diag(path, u->diag);
	u->loading = false;
	return u->pkg;
}

/* ---- expected messages ---- */

typedef struct Expect { u32 line, col; char *pat; bool re, met; } Expect;
typedef VEC(Expect) Expects;
static u32 want_total, want_met, got_total, got_unexpected, files_ok, files_all, files_skipped;
static u32 sum_want, sum_met, sum_ok, sum_files;

/* Comments  ERROR "text"  and  ERRORx "regexp"  belong to the token before them. */
static void find_expects(const char *src, Expects *out)
{
	u32 line = 1, lline = 1, lcol = 1;
	const char *ls = src;
	for (const char *s = src; *s; s++) {
		if (*s == '\n') {
			line++;
			ls = s + 1;
			continue;
		}
		if (isspace((u8)*s))
			continue;
		if (*s == '/' && (s[1] == '/' || s[1] == '*')) {
			const char *body = s + 2, *end = s[1] == '/' ? strchr(s, '\n') : strstr(s + 2, "*/");
			if (!end)
				end = s + strlen(s);
			const char *p = body;
			while (*p == ' ')
				p++;
			if (!strncmp(p, "ERROR ", 6) || !strncmp(p, "ERRORx ", 7)) {
				bool re = p[5] == 'x';
				p += 6 + re;
				while (*p == ' ')
					p++;
				const char *q = p + 1;
				while (q < end && *q != *p)
					q += *q == '\\' && *p == '"' ? 2 : 1;
				char *lit = arena_strndup(&ar, p, (size_t)(q + 1 - p)), *pat;
				u32 n;
				if (unquote(&ar, lit, (u32)strlen(lit), &pat, &n))
					vec_push(&ar, out, (Expect){ lline, lcol, arena_strndup(&ar, pat, n), re, false });
			}
			for (; s < end; s++)
				if (*s == '\n') {
					line++;
					ls = s + 1;
				}
			if (*s == '*')
				s++;
			else
				s--;
			continue;
		}
		lline = line;
		lcol = (u32)(s - ls) + 1;
		if (*s == '"' || *s == '`' || *s == '\'') {
			char q = *s++;
			while (*s && *s != q && (q == '`' || *s != '\n')) {
				if (*s == '\\' && q != '`')
					s++;
				if (*s == '\n') {
					line++;
					ls = s + 1;
				}
				s++;
			}
			if (*s == '\n' || !*s)
				s--;
		} else {
			while (isalnum((u8)s[1]) || s[1] == '_' || (u8)s[1] >= 0x80)
				s++;
		}
	}
}

static bool match(Expect *e, const char *msg)
{
	if (!e->re)
		return strstr(msg, e->pat) != NULL;
	regex_t r;
	Buf b = { .ar = &ar };         /* POSIX takes { for a repetition */
	for (const char *s = e->pat; *s; s++)
		if (*s == '\\' && s[1] == 'd')
			buf_puts(&b, "[0-9]"), s++;
		else if (*s == '\\' && (s[1] == 'n' || s[1] == 't'))
			buf_putc(&b, *++s == 'n' ? '\n' : '\t');
		else
			buf_printf(&b, *s == '{' && !isdigit((u8)s[1]) && (s == e->pat || s[-1] != '\\') ? "\\%c" : "%c", *s);
	if (regcomp(&r, buf_str(&b), REG_EXTENDED | REG_NOSUB))
		return false;
	bool ok = regexec(&r, msg, 0, NULL, 0) == 0;
	regfree(&r);
	return ok;
}

static void compare(File **f, u32 n, Expects *ex, Diag *d, u32 delta)
{
	u32 bad = 0;
	for (u32 i = 0; i < d->v.n; i++) {
		DiagItem *it = &d->v.a[i];
		SrcLoc l = pos_loc_raw(it->pos);
		u32 file = 0;
		while (file < n && src_of(it->pos) != f[file]->src)
			file++;
		got_total++;
		Expect *best = NULL;
		for (u32 j = 0; file < n && j < ex[file].n; j++) {
			Expect *e = &ex[file].a[j];
			if (!e->met && e->line == l.line && match(e, it->msg) && (u32)abs((int)e->col - (int)l.col) <= delta) {
				best = e;
				break;
			}
		}
		if (best) {
			best->met = true;
			continue;
		}
		bool dup = false;
		for (u32 j = 0; j < i; j++)
			dup |= d->v.a[j].pos == it->pos && !strcmp(d->v.a[j].msg, it->msg);
		if (dup)
			continue;
		bad++;
		got_unexpected++;
		printf("%s:%u:%u: UNEXPECTED %s\n", l.file, l.line, l.col, it->msg);
	}
	for (u32 i = 0; i < n; i++)
		for (u32 j = 0; j < ex[i].n; j++) {
			want_total++;
			if (ex[i].a[j].met) {
				want_met++;
			} else {
				bad++;
				printf("%s:%u:%u: MISSING %s\n", f[i]->src->path, ex[i].a[j].line, ex[i].a[j].col, ex[i].a[j].pat);
			}
		}
	files_all++;
	files_ok += bad == 0;
	fflush(stdout);
}

/* errorcheck comments: every regexp of a line must meet a message on it, every message a regexp. */
static char *expand_line(const char *s, u32 line, const char *file)
{
	Buf b = { .ar = &ar };
	for (; *s; s++) {
		if (strncmp(s, "LINE", 4)) {
			buf_putc(&b, *s);
			continue;
		}
		s += 4;
		int d = 0, n = 0;
		if (*s == '+' || *s == '-')
			sscanf(s, "%d%n", &d, &n);
		buf_printf(&b, "%s:%d", file, (int)line + d);
		s += n - 1;
	}
	return (char *)buf_str(&b);
}

static void find_gc_expects(const char *src, const char *file, Expects *out)
{
	u32 line = 1;
	for (const char *s = src; s && *s; line++) {
		const char *nl = strchr(s, '\n'), *end = nl ? nl : s + strlen(s);
		const char *c = memmem(s, (size_t)(end - s), "// ERROR ", 9), *g = memmem(s, (size_t)(end - s), "// GC_ERROR ", 12);
		const char *p = c ? c + 9 : g ? g + 12 : NULL;
		if (p && memmem(s, (size_t)(p - s), "////", 4))
			p = NULL;
		while (p && p < end) {
			while (p < end && *p != '"' && *p != '`')
				p++;
			if (p >= end)
				break;
			char q = *p++;
			Buf b = { .ar = &ar };
			for (; p < end && *p != q; p++) {
				if (*p == '\\' && q == '"' && p[1] == q)
					p++;
				buf_putc(&b, *p);
			}
			p++;
			vec_push(&ar, out, (Expect){ line, 0, expand_line(buf_str(&b), line, file), true, false });
		}
		s = nl ? nl + 1 : NULL;
	}
}

/* The message with the file's directory removed from positions in it. */
static const char *without_dir(const char *msg, const char *path)
{
	size_t n = (size_t)(path_base(path) - path);
	Buf b = { .ar = &ar };
	for (; *msg; msg++) {
		if (n && !strncmp(msg, path, n))
			msg += n;
		buf_putc(&b, *msg);
	}
	return buf_str(&b);
}

static void compare_gc(File *f, Expects *ex, Diag *d)
{
	u32 bad = 0;
	for (u32 i = 0; i < d->v.n; i++) {
		u32 line = pos_loc_raw(d->v.a[i].pos).line;
		bool ok = false;
		const char *msg = without_dir(d->v.a[i].msg, f->src->path);
		got_total++;
		for (u32 j = 0; j < ex->n; j++)
			if (ex->a[j].line == line && match(&ex->a[j], msg))
				ok = ex->a[j].met = true;
		if (!ok) {
			bad++;
			got_unexpected++;
			printf("%s:%u: UNEXPECTED %s\n", f->src->path, line, d->v.a[i].msg);
		}
	}
	for (u32 j = 0; j < ex->n; j++) {
		want_total++;
		want_met += ex->a[j].met;
		if (!ex->a[j].met) {
			bad++;
			printf("%s:%u: MISSING %s\n", f->src->path, ex->a[j].line, ex->a[j].pat);
		}
	}
	files_all++;
	files_ok += bad == 0;
	fflush(stdout);
}

static bool gc_mode;

static u32 column_tolerance = 50;      /* types2's, per directory */

static void check_files(char **path, u32 n, bool compare_it)
{
	Diag *d = arena_new(&ar, Diag);
	diag_init(d, &ar);
	File **f = arena_array(&ar, File *, n);
	Expects *ex = arena_array(&ar, Expects, n);
	const char *lang = "go1.26";
	for (u32 i = 0; i < n; i++) {
		size_t size;
		char *src = file_read(&ar, path[i], &size);
		if (!src) {
			printf("cannot read %s\n", path[i]);
			exit(1);
		}
		if (!strncmp(src, "// -", 4)) {
			char *first = arena_strndup(&ar, src, strcspn(src, "\n"));
			char *l = strstr(first, "-lang=");
			if (l)
				lang = arena_strndup(&ar, l + 6, strcspn(l + 6, " \r"));
			if (strstr(first, "-gotypesalias=0")) {
				files_skipped++;
				return;
			}
		}
		if (gc_mode)
			find_gc_expects(src, path_base(path[i]), &ex[i]);
		else if (compare_it)
			find_expects(src, &ex[i]);
		char *first = arena_strndup(&ar, src, strcspn(src, "\n")), *l = strstr(first, "-lang=");
		if (gc_mode && l)
			lang = arena_strndup(&ar, l + 6, strcspn(l + 6, " \r"));
		f[i] = syntax_parse(&ar, src_add(path[i], NULL, NULL, src, (u32)size), ParseFull, false, d);
	}
	Pkg *p = new_pkg(f[0]->pkgname ? f[0]->pkgname->s : "p", d, f, n, false);
	p->goversion = lang;

	if (verbose)
		fprintf(stderr, "%s\n", path[0]);
	bool syntax = false;           /* gc stops after these */
	for (u32 i = 0; i < d->v.n; i++)
		syntax |= !strncmp(d->v.a[i].msg, "syntax error", 12);
	if (!gc_mode || !syntax) {
		load_imports(p);
		check_all(p);
	}
	if (gc_mode)
		compare_gc(f[0], &ex[0], d);
	else if (compare_it)
		compare(f, n, ex, d, column_tolerance);
	else
		print_diag(path[0], d);
}

static void run_dir(const char *dir)
{
	DIR *d = opendir(dir);
	VEC(char *) names = { 0 };
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			vec_push(&ar, &names, arena_printf(&ar, "%s/%s", dir, e->d_name));
	closedir(d);
	qsort(names.a, names.n, sizeof *names.a, by_name);
	for (u32 i = 0; i < names.n; i++) {
		if (!dir_exists(names.a[i])) {
			check_files(&names.a[i], 1, true);
			continue;
		}
		VEC(char *) in = { 0 };
		DIR *s = opendir(names.a[i]);
		for (struct dirent *e; (e = readdir(s));)
			if (e->d_name[0] != '.')
				vec_push(&ar, &in, arena_printf(&ar, "%s/%s", names.a[i], e->d_name));
		closedir(s);
		qsort(in.a, in.n, sizeof *in.a, by_name);
		check_files(in.a, in.n, true);
	}
}

static void run_data(char **dir, int n)
{
	static char *all[] = { "check", "examples", "fixedbugs", "spec" };
	static const u32 tolerance[] = { 50, 125, 100, 20 };
	k->test_builtins = true;
	if (!n) {
		dir = all;
		n = nelem(all);
	}
	for (int i = 0; i < n; i++) {
		want_total = want_met = got_total = got_unexpected = files_ok = files_all = files_skipped = 0;
		column_tolerance = 50;
		for (u32 j = 0; j < nelem(all); j++)
			if (!strcmp(dir[i], all[j]))
				column_tolerance = tolerance[j];
		run_dir(arena_printf(&ar, "%s/src/internal/types/testdata/%s", goroot, dir[i]));
		printf("== %s: %u of %u expected messages, %u unexpected; %u of %u packages exact, %u skipped\n", dir[i], want_met, want_total,
			got_unexpected, files_ok, files_all, files_skipped);
		sum_want += want_total;
		sum_met += want_met;
		sum_ok += files_ok;
		sum_files += files_all;
	}
	/* what is left are label errors, which gc words differently from types2 */
	nerrors += sum_met * 100 < sum_want * 99 || sum_ok * 100 < sum_files * 99;
}

/* Loads the package in dir and those below it. */
static void run_tree(const char *dir, const char *path, bool cmd)
{
	DIR *d = opendir(dir);
	VEC(char *) sub = { 0 };
	bool go = false;
	for (struct dirent *e; d && (e = readdir(d));) {
		bool is_dir = e->d_name[0] != '.' && dir_exists(path_join(&ar, dir, e->d_name));
		bool skip = e->d_name[0] == '_' || !strcmp(e->d_name, "testdata") || (!*path && !strcmp(e->d_name, "cmd") && !cmd);
		if (is_dir && !skip)
			vec_push(&ar, &sub, arena_printf(&ar, "%s", e->d_name));
		go |= !is_dir && name_wanted(e->d_name) && file_wanted(path_join(&ar, dir, e->d_name));
	}
	if (d)
		closedir(d);
	if (go && *path && strcmp(path, "unsafe") && strcmp(path, "builtin"))      /* NULL: all of it needs cgo */
		load(!strncmp(path, "vendor/", 7) ? path + 7 : path, "");
	if (sub.n)
		qsort(sub.a, sub.n, sizeof *sub.a, by_name);
	for (u32 i = 0; i < sub.n; i++)
		run_tree(path_join(&ar, dir, sub.a[i]), *path ? path_join(&ar, path, sub.a[i]) : sub.a[i], cmd);
}

static void run_std(void)
{
	run_tree(arena_printf(&ar, "%s/src", goroot), "", false);
}

/* ---- bodies in parallel ---- */

static VEC(Body *) bodies;

static void one_body(void *arg, int worker, u32 i)
{
	(void)arg, (void)worker;
	types_body(k, bodies.a[i]);
}

static void run_par(void)
{
	decls_only = true;
	run_std();
	for (u32 i = 0; i < units.n; i++)
		for (u32 j = 0; j < units.a[i]->pkg->nobj; j++) {
			Obj *o = units.a[i]->pkg->obj[j];
			if (o->kind == ObjFunc && o->fn.body)
				vec_push(&ar, &bodies, o->fn.body);
		}
	u64 t = clock_ns();
	pool_run(pool_new(2), bodies.n, one_body, NULL);
	printf("%u bodies in %.3f s\n", bodies.n, (clock_ns() - t) / 1e9);
	for (u32 i = 0; i < units.n; i++) {
		types_finish(k, units.a[i]->pkg);
		print_diag(units.a[i]->pkg->path, units.a[i]->diag);
	}
}

/* ---- facts ---- */

static Map by_linkname, seen_types;
static u32 nfacts, nbad;

static void check_facts(Type *t)
{
	if (!t || t->kind == KindInvalid || types_has_tparam(t) || map_getp(&seen_types, t))
		return;
	map_putp(&ar, &seen_types, t, t);
	Type *n = types_unalias(t);
	if (n->kind == KindTuple || n->kind == KindUnion || (n->kind == KindNamed && n->named.ntparams && !n->named.ntargs) || (n->kind == KindFunc && n->fn.ntparams))
		return;
	nfacts++;
	Type *c = types_canon(k, t);
	const char *name = types_linkname(k, t);
	Name *key = intern_str(name);
	Type *other = map_getp(&by_linkname, key);
	if (other && other != c) {
		printf("two types are called %s\n", name);
		nbad++;
	}
	map_putp(&ar, &by_linkname, key, c);
	if (!types_identical(k, c, t) || types_canon(k, c) != c) {
		printf("canonical type of %s differs\n", name);
		nbad++;
	}
	types_layout(k, t);
	MethodSet *m = types_methodset(k, t);
	for (u32 i = 0; i < m->n; i++)
		if (!m->m[i].sig) {
			printf("%s.%s has no signature\n", name, m->m[i].fn->name->s);
			nbad++;
		}
	if (n->kind != KindPointer && n->kind != KindInterface)
		types_methodset(k, types_pointer(k, t));
	if (getenv("NAMES"))
		printf("%s\n", name);
}

static void run_facts(void)
{
	run_std();
	for (u32 i = 0; i < units.n; i++)
		for (u32 j = 0; j < units.a[i]->pkg->nfile; j++) {
			File *f = units.a[i]->pkg->file[j];
			for (NodeId n = 1; n < f->nnode; n++)
				check_facts(f->info[n].type);
		}
	for (u32 i = 0; getenv("FUNCS") && i < units.n; i++)
		for (u32 j = 0; j < units.a[i]->pkg->nobj; j++)
			if (units.a[i]->pkg->obj[j]->kind == ObjFunc)
				printf("func %s\n", types_funcname(k, &ar, units.a[i]->pkg->obj[j], NULL, 0));
	printf("%u types, %u wrong\n", nfacts, nbad);
	nerrors += nbad;
}

int main(int argc, char **argv)
{
	if (getenv("GOROOT"))
		goroot = getenv("GOROOT");
	verbose = getenv("VERBOSE") != NULL;
	syntax_init();
	k = types_new(&ar);
	k->import = import_cb;
	k->all_bodies = true;
	u64 t = clock_ns();
	if (argc > 1 && !strcmp(argv[1], "std")) {
		run_std();
	} else if (argc > 1 && !strcmp(argv[1], "cmd")) {
		run_tree(arena_printf(&ar, "%s/src", goroot), "", true);
	} else if (argc > 1 && !strcmp(argv[1], "par")) {
		run_par();
	} else if (argc > 1 && !strcmp(argv[1], "facts")) {
		run_facts();
	} else if (argc > 1 && !strcmp(argv[1], "errors")) {
		gc_mode = true;
		for (int i = 2; i < argc; i++)
			check_files(&argv[i], 1, true);
		printf("== errors: %u of %u expected messages, %u unexpected; %u of %u files exact\n", want_met, want_total, got_unexpected,
			files_ok, files_all);
	} else if (argc > 1 && !strcmp(argv[1], "data")) {
		run_data(argv + 2, argc - 2);
	} else {
		for (int i = 1; i < argc; i++) {
			size_t n = strlen(argv[i]);
			if (n > 3 && !strcmp(argv[i] + n - 3, ".go"))
				check_files(&argv[i], 1, getenv("COMPARE") != NULL);
			else if (!load(argv[i], ""))
				printf("%s: not found\n", argv[i]);
		}
	}
	struct rusage ru;
	getrusage(RUSAGE_SELF, &ru);
	printf("%u packages, %u files, %u errors; parse %.3f s, check %.3f s, all %.3f s, %ld MB\n", npackages, nfiles, nerrors, t_parse / 1e9,
		t_check / 1e9, (clock_ns() - t) / 1e9, ru.ru_maxrss / 1024);
	return nerrors > 0;
}
