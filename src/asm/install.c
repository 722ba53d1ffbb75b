/* Units become symbols of a program.
 *
 * A function of assembly is of ABI0 and goes by "name<abi0>"; if Go declares it, "name" is a function of ABIInternal made from the
 * declaration that calls it. A reference of assembly to a Go function means a function the other way round. What is local to a
 * file has the file in its symbol's name, behind "<>". Data and functions of ABIInternal go by their plain names, as Go's. */
#include "asm.h"

typedef struct Install { Program *p; AsmInput *in; u32 n; Map text; /* Name* of an ABI0 function -> AsmFunc* */ bool bad; } Install;

/* ---- go_asm.h ---- */

static bool field_offset(Checker *k, Type *t, const char *field, i64 *v)
{
	Type *u = types_under(t);
	if (u->kind != KindStruct)
		return false;
	for (u32 i = 0; i < u->st.n; i++)
		if (!strcmp(u->st.field[i]->name->s, field)) {
			*v = types_layout(k, u)->offset[i];
			return true;
		}
	return false;
}

static const char *quoted(Arena *a, const char *s, u32 n)
{
	Buf b = {.ar = a};
	buf_putc(&b, '"');
	for (u32 i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\')
			buf_printf(&b, "\\x%02x", (u8)s[i]);
		else
			buf_putc(&b, s[i]);
	buf_putc(&b, '"');
	return buf_str(&b);
}

/* Constants of floating point are not in go_asm.h. */
static const char *constant_text(Arena *a, const Const *c)
{
	u32 n;
	i64 v;
	u64 u;
	switch (const_kind(c)) {
	case ConstString: {
		const char *s = const_str(c, &n);
		return quoted(a, s, n);
	}
	case ConstInt:
		return const_int64(c, &v) ? arena_printf(a, "%lld", (long long)v) : const_uint64(c, &u) ? arena_printf(a, "%llu", (unsigned long long)u) : NULL;
	default: return NULL;
	}
}

const char *asm_go_constant(Checker *k, Arena *a, Pkg *p, const char *name)
{
	if (!strncmp(name, "const_", 6)) {
		Obj *o = pkg_lookup(p, name + 6);
		const char *text = o && o->kind == ObjConst && o->val ? constant_text(a, o->val) : NULL;
		if (text)
			return text;
	}
	for (const char *s = name; (s = strchr(s, '_')); s++) {
		Obj *o = s > name ? pkg_lookup(p, arena_strndup(a, name, (size_t)(s - name))) : NULL;
		i64 v;
		if (!o || o->kind != ObjTypeName || !o->type || types_under(o->type)->kind != KindStruct)
			continue;
		if (!strcmp(s, "__size"))
			return arena_printf(a, "%lld", (long long)types_layout(k, o->type)->size);
		if (field_offset(k, o->type, s + 1, &v))
			return arena_printf(a, "%lld", (long long)v);
	}
	return NULL;
}

/* ---- symbols ---- */

static Sym *local_sym(Install *x, const AsmInput *in, const char *name)
{
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_get(x->p, arena_printf(&a, "%s<>%s/%s", name, in->pkg->path, path_base(in->path)));
	arena_free(&a);
	return s;
}

static Sym *text_sym(Install *x, const AsmInput *in, const AsmFunc *f)
{
	return f->local ? local_sym(x, in, f->name) : f->internal ? sym_get(x->p, f->name) : sym_abi0(x->p, f->name);
}

static bool has_body(const Obj *o)
{
	return o->fn.body && o->file && node_kind(o->file, o->decl) == NodeFuncDecl && decl_part(o->file, o->decl, 3);
}

static bool promises_noescape(const Obj *o)
{
	return o->file && o->fn.range < o->file->nfunc && o->file->func[o->fn.range].pragma & PragmaNoescape;
}

/* Where pointers are among the arguments, from the Go declaration: one map, of the arguments as the function is entered. */
static void argument_map(Install *x, Code *c, const Obj *o)
{
	Sig *s = sig_abi0(x->p, o->type);
	c->argbits = s->argsize / 8;
	c->argmap = arena_alloc(x->p->ar, (c->argbits + 7) / 8 + 1, 1);
	for (u32 i = 0; i < s->nparam; i++) {
		if (types_layout(x->p->chk, s->param[i].type)->ptrbytes)
			types_ptrmask(x->p->chk, s->param[i].type, s->param[i].off, c->argmap);
	}
}

static void define_text(Install *x, AsmInput *in, AsmFunc *f)
{
	Sym *s = text_sym(x, in, f);
	Obj *o = f->local ? NULL : whole_object(x->p->whole, f->name);
	if (o && o->kind != ObjFunc)
		o = NULL;
	if (o && has_body(o) && !(x->p->linkname.n && map_getp(&x->p->linkname, o) && strcmp(map_getp(&x->p->linkname, o), f->name))) {
		diag_add(in->diag, o->pos, "%s defined in both Go and assembly", o->name->s);
		x->bad = true;
		return;
	}
	if (s->code && s->origin == f) {        /* an earlier program has it */
		if (!f->local && !f->internal)
			map_putp(x->p->ar, &x->text, intern_str(f->name), f);
		return;
	}
	if (s->code) {
		diag_add(in->diag, f->pos, "duplicated definition of symbol %s, from %s and %s", f->name, in->pkg->path, in->pkg->path);
		x->bad = true;
		return;
	}
	Code *c = arena_new(x->p->ar, Code);
	*c = *f->code;
	memset(&c->rel, 0, sizeof c->rel);
	c->nmap = 1;
	c->localmap = c->argmap = arena_alloc(x->p->ar, 1, 1);
	if (o && !f->internal)
		argument_map(x, c, o);
	s->kind = SymText;
	s->origin = f;
	s->code = c;
	s->asmflags = SymAsm | (f->spwrite ? SymSpWrite : 0) | (f->flags & AsmTopframe ? SymTopFrame : 0) | (f->flags & AsmWrapper ? SymWrapper : 0);
	if (f->local || f->internal)
		return;
	map_putp(x->p->ar, &x->text, intern_str(f->name), f);
	if (!o)
		return;
	if (promises_noescape(o))
		s->noescape = sym_get(x->p, f->name)->noescape = true;
	sym_define(x->p, f->name, (struct SymDef){.what = WhatToAbi0, .fn = o});
}

static void define_data(Install *x, AsmInput *in, const AsmData *d)
{
	Sym *s = d->local ? local_sym(x, in, d->name) : sym_get(x->p, d->name);
	if (s->kind != SymUndef) {
		if (s->origin != d && !(d->flags & AsmDupok)) {
			diag_add(in->diag, d->pos, "duplicated definition of symbol %s, from %s and %s", d->name, in->pkg->path, in->pkg->path);
			x->bad = true;
		}
		return;
	}
	s->origin = d;
	bool ro = d->flags & AsmRodata, bss = !d->bytes && !d->rel.n;
	s->kind = ro ? SymRodata : bss ? SymNoptrBss : SymNoptrData;
	s->local = d->local;
	s->readonly = ro;
	s->align = d->size >= 32 ? 5 : d->size >= 16 ? 4 : d->size >= 8 ? 3 : d->size >= 4 ? 2 : d->size >= 2 ? 1 : 0;
	s->size = (u32)d->size;
	if (!bss) {
		s->data = arena_alloc(x->p->ar, d->size ? (size_t)d->size : 1, 8);
		if (d->bytes)
			memcpy(s->data, d->bytes, (size_t)(d->end < d->size ? d->end : d->size));
	}
}

/* ---- references ---- */

/* Names the runtime has for assembly: they follow no convention of Go. */
static bool is_plain(const Obj *o)
{
	return !strcmp(o->pkg->path, "runtime") && !o->type->fn.params->tuple.n && !o->type->fn.results->tuple.n && !has_body(o);
}

static void float_const(Install *x, const char *name)
{
	u64 bits = 0;
	for (const char *s = strchr(name, '.') + 1; *s; s++)
		bits = bits << 4 | (u64)(*s <= '9' ? *s - '0' : *s - 'a' + 10);
	sym_const(x->p, name, &bits, name[2] == '3' ? 4 : 8);
}

static Sym *target(Install *x, const AsmInput *in, const AsmRel *r)
{
	if (r->local)
		return local_sym(x, in, r->name);
	if (r->name[0] == '$')
		float_const(x, r->name);
	if (r->internal)
		return sym_get(x->p, r->name);
	if (map_getp(&x->text, intern_str(r->name)))
		return sym_abi0(x->p, r->name);
	Obj *o = whole_object(x->p->whole, r->name);
	if (o && o->kind == ObjVar)
		return sym_global(x->p, o);
	Sym *plain = sym_get(x->p, r->name);
	if (!o || o->kind != ObjFunc || is_plain(o) || plain->code)
		return plain;
	Sym *s = sym_abi0(x->p, r->name);
	if (has_body(o) && strcmp(sym_func(x->p, o, NULL, 0)->name, r->name))
		s = sym_abi0(x->p, sym_func(x->p, o, NULL, 0)->name);
	return sym_define(x->p, s->name, (struct SymDef){.what = WhatFromAbi0, .fn = o});
}

static void connect(Install *x, const AsmInput *in, Sym *s, const AsmRel *r, u32 n)
{
	for (u32 i = s->rel.n; i < n; i++) {    /* connected by an earlier program: all there */
		Reloc l = {.off = r[i].off, .kind = r[i].kind, .sym = target(x, in, &r[i]), .add = r[i].add};
		vec_push(x->p->ar, &s->rel, l);
		if (s->code)
			vec_push(x->p->ar, &s->code->rel, l);
	}
}

bool asm_install(Program *p, AsmInput *in, u32 n)
{
	Install x = {.p = p, .in = in, .n = n};
	for (u32 i = 0; i < n; i++) {
		for (u32 k = 0; k < in[i].unit->func.n; k++)
			define_text(&x, &in[i], in[i].unit->func.a[k]);
		for (u32 k = 0; k < in[i].unit->data.n; k++)
			if (in[i].unit->data.a[k]->globl)
				define_data(&x, &in[i], in[i].unit->data.a[k]);
	}
	for (u32 i = 0; i < n && !x.bad; i++) {
		AsmUnit *u = in[i].unit;
		for (u32 k = 0; k < u->func.n; k++)
			connect(&x, &in[i], text_sym(&x, &in[i], u->func.a[k]), u->func.a[k]->rel.a, u->func.a[k]->rel.n);
		for (u32 k = 0; k < u->data.n; k++)
			if (u->data.a[k]->globl)
				connect(&x, &in[i], u->data.a[k]->local ? local_sym(&x, &in[i], u->data.a[k]->name) : sym_get(p, u->data.a[k]->name),
					u->data.a[k]->rel.a, u->data.a[k]->rel.n);
	}
	return !x.bad;
}
