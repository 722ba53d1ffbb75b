/* // ERROR "regexp" comments against what the compiler printed, by the rules of upstream's own runner.
 *
 * Every regexp of a line claims all messages of that line that it matches, in order of the regexps; a regexp without a message
 * and a message without a regexp are faults. "////" switches a line off. LINE, LINE+n and LINE-n stand for "file:line". */
#define _GNU_SOURCE
#include <regex.h>
#include <stdlib.h>
#include "runner.h"

/* NULs would end the text early; nothing compares them. */
static void hide_nuls(char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!s[i])
			s[i] = 1;
}

void errors_want(Arena *a, Errors *e, const char *path)
{
	size_t n;
	char *src = file_read(a, path, &n);
	const char *file = path_base(path);
	if (!src)
		fatal("open %s:", path);
	hide_nuls(src, n);
	u32 line = 1;
	for (const char *p = src; *p; line++) {
		const char *nl = strchrnul(p, '\n');
		char *s = arena_strndup(a, p, (size_t)(nl - p));
		char *c = strstr(s, "// ERROR "), *g = strstr(s, "// GC_ERROR ");
		if (g && (!c || g < c))
			c = g;
		for (char *q = c && !strstr(s, "////") ? strchr(c, '"') : NULL, *w; q && (w = strchr(q + 1, '"')); q = strchr(w + 1, '"'))
			vec_push(a, &e->want, (Want){file, line, arena_strndup(a, q + 1, (size_t)(w - q - 1))});
		p = *nl ? nl + 1 : nl;
	}
}

/* Positions inside messages name files without their folders, as the regexps do: "(declared at /a/b/x.go:9:8)". */
static const char *without_dirs(Arena *a, const char *s)
{
	Buf b = {.ar = a};
	for (u32 word = 0; *s; s++) {
		bool part = *s != ' ' && *s != '(' && *s != '\t' && *s != '"';
		if (!part)
			word = b.n + 1;
		if (*s == '/' && strstr(s, ".go:") && strcspn(s, " \"(\t\n") > strcspn(s, ":"))
			b.n = word;
		else
			buf_putc(&b, *s);
	}
	return buf_str(&b);
}

/* "path:line:col: text" with continuation lines. */
void errors_got(Arena *a, Errors *e, Buf *out)
{
	hide_nuls(out->a, out->n);
	for (const char *p = buf_str(out); *p;) {
		const char *nl = strchrnul(p, '\n');
		char *s = arena_strndup(a, p, (size_t)(nl - p)), *c = strstr(s, ".go:");
		if (s[0] == '\t' && e->msg.n) {
			vec_last(&e->msg).text = arena_printf(a, "%s\n%s", vec_last(&e->msg).text, without_dirs(a, s));
		} else if (c && s[0] != '#') {
			char *file = arena_strndup(a, s, (size_t)(c + 3 - s));
			u32 line = (u32)strtoul(c + 4, &c, 10);
			char *text = strstr(c, ": ");
			vec_push(a, &e->msg, (Message){path_base(file), line, without_dirs(a, text ? text + 2 : c), false});
		}
		p = *nl ? nl + 1 : nl;
	}
}

static const char *put_line(Buf *b, const char *re, const char *file, u32 line)
{
	char *end = (char *)(uintptr_t)re + 4;
	long d = *end == '+' || *end == '-' ? strtol(end, &end, 10) : 0;
	for (; *file; file++)
		buf_printf(b, *file == '.' ? "\\%c" : "%c", *file);
	buf_printf(b, ":%ld", (long)line + d);
	return end - 1;
}

static int hex(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

/* A Go regexp of the suites in POSIX form: \d \n \t \xNN, and braces that are no repetition count. */
static const char *to_posix(Arena *a, const Want *w)
{
	Buf b = {.ar = a};
	for (const char *re = w->re; *re; re++) {
		if (re[0] == '\\' && re[1] == 'd') {
			buf_puts(&b, "[0-9]");
			re++;
		} else if (re[0] == '\\' && (re[1] == 'n' || re[1] == 't')) {
			buf_putc(&b, *++re == 'n' ? '\n' : '\t');
		} else if (re[0] == '\\' && re[1] == 'x' && re[2] && re[3]) {
			buf_printf(&b, "[%c]", hex(re[2]) * 16 + hex(re[3]));
			re += 3;
		} else if (re[0] == '\\' && re[1]) {
			buf_putc(&b, *re++);
			buf_putc(&b, *re);
		} else if (re[0] == '{' && re[1] >= '0' && re[1] <= '9') {
			for (; *re != '}' && re[1]; re++)
				buf_putc(&b, *re);
			buf_putc(&b, *re);
		} else if (re[0] == '{' || re[0] == '}') {
			buf_printf(&b, "\\%c", *re);
		} else if (!strncmp(re, "LINE", 4)) {
			re = put_line(&b, re, w->file, w->line);
		} else {
			buf_putc(&b, *re);
		}
	}
	return buf_str(&b);
}

static u32 claim(Arena *a, Errors *e, const Want *w, Buf *why)
{
	regex_t r;
	u32 n = 0;
	if (regcomp(&r, to_posix(a, w), REG_EXTENDED | REG_NOSUB))
		fatal("%s:%u: bad regexp \"%s\"", w->file, w->line, w->re);
	for (u32 k = 0; k < e->msg.n; k++) {
		Message *m = &e->msg.a[k];
		if (m->used || m->line != w->line || strcmp(m->file, w->file) || regexec(&r, m->text, 0, NULL, 0))
			continue;
		m->used = true;
		n++;
	}
	regfree(&r);
	if (!n)
		buf_printf(why, "%s:%u: missing error \"%s\"\n", w->file, w->line, w->re);
	return n;
}

bool errors_agree(Arena *a, Errors *e, Buf *why)
{
	bool ok = true;
	for (u32 i = 0; i < e->want.n; i++)
		ok &= claim(a, e, &e->want.a[i], why) > 0;
	for (u32 k = 0; k < e->msg.n; k++)
		if (!e->msg.a[k].used) {
			buf_printf(why, "%s:%u: unmatched error: %s\n", e->msg.a[k].file, e->msg.a[k].line, e->msg.a[k].text);
			ok = false;
		}
	return ok;
}
