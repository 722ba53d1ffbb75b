/* Names of things. Whoever needs a symbol asks here; the symbol remembers what it stands for (SymDef) and is filled in by
 * the reachability phase when something live refers to it. The first asker writes the definition; all askers would write
 * the same. */
#include "ssa.h"

/* A name built in a scratch arena: sym_get copies what it keeps. */
static Sym *spelled(Program *p, const char *prefix, const char *mid, const char *suffix, struct SymDef def)
{
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_define(p, arena_printf(&a, "%s%s%s", prefix, mid, suffix), def);
	arena_free(&a);
	return s;
}

static bool has_body(const Obj *fn)
{
	return fn->file && fn->decl && node_kind(fn->file, fn->decl) == NodeFuncDecl && decl_part(fn->file, fn->decl, 3);
}

static bool promises_noescape(const Obj *fn)
{
	return fn->file && fn->fn.range < fn->file->nfunc && fn->file->func[fn->fn.range].pragma & PragmaNoescape;
}

Sym *sym_func(Program *p, Obj *fn, Type **targs, u32 ntargs)
{
	if (fn->fn.origin)
		fn = fn->fn.origin;
	const char *given = map_getp(&p->linkname, fn);
	struct SymDef def = {.what = WhatFunc, .fn = fn, .targs = targs, .ntargs = ntargs};
	if (!has_body(fn)) {    /* somebody else defines it: only the name is known */
		if (given) {
			Sym *s = sym_get(p, given);
			if (promises_noescape(fn))
				__atomic_store_n(&s->noescape, true, __ATOMIC_RELAXED);
			return s;
		}
		def.what = WhatNone;
	} else if (given) {
		return sym_define(p, given, def);
	}
	ARENA_LOCAL(a, 1024);
	const char *name = types_funcname(p->chk, &a, fn, targs, ntargs);
	Sym *s = def.what ? sym_define(p, name, def) : sym_get(p, name);
	if (!def.what && promises_noescape(fn))
		__atomic_store_n(&s->noescape, true, __ATOMIC_RELAXED);
	arena_free(&a);
	return s;
}

Sym *sym_abi0(Program *p, const char *name)
{
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_get(p, arena_printf(&a, "%s<abi0>", name));
	arena_free(&a);
	return s;
}

Sym *sym_funcval(Program *p, Sym *text)
{
	ARENA_LOCAL(a, 1024);
	Reloc r = {0, RelocAddr64, text, 0};
	const char *name = arena_printf(&a, "%s\xc2\xb7" "f", text->name);
	sym_made(p, name, (SymContent){.kind = SymRodata, .align = 3, .size = 8, .rel = &r, .nrel = 1});
	Sym *s = sym_define(p, name, (struct SymDef){.what = WhatFuncVal});
	arena_free(&a);
	return s;
}

Sym *sym_global(Program *p, Obj *var)
{
	const char *given = map_getp(&p->linkname, var);
	struct SymDef def = {.what = WhatGlobal, .fn = var, .type = var->type};
	if (given)
		return sym_define(p, given, def);
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_define(p, arena_printf(&a, "%s.%s", var->pkg->path, var->name->s), def);
	arena_free(&a);
	return s;
}

static Sym *of_type(Program *p, const char *prefix, Type *t, u8 what)
{
	t = types_canon(p->chk, t);
	return spelled(p, prefix, types_linkname(p->chk, t), "", (struct SymDef){.what = what, .type = t});
}

Sym *sym_type(Program *p, Type *t)
{
	return of_type(p, "type:", t, WhatType);
}

Sym *sym_alloc(Program *p, Type *t)
{
	return of_type(p, "alloc:", t, WhatAlloc);
}

Sym *sym_eq(Program *p, Type *t)
{
	return of_type(p, "type:.eq.", t, WhatEq);
}

Sym *sym_hash(Program *p, Type *t)
{
	return of_type(p, "type:.hash.", t, WhatHash);
}

Sym *sym_itab(Program *p, Type *t, Type *iface)
{
	t = types_canon(p->chk, t);
	iface = types_canon(p->chk, iface);
	ARENA_LOCAL(a, 1024);
	const char *name = arena_printf(&a, "go:itab.%s,%s", types_linkname(p->chk, t), types_linkname(p->chk, iface));
	Sym *s = sym_define(p, name, (struct SymDef){.what = WhatItab, .type = t, .type2 = iface});
	arena_free(&a);
	return s;
}

/* ---- methods ---- */

/* Bytes of "pkg/path." at the start of a defined type's link name. */
static int pkg_prefix(const char *name)
{
	const char *end = name + strcspn(name, "["), *slash = name, *dot;
	for (const char *q = name; q < end; q++)
		if (*q == '/')
			slash = q;
	dot = strchr(slash, '.');
	return dot && dot < end ? (int)(dot - name) + 1 : 0;
}

/* "pkg.T.M" or "pkg.(*T).M" with full paths, as gc spells wrappers; "(*struct {...}).M" for types without a name. */
static const char *method_name(Program *p, Arena *a, Type *recv, const MethodEntry *m, const char *suffix)
{
	Type *t = types_unalias(recv);
	const char *name = m->fn->name->s;
	Type *n0 = types_unalias(t->kind == KindPointer ? t->elem : t);
	const Pkg *home = n0->kind == KindNamed ? n0->named.obj->pkg : NULL;
	if (!m->fn->name->exported && m->fn->pkg != home)       /* a type may have private methods of several packages */
		name = arena_printf(a, "%s.%s", m->fn->pkg->path, name);
	if (t->kind == KindPointer) {
		const char *elem = types_linkname(p->chk, t->elem);
		int n = types_unalias(t->elem)->kind == KindNamed ? pkg_prefix(elem) : 0;
		return arena_printf(a, "%.*s(*%s).%s%s", n, elem, elem + n, name, suffix);
	}
	return arena_printf(a, "%s.%s%s", types_linkname(p->chk, t), name, suffix);
}

/* The declared method takes exactly this receiver: no embedding, same pointerness. */
static bool is_direct(Type *recv, const MethodEntry *m)
{
	bool ptr = types_unalias(recv)->kind == KindPointer;
	return !m->sel->npath && !(m->fn->flags & ObjIfaceMethod) && ptr == !!(m->fn->flags & ObjPtrRecv);
}

static Type *receiver_named(Type *recv)
{
	Type *t = types_unalias(recv);
	return t->kind == KindPointer ? types_unalias(t->elem) : t;
}

Sym *sym_method(Program *p, Type *recv, const MethodEntry *m)
{
	recv = types_canon(p->chk, recv);
	if (is_direct(recv, m)) {
		Type *n = receiver_named(recv);
		return sym_func(p, m->fn, n->named.targs, n->named.ntargs);
	}
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_define(p, method_name(p, &a, recv, m, ""), (struct SymDef){.what = WhatWrapper, .type = recv, .method = m});
	arena_free(&a);
	return s;
}

Sym *sym_ifn(Program *p, Type *recv, const MethodEntry *m)
{
	/* a pointer-shaped receiver that is one plain pointer word is its own data word */
	Type *u = types_under(recv);
	if (u->kind == KindPointer || u->kind == KindMap || u->kind == KindChan || u->kind == KindFunc || u->kind == KindUnsafePointer)
		return sym_method(p, recv, m);
	recv = types_canon(p->chk, recv);
	ARENA_LOCAL(a, 1024);
	Sym *s;
	if (!types_layout(p->chk, recv)->direct) {
		/* the word points to the value: the wrapper of *recv does it */
		MethodSet *ms = types_methodset(p->chk, types_pointer(p->chk, recv));
		for (u32 i = 0; i < ms->n; i++)
			if (ms->m[i].fn == m->fn || (ms->m[i].fn->name == m->fn->name && (m->fn->name->exported || ms->m[i].fn->pkg == m->fn->pkg)))
				return sym_method(p, types_pointer(p->chk, recv), &ms->m[i]);
		bug("no pointer method %s", m->fn->name->s);
	}
	s = sym_define(p, method_name(p, &a, recv, m, "-ifn"), (struct SymDef){.what = WhatIfn, .type = recv, .method = m});
	arena_free(&a);
	return s;
}

Sym *sym_method_val(Program *p, Type *recv, const MethodEntry *m)
{
	recv = types_canon(p->chk, recv);
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_define(p, method_name(p, &a, recv, m, "-fm"), (struct SymDef){.what = WhatMethodVal, .type = recv, .method = m});
	arena_free(&a);
	return s;
}

Sym *sym_imethod(Program *p, const Obj *method, Type *sig)
{
	ARENA_LOCAL(a, 1024);
	sig = types_canon(p->chk, sig);
	const char *pkg = method->name->exported ? "" : method->pkg->path;
	const char *name = arena_printf(&a, "go:imethod.%s.%s %s", pkg, method->name->s, types_linkname(p->chk, sig));
	Sym *s = sym_define(p, name, (struct SymDef){.what = WhatImethod, .fn = (Obj *)method, .type = sig});
	arena_free(&a);
	return s;
}

Sym *sym_runtime(Program *p, const char *name)
{
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_get(p, arena_printf(&a, "runtime.%s", name));
	arena_free(&a);
	return s;
}

Sym *sym_init(Program *p, Body *b, u32 index)
{
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_define(p, arena_printf(&a, "%s.init.var%u", b->pkg->path, index), (struct SymDef){.what = WhatInit, .body = b});
	arena_free(&a);
	return s;
}
