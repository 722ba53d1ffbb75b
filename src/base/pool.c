/* Worker threads and locks.
 *
 * Workers own large stacks (reserved, touched as needed, a guard page below), because the compiler recurses over what
 * users write; so all work runs on workers, and the caller of pool_run waits. Two kinds of work: a counted range, whose
 * items are taken with one atomic addition, and a worklist that grows while it is worked on. Each worker keeps what it finds on a
 * stack of its own, and gives half of it to the common list, under the pool's mutex, when somebody is without work.
 * A worker that calls pool_run does the whole range itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base.h"

enum { StackSize = 256 << 20, GuardSize = 64 << 10, MaxWorkers = 256 };

/* ---- locks: 0 free, 1 held, 2 held and somebody sleeps ---- */

static void futex(_Atomic u32 *w, int op, u32 val)
{
	int saved = errno;
	syscall(SYS_futex, w, op | FUTEX_PRIVATE_FLAG, val, NULL, NULL, 0);
	errno = saved;
}

static inline void cpu_relax(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#elif defined __aarch64__
	__asm__ volatile("yield");
#endif
}

void lock_acquire(Lock *l)
{
	u32 c = 0;
	if (atomic_compare_exchange_strong_explicit(&l->w, &c, 1, memory_order_acquire, memory_order_relaxed))
		return;
	for (int spin = 0; spin < 100; spin++) {
		c = 0;
		if (atomic_load_explicit(&l->w, memory_order_relaxed) == 0 &&
		    atomic_compare_exchange_weak_explicit(&l->w, &c, 1, memory_order_acquire, memory_order_relaxed))
			return;
		cpu_relax();
	}
	while (atomic_exchange_explicit(&l->w, 2, memory_order_acquire) != 0)
		futex(&l->w, FUTEX_WAIT, 2);
}

void lock_release(Lock *l)
{
	if (atomic_exchange_explicit(&l->w, 0, memory_order_release) == 2)
		futex(&l->w, FUTEX_WAKE, 1);
}

static u64 self_id(void)
{
	static _Thread_local char mine;
	return (u64)(uintptr_t)&mine;
}

void rlock_acquire(RLock *l)
{
	u64 me = self_id();
	/* only this thread stores its own id, so a stale value never equals it */
	if (atomic_load_explicit(&l->owner, memory_order_relaxed) != me) {
		lock_acquire(&l->l);
		atomic_store_explicit(&l->owner, me, memory_order_relaxed);
	}
	l->depth++;
}

void rlock_release(RLock *l)
{
	if (--l->depth == 0) {
		atomic_store_explicit(&l->owner, 0, memory_order_relaxed);
		lock_release(&l->l);
	}
}

/* ---- the pool ---- */

struct Pool {
	Arena ar;
	int n;
	pthread_mutex_t mu;
	pthread_cond_t wake;     /* workers: a new job, or an item in the worklist */
	pthread_cond_t done;     /* the caller: all workers are idle again */
	pthread_mutex_t callers; /* one job at a time */

	/* the job; written under mu while no worker is busy */
	u64 job;                 /* its number */
	int busy;                /* workers still in it */
	void (*run)(void *arg, int worker, u32 i);
	void (*drain)(void *arg, int worker, void *item);
	void *arg;
	u32 count;
	_Atomic u32 next;

	/* the worklist */
	VEC(void *) item;        /* common part, under mu */
	int working;             /* workers that are not waiting for items, under mu */
	_Atomic int hungry;      /* workers that are */
};

/* A worker and the items only it knows of. */
typedef struct Worker { Pool *p; int id; Arena ar; VEC(void *) mine; } Worker;

static _Thread_local Worker *current;   /* who this thread is */

static void do_range(Pool *p, int id)
{
	for (;;) {
		u32 i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
		if (i >= p->count)
			return;
		p->run(p->arg, id, i);
	}
}

/* Hands the older half of the worker's items to whoever waits. */
static void share(Worker *w)
{
	Pool *p = w->p;
	pthread_mutex_lock(&p->mu);
	u32 n = p->item.n ? 0 : w->mine.n / 2;          /* else there is some already, and they are about to wake */
	for (u32 i = 0; i < n; i++)
		vec_push(&p->ar, &p->item, w->mine.a[i]);
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->mu);
	memmove(w->mine.a, w->mine.a + n, (w->mine.n - n) * sizeof *w->mine.a);
	w->mine.n -= n;
}

/* Waits for items and takes its part; false when the list is finished: it is empty and nobody works who might add to it. */
static bool take(Worker *w)
{
	Pool *p = w->p;
	pthread_mutex_lock(&p->mu);
	p->working--;
	while (!p->item.n && p->working) {
		atomic_fetch_add_explicit(&p->hungry, 1, memory_order_relaxed);
		pthread_cond_wait(&p->wake, &p->mu);
		atomic_fetch_sub_explicit(&p->hungry, 1, memory_order_relaxed);
	}
	u32 n = (p->item.n + (u32)p->n - 1) / (u32)p->n;
	for (u32 i = 0; i < n; i++)
		vec_push(&w->ar, &w->mine, vec_pop(&p->item));
	if (n)
		p->working++;
	else
		pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->mu);
	return n > 0;
}

static void do_list(Worker *w)
{
	Pool *p = w->p;
	do {
		while (w->mine.n) {
			void *it = vec_pop(&w->mine);
			p->drain(p->arg, w->id, it);
			if (w->mine.n > 1 && atomic_load_explicit(&p->hungry, memory_order_relaxed))
				share(w);
		}
	} while (take(w));
}

static void *worker_main(void *arg)
{
	Worker *w = current = arg;
	Pool *p = w->p;
	u64 seen = 0;
	pthread_mutex_lock(&p->mu);
	for (;;) {
		while (p->job == seen)
			pthread_cond_wait(&p->wake, &p->mu);
		seen = p->job;
		pthread_mutex_unlock(&p->mu);
		if (p->drain)
			do_list(w);
		else
			do_range(p, w->id);
		pthread_mutex_lock(&p->mu);
		if (--p->busy == 0)
			pthread_cond_signal(&p->done);
	}
	return NULL;
}

static int usable_cpus(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return CPU_COUNT(&set);
	return 1;
}

static void start_worker(Pool *p, int id)
{
	size_t size = (size_t)StackSize + GuardSize;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		fatal("stack of a worker thread:");
	mprotect(stack, GuardSize, PROT_NONE);
	pthread_attr_t attr;
	pthread_t t;
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack + GuardSize, StackSize);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	Worker *w = arena_new(&p->ar, Worker);
	*w = (Worker){.p = p, .id = id};
	int err = pthread_create(&t, &attr, worker_main, w);
	if (err) {
		errno = err;
		fatal("start of a worker thread:");
	}
	pthread_attr_destroy(&attr);
}

Pool *pool_new(int nthread)
{
	if (nthread <= 0)
		nthread = usable_cpus();
	if (nthread > MaxWorkers)
		nthread = MaxWorkers;
	Arena ar = {0};
	Pool *p = arena_new(&ar, Pool);
	p->ar = ar;
	p->n = nthread;
	pthread_mutex_init(&p->mu, NULL);
	pthread_mutex_init(&p->callers, NULL);
	pthread_cond_init(&p->wake, NULL);
	pthread_cond_init(&p->done, NULL);
	for (int i = 0; i < nthread; i++)
		start_worker(p, i);
	return p;
}

int pool_size(const Pool *p)
{
	return p->n;
}

/* Starts the job described in p (mu held) and waits for its end; leaves mu free. */
static void run_job(Pool *p)
{
	p->busy = p->n;
	p->job++;
	pthread_cond_broadcast(&p->wake);
	while (p->busy)
		pthread_cond_wait(&p->done, &p->mu);
	pthread_mutex_unlock(&p->mu);
}

void pool_run(Pool *p, u32 n, void (*fn)(void *arg, int worker, u32 i), void *arg)
{
	if (current && current->p == p) {
		for (u32 i = 0; i < n; i++)
			fn(arg, current->id, i);
		return;
	}
	if (n == 0)
		return;
	pthread_mutex_lock(&p->callers);
	pthread_mutex_lock(&p->mu);
	p->run = fn;
	p->drain = NULL;
	p->arg = arg;
	p->count = n;
	atomic_store(&p->next, 0);
	run_job(p);
	pthread_mutex_unlock(&p->callers);
}

void pool_add(Pool *p, void *item)
{
	if (current && current->p == p) {
		vec_push(&current->ar, &current->mine, item);
		return;
	}
	pthread_mutex_lock(&p->mu);
	vec_push(&p->ar, &p->item, item);
	pthread_mutex_unlock(&p->mu);
}

void pool_drain(Pool *p, void (*fn)(void *arg, int worker, void *item), void *arg)
{
	if (current && current->p == p)
		bug("pool_drain called by a worker of the pool");
	pthread_mutex_lock(&p->callers);
	pthread_mutex_lock(&p->mu);
	p->drain = fn;
	p->arg = arg;
	p->working = p->n;
	run_job(p);
	pthread_mutex_unlock(&p->callers);
}
