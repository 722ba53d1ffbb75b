/* Calls, parameters, results and returns: components go where the signature says, in registers or in areas of the stack. */
#include "isel.h"

/* ---- calls ---- */

static u8 part_reg(const SigPart *p)
{
	return ty_is_float(p->ty) ? amd64_floatarg[p->reg] : amd64_intarg[p->reg];
}

void lower_call(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	Sig *sig = p->sig;
	ValueId *arg = value_args(s->f, v);
	u32 first = p->op != SsaCall;
	if (p->nargs != first + sig->nin)
		bug("%s: call v%u has %u arguments for %u components", s->f->sym->name, v, p->nargs - first, sig->nin);
	for (u32 k = 0; k < sig->nin; k++) {
		SigPart *part = &sig->in[k];
		Addr out = {.mem = MemOut, .disp = part->off};
		if (part->reg >= 0)
			continue;
		if (part->ty != TyVoid)
			isel_store(s, out, arg[first + k]);
		else if (part->size)
			isel_copy(s, out, isel_address(s, arg[first + k], 0), part->size);
	}
	static const XOp op[] = {XCall, XCallM, XCallR};
	MInst *i = isel_call(s, op[p->op - SsaCall], p->callee, sig->argsize + sig->spillsize);
	i->o = arena_array(s->m->ar, MOpnd, sig->nin + sig->nout + 2);
	if (p->flags & FlagNoreturn)
		i->flags |= MNoreturn;
	i->imm = (p->flags & FlagAbi0) != 0;     /* restore g and zero */
	for (u32 k = 0; k < s->results.n; k++)
		def(i, s->results.a[k], part_reg(&sig->out[val(s, s->results.a[k])->aux]));
	s->results.n = 0;
	if (p->op == SsaCallClosure) {
		i->mem = MemBase;
		i->base = (i8)use_at(i, isel_reg(s, arg[0]), RegDX);
	} else if (p->op == SsaCallCode)
		use(s, i, arg[0]);
	for (u32 k = 0; k < sig->nin; k++)
		if (sig->in[k].reg >= 0)
			use_at(i, isel_reg(s, arg[first + k]), part_reg(&sig->in[k]));
}

static void load_area(Isel *s, ValueId v, MemKind mem, u32 off)
{
	Ty ty = ty_of(s, v);
	MInst *i = begin(s, ty_is_float(ty) ? XFLoad : XLoad, ty_size(ty));
	def(i, v, RegNone);
	isel_set_addr(s, i, (Addr){.mem = mem, .disp = off});
}

void lower_result(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	SigPart *part = &val(s, p->arg[0])->sig->out[p->aux];
	if (part->reg >= 0)
		vec_push(s->m->ar, &s->results, v);
	else
		load_area(s, v, MemOut, part->off);
}

void lower_param(Isel *s, ValueId v)
{
	SigPart *part = &s->f->sig->in[val(s, v)->aux];
	if (part->reg < 0)              /* the others are defined by XEntry */
		load_area(s, v, MemArg, part->off);
}

/* Defines parameters in registers and the context: first instruction of the function. */
void lower_entry(Isel *s)
{
	MInst *e = begin(s, XEntry, 8);
	e->o = arena_array(s->m->ar, MOpnd, MaxRegs);
	for (ValueId v = 1; v < s->f->v.n; v++) {
		Value *p = val(s, v);
		if (!s->want[v] || (p->op != SsaParam && p->op != SsaClosure))
			continue;
		SigPart *part = p->op == SsaParam ? &s->f->sig->in[p->aux] : NULL;
		if (part && part->reg < 0)
			continue;
		u8 r = part ? part_reg(part) : RegDX;
		if (e->clobber >> r & 1)
			bug("%s: parameter v%u is defined twice", s->f->sym->name, v);
		def(e, v, r);
	}
}

void lower_tailcall(Isel *s, ValueId v)
{
	Value *p = val(s, v);
	ValueId *arg = value_args(s->f, v);
	MInst *i = begin(s, XTailCall, 8);
	i->o = arena_array(s->m->ar, MOpnd, p->nargs + 1);
	u32 first = p->op != SsaCall;
	i->sym = p->callee;
	i->aux = p->op - SsaCall;       /* 1: through the closure, 2: code address */
	if (first)
		use_at(i, isel_reg(s, arg[0]), p->op == SsaCallClosure ? RegDX : RegR12);
	for (u32 k = 0; k < p->sig->nin; k++) {
		if (p->sig->in[k].reg < 0)
			bug("%s: tail call with arguments on the stack", s->f->sym->name);
		use_at(i, isel_reg(s, arg[first + k]), part_reg(&p->sig->in[k]));
	}
}

void lower_return(Isel *s, Block *b)
{
	MInst *i = begin(s, XRet, 8);
	Sig *sig = s->f->sig;
	i->o = arena_array(s->m->ar, MOpnd, b->ret.n + 1);
	u32 k = 0;
	for (u32 j = 0; sig && j < sig->nout; j++)
		if (sig->out[j].reg >= 0) {
			if (k == b->ret.n)
				bug("%s: too few results returned", s->f->sym->name);
			use_at(i, isel_reg(s, b->ret.a[k++]), part_reg(&sig->out[j]));
		}
	s->m->b.a[s->bi].isret = true;
}
