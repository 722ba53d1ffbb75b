/* Calls: who is called, what is passed, what comes back.
 *
 * A call is planned first (Callee: function and receiver and arguments as values), then emitted. go and defer plan the call where
 * they stand and emit it inside a wrapper. Components go where Sig says. */
#include "build.h"
#include <stdarg.h>

/* ---- emission ---- */

static ValueId part_value(Build *b, const Val *v, const SigVar *sv, const SigPart *part, u32 j)
{
	(void)sv;
	if (v->form == ValParts)
		return v->p[j];
	return v_load(b, (Ty)part->ty, v->m.ptr, v->m.off + part->poff, FlagNonNil);
}

static u32 put_args(Build *b, const Sig *s, const Val *arg, ValueId *out)
{
	u32 n = 0;
	for (u32 i = 0; i < s->nparam; i++) {
		const SigVar *sv = &s->param[i];
		for (u32 j = 0; j < sv->n; j++) {
			const SigPart *p = &s->in[sv->first + j];
			if (p->ty == TyVoid)
				out[n++] = b_size(b, sv->type) ? val_addr0(b, arg[i]) : v_const(b, TyPtr, 0);
			else
				out[n++] = part_value(b, &arg[i], sv, p, j);
		}
	}
	return n;
}

static ValueId result_value(Build *b, ValueId call, Ty ty, u32 index)
{
	ValueId r = v_n(b, SsaResult, ty, &call, 1);
	b->f->v.a[r].aux = index;
	return r;
}

static Val get_result(Build *b, const Sig *s, u32 i, ValueId call, const ValueId *r)
{
	const SigVar *sv = &s->result[i];
	Part part[4];
	u32 n;
	if (parts_of(b, sv->type, part, &n)) {
		Val v = {.form = ValParts, .n = (u8)n, .t = sv->type};
		for (u32 j = 0; j < n; j++)
			v.p[j] = r[sv->first + j];
		return v;
	}
	ValueId p = v_slot(b, slot_new(b, sv->type, NULL));
	if (s->out[sv->first].ty == TyVoid) {
		mem_move(b, p, 0, r[sv->first], 0, sv->type, true);
	} else {
		mem_zero(b, p, 0, sv->type, true);
		for (u32 j = 0; j < sv->n; j++)
			v_store(b, p, s->out[sv->first + j].poff, r[sv->first + j], FlagNonNil);
	}
	(void)call;
	return (Val){.form = ValMem, .t = sv->type, .m = {p, 0}};
}

static Val get_results(Build *b, const Sig *s, ValueId call)
{
	ValueId *r = arena_array(b->ar, ValueId, s->nout + 1);
	for (u32 i = 0; i < s->nout; i++) {
		if (s->out[i].ty != TyVoid) {
			r[i] = result_value(b, call, (Ty)s->out[i].ty, i);
			continue;
		}
		r[i] = v_n(b, SsaResultAddr, TyPtr, &call, 1);
		b->f->v.a[r[i]].aux = i;
	}
	if (!s->nresult)
		return (Val){0};
	if (s->nresult == 1)
		return get_result(b, s, 0, call, r);
	Val *e = arena_array(b->ar, Val, s->nresult);
	for (u32 i = 0; i < s->nresult; i++)
		e[i] = get_result(b, s, i, call, r);
	return (Val){.form = ValTuple, .elem = e, .nelem = s->nresult};
}

Val call_emit(Build *b, Callee *c)
{
	if (c->kind == CalleeBuiltin)
		return builtin_apply(b, c->call, c->builtin, c->arg, c->narg);
	Sig *s = c->abi0 ? sig_abi0(b->p, c->sig) : sig_make(b->p, c->sig, c->recv);
	if (s->nparam != c->narg)
		bug("call of %s: %u arguments for %u parameters", c->sym ? c->sym->name : "function value", c->narg, s->nparam);
	ValueId *a = arena_array(b->ar, ValueId, s->nin + 1);
	u32 n = 0;
	if (c->kind != CalleeSym)
		a[n++] = c->fn;
	n += put_args(b, s, c->arg, a + n);
	SsaOp op = c->kind == CalleeSym ? SsaCall : c->kind == CalleeClosure ? SsaCallClosure : SsaCallCode;
	ValueId call = v_n(b, op, TyVoid, a, n);
	b->f->v.a[call].sig = s;
	b->f->v.a[call].callee = c->sym;
	if (c->abi0)
		b->f->v.a[call].flags |= FlagAbi0;
	for (u32 i = 0; i < c->keep.n; i++) {
		ValueId k = v_n(b, SsaKeepAlive, TyVoid, &c->keep.a[i], 1);
		b->f->v.a[k].flags |= c->keep_heap ? FlagMustHeap : 0;
	}
	if (c->raw && s->nresult == 1 && s->out[0].ty == TyVoid) {
		ValueId at = v_n(b, SsaResultAddr, TyPtr, &call, 1);
		return (Val){.form = ValMem, .borrowed = true, .t = s->result[0].type, .m = {at, 0}};
	}
	return get_results(b, s, call);
}

/* ---- the runtime ---- */

static TypeKind scalar_kind(char c)
{
	switch (c) {
	case 'p': return KindUnsafePointer;
	case 'i': return KindInt;
	case 'w': return KindInt32;
	case 'h': return KindInt16;
	case 'b': return KindUint8;
	case 'd': return KindFloat64;
	case 'f': return KindFloat32;
	}
	bug("scalar code %c", c);
}

static Type *scalar_tuple(Checker *k, const char *s)
{
	Type *t[16];
	u32 n = 0;
	for (; *s; s++)
		t[n++] = k->typ[scalar_kind(*s)];
	return types_tuple_of(k, t, n);
}

Type *rt_sig_of(Checker *k, const char *in, const char *out)
{
	return types_func(k, scalar_tuple(k, in), scalar_tuple(k, out), false);
}

Type *rt_sig(Build *b, const char *in, const char *out)
{
	Name *key = intern_str(arena_printf(b->ar, "%s.%s", in, out));
	Type *t = map_getp(&b->rtsigs, key);
	if (!t) {
		t = rt_sig_of(b->k, in, out);
		map_putp(b->ar, &b->rtsigs, key, t);
	}
	return t;
}

static const char *codes_of(Build *b, const ValueId *a, u32 n)
{
	static const char code[TyMax] = {[TyI8] = 'b', [TyI16] = 'h', [TyI32] = 'w', [TyI64] = 'i', [TyPtr] = 'p', [TyF32] = 'f', [TyF64] = 'd'};
	char *s = arena_array(b->ar, char, n + 1);
	for (u32 i = 0; i < n; i++)
		s[i] = code[v_ty(b, a[i])];
	return s;
}

static bool never_returns(const char *name)
{
	return !strncmp(name, "panic", 5) || !strcmp(name, "gopanic") || !strcmp(name, "block");
}

Val call_runtime(Build *b, const char *name, const char *results, const ValueId *a, u32 n)
{
	Sig *s = sig_make(b->p, rt_sig(b, codes_of(b, a, n), results), NULL);
	ValueId call = v_n(b, SsaCall, TyVoid, a, n);
	Value *v = &b->f->v.a[call];
	v->sig = s;
	v->callee = sym_runtime(b->p, name);
	if (never_returns(name))
		v->flags |= FlagNoreturn;
	Val r = {.form = ValParts, .n = (u8)s->nout};
	for (u32 i = 0; i < s->nout; i++)
		r.p[i] = result_value(b, call, (Ty)s->out[i].ty, i);
	return r;
}

static u32 gather(va_list ap, ValueId *a, u32 n)
{
	for (u32 i = 0; i < n; i++)
		a[i] = va_arg(ap, ValueId);
	return n;
}

ValueId call_rt1(Build *b, const char *name, Ty ty, u32 n, ...)
{
	static const char *const code[TyMax] = {[TyI8] = "b", [TyI16] = "h", [TyI32] = "w", [TyI64] = "i", [TyPtr] = "p", [TyF32] = "f", [TyF64] = "d"};
	ValueId a[12];
	va_list ap;
	va_start(ap, n);
	gather(ap, a, n);
	va_end(ap);
	return call_runtime(b, name, code[ty], a, n).p[0];
}

void call_rt0(Build *b, const char *name, u32 n, ...)
{
	ValueId a[12];
	va_list ap;
	va_start(ap, n);
	gather(ap, a, n);
	va_end(ap);
	call_runtime(b, name, "", a, n);
}

ValueId call_sym(Build *b, Sym *sym, Type *sig, Type *recv, const ValueId *a, u32 n)
{
	Sig *s = sig_make(b->p, sig, recv);
	ValueId call = v_n(b, SsaCall, TyVoid, a, n);
	b->f->v.a[call].sig = s;
	b->f->v.a[call].callee = sym;
	return s->nout ? result_value(b, call, (Ty)s->out[0].ty, 0) : 0;
}

/* ---- methods ---- */

MethodEntry *method_entry(Build *b, Type *recv, Obj *fn)
{
	MethodSet *ms = types_methodset(b->k, recv);
	for (u32 i = 0; i < ms->n; i++) {
		Obj *m = ms->m[i].fn;
		if (m->name == fn->name && (fn->name->exported || m->pkg == fn->pkg))
			return &ms->m[i];
	}
	bug("no method %s", fn->name->s);
}

/* The selection as it is in this instance: methods of type parameters become those of their arguments. */
static Selection *selection_of(Build *b, NodeId n)
{
	Selection *s = info_at(b->file, n)->sel;
	if (!b->env.n || !types_has_tparam(s->recv))
		return s;
	Selection *r = types_lookup(b->k, b->ar, b_type(b, s->recv), true, s->obj->pkg ? s->obj->pkg : b->pkg, s->obj->name);
	if (!r || !r->obj)
		bug("method %s is lost in an instance", s->obj->name->s);
	r->recv = b_type(b, s->recv);
	return r;
}

static u32 itab_index(Build *b, Type *iface, Obj *m)
{
	TypeSet *ts = types_typeset(b->k, types_under(iface));
	for (u32 i = 0; i < ts->nmethod; i++)
		if (ts->method[i]->name == m->name && (m->name->exported || ts->method[i]->pkg == m->pkg))
			return i;
	bug("no method %s in interface", m->name->s);
}

/* Receiver of x.m exactly as m is declared to take it: pointer, value or interface. */
static Val receiver(Build *b, NodeId x, Selection *s)
{
	Place p;
	Val v = select_path(b, x, s, s->npath, &p);
	Type *holder = p.kind == PlaceBlank ? v.t : p.t;
	bool isptr = types_under(holder)->kind == KindPointer && types_unalias(holder)->kind != KindNamed;
	if (s->obj->flags & ObjPtrRecv) {
		if (isptr)
			return p.kind == PlaceBlank ? v : place_load(b, &p);
		if (p.kind == PlaceBlank) {
			i64 off;
			ValueId a = val_addr(b, v, &off);
			return val_1(types_pointer(b->k, holder), v_offset(b, a, off));
		}
		if (p.kind == PlaceMem && !p.nonnil && !p.stack)
			v_nilcheck(b, p.ptr);
		return val_1(types_pointer(b->k, holder), place_addr(b, &p));
	}
	if (p.kind != PlaceBlank)
		v = place_load(b, &p);
	if (isptr && !(s->obj->flags & ObjIfaceMethod))
		v = val_load(b, types_under(holder)->elem, v.p[0], 0, false);
	return val_keep(b, v);
}

static Type *named_of(Type *t)
{
	t = types_unalias(t);
	if (t->kind == KindPointer)
		t = types_unalias(t->elem);
	return t;
}

static void callee_method(Build *b, NodeId n, NodeId fun, Callee *c)
{
	Selection *s = selection_of(b, fun);
	Val recv = receiver(b, node_at(b->file, fun)->a, s);
	b->pos = node_at(b->file, node_at(b->file, fun)->b)->pos;
	c->sig = types_under(b_typeof(b, fun));
	(void)n;
	if (types_under(recv.t)->kind == KindInterface) {
		ValueId tab = recv.p[0];
		c->kind = CalleeCode;
		c->sym = sym_imethod(b->p, s->obj, c->sig);
		c->fn = v_load(b, TyPtr, tab, 24 + 8 * (i64)itab_index(b, recv.t, s->obj), 0);
		c->recv = b_basic(b, KindUnsafePointer);
		c->arg[0] = val_1(c->recv, recv.p[1]);
		return;
	}
	Type *nt = named_of(recv.t);
	c->kind = CalleeSym;
	c->sym = sym_func(b->p, s->obj, nt->named.targs, nt->named.ntargs);
	c->recv = recv.t;
	c->arg[0] = recv;
}

Val funcval_of(Build *b, Obj *fn, Type **targs, u32 ntargs)
{
	Type *t = fn->type;
	if (ntargs) {
		TypeEnv env = {t->fn.tparams, targs, ntargs};
		t = types_subst(b->k, t, &env);
		t = types_func(b->k, t->fn.params, t->fn.results, t->variadic);      /* no longer generic */
	}
	return val_1(t, v_addr(b, sym_funcval(b->p, sym_func(b->p, fn, targs, ntargs)), 0));
}

static Type *pair_type(Build *b, Type *second)
{
	Obj *f[2] = {
		types_field(b->k, b->pkg, intern_str("F"), b_basic(b, KindUintptr), false),
		types_field(b->k, b->pkg, intern_str("R"), second, false),
	};
	return types_struct(b->k, f, NULL, 2);
}

/* x.m or T.m as a function value. */
Val method_value(Build *b, NodeId n)
{
	const Node *nd = node_at(b->file, n);
	Type *t = b_typeof(b, n);
	Selection *s = selection_of(b, n);
	if (s->kind == SelMethodExpr || info_at(b->file, nd->a)->mode == ModeType) {
		Type *recv = b_typeof(b, nd->a);
		Sym *m = sym_method(b->p, recv, method_entry(b, recv, s->obj));
		return val_1(t, v_addr(b, sym_funcval(b->p, m), 0));
	}
	Val recv = receiver(b, nd->a, s);
	if (types_under(recv.t)->kind == KindInterface)
		v_nilcheck(b, recv.p[0]);
	Sym *body = sym_method_val(b->p, recv.t, method_entry(b, recv.t, s->obj));
	Type *ct = pair_type(b, recv.t);
	ValueId c = v_new(b, ct, 0);
	v_store(b, c, 0, v_addr(b, body, 0), FlagNonNil);
	val_store(b, c, types_layout(b->k, ct)->offset[1], recv, true);
	return val_1(t, c);
}

/* ---- planning ---- */

static Val pack_variadic(Build *b, Type *slice, const Val *v, u32 n)
{
	if (!n)
		return val_zero(b, slice);
	Type *elem = types_under(slice)->elem;
	i64 size = b_size(b, elem);
	ValueId p = v_new(b, types_array(b->k, elem, n), 0), c = v_int(b, n);
	for (u32 i = 0; i < n; i++)
		val_store(b, p, size * (i64)i, assign_conv(b, v[i], elem), true);
	return (Val){.form = ValParts, .n = 3, .t = slice, .p = {p, c, c}};
}

static void keep_pointer(Build *b, Callee *c, ValueId x)
{
	const Value *v = &b->f->v.a[b_resolve(b, x)];
	if (v->op == SsaBitcast && v->ty == TyI64 && v_ty(b, v->arg[0]) == TyPtr)
		vec_push(b->ar, &c->keep, v->arg[0]);
}

static bool keeps_uintptrs(const Obj *fn, u32 how)
{
	return fn && fn->file && fn->fn.range < fn->file->nfunc && fn->file->func[fn->fn.range].pragma & how;
}

/* Arguments of call n, converted to the parameters of c->sig, at out. */
static u32 put_params(Build *b, NodeId n, Callee *c, bool keep, Val *out)
{
	Type *sig = c->sig;
	const Node *nd = node_at(b->file, n);
	u32 cnt = list_len(b->file, nd->b), np = sig->fn.params->tuple.n;
	Val *v = arena_array(b->ar, Val, cnt + 1);
	bool spread = false;
	const u32 *order = expr_order(b, &b->file->list[nd->b + 2], cnt);
	for (u32 k = 0; k < cnt; k++) {
		u32 i = order[k];
		v[i] = expr(b, list_at(b->file, nd->b, i));
		if (keep && v[i].form == ValParts && v[i].n == 1)
			keep_pointer(b, c, v[i].p[0]);
		if (!sig->variadic || i + 1 < np || (nd->flag & FlagDots)) {
			if (v[i].form != ValTuple && i < np)
				v[i] = assign_conv(b, v[i], sig->fn.params->tuple.v[i]->type);
		} else if (v[i].form != ValTuple) {
			v[i] = assign_conv(b, v[i], types_under(sig->fn.params->tuple.v[np - 1]->type)->elem);
		}
	}
	if (cnt == 1 && v[0].form == ValTuple) {
		spread = true;
		cnt = v[0].nelem;
		v = v[0].elem;
	}
	(void)spread;
	u32 fixed = sig->variadic && !(nd->flag & FlagDots) ? np - 1 : np;
	for (u32 i = 0; i < fixed; i++)
		out[i] = assign_conv(b, v[i], sig->fn.params->tuple.v[i]->type);
	if (fixed < np)
		out[fixed] = pack_variadic(b, sig->fn.params->tuple.v[fixed]->type, v + fixed, cnt - fixed);
	return np;
}

/* Type arguments of this instance, kept as long as the program: symbols remember them. */
Type **b_targs(Build *b, const InstInfo *inst)
{
	Type **t = prog_alloc(b->p, inst->ntargs * sizeof *t);
	for (u32 i = 0; i < inst->ntargs; i++)
		t[i] = b_type(b, inst->targs[i]);
	return t;
}

typedef struct StaticFn { Obj *fn; Type **targs; u32 ntargs; } StaticFn;

/* The declared function a call names, or NULL in fn. */
static StaticFn static_fn(Build *b, NodeId fun)
{
	const Node *nd = node_at(b->file, fun);
	ExprInfo *in = info_at(b->file, fun);
	StaticFn r = {0};
	if (in->flags & InfoInst) {
		InstInfo *inst = types_inst(b->file, fun);
		r.fn = inst->obj;
		r.ntargs = inst->ntargs;
		r.targs = b_targs(b, inst);
		return r;
	}
	if (nd->kind == NodeName && in->obj && in->obj->kind == ObjFunc)
		r.fn = in->obj;
	if (nd->kind == NodeSelector && in->mode != ModeConst && in->sel && in->sel->kind == SelQualified && in->sel->obj->kind == ObjFunc)
		r.fn = in->sel->obj;
	return r;
}

void callee_of(Build *b, NodeId n, Callee *c)
{
	const Node *nd = node_at(b->file, n);
	NodeId fun = node_unparen(b->file, nd->a);
	const Node *fd = node_at(b->file, fun);
	*c = (Callee){.call = n};
	u32 cnt = list_len(b->file, nd->b);
	if (info_at(b->file, n)->flags & InfoBuiltinCall) {
		c->kind = CalleeBuiltin;
		c->builtin = builtin_of(b, n);
		c->arg = arena_array(b->ar, Val, cnt + 1);
		for (u32 i = 0; i < cnt; i++)
			c->arg[c->narg++] = expr(b, list_at(b->file, nd->b, i));
		if (cnt == 1 && c->arg[0].form == ValTuple) {       /* f(g()) with several results */
			c->narg = c->arg[0].nelem;
			c->arg = c->arg[0].elem;
		}
		if (c->builtin == BuiltinPanic)
			c->arg[0] = assign_conv(b, c->arg[0], b->k->t_empty_iface);
		if (c->builtin == BuiltinDelete)
			c->arg[1] = assign_conv(b, c->arg[1], types_under(c->arg[0].t)->key);
		return;
	}
	StaticFn st = static_fn(b, fun);
	Type *sig = types_under(b_typeof(b, fun));
	c->sig = sig;
	c->arg = arena_array(b->ar, Val, sig->fn.params->tuple.n + 2);
	if (st.fn) {
		c->kind = CalleeSym;
		c->sym = sym_func(b->p, st.fn, st.targs, st.ntargs);
		if (st.ntargs && st.fn->type->fn.ntparams) {
			TypeEnv env = {st.fn->type->fn.tparams, st.targs, st.ntargs};
			c->sig = types_subst(b->k, st.fn->type, &env);
		}
	} else if (fd->kind == NodeSelector && info_at(b->file, fun)->sel->kind == SelMethodVal) {
		callee_method(b, n, fun, c);
		st.fn = selection_of(b, fun)->obj;
		c->narg = 1;
	} else {
		c->kind = CalleeClosure;
		c->fn = expr_1(b, fun);
	}
	c->keep_heap = keeps_uintptrs(st.fn, PragmaUintptrEscapes);
	c->narg += put_params(b, n, c, c->keep_heap || keeps_uintptrs(st.fn, PragmaUintptrKeepAlive), c->arg + c->narg);
	b->pos = nd->pos;
}

static Val call_value(Build *b, NodeId n, bool raw)
{
	const Node *nd = node_at(b->file, n);
	u8 flags = info_at(b->file, n)->flags;
	if (flags & InfoConvCall) {
		Val v = expr(b, list_at(b->file, nd->b, 0));
		b->pos = nd->pos;
		return convert(b, v, b_typeof(b, n));
	}
	if (flags & InfoBuiltinCall)
		return expr_builtin(b, n);
	Callee c;
	callee_of(b, n, &c);
	c.raw = raw;
	StaticFn st = static_fn(b, node_unparen(b->file, nd->a));
	Obj *fn = st.fn;
	if (!fn && c.kind == CalleeSym)
		fn = selection_of(b, node_unparen(b->file, nd->a))->obj;
	Val r = {0};
	if (fn && intrinsic(b, fn, st.targs, st.ntargs, c.arg, c.narg, &r))
		return r;
	return call_emit(b, &c);
}

Val expr_call(Build *b, NodeId n)
{
	return call_value(b, n, false);
}

bool call_into(Build *b, NodeId n, Type *t, ValueId ptr, i64 off, bool stack)
{
	Part part[4];
	u32 np;
	NodeId x = node_unparen(b->file, n);
	if (node_kind(b->file, x) != NodeCall || info_at(b->file, x)->flags & (InfoConvCall | InfoBuiltinCall) || parts_of(b, t, part, &np))
		return false;
	if (!b_same(b, b_typeof(b, x), t) || !b_size(b, t) || (!stack && b_has_pointers(b, t)))
		return false;                   /* copying would be a call, which may use the space of the results */
	val_store_flags(b, ptr, off, call_value(b, x, true), FlagNonNil, stack);
	return true;
}

/* ---- go and defer: func() that makes the call later ---- */

static ValueId direct_closure(Build *b, Callee *c)
{
	if (c->kind == CalleeBuiltin || c->narg || c->sig->fn.results->tuple.n)
		return 0;
	if (c->kind == CalleeClosure)
		return c->fn;
	return c->kind == CalleeSym ? v_addr(b, sym_funcval(b->p, c->sym), 0) : 0;
}

ValueId closure_wrap(Build *b, Callee *c, const char *what)
{
	ValueId direct = direct_closure(b, c);
	if (direct)
		return direct;
	u32 num = what[0] == 'g' ? ++b->ngowrap : ++b->ndeferwrap, nf = 1;
	Sym *s = sym_get(b->p, arena_printf(b->ar, "%s.%s%u", b->litname, what, num));
	Build *w = build_new(b->p, s, rt_sig(b, "", ""), NULL, b->file, b->pkg, NULL);
	w->env = b->env;
	w->pos = w->f->pos = b->pos;
	w->f->wrapper = w->f->needctxt = w->f->is_closure = true;
	w->f->funcid = FuncIDWrapper;
	Obj **f = arena_array(b->ar, Obj *, c->narg + c->keep.n + 2);
	f[0] = types_field(b->k, b->pkg, intern_str("F"), b_basic(b, KindUintptr), false);
	if (c->kind == CalleeClosure || c->kind == CalleeCode)
		f[nf++] = types_field(b->k, b->pkg, intern_str("C"), b_basic(b, c->kind == CalleeClosure ? KindUnsafePointer : KindUintptr), false);
	for (u32 i = 0; i < c->narg; i++)
		f[nf++] = types_field(b->k, b->pkg, intern_str(arena_printf(b->ar, "X%u", i)), c->arg[i].t, false);
	for (u32 i = 0; i < c->keep.n; i++)
		f[nf++] = types_field(b->k, b->pkg, intern_str(arena_printf(b->ar, "K%u", i)), b_basic(b, KindUnsafePointer), false);
	Type *ct = types_struct(b->k, f, NULL, nf);
	Layout *l = types_layout(b->k, ct);
	ValueId obj = v_new(b, ct, 0);
	v_store(b, obj, 0, v_addr(b, s, 0), FlagNonNil);
	Callee in = *c;
	in.arg = arena_array(w->ar, Val, c->narg + 1);
	ValueId ctx = b_context(w);
	nf = 1;
	if (c->kind == CalleeClosure || c->kind == CalleeCode) {
		v_store(b, obj, l->offset[nf], c->fn, FlagNonNil | (c->kind == CalleeClosure ? FlagWB : 0));
		in.fn = v_load(w, TyPtr, ctx, l->offset[nf], FlagNonNil);
		nf++;
	}
	for (u32 i = 0; i < c->narg; i++, nf++) {
		val_store(b, obj, l->offset[nf], c->arg[i], true);
		in.arg[i] = val_keep(w, val_load(w, c->arg[i].t, ctx, l->offset[nf], true));
	}
	memset(&in.keep, 0, sizeof in.keep);
	for (u32 i = 0; i < c->keep.n; i++, nf++) {
		v_store(b, obj, l->offset[nf], c->keep.a[i], FlagNonNil | FlagWB);
		vec_push(w->ar, &in.keep, v_load(w, TyPtr, ctx, l->offset[nf], FlagNonNil));
		if (c->keep_heap)
			b->f->v.a[v_n(b, SsaKeepAlive, TyVoid, &c->keep.a[i], 1)].flags |= FlagMustHeap;
	}
	call_emit(w, &in);
	if (w->cur)
		w->f->b.a[w->cur].term = TermRet;
	w->cur = 0;
	build_finish(w);
	return obj;
}
