/* go.sum: what modules and their go.mod files must hash to. In a workspace the go.sum files of all its modules count, and go.work.sum. */
#define _GNU_SOURCE
#include "load.h"

void sums_read(Loader *l, const char *file)
{
	size_t n;
	const char *p = context_read(l->ctx, l->ar, file, &n), *end = p + n;
	for (u32 line = 1; p && p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *e = nl ? nl : end, *w[4];
		size_t len[4];
		u32 nw = 0;
		for (const char *s = p; s < e;) {
			const char *from = s;
			while (s < e && *s != ' ' && *s != '\t' && *s != '\r')
				s++;
			if (s > from && nw++ < 3) {
				w[nw - 1] = from;
				len[nw - 1] = (size_t)(s - from);
			}
			s += s == from;
		}
		if (nw && nw != 3)
			go_fatal(1, "malformed go.sum:\n%s:%u: wrong number of fields %u", file, line, nw);
		if (nw)
			map_putp(l->ar, &l->sums, intern_str(arena_printf(l->ar, "%.*s %.*s", (int)len[0], w[0], (int)len[1], w[1])),
				arena_strndup(l->ar, w[2], len[2]));
		p = nl ? nl + 1 : end;
	}
}

const char *sum_of(Loader *l, const char *path, const char *version, const char *suffix)
{
	return map_getp(&l->sums, intern_str(arena_printf(l->ar, "%s %s%s", path, version, suffix)));
}

bool sums_needed(const Loader *l)
{
	return !l->work && l->mains.n && !strcmp(l->mod_mode, "readonly");
}

static const char *base64(Arena *a, const u8 *p, u32 n)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	Buf b = {.ar = a};
	for (u32 i = 0; i < n; i += 3) {
		u32 left = n - i, v = (u32)p[i] << 16 | (left > 1 ? (u32)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
		buf_putc(&b, digit[v >> 18]);
		buf_putc(&b, digit[v >> 12 & 63]);
		buf_putc(&b, left > 1 ? digit[v >> 6 & 63] : '=');
		buf_putc(&b, left > 2 ? digit[v & 63] : '=');
	}
	return buf_str(&b);
}

/* h1 of a go.mod: the hash of the list of its one file's hash. */
const char *mod_sum(Arena *a, const char *text, size_t n)
{
	u8 h[32];
	Buf b = {.ar = a};
	sha256(text, n, h);
	for (int i = 0; i < 32; i++)
		buf_printf(&b, "%02x", h[i]);
	buf_puts(&b, "  go.mod\n");
	sha256(b.a, b.n, h);
	return arena_printf(a, "h1:%s", base64(a, h, 32));
}

_Noreturn void sum_mismatch(Loader *l, const char *path, const char *version, const char *suffix, const char *have, const char *want)
{
	go_fatal(1, "verifying %s@%s%s: checksum mismatch\n\tdownloaded: %s\n\t%s:     %s\n\nSECURITY ERROR\n"
		"This download does NOT match an earlier download recorded in go.sum.\n"
		"The bits may have been replaced on the origin server, or an attacker may\nhave intercepted the download attempt.\n\n"
		"For more information, see 'go help module-auth'.", path, version, suffix, have, l->sum_name, want);
}
