/* Hash maps with 64-bit keys, open addressing with linear probing, at most 3/4 full; and the hash used for bytes.
 * hash_bytes folds 64x64 -> 128 bit products, sixteen bytes a step, so that every input bit reaches every output bit.
 * Its values never depend on the machine: they may be written to output files. */
#include "base.h"

static u32 probe(const Map *m, u64 key)
{
	u32 i = (u32)(hash_mix(0x243F6A8885A308D3ull, key) >> 7) & (m->cap - 1);
	while (m->key[i] && m->key[i] != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

static void rehash(Arena *a, Map *m)
{
	Map old = *m;
	m->cap = old.cap ? old.cap * 2 : 16;
	m->key = arena_array(a, u64, m->cap);
	m->val = arena_raw(a, m->cap * sizeof *m->val, sizeof *m->val);
	for (u32 i = 0; i < old.cap; i++) {
		if (!old.key[i])
			continue;
		u32 j = probe(m, old.key[i]);
		m->key[j] = old.key[i];
		m->val[j] = old.val[i];
	}
}

u64 *map_slot(Arena *a, Map *m, u64 key)
{
	if (m->n * 4ull >= m->cap * 3ull)
		rehash(a, m);
	u32 i = probe(m, key);
	if (!m->key[i]) {
		m->key[i] = key;
		m->val[i] = 0;
		m->n++;
	}
	return &m->val[i];
}

u64 map_get(const Map *m, u64 key)
{
	if (!m->n)
		return 0;
	u32 i = probe(m, key);
	return m->key[i] ? m->val[i] : 0;
}

static inline u64 fold(u64 x, u64 y)
{
	unsigned __int128 p = (unsigned __int128)x * y;
	return (u64)p ^ (u64)(p >> 64);
}

static inline u64 load8(const u8 *p)
{
	u64 x;
	memcpy(&x, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

static inline u64 load4(const u8 *p)
{
	u32 x;
	memcpy(&x, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap32(x);
#endif
	return x;
}

u64 hash_bytes(const void *data, size_t n, u64 seed)
{
	const u64 k0 = 0x9E3779B97F4A7C15ull, k1 = 0xD1B54A32D192ED03ull, k2 = 0x8CB92BA72F3D8DD7ull;
	const u8 *p = data;
	u64 h = seed ^ k0, a = 0, b = 0;
	size_t left = n;
	for (; left > 16; p += 16, left -= 16)
		h = fold(load8(p) ^ k1, load8(p + 8) ^ h);
	/* the last 1..16 bytes, by overlapping loads */
	if (left >= 8) {
		a = load8(p);
		b = load8(p + left - 8);
	} else if (left >= 4) {
		a = load4(p);
		b = load4(p + left - 4);
	} else if (left > 0) {
		a = (u64)p[0] << 16 | (u64)p[left >> 1] << 8 | p[left - 1];
	}
	h = fold(a ^ k1, b ^ h);
	return fold(h ^ k0, n ^ k2);
}
