/* The generated package main of a test program: which functions of the test files are tests, benchmarks, fuzz targets and
 * examples, and the source that hands them to package testing. The rules are go/build's and go/doc's. */
#include <ctype.h>
#include "test.h"

typedef struct Example { const char *out; u32 n; bool unordered; } Example;

typedef struct Gen {
	Arena *a;
	const LoadPkg *p;
	Buf tests, benchmarks, fuzz, examples;
	const char *main;               /* package of TestMain */
	bool import[2], used[2];        /* p, p_test */
	const char *error;
} Gen;

static const char *const alias[2] = {"_test", "_xtest"};

static bool is_lower(u32 r)
{
	/* the letters that may follow a prefix are nearly always ASCII; others count as lower case when they are letters but not upper case */
	return r < 0x80 ? r >= 'a' && r <= 'z' : rune_is_letter(r) && !rune_is_upper(r);
}

static bool is_test(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);
	if (strncmp(name, prefix, n))
		return false;
	if (!name[n])
		return true;
	u32 r;
	utf8_decode(name + n, name + strlen(name), &r);
	return !is_lower(r);
}

/* ---- signatures ---- */

static bool takes_pointer_to(const File *f, NodeId type, const char *arg)
{
	ListId par = node_at(f, type)->a;
	if (list_len(f, node_at(f, type)->b) || list_len(f, par) != 1)
		return false;
	NodeId t = node_at(f, list_at(f, par, 0))->b;
	if (node_kind(f, t) != NodeStar)
		return false;
	t = node_at(f, t)->a;
	if (node_kind(f, t) == NodeSelector)
		t = node_at(f, t)->b;
	return node_kind(f, t) == NodeName && !strcmp(node_name(f, t)->s, arg);
}

static bool good_signature(Gen *g, const File *f, NodeId decl, const char *name, const char *arg)
{
	const char *why = NULL;
	if (!takes_pointer_to(f, decl_part(f, decl, 2), arg))
		why = arena_printf(g->a, "must be: func %s(%c *testing.%s)", name, tolower(*arg), arg);
	if (decl_part(f, decl, 1))
		why = "test functions cannot have type parameters";
	if (!why)
		return true;
	const char *src = f->src->src, *p = src + (node_start(f, decl) - f->src->base);
	while (p > src && memcmp(p, "func", 4))     /* the declaration's position is its name's */
		p--;
	SrcLoc at = pos_loc(f->src->base + (Pos)(p - src));
	if (!g->error)
		g->error = arena_printf(g->a, "%s:%u:%u: wrong signature for %s, %s", at.file, at.line, at.col, name, why);
	return false;
}

/* ---- examples: the last comment of the body ---- */

/* The end of a string, rune or raw string that starts at p. */
static const char *skip_literal(const char *p, const char *end)
{
	char q = *p++;
	while (p < end && *p != q)
		p += *p == '\\' && q != '`' ? 2 : 1;
	return p < end ? p + 1 : end;
}

typedef struct Group { const char *from, *to; bool tail; } Group;     /* comments with only white space between them */

static u32 newlines(const char *p, const char *end)
{
	u32 n = 0;
	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

/* The last group of comments in [p, end). */
static Group last_comments(const char *p, const char *end)
{
	Group g = {0};
	const char *token = p;          /* end of the last token */
	while (p < end) {
		if (*p == '"' || *p == '\'' || *p == '`') {
			token = p = skip_literal(p, end);
		} else if (*p == '/' && p + 1 < end && (p[1] == '/' || p[1] == '*')) {
			const char *e = p + 2;
			if (p[1] == '/')
				while (e < end && *e != '\n')
					e++;
			else {
				while (e + 1 < end && !(e[0] == '*' && e[1] == '/'))
					e++;
				e = e + 2 < end ? e + 2 : end;
			}
			bool same_line = !newlines(token, p);
			bool joins = g.to && g.from >= token && newlines(g.to, p) <= (g.tail ? 0 : 1);
			if (!joins)
				g = (Group){p, e, same_line};
			g.to = e;
			p = e;
		} else {
			if (!isspace((u8)*p))
				token = p + 1;
			p++;
		}
	}
	return g;
}

/* "//go:name" and the like are no text. */
static bool is_directive(const char *s, const char *end)
{
	size_t n = (size_t)(end - s);
	if (n >= 5 && (!memcmp(s, "line ", 5)))
		return true;
	if ((n >= 7 && !memcmp(s, "extern ", 7)) || (n >= 7 && !memcmp(s, "export ", 7)))
		return true;
	const char *c = memchr(s, ':', n);
	if (!c || c == s || c + 1 >= end)
		return false;
	for (const char *q = s; q <= c + 1; q++)
		if (q != c && !(*q >= 'a' && *q <= 'z') && !(*q >= '0' && *q <= '9'))
			return false;
	return true;
}

static void add_line(Buf *b, const char *s, const char *end, u32 *blank)
{
	while (end > s && isspace((u8)end[-1]))
		end--;
	if (s == end) {
		(*blank)++;
		return;
	}
	if (*blank && b->n)
		buf_putc(b, '\n');
	*blank = 0;
	buf_write(b, s, (size_t)(end - s));
	buf_putc(b, '\n');
}

/* The text of comments: markers gone, lines without space at the end, blank lines at most one at a time. */
static void comment_text(Buf *b, Group g)
{
	u32 blank = 0;
	for (const char *p = g.from; p < g.to;) {
		const char *e = p + 2;
		if (isspace((u8)*p)) {
			p++;
		} else if (p[1] == '/') {
			while (e < g.to && *e != '\n')
				e++;
			const char *s = p + 2;
			if (s < e && *s == ' ')
				add_line(b, s + 1, e, &blank);
			else if (!is_directive(s, e))
				add_line(b, s, e, &blank);
			p = e;
		} else {
			while (e + 1 < g.to && !(e[0] == '*' && e[1] == '/'))
				e++;
			for (const char *s = p + 2; s <= e;) {
				const char *nl = memchr(s, '\n', (size_t)(e - s));
				add_line(b, s, nl ? nl : e, &blank);
				s = nl ? nl + 1 : e + 1;
			}
			p = e + 2;
		}
	}
}

static bool skip_word(const char **p, const char *w)
{
	size_t n = strlen(w);
	for (size_t i = 0; i < n; i++)
		if (tolower((u8)(*p)[i]) != w[i])
			return false;
	*p += n;
	return true;
}

/* Whether the body says what it prints. */
static bool example_output(Gen *g, const File *f, NodeId body, Example *x)
{
	const Node *n = node_at(f, body);
	const char *src = f->src->src, *from = src + (n->pos - f->src->base) + 1;
	const char *to = src + (list_extra(f, n->a) - f->src->base);
	Group c = last_comments(from, to);
	if (!c.to)
		return false;
	Buf b = {.ar = g->a};
	comment_text(&b, c);
	const char *p = buf_str(&b);
	while (isspace((u8)*p))
		p++;
	x->unordered = skip_word(&p, "unordered ");
	if (!skip_word(&p, "output:"))
		return false;
	while (*p == ' ')
		p++;
	if (*p == '\n')
		p++;
	x->out = p;
	x->n = (u32)strlen(p);
	return true;
}

static void quote(Buf *b, const char *s, size_t n)
{
	buf_putc(b, '"');
	for (size_t i = 0; i < n; i++) {
		u8 c = (u8)s[i];
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			buf_printf(b, "\\x%02x", c);
		else
			buf_putc(b, c);
	}
	buf_putc(b, '"');
}

/* ---- the lists ---- */

static void add_example(Gen *g, const File *f, NodeId decl, const char *name, int ext)
{
	NodeId body = decl_part(f, decl, 3), type = decl_part(f, decl, 2);
	if (!body || list_len(f, node_at(f, type)->a))
		return;
	g->import[ext] = true;
	Example x;
	if (!example_output(g, f, body, &x))
		return;
	g->used[ext] = true;
	buf_printf(&g->examples, "\t{\"%s\", %s.%s, ", name, alias[ext], name);
	quote(&g->examples, x.out, x.n);
	buf_printf(&g->examples, ", %s},\n", x.unordered ? "true" : "false");
}

static void add_func(Gen *g, const File *f, NodeId decl, int ext)
{
	static const struct { const char *prefix, *arg; size_t list; } kind[] = {
		{"Test", "T", offsetof(Gen, tests)}, {"Benchmark", "B", offsetof(Gen, benchmarks)}, {"Fuzz", "F", offsetof(Gen, fuzz)},
	};
	const char *name = node_name(f, node_at(f, decl)->a)->s;
	if (decl_part(f, decl, 0))
		return;
	if (is_test(name, "Example")) {
		add_example(g, f, decl, name, ext);
		return;
	}
	if (!strcmp(name, "TestMain") && !takes_pointer_to(f, decl_part(f, decl, 2), "T")) {
		if (!good_signature(g, f, decl, name, "M"))
			return;
		if (g->main && !g->error)
			g->error = "multiple definitions of TestMain";
		g->main = alias[ext];
		g->import[ext] = g->used[ext] = true;
		return;
	}
	for (size_t i = 0; i < nelem(kind); i++)
		if (is_test(name, kind[i].prefix) && good_signature(g, f, decl, name, kind[i].arg)) {
			buf_printf((Buf *)((char *)g + kind[i].list), "\t{\"%s\", %s.%s},\n", name, alias[ext], name);
			g->import[ext] = g->used[ext] = true;
		}
}

static void scan(Gen *g, File **file, u32 n, int ext)
{
	for (u32 i = 0; i < n; i++)
		for (u32 k = 0; k < file[i]->nfunc; k++)
			add_func(g, file[i], file[i]->func[k].decl, ext);
}

static void import(Buf *b, Gen *g, int ext)
{
	if (g->import[ext])
		buf_printf(b, "\t%s \"%s%s\"\n", g->used[ext] ? alias[ext] : "_", g->p->path, ext ? "_test" : "");
}

static void quoted_list(Buf *b, const Cover *c, const LoadPkg *p)
{
	buf_puts(b, "[]string{");
	for (u32 i = 0; c->pkg.n && i < c->job.n; i++) {
		quote(b, c->job.a[i].p->path, strlen(c->job.a[i].p->path));
		buf_puts(b, ", ");
	}
	if (!c->pkg.n)
		quote(b, p->path, strlen(p->path));
	buf_puts(b, "}");
}

static void cover_init(Buf *b, const Cover *c, const LoadPkg *p)
{
	Buf in = {.ar = b->ar};
	for (u32 i = 0; i < c->pkg.n; i++)
		buf_printf(&in, "%s%s", i ? ", " : " in ", c->pkg.a[i]);
	buf_printf(b, "\nfunc init() {\n\tcfile.InitHook(true)\n\ttestdeps.CoverMode = \"%s\"\n\ttestdeps.Covered = ", c->mode);
	quote(b, in.n ? in.a : "", in.n);
	buf_puts(b, "\n\ttestdeps.CoverSelectedPackages = ");
	quoted_list(b, c, p);
	buf_puts(b, "\n\ttestdeps.CoverSnapshotFunc = cfile.Snapshot\n\ttestdeps.CoverProcessTestDirFunc = cfile.ProcessCoverTestDir\n"
		"\ttestdeps.CoverMarkProfileEmittedFunc = cfile.MarkProfileEmitted\n}\n");
}

char *test_main_source(Arena *a, const LoadPkg *p, const Cover *c, const char **error)
{
	Gen g = {.a = a, .p = p};
	g.tests.ar = g.benchmarks.ar = g.fuzz.ar = g.examples.ar = a;
	scan(&g, p->tfile, p->ntfile, 0);
	scan(&g, p->xfile, p->nxfile, 1);
	*error = g.error;
	if (g.error)
		return NULL;
	Buf b = {.ar = a};
	buf_printf(&b, "package main\n\nimport (\n\t\"os\"\n%s\t\"testing\"\n\t\"testing/internal/testdeps\"\n", g.main ? "\t\"reflect\"\n" : "");
	if (c)
		buf_puts(&b, "\t\"internal/coverage/cfile\"\n");
	g.import[0] |= c != NULL;       /* it is measured even if only p_test has tests */
	import(&b, &g, 0);
	import(&b, &g, 1);
	buf_printf(&b, ")\n\nvar tests = []testing.InternalTest{\n%s}\n", buf_str(&g.tests));
	buf_printf(&b, "\nvar benchmarks = []testing.InternalBenchmark{\n%s}\n", buf_str(&g.benchmarks));
	buf_printf(&b, "\nvar fuzzTargets = []testing.InternalFuzzTarget{\n%s}\n", buf_str(&g.fuzz));
	buf_printf(&b, "\nvar examples = []testing.InternalExample{\n%s}\n", buf_str(&g.examples));
	bool nopath = !strncmp(p->path, "_/", 2) || !strcmp(p->path, "command-line-arguments");
	buf_printf(&b, "\nfunc init() {\n\ttestdeps.ModulePath = \"%s\"\n\ttestdeps.ImportPath = \"%s\"\n}\n",
		p->mod ? p->mod->path : "", nopath ? "" : p->path);
	if (c)
		cover_init(&b, c, p);
	buf_puts(&b, "\nfunc main() {\n\tm := testing.MainStart(testdeps.TestDeps{}, tests, benchmarks, fuzzTargets, examples)\n");
	if (g.main)
		buf_printf(&b, "\t%s.TestMain(m)\n\tos.Exit(int(reflect.ValueOf(m).Elem().FieldByName(\"exitCode\").Int()))\n}\n", g.main);
	else
		buf_puts(&b, "\tos.Exit(m.Run())\n}\n");
	for (int i = 0; i < 64; i++)
		buf_putc(&b, 0);        /* the parser's sentinel */
	b.n -= 64;
	return b.a;
}
