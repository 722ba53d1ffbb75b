/* unwind.c: the frames of a stopped goroutine, from pclntab.
 *
 * findfunc narrows a pc by 4 kB buckets of 16 and then walks ftab. A pc table is a run of
 * (zigzag value delta, pc delta) varints; pcsp gives the frame size, PCDATA_StackMapIndex
 * the bitmap of a call site. Assembly of ours that calls Go keeps a frame pointer and has
 * no tables: such frames are stepped over by it and reported with f == NULL. The map of
 * the arguments of reflect's stubs is in the closure they were called with. */
#include "runtime.h"
#include "amd64/offsets.h"

extern u8 go_goexit[] __asm__("runtime.goexit"), go_main[] __asm__("runtime.main");

static const Func *anyfunc(uptr pc) {
	const Moduledata *md = &rt_firstmoduledata;
	if (pc < md->minpc || pc >= md->maxpc)
		return NULL;
	uptr x = pc - md->minpc;
	const Findfuncbucket *b = (const Findfuncbucket *)md->findfunctab + x / 4096;
	u32 idx = b->idx + b->sub[x % 4096 / 256];
	const Functab *ft = md->ftab.ptr;
	u32 off = (u32)(pc - md->text);
	while (ft[idx + 1].entryoff <= off)
		idx++;
	return (const Func *)((const u8 *)md->pclntable.ptr + ft[idx].funcoff);
}

const Func *rt_findfunc(uptr pc) {
	const Func *f = anyfunc(pc);
	return f == NULL || (f->npcdata == 0 && (f->flag & FuncFlagAsm) != 0) ? NULL : f;   /* the C runtime and its assembly */
}

void *sym_findfunc(uptr pc) { return (void *)rt_findfunc(pc); }

String rt_funcname(const Func *f) {
	String s = { (const u8 *)"?", 1 };
	if (f != NULL && f->nameoff != 0) {
		s.ptr = (const u8 *)rt_firstmoduledata.funcnametab.ptr + f->nameoff;
		s.len = (i64)rt_strlen((const char *)s.ptr);
	}
	return s;
}

String rt_funcfile(const Func *f, uptr pc, i32 *line) {
	const Moduledata *md = &rt_firstmoduledata;
	String s = { (const u8 *)"?", 1 };
	i32 no = f != NULL ? rt_pcvalue(f, f->pcfile, pc) : -1;
	if (no < 0)
		return s;
	*line = rt_pcvalue(f, f->pcln, pc);
	u32 off = ((const u32 *)md->cutab.ptr)[f->cuoffset + (u32)no];
	if (off != ~0u) {
		s.ptr = (const u8 *)md->filetab.ptr + off;
		s.len = (i64)rt_strlen((const char *)s.ptr);
	}
	return s;
}

static u32 varint(const u8 **p) {
	u32 v = 0, shift = 0;
	for (;; shift += 7) {
		u8 b = *(*p)++;
		v |= (u32)(b & 0x7f) << shift;
		if ((b & 0x80) == 0)
			return v;
	}
}

i32 rt_pcvalue(const Func *f, u32 off, uptr pc) {
	if (off == 0)
		return -1;
	const u8 *p = (const u8 *)rt_firstmoduledata.pctab.ptr + off;
	uptr at = rt_firstmoduledata.text + f->entryoff;
	i32 val = -1;
	for (bool first = true;; first = false) {
		u32 uv = varint(&p);
		if (uv == 0 && !first)
			return -1;
		val += (i32)(-(uv & 1) ^ (uv >> 1));
		at += varint(&p);
		if (pc < at)
			return val;
	}
}

i32 rt_pcdata(const Func *f, u32 table, uptr pc) {
	if (table >= f->npcdata)
		return -1;
	return rt_pcvalue(f, ((const u32 *)(f + 1))[table], pc);
}

const void *rt_funcdata(const Func *f, u8 i) {
	if (i >= f->nfuncdata)
		return NULL;
	u32 off = ((const u32 *)(f + 1))[f->npcdata + i];
	return off == ~(u32)0 ? NULL : (const void *)(rt_firstmoduledata.gofunc + off);
}

static bool atgoexit(uptr pc) { return pc >= (uptr)go_goexit && pc < (uptr)go_goexit + 16; }

/* Fill fr from pc, sp; bp is the frame pointer value while in this frame. */
static void frame(Unwinder *u, uptr pc, uptr sp, uptr bp, bool innermost, bool fault) {
	Frame *fr = &u->fr;
	fr->pc = pc;
	fr->sp = sp;
	fr->innermost = innermost;
	fr->f = rt_findfunc(pc);
	if (fr->f == NULL) {
		if (bp == 0)
			bp = u->gp->stack.hi - 16;   /* nobody set one up yet: the outermost frame */
		if (bp < sp || bp >= u->gp->stack.hi) {
			rt_printf("runtime: unwind: goroutine %d pc=%x sp=%x bp=%x not in any function\n",
				u->gp->goid, pc, sp, bp);
			rt_throw("unwind: unknown pc");
		}
		fr->entry = pc;
		fr->continpc = pc;
		fr->fp = bp + 16;
		fr->varp = bp;
		fr->argp = fr->fp;
		return;
	}
	fr->entry = rt_firstmoduledata.text + fr->f->entryoff;
	uptr look = pc;
	if (!fault && pc != fr->entry && !innermost)
		look--;
	i32 delta = rt_pcvalue(fr->f, fr->f->pcsp, look);
	if (delta < 0)
		delta = 0;
	fr->fp = sp + (uptr)delta + 8;
	fr->argp = fr->fp;
	fr->varp = fr->fp - 8;
	if (fr->varp > sp)
		fr->varp -= 8;
	fr->continpc = pc;
	if (fault)
		fr->continpc = fr->f->deferreturn != 0 ? fr->entry + fr->f->deferreturn + 1 : 0;
}

void rt_unwind_init(Unwinder *u, G *gp) {
	uptr pc = gp->sched.pc, sp = gp->sched.sp, bp = gp->sched.bp;
	if (gp->syscallsp != 0)
		pc = gp->syscallpc, sp = gp->syscallsp, bp = gp->syscallbp;
	u->gp = gp;
	u->done = atgoexit(pc) || pc == 0;
	u->bp = bp;
	if (!u->done)
		frame(u, pc, sp, bp, true, false);
}

bool rt_unwind_next(Unwinder *u) {
	Frame *fr = &u->fr;
	if (u->done)
		return false;
	if (fr->f != NULL && (fr->f->flag & FuncFlagTopFrame) != 0) {
		u->done = true;
		return false;
	}
	bool fault = fr->f != NULL && fr->f->funcid == FuncIDSigpanic;
	if (fr->f == NULL || (fr->varp > fr->sp && fr->varp + 16 == fr->fp))
		u->bp = *(uptr *)fr->varp;
	uptr pc = *(uptr *)(fr->fp - 8);
	if (pc == 0 || atgoexit(pc) || fr->fp >= u->gp->stack.hi) {
		u->done = true;
		return false;
	}
	frame(u, pc, fr->fp, u->bp, false, fault);
	return true;
}

/* ---- stacks for profiles and traces ---- */
/* The entry's thunk behind the call that returns to pc, or 0. */
uptr rt_thunkbefore(uptr pc) {
	i32 rel;
	if (((const u8 *)pc)[-5] != 0xe8)
		return 0;
	memcpy(&rel, (const u8 *)pc - 4, 4);
	uptr to = pc + (uptr)(i64)rel;
	const Func *f = anyfunc(to);
	return f != NULL && rt_findfunc(to) == NULL && rt_firstmoduledata.text + f->entryoff == to ? to : 0;
}

typedef struct { u8 funcid, pad[3]; i32 nameoff, parentpc, startline; } InlinedCall;

/* A return address in the logical frame that encloses skip others at the return address pc, of which 0 is left. */
static uptr outerframe(const Func *f, uptr pc, u64 *skip) {
	const InlinedCall *tree = rt_funcdata(f, FuncdataInlTree);
	while (*skip > 0) {
		i32 i = tree != NULL ? rt_pcdata(f, PcdataInlTreeIndex, pc - 1) : -1;
		--*skip;
		if (i < 0)
			return 0;
		pc = rt_firstmoduledata.text + f->entryoff + (uptr)tree[i].parentpc + 1;
	}
	return pc;
}

u64 rt_callers(G *gp, uptr *pc, u64 max, u64 skip, bool whole) {
	u64 n = 0;
	Unwinder u;
	rt_unwind_init(&u, gp);
	uptr thunk = u.done || gp->asyncsafepoint ? 0 : rt_thunkbefore(u.fr.pc);
	if (skip != 0 && !gp->asyncsafepoint)
		skip--;
	else if (thunk != 0)
		pc[n++] = thunk + 1;
	for (; !u.done && n < max; rt_unwind_next(&u)) {
		uptr at = u.fr.pc;
		if (u.fr.f == NULL)
			continue;
		if (u.fr.innermost && gp->asyncsafepoint)
			at++;
		if (skip != 0 && (at = outerframe(u.fr.f, at, &skip)) == 0)
			continue;
		pc[n++] = at;
	}
	if (whole && n < max)
		pc[n++] = (uptr)go_goexit + 1;
	else if (!whole && n > 0 && rt_findfunc(pc[n - 1] - 1) == rt_findfunc((uptr)go_main))
		n--;
	return n;
}

/* reflect.makeFuncCtxt: how makeFuncImpl and methodValue begin; and its reflect.bitVector. */
typedef struct { uptr fn; const struct { u32 n; const u8 *bits; } *stack; uptr arglen; } MakeFuncCtxt;

static bool named(const Func *f, const char *name) {
	String s = rt_funcname(f);
	return (u64)s.len == rt_strlen(name) && memcmp(s.ptr, name, (u64)s.len) == 0;
}

/* The arguments on the stack of reflect.makeFuncStub and methodValueCall (amd64/std.S), and results once they are there. */
static Ptrmap stubargs(const Frame *fr) {
	Ptrmap none = { 0, NULL };
	const Func *f = anyfunc(fr->pc);
	if (f == NULL || f->funcid != FuncIDWrapper)
		return none;
	if (!named(f, "reflect.makeFuncStub") && !named(f, "reflect.methodValueCall"))
		return none;
	uptr size = fr->varp - fr->sp, entry = rt_firstmoduledata.text + f->entryoff;
	if (fr->pc == entry)
		return none;    /* a goroutine that has not run yet: without arguments */
	bool grows = size == REFLECTSTUB_GROW;
	if (!grows && size != REFLECTSTUB_FRAME)
		rt_throw("unwind: unknown frame of a stub of reflect");
	const MakeFuncCtxt *c = *(const MakeFuncCtxt **)(fr->sp + (grows ? REFLECTSTUB_GROWCTXT : REFLECTSTUB_CTXT));
	if (c->fn != entry)
		rt_throw("unwind: a stub of reflect with the closure of another function");
	bool results = !grows && *(bool *)(fr->sp + REFLECTSTUB_RETVALID);
	u32 words = (u32)(c->arglen / 8);
	return (Ptrmap){ (i32)(results || c->stack->n < words ? c->stack->n : words), c->stack->bits };
}

void rt_frame_maps(const Frame *fr, Ptrmap *locals, Ptrmap *args, const StackObject **objs, u64 *nobjs) {
	*locals = *args = (Ptrmap){ 0, NULL };
	*objs = NULL;
	*nobjs = 0;
	if (fr->f == NULL)
		*args = stubargs(fr);
	if (fr->f == NULL || fr->continpc == 0)
		return;
	i32 idx = -1;
	if (fr->continpc != fr->entry)
		idx = rt_pcdata(fr->f, PcdataStackMapIndex, fr->continpc - 1);
	if (idx < 0)
		idx = 0;
	const Stackmap *m = rt_funcdata(fr->f, FuncdataLocalsPointerMaps);
	if (m != NULL && m->nbit > 0 && fr->varp > fr->sp) {
		if (idx >= m->n) {
			String n = rt_funcname(fr->f);
			rt_printf("runtime: stack map %d of %d in %S pc=%x\n", (i64)idx, (i64)m->n, &n, fr->continpc);
			rt_throw("bad symbol table");
		}
		*locals = (Ptrmap){ m->nbit, m->bytes + (u64)idx * ((u32)(m->nbit + 7) / 8) };
	}
	m = rt_funcdata(fr->f, FuncdataArgsPointerMaps);
	if (m != NULL && m->nbit > 0 && idx < m->n)
		*args = (Ptrmap){ m->nbit, m->bytes + (u64)idx * ((u32)(m->nbit + 7) / 8) };
	const u64 *o = rt_funcdata(fr->f, FuncdataStackObjects);
	if (o != NULL) {
		*nobjs = o[0];
		*objs = (const StackObject *)(o + 1);
	}
}
