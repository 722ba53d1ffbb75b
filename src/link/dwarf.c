/* Debugging information, DWARF 5: where every instruction comes from and how every frame is undone.
 *
 *     .debug_abbrev | .debug_info | .debug_line | .debug_frame | .debug_rnglists
 *
 * Text is ordered by name, so the functions of a package lie together: a compilation unit is a run of functions of one
 * package. Each unit has a line program of one sequence. The frames come from the pc tables the runtime unwinds with; code
 * of the C runtime has no unit and no frame description. Names stand in the units themselves, there is no string table. */
#include "link.h"

enum { TagCompileUnit = 0x11, TagInlinedSubroutine = 0x1d, TagSubprogram = 0x2e };
enum { AtName = 0x03, AtStmtList = 0x10, AtLowPc = 0x11, AtHighPc = 0x12, AtLanguage = 0x13, AtCompDir = 0x1b, AtProducer = 0x25,
	AtInline = 0x20, AtAbstractOrigin = 0x31, AtDeclFile = 0x3a, AtDeclLine = 0x3b, AtExternal = 0x3f, AtFrameBase = 0x40, AtRanges = 0x55,
	AtCallFile = 0x58, AtCallLine = 0x59 };
enum { FormAddr = 0x01, FormData2 = 0x05, FormString = 0x08, FormData1 = 0x0b, FormUdata = 0x0f, FormRef4 = 0x13, FormSecOffset = 0x17, FormExprloc = 0x18, FormFlagPresent = 0x19 };
enum { LangGo = 0x16, OpCallFrameCfa = 0x9c, UnitCompile = 1 };

/* Abbreviations, one string each: code, tag, has children, then attribute and form. */
enum { AbbrevUnit = 1, AbbrevFunc, AbbrevFuncInl, AbbrevAbstract, AbbrevInl };
static const u8 abbrevs[] = {
	AbbrevUnit, TagCompileUnit, 1, AtName, FormString, AtProducer, FormString, AtLanguage, FormData2, AtCompDir, FormString,
	AtStmtList, FormSecOffset, AtLowPc, FormAddr, AtHighPc, FormUdata, 0, 0,
	AbbrevFunc, TagSubprogram, 0, AtName, FormString, AtLowPc, FormAddr, AtHighPc, FormUdata, AtFrameBase, FormExprloc,
	AtDeclFile, FormUdata, AtDeclLine, FormUdata, AtExternal, FormFlagPresent, 0, 0,
	AbbrevFuncInl, TagSubprogram, 1, AtName, FormString, AtLowPc, FormAddr, AtHighPc, FormUdata, AtFrameBase, FormExprloc,
	AtDeclFile, FormUdata, AtDeclLine, FormUdata, AtExternal, FormFlagPresent, 0, 0,
	AbbrevAbstract, TagSubprogram, 0, AtName, FormString, AtInline, FormData1, AtExternal, FormFlagPresent, 0, 0,
	AbbrevInl, TagInlinedSubroutine, 1, AtAbstractOrigin, FormRef4, AtRanges, FormSecOffset, AtCallFile, FormUdata, AtCallLine, FormUdata, 0, 0,
	0,
};

typedef struct Dw {
	Image *im;
	Arena *ar;                      /* its own: this runs beside relocation */
	const char *producer;
	Buf info, line, frame, abbrev, ranges;
	u32 cie;                        /* offset in frame */
	u32 unit;                       /* where the current unit's header is in info */
	Map abstract;                   /* of the current unit: Sym* -> offset in the unit of what inlined copies refer to */
} Dw;

static void put(Buf *b, u64 v, u32 size)
{
	buf_write(b, &v, size);         /* little endian, as the target */
}

static void uleb(Buf *b, u64 v)
{
	for (; v >= 0x80; v >>= 7)
		buf_putc(b, (int)(v & 0x7f) | 0x80);
	buf_putc(b, (int)v);
}

static void sleb(Buf *b, i64 v)
{
	for (; v < -64 || v > 63; v >>= 7)
		buf_putc(b, (int)(v & 0x7f) | 0x80);
	buf_putc(b, (int)(v & 0x7f));
}

static void str(Buf *b, const char *s)
{
	buf_write(b, s, strlen(s) + 1);
}

/* Lengths are known at the end: open leaves room, close fills it in. */
static u32 open_length(Buf *b)
{
	put(b, 0, 4);
	return b->n;
}

static void close_length(Buf *b, u32 start)
{
	u32 n = b->n - start;
	memcpy(b->a + start - 4, &n, 4);
}

/* ---- lines ---- */

/* Files of one unit in order of their first use. Numbers are from 1, as before DWARF 5: number 0, the unit's own file,
 * repeats the first, because readers trip over line programs whose initial file 1 does not exist. */
typedef struct Files { VEC(const char *) name; Map index; } Files;

static u32 file_index(Dw *d, Files *f, const char *name)
{
	u64 *slot = map_slot(d->ar, &f->index, (u64)(uintptr_t)intern_str(name));
	if (!*slot) {
		vec_push(d->ar, &f->name, name);
		*slot = f->name.n;
	}
	return (u32)*slot;
}

enum { LnsCopy = 1, LnsAdvancePc, LnsAdvanceLine, LnsSetFile, LnsPrologueEnd = 10, LneEndSequence = 1, LneSetAddress = 2 };
enum { LineBase = -4, LineRange = 10, OpcodeBase = 13, LnctPath = 1, LnctDirectory = 2 };

typedef struct LineState { u64 pc; u32 file; i64 line; } LineState;

/* One row of the matrix: a special opcode where both steps are small. */
static void line_row(Buf *b, LineState *s, u64 pc, u32 file, i64 line)
{
	if (file != s->file) {
		buf_putc(b, LnsSetFile);
		uleb(b, file);
	}
	i64 dl = line - s->line;
	u64 da = pc - s->pc;
	if (dl < LineBase || dl >= LineBase + LineRange) {
		buf_putc(b, LnsAdvanceLine);
		sleb(b, dl);
		dl = 0;
	}
	u64 op = (u64)(dl - LineBase) + LineRange * da + OpcodeBase;
	if (da > 255 || op > 255) {
		buf_putc(b, LnsAdvancePc);
		uleb(b, da);
		op = (u64)(dl - LineBase) + OpcodeBase;
	}
	buf_putc(b, (int)op);
	*s = (LineState){pc, file, line};
}

/* Where the frame is set up: the first row after it is marked for breakpoints. */
static u32 prologue_end(const Code *c)
{
	u32 i = 0;
	while (i + 1 < c->sp.n && c->sp.a[i + 1].val > c->sp.a[i].val)
		i++;
	return i ? c->sp.a[i].pc : 0;
}

static void line_func(Dw *d, Buf *b, Files *files, LineState *st, const Sym *s)
{
	const Code *c = s->code;
	u32 pro = prologue_end(c);
	for (u32 i = 0; i < c->line.n; i++) {
		CodeLoc l = c->tabs->loc[i];
		u32 file = file_index(d, files, c->tabs->file.a[l.file]), pc = c->line.a[i].pc, next = i + 1 < c->line.n ? c->line.a[i + 1].pc : c->size;
		if (!i || ((pc < pro || !pro) && (file != st->file || l.line != st->line)))
			line_row(b, st, s->addr + pc, file, l.line);
		if (pro && next > pro) {
			buf_putc(b, LnsPrologueEnd);
			line_row(b, st, s->addr + (pc < pro ? pro : pc), file, l.line);
			pro = 0;
		}
	}
}

/* The header holds the file table, which is known after the rows: they go to a buffer of their own first. */
static void line_program(Dw *d, const Buf *rows, const Files *f)
{
	static const u8 operands[OpcodeBase - 1] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
	Buf *b = &d->line;
	u32 unit = open_length(b);
	put(b, 5, 2);
	buf_putc(b, 8);                         /* address size */
	buf_putc(b, 0);
	u32 header = open_length(b);
	buf_putc(b, 1);                         /* instruction length, operations an instruction, statement by default */
	buf_putc(b, 1);
	buf_putc(b, 1);
	buf_putc(b, LineBase & 0xff);
	buf_putc(b, LineRange);
	buf_putc(b, OpcodeBase);
	buf_write(b, operands, sizeof operands);
	buf_putc(b, 1);                         /* directories: one, nameless; file names are complete */
	uleb(b, LnctPath);
	uleb(b, FormString);
	uleb(b, 1);
	str(b, ".");
	buf_putc(b, 2);
	uleb(b, LnctPath);
	uleb(b, FormString);
	uleb(b, LnctDirectory);
	uleb(b, FormUdata);
	uleb(b, f->name.n + 1);
	for (u32 i = 0; i <= f->name.n; i++) {
		str(b, f->name.a[i ? i - 1 : 0]);
		uleb(b, 0);
	}
	close_length(b, header);
	buf_write(b, rows->a, rows->n);
	close_length(b, unit);
}

/* ---- frames ---- */

enum { CfaAdvance = 0x40, CfaOffset = 0x80, CfaNop = 0, CfaAdvance1 = 2, CfaAdvance2, CfaAdvance4, CfaDefCfa = 0x0c, CfaDefCfaOffset = 0x0e };
enum { RegSP = 7, RegRA = 16 };

static void frame_end(Buf *b, u32 start)
{
	while ((b->n - start) % 8 != 4)         /* the length field counts to the alignment */
		buf_putc(b, CfaNop);
	close_length(b, start);
}

static void frame_cie(Dw *d)
{
	Buf *b = &d->frame;
	u32 start = open_length(b);
	put(b, 0xffffffff, 4);
	buf_putc(b, 4);                         /* version */
	str(b, "");
	buf_putc(b, 8);                         /* address size, no segments */
	buf_putc(b, 0);
	uleb(b, 1);
	sleb(b, -8);
	uleb(b, RegRA);
	buf_putc(b, CfaDefCfa);
	uleb(b, RegSP);
	uleb(b, 8);
	buf_putc(b, CfaOffset | RegRA);
	uleb(b, 1);
	frame_end(b, start);
}

static void frame_func(Dw *d, const Sym *s)
{
	const Code *c = s->code;
	Buf *b = &d->frame;
	u32 start = open_length(b), at = 0;
	i32 val = 0;
	put(b, d->cie, 4);
	put(b, s->addr, 8);
	put(b, c->size, 8);
	for (u32 i = 0; i < c->sp.n; i++) {
		u32 step = c->sp.a[i].pc - at;
		if (c->sp.a[i].val == val)
			continue;
		if (step && step < 64) {
			buf_putc(b, (int)(CfaAdvance | step));
		} else if (step) {
			u32 size = step < 256 ? 1 : step < 65536 ? 2 : 4;
			buf_putc(b, size == 1 ? CfaAdvance1 : size == 2 ? CfaAdvance2 : CfaAdvance4);
			put(b, step, size);
		}
		buf_putc(b, CfaDefCfaOffset);
		uleb(b, (u64)c->sp.a[i].val + 8);
		at = c->sp.a[i].pc;
		val = c->sp.a[i].val;
	}
	frame_end(b, start);
}

/* ---- units ---- */

/* Length of the package path in front of a symbol's name: to the first dot after the last slash, where type arguments and
 * receivers have not begun. 0: a name without a package. */
static u32 package_length(const char *name)
{
	u32 dot = 0;
	for (u32 i = 0; name[i] && name[i] != '[' && name[i] != '('; i++)
		if (name[i] == '/')
			dot = 0;
		else if (name[i] == '.' && !dot)
			dot = i;
	return strchr("tg", name[0]) && (!strncmp(name, "type:", 5) || !strncmp(name, "go:", 3)) ? 0 : dot;
}

/* ---- inlined calls ---- */

enum { RleEnd = 0, RleStartLength = 7, InlInlined = 1 };
typedef struct PcRange { u32 lo, hi; } PcRange;
typedef struct InlNode { VEC(PcRange) r; u32 child, sibling; } InlNode;    /* 1 + index of an entry */

/* The entries as a tree with the code each covers, inner calls included. */
static InlNode *inline_tree(Dw *d, const Code *c, u32 *roots)
{
	InlNode *node = arena_array(d->ar, InlNode, c->ninlined);
	for (u32 i = 0; i < c->line.n; i++) {
		u32 lo = c->line.a[i].pc, hi = i + 1 < c->line.n ? c->line.a[i + 1].pc : c->size;
		for (i32 k = (i32)c->line.a[i].inl - 1; k >= 0 && hi > lo; k = c->inlined[k].parent) {
			if (node[k].r.n && vec_last(&node[k].r).hi == lo)
				vec_last(&node[k].r).hi = hi;
			else
				vec_push(d->ar, &node[k].r, (PcRange){lo, hi});
		}
	}
	*roots = 0;
	for (u32 k = c->ninlined; k-- > 0;) {
		u32 *head = c->inlined[k].parent < 0 ? roots : &node[c->inlined[k].parent].child;
		node[k].sibling = *head;
		*head = k + 1;
	}
	return node;
}

/* The entry that inlined copies of a function refer to, made before the first function of the unit that needs it. */
static void abstract_func(Dw *d, const Sym *fn)
{
	u64 *slot = map_slot(d->ar, &d->abstract, (u64)(uintptr_t)fn);
	if (*slot)
		return;
	*slot = d->info.n - d->unit;
	uleb(&d->info, AbbrevAbstract);
	str(&d->info, fn->name);
	buf_putc(&d->info, InlInlined);
}

static Pos pos_at(const Code *c, u32 pc)
{
	u32 lo = 0, hi = c->line.n;
	while (hi - lo > 1) {
		u32 mid = (lo + hi) / 2;
		if (c->line.a[mid].pc <= pc)
			lo = mid;
		else
			hi = mid;
	}
	return c->line.a[lo].pos;
}

static void inlined_calls(Dw *d, Files *files, const Sym *s, const InlNode *node, u32 first)
{
	Buf *b = &d->info;
	for (u32 k = first; k; k = node[k - 1].sibling) {
		const InlNode *x = &node[k - 1];
		const CodeInl *call = &s->code->inlined[k - 1];
		if (!x->r.n)
			continue;
		SrcLoc l = link_loc(pos_at(s->code, call->pc));
		uleb(b, AbbrevInl);
		put(b, *map_slot(d->ar, &d->abstract, (u64)(uintptr_t)call->fn), 4);
		put(b, d->ranges.n, 4);
		uleb(b, file_index(d, files, l.file));
		uleb(b, l.line);
		for (u32 i = 0; i < x->r.n; i++) {
			buf_putc(&d->ranges, RleStartLength);
			put(&d->ranges, s->addr + x->r.a[i].lo, 8);
			uleb(&d->ranges, x->r.a[i].hi - x->r.a[i].lo);
		}
		buf_putc(&d->ranges, RleEnd);
		inlined_calls(d, files, s, node, x->child);
		buf_putc(b, 0);
	}
}

static void info_func(Dw *d, Files *files, const Sym *s)
{
	for (u32 i = 0; i < s->code->ninlined; i++)
		abstract_func(d, s->code->inlined[i].fn);
	Buf *b = &d->info;
	SrcLoc l = link_loc(s->fn && s->fn->pos ? s->fn->pos : s->code->line.n ? s->code->line.a[0].pos : 0);
	uleb(b, s->code->ninlined ? AbbrevFuncInl : AbbrevFunc);
	str(b, s->name);
	put(b, s->addr, 8);
	uleb(b, s->code->size);
	uleb(b, 1);
	buf_putc(b, OpCallFrameCfa);
	uleb(b, file_index(d, files, l.file));
	uleb(b, l.line);
	if (s->code->ninlined) {
		u32 roots;
		const InlNode *node = inline_tree(d, s->code, &roots);
		inlined_calls(d, files, s, node, roots);
		buf_putc(b, 0);
	}
}

/* A unit: functions [i, n) of text, all of one package and with code of ours. */
static void unit(Dw *d, Sym *const *fn, u32 n, u32 len)
{
	const Sym *first = fn[0], *last = fn[n - 1];
	u64 end = last->addr + last->code->size;
	Files files = {0};
	Buf rows = {.ar = d->ar}, *b = &d->info;
	LineState st = {first->addr, 1, 1};
	buf_putc(&rows, 0);
	uleb(&rows, 9);
	buf_putc(&rows, LneSetAddress);
	put(&rows, first->addr, 8);
	d->unit = b->n;
	d->abstract = (Map){0};
	u32 start = open_length(b);
	put(b, 5, 2);
	buf_putc(b, UnitCompile);
	buf_putc(b, 8);
	put(b, 0, 4);                           /* abbreviations */
	uleb(b, AbbrevUnit);
	buf_write(b, len ? first->name : "go:", len ? len : 3);       /* generated functions belong to no package */
	buf_putc(b, 0);
	str(b, d->producer);
	put(b, LangGo, 2);
	str(b, ".");
	put(b, d->line.n, 4);
	put(b, first->addr, 8);
	uleb(b, end - first->addr);
	for (u32 i = 0; i < n; i++) {
		info_func(d, &files, fn[i]);
		line_func(d, &rows, &files, &st, fn[i]);
		frame_func(d, fn[i]);
	}
	buf_putc(b, 0);                         /* end of the unit's children */
	close_length(b, start);
	buf_putc(&rows, LnsAdvancePc);
	uleb(&rows, end - st.pc);
	buf_putc(&rows, 0);
	uleb(&rows, 1);
	buf_putc(&rows, LneEndSequence);
	line_program(d, &rows, &files);
}

/* "Go cmd/compile go1.26.1; seago": tools look for the version in it. */
static const char *producer(Image *im, Arena *ar)
{
	Buf b = {.ar = ar};
	const Sym *s = sym_find(im->p, "runtime.buildVersion");
	buf_puts(&b, "Go cmd/compile ");
	if (s && s->rel.n == 1 && s->rel.a[0].sym->data)
		buf_write(&b, s->rel.a[0].sym->data, s->rel.a[0].sym->size);
	buf_puts(&b, "; regabi; seago");
	return buf_str(&b);
}

u32 link_dwarf(Image *im, Arena *ar, DebugSect *out)
{
	Dw d = {.im = im, .ar = ar, .producer = producer(im, ar)};
	d.info.ar = d.line.ar = d.frame.ar = d.abbrev.ar = d.ranges.ar = ar;
	frame_cie(&d);
	u32 ranges = open_length(&d.ranges);
	put(&d.ranges, 5, 2);
	put(&d.ranges, 8, 2);                   /* address size, no segments */
	put(&d.ranges, 0, 4);                   /* no table of offsets: lists are referred to by their place in the section */
	buf_write(&d.abbrev, abbrevs, sizeof abbrevs);
	for (u32 i = 0; i < im->ngo;) {
		u32 len = package_length(im->text[i]->name), k = i;
		while (k < im->ngo && im->text[k]->code && package_length(im->text[k]->name) == len && !memcmp(im->text[k]->name, im->text[i]->name, len))
			k++;
		if (k > i)
			unit(&d, im->text + i, k - i, len);
		i = k > i ? k : i + 1;
	}
	close_length(&d.ranges, ranges);
	out[0] = (DebugSect){".debug_abbrev", d.abbrev.a, d.abbrev.n};
	out[1] = (DebugSect){".debug_info", d.info.a, d.info.n};
	out[2] = (DebugSect){".debug_line", d.line.a, d.line.n};
	out[3] = (DebugSect){".debug_frame", d.frame.a, d.frame.n};
	out[4] = (DebugSect){".debug_rnglists", d.ranges.a, d.ranges.n};
	return 5;
}
