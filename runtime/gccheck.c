/* gccheck.c: a hostile mode that finds what concurrent marking has missed (SEAGO_DEBUG=gccheck=1).
 *
 * At the end of each mark phase, with the world still stopped, everything is marked once more from the roots, into fresh
 * bits. What is found now and was not found then would have been freed while in use. Words that are taken for pointers conservatively do not
 * count: a goroutine stopped somewhere else now may have old ones lying about. */
#include "mem.h"

bool gc_checking;

void gc_check_object(Marker *w, MSpan *s, u32 i)
{
	if (s->checkbits[i >> 3] >> (i & 7) & 1)
		return;
	uptr from = w->item & ((1ul << 48) - 1), obj = s->base + i * s->elemsize;
	rt_printf("runtime: object %p of %d bytes (span %p, slot %d) can be reached and was not marked\n", obj, s->elemsize, s->base, (u64)i);
	if (w->frame && w->stackhi) {
		String name = rt_funcname(w->frame->f);
		rt_printf("\tfound in the frame of %S, pc %p, sp %p\n", &name, w->frame->pc, w->frame->sp);
		for (uptr p = w->frame->sp; p < w->frame->argp; p += 8)
			if (*(uptr *)p - obj < s->elemsize)
				rt_printf("\tat sp+%d, varp-%d\n", p - w->frame->sp, w->frame->varp - p);
	} else if (from) {
		MSpan *f = mheap_span_of(from);
		rt_printf("\tfound while scanning %p, of %d bytes\n", from, f ? f->elemsize : 0ul);
		for (u64 k = 0; f && k < f->elemsize / 8 && k < 64; k++)
			rt_printf("\t+%d: %p\n", k * 8, ((uptr *)from)[k]);
	} else {
		rt_printf("\tfound in a root\n");
	}
	rt_throw("concurrent marking missed an object");
}

void gc_check_marks(Marker *w)
{
	GcSums sums = gcsums;
	rt_lock(&mheap.lock);
	for (u64 i = 0; i < mheap.nall; i++) {
		MSpan *s = mheap.all[i];
		if (s->state != SpanInUse)
			continue;
		s->checkbits = s->markbits;
		s->markbits = mheap_bits_alloc(s->nelems, &s->bitsorder);
	}
	rt_unlock(&mheap.lock);
	gc_checking = true;
	mheap.parity ^= 1;
	gc_prepare_work();
	w->item = 0;
	w->stacklo = w->stackhi = 0;
	if (rt_curg())
		gc_scan_goroutine(w, rt_curg());
	gc_settle(w, 0);
	gc_checking = false;
	rt_lock(&mheap.lock);
	for (u64 i = 0; i < mheap.nall; i++) {
		MSpan *s = mheap.all[i];
		if (s->state != SpanInUse)
			continue;
		mheap_bits_free(s->markbits, s->bitsorder);
		s->markbits = s->checkbits;
		s->checkbits = NULL;
	}
	rt_unlock(&mheap.lock);
	gcsums = sums;
	w->bytes = w->objects = w->stackbytes = 0;
}
