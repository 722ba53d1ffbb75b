/* parse_param: parameter and type parameter lists, whose entries are names or types only once the list is complete. */
#include "parse.h"

/* EmbeddedTerm = [ "~" ] Type . */
static NodeId embedded_term(Parser *p)
{
	Pos pos = p->s.pos;
	if (is_op(p, OpTilde)) {
		next(p);
		NodeId x = parse_type(p);
		return add_op(p, NodeUnary, OpTilde, pos, x, 0);
	}
	NodeId t = parse_type_or_nil(p);
	if (!t) {
		t = parse_bad_expr(p, pos);
		parse_error(p, "expected ~ term or type");
		parse_advance(p, BIT(TokOperator) | BIT(TokSemi) | BIT(TokRparen) | BIT(TokRbrack) | BIT(TokRbrace));
	}
	return t;
}

/* EmbeddedElem = EmbeddedTerm { "|" EmbeddedTerm } . t is the first term or 0 */
NodeId parse_embedded_elem(Parser *p, NodeId t)
{
	if (!t)
		t = embedded_term(p);
	while (is_op(p, OpOr)) {
		Pos pos = p->s.pos;
		next(p);
		NodeId y = embedded_term(p);
		t = add_op(p, NodeBinary, OpOr, pos, t, y);
	}
	return t;
}

/* "[" n "]" E, "[" "]" E, or type arguments of x: then *is_index. */
NodeId parse_array_or_args(Parser *p, NodeId x, bool *is_index)
{
	Pos pos = p->s.pos;
	bool comma;
	*is_index = false;
	parse_want(p, TokLbrack);
	if (got(p, TokRbrack))
		return parse_slice_type(p, pos);
	NodeId n = parse_type_list(p, false, &comma);
	parse_want(p, TokRbrack);
	if (!comma) {
		NodeId elem = parse_type_or_nil(p);
		if (elem)
			return add(p, NodeArrayType, pos, n, elem);
	}
	*is_index = true;
	return add(p, NodeIndex, pos, x, n);
}

/* After "name" in a parameter list. In type parameter lists (follow is "]") sets of types may stand for types. */
static void named_param(Parser *p, Part *f, bool sets)
{
	bool is_index = false;
	if (p->s.tok == TokLbrack) {
		NodeId n = f->name;
		f->type = parse_array_or_args(p, n, &is_index);
		if (is_index)
			f->name = 0;
	} else if (p->s.tok == TokDot) {
		f->type = parse_qualified_name(p, f->name);
		f->name = 0;
	} else if (sets && is_op(p, OpOr)) {
		f->type = f->name;
		f->name = 0;
	} else {
		return;
	}
	if (sets && is_op(p, OpOr))
		f->type = parse_embedded_elem(p, f->type);
}

/* ParameterDecl = [ IdentifierList ] [ "..." ] Type .  False when there is none. */
static bool param_decl(Parser *p, NodeId first, Tok follow, Part *f)
{
	bool sets = follow == TokRbrack;
	*f = (Part){first ? at(p, first)->pos : p->s.pos, first, 0};
	if (!first && sets && is_op(p, OpTilde)) {
		f->type = parse_embedded_elem(p, 0);
		return true;
	}
	if (!f->name && p->s.tok == TokName)
		f->name = parse_name(p);
	if (f->name) {
		named_param(p, f, sets);
		if (f->type)
			return true;
	}
	if (p->s.tok == TokDotDotDot) {
		Pos pos = p->s.pos;
		next(p);
		NodeId elem = parse_type_or_nil(p);
		if (elem) {
			f->type = add(p, NodeDotsType, pos, elem, 0);
		} else {
			f->type = parse_bad_expr(p, p->s.pos);
			parse_error(p, "... is missing type");
		}
		return true;
	}
	if (sets && is_op(p, OpTilde)) {
		f->type = parse_embedded_elem(p, 0);
		return true;
	}
	f->type = parse_type_or_nil(p);
	if (sets && f->type && is_op(p, OpOr))
		f->type = parse_embedded_elem(p, f->type);
	if (f->name || f->type)
		return true;
	parse_error(p, arena_printf(&p->tmp, "expected %s", parse_tok_name(p, follow)));
	parse_advance(p, BIT(TokComma) | BIT(follow));
	return false;
}

/* Parts live on the item stack while their list is open. */
static void push_part(Parser *p, Part f)
{
	push(p, f.pos);
	push(p, f.name);
	push(p, f.type);
}

static Part *part_at(Parser *p, u32 mark, u32 i)
{
	_Static_assert(sizeof(Part) == 3 * sizeof(u32), "a Part is three stack items");
	return (Part *)(p->stack + mark) + i;
}

/* Either all parameters have a name, or none: gives the names and types that lists like "a, b int" leave out. */
static void distribute_types(Parser *p, u32 mark, u32 n, u32 named, u32 typed, bool require_names, Pos end)
{
	if (named == 0 && !require_names) {
		for (u32 i = 0; i < n; i++) {
			Part *f = part_at(p, mark, i);
			if (f->name) {
				f->type = f->name;
				f->name = 0;
			}
		}
		return;
	}
	if (named == n)
		return;
	Pos err = 0;
	NodeId t = 0;
	for (u32 i = n; i-- > 0;) {
		Part *f = part_at(p, mark, i);
		if (f->type) {
			t = f->type;
			if (!f->name) {
				err = node_start(&p->f, t);
				f->name = parse_blank_name(p, err);
			}
		} else if (t) {
			f->type = t;
		} else {
			err = at(p, f->name)->pos;
			f->type = parse_bad_expr(p, err);
		}
	}
	if (!err)
		return;
	if (named == typed)
		parse_error_at(p, end, require_names ? "missing type constraint" : "missing parameter type");
	else if (!require_names)
		parse_error_at(p, err, "missing parameter name");
	else if (n == 1)
		parse_error_at(p, err, "missing type parameter name or invalid array length");
	else
		parse_error_at(p, err, "missing type parameter name");
}

static void check_dots(Parser *p, u32 mark, u32 n, bool dots_ok)
{
	bool first = true;
	for (u32 i = 0; i < n; i++) {
		Part *f = part_at(p, mark, i);
		if (kind(p, f->type) != NodeDotsType || (dots_ok && i + 1 == n))
			continue;
		Node t = *at(p, f->type);
		if (first)
			scan_error(&p->s, t.pos, dots_ok ? "can only use ... with final parameter" : "invalid use of ...");
		first = false;
		f->type = t.a;
	}
}

/* Replaces the parts since mark by the ids of their Field nodes. */
static void fields_of_parts(Parser *p, u32 mark, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		Part f = *part_at(p, mark, i);
		NodeId id = add(p, NodeField, f.pos, f.name, f.type);
		p->stack[mark + i] = id;     /* at or before the part read */
	}
	p->sp = mark + n;
}

/* ParameterList = ParameterDecl { "," ParameterDecl } [ "," ] close .  The opening token is consumed; first (and its
 * type) may be too. Leaves Field ids on the stack. */
void parse_param_list(Parser *p, NodeId first, NodeId first_type, Tok close, bool require_names, bool dots_ok)
{
	u32 mark = p->sp, n = 0, named = 0, typed = 0;
	Pos end = 0;
	if (first && first_type && p->s.tok == close) {
		next(p);
		push(p, add(p, NodeField, at(p, first)->pos, first, first_type));
		return;
	}
	for (bool more = list_open(p, close); more; more = parse_list_more(p, "parameter list", TokComma, close, &end)) {
		Part f;
		bool ok = true;
		if (first_type)
			f = (Part){at(p, first)->pos, first, first_type};
		else
			ok = param_decl(p, first, close, &f);
		first = first_type = 0;
		if (!ok)
			continue;
		named += f.name && f.type;
		typed += f.type != 0;
		n++;
		push_part(p, f);
	}
	end = parse_list_close(p, close, end);
	if (n == 0)
		return;
	distribute_types(p, mark, n, named, typed, require_names, end);
	check_dots(p, mark, n, dots_ok);
	fields_of_parts(p, mark, n);
}

/* List node of type parameter Fields pushed since mark; 0 if there are none. */
NodeId parse_tparam_node(Parser *p, u32 mark)
{
	if (p->sp == mark)
		return 0;
	Pos pos = at(p, p->stack[mark])->pos;
	ListId l = parse_pop_list(p, mark, 0);
	return add(p, NodeList, pos, l, 0);
}
