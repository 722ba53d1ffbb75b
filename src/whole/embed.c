/* Variables that hold embedded files (//go:embed).
 *
 * A file's bytes are a read-only symbol named by their hash, so that equal files are there once; they stay in the mapping of
 * the file until the linker writes them. A string points to them, a []byte to a copy that may be written, an embed.FS to a table of
 * all its files and folders, in the order of package embed: by folder, then by name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../load/load.h"
#include "whole.h"

enum { FileEntry = 48 };        /* name, data, hash of embed.file */

typedef struct Contents { const u8 *p; u32 n; u8 hash[32]; } Contents;

static bool map_file(Reach *r, const char *path, Contents *c)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (ok && (u64)st.st_size >= INT32_MAX) {
		errno = EFBIG;
		ok = false;
	}
	if (ok && st.st_size) {
		c->p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		ok = c->p != MAP_FAILED;
	}
	int err = errno;
	seen_file(path, ok ? fd : -1, c->p, ok ? (size_t)st.st_size : 0);
	if (fd >= 0)
		close(fd);
	if (!ok) {
		errno = err;
		return false;
	}
	c->n = (u32)st.st_size;
	sha256(c->p, c->n, c->hash);
	(void)r;
	return true;
}

static Sym *data_sym(Reach *r, const char *name, u8 kind, const void *p, u32 n)
{
	return sym_made(r->p, name, (SymContent){.kind = kind, .readonly = kind == SymRodata, .size = n, .data = p, .mapped = true});
}

static Sym *file_sym(Reach *r, const Contents *c)
{
	char name[sizeof "go:embed." + 64] = "go:embed.";
	for (int i = 0; i < 32; i++)
		for (int k = 0; k < 2; k++)
			name[9 + 2 * i + k] = "0123456789abcdef"[c->hash[i] >> (4 - 4 * k) & 15];
	return data_sym(r, name, SymRodata, c->p, c->n);
}

/* ---- the list ---- */

typedef struct Item { const char *name, *path; } Item;     /* folders: name ends with '/', no path */

/* Length of the folder part of a name, without its slash; a folder's own name is the last element. */
static size_t dir_len(const char *s)
{
	size_t n = strlen(s);
	if (n && s[n - 1] == '/')
		n--;
	while (n && s[n - 1] != '/')
		n--;
	return n ? n - 1 : 0;
}

static int cmp_text(const char *a, size_t n, const char *b, size_t m)
{
	int d = memcmp(a, b, n < m ? n : m);
	return d ? d : n < m ? -1 : n > m;
}

static int by_place(const void *a, const void *b)
{
	const char *x = ((const Item *)a)->name, *y = ((const Item *)b)->name;
	size_t dx = dir_len(x), dy = dir_len(y), nx = strlen(x), ny = strlen(y);
	int d = dx || dy ? cmp_text(dx ? x : ".", dx ? dx : 1, dy ? y : ".", dy ? dy : 1) : 0;
	if (d)
		return d;
	x += dx ? dx + 1 : 0;
	y += dy ? dy + 1 : 0;
	nx = strlen(x) - (nx && x[strlen(x) - 1] == '/');
	ny = strlen(y) - (ny && y[strlen(y) - 1] == '/');
	return cmp_text(x, nx, y, ny);
}

typedef VEC(Item) Items;

static void add(Reach *r, Items *v, const char *name, const char *path)
{
	for (u32 i = 0; i < v->n; i++)
		if (!strcmp(v->a[i].name, name))
			return;
	vec_push(&r->ar, v, (Item){name, path});
}

static Items items_of(Reach *r, const Obj *o, bool dirs)
{
	Items v = {0};
	const File *f = o->file;
	for (u32 i = 0; i < f->nembed; i++)
		for (u32 k = 0; f->embed[i].decl == o->decl && k < f->embed[i].file.n; k++) {
			const EmbedFile *e = &f->embed[i].file.a[k];
			add(r, &v, e->name, e->path);
			for (size_t n = dir_len(e->name); dirs && n; ) {
				const char *dir = arena_printf(&r->ar, "%.*s/", (int)n, e->name);
				add(r, &v, dir, NULL);
				n = dir_len(dir);
			}
		}
	if (v.n)
		qsort(v.a, v.n, sizeof *v.a, by_place);
	return v;
}

/* ---- the variable ---- */

static void put64(u8 *p, u64 v)
{
	memcpy(p, &v, 8);
}

static void unreadable(Reach *r, const Obj *o, const Item *f)
{
	diag_add(o->pkg->diag, o->pos, "embed %s: open %s: %s", f->name, f->path, strerror_go(errno));
	r->bad = true;
}

static void fill_text(Reach *r, Sym *s, const Obj *o, const Item *f, bool bytes)
{
	Contents c = {0};
	if (!map_file(r, f->path, &c)) {
		unreadable(r, o, f);
		return;
	}
	put64(s->data + 8, c.n);
	if (bytes)
		put64(s->data + 16, c.n);
	Sym *to = bytes ? data_sym(r, arena_printf(&r->ar, "%s..embed", s->name), SymNoptrData, c.p, c.n) : file_sym(r, &c);
	reach_reloc(r, s, 0, RelocAddr64, to, 0);
}

static void fill_fs(Reach *r, Sym *s, const Obj *o, const Items *v)
{
	u32 size = 24 + v->n * FileEntry;
	u8 *p = arena_alloc(&r->ar, size, 8);
	VEC(Reloc) rel = {0};
	Sym *table = sym_get(r->p, arena_printf(&r->ar, "%s.files", s->name));
	vec_push(&r->ar, &rel, (Reloc){0, RelocAddr64, table, 24});
	put64(p + 8, v->n);
	put64(p + 16, v->n);
	for (u32 i = 0; i < v->n; i++) {
		const Item *f = &v->a[i];
		u32 at = 24 + i * FileEntry, len = (u32)strlen(f->name);
		vec_push(&r->ar, &rel, (Reloc){at, RelocAddr64, sym_string(r->p, f->name, len), 0});
		put64(p + at + 8, len);
		if (!f->path)
			continue;
		Contents c = {0};
		if (!map_file(r, f->path, &c)) {
			unreadable(r, o, f);
			return;
		}
		vec_push(&r->ar, &rel, (Reloc){at + 16, RelocAddr64, file_sym(r, &c), 0});
		put64(p + at + 24, c.n);
		memcpy(p + at + 32, c.hash, 16);
	}
	sym_made(r->p, table->name, (SymContent){.kind = SymRodata, .readonly = true, .align = 3, .size = size, .data = p, .rel = rel.a, .nrel = rel.n});
	reach_reloc(r, s, 0, RelocAddr64, table, 0);
}

bool embed_fill(Reach *r, Sym *s)
{
	const Obj *o = s->def->fn;
	bool any = false;
	for (u32 i = 0; o->file && i < o->file->nembed; i++)
		any |= o->file->embed[i].decl == o->decl && o->file->embed[i].file.n;
	EmbedKind kind = any ? embed_kind(o->type) : EmbedNone;
	if (kind == EmbedNone)
		return false;
	Items v = items_of(r, o, kind == EmbedFS);
	s->data = arena_alloc(&r->ar, 24, 8);
	if (kind == EmbedFS)
		fill_fs(r, s, o, &v);
	else
		fill_text(r, s, o, &v.a[0], kind == EmbedBytes);
	return true;
}
