/* Build constraints: which files belong to a package.
 *
 * Two filters, both before parsing: the file's name (x_linux.go, x_linux_amd64.go, x_test.go) and the //go:build line in
 * its head. The expression grammar is
 *     Expr = And { "||" And } . And = Not { "&&" Not } . Not = "!" Not | "(" Expr ")" | tag .
 * A file without such a line may have older ones: each "// +build a,!b c" must hold, where a blank means or and a comma and.
 */
#include <stdlib.h>
#include "load.h"

/* Known operating systems and architectures: an unknown word after '_' is not a constraint. */
static const char *const known_os[] = {
	"aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd", "openbsd",
	"plan9", "solaris", "wasip1", "windows", "zos",
};
static const char *const known_arch[] = {
	"386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le",
	"mips64p32", "mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm",
};
static const char *const unix_os[] = {
	"aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "linux", "netbsd", "openbsd", "solaris",
};
/* Tags that hold for every build: the compiler family and gc's default experiments. */
static const char *const always[] = {
	"gc", "amd64.v1", "goexperiment.regabiwrappers", "goexperiment.regabiargs",
	"goexperiment.dwarf5", "goexperiment.randomizedheapbase64", "goexperiment.greenteagc",
};

static bool eq(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && !memcmp(s, word, n);
}

static bool in(const char *s, size_t n, const char *const *list, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (eq(s, n, list[i]))
			return true;
	return false;
}

bool tag_matches(const Context *c, const char *tag, size_t n)
{
	if (eq(tag, n, c->goos) || eq(tag, n, c->goarch))
		return true;
	if (eq(tag, n, "unix"))
		return in(c->goos, strlen(c->goos), unix_os, nelem(unix_os));
	if (n > 4 && n < 12 && !memcmp(tag, "go1.", 4)) {
		char *end, num[12] = {0};
		memcpy(num, tag + 4, n - 4);
		long v = strtol(num, &end, 10);
		return !*end && v >= 1 && v <= c->minor;
	}
	if (in(tag, n, always, nelem(always)))
		return true;
	for (u32 i = 0; i < c->tags.n; i++)
		if (eq(tag, n, c->tags.a[i]))
			return true;
	return false;
}

/* ---- //go:build expressions ---- */

enum { DepthMax = 1000 };
typedef struct Expr { const Context *c; const char *p, *end; bool bad; int depth; } Expr;

static bool parse_or(Expr *e);

static void skip(Expr *e)
{
	while (e->p < e->end && (*e->p == ' ' || *e->p == '\t'))
		e->p++;
}

static bool accept(Expr *e, const char *tok)
{
	skip(e);
	size_t n = strlen(tok);
	if ((size_t)(e->end - e->p) < n || memcmp(e->p, tok, n))
		return false;
	e->p += n;
	return true;
}

static bool tag_char(const char *p, const char *end, int *n)
{
	u32 r;
	*n = utf8_decode(p, end, &r);
	return rune_is_letter(r) || rune_is_digit(r) || r == '.';
}

/* Not = "!" Not | "(" Expr ")" | tag . */
static bool parse_not(Expr *e)
{
	bool v;
	if (++e->depth > DepthMax) {
		e->bad = true;
		return false;
	}
	if (accept(e, "!")) {
		v = !parse_not(e);
	} else if (accept(e, "(")) {
		v = parse_or(e);
		e->bad |= !accept(e, ")");
	} else {
		int n;
		const char *start = e->p;
		while (e->p < e->end && tag_char(e->p, e->end, &n))
			e->p += n;
		e->bad |= e->p == start;
		v = tag_matches(e->c, start, (size_t)(e->p - start));
	}
	e->depth--;
	return v;
}

static bool parse_and(Expr *e)
{
	bool v = parse_not(e);
	while (!e->bad && accept(e, "&&"))
		v &= parse_not(e);
	return v;
}

static bool parse_or(Expr *e)
{
	bool v = parse_and(e);
	while (!e->bad && accept(e, "||"))
		v |= parse_and(e);
	return v;
}

bool constraint_eval(const Context *c, const char *expr, size_t n, bool *bad)
{
	Expr e = {c, expr, expr + n, false, 0};
	bool v = parse_or(&e);
	skip(&e);
	*bad = e.bad || e.p != e.end;
	return v && !*bad;
}

/* ---- file names ---- */

bool file_name_matches(const Context *c, const char *name)
{
	const char *dot = strchr(name, '.');
	size_t n = dot ? (size_t)(dot - name) : strlen(name);
	/* only what follows the first underscore counts: linux.go is a plain name */
	const char *first = memchr(name, '_', n);
	if (!first)
		return true;
	const char *part[2] = {0};      /* last and last but one word, _test aside */
	size_t len[2] = {0};
	const char *end = name + n;
	if (end - first >= 5 && !memcmp(end - 5, "_test", 5))
		end -= 5;
	for (int i = 0; i < 2 && end > first; i++) {
		const char *p = end;
		while (p > first + 1 && p[-1] != '_')
			p--;
		part[i] = p;
		len[i] = (size_t)(end - p);
		end = p - 1;
	}
	if (!part[0])
		return true;
	if (in(part[0], len[0], known_arch, nelem(known_arch))) {
		if (part[1] && in(part[1], len[1], known_os, nelem(known_os)) && !eq(part[1], len[1], c->goos))
			return false;
		return eq(part[0], len[0], c->goarch);
	}
	if (in(part[0], len[0], known_os, nelem(known_os)))
		return eq(part[0], len[0], c->goos);
	return true;
}

/* ---- heads ---- */

static const char *line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	return nl ? nl : end;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Cuts blanks off both ends. */
static void trim(const char **p, const char **end)
{
	while (*p < *end && blank(**p))
		++*p;
	while (*end > *p && blank((*end)[-1]))
		--*end;
}

static bool valid_tag(const char *p, const char *end)
{
	int n;
	const char *q = p;
	while (q < end && tag_char(q, end, &n))
		q += n;
	return q == end && p < end;
}

/* One word of a +build line: literals with commas between them. What is no tag counts as the tag "ignore". */
static bool plus_word(const Context *c, const char *p, const char *end)
{
	bool v = true;
	for (;;) {
		const char *comma = memchr(p, ',', (size_t)(end - p)), *e = comma ? comma : end;
		bool not = e - p > 1 && p[0] == '!' && p[1] != '!';
		const char *tag = p + not;
		v &= (valid_tag(tag, e) ? tag_matches(c, tag, (size_t)(e - tag)) : tag_matches(c, "ignore", 6)) != not;
		if (!comma)
			return v;
		p = e + 1;
	}
}

/* A line from its "//" on, without blanks at its ends; true if it is not a +build line. */
static bool plus_line(const Context *c, const char *p, const char *end)
{
	p += 2;
	trim(&p, &end);
	if (end - p < 6 || memcmp(p, "+build", 6) || (end - p > 6 && !blank(p[6])))
		return true;
	bool v = false, any = false;
	for (p += 6; p < end; any = true) {
		while (blank(*p))
			p++;
		const char *e = p;
		while (e < end && !blank(*e))
			e++;
		v |= plus_word(c, p, e);
		p = e;
	}
	return any ? v : tag_matches(c, "ignore", 6);
}

/* The +build lines count that stand among the leading // comments, above the last empty line of those. */
static bool plus_lines_match(const Context *c, const char *src, const char *end)
{
	bool v = true, pending = true;
	for (const char *p = src; p < end;) {
		const char *start = p, *e = line_end(p, end);
		p = e < end ? e + 1 : e;
		trim(&start, &e);
		if (start == e) {
			v &= pending;
			pending = true;
		} else if (e - start < 2 || start[0] != '/' || start[1] != '/') {
			break;
		} else {
			pending &= plus_line(c, start, e);
		}
	}
	return v;
}

bool file_head_matches(const Context *c, const char *src, size_t n)
{
	const char *p = src, *end = src + n;
	if (n >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3))
		p += 3;
	const char *head = p;
	while (p < end) {
		while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
			p++;
		if (end - p >= 2 && p[0] == '/' && p[1] == '*') {
			const char *q = p + 2;
			while (q + 1 < end && !(q[0] == '*' && q[1] == '/'))
				q++;
			p = q + 2;
			continue;
		}
		if (end - p < 2 || p[0] != '/' || p[1] != '/')
			return plus_lines_match(c, head, end);  /* the package clause */
		const char *e = line_end(p, end);
		if (e - p > 10 && !memcmp(p, "//go:build", 10) && (p[10] == ' ' || p[10] == '\t')) {
			bool bad;
			const char *stop = e > p && e[-1] == '\r' ? e - 1 : e;
			while (stop > p && (stop[-1] == ' ' || stop[-1] == '\t'))
				stop--;
			return constraint_eval(c, p + 10, (size_t)(stop - p - 10), &bad);
		}
		p = e;
	}
	return plus_lines_match(c, head, end);
}
