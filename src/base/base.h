/* base: what every other folder stands on.
 *
 * Nouns. An Arena is memory with one lifetime: bump allocated, zeroed, never freed piece by piece.
 * A Vec is a growing array inside an arena. A Name is an interned string: equal text, equal pointer,
 * shared by all threads. A Pos is a byte of some source file, as one 32-bit number over all files.
 * A Diag collects what the user did wrong, sorts it and prints it as gc does.
 *
 * Threads: an Arena, a Vec and a Map belong to one thread at a time. Interning, file registration and
 * diagnostics may be called from any thread.
 */
#ifndef SEAGO_BASE_H
#define SEAGO_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;

#define nelem(a) (sizeof(a) / sizeof *(a))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static inline u64 align_up(u64 n, u64 a) { return (n + a - 1) & ~(a - 1); }
static inline u64 min_u64(u64 a, u64 b) { return a < b ? a : b; }
static inline u64 max_u64(u64 a, u64 b) { return a > b ? a : b; }
static inline bool has_prefix(const char *s, const char *prefix) { return !strncmp(s, prefix, strlen(prefix)); }
static inline bool has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && !memcmp(s + n - m, suffix, m);
}

/* ---- arena.c: memory is a lifetime ---------------------------------------------------------- */

typedef struct Arena Arena;
typedef struct ArenaChunk ArenaChunk;
struct Arena {
	char *p, *end;          /* free part of the newest chunk */
	ArenaChunk *chunk;      /* newest first; owned */
	size_t total;           /* bytes obtained from the system */
};
typedef struct ArenaMark { ArenaChunk *chunk; char *p, *end; } ArenaMark;

void *arena_grow(Arena *a, size_t size, size_t align, bool zero);   /* slow path of arena_alloc and arena_raw */
void *arena_fresh(Arena *a, size_t size, bool dense);    /* zero pages of their own, touched when used; dense: from the start, without holes */
bool arena_extend(Arena *a, void *end, size_t size);     /* true if what ended at end, the newest allocation, got size more bytes, of any content */
void arena_start(Arena *a, size_t size);                 /* an arena whose first chunk has room for size bytes, not much more */
void arena_free(Arena *a);                               /* gives everything back */
void arena_reset(Arena *a);                              /* keeps the largest chunk, contents gone */
ArenaMark arena_mark(Arena *a);
void arena_release(Arena *a, ArenaMark m);               /* back to the mark */
char *arena_strndup(Arena *a, const char *s, size_t n);  /* NUL terminated copy */
char *arena_printf(Arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(Arena *a, const char *fmt, va_list ap);

/* Under AddressSanitizer every object is followed by a gap that may not be touched, and released memory may not either. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_CHECKED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(ARENA_CHECKED)
#define ARENA_CHECKED
#endif
#ifdef ARENA_CHECKED
void *arena_alloc_checked(Arena *a, size_t size, size_t align);
#endif

/* Zeroed memory, aligned to align (a power of two, at most 4096). Never NULL. */
static inline void *arena_alloc(Arena *a, size_t size, size_t align)
{
#ifdef ARENA_CHECKED
	return arena_alloc_checked(a, size, align);
#endif
	char *p = (char *)(((uintptr_t)a->p + align - 1) & ~(uintptr_t)(align - 1));
	if (unlikely(!a->p || size > (size_t)(a->end - a->p) || p + size > a->end))
		return arena_grow(a, size, align, true);
	a->p = p + size;
	return memset(p, 0, size);
}

/* The same, of any content: for those who write all of it at once. */
static inline void *arena_raw(Arena *a, size_t size, size_t align)
{
#ifdef ARENA_CHECKED
	return arena_alloc_checked(a, size, align);
#endif
	char *p = (char *)(((uintptr_t)a->p + align - 1) & ~(uintptr_t)(align - 1));
	if (unlikely(!a->p || size > (size_t)(a->end - a->p) || p + size > a->end))
		return arena_grow(a, size, align, false);
	a->p = p + size;
	return p;
}
static inline void *arena_copy(Arena *a, const void *from, size_t size, size_t align)
{
	void *p = arena_raw(a, size, align);
	return size ? memcpy(p, from, size) : p;
}
#define arena_new(a, T) ((T *)arena_alloc(a, sizeof(T), _Alignof(T)))
#define arena_array(a, T, n) ((T *)arena_alloc(a, sizeof(T) * (size_t)(n), _Alignof(T)))

/* A short-lived arena that starts on the C stack and asks the system only when n bytes are not enough; arena_free it. */
#define ARENA_LOCAL(name, n) char name##_space[n]; Arena name = {.p = name##_space, .end = name##_space + sizeof name##_space}

/* ---- vec: growing arrays. Declare  VEC(T) v;  elements v.a[0 .. v.n) ------------------------- */

#define VEC(T) struct { T *a; u32 n, cap; }
typedef VEC(void) VecAny;
void vec_grow(Arena *a, void *vec, size_t elem, u32 want);   /* cap >= want afterwards; beyond n: any content */
#define vec_push(ar, v, ...) \
	((v)->n == (v)->cap ? vec_grow(ar, v, sizeof *(v)->a, (v)->n + 1) : (void)0, \
	 (v)->a[(v)->n++] = (__VA_ARGS__))
#define vec_reserve(ar, v, want) ((v)->cap < (want) ? vec_grow(ar, v, sizeof *(v)->a, want) : (void)0)
#define vec_last(v) ((v)->a[(v)->n - 1])
#define vec_pop(v) ((v)->a[--(v)->n])

/* ---- map.c: open addressing, pointer or 64-bit keys (0 is not a key), pointer-sized values ---- */

typedef struct Map { u64 *key; u64 *val; u32 n, cap; } Map;
u64 *map_slot(Arena *a, Map *m, u64 key);                  /* finds or adds (value 0) */
u64 map_get(const Map *m, u64 key);                        /* 0 when absent */
static inline void map_put(Arena *a, Map *m, u64 key, u64 val) { *map_slot(a, m, key) = val; }
static inline void *map_getp(const Map *m, const void *key) { return (void *)(uintptr_t)map_get(m, (u64)(uintptr_t)key); }
static inline void map_putp(Arena *a, Map *m, const void *key, void *val) { *map_slot(a, m, (u64)(uintptr_t)key) = (u64)(uintptr_t)val; }

u64 hash_bytes(const void *p, size_t n, u64 seed);         /* stable between runs and machines */
static inline u64 hash_mix(u64 h, u64 x) { h ^= x; h *= 0x9E3779B97F4A7C15ull; return h ^ (h >> 32); }

/* ---- intern.c: names ------------------------------------------------------------------------ */

typedef struct Name {
	u32 len;
	u32 hash;
	u32 id;         /* dense, schedule dependent: never order or name output by it */
	u16 tok;        /* keyword token, 0 for identifiers (set by syntax at start) */
	bool exported;  /* first letter is upper case (Unicode Lu) */
	char s[];       /* NUL terminated */
} Name;

Name *intern(const char *s, size_t n);                     /* any thread; never NULL */
Name *intern_str(const char *s);
int name_cmp(const Name *a, const Name *b);                /* bytewise, as strings.Compare */

/* ---- sha256.c ---- */
void sha256(const void *data, size_t n, u8 out[32]);

/* ---- bits: dense bit sets ------------------------------------------------------------------- */

static inline bool bit_get(const u64 *b, u32 i) { return b[i >> 6] >> (i & 63) & 1; }
static inline void bit_set(u64 *b, u32 i) { b[i >> 6] |= 1ull << (i & 63); }
static inline void bit_clear(u64 *b, u32 i) { b[i >> 6] &= ~(1ull << (i & 63)); }
static inline u32 bit_words(u32 n) { return (n + 63) / 64; }

/* ---- utf8.c --------------------------------------------------------------------------------- */

#define RUNE_ERROR 0xFFFDu
int utf8_decode(const char *s, const char *end, u32 *rune);  /* bytes used; RUNE_ERROR and 1 when invalid */
int utf8_encode(char out[4], u32 rune);                      /* bytes written; RUNE_ERROR's for an invalid rune */
bool rune_is_letter(u32 r);                                  /* Unicode L* or '_' */
bool rune_is_digit(u32 r);                                   /* Unicode Nd */
bool rune_is_upper(u32 r);                                   /* Unicode Lu */
bool rune_is_print(u32 r);                                   /* strconv.IsPrint: for quoting in messages */

/* ---- strbuf: text under construction ---------------------------------------------------------- */

typedef struct Buf { char *a; u32 n, cap; Arena *ar; } Buf;  /* ar must be set before use */
void buf_write(Buf *b, const void *p, size_t n);
void buf_puts(Buf *b, const char *s);
void buf_putc(Buf *b, int c);
void buf_printf(Buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* vsnprintf for %s %.*s %c %% %d %u %x (ll, l, z, %0Nx), not terminated; -1: too long, or another conversion. */
int fmt_plain(char *out, size_t cap, const char *fmt, va_list ap);
const char *buf_str(Buf *b);                                 /* NUL terminated view */

/* ---- pos.c: source files and positions -------------------------------------------------------- */

typedef u32 Pos;               /* 0 = no position */

/* A source file registered in the position space: Pos base+i is byte i (0 <= i <= size). */
typedef struct SrcFile {
	const char *path;      /* as opened */
	const char *shown;     /* as printed in diagnostics */
	const char *linked;    /* as recorded in line tables */
	const char *src;       /* size bytes, then 64 zero bytes */
	u32 size;
	Pos base;
	u32 *line;             /* offsets of line starts, built on first use */
	u32 nline;
	/* //line directives, by offset; any position after one is shown relative to it */
	struct LineDirective { u32 off; const char *file, *linked; u32 line, col; } *dir;
	u32 ndir;
} SrcFile;

typedef struct SrcLoc { const char *file; u32 line, col; } SrcLoc;  /* line, col from 1; col in bytes; col 0 = unknown */

SrcFile *src_add(const char *path, const char *shown, const char *linked, const char *src, u32 size); /* any thread; NULL: path */
SrcFile *src_of(Pos p);                        /* NULL for 0 */
SrcLoc pos_loc(Pos p);                         /* //line applied */
SrcLoc pos_loc_raw(Pos p);                     /* position in the file itself */
SrcLoc pos_loc_linked(Pos p);                  /* //line applied; files as line tables name them */

/* ---- diag.c ----------------------------------------------------------------------------------- */

/* One error of the user. msg may hold several lines (continuations start with a tab). Soft errors
 * (unused variable...) sort and print like the others. */
typedef struct DiagItem { Pos pos; u32 seq; const char *msg; bool soft; } DiagItem;
typedef struct Diag {
	Arena *ar;
	struct DiagLock *lock;
	VEC(DiagItem) v;
} Diag;
void diag_init(Diag *d, Arena *ar);
void diag_add(Diag *d, Pos pos, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_append(Diag *d, const Diag *from);                  /* items share their texts, which must live as long as d */
void diag_addv(Diag *d, Pos pos, bool soft, const char *fmt, va_list ap);
/* Sorted by file, line, column; equal lines with equal text once. Prints at most limit (0 = all),
 * then "too many errors". Returns the number of errors held. */
void diag_sort(Diag *d);                                      /* by place, as if they had arrived so: for errors of many threads */
u32 diag_print(Diag *d, Buf *out, u32 limit);

/* The world's mistakes: prints "seago: ..." and exits with status 1. A trailing colon appends the
 * system's reason. */
_Noreturn void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Ours: prints "internal compiler error", what is being compiled (bug_context), and exits with 2. */
_Noreturn void bug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
extern _Thread_local const char *bug_context_pass, *bug_context_func;

/* ---- pool.c: worker threads ------------------------------------------------------------------- */

/* Runs fn(arg, worker, i) for every i in [0,n) on all workers; returns when all are done. Items are
 * handed out in order. */
typedef struct Pool Pool;
Pool *pool_new(int nthread);                  /* nthread <= 0: as many as the affinity mask allows */
int pool_size(const Pool *p);
void pool_run(Pool *p, u32 n, void (*fn)(void *arg, int worker, u32 i), void *arg);
/* A growing worklist: fn may call pool_add. Returns when all work is done. Items are taken in no particular order. */
void pool_add(Pool *p, void *item);           /* a worker inside fn, or anybody before pool_drain */
void pool_drain(Pool *p, void (*fn)(void *arg, int worker, void *item), void *arg);

/* Locks are plain words so that they can sit inside arena objects; zero is unlocked. Lock is not
 * recursive; RLock is (owner + depth). */
typedef struct Lock { _Atomic u32 w; } Lock;
void lock_acquire(Lock *l);
void lock_release(Lock *l);
typedef struct RLock { Lock l; _Atomic u64 owner; u32 depth; } RLock;
void rlock_acquire(RLock *l);
void rlock_release(RLock *l);

/* ---- file.c: the world's files ----------------------------------------------------------------- */

/* Reads a whole file; the result is followed by 64 zero bytes. NULL and errno on failure. */
char *file_read(Arena *a, const char *path, size_t *size);
/* Writes aside and renames; mode e.g. 0755. False and errno on failure, nothing left behind. */
bool file_write_atomic(const char *path, const void *p, size_t n, int mode);
char *path_join(Arena *a, const char *dir, const char *name);   /* cleaned */
char *path_clean(Arena *a, const char *p);
char *path_rel(Arena *a, const char *base, const char *target); /* both absolute and clean; lexically */
const char *path_base(const char *p);
const char *strerror_go(int err);                               /* as Go spells it: "no such file or directory" */
bool dir_make(const char *path);            /* and what is above it; false and errno on failure */

/* ---- seen.c: what a run has seen of the file system, and whether that is still so --------------- */

bool file_exists(const char *path);         /* and is no folder */
bool dir_exists(const char *path);
u32 path_type(const char *path, bool follow);      /* S_IFREG, S_IFDIR, ...; 0 and errno: not there */

/* SeenSources: .go and .s files; SeenFolders: folders and links not beginning with '.' or '_'; SeenNames: everything. */
typedef enum SeenKind { SeenFile, SeenType, SeenLink, SeenSources, SeenFolders, SeenNames } SeenKind;
typedef struct Sight {
	u8 kind;
	u32 type;                  /* S_IFMT bits; 0: not there */
	i32 err;                   /* errno, if so */
	u64 dev, ino, size;        /* of files and folders */
	i64 mtime, ctime;          /* nanoseconds */
	u64 hash[2];               /* of the contents, or of the names */
	const char *path;
} Sight;
typedef struct SightList { i64 time; /* when looking began */ VEC(Sight) v; } SightList;

void hash_contents(const void *p, size_t n, u64 out[2]);
i64 seen_clock(void);                       /* nanoseconds, by the clock of files */
void seen_start(void);                      /* from now on what is seen is remembered */
void seen_stop(void);                       /* until seen_start */
void seen_file(const char *path, int fd, const void *p, size_t n);   /* for readers of their own; fd < 0: could not be opened, for errno */
const SightList *seen_all(void);             /* NULL: something changed between two looks */
bool seen_look(Sight *s);                   /* fills s, whose kind and path are set; false: not there */
bool seen_same(SightList *l, bool *fresh);   /* looks again; fresh: false if stat data has changed and was renewed in l */

/* Lists a folder:  if (dir_open(&s, path, what)) { while (dir_next(&s)) use s.name, s.type (DT_...); dir_close(&s); } */
typedef struct DirScan { void *d; const char *name; u8 type; bool sum; Sight seen; } DirScan;
bool dir_open(DirScan *s, const char *path, u8 what);
bool dir_next(DirScan *s);
void dir_close(DirScan *s);

/* ---- clock ------------------------------------------------------------------------------------- */
u64 clock_ns(void);              /* monotonic */
u64 clock_cpu_ns(void);          /* of the process */
u64 clock_thread_ns(void);       /* of the calling thread, on a processor */

#endif
