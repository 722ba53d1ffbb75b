/* sweep.c: what was not marked becomes free.
 * Mark bits turn into allocation bits; nothing inside the span is touched, save in the hostile
 * mode that overwrites dead objects. A span with nothing left goes back to the page heap.
 * Specials were dealt with at the end of marking. */
#include "mem.h"

static u32 popcount(const u8 *bits, u32 n)
{
	u32 c = 0;
	const u64 *w = (const u64 *)bits;
	for (u32 i = 0; i < (n + 63) / 64; i++)
		c += bits_count(w[i]);
	return c;
}

static void clobber(MSpan *s)
{
	for (u32 i = 0; i < s->nelems; i++)
		if (!mspan_isfree(s, i) && !(s->markbits[i >> 3] >> (i & 7) & 1))
			memset((void *)(s->base + i * s->elemsize), 0xdb, s->elemsize);
}

bool sweep_span(MSpan *s)
{
	if (unlikely(rt_debugvars.clobber))
		clobber(s);
	u32 live = popcount(s->markbits, s->nelems);
	u32 freed = s->alloccount - live;
	if (live > s->alloccount)
		rt_throw("sweep: more objects marked than allocated");
	if (freed) {
		u32 class = s->spanclass >> 1;
		axadd(&mheap.nfree[class], freed);
		if (!class)
			axadd(&mheap.largefreebytes, s->elemsize);
	}
	u8 *t = s->allocbits;
	s->allocbits = s->markbits;
	s->markbits = t;
	mem_zero(t, 8u << s->bitsorder);
	s->freeindex = 0;
	s->alloccount = live;
	if (freed)
		s->needzero = 1;
	if (live || s->specials)
		return false;
	mheap_free(s);
	return true;
}

/* Before the next cycle nothing may be left from the last. */
void sweep_finish(void)
{
	while (sweep_one())
		;
}

void sweep_start(void)
{
	mheap.sweepgen += 2;
	mheap.sweepcursor = 0;
	mheap.sweepdone = 0;
}
