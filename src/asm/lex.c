/* Text to tokens, with the preprocessor in between.
 *
 * Input is a stack: files at the bottom, macro bodies above them. Every token that a macro yields carries the position of the
 * invocation. Directives are obeyed where they begin a line; while a conditional is false, lines are read and thrown away.
 * A definition's body keeps its escaped newlines as tokens, so that a macro can hold several statements. */
#include "asm.h"

enum { MaxDepth = 400, MaxTokens = 40 << 20 };

typedef struct Macro { Name *name; bool hasargs; u32 nargs; Name **arg; AsmTok *body; u32 nbody; } Macro;

typedef struct Source {       /* a file, or tokens of a macro */
	const char *p, *end, *start;
	const char *dir;
	SrcFile *file;
	u32 nif;              /* conditionals open when the file was entered */
	AsmTok *tok; u32 n, i;
} Source;

struct Lexer {
	VEC(Source) in;
	Map macro;            /* Name* -> Macro* */
	VEC(u8) ifs;          /* 1: true, 0: false; 2: inside a false one */
	bool bol, goasm;
	u64 ntok;
	u32 nfile;
};

static const char *tok_str(Asm *a, const AsmTok *t)
{
	return t->kind == AtEnd ? "EOF" : t->kind == '\n' ? "\n" : arena_strndup(a->ar, t->s, t->len);
}

/* ---- one token of a file ---- */

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* Length of the identifier character at p, 0 if there is none. */
static int ident_char(const char *p, const char *end, bool first)
{
	u8 c = (u8)*p;
	if (c < 0x80)
		return (u32)((c | 32) - 'a') < 26 || c == '_' || (!first && is_digit(c));
	u32 r;
	int n = utf8_decode(p, end, &r);
	return r != RUNE_ERROR && (r == 0xb7 || r == 0x2215 || rune_is_letter(r) || (!first && rune_is_digit(r))) ? n : 0;
}

/* An identifier with its middle dots and division slashes replaced. */
static const char *plain_name(Asm *a, const char *s, u32 *n)
{
	char *out = arena_alloc(a->ar, *n + 1, 1), *q = out;
	for (const char *p = s, *end = s + *n; p < end;) {
		if (end - p >= 2 && !memcmp(p, "\xc2\xb7", 2)) {
			*q++ = '.';
			p += 2;
		} else if (end - p >= 3 && !memcmp(p, "\xe2\x88\x95", 3)) {
			*q++ = '/';
			p += 3;
		} else {
			*q++ = *p++;
		}
	}
	*n = (u32)(q - out);
	return out;
}

static void scan_number(const char **pp, const char *end, AsmTok *t)
{
	const char *p = *pp;
	t->kind = AtInt;
	bool hex = end - p > 1 && p[0] == '0' && (p[1] | 32) == 'x';
	if (hex)
		p += 2;
	for (; p < end; p++) {
		int c = *p | 32;
		if (is_digit(*p) || *p == '_' || (hex && c >= 'a' && c <= 'f') || (p == *pp + 1 && **pp == '0' && (c == 'b' || c == 'o')))
			continue;
		if (*p == '.' || (!hex && c == 'e') || (hex && c == 'p')) {
			t->kind = AtFloat;
			if (*p != '.' && p + 1 < end && (p[1] == '+' || p[1] == '-'))
				p++;
			continue;
		}
		break;
	}
	*pp = p;
}

static void scan_quoted(const char **pp, const char *end, AsmTok *t)
{
	const char *p = *pp;
	char q = *p++;
	t->kind = q == '\'' ? AtChar : AtString;
	while (p < end && *p != q && (*p != '\n' || q == '`'))
		p += *p == '\\' && q != '`' && p + 1 < end ? 2 : 1;
	*pp = p < end ? p + 1 : end;
}

/* Skips blanks, comments and escaped newlines. */
static bool skip_blanks(Source *s)
{
	const char *from = s->p;
	for (; s->p < s->end; s->p++) {
		const char *p = s->p;
		if (*p == ' ' || *p == '\t' || *p == '\r')
			continue;
		if (*p == '/' && p[1] == '/') {
			while (s->p < s->end && *s->p != '\n')
				s->p++;
			break;
		}
		if (*p != '/' || p[1] != '*')
			break;
		for (s->p += 2; s->p < s->end && (s->p[0] != '*' || s->p[1] != '/'); s->p++)
			;
		if (s->p < s->end)
			s->p++;
	}
	if (s->p > s->end)
		s->p = s->end;
	return s->p > from;
}

static AsmTok scan_file(Asm *a, Source *s)
{
	AsmTok t = {.spaced = skip_blanks(s)};
	t.pos = s->file->base + (u32)(s->p - s->start);
	if (s->p >= s->end) {
		t.kind = AtEnd;
		return t;
	}
	const char *p = s->p;
	int n = ident_char(p, s->end, true);
	if (n) {
		while (p < s->end && (n = ident_char(p, s->end, p == s->p)) > 0)
			p += n;
		t.kind = AtName;
	} else if (is_digit(*p) || (*p == '.' && is_digit(p[1]))) {
		scan_number(&p, s->end, &t);
	} else if (*p == '"' || *p == '\'' || *p == '`') {
		scan_quoted(&p, s->end, &t);
	} else if (*p == '<' && p[1] == '<') {
		t.kind = AtLsh;
		p += 2;
	} else if (*p == '>' && p[1] == '>') {
		t.kind = AtRsh;
		p += 2;
	} else if (*p == '-' && p[1] == '>') {
		t.kind = AtArrow;
		p += 2;
	} else if (*p == '@' && p[1] == '>') {
		t.kind = AtRot;
		p += 2;
	} else {
		t.kind = (u8)*p++;
	}
	t.s = s->p;
	t.len = (u32)(p - s->p);
	s->p = p;
	if (t.kind == AtName)
		t.s = plain_name(a, t.s, &t.len);
	return t;
}

/* ---- the stack ---- */

static bool push_file(Asm *a, const char *path)
{
	Lexer *x = a->lex;
	size_t n;
	char *src = file_read(a->out, path, &n);
	if (!src || n >= UINT32_MAX / 2)
		return false;
	const char *slash = strrchr(path, '/');
	Source s = {.p = src, .start = src, .end = src + n, .nif = x->ifs.n};
	s.dir = slash ? arena_strndup(a->ar, path, (size_t)(slash - path)) : ".";
	s.file = src_add(path, x->nfile ? NULL : a->c->shown, x->nfile ? NULL : a->c->linked, src, (u32)n);
	vec_push(a->ar, &x->in, s);
	x->bol = true;
	x->nfile++;
	return true;
}

static void push_tokens(Asm *a, AsmTok *t, u32 n)
{
	Source s = {.tok = t, .n = n};
	if (a->lex->in.n >= MaxDepth) {
		asm_error(a, "recursive macro invocation");
		a->stop = true;
		return;
	}
	vec_push(a->ar, &a->lex->in, s);
}

/* The next token as it stands in the input. */
static AsmTok raw(Asm *a)
{
	Lexer *x = a->lex;
	while (x->in.n) {
		Source *s = &vec_last(&x->in);
		if (++x->ntok > MaxTokens && !a->stop) {
			asm_error(a, "recursive macro invocation");
			a->stop = true;
		}
		if (a->stop)
			break;
		if (s->tok) {
			if (s->i < s->n)
				return s->tok[s->i++];
			x->in.n--;
			continue;
		}
		AsmTok t = scan_file(a, s);
		if (t.kind != AtEnd)
			return t;
		if (x->in.n == 1)
			return t;
		if (x->ifs.n > s->nif) {
			a->pos = t.pos;
			asm_error(a, "unclosed #ifdef or #ifndef");
			x->ifs.n = s->nif;
		}
		x->in.n--;
		x->bol = true;
	}
	return (AsmTok){.kind = AtEnd};
}

static AsmTok peek_raw(Asm *a)
{
	Lexer *x = a->lex;
	while (x->in.n && vec_last(&x->in).tok && vec_last(&x->in).i == vec_last(&x->in).n)
		x->in.n--;
	if (!x->in.n)
		return (AsmTok){.kind = AtEnd};
	Source *s = &vec_last(&x->in);
	if (s->tok)
		return s->tok[s->i];
	const char *p = s->p;
	AsmTok t = scan_file(a, s);
	s->p = p;
	return t;
}

/* ---- directives ---- */

static void skip_line(Asm *a)
{
	AsmTok t;
	do
		t = raw(a);
	while (t.kind != '\n' && t.kind != AtEnd);
	a->lex->bol = true;
}

static bool is_on(const Lexer *x)
{
	return !x->ifs.n || vec_last(&x->ifs) == 1;
}

static void expect_newline(Asm *a, const char *directive)
{
	AsmTok t = raw(a);
	a->lex->bol = true;
	if (t.kind == '\n' || t.kind == AtEnd)
		return;
	asm_error(a, "unexpected token after '#': %s", directive);
	skip_line(a);
}

static Name *macro_name(Asm *a)
{
	AsmTok t = raw(a);
	if (t.kind == AtName)
		return intern(t.s, t.len);
	asm_error(a, "expected identifier after # directive");
	if (t.kind != '\n')
		skip_line(a);
	a->lex->bol = true;
	return NULL;
}

static bool macro_args(Asm *a, Macro *m)
{
	VEC(Name *) arg = {0};
	m->hasargs = true;
	AsmTok t = raw(a);
	if (t.kind == ')')
		return true;
	for (;; t = raw(a)) {
		if (t.kind != AtName)
			break;
		Name *n = intern(t.s, t.len);
		for (u32 i = 0; i < arg.n; i++)
			if (arg.a[i] == n)
				asm_error(a, "duplicate argument %s in definition for macro: %s", n->s, m->name->s);
		vec_push(a->ar, &arg, n);
		m->arg = arg.a;
		m->nargs = arg.n;
		t = raw(a);
		if (t.kind == ')')
			return true;
		if (t.kind != ',')
			break;
	}
	asm_error(a, "bad syntax in definition for macro: %s", m->name->s);
	return false;
}

static void define(Asm *a)
{
	Lexer *x = a->lex;
	Name *n = macro_name(a);
	if (!n)
		return;
	if (map_getp(&x->macro, n))
		asm_error(a, "redefinition of macro: %s", n->s);
	Macro *m = arena_new(a->ar, Macro);
	m->name = n;
	AsmTok t = raw(a);
	VEC(AsmTok) body = {0};
	if (t.kind == '(' && !t.spaced) {
		if (!macro_args(a, m)) {
			skip_line(a);
			return;
		}
		t = raw(a);
	}
	for (; t.kind != '\n' && t.kind != AtEnd; t = raw(a)) {
		if (t.kind == '\\') {
			t = raw(a);
			if (t.kind != '\n' && t.kind != '\\') {
				asm_error(a, "can only escape \\ or \\n in definition for macro: %s", n->s);
				continue;
			}
		}
		vec_push(a->ar, &body, t);
	}
	if (t.kind == AtEnd)
		asm_error(a, "missing newline in definition for macro: %s", n->s);
	m->body = body.a;
	m->nbody = body.n;
	map_putp(a->ar, &x->macro, n, m);
	x->bol = true;
}

static void include(Asm *a)
{
	Lexer *x = a->lex;
	AsmTok t = raw(a);
	if (t.kind != AtString || t.len < 2) {
		asm_error(a, "unquoting include file name: invalid syntax");
		if (t.kind != '\n')
			skip_line(a);
		return;
	}
	const char *name = arena_strndup(a->ar, t.s + 1, t.len - 2);
	a->pos = t.pos + t.len - 1;
	expect_newline(a, "include");
	if (!strcmp(name, "go_asm.h") && a->c->constant) {
		x->goasm = true;
		return;
	}
	u32 files = 0;
	for (u32 i = 0; i < x->in.n; i++)
		files += !x->in.a[i].tok;
	if (files > 100) {
		asm_error(a, "input recursion");
		a->stop = true;
		return;
	}
	if (*name == '/' ? push_file(a, name) : push_file(a, path_join(a->ar, vec_last(&x->in).dir ? vec_last(&x->in).dir : ".", name)))
		return;
	for (u32 i = 0; i < a->c->nincdir; i++)
		if (push_file(a, path_join(a->ar, a->c->incdir[i], name)))
			return;
	a->pos += 2;                    /* the line is over */
	if (*name != '/' && a->c->nincdir)
		name = path_join(a->ar, a->c->incdir[0], name);
	asm_error(a, "#include: open %s: no such file or directory", name);
	a->stop = true;
}

static void conditional(Asm *a, bool want)
{
	Lexer *x = a->lex;
	Name *n = macro_name(a);
	if (!n)
		return;
	bool on = is_on(x), def = map_getp(&x->macro, n) != NULL;
	vec_push(a->ar, &x->ifs, on ? def == want : 2);
	expect_newline(a, "ifdef");
}

static void directive(Asm *a)
{
	Lexer *x = a->lex;
	AsmTok t = raw(a);
	a->pos = t.pos;
	if (t.kind == '\n') {
		x->bol = true;
		return;
	}
	const char *s = t.kind == AtName ? tok_str(a, &t) : "";
	if (!strcmp(s, "ifdef") || !strcmp(s, "ifndef")) {
		conditional(a, s[2] == 'd');
	} else if (!strcmp(s, "else")) {
		if (!x->ifs.n)
			asm_error(a, "unmatched #else");
		else if (vec_last(&x->ifs) != 2)
			vec_last(&x->ifs) ^= 1;
		expect_newline(a, s);
	} else if (!strcmp(s, "endif")) {
		if (!x->ifs.n)
			asm_error(a, "unmatched #endif");
		else
			x->ifs.n--;
		expect_newline(a, s);
	} else if (!is_on(x)) {
		skip_line(a);
	} else if (!strcmp(s, "define")) {
		define(a);
	} else if (!strcmp(s, "include")) {
		include(a);
	} else if (!strcmp(s, "undef")) {
		Name *n = macro_name(a);
		if (n && !map_getp(&x->macro, n))
			asm_error(a, "#undef for undefined macro: %s", n->s);
		if (n) {
			map_putp(a->ar, &x->macro, n, NULL);
			expect_newline(a, s);
		}
	} else if (!strcmp(s, "line")) {
		skip_line(a);
	} else {
		asm_error(a, "unexpected token after '#': %s", tok_str(a, &t));
		skip_line(a);
	}
}

/* ---- macros ---- */

typedef struct Args { VEC(AsmTok) *v; u32 n; } Args;

static bool collect_args(Asm *a, const Macro *m, Args *out)
{
	typedef VEC(AsmTok) Toks;
	VEC(Toks) v = {0};
	Toks cur = {0};
	u32 depth = 0;
	for (raw(a);;) {                        /* the opening parenthesis */
		AsmTok t = raw(a);
		if (t.kind == AtEnd || t.kind == '\n') {
			asm_error(a, "unterminated arg list invoking macro: %s", m->name->s);
			return false;
		}
		if (t.kind == ')' && !depth)
			break;
		if (t.kind == ',' && !depth) {
			vec_push(a->ar, &v, cur);
			cur = (Toks){0};
			continue;
		}
		depth += (t.kind == '(') - (t.kind == ')');
		vec_push(a->ar, &cur, t);
	}
	if (v.n || cur.n || m->nargs)
		vec_push(a->ar, &v, cur);
	out->v = (void *)v.a;
	out->n = v.n;
	if (v.n != m->nargs)
		asm_error(a, "wrong arg count for macro %s", m->name->s);
	return v.n == m->nargs;
}

static void expand(Asm *a, const Macro *m, const AsmTok *at)
{
	Args arg = {0};
	VEC(AsmTok) out = {0};
	if (m->hasargs && !collect_args(a, m, &arg))
		return;
	for (u32 i = 0; i < m->nbody; i++) {
		AsmTok t = m->body[i];
		u32 k = m->nargs;
		if (t.kind == AtName && m->nargs) {
			Name *n = intern(t.s, t.len);
			for (k = 0; k < m->nargs && m->arg[k] != n; k++)
				;
		}
		t.pos = at->pos;
		if (k == m->nargs) {
			vec_push(a->ar, &out, t);
			continue;
		}
		for (u32 j = 0; j < arg.v[k].n; j++) {
			AsmTok s = arg.v[k].a[j];
			s.pos = at->pos;
			vec_push(a->ar, &out, s);
		}
	}
	if (out.n)
		push_tokens(a, out.a, out.n);
}

/* A name that go_asm.h would define becomes its value. */
static bool go_constant(Asm *a, AsmTok *t)
{
	if (!a->lex->goasm || !memchr(t->s, '_', t->len))
		return false;
	const char *s = a->c->constant(a->c->arg, a->ar, tok_str(a, t));
	if (!s)
		return false;
	AsmTok *out = arena_array(a->ar, AsmTok, 2);
	u32 n = 0;
	if (*s == '-')
		out[n++] = (AsmTok){.kind = '-', .s = s++, .len = 1, .pos = t->pos};
	out[n++] = (AsmTok){.kind = *s == '"' ? AtString : AtInt, .s = s, .len = (u32)strlen(s), .pos = t->pos};
	push_tokens(a, out, n);
	return true;
}

AsmTok lex_next(Asm *a)
{
	Lexer *x = a->lex;
	for (;;) {
		AsmTok t = raw(a);
		if (a->stop)
			return (AsmTok){.kind = AtEnd, .pos = t.pos};
		if (t.kind == '#') {
			a->pos = t.pos;
			if (!x->bol) {
				asm_error(a, "'#' must be first item on line");
				skip_line(a);
				continue;
			}
			directive(a);
			continue;
		}
		if (t.kind == AtEnd) {
			if (x->ifs.n) {
				a->pos = t.pos;
				asm_error(a, "unclosed #ifdef or #ifndef");
				x->ifs.n = 0;
			}
			return t;
		}
		x->bol = t.kind == '\n';
		if (!is_on(x))
			continue;
		if (t.kind == '\\' && peek_raw(a).kind == '\n') {
			raw(a);
			continue;
		}
		if (t.kind != AtName)
			return t;
		Macro *m = map_getp(&x->macro, intern(t.s, t.len));
		if (!m && go_constant(a, &t))
			continue;
		if (!m)
			return t;
		if (m->hasargs && peek_raw(a).kind != '(')
			return t;
		expand(a, m, &t);
	}
}

static void predefine(Asm *a, const char *def)
{
	const char *eq = strchr(def, '=');
	Macro *m = arena_new(a->ar, Macro);
	m->name = intern(def, eq ? (size_t)(eq - def) : strlen(def));
	const char *v = eq ? eq + 1 : "1";
	u32 n = (u32)strlen(v);
	m->body = arena_new(a->ar, AsmTok);
	m->nbody = 1;
	*m->body = (AsmTok){.kind = is_digit(*v) ? AtInt : AtName, .s = v, .len = n};
	map_putp(a->ar, &a->lex->macro, m->name, m);
}

bool lex_open(Asm *a, const char *path)
{
	a->lex = arena_new(a->ar, Lexer);
	for (u32 i = 0; i < a->c->ndefine; i++)
		predefine(a, a->c->define[i]);
	return push_file(a, path);
}
