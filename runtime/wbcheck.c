/* wbcheck.c: a hostile mode that finds stores without write barrier (SEAGO_DEBUG=wb=2).
 *
 * Barriers are always on. The values they report go into a set. At each collection every pointer slot of every object that was
 * alive at the collection before is compared with a copy taken then. If it has changed, the value that was there must be in the set,
 * and so must the value that is there now: otherwise some store went without. An object that was alive then and is alive now cannot
 * have been freed in between, so nothing else explains the change. */
#include "mem.h"

static struct {
	Mutex lock;
	uptr *set;              /* open addressing, 0: free */
	u64 n, cap;
	uptr *copy;             /* a word for each word of the heap, made when touched */
	u8 *stamp;              /* cycle in which the copy was taken, never 0 */
	u8 cycle;
	bool on;
} check;

static void *lazily(u64 bytes)
{
	void *p = os_mmap(NULL, bytes, 3, 0x4022);
	if (!p)
		rt_throw("wb=2: no address space for a copy of the heap");
	return p;
}

void wbcheck_init(void)
{
	u64 words = (mheap.limit - mheap.base) / 8;
	check.copy = lazily(words * 8);
	check.stamp = lazily(words);
	check.cap = 1 << 16;
	check.set = lazily(check.cap * 8);
	check.on = true;
	rt_writebarrier.enabled = 1;
}

static uptr *place(uptr *set, u64 cap, uptr v)
{
	u64 i = (v >> 3) * 0x9e3779b97f4a7c15 >> 20;
	while (set[i & (cap - 1)] && set[i & (cap - 1)] != v)
		i++;
	return &set[i & (cap - 1)];
}

static void grow(void)
{
	uptr *old = check.set;
	u64 cap = check.cap;
	check.cap *= 4;
	check.set = lazily(check.cap * 8);
	for (u64 i = 0; i < cap; i++)
		if (old[i])
			*place(check.set, check.cap, old[i]) = old[i];
	os_munmap(old, cap * 8);
}

/* Values a barrier has reported. */
void wbcheck_note(const uptr *v, u64 n)
{
	if (!check.on)
		return;
	rt_lock(&check.lock);
	for (u64 i = 0; i < n; i++) {
		if (check.n * 2 >= check.cap)
			grow();
		uptr *at = place(check.set, check.cap, v[i]);
		check.n += *at == 0;
		*at = v[i];
	}
	rt_unlock(&check.lock);
}

static bool covered(uptr v)
{
	return !mheap_span_of(v) || *place(check.set, check.cap, v) == v;
}

static void slot(uptr *p, u8 last)
{
	u64 at = ((uptr)p - mheap.base) / 8;
	uptr was = check.copy[at], is = *p;
	if (check.stamp[at] == last && last != 0 && was != is && (!covered(was) || !covered(is))) {
		MSpan *s = mheap_span_of((uptr)p);
		rt_printf("runtime: %p, in an object of %d bytes, changed from %p to %p without a write barrier\n", p, s->elemsize, was, is);
		rt_throw("missing write barrier");
	}
	check.copy[at] = is;
	check.stamp[at] = check.cycle;
}

static void typed(uptr base, u64 n, Type *t, u8 last)
{
	const u8 *mask = rt_type_gcmask(t);
	for (u64 off = 0; off < n; off += t->size)
		for (u64 i = 0; i < t->ptrbytes / 8 && off + i * 8 < n; i++)
			if (mask[i / 8] >> (i % 8) & 1)
				slot((uptr *)(base + off) + i, last);
}

static void object(MSpan *s, uptr obj, u8 last)
{
	if (mspan_hasbitmap(s)) {
		const u8 *map = (const u8 *)((obj & ~(uptr)(PageSize - 1)) + PageSize - SpanBitmapBytes);
		u64 first = (obj & (PageSize - 1)) >> 3;
		for (u64 i = first; i < first + s->elemsize / 8; i++)
			if (map[i / 8] >> (i % 8) & 1)
				slot((uptr *)obj + (i - first), last);
	} else if (mspan_hasheader(s)) {
		typed(obj + MallocHeaderSize, s->elemsize - MallocHeaderSize, *(Type **)obj, last);
	} else if (s->largetype) {
		typed(s->base, s->largesize, s->largetype, last);
	}
}

/* The world is stopped and marking is done. */
void wbcheck_heap(void)
{
	if (!check.on)
		return;
	for (i32 i = 0; i < sched.gomaxprocs; i++) {
		WbBuf *b = &rt_allp[i]->wbbuf;
		wbcheck_note(b->buf, (b->next - (uptr)b->buf) / 8);
		b->next = (uptr)b->buf;
	}
	if (check.cycle == 255) {       /* begin again, with nothing known */
		memset(check.stamp, 0, (mheap.used - mheap.base) / 8);
		check.cycle = 1;
	}
	u8 last = check.cycle++;        /* 0 at first: nothing is known */
	for (u64 i = 0; i < mheap.nall; i++) {
		MSpan *s = mheap.all[i];
		if (s->state != SpanInUse || mspan_noscan(s))
			continue;
		for (u32 k = 0; k < s->nelems; k++)
			if (s->markbits[k >> 3] >> (k & 7) & 1)
				object(s, s->base + k * s->elemsize, last);
	}
	memset(check.set, 0, check.cap * 8);
	check.n = 0;
}
