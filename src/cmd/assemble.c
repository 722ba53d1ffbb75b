/* Assembly of the packages of a program: which files, assembled on all threads, kept for further programs of the same run. */
#include <stdio.h>
#include "../asm/asm.h"
#include "cmd.h"

enum { TlsG = 8 };      /* M.g, from the thread pointer */

typedef struct AsmJob { LoadPkg *p; u32 file; AsmContext c; Diag diag; } AsmJob;
typedef struct AsmJobs { Build *b; VEC(AsmJob) v; Arena *ar; const char *inc[2], *define[3]; } AsmJobs;

static const char *go_constant(void *arg, Arena *a, const char *name)
{
	Pkg *p = arg;
	return asm_go_constant(p->chk, a, p, name);
}

static void assemble(void *arg, int worker, u32 i)
{
	AsmJobs *j = arg;
	AsmJob *job = &j->v.a[i];
	Arena *ar = &j->ar[worker];
	const char *path = job->p->sfile[job->file];
	job->c.linked = file_linked(&j->b->ctx, ar, job->p, path);
	job->c.shown = file_shown(&j->b->ctx, ar, path);
	diag_init(&job->diag, ar);
	job->p->asmunit[job->file] = asm_file(ar, &job->c, path, &job->diag);
}

static bool has_unit(const LoadPkg *p)
{
	return !p->nsfile || p->asmunit;
}

static void add_jobs(AsmJobs *j, LoadPkg *p)
{
	Build *b = j->b;
	p->asmunit = arena_array(&b->ar, AsmUnit *, p->nsfile);
	for (u32 i = 0; i < p->nsfile; i++) {
		AsmJob job = {.p = p, .file = i};
		job.c = (AsmContext){.pkgpath = p->pkg->path, .incdir = j->inc, .nincdir = nelem(j->inc), .define = j->define, .ndefine = nelem(j->define)};
		job.c.tls = TlsG;
		job.c.allow_abi = p->std;
		job.c.constant = go_constant;
		job.c.arg = p->pkg;
		job.c.all_errors = b->opt.all_errors;
		vec_push(&b->ar, &j->v, job);
	}
}

/* Faults of .s files are shown without columns, as gc does, and those of the first bad file alone. */
static void report(Build *b, LoadPkg *p)
{
	Buf o = {.ar = &b->ar};
	const char *first = NULL;
	bool include = false, parser = false;
	for (u32 i = 0; i < p->diag.v.n; i++) {
		SrcLoc l = pos_loc(p->diag.v.a[i].pos);
		if (!has_suffix(l.file, ".s") && !has_suffix(l.file, ".h"))
			continue;
		if (first && strcmp(first, l.file))
			break;
		first = l.file;
		include |= has_prefix(p->diag.v.a[i].msg, "#include");
		const char *msg = p->diag.v.a[i].msg;
		bool object = has_prefix(msg, "asm: ");         /* found behind the parser: gc says by whom */
		buf_printf(&o, "%s%s:%u: %s\n", object ? "asm: " : "", l.file, l.line, object ? msg + 5 : msg);
		parser |= !object;
	}
	if (!first)
		diag_print(&p->diag, &o, b->opt.all_errors ? 0 : 10);
	else if (!include && parser)
		buf_printf(&o, "asm: assembly of %s failed\n", first);
	else if (!include)
		buf_printf(&o, "asm: assembly failed\n");
	build_output(b, p, buf_str(&o));
	p->diag.v.n = 0;
}

bool build_assembly(Build *b)
{
	Loader *l = &b->load;
	AsmJobs j = {.b = b, .ar = arena_array(&b->ar, Arena, pool_size(b->pool))};
	const char *level = context_env(&b->ctx, "GOAMD64");
	j.inc[0] = path_join(&b->ar, b->ctx.goroot, "pkg/include");
	j.inc[1] = path_join(&b->ar, b->ctx.goroot, "src/runtime");
	j.define[0] = arena_printf(&b->ar, "GOOS_%s", b->ctx.goos);
	j.define[1] = arena_printf(&b->ar, "GOARCH_%s", b->ctx.goarch);
	j.define[2] = arena_printf(&b->ar, "GOAMD64_%s", *level ? level : "v1");
	for (u32 i = 0; i < l->all.n; i++)
		if (l->all.a[i]->mark && !has_unit(l->all.a[i]))
			add_jobs(&j, l->all.a[i]);
	pool_run(b->pool, j.v.n, assemble, &j);
	for (u32 i = 0; i < j.v.n; i++)
		for (u32 k = 0; k < j.v.a[i].diag.v.n; k++)
			diag_add(&j.v.a[i].p->diag, j.v.a[i].diag.v.a[k].pos, "%s", j.v.a[i].diag.v.a[k].msg);
	VEC(AsmInput) in = {0};
	bool ok = true;
	for (u32 i = 0; i < l->all.n; i++) {
		LoadPkg *p = l->all.a[i];
		for (u32 k = 0; p->mark && k < p->nsfile; k++)
			if (p->asmunit[k])
				vec_push(&b->ar, &in, (AsmInput){p->pkg, p->sfile[k], p->asmunit[k], &p->diag});
		ok &= !p->mark || !p->diag.v.n;
	}
	ok = ok && asm_install(&b->prog, in.a, in.n);
	for (u32 i = 0; !ok && i < l->all.n; i++)
		if (l->all.a[i]->mark && l->all.a[i]->diag.v.n)
			report(b, l->all.a[i]);
	return ok;
}
