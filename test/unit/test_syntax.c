/* Unit test of syntax.
 *
 *   test_syntax parse dir...          parses every .go file below; speed, and the files with errors (testdata apart)
 *   test_syntax errors dir...         files whose comments say what errors are expected:
 *                                     "/ * ERROR rx * /" before the token, "// ERROR rx" on the line
 *   test_syntax threads dir...        files parsed by many threads give the same trees
 *   test_syntax fuzz n seed file...   n mutations of each file; nothing may crash or hang
 *   test_syntax dump file             the tree
 *   test_syntax diag file...          the errors, as the compiler prints them
 */
#define _GNU_SOURCE
#include <ftw.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include "../../src/syntax/scan.h"

static VEC(const char *) files;
static Arena forever;

static int add_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t n = strlen(path);
	if (type == FTW_F && n > 3 && strcmp(path + n - 3, ".go") == 0)
		vec_push(&forever, &files, arena_strndup(&forever, path, n));
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void find_files(char **dir)
{
	for (; *dir; dir++)
		nftw(*dir, add_file, 32, FTW_PHYS);
	qsort(files.a, files.n, sizeof *files.a, by_name);
}

static SrcFile *open_source(Arena *a, const char *path)
{
	size_t n;
	char *p = file_read(a, path, &n);
	if (!p)
		fatal("%s:", path);
	return src_add(path, NULL, NULL, p, (u32)n);
}

/* ---- well-formedness of a tree ---- */

static void check_tree(const File *f)
{
	for (u32 i = 1; i < f->nnode; i++) {
		const Node *n = &f->node[i];
		if (!n->kind || n->kind >= NodeMax || n->pos < f->src->base || n->pos > f->src->base + f->src->size)
			bug("node %u of %s is broken", i, f->src->path);
		Pos s = node_start(f, i), e = node_end(f, i);
		if (!f->bad && s > n->pos && n->kind != NodeRangeClause)
			bug("node %u of %s: kind %d at %u is [%u, %u)", i, f->src->path, n->kind, n->pos - f->src->base, s - f->src->base, e - f->src->base);
	}
	for (u32 i = 0; i < f->nfunc; i++) {
		const FuncRange *r = &f->func[i];
		if (r->first > r->decl || r->last != r->decl + 1 || (i && f->func[i - 1].last > r->first))
			bug("function %u of %s: range", i, f->src->path);
	}
}

/* ---- parse ---- */

static int test_parse(char **dirs)
{
	u64 bytes = 0, ns = 0, nodes = 0, lists = 0;
	u32 bad = 0, unexpected = 0;
	Arena a = {0}, da = {0};      /* warm ones, as in a build of many files */
	find_files(dirs);
	for (u32 i = 0; i < files.n; i++) {
		Diag d;
		diag_init(&d, &da);
		SrcFile *src = open_source(&a, files.a[i]);
		for (u32 k = 0; k < src->size; k += 64)
			__asm__ volatile("" : : "r"(src->src[k]));
		u64 t = clock_cpu_ns();
		File *f = syntax_parse(&a, src, ParseFull, strncmp(files.a[i], "/usr/", 5) == 0, &d);
		ns += clock_cpu_ns() - t;
		bytes += src->size;
		nodes += f->nnode;
		lists += f->nlist;
		check_tree(f);
		if (d.v.n) {
			bad++;
			if (!strstr(files.a[i], "/testdata/")) {
				unexpected++;
				SrcLoc l = pos_loc_raw(d.v.a[0].pos);
				printf("%s:%u:%u: %s\n", files.a[i], l.line, l.col, d.v.a[0].msg);
			}
		}
		arena_reset(&a);
		arena_reset(&da);
	}
	printf("%u files, %.1f MB, %.3f s, %.0f MB/s; %.2f nodes/KB, %.2f list/KB; %u with errors, %u outside testdata\n", files.n, bytes / 1e6,
		ns / 1e9, bytes * 1e3 / (ns + 1), nodes * 1024.0 / (bytes + 1), lists * 1024.0 / (bytes + 1), bad, unexpected);
	return 0;
}

/* ---- threads: many at once see the same trees as one alone ---- */

static u64 tree_hash(const char *path)
{
	Arena a = {0};
	Diag d;
	diag_init(&d, &a);
	File *f = syntax_parse(&a, open_source(&a, path), ParseFull, true, &d);
	u64 h = 0;
	for (u32 i = 1; i < f->nnode; i++) {
		const Node *n = &f->node[i];
		h = hash_mix(h, (u64)n->kind << 32 | (n->pos - f->src->base));
		if (n->kind == NodeName)
			h = hash_mix(h, node_name(f, i)->hash);
	}
	SrcLoc l = pos_loc(f->src->base + f->src->size / 2);
	h = hash_mix(h, l.line);
	arena_free(&a);
	return h;
}

static void hash_one(void *arg, int worker, u32 i)
{
	((u64 *)arg)[i] = tree_hash(files.a[i]);
}

static int test_threads(char **dirs)
{
	find_files(dirs);
	u64 *h = arena_array(&forever, u64, files.n);
	pool_run(pool_new(4), files.n, hash_one, h);
	for (u32 i = 0; i < files.n; i++) {
		if (tree_hash(files.a[i]) != h[i])
			bug("%s: another tree", files.a[i]);
	}
	printf("threads: %u files\n", files.n);
	return 0;
}

/* ---- errors ---- */

typedef struct Expect { u32 line, col; const char *rx; bool seen; } Expect;
typedef VEC(Expect) Expects;

/* Comments between from and to. A block comment's expectation is for the token at `to`. */
static void comments_between(Arena *a, Expects *v, SrcFile *src, const char *from, const char *to)
{
	const char *last = NULL;
	for (const char *p = from; p < to;) {
		if (p[0] == '/' && p[1] == '/') {
			const char *e = memchr(p, '\n', (size_t)(src->src + src->size - p));
			e = e ? e : src->src + src->size;
			SrcLoc l = pos_loc_raw(src->base + (Pos)(p - src->src));
			if (strncmp(p, "// ERROR ", 9) == 0)
				vec_push(a, v, (Expect){l.line, 0, arena_strndup(a, p + 9, (size_t)(e - p - 9)), false});
			p = e;
		} else if (p[0] == '/' && p[1] == '*') {
			const char *e = strstr(p + 2, "*/");
			if (!e)
				break;
			if (strncmp(p, "/* ERROR ", 9) == 0)
				last = arena_strndup(a, p + 9, (size_t)(e - p - 9));
			p = e + 2;
		} else {
			p++;
		}
	}
	if (last) {
		SrcLoc l = pos_loc_raw(src->base + (Pos)(to - src->src));
		vec_push(a, v, (Expect){l.line, l.col, last, false});
	}
}

static Expects expectations(Arena *a, SrcFile *src)
{
	Expects v = {0};
	Diag d;
	diag_init(&d, a);
	static Parser p;
	p = (Parser){.ar = a, .f.src = src};
	Scanner *s = &p.s;
	scan_init(s, src, a, &d);
	const char *from = s->p;
	do {
		scan_next(s);
		comments_between(a, &v, src, from, src->src + (s->pos - src->base));
		from = s->p;
	} while (s->tok != TokEOF);
	for (u32 i = 0; i < v.n; i++) {
		char *rx = (char *)v.a[i].rx;
		size_t n = strlen(rx);
		while (n && strchr(" \t\r", rx[n - 1]))
			rx[--n] = 0;
		v.a[i].rx = rx + strspn(rx, " \t");
	}
	src->dir = NULL;
	src->ndir = 0;
	return v;
}

static bool rx_matches(const char *rx, const char *s)
{
	regex_t re;
	char pattern[1024], *out = pattern;
	for (; *rx && out < pattern + sizeof pattern - 2; *out++ = *rx++) {
		if (*rx == '{')         /* means itself here */
			*out++ = '\\';
	}
	*out = 0;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	bool ok = regexec(&re, s, 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

static Expect *match(Expects *v, SrcLoc l, const char *msg)
{
	for (int pass = 0; pass < 2; pass++) {
		for (u32 i = 0; i < v->n; i++) {
			Expect *e = &v->a[i];
			if (!e->seen && e->line == l.line && e->col == (pass ? 0 : l.col))
				return rx_matches(e->rx, msg) ? e : NULL;
		}
	}
	return NULL;
}

static int test_errors(char **dirs)
{
	u32 passed = 0, failed = 0;
	find_files(dirs);
	for (u32 i = 0; i < files.n; i++) {
		Arena a = {0};
		Diag d;
		bool ok = true;
		diag_init(&d, &a);
		SrcFile *src = open_source(&a, files.a[i]);
		Expects v = expectations(&a, src);
		syntax_parse(&a, src, ParseFull, false, &d);
		for (u32 k = 0; k < d.v.n; k++) {
			SrcLoc l = pos_loc_raw(d.v.a[k].pos);
			Expect *e = match(&v, l, d.v.a[k].msg);
			if (e) {
				e->seen = true;
			} else {
				printf("%s:%u:%u: unexpected: %s\n", files.a[i], l.line, l.col, d.v.a[k].msg);
				ok = false;
			}
		}
		for (u32 k = 0; k < v.n; k++) {
			if (!v.a[k].seen) {
				printf("%s:%u:%u: missing: %s\n", files.a[i], v.a[k].line, v.a[k].col, v.a[k].rx);
				ok = false;
			}
		}
		passed += ok;
		failed += !ok;
		arena_free(&a);
	}
	printf("%u files: %u passed, %u failed\n", files.n, passed, failed);
	return failed ? 1 : 0;
}

/* ---- fuzz ---- */

static u64 rng;

static u32 rnd(u32 n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (u32)((rng >> 11) % n);
}

static u32 mutate(char *p, u32 n, u32 cap)
{
	static const char *const pieces[] = {
		"(", ")", "[", "]", "{", "}", ",", ";", "\n", ".", "...", ":=", "=", "<-", "*", "|", "~", "func", "type", "chan",
		"interface", "struct", "if", "for", "switch", "case", "default:", "select", "goto L", "L:", "range", "0x", "'", "\"",
		"`", "/*", "//line x:1\n", "//go:embed x\n", "\xff", "\0", "\xef\xbb\xbf", "1e", "_", "\\u", "é", "fallthrough",
	};
	for (u32 k = 1 + rnd(4); k > 0; k--) {
		u32 at = rnd(n + 1), len = 1 + rnd(30);
		if (rnd(3) == 0 && at + len < n) {                  /* delete */
			memmove(p + at, p + at + len, n - at - len);
			n -= len;
			continue;
		}
		const char *s = pieces[rnd(nelem(pieces))];
		u32 m = *s ? (u32)strlen(s) : 1;
		char copy[32];
		if (rnd(3) == 0 && n > 40) {                        /* duplicate */
			m = len;
			memcpy(copy, p + rnd(n - 31), m);
			s = copy;
		}
		if (n + m > cap)
			continue;
		memmove(p + at + m, p + at, n - at);
		memcpy(p + at, s, m);
		n += m;
	}
	return n;
}

static int test_fuzz(u32 count, u64 seed, char **paths)
{
	u64 slowest = 0, errors = 0;
	rng = seed * 2654435761u + 88172645463325252ull;
	for (; *paths; paths++) {
		Arena keep = {0};
		size_t size;
		char *text = file_read(&keep, *paths, &size);
		if (!text)
			fatal("%s:", *paths);
		for (u32 i = 0; i < count; i++) {
			Arena a = {0};
			Diag d;
			diag_init(&d, &a);
			u32 cap = (u32)size + 200;
			char *p = malloc(cap + 64);      /* so that the sanitizer sees reads beyond it */
			memcpy(p, text, size);
			u32 n = mutate(p, (u32)size, cap);
			p = realloc(p, n + 64);
			memset(p + n, 0, 64);
			u64 t = clock_ns();
			File *f = syntax_parse(&a, src_add("fuzz.go", NULL, NULL, p, n), ParseFull, i & 1, &d);
			t = clock_ns() - t;
			slowest = max_u64(slowest, t);
			check_tree(f);
			Buf b = {.ar = &a};
			for (u32 k = 1; k < f->nnode; k += 1 + rnd(20)) {
				b.n = 0;
				node_print(&b, f, k);
			}
			b.n = 0;
			diag_print(&d, &b, 10);
			if (i % 16 == 0)
				tree_dump(&b, f);
			errors += d.v.n;
			free(p);
			arena_free(&a);
		}
		arena_free(&keep);
	}
	printf("fuzz: %llu errors reported, slowest file %.3f ms\n", (unsigned long long)errors, slowest / 1e6);
	return 0;
}

static int show(char **paths, bool dump)
{
	Arena a = {0};
	Diag d;
	diag_init(&d, &a);
	Buf b = {.ar = &a};
	for (; *paths; paths++) {
		File *f = syntax_parse(&a, open_source(&a, *paths), ParseFull, false, &d);
		if (dump)
			tree_dump(&b, f);
	}
	u32 n = diag_print(&d, &b, 10);
	fputs(buf_str(&b), stdout);
	return n ? 1 : 0;
}

int main(int argc, char **argv)
{
	syntax_init();
	const char *what = argc > 1 ? argv[1] : "";
	if (strcmp(what, "parse") == 0)
		return test_parse(argv + 2);
	if (strcmp(what, "errors") == 0)
		return test_errors(argv + 2);
	if (strcmp(what, "threads") == 0)
		return test_threads(argv + 2);
	if (strcmp(what, "fuzz") == 0 && argc > 4)
		return test_fuzz((u32)atoi(argv[2]), (u64)atoll(argv[3]), argv + 4);
	if (strcmp(what, "dump") == 0)
		return show(argv + 2, true);
	if (strcmp(what, "diag") == 0)
		return show(argv + 2, false);
	fprintf(stderr, "usage: test_syntax parse|errors|fuzz|dump|diag ...\n");
	return 2;
}
