/* goroutine.c: goroutines themselves: status, birth and death, and their wait records.
 *
 * Gs come in blocks of 31 that are never freed, so everybody may walk them (rt_nextg). Dead ones wait in the P's free list,
 * with their stack if it has the size a new goroutine gets. */
#include "proc.h"

extern void go_goexit(void) __asm__("runtime.goexit");

GRare rt_norare;

/* ---- status ---- */
u32 rt_gstatus(G *gp) { return aload(&gp->atomicstatus) & ~(u32)GScan; }

static void changestatus(G *gp, u32 old, u32 new) {
	for (u32 i = 0; !acas(&gp->atomicstatus, old, new); i++) {
		u32 v = aload(&gp->atomicstatus);
		if (v != old && (v & ~(u32)GScan) != old && old != GWaiting && i > 100000000) {
			rt_printf("casgstatus: g %d is %d, expected %d -> %d\n", gp->goid, (i64)v, (i64)old, (i64)new);
			rt_throw("bad g transition");
		}
		if (i % 64 == 63)
			os_yield();
	}
}

void rt_casgstatus(G *gp, u32 old, u32 new) {
	if (unlikely(rt_tracing)) {
		rt_trace_enter();
		changestatus(gp, old, new);
		rt_trace_status(gp, old, new);
		rt_trace_leave();
	} else {
		changestatus(gp, old, new);
	}
	if (unlikely(gp->bubble != NULL))
		rt_bubble_status(gp, old, new);
}

/* ---- what few goroutines have ---- */
/* gp's rarely used fields, to be written. */
GRare *rt_grare(G *gp) {
	if (gp->rare == &rt_norare)
		gp->rare = rt_persistentalloc(sizeof(GRare), 64);
	return gp->rare;
}

/* The same in a signal handler: from the M's reserve, filled when it schedules. */
GRare *rt_grare_signal(M *mp, G *gp) {
	static GRare last;
	if (gp->rare != &rt_norare)
		return gp->rare;
	if (mp->rarereserve == NULL)
		return &last;           /* dying twice without a switch between */
	gp->rare = mp->rarereserve;
	mp->rarereserve = NULL;
	return gp->rare;
}

/* ---- birth and death ---- */
static u64 stackstart(void) {
	u64 n = StackMin;
	while (n - rt_stackguard < StackMin / 3)
		n *= 2;
	return n;
}

static void ginit(G *gp) {
	gp->stack = rt_stack_alloc(stackstart());
	gp->stackguard0 = gp->stack.lo + rt_stackguard;
}

/* A new block of goroutines: one is the answer, the others go to pp. */
static G *moregs(P *pp) {
	rt_lock(&sched.allglock);
	static u8 *room, *roomend;
	if (room == roomend) {
		enum { Chunk = 64 * GBlockBytes };
		u8 *at = os_mmap(NULL, Chunk + GBlockBytes, 3, 0x22);
		if (at == NULL)
			rt_throw("runtime: cannot allocate goroutines");
		room = (u8 *)(((uptr)at + GBlockBytes - 1) & ~(uptr)(GBlockBytes - 1));
		roomend = room + Chunk;
	}
	GBlock *b = (GBlock *)room;
	room += GBlockBytes;
	for (u32 i = 0; i < GBlockLen; i++) {
		b->g[i].atomicstatus = GDead;
		b->g[i].rare = &rt_norare;
	}
	b->next = sched.allg;
	astorerel(&sched.allg, b);
	rt_unlock(&sched.allglock);
	for (u32 i = GBlockLen - 1; i > 0; i--) {
		b->g[i].sched.link = pp->gfree;
		pp->gfree = &b->g[i];
		pp->gfreen++;
	}
	return &b->g[0];
}

static G *gfget(P *pp) {
	G *gp = pp->gfree;
	if (gp != NULL) {
		pp->gfree = gp->sched.link;
		pp->gfreen--;
	} else if (aload(&sched.gfree) != NULL) {
		rt_lock(&sched.gfreelock);
		gp = sched.gfree;
		if (gp != NULL)
			sched.gfree = gp->sched.link;
		rt_unlock(&sched.gfreelock);
	}
	if (gp == NULL)
		gp = moregs(pp);
	if (gp->stack.lo == 0)
		ginit(gp);
	return gp;
}

static void gfput(P *pp, G *gp) {
	rt_stack_check(gp);
	if (gp->stack.hi - gp->stack.lo != stackstart()) {
		rt_stack_free(gp->stack);
		gp->stack = (Stack){ 0, 0 };
	}
	if (pp->gfreen < 64) {
		gp->sched.link = pp->gfree;
		pp->gfree = gp;
		pp->gfreen++;
		return;
	}
	rt_lock(&sched.gfreelock);
	gp->sched.link = sched.gfree;
	sched.gfree = gp;
	rt_unlock(&sched.gfreelock);
}

static u64 newgoid(P *pp) {
	if (pp->goidcache == pp->goidcacheend) {
		pp->goidcache = axadd(&sched.goidgen, 16) - 16 + 1;
		pp->goidcacheend = pp->goidcache + 16;
	}
	return pp->goidcache++;
}

static G *newg(Funcval *fn, G *parent, uptr callerpc, u32 status, u8 reason) {
	P *pp = rt_p();
	if (fn == NULL)
		rt_fatal("go of nil func value");
	G *gp = gfget(pp);
	uptr sp = gp->stack.hi - 4 * 8;
	gp->goid = newgoid(pp);
	gp->stktopsp = sp;
	/* as if goexit had called fn */
	sp -= 8;
	*(uptr *)sp = (uptr)go_goexit + 1;
	gp->sched = (Gobuf){ sp, (uptr)fn->fn, NULL, fn, NULL, 0 };
	gp->startpc = (uptr)fn->fn;
	gp->gopc = callerpc;
	gp->parentgoid = parent != NULL ? parent->goid : 0;
	gp->labels = parent != NULL ? parent->labels : NULL;
	gp->bubble = parent != NULL ? parent->bubble : NULL;
	gp->fipsonlybypass = parent != NULL && parent->fipsonlybypass;
	gp->ditwanted = parent != NULL && parent->ditwanted;
	gp->waitreason = reason;
	rt_gc_born(gp);
	axadd(&sched.ngcount, 1);
	rt_casgstatus(gp, GDead, status);
	return gp;
}

G *rt_newproc(Funcval *fn, G *parent, uptr callerpc) {
	G *gp = newg(fn, parent, callerpc, GRunnable, 0);
	runq_put(rt_p(), gp, true);
	afence();
	rt_wakep();
	return gp;
}

void proc_new(Funcval *fn) {
	G *cur = rt_curg();
	rt_newproc(fn, cur, cur != NULL ? cur->sched.pc : 0);
}

G *rt_newparked(Funcval *fn, u8 reason) {
	G *cur = rt_curg();
	return newg(fn, cur, cur->sched.pc, GWaiting, reason);
}

G *rt_newlocked(Funcval *fn) {
	M *mp = rt_m();
	G *gp = newg(fn, NULL, 0, GRunnable, 0);
	rt_grare(gp)->lockedm = mp;
	mp->lockedg = gp;
	mp->lockedext = 1;
	return gp;
}

void rt_gdestroy(G *gp) {
	M *mp = rt_m();
	rt_casgstatus(gp, GRunning, GDead);
	axadd(&sched.ngcount, -1);
	if (gp->rare != &rt_norare)
		memset(gp->rare, 0, sizeof *gp->rare);
	mp->lockedg = NULL;
	mp->lockedext = 0;
	gp->_defer = gp->_panic = NULL;
	gp->param = gp->labels = NULL;
	gp->bubble = NULL;
	gp->waits = WaitsOther;
	gp->sched.resume = NULL;
	gp->syscallsp = 0;
	gp->waitreason = gp->sig = gp->fipsindicator = 0;
	gp->paniconfault = false;
	g_drop();
	gfput(mp->p, gp);
}

void proc_goexit(void) {
	bool locked = rt_m()->lockedext != 0;
	rt_gdestroy(rt_curg());
	if (unlikely(locked))
		rt_onsystop(m_exit);
	rt_onsystop(rt_schedule);
}

i64 proc_gcount(void) { return (i64)aload(&sched.ngcount); }
i64 proc_numcpu(void) { return sched.ncpu; }

/* ---- wait records of select ---- */
Sudog *rt_sudog_acquire(void) {
	P *pp = rt_p();
	Sudog *s = pp->sudogfree;
	if (s != NULL) {
		pp->sudogfree = s->next;
	} else {
		Sudog *block = rt_persistentalloc(32 * sizeof(Sudog), 16);
		for (int i = 1; i < 32; i++) {
			block[i].next = pp->sudogfree;
			pp->sudogfree = &block[i];
		}
		s = &block[0];
	}
	memset(s, 0, sizeof *s);
	return s;
}

void rt_sudog_release(Sudog *s) {
	P *pp = rt_p();
	s->elem = NULL;
	s->c = NULL;
	s->g = NULL;
	s->next = pp->sudogfree;
	pp->sudogfree = s;
}

/* ---- all of them ---- */
G *rt_nextg(G *gp) {
	if (gp == NULL) {
		GBlock *b = aload(&sched.allg);
		return b != NULL ? b->g : NULL;
	}
	GBlock *b = (GBlock *)((uptr)gp & ~(uptr)(GBlockBytes - 1));
	if (gp < b->g + GBlockLen - 1)
		return gp + 1;
	return b->next != NULL ? b->next->g : NULL;
}

void rt_foreach_g(void (*f)(G *gp, void *arg), void *arg) {
	for (G *gp = NULL; (gp = rt_nextg(gp)) != NULL;)
		f(gp, arg);
}
