/* The position space: every registered file owns the numbers [base, base+size], in order of registration.
 *
 * Files are registered under a lock and never removed. Readers take no lock: the directory is a fixed reservation, and
 * an entry is complete before the count that reveals it grows. The line index of a file is built by whoever asks first. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "base.h"

enum { MaxFiles = 1 << 20 };

typedef struct Registered {
	SrcFile file;
	_Atomic(u32 *) lines;   /* [0] = count, then offsets; published when complete */
} Registered;

static Registered **directory;      /* reserved for MaxFiles on first registration */
static _Atomic u32 nfiles;          /* entries readers may look at */
static Pos next_base = 1;
static Arena files_arena;           /* both guarded by files_lock */
static Lock files_lock;

SrcFile *src_add(const char *path, const char *shown, const char *linked, const char *src, u32 size)
{
	lock_acquire(&files_lock);
	u32 n = atomic_load_explicit(&nfiles, memory_order_relaxed);
	if (!directory) {
		directory = mmap(NULL, MaxFiles * sizeof *directory, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (directory == MAP_FAILED)
			fatal("out of memory:");
	}
	if (n == MaxFiles || size >= UINT32_MAX - next_base)
		fatal("too much source text");
	Registered *r = arena_new(&files_arena, Registered);
	r->file.path = arena_strndup(&files_arena, path, strlen(path));
	r->file.shown = shown ? arena_strndup(&files_arena, shown, strlen(shown)) : r->file.path;
	r->file.linked = linked ? arena_strndup(&files_arena, linked, strlen(linked)) : r->file.path;
	r->file.src = src;
	r->file.size = size;
	r->file.base = next_base;
	next_base += size + 1;
	directory[n] = r;
	atomic_store_explicit(&nfiles, n + 1, memory_order_release);
	lock_release(&files_lock);
	return &r->file;
}

/* Where this thread looked last: questions come in runs of one file and nearly one line. */
static _Thread_local struct { SrcFile *file; u32 line; } last;

SrcFile *src_of(Pos p)
{
	if (last.file && p - last.file->base <= last.file->size)
		return last.file;
	u32 lo = 0, hi = atomic_load_explicit(&nfiles, memory_order_acquire);
	if (p == 0 || hi == 0)
		return NULL;
	/* invariant: directory[lo]->base <= p < directory[hi]->base */
	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2;
		if (directory[mid]->file.base <= p)
			lo = mid;
		else
			hi = mid;
	}
	SrcFile *f = &directory[lo]->file;
	if (p - f->base > f->size)
		return NULL;
	last.file = f;
	last.line = 0;
	return f;
}

static u32 *build_lines(const SrcFile *f)
{
	u32 n = 1;
	const char *end = f->src + f->size;
	for (const char *p = f->src; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	u32 *line = arena_array(&files_arena, u32, n + 1);
	u32 i = 0;
	line[i++] = n;
	line[i++] = 0;
	for (const char *p = f->src; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		line[i++] = (u32)(p + 1 - f->src);
	return line;
}

static const u32 *lines_of(SrcFile *f)
{
	Registered *r = (Registered *)f;
	u32 *line = atomic_load_explicit(&r->lines, memory_order_acquire);
	if (line)
		return line;
	lock_acquire(&files_lock);
	line = atomic_load_explicit(&r->lines, memory_order_relaxed);
	if (!line) {
		line = build_lines(f);
		f->line = line + 1;
		f->nline = line[0];
		atomic_store_explicit(&r->lines, line, memory_order_release);
	}
	lock_release(&files_lock);
	return line;
}

/* Number (from 1) of the line holding byte off, and where it starts. */
static u32 line_at(SrcFile *f, u32 off, u32 *start)
{
	const u32 *line = lines_of(f);
	u32 lo = 0, hi = line[0], near = f == last.file ? last.line : 0;
	line++;
	if (near && line[near] <= off) {
		lo = near;
		for (u32 i = 1; i <= 4 && near + i < hi; i++)
			if (line[near + i] > off)
				hi = near + i;
			else
				lo = near + i;
	}
	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2;
		if (line[mid] <= off)
			lo = mid;
		else
			hi = mid;
	}
	if (f == last.file)
		last.line = lo;
	*start = line[lo];
	return lo + 1;
}

SrcLoc pos_loc_raw(Pos p)
{
	SrcFile *f = src_of(p);
	if (!f)
		return (SrcLoc){"", 0, 0};
	u32 off = p - f->base, start;
	u32 line = line_at(f, off, &start);
	return (SrcLoc){f->shown, line, off - start + 1};
}

static SrcLoc shown_loc(Pos p, bool linked)
{
	SrcLoc l = pos_loc_raw(p);
	SrcFile *f = src_of(p);
	if (f && linked)
		l.file = f->linked;
	if (!f || !f->ndir || p - f->base < f->dir[0].off)
		return l;
	u32 off = p - f->base, lo = 0, hi = f->ndir, start;
	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2;
		if (f->dir[mid].off <= off)
			lo = mid;
		else
			hi = mid;
	}
	const struct LineDirective *d = &f->dir[lo];
	u32 first = line_at(f, d->off, &start);
	u32 col = l.col;
	if (d->col == 0)
		col = 0;
	else if (l.line == first)
		col = d->col + (off - d->off);
	return (SrcLoc){linked ? d->linked : d->file, d->line + (l.line - first), col};
}

SrcLoc pos_loc(Pos p)
{
	return shown_loc(p, false);
}

SrcLoc pos_loc_linked(Pos p)
{
	return shown_loc(p, true);
}
