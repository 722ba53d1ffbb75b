/* labels: labelled statements, break, continue and goto with labels (spec: Labeled statements, Goto statements).
 *
 * One walk over the body, block by block. Forward jumps travel up to the block that declares their label; those left
 * at the end jump into a block or nowhere. A jump over a variable declaration is one that was already pending when
 * the declaration was met.
 */
#include "check.h"

typedef VEC(NodeId) Jumps;
typedef struct LabelName { struct LabelName *next; Name *name; NodeId stmt; } LabelName;
typedef struct Block { struct Block *up; NodeId lstmt; LabelName *labels; Pos var_pos; Jumps fwd, bad; } Block;
typedef struct Labels { Check *c; File *f; Scope *all; } Labels;

static Name *label_of(Labels *l, NodeId s) { return node_name(l->f, node_at(l->f, s)->a); }

static bool goto_target(const Block *b, const Name *name)
{
	for (; b; b = b->up)
		for (const LabelName *n = b->labels; n; n = n->next)
			if (n->name == name)
				return true;
	return false;
}

static NodeId enclosing_target(Labels *l, const Block *b, const Name *name)
{
	for (; b; b = b->up)
		if (b->lstmt && label_of(l, b->lstmt) == name)
			return b->lstmt;
	return 0;
}

static void var_declared(Labels *l, Block *b, Pos pos)
{
	b->var_pos = pos;
	b->bad.n = 0;
	for (u32 i = 0; i < b->fwd.n; i++)
		vec_push(l->c->ar, &b->bad, b->fwd.a[i]);
}

static bool jumps_over(const Block *b, NodeId jump)
{
	for (u32 i = 0; i < b->bad.n; i++)
		if (b->bad.a[i] == jump)
			return true;
	return false;
}

static void declare(Labels *l, Block *b, NodeId s)
{
	Check *c = l->c;
	NodeId id = node_at(l->f, s)->a;
	Name *name = node_name(l->f, id);
	if (name_blank(name))
		return;
	Obj *lbl = obj_new(c, ObjLabel, node_at(l->f, id)->pos, name, NULL), *alt = scope_insert(c->ar, l->all, lbl);
	lbl->decl = s;
	if (alt) {
		Err e;
		err_new(c, &e);
		err_add(&e, lbl->pos, "label %s already declared", name->s);
		err_altdecl(&e, alt);
		err_report(&e);
		lbl = alt;
	} else {
		LabelName *n = arena_new(c->ar, LabelName);
		*n = (LabelName){ b->labels, name, s };
		b->labels = n;
		check_record_def(c, id, lbl);
	}
	u32 k = 0;
	for (u32 i = 0; i < b->fwd.n; i++) {
		NodeId jump = b->fwd.a[i], jid = node_at(l->f, jump)->a;
		if (node_name(l->f, jid) != name) {
			b->fwd.a[k++] = jump;
			continue;
		}
		obj_set(lbl, ObjUsed);
		check_record_use(c, jid, lbl);
		if (b->var_pos && jumps_over(b, jump))
			err_soft(c, node_at(l->f, jid)->pos, "goto %s jumps over variable declaration at line %u", name->s, pos_loc(b->var_pos).line);
	}
	b->fwd.n = k;
}

static void branch(Labels *l, Block *b, NodeId s)
{
	const Node *n = node_at(l->f, s);
	if (!n->a)
		return;
	Name *name = node_name(l->f, n->a);
	if (n->op == TokGoto) {
		if (!goto_target(b, name)) {
			vec_push(l->c->ar, &b->fwd, s);
			return;
		}
	} else {
		NodeId t = enclosing_target(l, b, name);
		NodeKind k = t ? node_kind(l->f, node_at(l->f, t)->b) : NodeNone;
		bool ok = k == NodeForStmt || (n->op == TokBreak && (k == NodeSwitchStmt || k == NodeSelectStmt));
		if (!ok) {
			err_node(l->c, n->a, "invalid %s label %s", n->op == TokBreak ? "break" : "continue", name->s);
			return;
		}
	}
	Obj *o = scope_find(l->all, name);
	obj_set(o, ObjUsed);
	check_record_use(l->c, n->a, o);
}

static Jumps block(Labels *l, Block *up, NodeId lstmt, ListId stmts);

static void inner_block(Labels *l, Block *b, Block *up, NodeId lstmt, ListId stmts)
{
	Jumps j = block(l, up, lstmt, stmts);
	for (u32 i = 0; i < j.n; i++)
		vec_push(l->c->ar, &b->fwd, j.a[i]);
}

static void walk(Labels *l, Block *b, NodeId lstmt, NodeId s)
{
	File *f = l->f;
	const Node *n = node_at(f, s);
	if (!check_enter(l->c, s)) {
		check_leave(l->c);
		return;
	}
	switch (n->kind) {
	case NodeDeclStmt:
		for (u32 i = 0; i < list_len(f, n->a); i++)
			if (node_kind(f, list_at(f, n->a, i)) == NodeVarDecl)
				var_declared(l, b, node_at(f, list_at(f, n->a, i))->pos);
		break;
	case NodeLabeledStmt:
		declare(l, b, s);
		walk(l, b, name_blank(label_of(l, s)) ? lstmt : s, n->b);
		break;
	case NodeBranchStmt:
		branch(l, b, s);
		break;
	case NodeAssignStmt:
		if (n->flag & FlagDef)
			var_declared(l, b, n->pos);
		break;
	case NodeBlock:
		inner_block(l, b, b, lstmt, n->a);
		break;
	case NodeIfStmt:
		walk(l, b, lstmt, list_at(f, n->b, 0));
		if (list_at(f, n->b, 1))
			walk(l, b, lstmt, list_at(f, n->b, 1));
		break;
	case NodeSwitchStmt: case NodeSelectStmt: {
		Block mid = { .up = b, .lstmt = lstmt };
		for (u32 i = 0; i < list_len(f, n->b); i++)
			inner_block(l, b, &mid, 0, node_at(f, list_at(f, n->b, i))->b);
		break;
	}
	case NodeForStmt:
		walk(l, b, lstmt, n->b);
		break;
	}
	check_leave(l->c);
}

static Jumps block(Labels *l, Block *up, NodeId lstmt, ListId stmts)
{
	Block b = { .up = up, .lstmt = lstmt };
	for (u32 i = 0; i < list_len(l->f, stmts); i++)
		walk(l, &b, 0, list_at(l->f, stmts, i));
	return b.fwd;
}

void stmt_labels(Check *c, NodeId body)
{
	Labels l = { c, c->env.file, scope_new(c->ar, NULL) };
	Jumps left = block(&l, NULL, 0, node_at(l.f, body)->a);
	for (u32 i = 0; i < left.n; i++) {
		NodeId id = node_at(l.f, left.a[i])->a;
		Name *name = node_name(l.f, id);
		Obj *alt = scope_find(l.all, name);
		if (alt) {
			obj_set(alt, ObjUsed);
			err_node(c, id, "goto %s jumps into block", name->s);
		} else {
			err_node(c, id, "label %s not declared", name->s);
		}
	}
	for (u32 i = 0; i < l.all->names.cap; i++) {
		Obj *o = l.all->names.key[i] ? (Obj *)(uintptr_t)l.all->names.val[i] : NULL;
		if (o && !obj_is(o, ObjUsed))
			err_soft(c, o->pos, "label %s declared and not used", o->name->s);
	}
}
