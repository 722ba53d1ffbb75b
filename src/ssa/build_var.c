/* Where variables live, and places: what can be assigned to.
 *
 * A local variable whose address nobody takes is SSA variables, one per component, or a frame slot when it is too big. One whose
 * address is taken, or that a closure shares and somebody assigns, is an object of its own (New), later put on the stack
 * where it does not escape. A closure that only reads takes a copy. */
#include "build.h"

enum { EntryBlock = 1, FaultLimit = 4096, ByValueMax = 128, OffsetMax = 1 << 30 };

static bool has(const Obj *o, u32 flags)
{
	return (o->flags & flags) != 0;
}

bool obj_by_ref(Build *b, Obj *o)
{
	if (has(o, ObjAddrTaken))
		return true;
	bool forced = false;
	for (Build *f = b; f && !forced; f = f->outer)
		forced = map_getp(&f->forced, o) != NULL;
	if (!has(o, ObjCaptured) && !forced)
		return false;
	return has(o, ObjAssigned | ObjIsResult) || b_size(b, b_type(b, o->type)) > ByValueMax;
}

static Loc *loc_new(Build *b, Obj *o, Type *t)
{
	Loc *l = arena_new(b->ar, Loc);
	l->t = t;
	map_putp(b->ar, &b->locs, o, l);
	return l;
}

static u32 vars_for(Build *b, Type *t)
{
	Part p[4];
	u32 n, first = b->varty.n;
	parts_of(b, t, p, &n);
	for (u32 i = 0; i < n; i++)
		var_new(b, (Ty)p[i].ty);
	return first;
}

Loc *loc_declare(Build *b, Obj *o, bool zero)
{
	Type *t = b_type(b, o->type);
	Loc *l = map_getp(&b->locs, o);
	Part part[4];
	u32 n;
	if (!l) {
		l = loc_new(b, o, t);
		if (obj_by_ref(b, o) || b_size(b, t) > StackVarMax) {
			l->kind = LocRef;
			l->var = var_new(b, TyPtr);
		} else if (parts_of(b, t, part, &n)) {
			l->kind = LocVar;
			l->var = vars_for(b, t);
		} else {
			l->kind = LocSlot;
			l->slot = slot_new(b, t, o->name);
		}
	}
	if (l->kind == LocRef) {
		var_set(b, l->var, v_new(b, t, 0));
	} else if (zero && l->kind == LocVar) {
		Val z = val_zero(b, t);
		for (u32 i = 0; i < z.n; i++)
			var_set(b, l->var + i, z.p[i]);
	} else if (zero && l->kind == LocSlot) {
		mem_zero(b, v_slot(b, l->slot), 0, t, true);
	}
	return l;
}

void var_init(Build *b, Obj *o, Val v)
{
	v = val_keep(b, v);
	loc_declare(b, o, false);
	Place p = place_var(b, o);
	p.nonnil = true;
	place_store(b, &p, v);
}

/* ---- captures ---- */

static ValueId entry_load(Build *b, Ty ty, i64 off)
{
	ValueId v = func_value(b->f, EntryBlock, SsaLoad, ty, 0);
	value_set_args(b->f, v, &b->ctx, 1);
	b->f->v.a[v].aux = off;
	b->f->v.a[v].flags = FlagNonNil;
	return v;
}

static void entry_def(Build *b, u32 var, ValueId v)
{
	map_put(b->ar, &b->defs, (u64)EntryBlock << 32 | var, v);
}

ValueId b_context(Build *b)
{
	if (!b->ctx)
		b->ctx = func_value(b->f, EntryBlock, SsaClosure, TyPtr, 0);
	return b->ctx;
}

/* A variable that is never assigned to and begins as constants is these constants in a literal, too. */
static Loc *capture_constant(Build *b, Build *outer, Obj *o, Type *t)
{
	Loc *from = map_getp(&outer->locs, o);
	Part part[4];
	ValueId v[4];
	u32 n;
	if (from->kind != LocVar || !outer->cur || !parts_of(b, t, part, &n))
		return NULL;
	for (u32 i = 0; i < n; i++) {
		const Value *x = &outer->f->v.a[var_get(outer, from->var + i)];
		if (x->op == SsaConst)
			v[i] = v_const(b, (Ty)x->ty, x->aux);
		else if (x->op == SsaAddr)
			v[i] = v_addr(b, x->sym, x->aux);
		else
			return NULL;
	}
	Loc *loc = loc_new(b, o, t);
	loc->kind = LocVar;
	loc->var = vars_for(b, t);
	for (u32 i = 0; i < n; i++)
		entry_def(b, loc->var + i, v[i]);
	return loc;
}

static Loc *capture(Build *b, Build *outer, Obj *o)
{
	Type *t = b_type(b, o->type);
	bool ref = obj_by_ref(b, o);
	Loc *constant = ref ? NULL : capture_constant(b, outer, o, t);
	if (constant)
		return constant;
	Layout *l = types_layout(b->k, t);
	u32 size = ref ? 8 : (u32)l->size, align = ref ? 8 : (u32)l->align;
	Capture c = {o, ref, t, (u32)align_up(b->capsize, align)};
	vec_push(b->ar, &b->capture, c);
	b->capsize = c.off + size;
	Loc *loc = loc_new(b, o, t);
	b_context(b);
	Part part[4];
	u32 n;
	if (ref) {
		loc->kind = LocRef;
		loc->var = var_new(b, TyPtr);
		entry_def(b, loc->var, entry_load(b, TyPtr, c.off));
	} else if (parts_of(b, t, part, &n)) {
		loc->kind = LocVar;
		loc->var = vars_for(b, t);
		for (u32 i = 0; i < n; i++)
			entry_def(b, loc->var + i, entry_load(b, (Ty)part[i].ty, c.off + part[i].off));
	} else {
		loc->kind = LocMem;
		loc->ptr = b->ctx;
		loc->off = c.off;
	}
	return loc;
}

Loc *loc_of(Build *b, Obj *o)
{
	Loc *l = map_getp(&b->locs, o);
	if (l)
		return l;
	for (Build *f = b->outer; f; f = f->outer)
		if (map_getp(&f->locs, o))
			return capture(b, f, o);
	bug("no place for variable %s in %s", o->name->s, b->f->sym->name);
}

Place place_var(Build *b, Obj *o)
{
	if (has(o, ObjGlobal)) {
		Place p = place_mem(o->type, v_addr(b, sym_global(b->p, o), 0), 0);
		p.nonnil = true;
		return p;
	}
	Loc *l = loc_of(b, o);
	Place p = {.kind = PlaceMem, .t = l->t, .nonnil = true, .isvolatile = l->isvolatile};
	switch (l->kind) {
	case LocVar:
		p.kind = PlaceVar;
		p.var = l->var;
		break;
	case LocSlot:
		p.ptr = v_slot(b, l->slot);
		p.stack = true;
		break;
	case LocRef:
		p.ptr = var_get(b, l->var);
		break;
	case LocPtrSlot:
		p.ptr = v_load(b, TyPtr, v_slot(b, l->slot), 0, FlagNonNil | FlagVolatile);
		break;
	case LocMem:
		p.ptr = l->ptr;
		p.off = l->off;
		p.stack = v_is_local(b, l->ptr);       /* a parameter in the caller's frame */
		break;
	}
	return p;
}

/* ---- places ---- */

static void owe(Build *b, Place *p, Owed o)
{
	Owed **at = &p->owed;
	while (*at)
		at = &(*at)->next;
	o.pos = b->pos;
	o.off = p->off;
	p->off = 0;
	*at = arena_new(b->ar, Owed);
	**at = o;
}

/* The pointer of p is used: now, or when the place is settled. */
static void check_nil(Build *b, Place *p)
{
	if (p->nonnil || p->stack)
		return;
	if (p->late)
		owe(b, p, (Owed){0});
	else
		v_nilcheck(b, p->ptr);
	p->nonnil = true;
}

static void step(Build *b, Place *p, Type *t, i64 off)
{
	if (p->kind == PlaceVar) {
		Part part[4];
		u32 n, i = 0;
		parts_of(b, p->t, part, &n);
		while (i < n && part[i].off < off)
			i++;
		p->var += i;
	} else {
		p->off += off;
		if (p->off + b_size(b, t) >= FaultLimit)
			check_nil(b, p);
		if (p->off > OffsetMax && !p->late) {               /* too far for an instruction */
			p->ptr = v_2(b, SsaAdd, TyPtr, p->ptr, v_int(b, p->off));
			p->off = 0;
		}
	}
	p->t = t;
}

static Place through(Type *ptr, ValueId p)
{
	return place_mem(types_under(ptr)->elem, p, 0);
}

/* A selection under way: a place, or a value that has none. */
typedef struct Walk { bool is_place; Place p; Val v; Type *t; } Walk;

static void walk_field(Build *b, Walk *w, u32 index)
{
	Type *u = types_under(w->t);
	if (u->kind == KindPointer) {
		bool late = w->p.late;
		if (w->is_place)
			place_settle(b, &w->p);
		Val v = w->is_place ? place_load(b, &w->p) : w->v;
		w->p = through(w->t, v.p[0]);
		w->p.late = late;
		w->is_place = true;
		w->t = u->elem;
		u = types_under(w->t);
	}
	Type *ft = u->st.field[index]->type;
	i64 off = types_layout(b->k, u)->offset[index];
	w->t = ft;
	if (w->is_place)
		step(b, &w->p, ft, off);
	else
		w->v = val_field(b, w->v, ft, off);
}

static bool is_place(Build *b, NodeId n)
{
	return info_at(b->file, n)->mode == ModeVar;
}

static Place place_made(Build *b, NodeId n, bool late);

static Walk walk_start(Build *b, NodeId x, bool late)
{
	Walk w = {.t = b_typeof(b, x), .p = {.late = late}};
	if (is_place(b, x)) {
		w.is_place = true;
		w.p = place_made(b, x, late);
	} else {
		w.v = expr_borrow(b, x);
	}
	return w;
}

/* x followed through the first npath fields of s. The result is a value, or a place when *place gets a kind. Recorded paths
 * of generic code stay valid: a type parameter's fields are never selected by embedding that depends on the argument. */
static Val select_fields(Build *b, NodeId x, Selection *s, u32 npath, Place *place, bool late)
{
	Walk w = walk_start(b, x, late);
	for (u32 i = 0; i < npath; i++)
		walk_field(b, &w, s->path[i]);
	if (w.is_place) {
		*place = w.p;
		return (Val){0};
	}
	*place = (Place){0};
	place->kind = PlaceBlank;
	return w.v;
}

Val select_path(Build *b, NodeId x, Selection *s, u32 npath, Place *place)
{
	return select_fields(b, x, s, npath, place, false);
}

static ValueId element(Build *b, ValueId base, ValueId index, Type *elem)
{
	i64 size = b_size(b, elem), i;
	if (v_isconst(b, index, &i))
		return v_offset(b, base, i * size);
	return v_2(b, SsaAdd, TyPtr, base, v_2(b, SsaMul, TyI64, index, v_int(b, size)));
}

/* The pointer of p moves by one checked index. */
static void index_ptr(Build *b, Place *p, const Owed *o)
{
	v_bounds(b, o->uns ? BoundsIndexU : BoundsIndex, o->index, o->len);
	if (p->kind == PlaceMem) {
		p->ptr = element(b, v_offset(b, p->ptr, p->off), o->index, o->elem);
		p->off = 0;
	}
}

void place_settle(Build *b, Place *p)
{
	Pos pos = b->pos;
	i64 rest = p->off;
	for (const Owed *o = p->owed; o; o = o->next) {
		b->pos = o->pos;
		p->off = o->off;
		if (o->index) {
			index_ptr(b, p, o);
			continue;
		}
		v_nilcheck(b, p->ptr);
		if (p->kind == PlaceMem)
			p->ptr = v_offset(b, p->ptr, p->off);
	}
	if (p->owed)
		p->off = rest;
	if (p->late && p->off > OffsetMax) {
		p->ptr = v_offset(b, p->ptr, p->off);
		p->off = 0;
	}
	p->owed = NULL;
	p->late = false;
	b->pos = pos;
}

static Place index_array(Build *b, Place arr, Type *u, NodeId index, Pos pos)
{
	Owed o = {.elem = u->elem, .len = v_int(b, u->len)};
	i64 c;
	o.index = expr_index(b, index, &o.uns);
	b->pos = pos;
	if (arr.kind == PlaceVar && !u->len)
		arr = place_mem(u->elem, v_const(b, TyPtr, 0), 0);
	if (v_isconst(b, o.index, &c) && c >= 0 && c < u->len) {
		if (arr.kind == PlaceVar)
			arr.t = u->elem;
		else
			step(b, &arr, u->elem, c * b_size(b, u->elem));
		return arr;
	}
	if (arr.late) {
		check_nil(b, &arr);
		owe(b, &arr, o);
	} else {
		if (arr.kind == PlaceMem)
			check_nil(b, &arr);
		index_ptr(b, &arr, &o);
	}
	arr.t = u->elem;
	arr.nonnil = true;
	return arr;
}

static Place index_slice(Build *b, Val s, Type *elem, NodeId index, Pos pos, bool late)
{
	Place p = place_mem(elem, s.p[0], 0);
	Owed o = {.elem = elem, .len = s.p[1]};
	o.index = expr_index(b, index, &o.uns);
	b->pos = pos;
	p.late = late;
	p.nonnil = true;
	if (late)
		owe(b, &p, o);
	else
		index_ptr(b, &p, &o);
	return p;
}

static Place index_place(Build *b, NodeId n, bool late)
{
	const Node *nd = node_at(b->file, n);
	NodeId x = nd->a;
	Type *t = b_typeof(b, x), *u = types_under(t);
	if (u->kind == KindInterface)           /* constraint core type of an instance is concrete by now */
		bug("index of an interface");
	if (u->kind != KindMap)
		index_early(b, x, &nd->b, 1);
	switch (u->kind) {
	case KindMap: {
		Place p = {.kind = PlaceMap, .t = u->elem, .map = t};
		bool first = key_first(b, x, nd->b);
		if (first)
			p.key = val_keep(b, expr_to(b, nd->b, u->key));
		p.ptr = expr_1(b, x);
		if (!first)
			p.key = val_keep(b, expr_to(b, nd->b, u->key));
		return p;
	}
	case KindSlice:
		return index_slice(b, expr(b, x), u->elem, nd->b, nd->pos, late);
	case KindPointer: {
		Place p = through(t, expr_1(b, x));
		p.late = late;
		return index_array(b, p, types_under(u->elem), nd->b, nd->pos);
	}
	case KindArray:
		if (is_place(b, x))
			return index_array(b, place_made(b, x, late), u, nd->b, nd->pos);
		Val v = expr(b, x);
		if (v.form == ValMem) {
			Place p = place_mem(t, v.m.ptr, v.m.off);
			p.nonnil = true;
			return index_array(b, p, u, nd->b, nd->pos);
		}
		Place p = {.kind = PlaceVar, .t = t, .var = vars_for(b, t)};
		place_store(b, &p, v);
		return index_array(b, p, u, nd->b, nd->pos);
	}
	bug("index of type kind %d", u->kind);
}

/* Assignable, addressable, or an element or field of a value. Operands are evaluated now, late checks are owed. */
static Place place_made(Build *b, NodeId n, bool late)
{
	const Node *nd = node_at(b->file, n);
	b->pos = nd->pos;
	switch (nd->kind) {
	case NodeName: {
		Obj *o = info_at(b->file, n)->obj;
		if (!o || (nd->flag & FlagBlank))
			return (Place){.kind = PlaceBlank, .t = info_at(b->file, n)->type ? b_typeof(b, n) : NULL};
		Place p = place_var(b, o);
		p.late = late;
		return p;
	}
	case NodeParen:
		return place_made(b, nd->a, late);
	case NodeStar: {
		Type *t = b_typeof(b, nd->a);
		Place p = through(t, expr_1(b, nd->a));
		p.late = late;
		b->pos = nd->pos;
		return p;
	}
	case NodeIndex:
		return index_place(b, n, late);
	case NodeSelector: {
		Selection *s = info_at(b->file, n)->sel;
		if (s->kind == SelQualified)
			return place_var(b, s->obj);
		Place p;
		Val v = select_fields(b, nd->a, s, s->npath, &p, late);
		if (p.kind != PlaceBlank)
			return p;
		i64 off;
		ValueId a = val_addr(b, v, &off);
		p = place_mem(v.t, a, off);
		p.nonnil = true;
		return p;
	}
	case NodeCompositeLit: {
		Val v = expr_addr(b, n);
		Place p = place_mem(b_typeof(b, n), v.p[0], 0);
		p.nonnil = true;
		return p;
	}
	}
	bug("place_of: node kind %d", nd->kind);
}

Place place_of(Build *b, NodeId n)
{
	return place_made(b, n, false);
}

Place place_late(Build *b, NodeId n)
{
	return place_made(b, n, true);
}
