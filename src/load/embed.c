/* //go:embed: which files the patterns name.
 *
 * A pattern is a path below the package's folder with path.Match's wildcards. Of a folder it takes all files below, except
 * hidden ones (beginning with '.' or '_') unless it says all:, and those of nested modules. What a module's archive would not
 * carry cannot be embedded: links, odd names, other modules. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include "load.h"

typedef VEC(const char *) Paths;        /* relative to the package */
typedef struct Match { Loader *l; LoadPkg *p; const char *pattern; bool all; Paths found; const char *error; u32 count; } Match;

/* ---- wildcards ---- */

/* "[...]" at *pat against r; false if it is malformed. */
static bool class_matches(const char **pat, u32 r, bool *yes)
{
	const char *p = *pat + 1;
	bool negated = *p == '^', any = false;
	u32 n = 0;
	p += negated;
	for (; *p != ']' || !n; n++) {
		u32 lo, hi;
		if (!*p || *p == '-' || (*p == ']' && !n))
			return false;
		p += *p == '\\';
		if (!*p)
			return false;
		p += utf8_decode(p, p + strlen(p), &lo);
		hi = lo;
		if (*p == '-') {
			p++;
			if (!*p || *p == '-' || *p == ']')
				return false;
			p += *p == '\\';
			if (!*p)
				return false;
			p += utf8_decode(p, p + strlen(p), &hi);
		}
		any |= lo <= r && r <= hi;
	}
	*pat = p + 1;
	*yes = any != negated;
	return true;
}

/* path.Match of one element. */
static bool element_matches(const char *p, const char *s)
{
	while (*p) {
		u32 r;
		bool yes;
		if (*p == '*') {
			while (*p == '*')
				p++;
			for (;; s++) {
				if (element_matches(p, s))
					return true;
				if (!*s)
					return false;
			}
		}
		if (!*s)
			return false;
		int n = utf8_decode(s, s + strlen(s), &r);
		if (*p == '[') {
			if (!class_matches(&p, r, &yes) || !yes)
				return false;
			s += n;
			continue;
		}
		if (*p == '?') {
			p++;
			s += n;
			continue;
		}
		p += *p == '\\' && p[1];
		if (*p++ != *s++)
			return false;
	}
	return !*s;
}

static bool well_formed(const char *p)
{
	while (*p) {
		bool yes;
		if (*p == '[') {
			if (!class_matches(&p, 0, &yes))
				return false;
			continue;
		}
		if (*p == '\\' && !*++p)
			return false;
		p++;
	}
	return true;
}

/* io/fs.ValidPath, and not the package itself. */
static bool valid_path(const char *s)
{
	const char *end = s + strlen(s);
	u32 r;
	for (const char *p = s; p < end;) {
		int n = utf8_decode(p, end, &r);
		if (r == RUNE_ERROR && n == 1)
			return false;
		p += n;
	}
	for (const char *p = s;;) {
		size_t n = strcspn(p, "/");
		if (n == 0 || (n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (!p[n])
			return true;
		p += n + 1;
	}
}

/* ---- names ---- */

static bool is_reserved(const char *elem)
{
	static const char *const device[] = {"CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
		"LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9"};
	size_t n = strcspn(elem, ".");
	for (size_t i = 0; i < nelem(device); i++)
		if (strlen(device[i]) == n && !strncasecmp(elem, device[i], n))
			return true;
	return false;
}

/* A name that no module's archive holds. */
static bool is_bad_name(const char *elem)
{
	static const char *const vcs[] = {".bzr", ".hg", ".git", ".svn"};
	size_t n = strlen(elem);
	for (size_t i = 0; i < nelem(vcs); i++)
		if (!strcmp(elem, vcs[i]))
			return true;
	if (!n || elem[n - 1] == '.' || is_reserved(elem))
		return true;
	for (const char *p = elem, *end = elem + n; p < end;) {
		u32 r;
		p += utf8_decode(p, end, &r);
		bool ok = r < 0x80 ? (r >= '0' && r <= '9') || ((r | 32) >= 'a' && (r | 32) <= 'z') || strchr("!#$%&()+,-.=@[]^_{}~ ", (int)r) :
			rune_is_letter(r);
		if (!ok)
			return true;
	}
	return false;
}

/* ---- folders ---- */

static int by_string(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static Paths entries(Loader *l, const char *dir)
{
	Paths v = {0};
	DirScan d;
	if (dir_open(&d, dir, SeenNames)) {
		while (dir_next(&d))
			vec_push(l->ar, &v, arena_strndup(l->ar, d.name, strlen(d.name)));
		dir_close(&d);
	}
	if (v.n)
		qsort(v.a, v.n, sizeof *v.a, by_string);
	return v;
}

static const char *full(Match *m, const char *rel)
{
	return path_join(m->l->ar, m->p->dir, rel);
}

static void fault(Match *m, const char *text)
{
	if (!m->error)
		m->error = text;
}

static void take(Match *m, const char *rel)
{
	for (u32 i = 0; i < m->found.n; i++)
		if (!strcmp(m->found.a[i], rel))
			return;
	vec_push(m->l->ar, &m->found, rel);
}

/* All files below a folder. */
static void gather(Match *m, const char *rel)
{
	Loader *l = m->l;
	Paths v = entries(l, full(m, rel));
	for (u32 i = 0; i < v.n && !m->error; i++) {
		const char *name = v.a[i], *sub = arena_printf(l->ar, "%s/%s", rel, name);
		u32 type = path_type(full(m, sub), false);
		if (!type)
			continue;
		bool hidden = name[0] == '.' || name[0] == '_', dir = type == S_IFDIR;
		if (is_bad_name(name) || (hidden && !m->all)) {
			if (!dir && !hidden)
				fault(m, arena_printf(l->ar, "cannot embed file %s: invalid name %s", sub, name));
			continue;
		}
		if (dir && !file_exists(full(m, path_join(l->ar, sub, "go.mod"))))
			gather(m, sub);
		if (type == S_IFREG) {
			m->count++;
			take(m, sub);
		}
	}
}

/* Whether rel, which exists, may be embedded at all: it and the folders on the way. */
static bool allowed(Match *m, const char *rel, const char *what)
{
	Loader *l = m->l;
	char *dir = arena_strndup(l->ar, rel, strlen(rel));
	for (bool self = true;; self = false) {
		u32 type = self ? 0 : path_type(full(m, dir), false);
		const char *elem = path_base(dir);
		if (file_exists(full(m, path_join(l->ar, dir, "go.mod"))))
			fault(m, arena_printf(l->ar, "cannot embed %s %s: in different module", what, rel));
		else if (type && type != S_IFDIR)
			fault(m, arena_printf(l->ar, "cannot embed %s %s: in non-directory %s", what, rel, dir));
		else if (is_bad_name(elem))
			fault(m, arena_printf(l->ar, self ? "cannot embed %s %s: invalid name %s" : "cannot embed %s %s: in invalid directory %s", what, rel, elem));
		char *slash = strrchr(dir, '/');
		if (m->error || !slash)
			return !m->error;
		*slash = 0;
	}
}

static void matched(Match *m, const char *rel)
{
	u32 type = m->error ? 0 : path_type(full(m, rel), false);
	if (!type)
		return;
	bool dir = type == S_IFDIR;
	if (!allowed(m, rel, dir ? "directory" : "file"))
		return;
	if (type == S_IFREG) {
		take(m, rel);
	} else if (dir) {
		m->count = 0;
		gather(m, rel);
		if (!m->count)
			fault(m, arena_printf(m->l->ar, "cannot embed directory %s: contains no embeddable files", rel));
	} else {
		fault(m, arena_printf(m->l->ar, "cannot embed irregular file %s", rel));
	}
}

/* Matches what remains of a pattern below rel ("" for the package's folder). */
static void expand(Match *m, const char *rel, const char *pat)
{
	Loader *l = m->l;
	size_t n = strcspn(pat, "/");
	const char *elem = arena_strndup(l->ar, pat, n);
	Paths v = {0};
	if (strpbrk(elem, "*?[\\")) {
		Paths all = entries(l, full(m, rel));
		for (u32 i = 0; i < all.n; i++)
			if (element_matches(elem, all.a[i]))
				vec_push(l->ar, &v, all.a[i]);
	} else {
		vec_push(l->ar, &v, elem);
	}
	for (u32 i = 0; i < v.n; i++) {
		const char *sub = *rel ? arena_printf(l->ar, "%s/%s", rel, v.a[i]) : v.a[i];
		pat[n] ? expand(m, sub, pat + n + 1) : matched(m, sub);
	}
}

static void resolve(Match *m)
{
	m->all = has_prefix(m->pattern, "all:");
	const char *glob = m->pattern + (m->all ? 4 : 0);
	if (!valid_path(glob) || !well_formed(glob)) {
		m->error = "invalid pattern syntax";
		return;
	}
	expand(m, "", glob);
	if (!m->error && !m->found.n)
		m->error = "no matching files found";
	if (m->found.n)
		qsort(m->found.a, m->found.n, sizeof *m->found.a, by_string);
}

static void add_file(Loader *l, LoadPkg *p, Embed *e, const char *name)
{
	for (u32 i = 0; i < e->file.n; i++)
		if (!strcmp(e->file.a[i].name, name))
			return;
	vec_push(l->ar, &e->file, (EmbedFile){name, path_join(l->ar, p->dir, name)});
}

const char *embed_resolve(Loader *l, LoadPkg *p, const File *f)
{
	for (u32 i = 0; i < f->nembed; i++) {
		Embed *e = &f->embed[i];
		for (u32 k = 0; k < e->pattern.n; k++) {
			Match m = {.l = l, .p = p, .pattern = e->pattern.a[k]};
			resolve(&m);
			if (m.error)
				return arena_printf(l->ar, "%s: pattern %s: %s", pos_text(l, e->at.a[k]), m.pattern, m.error);
			for (u32 j = 0; j < m.found.n; j++)
				add_file(l, p, e, m.found.a[j]);
		}
	}
	return NULL;
}

/* ---- what may hold files ---- */

EmbedKind embed_kind(const Type *t)
{
	t = types_unalias((Type *)(uintptr_t)t);
	if (t->kind == KindNamed && !strcmp(t->named.obj->name->s, "FS") && t->named.obj->pkg && !strcmp(t->named.obj->pkg->path, "embed"))
		return EmbedFS;
	Type *u = types_under((Type *)(uintptr_t)t);
	if (u->kind == KindString)
		return EmbedString;
	return u->kind == KindSlice && types_under(u->elem)->kind == KindUint8 ? EmbedBytes : EmbedNone;
}

void embed_check(Loader *l, LoadPkg *p)
{
	for (u32 i = 0; i < p->pkg->nobj; i++) {
		const Obj *o = p->pkg->obj[i];
		u32 n = 0;
		bool any = false;
		for (u32 k = 0; o->kind == ObjVar && o->file && k < o->file->nembed; k++)
			if (o->file->embed[k].decl == o->decl) {
				any = true;
				n += o->file->embed[k].file.n;
			}
		if (!any || !o->type || o->type->kind == KindInvalid)
			continue;
		EmbedKind kind = embed_kind(o->type);
		Buf t = {.ar = l->ar};
		types_print(&t, l->chk, o->type, QualError, p->pkg);
		if (kind == EmbedNone)
			diag_add(&p->diag, o->pos, "go:embed cannot apply to var of type %s", buf_str(&t));
		else if (kind != EmbedFS && n > 1)
			diag_add(&p->diag, o->pos, "invalid go:embed: multiple files for type %s", buf_str(&t));
	}
}
