/* The overlay manifest: which files make up the packages that we complete.
 *
 *     package runtime        starts a section
 *     only                   of upstream's files, take just those named
 *     take error.go          upstream's file, whatever its constraints say
 *     drop exp_asm.go        not upstream's file
 *     add runtime/proc.go    our file, below the overlay folder
 *     supplied               the runtime has what its assembly defines
 *
 * '#' starts a comment. */
#include "load.h"

typedef struct Line { const char *word, *arg; } Line;

/* Splits off the next line; word is NULL for empty ones. False at the end. */
static bool next_line(Arena *a, const char **p, const char *end, Line *l)
{
	if (*p >= end)
		return false;
	const char *e = memchr(*p, '\n', (size_t)(end - *p));
	if (!e)
		e = end;
	const char *hash = memchr(*p, '#', (size_t)(e - *p)), *stop = hash ? hash : e, *q = *p, *w[2] = {0};
	for (int i = 0; i < 2; i++) {
		while (q < stop && (*q == ' ' || *q == '\t' || *q == '\r'))
			q++;
		const char *s = q;
		while (q < stop && *q != ' ' && *q != '\t' && *q != '\r')
			q++;
		if (q > s)
			w[i] = arena_strndup(a, s, (size_t)(q - s));
	}
	*l = (Line){w[0], w[1]};
	*p = e + 1;
	return true;
}

Manifest *manifest_read(Arena *a, const char *overlay_dir)
{
	Manifest *m = arena_new(a, Manifest);
	if (!overlay_dir)
		return m;
	size_t n;
	const char *path = path_join(a, overlay_dir, "manifest");
	const char *p = file_read(a, path, &n), *end = p + n;
	if (!p)
		fatal("open %s:", path);
	Line l;
	while (next_line(a, &p, end, &l)) {
		if (!l.word)
			continue;
		if (!strcmp(l.word, "package") && l.arg) {
			vec_push(a, &m->pkg, (ManifestPkg){.path = l.arg});
			continue;
		}
		ManifestPkg *mp = m->pkg.n ? &vec_last(&m->pkg) : NULL;
		if (mp && !strcmp(l.word, "only"))
			mp->only = true;
		else if (mp && !strcmp(l.word, "supplied"))
			mp->supplied = true;
		else if (mp && l.arg && !strcmp(l.word, "take"))
			vec_push(a, &mp->take, l.arg);
		else if (mp && l.arg && !strcmp(l.word, "drop"))
			vec_push(a, &mp->drop, l.arg);
		else if (mp && l.arg && !strcmp(l.word, "add"))
			vec_push(a, &mp->add, path_join(a, overlay_dir, l.arg));
		else
			fatal("%s: cannot understand '%s'", path, l.word);
	}
	return m;
}

ManifestPkg *manifest_find(Manifest *m, const char *path)
{
	for (u32 i = 0; i < m->pkg.n; i++)
		if (!strcmp(m->pkg.a[i].path, path))
			return &m->pkg.a[i];
	return NULL;
}
