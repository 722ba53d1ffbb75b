/* gcstack.c: the stacks of goroutines as roots.
 * A goroutine that waits, is runnable or in a system call is held in its state by GScan while its frames are
 * looked at; whoever wants to run it meanwhile waits in rt_casgstatus. One that runs is asked to yield and looks at its own stack
 * first. G.scanned says who has been seen: a goroutine born during the mark begins with nothing but its function, which is marked then.
 * Frames are precise, and so are objects in them that something live points to. While a goroutine is held its
 * stack may be halved; the channels it waits on are locked, for who sends to it writes into its frame. */
#include "mem.h"

bool gc_asked;
bool gc_shrinks;

static void *grow_array(void *old, u64 n, u64 *cap, u64 elem)
{
	u64 more = *cap ? *cap * 2 : 32768 / elem;
	void *p = os_mmap(NULL, more * elem, 3, 0x22);
	if (!p)
		rt_fatal("runtime: cannot allocate memory");
	if (old) {
		memcpy(p, old, n * elem);
		os_munmap(old, *cap * elem);
	}
	*cap = more;
	return p;
}

static void stack_word(Marker *w, uptr p, bool conservative)
{
	if (p >= w->stacklo && p < w->stackhi) {
		if (unlikely(gc_checking) && conservative)
			return;         /* may be an old one, and so may be what the object holds */
		if (w->nptr == w->capptr)
			w->ptr = grow_array(w->ptr, w->nptr, &w->capptr, sizeof *w->ptr);
		w->ptr[w->nptr++] = p;
	} else if (conservative) {
		gc_mark_conservative(w, p);
	} else if (p) {
		gc_mark(w, p);
	}
}

static void stack_bits(Marker *w, uptr base, u64 n, const u8 *bits, bool conservative)
{
	for (u64 i = 0; i < n; i++)
		if (!bits || bits[i >> 3] >> (i & 7) & 1)
			stack_word(w, ((uptr *)base)[i], conservative);
}

static void scan_frame(Marker *w, Unwinder *u)
{
	Frame *fr = &u->fr;
	w->frame = fr;
	if (u->gp->asyncsafepoint && fr->innermost) {
		uptr end = fr->varp > fr->sp ? fr->varp : fr->fp;
		stack_bits(w, fr->sp, (end - fr->sp) >> 3, NULL, true);
	} else if (!fr->continpc) {
		return;
	} else if (!fr->f) {            /* assembly of ours: no maps but for arguments, arguments of others inside */
		stack_bits(w, fr->sp, (fr->fp - fr->sp) >> 3, NULL, true);
	}
	Ptrmap locals = {0}, args = {0};
	const StackObject *objs = NULL;
	u64 nobjs = 0;
	rt_frame_maps(fr, &locals, &args, &objs, &nobjs);
	bool maps = !(u->gp->asyncsafepoint && fr->innermost);
	if (maps && locals.nbit > 0)
		stack_bits(w, fr->varp - locals.nbit * 8ul, locals.nbit, locals.bits, false);
	if (args.nbit > 0)
		stack_bits(w, fr->argp, args.nbit, maps ? args.bits : NULL, !maps);
	for (u64 i = 0; i < nobjs; i++) {
		uptr at = (objs[i].off < 0 ? fr->varp : fr->argp) + (i64)objs[i].off;
		if (at < fr->sp)
			continue;       /* in the prologue: the frame is not there yet */
		if (w->nobj == w->capobj)
			w->obj = grow_array(w->obj, w->nobj, &w->capobj, sizeof *w->obj);
		w->obj[w->nobj++] = (StackObj){ at, &objs[i], false };
	}
}

/* Frames come innermost first, so the objects are nearly sorted. */
static void sort_objects(Marker *w)
{
	for (u64 i = 1; i < w->nobj; i++) {
		StackObj o = w->obj[i];
		u64 j = i;
		for (; j && w->obj[j - 1].addr > o.addr; j--)
			w->obj[j] = w->obj[j - 1];
		w->obj[j] = o;
	}
}

static StackObj *find_object(Marker *w, uptr p)
{
	u64 lo = 0, hi = w->nobj;
	while (lo < hi) {
		u64 mid = (lo + hi) / 2;
		if (w->obj[mid].addr <= p)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	StackObj *o = &w->obj[lo - 1];
	return p < o->addr + (u32)o->obj->size ? o : NULL;
}

static void follow_objects(Marker *w)
{
	sort_objects(w);
	while (w->nptr) {
		StackObj *o = find_object(w, w->ptr[--w->nptr]);
		if (!o || o->done)
			continue;
		o->done = true;
		const u8 *mask = (const u8 *)rt_firstmoduledata.rodata + o->obj->gcdataoff;
		/* what led here may be an old word in a C frame, and then so may be what it holds */
		stack_bits(w, o->addr, (u32)o->obj->ptrbytes >> 3, mask, !gc_checking);
	}
}

static void root_ptr(void *arg, void *p)
{
	stack_word(arg, (uptr)p, true);   /* some of them are plain words */
}

static void root_range(void *arg, uptr lo, uptr hi)
{
	for (uptr p = lo; p + 8 <= hi; p += 8)
		stack_word(arg, *(uptr *)p, true);
}

/* C frames below us and registers they saved: heap pointers, and pointers to objects of the
 * goroutine stack that only the C function it called still knows. */
static __attribute__((noinline)) void scan_own_stack(Marker *w)
{
	uptr regs[6];
	__asm__ volatile("movq %%rbx,0(%0); movq %%rbp,8(%0); movq %%r12,16(%0);"
		"movq %%r13,24(%0); movq %%r14,32(%0); movq %%r15,40(%0)" : : "r"(regs) : "memory");
	root_range(w, (uptr)regs, rt_m()->systop);
}

void gc_scan_system_stack(Marker *w)
{
	w->stacklo = w->stackhi = 0;
	scan_own_stack(w);
}

static void scan(Marker *w, G *gp, bool own)
{
	w->stacklo = gp->stack.lo;
	w->stackhi = gp->stack.hi;
	w->nobj = w->nptr = 0;
	Unwinder u;
	rt_unwind_init(&u, gp);
	if (!u.done)
		w->stackbytes += gp->stack.hi - u.fr.sp, w->scanned += gp->stack.hi - u.fr.sp;
	for (; !u.done; rt_unwind_next(&u))
		scan_frame(w, &u);
	w->frame = NULL;
	rt_roots_g(gp, root_ptr, root_range, w);
	if (own && !gc_asked)
		scan_own_stack(w);
	follow_objects(w);
	gp->scanned = mheap.parity;
}

/* All channels whose queues have a record of gp. */
static void lock_channels(G *gp, bool lock)
{
	Hchan *last = NULL;
	for (Sudog *s = gp->waits == WaitsOne ? &gp->one : gp->waits == WaitsMany ? gp->waiting : NULL; s; s = s->waitlink) {
		if (s->c && s->c != last)
			(lock ? rt_lock : rt_unlock)(&s->c->lock);
		last = s->c;
	}
}

static void shrink(G *gp)
{
	if (!rt_stack_shrinks(gp))
		return;
	lock_channels(gp, true);
	rt_stack_shrink(gp);
	lock_channels(gp, false);
}

bool gc_scan_goroutine(Marker *w, G *gp)
{
	for (;;) {
		u32 st = aload(&gp->atomicstatus);
		switch (st) {
		case GIdle: case GDead: case GDeadextra:
			return true;
		case GRunnable: case GWaiting: case GSyscall: case GPreempted:
			if (gp->scanned == mheap.parity)
				return true;
			if (!acas(&gp->atomicstatus, st, st | GScan))
				continue;
			if ((st == GWaiting || st == GSyscall) && gp->waitsince == 0)
				gp->waitsince = os_nanotime();  /* tracebacks say how long */
			if (gp->scanned != mheap.parity) {
				scan(w, gp, false);
				if (gc_shrinks && !gc_checking && !sched.panicking)
					shrink(gp);
			}
			astore(&gp->atomicstatus, st);
			return true;
		case GRunning:
			if (gp != rt_curg())
				return gp->scanned == mheap.parity;
			if (gp->scanned != mheap.parity)
				scan(w, gp, true);
			return true;
		default:
			return false;
		}
	}
}

void rt_gc_yields(G *gp)
{
	if (gc_marking() && gp->scanned != mheap.parity)
		scan(gc_marker_of(rt_p()), gp, false);
}

/* What it begins with is its function and its creator's labels. */
void rt_gc_born(G *gp)
{
	gp->scanned = mheap.parity;
	if (unlikely(rt_writebarrier.enabled)) {
		rt_shade(gp->sched.ctxt);
		rt_shade(gp->labels);
	}
}
