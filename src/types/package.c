/* package: checking bodies on demand, and what is left to do once a package's bodies are known. */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "check.h"

static void check_one_body(Checker *k, Body *b)
{
	Check *c = check_open(k, b->pkg);
	DeclInfo *d = check_decl_info(b->pkg, b->fn);
	Type *sig = b->fn->type;
	if (!sig || sig->kind != KindFunc) {
		b->bad = true;
		check_close(c);
		return;
	}
	c->env = (Env){ .file = b->file, .scope = sig->fn.scope, .decl = d, .body = b, .func = b->fn, .sig = sig,
		.iota = -1, .version = d->version };
	if (sig->fn.recv)
		check_add_local(c, sig->fn.recv);
	for (u32 i = 0; i < sig->fn.params->tuple.n; i++)
		check_add_local(c, sig->fn.params->tuple.v[i]);
	for (u32 i = 0; i < sig->fn.results->tuple.n; i++)
		check_add_local(c, sig->fn.results->tuple.v[i]);
	check_func_body(c, b, decl_part(b->file, d->decl, 3));
	check_close(c);
}

/* An initialiser that types_decls passed over. */
static void check_plain_init(Checker *k, Body *b)
{
	Obj *o = b->lhs[0];
	Check *c = check_open(k, b->pkg);
	DeclInfo *d = check_decl_info(b->pkg, o);
	c->env = (Env){ .file = d->file, .scope = d->fscope, .decl = d, .body = b, .version = d->version, .iota = -1 };
	check_one_var_init(c, o, d->init, "variable declaration");
	check_close(c);
}

bool types_body(Checker *k, Body *b)
{
	u8 none = 0;
	if (atomic_load_explicit(&b->state, memory_order_acquire) == 2)
		return !b->bad;
	if (atomic_compare_exchange_strong(&b->state, &none, 1)) {
		if (b->fn)
			check_one_body(k, b);
		else if (b->plain)
			check_plain_init(k, b);
		atomic_store_explicit(&b->state, 2, memory_order_release);
		return !b->bad;
	}
	while (atomic_load_explicit(&b->state, memory_order_acquire) != 2)
		sched_yield();
	return !b->bad;
}

static void unused_imports(Check *c)
{
	PkgPriv *v = pkg_priv(c->pkg);
	for (u32 i = 0; i < v->imports.n; i++) {
		Obj *o = v->imports.a[i];
		if (name_blank(o->name) || obj_is(o, ObjUsed))
			continue;
		const char *path = o->pkgname.imported->path, *slash = strrchr(path, '/');
		const char *elem = slash ? slash + 1 : path;
		if (!strcmp(o->name->s, ".") || !strcmp(o->name->s, elem))
			err_soft(c, o->pos, "\"%s\" imported and not used", path);
		else
			err_soft(c, o->pos, "\"%s\" imported as %s and not used", path, o->name->s);
	}
}

static bool has_linkname(const File *f, const Name *n)
{
	for (u32 i = 0; i < f->nlinkname; i++)
		if (f->linkname[i].local == n)
			return true;
	return false;
}

/* ---- directives that name declarations ---- */

static void check_linknames(Check *c)
{
	Map seen = {0};
	for (u32 i = 0; i < c->pkg->nfile; i++)
		for (u32 k = 0; k < c->pkg->file[i]->nlinkname; k++) {
			const Linkname *l = &c->pkg->file[i]->linkname[k];
			Obj *o = scope_find(c->pkg->scope, l->local);
			if (l->target && strchr(l->target, '[') && strchr(l->target, ']'))
				continue;       /* reported by the parser */
			if ((!o || (o->kind != ObjFunc && o->kind != ObjVar)) && pkg_priv(c->pkg)->version < 18)
				continue;
			if (!o || (o->kind != ObjFunc && o->kind != ObjVar))
				err_at(c, l->pos, "//go:linkname must refer to declared function or variable");
			else if (map_getp(&seen, o))
				err_at(c, l->pos, "duplicate //go:linkname for %s", l->local->s);
			else
				map_putp(c->ar, &seen, o, o);
		}
}

static void check_embeds(Check *c)
{
	for (u32 i = 0; i < c->pkg->nfile && pkg_priv(c->pkg)->version < 16; i++) {
		File *f = c->pkg->file[i];
		for (u32 k = 0; k < f->nembed; k++)
			err_at(c, f->embed[k].pos, "go:embed requires go1.16 or later");
	}
}

static void missing_bodies(Check *c)
{
	for (u32 i = 0; i < c->pkg->nobj; i++) {
		Obj *o = c->pkg->obj[i];
		if (o->kind == ObjFunc && !o->fn.body && o->file && !has_linkname(o->file, o->name))
			err_at(c, node_at(o->file, o->decl)->pos, "missing function body");
	}
}

/* ---- anonymous interfaces that contain themselves (go.dev/issue/56103) ---- */

typedef struct Cyclic { Check *c; Map m; u32 depth; } Cyclic;      /* Type* -> 1 not cyclic, 2 cyclic */

static bool iface_cycle(Cyclic *f, Type *t);

static bool type_cycle(Cyclic *f, Type *t)
{
	t = types_unalias(t);
	switch (t->kind) {
	case KindArray: case KindChan: case KindPointer: case KindSlice:
		return type_cycle(f, t->elem);
	case KindMap:
		return type_cycle(f, t->key) || type_cycle(f, t->elem);
	case KindInterface:
		return iface_cycle(f, t);
	case KindStruct:
		for (u32 i = 0; i < t->st.n; i++)
			if (type_cycle(f, t->st.field[i]->type))
				return true;
		return false;
	case KindFunc:
		return type_cycle(f, t->fn.params) || type_cycle(f, t->fn.results);
	case KindTuple:
		for (u32 i = 0; i < t->tuple.n; i++)
			if (type_cycle(f, t->tuple.v[i]->type))
				return true;
	}
	return false;
}

static bool iface_cycle(Cyclic *f, Type *t)
{
	TypeSet *s = types_typeset(f->c->k, t);
	if (!s->nmethod)
		return false;
	u64 *slot = map_slot(f->c->ar, &f->m, (u64)(uintptr_t)t);
	if (*slot)
		return *slot == 2;
	*slot = 2;
	for (u32 i = 0; i < s->nmethod; i++)
		if (type_cycle(f, s->method[i]->type))
			return true;
	map_put(f->c->ar, &f->m, (u64)(uintptr_t)t, 1);
	return false;
}

static int by_pos(const void *a, const void *b)
{
	Pos x = (*(const Node *const *)a)->pos, y = (*(const Node *const *)b)->pos;
	return x < y ? -1 : x > y;
}

/* Outer interfaces before inner ones. */
static void interface_cycles(Check *c)
{
	Cyclic f = { .c = c };
	for (u32 i = 0; i < c->pkg->nfile; i++) {
		File *file = c->pkg->file[i];
		VEC(const Node *) v = { 0 };
		for (NodeId n = 1; n < file->nnode; n++)
			if (node_kind(file, n) == NodeInterfaceType && file->info[n].type)
				vec_push(c->ar, &v, node_at(file, n));
		if (v.n)
			qsort(v.a, v.n, sizeof *v.a, by_pos);
		for (u32 j = 0; j < v.n; j++) {
			Type *t = types_unalias(file->info[v.a[j] - file->node].type);
			if (t->kind != KindInterface || !iface_cycle(&f, t))
				continue;
			err_at(c, v.a[j]->pos, "invalid recursive type: anonymous interface refers to itself (see https://go.dev/issue/56103)");
			for (u32 m = 0; m < f.m.cap; m++)
				if (f.m.key[m])
					f.m.val[m] = 1;     /* once is enough */
		}
	}
}

/* gc complains of a size where the thing of that type is declared: at the first name of the declaration or field around n, which is the
 * next one in the order of nodes. */
static Pos declared_at(const File *f, NodeId n)
{
	Pos at = node_at(f, n)->pos;
	for (NodeId m = n + 1; m < f->nnode; m++) {
		const Node *d = node_at(f, m);
		if (d->kind == NodeBlock || d->kind == NodeFuncDecl)
			return at;
		if (d->kind == NodeVarDecl && list_len(f, d->a))
			return node_at(f, list_at(f, d->a, 0))->pos;
		if ((d->kind == NodeTypeDecl || d->kind == NodeField) && d->a)
			return node_at(f, d->a)->pos;
	}
	return at;
}

/* gc's limits on sizes. */
static void large_types(Check *c)
{
	for (u32 i = 0; i < c->pkg->nfile; i++) {
		File *f = c->pkg->file[i];
		for (NodeId n = 1; n < f->nnode; n++) {
			NodeKind kind = node_kind(f, n);
			Type *t = kind == NodeChanType || kind == NodeArrayType ? f->info[n].type : NULL;
			if (!t || types_has_tparam(t) || type_is_invalid(t))
				continue;
			if (t->kind == KindChan && types_layout(c->k, t->elem)->size >= 1 << 16)
				err_at(c, declared_at(f, n), "channel element type too large (>64kB)");
			Layout *l = t->kind == KindArray ? types_layout(c->k, t) : NULL;
			if (l && (l->size < 0 || l->size >= (i64)1 << 50))
				err_at(c, declared_at(f, n), "type %s larger than address space", s_type(c, t));
		}
	}
}

static bool hard_errors(const Diag *d)
{
	for (u32 i = 0; i < d->v.n; i++)
		if (!d->v.a[i].soft)
			return true;
	return false;
}

void types_finish(Checker *k, Pkg *p)
{
	PkgPriv *v = pkg_priv(p);
	for (u32 i = 0; i < p->nobj; i++)
		if (p->obj[i]->kind == ObjFunc && p->obj[i]->fn.body)
			types_body(k, p->obj[i]->fn.body);
		else if (p->obj[i]->kind == ObjVar && p->obj[i]->var.body)
			types_body(k, p->obj[i]->var.body);
	types_initorder(k, p);
	Check *c = check_open(k, p);
	unused_imports(c);
	if (!p->nerror)
		mono_check(c);
	if (!p->nerror && p->main_module && !k->test_builtins) {
		interface_cycles(c);
		large_types(c);
		check_linknames(c);
		check_embeds(c);
	}
	if (!p->nerror && !hard_errors(p->diag) && !p->ignore_missing_body)
		missing_bodies(c);
	v->phase = 3;
	check_close(c);
}
