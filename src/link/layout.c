/* What goes where.
 *
 * Keep what the entry reaches, sort it into output sections, order each section by symbol name (type descriptors first
 * in read-only data, Go code before C code in text, a FIPS module behind the rest of Go), give out addresses, then apply
 * relocations. Nothing here depends on ids, addresses in memory or the order in which symbols arrived. */
#include <stdlib.h>
#include "link.h"

enum { ImageBase = 0x400000, PageSize = 4096, HeaderBytes = 4096 };

/* ---- reachability ---- */

static const Reloc *relocs(const Sym *s, u32 *n)
{
	if (s->code) {
		*n = s->code->rel.n;
		return s->code->rel.a;
	}
	*n = s->rel.n;
	return s->rel.a;
}

static bool is_weak(RelocKind k)
{
	return k == RelocMethodOff32 || k == RelocTypeOffWeak;
}

/* Without what says that assembly's convention is meant. */
static const char *said(Image *im, const char *name)
{
	size_t n = strlen(name), k = strlen("<abi0>");
	return n > k && !strcmp(name + n - k, "<abi0>") ? arena_strndup(im->ar, name, n - k) : name;
}

static void undefined(Image *im, const Sym *from, const Sym *to)
{
	if (!strcmp(to->name, "main.main"))
		diag_add(im->diag, 0, "runtime.main_main·f: function main is undeclared in the main package");
	else
		diag_add(im->diag, 0, "%s: relocation target %s not defined", said(im, from->name), said(im, to->name));
}

void link_mark(Image *im, Sym *root)
{
	VEC(Sym *) work = {0};
	Sym *first = link_target(root);
	if (first->reachable)
		return;
	first->reachable = true;
	vec_push(im->ar, &work, first);
	while (work.n) {
		Sym *s = vec_pop(&work);
		vec_push(im->ar, &im->kept, s);
		s->kept = true;
		u32 n;
		const Reloc *r = relocs(s, &n);
		bool itab = s->def && s->def->what == WhatItab;
		for (u32 i = 0; i < n; i++) {
			Sym *to = link_target(r[i].sym);
			bool method = is_weak(r[i].kind) || (itab && r[i].off >= 24);
			if (to->reachable || (method && !to->wanted))
				continue;
			if (to->kind == SymUndef) {
				undefined(im, s, to);
				to->kind = SymExtern;   /* reported once */
				continue;
			}
			if (to->fn && !to->code && im->opt->shared) {
				im->p->stale = true;
				continue;
			}
			if (to->fn && !to->code)
				bug("%s refers to %s, which has no code", s->name, to->name);
			to->reachable = true;
			vec_push(im->ar, &work, to);
		}
	}
}

/* Several programs from one symbol table: what is kept must be what its name means in this one. */
static void check_shared(Image *im)
{
	for (u32 i = 0; i < im->kept.n; i++) {
		const Sym *s = im->kept.a[i], *named = sym_find(im->p, s->name);
		if (named && named != s && !s->base && !named->base)
			im->p->stale = true;
	}
}

/* ---- sections ---- */

static bool is_c(const Sym *s)
{
	return has_prefix(s->name, "c:");
}

static bool is_type(const Sym *s)
{
	return has_prefix(s->name, "type:") || has_prefix(s->name, "alloc:");
}

/* Major order inside a section. */
static int rank(const Sym *s)
{
	if (s->kind == SymText)
		return is_c(s);
	if (s->kind == SymNoptrBss)
		return s->counter;
	return s->kind == SymRodata ? !is_type(s) : 0;
}

static int by_place(const void *a, const void *b)
{
	const Sym *x = *(Sym *const *)a, *y = *(Sym *const *)b;
	int d = rank(x) - rank(y);
	return d ? d : strcmp(x->name, y->name);
}

static Sect sect_of(const Sym *s)
{
	switch (s->kind) {
	case SymText: return SectText;
	case SymRodata: return SectRodata;
	case SymData: return SectData;
	case SymNoptrData: return SectNoptrData;
	case SymBss: return SectBss;
	case SymNoptrBss: return SectNoptrBss;
	default: bug("symbol %s has no section", s->name);
	}
}

static u32 sym_size(const Sym *s)
{
	return s->code ? s->code->size : s->size;
}

static u64 place(Image *im, Sect k, u64 addr)
{
	OutSect *o = &im->sect[k];
	addr = align_up(addr, k == SectText ? 32 : 16);
	o->addr = addr;
	if (o->sym.n)
		qsort(o->sym.a, o->sym.n, sizeof *o->sym.a, by_place);
	link_fips_gather(im, k);
	for (u32 i = 0; i < o->sym.n; i++) {
		Sym *s = o->sym.a[i];
		addr = align_up(addr, k == SectText && !is_c(s) ? 32 : 1ull << s->align);
		s->addr = addr;
		addr += sym_size(s);
		if (s->counter && k == SectNoptrBss) {
			im->counter[s->counter].lo = im->counter[s->counter].lo ? im->counter[s->counter].lo : s->addr;
			im->counter[s->counter].hi = addr;
		}
		if (k == SectRodata && is_type(s))
			im->etypes = addr;
	}
	o->size = addr - o->addr;
	return addr;
}

u64 sym_addr(const Sym *s)
{
	return s->base ? sym_addr(s->base) + s->baseoff : s->addr;
}

static const struct { const char *name; bool nobits; bool newseg; } sect_info[SectMax] = {
	[SectText] = {".text", false, true},
	[SectRodata] = {".rodata", false, true}, [SectPclntab] = {".gopclntab", false, false},
	[SectBuildinfo] = {".go.buildinfo", false, true},
	[SectNoptrData] = {".noptrdata", false, false}, [SectData] = {".data", false, false},
	[SectBss] = {".bss", true, false}, [SectNoptrBss] = {".noptrbss", true, false},
};

static void collect(Image *im, bool text)
{
	for (u32 i = 0; i < im->kept.n; i++) {
		Sym *s = im->kept.a[i];
		if ((s->kind == SymText) == text)
			vec_push(im->ar, &im->sect[s == im->pclntab ? SectPclntab : s == im->buildinfo ? SectBuildinfo : sect_of(s)].sym, s);
	}
}

void link_layout_text(Image *im)
{
	if (im->opt->shared)
		check_shared(im);
	for (int k = 0; k < SectMax; k++) {
		im->sect[k].name = sect_info[k].name;
		im->sect[k].nobits = sect_info[k].nobits;
	}
	collect(im, true);
	place(im, SectText, ImageBase + HeaderBytes);
	OutSect *t = &im->sect[SectText];
	im->text = t->sym.a;
	im->ntext = t->sym.n;
	for (im->ngo = 0; im->ngo < im->ntext && !is_c(im->text[im->ngo]); im->ngo++)
		;
}

void link_layout_data(Image *im)
{
	collect(im, false);
	u64 addr = im->sect[SectText].addr + im->sect[SectText].size;
	for (int k = SectText + 1; k < SectMax; k++) {
		if (sect_info[k].newseg)
			addr = align_up(addr, PageSize);
		addr = place(im, (Sect)k, addr);
	}
	im->types = im->sect[SectRodata].addr;
}

/* ---- relocation ---- */

static void store(u8 *p, u64 v, u32 n)
{
	for (u32 i = 0; i < n; i++)
		p[i] = (u8)(v >> (8 * i));
}

static void fits32(const Sym *s, i64 v)
{
	if (v != (i32)v)
		bug("%s: relocation overflows", s->name);
}

/* A slot of a dead method in an itab. */
static u64 dead_method(Image *im)
{
	Sym *s = sym_find(im->p, "runtime.unreachableMethod");
	return s && link_target(s)->reachable ? sym_addr(s) : 0;
}

static void apply(Image *im, const Sym *s, const Reloc *r, u8 *at, u64 pc)
{
	const Sym *to = link_target(r->sym);
	u64 v = sym_addr(r->sym) + (u64)r->add, text = im->sect[SectText].addr;
	if (im->opt->shared && to->reachable && !to->kept)
		im->p->stale = true;
	switch (r->kind) {
	case RelocAddr64:
		store(at, to->reachable ? v : dead_method(im), 8);
		break;
	case RelocAddr32:
		fits32(s, (i64)v);
		store(at, v, 4);
		break;
	case RelocPC32: case RelocCall32:
		fits32(s, (i64)(v - pc));
		store(at, v - pc, 4);
		break;
	case RelocOff32:
		store(at, v - im->types, 4);
		break;
	case RelocTypeOffWeak:
		store(at, to->reachable ? v - im->types : 0, 4);
		break;
	case RelocTextOff32:
		store(at, v - text, 4);
		break;
	case RelocMethodOff32:
		store(at, to->reachable ? v - text : ~0ull, 4);
		break;
	default:
		bug("%s: unknown relocation", s->name);
	}
}

void link_relocate(Image *im)
{
	for (int k = 0; k < SectMax; k++) {
		OutSect *o = &im->sect[k];
		if (o->nobits)
			continue;
		o->data = im->file + o->off;
		if (k == SectText)
			memset(o->data, 0xCC, o->size);
		for (u32 i = 0; i < o->sym.n; i++) {
			const Sym *s = o->sym.a[i];
			u8 *p = o->data + (s->addr - o->addr);
			const u8 *from = s->code ? s->code->text : s->data;
			if (from)
				memcpy(p, from, sym_size(s));
			else
				memset(p, 0, sym_size(s));
			u32 n;
			const Reloc *r = relocs(s, &n);
			for (u32 j = 0; j < n; j++)
				apply(im, s, &r[j], p + r[j].off, s->addr + r[j].off);
		}
	}
}
