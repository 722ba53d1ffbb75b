/* link: symbols to an executable.
 *
 * Nouns. A runtime object (Robj) is the C runtime, compiled and prelinked when seago is built and embedded in it; its
 * sections become symbols that are kept or dropped like any other. The Image is the executable being laid out: output
 * sections in a fixed order, symbols in each sorted by name, addresses, then bytes, relocated. Tables (pclntab, moduledata,
 * symbol table) are made from what was kept.
 *
 * From here on no symbol is added after link_layout_data has run.
 */
#ifndef SEAGO_LINK_H
#define SEAGO_LINK_H

#include "../gen/gen.h"
#include "../whole/whole.h"

/* Output sections, in file order. */
typedef enum Sect {
	SectText,        /* Go, then the C runtime */
	SectRodata,      /* type descriptors first */
	SectPclntab,
	SectBuildinfo,
	SectNoptrData, SectData, SectBss, SectNoptrBss,
	SectMax
} Sect;

typedef struct OutSect { const char *name; u64 addr, size, off; u8 *data; u32 flags; bool nobits; VEC(Sym *) sym; } OutSect;

typedef struct Image {
	Arena *ar;
	Program *p;
	OutSect sect[SectMax];
	Sym **text; u32 ntext;         /* in address order: Go first; C after ctext */
	u32 ngo;
	Sym *moduledata, *pclntab;
	u32 pcoff[5], nfunc;           /* parts of pclntab: names, units, files, pc tables, functions */
	u64 types, etypes;             /* bounds of the descriptors */
	u64 entry;
	VEC(Sym *) ext;                /* names the C runtime defines */
	VEC(Sym *) kept;               /* everything that goes to the file */
	Sym *gofunc;                   /* "go:func.*": funcdata blobs */
	Diag *diag;
} Image;

/* ---- robj.c ---- */
extern const u8 robj_start[], robj_end[];            /* the embedded C runtime: one ELF64 relocatable file */
/* Defines a symbol for every section and every global name of the object. False if it is malformed. */
bool robj_load(Image *im, const u8 *elf, size_t n);
/* Names the object refers to and does not define: roots of the Go side. */
const char **robj_undefined(Program *p, const u8 *elf, size_t n, u32 *count);
/* ---- layout.c ---- */
void link_mark(Image *im, Sym *root);                /* reachability over relocations of code and data */
u64 sym_addr(const Sym *s);                          /* after layout */
void link_layout_text(Image *im);                    /* addresses of code; then tables can be made */
void link_layout_data(Image *im);
void link_relocate(Image *im);
/* ---- nosplit.c ---- */
bool link_stackguard(Image *im);                     /* patches rt_stackguard; false after reporting chains over the limit */
/* ---- pclntab.c, moduledata.c ---- */
void link_pclntab(Image *im);
void link_moduledata(Image *im);
void link_bounds(Image *im, bool final);             /* runtime.text, runtime.edata ...; final: addresses are known */
void link_masks(Image *im);                          /* after layout: pointer masks of data and bss */
/* ---- elf.c ---- */
/* Links everything reachable from the entry (code of all live functions is there) and writes out (aside, then renamed). False after reporting through d. */
bool link_program(Program *p, const char *out, Diag *d);

#endif
