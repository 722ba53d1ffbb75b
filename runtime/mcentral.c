/* mcentral.c: the spans of one class that no P holds.
 * Four lists: swept or not yet swept, with room or full. Which of the pair is the swept one turns
 * with the heap's sweepgen, so a new cycle makes all spans unswept without touching them. A span
 * is claimed for sweeping under the lock and swept outside it. */
#include "mem.h"

static MSpan *pop(MSpanList *l)
{
	MSpan *s = l->first;
	if (s)
		mspan_list_remove(s);
	return s;
}

/* A swept span goes back: released by an mcache or just swept. */
void mcentral_put(MSpan *s)
{
	MCentral *c = &mheap.central[s->spanclass];
	rt_lock(&c->lock);
	u32 swept = mheap.sweepgen / 2 & 1;
	s->cached = 0;
	s->sweepgen = mheap.sweepgen;
	mspan_list_push(s->alloccount == s->nelems ? &c->full[swept] : &c->partial[swept], s);
	rt_unlock(&c->lock);
}

/* Take an unswept span for sweeping: s if given, otherwise one from the list; NULL if there is none. */
static MSpan *claim(MSpanList *l, MSpan *s)
{
	if (!s)
		s = l->first;
	if (s) {
		mspan_list_remove(s);
		s->sweepgen = mheap.sweepgen - 1;
	}
	return s;
}

/* A span with room for the mcache that asks: swept, then by sweeping, then new. */
MSpan *mcentral_get(u32 spanclass)
{
	MCentral *c = &mheap.central[spanclass];
	rt_lock(&c->lock);
	u32 swept = mheap.sweepgen / 2 & 1;
	MSpan *s = pop(&c->partial[swept]);
	for (int budget = 100; !s && budget-- > 0;) {
		MSpan *u = claim(&c->partial[!swept], NULL);
		if (!u)
			u = claim(&c->full[!swept], NULL);
		if (!u)
			break;
		rt_unlock(&c->lock);
		bool gone = sweep_span(u);
		if (!gone && u->alloccount < u->nelems) {
			u->sweepgen = mheap.sweepgen;
			s = u;
		} else if (!gone) {
			mcentral_put(u);
		}
		rt_lock(&c->lock);
	}
	if (s)
		s->cached = 1;
	rt_unlock(&c->lock);
	if (!s) {
		s = mheap_alloc(sizeclass_pages(spanclass >> 1), spanclass, SpanInUse);
		if (s)
			s->cached = 1;
	}
	return s;
}

/* Sweep any span of the heap; false: none is left. */
bool sweep_one(void)
{
	while (!aload(&mheap.sweepdone)) {
		u64 i = axadd(&mheap.sweepcursor, 1) - 1;
		if (i >= aload(&mheap.nall)) {
			astore(&mheap.sweepdone, 1);
			return false;
		}
		MSpan *s = aload(&mheap.all)[i];
		u32 old = mheap.sweepgen - 2;
		if (s->state != SpanInUse || aload(&s->sweepgen) != old)
			continue;
		u32 class = s->spanclass;
		MCentral *c = &mheap.central[class];
		rt_lock(&c->lock);
		bool ours = s->state == SpanInUse && s->spanclass == class && s->sweepgen == old && s->list;
		if (ours)
			claim(NULL, s);
		rt_unlock(&c->lock);
		if (!ours)
			continue;
		if (!sweep_span(s))
			mcentral_put(s);
		return true;
	}
	return false;
}
