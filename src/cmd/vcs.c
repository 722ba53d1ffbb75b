/* -buildvcs: which revision a program was made from, asked of git.
 *
 * Git's answers are needed late and asked for early, all at once: three processes run while packages are read and checked, and
 * also while the cache is looked through. Answers are kept as one text, "root NUL status NUL log NUL tags", which is what the
 * cache remembers. Repositories of other systems are left unstamped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"

extern char **environ;

static const char *const question[VcsQuestions][6] = {
	{"status", "--porcelain"},
	{"-c", "log.showsignature=false", "log", "-1", "--format=%H:%ct"},
	{"for-each-ref", "--merged=HEAD", "--format=%(refname) %(objectname) %(*objectname)", "refs/tags"},
};

static void ask(Build *b, VcsChild *c, const char *dir, const char *const *args)
{
	Arena *a = &b->ar;
	VEC(char *) argv = {0};
	const char *const head[] = {"git", "-C", dir};
	int fd[2];
	for (size_t i = 0; i < nelem(head); i++)
		vec_push(a, &argv, (char *)(uintptr_t)head[i]);
	for (; *args; args++)
		vec_push(a, &argv, (char *)(uintptr_t)*args);
	vec_push(a, &argv, NULL);
	c->err = pipe2(fd, O_CLOEXEC) != 0 ? errno : 0;
	if (c->err)
		return;
	posix_spawn_file_actions_t act;
	posix_spawn_file_actions_init(&act);
	posix_spawn_file_actions_adddup2(&act, fd[1], 1);
	posix_spawn_file_actions_addopen(&act, 2, "/dev/null", O_WRONLY, 0);
	c->err = posix_spawnp(&c->pid, "git", &act, NULL, argv.a, environ);
	posix_spawn_file_actions_destroy(&act);
	close(fd[1]);
	c->fd = fd[0];
	if (c->err)
		close(fd[0]);
}

/* What the child printed; NULL if it failed. */
static const char *answer(Build *b, VcsChild *c)
{
	Buf out = {.ar = &b->ar};
	char buf[4096];
	if (c->err)
		return NULL;
	for (;;) {
		ssize_t n = read(c->fd, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_write(&out, buf, (size_t)n);
	}
	close(c->fd);
	c->status = -1;
	while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
		;
	return c->status == 0 ? buf_str(&out) : NULL;
}

void vcs_start(Build *b, const char *root)
{
	VcsState *v = &b->vcs;
	if (v->started)
		return;
	v->started = true;
	v->root = arena_strndup(&b->ar, root, strcspn(root, "\n"));
	for (int i = 0; i < VcsQuestions; i++)
		ask(b, &v->child[i], v->root, question[i]);
}

const char *vcs_answer(Build *b)
{
	VcsState *v = &b->vcs;
	Buf t = {.ar = &b->ar};
	if (v->text)
		return v->text;
	buf_printf(&t, "%s\n", v->root);
	for (int i = 0; i < VcsQuestions; i++) {
		v->answer[i] = answer(b, &v->child[i]);
		const char *s = v->answer[i] ? v->answer[i] : "failed";
		if (i == 0 && v->answer[i])
			s = *s ? "modified" : "clean";  /* all that matters of it */
		buf_printf(&t, "%s\n", s);
	}
	return v->text = buf_str(&t);
}

static const char *repository(Arena *a, const char *dir)
{
	char *d = arena_strndup(a, dir, strlen(dir));
	for (;;) {
		if (path_type(path_join(a, d, ".git"), true))
			return d;
		char *slash = strrchr(d, '/');
		if (!slash || slash == d)
			return NULL;
		*slash = 0;
	}
}

/* The repository that main is to be stamped with, or NULL. */
static const char *stamped_with(Build *b, const LoadPkg *main)
{
	Arena *a = &b->ar;
	const char *flag = b->opt.buildvcs;
	bool always = flag && !strcmp(flag, "true");
	if ((flag && !strcmp(flag, "false")) || !main->mod || !main->mod->main || main->std || b->load.tests)
		return NULL;
	const char *root = repository(a, b->ctx.cwd), *mod = root ? repository(a, main->mod->dir) : NULL;
	if (mod && !strcmp(root, mod))
		return root;
	if (mod && always)
		go_fatal(1, "error obtaining VCS status: main module is in repository \"%s\" but current directory is in repository \"%s\"\n"
			"\tUse -buildvcs=false to disable VCS stamping.", mod, root);
	return NULL;
}

void vcs_foresee(Build *b)
{
	for (u32 i = 0; i < b->load.named.n; i++) {
		const LoadPkg *p = b->load.named.a[i];
		const char *root = p->ngofile && !p->error && !strcmp(p->file[0]->pkgname->s, "main") ? stamped_with(b, p) : NULL;
		if (root) {
			vcs_start(b, root);
			return;
		}
	}
}

/* ---- the version of the main module ---- */

/* Where in path a major version suffix "/vN" begins; its end if there is none. */
static size_t major_suffix(const char *path)
{
	const char *s = strrchr(path, '/');
	if (s && s[1] == 'v' && s[2] >= '1' && s[2] <= '9' && strspn(s + 2, "0123456789") == strlen(s + 2) && strcmp(s, "/v1"))
		return (size_t)(s - path);
	return strlen(path);
}

static bool canonical(const char *v)
{
	return semver_valid(v) && !strchr(v, '+');
}

/* A version that names a commit: ends in -yyyymmddhhmmss-abcdefabcdef, behind '-' or '.'. */
static bool is_pseudo(const char *v)
{
	size_t n = strlen(v);
	return n > 28 && v[n - 13] == '-' && strspn(v + n - 27, "0123456789") == 14 && (v[n - 28] == '-' || v[n - 28] == '.');
}

static bool major_matches(const char *v, const char *major)
{
	size_t n = strcspn(v + 1, ".");
	if (*major)
		return strlen(major + 2) == n && !memcmp(v + 1, major + 2, n);
	return n == 1 && (v[1] == '0' || v[1] == '1');
}

/* The module path that the go.mod file in the repository's root gives; NULL: none. */
static const char *root_module(Build *b, const char *root)
{
	size_t n;
	const char *file = path_join(&b->ar, root, "go.mod"), *text = context_read(&b->ctx, &b->ar, file, &n);
	return text ? modfile_parse(&b->ar, file, file, text, n, true)->path : NULL;
}

/* The version that follows base ("": there is none) for a commit. */
static const char *pseudo_version(Arena *a, const char *base, const char *major, time_t when, const char *revision)
{
	char stamp[32];
	struct tm tm;
	gmtime_r(&when, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%d%H%M%S", &tm);
	if (!*base)
		return arena_printf(a, "%s.0.0-%s-%.12s", *major ? major + 1 : "v0", stamp, revision);
	if (strchr(base, '-'))
		return arena_printf(a, "%s.0.%s-%.12s", base, stamp, revision);
	const char *patch = strrchr(base, '.') + 1;
	return arena_printf(a, "%.*s%llu-0.%s-%.12s", (int)(patch - base), base, strtoull(patch, NULL, 10) + 1, stamp, revision);
}

static const char *module_version(Build *b, const Module *m, const char *tags, time_t when, const char *revision)
{
	Arena *a = &b->ar;
	const char *top = root_module(b, b->vcs.root), *here = "", *before = "";
	if (!top)
		return NULL;
	const char *code = arena_strndup(a, top, major_suffix(top)), *major = m->path + major_suffix(m->path);
	const char *inside = arena_strndup(a, m->path, strcmp(m->path, code) ? major_suffix(m->path) : strlen(m->path));
	size_t n = strlen(code);
	if (!has_prefix(inside, code) || (inside[n] && inside[n] != '/'))
		return NULL;
	const char *prefix = inside[n] ? arena_printf(a, "%s/", inside + n + 1) : "";
	for (const char *line = tags ? tags : "", *end; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		char *ref = arena_strndup(a, line, (size_t)(end - line)), *ids = strchr(ref, ' ');
		if (!ids || !has_prefix(ref, "refs/tags/") || !has_prefix(ref + 10, prefix))
			continue;
		*ids++ = 0;
		const char *v = ref + 10 + strlen(prefix);
		if (!canonical(v) || is_pseudo(v) || !major_matches(v, major))
			continue;
		const char **best = strstr(ids, revision) ? &here : &before;
		if (!**best || semver_cmp(v, *best) > 0)
			*best = v;
	}
	return *here ? here : pseudo_version(a, before, major, when, revision);
}

bool vcs_find(Build *b, const LoadPkg *main, Vcs *out)
{
	Arena *a = &b->ar;
	const char *root = stamped_with(b, main);
	bool always = b->opt.buildvcs && !strcmp(b->opt.buildvcs, "true");
	*out = (Vcs){0};
	if (!root)
		return true;
	vcs_start(b, root);
	vcs_answer(b);
	const char *dirty = b->vcs.answer[0], *commit = b->vcs.answer[1];
	const VcsChild *c = &b->vcs.child[commit ? 0 : dirty && !*dirty ? 1 : 0];
	if (c->err == ENOENT && !always)
		return true;            /* there is no git */
	if (!dirty || (!commit && !*dirty)) {
		const char *why = c->err == ENOENT ? "exec: \"git\": executable file not found in $PATH" : c->err ? strerror_go(c->err) :
			arena_printf(a, "exit status %d", WEXITSTATUS(c->status));
		fprintf(stderr, "error obtaining VCS status: %s\n\tUse -buildvcs=false to disable VCS stamping.\n", why);
		b->nerror++;
		return false;
	}
	out->system = "git";
	out->modified = *dirty ? "true" : "false";
	const char *colon = commit ? strchr(commit, ':') : NULL;
	if (!colon)
		return true;            /* nothing committed yet */
	time_t when = (time_t)strtoll(colon + 1, NULL, 10);
	struct tm tm;
	char text[64];
	gmtime_r(&when, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	out->revision = arena_strndup(a, commit, (size_t)(colon - commit));
	out->time = arena_strndup(a, text, strlen(text));
	const char *v = module_version(b, main->mod, b->vcs.answer[2], when, out->revision);
	out->version = v && *dirty ? arena_printf(a, "%s+dirty", v) : v;
	return true;
}
