/* Where things are: GOROOT, GOPATH, our overlay, the target. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>
#include "load.h"

static bool is_goroot(Arena *a, const char *dir)
{
	return file_exists(path_join(a, dir, "src/runtime/runtime.go"));
}

static const char *find_goroot(Arena *a, const char *exedir)
{
	const char *try[] = {
		getenv("SEAGO_GOROOT"), getenv("GOROOT"), path_join(a, exedir, "../goroot"), path_join(a, exedir, "goroot"),
		"/usr/local/go", "/usr/lib/go-1.26", "/usr/share/go-1.26",
	};
	for (size_t i = 0; i < nelem(try); i++)
		if (try[i] && *try[i] && is_goroot(a, try[i]))
			return path_clean(a, try[i]);
	return NULL;
}

const char *goroot_error(void)
{
	return "cannot find GOROOT: the standard library's source is needed; "
	       "set GOROOT, or run 'make std' in seago's source tree to fetch it";
}

static const char *exe_dir(Arena *a, const char *exe)
{
	char buf[4096];
	ssize_t n = readlink("/proc/self/exe", buf, sizeof buf - 1);
	const char *p = n > 0 ? arena_strndup(a, buf, (size_t)n) : exe;
	const char *slash = strrchr(p, '/');
	return slash ? arena_strndup(a, p, (size_t)(slash - p)) : ".";
}

void context_init(Context *c, Arena *a, const char *exe)
{
	char cwd[4096];
	const char *dir = exe_dir(a, exe), *env;
	c->goos = (env = getenv("GOOS")) && *env ? env : "linux";
	c->goarch = (env = getenv("GOARCH")) && *env ? env : "amd64";
	c->goroot = find_goroot(a, dir);
	const char *overlay[] = {getenv("SEAGO_OVERLAY"), path_join(a, dir, "overlay"), path_join(a, dir, "../overlay")};
	for (size_t i = 0; i < nelem(overlay) && !c->overlay; i++)
		if (overlay[i] && file_exists(path_join(a, overlay[i], "manifest")))
			c->overlay = path_clean(a, overlay[i]);
	env = getenv("GOPATH");
	const char *home = getenv("HOME");
	c->gopath = env && *env ? env : home ? path_join(a, home, "go") : NULL;
	if (!getcwd(cwd, sizeof cwd))
		fatal("cannot find the current directory:");
	c->cwd = arena_strndup(a, cwd, strlen(cwd));
	env = getenv("GO111MODULE");
	c->modules = !(env && !strcmp(env, "off"));
	c->minor = 26;
}
