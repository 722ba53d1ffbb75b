/* The assembler against byte listings.
 *
 *     test_asm listing FILE...     lines "INSN operands // HEX [or HEX]": each is assembled alone and compared
 *     test_asm errors FILE...      lines with // ERROR "text": the message must hold the text; no other line has one
 *     test_asm file FILE...        assembles whole files; -v prints the code of each function
 *     -I DIR, -D NAME=VALUE, -p PACKAGE and -t OFFSET (of g from the thread pointer) come first
 */
#include <stdio.h>
#include <stdlib.h>
#include "../../src/asm/asm.h"

static AsmContext ctx;
static bool verbose;

/* One statement in a function of its own; its bytes, or NULL. */
static const Code *assemble(Arena *a, const char *text, Diag *d)
{
	char path[] = "/tmp/test_asm.XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		fatal("open %s:", path);
	fprintf(f, "%s", text);
	fclose(f);
	AsmUnit *u = asm_file(a, &ctx, path, d);
	remove(path);
	return u && u->func.n ? u->func.a[0]->code : NULL;
}

static void hex(Buf *b, const u8 *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		buf_printf(b, "%02x", p[i]);
}

typedef struct Case { char *text, *want; u32 line; } Case;
typedef VEC(Case) Cases;

static char *trim(char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	size_t n = strlen(s);
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
		s[--n] = 0;
	return s;
}

static void read_cases(Arena *a, const char *path, Cases *out)
{
	size_t n;
	char *s = file_read(a, path, &n);
	if (!s)
		fatal("open %s:", path);
	u32 line = 0;
	for (char *p = s, *e; p < s + n; p = e + 1) {
		e = strchr(p, '\n');
		if (!e)
			e = s + n;
		*e = 0;
		line++;
		char *c = strstr(p, "//");
		if (!c || c == p || *p != '\t')
			continue;
		*c = 0;
		char *text = trim(p), *want = trim(c + 2);
		size_t k = strspn(want, "0123456789abcdef");
		if (*text && k >= 2 && k % 2 == 0 && (!want[k] || want[k] == ' '))
			vec_push(a, out, (Case){text, want, line});
	}
}

/* Is have one of the spellings "a or b"? */
static bool listed(const char *want, const char *have)
{
	size_t n = strlen(have);
	for (const char *p = want; p; p = strstr(p, " or ") ? strstr(p, " or ") + 4 : NULL)
		if (!strncmp(p, have, n) && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

/* All cases in one function first; cases are told apart by the line table. */
static bool run_cases(const char *path, Cases *cs)
{
	Arena a = {0};
	Diag d;
	diag_init(&d, &a);
	Buf src = {.ar = &a};
	buf_puts(&src, "TEXT f(SB),4,$0\n");
	for (u32 i = 0; i < cs->n; i++)
		buf_printf(&src, "\t%s\n", cs->a[i].text);
	ctx.all_errors = true;
	const Code *c = assemble(&a, buf_str(&src), &d);
	u32 bad = 0;
	for (u32 i = 0; i < d.v.n; i++)
		printf("%s:%u: %s\n", path, cs->a[pos_loc(d.v.a[i].pos).line - 2].line, d.v.a[i].msg);
	for (u32 i = 0, k = 0; c && i < cs->n; i++) {
		Buf b = {.ar = &a};
		if (k < c->line.n && pos_loc(c->line.a[k].pos).line == i + 2) {
			u32 end = k + 1 < c->line.n ? c->line.a[k + 1].pc : c->size;
			hex(&b, c->text + c->line.a[k].pc, end - c->line.a[k].pc);
			k++;
		}
		if (!listed(cs->a[i].want, buf_str(&b)) && ++bad <= 20)
			printf("%s:%u: %s\n\thave %s\n\twant %s\n", path, cs->a[i].line, cs->a[i].text, buf_str(&b), cs->a[i].want);
	}
	bad += d.v.n;
	printf("%s: %u of %u\n", path, cs->n - bad, cs->n);
	arena_free(&a);
	return !bad;
}

static bool run_listing(const char *path)
{
	Arena a = {0};
	Cases cs = {0};
	read_cases(&a, path, &cs);
	bool ok = run_cases(path, &cs);
	arena_free(&a);
	return ok;
}

static bool run_errors(const char *path)
{
	Arena a = {0};
	Diag d;
	diag_init(&d, &a);
	size_t n;
	char *s = file_read(&a, path, &n);
	if (!s)
		fatal("open %s:", path);
	ctx.all_errors = true;
	asm_file(&a, &ctx, path, &d);
	u32 line = 0, want = 0, found = 0, extra = 0;
	for (char *p = s, *e; p < s + n; p = e + 1) {
		e = strchr(p, '\n');
		if (!e)
			e = s + n;
		*e = 0;
		line++;
		char *m = strstr(p, "// ERROR \""), *q = m ? strrchr(m, '"') : NULL;
		bool hit = false, any = false;
		for (u32 i = 0; i < d.v.n; i++)
			if (pos_loc(d.v.a[i].pos).line == line) {
				any = true;
				if (m)
					hit |= !strncmp(m + 10, d.v.a[i].msg, (size_t)(q - m - 10)) || strstr(d.v.a[i].msg, arena_strndup(&a, m + 10, (size_t)(q - m - 10)));
				else
					printf("%s:%u: unexpected: %s\n", path, line, d.v.a[i].msg);
			}
		want += m != NULL;
		found += hit;
		extra += any && !m;
		if (m && !hit)
			printf("%s:%u: no error with %s\n", path, line, m + 9);
	}
	printf("%s: %u of %u errors, %u others\n", path, found, want, extra);
	arena_free(&a);
	return found == want && !extra;
}

static bool run_file(const char *path)
{
	Arena a = {0};
	Diag d;
	diag_init(&d, &a);
	AsmUnit *u = asm_file(&a, &ctx, path, &d);
	Buf out = {.ar = &a};
	diag_print(&d, &out, 0);
	fputs(buf_str(&out), stdout);
	for (u32 i = 0; verbose && u && i < u->func.n; i++) {
		const AsmFunc *f = u->func.a[i];
		Buf b = {.ar = &a};
		hex(&b, f->code->text, f->code->size);
		printf("%s %lld %s\n", f->name, (long long)f->frame, buf_str(&b));
	}
	arena_free(&a);
	return u != NULL;
}

int main(int argc, char **argv)
{
	const char *inc[16], *def[16];
	ctx = (AsmContext){.pkgpath = "main", .incdir = inc, .define = def, .allow_abi = true};
	int i = 1;
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-v"))
			verbose = true;
		else if (!strcmp(argv[i], "-I") && ctx.nincdir < nelem(inc))
			inc[ctx.nincdir++] = argv[++i];
		else if (!strcmp(argv[i], "-D") && ctx.ndefine < nelem(def))
			def[ctx.ndefine++] = argv[++i];
		else if (!strcmp(argv[i], "-p"))
			ctx.pkgpath = argv[++i];
		else if (!strcmp(argv[i], "-t"))
			ctx.tls = atoi(argv[++i]);
	}
	const char *mode = i < argc ? argv[i++] : "";
	bool ok = i < argc;
	for (; i < argc; i++)
		ok &= !strcmp(mode, "listing") ? run_listing(argv[i]) : !strcmp(mode, "errors") ? run_errors(argv[i]) : run_file(argv[i]);
	return ok ? 0 : 1;
}
