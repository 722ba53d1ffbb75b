/* Counters for fuzzing: every block of a function counts, in a byte, how often it is entered.
 *
 * The engine in internal/fuzz looks at the counters of the whole program, which the linker lays side by side, to see whether an input
 * has led anywhere new. */
#include "ssa.h"

static u32 first_place(const Func *f, const Block *k)
{
	u32 i = 0;
	while (i < k->v.n && (f->v.a[k->v.a[i]].op == SsaPhi || f->v.a[k->v.a[i]].op == SsaParam || f->v.a[k->v.a[i]].op == SsaClosure))
		i++;
	return i;
}

static ValueId fresh(Func *f, BlockId b, SsaOp op, Ty ty, i64 aux, ValueId x, ValueId y)
{
	Value v = {.op = op, .ty = ty, .block = b, .pos = f->b.a[b].pos ? f->b.a[b].pos : f->pos, .aux = aux};
	v.nargs = (u8)((x != 0) + (y != 0));
	v.arg[0] = x;
	v.arg[1] = y;
	vec_push(f->ar, &f->v, v);
	return f->v.n - 1;
}

/* needs: a function as it was built. leaves: a load, an addition and a store at the head of each block. */
void ssa_count_blocks(Func *f)
{
	ARENA_LOCAL(a, 1024);
	Sym *s = sym_made(f->prog, arena_printf(&a, "%s\xc2\xb7" "fuzz", f->sym->name), (SymContent){.kind = SymNoptrBss, .size = f->b.n - 1});
	arena_free(&a);
	s->counter = CounterFuzz;
	for (BlockId b = 1; b < f->b.n; b++) {
		ValueId addr = fresh(f, b, SsaAddr, TyPtr, b - 1, 0, 0);
		f->v.a[addr].sym = s;
		ValueId old = fresh(f, b, SsaLoad, TyI8, 0, addr, 0), one = fresh(f, b, SsaConst, TyI8, 1, 0, 0);
		ValueId sum = fresh(f, b, SsaAdd, TyI8, 0, old, one), store = fresh(f, b, SsaStore, TyVoid, 0, addr, sum);
		ValueId add[] = {addr, old, one, sum, store};
		Block *k = &f->b.a[b];
		u32 at = first_place(f, k), n = k->v.n;
		for (size_t i = 0; i < nelem(add); i++)
			vec_push(f->ar, &k->v, 0);
		memmove(k->v.a + at + nelem(add), k->v.a + at, (n - at) * sizeof *k->v.a);
		memcpy(k->v.a + at, add, sizeof add);
	}
}
