/* asm: the Plan 9 assembler, for amd64.
 *
 * Nouns. An AsmUnit is one .s file assembled: functions (AsmFunc) and data (AsmData), which refer to other symbols by name
 * (AsmRel). An Ins is one statement: a mnemonic, suffixes and operands (Opnd) in Go's order, sources first. A Row says how one
 * form of a mnemonic is encoded; amd64/insn.def holds all of them, sorted by mnemonic, and the first row that fits wins.
 *
 * Order. lex.c reads and preprocesses text into tokens, parse.c makes statements of lines and data of directives,
 * amd64/frame.c adds prologues and turns pseudo registers into offsets from SP, amd64/encode.c makes bytes of each statement,
 * amd64/layout.c places them and chooses the sizes of branches.
 *
 * Names are link names: the middle dot and the division slash are '.' and '/', a leading dot stands for the package. A
 * function is of ABI0 unless its TEXT says <ABIInternal>.
 */
#ifndef SEAGO_ASM_H
#define SEAGO_ASM_H

#include "../gen/gen.h"
#include "../whole/whole.h"

/* What the assembler must know about its surroundings. */
typedef struct AsmContext {
	const char *pkgpath;                /* what a leading middle dot stands for */
	const char **incdir; u32 nincdir;   /* searched after the file's own folder */
	const char **define; u32 ndefine;   /* NAME or NAME=VALUE */
	bool allow_abi;                     /* <ABIInternal> may be written */
	i32 tls;                            /* where g is, from the thread pointer */
	/* go_asm.h: const_NAME, TYPE__size, TYPE_FIELD as an integer, "-" and an integer, or a quoted string; NULL if there is
	 * none. No function: no such header. */
	const char *(*constant)(void *arg, Arena *a, const char *name);
	void *arg;
	bool all_errors;
	const char *shown, *linked;         /* the file's name in messages and in line tables, NULL: its path */
} AsmContext;

enum {  /* flags of TEXT and GLOBL: textflag.h */
	AsmNoprof = 1, AsmDupok = 2, AsmNosplit = 4, AsmRodata = 8, AsmNoptr = 16, AsmWrapper = 32, AsmNeedctxt = 64,
	AsmTlsbss = 256, AsmNoframe = 512, AsmReflectmethod = 1024, AsmTopframe = 2048, AsmAbiwrapper = 4096,
};

/* A reference; local: to a name of this file only. internal: to the function of ABIInternal, if it is a function. */
typedef struct AsmRel { u32 off; u8 kind; bool local, internal; const char *name; i64 add; } AsmRel;

typedef struct AsmFunc {
	const char *name;
	bool local, internal, spwrite;
	Pos pos;
	u32 flags;
	i64 frame;                 /* locals as declared */
	i64 args;                  /* arguments and results as declared, -1: not said */
	Code *code;                /* its relocations are in rel */
	VEC(AsmRel) rel;
} AsmFunc;

typedef struct AsmData {
	const char *name;
	bool local, globl;         /* globl: there was a GLOBL */
	Pos pos;
	u32 flags;
	i64 size, end;             /* end: of the last DATA */
	u8 *bytes;                 /* NULL: zeros */
	u32 cap;
	VEC(AsmRel) rel;
} AsmData;

typedef struct AsmUnit {
	VEC(AsmFunc *) func;
	VEC(AsmData *) data;
	Map byname;                /* Name* -> AsmData*; local names under their own key */
} AsmUnit;

/* Assembles one file. NULL after reporting through d. Any thread. */
AsmUnit *asm_file(Arena *a, const AsmContext *c, const char *path, Diag *d);

/* ---- install.c: units become symbols of a program ---- */
typedef struct AsmInput { Pkg *pkg; const char *path; AsmUnit *unit; Diag *diag; } AsmInput;
/* Defines what the units define, makes the functions between conventions that are needed, and connects references. Before
 * reach, one thread; units may be installed in several programs. False after reporting (through the inputs' diag). */
bool asm_install(Program *p, AsmInput *in, u32 n);
/* What go_asm.h would give for a name in this package, as AsmContext.constant. */
const char *asm_go_constant(Checker *k, Arena *a, Pkg *p, const char *name);

/* ---- between the files of this folder ---- */

typedef enum AtKind { AtEnd = -1, AtName = -2, AtInt = -3, AtFloat = -4, AtChar = -5, AtString = -6, AtLsh = -7, AtRsh = -8,
	AtArrow = -9, AtRot = -10 } AtKind;    /* others are the character itself; '\n' ends lines */
typedef struct AsmTok { i32 kind; u32 len; const char *s; Pos pos; bool spaced; } AsmTok;   /* s: not terminated; spaced: blanks before it */

typedef struct Lexer Lexer;
typedef struct Asm {
	Arena *out;                /* of the unit */
	Arena *ar;                 /* of the file: macros and tokens */
	Arena *fa, *line;          /* of the open function's statements; of a line */
	const AsmContext *c;
	Diag *d;
	Lexer *lex;
	AsmUnit *u;
	Pos pos;                   /* of the statement at hand */
	Pos errpos;                /* one error a line */
	u32 nerror;
	bool stop;                 /* no use to go on */
	struct FuncState *fn;      /* the open TEXT */
	Map known;                 /* Name* of a mnemonic -> InsName* */
} Asm;

__attribute__((format(printf, 2, 3))) void asm_error(Asm *a, const char *fmt, ...);

/* lex.c */
bool lex_open(Asm *a, const char *path);
AsmTok lex_next(Asm *a);       /* macros expanded, directives obeyed */

/* Registers: class and number. */
typedef enum RegClass { RcNone, RcGp, RcByte, RcHigh, RcX, RcY, RcZ, RcK, RcMmx, RcFloat, RcSeg, RcCr, RcDr, RcTr, RcTls, RcPseudo } RegClass;
typedef struct AsmReg { u8 cls, n; } AsmReg;
enum { PseudoSB, PseudoFP, PseudoPC };
enum { GpAX, GpCX, GpDX, GpBX, GpSP, GpBP, GpSI, GpDI, GpR12 = 12, GpR13 = 13, GpR14 = 14 };
bool asm_reg(const char *s, u32 n, AsmReg *r);              /* amd64/regs.c */

typedef enum OpndKind { OdNone, OdReg, OdMem, OdImm, OdFloat, OdString, OdAddr, OdBranch, OdList } OpndKind;
typedef enum OpndBase { BaseReg, BaseExtern, BaseParam, BaseAuto } OpndBase;
typedef struct Opnd {
	u8 kind, name;             /* name: OpndBase of OdMem and OdAddr */
	AsmReg reg;                /* OdReg; OdList: the first */
	AsmReg base, index;
	u8 scale, nlist;
	bool local, internal, bare;/* bare: an integer without '$' */
	bool indirect;             /* '*' before a symbol: a transfer goes where the memory says */
	i64 off;
	const char *sym;           /* OdBranch: label, or NULL: off statements from here */
	double f;
	const char *str; u32 nstr;
} Opnd;

enum { MaxOpnd = 6 };
enum { SufZero = 1, SufBcst = 2, SufSae = 4, SufRound = 8 };
typedef struct Ins {
	const char *op;            /* mnemonic, aliases resolved */
	const struct InsName *name;/* what is known about it; NULL: look it up */
	u8 suffix, rc, nopnd;      /* rc: rounding mode of SufRound */
	u8 what;                   /* InsCode ... */
	bool islong;               /* branch: 32-bit displacement */
	Opnd o[MaxOpnd];
	Pos pos;
	u32 target;                /* branch: index of the statement, ~0: not in this function */
	u32 pc, size;
	u8 *bytes;
	VEC(AsmRel) rel;           /* offsets from the statement */
	i32 spadj;                 /* change of the depth of the stack */
	i64 value;                 /* alignment, PCDATA value */
	i32 key;
} Ins;
enum { InsCode, InsBranch, InsCall, InsBytes, InsNop, InsAlign, InsPcdata, InsFuncdata, InsRet, InsAdjsp, InsText };

typedef struct FuncState {
	AsmFunc *f;
	VEC(Ins) in;
	Map label;                 /* Name* -> index + 1 */
	VEC(Name *) pending;
} FuncState;

/* parse.c */
void asm_parse(Asm *a);
const char *ins_text(Asm *a, const Ins *in);               /* for messages */

/* amd64/encode.c */
/* A mnemonic: its own spelling, kind of statement, form of a branch and its code, and the first of its rows. */
typedef struct InsName { const char *op; u8 what, form, code; const struct Row *row; } InsName;
const InsName *ins_known(Asm *a, const char *s, u32 n);    /* NULL: unknown */
bool ins_suffix(const char *s, u32 n, Ins *in);
u8 branch_opcode(Asm *a, const Ins *in, u8 *code);         /* see BranchForm */
void ins_encode(Asm *a, Ins *in);
/* amd64/frame.c: prologue, epilogues, offsets */
void func_frame(Asm *a, FuncState *fs);
/* amd64/layout.c */
void func_layout(Asm *a, FuncState *fs);

typedef enum BranchForm { BranchNone, BranchJmp, BranchCc, BranchShort, BranchXbegin } BranchForm;

#endif
