/* Coverage: packages whose functions count which of their blocks of statements run.
 *
 * The distribution's own cover tool rewrites the files of a package, so blocks, counters and meta-data are upstream's to the last column.
 * Lines stay where they were; one file more holds the counters, which the linker lays side by side, and the meta-data, which are
 * registered when the variable that every counted function reads is initialised: before any of them can run. The rest, from profiles to
 * data files, is upstream's internal/coverage in the program. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cover.h"

typedef struct Rewrite {
	LoadPkg *p;
	const char *dir, *var, *meta;
	char **argv;
	pid_t pid;
} Rewrite;

static const char *hash_of(Arena *a, const char *s, u32 n)
{
	u8 h[32];
	Buf b = {.ar = a};
	sha256(s, strlen(s), h);
	for (u32 i = 0; i < n; i++)
		buf_printf(&b, "%02x", h[i]);
	return buf_str(&b);
}

static void write_file(const char *path, const char *text, size_t n)
{
	if (!file_write_atomic(path, text, n, 0666))
		fatal("write %s:", path);
}

static const char *out_file(Arena *a, const Rewrite *j, u32 i)
{
	return arena_printf(a, "%s/%u.go", j->dir, i);
}

/* What the tool is told about the package, and its command line. */
static void prepare(Build *b, Rewrite *j, const char *mode)
{
	Arena *a = &b->ar;
	LoadPkg *p = j->p;
	Buf cfg = {.ar = a}, list = {.ar = a};
	VEC(char *) arg = {0};
	if (!dir_make(j->dir))
		fatal("mkdir %s:", j->dir);
	const char *text[] = {"OutConfig", path_join(a, j->dir, "config"), "PkgPath", p->path, "PkgName", p->file[0]->pkgname->s,
		"Granularity", "perblock", "ModulePath", p->mod ? p->mod->path : "", "EmitMetaFile", j->meta ? j->meta : ""};
	for (size_t i = 0; i < nelem(text); i += 2) {
		buf_printf(&cfg, "%s\"%s\":", i ? "," : "{", text[i]);
		json_quote(&cfg, text[i + 1], strlen(text[i + 1]));
	}
	buf_printf(&cfg, ",\"Local\":%s}\n", p->given ? "true" : "false");
	buf_printf(&list, "%s/covervars.go\n", j->dir);
	for (u32 i = 0; i < p->ngofile; i++)
		buf_printf(&list, "%s\n", out_file(a, j, i));
	const char *cfgfile = path_join(a, j->dir, "pkgcfg.txt"), *listfile = path_join(a, j->dir, "outfiles.txt");
	write_file(cfgfile, cfg.a, cfg.n);
	write_file(listfile, list.a, list.n);
	const char *head[] = {"cover", "-pkgcfg", cfgfile, "-mode", mode, "-var", j->var, "-outfilelist", listfile};
	for (size_t i = 0; i < nelem(head); i++)
		vec_push(a, &arg, (char *)(uintptr_t)head[i]);
	for (u32 i = 0; i < p->ngofile; i++) {
		const char *given = map_getp(&b->ctx.replaced, intern_str(p->gofile[i]));
		vec_push(a, &arg, (char *)(uintptr_t)(given && *given ? given : p->gofile[i]));
	}
	vec_push(a, &arg, NULL);
	j->argv = arg.a;
}

static void start(const Build *b, Rewrite *j, const char *exe)
{
	fflush(NULL);
	j->pid = fork();
	if (j->pid < 0)
		fatal("fork:");
	if (j->pid == 0) {
		tool_env(&b->ctx);
		execv(exe, j->argv);
		fatal("exec %s:", exe);
	}
}

static bool finished(const Rewrite *j)
{
	int status = 1;
	while (waitpid(j->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0;
}

/* ---- what the tool wrote becomes files of the package ---- */

/* A string of the tool's flat JSON; "" if there is none. */
static const char *json_string(Arena *a, const char *json, const char *key)
{
	const char *s = strstr(json, arena_printf(a, "\"%s\":\"", key));
	if (!s)
		return "";
	s = strchr(s, ':') + 2;
	return arena_strndup(a, s, strcspn(s, "\""));
}

static File *parse(Build *b, LoadPkg *p, const char *path, const char *text, size_t n)
{
	Arena *a = &b->ar;
	char *src = arena_alloc(a, n + 64, 1);
	memcpy(src, text, n);
	File *f = syntax_parse(a, src_add(path, file_shown(&b->ctx, a, path), file_linked(&b->ctx, a, p, path), src, (u32)n), ParseFull, p->std, &p->diag);
	f->pkg = p;
	return f;
}

/* The text of the file with the counters; the variable of the package's number gets its value by registering the meta-data. */
static const char *counters(Build *b, const Rewrite *j, const char *vars, const char *cfg, const char *mode)
{
	Arena *a = &b->ar;
	const char *number = arena_printf(a, "var %sP uint32\n", j->var), *at = strstr(vars, number), *pkg = strstr(vars, "package ");
	const char *hash = json_string(a, cfg, "MetaHash"), *len = strstr(cfg, "\"MetaLen\":");
	if (!at || !pkg || strlen(hash) != 32 || !len)
		bug("the cover tool's output is of an unknown form");
	Buf o = {.ar = a};
	const char *eol = strchr(pkg, '\n');
	buf_write(&o, pkg, (size_t)(eol - pkg));
	buf_puts(&o, "; import (_cover_rt_ \"internal/coverage/rtcov\"; _cover_unsafe_ \"unsafe\")");
	buf_write(&o, eol, (size_t)(at - eol));
	buf_printf(&o, "var %sP uint32 = _cover_rt_.AddMeta(_cover_unsafe_.Pointer(&%sM), %u, [16]byte{", j->var, j->var, (u32)atoi(len + strlen("\"MetaLen\":")));
	for (u32 i = 0; i < 16; i++)
		buf_printf(&o, "0x%.2s,", hash + 2 * i);
	buf_printf(&o, "}, \"%s\", -1, %d, 1)\n", j->p->path, !strcmp(mode, "set") ? 1 : !strcmp(mode, "count") ? 2 : 3);
	buf_puts(&o, at + strlen(number));
	return buf_str(&o);
}

static void add_import(Build *b, LoadPkg *p, const char *path)
{
	LoadPkg *q = load_find(&b->load, path);
	map_putp(b->load.ar, &p->imported, intern_str(path), q);
	LoadPkg **v = arena_array(&b->ar, LoadPkg *, p->ncimport + 1);
	for (u32 i = 0; i < p->ncimport; i++)
		v[i] = p->cimport[i];
	v[p->ncimport++] = q;
	p->cimport = v;
}

static void take(Build *b, Rewrite *j, const char *mode)
{
	Arena *a = &b->ar;
	LoadPkg *p = j->p;
	size_t n, ncfg;
	char *vars = file_read(a, path_join(a, j->dir, "covervars.go"), &n), *cfg = file_read(a, path_join(a, j->dir, "config"), &ncfg);
	if (!vars || !cfg || !strstr(cfg, "\"MetaVar\":\""))
		return;                 /* a package without functions */
	p->cfile = arena_array(a, File *, p->ngofile + 1);
	for (u32 i = 0; i < p->ngofile; i++) {
		char *text = file_read(a, out_file(a, j, i), &n);
		if (!text)
			fatal("open %s:", out_file(a, j, i));
		size_t skip = has_prefix(text, "//line ") ? strcspn(text, "\n") + 1 : 0;        /* lines count as in the original */
		File *f = parse(b, p, p->gofile[i], text + skip, n - skip);
		const char *fault = embed_resolve(&b->load, p, f);
		if (fault && !p->error)
			p->error = fault;
		p->cfile[i] = f;
	}
	const char *text = counters(b, j, vars, cfg, mode);
	p->cfile[p->ngofile] = parse(b, p, path_join(a, p->dir, "covervars.go"), text, strlen(text));
	p->cfile[p->ngofile]->counters = true;
	p->ncfile = p->ngofile + 1;
	add_import(b, p, "internal/coverage/rtcov");
	if (!strcmp(mode, "atomic"))
		add_import(b, p, "sync/atomic");
}

void cover_packages(Build *b, Cover *c)
{
	Arena *a = &b->ar;
	const char *exe = tool_find(&b->ctx, "cmd/cover");
	u32 max = (u32)pool_size(b->pool), done = 0;
	Rewrite *job = arena_array(a, Rewrite, c->job.n);
	for (u32 i = 0; i < c->job.n; i++) {
		LoadPkg *p = c->job.a[i].p;
		job[i] = (Rewrite){.p = p, .dir = arena_printf(a, "%s/cover%u", c->tmp, i), .var = arena_printf(a, "goCover_%s_", hash_of(a, p->path, 6))};
		if (c->job.a[i].meta)
			job[i].meta = arena_printf(a, "%s/covmeta.%s", job[i].dir, hash_of(a, p->path, 32));
		c->job.a[i].metafile = job[i].meta;
		prepare(b, &job[i], c->mode);
		start(b, &job[i], exe);
		if (i + 1 - done >= max)
			c->failed |= !finished(&job[done++]);
	}
	while (done < c->job.n)
		c->failed |= !finished(&job[done++]);
	for (u32 i = 0; i < c->job.n; i++) {
		c->job.a[i].dir = job[i].dir;
		if (!c->job.a[i].only_meta && !c->failed)
			take(b, &job[i], c->mode);
	}
}

/* ---- -coverpkg ---- */

static bool is_local(const char *s)
{
	return !strcmp(s, ".") || !strcmp(s, "..") || has_prefix(s, "./") || has_prefix(s, "../");
}

static bool matches(Build *b, const char *pat, const LoadPkg *p)
{
	if (!strcmp(pat, "all"))
		return true;
	if (!strcmp(pat, "std") || !strcmp(pat, "cmd"))
		return p->std && (has_prefix(p->path, "cmd/") || !strcmp(p->path, "cmd")) == !strcmp(pat, "cmd");
	if (!is_local(pat))
		return load_pattern_matches(pat, p->path);
	return p->dir && load_pattern_matches(path_join(&b->ar, b->ctx.cwd, pat), p->dir);
}

static void mark_below(LoadPkg *p)
{
	if (p->mark)
		return;
	p->mark = 1;
	for (u32 i = 0; i < p->nimport; i++)
		mark_below(p->import[i]);
}

/* Counting takes the runtime and what it stands on; nothing of that is counted. */
void cover_select(Build *b, Cover *c)
{
	Loader *l = &b->load;
	for (u32 i = 0; i < l->all.n; i++)
		l->all.a[i]->mark = 0;
	mark_below(load_find(l, "runtime"));
	mark_below(load_find(l, "internal/coverage/rtcov"));
	bool *used = arena_array(&b->ar, bool, c->pkg.n);
	for (u32 i = 0; i < l->all.n; i++) {
		LoadPkg *p = l->all.a[i];
		bool any = false;
		for (u32 k = 0; k < c->pkg.n; k++)
			if (matches(b, c->pkg.a[k], p))
				any = used[k] = true;
		if (!any || p->mark || p->error || !p->ngofile || p->diag.v.n || (!strcmp(c->mode, "atomic") && !strcmp(p->path, "sync/atomic")))
			continue;
		vec_push(&b->ar, &c->job, (CoverJob){.p = p, .meta = true});
	}
	for (u32 k = 0; k < c->pkg.n; k++)
		if (!used[k])
			fprintf(stderr, "warning: no packages being tested depend on matches for pattern %s\n", c->pkg.a[k]);
}

void cover_use(Build *b, Cover *c)
{
	for (u32 i = 0; i < c->job.n; i++)
		if (c->job.a[i].p->ncfile)
			load_use_covered(&b->load, c->job.a[i].p);
	load_order(&b->load);
	for (u32 i = 0; i < b->load.all.n; i++)
		if (b->load.all.a[i]->pkg)
			b->load.all.a[i]->pkg->order = b->load.all.a[i]->order;
}
