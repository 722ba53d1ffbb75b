/* mfinal.c: things attached to objects.
 * A special belongs to an address inside an object and lives off the heap in its span's list,
 * sorted by offset and kind. Roots: what a finalizer's object refers to (not the object), the
 * closures, the weak handles. When marking is done and the world still stopped, the specials of
 * unmarked objects are settled: an object with a finalizer is revived and the finalizer queued,
 * its weak handles cleared; otherwise cleanups are queued and handles cleared.
 * The queue is read by goroutines of the overlay, which wait in finq_next. */
#include "mem.h"

/* What the goroutine gets; it lies in Go memory as {fn, arg unsafe.Pointer; nret uintptr; fint, ot *_type; kind uintptr}. */
typedef struct { void *fn, *arg; u64 nret; Type *fint, *ot; u64 kind; } FinRec;
typedef struct FinBlock { struct FinBlock *next; u64 n, read; FinRec rec[84]; } FinBlock;

/* One queue for finalizers, one for cleanups. */
typedef struct {
	Mutex lock;
	FinBlock *first, *last;
	G *waiter;
	u64 queued, executed;
} FinQueue;
static FinQueue queues[2];
static FinBlock *freeblocks;    /* under the lock of either queue: only collector and readers with the world running */
static Mutex blocklock;

typedef struct Immortal { uptr p; struct Immortal *next; } Immortal;
static struct { Mutex lock; Immortal *first; } immortals;

static FinBlock *block_new(void)
{
	rt_lock(&blocklock);
	FinBlock *b = freeblocks;
	if (b)
		freeblocks = b->next;
	rt_unlock(&blocklock);
	if (!b)
		b = rt_persistentalloc(sizeof *b, 64);
	*b = (FinBlock){0};
	return b;
}

static void queue_add(FinQueue *q, FinRec r)
{
	rt_lock(&q->lock);
	if (!q->last || q->last->n == nelem(q->last->rec)) {
		FinBlock *b = block_new();
		if (q->last)
			q->last->next = b;
		else
			q->first = b;
		q->last = b;
	}
	q->last->rec[q->last->n++] = r;
	q->queued++;
	rt_unlock(&q->lock);
}

static bool queue_take(FinQueue *q, FinRec *out)
{
	FinBlock *b = q->first;
	if (!b || b->read == b->n)
		return false;
	*out = b->rec[b->read];
	b->rec[b->read++] = (FinRec){0};
	if (b->read == nelem(b->rec)) {
		q->first = b->next;
		if (!q->first)
			q->last = NULL;
		rt_lock(&blocklock);
		b->next = freeblocks;
		freeblocks = b;
		rt_unlock(&blocklock);
	}
	return true;
}

void finq_mark_roots(Marker *w)
{
	for (u32 k = 0; k < 2; k++) {
		rt_lock(&queues[k].lock);
		for (FinBlock *b = queues[k].first; b; b = b->next)
			for (u64 i = b->read; i < b->n; i++) {
				gc_mark(w, (uptr)b->rec[i].fn);
				gc_mark(w, (uptr)b->rec[i].arg);
				gc_mark(w, (uptr)b->rec[i].fint);
				gc_mark(w, (uptr)b->rec[i].ot);
			}
		rt_unlock(&queues[k].lock);
	}
}

/* The world is stopped: finalizers that are to run. */
void fin_queued(void (*f)(void *arg, void *fn, void *obj, void *fint, void *ot), void *arg)
{
	for (FinBlock *b = queues[0].first; b; b = b->next)
		for (u64 i = b->read; i < b->n; i++)
			f(arg, b->rec[i].fn, b->rec[i].arg, b->rec[i].fint, b->rec[i].ot);
}

static Special **find_place(MSpan *s, u64 offset, u8 kind)
{
	Special **p = &s->specials;
	while (*p && ((*p)->offset < offset || ((*p)->offset == offset && (*p)->kind < kind)))
		p = &(*p)->next;
	return p;
}

static Special *record_new(void)
{
	rt_lock(&mheap.speciallock);
	Special *sp = mheap.freespecials;
	if (sp)
		mheap.freespecials = sp->next;
	rt_unlock(&mheap.speciallock);
	return sp ? sp : rt_persistentalloc(sizeof *sp, 8);
}

static void record_free(Special *sp)
{
	rt_lock(&mheap.speciallock);
	sp->next = mheap.freespecials;
	mheap.freespecials = sp;
	rt_unlock(&mheap.speciallock);
}

static void mark_special(Marker *w, MSpan *s, const Special *sp)
{
	if (sp->kind >= SpecialProfile)
		return;
	gc_mark(w, (uptr)sp->fn);
	if (sp->kind != SpecialFinalizer)
		return;
	gc_scan_object(w, s->base + sp->offset);
	gc_mark(w, (uptr)sp->fint);
	gc_mark(w, (uptr)sp->ot);
}

void special_mark_roots(Marker *w, MSpan *s)
{
	rt_lock(&s->speciallock);
	for (Special *sp = s->specials; sp; sp = sp->next)
		mark_special(w, s, sp);
	rt_unlock(&s->speciallock);
}

bool special_add(uptr p, Special what)
{
	MSpan *s = mheap_span_of(p);
	if (!s)
		rt_throw("special on something that is not heap");
	Special *sp = record_new();
	*sp = what;
	sp->offset = p - s->base;
	rt_lock(&s->speciallock);
	Special **at = find_place(s, sp->offset, sp->kind);
	bool exists = *at && (*at)->offset == sp->offset && (*at)->kind == sp->kind;
	if (exists && sp->kind != SpecialCleanup) {
		rt_unlock(&s->speciallock);
		record_free(sp);
		return false;
	}
	sp->next = *at;
	*at = sp;
	if (gc_marking())       /* these roots may have been looked at already */
		mark_special(gc_marker_of(rt_p()), s, sp);
	bool first = !s->inspecials;
	s->inspecials = true;
	rt_unlock(&s->speciallock);
	if (first) {
		rt_lock(&mheap.speciallock);
		s->nextspecial = mheap.specialspans;
		mheap.specialspans = s;
		rt_unlock(&mheap.speciallock);
	}
	return true;
}

bool special_remove(uptr p, u8 kind, u64 id, Special *out)
{
	MSpan *s = mheap_span_of(p);
	if (!s)
		return false;
	rt_lock(&s->speciallock);
	Special **at = find_place(s, p - s->base, kind);
	while (*at && (*at)->offset == p - s->base && (*at)->kind == kind && kind == SpecialCleanup && (*at)->nret != id)
		at = &(*at)->next;
	Special *sp = *at;
	bool found = sp && sp->offset == p - s->base && sp->kind == kind;
	if (found)
		*at = sp->next;
	rt_unlock(&s->speciallock);
	if (found) {
		if (out)
			*out = *sp;
		record_free(sp);
	}
	return found;
}

static u64 bubble_of(uptr p)
{
	MSpan *s = mheap_span_of(p);
	u64 id = 0;
	rt_lock(&s->speciallock);
	Special *sp = *find_place(s, p - s->base, SpecialBubble);
	if (sp && sp->offset == p - s->base && sp->kind == SpecialBubble)
		id = sp->nret;
	rt_unlock(&s->speciallock);
	return id;
}

/* Package variables belong to no bubble. */
u64 rt_special_bubble(uptr p, u64 id)
{
	if (!mheap_span_of(p))
		return 0;
	if (id && special_add(p, (Special){ .kind = SpecialBubble, .nret = id }))
		return id;
	return bubble_of(p);
}

void rt_special_unbubble(uptr p)
{
	Special sp;
	if (mheap_span_of(p))
		special_remove(p, SpecialBubble, 0, &sp);
}

static bool is_marked(MSpan *s, u64 offset)
{
	u32 i = mspan_index(s, s->base + offset);
	return s->markbits[i >> 3] >> (i & 7) & 1;
}

/* Specials [*from, end) belong to one unmarked object; unlink those that are settled. */
static Special **settle_object(Marker *w, MSpan *s, Special **from, u64 objend)
{
	bool revive = false;
	for (Special *sp = *from; sp && sp->offset < objend; sp = sp->next)
		revive |= sp->kind == SpecialFinalizer;
	if (revive)
		gc_mark(w, s->base + (*from)->offset);
	while (*from && (*from)->offset < objend) {
		Special *sp = *from;
		FinRec r = { sp->fn, (void *)(s->base + sp->offset), sp->nret, sp->fint, sp->ot, sp->kind };
		bool gone = true;
		if (sp->kind == SpecialFinalizer)
			queue_add(&queues[0], r);
		else if (sp->kind == SpecialWeak)
			*(void **)sp->fn = NULL;
		else if (sp->kind == SpecialCleanup && !revive)
			r.arg = NULL, queue_add(&queues[1], r);
		else
			gone = !revive;
		if (gone && sp->kind == SpecialProfile)
			mprof_freed(sp->fn);
		if (gone) {
			*from = sp->next;
			record_free(sp);
		} else {
			from = &sp->next;
		}
	}
	return from;
}

void special_finish_mark(Marker *w)
{
	for (MSpan **link = &mheap.specialspans; *link;) {
		MSpan *s = *link;
		for (Special **at = &s->specials; *at;) {
			u64 end = (mspan_index(s, s->base + (*at)->offset) + 1) * s->elemsize;
			if (is_marked(s, (*at)->offset)) {
				while (*at && (*at)->offset < end)
					at = &(*at)->next;
			} else {
				at = settle_object(w, s, at, end);
			}
		}
		if (s->specials) {
			link = &s->nextspecial;
		} else {
			s->inspecials = false;
			*link = s->nextspecial;
			s->nextspecial = NULL;
		}
	}
	gc_drain(w, 1ul << 62);
}

void mfinal_wake(void)
{
	for (u32 k = 0; k < 2; k++) {
		FinQueue *q = &queues[k];
		rt_lock(&q->lock);
		G *gp = q->first && q->first->read < q->first->n ? q->waiter : NULL;
		if (gp)
			q->waiter = NULL;
		rt_unlock(&q->lock);
		if (gp)
			rt_ready(gp);
	}
}

/* ---- as Go calls them ---- */

static Pair try_again(G *gp)
{
	(void)gp;
	return (Pair){ 0, 0 };
}

/* cfinqnext(kind uintptr, out *finrec) bool: false after waiting, ask again. kind 0 finalizers, 1 cleanups. */
u64 finq_next(u64 kind, void *out)
{
	FinQueue *q = &queues[kind & 1];
	rt_lock(&q->lock);
	if (queue_take(q, out)) {
		rt_unlock(&q->lock);
		if (rt_writebarrier.enabled)    /* from a root to memory that may have been scanned */
			for (u64 i = 0; i < sizeof(FinRec) / 8; i++)
				rt_shade(((void **)out)[i]);
		return 1;
	}
	G *gp = rt_curg();
	q->waiter = gp;
	gp->sched.resume = try_again;
	rt_park_unlock(&q->lock, kind & 1 ? WaitCleanupWait : WaitFinalizerWait);
	return 0;
}

/* cfinqdone(kind): one more has run; cfinqpending(kind) says how many have not. */
void finq_done(u64 kind)
{
	axadd(&queues[kind & 1].executed, 1);
}

u64 finq_pending(u64 kind)
{
	return aload(&queues[kind & 1].queued) - aload(&queues[kind & 1].executed);
}

/* caddfinalizer(p, fn unsafe.Pointer, nret uintptr, fint, ot *_type) bool: false if p has one. */
u64 fin_add(uptr p, void *fn, u64 nret, Type *fint, Type *ot)
{
	return special_add(p, (Special){ .kind = SpecialFinalizer, .fn = fn, .nret = nret, .fint = fint, .ot = ot });
}

void fin_remove(uptr p)
{
	special_remove(p, SpecialFinalizer, 0, NULL);
}

/* caddcleanup(p, fn unsafe.Pointer) uint64: the cleanup's id. */
u64 cleanup_add(uptr p, void *fn)
{
	static u64 ids;
	u64 id = axadd(&ids, 1);
	special_add(p, (Special){ .kind = SpecialCleanup, .fn = fn, .nret = id });
	return id;
}

void cleanup_remove(uptr p, u64 id)
{
	special_remove(p, SpecialCleanup, id, NULL);
}

/* cfindobject(p) (base unsafe.Pointer, size uintptr): what p points into; 0: not the heap. */
Pair mem_findobject(uptr p)
{
	uptr start;
	u32 i;
	MSpan *s = mheap_find_object(p, &start, &i);
	if (!s)
		return (Pair){ 0, 0 };
	u64 header = mspan_hasheader(s) ? MallocHeaderSize : 0;
	rt_m()->ret[0] = mspan_noscan(s);
	return (Pair){ start + header, s->elemsize - header };
}

/* Handles of what never dies, globals, are never given back. */
static u64 *immortal_handle(uptr p)
{
	rt_lock(&immortals.lock);
	Immortal *e = immortals.first;
	while (e && e->p != p)
		e = e->next;
	if (!e) {
		e = rt_persistentalloc(sizeof *e, 8);
		*e = (Immortal){ p, immortals.first };
		immortals.first = e;
	}
	rt_unlock(&immortals.lock);
	return &e->p;
}

static u64 *handle_of(MSpan *s, uptr p)
{
	rt_lock(&s->speciallock);
	Special *sp = *find_place(s, p - s->base, SpecialWeak);
	u64 *h = sp && sp->offset == p - s->base && sp->kind == SpecialWeak ? sp->fn : NULL;
	rt_unlock(&s->speciallock);
	return h;
}

/* The handle of address p: a word without pointers that holds p while p's object lives. */
u64 weak_register(uptr p)
{
	MSpan *s = mheap_span_of(p);
	if (!s)
		return (u64)immortal_handle(p);
	u64 *h = handle_of(s, p);
	if (h)
		return (u64)h;
	h = mem_alloc(mcache_current(), 16, NULL, true);
	*h = p;
	return (u64)(special_add(p, (Special){ .kind = SpecialWeak, .fn = h }) ? h : handle_of(s, p));
}

u64 weak_strong(u64 *h)
{
	u64 p = h ? *h : 0;
	if (unlikely(rt_writebarrier.enabled))
		rt_shade((void *)p);    /* nothing else need lead to it */
	return p;
}

void fin_counts(u64 n[4])
{
	for (u32 k = 0; k < 2; k++) {
		n[2 * k] = queues[k].queued;
		n[2 * k + 1] = queues[k].executed;
	}
}
