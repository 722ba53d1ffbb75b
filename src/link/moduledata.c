/* runtime.firstmoduledata: what the runtime knows about its own image, in upstream's layout, and the symbols that mark
 * section bounds. Bounds are symbols without bytes whose addresses are set once the layout is known. */
#include <stdlib.h>
#include "link.h"

enum { ModuledataBytes = 592 };

/* Bound symbols: name, section, at its end. */
static const struct { const char *name; u8 sect; bool end; } bound[] = {
	{"runtime.text", SectText, false}, {"runtime.etext", SectText, true},
	{"runtime.noptrdata", SectNoptrData, false}, {"runtime.enoptrdata", SectNoptrData, true},
	{"runtime.data", SectData, false}, {"runtime.edata", SectData, true},
	{"runtime.bss", SectBss, false}, {"runtime.ebss", SectBss, true},
	{"runtime.noptrbss", SectNoptrBss, false}, {"runtime.enoptrbss", SectNoptrBss, true},
	{"runtime.end", SectNoptrBss, true},
	{"runtime.rodata", SectRodata, false}, {"runtime.erodata", SectRodata, true},
	{"runtime.types", SectRodata, false}, {"runtime.epclntab", SectPclntab, true},
	{"runtime.etypes", SectRodata, true},   /* moved down to the last descriptor */
	{"runtime.ctext", SectText, false},     /* moved up to the first C function */
	{"runtime.covctrs", SectNoptrBss, false}, {"runtime.ecovctrs", SectNoptrBss, false},       /* moved to the counters, if there are any */
	{"internal/fuzz._counters", SectNoptrBss, false}, {"internal/fuzz._ecounters", SectNoptrBss, false},
};

void link_bounds(Image *im, bool final)
{
	for (size_t i = 0; i < nelem(bound); i++) {
		Sym *s = sym_get(im->p, bound[i].name);
		const OutSect *o = &im->sect[bound[i].sect];
		s->kind = SymExtern;
		s->base = NULL;
		s->reachable = s->kept = true;
		if (final)
			s->addr = o->addr + (bound[i].end ? o->size : 0);
	}
	if (final) {
		sym_get(im->p, "runtime.etypes")->addr = im->etypes;
		static const char *const lo[] = {NULL, "runtime.covctrs", "internal/fuzz._counters"}, *const hi[] = {NULL, "runtime.ecovctrs", "internal/fuzz._ecounters"};
		for (int i = CounterCover; i < CounterMax; i++)
			if (im->counter[i].hi) {
				sym_get(im->p, lo[i])->addr = im->counter[i].lo;
				sym_get(im->p, hi[i])->addr = im->counter[i].hi;
			}
		if (im->ngo < im->ntext)
			sym_get(im->p, "runtime.ctext")->addr = im->text[im->ngo]->addr;
	}
}

static void put(Sym *s, u32 off, u64 v)
{
	memcpy(s->data + off, &v, 8);
}

static void addr(Image *im, u32 off, const char *name, i64 add)
{
	sym_reloc(im->p, im->moduledata, off, RelocAddr64, sym_get(im->p, name), add);
}

static void slice(Image *im, u32 off, Sym *to, i64 add, u64 n)
{
	sym_reloc(im->p, im->moduledata, off, RelocAddr64, to, add);
	put(im->moduledata, off + 8, n);
	put(im->moduledata, off + 16, n);
}

static bool is_typelink(const Sym *s)
{
	if (!s->def || s->def->what != WhatType)
		return false;
	switch (s->def->type->kind) {
	case KindPointer: case KindArray: case KindChan: case KindFunc: case KindMap: case KindSlice: case KindStruct: return true;
	default: return false;
	}
}

typedef struct TypeLink { Sym *s; const char *str; } TypeLink;

static int by_text(const void *a, const void *b)
{
	const TypeLink *x = a, *y = b;
	int d = strcmp(x->str, y->str);
	return d ? d : strcmp(x->s->name, y->s->name);
}

/* Offsets of unnamed composite types, sorted by their reflect string: reflect searches them. */
static void typelinks(Image *im)
{
	VEC(TypeLink) v = {0};
	for (u32 i = 0; i < im->kept.n; i++)
		if (is_typelink(im->kept.a[i])) {
			Buf b = {.ar = im->ar};
			types_print(&b, im->p->chk, im->kept.a[i]->def->type, QualName, NULL);
			vec_push(im->ar, &v, (TypeLink){im->kept.a[i], buf_str(&b)});
		}
	if (v.n)
		qsort(v.a, v.n, sizeof *v.a, by_text);
	Sym *s = sym_get(im->p, "runtime.typelink");
	s->kind = SymRodata;
	s->align = 2;
	s->size = 4 * v.n;
	s->data = arena_alloc(im->ar, max_u64(s->size, 1), 8);
	for (u32 i = 0; i < v.n; i++)
		sym_reloc(im->p, s, 4 * i, RelocOff32, v.a[i].s, 0);
	link_mark(im, s);
	slice(im, 360, s, 0, v.n);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(Sym *const *)a)->name, (*(Sym *const *)b)->name);
}

static void itablinks(Image *im)
{
	VEC(Sym *) v = {0};
	for (u32 i = 0; i < im->kept.n; i++)
		if (im->kept.a[i]->def && im->kept.a[i]->def->what == WhatItab)
			vec_push(im->ar, &v, im->kept.a[i]);
	if (v.n)
		qsort(v.a, v.n, sizeof *v.a, by_name);
	Sym *s = sym_get(im->p, "runtime.itablink");
	s->kind = SymRodata;
	s->align = 3;
	s->size = 8 * v.n;
	s->data = arena_alloc(im->ar, max_u64(s->size, 1), 8);
	for (u32 i = 0; i < v.n; i++)
		sym_reloc(im->p, s, 8 * i, RelocAddr64, v.a[i], 0);
	link_mark(im, s);
	slice(im, 384, s, 0, v.n);
}

/* Pointer mask of a section: one bit a word, from its first symbol on. Its size is known only after layout, so its room is
 * reserved for the sizes known now and it is filled by link_masks. */
static Sym *mask_sym(Image *im, const char *name, SymKind kind)
{
	u64 bytes = 64;
	for (u32 i = 0; i < im->kept.n; i++)
		if (im->kept.a[i]->kind == kind)
			bytes += im->kept.a[i]->size + (1ull << im->kept.a[i]->align) + 8;
	Sym *s = sym_get(im->p, name);
	s->kind = SymRodata;
	s->size = (u32)(bytes / 64 + 8);
	s->data = arena_alloc(im->ar, s->size, 8);
	link_mark(im, s);
	return s;
}

static void fill_mask(Image *im, const char *name, Sect k)
{
	u8 *mask = sym_get(im->p, name)->data;
	const OutSect *o = &im->sect[k];
	for (u32 i = 0; i < o->sym.n; i++)
		if (o->sym.a[i]->gotype)
			types_ptrmask(im->p->chk, (Type *)(uintptr_t)o->sym.a[i]->gotype, (i64)(o->sym.a[i]->addr - o->addr), mask);
}

void link_masks(Image *im)
{
	fill_mask(im, "runtime.gcdatamask.bits", SectData);
	fill_mask(im, "runtime.gcbssmask.bits", SectBss);
	u32 n = (u32)(im->sect[SectData].size / 8), m = (u32)(im->sect[SectBss].size / 8);
	memcpy(im->moduledata->data + 544, &n, 4);
	memcpy(im->moduledata->data + 560, &m, 4);
}

void link_moduledata(Image *im)
{
	Sym *s = im->moduledata = sym_get(im->p, "runtime.firstmoduledata");
	const char *name = s->name;
	*s = (Sym){.name = name, .kind = SymNoptrData, .align = 5, .size = ModuledataBytes, .reachable = true, .kept = true};
	s->data = arena_alloc(im->ar, s->size, 8);
	vec_push(im->ar, &im->kept, s);
	Sym *pc = im->pclntab;
	const u32 *o = im->pcoff;
	sym_reloc(im->p, s, 0, RelocAddr64, pc, 0);
	slice(im, 8, pc, o[0], o[1] - o[0]);
	slice(im, 32, pc, o[1], (o[2] - o[1]) / 4);
	slice(im, 56, pc, o[2], o[3] - o[2]);
	slice(im, 80, pc, o[3], o[4] - o[3]);
	slice(im, 104, pc, o[4], pc->size - o[4]);
	slice(im, 128, pc, o[4], im->nfunc + 1);
	addr(im, 152, "runtime.findfunctab", 0);
	static const struct { u16 off; const char *name; } row[] = {
		{160, "runtime.text"}, {168, "runtime.etext"}, {176, "runtime.text"}, {184, "runtime.etext"},
		{192, "runtime.noptrdata"}, {200, "runtime.enoptrdata"}, {208, "runtime.data"}, {216, "runtime.edata"},
		{224, "runtime.bss"}, {232, "runtime.ebss"}, {240, "runtime.noptrbss"}, {248, "runtime.enoptrbss"},
		{256, "runtime.covctrs"}, {264, "runtime.ecovctrs"},
		{272, "runtime.end"}, {296, "runtime.types"}, {304, "runtime.etypes"}, {312, "runtime.rodata"},
		{320, "go:func.*"}, {328, "runtime.epclntab"},
	};
	for (size_t i = 0; i < nelem(row); i++)
		addr(im, row[i].off, row[i].name, 0);
	s->data[536] = 1;               /* has main */
	typelinks(im);
	itablinks(im);
	mask_sym(im, "runtime.gcdatamask.bits", SymData);
	mask_sym(im, "runtime.gcbssmask.bits", SymBss);
	addr(im, 552, "runtime.gcdatamask.bits", 0);
	addr(im, 568, "runtime.gcbssmask.bits", 0);
}
