/* mprof.c: memory, block and mutex profiles: stacks that were sampled, with counters.
 *
 * A bucket stands for one stack (and, of allocations, one size). Buckets are never freed; the overlay walks them. Of every
 * size class one byte of MemProfileRate, on average, is a sample, and the object it belongs to is recorded: runs of the P's cache are
 * cut so that such an object is the first of a run, which C hands out. The object carries a special, so that its death is counted. Allocations become visible at the end of the next collection: then what is in use is exactly what
 * that collection found alive.
 *
 * Waits are timed by their records (Sudog.since): a blocked goroutine reports its own stack when it goes on; who releases a
 * contended mutex reports the delay of the waiter. */
#include "mem.h"

typedef struct ProfBucket ProfBucket;
struct ProfBucket {             /* the overlay's profBucket */
	ProfBucket *next, *hashnext;
	u64 hash, nstk, size;
	u64 allocs, frees;      /* objects, as of the last collection */
	u64 pending;            /* allocated since */
	u64 count, cycles;      /* waits: in 256ths; nanoseconds */
	uptr stk[];
};

enum { MaxDepth = 128, HashLen = 16384 };
static struct { Mutex lock; ProfBucket *all, **hash; } profile[ProfKinds];

i64 rt_memprofilerate __asm__("runtime.MemProfileRate") = 512 << 10;
extern const u64 rt_memprofile;         /* 0: nobody can read it, says the linker */
static i64 blockrate, mutexrate;        /* atomic */

i64 mprof_rate(void)
{
	return rt_memprofile ? aloadrelaxed(&rt_memprofilerate) : 0;
}

/* lock held */
static ProfBucket *bucket(u32 kind, const uptr *pc, u64 n, u64 size)
{
	u64 h = size;
	for (u64 i = 0; i < n; i++)
		h = (h ^ pc[i]) * 0x9e3779b97f4a7c15, h ^= h >> 29;
	if (!profile[kind].hash)
		profile[kind].hash = rt_persistentalloc(HashLen * sizeof(ProfBucket *), 8);
	ProfBucket **at = &profile[kind].hash[h % HashLen];
	for (ProfBucket *b = *at; b; b = b->hashnext)
		if (b->hash == h && b->nstk == n && b->size == size && memcmp(b->stk, pc, n * sizeof *pc) == 0)
			return b;
	ProfBucket *b = rt_persistentalloc(sizeof *b + n * sizeof *pc, 8);
	b->hash = h;
	b->nstk = n;
	b->size = size;
	memcpy(b->stk, pc, n * sizeof *pc);
	b->hashnext = *at;
	*at = b;
	b->next = profile[kind].all;
	astorerel(&profile[kind].all, b);
	return b;
}

/* ---- allocations ---- */

/* An exponentially distributed distance with mean rate: -ln of a random number, its logarithm by halves and a straight line. */
static i64 distance(i64 rate)
{
	if (rate <= 1)
		return 0;
	u64 u = rt_rand() >> 1 | 1;
	u32 lead = (u32)__builtin_clzl(u) - 1;
	u64 frac = (u << (lead + 2)) >> 44;                     /* 20 bits behind the leading one */
	u64 log2 = ((u64)(lead + 1) << 20) - frac;              /* -log2(u / 2^63), 20 bits of fraction */
	return (i64)((__uint128_t)log2 * 726817 /* ln 2 */ * (u64)rate >> 40);
}

static u64 until_sample(const MCache *c)
{
	return c->memrate > 0 ? (u64)distance(c->memrate) : INT64_MAX;
}

/* Runs that were cut by the old rate are given back. */
void mprof_setrate(MCache *c, i64 rate)
{
	mcache_release(c);
	c->memrate = rate;
	c->sampled = false;
	for (u32 k = 0; k < NumSpanClasses; k++)
		c->left[k] = until_sample(c);
}

u32 mprof_cut(MCache *c, u32 spanclass, u64 size, u32 n)
{
	u64 *left = &c->left[spanclass], first = 0;
	if (unlikely(*left < size)) {
		c->sampled = true;
		*left = until_sample(c);
		first = 1;
	}
	if (unlikely((n - first) * size > *left))
		n = (u32)(first + *left / size);
	*left -= (n - first) * size;
	return n;
}

void mprof_sample(MCache *c, uptr p, u64 size)
{
	c->sampled = false;
	G *gp = rt_curg();
	if (!gp || rt_m()->g != gp)
		return;
	uptr pc[MaxDepth];
	u64 n = rt_callers(gp, pc, MaxDepth, 1, true);
	rt_lock(&profile[ProfMem].lock);
	ProfBucket *b = bucket(ProfMem, pc, n, size);
	b->pending++;
	rt_unlock(&profile[ProfMem].lock);
	special_add(p, (Special){ .kind = SpecialProfile, .fn = b });
}

/* The world is stopped, what died has been found. */
void mprof_freed(void *b)
{
	((ProfBucket *)b)->frees++;
}

void mprof_publish(void)
{
	for (ProfBucket *b = profile[ProfMem].all; b; b = b->next) {
		b->allocs += b->pending;
		b->pending = 0;
	}
}

void mprof_visit(void (*f)(void *arg, void *bucket, u64 size, u64 allocs, u64 frees, const uptr *stk, u64 n), void *arg)
{
	for (ProfBucket *b = profile[ProfMem].all; b; b = b->next)
		f(arg, b, b->size, b->allocs, b->frees, b->stk, b->nstk);
}

/* ---- waits ---- */

/* Waits for mutexes are always timed, for the metrics. */
i64 rt_prof_start(u8 reason)
{
	bool mutex = reason == WaitSyncMutexLock || reason == WaitSyncRWMutexLock || reason == WaitSyncRWMutexRLock;
	return mutex || unlikely(aloadrelaxed(&blockrate) > 0) ? os_nanotime() : 0;
}

static void record(u32 kind, G *gp, u64 count, u64 cycles, u32 skip)
{
	uptr pc[MaxDepth];
	u64 n = rt_callers(gp, pc, MaxDepth, skip, true);
	rt_lock(&profile[kind].lock);
	ProfBucket *b = bucket(kind, pc, n, 0);
	b->count += count;
	b->cycles += cycles;
	rt_unlock(&profile[kind].lock);
}

void rt_prof_blocked(G *gp, i64 ns, u32 skip)
{
	i64 rate = aloadrelaxed(&blockrate);
	ns = ns > 0 ? ns : 1;
	if (rate <= 0 || (ns < rate && (i64)(rt_rand() % (u64)rate) > ns))
		return;
	if (ns < rate)          /* one of rate / ns that were like it */
		record(ProfBlock, gp, (u64)(rate * 256 / ns), (u64)rate, skip);
	else
		record(ProfBlock, gp, 256, (u64)ns, skip);
}

void rt_prof_contended(G *releaser, i64 ns, u32 skip)
{
	i64 rate = aloadrelaxed(&mutexrate);
	if (rate <= 0 || !releaser || rt_rand() % (u64)rate != 0)
		return;
	record(ProfMutex, releaser, (u64)rate * 256, (u64)rate * (u64)(ns > 0 ? ns : 1), skip);
}

/* ---- for the overlay ---- */
void *mprof_buckets(u64 kind)
{
	return aload(&profile[kind].all);
}

/* Linknamed by libraries that block in ways of their own. */
void mprof_blockevent(i64 ns, i64 skip)
{
	rt_prof_blocked(rt_curg(), ns, (u32)skip);
}

void mprof_setblockrate(i64 rate)
{
	astore(&blockrate, rate);
}

i64 mprof_setmutexrate(i64 rate)
{
	return rate < 0 ? aload(&mutexrate) : axchg(&mutexrate, rate);
}
