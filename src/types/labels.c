/* labels: what labelled statements and the branches to them refer to.
 *
 * The parser has checked that labels exist, are used and may be jumped to; here they become objects for the builder:
 * the Name of a labelled statement defines one (decl is the statement), that of a branch uses it.
 */
#include "check.h"

typedef void LabelFn(Check *c, Scope *all, NodeId s);

static void define(Check *c, Scope *all, NodeId s)
{
	NodeId id = node_at(c->env.file, s)->a;
	Name *name = node_name(c->env.file, id);
	if (name_blank(name))
		return;
	Obj *o = obj_new(c, ObjLabel, node_at(c->env.file, id)->pos, name, NULL);
	o->decl = s;
	scope_insert(c->ar, all, o);
	check_record_def(c, id, o);
}

static void use(Check *c, Scope *all, NodeId s)
{
	NodeId id = node_at(c->env.file, s)->a;
	Obj *o = id ? scope_find(all, node_name(c->env.file, id)) : NULL;
	if (!o)
		return;
	obj_set(o, ObjUsed);
	check_record_use(c, id, o);
}

static void walk(Check *c, Scope *all, NodeId s, LabelFn *on_label, LabelFn *on_branch);

static void walk_list(Check *c, Scope *all, ListId l, LabelFn *on_label, LabelFn *on_branch)
{
	for (u32 i = 0; i < list_len(c->env.file, l); i++)
		walk(c, all, list_at(c->env.file, l, i), on_label, on_branch);
}

static void walk(Check *c, Scope *all, NodeId s, LabelFn *on_label, LabelFn *on_branch)
{
	File *f = c->env.file;
	const Node *n = node_at(f, s);
	switch (check_enter(c, s) ? n->kind : NodeNone) {
	case NodeLabeledStmt:
		if (on_label)
			on_label(c, all, s);
		walk(c, all, n->b, on_label, on_branch);
		break;
	case NodeBranchStmt:
		if (on_branch)
			on_branch(c, all, s);
		break;
	case NodeBlock:
		walk_list(c, all, n->a, on_label, on_branch);
		break;
	case NodeIfStmt:
		walk(c, all, list_at(f, n->b, 0), on_label, on_branch);
		if (list_at(f, n->b, 1))
			walk(c, all, list_at(f, n->b, 1), on_label, on_branch);
		break;
	case NodeSwitchStmt: case NodeSelectStmt:
		for (u32 i = 0; i < list_len(f, n->b); i++)
			walk_list(c, all, node_at(f, list_at(f, n->b, i))->b, on_label, on_branch);
		break;
	case NodeForStmt:
		walk(c, all, n->b, on_label, on_branch);
		break;
	}
	check_leave(c);
}

void stmt_labels(Check *c, NodeId body)
{
	Scope *all = scope_new(c->ar, NULL);
	walk(c, all, body, define, NULL);
	walk(c, all, body, NULL, use);
}
