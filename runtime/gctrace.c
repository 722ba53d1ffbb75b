/* gctrace.c: a line for each collection, as GODEBUG=gctrace=1 prints it. */
#include "mem.h"

static void print_ms(u64 ns)
{
	if (ns >= 10000000) {
		rt_printf("%d", ns / 1000000);
		return;
	}
	u64 us = ns / 1000;
	if (!us)
		rt_printf("0");
	else if (us >= 1000)
		rt_printf("%d.%d", us / 1000, us % 1000 / 100);
	else
		rt_printf("0.%d%d%d", us / 100, us / 10 % 10, us % 10);
}

/* The clock says how long the world was stopped, marking went on, the world was stopped again; the processor time, in the second part,
 * what was spent by those who allocate, by threads that took it from the program, by threads on idle processors. */
void gc_trace(const GcTimes *t, bool forced)
{
	static int on = -1;
	if (on < 0)
		on = (i32)rt_godebug("gctrace", 0);
	if (on <= 0)
		return;
	u64 procs = (u64)sched.gomaxprocs;
	u64 ms = (t->begin - sched.starttime) / 1000000;
	u64 total = (t->done - sched.starttime) * procs, spent = mheap.pausetotal * procs + mheap.gccpu[0] + mheap.gccpu[1] + mheap.gccpu[2];
	rt_printf("gc %d @%d.%d%d%ds %d%s: ", mheap.numgc, ms / 1000, ms / 100 % 10, ms / 10 % 10, ms % 10,
		total ? spent * 100 / total : 0, "%");
	u64 first = t->pause1 ? t->pause1 : t->mark - t->begin, last = t->done - t->end, mark = t->end > t->mark ? t->end - t->mark : 0;
	print_ms(first);
	rt_printf("+");
	print_ms(mark);
	rt_printf("+");
	print_ms(last);
	rt_printf(" ms clock, ");
	print_ms(first * procs);
	rt_printf("+");
	print_ms(gcsums.assist);
	rt_printf("/");
	print_ms(gcsums.dedicated);
	rt_printf("/");
	print_ms(gcsums.idle);
	rt_printf("+");
	print_ms(last * procs);
	rt_printf(" ms cpu, %d->%d->%d MB, %d MB goal, %d MB stacks, %d MB globals, %d P%s\n", t->live0 >> 20, t->live1 >> 20,
		mheap.marked >> 20, t->goal >> 20, gcsums.stackbytes >> 20, gc_globals_bytes() >> 20, procs, forced ? " (forced)" : "");
}
