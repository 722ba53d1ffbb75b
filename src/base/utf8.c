/* UTF-8 as Go decodes it, and classes of characters by binary search in range tables. */
#include "base.h"

int utf8_decode(const char *str, const char *end, u32 *rune)
{
	const u8 *s = (const u8 *)str;
	size_t n = (size_t)(end - str);
	u32 c = n ? s[0] : 0xFF;
	if (c < 0x80) {
		*rune = c;
		return 1;
	}
	if (c >= 0xC2 && c < 0xE0 && n >= 2 && (s[1] & 0xC0) == 0x80) {
		*rune = (c & 0x1F) << 6 | (s[1] & 0x3F);
		return 2;
	}
	if (c >= 0xE0 && c < 0xF0 && n >= 3 && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80) {
		u32 r = (c & 0x0F) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3F);
		if (r >= 0x800 && (r < 0xD800 || r > 0xDFFF)) {
			*rune = r;
			return 3;
		}
	}
	if (c >= 0xF0 && c < 0xF5 && n >= 4 && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80 && (s[3] & 0xC0) == 0x80) {
		u32 r = (c & 7) << 18 | (s[1] & 0x3Fu) << 12 | (s[2] & 0x3Fu) << 6 | (s[3] & 0x3F);
		if (r >= 0x10000 && r <= 0x10FFFF) {
			*rune = r;
			return 4;
		}
	}
	*rune = RUNE_ERROR;
	return 1;
}

int utf8_encode(char out[4], u32 r)
{
	if (r > 0x10FFFF || (r >= 0xD800 && r <= 0xDFFF))
		r = RUNE_ERROR;
	if (r < 0x80) {
		out[0] = (char)r;
		return 1;
	}
	if (r < 0x800) {
		out[0] = (char)(0xC0 | r >> 6);
		out[1] = (char)(0x80 | (r & 0x3F));
		return 2;
	}
	if (r < 0x10000) {
		out[0] = (char)(0xE0 | r >> 12);
		out[1] = (char)(0x80 | (r >> 6 & 0x3F));
		out[2] = (char)(0x80 | (r & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | r >> 18);
	out[1] = (char)(0x80 | (r >> 12 & 0x3F));
	out[2] = (char)(0x80 | (r >> 6 & 0x3F));
	out[3] = (char)(0x80 | (r & 0x3F));
	return 4;
}

typedef struct Range { u32 lo, hi, stride; } Range;
#define RANGE(lo, hi, stride) { lo, hi, stride },
static const Range letters[] = {
#define UNICODE_LETTER
#include "unicode.def"
};
static const Range digits[] = {
#define UNICODE_DIGIT
#include "unicode.def"
};
static const Range uppers[] = {
#define UNICODE_UPPER
#include "unicode.def"
};
static const Range prints[] = {
#define UNICODE_PRINT
#include "unicode.def"
};
#undef RANGE

static bool member(const Range *t, size_t n, u32 r)
{
	size_t lo = 0, hi = n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (r < t[mid].lo)
			hi = mid;
		else if (r > t[mid].hi)
			lo = mid + 1;
		else
			return (r - t[mid].lo) % t[mid].stride == 0;
	}
	return false;
}

bool rune_is_letter(u32 r)
{
	if (r < 0x80)
		return ((r | 0x20) >= 'a' && (r | 0x20) <= 'z') || r == '_';
	return member(letters, nelem(letters), r);
}

bool rune_is_digit(u32 r)
{
	if (r < 0x80)
		return r >= '0' && r <= '9';
	return member(digits, nelem(digits), r);
}

bool rune_is_upper(u32 r)
{
	if (r < 0x80)
		return r >= 'A' && r <= 'Z';
	return member(uppers, nelem(uppers), r);
}

bool rune_is_print(u32 r)
{
	if (r < 0x80)
		return r >= ' ' && r < 0x7F;
	return member(prints, nelem(prints), r);
}
