/* switch and type switch.
 *
 * Cases are tried in order, except that many integer constants become a jump table when they are dense and a binary search when
 * they are not, and many strings are told apart by their length first (the spec forbids duplicate constants, so order does not matter then). */
#include "build.h"
#include <stdlib.h>

enum { SearchMin = 8, TableMin = 8, TableWaste = 8 };

typedef struct IntCase { i64 v; BlockId to; } IntCase;

static int by_signed(const void *x, const void *y)
{
	i64 p = ((const IntCase *)x)->v, q = ((const IntCase *)y)->v;
	return p < q ? -1 : p > q;
}

static int by_unsigned(const void *x, const void *y)
{
	u64 p = (u64)((const IntCase *)x)->v, q = (u64)((const IntCase *)y)->v;
	return p < q ? -1 : p > q;
}

static void search(Build *b, ValueId x, const IntCase *c, u32 n, BlockId none, bool uns)
{
	Ty ty = v_ty(b, x);
	if (n <= 4) {
		for (u32 i = 0; i < n; i++) {
			BlockId next = i + 1 < n ? b_block(b) : none;
			b_if(b, v_2(b, SsaEq, TyI8, x, v_const(b, ty, c[i].v)), c[i].to, next, 0);
			if (i + 1 < n) {
				b_seal(b, next);
				b_start(b, next);
			}
		}
		return;
	}
	u32 mid = n / 2;
	BlockId lo = b_block(b), hi = b_block(b);
	b_if(b, v_2(b, uns ? SsaLtU : SsaLtS, TyI8, x, v_const(b, ty, c[mid].v)), lo, hi, 0);
	b_seal(b, lo), b_seal(b, hi);
	b_start(b, lo);
	search(b, x, c, mid, none, uns);
	b_start(b, hi);
	search(b, x, c + mid, n - mid, none, uns);
}

static void table(Build *b, ValueId x, const IntCase *c, u32 n, BlockId none, bool uns)
{
	u32 range = (u32)((u64)c[n - 1].v - (u64)c[0].v) + 1;
	if (v_ty(b, x) != TyI64)
		x = v_1(b, uns ? SsaZeroExt : SsaSignExt, TyI64, x);
	x = v_2(b, SsaSub, TyI64, x, v_int(b, c[0].v));
	b->f->b.a[b->cur].term = TermSwitch;
	b->f->b.a[b->cur].ctl = x;
	u32 at = 0;
	for (u32 i = 0; i < range; i++) {
		bool hit = (u64)c[at].v - (u64)c[0].v == i;
		block_edge(b->f, b->cur, hit ? c[at].to : none);
		at += hit;
	}
	block_edge(b->f, b->cur, none);
	b->cur = 0;
}

/* All cases integer constants: sorted into c. */
static bool int_cases(Build *b, ListId clauses, Type *tag, const BlockId *body, IntCase **out, u32 *n)
{
	VEC(IntCase) v = {0};
	if (!kind_is_integer((TypeKind)types_under(tag)->kind))
		return false;
	for (u32 i = 0; i < list_len(b->file, clauses); i++) {
		NodeId cases = node_at(b->file, list_at(b->file, clauses, i))->a;
		for (u32 j = 0; j < expr_count(b->file, cases); j++) {
			NodeId e = expr_item(b->file, cases, j);
			u64 lo, hi;
			if (!is_const(b, e) || types_under(b_typeof(b, e))->kind == KindInterface)
				return false;
			const_bits(info_at(b->file, e)->val, types_under(tag), &lo, &hi);
			vec_push(b->ar, &v, (IntCase){(i64)lo, body[i]});
		}
	}
	if (v.n < SearchMin)
		return false;
	qsort(v.a, v.n, sizeof *v.a, kind_is_unsigned((TypeKind)types_under(tag)->kind) ? by_unsigned : by_signed);
	u32 w = 0;                              /* generic code may repeat a constant after all: the first one counts */
	for (u32 i = 0; i < v.n; i++)
		if (!w || v.a[w - 1].v != v.a[i].v)
			v.a[w++] = v.a[i];
	*out = v.a;
	*n = w;
	return true;
}

static void dispatch_ints(Build *b, ValueId x, const IntCase *c, u32 n, BlockId none, bool uns)
{
	i64 known;
	for (u32 i = 0; v_isconst(b, x, &known) && i < n; i++)
		if (c[i].v == known) {          /* the other clauses may be dead */
			b_jump(b, c[i].to);
			return;
		}
	u64 range = (u64)c[n - 1].v - (u64)c[0].v;
	if (n >= TableMin && range < (u64)n * TableWaste)
		table(b, x, c, n, none, uns);
	else
		search(b, x, c, n, none, uns);
}

/* ---- strings: first the length, then the bytes ---- */

typedef struct StrCase { u32 n, order; NodeId e; BlockId to; } StrCase;

static int by_length(const void *x, const void *y)
{
	const StrCase *p = x, *q = y;
	return p->n != q->n ? (p->n < q->n ? -1 : 1) : p->order < q->order ? -1 : 1;
}

static bool string_cases(Build *b, ListId clauses, Type *tag, const BlockId *body, StrCase **out, u32 *n)
{
	VEC(StrCase) v = {0};
	if (types_under(tag)->kind != KindString)
		return false;
	for (u32 i = 0; i < list_len(b->file, clauses); i++) {
		NodeId cases = node_at(b->file, list_at(b->file, clauses, i))->a;
		for (u32 j = 0; j < expr_count(b->file, cases); j++) {
			NodeId e = expr_item(b->file, cases, j);
			if (!is_const(b, e) || types_under(b_typeof(b, e))->kind == KindInterface)
				return false;
			Val y = expr(b, e);
			i64 len;
			if (!v_isconst(b, y.p[1], &len))
				return false;
			vec_push(b->ar, &v, (StrCase){(u32)len, v.n, e, body[i]});
		}
	}
	if (v.n < SearchMin)
		return false;
	qsort(v.a, v.n, sizeof *v.a, by_length);
	*out = v.a;
	*n = v.n;
	return true;
}

static void dispatch_strings(Build *b, Val x, const StrCase *c, u32 n, BlockId none)
{
	VEC(IntCase) len = {0};
	for (u32 i = 0; i < n; i++)
		if (!len.n || vec_last(&len).v != c[i].n)
			vec_push(b->ar, &len, (IntCase){c[i].n, b_block(b)});
	search(b, x.p[1], len.a, len.n, none, false);
	for (u32 i = 0, k = 0; k < len.n; k++) {
		b_seal(b, len.a[k].to);
		b_start(b, len.a[k].to);
		for (; i < n && c[i].n == len.a[k].v; i++) {
			BlockId next = b_block(b);
			b->pos = node_at(b->file, c[i].e)->pos;
			b_if(b, c[i].n ? eq_contents(b, x, expr(b, c[i].e)) : v_const(b, TyI8, 1), c[i].to, next, 0);
			b_seal(b, next);
			b_start(b, next);
		}
		b_jump(b, none);
	}
}

static bool constant_cases(Build *b, ListId clauses)
{
	for (u32 i = 0; i < list_len(b->file, clauses); i++) {
		NodeId cases = node_at(b->file, list_at(b->file, clauses, i))->a;
		for (u32 j = 0; j < expr_count(b->file, cases); j++)
			if (!is_const(b, expr_item(b->file, cases, j)))
				return false;
	}
	return true;
}

static void dispatch(Build *b, ListId clauses, NodeId tag, const BlockId *body, BlockId none)
{
	Val x = {0};
	if (tag) {
		x = constant_cases(b, clauses) ? expr_tmpstring(b, tag) : expr(b, tag);
		if (is_const(b, tag) && x.t->kind >= KindUntypedBool && x.t->kind <= KindUntypedString)
			x.t = b_typeof(b, tag);
		IntCase *c;
		u32 n;
		if (int_cases(b, clauses, x.t, body, &c, &n)) {
			dispatch_ints(b, x.p[0], c, n, none, kind_is_unsigned((TypeKind)types_under(x.t)->kind));
			return;
		}
		StrCase *sc;
		if (string_cases(b, clauses, x.t, body, &sc, &n)) {
			dispatch_strings(b, x, sc, n, none);
			return;
		}
	}
	for (u32 i = 0; i < list_len(b->file, clauses); i++) {
		NodeId cases = node_at(b->file, list_at(b->file, clauses, i))->a;
		for (u32 j = 0; j < expr_count(b->file, cases); j++) {
			NodeId e = expr_item(b->file, cases, j);
			BlockId next = b_block(b);
			if (tag) {
				Val y = expr_borrow(b, e);
				b->pos = node_at(b->file, e)->pos;
				b_if(b, cmp_mixed(b, OpEql, x, y), body[i], next, 0);
			} else if (types_under(b_typeof(b, e))->kind == KindInterface) {
				Val yes = val_1(b_basic(b, KindBool), v_const(b, TyI8, 1)), y = expr(b, e);
				b_if(b, cmp_mixed(b, OpEql, yes, y), body[i], next, 0);
			} else {
				expr_cond(b, e, body[i], next);
			}
			b_seal(b, next);
			b_start(b, next);
		}
	}
	b_jump(b, none);
}

static void bodies(Build *b, NodeId n, ListId clauses, const BlockId *body, BlockId done, Name *label, void (*enter)(Build *b, NodeId clause, void *arg), void *arg)
{
	Target t = {.up = b->target, .label = label, .brk = done, .stmt = n};
	b->target = &t;
	u32 cnt = list_len(b->file, clauses);
	for (u32 i = 0; i < cnt; i++) {          /* in order: fallthrough reaches the next body before it is sealed */
		NodeId c = list_at(b->file, clauses, i);
		BlockId fall = b->fall;
		b->fall = i + 1 < cnt ? body[i + 1] : 0;
		b_seal(b, body[i]);
		b_start(b, body[i]);
		if (enter)
			enter(b, c, arg);
		stmt_list(b, node_at(b->file, c)->b);
		b->fall = fall;
		b_jump(b, done);
	}
	b->target = t.up;
	b_seal(b, done);
	b_start(b, done);
}

/* ---- type switch ---- */

typedef struct TypeSwitch { Val x; ValueId typ; ListId clauses; u32 *wordvar; } TypeSwitch;

static u32 clause_index(Build *b, ListId clauses, NodeId clause)
{
	u32 i = 0;
	while (list_at(b->file, clauses, i) != clause)
		i++;
	return i;
}

/* The type a single-type clause gives its variable; NULL for nil, lists and default. */
static Type *single_type(Build *b, NodeId clause)
{
	NodeId cases = node_at(b->file, clause)->a;
	if (expr_count(b->file, cases) != 1)
		return NULL;
	NodeId e = expr_item(b->file, cases, 0);
	return info_at(b->file, e)->mode == ModeType ? b_typeof(b, e) : NULL;
}

static void enter_type_clause(Build *b, NodeId clause, void *arg)
{
	TypeSwitch *ts = arg;
	ExprInfo *in = info_at(b->file, clause);
	if (!(in->flags & InfoImplicit) || !in->obj)
		return;
	Type *t = single_type(b, clause);
	Val v = ts->x;
	if (t && types_under(t)->kind != KindInterface) {
		v = iface_data(b, ts->x, t);
	} else if (t) {
		u32 w = ts->wordvar[clause_index(b, ts->clauses, clause)];
		v = (Val){.form = ValParts, .n = 2, .t = t, .p = {var_get(b, w), ts->x.p[1]}};
	}
	var_init(b, in->obj, v);
}

static void type_case(Build *b, TypeSwitch *ts, u32 i, NodeId e, BlockId body, BlockId next)
{
	ExprInfo *in = info_at(b->file, e);
	ValueId nil = v_const(b, TyPtr, 0);
	if (in->mode != ModeType) {                             /* nil */
		b_if(b, v_2(b, SsaEq, TyI8, ts->x.p[0], nil), body, next, 0);
		return;
	}
	Type *t = b_typeof(b, e);
	if (types_under(t)->kind != KindInterface) {
		b_if(b, type_matches(b, ts->x, t, ts->typ, NULL), body, next, 0);
		return;
	}
	Val r = type_assert(b, ts->x, t, true);
	var_set(b, ts->wordvar[i], r.elem[0].p[0]);
	b_if(b, r.elem[1].p[0], body, next, 0);
}

static void type_switch(Build *b, NodeId n, NodeId guard, ListId clauses, const BlockId *body, BlockId none, BlockId done, Name *label)
{
	TypeSwitch ts = {.clauses = clauses, .x = expr(b, node_at(b->file, guard)->b)};
	u32 cnt = list_len(b->file, clauses);
	ts.typ = iface_type(b, ts.x);
	ts.wordvar = arena_array(b->ar, u32, cnt + 1);
	for (u32 i = 0; i < cnt; i++)
		ts.wordvar[i] = var_new(b, TyPtr);
	for (u32 i = 0; i < cnt; i++) {
		NodeId cases = node_at(b->file, list_at(b->file, clauses, i))->a;
		for (u32 j = 0; j < expr_count(b->file, cases); j++) {
			BlockId next = b_block(b);
			type_case(b, &ts, i, expr_item(b->file, cases, j), body[i], next);
			b_seal(b, next);
			b_start(b, next);
		}
	}
	b_jump(b, none);
	bodies(b, n, clauses, body, done, label, enter_type_clause, &ts);
}

void stmt_switch(Build *b, NodeId n)
{
	const Node *nd = node_at(b->file, n);
	NodeId init = list_at(b->file, nd->a, 0), tag = list_at(b->file, nd->a, 1);
	ListId clauses = nd->b;
	Name *label = b->label;
	b->label = NULL;
	if (init)
		stmt(b, init);
	u32 cnt = list_len(b->file, clauses);
	BlockId *body = arena_array(b->ar, BlockId, cnt + 1), done = b_block(b), none = done;
	for (u32 i = 0; i < cnt; i++) {
		body[i] = b_block(b);
		if (!node_at(b->file, list_at(b->file, clauses, i))->a)
			none = body[i];
	}
	b_live(b);
	if (tag && node_kind(b->file, tag) == NodeTypeSwitchGuard) {
		type_switch(b, n, tag, clauses, body, none, done, label);
		return;
	}
	dispatch(b, clauses, tag, body, none);
	bodies(b, n, clauses, body, done, label, NULL, NULL);
}
