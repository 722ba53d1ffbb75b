/* Several programs from one process.
 *
 * This process makes, one program after the other, the code that programs share; a child forked then makes what is the
 * program's own, links and writes it, and ends, so that all its memory is free again. Meanwhile the next program is looked at. Whatever
 * either of them prints goes to a file in memory and is handed out with the exit status. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "programs.h"

typedef struct Child { pid_t pid; u32 i; int text; } Child;
typedef struct Line { Programs *p; Arena ar; VEC(Child) child; VEC(u32) again; int err; } Line;

static void hand_out(Line *l, u32 i, int status, int text)
{
	Buf b = {.ar = &l->ar};
	ARENA_LOCAL(tmp, 1024);
	char *part = arena_alloc(&tmp, 65536, 1);
	ssize_t n;
	lseek(text, 0, SEEK_SET);
	while ((n = read(text, part, 65536)) > 0)
		buf_write(&b, part, (size_t)n);
	close(text);
	arena_free(&tmp);
	l->p->done(l->p->arg, i, status, b.a, b.n);
}

/* Waits for children until no more than max are left. */
static void reap(Line *l, u32 max)
{
	while (l->child.n > max) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);
		if (pid < 0 && errno != EINTR)
			fatal("wait:");
		for (u32 k = 0; k < l->child.n; k++) {
			Child c = l->child.a[k];
			if (c.pid != pid)
				continue;
			l->child.a[k] = vec_last(&l->child);
			l->child.n--;
			if (WIFEXITED(status) && WEXITSTATUS(status) == ProgramStale) {
				close(c.text);
				vec_push(&l->ar, &l->again, c.i);
				continue;
			}
			if (WIFSIGNALED(status))
				dprintf(c.text, "compiler ended by signal: %s\n", strsignal(WTERMSIG(status)));
			hand_out(l, c.i, WIFEXITED(status) ? WEXITSTATUS(status) : 2, c.text);
		}
	}
}

/* What is printed from now on is program i's. */
static int catch_text(void)
{
	int text = memfd_create("diagnostics", MFD_CLOEXEC);
	if (text < 0)
		fatal("memfd:");
	fflush(NULL);
	dup2(text, STDERR_FILENO);
	return text;
}

static void start_child(Line *l, u32 i, bool alone, int text)
{
	Programs *p = l->p;
	reap(l, (u32)p->njob - 1);
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		fatal("fork:");
	if (pid == 0) {
		int r = p->finish(p->arg, i, alone, p->n - i > 1 || l->child.n ? 1 : 0);
		fflush(NULL);
		_exit(r);
	}
	dup2(l->err, STDERR_FILENO);
	vec_push(&l->ar, &l->child, (Child){pid, i, text});
}

static void one(Line *l, u32 i)
{
	Programs *p = l->p;
	int text = catch_text();
	int status = p->code(p->arg, i);
	if (status >= 0) {
		fflush(NULL);
		dup2(l->err, STDERR_FILENO);
		if (p->forget)
			p->forget(p->arg, i);
		hand_out(l, i, status, text);
		return;
	}
	start_child(l, i, status == ProgramAlone, text);
	p->forget(p->arg, i);
}

/* Between programs: what was stale is made alone. All results are handed out, since whoever lets programs begin may wait for them. */
static void make_again(Line *l)
{
	if (!l->again.n)
		return;
	for (u32 k = 0; k < l->again.n; k++)
		start_child(l, l->again.a[k], true, catch_text());
	l->again.n = 0;
	reap(l, 0);
	make_again(l);                  /* waiting may have found more */
}

void programs_run(Programs *p)
{
	Line l = {.p = p, .err = dup(STDERR_FILENO)};
	for (u32 i = 0; i < p->n; i++) {
		make_again(&l);
		if (p->wait && !p->wait(p->arg, i))
			break;
		one(&l, i);
	}
	reap(&l, 0);
	make_again(&l);
	close(l.err);
	arena_free(&l.ar);
}
