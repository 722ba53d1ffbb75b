/* What a program knows about its making: debug.ReadBuildInfo's text, as the go command writes it. */
#define _GNU_SOURCE
#include <stdlib.h>
#include "cmd.h"

static int by_path(const void *a, const void *b)
{
	const Module *x = *(Module *const *)a, *y = *(Module *const *)b;
	int d = strcmp(x->path, y->path);
	return d ? d : strcmp(x->version ? x->version : "", y->version ? y->version : "");
}

static void module_line(Buf *o, const char *word, const Module *m, const char *version, const char *sum)
{
	buf_printf(o, "%s\t%s\t%s", word, m->path, version ? version : "(devel)");
	if (!m->replace)
		buf_printf(o, "\t%s", sum ? sum : "");
	if (m->replace) {
		buf_putc(o, '\n');
		module_line(o, "=>", m->replace, m->replace->version, m->replace->sum);
	}
	buf_putc(o, '\n');
}

static void modules(Build *b, const LoadPkg *main, Buf *o)
{
	VEC(Module *) v = {0};
	for (u32 i = 0; i < b->load.all.n; i++) {
		LoadPkg *p = b->load.all.a[i];
		if (p->mark && p->mod && p->mod != main->mod)
			vec_push(&b->ar, &v, p->mod);
	}
	if (v.n)
		qsort(v.a, v.n, sizeof *v.a, by_path);
	for (u32 i = 0; i < v.n; i++)
		if (!i || v.a[i] != v.a[i - 1])
			module_line(o, "dep", v.a[i], v.a[i]->version, v.a[i]->sum);
}

/* Values with blanks or quotes are quoted, as debug.BuildInfo.String does. */
static void setting(Buf *o, const char *key, const char *value)
{
	bool quote = strpbrk(value, "\"`\n\r") != NULL || strpbrk(value, " \t") != NULL;
	buf_printf(o, "build\t%s=", key);
	if (quote)
		buf_putc(o, '"');
	for (const char *p = value; *p; p++) {
		if (quote && (*p == '"' || *p == '\\'))
			buf_putc(o, '\\');
		buf_putc(o, *p == '\n' ? ' ' : *p);
	}
	buf_puts(o, quote ? "\"\n" : "\n");
}

static const char *comma_tags(Build *b)
{
	Buf t = {.ar = &b->ar};
	for (u32 i = 0; i < b->ctx.tags.n; i++)
		buf_printf(&t, "%s%s", i ? "," : "", b->ctx.tags.a[i]);
	return buf_str(&t);
}

void buildinfo_text(Build *b, const LoadPkg *main, const Vcs *v, Buf *out)
{
	static const char start[] = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
	static const char end[] = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
	const Options *o = &b->opt;
	buf_write(out, start, sizeof start - 1);
	buf_printf(out, "path\t%s%s\n", main->fortest ? main->fortest : main->path, main->fortest ? ".test" : "");
	if (main->mod && !main->given)
		module_line(out, "mod", main->mod, v->version ? v->version : main->mod->version, main->mod->main ? NULL : main->mod->sum);
	modules(b, main, out);
	if (o->asmflags)
		setting(out, "-asmflags", o->asmflags);
	setting(out, "-buildmode", "exe");
	setting(out, "-compiler", "gc");
	if (o->gcflags && *o->gcflags)
		setting(out, "-gcflags", o->gcflags);
	if (o->link.text && *o->link.text && !o->trimpath)
		setting(out, "-ldflags", o->link.text);
	if (b->ctx.tags.n)
		setting(out, "-tags", comma_tags(b));
	if (o->trimpath)
		setting(out, "-trimpath", "true");
	const char *godebug = godebug_default(&b->load, main, main->fortest ? load_find(&b->load, main->fortest) : NULL);
	if (*godebug)
		setting(out, "DefaultGODEBUG", godebug);
	setting(out, "CGO_ENABLED", "0");
	setting(out, "GOARCH", b->ctx.goarch);
	setting(out, "GOOS", b->ctx.goos);
	const char *level = context_env(&b->ctx, "GOAMD64");
	setting(out, "GOAMD64", *level ? level : "v1");
	const char *const vcs[][2] = {{"vcs", v->system}, {"vcs.revision", v->revision}, {"vcs.time", v->time}, {"vcs.modified", v->modified}};
	for (size_t i = 0; i < nelem(vcs); i++)
		if (vcs[i][1])
			setting(out, vcs[i][0], vcs[i][1]);
	buf_write(out, end, sizeof end - 1);
}
