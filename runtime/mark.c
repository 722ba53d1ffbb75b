/* mark.c: what can be reached.
 * An object is marked in its span's mark bits; if it can hold pointers it is pushed to be scanned.
 * Work items are addresses; those of objects with a bitmap carry their length in words in the
 * upper 16 bits, so that scanning them does not touch the span again; pieces of large objects carry
 * all ones there. Before an item is scanned it waits in a small ring while its memory is fetched.
 * A marker keeps one buffer of items; full ones go to a list from which everybody takes.
 *
 * The program runs meanwhile: words are read once, mark bits are set atomically, and whatever is
 * found must be judged by the span it is in, which can only be older or newer than the pointer. */
#include "mem.h"

static Mutex worklock;
static WorkBuf *freebufs, *fullbufs;    /* full is looked at without the lock */
u32 gc_hungry;
enum { Piece = 64 << 10, PieceTag = 0xffff };

static inline uptr word_at(uptr p)
{
	return __atomic_load_n((uptr *)p, __ATOMIC_RELAXED);
}

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

void gc_marker_init(Marker *w)
{
	if (!w->buf)
		w->buf = buf_new();
}

Marker *gc_marker_of(P *pp)
{
	if (!pp->gcw) {
		pp->gcw = rt_persistentalloc(sizeof(Marker), 64);
		gc_marker_init(pp->gcw);
	}
	return pp->gcw;
}

static void publish(WorkBuf *b)
{
	rt_lock(&worklock);
	b->next = fullbufs;
	astorerel(&fullbufs, b);
	rt_unlock(&worklock);
}

static __attribute__((noinline)) void push_slow(Marker *w)
{
	publish(w->buf);
	w->buf = buf_new();
}

static inline void push(Marker *w, u64 item)
{
	if (unlikely(w->buf->n == nelem(w->buf->obj)))
		push_slow(w);
	w->buf->obj[w->buf->n++] = item;
}

bool gc_publish(Marker *w)
{
	while (w->ringhead != w->ringtail)
		push(w, w->ring[w->ringhead++ % MarkRing]);
	if (!w->buf->n)
		return false;
	push_slow(w);
	return true;
}

bool gc_work_waits(void)
{
	return aload(&fullbufs) != NULL;
}

/* An empty buffer for a full one. */
static bool take(Marker *w)
{
	if (!aloadrelaxed(&fullbufs))
		return false;
	rt_lock(&worklock);
	WorkBuf *b = fullbufs;
	if (b) {
		astorerel(&fullbufs, b->next);
		w->buf->next = freebufs;
		freebufs = w->buf;
	}
	rt_unlock(&worklock);
	if (!b)
		return false;
	b->next = NULL;
	w->buf = b;
	return true;
}

static inline u64 pop(Marker *w)
{
	if (unlikely(!w->buf->n) && !take(w))
		return 0;
	return w->buf->obj[--w->buf->n];
}

/* Somebody looks for work: half of ours, if nobody else has offered any. */
static __attribute__((noinline)) void give(Marker *w)
{
	if (w->buf->n < 16 || aloadrelaxed(&fullbufs))
		return;
	WorkBuf *b = buf_new();
	u64 n = w->buf->n / 2;
	memcpy(b->obj, w->buf->obj, n * 8);
	memmove(w->buf->obj, w->buf->obj + n, (w->buf->n - n) * 8);
	w->buf->n -= n;
	b->n = n;
	publish(b);
}

static inline void mark_slot(Marker *w, MSpan *s, u32 i)
{
	u8 *byte = &s->markbits[i >> 3], bit = 1 << (i & 7);
	if (__atomic_load_n(byte, __ATOMIC_RELAXED) & bit)
		return;
	if (__atomic_fetch_or(byte, bit, __ATOMIC_RELAXED) & bit)
		return;
	if (unlikely(gc_checking))
		gc_check_object(w, s, i);
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

/* p may lead to a span that is being made or unmade. What concurrent marking has not found by such a word is no matter for gccheck. */
void gc_mark_conservative(Marker *w, uptr p)
{
	MSpan *s = mheap_span_of(p);
	if (!s || p - s->base >= s->npages * PageSize)
		return;
	u32 i = mspan_index(s, p);
	if (i >= s->nelems || mspan_isfree(s, i))
		return;
	if (unlikely(gc_checking) && !(s->checkbits[i >> 3] >> (i & 7) & 1))
		return;
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
			uptr p = word_at(base + (i + __builtin_ctz(bits)) * 8);
			if (p)
				mark_ptr(w, p);
		}
	}
}

/* Part [from, to) of values of t that stand one after the other at base. */
static void scan_typed(Marker *w, uptr base, u64 from, u64 to, Type *t)
{
	const u8 *mask = rt_type_gcmask(t);
	if (t->size == 8) {
		for (u64 off = from; off < to; off += 8) {
			uptr p = word_at(base + off);
			if (p)
				mark_ptr(w, p);
		}
		return;
	}
	for (u64 off = from - from % t->size; off < to; off += t->size) {
		u64 len = t->ptrbytes < to - off ? t->ptrbytes : to - off;
		u64 lo = off < from ? (from - off) & ~63ul : 0;        /* whole bytes of the mask */
		if (lo < len)
			gc_mark_block(w, base + off + lo, len - lo, mask + (lo >> 6));
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
		uptr p = word_at(obj + (u32)__builtin_ctzl(bits) * 8);
		if (p)
			mark_ptr(w, p);
	}
	w->scanned += words << 3;
}

static void scan_large(Marker *w, MSpan *s, uptr from)
{
	u64 at = from - s->base, left = s->largesize - at;
	u64 n = left < Piece ? left : Piece;
	scan_typed(w, s->base, at, at + n, s->largetype);
	w->scanned += n;
}

static void scan_item(Marker *w, u64 item)
{
	u64 words = item >> 48;
	uptr p = item & ((1ul << 48) - 1);
	w->item = item;
	if (words - 1 < PieceTag - 1) {
		scan_bitmap(w, p, words);
		return;
	}
	MSpan *s = mheap.spans[HEAP_PAGE(p)];
	if (mspan_hasheader(s)) {
		scan_typed(w, p + MallocHeaderSize, 0, s->elemsize - MallocHeaderSize, *(Type **)p);
		w->scanned += s->elemsize;
	} else if (s->largetype) {
		for (u64 at = Piece; !words && at < s->largesize; at += Piece)
			push(w, (s->base + at) | (u64)PieceTag << 48);
		scan_large(w, s, p);
	}
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

bool gc_drain(Marker *w, u64 amount)
{
	u64 end = w->scanned + amount;
	for (;;) {
		u64 item;
		while (w->ringtail - w->ringhead < MarkRing && (item = pop(w))) {
			__builtin_prefetch((void *)(item & ((1ul << 48) - 1)));
			w->ring[w->ringtail++ % MarkRing] = item;
		}
		if (w->ringhead == w->ringtail)
			return false;
		if (unlikely(aloadrelaxed(&gc_hungry)))
			give(w);
		scan_item(w, w->ring[w->ringhead++ % MarkRing]);
		if (w->scanned >= end)
			return true;
	}
}
