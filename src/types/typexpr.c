/* typexpr: type expressions, identifiers and signatures.
 *
 * Composite types are built bottom up; recursion goes through named types, whose nodes exist before their right sides. Whatever needs
 * complete types (map keys, embedded types, constraint interfaces used as variables) is queued with check_later.
 */
#include <stdatomic.h>
#include "check.h"

#define NODE(c, n) node_at((c)->env.file, n)

/* ---- identifiers ---- */

static void use_dot_import(Check *c, Scope *where, const Name *name)
{
	PkgPriv *v = pkg_priv(c->pkg);
	if (!v->dotimport.n)
		return;
	Obj *p = (Obj *)(uintptr_t)map_get(&v->dotimport, hash_mix(hash_mix(1, (u64)(uintptr_t)where), (u64)(uintptr_t)name) | 1);
	if (p)
		obj_set(p, ObjUsed);
}

/* x becomes what the Name node n stands for. */
void check_ident(Check *c, Operand *x, NodeId n, bool want_type)
{
	*x = (Operand){ .mode = ModeInvalid, .file = c->env.file, .expr = n, .type = c->k->typ[KindInvalid] };
	Name *name = node_name(c->env.file, n);
	Scope *where = NULL;
	Obj *o = check_lookup_scope(c, name, &where);
	if (!o) {
		if (name_blank(name))
			err_node(c, n, "cannot use _ as value or type");
		else
			err_node(c, n, "undefined: %s", name->s);
		return;
	}
	if (where == c->k->universe && (o == c->k->t_comparable->named.obj || o->type == c->k->t_any) &&
	    !check_version(c, NODE(c, n)->pos, 18, "predeclared %s", name->s))
		return;
	bool is_type = o->kind == ObjTypeName;
	if (!is_type && want_type) {
		check_record_use(c, n, o);
		err_node(c, n, "%s (%s) is not a type", o->name->s, s_kind(o));
		if (o->kind == ObjVar && o->pkg == c->pkg)
			obj_set(o, ObjUsed);
		return;
	}
	if (!o->type || (is_type && want_type && o->pkg == c->pkg))
		check_obj(c, o);
	Type *t = o->type;
	if (!t)
		bug("no type for %s", o->name->s);
	use_dot_import(c, where, name);
	check_use(c, n, o);
	switch (o->kind) {
	case ObjPkgName:
		err_node(c, n, "use of package %s not in selector", o->name->s);
		return;
	case ObjConst:
		if (type_is_invalid(t))
			return;
		if (where == c->k->universe && !strcmp(name->s, "iota")) {
			if (c->env.iota < 0) {
				err_node(c, n, "cannot use iota outside constant declaration");
				return;
			}
			x->val = const_make_int(c->ar, c->env.iota);
		} else {
			x->val = o->val;
		}
		x->mode = ModeConst;
		break;
	case ObjTypeName:
		x->mode = ModeType;
		break;
	case ObjVar:
		if (type_is_invalid(t))
			return;
		x->mode = ModeVar;
		break;
	case ObjFunc:
		x->mode = ModeValue;
		break;
	case ObjBuiltin:
		x->id = o->builtin;
		x->mode = ModeBuiltin;
		break;
	case ObjNil:
		x->mode = ModeNil;
		break;
	default:
		bug("identifier for an object of kind %d", o->kind);
	}
	x->type = t;
}

/* ---- entry points ---- */

static Type *type_internal(Check *c, NodeId n, Obj *def);

Type *check_def_type(Check *c, NodeId n, Obj *def)
{
	Type *t = type_internal(c, n, def);
	if (type_is_generic(t)) {
		err_node(c, n, "cannot use generic type %s without instantiation", s_type(c, t));
		t = c->k->typ[KindInvalid];
	}
	check_record_type(c, n, ModeType, t);
	return t;
}

Type *check_type(Check *c, NodeId n) { return check_def_type(c, n, NULL); }

static void check_var_iface(Check *c, void *arg, NodeId n)
{
	Type *t = arg, *u = types_under(t);
	if (u->kind != KindInterface)
		return;
	TypeSet *s = typeset_compute(c, c->k, node_start(c->env.file, n), u);
	if (typeset_is_method_set(s))
		return;
	err_soft(c, node_start(c->env.file, n), "cannot use type %s outside a type constraint: interface %s", s_type(c, t),
		s->comparable ? "is (or embeds) comparable" : "contains type constraints");
}

/* Only interfaces and names that may turn out to be interfaces matter. */
void check_valid_var_type(Check *c, NodeId n, Type *t)
{
	Type *a = types_unalias(t);
	if (a->kind == KindNamed || a->kind == KindInterface)
		check_later(c, check_var_iface, t, n);
}

Type *check_var_type(Check *c, NodeId n)
{
	Type *t = check_type(c, n);
	check_valid_var_type(c, n, t);
	return t;
}

Type *check_generic_type(Check *c, NodeId n, const char **cause)
{
	Type *t = type_internal(c, n, NULL);
	if (!type_is_invalid(t) && !type_is_generic(t)) {
		if (cause)
			*cause = s_fmt(c, "%s is not a generic type", s_type(c, t));
		t = c->k->typ[KindInvalid];
	}
	check_record_type(c, n, ModeType, t);
	return t;
}

/* ---- literals ---- */

i64 check_array_len(Check *c, NodeId n)
{
	if (node_kind(c->env.file, n) == NodeName) {
		Name *name = node_name(c->env.file, n);
		Obj *o = check_lookup(c, name);
		if (!o) {
			err_node(c, n, "undefined array length %s or missing type constraint", name->s);
			return -1;
		}
		if (o->kind != ObjConst) {
			err_node(c, n, "invalid array length %s", name->s);
			return -1;
		}
	}
	Operand x = { 0 };
	check_const_expr(c, &x, n);
	if (x.mode != ModeConst) {
		if (x.mode != ModeInvalid)
			err_operand(c, &x, "array length %s must be constant", s_operand(c, &x));
		return -1;
	}
	if (type_is_untyped(x.type) || type_is(x.type, IsInteger)) {
		i64 v;
		if (const_int64(x.val, &v) && v >= 0)
			return v;
	}
	err_operand(c, &x, type_is(x.type, IsInteger) ? "invalid array length %s" : "array length %s must be integer", s_operand(c, &x));
	return -1;
}

static void check_map_key(Check *c, void *arg, NodeId n)
{
	Type *key = arg;
	if (!types_comparable(c->k, key))
		err_node(c, n, "invalid map key type %s%s", s_type(c, key), type_is_tparam(key) ? " (missing comparable constraint)" : "");
}

typedef struct EmbedCheck { Type *t; Pos pos; } EmbedCheck;

static void check_embedded(Check *c, void *arg, NodeId n)
{
	EmbedCheck *e = arg;
	bool ptr;
	Type *t = type_deref(e->t, &ptr);
	Type *u = types_under(t);
	(void)n;
	switch (u->kind) {
	case KindUnsafePointer:
		err_at(c, e->pos, "embedded field type cannot be unsafe.Pointer");
		break;
	case KindPointer:
		err_at(c, e->pos, "embedded field type cannot be a pointer");
		break;
	case KindInterface:
		if (type_is_tparam(t))
			err_at(c, e->pos, "embedded field type cannot be a (pointer to a) type parameter");
		else if (ptr)
			err_at(c, e->pos, "embedded field type cannot be a pointer to an interface");
	}
}

static NodeId embedded_name(const File *f, NodeId n)
{
	const Node *e = node_at(f, n);
	switch (e->kind) {
	case NodeName: return n;
	case NodeStar: return node_kind(f, e->a) == NodeStar ? 0 : embedded_name(f, e->a);
	case NodeSelector: return e->b;
	case NodeIndex: return embedded_name(f, e->a);
	}
	return 0;
}

typedef struct Fields { VEC(Obj *) v; VEC(const char *) tag; Map have; } Fields;

static void add_field(Check *c, Fields *s, Pos pos, Name *name, NodeId id, NodeId decl, Type *t, bool embedded, const char *tag)
{
	Obj *o = obj_new(c, ObjVar, pos, name, t);
	o->flags = ObjIsField | (embedded ? ObjEmbedded : 0);
	o->index = s->v.n;
	o->decl = decl;
	if (!name_blank(name)) {
		u64 *slot = map_slot(c->ar, &s->have, (u64)(uintptr_t)name);
		if (*slot) {
			Err e;
			err_new(c, &e);
			err_add(&e, pos, "%s redeclared", name->s);
			err_altdecl(&e, (Obj *)(uintptr_t)*slot);
			err_report(&e);
			return;
		}
		*slot = (u64)(uintptr_t)o;
	}
	vec_push(c->ar, &s->v, o);
	vec_push(c->ar, &s->tag, tag);
	if (id && !embedded)
		check_record_def(c, id, o);
}

static Type *struct_type(Check *c, NodeId n)
{
	File *f = c->env.file;
	ListId l = NODE(c, n)->a;
	Fields s = { 0 };
	Type *t = NULL;
	NodeId prev = 0;
	for (u32 i = 0; i < list_len(f, l); i++) {
		NodeId fn = list_at(f, l, i);
		const Node *fd = node_at(f, fn);
		if (fd->kind != NodeField)
			continue;
		if (!prev || fd->b != prev) {
			t = check_var_type(c, fd->b);
			prev = fd->b;
		}
		NodeId tn = field_tag(f, fn);
		const char *tag = NULL;
		u32 taglen;
		if (tn && !(node_at(f, tn)->flag & FlagBad))
			tag = lit_string(c->ar, f, tn, &taglen);
		if (fd->a) {
			add_field(c, &s, NODE(c, fd->a)->pos, node_name(f, fd->a), fd->a, fn, t, false, tag);
			continue;
		}
		Pos pos = node_start(f, fd->b);
		NodeId name = embedded_name(f, fd->b);
		if (!name) {
			if (node_kind(f, fd->b) != NodeBadExpr)
				err_at(c, pos, "invalid embedded field type %s", s_expr(c, fd->b));
			continue;
		}
		add_field(c, &s, NODE(c, name)->pos, node_name(f, name), name, fn, t, true, tag);
		EmbedCheck *e = arena_new(c->ar, EmbedCheck);
		*e = (EmbedCheck){ t, pos };
		check_later(c, check_embedded, e, 0);
	}
	return types_struct(c->k, s.v.a, s.tag.a, s.v.n);
}

/* ---- unions and interfaces ---- */

typedef struct UnionCheck { Type *u; NodeId *at; } UnionCheck;

static void check_union(Check *c, void *arg, NodeId n)
{
	UnionCheck *x = arg;
	(void)n;
	for (u32 i = 0; i < x->u->un.n; i++) {
		UnionTerm t = x->u->un.term[i];
		if (type_is_invalid(t.type))
			continue;
		Type *u = types_under(t.type);
		if (t.tilde && u->kind == KindInterface) {
			err_node(c, x->at[i], "invalid use of ~ (%s is an interface)", s_type(c, t.type));
			continue;
		}
		if (t.tilde && !types_identical(c->k, u, t.type)) {
			err_node(c, x->at[i], "invalid use of ~ (underlying type of %s is %s)", s_type(c, t.type), s_type(c, u));
			continue;
		}
		if (u->kind == KindInterface) {
			TypeSet *s = types_typeset(c->k, u);
			if (s->nmethod)
				err_node(c, x->at[i], "cannot use %s in union (%s contains methods)", s_term(c, t), s_term(c, t));
			else if (t.type == c->k->t_comparable)
				err_node(c, x->at[i], "cannot use comparable in union");
			else if (s->comparable)
				err_node(c, x->at[i], "cannot use %s in union (%s embeds comparable)", s_term(c, t), s_term(c, t));
			continue;
		}
		for (u32 j = 0; j < i; j++) {
			UnionTerm y = x->u->un.term[j];
			if (type_is_invalid(y.type) || types_is_interface(y.type) || term_disjoint(c->k, y, t))
				continue;
			err_soft(c, node_start(c->env.file, x->at[i]), "overlapping terms %s and %s", s_term(c, t), s_term(c, y));
			break;
		}
	}
}

static void flatten_union(Check *c, NodeId n, void *vec, void *bvec)
{
	struct { NodeId *a; u32 n, cap; } *v = vec, *b = bvec;
	const Node *e = NODE(c, n);
	if (e->kind == NodeBinary && e->op == OpOr) {
		flatten_union(c, e->a, vec, bvec);
		vec_push(c->ar, b, n);
		n = e->b;
	}
	vec_push(c->ar, v, n);
}

static UnionTerm parse_term(Check *c, NodeId n)
{
	NodeId x = n;
	UnionTerm t = { 0 };
	if (NODE(c, n)->kind == NodeUnary && NODE(c, n)->op == OpTilde) {
		x = NODE(c, n)->a;
		t.tilde = true;
	}
	t.type = check_type(c, x);
	if (type_is_tparam(t.type)) {
		if (t.tilde)
			err_node(c, x, "type in term %s cannot be a type parameter", s_expr(c, n));
		else
			err_node(c, x, "term cannot be a type parameter");
		t.type = c->k->typ[KindInvalid];
	}
	return t;
}

static Type *parse_union(Check *c, NodeId n)
{
	VEC(NodeId) at = { 0 }, ops = { 0 };
	flatten_union(c, n, &at, &ops);
	UnionTerm *v = arena_array(c->ar, UnionTerm, at.n);
	u32 cnt = 0;
	bool bad = false;
	for (u32 i = 0; i < at.n; i++) {
		UnionTerm t = parse_term(c, at.a[i]);
		if (at.n == 1 && !t.tilde)
			return t.type;
		if (cnt >= 100) {
			if (!bad)
				err_node(c, at.a[i], "cannot handle more than 100 union terms (implementation limitation)");
			bad = true;
		} else {
			v[cnt++] = t;
		}
	}
	if (bad)
		return c->k->typ[KindInvalid];
	Type *u = type_alloc(c->k, KindUnion);
	u->un.term = v;
	u->un.n = cnt;
	for (u32 i = 0; i < cnt; i++)
		u->flags |= v[i].type->flags & TypeHasTParam;
	check_record_type(c, n, ModeType, u);
	UnionCheck *x = arena_new(c->ar, UnionCheck);
	*x = (UnionCheck){ u, at.a };
	check_later(c, check_union, x, n);
	return u;
}

static void compute_later(Check *c, void *arg, NodeId n)
{
	typeset_compute(c, c->k, NODE(c, n)->pos, arg);
}

static void iface_flags(Type *t)
{
	for (u32 i = 0; i < t->iface.nmethod; i++)
		t->flags |= t->iface.method[i]->type->flags & TypeHasTParam;
	for (u32 i = 0; i < t->iface.nembed; i++)
		t->flags |= t->iface.embed[i]->flags & TypeHasTParam;
}

static Type *interface_type(Check *c, NodeId n, Obj *def)
{
	File *f = c->env.file;
	ListId l = NODE(c, n)->a;
	Type *t = type_alloc(c->k, KindInterface);
	t->flags = TypeIncomplete;
	t->iface.chk = c;
	VEC(Obj *) m = { 0 };
	VEC(Type *) e = { 0 };
	VEC(Pos) ep = { 0 };
	for (u32 i = 0; i < list_len(f, l); i++) {
		const Node *fd = node_at(f, list_at(f, l, i));
		if (fd->kind != NodeField)
			continue;
		if (!fd->a) {
			Type *et = parse_union(c, fd->b);
			vec_push(c->ar, &e, et);
			vec_push(c->ar, &ep, node_start(f, fd->b));
			continue;
		}
		Name *name = node_name(f, fd->a);
		if (name_blank(name)) {
			err_node(c, fd->a, "methods must have a unique non-blank name");
			continue;
		}
		Type *sig = check_type(c, fd->b);
		if (sig->kind != KindFunc)
			continue;
		Type *recv = t;
		if (def && type_named(def->type))
			recv = type_named(def->type);
		sig->fn.recv = obj_new(c, ObjVar, NODE(c, fd->a)->pos, intern("", 0), recv);
		Obj *o = obj_new(c, ObjFunc, NODE(c, fd->a)->pos, name, sig);
		o->flags = ObjIfaceMethod;
		o->fn.recvnamed = recv;
		check_record_def(c, fd->a, o);
		vec_push(c->ar, &m, o);
	}
	/* methods are kept sorted, as types2 does */
	for (u32 i = 1; i < m.n; i++) {
		Obj *o = m.a[i];
		u32 j = i;
		for (; j > 0 && obj_cmp(m.a[j - 1], o) > 0; j--)
			m.a[j] = m.a[j - 1];
		m.a[j] = o;
	}
	t->iface.method = m.a;
	t->iface.nmethod = m.n;
	t->iface.embed = e.a;
	t->iface.nembed = e.n;
	t->iface.embedpos = ep.a;
	t->flags = 0;
	iface_flags(t);
	if (!m.n && !e.n) {
		TypeSet *s = k_new(c->k, TypeSet);
		s->all = true;
		t->iface.tset = s;
	} else {
		check_later(c, compute_later, t, n);
	}
	return t;
}

/* Constraint: ~T and A|B stand for interfaces that hold them. */
Type *check_bound(Check *c, NodeId n)
{
	const Node *e = NODE(c, n);
	if (!((e->kind == NodeUnary && e->op == OpTilde) || (e->kind == NodeBinary && e->op == OpOr)))
		return check_type(c, n);
	Type *t = type_alloc(c->k, KindInterface);
	t->iface.chk = c;
	Type *u = parse_union(c, n);
	t->iface.embed = k_array(c->k, Type *, 1);
	t->iface.embed[0] = u;
	t->iface.embedpos = k_array(c->k, Pos, 1);
	t->iface.embedpos[0] = node_start(c->env.file, n);
	t->iface.nembed = 1;
	t->iface.implicit = true;
	iface_flags(t);
	check_later(c, compute_later, t, n);
	return t;
}

/* ---- instances ---- */

typedef struct InstCheck { Type *inst; Type **tparams; Type **targs; u32 n; NodeId x; const NodeId *xlist; Pos pos; } InstCheck;

static void check_inst(Check *c, void *arg, NodeId n)
{
	InstCheck *i = arg;
	Type *t = i->inst;
	bool alias = t->kind == KindAlias;
	Type **tp = alias ? t->alias.tparams : t->named.origin->named.tparams;
	u32 np = alias ? t->alias.ntparams : t->named.origin->named.ntparams;
	(void)n;
	if (np != i->n) {
		err_at(c, i->pos, "%s type arguments for type %s: have %u, want %u", i->n < np ? "not enough" : "too many",
			alias ? t->alias.obj->name->s : t->named.obj->name->s, i->n, np);
		return;
	}
	const char *cause = "";
	int bad = check_verify(c, i->pos, tp, i->targs, i->n, &cause);
	if (bad >= 0)
		err_soft(c, node_start(c->env.file, i->xlist[bad]), "%s", cause);
	else
		mono_instance(c, i->pos, tp, i->targs, i->n, i->xlist, i->n);
}

static Type *instantiated_type(Check *c, NodeId n)
{
	File *f = c->env.file;
	NodeId x = NODE(c, n)->a, idx = NODE(c, n)->b;
	u32 cnt = expr_count(f, idx);
	NodeId *xlist = arena_array(c->ar, NodeId, cnt);
	for (u32 i = 0; i < cnt; i++)
		xlist[i] = expr_item(f, idx, i);
	const char *cause = NULL;
	Type *g = check_generic_type(c, x, &cause);
	if (cause) {
		Buf b = { .ar = c->ar };
		for (u32 i = 0; i < cnt; i++)
			buf_printf(&b, "%s%s", i ? ", " : "", s_expr(c, xlist[i]));
		err_node(c, x, "invalid operation: %s[%s] (%s)", s_expr(c, x), buf_str(&b), cause);
	}
	if (type_is_invalid(g))
		return g;
	Type **targs = arena_array(c->ar, Type *, cnt);
	bool bad = false;
	for (u32 i = 0; i < cnt; i++) {
		targs[i] = check_var_type(c, xlist[i]);
		bad |= type_is_invalid(targs[i]);
	}
	if (bad)
		return c->k->typ[KindInvalid];
	Pos pos = NODE(c, x)->pos;
	Type *t = check_instance(c, pos, g, targs, cnt);
	if (type_is_invalid(t))
		return t;
	InstCheck *i = arena_new(c->ar, InstCheck);
	*i = (InstCheck){ t, NULL, targs, cnt, x, xlist, pos };
	check_later(c, check_inst, i, n);
	return t;
}

/* ---- dispatch ---- */

static Type *type_name(Check *c, Operand *x)
{
	switch (x->mode) {
	case ModeType: return x->type;
	case ModeInvalid: break;
	case ModeNovalue: err_operand(c, x, "%s used as type", s_operand(c, x)); break;
	default: err_operand(c, x, "%s is not a type", s_operand(c, x));
	}
	return c->k->typ[KindInvalid];
}

static Type *type_internal1(Check *c, NodeId n, Obj *def)
{
	const Node *e = NODE(c, n);
	Type *bad = c->k->typ[KindInvalid];
	Operand x;
	switch (e->kind) {
	case NodeBadExpr:
		return bad;
	case NodeName:
		check_ident(c, &x, n, true);
		return type_name(c, &x);
	case NodeSelector:
		x = (Operand){ .file = c->env.file, .expr = n, .type = bad };
		check_selector(c, &x, n, true);
		return type_name(c, &x);
	case NodeIndex:
		check_version(c, node_start(c->env.file, n), 18, "type instantiation");
		return instantiated_type(c, n);
	case NodeParen:
		return check_def_type(c, e->a, def);
	case NodeArrayType: {
		i64 len = -1;
		if (e->a)
			len = check_array_len(c, e->a);
		else
			err_node(c, n, "invalid use of [...] array (outside a composite literal)");
		Type *el = check_var_type(c, e->b);
		return len >= 0 ? types_array(c->k, el, len) : bad;
	}
	case NodeSliceType:
		return types_slice(c->k, check_var_type(c, e->a));
	case NodeDotsType:
		err_node(c, n, "invalid use of ...");
		check_var_type(c, e->a);
		return bad;
	case NodeStructType:
		return struct_type(c, n);
	case NodeStar: {
		Type *b = check_var_type(c, e->a);
		return type_is_invalid(b) ? bad : types_pointer(c->k, b);
	}
	case NodeFuncType:
		return check_sig(c, n, 0, 0);
	case NodeInterfaceType:
		return interface_type(c, n, def);
	case NodeMapType: {
		Type *key = check_var_type(c, e->a), *val = check_var_type(c, e->b);
		check_later(c, check_map_key, key, e->a);
		return types_map(c->k, key, val);
	}
	case NodeChanType:
		return types_chan(c->k, e->op == 1 ? ChanSendOnly : e->op == 2 ? ChanRecvOnly : ChanBoth, check_var_type(c, e->a));
	}
	err_node(c, n, "%s is not a type", s_expr(c, n));
	check_use_exprs(c, n);
	return bad;
}

static Type *type_internal(Check *c, NodeId n, Obj *def)
{
	if (!n)
		return c->k->typ[KindInvalid];
	Type *t = check_enter(c, n) ? type_internal1(c, n, def) : c->k->typ[KindInvalid];
	check_leave(c);
	return t;
}

/* ---- type parameters ---- */

static Type *declare_tparam(Check *c, NodeId name, u32 index)
{
	Obj *o = obj_new(c, ObjTypeName, NODE(c, name)->pos, node_name(c->env.file, name), NULL);
	Type *t = type_new_tparam(c->k, o, c->k->typ[KindInvalid], index);
	check_declare(c, c->env.scope, name, o);
	return t;
}

/* Declares the parameters of the List node fields, then their bounds. The list is visible (in *dst) while bounds are checked. */
void check_collect_tparams(Check *c, NodeId fields, Type ***dst, u32 *ndst)
{
	File *f = c->env.file;
	ListId l = NODE(c, fields)->a;
	u32 n = list_len(f, l);
	Type **v = k_array(c->k, Type *, n);
	for (u32 i = 0; i < n; i++)
		v[i] = declare_tparam(c, node_at(f, list_at(f, l, i))->a, i);
	*dst = v;
	*ndst = n;
	bool saved = c->env.in_tparams;
	c->env.in_tparams = true;
	Type *bound = NULL;
	NodeId prev = 0;
	for (u32 i = 0; i < n; i++) {
		NodeId bt = node_at(f, list_at(f, l, i))->b;
		if (!prev || bt != prev) {
			bound = check_bound(c, bt);
			if (type_is_tparam(bound)) {
				err_node(c, bt, "cannot use a type parameter as constraint");
				bound = c->k->typ[KindInvalid];
			}
			prev = bt;
		}
		v[i]->tparam.bound = bound;
	}
	c->env.in_tparams = saved;
}

/* ---- signatures ---- */

typedef struct Params { VEC(Obj *) v; VEC(NodeId) names; bool variadic; } Params;

static void collect_params(Check *c, ListId l, bool results, Params *p)
{
	File *f = c->env.file;
	Type *t = NULL;
	NodeId prev = 0;
	u32 n = list_len(f, l);
	for (u32 i = 0; i < n; i++) {
		NodeId fn = list_at(f, l, i);
		const Node *fd = node_at(f, fn);
		if (fd->kind != NodeField)
			continue;
		if (!prev || fd->b != prev) {
			prev = fd->b;
			NodeId ft = fd->b;
			if (node_kind(f, ft) == NodeDotsType) {
				if (!results && i == n - 1)
					p->variadic = true;
				else
					err_node(c, ft, "invalid use of ...");
				ft = node_at(f, ft)->a;
			}
			t = check_var_type(c, ft);
		}
		Obj *o = obj_new(c, ObjVar, fd->a ? NODE(c, fd->a)->pos : fd->pos, fd->a ? node_name(f, fd->a) : intern("", 0), t);
		o->flags = results ? ObjIsResult : ObjIsParam;
		o->decl = fn;
		vec_push(c->ar, &p->v, o);
		vec_push(c->ar, &p->names, fd->a);
	}
	if (p->variadic) {
		Obj *last = vec_last(&p->v);
		last->type = types_slice(c->k, last->type);
		check_record_type(c, node_at(f, list_at(f, l, n - 1))->b, ModeType, last->type);
	}
}

static void declare_params(Check *c, Params *p)
{
	for (u32 i = 0; i < p->v.n; i++)
		if (p->names.a[i] && p->v.a[i]->name->len)
			check_declare(c, c->env.scope, p->names.a[i], p->v.a[i]);
}

static void check_recv(Check *c, void *arg, NodeId n)
{
	Obj *recv = arg;
	bool ptr;
	Type *r = type_deref(recv->type, &ptr), *a = types_unalias(r);
	if (type_is_invalid(a))
		return;
	if (a->kind == KindNamed) {
		if (a->named.obj->pkg != c->pkg) {
			err_node(c, n, "cannot define new methods on non-local type %s", s_type(c, r));
			return;
		}
		TypeKind u = types_under(a)->kind;
		const char *why = u == KindUnsafePointer ? "unsafe.Pointer" : u == KindPointer || u == KindInterface ? "pointer or interface type" : NULL;
		if (why)
			err_node(c, n, "invalid receiver type %s (%s)", s_type(c, r), why);
	} else if (a->kind <= KindLastBasic) {
		err_node(c, n, "cannot define new methods on non-local type %s", s_type(c, r));
	} else {
		err_node(c, n, "invalid receiver type %s", s_type(c, recv->type));
	}
}

static Type *unpointer(Type *t)
{
	while (t && t->kind == KindPointer)
		t = t->elem;
	return t;
}

/* Receiver of a generic type, with the names for its type parameters. */
static Type *generic_recv(Check *c, NodeId rtype, NodeId base, NodeId index, bool ptr, Type *sig)
{
	File *f = c->env.file;
	Type *bad = c->k->typ[KindInvalid], *g = NULL;
	const char *cause = NULL;
	Type *t = check_generic_type(c, base, &cause);
	if (!type_is_invalid(t)) {
		if (t->kind == KindNamed)
			g = t;
		else
			err_node(c, base, "cannot define new methods on generic alias type %s", s_type(c, t));
	} else if (cause) {
		err_node(c, base, "%s", cause);
	}
	u32 n = expr_count(f, index);
	Type **v = k_array(c->k, Type *, n);
	for (u32 i = 0; i < n; i++) {
		NodeId a = expr_item(f, index, i);
		if (node_kind(f, a) == NodeName) {
			v[i] = declare_tparam(c, a, i);
			check_record_use(c, a, v[i]->tparam.obj);
			check_record_type(c, a, ModeType, v[i]);
			continue;
		}
		if (node_kind(f, a) != NodeBadExpr)
			err_node(c, a, "receiver type parameter %s must be an identifier", s_expr(c, a));
		Obj *o = obj_new(c, ObjTypeName, NODE(c, a)->pos, intern("_", 1), NULL);
		v[i] = type_new_tparam(c->k, o, bad, i);
	}
	sig->fn.rtparams = v;
	sig->fn.nrtparams = n;
	if (!g)
		return bad;
	if (g->named.ntparams == n) {
		TypeEnv env = { g->named.tparams, v, n };
		for (u32 i = 0; i < n; i++) {
			mono_canon(c, v[i], g->named.tparams[i]);
			v[i]->tparam.bound = type_subst(c->k, g->named.tparams[i]->tparam.bound, &env);
		}
	} else {
		err_node(c, base, "receiver declares %u type parameter%s, but receiver base type declares %u", n, n == 1 ? "" : "s", g->named.ntparams);
	}
	check_version(c, node_start(f, base), 18, "type instantiation");
	Type *r = check_instance(c, NODE(c, rtype)->pos, g, v, n);
	if (ptr && !type_is_invalid(r))
		r = types_pointer(c->k, r);
	Type *rec = r;
	for (NodeId e = rtype; e; ) {
		check_record_type(c, e, ModeType, rec);
		if (node_kind(f, e) == NodeParen) {
			e = node_at(f, e)->a;
		} else if (node_kind(f, e) == NodeStar && rec->kind == KindPointer) {
			e = node_at(f, e)->a;
			rec = rec->elem;
		} else {
			break;
		}
	}
	return r;
}

static Obj *collect_recv(Check *c, NodeId field, Type *sig)
{
	File *f = c->env.file;
	const Node *fd = node_at(f, field);
	NodeId base = node_unparen(f, fd->b);
	bool ptr = false;
	if (node_kind(f, base) == NodeStar) {
		ptr = true;
		base = node_unparen(f, node_at(f, base)->a);
	}
	Type *t;
	if (node_kind(f, base) == NodeIndex) {
		NodeId index = node_at(f, base)->b;
		base = node_at(f, base)->a;
		t = generic_recv(c, fd->b, base, index, ptr, sig);
	} else {
		t = check_var_type(c, fd->b);
		for (Type *a = unpointer(t); a && a->kind == KindAlias;) {
			Type *b = unpointer(a->alias.rhs);
			if (b && ((b->kind == KindNamed && b->named.ntparams) || (b->kind == KindAlias && b->alias.ntparams))) {
				err_node(c, base, "cannot define new methods on instantiated type %s", s_type(c, b));
				t = c->k->typ[KindInvalid];
				break;
			}
			a = b;
		}
	}
	Obj *o = obj_new(c, ObjVar, fd->a ? NODE(c, fd->a)->pos : fd->pos, fd->a ? node_name(f, fd->a) : intern("", 0), t);
	o->flags = ObjIsParam | ObjIsRecv;
	o->decl = field;
	check_later(c, check_recv, o, base);
	return o;
}

/* Fills sig, which exists already so that cycles through it end. */
void check_sig_into(Check *c, Type *sig, NodeId ftype, NodeId recv, NodeId tparams)
{
	const Node *e = NODE(c, ftype);
	Scope *s = check_open_scope(c, ftype);
	s->is_func = true;
	sig->fn.scope = s;
	Obj *r = NULL;
	if (recv)
		r = collect_recv(c, recv, sig);
	if (tparams)
		check_collect_tparams(c, tparams, &sig->fn.tparams, &sig->fn.ntparams);
	Params p = { 0 }, q = { 0 };
	collect_params(c, e->a, false, &p);
	collect_params(c, e->b, true, &q);
	if (r && r->name->len)
		check_declare(c, s, NODE(c, recv)->a, r);
	declare_params(c, &p);
	declare_params(c, &q);
	sig->fn.recv = r;
	sig->fn.params = types_tuple(c->k, p.v.a, p.v.n);
	sig->fn.results = types_tuple(c->k, q.v.a, q.v.n);
	sig->variadic = p.variadic;
	sig->flags |= (sig->fn.params->flags | sig->fn.results->flags) & TypeHasTParam;
	if (sig->fn.ntparams)
		sig->flags |= TypeHasTParam;
	c->env.scope = s->parent;
}

Type *check_sig(Check *c, NodeId ftype, NodeId recv, NodeId tparams)
{
	Type *t = types_func(c->k, c->k->t_empty_tuple, c->k->t_empty_tuple, false);
	check_sig_into(c, t, ftype, recv, tparams);
	check_record_type(c, ftype, ModeType, t);
	return t;
}

Scope *check_sig_scope(Check *c, Type *sig)
{
	(void)c;
	return sig->fn.scope;
}
