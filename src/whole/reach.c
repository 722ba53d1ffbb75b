/* Reachability: builds exactly what can run.
 *
 * The worklist starts with main.main, the functions the runtime calls by name, and the initialisers. Processing a symbol
 * makes its contents and marks what those refer to. Two joins are not plain edges. A method lives when both its type is
 * used in an interface and its signature is called; both sides are remembered and either arrival completes the pair. And a
 * descriptor passes "used in an interface" on to what it refers to when it both has been made and is used so itself.
 *
 * All threads take symbols off the list. A symbol is made by the thread that takes it, and nobody else writes to it; whoever
 * wins the exchange of Sym.reachable puts it on the list. The list is the pool's, an item is a symbol, or with the lowest bit set a
 * descriptor whose second join is complete. */
#include <stdatomic.h>
#include "whole.h"

enum { StateMade = 1, StateIface = 2, StateBoth = 3 };
enum { Stripes = 16 };

/* What is known of a method signature: called through an interface, or which methods wait for that. */
typedef struct Join { bool called; VEC(struct Wait { Sym *type; u32 m; }) wait; } Join;
typedef struct Joins {
	struct { Lock lock; Arena ar; } stripe[Stripes];    /* of Join, by the symbol's hash */
	Lock lock;                   /* guards the rest */
	Arena ar;
	VEC(Sym *) iface;            /* descriptors used in interfaces */
	_Atomic bool reflect;        /* reflection may call any exported method of such a type */
	const Sym *ask[4];           /* what it is asked by */
} Joins;

void reach_mark(Reach *r, Sym *s)
{
	if (r->rec)
		vec_push(&r->ar, &r->rec->mark, s);
	Sym *other = sym_base(s);
	if (other)
		s = other;
	if (__atomic_load_n(&s->reachable, __ATOMIC_RELAXED) || __atomic_exchange_n(&s->reachable, true, __ATOMIC_RELAXED))
		return;
	vec_push(&r->ar, &r->live, s);
	pool_add(r->w->pool, s);
}

/* One side of a descriptor's second join. */
static void advance(Reach *r, Sym *s, u32 side)
{
	u32 old = atomic_fetch_or_explicit(&s->state, side, memory_order_acq_rel);
	if (old != StateBoth && (old | side) == StateBoth)
		pool_add(r->w->pool, (void *)((uintptr_t)s | 1));
}

/* ---- names without a definition of their own ---- */

static Pkg *pkg_of(Whole *w, const char *path, size_t n)
{
	return map_getp(&w->pkg_by_path, intern(path, n));
}

static Obj *find_method(Whole *w, Pkg *p, const char *recv, size_t n, const char *method)
{
	for (u32 i = 0; i < p->nobj; i++) {
		Obj *o = p->obj[i];
		if (o->kind != ObjFunc || strcmp(o->name->s, method) || !o->fn.recvnamed || o->fn.recvnamed->kind != KindNamed)
			continue;
		const Name *t = o->fn.recvnamed->named.obj->name;
		if (t->len == n && !memcmp(t->s, recv, n))
			return o;
	}
	return NULL;
}

/* "path.F", "path.(*T).M", "path.T.M": the object of that link name, or NULL. */
Obj *whole_object(Whole *w, const char *name)
{
	Obj *o = map_getp(&w->by_name, intern_str(name));
	if (o)
		return o;
	const char *slash = strrchr(name, '/'), *dot = strchr(slash ? slash : name, '.');
	if (!dot)
		return NULL;
	Pkg *p = pkg_of(w, name, (size_t)(dot - name));
	if (!p)
		return NULL;
	const char *rest = dot + 1, *second = strrchr(rest, '.');
	if (!second)
		return pkg_lookup(p, rest);
	const char *recv = rest, *end = second;
	if (recv[0] == '(' && recv[1] == '*' && end[-1] == ')') {
		recv += 2;
		end--;
	}
	return find_method(w, p, recv, (size_t)(end - recv), second + 1);
}

static void make(Reach *r, Sym *s);

static void adopt(Reach *r, Sym *s)
{
	Obj *o = whole_object(r->w, s->name);
	if (!o || (o->kind != ObjFunc && o->kind != ObjVar))
		return;
	Sym *own = o->kind == ObjFunc ? sym_func(r->p, o, NULL, 0) : sym_global(r->p, o);
	if (own != s && sym_def(own)) {     /* the name is an alias: the definition goes by another symbol */
		__atomic_store_n(&s->base, own, __ATOMIC_RELEASE);
		reach_mark(r, own);
	} else if (sym_def(own)) {
		make(r, s);             /* asked for by name before anybody named its object */
	}
}

/* ---- contents ---- */

enum { SymMax = 2000000000 };   /* gc's limit */

static void fill_global(Reach *r, Sym *s)
{
	if (s->kind != SymUndef)
		return;                 /* made by whole or link themselves */
	Layout *l = types_layout(r->p->chk, s->def->type);
	bool ptr = l->ptrbytes != 0;
	if (!l->size) {                 /* all that has no size is in one place */
		Sym *zero = sym_runtime(r->p, "zerobase");
		__atomic_store_n(&s->base, zero, __ATOMIC_RELEASE);
		reach_mark(r, zero);
		return;
	}
	if (l->size > SymMax) {
		diag_add(s->def->fn->pkg->diag, s->def->fn->pos, "%s: symbol too large (%lld bytes > %d bytes)", s->name, (long long)l->size, SymMax);
		r->bad = true;
		return;
	}
	if (!embed_fill(r, s))
		static_fill(r, s);
	Body *init = s->def->fn->var.body;
	if (init && !static_ok(r, init))
		reach_mark(r, sym_init(r->p, init, init->init_index));
	if (s->def->fn->file && s->def->fn->file->counters && s->def->type->kind == KindArray && s->def->type->elem->kind == KindUint32)
		s->counter = CounterCover;
	s->gotype = s->def->type;
	s->size = (u32)l->size;
	s->align = (u8)__builtin_ctzll((u64)l->align);
	s->kind = s->data || s->rel.n ? (ptr ? SymData : SymNoptrData) : (ptr ? SymBss : SymNoptrBss);
}

static void build_text(Reach *r, Sym *s)
{
	s->kind = SymText;
	Body *b = s->def->what == WhatFunc ? s->def->fn->fn.body : s->def->what == WhatInit ? s->def->body : NULL;
	if (b && !types_body(r->p->chk, b)) {
		r->bad = true;
		return;
	}
	s->fn = ssa_build_sym(r->p, s);
}

static void make(Reach *r, Sym *s)
{
	struct SymDef *d = sym_def(s);
	switch (d ? d->what : WhatNone) {
	case WhatNone: if (s->kind == SymUndef) adopt(r, s); break;
	case WhatFunc: case WhatEq: case WhatHash: case WhatWrapper: case WhatIfn: case WhatMethodVal: case WhatInit:
	case WhatToAbi0: case WhatFromAbi0:
		build_text(r, s);
		break;
	case WhatGlobal: fill_global(r, s); break;
	case WhatType: typedesc_fill(r, s); break;
	case WhatAlloc: typedesc_alloc(r, s); break;
	case WhatItab: itab_fill(r, s); break;
	default: break;                 /* made by others, or nothing to make */
	}
}

/* ---- edges ---- */

static bool is_type(const Sym *s)
{
	struct SymDef *d = sym_def(s);
	return d && d->what == WhatType;
}

void reach_in_iface(Reach *r, Sym *s)
{
	if (r->rec)
		vec_push(&r->ar, &r->rec->iface, s);
	if (is_type(s))
		advance(r, s, StateIface);
}

/* The join of a signature; its stripe is locked. */
static Join *join_of(Joins *j, Sym *im)
{
	if (!im->def->join)
		im->def->join = arena_new(&j->stripe[im->hash % Stripes].ar, Join);
	return im->def->join;
}

bool reach_called(Reach *r, Sym *im, Sym *type, u32 m)
{
	Joins *j = r->w->joins;
	lock_acquire(&j->stripe[im->hash % Stripes].lock);
	Join *k = join_of(j, im);
	bool called = k->called;
	if (!called)
		vec_push(&j->stripe[im->hash % Stripes].ar, &k->wait, (struct Wait){type, m});
	lock_release(&j->stripe[im->hash % Stripes].lock);
	return called;
}

static void call_imethod(Reach *r, Sym *im)
{
	Joins *j = r->w->joins;
	if (r->rec)
		vec_push(&r->ar, &r->rec->imethod, im);
	lock_acquire(&j->stripe[im->hash % Stripes].lock);
	Join *k = join_of(j, im);
	bool first = !k->called;
	k->called = true;               /* from now on nobody waits */
	lock_release(&j->stripe[im->hash % Stripes].lock);
	for (u32 i = 0; first && i < k->wait.n; i++)
		typedesc_mark_method(r, k->wait.a[i].type, k->wait.a[i].m);
}

static void mark_value(Reach *r, const Value *v)
{
	if (v->callee) {
		struct SymDef *d = sym_def(v->callee);
		if (d && d->what == WhatImethod)
			call_imethod(r, v->callee);
		else
			reach_mark(r, v->callee);
	}
	if (v->op == SsaAddr && v->sym)
		reach_mark(r, v->sym);
	if (v->op == SsaNew || v->op == SsaMakeSlice)
		reach_mark(r, sym_alloc(r->p, (Type *)(uintptr_t)v->type));
}

/* Calls through which a program can ask for methods by number or name. As gc's linker: what calls Method or MethodByName of
 * a reflect.Value or reflect.Type keeps the exported methods of every type used in an interface. */
static bool asks_for_methods(const Joins *j, const Sym *callee)
{
	for (size_t i = 0; i < nelem(j->ask); i++)
		if (callee == j->ask[i])
			return true;
	struct SymDef *d = sym_def(callee);
	if (!d || d->what != WhatImethod)
		return false;
	const char *m = d->fn->name->s;
	return m[0] == 'M' && (!strcmp(m, "Method") || !strcmp(m, "MethodByName")) && strstr(callee->name, "reflect.Method");
}

static void keep_exported(Reach *r)
{
	Joins *j = r->w->joins;
	lock_acquire(&j->lock);
	u32 n = j->reflect ? 0 : j->iface.n;
	Sym **s = arena_array(&r->ar, Sym *, n + 1);
	if (n)
		memcpy(s, j->iface.a, n * sizeof *s);
	j->reflect = true;              /* from now on each new one is told */
	lock_release(&j->lock);
	for (u32 i = 0; i < n; i++)
		typedesc_methods(r, s[i], true);
}

static void see_reflection(Reach *r, const Func *f)
{
	Joins *j = r->w->joins;
	struct SymDef *d = sym_def(f->sym);
	bool expression = d && d->what == WhatWrapper && types_is_interface(d->type);   /* reflect.Type.Method as a value */
	if ((!r->rec && atomic_load_explicit(&j->reflect, memory_order_relaxed)) || (!expression && !strncmp(f->sym->name, "reflect.", 8)))
		return;
	bool asks = false;
	for (u32 i = 1; i < f->v.n && !asks; i++)
		asks = f->v.a[i].callee && asks_for_methods(j, f->v.a[i].callee);
	if (!asks)
		return;
	if (r->rec)
		r->rec->asks = true;
	keep_exported(r);
}

static void mark_func(Reach *r, const Func *f)
{
	see_reflection(r, f);
	for (u32 i = 1; i < f->v.n; i++)
		if (f->v.a[i].op != SsaInvalid)
			mark_value(r, &f->v.a[i]);
	for (u32 i = 0; i < f->boxed.n; i++)
		reach_in_iface(r, f->boxed.a[i]);
}

/* Methods live by the join, not by the tables they stand in. */
static bool is_method_slot(const Reloc *l, bool itab)
{
	return l->kind == RelocMethodOff32 || l->kind == RelocTypeOffWeak || (itab && l->off >= 24);
}

static void mark_relocs(Reach *r, Sym *s)
{
	struct SymDef *d = sym_def(s);
	bool itab = d && d->what == WhatItab;
	for (u32 i = 0; i < s->rel.n; i++) {
		const Reloc *l = &s->rel.a[i];
		if (is_method_slot(l, itab))
			continue;
		if (itab && l->off == 8)
			reach_in_iface(r, l->sym);
		reach_mark(r, l->sym);
	}
}

/* Makes s and notes what that marks; a name that nobody defines may get a definition in another program. */
static void make_noting(Reach *r, Sym *s)
{
	SymRefs *rec = arena_new(&r->ar, SymRefs);
	r->rec = rec;
	make(r, s);
	if (s->fn)
		mark_func(r, s->fn);
	r->rec = NULL;
	if (s->kind != SymUndef || s->base)
		s->refs = rec;
}

/* What the making of s has marked in an earlier program. */
static void mark_again(Reach *r, const SymRefs *f)
{
	for (u32 i = 0; i < f->mark.n; i++)
		reach_mark(r, f->mark.a[i]);
	for (u32 i = 0; i < f->iface.n; i++)
		reach_in_iface(r, f->iface.a[i]);
	for (u32 i = 0; i < f->imethod.n; i++)
		call_imethod(r, f->imethod.a[i]);
	if (f->asks && !r->w->joins->reflect)
		keep_exported(r);
}

static void process(Reach *r, Sym *s)
{
	if (s->refs) {
		mark_again(r, s->refs);
	} else if (r->w->record) {
		make_noting(r, s);
	} else {
		make(r, s);
		if (s->fn)
			mark_func(r, s->fn);
	}
	mark_relocs(r, s);
	if (is_type(s))
		advance(r, s, StateMade);
}

/* A descriptor that is live, made, and used in an interface. */
static void process_iface(Reach *r, Sym *s)
{
	Joins *j = r->w->joins;
	for (u32 i = 0; i < s->rel.n; i++)
		if (!is_method_slot(&s->rel.a[i], false))
			reach_in_iface(r, s->rel.a[i].sym);
	lock_acquire(&j->lock);
	vec_push(&j->ar, &j->iface, s);
	bool reflect = j->reflect;
	lock_release(&j->lock);
	typedesc_methods(r, s, false);
	if (reflect)
		typedesc_methods(r, s, true);
}

static void step(void *arg, int worker, void *item)
{
	Whole *w = arg;
	uintptr_t it = (uintptr_t)item;
	if (it & 1)
		process_iface(&w->reach[worker], (Sym *)(it & ~(uintptr_t)1));
	else
		process(&w->reach[worker], item);
}

/* ---- start ---- */

/* The variable "path.name" of the package itself. */
static Obj *var_named(Whole *w, const char *name)
{
	const char *slash = strrchr(name, '/'), *dot = strchr(slash ? slash : name, '.');
	Pkg *p = dot ? pkg_of(w, name, (size_t)(dot - name)) : NULL;
	Obj *o = p ? pkg_lookup(p, dot + 1) : NULL;
	return o && o->kind == ObjVar ? o : NULL;
}

static void index_linknames(Whole *w, Pkg *p)
{
	for (u32 i = 0; i < p->nfile; i++)
		for (u32 k = 0; k < p->file[i]->nlinkname; k++) {
			const Linkname *l = &p->file[i]->linkname[k];
			Obj *o = pkg_lookup(p, l->local->s);
			if (o && l->target)
				map_putp(w->p->ar, &w->p->linkname, o, (void *)l->target);
			Obj *own = o && o->kind == ObjVar && l->target ? (o->var.init ? o : var_named(w, l->target)) : NULL;
			if (own)
				sym_global(w->p, own);  /* the variable with a value defines the symbol, whoever asks first */
			if (!o || !l->target)
				continue;
			bool body = o->kind == ObjFunc ? o->fn.body != NULL : o->kind == ObjVar;
			Name *n = intern_str(l->target);
			if (body && !map_getp(&w->by_name, n))
				map_putp(w->p->ar, &w->by_name, n, o);
		}
}

/* Variables of package runtime that the toolchain fills: the table that boxes one-byte values, and strings about the build. */
static void define_table(Program *p)
{
	Sym *s = sym_get(p, "runtime.staticuint64s");
	s->kind = SymRodata;
	s->align = 3;
	s->size = 256 * 8;
	s->data = arena_alloc(p->ar, s->size, 8);
	for (u32 i = 0; i < 256; i++)
		s->data[8 * i] = (u8)i;
}

void whole_define_string(Whole *w, const char *name, const char *text, u32 n)
{
	Sym *s = sym_get(w->p, name);
	s->kind = SymData;
	s->gotype = w->p->chk->typ[KindString];
	s->align = 3;
	s->size = 16;
	s->rel.n = 0;
	s->data = arena_alloc(w->p->ar, 16, 8);
	memcpy(s->data + 8, &n, 4);
	if (n)
		sym_reloc(w->p, s, 0, RelocAddr64, sym_string(w->p, text, n), 0);
}

void whole_start(Whole *w, Program *p, Pkg **pkg, u32 npkg, Pool *pool)
{
	static const char *const ask[] = {
		"reflect.Value.Method", "reflect.Value.MethodByName", "reflect.(*rtype).Method", "reflect.(*rtype).MethodByName",
	};
	define_table(p);
	w->p = p;
	w->pool = pool;
	w->joins = arena_new(p->ar, Joins);
	for (size_t i = 0; i < nelem(ask); i++)
		w->joins->ask[i] = sym_get(p, ask[i]);
	w->reach = arena_array(p->ar, Reach, pool_size(pool));
	for (int i = 0; i < pool_size(pool); i++)
		w->reach[i] = (Reach){.w = w, .p = p};
	p->whole = w;
	w->pkg = pkg;
	w->npkg = npkg;
	for (u32 i = 0; i < npkg; i++)
		map_putp(p->ar, &w->pkg_by_path, intern_str(pkg[i]->path), pkg[i]);
	for (u32 i = 0; i < npkg; i++)
		index_linknames(w, pkg[i]);
}

/* ---- initialisers ---- */

/* What has to run when a package is initialised; live: also if nobody looks at the variable. */
typedef struct PkgInit { VEC(struct PkgInitItem { Sym *s; bool live; }) v; } PkgInit;
typedef struct Inits { Whole *w; PkgInit *pkg; } Inits;

static void find_inits(void *arg, int worker, u32 index)
{
	Inits *in = arg;
	Reach *r = &in->w->reach[worker];
	Pkg *p = in->w->pkg[index];
	PkgInit *out = &in->pkg[index];
	types_initorder(r->p->chk, p);
	for (u32 i = 0; i < p->ninit; i++) {
		Body *b = p->init[i];
		b->init_index = i;
		if (static_ok(r, b))
			continue;
		r->bad |= !types_body(r->p->chk, b);
		vec_push(&r->ar, &out->v, (struct PkgInitItem){sym_init(r->p, b, i), !init_is_pure(r, b)});
	}
	for (u32 i = 0; i < p->nobj; i++)
		if (p->obj[i]->kind == ObjFunc && !p->obj[i]->fn.recvnamed && !strcmp(p->obj[i]->name->s, "init"))
			vec_push(&r->ar, &out->v, (struct PkgInitItem){sym_func(r->p, p->obj[i], NULL, 0), true});
}

/* Whose initialisers run: all packages', or only the targets'. */
static bool is_wanted(const Whole *w, const Pkg *p)
{
	bool wanted = !w->ntarget;
	for (u32 i = 0; i < w->ntarget && !wanted; i++)
		wanted = w->target[i] == p;
	return wanted;
}

static void mark_inits(Whole *w)
{
	Inits in = {w, arena_array(w->p->ar, PkgInit, w->npkg)};
	pool_run(w->pool, w->npkg, find_inits, &in);
	for (u32 i = 0; i < w->npkg; i++)
		for (u32 k = 0; k < in.pkg[i].v.n; k++) {
			struct PkgInitItem *x = &in.pkg[i].v.a[k];
			vec_push(w->p->ar, &w->inits, x->s);
			if (x->live && is_wanted(w, w->pkg[i]))
				reach_mark(&w->reach[0], x->s);
		}
}

/* runtime.inittab: count, then code addresses, in execution order. */
static void fill_inittab(Whole *w)
{
	Sym *s = sym_get(w->p, "runtime.inittab");
	u32 n = 0;
	for (u32 i = 0; i < w->inits.n; i++)
		if (w->inits.a[i]->reachable)
			w->inits.a[n++] = w->inits.a[i];
	w->inits.n = n;
	s->kind = SymRodata;
	s->align = 3;
	s->size = 8 * (n + 1);
	s->rel.n = 0;
	s->data = arena_alloc(w->p->ar, s->size, 8);
	memcpy(s->data, &n, 4);
	for (u32 i = 0; i < n; i++)
		sym_reloc(w->p, s, 8 * (i + 1), RelocAddr64, w->inits.a[i], 0);
	s->reachable = false;
	reach_mark(&w->reach[0], s);
}

/* Everything that p declares and that is not generic. */
static void mark_target(Reach *r, Pkg *p)
{
	Type **tparam;
	u32 n;
	for (u32 i = 0; i < p->nobj; i++) {
		Obj *o = p->obj[i];
		if (o->kind == ObjVar && strcmp(o->name->s, "_"))
			reach_mark(r, sym_global(r->p, o));
		if (o->kind != ObjFunc || !o->fn.body || !strcmp(o->name->s, "_"))
			continue;
		types_fn_tparams(o, &tparam, &n);
		if (!n)
			reach_mark(r, sym_func(r->p, o, NULL, 0));
	}
}

static void mark_program(Whole *w, Reach *r)
{
	for (u32 i = 0; i < w->nroot; i++)
		reach_mark(r, sym_get(w->p, w->root[i]));
	reach_mark(r, sym_get(w->p, "main.main"));
}

bool whole_reach(Whole *w)
{
	Reach *r = &w->reach[0];        /* this thread's while the workers rest */
	for (u32 i = 0; i < w->ntarget; i++)
		mark_target(r, w->target[i]);
	if (!w->ntarget)
		mark_program(w, r);
	mark_inits(w);
	pool_drain(w->pool, step, w);
	fill_inittab(w);
	pool_drain(w->pool, step, w);
	bool bad = false;
	for (int i = 0; i < pool_size(w->pool); i++) {
		bad |= w->reach[i].bad;
		for (u32 k = 0; k < w->reach[i].live.n; k++)
			vec_push(w->p->ar, &w->live, w->reach[i].live.a[k]);
	}
	return !bad;
}
