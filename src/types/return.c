/* return: does a statement list end in a terminating statement? (spec: Terminating statements) */
#include "check.h"

static bool has_break(File *f, NodeId s, const Name *label, bool implicit);

static bool has_break_list(File *f, ListId l, const Name *label, bool implicit)
{
	for (u32 i = 0; i < list_len(f, l); i++)
		if (has_break(f, list_at(f, l, i), label, implicit))
			return true;
	return false;
}

/* Is there a break that leaves the statement labelled label (or, if implicit, the innermost one)? */
static bool has_break(File *f, NodeId s, const Name *label, bool implicit)
{
	const Node *n = node_at(f, s);
	switch (n->kind) {
	case NodeLabeledStmt:
		return has_break(f, n->b, label, implicit);
	case NodeBranchStmt:
		return n->op == TokBreak && (n->a ? node_name(f, n->a) == label : implicit);
	case NodeBlock:
		return has_break_list(f, n->a, label, implicit);
	case NodeIfStmt: {
		NodeId els = list_at(f, n->b, 1);
		return has_break(f, list_at(f, n->b, 0), label, implicit) || (els && has_break(f, els, label, implicit));
	}
	case NodeSwitchStmt: case NodeSelectStmt:
		for (u32 i = 0; label && i < list_len(f, n->b); i++)
			if (has_break_list(f, node_at(f, list_at(f, n->b, i))->b, label, false))
				return true;
		return false;
	case NodeForStmt:
		return label && has_break(f, n->b, label, false);
	default:
		return false;
	}
}

static bool list_terminates(Check *c, ListId l)
{
	File *f = c->env.file;
	for (u32 i = list_len(f, l); i > 0; i--)
		if (node_kind(f, list_at(f, l, i - 1)) != NodeEmptyStmt)
			return stmt_terminates(c, list_at(f, l, i - 1), NULL);
	return false;
}

static bool clauses_terminate(Check *c, ListId l, const Name *label, bool need_default)
{
	File *f = c->env.file;
	bool has_default = false;
	for (u32 i = 0; i < list_len(f, l); i++) {
		const Node *cl = node_at(f, list_at(f, l, i));
		has_default |= !cl->a;
		if (!list_terminates(c, cl->b) || has_break_list(f, cl->b, label, true))
			return false;
	}
	return has_default || !need_default;
}

bool stmt_terminates(Check *c, NodeId s, const Name *label)
{
	File *f = c->env.file;
	const Node *n = node_at(f, s);
	switch (n->kind) {
	case NodeLabeledStmt:
		return stmt_terminates(c, n->b, node_name(f, n->a));
	case NodeExprStmt: {
		NodeId call = node_unparen(f, n->a);
		return node_kind(f, call) == NodeCall && c->env.is_panic && map_get(c->env.is_panic, call);
	}
	case NodeReturnStmt:
		return true;
	case NodeBranchStmt:
		return n->op == TokGoto || n->op == TokFallthrough;
	case NodeBlock:
		return list_terminates(c, n->a);
	case NodeIfStmt: {
		NodeId els = list_at(f, n->b, 1);
		return els && stmt_terminates(c, list_at(f, n->b, 0), NULL) && stmt_terminates(c, els, NULL);
	}
	case NodeSwitchStmt:
		return clauses_terminate(c, n->b, label, true);
	case NodeSelectStmt:
		return clauses_terminate(c, n->b, label, false);
	case NodeForStmt: {
		NodeId init = list_at(f, n->a, 0);
		if (init && node_kind(f, init) == NodeRangeClause)
			return false;
		return !list_at(f, n->a, 1) && !has_break(f, n->b, label, true);
	}
	default:
		return false;
	}
}
