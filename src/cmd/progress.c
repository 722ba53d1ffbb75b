/* A line on the terminal for what takes longer than a second: the phase, and for how long.
 *
 * A thread of its own writes it and leaves the cursor at its beginning, so that whatever is printed next stands in its place; what we print
 * ourselves clears it first. Where standard error is no terminal, or -json was given, there is no thread. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"

/* Guarded by lock: whether the line is there, and that there shall be no more. */
struct Progress {
	Lock lock;
	bool shown, ended;
	u64 start;
	_Atomic(const char *) phase;
};

static void *show(void *arg)
{
	Progress *p = arg;
	struct timespec first = {.tv_sec = 1}, later = {.tv_nsec = 200000000};
	nanosleep(&first, NULL);
	for (bool ended = false; !ended; nanosleep(&later, NULL)) {
		const char *phase = atomic_load(&p->phase);
		lock_acquire(&p->lock);
		ended = p->ended;
		if (!ended && phase) {
			fprintf(stderr, "\033[K%s %llu s\r", phase, (unsigned long long)((clock_ns() - p->start) / 1000000000));
			fflush(stderr);
			p->shown = true;
		}
		lock_release(&p->lock);
	}
	return NULL;
}

void progress_start(Build *b)
{
	const char *term = getenv("TERM");
	pthread_t t;
	bool builds = !strcmp(b->command, "build") || !strcmp(b->command, "install") || !strcmp(b->command, "run");
	if (!builds || b->opt.json || b->opt.trace || b->opt.dry || b->opt.verbose || !isatty(2) || !term || !strcmp(term, "dumb"))
		return;
	b->progress = arena_new(&b->ar, Progress);
	b->progress->start = clock_ns();
	if (pthread_create(&t, NULL, show, b->progress) != 0)
		b->progress = NULL;
	else
		pthread_detach(t);
}

void progress_phase(Build *b, const char *name)
{
	if (b->progress)
		atomic_store(&b->progress->phase, name);
}

/* Clears the line; ended: for good. */
static void clear(Build *b, bool ended)
{
	Progress *p = b->progress;
	if (!p)
		return;
	lock_acquire(&p->lock);
	if (p->shown)
		fprintf(stderr, "\033[K");
	p->shown = false;
	p->ended |= ended;
	lock_release(&p->lock);
}

void progress_clear(Build *b) { clear(b, false); }
void progress_end(Build *b) { clear(b, true); }
