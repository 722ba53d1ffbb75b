/* lookup: finding fields and methods through embedding, method sets, and what it takes to implement an interface.
 *
 * Lookup goes breadth first over embedded types, one depth at a time. Every type met is kept in one array with the index of the entry it
 * was embedded in, so that the path to the result is read off backwards.
 */
#include <stdatomic.h>
#include "check.h"
#include "table.h"

typedef struct Emb {
	Type *t;
	i32 parent;                /* entry whose field this is, -1 for the start */
	u16 field;
	bool indirect, multiple;
} Emb;

typedef struct Search {
	VEC(Emb) v;
	VEC(Type *) seen;
	Arena *ar;
} Search;

static Selection *make_path(Search *s, i32 at, u32 last, bool field, Obj *o, Type *recv, bool indirect)
{
	u32 n = field;
	for (i32 i = at; s->v.a[i].parent >= 0; i = s->v.a[i].parent)
		n++;
	Selection *r = arena_alloc(s->ar, sizeof *r + n * sizeof *r->path, _Alignof(Selection));
	r->kind = field ? SelField : SelMethodVal;
	r->npath = n;
	r->obj = o;
	r->recv = recv;
	r->indirect = indirect;
	if (field)
		r->path[--n] = last;
	for (i32 i = at; s->v.a[i].parent >= 0; i = s->v.a[i].parent)
		r->path[--n] = s->v.a[i].field;
	return r;
}

static bool seen_before(Search *s, Type *n)
{
	for (u32 i = 0; i < s->seen.n; i++)
		if (s->seen.a[i] == n)
			return true;
	vec_push(s->ar, &s->seen, n);
	return false;
}

static bool matches(const Obj *o, const Pkg *pkg, const Name *name, bool fold)
{
	return fold ? name_same_fold(o, pkg, name) : o->name == name && name_same(o, pkg, name);
}

static Obj *find_declared(Check *c, Checker *k, Type *n, const Pkg *pkg, const Name *name, bool fold)
{
	Type *g = n->named.origin;
	const Pkg *own = g->named.obj->pkg;
	if (!(own == pkg || name->exported || fold || (own && pkg && !strcmp(own->path, pkg->path))))
		return NULL;
	for (u32 i = 0; i < g->named.nmethod; i++) {
		Obj *m = g->named.method[i];
		if (m->name == name || (fold && name_same_fold(m, pkg, name)))
			return named_method(c, k, n, i);
	}
	return NULL;
}

static void push_embedded(Checker *k, Search *s, u32 level, Emb e)
{
	for (u32 i = level; i < s->v.n; i++) {
		if (s->v.a[i].t == e.t || (s->v.a[i].t->kind == e.t->kind && types_identical(k, s->v.a[i].t, e.t))) {
			s->v.a[i].multiple = true;
			return;
		}
	}
	vec_push(s->ar, &s->v, e);
}

/* One depth: entries [lo, hi). Returns 1 found, 0 not, -1 ambiguous. */
static int search_level(Check *c, Checker *k, Search *s, u32 lo, u32 hi, const Pkg *pkg, const Name *name, bool fold, Obj **obj, i32 *at, u32 *idx)
{
	*obj = NULL;
	for (u32 i = lo; i < hi; i++) {
		Emb e = s->v.a[i];
		Type *n = type_named(e.t);
		Obj *m = NULL;
		if (n) {
			if (seen_before(s, n))
				continue;
			m = find_declared(c, k, n, pkg, name, fold);
		}
		Type *u = m ? NULL : types_under(e.t);
		if (u && u->kind == KindStruct) {
			for (u32 j = 0; j < u->st.n; j++) {
				Obj *f = u->st.field[j];
				if (matches(f, pkg, name, fold)) {
					if (*obj || e.multiple)
						return -1;
					*obj = f;
					*at = (i32)i;
					*idx = j;
				} else if (!*obj && (f->flags & ObjEmbedded)) {
					bool ptr;
					Type *ft = type_deref(f->type, &ptr);
					push_embedded(k, s, hi, (Emb){ ft, (i32)i, j, e.indirect || ptr, e.multiple });
				}
			}
			continue;
		}
		if (u && u->kind == KindInterface) {
			TypeSet *ts = typeset_compute(NULL, k, 0, u);
			for (u32 j = 0; !m && j < ts->nmethod; j++)
				if (matches(ts->method[j], pkg, name, fold))
					m = ts->method[j];
		}
		if (m) {
			if (*obj || e.multiple)
				return -1;
			*obj = m;
			*at = (i32)i;
		}
	}
	return *obj != NULL;
}

static LookupResult search(Check *c, Checker *k, Arena *ar, Type *t, bool addressable, const Pkg *pkg, const Name *name, bool fold)
{
	LookupResult none = { 0 };
	if (name_blank(name))
		return none;
	bool ptr;
	Type *base = type_deref(t, &ptr);
	if (ptr && types_under(base)->kind == KindInterface)
		return none;
	Search s = { .ar = ar };
	vec_push(ar, &s.v, (Emb){ base, -1, 0, ptr, false });
	for (u32 lo = 0, hi = 1; lo < hi; lo = hi, hi = s.v.n) {
		Obj *o;
		i32 at = 0;
		u32 idx = 0;
		int r = search_level(c, k, &s, lo, hi, pkg, name, fold, &o, &at, &idx);
		if (r < 0)
			return (LookupResult){ .ambiguous = true };
		if (r > 0) {
			bool indirect = s.v.a[at].indirect;
			if (o->kind == ObjFunc && (o->flags & ObjPtrRecv) && !indirect && !addressable)
				return (LookupResult){ .indirect = true };
			Selection *sel = make_path(&s, at, idx, o->kind == ObjVar, o, t, indirect);
			return (LookupResult){ .obj = o, .sel = sel, .indirect = indirect };
		}
	}
	return none;
}

/* named_ptr: a defined pointer type has the fields, but not the methods, of what it points to. */
LookupResult lookup_member(Check *c, Checker *k, Arena *ar, Type *t, bool addressable, const Pkg *pkg, const Name *name, bool fold, bool named_ptr)
{
	Type *n = named_ptr ? type_named(t) : NULL;
	if (n) {
		Type *u = types_under(n);
		if (u->kind == KindPointer) {
			LookupResult r = search(c, k, ar, u, false, pkg, name, fold);
			if (r.obj && r.obj->kind == ObjFunc)
				return (LookupResult){ 0 };
			if (r.sel)
				r.sel->recv = t;
			return r;
		}
	}
	return search(c, k, ar, t, addressable, pkg, name, fold);
}

LookupResult check_lookup_member(Check *c, Type *t, bool addressable, Pkg *pkg, Name *name, bool fold)
{
	return lookup_member(c, c->k, c->ar, t, addressable, pkg, name, fold, true);
}

Selection *types_lookup(Checker *k, Arena *a, Type *t, bool addressable, Pkg *from, Name *name)
{
	LookupResult r = lookup_member(NULL, k, a, t, addressable, from, name, false, true);
	return r.sel;
}

/* ---- method sets ---- */

typedef struct Names { VEC(Obj *) v; VEC(Type *) seen; Arena *ar; Map have; } Names;

static void collect_names(Names *s, Checker *k, Type *t)
{
	bool ptr;
	t = type_deref(t, &ptr);
	Type *n = type_named(t);
	if (n) {
		for (u32 i = 0; i < s->seen.n; i++)
			if (s->seen.a[i] == n)
				return;
		vec_push(s->ar, &s->seen, n);
		Type *g = n->named.origin;
		for (u32 i = 0; i < g->named.nmethod; i++)
			vec_push(s->ar, &s->v, g->named.method[i]);
	}
	Type *u = types_under(t);
	if (u->kind == KindInterface && !ptr) {
		TypeSet *ts = types_typeset(k, u);
		for (u32 i = 0; i < ts->nmethod; i++)
			vec_push(s->ar, &s->v, ts->method[i]);
	} else if (u->kind == KindStruct) {
		for (u32 i = 0; i < u->st.n; i++)
			if (u->st.field[i]->flags & ObjEmbedded)
				collect_names(s, k, u->st.field[i]->type);
	}
}

static void sort_objs(Arena *ar, Obj **v, u32 n)
{
	Obj **tmp = arena_array(ar, Obj *, n);
	for (u32 w = 1; w < n; w *= 2) {
		for (u32 lo = 0; lo < n; lo += 2 * w) {
			u32 mid = lo + w < n ? lo + w : n, hi = lo + 2 * w < n ? lo + 2 * w : n, i = lo, j = mid, o = lo;
			while (i < mid || j < hi)
				tmp[o++] = i < mid && (j >= hi || obj_cmp(v[i], v[j]) <= 0) ? v[i++] : v[j++];
		}
		memcpy(v, tmp, n * sizeof *v);
	}
}

typedef struct MsetMemo { Type *t; MethodSet set; } MsetMemo;
static bool mset_eq(void *val, void *key) { return ((MsetMemo *)val)->t == key; }

MethodSet *types_methodset(Checker *k, Type *t)
{
	t = types_canon(k, t);
	Tables *tab = k->priv;
	u64 h = hash_mix((u64)(uintptr_t)t, 77);
	Entry *e = table_find(&tab->methods, h, mset_eq, t);
	if (e)
		return &((MsetMemo *)e->val)->set;
	_Alignas(16) char room[4096];            /* enough nearly always */
	Arena tmp = { .p = room, .end = room + sizeof room };
	Names s = { .ar = &tmp };
	bool defptr = t->kind == KindNamed && types_under(t)->kind == KindPointer;
	if (!defptr)
		collect_names(&s, k, t);
	sort_objs(&tmp, s.v.a, s.v.n);
	MsetMemo *m = k_new(k, MsetMemo);
	m->t = t;
	m->set.m = k_array(k, MethodEntry, s.v.n);
	for (u32 i = 0; i < s.v.n; i++) {
		Obj *o = s.v.a[i];
		if (name_blank(o->name) || (i > 0 && obj_cmp(s.v.a[i - 1], o) == 0))
			continue;
		LookupResult r = search(NULL, k, &tmp, t, false, o->pkg, o->name, false);
		if (!r.obj || r.obj->kind != ObjFunc)
			continue;
		size_t size = sizeof(Selection) + r.sel->npath * sizeof(u16);
		Selection *sel = k_alloc(k, size, _Alignof(Selection));
		memcpy(sel, r.sel, size);
		m->set.m[m->set.n++] = (MethodEntry){ r.obj, sel, r.obj->type };
	}
	arena_free(&tmp);
	return &((MsetMemo *)table_add(k, &tab->methods, h, mset_eq, t, m))->set;
}

/* ---- implementing ---- */

bool type_is_interface_ptr(Type *t)
{
	Type *u = types_under(t);
	return u->kind == KindPointer && types_under(u->elem)->kind == KindInterface;
}

static const char *iface_ptr_error(Check *c, Type *t)
{
	Type *u = types_under(t);
	if (type_is_tparam(u->elem))
		return s_fmt(c, "type %s is pointer to type parameter, not type parameter", s_type(c, t));
	return s_fmt(c, "type %s is pointer to interface, not interface", s_type(c, t));
}

typedef enum Miss { MissNone, MissNotFound, MissWrongName, MissUnexported, MissWrongSig, MissAmbiguous, MissPtrRecv, MissField } Miss;

static const char *miss_cause(Check *c, Miss why, Type *v, Type *t, Obj *m, Obj *f)
{
	const char *name = m->name->s;
	switch (why) {
	case MissNotFound:
		if (type_is_interface_ptr(v))
			return s_fmt(c, "(%s)", iface_ptr_error(c, v));
		if (type_is_interface_ptr(t))
			return s_fmt(c, "(%s)", iface_ptr_error(c, t));
		return s_fmt(c, "(missing method %s)", name);
	case MissWrongName:
		return s_fmt(c, "(missing method %s)\n\t\thave %s\n\t\twant %s", name, s_func(c, f, false), s_func(c, m, false));
	case MissUnexported:
		return s_fmt(c, "(unexported method %s)", name);
	case MissWrongSig: {
		const char *fs = s_func(c, f, false), *ms = s_func(c, m, false);
		if (!strcmp(fs, ms)) {
			fs = s_func(c, f, true);
			ms = s_func(c, m, true);
		}
		if (!strcmp(fs, ms))
			return s_fmt(c, "(wrong type for method %s)", name);
		return s_fmt(c, "(wrong type for method %s)\n\t\thave %s\n\t\twant %s", name, fs, ms);
	}
	case MissAmbiguous:
		return s_fmt(c, "(ambiguous selector %s.%s)", s_type(c, v), name);
	case MissPtrRecv:
		return s_fmt(c, "(method %s has pointer receiver)", name);
	case MissField:
		return s_fmt(c, "(%s.%s is a field, not a method)", s_type(c, v), name);
	default:
		return "";
	}
}

static void need_sig(Check *c, Obj *f)
{
	if (c && f && !f->type)
		check_obj(c, f);
}

static Miss find_miss(Check *c, Checker *k, Arena *ar, Type *v, Obj *m, EquivFn *eq, void *arg, Obj **f)
{
	LookupResult r = search(c, k, ar, v, false, m->pkg, m->name, false);
	if (!r.obj) {
		if (r.ambiguous)
			return MissAmbiguous;
		if (r.indirect)
			return MissPtrRecv;
		r = search(c, k, ar, v, false, m->pkg, m->name, true);
		*f = r.obj && r.obj->kind == ObjFunc ? r.obj : NULL;
		return !*f ? MissNotFound : (*f)->name == m->name ? MissUnexported : MissWrongName;
	}
	if (r.obj->kind != ObjFunc) {
		*f = NULL;
		return MissField;
	}
	*f = r.obj;
	need_sig(c, *f);
	return eq(arg, (*f)->type, m->type) ? MissNone : MissWrongSig;
}

Obj *missing_method(Check *c, Checker *k, Type *v, Type *t, bool static_, EquivFn *eq, void *arg, bool *wrongtype, const char **cause)
{
	TypeSet *want = types_typeset(k, types_under(t));
	if (wrongtype)
		*wrongtype = false;
	if (!want->nmethod)
		return NULL;
	_Alignas(16) char room[4096];            /* enough nearly always */
	Arena tmp = { .p = room, .end = room + sizeof room };
	Miss why = MissNone;
	Obj *m = NULL, *f = NULL;
	Type *vu = types_under(v);
	for (u32 i = 0; why == MissNone && i < want->nmethod; i++) {
		m = want->method[i];
		if (vu->kind != KindInterface) {
			if (tmp.chunk)
				arena_reset(&tmp);
			else
				tmp.p = room;
			why = find_miss(c, k, &tmp, v, m, eq, arg, &f);
			continue;
		}
		TypeSet *have = types_typeset(k, vu);
		f = NULL;
		for (u32 j = 0; !f && j < have->nmethod; j++)
			if (name_same(have->method[j], m->pkg, m->name))
				f = have->method[j];
		if (!f)
			why = static_ ? MissNotFound : MissNone;
		else if (f != m && !eq(arg, f->type, m->type))
			why = MissWrongSig;
	}
	arena_free(&tmp);
	if (why == MissNone)
		return NULL;
	need_sig(c, f);
	if (cause && c)
		*cause = miss_cause(c, why, v, t, m, f);
	if (wrongtype)
		*wrongtype = why == MissWrongSig || why == MissPtrRecv;
	return m;
}

static bool identical_eq(void *arg, Type *x, Type *y) { return types_identical(arg, x, y); }

Obj *check_missing_method(Check *c, Type *v, Type *t, bool static_, bool *wrongtype, const char **cause)
{
	return missing_method(c, c->k, v, t, static_, identical_eq, c->k, wrongtype, cause);
}

typedef struct SeenS { Type *t; struct SeenS *prev; } SeenS;

static bool invalid_embedded(Type *t, SeenS *seen)
{
	Type *u = types_under(t);
	if (u->kind == KindPointer && types_under(u->elem)->kind == KindStruct)
		u = types_under(u->elem);
	if (u->kind != KindStruct)
		return false;
	for (SeenS *s = seen; s; s = s->prev)
		if (s->t == u)
			return false;
	SeenS here = { u, seen };
	for (u32 i = 0; i < u->st.n; i++) {
		Obj *f = u->st.field[i];
		if ((f->flags & ObjEmbedded) && (type_is_invalid(f->type) || invalid_embedded(f->type, &here)))
			return true;
	}
	return false;
}

bool has_all_methods(Check *c, Checker *k, Type *v, Type *t, bool static_, EquivFn *eq, void *arg, const char **cause)
{
	if (type_is_invalid(v))
		return true;
	return !missing_method(c, k, v, t, static_, eq, arg, NULL, cause) || invalid_embedded(v, NULL);
}

static bool mentions(Checker *k, Type *t, Type *v)
{
	if (t->kind == KindInterface) {
		for (u32 i = 0; i < t->iface.nembed; i++)
			if (mentions(k, t->iface.embed[i], v))
				return true;
		return false;
	}
	if (t->kind == KindUnion) {
		for (u32 i = 0; i < t->un.n; i++)
			if (mentions(k, t->un.term[i].type, v))
				return true;
		return false;
	}
	return types_identical(k, t, v);
}

#define CAUSE(...) (cause && c ? (void)(*cause = s_fmt(c, __VA_ARGS__)) : (void)0)

static bool satisfies_comparable(Check *c, Checker *k, Type *v, TypeSet *ts, bool constraint, const char *verb, const char **cause)
{
	bool want = ts->all ? ts->comparable : ts->nterm > 0;
	for (u32 i = 0; want && !ts->all && i < ts->nterm; i++)
		want = type_comparable(k, ts->term[i].type, false, NULL, NULL, NULL);
	if (!want || type_comparable(k, v, false, NULL, NULL, NULL))
		return true;
	if (constraint && type_comparable(k, v, true, NULL, NULL, NULL)) {
		if (!c || check_allowed(c, 20))
			return true;
		CAUSE("%s to %s comparable requires go1.20 or later", s_type(c, v), verb);
		return false;
	}
	CAUSE("%s does not %s comparable", s_type(c, v), verb);
	return false;
}

bool implements(Check *c, Checker *k, Type *v, Type *t, bool constraint, const char **cause)
{
	Type *vu = types_under(v), *tu = types_under(t);
	if (type_is_invalid(vu) || type_is_invalid(tu))
		return true;
	if (vu->kind == KindPointer && type_is_invalid(types_under(vu->elem)))
		return true;
	const char *verb = constraint ? "satisfy" : "implement";
	if (tu->kind != KindInterface) {
		if (cause && c) {
			const char *d = type_is_interface_ptr(tu) ? s_fmt(c, "type %s is pointer to interface, not interface", s_type(c, t)) :
				s_fmt(c, "%s is not an interface", s_type(c, t));
			CAUSE("%s does not %s %s (%s)", s_type(c, v), verb, s_type(c, t), d);
		}
		return false;
	}
	/* v's set first: the order shows when invalid interfaces embed each other */
	TypeSet *vs = vu->kind == KindInterface ? types_typeset(k, vu) : NULL;
	TypeSet *ts = types_typeset(k, tu);
	if (typeset_is_method_set(ts) && !ts->nmethod)
		return true;
	if (vs && typeset_empty(vs))
		return true;
	if (typeset_empty(ts)) {
		CAUSE("cannot %s %s (empty type set)", verb, s_type(c, t));
		return false;
	}
	const char *why = "";
	if (!has_all_methods(c, k, v, t, true, identical_eq, k, cause ? &why : NULL)) {
		CAUSE("%s does not %s %s %s", s_type(c, v), verb, s_type(c, t), why);
		return false;
	}
	if (!typeset_has_terms(ts))
		return satisfies_comparable(c, k, v, ts, constraint, verb, cause);
	if (vs) {
		if (!typeset_subset(k, vs, ts)) {
			CAUSE("%s does not %s %s", s_type(c, v), verb, s_type(c, t));
			return false;
		}
		return satisfies_comparable(c, k, v, ts, constraint, verb, cause);
	}
	Type *alt = NULL;
	for (u32 i = 0; i < ts->nterm; i++) {
		UnionTerm x = ts->term[i];
		if (term_includes(k, x, v))
			return satisfies_comparable(c, k, v, ts, constraint, verb, cause);
		if (!alt && !x.tilde && types_identical(k, x.type, types_under(x.type)) && term_includes(k, (UnionTerm){ x.type, true }, v))
			alt = x.type;
	}
	if (cause && c) {
		const char *d;
		if (alt)
			d = s_fmt(c, "possibly missing ~ for %s in %s", s_type(c, alt), s_type(c, t));
		else if (mentions(k, tu, v))
			d = s_fmt(c, "%s mentions %s, but %s is not in the type set of %s", s_type(c, t), s_type(c, v), s_type(c, v), s_type(c, t));
		else
			d = s_fmt(c, "%s missing in %s", s_type(c, v), s_terms(c, ts));
		CAUSE("%s does not %s %s (%s)", s_type(c, v), verb, s_type(c, t), d);
	}
	return false;
}

bool check_implements(Check *c, Type *v, Type *t, bool constraint, const char **cause)
{
	return implements(c, c->k, v, t, constraint, cause);
}

bool check_assertable(Check *c, Type *v, Type *t, const char **cause)
{
	return types_is_interface(t) || has_all_methods(c, c->k, t, v, false, identical_eq, c->k, cause);
}

bool types_implements(Checker *k, Type *t, Type *iface, Obj **missing, bool *wrongtype)
{
	Obj *m = missing_method(NULL, k, t, iface, true, identical_eq, k, wrongtype, NULL);
	if (missing)
		*missing = m;
	return !m && implements(NULL, k, t, iface, false, NULL);
}

/* Assignability of a value (not an untyped constant) of type from. */
bool types_assignable(Checker *k, Type *from, Type *to)
{
	if (types_identical(k, from, to))
		return true;
	Type *fu = types_under(from), *tu = types_under(to);
	if (fu->kind == KindUntypedNil)
		return type_has_nil(to);
	bool named = type_has_name(from) && type_has_name(to);
	if (!named && types_identical(k, fu, tu) && !type_is_tparam(from) && !type_is_tparam(to))
		return true;
	if (types_is_interface(to))
		return implements(NULL, k, from, to, false, NULL);
	return fu->kind == KindChan && tu->kind == KindChan && fu->dir == ChanBoth && !named && types_identical(k, fu->elem, tu->elem);
}
