/* Processes with a time limit, and the little that tests need of the file system. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runner.h"

static _Noreturn void child(const char *dir, const char **argv, const Strings *env, int out)
{
	setpgid(0, 0);
	if (dir && chdir(dir))
		_exit(126);
	for (u32 i = 0; env && i < env->n; i++)
		putenv((char *)(uintptr_t)env->a[i]);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(out, 1);
	dup2(out, 2);
	if (out > 2)
		close(out);
	execv(argv[0], (char **)(uintptr_t)argv);
	_exit(127);
}

Result execute(Arena *a, const char *dir, const char **argv, const Strings *env, int seconds)
{
	enum { OutMax = 16 << 20 };
	Result r = {.out = {.ar = a}};
	int fd[2];
	if (pipe2(fd, O_CLOEXEC))
		fatal("pipe:");
	pid_t pid = fork();
	if (pid == 0)
		child(dir, argv, env, fd[1]);
	close(fd[1]);
	u64 end = clock_ns() + (u64)seconds * 1000000000ull;
	for (;;) {
		u64 now = clock_ns();
		struct pollfd p = {.fd = fd[0], .events = POLLIN};
		if (now >= end || r.out.n > OutMax || poll(&p, 1, (int)((end - now) / 1000000 + 1)) == 0) {
			r.timeout = true;
			kill(-pid, SIGKILL);
			break;
		}
		char buf[65536];
		ssize_t n = read(fd[0], buf, sizeof buf);
		if (n <= 0)
			break;
		buf_write(&r.out, buf, (size_t)n);
	}
	close(fd[0]);
	int status = 0;
	waitpid(pid, &status, 0);
	r.status = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
	return r;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path), 0;
}

void remove_tree(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void make_dirs(Arena *a, const char *dir)
{
	char *s = arena_strndup(a, dir, strlen(dir));
	for (char *p = s + 1; *p; p++)
		if (*p == '/') {
			*p = 0;
			mkdir(s, 0755);
			*p = '/';
		}
	if (mkdir(s, 0755) && !dir_exists(s))
		fatal("mkdir %s:", s);
}

static int by_string(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

Strings list_dir(Arena *a, const char *dir, const char *suffix)
{
	Strings v = {0};
	DIR *d = opendir(dir);
	size_t m = strlen(suffix);
	for (struct dirent *e; d && (e = readdir(d));) {
		size_t n = strlen(e->d_name);
		if (n > m && e->d_name[0] != '.' && !strcmp(e->d_name + n - m, suffix))
			vec_push(a, &v, arena_strndup(a, e->d_name, n));
	}
	if (d)
		closedir(d);
	if (v.n)
		qsort(v.a, v.n, sizeof *v.a, by_string);
	return v;
}
