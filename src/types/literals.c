/* literals: basic, function and composite literals.
 *
 * Elements of large tables of integers take a short way: the literal is read, compared with the element type's range
 * and recorded, with no operand in between. */
#include "check.h"

#include <ctype.h>

/* Number literals of newer language versions. */
static void lang_compat(Check *c, NodeId e, const char *s, u32 n, int kind)
{
	if (n <= 2 || check_allowed(c, 13))
		return;
	Pos at = node_at(c->env.file, e)->pos;
	int radix = s[1] | 32;
	if (memchr(s, '_', n))
		check_version(c, at, 13, "underscore in numeric literal");
	else if (s[0] != '0')
		;
	else if (radix == 'b')
		check_version(c, at, 13, "binary literal");
	else if (radix == 'o')
		check_version(c, at, 13, "0o/0O-style octal literal");
	else if (kind != LitInt && radix == 'x')
		check_version(c, at, 13, "hexadecimal floating-point literal");
}

void literal_basic(Check *c, Operand *x, NodeId e)
{
	static const u8 kinds[] = {
		[LitInt] = KindUntypedInt, [LitFloat] = KindUntypedFloat, [LitImag] = KindUntypedComplex,
		[LitRune] = KindUntypedRune, [LitString] = KindUntypedString,
	};
	u32 n;
	const char *s = lit_text(c->env.file, e, &n);
	int kind = node_at(c->env.file, e)->op;
	x->mode = ModeInvalid;
	if (kind <= LitImag) {
		lang_compat(c, e, s, n, kind);
		if (n > 10000) {
			err_node(c, e, "excessively long constant: %.10s... (%u chars)", s, n);
			return;
		}
	}
	const Const *v = const_from_literal(c->ar, c->env.file, e);
	if (!v || const_kind(v) == ConstUnknown) {
		err_node(c, e, "malformed constant: %.*s", (int)n, s);
		return;
	}
	x->mode = ModeConst;
	x->type = c->k->typ[kinds[kind]];
	x->val = v;
	x->expr = e;
	expr_overflow(c, x, node_at(c->env.file, e)->pos);
}

/* ---- function literals ---- */

typedef struct LitBody { Type *sig; NodeId block; i64 iota; } LitBody;

static void lit_body(Check *c, void *arg, NodeId lit)
{
	LitBody *b = arg;
	c->env.lit = lit;
	c->env.sig = b->sig;
	c->env.iota = b->iota;
	c->env.scope = check_sig_scope(c, b->sig);
	stmt_func_body(c, b->sig, b->block);
}

/* Keeps Body.lits in source order, each literal once. */
static void note_lit(Check *c, NodeId e)
{
	Body *b = c->env.body;
	if (!b)
		return;
	Pos p = node_at(c->env.file, e)->pos;
	u32 i = b->lits.n;
	while (i > 0 && node_at(c->env.file, b->lits.a[i - 1])->pos > p)
		i--;
	if (i > 0 && b->lits.a[i - 1] == e)
		return;
	vec_push(c->ar, &b->lits, e);
	memmove(b->lits.a + i + 1, b->lits.a + i, (b->lits.n - 1 - i) * sizeof *b->lits.a);
	b->lits.a[i] = e;
}

void literal_func(Check *c, Operand *x, NodeId e)
{
	const Node *n = node_at(c->env.file, e);
	NodeId outer = c->env.lit;
	c->env.lit = e;             /* parameters belong to the literal */
	Type *sig = check_sig(c, n->a, 0, 0);
	c->env.lit = outer;
	if (type_is_invalid(sig) || sig->kind != KindFunc) {
		x->mode = ModeInvalid;
		return;
	}
	expr_record_as(c, n->a, ModeType, sig, NULL);
	note_lit(c, e);
	LitBody *b = arena_new(c->ar, LitBody);
	*b = (LitBody){ sig, n->b, c->env.iota };
	check_later(c, lit_body, b, e);
	x->mode = ModeValue;
	x->type = sig;
}

/* ---- composite literals ---- */

static int field_index(Type *st, Pkg *pkg, Name *name, bool fold)
{
	for (u32 i = 0; i < st->st.n; i++)
		if (fold ? name_same_fold(st->st.field[i], pkg, name) : name_same(st->st.field[i], pkg, name))
			return (int)i;
	return -1;
}

static void keyed_struct(Check *c, Operand *x, ListId l, Type *st, Type *base)
{
	File *f = c->env.file;
	bool *visited = arena_array(c->ar, bool, st->st.n + 1);
	for (u32 i = 0; i < list_len(f, l); i++) {
		NodeId e = list_at(f, l, i);
		const Node *kv = node_at(f, e);
		if (kv->kind != NodeKeyValue) {
			err_node(c, e, "mixture of field:value and value elements in struct literal");
			continue;
		}
		bool is_name = node_kind(f, kv->a) == NodeName;
		Name *name = is_name ? node_name(f, kv->a) : NULL;
		int j = is_name ? name_blank(name) ? -1 : field_index(st, c->pkg, name, false) : -1;
		Target t = { 0 };
		expr_single(c, &t, x, kv->b);
		if (!is_name) {
			err_node(c, e, "invalid field name %s in struct literal", s_expr(c, kv->a));
			continue;
		}
		if (j < 0) {
			int k = name_blank(name) ? -1 : field_index(st, c->pkg, name, true);
			err_node(c, kv->a, "%s", lookup_error(c, base, name, k >= 0 ? st->st.field[k] : NULL, true));
			continue;
		}
		Obj *fld = st->st.field[j];
		check_record_use(c, kv->a, fld);
		check_assignment(c, x, fld->type, "struct literal");
		if (visited[j]) {
			err_node(c, e, "duplicate field name %s in struct literal", name->s);
			continue;
		}
		visited[j] = true;
	}
}

static void positional_struct(Check *c, Operand *x, NodeId lit, ListId l, Type *st, Type *base)
{
	File *f = c->env.file;
	u32 n = list_len(f, l);
	for (u32 i = 0; i < n; i++) {
		NodeId e = list_at(f, l, i);
		if (node_kind(f, e) == NodeKeyValue) {
			err_node(c, e, "mixture of field:value and value elements in struct literal");
			continue;
		}
		expr_single(c, NULL, x, e);
		if (i >= st->st.n) {
			err_operand(c, x, "too many values in struct literal of type %s", s_type(c, base));
			break;
		}
		Obj *fld = st->st.field[i];
		if (!fld->name->exported && fld->pkg != c->pkg) {
			err_operand(c, x, "implicit assignment to unexported field %s in struct literal of type %s", fld->name->s, s_type(c, base));
			continue;
		}
		check_assignment(c, x, fld->type, "struct literal");
	}
	if (n < st->st.n)
		err_at(c, list_extra(f, l) ? list_extra(f, l) : node_at(f, lit)->pos, "too few values in struct literal of type %s", s_type(c, base));
}

/* Small decimal or hexadecimal literal as an element of integer type kind; false if it needs the long way. */
static bool quick_int(Check *c, NodeId e, Type *elem, TypeKind kind)
{
	File *f = c->env.file;
	const Node *n = node_at(f, e);
	if (n->kind != NodeBasicLit || n->op != LitInt || n->b > 15 || (n->flag & FlagBad))
		return false;
	u32 len;
	const char *s = lit_text(f, e, &len);
	i64 v = 0;
	if (len > 2 && s[0] == '0' && (s[1] | 32) == 'x') {
		for (u32 i = 2; i < len; i++) {
			if (!isxdigit((u8)s[i]))
				return false;
			v = v << 4 | (s[i] <= '9' ? s[i] - '0' : (s[i] | 32) - 'a' + 10);
		}
	} else {
		if (s[0] == '0' && len > 1)
			return false;
		for (u32 i = 0; i < len; i++) {
			if (s[i] < '0' || s[i] > '9')
				return false;
			v = v * 10 + (s[i] - '0');
		}
	}
	static const u8 bits[KindMax] = {
		[KindInt] = 63, [KindInt8] = 7, [KindInt16] = 15, [KindInt32] = 31, [KindInt64] = 63, [KindUint] = 63,
		[KindUint8] = 8, [KindUint16] = 16, [KindUint32] = 32, [KindUint64] = 63, [KindUintptr] = 63,
	};
	if (!bits[kind] || v >> bits[kind])
		return false;
	expr_record_as(c, e, ModeConst, elem, const_make_int(c->ar, v));
	return true;
}

/* Elements of an array (length >= 0) or slice; returns the length they need. */
static i64 indexed_elems(Check *c, ListId l, Type *elem, i64 length)
{
	File *f = c->env.file;
	Map visited = { 0 };
	i64 index = 0, max = 0;
	u32 n = list_len(f, l);
	bool keyed = false;
	TypeKind kind = type_is_invalid(elem) || type_is_tparam(elem) ? KindInvalid : types_under(elem)->kind;
	bool quick = kind >= KindInt && kind <= KindUintptr && check_allowed(c, 13);
	for (u32 i = 0; i < n && !keyed; i++)
		keyed = node_kind(f, list_at(f, l, i)) == NodeKeyValue;
	for (u32 i = 0; i < n; i++) {
		NodeId e = list_at(f, l, i), val = e;
		bool valid = false;
		if (node_kind(f, e) == NodeKeyValue) {
			i64 v;
			NodeId key = node_at(f, e)->a;
			Type *t = index_value(c, key, length, &v);
			if (!type_is_invalid(t)) {
				if (v >= 0) {
					index = v;
					valid = true;
				} else {
					err_node(c, e, "index %s must be integer constant", s_expr(c, key));
				}
			}
			val = node_at(f, e)->b;
		} else if (length >= 0 && index >= length) {
			err_node(c, e, "index %lld is out of bounds (>= %lld)", (long long)index, (long long)length);
		} else {
			valid = true;
		}
		if (valid && keyed) {
			u64 *slot = map_slot(c->ar, &visited, (u64)index + 1);
			if (*slot)
				err_node(c, e, "duplicate index %lld in array or slice literal", (long long)index);
			*slot = 1;
		}
		if (index < INT64_MAX)
			index++;
		if (index > max)
			max = index;
		if (quick && quick_int(c, val, elem, kind))
			continue;
		Operand x;
		expr_hint(c, &x, val, elem);
		check_assignment(c, &x, elem, "array or slice literal");
	}
	return max;
}

typedef struct SeenKey { struct SeenKey *next; const Const *val; Type *type; } SeenKey;

static bool same_key(const Const *a, const Const *b)
{
	ConstKind ka = const_kind(a), kb = const_kind(b);
	bool na = ka >= ConstInt, nb = kb >= ConstInt;
	return (na && nb ? true : ka == kb) && const_compare(a, OpEql, b);
}

static void map_elems(Check *c, Operand *x, ListId l, Type *m)
{
	File *f = c->env.file;
	Map seen = { 0 };
	bool iface = type_is_nonparam_interface(m->key);
	for (u32 i = 0; i < list_len(f, l); i++) {
		NodeId e = list_at(f, l, i);
		const Node *kv = node_at(f, e);
		if (kv->kind != NodeKeyValue) {
			err_node(c, e, "missing key in map literal");
			continue;
		}
		expr_hint(c, x, kv->a, m->key);
		check_assignment(c, x, m->key, "map literal");
		if (x->mode == ModeInvalid)
			continue;
		if (x->mode == ModeConst && const_kind(x->val) != ConstUnknown) {
			u64 *slot = map_slot(c->ar, &seen, const_hash(x->val) | 1);
			SeenKey *s = (SeenKey *)(uintptr_t)*slot;
			while (s && !(same_key(s->val, x->val) && (!iface || types_identical(c->k, s->type, x->type))))
				s = s->next;
			if (s) {
				Buf b = { .ar = c->ar };
				const_print(&b, x->val);
				err_operand(c, x, "duplicate key %s in map literal", buf_str(&b));
				continue;
			}
			s = arena_new(c->ar, SeenKey);
			*s = (SeenKey){ (SeenKey *)(uintptr_t)*slot, x->val, x->type };
			*slot = (u64)(uintptr_t)s;
		}
		expr_hint(c, x, kv->b, m->elem);
		check_assignment(c, x, m->elem, "map literal");
	}
}

void literal_composite(Check *c, Operand *x, NodeId e, Type *hint)
{
	File *f = c->env.file;
	const Node *n = node_at(f, e);
	ListId l = n->b;
	Type *type, *base, *open_elem = NULL;
	bool is_elem = false;
	const char *cause = "";
	if (n->a && node_kind(f, n->a) == NodeArrayType && !node_at(f, n->a)->a) {
		open_elem = check_var_type(c, node_at(f, n->a)->b);
		type = base = NULL;
	} else if (n->a) {
		type = base = check_type(c, n->a);
	} else if (hint) {
		type = base = hint;
		Type *u = type_is_invalid(base) ? NULL : check_common_under(c->k, base, NULL, NULL, &cause);
		if (u && u->kind == KindPointer)
			base = u->elem;
		is_elem = true;
	} else {
		err_node(c, e, "missing type in composite literal");
		type = base = c->k->typ[KindInvalid];
	}
	x->mode = ModeValue;
	if (open_elem) {
		i64 len = indexed_elems(c, l, open_elem, -1);
		x->mode = ModeValue;
		x->type = types_array(c->k, open_elem, len);
		expr_record_as(c, n->a, ModeType, x->type, NULL);
		return;
	}
	Type *u = type_is_invalid(base) ? base : check_common_under(c->k, base, NULL, NULL, &cause);
	switch (u ? u->kind : KindInvalid) {
	case KindStruct:
		if (!list_len(f, l))
			break;
		if (node_kind(f, list_at(f, l, 0)) == NodeKeyValue)
			keyed_struct(c, x, l, u, base);
		else
			positional_struct(c, x, e, l, u, base);
		break;
	case KindArray:
		indexed_elems(c, l, u->elem, u->len);
		break;
	case KindSlice:
		indexed_elems(c, l, u->elem, -1);
		break;
	case KindMap:
		map_elems(c, x, l, u);
		break;
	default:
		for (u32 i = 0; i < list_len(f, l); i++)
			expr_use(c, list_at(f, l, i));
		if (!u || !type_is_invalid(u)) {
			err_node(c, e, "invalid composite literal%s type %s%s", is_elem ? " element" : "", s_type(c, type), u ? "" : " (no common underlying type)");
			x->mode = ModeInvalid;
			return;
		}
	}
	x->mode = ModeValue;
	x->type = type;
	x->val = NULL;
}
