/* range over everything.
 *
 * Over a function: the loop's body becomes a function "F-rangeN" that the iterator calls; it shares the variables around it like
 * any closure. A state word follows the protocol of Go's range-over-func rewrite: ready between calls, panic while the body runs,
 * done once it was left, exhausted when the iterator has returned; a call in the wrong state panics. A body left by
 * anything but its end or a plain continue or break leaves a code in #next and stops the iterator; the loop then repeats the jump
 * outside, where it may leave the next body the same way. Results of an enclosing function are stored before. */
#include "build.h"

enum { StateDone, StateReady, StatePanic, StateExhausted, StateMissingPanic };
enum { IterKey = 0, IterElem = 8, IterWords = 12 };

typedef struct Loop {
	NodeId node, lhs, x;
	bool def;
	Name *label;
	BlockId head, body, next, done;
	Target target;
} Loop;

static NodeId var_at(Build *b, const Loop *l, u32 i)
{
	if (i >= expr_count(b->file, l->lhs))
		return 0;
	NodeId n = node_unparen(b->file, expr_item(b->file, l->lhs, i));
	return node_at(b->file, n)->kind == NodeName && (node_at(b->file, n)->flag & FlagBlank) ? 0 : n;
}

static Obj *shared_var(Build *b, const Loop *l, u32 i)
{
	NodeId n = var_at(b, l, i);
	if (!n || !l->def || !(info_at(b->file, n)->flags & InfoDef))
		return NULL;
	Obj *o = info_at(b->file, n)->obj;
	return !(o->flags & ObjPerIter) && obj_by_ref(b, o) ? o : NULL;
}

static void begin(Build *b, Loop *l)
{
	for (u32 i = 0; i < 2; i++)             /* before go1.22: one variable for all iterations */
		if (shared_var(b, l, i))
			loc_declare(b, shared_var(b, l, i), true);
	l->head = b_block(b), l->body = b_block(b), l->next = b_block(b), l->done = b_block(b);
	b_live(b);
	b_jump(b, l->head);
	b_start(b, l->head);
}

static void enter(Build *b, Loop *l, ValueId cond)
{
	b_if(b, cond, l->body, l->done, 0);
	b_seal(b, l->body);
	b_start(b, l->body);
}

static void set_var(Build *b, Loop *l, u32 i, Val v)
{
	NodeId n = var_at(b, l, i);
	if (!n)
		return;
	Obj *o = shared_var(b, l, i);
	if (!o) {
		define_or_assign(b, n, v, l->def);
		return;
	}
	Place p = place_var(b, o);
	place_store(b, &p, assign_conv(b, v, p.t));
}

/* Both variables: operands of both sides first, as in any assignment. */
static void set_vars(Build *b, Loop *l, Val k, Val v)
{
	NodeId n0 = var_at(b, l, 0), n1 = var_at(b, l, 1);
	if (l->def || !n0 || !n1) {
		set_var(b, l, 0, k);
		set_var(b, l, 1, v);
		return;
	}
	Place p0 = place_late(b, n0), p1 = place_late(b, n1);
	place_settle(b, &p0);
	place_store(b, &p0, assign_conv(b, k, p0.t));
	place_settle(b, &p1);
	place_store(b, &p1, assign_conv(b, v, p1.t));
}

static void run_body(Build *b, Loop *l)
{
	l->target = (Target){.up = b->target, .label = l->label, .brk = l->done, .cont = l->next, .stmt = l->node};
	b->target = &l->target;
	b->loop++;
	stmt(b, node_at(b->file, l->node)->b);
	b->loop--;
	b->target = l->target.up;
	b_jump(b, l->next);
	b_seal(b, l->next);
	b_start(b, l->next);
}

static void end(Build *b, Loop *l)
{
	b_jump(b, l->head);
	b_seal(b, l->head);
	b_seal(b, l->done);
	b_start(b, l->done);
}

/* ---- counted loops ---- */

static void range_int(Build *b, Loop *l)
{
	NodeId v0 = var_at(b, l, 0);
	Type *t = b_typeof(b, l->x);
	if (v0 && l->def && (info_at(b->file, v0)->flags & InfoDef))
		t = b_type(b, info_at(b->file, v0)->obj->type);
	else if (types_under(t)->kind == KindUntypedInt || types_under(t)->kind == KindUntypedRune)
		t = v0 ? b_typeof(b, v0) : b_basic(b, KindInt);
	Val n = is_const(b, l->x) ? val_const(b, t, info_at(b->file, l->x)->val) : expr_to(b, l->x, t);
	Ty ty = v_ty(b, n.p[0]);
	u32 i = var_new(b, ty);
	var_set(b, i, v_const(b, ty, 0));
	begin(b, l);
	enter(b, l, v_2(b, kind_is_unsigned((TypeKind)types_under(t)->kind) ? SsaLtU : SsaLtS, TyI8, var_get(b, i), n.p[0]));
	set_var(b, l, 0, val_1(t, var_get(b, i)));
	run_body(b, l);
	var_set(b, i, v_2(b, SsaAdd, ty, var_get(b, i), v_const(b, ty, 1)));
	end(b, l);
}

/* Elements of the size at base; len is fixed before the loop. */
static void range_elems(Build *b, Loop *l, ValueId base, ValueId len, Type *elem)
{
	u32 i = var_new(b, TyI64);
	var_set(b, i, v_int(b, 0));
	begin(b, l);
	enter(b, l, v_2(b, SsaLtS, TyI8, var_get(b, i), len));
	ValueId index = var_get(b, i);
	if (var_at(b, l, 1)) {
		ValueId at = v_2(b, SsaAdd, TyPtr, base, v_2(b, SsaMul, TyI64, index, v_int(b, b_size(b, elem))));
		Val v = val_keep(b, val_load(b, elem, at, 0, true));
		set_vars(b, l, val_1(b_basic(b, KindInt), index), v);
	} else {
		set_var(b, l, 0, val_1(b_basic(b, KindInt), index));
	}
	run_body(b, l);
	var_set(b, i, v_2(b, SsaAdd, TyI64, var_get(b, i), v_int(b, 1)));
	end(b, l);
}

static void range_array(Build *b, Loop *l, Type *u)
{
	if (!var_at(b, l, 1)) {                 /* the array itself is needed for its effects only */
		if (has_call(b, l->x))
			expr_borrow(b, l->x);
		range_elems(b, l, 0, v_int(b, u->len), u->elem);
		return;
	}
	Val a = expr(b, l->x);                  /* a copy: the body may change the variable */
	range_elems(b, l, val_addr0(b, a), v_int(b, u->len), u->elem);
}

static void range_string(Build *b, Loop *l)
{
	Val s = expr(b, l->x);
	u32 i = var_new(b, TyI64), nexti = var_new(b, TyI64), rune = var_new(b, TyI32);
	var_set(b, i, v_int(b, 0));
	begin(b, l);
	enter(b, l, v_2(b, SsaLtS, TyI8, var_get(b, i), s.p[1]));
	ValueId at = var_get(b, i);
	ValueId c = v_1(b, SsaZeroExt, TyI32, v_load(b, TyI8, v_2(b, SsaAdd, TyPtr, s.p[0], at), 0, FlagNonNil));
	BlockId ascii = b_block(b), wide = b_block(b), go = b_block(b);
	b_if(b, v_2(b, SsaLtU, TyI8, c, v_const(b, TyI32, 0x80)), ascii, wide, 1);
	b_seal(b, ascii), b_seal(b, wide);
	b_start(b, ascii);
	var_set(b, rune, c);
	var_set(b, nexti, v_2(b, SsaAdd, TyI64, at, v_int(b, 1)));
	b_jump(b, go);
	b_start(b, wide);
	Val r = call_runtime(b, "decoderune", "wi", (ValueId[]){s.p[0], s.p[1], at}, 3);
	var_set(b, rune, r.p[0]);
	var_set(b, nexti, r.p[1]);
	b_jump(b, go);
	b_seal(b, go);
	b_start(b, go);
	set_vars(b, l, val_1(b_basic(b, KindInt), at), val_1(b_basic(b, KindInt32), var_get(b, rune)));
	run_body(b, l);
	var_set(b, i, var_get(b, nexti));
	end(b, l);
}

/* ---- maps, channels ---- */

/* internal/runtime/maps.Iter as far as the collector is concerned. */
static Type *iter_type(Build *b)
{
	static const char words[IterWords + 1] = "ppppuuuuuppu";
	Obj *f[IterWords];
	for (u32 i = 0; i < IterWords; i++)
		f[i] = types_field(b->k, b->pkg, intern_str(arena_printf(b->ar, "f%u", i)), b_basic(b, words[i] == 'p' ? KindUnsafePointer : KindUintptr), false);
	return types_struct(b->k, f, NULL, IterWords);
}

static void range_map(Build *b, Loop *l, Type *t, Type *u)
{
	ValueId m = expr_1(b, l->x);
	Type *it = iter_type(b);
	ValueId p = v_slot(b, slot_new(b, it, NULL));
	mem_zero(b, p, 0, it, true);
	call_rt0(b, "mapIterStart", 3, v_rtype(b, t), m, p);
	begin(b, l);
	ValueId key = v_load(b, TyPtr, p, IterKey, FlagNonNil);
	enter(b, l, v_2(b, SsaNe, TyI8, key, v_const(b, TyPtr, 0)));
	Val k = {0}, v = {0};
	if (var_at(b, l, 0))
		k = val_keep(b, val_load(b, u->key, key, 0, true));
	if (var_at(b, l, 1))
		v = val_keep(b, val_load(b, u->elem, v_load(b, TyPtr, p, IterElem, FlagNonNil), 0, true));
	set_vars(b, l, k, v);
	run_body(b, l);
	call_rt0(b, "mapIterNext", 1, p);
	end(b, l);
}

static void range_chan(Build *b, Loop *l, Type *u)
{
	ValueId c = expr_1(b, l->x);
	ValueId p = v_slot(b, slot_new(b, u->elem, NULL));
	begin(b, l);
	mem_zero(b, p, 0, u->elem, true);
	enter(b, l, call_rt1(b, "chanrecv2", TyI8, 2, c, p));
	if (var_at(b, l, 0))
		set_var(b, l, 0, val_keep(b, val_load(b, u->elem, p, 0, true)));
	run_body(b, l);
	end(b, l);
}

/* ---- functions ---- */

static void state_set(Build *b, Obj *o, i64 v)
{
	Place p = place_var(b, o);
	place_store(b, &p, val_1(b_basic(b, KindInt), v_int(b, v)));
}

static ValueId state_get(Build *b, Obj *o)
{
	Place p = place_var(b, o);
	return place_load(b, &p).p[0];
}

static void stop(Build *b, bool go_on)
{
	state_set(b, b->range->state, go_on ? StateReady : StateDone);
	Val r = val_1(b_basic(b, KindBool), v_const(b, TyI8, go_on));
	ret(b, &r);
}

void range_leave(Build *b, u16 op, Name *label)
{
	RangeFunc *rf = b->range;
	if ((op == TokBreak || op == TokContinue) && (!label || label == rf->label)) {
		stop(b, op == TokContinue);
		return;
	}
	u32 i = 0;
	while (i < rf->exit.n && !(rf->exit.a[i].op == op && rf->exit.a[i].label == label))
		i++;
	if (i == rf->exit.n)
		vec_push(b->ar, &rf->exit, (RangeExit){.code = op == TokReturn ? -1 : (i64)i + 1, .op = op, .label = label});
	state_set(b, rf->next, rf->exit.a[i].code);
	stop(b, false);
}

static void panic_state(Build *b, ValueId bad, ValueId state)
{
	BlockId yes = b_block(b), no = b_block(b);
	b_if(b, bad, yes, no, -1);
	b_seal(b, yes), b_seal(b, no);
	b_start(b, yes);
	b->f->b.a[yes].cold = true;
	call_rt0(b, "panicrangestate", 1, state);
	b_exit(b);
	b_start(b, no);
}

static Build *build_body_func(Build *b, Loop *l, Type *yield, RangeFunc *rf)
{
	Sym *s = sym_get(b->p, arena_printf(b->ar, "%s-range%u", b->litname, ++b->nrange));
	Build *w = build_new(b->p, s, yield, NULL, b->file, b->pkg, b);
	w->range = rf;
	w->retsig = b->retsig;
	w->resultobj = b->resultobj;
	w->nresult = b->nresult;
	w->defers = b->defers;
	w->has_goto = b->has_goto;
	w->bodynode = node_at(b->file, l->node)->b;
	w->pos = w->f->pos = node_at(b->file, l->node)->pos;
	w->f->endpos = list_extra(b->file, node_at(b->file, w->bodynode)->a);
	ValueId st = state_get(w, rf->state);
	panic_state(w, v_2(w, SsaNe, TyI8, st, v_int(w, StateReady)), st);
	state_set(w, rf->state, StatePanic);
	for (u32 i = 0; i < w->f->sig->nparam; i++)
		if (var_at(b, l, i))
			define_or_assign(w, var_at(b, l, i), param_val(w, w->f->sig, i), l->def);
	stmt(w, w->bodynode);
	w->pos = w->f->endpos;
	if (w->cur)
		stop(w, true);
	build_finish(w);
	return w;
}

static void range_func(Build *b, Loop *l, Type *u)
{
	Type *yt = u->fn.params->tuple.v[0]->type;
	RangeFunc *rf = arena_new(b->ar, RangeFunc);
	rf->label = l->label;
	rf->state = obj_synthetic(b, "#state", b_basic(b, KindInt), ObjCaptured | ObjAssigned);
	rf->next = obj_synthetic(b, "#next", b_basic(b, KindInt), ObjCaptured | ObjAssigned);
	ValueId fn = expr_1(b, l->x);
	if (!b->range && scan_frame(b, node_at(b->file, l->node)->b).ndefer) {
		b->defers = obj_synthetic(b, "#defers", b->k->t_empty_iface, ObjCaptured);
		Val token = call_runtime(b, "deferrangefunc", "pp", NULL, 0);
		var_init(b, b->defers, val_retype(token, b->k->t_empty_iface));
	}
	var_init(b, rf->state, val_1(b_basic(b, KindInt), v_int(b, StateReady)));
	var_init(b, rf->next, val_1(b_basic(b, KindInt), v_int(b, 0)));
	Build *w = build_body_func(b, l, types_under(yt), rf);
	Val arg = val_1(yt, closure_make(b, w, false));
	Callee c = {.kind = CalleeClosure, .fn = fn, .sig = u, .arg = &arg, .narg = 1};
	call_emit(b, &c);
	panic_state(b, v_2(b, SsaEq, TyI8, state_get(b, rf->state), v_int(b, StatePanic)), v_int(b, StateMissingPanic));
	state_set(b, rf->state, StateExhausted);
	for (u32 i = 0; i < rf->exit.n; i++) {
		BlockId hit = b_block(b), miss = b_block(b);
		b_if(b, v_2(b, SsaEq, TyI8, state_get(b, rf->next), v_int(b, rf->exit.a[i].code)), hit, miss, 0);
		b_seal(b, hit), b_seal(b, miss);
		b_start(b, hit);
		branch_emit(b, rf->exit.a[i].op, rf->exit.a[i].label);
		b_start(b, miss);
	}
}

/* range []byte(s): nobody but the loop sees the bytes, so they are not copied. */
static bool converted_string(Build *b, NodeId n, Type *slice)
{
	NodeId x = node_unparen(b->file, n);
	const Node *nd = node_at(b->file, x);
	if (nd->kind != NodeCall || !(info_at(b->file, x)->flags & InfoConvCall) || types_under(slice->elem)->kind != KindUint8)
		return false;
	Type *from = types_under(b_typeof(b, list_at(b->file, nd->b, 0)));
	return from->kind == KindString || from->kind == KindUntypedString;
}

void stmt_range(Build *b, NodeId n)
{
	const Node *nd = node_at(b->file, n), *rc = node_at(b->file, list_at(b->file, nd->a, 0));
	Loop l = {.node = n, .lhs = rc->a, .x = rc->b, .def = rc->flag & FlagDef, .label = b->label};
	b->label = NULL;
	Type *t = b_typeof(b, l.x), *u = types_under(t);
	if (kind_is_integer((TypeKind)u->kind)) {
		range_int(b, &l);
		return;
	}
	switch (u->kind) {
	case KindString: case KindUntypedString:
		range_string(b, &l);
		return;
	case KindSlice: {
		Val s = converted_string(b, l.x, u) ? expr(b, list_at(b->file, node_at(b->file, node_unparen(b->file, l.x))->b, 0)) : expr(b, l.x);
		range_elems(b, &l, s.p[0], s.p[1], u->elem);
		return;
	}
	case KindArray:
		range_array(b, &l, u);
		return;
	case KindPointer: {
		Type *a = types_under(u->elem);
		ValueId p = expr_1(b, l.x);
		if (var_at(b, &l, 1) && a->len)
			v_nilcheck(b, p);
		range_elems(b, &l, p, v_int(b, a->len), a->elem);
		return;
	}
	case KindMap:
		range_map(b, &l, t, u);
		return;
	case KindChan:
		range_chan(b, &l, u);
		return;
	case KindFunc:
		range_func(b, &l, u);
		return;
	}
	bug("range over type kind %d", u->kind);
}
