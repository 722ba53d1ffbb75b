/* mark.c: what can be reached.
 * An object is marked in its span's mark bits; if it can hold pointers it is pushed to be scanned.
 * Work items are addresses; those of objects with a bitmap carry their length in words in the
 * upper 16 bits, so that scanning them does not touch the span again. Before an item is scanned it
 * waits in a small ring while its memory is fetched. */
#include "mem.h"

static Mutex worklock;
static WorkBuf *freebufs;

/* Work shared by the threads that mark. lock guards all; open and full are peeked at without. */
static struct {
	Mutex lock;
	WorkBuf *full;
	u32 parallel;           /* mark bits must be set atomically */
	u32 open;               /* there may be work: helpers can join */
	u32 nworkers, nidle;    /* all idle and nothing full: done */
	u32 inside;             /* helpers that have not left yet */
	u32 gen;                /* futex helpers sleep on */
	u32 nhelpers;
	u64 bytes, objects;     /* marked by helpers */
} work;
enum { MaxHelpers = 7 };

static WorkBuf *buf_new(void)
{
	rt_lock(&worklock);
	WorkBuf *b = freebufs;
	if (b)
		freebufs = b->next;
	rt_unlock(&worklock);
	if (!b)
		b = rt_persistentalloc(sizeof *b, 64);
	b->n = 0;
	b->next = NULL;
	return b;
}

static void buf_free(WorkBuf *b)
{
	rt_lock(&worklock);
	b->next = freebufs;
	freebufs = b;
	rt_unlock(&worklock);
}

void gc_marker_init(Marker *w)
{
	*w = (Marker){0};
	w->buf = buf_new();
}

void gc_marker_done(Marker *w)
{
	buf_free(w->buf);
	w->buf = NULL;
}

static __attribute__((noinline)) void push_slow(Marker *w)
{
	WorkBuf *b = buf_new();
	b->next = w->buf;
	w->buf = b;
}

static inline void push(Marker *w, u64 item)
{
	if (unlikely(w->buf->n == nelem(w->buf->obj)))
		push_slow(w);
	w->buf->obj[w->buf->n++] = item;
}

static inline u64 pop(Marker *w)
{
	WorkBuf *b = w->buf;
	if (unlikely(!b->n)) {
		if (!b->next)
			return 0;
		w->buf = b->next;
		buf_free(b);
		b = w->buf;
	}
	return b->obj[--b->n];
}

static inline void mark_slot(Marker *w, MSpan *s, u32 i)
{
	u8 *byte = &s->markbits[i >> 3], bit = 1 << (i & 7);
	if (*byte & bit)
		return;
	if (likely(!work.parallel))
		*byte |= bit;
	else if (__atomic_fetch_or(byte, bit, __ATOMIC_RELAXED) & bit)
		return;
	w->bytes += s->elemsize;
	w->objects++;
	if (s->spanclass & 1)
		return;
	uptr obj = s->base + i * s->elemsize;
	push(w, s->elemsize <= BitmapMaxSize ? obj | s->elemsize >> 3 << 48 : obj);
}

/* A word the compiler calls a pointer leads to no object: freed memory, or a slot never given out. */
static __attribute__((noinline)) void bad_pointer(Marker *w, uptr p, MSpan *s)
{
	if (s && s->state == SpanManual)
		return;         /* a stack */
	w->badptr++;
	if (!rt_debugvars.memcheck)
		return;
	rt_printf("runtime: pointer %p to unused memory of the heap, span %p state %d elemsize %d\n", p, s ? s->base : 0,
		s ? (i64)s->state : -1, s ? s->elemsize : 0);
	if (s && s->state == SpanInUse)
		rt_throw("found pointer to free object");
}

static inline void mark_ptr(Marker *w, uptr p)
{
	uptr off = p - mheap.base;
	if (off >= mheap.used - mheap.base)
		return;
	MSpan *s = mheap.spans[off >> PageShift];
	u32 i;
	if (unlikely(!s || s->state != SpanInUse || (i = mspan_index(s, p)) >= s->nelems || mspan_isfree(s, i))) {
		bad_pointer(w, p, s);
		return;
	}
	mark_slot(w, s, i);
}

void gc_mark(Marker *w, uptr p)
{
	mark_ptr(w, p);
}

void gc_mark_conservative(Marker *w, uptr p)
{
	MSpan *s = mheap_span_of(p);
	if (!s)
		return;
	u32 i = mspan_index(s, p);
	if (i < s->nelems && !mspan_isfree(s, i))
		mark_slot(w, s, i);
}

__attribute__((no_sanitize("address"))) void gc_mark_range(Marker *w, uptr lo, uptr hi)
{
	for (uptr p = (lo + 7) & ~7ul; p + 8 <= hi; p += 8)
		gc_mark_conservative(w, *(volatile uptr *)p);
}

void gc_mark_block(Marker *w, uptr base, u64 ptrbytes, const u8 *mask)
{
	u64 words = ptrbytes >> 3;
	for (u64 i = 0; i < words; i += 8) {
		u32 bits = mask[i >> 3];
		if (words - i < 8)
			bits &= (1u << (words - i)) - 1;
		for (; bits; bits &= bits - 1) {
			uptr p = ((uptr *)base)[i + __builtin_ctz(bits)];
			if (p)
				mark_ptr(w, p);
		}
	}
}

/* Values of t one after the other in [base, base + n). */
static void scan_typed(Marker *w, uptr base, u64 n, Type *t)
{
	const u8 *mask = rt_type_gcmask(t);
	for (u64 off = 0; off < n; off += t->size) {
		u64 len = t->ptrbytes < n - off ? t->ptrbytes : n - off;
		gc_mark_block(w, base + off, len, mask);
	}
}

static inline void scan_bitmap(Marker *w, uptr obj, u64 words)
{
	u64 *map = (u64 *)((obj & ~(uptr)(PageSize - 1)) + PageSize - SpanBitmapBytes);
	u64 at = (obj & (PageSize - 1)) >> 3, sh = at & 63;
	u64 bits = map[at >> 6] >> sh;
	if (sh + words > 64)
		bits |= map[(at >> 6) + 1] << (64 - sh);
	if (words < 64)
		bits &= (1ul << words) - 1;
	for (; bits; bits &= bits - 1) {
		uptr p = ((uptr *)obj)[__builtin_ctzl(bits)];
		if (p)
			mark_ptr(w, p);
	}
	w->scanned += words << 3;
}

static void scan_item(Marker *w, u64 item)
{
	u64 words = item >> 48;
	if (words) {
		scan_bitmap(w, item & ((1ul << 48) - 1), words);
		return;
	}
	MSpan *s = mheap.spans[HEAP_PAGE(item)];
	if (mspan_hasheader(s))
		scan_typed(w, item + MallocHeaderSize, s->elemsize - MallocHeaderSize, *(Type **)item);
	else if (s->largetype)
		scan_typed(w, s->base, s->largesize, s->largetype);
	w->scanned += s->elemsize;
}

void gc_scan_object(Marker *w, uptr p)
{
	uptr obj;
	u32 i;
	MSpan *s = mheap_find_object(p, &obj, &i);
	if (!s || mspan_noscan(s))
		return;
	scan_item(w, s->elemsize <= BitmapMaxSize ? obj | s->elemsize >> 3 << 48 : obj);
}

/* Somebody has nothing to do: let go a buffer, or half of the only one. */
static __attribute__((noinline)) void give(Marker *w)
{
	WorkBuf *b = w->buf->next;
	if (b) {
		w->buf->next = b->next;
	} else {
		b = buf_new();
		u64 n = w->buf->n / 2;
		memcpy(b->obj, w->buf->obj, n * 8);
		memmove(w->buf->obj, w->buf->obj + n, (w->buf->n - n) * 8);
		w->buf->n -= n;
		b->n = n;
	}
	rt_lock(&work.lock);
	b->next = work.full;
	astorerel(&work.full, b);
	rt_unlock(&work.lock);
}

/* Our work is done: take a shared buffer; false when all workers are done. */
static bool take(Marker *w)
{
	rt_lock(&work.lock);
	axadd(&work.nidle, 1);
	for (;;) {
		WorkBuf *b = work.full;
		if (b) {
			astorerel(&work.full, b->next);
			axadd(&work.nidle, -1);
			rt_unlock(&work.lock);
			b->next = NULL;
			buf_free(w->buf);
			w->buf = b;
			return true;
		}
		if (work.nidle == work.nworkers)
			astorerel(&work.open, 0);
		if (!work.open) {
			rt_unlock(&work.lock);
			return false;
		}
		rt_unlock(&work.lock);
		for (u32 i = 0; !aload(&work.full) && aload(&work.open); i++) {
			__builtin_ia32_pause();
			if (i % 256 == 255)
				os_yield();
		}
		rt_lock(&work.lock);
	}
}

void gc_drain(Marker *w)
{
	for (;;) {
		u64 item;
		while (w->ringtail - w->ringhead < MarkRing && (item = pop(w))) {
			__builtin_prefetch((void *)(item & ((1ul << 48) - 1)));
			w->ring[w->ringtail++ % MarkRing] = item;
		}
		if (w->ringhead == w->ringtail) {
			if (!work.parallel || !take(w))
				return;
			continue;
		}
		if (unlikely(aloadrelaxed(&work.nidle)) && work.parallel && (w->buf->next || w->buf->n > 16) && !aloadrelaxed(&work.full))
			give(w);
		scan_item(w, w->ring[w->ringhead++ % MarkRing]);
	}
}

/* A thread without P and without signals of users: sleeps until there is something to mark. */
static void helper(void)
{
	os_sigmask(2 /* SIG_SETMASK */, ~(1ul << 32));     /* AllThreadsSyscall reaches us too */
	for (u32 seen = 0;;) {
		u32 gen;
		while ((gen = aload(&work.gen)) == seen)
			os_futexsleep(&work.gen, seen, -1);
		seen = gen;
		rt_lock(&work.lock);
		bool join = work.open;
		work.nworkers += join;
		work.inside += join;
		rt_unlock(&work.lock);
		if (!join)
			continue;
		Marker w;
		gc_marker_init(&w);
		gc_drain(&w);
		gc_marker_done(&w);
		rt_lock(&work.lock);
		work.bytes += w.bytes;
		work.objects += w.objects;
		axadd(&work.inside, -1);
		rt_unlock(&work.lock);
	}
}

static void start_helpers(u32 n)
{
	enum { HelperStack = 64 << 10 };    /* its lower half is the signal stack every thread must have */
	for (; work.nhelpers < n && work.nhelpers < MaxHelpers; work.nhelpers++) {
		M *mp = rt_persistentalloc(sizeof *mp, 64);
		u8 *stack = os_mmap(NULL, HelperStack, 3, 0x22);
		mp->self = mp;
		mp->g0 = mp->g = rt_persistentalloc(sizeof(G), 16);
		mp->gsignal = rt_persistentalloc(sizeof(G), 16);
		mp->g0->m = mp->gsignal->m = mp;
		mp->gsignal->stack = (Stack){ (uptr)stack, (uptr)stack + HelperStack / 2 };
		mp->g0->stack = (Stack){ (uptr)stack + HelperStack / 2, (uptr)stack + HelperStack };
		mp->systop = (uptr)stack + HelperStack - 64;
		mp->mstartfn = helper;
		mp->id = -1;
		rt_lock(&sched.lock);
		mp->alllink = sched.allm;
		astorerel(&sched.allm, mp);
		rt_unlock(&sched.lock);
		if (!stack || !os_newthread(mp, (void *)mp->systop))
			return;
	}
}

/* Drain together with up to n other threads. */
void gc_drain_parallel(Marker *w, u32 n)
{
	start_helpers(n);
	if (!n || !work.nhelpers) {
		gc_drain(w);
		return;
	}
	work.bytes = work.objects = 0;
	work.nworkers = 1;
	work.nidle = 0;
	work.parallel = 1;
	astore(&work.open, 1);
	axadd(&work.gen, 1);
	os_futexwake(&work.gen, n);
	gc_drain(w);
	while (aload(&work.inside))
		os_yield();
	rt_lock(&work.lock);    /* the last helper has let go of it */
	rt_unlock(&work.lock);
	work.parallel = 0;
	work.nidle = 0;
	w->bytes += work.bytes;
	w->objects += work.objects;
}
