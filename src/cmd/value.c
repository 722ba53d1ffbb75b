/* Building and printing values. */
#include "value.h"

static Val *new_val(Arena *a, ValKind k)
{
	Val *v = arena_new(a, Val);
	v->kind = k;
	return v;
}

Val *val_text(Arena *a, const char *s)
{
	Val *v = new_val(a, ValText);
	v->s = s ? s : "";
	return v;
}

Val *val_bool(Arena *a, bool b)
{
	Val *v = new_val(a, ValBool);
	v->b = b;
	return v;
}

Val *val_list(Arena *a, const char **s, u32 n)
{
	Val *v = new_val(a, ValList);
	for (u32 i = 0; i < n; i++)
		vec_push(a, &v->item, val_text(a, s[i]));
	return v;
}

Val *val_map(Arena *a)
{
	return new_val(a, ValMap);
}

void val_put(Arena *a, Val *map, const char *name, Val *v)
{
	vec_push(a, &map->member, (ValMember){name, v});
}

Val *val_get(const Val *map, const char *name)
{
	for (u32 i = 0; map->kind == ValMap && i < map->member.n; i++)
		if (!strcmp(map->member.a[i].name, name))
			return map->member.a[i].v;
	return NULL;
}

bool val_empty(const Val *v)
{
	if (!v)
		return true;
	switch ((ValKind)v->kind) {
	case ValText: return !*v->s;
	case ValBool: return !v->b;
	case ValList: return !v->item.n;
	case ValMap:
		for (u32 i = 0; i < v->member.n; i++)
			if (!val_empty(v->member.a[i].v))
				return false;
		return true;
	}
	return true;
}

static void indent(Buf *b, int depth)
{
	buf_putc(b, '\n');
	for (int i = 0; i < depth; i++)
		buf_putc(b, '\t');
}

static bool wanted(const char *name, const char **only, u32 n)
{
	bool yes = !only;
	for (u32 i = 0; i < n; i++)
		yes |= !strcmp(only[i], name);
	return yes;
}

void val_json(Buf *b, const Val *v, int depth, const char **only, u32 nonly)
{
	bool first = true;
	switch ((ValKind)v->kind) {
	case ValText: json_quote(b, v->s, strlen(v->s)); break;
	case ValBool: buf_puts(b, v->b ? "true" : "false"); break;
	case ValList:
		buf_putc(b, '[');
		for (u32 i = 0; i < v->item.n; i++) {
			buf_puts(b, i ? "," : "");
			indent(b, depth + 1);
			val_json(b, v->item.a[i], depth + 1, NULL, 0);
		}
		if (v->item.n)
			indent(b, depth);
		buf_putc(b, ']');
		break;
	case ValMap:
		buf_putc(b, '{');
		for (u32 i = 0; i < v->member.n; i++) {
			const ValMember *m = &v->member.a[i];
			if (val_empty(m->v) || !wanted(m->name, only, nonly))
				continue;
			buf_puts(b, first ? "" : ",");
			first = false;
			indent(b, depth + 1);
			json_quote(b, m->name, strlen(m->name));
			buf_puts(b, ": ");
			val_json(b, m->v, depth + 1, NULL, 0);
		}
		if (!first)
			indent(b, depth);
		buf_putc(b, '}');
		break;
	}
}
