/* parse.h: what the files of the parser share: adding nodes, looking at tokens, complaining, lists, and the productions that
 * several files name. Each production returns the node it made; the grammar stands at its definition. */
#ifndef SEAGO_PARSE_H
#define SEAGO_PARSE_H

#include "scan.h"

#define BIT(t) (1ull << (t))

/* A parameter, field or method before it becomes a Field node: names and types may still move. */
typedef struct Part { Pos pos; NodeId name, type; } Part;

/* ---- parse.c ---- */
extern const char *const parse_semi_text[];         /* by SemiKind */
void parse_grow_nodes(Parser *p);
void parse_grow_stack(Parser *p);
ListId parse_add_list(Parser *p, const u32 *item, u32 n, u32 extra);
ListId parse_pop_list(Parser *p, u32 mark, u32 extra);
NodeId parse_add_name(Parser *p, Pos pos, u32 name);
NodeId parse_blank_name(Parser *p, Pos pos);
NodeId parse_bad_expr(Parser *p, Pos pos);
NodeId parse_unparen(const Parser *p, NodeId x);
const char *parse_expr_text(Parser *p, NodeId n);
const char *parse_tok_name(Parser *p, Tok t);
void parse_error_at(Parser *p, Pos pos, const char *msg);
void parse_error(Parser *p, const char *msg);
void parse_advance(Parser *p, u64 follow);
void parse_want(Parser *p, Tok t);
bool parse_got_assign(Parser *p);
bool parse_enter(Parser *p);
bool parse_list_more(Parser *p, const char *context, Tok sep, Tok close, Pos *end);
Pos parse_list_close(Parser *p, Tok close, Pos end);
NodeId parse_name(Parser *p);
NodeId parse_literal_or_nil(Parser *p);
NodeId parse_qualified_name(Parser *p, NodeId x);

/* ---- parse_param.c ---- */
NodeId parse_embedded_elem(Parser *p, NodeId t);
NodeId parse_array_or_args(Parser *p, NodeId x, bool *is_index);
void parse_param_list(Parser *p, NodeId first, NodeId first_type, Tok close, bool require_names, bool dots_ok);
NodeId parse_tparam_node(Parser *p, u32 mark);

/* ---- parse_type.c ---- */
NodeId parse_type(Parser *p);
NodeId parse_array_type(Parser *p, Pos pos, NodeId len);
NodeId parse_slice_type(Parser *p, Pos pos);
NodeId parse_func_type(Parser *p, const char *context, NodeId *tparams);
NodeId parse_type_or_nil(Parser *p);
NodeId parse_type_list(Parser *p, bool strict, bool *comma);

/* ---- parse_expr.c ---- */
NodeId parse_expr(Parser *p);
NodeId parse_expr_list(Parser *p);
NodeId parse_binary_expr(Parser *p, NodeId x, int prec);
NodeId parse_primary_expr(Parser *p, NodeId x, bool keep_parens);

/* ---- parse_decl.c ---- */
void parse_decl_group(Parser *p, NodeId (*spec)(Parser *, u16 group));
NodeId parse_import_decl(Parser *p, u16 group);
NodeId parse_const_decl(Parser *p, u16 group);
NodeId parse_var_decl(Parser *p, u16 group);
NodeId parse_type_decl(Parser *p, u16 group);
NodeId parse_func_body(Parser *p);
NodeId parse_func_decl(Parser *p);

/* ---- parse_stmt.c ---- */
NodeId parse_block(Parser *p, const char *context);

/* ---- what every production uses ---- */

static inline NodeId add(Parser *p, NodeKind kind, Pos pos, u32 a, u32 b)
{
	if (unlikely(p->f.nnode == p->capnode))
		parse_grow_nodes(p);
	p->f.node[p->f.nnode] = (Node){.kind = (u8)kind, .pos = pos, .a = a, .b = b};
	return p->f.nnode++;
}

static inline NodeId add_op(Parser *p, NodeKind kind, Op op, Pos pos, u32 a, u32 b)
{
	NodeId n = add(p, kind, pos, a, b);
	p->f.node[n].op = (u16)op;
	return n;
}

static inline NodeKind kind(const Parser *p, NodeId n) { return (NodeKind)p->f.node[n].kind; }
static inline Node *at(Parser *p, NodeId n) { return &p->f.node[n]; }

static inline void push(Parser *p, u32 item)
{
	if (unlikely(p->sp == p->capstack))
		parse_grow_stack(p);
	p->stack[p->sp++] = item;
}

static inline ListId list2(Parser *p, u32 x, u32 y) { return parse_add_list(p, (u32[]){x, y}, 2, 0); }
static inline ListId list3(Parser *p, u32 x, u32 y, u32 z) { return parse_add_list(p, (u32[]){x, y, z}, 3, 0); }

static inline void next(Parser *p)
{
	scan_next(&p->s);
}

static inline bool got(Parser *p, Tok t)
{
	if (p->s.tok != t)
		return false;
	next(p);
	return true;
}

static inline bool is_op(const Parser *p, Op op)
{
	return p->s.tok == TokOperator && p->s.op == op;
}

static inline void leave(Parser *p)
{
	p->depth--;
}

static inline void clear_pragma(Parser *p)
{
	if (unlikely(p->pragma.any))
		pragma_unused(p);
}

/* Lists:  for (bool more = list_open(p, close); more; more = parse_list_more(p, ..., &end)) item;  end = parse_list_close(...) */
static inline bool list_open(const Parser *p, Tok close)
{
	return p->s.tok != TokEOF && p->s.tok != close;
}

#endif
