/* The words of arguments that tracebacks print: FUNCDATA_ArgInfo and FUNCDATA_ArgLiveInfo in the runtime's encoding.
 *
 * ArgInfo is a walk over the parameters: offset and size of each plain component, brackets around aggregates, at most ten
 * components. An offset is from argp, for a parameter in registers that of its spill space, where only components have a value
 * that the allocator keeps there (regalloc.c gives a spilled parameter its spill space as a home). ArgLiveInfo says which:
 * the first offset of the spill space, then one bit a component that lies in it, the same at every pc. */
#include "gen.h"

enum { ArgsLimit = 10, DepthMax = 5, EndSeq = 0xff, StartAgg = 0xfe, EndAgg = 0xfd, Dots = 0xfc, TooLarge = 0xfb, Special = 0xf0 };

typedef struct Walk { MFunc *m; Buf b; u32 n; } Walk;

static void plain(Walk *w, i64 size, i64 off)
{
	buf_putc(&w->b, off >= Special ? TooLarge : (int)off);
	if (off < Special)
		buf_putc(&w->b, (int)size);
	w->n++;
}

static bool visit(Walk *w, Type *t, i64 off, u32 depth);

static bool words(Walk *w, i64 off, u32 depth, u32 n, i64 size)
{
	for (u32 i = 0; i < n; i++, off += size) {
		if (w->n >= ArgsLimit) {
			buf_putc(&w->b, Dots);
			return false;
		}
		plain(w, size, off);
	}
	(void)depth;
	return true;
}

static void elements(Walk *w, Type *u, i64 off, u32 depth)
{
	i64 size = types_size(w->m->f->prog->chk, u->elem);
	w->n += !u->len;                        /* {} counts as a component */
	for (i64 i = 0; i < u->len && visit(w, u->elem, off, depth); i++)
		off += size;
}

static void fields(Walk *w, Type *u, i64 off, u32 depth)
{
	Layout *l = types_layout(w->m->f->prog->chk, u);
	w->n += !u->st.n;
	for (u32 i = 0; i < u->st.n && visit(w, u->st.field[i]->type, off + l->offset[i], depth); i++)
		;
}

/* False when the limit is reached. */
static bool visit(Walk *w, Type *t, i64 off, u32 depth)
{
	Type *u = types_under(t);
	u32 k = u->kind;
	if (w->n >= ArgsLimit) {
		buf_putc(&w->b, Dots);
		return false;
	}
	bool composite = k == KindStruct || k == KindArray || k == KindInterface || k == KindString || k == KindSlice || kind_is_complex((TypeKind)k);
	if (!composite) {
		plain(w, types_size(w->m->f->prog->chk, t), off);
		return true;
	}
	buf_putc(&w->b, StartAgg);
	if (++depth >= DepthMax) {
		buf_putc(&w->b, Dots);
		w->n++;
	} else if (k == KindStruct) {
		fields(w, u, off, depth);
	} else if (k == KindArray) {
		elements(w, u, off, depth);
	} else if (kind_is_complex((TypeKind)k)) {
		words(w, off, depth, 2, k == KindComplex64 ? 4 : 8);
	} else {
		words(w, off, depth, k == KindSlice ? 3 : 2, 8);
	}
	buf_putc(&w->b, EndAgg);
	return true;
}

/* Whether the component of a register parameter at off is kept in its spill space. */
static bool is_home(const MFunc *m, u32 off)
{
	for (u32 i = 0; i < m->spill.n; i++)
		if (m->spill.a[i].arg && m->spill.a[i].argoff == off)
			return true;
	return false;
}

static void live_bits(MFunc *m, const Buf *info, u32 start)
{
	u8 bits[4] = {(u8)start};
	u32 n = 0;
	bool all = true;
	for (const u8 *p = (const u8 *)info->a; *p != EndSeq; p++) {
		if (*p >= Special)
			continue;
		u32 off = *p++;
		if (off < start)
			continue;
		if (is_home(m, off))
			bits[1 + n / 8] |= (u8)(1 << n % 8);
		else
			all = false;
		n++;
	}
	if (all)
		return;
	m->code->narglive = 1 + (n + 7) / 8;
	m->code->arglive = arena_alloc(m->out, m->code->narglive, 1);
	memcpy(m->code->arglive, bits, m->code->narglive);
}

void gen_arginfo(MFunc *m)
{
	const Sig *s = m->f->sig;
	if (!s || !s->nparam || m->f->wrapper)
		return;
	Walk w = {.m = m, .b = {.ar = m->out}};
	u32 start = 0xff;
	for (u32 i = 0; i < s->nparam; i++) {
		if (s->param[i].in_regs && s->param[i].off < start)
			start = s->param[i].off;
		if (!visit(&w, s->param[i].type, s->param[i].off, 0))
			break;
	}
	buf_putc(&w.b, EndSeq);
	m->code->arginfo = (u8 *)w.b.a;
	m->code->narginfo = w.b.n;
	live_bits(m, &w.b, start);
}
