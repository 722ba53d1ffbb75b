/* mcache.c: what a P allocates from without a lock.
 * Per span class a run of free slots. When it is used up, the next run of the same span follows;
 * when the span is used up, mcentral gives another. Counters are kept by runs: at most one run per
 * class is counted ahead, and flushing takes the unused part back, which makes statistics exact. */
#include "mem.h"

/* amd64/alloc.S knows these. */
_Static_assert(sizeof(MCacheRun) == 32 && offsetof(MCacheRun, limit) == 8 && offsetof(MCacheRun, elemsize) == 24, "MCacheRun");
_Static_assert(offsetof(MCache, tiny) == 4352 && offsetof(MCache, tinyoffset) == 4360 && offsetof(MCache, tinyallocs) == 4368, "MCache");
_Static_assert(offsetof(P, mcache) == 56 && PageSize - SpanBitmapBytes == 8064, "alloc.S");

static u32 next_bit(const u8 *bits, u32 i, u32 n, u64 flip)
{
	const u64 *w = (const u64 *)bits;
	for (u32 k = i >> 6; k < (n + 63) / 64; k++) {
		u64 x = w[k] ^ flip;
		if (k == i >> 6)
			x &= ~0ul << (i & 63);
		if (x) {
			u32 at = k * 64 + __builtin_ctzl(x);
			return at < n ? at : n;
		}
	}
	return n;
}

/* Clear the pointer bits of [p, p + n) in the bitmap at the end of the page. */
static void clear_heapbits(uptr p, u64 n)
{
	u64 *map = (u64 *)((p & ~(uptr)(PageSize - 1)) + PageSize - SpanBitmapBytes);
	u64 first = (p & (PageSize - 1)) >> 3, end = first + (n >> 3);
	for (u64 i = first; i < end;) {
		u64 bit = i & 63, take = 64 - bit < end - i ? 64 - bit : end - i;
		map[i >> 6] &= ~((take == 64 ? ~0ul : (1ul << take) - 1) << bit);
		i += take;
	}
}

/* Mark the slots [i, end) of s, or take their marks back; bytes are shared with markers of other slots. */
static void color(MSpan *s, u32 i, u32 end, bool black)
{
	while (i < end) {
		u32 bit = i & 7, n = 8 - bit < end - i ? 8 - bit : end - i;
		u8 mask = (u8)(((1u << n) - 1) << bit), *byte = &s->markbits[i >> 3];
		if (black)
			__atomic_fetch_or(byte, mask, __ATOMIC_RELAXED);
		else
			__atomic_fetch_and(byte, (u8)~mask, __ATOMIC_RELAXED);
		i += n;
	}
}

static bool next_run(MCache *c, MCacheRun *r, MSpan *s)
{
	u32 i = next_bit(s->allocbits, s->freeindex, s->nelems, ~0ul);
	if (i >= s->nelems)
		return false;
	u32 end = next_bit(s->allocbits, i, s->nelems, 0), max = RunBytes / s->elemsize;
	if (unlikely(rt_debugvars.gcstress > 1 || rt_debugvars.clobber) || !max)
		max = 1;
	u32 n = mprof_cut(c, s->spanclass, s->elemsize, end - i > max ? max : end - i);
	end = i + n;
	r->bump = s->base + i * s->elemsize;
	r->limit = r->bump + n * s->elemsize;
	if (unlikely(gc_marking())) {           /* born marked */
		color(s, i, end, true);
		c->black += n * s->elemsize;
		c->debt += n * s->elemsize;
	}
	astorerel(&s->freeindex, end);
	s->alloccount += n;
	c->nmalloc[s->spanclass >> 1] += n;
	c->livedelta += n * s->elemsize;
	if (s->needzero && s->elemsize <= PrezeroMax)
		mem_zero((void *)r->bump, r->limit - r->bump);
	if (mspan_hasbitmap(s))
		clear_heapbits(r->bump, r->limit - r->bump);
	return true;
}

/* Take back what the run did not use. */
static void return_run(MCache *c, MCacheRun *r)
{
	MSpan *s = r->span;
	u64 n = (r->limit - r->bump) / s->elemsize;
	if (unlikely(gc_marking()) && n) {
		u32 i = (r->bump - s->base) / s->elemsize;
		color(s, i, i + n, false);
		c->black -= n * s->elemsize;
	}
	s->freeindex = (r->bump - s->base) / s->elemsize;
	s->alloccount -= n;
	c->nmalloc[s->spanclass >> 1] -= n;
	c->livedelta -= n * s->elemsize;
	c->left[s->spanclass] += n * s->elemsize;
	*r = (MCacheRun){0};
	r->elemsize = s->elemsize;
}

bool mcache_refill(MCache *c, u32 spanclass)
{
	MCacheRun *r = &c->run[spanclass];
	r->elemsize = rt_class_size[spanclass >> 1];
	MSpan *old = r->span;
	if (!old || !next_run(c, r, old)) {
		if (old) {
			return_run(c, r);
			mcentral_put(old);
		}
		MSpan *s = mcentral_get(spanclass);
		if (!s)
			return false;
		if (!next_run(c, r, s))
			rt_throw("mcache: span without room");
		r->span = s;
		if (!mheap.sweepdone)
			sweep_one();
	}
	if (c->livedelta > 32 << 10) {
		axadd(&mheap.live, c->livedelta);
		c->livedelta = 0;
		if (unlikely(rt_tracing))
			rt_trace_heap();
	}
	return true;
}

void mcache_release(MCache *c)
{
	for (u32 i = 0; i < NumSpanClasses; i++) {
		MCacheRun *r = &c->run[i];
		MSpan *s = r->span;
		if (!s)
			continue;
		return_run(c, r);
		mcentral_put(s);
	}
	c->tiny = 0;
	c->tinyoffset = 0;
	axadd(&mheap.live, c->livedelta);
	axadd(&mheap.black, c->black);
	c->livedelta = c->black = 0;
	c->debt = 0;
	for (u32 i = 0; i < NumSizeClasses; i++) {
		axadd(&mheap.nmalloc[i], c->nmalloc[i]);
		c->nmalloc[i] = 0;
	}
	axadd(&mheap.tinyallocs, c->tinyallocs);
	axadd(&mheap.largebytes, c->largebytes);
	c->tinyallocs = c->largebytes = 0;
}

void mcache_flush_all(void)
{
	for (MCache *c = mheap.caches; c; c = c->all)
		mcache_release(c);
}

MCache *mcache_new(void)
{
	rt_lock(&mheap.cachelock);
	MCache *c = mheap.caches;
	while (c && c->used)
		c = c->all;
	if (!c) {
		c = rt_persistentalloc(sizeof *c, 64);
		c->memrate = -1;
		c->all = mheap.caches;
		mheap.caches = c;
	}
	c->used = true;
	rt_unlock(&mheap.cachelock);
	for (u32 i = 0; i < NumSpanClasses; i++)
		c->run[i].elemsize = rt_class_size[i >> 1];
	return c;
}

void rt_mcache_init(P *pp)
{
	if (!pp->mcache)
		pp->mcache = mcache_new();
}

void rt_mcache_flush(P *pp)
{
	MCache *c = pp->mcache;
	if (!c)
		return;
	mcache_release(c);
	gc_flush_p(pp);
	if (pp->gcw)
		gc_publish(pp->gcw);
	c->used = false;
	pp->mcache = NULL;
}
