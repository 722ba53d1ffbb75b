/* mbarrier.c: stores of pointers while a mark is running.
 * The compiler tests runtime.writeBarrier before each store of a pointer; when it is set, the old
 * and the new value go through the P's buffer to the marker. With a collector that stops the world
 * the flag stays 0, and these functions are copies; SEAGO_DEBUG=wb=1 sets it outside of
 * collections, where draining checks that every recorded word is something a barrier may see, and wb=2
 * looks for stores without one (wbcheck.c). */
#include "mem.h"

struct RtWriteBarrier rt_writebarrier;

static void record(P *pp, uptr v)
{
	WbBuf *b = &pp->wbbuf;
	if (!v)
		return;
	if (b->next == 0 || b->next + 8 > b->end)
		rt_wbflush();
	*(uptr *)b->next = v;
	b->next += 8;
}

void rt_wbflush(void)
{
	P *pp = rt_p();
	WbBuf *b = &pp->wbbuf;
	if (b->next && rt_debugvars.memcheck)
		for (uptr *q = b->buf; (uptr)q < b->next; q++) {
			uptr start;
			u32 i;
			MSpan *s = mheap_find_object(*q, &start, &i);
			if (s && mspan_isfree(s, i) && !s->cached)
				rt_throw("write barrier recorded a pointer to a free object");
		}
	if (b->next)
		wbcheck_note(b->buf, (b->next - (uptr)b->buf) / 8);
	b->next = (uptr)b->buf;
	b->end = (uptr)(b->buf + WbBufLen);
}

void rt_wb_store(void **slot, void *val)
{
	if (unlikely(rt_writebarrier.enabled)) {
		record(rt_p(), (uptr)*slot);
		record(rt_p(), (uptr)val);
	}
	*slot = val;
}

/* Before memory [dst, dst + size) of heap or globals is overwritten from src (0: cleared). */
void mem_bulkbarrier(uptr dst, uptr src, u64 size)
{
	P *pp = rt_p();
	uptr start;
	u32 i;
	if (!rt_writebarrier.enabled || !mheap_find_object(dst, &start, &i))
		return;
	for (u64 off = 0; off < size; off += 8) {
		record(pp, *(uptr *)(dst + off));
		if (src)
			record(pp, *(uptr *)(src + off));
	}
}

/* The same when dst holds nothing yet. */
void mem_bulkbarriersrc(uptr dst, uptr src, u64 size)
{
	(void)dst;
	if (rt_writebarrier.enabled)
		for (u64 off = 0; off < size; off += 8)
			record(rt_p(), *(uptr *)(src + off));
}

void rt_bulk_barrier(Type *t, void *dst, const void *src)
{
	if (unlikely(rt_writebarrier.enabled) && t->ptrbytes)
		mem_bulkbarrier((uptr)dst, (uptr)src, t->ptrbytes);
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
