/* mheap.c: pages.
 * Free runs of pages know their neighbours through the page table (a run is entered at its first
 * and last page), so freeing merges at once. Runs hang in bins: one per length below 128 pages,
 * eight per power of two above; a bitmap of non-empty bins makes the search short. Memory is
 * committed in steps of 4 MB. A bit per page says whether it may hold anything but zeros: fresh
 * and scavenged pages need no clearing and cost no memory. */
#include "mem.h"

MHeap mheap;
enum {
	GrowPages = (4 << 20) / PageSize,
	HugeFrom = 32 << 20,    /* a heap beyond this asks for huge pages: a fault costs microseconds in a virtual machine */
};

void mspan_list_push(MSpanList *l, MSpan *s)
{
	s->prev = NULL;
	s->next = l->first;
	if (l->first)
		l->first->prev = s;
	else
		l->last = s;
	l->first = s;
	s->list = l;
}

void mspan_list_remove(MSpan *s)
{
	MSpanList *l = s->list;
	*(s->prev ? &s->prev->next : &l->first) = s->next;
	*(s->next ? &s->next->prev : &l->last) = s->prev;
	s->next = s->prev = NULL;
	s->list = NULL;
}

static u32 bin_of(u64 npages)
{
	if (npages < NumExactBins)
		return npages;
	u32 e = 63 - __builtin_clzl(npages);
	return NumExactBins + (e - 7) * 8 + (npages >> (e - 3) & 7);
}

static void bin_insert(MSpan *s)
{
	u32 b = bin_of(s->npages);
	mspan_list_push(&mheap.bin[b], s);
	mheap.binmap[b >> 6] |= 1ul << (b & 63);
	mheap.spans[HEAP_PAGE(s->base)] = s;
	mheap.spans[HEAP_PAGE(s->base) + s->npages - 1] = s;
}

static void bin_remove(MSpan *s)
{
	u32 b = bin_of(s->npages);
	mspan_list_remove(s);
	if (!mheap.bin[b].first)
		mheap.binmap[b >> 6] &= ~(1ul << (b & 63));
	mheap.spans[HEAP_PAGE(s->base)] = NULL;
	mheap.spans[HEAP_PAGE(s->base) + s->npages - 1] = NULL;
}

static MSpan *record_new(void)
{
	MSpan *s = mheap.freespans;
	if (s) {
		mheap.freespans = s->next;
		*s = (MSpan){0};
		return s;
	}
	if (mheap.nall == mheap.capall) {
		u64 cap = mheap.capall ? mheap.capall * 2 : 4096;
		MSpan **all = rt_persistentalloc(cap * sizeof *all, 64);
		if (mheap.all)
			memcpy(all, mheap.all, mheap.nall * sizeof *all);
		astorerel(&mheap.all, all);     /* the old one stays readable for sweepers */
		mheap.capall = cap;
	}
	s = rt_persistentalloc(sizeof *s, 64);
	mheap.all[mheap.nall] = s;
	astorerel(&mheap.nall, mheap.nall + 1);
	return s;
}

static void record_free(MSpan *s)
{
	s->state = SpanDead;
	s->next = mheap.freespans;
	mheap.freespans = s;
}

/* Dirty pages among [page, page + n); clears or sets them when to is 0 or 1. */
static u64 dirty_update(u64 page, u64 n, int to)
{
	u64 count = 0;
	while (n) {
		u64 bit = page & 63, take = 64 - bit < n ? 64 - bit : n;
		u64 mask = (take == 64 ? ~0ul : (1ul << take) - 1) << bit;
		u64 *w = &mheap.dirty[page >> 6];
		count += bits_count(*w & mask);
		*w = to < 0 ? *w : to ? *w | mask : *w & ~mask;
		page += take;
		n -= take;
	}
	return count;
}

/* The pages of s join the free runs around them. */
static void free_run(MSpan *s)
{
	s->state = SpanFree;
	u64 page = HEAP_PAGE(s->base);
	MSpan *t = page ? mheap.spans[page - 1] : NULL;
	if (t && t->state == SpanFree) {
		bin_remove(t);
		s->base = t->base;
		s->npages += t->npages;
		record_free(t);
	}
	uptr end = s->base + s->npages * PageSize;
	t = end < mheap.used ? mheap.spans[HEAP_PAGE(end)] : NULL;
	if (t && t->state == SpanFree) {
		bin_remove(t);
		s->npages += t->npages;
		record_free(t);
	}
	bin_insert(s);
}

static MSpan *find_run(u64 npages)
{
	u32 b = bin_of(npages);
	int tries = 32;
	for (MSpan *s = mheap.bin[b].first; s && tries--; s = s->next)
		if (s->npages >= npages)
			return s;
	for (b++; b < NumBins; b = (b | 63) + 1) {
		u64 m = mheap.binmap[b >> 6] >> (b & 63);
		if (m)
			return mheap.bin[b + __builtin_ctzl(m)].first;
	}
	for (MSpan *s = mheap.bin[bin_of(npages)].first; s; s = s->next)
		if (s->npages >= npages)
			return s;
	return NULL;
}

static bool grow(u64 npages)
{
	u64 n = (npages + GrowPages - 1) / GrowPages * GrowPages * PageSize;
	if (n > mheap.limit - mheap.used)
		n = npages * PageSize;
	if (n > mheap.limit - mheap.used || !os_commit((void *)mheap.used, n))
		return false;
	if (mheap.used - mheap.base >= HugeFrom)
		os_madvise((void *)mheap.used, n, 14 /* MADV_HUGEPAGE */);
	MSpan *s = record_new();
	s->base = mheap.used;
	s->npages = n >> PageShift;
	mheap.pagesreleased += s->npages;
	mheap.used += n;
	free_run(s);
	return true;
}

static void span_init(MSpan *s, u32 spanclass)
{
	u32 class = spanclass >> 1;
	s->spanclass = spanclass;
	if (class) {
		u64 room = s->npages * PageSize;
		s->elemsize = rt_class_size[class];
		if (!(spanclass & 1) && s->elemsize <= BitmapMaxSize)
			room -= SpanBitmapBytes;
		s->nelems = room / s->elemsize;
		s->divmagic = ~(u32)0 / (u32)s->elemsize + 1;
	} else {
		s->elemsize = s->npages * PageSize;
		s->nelems = 1;
		s->divmagic = 0;
	}
	s->allocbits = mheap_bits_alloc(s->nelems, &s->bitsorder);
	s->markbits = mheap_bits_alloc(s->nelems, &s->bitsorder);
	s->sweepgen = mheap.sweepgen;
}

/* A span of npages; NULL: no memory. Its table entries are set. */
MSpan *mheap_alloc(u64 npages, u32 spanclass, u8 state)
{
	rt_lock(&mheap.lock);
	MSpan *s = find_run(npages);
	if (!s && grow(npages))
		s = find_run(npages);
	if (!s) {
		rt_unlock(&mheap.lock);
		return NULL;
	}
	bin_remove(s);
	if (s->npages > npages) {
		MSpan *rest = record_new();
		rest->base = s->base + npages * PageSize;
		rest->npages = s->npages - npages;
		rest->state = SpanFree;
		s->npages = npages;
		bin_insert(rest);
	}
	u64 page = HEAP_PAGE(s->base), dirty = dirty_update(page, npages, 1);
	s->needzero = dirty != 0;
	mheap.pagesreleased -= npages - dirty;
	if (state == SpanInUse) {
		span_init(s, spanclass);
		mheap.pagesinuse += npages;
	} else {
		mheap.pagesmanual += npages;
	}
	astorerel(&s->state, state);    /* markers look without the lock */
	for (u64 i = 0; i < npages; i++)
		astorerel(&mheap.spans[page + i], s);
	rt_unlock(&mheap.lock);
	return s;
}

void mheap_free(MSpan *s)
{
	rt_lock(&mheap.lock);
	u64 page = HEAP_PAGE(s->base);
	if (s->state == SpanInUse) {
		mheap_bits_free(s->allocbits, s->bitsorder);
		mheap_bits_free(s->markbits, s->bitsorder);
		s->allocbits = s->markbits = NULL;
		mheap.pagesinuse -= s->npages;
	} else {
		mheap.pagesmanual -= s->npages;
	}
	s->state = SpanFree;
	for (u64 i = 0; i < s->npages; i++)
		mheap.spans[page + i] = NULL;
	free_run(s);
	rt_unlock(&mheap.lock);
}

u64 mheap_scavenge(u64 keep)
{
	u64 released = 0;
	rt_lock(&mheap.lock);
	u64 total = (mheap.used - mheap.base) >> PageShift;
	u64 resident = (total - mheap.pagesinuse - mheap.pagesmanual - mheap.pagesreleased) * PageSize;
	for (i32 b = NumBins - 1; b > 0 && resident > keep; b--)
		for (MSpan *s = mheap.bin[b].first; s && resident > keep; s = s->next) {
			u64 n = dirty_update(HEAP_PAGE(s->base), s->npages, 0);
			if (!n)
				continue;
			os_madvise((void *)s->base, s->npages * PageSize, 4 /* MADV_DONTNEED */);
			mheap.pagesreleased += n;
			released += n * PageSize;
			resident -= n * PageSize;
		}
	rt_unlock(&mheap.lock);
	return released;
}

/* Zeroed bitmaps with room for nelems bits; mheap.lock held, or nobody else there yet. */
u8 *mheap_bits_alloc(u32 nelems, u8 *order)
{
	u32 bytes = (nelems + 63) / 64 * 8, o = 0;
	while ((8u << o) < bytes)
		o++;
	*order = o;
	u8 *b = mheap.bitspool[o];
	if (!b)
		return rt_persistentalloc(8u << o, 8);
	mheap.bitspool[o] = *(u8 **)b;
	mem_zero(b, 8u << o);
	return b;
}

void mheap_bits_free(u8 *b, u8 order)
{
	*(u8 **)b = mheap.bitspool[order];
	mheap.bitspool[order] = b;
}

MSpan *mheap_find_object(uptr p, uptr *start, u32 *index)
{
	MSpan *s = mheap_span_of(p);
	if (!s)
		return NULL;
	u32 i = mspan_index(s, p);
	if (i >= s->nelems)
		return NULL;
	*index = i;
	*start = s->base + i * s->elemsize;
	return s;
}

uptr mheap_object_base(uptr p)
{
	uptr start;
	u32 i;
	MSpan *s = mheap_find_object(p, &start, &i);
	if (!s)
		return 0;
	return start + (mspan_hasheader(s) ? MallocHeaderSize : 0);
}

/* Reserve at upstream's address if we can, so that heap pointers look familiar. */
void mheap_init(void)
{
	for (u32 shift = 40; shift >= 28; shift -= 2) {
		u64 n = 1ul << shift;
		void *p = os_mmap((void *)0xc000000000ul, n, 0, 0x4022 /* PRIVATE ANONYMOUS NORESERVE */);
		if (!p)
			continue;
		u64 pages = n >> PageShift;
		mheap.spans = os_mmap(NULL, pages * sizeof(MSpan *), 3, 0x4022);
		mheap.dirty = os_mmap(NULL, pages / 8, 3, 0x4022);
		if (!mheap.spans || !mheap.dirty) {
			os_munmap(p, n);
			if (mheap.spans)
				os_munmap(mheap.spans, pages * sizeof(MSpan *));
			continue;
		}
		uptr base = ((uptr)p + (4 << 20) - 1) & ~(uptr)((4 << 20) - 1);
		mheap.base = mheap.used = base;
		mheap.limit = ((uptr)p + n) & ~(uptr)(PageSize - 1);
		return;
	}
	rt_throw("runtime: cannot reserve heap virtual address space");
}

/* Off-heap memory that is never given back: bump allocation in 256 KB pieces. */
void *rt_persistentalloc(u64 size, u64 align)
{
	static Mutex lock;
	static uptr at, end;
	if (size >= 128 << 10) {
		void *p = os_mmap(NULL, (size + 4095) & ~4095ul, 3, 0x22);
		if (!p)
			rt_fatal("runtime: cannot allocate memory");
		axadd(&mheap.metabytes, size);
		return p;
	}
	rt_lock(&lock);
	at = (at + align - 1) & ~(align - 1);
	if (at + size > end || !at) {
		at = (uptr)os_mmap(NULL, 256 << 10, 3, 0x22);
		if (!at)
			rt_fatal("runtime: cannot allocate memory");
		end = at + (256 << 10);
		mheap.metabytes += 256 << 10;
	}
	void *p = (void *)at;
	at += size;
	rt_unlock(&lock);
	return p;
}

void *rt_stackspan_alloc(u64 bytes)
{
	MSpan *s = mheap_alloc((bytes + PageSize - 1) >> PageShift, 0, SpanManual);
	if (!s)
		rt_fatal("runtime: out of memory: cannot allocate stack");
	axadd(&mheap.stackinuse, s->npages * PageSize);
	return (void *)s->base;
}

void rt_stackspan_free(void *p, u64 bytes)
{
	MSpan *s = mheap.spans[HEAP_PAGE(p)];
	if (!s || s->state != SpanManual || s->base != (uptr)p || s->npages != (bytes + PageSize - 1) >> PageShift)
		rt_throw("rt_stackspan_free: not a stack span");
	axadd(&mheap.stackinuse, -(s->npages * PageSize));
	mheap_free(s);
}
