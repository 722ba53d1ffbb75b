/* Programs of the distribution, compiled by seago when they are first wanted and kept in the user's cache.
 *
 * An entry is the folder tool/<key> of the cache; the key is a hash of what a program may be made from: seago itself (its build
 * id), our overlay, the GOROOT and its version, the import path. Whether its sources have changed since, the cache of builds tells. A
 * program is written aside and renamed by the linker, so an entry is whole or absent, whatever interrupts the work; a lock file beside
 * it keeps two processes from doing the same work twice. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"

/* ---- the cache ---- */

const char *cache_folder(Arena *a)
{
	const char *own = getenv("SEAGOCACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *go = getenv("GOCACHE");
	if (own && !strcmp(own, "off"))
		own = NULL;             /* switches the cache of builds off, not this one */
	if (own && *own && *own != '/')
		go_fatal(1, "seago: SEAGOCACHE is not an absolute path");
	if (own && *own)
		return own;
	if (xdg && *xdg == '/')
		return path_join(a, xdg, "seago");
	if (home && *home == '/')
		return path_join(a, home, ".cache/seago");
	if (go && *go == '/')
		return path_join(a, go, "../seago");
	return NULL;
}

/* ---- keys ---- */

typedef struct BuildId { const u8 *p; u32 n; } BuildId;

static int find_build_id(struct dl_phdr_info *info, size_t size, void *arg)
{
	BuildId *id = arg;
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		if (h->p_type != PT_NOTE)
			continue;
		const u8 *p = (const u8 *)(info->dlpi_addr + h->p_vaddr), *end = p + h->p_memsz;
		while (end - p >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *n = (const void *)p;
			const u8 *desc = p + sizeof *n + align_up(n->n_namesz, 4);
			if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && !memcmp(p + sizeof *n, "GNU", 4))
				*id = (BuildId){desc, n->n_descsz};
			p = desc + align_up(n->n_descsz, 4);
		}
	}
	return 1;       /* the first object is the program */
}

const char *seago_build_id(Arena *a)
{
	BuildId id = {0};
	u8 h[32];
	Buf b = {.ar = a};
	dl_iterate_phdr(find_build_id, &id);
	if (!id.n) {            /* a linker that leaves none */
		size_t n;
		const char *self = file_read(a, "/proc/self/exe", &n);
		if (!self)
			fatal("read /proc/self/exe:");
		sha256(self, n, h);
		id = (BuildId){h, 20};
	}
	for (u32 i = 0; i < id.n; i++)
		buf_printf(&b, "%02x", id.p[i]);
	return buf_str(&b);
}

static void add_file(Buf *b, const char *file)
{
	size_t n;
	u8 h[32] = {0};
	const char *p = file_read(b->ar, file, &n);
	if (p)
		sha256(p, n, h);
	buf_printf(b, "%s %zu ", file, p ? n : 0);
	buf_write(b, h, sizeof h);
}

/* Our files are few and small: all that the manifest names. */
static void add_overlay(Buf *b, const Context *c)
{
	add_file(b, path_join(b->ar, c->overlay, "manifest"));
	Manifest *m = manifest_read(b->ar, c->overlay);
	for (u32 i = 0; i < m->pkg.n; i++)
		for (u32 k = 0; k < m->pkg.a[i].add.n; k++)
			add_file(b, m->pkg.a[i].add.a[k]);
}

static const char *key_of(Context *c, const char *import_path)
{
	Buf b = {.ar = c->ar}, hex = {.ar = c->ar};
	u8 h[32];
	buf_printf(&b, "tool 1\n%s\n%s\n%s\n", seago_build_id(c->ar), import_path, c->goroot);
	add_file(&b, path_join(c->ar, c->goroot, "VERSION"));
	add_overlay(&b, c);
	sha256(b.a, b.n, h);
	for (int i = 0; i < 16; i++)
		buf_printf(&hex, "%02x", h[i]);
	return buf_str(&hex);
}

/* ---- old entries ---- */

static void drop_entry(Arena *a, const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			unlink(path_join(a, dir, e->d_name));
	if (d)
		closedir(d);
	rmdir(dir);
}

/* Programs that nobody has used for a month; their lock files tell. */
static void drop_old(Arena *a, const char *cache)
{
	const char *all = path_join(a, cache, "tool");
	DIR *d = opendir(all);
	for (struct dirent *e; d && (e = readdir(d));) {
		struct stat st;
		const char *dir = path_join(a, all, e->d_name);
		if (e->d_name[0] != '.' && stat(path_join(a, dir, "lock"), &st) == 0 && time(NULL) - st.st_mtime > 30 * 86400)
			drop_entry(a, dir);
	}
	if (d)
		closedir(d);
}

/* ---- compiling ---- */

/* A child of ours runs "seago build", whose own cache knows whether anything has changed since. What the user sets for builds of
 * their own does not reach it. Its standard output is our standard error. */
static bool compile_tool(const Context *c, const char *cache, const char *import_path, const char *out)
{
	const char *src = path_join(c->ar, c->goroot, "src/cmd"), *tmp = getenv("TMPDIR");
	const char *const env[] = {
		"GOENV=off", "GOWORK=off", arena_printf(c->ar, "GOROOT=%s", c->goroot), arena_printf(c->ar, "SEAGO_OVERLAY=%s", c->overlay),
		arena_printf(c->ar, "SEAGOCACHE=%s", cache), arena_printf(c->ar, "TMPDIR=%s", tmp && *tmp ? tmp : "/tmp"), NULL,
	};
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(2, 1);
		if (chdir(src) != 0)
			fatal("chdir %s:", src);
		execle("/proc/self/exe", "seago", "build", "-o", out, import_path, (char *)NULL, env);
		fatal("exec /proc/self/exe:");
	}
	int status = -1;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && status == 0;
}

const char *tool_find(Context *c, const char *import_path)
{
	if (!c->goroot)
		fatal("%s", goroot_error(c->ar));
	if (!c->overlay)
		fatal("cannot find the overlay folder beside the executable or above it; set SEAGO_OVERLAY");
	const char *cache = cache_folder(c->ar);
	if (!cache)
		go_fatal(1, "seago: no place for programs compiled on first use: neither SEAGOCACHE, XDG_CACHE_HOME nor HOME is set");
	const char *dir = path_join(c->ar, cache, path_join(c->ar, "tool", key_of(c, import_path)));
	const char *exe = path_join(c->ar, dir, path_base(import_path)), *lock = path_join(c->ar, dir, "lock");
	const char *switched = getenv("SEAGOCACHE");
	bool there = access(exe, X_OK) == 0;
	if (there && switched && !strcmp(switched, "off"))
		return exe;
	if (!dir_exists(path_join(c->ar, c->goroot, path_join(c->ar, "src", import_path))))
		go_fatal(1, "seago: %s is not in %s/src: cannot compile it", import_path, c->goroot);
	if (!there && !dir_make(dir))
		go_fatal(1, "seago: mkdir %s: %s", dir, strerror_go(errno));
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 && there)
		return exe;             /* a cache that cannot be written to */
	if (fd < 0)
		go_fatal(1, "seago: open %s: %s", lock, strerror_go(errno));
	while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
		;
	bool shown = !there && access(exe, X_OK) != 0 && isatty(2);
	if (shown)
		fprintf(stderr, "seago: compiling %s, once ...", import_path);
	bool ok = compile_tool(c, cache, import_path, exe);
	if (shown)
		fprintf(stderr, "\r\033[K");
	if (!ok)
		go_fatal(1, "seago: cannot compile %s", import_path);
	futimens(fd, NULL);
	if (!there)
		drop_old(c->ar, cache);
	close(fd);
	return exe;
}

/* ---- running ---- */

/* Settings under which the programs of the distribution work for us: our GOROOT, no other toolchain. The rest is the user's. */
void tool_env(const Context *c)
{
	setenv("GOROOT", c->goroot, 1);
	setenv("GOTOOLCHAIN", "local", 1);
}

void tool_exec(Context *c, const char *import_path, const char *const *argv)
{
	const char *exe = tool_find(c, import_path);
	fflush(NULL);
	tool_env(c);
	execv(exe, (char *const *)(uintptr_t)argv);
	go_fatal(1, "seago: exec %s: %s", exe, strerror_go(errno));
}

int tool_run(Context *c, const char *import_path, const char *const *argv, int in, int out)
{
	const char *exe = tool_find(c, import_path);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		tool_env(c);
		if (in >= 0)
			dup2(in, 0);
		if (out >= 0)
			dup2(out, 1);
		execv(exe, (char *const *)(uintptr_t)argv);
		fatal("exec %s:", exe);
	}
	int status = -1;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid <= 0 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
