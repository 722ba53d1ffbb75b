/* gcpace.c: when a cycle begins, and how much those who allocate help.
 *
 * The goal is the live heap plus GOGC percent of heap, stacks and globals, held below the memory limit. Marking
 * takes time while the program goes on allocating; so a cycle begins before the goal, by what was allocated during
 * the last mark, but not before seven tenths of the way. During the mark each byte allocated owes as much work as makes the work and the room
 * to the goal end together; what the workers have done counts first, the rest is done at once. */
#include "mem.h"

static struct {
	u64 expect;             /* bytes this cycle will look at */
	u64 room;               /* live heap at which it should be over */
	u64 ratio;              /* atomic: work for a byte allocated, 16 bits of fraction */
	i64 credit;             /* atomic: work done in advance */
	u64 lastscanned, lastallocated;
	i64 lastns;
} pace;

u64 gc_globals_bytes(void)
{
	u64 n = 0;
	for (Moduledata *md = &rt_firstmoduledata; md; md = md->next)
		n += md->edata - md->data + md->ebss - md->bss;
	return n;
}

static u64 laststack;           /* bytes, at the last cycle */

void gc_scan_sizes(u64 *heap, u64 *stack, u64 *globals)
{
	*heap = mheap.marked;
	*stack = laststack;
	*globals = gc_globals_bytes();
}

static u64 saturated_add(u64 a, u64 b)
{
	return a + b < a ? ~0ul : a + b;
}

static u64 goal(void)
{
	u64 goal = ~0ul;
	if (mheap.gcpercent >= 0) {
		u64 base = mheap.marked + laststack + (mheap.numgc ? gc_globals_bytes() : 0);
		u64 extra = base / 100 * mheap.gcpercent + base % 100 * mheap.gcpercent / 100;
		goal = saturated_add(mheap.marked, extra);
		u64 min = (u64)MinHeap * mheap.gcpercent / 100;
		if (goal < min)
			goal = min;
	}
	if (mheap.memlimit != INT64_MAX) {
		u64 other = mheap.metabytes + mheap.stackinuse, limit = mheap.memlimit;
		u64 room = limit > other ? limit - other : 0;
		room -= room / 32;
		u64 least = mheap.marked + mheap.marked / 16 + (64 << 10);  /* never collect without end */
		if (room < least)
			room = least;
		if (goal > room)
			goal = room;
	}
	return goal;
}

/* The goal has changed, or a cycle is over. */
void gc_update_goal(void)
{
	mheap.goal = goal();
	u64 trigger = mheap.goal;
	if (gc_marking()) {
		trigger = ~0ul;
	} else if (pace.lastallocated && mheap.goal != ~0ul && mheap.goal > mheap.marked) {
		u64 way = mheap.goal - mheap.marked, early = pace.lastallocated + pace.lastallocated / 8;
		if (early < way / 20)
			early = way / 20;
		if (early > way / 10 * 3)
			early = way / 10 * 3;
		trigger -= early;
	}
	astore(&mheap.trigger, trigger);
}

void gc_pace_begin(u64 live)
{
	u64 least = live + live / 8 + (256 << 10);      /* begun late: nobody is made to wait for what cannot be reached */
	pace.room = mheap.goal > least ? mheap.goal : least;
	pace.expect = pace.lastscanned ? pace.lastscanned : live;
	astore(&pace.credit, 0);
	gc_pace_revise();
}

void gc_pace_revise(void)
{
	u64 done = aload(&gcsums.scanned), expect = pace.expect, live = aload(&mheap.live);
	if (done + done / 16 > expect)          /* more than last time: all of it, for all we know */
		expect = live > done ? live : done;
	u64 left = (expect > done ? expect - done : 0) + (64 << 10);
	u64 room = pace.room > live ? pace.room - live : 0, least = pace.room / 64 + (32 << 10);
	u64 ratio = (left << 16) / (room > least ? room : least);
	astore(&pace.ratio, ratio < 64 << 16 ? ratio : 64 << 16);
}

u64 gc_pace_owed(u64 bytes)
{
	gc_pace_revise();
	i64 owed = (i64)(bytes * aload(&pace.ratio) >> 16), credit = aload(&pace.credit);
	if (credit <= 0)
		return (u64)owed;
	i64 taken = credit < owed ? credit : owed;
	axadd(&pace.credit, -taken);
	return (u64)(owed - taken);
}

void gc_pace_credit(u64 scanned)
{
	axadd(&pace.credit, (i64)scanned);
}

i64 gc_pace_expected(void)
{
	return pace.lastns;
}

void gc_pace_end(u64 allocated, i64 ns)
{
	pace.lastscanned = gcsums.scanned;
	pace.lastallocated = allocated;
	pace.lastns = ns;
	laststack = gcsums.stackbytes;
}

/* ---- settings ---- */
/* "off", or a number with one of the given units; -1 if it is neither. */
static i64 parse_setting(const char *s, const char *const *units)
{
	if (s[0] == 'o' && s[1] == 'f' && s[2] == 'f' && !s[3])
		return -2;
	i64 v = 0;
	u32 digits = 0;
	for (; *s >= '0' && *s <= '9'; s++, digits++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *s - '0', &v))
			return -1;
	for (u32 k = 0; digits && units[k]; k++) {
		u32 i = 0;
		while (units[k][i] && units[k][i] == s[i])
			i++;
		if (!units[k][i] && !s[i] && v <= INT64_MAX >> (k > 1 ? (k - 1) * 10 : 0))
			return v << (k > 1 ? (k - 1) * 10 : 0);
	}
	return -1;
}

/* GOGC and GOMEMLIMIT. */
void gc_read_environment(void)
{
	static const char *const plain[] = { "", NULL }, *const bytes[] = { "", "B", "KiB", "MiB", "GiB", "TiB", NULL };
	const char *s = rt_getenv("GOGC");
	i64 v = s ? parse_setting(s, plain) : -1;
	if (v == -2)
		mheap.gcpercent = -1;
	else if (v >= 0 && v <= INT32_MAX)
		mheap.gcpercent = v;
	s = rt_getenv("GOMEMLIMIT");
	v = s && *s ? parse_setting(s, bytes) : -2;
	if (v == -1) {
		rt_printf("GOMEMLIMIT=%s\n", s);
		rt_fatal("malformed GOMEMLIMIT; see `go doc runtime/debug.SetMemoryLimit`");
	}
	if (v >= 0)
		mheap.memlimit = v;
}
