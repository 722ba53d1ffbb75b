/* heapdump.c: everything the collector knows, written to a file in the format "go1.7 heap dump": objects with the offsets of their
 * pointers, goroutines with their frames, package variables, what is attached to objects, counters, the memory profile.
 *
 * A dump is a header and records: a tag and numbers as varints, strings and memory with their length before them. The world is
 * stopped and all spans are swept. Types and itabs are made into records by the overlay. */
#include "mem.h"

enum { FieldEnd, FieldPtr };
enum {
	TagEnd, TagObject, TagOtherRoot, TagType, TagGoroutine, TagFrame, TagParams, TagFinalizer, TagItab, TagThread, TagMemStats,
	TagQueuedFinalizer, TagData, TagBSS, TagDefer, TagPanic, TagMemProf, TagSample,
};

/* What the overlay knows: the version, the number of processors, types, itabs; how reasons to wait are called. */
typedef struct { const u8 *records; u64 n; const String *reasons; } DumpHints;
typedef struct { i32 fd; bool failed; const DumpHints *hints; u32 n; u8 buf[4096]; } Dump;

static void flush(Dump *d, const u8 *p, u64 n)
{
	while (n && !d->failed) {
		i64 k = os_write(d->fd, p, n);
		if (k <= 0) {
			d->failed = k != -4;    /* EINTR */
			continue;
		}
		p += k;
		n -= (u64)k;
	}
}

static void put(Dump *d, const void *p, u64 n)
{
	if (d->n + n > sizeof d->buf) {
		flush(d, d->buf, d->n);
		d->n = 0;
	}
	if (n > sizeof d->buf) {
		flush(d, p, n);
		return;
	}
	memcpy(d->buf + d->n, p, n);
	d->n += (u32)n;
}

static void num(Dump *d, u64 v)
{
	u8 b[10];
	u32 n = 0;
	for (; v >= 0x80; v >>= 7)
		b[n++] = (u8)v | 0x80;
	b[n++] = (u8)v;
	put(d, b, n);
}

static void memory(Dump *d, const void *p, u64 n)
{
	num(d, n);
	put(d, p, n);
}

static void str(Dump *d, String s) { memory(d, s.ptr, (u64)s.len); }
static void cstr(Dump *d, const char *s) { memory(d, s, rt_strlen(s)); }

static void fields(Dump *d, const u8 *bits, u64 n, u64 offset)
{
	for (u64 i = 0; i < n; i++)
		if (bits[i >> 3] >> (i & 7) & 1) {
			num(d, FieldPtr);
			num(d, offset + i * 8);
		}
}

/* ---- the heap ---- */
static void object(Dump *d, const MSpan *s, uptr p)
{
	num(d, TagObject);
	num(d, p);
	memory(d, (void *)p, s->elemsize);
	u64 header = mspan_hasheader(s) ? MallocHeaderSize : 0, words = (s->elemsize - header) / 8;
	u8 isptr[512];
	for (u64 i = 0; i < words && !mspan_noscan(s); i += sizeof isptr) {
		u64 n = words - i < sizeof isptr ? words - i : sizeof isptr;
		memset(isptr, 0, n);
		mem_ptrwords(p + header + i * 8, isptr, n);
		for (u64 k = 0; k < n; k++)
			if (isptr[k]) {
				num(d, FieldPtr);
				num(d, header + (i + k) * 8);
			}
	}
	num(d, FieldEnd);
}

static void attached(Dump *d, const MSpan *s)
{
	for (Special *sp = s->specials; sp; sp = sp->next) {
		uptr p = s->base + sp->offset;
		if (sp->kind == SpecialProfile) {
			num(d, TagSample);
			num(d, p);
			num(d, (u64)sp->fn);
		} else if (sp->kind == SpecialFinalizer) {
			u64 rec[] = { TagFinalizer, p, (u64)sp->fn, *(u64 *)sp->fn, (u64)sp->fint, (u64)sp->ot };
			for (u32 i = 0; i < nelem(rec); i++)
				num(d, rec[i]);
		}
	}
}

static void heap(Dump *d)
{
	for (u64 i = 0; i < mheap.nall; i++) {
		MSpan *s = mheap.all[i];
		for (u32 k = 0; s->state == SpanInUse && k < s->nelems; k++)
			if (!mspan_isfree(s, k))
				object(d, s, s->base + k * s->elemsize);
	}
	for (u64 i = 0; i < mheap.nall; i++)
		if (mheap.all[i]->state == SpanInUse)
			attached(d, mheap.all[i]);
}

static void queued(void *dump, void *fn, void *obj, void *fint, void *ot)
{
	u64 rec[] = { TagQueuedFinalizer, (u64)obj, (u64)fn, *(u64 *)fn, (u64)fint, (u64)ot };
	for (u32 i = 0; i < nelem(rec); i++)
		num(dump, rec[i]);
}

/* ---- goroutines ---- */
/* sp and the pointers among the arguments of the frame before, which lie at the beginning of this one. */
typedef struct { uptr sp; u64 depth, argoff; Ptrmap args; } Callee;

static void frame(Dump *d, const Frame *fr, Callee *c)
{
	Ptrmap locals, args;
	const StackObject *objs;
	u64 nobjs;
	rt_frame_maps(fr, &locals, &args, &objs, &nobjs);
	num(d, TagFrame);
	num(d, fr->sp);
	num(d, c->depth++);
	num(d, c->sp);
	memory(d, (void *)fr->sp, fr->fp - fr->sp);
	num(d, fr->entry);
	num(d, fr->pc);
	num(d, fr->continpc);
	str(d, rt_funcname(fr->f));
	fields(d, c->args.bits, (u64)(c->args.nbit > 0 ? c->args.nbit : 0), c->argoff);
	if (locals.nbit > 0)
		fields(d, locals.bits, (u64)locals.nbit, fr->varp - (u64)locals.nbit * 8 - fr->sp);
	num(d, FieldEnd);
	*c = (Callee){ fr->sp, c->depth, fr->argp - fr->fp, args };
}

typedef struct Defer { bool heap, rangefunc; uptr sp, pc; Funcval *fn; struct Defer *link; } Defer;
typedef struct Panic { Eface arg; struct Panic *link; } Panic;

static void goroutine(Dump *d, G *gp)
{
	uptr sp = gp->syscallsp && gp->waits != WaitsOne ? gp->syscallsp : gp->sched.sp;
	u64 head[] = { TagGoroutine, (u64)gp, sp, gp->goid, gp->gopc, rt_gstatus(gp), 0, 0, (u64)gp->waitsince };
	for (u32 i = 0; i < nelem(head); i++)
		num(d, head[i]);
	str(d, d->hints->reasons[rt_gstatus(gp) == GWaiting ? gp->waitreason : WaitZero]);
	num(d, (u64)gp->sched.ctxt);
	num(d, (u64)gp->m);
	num(d, (u64)gp->_defer);
	num(d, (u64)gp->_panic);
	Callee c = {0};
	Unwinder u;
	for (rt_unwind_init(&u, gp); !u.done; rt_unwind_next(&u))
		frame(d, &u.fr, &c);
	for (Defer *df = gp->_defer; df; df = df->link) {
		u64 rec[] = { TagDefer, (u64)df, (u64)gp, df->sp, df->pc, (u64)df->fn, df->fn ? (u64)df->fn->fn : 0, (u64)df->link };
		for (u32 i = 0; i < nelem(rec); i++)
			num(d, rec[i]);
	}
	for (Panic *p = gp->_panic; p; p = p->link) {
		u64 rec[] = { TagPanic, (u64)p, (u64)gp, (u64)p->arg.type, (u64)p->arg.data, 0, (u64)p->link };
		for (u32 i = 0; i < nelem(rec); i++)
			num(d, rec[i]);
	}
}

static void goroutines(Dump *d)
{
	for (G *gp = NULL; (gp = rt_nextg(gp));) {
		u32 s = rt_gstatus(gp);
		if (s != GIdle && s != GDead && s != GDeadextra)
			goroutine(d, gp);
	}
	for (M *mp = aload(&sched.allm); mp; mp = mp->alllink) {
		num(d, TagThread);
		num(d, (u64)mp);
		num(d, (u64)mp->id);
		num(d, mp->procid);
	}
}

/* ---- the rest ---- */
static void variables(Dump *d, u64 tag, uptr lo, uptr hi, Bitvector mask)
{
	num(d, tag);
	num(d, lo);
	memory(d, (void *)lo, hi - lo);
	fields(d, mask.bytedata, (u64)mask.n, 0);
	num(d, FieldEnd);
}

void mstats_read(void *ms);

static void counters(Dump *d)
{
	u64 stats[1024];
	mstats_read((void *)stats);
	num(d, TagMemStats);
	for (u32 i = 0; i < 24 + 256; i++)      /* up to PauseNs */
		num(d, stats[i]);
	num(d, (u32)stats[24 + 512]);           /* after PauseEnd: NumGC */
}

static void profiled(void *dump, void *bucket, u64 size, u64 allocs, u64 frees, const uptr *stk, u64 n)
{
	Dump *d = dump;
	num(d, TagMemProf);
	num(d, (u64)bucket);
	num(d, size);
	num(d, n);
	for (u64 i = 0; i < n; i++) {
		i32 line = 0;
		uptr pc = stk[i] - (i > 0);
		const Func *f = rt_findfunc(pc);
		str(d, rt_funcname(f));
		str(d, rt_funcfile(f, pc, &line));
		num(d, (u64)line);
	}
	num(d, allocs);
	num(d, frees);
}

/* The world is stopped. */
void heapdump_write(i64 fd, const DumpHints *hints)
{
	static Dump dump;
	Dump *d = &dump;
	*d = (Dump){ .fd = (i32)fd, .hints = hints };
	mcache_flush_all();
	sweep_finish();
	put(d, "go1.7 heap dump\n", 16);
	u64 params[] = { TagParams, 0, 8, mheap.base, mheap.used };
	for (u32 i = 0; i < nelem(params); i++)
		num(d, params[i]);
	cstr(d, "amd64");
	put(d, hints->records, hints->n);
	heap(d);
	goroutines(d);
	const Moduledata *md = &rt_firstmoduledata;
	variables(d, TagData, md->data, md->edata, md->gcdatamask);
	variables(d, TagBSS, md->bss, md->ebss, md->gcbssmask);
	fin_queued(queued, d);
	counters(d);
	mprof_visit(profiled, d);
	num(d, TagEnd);
	flush(d, d->buf, d->n);
}
