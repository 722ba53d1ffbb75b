/* Package variables as data.
 *
 * One walk over the typed tree of an initialiser, run twice: first without a target, to learn whether it is made of
 * constants, addresses, function values and literals of those only; then, if the variable turns out to be live, with
 * a target, writing bytes and relocations. So dead tables are looked at but never laid out. */
#include "whole.h"

/* What is being written: sym + off, or nothing when only asking. */
typedef struct Out { Reach *r; Sym *s; u32 off; const char *var; u32 *serial; } Out;

static bool value(Out o, const File *f, NodeId n, Type *want);

static void put_bytes(Out o, u64 v, u32 n)
{
	for (u32 i = 0; o.s && i < n; i++)
		o.s->data[o.off + i] = (u8)(v >> (8 * i));
}

static void put_addr(Out o, Sym *to, i64 add)
{
	if (o.s)
		reach_reloc(o.r, o.s, o.off, RelocAddr64, to, add);
}

static Out at(Out o, i64 off)
{
	o.off += (u32)off;
	return o;
}

/* A nameless variable that the data points to. */
static Out fresh(Out o, Type *t, bool readonly)
{
	if (!o.s)
		return o;
	Checker *c = o.r->p->chk;
	Layout *l = types_layout(c, t);
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_get(o.r->p, arena_printf(&a, "%s..stmp_%u", o.var, (*o.serial)++));
	arena_free(&a);
	s->kind = readonly ? SymRodata : l->ptrbytes ? SymData : SymNoptrData;
	s->rel.n = 0;
	s->gotype = t;
	s->size = (u32)l->size;
	s->align = (u8)__builtin_ctzll((u64)l->align);
	s->data = arena_alloc(&o.r->ar, max_u64(s->size, 1), 8);
	o.s = s;
	o.off = 0;
	return o;
}

/* ---- scalars ---- */

static bool constant(Out o, const Const *v, Type *t)
{
	Type *u = types_under(t);
	u64 lo = 0, hi = 0;
	if (u->kind > KindLastBasic)
		return false;
	if (!o.s)
		return true;
	if (u->kind == KindString) {
		u32 n;
		const char *s = const_str(v, &n);
		if (n)
			put_addr(o, sym_string(o.r->p, s, n), 0);
		put_bytes(at(o, 8), n, 8);
		return true;
	}
	const_bits(v, u, &lo, &hi);
	i64 size = types_size(o.r->p->chk, u);
	if (u->kind == KindComplex64 || u->kind == KindComplex128) {
		put_bytes(o, lo, (u32)size / 2);
		put_bytes(at(o, size / 2), hi, (u32)size / 2);
	} else {
		put_bytes(o, lo, (u32)size);
	}
	return true;
}

/* A concrete value stored in an interface: type word, then the value or the address of a read-only copy. */
static bool boxed(Out o, const File *f, NodeId n, Type *have, Type *want)
{
	Program *p = o.r->p;
	bool direct = types_layout(p->chk, have)->direct;
	if (o.s) {
		Sym *t = sym_type(p, have);
		reach_in_iface(o.r, t);
		bool empty = !types_typeset(p->chk, types_under(want))->nmethod;
		put_addr(o, empty ? t : sym_itab(p, have, want), 0);
	}
	Out in = direct ? at(o, 8) : fresh(o, have, true);
	if (!value(in, f, n, have))
		return false;
	if (!direct)
		put_addr(at(o, 8), in.s, 0);
	return true;
}

static bool funcval(Out o, const File *f, NodeId n, Obj *fn)
{
	InstInfo *inst = types_inst(f, n);
	if (!fn->fn.body && !inst)
		return false;           /* defined elsewhere: code knows how to reach it */
	if (inst)
		for (u32 i = 0; i < inst->ntargs; i++)
			if (types_has_tparam(inst->targs[i]))
				return false;
	if (o.s)
		put_addr(o, sym_funcval(o.r->p, sym_func(o.r->p, fn, inst ? inst->targs : NULL, inst ? inst->ntargs : 0)), 0);
	return true;
}

/* ---- literals ---- */

static bool struct_lit(Out o, const File *f, const Node *lit, Type *u)
{
	Layout *l = types_layout(o.r->p->chk, u);
	for (u32 i = 0; i < list_len(f, lit->b); i++) {
		NodeId e = list_at(f, lit->b, i);
		u32 k = i;
		if (node_kind(f, e) == NodeKeyValue) {
			const Name *name = node_name(f, node_at(f, e)->a);
			for (k = 0; k < u->st.n && u->st.field[k]->name != name; k++)
				;
			e = node_at(f, e)->b;
		}
		if (k >= u->st.n)
			return false;
		Out to = at(o, l->offset[k]);
		const Name *name = u->st.field[k]->name;
		if (name->len == 1 && name->s[0] == '_')
			to.s = NULL;            /* dropped */
		if (!value(to, f, e, u->st.field[k]->type))
			return false;
	}
	return true;
}

static bool elements(Out o, const File *f, const Node *lit, Type *elem)
{
	i64 size = types_size(o.r->p->chk, elem), i = 0;
	for (u32 k = 0; k < list_len(f, lit->b); k++, i++) {
		NodeId e = list_at(f, lit->b, k);
		if (node_kind(f, e) == NodeKeyValue) {
			const ExprInfo *key = info_at(f, node_at(f, e)->a);
			if (key->mode != ModeConst || !const_int64(key->val, &i))
				return false;
			e = node_at(f, e)->b;
		}
		if (!value(at(o, i * size), f, e, elem))
			return false;
	}
	return true;
}

static i64 slice_lit_len(const File *f, const Node *lit)
{
	i64 i = 0, max = 0;
	for (u32 k = 0; k < list_len(f, lit->b); k++, i++) {
		NodeId e = list_at(f, lit->b, k);
		if (node_kind(f, e) == NodeKeyValue)
			const_int64(info_at(f, node_at(f, e)->a)->val, &i);
		if (i + 1 > max)
			max = i + 1;
	}
	return max;
}

static bool slice_lit(Out o, const File *f, const Node *lit, Type *u)
{
	if (!o.s)
		return elements(o, f, lit, u->elem);
	i64 n = slice_lit_len(f, lit);
	Out back = fresh(o, types_array(o.r->p->chk, u->elem, n), false);
	put_addr(o, back.s, 0);
	put_bytes(at(o, 8), (u64)n, 8);
	put_bytes(at(o, 16), (u64)n, 8);
	return elements(back, f, lit, u->elem);
}

static bool composite(Out o, const File *f, NodeId n, Type *t)
{
	const Node *lit = node_at(f, n);
	Type *u = types_under(t);
	switch (u->kind) {
	case KindStruct: return struct_lit(o, f, lit, u);
	case KindArray: return elements(o, f, lit, u->elem);
	case KindSlice: return slice_lit(o, f, lit, u);
	case KindPointer: {             /* elided &T in a literal of pointers */
		Out to = fresh(o, u->elem, false);
		if (!composite(to, f, n, u->elem))
			return false;
		put_addr(o, to.s, 0);
		return true;
	}
	default: return false;
	}
}

/* &x, &x.f, &T{...} */
static bool address(Out o, const File *f, NodeId x, i64 add)
{
	x = node_unparen(f, x);
	const Node *n = node_at(f, x);
	const ExprInfo *in = info_at(f, x);
	if (n->kind == NodeCompositeLit) {
		Out to = fresh(o, in->type, false);
		if (add || !composite(to, f, x, in->type))
			return false;
		put_addr(o, to.s, 0);
		return true;
	}
	if (n->kind == NodeName && in->mode == ModeVar && in->obj && in->obj->flags & ObjGlobal) {
		if (o.s)
			put_addr(o, sym_global(o.r->p, in->obj), add);
		return true;
	}
	if (n->kind == NodeSelector && in->sel && in->sel->kind == SelField && !in->sel->indirect && in->sel->npath == 1 &&
	    types_under(in->sel->recv)->kind == KindStruct)
		return address(o, f, n->a, add + types_layout(o.r->p->chk, types_under(in->sel->recv))->offset[in->sel->path[0]]);
	return false;
}

/* ---- any value ---- */

static bool conversion(Out o, const File *f, NodeId n, Type *t)
{
	NodeId arg = list_at(f, node_at(f, n)->b, 0);
	Type *from = info_at(f, arg)->type;
	if (!from || types_under(from)->kind != types_under(t)->kind || types_is_interface(from))
		return types_is_interface(t) && value(o, f, arg, t);
	return types_under(t)->kind > KindLastBasic && value(o, f, arg, from);
}

static bool value(Out o, const File *f, NodeId n, Type *want)
{
	n = node_unparen(f, n);
	const Node *x = node_at(f, n);
	const ExprInfo *in = info_at(f, n);
	Type *have = in->type;
	if (in->mode == ModeNil)
		return true;
	if (x->kind == NodeCompositeLit && !have)
		have = want;
	if (!have)
		return false;
	if (types_is_interface(want) && !types_is_interface(have))
		return have->kind != KindUntypedNil && boxed(o, f, n, have, want);
	if (in->mode == ModeConst)
		return constant(o, in->val, want);
	switch (x->kind) {
	case NodeCompositeLit:
		return composite(o, f, n, have);
	case NodeUnary:
		return x->op == OpAnd && address(o, f, x->a, 0);
	case NodeName:
		return in->mode == ModeValue && in->obj && in->obj->kind == ObjFunc && funcval(o, f, n, in->obj);
	case NodeSelector:
		return in->mode == ModeValue && in->sel && in->sel->kind == SelQualified && in->sel->obj->kind == ObjFunc &&
			funcval(o, f, n, in->sel->obj);
	case NodeCall:
		return in->flags & InfoConvCall && conversion(o, f, n, have);
	default:
		return false;
	}
}

bool static_ok(Reach *r, Body *b)
{
	enum { Unknown, Data, Code };
	if (b->is_data == Unknown) {
		u32 serial = 0;
		bool ok = b->nlhs == 1 && !b->bad && strcmp(b->lhs[0]->name->s, "_");
		if (ok && !types_plain_data(b))
			ok = types_body(r->p->chk, b) && value((Out){.r = r, .serial = &serial}, b->file, b->init, b->lhs[0]->type);
		b->is_data = ok ? Data : Code;
	}
	return b->is_data == Data;
}

void static_fill(Reach *r, Sym *s)
{
	Body *b = s->def->fn->var.body;
	if (!b || !static_ok(r, b))
		return;
	if (!types_body(r->p->chk, b)) {
		r->bad = true;
		return;
	}
	u32 serial = 0;
	s->size = (u32)types_size(r->p->chk, s->def->type);
	s->data = arena_alloc(&r->ar, max_u64(s->size, 1), 8);
	value((Out){r, s, 0, s->name, &serial}, b->file, b->init, s->def->type);
}
