/* Text under construction, in an arena. Always room for a closing NUL. */
#define _GNU_SOURCE
#include <stdio.h>
#include "base.h"

static void need(Buf *b, size_t n)
{
	if (b->n + n + 1 <= b->cap)
		return;
	u32 cap = (u32)max_u64(b->cap * 2ull, align_up(b->n + n + 1, 64));
	if (b->cap && arena_extend(b->ar, b->a + b->cap, cap - b->cap)) {
		b->cap = cap;
		return;
	}
	char *p = arena_raw(b->ar, cap, 1);
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

/* ---- printf, for the conversions names and tables are made of ---- */

typedef struct Out { char *p, *end; } Out;

static bool put(Out *o, const char *s, size_t n)
{
	if (n > (size_t)(o->end - o->p))
		return false;
	memcpy(o->p, s, n);
	o->p += n;
	return true;
}

static bool put_number(Out *o, u64 v, u32 base, u32 width)
{
	char tmp[64], *p = tmp + sizeof tmp;
	do
		*--p = "0123456789abcdef"[v % base];
	while ((v /= base));
	while (p > tmp && (size_t)(tmp + sizeof tmp - p) < width)
		*--p = '0';
	return put(o, p, (size_t)(tmp + sizeof tmp - p));
}

/* %s %.*s %c %%, and [l][l|z] of d u x, x also zero padded. */
int fmt_plain(char *out, size_t cap, const char *fmt, va_list ap)
{
	Out o = {out, out + cap};
	for (bool ok = true; *fmt; fmt++) {
		const char *lit = fmt;
		while (*fmt && *fmt != '%')
			fmt++;
		ok = put(&o, lit, (size_t)(fmt - lit));
		if (!*fmt)
			return ok ? (int)(o.p - out) : -1;
		u32 width = 0, words = 0;
		if (*++fmt == '0')
			for (fmt++; *fmt >= '0' && *fmt <= '9'; fmt++)
				width = width * 10 + (u32)(*fmt - '0');
		for (; *fmt == 'l' || *fmt == 'z'; fmt++)
			words++;
		if (width > 32 || (width && *fmt != 'x') || (words && *fmt != 'd' && *fmt != 'u' && *fmt != 'x'))
			return -1;
		if (fmt[0] == '.' && fmt[1] == '*' && fmt[2] == 's') {
			int n = va_arg(ap, int);
			const char *s = va_arg(ap, const char *);
			if (n < 0)
				return -1;
			ok = ok && put(&o, s, strnlen(s, (size_t)n));
			fmt += 2;
		} else if (*fmt == 's') {
			const char *s = va_arg(ap, const char *);
			ok = ok && s && put(&o, s, strlen(s));
		} else if (*fmt == 'c') {
			char c = (char)va_arg(ap, int);
			ok = ok && put(&o, &c, 1);
		} else if (*fmt == 'd') {
			i64 v = words ? va_arg(ap, i64) : va_arg(ap, int);
			ok = ok && (v >= 0 || put(&o, "-", 1)) && put_number(&o, v < 0 ? 0 - (u64)v : (u64)v, 10, 0);
		} else if (*fmt == 'u' || *fmt == 'x') {
			u64 v = words ? va_arg(ap, u64) : va_arg(ap, u32);
			ok = ok && put_number(&o, v, *fmt == 'x' ? 16 : 10, width);
		} else if (*fmt == '%') {
			ok = ok && put(&o, "%", 1);
		} else {
			return -1;
		}
		if (!ok)
			return -1;
	}
	return (int)(o.p - out);
}

void buf_printf(Buf *b, const char *fmt, ...)
{
	char small[512];
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = fmt_plain(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n >= 0) {
		buf_write(b, small, (size_t)n);
		va_end(again);
		return;
	}
	va_copy(ap, again);
	n = vsnprintf(NULL, 0, fmt, ap);
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
