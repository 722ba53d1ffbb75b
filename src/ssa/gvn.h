/* The parts of value numbering: what memory holds (memory.c), how big numbers are (prove.c). */
#ifndef SEAGO_GVN_H
#define SEAGO_GVN_H

#include "ssa.h"

typedef struct Mem Mem;
Mem *mem_new(Func *f, const Dom *dom, Arena *ar);
void mem_enter(Mem *m, BlockId b);                       /* blocks in the order of the dominator tree */
void mem_exit(Mem *m, BlockId b);
ValueId mem_load(Mem *m, ValueId id, bool *zero);        /* what the load gives, if that is known; else it is remembered */
bool mem_store(Mem *m, ValueId id);                      /* nothing changes */
void mem_effect(Mem *m, ValueId id);
u32 mem_mark(const Mem *m);
void mem_release(Mem *m, u32 mark);

typedef struct Facts Facts;
Facts *prove_new(Func *f, const Dom *dom, Arena *ar);
void prove_learn(Facts *p, ValueId x, ValueId y, i64 k); /* x - y <= k; 0 is the number zero */
void prove_differs(Facts *p, ValueId x, i64 c);
bool prove_le(const Facts *p, ValueId x, ValueId y, i64 k);
i64 prove_low(const Facts *p, ValueId x);
i64 prove_high(const Facts *p, ValueId x);
u32 prove_mark(const Facts *p);
void prove_release(Facts *p, u32 mark);

#endif
