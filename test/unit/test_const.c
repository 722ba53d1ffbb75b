/* test_const: exact constants against a table made by tools/constgen.go with go/constant.
 *
 *   go run tools/constgen.go | test_const        prints the lines that differ; status 1 if there are any
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../src/types/check.h"

static Arena ar;

static const Const *literal(const char *s)
{
	u32 n = (u32)strlen(s);
	u8 op = LitInt;
	bool hex = !strncmp(s, "0x", 2);
	if (*s == '"')
		op = LitString;
	else if (*s == '\'')
		op = LitRune;
	else if (s[n - 1] == 'i')
		op = LitImag;
	else if (strpbrk(s, hex ? ".p" : ".e"))
		op = LitFloat;
	char *text = arena_alloc(&ar, n + 64, 1);
	memcpy(text, s, n);
	SrcFile *src = src_add("const", NULL, NULL, text, n);
	Node *node = arena_array(&ar, Node, 2);
	node[1] = (Node){ .kind = NodeBasicLit, .op = op, .pos = src->base, .b = n };
	File f = { .src = src, .node = node, .nnode = 2 };
	return const_from_literal(&ar, &f, 1);
}

static const Const *evaluate(char *e)
{
	static const struct { const char *s; Op op; } ops[] = {
		{ "+", OpAdd }, { "-", OpSub }, { "*", OpMul }, { "/", OpDiv }, { "//", OpDiv }, { "%", OpRem }, { "&", OpAnd }, { "|", OpOr },
		{ "^", OpXor }, { "&^", OpAndNot }, { "<", OpLss }, { "==", OpEql }, { "<<", OpShl }, { ">>", OpShr },
	};
	char *w[3] = { 0 };
	int n = 0;
	for (char *p = strtok(e, " "); p && n < 3; p = strtok(NULL, " "))
		w[n++] = p;
	if (n == 1)
		return literal(w[0]);
	if (n == 2) {
		const Const *x = literal(w[1]);
		if (!strcmp(w[0], "int"))
			return const_to_int(&ar, x);
		if (!strcmp(w[0], "float"))
			return const_to_float(&ar, x);
		return const_unary(&ar, *w[0] == '-' ? OpSub : OpXor, x, 0);
	}
	Op op = OpNone;
	for (u32 i = 0; i < nelem(ops); i++)
		if (!strcmp(ops[i].s, w[1]))
			op = ops[i].op;
	const Const *x = literal(w[0]), *y = literal(w[2]);
	if (op == OpLss || op == OpEql)
		return const_make_bool(&ar, const_compare(x, op, y));
	if (op == OpShl || op == OpShr)
		return const_shift(&ar, x, op == OpShl, (u32)atoi(w[2]));
	bool ints = const_kind(x) == ConstInt && const_kind(y) == ConstInt;
	return const_binary(&ar, x, op, y, ints && strcmp(w[1], "//"));
}

static u64 bits64(double d) { u64 u; memcpy(&u, &d, 8); return u; }
static u32 bits32(float d) { u32 u; memcpy(&u, &d, 4); return u; }

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	u32 total = 0, bad = 0;
	syntax_init();
	while ((len = getline(&line, &cap, stdin)) > 0) {
		line[len - 1] = 0;
		char *want = strchr(line, '\t');
		if (!want)
			continue;
		*want++ = 0;
		char *name = arena_strndup(&ar, line, strlen(line));
		const Const *c = evaluate(line);
		u64 d = 0;
		u32 f = 0;
		Buf b = { .ar = &ar };
		if (c) {
			const_print(&b, c);
			if (const_kind(c) == ConstInt || const_kind(c) == ConstFloat) {
				d = bits64(const_float64(c));
				f = bits32(const_float32(c));
			}
		}
		buf_printf(&b, "\t%llx\t%x", (unsigned long long)d, f);
		total++;
		if (strcmp(buf_str(&b), want)) {
			if (bad++ < 40)
				printf("%s\n  got  %s\n  want %s\n", name, buf_str(&b), want);
		}
	}
	free(line);
	printf("%u constants, %u differ\n", total, bad);
	return bad != 0;
}
