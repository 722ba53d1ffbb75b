/* Maps: which runtime function serves which key, chosen as gc chooses. The functions are upstream's Swiss maps. */
#include "build.h"

enum { MaxElem = 128, ZeroValSize = 1024 };

typedef enum MapKind { MapSlow, Map32, Map32ptr, Map64, Map64ptr, MapStr } MapKind;

static MapKind map_kind(Build *b, Type *m)
{
	Type *u = types_under(m), *k = types_under(u->key);
	if (b_size(b, u->elem) > MaxElem)
		return MapSlow;
	Layout *l = types_layout(b->k, k);
	if (k->kind == KindString)
		return MapStr;
	if (!l->regular)
		return MapSlow;
	if (l->size == 4)
		return Map32;
	if (l->size == 8)
		return l->ptrbytes ? Map64ptr : Map64;
	return MapSlow;
}

/* Key as the runtime function wants it: register words, or an address. */
static u32 map_key(Build *b, MapKind k, Val key, ValueId *a)
{
	if (k == MapStr) {
		a[0] = key.p[0], a[1] = key.p[1];
		return 2;
	}
	if (k == MapSlow) {
		a[0] = val_addr0(b, key);
		return 1;
	}
	Ty want = k == Map32 ? TyI32 : k == Map64ptr ? TyPtr : TyI64;
	if (key.form == ValParts && key.n == 1)
		a[0] = v_1(b, SsaBitcast, want, key.p[0]);
	else
		a[0] = v_load(b, want, val_addr0(b, key), 0, FlagNonNil);
	return 1;
}

static const char *const suffix[] = {"", "_fast32", "_fast32", "_fast64", "_fast64", "_faststr"};

static Val with_ok(Build *b, Val v, ValueId ok)
{
	Val *e = arena_array(b->ar, Val, 2);
	e[0] = v;
	e[1] = val_1(b_basic(b, KindBool), ok);
	return (Val){.form = ValTuple, .elem = e, .nelem = 2};
}

Val mapidx_get(Build *b, Type *m, ValueId map, Val key, bool commaok)
{
	MapKind k = map_kind(b, m);
	Type *elem = types_under(m)->elem;
	ValueId a[5] = {v_rtype(b, m), map};
	u32 n = 2;
	if (k == Map64ptr) {                    /* lookups take the pointer's bits */
		key = val_1(b_basic(b, KindUint64), v_1(b, SsaBitcast, TyI64, key.form == ValParts && key.n == 1 ? key.p[0] : v_load(b, TyPtr, val_addr0(b, key), 0, FlagNonNil)));
		k = Map64;
	}
	n += map_key(b, k, key, a + n);
	bool fat = k == MapSlow && b_size(b, elem) > ZeroValSize;
	if (fat) {
		u32 z = slot_new(b, elem, NULL);
		mem_zero(b, v_slot(b, z), 0, elem, true);
		a[n++] = v_slot(b, z);
	}
	const char *name = arena_printf(b->ar, "mapaccess%d%s", commaok ? 2 : 1, fat ? "_fat" : suffix[k]);
	Val r = call_runtime(b, name, commaok ? "pb" : "p", a, n);
	Val v = val_keep(b, val_load(b, elem, r.p[0], 0, true));
	return commaok ? with_ok(b, v, r.p[1]) : v;
}

ValueId mapidx_assign(Build *b, Type *m, ValueId map, Val key)
{
	MapKind k = map_kind(b, m);
	ValueId a[4] = {v_rtype(b, m), map};
	u32 n = 2 + map_key(b, k, key, a + 2);
	const char *name = arena_printf(b->ar, "mapassign%s%s", suffix[k], k == Map64ptr ? "ptr" : "");
	return call_runtime(b, name, "p", a, n).p[0];
}

void mapidx_delete(Build *b, Type *m, ValueId map, Val key)
{
	MapKind k = map_kind(b, m);
	ValueId a[4] = {v_rtype(b, m), map};
	if (k == Map64ptr) {
		key = val_1(b_basic(b, KindUint64), v_1(b, SsaBitcast, TyI64, key.form == ValParts && key.n == 1 ? key.p[0] : v_load(b, TyPtr, val_addr0(b, key), 0, FlagNonNil)));
		k = Map64;
	}
	u32 n = 2 + map_key(b, k, key, a + 2);
	call_runtime(b, arena_printf(b->ar, "mapdelete%s", suffix[k]), "", a, n);
}
