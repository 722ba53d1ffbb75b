/* What a run has seen of the file system, so that a later one can tell whether it would see the same.
 *
 * Everything that decides what is built is looked at through file_read, file_exists, dir_exists, path_type and dir_open. Once
 * seen_start was called, each of them leaves a Sight: a file with a hash of its bytes, a path with what it is (or that it is
 * not there), a folder with a hash of the names in it that matter to whoever listed it. seen_same looks again: where a file's stat
 * data is what it was nothing is read, unless the change could have come so soon after the look that the file system's clock did
 * not move ("racily clean", as git calls it); otherwise the contents decide.
 *
 * The hash has 128 bits and is made for accidents, not for attackers: who can write the sources needs no collision. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base.h"

enum { Racy = 2500 };           /* milliseconds: file systems with the coarsest clocks count in two seconds */

/* What this process has seen; one list, like the table of names. */
static struct SeenTable {
	_Atomic bool on;
	Lock lock;              /* guards what follows */
	Arena ar;
	SightList list;
	Map index;              /* hash of kind and path -> place in list, plus 1 */
	bool torn;
} table;

void hash_contents(const void *data, size_t n, u64 out[2])
{
	const u64 k1 = 0x9E3779B97F4A7C15ull, k2 = 0xD1B54A32D192ED03ull;
	u64 a = k2 ^ n, b = k1 + n;
	const u8 *p = data;
	for (size_t left = n; left;) {
		u64 x[2] = {0};
		size_t k = left < 16 ? left : 16;
		memcpy(x, p, k);
		__uint128_t u = (__uint128_t)(x[0] ^ k1) * (x[1] ^ a), v = (__uint128_t)(x[0] ^ b) * (x[1] ^ k2);
		a = (u64)u ^ (u64)(u >> 64);
		b = ((u64)v ^ (u64)(v >> 64)) + x[1];
		p += k;
		left -= k;
	}
	out[0] = hash_mix(hash_mix(a, k2), b);
	out[1] = hash_mix(hash_mix(b, k1), a);
}

static i64 nanoseconds(struct timespec t) { return (i64)t.tv_sec * 1000000000 + t.tv_nsec; }

i64 seen_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return nanoseconds(t);
}

static void take_stat(Sight *s, const struct stat *st)
{
	s->dev = st->st_dev;
	s->ino = st->st_ino;
	s->size = (u64)st->st_size;
	s->mtime = nanoseconds(st->st_mtim);
	s->ctime = nanoseconds(st->st_ctim);
	s->type = st->st_mode & S_IFMT;
}

static bool equal(const Sight *a, const Sight *b)
{
	return a->type == b->type && a->err == b->err && a->hash[0] == b->hash[0] && a->hash[1] == b->hash[1];
}

void seen_start(void)
{
	if (!table.list.time)
		table.list.time = seen_clock();
	table.on = true;
}

void seen_stop(void)
{
	table.on = false;
}

/* Remembers s, whose path is not yet ours. */
static void add(Sight s)
{
	if (!table.on)
		return;
	int err = errno;
	u64 key = hash_bytes(s.path, strlen(s.path), s.kind) | 1;
	lock_acquire(&table.lock);
	u64 *at = map_slot(&table.ar, &table.index, key);
	if (*at && !strcmp(table.list.v.a[*at - 1].path, s.path) && table.list.v.a[*at - 1].kind == s.kind) {
		table.torn |= !equal(&table.list.v.a[*at - 1], &s);
	} else {
		s.path = arena_strndup(&table.ar, s.path, strlen(s.path));
		vec_push(&table.ar, &table.list.v, s);
		*at = table.list.v.n;
	}
	lock_release(&table.lock);
	errno = err;
}

const SightList *seen_all(void)
{
	return table.torn ? NULL : &table.list;
}

/* ---- looking ---- */

void seen_file(const char *path, int fd, const void *p, size_t n)
{
	struct stat st;
	if (!table.on)
		return;
	Sight s = {.kind = SeenFile, .path = path};
	if (fd < 0) {
		s.err = errno;
	} else if (fstat(fd, &st) == 0) {
		take_stat(&s, &st);
		hash_contents(p, n, s.hash);
		s.hash[1] ^= n != s.size;       /* it grew meanwhile: never seen like this again */
	}
	add(s);
}

static u32 type_of(const char *path, bool follow, Sight *s)
{
	struct stat st;
	int r = follow ? stat(path, &st) : lstat(path, &st);
	s->type = r == 0 ? st.st_mode & S_IFMT : 0;
	s->err = r == 0 ? 0 : errno;
	return s->type;
}

u32 path_type(const char *path, bool follow)
{
	Sight s = {.kind = follow ? SeenType : SeenLink, .path = path};
	u32 t = type_of(path, follow, &s);
	add(s);
	return t;
}

bool file_exists(const char *path)
{
	u32 t = path_type(path, true);
	return t && t != S_IFDIR;
}

bool dir_exists(const char *path)
{
	return path_type(path, true) == S_IFDIR;
}

/* ---- folders ---- */

static bool wanted(u8 what, const struct dirent *e)
{
	if (what == SeenSources)
		return e->d_type != DT_DIR && (has_suffix(e->d_name, ".go") || has_suffix(e->d_name, ".s"));
	if (what == SeenFolders)
		return (e->d_type == DT_DIR || e->d_type == DT_LNK || e->d_type == DT_UNKNOWN) && e->d_name[0] != '.' && e->d_name[0] != '_';
	return strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
}

bool dir_open(DirScan *s, const char *path, u8 what)
{
	struct stat st;
	*s = (DirScan){.sum = table.on, .seen = {.kind = what, .path = path}};
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->d = fd >= 0 && fstat(fd, &st) == 0 ? fdopendir(fd) : NULL;
	if (s->d) {
		take_stat(&s->seen, &st);
		return true;
	}
	s->seen.err = errno;
	if (fd >= 0)
		close(fd);
	add(s->seen);
	errno = s->seen.err;
	return false;
}

bool dir_next(DirScan *s)
{
	for (struct dirent *e; s->d && (e = readdir(s->d));) {
		u64 h[2];
		if (!wanted(s->seen.kind, e))
			continue;
		s->name = e->d_name;
		s->type = e->d_type;
		if (s->sum) {           /* a sum, since folders have no order */
			hash_contents(e->d_name, strlen(e->d_name) + 1, h);
			s->seen.hash[0] += h[0];
			s->seen.hash[1] += hash_mix(h[1], e->d_type);
		}
		return true;
	}
	return false;
}

void dir_close(DirScan *s)
{
	while (dir_next(s))
		;
	if (s->d) {
		closedir(s->d);
		add(s->seen);
	}
	s->d = NULL;
}

/* ---- looking again ---- */

static bool same_stat(const Sight *s, i64 when, bool follow)
{
	struct stat st;
	Sight t = {0};
	if (s->err || (follow ? stat(s->path, &st) : lstat(s->path, &st)) != 0)
		return false;
	take_stat(&t, &st);
	i64 newest = t.mtime > t.ctime ? t.mtime : t.ctime;
	return s->dev == t.dev && s->ino == t.ino && s->size == t.size && s->mtime == t.mtime && s->ctime == t.ctime && s->type == t.type &&
		newest < when - (i64)Racy * 1000000;
}

/* Looks at what s tells of once more, its contents included. */
static Sight look(const Sight *s)
{
	Sight t = {.kind = s->kind, .path = s->path};
	Arena a = {0};
	if (s->kind == SeenFile) {
		struct stat st;
		size_t n;
		int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0) {
			t.err = errno;
			return t;
		}
		bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
		char *p = regular ? file_read(&a, s->path, &n) : NULL;
		take_stat(&t, &st);
		if (p)
			hash_contents(p, n, t.hash);
		t.hash[1] ^= !p || n != t.size;
		close(fd);
		arena_free(&a);
	} else if (s->kind == SeenType || s->kind == SeenLink) {
		type_of(s->path, s->kind == SeenType, &t);
	} else {
		DirScan d;
		bool opened = dir_open(&d, s->path, s->kind);
		d.sum = true;
		while (opened && dir_next(&d))
			;
		t = d.seen;
		dir_close(&d);
	}
	return t;
}

bool seen_same(SightList *l, bool *fresh)
{
	*fresh = true;
	for (u32 i = 0; i < l->v.n; i++) {
		Sight *s = &l->v.a[i];
		bool contents = s->kind != SeenType && s->kind != SeenLink;
		if (contents && same_stat(s, l->time, true))
			continue;
		Sight t = look(s);
		if (!equal(s, &t))
			return false;
		*fresh &= !contents || s->err;
		*s = t;
	}
	return true;
}

bool seen_look(Sight *s)
{
	*s = look(s);
	return !s->err;
}
