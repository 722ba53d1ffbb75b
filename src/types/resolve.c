/* resolve: the names of a package. Files are walked once; package-level objects get their declarations attached but stay untyped,
 * imports fill file scopes, methods are gathered under the base type they name.
 */
#include <stdatomic.h>
#include "check.h"

DeclInfo *check_decl_info(const Pkg *p, Obj *o)
{
	PkgPriv *v = pkg_priv(p);
	return v ? map_getp(&v->decl, o) : NULL;
}

Scope *check_file_scope(const Pkg *p, const File *f) { return pkg_priv(p)->fscope[f->index]; }

typedef struct MethodInfo { Obj *obj; bool ptr; Name *recv; } MethodInfo;
typedef struct Collect {
	Check *c;
	Pkg *p;
	PkgPriv *v;
	File *f;
	Scope *fs;
	VEC(Obj *) objs;
	VEC(MethodInfo) methods;
	u32 ninit;
} Collect;

static DeclInfo *new_decl(Collect *x, NodeId decl)
{
	DeclInfo *d = arena_new(x->c->ar, DeclInfo);
	d->file = x->f;
	d->fscope = x->fs;
	d->version = x->c->env.version;
	d->decl = decl;
	d->iota = -1;
	return d;
}

static void enter(Collect *x, Obj *o, DeclInfo *d)
{
	o->flags |= ObjGlobal;
	o->decl = d->decl;
	map_putp(x->c->ar, &x->v->decl, o, d);
	vec_push(x->c->ar, &x->objs, o);
	o->order = x->objs.n;
}

static void declare_pkg_obj(Collect *x, NodeId id, Obj *o, DeclInfo *d)
{
	Check *c = x->c;
	if (!strcmp(o->name->s, "init")) {
		err_node(c, id, "cannot declare init - must be func");
		return;
	}
	if (!strcmp(o->name->s, "main") && x->p->name && !strcmp(x->p->name->s, "main")) {
		err_node(c, id, "cannot declare main - must be func");
		return;
	}
	check_declare(c, x->p->scope, id, o);
	enter(x, o, d);
}

/* ---- imports ---- */

static bool valid_path(Check *c, NodeId n, const char *s, u32 len)
{
	if (len == 0) {
		err_node(c, n, "invalid import path (empty string)");
		return false;
	}
	for (const char *e = s + len; s < e;) {
		u32 r;
		int k = utf8_decode(s, e, &r);
		if (r <= ' ' || !rune_is_print(r) || (r < 0x80 && strchr("!\"#$%&'()*,:;<=>?[\\]^{|}`", (int)r)) || r == RUNE_ERROR) {
			char show[8] = { 0 };
			utf8_encode(show, r);
			if (rune_is_print(r))
				err_node(c, n, "invalid import path (invalid character U+%04X '%s')", r, show);
			else
				err_node(c, n, "invalid import path (invalid character U+%04X)", r);
			return false;
		}
		s += k;
	}
	return true;
}

static Pkg *fake_pkg(Check *c, const char *path)
{
	Pkg *p = k_new(c->k, Pkg);
	const char *slash = strrchr(path, '/');
	p->path = path;
	p->name = intern_str(slash ? slash + 1 : path);
	p->fake = true;
	p->chk = c->k;
	p->scope = scope_new(c->ar, c->k->universe);
	return p;
}

static void dot_import(Collect *x, NodeId local, Obj *pkgname, Pkg *imp)
{
	Check *c = x->c;
	for (u32 i = 0; imp->scope && i < imp->scope->names.cap; i++) {
		Name *name = (Name *)(uintptr_t)imp->scope->names.key[i];
		if (!name || !name->exported)
			continue;
		Obj *o = (Obj *)(uintptr_t)imp->scope->names.val[i], *alt = scope_find(x->fs, name);
		if (alt) {
			Err e;
			err_new(c, &e);
			err_add(&e, node_at(x->f, local)->pos, "%s redeclared in this block", alt->name->s);
			err_altdecl(&e, alt);
			err_report(&e);
			continue;
		}
		map_putp(c->ar, &x->fs->names, name, o);
		map_put(c->ar, &x->v->dotimport, hash_mix(hash_mix(1, (u64)(uintptr_t)x->fs), (u64)(uintptr_t)name) | 1, (u64)(uintptr_t)pkgname);
	}
}

static void collect_import(Collect *x, NodeId n)
{
	Check *c = x->c;
	const Node *d = node_at(x->f, n);
	if (!d->b || (node_at(x->f, d->b)->flag & FlagBad))
		return;
	u32 len = 0;
	const char *path = lit_string(c->ar, x->f, d->b, &len);
	if (!path || !valid_path(c, d->b, path, len))
		return;
	Pkg *imp;
	if (!strcmp(path, "unsafe"))
		imp = c->k->unsafe_pkg;
	else
		imp = c->k->import ? c->k->import(c->k->import_arg, x->p, path, node_at(x->f, d->b)->pos) : NULL;
	if (!imp)
		imp = fake_pkg(c, path);
	Name *name = d->a ? node_name(x->f, d->a) : imp->name;
	if (d->a && !strcmp(path, "C")) {
		err_node(c, d->a, "cannot rename import \"C\"");
		return;
	}
	if (!strcmp(name->s, "init")) {
		err_node(c, n, "cannot import package as init - init must be a func");
		return;
	}
	Obj *o = obj_new(c, ObjPkgName, d->pos, name, c->k->typ[KindInvalid]);
	o->pkgname.imported = imp;
	o->decl = n;
	if (imp->fake)
		o->flags |= ObjUsed;
	if (d->a)
		check_record_def(c, d->a, o);
	vec_push(c->ar, &x->v->imports, o);
	if (!strcmp(name->s, "."))
		dot_import(x, d->a, o, imp);
	else
		check_declare(c, x->fs, 0, o);
}

/* ---- constants, variables, types ---- */

void check_arity(Check *c, Pos pos, ListId names, NodeId values, bool constdecl, bool inherited)
{
	File *f = c->env.file;
	u32 l = list_len(f, names), r = expr_count(f, values);
	if (l < r) {
		NodeId n = expr_item(f, values, l);
		if (inherited)
			err_at(c, pos, "extra init expr at %s", s_pos(c, node_at(f, n)->pos));
		else
			err_node(c, n, "extra init expr %s", s_expr(c, n));
	} else if (l > r && (constdecl || r != 1)) {
		NodeId n = list_at(f, names, r);
		err_node(c, n, "missing init expr for %s", node_name(f, n)->s);
	}
}

typedef struct ConstGroup { u32 group; bool open; u32 first; NodeId last; } ConstGroup;

static void collect_const(Collect *x, NodeId n, u32 index, ConstGroup *g)
{
	const Node *d = node_at(x->f, n);
	if (!g->open || !d->op || d->op != g->group) {
		*g = (ConstGroup){ .group = d->op, .open = true, .first = index };
	}
	bool inherited = true;
	if (decl_part(x->f, n, 0) || decl_part(x->f, n, 1)) {
		g->last = n;
		inherited = false;
	} else if (!g->last) {
		inherited = false;
	}
	NodeId typ = g->last ? decl_part(x->f, g->last, 0) : 0, values = g->last ? decl_part(x->f, g->last, 1) : 0;
	u32 nv = expr_count(x->f, values);
	for (u32 i = 0; i < list_len(x->f, d->a); i++) {
		NodeId id = list_at(x->f, d->a, i);
		Obj *o = obj_new(x->c, ObjConst, node_at(x->f, id)->pos, node_name(x->f, id), NULL);
		DeclInfo *di = new_decl(x, n);
		di->obj = o;
		di->iota = index - g->first;
		di->vtyp = typ;
		di->init = i < nv ? expr_item(x->f, values, i) : 0;
		di->inherited = inherited;
		declare_pkg_obj(x, id, o, di);
	}
	check_arity(x->c, d->pos, d->a, values, true, inherited);
}

static void collect_var(Collect *x, NodeId n)
{
	Check *c = x->c;
	const Node *d = node_at(x->f, n);
	NodeId typ = decl_part(x->f, n, 0), values = decl_part(x->f, n, 1);
	u32 cnt = list_len(x->f, d->a), nv = expr_count(x->f, values);
	bool shared = nv == 1 && cnt > 1;
	Obj **lhs = arena_array(c->ar, Obj *, cnt);
	DeclInfo *d1 = NULL;
	for (u32 i = 0; i < cnt; i++) {
		NodeId id = list_at(x->f, d->a, i);
		Obj *o = lhs[i] = obj_new(c, ObjVar, node_at(x->f, id)->pos, node_name(x->f, id), NULL);
		o->flags |= ObjGlobal;
		DeclInfo *di = d1;
		if (!di) {
			di = new_decl(x, n);
			di->obj = o;
			di->vtyp = typ;
			di->init = shared ? expr_item(x->f, values, 0) : i < nv ? expr_item(x->f, values, i) : 0;
			if (di->init) {
				Body *b = di->body = arena_new(c->ar, Body);
				b->init = di->init;
				b->file = x->f;
				b->pkg = x->p;
				b->lhs = shared ? lhs : arena_array(c->ar, Obj *, 1);
				b->lhs[0] = o;
				b->nlhs = shared ? cnt : 1;
			}
			if (shared) {
				d1 = di;
				di->lhs = lhs;
				di->nlhs = cnt;
			}
		}
		o->var.init = di->init;
		o->var.body = di->body;
		declare_pkg_obj(x, id, o, di);
	}
	if (!typ || values)
		check_arity(c, d->pos, d->a, values, false, false);
}

/* ---- functions ---- */

static u32 func_range(const File *f, NodeId decl)
{
	u32 lo = 0, hi = f->nfunc;
	while (lo < hi) {
		u32 m = (lo + hi) / 2;
		if (f->func[m].decl < decl)
			lo = m + 1;
		else
			hi = m;
	}
	return lo;
}

static void check_special(Collect *x, NodeId n, NodeId name, const char *what)
{
	Check *c = x->c;
	NodeId tps = decl_part(x->f, n, 1), ft = decl_part(x->f, n, 2);
	if (tps && list_len(x->f, node_at(x->f, tps)->a))
		err_soft(c, node_start(x->f, list_at(x->f, node_at(x->f, tps)->a, 0)), "func %s must have no type parameters", what);
	if (list_len(x->f, node_at(x->f, ft)->a) || list_len(x->f, node_at(x->f, ft)->b))
		err_soft(c, node_at(x->f, name)->pos, "func %s must have no arguments and no return values", what);
}

static void collect_func(Collect *x, NodeId n)
{
	Check *c = x->c;
	const Node *d = node_at(x->f, n);
	NodeId recv = decl_part(x->f, n, 0), tps = decl_part(x->f, n, 1), block = decl_part(x->f, n, 3);
	Name *name = node_name(x->f, d->a);
	Obj *o = obj_new(c, ObjFunc, node_at(x->f, d->a)->pos, name, NULL);
	bool init = !recv && !strcmp(name->s, "init"), special = init;
	if (!recv && !strcmp(name->s, "main") && x->p->name && !strcmp(x->p->name->s, "main"))
		special = true;
	o->fn.range = func_range(x->f, n);
	DeclInfo *di = new_decl(x, n);
	di->obj = o;
	if (block) {
		Body *b = o->fn.body = di->body = arena_new(c->ar, Body);
		b->fn = o;
		b->file = x->f;
		b->pkg = x->p;
	}
	if (special)
		check_special(x, n, d->a, name->s);
	if (!recv && init) {
		o->parent = x->p->scope;
		o->index = x->ninit++;
		if (!block)
			err_soft(c, o->pos, "func init must have a body");
	} else if (!recv) {
		check_declare(c, x->p->scope, 0, o);     /* nobody asks the name's node, and it stands among untouched pages */
	} else {
		NodeId base = node_unparen(x->f, node_at(x->f, recv)->b);
		bool ptr = false;
		if (node_kind(x->f, base) == NodeStar) {
			ptr = true;
			base = node_unparen(x->f, node_at(x->f, base)->a);
		}
		if (node_kind(x->f, base) == NodeIndex)
			base = node_at(x->f, base)->a;
		if (node_kind(x->f, base) == NodeName && !name_blank(name))
			vec_push(c->ar, &x->methods, (MethodInfo){ o, ptr, node_name(x->f, base) });
	}
	if (tps && !special && list_len(x->f, node_at(x->f, tps)->a))
		check_version(c, node_start(x->f, list_at(x->f, node_at(x->f, tps)->a, 0)), 18, "type parameter");
	enter(x, o, di);
}

/* ---- methods ---- */

typedef struct MethodList { VEC(Obj *) v; } MethodList;

/* The type name a receiver's base name finally stands for, through alias declarations. */
static Obj *resolve_base(Collect *x, bool *ptr, Name *name)
{
	for (int depth = 0; name && depth < 1000; depth++) {
		Obj *o = scope_find(x->p->scope, name);
		if (!o || o->kind != ObjTypeName)
			return NULL;
		DeclInfo *d = check_decl_info(x->p, o);
		if (!d)
			return NULL;
		const Node *n = node_at(d->file, d->decl);
		if (!(n->flag & FlagAlias))
			return o;
		if (decl_part(d->file, d->decl, 0))
			return NULL;
		NodeId t = node_unparen(d->file, decl_part(d->file, d->decl, 1));
		if (t && node_kind(d->file, t) == NodeStar) {
			if (*ptr)
				return NULL;
			*ptr = true;
			t = node_unparen(d->file, node_at(d->file, t)->a);
		}
		name = t && node_kind(d->file, t) == NodeName ? node_name(d->file, t) : NULL;
	}
	return NULL;
}

static void attach_methods(Collect *x)
{
	for (u32 i = 0; i < x->methods.n; i++) {
		MethodInfo *m = &x->methods.a[i];
		bool ptr = m->ptr;
		Obj *base = resolve_base(x, &ptr, m->recv);
		if (!base)
			continue;
		if (ptr)
			m->obj->flags |= ObjPtrRecv;
		u64 *slot = map_slot(x->c->ar, &x->v->methods, (u64)(uintptr_t)base);
		if (!*slot)
			*slot = (u64)(uintptr_t)arena_new(x->c->ar, MethodList);
		vec_push(x->c->ar, &((MethodList *)(uintptr_t)*slot)->v, m->obj);
	}
}

/* ---- the whole ---- */

static void check_scopes(Collect *x)
{
	Check *c = x->c;
	for (u32 i = 0; i < x->p->nfile; i++) {
		Scope *s = x->v->fscope[i];
		for (u32 j = 0; j < s->names.cap; j++) {
			Name *name = (Name *)(uintptr_t)s->names.key[j];
			Obj *o = (Obj *)(uintptr_t)s->names.val[j];
			Obj *alt = name ? scope_find(x->p->scope, name) : NULL;
			if (!alt)
				continue;
			Err e;
			err_new(c, &e);
			if (o->kind == ObjPkgName) {
				const Pkg *ip = o->pkgname.imported;
				err_add(&e, alt->pos, "%s already declared through import of package %s (\"%s\")", name->s, ip->name->s, ip->path);
			} else {
				err_add(&e, alt->pos, "%s already declared through dot-import of package %s (\"%s\")", name->s, o->pkg->name->s, o->pkg->path);
			}
			err_altdecl(&e, o);
			err_report(&e);
		}
	}
}

static void collect_file(Collect *x)
{
	ConstGroup g = { 0 };
	ListId l = x->f->decls;
	for (u32 i = 0; i < list_len(x->f, l); i++) {
		NodeId n = list_at(x->f, l, i);
		if (node_kind(x->f, n) != NodeConstDecl)
			g.open = false;
		switch (node_kind(x->f, n)) {
		case NodeImportDecl: collect_import(x, n); break;
		case NodeConstDecl: collect_const(x, n, i, &g); break;
		case NodeVarDecl: collect_var(x, n); break;
		case NodeFuncDecl: collect_func(x, n); break;
		case NodeTypeDecl: {
			NodeId id = node_at(x->f, n)->a;
			Obj *o = obj_new(x->c, ObjTypeName, node_at(x->f, id)->pos, node_name(x->f, id), NULL);
			DeclInfo *d = new_decl(x, n);
			d->obj = o;
			declare_pkg_obj(x, id, o, d);
			break;
		}
		default: break;
		}
	}
}

static void file_version(Collect *x)
{
	Check *c = x->c;
	int v = version_parse(x->f->goversion), cur = version_parse(c->k->goversion);
	c->env.version = x->v->version;
	if (!v)
		return;
	c->env.version = v > 21 ? v : 21;
	if (v > cur)
		err_at(c, x->f->pkgpos, "file requires newer Go version go1.%d", v);
}

void types_collect(Checker *k, Pkg *p)
{
	PkgPriv *v = k_new(k, PkgPriv);
	p->cpriv = v;
	p->chk = k;
	p->scope = k_new(k, Scope);
	p->scope->parent = k->universe;
	v->version = version_parse(p->goversion ? p->goversion : k->goversion);
	v->fscope = k_array(k, Scope *, p->nfile + 1);
	inst_map_init(k, p);
	if (k->test_builtins)
		universe_test_builtins(k);
	Check *c = check_open(k, p);
	u64 nnode = 0;
	for (u32 i = 0; i < p->nfile; i++)
		nnode += p->file[i]->nnode + 1;
	/* most of it is never looked at: pages of its own, touched as bodies are checked */
	ExprInfo *info = arena_fresh(c->ar, nnode * sizeof *info, false);
	Collect x = { .c = c, .p = p, .v = v };
	if (v->version > version_parse(k->goversion) && p->nfile)
		err_at(c, p->file[0]->pkgpos, "package requires newer Go version go1.%d (application built with %s)", v->version, k->goversion);
	for (u32 i = 0; i < p->nfile; i++) {
		x.f = p->file[i];
		x.f->index = i;
		x.f->info = info;
		info += x.f->nnode + 1;
		x.f->info[0].type = (Type *)p;
		x.fs = v->fscope[i] = scope_new(c->ar, p->scope);
		c->env.file = x.f;
		c->env.scope = x.fs;
		if (x.f->pkgname && name_blank(x.f->pkgname))
			err_at(c, x.f->pkgpos, "invalid package name _");
		else if (x.f->pkgname && p->name && x.f->pkgname != p->name) {
			err_at(c, x.f->pkgpos, "package %s; expected package %s", x.f->pkgname->s, p->name->s);
			continue;
		}
		file_version(&x);
		collect_file(&x);
	}
	check_scopes(&x);
	attach_methods(&x);
	p->obj = x.objs.a;
	p->nobj = x.objs.n;
	v->phase = 1;
	check_close(c);
}
