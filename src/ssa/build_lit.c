/* Composite literals, function literals, and the objects they make. */
#include "build.h"

ValueId v_new(Build *b, Type *t, u32 flags)
{
	ValueId v = v_n(b, SsaNew, TyPtr, NULL, 0);
	Value *p = &b->f->v.a[v];
	p->flags = (u16)flags;
	p->type = t;
	p->aux = b_size(b, t);
	p->callee = sym_alloc(b->p, t);
	return v;
}

/* ---- composite literals ---- */

static u32 field_named(Type *u, const Name *name)
{
	for (u32 i = 0; i < u->st.n; i++)
		if (u->st.field[i]->name == name)
			return i;
	bug("no field %s", name->s);
}

static NodeId struct_elem(Build *b, NodeId n, Type *u, u32 i, u32 *field)
{
	const Node *nd = node_at(b->file, n);
	NodeId e = list_at(b->file, nd->b, i);
	*field = i;
	if (node_kind(b->file, e) != NodeKeyValue)
		return e;
	*field = field_named(u, node_name(b->file, node_at(b->file, e)->a));
	return node_at(b->file, e)->b;
}

/* What a literal gives to a blank field is evaluated and dropped. */
static bool is_blank_field(const Obj *f)
{
	return f->name->len == 1 && f->name->s[0] == '_';
}

static void struct_into(Build *b, NodeId n, Type *u, ValueId ptr, i64 off, bool stack)
{
	Layout *l = types_layout(b->k, u);
	u32 cnt = list_len(b->file, node_at(b->file, n)->b);
	for (u32 i = 0; i < cnt; i++) {
		u32 f;
		NodeId e = struct_elem(b, n, u, i, &f);
		if (is_blank_field(u->st.field[f])) {
			expr_borrow(b, e);
			continue;
		}
		expr_into(b, e, u->st.field[f]->type, ptr, off + l->offset[f], stack);
	}
}

/* Element i of an array or slice literal; at is its index. */
static NodeId array_elem(Build *b, NodeId n, u32 i, i64 *at)
{
	NodeId e = list_at(b->file, node_at(b->file, n)->b, i);
	if (node_kind(b->file, e) != NodeKeyValue)
		return e;
	const_int64(info_at(b->file, node_at(b->file, e)->a)->val, at);
	return node_at(b->file, e)->b;
}

static i64 array_len(Build *b, NodeId n)
{
	u32 cnt = list_len(b->file, node_at(b->file, n)->b);
	i64 at = 0, max = 0;
	for (u32 i = 0; i < cnt; i++, at++) {
		array_elem(b, n, i, &at);
		if (at + 1 > max)
			max = at + 1;
	}
	return max;
}

static void array_into(Build *b, NodeId n, Type *elem, ValueId ptr, i64 off, bool stack)
{
	u32 cnt = list_len(b->file, node_at(b->file, n)->b);
	i64 size = b_size(b, elem), at = 0;
	for (u32 i = 0; i < cnt; i++, at++) {
		NodeId e = array_elem(b, n, i, &at);
		expr_into(b, e, elem, ptr, off + at * size, stack);
	}
}

static Val complit_of(Build *b, NodeId n, Type *t);

void complit_into(Build *b, NodeId n, Type *t, ValueId ptr, i64 off, bool stack, bool zeroed)
{
	Type *u = types_under(t);
	u32 cnt = list_len(b->file, node_at(b->file, n)->b);
	if (u->kind != KindStruct && u->kind != KindArray) {
		val_store_flags(b, ptr, off, complit_of(b, n, t), FlagNonNil, stack);
		return;
	}
	i64 all = u->kind == KindStruct ? (i64)u->st.n : u->len;
	for (u32 i = 0; u->kind == KindStruct && i < u->st.n; i++)
		all += is_blank_field(u->st.field[i]);
	/* partly filled memory may be scanned while later elements are evaluated */
	if (!zeroed && ((i64)cnt < all || b_has_pointers(b, t)))
		mem_zero(b, ptr, off, t, stack);
	if (u->kind == KindStruct)
		struct_into(b, n, u, ptr, off, stack);
	else
		array_into(b, n, u->elem, ptr, off, stack);
}

static Val struct_parts(Build *b, NodeId n, Type *t, Type *u)
{
	Layout *l = types_layout(b->k, u);
	Part part[4], fp[4];
	u32 np, fn, cnt = list_len(b->file, node_at(b->file, n)->b);
	Val r = val_zero(b, t);
	parts_of(b, t, part, &np);
	for (u32 i = 0; i < cnt; i++) {
		u32 f;
		NodeId e = struct_elem(b, n, u, i, &f);
		Val v = expr_to(b, e, u->st.field[f]->type);
		if (is_blank_field(u->st.field[f]))
			continue;
		parts_of(b, v.t, fp, &fn);
		for (u32 j = 0; j < fn; j++)
			for (u32 k = 0; k < np; k++)
				if (part[k].off == l->offset[f] + fp[j].off)
					r.p[k] = v.p[j];
	}
	return r;
}

static Val slice_lit(Build *b, NodeId n, Type *t, Type *u)
{
	i64 len = array_len(b, n);
	ValueId p = v_new(b, types_array(b->k, u->elem, len), 0);
	array_into(b, n, u->elem, p, 0, false);
	ValueId c = v_int(b, len);
	return (Val){.form = ValParts, .n = 3, .t = t, .p = {p, c, c}};
}

static Val map_lit(Build *b, NodeId n, Type *t, Type *u)
{
	u32 cnt = list_len(b->file, node_at(b->file, n)->b);
	ValueId m;
	if (cnt <= 8)
		m = call_rt1(b, "makemap_small", TyPtr, 0);
	else
		m = call_rt1(b, "makemap", TyPtr, 3, v_rtype(b, t), v_int(b, cnt), v_const(b, TyPtr, 0));
	for (u32 i = 0; i < cnt; i++) {
		const Node *kv = node_at(b->file, list_at(b->file, node_at(b->file, n)->b, i));
		Val key = expr_to(b, kv->a, u->key), v = val_keep(b, expr_to(b, kv->b, u->elem));
		Place p = {.kind = PlaceMap, .t = u->elem, .map = t, .ptr = m, .key = key};
		place_store(b, &p, v);
	}
	return val_1(t, m);
}

/* Literal n as a value of t: its own type or, in an elided &T{...}, what that points to. */
static Val complit_of(Build *b, NodeId n, Type *t)
{
	Type *u = types_under(t);
	Part part[4];
	u32 np;
	switch (u->kind) {
	case KindPointer: {                     /* elided &T{...} */
		ValueId p = v_new(b, u->elem, 0);
		complit_into(b, n, u->elem, p, 0, false, true);
		return val_1(t, p);
	}
	case KindSlice:
		return slice_lit(b, n, t, u);
	case KindMap:
		return map_lit(b, n, t, u);
	case KindStruct:
		if (parts_of(b, t, part, &np))
			return struct_parts(b, n, t, u);
		break;
	case KindArray:
		if (parts_of(b, t, part, &np)) {
			i64 at = 0;
			if (!list_len(b->file, node_at(b->file, n)->b))
				return val_zero(b, t);
			Val v = expr_to(b, array_elem(b, n, 0, &at), u->elem);
			return val_retype(v, t);
		}
		break;
	}
	bool stack;
	ValueId p = temp_new(b, t, &stack);
	complit_into(b, n, t, p, 0, stack, !stack);
	return (Val){.form = ValMem, .t = t, .m = {p, 0}};
}

Val expr_complit(Build *b, NodeId n)
{
	return complit_of(b, n, b_typeof(b, n));
}

/* ---- function literals ---- */

static Type *closure_type(Build *b, Build *lit)
{
	Obj **f = arena_array(b->ar, Obj *, lit->capture.n + 1);
	f[0] = types_field(b->k, b->pkg, intern_str("F"), b_basic(b, KindUintptr), false);
	for (u32 i = 0; i < lit->capture.n; i++) {
		Capture *c = &lit->capture.a[i];
		char name[16];
		u32 len = 0, d = i;
		name[len++] = 'X';
		do
			name[len++] = (char)('0' + d % 10);
		while (d /= 10);
		Type *t = c->byref ? types_pointer(b->k, c->t) : c->t;
		f[i + 1] = types_field(b->k, b->pkg, intern(name, len), t, false);
	}
	return types_struct(b->k, f, NULL, lit->capture.n + 1);
}

/* The address of the object a captured-by-reference variable is. */
static ValueId object_of(Build *b, Obj *o)
{
	Loc *l = loc_of(b, o);
	if (l->kind == LocPtrSlot)
		return v_load(b, TyPtr, v_slot(b, l->slot), 0, FlagNonNil | FlagVolatile);
	if (l->kind != LocRef)
		bug("variable %s shared with a closure has no address", o->name->s);
	return var_get(b, l->var);
}

ValueId closure_make(Build *b, Build *lit, bool stackonly)
{
	(void)stackonly;
	if (!lit->capture.n)
		return v_addr(b, sym_funcval(b->p, lit->f->sym), 0);
	ValueId c = v_new(b, closure_type(b, lit), 0);
	v_store(b, c, 0, v_addr(b, lit->f->sym, 0), FlagNonNil);
	for (u32 i = 0; i < lit->capture.n; i++) {
		Capture *k = &lit->capture.a[i];
		if (k->byref) {
			v_store(b, c, k->off, object_of(b, k->obj), FlagNonNil | FlagWB);
			continue;
		}
		Place p = place_var(b, k->obj);
		val_store(b, c, k->off, place_load(b, &p), true);
	}
	return c;
}

Val expr_funclit(Build *b, NodeId n)
{
	const Node *nd = node_at(b->file, n);
	Type *t = b_typeof(b, n);
	u32 num = ++b->nlit;
	const char *name = arena_printf(b->ar, b->f->is_closure ? "%s.%u" : "%s.func%u", b->litname, num);
	Build *lit = build_new(b->p, sym_get(b->p, name), types_under(t), NULL, b->file, b->pkg, b);
	lit->f->pos = nd->pos;
	body_build(lit, 0, nd->a, nd->b);
	build_finish(lit);
	return val_1(t, closure_make(b, lit, false));
}
