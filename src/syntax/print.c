/* Trees as text: expressions and statements as gc shows them in messages, and the whole tree for -d parse.
 *
 * Messages use gc's short form: bodies of functions and composite literals are "…", and everything is on one line. */
#include <stdio.h>
#include "scan.h"

enum { MaxPrintDepth = 1000 };      /* deeper parts print as "…" */

typedef struct Printer {
	Buf *b;
	const File *f;
	int depth;
} Printer;

static void put(Printer *p, NodeId n);

static const Node *at(const Printer *p, NodeId n) { return node_at(p->f, n); }

static void puts_(Printer *p, const char *s) { buf_puts(p->b, s); }

static void put_list(Printer *p, ListId l)
{
	for (u32 i = 0; i < list_len(p->f, l); i++) {
		if (i)
			puts_(p, ", ");
		put(p, list_at(p->f, l, i));
	}
}

/* x op y, where x may be a long chain of its kind */
static void put_binary(Printer *p, NodeId n)
{
	VEC(NodeId) chain = {0};
	Arena a = {0};
	while (node_kind(p->f, n) == NodeBinary) {
		vec_push(&a, &chain, n);
		n = at(p, n)->a;
	}
	put(p, n);
	while (chain.n) {
		const Node *x = at(p, vec_pop(&chain));
		buf_printf(p->b, " %s ", op_text[x->op]);
		put(p, x->b);
	}
	arena_free(&a);
}

static void put_slice(Printer *p, const Node *n)
{
	put(p, n->a);
	puts_(p, "[");
	put(p, list_at(p->f, n->b, 0));
	puts_(p, ":");
	put(p, list_at(p->f, n->b, 1));
	if (list_at(p->f, n->b, 2)) {
		puts_(p, ":");
		put(p, list_at(p->f, n->b, 2));
	}
	puts_(p, "]");
}

/* "a, b T" : neighbours with one type share its text */
static void put_params(Printer *p, ListId l, const char *open, const char *close)
{
	puts_(p, open);
	u32 n = list_len(p->f, l);
	for (u32 i = 0; i < n; i++) {
		const Node *x = at(p, list_at(p->f, l, i));
		if (i)
			puts_(p, ", ");
		if (x->a) {
			put(p, x->a);
			const Node *y = i + 1 < n ? at(p, list_at(p->f, l, i + 1)) : NULL;
			if (y && y->a && y->b == x->b)
				continue;
			puts_(p, " ");
		}
		put(p, x->b);
	}
	puts_(p, close);
}

static void put_signature(Printer *p, const Node *t)
{
	put_params(p, t->a, "(", ")");
	u32 n = list_len(p->f, t->b);
	if (n == 0)
		return;
	puts_(p, " ");
	const Node *first = at(p, list_at(p->f, t->b, 0));
	if (n == 1 && !first->a)
		put(p, first->b);
	else
		put_params(p, t->b, "(", ")");
}

static void put_struct(Printer *p, ListId l)
{
	puts_(p, "struct{");
	u32 n = list_len(p->f, l);
	for (u32 i = 0; i < n; i++) {
		NodeId id = list_at(p->f, l, i), tag = field_tag(p->f, id);
		const Node *x = at(p, id);
		const Node *next = i + 1 < n ? at(p, list_at(p->f, l, i + 1)) : NULL;
		put(p, x->a);
		if (x->a && next && next->a && next->b == x->b) {
			puts_(p, ", ");
			continue;
		}
		if (x->a)
			puts_(p, " ");
		put(p, x->b);
		if (tag) {
			puts_(p, " ");
			put(p, tag);
		}
		if (next)
			puts_(p, "; ");
	}
	puts_(p, "}");
}

static void put_interface(Printer *p, ListId l)
{
	puts_(p, "interface{");
	for (u32 i = 0; i < list_len(p->f, l); i++) {
		const Node *x = at(p, list_at(p->f, l, i));
		if (i)
			puts_(p, "; ");
		put(p, x->a);
		if (x->a)
			put_signature(p, at(p, x->b));
		else
			put(p, x->b);
	}
	puts_(p, "}");
}

static void put_chan(Printer *p, const Node *n)
{
	puts_(p, n->op == 2 ? "<-chan " : n->op == 1 ? "chan<- " : "chan ");
	const Node *e = at(p, n->a);
	bool paren = n->op == 0 && e->kind == NodeChanType && e->op == 2;
	if (paren)
		puts_(p, "(");
	put(p, n->a);
	if (paren)
		puts_(p, ")");
}

static void put_assign(Printer *p, const Node *n)
{
	put(p, n->a);
	if (!n->b) {
		buf_printf(p->b, "%s%s", op_text[n->op], op_text[n->op]);
		return;
	}
	buf_printf(p->b, " %s= ", n->flag & FlagDef ? ":" : n->op ? op_text[n->op] : "");
	put(p, n->b);
}

static void put_node(Printer *p, NodeId id)
{
	const Node *n = at(p, id);
	u32 len;
	const char *text;
	switch (n->kind) {
	case NodeBadExpr: puts_(p, "<bad expr>"); break;
	case NodeName: puts_(p, node_name(p->f, id)->s); break;
	case NodeBasicLit:
		text = lit_text(p->f, id, &len);
		buf_write(p->b, text, len);
		break;
	case NodeFuncLit:
		put(p, n->a);
		puts_(p, list_len(p->f, at(p, n->b)->a) ? " {…}" : " {}");
		break;
	case NodeCompositeLit:
		put(p, n->a);
		puts_(p, list_len(p->f, n->b) ? "{…}" : "{}");
		break;
	case NodeParen: puts_(p, "("); put(p, n->a); puts_(p, ")"); break;
	case NodeSelector: put(p, n->a); puts_(p, "."); put(p, n->b); break;
	case NodeIndex: put(p, n->a); puts_(p, "["); put(p, n->b); puts_(p, "]"); break;
	case NodeSlice: put_slice(p, n); break;
	case NodeTypeAssert: put(p, n->a); puts_(p, ".("); put(p, n->b); puts_(p, ")"); break;
	case NodeTypeSwitchGuard:
		put(p, n->a);
		puts_(p, n->a ? " := " : "");
		put(p, n->b);
		puts_(p, ".(type)");
		break;
	case NodeCall:
		put(p, n->a);
		puts_(p, "(");
		put_list(p, n->b);
		puts_(p, n->flag & FlagDots ? "...)" : ")");
		break;
	case NodeStar: puts_(p, "*"); put(p, n->a); break;
	case NodeUnary: puts_(p, op_text[n->op]); put(p, n->a); break;
	case NodeBinary: put_binary(p, id); break;
	case NodeKeyValue: put(p, n->a); puts_(p, ": "); put(p, n->b); break;
	case NodeList: put_list(p, n->a); break;
	case NodeArrayType:
		puts_(p, n->a ? "[" : "[...");
		put(p, n->a);
		puts_(p, "]");
		put(p, n->b);
		break;
	case NodeSliceType: puts_(p, "[]"); put(p, n->a); break;
	case NodeDotsType: puts_(p, "..."); put(p, n->a); break;
	case NodeStructType: put_struct(p, n->a); break;
	case NodeFuncType: puts_(p, "func"); put_signature(p, n); break;
	case NodeInterfaceType: put_interface(p, n->a); break;
	case NodeMapType: puts_(p, "map["); put(p, n->a); puts_(p, "]"); put(p, n->b); break;
	case NodeChanType: put_chan(p, n); break;
	case NodeField: put(p, n->a); puts_(p, n->a ? " " : ""); put(p, n->b); break;
	case NodeExprStmt: put(p, n->a); break;
	case NodeSendStmt: put(p, n->a); puts_(p, " <- "); put(p, n->b); break;
	case NodeAssignStmt: put_assign(p, n); break;
	case NodeRangeClause:
		put(p, n->a);
		puts_(p, !n->a ? "" : n->flag & FlagDef ? " := " : " = ");
		puts_(p, "range ");
		put(p, n->b);
		break;
	case NodeCallStmt: buf_printf(p->b, "%s ", tok_text[n->op]); put(p, n->a); break;
	case NodeReturnStmt: puts_(p, n->a ? "return " : "return"); put(p, n->a); break;
	case NodeBranchStmt:
		puts_(p, tok_text[n->op]);
		puts_(p, n->a ? " " : "");
		put(p, n->a);
		break;
	default:
		puts_(p, "…");      /* never part of a message */
		break;
	}
}

static void put(Printer *p, NodeId n)
{
	if (!n)
		return;
	if (++p->depth > MaxPrintDepth)
		puts_(p, "…");
	else
		put_node(p, n);
	p->depth--;
}

void node_print(Buf *b, const File *f, NodeId n)
{
	put(&(Printer){b, f, 0}, n);
}

/* ---- characters ---- */

void rune_print_quoted(Buf *b, u32 r)
{
	static const char escapes[] = "\aa\bb\ff\nn\rr\tt\vv\\\\''";
	char utf8[4];
	buf_putc(b, '\'');
	const char *e = NULL;
	for (size_t i = 0; i + 1 < sizeof escapes && !e; i += 2)
		e = r == (u8)escapes[i] ? &escapes[i + 1] : NULL;
	if (e)
		buf_printf(b, "\\%c", *e);
	else if (rune_is_print(r))
		buf_write(b, utf8, (size_t)utf8_encode(utf8, r));
	else if (r < ' ' || r == 0x7F)
		buf_printf(b, "\\x%02x", r);
	else
		buf_printf(b, r < 0x10000 ? "\\u%04x" : "\\U%08x", r);
	buf_putc(b, '\'');
}

void rune_print_code(Buf *b, u32 r)
{
	char utf8[4];
	buf_printf(b, "U+%04X", r);
	if (rune_is_print(r)) {
		buf_puts(b, " '");
		buf_write(b, utf8, (size_t)utf8_encode(utf8, r));
		buf_putc(b, '\'');
	}
}

/* ---- -d parse: one node a line, children indented ---- */

static const char *const kind_name[NodeMax] = {
#define NODE(kind, a, b, remark) [Node##kind] = #kind,
#include "nodes.def"
#undef NODE
};

/* What the columns a and b of nodes.def say: a node, a list, or nothing to follow. */
static const char *const child_text[NodeMax][2] = {
#define NODE(kind, a, b, remark) [Node##kind] = {(const char *)a, (const char *)b},
#include "nodes.def"
#undef NODE
};

static void dump(Printer *p, NodeId id, int indent);

static void dump_list(Printer *p, ListId l, int indent)
{
	buf_printf(p->b, "%*s[%u]\n", indent * 2, "", list_len(p->f, l));
	for (u32 i = 0; i < list_len(p->f, l); i++)
		dump(p, list_at(p->f, l, i), indent + 1);
}

static void dump_child(Printer *p, const char *what, u32 child, int indent)
{
	if (!what || strstr(what, "(N)") || !child)
		return;
	if (what[0] == 'L' && what[1] == ' ')
		dump_list(p, child, indent);
	else
		dump(p, child, indent);
}

static void dump(Printer *p, NodeId id, int indent)
{
	if (!id) {
		buf_printf(p->b, "%*s-\n", indent * 2, "");
		return;
	}
	const Node *n = at(p, id);
	SrcLoc l = pos_loc_raw(n->pos);
	buf_printf(p->b, "%*s%s %u:%u", indent * 2, "", kind_name[n->kind], l.line, l.col);
	if (n->kind == NodeName || n->kind == NodeBasicLit) {
		buf_putc(p->b, ' ');
		put_node(p, id);
	}
	if (n->op && (n->kind == NodeUnary || n->kind == NodeBinary || n->kind == NodeAssignStmt))
		buf_printf(p->b, " %s", op_text[n->op]);
	else if (n->op && n->kind == NodeBranchStmt)
		buf_printf(p->b, " %s", tok_text[n->op]);
	else if (n->op)
		buf_printf(p->b, " op=%u", n->op);
	if (n->flag)
		buf_printf(p->b, " flag=%u", n->flag);
	buf_putc(p->b, '\n');
	if (++p->depth < MaxPrintDepth) {
		dump_child(p, child_text[n->kind][0], n->a, indent + 1);
		dump_child(p, child_text[n->kind][1], n->b, indent + 1);
	}
	p->depth--;
}

void tree_dump(Buf *b, const File *f)
{
	Printer p = {b, f, 0};
	buf_printf(b, "file %s package %s%s%s\n", f->src->shown, f->pkgname->s, f->goversion ? " version " : "",
		f->goversion ? f->goversion : "");
	for (u32 i = 0; i < list_len(f, f->decls); i++)
		dump(&p, list_at(f, f->decls, i), 0);
}
