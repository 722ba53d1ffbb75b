/* unify: the state of one unification, used by infer.c (see unify.c). */
#ifndef SEAGO_TYPES_UNIFY_H
#define SEAGO_TYPES_UNIFY_H

#include "check.h"

enum { UnifyAssign = 1, UnifyExact = 2 };
typedef struct Unifier {
	Check *c;
	Checker *k;
	Type **tparams;
	Type ***handle;            /* handle[i] holds what tparams[i] is so far */
	u32 n, depth;
	bool ifaces;               /* interfaces unify by their methods (go1.21) */
} Unifier;
void unifier_init(Unifier *u, Check *c, Type **tparams, Type **targs, u32 n, bool ifaces);
int unifier_index(const Unifier *u, Type *t);      /* which bound parameter t is, or -1 */
bool unifier_unify(Unifier *u, Type *x, Type *y, int mode);

#endif
