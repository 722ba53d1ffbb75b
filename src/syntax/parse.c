/* The parser: tokens to tree, by recursive descent, with gc's messages and gc's recovery.
 *
 * Nodes are appended when they are complete, so children precede parents. Items of an unfinished list wait on a stack
 * of ids and are written to the list array when the list closes. After an error, advance() skips to a token at which
 * the enclosing production can go on; inside functions, keywords that start statements stop it too.
 *
 * Each function carries its production. xnest tells whether "T {" may be a composite literal: not in the header of
 * a control clause, unless inside parentheses or brackets. */
#include <stdlib.h>
#include "scan.h"

enum { MaxDepth = 10000 };

/* ---- the tree under construction ---- */

static void grow_nodes(Parser *p)
{
	p->capnode = p->capnode ? p->capnode * 2 : 1 << 12;
	p->f.node = realloc(p->f.node, p->capnode * sizeof *p->f.node);
	if (!p->f.node)
		fatal("out of memory:");
}

static inline NodeId add(Parser *p, NodeKind kind, Pos pos, u32 a, u32 b)
{
	if (unlikely(p->f.nnode == p->capnode))
		grow_nodes(p);
	p->f.node[p->f.nnode] = (Node){.kind = (u8)kind, .pos = pos, .a = a, .b = b};
	return p->f.nnode++;
}

static inline NodeId add_op(Parser *p, NodeKind kind, Op op, Pos pos, u32 a, u32 b)
{
	NodeId n = add(p, kind, pos, a, b);
	p->f.node[n].op = (u16)op;
	return n;
}

static inline Node *at(Parser *p, NodeId n) { return &p->f.node[n]; }
static inline NodeKind kind(const Parser *p, NodeId n) { return (NodeKind)p->f.node[n].kind; }

static inline void push(Parser *p, u32 item)
{
	if (unlikely(p->sp == p->capstack)) {
		p->capstack = p->capstack ? p->capstack * 2 : 1 << 10;
		p->stack = realloc(p->stack, p->capstack * sizeof *p->stack);
		if (!p->stack)
			fatal("out of memory:");
	}
	p->stack[p->sp++] = item;
}

static ListId add_list(Parser *p, const u32 *item, u32 n, u32 extra)
{
	u32 l = p->f.nlist;
	if (unlikely(l + n + 2 > p->caplist)) {
		p->caplist = (u32)max_u64(p->caplist * 2ull, align_up(l + n + 2ull, 1 << 12));
		p->f.list = realloc(p->f.list, p->caplist * sizeof *p->f.list);
		if (!p->f.list)
			fatal("out of memory:");
	}
	u32 *out = p->f.list + l;
	out[0] = n;
	out[1] = extra;
	for (u32 i = 0; i < n; i++)
		out[2 + i] = item[i];
	p->f.nlist = l + n + 2;
	return l;
}

/* What was pushed since sp was mark. */
static ListId pop_list(Parser *p, u32 mark, u32 extra)
{
	u32 n = p->sp - mark;
	p->sp = mark;
	return n || extra ? add_list(p, p->stack + mark, n, extra) : 0;
}

static ListId list2(Parser *p, u32 x, u32 y) { return add_list(p, (u32[]){x, y}, 2, 0); }
static ListId list3(Parser *p, u32 x, u32 y, u32 z) { return add_list(p, (u32[]){x, y, z}, 3, 0); }

static NodeId add_name(Parser *p, Pos pos, u32 name)
{
	NodeId n = add(p, NodeName, pos, name, 0);
	const Name *x = p->s.names[name];
	if (unlikely(x->len == 1 && x->s[0] == '_'))
		at(p, n)->flag = FlagBlank;
	return n;
}

static NodeId blank_name(Parser *p, Pos pos)
{
	return add_name(p, pos, scan_name_id(&p->s, "_", 1));
}

static NodeId bad_expr(Parser *p, Pos pos)
{
	return add(p, NodeBadExpr, pos, 0, 0);
}

static NodeId unparen(const Parser *p, NodeId x)
{
	while (x && kind(p, x) == NodeParen)
		x = p->f.node[x].a;
	return x;
}

/* ---- tokens ---- */

static inline void next(Parser *p)
{
	scan_next(&p->s);
}

static inline bool got(Parser *p, Tok t)
{
	if (p->s.tok != t)
		return false;
	next(p);
	return true;
}

static inline bool is_op(const Parser *p, Op op)
{
	return p->s.tok == TokOperator && p->s.op == op;
}

/* ---- errors ---- */

static const char *expr_text(Parser *p, NodeId n)
{
	Buf b = {.ar = &p->tmp};
	p->f.names = p->s.names;
	node_print(&b, &p->f, n);
	return buf_str(&b);
}

static const char *tok_name(Parser *p, Tok t)
{
	if (t == TokComma)
		return "comma";
	if (t == TokSemi)
		return "semicolon or newline";
	if (t >= TokBreak && t <= TokVar)
		return arena_printf(&p->tmp, "keyword %s", tok_text[t]);
	return tok_text[t];
}

static const char *const semi_text[] = {
	[SemiSemicolon] = "semicolon", [SemiNewline] = "newline", [SemiEOF] = "EOF",
};

static const char *current_token(Parser *p)
{
	const char *text = p->s.begin + (p->s.pos - p->s.base);
	switch (p->s.tok) {
	case TokName: return arena_printf(&p->tmp, "name %.*s", (int)p->s.len, text);
	case TokSemi: return semi_text[p->s.lit];
	case TokLiteral: return arena_printf(&p->tmp, "literal %.*s", (int)p->s.len, text);
	case TokOperator: return op_text[p->s.op];
	case TokAssignOp: return arena_printf(&p->tmp, "%s=", op_text[p->s.op]);
	case TokIncOp: return p->s.op == OpAdd ? "++" : "--";
	default: return tok_name(p, p->s.tok);
	}
}

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* A message that begins with "in ", "at ", "after " or "expected " is about the current token, which is then named. */
static void syntax_error_at(Parser *p, Pos pos, const char *msg)
{
	if (p->s.tok == TokEOF && p->s.nerr)
		return;         /* what follows an error at the end means nothing */
	const char *sep;
	if (starts(msg, "in ") || starts(msg, "at ") || starts(msg, "after "))
		sep = " ";
	else if (starts(msg, "expected "))
		sep = ", ";
	else {
		scan_error(&p->s, pos, "syntax error: %s", msg);
		return;
	}
	scan_error(&p->s, pos, "syntax error: unexpected %s%s%s", current_token(p), sep, msg);
}

static void syntax_error(Parser *p, const char *msg)
{
	syntax_error_at(p, p->s.pos, msg);
}

#define BIT(t) (1ull << (t))

static const u64 stmt_keywords = BIT(TokBreak) | BIT(TokConst) | BIT(TokContinue) | BIT(TokDefer) | BIT(TokFallthrough) |
	BIT(TokFor) | BIT(TokGo) | BIT(TokGoto) | BIT(TokIf) | BIT(TokReturn) | BIT(TokSelect) | BIT(TokSwitch) |
	BIT(TokType) | BIT(TokVar);
_Static_assert(TokMax <= 64, "a set of tokens is one word");

/* Skips to a token of follow; with an empty set, over one token, so that there is progress. */
static void advance(Parser *p, u64 follow)
{
	if (!follow) {
		if (p->s.tok != TokEOF)
			next(p);
		return;
	}
	follow |= BIT(TokEOF) | (p->fnest > 0 ? stmt_keywords : 0);
	while (!(follow & BIT(p->s.tok)))
		next(p);
}

static void want(Parser *p, Tok t)
{
	if (likely(got(p, t)))
		return;
	syntax_error(p, arena_printf(&p->tmp, "expected %s", tok_name(p, t)));
	advance(p, 0);
}

/* "=", or ":=" with a complaint */
static bool got_assign(Parser *p)
{
	if (p->s.tok == TokDefine)
		syntax_error(p, "expected =");
	else if (p->s.tok != TokAssign)
		return false;
	next(p);
	return true;
}

/* Every production that may contain itself passes here. Too deep: complain and see nothing but the end of the file. */
static bool enter(Parser *p)
{
	if (likely(++p->depth < MaxDepth))
		return true;
	if (p->s.tok != TokEOF) {
		scan_error(&p->s, p->s.pos, "syntax error: exceeded max nesting depth");
		p->s.p = p->s.end;
		p->s.nlsemi = false;
		next(p);
	}
	return false;
}

static inline void leave(Parser *p)
{
	p->depth--;
}

static inline void clear_pragma(Parser *p)
{
	if (unlikely(p->pragma.any))
		pragma_unused(p);
}

/* Lists:  for (bool more = list_open(p, close); more; more = list_more(p, ..., &end)) item;  end = list_close(...) */
static inline bool list_open(const Parser *p, Tok close)
{
	return p->s.tok != TokEOF && p->s.tok != close;
}

/* After an item: takes the separator, optional before close. Sets *end when the list was given up. */
static bool list_more(Parser *p, const char *context, Tok sep, Tok close, Pos *end)
{
	if (!got(p, sep) && p->s.tok != close) {
		syntax_error(p, arena_printf(&p->tmp, "in %s; possibly missing %s or %s", context, tok_name(p, sep), tok_name(p, close)));
		advance(p, BIT(TokRparen) | BIT(TokRbrack) | BIT(TokRbrace));
		if (p->s.tok != close) {
			*end = p->s.pos;
			return false;
		}
	}
	return list_open(p, close);
}

static Pos list_close(Parser *p, Tok close, Pos end)
{
	if (end)
		return end;
	end = p->s.pos;
	want(p, close);
	return end;
}

/* ---- productions used by one another ---- */

static NodeId expr(Parser *p);
static NodeId expr_list(Parser *p);
static NodeId binary_expr(Parser *p, NodeId x, int prec);
static NodeId unary_expr(Parser *p);
static NodeId primary_expr(Parser *p, NodeId x, bool keep_parens);
static NodeId complit(Parser *p, NodeId type);
static NodeId type_or_nil(Parser *p);
static NodeId type(Parser *p);
static NodeId func_type(Parser *p, const char *context, NodeId *tparams);
static NodeId func_body(Parser *p);
static NodeId block(Parser *p, const char *context);
static NodeId array_type(Parser *p, Pos pos, NodeId len);
static NodeId slice_type(Parser *p, Pos pos);
static NodeId type_list(Parser *p, bool strict, bool *comma);
static NodeId stmt_or_nil(Parser *p);
static ListId stmt_list(Parser *p, Pos extra);

static NodeId name(Parser *p)
{
	Pos pos = p->s.pos;
	if (likely(p->s.tok == TokName)) {
		NodeId n = add_name(p, pos, p->s.name);
		next(p);
		return n;
	}
	NodeId n = blank_name(p, pos);
	syntax_error(p, "expected name");
	advance(p, 0);
	return n;
}

static NodeId literal_or_nil(Parser *p)
{
	if (p->s.tok != TokLiteral)
		return 0;
	NodeId n = add_op(p, NodeBasicLit, (Op)p->s.lit, p->s.pos, 0, p->s.len);
	if (p->s.bad)
		at(p, n)->flag = FlagBad;
	next(p);
	return n;
}

/* [ PackageName "." ] identifier [ TypeArgs ] ; x is the first name or 0 */
static NodeId qualified_name(Parser *p, NodeId x)
{
	if (!x && p->s.tok == TokName) {
		x = name(p);
	} else if (!x) {
		x = blank_name(p, p->s.pos);
		syntax_error(p, "expected name");
		advance(p, BIT(TokDot) | BIT(TokSemi) | BIT(TokRbrace));
	}
	if (p->s.tok == TokDot) {
		Pos pos = p->s.pos;
		next(p);
		NodeId sel = name(p);
		x = add(p, NodeSelector, pos, x, sel);
	}
	if (p->s.tok == TokLbrack) {
		Pos pos = p->s.pos;
		NodeId index;
		next(p);
		if (p->s.tok == TokRbrack) {
			syntax_error(p, "expected type argument list");
			index = bad_expr(p, p->s.pos);
		} else {
			bool comma;
			index = type_list(p, true, &comma);
		}
		want(p, TokRbrack);
		x = add(p, NodeIndex, pos, x, index);
	}
	return x;
}

/* ---- parameters ---- */

/* A parameter, field or method before it becomes a Field node: names and types may still move. */
typedef struct Part { Pos pos; NodeId name, type; } Part;

/* EmbeddedTerm = [ "~" ] Type . */
static NodeId embedded_term(Parser *p)
{
	Pos pos = p->s.pos;
	if (is_op(p, OpTilde)) {
		next(p);
		NodeId x = type(p);
		return add_op(p, NodeUnary, OpTilde, pos, x, 0);
	}
	NodeId t = type_or_nil(p);
	if (!t) {
		t = bad_expr(p, pos);
		syntax_error(p, "expected ~ term or type");
		advance(p, BIT(TokOperator) | BIT(TokSemi) | BIT(TokRparen) | BIT(TokRbrack) | BIT(TokRbrace));
	}
	return t;
}

/* EmbeddedElem = EmbeddedTerm { "|" EmbeddedTerm } . t is the first term or 0 */
static NodeId embedded_elem(Parser *p, NodeId t)
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
static NodeId array_or_args(Parser *p, NodeId x, bool *is_index)
{
	Pos pos = p->s.pos;
	bool comma;
	*is_index = false;
	want(p, TokLbrack);
	if (got(p, TokRbrack))
		return slice_type(p, pos);
	NodeId n = type_list(p, false, &comma);
	want(p, TokRbrack);
	if (!comma) {
		NodeId elem = type_or_nil(p);
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
		f->type = array_or_args(p, n, &is_index);
		if (is_index)
			f->name = 0;
	} else if (p->s.tok == TokDot) {
		f->type = qualified_name(p, f->name);
		f->name = 0;
	} else if (sets && is_op(p, OpOr)) {
		f->type = f->name;
		f->name = 0;
	} else {
		return;
	}
	if (sets && is_op(p, OpOr))
		f->type = embedded_elem(p, f->type);
}

/* ParameterDecl = [ IdentifierList ] [ "..." ] Type .  False when there is none. */
static bool param_decl(Parser *p, NodeId first, Tok follow, Part *f)
{
	bool sets = follow == TokRbrack;
	*f = (Part){first ? at(p, first)->pos : p->s.pos, first, 0};
	if (!first && sets && is_op(p, OpTilde)) {
		f->type = embedded_elem(p, 0);
		return true;
	}
	if (!f->name && p->s.tok == TokName)
		f->name = name(p);
	if (f->name) {
		named_param(p, f, sets);
		if (f->type)
			return true;
	}
	if (p->s.tok == TokDotDotDot) {
		Pos pos = p->s.pos;
		next(p);
		NodeId elem = type_or_nil(p);
		if (elem) {
			f->type = add(p, NodeDotsType, pos, elem, 0);
		} else {
			f->type = bad_expr(p, p->s.pos);
			syntax_error(p, "... is missing type");
		}
		return true;
	}
	if (sets && is_op(p, OpTilde)) {
		f->type = embedded_elem(p, 0);
		return true;
	}
	f->type = type_or_nil(p);
	if (sets && f->type && is_op(p, OpOr))
		f->type = embedded_elem(p, f->type);
	if (f->name || f->type)
		return true;
	syntax_error(p, arena_printf(&p->tmp, "expected %s", tok_name(p, follow)));
	advance(p, BIT(TokComma) | BIT(follow));
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
				f->name = blank_name(p, err);
			}
		} else if (t) {
			f->type = t;
		} else {
			err = at(p, f->name)->pos;
			f->type = bad_expr(p, err);
		}
	}
	if (!err)
		return;
	if (named == typed)
		syntax_error_at(p, end, require_names ? "missing type constraint" : "missing parameter type");
	else if (!require_names)
		syntax_error_at(p, err, "missing parameter name");
	else if (n == 1)
		syntax_error_at(p, err, "missing type parameter name or invalid array length");
	else
		syntax_error_at(p, err, "missing type parameter name");
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
static void param_list(Parser *p, NodeId first, NodeId first_type, Tok close, bool require_names, bool dots_ok)
{
	u32 mark = p->sp, n = 0, named = 0, typed = 0;
	Pos end = 0;
	if (first && first_type && p->s.tok == close) {
		next(p);
		push(p, add(p, NodeField, at(p, first)->pos, first, first_type));
		return;
	}
	for (bool more = list_open(p, close); more; more = list_more(p, "parameter list", TokComma, close, &end)) {
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
	end = list_close(p, close, end);
	if (n == 0)
		return;
	distribute_types(p, mark, n, named, typed, require_names, end);
	check_dots(p, mark, n, dots_ok);
	fields_of_parts(p, mark, n);
}

/* List node of type parameter Fields pushed since mark; 0 if there are none. */
static NodeId tparam_node(Parser *p, u32 mark)
{
	if (p->sp == mark)
		return 0;
	Pos pos = at(p, p->stack[mark])->pos;
	ListId l = pop_list(p, mark, 0);
	return add(p, NodeList, pos, l, 0);
}

/* ---- types ---- */

static NodeId type(Parser *p)
{
	NodeId t = type_or_nil(p);
	if (unlikely(!t)) {
		t = bad_expr(p, p->s.pos);
		syntax_error(p, "expected type");
		advance(p, BIT(TokComma) | BIT(TokColon) | BIT(TokSemi) | BIT(TokRparen) | BIT(TokRbrack) | BIT(TokRbrace));
	}
	return t;
}

static NodeId chan_elem(Parser *p)
{
	NodeId t = type_or_nil(p);
	if (!t) {
		t = bad_expr(p, p->s.pos);
		syntax_error(p, "missing channel element type");
	}
	return t;
}

/* Rest of ArrayType = "[" ( ArrayLength | "..." ) "]" ElementType . */
static NodeId array_type(Parser *p, Pos pos, NodeId len)
{
	if (!len && !got(p, TokDotDotDot)) {
		p->xnest++;
		len = expr(p);
		p->xnest--;
	}
	if (p->s.tok == TokComma) {
		syntax_error(p, "unexpected comma; expected ]");
		next(p);
	}
	want(p, TokRbrack);
	NodeId elem = type(p);
	return add(p, NodeArrayType, pos, len, elem);
}

/* Rest of SliceType = "[" "]" ElementType . */
static NodeId slice_type(Parser *p, Pos pos)
{
	NodeId elem = type(p);
	return add(p, NodeSliceType, pos, elem, 0);
}

/* MapType = "map" "[" KeyType "]" ElementType . */
static NodeId map_type(Parser *p, Pos pos)
{
	next(p);
	want(p, TokLbrack);
	NodeId key = type(p);
	want(p, TokRbrack);
	NodeId value = type(p);
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
	NodeId first = name(p), t;
	if (p->s.tok == TokDot || p->s.tok == TokLiteral || p->s.tok == TokSemi || p->s.tok == TokRbrace) {
		t = qualified_name(p, first);
		NodeId tag = literal_or_nil(p);
		add_field(p, pos, 0, t, tag);
		return;
	}
	u32 mark = p->sp;
	push(p, first);
	while (got(p, TokComma))
		push(p, name(p));
	if (p->sp == mark + 1 && p->s.tok == TokLbrack) {
		bool is_index;
		t = array_or_args(p, first, &is_index);
		if (is_index) {
			p->sp = mark;
			NodeId tag = literal_or_nil(p);
			add_field(p, pos, 0, t, tag);
			return;
		}
	} else {
		t = type(p);
	}
	NodeId tag = literal_or_nil(p);
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
			syntax_error(p, "cannot parenthesize embedded type");
			next(p);
			paren = true;
		}
		t = qualified_name(p, 0);
		if (paren)
			got(p, TokRparen);
		t = add(p, NodeStar, pos, t, 0);
		break;
	case TokLparen:
		syntax_error(p, "cannot parenthesize embedded type");
		next(p);
		if (p->s.tok == TokStar) {
			Pos star = p->s.pos;
			next(p);
			t = qualified_name(p, 0);
			t = add(p, NodeStar, star, t, 0);
		} else {
			t = qualified_name(p, 0);
		}
		got(p, TokRparen);
		break;
	default:
		syntax_error(p, "expected field name or embedded type");
		advance(p, BIT(TokSemi) | BIT(TokRbrace));
		return;
	}
	NodeId tag = literal_or_nil(p);
	add_field(p, pos, 0, t, tag);
}

/* StructType = "struct" "{" { FieldDecl ";" } "}" . */
static NodeId struct_type(Parser *p)
{
	Pos pos = p->s.pos, end = 0;
	u32 mark = p->sp;
	next(p);
	want(p, TokLbrace);
	for (bool more = list_open(p, TokRbrace); more; more = list_more(p, "struct type", TokSemi, TokRbrace, &end))
		field_decl(p);
	list_close(p, TokRbrace, end);
	ListId l = pop_list(p, mark, 0);
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
			f->type = func_type(p, "interface method", &tparams);
		} else {
			scan_error(&p->s, close, "empty type argument list");
			f->type = nm;
		}
		return;
	}
	u32 mark = p->sp;
	param_list(p, 0, 0, TokRbrack, false, false);
	u32 n = p->sp - mark;
	p->sp = mark;
	if (n == 0) {
		if (p->s.tok == TokLparen) {
			f->name = nm;
			f->type = func_type(p, "interface method", &tparams);
		} else {
			f->type = nm;
		}
		return;
	}
	Node first = *at(p, p->stack[mark]);
	if (first.a) {
		f->name = nm;
		f->type = func_type(p, "interface method", &tparams);
		scan_error(&p->s, pos, "interface method must have no type parameters");
		return;
	}
	NodeId index = first.b;
	if (n > 1) {
		for (u32 i = 0; i < n; i++)
			p->stack[mark + i] = at(p, p->stack[mark + i])->b;
		index = add(p, NodeList, first.pos, add_list(p, p->stack + mark, n, 0), 0);
	}
	f->type = add(p, NodeIndex, pos, nm, index);
}

/* MethodSpec = MethodName Signature | EmbeddedElem . */
static void interface_elem(Parser *p)
{
	Part f = {.pos = p->s.pos};
	if (p->s.tok == TokName) {
		NodeId nm = name(p), tparams;
		if (p->s.tok == TokLparen) {
			f.name = nm;
			f.type = func_type(p, "interface method", &tparams);
		} else if (p->s.tok == TokLbrack) {
			method_or_instance(p, &f, nm);
		} else {
			f.type = qualified_name(p, nm);
		}
	}
	if (!f.name)
		f.type = embedded_elem(p, f.type);
	push(p, add(p, NodeField, f.pos, f.name, f.type));
}

/* InterfaceType = "interface" "{" { ( MethodSpec | EmbeddedElem ) ";" } "}" . */
static NodeId interface_type(Parser *p)
{
	Pos pos = p->s.pos, end = 0;
	u32 mark = p->sp;
	next(p);
	want(p, TokLbrace);
	for (bool more = list_open(p, TokRbrace); more; more = list_more(p, "interface type", TokSemi, TokRbrace, &end))
		interface_elem(p);
	list_close(p, TokRbrace, end);
	ListId l = pop_list(p, mark, 0);
	return add(p, NodeInterfaceType, pos, l, 0);
}

/* Result = Parameters | Type . */
static ListId func_result(Parser *p)
{
	u32 mark = p->sp;
	Pos pos = p->s.pos;
	if (got(p, TokLparen)) {
		param_list(p, 0, 0, TokRparen, false, false);
	} else {
		NodeId t = type_or_nil(p);
		if (t)
			push(p, add(p, NodeField, pos, 0, t));
	}
	return pop_list(p, mark, 0);
}

/* Signature = [ TypeParams ] Parameters [ Result ] .  A context forbids type parameters. */
static NodeId func_type(Parser *p, const char *context, NodeId *tparams)
{
	Pos pos = p->s.pos;
	u32 mark = p->sp;
	*tparams = 0;
	if (got(p, TokLbrack)) {
		if (context)
			syntax_error_at(p, pos, arena_printf(&p->tmp, "%s must have no type parameters", context));
		if (p->s.tok == TokRbrack) {
			syntax_error(p, "empty type parameter list");
			next(p);
		} else {
			param_list(p, 0, 0, TokRbrack, true, false);
			*tparams = tparam_node(p, mark);
		}
	}
	want(p, TokLparen);
	param_list(p, 0, 0, TokRparen, false, true);
	ListId params = pop_list(p, mark, 0);
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
		t = type(p);
		return add(p, NodeStar, pos, t, 0);
	case TokArrow:
		next(p);
		want(p, TokChan);
		t = chan_elem(p);
		return add_op(p, NodeChanType, (Op)2, pos, t, 0);
	case TokFunc:
		next(p);
		return func_type(p, "function type", &tparams);
	case TokLbrack:
		next(p);
		if (got(p, TokRbrack))
			return slice_type(p, pos);
		return array_type(p, pos, 0);
	case TokChan:
		next(p);
		if (got(p, TokArrow))
			dir = 1;
		t = chan_elem(p);
		return add_op(p, NodeChanType, (Op)dir, pos, t, 0);
	case TokMap: return map_type(p, pos);
	case TokStruct: return struct_type(p);
	case TokInterface: return interface_type(p);
	case TokName: return qualified_name(p, 0);
	case TokLparen:
		next(p);
		t = type(p);
		want(p, TokRparen);
		return t;
	default:
		return 0;
	}
}

/* Type = TypeName | TypeLit | "(" Type ")" .  0 if there is none. */
static NodeId type_or_nil(Parser *p)
{
	NodeId t = enter(p) ? type_at(p, p->s.pos) : 0;
	leave(p);
	return t;
}

/* arg { "," arg } [ "," ] ; unless strict, the first may be any expression. */
static NodeId type_list(Parser *p, bool strict, bool *comma)
{
	u32 mark = p->sp;
	p->xnest++;
	NodeId x = strict ? type(p) : expr(p), t;
	*comma = got(p, TokComma);
	if (*comma && (t = type_or_nil(p))) {
		push(p, x);
		push(p, t);
		while (got(p, TokComma) && (t = type_or_nil(p)))
			push(p, t);
		ListId l = pop_list(p, mark, 0);
		x = add(p, NodeList, at(p, x)->pos, l, 0);
	}
	p->xnest--;
	return x;
}

/* ---- expressions ---- */

static NodeId expr(Parser *p)
{
	return binary_expr(p, 0, 0);
}

/* ExpressionList = Expression { "," Expression } . */
static NodeId expr_list(Parser *p)
{
	NodeId x = expr(p);
	if (p->s.tok != TokComma)
		return x;
	u32 mark = p->sp;
	push(p, x);
	while (got(p, TokComma))
		push(p, expr(p));
	ListId l = pop_list(p, mark, 0);
	return add(p, NodeList, at(p, x)->pos, l, 0);
}

static const u8 precedence[OpMax] = {
	[OpOrOr] = 1, [OpAndAnd] = 2,
	[OpEql] = 3, [OpNeq] = 3, [OpLss] = 3, [OpLeq] = 3, [OpGtr] = 3, [OpGeq] = 3,
	[OpAdd] = 4, [OpSub] = 4, [OpOr] = 4, [OpXor] = 4,
	[OpMul] = 5, [OpDiv] = 5, [OpRem] = 5, [OpAnd] = 5, [OpAndNot] = 5, [OpShl] = 5, [OpShr] = 5,
};

/* Expression = UnaryExpr | Expression binary_op Expression .  x is the left operand or 0 */
static NodeId binary_expr(Parser *p, NodeId x, int prec)
{
	if (!x)
		x = unary_expr(p);
	while ((p->s.tok == TokOperator || p->s.tok == TokStar) && precedence[p->s.op] > prec) {
		Pos pos = p->s.pos;
		Op op = (Op)p->s.op;
		next(p);
		NodeId y = binary_expr(p, 0, precedence[op]);
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
			syntax_error(p, "unexpected <-, expected chan");
		at(p, t)->op = 2;
		t = at(p, t)->a;
	}
	if (dir == 1)
		syntax_error(p, arena_printf(&p->tmp, "unexpected %s, expected chan", expr_text(p, t)));
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
			x = unparen(p, unary_expr(p));
			return add_op(p, NodeUnary, op, pos, x, 0);
		default:
			break;
		}
	}
	return primary_expr(p, 0, true);
}

/* UnaryExpr = PrimaryExpr | unary_op UnaryExpr . */
static NodeId unary_expr(Parser *p)
{
	NodeId x = enter(p) ? unary_operand(p) : bad_expr(p, p->s.pos);
	leave(p);
	return x;
}

static NodeId paren_expr(Parser *p, bool keep)
{
	Pos pos = p->s.pos;
	next(p);
	p->xnest++;
	NodeId x = expr(p);
	p->xnest--;
	want(p, TokRparen);
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
	NodeId t = func_type(p, "function type", &tparams);
	if (p->s.tok != TokLbrace)
		return t;
	p->xnest++;
	NodeId body = func_body(p);
	p->xnest--;
	return add(p, NodeFuncLit, pos, t, body);
}

/* Operand = Literal | OperandName | "(" Expression ")" . */
static NodeId operand(Parser *p, bool keep_parens)
{
	switch (p->s.tok) {
	case TokName: return name(p);
	case TokLiteral: return literal_or_nil(p);
	case TokLparen: return paren_expr(p, keep_parens);
	case TokFunc: return func_lit(p);
	case TokLbrack: case TokChan: case TokMap: case TokStruct: case TokInterface: return type(p);
	default: break;
	}
	NodeId x = bad_expr(p, p->s.pos);
	syntax_error(p, "expected expression");
	advance(p, BIT(TokRparen) | BIT(TokRbrack) | BIT(TokRbrace));
	return x;
}

/* "." identifier | "." "(" Type ")" | "." "(" "type" ")" */
static NodeId selector(Parser *p, NodeId x, Pos pos)
{
	next(p);
	if (p->s.tok == TokName) {
		NodeId sel = name(p);
		return add(p, NodeSelector, pos, x, sel);
	}
	if (p->s.tok != TokLparen) {
		syntax_error(p, "expected name or (");
		advance(p, BIT(TokSemi) | BIT(TokRparen));
		return x;
	}
	next(p);
	if (got(p, TokType)) {
		x = add(p, NodeTypeSwitchGuard, pos, 0, x);
	} else {
		NodeId t = type(p);
		x = add(p, NodeTypeAssert, pos, x, t);
	}
	want(p, TokRparen);
	return x;
}

/* Rest of a slice expression from the first ":" on. */
static NodeId slice_expr(Parser *p, NodeId x, NodeId lo, Pos pos)
{
	NodeId hi = 0, max = 0;
	bool full = false;
	if (!got(p, TokColon)) {
		syntax_error(p, "expected comma, : or ]");
		advance(p, BIT(TokComma) | BIT(TokColon) | BIT(TokRbrack));
	}
	p->xnest++;
	if (p->s.tok != TokColon && p->s.tok != TokRbrack)
		hi = expr(p);
	if (p->s.tok == TokColon) {
		full = true;
		if (!hi) {
			scan_error(&p->s, p->s.pos, "middle index required in 3-index slice");
			hi = bad_expr(p, p->s.pos);
		}
		next(p);
		if (p->s.tok != TokRbrack) {
			max = expr(p);
		} else {
			scan_error(&p->s, p->s.pos, "final index required in 3-index slice");
			max = bad_expr(p, p->s.pos);
		}
	}
	p->xnest--;
	want(p, TokRbrack);
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
			syntax_error(p, "expected operand");
			i = bad_expr(p, p->s.pos);
		} else {
			i = type_list(p, false, &comma);
		}
		if (comma || p->s.tok == TokRbrack) {
			want(p, TokRbrack);
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
		push(p, expr(p));
		dots = got(p, TokDotDotDot);
		more = list_more(p, "argument list", TokComma, TokRparen, &end) && !dots;
	}
	end = list_close(p, TokRparen, end);
	p->xnest--;
	ListId l = pop_list(p, mark, end);
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
static NodeId primary_expr(Parser *p, NodeId x, bool keep_parens)
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
			if (!is_literal_type(p, unparen(p, x)))
				return x;
			if (kind(p, x) == NodeParen)
				syntax_error(p, "cannot parenthesize type in composite literal");
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
	return p->s.tok == TokLbrace ? complit(p, 0) : expr(p);
}

static NodeId complit_body(Parser *p, NodeId type)
{
	Pos pos = p->s.pos, end = 0;
	u32 mark = p->sp;
	bool keyed = false;
	p->xnest++;
	want(p, TokLbrace);
	for (bool more = list_open(p, TokRbrace); more; more = list_more(p, "composite literal", TokComma, TokRbrace, &end)) {
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
	end = list_close(p, TokRbrace, end);
	p->xnest--;
	ListId l = pop_list(p, mark, end);
	NodeId n = add(p, NodeCompositeLit, pos, type, l);
	at(p, n)->flag = keyed ? FlagKeyed : 0;
	return n;
}

/* LiteralValue = "{" [ ElementList [ "," ] ] "}" . */
static NodeId complit(Parser *p, NodeId type)
{
	NodeId x = enter(p) ? complit_body(p, type) : bad_expr(p, p->s.pos);
	leave(p);
	return x;
}

/* ---- declarations ---- */

/* Parses "( { spec ; } )" or one spec, pushing declarations. */
static void decl_group(Parser *p, NodeId (*spec)(Parser *, u16 group))
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
	for (bool more = list_open(p, TokRparen); more; more = list_more(p, "grouped declaration", TokSemi, TokRparen, &end))
		push(p, spec(p, group));
	list_close(p, TokRparen, end);
}

/* ImportSpec = [ "." | PackageName ] ImportPath . */
static NodeId import_decl(Parser *p, u16 group)
{
	Pos pos = p->s.pos;
	NodeId nm = 0;
	pragma_take(p, 0);
	if (p->s.tok == TokName) {
		nm = name(p);
	} else if (p->s.tok == TokDot) {
		nm = add_name(p, pos, scan_name_id(&p->s, ".", 1));
		next(p);
	}
	NodeId path = literal_or_nil(p);
	if (!path) {
		syntax_error(p, "missing import path");
		advance(p, BIT(TokSemi) | BIT(TokRparen));
	} else if (!(at(p, path)->flag & FlagBad) && at(p, path)->op != LitString) {
		syntax_error_at(p, at(p, path)->pos, "import path must be a string");
		at(p, path)->flag |= FlagBad;
	}
	return add_op(p, NodeImportDecl, (Op)group, pos, nm, path);
}

/* IdentifierList = identifier { "," identifier } . */
static ListId name_list(Parser *p)
{
	u32 mark = p->sp;
	push(p, name(p));
	while (got(p, TokComma))
		push(p, name(p));
	return pop_list(p, mark, 0);
}

/* ConstSpec = IdentifierList [ [ Type ] "=" ExpressionList ] . */
static NodeId const_decl(Parser *p, u16 group)
{
	Pos pos = p->s.pos;
	NodeId t = 0, values = 0;
	pragma_take(p, 0);
	ListId names = name_list(p);
	if (p->s.tok != TokEOF && p->s.tok != TokSemi && p->s.tok != TokRparen) {
		t = type_or_nil(p);
		if (got_assign(p))
			values = expr_list(p);
	}
	ListId parts = list2(p, t, values);
	return add_op(p, NodeConstDecl, (Op)group, pos, names, parts);
}

/* VarSpec = IdentifierList ( Type [ "=" ExpressionList ] | "=" ExpressionList ) . */
static NodeId var_decl(Parser *p, u16 group)
{
	Pos pos = p->s.pos;
	NodeId t = 0, values = 0;
	PendingPragma pending = pragma_set_aside(p);
	ListId names = name_list(p);
	if (got_assign(p)) {
		values = expr_list(p);
	} else {
		t = type(p);
		if (got_assign(p))
			values = expr_list(p);
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
			*constraint = unparen(p, arg);
		}
	}
}

/* "type T [" name ... : an array length or a type parameter list? */
static NodeId generic_or_array(Parser *p, Pos pos, NodeId *tparams, bool *alias)
{
	NodeId x = name(p), pname, ptype;
	if (p->s.tok != TokLbrack) {
		p->xnest++;
		x = binary_expr(p, primary_expr(p, x, false), 0);
		p->xnest--;
	}
	split_name(p, x, p->s.tok == TokComma, &pname, &ptype);
	if (!pname || (!ptype && p->s.tok == TokRbrack))
		return array_type(p, pos, x);
	u32 mark = p->sp;
	param_list(p, pname, ptype, TokRbrack, true, false);
	*tparams = tparam_node(p, mark);
	*alias = got_assign(p);
	return type_or_nil(p);
}

/* TypeSpec = identifier [ TypeParams ] [ "=" ] Type . */
static NodeId type_decl(Parser *p, u16 group)
{
	Pos pos = p->s.pos;
	bool alias = false;
	NodeId tparams = 0, t;
	pragma_take(p, 0);
	NodeId nm = name(p);
	if (p->s.tok == TokLbrack) {
		Pos open = p->s.pos;
		next(p);
		if (p->s.tok == TokName)
			t = generic_or_array(p, open, &tparams, &alias);
		else if (got(p, TokRbrack))
			t = slice_type(p, open);
		else
			t = array_type(p, open, 0);
	} else {
		alias = got_assign(p);
		t = type_or_nil(p);
	}
	if (!t) {
		t = bad_expr(p, p->s.pos);
		syntax_error(p, "in type declaration");
		advance(p, BIT(TokSemi) | BIT(TokRparen));
	}
	ListId parts = list2(p, tparams, t);
	NodeId n = add_op(p, NodeTypeDecl, (Op)group, pos, nm, parts);
	at(p, n)->flag = alias ? FlagAlias : 0;
	return n;
}

static NodeId func_body(Parser *p)
{
	u32 errors = p->s.nerr, outer = p->nbranch;
	p->fnest++;
	p->nbranch = 0;
	NodeId body = block(p, "");
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
	param_list(p, 0, 0, TokRparen, false, false);
	u32 n = p->sp - mark;
	p->sp = mark;
	if (n == 0)
		scan_error(&p->s, p->s.pos, "method has no receiver");
	else if (n > 1)
		scan_error(&p->s, p->s.pos, "method has multiple receivers");
	return n ? p->stack[mark] : 0;
}

/* FunctionDecl = "func" [ Receiver ] identifier Signature [ FunctionBody ] . */
static NodeId func_decl(Parser *p)
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
		nm = name(p);
		t = func_type(p, context, &tparams);
	} else {
		nm = blank_name(p, p->s.pos);
		t = add(p, NodeFuncType, p->s.pos, 0, 0);
		syntax_error(p, context ? "expected name" : "expected name or (");
		advance(p, BIT(TokLbrace) | BIT(TokSemi));
	}
	if (p->s.tok == TokLbrace)
		body = func_body(p);
	ListId parts = add_list(p, (u32[]){recv, tparams, t, body}, 4, 0);
	range.decl = add(p, NodeFuncDecl, pos, nm, parts);
	range.last = p->f.nnode;
	if (range.pragma)
		pragma_check_func(p, range.pragma, range.decl, body != 0);
	vec_push(p->ar, &p->func, range);
	return range.decl;
}

/* ---- statements ---- */

static NodeId range_clause(Parser *p, NodeId lhs, bool def)
{
	Pos pos = p->s.pos;
	next(p);
	NodeId x = expr(p);
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
		rhs = expr(p);
		return add_op(p, NodeAssignStmt, op, pos, lhs, rhs);
	case TokIncOp:
		next(p);
		return add_op(p, NodeAssignStmt, op, pos, lhs, 0);
	case TokArrow:
		next(p);
		rhs = expr(p);
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
	NodeId rhs = expr_list(p);
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
		lhs = expr_list(p);
	if (p->s.tok == TokAssign || p->s.tok == TokDefine)
		return assign_stmt(p, lhs, keyword);
	if (kind(p, lhs) != NodeList)
		return one_expr_stmt(p, lhs);
	syntax_error(p, "expected := or = or comma");
	advance(p, BIT(TokSemi) | BIT(TokRbrace));
	return expr_stmt(p, list_at(&p->f, at(p, lhs)->a, 0));
}

/* LabeledStmt = Label ":" Statement . */
static NodeId labeled_stmt(Parser *p, NodeId label)
{
	Pos pos = p->s.pos;
	NodeId s;
	p->nbranch++;
	want(p, TokColon);
	if (p->s.tok == TokRbrace)
		s = add(p, NodeEmptyStmt, p->s.pos, 0, 0);
	else
		s = stmt_or_nil(p);
	if (s)
		return add(p, NodeLabeledStmt, pos, label, s);
	syntax_error_at(p, pos, "missing statement after label");
	return 0;
}

/* Block = "{" StatementList "}" .  context names the clause before it, "" if the brace was seen. */
static NodeId block(Parser *p, const char *context)
{
	Pos pos = p->s.pos;
	if (!got(p, TokLbrace)) {
		syntax_error(p, arena_printf(&p->tmp, "expected { after %s", context));
		advance(p, BIT(TokName) | BIT(TokRbrace));
		Pos rbrace = p->s.pos;
		if (got(p, TokRbrace))
			return add(p, NodeBlock, pos, add_list(p, NULL, 0, rbrace), 0);
	}
	ListId l = stmt_list(p, 0);
	want(p, TokRbrace);
	return add(p, NodeBlock, pos, l, 0);
}

static NodeId decl_stmt(Parser *p, NodeId (*spec)(Parser *, u16))
{
	Pos pos = p->s.pos;
	u32 mark = p->sp;
	next(p);
	decl_group(p, spec);
	ListId l = pop_list(p, mark, 0);
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
		char *l = arena_printf(&p->tmp, lp ? "(%s)" : "%s", expr_text(p, n.a));
		char *r = arena_printf(&p->tmp, rp ? "(%s)" : "%s", expr_text(p, n.b));
		text = arena_printf(&p->tmp, "assignment %s = %s", l, r);
	} else {
		text = expr_text(p, s);
	}
	syntax_error_at(p, n.pos, arena_printf(&p->tmp, "cannot use %s as value", text));
	return 0;
}

/* After "for init ;" : the rest of a for clause. */
static NodeId for_clause(Parser *p, Header *h)
{
	NodeId cond = 0;
	if (p->s.tok != TokSemi) {
		if (p->s.tok == TokLbrace) {
			syntax_error(p, "expected for loop condition");
			return 0;
		}
		cond = simple_stmt(p, 0, TokNone);
	}
	want(p, TokSemi);
	if (p->s.tok != TokLbrace) {
		h->post = simple_stmt(p, 0, TokNone);
		const Node *n = at(p, h->post);
		if (n->kind == NodeAssignStmt && n->flag & FlagDef)
			syntax_error_at(p, n->pos, "cannot declare in post statement of for loop");
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
			syntax_error(p, "missing condition in if statement");
			h.cond = bad_expr(p, p->s.pos);
		}
		return h;
	}
	int outer = p->xnest;
	p->xnest = -1;
	if (p->s.tok != TokSemi) {
		if (got(p, TokVar))
			syntax_error(p, arena_printf(&p->tmp, "var declaration not allowed in %s initializer", tok_text[keyword]));
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
			want(p, TokLbrace);
			if (p->s.tok != TokLbrace)
				advance(p, BIT(TokLbrace) | BIT(TokRbrace));
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
			syntax_error_at(p, semi, arena_printf(&p->tmp, "unexpected %s, expected { after if clause", semi_text[semi_kind]));
		else
			syntax_error_at(p, semi, "missing condition in if statement");
		h.cond = bad_expr(p, semi);
	}
	p->xnest = outer;
	return h;
}

/* IfStmt = "if" [ SimpleStmt ";" ] Expression Block [ "else" ( IfStmt | Block ) ] . */
static NodeId if_stmt(Parser *p)
{
	Pos pos = p->s.pos;
	if (!enter(p)) {
		leave(p);
		return add(p, NodeEmptyStmt, pos, 0, 0);
	}
	Header h = header(p, TokIf);
	NodeId then = block(p, "if clause"), other = 0;
	if (got(p, TokElse)) {
		if (p->s.tok == TokIf) {
			other = if_stmt(p);
		} else if (p->s.tok == TokLbrace) {
			other = block(p, "");
		} else {
			syntax_error(p, "else must be followed by if or statement block");
			advance(p, BIT(TokName) | BIT(TokRbrace));
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
	NodeId body = block(p, "for clause");
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
		head = k == NodeCaseClause ? expr_list(p) : simple_stmt(p, 0, TokNone);
	} else if (p->s.tok == TokDefault) {
		next(p);
	} else {
		syntax_error(p, "expected case or default or }");
		advance(p, BIT(TokColon) | BIT(TokCase) | BIT(TokDefault) | BIT(TokRbrace));
	}
	Pos colon = p->s.pos;
	want(p, TokColon);
	ListId body = stmt_list(p, colon);
	return add(p, k, pos, head, body);
}

static ListId clauses(Parser *p, NodeKind k, const char *missing)
{
	u32 mark = p->sp;
	if (!got(p, TokLbrace)) {
		syntax_error(p, missing);
		advance(p, BIT(TokCase) | BIT(TokDefault) | BIT(TokRbrace));
	}
	while (p->s.tok != TokEOF && p->s.tok != TokRbrace)
		push(p, clause(p, k));
	Pos rbrace = p->s.pos;
	want(p, TokRbrace);
	return pop_list(p, mark, rbrace);
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
	NodeId x = primary_expr(p, 0, p->s.tok == TokLparen), bare = unparen(p, x);
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
		label = name(p);
	return add_op(p, NodeBranchStmt, (Op)t, pos, label, 0);
}

static NodeId return_stmt(Parser *p)
{
	Pos pos = p->s.pos;
	NodeId x = 0;
	next(p);
	if (p->s.tok != TokSemi && p->s.tok != TokRbrace)
		x = expr_list(p);
	return add(p, NodeReturnStmt, pos, x, 0);
}

static NodeId stmt_at(Parser *p)
{
	NodeId lhs;
	switch (p->s.tok) {
	case TokVar: return decl_stmt(p, var_decl);
	case TokConst: return decl_stmt(p, const_decl);
	case TokType: return decl_stmt(p, type_decl);
	default: break;
	}
	clear_pragma(p);
	switch (p->s.tok) {
	case TokName:
		lhs = expr_list(p);
		if (p->s.tok == TokColon && kind(p, lhs) == NodeName)
			return labeled_stmt(p, lhs);
		return simple_stmt(p, lhs, TokNone);
	case TokLbrace: return block(p, "");
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
	NodeId s = enter(p) ? stmt_at(p) : 0;
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
			syntax_error(p, "at end of statement");
			advance(p, BIT(TokSemi) | BIT(TokRbrace) | BIT(TokCase) | BIT(TokDefault));
			got(p, TokSemi);
		}
	}
	return pop_list(p, mark, extra ? extra : p->s.pos);
}

/* ---- files ---- */

static const u64 decl_keywords = BIT(TokImport) | BIT(TokConst) | BIT(TokType) | BIT(TokVar) | BIT(TokFunc);

static void top_level_decl(Parser *p)
{
	Tok t = (Tok)p->s.tok;
	next(p);
	switch (t) {
	case TokImport: decl_group(p, import_decl); break;
	case TokConst: decl_group(p, const_decl); break;
	case TokType: decl_group(p, type_decl); break;
	case TokVar: decl_group(p, var_decl); break;
	default: push(p, func_decl(p)); break;
	}
}

static bool ends_in_bodyless_func(const Parser *p)
{
	if (p->sp == 0)
		return false;
	const Node *n = &p->f.node[p->stack[p->sp - 1]];
	return n->kind == NodeFuncDecl && list_at(&p->f, n->b, 3) == 0;
}

/* PackageClause; false when there is no sense in going on. */
static bool package_clause(Parser *p)
{
	p->top = false;
	if (!got(p, TokPackage)) {
		syntax_error(p, "package statement must be first");
		return false;
	}
	pragma_take(p, PragmaGoBuild);
	NodeId n = name(p);
	p->f.pkgname = p->s.names[at(p, n)->a];
	p->f.pkgpos = at(p, n)->pos;
	want(p, TokSemi);
	return p->s.nerr == 0;
}

/* SourceFile = PackageClause ";" { ImportDecl ";" } { TopLevelDecl ";" } . */
static void source_file(Parser *p, ParseMode mode)
{
	p->top = true;
	next(p);
	if (!package_clause(p))
		return;
	u8 prev = TokImport;
	while (p->s.tok != TokEOF) {
		if (mode == ParseImportsOnly && p->s.tok != TokImport)
			break;
		if (p->s.tok == TokImport && prev != TokImport)
			syntax_error(p, "imports must appear before other declarations");
		prev = p->s.tok;
		if (!(decl_keywords & BIT(p->s.tok))) {
			if (p->s.tok == TokLbrace && ends_in_bodyless_func(p))
				syntax_error(p, "unexpected semicolon or newline before {");
			else
				syntax_error(p, "non-declaration statement outside function body");
			advance(p, decl_keywords);
			continue;
		}
		top_level_decl(p);
		/* before the next token is scanned: comments in front of it belong to the next declaration */
		clear_pragma(p);
		if (p->s.tok != TokEOF && !got(p, TokSemi)) {
			syntax_error(p, "after top level declaration");
			advance(p, decl_keywords);
		}
	}
	clear_pragma(p);
	p->f.decls = pop_list(p, 0, 0);
	directives_finish(p);
}

/* Copies of exactly the size, in the arena of the file. */
static void *keep(Arena *a, const void *from, u32 n, size_t size)
{
	return arena_copy(a, from, n * size, 8);
}

static File *finish(Parser *p)
{
	File *f = arena_new(p->ar, File);
	*f = p->f;
	f->node = keep(p->ar, p->f.node, p->f.nnode, sizeof *f->node);
	f->list = keep(p->ar, p->f.list, p->f.nlist, sizeof *f->list);
	f->names = keep(p->ar, p->s.names, p->s.nnames, sizeof *f->names);
	f->nnames = p->s.nnames;
	f->func = p->func.a;
	f->nfunc = p->func.n;
	f->linkname = p->linkname.a;
	f->nlinkname = p->linkname.n;
	f->embed = p->embed.a;
	f->nembed = p->embed.n;
	f->bad = p->s.nerr > 0;
	if (!f->pkgname)
		f->pkgname = intern_str("_");
	return f;
}

/* Buffers survive from file to file; everything else starts afresh. */
static void reset(Parser *p, Arena *a, SrcFile *src, bool std)
{
	Parser old = *p;
	arena_reset(&old.tmp);
	*p = (Parser){
		.s = {.slot = old.s.slot, .nslot = old.s.nslot, .stamp = old.s.stamp, .names = old.s.names, .capnames = old.s.capnames},
		.ar = a, .tmp = old.tmp, .std = std,
		.f = {.src = src, .node = old.f.node, .list = old.f.list},
		.capnode = old.capnode, .caplist = old.caplist, .stack = old.stack, .capstack = old.capstack,
	};
	add(p, NodeNone, 0, 0, 0);
	add_list(p, NULL, 0, 0);     /* so that list 0 means none */
}

File *syntax_parse(Arena *a, SrcFile *src, ParseMode mode, bool std, Diag *d)
{
	static _Thread_local Parser scratch;
	Parser *p = &scratch;
	reset(p, a, src, std);
	scan_init(&p->s, src, &p->tmp, d);
	source_file(p, mode);
	return finish(p);
}
