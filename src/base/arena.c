/* Arenas: bump allocation out of chunks.
 *
 * A first-touched page costs more than the work done in it, so memory that was touched is used again: small chunks, of four
 * sizes to a power of two, are cut from regions and go back to a list of the thread that frees them. An arena starts with a
 * small chunk and doubles up to a limit, so that thousands of small arenas cost little. Regions, and chunks for large requests,
 * come from the system, in huge pages where the kernel gives them; large chunks return to it. A request that does not fit opens a
 * new chunk; what was left of the old one is forgotten. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include "base.h"
#ifdef ARENA_CHECKED
#include <sanitizer/asan_interface.h>
#define unpoison(p, n) __asan_unpoison_memory_region(p, n)
#define poison(p, n) __asan_poison_memory_region(p, n)
#else
#define unpoison(p, n) ((void)0)
#define poison(p, n) ((void)0)
#endif

struct ArenaChunk {
	ArenaChunk *prev;
	size_t size;            /* of the whole chunk; up to ChunkSmall it belongs to the lists below */
};

enum { ChunkMin = 1 << 10, ChunkFirst = 8 << 10, ChunkSmall = 1 << 20, ChunkMax = 256 << 10, HugePage = 2 << 20, RegionSize = HugePage, NClass = 41, NearClass = 4 };

/* Four sizes to every power of two. */
static inline size_t class_size(u32 c)
{
	return (size_t)(ChunkMin / 4) * (4 + c % 4) << c / 4;
}

/* What a thread may cut chunks from. */
static _Thread_local struct { ArenaChunk *list[NClass]; u64 some; /* bit c: list c is not empty */ char *p, *end; } mine;

static void *from_system(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		fatal("out of memory:");
	return p;
}

/* The same in huge pages. New kernels align large mappings; else more is mapped, and what was too much given back. */
static void *from_system_huge(size_t size)
{
	char *p = from_system(size);
	if ((uintptr_t)p % HugePage) {
		munmap(p, size);
		char *more = from_system(size + HugePage);
		p = (char *)align_up((uintptr_t)more, HugePage);
		if (p > more)
			munmap(more, (size_t)(p - more));
		if (p < more + HugePage)
			munmap(p + size, (size_t)(more + HugePage - p));
	}
	madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static u32 class_of(size_t size)
{
	u32 c = size > ChunkMin ? 4 * (63 - (u32)__builtin_clzll(size) - 10) : 0;
	while (class_size(c) < size)
		c++;
	return c;
}

static void put_back(ArenaChunk *c, u32 class)
{
	c->prev = mine.list[class];
	mine.list[class] = c;
	mine.some |= 1ull << class;
}

/* A chunk that was used before: the largest of up to class, of at least class least; else one a little larger. */
static ArenaChunk *chunk_used(u32 least, u32 class)
{
	u64 fit = mine.some & ~0ull << least, below = fit & ((2ull << class) - 1), above = fit & ~below & ((2ull << (class + NearClass)) - 1);
	if (!below && !above)
		return NULL;
	u32 i = below ? 63 - (u32)__builtin_clzll(below) : (u32)__builtin_ctzll(above);
	ArenaChunk *c = mine.list[i];
	mine.list[i] = c->prev;
	if (!c->prev)
		mine.some &= ~(1ull << i);
	return c;
}

/* Not zeroed. */
static ArenaChunk *chunk_small(u32 least, u32 class)
{
	size_t size = class_size(class);
	ArenaChunk *c = chunk_used(least, class);
	if (c)
		return c;
	if (size > (size_t)(mine.end - mine.p)) {
		for (u32 i = NClass; i-- > 0;)          /* what is left of the region still makes smaller chunks */
			while (class_size(i) <= (size_t)(mine.end - mine.p)) {
				c = (ArenaChunk *)(void *)mine.p;
				mine.p += class_size(i);
				c->size = class_size(i);
				put_back(c, i);
			}
		mine.p = from_system_huge(RegionSize);
		mine.end = mine.p + RegionSize;
	}
	c = (ArenaChunk *)(void *)mine.p;
	mine.p += size;
	c->size = size;
	return c;
}

static ArenaChunk *chunk_large(size_t size)
{
	ArenaChunk *c = size >= HugePage ? from_system_huge(size) : from_system(size);
	c->size = size;
	return c;
}

/* Sanitizers see misuse of freed memory only if it is unmapped. */
static bool use_lists(void)
{
#ifdef ARENA_CHECKED
	return false;
#else
	return true;
#endif
}

static void chunk_free(ArenaChunk *c)
{
	if (c->size > ChunkSmall || !use_lists()) {
		unpoison(c, c->size);
		munmap(c, c->size);
		return;
	}
	put_back(c, class_of(c->size));
}

/* The next chunk of the arena, with its header of want bytes, or at least least if such a one was used before. */
static void open_chunk(Arena *a, size_t least, size_t want)
{
	ArenaChunk *c = NULL;
	if (least <= ChunkSmall && use_lists())
		c = want <= ChunkSmall ? chunk_small(class_of(least), class_of(want)) : chunk_used(class_of(least), NClass - 1);
	if (!c)
		c = chunk_large(align_up(want, 4096));
	c->prev = a->chunk;
	a->chunk = c;
	a->total += c->size;
	a->p = (char *)(c + 1);
	a->end = (char *)c + c->size;
}

void *arena_grow(Arena *a, size_t size, size_t align, bool zero)
{
	size_t want = min_u64(max_u64(a->total, ChunkFirst), ChunkMax), need = size + align + sizeof(ArenaChunk);
	open_chunk(a, max_u64(need, min_u64(want / 8, ChunkFirst / 4)), max_u64(want, need));
	char *p = (char *)align_up((uintptr_t)(a->chunk + 1), align);
	a->p = p + size;
	return zero && a->chunk->size <= ChunkSmall ? memset(p, 0, size) : p;  /* large ones are fresh from the system: zero */
}

void arena_start(Arena *a, size_t size)
{
	*a = (Arena){0};
	size += sizeof(ArenaChunk);
	open_chunk(a, size, size);
}
#ifdef ARENA_CHECKED
void *arena_alloc_checked(Arena *a, size_t size, size_t align)
{
	enum { Gap = 16 };
	char *p = (char *)align_up((uintptr_t)a->p, align);
	if (!a->p || p + size + Gap > a->end || p + size + Gap < p)
		p = arena_grow(a, size + Gap, align, true);
	a->p = p + size + Gap;
	if (a->chunk) {         /* not on the C stack, whose marks would outlive the frame */
		unpoison(p, size + Gap);
		poison(p + size, Gap);
	}
	return memset(p, 0, size);
}
#endif

void *arena_fresh(Arena *a, size_t size, bool dense)
{
	if (!a->chunk)
		open_chunk(a, ChunkFirst, ChunkFirst);
	size = align_up(size + sizeof(ArenaChunk) + ChunkSmall, 4096);   /* large: it goes back to the system */
	ArenaChunk *c = dense ? from_system_huge(size) : from_system(size);
	c->size = size;
	a->total += size;
	c->prev = a->chunk->prev;       /* behind the chunk in use, which stays the newest */
	a->chunk->prev = c;
	return (void *)align_up((uintptr_t)(c + 1), 16);
}

bool arena_extend(Arena *a, void *end, size_t size)
{
#ifdef ARENA_CHECKED
	return false;
#endif
	if (end != a->p || size > (size_t)(a->end - a->p))
		return false;
	a->p += size;
	return true;
}

static void drop_until(Arena *a, ArenaChunk *keep)
{
	while (a->chunk != keep) {
		ArenaChunk *c = a->chunk;
		a->chunk = c->prev;
		a->total -= c->size;
		chunk_free(c);
	}
}

void arena_free(Arena *a)
{
	drop_until(a, NULL);
	*a = (Arena){0};
}

void arena_reset(Arena *a)
{
	ArenaChunk *keep = a->chunk;
	if (!keep)
		return;
	for (ArenaChunk *c = keep->prev; c; c = c->prev)
		if (c->size > keep->size)
			keep = c;
	while (a->chunk) {
		ArenaChunk *c = a->chunk;
		a->chunk = c->prev;
		if (c != keep)
			chunk_free(c);
	}
	keep->prev = NULL;
	a->chunk = keep;
	a->total = keep->size;
	a->p = (char *)(keep + 1);
	a->end = (char *)keep + keep->size;
	poison(a->p, (size_t)(a->end - a->p));
}

ArenaMark arena_mark(Arena *a)
{
	return (ArenaMark){a->chunk, a->p, a->end};
}

void arena_release(Arena *a, ArenaMark m)
{
	drop_until(a, m.chunk);
	a->p = m.p;
	a->end = m.end;
	if (m.chunk)
		poison(m.p, (size_t)(m.end - m.p));
}

char *arena_strndup(Arena *a, const char *s, size_t n)
{
	char *p = arena_raw(a, n + 1, 1);
	memcpy(p, s, n);
	p[n] = 0;
	return p;
}

char *arena_vprintf(Arena *a, const char *fmt, va_list ap)
{
	char small[512];
	va_list again;
	va_copy(again, ap);
	int n = fmt_plain(small, sizeof small, fmt, again);
	va_end(again);
	if (n >= 0)
		return arena_strndup(a, small, (size_t)n);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		bug("arena_vprintf: bad format");
	char *p = arena_alloc(a, (size_t)n + 1, 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *arena_printf(Arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}
