/* Stack maps: which words of a frame hold live pointers at each call.
 *
 * Spill slots: the allocator noted for every call which pointers are needed afterwards. Frame slots: backward
 * liveness over the final instructions. A slot is used where it is read or its address is taken, it dies backwards at
 * VarDef or where all of it is written. Slots whose address is taken are stack objects as well: the scanner
 * finds them through pointers to them after the last use of the address. Map 0 is the state at entry, with the
 * arguments in their spill space; equal maps are stored once. */
#include "gen.h"

typedef struct StackMap {
	MFunc *m;
	u32 nslot, words;
	u64 *livein;           /* per block: words of slot bits */
	u64 *cur;
	u8 *addr;              /* per slot: address taken */
	u8 *callargs;          /* scratch: the argument bitmap of one call */
	VEC(u8) args, locals;
	Map seen;              /* hash of a map -> index + 1 */
} StackMap;

static void use_slot(StackMap *c, const MInst *i)
{
	if (i->mem == MemSlot && !i->slotwrite)
		bit_set(c->cur, i->slot);
}

static void step(StackMap *c, const MInst *i)
{
	if (i->slotkill)
		bit_clear(c->cur, i->slotkill - 1);
	use_slot(c, i);
}

static void join(StackMap *c, u32 bi)
{
	MBlock *b = &c->m->b.a[bi];
	memset(c->cur, 0, c->words * sizeof *c->cur);
	for (u32 k = 0; k < b->succ.n; k++)
		for (u32 w = 0; w < c->words; w++)
			c->cur[w] |= c->livein[b->succ.a[k] * c->words + w];
}

static void liveness(StackMap *c)
{
	MFunc *m = c->m;
	for (bool changed = true; changed;) {
		changed = false;
		for (u32 k = m->order.n; k-- > 0;) {
			u32 bi = m->order.a[k];
			MBlock *b = &m->b.a[bi];
			join(c, bi);
			for (u32 i = b->out.n; i-- > 0;)
				step(c, &b->out.a[i]);
			u64 *in = c->livein + bi * c->words;
			changed |= memcmp(in, c->cur, c->words * sizeof *in) != 0;
			memcpy(in, c->cur, c->words * sizeof *in);
		}
	}
}

static StackMap *start(MFunc *m)
{
	StackMap *c = arena_new(m->ar, StackMap);
	c->m = m;
	c->nslot = m->f->slot.n;
	c->words = bit_words(c->nslot);
	c->livein = arena_array(m->ar, u64, m->b.n * c->words + 1);
	c->cur = arena_array(m->ar, u64, c->words + 1);
	if (c->nslot)
		liveness(c);
	return c;
}

/* Slots with pointers that may be seen before they were written must be cleared by the prologue. */
void gen_zero_slots(MFunc *m)
{
	StackMap *c = m->stackmap = start(m);
	for (u32 i = 0; i < c->nslot; i++) {
		Slot *s = &m->f->slot.a[i];
		if (slot_has_pointers(m, s) && (s->pinned || bit_get(c->livein + m->order.a[0] * c->words, i)))
			s->zeroed = true;
	}
}

static void set(u8 *bits, i64 word, u32 nbits)
{
	if (word < 0 || word >= (i64)nbits)
		bug("stack map: word %lld of %u", (long long)word, nbits);
	bits[word >> 3] |= (u8)(1 << (word & 7));
}

static void type_bits(MFunc *m, Type *t, u8 *bits, i64 word, u32 nbits)
{
	Layout *l = types_layout(m->f->prog->chk, t);
	u8 *mask = arena_alloc(m->ar, (size_t)l->ptrbytes / 64 + 1, 1);
	types_ptrmask(m->f->prog->chk, t, 0, mask);
	for (i64 w = 0; w < l->ptrbytes / 8; w++)
		if (mask[w >> 3] >> (w & 7) & 1)
			set(bits, word + w, nbits);
}

static void stack_parts(MFunc *m, const SigPart *p, u32 n, const SigVar *var, u8 *bits)
{
	for (u32 i = 0; i < n; i++) {
		if (p[i].reg >= 0)
			continue;
		if (p[i].ty == TyPtr)
			set(bits, p[i].off / 8, m->code->argbits);
		else if (p[i].ty == TyVoid && var)
			type_bits(m, var[p[i].param].type, bits, p[i].off / 8, m->code->argbits);
	}
}

/* Adds the pair of bitmaps unless it is there already. */
static i32 intern_map(StackMap *c, const u8 *args, const u8 *locals)
{
	Code *code = c->m->code;
	u32 na = (code->argbits + 7) / 8, nl = (code->localbits + 7) / 8;
	u64 h = hash_bytes(args, na, 1) * 31 + hash_bytes(locals, nl, 2);
	u64 *slot = map_slot(c->m->ar, &c->seen, h ? h : 1);
	if (*slot) {
		u32 k = (u32)*slot - 1;
		if ((!na || !memcmp(c->args.a + k * na, args, na)) && (!nl || !memcmp(c->locals.a + k * nl, locals, nl)))
			return (i32)k;
	}
	*slot = code->nmap + 1;
	for (u32 i = 0; i < na; i++)
		vec_push(c->m->out, &c->args, args[i]);
	for (u32 i = 0; i < nl; i++)
		vec_push(c->m->out, &c->locals, locals[i]);
	return (i32)code->nmap++;
}

static void slot_bits(StackMap *c, u32 slot, u8 *locals)
{
	const Slot *s = &c->m->f->slot.a[slot];
	if (slot_has_pointers(c->m, s))
		type_bits(c->m, (Type *)s->type, locals, c->m->code->localbits + s->off / 8, c->m->code->localbits);
}

static void call_map(StackMap *c, MInst *i, const u8 *args, u8 *locals)
{
	MFunc *m = c->m;
	u32 nbits = m->code->localbits;
	memset(locals, 0, (nbits + 7) / 8);
	memcpy(c->callargs, args, m->code->argbits / 8 + 1);
	for (u32 k = 0; k < i->nlive; k++) {
		const SpillSlot *s = &m->spill.a[m->v.a[i->live[k]].slot];
		if (s->arg)
			set(c->callargs, s->argoff / 8, m->code->argbits);
		else
			set(locals, (i64)nbits + s->off / 8, nbits);
	}
	for (u32 k = 0; k < c->nslot; k++)
		if (m->f->slot.a[k].pinned || (bit_get(c->cur, k) && !(i->flags & MNoreturn)))
			slot_bits(c, k, locals);
	i->map = intern_map(c, c->callargs, locals);
}

static void stack_objects(StackMap *c)
{
	MFunc *m = c->m;
	Code *code = m->code;
	code->obj = arena_array(m->out, StackObj, c->nslot);
	for (u32 k = 0; k < c->nslot; k++) {
		const Slot *s = &m->f->slot.a[k];
		if (c->addr[k] && slot_has_pointers(m, s))
			code->obj[code->nobj++] = (StackObj){s->off, s->size, s->type};
	}
	for (u32 i = 1; i < code->nobj; i++)            /* by offset: the runtime searches them */
		for (u32 k = i; k && code->obj[k - 1].off > code->obj[k].off; k--) {
			StackObj t = code->obj[k];
			code->obj[k] = code->obj[k - 1];
			code->obj[k - 1] = t;
		}
}

/* needs: frame offsets. leaves: MInst.map of calls, Code's bitmaps and stack objects. */
void gen_stackmap(MFunc *m)
{
	StackMap *c = m->stackmap;
	const Sig *sig = m->f->sig;
	m->code->argbits = sig ? (sig->argsize + sig->spillsize) / 8 : 0;
	u8 *args = arena_alloc(m->ar, m->code->argbits / 8 + 1, 1);
	c->callargs = arena_alloc(m->ar, m->code->argbits / 8 + 1, 1);
	u8 *entry = arena_alloc(m->ar, m->code->argbits / 8 + 1, 1);
	u8 *locals = arena_alloc(m->ar, m->code->localbits / 8 + 1, 1);
	if (sig) {
		stack_parts(m, sig->in, sig->nin, sig->param, args);
		memcpy(entry, args, m->code->argbits / 8 + 1);
		for (u32 i = 0; i < sig->nin; i++)
			if (sig->in[i].reg >= 0 && sig->in[i].ty == TyPtr)
				set(entry, sig->in[i].off / 8, m->code->argbits);
		stack_parts(m, sig->out, sig->nout, sig->result, args);
	}
	intern_map(c, entry, locals);
	c->addr = arena_array(m->ar, u8, c->nslot + 1);
	for (u32 k = 0; k < m->order.n; k++) {
		MBlock *b = &m->b.a[m->order.a[k]];
		join(c, m->order.a[k]);
		for (u32 i = b->out.n; i-- > 0;) {
			MInst *x = &b->out.a[i];
			if (x->flags & (MCall | MPanics))
				call_map(c, x, args, locals);
			if (x->mem == MemSlot && x->slotaddr)
				c->addr[x->slot] = 1;
			step(c, x);
		}
	}
	stack_objects(c);
	m->code->argmap = c->args.a;
	m->code->localmap = c->locals.a;
}
