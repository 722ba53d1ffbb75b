/* Commands that are upstream's programs: doc and generate of the go command, the tools of cmd. All are compiled on first use and kept. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cmd.h"

int cmd_doc(int argc, char **argv) { as_go("doc", argc, argv); }
int cmd_generate(int argc, char **argv) { as_go("generate", argc, argv); }

int cmd_bug(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	go_fatal(1, "go: bug opens the tracker of the Go project, which is not where faults of seago belong;\n"
		"\tsee 'seago version' and 'seago env' for what a report should tell");
}

/* ---- tool ---- */

/* Of upstream's tools, those that need neither a build of the distribution nor cgo. */
static const char *const tools[] = {"addr2line", "asm", "buildid", "cgo", "compile", "covdata", "cover", "fix", "gofmt", "link", "nm", "objdump",
	"pack", "pprof", "preprofile", "test2json", "trace", "vet"};

static const char *last_element(Arena *a, const char *path)
{
	const char *base = path_base(path);
	bool major = base > path && base[0] == 'v' && base[1] >= '2' && base[1] <= '9' && strspn(base + 1, "0123456789") == strlen(base + 1);
	return major ? path_base(arena_strndup(a, path, (size_t)(base - path) - 1)) : base;
}

/* Tools that the main module's go.mod names. */
static const ModFile *main_module(Build *b)
{
	const char *file = b->ctx.modules ? module_file(&b->ar, b->ctx.cwd) : NULL;
	size_t n;
	const char *text = file ? context_read(&b->ctx, &b->ar, file, &n) : NULL;
	return text ? modfile_parse(&b->ar, file, short_path(&b->ctx, file), text, n, false) : NULL;
}

static int list_tools(Build *b)
{
	const ModFile *m = main_module(b);
	for (size_t i = 0; i < nelem(tools); i++)
		printf("%s\n", tools[i]);
	for (u32 i = 0; m && i < m->tool.n; i++)
		printf("%s\n", m->tool.a[i]);
	return 0;
}

/* A tool of the main module is a program of it: run as run does it. */
static void run_module_tool(Build *b, const char *name, bool dry, int argc, char **argv)
{
	const ModFile *m = main_module(b);
	VEC(const char *) match = {0}, arg = {0};
	for (u32 i = 0; m && i < m->tool.n; i++)
		if (!strcmp(m->tool.a[i], name) || !strcmp(last_element(&b->ar, m->tool.a[i]), name))
			vec_push(&b->ar, &match, m->tool.a[i]);
	if (match.n > 1) {
		fprintf(stderr, "go: tool \"%s\" is ambiguous; choose one of:\n\t", name);
		for (u32 i = 0; i < match.n; i++)
			fprintf(stderr, "%s\n\t", match.a[i]);
		go_fatal(1, "%s", "");
	}
	if (!match.n)
		return;
	vec_push(&b->ar, &arg, "seago");
	vec_push(&b->ar, &arg, "run");
	if (dry)
		vec_push(&b->ar, &arg, "-n");
	vec_push(&b->ar, &arg, match.a[0]);
	for (int i = 0; i < argc; i++)
		vec_push(&b->ar, &arg, argv[i]);
	vec_push(&b->ar, &arg, NULL);
	fflush(NULL);
	execv("/proc/self/exe", (char *const *)(uintptr_t)arg.a);
	go_fatal(1, "go: exec seago run: %s", strerror_go(errno));
}

int cmd_tool(int argc, char **argv)
{
	Build b = {0};
	bool dry = false;
	context_init(&b.ctx, &b.ar, "seago");
	for (; argc && argv[0][0] == '-' && argv[0][1]; argc--, argv++) {
		const char *s = argv[0] + 1 + (argv[0][1] == '-');
		if (!strcmp(s, "n"))
			dry = true;
		else
			go_fatal(2, "flag provided but not defined: -%s\nusage: go tool [-n] command [args...]\nRun 'go help tool' for details.", s);
	}
	if (!argc)
		return list_tools(&b);
	const char *name = argv[0];
	if (!strcmp(name, "dist"))
		as_go("tool", argc, argv);
	for (size_t i = 0; i < nelem(tools); i++) {
		if (strcmp(tools[i], name))
			continue;
		const char *path = arena_printf(&b.ar, "cmd/%s", name), *exe = tool_find(&b.ctx, path);
		VEC(const char *) arg = {0};
		vec_push(&b.ar, &arg, exe);
		for (int k = 1; k < argc; k++)
			vec_push(&b.ar, &arg, argv[k]);
		for (u32 k = 0; k < arg.n && dry; k++)
			printf("%s%c", arg.a[k], k + 1 < arg.n ? ' ' : '\n');
		if (dry)
			return 0;
		vec_push(&b.ar, &arg, NULL);
		tool_exec(&b.ctx, path, arg.a);
	}
	run_module_tool(&b, name, dry, argc - 1, argv + 1);
	go_fatal(2, "go: no such tool \"%s\"", name);
}
