/* proc.h: what the files of the scheduler share with each other and nobody else. */
#ifndef SEAGO_PROC_H
#define SEAGO_PROC_H

#include "runtime.h"

/* runq.c */
void globq_put(G *gp);                      /* sched.lock held */
G *globq_get(P *pp, i32 max);               /* a share of the global queue: one, the others to pp; sched.lock held */
void runq_put(P *pp, G *gp, bool next);     /* owner of pp only */
G *runq_get(P *pp, bool *inherit);          /* owner only; inherit: go on with the time slice */
bool runq_empty(P *pp);
G *runq_steal(P *pp, P *victim, bool stealnext);
void runq_inject(G *list);                  /* waiting goroutines, linked, become runnable */

/* thread.c */
void p_idle_put(P *pp);                     /* sched.lock held */
P *p_idle_get(void);                        /* sched.lock held; NULL: none */
void p_acquire(P *pp);
void p_attach(P *pp);                       /* the same, but in traces it never went away */
P *p_release(void);
void p_handoff(P *pp);                      /* the P loses its thread: find it another if it has work */
void m_stop(void);                          /* sleep until somebody hands us a P */
void m_start(P *pp, bool spinning);         /* run pp (NULL: an idle one) on some thread */
void m_gcstop(void);
void m_exit(void) NORETURN;
void m_stop_locked(void);
void m_start_locked(G *gp);

/* goroutine.c, proc.c */
G *rt_newparked(Funcval *fn, u8 reason);
G *rt_newlocked(Funcval *fn);               /* runnable, in no queue, locked to this thread */
void rt_gdestroy(G *gp);
G *g_drop(void);                            /* the thread lets go of its goroutine */
void proc_execute(G *gp, bool inherit) NORETURN;
void proc_yieldto(G *gp) NORETURN;

/* sysmon.c */
extern bool sched_mainstarted;
void sched_checkdead(void);                 /* sched.lock held */
void sysmon_wake(void);

/* signal.c, linux/os.c */
bool sig_request_preempt(M *mp);
u64 os_sigmask(i32 how, u64 mask);
void rt_asyncregs_free(void *p);

#endif
