/* Clocks, for -d time. */
#include <time.h>
#include "base.h"

static u64 now(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

u64 clock_ns(void)
{
	return now(CLOCK_MONOTONIC);
}

u64 clock_thread_ns(void)
{
	return now(CLOCK_THREAD_CPUTIME_ID);
}

u64 clock_cpu_ns(void)
{
	return now(CLOCK_PROCESS_CPUTIME_ID);
}
