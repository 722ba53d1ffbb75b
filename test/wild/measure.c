/* Runs one command for at most a number of seconds and says what it cost.
 *
 *     measure seconds report command [argument...]
 *
 * The report gets one line: wall seconds, processor seconds (user and system), peak memory of the largest process in megabytes, and the
 * exit status (124: out of time). The command has a process group of its own, which is killed as a whole at the end, so that nothing it
 * started stays behind. The exit status is the command's. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TimedOut = 124, CannotRun = 126 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return t.tv_sec + t.tv_usec / 1e6;
}

static void ignore(int sig)
{
}

/* Waits for child until the deadline; SIGCHLD is blocked and ends the sleep. */
static int wait_until(pid_t child, double deadline, const sigset_t *chld)
{
	int status;
	for (;;) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		double left = deadline - now();
		if (left <= 0)
			break;
		struct timespec t = {(time_t)left, (long)((left - (time_t)left) * 1e9)};
		sigtimedwait(chld, NULL, &t);
	}
	kill(-child, SIGKILL);
	waitpid(child, &status, 0);
	return TimedOut;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: measure seconds report command [argument...]\n");
		return CannotRun;
	}
	sigset_t chld, old;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &old);
	signal(SIGCHLD, ignore);
	double start = now();
	pid_t child = fork();
	if (child == 0) {
		setpgid(0, 0);
		sigprocmask(SIG_SETMASK, &old, NULL);
		execvp(argv[3], argv + 3);
		perror(argv[3]);
		_exit(CannotRun);
	}
	setpgid(child, child);
	int code = wait_until(child, start + atof(argv[1]), &chld);
	double wall = now() - start;
	kill(-child, SIGKILL);
	struct rusage r;
	getrusage(RUSAGE_CHILDREN, &r);
	FILE *f = fopen(argv[2], "w");
	if (!f) {
		perror(argv[2]);
		return CannotRun;
	}
	fprintf(f, "%.2f %.2f %ld %d\n", wall, seconds(r.ru_utime) + seconds(r.ru_stime), r.ru_maxrss / 1024, code);
	fclose(f);
	return code;
}
