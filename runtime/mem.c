/* mem.c: the memory functions a C compiler expects, without a libc. Aligned words are
 * copied whole, so a concurrent reader never sees half a pointer. */
#include "runtime.h"

void *memmove(void *d, const void *s, size_t n) {
	u8 *dp = d;
	const u8 *sp = s;
	bool words = (((uptr)dp | (uptr)sp) & 7) == 0;
	if (dp == sp || n == 0)
		return d;
	if (dp < sp || dp >= sp + n) {
		for (; words && n >= 8; n -= 8, dp += 8, sp += 8)
			*(volatile u64 *)dp = *(const u64 *)sp;
		while (n-- > 0)
			*(volatile u8 *)dp++ = *sp++;
		return d;
	}
	for (; n > 0 && (!words || (n & 7) != 0); n--)
		((volatile u8 *)dp)[n - 1] = sp[n - 1];
	for (; n >= 8; n -= 8)
		*(volatile u64 *)(dp + n - 8) = *(const u64 *)(sp + n - 8);
	return d;
}

void *memcpy(void *d, const void *s, size_t n) { return memmove(d, s, n); }

void *memset(void *d, int c, size_t n) {
	void *p = d;
	__asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(c) : "memory");
	return d;
}

int memcmp(const void *a, const void *b, size_t n) {
	const u8 *x = a, *y = b;
	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}

u64 rt_strlen(const char *s) {
	u64 n = 0;
	while (s[n] != 0)
		n++;
	return n;
}
