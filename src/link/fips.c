/* The sum by which a program checks its cryptographic module when it starts.
 *
 * crypto/internal/fips140/check reads a variable the linker fills, go:fipsinfo: a magic, HMAC-SHA256 of the module with a key of
 * zeros, the variable's own address, and where the module begins and ends in text, rodata, noptrdata and data. The module is the
 * code and data of crypto/internal/fips140 and the packages below it, so their symbols stand beside each other in each section.
 * Addresses are final in a static executable: the sum is that of the sections as the file has them. A program without the
 * variable is laid out as if none of this existed. */
#include "link.h"

enum { Ipad = 0x36, Opad = 0x5c, HmacBlock = 64, SumBytes = 32 };

typedef struct FipsInfo { u8 magic[16], sum[SumBytes]; u64 self, range[FipsMax][2]; } FipsInfo;

static const Sect fips_sect[FipsMax] = {SectText, SectRodata, SectNoptrData, SectData};

/* Called when it is known what is kept and before symbols are given sections. */
void link_fips_begin(Image *im)
{
	Sym *s = sym_find(im->p, "go:fipsinfo");
	if (!s || !s->reachable || s->base || s->size != sizeof(FipsInfo))
		return;
	s->kind = SymNoptrData;         /* its addresses are none the collector has to follow */
	im->fipsinfo = s;
}

/* Symbols of static assembly are called name<>package/file. External tests are not of the module. */
static bool in_module(const Sym *s)
{
	static const char root[] = "crypto/internal/fips140";
	const char *local = has_prefix(s->name, "go:") ? NULL : strstr(s->name, "<>"), *path = local ? local + 2 : s->name;
	if (!has_prefix(path, root))
		return false;
	const char *rest = path + sizeof root - 1, *end = local ? strrchr(rest, '/') : strchr(rest, '.');
	return (*rest == '.' || *rest == '/') && end && strncmp(end - 5, "_test", 5);
}

/* Moves the module's symbols of a section behind the others, but not behind the C runtime's that end it; both keep their order. */
void link_fips_gather(Image *im, Sect k)
{
	u32 i = 0;
	while (i < FipsMax && fips_sect[i] != k)
		i++;
	if (!im->fipsinfo || i == FipsMax)
		return;
	u32 n = im->sect[k].sym.n, nin = 0, nout = 0;
	Sym **a = im->sect[k].sym.a, **in = arena_array(im->ar, Sym *, n + 1);
	while (n && has_prefix(a[n - 1]->name, "c:"))
		n--;
	for (u32 j = 0; j < n; j++)
		if (in_module(a[j]))
			in[nin++] = a[j];
		else
			a[nout++] = a[j];
	for (u32 j = 0; j < nin; j++)
		a[nout + j] = in[j];
	im->fips[i].first = nout;
	im->fips[i].n = nin;
}

static void hmac_zero_key(Buf *message, u8 sum[SumBytes])    /* the message has room for a block in front */
{
	u8 outer[HmacBlock + SumBytes];
	memset(message->a, Ipad, HmacBlock);
	memset(outer, Opad, HmacBlock);
	sha256(message->a, message->n, outer + HmacBlock);
	sha256(outer, sizeof outer, sum);
}

/* After relocation. */
void link_fips_sum(Image *im)
{
	static const char pad[HmacBlock], head[] = "go fips object v1\n";
	const Sym *s = im->fipsinfo;
	if (!s)
		return;
	Arena ar = {0};
	Buf b = {.ar = &ar};
	FipsInfo info = {.magic = "\xff Go fipsinfo \xff", .self = s->addr};
	buf_write(&b, pad, sizeof pad);
	buf_write(&b, head, sizeof head - 1);
	for (u32 i = 0; i < FipsMax; i++) {
		const OutSect *o = &im->sect[fips_sect[i]];
		u64 lo = o->addr, hi = o->addr;
		if (im->fips[i].n) {
			const Sym *last = o->sym.a[im->fips[i].first + im->fips[i].n - 1];
			lo = o->sym.a[im->fips[i].first]->addr;
			hi = last->addr + (last->code ? last->code->size : last->size);
		}
		for (int shift = 56; shift >= 0; shift -= 8)
			buf_putc(&b, (int)((hi - lo) >> shift & 0xff));
		buf_write(&b, o->data + (lo - o->addr), hi - lo);
		info.range[i][0] = lo;
		info.range[i][1] = hi;
	}
	hmac_zero_key(&b, info.sum);
	arena_free(&ar);
	const OutSect *o = &im->sect[SectNoptrData];
	memcpy(o->data + (s->addr - o->addr), &info, sizeof info);
}
