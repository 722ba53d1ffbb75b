/* parse_stmt: statements, with the headers of if, for and switch. */
#include "parse.h"

static NodeId stmt_or_nil(Parser *p);
static ListId stmt_list(Parser *p, Pos extra);

static NodeId range_clause(Parser *p, NodeId lhs, bool def)
{
	Pos pos = p->s.pos;
	next(p);
	NodeId x = parse_expr(p);
	NodeId n = add(p, NodeRangeClause, pos, lhs, x);
	at(p, n)->flag = def ? FlagDef : 0;
	return n;
}

static NodeId expr_stmt(Parser *p, NodeId x)
{
	return add(p, NodeExprStmt, at(p, x)->pos, x, 0);
}

/* ExpressionStmt, SendStmt, IncDecStmt, x op= y : one expression on the left */
static NodeId one_expr_stmt(Parser *p, NodeId lhs)
{
	Pos pos = p->s.pos;
	Op op = (Op)p->s.op;
	NodeId rhs;
	switch (p->s.tok) {
	case TokAssignOp:
		next(p);
		rhs = parse_expr(p);
		return add_op(p, NodeAssignStmt, op, pos, lhs, rhs);
	case TokIncOp:
		next(p);
		return add_op(p, NodeAssignStmt, op, pos, lhs, 0);
	case TokArrow:
		next(p);
		rhs = parse_expr(p);
		return add(p, NodeSendStmt, pos, lhs, rhs);
	default:
		return expr_stmt(p, lhs);
	}
}

/* Assignment, ShortVarDecl, or the header of a range clause or type switch, as keyword allows. */
static NodeId assign_stmt(Parser *p, NodeId lhs, Tok keyword)
{
	Pos pos = p->s.pos;
	bool def = p->s.tok == TokDefine;
	next(p);
	if (keyword == TokFor && p->s.tok == TokRange)
		return range_clause(p, lhs, def);
	NodeId rhs = parse_expr_list(p);
	if (kind(p, rhs) == NodeTypeSwitchGuard && keyword == TokSwitch && def && kind(p, lhs) == NodeName) {
		at(p, rhs)->a = lhs;
		return expr_stmt(p, rhs);
	}
	NodeId n = add(p, NodeAssignStmt, pos, lhs, rhs);
	at(p, n)->flag = def ? FlagDef : 0;
	return n;
}

/* SimpleStmt. lhs: the expression list it begins with, or 0. keyword: the statement whose header this is. */
static NodeId simple_stmt(Parser *p, NodeId lhs, Tok keyword)
{
	if (keyword == TokFor && p->s.tok == TokRange)
		return range_clause(p, 0, false);
	if (!lhs)
		lhs = parse_expr_list(p);
	if (p->s.tok == TokAssign || p->s.tok == TokDefine)
		return assign_stmt(p, lhs, keyword);
	if (kind(p, lhs) != NodeList)
		return one_expr_stmt(p, lhs);
	parse_error(p, "expected := or = or comma");
	parse_advance(p, BIT(TokSemi) | BIT(TokRbrace));
	return expr_stmt(p, list_at(&p->f, at(p, lhs)->a, 0));
}

/* LabeledStmt = Label ":" Statement . */
static NodeId labeled_stmt(Parser *p, NodeId label)
{
	Pos pos = p->s.pos;
	NodeId s;
	p->nbranch++;
	parse_want(p, TokColon);
	if (p->s.tok == TokRbrace)
		s = add(p, NodeEmptyStmt, p->s.pos, 0, 0);
	else
		s = stmt_or_nil(p);
	if (s)
		return add(p, NodeLabeledStmt, pos, label, s);
	parse_error_at(p, pos, "missing statement after label");
	return 0;
}

/* Block = "{" StatementList "}" .  context names the clause before it, "" if the brace was seen. */
NodeId parse_block(Parser *p, const char *context)
{
	Pos pos = p->s.pos;
	if (!got(p, TokLbrace)) {
		parse_error(p, arena_printf(&p->tmp, "expected { after %s", context));
		parse_advance(p, BIT(TokName) | BIT(TokRbrace));
		Pos rbrace = p->s.pos;
		if (got(p, TokRbrace))
			return add(p, NodeBlock, pos, parse_add_list(p, NULL, 0, rbrace), 0);
	}
	ListId l = stmt_list(p, 0);
	parse_want(p, TokRbrace);
	return add(p, NodeBlock, pos, l, 0);
}

static NodeId decl_stmt(Parser *p, NodeId (*spec)(Parser *, u16))
{
	Pos pos = p->s.pos;
	u32 mark = p->sp;
	next(p);
	parse_decl_group(p, spec);
	ListId l = parse_pop_list(p, mark, 0);
	return add(p, NodeDeclStmt, pos, l, 0);
}

typedef struct Header { NodeId init, cond, post; } Header;

/* The condition of a statement was written as the statement s. */
static NodeId condition_of(Parser *p, NodeId s)
{
	Node n = *at(p, s);
	if (n.kind == NodeExprStmt)
		return n.a;
	const char *text;
	if (n.kind == NodeAssignStmt && n.op == OpNone && !(n.flag & FlagDef) && n.b) {
		bool lp = kind(p, n.a) == NodeBinary, rp = kind(p, n.b) == NodeBinary;
		char *l = arena_printf(&p->tmp, lp ? "(%s)" : "%s", parse_expr_text(p, n.a));
		char *r = arena_printf(&p->tmp, rp ? "(%s)" : "%s", parse_expr_text(p, n.b));
		text = arena_printf(&p->tmp, "assignment %s = %s", l, r);
	} else {
		text = parse_expr_text(p, s);
	}
	parse_error_at(p, n.pos, arena_printf(&p->tmp, "cannot use %s as value", text));
	return 0;
}

/* After "for init ;" : the rest of a for clause. */
static NodeId for_clause(Parser *p, Header *h)
{
	NodeId cond = 0;
	if (p->s.tok != TokSemi) {
		if (p->s.tok == TokLbrace) {
			parse_error(p, "expected for loop condition");
			return 0;
		}
		cond = simple_stmt(p, 0, TokNone);
	}
	parse_want(p, TokSemi);
	if (p->s.tok != TokLbrace) {
		h->post = simple_stmt(p, 0, TokNone);
		const Node *n = at(p, h->post);
		if (n->kind == NodeAssignStmt && n->flag & FlagDef)
			parse_error_at(p, n->pos, "cannot declare in post statement of for loop");
	}
	return cond;
}

/* Between keyword and "{". */
static Header header(Parser *p, Tok keyword)
{
	Header h = {0};
	next(p);
	if (p->s.tok == TokLbrace) {
		if (keyword == TokIf) {
			parse_error(p, "missing condition in if statement");
			h.cond = parse_bad_expr(p, p->s.pos);
		}
		return h;
	}
	int outer = p->xnest;
	p->xnest = -1;
	if (p->s.tok != TokSemi) {
		if (got(p, TokVar))
			parse_error(p, arena_printf(&p->tmp, "var declaration not allowed in %s initializer", tok_text[keyword]));
		h.init = simple_stmt(p, 0, keyword);
		if (kind(p, h.init) == NodeRangeClause) {
			p->xnest = outer;
			return h;
		}
	}
	NodeId cond = 0;
	Pos semi = 0;
	SemiKind semi_kind = SemiSemicolon;
	if (p->s.tok == TokLbrace) {
		cond = h.init;
		h.init = 0;
	} else {
		if (p->s.tok == TokSemi) {
			semi = p->s.pos;
			semi_kind = (SemiKind)p->s.lit;
			next(p);
		} else {
			/* asking for "{" rather than ";" makes the better message */
			parse_want(p, TokLbrace);
			if (p->s.tok != TokLbrace)
				parse_advance(p, BIT(TokLbrace) | BIT(TokRbrace));
		}
		if (keyword == TokFor)
			cond = for_clause(p, &h);
		else if (p->s.tok != TokLbrace)
			cond = simple_stmt(p, 0, keyword);
	}
	if (cond) {
		h.cond = condition_of(p, cond);
	} else if (keyword == TokIf && semi) {
		if (semi_kind != SemiSemicolon)
			parse_error_at(p, semi, arena_printf(&p->tmp, "unexpected %s, expected { after if clause", parse_semi_text[semi_kind]));
		else
			parse_error_at(p, semi, "missing condition in if statement");
		h.cond = parse_bad_expr(p, semi);
	}
	p->xnest = outer;
	return h;
}

/* IfStmt = "if" [ SimpleStmt ";" ] Expression Block [ "else" ( IfStmt | Block ) ] . */
static NodeId if_stmt(Parser *p)
{
	Pos pos = p->s.pos;
	if (!parse_enter(p)) {
		leave(p);
		return add(p, NodeEmptyStmt, pos, 0, 0);
	}
	Header h = header(p, TokIf);
	NodeId then = parse_block(p, "if clause"), other = 0;
	if (got(p, TokElse)) {
		if (p->s.tok == TokIf) {
			other = if_stmt(p);
		} else if (p->s.tok == TokLbrace) {
			other = parse_block(p, "");
		} else {
			parse_error(p, "else must be followed by if or statement block");
			parse_advance(p, BIT(TokName) | BIT(TokRbrace));
		}
	}
	leave(p);
	ListId head = list2(p, h.init, h.cond), arms = list2(p, then, other);
	return add(p, NodeIfStmt, pos, head, arms);
}

/* ForStmt = "for" [ Condition | ForClause | RangeClause ] Block . */
static NodeId for_stmt(Parser *p)
{
	Pos pos = p->s.pos;
	Header h = header(p, TokFor);
	NodeId body = parse_block(p, "for clause");
	ListId head = list3(p, h.init, h.cond, h.post);
	return add(p, NodeForStmt, pos, head, body);
}

/* One clause of a switch or select statement. */
static NodeId clause(Parser *p, NodeKind k)
{
	Pos pos = p->s.pos;
	NodeId head = 0;
	if (p->s.tok == TokCase) {
		next(p);
		head = k == NodeCaseClause ? parse_expr_list(p) : simple_stmt(p, 0, TokNone);
	} else if (p->s.tok == TokDefault) {
		next(p);
	} else {
		parse_error(p, "expected case or default or }");
		parse_advance(p, BIT(TokColon) | BIT(TokCase) | BIT(TokDefault) | BIT(TokRbrace));
	}
	Pos colon = p->s.pos;
	parse_want(p, TokColon);
	ListId body = stmt_list(p, colon);
	return add(p, k, pos, head, body);
}

static ListId clauses(Parser *p, NodeKind k, const char *missing)
{
	u32 mark = p->sp;
	if (!got(p, TokLbrace)) {
		parse_error(p, missing);
		parse_advance(p, BIT(TokCase) | BIT(TokDefault) | BIT(TokRbrace));
	}
	while (p->s.tok != TokEOF && p->s.tok != TokRbrace)
		push(p, clause(p, k));
	Pos rbrace = p->s.pos;
	parse_want(p, TokRbrace);
	return parse_pop_list(p, mark, rbrace);
}

/* SwitchStmt = "switch" [ SimpleStmt ";" ] [ Expression | TypeSwitchGuard ] "{" { CaseClause } "}" . */
static NodeId switch_stmt(Parser *p)
{
	Pos pos = p->s.pos;
	Header h = header(p, TokSwitch);
	ListId body = clauses(p, NodeCaseClause, "missing { after switch clause");
	ListId head = list2(p, h.init, h.cond);
	return add(p, NodeSwitchStmt, pos, head, body);
}

/* SelectStmt = "select" "{" { CommClause } "}" . */
static NodeId select_stmt(Parser *p)
{
	Pos pos = p->s.pos;
	next(p);
	ListId body = clauses(p, NodeCommClause, "missing { after select clause");
	return add(p, NodeSelectStmt, pos, 0, body);
}

/* GoStmt = "go" Expression .  DeferStmt = "defer" Expression . */
static NodeId call_stmt(Parser *p)
{
	Pos pos = p->s.pos;
	Tok t = (Tok)p->s.tok;
	next(p);
	NodeId x = parse_primary_expr(p, 0, p->s.tok == TokLparen), bare = parse_unparen(p, x);
	if (bare != x)
		scan_error(&p->s, at(p, x)->pos, "expression in %s must not be parenthesized", tok_text[t]);
	return add_op(p, NodeCallStmt, (Op)t, pos, bare, 0);
}

/* "break" [ Label ] | "continue" [ Label ] | "goto" Label | "fallthrough" */
static NodeId branch_stmt(Parser *p)
{
	Pos pos = p->s.pos;
	Tok t = (Tok)p->s.tok;
	NodeId label = 0;
	p->nbranch++;
	next(p);
	if (t == TokGoto || (t != TokFallthrough && p->s.tok == TokName))
		label = parse_name(p);
	return add_op(p, NodeBranchStmt, (Op)t, pos, label, 0);
}

static NodeId return_stmt(Parser *p)
{
	Pos pos = p->s.pos;
	NodeId x = 0;
	next(p);
	if (p->s.tok != TokSemi && p->s.tok != TokRbrace)
		x = parse_expr_list(p);
	return add(p, NodeReturnStmt, pos, x, 0);
}

static NodeId stmt_at(Parser *p)
{
	NodeId lhs;
	switch (p->s.tok) {
	case TokVar: return decl_stmt(p, parse_var_decl);
	case TokConst: return decl_stmt(p, parse_const_decl);
	case TokType: return decl_stmt(p, parse_type_decl);
	default: break;
	}
	clear_pragma(p);
	switch (p->s.tok) {
	case TokName:
		lhs = parse_expr_list(p);
		if (p->s.tok == TokColon && kind(p, lhs) == NodeName)
			return labeled_stmt(p, lhs);
		return simple_stmt(p, lhs, TokNone);
	case TokLbrace: return parse_block(p, "");
	case TokOperator: case TokStar:
		switch (p->s.op) {
		case OpAdd: case OpSub: case OpMul: case OpAnd: case OpXor: case OpNot: return simple_stmt(p, 0, TokNone);
		default: return 0;
		}
	case TokLiteral: case TokFunc: case TokLparen: case TokLbrack: case TokStruct: case TokMap: case TokChan:
	case TokInterface: case TokArrow:
		return simple_stmt(p, 0, TokNone);
	case TokFor: return for_stmt(p);
	case TokSwitch: return switch_stmt(p);
	case TokSelect: return select_stmt(p);
	case TokIf: return if_stmt(p);
	case TokFallthrough: case TokBreak: case TokContinue: case TokGoto: return branch_stmt(p);
	case TokGo: case TokDefer: return call_stmt(p);
	case TokReturn: return return_stmt(p);
	case TokSemi: return add(p, NodeEmptyStmt, p->s.pos, 0, 0);
	default: return 0;
	}
}

/* Statement, or 0 if there is none. */
static NodeId stmt_or_nil(Parser *p)
{
	NodeId s = parse_enter(p) ? stmt_at(p) : 0;
	leave(p);
	return s;
}

/* StatementList = { Statement ";" } .  The list's extra is the position given, or that of the token behind it. */
static ListId stmt_list(Parser *p, Pos extra)
{
	u32 mark = p->sp;
	const u64 stop = BIT(TokEOF) | BIT(TokRbrace) | BIT(TokCase) | BIT(TokDefault);
	while (!(stop & BIT(p->s.tok))) {
		NodeId s = stmt_or_nil(p);
		clear_pragma(p);
		if (!s)
			break;
		push(p, s);
		if (!got(p, TokSemi) && p->s.tok != TokRbrace) {
			parse_error(p, "at end of statement");
			parse_advance(p, BIT(TokSemi) | BIT(TokRbrace) | BIT(TokCase) | BIT(TokDefault));
			got(p, TokSemi);
		}
	}
	return parse_pop_list(p, mark, extra ? extra : p->s.pos);
}
