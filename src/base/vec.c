/* Growing arrays. The newest thing in an arena grows where it is; otherwise the old array stays in the arena: doubling wastes
 * at most as much as is in use. */
#include "base.h"

void vec_grow(Arena *a, void *vec, size_t elem, u32 want)
{
	VecAny *v = vec;
	u32 cap = v->cap ? v->cap * 2 : 8;
	if (cap < want)
		cap = want;
	if (v->cap && arena_extend(a, (char *)v->a + elem * v->cap, elem * (cap - v->cap))) {
		v->cap = cap;
		return;
	}
	void *p = arena_raw(a, elem * cap, 16);
	if (v->n)
		memcpy(p, v->a, elem * v->n);
	v->a = p;
	v->cap = cap;
}
