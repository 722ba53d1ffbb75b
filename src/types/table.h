/* table: the hash tables of type construction (see type.c). */
#ifndef SEAGO_TYPES_TABLE_H
#define SEAGO_TYPES_TABLE_H

#include <stdatomic.h>
#include "check.h"

typedef struct Entry { struct Entry *next; u64 hash; void *val; } Entry;
typedef struct Table { Entry *_Atomic head[1 << 13]; } Table;
typedef bool EntryEq(void *val, void *key);
Entry *table_find(Table *tab, u64 h, EntryEq *eq, void *key);
void *table_add(Checker *k, Table *tab, u64 h, EntryEq *eq, void *key, void *val);
u64 type_hash(Type *t, int depth);

typedef struct Shard { Lock lock; Arena arena; } Shard;
typedef struct Tables {
	Shard shard[16];
	_Atomic u32 next_id;
	Table cons, canon, inst, subst, methods, linkname, locals;
	Lock qual_lock;            /* guards PkgPriv.qual of all packages */
	Arena qual_arena;
	Lock pool_lock;
	Check *pool;               /* idle contexts */
} Tables;

#endif
