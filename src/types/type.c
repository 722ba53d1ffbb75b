/* type: construction, identity and properties of types.
 *
 * Pointers, slices, arrays, maps and channels are hash-consed on their parts' nodes: one node for each spelling. Structs,
 * signatures, tuples, unions and interfaces carry objects with names and positions and are made afresh each time; what they
 * have in common is found by types_canon, which keeps one representative per identity class.
 *
 * Tables are arrays of lock-free chains: an entry is searched without a lock and pushed with compare-and-swap after the chain's new
 * part was searched too. Memory comes from a few locked arenas, so any thread may make types.
 *
 * Identity follows types2: structural comparison that treats a pair of interfaces met again as equal.
 */
#include "check.h"
#include "table.h"

/* ---- memory ---- */

void *k_alloc(Checker *k, size_t size, size_t align)
{
	Tables *p = k->priv;
	/* a thread keeps to one shard: stacks of threads lie far apart */
	uintptr_t h = (uintptr_t)__builtin_frame_address(0) >> 23;
	Shard *s = &p->shard[(h ^ h >> 4) % nelem(p->shard)];
	lock_acquire(&s->lock);
	void *m = arena_alloc(&s->arena, size, align);
	lock_release(&s->lock);
	return m;
}

u32 k_next_id(Checker *k)
{
	return atomic_fetch_add_explicit(&((Tables *)k->priv)->next_id, 1, memory_order_relaxed) + 1;
}

Type *type_alloc(Checker *k, TypeKind kind)
{
	Type *t = k_new(k, Type);
	t->kind = kind;
	t->id = k_next_id(k);
	return t;
}

Obj *obj_alloc(Checker *k, ObjKind kind, Pos pos, Pkg *pkg, Name *name, Type *t)
{
	Obj *o = k_new(k, Obj);
	o->kind = kind;
	o->pos = pos;
	o->pkg = pkg;
	o->name = name;
	o->type = t;
	o->id = k_next_id(k);
	return o;
}

static u8 inherit(const Type *t)
{
	return t ? t->flags & TypeHasTParam : 0;
}

/* ---- chains ---- */

Entry *table_find(Table *tab, u64 h, EntryEq *eq, void *key)
{
	for (Entry *e = atomic_load_explicit(&tab->head[h % nelem(tab->head)], memory_order_acquire); e; e = e->next)
		if (e->hash == h && eq(e->val, key))
			return e;
	return NULL;
}

/* Adds val unless an equal entry got there first; returns the one that counts. */
void *table_add(Checker *k, Table *tab, u64 h, EntryEq *eq, void *key, void *val)
{
	Entry *_Atomic *head = &tab->head[h % nelem(tab->head)];
	Entry *seen = NULL, *n = NULL;
	for (;;) {
		Entry *top = atomic_load_explicit(head, memory_order_acquire);
		for (Entry *e = top; e && e != seen; e = e->next)
			if (e->hash == h && eq(e->val, key))
				return e->val;
		seen = top;
		if (!n) {
			n = k_new(k, Entry);
			n->hash = h;
			n->val = val;
		}
		n->next = top;
		if (atomic_compare_exchange_weak_explicit(head, &top, n, memory_order_release, memory_order_relaxed))
			return val;
	}
}

/* ---- hash-consed composites ---- */

static bool same_parts(void *val, void *key)
{
	Type *a = val, *b = key;
	return a->kind == b->kind && a->elem == b->elem && a->dir == b->dir &&
		(a->kind == KindArray ? a->len == b->len : a->kind != KindMap || a->key == b->key);
}

static Type *cons(Checker *k, Type *key)
{
	Tables *p = k->priv;
	u64 h = hash_mix(key->kind * 31 + key->dir, (u64)(uintptr_t)key->elem);
	if (key->kind == KindArray)
		h = hash_mix(h, (u64)key->len);
	else if (key->kind == KindMap)
		h = hash_mix(h, (u64)(uintptr_t)key->key);
	h = hash_mix(h, 0x5bd1e995);
	Entry *e = table_find(&p->cons, h, same_parts, key);
	if (e)
		return e->val;
	Type *t = type_alloc(k, key->kind);
	t->elem = key->elem;
	t->dir = key->dir;
	t->flags = inherit(key->elem);
	if (key->kind == KindArray)
		t->len = key->len;
	if (key->kind == KindMap) {
		t->key = key->key;
		t->flags |= inherit(key->key);
	}
	return table_add(k, &p->cons, h, same_parts, key, t);
}

Type *types_pointer(Checker *k, Type *elem) { return cons(k, &(Type){ .kind = KindPointer, .elem = elem }); }
Type *types_slice(Checker *k, Type *elem) { return cons(k, &(Type){ .kind = KindSlice, .elem = elem }); }
Type *types_array(Checker *k, Type *elem, i64 len) { return cons(k, &(Type){ .kind = KindArray, .elem = elem, .len = len }); }
Type *types_map(Checker *k, Type *key, Type *val) { return cons(k, &(Type){ .kind = KindMap, .elem = val, .key = key }); }
Type *types_chan(Checker *k, ChanDir d, Type *elem) { return cons(k, &(Type){ .kind = KindChan, .elem = elem, .dir = d }); }

/* ---- composites made afresh ---- */

Type *types_tuple(Checker *k, Obj **v, u32 n)
{
	if (n == 0 && k->t_empty_tuple)
		return k->t_empty_tuple;
	Type *t = type_alloc(k, KindTuple);
	t->tuple.v = k_array(k, Obj *, n);
	t->tuple.n = n;
	for (u32 i = 0; i < n; i++) {
		t->tuple.v[i] = v[i];
		t->flags |= inherit(v[i]->type);
	}
	return t;
}

Type *types_tuple_of(Checker *k, Type **t, u32 n)
{
	Obj *small[16], **v = n <= nelem(small) ? small : k_array(k, Obj *, n);
	for (u32 i = 0; i < n; i++)
		v[i] = obj_alloc(k, ObjVar, 0, NULL, intern("", 0), t[i]);
	return types_tuple(k, v, n);
}

Type *types_func(Checker *k, Type *params, Type *results, bool variadic)
{
	Type *t = type_alloc(k, KindFunc);
	t->fn.params = params;
	t->fn.results = results;
	t->variadic = variadic;
	t->flags = inherit(params) | inherit(results);
	return t;
}

Type *types_struct(Checker *k, Obj **field, const char **tag, u32 n)
{
	Type *t = type_alloc(k, KindStruct);
	t->st.field = k_array(k, Obj *, n);
	t->st.n = n;
	bool tagged = false;
	for (u32 i = 0; i < n; i++) {
		t->st.field[i] = field[i];
		t->flags |= inherit(field[i]->type);
		tagged |= tag && tag[i] && *tag[i];
	}
	if (tagged) {
		t->st.tag = k_array(k, const char *, n);
		memcpy(t->st.tag, tag, n * sizeof *tag);
	}
	return t;
}

Obj *types_field(Checker *k, Pkg *pkg, Name *name, Type *t, bool embedded)
{
	Obj *o = obj_alloc(k, ObjVar, 0, pkg, name, t);
	o->flags = ObjIsField | (embedded ? ObjEmbedded : 0);
	return o;
}

Type *type_new_named(Checker *k, Obj *o, Type *rhs)
{
	Type *t = type_alloc(k, KindNamed);
	t->named.obj = o;
	t->named.origin = t;
	t->named.lazy = k_new(k, NamedLazy);
	t->named.lazy->rhs = rhs;
	atomic_store(&t->canon, t);
	if (!o->type)
		o->type = t;
	return t;
}

Type *type_new_tparam(Checker *k, Obj *o, Type *bound, u32 index)
{
	Type *t = type_alloc(k, KindTypeParam);
	t->tparam.obj = o;
	t->tparam.bound = bound;
	t->tparam.index = index;
	t->flags = TypeHasTParam;
	atomic_store(&t->canon, t);
	if (!o->type)
		o->type = t;
	return t;
}

/* ---- aliases and underlying types ---- */

Checker *type_checker(const Type *t)
{
	const Obj *o = t->kind == KindNamed ? t->named.obj : t->kind == KindAlias ? t->alias.obj :
		t->kind == KindTypeParam ? t->tparam.obj : NULL;
	return o && o->pkg ? o->pkg->chk : NULL;
}

Type *type_invalid(const Type *t)
{
	Checker *k = type_checker(t);
	if (!k)
		bug("no invalid type at hand");
	return k->typ[KindInvalid];
}

Type *types_unalias(Type *t)
{
	while (t && t->kind == KindAlias)
		t = t->alias.actual ? t->alias.actual : t->alias.rhs ? t->alias.rhs : type_invalid(t);
	return t;
}

Type *type_named(Type *t)
{
	t = types_unalias(t);
	return t && t->kind == KindNamed ? t : NULL;
}

/* The right side of t's declaration, substituted for instances. NULL while t is being declared. */
Type *named_rhs(Type *t)
{
	NamedLazy *z = t->named.lazy;
	Type *r = atomic_load_explicit(&z->rhs, memory_order_acquire);
	if (r || t->named.origin == t)
		return r;
	Checker *k = type_checker(t);
	Type *o = t->named.origin;
	Type *orhs = named_rhs(o);
	if (!orhs)
		return NULL;
	TypeEnv env = { o->named.tparams, t->named.targs, t->named.ntargs };
	if (!o->named.ntparams) {
		env.tparams = o->named.lazy->outer;
		if (o->named.lazy->nouter != t->named.ntargs)
			return k->typ[KindInvalid];
	} else if (o->named.ntparams + o->named.lazy->nouter == t->named.ntargs) {
		u32 n = o->named.ntparams;
		env.tparams = k_array(k, Type *, t->named.ntargs);
		memcpy(env.tparams, o->named.tparams, n * sizeof *env.tparams);
		for (u32 i = 0; i < o->named.lazy->nouter; i++)
			env.tparams[n + i] = o->named.lazy->outer[i];
	} else if (o->named.ntparams != t->named.ntargs) {
		return k->typ[KindInvalid];
	}
	r = type_subst(k, orhs, &env);
	if (r->kind == KindInterface && orhs->kind == KindInterface && r->iface.nmethod) {
		/* the receiver of interface methods is the named type */
		if (r == orhs) {
			Type *c = type_alloc(k, KindInterface);
			c->flags = r->flags;
			c->iface = r->iface;
			c->iface.tset = NULL;
			c->iface.chk = NULL;
			r = c;
		}
		Obj **m = k_array(k, Obj *, r->iface.nmethod);
		for (u32 i = 0; i < r->iface.nmethod; i++) {
			Obj *om = r->iface.method[i];
			m[i] = obj_alloc(k, ObjFunc, om->pos, om->pkg, om->name, om->type);
			u32 id = m[i]->id;
			*m[i] = *om;
			m[i]->id = id;
			m[i]->fn.recvnamed = t;
			m[i]->fn.origin = om->fn.origin ? om->fn.origin : om;
		}
		r->iface.method = m;
	}
	Type *none = NULL;
	if (!atomic_compare_exchange_strong(&z->rhs, &none, r))
		r = none;
	return r;
}

static Type *named_under(Type *t)
{
	Type *u = atomic_load_explicit(&t->named.under, memory_order_acquire);
	if (u)
		return u;
	Type *r = t;
	for (u32 depth = 0; !u; depth++) {
		if (r && r->kind == KindAlias) {
			r = r->alias.rhs;
		} else if (r && r->kind == KindNamed) {
			u = atomic_load_explicit(&r->named.under, memory_order_acquire);
			if (!u)
				r = named_rhs(r);
		} else if (r) {
			u = r;
		}
		if (!u && (!r || depth > 1000))
			return type_invalid(t);   /* still being declared */
	}
	if (u->kind == KindTypeParam)
		return type_invalid(t);
	atomic_store_explicit(&t->named.under, u, memory_order_release);
	return u;
}

Type *types_under(Type *t)
{
	t = types_unalias(t);
	if (t->kind == KindNamed)
		return named_under(t);
	if (t->kind == KindTypeParam)
		return tparam_iface(type_checker(t), t);
	return t;
}

bool types_has_tparam(const Type *t) { return t->flags & TypeHasTParam; }

/* ---- names ---- */

bool name_same(const Obj *a, const Pkg *pkg, const Name *name)
{
	if (a->name != name)
		return false;
	if (name->exported || a->pkg == pkg)
		return true;
	return a->pkg && pkg && strcmp(a->pkg->path, pkg->path) == 0;
}

static u32 fold_rune(u32 r)
{
	if (r - 'A' < 26)
		return r + 32;
	/* the simple case pairs of Latin-1, Greek and Cyrillic */
	if ((r >= 0xC0 && r <= 0xDE && r != 0xD7) || (r >= 0x391 && r <= 0x3A9) || (r >= 0x410 && r <= 0x42F))
		return r + 32;
	return r;
}

bool name_same_fold(const Obj *a, const Pkg *pkg, const Name *name)
{
	const char *p = a->name->s, *pe = p + a->name->len, *q = name->s, *qe = q + name->len;
	while (p < pe && q < qe) {
		u32 x, y;
		p += utf8_decode(p, pe, &x);
		q += utf8_decode(q, qe, &y);
		if (fold_rune(x) != fold_rune(y))
			return name_same(a, pkg, name);
	}
	return p == pe && q == qe;
}

int obj_cmp(const Obj *a, const Obj *b)
{
	if (a == b)
		return 0;
	if (a->name->exported != b->name->exported)
		return a->name->exported ? -1 : 1;
	int c = name_cmp(a->name, b->name);
	if (c || a->name->exported)
		return c;
	return strcmp(a->pkg ? a->pkg->path : "", b->pkg ? b->pkg->path : "");
}

/* ---- identity ---- */

typedef struct Pair { Type *x, *y; struct Pair *prev; } Pair;
static bool ident(Checker *k, Type *x, Type *y, Pair *p);

static bool ident_tuple(Checker *k, Type *x, Type *y, Pair *p)
{
	if (x->tuple.n != y->tuple.n)
		return false;
	for (u32 i = 0; i < x->tuple.n; i++)
		if (!ident(k, x->tuple.v[i]->type, y->tuple.v[i]->type, p))
			return false;
	return true;
}

static bool ident_struct(Checker *k, Type *x, Type *y, Pair *p)
{
	if (x->st.n != y->st.n)
		return false;
	for (u32 i = 0; i < x->st.n; i++) {
		Obj *f = x->st.field[i], *g = y->st.field[i];
		const char *a = x->st.tag && x->st.tag[i] ? x->st.tag[i] : "", *b = y->st.tag && y->st.tag[i] ? y->st.tag[i] : "";
		if (((f->flags ^ g->flags) & ObjEmbedded) || strcmp(a, b) || !name_same(f, g->pkg, g->name) || !ident(k, f->type, g->type, p))
			return false;
	}
	return true;
}

/* Generic signatures: y's parameters are replaced by x's first. */
static bool ident_func(Checker *k, Type *x, Type *y, Pair *p)
{
	u32 n = x->fn.ntparams;
	if (n != y->fn.ntparams || x->variadic != y->variadic)
		return false;
	Type *yp = y->fn.params, *yr = y->fn.results;
	if (n) {
		TypeEnv env = { y->fn.tparams, x->fn.tparams, n };
		for (u32 i = 0; i < n; i++)
			if (!ident(k, x->fn.tparams[i]->tparam.bound, type_subst(k, y->fn.tparams[i]->tparam.bound, &env), p))
				return false;
		yp = type_subst(k, yp, &env);
		yr = type_subst(k, yr, &env);
	}
	return ident_tuple(k, x->fn.params, yp, p) && ident_tuple(k, x->fn.results, yr, p);
}

static bool ident_iface(Checker *k, Type *x, Type *y, Pair *p)
{
	TypeSet *a = types_typeset(k, x), *b = types_typeset(k, y);
	if (a->comparable != b->comparable || !typeset_terms_equal(k, a, b) || a->nmethod != b->nmethod)
		return false;
	for (Pair *q = p; q; q = q->prev)
		if ((q->x == x && q->y == y) || (q->x == y && q->y == x))
			return true;
	Pair here = { x, y, p };
	for (u32 i = 0; i < a->nmethod; i++) {
		Obj *f = a->method[i], *g = b->method[i];
		if (!name_same(f, g->pkg, g->name))
			return false;
		if (f != g && !ident(k, f->type, g->type, &here))
			return false;
	}
	return true;
}

static bool ident(Checker *k, Type *x, Type *y, Pair *p)
{
	x = types_unalias(x);
	y = types_unalias(y);
	if (x == y)
		return true;
	if (!x || !y || x->kind != y->kind)
		return false;
	if (x->kind <= KindLastBasic)
		return true;
	Type *cx = atomic_load_explicit(&x->canon, memory_order_acquire), *cy = atomic_load_explicit(&y->canon, memory_order_acquire);
	if (cx && cy)
		return cx == cy;
	switch (x->kind) {
	case KindArray:
		return (x->len < 0 || y->len < 0 || x->len == y->len) && ident(k, x->elem, y->elem, p);
	case KindSlice:
	case KindPointer:
		return ident(k, x->elem, y->elem, p);
	case KindChan:
		return x->dir == y->dir && ident(k, x->elem, y->elem, p);
	case KindMap:
		return ident(k, x->key, y->key, p) && ident(k, x->elem, y->elem, p);
	case KindStruct:
		return ident_struct(k, x, y, p);
	case KindTuple:
		return ident_tuple(k, x, y, p);
	case KindFunc:
		return ident_func(k, x, y, p);
	case KindInterface:
		return ident_iface(k, x, y, p);
	case KindUnion: {
		if (x->un.n != y->un.n)
			return false;
		for (u32 i = 0; i < x->un.n; i++)
			if (x->un.term[i].tilde != y->un.term[i].tilde || !ident(k, x->un.term[i].type, y->un.term[i].type, p))
				return false;
		return true;
	}
	case KindNamed:
		if (x->named.origin != y->named.origin || x->named.ntargs != y->named.ntargs || !x->named.ntargs)
			return false;
		for (u32 i = 0; i < x->named.ntargs; i++)
			if (!ident(k, x->named.targs[i], y->named.targs[i], p))
				return false;
		return true;
	}
	return false;
}

bool types_identical(Checker *k, Type *a, Type *b)
{
	return a == b || ident(k, a, b, NULL);
}

/* A hash that all identical types share. Interfaces inside count alike, since their type sets may be unknown yet. */
u64 type_hash(Type *t, int depth)
{
	t = types_unalias(t);
	u64 h = t->kind * 0x9E3779B97F4A7C15ull;
	if (t->kind <= KindLastBasic || depth == 0)
		return h;
	switch (t->kind) {
	case KindArray:
	case KindSlice:
	case KindPointer:
	case KindChan:
		return hash_mix(h, type_hash(t->elem, depth - 1));
	case KindMap:
		return hash_mix(hash_mix(h, type_hash(t->key, depth - 1)), type_hash(t->elem, depth - 1));
	case KindStruct:
		h = hash_mix(h, t->st.n);
		for (u32 i = 0; i < t->st.n; i++)
			h = hash_mix(hash_mix(h, t->st.field[i]->name->hash), type_hash(t->st.field[i]->type, depth - 1));
		return h;
	case KindTuple:
		h = hash_mix(h, t->tuple.n);
		for (u32 i = 0; i < t->tuple.n; i++)
			h = hash_mix(h, type_hash(t->tuple.v[i]->type, depth - 1));
		return h;
	case KindFunc:
		h = hash_mix(h, t->variadic);
		h = hash_mix(h, type_hash(t->fn.params, depth));
		return hash_mix(h, type_hash(t->fn.results, depth));
	case KindNamed:
		h = hash_mix(h, t->named.origin->id);
		for (u32 i = 0; i < t->named.ntargs; i++)
			h = hash_mix(h, type_hash(t->named.targs[i], depth - 1));
		return h;
	case KindTypeParam:
		return hash_mix(h, t->tparam.index);
	}
	return h;
}

static bool canon_eq(void *val, void *key)
{
	struct { Checker *k; Type *t; } *a = key;
	return ident(a->k, val, a->t, NULL);
}

Type *types_canon(Checker *k, Type *t)
{
	t = types_unalias(t);
	if (t->kind <= KindLastBasic)
		return k->typ[t->kind];
	Type *c = atomic_load_explicit(&t->canon, memory_order_acquire);
	if (c)
		return c;
	u64 h = type_hash(t, 4);
	if (t->kind == KindInterface) {
		TypeSet *s = types_typeset(k, t);
		for (u32 i = 0; i < s->nmethod; i++)
			h = hash_mix(h, s->method[i]->name->hash);
	}
	Tables *p = k->priv;
	struct { Checker *k; Type *t; } key = { k, t };
	c = table_add(k, &p->canon, h, canon_eq, &key, t);
	atomic_store_explicit(&t->canon, c, memory_order_release);
	return c;
}

/* ---- properties ---- */

int kind_info(TypeKind k)
{
	static const u8 info[KindLastBasic + 1] = {
		[KindBool] = IsBool,
		[KindInt] = IsInteger, [KindInt8] = IsInteger, [KindInt16] = IsInteger, [KindInt32] = IsInteger, [KindInt64] = IsInteger,
		[KindUint] = IsInteger | IsUnsigned, [KindUint8] = IsInteger | IsUnsigned, [KindUint16] = IsInteger | IsUnsigned,
		[KindUint32] = IsInteger | IsUnsigned, [KindUint64] = IsInteger | IsUnsigned, [KindUintptr] = IsInteger | IsUnsigned,
		[KindFloat32] = IsFloat, [KindFloat64] = IsFloat, [KindComplex64] = IsComplex, [KindComplex128] = IsComplex,
		[KindString] = IsString,
		[KindUntypedBool] = IsBool | IsUntyped, [KindUntypedInt] = IsInteger | IsUntyped, [KindUntypedRune] = IsInteger | IsUntyped,
		[KindUntypedFloat] = IsFloat | IsUntyped, [KindUntypedComplex] = IsComplex | IsUntyped, [KindUntypedString] = IsString | IsUntyped,
		[KindUntypedNil] = IsUntyped,
	};
	return k <= KindLastBasic ? info[k] : 0;
}

bool type_is(Type *t, int info)
{
	Type *u = types_unalias(t);
	if (u->kind == KindTypeParam)
		return false;
	return kind_info(types_under(u)->kind) & info;
}

static bool term_info(void *arg, Type *t, Type *u)
{
	(void)t;
	return u && (kind_info(u->kind) & *(int *)arg);
}

bool type_all(Type *t, int info)
{
	Type *u = types_unalias(t);
	if (u->kind == KindTypeParam)
		return type_each_term(type_checker(u), u, term_info, &info);
	return type_is(u, info);
}

bool type_is_untyped(const Type *t) { return kind_info(t->kind) & IsUntyped; }
bool type_is_typed(const Type *t) { return !type_is_untyped(t); }
bool type_is_untyped_numeric(const Type *t) { return type_is_untyped(t) && (kind_info(t->kind) & IsNumeric); }
bool type_is_tparam(Type *t) { t = types_unalias(t); return t && t->kind == KindTypeParam; }
bool types_is_interface(const Type *t) { return !type_is_tparam((Type *)t) && types_under((Type *)t)->kind == KindInterface; }
bool type_is_nonparam_interface(Type *t) { return types_is_interface(t); }
bool type_is_basic(Type *t, TypeKind kind) { return types_under(t)->kind == kind; }
bool type_is_unsafe_ptr(Type *t) { return types_under(t)->kind == KindUnsafePointer; }

bool type_is_generic(Type *t)
{
	if (t->kind == KindAlias)
		return t->alias.ntparams && !t->alias.ntargs;
	Type *n = type_named(t);
	return n && n->named.origin == n && n->named.ntparams;
}

bool type_is_bytes_or_runes(Type *t)
{
	t = types_under(t);
	if (t->kind != KindSlice)
		return false;
	TypeKind e = types_under(t->elem)->kind;
	return e == KindUint8 || e == KindInt32;
}

static bool term_nil(void *arg, Type *t, Type *u)
{
	(void)arg, (void)t;
	return u && type_has_nil(u);
}

bool type_has_nil(Type *t)
{
	Type *a = types_unalias(t);
	if (a->kind == KindTypeParam)
		return type_each_term(type_checker(a), a, term_nil, NULL);
	switch (types_under(a)->kind) {
	case KindUnsafePointer: case KindUntypedNil: case KindSlice: case KindPointer: case KindFunc: case KindMap: case KindChan: case KindInterface:
		return true;
	}
	return false;
}

bool type_has_name(Type *t)
{
	t = types_unalias(t);
	return t->kind <= KindLastBasic || t->kind == KindNamed || t->kind == KindTypeParam;
}

bool type_has_empty_set(Type *t)
{
	Type *u = types_unalias(t);
	if (u->kind != KindTypeParam)
		return false;
	return typeset_empty(types_typeset(type_checker(u), types_under(u)));
}

Type *type_deref(Type *t, bool *ptr)
{
	Type *p = types_unalias(t);
	*ptr = p && p->kind == KindPointer;
	return *ptr ? p->elem : t;
}

Type *type_default(Checker *k, Type *t)
{
	switch (t->kind) {
	case KindUntypedBool: return k->typ[KindBool];
	case KindUntypedInt: return k->typ[KindInt];
	case KindUntypedRune: return k->t_rune;
	case KindUntypedFloat: return k->typ[KindFloat64];
	case KindUntypedComplex: return k->typ[KindComplex128];
	case KindUntypedString: return k->typ[KindString];
	}
	return t;
}

Type *type_max(Type *a, Type *b)
{
	if (a == b)
		return a;
	if (type_is_untyped_numeric(a) && type_is_untyped_numeric(b))
		return a->kind > b->kind ? a : b;
	return NULL;
}

/* ---- comparability ---- */

typedef struct Seen { Type *t; struct Seen *prev; } Seen;

/* NULL when comparable; else "" or the reason. */
static const char *incomparable(Check *c, Checker *k, Type *t0, bool dynamic, Seen *seen)
{
	Type *t = types_unalias(t0), *u;
	for (Seen *s = seen; s; s = s->prev)
		if (s->t == t)
			return NULL;
	Seen here = { t, seen };
	switch ((u = types_under(t))->kind) {
	case KindUntypedNil:
		return "";
	case KindStruct:
		for (u32 i = 0; i < u->st.n; i++)
			if (incomparable(NULL, k, u->st.field[i]->type, dynamic, &here))
				return c ? s_fmt(c, "struct containing %s cannot be compared", s_type(c, u->st.field[i]->type)) : "";
		return NULL;
	case KindArray:
		if (incomparable(NULL, k, u->elem, dynamic, &here))
			return c ? s_fmt(c, "%s cannot be compared", s_type(c, t0)) : "";
		return NULL;
	case KindInterface: {
		if (dynamic && t->kind != KindTypeParam)
			return NULL;
		TypeSet *s = types_typeset(k, u);
		bool ok = s->all ? s->comparable : s->nterm > 0;
		for (u32 i = 0; ok && !s->all && i < s->nterm; i++)
			ok = !incomparable(NULL, k, s->term[i].type, false, &here);
		if (ok)
			return NULL;
		return typeset_empty(s) ? "empty type set" : "incomparable types in type set";
	}
	default:
		if (u->kind <= KindLastBasic || u->kind == KindPointer || u->kind == KindChan)
			return NULL;
	}
	return "";
}

bool type_comparable(Checker *k, Type *t, bool dynamic, bool *reported, const char **cause, Check *c)
{
	(void)reported;
	const char *why = incomparable(c, k, t, dynamic, NULL);
	if (why && cause)
		*cause = why;
	return !why;
}

bool types_comparable(Checker *k, Type *t) { return type_comparable(k, t, true, NULL, NULL, NULL); }

bool check_comparable(Check *c, Type *t, bool dynamic, const char **cause)
{
	return type_comparable(c->k, t, dynamic, NULL, cause, cause ? c : NULL);
}

Type *tuple_of(Type *fn, bool results) { return results ? fn->fn.results : fn->fn.params; }
