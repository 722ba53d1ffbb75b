/* Functions while they are built: blocks, SSA variables, values.
 *
 * Construction follows Braun et al. ("Simple and efficient construction of SSA form", 2013). A definition of variable v in
 * block b is an entry of the map (b, v). A use looks in its own block, then in the predecessors: one predecessor is asked
 * directly; several give a phi; a block whose predecessors are not all known (unsealed) gives a phi that is completed when
 * it is sealed. Phis that merge one value become copies; build_finish replaces all copies by what they stand for.
 *
 * Block 1 holds what needs no operands: constants, addresses, parameters. It dominates everything and gets its jump to
 * block 2, where the body starts, at the end. Pure values are numbered as they are made: an equal value in the same block,
 * or up the chain of single predecessors, is used again. */
#include "build.h"

enum { EntryBlock = 1, BodyBlock = 2, VnDepth = 16 };

Build *build_new(Program *p, Sym *s, Type *sigtype, Type *recv, File *file, Pkg *pkg, Build *outer)
{
	Arena first = {0}, *ar = outer ? outer->ar : arena_new(&first, Arena);
	if (!outer)
		*ar = first;             /* the arena lives inside its own first chunk, until build_finish */
	Build *b = arena_new(ar, Build);
	b->p = p;
	b->k = p->chk;
	b->ar = ar;
	b->f = func_new(p, s, ar);
	b->f->sig = sig_make(p, sigtype, recv);
	b->file = file;
	b->pkg = pkg;
	b->outer = outer;
	b->sigtype = b->retsig = sigtype;
	b->litname = s->name;
	b->capsize = 8;
	s->kind = SymText;
	if (outer) {
		b->env = outer->env;
		b->fnobj = outer->fnobj;
		b->f->needctxt = b->f->is_closure = true;
	}
	vec_push(ar, &b->varty, 0);
	func_block(b->f);
	b_seal(b, EntryBlock);
	BlockId body = b_block(b);
	b_seal(b, body);
	block_edge(b->f, EntryBlock, body);
	b->cur = body;
	return b;
}

/* ---- types ---- */

Type *b_type(Build *b, Type *t)
{
	return b->env.n ? types_subst(b->k, t, &b->env) : t;
}

Type *b_typeof(Build *b, NodeId n)
{
	return b_type(b, info_at(b->file, n)->type);
}

Type *b_under(Build *b, Type *t)
{
	return types_under(b_type(b, t));
}

Type *b_basic(Build *b, TypeKind k)
{
	return b->k->typ[k];
}

/* ---- blocks ---- */

BlockId b_block(Build *b)
{
	return func_block(b->f);
}

static bool sealed(Build *b, BlockId blk)
{
	return blk < b->nsealed * 64 && bit_get(b->sealed, blk);
}

static void mark_sealed(Build *b, BlockId blk)
{
	if (blk >= b->nsealed * 64) {
		u32 n = (b->nsealed ? b->nsealed * 2 : 4);
		while (blk >= n * 64)
			n *= 2;
		u64 *w = arena_array(b->ar, u64, n);
		if (b->nsealed)
			memcpy(w, b->sealed, b->nsealed * sizeof *w);
		b->sealed = w;
		b->nsealed = n;
	}
	bit_set(b->sealed, blk);
}

void b_start(Build *b, BlockId blk)
{
	b->cur = blk;
	b->f->b.a[blk].pos = b->pos;
}

/* Statements after a jump still get built (they may hold labels): into a block nobody leads to. */
void b_live(Build *b)
{
	if (b->cur)
		return;
	BlockId blk = b_block(b);
	b_seal(b, blk);
	b_start(b, blk);
}

void b_jump(Build *b, BlockId to)
{
	if (!b->cur)
		return;
	b->f->b.a[b->cur].term = TermJump;
	b->f->b.a[b->cur].pos = b->pos;
	block_edge(b->f, b->cur, to);
	b->cur = 0;
}

void b_if(Build *b, ValueId c, BlockId yes, BlockId no, int likely)
{
	if (!b->cur)
		return;
	i64 bits;
	if (v_isconst(b, c, &bits)) {
		b_jump(b, bits ? yes : no);
		return;
	}
	Value *v = &b->f->v.a[b_resolve(b, c)];
	if (v->op == SsaBoolNot) {
		b_if(b, v->arg[0], no, yes, -likely);
		return;
	}
	Block *blk = &b->f->b.a[b->cur];
	blk->term = TermIf;
	blk->ctl = c;
	blk->likely = (i8)likely;
	blk->pos = b->pos;
	block_edge(b->f, b->cur, yes);
	block_edge(b->f, b->cur, no);
	b->cur = 0;
}

void b_exit(Build *b)
{
	if (b->cur)
		b->f->b.a[b->cur].term = TermExit;
	b->cur = 0;
}

/* ---- SSA variables ---- */

u32 var_new(Build *b, Ty ty)
{
	vec_push(b->ar, &b->varty, (u8)ty);
	return b->varty.n - 1;
}

static u64 def_key(BlockId blk, u32 var)
{
	return (u64)blk << 32 | var;
}

static void def_set(Build *b, BlockId blk, u32 var, ValueId v)
{
	map_put(b->ar, &b->defs, def_key(blk, var), v);
}

void var_set(Build *b, u32 var, ValueId v)
{
	b_live(b);
	def_set(b, b->cur, var, v);
}

ValueId b_resolve(Build *b, ValueId v)
{
	while (b->f->v.a[v].op == SsaCopy)
		v = b->f->v.a[v].arg[0];
	return v;
}

static ValueId new_phi(Build *b, BlockId blk, u32 var)
{
	Func *f = b->f;
	ValueId id = func_value(f, blk, SsaPhi, b->varty.a[var], b->pos);
	Block *q = &f->b.a[blk];
	u32 at = q->v.n - 1;             /* phis come first */
	while (at && f->v.a[q->v.a[at - 1]].op != SsaPhi) {
		q->v.a[at] = q->v.a[at - 1];
		at--;
	}
	q->v.a[at] = id;
	return id;
}

/* The one value a phi merges besides itself; 0 when there are several. */
static ValueId only_operand(Build *b, ValueId phi)
{
	ValueId *a = value_args(b->f, phi), same = 0;
	for (u32 i = 0; i < b->f->v.a[phi].nargs; i++) {
		ValueId x = b_resolve(b, a[i]);
		if (x == same || x == phi)
			continue;
		if (same)
			return 0;
		same = x;
	}
	return same;
}

static bool drop_trivial(Build *b, ValueId phi)
{
	ValueId same = only_operand(b, phi);
	if (!same)
		return false;
	Value *v = &b->f->v.a[phi];
	v->op = SsaCopy;
	v->nargs = 1;
	v->arg[0] = same;
	v->arg[1] = v->arg[2] = 0;
	return true;
}

static ValueId read_var(Build *b, BlockId blk, u32 var);

static ValueId fill_phi(Build *b, ValueId phi, u32 var)
{
	BlockId blk = b->f->v.a[phi].block;
	u32 n = b->f->b.a[blk].pred.n;
	ValueId *a = arena_array(b->ar, ValueId, n);
	for (u32 i = 0; i < n; i++)
		a[i] = read_var(b, b->f->b.a[blk].pred.a[i], var);
	value_set_args(b->f, phi, a, n);
	drop_trivial(b, phi);
	return b_resolve(b, phi);
}

static ValueId read_var(Build *b, BlockId blk, u32 var)
{
	/* a run of single predecessors is followed without recursion */
	BlockId start = blk;
	ValueId v;
	for (;;) {
		v = (ValueId)map_get(&b->defs, def_key(blk, var));
		if (v) {
			v = b_resolve(b, v);
			break;
		}
		if (!sealed(b, blk)) {
			v = new_phi(b, blk, var);
			vec_push(b->ar, &b->incomplete, (Incomplete){blk, var, v});
			def_set(b, blk, var, v);
			break;
		}
		u32 n = b->f->b.a[blk].pred.n;
		if (!n) {                       /* unreachable, or never assigned: any value will do */
			v = v_const(b, b->varty.a[var], 0);
			break;
		}
		if (n > 1) {
			v = new_phi(b, blk, var);
			def_set(b, blk, var, v);        /* breaks cycles */
			v = fill_phi(b, v, var);
			def_set(b, blk, var, v);
			break;
		}
		blk = b->f->b.a[blk].pred.a[0];
	}
	if (start != blk)
		def_set(b, start, var, v);
	return v;
}

ValueId var_get(Build *b, u32 var)
{
	b_live(b);
	return read_var(b, b->cur, var);
}

void b_seal(Build *b, BlockId blk)
{
	mark_sealed(b, blk);
	for (u32 i = 0; i < b->incomplete.n; i++) {
		Incomplete in = b->incomplete.a[i];
		if (in.b != blk || !in.phi)
			continue;
		b->incomplete.a[i].phi = 0;
		fill_phi(b, in.phi, in.var);
	}
	while (b->incomplete.n && !vec_last(&b->incomplete).phi)
		b->incomplete.n--;
}

/* ---- slots ---- */

u32 slot_raw(Build *b, u32 size, u32 align)
{
	vec_push(b->ar, &b->f->slot, (Slot){.size = size, .align = align});
	return b->f->slot.n - 1;
}

u32 slot_new(Build *b, Type *t, Name *name)
{
	Layout *l = types_layout(b->k, t);
	u32 s = slot_raw(b, l->size > INT32_MAX ? INT32_MAX : (u32)l->size, (u32)l->align);     /* beyond: gen refuses the frame */
	b->f->slot.a[s].type = l->ptrbytes ? t : NULL;
	b->f->slot.a[s].name = name;
	return s;
}

ValueId temp_new(Build *b, Type *t, bool *stack)
{
	*stack = b_size(b, t) <= StackVarMax;
	return *stack ? v_slot(b, slot_new(b, t, NULL)) : v_new(b, t, 0);
}

/* ---- finishing ---- */

static void drop_trivial_phis(Build *b)
{
	for (bool again = true; again;) {
		again = false;
		for (ValueId v = 1; v < b->f->v.n; v++)
			if (b->f->v.a[v].op == SsaPhi && drop_trivial(b, v))
				again = true;
	}
}

static void reach(Func *f, BlockId start, u8 *seen, BlockId *stack)
{
	u32 n = 0;
	if (!start || seen[start])
		return;
	seen[start] = 1;
	stack[n++] = start;
	while (n) {
		Block *blk = &f->b.a[stack[--n]];
		for (u32 i = 0; i < blk->succ.n; i++)
			if (!seen[blk->succ.a[i]]) {
				seen[blk->succ.a[i]] = 1;
				stack[n++] = blk->succ.a[i];
			}
	}
}

/* Edges from blocks that cannot be reached go, and with them the phi arguments. */
static void drop_dead_edges(Build *b, const u8 *seen)
{
	Func *f = b->f;
	for (BlockId i = 1; i < f->b.n; i++) {
		Block *blk = &f->b.a[i];
		if (!seen[i]) {
			for (u32 j = 0; j < blk->v.n; j++)
				f->v.a[blk->v.a[j]] = (Value){0};
			continue;
		}
		u32 w = 0;
		for (u32 j = 0; j < blk->pred.n; j++) {
			if (!seen[blk->pred.a[j]])
				continue;
			for (u32 k = 0; k < blk->v.n && f->v.a[blk->v.a[k]].op == SsaPhi; k++) {
				ValueId *a = value_args(f, blk->v.a[k]);
				a[w] = a[j];
			}
			blk->pred.a[w++] = blk->pred.a[j];
		}
		if (w == blk->pred.n)
			continue;
		blk->pred.n = w;
		for (u32 k = 0; k < blk->v.n && f->v.a[blk->v.a[k]].op == SsaPhi; k++) {
			ValueId tmp[8], *a = value_args(f, blk->v.a[k]), *copy = tmp;
			if (w > nelem(tmp))
				copy = arena_array(b->ar, ValueId, w);
			memcpy(copy, a, w * sizeof *a);
			value_set_args(f, blk->v.a[k], copy, w);
		}
	}
}

/* Reachable blocks move together, in the order they were made. */
static void renumber_blocks(Build *b, const u8 *seen)
{
	Func *f = b->f;
	BlockId *map = arena_array(b->ar, BlockId, f->b.n);
	u32 n = 1;
	for (BlockId i = 1; i < f->b.n; i++)
		if (seen[i])
			map[i] = n++;
	if (n == f->b.n)
		return;
	for (BlockId i = 1; i < f->b.n; i++) {
		Block *blk = &f->b.a[i];
		if (!seen[i])
			continue;
		for (u32 j = 0; j < blk->pred.n; j++)
			blk->pred.a[j] = map[blk->pred.a[j]];
		for (u32 j = 0; j < blk->succ.n; j++)
			blk->succ.a[j] = map[blk->succ.a[j]];
		for (u32 j = 0; j < blk->v.n; j++)
			f->v.a[blk->v.a[j]].block = map[i];
		f->b.a[map[i]] = *blk;
	}
	f->b.n = n;
	f->deferreturn = map[f->deferreturn];
}

static void replace_copies(Build *b)
{
	Func *f = b->f;
	for (ValueId v = 1; v < f->v.n; v++) {
		if (f->v.a[v].op == SsaCopy)
			continue;
		ValueId *a = value_args(f, v);
		for (u32 i = 0; i < f->v.a[v].nargs; i++)
			a[i] = b_resolve(b, a[i]);
	}
	for (BlockId i = 1; i < f->b.n; i++) {
		Block *blk = &f->b.a[i];
		blk->ctl = b_resolve(b, blk->ctl);
		for (u32 j = 0; j < blk->ret.n; j++)
			blk->ret.a[j] = b_resolve(b, blk->ret.a[j]);
		u32 w = 0;
		for (u32 j = 0; j < blk->v.n; j++)
			if (f->v.a[blk->v.a[j]].op != SsaCopy)
				blk->v.a[w++] = blk->v.a[j];
		blk->v.n = w;
	}
	for (ValueId v = 1; v < f->v.n; v++)
		if (f->v.a[v].op == SsaCopy)
			f->v.a[v] = (Value){0};
}

/* ---- the finished function ---- */

/* Values nobody holds any more give up their numbers; the others keep their order. */
static void renumber_values(Build *b)
{
	Func *f = b->f;
	u8 *held = arena_array(b->ar, u8, f->v.n);
	for (BlockId i = 1; i < f->b.n; i++)
		for (u32 j = 0; j < f->b.a[i].v.n; j++)
			held[f->b.a[i].v.a[j]] = 1;
	ValueId *map = arena_raw(b->ar, f->v.n * sizeof *map, 4);
	u32 n = 1;
	map[0] = 0;
	for (ValueId v = 1; v < f->v.n; v++)
		map[v] = held[v] ? n++ : 0;
	if (n == f->v.n)
		return;
	for (ValueId v = 1; v < f->v.n; v++) {
		if (!held[v])
			continue;
		ValueId *a = value_args(f, v);
		for (u32 i = 0; i < f->v.a[v].nargs; i++)
			a[i] = map[a[i]];
		f->v.a[map[v]] = f->v.a[v];
	}
	f->v.n = n;
	for (BlockId i = 1; i < f->b.n; i++) {
		Block *blk = &f->b.a[i];
		blk->ctl = map[blk->ctl];
		for (u32 j = 0; j < blk->ret.n; j++)
			blk->ret.a[j] = map[blk->ret.a[j]];
		for (u32 j = 0; j < blk->v.n; j++)
			blk->v.a[j] = map[blk->v.a[j]];
	}
}

#define SIZE_OF(v) ((v).n * sizeof *(v).a + _Alignof(max_align_t))
#define MOVE(to, v, extra) moved(to, &(v), sizeof *(v).a, _Alignof(__typeof__(*(v).a)), extra)

static void moved(Arena *to, void *vec, size_t elem, size_t align, u32 extra)
{
	VecAny *v = vec;
	void *a = v->n + extra ? arena_raw(to, elem * (v->n + extra), align) : NULL;
	if (v->n)
		memcpy(a, v->a, elem * v->n);
	v->a = a;
	v->cap = v->n + extra;
}

/* Building takes several times the memory of what is built: the function moves into an arena of its size, which lives until its
 * code is out; its head lives as long as the program. */
static Func *settle(Build *b)
{
	typedef struct Home { Func f; Arena ar; } Home;
	Func *f = b->f;
	u32 extra = f->v.n / 16 + 4;     /* passes add some */
	size_t size = SIZE_OF(f->v) + extra * sizeof(Value) + SIZE_OF(f->b) + SIZE_OF(f->args) + SIZE_OF(f->slot) + SIZE_OF(f->inl) + SIZE_OF(f->boxed);
	for (BlockId i = 0; i < f->b.n; i++) {
		Block *k = &f->b.a[i];
		size += (k->v.n + k->pred.n + k->succ.n + k->ret.n) * sizeof(u32);
	}
	Home *h = prog_alloc(b->p, sizeof *h);
	Arena *ar = &h->ar;
	arena_start(ar, size);
	h->f = *f;
	f = b->f = f->sym->fn = &h->f;
	f->ar = ar;
	MOVE(ar, f->v, extra);
	MOVE(ar, f->b, 0);
	MOVE(ar, f->args, 0);
	MOVE(ar, f->slot, 0);
	MOVE(ar, f->inl, 0);
	MOVE(ar, f->boxed, 0);
	for (BlockId i = 0; i < f->b.n; i++) {
		Block *k = &f->b.a[i];
		MOVE(ar, k->v, 0);
		MOVE(ar, k->pred, 0);
		MOVE(ar, k->succ, 0);
		MOVE(ar, k->ret, 0);
	}
	return f;
}

Func *build_finish(Build *b)
{
	Func *f = b->f;
	for (BlockId i = 1; i < f->b.n; i++)
		if (!sealed(b, i))
			b_seal(b, i);
	if (b->cur)
		bug("build: control reaches the end of %s", f->sym->name);
	f->b.a[EntryBlock].term = TermJump;
	u8 *seen = arena_array(b->ar, u8, f->b.n);
	BlockId *stack = arena_array(b->ar, BlockId, f->b.n + 1);
	reach(f, EntryBlock, seen, stack);
	reach(f, f->deferreturn, seen, stack);
	drop_dead_edges(b, seen);
	renumber_blocks(b, seen);
	drop_trivial_phis(b);
	replace_copies(b);
	renumber_values(b);
	f->has_defer = b->has_defer;
	f->has_recover = b->has_recover;
	f->open_defers = b->open_defers && b->ndefer;
	f = settle(b);
	if (!b->outer) {
		Arena scratch = *b->ar;  /* b is in it */
		arena_free(&scratch);
	}
	return f;
}
