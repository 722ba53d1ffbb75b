/* Register names. General registers keep their hardware numbers; byte registers are their low bytes, AH to BH the high ones. */
#include "../asm.h"

static const char *const gp[] = {"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"};
static const char *const byte[] = {"AL", "CL", "DL", "BL", "SPB", "BPB", "SIB", "DIB", "R8B", "R9B", "R10B", "R11B", "R12B", "R13B", "R14B", "R15B"};
static const char *const high[] = {"AH", "CH", "DH", "BH"};
static const char *const seg[] = {"ES", "CS", "SS", "DS", "FS", "GS"};
static const char *const pseudo[] = {[PseudoSB] = "SB", [PseudoFP] = "FP", [PseudoPC] = "PC"};

static const struct { const char *const *name; u8 n, cls, first; } lists[] = {
	{gp, nelem(gp), RcGp, 0}, {byte, nelem(byte), RcByte, 0}, {high, nelem(high), RcHigh, 4}, {seg, nelem(seg), RcSeg, 0}, {pseudo, nelem(pseudo), RcPseudo, 0},
};
static const struct { const char *prefix; u8 n, cls; } numbered[] = {
	{"X", 32, RcX}, {"Y", 32, RcY}, {"Z", 32, RcZ}, {"K", 8, RcK}, {"M", 8, RcMmx}, {"F", 8, RcFloat}, {"CR", 16, RcCr}, {"DR", 8, RcDr}, {"TR", 8, RcTr},
};

static bool is(const char *name, const char *s, u32 n)
{
	return name[0] == s[0] && strlen(name) == n && !memcmp(name, s, n);
}

bool asm_reg(const char *s, u32 n, AsmReg *r)
{
	if (n > 4 || !n)
		return false;
	if (n < 4 && *s >= 'X' && *s <= 'Z' && n > 1) {
		u32 v = (u32)(s[1] - '0'), w = n == 3 ? (u32)(s[2] - '0') : 0;
		if (v < 10 && w < 10 && (n == 2 || v) && (v = n == 3 ? v * 10 + w : v) < 32) {
			*r = (AsmReg){(u8)(RcX + *s - 'X'), (u8)v};
			return true;
		}
		return false;
	}
	for (u32 i = 0; i < nelem(lists); i++)
		for (u32 k = 0; k < lists[i].n; k++)
			if (is(lists[i].name[k], s, n)) {
				*r = (AsmReg){lists[i].cls, (u8)(lists[i].first + k)};
				return true;
			}
	for (u32 i = 0; i < nelem(numbered); i++) {
		u32 m = (u32)strlen(numbered[i].prefix), v = 0, k = m;
		if (n <= m || memcmp(numbered[i].prefix, s, m) || (s[m] == '0' && n > m + 1))
			continue;
		for (; k < n && s[k] >= '0' && s[k] <= '9'; k++)
			v = v * 10 + (u32)(s[k] - '0');
		if (k == n && v < numbered[i].n) {
			*r = (AsmReg){numbered[i].cls, (u8)v};
			return true;
		}
	}
	if (is("g", s, n))
		*r = (AsmReg){RcGp, GpR14};
	else if (is("TLS", s, n))
		*r = (AsmReg){RcTls, 0};
	else
		return false;
	return true;
}
