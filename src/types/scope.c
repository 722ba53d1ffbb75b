/* scope: scopes, objects, checking contexts, and what is written down about uses. */
#include <stdatomic.h>
#include "check.h"
#include "table.h"

/* ---- scopes ---- */

Scope *scope_new(Arena *a, Scope *parent)
{
	Scope *s = arena_new(a, Scope);
	s->parent = parent;
	return s;
}

Obj *scope_find(const Scope *s, const Name *n) { return map_getp(&s->names, n); }

Obj *scope_insert(Arena *a, Scope *s, Obj *o)
{
	u64 *slot = map_slot(a, &s->names, (u64)(uintptr_t)o->name);
	if (*slot)
		return (Obj *)(uintptr_t)*slot;
	*slot = (u64)(uintptr_t)o;
	if (!o->parent)
		o->parent = s;
	return NULL;
}

Obj *check_lookup_scope(const Check *c, const Name *n, Scope **where)
{
	for (Scope *s = c->env.scope; s; s = s->parent) {
		Obj *o = s->names.n ? scope_find(s, n) : NULL;
		if (o) {
			if (where)
				*where = s;
			return o;
		}
	}
	return NULL;
}

Obj *check_lookup(const Check *c, const Name *n) { return check_lookup_scope(c, n, NULL); }

Scope *check_open_scope(Check *c, NodeId n)
{
	Scope *s = scope_new(c->ar, c->env.scope);
	s->start = n ? node_at(c->env.file, n)->pos : 0;
	return c->env.scope = s;
}

void check_declare(Check *c, Scope *s, NodeId id, Obj *o)
{
	if (!name_blank(o->name)) {
		Obj *alt = scope_insert(c->ar, s, o);
		if (alt) {
			Err e;
			err_new(c, &e);
			err_add(&e, o->pos, "%s redeclared in this block", o->name->s);
			err_altdecl(&e, alt);
			err_report(&e);
			return;
		}
	}
	if (!o->parent)
		o->parent = s;
	if (id)
		check_record_def(c, id, o);
}

/* ---- objects ---- */

Obj *obj_new(Check *c, ObjKind kind, Pos pos, Name *name, Type *t)
{
	Obj *o = arena_new(c->ar, Obj);
	o->kind = kind;
	o->pos = pos;
	o->pkg = c->pkg;
	o->name = name;
	o->type = t;
	o->file = c->env.file;
	o->id = k_next_id(c->k);
	return o;
}

void check_add_local(Check *c, Obj *o)
{
	Body *b = c->env.body;
	o->var.func = c->env.func;
	o->var.lit = c->env.lit;
	if (!b || (o->index < b->locals.n && b->locals.a[o->index] == o))
		return;
	o->index = b->locals.n;
	vec_push(c->ar, &b->locals, o);
}

Obj *obj_new_local(Check *c, NodeId name)
{
	const Node *n = node_at(c->env.file, name);
	Obj *o = obj_new(c, ObjVar, n->pos, node_name(c->env.file, name), NULL);
	o->decl = name;
	check_add_local(c, o);
	check_record_def(c, name, o);
	return o;
}

/* ---- uses ---- */

void check_add_dep(Check *c, Obj *o)
{
	Body *b = c->env.body;
	if (!b || o->pkg != c->pkg)
		return;
	if (o->kind == ObjFunc && o->fn.origin)
		o = o->fn.origin;
	if (!check_decl_info(c->pkg, o))
		return;
	u64 key = hash_mix(hash_mix(1, (u64)(uintptr_t)b), (u64)(uintptr_t)o) | 1;
	u64 *slot = map_slot(c->ar, &c->depseen, key);
	if (*slot == (u64)(uintptr_t)o)
		return;
	*slot = (u64)(uintptr_t)o;
	vec_push(c->ar, &b->deps, o);
}

static bool is_local(const Obj *o)
{
	return o->kind == ObjVar && !(o->flags & (ObjGlobal | ObjIsField));
}

void check_use(Check *c, NodeId id, Obj *o)
{
	/* a literal in a constant's initialiser is looked at when the constant is known already */
	if (o->kind == ObjConst && c->env.lit && c->env.decl && c->env.decl->obj && c->env.decl->obj->kind == ObjConst)
		pkg_priv(c->pkg)->value_cycle = true;
	if (id)
		check_record_use(c, id, o);
	if (is_local(o)) {
		u32 f = ObjUsed;
		if (o->var.lit != c->env.lit)
			f |= ObjCaptured;
		if ((o->flags & f) != f)
			obj_set(o, f);
	} else if (o->kind == ObjVar || o->kind == ObjFunc || (o->kind == ObjConst && c->env.decl)) {
		check_add_dep(c, o);
	}
}

/* ---- recording ---- */

void check_record_type(Check *c, NodeId n, u8 mode, Type *t)
{
	ExprInfo *i = check_info(c, n);
	i->mode = mode;
	i->type = t;
}

void check_record_def(Check *c, NodeId id, Obj *o)
{
	ExprInfo *i = check_info(c, id);
	i->obj = o;
	i->flags |= InfoDef | InfoObj;
	if (o && o->type)
		i->type = o->type;
}

void check_record_use(Check *c, NodeId id, Obj *o)
{
	ExprInfo *i = check_info(c, id);
	i->obj = o;
	i->flags |= InfoObj;
}

void check_record_sel(Check *c, NodeId n, Selection *s) { check_info(c, n)->sel = s; }

/* Instances live beside the nodes in a map of the package, since a node's union may hold its object. */
typedef struct InstMap { Lock lock; Arena ar; Map m; } InstMap;

static u64 inst_key(const File *f, NodeId n) { return (u64)f->index << 32 | n; }

void inst_map_init(Checker *k, Pkg *p)
{
	pkg_priv(p)->inst = k_new(k, InstMap);
}

void check_record_inst(Check *c, NodeId n, Obj *fn, Type **targs, u32 ntargs, Type *type)
{
	InstInfo *i = arena_new(c->ar, InstInfo);
	i->obj = fn;
	i->targs = arena_array(c->ar, Type *, ntargs);
	memcpy(i->targs, targs, ntargs * sizeof *targs);
	i->ntargs = ntargs;
	i->type = type;
	check_info(c, n)->flags |= InfoInst;
	InstMap *m = pkg_priv(c->pkg)->inst;
	lock_acquire(&m->lock);
	*map_slot(&m->ar, &m->m, inst_key(c->env.file, n)) = (u64)(uintptr_t)i;
	lock_release(&m->lock);
}

InstInfo *types_inst(const File *f, NodeId n)
{
	if (!(f->info[n].flags & InfoInst))
		return NULL;
	/* info[0] belongs to no node: it leads to the package */
	InstMap *m = pkg_priv((const Pkg *)f->info[0].type)->inst;
	lock_acquire(&m->lock);
	InstInfo *i = (InstInfo *)(uintptr_t)map_get(&m->m, inst_key(f, n));
	lock_release(&m->lock);
	return i;
}

/* ---- contexts ---- */

Check *check_open(Checker *k, Pkg *p)
{
	Tables *t = k->priv;
	lock_acquire(&t->pool_lock);
	Check *c = t->pool;
	if (c)
		t->pool = c->next;
	lock_release(&t->pool_lock);
	if (!c) {
		c = k_new(k, Check);
		c->ar = k_new(k, Arena);
	}
	Arena *ar = c->ar;
	void *ep = c->expr_priv;
	*c = (Check){ .k = k, .pkg = p, .ar = ar, .expr_priv = ep };
	c->env.iota = -1;
	PkgPriv *v = pkg_priv(p);
	c->env.version = v ? v->version : 0;
	c->env.scope = p->scope;
	return c;
}

void check_close(Check *c)
{
	Tables *t = c->k->priv;
	check_delayed(c, 0);
	lock_acquire(&t->pool_lock);
	c->next = t->pool;
	t->pool = c;
	lock_release(&t->pool_lock);
}

void check_later(Check *c, ActionFn *fn, void *arg, NodeId n)
{
	vec_push(c->ar, &c->delayed, (Action){ fn, arg, n, c->env });
}

void check_delayed(Check *c, u32 top)
{
	Env saved = c->env;
	for (u32 i = top; i < c->delayed.n; i++) {
		Action a = c->delayed.a[i];
		c->env = a.env;
		c->env.iota = -1;
		c->env.errpos = 0;
		a.fn(c, a.arg, a.n);
	}
	c->delayed.n = top;
	c->env = saved;
}

bool check_enter(Check *c, NodeId n)
{
	if (++c->depth < CHECK_MAX_DEPTH)
		return true;
	if (c->depth == CHECK_MAX_DEPTH)
		err_node(c, n, "expression nesting depth exceeds limit");
	return false;
}
