/* mstats.c: runtime.MemStats.
 * Filled with the world stopped and all caches flushed, so the counts are exact. */
#include "mem.h"

typedef struct {
	u64 alloc, totalalloc, sys, lookups, mallocs, frees;
	u64 heapalloc, heapsys, heapidle, heapinuse, heapreleased, heapobjects;
	u64 stackinuse, stacksys, mspaninuse, mspansys, mcacheinuse, mcachesys;
	u64 buckhashsys, gcsys, othersys;
	u64 nextgc, lastgc, pausetotalns, pausens[256], pauseend[256];
	u32 numgc, numforcedgc;
	u64 gccpufraction;      /* parts of 10^9; the overlay makes a number of it */
	u8 enablegc, debuggc;
	struct { u32 size; u64 mallocs, frees; } bysize[61];
} MemStats;

static void count_objects(MemStats *ms)
{
	u64 bytes = mheap.largebytes, freed = mheap.largefreebytes;
	for (u32 i = 0; i < NumSizeClasses; i++) {
		ms->mallocs += mheap.nmalloc[i];
		ms->frees += mheap.nfree[i];
		bytes += mheap.nmalloc[i] * rt_class_size[i];
		freed += mheap.nfree[i] * rt_class_size[i];
		if (i < 61) {
			ms->bysize[i].size = rt_class_size[i];
			ms->bysize[i].mallocs = mheap.nmalloc[i];
			ms->bysize[i].frees = mheap.nfree[i];
		}
	}
	ms->mallocs += mheap.tinyallocs;
	ms->frees += mheap.tinyallocs;
	ms->totalalloc = bytes;
	ms->alloc = ms->heapalloc = bytes - freed;
	ms->heapobjects = ms->mallocs - ms->frees;
}

void mstats_read(void *out)
{
	MemStats *ms = out;
	memset(ms, 0, sizeof *ms);
	mcache_flush_all();
	count_objects(ms);
	u64 committed = mheap.used - mheap.base;
	ms->stackinuse = ms->stacksys = mheap.pagesmanual * PageSize;
	ms->heapsys = committed - ms->stacksys;
	ms->heapinuse = mheap.pagesinuse * PageSize;
	ms->heapidle = ms->heapsys - ms->heapinuse;
	ms->heapreleased = mheap.pagesreleased * PageSize;
	for (MCache *c = mheap.caches; c; c = c->all)
		ms->mcacheinuse += sizeof *c;
	ms->mcachesys = ms->mcacheinuse;
	ms->mspansys = mheap.nall * sizeof(MSpan);
	u64 spans = mheap.nall;
	for (MSpan *s = mheap.freespans; s; s = s->next)
		spans--;
	ms->mspaninuse = spans * sizeof(MSpan);
	u64 other = ms->mcachesys + ms->mspansys;
	ms->gcsys = mheap.metabytes > other ? mheap.metabytes - other : 0;
	ms->othersys = rt_allp ? (u64)sched.gomaxprocs * sizeof(P) : 0;
	ms->sys = committed + other + ms->gcsys + ms->othersys;
	ms->nextgc = mheap.goal;
	ms->lastgc = mheap.lastgc;
	ms->pausetotalns = mheap.pausetotal;
	memcpy(ms->pausens, mheap.pausens, sizeof ms->pausens);
	memcpy(ms->pauseend, mheap.pauseend, sizeof ms->pauseend);
	u64 total = (u64)(os_nanotime() - sched.starttime) * (u64)sched.gomaxprocs;
	ms->gccpufraction = (mheap.pausetotal * (u64)sched.gomaxprocs + mheap.gccpu[0] + mheap.gccpu[1]) * 1000 / (total / 1000000 + 1);
	ms->numgc = mheap.numgc;
	ms->numforcedgc = mheap.numforced;
	ms->enablegc = 1;
}

u64 rt_heap_live(u64 *goal)
{
	*goal = mheap.goal == ~0ul ? 0 : mheap.goal;
	return aloadrelaxed(&mheap.live);
}

/* creadmemstats(m *MemStats) bool: false: the world was being stopped, try again. */
u64 mem_readstats(void *ms)
{
	if (!rt_try_stop_the_world("read mem stats"))
		return 0;
	mstats_read(ms);
	rt_start_the_world();
	return 1;
}
