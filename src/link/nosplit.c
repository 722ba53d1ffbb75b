/* How far below the stack guard code can reach, and so how much room a goroutine's stack must keep there.
 *
 * A function with a stack check knows that SP is above the guard, or at most StackSmall below it when its frame is set
 * up. What it calls without a check of its own (nosplit functions, small leaves, assembly) uses stack from there on, until
 * the next function that checks: there the return address and the one of morestack's call are all. A signal handler may
 * push two words anywhere. The longest such chain is the guard of this program: the runtime reads it from
 * rt_stackguard. A chain of nosplit functions longer than Limit is an error, as in gc.
 *
 * Depth at a call comes from the function's own SP table. Assembly of the runtime says what it uses: a symbol NAME.stack whose
 * value is the number of bytes; without one it uses none. On a Go function it is a promise to assembly that calls it. Indirect calls are not seen: any function whose address is
 * taken may be called from a frame that reaches as low as a checked one can. */
#include "link.h"

enum { StackSmall = 128, Limit = 792, Word = 8, Tail = 2 * Word /* sigpanic and its morestack */, Slack = 16 };

typedef struct Chains { u32 height; bool done, open, checked, taken; } Chains;   /* height: bytes below the return address */

typedef struct Check { Image *im; Chains *node; } Check;

static u32 index_of(const Check *c, const Sym *s)
{
	u32 lo = 0, hi = c->im->ntext;
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;
		if (c->im->text[mid]->addr < s->addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo < c->im->ntext && c->im->text[lo] != s && c->im->text[lo]->addr == s->addr)
		lo++;
	return lo;
}

static bool is_morestack(const Sym *s)
{
	return !strcmp(s->name, "runtime.morestack") || !strcmp(s->name, "runtime.morestack_noctxt");
}


static i32 larger(i32 a, i32 b) { return a > b ? a : b; }

static i32 depth_at(const Code *code, u32 pc)
{
	i32 v = 0;
	for (u32 i = 0; i < code->sp.n && code->sp.a[i].pc <= pc; i++)
		v = code->sp.a[i].val;
	return v;
}

static i32 deepest(const Code *code)
{
	i32 v = (i32)code->framesize;
	for (u32 i = 0; i < code->sp.n; i++)
		v = larger(v, code->sp.a[i].val);
	return v;
}

static u32 height(Check *c, const Sym *s);

/* Bytes a call of s needs, its return address included. */
static u32 call_cost(Check *c, const Sym *s)
{
	if (s->base || !s->code)
		return Word + Tail + s->stackuse;
	return Word + (c->node[index_of(c, s)].checked ? Word : height(c, s));
}

/* Bytes s needs below the place where it (or its caller, for a function without check) is known to have room. */
static u32 height(Check *c, const Sym *s)
{
	Chains *n = &c->node[index_of(c, s)];
	if (n->done)
		return n->height;
	if (n->open)
		return Limit + 1;               /* recursion */
	n->open = true;
	const Code *code = s->code;
	i32 most = deepest(code), room = n->checked ? larger(0, most - StackSmall) : 0;
	u32 h = (u32)(most - room) + Tail;
	for (u32 i = 0; i < code->rel.n; i++) {
		const Reloc *r = &code->rel.a[i];
		if (r->kind == RelocCall32 && !is_morestack(r->sym)) {
			i32 d = depth_at(code, r->off) - room;
			h = (u32)max_u64(h, (u32)larger(d, 0) + call_cost(c, r->sym));
		}
	}
	n->height = (u32)min_u64(h, 1 << 20);
	n->open = false;
	n->done = true;
	return n->height;
}

static void take(Check *c, const Reloc *r, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		const Sym *to = link_target(r[i].sym);
		if (r[i].kind != RelocCall32 && to->kind == SymText && to->reachable)
			c->node[index_of(c, to)].taken = true;
	}
}

static void classify(Check *c)
{
	Image *im = c->im;
	for (u32 i = 0; i < im->ngo; i++) {
		const Code *code = im->text[i]->code;
		for (u32 k = 0; code && k < code->rel.n; k++)
			c->node[i].checked |= is_morestack(code->rel.a[k].sym);
		if (code)
			take(c, code->rel.a, code->rel.n);
	}
	for (u32 i = 0; i < im->kept.n; i++)
		if (im->kept.a[i]->kind != SymText)
			take(c, im->kept.a[i]->rel.a, im->kept.a[i]->rel.n);
}

/* The longest chain from s, in gc's words. */
static void chain(Check *c, Buf *b, const Sym *s, i32 left)
{
	buf_printf(b, "\n%s<1>", s->name);
	for (int indent = 4;; indent += 4) {
		const Sym *next = NULL;
		i32 grow = deepest(s->code), worst = grow;
		for (u32 i = 0; i < s->code->rel.n; i++) {
			const Reloc *r = &s->code->rel.a[i];
			if (r->kind != RelocCall32 || is_morestack(r->sym))
				continue;
			i32 d = depth_at(s->code, r->off);
			if (d + (i32)call_cost(c, r->sym) > worst)
				worst = d + (i32)call_cost(c, r->sym), grow = d + Word, next = r->sym;
		}
		left -= grow;
		buf_printf(b, "\n%*sgrows %d bytes", indent, "", grow);
		if (next)
			buf_printf(b, ", calls %s<1>", next->name);
		if (left < 0 || !next || !next->code) {
			buf_printf(b, "\n%*s%d bytes over limit", indent, "", larger(-left, 0));
			return;
		}
		s = next;
	}
}

/* Functions over the limit that no other such function calls. */
static void report(Check *c)
{
	Image *im = c->im;
	for (u32 i = 0; i < im->ngo; i++)
		for (u32 k = 0; im->text[i]->code && k < im->text[i]->code->rel.n; k++) {
			const Reloc *r = &im->text[i]->code->rel.a[k];
			if (r->kind == RelocCall32 && r->sym->code && r->sym != im->text[i] && !c->node[i].checked && c->node[i].height > Limit)
				c->node[index_of(c, r->sym)].open = true;
		}
	for (u32 i = 0; i < im->ngo; i++) {
		if (c->node[i].checked || c->node[i].height <= Limit || c->node[i].open)
			continue;
		Buf b = {.ar = im->ar};
		buf_printf(&b, "%s: nosplit stack over %d byte limit", im->text[i]->name, Limit);
		chain(c, &b, im->text[i], Limit);
		diag_add(im->diag, 0, "%s", buf_str(&b));
	}
}

bool link_stackguard(Image *im)
{
	Check c = {.im = im, .node = arena_array(im->ar, Chains, im->ntext + 1)};
	classify(&c);
	u32 guard = 0;
	bool over = false;
	for (u32 i = 0; i < im->ngo; i++) {
		const Sym *s = im->text[i];
		if (!s->code)
			continue;
		u32 h = height(&c, s);
		over |= !c.node[i].checked && h > Limit;
		if (s->stackuse && h > s->stackuse)
			bug("%s uses %u bytes of stack, assembly that calls it reckons with %u", s->name, h, s->stackuse);
		guard = (u32)max_u64(guard, c.node[i].checked ? h : c.node[i].taken ? StackSmall + Word + h : 0);
	}
	for (u32 i = 0; i < im->ext.n; i++)
		if (im->ext.a[i]->base->reachable && im->ext.a[i]->base->kind == SymText && c.node[index_of(&c, im->ext.a[i]->base)].taken)
			guard = (u32)max_u64(guard, StackSmall + Word + Tail + im->ext.a[i]->stackuse);
	if (over) {
		report(&c);
		return false;
	}
	robj_patch(im, "rt_stackguard", align_up(guard + Slack, 16));
	return true;
}
