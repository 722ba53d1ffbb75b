/* lock.c: futex locks and one-shot events for C.
 *
 * A Mutex is 0 free, 1 held, 2 held and someone sleeps. Holders never park and never
 * touch the Go heap allocator while holding a scheduler lock. A Note goes 0 -> 1 once and
 * is cleared by its owner. */
#include "runtime.h"

static inline void pause(void) { __asm__ volatile("pause"); }

void rt_lock(Mutex *l) {
	M *mp = rt_m();
	mp->locks++;
	if (acas(&l->key, 0, 1))
		return;
	for (int i = 0; i < 4 && sched.ncpu > 1; i++) {
		for (int j = 0; j < 30; j++)
			pause();
		if (aload(&l->key) == 0 && acas(&l->key, 0, 1))
			return;
	}
	os_yield();
	while (axchg(&l->key, 2) != 0)
		os_futexsleep(&l->key, 2, -1);
}

bool rt_trylock(Mutex *l) {
	if (!acas(&l->key, 0, 1))
		return false;
	rt_m()->locks++;
	return true;
}

void rt_unlock(Mutex *l) {
	u32 v = axchg(&l->key, 0);
	if (v == 0)
		rt_throw("unlock of unlocked lock");
	if (v == 2)
		os_futexwake(&l->key, 1);
	rt_m()->locks--;
}

void rt_noteclear(Note *n) { astore(&n->key, 0); }

void rt_notesleep(Note *n) {
	while (aload(&n->key) == 0)
		os_futexsleep(&n->key, 0, -1);
}

bool rt_notetsleep(Note *n, i64 ns) {
	if (ns < 0) {
		rt_notesleep(n);
		return true;
	}
	i64 end = os_nanotime() + ns;
	while (aload(&n->key) == 0) {
		i64 left = end - os_nanotime();
		if (left <= 0)
			return false;
		os_futexsleep(&n->key, 0, left);
	}
	return true;
}

void rt_notewakeup(Note *n) {
	axchg(&n->key, 1);
	os_futexwake(&n->key, 1);
}
