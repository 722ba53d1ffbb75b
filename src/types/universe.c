/* universe: the predeclared names, package unsafe, and the tables behind a Checker. */
#include "check.h"
#include "table.h"

static const struct { const char *name; TypeKind kind; } basic[] = {
	{ "invalid type", KindInvalid }, { "bool", KindBool }, { "int", KindInt }, { "int8", KindInt8 }, { "int16", KindInt16 },
	{ "int32", KindInt32 }, { "int64", KindInt64 }, { "uint", KindUint }, { "uint8", KindUint8 }, { "uint16", KindUint16 },
	{ "uint32", KindUint32 }, { "uint64", KindUint64 }, { "uintptr", KindUintptr }, { "float32", KindFloat32 },
	{ "float64", KindFloat64 }, { "complex64", KindComplex64 }, { "complex128", KindComplex128 }, { "string", KindString },
	{ "Pointer", KindUnsafePointer }, { "untyped bool", KindUntypedBool }, { "untyped int", KindUntypedInt },
	{ "untyped rune", KindUntypedRune }, { "untyped float", KindUntypedFloat }, { "untyped complex", KindUntypedComplex },
	{ "untyped string", KindUntypedString }, { "untyped nil", KindUntypedNil },
};

static const struct { const char *name; BuiltinId id; } builtin[] = {
	{ "append", BuiltinAppend }, { "cap", BuiltinCap }, { "clear", BuiltinClear }, { "close", BuiltinClose },
	{ "complex", BuiltinComplex }, { "copy", BuiltinCopy }, { "delete", BuiltinDelete }, { "imag", BuiltinImag }, { "len", BuiltinLen },
	{ "make", BuiltinMake }, { "max", BuiltinMax }, { "min", BuiltinMin }, { "new", BuiltinNew }, { "panic", BuiltinPanic },
	{ "print", BuiltinPrint }, { "println", BuiltinPrintln }, { "real", BuiltinReal }, { "recover", BuiltinRecover },
	{ "Add", BuiltinUnsafeAdd }, { "Alignof", BuiltinUnsafeAlignof }, { "Offsetof", BuiltinUnsafeOffsetof },
	{ "Sizeof", BuiltinUnsafeSizeof }, { "Slice", BuiltinUnsafeSlice }, { "SliceData", BuiltinUnsafeSliceData },
	{ "String", BuiltinUnsafeString }, { "StringData", BuiltinUnsafeStringData },
	{ "assert", BuiltinAssert }, { "trace", BuiltinTrace },
};

const char *basic_name(Checker *k, const Type *t)
{
	if (t == k->t_byte)
		return "byte";
	if (t == k->t_rune)
		return "rune";
	return basic[t->kind].name;
}

static Obj *define(Checker *k, Scope *s, ObjKind kind, const char *name, Type *t)
{
	Obj *o = obj_alloc(k, kind, 0, s == k->universe ? NULL : k->unsafe_pkg, intern_str(name), t);
	o->color = 2;
	scope_insert(k->ar, s, o);
	o->parent = s;
	return o;
}

static Type *empty_iface(Checker *k)
{
	Type *t = type_alloc(k, KindInterface);
	t->iface.tset = k_new(k, TypeSet);
	t->iface.tset->all = true;
	return t;
}

static void define_types(Checker *k)
{
	Scope *u = k->universe;
	for (TypeKind i = KindBool; i <= KindString; i++)
		define(k, u, ObjTypeName, basic[i].name, k->typ[i]);
	define(k, u, ObjTypeName, "byte", k->t_byte);
	define(k, u, ObjTypeName, "rune", k->t_rune);

	k->t_empty_iface = empty_iface(k);
	k->t_any = type_alloc(k, KindAlias);
	k->t_any->alias.rhs = empty_iface(k);
	k->t_any->alias.origin = k->t_any;
	k->t_any->alias.obj = define(k, u, ObjTypeName, "any", k->t_any);

	Obj *err = define(k, u, ObjTypeName, "error", NULL);
	k->t_error = type_new_named(k, err, NULL);
	Type *str = k->typ[KindString];
	Type *sig = types_func(k, k->t_empty_tuple, types_tuple_of(k, &str, 1), false);
	sig->fn.recv = obj_alloc(k, ObjVar, 0, NULL, intern("", 0), k->t_error);
	k->o_error_error = obj_alloc(k, ObjFunc, 0, NULL, intern_str("Error"), sig);
	k->o_error_error->flags = ObjIfaceMethod;
	k->o_error_error->fn.recvnamed = k->t_error;
	Type *it = type_alloc(k, KindInterface);
	it->iface.method = k_array(k, Obj *, 1);
	it->iface.method[0] = k->o_error_error;
	it->iface.nmethod = 1;
	k->t_error->named.under = it;
	k->t_error->named.lazy->rhs = it;
	types_typeset(k, it);

	Obj *cmp = define(k, u, ObjTypeName, "comparable", NULL);
	k->t_comparable = type_new_named(k, cmp, NULL);
	it = type_alloc(k, KindInterface);
	it->iface.tset = k_new(k, TypeSet);
	it->iface.tset->all = it->iface.tset->comparable = true;
	k->t_comparable->named.under = it;
	k->t_comparable->named.lazy->rhs = it;
}

static void define_unsafe(Checker *k)
{
	Pkg *p = k_new(k, Pkg);
	p->path = "unsafe";
	p->name = intern_str("unsafe");
	p->std = true;
	p->goversion = k->goversion;
	p->chk = k;
	k->unsafe_pkg = p;
	p->scope = scope_new(k->ar, k->universe);
	Obj *o = define(k, p->scope, ObjTypeName, "Pointer", k->typ[KindUnsafePointer]);
	o->flags |= ObjGlobal;
}

Checker *types_new(Arena *ar)
{
	Checker *k = arena_new(ar, Checker);
	k->ar = ar;
	k->priv = arena_new(ar, Tables);
	k->goversion = "go1.26";
	for (TypeKind i = 0; i <= KindLastBasic; i++) {
		k->typ[i] = type_alloc(k, i);
		k->typ[i]->canon = k->typ[i];
	}
	k->t_byte = type_alloc(k, KindUint8);
	k->t_byte->canon = k->typ[KindUint8];
	k->t_rune = type_alloc(k, KindInt32);
	k->t_rune->canon = k->typ[KindInt32];
	k->t_empty_tuple = types_tuple(k, NULL, 0);
	k->t_empty_struct = types_struct(k, NULL, NULL, 0);
	k->universe = scope_new(ar, NULL);
	define_types(k);
	define_unsafe(k);
	define(k, k->universe, ObjConst, "true", k->typ[KindUntypedBool])->val = const_make_bool(ar, true);
	define(k, k->universe, ObjConst, "false", k->typ[KindUntypedBool])->val = const_make_bool(ar, false);
	define(k, k->universe, ObjConst, "iota", k->typ[KindUntypedInt])->val = const_make_int(ar, 0);
	define(k, k->universe, ObjNil, "nil", k->typ[KindUntypedNil]);
	for (u32 i = 0; i < nelem(builtin); i++) {
		if (builtin[i].id >= BuiltinAssert)
			continue;
		bool uns = builtin[i].id >= BuiltinUnsafeAdd;
		define(k, uns ? k->unsafe_pkg->scope : k->universe, ObjBuiltin, builtin[i].name, k->typ[KindInvalid])->builtin = builtin[i].id;
	}
	return k;
}

/* assert and trace exist only in the checker's own tests. */
void universe_test_builtins(Checker *k)
{
	for (u32 i = 0; i < nelem(builtin); i++)
		if (builtin[i].id >= BuiltinAssert && !scope_find(k->universe, intern_str(builtin[i].name)))
			define(k, k->universe, ObjBuiltin, builtin[i].name, k->typ[KindInvalid])->builtin = builtin[i].id;
}

Obj *pkg_lookup(const Pkg *p, const char *name)
{
	return p->scope ? scope_find(p->scope, intern_str(name)) : NULL;
}
