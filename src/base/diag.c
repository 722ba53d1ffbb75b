/* What goes wrong: the user's mistakes (collected, sorted, printed as gc prints them), the world's (fatal) and ours (bug). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base.h"

struct DiagLock { Lock l; };

_Thread_local const char *bug_context_pass, *bug_context_func;

void diag_init(Diag *d, Arena *ar)
{
	*d = (Diag){.ar = ar, .lock = arena_new(ar, struct DiagLock)};
}

void diag_addv(Diag *d, Pos pos, bool soft, const char *fmt, va_list ap)
{
	lock_acquire(&d->lock->l);
	const char *msg = arena_vprintf(d->ar, fmt, ap);
	vec_push(d->ar, &d->v, (DiagItem){pos, d->v.n, msg, soft});
	lock_release(&d->lock->l);
}

void diag_add(Diag *d, Pos pos, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	diag_addv(d, pos, false, fmt, ap);
	va_end(ap);
}

void diag_append(Diag *d, const Diag *from)
{
	lock_acquire(&d->lock->l);
	for (u32 i = 0; i < from->v.n; i++) {
		DiagItem e = from->v.a[i];
		e.seq = d->v.n;
		vec_push(d->ar, &d->v, e);
	}
	lock_release(&d->lock->l);
}

/* By file, then place in the file, then order of arrival. Bases depend on the order of registration, so files compare
 * by name. */
static int by_place(const void *x, const void *y)
{
	const DiagItem *a = x, *b = y;
	if (a->pos != b->pos) {
		const SrcFile *f = src_of(a->pos), *g = src_of(b->pos);
		int c = f == g ? 0 : !f ? -1 : !g ? 1 : strcmp(f->shown, g->shown);
		if (c)
			return c;
		return a->pos < b->pos ? -1 : 1;
	}
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

void diag_sort(Diag *d)
{
	if (d->v.n)
		qsort(d->v.a, d->v.n, sizeof *d->v.a, by_place);
	for (u32 i = 0; i < d->v.n; i++)
		d->v.a[i].seq = i;
}

static bool same_line(Pos a, Pos b)
{
	if (src_of(a) != src_of(b))
		return false;
	return pos_loc_raw(a).line == pos_loc_raw(b).line;
}

static bool is_syntax_error(const DiagItem *e)
{
	return strncmp(e->msg, "syntax error", 12) == 0;
}

/* One syntax error a line, and no error equal to the one that arrived before it in the same line. Filters a in its order. */
static u32 drop_repeated(DiagItem *a, u32 n)
{
	const DiagItem *syntax = NULL, *other = NULL;
	u32 kept = 0;
	for (u32 i = 0; i < n; i++) {
		const DiagItem *e = &a[i];
		bool again = is_syntax_error(e) ? syntax && same_line(syntax->pos, e->pos) :
			other && same_line(other->pos, e->pos) && !strcmp(other->msg, e->msg);
		if (again)
			continue;
		a[kept] = *e;
		if (is_syntax_error(e))
			syntax = &a[kept++];
		else
			other = &a[kept++];
	}
	return kept;
}

static bool reads_same(const DiagItem *x, const DiagItem *y)
{
	SrcLoc l = pos_loc(x->pos), m = pos_loc(y->pos);
	return l.line == m.line && l.col == m.col && !strcmp(x->msg, y->msg) && (!l.line || !strcmp(l.file, m.file));
}

/* Errors that say the same of the same place; a is sorted. */
static u32 drop_equal(DiagItem *a, u32 n)
{
	u32 kept = 0;
	for (u32 i = 0; i < n; i++)
		if (!kept || !reads_same(&a[kept - 1], &a[i]))
			a[kept++] = a[i];
	return kept;
}

/* Columns beyond what gc can represent are not shown. */
static void put_place(Buf *out, Pos pos)
{
	SrcLoc l = pos_loc(pos);
	if (l.line == 0)
		return;
	buf_printf(out, "%s:%u", l.file, l.line);
	if (l.col > 0 && l.col < 255)
		buf_printf(out, ":%u", l.col);
	buf_puts(out, ": ");
}

u32 diag_print(Diag *d, Buf *out, u32 limit)
{
	u32 n = d->v.n;
	if (n == 0)
		return 0;
	DiagItem *a = arena_array(d->ar, DiagItem, n);
	memcpy(a, d->v.a, n * sizeof *a);
	u32 kept = drop_repeated(a, n);
	bool full = limit && kept >= limit;
	if (full)
		kept = limit;           /* the first to arrive, not the first in the file */
	Pos last = a[kept - 1].pos;
	qsort(a, kept, sizeof *a, by_place);
	kept = drop_equal(a, kept);
	for (u32 i = 0; i < kept; i++) {
		put_place(out, a[i].pos);
		buf_printf(out, "%s\n", a[i].msg);
	}
	if (full) {
		put_place(out, last);
		buf_puts(out, "too many errors\n");
	}
	return n;
}

void fatal(const char *fmt, ...)
{
	int err = errno;
	va_list ap;
	va_start(ap, fmt);
	flockfile(stderr);
	fputs("seago: ", stderr);
	vfprintf(stderr, fmt, ap);
	size_t n = strlen(fmt);
	if (n && fmt[n - 1] == ':')
		fprintf(stderr, " %s", strerror(err));
	fputc('\n', stderr);
	fflush(stderr);
	_Exit(1);
}

void bug(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	flockfile(stderr);
	fputs("seago: internal compiler error", stderr);
	if (bug_context_pass)
		fprintf(stderr, " in %s", bug_context_pass);
	if (bug_context_func)
		fprintf(stderr, " (compiling %s)", bug_context_func);
	fputs(": ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	fflush(stderr);
	_Exit(2);
}
