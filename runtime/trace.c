/* trace.c: execution traces, in version 2 of the format that internal/trace reads.
 *
 * Every M writes events into a buffer of its own, under its tracelock. A change of a goroutine's status and its event are made under
 * that lock together (rt_casgstatus); so are the changes of a P's owner. A trace is cut into generations. To begin one, the world is
 * stopped and the tracelocks of all Ms are taken: then nothing changes, full or half full buffers of the old generation go to the
 * reader, and the state of all Ps and goroutines is written down. Events after that carry sequence numbers (P.traceseq,
 * GRare.traceseq), by which the reader puts what happened on different threads in order.
 *
 * Stacks and strings are named by numbers that count anew in each generation. Strings are written as they come; stacks are written
 * by the overlay (trace.go) when the generation is over, for it knows functions and lines.
 *
 * The reader is one goroutine in ReadTrace. It is woken by the scheduler when something is there to be read (rt_traceready),
 * since events are written where nobody can be woken. */
#include "proc.h"

enum {
	EvEventBatch = 1, EvStacks, EvStack, EvStrings, EvString, EvCPUSamples, EvCPUSample, EvFrequency,
	EvProcsChange, EvProcStart, EvProcStop, EvProcSteal, EvProcStatus,
	EvGoCreate, EvGoCreateSyscall, EvGoStart, EvGoDestroy, EvGoDestroySyscall, EvGoStop, EvGoBlock, EvGoUnblock,
	EvGoSyscallBegin, EvGoSyscallEnd, EvGoSyscallEndBlocked, EvGoStatus, EvSTWBegin, EvSTWEnd,
	EvGCActive, EvGCBegin, EvGCEnd, EvGCSweepActive, EvGCSweepBegin, EvGCSweepEnd,
	EvGCMarkAssistActive, EvGCMarkAssistBegin, EvGCMarkAssistEnd, EvHeapAlloc, EvHeapGoal,
	EvGoLabel, EvUserTaskBegin, EvUserTaskEnd, EvUserRegionBegin, EvUserRegionEnd, EvUserLog,
	EvGoSwitch, EvGoSwitchDestroy, EvGoCreateBlocked, EvGoStatusStack, EvExperimentalBatch, EvSync, EvClockSnapshot,
	EvEndOfGeneration,
};
enum { TraceGoRunnable = 1, TraceGoRunning, TraceGoSyscall, TraceGoWaiting };
enum { TraceProcRunning = 1, TraceProcIdle };
enum { NoThread = -1, MaxDepth = 128, MaxString = 1024, HashLen = 4096, ChunkLen = 256 << 10, ClockShift = 6, EventBytes = 64 };
enum { SampleLen = 2048, SampleDepth = 64 };

typedef struct TraceBuf TraceBuf;
struct TraceBuf {
	TraceBuf *link;
	u64 last;               /* time of the last event */
	u32 n, size;            /* bytes; where the length of the batch stands */
	u8 data[(64 << 10) - 24];
};

/* Something with a number: a stack's addresses or a string's bytes. */
typedef struct TraceEntry TraceEntry;
struct TraceEntry {
	TraceEntry *next, *hashnext;    /* next: the overlay follows it */
	u64 hash, id, len;
	u8 data[];
};

typedef struct Chunk { struct Chunk *next; u64 n; u8 data[]; } Chunk;
typedef struct { Mutex lock; u64 ids; TraceEntry **hash, *all; Chunk *chunks; TraceBuf *buf; } Table;
typedef struct { u32 ready; u32 n; u64 time, goid; i64 pid; u64 mid; uptr pc[SampleDepth]; } Sample;

static struct {
	Mutex lock;             /* what follows up to reader */
	TraceBuf *full[2], **fulltail[2], *empty, *reading;
	u64 readgen, flushedgen;
	bool shutdown, header, ended;
	G *reader;              /* parked */
	bool stw, resized;      /* the present stop of the world is in the trace; has changed the number of Ps */
	u64 gen, lastgen;       /* gen 0: off; changes with all tracelocks held */
	u64 gcseq;
	bool gcactive;
	u32 done[2];            /* semaphores: the reader has all of a generation */
	Table strings[2], stacks[2];
	u32 nsample[2];
	Sample sample[2][SampleLen];
} trace;

u32 rt_tracing, rt_traceready;

static const char *const blockreason[] = {
	"unspecified", "forever", "network", "select", "sync.(*Cond).Wait", "sync", "chan send", "chan receive",
	"GC mark assist wait for work", "GC background sweeper wait", "system goroutine wait", "preempted",
	"wait for debug call", "wait until GC ends", "sleep", "GC weak to strong wait", "synctest",
};
enum { BlockOther, BlockForever, BlockNet, BlockSelect, BlockCond, BlockSync, BlockSend, BlockReceive, BlockSystem = 10, BlockGC = 13, BlockSleep,
	BlockSynctest = 16 };
static const char *const stopreason[] = { "unspecified", "preempted", "runtime.Gosched" };    /* enum TraceStop */

static u32 whyblocked(u8 reason) {
	switch (reason) {
	case WaitIOWait: return BlockNet;
	case WaitChanReceiveNilChan: case WaitChanSendNilChan: case WaitSelectNoCases: return BlockForever;
	case WaitSelect: return BlockSelect;
	case WaitChanReceive: return BlockReceive;
	case WaitChanSend: return BlockSend;
	case WaitSyncCondWait: return BlockCond;
	case WaitSemacquire: case WaitSyncMutexLock: case WaitSyncRWMutexRLock: case WaitSyncRWMutexLock:
	case WaitSyncWaitGroupWait: return BlockSync;
	case WaitSleep: return BlockSleep;
	case WaitGarbageCollection: case WaitForGCCycle: return BlockGC;
	case WaitFinalizerWait: case WaitCleanupWait: case WaitForceGCIdle: case WaitUpdateGOMAXPROCSIdle:
	case WaitTraceReaderBlocked: return BlockSystem;
	case WaitSynctestRun: case WaitSynctestWait: case WaitSynctestChanReceive: case WaitSynctestChanSend:
	case WaitSynctestSelect: case WaitSynctestWaitGroupWait: return BlockSynctest;
	}
	return BlockOther;
}

/* ---- buffers ---- */
static u64 now(void) { return (u64)os_nanotime() >> ClockShift; }

static void byte(TraceBuf *b, u8 x) { b->data[b->n++] = x; }

static void varint(TraceBuf *b, u64 v) {
	for (; v >= 0x80; v >>= 7)
		byte(b, (u8)v | 0x80);
	byte(b, (u8)v);
}

static bool room(const TraceBuf *b, u64 n) { return b != NULL && b->n + n <= sizeof b->data; }

/* The batch is whole: its length is known. */
static void finish(TraceBuf *b, u64 gen) {
	u32 n = b->n - b->size - 4;
	for (u32 i = 0; i < 4; i++)
		b->data[b->size + i] = (u8)(n >> 7 * i & 0x7f) | (i < 3 ? 0x80 : 0);
	b->link = NULL;
	rt_lock(&trace.lock);
	*trace.fulltail[gen & 1] = b;
	trace.fulltail[gen & 1] = &b->link;
	if (trace.reader != NULL)
		astore(&rt_traceready, 1);
	rt_unlock(&trace.lock);
}

static TraceBuf *batch(u64 gen, u64 mid, u64 time) {
	rt_lock(&trace.lock);
	TraceBuf *b = trace.empty;
	if (b != NULL)
		trace.empty = b->link;
	rt_unlock(&trace.lock);
	if (b == NULL && (b = os_mmap(NULL, sizeof *b, 3, 0x22)) == NULL)
		rt_throw("trace: out of memory");
	b->n = 0;
	b->last = time;
	byte(b, EvEventBatch);
	varint(b, gen);
	varint(b, mid);
	varint(b, time);
	b->size = b->n;
	b->n += 4;
	return b;
}

/* A batch of the generation that belongs to no thread, with room for n bytes. */
static TraceBuf *common(TraceBuf **at, u64 gen, u8 section, u64 n) {
	if (*at != NULL && !room(*at, n)) {
		finish(*at, gen);
		*at = NULL;
	}
	if (*at == NULL) {
		*at = batch(gen, (u64)NoThread, now());
		byte(*at, section);
	}
	return *at;
}

/* ---- tables ---- */
static void *tableroom(Table *t, u64 n) {
	n = (n + 7) & ~7ull;
	if (t->chunks == NULL || t->chunks->n + n > ChunkLen - sizeof(Chunk)) {
		Chunk *c = os_mmap(NULL, ChunkLen, 3, 0x22);
		if (c == NULL)
			rt_throw("trace: out of memory");
		c->next = t->chunks;
		t->chunks = c;
	}
	void *p = t->chunks->data + t->chunks->n;
	t->chunks->n += n;
	return p;
}

static TraceEntry *lookup(Table *t, const void *p, u64 len, bool *isnew) {
	u64 h = len, i = 0, w;
	for (; i + 8 <= len; i += 8) {
		memcpy(&w, (const u8 *)p + i, 8);
		h = (h ^ w) * 0x9e3779b97f4a7c15, h ^= h >> 29;
	}
	for (; i < len; i++)
		h = (h ^ ((const u8 *)p)[i]) * 0x9e3779b97f4a7c15, h ^= h >> 29;
	if (t->hash == NULL)
		t->hash = tableroom(t, HashLen * sizeof *t->hash);
	TraceEntry **at = &t->hash[h % HashLen];
	for (TraceEntry *e = *at; e != NULL; e = e->hashnext)
		if (e->hash == h && e->len == len && memcmp(e->data, p, len) == 0)
			return e;
	TraceEntry *e = tableroom(t, sizeof *e + len);
	*e = (TraceEntry){ t->all, *at, h, ++t->ids, len };
	memcpy(e->data, p, len);
	t->all = *at = e;
	*isnew = true;
	return e;
}

static void tablereset(Table *t) {
	for (Chunk *c = t->chunks, *next; c != NULL; c = next) {
		next = c->next;
		os_munmap(c, ChunkLen);
	}
	t->chunks = NULL;
	t->hash = NULL;
	t->all = NULL;
	t->ids = 0;
}

static u64 string(u64 gen, const u8 *p, u64 len) {
	Table *t = &trace.strings[gen & 1];
	if (len == 0)
		return 0;
	len = len < MaxString ? len : MaxString;
	bool isnew = false;
	rt_lock(&t->lock);
	TraceEntry *e = lookup(t, p, len, &isnew);
	if (isnew) {
		TraceBuf *b = common(&t->buf, gen, EvStrings, len + 32);
		byte(b, EvString);
		varint(b, e->id);
		varint(b, len);
		memcpy(b->data + b->n, p, len);
		b->n += (u32)len;
	}
	rt_unlock(&t->lock);
	return e->id;
}

static u64 cstring(u64 gen, const char *s) { return string(gen, (const u8 *)s, rt_strlen(s)); }

static u64 stackid(u64 gen, const uptr *pc, u64 n) {
	Table *t = &trace.stacks[gen & 1];
	bool isnew;
	if (n == 0)
		return 0;
	rt_lock(&t->lock);
	u64 id = lookup(t, pc, n * sizeof *pc, &isnew)->id;
	rt_unlock(&t->lock);
	return id;
}

/* The Go frames of a goroutine that is not running Go code. */
static u64 stackof(u64 gen, G *gp, u64 skip) {
	uptr pc[MaxDepth];
	return stackid(gen, pc, rt_callers(gp, pc, MaxDepth, skip, false));
}

/* Of the goroutine this thread works for. */
static u64 mystack(u64 skip) {
	M *mp = rt_m();
	return mp->curg != NULL ? stackof(trace.gen, mp->curg, skip) : 0;
}

/* ---- events ---- */
void rt_trace_enter(void) {
	M *mp = rt_m();
	if (mp->tracenest++ == 0)
		rt_lock(&mp->tracelock);
}

void rt_trace_leave(void) {
	M *mp = rt_m();
	if (--mp->tracenest == 0)
		rt_unlock(&mp->tracelock);
}

/* An event of this thread; between enter and leave, tracing. */
static void event(u8 type, u32 n, const u64 *args) {
	M *mp = rt_m();
	TraceBuf *b = mp->tracebuf;
	u64 t = now();
	t = t > mp->tracelast ? t : mp->tracelast + 1;
	if (!room(b, EventBytes)) {
		if (b != NULL)
			finish(b, trace.gen);
		mp->tracebuf = b = batch(trace.gen, mp->procid, t++);
	}
	byte(b, type);
	varint(b, t - b->last);
	for (u32 i = 0; i < n; i++)
		varint(b, args[i]);
	b->last = mp->tracelast = t;
}

#define EVENT(type, ...) event(type, sizeof((u64[]){ __VA_ARGS__ }) / 8, (u64[]){ __VA_ARGS__ })
#define EVENT0(type) event(type, 0, NULL)

static u64 nextseq(G *gp) { return ++rt_grare(gp)->traceseq; }

static void started(G *gp) { EVENT(EvGoStart, gp->goid, nextseq(gp)); }

/* The running thread has changed gp's status. */
void rt_trace_status(G *gp, u32 old, u32 new) {
	M *mp = rt_m();
	u64 gen = trace.gen, skip = mp->traceskip;
	if (gen == 0)
		return;
	if (mp->tracestop == TraceStopPreempted && !gp->asyncsafepoint)
		skip = 1;               /* morestack */
	if (old == GDead) {
		rt_grare(gp)->traceseq = 0;
		uptr start = gp->startpc + 1;
		EVENT(new == GWaiting ? EvGoCreateBlocked : EvGoCreate, gp->goid, stackid(gen, &start, 1), mystack(1));
	} else if (old == GRunnable && new == GRunning) {
		started(gp);
	} else if (old == GWaiting && new == GRunnable) {
		EVENT(EvGoUnblock, gp->goid, nextseq(gp), mystack(skip));
	} else if (old == GRunning && new == GWaiting) {
		EVENT(EvGoBlock, cstring(gen, blockreason[whyblocked(gp->waitreason)]), stackof(gen, gp, skip));
	} else if (old == GRunning && new == GRunnable) {
		EVENT(EvGoStop, cstring(gen, stopreason[mp->tracestop]), stackof(gen, gp, skip));
	} else if (new == GDead) {
		EVENT0(EvGoDestroy);
	} else if (new == GSyscall) {
		mp->p->tracem = mp->procid;
		EVENT(EvGoSyscallBegin, ++mp->p->traceseq, stackof(gen, gp, 2));
	} else if (old == GSyscall) {
		EVENT0(mp->tracekept ? EvGoSyscallEnd : EvGoSyscallEndBlocked);
		if (!mp->tracekept && new == GRunning)
			started(gp);
	}
	mp->tracestop = TraceStopOther;
	mp->traceskip = 0;
}

/* pp, which was left to itself in a system call, has been taken away. Between enter and leave. */
void rt_trace_steal(P *pp) {
	if (trace.gen != 0)
		EVENT(EvProcSteal, (u64)pp->id, ++pp->traceseq, pp->tracem);
}

void rt_trace_proc(P *pp, bool start) {
	rt_trace_enter();
	if (trace.gen != 0 && start)
		EVENT(EvProcStart, (u64)pp->id, ++pp->traceseq);
	else if (trace.gen != 0)
		EVENT0(EvProcStop);
	rt_trace_leave();
}

/* The world is stopped, Ps from old on are new. */
void rt_trace_procs(i32 old) {
	rt_trace_enter();
	if (trace.gen != 0) {
		for (i32 i = old; i < sched.gomaxprocs; i++)
			EVENT(EvProcStatus, (u64)i, TraceProcIdle);
		trace.resized = true;
	}
	rt_trace_leave();
}

/* The world is stopped, and started again (why NULL), by the running goroutine. */
void rt_trace_stw(const char *why) {
	G *gp = rt_curg();
	if (gp == NULL || rt_gstatus(gp) != GRunning)
		return;
	rt_trace_enter();
	if (trace.gen != 0 && trace.resized)
		EVENT(EvProcsChange, (u64)sched.gomaxprocs, mystack(1));
	trace.resized = false;
	if (trace.gen != 0 && why != NULL)
		EVENT(EvSTWBegin, cstring(trace.gen, why), mystack(1));
	else if (trace.gen != 0 && trace.stw)
		EVENT0(EvSTWEnd);
	trace.stw = trace.gen != 0 && why != NULL;
	rt_trace_leave();
}

static void heap(void) {
	u64 goal, live = rt_heap_live(&goal);
	EVENT(EvHeapAlloc, live);
	EVENT(EvHeapGoal, goal);
}

void rt_trace_gc(bool begin) {
	G *gp = rt_curg();
	if (gp == NULL || rt_gstatus(gp) != GRunning)
		return;
	rt_trace_enter();
	if (trace.gen != 0 && begin) {
		EVENT(EvGCBegin, ++trace.gcseq, mystack(1));
		trace.gcactive = true;
	} else if (trace.gen != 0 && trace.gcactive) {
		EVENT(EvGCEnd, ++trace.gcseq);
		trace.gcactive = false;
		heap();
	}
	rt_trace_leave();
}

void rt_trace_heap(void) {
	if (rt_p() == NULL || rt_p()->status != PRunning)
		return;
	rt_trace_enter();
	u64 goal;
	if (trace.gen != 0)
		EVENT(EvHeapAlloc, rt_heap_live(&goal));
	rt_trace_leave();
}

void rt_trace_thread_end(M *mp) {
	rt_trace_enter();
	if (mp->tracebuf != NULL)
		finish(mp->tracebuf, trace.gen);
	mp->tracebuf = NULL;
	rt_trace_leave();
}

/* runtime/trace's annotations: ev with the arguments it has; s1, s2: strings. */
void trace_annotate(u64 ev, u64 id, u64 arg, const u8 *s1, u64 n1, const u8 *s2, u64 n2) {
	rt_trace_enter();
	u64 gen = trace.gen;
	if (gen != 0 && ev == EvUserTaskBegin)
		EVENT(EvUserTaskBegin, id, arg, string(gen, s1, n1), mystack(2));
	else if (gen != 0 && ev == EvUserTaskEnd)
		EVENT(EvUserTaskEnd, id, mystack(2));
	else if (gen != 0 && ev == EvUserLog)
		EVENT(EvUserLog, id, string(gen, s1, n1), string(gen, s2, n2), mystack(2));
	else if (gen != 0)
		EVENT((u8)ev, id, string(gen, s1, n1), mystack(2));
	rt_trace_leave();
}

/* In the handler of the profile's signal: what it found, for the trace too. */
void rt_trace_sample(M *mp, const uptr *pc, u64 n) {
	u64 gen = aload(&trace.gen);
	if (gen == 0)
		return;
	u32 at = axadd(&trace.nsample[gen & 1], 1) - 1;
	if (at >= SampleLen)
		return;
	Sample *s = &trace.sample[gen & 1][at];
	s->time = now();
	s->goid = mp->curg != NULL ? mp->curg->goid : 0;
	s->pid = mp->p != NULL ? mp->p->id : NoThread;
	s->mid = mp->procid;
	s->n = (u32)(n < SampleDepth ? n : SampleDepth);
	memcpy(s->pc, pc, s->n * sizeof *pc);
	astorerel(&s->ready, 1);
}

static void dumpsamples(u64 gen) {
	TraceBuf *b = NULL;
	u32 n = aload(&trace.nsample[gen & 1]);
	for (u32 i = 0; i < n && i < SampleLen; i++) {
		Sample *s = &trace.sample[gen & 1][i];
		if (!aload(&s->ready))
			continue;
		common(&b, gen, EvCPUSamples, EventBytes);
		byte(b, EvCPUSample);
		varint(b, s->time);
		varint(b, s->mid);
		varint(b, (u64)s->pid);
		varint(b, s->goid);
		varint(b, stackid(gen, s->pc, s->n));
		s->ready = 0;
	}
	if (b != NULL)
		finish(b, gen);
	astore(&trace.nsample[gen & 1], 0);
}

/* ---- generations ---- */
static void sync(u64 gen) {
	i64 sec;
	i32 nsec;
	TraceBuf *b = batch(gen, (u64)NoThread, now());
	byte(b, EvSync);
	byte(b, EvFrequency);
	varint(b, 1000000000 >> ClockShift);
	byte(b, EvClockSnapshot);
	u64 mono = (u64)os_nanotime();
	os_walltime(&sec, &nsec);
	varint(b, (mono >> ClockShift) > b->last ? (mono >> ClockShift) - b->last : 0);
	varint(b, mono);
	varint(b, (u64)sec);
	varint(b, (u64)nsec);
	finish(b, gen);
}

/* The state of everything, where a generation begins. */
static void snapshot(u64 gen) {
	M *me = rt_m();
	for (i32 i = 0; i < sched.gomaxprocs; i++) {
		rt_allp[i]->traceseq = 0;
		EVENT(EvProcStatus, (u64)i, rt_allp[i] == me->p ? TraceProcRunning : TraceProcIdle);
	}
	for (G *gp = NULL; (gp = rt_nextg(gp)) != NULL;) {
		u32 s = rt_gstatus(gp);
		if (s == GIdle || s == GDead || s == GDeadextra)
			continue;
		rt_grare(gp)->traceseq = 0;
		u64 mid = (u64)NoThread, to = TraceGoWaiting;
		if (s == GRunning || s == GSyscall)
			mid = gp->m->procid, to = s == GRunning ? TraceGoRunning : TraceGoSyscall;
		else if (s == GRunnable)
			to = TraceGoRunnable;
		EVENT(EvGoStatusStack, gp->goid, mid, to, stackof(gen, gp, 0));
	}
	EVENT(EvProcsChange, (u64)sched.gomaxprocs, mystack(0));
	if (trace.gcactive)
		EVENT(EvGCActive, ++trace.gcseq);
	heap();
}

/* The world is stopped by the caller. Ends the present generation, if there is one, whose number is returned, and begins the next. */
u64 trace_switch(bool start, bool stop) {
	M *me = rt_m();
	u64 old = trace.gen;
	if (start ? old != 0 : old == 0)
		return 0;
	rt_trace_stw(NULL);
	M *all = aload(&sched.allm);
	for (M *mp = all; mp != NULL; mp = mp->alllink)
		if (mp != me)
			rt_lock(&mp->tracelock);
	rt_trace_enter();
	for (M *mp = all; old != 0 && mp != NULL; mp = mp->alllink)
		if (mp->tracebuf != NULL) {
			finish(mp->tracebuf, old);
			mp->tracebuf = NULL;
		}
	if (old != 0)
		trace.lastgen = old;
	trace.gen = stop ? 0 : trace.lastgen + 1;
	rt_lock(&trace.lock);
	trace.shutdown = stop;
	if (start) {
		trace.readgen = trace.gen;
		trace.header = trace.ended = false;
		trace.gcactive = false;
		trace.fulltail[0] = &trace.full[0], trace.fulltail[1] = &trace.full[1];
	}
	rt_unlock(&trace.lock);
	astore(&rt_tracing, !stop);
	if (!stop) {
		sync(trace.gen);
		snapshot(trace.gen);
	}
	rt_trace_leave();
	for (M *mp = all; mp != NULL; mp = mp->alllink)
		if (mp != me)
			rt_unlock(&mp->tracelock);
	if (!stop)
		rt_trace_stw(start ? "start trace" : "advance trace");
	return stop || !start ? old : trace.gen;
}

/* ---- for the overlay, of a generation that is over ---- */
void *trace_stacks(u64 gen) {
	dumpsamples(gen);
	return trace.stacks[gen & 1].all;
}

u64 trace_string(u64 gen, const u8 *p, u64 n) { return string(gen, p, n); }

/* A whole batch of stacks, without its header. */
void trace_put(u64 gen, const u8 *p, u64 n) {
	TraceBuf *b = batch(gen, (u64)NoThread, now());
	if (!room(b, n))
		rt_throw("trace: batch is too long");
	memcpy(b->data + b->n, p, n);
	b->n += (u32)n;
	finish(b, gen);
}

void trace_flushed(u64 gen) {
	Table *t = &trace.strings[gen & 1];
	if (t->buf != NULL)
		finish(t->buf, gen);
	t->buf = NULL;
	tablereset(t);
	tablereset(&trace.stacks[gen & 1]);
	rt_lock(&trace.lock);
	trace.flushedgen = gen;
	G *gp = trace.reader;
	trace.reader = NULL;
	astore(&rt_traceready, 0);
	rt_unlock(&trace.lock);
	if (gp != NULL)
		rt_ready(gp);
}

/* A goroutine of no bubble that runs fn. */
void trace_advancer(Funcval *fn) { rt_newproc(fn, NULL, 0); }

void trace_await(u64 gen) { rt_semacquire(&trace.done[gen & 1]); }

/* ---- the reader ---- */
static bool readable(void) { return trace.full[trace.readgen & 1] != NULL || trace.flushedgen == trace.readgen; }

/* The parked reader, if there is something to read. */
G *rt_trace_reader(void) {
	G *gp = NULL;
	rt_lock(&trace.lock);
	astore(&rt_traceready, 0);
	if (trace.reader != NULL && readable()) {
		gp = trace.reader;
		trace.reader = NULL;
	}
	rt_unlock(&trace.lock);
	return gp;
}

static bool readerwaits(G *gp, void *arg UNUSED) {
	rt_lock(&trace.lock);
	bool wait = !readable();
	if (wait)
		trace.reader = gp;
	rt_unlock(&trace.lock);
	return wait;
}

static Pair readagain(G *gp);

static Pair next(void) {
	static const u8 header[16] = "go 1.26 trace\0\0", end[1] = { EvEndOfGeneration };
	rt_lock(&trace.lock);
	if (trace.reading != NULL) {
		trace.reading->link = trace.empty;
		trace.empty = trace.reading;
		trace.reading = NULL;
	}
	if (!trace.header) {
		trace.header = true;
		rt_unlock(&trace.lock);
		return (Pair){ (u64)header, sizeof header };
	}
	for (;;) {
		u64 k = trace.readgen & 1;
		TraceBuf *b = trace.full[k];
		if (b != NULL) {
			if ((trace.full[k] = b->link) == NULL)
				trace.fulltail[k] = &trace.full[k];
			trace.reading = b;
			rt_unlock(&trace.lock);
			return (Pair){ (u64)b->data, b->n };
		}
		if (trace.flushedgen != trace.readgen) {
			rt_unlock(&trace.lock);
			rt_curg()->sched.resume = readagain;
			rt_park(readerwaits, NULL, WaitTraceReaderBlocked);
		}
		if (!trace.ended) {
			trace.ended = true;
			rt_unlock(&trace.lock);
			return (Pair){ (u64)end, 1 };
		}
		trace.ended = false;
		bool last = trace.shutdown && trace.lastgen == trace.readgen;
		trace.readgen++;
		rt_unlock(&trace.lock);
		rt_semrelease(&trace.done[k]);
		if (last)
			return (Pair){ 0, 0 };
		rt_lock(&trace.lock);
	}
}

static Pair readagain(G *gp UNUSED) { return next(); }

Pair trace_read(void) { return next(); }
