/* Addresses of statements and sizes of branches.
 *
 * All branches start short. Passes over the function give addresses; a forward branch that does not reach becomes long and
 * another pass is made, backward ones are decided on the way. As branches only grow, this ends. Branches to unconditional
 * jumps go to where those go.
 *
 * If a branch grew, statements are encoded a second time: gc does, and byte statements on AX then take their short form. */
#include "../asm.h"

static const u8 nops[9][9] = {
	{0x90}, {0x66, 0x90}, {0x0f, 0x1f, 0x00}, {0x0f, 0x1f, 0x40, 0x00}, {0x0f, 0x1f, 0x44, 0x00, 0x00}, {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
	{0x0f, 0x1f, 0x80, 0, 0, 0, 0}, {0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0}, {0x66, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0},
};

static bool is_jump(const Ins *in)
{
	return in->what == InsBranch && in->target != ~0u;
}

static void follow_jumps(FuncState *fs)
{
	for (u32 i = 0; i < fs->in.n; i++) {
		Ins *in = &fs->in.a[i];
		if (!is_jump(in) && !(in->what == InsCall && in->target != ~0u))
			continue;
		u32 t = in->target, n = 0;
		while (t < fs->in.n && is_jump(&fs->in.a[t]) && !strcmp(fs->in.a[t].op, "JMP") && n++ < 5000)
			t = fs->in.a[t].target;
		if (n <= 5000)
			in->target = t;
	}
}

/* Jumps and calls of symbols, registers and memory do not depend on addresses. */
static void encode_transfer(Asm *a, Ins *in)
{
	Opnd *p = &in->o[0];
	bool call = in->what == InsCall;
	if (p->kind == OdMem && p->sym && p->name == BaseExtern && !p->index.cls && !p->base.cls && !p->indirect) {
		u8 *b = arena_alloc(a->fa, 6, 1);
		u8 cc, form = branch_opcode(a, in, &cc);
		u32 n = form == BranchCc ? 2 : 1;
		b[0] = call ? 0xe8 : form == BranchCc ? 0x0f : 0xe9;
		b[1] = form == BranchCc ? 0x80 | cc : 0;
		if (!call && form != BranchJmp && form != BranchCc)
			asm_error(a, "invalid instruction: %s", ins_text(a, in));
		in->bytes = b;
		in->size = n + 4;
		vec_push(a->fa, &in->rel, (AsmRel){n, RelocCall32, p->local, p->internal, p->sym, p->off - 4});
		return;
	}
	u8 what = in->what;
	in->what = InsCode;
	ins_encode(a, in);
	in->what = what;
}

static void encode_all(Asm *a, FuncState *fs)
{
	for (u32 i = 0; i < fs->in.n && !a->stop; i++) {
		Ins *in = &fs->in.a[i];
		a->pos = in->pos;
		switch (in->what) {
		case InsCode: case InsBytes:
			ins_encode(a, in);
			break;
		case InsBranch: case InsCall:
			if (in->target == ~0u)
				encode_transfer(a, in);
			break;
		case InsRet:
			if (in->nopnd) {
				asm_error(a, "invalid instruction: %s", ins_text(a, in));
				break;
			}
			in->bytes = arena_alloc(a->fa, 1, 1);
			in->bytes[0] = 0xc3;
			in->size = 1;
			break;
		}
	}
}

/* Size of a branch inside the function whose displacement is long or short. */
static u32 branch_size(Asm *a, const Ins *in, bool islong)
{
	u8 code, form = branch_opcode(a, in, &code);
	if (in->what == InsCall)
		return 5;
	if (form == BranchXbegin)
		return 6;
	if (form == BranchShort) {
		if (islong)
			asm_error(a, "loop too far: %s", ins_text(a, in));
		return code == 0x67 ? 3 : 2;
	}
	return !islong ? 2 : form == BranchCc ? 6 : 5;
}

/* One pass. True if a branch grew. */
static bool pass(Asm *a, FuncState *fs)
{
	u32 pc = 0;
	bool grew = false;
	for (u32 i = 0; i < fs->in.n; i++) {
		Ins *in = &fs->in.a[i];
		in->pc = pc;
		a->pos = in->pos;
		if (in->what == InsAlign) {
			in->size = (u32)(-(i64)pc & (in->value - 1));
		} else if ((in->what == InsBranch || in->what == InsCall) && in->target != ~0u) {
			if (in->target <= i && in->what == InsBranch)
				in->islong = (i64)fs->in.a[in->target].pc - (pc + 2) < -128;
			in->size = branch_size(a, in, in->islong);
		}
		pc += in->size;
	}
	for (u32 i = 0; i < fs->in.n; i++) {
		Ins *in = &fs->in.a[i];
		if (!is_jump(in) || in->target <= i || in->islong || in->size > 3)
			continue;
		u32 to = in->target < fs->in.n ? fs->in.a[in->target].pc : pc;
		if ((i64)to - (in->pc + in->size) > 127) {
			in->islong = grew = true;
			a->pos = in->pos;
		}
	}
	return grew;
}

static void put_branch(Asm *a, FuncState *fs, Ins *in, u8 *p)
{
	u8 code, form = branch_opcode(a, in, &code);
	i32 d = (i32)(fs->in.a[in->target].pc - (in->pc + in->size));
	u32 n = 0;
	if (in->what == InsCall) {
		p[n++] = 0xe8;
	} else if (form == BranchXbegin) {
		p[n++] = 0xc7;
		p[n++] = 0xf8;
	} else if (form == BranchShort) {
		p[n++] = code;
		if (code == 0x67)
			p[n++] = 0xe3;
	} else if (form == BranchJmp) {
		p[n++] = in->islong ? 0xe9 : 0xeb;
	} else {
		if (in->islong)
			p[n++] = 0x0f;
		p[n++] = (in->islong ? 0x80 : 0x70) | code;
	}
	for (u32 i = 0; n < in->size; i++)
		p[n++] = (u8)(d >> (8 * i));
}

static void put_nops(u8 *p, u32 n)
{
	while (n) {
		u32 k = n > 9 ? 9 : n;
		memcpy(p, nops[k - 1], k);
		p += k;
		n -= k;
	}
}

enum { PcdataUnsafePoint, PcdataStackMapIndex };

/* Copies bytes and makes the tables. Assembly is never preempted asynchronously. */
static void emit(Asm *a, FuncState *fs)
{
	AsmFunc *f = fs->f;
	Code *c = f->code = arena_new(a->out, Code);
	Ins *last = &vec_last(&fs->in);
	c->size = last->pc + last->size;
	c->text = arena_alloc(a->out, c->size ? c->size : 1, 16);
	i32 depth = 0;
	code_pcval(a->out, &c->unsafe_, 0, PointUnsafe);
	for (u32 i = 0; i < fs->in.n; i++) {
		Ins *in = &fs->in.a[i];
		if (in->what == InsCall && in->value)
			depth = 0;              /* the stack check's slow end */
		code_pcval(a->out, &c->sp, in->pc, depth);
		if (in->size)
			code_line(a->out, c, in->pc, in->pos, 0);
		if (in->what == InsPcdata && in->key == PcdataStackMapIndex)
			code_pcval(a->out, &c->map, in->pc, (i32)in->value);
		if (in->what == InsAlign)
			put_nops(c->text + in->pc, in->size);
		else if ((in->what == InsBranch || in->what == InsCall) && in->target != ~0u)
			put_branch(a, fs, in, c->text + in->pc);
		else if (in->size)
			memcpy(c->text + in->pc, in->bytes, in->size);
		for (u32 k = 0; k < in->rel.n; k++) {
			AsmRel r = in->rel.a[k];
			r.off += in->pc;
			vec_push(a->out, &f->rel, r);
		}
		depth += in->spadj;
	}
	c->framesize = (u32)f->frame;
	c->argsize = f->args > 0 ? (u32)f->args : 0;
}

void func_layout(Asm *a, FuncState *fs)
{
	if (!fs->in.n)
		fs->in.n = 0;
	follow_jumps(fs);
	encode_all(a, fs);
	if (a->nerror)
		return;
	if (!fs->in.n) {
		fs->f->code = arena_new(a->out, Code);
		fs->f->code->text = arena_alloc(a->out, 1, 1);
		return;
	}
	if (pass(a, fs) && !a->nerror) {
		for (u32 i = 0; i < fs->in.n; i++)
			if (fs->in.a[i].what == InsCode) {
				fs->in.a[i].rel.n = 0;
				ins_encode(a, &fs->in.a[i]);
			}
		while (pass(a, fs) && !a->nerror)
			;
	}
	if (!a->nerror)
		emit(a, fs);
}
