/* Text under construction, in an arena. Always room for a closing NUL. */
#include <stdio.h>
#include "base.h"

static void need(Buf *b, size_t n)
{
	if (b->n + n + 1 <= b->cap)
		return;
	u32 cap = (u32)max_u64(b->cap * 2ull, align_up(b->n + n + 1, 64));
	char *p = arena_alloc(b->ar, cap, 1);
	if (b->n)
		memcpy(p, b->a, b->n);
	b->a = p;
	b->cap = cap;
}

void buf_write(Buf *b, const void *p, size_t n)
{
	if (!n)
		return;
	need(b, n);
	memcpy(b->a + b->n, p, n);
	b->n += (u32)n;
}

void buf_puts(Buf *b, const char *s)
{
	buf_write(b, s, strlen(s));
}

void buf_putc(Buf *b, int c)
{
	need(b, 1);
	b->a[b->n++] = (char)c;
}

void buf_printf(Buf *b, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		bug("buf_printf: bad format");
	need(b, (size_t)n);
	vsnprintf(b->a + b->n, (size_t)n + 1, fmt, again);
	va_end(again);
	b->n += (u32)n;
}

const char *buf_str(Buf *b)
{
	need(b, 0);
	b->a[b->n] = 0;
	return b->a;
}
