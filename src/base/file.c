/* Files and paths of the world outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base.h"

enum { Tail = 64 };     /* zero bytes after the contents, so that scanners may look ahead */

/* Reads until end of file or cap bytes; false on failure. */
static bool read_full(int fd, char *p, size_t cap, size_t *got)
{
	while (*got < cap) {
		ssize_t r = read(fd, p + *got, cap - *got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return false;
		if (r == 0)
			break;
		*got += (size_t)r;
	}
	return true;
}

/* What fstat says is a good guess of the size, but pipes and files of /proc know better. */
static char *read_fd(Arena *a, int fd, size_t *size)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return NULL;
	size_t cap = S_ISREG(st.st_mode) ? (size_t)st.st_size + 1 : 4096, n = 0;
	char *p = arena_raw(a, cap + Tail, 16);
	for (;;) {
		if (!read_full(fd, p, cap, &n))
			return NULL;
		if (n < cap)
			break;
		char *q = arena_raw(a, cap * 2 + Tail, 16);
		memcpy(q, p, n);
		p = q;
		cap *= 2;
	}
	memset(p + n, 0, cap + Tail - n);       /* cap is beyond n by a byte where the guess was right */
	*size = n;
	return p;
}

char *file_read(Arena *a, const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		seen_file(path, fd, NULL, 0);
		return NULL;
	}
	char *p = read_fd(a, fd, size);
	int err = errno;
	if (p)
		seen_file(path, fd, p, *size);
	close(fd);
	errno = err;
	return p;
}

static bool write_full(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

/* Devices, pipes and the like are written, never replaced. */
static bool write_special(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool ok = write_full(fd, p, n);
	return close(fd) == 0 && ok;
}

bool file_write_atomic(const char *path, const void *p, size_t n, int mode)
{
	struct stat st;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return write_special(path, p, n);
	Arena a = {0};
	char *tmp = NULL;
	int fd = -1;
	for (int i = 0; i < 1000; i++) {
		tmp = arena_printf(&a, "%s.tmp%ld-%d", path, (long)getpid(), i);
		fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	bool ok = fd >= 0;
	if (ok) {
		ok = write_full(fd, p, n);
		int err = errno;
		if (close(fd) < 0 && ok) {
			ok = false;
			err = errno;
		}
		errno = err;
		ok = ok && rename(tmp, path) == 0;
		if (!ok) {
			err = errno;
			unlink(tmp);
			errno = err;
		}
	}
	int err = errno;
	arena_free(&a);
	errno = err;
	return ok;
}

/* Shortest equivalent path, lexically: no empty, "." or inner ".." elements. */
char *path_clean(Arena *a, const char *s)
{
	size_t n = strlen(s), w = 0, base;
	char *out = arena_alloc(a, n + 2, 1);
	bool rooted = s[0] == '/';
	if (rooted)
		out[w++] = '/';
	base = w;               /* ".." does not climb above this */
	for (const char *p = s; *p;) {
		const char *e = strchrnul(p, '/');
		size_t len = (size_t)(e - p);
		bool up = len == 2 && p[0] == '.' && p[1] == '.';
		if (len == 0 || (len == 1 && p[0] == '.')) {
			/* nothing */
		} else if (up && w > base) {
			while (w > base && out[--w] != '/')
				;
		} else if (!up || !rooted) {
			if (w > (rooted ? 1u : 0u))
				out[w++] = '/';
			memcpy(out + w, p, len);
			w += len;
			if (up)
				base = w;
		}
		p = *e ? e + 1 : e;
	}
	if (w == 0)
		out[w++] = '.';
	out[w] = 0;
	return out;
}

char *path_join(Arena *a, const char *dir, const char *name)
{
	if (!*dir)
		return path_clean(a, name);
	return path_clean(a, arena_printf(a, "%s/%s", dir, name));
}

char *path_rel(Arena *a, const char *base, const char *target)
{
	size_t i = 0, common = 0;
	if (!strcmp(base, "/"))
		base = "";
	while (base[i] && base[i] == target[i]) {
		i++;
		if (base[i] == '/' || target[i] == '/' || !base[i] || !target[i])
			if ((!base[i] || base[i] == '/') && (!target[i] || target[i] == '/'))
				common = i;
	}
	Buf b = {.ar = a};
	for (const char *p = base + common; *p; p++)
		if (*p == '/')
			buf_puts(&b, b.n ? "/.." : "..");
	const char *rest = target + common + (target[common] == '/');
	if (*rest)
		buf_printf(&b, "%s%s", b.n ? "/" : "", rest);
	return b.n ? (char *)(uintptr_t)buf_str(&b) : arena_strndup(a, ".", 1);
}

const char *strerror_go(int err)
{
	switch (err) {
	case ENOENT: return "no such file or directory";
	case EACCES: return "permission denied";
	case EISDIR: return "is a directory";
	case ENOTDIR: return "not a directory";
	case ENOSPC: return "no space left on device";
	case EFBIG: return "file too large";
	case ELOOP: return "too many levels of symbolic links";
	case EROFS: return "read-only file system";
	case EIO: return "input/output error";
	case ETXTBSY: return "text file busy";
	case ENAMETOOLONG: return "file name too long";
	default: return strerror(err);
	}
}

const char *path_base(const char *p)
{
	const char *s = strrchr(p, '/');
	return s ? s + 1 : p;
}

bool dir_make(const char *path)
{
	Arena a = {0};
	char *p = arena_strndup(&a, path, strlen(path));
	bool ok = true;
	for (char *s = p + 1; ok && *s; s++) {
		if (*s != '/')
			continue;
		*s = 0;
		ok = mkdir(p, 0777) == 0 || errno == EEXIST;
		*s = '/';
	}
	ok = ok && (mkdir(p, 0777) == 0 || dir_exists(p));
	int err = errno;
	arena_free(&a);
	errno = err;
	return ok;
}
