/* The parser: tokens to tree, by recursive descent, with gc's messages and gc's recovery.
 *
 * Nodes are appended when they are complete, so children precede parents. Items of an unfinished list wait on a stack
 * of ids and are written to the list array when the list closes. After an error, parse_advance skips to a token at which
 * the enclosing production can go on; inside functions, keywords that start statements stop it too.
 *
 * Each function carries its production. xnest tells whether "T {" may be a composite literal: not in the header of
 * a control clause, unless inside parentheses or brackets.
 *
 * This file holds what the productions stand on and the file as a whole; parse_*.c hold the productions, by what they make. */
#include <stdlib.h>
#include "parse.h"

enum { MaxDepth = 10000 };

/* ---- the tree under construction ---- */

void parse_grow_nodes(Parser *p)
{
	p->capnode = p->capnode ? p->capnode * 2 : 1 << 12;
	p->f.node = realloc(p->f.node, p->capnode * sizeof *p->f.node);
	if (!p->f.node)
		fatal("out of memory:");
}

void parse_grow_stack(Parser *p)
{
	p->capstack = p->capstack ? p->capstack * 2 : 1 << 10;
	p->stack = realloc(p->stack, p->capstack * sizeof *p->stack);
	if (!p->stack)
		fatal("out of memory:");
}

ListId parse_add_list(Parser *p, const u32 *item, u32 n, u32 extra)
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
ListId parse_pop_list(Parser *p, u32 mark, u32 extra)
{
	u32 n = p->sp - mark;
	p->sp = mark;
	return n || extra ? parse_add_list(p, p->stack + mark, n, extra) : 0;
}

NodeId parse_add_name(Parser *p, Pos pos, u32 name)
{
	NodeId n = add(p, NodeName, pos, name, 0);
	const Name *x = p->s.names[name];
	if (unlikely(x->len == 1 && x->s[0] == '_'))
		at(p, n)->flag = FlagBlank;
	return n;
}

NodeId parse_blank_name(Parser *p, Pos pos)
{
	return parse_add_name(p, pos, scan_name_id(&p->s, "_", 1));
}

NodeId parse_bad_expr(Parser *p, Pos pos)
{
	return add(p, NodeBadExpr, pos, 0, 0);
}

NodeId parse_unparen(const Parser *p, NodeId x)
{
	while (x && kind(p, x) == NodeParen)
		x = p->f.node[x].a;
	return x;
}

/* ---- errors ---- */

const char *parse_expr_text(Parser *p, NodeId n)
{
	Buf b = {.ar = &p->tmp};
	p->f.names = p->s.names;
	node_print(&b, &p->f, n);
	return buf_str(&b);
}

const char *parse_tok_name(Parser *p, Tok t)
{
	if (t == TokComma)
		return "comma";
	if (t == TokSemi)
		return "semicolon or newline";
	if (t >= TokBreak && t <= TokVar)
		return arena_printf(&p->tmp, "keyword %s", tok_text[t]);
	return tok_text[t];
}

const char *const parse_semi_text[] = {
	[SemiSemicolon] = "semicolon", [SemiNewline] = "newline", [SemiEOF] = "EOF",
};

static const char *current_token(Parser *p)
{
	const char *text = p->s.begin + (p->s.pos - p->s.base);
	switch (p->s.tok) {
	case TokName: return arena_printf(&p->tmp, "name %.*s", (int)p->s.len, text);
	case TokSemi: return parse_semi_text[p->s.lit];
	case TokLiteral: return arena_printf(&p->tmp, "literal %.*s", (int)p->s.len, text);
	case TokOperator: return op_text[p->s.op];
	case TokAssignOp: return arena_printf(&p->tmp, "%s=", op_text[p->s.op]);
	case TokIncOp: return p->s.op == OpAdd ? "++" : "--";
	default: return parse_tok_name(p, p->s.tok);
	}
}

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* A message that begins with "in ", "at ", "after " or "expected " is about the current token, which is then named. */
void parse_error_at(Parser *p, Pos pos, const char *msg)
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

void parse_error(Parser *p, const char *msg)
{
	parse_error_at(p, p->s.pos, msg);
}

static const u64 stmt_keywords = BIT(TokBreak) | BIT(TokConst) | BIT(TokContinue) | BIT(TokDefer) | BIT(TokFallthrough) |
	BIT(TokFor) | BIT(TokGo) | BIT(TokGoto) | BIT(TokIf) | BIT(TokReturn) | BIT(TokSelect) | BIT(TokSwitch) |
	BIT(TokType) | BIT(TokVar);
_Static_assert(TokMax <= 64, "a set of tokens is one word");

/* Skips to a token of follow; with an empty set, over one token, so that there is progress. */
void parse_advance(Parser *p, u64 follow)
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

void parse_want(Parser *p, Tok t)
{
	if (likely(got(p, t)))
		return;
	parse_error(p, arena_printf(&p->tmp, "expected %s", parse_tok_name(p, t)));
	parse_advance(p, 0);
}

/* "=", or ":=" with a complaint */
bool parse_got_assign(Parser *p)
{
	if (p->s.tok == TokDefine)
		parse_error(p, "expected =");
	else if (p->s.tok != TokAssign)
		return false;
	next(p);
	return true;
}

/* Every production that may contain itself passes here. Too deep: complain and see nothing but the end of the file. */
bool parse_enter(Parser *p)
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

/* After an item: takes the separator, optional before close. Sets *end when the list was given up. */
bool parse_list_more(Parser *p, const char *context, Tok sep, Tok close, Pos *end)
{
	if (!got(p, sep) && p->s.tok != close) {
		parse_error(p, arena_printf(&p->tmp, "in %s; possibly missing %s or %s", context, parse_tok_name(p, sep), parse_tok_name(p, close)));
		parse_advance(p, BIT(TokRparen) | BIT(TokRbrack) | BIT(TokRbrace));
		if (p->s.tok != close) {
			*end = p->s.pos;
			return false;
		}
	}
	return list_open(p, close);
}

Pos parse_list_close(Parser *p, Tok close, Pos end)
{
	if (end)
		return end;
	end = p->s.pos;
	parse_want(p, close);
	return end;
}

/* ---- names and literals ---- */

NodeId parse_name(Parser *p)
{
	Pos pos = p->s.pos;
	if (likely(p->s.tok == TokName)) {
		NodeId n = parse_add_name(p, pos, p->s.name);
		next(p);
		return n;
	}
	NodeId n = parse_blank_name(p, pos);
	parse_error(p, "expected name");
	parse_advance(p, 0);
	return n;
}

NodeId parse_literal_or_nil(Parser *p)
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
NodeId parse_qualified_name(Parser *p, NodeId x)
{
	if (!x && p->s.tok == TokName) {
		x = parse_name(p);
	} else if (!x) {
		x = parse_blank_name(p, p->s.pos);
		parse_error(p, "expected name");
		parse_advance(p, BIT(TokDot) | BIT(TokSemi) | BIT(TokRbrace));
	}
	if (p->s.tok == TokDot) {
		Pos pos = p->s.pos;
		next(p);
		NodeId sel = parse_name(p);
		x = add(p, NodeSelector, pos, x, sel);
	}
	if (p->s.tok == TokLbrack) {
		Pos pos = p->s.pos;
		NodeId index;
		next(p);
		if (p->s.tok == TokRbrack) {
			parse_error(p, "expected type argument list");
			index = parse_bad_expr(p, p->s.pos);
		} else {
			bool comma;
			index = parse_type_list(p, true, &comma);
		}
		parse_want(p, TokRbrack);
		x = add(p, NodeIndex, pos, x, index);
	}
	return x;
}

/* ---- files ---- */

static const u64 decl_keywords = BIT(TokImport) | BIT(TokConst) | BIT(TokType) | BIT(TokVar) | BIT(TokFunc);

static void top_level_decl(Parser *p)
{
	Tok t = (Tok)p->s.tok;
	next(p);
	switch (t) {
	case TokImport: parse_decl_group(p, parse_import_decl); break;
	case TokConst: parse_decl_group(p, parse_const_decl); break;
	case TokType: parse_decl_group(p, parse_type_decl); break;
	case TokVar: parse_decl_group(p, parse_var_decl); break;
	default: push(p, parse_func_decl(p)); break;
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
		parse_error(p, "package statement must be first");
		return false;
	}
	pragma_take(p, PragmaGoBuild);
	NodeId n = parse_name(p);
	p->f.pkgname = p->s.names[at(p, n)->a];
	p->f.pkgpos = at(p, n)->pos;
	parse_want(p, TokSemi);
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
			parse_error(p, "imports must appear before other declarations");
		prev = p->s.tok;
		if (!(decl_keywords & BIT(p->s.tok))) {
			if (p->s.tok == TokLbrace && ends_in_bodyless_func(p))
				parse_error(p, "unexpected semicolon or newline before {");
			else
				parse_error(p, "non-declaration statement outside function body");
			parse_advance(p, decl_keywords);
			continue;
		}
		top_level_decl(p);
		/* before the next token is scanned: comments in front of it belong to the next declaration */
		clear_pragma(p);
		if (p->s.tok != TokEOF && !got(p, TokSemi)) {
			parse_error(p, "after top level declaration");
			parse_advance(p, decl_keywords);
		}
	}
	clear_pragma(p);
	p->f.decls = parse_pop_list(p, 0, 0);
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
	parse_add_list(p, NULL, 0, 0);     /* so that list 0 means none */
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
