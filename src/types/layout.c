/* layout: sizes, alignment and pointer maps of linux/amd64, as gc has them.
 *
 * A size of -1 stands for a type that is too large to exist.
 * A struct that ends in a field of size zero gets a byte of padding, so that the field's address does not point past the object.
 */
#include <stdatomic.h>
#include "check.h"

enum { PTR = 8 };

static Layout *layout_struct(Checker *k, Type *u, Layout *l)
{
	i64 off = 0, align = 1;
	bool large = false;
	l->offset = k_array(k, i64, u->st.n + 1);
	l->regular = l->comparable = true;
	for (u32 i = 0; i < u->st.n; i++) {
		Layout *f = types_layout(k, u->st.field[i]->type);
		i64 at = (i64)align_up((u64)off, (u64)f->align);
		if (at != off || !f->regular || name_blank(u->st.field[i]->name))
			l->regular = false;
		l->comparable &= f->comparable;
		off = at;
		l->offset[i] = off;
		if (f->ptrbytes)
			l->ptrbytes = off + f->ptrbytes;
		if (f->align > align)
			align = f->align;
		if (f->size < 0 || __builtin_add_overflow(off, f->size, &off) || off > INT64_MAX - 64) {
			large = true;
			off = 0;
		}
		if (i == u->st.n - 1 && f->size == 0 && off > 0)
			off++;
	}
	l->size = (i64)align_up((u64)off, (u64)align);
	if (u->st.n && l->size != l->offset[u->st.n - 1] + types_layout(k, u->st.field[u->st.n - 1]->type)->size)
		l->regular = false;
	l->align = align;
	if (large)
		l->size = -1;
	return l;
}

static void layout_basic(TypeKind kind, Layout *l)
{
	static const struct { u8 size, align, ptr; bool regular; } row[KindLastBasic + 1] = {
		[KindBool] = { 1, 1, 0, 1 }, [KindInt] = { 8, 8, 0, 1 }, [KindInt8] = { 1, 1, 0, 1 }, [KindInt16] = { 2, 2, 0, 1 },
		[KindInt32] = { 4, 4, 0, 1 }, [KindInt64] = { 8, 8, 0, 1 }, [KindUint] = { 8, 8, 0, 1 }, [KindUint8] = { 1, 1, 0, 1 },
		[KindUint16] = { 2, 2, 0, 1 }, [KindUint32] = { 4, 4, 0, 1 }, [KindUint64] = { 8, 8, 0, 1 }, [KindUintptr] = { 8, 8, 0, 1 },
		[KindFloat32] = { 4, 4, 0, 0 }, [KindFloat64] = { 8, 8, 0, 0 }, [KindComplex64] = { 8, 4, 0, 0 },
		[KindComplex128] = { 16, 8, 0, 0 }, [KindString] = { 16, 8, 8, 0 }, [KindUnsafePointer] = { 8, 8, 8, 1 },
		[KindUntypedBool] = { 1, 1, 0, 1 }, [KindUntypedInt] = { 8, 8, 0, 1 }, [KindUntypedRune] = { 4, 4, 0, 1 },
		[KindUntypedFloat] = { 8, 8, 0, 0 }, [KindUntypedComplex] = { 16, 8, 0, 0 }, [KindUntypedString] = { 16, 8, 8, 0 },
		[KindUntypedNil] = { 8, 8, 8, 1 }, [KindInvalid] = { 8, 8, 0, 1 },
	};
	l->size = row[kind].size;
	l->align = row[kind].align;
	l->ptrbytes = row[kind].ptr;
	l->regular = row[kind].regular;
	l->comparable = true;
}

Layout *types_layout(Checker *k, Type *t)
{
	Layout *l = atomic_load_explicit(&t->layout, memory_order_acquire);
	if (l)
		return l;
	Type *u = types_under(t);
	l = k_new(k, Layout);
	l->size = l->align = PTR;
	switch (u->kind) {
	default:
		if (u->kind > KindLastBasic)
			bug("layout of a type of kind %d", u->kind);
		layout_basic(u->kind, l);
		break;
	case KindPointer: case KindChan:
		l->ptrbytes = PTR;
		l->regular = l->comparable = true;
		break;
	case KindMap: case KindFunc:
		l->ptrbytes = PTR;
		break;
	case KindSlice:
		l->size = 3 * PTR;
		l->ptrbytes = PTR;
		break;
	case KindInterface:
		l->size = l->ptrbytes = 2 * PTR;
		l->comparable = true;
		break;
	case KindArray: {
		Layout *e = types_layout(k, u->elem);
		i64 n = u->len < 0 ? 0 : u->len;
		if (e->size < 0 || __builtin_mul_overflow(n, e->size, &l->size))
			l->size = -1;
		l->align = e->align;
		l->ptrbytes = n && e->ptrbytes ? (n - 1) * e->size + e->ptrbytes : 0;
		l->regular = e->regular || n == 0;
		l->comparable = e->comparable;
		break;
	}
	case KindStruct:
		layout_struct(k, u, l);
		break;
	case KindTuple: {
		i64 off = 0;
		l->offset = k_array(k, i64, u->tuple.n + 1);
		for (u32 i = 0; i < u->tuple.n; i++) {
			Layout *f = types_layout(k, u->tuple.v[i]->type);
			off = (i64)align_up((u64)off, (u64)f->align);
			l->offset[i] = off;
			if (f->ptrbytes)
				l->ptrbytes = off + f->ptrbytes;
			off += f->size;
		}
		l->size = (i64)align_up((u64)off, PTR);
	}
	}
	l->direct = l->size == PTR && l->ptrbytes == PTR;
	Layout *none = NULL;
	if (!(t->flags & TypeHasTParam) && !atomic_compare_exchange_strong(&t->layout, &none, l))
		l = none;
	return l;
}

static void mark(u8 *mask, i64 off) { mask[off / PTR / 8] |= 1 << (off / PTR % 8); }

void types_ptrmask(Checker *k, Type *t, i64 off, u8 *mask)
{
	Layout *l = types_layout(k, t);
	if (!l->ptrbytes)
		return;
	Type *u = types_under(t);
	switch (u->kind) {
	default:
		mark(mask, off);
		break;
	case KindInterface:
		mark(mask, off);
		mark(mask, off + PTR);
		break;
	case KindArray: {
		i64 size = types_layout(k, u->elem)->size;
		for (i64 i = 0; i < u->len; i++)
			types_ptrmask(k, u->elem, off + i * size, mask);
		break;
	}
	case KindStruct:
		for (u32 i = 0; i < u->st.n; i++)
			types_ptrmask(k, u->st.field[i]->type, off + l->offset[i], mask);
		break;
	case KindTuple:
		for (u32 i = 0; i < u->tuple.n; i++)
			types_ptrmask(k, u->tuple.v[i]->type, off + l->offset[i], mask);
	}
}
