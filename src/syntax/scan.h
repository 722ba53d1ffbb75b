/* scan.h: what the files of src/syntax share and nobody else sees.
 *
 * The Scanner turns bytes into tokens; the Parser embeds it and adds the tree under construction. Both live in a
 * Scratch that a thread keeps from file to file, so that parsing touches warm memory; what a File keeps is copied out
 * at the end, exactly sized. */
#ifndef SEAGO_SCAN_H
#define SEAGO_SCAN_H

#include "syntax.h"

/* Why there is a TokSemi here. */
typedef enum SemiKind { SemiSemicolon, SemiNewline, SemiEOF } SemiKind;

/* One name of the file: its first 16 bytes decide most comparisons. */
typedef struct NameSlot {
	u64 lo, hi;
	u32 len, stamp;     /* stamp: the file that filled the slot */
	u32 id;             /* into names */
	u16 tok;            /* keyword or 0 */
} NameSlot;

typedef struct BadByte { u32 off; const char *msg; } BadByte;

/* Directives waiting for the declaration they belong to. */
typedef struct PragmaMark { u32 flags; Pos pos; } PragmaMark;
typedef struct PendingPragma {
	bool any;
	u32 flags;
	VEC(PragmaMark) mark;
	VEC(Embed) embed;
} PendingPragma;

enum { PragmaGoBuild = 1u << 31 };   /* //go:build, fine before the package clause only */

typedef struct Scanner Scanner;
struct Scanner {
	/* the text: begin <= p <= end, *end is 0 and so are the 63 bytes behind it */
	const char *begin, *p, *end;
	Pos base;
	bool nlsemi;        /* a newline here ends the statement */
	bool clean;         /* ASCII without NUL: no character needs a second look */

	/* the current token */
	u8 tok, op, lit;    /* op: Op of operators and assignments; lit: LitKind or SemiKind */
	bool bad;           /* literal with an error */
	Pos pos;
	u32 len;            /* of names and literals */
	u32 name;           /* id in names */

	/* names of this file */
	NameSlot *slot;
	u32 nslot, stamp;   /* nslot is a power of two */
	Name **names;
	u32 nnames, capnames;

	/* bytes that no file may have (NUL, bad UTF-8, BOM inside), reported as the scanner passes them */
	BadByte *badbyte;
	u32 nbadbyte, nextbad;

	Diag *d;
	u32 nerr;           /* errors so far, but not those of directives and branches */
};

typedef struct Parser {
	Scanner s;
	Arena *ar;          /* of the File */
	Arena tmp;          /* of this file's parsing, reset after it */
	bool std;
	bool top;           /* before the package clause */
	int fnest;          /* functions we are in */
	int xnest;          /* expression nesting; < 0 in control clauses: no composite literal of a bare name */
	int depth;          /* recursion */
	u32 nbranch;        /* labels and branches seen so far */
	u16 group;          /* number of the last declaration group */
	PendingPragma pragma;

	/* the tree; node, list and names of f point into scratch memory while parsing */
	File f;
	u32 capnode, caplist;
	u32 *stack;         /* items of unfinished lists */
	u32 sp, capstack;
	VEC(FuncRange) func;
	VEC(Linkname) linkname;
	VEC(Embed) embed;
	VEC(struct LineDirective) dir;
} Parser;

/* scan.c */
void scan_init(Scanner *s, SrcFile *src, Arena *tmp, Diag *d);
void scan_next(Scanner *s);
void scan_error(Scanner *s, Pos pos, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
u32 scan_name_id(Scanner *s, const char *text, u32 n);   /* of a short name not in the text */
extern const char *const tok_text[TokMax];
/* Called for //line, / *line and //go: comments, [text, text+n) including the comment marks; in directive.c. */
void scan_directive(Scanner *s, const char *text, u32 n);

/* directive.c */
void pragma_unused(Parser *p);                    /* the current form takes no directive */
u32 pragma_take(Parser *p, u32 allowed);          /* flags for the declaration; complains of the others */
void pragma_check_func(Parser *p, u32 flags, NodeId decl, bool has_body);   /* flags that exclude each other */
PendingPragma pragma_set_aside(Parser *p);        /* of a var declaration, which may have //go:embed ... */
void pragma_take_var(Parser *p, PendingPragma *pending, NodeId decl);   /* ... and gets it once it is a node */
void directives_finish(Parser *p);                /* checks that need the whole file */

/* branch.c */
void branch_check(Parser *p, NodeId body);

/* print.c */
void rune_print_quoted(Buf *b, u32 r);            /* %q */
void rune_print_code(Buf *b, u32 r);              /* %#U */

#endif
