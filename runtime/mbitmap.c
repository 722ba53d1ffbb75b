/* mbitmap.c: where the pointers are in an object.
 * A type's mask has one bit per word of its prefix that can hold pointers. Small objects get a
 * copy, repeated for arrays, in the bitmap of their page. Types too big for a mask of their own
 * (TFlagGCMaskOnDemand) have it built from their elements or fields on first use. */
#include "mem.h"

typedef struct { Type t; Type *elem, *slice; u64 len; } ArrayType;
typedef struct { u8 *name; Type *typ; u64 offset; } StructField;
typedef struct { Type t; u8 *pkgpath; StructField *fields; i64 nfields, capfields; } StructType;
enum { KindArray = 17, KindStruct = 25 };

static void or_mask(u8 *dst, u64 at, const u8 *src, u64 n)
{
	for (u64 i = 0; i < n; i++)
		if (src[i >> 3] >> (i & 7) & 1)
			dst[(at + i) >> 3] |= 1 << ((at + i) & 7);
}

static void build_mask(u8 *dst, u64 at, Type *t)
{
	if (!t->ptrbytes)
		return;
	if (!(t->tflag & TFlagGCMaskOnDemand)) {
		or_mask(dst, at, t->gcdata, t->ptrbytes >> 3);
		return;
	}
	if (t->kind == KindArray) {
		ArrayType *a = (ArrayType *)t;
		for (u64 i = 0; i < a->len; i++)
			build_mask(dst, at + i * (a->elem->size >> 3), a->elem);
	} else if (t->kind == KindStruct) {
		StructType *st = (StructType *)t;
		for (i64 i = 0; i < st->nfields; i++)
			build_mask(dst, at + (st->fields[i].offset >> 3), st->fields[i].typ);
	} else {
		rt_throw("pointer mask on demand for a type that is neither array nor struct");
	}
}

u8 *rt_type_gcmask(Type *t)
{
	if (likely(!(t->tflag & TFlagGCMaskOnDemand)))
		return t->gcdata;
	u8 **slot = (u8 **)t->gcdata;
	u8 *mask = aload(slot);
	if (mask)
		return mask;
	static Mutex lock;
	rt_lock(&lock);
	mask = *slot;
	if (!mask) {
		mask = rt_persistentalloc(((t->ptrbytes >> 3) + 63) / 64 * 8, 8);
		build_mask(mask, 0, t);
		astorerel(slot, mask);
	}
	rt_unlock(&lock);
	return mask;
}

/* First 64 bits of the mask of a type of at most 512 bytes. */
static u64 small_mask(Type *t)
{
	u64 m = 0, n = (t->ptrbytes + 63) >> 6;
	for (u64 i = 0; i < n; i++)
		m |= (u64)t->gcdata[i] << (i * 8);
	u64 words = t->ptrbytes >> 3;
	return words < 64 ? m & ((1ul << words) - 1) : m;
}

/* Record the pointers of a fresh object of up to 512 bytes whose bits are clear. */
void heapbits_write(uptr obj, u64 elemsize, u64 size, Type *typ)
{
	u64 bits, words = size >> 3;
	if (typ->size == 8) {
		bits = words >= 64 ? ~0ul : (1ul << words) - 1;
	} else {
		u64 mask = small_mask(typ), step = typ->size >> 3;
		bits = mask;
		for (u64 i = step; i < words && step; i += step)
			bits |= mask << i;
		if (words < 64)
			bits &= (1ul << words) - 1;
	}
	u64 *map = (u64 *)((obj & ~(uptr)(PageSize - 1)) + PageSize - SpanBitmapBytes);
	u64 at = (obj & (PageSize - 1)) >> 3, sh = at & 63;
	map[at >> 6] |= bits << sh;
	if (sh + (elemsize >> 3) > 64)
		map[(at >> 6) + 1] |= bits >> (64 - sh);
}

/* cptrwords(p, out, n): out[i] says whether word i of the object at p is a pointer for the collector. */
void mem_ptrwords(uptr p, u8 *out, u64 n)
{
	uptr obj;
	u32 i;
	MSpan *s = mheap_find_object(p, &obj, &i);
	if (!s || mspan_noscan(s))
		return;
	if (s->elemsize <= BitmapMaxSize) {
		const u64 *map = (const u64 *)((p & ~(uptr)(PageSize - 1)) + PageSize - SpanBitmapBytes);
		for (u64 k = 0, at = (p & (PageSize - 1)) >> 3; k < n; k++, at++)
			out[k] = map[at >> 6] >> (at & 63) & 1;
		return;
	}
	Type *t = mspan_hasheader(s) ? *(Type **)obj : s->largetype;
	if (!t)
		return;
	const u8 *mask = rt_type_gcmask(t);
	u64 step = t->size >> 3, words = t->ptrbytes >> 3;
	for (u64 k = 0; k < n; k++)
		out[k] = k % step < words && mask[k % step >> 3] >> (k % step & 7) & 1;
}
