/* Symbols: the named things of the output, found by name from any thread.
 *
 * The table is split into shards by hash; each shard has a lock, an open-addressing table and an arena of its
 * own, so that two workers rarely meet. A Sym never moves. Ids are handed out in order of arrival: nothing that
 * reaches the output may be ordered by them. */
#include "ssa.h"

enum { Shards = 64 };

typedef struct Shard {
	Lock lock;
	Arena ar;             /* syms, names, relocations */
	Sym **tab;            /* open addressing, cap a power of two */
	u32 *hash;
	u32 n, cap;
} Shard;

typedef struct SymTab {
	Shard shard[Shards];
	_Atomic u32 nextid;
} SymTab;

void symtab_init(Program *p)
{
	p->symtab = arena_new(p->ar, SymTab);
	p->symtab->nextid = 1;
	sigs_init(p);
}

void symtab_free(Program *p)
{
	for (u32 i = 0; i < Shards; i++)
		arena_free(&p->symtab->shard[i].ar);
}

static void grow(Shard *s)
{
	u32 cap = s->cap ? s->cap * 2 : 64;
	Sym **tab = arena_array(&s->ar, Sym *, cap);
	u32 *hash = arena_array(&s->ar, u32, cap);
	for (u32 i = 0; i < s->cap; i++) {
		if (!s->tab[i])
			continue;
		u32 j = s->hash[i] & (cap - 1);
		while (tab[j])
			j = (j + 1) & (cap - 1);
		tab[j] = s->tab[i];
		hash[j] = s->hash[i];
	}
	s->tab = tab;
	s->hash = hash;
	s->cap = cap;
}

/* Slot of the name in a locked shard; the slot is empty if it is absent. */
static u32 probe(Shard *s, const char *name, u32 h)
{
	u32 j = h & (s->cap - 1);
	while (s->tab[j] && (s->hash[j] != h || strcmp(s->tab[j]->name, name) != 0))
		j = (j + 1) & (s->cap - 1);
	return j;
}

static Shard *shard_of(Program *p, const char *name, u32 *h)
{
	u64 x = hash_bytes(name, strlen(name), 0);
	*h = (u32)x;
	return &p->symtab->shard[x >> 58];
}

static Sym *get_locked(Program *p, Shard *s, const char *name, u32 h)
{
	if (s->n * 4 >= s->cap * 3)
		grow(s);
	u32 j = probe(s, name, h);
	if (s->tab[j])
		return s->tab[j];
	Sym *y = arena_new(&s->ar, Sym);
	y->name = arena_strndup(&s->ar, name, strlen(name));
	y->id = p->symtab->nextid++;
	y->hash = h;
	s->tab[j] = y;
	s->hash[j] = h;
	s->n++;
	return y;
}

u32 symtab_list(Program *p, Arena *a, Sym ***out)
{
	VEC(Sym *) v = {0};
	for (u32 i = 0; i < Shards; i++)
		for (u32 k = 0; k < p->symtab->shard[i].cap; k++)
			if (p->symtab->shard[i].tab[k])
				vec_push(a, &v, p->symtab->shard[i].tab[k]);
	*out = v.a;
	return v.n;
}

static void put_locked(Shard *s, Sym *y)
{
	u32 j = probe(s, y->name, y->hash);
	s->tab[j] = y;
	s->hash[j] = y->hash;
	s->n++;
}

void symtab_keep(Program *p, bool (*keep)(const Sym *s))
{
	for (u32 i = 0; i < Shards; i++) {
		Shard *s = &p->symtab->shard[i];
		Arena a = {0};
		VEC(Sym *) v = {0};
		for (u32 k = 0; k < s->cap; k++)
			if (s->tab[k] && keep(s->tab[k]))
				vec_push(&a, &v, s->tab[k]);
		if (v.n < s->n) {
			memset(s->tab, 0, s->cap * sizeof *s->tab);
			s->n = 0;
			for (u32 k = 0; k < v.n; k++)
				put_locked(s, v.a[k]);
		}
		arena_free(&a);
	}
}

void symtab_add(Program *p, Sym **y, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		u32 h;
		Shard *s = shard_of(p, y[i]->name, &h);
		if (s->n * 4 >= s->cap * 3)
			grow(s);
		put_locked(s, y[i]);
	}
}

Sym *sym_get(Program *p, const char *name)
{
	u32 h;
	Shard *s = shard_of(p, name, &h);
	lock_acquire(&s->lock);
	Sym *y = get_locked(p, s, name, h);
	lock_release(&s->lock);
	return y;
}

Sym *sym_find(Program *p, const char *name)
{
	u32 h;
	Shard *s = shard_of(p, name, &h);
	lock_acquire(&s->lock);
	Sym *y = s->cap ? s->tab[probe(s, name, h)] : NULL;
	lock_release(&s->lock);
	return y;
}

void *prog_alloc(Program *p, size_t size)
{
	lock_acquire(&p->lock);
	void *m = arena_alloc(p->ar, size, 8);
	lock_release(&p->lock);
	return m;
}

Sym *sym_define(Program *p, const char *name, struct SymDef def)
{
	u32 h;
	Shard *s = shard_of(p, name, &h);
	lock_acquire(&s->lock);
	Sym *y = get_locked(p, s, name, h);
	if (!y->def) {
		struct SymDef *d = arena_new(&s->ar, struct SymDef);
		*d = def;
		__atomic_store_n(&y->def, d, __ATOMIC_RELEASE);
	}
	lock_release(&s->lock);
	return y;
}

/* Whoever asks later has the lock after the maker, so the content needs no other protection. */
Sym *sym_made(Program *p, const char *name, SymContent c)
{
	u32 h;
	Shard *sh = shard_of(p, name, &h);
	lock_acquire(&sh->lock);
	Sym *y = get_locked(p, sh, name, h);
	if (y->kind == SymUndef) {
		y->kind = c.kind;
		y->dupok = true;
		y->local = y->readonly = c.readonly;
		y->align = c.align;
		y->size = c.size;
		if (c.data && c.mapped) {
			y->data = (u8 *)(uintptr_t)c.data;
		} else if (c.data) {
			y->data = arena_alloc(&sh->ar, c.size ? c.size : 1, 8);
			memcpy(y->data, c.data, c.size);
		}
		for (u32 i = 0; i < c.nrel; i++)
			vec_push(&sh->ar, &y->rel, c.rel[i]);
	}
	lock_release(&sh->lock);
	return y;
}

/* The name of a string's bytes: the text itself when short and plain, else its length and two hashes. */
static void string_name(Buf *b, const char *s, u32 n)
{
	bool plain = n <= 80;
	for (u32 i = 0; plain && i < n; i++)
		plain = s[i] >= ' ' && s[i] <= '~' && s[i] != '"' && s[i] != '\\';
	if (plain)
		buf_printf(b, "go:string.\"%.*s\"", (int)n, s);
	else
		buf_printf(b, "go:string.%u.%016llx%016llx", n, (unsigned long long)hash_bytes(s, n, 1),
			(unsigned long long)hash_bytes(s, n, 2));
}

Sym *sym_const(Program *p, const char *name, const void *bytes, u32 n)
{
	return sym_made(p, name, (SymContent){.kind = SymRodata, .readonly = true, .align = n == 8 ? 3 : n == 4 ? 2 : 0, .size = n, .data = bytes});
}

Sym *sym_string(Program *p, const char *s, u32 n)
{
	ARENA_LOCAL(tmp, 1024);
	Buf name = {.ar = &tmp};
	string_name(&name, s, n);
	Sym *y = sym_const(p, buf_str(&name), s, n);
	arena_free(&tmp);
	return y;
}

void sym_reloc(Program *p, Sym *s, u32 off, RelocKind k, Sym *to, i64 add)
{
	Shard *sh = &p->symtab->shard[s->id % Shards];
	lock_acquire(&sh->lock);
	vec_push(&sh->ar, &s->rel, (Reloc){.off = off, .kind = k, .sym = to, .add = add});
	lock_release(&sh->lock);
}
