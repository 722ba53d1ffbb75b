/* parse_decl: constants, variables, types, functions and imports. */
#include "parse.h"

/* Parses "( { spec ; } )" or one spec, pushing declarations. */
void parse_decl_group(Parser *p, NodeId (*spec)(Parser *, u16 group))
{
	if (p->s.tok != TokLparen) {
		push(p, spec(p, 0));
		return;
	}
	if (++p->group == 0)
		p->group = 1;
	u16 group = p->group;
	Pos end = 0;
	clear_pragma(p);
	next(p);
	for (bool more = list_open(p, TokRparen); more; more = parse_list_more(p, "grouped declaration", TokSemi, TokRparen, &end))
		push(p, spec(p, group));
	parse_list_close(p, TokRparen, end);
}

/* ImportSpec = [ "." | PackageName ] ImportPath . */
NodeId parse_import_decl(Parser *p, u16 group)
{
	Pos pos = p->s.pos;
	NodeId nm = 0;
	pragma_take(p, 0);
	if (p->s.tok == TokName) {
		nm = parse_name(p);
	} else if (p->s.tok == TokDot) {
		nm = parse_add_name(p, pos, scan_name_id(&p->s, ".", 1));
		next(p);
	}
	NodeId path = parse_literal_or_nil(p);
	if (!path) {
		parse_error(p, "missing import path");
		parse_advance(p, BIT(TokSemi) | BIT(TokRparen));
	} else if (!(at(p, path)->flag & FlagBad) && at(p, path)->op != LitString) {
		parse_error_at(p, at(p, path)->pos, "import path must be a string");
		at(p, path)->flag |= FlagBad;
	}
	return add_op(p, NodeImportDecl, (Op)group, pos, nm, path);
}

/* IdentifierList = identifier { "," identifier } . */
static ListId name_list(Parser *p)
{
	u32 mark = p->sp;
	push(p, parse_name(p));
	while (got(p, TokComma))
		push(p, parse_name(p));
	return parse_pop_list(p, mark, 0);
}

/* ConstSpec = IdentifierList [ [ Type ] "=" ExpressionList ] . */
NodeId parse_const_decl(Parser *p, u16 group)
{
	Pos pos = p->s.pos;
	NodeId t = 0, values = 0;
	pragma_take(p, 0);
	ListId names = name_list(p);
	if (p->s.tok != TokEOF && p->s.tok != TokSemi && p->s.tok != TokRparen) {
		t = parse_type_or_nil(p);
		if (parse_got_assign(p))
			values = parse_expr_list(p);
	}
	ListId parts = list2(p, t, values);
	return add_op(p, NodeConstDecl, (Op)group, pos, names, parts);
}

/* VarSpec = IdentifierList ( Type [ "=" ExpressionList ] | "=" ExpressionList ) . */
NodeId parse_var_decl(Parser *p, u16 group)
{
	Pos pos = p->s.pos;
	NodeId t = 0, values = 0;
	PendingPragma pending = pragma_set_aside(p);
	ListId names = name_list(p);
	if (parse_got_assign(p)) {
		values = parse_expr_list(p);
	} else {
		t = parse_type(p);
		if (parse_got_assign(p))
			values = parse_expr_list(p);
	}
	ListId parts = list2(p, t, values);
	NodeId n = add_op(p, NodeVarDecl, (Op)group, pos, names, parts);
	if (unlikely(pending.any))
		pragma_take_var(p, &pending, n);
	return n;
}

/* x can only be a type element: P *[]int, not P * x */
static bool is_type_elem(const Parser *p, NodeId x)
{
	for (;;) {
		const Node *n = &p->f.node[x];
		switch (n->kind) {
		case NodeArrayType: case NodeStructType: case NodeFuncType: case NodeInterfaceType: case NodeSliceType:
		case NodeMapType: case NodeChanType:
			return true;
		case NodeBinary:
			if (is_type_elem(p, n->b))
				return true;
			x = n->a;
			break;
		case NodeUnary:
			if (n->op == OpTilde)
				return true;
			x = n->a;
			break;
		case NodeStar: case NodeParen:
			x = n->a;
			break;
		default:
			return false;
		}
	}
}

/* Splits x, parsed as an array length, into the name and constraint of a type parameter: "P *E", "P *E|F", "P (E)".
 * Done only if the constraint can be nothing else, or force says so. *nm is 0 if x is not to be split; *constraint is
 * 0 if x is just a name. */
static void split_name(Parser *p, NodeId x, bool force, NodeId *nm, NodeId *constraint)
{
	Node n = *at(p, x);
	*nm = 0;
	*constraint = x;
	if (n.kind == NodeName) {
		*nm = x;
		*constraint = 0;
	} else if (n.kind == NodeBinary && n.op == OpMul) {
		if (kind(p, n.a) == NodeName && (force || is_type_elem(p, n.b))) {
			*nm = n.a;
			*constraint = add(p, NodeStar, n.pos, n.b, 0);
		}
	} else if (n.kind == NodeBinary && n.op == OpOr) {
		NodeId lname, lhs;
		split_name(p, n.a, force || is_type_elem(p, n.b), &lname, &lhs);
		if (lname && lhs) {
			*nm = lname;
			*constraint = add_op(p, NodeBinary, OpOr, n.pos, lhs, n.b);
		}
	} else if (n.kind == NodeCall && kind(p, n.a) == NodeName && list_len(&p->f, n.b) == 1 && !(n.flag & FlagDots)) {
		NodeId arg = list_at(&p->f, n.b, 0);
		if (force || is_type_elem(p, arg)) {
			*nm = n.a;
			*constraint = parse_unparen(p, arg);
		}
	}
}

/* "type T [" name ... : an array length or a type parameter list? */
static NodeId generic_or_array(Parser *p, Pos pos, NodeId *tparams, bool *alias)
{
	NodeId x = parse_name(p), pname, ptype;
	if (p->s.tok != TokLbrack) {
		p->xnest++;
		x = parse_binary_expr(p, parse_primary_expr(p, x, false), 0);
		p->xnest--;
	}
	split_name(p, x, p->s.tok == TokComma, &pname, &ptype);
	if (!pname || (!ptype && p->s.tok == TokRbrack))
		return parse_array_type(p, pos, x);
	u32 mark = p->sp;
	parse_param_list(p, pname, ptype, TokRbrack, true, false);
	*tparams = parse_tparam_node(p, mark);
	*alias = parse_got_assign(p);
	return parse_type_or_nil(p);
}

/* TypeSpec = identifier [ TypeParams ] [ "=" ] Type . */
NodeId parse_type_decl(Parser *p, u16 group)
{
	Pos pos = p->s.pos;
	bool alias = false;
	NodeId tparams = 0, t;
	pragma_take(p, 0);
	NodeId nm = parse_name(p);
	if (p->s.tok == TokLbrack) {
		Pos open = p->s.pos;
		next(p);
		if (p->s.tok == TokName)
			t = generic_or_array(p, open, &tparams, &alias);
		else if (got(p, TokRbrack))
			t = parse_slice_type(p, open);
		else
			t = parse_array_type(p, open, 0);
	} else {
		alias = parse_got_assign(p);
		t = parse_type_or_nil(p);
	}
	if (!t) {
		t = parse_bad_expr(p, p->s.pos);
		parse_error(p, "in type declaration");
		parse_advance(p, BIT(TokSemi) | BIT(TokRparen));
	}
	ListId parts = list2(p, tparams, t);
	NodeId n = add_op(p, NodeTypeDecl, (Op)group, pos, nm, parts);
	at(p, n)->flag = alias ? FlagAlias : 0;
	return n;
}

NodeId parse_func_body(Parser *p)
{
	u32 errors = p->s.nerr, outer = p->nbranch;
	p->fnest++;
	p->nbranch = 0;
	NodeId body = parse_block(p, "");
	p->fnest--;
	/* a broken body would give misleading errors */
	if (p->nbranch && errors == p->s.nerr)
		branch_check(p, body);
	p->nbranch = outer;
	return body;
}

static const u32 func_flags = PragmaNoescape | PragmaNorace | PragmaNosplit | PragmaNoinline | PragmaNocheckptr |
	PragmaRegisterParams | PragmaCgoUnsafeArgs | PragmaUintptrKeepAlive | PragmaUintptrEscapes | PragmaSystemstack |
	PragmaNowritebarrier | PragmaNowritebarrierrec | PragmaYeswritebarrierrec;

static NodeId receiver(Parser *p)
{
	u32 mark = p->sp;
	parse_param_list(p, 0, 0, TokRparen, false, false);
	u32 n = p->sp - mark;
	p->sp = mark;
	if (n == 0)
		scan_error(&p->s, p->s.pos, "method has no receiver");
	else if (n > 1)
		scan_error(&p->s, p->s.pos, "method has multiple receivers");
	return n ? p->stack[mark] : 0;
}

/* FunctionDecl = "func" [ Receiver ] identifier Signature [ FunctionBody ] . */
NodeId parse_func_decl(Parser *p)
{
	Pos pos = p->s.pos;
	FuncRange range = {.first = p->f.nnode, .pragma = pragma_take(p, func_flags)};
	const char *context = NULL;
	NodeId recv = 0, nm, t, tparams = 0, body = 0;
	if (got(p, TokLparen)) {
		context = "method";
		recv = receiver(p);
	}
	if (p->s.tok == TokName) {
		nm = parse_name(p);
		t = parse_func_type(p, context, &tparams);
	} else {
		nm = parse_blank_name(p, p->s.pos);
		t = add(p, NodeFuncType, p->s.pos, 0, 0);
		parse_error(p, context ? "expected name" : "expected name or (");
		parse_advance(p, BIT(TokLbrace) | BIT(TokSemi));
	}
	if (p->s.tok == TokLbrace)
		body = parse_func_body(p);
	ListId parts = parse_add_list(p, (u32[]){recv, tparams, t, body}, 4, 0);
	range.decl = add(p, NodeFuncDecl, pos, nm, parts);
	range.last = p->f.nnode;
	if (range.pragma)
		pragma_check_func(p, range.pragma, range.decl, body != 0);
	vec_push(p->ar, &p->func, range);
	return range.decl;
}
