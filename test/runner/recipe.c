/* The first line of a file of GOROOT/test: "// action [flags] [args]", and the build constraints around it.
 *
 * Here is also decided which tests do not apply: those that compare gc's own diagnostics or assembly, that need its race detector,
 * its instrumentation or its experiments, and those that the exclusion list names. Each gets one reason. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include "runner.h"

/* ---- constraints ---- */

enum { NewestMinor = 26 };

static bool tag_true(const char *s, size_t n)
{
	static const char *const on[] = {"linux", "amd64", "unix", "gc", "test_run"};
	for (size_t i = 0; i < nelem(on); i++)
		if (strlen(on[i]) == n && !memcmp(s, on[i], n))
			return true;
	return n > 4 && !memcmp(s, "go1.", 4) && atoi(s + 4) <= NewestMinor;
}

static bool any_of(const char **p);

static bool one(const char **p)
{
	while (**p == ' ' || **p == '\t')
		++*p;
	if (**p == '!')
		return ++*p, !one(p);
	if (**p == '(') {
		++*p;
		bool v = any_of(p);
		*p += strcspn(*p, ")") + 1;
		return v;
	}
	const char *s = *p;
	while (isalnum((u8)**p) || **p == '_' || **p == '.')
		++*p;
	return tag_true(s, (size_t)(*p - s));
}

static bool operator_follows(const char **p, char c)
{
	while (**p == ' ' || **p == '\t')
		++*p;
	if ((*p)[0] != c || (*p)[1] != c)
		return false;
	*p += 2;
	return true;
}

static bool all_of(const char **p)
{
	bool v = one(p);
	while (operator_follows(p, '&'))
		v &= one(p);
	return v;
}

static bool any_of(const char **p)
{
	bool v = all_of(p);
	while (operator_follows(p, '|'))
		v |= all_of(p);
	return v;
}

/* Constraints count up to the package clause. */
static const char *false_constraint(Arena *a, const char *src)
{
	for (const char *p = src; *p && !has_prefix(p, "package ");) {
		const char *nl = strchrnul(p, '\n');
		if (has_prefix(p, "//go:build ")) {
			const char *line = arena_strndup(a, p + 11, (size_t)(nl - p) - 11), *q = line;
			if (!any_of(&q))
				return line;
		}
		p = *nl ? nl + 1 : nl;
	}
	return NULL;
}

/* ---- words ---- */

/* Words of the recipe; quotes group and may stand inside a word. */
static Strings split(Arena *a, const char *s)
{
	Strings v = {0};
	while (*s) {
		Buf b = {.ar = a};
		char quote = 0;
		while (*s == ' ' || *s == '\t' || *s == '\r')
			s++;
		if (!*s)
			break;
		for (; *s && (quote || (*s != ' ' && *s != '\t' && *s != '\r')); s++) {
			if (quote ? *s == quote : *s == '"' || *s == '\'' || *s == '`')
				quote = quote ? 0 : *s;
			else
				buf_putc(&b, *s);
		}
		vec_push(a, &v, buf_str(&b));
	}
	return v;
}

static const char *action_line(Arena *a, const char *src)
{
	for (const char *p = src; *p;) {
		const char *nl = strchrnul(p, '\n');
		if (nl > p && !has_prefix(p, "//go:build")) {
			while (*p == '/' || *p == ' ')
				p++;
			return arena_strndup(a, p, (size_t)(nl - p));
		}
		p = *nl ? nl + 1 : nl;
	}
	return NULL;
}

/* ---- what does not apply ---- */

/* Flags with which gc prints what it thinks: the comments of the test expect that. */
static bool wants_diagnostics(const char *f)
{
	return has_prefix(f, "-m") || has_prefix(f, "-live") || has_prefix(f, "-wb") || (has_prefix(f, "-d=") && strcmp(f, "-d=panic"));
}

static bool instruments(const char *f)
{
	static const char *const what[] = {"checkptr", "libfuzzer", "softfloat", "maymorestack", "converthash"};
	for (size_t i = 0; i < nelem(what); i++)
		if (strstr(f, "d=") && strstr(f, what[i]))
			return true;
	return false;
}

static const char *inapplicable(Test *t)
{
	bool errors = has_prefix(t->kind, "errorcheck");
	if (!strcmp(t->kind, "asmcheck"))
		return "compares gc's assembly (asmcheck)";
	if (!strcmp(t->kind, "errorcheckwithauto"))
		return "expects gc's own diagnostics (-m, -live, -d=...)";
	for (u32 i = 0; i < t->flags.n; i++) {
		const char *f = t->flags.a[i];
		if (!strcmp(f, "-race"))
			return "needs gc's race detector";
		if (instruments(f))
			return "needs gc's instrumentation (-d=checkptr, ...)";
		if (errors && wants_diagnostics(f) && !strcmp(t->kind, "errorcheckandrundir"))
			t->gc_output = true;
		else if (errors && wants_diagnostics(f))
			return "expects gc's own diagnostics (-m, -live, -d=...)";
	}
	for (u32 i = 0; i < t->env.n; i++)
		if (has_prefix(t->env.a[i], "GOEXPERIMENT="))
			return "needs an experiment of gc (-goexperiment)";
	return NULL;
}

static const char *listed(const Runner *r, const char *name)
{
	for (u32 i = 0; i < r->exclude.n; i++)
		if (!strcmp(r->exclude.a[i].name, name))
			return r->exclude.a[i].why;
	return NULL;
}

/* ---- the recipe ---- */

static void own_flag(Runner *r, Test *t, const char *f, const char *next)
{
	if (!strcmp(f, "-t"))
		t->seconds = atoi(next);
	else if (!strcmp(f, "-gomodversion"))
		t->modversion = next;
	else
		vec_push(&r->ar, &t->env, arena_printf(&r->ar, "%s=%s", f[3] == 'e' ? "GOEXPERIMENT" : "GODEBUG", next));
}

static void read_flags(Runner *r, Test *t, const Strings *w)
{
	u32 i = 1;
	for (; i < w->n && w->a[i][0] == '-'; i++) {
		const char *f = w->a[i];
		bool valued = !strcmp(f, "-t") || !strcmp(f, "-gomodversion") || !strcmp(f, "-goexperiment") || !strcmp(f, "-godebug");
		if (!strcmp(f, "-0") || !strcmp(f, "-1"))
			t->want_error = f[1] == '1';
		else if (!strcmp(f, "-s"))
			t->single = true;
		else if (valued && i + 1 < w->n)
			own_flag(r, t, f, w->a[++i]);
		else if ((!strcmp(f, "-ldflags") || !strcmp(f, "-gcflags")) && i + 1 < w->n)
			vec_push(&r->ar, &t->flags, arena_printf(&r->ar, "%s=%s", f, w->a[++i]));
		else
			vec_push(&r->ar, &t->flags, f);
	}
	for (; i < w->n; i++)
		vec_push(&r->ar, &t->args, w->a[i]);
}

bool recipe_read(Runner *r, Test *t, const char *src)
{
	const char *line = action_line(&r->ar, src);
	Strings w = line ? split(&r->ar, line) : (Strings){0};
	if (!w.n || (!kind_known(w.a[0]) && strcmp(w.a[0], "asmcheck") && strcmp(w.a[0], "errorcheckwithauto") && strcmp(w.a[0], "skip")))
		return false;
	t->kind = w.a[0];
	t->want_error = has_prefix(t->kind, "errorcheck") && strcmp(t->kind, "errorcheckandrundir");
	read_flags(r, t, &w);
	if (!strcmp(t->kind, "skip"))
		t->excluded = "upstream skips it";
	else if (false_constraint(&r->ar, src))
		t->excluded = "its build constraint is false here (cgo, another system, an experiment)";
	else
		t->excluded = inapplicable(t);
	if (!t->excluded)
		t->excluded = listed(r, t->file);
	return true;
}
