/* validtype: types must have finite size. A named type must not contain itself through arrays, structs and embedded interface elements;
 * generic types are followed with their type arguments, each looked at in the surroundings in which it was written.
 *
 * A declared type without type arguments that passed once is remembered, so that deep type graphs are walked once.
 */
#include <stdatomic.h>
#include "check.h"

typedef struct Valid { Check *c; VEC(Type *) nest, path; bool through_targ; } Valid;

static Obj *cycle_obj(Check *c, Type *t)
{
	NamedLazy *z = t->named.lazy;
	if (t->named.origin == t)
		return t->named.obj;
	Obj *o = __atomic_load_n(&z->iobj, __ATOMIC_ACQUIRE);
	if (!o) {
		o = obj_new(c, ObjTypeName, z->pos, t->named.obj->name, t);
		o->pkg = t->named.obj->pkg;
		__atomic_store_n(&z->iobj, o, __ATOMIC_RELEASE);
	}
	return o;
}

static bool valid(Valid *v, Type *t);

static bool report(Valid *v, Type *t)
{
	Check *c = v->c;
	atomic_store(&t->named.origin->named.lazy->rhs, c->k->typ[KindInvalid]);
	atomic_store(&t->named.origin->named.under, c->k->typ[KindInvalid]);
	for (u32 i = 0; i < v->path.n; i++) {
		if (!types_identical(c->k, v->path.a[i], t))
			continue;
		u32 n = v->path.n - i;
		Obj **cycle = arena_array(c->ar, Obj *, n);
		for (u32 j = 0; j < n; j++)
			cycle[j] = cycle_obj(c, v->path.a[i + j]);
		check_cycle_error(c, cycle, n, 0);
		break;
	}
	return false;
}

static bool valid_named(Valid *v, Type *t)
{
	Check *c = v->c;
	NamedLazy *z = t->named.origin->named.lazy;
	bool plain = !t->named.origin->named.ntparams;
	if (t->named.obj->pkg != c->pkg && plain)
		return true;        /* checked with its package */
	if (z->valid && plain)
		return true;
	for (u32 i = 0; i < v->nest.n; i++)
		if (types_identical(c->k, v->nest.a[i], t))
			return report(v, t);
	if (v->nest.n > 500)
		return true;
	Type *rhs = named_rhs(t->named.origin);
	if (!rhs)
		return true;
	vec_push(c->ar, &v->nest, t);
	vec_push(c->ar, &v->path, t);
	bool ok = valid(v, rhs);
	v->nest.n--;
	v->path.n--;
	if (ok && plain)
		z->valid = true;
	return ok;
}

static bool valid(Valid *v, Type *t)
{
	t = types_unalias(t);
	switch (t->kind) {
	case KindArray:
		return valid(v, t->elem);
	case KindStruct:
		for (u32 i = 0; i < t->st.n; i++)
			if (!valid(v, t->st.field[i]->type))
				return false;
		return true;
	case KindUnion:
		for (u32 i = 0; i < t->un.n; i++)
			if (!valid(v, t->un.term[i].type))
				return false;
		return true;
	case KindInterface:
		for (u32 i = 0; i < t->iface.nembed; i++)
			if (!valid(v, t->iface.embed[i]))
				return false;
		return true;
	case KindNamed:
		return valid_named(v, t);
	case KindTypeParam: {
		if (!v->nest.n)
			return true;
		Type *inst = v->nest.a[v->nest.n - 1], *g = inst->named.origin;
		for (u32 i = 0; i < g->named.ntparams && i < inst->named.ntargs; i++) {
			if (g->named.tparams[i] != t)
				continue;
			/* the argument belongs to the instance's surroundings */
			v->nest.n--;
			bool ok = valid(v, inst->named.targs[i]);
			v->nest.a[v->nest.n++] = inst;
			return ok;
		}
	}
	}
	return true;
}

void check_valid_type(Check *c, Type *named)
{
	Valid v = { .c = c };
	valid(&v, named);
}

bool check_finite_size(Check *c, Type *t)
{
	t = types_unalias(t);
	switch (t->kind) {
	case KindNamed: {
		Obj *o = cycle_obj(c, t);
		for (u32 i = 0; i < c->objpath.n; i++) {
			if (c->objpath.a[i] != o)
				continue;
			u32 n = c->objpath.n - i;
			check_cycle_error(c, c->objpath.a + i, n, first_in_src(c->objpath.a + i, n));
			return false;
		}
		Type *rhs = named_rhs(t);
		if (!rhs || o->pkg != c->pkg)
			return true;
		if (c->objpath.n > CHECK_MAX_DEPTH)
			return false;
		vec_push(c->ar, &c->objpath, o);
		bool ok = check_finite_size(c, rhs);
		c->objpath.n--;
		return ok;
	}
	case KindArray:
		return check_finite_size(c, t->elem);
	case KindStruct:
		for (u32 i = 0; i < t->st.n; i++)
			if (!check_finite_size(c, t->st.field[i]->type))
				return false;
	}
	return true;
}
