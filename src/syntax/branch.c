/* Labels and branches of one function body: break, continue, goto and fallthrough have a target that is allowed, labels
 * are declared once and used.
 *
 * One walk over the statements, block by block. A goto whose label is not yet known is kept on a stack; gotos left over
 * from an inner block become the outer block's. Function literals inside are bodies of their own. */
#include "scan.h"

typedef struct Label {
	NodeId stmt;        /* the LabeledStmt */
	u32 block;          /* the block it stands in */
	Pos start;          /* of that block */
	bool used;
} Label;

typedef struct Block Block;
struct Block {
	Block *parent;
	u32 id;
	Pos start;
	NodeId labeled;     /* LabeledStmt whose statement this block belongs to, or 0 */
};

/* What break, continue and fallthrough mean here. */
typedef struct Target {
	NodeId breaks, continues;    /* enclosing statement or 0 */
	int clause;                  /* index of the clause of breaks we are directly in, or -1 */
} Target;

typedef struct Forward { NodeId stmt; u32 seq; } Forward;

typedef struct Branches {
	Parser *p;
	const File *f;
	Map labels;                  /* Name -> Label */
	VEC(Label *) order;          /* in order of declaration */
	VEC(Forward) fwd;
	u32 nblock, seq;
} Branches;

#define report(c, pos, ...) diag_add((c)->p->s.d, pos, __VA_ARGS__)

static const char *place(Branches *c, Pos pos)
{
	SrcLoc l = pos_loc(pos), raw = pos_loc_raw(pos);
	Arena *a = &c->p->tmp;
	const char *s = l.col ? arena_printf(a, "%s:%u:%u", l.file, l.line, l.col) : arena_printf(a, "%s:%u", l.file, l.line);
	if (strcmp(l.file, raw.file) == 0 && l.line == raw.line && l.col == raw.col)
		return s;
	return arena_printf(a, "%s[%s:%u:%u]", s, raw.file, raw.line, raw.col);
}

static Name *name_of(const Branches *c, NodeId n)
{
	return c->p->s.names[node_at(c->f, n)->a];
}

static Label *find_label(Branches *c, NodeId nm)
{
	return map_getp(&c->labels, name_of(c, nm));
}

static Label *declare(Branches *c, const Block *b, NodeId stmt)
{
	NodeId nm = node_at(c->f, stmt)->a;
	Label *l = find_label(c, nm);
	if (l) {
		report(c, node_at(c->f, nm)->pos, "label %s already defined at %s", name_of(c, nm)->s,
			place(c, node_at(c->f, node_at(c->f, l->stmt)->a)->pos));
		return l;
	}
	l = arena_new(&c->p->tmp, Label);
	*l = (Label){stmt, b->id, b->start, false};
	map_putp(&c->p->tmp, &c->labels, name_of(c, nm), l);
	vec_push(&c->p->tmp, &c->order, l);
	return l;
}

/* Statements of one block while they are walked. */
typedef struct Walk {
	Block b;
	u32 base;           /* this block's gotos: fwd[base..) */
	Pos var_pos;        /* the last variable declared, */
	NodeId var_name;    /* its name or names, */
	u32 var_seq;        /* and gotos before it jump over it */
} Walk;

static void walk_block(Branches *c, Block *parent, Target t, NodeId labeled, Pos start, ListId list);

static void note_var(Branches *c, Walk *w, Pos pos, NodeId nm)
{
	w->var_pos = pos;
	w->var_name = nm;
	w->var_seq = c->seq;
}

static const char *node_text(Branches *c, NodeId n)
{
	Buf b = {.ar = &c->p->tmp};
	node_print(&b, c->f, n);
	return buf_str(&b);
}

static void walk_label(Branches *c, Walk *w, NodeId stmt)
{
	Label *l = declare(c, &w->b, stmt);
	Name *nm = name_of(c, node_at(c->f, stmt)->a);
	u32 kept = w->base;
	for (u32 i = w->base; i < c->fwd.n; i++) {
		Forward g = c->fwd.a[i];
		NodeId target = node_at(c->f, g.stmt)->a;
		if (name_of(c, target) != nm) {
			c->fwd.a[kept++] = g;
			continue;
		}
		l->used = true;
		if (w->var_pos && g.seq < w->var_seq)
			report(c, node_at(c->f, target)->pos, "goto %s jumps over declaration of %s at %s", nm->s,
				node_text(c, w->var_name), place(c, w->var_pos));
	}
	c->fwd.n = kept;
}

static void walk_unlabeled(Branches *c, const Node *n, Target t, bool last)
{
	if (n->op == TokBreak && !t.breaks)
		report(c, n->pos, "break is not in a loop, switch, or select");
	if (n->op == TokContinue && !t.continues)
		report(c, n->pos, "continue is not in a loop");
	if (n->op != TokFallthrough)
		return;
	const char *msg = "fallthrough statement out of place";
	const Node *sw = t.breaks ? node_at(c->f, t.breaks) : NULL;
	if (sw && sw->kind == NodeSwitchStmt) {
		NodeId tag = list_at(c->f, sw->a, 1);
		if (tag && node_kind(c->f, tag) == NodeTypeSwitchGuard)
			msg = "cannot fallthrough in type switch";
		else if (t.clause < 0 || !last)
			;
		else if ((u32)t.clause + 1 == list_len(c->f, sw->b))
			msg = "cannot fallthrough final case in switch";
		else
			return;
	}
	report(c, n->pos, "%s", msg);
}

static void walk_labeled_jump(Branches *c, Block *b, const Node *n)
{
	const char *what = n->op == TokBreak ? "break" : "continue";
	Pos pos = node_at(c->f, n->a)->pos;
	Name *nm = name_of(c, n->a);
	Label *l = find_label(c, n->a);
	if (!l) {
		report(c, pos, "%s label not defined: %s", what, nm->s);
		return;
	}
	l->used = true;
	while (b && b->labeled != l->stmt)
		b = b->parent;
	NodeKind k = b ? node_kind(c->f, node_at(c->f, l->stmt)->b) : NodeNone;
	if (k != NodeForStmt && (n->op == TokContinue || (k != NodeSwitchStmt && k != NodeSelectStmt)))
		report(c, pos, "invalid %s label %s", what, nm->s);
}

static void walk_goto(Branches *c, Block *b, NodeId stmt)
{
	Label *l = find_label(c, node_at(c->f, stmt)->a);
	if (l) {
		l->used = true;
		for (; b; b = b->parent) {
			if (b->id == l->block)
				return;
		}
	}
	vec_push(&c->p->tmp, &c->fwd, (Forward){stmt, c->seq++});
}

static void walk_clauses(Branches *c, Block *b, Target t, NodeId labeled, ListId list, bool is_switch)
{
	for (u32 i = 0; i < list_len(c->f, list); i++) {
		const Node *cl = node_at(c->f, list_at(c->f, list, i));
		if (is_switch)
			t.clause = (int)i;
		walk_block(c, b, t, labeled, cl->pos, cl->b);
	}
}

static void walk_if(Branches *c, Walk *w, Target t, NodeId labeled, const Node *n)
{
	NodeId then = list_at(c->f, n->b, 0), other = list_at(c->f, n->b, 1);
	t.clause = -1;
	walk_block(c, &w->b, t, labeled, node_at(c->f, then)->pos, node_at(c->f, then)->a);
	/* an else is a block holding one statement; chains are walked flat, since they may be long */
	while (other && node_kind(c->f, other) == NodeIfStmt) {
		n = node_at(c->f, other);
		then = list_at(c->f, n->b, 0);
		other = list_at(c->f, n->b, 1);
		walk_block(c, &w->b, t, 0, node_at(c->f, then)->pos, node_at(c->f, then)->a);
	}
	if (other)
		walk_block(c, &w->b, t, 0, node_at(c->f, other)->pos, node_at(c->f, other)->a);
}

static void walk_stmt(Branches *c, Walk *w, Target t, NodeId stmt, bool last)
{
	const File *f = c->f;
	NodeId labeled = 0;
	while (node_kind(f, stmt) == NodeLabeledStmt) {
		if (!(node_at(f, node_at(f, stmt)->a)->flag & FlagBlank)) {
			walk_label(c, w, stmt);
			labeled = stmt;
		}
		stmt = node_at(f, stmt)->b;
	}
	const Node *n = node_at(f, stmt);
	Target inner = {t.breaks, t.continues, -1};
	switch (n->kind) {
	case NodeDeclStmt:
		for (u32 i = 0; i < list_len(f, n->a); i++) {
			const Node *d = node_at(f, list_at(f, n->a, i));
			if (d->kind == NodeVarDecl) {
				note_var(c, w, d->pos, list_at(f, d->a, 0));
				break;
			}
		}
		break;
	case NodeBranchStmt:
		if (!n->a)
			walk_unlabeled(c, n, t, last);
		else if (n->op == TokGoto)
			walk_goto(c, &w->b, stmt);
		else
			walk_labeled_jump(c, &w->b, n);
		break;
	case NodeAssignStmt:
		if (n->flag & FlagDef)
			note_var(c, w, n->pos, n->a);
		break;
	case NodeBlock:
		walk_block(c, &w->b, inner, labeled, n->pos, n->a);
		break;
	case NodeIfStmt:
		walk_if(c, w, t, labeled, n);
		break;
	case NodeForStmt:
		inner.breaks = inner.continues = stmt;
		walk_block(c, &w->b, inner, labeled, node_at(f, n->b)->pos, node_at(f, n->b)->a);
		break;
	case NodeSwitchStmt:
	case NodeSelectStmt:
		inner.breaks = stmt;
		walk_clauses(c, &w->b, inner, labeled, n->b, n->kind == NodeSwitchStmt);
		break;
	default:
		break;
	}
}

static void walk_block(Branches *c, Block *parent, Target t, NodeId labeled, Pos start, ListId list)
{
	Walk w = {.b = {parent, ++c->nblock, start, labeled}, .base = c->fwd.n};
	u32 n = list_len(c->f, list);
	while (n > 0 && node_kind(c->f, list_at(c->f, list, n - 1)) == NodeEmptyStmt)
		n--;
	for (u32 i = 0; i < n; i++)
		walk_stmt(c, &w, t, list_at(c->f, list, i), i + 1 == n);
}

void branch_check(Parser *p, NodeId body)
{
	p->f.names = p->s.names;
	Branches c = {.p = p, .f = &p->f};
	const Node *n = node_at(&p->f, body);
	walk_block(&c, NULL, (Target){0, 0, -1}, 0, n->pos, n->a);
	for (u32 i = 0; i < c.fwd.n; i++) {
		NodeId target = node_at(&p->f, c.fwd.a[i].stmt)->a;
		Pos pos = node_at(&p->f, target)->pos;
		Label *l = find_label(&c, target);
		if (l) {
			l->used = true;
			report(&c, pos, "goto %s jumps into block starting at %s", name_of(&c, target)->s, place(&c, l->start));
		} else {
			report(&c, pos, "label %s not defined", name_of(&c, target)->s);
		}
	}
	for (u32 i = 0; i < c.order.n; i++) {
		Label *l = c.order.a[i];
		NodeId nm = node_at(&p->f, l->stmt)->a;
		if (!l->used)
			report(&c, node_at(&p->f, nm)->pos, "label %s defined and not used", name_of(&c, nm)->s);
	}
}
