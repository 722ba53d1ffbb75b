/* Statements. */
#include "build.h"

/* ---- assignment ---- */

static bool is_blank(Build *b, NodeId n)
{
	const Node *nd = node_at(b->file, n);
	return nd->kind == NodeName && (nd->flag & FlagBlank);
}

static bool defines(Build *b, NodeId n)
{
	return node_kind(b->file, n) == NodeName && (info_at(b->file, n)->flags & InfoDef) && info_at(b->file, n)->obj;
}

static void discard(Build *b, NodeId rhs)
{
	Val v = expr_borrow(b, rhs);
	(void)v;
}

static void assign_one(Build *b, NodeId lhs, NodeId rhs, bool def)
{
	lhs = node_unparen(b->file, lhs);
	if (is_blank(b, lhs)) {
		discard(b, rhs);
		return;
	}
	if (def && defines(b, lhs)) {
		Obj *o = info_at(b->file, lhs)->obj;
		Type *t = b_type(b, o->type);
		Part part[4];
		u32 np;
		if (node_kind(b->file, node_unparen(b->file, rhs)) != NodeCall || parts_of(b, t, part, &np)) {
			var_init(b, o, expr_to(b, rhs, t));
			return;
		}
		loc_declare(b, o, false);
		Place p = place_var(b, o);
		expr_into(b, rhs, t, p.ptr, p.off, p.stack);
		return;
	}
	Type *t = b_typeof(b, lhs);
	if (has_call(b, lhs)) {
		Place p = place_late(b, lhs);
		Val v = expr_to(b, rhs, t);
		place_settle(b, &p);
		place_store(b, &p, v);
		return;
	}
	/* operands of the left side cannot have effects; its checks come after the right side */
	NodeId from = node_unparen(b->file, rhs);
	bool overlap = types_under(t)->kind == KindArray && node_kind(b->file, lhs) == NodeStar && node_kind(b->file, from) == NodeStar;
	Val v = overlap || has_call(b, rhs) ? expr_to(b, rhs, t) : assign_conv(b, expr_borrow(b, rhs), t);
	Place p = place_of(b, lhs);
	place_store(b, &p, v);
}

void define_or_assign(Build *b, NodeId lhs, Val v, bool def)
{
	lhs = node_unparen(b->file, lhs);
	if (is_blank(b, lhs))
		return;
	if (def && defines(b, lhs)) {
		Obj *o = info_at(b->file, lhs)->obj;
		var_init(b, o, assign_conv(b, v, b_type(b, o->type)));
		return;
	}
	Place p = place_of(b, lhs);
	place_store(b, &p, assign_conv(b, v, p.t));
}

/* a, b = c, d: operands on both sides first, then checks and stores from left to right. */
static void assign_parallel(Build *b, NodeId lhs, NodeId rhs, u32 n, bool def)
{
	Place *p = arena_array(b->ar, Place, n);
	Val *v = arena_array(b->ar, Val, n);
	for (u32 i = 0; i < n; i++) {
		NodeId l = node_unparen(b->file, expr_item(b->file, lhs, i));
		if (!is_blank(b, l) && !(def && defines(b, l)))
			p[i] = place_late(b, l);
	}
	const u32 *order = expr_order_of(b, rhs);
	for (u32 k = 0; k < n; k++) {
		u32 i = order[k];
		NodeId l = node_unparen(b->file, expr_item(b->file, lhs, i)), r = expr_item(b->file, rhs, i);
		if (is_blank(b, l))
			v[i] = expr(b, r);
		else
			v[i] = expr_to(b, r, b_type(b, defines(b, l) ? info_at(b->file, l)->obj->type : p[i].t));
	}
	for (u32 i = 0; i < n; i++) {
		NodeId l = node_unparen(b->file, expr_item(b->file, lhs, i));
		if (is_blank(b, l))
			continue;
		if (def && defines(b, l)) {
			var_init(b, info_at(b->file, l)->obj, v[i]);
		} else {
			place_settle(b, &p[i]);
			place_store(b, &p[i], v[i]);
		}
	}
}

static Val tuple_of(Build *b, NodeId rhs)
{
	NodeId x = node_unparen(b->file, rhs);
	if (node_kind(b->file, x) == NodeCall)
		return expr_call(b, x);
	return expr_commaok(b, x);
}

static void assign_tuple(Build *b, NodeId lhs, NodeId rhs, u32 n, bool def)
{
	Place *p = arena_array(b->ar, Place, n);
	for (u32 i = 0; i < n; i++) {
		NodeId l = node_unparen(b->file, expr_item(b->file, lhs, i));
		if (!is_blank(b, l) && node_kind(b->file, l) != NodeName)
			p[i] = place_late(b, l);
	}
	Val v = tuple_of(b, rhs);
	for (u32 i = 0; i < n; i++) {
		NodeId l = node_unparen(b->file, expr_item(b->file, lhs, i));
		if (p[i].t) {
			place_settle(b, &p[i]);
			place_store(b, &p[i], assign_conv(b, v.elem[i], p[i].t));
		} else {
			define_or_assign(b, l, v.elem[i], def);
		}
	}
}

static void assign_update(Build *b, NodeId lhs, Op op, NodeId rhs)
{
	Place p = place_of(b, node_unparen(b->file, lhs));
	Type *t = p.t;
	Val y;
	if (!rhs) {
		Type *u = types_under(t);
		if (kind_is_float((TypeKind)u->kind) || kind_is_complex((TypeKind)u->kind))
			y = conv_number(b, val_1(b_basic(b, KindFloat64), v_const(b, TyF64, 0x3ff0000000000000)), kind_is_float((TypeKind)u->kind) ? t : b_basic(b, KindFloat64));
		else
			y = conv_number(b, val_1(b_basic(b, KindInt), v_int(b, 1)), t);
		if (kind_is_complex((TypeKind)u->kind)) {
			Ty f = u->kind == KindComplex64 ? TyF32 : TyF64;
			y = (Val){.form = ValParts, .n = 2, .t = t, .p = {v_const(b, f, f == TyF32 ? 0x3f800000 : 0x3ff0000000000000), v_const(b, f, 0)}};
		}
		place_store(b, &p, binary(b, op, t, place_load(b, &p), y));
		return;
	}
	if (op == OpShl || op == OpShr) {
		y = shift_count(b, rhs);
		place_store(b, &p, shift(b, op, t, place_load(b, &p), y));
		return;
	}
	Val x = val_keep(b, place_load(b, &p));
	y = expr_to(b, rhs, t);
	place_store(b, &p, binary(b, op, t, x, y));
}

static void stmt_assign(Build *b, const Node *nd)
{
	bool def = nd->flag & FlagDef;
	if (!nd->b || nd->op != OpNone) {
		if (!(def && nd->op == OpDef)) {
			assign_update(b, nd->a, (Op)nd->op, nd->b);
			return;
		}
	}
	u32 n = expr_count(b->file, nd->a), m = expr_count(b->file, nd->b);
	if (n == 1)
		assign_one(b, expr_item(b->file, nd->a, 0), expr_item(b->file, nd->b, 0), def);
	else if (n == m)
		assign_parallel(b, nd->a, nd->b, n, def);
	else
		assign_tuple(b, nd->a, expr_item(b->file, nd->b, 0), n, def);
}

static void stmt_var(Build *b, NodeId decl)
{
	const Node *nd = node_at(b->file, decl);
	u32 n = list_len(b->file, nd->a);
	NodeId values = decl_part(b->file, decl, 1);
	u32 m = expr_count(b->file, values);
	Val tuple = {0};
	Val *v = arena_array(b->ar, Val, n);
	if (m && m != n)
		tuple = tuple_of(b, expr_item(b->file, values, 0));
	const u32 *order = m == n ? expr_order_of(b, values) : NULL;
	for (u32 k = 0; k < n && m; k++) {
		u32 i = order ? order[k] : k;
		Obj *o = info_at(b->file, list_at(b->file, nd->a, i))->obj;
		v[i] = m == n ? expr(b, expr_item(b->file, values, i)) : tuple.elem[i];
		if (o && !is_blank(b, list_at(b->file, nd->a, i)))
			v[i] = assign_conv(b, v[i], b_type(b, o->type));
	}
	for (u32 i = 0; i < n; i++) {
		Obj *o = info_at(b->file, list_at(b->file, nd->a, i))->obj;
		if (!o || is_blank(b, list_at(b->file, nd->a, i)))
			continue;
		if (m)
			var_init(b, o, v[i]);
		else
			loc_declare(b, o, true);
	}
}

/* ---- control flow ---- */

static Label *label_of(Build *b, Name *name)
{
	u64 *slot = map_slot(b->ar, &b->labels, (u64)(uintptr_t)name);
	if (!*slot) {
		Label *l = arena_new(b->ar, Label);
		l->block = b_block(b);
		*slot = (u64)(uintptr_t)l;
	}
	return (Label *)(uintptr_t)*slot;
}

static bool find_label(void *arg, const File *f, NodeId n)
{
	struct { Name *name; bool found; } *s = arg;
	const Node *nd = node_at(f, n);
	if (nd->kind == NodeLabeledStmt && node_name(f, nd->a) == s->name)
		s->found = true;
	return nd->kind != NodeFuncLit && !s->found;
}

/* Whether the range-over-func body being built declares label. */
static bool label_inside(Build *b, Name *label)
{
	struct { Name *name; bool found; } s = {label, false};
	node_walk(b->file, b->bodynode, find_label, &s);
	return s.found;
}

static void stmt_labeled(Build *b, const Node *nd)
{
	Name *name = node_name(b->file, nd->a);
	if (b->has_goto) {
		Label *l = label_of(b, name);
		b_jump(b, l->block);
		b_start(b, l->block);          /* gotos may still come: sealed at the end */
	}
	b->label = name;
	stmt(b, nd->b);
	b->label = NULL;
}

static Name *take_label(Build *b)
{
	Name *n = b->label;
	b->label = NULL;
	return n;
}

static void stmt_if(Build *b, const Node *nd)
{
	NodeId init = list_at(b->file, nd->a, 0), cond = list_at(b->file, nd->a, 1);
	NodeId then = list_at(b->file, nd->b, 0), els = list_at(b->file, nd->b, 1);
	if (init)
		stmt(b, init);
	BlockId yes = b_block(b), done = b_block(b), no = els ? b_block(b) : done;
	expr_cond(b, cond, yes, no);
	b_seal(b, yes);
	b_start(b, yes);
	stmt(b, then);
	b_jump(b, done);
	if (els) {
		b_seal(b, no);
		b_start(b, no);
		stmt(b, els);
		b_jump(b, done);
	}
	b_seal(b, done);
	b_start(b, done);
}

/* Loop variables of for i := ...: those that need a fresh object each iteration. */
static u32 loop_objects(Build *b, NodeId init, Obj **out, u32 max)
{
	u32 n = 0;
	if (!init || node_kind(b->file, init) != NodeAssignStmt)
		return 0;
	NodeId lhs = node_at(b->file, init)->a;
	for (u32 i = 0; i < expr_count(b->file, lhs) && n < max; i++) {
		NodeId l = expr_item(b->file, lhs, i);
		if (is_blank(b, l) || !defines(b, l))
			continue;
		Obj *o = info_at(b->file, l)->obj;
		if ((o->flags & ObjPerIter) && obj_by_ref(b, o))
			out[n++] = o;
	}
	return n;
}

/* ---- variables of a loop, one an iteration ----
 * Those that are in memory are made where an iteration begins, from the value the last one left in a slot; the post statement, too, runs there,
 * on the new variable. So no address is carried around the loop, and a variable that no address outlives can stay in the frame. */
typedef struct PerIter { Obj **v; u32 n; u32 slot[64]; u32 first; } PerIter;

static void per_iter_save(Build *b, PerIter *it)
{
	for (u32 i = 0; i < it->n; i++) {
		Place p = place_var(b, it->v[i]);
		val_store_flags(b, v_slot(b, it->slot[i]), 0, place_load(b, &p), FlagNonNil, true);
	}
}

static void per_iter_enter(Build *b, PerIter *it)
{
	for (u32 i = 0; i < it->n; i++) {
		Type *t = b_type(b, it->v[i]->type);
		it->slot[i] = slot_new(b, t, NULL);
		mem_zero(b, v_slot(b, it->slot[i]), 0, t, true);
	}
	per_iter_save(b, it);
	it->first = var_new(b, TyI8);
	var_set(b, it->first, v_const(b, TyI8, 1));
}

/* At the head of the loop; goes on in test. */
static void per_iter_begin(Build *b, PerIter *it, NodeId post, BlockId test)
{
	for (u32 i = 0; i < it->n; i++)
		var_init(b, it->v[i], val_keep(b, val_load(b, b_type(b, it->v[i]->type), v_slot(b, it->slot[i]), 0, true)));
	if (post) {
		BlockId later = b_block(b);
		b_if(b, var_get(b, it->first), test, later, -1);
		b_seal(b, later);
		b_start(b, later);
		stmt(b, post);
	}
	b_jump(b, test);
	b_seal(b, test);
	b_start(b, test);
}

static void per_iter_end(Build *b, PerIter *it)
{
	per_iter_save(b, it);
	var_set(b, it->first, v_const(b, TyI8, 0));
}

static void stmt_for(Build *b, NodeId n, const Node *nd)
{
	NodeId init = list_at(b->file, nd->a, 0), cond = list_at(b->file, nd->a, 1), post = list_at(b->file, nd->a, 2);
	if (init && node_kind(b->file, init) == NodeRangeClause) {
		stmt_range(b, n);
		return;
	}
	Name *label = take_label(b);
	if (init)
		stmt(b, init);
	Obj *fresh[64];
	u32 nfresh = loop_objects(b, init, fresh, 64);
	BlockId head = b_block(b), test = nfresh ? b_block(b) : head, body = b_block(b), next = b_block(b), done = b_block(b);
	PerIter it = {.v = fresh, .n = nfresh};
	b_live(b);
	if (nfresh)
		per_iter_enter(b, &it);
	b_jump(b, head);
	b_start(b, head);
	if (nfresh)
		per_iter_begin(b, &it, post, test);
	if (cond)
		expr_cond(b, cond, body, done);
	else
		b_jump(b, body);
	b_seal(b, body);
	b_start(b, body);
	Target t = {.up = b->target, .label = label, .brk = done, .cont = next, .stmt = n};
	b->target = &t;
	b->loop++;
	stmt(b, nd->b);
	b->loop--;
	b->target = t.up;
	b_jump(b, next);
	b_seal(b, next);
	b_start(b, next);
	if (nfresh)
		per_iter_end(b, &it);
	else if (post)
		stmt(b, post);
	b_jump(b, head);
	b_seal(b, head);
	b_seal(b, done);
	b_start(b, done);
}

/* op is TokBreak, TokContinue, TokGoto or TokReturn (results are stored). */
void branch_emit(Build *b, u16 op, Name *label)
{
	if (op == TokReturn) {
		if (b->range)
			range_leave(b, op, NULL);
		else
			return_emit(b);
		return;
	}
	if (op == TokGoto) {
		const Label *l = map_getp(&b->labels, label);
		if (l)
			b_jump(b, l->block);
		else if (b->range && !label_inside(b, label))
			range_leave(b, op, label);
		else
			b_jump(b, label_of(b, label)->block);
		return;
	}
	for (Target *t = b->target; t; t = t->up) {
		if (label ? t->label != label : op == TokContinue && !t->cont)
			continue;
		b_jump(b, op == TokBreak ? t->brk : t->cont);
		return;
	}
	if (!b->range)
		bug("branch without a target");
	range_leave(b, op, label);
}

void stmt_branch(Build *b, NodeId n)
{
	const Node *nd = node_at(b->file, n);
	if (nd->op == TokFallthrough)
		b_jump(b, b->fall);
	else
		branch_emit(b, nd->op, nd->a ? node_name(b->file, nd->a) : NULL);
}

static void stmt_send(Build *b, const Node *nd)
{
	Type *elem = types_under(b_typeof(b, nd->a))->elem;
	ValueId c = expr_1(b, nd->a);
	Val v = expr_to(b, nd->b, elem);
	b->pos = nd->pos;
	call_rt0(b, "chansend1", 2, c, val_addr0(b, v));
}

void stmt_list(Build *b, ListId l)
{
	for (u32 i = 0; i < list_len(b->file, l); i++)
		stmt(b, list_at(b->file, l, i));
}

void stmt(Build *b, NodeId n)
{
	const Node *nd = node_at(b->file, n);
	b_live(b);
	b->pos = nd->pos;
	switch (nd->kind) {
	case NodeEmptyStmt:
		return;
	case NodeLabeledStmt:
		stmt_labeled(b, nd);
		return;
	case NodeBlock:
		b->label = NULL;
		stmt_list(b, nd->a);
		return;
	case NodeExprStmt:
		expr_effect(b, nd->a);
		return;
	case NodeSendStmt:
		stmt_send(b, nd);
		return;
	case NodeDeclStmt:
		for (u32 i = 0; i < list_len(b->file, nd->a); i++)
			if (node_kind(b->file, list_at(b->file, nd->a, i)) == NodeVarDecl)
				stmt_var(b, list_at(b->file, nd->a, i));
		return;
	case NodeAssignStmt:
		stmt_assign(b, nd);
		return;
	case NodeBranchStmt:
		stmt_branch(b, n);
		return;
	case NodeCallStmt:
		if (nd->op == TokGo)
			stmt_go(b, n);
		else
			stmt_defer(b, n);
		return;
	case NodeReturnStmt:
		stmt_return(b, n);
		return;
	case NodeIfStmt:
		stmt_if(b, nd);
		return;
	case NodeForStmt:
		stmt_for(b, n, nd);
		return;
	case NodeSwitchStmt:
		stmt_switch(b, n);
		return;
	case NodeSelectStmt:
		stmt_select(b, n);
		return;
	}
	bug("statement of node kind %d", nd->kind);
}
