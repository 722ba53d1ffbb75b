/* Escape analysis: which objects may live in the frame of the function that makes them.
 *
 * A graph of locations: values, contents of objects and of frame slots, results, the heap. An edge dst <- (src, n) says that
 * src dereferenced n times flows to dst; n = -1 is the address of src. An object leaves the frame when its address reaches
 * something that outlives it: the heap, a result, an object that is on the heap, memory or a phi outside of the loop
 * that makes it. Parameters that reach the heap or a result become the function's summary, which its callers use; functions of
 * one component start from "nothing leaks" and are done again until that is stable.
 *
 * Stores through unknown pointers flow to the heap, unknown callees leak everything, as in gc. Pointers kept in integers flow
 * through arithmetic but not through exclusive or: that is how noescape hides them. */
#include "whole.h"

enum { ObjectMax = 64 << 10, NoNode = 0, HeapNode = 1, FirstValue = 2, RoundMax = 20 };

typedef struct Edge { u32 src; i32 derefs; u32 next; } Edge;
typedef struct Loc {
	u32 edges;
	i32 derefs; u32 gen;     /* of the walk */
	ValueId obj;             /* contents of this New or MakeSlice */
	BlockId loop;            /* header of the loop it lives in */
	bool escapes, root, queued;
} Loc;
typedef struct Graph {
	Whole *w;
	Func *f;
	Arena *ar;
	Dom dom;
	Loc *loc; u32 n;
	VEC(Edge) edge;
	VEC(u32) work;           /* roots to walk */
	VEC(u32) todo;           /* locations on the way of one walk */
	u32 slots, ins, outs;    /* first location of slots, stack parameters, results */
	u32 *object;             /* value -> location of its object */
	ValueId *result, *result_next;   /* call -> the values that read its results; 0 ends */
	Escape *sum;
	u32 gen;
	bool changed;
} Graph;

static u32 value_loc(ValueId v) { return FirstValue + v; }

static void flow(Graph *g, u32 dst, u32 src, i32 derefs)
{
	if (!dst || !src || src == HeapNode)
		return;
	vec_push(g->ar, &g->edge, (Edge){src, derefs, g->loc[dst].edges});
	g->loc[dst].edges = g->edge.n - 1;
}

/* ---- memory ---- */

/* The location addr certainly points into; 0: unknown. */
static u32 place_of_addr(Graph *g, ValueId addr)
{
	for (;;) {
		const Value *v = &g->f->v.a[addr];
		switch (v->op) {
		case SsaAdd: case SsaCopy: case SsaNilCheck:
			addr = v->arg[0];
			continue;
		case SsaNew: case SsaMakeSlice: case SsaResultAddr:
			return g->object[addr];
		case SsaLocalAddr:
			return g->slots + (u32)v->aux;
		case SsaArgAddr:
			return v->aux < (i64)g->sum->nin ? g->ins + (u32)v->aux : g->outs + (u32)v->aux - g->sum->nin;
		default:
			return NoNode;
		}
	}
}

static void load(Graph *g, u32 dst, ValueId addr)
{
	u32 p = place_of_addr(g, addr);
	if (p)
		flow(g, dst, p, 0);
	else
		flow(g, dst, value_loc(addr), 1);
}

static void store(Graph *g, ValueId addr, u32 src, i32 derefs)
{
	u32 p = place_of_addr(g, addr);
	flow(g, p ? p : HeapNode, src, derefs);
}

/* What a pointer was made from by moving along in its object. */
static ValueId base_of(const Func *f, ValueId v)
{
	for (;;) {
		const Value *x = &f->v.a[v];
		if (x->op != SsaAdd && x->op != SsaCopy && x->op != SsaNilCheck)
			return v;
		v = x->arg[0];
	}
}

/* x.a = x.b[i:j]: what x leads to, x led to before. */
static bool self_assigned(const Graph *g, ValueId addr, ValueId val)
{
	const Func *f = g->f;
	const Value *v = &f->v.a[base_of(f, val)];
	if (v->op == SsaSelect)
		return self_assigned(g, addr, v->arg[1]) && self_assigned(g, addr, v->arg[2]);
	return v->op == SsaLoad && base_of(f, v->arg[0]) == base_of(f, addr);
}

static void move(Graph *g, ValueId dst, ValueId src)
{
	u32 to = place_of_addr(g, dst), from = place_of_addr(g, src);
	flow(g, to ? to : HeapNode, from ? from : value_loc(src), from ? 0 : 1);
}

/* ---- calls ---- */

/* Functions of the runtime without a body here, and those whose arguments the operation does not keep whatever their body looks
 * like: per pointer argument '-' nothing, 'c' what it points to is copied, 'h' leaks, 'r' is the result, 'x' both c and r. */
typedef struct Known { const char *name, *args; } Known;
static const Known known[] = {
	{"memmove", "-c"}, {"memequal", "--"}, {"memclrNoHeapPointers", "-"}, {"memclrHasPointers", "-"}, {"memhash", "-"},
	{"typedmemmove", "--c"}, {"typedmemclr", "--"}, {"typedslicecopy", "--c"}, {"cmpstring", "--"},
	{"growslice", "c-"}, {"newobject", "-"}, {"makeslice", "-"}, {"chanrecv1", "--"}, {"chanrecv2", "--"}, {"chansend1", "-c"},
	{"closechan", "-"}, {"mapclear", "--"}, {"mapaccess1", "---"}, {"mapaccess2", "---"}, {"mapassign", "--c"}, {"mapdelete", "---"},
	{"mapaccess1_fast32", "--"}, {"mapaccess2_fast32", "--"}, {"mapaccess1_fast64", "--"}, {"mapaccess2_fast64", "--"},
	{"mapaccess1_faststr", "---"}, {"mapaccess2_faststr", "---"}, {"printstring", "-"}, {"printpointer", "-"}, {"printslice", "-"},
	{"panicdivide", ""}, {"panicshift", ""}, {"memhash32", "-"}, {"memhash64", "-"}, {"strhash", "-"},
	{"interhash", "-"}, {"nilinterhash", "-"}, {"efaceeq", "---"}, {"ifaceeq", "---"}, {"strequal", "--"},
};

static const char *known_args(const Sym *s)
{
	if (strncmp(s->name, "runtime.", 8))
		return NULL;
	for (u32 i = 0; i < nelem(known); i++)
		if (!strcmp(s->name + 8, known[i].name))
			return known[i].args;
	return NULL;
}

static bool hides_pointers(const Sym *s)
{
	const char *dot = strrchr(s->name, '.');
	return dot && (!strcmp(dot, ".noescape") || !strcmp(dot, ".NoEscape"));
}

static u32 pragma_of(const Sym *s)
{
	if (!s->def || s->def->what != WhatFunc)
		return 0;
	const Obj *o = s->def->fn;
	return o->file && o->fn.range < o->file->nfunc ? o->file->func[o->fn.range].pragma : 0;
}

/* The location of result component i of a call, if somebody reads it. */
typedef struct Results { u32 *loc; u32 n; } Results;

static void arg_leaks(Graph *g, const Sig *s, u32 part, ValueId a, u32 derefs, u32 to)
{
	/* integers lose the pointer they hold */
	if (derefs == EscapeNone || !to || (part < s->nin && s->in[part].ty != TyPtr && s->in[part].ty != TyVoid))
		return;
	/* a whole value in memory is passed by its address */
	bool whole = part < s->nin && s->in[part].ty == TyVoid;
	u32 p = whole ? place_of_addr(g, a) : NoNode;
	if (p)
		flow(g, to, p, (i32)derefs);
	else
		flow(g, to, value_loc(a), (i32)derefs + whole);
}

static void known_call(Graph *g, const Sig *s, const ValueId *a, const char *how, u32 result)
{
	for (u32 i = 0, k = 0; i < s->nin; i++) {
		if (s->in[i].ty != TyPtr && s->in[i].ty != TyVoid)
			continue;
		char c = how[k] ? how[k++] : 'h';
		arg_leaks(g, s, i, a[i], c == 'h' ? 0 : c == 'c' || c == 'x' ? 1 : EscapeNone, HeapNode);
		arg_leaks(g, s, i, a[i], c == 'r' || c == 'x' ? 0 : EscapeNone, result);
	}
}

static void apply(Graph *g, const Sig *s, const ValueId *a, const Escape *e, ValueId ctx, Results *r)
{
	for (u32 i = 0; i <= e->nin; i++) {
		ValueId x = i < e->nin ? a[i] : ctx;
		if (!x)
			continue;
		arg_leaks(g, s, i, x, e->heap[i], HeapNode);
		for (u32 j = 0; j < e->nout && j < r->n; j++)
			arg_leaks(g, s, i, x, e->result[i * e->nout + j], r->loc[j]);
	}
}

/* Integers that hold pointers must not hide them from a function that says so. */
static void uintptr_args(Graph *g, const Sym *s, const ValueId *a, u32 n)
{
	if (!(pragma_of(s) & PragmaUintptrEscapes))
		return;
	for (u32 i = 0; i < n; i++)
		flow(g, HeapNode, value_loc(a[i]), 0);
}

/* The code a closure value certainly has: an object made here whose first word is stored right behind. */
static Func *closure_code(Graph *g, ValueId c)
{
	const Value *v = &g->f->v.a[c];
	if (v->op == SsaAddr)
		return sym_code(v->sym);
	return NULL;
}

static void call(Graph *g, ValueId id, Results *r)
{
	const Value *v = &g->f->v.a[id];
	const ValueId *a = value_args(g->f, id);
	const Sig *s = v->sig;
	bool direct = v->op == SsaCall;
	Sym *to = direct ? sym_target(v->callee) : NULL;
	Func *code = direct ? sym_code(to) : v->op == SsaCallClosure ? closure_code(g, a[0]) : NULL;
	const ValueId *part = direct ? a : a + 1;
	u32 npart = direct ? v->nargs : v->nargs - 1;
	if (to)
		uintptr_args(g, to, a, v->nargs);
	const char *how = to ? known_args(to) : NULL;
	if (to && hides_pointers(to))
		return;
	if (how) {
		known_call(g, s, a, how, r->n ? r->loc[0] : NoNode);
		return;
	}
	if (direct && v->callee->noescape)      /* the declaration promises it, whatever the body elsewhere looks like */
		return;
	if (code && code->escape && code->escape->nin == npart) {
		apply(g, s, part, code->escape, 0, r);
		return;
	}
	if (to && to->noescape && !code)
		return;
	for (u32 i = 0; i < npart; i++)
		arg_leaks(g, s, i, part[i], 0, HeapNode);
}

/* ---- the graph of one function ---- */

static void add_call(Graph *g, BlockId b, u32 at)
{
	ValueId id = g->f->b.a[b].v.a[at];
	const Sig *s = g->f->v.a[id].sig;
	Results r = {.loc = arena_array(g->ar, u32, s->nout + 1), .n = s->nout};
	for (ValueId x = g->result[id]; x; x = g->result_next[x]) {
		const Value *v = &g->f->v.a[x];
		if (v->aux >= 0 && v->aux < s->nout)
			r.loc[v->aux] = v->op == SsaResult ? value_loc(x) : g->object[x];
	}
	call(g, id, &r);
}

/* Code kept in memory: whoever calls it passes the memory as its context. */
static void code_stored(Graph *g, const Value *v, const ValueId *a)
{
	const Value *x = &g->f->v.a[a[1]];
	Sym *s = x->op == SsaAddr ? sym_target(x->sym) : NULL;
	if (!s || !s->fn || v->aux)
		return;
	const Escape *e = s->fn->escape;
	u32 d = e ? e->heap[e->nin] : 0;
	for (u32 j = 0; e && j < e->nout; j++)
		d = (u32)min_u64(d, e->result[e->nin * e->nout + j]);
	if (d != EscapeNone)
		flow(g, HeapNode, value_loc(a[0]), (i32)d);
}

static void add_value(Graph *g, BlockId b, u32 at)
{
	ValueId id = g->f->b.a[b].v.a[at];
	const Value *v = &g->f->v.a[id];
	const ValueId *a = value_args(g->f, id);
	u32 me = value_loc(id);
	switch (v->op) {
	case SsaNew: case SsaMakeSlice:
		flow(g, me, g->object[id], -1);
		break;
	case SsaResultAddr:
		flow(g, me, g->object[id], -1);
		break;
	case SsaLocalAddr:
		flow(g, me, g->slots + (u32)v->aux, -1);
		break;
	case SsaArgAddr:
		flow(g, me, place_of_addr(g, id), -1);
		break;
	case SsaParam:
		if (v->ty == TyPtr)
			flow(g, me, g->ins + (u32)v->aux, 0);
		break;
	case SsaClosure:
		flow(g, me, g->ins + g->sum->nin, 0);
		break;
	case SsaPhi:
		if (v->ty != TyPtr)
			break;
		/* fall through */
	case SsaAdd: case SsaSub: case SsaAnd: case SsaOr: case SsaCopy: case SsaNilCheck:
		for (u32 i = 0; i < v->nargs; i++)
			flow(g, me, value_loc(a[i]), 0);
		break;
	case SsaSelect:
		flow(g, me, value_loc(a[1]), 0);
		flow(g, me, value_loc(a[2]), 0);
		break;
	case SsaBitcast:
		/* from pointer to pointer: what is left of an inlined noescape */
		if (v->ty != TyPtr || g->f->v.a[a[0]].ty != TyPtr)
			flow(g, me, value_loc(a[0]), 0);
		break;
	case SsaLoad: case SsaAtomicLoad:
		if (v->ty == TyPtr)
			load(g, me, a[0]);
		break;
	case SsaStore:
		if (g->f->v.a[a[1]].ty == TyPtr && !self_assigned(g, a[0], a[1]))
			store(g, a[0], value_loc(a[1]), 0);
		code_stored(g, v, a);
		break;
	case SsaAtomicStore:
		store(g, a[0], value_loc(a[1]), 0);
		break;
	case SsaAtomicXchg: case SsaAtomicAnd: case SsaAtomicOr: case SsaAtomicAdd:
		store(g, a[0], value_loc(a[1]), 0);
		load(g, me, a[0]);
		break;
	case SsaAtomicCas:
		store(g, a[0], value_loc(a[2]), 0);
		break;
	case SsaMove:
		move(g, a[0], a[1]);
		break;
	case SsaKeepAlive:
		if (v->flags & FlagMustHeap)
			flow(g, HeapNode, value_loc(a[0]), 0);
		break;
	case SsaCall: case SsaCallClosure: case SsaCallCode:
		add_call(g, b, at);
		break;
	}
}

static void add_ret(Graph *g, const Block *blk)
{
	const Sig *s = g->f->sig;
	for (u32 i = 0, k = 0; i < s->nout && k < blk->ret.n; i++)
		if (s->out[i].reg >= 0) {
			if (s->out[i].ty == TyPtr)
				flow(g, g->outs + i, value_loc(blk->ret.a[k]), 0);
			k++;
		}
}

/* A tail call passes its callee's results on. */
static void add_tail(Graph *g, const Block *blk)
{
	(void)blk;
	for (u32 i = 0; i < g->sum->nin + 1; i++)
		for (u32 j = 0; j < g->sum->nout; j++)
			flow(g, g->outs + j, g->ins + i, 0);
}

static void number_locations(Graph *g)
{
	Func *f = g->f;
	u32 n = FirstValue + f->v.n, nobj = 0;
	g->slots = n;
	n += f->slot.n;
	g->ins = n;
	n += g->sum->nin + 1;
	g->outs = n;
	n += g->sum->nout;
	for (u32 i = 0; i < g->dom.n; i++) {
		const Block *blk = &f->b.a[g->dom.rpo[i]];
		for (u32 j = 0; j < blk->v.n; j++) {
			u8 op = f->v.a[blk->v.a[j]].op;
			if (op == SsaNew || op == SsaMakeSlice || op == SsaResultAddr)
				g->object[blk->v.a[j]] = n + nobj++;
		}
	}
	g->n = n + nobj;
	g->loc = arena_array(g->ar, Loc, g->n);
	vec_push(g->ar, &g->edge, (Edge){0});
	g->loc[HeapNode].escapes = true;
	for (u32 i = g->slots; i < g->n; i++)
		g->loc[i].root = true;
	g->loc[HeapNode].root = true;
}

static bool can_be_slot(const Func *f, ValueId id)
{
	const Value *v = &f->v.a[id];
	if (v->flags & FlagMustHeap)
		return false;
	if (v->op == SsaNew)
		return v->aux > 0 && v->aux <= ObjectMax;
	const Value *len = &f->v.a[v->arg[0]], *cap = &f->v.a[v->arg[1]];
	if (len->op != SsaConst || cap->op != SsaConst || len->aux < 0 || cap->aux < len->aux || cap->aux == 0)
		return false;
	i64 size = types_size(f->prog->chk, (Type *)(uintptr_t)v->type);
	return size > 0 && cap->aux <= ObjectMax / size;
}

static void describe_objects(Graph *g)
{
	Func *f = g->f;
	for (u32 i = 0; i < g->dom.n; i++) {
		BlockId b = g->dom.rpo[i];
		const Block *blk = &f->b.a[b];
		for (u32 j = 0; j < blk->v.n; j++) {
			ValueId id = blk->v.a[j];
			const Value *v = &f->v.a[id];
			Loc *l = &g->loc[g->object[id]];
			if (g->object[id]) {
				l->loop = dom_loop(&g->dom, b);
				l->obj = v->op == SsaResultAddr ? 0 : id;
				if (l->obj && (g->dom.irreducible || !can_be_slot(f, id)))
					l->escapes = true;
			}
			if (v->op == SsaPhi && v->ty == TyPtr && g->dom.header && g->dom.header[b]) {
				g->loc[value_loc(id)].root = true;
				g->loc[value_loc(id)].loop = b;
			}
		}
	}
}

/* ---- walking ---- */

static bool is_result(const Graph *g, u32 l)
{
	return l >= g->outs && l < g->outs + g->sum->nout;
}

static bool is_param(const Graph *g, u32 l)
{
	return l >= g->ins && l <= g->ins + g->sum->nin;
}

/* Whether what root holds may still be used when object l is gone, or made again. */
static bool outlives(const Graph *g, u32 root, u32 l)
{
	const Loc *r = &g->loc[root], *o = &g->loc[l];
	if (r->escapes || is_result(g, root))
		return true;
	if (root < g->slots)                 /* phi at the head of a loop */
		return dom_in_loop(&g->dom, r->loop, o->loop);
	return o->loop && (!r->loop || !dom_in_loop(&g->dom, o->loop, r->loop));
}

static void note(Graph *g, u8 *have, i32 derefs)
{
	u8 d = derefs < 0 ? 0 : derefs > 100 ? 100 : (u8)derefs;
	if (d < *have) {
		*have = d;
		g->changed = true;
	}
}

static void leak(Graph *g, u32 param, u32 root, i32 derefs)
{
	u32 i = param - g->ins;
	if (g->loc[root].escapes)
		note(g, &g->sum->heap[i], derefs);
	else if (is_result(g, root))
		note(g, &g->sum->result[i * g->sum->nout + root - g->outs], derefs);
}

static void want_walk(Graph *g, u32 l)
{
	if (!g->loc[l].queued && g->loc[l].root && g->loc[l].edges) {
		g->loc[l].queued = true;
		vec_push(g->ar, &g->work, l);
	}
}

/* Records of panics live in the frame of the function that panics, whatever is known about those it calls: the goroutine
 * points to them while they are in use, and they hold addresses of frames, which only records on stacks follow. */
static bool stays(const Graph *g, ValueId obj)
{
	const Sym *s = g->f->v.a[obj].op == SsaNew ? g->f->v.a[obj].callee : NULL;
	return s && !strcmp(s->name, "alloc:runtime._panic");
}

/* What flows to root, by the fewest dereferences. */
static void walk(Graph *g, u32 root)
{
	g->gen++;
	g->loc[root].gen = g->gen;
	g->loc[root].derefs = 0;
	vec_push(g->ar, &g->todo, root);
	while (g->todo.n) {
		u32 at = vec_pop(&g->todo);
		Loc *l = &g->loc[at];
		i32 derefs = l->derefs;
		bool address = derefs < 0;
		if (address)
			derefs = 0;              /* the address flows, the contents do not */
		if (at != root && is_param(g, at))
			leak(g, at, root, derefs);
		if (address && l->obj && !l->escapes && outlives(g, root, at) && !stays(g, l->obj)) {
			l->escapes = true;           /* now a part of the heap: walk it again */
			l->queued = false;
			want_walk(g, at);
			continue;
		}
		for (u32 e = l->edges; e; e = g->edge.a[e].next) {
			Loc *s = &g->loc[g->edge.a[e].src];
			i32 d = derefs + g->edge.a[e].derefs;
			if (s->escapes && s->obj)
				continue;
			if (s->gen != g->gen || s->derefs > d) {
				s->gen = g->gen;
				s->derefs = d;
				vec_push(g->ar, &g->todo, g->edge.a[e].src);
			}
		}
	}
}

/* Which values read the results of which call. */
static void list_results(Graph *g)
{
	Func *f = g->f;
	g->result = arena_array(g->ar, ValueId, f->v.n);
	g->result_next = arena_array(g->ar, ValueId, f->v.n);
	for (u32 i = 0; i < g->dom.n; i++) {
		const Block *b = &f->b.a[g->dom.rpo[i]];
		for (u32 j = b->v.n; j-- > 0;) {
			ValueId x = b->v.a[j];
			const Value *v = &f->v.a[x];
			if (v->op != SsaResult && v->op != SsaResultAddr)
				continue;
			g->result_next[x] = g->result[v->arg[0]];
			g->result[v->arg[0]] = x;
		}
	}
}

static void graph_make(Graph *g, Whole *w, Func *f, Arena *ar)
{
	*g = (Graph){.w = w, .f = f, .ar = ar, .sum = f->escape};
	dom_make(&g->dom, f, ar);
	g->object = arena_array(ar, u32, f->v.n);
	list_results(g);
	number_locations(g);
	describe_objects(g);
	for (u32 i = 0; i < g->dom.n; i++) {
		BlockId b = g->dom.rpo[i];
		for (u32 j = 0; j < f->b.a[b].v.n; j++)
			add_value(g, b, j);
		if (f->b.a[b].term == TermRet)
			add_ret(g, &f->b.a[b]);
		else if (f->b.a[b].term == TermTailCall)
			add_tail(g, &f->b.a[b]);
	}
	for (u32 i = 1; i < g->n; i++)
		want_walk(g, i);
	while (g->work.n) {
		u32 l = vec_pop(&g->work);
		walk(g, l);
	}
}

/* ---- moving objects into the frame ---- */

/* In SSA read from text, allocations have a size but no type. */
static u32 new_slot(Func *f, Type *t, i64 size)
{
	if (!t) {
		vec_push(f->ar, &f->slot, (Slot){.size = (u32)size, .align = 8});
		return f->slot.n - 1;
	}
	Layout *l = types_layout(f->prog->chk, t);
	vec_push(f->ar, &f->slot, (Slot){.type = l->ptrbytes ? t : NULL, .size = (u32)l->size, .align = (u32)l->align});
	return f->slot.n - 1;
}

/* v becomes the address of a new slot, cleared where the object was made unless it is a buffer. */
static void to_slot(Func *f, BlockId b, ValueId v)
{
	Value *x = &f->v.a[v];
	bool buffer = x->flags & FlagBuf;       /* written before it is read */
	Checker *k = f->prog->chk;
	Type *t = (Type *)(uintptr_t)x->type;
	if (x->op == SsaMakeSlice)
		t = types_array(k, t, f->v.a[x->arg[1]].aux);
	u32 slot = new_slot(f, t, x->aux), size = f->slot.a[slot].size, inl = x->inl;
	Pos pos = x->pos;
	ValueId def = func_value(f, b, SsaVarDef, TyVoid, pos);
	f->v.a[def].aux = slot;
	f->v.a[def].inl = inl;
	x = &f->v.a[v];
	x->op = SsaLocalAddr;
	x->aux = slot;
	x->aux2 = 0;
	x->callee = NULL;
	x->flags = 0;
	x->nargs = 0;
	memset(x->arg, 0, sizeof x->arg);
	vec_push(f->ar, &f->b.a[b].v, v);
	if (buffer)
		return;
	ValueId zero = func_value(f, b, SsaZero, TyVoid, pos);
	value_set_args(f, zero, &v, 1);
	f->v.a[zero].aux2 = size;
	f->v.a[zero].flags = FlagNonNil;
	f->v.a[zero].inl = inl;
}

static bool is_frame(const Func *f, ValueId addr)
{
	while (f->v.a[addr].op == SsaAdd || f->v.a[addr].op == SsaNilCheck)
		addr = f->v.a[addr].arg[0];
	return f->v.a[addr].op == SsaLocalAddr;
}

/* Stores into the frame need no write barrier. */
static void drop_barriers(Func *f)
{
	for (ValueId v = 1; v < f->v.n; v++) {
		Value *x = &f->v.a[v];
		if ((x->op != SsaStore && x->op != SsaZero && x->op != SsaMove) || !(x->flags & FlagWB) || !is_frame(f, x->arg[0]))
			continue;
		x->flags &= (u16)~FlagWB;
		x->callee = NULL;
	}
}

static void move_objects(Graph *g)
{
	Func *f = g->f;
	bool any = false;
	for (u32 i = 0; i < g->dom.n; i++) {
		BlockId b = g->dom.rpo[i];
		u32 n = f->b.a[b].v.n;
		ValueId *old = f->b.a[b].v.a;
		bool here = false;
		for (u32 j = 0; j < n; j++)
			here |= g->object[old[j]] && g->loc[g->object[old[j]]].obj && !g->loc[g->object[old[j]]].escapes;
		if (!here)
			continue;
		any = true;
		memset(&f->b.a[b].v, 0, sizeof f->b.a[b].v);
		for (u32 j = 0; j < n; j++) {
			const Loc *l = g->object[old[j]] ? &g->loc[g->object[old[j]]] : NULL;
			if (l && l->obj && !l->escapes)
				to_slot(f, b, old[j]);
			else
				vec_push(f->ar, &f->b.a[b].v, old[j]);
		}
	}
	if (any)
		drop_barriers(f);
}

/* ---- components ---- */

static Escape *nothing_leaks(const Func *f)
{
	u32 nin = f->sig->nin, nout = f->sig->nout, nresult = (nin + 1) * nout;
	Escape *e = prog_alloc(f->prog, sizeof *e + nin + 1 + nresult);         /* outlives the body */
	u8 *leaks = (u8 *)(e + 1);
	memset(leaks, EscapeNone, nin + 1 + nresult);
	*e = (Escape){nin, nout, leaks, leaks + nin + 1};
	return e;
}

static bool analyse(Whole *w, Func *f, bool decide)
{
	ARENA_LOCAL(ar, 128 << 10);
	Graph g;
	graph_make(&g, w, f, &ar);
	if (decide)
		move_objects(&g);
	arena_free(&ar);
	return g.changed;
}

/* Who of the component uses whom: user[i] holds the members that refer to member i. */
typedef struct Users { u32 *a; u32 n, cap; } Users;

static Users *users_of(Func **f, u32 n, Arena *ar)
{
	Users *u = arena_array(ar, Users, n);
	Map index = {0};
	for (u32 i = 0; i < n; i++)
		map_put(ar, &index, (u64)(uintptr_t)f[i], i + 1);
	for (u32 i = 0; i < n; i++)
		for (ValueId v = 1; v < f[i]->v.n; v++) {
			const Value *x = &f[i]->v.a[v];
			Func *to = x->op == SsaCall ? sym_code(x->callee) : x->op == SsaAddr ? sym_code(x->sym) : NULL;
			u64 k = to ? map_get(&index, (u64)(uintptr_t)to) : 0;
			if (k && (!u[k - 1].n || vec_last(&u[k - 1]) != i))
				vec_push(ar, &u[k - 1], i);
		}
	return u;
}

/* Summaries of functions that call each other: done again while those they use have changed. */
static void settle(Whole *w, Func **f, u32 n)
{
	ARENA_LOCAL(ar, 16 << 10);
	Users *u = users_of(f, n, &ar);
	bool alone = n == 1 && !u[0].n;
	u8 *dirty = arena_array(&ar, u8, n);
	memset(dirty, !alone, n);
	bool again = !alone;
	for (u32 round = 0; again; round++) {
		again = false;
		if (round == RoundMax) {                    /* give up: everything leaks */
			for (u32 i = 0; i < n; i++)
				memset(f[i]->escape->heap, 0, f[i]->escape->nin + 1);
			break;
		}
		for (u32 i = 0; i < n; i++) {
			if (!dirty[i])
				continue;
			dirty[i] = 0;
			if (!analyse(w, f[i], false))
				continue;
			for (u32 k = 0; k < u[i].n; k++)
				dirty[u[i].a[k]] = 1;
			again = true;
		}
	}
	arena_free(&ar);
}

void escape_component(Whole *w, Func **f, u32 n)
{
	for (u32 i = 0; i < n; i++)
		f[i]->escape = nothing_leaks(f[i]);
	settle(w, f, n);
	for (u32 i = 0; i < n; i++)
		analyse(w, f[i], true);
}
