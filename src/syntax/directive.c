/* Comments that mean something: //line, //go:build (its language version), //go:linkname, //go:embed, //go:noinline ...
 *
 * A //go: directive stands on a line of its own. The flags it sets wait (PendingPragma) for the declaration that
 * follows, which takes them; any other form that comes first has them reported as misplaced. */
#include "scan.h"

/* Errors here are not the parser's: they do not count as syntax errors. */
#define report(p, pos, ...) diag_add((p)->s.d, pos, __VA_ARGS__)

/* ---- text ---- */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Fields of s between white space; at most max are stored, the number is returned. */
static u32 split_fields(Arena *a, const char *s, const char **field, u32 max)
{
	u32 n = 0;
	for (;;) {
		while (is_space(*s))
			s++;
		if (!*s)
			return n;
		const char *e = s;
		while (*e && !is_space(*e))
			e++;
		if (n < max)
			field[n] = arena_strndup(a, s, (size_t)(e - s));
		n++;
		s = e;
	}
}

/* ---- //line ---- */

/* Text after the last ':' of s[0,n): *at is where it starts (0 when there is no ':'); true if it is a number. */
static bool trailing_number(const char *s, u32 n, u32 *at, u64 *value)
{
	u32 i = n;
	while (i > 0 && s[i - 1] != ':')
		i--;
	*at = i;
	*value = 0;
	bool ok = i > 0 && i < n;
	for (u32 k = i; ok && k < n; k++) {
		ok = s[k] >= '0' && s[k] <= '9' && *value < UINT64_MAX / 10 - 1;
		*value = *value * 10 + (u64)(s[k] - '0');
	}
	return ok;
}

enum { PosMax = 1 << 30 };

/* text: "file:line" or "file:line:col" at offset off of the file; holds from offset from on. */
static void line_directive(Parser *p, const char *text, u32 n, u32 off, u32 from)
{
	u32 i, i2;
	u64 line, line2, col = 0;
	Pos base = p->s.base + off;
	bool ok = trailing_number(text, n, &i, &line);
	if (i == 0)
		return;
	if (!ok) {
		scan_error(&p->s, base + i, "invalid line number: %.*s", (int)(n - i), text + i);
		return;
	}
	bool has_col = trailing_number(text, i - 1, &i2, &line2);
	if (has_col) {
		u32 t = i;
		i = i2, i2 = t;
		col = line;
		line = line2;
		if (col == 0 || col > PosMax) {
			scan_error(&p->s, base + i2, "invalid column number: %.*s", (int)(n - i2), text + i2);
			return;
		}
		n = i2 - 1;
	}
	if (line == 0 || line > PosMax) {
		scan_error(&p->s, base + i, "invalid line number: %.*s", (int)(n - i), text + i);
		return;
	}
	const char *file = arena_strndup(p->ar, text, i - 1), *linked = file;
	if (!*file && has_col) {
		file = p->dir.n ? vec_last(&p->dir).file : p->f.src->shown;
		linked = p->dir.n ? vec_last(&p->dir).linked : p->f.src->linked;
	}
	vec_push(p->ar, &p->dir, (struct LineDirective){from, file, linked, (u32)line, (u32)col});
	/* seen at once, so that errors found from here on show it */
	p->f.src->dir = p->dir.a;
	p->f.src->ndir = p->dir.n;
}

/* ---- //go:build ---- */

/* Language version a constraint implies, as go/build/constraint.GoVersion: the minor version, -1 for none. */
typedef struct Constraint { const char *s; bool ok; int depth; } Constraint;

static void skip_blanks(Constraint *c)
{
	while (*c->s == ' ' || *c->s == '\t')
		c->s++;
}

static int constraint_or(Constraint *c, bool negated);

static int tag_version(const char *s, size_t n, bool negated)
{
	if (negated)
		return -1;
	if (n == 3 && memcmp(s, "go1", 3) == 0)
		return 0;
	if (n <= 4 || memcmp(s, "go1.", 4) != 0)
		return -1;
	int v = 0;
	for (size_t i = 4; i < n; i++) {
		if (s[i] < '0' || s[i] > '9' || v > 1000000)
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

static int constraint_atom(Constraint *c, bool negated)
{
	skip_blanks(c);
	if (++c->depth > 1000) {
		c->ok = false;
		return -1;
	}
	int v = -1;
	if (*c->s == '!') {
		c->s++;
		v = constraint_atom(c, !negated);
	} else if (*c->s == '(') {
		c->s++;
		v = constraint_or(c, negated);
		skip_blanks(c);
		c->ok = c->ok && *c->s == ')';
		if (c->ok)
			c->s++;
	} else {
		const char *e = c->s;
		while ((u8)*e >= 0x80 || *e == '_' || *e == '.' || rune_is_digit((u8)*e) || rune_is_letter((u8)*e))
			e++;
		c->ok = c->ok && e > c->s;
		v = tag_version(c->s, (size_t)(e - c->s), negated);
		c->s = e;
	}
	c->depth--;
	return v;
}

/* A negated "and" is an "or" of negations. */
static int join(int x, int y, bool both)
{
	return both == (x > y) ? x : y;
}

static int constraint_and(Constraint *c, bool negated)
{
	int v = constraint_atom(c, negated);
	for (skip_blanks(c); c->ok && c->s[0] == '&' && c->s[1] == '&'; skip_blanks(c)) {
		c->s += 2;
		v = join(v, constraint_atom(c, negated), !negated);
	}
	return v;
}

static int constraint_or(Constraint *c, bool negated)
{
	int v = constraint_and(c, negated);
	for (skip_blanks(c); c->ok && c->s[0] == '|' && c->s[1] == '|'; skip_blanks(c)) {
		c->s += 2;
		v = join(v, constraint_and(c, negated), negated);
	}
	return v;
}

static void build_directive(Parser *p, const char *expr)
{
	Constraint c = {expr, true, 0};
	int v = constraint_or(&c, false);
	while (is_space(*c.s))
		c.s++;
	if (!c.ok || *c.s)
		return;
	p->f.goversion = v < 0 ? NULL : v == 0 ? "go1" : arena_printf(p->ar, "go1.%d", v);
}

/* ---- //go:embed ---- */

/* The next pattern of *s, unquoted; NULL when there is none or it is malformed. */
static const char *embed_pattern(Parser *p, const char **s)
{
	const char *t = *s, *e = t;
	char *out = NULL;
	if (*t == '`' || *t == '"') {
		for (e = t + 1; *e && *e != *t; e++) {
			if (*t == '"' && *e == '\\' && e[1])
				e++;
		}
		u32 n;
		if (!*e || !unquote(p->ar, t, (u32)(e + 1 - t), &out, &n)) {
			*s = *e && *t == '"' ? arena_strndup(p->ar, t, (size_t)(e + 1 - t)) : t;
			return NULL;
		}
		e++;
		if (*e && !is_space(*e)) {
			*s = e;
			return NULL;
		}
	} else {
		while (*e && !is_space(*e))
			e++;
		out = arena_strndup(p->ar, t, (size_t)(e - t));
	}
	*s = e;
	return out;
}

static void embed_directive(Parser *p, Pos pos, const char *s)
{
	Embed e = {.pos = pos};
	const char *text = s;
	for (;;) {
		while (is_space(*s))
			s++;
		if (!*s)
			break;
		Pos at = pos + (Pos)strlen("go:embed") + (Pos)(s - text);
		const char *pattern = embed_pattern(p, &s);
		if (!pattern) {
			report(p, pos, "invalid quoted string in //go:embed: %s", s);
			e.pattern.n = 0;
			break;
		}
		vec_push(p->ar, &e.pattern, pattern);
		vec_push(p->ar, &e.at, at);
	}
	if (e.pattern.n == 0)
		report(p, pos, "usage: //go:embed pattern...");
	else
		vec_push(&p->tmp, &p->pragma.embed, e);
}

/* ---- flags ---- */

static const struct { const char *verb; u32 flags; } verbs[] = {
	{"go:build", PragmaGoBuild},
	{"go:noescape", PragmaNoescape},
	{"go:norace", PragmaNorace},
	{"go:nosplit", PragmaNosplit | PragmaNocheckptr},
	{"go:noinline", PragmaNoinline},
	{"go:nocheckptr", PragmaNocheckptr},
	{"go:systemstack", PragmaSystemstack},
	{"go:nowritebarrier", PragmaNowritebarrier},
	{"go:nowritebarrierrec", PragmaNowritebarrierrec | PragmaNowritebarrier},
	{"go:yeswritebarrierrec", PragmaYeswritebarrierrec},
	{"go:cgo_unsafe_args", PragmaCgoUnsafeArgs | PragmaNocheckptr},
	{"go:uintptrkeepalive", PragmaUintptrKeepAlive},
	{"go:uintptrescapes", PragmaUintptrEscapes | PragmaUintptrKeepAlive},
	{"go:registerparams", PragmaRegisterParams},
	/* known, without meaning to the compiler proper */
	{"go:cgo_export_static", 0}, {"go:cgo_export_dynamic", 0}, {"go:cgo_import_static", 0},
	{"go:cgo_import_dynamic", 0}, {"go:cgo_ldflag", 0}, {"go:cgo_dynamic_linker", 0},
	{"go:embed", 0}, {"go:fix", 0}, {"go:generate", 0},
};

static const u32 runtime_flags = PragmaSystemstack | PragmaNowritebarrier | PragmaNowritebarrierrec | PragmaYeswritebarrierrec;

static void flag_directive(Parser *p, Pos pos, const char *text)
{
	const char *sp = strchr(text, ' ');
	const char *verb = sp ? arena_strndup(&p->tmp, text, (size_t)(sp - text)) : text;
	u32 flags = 0;
	bool known = false;
	for (size_t i = 0; i < nelem(verbs) && !known; i++) {
		known = strcmp(verb, verbs[i].verb) == 0;
		flags = known ? verbs[i].flags : 0;
	}
	if (flags & runtime_flags && !p->std)
		report(p, pos, "//%s only allowed in runtime", verb);
	if (flags == PragmaUintptrKeepAlive && !p->std)
		report(p, pos, "//%s is only allowed in the standard library", verb);
	if (!known && p->std)
		report(p, pos, "//%s is not allowed in the standard library", verb);
	p->pragma.flags |= flags;
	vec_push(&p->tmp, &p->pragma.mark, (PragmaMark){flags, pos});
}

static bool is_cgo_file(const Parser *p)
{
	return has_prefix(path_base(p->f.src->path), "_cgo_");
}

static void linkname_directive(Parser *p, Pos pos, const char *text)
{
	const char *f[3];
	u32 n = split_fields(p->ar, text, f, 3);
	if (n < 2 || n > 3) {
		report(p, pos, "usage: //go:linkname localname [linkname]");
		return;
	}
	vec_push(p->ar, &p->linkname, (Linkname){pos, intern_str(f[1]), n == 3 ? f[2] : NULL});
}

static void go_directive(Parser *p, Pos pos, bool alone, const char *text)
{
	const char *f[4];
	p->pragma.any = true;
	if (!alone) {
		report(p, pos, "misplaced compiler directive");
		return;
	}
	if (has_prefix(text, "go:wasmimport ")) {
		if (split_fields(&p->tmp, text, f, 4) != 3)
			report(p, pos, "usage: //go:wasmimport importmodule importname");
		return;
	}
	if (has_prefix(text, "go:wasmexport ")) {
		if (split_fields(&p->tmp, text, f, 4) != 2)
			report(p, pos, "usage: //go:wasmexport exportname");
		return;
	}
	if (has_prefix(text, "go:linkname ")) {
		linkname_directive(p, pos, text);
		return;
	}
	if (strcmp(text, "go:embed") == 0 || has_prefix(text, "go:embed ")) {
		embed_directive(p, pos, text + strlen("go:embed"));
		return;
	}
	if (has_prefix(text, "go:debug ") && p->top)
		vec_push(p->ar, &p->f.debug, (struct DebugDirective){pos, text + strlen("go:debug ")});
	if (has_prefix(text, "go:cgo_import_dynamic ") && split_fields(&p->tmp, text, f, 4) >= 4)
		return;
	if (has_prefix(text, "go:cgo_") && !is_cgo_file(p) && !p->std)
		report(p, pos, "//%s only allowed in cgo-generated code", text);
	flag_directive(p, pos, text);
}

/* Nothing but white space before t on its line. */
static bool is_alone(const Scanner *s, const char *t)
{
	while (t > s->begin && t[-1] != '\n') {
		t--;
		if (*t != ' ' && *t != '\t' && *t != '\r')
			return false;
	}
	return true;
}

void scan_directive(Scanner *s, const char *text, u32 n)
{
	Parser *p = (Parser *)s;
	u32 off = (u32)(text - s->begin);
	bool block = text[1] == '*';
	if (memcmp(text + 2, "line ", 5) == 0) {
		bool at_start = off == 0 || text[-1] == '\n';
		if (block && !memchr(text, '\n', n))
			line_directive(p, text + 7, n - 9, off + 7, off + n);
		else if (!block && at_start)
			line_directive(p, text + 7, n - 7 - (text[n - 1] == '\r'), off + 7, off + n + (text[n] == '\n'));
		return;
	}
	const char *t = arena_strndup(p->ar, text + 2, n - 2 - (text[n - 1] == '\r'));
	if (p->top && has_prefix(t, "go:build") && is_space(t[8]))
		build_directive(p, t + 8);
	go_directive(p, s->base + off + 2, is_alone(s, text), t);
}

/* ---- who takes them ---- */

static void drop(Parser *p)
{
	p->pragma = (PendingPragma){0};
}

void pragma_unused(Parser *p)
{
	for (u32 i = 0; i < p->pragma.mark.n; i++) {
		if (p->pragma.mark.a[i].flags)
			report(p, p->pragma.mark.a[i].pos, "misplaced compiler directive");
	}
	for (u32 i = 0; i < p->pragma.embed.n; i++)
		report(p, p->pragma.embed.a[i].pos, "misplaced go:embed directive");
	drop(p);
}

static void check_flags(Parser *p, u32 allowed)
{
	for (u32 i = 0; i < p->pragma.mark.n; i++) {
		if (p->pragma.mark.a[i].flags & ~allowed)
			report(p, p->pragma.mark.a[i].pos, "misplaced compiler directive");
	}
}

u32 pragma_take(Parser *p, u32 allowed)
{
	if (likely(!p->pragma.any))
		return 0;
	u32 flags = p->pragma.flags;
	check_flags(p, allowed);
	for (u32 i = 0; i < p->pragma.embed.n; i++)
		report(p, p->pragma.embed.a[i].pos, "misplaced go:embed directive");
	drop(p);
	return flags & allowed;
}

/* pending was set aside when the declaration began. */
void pragma_take_var(Parser *p, PendingPragma *pending, NodeId decl)
{
	for (u32 i = 0; i < pending->embed.n; i++) {
		pending->embed.a[i].decl = decl;
		vec_push(p->ar, &p->embed, pending->embed.a[i]);
	}
}

PendingPragma pragma_set_aside(Parser *p)
{
	PendingPragma x = p->pragma;
	if (x.any) {
		check_flags(p, 0);
		drop(p);
	}
	return x;
}

/* What gc says of a function only when it compiles it: no reason to be silent about other functions. */
static void report_late(Parser *p, Pos pos, const char *text)
{
	report(p, pos, "%s", text);
	if (p->s.d->v.n)
		vec_last(&p->s.d->v).soft = true;
}

void pragma_check_func(Parser *p, u32 flags, NodeId decl, bool has_body)
{
	Pos pos = p->f.node[decl].pos;
	if (flags & PragmaSystemstack && flags & PragmaNosplit)
		report_late(p, pos, "go:nosplit and go:systemstack cannot be combined");
	if (has_body && flags & PragmaNoescape)
		report_late(p, pos, "can only use //go:noescape with external func implementations");
	if (has_body && flags & PragmaUintptrKeepAlive && !(flags & (PragmaUintptrEscapes | PragmaNosplit)))
		report_late(p, pos, "go:uintptrkeepalive requires go:nosplit");
}

/* ---- when the file is known ---- */

static bool imports(const Parser *p, const char *path)
{
	const File *f = &p->f;
	for (u32 i = 0; i < list_len(f, f->decls); i++) {
		const Node *d = node_at(f, list_at(f, f->decls, i));
		if (d->kind != NodeImportDecl || !d->b)
			continue;
		const Node *lit = node_at(f, d->b);
		if (lit->b == strlen(path) + 2 && memcmp(f->src->src + (lit->pos - f->src->base) + 1, path, lit->b - 2) == 0)
			return true;
	}
	return false;
}

static const char *embed_fault(const Parser *p, const Embed *e, bool imported)
{
	const File *f = &p->f;
	const Node *d = node_at(f, e->decl);
	if (!imported)
		return "go:embed requires import \"embed\" (or import _ \"embed\", if package is not used)";
	if (list_len(f, d->a) > 1)
		return "go:embed cannot apply to multiple vars";
	if (list_at(f, d->b, 1))
		return "go:embed cannot apply to var with initializer";
	if (!list_at(f, d->b, 0))
		return "go:embed cannot apply to var without type";
	for (u32 i = 0; i < list_len(f, f->decls); i++) {
		if (list_at(f, f->decls, i) == e->decl)
			return NULL;
	}
	return "go:embed cannot apply to var inside func";
}

void directives_finish(Parser *p)
{
	bool unsafe = p->linkname.n && imports(p, "unsafe");
	for (u32 i = 0; i < p->linkname.n; i++) {
		const Linkname *l = &p->linkname.a[i];
		if (!unsafe)
			report(p, l->pos, "//go:linkname only allowed in Go files that import \"unsafe\"");
		else if (l->target && strchr(l->target, '[') && strchr(l->target, ']'))
			report(p, l->pos, "//go:linkname reference of an instantiation is not allowed");
	}
	bool imported = p->embed.n && imports(p, "embed");
	u32 kept = 0;
	for (u32 i = 0; i < p->embed.n; i++) {
		const char *fault = embed_fault(p, &p->embed.a[i], imported);
		if (!fault)
			p->embed.a[kept++] = p->embed.a[i];
		else if (i == 0 || p->embed.a[i - 1].decl != p->embed.a[i].decl)
			report(p, p->embed.a[i].pos, "%s", fault);
	}
	p->embed.n = kept;
}
