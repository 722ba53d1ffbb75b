/* The back half of the pipeline: reach, compile every live function, link. */
#include <stdio.h>
#include "cmd.h"

/* Functions that generated code calls without the builder having named them. */
static const char *const lowered[] = {
	"runtime.main", "runtime.newobject", "runtime.makeslice", "runtime.typedmemmove", "runtime.typedmemclr", "runtime.unreachableMethod",
	"runtime.goPanicIndex", "runtime.goPanicIndexU", "runtime.goPanicSliceAlen", "runtime.goPanicSliceAlenU",
	"runtime.goPanicSliceAcap", "runtime.goPanicSliceAcapU", "runtime.goPanicSliceB", "runtime.goPanicSliceBU",
	"runtime.goPanicSlice3Alen", "runtime.goPanicSlice3AlenU", "runtime.goPanicSlice3Acap", "runtime.goPanicSlice3AcapU",
	"runtime.goPanicSlice3B", "runtime.goPanicSlice3BU", "runtime.goPanicSlice3C", "runtime.goPanicSlice3CU",
	"runtime.goPanicSliceConvert", "runtime.panicdivide", "runtime.panicshift", "runtime.sigpanic",
};

/* First line of the GOROOT's VERSION file. */
static const char *go_version(Build *b)
{
	size_t n;
	char *v = file_read(&b->ar, path_join(&b->ar, b->ctx.goroot, "VERSION"), &n);
	return v ? arena_strndup(&b->ar, v, strcspn(v, "\n")) : "go1.26";
}

static bool is_generic(const Obj *fn)
{
	return fn->type->fn.ntparams || fn->type->fn.nrtparams;
}

/* -d all: what gc would compile of the package. */
static void mark_package(Build *b, Pkg *p)
{
	for (u32 i = 0; i < p->nobj; i++) {
		Obj *o = p->obj[i];
		bool func = o->kind == ObjFunc && o->fn.body && strcmp(o->name->s, "_") && strcmp(o->name->s, "init") && !is_generic(o);
		if (func)
			reach_mark(&b->whole.reach[0], sym_func(&b->prog, o, NULL, 0));
		else if (o->kind == ObjVar && strcmp(o->name->s, "_"))
			reach_mark(&b->whole.reach[0], sym_global(&b->prog, o));
	}
}

static bool reach(Build *b)
{
	Loader *l = &b->load;
	Pkg **pkg = arena_array(&b->ar, Pkg *, l->all.n);
	for (u32 i = 0; i < l->all.n; i++)
		pkg[i] = l->all.a[i]->pkg;
	whole_start(&b->whole, &b->prog, pkg, l->all.n, b->pool);
	whole_define_string(&b->whole, "runtime.buildVersion", go_version(b));
	whole_define_string(&b->whole, "runtime.defaultGOROOT", b->ctx.goroot);
	if (b->load.tests)
		whole_define_string(&b->whole, "testing.testBinary", "1");
	u32 n;
	const char **undef = robj_undefined(&b->prog, robj_start, (size_t)(robj_end - robj_start), &n);
	const char **root = arena_array(&b->ar, const char *, n + nelem(lowered));
	for (u32 i = 0; i < nelem(lowered); i++)
		root[i] = lowered[i];
	for (u32 i = 0; i < n; i++)
		root[nelem(lowered) + i] = undef[i];
	b->whole.root = root;
	b->whole.nroot = n + nelem(lowered);
	for (u32 i = 0; b->opt.build_all && i < b->load.named.n; i++)
		mark_package(b, b->load.named.a[i]->pkg);
	return whole_reach(&b->whole);
}

typedef struct Work { Build *b; Arena *out, *tmp; Func **f; _Atomic bool bad; } Work;

static void refuse(Work *w, const Func *f, const char *why)
{
	const struct SymDef *d = f->sym->def;
	Pkg *p = d && d->fn ? d->fn->pkg : d && d->body ? d->body->pkg : w->b->load.named.a[0]->pkg;
	diag_add(p->diag, f->pos, "%s", why);
	w->bad = true;
}

static void compile_one(void *arg, int worker, u32 i)
{
	Work *w = arg;
	Func *f = w->f[i];
	bug_context_func = f->sym->name;
	ssa_run_passes(f);
	const char *why;
	if (gen_frame_fits(f, &w->tmp[worker], &why))
		f->sym->code = gen_func(f, &arch_amd64, &w->out[worker], &w->tmp[worker]);
	else
		refuse(w, f, why);
	arena_reset(&w->tmp[worker]);
	bug_context_func = NULL;
}

/* One component of the call graph: its callees have been summarised. */
static void summarise_component(void *arg, int worker, Func **f, u32 n)
{
	Build *b = arg;
	for (u32 i = 0; i < n; i++) {
		bug_context_func = f[i]->sym->name;
		ssa_pass_done(f[i], "build");
		ssa_run_stage(f[i], PassEarly);
	}
	if (ssa_pass_on(&b->prog, "inline")) {
		bug_context_pass = "inline";
		for (u32 i = 0; i < n; i++) {
			inline_calls(f[i]);
			ssa_pass_done(f[i], "inline");
		}
		for (u32 i = 0; i < n; i++)
			inline_decide(f[i]);
	}
	if (ssa_pass_on(&b->prog, "escape")) {
		bug_context_pass = "escape";
		escape_component(&b->whole, f, n);
		for (u32 i = 0; i < n; i++)
			ssa_pass_done(f[i], "escape");
	}
	bug_context_pass = bug_context_func = NULL;
}

static bool compile_all(Build *b)
{
	u32 nf;
	Func **f = whole_needed(&b->whole, &b->ar, b->opt.build_all, &nf);
	int n = pool_size(b->pool);
	Work w = {.b = b, .out = arena_array(&b->ar, Arena, n), .tmp = arena_array(&b->ar, Arena, n), .f = f};
	pool_run(b->pool, nf, compile_one, &w);
	return !w.bad;
}

static void print_sorted(Build *b)
{
	for (u32 i = 0; i < b->load.all.n; i++) {
		LoadPkg *p = b->load.all.a[i];
		Buf out = {.ar = &b->ar};
		if (diag_print(&p->diag, &out, b->opt.all_errors ? 0 : 10))
			fprintf(stderr, "# %s\n%s", p->path, buf_str(&out));
	}
}

bool build_back(Build *b, const char *out)
{
	b->prog.ar = &b->ar;
	b->prog.chk = b->chk;
	b->prog.pass = &b->opt.pass;
	symtab_init(&b->prog);
	build_phase(b, "reach");
	if (!reach(b)) {
		print_sorted(b);
		return false;
	}
	if (build_stopped(b, "reach"))
		return true;
	build_phase(b, "summarise");
	whole_bottom_up(&b->whole, summarise_component, b);
	if (build_stopped(b, "summarise"))
		return true;
	build_phase(b, "compile");
	if (!compile_all(b)) {
		print_sorted(b);
		return false;
	}
	if (build_stopped(b, "compile") || !out)
		return true;
	build_phase(b, "link");
	Diag d;
	diag_init(&d, &b->ar);
	if (link_program(&b->prog, out, &d))
		return true;
	for (u32 i = 0; i < d.v.n && i < 20; i++)
		fprintf(stderr, "%s\n", d.v.a[i].msg);
	return false;
}
