/* Random Go programs that are correct, end, and print the same whoever compiles them.
 *
 *     gen SEED > main.go
 *
 * What keeps them deterministic: expressions have no side effects that another operand could see (functions change only what
 * they own, printing calls excepted, whose order the language fixes); shifts, divisions, indices and conversions from floats stay in
 * range except inside blocks that recover; map iteration is summed or sorted; goroutines talk over channels that are
 * drained in order. Fuel ends every loop. Literals pass through the generic id, so that no constant expression overflows. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static unsigned pick(unsigned n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)((state >> 33) % n);
}

static bool chance(unsigned percent) { return pick(100) < percent; }

/* ---- output ---- */

static int depth;

static void out(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

static void line(const char *fmt, ...)
{
	va_list ap;
	for (int i = 0; i < depth; i++)
		putchar('\t');
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* ---- types ---- */

typedef enum Kind { Int, Float, String, Bool, Struct, Array, Slice, MapOf, Ptr, Fn, Iface } Kind;
typedef struct Ty { char name[48]; Kind kind; int bits; bool is_signed; int elem, key, len; int field[6], nfield; bool comparable; } Ty;
enum { MaxTy = 64, Hidden = MaxTy - 1 };
static Ty ty[MaxTy];
static int nty, nbasic, nstruct;

static int add_type(Ty t)
{
	ty[nty] = t;
	return nty++;
}

static void basic_types(void)
{
	static const struct { const char *name; int bits; bool sg; } ints[] = {
		{"int", 64, true}, {"int8", 8, true}, {"int16", 16, true}, {"int32", 32, true}, {"int64", 64, true}, {"uint", 64, false}, {"uint8", 8, false},
		{"uint16", 16, false}, {"uint32", 32, false}, {"uint64", 64, false}, {"N", 64, true}, {"B", 8, false},
	};
	for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
		Ty t = {.kind = Int, .bits = ints[i].bits, .is_signed = ints[i].sg, .comparable = true};
		strcpy(t.name, ints[i].name);
		add_type(t);
	}
	add_type((Ty){.name = "float64", .kind = Float, .bits = 64, .comparable = true});
	add_type((Ty){.name = "float32", .kind = Float, .bits = 32, .comparable = true});
	add_type((Ty){.name = "string", .kind = String, .comparable = true});
	add_type((Ty){.name = "bool", .kind = Bool, .comparable = true});
	nbasic = nty;
}

enum { TInt = 0, TString = 14, TBool = 15 };

static void composite_types(void)
{
	for (int i = 0; i < 4; i++) {
		Ty t = {.kind = Struct, .comparable = true};
		sprintf(t.name, "S%d", i);
		t.nfield = 1 + (int)pick(5);
		for (int k = 0; k < t.nfield; k++)
			t.field[k] = (int)pick((unsigned)(chance(70) ? nbasic : nty));
		for (int k = 0; k < t.nfield; k++)
			t.comparable &= ty[t.field[k]].comparable;
		add_type(t);
		Ty a = {.kind = Array, .elem = (int)pick((unsigned)nty), .len = 1 + (int)pick(5)};
		a.comparable = ty[a.elem].comparable;
		sprintf(a.name, "A%d", i);
		add_type(a);
	}
	nstruct = nty;
	int n = nty;
	for (int i = 0; i < 4; i++) {
		Ty s = {.kind = Slice, .elem = i ? (int)pick((unsigned)n) : TInt};
		snprintf(s.name, sizeof s.name, "[]%s", ty[s.elem].name);
		add_type(s);
	}
	for (int i = 0; i < 2; i++) {
		Ty m = {.kind = MapOf, .key = i ? TString : (int)pick(12), .elem = (int)pick((unsigned)n)};
		snprintf(m.name, sizeof m.name, "map[%s]%s", ty[m.key].name, ty[m.elem].name);
		add_type(m);
	}
	for (int i = 0; i < n; i++)
		if (ty[i].kind == Struct && chance(60)) {
			Ty p = {.kind = Ptr, .elem = i, .comparable = true};
			snprintf(p.name, sizeof p.name, "*%.40s", ty[i].name);
			add_type(p);
		}
	for (int i = 0; i < 2; i++) {
		Ty f = {.kind = Fn, .key = (int)pick((unsigned)nbasic), .elem = (int)pick((unsigned)nbasic)};
		sprintf(f.name, "func(%s) %s", ty[f.key].name, ty[f.elem].name);
		add_type(f);
	}
	add_type((Ty){.name = "I", .kind = Iface, .comparable = false});
}

/* ---- names in scope ---- */

typedef struct Var { char name[16]; int t; bool fixed; } Var;     /* fixed: may not be assigned */
static Var var[512];
static int nvar, last_var, budget;

typedef struct Func { char name[16]; int param[4], nparam, result[3], nresult; } Func;
static Func fn[32];
static int nfn;

static Var *some_var(int t, bool assigned)
{
	int found[512], n = 0;
	for (int i = 0; i < nvar; i++)
		if (var[i].t == t && !(assigned && var[i].fixed))
			found[n++] = i;
	return n ? &var[found[pick((unsigned)n)]] : NULL;
}

static Var *some_kind(Kind k)
{
	int found[512], n = 0;
	for (int i = 0; i < nvar; i++)
		if (ty[var[i].t].kind == k)
			found[n++] = i;
	return n ? &var[found[pick((unsigned)n)]] : NULL;
}

static Var *declare(int t, bool fixed)
{
	Var *v = &var[nvar++];
	sprintf(v->name, "v%d", last_var++);
	v->t = t;
	v->fixed = fixed;
	return v;
}

/* ---- expressions ---- */

static void expr(int t, int d);

static void int_literal(const Ty *t)
{
	static const int64_t edges[] = {0, 1, 2, 3, 7, 8, 10, 31, 63, 64, 100, 127};
	int64_t v = chance(70) ? edges[pick(12)] : (int64_t)(((uint64_t)pick(1u << 31) << 33 | pick(1u << 31)) & ((1ull << (t->bits - 1)) - 1));
	out("id(%s(%s%lld))", t->name, t->is_signed && chance(30) ? "-" : "", (long long)v);
}

static void string_literal(void)
{
	static const char *const some[] = {"", "a", "xyz", "hello, world", "\\u00e9\\u4e16", "\\x00\\xff", "0123456789abcdef0123456789abcdef"};
	out("id(\"%s\")", some[pick(7)]);
}

static void literal(int t, int d)
{
	const Ty *u = &ty[t];
	switch (u->kind) {
	case Int: int_literal(u); break;
	case Float: out("id(%s(%d.%d))", u->name, (int)pick(200) - 100, (int)pick(100)); break;
	case String: string_literal(); break;
	case Bool: out("id(%s)", chance(50) ? "true" : "false"); break;
	case Struct:
		out("%s{", u->name);
		for (int i = 0; i < u->nfield; i++)
			if (chance(80))
				out("f%d: ", i), expr(u->field[i], d - 1), out(", ");
		out("}");
		break;
	case Array:
		out("%s{", u->name);
		for (int i = 0; i < u->len; i++)
			if (chance(80))
				out("%d: ", i), expr(u->elem, d - 1), out(", ");
		out("}");
		break;
	case Slice:
		out("%s{", u->name);
		for (int i = (int)pick(4); i > 0; i--)
			expr(u->elem, d - 1), out(", ");
		out("}");
		break;
	case MapOf:
		out("%s{", u->name);
		if (chance(70))
			expr(u->key, 0), out(": "), expr(u->elem, d - 1);
		out("}");
		break;
	case Ptr: out("&"); literal(u->elem, d); break;
	case Fn: {
		int n = nvar;
		Var *v = declare(u->key, true);
		out("func(%s %s) %s { return ", v->name, ty[u->key].name, ty[u->elem].name);
		expr(u->elem, d - 1);
		out(" }");
		nvar = n;
		break;
	}
	case Iface:
		if (chance(40))
			out("I(N("), expr(TInt, d - 1), out("))");
		else
			out("I(S0{}"), out(")");
		break;
	}
}

static void call(const Func *f, int d)
{
	out("%s(", f->name);
	for (int i = 0; i < f->nparam; i++) {
		if (i)
			out(", ");
		expr(f->param[i], d - 1);
	}
	out(")");
}

/* Set where calls would print at a time that is not fixed: in goroutines. */
static bool quiet;

static const Func *func_with_result(int t)
{
	if (quiet)
		return NULL;
	int found[32], n = 0;
	for (int i = 0; i < nfn; i++)
		if (fn[i].nresult == 1 && fn[i].result[0] == t)
			found[n++] = i;
	return n ? &fn[found[pick((unsigned)n)]] : NULL;
}

static void index_of(const char *name, int t)
{
	if (ty[t].kind == Array)
		out("%s[uint(", name), expr(TInt, 0), out(")%%%d]", ty[t].len);
	else
		out("at(%s, ", name), expr(TInt, 0), out(")");
}

/* x of some variable that holds a t inside; false if there is none. */
static bool part_of(int t)
{
	for (int tries = 0; tries < 6 && nvar; tries++) {
		const Var *v = &var[pick((unsigned)nvar)];
		const Ty *u = &ty[v->t];
		if (u->kind == Struct)
			for (int i = 0; i < u->nfield; i++)
				if (u->field[i] == t)
					return out("%s.f%d", v->name, i), true;
		if (u->kind == Ptr && ty[u->elem].kind == Struct)
			for (int i = 0; i < ty[u->elem].nfield; i++)
				if (ty[u->elem].field[i] == t)
					return out("%s.f%d", v->name, i), true;
		if ((u->kind == Array || u->kind == Slice) && u->elem == t)
			return index_of(v->name, v->t), true;
		if (u->kind == MapOf && u->elem == t)
			return out("%s[", v->name), expr(u->key, 0), out("]"), true;
		if (u->kind == Fn && u->elem == t && !quiet)
			return out("%s(", v->name), expr(u->key, 0), out(")"), true;
	}
	return false;
}

static void int_expr(int t, int d)
{
	const Ty *u = &ty[t];
	static const char *const ops[] = {"+", "-", "*", "&", "|", "^", "&^"};
	switch (pick(10)) {
	case 0: case 1: case 2: out("("); expr(t, d - 1); out(" %s ", ops[pick(7)]); expr(t, d - 1); out(")"); break;
	case 3: out("("); expr(t, d - 1); out(" %s (", chance(50) ? "/" : "%"); expr(t, d - 1); out(" | 1))"); break;
	case 4: out("("); expr(t, d - 1); out(" %s (", chance(50) ? "<<" : ">>"); expr(5, d - 1); out(" & %d))", chance(80) ? 63 : 127); break;
	case 5: out("(%s", chance(50) ? "-" : "^"); expr(t, d - 1); out(")"); break;
	case 6: out("%s(", u->name); expr((int)pick(12), d - 1); out(")"); break;
	case 7: out("%s(clamp(float64(", u->name); expr(12 + (int)pick(2), d - 1); out(")))"); break;
	case 8: out("%s(", chance(50) ? "min" : "max"); expr(t, d - 1); out(", "); expr(t, d - 1); out(")"); break;
	default: {
		const Var *v = some_kind(Slice);
		out("%s(len(", u->name);
		if (v && chance(50))
			out("%s", v->name);
		else
			expr(TString, d - 1);
		out("))");
	}
	}
}

static void bool_expr(int d)
{
	static const char *const cmp[] = {"==", "!=", "<", "<=", ">", ">="};
	int t;
	switch (pick(5)) {
	case 0: out("("); expr(TBool, d - 1); out(chance(50) ? " && " : " || "); expr(TBool, d - 1); out(")"); break;
	case 1: out("!"); expr(TBool, d - 1); break;
	case 2:
		t = (int)pick((unsigned)nstruct);
		if (ty[t].comparable && ty[t].kind >= Bool) {
			out("(id("); expr(t, d - 1); out(") %s id(", cmp[pick(2)]); expr(t, d - 1); out("))");
			break;
		}
		/* fall through */
	default:
		t = (int)pick(15);
		out("("); expr(t, d - 1); out(" %s ", cmp[pick(6)]); expr(t, d - 1); out(")");
	}
}

static void string_expr(int d)
{
	switch (pick(5)) {
	case 0: case 1: out("("); expr(TString, d - 1); out(" + "); expr(TString, d - 1); out(")"); break;
	case 2: out("cut("); expr(TString, d - 1); out(", "); expr(TInt, d - 1); out(", "); expr(TInt, d - 1); out(")"); break;
	case 3: out("strconv.Itoa("); expr(TInt, d - 1); out(")"); break;
	default: out("string(rune("); expr(TInt, d - 1); out(" & 0x3ff))");
	}
}

static void operation(int t, int d)
{
	const Ty *u = &ty[t];
	switch (u->kind) {
	case Int: int_expr(t, d); break;
	case Float: out("("); expr(t, d - 1); out(" %s ", (const char *[]){"+", "-", "*", "/"}[pick(4)]); expr(t, d - 1); out(")"); break;
	case String: string_expr(d); break;
	case Bool: bool_expr(d); break;
	case Slice: out("append(clone("); expr(t, d - 1); out("), "); expr(u->elem, d - 1); out(")"); break;
	case Iface: out("pick("); expr(TBool, d - 1); out(", "); expr(t, d - 1); out(", "); expr(t, d - 1); out(")"); break;
	default: literal(t, d);
	}
}

static void expr(int t, int d)
{
	const Var *v = some_var(t, false);
	const Func *f;
	budget--;
	if (d <= 0 || budget < 0) {
		if (v && chance(75))
			out("%s", v->name);
		else
			literal(t, 0);
		return;
	}
	switch (pick(10)) {
	case 0: if (v) { out("%s", v->name); return; } break;
	case 1: case 2: if (part_of(t)) return; break;
	case 3: if ((f = func_with_result(t))) { call(f, d); return; } break;
	case 4: out("pick("); expr(TBool, d - 1); out(", "); expr(t, d - 1); out(", "); expr(t, d - 1); out(")"); return;
	case 5:
		if (t == TString && (v = some_kind(Iface))) { out("%s.Name()", v->name); return; }
		if (t == TInt && (v = some_kind(Iface))) { out("%s.Add(", v->name); expr(TInt, d - 1); out(")"); return; }
		break;
	case 6: out("func() %s { return ", ty[t].name); expr(t, d - 1); out(" }()"); return;
	}
	operation(t, d);
}

/* ---- statements ---- */

static void statements(int n, int d);
static int in_loop;

static void trace(const char *name, int t)
{
	switch (ty[t].kind) {
	case Fn: break;
	case Ptr: line("if %s != nil { fmt.Println(\"%s\", *%s) }", name, name, name); break;
	case Iface: line("fmt.Println(\"%s\", %s.Name(), %s)", name, name, name); break;
	case MapOf: line("fmt.Println(\"%s\", len(%s), %s)", name, name, name); break;
	default: line("fmt.Println(\"%s\", %s)", name, name);
	}
}

static void define(int d)
{
	int t = (int)pick((unsigned)nty);
	for (int i = 0; i < depth; i++)
		out("\t");
	int at = nvar, num = last_var++;
	out("v%d := ", num);
	if (ty[t].kind == Int || ty[t].kind == Float)
		out("%s(", ty[t].name), expr(t, d), out(")");
	else
		expr(t, d);
	nvar = at;
	Var *v = declare(t, false);
	sprintf(v->name, "v%d", num);
	out("\n");
	line("_ = v%d", num);
	if (chance(30))
		trace(v->name, t);
}

static void indent(void)
{
	for (int i = 0; i < depth; i++)
		out("\t");
}

static void assign(int d)
{
	if (!nvar)
		return;
	Var *v = &var[pick((unsigned)nvar)];
	const Ty *u = &ty[v->t];
	if (v->fixed || u->kind == Fn)          /* a function could come to call itself */
		return;
	indent();
	if (u->kind == Int && chance(50)) {
		static const char *const ops[] = {"+=", "-=", "*=", "|=", "^=", "&="};
		out("%s %s ", v->name, ops[pick(6)]);
		expr(v->t, d);
	} else if (u->kind == Struct && chance(70)) {
		int i = (int)pick((unsigned)u->nfield);
		out("%s.f%d = ", v->name, i);
		expr(u->field[i], d);
	} else if (u->kind == Array && chance(70)) {
		out("%s[uint(", v->name), expr(TInt, 1), out(")%%%d] = ", u->len), expr(u->elem, d);
	} else if (u->kind == MapOf && chance(70)) {
		out("%s[", v->name), expr(u->key, 1), out("] = "), expr(u->elem, d);
	} else if (u->kind == Slice && chance(50)) {
		out("%s = append(%s, ", v->name, v->name), expr(u->elem, d), out(")");
	} else if (u->kind == String && chance(50)) {
		out("%s += ", v->name), expr(TString, d);
	} else {
		out("%s = ", v->name), expr(v->t, d);
	}
	out("\n");
	if (u->kind == String)
		line("%s = cut(%s, 0, 50)", v->name, v->name);
	if (chance(20))
		trace(v->name, v->t);
}

static void block(int n, int d)
{
	int at = nvar;
	depth++;
	statements(n, d);
	depth--;
	nvar = at;
}

static void condition(const char *head, int d, const char *tail)
{
	indent();
	out("%s ", head);
	expr(TBool, d);
	out("%s\n", tail);
}

static void loop(int d)
{
	int at = nvar, label = last_var++;
	const Var *s = some_kind(Slice), *a = some_kind(Array);
	switch (pick(7)) {
	case 0: {
		line("for v%d := range %d {", last_var, 1 + (int)pick(6));
		declare(TInt, true);
		break;
	}
	case 1:
		if (s) {
			const Ty *u = &ty[s->t];
			line("for v%d, v%d := range clone(%s) {", last_var, last_var + 1, s->name);
			declare(TInt, true);
			declare(u->elem, false);
			break;
		}
		/* fall through */
	case 2:
		if (a) {
			const Ty *u = &ty[a->t];
			line("for v%d, v%d := range %s {", last_var, last_var + 1, a->name);
			declare(TInt, true);
			declare(u->elem, false);
			break;
		}
		/* fall through */
	case 3: {
		int num = last_var, after;
		last_var += 2;          /* the string may hold function literals with parameters */
		indent();
		out("for v%d, v%d := range ", num, num + 1);
		expr(TString, d - 1);
		out(" {\n");
		after = last_var;
		last_var = num;
		declare(TInt, true);
		declare(3, false);      /* rune */
		last_var = after;
		break;
	}
	case 4:
		line("for v%d := range count(%d) {", last_var, (int)pick(6));
		declare(TInt, true);
		break;
	default:
		line("L%d:", label);
		line("for v%d := 0; v%d < %d; v%d++ {", last_var, last_var, 1 + (int)pick(8), last_var);
		declare(TInt, true);
		depth++;
		line("if fuel--; fuel < 0 { break L%d }", label);
		if (chance(30))
			condition("if", 2, " { continue }");
		depth--;
	}
	for (int i = at; i < nvar; i++)
		line("\t_ = %s", var[i].name);
	line("\tif fuel--; fuel < 0 { break }");
	in_loop++;
	block(1 + (int)pick(3), d - 1);
	in_loop--;
	line("}");
	nvar = at;
}

static void switch_stmt(int d)
{
	int t = chance(70) ? (int)pick(12) : TString;
	indent();
	out("switch ");
	expr(t, d);
	out(" {\n");
	for (int i = (int)pick(4); i >= 0; i--) {
		indent();
		out("case ");
		expr(t, 1);
		out(":\n");
		block(1, d - 1);
		if (i && chance(20))
			line("\tfallthrough");
	}
	if (chance(60)) {
		line("default:");
		block(1, d - 1);
	}
	line("}");
}

static void type_switch(int d)
{
	indent();
	out("switch x := any(");
	expr((int)pick((unsigned)nstruct), d);
	out(").(type) {\n");
	for (int i = 0; i < nstruct; i++)
		if (chance(30))
			line("case %s: fmt.Println(\"%s\", x)", ty[i].name, ty[i].name);
	line("default: fmt.Printf(\"%%T\\n\", x)");
	line("}");
}

/* What panics is recovered and told. */
static void panicking(int d)
{
	const Var *s = some_kind(Slice), *m = some_kind(Iface);
	line("func() {");
	depth++;
	line("defer rec(%d)", last_var);
	indent();
	switch (pick(6)) {
	case 0: if (s) { out("fmt.Println(%s[", s->name); expr(TInt, d); out("])\n"); break; } /* fall through */
	case 1: out("fmt.Println("); expr(TInt, d); out(" / "); expr(TInt, d); out(")\n"); break;
	case 2: if (m) { out("fmt.Println(%s.(N))\n", m->name); break; } /* fall through */
	case 3: out("var p *S0; if "); expr(TBool, d); out(" { p = new(S0) }; fmt.Println(*p)\n"); break;
	case 4: out("panic("); expr((int)pick((unsigned)nbasic), d); out(")\n"); break;
	default: out("var m map[string]int; m["); expr(TString, d); out("] = 1\n");
	}
	depth--;
	line("}()");
}

static void goroutines(int d)
{
	int t = (int)pick((unsigned)nbasic), ch = last_var++, x = last_var++, save = in_loop;
	in_loop = 0;
	quiet = true;
	switch (pick(3)) {
	case 0:
		line("c%d := make(chan %s, %d)", ch, ty[t].name, (int)pick(3));
		line("go func() {");
		line("\tdefer close(c%d)", ch);
		line("\tfor i := 0; i < %d; i++ {", 1 + (int)pick(20));
		indent();
		out("\t\tc%d <- ", ch), expr(t, d), out("\n");
		line("\t}");
		line("}()");
		line("for x%d := range c%d { fmt.Println(x%d) }", x, ch, x);
		break;
	case 1:
		line("var w%d sync.WaitGroup", ch);
		line("r%d := make([]%s, 5)", ch, ty[t].name);
		line("for i := range r%d {", ch);
		line("\tw%d.Add(1)", ch);
		line("\tgo func() {");
		line("\t\tdefer w%d.Done()", ch);
		indent();
		out("\t\tr%d[i] = ", ch), expr(t, d), out("\n");
		line("\t}()");
		line("}");
		line("w%d.Wait()", ch);
		line("fmt.Println(r%d)", ch);
		break;
	default:
		line("c%d, d%d := make(chan %s), make(chan bool)", ch, ch, ty[t].name);
		line("go func() {");
		line("\tfor i := 0; i < 3; i++ { select { case c%d <- func() %s {", ch, ty[t].name);
		indent();
		out("\t\treturn "), expr(t, d), out("\n");
		line("\t}(): } }");
		line("\tclose(d%d)", ch);
		line("}()");
		line("for done := false; !done; { select { case x := <-c%d: fmt.Println(x); case <-d%d: done = true } }", ch, ch);
	}
	quiet = false;
	in_loop = save;
}

static void closure(int d)
{
	int f = last_var++, t = (int)pick((unsigned)nbasic), save = in_loop;
	in_loop = 0;
	line("g%d := func(p %s) {", f, ty[t].name);
	line("\tif fuel--; fuel < 0 { return }");
	if (chance(40))
		line("\tdefer func() { fmt.Println(\"deferred\", p) }()");
	block(2, d - 1);
	line("}");
	in_loop = save;
	for (int i = 1 + (int)pick(2); i > 0; i--) {
		indent();
		out("g%d(", f), expr(t, d), out(")\n");
	}
}

static void multi_call(int d)
{
	if (!nfn)
		return;
	const Func *f = &fn[pick((unsigned)nfn)];
	int first = last_var;
	last_var += f->nresult;
	indent();
	for (int i = 0; i < f->nresult; i++)
		out("%sv%d", i ? ", " : "", first + i);
	out(" := "), call(f, d), out("\n");
	for (int i = 0; i < f->nresult; i++) {
		Var *v = declare(f->result[i], false);
		last_var--;
		sprintf(v->name, "v%d", first + i);
		line("_ = %s", v->name);
		if (chance(50))
			trace(v->name, v->t);
	}
}

static void statement(int d)
{
	budget = 40;
	switch (pick(d > 0 ? 16 : 6)) {
	case 0: case 1: define(3); break;
	case 2: case 3: assign(3); break;
	case 4: multi_call(2); break;
	case 5: if (nvar) { const Var *v = &var[pick((unsigned)nvar)]; trace(v->name, v->t); } break;
	case 6: case 7:
		condition("if", 3, " {");
		block(2, d - 1);
		if (chance(50)) {
			line("} else {");
			block(2, d - 1);
		}
		line("}");
		break;
	case 8: case 9: case 10: loop(d); break;
	case 11: switch_stmt(d); break;
	case 12: type_switch(2); break;
	case 13: panicking(2); break;
	case 14: if (chance(30)) goroutines(2); else closure(d); break;
	default:
		if (in_loop && chance(50)) {
			condition("if", 2, chance(50) ? " { break }" : " { continue }");
		} else {
			int x = (int)pick((unsigned)nbasic), y = (int)pick((unsigned)nbasic);
			Var *v = some_var(x, true), *w = some_var(y, true);
			if (v && w && v != w) {
				indent();
				out("%s, %s = ", v->name, w->name), expr(x, 2), out(", "), expr(y, 2), out("\n");
			}
		}
	}
}

static void statements(int n, int d)
{
	for (int i = 0; i < n; i++)
		statement(d);
}

static void function(int index)
{
	Func *f = &fn[index];
	*f = (Func){.nparam = (int)pick(5), .nresult = 1 + (int)pick(3)};
	sprintf(f->name, "fn%d", index);
	for (int i = 0; i < f->nparam; i++)
		f->param[i] = (int)pick((unsigned)nty);
	for (int i = 0; i < f->nresult; i++)
		f->result[i] = (int)pick((unsigned)nty);
	nvar = 0;
	out("func %s(", f->name);
	for (int i = 0; i < f->nparam; i++) {
		Var *v = declare(f->param[i], ty[f->param[i]].kind == Slice || ty[f->param[i]].kind == MapOf || ty[f->param[i]].kind == Ptr);
		out("%s%s %s", i ? ", " : "", v->name, ty[f->param[i]].name);
	}
	out(") (");
	int first = nvar;
	for (int i = 0; i < f->nresult; i++) {
		Var *v = declare(f->result[i], true);
		out("%s%s %s", i ? ", " : "", v->name, ty[f->result[i]].name);
	}
	out(") {\n");
	depth = 1;
	for (int i = 0; i < f->nresult; i++) {        /* nil results would be dereferenced */
		indent();
		out("%s = ", var[first + i].name), literal(f->result[i], 0), out("\n");
		if (ty[f->result[i]].kind == Fn)        /* what is returned must not call itself */
			var[first + i].t = Hidden;
	}
	line("if fuel -= 5; fuel < 0 { return }");
	if (chance(30))
		line("defer rec(%d)", 1000 + index);
	statements(3 + (int)pick(6), 3);
	indent();
	out("return ");
	for (int i = 0; i < f->nresult; i++) {
		budget = 30;
		out("%s", i ? ", " : ""), expr(f->result[i], 3);
	}
	out("\n}\n\n");
	depth = 0;
	nfn = index + 1;
}

static const char prelude[] =
	"package main\n\nimport (\n\t\"fmt\"\n\t\"strconv\"\n\t\"sync\"\n)\n\n"
	"var fuel = 20000\nvar _ sync.Mutex\n\n"
	"type N int\ntype B uint8\n"
	"type I interface {\n\tName() string\n\tAdd(int) int\n}\n"
	"func (n N) Name() string { return \"N\" + strconv.Itoa(int(n)) }\n"
	"func (n N) Add(x int) int { return int(n) + x }\n"
	"func (s S0) Name() string { return fmt.Sprint(\"S0\", s) }\n"
	"func (s S0) Add(x int) int { return x * 3 }\n"
	"func id[T any](x T) T { return x }\n"
	"func pick[T any](c bool, a, b T) T {\n\tif c {\n\t\treturn a\n\t}\n\treturn b\n}\n"
	"func at[T any](s []T, i int) (x T) {\n\tif len(s) > 0 {\n\t\tx = s[uint(i)%uint(len(s))]\n\t}\n\treturn\n}\n"
	"func clone[T any](s []T) []T {\n\tif len(s) > 20 {\n\t\ts = s[:20]\n\t}\n\treturn append([]T(nil), s...)\n}\n"
	"func cut(s string, i, j int) string {\n\ti, j = int(uint(i)%uint(len(s)+1)), int(uint(j)%uint(len(s)+1))\n\tif i > j {\n\t\ti, j = j, i\n\t}\n\tif j > i+60 {\n\t\tj = i + 60\n\t}\n\treturn s[i:j]\n}\n"
	"func clamp(f float64) int {\n\tif f > 1e6 {\n\t\treturn 1000000\n\t}\n\tif f < -1e6 {\n\t\treturn -1000000\n\t}\n\tif f != f {\n\t\treturn 0\n\t}\n\treturn int(f)\n}\n"
	"func count(n int) func(func(int) bool) {\n\treturn func(yield func(int) bool) {\n\t\tfor i := 0; i < n; i++ {\n\t\t\tif !yield(i) {\n\t\t\t\treturn\n\t\t\t}\n\t\t}\n\t}\n}\n"
	"func rec(n int) {\n\tif r := recover(); r != nil {\n\t\tif e, ok := r.(error); ok {\n\t\t\tfmt.Println(\"recovered\", n, e.Error())\n\t\t} else {\n\t\t\tfmt.Println(\"recovered\", n, r)\n\t\t}\n\t}\n}\n\n";

int main(int argc, char **argv)
{
	state = argc > 1 ? strtoull(argv[1], NULL, 10) * 2654435761u + 12345 : 1;
	for (int i = 0; i < 10; i++)
		pick(2);
	fputs(prelude, stdout);
	ty[Hidden] = (Ty){.kind = Fn, .elem = -1, .key = -1};
	basic_types();
	composite_types();
	for (int i = nbasic; i < nty; i++) {
		if (ty[i].kind == Struct) {
			out("type %s struct {\n", ty[i].name);
			for (int k = 0; k < ty[i].nfield; k++)
				out("\tf%d %s\n", k, ty[ty[i].field[k]].name);
			out("}\n");
		} else if (ty[i].kind == Array) {
			out("type %s [%d]%s\n", ty[i].name, ty[i].len, ty[ty[i].elem].name);
		}
	}
	out("\n");
	int n = 3 + (int)pick(8);
	for (int i = 0; i < n; i++)
		function(i);
	nvar = 0;
	out("func main() {\n");
	depth = 1;
	for (int i = 0; i < n; i++) {
		line("fuel = 3000");
		multi_call(2);
		budget = 30;
	}
	statements(10, 3);
	line("fmt.Println(\"end\", fuel)");
	out("}\n");
	return 0;
}
