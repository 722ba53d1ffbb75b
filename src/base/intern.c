/* Names: one copy of every identifier, so that equality is pointer equality.
 *
 * One table of chains for the process. Readers take no lock: a chain only grows at its head, by compare-and-swap, and
 * an entry never changes once it is linked. Losing a race means looking again at what was added meanwhile; the text
 * allocated in vain is given back to the thread's chunk. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <sys/mman.h>
#include "base.h"

typedef struct Entry Entry;
struct Entry {
	Entry *next;
	Name name;
};

enum { NBucket = 1 << 17, ChunkSize = 256 << 10 };

static _Atomic(Entry *) table[NBucket];   /* the process's names */
static _Atomic u32 last_id;
static _Thread_local char *free_p, *free_end;

static Entry *find(Entry *e, Entry *end, u32 hash, const char *s, size_t n)
{
	for (; e != end; e = e->next) {
		if (e->name.hash == hash && e->name.len == n && memcmp(e->name.s, s, n) == 0)
			return e;
	}
	return NULL;
}

/* Memory of names, which live for ever. */
static void *name_alloc(size_t size)
{
	size = align_up(size, 8);
	if (size > (size_t)(free_end - free_p)) {
		size_t chunk = max_u64(ChunkSize, align_up(size, 4096));
		char *p = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			fatal("out of memory:");
		if (chunk > ChunkSize)
			return p;
		free_p = p;
		free_end = p + chunk;
	}
	void *p = free_p;
	free_p += size;
	return p;
}

static bool is_exported(const char *s, size_t n)
{
	if (n == 0)
		return false;
	if ((u8)s[0] < 0x80)
		return s[0] >= 'A' && s[0] <= 'Z';
	u32 r;
	utf8_decode(s, s + n, &r);
	return rune_is_upper(r);
}

static Entry *add(_Atomic(Entry *) *bucket, Entry *head, u32 hash, const char *s, size_t n)
{
	char *mark = free_p, *mark_end = free_end;
	Entry *e = name_alloc(sizeof *e + n + 1);
	e->name.len = (u32)n;
	e->name.hash = hash;
	e->name.tok = 0;
	e->name.exported = is_exported(s, n);
	memcpy(e->name.s, s, n);
	e->name.s[n] = 0;
	e->name.id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
	for (;;) {
		e->next = head;
		Entry *now = head;
		if (atomic_compare_exchange_strong_explicit(bucket, &now, e, memory_order_acq_rel, memory_order_acquire))
			return e;
		Entry *other = find(now, head, hash, s, n);
		if (other) {
			if (free_end == mark_end)
				free_p = mark;
			return other;
		}
		head = now;
	}
}

Name *intern(const char *s, size_t n)
{
	u64 h = hash_bytes(s, n, 0);
	u32 hash = (u32)(h >> 32);
	_Atomic(Entry *) *bucket = &table[h & (NBucket - 1)];
	Entry *head = atomic_load_explicit(bucket, memory_order_acquire);
	Entry *e = find(head, NULL, hash, s, n);
	if (unlikely(!e))
		e = add(bucket, head, hash, s, n);
	return &e->name;
}

Name *intern_str(const char *s)
{
	return intern(s, strlen(s));
}

int name_cmp(const Name *a, const Name *b)
{
	if (a == b)
		return 0;
	int c = memcmp(a->s, b->s, a->len < b->len ? a->len : b->len);
	return c ? c : a->len < b->len ? -1 : a->len > b->len;
}
