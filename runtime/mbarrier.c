/* mbarrier.c: stores of pointers while a mark is running.
 * The compiler tests runtime.writeBarrier before each store of a pointer; when it is set, the old
 * and the new value go through the P's buffer to the marker. The old one, for it may be all that led to its object
 * from memory not yet looked at; the new one, for it may come from a stack not yet looked at and go to memory that
 * was. Whole values are copied after a bulk barrier has recorded their pointers, of both sides. Stacks as targets need the new
 * values only, and only if the stack is another goroutine's: rt_copybarrier.
 *
 * A word recorded may be anything: marking judges it conservatively. SEAGO_DEBUG=wb=1 has barriers on outside of
 * collections too, where draining checks that every recorded word is something a barrier may see, and wb=2
 * looks for stores without one (wbcheck.c). */
#include "mem.h"

struct RtWriteBarrier rt_writebarrier;

static void record(P *pp, uptr v)
{
	WbBuf *b = &pp->wbbuf;
	if (!v)
		return;
	if (b->next == 0 || b->next + 8 > b->end)
		gc_flush_p(pp);
	*(uptr *)b->next = v;
	b->next += 8;
}

static void verify(const WbBuf *b)
{
	for (const uptr *q = b->buf; (uptr)q < b->next; q++) {
		uptr start;
		u32 i;
		MSpan *s = mheap_find_object(*q, &start, &i);
		if (s && mspan_isfree(s, i) && !s->cached)
			rt_throw("write barrier recorded a pointer to a free object");
	}
}

void gc_flush_p(P *pp)
{
	WbBuf *b = &pp->wbbuf;
	if (b->next) {
		if (rt_debugvars.memcheck)
			verify(b);
		wbcheck_note(b->buf, (b->next - (uptr)b->buf) / 8);
		Marker *w = gc_marking() ? gc_marker_of(pp) : NULL;
		for (const uptr *q = b->buf; w && (uptr)q < b->next; q++)
			gc_mark_conservative(w, *q);
	}
	b->next = (uptr)b->buf;
	b->end = (uptr)(b->buf + WbBufLen);
}

void rt_wbflush(void)
{
	gc_flush_p(rt_p());
}

void rt_shade(void *p)
{
	record(rt_p(), (uptr)p);
}

void rt_wb_store(void **slot, void *val)
{
	if (unlikely(rt_writebarrier.enabled)) {
		record(rt_p(), (uptr)*slot);
		record(rt_p(), (uptr)val);
	}
	*slot = val;
}

/* Where pointers are in memory that is about to be written: bit i of map (NULL: all), of n words that repeat every step words. */
typedef struct { const u8 *map; u64 at, n, step; } Pointers;

static bool is_pointer(const Pointers *m, u64 i)
{
	u64 k = m->at + i;
	if (m->step)
		k %= m->step;
	return k < m->n && m->map[k >> 3] >> (k & 7) & 1;
}

static bool of_type(Pointers *m, Type *t, u64 off)
{
	*m = (Pointers){ rt_type_gcmask(t), off >> 3, t->ptrbytes >> 3, t->size >> 3 };
	return true;
}

/* False: a stack, memory without pointers, or none of ours. */
static bool pointers_at(Pointers *m, uptr p)
{
	uptr start;
	u32 i;
	MSpan *s = mheap_find_object(p, &start, &i);
	if (s) {
		if (mspan_noscan(s))
			return false;
		if (mspan_hasbitmap(s)) {
			*m = (Pointers){ (const u8 *)(s->base + PageSize - SpanBitmapBytes), (p - s->base) >> 3, ~0ul, 0 };
			return true;
		}
		if (mspan_hasheader(s))
			return of_type(m, *(Type **)start, p - start - MallocHeaderSize);
		return s->largetype && of_type(m, s->largetype, p - s->base);
	}
	for (Moduledata *md = &rt_firstmoduledata; md; md = md->next) {
		if (p - md->data < md->edata - md->data) {
			*m = (Pointers){ md->gcdatamask.bytedata, (p - md->data) >> 3, md->gcdatamask.n, 0 };
			return true;
		}
		if (p - md->bss < md->ebss - md->bss) {
			*m = (Pointers){ md->gcbssmask.bytedata, (p - md->bss) >> 3, md->gcbssmask.n, 0 };
			return true;
		}
	}
	return false;
}

/* Before memory [dst, dst + size) of heap or globals is overwritten from src (0: cleared). */
void mem_bulkbarrier(uptr dst, uptr src, u64 size, Type *typ UNUSED)
{
	Pointers m;
	if (!rt_writebarrier.enabled || !pointers_at(&m, dst))
		return;
	P *pp = rt_p();
	for (u64 i = 0; i < size >> 3; i++) {
		if (!is_pointer(&m, i))
			continue;
		record(pp, ((uptr *)dst)[i]);
		if (src)
			record(pp, ((uptr *)src)[i]);
	}
}

/* The same when dst holds nothing yet. */
void mem_bulkbarriersrc(uptr dst UNUSED, uptr src, u64 size, Type *typ)
{
	if (!rt_writebarrier.enabled)
		return;
	P *pp = rt_p();
	Pointers m;
	if (typ)
		of_type(&m, typ, 0);
	for (u64 i = 0; i < size >> 3; i++)
		if (!typ || is_pointer(&m, i))
			record(pp, ((uptr *)src)[i]);
}

void rt_bulk_barrier(Type *t, void *dst, const void *src)
{
	if (unlikely(rt_writebarrier.enabled) && t->ptrbytes)
		mem_bulkbarrier((uptr)dst, (uptr)src, t->ptrbytes, t);
}

void rt_copybarrier(Type *t, const void *src)
{
	if (t->ptrbytes)
		mem_bulkbarriersrc(0, (uptr)src, t->ptrbytes, t);
}

void rt_typedmemmove(Type *t, void *dst, const void *src)
{
	if (dst == src)
		return;
	rt_bulk_barrier(t, dst, src);
	memmove(dst, src, t->size);
}

void rt_typedmemclr(Type *t, void *p)
{
	rt_bulk_barrier(t, p, NULL);
	mem_zero(p, t->size);
}
