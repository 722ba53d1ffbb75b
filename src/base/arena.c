/* Arenas: bump allocation out of large chunks.
 *
 * A first-touched page costs more than the work done in it, so chunks are large, come straight from the system
 * (zeroed, huge pages where the kernel gives them) and are handed out front to back. A request that does not fit
 * opens a new chunk; what was left of the old one is forgotten. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include "base.h"

struct ArenaChunk {
	ArenaChunk *prev;
	size_t size;            /* of the whole mapping */
};

enum { ChunkMin = 1 << 20, ChunkMax = 32 << 20 };

void *arena_grow(Arena *a, size_t size, size_t align)
{
	/* chunks double, so that small arenas stay small and large ones have few chunks */
	size_t want = min_u64(max_u64(a->total, ChunkMin), ChunkMax);
	want = max_u64(want, align_up(size + align + sizeof(ArenaChunk), 4096));
	ArenaChunk *c = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c == MAP_FAILED)
		fatal("out of memory:");
	if (want >= 4 << 20)
		madvise(c, want, MADV_HUGEPAGE);
	c->prev = a->chunk;
	c->size = want;
	a->chunk = c;
	a->total += want;
	a->p = (char *)(c + 1);
	a->end = (char *)c + want;
	char *p = (char *)align_up((uintptr_t)a->p, align);
	a->p = p + size;
	return p;               /* fresh from the system: zero */
}

static void drop_until(Arena *a, ArenaChunk *keep)
{
	while (a->chunk != keep) {
		ArenaChunk *c = a->chunk;
		a->chunk = c->prev;
		a->total -= c->size;
		munmap(c, c->size);
	}
}

void arena_free(Arena *a)
{
	drop_until(a, NULL);
	*a = (Arena){0};
}

void arena_reset(Arena *a)
{
	ArenaChunk *first = a->chunk;
	while (first && first->prev)
		first = first->prev;
	drop_until(a, first);
	if (first) {
		a->p = (char *)(first + 1);
		a->end = (char *)first + first->size;
	}
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
}

char *arena_strndup(Arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1, 1);
	memcpy(p, s, n);
	return p;
}

char *arena_vprintf(Arena *a, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		bug("arena_vprintf: bad format");
	char *p = arena_alloc(a, (size_t)n + 1, 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
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
