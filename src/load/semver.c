/* Versions of modules: vMAJOR.MINOR.PATCH[-PRERELEASE][+BUILD], ordered as semver.org says; and Go's own versions. */
#include <stdlib.h>
#include "load.h"

static const char *number(const char *p)
{
	const char *s = p;
	while (*p >= '0' && *p <= '9')
		p++;
	return p == s || (*s == '0' && p - s > 1) ? NULL : p;
}

static bool ident_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* Dot-separated identifiers up to stop; NULL if one is empty or (strict) a number with leading zeros. */
static const char *idents(const char *p, bool strict)
{
	for (;; p++) {
		const char *s = p;
		bool digits = true;
		for (; ident_char(*p); p++)
			digits &= *p >= '0' && *p <= '9';
		if (p == s || (strict && digits && *s == '0' && p - s > 1))
			return NULL;
		if (*p != '.')
			return p;
	}
}

bool semver_valid(const char *v)
{
	if (*v++ != 'v')
		return false;
	for (int i = 0; i < 3; i++) {
		v = number(v);
		if (!v || (i < 2 && *v++ != '.'))
			return false;
	}
	if (*v == '-')
		v = idents(v + 1, true);
	if (v && *v == '+')
		v = idents(v + 1, false);
	return v && !*v;
}

static int cmp_number(const char *a, size_t n, const char *b, size_t m)
{
	if (n != m)
		return n < m ? -1 : 1;
	return memcmp(a, b, n);
}

static int cmp_ident(const char *a, size_t n, const char *b, size_t m)
{
	bool x = strspn(a, "0123456789") >= n, y = strspn(b, "0123456789") >= m;
	if (x != y)
		return x ? -1 : 1;
	if (x)
		return cmp_number(a, n, b, m);
	int d = memcmp(a, b, n < m ? n : m);
	return d ? d : n < m ? -1 : n > m;
}

/* Both valid. */
int semver_cmp(const char *a, const char *b)
{
	for (int i = 0; i < 3; i++) {
		a++;
		b++;
		size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
		int d = cmp_number(a, n, b, m);
		if (d)
			return d;
		a += n;
		b += m;
	}
	if (*a != '-' || *b != '-')
		return (*b == '-') - (*a == '-');
	for (;;) {
		a++;
		b++;
		size_t n = strcspn(a, ".+"), m = strcspn(b, ".+");
		int d = cmp_ident(a, n, b, m);
		if (d)
			return d;
		a += n;
		b += m;
		if (*a != '.' || *b != '.')
			return (*a == '.') - (*b == '.');
	}
}

/* "1.26", "1.26.1", "1.26rc1" */
bool gover_valid(const char *v)
{
	const char *p = *v == '0' ? NULL : number(v);
	if (!p || *p != '.')
		return false;
	p = number(p + 1);
	if (p && *p == '.')
		p = number(p + 1);
	if (p && *p >= 'a' && *p <= 'z') {
		while (*p >= 'a' && *p <= 'z')
			p++;
		size_t n = strspn(p, "0123456789");
		p = n ? p + n : NULL;
	}
	return p && !*p;
}

static long part(const char **p)
{
	char *end;
	long v = strtol(*p, &end, 10);
	*p = *end == '.' ? end + 1 : end;
	return v;
}

/* A prerelease comes before its release; 1.26 is the language, older than all of its releases. */
int gover_cmp(const char *a, const char *b)
{
	for (int i = 0; i < 3; i++) {
		bool x = *a >= '0' && *a <= '9', y = *b >= '0' && *b <= '9';
		if (x != y) {
			if (*a >= 'a' || *b >= 'a')
				return x ? 1 : y ? -1 : 0;
			return x ? 1 : -1;
		}
		if (!x)
			break;
		long v = part(&a), w = part(&b);
		if (v != w)
			return v < w ? -1 : 1;
	}
	return strcmp(a, b);
}
