/* Reachability: builds exactly what can run.
 *
 * The worklist starts with main.main, the functions the runtime calls by name, and the initialisers. Processing a symbol
 * makes its contents and marks what those refer to. Two joins are not plain edges: a method lives when both its type is
 * used in an interface and its signature is called; both sides are remembered and either arrival completes the pair. */
#include "whole.h"

void whole_mark(Whole *w, Sym *s)
{
	if (s->base)
		s = s->base;
	if (s->reachable)
		return;
	s->reachable = true;
	vec_push(w->p->ar, &w->work, s);
	vec_push(w->p->ar, &w->live, s);
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
static Obj *obj_by_name(Whole *w, const char *name)
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

static void make(Whole *w, Sym *s);

static void adopt(Whole *w, Sym *s)
{
	Obj *o = obj_by_name(w, s->name);
	if (!o || (o->kind != ObjFunc && o->kind != ObjVar))
		return;
	Sym *own = o->kind == ObjFunc ? sym_func(w->p, o, NULL, 0) : sym_global(w->p, o);
	if (own != s && own->def) {     /* the name is an alias: the definition goes by another symbol */
		s->base = own;
		whole_mark(w, own);
	} else if (own->def) {
		make(w, s);             /* asked for by name before anybody named its object */
	}
}

/* ---- contents ---- */

static void fill_global(Whole *w, Sym *s)
{
	if (s->kind != SymUndef)
		return;                 /* made by whole or link themselves */
	Layout *l = types_layout(w->p->chk, s->def->type);
	bool ptr = l->ptrbytes != 0;
	static_fill(w, s);
	Body *init = s->def->fn->var.body;
	if (init && !static_ok(w, init))
		whole_mark(w, sym_init(w->p, init, init->init_index));
	s->gotype = s->def->type;
	s->size = (u32)l->size;
	s->align = (u8)__builtin_ctzll((u64)l->align);
	s->kind = s->data || s->rel.n ? (ptr ? SymData : SymNoptrData) : (ptr ? SymBss : SymNoptrBss);
}

static void build_text(Whole *w, Sym *s)
{
	s->kind = SymText;
	if (s->def->what == WhatFunc && !types_body(w->p->chk, s->def->fn->fn.body)) {
		w->bad = true;
		return;
	}
	if (s->def->what == WhatInit && !types_body(w->p->chk, s->def->body)) {
		w->bad = true;
		return;
	}
	s->fn = ssa_build_sym(w->p, s);
}

static void make(Whole *w, Sym *s)
{
	switch (s->def ? s->def->what : WhatNone) {
	case WhatNone: if (s->kind == SymUndef) adopt(w, s); break;
	case WhatFunc: case WhatEq: case WhatHash: case WhatWrapper: case WhatIfn: case WhatMethodVal: case WhatInit:
		build_text(w, s);
		break;
	case WhatGlobal: fill_global(w, s); break;
	case WhatType: typedesc_fill(w, s); break;
	case WhatAlloc: typedesc_alloc(w, s); break;
	case WhatItab: itab_fill(w, s); break;
	case WhatLit: s->kind = SymText; break;
	default: break;
	}
}

/* ---- edges ---- */

static void use_in_iface(Whole *w, Sym *s)
{
	if (s->def && s->def->what == WhatType && !s->used_in_iface)
		s->used_in_iface = true;
}

static void call_imethod(Whole *w, Sym *m)
{
	u64 *slot = map_slot(w->p->ar, &w->imethod, (u64)(uintptr_t)m);
	if (*slot)
		return;
	*slot = 1;
	for (u32 i = 0; i < w->iface_types.n; i++)
		typedesc_methods(w, w->iface_types.a[i]);
}

static void mark_value(Whole *w, const Value *v)
{
	if (v->callee && v->callee->def && v->callee->def->what == WhatImethod)
		call_imethod(w, v->callee);
	else if (v->callee)
		whole_mark(w, v->callee);
	if (v->op == SsaAddr && v->sym)
		whole_mark(w, v->sym);
	if (v->op == SsaNew || v->op == SsaMakeSlice)
		whole_mark(w, sym_alloc(w->p, (Type *)(uintptr_t)v->type));
}

/* Calls through which a program can ask for methods by number or name. As gc's linker: what calls Method or MethodByName of
 * a reflect.Value or reflect.Type keeps the exported methods of every type used in an interface. */
static bool asks_for_methods(const Sym *callee)
{
	static const char *const name[] = {
		"reflect.Value.Method", "reflect.Value.MethodByName", "reflect.(*rtype).Method", "reflect.(*rtype).MethodByName",
	};
	for (size_t i = 0; i < nelem(name); i++)
		if (!strcmp(callee->name, name[i]))
			return true;
	if (!callee->def || callee->def->what != WhatImethod)
		return false;
	const char *m = callee->def->fn->name->s;
	return (!strcmp(m, "Method") || !strcmp(m, "MethodByName")) && strstr(callee->name, "reflect.Method");
}

static void see_reflection(Whole *w, const Func *f)
{
	if (w->reflect_methods || !strncmp(f->sym->name, "reflect.", 8))
		return;
	for (u32 i = 1; i < f->v.n && !w->reflect_methods; i++)
		w->reflect_methods = f->v.a[i].callee && asks_for_methods(f->v.a[i].callee);
	for (u32 i = 0; w->reflect_methods && i < w->iface_types.n; i++)
		typedesc_methods(w, w->iface_types.a[i]);
}

static void mark_func(Whole *w, const Func *f)
{
	see_reflection(w, f);
	for (u32 i = 1; i < f->v.n; i++)
		if (f->v.a[i].op != SsaInvalid)
			mark_value(w, &f->v.a[i]);
}

static void mark_relocs(Whole *w, Sym *s)
{
	bool iface = s->used_in_iface, itab = s->def && s->def->what == WhatItab;
	for (u32 i = 0; i < s->rel.n; i++) {
		const Reloc *r = &s->rel.a[i];
		if (r->kind == RelocMethodOff32 || r->kind == RelocTypeOffWeak || (itab && r->off >= 24))
			continue;               /* methods live by the join, not by the table */
		if (iface || (itab && r->off == 8))
			use_in_iface(w, r->sym);
		whole_mark(w, r->sym);
	}
}

static void process(Whole *w, Sym *s)
{
	make(w, s);
	if (s->fn)
		mark_func(w, s->fn);
	mark_relocs(w, s);
	if (s->used_in_iface && s->def && s->def->what == WhatType) {
		s->state = 1;
		vec_push(w->p->ar, &w->iface_types, s);
		typedesc_methods(w, s);
	}
}

/* Descriptors that were live before somebody used them in an interface. */
static bool late_iface_types(Whole *w)
{
	bool any = false;
	for (u32 i = 0; i < w->live.n; i++) {
		Sym *s = w->live.a[i];
		if (!s->used_in_iface || s->state || !s->def || s->def->what != WhatType)
			continue;
		s->state = 1;
		any = true;
		vec_push(w->p->ar, &w->iface_types, s);
		mark_relocs(w, s);
		typedesc_methods(w, s);
	}
	return any;
}

static void drain(Whole *w)
{
	do {
		while (w->work.n)
			process(w, vec_pop(&w->work));
	} while (late_iface_types(w));
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

void whole_define_string(Whole *w, const char *name, const char *text)
{
	Sym *s = sym_get(w->p, name);
	u32 n = (u32)strlen(text);
	s->kind = SymData;
	s->gotype = w->p->chk->typ[KindString];
	s->align = 3;
	s->size = 16;
	s->data = arena_alloc(w->p->ar, 16, 8);
	memcpy(s->data + 8, &n, 4);
	if (n)
		sym_reloc(w->p, s, 0, RelocAddr64, sym_string(w->p, text, n), 0);
}

void whole_start(Whole *w, Program *p, Pkg **pkg, u32 npkg)
{
	define_table(p);
	w->p = p;
	p->whole = w;
	w->pkg = pkg;
	w->npkg = npkg;
	for (u32 i = 0; i < npkg; i++)
		map_putp(p->ar, &w->pkg_by_path, intern_str(pkg[i]->path), pkg[i]);
	for (u32 i = 0; i < npkg; i++)
		index_linknames(w, pkg[i]);
}

static void init_pkg(Whole *w, Pkg *p)
{
	types_initorder(w->p->chk, p);
	for (u32 i = 0; i < p->ninit; i++) {
		Body *b = p->init[i];
		b->init_index = i;
		if (static_ok(w, b))
			continue;
		w->bad |= !types_body(w->p->chk, b);
		Sym *s = sym_init(w->p, b, i);
		vec_push(w->p->ar, &w->inits, s);
		if (!init_is_pure(w, b))
			whole_mark(w, s);
	}
	for (u32 i = 0; i < p->nobj; i++)
		if (p->obj[i]->kind == ObjFunc && !p->obj[i]->fn.recvnamed && !strcmp(p->obj[i]->name->s, "init")) {
			Sym *s = sym_func(w->p, p->obj[i], NULL, 0);
			vec_push(w->p->ar, &w->inits, s);
			whole_mark(w, s);
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
	s->data = arena_alloc(w->p->ar, s->size, 8);
	memcpy(s->data, &n, 4);
	for (u32 i = 0; i < n; i++)
		sym_reloc(w->p, s, 8 * (i + 1), RelocAddr64, w->inits.a[i], 0);
	s->reachable = false;
	whole_mark(w, s);
}

bool whole_reach(Whole *w)
{
	for (u32 i = 0; i < w->nroot; i++)
		whole_mark(w, sym_get(w->p, w->root[i]));
	whole_mark(w, sym_get(w->p, "main.main"));
	for (u32 i = 0; i < w->npkg; i++)
		init_pkg(w, w->pkg[i]);
	drain(w);
	fill_inittab(w);
	drain(w);
	return !w->bad;
}
