/* The embedded C runtime.
 *
 * It is one ELF64 relocatable object made with -ffunction-sections. Every allocated section becomes a symbol
 * "c:<index>.<section name>" with its bytes and relocations; every defined global becomes a name inside its section
 * (Sym.base). So dead C is dropped function by function. Only the relocation kinds that a static, non-PIC build can
 * produce are accepted. */
#include <elf.h>
#include "link.h"

typedef struct Elf {
	const u8 *b;
	size_t n;
	const Elf64_Ehdr *h;
	const Elf64_Shdr *sh;
	const char *shstr;
	const Elf64_Sym *sym;
	u32 nsym;
	const char *str;
} Elf;

static bool open_elf(Elf *e, const u8 *b, size_t n)
{
	*e = (Elf){.b = b, .n = n, .h = (const Elf64_Ehdr *)b};
	if (n < sizeof(Elf64_Ehdr) || memcmp(b, ELFMAG, SELFMAG) || e->h->e_type != ET_REL || e->h->e_machine != EM_X86_64)
		return false;
	e->sh = (const Elf64_Shdr *)(b + e->h->e_shoff);
	e->shstr = (const char *)b + e->sh[e->h->e_shstrndx].sh_offset;
	for (u32 i = 0; i < e->h->e_shnum; i++)
		if (e->sh[i].sh_type == SHT_SYMTAB) {
			e->sym = (const Elf64_Sym *)(b + e->sh[i].sh_offset);
			e->nsym = (u32)(e->sh[i].sh_size / sizeof *e->sym);
			e->str = (const char *)b + e->sh[e->sh[i].sh_link].sh_offset;
		}
	return e->sym != NULL;
}

static bool is_kept(const Elf64_Shdr *s)
{
	return s->sh_flags & SHF_ALLOC && s->sh_size && (s->sh_type == SHT_PROGBITS || s->sh_type == SHT_NOBITS);
}

static Sym *section_sym(Program *p, const Elf *e, u32 i)
{
	const Elf64_Shdr *s = &e->sh[i];
	const char *name = e->shstr + s->sh_name;
	Sym *y = sym_get(p, arena_printf(p->ar, "c:%u%s", i, name));
	if (y->kind != SymUndef)
		return y;
	y->kind = s->sh_flags & SHF_EXECINSTR ? SymText : s->sh_type == SHT_NOBITS ? SymNoptrBss :
		s->sh_flags & SHF_WRITE ? SymNoptrData : SymRodata;
	y->local = true;
	y->size = (u32)s->sh_size;
	y->align = (u8)__builtin_ctzll(s->sh_addralign | (s->sh_addralign == 0));
	y->data = s->sh_type == SHT_NOBITS ? NULL : (u8 *)(uintptr_t)(e->b + s->sh_offset);
	return y;
}

/* The symbol an ELF symbol stands for, and where inside it. */
static Sym *target(Program *p, const Elf *e, u32 i, i64 *add)
{
	const Elf64_Sym *s = &e->sym[i];
	if (s->st_shndx == SHN_UNDEF)
		return sym_get(p, e->str + s->st_name);
	if (s->st_shndx >= SHN_LORESERVE)
		return NULL;
	*add += (i64)s->st_value;
	return section_sym(p, e, s->st_shndx);
}

static bool add_reloc(Program *p, const Elf *e, Sym *at, const Elf64_Rela *r)
{
	i64 add = r->r_addend;
	Sym *to = target(p, e, ELF64_R_SYM(r->r_info), &add);
	RelocKind k;
	switch (ELF64_R_TYPE(r->r_info)) {
	case R_X86_64_64: k = RelocAddr64; break;
	case R_X86_64_32: case R_X86_64_32S: k = RelocAddr32; break;
	case R_X86_64_PC32: case R_X86_64_PLT32: k = RelocPC32; break;
	default: return false;
	}
	if (to)
		sym_reloc(p, at, (u32)r->r_offset, k, to, add);
	return to != NULL;
}

/* What absolute symbols say about the assembly routine NAME: NAME.stack, how much of the goroutine's stack it uses; NAME.pcspN,
 * N = 0, 1, ..., the rows of its frame table: offset << 16 | bytes SP is below its value at entry, from there on. */
static void absolute(Program *p, const char *name, u64 value)
{
	size_t n = strlen(name);
	if (n > 6 && !strcmp(name + n - 6, ".stack"))
		sym_get(p, arena_printf(p->ar, "%.*s", (int)(n - 6), name))->stackuse = (u16)value;
	if (n > 6 && !memcmp(name + n - 6, ".pcsp", 5))
		sym_get(p, name)->addr = value;
}

bool robj_load(Image *im, const u8 *elf, size_t n)
{
	Program *p = im->p;
	Elf e;
	if (!open_elf(&e, elf, n))
		return false;
	for (u32 i = 1; i < e.h->e_shnum; i++)
		if (is_kept(&e.sh[i]))
			section_sym(p, &e, i);
	for (u32 i = 1; i < e.nsym; i++) {
		const Elf64_Sym *s = &e.sym[i];
		if (s->st_shndx == SHN_ABS)
			absolute(p, e.str + s->st_name, s->st_value);
		if (ELF64_ST_BIND(s->st_info) == STB_LOCAL || s->st_shndx == SHN_UNDEF || s->st_shndx >= SHN_LORESERVE)
			continue;
		Sym *y = sym_get(p, e.str + s->st_name);
		if (y->def && y->def->what == WhatGlobal && (y->data || y->rel.n))
			return false;           /* both sides define it; a Go variable without a value only declares */
		y->kind = SymExtern;
		y->base = section_sym(p, &e, s->st_shndx);
		y->baseoff = (u32)s->st_value;
		y->size = (u32)s->st_size;
		vec_push(im->ar, &im->ext, y);
	}
	for (u32 i = 1; i < e.h->e_shnum; i++) {
		const Elf64_Shdr *s = &e.sh[i];
		if (s->sh_type != SHT_RELA || !is_kept(&e.sh[s->sh_info]))
			continue;
		Sym *at = section_sym(p, &e, s->sh_info);
		const Elf64_Rela *r = (const Elf64_Rela *)(elf + s->sh_offset);
		for (u64 k = 0; k < s->sh_size / sizeof *r; k++)
			if (!add_reloc(p, &e, at, &r[k]))
				return false;
	}
	return true;
}

const char **robj_undefined(Program *p, const u8 *elf, size_t n, u32 *count)
{
	Elf e;
	VEC(const char *) v = {0};
	if (open_elf(&e, elf, n))
		for (u32 i = 1; i < e.nsym; i++)
			if (e.sym[i].st_shndx == SHN_UNDEF && e.sym[i].st_name)
				vec_push(p->ar, &v, e.str + e.sym[i].st_name);
	*count = v.n;
	return v.a;
}

void robj_patch(Image *im, const char *name, u64 value)
{
	Sym *s = sym_get(im->p, name)->base;
	u8 *data = arena_alloc(im->ar, s->size, 8);
	memcpy(data, s->data, s->size);
	memcpy(data + sym_get(im->p, name)->baseoff, &value, sizeof value);
	s->data = data;
}
