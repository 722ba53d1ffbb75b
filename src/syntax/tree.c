/* Questions about trees: where a node starts and ends, what a literal means. */
#include "scan.h"

NodeId field_tag(const File *f, NodeId field)
{
	return node_at(f, field)->flag & FlagTag ? field - 1 : 0;
}

NodeId node_unparen(const File *f, NodeId n)
{
	while (n && node_kind(f, n) == NodeParen)
		n = node_at(f, n)->a;
	return n;
}

u32 expr_count(const File *f, NodeId n)
{
	if (!n)
		return 0;
	return node_kind(f, n) == NodeList ? list_len(f, node_at(f, n)->a) : 1;
}

NodeId expr_item(const File *f, NodeId n, u32 i)
{
	return node_kind(f, n) == NodeList ? list_at(f, node_at(f, n)->a, i) : n;
}

/* ---- positions ---- */

Pos node_start(const File *f, NodeId id)
{
	for (;;) {
		const Node *n = node_at(f, id);
		switch (n->kind) {
		case NodeCompositeLit: case NodeRangeClause:
			if (!n->a && n->kind == NodeCompositeLit)
				return n->pos;
			id = n->a ? n->a : n->b;
			break;
		case NodeTypeSwitchGuard:
			id = n->a ? n->a : n->b;
			break;
		case NodeKeyValue: case NodeSelector: case NodeIndex: case NodeTypeAssert: case NodeBinary: case NodeCall:
		case NodeSendStmt: case NodeAssignStmt:
			id = n->a;
			break;
		case NodeList:
			if (!list_len(f, n->a))
				return n->pos;
			id = list_at(f, n->a, 0);
			break;
		default:
			return n->pos;
		}
	}
}

static NodeId last_item(const File *f, ListId l)
{
	u32 n = list_len(f, l);
	return n ? list_at(f, l, n - 1) : 0;
}

static NodeId first_of(NodeId a, NodeId b)
{
	return a ? a : b;
}

/* The child that ends n; 0 if *end says where n ends itself. */
static NodeId last_child(const File *f, const Node *n, Pos *end)
{
	*end = n->pos;
	switch (n->kind) {
	case NodeName: *end = n->pos + f->names[n->a]->len; return 0;
	case NodeBasicLit: *end = n->pos + n->b; return 0;
	case NodeCompositeLit: case NodeSwitchStmt: case NodeSelectStmt: *end = list_extra(f, n->b); return 0;
	case NodeBlock: *end = list_extra(f, n->a); return 0;
	case NodeParen: case NodeUnary: case NodeStar: case NodeSliceType: case NodeDotsType: case NodeChanType:
	case NodeExprStmt: case NodeCallStmt: case NodeBranchStmt: case NodeReturnStmt:
		return n->a;
	case NodeKeyValue: case NodeFuncLit: case NodeSelector: case NodeIndex: case NodeTypeAssert: case NodeBinary:
	case NodeTypeSwitchGuard: case NodeArrayType: case NodeMapType: case NodeImportDecl: case NodeLabeledStmt:
	case NodeSendStmt: case NodeForStmt: case NodeRangeClause:
		return n->b;
	case NodeField: return first_of(n->b, n->a);
	case NodeSlice: return n->a;     /* gc's choice, whatever the indices */
	case NodeCall: return first_of(last_item(f, n->b), n->a);
	case NodeList: case NodeStructType: case NodeInterfaceType: case NodeDeclStmt: return last_item(f, n->a);
	case NodeFuncType: return first_of(last_item(f, n->b), last_item(f, n->a));
	case NodeConstDecl: case NodeVarDecl:
		return first_of(list_at(f, n->b, 1), first_of(list_at(f, n->b, 0), last_item(f, n->a)));
	case NodeTypeDecl: return list_at(f, n->b, 1);
	case NodeFuncDecl: return first_of(list_at(f, n->b, 3), list_at(f, n->b, 2));
	case NodeIfStmt: return first_of(list_at(f, n->b, 1), list_at(f, n->b, 0));
	case NodeAssignStmt: return n->b;
	case NodeCaseClause: case NodeCommClause: *end = list_extra(f, n->b); return last_item(f, n->b);
	default: return 0;
	}
}

Pos node_end(const File *f, NodeId id)
{
	Pos end, more = 0;
	for (;;) {
		const Node *n = node_at(f, id);
		NodeId child = last_child(f, n, &end);
		if (!child && n->kind == NodeAssignStmt) {   /* x++ */
			child = n->a;
			more = 2;
		}
		if (!child)
			return end + more;
		id = child;
	}
}

/* ---- literals ---- */

const char *lit_text(const File *f, NodeId n, u32 *len)
{
	const Node *x = node_at(f, n);
	*len = x->b;
	return f->src->src + (x->pos - f->src->base);
}

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* One escape after its backslash, at *s; the bytes go to out. Number of bytes, 0 if malformed. */
static int unescape(const char **s, const char *end, char quote, char out[4])
{
	static const char simple[] = "a\ab\bf\fn\nr\rt\tv\v\\\\";
	if (*s == end)
		return 0;
	char c = *(*s)++;
	if (c == quote) {
		out[0] = c;
		return 1;
	}
	for (size_t i = 0; i + 1 < sizeof simple; i += 2) {
		if (c == simple[i]) {
			out[0] = simple[i + 1];
			return 1;
		}
	}
	int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : c >= '0' && c <= '7' ? 3 : 0;
	u32 base = digits == 3 ? 8 : 16, x = 0;
	if (digits == 3)
		--*s;
	if (!digits || end - *s < digits)
		return 0;
	for (int i = 0; i < digits; i++) {
		u32 d = (u32)hex_digit(*(*s)++);
		if (d >= base || x > 0x10FFFF)
			return 0;
		x = x * base + d;
	}
	if (digits <= 3) {
		out[0] = (char)x;
		return x <= 255;
	}
	if (x > 0x10FFFF || (x >= 0xD800 && x < 0xE000))
		return 0;
	return utf8_encode(out, x);
}

/* Go string or rune literal to bytes. */
bool unquote(Arena *a, const char *lit, u32 n, char **out, u32 *outlen)
{
	if (n < 2 || lit[0] != lit[n - 1] || (lit[0] != '"' && lit[0] != '`' && lit[0] != '\''))
		return false;
	char quote = lit[0];
	char *p = *out = arena_alloc(a, n, 1);
	const char *s = lit + 1, *end = lit + n - 1;
	while (s < end) {
		if (quote == '`') {
			if (*s != '\r')
				*p++ = *s;
			s++;
		} else if (*s != '\\') {
			if (*s == '\n' || *s == quote)
				return false;
			*p++ = *s++;
		} else {
			char bytes[4];
			s++;
			int k = unescape(&s, end, quote, bytes);
			if (!k)
				return false;
			memcpy(p, bytes, (size_t)k);
			p += k;
		}
	}
	*p = 0;
	*outlen = (u32)(p - *out);
	return true;
}

char *lit_string(Arena *a, const File *f, NodeId n, u32 *len)
{
	u32 size;
	char *out;
	const char *text = lit_text(f, n, &size);
	return unquote(a, text, size, &out, len) ? out : NULL;
}
