/* stack.c: goroutine stacks: contiguous, copied when they grow.
 *
 * A prologue that finds SP below the guard calls morestack, which lands in stack_new on
 * the system stack with the continuation in g.sched. Growing copies the used part to a
 * stack twice as large and moves every word that pointed into the old one: frame slots by
 * their maps, stack objects, saved frame pointers, g.sched, defer records, wait records.
 * Sizes are powers of two; the smallest are cached per P and carved from 32 kB spans. */
#include "mem.h"

static u64 maxstack = 1000000000;
static Mutex poollock;
static uptr pool[StackNumOrders];
static u64 poolbytes;
enum { SpanBytes = 32 << 10, CacheMax = 32 << 10 };

void proc_preempted(G *gp);

i64 stack_setmax(i64 n) {
	i64 old = (i64)maxstack;
	maxstack = (u64)n;
	return old;
}

/* Hostile modes: fresh stacks are filled, and the lowest words, below what any chain of calls may reach, must stay so. */
enum { Fill = 0xfc, Canary = 16 };
static bool hostile(void) { return rt_debugvars.stackmove || rt_debugvars.clobber; }

void rt_stack_check(const G *gp) {
	for (u32 i = 0; hostile() && i < Canary; i++)
		if (((u8 *)gp->stack.lo)[i] != Fill) {
			rt_printf("runtime: goroutine %d wrote below its stack guard: stack=[%x, %x] sp=%x\n",
				gp->goid, gp->stack.lo, gp->stack.hi, gp->sched.sp);
			rt_throw("stack guard overrun");
		}
}

static int order(u64 n) {
	int o = 0;
	while ((u64)StackMin << o < n)
		o++;
	return o;
}

/* poollock held */
static uptr poolget(int o) {
	uptr p = pool[o];
	if (p == 0) {
		uptr span = (uptr)rt_stackspan_alloc(SpanBytes);
		for (uptr at = span; at < span + SpanBytes; at += (uptr)StackMin << o) {
			*(uptr *)at = pool[o];
			pool[o] = at;
		}
		poolbytes += SpanBytes;
		p = pool[o];
	}
	pool[o] = *(uptr *)p;
	poolbytes -= (u64)StackMin << o;
	return p;
}

/* poollock held */
static void poolput(int o, uptr p) {
	*(uptr *)p = pool[o];
	pool[o] = p;
	poolbytes += (u64)StackMin << o;
}

static Stack alloc(u64 n) {
	int o = order(n);
	n = (u64)StackMin << o;
	if (o >= StackNumOrders) {
		uptr p = (uptr)rt_stackspan_alloc(n);
		return (Stack){ p, p + n };
	}
	P *pp = rt_p();
	uptr p;
	if (pp == NULL) {
		rt_lock(&poollock);
		p = poolget(o);
		rt_unlock(&poollock);
		return (Stack){ p, p + n };
	}
	if (pp->stackcache[o] == 0) {
		rt_lock(&poollock);
		for (u64 have = 0; have < CacheMax / 2; have += n) {
			p = poolget(o);
			*(uptr *)p = pp->stackcache[o];
			pp->stackcache[o] = p;
			pp->stackcachen[o]++;
		}
		rt_unlock(&poollock);
	}
	p = pp->stackcache[o];
	pp->stackcache[o] = *(uptr *)p;
	pp->stackcachen[o]--;
	return (Stack){ p, p + n };
}

Stack rt_stack_alloc(u64 n) {
	Stack s = alloc(n);
	if (hostile())
		memset((void *)s.lo, Fill, s.hi - s.lo);
	return s;
}

static void uncache(P *pp, int o, u32 keep) {
	rt_lock(&poollock);
	while (pp->stackcachen[o] > keep) {
		uptr p = pp->stackcache[o];
		pp->stackcache[o] = *(uptr *)p;
		poolput(o, p);
		pp->stackcachen[o]--;
	}
	rt_unlock(&poollock);
}

void rt_stack_free(Stack s) {
	u64 n = s.hi - s.lo;
	int o = order(n);
	if (hostile())
		memset((void *)s.lo, 0xfd, n);
	if (o >= StackNumOrders) {
		rt_stackspan_free((void *)s.lo, n);
		return;
	}
	P *pp = rt_p();
	if (pp == NULL) {
		rt_lock(&poollock);
		poolput(o, s.lo);
		rt_unlock(&poollock);
		return;
	}
	*(uptr *)s.lo = pp->stackcache[o];
	pp->stackcache[o] = s.lo;
	if ((u64)++pp->stackcachen[o] * n > CacheMax)
		uncache(pp, o, (u32)(CacheMax / 2 / n));
}

void rt_stack_flushcache(P *pp) {
	for (int o = 0; o < StackNumOrders; o++)
		uncache(pp, o, 0);
}

/* ---- giving memory back ---- */
static MSpan *spanof(uptr p) { return mheap.spans[HEAP_PAGE(p)]; }

/* Spans of which every piece is in the pool; the pool keeps the other pieces. */
static void freespans(int o) {
	u32 full = SpanBytes / (StackMin << o);
	for (uptr p = pool[o]; p != 0; p = *(uptr *)p)
		spanof(p)->stackfree = 0;
	for (uptr p = pool[o]; p != 0; p = *(uptr *)p)
		spanof(p)->stackfree++;
	MSpan *whole = NULL;
	for (uptr p = pool[o], next, *link = &pool[o]; p != 0; p = next) {
		next = *(uptr *)p;
		MSpan *s = spanof(p);
		if (s->stackfree < full) {
			*link = p;
			link = (uptr *)p;
		} else if (s->stackfree == full) {
			s->stackfree++;         /* noted */
			s->next = whole;
			whole = s;
		}
		if (next == 0)
			*link = 0;
	}
	for (MSpan *s = whole, *next; s != NULL; s = next) {
		next = s->next;
		s->next = NULL;
		poolbytes -= SpanBytes;
		rt_stackspan_free((void *)s->base, SpanBytes);
	}
}

/* The world is stopped: stacks of the dead and of nobody go back to the heap if they are a large part. */
void rt_stack_collect(void) {
	u64 dead = 0;
	if (mheap.stackinuse < 4 << 20)
		return;
	for (G *gp = sched.gfree; gp != NULL; gp = gp->sched.link)
		dead += gp->stack.hi - gp->stack.lo;
	if (dead + poolbytes < mheap.stackinuse / 4)
		return;
	for (G *gp = sched.gfree; gp != NULL; gp = gp->sched.link)
		if (gp->stack.lo != 0) {
			poolput(order(gp->stack.hi - gp->stack.lo), gp->stack.lo);
			gp->stack = (Stack){ 0, 0 };
		}
	for (i32 i = 0; i < sched.gomaxprocs; i++)
		rt_stack_flushcache(rt_allp[i]);
	for (int o = 0; o < StackNumOrders; o++)
		freespans(o);
}

typedef struct { uptr lo, hi, delta; } Adjust;

static inline void adjust(const Adjust *a, void *slot) {
	uptr v = *(uptr *)slot;
	if (v >= a->lo && v < a->hi)
		*(uptr *)slot = v + a->delta;
}

static void adjustbits(const Adjust *a, uptr base, Ptrmap m) {
	for (i32 i = 0; i < m.nbit; i++)
		if (m.bits[i / 8] >> (i % 8) & 1)
			adjust(a, (void *)(base + (uptr)i * 8));
}

static void adjustframe(const Adjust *a, const Frame *fr) {
	if (fr->f == NULL) {
		for (uptr p = fr->sp; p < fr->fp - 8; p += 8)
			adjust(a, (void *)p);
	} else if (fr->varp > fr->sp && fr->varp + 16 == fr->fp)
		adjust(a, (void *)fr->varp);   /* saved frame pointer */
	if (fr->continpc == 0)
		return;
	Ptrmap locals, args;
	const StackObject *objs;
	u64 n;
	rt_frame_maps(fr, &locals, &args, &objs, &n);
	adjustbits(a, fr->varp - (uptr)locals.nbit * 8, locals);
	adjustbits(a, fr->argp, args);
	for (u64 i = 0; i < n; i++) {
		const StackObject *o = &objs[i];
		uptr p = (o->off >= 0 ? fr->argp : fr->varp) + (uptr)(i64)o->off;
		if (p < fr->sp)
			continue;   /* prologue: the frame is not there yet */
		Ptrmap m = { o->ptrbytes / 8, (const u8 *)rt_firstmoduledata.rodata + o->gcdataoff };
		adjustbits(a, p, m);
	}
}

/* runtime._defer as the overlay lays it out: only the words that can point at stacks. */
typedef struct { u64 flags; uptr sp, pc; void *fn; void *link; void *head; } Defer;

/* runtime._panic likewise; adjusting is idempotent, so it does not matter whether a frame map covers the record too. */
typedef struct Panic {
	u64 arg[2];
	struct Panic *link;
	uptr startpc, startsp, sp, lr, fp, retpc, deferbits, slots;
	u64 flags;
	uptr gopanicfp;
} Panic;

/* The saved registers of an asynchronous preemption are not adjusted: such goroutines
 * never move. */
void rt_stack_grow(G *gp, u64 newsize) {
	Stack old = gp->stack;
	uptr used = old.hi - gp->sched.sp;
	if (gp->asyncsafepoint)
		rt_throw("stack: moving a goroutine at an asynchronous safepoint");
	rt_stack_check(gp);
	Stack new = rt_stack_alloc(newsize);
	Adjust a = { old.lo, old.hi, new.hi - old.hi };
	memmove((void *)(new.hi - used), (void *)(old.hi - used), used);
	gp->stack = new;
	gp->stackguard0 = new.lo + rt_stackguard;
	gp->sched.sp += a.delta;
	gp->stktopsp += a.delta;
	adjust(&a, &gp->sched.bp);
	adjust(&a, &gp->sched.ctxt);
	adjust(&a, &gp->_panic);
	adjust(&a, &gp->_defer);
	adjust(&a, &gp->param);
	if (gp->syscallsp != 0) {
		adjust(&a, &gp->syscallsp);
		adjust(&a, &gp->syscallbp);
	}
	if (gp->waits == WaitsOne)
		adjust(&a, &gp->one.elem);
	for (u32 i = 0; gp->waits != WaitsOne && gp->sched.resume != NULL && i < nelem(gp->resumearg); i++)
		adjust(&a, &gp->resumearg[i]);
	for (Sudog *s = gp->waits == WaitsMany ? gp->waiting : NULL; s != NULL; s = s->waitlink)
		adjust(&a, &s->elem);
	for (Defer *d = gp->_defer; d != NULL; d = d->link) {
		adjust(&a, &d->fn);
		adjust(&a, &d->sp);
		adjust(&a, &d->link);
	}
	for (Panic *p = gp->_panic; p != NULL; p = p->link) {
		adjust(&a, &p->link);
		adjust(&a, &p->startsp);
		adjust(&a, &p->sp);
		adjust(&a, &p->fp);
		adjust(&a, &p->deferbits);
		adjust(&a, &p->slots);
		adjust(&a, &p->gopanicfp);
	}
	Unwinder u;
	for (rt_unwind_init(&u, gp); !u.done; rt_unwind_next(&u))
		adjustframe(&a, &u.fr);
	rt_stack_free(old);
}

/* Less than a quarter is used: half can be given back. */
bool rt_stack_shrinks(G *gp) {
	u64 size = gp->stack.hi - gp->stack.lo;
	u32 s = rt_gstatus(gp);
	if (gp->asyncsafepoint || gp->syscallsp != 0 || gp->stack.lo == 0 ||
	    (s != GWaiting && s != GRunnable) || size / 2 < StackMin)
		return false;
	return gp->stack.hi - gp->sched.sp + rt_stackguard < size / (rt_debugvars.shrink ? 2 : 4);
}

void rt_stack_shrink(G *gp) { rt_stack_grow(gp, (gp->stack.hi - gp->stack.lo) / 2); }

void stack_new(G *gp) {
	M *mp = rt_m();
	if (aload(&gp->stackguard0) == STACK_PREEMPT) {
		/* holding a lock, pinned, or the one who stopped the world: go on */
		if (mp->locks != 0 || mp->lockedint != 0 || mp->stopping || mp->preemptoff.len != 0 || mp->mallocing != 0) {
			gp->stackguard0 = gp->stack.lo + rt_stackguard;    /* gp->preempt stays: releasem asks again */
			return;
		}
		if (rt_debugvars.stackmove)
			rt_stack_grow(gp, gp->stack.hi - gp->stack.lo);
		if (!rt_debugvars.stackmove || gp->preempt || aload(&sched.gcwaiting))
			proc_preempted(gp);
		gp->preempt = false;
		gp->stackguard0 = gp->stack.lo + rt_stackguard;
		return;
	}
	if (gp->sched.sp < gp->stack.lo)
		rt_throw("split stack overflow");
	u64 size = (gp->stack.hi - gp->stack.lo) * 2;
	u64 used = gp->stack.hi - gp->sched.sp;
	while (size - used < rt_stackguard + StackSmall)
		size *= 2;
	if (size > maxstack) {
		rt_printf("runtime: goroutine stack exceeds %d-byte limit\n", maxstack);
		rt_printf("runtime: sp=%x stack=[%x, %x]\n", gp->sched.sp, gp->stack.lo, gp->stack.hi);
		rt_throw("stack overflow");
	}
	rt_casgstatus(gp, GRunning, GCopystack);
	rt_stack_grow(gp, size);
	rt_casgstatus(gp, GCopystack, GRunning);
	if ((aload(&sched.gcwaiting) && !mp->stopping) || aload(&rt_p()->preempt)) {
		gp->preempt = true;
		astore(&gp->stackguard0, STACK_PREEMPT);
	}
}

void stack_bad(void) { rt_throw("runtime: stack growth on a system stack"); }
