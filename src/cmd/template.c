/* A small text/template.
 *
 * The text is walked as it is executed: an action that is not taken is skipped to its end. Pipelines are evaluated from left to
 * right; a command is a field, a variable, a literal, or a function with arguments. */
#include <stdlib.h>
#include "value.h"

typedef struct Tmpl {
	Arena *a;
	Buf *out;
	const char *p;                 /* what is left of the text, or of the action */
	const Val *dot, *root;
	const char *error;
} Tmpl;

static void run(Tmpl *t, bool live);
static const Val *pipeline(Tmpl *t);

static void fault(Tmpl *t, const char *text)
{
	if (!t->error)
		t->error = text;
}

static void blanks(Tmpl *t)
{
	while (*t->p == ' ' || *t->p == '\t' || *t->p == '\n' || *t->p == '\r')
		t->p++;
}

static bool is_word(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static const char *word(Tmpl *t)
{
	const char *s = t->p;
	while (is_word(*t->p))
		t->p++;
	return arena_strndup(t->a, s, (size_t)(t->p - s));
}

/* The next word, if it is w. */
static bool accept(Tmpl *t, const char *w)
{
	size_t n = strlen(w);
	blanks(t);
	if (strncmp(t->p, w, n) || is_word(t->p[n]))
		return false;
	t->p += n;
	blanks(t);
	return true;
}

/* ---- values ---- */

static void print(Buf *b, const Val *v)
{
	switch ((ValKind)v->kind) {
	case ValText: buf_puts(b, v->s); break;
	case ValBool: buf_puts(b, v->b ? "true" : "false"); break;
	case ValList:
		buf_putc(b, '[');
		for (u32 i = 0; i < v->item.n; i++) {
			buf_puts(b, i ? " " : "");
			print(b, v->item.a[i]);
		}
		buf_putc(b, ']');
		break;
	case ValMap:
		if (val_empty(v)) {
			buf_puts(b, "<nil>");
			break;
		}
		for (u32 i = 0; i < v->member.n; i++)
			if (!strcmp(v->member.a[i].name, "String"))
				print(b, v->member.a[i].v);
		break;
	}
}

static const char *text_of(Tmpl *t, const Val *v)
{
	Buf b = {.ar = t->a};
	print(&b, v);
	return buf_str(&b);
}

static const Val *fields(Tmpl *t, const Val *v)
{
	while (*t->p == '.' && is_word(t->p[1])) {
		t->p++;
		const char *name = word(t);
		const Val *m = v->kind == ValMap ? val_get(v, name) : NULL;
		if (!m && (v->kind != ValMap || v->known))
			fault(t, arena_printf(t->a, "can't evaluate field %s", name));
		v = m ? m : val_text(t->a, "");
	}
	return v;
}

static const Val *quoted(Tmpl *t)
{
	char q = *t->p++;
	Buf b = {.ar = t->a};
	for (; *t->p && *t->p != q; t->p++) {
		char c = *t->p;
		if (q == '"' && c == '\\' && t->p[1]) {
			c = *++t->p;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		buf_putc(&b, c);
	}
	if (!*t->p)
		fault(t, "unterminated quoted string");
	else
		t->p++;
	return val_text(t->a, buf_str(&b));
}

/* A value that stands by itself; NULL if there is none here. */
static const Val *operand(Tmpl *t)
{
	blanks(t);
	if (*t->p == '"' || *t->p == '`')
		return quoted(t);
	if (*t->p == '(') {
		t->p++;
		const Val *v = pipeline(t);
		blanks(t);
		if (*t->p == ')')
			t->p++;
		else
			fault(t, "unclosed left paren");
		return fields(t, v);
	}
	if (*t->p == '$') {
		t->p++;
		return fields(t, t->root);
	}
	if (*t->p == '.' && is_word(t->p[1]))
		return fields(t, t->dot);
	if (*t->p == '.') {
		t->p++;
		return t->dot;
	}
	if (*t->p >= '0' && *t->p <= '9')
		return val_text(t->a, word(t));
	if (accept(t, "true"))
		return val_bool(t->a, true);
	if (accept(t, "false") || accept(t, "nil"))
		return val_bool(t->a, false);
	return NULL;
}

/* ---- functions ---- */

typedef VEC(const Val *) Args;

static const Val *format(Tmpl *t, const Args *v)
{
	Buf b = {.ar = t->a};
	u32 next = 1;
	for (const char *f = v->n ? text_of(t, v->a[0]) : ""; *f; f++) {
		if (*f != '%' || !f[1]) {
			buf_putc(&b, *f);
			continue;
		}
		f++;
		const char *s = next < v->n && *f != '%' ? text_of(t, v->a[next++]) : "%!(MISSING)";
		if (*f == '%')
			buf_putc(&b, '%');
		else if (*f == 'q')
			json_quote(&b, s, strlen(s));
		else if (strchr("svdt", *f))
			buf_puts(&b, s);
		else
			fault(t, arena_printf(t->a, "printf: %%%c is not supported", *f));
	}
	return val_text(t->a, buf_str(&b));
}

static const Val *join(Tmpl *t, const Args *v)
{
	Buf b = {.ar = t->a};
	for (u32 i = 0; v->n == 2 && i < v->a[0]->item.n; i++)
		buf_printf(&b, "%s%s", i ? text_of(t, v->a[1]) : "", text_of(t, v->a[0]->item.a[i]));
	if (v->n != 2)
		fault(t, "wrong number of args for join: want 2");
	return val_text(t->a, buf_str(&b));
}

static const Val *call(Tmpl *t, const char *f, const Args *v)
{
	bool eq = v->n >= 2 && !strcmp(text_of(t, v->a[0]), text_of(t, v->a[1]));
	if (!strcmp(f, "join"))
		return join(t, v);
	if (!strcmp(f, "printf"))
		return format(t, v);
	if (!v->n) {
		fault(t, arena_printf(t->a, "wrong number of args for %s", f));
		return val_text(t->a, "");
	}
	if (!strcmp(f, "len"))
		return val_text(t->a, arena_printf(t->a, "%u", v->a[0]->kind == ValText ? (u32)strlen(v->a[0]->s) : v->a[0]->item.n));
	if (!strcmp(f, "not"))
		return val_bool(t->a, val_empty(v->a[0]));
	if (!strcmp(f, "eq") || !strcmp(f, "ne"))
		return val_bool(t->a, eq == (f[0] == 'e'));
	if (!strcmp(f, "and") || !strcmp(f, "or")) {
		for (u32 i = 0; i < v->n; i++)
			if (val_empty(v->a[i]) == (f[0] == 'a'))
				return v->a[i];
		return v->a[v->n - 1];
	}
	if (!strcmp(f, "index") && v->n == 2 && v->a[0]->kind == ValList) {
		u32 i = (u32)strtoul(text_of(t, v->a[1]), NULL, 10);
		if (i < v->a[0]->item.n)
			return v->a[0]->item.a[i];
		fault(t, "error calling index: index out of range");
		return val_text(t->a, "");
	}
	if (!strcmp(f, "print") || !strcmp(f, "println")) {
		Buf b = {.ar = t->a};
		for (u32 i = 0; i < v->n; i++)
			print(&b, v->a[i]);
		return val_text(t->a, buf_str(&b));
	}
	fault(t, arena_printf(t->a, "function \"%s\" not defined", f));
	return val_text(t->a, "");
}

static const Val *command(Tmpl *t, const Val *piped)
{
	const Val *v = operand(t);
	if (v)
		return v;
	const char *f = word(t);
	Args arg = {0};
	if (!*f) {
		fault(t, arena_printf(t->a, "unexpected \"%.10s\" in command", t->p));
		return val_text(t->a, "");
	}
	while ((v = operand(t)))
		vec_push(t->a, &arg, v);
	if (piped)
		vec_push(t->a, &arg, piped);
	return call(t, f, &arg);
}

static const Val *pipeline(Tmpl *t)
{
	const Val *v = command(t, NULL);
	for (blanks(t); *t->p == '|'; blanks(t)) {
		t->p++;
		v = command(t, v);
	}
	return v;
}

/* ---- actions ---- */

/* After an action's words: "}}" or "-}}". */
static void close_action(Tmpl *t)
{
	blanks(t);
	bool trim = *t->p == '-';
	t->p += trim;
	if (strncmp(t->p, "}}", 2)) {
		fault(t, "unclosed action");
		return;
	}
	t->p += 2;
	if (trim)
		blanks(t);
}

/* Skips the words of an action that is not evaluated. */
static void skip_words(Tmpl *t)
{
	while (*t->p && strncmp(t->p, "}}", 2))
		*t->p == '"' || *t->p == '`' ? (void)quoted(t) : (void)t->p++;
	if (t->p[-1] == '-')
		t->p--;
	close_action(t);
}

/* "{{else}}" or "{{end}}" has been reached by run; true at else. */
static bool at_else(Tmpl *t)
{
	if (accept(t, "else")) {
		close_action(t);
		return true;
	}
	if (!accept(t, "end"))
		fault(t, "unexpected EOF");
	else
		close_action(t);
	return false;
}

static void conditional(Tmpl *t, bool live, bool with)
{
	const Val *v = live ? pipeline(t) : NULL, *dot = t->dot;
	live ? close_action(t) : skip_words(t);
	bool yes = live && !val_empty(v);
	t->dot = with && yes ? v : dot;
	run(t, yes);
	t->dot = dot;
	if (!t->error && at_else(t)) {
		run(t, live && !yes);
		if (!t->error && at_else(t))
			fault(t, "expected end; found {{else}}");
	}
}

static void range(Tmpl *t, bool live)
{
	const Val *v = live ? pipeline(t) : NULL, *dot = t->dot;
	live ? close_action(t) : skip_words(t);
	const char *body = t->p;
	u32 n = live && v->kind == ValList ? v->item.n : 0;
	for (u32 i = 0; i < n && !t->error; i++) {
		t->p = body;
		t->dot = v->item.a[i];
		run(t, true);
	}
	t->dot = dot;
	if (!n)
		run(t, false);
	if (!t->error && at_else(t)) {
		run(t, live && !n);
		if (!t->error && at_else(t))
			fault(t, "expected end; found {{else}}");
	}
}

/* Up to the end of the text, or to an else or end that belongs to the caller. */
static void run(Tmpl *t, bool live)
{
	while (!t->error && *t->p) {
		const char *open = strstr(t->p, "{{"), *end = open ? open : t->p + strlen(t->p);
		bool trim = open && open[2] == '-';
		while (trim && end > t->p && strchr(" \t\n\r", end[-1]))
			end--;
		if (live)
			buf_write(t->out, t->p, (size_t)(end - t->p));
		if (!open) {
			t->p = end;
			return;
		}
		t->p = open + 2 + trim;
		blanks(t);
		const char *here = t->p;
		if (accept(t, "else") || accept(t, "end")) {
			t->p = here;
			return;
		}
		if (accept(t, "if"))
			conditional(t, live, false);
		else if (accept(t, "with"))
			conditional(t, live, true);
		else if (accept(t, "range"))
			range(t, live);
		else if (!strncmp(t->p, "/*", 2) || !live)
			skip_words(t);
		else {
			print(t->out, pipeline(t));
			close_action(t);
		}
	}
}

bool template_print(Buf *out, Arena *a, const char *text, const Val *dot, const char **error)
{
	Tmpl t = {.a = a, .out = out, .p = text, .dot = dot, .root = dot};
	run(&t, true);
	if (!t.error && *t.p)
		fault(&t, "unexpected {{end}}");
	*error = t.error;
	return !t.error;
}
