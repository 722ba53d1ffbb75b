/* Type descriptors: internal/abi's structures, one symbol a type.
 *
 * A descriptor is the 48-byte abi.Type, the record of its kind, the uncommon record (named types and types with
 * methods), and then the kind's array (parameters, fields, interface methods) and the method table. Everything is
 * written with the three put functions; offsets come from abi/type.go of the library. */
#include "whole.h"

enum { TFlagUncommon = 1, TFlagNamed = 4, TFlagRegular = 8, TFlagMaskOnDemand = 16, TFlagDirect = 32 };
enum { NameExported = 1, NameHasTag = 2, NameHasPkg = 4, NameEmbedded = 8 };
enum { TypeBytes = 48, UncommonBytes = 16, MethodBytes = 16, MaxMaskBytes = 2048 };

/* abi.Kind of each kind of ours */
static const u8 abi_kind[KindMax] = {
	[KindBool] = 1, [KindInt] = 2, [KindInt8] = 3, [KindInt16] = 4, [KindInt32] = 5, [KindInt64] = 6, [KindUint] = 7,
	[KindUint8] = 8, [KindUint16] = 9, [KindUint32] = 10, [KindUint64] = 11, [KindUintptr] = 12, [KindFloat32] = 13,
	[KindFloat64] = 14, [KindComplex64] = 15, [KindComplex128] = 16, [KindArray] = 17, [KindChan] = 18, [KindFunc] = 19,
	[KindInterface] = 20, [KindMap] = 21, [KindPointer] = 22, [KindSlice] = 23, [KindString] = 24, [KindStruct] = 25,
	[KindUnsafePointer] = 26,
};

static void put(Sym *s, u32 off, u64 v, u32 n)
{
	for (u32 i = 0; i < n; i++)
		s->data[off + i] = (u8)(v >> (8 * i));
}

static void put_ptr(Reach *r, Sym *s, u32 off, Sym *to)
{
	reach_reloc(r, s, off, RelocAddr64, to, 0);
}

static void put_off(Reach *r, Sym *s, u32 off, Sym *to)
{
	reach_reloc(r, s, off, RelocOff32, to, 0);
}

static void begin(Reach *r, Sym *s, u32 size)
{
	s->kind = SymRodata;
	s->align = 3;
	s->dupok = true;
	s->size = size;
	s->data = arena_alloc(&r->ar, size, 8);
}

/* ---- names ---- */

static u32 put_varint(u8 *p, u32 v)
{
	u32 n = 0;
	for (; v >= 0x80; v >>= 7)
		p[n++] = (u8)(v | 0x80);
	p[n++] = (u8)v;
	return n;
}

/* An abi.Name. Unexported names carry their package so that two packages' x differ. */
static Sym *name_sym(Reach *r, const char *name, u32 n, const char *tag, u32 ntag, const Pkg *pkg, u8 flags)
{
	ARENA_LOCAL(a, 1024);
	u8 *b = arena_alloc(&a, n + ntag + 32, 1);
	u32 k = 1;
	b[0] = (u8)(flags | (ntag ? NameHasTag : 0) | (pkg ? NameHasPkg : 0));
	k += put_varint(b + k, n);
	memcpy(b + k, name, n);
	k += n;
	if (ntag) {
		k += put_varint(b + k, ntag);
		memcpy(b + k, tag, ntag);
		k += ntag;
	}
	Buf key = {.ar = &a};
	buf_puts(&key, "type:.namedata.");
	for (u32 i = 0; i < k; i++)     /* printable, injective */
		if (b[i] > ' ' && b[i] < 0x7f && b[i] != '%')
			buf_putc(&key, b[i]);
		else
			buf_printf(&key, "%%%02x", b[i]);
	if (pkg)
		buf_printf(&key, " %s", pkg->path);
	Reloc rel = {.off = k, .kind = RelocOff32};
	if (pkg)                        /* four bytes of zero follow in b */
		rel.sym = name_sym(r, pkg->path, (u32)strlen(pkg->path), NULL, 0, NULL, 0);
	Sym *s = sym_made(r->p, buf_str(&key), (SymContent){.kind = SymRodata, .size = k + (pkg ? 4 : 0), .data = b, .rel = &rel, .nrel = pkg != NULL});
	arena_free(&a);
	return s;
}

static Sym *plain_name(Reach *r, const char *s, bool exported)
{
	return name_sym(r, s, (u32)strlen(s), NULL, 0, NULL, exported ? NameExported : 0);
}

/* The name of a method of a type that belongs to package home: only unexported ones of other packages say where they are from. */
static Sym *method_name(Reach *r, const Obj *o, const Pkg *home)
{
	bool exported = o->name->exported;
	return name_sym(r, o->name->s, o->name->len, NULL, 0, exported || o->pkg == home ? NULL : o->pkg, exported ? NameExported : 0);
}

/* ---- common part ---- */

u32 typedesc_hash(Program *p, Type *t)
{
	const char *s = types_linkname(p->chk, t);
	u64 h = hash_bytes(s, strlen(s), 0);
	return (u32)(h ^ (h >> 32));
}

Sym *gcmask_sym(Program *p, Type *t)
{
	Layout *l = types_layout(p->chk, t);
	u32 n = (u32)align_up((u64)(l->ptrbytes / 8 + 7) / 8, 8);
	ARENA_LOCAL(a, 1024);
	u8 *mask = arena_alloc(&a, n, 8);
	types_ptrmask(p->chk, t, 0, mask);
	Buf key = {.ar = &a};
	buf_puts(&key, "runtime.gcbits.");
	for (u32 i = 0; i < n; i++)
		buf_printf(&key, "%02x", mask[i]);
	Sym *s = sym_made(p, buf_str(&key), (SymContent){.kind = SymRodata, .size = n, .data = mask});
	arena_free(&a);
	return s;
}

/* The word the runtime fills with a mask made on demand. */
static Sym *mask_slot(Reach *r, Sym *desc)
{
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_made(r->p, arena_printf(&a, "type:.gcmask.%s", desc->name), (SymContent){.kind = SymNoptrBss, .size = 8, .align = 3});
	arena_free(&a);
	return s;
}

static Sym *equal_val(Reach *r, Type *t)
{
	/* plain memory of common sizes shares the runtime's functions */
	Layout *l = types_layout(r->p->chk, t);
	static const struct { i64 size; const char *name; } shared[] = {
		{0, "memequal0"}, {1, "memequal8"}, {2, "memequal16"}, {4, "memequal32"}, {8, "memequal64"}, {16, "memequal128"},
	};
	for (size_t i = 0; l->regular && i < nelem(shared); i++)
		if (l->size == shared[i].size)
			return sym_funcval(r->p, sym_runtime(r->p, shared[i].name));
	TypeKind k = (TypeKind)types_under(t)->kind;
	const char *name = k == KindString ? "strequal" : k == KindFloat32 ? "f32equal" : k == KindFloat64 ? "f64equal" :
		k == KindComplex64 ? "c64equal" : k == KindComplex128 ? "c128equal" :
		k == KindInterface ? (types_typeset(r->p->chk, t)->nmethod ? "interequal" : "nilinterequal") : NULL;
	return sym_funcval(r->p, name ? sym_runtime(r->p, name) : sym_eq(r->p, t));
}

/* Too large for a mask in the program; the runtime makes it from the descriptor's fields. */
static bool mask_on_demand(Reach *r, Type *t)
{
	return types_layout(r->p->chk, t)->ptrbytes / 8 > MaxMaskBytes * 8;
}

static void put_prefix(Reach *r, Sym *s, Type *t)
{
	Layout *l = types_layout(r->p->chk, t);
	u8 flags = (u8)((l->regular ? TFlagRegular : 0) | (l->direct ? TFlagDirect : 0));
	bool demand = mask_on_demand(r, t);
	put(s, 0, (u64)l->size, 8);
	put(s, 8, (u64)l->ptrbytes, 8);
	put(s, 16, typedesc_hash(r->p, t), 4);
	put(s, 20, flags | (demand ? TFlagMaskOnDemand : 0), 1);
	put(s, 21, (u64)l->align, 1);
	put(s, 22, (u64)l->align, 1);
	put(s, 23, abi_kind[types_under(t)->kind], 1);
	if (l->ptrbytes)
		put_ptr(r, s, 32, demand ? mask_slot(r, s) : gcmask_sym(r->p, t));
}

void typedesc_alloc(Reach *r, Sym *s)
{
	if (mask_on_demand(r, s->def->type)) {
		typedesc_fill(r, s);
		return;
	}
	begin(r, s, TypeBytes);
	put_prefix(r, s, s->def->type);
	s->type = s->def->type;
}

/* ---- methods ---- */

static const Pkg *type_pkg(Type *t)
{
	if (t->kind == KindNamed)
		return t->named.obj->pkg;
	return t->kind == KindPointer && types_unalias(t->elem)->kind == KindNamed ? types_unalias(t->elem)->named.obj->pkg : NULL;
}

static void put_uncommon(Reach *r, Sym *s, Type *t, u32 at, u32 moff)
{
	MethodSet *ms = types_methodset(r->p->chk, t);
	const Pkg *pkg = t->kind == KindUnsafePointer ? r->p->chk->unsafe_pkg : type_pkg(t);
	u32 exported = 0, n = types_is_interface(t) ? 0 : ms->n;
	if (pkg)
		put_off(r, s, at, plain_name(r, pkg->path, false));
	for (u32 i = 0; i < n; i++) {
		const MethodEntry *m = &ms->m[i];
		u32 o = at + moff + i * MethodBytes;
		exported += m->fn->name->exported;
		put_off(r, s, o, method_name(r, m->fn, pkg));
		reach_reloc(r, s, o + 4, RelocTypeOffWeak, sym_type(r->p, m->sig), 0);
		reach_reloc(r, s, o + 8, RelocMethodOff32, sym_ifn(r->p, t, m), 0);
		reach_reloc(r, s, o + 12, RelocMethodOff32, sym_method(r->p, t, m), 0);
	}
	put(s, at + 4, n, 2);
	put(s, at + 6, exported, 2);
	put(s, at + 8, moff, 4);
}

static void mark_method(Reach *r, Type *t, const MethodEntry *m)
{
	Sym *sig = sym_type(r->p, m->sig);
	reach_in_iface(r, sig);
	reach_mark(r, sig);
	reach_mark(r, sym_ifn(r->p, t, m));
	reach_mark(r, sym_method(r->p, t, m));
}

void typedesc_mark_method(Reach *r, Sym *s, u32 i)
{
	mark_method(r, s->def->type, &types_methodset(r->p->chk, s->def->type)->m[i]);
}

void typedesc_methods(Reach *r, Sym *s, bool exported)
{
	Type *t = s->def->type;
	if (types_is_interface(t))
		return;
	MethodSet *ms = types_methodset(r->p->chk, t);
	for (u32 i = 0; i < ms->n; i++) {
		const MethodEntry *m = &ms->m[i];
		if (exported && m->fn->name->exported)
			mark_method(r, t, m);
		else if (!exported && reach_called(r, sym_imethod(r->p, m->fn, m->sig), s, i))
			mark_method(r, t, m);
	}
}

/* ---- kinds ---- */

static Sym *hash_val(Reach *r, Type *t)
{
	Layout *l = types_layout(r->p->chk, t);
	static const struct { i64 size; const char *name; } shared[] = {
		{0, "memhash0"}, {1, "memhash8"}, {2, "memhash16"}, {4, "memhash32"}, {8, "memhash64"}, {16, "memhash128"},
	};
	for (size_t i = 0; l->regular && i < nelem(shared); i++)
		if (l->size == shared[i].size)
			return sym_funcval(r->p, sym_runtime(r->p, shared[i].name));
	TypeKind k = (TypeKind)types_under(t)->kind;
	const char *name = k == KindString ? "strhash" : k == KindFloat32 ? "f32hash" : k == KindFloat64 ? "f64hash" :
		k == KindComplex64 ? "c64hash" : k == KindComplex128 ? "c128hash" :
		k == KindInterface ? (types_typeset(r->p->chk, t)->nmethod ? "interhash" : "nilinterhash") : NULL;
	return sym_funcval(r->p, name ? sym_runtime(r->p, name) : sym_hash(r->p, t));
}

enum { MapNeedKeyUpdate = 1, MapHashMightPanic = 2, MapIndirectKey = 4, MapIndirectElem = 8, MapInlineMax = 128 };

/* Equal keys may differ in bits, so an assignment must store the new key: floats, strings, interfaces. */
static bool need_key_update(Checker *k, Type *t)
{
	Type *u = types_under(t);
	switch (u->kind) {
	case KindFloat32: case KindFloat64: case KindComplex64: case KindComplex128: case KindInterface: case KindString:
		return true;
	case KindArray:
		return need_key_update(k, u->elem);
	case KindStruct:
		for (u32 i = 0; i < u->st.n; i++)
			if (need_key_update(k, u->st.field[i]->type))
				return true;
		return false;
	default:
		return false;
	}
}

static bool hash_might_panic(Type *t)
{
	Type *u = types_under(t);
	if (u->kind == KindArray)
		return hash_might_panic(u->elem);
	for (u32 i = 0; u->kind == KindStruct && i < u->st.n; i++)
		if (hash_might_panic(u->st.field[i]->type))
			return true;
	return u->kind == KindInterface;
}

/* struct { ctrl uint64; slots [8]struct { key K; elem E } }, big keys and elements by pointer */
static void put_map(Reach *r, Sym *s, Type *t)
{
	Checker *c = r->p->chk;
	Type *u = types_under(t);
	bool ikey = types_size(c, u->key) > MapInlineMax, ielem = types_size(c, u->elem) > MapInlineMax;
	Obj *slot[] = {
		types_field(c, NULL, intern_str("key"), ikey ? types_pointer(c, u->key) : u->key, false),
		types_field(c, NULL, intern_str("elem"), ielem ? types_pointer(c, u->elem) : u->elem, false),
	};
	Type *st = types_struct(c, slot, NULL, 2);
	Obj *group[] = {
		types_field(c, NULL, intern_str("ctrl"), c->typ[KindUint64], false),
		types_field(c, NULL, intern_str("slots"), types_array(c, st, 8), false),
	};
	Type *gt = types_struct(c, group, NULL, 2);
	Layout *sl = types_layout(c, st);
	put_ptr(r, s, 48, sym_type(r->p, u->key));
	put_ptr(r, s, 56, sym_type(r->p, u->elem));
	put_ptr(r, s, 64, sym_alloc(r->p, gt));
	put_ptr(r, s, 72, hash_val(r, u->key));
	put(s, 80, (u64)types_size(c, gt), 8);
	put(s, 88, (u64)sl->size, 8);
	put(s, 96, (u64)sl->offset[1], 8);
	put(s, 104, (need_key_update(c, u->key) ? MapNeedKeyUpdate : 0) | (hash_might_panic(u->key) ? MapHashMightPanic : 0) |
		(ikey ? MapIndirectKey : 0) | (ielem ? MapIndirectElem : 0), 4);
}

/* Bytes of the kind's record and of the array after the uncommon part. */
static u32 kind_bytes(Checker *c, Type *u, u32 *array)
{
	*array = 0;
	switch (u->kind) {
	case KindArray: return 72;
	case KindChan: return 64;
	case KindFunc: *array = 8 * (u->fn.params->tuple.n + u->fn.results->tuple.n); return 56;
	case KindInterface: *array = 8 * types_typeset(c, u)->nmethod; return 80;
	case KindMap: return 112;
	case KindPointer: case KindSlice: return 56;
	case KindStruct: *array = 24 * u->st.n; return 80;
	default: return TypeBytes;
	}
}

static const Pkg *first_unexported_pkg(Obj **o, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (!o[i]->name->exported)
			return o[i]->pkg;
	return NULL;
}

static void put_interface(Reach *r, Sym *s, Type *t, Type *u, u32 at)
{
	TypeSet *ts = types_typeset(r->p->chk, u);
	const Pkg *pkg = t->kind == KindNamed ? t->named.obj->pkg : first_unexported_pkg(ts->method, ts->nmethod);
	if (pkg)
		put_ptr(r, s, 48, plain_name(r, pkg->path, false));
	reach_reloc(r, s, 56, RelocAddr64, s, at);
	put(s, 64, ts->nmethod, 8);
	put(s, 72, ts->nmethod, 8);
	/* the set is sorted by name */
	for (u32 i = 0; i < ts->nmethod; i++) {
		put_off(r, s, at + 8 * i, method_name(r, ts->method[i], t->kind == KindNamed ? pkg : NULL));
		put_off(r, s, at + 8 * i + 4, sym_type(r->p, types_func(r->p->chk, ts->method[i]->type->fn.params,
			ts->method[i]->type->fn.results, ts->method[i]->type->variadic)));
	}
}

static void put_struct(Reach *r, Sym *s, Type *u, u32 at)
{
	Layout *l = types_layout(r->p->chk, u);
	const Pkg *pkg = first_unexported_pkg(u->st.field, u->st.n);
	if (pkg)
		put_ptr(r, s, 48, plain_name(r, pkg->path, false));
	reach_reloc(r, s, 56, RelocAddr64, s, at);
	put(s, 64, u->st.n, 8);
	put(s, 72, u->st.n, 8);
	for (u32 i = 0; i < u->st.n; i++) {
		const Obj *f = u->st.field[i];
		const char *tag = u->st.tag && u->st.tag[i] ? u->st.tag[i] : "";
		u8 flags = f->flags & ObjEmbedded ? NameEmbedded : 0;
		/* the struct says the package of its fields: names here have none */
		Sym *name = name_sym(r, f->name->s, f->name->len, tag, (u32)strlen(tag), NULL, flags | (f->name->exported ? NameExported : 0));
		put_ptr(r, s, at + 24 * i, name);
		put_ptr(r, s, at + 24 * i + 8, sym_type(r->p, f->type));
		put(s, at + 24 * i + 16, (u64)l->offset[i], 8);
	}
}

static void put_func(Reach *r, Sym *s, Type *u, u32 at)
{
	u32 in = u->fn.params->tuple.n, out = u->fn.results->tuple.n;
	put(s, 48, in, 2);
	put(s, 50, out | (u->variadic ? 1u << 15 : 0), 2);
	for (u32 i = 0; i < in; i++)
		put_ptr(r, s, at + 8 * i, sym_type(r->p, u->fn.params->tuple.v[i]->type));
	for (u32 i = 0; i < out; i++)
		put_ptr(r, s, at + 8 * (in + i), sym_type(r->p, u->fn.results->tuple.v[i]->type));
}

static void put_kind(Reach *r, Sym *s, Type *t, Type *u, u32 array_at)
{
	Checker *c = r->p->chk;
	switch (u->kind) {
	case KindArray:
		put_ptr(r, s, 48, sym_type(r->p, u->elem));
		put_ptr(r, s, 56, sym_type(r->p, types_slice(c, u->elem)));
		put(s, 64, (u64)u->len, 8);
		break;
	case KindChan:
		put_ptr(r, s, 48, sym_type(r->p, u->elem));
		put(s, 56, u->dir == ChanBoth ? 3 : u->dir == ChanSendOnly ? 2 : 1, 8);
		break;
	case KindPointer: case KindSlice:
		put_ptr(r, s, 48, sym_type(r->p, u->elem));
		break;
	case KindMap: put_map(r, s, t); break;
	case KindFunc: put_func(r, s, u, array_at); break;
	case KindInterface: put_interface(r, s, t, u, array_at); break;
	case KindStruct: put_struct(r, s, u, array_at); break;
	default: break;
	}
}

void typedesc_fill(Reach *r, Sym *s)
{
	Checker *c = r->p->chk;
	Type *t = s->def->type, *u = types_under(t);
	u32 array, rec = kind_bytes(c, u, &array);
	bool named = t->kind == KindNamed || t->kind <= KindLastBasic;
	u32 nmethod = types_is_interface(t) ? 0 : types_methodset(c, t)->n;
	bool uncommon = named || nmethod;
	u32 array_at = rec + (uncommon ? UncommonBytes : 0);
	begin(r, s, array_at + array + nmethod * MethodBytes);
	s->type = t;
	put_prefix(r, s, t);
	ARENA_LOCAL(a, 1024);
	Buf str = {.ar = &a};
	types_print(&str, c, t, QualName, NULL);
	Type *base = t->kind == KindPointer ? types_unalias(t->elem) : t;
	bool exported = base->kind == KindNamed && base->named.obj->name->exported;
	put_off(r, s, 40, plain_name(r, buf_str(&str), exported));
	arena_free(&a);
	s->data[20] |= (u8)((named ? TFlagNamed : 0) | (uncommon ? TFlagUncommon : 0));
	if (types_layout(c, t)->comparable)
		put_ptr(r, s, 24, equal_val(r, t));
	/* reflection may take the address of a T and then look for methods */
	bool ptr_methods = t->kind != KindPointer && !types_is_interface(t) && types_methodset(c, types_pointer(c, t))->n;
	if (ptr_methods || (named && t->kind != KindPointer))
		reach_reloc(r, s, 44, ptr_methods ? RelocOff32 : RelocTypeOffWeak, sym_type(r->p, types_pointer(c, t)), 0);
	put_kind(r, s, t, u, array_at);
	if (uncommon)
		put_uncommon(r, s, t, rec, UncommonBytes + array);
}

/* ---- itabs: {inter, type, hash, pad, fun[]} ---- */

void itab_fill(Reach *r, Sym *s)
{
	Type *t = s->def->type, *it = s->def->type2;
	TypeSet *ts = types_typeset(r->p->chk, types_under(it));
	MethodSet *ms = types_methodset(r->p->chk, t);
	begin(r, s, 24 + 8 * ts->nmethod);
	put_ptr(r, s, 0, sym_type(r->p, it));
	put_ptr(r, s, 8, sym_type(r->p, t));
	put(s, 16, typedesc_hash(r->p, t), 4);
	for (u32 i = 0; i < ts->nmethod; i++)
		for (u32 k = 0; k < ms->n; k++) {
			const Obj *want = ts->method[i], *have = ms->m[k].fn;
			if (want->name == have->name && (want->name->exported || want->pkg == have->pkg))
				put_ptr(r, s, 24 + 8 * i, sym_ifn(r->p, t, &ms->m[k]));
		}
}
