/* SSA as text: what ssa_print writes, ssa_read reads back.
 *
 *   func main.f sig(i64 ptr -> i64 / 0 0 16) nosplit {
 *   slot 0 size 24 align 8 pinned
 *   b1:
 *     v1 = Param.i64 #0
 *     v2 = Const.i64 #42
 *     v3 = Add.i64 v1 v2
 *     Store v9 v3 #8 !wb
 *     v4 = Call @runtime.newobject sig(ptr -> ptr / 0 0 8) v5
 *     v7 = Result.ptr #0 v4
 *     if v3 b2 b3 likely
 *   b2:
 *     ret v3
 *   }
 *
 * #n is aux, %n is aux2, @name a symbol (quoted when it holds blanks), !x a flag. Values used before their line (phis) need no
 * declaration. In a signature a component on the stack is written ty:offset:param:poff; the three numbers are
 * argsize, retoff and spillsize. Types of slots and allocations are not written; what is read back has none. */
#include <stdlib.h>

#include "ssa.h"

static const char *const ty_name[TyMax] = {"void", "i8", "i16", "i32", "i64", "ptr", "f32", "f64"};
static const struct { u16 bit; const char *name; } flag_name[] = {
	{FlagBounded, "bounded"}, {FlagWB, "wb"}, {FlagMustHeap, "heap"}, {FlagNonNil, "nonnil"},
	{FlagNoreturn, "noreturn"}, {FlagTail, "tail"}, {FlagUnlikely, "unlikely"}, {FlagVolatile, "volatile"}, {FlagLength, "length"},
	{FlagBuf, "buf"},
};
#define FUNC_BITS(X) X(wrapper) X(needctxt) X(nosplit) X(has_defer) X(has_recover) X(nosafepoint) X(is_closure) X(open_defers) X(noinline)

static bool has_aux2(SsaOp op) { return op == SsaZero || op == SsaMove; }
static bool has_sym(SsaOp op) { return op == SsaAddr; }
static bool is_call(SsaOp op) { return ssa_op_info[op].flags & SsaCallFlag; }

/* ---- printing ---- */

static void print_sym(Buf *b, const Sym *s)
{
	const char *n = s ? s->name : "?";
	if (!strpbrk(n, " \"(){}"))
		buf_printf(b, " @%s", n);
	else {
		buf_puts(b, " @\"");
		for (; *n; n++) {
			if (*n == '"' || *n == '\\')
				buf_putc(b, '\\');
			buf_putc(b, *n);
		}
		buf_putc(b, '"');
	}
}

static void print_parts(Buf *b, const SigPart *p, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		buf_printf(b, "%s%s", i ? " " : "", ty_name[p[i].ty]);
		if (p[i].reg < 0)
			buf_printf(b, ":%u:%u:%u", p[i].off, p[i].param, p[i].poff);
	}
}

static void print_sig(Buf *b, const Sig *s)
{
	buf_puts(b, " sig(");
	print_parts(b, s->in, s->nin);
	buf_puts(b, s->nin ? " -> " : "-> ");
	print_parts(b, s->out, s->nout);
	buf_printf(b, " / %u %u %u)", s->argsize, s->retoff, s->spillsize);
}

static void print_value(Buf *b, const Func *f, ValueId id)
{
	const Value *v = &f->v.a[id];
	buf_puts(b, "  ");
	if (v->ty != TyVoid || is_call(v->op))
		buf_printf(b, "v%u = ", id);
	buf_puts(b, ssa_op_info[v->op].name);
	if (v->ty != TyVoid)
		buf_printf(b, ".%s", ty_name[v->ty]);
	if (has_sym(v->op))
		print_sym(b, v->sym);
	if (v->callee)
		print_sym(b, v->callee);
	if (is_call(v->op) && v->sig)
		print_sig(b, v->sig);
	if (v->aux)
		buf_printf(b, " #%lld", (long long)v->aux);
	if (has_aux2(v->op))
		buf_printf(b, " %%%lld", (long long)v->aux2);
	const ValueId *a = value_args((Func *)f, id);
	for (u32 i = 0; i < v->nargs; i++)
		buf_printf(b, " v%u", a[i]);
	for (u32 i = 0; i < nelem(flag_name); i++)
		if (v->flags & flag_name[i].bit)
			buf_printf(b, " !%s", flag_name[i].name);
	buf_putc(b, '\n');
}

static void print_term(Buf *b, const Block *k)
{
	static const char *const name[] = {"none", "jump", "if", "switch", "ret", "exit", "tailcall"};
	buf_printf(b, "  %s", name[k->term]);
	if (k->term == TermIf || k->term == TermSwitch)
		buf_printf(b, " v%u", k->ctl);
	for (u32 i = 0; i < k->succ.n; i++)
		buf_printf(b, " b%u", k->succ.a[i]);
	for (u32 i = 0; k->term == TermRet && i < k->ret.n; i++)
		buf_printf(b, " v%u", k->ret.a[i]);
	if (k->likely)
		buf_puts(b, k->likely > 0 ? " likely" : " unlikely");
	buf_putc(b, '\n');
}

void ssa_print(Buf *b, const Func *f)
{
	buf_puts(b, "func");
	print_sym(b, f->sym);
	if (f->sig)
		print_sig(b, f->sig);
#define X(bit) if (f->bit) buf_puts(b, " " #bit);
	FUNC_BITS(X)
#undef X
	if (f->open_defers)
		buf_printf(b, " deferslots %u %u", f->defer_bits_slot, f->defer_slots);
	if (f->deferreturn)
		buf_printf(b, " deferreturn b%u", f->deferreturn);
	buf_puts(b, " {\n");
	for (u32 i = 0; i < f->slot.n; i++) {
		const Slot *s = &f->slot.a[i];
		buf_printf(b, "slot %u size %u align %u%s%s\n", i, s->size, s->align, s->pinned ? " pinned" : "", s->zeroed ? " zeroed" : "");
	}
	for (u32 i = 1; i < f->b.n; i++) {
		const Block *k = &f->b.a[i];
		if (i > 1 && !k->pred.n && !k->v.n && k->term == TermNone)
			continue;
		buf_printf(b, "b%u:%s", i, k->cold ? " cold" : "");
		for (u32 j = 0; j < k->pred.n; j++)
			buf_printf(b, "%sb%u", j ? " " : " <- ", k->pred.a[j]);
		buf_putc(b, '\n');
		for (u32 j = 0; j < k->v.n; j++)
			print_value(b, f, k->v.a[j]);
		print_term(b, k);
	}
	buf_puts(b, "}\n");
}

/* ---- reading ---- */

typedef struct Reader {
	const char *p, *start;
	Func *f;
	Program *prog;
	Diag *diag;
	bool bad;
	Map vals;          /* number in the text + 1 -> ValueId */
} Reader;

static void fail(Reader *r, const char *what)
{
	if (r->bad)
		return;
	r->bad = true;
	u32 line = 1;
	for (const char *s = r->start; s < r->p; s++)
		line += *s == '\n';
	diag_add(r->diag, 0, "ssa text, line %u: %s", line, what);
}

static void blanks(Reader *r)
{
	while (*r->p == ' ' || *r->p == '\t' || *r->p == '\r')
		r->p++;
}

static bool accept(Reader *r, const char *s)
{
	blanks(r);
	size_t n = strlen(s);
	if (strncmp(r->p, s, n) != 0)
		return false;
	r->p += n;
	return true;
}

/* A whole word: letters, digits, dots, underscores. */
static size_t word_len(Reader *r)
{
	blanks(r);
	return strspn(r->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

static bool accept_word(Reader *r, const char *s)
{
	size_t n = word_len(r);
	if (n != strlen(s) || strncmp(r->p, s, n) != 0)
		return false;
	r->p += n;
	return true;
}

static i64 number(Reader *r)
{
	blanks(r);
	char *end;
	i64 v = *r->p == '-' ? strtoll(r->p, &end, 0) : (i64)strtoull(r->p, &end, 0);
	if (end == r->p)
		fail(r, "number expected");
	r->p = end;
	return v;
}

static void end_line(Reader *r)
{
	blanks(r);
	while (*r->p && *r->p != '\n' && !r->bad)
		fail(r, "unexpected text at the end of the line");
	while (*r->p == '\n' || *r->p == ' ' || *r->p == '\t') {
		r->p++;
		blanks(r);
	}
}

static Ty type(Reader *r)
{
	for (u32 i = 0; i < TyMax; i++)
		if (accept_word(r, ty_name[i]))
			return i;
	fail(r, "type expected");
	return TyVoid;
}

static Sym *symbol(Reader *r)
{
	Arena *ar = r->f ? r->f->ar : r->prog->ar;
	if (*r->p != '"') {
		size_t n = strcspn(r->p, " \n");
		r->p += n;
		return sym_get(r->prog, arena_strndup(ar, r->p - n, n));
	}
	Buf b = {.ar = ar};
	for (r->p++; *r->p && *r->p != '"'; r->p++) {
		if (*r->p == '\\' && r->p[1])
			r->p++;
		buf_putc(&b, *r->p);
	}
	if (*r->p)
		r->p++;
	return sym_get(r->prog, buf_str(&b));
}

static void parts(Reader *r, SigPart **out, u32 *nout)
{
	VEC(SigPart) v = {0};
	u32 reg[2] = {0};
	while (!r->bad && (blanks(r), *r->p >= 'a' && *r->p <= 'z')) {
		SigPart p = {.ty = type(r), .reg = -1, .param = v.n};
		if (*r->p == ':') {
			r->p++, p.off = (u32)number(r);
			if (*r->p == ':')
				r->p++, p.param = (u32)number(r);
			if (*r->p == ':')
				r->p++, p.poff = (u32)number(r);
		} else
			p.reg = (i8)reg[ty_is_float(p.ty)]++;
		vec_push(r->prog->ar, &v, p);
	}
	*out = v.a;
	*nout = v.n;
}

/* After "sig(". Spill slots of register components follow each other in the order written. */
static Sig *signature(Reader *r)
{
	Sig *s = arena_new(r->prog->ar, Sig);
	parts(r, &s->in, &s->nin);
	if (!accept(r, "->"))
		fail(r, "-> expected");
	parts(r, &s->out, &s->nout);
	u32 spill = 0;
	for (u32 i = 0; i < s->nin; i++)
		if (s->in[i].reg >= 0)
			s->in[i].off = spill, spill += 8;
	s->spillsize = spill;
	if (accept(r, "/")) {
		s->argsize = (u32)number(r);
		s->retoff = (u32)number(r);
		s->spillsize = (u32)number(r);
	}
	for (u32 i = 0; i < s->nin; i++)
		if (s->in[i].reg >= 0)
			s->in[i].off += s->argsize;
	if (!accept(r, ")"))
		fail(r, ") expected");
	return s;
}

/* The value written v<n>; made on first mention. */
static ValueId value_id(Reader *r, u64 n)
{
	u64 *slot = map_slot(r->f->ar, &r->vals, n + 1);
	if (!*slot) {
		*slot = r->f->v.n;
		vec_push(r->f->ar, &r->f->v, (Value){0});
	}
	return (ValueId)*slot;
}

static BlockId block_id(Reader *r)
{
	i64 n = number(r);
	if (n <= 0 || n > 1 << 20) {
		fail(r, "bad block number");
		return 1;
	}
	while ((i64)r->f->b.n <= n)
		func_block(r->f);
	return (BlockId)n;
}

static bool value_ref(Reader *r, ValueId *v)
{
	blanks(r);
	if (r->p[0] != 'v' || r->p[1] < '0' || r->p[1] > '9')
		return false;
	r->p++;
	*v = value_id(r, (u64)number(r));
	return true;
}

static void read_operands(Reader *r, ValueId id)
{
	Func *f = r->f;
	VEC(ValueId) args = {0};
	ValueId a;
	for (blanks(r); *r->p && *r->p != '\n' && !r->bad; blanks(r)) {
		Value *v = &f->v.a[id];
		if (value_ref(r, &a))
			vec_push(f->ar, &args, a);
		else if (accept(r, "#"))
			v->aux = number(r);
		else if (accept(r, "%"))
			v->aux2 = number(r);
		else if (accept(r, "@")) {
			if (has_sym(v->op))
				v->sym = symbol(r);
			else
				v->callee = symbol(r);
		} else if (accept(r, "sig("))
			v->sig = signature(r);
		else if (accept(r, "!")) {
			bool found = false;
			for (u32 i = 0; i < nelem(flag_name) && !found; i++)
				if ((found = accept_word(r, flag_name[i].name)))
					v->flags |= flag_name[i].bit;
			if (!found)
				fail(r, "unknown flag");
		} else
			fail(r, "operand expected");
	}
	value_set_args(f, id, args.a, args.n);
}

static bool read_value(Reader *r, BlockId b)
{
	ValueId id = 0;
	bool named = value_ref(r, &id);
	if (named && !accept(r, "="))
		fail(r, "= expected");
	size_t n = word_len(r);
	SsaOp op = SsaMax;
	for (u32 i = 1; i < SsaMax; i++)
		if (strlen(ssa_op_info[i].name) == n && !strncmp(ssa_op_info[i].name, r->p, n))
			op = i;
	if (op == SsaMax) {
		fail(r, "unknown operation");
		return false;
	}
	r->p += n;
	if (!named) {
		id = r->f->v.n;
		vec_push(r->f->ar, &r->f->v, (Value){0});
	}
	if (r->f->v.a[id].op)
		fail(r, "value defined twice");
	r->f->v.a[id].op = (u8)op;
	r->f->v.a[id].block = b;
	if (*r->p == '.') {
		r->p++;
		r->f->v.a[id].ty = type(r);
	}
	vec_push(r->f->ar, &r->f->b.a[b].v, id);
	read_operands(r, id);
	return !r->bad;
}

/* Successors are collected now, predecessors follow the "<-" list when there is one, else the order of edges. */
static bool read_term(Reader *r, BlockId id)
{
	static const char *const name[] = {"jump", "if", "switch", "ret", "exit", "tailcall"};
	u32 k = 0;
	while (k < nelem(name) && !accept_word(r, name[k]))
		k++;
	if (k == nelem(name))
		return false;
	Func *f = r->f;
	ValueId v;
	f->b.a[id].term = (u8)(TermJump + k);
	while (!r->bad && value_ref(r, &v)) {
		if (f->b.a[id].term == TermRet)
			vec_push(f->ar, &f->b.a[id].ret, v);
		else
			f->b.a[id].ctl = v;
	}
	while (!r->bad && (blanks(r), r->p[0] == 'b')) {
		r->p++;
		BlockId to = block_id(r);
		vec_push(f->ar, &f->b.a[id].succ, to);
	}
	if (accept_word(r, "likely"))
		f->b.a[id].likely = 1;
	else if (accept_word(r, "unlikely"))
		f->b.a[id].likely = -1;
	return true;
}

static void read_block(Reader *r)
{
	Func *f = r->f;
	if (!accept(r, "b")) {
		fail(r, "block expected");
		return;
	}
	BlockId id = block_id(r);
	if (!accept(r, ":"))
		fail(r, ": expected");
	f->b.a[id].cold = accept_word(r, "cold");
	if (accept(r, "<-"))
		while (accept(r, "b")) {
			BlockId p = block_id(r);
			vec_push(f->ar, &f->b.a[id].pred, p);
		}
	for (end_line(r); !r->bad && !read_term(r, id); end_line(r))
		if (!read_value(r, id))
			return;
	end_line(r);
}

static void read_slots(Reader *r)
{
	while (!r->bad && accept_word(r, "slot")) {
		Slot s = {.align = 8};
		number(r);
		if (accept_word(r, "size"))
			s.size = (u32)number(r);
		if (accept_word(r, "align"))
			s.align = (u32)number(r);
		s.pinned = accept_word(r, "pinned");
		s.zeroed = accept_word(r, "zeroed");
		vec_push(r->f->ar, &r->f->slot, s);
		end_line(r);
	}
}

static void read_head(Reader *r)
{
	Func *f = r->f;
	if (accept(r, "sig("))
		f->sig = signature(r);
	while (!r->bad && !accept(r, "{")) {
		if (accept_word(r, "deferslots"))
			f->defer_bits_slot = (u32)number(r), f->defer_slots = (u32)number(r);
		else if (accept_word(r, "deferreturn") && accept(r, "b"))
			f->deferreturn = block_id(r);
#define X(bit) else if (accept_word(r, #bit)) f->bit = true;
		FUNC_BITS(X)
#undef X
		else
			fail(r, "unknown property of the function");
	}
	end_line(r);
}

Func *ssa_read(Program *p, const char *text, Diag *d)
{
	Reader r = {.p = text, .start = text, .prog = p, .diag = d};
	while (*r.p == '\n' || *r.p == ' ' || *r.p == '\t')
		r.p++;
	if (!accept_word(&r, "func") || !accept(&r, "@")) {
		fail(&r, "func expected");
		return NULL;
	}
	Func *f = r.f = func_new(p, symbol(&r), p->ar);
	read_head(&r);
	read_slots(&r);
	while (!r.bad && !accept(&r, "}"))
		read_block(&r);
	if (r.bad)
		return NULL;
	for (u32 i = 1; i < f->b.n; i++)
		for (u32 j = 0; j < f->b.a[i].succ.n; j++) {
			Block *s = &f->b.a[f->b.a[i].succ.a[j]];
			u32 have = 0, want = 0;
			for (u32 k = 0; k < s->pred.n; k++)
				have += s->pred.a[k] == i;
			for (u32 k = 0; k <= j; k++)
				want += f->b.a[i].succ.a[k] == f->b.a[i].succ.a[j];
			if (have < want)
				vec_push(f->ar, &s->pred, i);
		}
	return f;
}
