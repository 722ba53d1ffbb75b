/* The back half of the pipeline: reach, compile every function that is needed, link. */
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

/* What main needs: its imports, closed, and the runtime's. */
static void mark_closure(LoadPkg *p)
{
	if (p->mark)
		return;
	p->mark = 1;
	for (u32 i = 0; i < p->nimport; i++)
		mark_closure(p->import[i]);
}

static void start(Build *b, LoadPkg **root, u32 n)
{
	Loader *l = &b->load;
	b->whole = (Whole){.record = b->sharing, .stage = b->sharing ? StageShared : StageAll};
	if (!b->sharing) {
		b->prog = (Program){.ar = &b->ar, .chk = b->chk, .pass = &b->opt.pass};
		symtab_init(&b->prog);
	}
	for (u32 i = 0; i < l->all.n; i++)
		l->all.a[i]->mark = 0;
	for (u32 i = 0; i < n; i++)
		mark_closure(root[i]);
	mark_closure(load_find(l, "runtime"));
	Pkg **pkg = arena_array(&b->ar, Pkg *, l->all.n);
	u32 npkg = 0;
	for (u32 i = 0; i < l->all.n; i++)
		if (l->all.a[i]->mark)
			pkg[npkg++] = l->all.a[i]->pkg;
	whole_start(&b->whole, &b->prog, pkg, npkg, b->pool);
}

static void define(Build *b, const char *name, const char *text)
{
	whole_define_string(&b->whole, name, text, (u32)strlen(text));
}

/* -X importpath.name=value. Names of nothing are no mistake, nor are variables that code initialises: those keep their value. */
static bool define_strings(Build *b, LoadPkg *main)
{
	const LinkFlags *f = &b->opt.link;
	bool ok = true;
	for (u32 i = 0; i < f->define.n; i++) {
		const char *eq = strchr(f->define.a[i], '='), *name = arena_strndup(&b->ar, f->define.a[i], (size_t)(eq - f->define.a[i]));
		const char *dot = strrchr(name, '.'), *path = arena_strndup(&b->ar, name, (size_t)(dot - name));
		LoadPkg *p = !strcmp(path, "main") ? main : load_find(&b->load, path);
		Obj *o = p && p->mark && (p == main) == !strcmp(path, "main") ? pkg_lookup(p->pkg, dot + 1) : NULL;
		if (!o || o->kind != ObjVar)
			continue;
		if (types_under(o->type)->kind != KindString) {
			Buf t = {.ar = &b->ar};
			types_print(&t, b->chk, o->type, QualPath, NULL);
			build_output(b, main, arena_printf(&b->ar, "%s: cannot set with -X: not a var of type string (type:%s)\n", name, buf_str(&t)));
			ok = false;
		} else if (!o->var.init || (types_body(b->chk, o->var.body) && static_ok(&b->whole.reach[0], o->var.body))) {
			define(b, sym_global(&b->prog, o)->name, eq + 1);
		}
	}
	return ok;
}

static void runtime_roots(Build *b)
{
	u32 n;
	const char **undef = robj_undefined(&b->prog, robj_start, (size_t)(robj_end - robj_start), &n);
	const char **root = arena_array(&b->ar, const char *, n + nelem(lowered));
	for (u32 i = 0; i < nelem(lowered); i++)
		root[i] = lowered[i];
	for (u32 i = 0; i < n; i++)
		root[nelem(lowered) + i] = undef[i];
	b->whole.root = root;
	b->whole.nroot = n + nelem(lowered);
}

/* The work on code: summaries and inlining bottom up, then passes and machine code. A function that no other takes in is compiled as soon
 * as it is summarised, and its body goes; the others wait until all calls of them have been looked at. */
typedef struct Work { Build *b; Arena *out, *tmp; Func **f; bool only_summaries, keep; _Atomic bool bad; } Work;

static void refuse(Work *w, const Func *f, const char *why)
{
	const struct SymDef *d = f->sym->def;
	Pkg *p = d && d->fn ? d->fn->pkg : d && d->body ? d->body->pkg : w->b->load.named.a[0]->pkg;
	bool declared = d && d->what == WhatFunc && d->fn->file && d->fn->decl;
	diag_add(p->diag, declared ? node_at(d->fn->file, d->fn->decl)->pos : f->pos, "%s", why);
	w->bad = true;
}

static void compile_func(Work *w, int worker, Func *f)
{
	Sym *s = f->sym;
	bug_context_func = s->name;
	Func rest;
	if (w->keep && f->inline_cost)
		func_keep(f, &rest, &w->out[worker]);
	ssa_run_passes(f);
	const char *why;
	if (gen_frame_fits(f, &w->tmp[worker], &why)) {
		Code *c = link_settle(gen_func(f, &arch_amd64, &w->tmp[worker], &w->tmp[worker]), &w->out[worker], &w->tmp[worker]);
		s->rel.a = c->rel.a, s->rel.n = c->rel.n, s->rel.cap = c->rel.cap;
		s->code = c;
	} else {
		refuse(w, f, why);
		s->fn = NULL;
	}
	arena_reset(&w->tmp[worker]);
	arena_free(f->ar);              /* nobody looks inside a compiled function */
	if (w->keep && f->inline_cost)
		*f = rest;
	f->compiled = w->keep;
	bug_context_func = NULL;
}

static void compile_one(void *arg, int worker, u32 i)
{
	Work *w = arg;
	compile_func(w, worker, w->f[i]);
}

/* Whether a fuzzed program counts the blocks of f: not where the engine and the runtime are at work themselves. */
static bool is_counted(const Func *f)
{
	static const char *const skip[] = {"context", "reflect", "runtime", "sync", "sync/atomic", "syscall", "testing", "time"};
	const char *name = f->sym->name, *slash = name;
	if (f->wrapper || f->funcid || f->nosplit || f->abi0 || f->nosafepoint || has_prefix(name, "type:") || has_prefix(name, "internal/") || has_prefix(name, "runtime/"))
		return false;
	for (const char *q = name; *q && *q != '[' && *q != '('; q++)
		if (*q == '/')
			slash = q;
	size_t n = (size_t)(slash - name) + strcspn(slash, ".");
	for (size_t i = 0; i < nelem(skip); i++)
		if (strlen(skip[i]) == n && !memcmp(name, skip[i], n))
			return false;
	return true;
}

static void summarise(Build *b, Func **f, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		bug_context_func = f[i]->sym->name;
		if (b->opt.fuzz && is_counted(f[i]))
			ssa_count_blocks(f[i]);
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

/* One component of the call graph: its callees have been summarised. */
static void compile_component(void *arg, int worker, Func **f, u32 n)
{
	Work *w = arg;
	summarise(w->b, f, n);
	for (u32 i = 0; i < n && !w->only_summaries; i++)
		if (!f[i]->inline_cost)
			compile_func(w, worker, f[i]);
}

/* What several programs share is compiled whether or not this one has inlined every call of it, but without what only it needs. *stop: after
 * the summaries, as asked. */
static bool compile_all(Build *b, bool *stop)
{
	Whole *h = &b->whole;
	bool keep = h->stage == StageShared;
	int n = pool_size(b->pool);
	Work w = {.b = b, .out = arena_array(&b->ar, Arena, n), .tmp = arena_array(&b->ar, Arena, n), .keep = keep};
	w.only_summaries = *stop = build_stopped(b, "summarise");
	whole_bottom_up(h, compile_component, &w);
	if (*stop)
		return true;
	u32 nf;
	w.f = whole_needed(h, &b->ar, b->opt.build_all || h->ntarget || keep, &nf);
	pool_run(b->pool, nf, compile_one, &w);
	for (int i = 0; i < n; i++)
		arena_free(&w.tmp[i]);
	return !w.bad;
}

static void print_sorted(Build *b)
{
	for (u32 i = 0; i < b->load.all.n; i++) {
		LoadPkg *p = b->load.all.a[i];
		Buf out = {.ar = &b->ar};
		diag_sort(&p->diag);
		if (!p->reported && diag_print(&p->diag, &out, b->opt.all_errors ? 0 : 10))
			build_output(b, p, buf_str(&out));
	}
}

/* Summarises and compiles what the stage is about. *stop: -d stop asked for the end. */
static bool make_stage(Build *b, bool *stop)
{
	build_phase(b, "compile");
	if (!compile_all(b, stop)) {
		print_sorted(b);
		return false;
	}
	*stop |= build_stopped(b, "compile");
	return true;
}

static bool reach(Build *b, bool *stop)
{
	bool ok = whole_reach(&b->whole);
	if (!ok)
		print_sorted(b);
	*stop = build_stopped(b, "reach");
	return ok;
}

static bool reach_packages(Build *b, LoadPkg **p, u32 n, bool *stop)
{
	build_phase(b, "reach");
	start(b, p, n);
	if (!build_assembly(b))
		return false;
	Pkg **target = arena_array(&b->ar, Pkg *, n);
	for (u32 i = 0; i < n; i++)
		target[i] = p[i]->pkg;
	b->whole.target = target;
	b->whole.ntarget = n;
	return reach(b, stop);
}

bool build_discard(Build *b, LoadPkg **p, u32 n)
{
	bool stop;
	return reach_packages(b, p, n, &stop) && (stop || make_stage(b, &stop));
}

/* From checked packages to what is live. */
static bool reach_program(Build *b, LoadPkg *main, bool *stop)
{
	if (b->opt.link.error) {
		build_output(b, main, arena_printf(&b->ar, "%s\n", b->opt.link.error));
		return false;
	}
	build_phase(b, "assemble");
	start(b, &main, 1);
	if (!build_assembly(b))
		return false;
	build_phase(b, "reach");
	if (!define_strings(b, main))
		return false;
	Buf info = {.ar = &b->ar};
	Vcs vcs;
	if (!vcs_find(b, main, &vcs))
		return false;
	buildinfo_text(b, main, &vcs, &info);
	define(b, "runtime.buildVersion", b->ctx.goversion);
	define(b, "runtime.godebugDefault", godebug_default(&b->load, main, main->fortest ? load_find(&b->load, main->fortest) : NULL));
	define(b, "runtime.defaultGOROOT", b->opt.trimpath ? "" : b->ctx.goroot);
	whole_define_string(&b->whole, "runtime.modinfo", info.a, info.n);
	b->modinfo = info.a;
	b->nmodinfo = info.n;
	if (b->load.tests)
		define(b, "testing.testBinary", "1");
	runtime_roots(b);
	return reach(b, stop);
}

static bool link_it(Build *b, LoadPkg *main, const char *out)
{
	build_phase(b, "link");
	Diag d;
	diag_init(&d, &b->ar);
	LinkOptions o = {.version = b->ctx.goversion, .modinfo = b->modinfo, .nmodinfo = b->nmodinfo, .strip = b->opt.link.strip, .nodebug = b->opt.link.nodebug,
		.shared = b->sharing};
	if (link_program(&b->prog, &o, out, &d)) {
		cache_made(b, out);
		return true;
	}
	if (o.shared)                   /* made alone, it says what is really wrong */
		b->prog.stale = true;
	Buf t = {.ar = &b->ar};
	for (u32 i = 0; i < d.v.n && i < 20 && !o.shared; i++)
		buf_printf(&t, "%s\n", d.v.a[i].msg);
	build_output(b, main, buf_str(&t));
	return false;
}

bool build_program(Build *b, LoadPkg *main, const char *out)
{
	bool stop;
	if (!reach_program(b, main, &stop))
		return false;
	if (stop)
		return true;
	bool ok = make_stage(b, &stop);
	return ok && !stop ? link_it(b, main, out) : ok;
}

/* ---- several programs ---- */

void build_share_start(Build *b)
{
	b->sharing = true;
	b->prog = (Program){.ar = &b->ar, .chk = b->chk, .pass = &b->opt.pass};
	symtab_init(&b->prog);
}

void build_share_begin(Build *b, const char *const *path, u32 n)
{
	share_begin(&b->share, &b->prog, path, n);
}

bool build_share_code(Build *b, LoadPkg *main)
{
	bool stop;
	if (!reach_program(b, main, &stop))
		return false;
	share_divide(&b->share, &b->whole);
	return stop || make_stage(b, &stop);
}

bool build_share_discard(Build *b, LoadPkg *p)
{
	bool stop;
	if (!reach_packages(b, &p, 1, &stop))
		return false;
	share_divide(&b->share, &b->whole);
	return stop || make_stage(b, &stop);
}

bool build_share_link(Build *b, LoadPkg *main, const char *out)
{
	bool stop;
	b->whole.pool = b->pool;
	b->whole.stage = StageOwn;
	bool ok = make_stage(b, &stop);
	return ok && !stop && !b->whole.ntarget ? link_it(b, main, out) : ok;
}

void build_share_end(Build *b)
{
	share_end(&b->share, &b->prog);
}
