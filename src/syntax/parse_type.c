/* parse_type: types, with struct and interface bodies. */
#include "parse.h"

NodeId parse_type(Parser *p)
{
	NodeId t = parse_type_or_nil(p);
	if (unlikely(!t)) {
		t = parse_bad_expr(p, p->s.pos);
		parse_error(p, "expected type");
		parse_advance(p, BIT(TokComma) | BIT(TokColon) | BIT(TokSemi) | BIT(TokRparen) | BIT(TokRbrack) | BIT(TokRbrace));
	}
	return t;
}

static NodeId chan_elem(Parser *p)
{
	NodeId t = parse_type_or_nil(p);
	if (!t) {
		t = parse_bad_expr(p, p->s.pos);
		parse_error(p, "missing channel element type");
	}
	return t;
}

/* Rest of ArrayType = "[" ( ArrayLength | "..." ) "]" ElementType . */
NodeId parse_array_type(Parser *p, Pos pos, NodeId len)
{
	if (!len && !got(p, TokDotDotDot)) {
		p->xnest++;
		len = parse_expr(p);
		p->xnest--;
	}
	if (p->s.tok == TokComma) {
		parse_error(p, "unexpected comma; expected ]");
		next(p);
	}
	parse_want(p, TokRbrack);
	NodeId elem = parse_type(p);
	return add(p, NodeArrayType, pos, len, elem);
}

/* Rest of SliceType = "[" "]" ElementType . */
NodeId parse_slice_type(Parser *p, Pos pos)
{
	NodeId elem = parse_type(p);
	return add(p, NodeSliceType, pos, elem, 0);
}

/* MapType = "map" "[" KeyType "]" ElementType . */
static NodeId map_type(Parser *p, Pos pos)
{
	next(p);
	parse_want(p, TokLbrack);
	NodeId key = parse_type(p);
	parse_want(p, TokRbrack);
	NodeId value = parse_type(p);
	return add(p, NodeMapType, pos, key, value);
}

/* One field, its tag (repeated for each name of the declaration) just before it. */
static void add_field(Parser *p, Pos pos, NodeId nm, NodeId t, NodeId tag)
{
	if (tag) {
		Node copy = *at(p, tag);
		NodeId n = add(p, NodeBasicLit, copy.pos, copy.a, copy.b);
		*at(p, n) = copy;
	}
	NodeId f = add(p, NodeField, pos, nm, t);
	if (tag)
		at(p, f)->flag = FlagTag;
	push(p, f);
}

/* "T", "T.U", "T[...]" embedded, or "a, b T" */
static void named_field(Parser *p, Pos pos)
{
	NodeId first = parse_name(p), t;
	if (p->s.tok == TokDot || p->s.tok == TokLiteral || p->s.tok == TokSemi || p->s.tok == TokRbrace) {
		t = parse_qualified_name(p, first);
		NodeId tag = parse_literal_or_nil(p);
		add_field(p, pos, 0, t, tag);
		return;
	}
	u32 mark = p->sp;
	push(p, first);
	while (got(p, TokComma))
		push(p, parse_name(p));
	if (p->sp == mark + 1 && p->s.tok == TokLbrack) {
		bool is_index;
		t = parse_array_or_args(p, first, &is_index);
		if (is_index) {
			p->sp = mark;
			NodeId tag = parse_literal_or_nil(p);
			add_field(p, pos, 0, t, tag);
			return;
		}
	} else {
		t = parse_type(p);
	}
	NodeId tag = parse_literal_or_nil(p);
	u32 n = p->sp - mark;
	for (u32 i = 0; i < n; i++) {
		NodeId nm = p->stack[mark + i];
		add_field(p, at(p, nm)->pos, nm, t, tag);
	}
	memmove(p->stack + mark, p->stack + mark + n, n * sizeof *p->stack);
	p->sp = mark + n;
}

/* FieldDecl = ( IdentifierList Type | [ "*" ] TypeName ) [ Tag ] .  Pushes Field ids. */
static void field_decl(Parser *p)
{
	Pos pos = p->s.pos;
	NodeId t;
	bool paren = false;
	switch (p->s.tok) {
	case TokName:
		named_field(p, pos);
		return;
	case TokStar:
		next(p);
		if (p->s.tok == TokLparen) {
			parse_error(p, "cannot parenthesize embedded type");
			next(p);
			paren = true;
		}
		t = parse_qualified_name(p, 0);
		if (paren)
			got(p, TokRparen);
		t = add(p, NodeStar, pos, t, 0);
		break;
	case TokLparen:
		parse_error(p, "cannot parenthesize embedded type");
		next(p);
		if (p->s.tok == TokStar) {
			Pos star = p->s.pos;
			next(p);
			t = parse_qualified_name(p, 0);
			t = add(p, NodeStar, star, t, 0);
		} else {
			t = parse_qualified_name(p, 0);
		}
		got(p, TokRparen);
		break;
	default:
		parse_error(p, "expected field name or embedded type");
		parse_advance(p, BIT(TokSemi) | BIT(TokRbrace));
		return;
	}
	NodeId tag = parse_literal_or_nil(p);
	add_field(p, pos, 0, t, tag);
}

/* StructType = "struct" "{" { FieldDecl ";" } "}" . */
static NodeId struct_type(Parser *p)
{
	Pos pos = p->s.pos, end = 0;
	u32 mark = p->sp;
	next(p);
	parse_want(p, TokLbrace);
	for (bool more = list_open(p, TokRbrace); more; more = parse_list_more(p, "struct type", TokSemi, TokRbrace, &end))
		field_decl(p);
	parse_list_close(p, TokRbrace, end);
	ListId l = parse_pop_list(p, mark, 0);
	return add(p, NodeStructType, pos, l, 0);
}

/* "name [" in an interface: m[T C](x T), which is refused, or the embedded T[P1, P2]. */
static void method_or_instance(Parser *p, Part *f, NodeId nm)
{
	Pos pos = p->s.pos;
	NodeId tparams;
	next(p);
	if (p->s.tok == TokRbrack) {
		Pos close = p->s.pos;
		next(p);
		if (p->s.tok == TokLparen) {
			scan_error(&p->s, close, "empty type parameter list");
			f->name = nm;
			f->type = parse_func_type(p, "interface method", &tparams);
		} else {
			scan_error(&p->s, close, "empty type argument list");
			f->type = nm;
		}
		return;
	}
	u32 mark = p->sp;
	parse_param_list(p, 0, 0, TokRbrack, false, false);
	u32 n = p->sp - mark;
	p->sp = mark;
	if (n == 0) {
		if (p->s.tok == TokLparen) {
			f->name = nm;
			f->type = parse_func_type(p, "interface method", &tparams);
		} else {
			f->type = nm;
		}
		return;
	}
	Node first = *at(p, p->stack[mark]);
	if (first.a) {
		f->name = nm;
		f->type = parse_func_type(p, "interface method", &tparams);
		scan_error(&p->s, pos, "interface method must have no type parameters");
		return;
	}
	NodeId index = first.b;
	if (n > 1) {
		for (u32 i = 0; i < n; i++)
			p->stack[mark + i] = at(p, p->stack[mark + i])->b;
		index = add(p, NodeList, first.pos, parse_add_list(p, p->stack + mark, n, 0), 0);
	}
	f->type = add(p, NodeIndex, pos, nm, index);
}

/* MethodSpec = MethodName Signature | EmbeddedElem . */
static void interface_elem(Parser *p)
{
	Part f = {.pos = p->s.pos};
	if (p->s.tok == TokName) {
		NodeId nm = parse_name(p), tparams;
		if (p->s.tok == TokLparen) {
			f.name = nm;
			f.type = parse_func_type(p, "interface method", &tparams);
		} else if (p->s.tok == TokLbrack) {
			method_or_instance(p, &f, nm);
		} else {
			f.type = parse_qualified_name(p, nm);
		}
	}
	if (!f.name)
		f.type = parse_embedded_elem(p, f.type);
	push(p, add(p, NodeField, f.pos, f.name, f.type));
}

/* InterfaceType = "interface" "{" { ( MethodSpec | EmbeddedElem ) ";" } "}" . */
static NodeId interface_type(Parser *p)
{
	Pos pos = p->s.pos, end = 0;
	u32 mark = p->sp;
	next(p);
	parse_want(p, TokLbrace);
	for (bool more = list_open(p, TokRbrace); more; more = parse_list_more(p, "interface type", TokSemi, TokRbrace, &end))
		interface_elem(p);
	parse_list_close(p, TokRbrace, end);
	ListId l = parse_pop_list(p, mark, 0);
	return add(p, NodeInterfaceType, pos, l, 0);
}

/* Result = Parameters | Type . */
static ListId func_result(Parser *p)
{
	u32 mark = p->sp;
	Pos pos = p->s.pos;
	if (got(p, TokLparen)) {
		parse_param_list(p, 0, 0, TokRparen, false, false);
	} else {
		NodeId t = parse_type_or_nil(p);
		if (t)
			push(p, add(p, NodeField, pos, 0, t));
	}
	return parse_pop_list(p, mark, 0);
}

/* Signature = [ TypeParams ] Parameters [ Result ] .  A context forbids type parameters. */
NodeId parse_func_type(Parser *p, const char *context, NodeId *tparams)
{
	Pos pos = p->s.pos;
	u32 mark = p->sp;
	*tparams = 0;
	if (got(p, TokLbrack)) {
		if (context)
			parse_error_at(p, pos, arena_printf(&p->tmp, "%s must have no type parameters", context));
		if (p->s.tok == TokRbrack) {
			parse_error(p, "empty type parameter list");
			next(p);
		} else {
			parse_param_list(p, 0, 0, TokRbrack, true, false);
			*tparams = parse_tparam_node(p, mark);
		}
	}
	parse_want(p, TokLparen);
	parse_param_list(p, 0, 0, TokRparen, false, true);
	ListId params = parse_pop_list(p, mark, 0);
	ListId results = func_result(p);
	return add(p, NodeFuncType, pos, params, results);
}

static NodeId type_at(Parser *p, Pos pos)
{
	NodeId t, tparams;
	u16 dir = 0;
	switch (p->s.tok) {
	case TokStar:
		next(p);
		t = parse_type(p);
		return add(p, NodeStar, pos, t, 0);
	case TokArrow:
		next(p);
		parse_want(p, TokChan);
		t = chan_elem(p);
		return add_op(p, NodeChanType, (Op)2, pos, t, 0);
	case TokFunc:
		next(p);
		return parse_func_type(p, "function type", &tparams);
	case TokLbrack:
		next(p);
		if (got(p, TokRbrack))
			return parse_slice_type(p, pos);
		return parse_array_type(p, pos, 0);
	case TokChan:
		next(p);
		if (got(p, TokArrow))
			dir = 1;
		t = chan_elem(p);
		return add_op(p, NodeChanType, (Op)dir, pos, t, 0);
	case TokMap: return map_type(p, pos);
	case TokStruct: return struct_type(p);
	case TokInterface: return interface_type(p);
	case TokName: return parse_qualified_name(p, 0);
	case TokLparen:
		next(p);
		t = parse_type(p);
		parse_want(p, TokRparen);
		return t;
	default:
		return 0;
	}
}

/* Type = TypeName | TypeLit | "(" Type ")" .  0 if there is none. */
NodeId parse_type_or_nil(Parser *p)
{
	NodeId t = parse_enter(p) ? type_at(p, p->s.pos) : 0;
	leave(p);
	return t;
}

/* arg { "," arg } [ "," ] ; unless strict, the first may be any expression. */
NodeId parse_type_list(Parser *p, bool strict, bool *comma)
{
	u32 mark = p->sp;
	p->xnest++;
	NodeId x = strict ? parse_type(p) : parse_expr(p), t;
	*comma = got(p, TokComma);
	if (*comma && (t = parse_type_or_nil(p))) {
		push(p, x);
		push(p, t);
		while (got(p, TokComma) && (t = parse_type_or_nil(p)))
			push(p, t);
		ListId l = parse_pop_list(p, mark, 0);
		x = add(p, NodeList, at(p, x)->pos, l, 0);
	}
	p->xnest--;
	return x;
}
