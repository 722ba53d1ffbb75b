/* seago vet and fix: upstream's analyzers over the import graph that seago has read.
 *
 * The tool is upstream's cmd/vet (cmd/fix), with two files of ours in it (overlay/vet) that analyse all packages in one process. It is
 * given the graph as JSON on its standard input: every package with its files, imports first. Flags that are not the build's
 * are the tool's. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "cmd.h"

typedef VEC(const char *) Names;

/* ---- the graph ---- */

static void key(Buf *o, const char *name)
{
	buf_printf(o, "%s\"%s\":", o->a[o->n - 1] == '{' ? "" : ",", name);
}

static void text(Buf *o, const char *name, const char *s)
{
	if (!s || !*s)
		return;
	key(o, name);
	json_quote(o, s, strlen(s));
}

static void yes(Buf *o, const char *name, bool v)
{
	if (!v)
		return;
	key(o, name);
	buf_puts(o, "true");
}

static void list(Buf *o, const char *name, const char *const *s, u32 n)
{
	if (!n)
		return;
	key(o, name);
	for (u32 i = 0; i < n; i++) {
		buf_putc(o, i ? ',' : '[');
		json_quote(o, s[i], strlen(s[i]));
	}
	buf_putc(o, ']');
}

static void files(Buf *o, const char *name, File **f, u32 n)
{
	Names v = {0};
	for (u32 i = 0; i < n; i++)
		vec_push(o->ar, &v, f[i]->src->path);
	list(o, name, v.a, v.n);
}

static void paths(Buf *o, const char *name, LoadPkg **p, u32 n)
{
	Names v = {0};
	for (u32 i = 0; i < n; i++)
		vec_push(o->ar, &v, p[i]->path);
	list(o, name, v.a, v.n);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Imports whose path in the source is not the package's. */
static void import_map(Buf *o, const LoadPkg *p)
{
	Names v = {0};
	for (u32 i = 0; i < p->imported.cap; i++) {
		const Name *name = (const Name *)(uintptr_t)p->imported.key[i];
		const LoadPkg *q = (const LoadPkg *)(uintptr_t)p->imported.val[i];
		if (name && q && strcmp(name->s, q->path))
			vec_push(o->ar, &v, name->s);
	}
	if (!v.n)
		return;
	qsort(v.a, v.n, sizeof *v.a, by_text);
	key(o, "ImportMap");
	buf_putc(o, '{');
	for (u32 i = 0; i < v.n; i++) {
		const LoadPkg *q = map_getp(&p->imported, intern_str(v.a[i]));
		text(o, v.a[i], q->path);
	}
	buf_putc(o, '}');
}

static void node(Build *b, Buf *o, const LoadPkg *p)
{
	bool main = p->mod && p->mod->main;
	buf_putc(o, '{');
	text(o, "ImportPath", p->path);
	text(o, "Dir", p->dir);
	text(o, "GoVersion", p->mod && p->mod->goversion ? p->mod->goversion : b->ctx.goversion);
	text(o, "ModulePath", p->mod ? p->mod->path : NULL);
	text(o, "ModuleVersion", p->mod ? p->mod->version : NULL);
	yes(o, "Standard", p->std);
	yes(o, "Named", p->named);
	yes(o, "Fixable", main || (!p->mod && !has_prefix(p->path, "vendor/")));
	list(o, "GoFiles", p->gofile, p->ngofile);
	if (p->named) {
		files(o, "TestGoFiles", p->tfile, p->ntfile);
		files(o, "XTestGoFiles", p->xfile, p->nxfile);
		paths(o, "TestImports", p->timport, p->ntimport);
		paths(o, "XTestImports", p->ximport, p->nximport);
	}
	list(o, "NonGoFiles", p->sfile, p->nsfile);
	list(o, "IgnoredFiles", p->ignored, p->nignored);
	paths(o, "Imports", p->import, p->nimport);
	import_map(o, p);
	buf_putc(o, '}');
}

static void graph(Build *b, Buf *o, const char *program, bool explicit)
{
	const char *cache = getenv("SEAGOCACHE"), *folder = cache && !strcmp(cache, "off") ? NULL : cache_folder(&b->ar);
	buf_putc(o, '{');
	yes(o, "Explicit", explicit);
	text(o, "Program", program);
	text(o, "Cwd", b->ctx.cwd);
	if (folder && !b->opt.rebuild && !b->opt.nocache)
		text(o, "Cache", path_join(&b->ar, folder, "vet"));
	key(o, "Nodes");
	buf_putc(o, '[');
	for (u32 i = 0; i < b->load.all.n; i++) {
		if (i)
			buf_putc(o, ',');
		node(b, o, b->load.all.a[i]);
	}
	buf_puts(o, "]}");
}

/* Text as a file that a child can read. */
static int as_file(const char *name, const char *s, size_t n)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	bool ok = fd >= 0;
	for (size_t done = 0; ok && done < n;) {
		ssize_t w = write(fd, s + done, n - done);
		ok = w > 0;
		done += ok ? (size_t)w : 0;
	}
	if (!ok || lseek(fd, 0, SEEK_SET) != 0)
		fatal("write %s:", name);
	return fd;
}

int vet_run(Build *b, const char *tool, const char *const *flag, u32 nflag, bool explicit)
{
	Buf o = {.ar = &b->ar};
	Names arg = {0};
	const char *path = arena_printf(&b->ar, "cmd/%s", tool);
	graph(b, &o, tool_find(&b->ctx, path), explicit);
	vec_push(&b->ar, &arg, tool);
	for (u32 i = 0; i < nflag; i++)
		vec_push(&b->ar, &arg, flag[i]);
	vec_push(&b->ar, &arg, NULL);
	int fd = as_file("graph", o.a, o.n);
	setenv("SEAGO_VET", "1", 1);
	int status = tool_run(&b->ctx, path, arg.a, fd, -1);
	unsetenv("SEAGO_VET");
	close(fd);
	return status;
}

/* ---- the commands ---- */

static _Noreturn void usage(const char *tool, const char *what)
{
	go_fatal(2, "%s\nusage: go %s [build flags] [-%stool prog] [%s flags] [packages]\nRun 'go help %s' for details.\n"
		"Run 'go tool %s help' for a full list of flags and analyzers.\nRun 'go tool %s -help' for an overview.", what, tool, tool, tool, tool, tool, tool);
}

/* The tool's own list of its flags: whether name is one, and takes a value. */
static bool is_tool_flag(Build *b, const char *tool, const char **told, const char *name, bool *value)
{
	Arena *a = &b->ar;
	if (!strcmp(name, "fix") || !strcmp(name, "diff"))
		return true;            /* it has them, and keeps it to itself */
	if (!*told) {
		const char *const arg[] = {tool, "-flags", NULL};
		int fd = memfd_create("flags", MFD_CLOEXEC);
		size_t n;
		if (fd < 0 || tool_run(&b->ctx, arena_printf(a, "cmd/%s", tool), arg, -1, fd) != 0)
			fatal("cannot ask %s for its flags", tool);
		*told = file_read(a, arena_printf(a, "/proc/self/fd/%d", fd), &n);
		close(fd);
	}
	const char *at = strstr(*told, arena_printf(a, "\"Name\": \"%s\"", name));
	if (!at)
		return false;
	const char *kind = strstr(at, "\"Bool\": ");
	*value = kind && has_prefix(kind + 8, "false");
	return true;
}

static int vet_or_fix(const char *tool, int argc, char **argv)
{
	Build b = {0};
	VEC(char *) rest = {0};
	Names flag = {0};
	const char *told = NULL;
	bool explicit = false, fix = !strcmp(tool, "fix"), json = false, diff = false;
	Arena *a = &b.ar;
	int i = 0;
	context_init(&b.ctx, a, "seago");
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *s = argv[i] + 1 + (argv[i][1] == '-'), *eq = strchr(s, '='), *name = eq ? arena_strndup(a, s, (size_t)(eq - s)) : s;
		bool value = options_takes_value(name), ours = options_known(name) && strcmp(name, "json");
		if (!strcmp(name, "vettool") || !strcmp(name, "fixtool"))
			as_go(tool, argc, argv);        /* another program, with upstream's conventions */
		if (!ours && !is_tool_flag(&b, tool, &told, name, &value))
			usage(tool, arena_printf(a, "flag provided but not defined: -%s", name));
		json |= !strcmp(name, "json");
		diff |= !strcmp(name, "diff");
		fix |= !strcmp(name, "fix");
		explicit |= !ours;
		if (ours)
			vec_push(a, &rest, argv[i]);
		else
			vec_push(a, &flag, argv[i]);
		if (value && !eq) {
			if (i + 1 == argc)
				usage(tool, arena_printf(a, "flag needs an argument: -%s", name));
			i++;
			if (ours)
				vec_push(a, &rest, argv[i]);
			else
				vec_push(a, &flag, argv[i]);
		}
	}
	for (; i < argc; i++)
		vec_push(a, &rest, argv[i]);
	if (json && diff)
		go_fatal(1, "-json and -diff cannot be used together");
	if (diff && !fix)
		go_fatal(1, "go vet -diff flag requires -fix");
	if (!strcmp(tool, "fix") && !json)
		vec_push(a, &flag, "-fix");
	options_parse(&b, tool, (int)rest.n, rest.a);
	b.ctx.upstream = true;
	build_start(&b);
	b.load.tests = true;
	if (!build_load(&b))
		return 1;
	bool any = false;
	for (u32 k = 0; k < b.load.named.n; k++) {
		const LoadPkg *p = b.load.named.a[k];
		any |= p->ngofile || p->ntfile || p->nxfile;
	}
	if (!any)
		go_fatal(1, "go: no packages to %s", tool);
	return vet_run(&b, tool, flag.a, flag.n, explicit) ? 1 : 0;
}

int cmd_vet(int argc, char **argv) { return vet_or_fix("vet", argc, argv); }
int cmd_fix(int argc, char **argv) { return vet_or_fix("fix", argc, argv); }
