/* metrics.c: what runtime/metrics can be told beside the counters of MemStats: distributions of times, states of goroutines,
 * processor time. The overlay gives them their names. */
#include "mem.h"

i64 os_syscall(i64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);

/* Bounds in ns: 0, then 2^6 to 2^40 in quarters of each power. */
enum { MinBits = 6, MaxBits = 40, HistLen = 3 + (MaxBits - MinBits) * 4 };
typedef struct { u64 count[HistLen]; } Hist;

static struct { Hist gcpause, gcstop, otherpause, otherstop, latency; u64 mutexwait; } times;

static void add(Hist *h, i64 ns)
{
	u32 i;
	if (ns < 1 << MinBits) {
		i = ns >= 0;
	} else {
		u32 k = 63 - (u32)__builtin_clzl((u64)ns);
		i = k >= MaxBits ? HistLen - 1 : 2 + (k - MinBits) * 4 + (u32)((u64)ns >> (k - 2) & 3);
	}
	axadd(&h->count[i], 1);
}

void rt_metric_pause(bool gc, i64 stopping, i64 total)
{
	add(gc ? &times.gcstop : &times.otherstop, stopping);
	add(gc ? &times.gcpause : &times.otherpause, total);
}

void rt_metric_latency(i64 ns)
{
	add(&times.latency, ns);
}

void rt_metric_mutexwait(i64 ns)
{
	axadd(&times.mutexwait, (u64)ns);
}

typedef struct {                /* the overlay's metricData */
	Hist gcpause, gcstop, otherpause, otherstop, latency;
	u64 mutexwait;
	u64 nmalloc[NumSizeClasses], nfree[NumSizeClasses];
	u64 tiny, scanheap, scanstack, scanglobals;
	u64 created, runnable, running, waiting, outside, threads;
	u64 totalns, userns, pausens;
	u64 gccpu[3];           /* marking by those who allocate, by threads instead of the program, on idle processors */
	u64 fin[4];             /* finalizers, cleanups: queued, executed */
	u64 gogc, memlimit, stackstart;
} Metrics;
_Static_assert(sizeof(Metrics) == (5 * HistLen + 1 + 2 * NumSizeClasses + 23) * 8, "overlay's metricData");

static void count_state(G *gp, void *arg)
{
	Metrics *m = arg;
	switch (rt_gstatus(gp)) {
	case GRunnable: m->runnable++; break;
	case GRunning: case GCopystack: m->running++; break;
	case GSyscall: m->outside++; break;
	case GWaiting: case GPreempted: m->waiting++; break;
	}
}

static i64 cputime(void)
{
	i64 ts[2] = { 0, 0 };
	os_syscall(228 /* clock_gettime */, 2 /* PROCESS_CPUTIME_ID */, (u64)ts, 0, 0, 0, 0);
	return ts[0] * 1000000000 + ts[1];
}

/* cmetrics(*metricData) bool; false: the world is being stopped, try again. */
u64 metrics_read(void *to)
{
	if (!rt_try_stop_the_world("metrics"))
		return 0;
	Metrics *m = to;
	memset(m, 0, sizeof *m);
	mcache_flush_all();
	memcpy(&m->gcpause, &times, sizeof times);
	memcpy(m->nmalloc, mheap.nmalloc, sizeof m->nmalloc);
	memcpy(m->nfree, mheap.nfree, sizeof m->nfree);
	m->tiny = mheap.tinyallocs;
	gc_scan_sizes(&m->scanheap, &m->scanstack, &m->scanglobals);
	m->created = sched.goidgen;
	rt_foreach_g(count_state, m);
	for (M *mp = sched.allm; mp != NULL; mp = mp->alllink)
		m->threads += mp->procid != 0;
	m->totalns = (u64)(os_nanotime() - sched.starttime) * (u64)sched.gomaxprocs;
	m->pausens = mheap.pausetotal * (u64)sched.gomaxprocs;
	memcpy(m->gccpu, mheap.gccpu, sizeof m->gccpu);
	m->userns = (u64)cputime();
	fin_counts(m->fin);
	m->gogc = mheap.gcpercent < 0 ? ~0ull : (u64)mheap.gcpercent;
	m->memlimit = (u64)mheap.memlimit;
	m->stackstart = StackMin;
	rt_start_the_world();
	return 1;
}
