/* The cache of whole builds: unchanged inputs, no work.
 *
 * There are no intermediate results to keep, so an entry is a whole command: its key is a hash of the command line, the current
 * directory and the environment; its record holds everything that the command looked at (src/base/seen.c) and what came out
 * of it. When the same command comes again, all that is looked at again; if it is the same, so is the result: where the program is in
 * its place nothing is written, otherwise it is copied from the entry. What git said of the sources is asked again too.
 *
 *     <cache>/build/<2 digits>/<key>/record       a hash of the rest, what was seen, what was made
 *     <cache>/build/<2 digits>/<key>/<program>    one for each program made
 *     <cache>/build/used                          bytes written since the last trimming, roughly
 *
 * Nothing here can fail a build: a record that is damaged or cannot be written is as good as none. Commands that failed or
 * warned are not kept. Files are written aside and renamed, programs before the record that tells of them.
 * When more than the limit was written, entries that were not used for longest are removed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"

extern char **environ;

static const char magic[16] = "seago record 1\n";

typedef struct Head {
	char magic[16];
	u64 sum[2];             /* of all that follows this field */
	i64 time;
	u32 nseen, nmade, nvcs, nstring;
} Head;

/* One line of the record's list; path counts from the start of the strings. */
typedef struct Line { u32 kind, type, err, path; u64 dev, ino, size; i64 mtime, ctime; u64 hash[2]; } Line;

/* ---- keys ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The variables that may decide anything. */
static void add_environment(Buf *key)
{
	static const char *const prefix[] = {"GO", "SEAGO", "CGO_", "GIT_", "HOME=", "PATH=", "PWD=", "XDG_CONFIG_HOME="};
	VEC(const char *) v = {0};
	for (char **e = environ; *e; e++)
		for (size_t i = 0; i < nelem(prefix); i++)
			if (has_prefix(*e, prefix[i])) {
				vec_push(key->ar, &v, *e);
				break;
			}
	if (v.n)
		qsort(v.a, v.n, sizeof *v.a, by_text);
	for (u32 i = 0; i < v.n; i++)
		buf_printf(key, "%s%c", v.a[i], 0);
}

static bool wanted(const Build *b)
{
	const Options *o = &b->opt;
	const char *own = getenv("SEAGOCACHE");
	for (u32 i = 0; i < o->narg; i++)
		if (strchr(o->arg[i], '@'))
			return false;           /* what that means is asked of the world */
	return !(own && !strcmp(own, "off")) && !o->nocache && !o->trace && !o->dry && !o->time && !o->stop && !o->dump && !o->build_all &&
		!o->pass.dump && !o->pass.stop && !o->pass.off && !o->pass.on && !o->pass.check;
}

void cache_key(Build *b, int argc, char **argv)
{
	Arena *a = &b->ar;
	Buf key = {.ar = a};
	u64 h[2];
	const char *folder = wanted(b) ? cache_folder(a) : NULL;
	if (!folder)
		return;
	buf_printf(&key, "%s%c%s%c%s%c", b->command, 0, seago_build_id(a), 0, b->ctx.cwd, 0);
	for (int i = 0; i < argc - (int)b->opt.nrest; i++)
		buf_printf(&key, "%s%c", argv[i], 0);
	buf_putc(&key, 1);
	add_environment(&key);
	hash_contents(key.a, key.n, h);
	b->cache.folder = path_join(a, folder, "build");
	b->cache.entry = arena_printf(a, "%s/%02x/%016llx%016llx", b->cache.folder, (u32)(h[0] & 255), (unsigned long long)h[0], (unsigned long long)h[1]);
}

/* ---- records ---- */

static const char *record_file(Build *b)
{
	return path_join(&b->ar, b->cache.entry, "record");
}

static void put(Buf *lines, Buf *strings, const Sight *s)
{
	Line l = {s->kind, s->type, (u32)s->err, strings->n, s->dev, s->ino, s->size, s->mtime, s->ctime, {s->hash[0], s->hash[1]}};
	buf_write(lines, &l, sizeof l);
	buf_write(strings, s->path, strlen(s->path) + 1);
}

static bool record_write(Build *b, const SightList *seen, const SightList *made, const char *vcs)
{
	Arena *a = &b->ar;
	Buf lines = {.ar = a}, strings = {.ar = a}, out = {.ar = a};
	for (u32 i = 0; i < seen->v.n; i++)
		put(&lines, &strings, &seen->v.a[i]);
	for (u32 i = 0; i < made->v.n; i++)
		put(&lines, &strings, &made->v.a[i]);
	Head h = {.time = seen->time, .nseen = seen->v.n, .nmade = made->v.n, .nvcs = (u32)strlen(vcs), .nstring = strings.n};
	memcpy(h.magic, magic, sizeof magic);
	buf_write(&out, &h, sizeof h);
	buf_write(&out, lines.a, lines.n);
	buf_write(&out, strings.a, strings.n);
	buf_write(&out, vcs, h.nvcs + 1);
	size_t from = offsetof(Head, time);
	hash_contents(out.a + from, out.n - from, h.sum);
	memcpy(out.a, &h, sizeof h);
	return file_write_atomic(record_file(b), out.a, out.n, 0666);
}

static bool record_read(Build *b, SightList *seen, SightList *made, const char **vcs)
{
	Arena *a = &b->ar;
	size_t n;
	Head h;
	u64 sum[2];
	const char *p = file_read(a, record_file(b), &n);
	if (!p || n < sizeof h)
		return false;
	memcpy(&h, p, sizeof h);
	size_t from = offsetof(Head, time);
	hash_contents(p + from, n - from, sum);
	if (memcmp(h.magic, magic, sizeof magic) || memcmp(sum, h.sum, sizeof sum) ||
	    n != sizeof h + ((u64)h.nseen + h.nmade) * sizeof(Line) + h.nstring + h.nvcs + 1)
		return false;
	const Line *l = (const void *)(p + sizeof h);
	const char *strings = (const char *)(l + h.nseen + h.nmade);
	*vcs = strings + h.nstring;
	seen->time = made->time = h.time;
	for (u32 i = 0; i < h.nseen + h.nmade; i++, l++) {
		SightList *to = i < h.nseen ? seen : made;
		vec_push(a, &to->v, (Sight){.kind = (u8)l->kind, .type = l->type, .err = (i32)l->err, .dev = l->dev, .ino = l->ino, .size = l->size,
			.mtime = l->mtime, .ctime = l->ctime, .hash = {l->hash[0], l->hash[1]}, .path = strings + l->path});
	}
	return true;
}

/* ---- programs ---- */

/* Programs come in pairs: as made, as kept. */
static const char *kept_name(Build *b, const char *program)
{
	return path_join(&b->ar, b->cache.entry, path_base(program));
}

static bool copy_file(Build *b, const char *from, const char *to, int mode)
{
	Arena a = {0};
	size_t n;
	(void)b;
	const char *p = file_read(&a, from, &n);
	bool ok = p && file_write_atomic(to, p, n, mode);
	arena_free(&a);
	return ok;
}

static bool runnable_there(const char *path)
{
	struct statvfs v;
	return access(path, X_OK) == 0 && statvfs(path, &v) == 0 && !(v.f_flag & ST_NOEXEC);
}

/* A program that is not in its place as it was made is put there again. */
static bool restore(Build *b, SightList *made, u32 i, bool *fresh)
{
	Sight *s = &made->v.a[i], *kept = &made->v.a[i + 1];
	SightList one = {.time = made->time, .v = {s, 1, 1}};
	bool f = true;
	if (!b->cache.run && seen_same(&one, &f)) {
		*fresh &= f;
		return true;
	}
	one = (SightList){.time = made->time, .v = {kept, 1, 1}};
	if (!seen_same(&one, &f))
		return false;
	*fresh &= f;
	if (b->cache.run)
		return runnable_there(kept->path);
	u32 type = path_type(s->path, true);
	*fresh = false;
	return (!type || type == S_IFREG) && copy_file(b, kept->path, s->path, 0755) && seen_look(s);
}

/* ---- lookup ---- */

static bool hit(Build *b)
{
	Cache *c = &b->cache;
	SightList seen = {0}, made = {0};
	const char *vcs;
	bool fresh, whole = true;
	if (!c->entry || b->opt.rebuild)
		return false;
	if (record_read(b, &seen, &made, &vcs)) {
		i64 start = seen_clock();
		if (*vcs)
			vcs_start(b, vcs);
		bool same = seen_same(&seen, &fresh);
		for (u32 i = 0; i + 1 < made.v.n && same; i += 2)
			same = restore(b, &made, i, &whole);
		if (*vcs)
			same &= !strcmp(vcs_answer(b), vcs);
		if (same) {
			struct timespec keep[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
			c->program = b->cache.run && made.v.n > 1 ? made.v.a[1].path : NULL;
			seen.time = start;
			if (!(fresh && whole))
				record_write(b, &seen, &made, vcs);
			else
				utimensat(AT_FDCWD, record_file(b), keep, 0);
			return true;
		}
	}
	return false;
}

bool cache_hit(Build *b)
{
	seen_stop();            /* what the cache looks at decides nothing */
	bool yes = hit(b);
	if (b->cache.entry)
		seen_start();
	return yes;
}

/* ---- trimming ---- */

typedef struct Entry { const char *path; i64 used; u64 size; } Entry;
typedef VEC(Entry) Entries;

static u64 limit(void)
{
	const char *v = getenv("SEAGOCACHESIZE");       /* megabytes */
	return (v && *v ? strtoull(v, NULL, 10) : 2048) << 20;
}

static void measure(Arena *a, const char *dir, Entries *out)
{
	Entry e = {.path = dir};
	struct stat st;
	DIR *d = opendir(dir);
	for (struct dirent *f; d && (f = readdir(d));)
		if (f->d_type == DT_REG && fstatat(dirfd(d), f->d_name, &st, 0) == 0) {
			e.size += (u64)st.st_blocks * 512;
			if ((i64)st.st_mtime > e.used)
				e.used = st.st_mtime;
		}
	if (d)
		closedir(d);
	vec_push(a, out, e);
}

static void remove_entry(const char *dir)
{
	DIR *d = opendir(dir);
	if (!d)
		return;
	unlinkat(dirfd(d), "record", 0);        /* first, so that nobody trusts what is half gone */
	for (struct dirent *f; (f = readdir(d));)
		if (f->d_name[0] != '.')
			unlinkat(dirfd(d), f->d_name, 0);
	closedir(d);
	rmdir(dir);
}

static Entries entries(Arena *a, const char *folder)
{
	Entries v = {0};
	for (int i = 0; i < 256; i++) {
		const char *dir = arena_printf(a, "%s/%02x", folder, i);
		DIR *d = opendir(dir);
		for (struct dirent *e; d && (e = readdir(d));)
			if (e->d_name[0] != '.')
				measure(a, path_join(a, dir, e->d_name), &v);
		if (d)
			closedir(d);
	}
	return v;
}

static int oldest_first(const void *a, const void *b)
{
	const Entry *x = a, *y = b;
	return x->used < y->used ? -1 : x->used > y->used ? 1 : strcmp(x->path, y->path);
}

/* Down to three quarters of the limit; what is left. */
static u64 trim(Arena *a, const char *folder, u64 max)
{
	Entries v = entries(a, folder);
	u64 total = 0;
	for (u32 i = 0; i < v.n; i++)
		total += v.a[i].size;
	if (v.n)
		qsort(v.a, v.n, sizeof *v.a, oldest_first);
	for (u32 i = 0; i < v.n && total > max / 4 * 3; i++) {
		remove_entry(v.a[i].path);
		total -= v.a[i].size;
	}
	return total;
}

static void account(Build *b, u64 bytes)
{
	char text[32] = "";
	int fd = open(path_join(&b->ar, b->cache.folder, "used"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		u64 used = (pread(fd, text, sizeof text - 1, 0) > 0 ? strtoull(text, NULL, 10) : 0) + bytes;
		if (used > limit())
			used = trim(&b->ar, b->cache.folder, limit());
		int n = snprintf(text, sizeof text, "%-20llu\n", (unsigned long long)used);
		if (pwrite(fd, text, (size_t)n, 0) != n)
			used = 0;       /* counted the next time */
	}
	close(fd);
}

/* ---- storing ---- */

void cache_made(Build *b, const char *out)
{
	if (out && b->cache.entry)
		vec_push(&b->ar, &b->cache.made, out[0] == '/' ? out : path_join(&b->ar, b->ctx.cwd, out));
}

void cache_store(Build *b)
{
	Cache *c = &b->cache;
	SightList made = {0};
	u64 bytes = 0;
	const SightList *seen = seen_all();
	seen_stop();
	if (!c->entry || !seen || b->nerror || b->load.warning.n || !dir_make(c->entry))
		return;
	for (u32 i = 0; i < c->made.n; i++) {
		Sight s = {.kind = SeenFile, .path = c->made.a[i]}, kept = {.kind = SeenFile, .path = kept_name(b, c->made.a[i])};
		for (u32 k = 1; k < made.v.n; k += 2)
			if (!strcmp(made.v.a[k].path, kept.path))
				return;         /* two programs of one name */
		if (!copy_file(b, s.path, kept.path, 0755) || !seen_look(&s) || !seen_look(&kept) || memcmp(s.hash, kept.hash, sizeof s.hash))
			return;
		bytes += s.size;
		vec_push(&b->ar, &made.v, s);
		vec_push(&b->ar, &made.v, kept);
	}
	if (record_write(b, seen, &made, b->vcs.text ? b->vcs.text : ""))
		account(b, bytes + seen->v.n * sizeof(Line));
}
