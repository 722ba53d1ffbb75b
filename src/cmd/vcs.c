/* -buildvcs: which revision a program was made from, asked of git. */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"

extern char **environ;

/* What a git command in dir prints, NULL if it fails. */
static const char *git(Arena *a, const char *dir, const char *const *args)
{
	VEC(char *) argv = {0};
	const char *const head[] = {"git", "-C", dir};
	Buf out = {.ar = a};
	int fd[2], status = -1;
	pid_t pid;
	for (size_t i = 0; i < nelem(head); i++)
		vec_push(a, &argv, (char *)(uintptr_t)head[i]);
	for (; *args; args++)
		vec_push(a, &argv, (char *)(uintptr_t)*args);
	vec_push(a, &argv, NULL);
	if (pipe(fd) != 0)
		return NULL;
	posix_spawn_file_actions_t act;
	posix_spawn_file_actions_init(&act);
	posix_spawn_file_actions_adddup2(&act, fd[1], 1);
	posix_spawn_file_actions_addclose(&act, fd[0]);
	posix_spawn_file_actions_addopen(&act, 2, "/dev/null", 1, 0);
	int err = posix_spawnp(&pid, "git", &act, NULL, argv.a, environ);
	posix_spawn_file_actions_destroy(&act);
	close(fd[1]);
	char buf[4096];
	for (ssize_t n; !err && (n = read(fd[0], buf, sizeof buf)) > 0;)
		buf_write(&out, buf, (size_t)n);
	close(fd[0]);
	if (!err)
		waitpid(pid, &status, 0);
	return status == 0 ? buf_str(&out) : NULL;
}

static const char *repository(Arena *a, const char *dir)
{
	char *d = arena_strndup(a, dir, strlen(dir));
	for (;;) {
		const char *g = path_join(a, d, ".git");
		if (dir_exists(g) || file_exists(g))
			return d;
		char *slash = strrchr(d, '/');
		if (!slash || slash == d)
			return NULL;
		*slash = 0;
	}
}

bool vcs_find(Build *b, const LoadPkg *main, Vcs *out)
{
	Arena *a = &b->ar;
	*out = (Vcs){0};
	if (!b->opt.buildvcs || strcmp(b->opt.buildvcs, "true") || !main->mod || !main->mod->main || main->given)
		return true;
	const char *root = repository(a, b->ctx.cwd);
	if (!root)
		return true;
	const char *const status[] = {"status", "--porcelain", NULL};
	const char *const last[] = {"-c", "log.showsignature=false", "log", "-1", "--format=%H:%ct", NULL};
	const char *dirty = git(a, root, status), *commit = dirty ? git(a, root, last) : NULL;
	if (!dirty) {
		fprintf(stderr, "error obtaining VCS status: git status --porcelain in %s failed\n\tUse -buildvcs=false to disable VCS stamping.\n", root);
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
	return true;
}
