/* Several programs, one after the other, in one process.
 *
 * The symbol table outlives a program. What it holds of the packages that programs have in common is made once: the
 * contents of descriptors and variables, the code of functions, and beside it what callers want to know of them (summaries,
 * bodies that may be inlined). Reach then walks over what each of them referred to when it was made (Sym.refs) instead of making it
 * again, so that the live set of every program is its own.
 *
 * A program has packages of its own: main, a package compiled with its tests, what imports that. They go by the same paths in other
 * programs, so their symbols have the same names. What belongs to them is told by its name, which holds the path of every
 * package whose type or function it is made of, or by the object it stands for if go:linkname has named it; and whatever refers to such
 * a symbol belongs to the program too. Before a program is made, what others have put under those names is hidden; afterwards
 * what is the program's own leaves the table and the hidden symbols come back.
 *
 * Nobody else is at work while these functions run. */
#define _GNU_SOURCE
#include "whole.h"

/* Whether the path stands in the name of something: in front of a dot, as a whole. */
static bool mentions(const char *name, const char *path, size_t n)
{
	for (const char *s = name; (s = strstr(s, path)); s++) {
		char before = s > name ? s[-1] : ' ', after = s[n];
		bool inside = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') || (before >= '0' && before <= '9') ||
			before == '/' || before == '-' || before == '_' || before == '~';
		if (after == '.' && !inside)
			return true;
	}
	return false;
}

/* Symbols of one .s file: "name<>path/file.s". */
static bool in_file_of(const char *name, const char *path, size_t n)
{
	const char *s = strstr(name, "<>");
	return s && !strncmp(s + 2, path, n) && s[2 + n] == '/' && !strchr(s + 3 + n, '/');
}

static const Pkg *home(const struct SymDef *d)
{
	switch (d ? d->what : WhatNone) {
	case WhatFunc: case WhatGlobal: case WhatToAbi0: case WhatFromAbi0: return d->fn->pkg;
	case WhatInit: return d->body->pkg;
	default: return NULL;
	}
}

static bool named_by(const Share *s, const Sym *y)
{
	const Pkg *p = home(y->def);
	for (u32 i = 0; i < s->npath; i++) {
		size_t n = strlen(s->path[i]);
		if (mentions(y->name, s->path[i], n) || in_file_of(y->name, s->path[i], n) || (p && !strcmp(p->path, s->path[i])))
			return true;
	}
	return false;
}

static bool refers_to_own(const Sym *y)
{
	if (y->base && y->base->own)
		return true;
	for (u32 i = 0; i < y->rel.n; i++)
		if (y->rel.a[i].sym->own)
			return true;
	for (u32 i = 0; y->refs && i < y->refs->mark.n; i++)
		if (y->refs->mark.a[i]->own)
			return true;
	for (u32 i = 0; y->refs && i < y->refs->iface.n; i++)
		if (y->refs->iface.a[i]->own)
			return true;
	return false;
}

/* Literals are made with the function they stand in. */
static bool take_literals(const Sym *y)
{
	bool any = false;
	for (u32 i = 0; y->refs && y->fn && i < y->refs->mark.n; i++) {
		Sym *l = y->refs->mark.a[i];
		if (!l->own && l->fn && !l->def)
			any = l->own = true;
	}
	return any;
}

static void find_own(const Share *s, Program *p)
{
	Arena ar = {0};
	Sym **y;
	u32 n = symtab_list(p, &ar, &y);
	for (u32 i = 0; i < n; i++)
		y[i]->own = named_by(s, y[i]);
	for (u32 i = 0; i < s->hidden.n; i++) {         /* a name has one symbol: the hidden one comes back */
		Sym *x = sym_find(p, s->hidden.a[i]->name);
		if (x)
			x->own = true;
	}
	bool any = false;
	for (u32 i = 0; i < n && !any; i++)
		any = y[i]->own;
	for (bool again = any; again;) {
		again = false;
		for (u32 i = 0; i < n; i++)
			if (y[i]->own)
				again |= take_literals(y[i]);
			else if (refers_to_own(y[i]))
				again = y[i]->own = true;
	}
	arena_free(&ar);
}

static bool is_shared(const Sym *y)
{
	return !y->own;
}

void share_begin(Share *s, Program *p, const char *const *path, u32 n)
{
	*s = (Share){.path = path, .npath = n};
	find_own(s, p);
	Sym **y;
	u32 m = symtab_list(p, &s->ar, &y);
	for (u32 i = 0; i < m; i++) {
		if (y[i]->own)
			vec_push(&s->ar, &s->hidden, y[i]);
		y[i]->reachable = y[i]->needed = false;
		y[i]->state = 0;
		if (y[i]->def)
			y[i]->def->join = NULL;
	}
	symtab_keep(p, is_shared);
}

void share_divide(Share *s, Whole *w)
{
	find_own(s, w->p);
}

void share_end(Share *s, Program *p)
{
	find_own(s, p);                 /* compiling has made more symbols, and references to them */
	symtab_keep(p, is_shared);
	symtab_add(p, s->hidden.a, s->hidden.n);
	arena_free(&s->ar);
}
