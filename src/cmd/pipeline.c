/* The phases every build goes through, in order, and what is printed about them. */
#include <stdatomic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cmd.h"

/* Bytes of memory that the process holds. */
static u64 resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	u64 all, held = 0;
	if (f && fscanf(f, "%" SCNu64 " %" SCNu64, &all, &held) != 2)
		held = 0;
	if (f)
		fclose(f);
	return held * (u64)sysconf(_SC_PAGESIZE);
}

void build_phase(Build *b, const char *name)
{
	u64 wall = clock_ns(), cpu = clock_cpu_ns(), alone = clock_thread_ns();
	if (b->now) {
		b->now->wall += wall - b->now->wall0;
		b->now->cpu += cpu - b->now->cpu0;
		b->now->alone += alone - b->now->alone0;
		b->now->resident = b->opt.time ? resident() : 0;
	}
	b->now = NULL;
	progress_phase(b, name);
	if (!name)
		return;
	for (u32 i = 0; i < b->nphase && !b->now; i++)
		if (!strcmp(b->phase[i].name, name))
			b->now = &b->phase[i];
	if (!b->now) {
		b->now = &b->phase[b->nphase++];
		b->now->name = name;
	}
	b->now->wall0 = wall;
	b->now->cpu0 = cpu;
	b->now->alone0 = alone;
}

void build_print_times(Build *b)
{
	u64 wall = 0, cpu = 0, alone = 0;
	for (u32 i = 0; i < b->nphase; i++) {
		const PhaseTime *p = &b->phase[i];
		fprintf(stderr, "%-10s %8.1f ms wall %8.1f ms cpu %8.1f ms on one thread %8.1f MB at the end\n", p->name, p->wall / 1e6, p->cpu / 1e6, p->alone / 1e6, p->resident / 1e6);
		wall += p->wall;
		cpu += p->cpu;
		alone += p->alone;
	}
	fprintf(stderr, "%-10s %8.1f ms wall %8.1f ms cpu %8.1f ms on one thread; %u packages, %u files, %.1f MB of source\n", "all", wall / 1e6, cpu / 1e6, alone / 1e6,
		b->load.all.n, b->load.nfile, b->load.nbyte / 1e6);
}

bool build_stopped(const Build *b, const char *phase)
{
	return b->opt.stop && !strcmp(b->opt.stop, phase);
}

/* ---- start ---- */

static void add_tags(Build *b)
{
	const char *s = b->opt.tags;
	while (s && *s) {
		size_t n = strcspn(s, ", \t");
		if (n)
			vec_push(&b->ar, &b->ctx.tags, arena_strndup(&b->ar, s, n));
		s += n + (s[n] != 0);
	}
}

static void check_target(const Context *c)
{
	static const char *const known[] = {"v1", "v2", "v3", "v4"};
	if (strcmp(c->goos, "linux") || strcmp(c->goarch, "amd64"))
		go_fatal(2, "go: unsupported GOOS/GOARCH pair %s/%s", c->goos, c->goarch);
	const char *v = context_env(c, "GOAMD64");
	bool ok = !*v;
	for (size_t i = 0; i < nelem(known); i++)
		ok |= !strcmp(v, known[i]);
	if (!ok)
		go_fatal(2, "go: invalid GOAMD64: must be v1, v2, v3, v4");
}

static void check_env(const Context *c)
{
	const char *on = context_env(c, "GO111MODULE");
	if (*on && strcmp(on, "on") && strcmp(on, "off") && strcmp(on, "auto"))
		go_fatal(1, "go: unknown environment setting GO111MODULE=%s", on);
	for (const char *s = c->gopath; s && *s; s += *s == ':') {
		size_t n = strcspn(s, ":");
		if (n && *s != '/')
			go_fatal(2, "go: GOPATH entry is relative; must be absolute path: \"%.*s\".\nFor more details see: 'go help gopath'", (int)n, s);
		s += n;
	}
}

void build_start(Build *b)
{
	Context *c = &b->ctx;
	check_env(c);
	check_target(c);
	if (!c->goroot)
		fatal("%s", goroot_error(&b->ar));
	if (!c->overlay)
		fatal("cannot find the overlay folder beside the executable or above it; set SEAGO_OVERLAY");
	c->trimpath = b->opt.trimpath;
	c->mod = b->opt.mod;
	c->modfile = b->opt.modfile;
	add_tags(b);
	const char *bad = b->opt.overlay ? overlay_read(c, b->opt.overlay) : NULL;
	if (bad)
		go_fatal(1, "go: %s", bad);
	progress_start(b);
	b->pool = pool_new(b->opt.jobs);
	syntax_init();
	b->chk = types_new(&b->ar);
	b->chk->all_bodies = b->opt.check_all;
	b->load = (Loader){.ar = &b->ar, .pool = b->pool, .ctx = c, .chk = b->chk, .front = b->opt.front, .ask = build_ask, .expand = build_expand};
}

/* ---- what is said ---- */

static void event(Build *b, const LoadPkg *p, const char *action, const char *text, size_t n)
{
	Buf o = {.ar = &b->ar};
	buf_puts(&o, "{\"ImportPath\":");
	json_quote(&o, p->path, strlen(p->path));
	buf_printf(&o, ",\"Action\":\"%s\"", action);
	if (text) {
		buf_puts(&o, ",\"Output\":");
		json_quote(&o, text, n);
	}
	printf("%s}\n", buf_str(&o));
}

void build_output(Build *b, const LoadPkg *p, const char *text)
{
	progress_clear(b);
	if (!b->opt.json) {
		fprintf(stderr, p->fortest ? "# %s [%s.test]\n%s" : "# %s%.0s\n%s", p->path, p->fortest ? p->fortest : "", text);
		return;
	}
	const char *head = arena_printf(&b->ar, "# %s\n", p->path);
	event(b, p, "build-output", head, strlen(head));
	for (const char *e; *text; text = e) {
		e = strchr(text, '\n');
		e = e ? e + 1 : text + strlen(text);
		event(b, p, "build-output", text, (size_t)(e - text));
	}
	event(b, p, "build-fail", NULL, 0);
}

void build_report(Build *b, LoadPkg *p)
{
	if (p->error) {
		fprintf(stderr, "%s\n", p->error);
		b->nerror++;
	}
	Buf out = {.ar = &b->ar};
	u32 n = diag_print(&p->diag, &out, b->opt.all_errors ? 0 : 10);
	if (n)
		build_output(b, p, buf_str(&out));
	b->nerror += n;
	p->reported |= n > 0;
}

/* ---- load ---- */

static void dump_trees(Build *b)
{
	Buf out = {.ar = &b->ar};
	for (u32 i = 0; i < b->load.named.n; i++)
		for (u32 k = 0; k < b->load.named.a[i]->ngofile; k++)
			tree_dump(&out, b->load.named.a[i]->file[k]);
	fputs(buf_str(&out), stdout);
}

bool build_load(Build *b)
{
	Loader *l = &b->load;
	build_phase(b, "load");
	load_packages(l, b->opt.arg, b->opt.narg);
	if (b->opt.dump && !strcmp(b->opt.dump, "parse"))
		dump_trees(b);
	for (u32 i = 0; i < l->warning.n; i++)
		fprintf(stderr, "%s\n", l->warning.a[i]);
	for (u32 i = 0; i < l->listed.n; i++)
		if (l->listed.a[i]->error) {
			fprintf(stderr, "%s\n", l->listed.a[i]->error);
			b->nerror++;
		}
	if (!b->nerror && !b->opt.dry)
		vcs_foresee(b);
	return !b->nerror;
}

/* ---- check ---- */

/* As gc: a package with syntax errors goes no further; other faults found while parsing wait for the checker's. */
bool build_syntax_errors(const LoadPkg *p)
{
	for (u32 i = 0; i < p->diag.v.n; i++)
		if (has_prefix(p->diag.v.a[i].msg, "syntax error"))
			return true;
	return false;
}

bool build_ok(const LoadPkg *p)
{
	if (p->diag.v.n || p->error || !p->pkg)
		return false;
	for (u32 i = 0; i < p->nimport; i++)
		if (!p->import[i]->pkg || p->import[i]->pkg->fake)
			return false;
	return !p->pkg->fake;
}

/* A package is checked as soon as those it imports are done. One whose imports have errors is not looked at; it is marked fake, so
 * that its importers are not either. */
typedef struct CheckItem { LoadPkg *p; _Atomic u32 waiting; VEC(struct CheckItem *) user; } CheckItem;

static bool imports_sound(const LoadPkg *p)
{
	bool sound = true;
	for (u32 i = 0; i < p->nimport; i++)
		sound &= !p->import[i]->pkg->fake;
	return sound;
}

static void check_package(void *arg, int worker, void *item)
{
	Build *b = arg;
	CheckItem *c = item;
	Pkg *p = c->p->pkg;
	bool sound = imports_sound(c->p), seen = p->cpriv != NULL;      /* seen: checked for an earlier program */
	if (sound && !seen && !c->p->error && !build_syntax_errors(c->p)) {
		types_collect(b->chk, p);
		types_decls(b->chk, p);
		embed_check(&b->load, c->p);
		if (p->main_module || b->opt.check_all)
			types_finish(b->chk, p);
	}
	p->fake = !sound || c->p->diag.v.n || c->p->error;
	for (u32 i = 0; i < c->user.n; i++)
		if (atomic_fetch_sub(&c->user.a[i]->waiting, 1) == 1)
			pool_add(b->pool, c->user.a[i]);
}

void build_check_packages(Build *b)
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

bool build_check(Build *b)
{
	Loader *l = &b->load;
	build_phase(b, "check");
	build_check_packages(b);
	for (u32 i = 0; i < l->listed.n; i++)
		if (imports_sound(l->listed.a[i]))
			build_report(b, l->listed.a[i]);
	return !b->nerror;
}
