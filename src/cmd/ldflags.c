/* -ldflags: what the linker of Go takes, as far as it means something here. */
#include "cmd.h"

bool split_quoted(Arena *a, const char *s, const char ***out, u32 *n)
{
	VEC(const char *) v = {0};
	for (;;) {
		while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
			s++;
		if (!*s)
			break;
		const char *e;
		if (*s == '"' || *s == '\'') {
			e = strchr(s + 1, *s);
			if (!e)
				return false;
			vec_push(a, &v, arena_strndup(a, s + 1, (size_t)(e - s - 1)));
			s = e + 1;
			continue;
		}
		for (e = s; *e && !strchr(" \t\n\r", *e); e++)
			;
		vec_push(a, &v, arena_strndup(a, s, (size_t)(e - s)));
		s = e;
	}
	*out = v.a;
	*n = v.n;
	return true;
}

/* Flags of the linker; those that take a value, and those that choose what seago does anyway. */
static const struct { const char *name; bool value; } known[] = {
	{"X", true}, {"s", false}, {"w", false}, {"buildid", true}, {"extldflags", true}, {"extld", true}, {"linkmode", true},
	{"compressdwarf", false}, {"v", false}, {"checklinkname", false}, {"B", true}, {"a", false}, {"n", false}, {"f", false},
	{"g", false}, {"strictdups", true}, {"randlayout", true}, {"funcalign", true}, {"e", false}, {"h", false}, {"c", false},
	{"d", false}, {"tmpdir", true}, {"linkshared", false}, {"installsuffix", true}, {"bindnow", false}, {"r", true}, {"I", true},
};

static void define(Arena *a, LinkFlags *f, const char *v)
{
	const char *eq = strchr(v, '='), *dot = NULL;
	for (const char *p = v; eq && p < eq; p++)
		if (*p == '.')
			dot = p;
	if (!dot && !f->error)
		f->error = "link: -X flag requires argument of the form importpath.name=value";
	vec_push(a, &f->define, v);
}

static void apply(Arena *a, LinkFlags *f, const char *name, const char *v)
{
	if (!strcmp(name, "X"))
		define(a, f, v);
	else if (!strcmp(name, "s"))
		f->strip = f->nodebug = !v || strcmp(v, "false") != 0;
	else if (!strcmp(name, "w"))
		f->nodebug = !v || strcmp(v, "false") != 0;
	else if (!strcmp(name, "buildid"))
		f->buildid = v;
	else if (!strcmp(name, "linkmode") && !strcmp(v, "external"))
		f->error = "link: -linkmode=external requires external (cgo) linking, but cgo is not enabled";
	else if (!strcmp(name, "linkshared"))
		f->error = "-linkshared requires external (cgo) linking, but cgo is not enabled";
}

void ldflags_parse(Arena *a, LinkFlags *f, const char *text)
{
	const char **w;
	u32 n;
	*f = (LinkFlags){.text = text};
	if (text[0] && text[0] != '-' && strchr(text, '='))     /* pattern=flags: for every package here */
		text = strchr(text, '=') + 1;
	if (!split_quoted(a, text, &w, &n)) {
		f->error = "unterminated quote in -ldflags";
		return;
	}
	for (u32 i = 0; i < n; i++) {
		if (w[i][0] != '-') {
			f->error = "usage: link [options] main.o";
			return;
		}
		const char *name = w[i] + 1 + (w[i][1] == '-'), *eq = strchr(name, '=');
		name = eq ? arena_strndup(a, name, (size_t)(eq - name)) : name;
		size_t k = 0;
		while (k < nelem(known) && strcmp(known[k].name, name) != 0)
			k++;
		if (k == nelem(known)) {
			f->error = arena_printf(a, "flag provided but not defined: -%s\nusage: link [options] main.o", name);
			return;
		}
		const char *v = eq ? eq + 1 : NULL;
		if (!v && known[k].value) {
			if (++i == n) {
				f->error = arena_printf(a, "flag needs an argument: -%s\nusage: link [options] main.o", name);
				return;
			}
			v = w[i];
		}
		apply(a, f, name, v);
	}
}
