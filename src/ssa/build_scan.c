/* Facts found by walking the tree before a body is built. */
#include "build.h"

enum { A = 1, B = 2, LA = 4, LB = 8 };

static const u8 children[NodeMax] = {
	[NodeCompositeLit] = A | LB, [NodeKeyValue] = A | B, [NodeFuncLit] = A | B, [NodeParen] = A, [NodeSelector] = A,
	[NodeIndex] = A | B, [NodeSlice] = A | LB, [NodeTypeAssert] = A | B, [NodeTypeSwitchGuard] = B, [NodeUnary] = A, [NodeStar] = A,
	[NodeBinary] = A | B, [NodeCall] = A | LB, [NodeList] = LA, [NodeArrayType] = A | B, [NodeSliceType] = A, [NodeDotsType] = A,
	[NodeFuncType] = LA | LB, [NodeField] = A | B, [NodeMapType] = A | B, [NodeChanType] = A, [NodeVarDecl] = LA | LB, [NodeLabeledStmt] = B,
	[NodeBlock] = LA, [NodeExprStmt] = A, [NodeSendStmt] = A | B, [NodeDeclStmt] = LA, [NodeAssignStmt] = A | B, [NodeCallStmt] = A,
	[NodeReturnStmt] = A, [NodeIfStmt] = LA | LB, [NodeForStmt] = LA | B, [NodeRangeClause] = A | B, [NodeSwitchStmt] = LA | LB,
	[NodeSelectStmt] = LB, [NodeCaseClause] = A | LB, [NodeCommClause] = A | LB,
};

typedef bool WalkFn(void *arg, const File *f, NodeId n);

static void walk_children(const File *f, NodeId n, WalkFn *fn, void *arg)
{
	const Node *nd = node_at(f, n);
	u8 m = children[nd->kind];
	if (m & A)
		node_walk(f, nd->a, fn, arg);
	for (u32 i = 0; (m & LA) && i < list_len(f, nd->a); i++)
		node_walk(f, list_at(f, nd->a, i), fn, arg);
	if (m & B)
		node_walk(f, nd->b, fn, arg);
	for (u32 i = 0; (m & LB) && i < list_len(f, nd->b); i++)
		node_walk(f, list_at(f, nd->b, i), fn, arg);
}

/* n and what is below it, in source order; not below where fn says no. Struct and interface types are left out. */
void node_walk(const File *f, NodeId n, WalkFn *fn, void *arg)
{
	if (n && fn(arg, f, n))
		walk_children(f, n, fn, arg);
}

/* ---- calls ---- */

typedef struct CallScan { Build *b; bool found; } CallScan;

static bool see_call(void *arg, const File *f, NodeId n)
{
	CallScan *s = arg;
	const Node *nd = node_at(f, n);
	if (nd->kind == NodeCall && info_at(f, n)->mode != ModeConst && !(info_at(f, n)->flags & InfoConvCall))
		s->found = true;
	if (nd->kind == NodeUnary && nd->op == OpRecv)
		s->found = true;
	return !s->found && nd->kind != NodeFuncLit;
}

bool has_call(Build *b, NodeId n)
{
	CallScan s = {b, false};
	node_walk(b->file, n, see_call, &s);
	return s.found;
}

const u32 *expr_order(Build *b, const NodeId *n, u32 cnt)
{
	u32 *order = arena_array(b->ar, u32, cnt + 1), w = 0;
	bool *calls = arena_array(b->ar, bool, cnt + 1);
	for (u32 i = 0; i < cnt; i++)
		if (cnt > 1 && has_call(b, n[i])) {
			calls[i] = true;
			order[w++] = i;
		}
	for (u32 i = 0; i < cnt; i++)
		if (!calls[i])
			order[w++] = i;
	return order;
}

const u32 *expr_order_of(Build *b, NodeId list)
{
	u32 cnt = expr_count(b->file, list);
	NodeId *n = arena_array(b->ar, NodeId, cnt + 1);
	for (u32 i = 0; i < cnt; i++)
		n[i] = expr_item(b->file, list, i);
	return expr_order(b, n, cnt);
}

/* ---- frames ---- */

typedef struct FrameScan { Build *b; FrameFacts f; bool loop; } FrameScan;

static bool ranges_over_func(Build *b, const File *f, NodeId loop)
{
	NodeId clause = list_at(f, node_at(f, loop)->a, 0);
	if (!clause || node_kind(f, clause) != NodeRangeClause)
		return false;
	Type *t = info_at(f, node_at(f, clause)->b)->type;
	return t && types_under(b_type(b, t))->kind == KindFunc;
}

static bool see_frame(void *arg, const File *f, NodeId n)
{
	FrameScan *s = arg;
	const Node *nd = node_at(f, n);
	switch (nd->kind) {
	case NodeFuncLit:
		return false;
	case NodeCallStmt:
		if (nd->op == TokDefer) {
			s->f.ndefer++;
			s->f.defer_in_loop |= s->loop;
		}
		return true;
	case NodeReturnStmt:
		s->f.nreturn++;
		return true;
	case NodeBranchStmt:
		s->f.has_goto |= nd->op == TokGoto;
		return true;
	case NodeCall:
		if ((info_at(f, n)->flags & InfoBuiltinCall) && builtin_of(s->b, n) == BuiltinRecover)
			s->f.recover = true;
		return true;
	case NodeForStmt: {
		bool outer = s->loop;
		s->f.range_func |= ranges_over_func(s->b, f, n);
		s->loop = true;
		walk_children(f, n, see_frame, s);
		s->loop = outer;
		return false;
	}
	}
	return true;
}

FrameFacts scan_frame(Build *b, NodeId body)
{
	FrameScan s = {.b = b};
	node_walk(b->file, body, see_frame, &s);
	s.f.nreturn++;                          /* falling off the end */
	return s.f;
}

/* ---- range-over-func bodies ---- */

typedef struct UseScan { Build *b; Map defs; bool collect; } UseScan;

static bool see_use(void *arg, const File *f, NodeId n)
{
	UseScan *s = arg;
	const Node *nd = node_at(f, n);
	ExprInfo *in = info_at(f, n);
	if (nd->kind == NodeCaseClause && (in->flags & InfoImplicit) && in->obj && s->collect)
		map_putp(s->b->ar, &s->defs, in->obj, in->obj);
	if (nd->kind != NodeName || in->mode == ModeConst || !in->obj || (nd->flag & FlagBlank))
		return true;
	Obj *o = in->obj;
	if (o->kind != ObjVar || (o->flags & (ObjGlobal | ObjIsField)))
		return true;
	if (s->collect && (in->flags & InfoDef))
		map_putp(s->b->ar, &s->defs, o, o);
	if (!s->collect && !map_getp(&s->defs, o))
		map_putp(s->b->ar, &s->b->forced, o, o);
	return true;
}

static bool see_loop(void *arg, const File *f, NodeId n)
{
	Build *b = arg;
	if (node_kind(f, n) == NodeForStmt && ranges_over_func(b, f, n)) {
		UseScan s = {.b = b, .collect = true};
		NodeId body = node_at(f, n)->b, clause = list_at(f, node_at(f, n)->a, 0);
		bool def = node_at(f, clause)->flag & FlagDef;
		if (def)
			node_walk(f, node_at(f, clause)->a, see_use, &s);
		node_walk(f, body, see_use, &s);
		s.collect = false;
		if (!def)
			node_walk(f, node_at(f, clause)->a, see_use, &s);
		node_walk(f, body, see_use, &s);
	}
	return node_kind(f, n) != NodeFuncLit;
}

/* Variables that the synthesised function of a range-over-func body shares with the function around it. */
void scan_range_funcs(Build *b, NodeId body)
{
	node_walk(b->file, body, see_loop, b);
}
