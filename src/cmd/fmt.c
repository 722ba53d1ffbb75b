/* seago fmt: upstream's gofmt over the files of packages, those that constraints leave out and tests included. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include "cmd.h"

typedef VEC(const char *) Names;

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_files(Build *b, const LoadPkg *p, Names *out)
{
	Arena *a = &b->ar;
	DirScan d;
	u32 from = out->n;
	if (p->given) {
		for (u32 i = 0; i < p->ngofile; i++)
			vec_push(a, out, short_path(&b->ctx, p->gofile[i]));
		for (u32 i = 0; i < p->ntestfile; i++)
			vec_push(a, out, short_path(&b->ctx, p->testfile[i]));
		return;
	}
	if (!dir_open(&d, p->dir, SeenSources))
		return;
	while (dir_next(&d)) {
		const char *path = path_join(a, p->dir, d.name);
		if (has_suffix(d.name, ".go") && file_exists(path))
			vec_push(a, out, short_path(&b->ctx, path));
	}
	dir_close(&d);
	if (out->n > from)
		qsort(out->a + from, out->n - from, sizeof *out->a, by_text);
}

static int run_gofmt(Build *b, const Names *file, u32 from, u32 n)
{
	Names arg = {0};
	static const char *const head[] = {"gofmt", "-l", "-w"};
	for (size_t i = 0; i < nelem(head); i++)
		vec_push(&b->ar, &arg, head[i]);
	for (u32 i = 0; i < n; i++)
		vec_push(&b->ar, &arg, file->a[from + i]);
	for (u32 i = 0; i < arg.n && (b->opt.dry || b->opt.trace); i++)
		printf("%s%c", arg.a[i], i + 1 < arg.n ? ' ' : '\n');
	vec_push(&b->ar, &arg, NULL);
	int status = b->opt.dry ? 0 : tool_run(&b->ctx, "cmd/gofmt", arg.a, -1, -1);
	if (status)
		fprintf(stderr, "exit status %d\n", status);
	return status;
}

int cmd_fmt(int argc, char **argv)
{
	enum { Most = 2000 };           /* files at once */
	Build b = {0};
	Names file = {0};
	bool told = false;
	options_parse(&b, "fmt", argc, argv);
	b.ctx.upstream = true;
	build_start(&b);
	load_start(&b.load);
	load_args(&b.load, b.opt.arg, b.opt.narg);
	for (u32 i = 0; i < b.load.warning.n; i++)
		fprintf(stderr, "%s\n", b.load.warning.a[i]);
	for (u32 i = 0; i < b.load.named.n; i++) {
		const LoadPkg *p = b.load.named.a[i];
		if (p->mod && !p->mod->main) {
			if (!told)
				fprintf(stderr, "go: not formatting packages in dependency modules\n");
			told = true;
		} else if (p->error && p->fault != FaultNoGo && p->fault != FaultTestOnly) {
			fprintf(stderr, "%s\n", p->error);
			b.nerror++;
		} else if (p->dir) {
			add_files(&b, p, &file);
		}
	}
	fflush(stdout);
	int status = b.nerror ? 1 : 0;
	for (u32 i = 0; i < file.n; i += Most)
		if (run_gofmt(&b, &file, i, (u32)min_u64(Most, file.n - i)) != 0)
			status = 1;
	return status;
}
