/* plain: package variables whose initialiser is a table.
 *
 * Most initialisers of the library are literals of literals (Unicode's ranges, powers of ten), and few of their variables end up in
 * a program. Such an initialiser says its type at once and refers to no variable and no function; so in packages nobody asked to be
 * told about, its elements stay unchecked until the variable is wanted (types_body). What counts as plain here is a matter of
 * syntax; whether it is also data is a matter of its type (types_plain_data).
 */
#include "check.h"

static bool plain_type_expr(const File *f, NodeId n)
{
	const Node *x = node_at(f, n);
	switch (x->kind) {
	case NodeName: case NodeSelector: return true;
	case NodeSliceType: case NodeStar: return plain_type_expr(f, x->a);
	case NodeArrayType: return (!x->a || node_kind(f, x->a) == NodeBasicLit) && plain_type_expr(f, x->b);
	default: return false;
	}
}

static bool plain_elements(Check *c, const File *f, const Node *lit);

static bool plain_value(Check *c, const File *f, NodeId n)
{
	const Node *x = node_at(f, n);
	switch (x->kind) {
	case NodeBasicLit:
		return true;
	case NodeName: {
		Obj *o = check_lookup(c, node_name(f, n));
		return o && (o->kind == ObjConst || o->kind == ObjNil);
	}
	case NodeParen:
		return plain_value(c, f, x->a);
	case NodeUnary:
		if (x->op == OpAnd)
			return node_kind(f, x->a) == NodeCompositeLit && plain_value(c, f, x->a);
		return x->op != OpRecv && plain_value(c, f, x->a);
	case NodeBinary:
		return plain_value(c, f, x->a) && plain_value(c, f, x->b);
	case NodeCompositeLit:
		return (!x->a || plain_type_expr(f, x->a)) && plain_elements(c, f, x);
	default:
		return false;
	}
}

/* Keys are fields or constants: nothing else is allowed where the type is plain data. */
static bool plain_elements(Check *c, const File *f, const Node *lit)
{
	for (u32 i = 0; i < list_len(f, lit->b); i++) {
		NodeId e = list_at(f, lit->b, i);
		if (node_kind(f, e) == NodeKeyValue) {
			NodeKind key = node_kind(f, node_at(f, e)->a);
			if (key != NodeName && key != NodeBasicLit)
				return false;
			e = node_at(f, e)->b;
		}
		if (!plain_value(c, f, e))
			return false;
	}
	return true;
}

static bool has_keys(const File *f, const Node *lit)
{
	for (u32 i = 0; i < list_len(f, lit->b); i++)
		if (node_kind(f, list_at(f, lit->b, i)) == NodeKeyValue)
			return true;
	return false;
}

/* The type of a literal T{...} or [...]T{...}. */
static Type *literal_type(Check *c, const File *f, const Node *lit)
{
	if (node_kind(f, lit->a) == NodeArrayType && !node_at(f, lit->a)->a) {
		Type *elem = check_var_type(c, node_at(f, lit->a)->b);
		return types_array(c->k, elem, list_len(f, lit->b));
	}
	return check_type(c, lit->a);
}

Type *plain_init_type(Check *c, NodeId init)
{
	const File *f = c->env.file;
	init = node_unparen(f, init);
	const Node *lit = node_at(f, init);
	bool addr = lit->kind == NodeUnary && lit->op == OpAnd;
	if (addr)
		lit = node_at(f, node_unparen(f, lit->a));
	if (lit->kind != NodeCompositeLit || !lit->a || !plain_type_expr(f, lit->a) || !list_len(f, lit->b))
		return NULL;
	if (node_kind(f, lit->a) == NodeArrayType && !node_at(f, lit->a)->a && has_keys(f, lit))
		return NULL;
	if (!plain_elements(c, f, lit))
		return NULL;
	Type *t = literal_type(c, f, lit);
	return addr && !type_is_invalid(t) ? types_pointer(c->k, t) : t;
}

static bool data(Type *t, u32 depth)
{
	Type *u = types_under(t);
	if (depth > 8)
		return false;
	switch (u->kind) {
	case KindArray: case KindSlice: case KindPointer:
		return data(u->elem, depth + 1);
	case KindStruct:
		for (u32 i = 0; i < u->st.n; i++)
			if (!data(u->st.field[i]->type, depth + 1))
				return false;
		return true;
	default:
		return u->kind > KindInvalid && u->kind < KindUntypedBool;
	}
}

bool types_plain_data(const Body *b)
{
	return b->plain && b->nlhs == 1 && data(b->lhs[0]->type, 0);
}
