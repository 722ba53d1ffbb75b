/* Which functions still have callers once inlining is over: of those that can be inlined only they get code.
 *
 * The same walk as the linker's, over SSA where there is no machine code yet: from what the runtime and generated code call by name and from the
 * initialisers, through operands, calls and relocations. Weak references count when what they refer to is live. */
#include "whole.h"

typedef struct Need { Whole *w; VEC(Sym *) work; Arena *ar; } Need;

static void need(Need *n, Sym *s)
{
	s = s && s->base ? s->base : s;
	if (!s || s->needed)
		return;
	s->needed = true;
	vec_push(n->ar, &n->work, s);
}

static void need_values(Need *n, const Func *f)
{
	for (BlockId b = 1; b < f->b.n; b++)
		for (u32 i = 0; i < f->b.a[b].v.n; i++) {
			const Value *v = &f->v.a[f->b.a[b].v.a[i]];
			need(n, v->callee);
			if (v->op == SsaAddr)
				need(n, v->sym);
			if (v->op == SsaNew || v->op == SsaMakeSlice)
				need(n, sym_alloc(n->w->p, (Type *)(uintptr_t)v->type));
		}
}

/* Functions in the order of w->live; those that have code already are not among them. */
Func **whole_needed(Whole *w, Arena *ar, bool all, u32 *count)
{
	Need n = {.w = w, .ar = ar};
	for (u32 i = 0; i < w->nroot; i++)
		need(&n, sym_get(w->p, w->root[i]));
	for (u32 i = 0; i < w->inits.n; i++)
		need(&n, w->inits.a[i]);
	while (n.work.n) {
		Sym *s = vec_pop(&n.work);
		if (s->fn && !s->code)
			need_values(&n, s->fn);
		for (u32 i = 0; i < s->rel.n; i++)
			if (s->rel.a[i].sym->reachable)
				need(&n, s->rel.a[i].sym);
	}
	Func **f = arena_array(ar, Func *, w->live.n);
	*count = 0;
	for (u32 i = 0; i < w->live.n; i++)
		if (w->live.a[i]->fn && !w->live.a[i]->code && share_at_work(w, w->live.a[i]) && (all || w->live.a[i]->needed))
			f[(*count)++] = w->live.a[i]->fn;
	return f;
}
