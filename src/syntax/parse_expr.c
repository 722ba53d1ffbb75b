/* parse_expr: expressions, from binary operators down to operands and composite literals. */
#include "parse.h"

static NodeId unary_expr(Parser *p);
static NodeId complit(Parser *p, NodeId type);

NodeId parse_expr(Parser *p)
{
	return parse_binary_expr(p, 0, 0);
}

/* ExpressionList = Expression { "," Expression } . */
NodeId parse_expr_list(Parser *p)
{
	NodeId x = parse_expr(p);
	if (p->s.tok != TokComma)
		return x;
	u32 mark = p->sp;
	push(p, x);
	while (got(p, TokComma))
		push(p, parse_expr(p));
	ListId l = parse_pop_list(p, mark, 0);
	return add(p, NodeList, at(p, x)->pos, l, 0);
}

static const u8 precedence[OpMax] = {
	[OpOrOr] = 1, [OpAndAnd] = 2,
	[OpEql] = 3, [OpNeq] = 3, [OpLss] = 3, [OpLeq] = 3, [OpGtr] = 3, [OpGeq] = 3,
	[OpAdd] = 4, [OpSub] = 4, [OpOr] = 4, [OpXor] = 4,
	[OpMul] = 5, [OpDiv] = 5, [OpRem] = 5, [OpAnd] = 5, [OpAndNot] = 5, [OpShl] = 5, [OpShr] = 5,
};

/* Expression = UnaryExpr | Expression binary_op Expression .  x is the left operand or 0 */
NodeId parse_binary_expr(Parser *p, NodeId x, int prec)
{
	if (!x)
		x = unary_expr(p);
	while ((p->s.tok == TokOperator || p->s.tok == TokStar) && precedence[p->s.op] > prec) {
		Pos pos = p->s.pos;
		Op op = (Op)p->s.op;
		next(p);
		NodeId y = parse_binary_expr(p, 0, precedence[op]);
		x = add_op(p, NodeBinary, op, pos, x, y);
	}
	return x;
}

/* "<-" before a channel type x belongs to its innermost "chan": <-(chan E) is (<-chan E). */
static void receive_type(Parser *p, NodeId x)
{
	int dir = 1;
	NodeId t = x;
	while (dir == 1 && kind(p, t) == NodeChanType) {
		dir = at(p, t)->op;
		if (dir == 2)
			parse_error(p, "unexpected <-, expected chan");
		at(p, t)->op = 2;
		t = at(p, t)->a;
	}
	if (dir == 1)
		parse_error(p, arena_printf(&p->tmp, "unexpected %s, expected chan", parse_expr_text(p, t)));
}

static NodeId unary_operand(Parser *p)
{
	Pos pos = p->s.pos;
	Op op = (Op)p->s.op;
	NodeId x;
	if (p->s.tok == TokArrow) {
		next(p);
		x = unary_expr(p);
		if (kind(p, x) != NodeChanType)
			return add_op(p, NodeUnary, OpRecv, pos, x, 0);
		receive_type(p, x);
		return x;
	}
	if (p->s.tok == TokStar) {
		next(p);
		x = unary_expr(p);
		return add(p, NodeStar, pos, x, 0);
	}
	if (p->s.tok == TokOperator) {
		switch (op) {
		case OpAdd: case OpSub: case OpNot: case OpXor: case OpTilde:
			next(p);
			x = unary_expr(p);
			return add_op(p, NodeUnary, op, pos, x, 0);
		case OpAnd:
			next(p);
			x = parse_unparen(p, unary_expr(p));
			return add_op(p, NodeUnary, op, pos, x, 0);
		default:
			break;
		}
	}
	return parse_primary_expr(p, 0, true);
}

/* UnaryExpr = PrimaryExpr | unary_op UnaryExpr . */
static NodeId unary_expr(Parser *p)
{
	NodeId x = parse_enter(p) ? unary_operand(p) : parse_bad_expr(p, p->s.pos);
	leave(p);
	return x;
}

static NodeId paren_expr(Parser *p, bool keep)
{
	Pos pos = p->s.pos;
	next(p);
	p->xnest++;
	NodeId x = parse_expr(p);
	p->xnest--;
	parse_want(p, TokRparen);
	/* kept where it matters for errors: before "{" it may be a (wrong) composite literal type */
	if (keep || p->s.tok == TokLbrace)
		x = add(p, NodeParen, pos, x, 0);
	return x;
}

static NodeId func_lit(Parser *p)
{
	Pos pos = p->s.pos;
	NodeId tparams;
	next(p);
	NodeId t = parse_func_type(p, "function type", &tparams);
	if (p->s.tok != TokLbrace)
		return t;
	p->xnest++;
	NodeId body = parse_func_body(p);
	p->xnest--;
	return add(p, NodeFuncLit, pos, t, body);
}

/* Operand = Literal | OperandName | "(" Expression ")" . */
static NodeId operand(Parser *p, bool keep_parens)
{
	switch (p->s.tok) {
	case TokName: return parse_name(p);
	case TokLiteral: return parse_literal_or_nil(p);
	case TokLparen: return paren_expr(p, keep_parens);
	case TokFunc: return func_lit(p);
	case TokLbrack: case TokChan: case TokMap: case TokStruct: case TokInterface: return parse_type(p);
	default: break;
	}
	NodeId x = parse_bad_expr(p, p->s.pos);
	parse_error(p, "expected expression");
	parse_advance(p, BIT(TokRparen) | BIT(TokRbrack) | BIT(TokRbrace));
	return x;
}

/* "." identifier | "." "(" Type ")" | "." "(" "type" ")" */
static NodeId selector(Parser *p, NodeId x, Pos pos)
{
	next(p);
	if (p->s.tok == TokName) {
		NodeId sel = parse_name(p);
		return add(p, NodeSelector, pos, x, sel);
	}
	if (p->s.tok != TokLparen) {
		parse_error(p, "expected name or (");
		parse_advance(p, BIT(TokSemi) | BIT(TokRparen));
		return x;
	}
	next(p);
	if (got(p, TokType)) {
		x = add(p, NodeTypeSwitchGuard, pos, 0, x);
	} else {
		NodeId t = parse_type(p);
		x = add(p, NodeTypeAssert, pos, x, t);
	}
	parse_want(p, TokRparen);
	return x;
}

/* Rest of a slice expression from the first ":" on. */
static NodeId slice_expr(Parser *p, NodeId x, NodeId lo, Pos pos)
{
	NodeId hi = 0, max = 0;
	bool full = false;
	if (!got(p, TokColon)) {
		parse_error(p, "expected comma, : or ]");
		parse_advance(p, BIT(TokComma) | BIT(TokColon) | BIT(TokRbrack));
	}
	p->xnest++;
	if (p->s.tok != TokColon && p->s.tok != TokRbrack)
		hi = parse_expr(p);
	if (p->s.tok == TokColon) {
		full = true;
		if (!hi) {
			scan_error(&p->s, p->s.pos, "middle index required in 3-index slice");
			hi = parse_bad_expr(p, p->s.pos);
		}
		next(p);
		if (p->s.tok != TokRbrack) {
			max = parse_expr(p);
		} else {
			scan_error(&p->s, p->s.pos, "final index required in 3-index slice");
			max = parse_bad_expr(p, p->s.pos);
		}
	}
	p->xnest--;
	parse_want(p, TokRbrack);
	ListId l = list3(p, lo, hi, max);
	NodeId n = add(p, NodeSlice, pos, x, l);
	at(p, n)->flag = full ? FlagFull : 0;
	return n;
}

/* "[" Expression "]" | "[" TypeList "]" | "[" [ lo ] ":" [ hi ] [ ":" max ] "]" */
static NodeId index_or_slice(Parser *p, NodeId x, Pos pos)
{
	NodeId i = 0;
	next(p);
	if (p->s.tok != TokColon) {
		bool comma = false;
		if (p->s.tok == TokRbrack) {
			parse_error(p, "expected operand");
			i = parse_bad_expr(p, p->s.pos);
		} else {
			i = parse_type_list(p, false, &comma);
		}
		if (comma || p->s.tok == TokRbrack) {
			parse_want(p, TokRbrack);
			return add(p, NodeIndex, pos, x, i);
		}
	}
	return slice_expr(p, x, i, pos);
}

/* "(" [ arg { "," arg } [ "..." ] [ "," ] ] ")" */
static NodeId call(Parser *p, NodeId fun, Pos pos)
{
	u32 mark = p->sp;
	Pos end = 0;
	bool dots = false;
	next(p);
	p->xnest++;
	for (bool more = list_open(p, TokRparen); more;) {
		push(p, parse_expr(p));
		dots = got(p, TokDotDotDot);
		more = parse_list_more(p, "argument list", TokComma, TokRparen, &end) && !dots;
	}
	end = parse_list_close(p, TokRparen, end);
	p->xnest--;
	ListId l = parse_pop_list(p, mark, end);
	NodeId n = add(p, NodeCall, pos, fun, l);
	at(p, n)->flag = dots ? FlagDots : 0;
	return n;
}

/* x can only be a value, not a type */
static bool is_value(const Parser *p, NodeId x)
{
	for (;;) {
		const Node *n = &p->f.node[x];
		switch (n->kind) {
		case NodeBasicLit: case NodeCompositeLit: case NodeFuncLit: case NodeSlice: case NodeTypeAssert:
		case NodeTypeSwitchGuard: case NodeCall: case NodeUnary: case NodeBinary:
			return true;
		case NodeParen:
			x = n->a;
			break;
		case NodeIndex:
			if (is_value(p, n->b))
				return true;
			x = n->a;
			break;
		default:
			return false;
		}
	}
}

/* Does the "{" after x begin a composite literal, rather than a block? */
static bool is_literal_type(const Parser *p, NodeId t)
{
	switch (kind(p, t)) {
	case NodeName: case NodeSelector: return p->xnest >= 0;
	case NodeIndex: return p->xnest >= 0 && !is_value(p, t);
	case NodeArrayType: case NodeSliceType: case NodeStructType: case NodeMapType: return true;
	default: return false;
	}
}

/* PrimaryExpr = Operand { Selector | Index | Slice | TypeAssertion | Arguments | LiteralValue } .  x: the operand or 0 */
NodeId parse_primary_expr(Parser *p, NodeId x, bool keep_parens)
{
	if (!x)
		x = operand(p, keep_parens);
	for (;;) {
		Pos pos = p->s.pos;
		switch (p->s.tok) {
		case TokDot:
			x = selector(p, x, pos);
			break;
		case TokLbrack:
			x = index_or_slice(p, x, pos);
			break;
		case TokLparen:
			x = call(p, x, pos);
			break;
		case TokLbrace:
			if (!is_literal_type(p, parse_unparen(p, x)))
				return x;
			if (kind(p, x) == NodeParen)
				parse_error(p, "cannot parenthesize type in composite literal");
			x = complit(p, x);
			break;
		default:
			return x;
		}
	}
}

/* Element = Expression | LiteralValue . */
static NodeId complit_elem(Parser *p)
{
	return p->s.tok == TokLbrace ? complit(p, 0) : parse_expr(p);
}

static NodeId complit_body(Parser *p, NodeId type)
{
	Pos pos = p->s.pos, end = 0;
	u32 mark = p->sp;
	bool keyed = false;
	p->xnest++;
	parse_want(p, TokLbrace);
	for (bool more = list_open(p, TokRbrace); more; more = parse_list_more(p, "composite literal", TokComma, TokRbrace, &end)) {
		NodeId e = complit_elem(p);
		if (p->s.tok == TokColon) {
			Pos colon = p->s.pos;
			next(p);
			NodeId v = complit_elem(p);
			e = add(p, NodeKeyValue, colon, e, v);
			keyed = true;
		}
		push(p, e);
	}
	end = parse_list_close(p, TokRbrace, end);
	p->xnest--;
	ListId l = parse_pop_list(p, mark, end);
	NodeId n = add(p, NodeCompositeLit, pos, type, l);
	at(p, n)->flag = keyed ? FlagKeyed : 0;
	return n;
}

/* LiteralValue = "{" [ ElementList [ "," ] ] "}" . */
static NodeId complit(Parser *p, NodeId type)
{
	NodeId x = parse_enter(p) ? complit_body(p, type) : parse_bad_expr(p, p->s.pos);
	leave(p);
	return x;
}
