/* The GODEBUG settings of a program: those its main module's Go version stands for, then godebug lines of go.mod or go.work, then
 * //go:debug comments of the main package. The library's own table (internal/godebugs) says what is known and since when. */
#define _GNU_SOURCE
#include <stdlib.h>
#include "load.h"

typedef struct Known { const char *name, *old; int changed, removed; } Known;
typedef VEC(Known) Table;

/* The text after key in [p, end), up to stop. */
static const char *field(Arena *a, const char *p, const char *end, const char *key, const char *stop)
{
	const char *at = memmem(p, (size_t)(end - p), key, strlen(key));
	if (!at)
		return NULL;
	at += strlen(key);
	return arena_strndup(a, at, strcspn(at, stop));
}

/* Rows like {Name: "asynctimerchan", Package: "time", Changed: 23, Old: "1"}, */
static Table read_table(const Context *c)
{
	size_t n;
	Table t = {0};
	const char *p = file_read(c->ar, path_join(c->ar, c->goroot, "src/internal/godebugs/table.go"), &n), *end = p + n;
	while (p && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *e = nl ? nl : end, *v;
		if (has_prefix(p, "\t{Name: \"")) {
			Known k = {.name = field(c->ar, p, e, "Name: \"", "\""), .old = field(c->ar, p, e, "Old: \"", "\"")};
			if ((v = field(c->ar, p, e, "Changed: ", ",}")))
				k.changed = atoi(v);
			if ((v = field(c->ar, p, e, "Removed: ", ",}")))
				k.removed = atoi(v);
			vec_push(c->ar, &t, k);
		}
		p = nl ? nl + 1 : end;
	}
	return t;
}

const char *godebug_fault(const Context *c, const char *verb, const char *key, const char *value)
{
	const char *ours = c->goversion + 2;
	if (strpbrk(key, " \t"))
		return "key contains space";
	if (strpbrk(value, " \t"))
		return "value contains space";
	if (strchr(key, ','))
		return "key contains comma";
	if (strchr(value, ','))
		return "value contains comma";
	if (!strcmp(key, "default")) {
		if (!has_prefix(value, "go") || !gover_valid(value + 2))
			return "value for default= must be goVERSION";
		if (gover_cmp(value + 2, ours) > 0)
			return arena_printf(c->ar, "default=%s too new (toolchain is go%s)", value, ours);
		return NULL;
	}
	Table t = read_table(c);
	for (u32 i = 0; i < t.n; i++)
		if (!strcmp(t.a[i].name, key))
			return t.a[i].removed ? arena_printf(c->ar, "use of removed %s \"%s\", see https://go.dev/doc/godebug#go-1%d", verb, key,
				t.a[i].removed) : NULL;
	return arena_printf(c->ar, "unknown %s \"%s\"", verb, key);
}

/* ---- a program's settings ---- */

typedef struct Setting { const char *key, *value; } Setting;
typedef struct Settings { Arena *a; VEC(Setting) v; } Settings;

static void set(Settings *s, const char *key, const char *value)
{
	for (u32 i = 0; i < s->v.n; i++)
		if (!strcmp(s->v.a[i].key, key)) {
			s->v.a[i].value = value;
			return;
		}
	vec_push(s->a, &s->v, (Setting){key, value});
}

static void set_lines(Settings *s, const ModFile *f)
{
	for (u32 i = 0; i < f->godebug.n; i++)
		set(s, f->godebug.a[i].key, f->godebug.a[i].value);
}

static void set_comments(Settings *s, const Context *c, const File *f)
{
	for (u32 i = 0; i < f->debug.n; i++) {
		const char *text = f->debug.a[i].text + strspn(f->debug.a[i].text, " \t"), *eq = strchr(text, '=');
		const char *key = eq ? arena_strndup(s->a, text, (size_t)(eq - text)) : NULL;
		size_t n = eq ? strcspn(eq + 1, " \t\r") : 0;
		const char *value = eq ? arena_strndup(s->a, eq + 1, n) : NULL;
		if (eq && !godebug_fault(c, "//go:debug setting", key, value))
			set(s, key, value);
	}
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const Setting *)a)->key, ((const Setting *)b)->key);
}

/* What a program of that Go version had by default. */
static void set_version(Settings *s, const Context *c, const char *go)
{
	int minor = has_prefix(go, "1.") ? atoi(go + 2) : 0;
	if (!minor || minor >= c->minor)
		return;
	Table t = read_table(c);
	for (u32 i = 0; i < t.n; i++)
		if (minor < t.a[i].changed)
			set(s, t.a[i].name, t.a[i].old);
}

const char *godebug_default(Loader *l, const LoadPkg *main, const LoadPkg *tested)
{
	Settings given = {.a = l->ar}, all = {.a = l->ar};
	const char *go = l->main_mod ? l->main_mod->mod->go : NULL;
	if (l->work)
		go = l->work->go ? l->work->go : "1.18";
	else if (l->noroot && main->mod)
		go = main->mod->mod && main->mod->mod->go ? main->mod->mod->go : "1.20";
	else if (!l->main_mod)
		go = l->ctx->goversion + 2;
	else if (!go)
		go = "1.16";
	if (l->work || (l->main_mod && !l->noroot))
		set_lines(&given, l->work ? l->work : l->main_mod->mod);
	for (u32 i = 0; main && i < main->ngofile; i++)
		set_comments(&given, l->ctx, main->file[i]);
	for (u32 i = 0; tested && i < tested->ngofile; i++)
		set_comments(&given, l->ctx, tested->file[i]);
	for (u32 i = 0; tested && i < tested->ntfile; i++)
		set_comments(&given, l->ctx, tested->tfile[i]);
	for (u32 i = 0; tested && i < tested->nxfile; i++)
		set_comments(&given, l->ctx, tested->xfile[i]);
	for (u32 i = 0; i < given.v.n; i++)
		if (!strcmp(given.v.a[i].key, "default"))
			go = given.v.a[i].value + 2;
	set_version(&all, l->ctx, go);
	for (u32 i = 0; i < given.v.n; i++)
		if (strcmp(given.v.a[i].key, "default") != 0)
			set(&all, given.v.a[i].key, given.v.a[i].value);
	if (!all.v.n)
		return "";
	qsort(all.v.a, all.v.n, sizeof *all.v.a, by_key);
	Buf b = {.ar = l->ar};
	for (u32 i = 0; i < all.v.n; i++)
		buf_printf(&b, "%s%s=%s", i ? "," : "", all.v.a[i].key, all.v.a[i].value);
	return buf_str(&b);
}
