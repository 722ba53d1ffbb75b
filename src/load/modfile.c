/* go.mod and go.work: lines of words, or blocks "verb ( ... )". A mistake does not stop the reading, so that all are told at once. */
#include "load.h"

enum { WordMax = 64 };
typedef struct Word { const char *s; bool quoted; } Word;

typedef struct Reader {
	Arena *a;
	ModFile *m;
	const char *p, *end;
	u32 line, column;
	const char *shown;              /* the file's name in messages */
	ModKind kind;
	Word word[WordMax];
	u32 nword;
	const char *comment;            /* after the words, or NULL */
	bool broken;                    /* a syntax error: no further */
} Reader;

#define fault(r, ...) put_fault(r, arena_printf((r)->a, __VA_ARGS__))

static void put_fault(Reader *r, const char *text)
{
	vec_push(r->a, &r->m->fault, arena_printf(r->a, "%s:%u: %s", r->shown, r->line, text));
}

static void syntax_fault(Reader *r, const char *line_start, const char *at, const char *text)
{
	vec_push(r->a, &r->m->fault, arena_printf(r->a, "%s:%u:%d: %s", r->shown, r->line, (int)(at - line_start) + 1, text));
	r->broken = true;
}

static void push(Reader *r, const char *s, size_t n, bool quoted)
{
	if (r->nword < WordMax)
		r->word[r->nword++] = (Word){arena_strndup(r->a, s, n), quoted};
}

/* The words of the next line. False at the end. */
static bool next_line(Reader *r)
{
	if (r->p >= r->end || r->broken)
		return false;
	const char *start = r->p, *nl = memchr(start, '\n', (size_t)(r->end - start)), *e = nl ? nl : r->end;
	r->p = nl ? nl + 1 : r->end;
	r->line++;
	r->nword = 0;
	r->comment = NULL;
	for (const char *p = start; p < e;) {
		if (*p == ' ' || *p == '\t' || *p == '\r') {
			p++;
		} else if (p + 1 < e && p[0] == '/' && p[1] == '/') {
			r->comment = arena_strndup(r->a, p + 2, (size_t)(e - p - 2));
			break;
		} else if (*p == '(' || *p == ')' || *p == ',' || *p == '[' || *p == ']') {
			push(r, p++, 1, false);
		} else if (*p == '"' || *p == '`') {
			const char *q = memchr(p + 1, *p, (size_t)(e - p - 1));
			if (!q) {
				syntax_fault(r, start, e, nl ? "unexpected newline in string" : "unexpected EOF in string");
				return false;
			}
			push(r, p + 1, (size_t)(q - p - 1), true);
			p = q + 1;
		} else if (p + 1 < e && p[0] == '=' && p[1] == '>') {
			push(r, p, 2, false);
			p += 2;
		} else {
			const char *q = p;
			while (q < e && !strchr(" \t\r(),[]\"`", *q) && !(q + 1 < e && q[0] == '/' && q[1] == '/') && *q)
				q++;
			if (q == p) {
				syntax_fault(r, start, p, arena_printf(r->a, "unexpected input character %s", *p ? arena_printf(r->a, "0x%02x", (u8)*p) : "NUL"));
				return false;
			}
			push(r, p, (size_t)(q - p), false);
			p = q;
		}
	}
	return true;
}

/* ---- versions ---- */

/* "v2" of example.com/m/v2 and gopkg.in/m.v2, "" without. */
static const char *path_major(const char *path)
{
	const char *sep = has_prefix(path, "gopkg.in/") ? strrchr(path, '.') : strrchr(path, '/');
	if (!sep || sep[1] != 'v' || sep[2] < '0' || sep[2] > '9' || strspn(sep + 2, "0123456789") != strlen(sep + 2))
		return "";
	if (sep[0] == '/' && (sep[2] == '0' || !strcmp(sep + 1, "v1")))
		return "";
	return sep + 1;
}

static bool check_version(Reader *r, const char *verb, const char *path, const char *v)
{
	if (!semver_valid(v)) {
		r->m->queries = true;
		fault(r, "%s %s: version \"%s\" invalid: must be of the form v1.2.3", verb, path, v);
		return false;
	}
	const char *want = path_major(path);
	size_t n = strspn(v + 1, "0123456789") + 1;
	bool low = !strncmp(v, "v0.", 3) || !strncmp(v, "v1.", 3), any = strstr(v, "+incompatible") != NULL;
	if (*want ? strlen(want) != n || memcmp(want, v, n) : !low && !any) {
		if (has_prefix(path, "gopkg.in/") && !strcmp(want, "v1") && !strncmp(v, "v0.", 3))
			return true;
		fault(r, "%s %s: version \"%s\" invalid: should be %s, not %.*s", verb, path, v, *want ? want : "v0 or v1", (int)n, v);
		return false;
	}
	return true;
}

static bool is_dir_path(const char *s)
{
	return s[0] == '/' || !strcmp(s, ".") || !strcmp(s, "..") || has_prefix(s, "./") || has_prefix(s, "../");
}

/* ---- directives ---- */

static void one_word(Reader *r, const char **to, const char *verb, Word *w, u32 n)
{
	if (*to)
		fault(r, "repeated %s statement", verb);
	else if (n != 1)
		fault(r, "%s directive expects exactly one argument", verb);
	else
		*to = w[0].s;
}

static bool valid_module_path(const char *s)
{
	for (const char *p = s; *p;) {
		size_t n = strcspn(p, "/");
		if (!n || p[n - 1] == '.' || p[0] == '.')
			return false;
		for (size_t i = 0; i < n; i++)
			if (!((p[i] >= '0' && p[i] <= '9') || ((p[i] | 32) >= 'a' && (p[i] | 32) <= 'z') || strchr("-._~", p[i])))
				return false;
		p += n;
		if (*p && !*++p)
			return false;
	}
	return *s;
}

static void module_line(Reader *r, Word *w, u32 n)
{
	if (r->m->path)
		fault(r, "repeated module statement");
	else if (n != 1)
		fault(r, "usage: module module/path");
	else if (!valid_module_path(w[0].s))
		fault(r, "malformed module path \"%s\"", w[0].s);
	else
		r->m->path = w[0].s;
}

/* 1.N at the start of another module's go line, whatever follows; NULL: not even that. */
static const char *lax_version(Arena *a, const char *s)
{
	s += *s == 'v';
	size_t major = strspn(s, "0123456789"), minor = s[major] == '.' ? strspn(s + major + 1, "0123456789") : 0;
	const char *v = arena_strndup(a, s, major + 1 + minor);
	return major && minor && gover_valid(v) && s[strlen(v)] ? v : NULL;
}

static void go_line(Reader *r, Word *w, u32 n)
{
	const char *had = r->m->go;
	one_word(r, &r->m->go, "go", w, n);
	if (had || !r->m->go || gover_valid(r->m->go))
		return;
	const char *fixed = r->kind == ModOther ? lax_version(r->a, r->m->go) : NULL;
	if (!fixed)
		fault(r, "invalid go version '%s': must match format 1.23.0", r->m->go);
	r->m->go = fixed;
}

static void toolchain_line(Reader *r, Word *w, u32 n)
{
	const char *had = r->m->toolchain;
	one_word(r, &r->m->toolchain, "toolchain", w, n);
	const char *t = r->m->toolchain;
	if (!had && t && strcmp(t, "default") && !(has_prefix(t, "go1") && (!t[3] || t[3] == '.')))
		fault(r, "invalid toolchain version '%s': must match format go1.23.0 or default", t);
}

static void require_line(Reader *r, const char *verb, Word *w, u32 n)
{
	bool require = !strcmp(verb, "require");
	if (n != 2) {
		fault(r, "usage: %s module/path v1.2.3", verb);
		return;
	}
	if (!check_version(r, verb, w[0].s, w[1].s))
		return;
	const char *c = r->comment ? r->comment : "";
	while (*c == ' ' || *c == '\t')
		c++;
	bool indirect = has_prefix(c, "indirect") && (!c[8] || c[8] == ';' || c[8] == '\r' || c[8] == ' ');
	ModReq q = {w[0].s, w[1].s, indirect, r->line};
	if (require)
		vec_push(r->a, &r->m->require, q);
	else
		vec_push(r->a, &r->m->exclude, q);
}

static void replace_line(Reader *r, Word *w, u32 n)
{
	u32 arrow = 0;
	while (arrow < n && strcmp(w[arrow].s, "=>"))
		arrow++;
	u32 to = n - arrow - 1;
	if (arrow == n || arrow < 1 || arrow > 2 || to < 1 || to > 2) {
		fault(r, "usage: replace module/path [v1.2.3] => other/module v1.4\n\t or replace module/path [v1.2.3] => ../local/directory");
		return;
	}
	const char *dest = w[arrow + 1].s, *version = to == 2 ? w[arrow + 2].s : NULL;
	if (arrow == 2 && !check_version(r, "replace", w[0].s, w[1].s))
		return;
	if (!version && !is_dir_path(dest))
		fault(r, strchr(dest, '@') ? "replacement module must match format 'path version', not 'path@version'" :
			"replacement module without version must be directory path (rooted or starting with . or ..)");
	else if (version && is_dir_path(dest))
		fault(r, "replacement module directory path \"%s\" cannot have version", dest);
	else if (!version || check_version(r, "replace", dest, version))
		vec_push(r->a, &r->m->replace, (ModReplace){.path = w[0].s, .version = arrow == 2 ? w[1].s : NULL, .to = dest, .to_version = version, .line = r->line});
}

static void godebug_line(Reader *r, Word *w, u32 n)
{
	const char *eq = n == 1 && !w[0].quoted ? strchr(w[0].s, '=') : NULL;
	if (!eq || strpbrk(w[0].s, "\"`',"))
		fault(r, "usage: godebug key=value");
	else
		vec_push(r->a, &r->m->godebug, (ModDebug){arena_strndup(r->a, w[0].s, (size_t)(eq - w[0].s)), eq + 1, r->line});
}

/* retract v1.2.3 or retract [v1.2.3, v1.3.0]: it counts where versions are chosen, which is not here. */
static void retract_line(Reader *r, Word *w, u32 n)
{
	static const char *const wanted[] = {"[", "version after '['", "',' after version", "version after ','", "']' after version"};
	bool range = n && !strcmp(w[0].s, "[");
	u32 len = range ? 5 : 1;
	if (!n || !strcmp(w[0].s, "(")) {
		fault(r, "expected '[' or version");
		return;
	}
	for (u32 i = 0; i < len; i++) {
		bool version = !range || i == 1 || i == 3;
		const char *s = i < n ? w[i].s : "";
		if (i >= n || (!version && strcmp(s, i == 0 ? "[" : i == 2 ? "," : "]"))) {
			fault(r, "expected %s", wanted[i]);
			return;
		}
		if (version && !semver_valid(s)) {
			fault(r, "retract%s%s: version \"%s\" invalid: must be of the form v1.2.3", r->m->path ? " " : "", r->m->path ? r->m->path : "", s);
			return;
		}
	}
	if (n > len)
		fault(r, "unexpected token after version: \"%s\"", w[len].s);
}

static void path_line(Reader *r, const char *verb, Word *w, u32 n)
{
	if (n != 1)
		fault(r, "%s directive expects exactly one argument", verb);
	else if (!strcmp(verb, "tool"))
		vec_push(r->a, &r->m->tool, w[0].s);
	else
		vec_push(r->a, &r->m->ignore, w[0].s);
}

static void use_line(Reader *r, Word *w, u32 n)
{
	if (n != 1)
		fault(r, "usage: use local/dir");
	else
		vec_push(r->a, &r->m->use, (ModUse){w[0].s, r->line});
}

/* ---- the file ---- */

enum { InMain = 1, InOther = 2, InWork = 4, InBlock = 8 };

/* Where a verb is known; elsewhere a main module's file and a go.work complain, another module's file does not. */
static const struct { const char *verb; int where; } verbs[] = {
	{"module", InMain | InOther | InBlock}, {"go", InMain | InOther | InWork}, {"toolchain", InMain | InWork},
	{"godebug", InMain | InWork | InBlock}, {"require", InMain | InOther | InBlock}, {"exclude", InMain | InBlock},
	{"replace", InMain | InWork | InBlock}, {"retract", InMain | InBlock}, {"tool", InMain | InBlock},
	{"ignore", InMain | InOther | InBlock}, {"use", InWork | InBlock},
};

static int where_known(const char *verb)
{
	for (size_t i = 0; i < nelem(verbs); i++)
		if (!strcmp(verbs[i].verb, verb))
			return verbs[i].where;
	return 0;
}

static bool known_here(const Reader *r, const char *verb, int also)
{
	int in = r->kind == ModMain ? InMain : r->kind == ModWork ? InWork : InOther, where = where_known(verb);
	return (where & in) && (where & also) == also;
}

static void directive(Reader *r, const char *verb, Word *w, u32 n)
{
	if (!strcmp(verb, "module"))
		module_line(r, w, n);
	else if (!strcmp(verb, "go"))
		go_line(r, w, n);
	else if (!strcmp(verb, "toolchain"))
		toolchain_line(r, w, n);
	else if (!strcmp(verb, "require") || !strcmp(verb, "exclude"))
		require_line(r, verb, w, n);
	else if (!strcmp(verb, "replace"))
		replace_line(r, w, n);
	else if (!strcmp(verb, "godebug"))
		godebug_line(r, w, n);
	else if (!strcmp(verb, "retract"))
		retract_line(r, w, n);
	else if (!strcmp(verb, "use"))
		use_line(r, w, n);
	else
		path_line(r, verb, w, n);
}

static void block(Reader *r, const char *verb, bool known, u32 from)
{
	if (!known && r->kind != ModOther)
		fault(r, "unknown block type: %s", verb);
	while (next_line(r)) {
		if (r->nword == 1 && !strcmp(r->word[0].s, ")") && !r->word[0].quoted)
			return;
		if (r->nword && known)
			directive(r, verb, r->word, r->nword);
	}
	if (r->broken)
		return;
	r->line++;
	fault(r, "syntax error (unterminated block started at %s:%u:%u)", r->m->file, from, 1);
	r->broken = true;
}

ModFile *modfile_parse(Arena *a, const char *file, const char *shown, const char *text, size_t n, ModKind kind)
{
	ModFile *m = arena_new(a, ModFile);
	Reader *r = arena_new(a, Reader);
	*r = (Reader){.a = a, .m = m, .p = text, .end = text + n, .shown = shown, .kind = kind};
	m->file = file;
	m->shown = shown;
	while (next_line(r)) {
		if (!r->nword)
			continue;
		const char *verb = r->word[0].s;
		if (r->nword >= 2 && !strcmp(r->word[r->nword - 1].s, "(") && !r->word[r->nword - 1].quoted) {
			Buf all = {.ar = a};
			for (u32 i = 0; i + 1 < r->nword; i++)
				buf_printf(&all, i ? " %s" : "%s", r->word[i].s);
			block(r, buf_str(&all), r->nword == 2 && known_here(r, verb, InBlock), r->line);
		} else if (known_here(r, verb, 0)) {
			directive(r, verb, r->word + 1, r->nword - 1);
		} else if (kind != ModOther) {
			fault(r, "unknown directive: %s", verb);
		}
	}
	return m;
}
