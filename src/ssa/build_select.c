/* select. Channels and values to send are evaluated in source order; then one case with a default is a non-blocking operation
 * and anything else goes to the runtime's selectgo with an array of cases on the stack: sends first, receives behind them. */
#include "build.h"

typedef struct Case {
	NodeId clause, comm;
	bool is_default, send, commaok;
	NodeId lhs;               /* receive: assigned to, 0 = none */
	bool def;
	NodeId chan;
	Type *elem;
	ValueId c, at;            /* channel, element memory (0 = none) */
	i64 index;                /* in the runtime's array */
	BlockId body;
} Case;

static Case case_of(Build *b, NodeId clause)
{
	Case k = {.clause = clause, .comm = node_at(b->file, clause)->a};
	if (!k.comm) {
		k.is_default = true;
		return k;
	}
	const Node *nd = node_at(b->file, k.comm);
	NodeId x;
	if (nd->kind == NodeSendStmt) {
		k.send = true;
		k.chan = nd->a;
	} else {
		if (nd->kind == NodeAssignStmt) {
			k.lhs = nd->a;
			k.def = nd->flag & FlagDef;
			k.commaok = expr_count(b->file, nd->a) == 2;
			x = expr_item(b->file, nd->b, 0);
		} else {
			x = nd->a;
		}
		k.chan = node_at(b->file, node_unparen(b->file, x))->a;
	}
	k.elem = types_under(b_typeof(b, k.chan))->elem;
	return k;
}

static void evaluate(Build *b, Case *k)
{
	k->c = expr_1(b, k->chan);
	if (k->send) {
		k->at = val_addr0(b, expr_to(b, node_at(b->file, k->comm)->b, k->elem));
	} else if (k->lhs) {
		k->at = v_slot(b, slot_new(b, k->elem, NULL));
		mem_zero(b, k->at, 0, k->elem, true);
	}
}

/* Entry of a receive's body: the assignments. */
static void received(Build *b, Case *k, ValueId ok)
{
	if (k->send || !k->lhs)
		return;
	Val v = val_load(b, k->elem, k->at, 0, true);
	define_or_assign(b, expr_item(b->file, k->lhs, 0), v, k->def);
	if (k->commaok)
		define_or_assign(b, expr_item(b->file, k->lhs, 1), val_1(b_basic(b, KindBool), ok), k->def);
}

static void body(Build *b, Case *k, ValueId ok, BlockId done)
{
	b_seal(b, k->body);
	b_start(b, k->body);
	if (ok || !k->commaok)
		received(b, k, ok);
	stmt_list(b, node_at(b->file, k->clause)->b);
	b_jump(b, done);
}

static void single(Build *b, Case *k, BlockId done)
{
	ValueId ok = 0;
	if (!k->is_default) {
		ValueId at = k->at ? k->at : v_const(b, TyPtr, 0);
		if (k->send)
			call_rt0(b, "chansend1", 2, k->c, at);
		else if (k->commaok)
			ok = call_rt1(b, "chanrecv2", TyI8, 2, k->c, at);
		else
			call_rt0(b, "chanrecv1", 2, k->c, at);
	}
	b_jump(b, k->body);
	body(b, k, ok, done);
}

static void nonblocking(Build *b, Case *k, Case *def, BlockId done)
{
	ValueId at = k->at ? k->at : v_const(b, TyPtr, 0), sel, ok = 0;
	if (k->send) {
		sel = call_rt1(b, "selectnbsend", TyI8, 2, k->c, at);
	} else {
		Val r = call_runtime(b, "selectnbrecv", "bb", (ValueId[]){at, k->c}, 2);
		sel = r.p[0];
		ok = r.p[1];
	}
	b_if(b, sel, k->body, def->body, 0);
	body(b, k, ok, done);
	body(b, def, 0, done);
}

static Type *case_array(Build *b, u32 n)
{
	Type *p = b_basic(b, KindUnsafePointer);
	Obj *f[2] = {types_field(b->k, b->pkg, intern_str("c"), p, false), types_field(b->k, b->pkg, intern_str("elem"), p, false)};
	return types_array(b->k, types_struct(b->k, f, NULL, 2), n);
}

static void general(Build *b, Case *k, u32 n, Case *def, BlockId done)
{
	i64 nsend = 0, nrecv = 0, ncas = (i64)n - (def != NULL);
	for (u32 i = 0; i < n; i++)
		if (!k[i].is_default)
			k[i].index = k[i].send ? nsend++ : ncas - ++nrecv;
	Type *arr = case_array(b, (u32)ncas);
	ValueId cases = v_slot(b, slot_new(b, arr, NULL)), order = v_slot(b, slot_raw(b, (u32)ncas * 4, 2));
	mem_zero(b, cases, 0, arr, true);
	for (u32 i = 0; i < n; i++) {
		if (k[i].is_default)
			continue;
		v_store(b, cases, k[i].index * 16, k[i].c, FlagNonNil);
		if (k[i].at)
			v_store(b, cases, k[i].index * 16 + 8, k[i].at, FlagNonNil);
	}
	ValueId a[6] = {cases, order, v_const(b, TyPtr, 0), v_int(b, nsend), v_int(b, nrecv), v_const(b, TyI8, !def)};
	Val r = call_runtime(b, "selectgo", "ib", a, 6);
	if (def) {
		BlockId chosen = b_block(b);
		b_if(b, v_2(b, SsaLtS, TyI8, r.p[0], v_int(b, 0)), def->body, chosen, 0);
		b_seal(b, chosen);
		b_start(b, chosen);
	}
	u32 left = (u32)ncas;
	for (u32 i = 0; i < n; i++) {
		if (k[i].is_default)
			continue;
		if (!--left) {
			b_jump(b, k[i].body);
			break;
		}
		BlockId next = b_block(b);
		b_if(b, v_2(b, SsaEq, TyI8, r.p[0], v_int(b, k[i].index)), k[i].body, next, 0);
		b_seal(b, next);
		b_start(b, next);
	}
	for (u32 i = 0; i < n; i++)
		body(b, &k[i], r.p[1], done);
}

void stmt_select(Build *b, NodeId n)
{
	ListId clauses = node_at(b->file, n)->b;
	u32 cnt = list_len(b->file, clauses);
	Name *label = b->label;
	b->label = NULL;
	if (!cnt) {
		call_rt0(b, "block", 0);
		b_exit(b);
		return;
	}
	Case *k = arena_array(b->ar, Case, cnt), *def = NULL;
	for (u32 i = 0; i < cnt; i++) {
		k[i] = case_of(b, list_at(b->file, clauses, i));
		if (k[i].is_default)
			def = &k[i];
		else
			evaluate(b, &k[i]);
		k[i].body = b_block(b);
	}
	b->pos = node_at(b->file, n)->pos;
	BlockId done = b_block(b);
	Target t = {.up = b->target, .label = label, .brk = done, .stmt = n};
	b->target = &t;
	if (cnt == 1)
		single(b, k, done);
	else if (cnt == 2 && def)
		nonblocking(b, def == k ? k + 1 : k, def, done);
	else
		general(b, k, cnt, def, done);
	b->target = t.up;
	b_seal(b, done);
	b_start(b, done);
}
