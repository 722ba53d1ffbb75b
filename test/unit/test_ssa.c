/* Passes over SSA text: test_ssa file... Each file holds cases:
 *
 *   == name: pass pass ...        (of the table; "inline" and "escape" come first)
 *   func @f ... { ... }           (functions; a component of the call graph for "escape")
 *   -- want
 *   text                          (what ssa_print gives afterwards, blanks at line ends apart)
 *
 * With -w the expectations are written anew. */
#include <stdio.h>
#include <stdlib.h>
#include "../../src/whole/whole.h"

typedef struct Run { Arena ar; Program prog; Whole whole; const char *passes; } Run;

static void component(void *arg, int worker, Func **f, u32 n)
{
	Run *r = arg;
	for (u32 i = 0; i < n && strstr(r->passes, "inline"); i++) {
		inline_calls(f[i]);
		ssa_verify(f[i], "inline");
	}
	for (u32 i = 0; i < n; i++)
		inline_decide(f[i]);
	if (strstr(r->passes, "escape"))
		escape_component(&r->whole, f, n);
}

static void run_named(Func *f, const char *passes)
{
	ARENA_LOCAL(a, 512);
	char *copy = arena_strndup(&a, passes, strlen(passes));
	for (char *p = strtok(copy, " "); p; p = strtok(NULL, " "))
		for (const Pass *q = ssa_passes; q->name; q++)
			if (!strcmp(q->name, p) && q->run) {
				q->run(f);
				ssa_verify(f, q->name);
			}
	arena_free(&a);
}

static void summary(Buf *b, const Escape *e)
{
	buf_puts(b, "; escape");
	for (u32 i = 0; i <= e->nin; i++)
		if (e->heap[i] != EscapeNone)
			buf_printf(b, " %u->heap/%u", i, e->heap[i]);
	for (u32 i = 0; i <= e->nin; i++)
		for (u32 j = 0; j < e->nout; j++)
			if (e->result[i * e->nout + j] != EscapeNone)
				buf_printf(b, " %u->r%u/%u", i, j, e->result[i * e->nout + j]);
	buf_putc(b, '\n');
}

/* The functions of a case, after the passes, as text. */
static const char *result(Pool *pool, Arena *out, const char *passes, char *text)
{
	Run r = {.passes = passes};
	r.prog.ar = &r.ar;
	symtab_init(&r.prog);
	r.whole.p = &r.prog;
	r.whole.pool = pool;
	Diag d;
	diag_init(&d, &r.ar);
	VEC(Func *) f = {0};
	for (char *p = text; (p = strstr(p, "func @"));) {
		char *end = strstr(p, "\n}");
		if (!end)
			fatal("no end of function");
		char *one = arena_strndup(&r.ar, p, (size_t)(end + 3 - p));
		Func *fn = ssa_read(&r.prog, one, &d);
		if (!fn)
			fatal("%s", d.v.a[0].msg);
		ssa_verify(fn, "reading");
		vec_push(&r.ar, &f, fn);
		vec_push(&r.ar, &r.whole.live, fn->sym);
		p = end;
	}
	whole_bottom_up(&r.whole, component, &r);
	Buf b = {.ar = out};
	for (u32 i = 0; i < f.n; i++) {
		run_named(f.a[i], passes);
		ssa_verify(f.a[i], passes);
		ssa_print(&b, f.a[i]);
		if (f.a[i]->escape)
			summary(&b, f.a[i]->escape);
	}
	const char *s = buf_str(&b);
	symtab_free(&r.prog);
	arena_free(&r.ar);
	return s;
}

static int file(Pool *pool, Arena *a, const char *path, bool rewrite)
{
	size_t n;
	char *src = file_read(a, path, &n);
	int bad = 0;
	if (!src)
		fatal("%s:", path);
	Buf all = {.ar = a};
	char *p = strstr(src, "== ");
	buf_write(&all, src, p ? (size_t)(p - src) : n);
	while (p) {
		char *next = strstr(p + 3, "\n== "), *nl = strchr(p, '\n'), *colon = strchr(p, ':');
		char *body = arena_strndup(a, nl + 1, (size_t)((next ? next + 1 : src + n) - nl - 1));
		char *passes = arena_strndup(a, colon + 1, (size_t)(nl - colon - 1)), *want = strstr(body, "-- want\n");
		if (want)
			*want = 0;
		const char *got = result(pool, a, passes, body);
		if (!rewrite && (!want || strcmp(want + 8, got))) {
			printf("%s: %.*s\n--- got\n%s--- want\n%s", path, (int)(colon - p - 3), p + 3, got, want ? want + 8 : "");
			bad++;
		}
		buf_printf(&all, "%.*s\n%s-- want\n%s", (int)(nl - p), p, body, got);
		p = next ? next + 1 : NULL;
	}
	if (rewrite && !file_write_atomic(path, buf_str(&all), all.n, 0644))
		fatal("%s:", path);
	return bad;
}

int main(int argc, char **argv)
{
	Arena a = {0};
	int bad = 0;
	Pool *pool = pool_new(2);
	bool rewrite = argc > 1 && !strcmp(argv[1], "-w");
	for (int i = 1 + rewrite; i < argc; i++)
		bad += file(pool, &a, argv[i], rewrite);
	arena_free(&a);
	if (!bad)
		printf("ok\n");
	return bad != 0;
}
