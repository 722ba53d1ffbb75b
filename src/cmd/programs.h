/* programs: what one process does to make several programs (programs.c). */
#ifndef SEAGO_PROGRAMS_H
#define SEAGO_PROGRAMS_H

#include "cmd.h"

/* Results of Programs.code: the shared code is there; the child has to do everything. Others are the exit status of a failure. */
enum { ProgramReady = -1, ProgramAlone = -2 };
/* Exit status of a child that found shared code which does not fit its program: the program is made again, alone. */
enum { ProgramStale = 77 };

typedef struct Programs {
	u32 n;
	int njob;                      /* children at once */
	void *arg;
	bool (*wait)(void *arg, u32 i);        /* before program i begins; false: no more. NULL: no waiting */
	int (*code)(void *arg, u32 i);
	int (*finish)(void *arg, u32 i, bool alone, int threads);     /* in the child: its exit status */
	void (*forget)(void *arg, u32 i);      /* in the parent, once the child has its copy */
	void (*done)(void *arg, u32 i, int status, const char *text, u32 n);
} Programs;

void programs_run(Programs *p);

#endif
