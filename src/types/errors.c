/* errors: messages in types2's form, with its rule of silence: a message that mentions an invalid operand or type further inside
 * is a consequence of an earlier one. Also language version checks. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include "check.h"

void err_new(Check *c, Err *e)
{
	*e = (Err){ .c = c };
	e->text.ar = c->ar;
}

static void addv(Err *e, Pos pos, const char *fmt, va_list ap)
{
	if (e->n++ == 0) {
		e->pos = pos;
	} else {
		buf_puts(&e->text, "\n\t");
		if (pos)
			buf_printf(&e->text, "%s: ", s_pos(e->c, pos));
	}
	buf_puts(&e->text, arena_vprintf(e->c->ar, fmt, ap));
	if (e->n == 1)
		e->first = e->text.n;
}

void err_add(Err *e, Pos pos, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	addv(e, pos, fmt, ap);
	va_end(ap);
}

void err_altdecl(Err *e, const Obj *o)
{
	if (o->pos)
		err_add(e, o->pos, "other declaration of %s", o->name->s);
}

/* gc says where the language version comes from. */
static const char *version_hint(Check *c, const char *msg, Pos pos)
{
	const char *r = strstr(msg, "requires go1.");
	if (!r)
		return msg;
	r += 13;
	r += strspn(r, "0123456789");
	if (strncmp(r, " or later", 9))
		return msg;
	SrcFile *src = src_of(pos);
	for (u32 i = 0; i < c->pkg->nfile; i++) {
		const File *f = c->pkg->file[i];
		if (f->src == src && version_parse(f->goversion) >= 21)
			return s_fmt(c, "%s (file declares //go:build %s)", msg, f->goversion);
	}
	return s_fmt(c, "%s (-lang was set to %s; check go.mod)", msg, c->pkg->goversion ? c->pkg->goversion : c->k->goversion);
}

void err_report(Err *e)
{
	Check *c = e->c;
	if (e->n == 0)
		bug("empty error message");
	const char *msg = buf_str(&e->text);
	u32 *total = &c->pkg->nerror;
	if (__atomic_load_n(total, __ATOMIC_RELAXED)) {
		const char *end = msg + e->first;
		const char *a = strstr(msg, "invalid operand"), *b = strstr(msg, "invalid type");
		if ((a && a > msg && a < end) || (b && b > msg && b < end))
			return;
	}
	__atomic_fetch_add(total, 1, __ATOMIC_RELAXED);
	c->nerror++;
	Pos pos = c->env.errpos ? c->env.errpos : e->pos;
	if (c->env.body)
		c->env.body->bad = true;
	diag_add(c->pkg->diag, pos, "%s", version_hint(c, msg, pos));
}

#define REPORT(c, at, issoft) do { \
	Err e; \
	va_list ap; \
	err_new(c, &e); \
	e.soft = issoft; \
	va_start(ap, fmt); \
	addv(&e, at, fmt, ap); \
	va_end(ap); \
	err_report(&e); \
} while (0)

void err_at(Check *c, Pos pos, const char *fmt, ...) { REPORT(c, pos, false); }
void err_soft(Check *c, Pos pos, const char *fmt, ...) { REPORT(c, pos, true); }
void err_node(Check *c, NodeId n, const char *fmt, ...) { REPORT(c, node_start(c->env.file, n), false); }

void err_operand(Check *c, const Operand *x, const char *fmt, ...)
{
	Pos p = x->expr ? node_start(x->file ? x->file : c->env.file, x->expr) : 0;
	REPORT(c, p, false);
}

bool check_version(Check *c, Pos pos, int minor, const char *fmt, ...)
{
	if (check_allowed(c, minor))
		return true;
	va_list ap;
	va_start(ap, fmt);
	const char *s = arena_vprintf(c->ar, fmt, ap);
	va_end(ap);
	err_at(c, pos, "%s requires go1.%d or later", s, minor);
	return false;
}

int version_parse(const char *v)
{
	if (!v || strncmp(v, "go1", 3))
		return 0;
	return v[3] == '.' ? atoi(v + 4) : 0;
}

/* ---- text ---- */

const char *s_fmt(Check *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *s = arena_vprintf(c->ar, fmt, ap);
	va_end(ap);
	return s;
}

const char *s_type(Check *c, Type *t)
{
	Buf b = { .ar = c->ar };
	print_type(&b, c->k, t, QualError, c->pkg, 0);
	return buf_str(&b);
}

const char *s_types(Check *c, Type **t, u32 n)
{
	Buf b = { .ar = c->ar };
	for (u32 i = 0; i < n; i++) {
		if (i)
			buf_puts(&b, ", ");
		print_type(&b, c->k, t[i], QualError, c->pkg, 0);
	}
	return buf_str(&b);
}

const char *s_tuple(Check *c, Type *t) { return s_type(c, t); }

const char *s_expr(Check *c, NodeId n)
{
	Buf b = { .ar = c->ar };
	if (n)
		node_print(&b, c->env.file, n);
	return buf_str(&b);
}

const char *s_obj(Check *c, Obj *o)
{
	Buf b = { .ar = c->ar };
	obj_print(&b, c->k, o, QualError, c->pkg);
	return buf_str(&b);
}

const char *s_name(const Obj *o) { return o->name->s; }

const char *s_pos(Check *c, Pos p)
{
	SrcLoc l = pos_loc(p);
	return l.col ? s_fmt(c, "%s:%u:%u", l.file, l.line, l.col) : s_fmt(c, "%s:%u", l.file, l.line);
}

const char *s_kind(const Obj *o)
{
	u32 f = o->flags;
	switch (o->kind) {
	case ObjPkgName: return "package name";
	case ObjConst: return "constant";
	case ObjTypeName:
		if (o->type && (o->type->kind == KindAlias || (o->type->kind <= KindLastBasic && (o->pkg ? o->type->kind != KindUnsafePointer :
		    !strcmp(o->name->s, "byte") || !strcmp(o->name->s, "rune")))))
			return "type alias";
		return o->type && o->type->kind == KindTypeParam ? "type parameter" : "defined type";
	case ObjVar:
		return f & ObjIsField ? "struct field" : f & ObjGlobal ? "package-level variable" : f & ObjIsRecv ? "receiver" :
			f & ObjIsResult ? "result variable" : f & ObjIsParam ? "parameter" : "local variable";
	case ObjFunc:
		return o->type && o->type->kind == KindFunc && o->type->fn.recv ? "method" : "function";
	case ObjLabel: return "label";
	case ObjBuiltin: return "built-in function";
	case ObjNil: return "untyped nil";
	}
	return "unknown symbol";
}

const char *s_term(Check *c, UnionTerm t)
{
	Buf b = { .ar = c->ar };
	print_type(&b, c->k, t.type, QualPath, NULL, PrintPath);
	return s_fmt(c, "%s%s", t.tilde ? "~" : "", buf_str(&b));
}

const char *s_terms(Check *c, const TypeSet *s)
{
	if (s->all)
		return "𝓤";
	if (!s->nterm)
		return "∅";
	Buf b = { .ar = c->ar };
	for (u32 i = 0; i < s->nterm; i++)
		buf_printf(&b, "%s%s", i ? " | " : "", s_term(c, s->term[i]));
	return buf_str(&b);
}

const char *s_func(Check *c, Obj *f, bool pkginfo)
{
	Buf b = { .ar = c->ar };
	buf_puts(&b, f->name->s);
	print_sig(&b, c->k, f->type, pkginfo ? QualPath : QualError, c->pkg, PrintNoNames | (pkginfo ? PrintPkgInfo | PrintPath : 0));
	return buf_str(&b);
}
