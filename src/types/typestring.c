/* typestring: types and objects as text. Messages follow types2; link names and reflect's names follow gc.
 *
 * Link names are injective: identical types have equal names. Types declared inside functions carry the function's link name and the
 * offset of their declaration in it, after a middle dot.
 */
#include <stdatomic.h>
#include "check.h"
#include "table.h"

typedef struct Writer {
	Buf *b;
	Checker *k;
	QualMode q;
	Pkg *rel;
	int flags;
	bool pkginfo;
	Type **tparams; u32 ntparams;      /* bound by an enclosing generic signature (link names) */
	u32 depth;
} Writer;

static void put(Writer *w, Type *t);

/* ---- package prefixes ---- */

static void note_imports(Map *seen, Map *qual, Arena *ar, Pkg *p)
{
	if (!p || !p->name || map_getp(seen, p))
		return;
	map_putp(ar, seen, p, p);
	u64 *slot = map_slot(ar, qual, (u64)(uintptr_t)p->name);
	*slot = *slot ? 1 : (u64)(uintptr_t)p;
	for (u32 i = 0; i < p->nimport; i++)
		note_imports(seen, qual, ar, p->imports[i]);
}

static bool ambiguous(Checker *k, Pkg *rel, const Pkg *p)
{
	PkgPriv *v = rel->cpriv;
	if (!v)
		return false;
	Tables *tab = k->priv;
	lock_acquire(&tab->qual_lock);
	if (!v->have_qual) {
		Map seen = { 0 };
		note_imports(&seen, &v->qual, &tab->qual_arena, rel);
		v->have_qual = true;
	}
	bool r = map_getp(&v->qual, p->name) == (void *)1;
	lock_release(&tab->qual_lock);
	return r;
}

static void escape_path(Buf *b, const char *path)
{
	const char *slash = strrchr(path, '/');
	for (const char *s = path; *s; s++) {
		u8 ch = (u8)*s;
		if (ch <= ' ' || ch == '%' || ch == '"' || ch >= 0x7f || (ch == '.' && s > slash && slash) || (ch == '.' && !slash))
			buf_printf(b, "%%%02x", ch);
		else
			buf_putc(b, ch);
	}
}

static void put_pkg(Writer *w, const Pkg *p)
{
	if (!p)
		return;
	switch (w->q) {
	case QualError:
		if (p == w->rel || (w->rel && !strcmp(p->path, w->rel->path)))
			return;
		if (w->rel && ambiguous(w->k, w->rel, p))
			buf_printf(w->b, "\"%s\".", p->path);
		else
			buf_printf(w->b, "%s.", p->name->s);
		return;
	case QualName:
		buf_printf(w->b, "%s.", p->name->s);
		return;
	case QualPath:
		if (w->flags & PrintPath)
			buf_puts(w->b, p->path);
		else
			escape_path(w->b, p->path);
		buf_putc(w->b, '.');
	}
}

static bool link_style(const Writer *w) { return w->q != QualError && !(w->flags & PrintPath); }

/* ---- parts ---- */

static void put_quoted(Buf *b, const char *s)
{
	buf_putc(b, '"');
	for (const char *e = s + strlen(s); s < e;) {
		u32 r;
		int n = utf8_decode(s, e, &r);
		if (r == '"' || r == '\\')
			buf_printf(b, "\\%c", (int)r);
		else if (r == '\n')
			buf_puts(b, "\\n");
		else if (r == '\t')
			buf_puts(b, "\\t");
		else if (r == '\r')
			buf_puts(b, "\\r");
		else if (r == RUNE_ERROR && n == 1)
			buf_printf(b, "\\x%02x", (u8)*s);
		else if (r < 0x80 && (r < 0x20 || r == 0x7f))
			buf_printf(b, "\\x%02x", r);
		else if (!rune_is_print(r))
			buf_printf(b, r < 0x10000 ? "\\u%04x" : "\\U%08x", r);
		else
			buf_write(b, s, n);
		s += n;
	}
	buf_putc(b, '"');
}

static void put_list(Writer *w, Type **v, u32 n)
{
	/* the arguments are part of an instance's name, which has full paths even for reflect */
	QualMode q = w->q;
	if (q == QualName && link_style(w))
		w->q = QualPath;
	buf_putc(w->b, '[');
	for (u32 i = 0; i < n; i++) {
		if (i)
			buf_puts(w->b, link_style(w) ? "," : ", ");
		put(w, v[i]);
	}
	buf_putc(w->b, ']');
	w->q = q;
}

static void put_tparams(Writer *w, Type **v, u32 n)
{
	buf_putc(w->b, '[');
	Type *prev = NULL;
	for (u32 i = 0; i < n; i++) {
		Type *bound = v[i]->tparam.bound;
		if (i) {
			if (bound != prev) {
				buf_putc(w->b, ' ');
				put(w, prev);
			}
			buf_puts(w->b, ", ");
		}
		prev = bound;
		put(w, v[i]);
	}
	if (prev) {
		buf_putc(w->b, ' ');
		put(w, prev);
	}
	buf_putc(w->b, ']');
}

static void put_tuple(Writer *w, Type *t, bool variadic)
{
	buf_putc(w->b, '(');
	for (u32 i = 0; i < t->tuple.n; i++) {
		Obj *o = t->tuple.v[i];
		if (i)
			buf_puts(w->b, ", ");
		if (!link_style(w) && !(w->flags & PrintNoNames) && o->name && o->name->len)
			buf_printf(w->b, "%s ", o->name->s);
		if (variadic && i == t->tuple.n - 1) {
			Type *u = o->type;
			if (u && u->kind == KindSlice) {
				buf_puts(w->b, "...");
				put(w, u->elem);
			} else {
				put(w, u);
				buf_puts(w->b, "...");
			}
		} else {
			put(w, o->type);
		}
	}
	buf_putc(w->b, ')');
}

static void put_sig(Writer *w, Type *t)
{
	if (t->fn.ntparams)
		put_tparams(w, t->fn.tparams, t->fn.ntparams);
	put_tuple(w, t->fn.params, t->variadic);
	Type *r = t->fn.results;
	if (!r->tuple.n)
		return;
	buf_putc(w->b, ' ');
	bool named = !link_style(w) && !(w->flags & PrintNoNames) && r->tuple.v[0]->name && r->tuple.v[0]->name->len;
	/* types2 asks for the result's name even when it leaves names out */
	if (!link_style(w) && r->tuple.v[0]->name && r->tuple.v[0]->name->len)
		named = true;
	if (r->tuple.n == 1 && !named)
		put(w, r->tuple.v[0]->type);
	else
		put_tuple(w, r, false);
}

/* Whether an embedded field's name says more than its type: names of aliases, unexported names that belong to another package. */
static bool odd_embedded(const Obj *f)
{
	bool ptr;
	Type *t = types_unalias(type_deref(f->type, &ptr));
	const Obj *o = t->kind == KindNamed ? t->named.obj : NULL;
	if (!o)
		return !f->name->exported || t->kind > KindLastBasic;
	return o->name != f->name || (!f->name->exported && o->pkg != f->pkg);
}

static void put_struct(Writer *w, Type *t)
{
	bool link = link_style(w);
	buf_puts(w->b, link ? t->st.n ? "struct { " : "struct {" : "struct{");
	for (u32 i = 0; i < t->st.n; i++) {
		Obj *f = t->st.field[i];
		bool note = w->pkginfo && !f->name->exported;
		if (i)
			buf_puts(w->b, "; ");
		if (note)
			w->pkginfo = false;
		if (!(f->flags & ObjEmbedded)) {
			if (w->q == QualPath && link && !f->name->exported && f->pkg)
				put_pkg(w, f->pkg);
			buf_printf(w->b, "%s ", f->name->s);
		} else if (w->q == QualPath && link && odd_embedded(f)) {
			buf_putc(w->b, '?');
			put_pkg(w, f->pkg);
			buf_printf(w->b, "%s ", f->name->s);
		}
		put(w, f->type);
		if (note)
			buf_printf(w->b, " /* package %s */ ", f->pkg->path);
		if (t->st.tag && t->st.tag[i] && *t->st.tag[i]) {
			buf_putc(w->b, ' ');
			put_quoted(w->b, t->st.tag[i]);
		}
	}
	buf_puts(w->b, link && t->st.n ? " }" : "}");
}

static void put_iface_link(Writer *w, Type *t)
{
	TypeSet *s = types_typeset(w->k, t);
	if (typeset_is_method_set(s) && !s->nmethod) {
		buf_puts(w->b, "interface {}");
		return;
	}
	buf_puts(w->b, "interface { ");
	bool sep = false;
	if (s->comparable) {
		buf_puts(w->b, "comparable");
		sep = true;
	}
	for (u32 i = 0; i < s->nmethod; i++) {
		if (sep)
			buf_puts(w->b, "; ");
		sep = true;
		if (!s->method[i]->name->exported)
			put_pkg(w, s->method[i]->pkg);
		buf_puts(w->b, s->method[i]->name->s);
		put_sig(w, s->method[i]->type);
	}
	for (u32 i = 0; !s->all && i < s->nterm; i++) {
		buf_puts(w->b, i ? " | " : sep ? "; " : "");
		buf_puts(w->b, s->term[i].tilde ? "~" : "");
		put(w, s->term[i].type);
	}
	buf_puts(w->b, " }");
}

static void put_iface(Writer *w, Type *t)
{
	if (link_style(w)) {
		put_iface_link(w, t);
		return;
	}
	if (t == w->k->t_any->alias.rhs) {
		buf_puts(w->b, "any");
		return;
	}
	if (t == w->k->t_comparable->named.under) {
		buf_puts(w->b, "interface{comparable}");
		return;
	}
	if (t->iface.implicit) {
		if (!t->iface.nmethod && t->iface.nembed == 1) {
			put(w, t->iface.embed[0]);
			return;
		}
		buf_puts(w->b, "/* implicit */ ");
	}
	buf_puts(w->b, "interface{");
	bool sep = false;
	for (u32 i = 0; i < t->iface.nmethod; i++) {
		if (sep)
			buf_puts(w->b, "; ");
		sep = true;
		buf_puts(w->b, t->iface.method[i]->name->s);
		put_sig(w, t->iface.method[i]->type);
	}
	for (u32 i = 0; i < t->iface.nembed; i++) {
		if (sep)
			buf_puts(w->b, "; ");
		sep = true;
		put(w, t->iface.embed[i]);
	}
	buf_putc(w->b, '}');
}

static bool is_local_type(const Obj *o)
{
	return o->pkg && o->pkg->scope && o->parent != o->pkg->scope && !(o->flags & ObjGlobal);
}

/* ---- numbers of local types ---- */

typedef struct LocalTypes { const File *f; u32 n; Pos pos[]; } LocalTypes;   /* type declarations inside bodies, in order */
static bool locals_eq(void *val, void *key) { return ((LocalTypes *)val)->f == key; }

static bool is_top_level(const File *f, NodeId n)
{
	u32 lo = 0, hi = list_len(f, f->decls);
	while (lo < hi) {                       /* declarations are made in the order they stand in */
		u32 mid = lo + (hi - lo) / 2;
		NodeId d = list_at(f, f->decls, mid);
		if (d == n)
			return true;
		if (d < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static const LocalTypes *local_types(Checker *k, const File *f)
{
	Tables *tab = k->priv;
	u64 h = hash_mix((u64)(uintptr_t)f, 7);
	Entry *e = table_find(&tab->locals, h, locals_eq, (void *)(uintptr_t)f);
	if (e)
		return e->val;
	u32 n = 0;
	for (NodeId i = 1; i < f->nnode; i++)
		n += node_kind(f, i) == NodeTypeDecl;
	LocalTypes *l = k_alloc(k, sizeof *l + n * sizeof l->pos[0], 8);
	*l = (LocalTypes){.f = f};
	for (NodeId i = 1; i < f->nnode; i++)
		if (node_kind(f, i) == NodeTypeDecl && !(node_at(f, i)->flag & FlagAlias) && !is_top_level(f, i))
			l->pos[l->n++] = node_at(f, node_at(f, i)->a)->pos;
	return table_add(k, &tab->locals, h, locals_eq, (void *)(uintptr_t)f, l);
}

/* Counting from 1 through the files of the package, as gc numbers them: names of local types end in it. */
static u32 local_number(Checker *k, const Obj *o)
{
	u32 n = 0;
	for (u32 i = 0; i < o->pkg->nfile; i++) {
		const File *f = o->pkg->file[i];
		const LocalTypes *l = local_types(k, f);
		if (o->pos < f->src->base || o->pos > f->src->base + f->src->size) {
			n += l->n;
			continue;
		}
		for (u32 j = 0; j < l->n && l->pos[j] <= o->pos; j++)
			n++;
		return n;
	}
	bug("local type %s of no file", o->name->s);
}

static void put_typename(Writer *w, Obj *o)
{
	put_pkg(w, o->pkg);
	buf_puts(w->b, o->name->s);
}

/* Arguments of an instance. Those of the function around a local type come first in its name, and last in the instance. */
static void put_named_targs(Writer *w, Type *t)
{
	u32 n = t->named.origin->named.ntparams, all = t->named.ntargs;
	if (!n || all <= n) {
		put_list(w, t->named.targs, all);
		return;
	}
	Buf *b = w->b;
	put_list(w, t->named.targs + n, all - n);
	b->n--;                                 /* the bracket */
	buf_puts(b, ";");
	u32 at = b->n;
	put_list(w, t->named.targs, n);
	memmove(b->a + at, b->a + at + 1, b->n - at - 1);
	b->n--;
}

static void put_chan(Writer *w, Type *t)
{
	bool parens = t->dir == ChanBoth && t->elem->kind == KindChan && t->elem->dir == ChanRecvOnly;
	buf_puts(w->b, t->dir == ChanBoth ? "chan " : t->dir == ChanSendOnly ? "chan<- " : "<-chan ");
	if (parens)
		buf_putc(w->b, '(');
	put(w, t->elem);
	if (parens)
		buf_putc(w->b, ')');
}

static void put_tparam(Writer *w, Type *t)
{
	Obj *o = t->tparam.obj;
	if (link_style(w)) {
		buf_printf(w->b, "%s$%u", o->name->s, w->q == QualPath ? t->id : t->tparam.index);
		return;
	}
	buf_puts(w->b, o->name->s);
	if (w->flags & PrintSubscripts)
		buf_printf(w->b, "_%u", t->tparam.index);
	if (scope_find(w->k->universe, o->name)) {
		SrcLoc l = pos_loc(o->pos);
		buf_printf(w->b, " /* with %s declared at %s:%u:%u */", o->name->s, l.file ? l.file : "", l.line, l.col);
	}
}

static void put(Writer *w, Type *t)
{
	if (!t) {
		buf_puts(w->b, "<nil>");
		return;
	}
	if (w->depth > (link_style(w) ? 20000 : 100)) {      /* link names tell all types apart */
		buf_puts(w->b, "...");
		return;
	}
	w->depth++;
	if (link_style(w))
		t = types_unalias(t);
	switch (t->kind) {
	default:
		if (t->kind == KindUnsafePointer)
			put_pkg(w, w->k->unsafe_pkg);
		buf_puts(w->b, link_style(w) ? basic_name(w->k, w->k->typ[t->kind]) : basic_name(w->k, t));
		break;
	case KindArray:
		buf_printf(w->b, "[%lld]", (long long)t->len);
		put(w, t->elem);
		break;
	case KindSlice:
		buf_puts(w->b, "[]");
		put(w, t->elem);
		break;
	case KindPointer:
		buf_putc(w->b, '*');
		put(w, t->elem);
		break;
	case KindMap:
		buf_puts(w->b, "map[");
		put(w, t->key);
		buf_putc(w->b, ']');
		put(w, t->elem);
		break;
	case KindChan: put_chan(w, t); break;
	case KindStruct: put_struct(w, t); break;
	case KindTuple: put_tuple(w, t, false); break;
	case KindFunc:
		buf_puts(w->b, "func");
		put_sig(w, t);
		break;
	case KindInterface: put_iface(w, t); break;
	case KindUnion:
		for (u32 i = 0; i < t->un.n; i++) {
			buf_puts(w->b, i ? " | " : "");
			buf_puts(w->b, t->un.term[i].tilde ? "~" : "");
			put(w, t->un.term[i].type);
		}
		break;
	case KindNamed:
		put_typename(w, t->named.obj);
		if (t->named.ntargs && (link_style(w) || t->named.origin->named.ntparams))
			put_named_targs(w, t);
		else if (t->named.ntparams && !link_style(w))
			put_tparams(w, t->named.tparams, t->named.ntparams);
		if (link_style(w) && w->q == QualPath && is_local_type(t->named.obj))
			buf_printf(w->b, "\xc2\xb7%u", local_number(w->k, t->named.obj));
		break;
	case KindTypeParam: put_tparam(w, t); break;
	case KindAlias:
		put_typename(w, t->alias.obj);
		if (t->alias.ntargs)
			put_list(w, t->alias.targs, t->alias.ntargs);
		else if (t->alias.ntparams)
			put_tparams(w, t->alias.tparams, t->alias.ntparams);
	}
	w->depth--;
}

void print_type(Buf *b, Checker *k, Type *t, QualMode q, Pkg *rel, int flags)
{
	Writer w = { .b = b, .k = k, .q = q, .rel = rel, .flags = flags, .pkginfo = flags & PrintPkgInfo };
	put(&w, t);
}

void print_sig(Buf *b, Checker *k, Type *sig, QualMode q, Pkg *rel, int flags)
{
	Writer w = { .b = b, .k = k, .q = q, .rel = rel, .flags = flags, .pkginfo = flags & PrintPkgInfo };
	put_sig(&w, sig);
}

void types_print(Buf *b, Checker *k, Type *t, QualMode q, const Pkg *rel)
{
	print_type(b, k, t, q, (Pkg *)rel, 0);
}

/* ---- objects ---- */

static void put_funcname(Writer *w, Obj *f)
{
	Type *s = f->type;
	if (s && s->kind == KindFunc && s->fn.recv) {
		buf_putc(w->b, '(');
		if (s->fn.recv->type->kind == KindInterface)
			buf_puts(w->b, "interface");
		else
			put(w, s->fn.recv->type);
		buf_puts(w->b, ").");
	} else {
		put_pkg(w, f->pkg);
	}
	buf_puts(w->b, f->name->s);
}

void obj_print(Buf *b, Checker *k, Obj *o, QualMode q, const Pkg *rel)
{
	Writer w = { .b = b, .k = k, .q = q, .rel = (Pkg *)rel };
	Type *t = o->type;
	switch (o->kind) {
	case ObjPkgName:
		buf_printf(b, "package %s", o->name->s);
		if (o->pkgname.imported && *o->pkgname.imported->path && strcmp(o->pkgname.imported->path, o->name->s))
			buf_printf(b, " (\"%s\")", o->pkgname.imported->path);
		return;
	case ObjFunc:
		buf_puts(b, "func ");
		put_funcname(&w, o);
		if (t && t->kind == KindFunc)
			put_sig(&w, t);
		return;
	case ObjNil: buf_puts(b, "nil"); return;
	case ObjConst: buf_puts(b, "const"); break;
	case ObjTypeName: buf_puts(b, t && t->kind == KindTypeParam ? "type parameter" : "type"); break;
	case ObjVar: buf_puts(b, o->flags & ObjIsField ? "field" : "var"); break;
	case ObjLabel: buf_puts(b, "label"); t = NULL; break;
	case ObjBuiltin: buf_puts(b, "builtin"); t = NULL; break;
	}
	buf_putc(b, ' ');
	if (o->pkg && o->pkg->scope && scope_find(o->pkg->scope, o->name) == o)
		put_pkg(&w, o->pkg);
	buf_puts(b, o->name->s);
	if (!t)
		return;
	if (o->kind == ObjTypeName) {
		if (t->kind <= KindLastBasic)
			return;
		if (t->kind == KindNamed && !t->named.ntargs && t->named.ntparams)
			put_tparams(&w, t->named.tparams, t->named.ntparams);
		if (t->kind == KindAlias) {
			if (t->alias.ntparams)
				put_tparams(&w, t->alias.tparams, t->alias.ntparams);
			buf_puts(b, " =");
			t = t->alias.rhs;
		} else if (t->kind == KindTypeParam) {
			t = t->tparam.bound;
		} else {
			t = types_under(t);
		}
	}
	buf_putc(b, ' ');
	put(&w, t);
}

/* ---- link names ---- */

typedef struct LinkMemo { Type *t; const char *name; } LinkMemo;
static bool link_eq(void *val, void *key) { return ((LinkMemo *)val)->t == key; }

const char *types_linkname(Checker *k, Type *t)
{
	t = types_canon(k, t);
	Tables *tab = k->priv;
	u64 h = hash_mix((u64)(uintptr_t)t, 99);
	Entry *e = table_find(&tab->linkname, h, link_eq, t);
	if (e)
		return ((LinkMemo *)e->val)->name;
	Arena tmp = { 0 };
	Buf b = { .ar = &tmp };
	print_type(&b, k, t, QualPath, NULL, 0);
	LinkMemo *m = k_new(k, LinkMemo);
	char *s = k_alloc(k, b.n + 1, 1);
	memcpy(s, buf_str(&b), b.n);
	m->t = t;
	m->name = s;
	arena_free(&tmp);
	return ((LinkMemo *)table_add(k, &tab->linkname, h, link_eq, t, m))->name;
}

static void put_targs(Buf *b, Checker *k, Type **targs, u32 n)
{
	if (!n)
		return;
	buf_putc(b, '[');
	for (u32 i = 0; i < n; i++)
		buf_printf(b, "%s%s", i ? "," : "", types_linkname(k, targs[i]));
	buf_putc(b, ']');
}

char *types_funcname(Checker *k, Arena *a, Obj *fn, Type **targs, u32 ntargs)
{
	Buf b = { .ar = a };
	if (fn->pkg) {
		escape_path(&b, fn->pkg->path);
		buf_putc(&b, '.');
	}
	Type *s = fn->type;
	Type *n = s && s->kind == KindFunc && s->fn.recv ? s->fn.recv->type : NULL;
	if (n) {
		bool ptr;
		n = types_unalias(type_deref(n, &ptr));
		buf_puts(&b, ptr ? "(*" : "");
		if (n->kind == KindNamed) {
			buf_puts(&b, n->named.obj->name->s);
			if (ntargs)
				put_targs(&b, k, targs, ntargs);
			else if (fn->fn.origin || !(n->flags & TypeHasTParam))
				put_targs(&b, k, n->named.targs, n->named.ntargs);
		}
		buf_puts(&b, ptr ? ")." : ".");
		buf_puts(&b, fn->name->s);
	} else {
		buf_puts(&b, fn->name->s);
		if (!strcmp(fn->name->s, "init") && fn->pkg)
			buf_printf(&b, ".%u", fn->index);   /* there may be several */
		put_targs(&b, k, targs, ntargs);
	}
	return (char *)buf_str(&b);
}
