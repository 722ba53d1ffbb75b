/* The scanner: bytes to tokens.
 *
 * The text ends in zero bytes, so no loop asks for the end but where it meets a zero. A file of plain ASCII (found out
 * by one fast pass) lets comments and raw strings be skipped by memchr; in other files the same pass has listed the
 * bytes that may not stand anywhere, and they are reported when the scanner gets past them.
 *
 * Names go through a table of the file's own names first: sixteen bytes and a length compared, no call, no lock. The
 * first occurrence in a file is interned globally, and the Name also tells keywords. */
#include <stdlib.h>
#include "scan.h"

#define TOKEN_TEXTS \
	[TokEOF] = "EOF", [TokName] = "name", [TokLiteral] = "literal", [TokOperator] = "op", [TokAssignOp] = "op=", \
	[TokIncOp] = "opop", [TokAssign] = "=", [TokDefine] = ":=", [TokArrow] = "<-", [TokStar] = "*", \
	[TokLparen] = "(", [TokLbrack] = "[", [TokLbrace] = "{", [TokRparen] = ")", [TokRbrack] = "]", \
	[TokRbrace] = "}", [TokComma] = ",", [TokSemi] = ";", [TokColon] = ":", [TokDot] = ".", [TokDotDotDot] = "...", \
	[TokBreak] = "break", [TokCase] = "case", [TokChan] = "chan", [TokConst] = "const", [TokContinue] = "continue", \
	[TokDefault] = "default", [TokDefer] = "defer", [TokElse] = "else", [TokFallthrough] = "fallthrough", \
	[TokFor] = "for", [TokFunc] = "func", [TokGo] = "go", [TokGoto] = "goto", [TokIf] = "if", \
	[TokImport] = "import", [TokInterface] = "interface", [TokMap] = "map", [TokPackage] = "package", \
	[TokRange] = "range", [TokReturn] = "return", [TokSelect] = "select", [TokStruct] = "struct", \
	[TokSwitch] = "switch", [TokType] = "type", [TokVar] = "var"

const char *const tok_text[TokMax] = { TOKEN_TEXTS };

const char *const op_text[OpMax] = {
	[OpDef] = ":", [OpNot] = "!", [OpRecv] = "<-", [OpTilde] = "~", [OpOrOr] = "||", [OpAndAnd] = "&&",
	[OpEql] = "==", [OpNeq] = "!=", [OpLss] = "<", [OpLeq] = "<=", [OpGtr] = ">", [OpGeq] = ">=",
	[OpAdd] = "+", [OpSub] = "-", [OpOr] = "|", [OpXor] = "^",
	[OpMul] = "*", [OpDiv] = "/", [OpRem] = "%", [OpAnd] = "&", [OpAndNot] = "&^", [OpShl] = "<<", [OpShr] = ">>",
};

void syntax_init(void)
{
	for (int t = TokBreak; t <= TokVar; t++)
		intern_str(tok_text[t])->tok = (u16)t;
}

/* ---- errors ---- */

void scan_error(Scanner *s, Pos pos, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	diag_addv(s->d, pos, false, fmt, ap);
	va_end(ap);
	s->nerr++;
}

static Pos pos_at(const Scanner *s, const char *p)
{
	return s->base + (Pos)(p - s->begin);
}

/* "before <the character> after" */
static void char_error(Scanner *s, const char *p, const char *before, void (*print)(Buf *, u32), u32 r, const char *after)
{
	Arena a = {0};
	Buf b = {.ar = &a};
	print(&b, r);
	scan_error(s, pos_at(s, p), "%s%s%s", before, buf_str(&b), after);
	arena_free(&a);
}

/* The character at p; its width, or 0 at the end of the file. Bytes that may not stand anywhere are *skip. */
static int rune_at(const Scanner *s, const char *p, u32 *r, bool *skip)
{
	*skip = false;
	*r = (u8)*p;
	if (*r == 0) {
		*skip = true;
		return p < s->end;
	}
	if (*r < 0x80)
		return 1;
	int n = utf8_decode(p, s->end, r);
	*skip = (*r == RUNE_ERROR && n == 1) || *r == 0xFEFF;
	return n;
}

/* The next character from *p on that may stand in a file; 0 at the end. */
static u32 peek_rune(const Scanner *s, const char **p)
{
	u32 r;
	bool skip;
	int n;
	while ((n = rune_at(s, *p, &r, &skip)) && skip)
		*p += n;
	return n ? r : 0;
}

/* ---- preparation ---- */

static bool is_clean(const char *p, const char *end)
{
	typedef u64 Lanes __attribute__((vector_size(32)));
	const u64 low = 0x0101010101010101ull, high = 0x8080808080808080ull;
	Lanes all = {0};
	for (; end - p >= (ptrdiff_t)sizeof all; p += sizeof all) {
		Lanes x;
		memcpy(&x, p, sizeof x);
		all |= x | (x - low);   /* the high bit of some byte: non-ASCII or (perhaps) zero */
	}
	u64 acc = all[0] | all[1] | all[2] | all[3];
	for (; p < end; p++)
		acc |= (u64)(u8)*p | (*p == 0 ? 0x80 : 0);
	return (acc & high) == 0;
}

static void find_bad_bytes(Scanner *s, Arena *tmp)
{
	VEC(BadByte) v = {0};
	for (const char *p = s->begin; p < s->end;) {
		u64 x;
		memcpy(&x, p, 8);               /* zeros follow the text */
		if (s->end - p >= 8 && !((x | (x - 0x0101010101010101ull)) & 0x8080808080808080ull)) {
			p += 8;
			continue;
		}
		if ((u8)*p < 0x80) {
			if (*p == 0)
				vec_push(tmp, &v, (BadByte){(u32)(p - s->begin), "invalid NUL character"});
			p++;
			continue;
		}
		u32 r;
		int n = utf8_decode(p, s->end, &r);
		if (r == RUNE_ERROR && n == 1)
			vec_push(tmp, &v, (BadByte){(u32)(p - s->begin), "invalid UTF-8 encoding"});
		else if (r == 0xFEFF && p > s->begin)
			vec_push(tmp, &v, (BadByte){(u32)(p - s->begin), "invalid BOM in the middle of the file"});
		p += n;
	}
	s->badbyte = v.a;
	s->nbadbyte = v.n;
}

static void report_bad_bytes(Scanner *s)
{
	u32 off = (u32)(s->p - s->begin);
	while (s->nextbad < s->nbadbyte && s->badbyte[s->nextbad].off <= off) {
		BadByte *b = &s->badbyte[s->nextbad++];
		scan_error(s, s->base + b->off, "%s", b->msg);
	}
}

void scan_init(Scanner *s, SrcFile *src, Arena *tmp, Diag *d)
{
	s->begin = s->p = src->src;
	s->end = src->src + src->size;
	s->base = src->base;
	s->nlsemi = false;
	s->d = d;
	s->nerr = s->nnames = 0;
	s->badbyte = NULL;
	s->nbadbyte = s->nextbad = 0;
	s->clean = is_clean(s->begin, s->end);
	if (!s->clean)
		find_bad_bytes(s, tmp);
	if (s->end - s->begin >= 3 && memcmp(s->begin, "\xEF\xBB\xBF", 3) == 0)
		s->p += 3;
	s->stamp++;
	if (!s->nslot || s->stamp == 0) {
		if (!s->nslot)
			s->nslot = 1024;
		free(s->slot);
		s->slot = calloc(s->nslot, sizeof *s->slot);
		s->stamp = 1;
	}
	if (!s->names) {
		s->capnames = 1024;
		s->names = malloc(s->capnames * sizeof *s->names);
	}
	if (!s->slot || !s->names)
		fatal("out of memory:");
}

/* ---- names ---- */

static u32 slot_hash(u64 lo, u64 hi, u32 len)
{
	u64 h = (lo ^ len) * 0x9E3779B97F4A7C15ull;
	h = (h ^ hi ^ h >> 32) * 0xD1B54A32D192ED03ull;
	return (u32)(h >> 32);
}

static void grow_slots(Scanner *s)
{
	u32 n = s->nslot * 2;
	NameSlot *a = calloc(n, sizeof *a);
	if (!a)
		fatal("out of memory:");
	for (u32 i = 0; i < s->nslot; i++) {
		NameSlot *o = &s->slot[i];
		if (o->stamp != s->stamp)
			continue;
		u32 h = slot_hash(o->lo, o->hi, o->len) & (n - 1);
		while (a[h].stamp)
			h = (h + 1) & (n - 1);
		a[h] = *o;
	}
	free(s->slot);
	s->slot = a;
	s->nslot = n;
}

/* The slot of a name met for the first time. */
static NameSlot *add_name(Scanner *s, NameSlot *e, const char *p, u32 len, u64 lo, u64 hi)
{
	if (s->nnames == s->capnames) {
		s->capnames *= 2;
		s->names = realloc(s->names, s->capnames * sizeof *s->names);
		if (!s->names)
			fatal("out of memory:");
	}
	Name *x = intern(p, len);
	s->names[s->nnames] = x;
	*e = (NameSlot){lo, hi, len, s->stamp, s->nnames, x->tok};
	s->nnames++;
	if (s->nnames * 2 <= s->nslot)
		return e;
	grow_slots(s);
	u32 h = slot_hash(lo, hi, len) & (s->nslot - 1);
	while (s->slot[h].id != s->nnames - 1 || s->slot[h].stamp != s->stamp)
		h = (h + 1) & (s->nslot - 1);
	return &s->slot[h];
}

static NameSlot *find_name(Scanner *s, const char *p, u32 len)
{
	/* the text may be read 16 bytes on: it has zeros behind it */
	u64 lo, hi = 0;
	memcpy(&lo, p, 8);
	if (len < 8) {
		lo &= (1ull << 8 * len) - 1;
	} else if (len > 16) {
		hi = hash_bytes(p + 8, len - 8, 0);
	} else if (len > 8) {
		memcpy(&hi, p + 8, 8);
		if (len < 16)
			hi &= (1ull << 8 * (len - 8)) - 1;
	}
	u32 h = slot_hash(lo, hi, len);
	for (;;) {
		NameSlot *e = &s->slot[h &= s->nslot - 1];
		if (e->stamp != s->stamp)
			return add_name(s, e, p, len, lo, hi);
		if (e->lo == lo && e->hi == hi && e->len == len &&
		    (likely(len <= 16) || memcmp(s->names[e->id]->s, p, len) == 0))
			return e;
		h++;
	}
}

u32 scan_name_id(Scanner *s, const char *text, u32 n)
{
	char pad[64] = {0};
	memcpy(pad, text, n);
	return find_name(s, pad, n)->id;
}

enum { IsIdent = 1, IsDigit = 2, IsHex = 4, StopString = 8, IsBlank = 16 };

static const u8 class[256] = {
	[0] = StopString,
	['\n'] = StopString, ['"'] = StopString, ['\\'] = StopString,
	[' '] = IsBlank, ['\t'] = IsBlank, ['\r'] = IsBlank,
	['0' ... '9'] = IsIdent | IsDigit | IsHex,
	['a' ... 'f'] = IsIdent | IsHex, ['g' ... 'z'] = IsIdent,
	['A' ... 'F'] = IsIdent | IsHex, ['G' ... 'Z'] = IsIdent,
	['_'] = IsIdent,
};

/* Rest of a name holding characters beyond ASCII (or at a bad byte); p is at the first of them. */
static const char *scan_wide_name(Scanner *s, const char *start, const char *p)
{
	for (;;) {
		u32 r;
		bool skip;
		int n = rune_at(s, p, &r, &skip);
		if (n == 0)
			return p;
		if (!skip && r < 0x80 && !(class[r] & IsIdent))
			return p;
		if (!skip && r >= 0x80 && !rune_is_letter(r)) {
			if (!rune_is_digit(r))
				char_error(s, p, "invalid character ", rune_print_code, r, " in identifier");
			else if (p == start)
				char_error(s, p, "identifier cannot begin with digit ", rune_print_code, r, "");
		}
		p += n;
	}
}

static void scan_name(Scanner *s, const char *start)
{
	const char *p = start;
	while (class[(u8)*p] & IsIdent)
		p++;
	if (unlikely((u8)*p >= 0x80 || (*p == 0 && p < s->end)))
		p = scan_wide_name(s, start, p);
	s->p = p;
	s->len = (u32)(p - start);
	NameSlot *e = find_name(s, start, s->len);
	s->name = e->id;
	if (e->tok) {
		s->tok = (u8)e->tok;
		s->nlsemi = e->tok == TokBreak || e->tok == TokContinue || e->tok == TokFallthrough || e->tok == TokReturn;
		return;
	}
	s->tok = TokName;
	s->nlsemi = true;
}

/* ---- literals ---- */

static void set_literal(Scanner *s, LitKind kind, const char *start, const char *p, bool bad)
{
	s->tok = TokLiteral;
	s->lit = (u8)kind;
	s->bad = bad;
	s->len = (u32)(p - start);
	s->p = p;
	s->nlsemi = true;
}

static const char *base_name(int base)
{
	return base == 2 ? "binary" : base == 8 ? "octal" : base == 10 ? "decimal" : "hexadecimal";
}

enum { HasDigit = 1, HasSep = 2 };

/* { digit | "_" } ; in bases up to ten every decimal digit is taken, the first one too large is noted. */
static int scan_digits(const char **pp, int base, const char **invalid)
{
	int has = 0;
	const char *p = *pp;
	for (; *p == '_' || (class[(u8)*p] & (base <= 10 ? IsDigit : IsHex)); p++) {
		has |= *p == '_' ? HasSep : HasDigit;
		if (base <= 10 && *p != '_' && *p >= '0' + base && invalid && !*invalid)
			*invalid = p;
	}
	*pp = p;
	return has;
}

/* The first '_' not between digits (a base prefix counts as one), or NULL. */
static const char *invalid_separator(const char *p, const char *end)
{
	bool hex = false;
	int prev = '.';         /* '_', '0' for a digit, '.' for the rest */
	if (end - p >= 2 && p[0] == '0' && strchr("xob", p[1] | 0x20)) {
		hex = (p[1] | 0x20) == 'x';
		prev = '0';
		p += 2;
	}
	for (; p < end; p++) {
		int d = class[(u8)*p] & (hex ? IsHex : IsDigit) ? '0' : *p == '_' ? '_' : '.';
		if (d == '_' && prev != '0')
			return p;
		if (d == '.' && prev == '_')
			return p - 1;
		prev = d;
	}
	return prev == '_' ? end - 1 : NULL;
}

typedef struct Number {
	const char *p;
	LitKind kind;
	int base, prefix, has;    /* prefix: 0, '0' (old octal), 'x', 'o', 'b' */
	const char *invalid;
	bool ok;
} Number;

static void number_error(Scanner *s, Number *n, const char *p, const char *what, const char *rest)
{
	if (n->ok)
		scan_error(s, pos_at(s, p), "%s%s", what, rest);
	n->ok = false;
}

static void scan_mantissa(Scanner *s, Number *n)
{
	bool point = *n->p == '.';
	if (!point) {
		if (*n->p == '0') {
			int c = *++n->p | 0x20;
			n->prefix = c == 'x' || c == 'o' || c == 'b' ? c : '0';
			n->base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
			if (n->prefix == '0')
				n->has = HasDigit;
			else
				n->p++;
		}
		n->has |= scan_digits(&n->p, n->base, &n->invalid);
		point = *n->p == '.';
		if (point && (n->prefix == 'o' || n->prefix == 'b'))
			number_error(s, n, n->p, "invalid radix point in ", n->base == 2 ? "binary literal" : "octal literal");
	}
	if (point) {
		n->p++;
		n->kind = LitFloat;
		n->has |= scan_digits(&n->p, n->base, &n->invalid);
	}
	if (!(n->has & HasDigit))
		number_error(s, n, n->p, base_name(n->base), " literal has no digits");
}

static void scan_exponent(Scanner *s, Number *n)
{
	int e = *n->p | 0x20;
	if (e == 'e' || e == 'p') {
		char quoted[4] = {'\'', *n->p, '\'', 0};
		if (e == 'e' && n->prefix && n->prefix != '0')
			number_error(s, n, n->p, quoted, " exponent requires decimal mantissa");
		else if (e == 'p' && n->prefix != 'x')
			number_error(s, n, n->p, quoted, " exponent requires hexadecimal mantissa");
		n->p++;
		n->kind = LitFloat;
		if (*n->p == '+' || *n->p == '-')
			n->p++;
		n->has = scan_digits(&n->p, 10, NULL) | (n->has & HasSep);
		if (!(n->has & HasDigit))
			number_error(s, n, n->p, "exponent has no digits", "");
	} else if (n->prefix == 'x' && n->kind == LitFloat) {
		number_error(s, n, n->p, "hexadecimal mantissa requires a 'p' exponent", "");
	}
}

static void scan_number(Scanner *s, const char *start)
{
	const char *p = start;
	if (*p != '0') {
		while (class[(u8)*p] & IsDigit)
			p++;
	} else {
		p++;
	}
	if (likely(p > start && !(class[(u8)*p] & IsIdent) && *p != '.')) {
		set_literal(s, LitInt, start, p, false);
		return;
	}
	Number n = {.p = start, .kind = LitInt, .base = 10, .ok = true};
	scan_mantissa(s, &n);
	scan_exponent(s, &n);
	if (*n.p == 'i') {
		n.kind = LitImag;
		n.p++;
	}
	if (n.kind == LitInt && n.invalid && n.ok) {
		char what[24] = "invalid digit '?'";
		what[15] = *n.invalid;
		scan_error(s, pos_at(s, n.invalid), "%s in %s literal", what, base_name(n.base));
		n.ok = false;
	}
	const char *sep = n.has & HasSep && n.ok ? invalid_separator(start, n.p) : NULL;
	if (sep)
		number_error(s, &n, sep, "'_' must separate successive digits", "");
	set_literal(s, n.kind, start, n.p, !n.ok);
}

/* After a backslash. The end of the file is the caller's to complain about. */
static bool scan_escape(Scanner *s, const char **pp, char quote)
{
	u32 n, base, max, x = 0;
	u32 c = peek_rune(s, pp);
	if (c == 0)
		return true;
	if (c == (u8)quote || (c < 0x80 && strchr("abfnrtv\\", (int)c))) {
		++*pp;
		return true;
	}
	if (c >= '0' && c <= '7') {
		n = 3, base = 8, max = 255;
	} else if (c == 'x' || c == 'u' || c == 'U') {
		n = c == 'x' ? 2 : c == 'u' ? 4 : 8;
		base = 16;
		max = c == 'x' ? 255 : 0x10FFFF;
		++*pp;
	} else {
		scan_error(s, pos_at(s, *pp), "unknown escape");
		return false;
	}
	for (; n > 0; n--) {
		c = peek_rune(s, pp);
		if (c == 0)
			return true;
		u32 d = base;
		if (c >= '0' && c <= '9')
			d = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			d = (c | 0x20) - 'a' + 10;
		if (d >= base) {
			char_error(s, *pp, "invalid character ", rune_print_quoted, c, base == 8 ? " in octal escape" : " in hexadecimal escape");
			return false;
		}
		x = x * base + d;
		++*pp;
	}
	if (x > max && base == 8) {
		scan_error(s, pos_at(s, *pp), "octal escape value %u > 255", x);
		return false;
	}
	if (x > max || (x >= 0xD800 && x < 0xE000)) {
		char_error(s, *pp, "escape is invalid Unicode code point ", rune_print_code, x, "");
		return false;
	}
	return true;
}

static void scan_string(Scanner *s, const char *start)
{
	const char *p = start + 1;
	bool bad = false;
	for (;;) {
		while (!(class[(u8)*p] & StopString))
			p++;
		if (*p == '"') {
			p++;
			break;
		}
		if (*p == '\\') {
			p++;
			bad |= !scan_escape(s, &p, '"');
		} else if (*p == '\n') {
			scan_error(s, pos_at(s, p), "newline in string");
			bad = true;
			break;
		} else if (p == s->end) {
			scan_error(s, s->pos, "string not terminated");
			bad = true;
			break;
		} else {
			p++;     /* NUL, reported as such */
		}
	}
	set_literal(s, LitString, start, p, bad);
}

static void scan_raw_string(Scanner *s, const char *start)
{
	const char *p = memchr(start + 1, '`', (size_t)(s->end - start - 1));
	bool bad = !p;
	if (bad)
		scan_error(s, s->pos, "string not terminated");
	set_literal(s, LitString, start, bad ? s->end : p + 1, bad);
}

static void scan_rune(Scanner *s, const char *start)
{
	const char *p = start + 1;
	bool ok = true;
	for (int n = 0;; n++) {
		u32 c = peek_rune(s, &p);
		if (c == '\'') {
			if (ok && n == 0)
				scan_error(s, pos_at(s, p), "empty rune literal or unescaped '");
			else if (ok && n != 1)
				scan_error(s, s->pos, "more than one character in rune literal");
			ok = ok && n == 1;
			p++;
			break;
		}
		if (c == '\\') {
			p++;
			ok = scan_escape(s, &p, '\'') && ok;
			continue;
		}
		if (c == '\n' || c == 0) {
			if (ok && c)
				scan_error(s, pos_at(s, p), "newline in rune literal");
			else if (ok)
				scan_error(s, s->pos, "rune literal not terminated");
			ok = false;
			break;
		}
		bool skip;
		p += rune_at(s, p, &c, &skip);
	}
	set_literal(s, LitRune, start, p, !ok);
}

/* ---- comments ---- */

/* To the newline or the end, which is not consumed. */
static void scan_line_comment(Scanner *s, const char *start)
{
	const char *p = memchr(start, '\n', (size_t)(s->end - start));
	s->p = p ? p : s->end;
	const char *t = start + 2;
	if ((t[0] == 'g' && t[1] == 'o' && t[2] == ':') || memcmp(t, "line ", 5) == 0)
		scan_directive(s, start, (u32)(s->p - start));
}

/* True if it acts like a newline. */
static bool scan_block_comment(Scanner *s, const char *start, bool nlsemi)
{
	const char *p = start + 2;
	for (;; p++) {
		p = memchr(p, '*', (size_t)(s->end - p));
		if (!p || p[1] == '/')
			break;
	}
	if (!p) {
		scan_error(s, pos_at(s, start), "comment not terminated");
		s->p = s->end;
	} else {
		s->p = p + 2;
		if (memcmp(start + 2, "line ", 5) == 0)
			scan_directive(s, start, (u32)(s->p - start));
	}
	return nlsemi && memchr(start, '\n', (size_t)(s->p - start));
}

/* ---- tokens ---- */

static inline void set_op(Scanner *s, Op op, const char *p)
{
	s->op = (u8)op;
	s->tok = TokOperator;
	if (*p == '=') {
		s->tok = TokAssignOp;
		p++;
	}
	s->p = p;
}

static inline void set_tok(Scanner *s, Tok t, const char *p)
{
	s->tok = (u8)t;
	s->p = p;
}

static inline void set_binary(Scanner *s, Op op, const char *p)
{
	s->op = (u8)op;
	set_tok(s, TokOperator, p);
}

static inline void set_semi(Scanner *s, SemiKind kind, const char *p)
{
	s->lit = (u8)kind;
	set_tok(s, TokSemi, p);
}

static inline void set_closing(Scanner *s, Tok t, const char *p)
{
	s->nlsemi = true;
	set_tok(s, t, p);
}

static void scan_token(Scanner *s)
{
	bool nlsemi = s->nlsemi;
	s->nlsemi = false;
	const char *p = s->p;
redo:
	while ((class[(u8)*p] & IsBlank) || (*p == '\n' && !nlsemi))
		p++;
	s->pos = pos_at(s, p);
	switch ((u8)*p) {
	case 'a' ... 'z': case 'A' ... 'Z': case '_': case 0x80 ... 0xFF:
		if ((u8)*p >= 0x80) {
			const char *q = p;
			u32 r = peek_rune(s, &q);
			if (q > p) {         /* bad bytes before a token */
				p = q;
				goto redo;
			}
			(void)r;
		}
		scan_name(s, p);
		return;
	case 0:
		if (p < s->end) {
			p++;
			goto redo;
		}
		if (nlsemi)
			set_semi(s, SemiEOF, p);
		else
			set_tok(s, TokEOF, p);
		return;
	case '\n':
		set_semi(s, SemiNewline, p + 1);
		return;
	case '0' ... '9': scan_number(s, p); return;
	case '"': scan_string(s, p); return;
	case '`': scan_raw_string(s, p); return;
	case '\'': scan_rune(s, p); return;
	case '(': set_tok(s, TokLparen, p + 1); return;
	case '[': set_tok(s, TokLbrack, p + 1); return;
	case '{': set_tok(s, TokLbrace, p + 1); return;
	case ',': set_tok(s, TokComma, p + 1); return;
	case ';': set_semi(s, SemiSemicolon, p + 1); return;
	case ')': set_closing(s, TokRparen, p + 1); return;
	case ']': set_closing(s, TokRbrack, p + 1); return;
	case '}': set_closing(s, TokRbrace, p + 1); return;
	case ':':
		if (p[1] == '=')
			set_tok(s, TokDefine, p + 2);
		else
			set_tok(s, TokColon, p + 1);
		return;
	case '.':
		if (class[(u8)p[1]] & IsDigit)
			scan_number(s, p);
		else if (p[1] == '.' && p[2] == '.')
			set_tok(s, TokDotDotDot, p + 3);
		else
			set_tok(s, TokDot, p + 1);
		return;
	case '+': case '-':
		if (p[1] == *p) {
			s->op = *p == '+' ? OpAdd : OpSub;
			set_closing(s, TokIncOp, p + 2);
		} else {
			set_op(s, *p == '+' ? OpAdd : OpSub, p + 1);
		}
		return;
	case '*':
		set_op(s, OpMul, p + 1);
		if (s->tok == TokOperator)
			s->tok = TokStar;
		return;
	case '/':
		if (p[1] == '/') {
			scan_line_comment(s, p);
			p = s->p;
			goto redo;
		}
		if (p[1] == '*') {
			if (scan_block_comment(s, p, nlsemi)) {
				set_semi(s, SemiNewline, s->p);
				return;
			}
			p = s->p;
			goto redo;
		}
		set_op(s, OpDiv, p + 1);
		return;
	case '%': set_op(s, OpRem, p + 1); return;
	case '&':
		if (p[1] == '&')
			set_binary(s, OpAndAnd, p + 2);
		else if (p[1] == '^')
			set_op(s, OpAndNot, p + 2);
		else
			set_op(s, OpAnd, p + 1);
		return;
	case '|':
		if (p[1] == '|')
			set_binary(s, OpOrOr, p + 2);
		else
			set_op(s, OpOr, p + 1);
		return;
	case '^': set_op(s, OpXor, p + 1); return;
	case '<':
		if (p[1] == '=')
			set_binary(s, OpLeq, p + 2);
		else if (p[1] == '<')
			set_op(s, OpShl, p + 2);
		else if (p[1] == '-')
			set_tok(s, TokArrow, p + 2);
		else
			set_binary(s, OpLss, p + 1);
		return;
	case '>':
		if (p[1] == '=')
			set_binary(s, OpGeq, p + 2);
		else if (p[1] == '>')
			set_op(s, OpShr, p + 2);
		else
			set_binary(s, OpGtr, p + 1);
		return;
	case '=':
		if (p[1] == '=')
			set_binary(s, OpEql, p + 2);
		else
			set_tok(s, TokAssign, p + 1);
		return;
	case '!':
		if (p[1] == '=')
			set_binary(s, OpNeq, p + 2);
		else
			set_binary(s, OpNot, p + 1);
		return;
	case '~': set_binary(s, OpTilde, p + 1); return;
	default:
		char_error(s, p, "invalid character ", rune_print_code, (u8)*p, "");
		p++;
		goto redo;
	}
}

void scan_next(Scanner *s)
{
	scan_token(s);
	if (unlikely(s->nextbad < s->nbadbyte))
		report_bad_bytes(s);
}
