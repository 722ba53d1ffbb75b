/* Comparisons. Composite values are compared part by part, stopping at the first difference: left to right around interfaces,
 * which may panic; between them what is cheap comes first, a string's length before its bytes. Plain memory is compared at once, and big mixed types by their generated function type:.eq.T. */
#include "build.h"

/* A condition under construction: 1 until some part differs. */
typedef struct Chain { u32 r; BlockId done; } Chain;

static Chain chain_begin(Build *b)
{
	Chain c = {var_new(b, TyI8), b_block(b)};
	return c;
}

/* Goes on only if cond holds. */
static void chain_and(Build *b, Chain *c, ValueId cond)
{
	BlockId next = b_block(b);
	var_set(b, c->r, v_const(b, TyI8, 0));
	b_if(b, cond, next, c->done, 0);
	b_seal(b, next);
	b_start(b, next);
}

static ValueId chain_end(Build *b, Chain *c, ValueId last)
{
	var_set(b, c->r, last);
	b_jump(b, c->done);
	b_seal(b, c->done);
	b_start(b, c->done);
	return var_get(b, c->r);
}

enum { EqWords = 4 };

typedef struct Bytes { ValueId p; const u8 *known; u32 flags; } Bytes;   /* known: constant contents */

static Bytes bytes_at(Build *b, ValueId p, u32 flags)
{
	const Value *v = &b->f->v.a[p];
	const Sym *s = v->op == SsaAddr ? v->sym : NULL;
	return (Bytes){p, s && s->readonly && s->data && !s->rel.n ? s->data + v->aux : NULL, flags};
}

static ValueId word_at(Build *b, Bytes m, u32 at, Ty ty)
{
	i64 bits = 0;
	if (!m.known)
		return v_load(b, ty, m.p, at, at ? FlagNonNil : m.flags);
	memcpy(&bits, m.known + at, ty_size(ty));
	u32 shift = 64 - 8 * ty_size(ty);
	return v_const(b, ty, (i64)((u64)bits << shift) >> shift);
}

/* Equality of n bytes by words, the last of which may overlap the one before; 0: too many. */
static ValueId eq_words(Build *b, Bytes x, Bytes y, u64 n)
{
	Ty ty = n >= 8 ? TyI64 : n >= 4 ? TyI32 : n >= 2 ? TyI16 : TyI8;
	u32 size = ty_size(ty), words = (u32)((n + size - 1) / size);
	ValueId diff = 0;
	if (!n || n > EqWords * 8)
		return 0;
	for (u32 i = 0; i < words; i++) {
		u32 at = i + 1 < words ? i * size : (u32)n - size;
		ValueId p = word_at(b, x, at, ty), q = word_at(b, y, at, ty);
		if (words == 1)
			return v_2(b, SsaEq, TyI8, p, q);
		ValueId d = v_2(b, SsaXor, ty, p, q);
		diff = diff ? v_2(b, SsaOr, ty, diff, d) : d;
	}
	return v_2(b, SsaEq, TyI8, diff, v_const(b, ty, 0));
}

/* Contents of strings whose lengths are equal; one of them is constant perhaps. Constants of two lengths meet where no
 * execution comes. */
ValueId eq_contents(Build *b, Val x, Val y)
{
	i64 n, m;
	if (v_isconst(b, x.p[1], &n) && v_isconst(b, y.p[1], &m) && n != m)
		return v_const(b, TyI8, 0);
	ValueId len = v_isconst(b, x.p[1], &n) ? x.p[1] : y.p[1], e = 0;
	if (v_isconst(b, len, &n))
		e = eq_words(b, bytes_at(b, x.p[0], FlagNonNil), bytes_at(b, y.p[0], FlagNonNil), (u64)n);
	return e ? e : call_rt1(b, "memequal", TyI8, 3, x.p[0], y.p[0], x.p[1]);
}

/* Two constants, whose bytes are shared by content. */
static bool same_string(Build *b, Val x, Val y, bool *same)
{
	const Value *p = &b->f->v.a[b_resolve(b, x.p[0])], *q = &b->f->v.a[b_resolve(b, y.p[0])];
	i64 n, m;
	if (p->op != SsaAddr || q->op != SsaAddr || strncmp(p->sym->name, "go:string.", 10) || strncmp(q->sym->name, "go:string.", 10))
		return false;
	if (!v_isconst(b, x.p[1], &n) || !v_isconst(b, y.p[1], &m) || p->aux || q->aux || n != m)
		return false;
	*same = p->sym == q->sym;
	return true;
}

static bool float_const(Build *b, ValueId v, double *d)
{
	const Value *p = &b->f->v.a[b_resolve(b, v)];
	float f;
	if (p->op != SsaConst || !ty_is_float(p->ty))
		return false;
	memcpy(&f, &p->aux, sizeof f);
	memcpy(d, &p->aux, sizeof *d);
	if (p->ty == TyF32)
		*d = f;
	return true;
}

static ValueId eq_float(Build *b, ValueId x, ValueId y)
{
	double c, d;
	if (float_const(b, x, &c) && float_const(b, y, &d))
		return v_const(b, TyI8, c == d);
	return v_2(b, SsaFEq, TyI8, x, y);
}

static ValueId eq_string(Build *b, Val x, Val y)
{
	if (x.p[0] == y.p[0] && x.p[1] == y.p[1])
		return v_const(b, TyI8, 1);
	i64 n;
	bool same;
	if (same_string(b, x, y, &same))
		return v_const(b, TyI8, same);
	if (v_isconst(b, x.p[1], &n) && !n)
		return v_2(b, SsaEq, TyI8, y.p[1], v_int(b, 0));
	if (v_isconst(b, y.p[1], &n) && !n)
		return v_2(b, SsaEq, TyI8, x.p[1], v_int(b, 0));
	ValueId same_len = v_2(b, SsaEq, TyI8, x.p[1], y.p[1]);
	i64 never;
	if (v_isconst(b, same_len, &never) && !never)
		return same_len;
	Chain c = chain_begin(b);
	chain_and(b, &c, same_len);
	return chain_end(b, &c, eq_contents(b, x, y));
}

static ValueId eq_iface(Build *b, Val x, Val y)
{
	bool empty = types_typeset(b->k, types_under(x.t))->nmethod == 0;
	i64 c;
	if ((v_isconst(b, x.p[0], &c) && !c) || (v_isconst(b, y.p[0], &c) && !c))
		return v_2(b, SsaEq, TyI8, x.p[0], y.p[0]);
	Chain ch = chain_begin(b);
	chain_and(b, &ch, v_2(b, SsaEq, TyI8, x.p[0], y.p[0]));
	/* equal words: two nils, or one type; the runtime compares the data and panics for types that have no == */
	return chain_end(b, &ch, call_rt1(b, empty ? "efaceeq" : "ifaceeq", TyI8, 3, x.p[0], x.p[1], y.p[1]));
}

ValueId eq_mem(Build *b, Type *t, ValueId p, i64 poff, ValueId q, i64 qoff)
{
	Layout *l = types_layout(b->k, t);
	if (!l->size)
		return v_const(b, TyI8, 1);
	p = v_offset(b, p, poff);
	q = v_offset(b, q, qoff);
	ValueId e = l->regular && l->size <= 16 ? eq_words(b, bytes_at(b, p, 0), bytes_at(b, q, 0), (u64)l->size) : 0;
	if (e)
		return e;
	if (l->regular)
		return call_rt1(b, "memequal", TyI8, 3, p, q, v_int(b, l->size));
	return call_sym(b, sym_eq(b->p, t), rt_sig(b, "pp", "b"), NULL, (ValueId[]){p, q}, 2);
}

static ValueId eq(Build *b, Val x, Val y);

/* Comparing two values of t may panic: an interface is somewhere inside. */
static bool eq_panics(Type *t)
{
	Type *u = types_under(t);
	if (u->kind == KindInterface)
		return true;
	if (u->kind == KindArray)
		return u->len && eq_panics(u->elem);
	for (u32 i = 0; u->kind == KindStruct && i < u->st.n; i++)
		if (eq_panics(u->st.field[i]->type))
			return true;
	return false;
}

static bool is_string(Type *t)
{
	return types_under(t)->kind == KindString;
}

static bool is_cheap(Type *t)
{
	Type *u = types_under(t);
	return !is_string(t) && u->kind != KindArray && u->kind != KindStruct && u->kind != KindInterface;
}

static bool is_blank(const Obj *f)
{
	return f->name->len == 1 && f->name->s[0] == '_';
}

u32 eq_order(Type *u, EqStep *out)
{
	u32 n = 0, end;
	for (u32 i = 0; i < u->st.n; i = end) {
		end = i + 1;
		if (eq_panics(u->st.field[i]->type)) {
			if (!is_blank(u->st.field[i]))
				out[n++] = (EqStep){i, EqAll};
			continue;
		}
		while (end < u->st.n && !eq_panics(u->st.field[end]->type))
			end++;
		for (u32 dear = 0; dear < 2; dear++)
			for (u32 k = i; k < end; k++) {
				const Obj *f = u->st.field[k];
				if (!is_blank(f) && (is_string(f->type) || is_cheap(f->type) == !dear))
					out[n++] = (EqStep){k, !is_string(f->type) ? EqAll : dear ? EqContents : EqLength};
			}
	}
	return n;
}

ValueId eq_step(Build *b, EqStep s, Val x, Val y)
{
	switch (s.what) {
	case EqLength:
		return v_2(b, SsaEq, TyI8, x.p[1], y.p[1]);
	case EqContents:
		return eq_contents(b, x, y);
	default:
		return eq(b, x, y);
	}
}

static ValueId eq_struct(Build *b, Val x, Val y, Type *u)
{
	Layout *l = types_layout(b->k, u);
	Chain c = chain_begin(b);
	EqStep *s = arena_array(b->ar, EqStep, 2 * u->st.n + 1);
	u32 n = eq_order(u, s);
	ValueId e = v_const(b, TyI8, 1);
	for (u32 i = 0; i < n; i++) {
		Type *t = u->st.field[s[i].field]->type;
		i64 off = l->offset[s[i].field];
		e = eq_step(b, s[i], val_field(b, x, t, off), val_field(b, y, t, off));
		if (i + 1 < n)
			chain_and(b, &c, e);
	}
	return chain_end(b, &c, e);
}

static ValueId eq(Build *b, Val x, Val y)
{
	Type *u = types_under(x.t);
	if (x.form == ValMem || y.form == ValMem) {
		i64 xo, yo;
		ValueId p = val_addr(b, x, &xo), q = val_addr(b, y, &yo);
		return eq_mem(b, x.t, p, xo, q, yo);
	}
	switch (u->kind) {
	case KindString: case KindUntypedString:
		return eq_string(b, x, y);
	case KindInterface:
		return eq_iface(b, x, y);
	case KindFloat32: case KindFloat64: case KindUntypedFloat:
		return eq_float(b, x.p[0], y.p[0]);
	case KindComplex64: case KindComplex128:
		return v_2(b, SsaAnd, TyI8, eq_float(b, x.p[0], y.p[0]), eq_float(b, x.p[1], y.p[1]));
	case KindStruct:
		return eq_struct(b, x, y, u);
	case KindArray:
		if (!u->len)
			return v_const(b, TyI8, 1);
		return eq(b, val_field(b, x, u->elem, 0), val_field(b, y, u->elem, 0));
	default:                                /* scalars; slices, maps and functions against nil */
		return v_2(b, SsaEq, TyI8, x.p[0], y.p[0]);
	}
}

static ValueId ordered(Build *b, Op op, Val x, Val y)
{
	if (op == OpGtr || op == OpGeq) {
		Val t = x; x = y; y = t;
		op = op == OpGtr ? OpLss : OpLeq;
	}
	Type *u = types_under(x.t);
	bool strict = op == OpLss;
	if (u->kind == KindString || u->kind == KindUntypedString) {
		ValueId r = call_rt1(b, "cmpstring", TyI64, 4, x.p[0], x.p[1], y.p[0], y.p[1]);
		return v_2(b, strict ? SsaLtS : SsaLeS, TyI8, r, v_int(b, 0));
	}
	if (kind_is_float((TypeKind)u->kind))
		return v_2(b, strict ? SsaFLt : SsaFLe, TyI8, x.p[0], y.p[0]);
	if (kind_is_unsigned((TypeKind)u->kind))
		return v_2(b, strict ? SsaLtU : SsaLeU, TyI8, x.p[0], y.p[0]);
	return v_2(b, strict ? SsaLtS : SsaLeS, TyI8, x.p[0], y.p[0]);
}

ValueId cmp(Build *b, Op op, Val x, Val y)
{
	if (op == OpEql)
		return eq(b, x, y);
	if (op == OpNeq) {
		if (kind_is_float((TypeKind)types_under(x.t)->kind))
			return v_2(b, SsaFNe, TyI8, x.p[0], y.p[0]);
		return v_1(b, SsaBoolNot, TyI8, eq(b, x, y));
	}
	return ordered(b, op, x, y);
}

/* An interface against a concrete value: same dynamic type and equal data; the value is not boxed. */
static ValueId eq_boxed(Build *b, Val i, Val v)
{
	Chain c = chain_begin(b);
	chain_and(b, &c, type_matches(b, i, v.t, 0, NULL));
	return chain_end(b, &c, eq(b, iface_data(b, i, v.t), v));
}

ValueId cmp_mixed(Build *b, Op op, Val x, Val y)
{
	if (x.t->kind == KindUntypedNil && y.t->kind == KindUntypedNil)
		return v_const(b, TyI8, op == OpEql);
	if (x.t->kind == KindUntypedNil)
		x = val_zero(b, y.t);
	if (y.t->kind == KindUntypedNil)
		y = val_zero(b, x.t);
	bool xi = types_under(x.t)->kind == KindInterface, yi = types_under(y.t)->kind == KindInterface;
	if (xi && yi && !b_same(b, x.t, y.t)) {
		Type *any = b->k->t_empty_iface;            /* different itabs: compare the types themselves */
		x = to_iface(b, x, any);
		y = to_iface(b, y, any);
	}
	if (xi == yi)
		return cmp(b, op, x, y);
	ValueId e = xi ? eq_boxed(b, x, y) : eq_boxed(b, y, x);
	return op == OpEql ? e : v_1(b, SsaBoolNot, TyI8, e);
}
