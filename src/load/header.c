/* What the go command says of a file's head.
 *
 * Before a package is compiled, the imports of its files have to be known, and what keeps them from being known is told by the go
 * command itself, in the words of go/parser, one fault a file. The compiler's own parser words the same faults differently;
 * so a file in which it finds one, or that imports an impossible path, has its head read once more, here: the package clause and the imports.
 *
 * As go/build does it: a quick reader finds where the imports end. If it gets that far, only that much is parsed, otherwise the
 * whole file is. */
#define _GNU_SOURCE
#include "load.h"

/* ---- the quick reader ---- */

typedef struct Reader { const char *p, *end; bool bad; } Reader;

static bool is_ident(int c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80; }

static int fail(Reader *r)
{
	r->bad = true;
	return -1;
}

/* Past space, semicolons and comments: the byte there, -1 at the end. */
static int peek(Reader *r)
{
	while (!r->bad && r->p < r->end) {
		const char *p = r->p;
		if (strchr(" \f\t\r\n;", *p) && *p) {
			r->p++;
		} else if (*p != '/') {
			return (u8)*p;
		} else if (p + 1 < r->end && p[1] == '/') {
			const char *nl = memchr(p, '\n', (size_t)(r->end - p));
			r->p = nl ? nl + 1 : r->end;
		} else if (p + 1 < r->end && p[1] == '*') {
			const char *close = memmem(p + 2, (size_t)(r->end - p - 2), "*/", 2);
			if (!close)
				return fail(r);
			r->p = close + 2;
		} else {
			return fail(r);
		}
	}
	return -1;
}

static void read_ident(Reader *r)
{
	int c = peek(r);
	if (!is_ident(c))
		fail(r);
	while (!r->bad && r->p < r->end && is_ident((u8)*r->p))
		r->p++;
}

static void read_keyword(Reader *r, const char *word)
{
	size_t n = strlen(word);
	peek(r);
	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) || (r->p + n < r->end && is_ident((u8)r->p[n])))
		fail(r);
	else
		r->p += n;
}

static void read_string(Reader *r)
{
	int quote = peek(r);
	if (quote != '"' && quote != '`') {
		fail(r);
		return;
	}
	for (r->p++; r->p < r->end && (quote == '`' || *r->p != '\n'); r->p++) {
		if (*r->p == quote) {
			r->p++;
			return;
		}
		if (*r->p == '\\' && quote == '"')
			r->p++;
	}
	fail(r);
}

static void read_import(Reader *r)
{
	int c = peek(r);
	if (c == '.')
		r->p++;
	else if (is_ident(c))
		read_ident(r);
	read_string(r);
}

/* Where what has to be parsed ends. */
static const char *header_end(const char *src, const char *end)
{
	Reader r = {src, end, false};
	read_keyword(&r, "package");
	read_ident(&r);
	while (peek(&r) == 'i') {
		read_keyword(&r, "import");
		if (peek(&r) == '(') {
			r.p++;
			int c;
			while ((c = peek(&r)) != ')' && !r.bad && c >= 0)
				read_import(&r);
			if (c != ')')
				fail(&r);
			else
				r.p++;
		} else {
			read_import(&r);
		}
	}
	return r.bad ? end : r.p;
}

/* ---- tokens, as go/scanner has them ---- */

typedef enum HeadTok { HeadEof, HeadSemi, HeadIdent, HeadString, HeadLiteral, HeadKeyword, HeadOperator, HeadIllegal } HeadTok;

typedef struct Head {
	Loader *l;
	const char *p, *end;
	HeadTok kind;
	const char *tok;               /* where it begins */
	u32 len;
	bool newline;                  /* of a HeadSemi: it was a line's end */
	bool insert;                   /* a line's end here is a semicolon */
	const char *scan, *scanmsg;    /* what the scanner found wrong with the token, and where */
	const char *at, *msg;          /* the fault */
} Head;

static void scan_fault(Head *h, const char *at, const char *msg)
{
	if (!h->scanmsg) {
		h->scan = at;
		h->scanmsg = msg;
	}
}

static const char *quoted_rune(Loader *l, u32 r, const char *p, int k)
{
	return rune_is_print(r) ? arena_printf(l->ar, "U+%04X '%.*s'", r, k, p) : arena_printf(l->ar, "U+%04X", r);
}

/* h->p is behind the backslash. */
static void scan_escape(Head *h, char quote)
{
	const char *begin = h->p;
	u32 n = 0, base = 16, max = 0x10ffff, x = 0;
	char c = h->p < h->end ? *h->p : 0;
	if (h->p < h->end && (strchr("abfnrtv\\", c) || c == quote) && c) {
		h->p++;
		return;
	}
	if (c >= '0' && c <= '7')
		n = 3, base = 8, max = 255;
	else if (c == 'x')
		n = 2, max = 255;
	else if (c == 'u' || c == 'U')
		n = c == 'u' ? 4 : 8;
	if (!n) {
		scan_fault(h, begin, h->p < h->end ? "unknown escape sequence" : "escape sequence not terminated");
		return;
	}
	for (h->p += base == 16; n; n--, h->p++) {
		int d = h->p < h->end ? *h->p : 0;
		u32 v = d >= '0' && d <= '9' ? (u32)d - '0' : (d | 32) >= 'a' && (d | 32) <= 'f' ? (u32)(d | 32) - 'a' + 10 : 16;
		if (v >= base) {
			u32 r;
			int k = h->p < h->end ? utf8_decode(h->p, h->end, &r) : 0;
			scan_fault(h, h->p, k ? arena_printf(h->l->ar, "illegal character %s in escape sequence", quoted_rune(h->l, r, h->p, k)) :
				"escape sequence not terminated");
			return;
		}
		x = x * base + v;
	}
	if (x > max || (x >= 0xd800 && x < 0xe000))
		scan_fault(h, begin, "escape sequence is invalid Unicode code point");
}

static void scan_quoted(Head *h, char quote)
{
	u32 runes = 0;
	const char *begin = h->p++;
	while (h->p < h->end && *h->p != '\n' && *h->p != quote) {
		u32 r;
		runes++;
		if (*h->p == '\\') {
			h->p++;
			scan_escape(h, quote);
		} else {
			h->p += utf8_decode(h->p, h->end, &r);
		}
	}
	if (h->p == h->end || *h->p != quote) {
		scan_fault(h, begin, quote == '"' ? "string literal not terminated" : "rune literal not terminated");
		return;
	}
	h->p++;
	if (quote == '\'' && runes != 1)
		scan_fault(h, begin, "illegal rune literal");
}

static void scan_raw(Head *h)
{
	const char *close = memchr(h->p + 1, '`', (size_t)(h->end - h->p - 1));
	if (!close)
		scan_fault(h, h->p, "raw string literal not terminated");
	h->p = close ? close + 1 : h->end;
}

/* Longest first where one begins another. */
static const char *const operators[] = {
	"<<=", ">>=", "&^=", "...", "&&", "||", "<-", "++", "--", "==", "!=", "<=", ">=", ":=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "&^",
	"+", "-", "*", "/", "%", "&", "|", "^", "<", ">", "=", "!", "(", ")", "[", "]", "{", "}", ",", ".", ":", "~",
};

static const char *const keywords[] = {
	"break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go", "goto", "if", "import",
	"interface", "map", "package", "range", "return", "select", "struct", "switch", "type", "var",
};

static bool is_tok(const Head *h, const char *s) { return h->len == strlen(s) && !memcmp(h->tok, s, h->len); }

static void scan_operator(Head *h)
{
	for (size_t i = 0; i < nelem(operators); i++) {
		size_t n = strlen(operators[i]);
		if ((size_t)(h->end - h->p) >= n && !memcmp(h->p, operators[i], n)) {
			h->p += n;
			h->kind = HeadOperator;
			h->insert = strchr(")]}", operators[i][0]) || !strcmp(operators[i], "++") || !strcmp(operators[i], "--");
			return;
		}
	}
	u32 r;
	int k = utf8_decode(h->p, h->end, &r);
	if (r == 0x201c || r == 0x201d)
		scan_fault(h, h->p, arena_printf(h->l->ar, "curly quotation mark '%.*s' (use neutral '\"')", k, h->p));
	else
		scan_fault(h, h->p, !*h->p ? "illegal character NUL" : arena_printf(h->l->ar, "illegal character %s", quoted_rune(h->l, r, h->p, k)));
	h->p += k;
	h->kind = HeadIllegal;
}

static void scan_word(Head *h)
{
	u32 r;
	int k;
	while (h->p < h->end && (k = utf8_decode(h->p, h->end, &r)) && (rune_is_letter(r) || rune_is_digit(r)))
		h->p += k;
	h->len = (u32)(h->p - h->tok);
	h->kind = HeadIdent;
	for (size_t i = 0; i < nelem(keywords); i++)
		if (is_tok(h, keywords[i]))
			h->kind = HeadKeyword;
	h->insert = h->kind == HeadIdent || is_tok(h, "break") || is_tok(h, "continue") || is_tok(h, "fallthrough") || is_tok(h, "return");
}

static void scan_number(Head *h)
{
	while (h->p < h->end && (is_ident((u8)*h->p) || *h->p == '.'))
		h->p++;
	h->kind = HeadLiteral;
	h->insert = true;
}

/* Past space and comments; true: a line ends where that makes a semicolon, at h->tok. */
static bool scan_space(Head *h)
{
	for (; h->p < h->end; h->p++) {
		char c = *h->p;
		if (c == '\n' && h->insert) {
			h->tok = h->p++;
			return true;
		}
		if (c == '/' && h->p + 1 < h->end && h->p[1] == '/') {
			const char *nl = memchr(h->p, '\n', (size_t)(h->end - h->p));
			h->p = (nl ? nl : h->end) - 1;
		} else if (c == '/' && h->p + 1 < h->end && h->p[1] == '*') {
			const char *close = memmem(h->p + 2, (size_t)(h->end - h->p - 2), "*/", 2);
			const char *stop = close ? close + 1 : h->end - 1;
			if (!close)
				scan_fault(h, h->p, "comment not terminated");
			const char *nl = memchr(h->p, '\n', (size_t)(stop + 1 - h->p));
			if (h->insert && nl) {
				h->tok = nl;
				h->p = stop + 1;
				return true;
			}
			h->p = stop;
		} else if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
			break;
		}
	}
	h->tok = h->p;
	return h->p == h->end && h->insert;
}

static void next(Head *h)
{
	h->newline = scan_space(h);
	if (h->newline) {
		h->kind = HeadSemi;
		h->len = 0;
		h->insert = false;
		return;
	}
	h->insert = false;
	u32 r = 0;
	if (h->p < h->end)
		utf8_decode(h->p, h->end, &r);
	if (h->p == h->end) {
		h->kind = HeadEof;
	} else if (rune_is_letter(r)) {
		scan_word(h);
	} else if (r >= '0' && r <= '9') {
		scan_number(h);
	} else if (r == '"' || r == '\'') {
		h->kind = r == '"' ? HeadString : HeadLiteral;
		h->insert = true;
		scan_quoted(h, (char)r);
	} else if (r == '`') {
		h->kind = HeadString;
		h->insert = true;
		scan_raw(h);
	} else if (r == ';') {
		h->kind = HeadSemi;
		h->p++;
	} else {
		scan_operator(h);
	}
	h->len = (u32)(h->p - h->tok);
}

/* ---- the grammar ---- */

/* The first fault stands. The scanner came by before, and hides what the parser finds in the same line. */
static bool fault(Head *h, const char *msg)
{
	bool scan = h->scanmsg && (h->scan <= h->tok || !memchr(h->tok, '\n', (size_t)(h->scan - h->tok)));
	h->at = scan ? h->scan : h->tok;
	h->msg = scan ? h->scanmsg : msg;
	return false;
}

static bool expected(Head *h, const char *what)
{
	const char *msg;
	if (h->kind == HeadSemi && h->newline)
		msg = arena_printf(h->l->ar, "expected '%s', found newline", what);
	else if (h->kind == HeadIdent || h->kind == HeadString || h->kind == HeadLiteral)
		msg = arena_printf(h->l->ar, "expected '%s', found %.*s", what, (int)h->len, h->tok);
	else
		msg = arena_printf(h->l->ar, "expected '%s', found '%.*s'", what, h->kind == HeadEof ? 3 : h->kind == HeadIllegal ? 7 : (int)h->len,
			h->kind == HeadEof ? "EOF" : h->kind == HeadIllegal ? "ILLEGAL" : h->tok);
	return fault(h, msg);
}

/* The token is taken as what it is; what the scanner minded about it counts now. */
static bool accept(Head *h)
{
	if (h->scanmsg) {
		h->at = h->scan;
		h->msg = h->scanmsg;
		return false;
	}
	next(h);
	return true;
}

static bool take(Head *h, const char *text)
{
	return is_tok(h, text) && (h->kind == HeadKeyword || h->kind == HeadOperator) ? accept(h) : expected(h, text);
}

static bool semicolon(Head *h)
{
	if (h->kind == HeadOperator && (is_tok(h, ")") || is_tok(h, "}")))
		return true;
	return h->kind == HeadSemi ? accept(h) : expected(h, ";");
}

static bool import_spec(Head *h)
{
	if ((h->kind == HeadIdent || (h->kind == HeadOperator && is_tok(h, "."))) && !accept(h))
		return false;
	if (h->kind == HeadString)
		return accept(h) && semicolon(h);
	return fault(h, h->kind == HeadIdent || h->kind == HeadLiteral ? "import path must be a string" : "missing import path");
}

static bool import_decl(Head *h)
{
	if (!take(h, "import"))
		return false;
	if (!(h->kind == HeadOperator && is_tok(h, "(")))
		return import_spec(h);
	if (!accept(h))
		return false;
	while (h->kind != HeadEof && !(h->kind == HeadOperator && is_tok(h, ")")))
		if (!import_spec(h))
			return false;
	return take(h, ")") && semicolon(h);
}

static bool head(Head *h)
{
	next(h);
	if (h->scanmsg)                /* likely no Go at all: nothing else counts */
		return accept(h);
	if (!take(h, "package"))
		return false;
	if (h->kind != HeadIdent)
		return expected(h, "IDENT");
	if (!accept(h) || !semicolon(h))
		return false;
	while (h->kind == HeadKeyword && is_tok(h, "import"))
		if (!import_decl(h))
			return false;
	return !h->scanmsg || accept(h);
}

const char *header_fault(Loader *l, const char *src, u32 n, u32 *off)
{
	const char *begin = has_prefix(src, "\xef\xbb\xbf") ? src + 3 : src;
	Head h = {.l = l, .p = begin, .end = header_end(begin, src + n)};
	if (head(&h))
		return NULL;
	*off = (u32)(h.at - src);
	return h.msg;
}
