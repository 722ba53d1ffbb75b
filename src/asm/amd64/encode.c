/* One statement to bytes.
 *
 * A row of insn.def has one letter an operand that says what fits there (its class) and one that says where it goes (its
 * role). The first row of the mnemonic that fits all operands wins, as in gc's tables; so rows with narrower classes stand
 * first, and VEX forms before EVEX ones. Suffixes select EVEX forms. Opcodes, prefixes and maps are as in Intel's manual,
 * volume 2; vector lengths X, Y, Z are 128, 256 and 512 bits. */
#include "../asm.h"

typedef enum Form { FormLegacy, FormVex, FormEvex, FormRaw } Form;
enum { P0, P66, PF3, PF2, P66F3, P66F2, PC6 };      /* prefixes; the first four are also VEX.pp */
enum { W0, W1 };
enum { M0, M0F, M0F38, M0F3A };
enum { X = 1, Y = 2, Z = 4, XY = X | Y, XZ = X | Z, YZ = Y | Z, XYZ = X | Y | Z };
enum { NO = -1 };
enum { Scaled = 0x80, S2 = 2 | Scaled, S4 = 4 | Scaled, S8 = 8 | Scaled, S16 = 16 | Scaled };
enum { Zero = SufZero, Sae = SufSae, Round = SufRound };

typedef struct Row {
	const char *name, *cls, *role;
	u8 form, lens;        /* lens: vector lengths this row stands for */
	u8 prefix, w, map, op;
	i8 ext;               /* opcode extension in modrm.reg */
	u8 imm;               /* bytes of the immediate */
	u8 n, bcst;           /* EVEX: unit of an 8-bit displacement (at length X if scaled by the length), and when broadcasting */
	u8 allow;             /* EVEX: suffixes */
} Row;

#define LEG(name, cls, role, prefix, w, map, op, ext, imm) {#name, cls, role, FormLegacy, 0, prefix, w, map, op, ext, imm, 0, 0, 0},
#define VEX(name, cls, role, lens, prefix, w, map, op, ext) {#name, cls, role, FormVex, lens, prefix, w, map, op, ext, 1, 0, 0, 0},
#define EVX(name, cls, role, lens, prefix, w, map, op, ext, n, bcst, allow) {#name, cls, role, FormEvex, lens, prefix, w, map, op, ext, 1, n, bcst, allow},
#define RAW(name, hex) {#name, "", hex, FormRaw, 0, 0, 0, 0, 0, NO, 0, 0, 0, 0},
static const Row rows[] = {
#include "insn.def"
};
#undef LEG
#undef VEX
#undef EVX
#undef RAW

/* Other spellings. */
static const struct { const char *name, *is; } aliases[] = {
	{"JA", "JHI"}, {"JAE", "JCC"}, {"JB", "JCS"}, {"JBE", "JLS"}, {"JC", "JCS"}, {"JE", "JEQ"}, {"JG", "JGT"}, {"JHS", "JCC"}, {"JL", "JLT"},
	{"JLO", "JCS"}, {"JNA", "JLS"}, {"JNAE", "JCS"}, {"JNB", "JCC"}, {"JNBE", "JHI"}, {"JNC", "JCC"}, {"JNG", "JLE"}, {"JNGE", "JLT"},
	{"JNL", "JGE"}, {"JNLE", "JGT"}, {"JNO", "JOC"}, {"JNP", "JPC"}, {"JNS", "JPL"}, {"JNZ", "JNE"}, {"JO", "JOS"}, {"JP", "JPS"}, {"JPE", "JPS"},
	{"JPO", "JPC"}, {"JS", "JMI"}, {"JZ", "JEQ"},
	{"MASKMOVDQU", "MASKMOVOU"}, {"MOVD", "MOVQ"}, {"MOVDQ2Q", "MOVQ"}, {"MOVNTDQ", "MOVNTO"}, {"MOVOA", "MOVO"}, {"PSLLDQ", "PSLLO"},
	{"PSRLDQ", "PSRLO"}, {"PADDD", "PADDL"}, {"MOVBELL", "MOVBEL"}, {"MOVBEQQ", "MOVBEQ"}, {"MOVBEWW", "MOVBEW"}, {"UNDEF", "UD2"},
};

/* Statements that are not looked up in rows (or not only). */
static const struct { const char *name; u8 what, form, code; } others[] = {
	{"JMP", InsBranch, BranchJmp, 0xeb}, {"CALL", InsCall, BranchNone, 0xe8}, {"RET", InsRet, BranchNone, 0xc3}, {"NOP", InsNop, 0, 0},
	{"BYTE", InsBytes, 0, 1}, {"WORD", InsBytes, 0, 2}, {"LONG", InsBytes, 0, 4}, {"QUAD", InsBytes, 0, 8}, {"ADJSP", InsAdjsp, 0, 0},
	{"JOS", InsBranch, BranchCc, 0}, {"JOC", InsBranch, BranchCc, 1}, {"JCS", InsBranch, BranchCc, 2}, {"JCC", InsBranch, BranchCc, 3},
	{"JEQ", InsBranch, BranchCc, 4}, {"JNE", InsBranch, BranchCc, 5}, {"JLS", InsBranch, BranchCc, 6}, {"JHI", InsBranch, BranchCc, 7},
	{"JMI", InsBranch, BranchCc, 8}, {"JPL", InsBranch, BranchCc, 9}, {"JPS", InsBranch, BranchCc, 10}, {"JPC", InsBranch, BranchCc, 11},
	{"JLT", InsBranch, BranchCc, 12}, {"JGE", InsBranch, BranchCc, 13}, {"JLE", InsBranch, BranchCc, 14}, {"JGT", InsBranch, BranchCc, 15},
	{"LOOPNE", InsBranch, BranchShort, 0xe0}, {"LOOPEQ", InsBranch, BranchShort, 0xe1}, {"LOOP", InsBranch, BranchShort, 0xe2},
	{"JCXZQ", InsBranch, BranchShort, 0xe3}, {"JCXZL", InsBranch, BranchShort, 0x67}, {"XBEGIN", InsBranch, BranchXbegin, 0xf8},
};

static bool same(const char *name, const char *s, u32 n)
{
	return name[0] == s[0] && strlen(name) == n && !memcmp(name, s, n);
}

/* First row of a mnemonic, or NULL. */
static const Row *find(const char *s, u32 n)
{
	u32 lo = 0, hi = nelem(rows);
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;
		int d = strncmp(rows[mid].name, s, n);
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < nelem(rows) && same(rows[lo].name, s, n) ? &rows[lo] : NULL;
}

static bool look_up(const char *s, u32 n, InsName *out)
{
	for (u32 i = 0; i < nelem(aliases); i++)
		if (same(aliases[i].name, s, n)) {
			s = aliases[i].is;
			n = (u32)strlen(s);
			break;
		}
	out->row = find(s, n);
	for (u32 i = 0; i < nelem(others); i++)
		if (same(others[i].name, s, n)) {
			out->op = others[i].name;
			out->what = others[i].what;
			out->form = others[i].form;
			out->code = others[i].code;
			return true;
		}
	out->what = InsCode;
	if (out->row)
		out->op = out->row->name;
	return out->row != NULL;
}

const InsName *ins_known(Asm *a, const char *s, u32 n)
{
	u64 *slot = map_slot(a->ar, &a->known, (u64)(uintptr_t)intern(s, n));
	if (!*slot) {
		InsName *k = arena_new(a->ar, InsName);
		look_up(s, n, k);
		*slot = (u64)(uintptr_t)k;
	}
	const InsName *k = (const InsName *)(uintptr_t)*slot;
	return k->op ? k : NULL;
}

static const InsName *name_of(Asm *a, const Ins *in)
{
	return in->name && in->name->op == in->op ? in->name : ins_known(a, in->op, (u32)strlen(in->op));
}

u8 branch_opcode(Asm *a, const Ins *in, u8 *code)
{
	const InsName *k = name_of(a, in);
	*code = k->code;
	return k->form;
}

bool ins_suffix(const char *s, u32 n, Ins *in)
{
	static const struct { const char *name; u8 bit, rc; } suf[] = {
		{"Z", SufZero, 0}, {"BCST", SufBcst, 0}, {"SAE", SufSae, 0},
		{"RN_SAE", SufRound, 0}, {"RD_SAE", SufRound, 1}, {"RU_SAE", SufRound, 2}, {"RZ_SAE", SufRound, 3},
	};
	for (u32 i = 0; i < nelem(suf); i++)
		if (same(suf[i].name, s, n)) {
			if (in->suffix & (suf[i].bit == SufZero ? SufZero : SufBcst | SufSae | SufRound | SufZero))
				return false;   /* twice, or not last */
			in->suffix |= suf[i].bit;
			in->rc |= suf[i].rc;
			return true;
		}
	return false;
}

/* ---- does an operand fit a class? ---- */

static bool imm_fits(char c, i64 v)
{
	switch (c) {
	case '0': return v == 0;
	case '1': return v == 1;
	case '3': return v >= 0 && v <= 3;
	case '7': return v >= 0 && v <= 127;
	case 's': return v >= -128 && v <= 127;
	case 'u': return v >= 0 && v <= 255;
	case '8': return v >= -128 && v <= 255;
	case 'j': return v >= -32768 && v <= 65535;
	case 'g': return v >= 0 && v <= UINT32_MAX;
	case 't': return v == (i32)v;
	case 'i': return v >= INT32_MIN && v <= UINT32_MAX;
	case 'I': return true;
	}
	return false;
}

static u8 vec_class(char c, int len)
{
	switch (c) {
	case 'x': case 'X': case 'w': case 't': return RcX;
	case 'y': case 'Y': case 'T': return RcY;
	case 'z': case 'Z': case 'U': return RcZ;
	case 'n': case 'N': case 'v': return (u8)(RcX + len);
	case 'h': case 'H': case 'V': return (u8)(len ? RcX + len - 1 : RcX);
	}
	return RcNone;
}

static bool mem_fits(const Row *r, char c, const Opnd *p, int len)
{
	u8 idx = p->index.cls;
	bool vsib = idx >= RcX && idx <= RcZ;
	if (strchr("tTUvV", c))
		return vsib && idx == vec_class(c, len) && p->index.n < (r->form == FormEvex ? 32 : 16) && !p->sym;
	if (!strchr("RBEmXYZPGNH", c) || vsib)
		return false;
	if (p->sym && (p->base.cls || idx))
		return false;
	bool base = !p->base.cls || p->base.cls == RcGp || p->base.cls == RcTls;
	return base && (!idx || (idx == RcGp && p->index.n != GpSP));
}

static bool reg_fits(const Row *r, char c, AsmReg g, int len)
{
	switch (g.cls) {
	case RcGp:
		return strchr("rRbBeE", c) || ((c == 'a' || c == '@') && g.n == GpAX) || ((c == 'c' || c == '#') && g.n == GpCX) || (c == 'd' && g.n == GpDX);
	case RcByte: case RcHigh:
		return strchr("bBeE", c) || (g.cls == RcByte && (((c == 'A' || c == '@') && g.n == GpAX) || (c == '#' && g.n == GpCX)));
	case RcX: case RcY: case RcZ:
		if (c == 'w')
			return g.cls == RcX && g.n == 0;
		return strchr("xXyYzZnNhH", c) && vec_class(c, len) == g.cls && g.n < (r->form == FormEvex ? 32 : 16);
	case RcK: return c == 'k' || ((c == 'K' || c == '*') && g.n);
	case RcMmx: return c == 'p' || c == 'P';
	case RcFloat: return c == 'f' || c == 'G' || (c == 'F' && !g.n);
	case RcCr: return c == 'C';
	case RcDr: return c == 'D';
	}
	return false;
}

static bool fits(const Row *r, char c, const Opnd *p, int len)
{
	switch (p->kind) {
	case OdReg: return reg_fits(r, c, p->reg, len);
	case OdMem: return mem_fits(r, c, p, len) || (p->bare && imm_fits(c, p->off));
	case OdImm: return imm_fits(c, p->off);
	case OdList: return (c == 'l' || c == 'L') && p->nlist == 4 && p->reg.cls == (c == 'l' ? RcX : RcZ);
	}
	return false;
}

/* Lines classes up with operands; a '*' is a mask that may be missing. Returns the operand of each class in map (-1: none). */
static bool row_fits(const Row *r, const Ins *in, int len, i8 *map)
{
	u32 n = (u32)strlen(r->cls), k = 0;
	const char *star = strchr(r->cls, '*');
	bool skip = star && in->nopnd == n - 1;
	if (in->nopnd != n && !skip)
		return false;
	for (u32 i = 0; i < n; i++) {
		if (skip && r->cls + i == star) {
			map[i] = -1;
			continue;
		}
		if (!fits(r, r->cls[i], &in->o[k], len))
			return false;
		map[i] = (i8)k++;
	}
	return true;
}

/* ---- bytes ---- */

typedef struct Out { u8 b[32]; u32 n; } Out;

static void put(Out *o, u32 v, u32 n)
{
	for (u32 i = 0; i < n; i++)
		o->b[o->n++] = (u8)(v >> (8 * i));
}

/* What modrm, sib and displacement will be, and the bits that go to prefixes. */
typedef struct Parts {
	u8 reg, rm[1 + 1 + 4];
	u32 nrm;
	u8 r, x, b, r2, x2;     /* extension bits; x2: bit 4 of a vector index or of rm */
	u8 v, v2, aaa;
	u8 opreg;
	bool hasrm, rex, norex, tls;
	const Opnd *sym;        /* needs a relocation at the displacement */
	u32 symat;
} Parts;

static u32 scale_bits(u8 scale)
{
	return scale == 8 ? 3 : scale >> 1;
}

static void put_rm(Parts *p, u32 v, u32 n)
{
	for (u32 i = 0; i < n; i++)
		p->rm[p->nrm++] = (u8)(v >> (8 * i));
}

static void mem_bits(Asm *a, const Ins *in, Parts *p, const Opnd *m, u32 unit)
{
	u8 reg = (u8)((p->reg & 7) << 3);
	i64 off = m->off;
	if (m->base.cls == RcTls) {
		p->tls = true;
		off += a->c->tls;
	}
	if (off != (i32)off) {
		if (strcmp(in->op, "LEAL"))
			asm_error(a, "offset too large in %s", ins_text(a, in));
		off = (i32)off;
	}
	u32 d = (u32)off;
	if (m->sym && m->name == BaseExtern) {
		put_rm(p, reg | 5, 1);
		p->sym = m;
		p->symat = p->nrm;
		put_rm(p, 0, 4);
		return;
	}
	bool base = m->base.cls == RcGp, idx = m->index.cls != RcNone;
	p->b = base ? m->base.n >> 3 & 1 : 0;
	p->x = idx ? m->index.n >> 3 & 1 : 0;
	p->x2 = idx && m->index.cls != RcGp ? m->index.n >> 4 & 1 : 0;
	if (!base) {
		put_rm(p, reg | 4, 1);
		put_rm(p, idx ? scale_bits(m->scale) << 6 | (m->index.n & 7u) << 3 | 5 : 0x25, 1);
		put_rm(p, d, 4);
		return;
	}
	u8 b = m->base.n & 7, mod = 2;
	i32 s = (i32)off;
	u32 n = 4;
	if (!s && b != 5) {
		mod = 0;
		n = 0;
	} else if (unit ? s % (i32)unit == 0 && s / (i32)unit == (i8)(s / (i32)unit) : s == (i8)s) {
		mod = 1;
		n = 1;
		d = (u32)(unit ? s / (i32)unit : s);
	}
	if (idx || b == 4) {
		put_rm(p, (u32)mod << 6 | reg | 4, 1);
		put_rm(p, scale_bits(idx ? m->scale : 1) << 6 | (idx ? m->index.n & 7u : 4) << 3 | b, 1);
	} else {
		put_rm(p, (u32)mod << 6 | reg | b, 1);
	}
	put_rm(p, d, n);
}

/* SPB to DIB need a REX prefix to be told from AH to BH; so does a general register where a byte register stands. */
static void byte_reg(Parts *p, char cls, AsmReg g)
{
	if (g.cls == RcHigh)
		p->norex = true;
	else if (g.n >= 4 && g.n < 8 && (g.cls == RcByte || (g.cls == RcGp && (cls == 'b' || cls == 'B'))))
		p->rex = true;
}

static bool gather_parts(Asm *a, const Ins *in, const Row *r, const i8 *map, Parts *p, Out *imm, u32 unit)
{
	const Opnd *rm = NULL;
	bool hasreg = false;
	for (u32 i = 0; r->role[i]; i++) {
		if (map[i] < 0)
			continue;
		const Opnd *o = &in->o[map[i]];
		u8 n = o->reg.n;
		if (o->kind == OdReg && (o->reg.cls == RcGp || o->reg.cls == RcByte || o->reg.cls == RcHigh))
			byte_reg(p, r->cls[i], o->reg);
		switch (r->role[i]) {
		case 'r': p->reg = n; hasreg = true; break;
		case 'm': rm = o; break;
		case 'B': p->reg = n; hasreg = true; rm = o; break;
		case 'v': p->v = n & 15; p->v2 = n >> 4; break;
		case 'k': p->aaa = n; break;
		case 'o': p->opreg = n; break;
		case 's': put(imm, (u32)n << 4, 1); break;
		case 'i':
			put(imm, (u32)o->off, r->imm > 4 ? 4 : r->imm);
			if (r->imm == 8)
				put(imm, (u32)((u64)o->off >> 32), 4);
			break;
		}
	}
	if (!hasreg && r->ext >= 0)
		p->reg = (u8)r->ext;
	p->r = p->reg >> 3 & 1;
	p->r2 = p->reg >> 4 & 1;
	if (!hasreg)
		p->r = p->r2 = 0;
	if (strchr(r->role, 'o'))
		p->b = p->opreg >> 3 & 1;
	if (!rm)
		return true;
	p->hasrm = true;
	if (rm->kind == OdMem) {
		mem_bits(a, in, p, rm, unit);
		return true;
	}
	u8 n = rm->reg.n;
	p->b = n >> 3 & 1;
	p->x = n >> 4 & 1;
	put_rm(p, 0xc0u | (p->reg & 7u) << 3 | (n & 7u), 1);
	return false;
}

static void legacy_head(Out *o, const Row *r, const Parts *p)
{
	static const struct { u8 n; u8 b[2]; } pre[] = {
		[P0] = {0, {0}}, [P66] = {1, {0x66}}, [PF3] = {1, {0xf3}}, [PF2] = {1, {0xf2}}, [P66F3] = {2, {0x66, 0xf3}}, [P66F2] = {2, {0x66, 0xf2}}, [PC6] = {1, {0xc6}},
	};
	for (u32 i = 0; i < pre[r->prefix].n; i++)
		put(o, pre[r->prefix].b[i], 1);
	u32 rex = (u32)r->w << 3 | (u32)p->r << 2 | (u32)p->x << 1 | p->b;
	if (rex || p->rex)
		put(o, 0x40 | rex, 1);
	if (r->map)
		put(o, 0x0f, 1);
	if (r->map > M0F)
		put(o, r->map == M0F38 ? 0x38 : 0x3a, 1);
}

static void vex_head(Out *o, const Row *r, const Parts *p, int len)
{
	u32 tail = (u32)(p->v ^ 15) << 3 | (u32)len << 2 | r->prefix;
	if (r->map == M0F && !r->w && !p->x && !p->b) {
		put(o, 0xc5, 1);
		put(o, (u32)!p->r << 7 | tail, 1);
		return;
	}
	put(o, 0xc4, 1);
	put(o, (u32)!p->r << 7 | (u32)!p->x << 6 | (u32)!p->b << 5 | r->map, 1);
	put(o, (u32)r->w << 7 | tail, 1);
}

static void evex_head(Out *o, const Ins *in, const Row *r, const Parts *p, int len)
{
	bool b = in->suffix & (SufBcst | SufSae | SufRound);
	u32 ll = in->suffix & SufRound ? in->rc : (u32)len, v2 = p->v2 | p->x2;
	put(o, 0x62, 1);
	put(o, (u32)!p->r << 7 | (u32)!p->x << 6 | (u32)!p->b << 5 | (u32)!p->r2 << 4 | r->map, 1);
	put(o, (u32)r->w << 7 | (u32)(p->v ^ 15) << 3 | 4 | r->prefix, 1);
	put(o, (u32)!!(in->suffix & SufZero) << 7 | ll << 5 | (u32)b << 4 | (u32)!v2 << 3 | p->aaa, 1);
}

static u32 disp_unit(const Ins *in, const Row *r, int len)
{
	if (r->form != FormEvex)
		return 0;
	if (in->suffix & SufBcst)
		return r->bcst;
	return r->n & Scaled ? (u32)(r->n & ~Scaled) << len : r->n;
}

/* What the suffixes ask of the row and its operands. */
static bool suffix_ok(Asm *a, const Ins *in, const Row *r, const i8 *map, int len)
{
	bool mem = false, mask = false;
	for (u32 i = 0; r->cls[i]; i++) {
		if (map[i] < 0)
			continue;
		mem |= in->o[map[i]].kind == OdMem;
		mask |= r->role[i] == 'k';
	}
	bool top = !(r->lens >> (len + 1));     /* rounding: full length, or scalar */
	const char *bad = NULL;
	if (in->suffix & SufZero)
		bad = !mask ? "mask register must be specified for .Z instructions" : !(r->allow & SufZero) ? "unsupported zeroing" : NULL;
	if (in->suffix & SufRound)
		bad = mem ? "illegal rounding with memory argument" : !(r->allow & SufRound) || !top ? "unsupported rounding" : bad;
	if (in->suffix & SufBcst)
		bad = !mem ? "illegal broadcast without memory argument" : !r->bcst ? "unsupported broadcast" : bad;
	if (in->suffix & SufSae)
		bad = mem ? "illegal SAE with memory argument" : !(r->allow & SufSae) || !top ? "unsupported SAE" : bad;
	if (bad)
		asm_error(a, "%s: %s", bad, ins_text(a, in));
	return !bad;
}

/* Gathers fault when their registers are not distinct. */
static bool gather_ok(Asm *a, const Ins *in)
{
	const Opnd *o = in->o;
	if ((strncmp(in->op, "VGATHER", 7) && strncmp(in->op, "VPGATHER", 8)) || in->nopnd != 3 || o[2].kind != OdReg)
		return true;
	if (o[0].kind == OdMem && o[1].kind == OdReg && o[0].index.n == o[2].reg.n) {
		asm_error(a, "index and destination registers should be distinct: %s", ins_text(a, in));
		return false;
	}
	if (o[0].kind != OdReg || o[1].kind != OdMem || !o[1].index.cls)
		return true;
	if (o[0].reg.n != o[1].index.n && o[0].reg.n != o[2].reg.n && o[1].index.n != o[2].reg.n)
		return true;
	asm_error(a, "mask, index, and destination registers should be distinct: %s", ins_text(a, in));
	return false;
}

static void finish(Asm *a, Ins *in, const Out *o)
{
	in->size = o->n;
	in->bytes = arena_alloc(a->fa, o->n ? o->n : 1, 1);
	memcpy(in->bytes, o->b, o->n);
}

static void emit_row(Asm *a, Ins *in, const Row *r, const i8 *map, int len)
{
	Out o = {0}, imm = {0};
	Parts p = {0};
	gather_parts(a, in, r, map, &p, &imm, disp_unit(in, r, len));
	if (p.tls)
		put(&o, 0x64, 1);
	switch (r->form) {
	case FormLegacy: legacy_head(&o, r, &p); break;
	case FormVex: vex_head(&o, r, &p, len); break;
	default: evex_head(&o, in, r, &p, len);
	}
	put(&o, r->op | (p.opreg & 7u), 1);
	u32 at = o.n;
	for (u32 i = 0; i < p.nrm; i++)
		put(&o, p.rm[i], 1);
	for (u32 i = 0; i < imm.n; i++)
		put(&o, imm.b[i], 1);
	if (p.sym) {
		u32 off = at + p.symat;
		vec_push(a->fa, &in->rel, (AsmRel){off, RelocPC32, p.sym->local, p.sym->internal, p.sym->sym, p.sym->off - (i64)(o.n - off)});
	}
	/* as gc: general registers in byte statements become their low bytes, which shows if the statement is encoded again */
	for (u32 i = 0; r->form == FormLegacy && r->cls[i]; i++)
		if ((r->cls[i] == 'b' || r->cls[i] == 'B') && map[i] >= 0 && in->o[map[i]].kind == OdReg && in->o[map[i]].reg.cls == RcGp)
			in->o[map[i]].reg.cls = RcByte;
	if (p.norex && (p.rex || p.r || p.x || p.b))
		asm_error(a, "invalid instruction: %s", ins_text(a, in));
	finish(a, in, &o);
}

static void emit_raw(Asm *a, Ins *in, const Row *r)
{
	Out o = {0};
	for (const char *h = r->role; *h; h += 2) {
		u32 v = 0;
		for (int i = 0; i < 2; i++)
			v = v << 4 | (u32)(h[i] <= '9' ? h[i] - '0' : h[i] - 'A' + 10);
		put(&o, v, 1);
	}
	finish(a, in, &o);
}

static bool try_rows(Asm *a, Ins *in, const Row *r)
{
	const char *name = r->name;
	for (; r < rows + nelem(rows) && !strcmp(r->name, name); r++) {
		i8 map[8];
		if (r->form == FormRaw) {
			if (in->nopnd || in->suffix)
				continue;
			emit_raw(a, in, r);
			return true;
		}
		if (in->suffix && r->form != FormEvex)
			continue;
		for (int len = 0; len < 3; len++) {
			if (r->lens && !(r->lens >> len & 1))
				continue;
			if (row_fits(r, in, len, map)) {
				if (r->form != FormEvex || suffix_ok(a, in, r, map, len))
					emit_row(a, in, r, map, len);
				return true;
			}
			if (!r->lens)
				break;
		}
	}
	return false;
}

/* ---- what gc rewrites before it encodes ---- */

static bool is_op(const Ins *in, const char *op)
{
	return !strcmp(in->op, op);
}

/* A floating constant becomes a read-only symbol; zero is made by an exclusive or. */
static void float_const(Asm *a, Ins *in)
{
	Opnd *p = &in->o[0];
	size_t n = strlen(in->op);
	bool single = n > 2 && (!strcmp(in->op + n - 2, "SS") || (in->op[0] == 'F' && in->op[n - 1] == 'F'));
	u64 bits = 0;
	float f = (float)p->f;
	memcpy(&bits, single ? (void *)&f : (void *)&p->f, single ? 4 : 8);
	if ((is_op(in, "MOVSS") || is_op(in, "MOVSD")) && !bits && in->nopnd == 2 && in->o[1].kind == OdReg && in->o[1].reg.cls == RcX) {
		in->op = "XORPS";
		*p = in->o[1];
		return;
	}
	*p = (Opnd){.kind = OdMem, .name = BaseExtern};
	p->sym = intern_str(arena_printf(a->fa, single ? "$f32.%08llx" : "$f64.%016llx", (unsigned long long)bits))->s;
}

/* Access to thread-local storage takes one instruction here: the base register of the two-step form is dropped. */
static bool rewrite_tls(Ins *in)
{
	for (u32 i = 0; i < in->nopnd; i++) {
		Opnd *p = &in->o[i];
		if (p->kind == OdMem && p->index.cls == RcTls) {
			p->base = p->index;
			p->index = (AsmReg){0};
			p->scale = 0;
		}
	}
	return in->nopnd == 2 && in->o[0].kind == OdReg && in->o[0].reg.cls == RcTls;
}

static void encode_bytes(Asm *a, Ins *in)
{
	Out o = {0};
	u8 n;
	branch_opcode(a, in, &n);
	if (in->nopnd != 1 || (in->o[0].kind != OdImm && in->o[0].kind != OdAddr)) {
		asm_error(a, "invalid instruction: %s", ins_text(a, in));
		return;
	}
	const Opnd *p = &in->o[0];
	if (p->kind == OdAddr) {
		if (n != 8 || p->name != BaseExtern)
			asm_error(a, "invalid instruction: %s", ins_text(a, in));
		vec_push(a->fa, &in->rel, (AsmRel){0, RelocAddr64, p->local, p->internal, p->sym, p->off});
	}
	put(&o, p->kind == OdAddr ? 0 : (u32)p->off, n > 4 ? 4 : n);
	if (n == 8)
		put(&o, p->kind == OdAddr ? 0 : (u32)((u64)p->off >> 32), 4);
	finish(a, in, &o);
}

static void encode_segment(Asm *a, Ins *in, bool *done)
{
	static const u8 push[] = {0x06, 0x0e, 0x16, 0x1e, 0xa0, 0xa8};
	const Opnd *p = &in->o[0];
	bool isush = is_op(in, "PUSHQ") || is_op(in, "PUSHW"), ispop = is_op(in, "POPQ") || is_op(in, "POPW");
	*done = false;
	if (in->nopnd != 1 || p->kind != OdReg || p->reg.cls != RcSeg || p->reg.n < 4 || !(isush || ispop))
		return;
	Out o = {0};
	if (in->op[strlen(in->op) - 1] == 'W')
		put(&o, 0x66, 1);
	put(&o, 0x0f, 1);
	put(&o, push[p->reg.n] + (u32)ispop, 1);
	finish(a, in, &o);
	*done = true;
}

void ins_encode(Asm *a, Ins *in)
{
	a->pos = in->pos;
	if (in->what == InsBytes) {
		encode_bytes(a, in);
		return;
	}
	if (rewrite_tls(in))
		return;
	if (in->nopnd && in->o[0].kind == OdFloat)
		float_const(a, in);
	if (is_op(in, "MOVQ") && in->nopnd == 2 && in->o[0].kind == OdAddr) {
		in->op = "LEAQ";
		in->o[0].kind = OdMem;
	}
	bool done;
	encode_segment(a, in, &done);
	if (done)
		return;
	if (!gather_ok(a, in))
		return;
	const Row *r = name_of(a, in)->row;
	if (!r || !try_rows(a, in, r))
		asm_error(a, "invalid instruction: %s", ins_text(a, in));
}
