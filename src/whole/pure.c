/* Initialisers that only make a value.
 *
 * What cannot fail, has no effect and is not data needs to run only if somebody looks at the variable: the maps of Unicode's
 * tables, closures, slices of other variables. Reach leaves such a fragment out until its variable is live. */
#include "whole.h"

static bool pure(Checker *k, const File *f, NodeId n);

static bool pure_items(Checker *k, const File *f, ListId l)
{
	for (u32 i = 0; i < list_len(f, l); i++) {
		NodeId e = list_at(f, l, i);
		if (node_kind(f, e) == NodeKeyValue) {
			/* the name of a field has no mode */
			if (node_kind(f, node_at(f, e)->a) != NodeName && !pure(k, f, node_at(f, e)->a))
				return false;
			e = node_at(f, e)->b;
		}
		if (!pure(k, f, e))
			return false;
	}
	return true;
}

/* Whether hashing a value of t may panic: only what an interface holds can. */
static bool hash_fails(Type *t)
{
	Type *u = types_under(t);
	for (u32 i = 0; u->kind == KindStruct && i < u->st.n; i++)
		if (hash_fails(u->st.field[i]->type))
			return true;
	return u->kind == KindInterface || (u->kind == KindArray && hash_fails(u->elem));
}

static bool pure_literal(Checker *k, const File *f, const Node *lit, Type *t)
{
	if (!t)
		return false;
	Type *u = types_under(t);
	if (u->kind == KindPointer)
		u = types_under(u->elem);
	return (u->kind != KindMap || !hash_fails(u->key)) && pure_items(k, f, lit->b);
}

static bool pure_call(Checker *k, const File *f, NodeId n)
{
	const Node *x = node_at(f, n);
	const ExprInfo *in = info_at(f, n);
	if (in->flags & InfoConvCall) {
		/* of a slice to an array: the length is checked */
		Type *u = in->type ? types_under(in->type) : NULL;
		if (!u || u->kind == KindArray || u->kind == KindPointer)
			return false;
		return pure_items(k, f, x->b);
	}
	if (!(in->flags & InfoBuiltinCall))
		return false;
	const Obj *o = info_at(f, node_unparen(f, x->a))->obj;
	return o && (o->builtin == BuiltinNew || o->builtin == BuiltinLen || o->builtin == BuiltinCap) && list_len(f, x->b) == 1 &&
		(o->builtin == BuiltinNew || pure_items(k, f, x->b));
}

static bool pure(Checker *k, const File *f, NodeId n)
{
	n = node_unparen(f, n);
	const Node *x = node_at(f, n);
	const ExprInfo *in = info_at(f, n);
	if (in->mode == ModeConst || in->mode == ModeNil || in->mode == ModeType)
		return true;
	switch (x->kind) {
	case NodeName: case NodeFuncLit:
		return true;
	case NodeCompositeLit:
		return pure_literal(k, f, x, in->type);
	case NodeUnary:
		return x->op != OpRecv && pure(k, f, x->a);
	case NodeBinary:
		return x->op != OpDiv && x->op != OpRem && x->op != OpShl && x->op != OpShr && !(x->op >= OpEql && x->op <= OpGeq) &&
			pure(k, f, x->a) && pure(k, f, x->b);
	case NodeSelector:
		if (!in->sel || in->flags & InfoInst)
			return false;
		return in->sel->kind == SelQualified || in->sel->kind == SelMethodExpr ||
			(in->sel->kind == SelField && !in->sel->indirect && pure(k, f, x->a));
	case NodeCall:
		return pure_call(k, f, n);
	default:
		return false;
	}
}

bool init_is_pure(Reach *r, const Body *b)
{
	return !b->bad && b->nlhs == 1 && pure(r->p->chk, b->file, b->init);
}
