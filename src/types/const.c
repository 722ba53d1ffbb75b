/* const: exact constants.
 *
 * An integer is a machine word while it fits, then a big integer. A float is a fraction while its parts stay below
 * 4096 bits, then a 512-bit binary float; once a value has lost exactness it never becomes a fraction again. A
 * complex is two of those. These are the rules of go/constant, so that folded values and their printed forms agree.
 *
 * Integers of up to 62 bits live in the pointer itself (lowest bit set), so a table of numbers costs no memory
 * here. A double that was produced by rounding stays a double (RepF64): it stands for the fraction it is exactly
 * equal to. Everything else is an immutable record in the arena of whoever computed it; the limbs of GMP and MPFR
 * numbers are copied there, so nothing is owned by malloc.
 *
 * Strings grow at their end: a + b extends a's buffer in place when nobody has done so before, which makes long
 * concatenations linear.
 */
#include "check.h"

#include <gmp.h>
#include <math.h>
#include <mpfr.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { Prec = 512, FloatLimbs = Prec / 64, MaxExp = 4 << 10 };

typedef enum Rep { RepUnknown, RepBool, RepString, RepInt64, RepBig, RepF64, RepRat, RepFloat, RepComplex } Rep;

/* Text shared by the strings that are prefixes of it. */
typedef struct StrBuf { _Atomic u32 used; u32 cap; char a[]; } StrBuf;

struct Const {
	u8 rep;
	u32 len;                                  /* String: bytes */
	union {
		bool b;
		i64 i;
		double d;
		struct { const char *s; StrBuf *buf; } str;
		struct { mp_limb_t *limb; int size; } z;                       /* size < 0: negative */
		struct { mp_limb_t *limb; int nsize, dsize; } q;               /* numerator's limbs, then the denominator's */
		struct { mp_limb_t *limb; i64 exp; int kind; } f;              /* mpfr_custom */
		struct { const Const *re, *im; } c;
	};
};

static const Const unknown_value = { .rep = RepUnknown };
static const Const true_value = { .rep = RepBool, .b = true };
static const Const false_value = { .rep = RepBool, .b = false };
static const Const empty_string = { .rep = RepString, .str = { .s = "" } };

#define INLINE_MAX (((i64)1 << 62) - 1)

static bool is_inline(const Const *c) { return (uintptr_t)c & 1; }
static Rep rep(const Const *c) { return !c ? RepUnknown : is_inline(c) ? RepInt64 : (Rep)c->rep; }
static i64 int_of(const Const *c) { return is_inline(c) ? (i64)(intptr_t)c >> 1 : c->i; }

/* A 512-bit float with the exponent range of Go's big.Float (MPFR's default is smaller; it is kept per thread). */
static void init_f(mpfr_ptr f)
{
	mpfr_set_emax(INT32_MAX);
	mpfr_set_emin(INT32_MIN);
	mpfr_init2(f, Prec);
}

/* ---- making ---- */

Const *const_make_bool(Arena *a, bool b)
{
	(void)a;
	return (Const *)(b ? &true_value : &false_value);
}

Const *const_make_unknown(void) { return (Const *)&unknown_value; }

static Const *new_const(Arena *a, Rep r)
{
	Const *c = arena_new(a, Const);
	c->rep = r;
	return c;
}

Const *const_make_int(Arena *a, i64 v)
{
	if (-INLINE_MAX <= v && v <= INLINE_MAX)
		return (Const *)(uintptr_t)((u64)v << 1 | 1);
	Const *c = new_const(a, RepInt64);
	c->i = v;
	return c;
}

static mp_limb_t *copy_limbs(Arena *a, mpz_srcptr z, mp_limb_t *to)
{
	size_t n = mpz_size(z);
	if (!to)
		to = arena_array(a, mp_limb_t, n ? n : 1);
	memcpy(to, mpz_limbs_read(z), n * sizeof *to);
	return to;
}

static int signed_size(mpz_srcptr z) { return mpz_sgn(z) < 0 ? -(int)mpz_size(z) : (int)mpz_size(z); }

static Const *make_z(Arena *a, mpz_srcptr z)
{
	if (mpz_fits_slong_p(z))
		return const_make_int(a, mpz_get_si(z));
	Const *c = new_const(a, RepBig);
	c->z.limb = copy_limbs(a, z, NULL);
	c->z.size = signed_size(z);
	return c;
}

Const *const_make_uint(Arena *a, u64 v)
{
	if (v <= INT64_MAX)
		return const_make_int(a, (i64)v);
	mpz_t z;
	mpz_init_set_ui(z, v);
	Const *c = make_z(a, z);
	mpz_clear(z);
	return c;
}

Const *const_make_string(Arena *a, const char *s, u32 len)
{
	if (!len)
		return (Const *)&empty_string;
	Const *c = new_const(a, RepString);
	c->str.s = s;
	c->len = len;
	return c;
}

static Const *raw_rat(Arena *a, mpq_srcptr q)
{
	Const *c = new_const(a, RepRat);
	size_t n = mpz_size(mpq_numref(q)), d = mpz_size(mpq_denref(q));
	c->q.limb = arena_array(a, mp_limb_t, n + d);
	copy_limbs(a, mpq_numref(q), c->q.limb);
	copy_limbs(a, mpq_denref(q), c->q.limb + n);
	c->q.nsize = signed_size(mpq_numref(q));
	c->q.dsize = (int)d;
	return c;
}

/* As go/constant's makeFloat: no infinities, no negative zero. */
static Const *make_f(Arena *a, mpfr_srcptr f)
{
	if (mpfr_nan_p(f) || mpfr_inf_p(f))
		return (Const *)&unknown_value;
	Const *c = new_const(a, RepFloat);
	c->f.kind = MPFR_ZERO_KIND;
	c->f.limb = arena_array(a, mp_limb_t, FloatLimbs);
	if (!mpfr_zero_p(f)) {
		c->f.kind = mpfr_custom_get_kind(f);
		c->f.exp = mpfr_custom_get_exp(f);
		memcpy(c->f.limb, mpfr_custom_get_significand(f), FloatLimbs * sizeof(mp_limb_t));
	}
	return c;
}

static bool small_z(mpz_srcptr z) { return mpz_sgn(z) == 0 || mpz_sizeinbase(z, 2) < MaxExp; }

static bool small_f(mpfr_srcptr f)
{
	if (mpfr_zero_p(f))
		return true;
	return mpfr_number_p(f) && -MaxExp < mpfr_get_exp(f) && mpfr_get_exp(f) < MaxExp;
}

/* Quotient of two integers, rounded once to 512 bits. */
static void f_from_q(mpfr_ptr f, mpq_srcptr q) { mpfr_set_q(f, q, MPFR_RNDN); }

static Const *make_q(Arena *a, mpq_srcptr q)
{
	if (small_z(mpq_numref(q)) && small_z(mpq_denref(q)))
		return raw_rat(a, q);
	mpfr_t f;
	init_f(f);
	f_from_q(f, q);
	Const *c = make_f(a, f);
	mpfr_clear(f);
	return c;
}

Const *const_make_float64(Arena *a, double d)
{
	if (isnan(d) || isinf(d))
		return (Const *)&unknown_value;
	Const *c = new_const(a, RepF64);
	c->d = d + 0.0;   /* no negative zero */
	if (d == 0)
		c->d = 0;
	return c;
}

static Const *make_complex(Arena *a, const Const *re, const Const *im)
{
	if (rep(re) == RepUnknown || rep(im) == RepUnknown)
		return (Const *)&unknown_value;
	Const *c = new_const(a, RepComplex);
	c->c.re = re;
	c->c.im = im;
	return c;
}

Const *const_make_imag(Arena *a, const Const *x) { return make_complex(a, const_make_int(a, 0), x); }

/* ---- views: constants as operands of GMP and MPFR ---- */

typedef struct ZView { mpz_t z; mp_limb_t word; } ZView;

static mpz_srcptr view_z(ZView *v, const Const *c)
{
	if (rep(c) == RepBig)
		return mpz_roinit_n(v->z, c->z.limb, c->z.size);
	i64 i = int_of(c);
	v->word = i < 0 ? -(u64)i : (u64)i;
	return mpz_roinit_n(v->z, &v->word, i < 0 ? -1 : i > 0);
}

typedef struct QView { mpq_t q; ZView n; mp_limb_t one; bool own; } QView;

static mpq_srcptr view_q(QView *v, const Const *c)
{
	v->own = false;
	switch (rep(c)) {
	case RepRat: {
		int n = abs(c->q.nsize);
		mpz_roinit_n(mpq_numref(v->q), c->q.limb, c->q.nsize);
		mpz_roinit_n(mpq_denref(v->q), c->q.limb + n, c->q.dsize);
		return v->q;
	}
	case RepF64:
		v->own = true;
		mpq_init(v->q);
		mpq_set_d(v->q, c->d);
		return v->q;
	default:
		view_z(&v->n, c);
		*mpq_numref(v->q) = *v->n.z;
		v->one = 1;
		mpz_roinit_n(mpq_denref(v->q), &v->one, 1);
		return v->q;
	}
}

static void done_q(QView *v) { if (v->own) mpq_clear(v->q); }

/* f must be initialised with 512 bits. */
static void load_f(mpfr_ptr f, const Const *c)
{
	switch (rep(c)) {
	case RepFloat: {
		mpfr_t v;
		if (c->f.kind == MPFR_ZERO_KIND) {
			mpfr_set_zero(f, 1);
			return;
		}
		mpfr_custom_init_set(v, c->f.kind, c->f.exp, Prec, c->f.limb);
		mpfr_set(f, v, MPFR_RNDN);
		return;
	}
	case RepF64:
		mpfr_set_d(f, c->d, MPFR_RNDN);
		return;
	case RepRat: {
		QView v;
		f_from_q(f, view_q(&v, c));
		done_q(&v);
		return;
	}
	default: {
		ZView v;
		mpfr_set_z(f, view_z(&v, c), MPFR_RNDN);
	}
	}
}

/* ---- literals ---- */

static u32 strip_underscores(char *to, const char *s, u32 n)
{
	u32 k = 0;
	for (u32 i = 0; i < n; i++)
		if (s[i] != '_')
			to[k++] = s[i];
	to[k] = 0;
	return k;
}

/* Base of a number by its prefix; *skip is the prefix' length. */
static int number_base(const char *s, u32 n, u32 *skip)
{
	*skip = 2;
	if (n > 2 && s[0] == '0') {
		switch (s[1] | 32) {
		case 'x': return 16;
		case 'b': return 2;
		case 'o': return 8;
		}
	}
	*skip = 0;
	return 10;
}

static Const *int_literal(Arena *a, char *s, u32 n)
{
	u32 skip;
	int base = number_base(s, n, &skip);
	if (!skip && n > 1 && s[0] == '0')
		base = 8;
	if (n - skip <= 15)    /* at most 60 bits */
		return const_make_int(a, (i64)strtoull(s + skip, NULL, base));
	mpz_t z;
	Const *c = NULL;
	mpz_init(z);
	if (mpz_set_str(z, s + skip, base) == 0)
		c = make_z(a, z);
	mpz_clear(z);
	return c;
}

/* Exact value of a decimal or hexadecimal float whose exponent is known to be small. */
static bool exact_float(mpq_ptr q, char *s, u32 n)
{
	u32 skip;
	int base = number_base(s, n, &skip);
	char mark = base == 16 ? 'p' : 'e';
	i64 exp2 = 0, exp10 = 0;
	u32 k = 0;
	bool dot = false;
	i64 frac = 0;
	char *d = s;
	for (u32 i = skip; i < n; i++) {
		if (s[i] == '.') {
			dot = true;
		} else if ((s[i] | 32) == mark) {
			i64 e = strtoll(s + i + 1, NULL, 10);
			*(base == 16 ? &exp2 : &exp10) = e;
			break;
		} else {
			frac += dot;
			d[k++] = s[i];
		}
	}
	d[k] = 0;
	if (!k || mpz_set_str(mpq_numref(q), d, base) != 0)
		return false;
	if (base == 16)
		exp2 -= 4 * frac;
	else
		exp10 -= frac;
	mpz_set_ui(mpq_denref(q), 1);
	if (exp10) {
		mpz_t p;
		mpz_init(p);
		mpz_ui_pow_ui(p, 10, (u64)llabs(exp10));
		mpz_ptr part = exp10 > 0 ? mpq_numref(q) : mpq_denref(q);
		mpz_mul(part, part, p);
		mpz_clear(p);
	}
	if (exp2 > 0)
		mpz_mul_2exp(mpq_numref(q), mpq_numref(q), (u64)exp2);
	else if (exp2 < 0)
		mpz_mul_2exp(mpq_denref(q), mpq_denref(q), (u64)-exp2);
	mpq_canonicalize(q);
	return true;
}

static Const *float_literal(Arena *a, char *s, u32 n)
{
	u32 skip;
	int base = number_base(s, n, &skip);
	if (base == 2 || base == 8) {     /* imaginary 0b.. and 0o.. */
		Const *c = int_literal(a, s, n);
		return c ? (Const *)const_to_float(a, c) : NULL;
	}
	mpfr_t f;
	char *end;
	Const *c = NULL;
	init_f(f);
	mpfr_strtofr(f, s, &end, base == 16 ? 16 : 10, MPFR_RNDN);
	if (end != s + n) {
		;
	} else if (small_f(f)) {
		mpq_t q;
		mpq_init(q);
		if (mpfr_zero_p(f) || exact_float(q, s, n))
			c = raw_rat(a, q);
		mpq_clear(q);
	} else {
		c = make_f(a, f);
	}
	mpfr_clear(f);
	return c;
}

static Const *rune_literal(Arena *a, const char *s, u32 n)
{
	if (n < 3)
		return NULL;
	u32 r = 0;
	const char *p = s + 1, *end = s + n - 1;
	if (*p != '\\') {
		utf8_decode(p, end, &r);
		return const_make_int(a, r);
	}
	p++;
	switch (*p) {
	case 'a': r = 7; break;
	case 'b': r = 8; break;
	case 'f': r = 12; break;
	case 'n': r = 10; break;
	case 'r': r = 13; break;
	case 't': r = 9; break;
	case 'v': r = 11; break;
	case '\\': case '\'': r = (u8)*p; break;
	case 'x': case 'u': case 'U': r = (u32)strtoul(p + 1, NULL, 16); break;
	default: r = (u32)strtoul(p, NULL, 8); break;
	}
	return const_make_int(a, r);
}

/* Value of a literal; NULL if it is malformed. */
Const *const_from_literal(Arena *a, const File *f, NodeId lit)
{
	u32 n;
	const char *s = lit_text(f, lit, &n);
	int kind = node_at(f, lit)->op;
	if (kind == LitInt && n == 1)
		return const_make_int(a, s[0] - '0');
	if (kind == LitRune)
		return rune_literal(a, s, n);
	if (kind == LitString) {
		u32 len;
		char *v = lit_string(a, f, lit, &len);
		return v ? const_make_string(a, v, len) : NULL;
	}
	char small[128];
	char *t = n < sizeof small ? small : malloc(n + 1);
	n = strip_underscores(t, s, n);
	Const *c = NULL;
	if (kind == LitInt) {
		c = int_literal(a, t, n);
	} else if (kind == LitFloat) {
		c = float_literal(a, t, n);
	} else if (kind == LitImag && n && t[n - 1] == 'i') {
		t[--n] = 0;
		c = float_literal(a, t, n);
		if (c)
			c = const_make_imag(a, c);
	}
	if (t != small)
		free(t);
	return c;
}

/* ---- reading ---- */

ConstKind const_kind(const Const *c)
{
	switch (rep(c)) {
	case RepBool: return ConstBool;
	case RepString: return ConstString;
	case RepInt64: case RepBig: return ConstInt;
	case RepF64: case RepRat: case RepFloat: return ConstFloat;
	case RepComplex: return ConstComplex;
	default: return ConstUnknown;
	}
}

bool const_bool(const Const *c) { return rep(c) == RepBool && c->b; }

const char *const_str(const Const *c, u32 *len)
{
	bool is = rep(c) == RepString;
	if (len)
		*len = is ? c->len : 0;
	return is ? c->str.s : "";
}

/* Big integral values of any representation; z must be initialised. False if c is no integer. */
static bool integral_z(mpz_ptr z, const Const *c)
{
	switch (rep(c)) {
	case RepInt64: case RepBig: {
		ZView v;
		mpz_set(z, view_z(&v, c));
		return true;
	}
	case RepF64:
		if (c->d != floor(c->d))
			return false;
		mpz_set_d(z, c->d);
		return true;
	case RepRat: {
		QView v;
		mpq_srcptr q = view_q(&v, c);
		if (mpz_cmp_ui(mpq_denref(q), 1) != 0)
			return false;
		mpz_set(z, mpq_numref(q));
		return true;
	}
	case RepFloat: {
		mpfr_t f;
		init_f(f);
		load_f(f, c);
		bool ok = small_f(f) && mpfr_integer_p(f);
		if (ok)
			mpfr_get_z(z, f, MPFR_RNDZ);
		mpfr_clear(f);
		return ok;
	}
	case RepComplex:
		return const_sign(c->c.im) == 0 && integral_z(z, c->c.re);
	default:
		return false;
	}
}

bool const_int64(const Const *c, i64 *v)
{
	if (rep(c) == RepInt64) {
		*v = int_of(c);
		return true;
	}
	mpz_t z;
	mpz_init(z);
	bool ok = integral_z(z, c) && mpz_fits_slong_p(z);
	if (ok)
		*v = mpz_get_si(z);
	mpz_clear(z);
	return ok;
}

bool const_uint64(const Const *c, u64 *v)
{
	if (rep(c) == RepInt64) {
		*v = (u64)int_of(c);
		return int_of(c) >= 0;
	}
	mpz_t z;
	mpz_init(z);
	bool ok = integral_z(z, c) && mpz_fits_ulong_p(z);
	if (ok)
		*v = mpz_get_ui(z);
	mpz_clear(z);
	return ok;
}

/* f = c with all the bits rounding needs: the quotient to more than 64 bits, its last bit set if anything follows. */
static void load_sticky(mpfr_ptr f, const Const *c)
{
	QView v;
	mpq_srcptr q = view_q(&v, c);
	mpz_t n, r;
	mpz_init(n);
	mpz_init(r);
	i64 k = (i64)mpz_sizeinbase(mpq_denref(q), 2) - (i64)mpz_sizeinbase(mpq_numref(q), 2) + 70;
	if (k < 0)
		k = 0;
	mpz_mul_2exp(n, mpq_numref(q), (u64)k);
	mpz_tdiv_qr(n, r, n, mpq_denref(q));
	if (mpz_sgn(r) != 0 && mpz_even_p(n))
		mpz_set_si(r, mpz_sgn(r)), mpz_add(n, n, r);
	mpfr_set_prec(f, (mpfr_prec_t)mpz_sizeinbase(n, 2) + 1);
	mpfr_set_z_2exp(f, n, -k, MPFR_RNDN);
	mpz_clear(n);
	mpz_clear(r);
	done_q(&v);
}

double const_float64(const Const *c)
{
	if (rep(c) == RepInt64)
		return (double)int_of(c);
	if (rep(c) == RepF64)
		return c->d;
	if (rep(c) == RepComplex)
		return const_float64(c->c.re);
	if (const_kind(c) != ConstInt && const_kind(c) != ConstFloat)
		return 0;
	mpfr_t f;
	init_f(f);
	if (rep(c) == RepRat)
		load_sticky(f, c);
	else
		load_f(f, c);
	double d = mpfr_get_d(f, MPFR_RNDN);
	mpfr_clear(f);
	return d;
}

float const_float32(const Const *c)
{
	if (rep(c) == RepInt64)
		return (float)int_of(c);
	if (rep(c) == RepF64)
		return (float)c->d;
	if (rep(c) == RepComplex)
		return const_float32(c->c.re);
	if (const_kind(c) != ConstInt && const_kind(c) != ConstFloat)
		return 0;
	mpfr_t f;
	init_f(f);
	if (rep(c) == RepRat)
		load_sticky(f, c);
	else
		load_f(f, c);
	float d = mpfr_get_flt(f, MPFR_RNDN);
	mpfr_clear(f);
	return d;
}

void const_complex(const Const *c, double *re, double *im)
{
	bool is = rep(c) == RepComplex;
	*re = const_float64(is ? c->c.re : c);
	*im = is ? const_float64(c->c.im) : 0;
}

int const_sign(const Const *c)
{
	switch (rep(c)) {
	case RepInt64: return (int_of(c) > 0) - (int_of(c) < 0);
	case RepBig: return c->z.size < 0 ? -1 : 1;
	case RepF64: return (c->d > 0) - (c->d < 0);
	case RepRat: return (c->q.nsize > 0) - (c->q.nsize < 0);
	case RepFloat: return c->f.kind == MPFR_ZERO_KIND ? 0 : c->f.kind < 0 ? -1 : 1;
	case RepComplex: return const_sign(c->c.re) | const_sign(c->c.im);
	default: return 1;     /* no spurious divisions by zero */
	}
}

u32 const_bitlen(const Const *c)
{
	ZView v;
	if (const_kind(c) != ConstInt || const_sign(c) == 0)
		return 0;
	return (u32)mpz_sizeinbase(view_z(&v, c), 2);
}

const Const *const_real(Checker *k, const Const *c)
{
	(void)k;
	return rep(c) == RepComplex ? c->c.re : c;
}

const Const *const_imag(Checker *k, const Const *c)
{
	(void)k;
	if (rep(c) == RepComplex)
		return c->c.im;
	return rep(c) == RepUnknown ? c : const_make_int(NULL, 0);
}

/* ---- conversion between kinds; unknown if the value does not fit ---- */

/* A float that misses an integer by a few of its last bits is taken for that integer. */
static bool nearly_integral(mpz_ptr z, mpfr_srcptr f)
{
	static const mpfr_rnd_t way[] = { MPFR_RNDZ, MPFR_RNDA };
	mpfr_t t;
	mpfr_init2(t, Prec - 4);
	bool ok = false;
	for (int i = 0; i < 2 && !ok; i++) {
		mpfr_set(t, f, way[i]);
		ok = mpfr_integer_p(t);
	}
	if (ok)
		mpfr_get_z(z, t, MPFR_RNDZ);
	mpfr_clear(t);
	return ok;
}

const Const *const_to_int(Arena *a, const Const *c)
{
	if (const_kind(c) == ConstInt)
		return c;
	if (rep(c) == RepComplex)
		return const_sign(c->c.im) == 0 ? const_to_int(a, c->c.re) : &unknown_value;
	if (const_kind(c) != ConstFloat)
		return &unknown_value;
	mpz_t z;
	mpz_init(z);
	bool ok = integral_z(z, c);
	if (!ok && rep(c) == RepFloat) {
		mpfr_t f;
		init_f(f);
		load_f(f, c);
		ok = small_f(f) && nearly_integral(z, f);
		mpfr_clear(f);
	}
	const Const *r = ok ? make_z(a, z) : &unknown_value;
	mpz_clear(z);
	return r;
}

const Const *const_to_float(Arena *a, const Const *c)
{
	switch (rep(c)) {
	case RepInt64: case RepBig: {
		if (rep(c) == RepInt64) {
			i64 i = int_of(c);
			if (-(1ll << 53) <= i && i <= 1ll << 53)
				return const_make_float64(a, (double)i);
		}
		QView v;
		const Const *r = make_q(a, view_q(&v, c));
		done_q(&v);
		return r;
	}
	case RepF64: case RepRat: case RepFloat:
		return c;
	case RepComplex:
		if (const_sign(c->c.im) == 0)
			return const_to_float(a, c->c.re);
		/* fallthrough */
	default:
		return &unknown_value;
	}
}

const Const *const_to_complex(Arena *a, const Const *c)
{
	switch (const_kind(c)) {
	case ConstInt: case ConstFloat: return make_complex(a, c, const_make_int(a, 0));
	case ConstComplex: return c;
	default: return &unknown_value;
	}
}

/* ---- operations ---- */

/* c = op y. bits > 0: width of an unsigned type, for ^. */
const Const *const_unary(Arena *a, Op op, const Const *y, u32 bits)
{
	Rep r = rep(y);
	if (r == RepUnknown || op == OpAdd)
		return y;
	if (op == OpNot)
		return const_make_bool(a, !const_bool(y));
	if (r == RepComplex)
		return make_complex(a, const_unary(a, op, y->c.re, 0), const_unary(a, op, y->c.im, 0));
	const Const *c = &unknown_value;
	if (r == RepInt64 || r == RepBig) {
		ZView v;
		mpz_t z;
		mpz_init(z);
		if (op == OpSub) {
			mpz_neg(z, view_z(&v, y));
		} else {
			mpz_com(z, view_z(&v, y));
			if (bits)
				mpz_fdiv_r_2exp(z, z, bits);
		}
		c = make_z(a, z);
		mpz_clear(z);
	} else if (r == RepF64) {
		c = const_make_float64(a, -y->d);
	} else if (r == RepRat) {
		Const *n = new_const(a, RepRat);
		*n = *y;
		n->q.nsize = -n->q.nsize;
		c = n;
	} else if (r == RepFloat) {
		Const *n = new_const(a, RepFloat);
		*n = *y;
		if (n->f.kind != MPFR_ZERO_KIND)
			n->f.kind = -n->f.kind;
		c = n;
	}
	return c;
}

static Const *concat(Arena *a, const Const *x, const Const *y)
{
	enum { Longest = 1 << 30 };
	if (!x->len || !y->len)
		return (Const *)(x->len ? x : y);
	if ((u64)x->len + y->len > Longest)
		return const_make_unknown();
	Const *c = new_const(a, RepString);
	c->len = x->len + y->len;
	StrBuf *b = x->str.buf;
	if (b) {
		u32 used = (u32)(x->str.s - b->a) + x->len;
		if (b->cap - used >= y->len && atomic_compare_exchange_strong(&b->used, &used, used + y->len)) {
			memcpy(b->a + used, y->str.s, y->len);
			c->str.s = x->str.s;
			c->str.buf = b;
			return c;
		}
	}
	u32 cap = 2 * c->len;
	b = arena_alloc(a, sizeof *b + cap, _Alignof(StrBuf));
	b->cap = cap;
	b->used = c->len;
	memcpy(b->a, x->str.s, x->len);
	memcpy(b->a + x->len, y->str.s, y->len);
	c->str.s = b->a;
	c->str.buf = b;
	return c;
}

static const Const *binary_z(Arena *a, const Const *x, Op op, const Const *y, bool intdiv)
{
	ZView vx, vy;
	mpz_srcptr p = view_z(&vx, x), q = view_z(&vy, y);
	const Const *c = &unknown_value;
	if (op == OpDiv && !intdiv) {
		mpq_t r;
		mpq_init(r);
		mpz_set(mpq_numref(r), p);
		mpz_set(mpq_denref(r), q);
		mpq_canonicalize(r);
		c = make_q(a, r);
		mpq_clear(r);
		return c;
	}
	mpz_t z;
	mpz_init(z);
	switch (op) {
	case OpAdd: mpz_add(z, p, q); break;
	case OpSub: mpz_sub(z, p, q); break;
	case OpMul: mpz_mul(z, p, q); break;
	case OpDiv: mpz_tdiv_q(z, p, q); break;
	case OpRem: mpz_tdiv_r(z, p, q); break;
	case OpAnd: mpz_and(z, p, q); break;
	case OpOr: mpz_ior(z, p, q); break;
	case OpXor: mpz_xor(z, p, q); break;
	case OpAndNot: mpz_com(z, q); mpz_and(z, p, z); break;
	default: bug("constant operator %d", op);
	}
	c = make_z(a, z);
	mpz_clear(z);
	return c;
}

static const Const *binary_q(Arena *a, const Const *x, Op op, const Const *y)
{
	QView vx, vy;
	mpq_srcptr p = view_q(&vx, x), q = view_q(&vy, y);
	mpq_t r;
	mpq_init(r);
	switch (op) {
	case OpAdd: mpq_add(r, p, q); break;
	case OpSub: mpq_sub(r, p, q); break;
	case OpMul: mpq_mul(r, p, q); break;
	case OpDiv: mpq_div(r, p, q); break;
	default: bug("constant operator %d", op);
	}
	const Const *c = make_q(a, r);
	mpq_clear(r);
	done_q(&vx);
	done_q(&vy);
	return c;
}

static const Const *binary_f(Arena *a, const Const *x, Op op, const Const *y)
{
	mpfr_t p, q;
	init_f(p);
	init_f(q);
	load_f(p, x);
	load_f(q, y);
	switch (op) {
	case OpAdd: mpfr_add(p, p, q, MPFR_RNDN); break;
	case OpSub: mpfr_sub(p, p, q, MPFR_RNDN); break;
	case OpMul: mpfr_mul(p, p, q, MPFR_RNDN); break;
	case OpDiv: mpfr_div(p, p, q, MPFR_RNDN); break;
	default: bug("constant operator %d", op);
	}
	const Const *c = make_f(a, p);
	mpfr_clear(p);
	mpfr_clear(q);
	return c;
}

static const Const *binary_complex(Arena *ar, const Const *x, Op op, const Const *y)
{
	const Const *a = const_real(NULL, x), *b = const_imag(NULL, x);
	const Const *c = const_real(NULL, y), *d = const_imag(NULL, y);
	if (op == OpAdd || op == OpSub)
		return make_complex(ar, const_binary(ar, a, op, c, false), const_binary(ar, b, op, d, false));
	const Const *ac = const_binary(ar, a, OpMul, c, false), *bd = const_binary(ar, b, OpMul, d, false);
	const Const *bc = const_binary(ar, b, OpMul, c, false), *ad = const_binary(ar, a, OpMul, d, false);
	if (op == OpMul)
		return make_complex(ar, const_binary(ar, ac, OpSub, bd, false), const_binary(ar, bc, OpAdd, ad, false));
	const Const *s = const_binary(ar, const_binary(ar, c, OpMul, c, false), OpAdd, const_binary(ar, d, OpMul, d, false), false);
	const Const *re = const_binary(ar, const_binary(ar, ac, OpAdd, bd, false), OpDiv, s, false);
	const Const *im = const_binary(ar, const_binary(ar, bc, OpSub, ad, false), OpDiv, s, false);
	return make_complex(ar, re, im);
}

static bool word_op(i64 x, Op op, i64 y, bool intdiv, i64 *r)
{
	switch (op) {
	case OpAdd: return !__builtin_add_overflow(x, y, r);
	case OpSub: return !__builtin_sub_overflow(x, y, r);
	case OpMul: return !__builtin_mul_overflow(x, y, r);
	case OpDiv: if (!intdiv || (x == INT64_MIN && y == -1)) return false; *r = x / y; return true;
	case OpRem: *r = y == -1 ? 0 : x % y; return true;
	case OpAnd: *r = x & y; return true;
	case OpOr: *r = x | y; return true;
	case OpXor: *r = x ^ y; return true;
	case OpAndNot: *r = x & ~y; return true;
	default: return false;
	}
}

/* x op y for arithmetic and logic; comparisons and shifts have functions of their own. intdiv: / of integers
 * truncates. y is not zero when dividing. */
const Const *const_binary(Arena *a, const Const *x, Op op, const Const *y, bool intdiv)
{
	Rep rx = rep(x), ry = rep(y), r = rx > ry ? rx : ry;
	i64 w;
	if (rx == RepUnknown || ry == RepUnknown)
		return &unknown_value;
	switch (r) {
	case RepBool:
		return const_make_bool(a, op == OpAndAnd ? x->b && y->b : x->b || y->b);
	case RepString:
		return concat(a, x, y);
	case RepInt64:
		if (word_op(int_of(x), op, int_of(y), intdiv, &w))
			return const_make_int(a, w);
		/* fallthrough */
	case RepBig:
		return binary_z(a, x, op, y, intdiv);
	case RepF64: case RepRat:
		return binary_q(a, x, op, y);
	case RepFloat:
		return binary_f(a, x, op, y);
	case RepComplex:
		return binary_complex(a, x, op, y);
	default:
		return &unknown_value;
	}
}

const Const *const_shift(Arena *a, const Const *x, bool left, u32 s)
{
	ZView v;
	if (const_kind(x) != ConstInt || s == 0)
		return x;
	mpz_t z;
	mpz_init(z);
	if (left)
		mpz_mul_2exp(z, view_z(&v, x), s);
	else
		mpz_fdiv_q_2exp(z, view_z(&v, x), s);
	const Const *c = make_z(a, z);
	mpz_clear(z);
	return c;
}

static int compare_strings(const Const *x, const Const *y)
{
	u32 n = x->len < y->len ? x->len : y->len;
	int d = n ? memcmp(x->str.s, y->str.s, n) : 0;
	return d ? d : (x->len > y->len) - (x->len < y->len);
}

static int compare_numbers(const Const *x, const Const *y, Rep r)
{
	int d;
	if (r == RepInt64)
		return (int_of(x) > int_of(y)) - (int_of(x) < int_of(y));
	if (r == RepFloat) {
		mpfr_t p, q;
		init_f(p);
		init_f(q);
		load_f(p, x);
		load_f(q, y);
		d = mpfr_cmp(p, q);
		mpfr_clear(p);
		mpfr_clear(q);
		return d;
	}
	QView vx, vy;
	d = mpq_cmp(view_q(&vx, x), view_q(&vy, y));
	done_q(&vx);
	done_q(&vy);
	return d;
}

bool const_compare(const Const *x, Op op, const Const *y)
{
	Rep rx = rep(x), ry = rep(y), r = rx > ry ? rx : ry;
	int d;
	if (rx == RepUnknown || ry == RepUnknown)
		return false;
	switch (r) {
	case RepBool:
		d = x->b != y->b;
		break;
	case RepString:
		d = compare_strings(x, y);
		break;
	case RepComplex:
		d = !(const_compare(const_real(NULL, x), OpEql, const_real(NULL, y)) &&
		      const_compare(const_imag(NULL, x), OpEql, const_imag(NULL, y)));
		break;
	default:
		d = compare_numbers(x, y, r);
	}
	switch (op) {
	case OpEql: return d == 0;
	case OpNeq: return d != 0;
	case OpLss: return d < 0;
	case OpLeq: return d <= 0;
	case OpGtr: return d > 0;
	case OpGeq: return d >= 0;
	default: return false;
	}
}

/* Hash of a constant such that equal numbers of any kind agree: duplicate map keys, switch cases. */
u64 const_hash(const Const *c)
{
	i64 i;
	u64 u;
	switch (const_kind(c)) {
	case ConstBool: return 3 + c->b;
	case ConstString: return hash_bytes(c->str.s, c->len, 1);
	case ConstUnknown: return 1;
	default:
		if (const_int64(c, &i))
			return hash_mix(5, (u64)i);
		if (const_uint64(c, &u))
			return hash_mix(7, u);
		double re, im;
		const_complex(c, &re, &im);
		memcpy(&u, &re, 8);
		return hash_mix(9, u);
	}
}

/* ---- as bits ---- */

static u64 f64_bits(double d) { u64 u; memcpy(&u, &d, 8); return u; }
static u64 f32_bits(float f) { u32 u; memcpy(&u, &f, 4); return u; }

static u64 int_bits(const Const *c)
{
	if (rep(c) == RepInt64)
		return (u64)int_of(c);
	mpz_t z;
	mpz_init(z);
	u64 u = 0;
	if (integral_z(z, c)) {
		mpz_fdiv_r_2exp(z, z, 64);
		u = mpz_get_ui(z);
	}
	mpz_clear(z);
	return u;
}

void const_bits(const Const *c, const Type *basic, u64 *lo, u64 *hi)
{
	const Const *re = const_real(NULL, c), *im = const_imag(NULL, c);
	*hi = 0;
	switch (basic->kind) {
	case KindBool: case KindUntypedBool:
		*lo = const_bool(c);
		break;
	case KindFloat32:
		*lo = f32_bits(const_float32(c));
		break;
	case KindFloat64: case KindUntypedFloat:
		*lo = f64_bits(const_float64(c));
		break;
	case KindComplex64:
		*lo = f32_bits(const_float32(re));
		*hi = f32_bits(const_float32(im));
		break;
	case KindComplex128: case KindUntypedComplex:
		*lo = f64_bits(const_float64(re));
		*hi = f64_bits(const_float64(im));
		break;
	default:
		*lo = int_bits(c);
	}
}

/* ---- as text ---- */

static void print_rune_escaped(Buf *b, u32 r)
{
	if (rune_is_print(r)) {
		char t[4];
		buf_write(b, t, (size_t)utf8_encode(t, r));
	} else if (r < ' ' || r == 0x7f) {
		buf_printf(b, "\\x%02x", r);
	} else {
		buf_printf(b, r < 0x10000 ? "\\u%04x" : "\\U%08x", r);
	}
}

void const_quote(Buf *b, const char *s, u32 n)
{
	const char *end = s + n;
	buf_putc(b, '"');
	while (s < end) {
		u32 r;
		int w = utf8_decode(s, end, &r);
		static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";
		const char *e = r && r < 128 ? strchr(from, (int)r) : NULL;
		if (w == 1 && r == RUNE_ERROR)
			buf_printf(b, "\\x%02x", (u8)*s);
		else if (e)
			buf_printf(b, "\\%c", to[e - from]);
		else
			print_rune_escaped(b, r);
		s += w;
	}
	buf_putc(b, '"');
}

/* A quoted string, cut after 69 runes if it has more than 72. */
static void print_string(Buf *b, const Const *c)
{
	u32 start = b->n;
	const_quote(b, c->str.s, c->len);
	u32 runes = 0, cut = 0;
	for (u32 i = start; i < b->n; i++) {
		if (((u8)b->a[i] & 0xC0) == 0x80)
			continue;
		if (runes++ == 69)
			cut = i;
	}
	if (runes > 72) {
		b->n = cut;
		buf_puts(b, "...");
	}
}

/* Shortest decimal that reads back as d, laid out as %g does: an exponent from 10**6 on. */
static void print_shortest(Buf *b, double d)
{
	char t[40];
	int p = 1;
	for (; p <= 17; p++) {
		snprintf(t, sizeof t, "%.*e", p - 1, d);
		if (strtod(t, NULL) == d)
			break;
	}
	int exp = atoi(strchr(t, 'e') + 1);
	if (exp < -4 || exp >= 6)
		buf_puts(b, t);
	else
		buf_printf(b, "%.*f", p - 1 - exp > 0 ? p - 1 - exp : 0, d);
}

static void print_float(Buf *b, const Const *c)
{
	mpfr_t f;
	init_f(f);
	load_f(f, c);
	double d = mpfr_get_d(f, MPFR_RNDN);
	if (mpfr_zero_p(f) == (d == 0) && !isinf(d)) {
		char t[40];
		snprintf(t, sizeof t, "%.6g", d);
		if (!mpfr_integer_p(f) && !strchr(t, '.'))
			print_shortest(b, d);
		else
			buf_puts(b, t);
	} else {      /* outside of float64's range: about m * 10**e */
		long exp;
		double m = mpfr_get_d_2exp(&exp, f, MPFR_RNDN);
		double x = (double)exp * 0.301029995663981195213738894724493;
		i64 e = (i64)x;
		m *= pow(10, x - (double)e);
		if (fabs(m) < 1 - 0.5e-6) {
			m *= 10;
			e--;
		} else if (fabs(m) >= 10) {
			m /= 10;
			e++;
		}
		buf_printf(b, "%.6ge%+lld", m, (long long)e);
	}
	mpfr_clear(f);
}

void const_print(Buf *b, const Const *c)
{
	switch (rep(c)) {
	case RepUnknown: buf_puts(b, "unknown"); break;
	case RepBool: buf_puts(b, c->b ? "true" : "false"); break;
	case RepString: print_string(b, c); break;
	case RepInt64: buf_printf(b, "%lld", (long long)int_of(c)); break;
	case RepBig: {
		ZView v;
		char *s = mpz_get_str(NULL, 10, view_z(&v, c));
		buf_puts(b, s);
		free(s);
		break;
	}
	case RepF64: case RepRat: case RepFloat: print_float(b, c); break;
	case RepComplex:
		buf_putc(b, '(');
		const_print(b, c->c.re);
		buf_puts(b, " + ");
		const_print(b, c->c.im);
		buf_puts(b, "i)");
		break;
	}
}
