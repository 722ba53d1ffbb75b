/* The frame: where slots and spills live.
 *
 *            spill space of arguments in registers: the home of those that are spilled
 *   argp ->  incoming stack arguments
 *            return address
 *   varp ->  saved frame pointer
 *            pointer spills, slots with pointers      (covered by the stack maps: the bitmap ends at varp)
 *            other slots and spills
 *   SP   ->  outgoing arguments and spill space of callees
 *
 * Offsets are from varp and negative. Slots of one class stand at ascending addresses in the order of their numbers: the closures
 * of open-coded defers are found by index from the first. */
#include "gen.h"

bool slot_has_pointers(const MFunc *m, const Slot *s)
{
	return s->type && types_layout(m->f->prog->chk, (Type *)s->type)->ptrbytes > 0;
}

static void place(i32 *top, Slot *s)
{
	u32 align = s->align > 8 ? 8 : s->align ? s->align : 1;
	*top = -(i32)align_up((u64)-*top + s->size, align);
	s->off = *top;
}

bool gen_frame_fits(const Func *f, Arena *a, const char **why)
{
	const u64 most = 1 << 30;
	u64 locals = 0, args = f->sig ? f->sig->argsize : 0, callee = 0;
	for (u32 i = 0; i < f->slot.n; i++)
		locals += f->slot.a[i].size;
	for (u32 i = 1; i < f->v.n; i++) {
		const Value *v = &f->v.a[i];
		if (v->op >= SsaCall && v->op <= SsaCallCode && v->sig)
			callee = max_u64(callee, v->sig->argsize + (u64)v->sig->spillsize);
	}
	if (locals + args + callee <= most)
		return true;
	*why = arena_printf(a, "stack frame too large (>1GB): %u MB locals + %u MB args", (u32)(locals >> 20), (u32)(args >> 20));
	if (callee >> 20)
		*why = arena_printf(a, "%s + %u MB callee", *why, (u32)(callee >> 20));
	return false;
}

void gen_frame(MFunc *m)
{
	i32 top = 0;
	for (u32 i = 0; i < m->spill.n; i++)
		if (m->spill.a[i].ptr && !m->spill.a[i].arg)
			m->spill.a[i].off = top -= 8;
	for (u32 pass = 0; pass < 2; pass++) {
		for (u32 i = m->f->slot.n; i-- > 0;)
			if (slot_has_pointers(m, &m->f->slot.a[i]) == !pass)
				place(&top, &m->f->slot.a[i]);
		top = -(i32)align_up((u64)-top, 8);
		if (!pass)
			m->code->localbits = (u32)-top / 8;
	}
	for (u32 i = 0; i < m->spill.n; i++)
		if (!m->spill.a[i].ptr && !m->spill.a[i].arg)
			m->spill.a[i].off = top -= 8;
	m->has_frame = m->has_call || top;
	for (u32 i = 0; i < m->spill.n; i++)
		if (m->spill.a[i].arg) {
			m->spill.a[i].off = 16 + (i32)m->spill.a[i].argoff;
			m->has_frame = true;
		}
	if (m->has_bounds && m->has_frame && m->outsize < 16)
		m->outsize = 16;
	m->framesize = (u32)-top + (u32)align_up(m->outsize, 8);
	m->code->framesize = m->framesize + (m->has_frame ? 8 : 0);
	m->code->argsize = m->f->sig ? m->f->sig->argsize : 0;
	m->code->open_defers = m->f->open_defers;
	if (m->f->open_defers) {
		m->code->defer_bits_off = (u32)-m->f->slot.a[m->f->defer_bits_slot].off;
		m->code->defer_slots_off = (u32)-m->f->slot.a[m->f->defer_slots].off;
	}
}
