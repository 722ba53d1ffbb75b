/* Bodies: parameters, results, return, defer, go.
 *
 * Results. Without defer, a return hands its values straight to the terminator and named results are ordinary variables. With
 * defer every result has storage that a recovering panic finds again: a pinned slot, or (when a closure shares the variable) an
 * object whose address is kept in a pinned slot. Every return stores there, runs the deferred calls and loads; the block
 * Func.deferreturn does the same for a frame that recovered.
 *
 * Open-coded defers. Up to eight, outside loops: each defer statement stores its closure in a slot of its own and sets its
 * bit; returns run the closures whose bit is set, last first, clearing the bit before the call. Both live in volatile slots
 * for the panic walker and are mirrored in SSA variables, so that a bit known at a return costs nothing. */
#include "build.h"

enum { EntryBlock = 1, OpenMax = 8, OpenExits = 15 };

Obj *obj_synthetic(Build *b, const char *name, Type *t, u32 flags)
{
	Obj *o = arena_new(b->ar, Obj);
	o->kind = ObjVar;
	o->name = intern_str(name);
	o->type = t;
	o->flags = flags;
	return o;
}

/* ---- parameters ---- */

static ValueId param_value(Build *b, SsaOp op, Ty ty, u32 index)
{
	ValueId v = func_value(b->f, EntryBlock, op, ty, 0);
	b->f->v.a[v].aux = index;
	return v;
}

Val param_val(Build *b, const Sig *s, u32 i)
{
	const SigVar *sv = &s->param[i];
	Part part[4];
	u32 n;
	if (parts_of(b, sv->type, part, &n)) {
		Val v = {.form = ValParts, .n = (u8)n, .t = sv->type};
		for (u32 j = 0; j < n; j++)
			v.p[j] = param_value(b, SsaParam, (Ty)part[j].ty, sv->first + j);
		return v;
	}
	if (s->in[sv->first].ty == TyVoid)
		return (Val){.form = ValMem, .t = sv->type, .m = {param_value(b, SsaArgAddr, TyPtr, sv->first), 0}};
	ValueId p = v_slot(b, slot_new(b, sv->type, NULL));
	mem_zero(b, p, 0, sv->type, true);
	for (u32 j = 0; j < sv->n; j++) {
		const SigPart *sp = &s->in[sv->first + j];
		v_store(b, p, sp->poff, param_value(b, SsaParam, (Ty)sp->ty, sv->first + j), FlagNonNil);
	}
	return (Val){.form = ValMem, .t = sv->type, .m = {p, 0}};
}

static Obj *field_obj(Build *b, NodeId field)
{
	NodeId name = field ? node_at(b->file, field)->a : 0;
	if (!name || (node_at(b->file, name)->flag & FlagBlank))
		return NULL;
	return info_at(b->file, name)->obj;
}

static void declare_param(Build *b, Obj *o, u32 i)
{
	if (!o)
		return;
	Val v = param_val(b, b->f->sig, i);
	if (v.form == ValMem && !obj_by_ref(b, o)) {         /* it has memory of its own already */
		Loc *l = arena_new(b->ar, Loc);
		*l = (Loc){.kind = LocMem, .t = v.t, .ptr = v.m.ptr};
		map_putp(b->ar, &b->locs, o, l);
		return;
	}
	var_init(b, o, v);
}

static u32 pinned(Build *b, Type *t, Name *name)
{
	u32 s = slot_new(b, t, name);
	b->f->slot.a[s].pinned = true;
	return s;
}

static void declare_result(Build *b, Obj *o)
{
	Type *t = b_type(b, o->type);
	if (!b->has_defer) {
		loc_declare(b, o, true);
		return;
	}
	Loc *l = arena_new(b->ar, Loc);
	l->t = t;
	l->isvolatile = true;
	if (obj_by_ref(b, o)) {
		l->kind = LocPtrSlot;
		l->slot = pinned(b, types_pointer(b->k, t), o->name);
		v_store(b, v_slot(b, l->slot), 0, v_new(b, t, 0), FlagNonNil | FlagVolatile);
	} else {
		l->kind = LocSlot;
		l->slot = pinned(b, t, o->name);
		mem_zero(b, v_slot(b, l->slot), 0, t, true);
	}
	map_putp(b->ar, &b->locs, o, l);
}

void params_declare(Build *b, NodeId recv, NodeId functype)
{
	const Node *ft = node_at(b->file, functype);
	u32 i = 0;
	if (recv)
		declare_param(b, field_obj(b, recv), i++);
	for (u32 j = 0; j < list_len(b->file, ft->a); j++)
		declare_param(b, field_obj(b, list_at(b->file, ft->a, j)), i++);
	b->nresult = b->f->sig->nresult;
	b->resultobj = arena_array(b->ar, Obj *, b->nresult + 1);
	u32 shared = b->has_range_func ? ObjCaptured | ObjAssigned : 0;
	for (u32 j = 0; j < b->nresult; j++) {
		Obj *o = field_obj(b, list_at(b->file, ft->b, j));
		if (!o && (b->has_defer || b->has_range_func))
			o = obj_synthetic(b, "~r", b->f->sig->result[j].type, shared);
		else if (o && b->has_range_func)
			map_putp(b->ar, &b->forced, o, o);
		b->resultobj[j] = o;
		if (o)
			declare_result(b, o);
	}
}

/* ---- return ---- */

static void put_result(Build *b, const Sig *s, u32 i, Val v)
{
	const SigVar *sv = &s->result[i];
	for (u32 j = 0; j < sv->n; j++) {
		u32 index = sv->first + j;
		const SigPart *sp = &s->out[index];
		if (sp->ty == TyVoid) {
			if (!b_size(b, sv->type))
				continue;
			ValueId at = param_value(b, SsaArgAddr, TyPtr, s->nin + index);
			i64 off;
			ValueId src = val_addr(b, v, &off);
			mem_move(b, at, 0, src, off, sv->type, true);
			continue;
		}
		ValueId x = v.form == ValParts ? v.p[j] : v_load(b, (Ty)sp->ty, v.m.ptr, v.m.off + sp->poff, FlagNonNil);
		if (sp->reg >= 0)
			vec_push(b->ar, &b->f->b.a[b->cur].ret, x);
		else
			v_store(b, param_value(b, SsaArgAddr, TyPtr, s->nin + index), 0, x, FlagNonNil);
	}
}

void ret(Build *b, const Val *v)
{
	const Sig *s = b->f->sig;
	b_live(b);
	for (u32 i = 0; i < s->nresult; i++)
		put_result(b, s, i, v[i]);
	Block *blk = &b->f->b.a[b->cur];
	blk->term = TermRet;
	blk->pos = b->pos;
	b->cur = 0;
}

static void ret_stored(Build *b)
{
	Val *v = arena_array(b->ar, Val, b->nresult + 1);
	for (u32 i = 0; i < b->nresult; i++) {
		if (!b->resultobj[i]) {
			v[i] = val_zero(b, b->f->sig->result[i].type);
			continue;
		}
		Place p = place_var(b, b->resultobj[i]);
		v[i] = place_load(b, &p);
	}
	ret(b, v);
}

void return_emit(Build *b)
{
	if (b->has_defer)
		defer_exit(b);
	ret_stored(b);
}

static bool has_storage(Build *b)
{
	return b->has_defer || b->has_range_func || b->range;
}

/* Closures and pointers that outlive the call see what it returned. */
static void store_shared(Build *b, const Val *v, u32 cnt)
{
	for (u32 i = 0; cnt && i < b->nresult; i++) {
		Obj *o = b->resultobj[i];
		if (o && obj_by_ref(b, o)) {
			Place p = place_var(b, o);
			place_store(b, &p, v[i]);
		}
	}
}

void stmt_return(Build *b, NodeId n)
{
	NodeId res = node_at(b->file, n)->a;
	u32 cnt = expr_count(b->file, res);
	Val *v = arena_array(b->ar, Val, b->nresult + 1);
	if (cnt == 1 && b->nresult > 1) {
		Val t = expr_call(b, node_unparen(b->file, expr_item(b->file, res, 0)));
		for (u32 i = 0; i < b->nresult; i++)
			v[i] = assign_conv(b, t.elem[i], b->retsig->fn.results->tuple.v[i]->type);
	} else {
		const u32 *order = expr_order_of(b, res);
		for (u32 k = 0; k < cnt; k++)
			v[order[k]] = expr_to(b, expr_item(b->file, res, order[k]), b->retsig->fn.results->tuple.v[order[k]]->type);
	}
	b->pos = node_at(b->file, n)->pos;
	if (!has_storage(b)) {
		store_shared(b, v, cnt);
		if (cnt || !b->nresult)
			ret(b, v);
		else
			ret_stored(b);
		return;
	}
	for (u32 i = 0; cnt && i < b->nresult; i++) {
		Place p = place_var(b, b->resultobj[i]);
		place_store(b, &p, v[i]);
	}
	branch_emit(b, TokReturn, NULL);
}

/* ---- defer ---- */

static void defer_setup(Build *b, const FrameFacts *f)
{
	b->has_defer = f->ndefer > 0;
	b->ndefer = f->ndefer;
	b->open_defers = f->ndefer && f->ndefer <= OpenMax && !f->defer_in_loop && !f->has_goto && !f->range_func &&
		f->ndefer * f->nreturn <= OpenExits;
}

static void set_bits(Build *b, ValueId v)
{
	var_set(b, b->bitsvar, v);
	v_store(b, v_slot(b, b->bitsslot), 0, v, FlagNonNil | FlagVolatile);
}

static void defer_entry(Build *b)
{
	if (!b->open_defers)
		return;
	b->bitsvar = var_new(b, TyI8);
	b->bitsslot = pinned(b, b_basic(b, KindUint8), NULL);
	Type *fn = b_basic(b, KindUnsafePointer);
	for (u32 i = 0; i < b->ndefer; i++) {
		u32 s = pinned(b, fn, NULL), v = var_new(b, TyPtr);
		if (!i)
			b->closureslot = s, b->defervar = v;
		mem_zero(b, v_slot(b, s), 0, fn, true);
		var_set(b, v, v_const(b, TyPtr, 0));
	}
	set_bits(b, v_const(b, TyI8, 0));
	b->f->defer_bits_slot = b->bitsslot;
	b->f->defer_slots = b->closureslot;
}

static void run_open(Build *b, u32 i)
{
	BlockId call = b_block(b), next = b_block(b);
	ValueId bits = var_get(b, b->bitsvar), bit = v_2(b, SsaAnd, TyI8, bits, v_const(b, TyI8, 1 << i));
	b_if(b, v_2(b, SsaNe, TyI8, bit, v_const(b, TyI8, 0)), call, next, 0);
	b_seal(b, call);
	if (b->f->b.a[call].pred.n) {
		b_start(b, call);
		set_bits(b, v_2(b, SsaAnd, TyI8, bits, v_const(b, TyI8, ~(1 << i))));
		Callee c = {.kind = CalleeClosure, .fn = var_get(b, b->defervar + i), .sig = rt_sig(b, "", "")};
		call_emit(b, &c);
		b_jump(b, next);
	}
	b_seal(b, next);
	b_start(b, next);
}

void defer_exit(Build *b)
{
	if (!b->open_defers) {
		call_rt0(b, "deferreturn", 0);
		return;
	}
	for (u32 i = b->ndefer; i > 0; i--)
		run_open(b, i - 1);
}

/* Where a frame that recovered goes on: the remaining deferred calls, then the results as they are. */
static void recovery_block(Build *b)
{
	if (!b->has_defer)
		return;
	BlockId blk = b_block(b);
	b_seal(b, blk);
	b_start(b, blk);
	call_rt0(b, "deferreturn", 0);
	ret_stored(b);
	b->f->deferreturn = blk;
}

void stmt_defer(Build *b, NodeId n)
{
	Callee c;
	NodeId call = node_unparen(b->file, node_at(b->file, n)->a);
	callee_of(b, call, &c);
	b->pos = node_at(b->file, n)->pos;
	ValueId fn = closure_wrap(b, &c, "deferwrap");
	if (b->range) {
		Place p = place_var(b, b->defers);
		Val token = place_load(b, &p);
		call_rt0(b, "deferprocat", 3, fn, token.p[0], token.p[1]);
		return;
	}
	if (!b->open_defers) {
		call_rt0(b, "deferproc", 1, fn);
		return;
	}
	u32 i = b->defer_seen++;
	v_store(b, v_slot(b, b->closureslot + i), 0, fn, FlagNonNil | FlagVolatile);
	var_set(b, b->defervar + i, fn);
	set_bits(b, v_2(b, SsaOr, TyI8, var_get(b, b->bitsvar), v_const(b, TyI8, 1 << i)));
}

void stmt_go(Build *b, NodeId n)
{
	Callee c;
	callee_of(b, node_unparen(b->file, node_at(b->file, n)->a), &c);
	b->pos = node_at(b->file, n)->pos;
	call_rt0(b, "newproc", 1, closure_wrap(b, &c, "gowrap"));
}

/* ---- bodies ---- */

void body_build(Build *b, NodeId recv, NodeId functype, NodeId block)
{
	FrameFacts f = scan_frame(b, block);
	b->bodynode = block;
	b->has_goto = f.has_goto;
	b->has_recover = f.recover;
	b->has_range_func = f.range_func;
	b->pos = node_at(b->file, block)->pos;
	b->f->endpos = list_extra(b->file, node_at(b->file, block)->a);
	defer_setup(b, &f);
	if (f.range_func)
		scan_range_funcs(b, block);
	params_declare(b, recv, functype);
	defer_entry(b);
	stmt(b, block);
	b->pos = b->f->endpos;
	if (b->cur && !b->nresult)
		return_emit(b);
	else
		b_exit(b);                      /* after a terminating statement: unreachable */
	recovery_block(b);
}

Func *ssa_build(Program *p, Sym *s, Body *body, FuncInst inst)
{
	Obj *fn = body->fn;
	NodeId recv = decl_part(body->file, fn->decl, 0), functype = decl_part(body->file, fn->decl, 2), block = decl_part(body->file, fn->decl, 3);
	TypeEnv env = {.targs = inst.targs, .n = inst.ntargs};
	if (inst.ntargs) {
		u32 n;
		types_fn_tparams(fn, &env.tparams, &n);
		if (n != inst.ntargs)
			bug("ssa_build: %u type arguments for %u parameters of %s", inst.ntargs, n, s->name);
	}
	Type *sig = env.n ? types_subst(p->chk, fn->type, &env) : fn->type;
	Type *rt = NULL;
	if (recv) {
		rt = fn->type->fn.recv->type;
		if (env.n)
			rt = types_subst(p->chk, rt, &env);
	}
	bug_context_func = s->name;
	Build *b = build_new(p, s, sig, rt, body->file, body->pkg, NULL);
	b->env = env;
	b->fnobj = fn;
	b->f->pos = fn->pos;
	b->f->pragma = body->file->func[fn->fn.range].pragma;
	b->f->nosplit = b->f->pragma & PragmaNosplit;
	b->f->noinline = b->f->pragma & PragmaNoinline;
	body_build(b, recv, functype, block);
	return build_finish(b);
}
