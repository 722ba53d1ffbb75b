/* The executable file: ELF64, static, three loadable segments (code R-X, read-only R, data RW), no interpreter.
 *
 *     file header, program headers | .text | .rodata .gopclntab | .go.buildinfo .noptrdata .data (.bss .noptrbss) |
 *     .debug_* | .symtab .strtab .shstrtab | section headers
 *
 * File offset and address agree modulo the page size. */
#include <elf.h>
#include <errno.h>
#include "link.h"

enum { Page = 4096, ImageBase = 0x400000, NPhdr = 4 };

typedef struct Out { Buf b; Buf shstr; VEC(Elf64_Shdr) sh; Arena *ar; } Out;

/* What goes to the file behind the sections, made beside them; and the segments. */
typedef struct Extra {
	Image *im;
	Elf64_Phdr ph[NPhdr];
	DebugSect debug[DebugSectMax]; u32 ndebug;
	Buf tab, str;                  /* symbols and their names */
	Arena debug_ar, names_ar;
} Extra;

static void pad_to(Buf *b, u64 n)
{
	static const char zero[Page];
	while (b->n < n)
		buf_write(b, zero, min_u64(sizeof zero, n - b->n));
}

static u32 sh_name(Out *o, const char *s)
{
	u32 at = o->shstr.n;
	buf_write(&o->shstr, s, strlen(s) + 1);
	return at;
}

static void section(Out *o, const char *name, Elf64_Shdr h)
{
	h.sh_name = sh_name(o, name);
	vec_push(o->ar, &o->sh, h);
}

static u64 sect_flags(Sect k)
{
	return SHF_ALLOC | (k == SectText ? SHF_EXECINSTR : k >= SectBuildinfo ? SHF_WRITE : 0);
}

/* File offsets of the sections and the program headers over them. */
static void segments(Image *im, Elf64_Phdr *ph)
{
	static const struct { u8 first, last; u32 flags; } seg[] = {
		{SectText, SectText, PF_R | PF_X}, {SectRodata, SectPclntab, PF_R}, {SectBuildinfo, SectNoptrBss, PF_R | PF_W},
	};
	u64 off = Page;
	for (size_t i = 0; i < nelem(seg); i++) {
		OutSect *a = &im->sect[seg[i].first];
		u64 start = a->addr & ~(u64)(Page - 1), fend = a->addr, mend = a->addr;
		off = align_up(off, Page);
		for (u32 k = seg[i].first; k <= seg[i].last; k++) {
			OutSect *s = &im->sect[k];
			s->off = off + (s->addr - start);
			mend = s->addr + s->size;
			if (!s->nobits)
				fend = mend;
		}
		bool text = seg[i].first == SectText;   /* the headers are mapped with the code */
		ph[i] = (Elf64_Phdr){
			.p_type = PT_LOAD, .p_flags = seg[i].flags, .p_align = Page,
			.p_offset = text ? 0 : off, .p_vaddr = text ? ImageBase : start,
		};
		ph[i].p_paddr = ph[i].p_vaddr;
		ph[i].p_filesz = fend - ph[i].p_vaddr;
		ph[i].p_memsz = mend - ph[i].p_vaddr;
		off += fend - start;
	}
	ph[3] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16};
}

static void contents(Image *im, Out *o)
{
	section(o, "", (Elf64_Shdr){0});
	for (u32 k = 0; k < SectMax; k++) {
		OutSect *s = &im->sect[k];
		section(o, s->name, (Elf64_Shdr){
			.sh_type = s->nobits ? SHT_NOBITS : SHT_PROGBITS, .sh_flags = sect_flags((Sect)k), .sh_addr = s->addr,
			.sh_offset = s->off, .sh_size = s->size, .sh_addralign = k == SectText ? 32 : 16,
		});
		if (!s->nobits && s->size)
			o->b.n = (u32)(s->off + s->size);
	}
}

static void symbol(Buf *tab, Buf *str, const char *name, u64 addr, u64 size, u32 sect, bool text)
{
	Elf64_Sym s = {
		.st_name = str->n, .st_info = ELF64_ST_INFO(STB_LOCAL, text ? STT_FUNC : STT_OBJECT),
		.st_shndx = (u16)(sect + 1), .st_value = addr, .st_size = size,
	};
	buf_write(tab, &s, sizeof s);
	buf_write(str, name, strlen(name) + 1);
}

/* Functions and variables, in address order. Names of the C runtime's sections lose their prefix. */
static void names(Image *im, Extra *x)
{
	Elf64_Sym none = {0};
	buf_write(&x->tab, &none, sizeof none);
	buf_putc(&x->str, 0);
	for (u32 k = 0; k < SectMax; k++)
		for (u32 i = 0; i < im->sect[k].sym.n; i++) {
			const Sym *s = im->sect[k].sym.a[i];
			if (k == SectRodata || k == SectPclntab)
				continue;
			const char *name = link_plain_name(x->tab.ar, s), *dot = strncmp(name, "c:", 2) ? NULL : strstr(name, ".text.");
			symbol(&x->tab, &x->str, dot ? dot + 6 : name, s->addr, s->code ? s->code->size : s->size, k, k == SectText);
		}
}

static void symtab(Out *o, const Extra *x)
{
	u32 n = (u32)(x->tab.n / sizeof(Elf64_Sym));
	pad_to(&o->b, align_up(o->b.n, 8));
	section(o, ".symtab", (Elf64_Shdr){.sh_type = SHT_SYMTAB, .sh_offset = o->b.n, .sh_size = x->tab.n, .sh_link = o->sh.n + 1,
		.sh_info = n, .sh_addralign = 8, .sh_entsize = sizeof(Elf64_Sym)});
	buf_write(&o->b, x->tab.a, x->tab.n);
	section(o, ".strtab", (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = o->b.n, .sh_size = x->str.n, .sh_addralign = 1});
	buf_write(&o->b, x->str.a, x->str.n);
}

static void debug(Out *o, const Extra *x)
{
	for (u32 i = 0; i < x->ndebug; i++) {
		const DebugSect *s = &x->debug[i];
		section(o, s->name, (Elf64_Shdr){.sh_type = SHT_PROGBITS, .sh_offset = o->b.n, .sh_size = s->size, .sh_addralign = 1});
		buf_write(&o->b, s->data, s->size);
	}
}

/* The three things left when all addresses are known; the longest first. */
static void fill(void *arg, int worker, u32 i)
{
	Extra *x = arg;
	switch (i) {
	case 0:
		if (!x->im->opt->nodebug)
			x->ndebug = link_dwarf(x->im, &x->debug_ar, x->debug);
		break;
	case 1:
		link_masks(x->im);
		link_relocate(x->im);
		link_fips_sum(x->im);
		break;
	case 2:
		x->tab.ar = x->str.ar = &x->names_ar;
		if (!x->im->opt->strip)
			names(x->im, x);
		break;
	}
}

/* Room for the whole file; what is not used is not touched. */
static void begin_file(Image *im)
{
	u64 last = im->sect[SectData].off + im->sect[SectData].size, cap = 4 * last + (1 << 20);
	if (cap > UINT32_MAX)
		cap = UINT32_MAX & ~4095u;
	im->filecap = (u32)cap;
	im->file = arena_fresh(im->ar, cap, true);
}

static bool write_file(Image *im, const Extra *x, const char *path)
{
	const Elf64_Phdr *ph = x->ph;
	Out o = {.ar = im->ar, .b = {.ar = im->ar, .a = (char *)im->file, .cap = im->filecap}, .shstr = {.ar = im->ar}};
	contents(im, &o);
	debug(&o, x);
	if (x->tab.n)
		symtab(&o, x);
	u32 name = sh_name(&o, ".shstrtab");
	vec_push(o.ar, &o.sh, (Elf64_Shdr){.sh_name = name, .sh_type = SHT_STRTAB, .sh_offset = o.b.n, .sh_size = o.shstr.n, .sh_addralign = 1});
	buf_write(&o.b, o.shstr.a, o.shstr.n);
	pad_to(&o.b, align_up(o.b.n, 8));
	Elf64_Ehdr h = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_entry = im->entry,
		.e_phoff = sizeof(Elf64_Ehdr), .e_shoff = o.b.n, .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = NPhdr, .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = (u16)o.sh.n, .e_shstrndx = (u16)(o.sh.n - 1),
	};
	buf_write(&o.b, o.sh.a, o.sh.n * sizeof(Elf64_Shdr));
	memcpy(o.b.a, &h, sizeof h);
	memcpy(o.b.a + sizeof h, ph, sizeof x->ph);
	return file_write_atomic(path, o.b.a, o.b.n, 0755);
}

static void put_uvarint(Buf *b, u64 v)
{
	for (; v >= 0x80; v >>= 7)
		buf_putc(b, (int)(v & 0x7f) | 0x80);
	buf_putc(b, (int)v);
}

/* What "go version -m" looks for: a header, the version, the module information. See debug/buildinfo. */
static void build_info(Image *im)
{
	enum { HeaderSize = 32, InlineStrings = 2 };
	Buf b = {.ar = im->ar};
	static const char magic[] = "\xff Go buildinf:";
	buf_write(&b, magic, sizeof magic - 1);
	buf_putc(&b, 8);                /* size of a pointer */
	buf_putc(&b, InlineStrings);
	while (b.n < HeaderSize)
		buf_putc(&b, 0);
	put_uvarint(&b, strlen(im->opt->version));
	buf_puts(&b, im->opt->version);
	put_uvarint(&b, im->opt->nmodinfo);
	buf_write(&b, im->opt->modinfo, im->opt->nmodinfo);
	Sym *s = im->buildinfo = sym_get(im->p, "go:buildinfo");
	s->kind = SymNoptrData;
	s->align = 4;
	s->size = b.n;
	s->data = (u8 *)b.a;
}

/* Without one of these nobody can see a memory profile, and none is made. */
static const char *const profile_reader[] = {"runtime.MemProfile", "runtime.memProfile", "runtime/pprof.pprof_memProfileInternal"};

bool link_program(Program *p, const LinkOptions *o, const char *out, Diag *d)
{
	Image im = {.ar = p->ar, .p = p, .opt = o, .diag = d};
	if (!robj_load(&im, robj_start, (size_t)(robj_end - robj_start)))
		bug("the embedded runtime object cannot be read");
	for (u32 i = 0; i < p->whole->live.n; i++)      /* code has been inlined and simplified since: look again */
		p->whole->live.a[i]->wanted = true, p->whole->live.a[i]->reachable = false;
	link_bounds(&im, false);
	/* the module's tables refer to code, not the other way round: they are added below */
	sym_get(p, "runtime.firstmoduledata")->reachable = true;
	sym_get(p, "runtime.findfunctab")->reachable = true;
	Sym *entry = sym_get(p, "_rt0_amd64_linux");
	build_info(&im);
	link_mark(&im, entry);
	link_mark(&im, im.buildinfo);
	link_mark(&im, sym_get(p, "runtime.inittab"));
	if (d->v.n)
		return false;
	for (size_t i = 0; i < nelem(profile_reader); i++) {
		const Sym *s = sym_find(p, profile_reader[i]);
		if (s && s->reachable)
			robj_patch(&im, "rt_memprofile", 1);
	}
	link_fips_begin(&im);
	link_layout_text(&im);
	if (!link_stackguard(&im))
		return false;
	sym_get(p, "runtime.findfunctab")->reachable = false;
	link_pclntab(&im);
	link_moduledata(&im);
	link_layout_data(&im);
	link_bounds(&im, true);
	Extra x = {.im = &im};
	segments(&im, x.ph);
	begin_file(&im);
	pool_run(p->whole->pool, 3, fill, &x);
	im.entry = sym_addr(entry);
	bool ok = !out || p->stale || write_file(&im, &x, out);
	int why = errno;
	arena_free(&x.debug_ar);
	arena_free(&x.names_ar);
	if (!ok) {
		diag_add(d, 0, "%s %s: %s", why == ENOSPC || why == EFBIG || why == EIO ? "write" : "open", out, strerror_go(why));
		return false;
	}
	return !p->stale;
}
