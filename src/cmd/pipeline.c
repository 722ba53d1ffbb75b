/* The phases every build goes through, in order, and what is printed about them. */
#include <stdatomic.h>
#include <stdio.h>
#include "cmd.h"

void build_phase(Build *b, const char *name)
{
	u64 wall = clock_ns(), cpu = clock_cpu_ns();
	if (b->nphase) {
		PhaseTime *p = &b->phase[b->nphase - 1];
		p->wall = wall - p->wall;
		p->cpu = cpu - p->cpu;
	}
	if (name)
		b->phase[b->nphase++] = (PhaseTime){name, wall, cpu};
}

void build_print_times(Build *b)
{
	u64 wall = 0, cpu = 0;
	for (u32 i = 0; i < b->nphase; i++) {
		const PhaseTime *p = &b->phase[i];
		fprintf(stderr, "%-10s %8.1f ms wall %8.1f ms cpu\n", p->name, p->wall / 1e6, p->cpu / 1e6);
		wall += p->wall;
		cpu += p->cpu;
	}
	fprintf(stderr, "%-10s %8.1f ms wall %8.1f ms cpu; %u packages, %u files, %.1f MB of source\n", "all", wall / 1e6, cpu / 1e6,
		b->load.all.n, b->load.nfile, b->load.nbyte / 1e6);
}

bool build_stopped(const Build *b, const char *phase)
{
	return b->opt.stop && !strcmp(b->opt.stop, phase);
}

void build_start(Build *b, const char *exe)
{
	context_init(&b->ctx, &b->ar, exe);
	if (!b->ctx.goroot)
		fatal("%s", goroot_error());
	if (!b->ctx.overlay)
		fatal("cannot find the overlay folder beside the executable or above it; set SEAGO_OVERLAY");
	if (strcmp(b->ctx.goos, "linux") || strcmp(b->ctx.goarch, "amd64"))
		fatal("unsupported GOOS/GOARCH pair %s/%s", b->ctx.goos, b->ctx.goarch);
	b->pool = pool_new(b->opt.jobs);
	syntax_init();
	b->chk = types_new(&b->ar);
	b->chk->all_bodies = b->opt.check_all;
	b->load = (Loader){.ar = &b->ar, .pool = b->pool, .ctx = &b->ctx, .chk = b->chk, .front = b->opt.front};
}

/* Prints what is wrong with a package; counts. */
void build_report(Build *b, LoadPkg *p)
{
	Buf out = {.ar = &b->ar};
	u32 n = diag_print(&p->diag, &out, b->opt.all_errors ? 0 : 10);
	if (p->error && p->dir) {
		fprintf(stderr, "%s\n", p->error);
		b->nerror++;
	} else if (p->error && p->named) {
		fprintf(stderr, "%s\n", p->error);
		b->nerror++;
	}
	if (n) {
		fprintf(stderr, p->fortest ? "# %s [%s.test]\n%s" : "# %s%.0s\n%s", p->path, p->fortest ? p->fortest : "", buf_str(&out));
		b->nerror += n;
	}
}

/* As gc: a package with syntax errors goes no further; other faults found while parsing wait for the checker's. */
bool build_syntax_errors(const LoadPkg *p)
{
	for (u32 i = 0; i < p->diag.v.n; i++)
		if (!strncmp(p->diag.v.a[i].msg, "syntax error", 12))
			return true;
	return false;
}

static void dump_trees(Build *b)
{
	Buf out = {.ar = &b->ar};
	for (u32 i = 0; i < b->load.named.n; i++)
		for (u32 k = 0; k < b->load.named.a[i]->ngofile; k++)
			tree_dump(&out, b->load.named.a[i]->file[k]);
	fputs(buf_str(&out), stdout);
}

/* ---- check: a package as soon as those it imports are done ---- */

typedef struct CheckItem { LoadPkg *p; _Atomic u32 waiting; VEC(struct CheckItem *) user; } CheckItem;

static void check_package(void *arg, int worker, void *item)
{
	Build *b = arg;
	CheckItem *c = item;
	Pkg *p = c->p->pkg;
	types_collect(b->chk, p);
	types_decls(b->chk, p);
	if (p->main_module || b->opt.check_all)
		types_finish(b->chk, p);
	for (u32 i = 0; i < c->user.n; i++)
		if (atomic_fetch_sub(&c->user.a[i]->waiting, 1) == 1)
			pool_add(b->pool, c->user.a[i]);
}

static void check_packages(Build *b)
{
	Loader *l = &b->load;
	CheckItem *item = arena_array(&b->ar, CheckItem, l->all.n);
	Map index = {0};
	for (u32 i = 0; i < l->all.n; i++) {
		item[i].p = l->all.a[i];
		map_putp(&b->ar, &index, l->all.a[i], &item[i]);
	}
	for (u32 i = 0; i < l->all.n; i++)
		for (u32 k = 0; k < item[i].p->nimport; k++) {
			CheckItem *from = map_getp(&index, item[i].p->import[k]);
			if (!from)
				continue;
			vec_push(&b->ar, &from->user, &item[i]);
			item[i].waiting++;
		}
	for (u32 i = 0; i < l->all.n; i++)
		if (!item[i].waiting)
			pool_add(b->pool, &item[i]);
	pool_drain(b->pool, check_package, b);
}

bool build_front(Build *b)
{
	Loader *l = &b->load;
	build_phase(b, "load");
	load_packages(l, b->opt.arg, b->opt.narg);
	if (b->opt.dump && !strcmp(b->opt.dump, "parse"))
		dump_trees(b);
	for (u32 i = 0; i < l->all.n; i++)
		if (l->all.a[i]->error || build_syntax_errors(l->all.a[i]))
			build_report(b, l->all.a[i]);
	if (b->nerror || build_stopped(b, "load"))
		return !b->nerror;
	build_phase(b, "check");
	check_packages(b);
	for (u32 i = 0; i < l->all.n; i++)
		build_report(b, l->all.a[i]);
	return !b->nerror;
}
