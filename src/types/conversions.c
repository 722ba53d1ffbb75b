/* conversions: T(x) (spec: Conversions). */
#include "check.h"

static bool const_convertible(Check *c, Operand *x, Type *t, const Const **val)
{
	Type *u = types_under(t);
	if (u->kind > KindLastBasic || u->kind == KindInvalid)
		return false;
	if (check_representable_const(c, x->val, u, val))
		return true;
	if (!type_is(x->type, IsInteger) || !(kind_info(u->kind) & IsString))
		return false;
	if (val) {
		u64 r;
		char *s = arena_alloc(c->ar, 4, 1);
		if (!const_uint64(x->val, &r) || r > 0x10FFFF)
			r = RUNE_ERROR;
		*val = const_make_string(c->ar, s, (u32)utf8_encode(s, (u32)r));
	}
	return true;
}

typedef struct ConvArg { Check *c; Operand *x; Type *V, *T, *orig; const char **cause; bool any; } ConvArg;

static const char *s_const(Check *c, const Const *v)
{
	Buf b = { .ar = c->ar };
	const_print(&b, v);
	return buf_str(&b);
}

static bool const_to_term(void *arg, Type *t, Type *u)
{
	ConvArg *a = arg;
	Check *c = a->c;
	(void)t;
	if (!u) {
		*a->cause = s_fmt(c, "%s does not contain specific types", s_type(c, a->T));
		return false;
	}
	if (type_is(a->x->type, IsString) && type_is_bytes_or_runes(u))
		return true;
	if (const_convertible(c, a->x, u, NULL))
		return true;
	if (type_is(a->x->type, IsInteger) && type_is(u, IsInteger))
		*a->cause = s_fmt(c, "constant %s overflows %s (in %s)", s_const(c, a->x->val), s_type(c, u), s_type(c, a->T));
	else
		*a->cause = s_fmt(c, "cannot convert %s to type %s (in %s)", s_operand(c, a->x), s_type(c, u), s_type(c, a->T));
	return false;
}

static bool convertible(Check *c, Operand *x, Type *T, const char **cause);

static void add_cause(Check *c, const char **cause, const char *msg)
{
	*cause = *cause && **cause ? s_fmt(c, "%s\n\t%s", msg, *cause) : msg;
}

static bool conv_to_term(void *arg, Type *t, Type *u)
{
	ConvArg *a = arg;
	Check *c = a->c;
	(void)u;
	if (!t)
		return false;
	a->any = convertible(c, a->x, t, a->cause);
	if (a->any)
		return true;
	if (a->V)
		add_cause(c, a->cause, s_fmt(c, "cannot convert %s (in %s) to type %s (in %s)", s_type(c, a->x->type), s_type(c, a->V), s_type(c, t), s_type(c, a->T)));
	else
		add_cause(c, a->cause, s_fmt(c, "cannot convert %s to type %s (in %s)", s_type(c, a->x->type), s_type(c, t), s_type(c, a->T)));
	return false;
}

static bool conv_from_term(void *arg, Type *t, Type *u)
{
	ConvArg *a = arg;
	Check *c = a->c;
	(void)u;
	if (!t)
		return false;
	a->x->type = t;
	if (type_is_tparam(a->T)) {
		ConvArg b = { .c = c, .x = a->x, .V = a->V, .T = a->T, .cause = a->cause };
		a->any = type_each_term(c->k, a->T, conv_to_term, &b) && b.any;
		return a->any;
	}
	a->any = convertible(c, a->x, a->T, a->cause);
	if (!a->any)
		add_cause(c, a->cause, s_fmt(c, "cannot convert %s (in %s) to type %s", s_type(c, t), s_type(c, a->V), s_type(c, a->orig)));
	return a->any;
}

static bool slice_to_array(Check *c, Type *elem, Type *arr, int minor, const char *what, const char **cause, bool *ok)
{
	if (arr->kind != KindArray || !types_identical(c->k, elem, arr->elem))
		return false;
	*ok = check_allowed(c, minor);
	if (!*ok)
		*cause = s_fmt(c, "conversion of slice to %s requires go1.%d or later", what, minor);
	return true;
}

static bool convertible(Check *c, Operand *x, Type *orig, const char **cause)
{
	if (check_operand_assignable(c, x, orig, cause))
		return true;
	Type *V = types_unalias(x->type), *T = types_unalias(orig);
	Type *Vu = types_under(V), *Tu = types_under(T);
	bool Vp = type_is_tparam(V), Tp = type_is_tparam(T), ok;
	if (!Vp && !Tp && type_identical_ignore_tags(c->k, Vu, Tu))
		return true;
	if (V->kind == KindPointer && T->kind == KindPointer && !type_is_tparam(V->elem) && !type_is_tparam(T->elem) &&
	    type_identical_ignore_tags(c->k, types_under(V->elem), types_under(T->elem)))
		return true;
	int vi = kind_info(Vu->kind), ti = kind_info(Tu->kind);
	if ((vi & (IsInteger | IsFloat)) && (ti & (IsInteger | IsFloat)))
		return true;
	if ((vi & IsComplex) && (ti & IsComplex))
		return true;
	if (((vi & IsInteger) || type_is_bytes_or_runes(Vu)) && (ti & IsString))
		return true;
	if ((vi & IsString) && type_is_bytes_or_runes(Tu))
		return true;
	bool vw = Vu->kind == KindPointer || Vu->kind == KindUintptr, tw = Tu->kind == KindPointer || Tu->kind == KindUintptr;
	if ((vw && Tu->kind == KindUnsafePointer) || (Vu->kind == KindUnsafePointer && tw))
		return true;
	if (Vu->kind == KindSlice) {
		if (slice_to_array(c, Vu->elem, Tu, 20, "array", cause, &ok))
			return ok;
		if (Tu->kind == KindPointer && slice_to_array(c, Vu->elem, types_under(Tu->elem), 17, "array pointer", cause, &ok))
			return ok;
	}
	if (!Vp && !Tp)
		return false;
	if (Vp) {
		Operand y = *x;
		ConvArg a = { .c = c, .x = &y, .V = V, .T = T, .orig = orig, .cause = cause };
		return type_each_term(c->k, V, conv_from_term, &a) && a.any;
	}
	ConvArg a = { .c = c, .x = x, .T = T, .cause = cause };
	return type_each_term(c->k, T, conv_to_term, &a) && a.any;
}

static bool is_const_type(Type *t) { return type_is(t, IsConstType); }

void conversion(Check *c, Operand *x, Type *T)
{
	bool const_arg = x->mode == ModeConst, ok = false;
	const char *cause = "";
	if (const_arg && is_const_type(T)) {
		ok = const_convertible(c, x, T, &x->val);
		if (!ok && type_is(x->type, IsInteger) && type_is(T, IsInteger)) {
			err_operand(c, x, "constant %s overflows %s", s_const(c, x->val), s_type(c, T));
			x->mode = ModeInvalid;
			return;
		}
	} else if (const_arg && type_is_tparam(T)) {
		ConvArg a = { .c = c, .x = x, .T = T, .cause = &cause };
		ok = type_each_term(c->k, T, const_to_term, &a);
		x->mode = ModeValue;
	} else if (convertible(c, x, T, &cause)) {
		ok = true;
		x->mode = ModeValue;
	}
	if (!ok) {
		const char *s = s_operand(c, x), *t = s_type(c, T);
		if (cause && *cause)
			err_operand(c, x, "cannot convert %s to type %s: %s", s, t, cause);
		else
			err_operand(c, x, "cannot convert %s to type %s", s, t);
		x->mode = ModeInvalid;
		return;
	}
	if (type_is_untyped(x->type)) {
		Type *final = T;
		if (x->type->kind == KindUntypedNil)
			;
		else if (type_is_nonparam_interface(T) || (const_arg && !is_const_type(T)))
			final = type_default(c->k, x->type);
		else if (x->mode == ModeConst && type_is(x->type, IsInteger) && type_all(T, IsString))
			final = x->type;
		expr_update_type(c, x->expr, final, true);
	}
	x->type = T;
}
