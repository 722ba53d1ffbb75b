/* cover: measuring coverage (cover.c). */
#ifndef SEAGO_COVER_H
#define SEAGO_COVER_H

#include "cmd.h"

/* One package to be rewritten. */
typedef struct CoverJob {
	LoadPkg *p;
	bool meta, only_meta;          /* a file of its meta-data is wanted too; that alone */
	const char *metafile, *dir;    /* then: its name; the folder it is in */
} CoverJob;

typedef struct Cover {
	const char *mode;              /* "set", "count", "atomic"; NULL: no coverage */
	VEC(const char *) pkg;         /* -coverpkg */
	const char *profile;           /* -coverprofile */
	const char *tmp;               /* a folder for the tool's files */
	VEC(CoverJob) job;
	bool failed;                   /* the tool has said why */
} Cover;

void cover_select(Build *b, Cover *c);         /* adds the packages that -coverpkg means */
void cover_packages(Build *b, Cover *c);       /* rewrites: LoadPkg.cfile */
void cover_use(Build *b, Cover *c);            /* all programs are made of what was rewritten */

#endif
