/* seago build and seago run. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd.h"

/* Default output: the last element of the import path, or the first file's name. */
static const char *output_name(Build *b)
{
	LoadPkg *p = b->load.named.a[0];
	if (b->opt.out)
		return b->opt.out;
	if (!strcmp(p->path, "command-line-arguments") && p->ngofile) {
		const char *base = path_base(p->gofile[0]);
		return arena_strndup(&b->ar, base, strlen(base) - 3);
	}
	const char *base = path_base(p->dir ? p->dir : p->path);
	return base;
}

static bool is_command(const LoadPkg *p)
{
	return p->ngofile && !strcmp(p->file[0]->pkgname->s, "main");
}

/* Compiles; the executable, if there is to be one, goes to out. */
static int compile(Build *b, const char *out)
{
	bool ok = build_front(b);
	bool program = b->load.named.n == 1 && is_command(b->load.named.a[0]);
	if (ok && !build_stopped(b, "load") && !build_stopped(b, "check") && (program || b->opt.build_all))
		ok = build_back(b, b->opt.build_all ? NULL : out ? out : output_name(b));
	build_phase(b, NULL);
	if (b->opt.time)
		build_print_times(b);
	return ok ? 0 : 1;
}

int cmd_build(int argc, char **argv)
{
	Build b = {0};
	if (!options_parse(&b.ar, &b.opt, argc, argv, false))
		return 2;
	build_start(&b, "seago");
	return compile(&b, NULL);
}

/* Runs the program; its exit status is the result, 1 if a signal ended it, as the go command does. */
static int execute(const char *path, const Options *o)
{
	VEC(char *) arg = {0};
	Arena a = {0};
	vec_push(&a, &arg, (char *)(uintptr_t)path);
	for (u32 i = 0; i < o->nrest; i++)
		vec_push(&a, &arg, (char *)(uintptr_t)o->rest[i]);
	vec_push(&a, &arg, NULL);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		execv(path, arg.a);
		_exit(127);
	}
	int status = 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		;
	if (pid > 0 && WIFEXITED(status)) {
		if (WEXITSTATUS(status))
			fprintf(stderr, "exit status %d\n", WEXITSTATUS(status));
		return WEXITSTATUS(status) ? 1 : 0;
	}
	if (pid > 0 && WIFSIGNALED(status))
		fprintf(stderr, "signal: %s\n", strsignal(WTERMSIG(status)));
	return 1;
}

int cmd_run(int argc, char **argv)
{
	Build b = {0};
	if (!options_parse(&b.ar, &b.opt, argc, argv, true))
		return 2;
	const char *tmp = getenv("TMPDIR");
	char dir[4096];
	snprintf(dir, sizeof dir, "%s/seago-run-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		fatal("mkdir %s:", dir);
	char *exe = path_join(&b.ar, dir, "main");
	build_start(&b, "seago");
	int status = compile(&b, exe);
	if (!status && !b.opt.stop) {
		if (file_exists(exe))
			status = execute(exe, &b.opt);
		else {
			fprintf(stderr, "package %s is not a main package\n", b.load.named.a[0]->path);
			status = 1;
		}
	}
	unlink(exe);
	rmdir(dir);
	return status;
}
