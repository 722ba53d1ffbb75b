/* Lines to statements.
 *
 *     line    = { label ":" } word { "." suffix } [ operand { "," operand } ] ( ";" | "\n" )
 *     operand = register | [ "$" | "*" ] [ symbol | expr ] [ "(" register ")" ] [ "(" register "*" scale ")" ] | "$" literal
 *             | "[" register "-" register "]"
 *     symbol  = name [ "<>" | "<" abi ">" ] [ ("+" | "-") expr ] "(" ("SB" | "FP" | "SP" | "PC") ")"
 *
 * Tokens of an operand are collected first, so that a fault costs one line. Arithmetic is on 64-bit words. */
#include <stdlib.h>
#include "asm.h"

typedef struct Operand { AsmTok *t; u32 n, i; } Operand;
typedef struct Line { AsmTok word; VEC(AsmTok) suffix; VEC(Operand) op; } Line;

void asm_error(Asm *a, const char *fmt, ...)
{
	SrcLoc l = pos_loc(a->pos), e = a->errpos ? pos_loc(a->errpos) : (SrcLoc){0};
	if (a->errpos && l.line == e.line && l.file == e.file)
		return;                 /* one a line */
	a->errpos = a->pos;
	va_list ap;
	va_start(ap, fmt);
	diag_addv(a->d, a->pos, false, fmt, ap);
	va_end(ap);
	if (++a->nerror > 10 && !a->c->all_errors)
		a->stop = true;
}

static const char *tok_text(Asm *a, const AsmTok *t)
{
	return t->kind == AtEnd ? "EOF" : arena_strndup(a->ar, t->s, t->len);
}

/* ---- lines ---- */

static void pend_label(Asm *a, const AsmTok *word)
{
	if (!a->fn) {
		asm_error(a, "label %.*s outside of a function", (int)word->len, word->s);
		return;
	}
	vec_push(a->fa, &a->fn->pending, intern(word->s, word->len));
}

static void add_operand(Asm *a, Line *l, Operand *o, u32 *colon, bool separated)
{
	if (!o->n) {
		if (l->op.n || separated)
			asm_error(a, "missing operand");
		return;
	}
	vec_push(a->line, &l->op, *o);
	if (*colon != ~0u && l->op.n == *colon + 2) {   /* AX:DX is DX, AX */
		Operand t = l->op.a[*colon];
		l->op.a[*colon] = l->op.a[*colon + 1];
		l->op.a[*colon + 1] = t;
		*colon = ~0u;
	}
}

/* False at the end of the input. */
static bool next_line(Asm *a, Line *l)
{
	AsmTok t;
again:
	do
		t = lex_next(a);
	while (t.kind == '\n' || t.kind == ';');
	a->pos = t.pos;
	if (t.kind == AtEnd)
		return false;
	if (t.kind != AtName) {
		asm_error(a, "expected identifier, found \"%s\"", tok_text(a, &t));
		a->stop = true;
		return false;
	}
	arena_reset(a->line);
	*l = (Line){.word = t};
	u32 colon = ~0u;
	int nesting = 0;
	for (bool more = true; more;) {
		VEC(AsmTok) v = {0};
		for (;;) {
			t = lex_next(a);
			if (!l->op.n && !v.n && t.kind == '.') {
				t = lex_next(a);
				if (t.kind != AtName)
					asm_error(a, "instruction suffix expected identifier, found %s", tok_text(a, &t));
				vec_push(a->line, &l->suffix, t);
				if (t.kind != '\n' && t.kind != AtEnd)
					continue;
			}
			if (!l->op.n && !v.n && t.kind == ':') {
				pend_label(a, &l->word);
				goto again;
			}
			if (t.kind == AtEnd) {
				asm_error(a, "unexpected EOF");
				return false;
			}
			if (t.kind == '\n' || t.kind == ';' || (!nesting && (t.kind == ',' || t.kind == ':')))
				break;
			nesting += (t.kind == '(' || t.kind == '[') - (t.kind == ')' || t.kind == ']');
			vec_push(a->line, &v, t);
		}
		more = t.kind != '\n' && t.kind != ';';
		if (t.kind == ':') {
			if (colon != ~0u)
				asm_error(a, "invalid ':' in operand");
			colon = l->op.n;
		}
		Operand o = {v.a, v.n, 0};
		add_operand(a, l, &o, &colon, t.kind == ',');
	}
	return true;
}

/* ---- expressions ---- */

static AsmTok peek(const Operand *o)
{
	return o->i < o->n ? o->t[o->i] : (AsmTok){.kind = AtEnd};
}

static AsmTok take(Operand *o)
{
	AsmTok t = peek(o);
	o->i += o->i < o->n;
	return t;
}

static void expect(Asm *a, Operand *o, int kind)
{
	AsmTok t = take(o);
	if (t.kind != kind)
		asm_error(a, "expected '%c', found %s", kind, tok_text(a, &t));
}

static u64 expr(Asm *a, Operand *o, int depth);

static u64 integer(Asm *a, const AsmTok *t)
{
	char buf[80], *q = buf, *end;
	for (u32 i = 0; i < t->len && q < buf + sizeof buf - 1; i++)
		if (t->s[i] != '_')
			*q++ = t->s[i];
	*q = 0;
	const char *s = buf;
	int base = 0;
	if (buf[0] == '0' && ((buf[1] | 32) == 'b' || (buf[1] | 32) == 'o')) {
		base = (buf[1] | 32) == 'b' ? 2 : 8;
		s += 2;
	}
	unsigned __int128 v = 0;
	u64 r = strtoull(s, &end, base);
	if (*end || !*s)
		asm_error(a, "strconv.ParseUint: parsing \"%s\": invalid syntax", tok_text(a, t));
	for (const char *p = s; !base && buf[0] != '0' && *p; p++)
		v = v >> 64 ? v : v * 10 + (u32)(*p - '0');
	if (v >> 64 || ((buf[1] | 32) == 'x' && strlen(buf) > 18))
		asm_error(a, "strconv.ParseUint: parsing \"%s\": value out of range", tok_text(a, t));
	return r;
}

/* A character or the next one of a string, with its escapes. */
static u32 unescape(const char **pp, const char *end)
{
	const char *p = *pp;
	u32 r;
	if (*p != '\\') {
		p += utf8_decode(p, end, &r);
		*pp = p;
		return r;
	}
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	p++;
	const char *e = p < end ? strchr(from, *p) : NULL;
	if (e && *e) {
		*pp = p + 1;
		return (u8)to[e - from];
	}
	int n = p < end && *p == 'x' ? 2 : p < end && *p == 'u' ? 4 : p < end && *p == 'U' ? 8 : 3, base = n == 3 ? 8 : 16;
	p += n != 3;
	for (r = 0; n-- && p < end; p++) {
		int c = *p | 32, d = *p >= '0' && *p <= '9' ? *p - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
		if (d >= base)
			break;
		r = r * (u32)base + (u32)d;
	}
	*pp = p < end ? p : end;
	return r;
}

static u64 factor(Asm *a, Operand *o, int depth)
{
	AsmTok t = take(o);
	if (depth > 200) {
		asm_error(a, "expression nested too deeply");
		return 0;
	}
	switch (t.kind) {
	case AtInt:
		return integer(a, &t);
	case AtChar: {
		const char *p = t.s + 1;
		return t.len < 3 ? 0 : unescape(&p, t.s + t.len - 1);
	}
	case '+':
		return factor(a, o, depth + 1);
	case '-':
		return -factor(a, o, depth + 1);
	case '~':
		return ~factor(a, o, depth + 1);
	case '(': {
		u64 v = expr(a, o, depth + 1);
		if (take(o).kind != ')')
			asm_error(a, "missing closing paren");
		return v;
	}
	}
	asm_error(a, "unexpected %s evaluating expression", tok_text(a, &t));
	return 0;
}

static u64 term(Asm *a, Operand *o, int depth)
{
	u64 v = factor(a, o, depth);
	for (;;) {
		int k = peek(o).kind;
		if (k != '*' && k != '/' && k != '%' && k != AtLsh && k != AtRsh && k != '&')
			return v;
		take(o);
		u64 w = factor(a, o, depth);
		if ((k == '/' || k == '%') && !w) {
			asm_error(a, k == '/' ? "division by zero" : "modulo by zero");
			return 0;
		}
		if ((k == '/' || k == '%') && (i64)(v | w) < 0)
			asm_error(a, k == '/' ? "divide of value with high bit set" : "modulo of value with high bit set");
		if ((k == AtLsh || k == AtRsh) && (i64)w < 0)
			asm_error(a, k == AtLsh ? "negative left shift count" : "negative right shift count");
		if (k == AtRsh && (i64)v < 0)
			asm_error(a, "right shift of value with high bit set");
		v = k == '*' ? v * w : k == '/' ? v / w : k == '%' ? v % w : k == '&' ? v & w :
			w > 63 ? 0 : k == AtLsh ? v << w : v >> w;
	}
}

static u64 expr(Asm *a, Operand *o, int depth)
{
	u64 v = term(a, o, depth);
	for (;;) {
		int k = peek(o).kind;
		if (k != '+' && k != '-' && k != '|' && k != '^')
			return v;
		take(o);
		u64 w = term(a, o, depth);
		v = k == '+' ? v + w : k == '-' ? v - w : k == '|' ? v | w : v ^ w;
	}
}

static double float_expr(Asm *a, Operand *o, int depth)
{
	AsmTok t = take(o);
	switch (t.kind) {
	case '(': {
		double v = depth > 200 ? 0 : float_expr(a, o, depth + 1);
		if (take(o).kind != ')')
			asm_error(a, "missing closing paren");
		return v;
	}
	case '+':
		return depth > 200 ? 0 : float_expr(a, o, depth + 1);
	case '-':
		return depth > 200 ? 0 : -float_expr(a, o, depth + 1);
	case AtInt: case AtFloat:
		return strtod(tok_text(a, &t), NULL);
	}
	asm_error(a, "unexpected %s evaluating float expression", tok_text(a, &t));
	return 0;
}

/* ---- operands ---- */

static bool is_reg(const AsmTok *t, AsmReg *r)
{
	return t->kind == AtName && asm_reg(t->s, t->len, r);
}

static void operand_end(Asm *a, Operand *o)
{
	AsmTok t = peek(o);
	if (t.kind != AtEnd)
		asm_error(a, "expected end of operand, found %s", tok_text(a, &t));
}

/* Package-qualified link name. */
static const char *link_name(Asm *a, const AsmTok *t)
{
	if (t->s[0] == '.')
		return intern_str(arena_printf(a->line, "%s%.*s", a->c->pkgpath, (int)t->len, t->s))->s;
	return intern(t->s, t->len)->s;
}

static void pseudo(Asm *a, Opnd *p, const AsmTok *reg, int prefix)
{
	if (prefix == '$')
		p->kind = OdAddr;
	if (reg->len == 2 && !memcmp(reg->s, "FP", 2)) {
		p->name = BaseParam;
	} else if (reg->len == 2 && !memcmp(reg->s, "SB", 2)) {
		p->name = BaseExtern;
	} else if (reg->len == 2 && !memcmp(reg->s, "SP", 2)) {
		p->name = BaseAuto;
	} else if (reg->len == 2 && !memcmp(reg->s, "PC", 2)) {
		if (prefix)
			asm_error(a, "illegal addressing mode for PC");
		p->kind = OdBranch;
		p->sym = NULL;
	} else {
		asm_error(a, "expected pseudo-register; found %.*s", (int)reg->len, reg->s);
	}
}

static void symbol_attrs(Asm *a, Operand *o, Opnd *p)
{
	if (peek(o).kind != '<')
		return;
	take(o);
	AsmTok t = peek(o);
	if (t.kind == '>') {
		p->local = true;
	} else if (t.kind == AtName) {
		take(o);
		p->internal = t.len == 11 && !memcmp(t.s, "ABIInternal", 11);
		if (!a->c->allow_abi)
			asm_error(a, "ABI selector only permitted when compiling runtime, reference was to \"%s\"", p->sym);
		else if (!p->internal && !(t.len == 4 && !memcmp(t.s, "ABI0", 4)))
			asm_error(a, "malformed ABI selector \"%.*s\" in reference to \"%s\"", (int)t.len, t.s, p->sym);
	}
	expect(a, o, '>');
}

/* Everything of a symbol reference behind its name. False at the end of the operand. */
static bool symbol(Asm *a, Operand *o, Opnd *p, const AsmTok *name, int prefix, bool jump)
{
	p->kind = prefix == '$' ? OdAddr : OdMem;
	p->name = BaseExtern;
	p->sym = link_name(a, name);
	symbol_attrs(a, o, p);
	if (peek(o).kind == '+' || peek(o).kind == '-')
		p->off = (i64)expr(a, o, 0);
	if (peek(o).kind == AtEnd) {
		if (!prefix && jump)
			p->kind = OdBranch;
		else
			asm_error(a, "illegal or missing addressing mode for symbol %s", p->sym);
		return false;
	}
	expect(a, o, '(');
	AsmTok reg = take(o);
	if (reg.kind != AtName)
		asm_error(a, "expected identifier, found %s", tok_text(a, &reg));
	expect(a, o, ')');
	pseudo(a, p, &reg, prefix);
	return peek(o).kind != AtEnd;
}

static u8 scale_of(Asm *a, const AsmTok *t)
{
	if (t->kind == AtInt && t->len == 1 && strchr("1248", *t->s))
		return (u8)(*t->s - '0');
	asm_error(a, "bad scale: %s", tok_text(a, t));
	return 0;
}

/* R or R*scale behind an opening parenthesis, with the closing one; the scale is 0 if there is none. */
static bool in_parens(Asm *a, Operand *o, AsmReg *r, u8 *scale, AsmTok *name)
{
	*name = take(o);
	*scale = 0;
	if (!is_reg(name, r)) {
		asm_error(a, "expected register; found %s", tok_text(a, name));
		return false;
	}
	int k = peek(o).kind;
	if (k == ',' || k == '+') {
		asm_error(a, "(register%cregister) not supported on this architecture", k);
		return false;
	}
	if (k == '*') {
		take(o);
		AsmTok t = take(o);
		*scale = scale_of(a, &t);
	}
	expect(a, o, ')');
	return true;
}

static void indirect(Asm *a, Operand *o, Opnd *p, int prefix)
{
	AsmReg r;
	u8 scale;
	AsmTok name;
	expect(a, o, '(');
	if (!in_parens(a, o, &r, &scale, &name))
		return;
	p->kind = p->kind == OdAddr || prefix == '$' ? OdAddr : OdMem;
	if (r.cls == RcPseudo) {
		if (r.n != PseudoPC && !p->sym)
			asm_error(a, "cannot reference %.*s without a symbol", (int)name.len, name.s);
		else
			pseudo(a, p, &name, prefix);
		return;
	}
	if (!p->sym)
		p->name = BaseReg;
	if (scale) {
		p->index = r;
		p->scale = scale;
		return;
	}
	p->base = r;
	if (peek(o).kind != '(')
		return;
	take(o);
	if (!in_parens(a, o, &r, &scale, &name))
		return;
	p->index = r;
	p->scale = scale ? scale : 1;
}

/* "[Z0-Z3]", the bracket is taken. */
static void reg_list(Asm *a, Operand *o, Opnd *p)
{
	AsmTok lo = take(o), dash, hi, close;
	AsmReg r;
	p->kind = OdList;
	if (!is_reg(&lo, &p->reg)) {
		asm_error(a, "register list: bad low register in `[%s`", tok_text(a, &lo));
		return;
	}
	dash = take(o);
	if (dash.kind != '-') {
		asm_error(a, "register list: expected '-' after `[%s`, found %s", tok_text(a, &lo), tok_text(a, &dash));
		return;
	}
	hi = take(o);
	if (!is_reg(&hi, &r)) {
		asm_error(a, "register list: bad high register in `[%s-%s`", tok_text(a, &lo), tok_text(a, &hi));
		return;
	}
	close = take(o);
	if (close.kind != ']')
		asm_error(a, "register list: expected ']' after `[%s-%s`, found %s", tok_text(a, &lo), tok_text(a, &hi), tok_text(a, &close));
	p->nlist = r.cls == p->reg.cls && r.n >= p->reg.n ? (u8)(r.n - p->reg.n + 1) : 0;
}

static void string_lit(Asm *a, Opnd *p, const AsmTok *t)
{
	const char *s = t->s + 1, *end = t->s + t->len - 1;
	Buf b = {.ar = a->ar};
	p->kind = OdString;
	if (t->len < 2 || *t->s != *end) {
		asm_error(a, "string parse error: invalid syntax");
		return;
	}
	while (s < end) {
		bool byte = *s == '\\' && (s[1] == 'x' || (s[1] >= '0' && s[1] <= '7'));
		const char *from = s;
		if (*t->s == '`' || *s != '\\') {
			buf_putc(&b, *s++);
			continue;
		}
		u32 r = unescape(&s, end);
		char u[4];
		if (byte)
			buf_putc(&b, (int)r);
		else
			buf_write(&b, u, (size_t)utf8_encode(u, r));
		if (s == from)
			break;
	}
	p->str = b.a;
	p->nstr = b.n;
}

static bool has_kind(const Operand *o, int kind)
{
	for (u32 i = o->i; i < o->n; i++)
		if (o->t[i].kind == kind)
			return true;
	return false;
}

/* A literal or an expression. True if something follows. */
static bool constant(Asm *a, Operand *o, Opnd *p, int prefix)
{
	if (has_kind(o, AtFloat)) {
		if (prefix != '$')
			asm_error(a, "floating-point constant must be an immediate");
		p->kind = OdFloat;
		p->f = float_expr(a, o, 0);
		return false;
	}
	if (has_kind(o, AtString)) {
		AsmTok t = take(o);
		if (prefix != '$' || t.kind != AtString)
			asm_error(a, "string constant must be an immediate");
		else
			string_lit(a, p, &t);
		return false;
	}
	p->off = (i64)expr(a, o, 0);
	if (peek(o).kind == '(')
		return true;
	p->kind = prefix == '$' ? OdImm : OdMem;
	p->name = BaseReg;
	p->bare = !prefix;
	return false;
}

static Opnd operand(Asm *a, Operand *o, bool jump)
{
	Opnd p = {0};
	int prefix = 0;
	o->i = 0;
	if (peek(o).kind == '$' || peek(o).kind == '*')
		prefix = take(o).kind;
	p.indirect = prefix == '*';
	AsmTok t = take(o);
	AsmReg r;
	if (t.kind == '[') {
		if (prefix)
			asm_error(a, "illegal use of register list");
		reg_list(a, o, &p);
	} else if (is_reg(&t, &p.reg)) {
		if (prefix && prefix != '*')
			asm_error(a, "prefix %c not allowed for register: %c%s", prefix, prefix, tok_text(a, &t));
		if (peek(o).kind == '+' || peek(o).kind == ',')
			asm_error(a, "(register%cregister) not supported on this architecture", peek(o).kind);
		p.kind = OdReg;
	} else if (t.kind == AtName) {
		if (symbol(a, o, &p, &t, prefix, jump))
			indirect(a, o, &p, prefix);
	} else {
		bool paren = t.kind == '(' && is_reg(&(AsmTok){.kind = peek(o).kind, .s = peek(o).s, .len = peek(o).len}, &r);
		o->i--;
		if (paren || constant(a, o, &p, prefix))
			indirect(a, o, &p, prefix);
	}
	operand_end(a, o);
	return p;
}

/* ---- directives ---- */

static AsmData *data_sym(Asm *a, const Opnd *p)
{
	Name *key = p->local ? intern_str(arena_printf(a->ar, "%s<>", p->sym)) : intern_str(p->sym);
	AsmData *s = map_getp(&a->u->byname, key);
	if (s)
		return s;
	s = arena_new(a->out, AsmData);
	s->name = p->sym;
	s->local = p->local;
	s->pos = a->pos;
	map_putp(a->out, &a->u->byname, key, s);
	vec_push(a->out, &a->u->data, s);
	return s;
}

static bool valid_symbol(Asm *a, const char *what, const Opnd *p, bool offset)
{
	if (!p->sym || p->kind != OdMem || p->name != BaseExtern || p->base.cls || p->index.cls) {
		asm_error(a, "%s symbol \"%s\" must be a symbol(SB)", what, p->sym ? p->sym : "<erroneous symbol>");
		return false;
	}
	if (!offset && p->off) {
		asm_error(a, "%s symbol \"%s\" must not be offset from SB", what, p->sym);
		return false;
	}
	return true;
}

static bool immediate(Asm *a, const char *what, Operand *o, i64 *v)
{
	Opnd p = operand(a, o, false);
	*v = p.off;
	if (p.kind != OdImm)
		asm_error(a, "%s: expected immediate constant; found %s", what, o->n ? tok_text(a, &o->t[0]) : "");
	return p.kind == OdImm;
}

/* Flags are written without '$'. */
static u32 flags(Asm *a, const char *what, Operand *o)
{
	Opnd p = operand(a, o, false);
	if (p.kind != OdImm && !(p.kind == OdMem && p.bare))
		asm_error(a, "%s: expected integer constant; found %s", what, o->n ? tok_text(a, &o->t[0]) : "");
	return (u32)p.off;
}

static void grow_data(Asm *a, AsmData *s, i64 end)
{
	if ((u64)end > s->cap) {
		u32 cap = s->cap * 2 > end ? s->cap * 2 : (u32)end + 64;
		u8 *b = arena_alloc(a->out, cap, 8);
		if (s->bytes)
			memcpy(b, s->bytes, s->cap);
		s->bytes = b;
		s->cap = cap;
	}
	s->end = end > s->end ? end : s->end;
}

enum { MaxData = 1 << 28 };

static void dir_data(Asm *a, Line *l)
{
	if (l->op.n != 2) {
		asm_error(a, "expect two operands for DATA");
		return;
	}
	Operand *o = &l->op.a[0];
	if (o->n < 3 || o->t[o->n - 2].kind != '/' || o->t[o->n - 1].kind != AtInt) {
		asm_error(a, "expect /size for DATA argument");
		return;
	}
	i64 size = (i64)integer(a, &o->t[o->n - 1]);
	o->n -= 2;
	Opnd name = operand(a, o, false), v = operand(a, &l->op.a[1], false);
	if (!valid_symbol(a, "DATA", &name, true))
		return;
	if (v.kind != OdImm && v.kind != OdFloat && v.kind != OdString && v.kind != OdAddr) {
		asm_error(a, "DATA value must be an immediate constant or address");
		return;
	}
	AsmData *s = data_sym(a, &name);
	bool sized = size == 1 || size == 2 || size == 4 || size == 8;
	if (name.off < s->end) {
		asm_error(a, "overlapping DATA entry for %s", s->name);
	} else if (v.kind == OdImm && !sized) {
		asm_error(a, "bad int size for DATA argument: %lld", (long long)size);
	} else if (v.kind == OdFloat && size != 4 && size != 8) {
		asm_error(a, "bad float size for DATA argument: %lld", (long long)size);
	} else if (v.kind == OdAddr && size != 8) {
		asm_error(a, "bad addr size for DATA argument: %lld", (long long)size);
	} else if (size < 0 || name.off < 0 || name.off + size > MaxData) {
		asm_error(a, "DATA of %s is too large", s->name);
	} else {
		grow_data(a, s, name.off + size);
		u8 *p = s->bytes + name.off;
		float f = (float)v.f;
		if (v.kind == OdImm)
			memcpy(p, &v.off, (size_t)size);
		else if (v.kind == OdFloat)
			memcpy(p, size == 4 ? (void *)&f : (void *)&v.f, (size_t)size);
		else if (v.kind == OdString && v.nstr)
			memcpy(p, v.str, v.nstr < size ? v.nstr : (size_t)size);
		else if (v.kind == OdAddr)
			vec_push(a->out, &s->rel, (AsmRel){(u32)name.off, RelocAddr64, v.local, v.internal, v.sym, v.off});
	}
}

static void dir_globl(Asm *a, Line *l)
{
	i64 size;
	if (l->op.n != 2 && l->op.n != 3) {
		asm_error(a, "expect two or three operands for GLOBL");
		return;
	}
	Opnd name = operand(a, &l->op.a[0], false);
	if (!valid_symbol(a, "GLOBL", &name, false))
		return;
	u32 flag = l->op.n == 3 ? flags(a, "GLOBL", &l->op.a[1]) : 0;
	if (!immediate(a, "GLOBL", &l->op.a[l->op.n - 1], &size))
		return;
	AsmData *s = data_sym(a, &name);
	if (s->globl)
		asm_error(a, "duplicate GLOBL of %s", s->name);
	if (size < 0 || size > MaxData)
		asm_error(a, "bad size for GLOBL of %s: %lld", s->name, (long long)size);
	s->globl = true;
	s->flags = flag;
	s->size = size;
	s->pos = a->pos;
}

/* A statement is added to the open function. */
static Ins *append(Asm *a, Ins in)
{
	FuncState *fs = a->fn;
	if (!fs) {
		asm_error(a, "instruction outside of a function");
		return NULL;
	}
	in.pos = a->pos;
	in.target = ~0u;
	for (u32 i = 0; i < fs->pending.n; i++) {
		u64 *slot = map_slot(a->fa, &fs->label, (u64)(uintptr_t)fs->pending.a[i]);
		if (*slot)
			asm_error(a, "label \"%s\" multiply defined", fs->pending.a[i]->s);
		*slot = fs->in.n + 1;
	}
	fs->pending.n = 0;
	vec_push(a->fa, &fs->in, in);
	return &vec_last(&fs->in);
}

/* Finds the targets of branches. */
static void patch(Asm *a)
{
	FuncState *fs = a->fn;
	for (u32 i = 0; i < fs->in.n; i++) {
		Ins *in = &fs->in.a[i];
		if (!in->nopnd || in->o[in->nopnd - 1].kind != OdBranch || (in->what != InsBranch && in->what != InsCall))
			continue;
		Opnd *p = &in->o[in->nopnd - 1];
		a->pos = in->pos;
		if (!p->sym) {
			i64 t = (i64)i + p->off;
			if (t < 0 || t >= fs->in.n)
				asm_error(a, "branch target %lld(PC) is outside of the function", (long long)p->off);
			else
				in->target = (u32)t;
			continue;
		}
		u32 k = (u32)map_get(&fs->label, (u64)(uintptr_t)intern_str(p->sym));
		if (!k)
			asm_error(a, "undefined label %s", p->sym);
		else
			in->target = k - 1 + (u32)p->off < fs->in.n ? k - 1 + (u32)p->off : k - 1;
	}
}

static void close_func(Asm *a)
{
	if (!a->fn)
		return;
	if (a->fn->pending.n)           /* labels at the end stand for what would follow */
		append(a, (Ins){.op = "NOP", .what = InsNop});
	patch(a);
	if (!a->nerror)
		func_frame(a, a->fn);
	if (!a->nerror)
		func_layout(a, a->fn);
	a->fn = NULL;
	arena_reset(a->fa);
}

static bool positive(Asm *a, const AsmTok *t, i64 *v)
{
	*v = (i64)integer(a, t);
	if (*v < 0 || *v > 1 << 30)
		asm_error(a, "%s overflows int64", tok_text(a, t));
	return true;
}

static void dir_text(Asm *a, Line *l)
{
	if (l->op.n != 2 && l->op.n != 3) {
		asm_error(a, "expect two or three operands for TEXT");
		return;
	}
	Pos pos = a->pos;
	close_func(a);
	a->pos = pos;
	Opnd name = operand(a, &l->op.a[0], false);
	if (!valid_symbol(a, "TEXT", &name, false))
		return;
	AsmFunc *f = arena_new(a->out, AsmFunc);
	*f = (AsmFunc){.name = name.sym, .local = name.local, .internal = name.internal, .pos = a->pos, .args = -1};
	f->flags = l->op.n == 3 ? flags(a, "TEXT", &l->op.a[1]) : 0;
	if (f->internal && !(f->flags & AsmNosplit))
		asm_error(a, "TEXT \"%s\": ABIInternal requires NOSPLIT", f->name);
	Operand *o = &l->op.a[l->op.n - 1];
	o->i = 0;
	bool dollar = o->n > 1 && take(o).kind == '$', neg = dollar && peek(o).kind == '-';
	o->i += neg;
	AsmTok t = take(o);
	if (!dollar || t.kind != AtInt) {
		asm_error(a, "TEXT %s: frame size must be an immediate constant", f->name);
		return;
	}
	positive(a, &t, &f->frame);
	if (neg)
		f->frame = -f->frame;
	if (peek(o).kind != AtEnd) {
		AsmTok dash = take(o), n = take(o);
		if (dash.kind != '-' || n.kind != AtInt || peek(o).kind != AtEnd)
			asm_error(a, "TEXT %s: argument size must be of form -integer", f->name);
		else
			positive(a, &n, &f->args);
	}
	for (u32 i = 0; i < a->u->func.n; i++) {
		AsmFunc *g = a->u->func.a[i];
		if (!strcmp(g->name, f->name) && g->local == f->local && g->internal == f->internal) {
			SrcLoc p = pos_loc(g->pos);
			asm_error(a, "asm: symbol %s redeclared\n\t%s:%u: other declaration of symbol %s", f->name, p.file, p.line, f->name);
		}
	}
	vec_push(a->out, &a->u->func, f);
	a->fn = arena_new(a->fa, FuncState);
	a->fn->f = f;
	append(a, (Ins){.op = "TEXT", .what = InsText});
}

static void dir_pcdata(Asm *a, Line *l)
{
	i64 key, v;
	if (l->op.n != 2)
		asm_error(a, "expect two operands for PCDATA");
	else if (immediate(a, "PCDATA", &l->op.a[0], &key) && immediate(a, "PCDATA", &l->op.a[1], &v))
		append(a, (Ins){.op = "PCDATA", .what = InsPcdata, .key = (i32)key, .value = v});
}

static void dir_align(Asm *a, Line *l)
{
	i64 v;
	if (l->op.n != 1)
		asm_error(a, "expect one operand for PCALIGN");
	else if (immediate(a, "PCALIGN", &l->op.a[0], &v)) {
		if (v < 8 || v > 2048 || (v & (v - 1)))
			asm_error(a, "alignment value of an instruction must be a power of two and in the range [8, 2048], got %lld\n", (long long)v);
		append(a, (Ins){.op = "PCALIGN", .what = InsAlign, .value = v});
	}
}

static void dir_funcdata(Asm *a, Line *l)
{
	i64 key;
	if (l->op.n != 2) {
		asm_error(a, "expect two operands for FUNCDATA");
		return;
	}
	if (!immediate(a, "FUNCDATA", &l->op.a[0], &key))
		return;
	Opnd name = operand(a, &l->op.a[1], false);
	if (valid_symbol(a, "FUNCDATA", &name, true))
		append(a, (Ins){.op = "FUNCDATA", .what = InsFuncdata, .key = (i32)key});
}

/* ---- instructions ---- */

const char *ins_text(Asm *a, const Ins *in)
{
	SrcFile *f = src_of(in->pos);
	if (!f)
		return in->op;
	const char *s = f->src + (in->pos - f->base), *e = s, *end = f->src + f->size;
	while (e < end && *e != '\n' && *e != ';' && !(e[0] == '/' && e[1] == '/'))
		e++;
	while (e > s && (e[-1] == ' ' || e[-1] == '\t' || e[-1] == '\r'))
		e--;
	return arena_strndup(a->ar, s, (size_t)(e - s));
}

static void instruction(Asm *a, Line *l)
{
	Ins in = {0};
	in.name = ins_known(a, l->word.s, l->word.len);
	if (!in.name) {
		asm_error(a, "unrecognized instruction \"%.*s\"", (int)l->word.len, l->word.s);
		return;
	}
	in.op = in.name->op;
	in.what = in.name->what;
	for (u32 i = 0; i < l->suffix.n; i++)
		if (!ins_suffix(l->suffix.a[i].s, l->suffix.a[i].len, &in))
			asm_error(a, "unknown suffix \"%.*s\"", (int)l->suffix.a[i].len, l->suffix.a[i].s);
	bool jump = in.what == InsBranch || in.what == InsCall || in.what == InsRet;
	if (l->op.n > MaxOpnd) {
		asm_error(a, "can't handle %s instruction with %u operands", in.op, l->op.n);
		return;
	}
	for (u32 i = 0; i < l->op.n; i++) {
		Opnd *p = &in.o[in.nopnd++];
		*p = operand(a, &l->op.a[i], jump);
		if (!jump && p->kind == OdReg && p->reg.cls == RcPseudo)
			asm_error(a, "illegal use of pseudo-register in %s", in.op);
		if (!jump && p->kind == OdBranch)
			asm_error(a, "illegal use of pseudo-register in %s", in.op);
	}
	if ((in.what == InsBranch || in.what == InsCall) && in.nopnd != 1)
		asm_error(a, "wrong number of arguments to %s instruction", in.op);
	append(a, in);
}

void asm_parse(Asm *a)
{
	static const struct { const char *word; void (*run)(Asm *a, Line *l); } dir[] = {
		{"TEXT", dir_text}, {"DATA", dir_data}, {"GLOBL", dir_globl}, {"PCDATA", dir_pcdata}, {"PCALIGN", dir_align}, {"FUNCDATA", dir_funcdata},
	};
	Line l;
	while (!a->stop && next_line(a, &l)) {
		u32 i = 0;
		while (i < nelem(dir) && (strlen(dir[i].word) != l.word.len || memcmp(dir[i].word, l.word.s, l.word.len)))
			i++;
		if (i < nelem(dir))
			dir[i].run(a, &l);
		else
			instruction(a, &l);
	}
	if (!a->stop && !a->nerror)
		close_func(a);
}

AsmUnit *asm_file(Arena *ar, const AsmContext *c, const char *path, Diag *d)
{
	Arena file = {0}, func = {0}, line = {0};
	Asm a = {.out = ar, .ar = &file, .fa = &func, .line = &line, .c = c, .d = d, .u = arena_new(ar, AsmUnit)};
	bool open = lex_open(&a, path);
	if (open)
		asm_parse(&a);
	else
		diag_add(d, 0, "open %s", path);
	arena_free(&line);
	arena_free(&func);
	arena_free(&file);
	return !open || a.nerror ? NULL : a.u;
}
