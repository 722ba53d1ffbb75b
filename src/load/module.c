/* go.mod, as far as a module without external dependencies needs it: the module's path and language version.
 * Requirements are left to the module resolver; packages outside the module and the standard library are reported as
 * missing by the loader. */
#include <errno.h>
#include "load.h"

static bool token(const char **p, const char *end, const char **s, size_t *n)
{
	while (*p < end && (**p == ' ' || **p == '\t' || **p == '\r'))
		(*p)++;
	const char *q = *p;
	if (q >= end || *q == '\n' || (q + 1 < end && q[0] == '/' && q[1] == '/'))
		return false;
	if (*q == '"' || *q == '`') {
		const char *e = memchr(q + 1, *q, (size_t)(end - q - 1));
		if (!e)
			return false;
		*s = q + 1;
		*n = (size_t)(e - q - 1);
		*p = e + 1;
		return true;
	}
	while (q < end && *q != ' ' && *q != '\t' && *q != '\r' && *q != '\n')
		q++;
	*s = *p;
	*n = (size_t)(q - *p);
	*p = q;
	return true;
}

static void parse(Arena *a, Module *m, const char *src, size_t size)
{
	const char *p = src, *end = src + size;
	while (p < end) {
		const char *w, *arg;
		size_t wn, an;
		if (token(&p, end, &w, &wn) && token(&p, end, &arg, &an)) {
			if (wn == 6 && !memcmp(w, "module", 6))
				m->path = arena_strndup(a, arg, an);
			if (wn == 2 && !memcmp(w, "go", 2)) {
				/* "1.26.1" and "1.26rc1" are language version go1.26 */
				size_t k = 0, dots = 0;
				while (k < an && ((arg[k] >= '0' && arg[k] <= '9') || (arg[k] == '.' && !dots++)))
					k++;
				m->goversion = arena_printf(a, "go%.*s", (int)k, arg);
			}
		}
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		p = nl ? nl + 1 : end;
	}
}

const char *module_file(Arena *a, const char *dir)
{
	char *d = path_clean(a, dir);
	for (;;) {
		const char *file = path_join(a, d, "go.mod");
		if (file_exists(file))
			return file;
		char *slash = strrchr(d, '/');
		if (!slash || slash == d)
			return NULL;
		*slash = 0;
	}
}

void modules_find(Loader *l)
{
	const char *file = module_file(l->ar, l->ctx->cwd), *shown = file ? short_path(l->ctx, file) : NULL;
	size_t n;
	if (!file)
		return;
	const char *src = context_read(l->ctx, l->ar, file, &n);
	if (!src)
		go_fatal(1, "go: open %s: %s", file, strerror_go(errno));
	Module *m = arena_new(l->ar, Module);
	m->dir = arena_strndup(l->ar, file, (size_t)(strrchr(file, '/') - file));
	m->file = file;
	m->main = true;
	m->goversion = "go1.16";    /* what gc assumes without a go line */
	parse(l->ar, m, src, n);
	if (!m->path)
		go_fatal(1, "go: error reading %s: missing module declaration. To specify the module path:\n\tgo mod edit -module=example.com/mod", shown);
	l->main_mod = m;
	vec_push(l->ar, &l->mods, m);
}
