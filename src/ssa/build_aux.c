/* Functions nobody wrote: wrappers of promoted methods, bound method values, equality and hash of types, initialiser fragments.
 *
 * Wrappers are marked: tracebacks skip them and recover looks through them. */
#include "build.h"

static Build *start(Program *p, Sym *s, Type *sig, Type *recv)
{
	bug_context_func = s->name;
	return build_new(p, s, sig, recv, NULL, NULL, NULL);
}

/* ---- wrappers ---- */

/* v followed through an embedding path; pointers on the way are dereferenced. */
static Place follow(Build *b, Val v, const Selection *s)
{
	Place p;
	Type *t = v.t;
	if (types_under(t)->kind == KindPointer && s->npath) {
		p = place_mem(types_under(t)->elem, v.p[0], 0);
	} else {
		i64 off;
		ValueId a = val_addr(b, v, &off);
		p = place_mem(t, a, off);
		p.nonnil = true;
	}
	for (u32 i = 0; i < s->npath; i++) {
		Type *u = types_under(p.t);
		if (u->kind == KindPointer) {
			Val q = place_load(b, &p);
			p = place_mem(u->elem, q.p[0], 0);
			u = types_under(p.t);
		}
		p.off += types_layout(b->k, u)->offset[s->path[i]];
		p.t = u->st.field[s->path[i]]->type;
	}
	return p;
}

static Type *deref(Type *t)
{
	Type *u = types_unalias(t);
	return u->kind == KindPointer ? u->elem : t;
}

/* Calls m on the receiver v (of the type the selection starts from) with the parameters after the first skip ones. */
static void call_method(Build *b, Val v, const MethodEntry *m, u32 skip)
{
	const Sig *in = b->f->sig;
	u32 n = in->nparam - skip;
	Val *arg = arena_array(b->ar, Val, n + 1);
	Callee c = {.kind = CalleeSym, .sig = types_under(m->sig), .arg = arg, .narg = n + 1};
	bool plain = !m->sel->npath;
	Place p = {0};
	Type *holder = v.t;
	if (!plain) {
		p = follow(b, v, m->sel);
		holder = p.t;
	}
	bool isptr = types_unalias(holder)->kind == KindPointer;
	if (types_under(holder)->kind == KindInterface) {
		Val i = plain ? v : place_load(b, &p);
		TypeSet *ts = types_typeset(b->k, types_under(holder));
		u32 k = 0;
		while (k < ts->nmethod && !(ts->method[k]->name == m->fn->name && (m->fn->name->exported || ts->method[k]->pkg == m->fn->pkg)))
			k++;
		c.kind = CalleeCode;
		c.sym = sym_imethod(b->p, m->fn, c.sig);
		c.fn = v_load(b, TyPtr, i.p[0], 24 + 8 * (i64)k, 0);
		c.recv = b_basic(b, KindUnsafePointer);
		arg[0] = val_1(c.recv, i.p[1]);
	} else {
		Type *nt = types_unalias(deref(holder));
		c.sym = sym_func(b->p, m->fn, nt->named.targs, nt->named.ntargs);
		if (m->fn->flags & ObjPtrRecv) {
			c.recv = types_pointer(b->k, deref(holder));
			if (isptr)
				arg[0] = plain ? v : place_load(b, &p);
			else
				arg[0] = val_1(c.recv, place_addr(b, &p));
		} else {
			c.recv = deref(holder);
			Val x = plain ? v : place_load(b, &p);
			if (isptr) {
				BlockId ok = b_block(b), nil = b_block(b);
				b_if(b, v_2(b, SsaNe, TyI8, x.p[0], v_const(b, TyPtr, 0)), ok, nil, 1);
				b_seal(b, ok), b_seal(b, nil);
				b_start(b, nil);
				b->f->b.a[nil].cold = true;
				call_rt0(b, "panicwrap", 0);
				b_exit(b);
				b_start(b, ok);
				x = val_load(b, c.recv, x.p[0], 0, true);
			}
			arg[0] = x;
		}
	}
	for (u32 i = 0; i < n; i++)
		arg[i + 1] = param_val(b, in, i + skip);
	Val r = call_emit(b, &c);
	if (r.form == ValTuple)
		ret(b, r.elem);
	else
		ret(b, &r);
}

Func *ssa_build_wrapper(Program *p, Sym *s, Type *recv, const MethodEntry *m, bool ifn)
{
	Type *word = p->chk->typ[KindUnsafePointer];
	Build *b = start(p, s, m->sig, ifn ? word : recv);
	b->f->wrapper = true;
	b->f->funcid = FuncIDWrapper;
	Val v = param_val(b, b->f->sig, 0);
	if (ifn) {                              /* pointer-shaped: the word is the value's only component */
		Part part[4];
		u32 n;
		if (!parts_of(b, recv, part, &n) || n != 1)
			bug("receiver of %s is no pointer-shaped value", s->name);
		v = val_1(recv, v.p[0]);
	}
	call_method(b, v, m, 1);
	return build_finish(b);
}

Func *ssa_build_methodval(Program *p, Sym *s, Type *recv, const MethodEntry *m)
{
	Build *b = start(p, s, m->sig, NULL);
	b->f->wrapper = b->f->needctxt = true;
	b->f->funcid = FuncIDWrapper;
	u32 align = (u32)types_layout(b->k, recv)->align;
	Val v = val_load(b, recv, b_context(b), (i64)align_up(8, align), true);
	call_method(b, v, m, 0);
	return build_finish(b);
}

/* ---- between Go and assembly ---- */

Func *ssa_build_abi(Program *p, Sym *s, Obj *fn, bool from)
{
	Build *b = start(p, s, fn->type, NULL);
	b->f->wrapper = true;
	b->f->funcid = FuncIDWrapper;
	b->f->abi0 = from;
	b->pos = b->f->pos = fn->pos;
	if (from)
		b->f->sig = sig_abi0(p, fn->type);
	const Sig *in = b->f->sig;
	Val *arg = arena_array(b->ar, Val, in->nparam + 1);
	for (u32 i = 0; i < in->nparam; i++)
		arg[i] = param_val(b, in, i);
	Callee c = {.kind = CalleeSym, .sig = types_under(fn->type), .arg = arg, .narg = in->nparam, .abi0 = !from};
	size_t n = strlen(s->name);
	c.sym = from ? sym_get(p, arena_strndup(b->ar, s->name, n - strlen("<abi0>"))) : sym_abi0(p, s->name);
	if (!from && s->noescape)
		c.sym->noescape = true;
	Val r = call_emit(b, &c);
	if (r.form == ValTuple)
		ret(b, r.elem);
	else
		ret(b, &r);
	return build_finish(b);
}

/* ---- equality ---- */

static void ret_bool(Build *b, ValueId v)
{
	Val r = val_1(b_basic(b, KindBool), v);
	ret(b, &r);
}

static bool blank(const Obj *f)
{
	return f->name->len == 1 && f->name->s[0] == '_';
}

static void leave_unless(Build *b, ValueId eq)
{
	BlockId same = b_block(b), differ = b_block(b);
	b_if(b, eq, same, differ, 0);
	b_seal(b, same), b_seal(b, differ);
	if (b->f->b.a[differ].pred.n) {
		b_start(b, differ);
		ret_bool(b, v_const(b, TyI8, 0));
	}
	b_start(b, same);
}

static ValueId eq_at(Build *b, Type *t, ValueId p, ValueId q, i64 off, EqStep how)
{
	Part part[4];
	u32 n;
	if (!parts_of(b, t, part, &n))
		return eq_mem(b, t, p, off, q, off);
	return eq_step(b, how, val_load(b, t, p, off, true), val_load(b, t, q, off, true));
}

/* for i := 0; i < n; i++: leaves i in the variable, the body open. */
typedef struct Count { u32 i; BlockId head, done; } Count;

static Count count_begin(Build *b, i64 n)
{
	Count c = {var_new(b, TyI64), b_block(b), b_block(b)};
	BlockId body = b_block(b);
	var_set(b, c.i, v_int(b, 0));
	b_jump(b, c.head);
	b_start(b, c.head);
	b_if(b, v_2(b, SsaLtS, TyI8, var_get(b, c.i), v_int(b, n)), body, c.done, 1);
	b_seal(b, body);
	b_start(b, body);
	return c;
}

static void count_end(Build *b, Count *c)
{
	var_set(b, c->i, v_2(b, SsaAdd, TyI64, var_get(b, c->i), v_int(b, 1)));
	b_jump(b, c->head);
	b_seal(b, c->head);
	b_seal(b, c->done);
	b_start(b, c->done);
}

static ValueId at_index(Build *b, ValueId p, ValueId i, i64 size)
{
	return v_2(b, SsaAdd, TyPtr, p, v_2(b, SsaMul, TyI64, i, v_int(b, size)));
}

Func *ssa_build_eq(Program *p, Sym *s, Type *t)
{
	Build *b = start(p, s, rt_sig_of(p->chk, "pp", "b"), NULL);
	Type *u = types_under(t);
	ValueId x = param_val(b, b->f->sig, 0).p[0], y = param_val(b, b->f->sig, 1).p[0];
	b->f->wrapper = true;
	if (types_layout(b->k, t)->regular) {
		ret_bool(b, eq_mem(b, t, x, 0, y, 0));
	} else if (u->kind == KindStruct) {
		Layout *l = types_layout(b->k, u);
		EqStep *step = arena_array(b->ar, EqStep, 2 * u->st.n + 1);
		u32 n = eq_order(u, step);
		for (u32 i = 0; i < n; i++)
			leave_unless(b, eq_at(b, u->st.field[step[i].field]->type, x, y, l->offset[step[i].field], step[i]));
		ret_bool(b, v_const(b, TyI8, 1));
	} else if (u->kind == KindArray) {
		i64 size = b_size(b, u->elem);
		Count c = count_begin(b, u->len);
		ValueId i = var_get(b, c.i);
		leave_unless(b, eq_at(b, u->elem, at_index(b, x, i, size), at_index(b, y, i, size), 0, (EqStep){0}));
		count_end(b, &c);
		ret_bool(b, v_const(b, TyI8, 1));
	} else {
		ret_bool(b, eq_at(b, t, x, y, 0, (EqStep){0}));
	}
	return build_finish(b);
}

/* ---- hash ---- */

static ValueId hash_at(Build *b, Type *t, ValueId p, i64 off, ValueId h)
{
	Type *u = types_under(t);
	p = v_offset(b, p, off);
	const char *name = NULL;
	switch (u->kind) {
	case KindString: name = "strhash"; break;
	case KindInterface: name = types_typeset(b->k, u)->nmethod ? "interhash" : "nilinterhash"; break;
	case KindFloat32: name = "f32hash"; break;
	case KindFloat64: name = "f64hash"; break;
	case KindComplex64: name = "c64hash"; break;
	case KindComplex128: name = "c128hash"; break;
	}
	if (name)
		return call_rt1(b, name, TyI64, 2, p, h);
	Layout *l = types_layout(b->k, t);
	if (l->regular && (l->size == 4 || l->size == 8))       /* as the runtime's typehash */
		return call_rt1(b, l->size == 4 ? "memhash32" : "memhash64", TyI64, 2, p, h);
	if (l->regular)
		return l->size ? call_rt1(b, "memhash", TyI64, 3, p, h, v_int(b, l->size)) : h;
	return call_sym(b, sym_hash(b->p, t), rt_sig(b, "pi", "i"), NULL, (ValueId[]){p, h}, 2);
}

Func *ssa_build_hash(Program *p, Sym *s, Type *t)
{
	Build *b = start(p, s, rt_sig_of(p->chk, "pi", "i"), NULL);
	Type *u = types_under(t);
	b->f->wrapper = true;
	ValueId x = param_val(b, b->f->sig, 0).p[0], h = param_val(b, b->f->sig, 1).p[0];
	if (!types_layout(b->k, t)->regular && u->kind == KindStruct) {
		Layout *l = types_layout(b->k, u);
		for (u32 i = 0; i < u->st.n; i++)
			if (!blank(u->st.field[i]))
				h = hash_at(b, u->st.field[i]->type, x, l->offset[i], h);
	} else if (!types_layout(b->k, t)->regular && u->kind == KindArray) {
		u32 hv = var_new(b, TyI64);
		var_set(b, hv, h);
		Count c = count_begin(b, u->len);
		ValueId e = at_index(b, x, var_get(b, c.i), b_size(b, u->elem));
		var_set(b, hv, hash_at(b, u->elem, e, 0, var_get(b, hv)));
		count_end(b, &c);
		h = var_get(b, hv);
	} else {
		h = hash_at(b, t, x, 0, h);
	}
	Val r = val_1(b_basic(b, KindUintptr), h);
	ret(b, &r);
	return build_finish(b);
}

/* ---- initialisers ---- */

Func *ssa_build_init(Program *p, Sym *s, Body *body)
{
	bug_context_func = s->name;
	Build *b = build_new(p, s, rt_sig_of(p->chk, "", ""), NULL, body->file, body->pkg, NULL);
	b->pos = b->f->pos = node_at(body->file, body->init)->pos;
	NodeId x = node_unparen(b->file, body->init);
	if (body->nlhs <= 1) {
		Obj *o = body->nlhs ? body->lhs[0] : NULL;
		if (!o || blank(o)) {
			expr_borrow(b, x);
		} else {
			Place at = place_var(b, o);
			Val v = expr_to(b, x, o->type);
			place_store(b, &at, v);
		}
	} else {
		Val v = node_kind(b->file, x) == NodeCall ? expr_call(b, x) : expr_commaok(b, x);
		for (u32 i = 0; i < body->nlhs; i++) {
			if (!body->lhs[i] || blank(body->lhs[i]))
				continue;
			Place at = place_var(b, body->lhs[i]);
			place_store(b, &at, assign_conv(b, v.elem[i], at.t));
		}
	}
	ret(b, NULL);
	return build_finish(b);
}

/* ---- what a symbol asks for ---- */

Func *ssa_build_sym(Program *p, Sym *s)
{
	struct SymDef *d = s->def;
	switch (d->what) {
	case WhatFunc:
		return ssa_build(p, s, d->fn->fn.body, (FuncInst){d->fn, d->targs, d->ntargs});
	case WhatEq:
		return ssa_build_eq(p, s, d->type);
	case WhatHash:
		return ssa_build_hash(p, s, d->type);
	case WhatWrapper: case WhatIfn:
		return ssa_build_wrapper(p, s, d->type, d->method, d->what == WhatIfn);
	case WhatMethodVal:
		return ssa_build_methodval(p, s, d->type, d->method);
	case WhatToAbi0: case WhatFromAbi0:
		return ssa_build_abi(p, s, d->fn, d->what == WhatFromAbi0);
	case WhatInit:
		return ssa_build_init(p, s, d->body);
	}
	bug("ssa_build_sym: %s is no function", s->name);
}
