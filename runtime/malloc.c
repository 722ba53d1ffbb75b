/* malloc.c: one object.
 * Tiny pointer-free objects share blocks of 16 bytes; small ones come from the P's runs; large ones
 * get a span. This is the slow path and the reference: assembly repeats what small_alloc does for
 * runtime.newobject when the run is not empty. A collection may happen here, before the object is
 * made, when the live heap has reached the trigger. */
#include "mem.h"

u64 rt_zerobase;
enum { AssistBytes = 32 << 10 };        /* allocated before it is asked how much marking that owes */

static void out_of_memory(void)
{
	rt_fatal("runtime: out of memory");
}

static void collect_or_assist(MCache *c)
{
	if (gc_wanted() || unlikely(rt_debugvars.gcstress | mheap.stress))
		gc_try_collect(rt_debugvars.gcstress != 0);
	if (unlikely(gc_marking()) && (c->debt > AssistBytes || (c->debt && mheap.mode == GcIncremental)))
		gc_assist(c);
}

static void refill(MCache *c, u32 spanclass)
{
	collect_or_assist(c);
	if (c->run[spanclass].bump < c->run[spanclass].limit)
		return;
	if (!mcache_refill(c, spanclass)) {
		gc_try_collect(true);
		sweep_finish();
		if (!mcache_refill(c, spanclass))
			out_of_memory();
	}
}

static inline uptr pop_slot(MCache *c, u32 spanclass)
{
	MCacheRun *r = &c->run[spanclass];
	if (unlikely(r->bump == r->limit))
		refill(c, spanclass);
	uptr p = r->bump;
	r->bump = p + r->elemsize;
	return p;
}

static void *tiny_alloc(MCache *c, u64 size)
{
	u64 align = size & 7 ? size & 3 ? size & 1 ? 1 : 2 : 4 : 8;
	u64 off = (c->tinyoffset + align - 1) & ~(align - 1);
	if (c->tiny && off + size <= TinySize) {
		c->tinyoffset = off + size;
		c->tinyallocs++;
		return (void *)(c->tiny + off);
	}
	uptr p = pop_slot(c, TinySpanClass);
	c->tiny = p;
	c->tinyoffset = size;
	return (void *)p;
}

static void *small_alloc(MCache *c, u64 size, Type *typ, bool noscan, bool needzero)
{
	u64 header = noscan || size <= BitmapMaxSize ? 0 : MallocHeaderSize;
	u32 class = sizeclass_of(size + header), spanclass = class << 1 | noscan;
	uptr p = pop_slot(c, spanclass);
	MCacheRun *r = &c->run[spanclass];
	if (r->elemsize > PrezeroMax && r->span->needzero && (needzero || !noscan))
		mem_zero((void *)p, r->elemsize);
	else if (unlikely(rt_debugvars.clobber) && !needzero && noscan)
		memset((void *)p, 0x5a, r->elemsize);   /* nobody was promised zeros */
	if (noscan)
		return (void *)p;
	if (header) {
		*(Type **)p = typ;
		return (void *)(p + header);
	}
	heapbits_write(p, r->elemsize, size, typ);
	return (void *)p;
}

static void *large_alloc(MCache *c, u64 size, Type *typ, bool noscan, bool needzero)
{
	if (size + PageSize < size)
		out_of_memory();
	u64 npages = (size + PageSize - 1) >> PageShift;
	collect_or_assist(c);
	for (u64 n = 0; !mheap.sweepdone && n < npages; n++)
		sweep_one();
	MSpan *s = mheap_alloc(npages, noscan, SpanInUse);
	if (!s) {
		gc_try_collect(true);
		sweep_finish();
		s = mheap_alloc(npages, noscan, SpanInUse);
		if (!s)
			out_of_memory();
	}
	if (s->needzero && (needzero || !noscan))
		mem_zero((void *)s->base, npages * PageSize);
	s->largetype = noscan ? NULL : typ;
	s->largesize = size;
	s->alloccount = 1;
	if (gc_marking()) {
		s->markbits[0] = 1;
		c->black += s->elemsize;
		c->debt += s->elemsize;
	}
	astorerel(&s->freeindex, 1);
	c->nmalloc[0]++;
	c->largebytes += s->elemsize;
	mprof_cut(c, 0, s->elemsize, 1);
	axadd(&mheap.live, s->elemsize);
	mcentral_put(s);
	return (void *)s->base;
}

/* Memory for size bytes of typ (NULL: no pointers), repeated if size is larger. */
void *mem_alloc(MCache *c, u64 size, Type *typ, bool needzero)
{
	if (!size)
		return &rt_zerobase;
	i64 rate = mprof_rate();
	if (unlikely(c->memrate != rate))
		mprof_setrate(c, rate);
	bool noscan = !typ || !typ->ptrbytes;
	void *p;
	if (noscan && size < TinySize)
		p = tiny_alloc(c, size);
	else if (size <= MaxSmallSize - MallocHeaderSize)
		p = small_alloc(c, size, typ, noscan, needzero);
	else
		p = large_alloc(c, size, typ, noscan, needzero);
	c = mcache_current();
	if (unlikely(c->sampled))
		mprof_sample(c, (uptr)p, mheap_span_of((uptr)p)->elemsize);
	return p;
}

void *rt_mallocgc(u64 size, Type *typ, bool needzero)
{
	return mem_alloc(mcache_current(), size, typ, needzero);
}

/* ---- as Go calls them ---- */

u64 mem_newobject(Type *typ)
{
	return (u64)mem_alloc(mcache_current(), typ->size, typ, true);
}

u64 mem_mallocgc(u64 size, Type *typ, u64 needzero)
{
	return (u64)mem_alloc(mcache_current(), size, typ, needzero & 1);
}

/* Is p inside of memory the heap manages? */
u64 mem_inheap(uptr p)
{
	return mheap_span_of(p) != NULL;
}

static void init_hostile(void)
{
	rt_debugvars.clobber |= rt_debug("clobberfree", 0);
	rt_debugvars.memcheck |= rt_debug("memcheck", 0);
	rt_writebarrier.enabled = rt_debug("wb", 0) != 0;
	if (rt_debug("wb", 0) == 2)
		wbcheck_init();
}

void rt_mallocinit(void)
{
	sizeclass_init();
	mheap_init();
	mheap.sweepgen = 2;
	mheap.sweepdone = 1;
	mheap.gcpercent = 100;
	mheap.memlimit = INT64_MAX;
	init_hostile();
	gc_read_environment();
	gc_update_goal();
}
