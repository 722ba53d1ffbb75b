/* Values that commands print: JSON as encoding/json indents it, or through a template.
 *
 * A Val is a text, a truth, a list or a map whose members keep their order. Empty members are left out of JSON and are zero
 * in templates. */
#ifndef SEAGO_VALUE_H
#define SEAGO_VALUE_H

#include "cmd.h"

typedef enum ValKind { ValText, ValBool, ValList, ValMap } ValKind;
typedef struct Val Val;
typedef struct ValMember { const char *name; Val *v; } ValMember;
struct Val {
	u8 kind;
	bool b;
	bool known;                    /* a map whose members are all there are: other names are mistakes */
	const char *s;
	VEC(Val *) item;
	VEC(ValMember) member;
};

Val *val_text(Arena *a, const char *s);
Val *val_bool(Arena *a, bool b);
Val *val_list(Arena *a, const char **s, u32 n);
Val *val_map(Arena *a);
void val_put(Arena *a, Val *map, const char *name, Val *v);
Val *val_get(const Val *map, const char *name);        /* NULL: none */
bool val_empty(const Val *v);
/* only: names of the members wanted, or NULL */
void val_json(Buf *b, const Val *v, int depth, const char **only, u32 nonly);

/* template.c: the part of text/template that lists are printed with: fields, $ and ., join, len, not, eq, ne, and, or, printf's %s %q %v, index,
 * if, else, range, with, end. False and *error if the text is malformed or names what is not there. */
bool template_print(Buf *out, Arena *a, const char *text, const Val *dot, const char **error);

#endif
