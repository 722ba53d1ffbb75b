/* vendor/modules.txt: which modules the packages below vendor/ are from. It must say what go.mod (in a workspace: every go.mod and
 * go.work) says of requirements and replacements. */
#define _GNU_SOURCE
#include "load.h"

/* A line "# path version [=> path [version]]" and what "## ..." below it adds. Lines about one module share an entry. */
typedef struct Entry {
	const char *path, *version;    /* version NULL: a replacement of all versions */
	const char *to, *to_version;   /* replaced by; NULL: not */
	const char *go;
	bool explicit, package;        /* required by name; has packages here */
	Module *m;
} Entry;
typedef struct Vendored { Loader *l; VEC(Entry *) all; Map by_name; Buf fault; } Vendored;

static const char *name_of(Arena *a, const char *path, const char *version)
{
	return version ? arena_printf(a, "%s@%s", path, version) : path;
}

static Entry *entry(Vendored *v, const char *path, const char *version)
{
	return map_getp(&v->by_name, intern_str(name_of(v->l->ar, path, version)));
}

static Entry *entry_made(Vendored *v, const char *path, const char *version)
{
	Entry *e = entry(v, path, version);
	if (!e) {
		e = arena_new(v->l->ar, Entry);
		e->path = path;
		e->version = version;
		map_putp(v->l->ar, &v->by_name, intern_str(name_of(v->l->ar, path, version)), e);
		vec_push(v->l->ar, &v->all, e);
	}
	return e;
}

enum { FieldMax = 8 };

static u32 fields(Arena *a, const char *p, const char *end, const char *w[FieldMax])
{
	u32 n = 0;
	while (p < end) {
		const char *s = p;
		while (p < end && *p != ' ' && *p != '\t' && *p != '\r')
			p++;
		if (p > s && n < FieldMax)
			w[n++] = arena_strndup(a, s, (size_t)(p - s));
		p += p == s;
	}
	return n;
}

/* "# ..." */
static Entry *module_line(Vendored *v, const char *w[FieldMax], u32 n)
{
	if (n < 3)
		return NULL;
	bool version = semver_valid(w[2]);
	if (!version && strcmp(w[2], "=>"))
		return NULL;
	Entry *e = entry_made(v, w[1], version ? w[2] : NULL);
	const char **r = w + (version ? 3 : 2);
	u32 nr = n - (version ? 3 : 2);
	if (nr >= 2 && !strcmp(r[0], "=>") && (nr == 2 || (nr == 3 && semver_valid(r[2])))) {
		e->to = r[1];
		e->to_version = nr == 3 ? r[2] : NULL;
	}
	return e;
}

/* "## explicit; go 1.20" */
static void mark_line(Vendored *v, Entry *e, const char *p, const char *end)
{
	while (p < end) {
		const char *semi = memchr(p, ';', (size_t)(end - p)), *stop = semi ? semi : end, *w[FieldMax];
		u32 n = fields(v->l->ar, p, stop, w);
		if (n == 1 && !strcmp(w[0], "explicit"))
			e->explicit = true;
		if (n == 2 && !strcmp(w[0], "go")) {
			e->go = w[1];
			const char *ours = v->l->ctx->goversion + 2;
			if (gover_cmp(e->go, ours) > 0)
				go_fatal(1, "go: %s in %s requires go >= %s (running go %s; GOTOOLCHAIN=local)", e->path,
					short_path(v->l->ctx, path_join(v->l->ar, v->l->root_dir, "vendor/modules.txt")), e->go, ours);
		}
		p = semi ? semi + 1 : end;
	}
}

static Module *module_of(Vendored *v, Entry *e)
{
	Loader *l = v->l;
	if (e->m)
		return e->m;
	Module *m = e->m = arena_new(l->ar, Module);
	*m = (Module){.path = e->path, .version = e->version, .placed = true, .read = true};
	m->dir = path_join(l->ar, l->root_dir, path_join(l->ar, "vendor", e->path));
	if (e->to) {
		m->replace = arena_new(l->ar, Module);
		*m->replace = (Module){.path = e->to, .version = e->to_version};
	}
	return m;
}

static void parse(Vendored *v, const char *p, const char *end)
{
	Loader *l = v->l;
	Entry *e = NULL;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end, *w[FieldMax];
		if (stop - p >= 2 && p[0] == '#' && p[1] == ' ') {
			e = module_line(v, w, fields(l->ar, p, stop, w));
		} else if (stop - p >= 3 && !memcmp(p, "## ", 3)) {
			if (e)
				mark_line(v, e, p + 3, stop);
		} else if (e && fields(l->ar, p, stop, w) == 1) {
			e->package = true;
			map_putp(l->ar, &l->vendor_mod, intern_str(w[0]), module_of(v, e));
		}
		p = nl ? nl + 1 : end;
	}
}

/* ---- agreement ---- */

static void fault(Vendored *v, const char *path, const char *version, const char *text)
{
	buf_printf(&v->fault, "\n\t%s: %s", name_of(v->l->ar, path, version), text);
}

static void check_requires(Vendored *v, const ModFile *f, bool old)
{
	for (u32 i = 0; i < f->require.n; i++) {
		const ModReq *r = &f->require.a[i];
		Entry *e = entry(v, r->path, r->version);
		if (e && e->explicit)
			continue;
		if (!old) {
			fault(v, r->path, r->version, "is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt");
			continue;
		}
		for (u32 k = 0; k < v->all.n; k++)
			if (v->all.a[k]->package && !strcmp(v->all.a[k]->path, r->path) && strcmp(v->all.a[k]->version, r->version) != 0)
				fault(v, r->path, r->version, arena_printf(v->l->ar,
					"is explicitly required in go.mod, but vendor/modules.txt indicates %s@%s", r->path, v->all.a[k]->version));
	}
}

static void check_replaces(Vendored *v, const ModFile *f, bool old)
{
	Loader *l = v->l;
	for (u32 i = 0; i < f->replace.n; i++) {
		const ModReplace *r = module_replacement(l, f->replace.a[i].path, f->replace.a[i].version);
		const char *path = f->replace.a[i].path, *version = f->replace.a[i].version;
		Entry *e = entry(v, path, version);
		if (!r)
			continue;
		const char *to = r->shown ? r->shown : r->to, *file = short_path(l->ctx, r->file);
		if (!e || !e->to) {
			if (!(old && (!version || !e || !e->package)))
				fault(v, path, version, arena_printf(l->ar, "is replaced in %s, but not marked as replaced in vendor/modules.txt", file));
		} else if (strcmp(e->to, to) || strcmp(e->to_version ? e->to_version : "", r->to_version ? r->to_version : "")) {
			fault(v, path, version, arena_printf(l->ar, "is replaced by %s in %s, but marked as replaced by %s in vendor/modules.txt",
				name_of(l->ar, r->to, r->to_version), file, name_of(l->ar, e->to, e->to_version)));
		}
	}
}

static bool required(const Loader *l, const Entry *e)
{
	for (u32 i = 0; i < l->mains.n; i++)
		for (u32 k = 0; k < l->mains.a[i]->mod->require.n; k++) {
			const ModReq *r = &l->mains.a[i]->mod->require.a[k];
			if (!strcmp(r->path, e->path) && !strcmp(r->version, e->version))
				return true;
		}
	return false;
}

static void check(Vendored *v)
{
	Loader *l = v->l;
	const char *go = l->mains.a[0]->mod->go;
	bool old = !l->work && (!go || gover_cmp(go, "1.14") < 0);
	for (u32 i = 0; i < l->mains.n; i++)
		check_requires(v, l->mains.a[i]->mod, old);
	for (u32 i = 0; i < l->mains.n; i++)
		check_replaces(v, l->mains.a[i]->mod, old);
	if (l->work)
		check_replaces(v, l->work, old);
	for (u32 i = 0; i < v->all.n; i++) {
		const Entry *e = v->all.a[i];
		if (e->package && e->explicit && !required(l, e))
			fault(v, e->path, e->version, l->work ? "is marked as explicit in vendor/modules.txt, but not explicitly required in a go.mod" :
				"is marked as explicit in vendor/modules.txt, but not explicitly required in go.mod");
	}
	for (u32 i = 0; i < v->all.n; i++) {
		const Entry *e = v->all.a[i];
		if (e->to && !module_replacement(l, e->path, e->version))
			fault(v, e->path, e->version, arena_printf(l->ar, "is marked as replaced in vendor/modules.txt, but not replaced in %s",
				l->work ? "the workspace" : "go.mod"));
	}
	if (v->fault.n)
		go_fatal(1, "go: inconsistent vendoring in %s:%s\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n"
			"\tTo sync the vendor directory, run:\n\t\tgo %s vendor", l->root_dir, buf_str(&v->fault), l->work ? "work" : "mod");
}

void vendor_read(Loader *l)
{
	size_t n;
	Vendored v = {.l = l, .fault = {.ar = l->ar}};
	const char *file = path_join(l->ar, l->root_dir, "vendor/modules.txt"), *text = context_read(l->ctx, l->ar, file, &n);
	if (text)
		parse(&v, text, text + n);
	check(&v);
	for (u32 i = 0; i < v.all.n; i++) {
		Entry *e = v.all.a[i];
		if (!e->package)
			continue;
		e->m->go = e->go;
		e->m->goversion = language_of(l->ar, e->go, "go1.16");
		vec_push(l->ar, &l->mods, e->m);
	}
}

bool vendor_is_workspace(Loader *l)
{
	size_t n;
	const char *p = context_read(l->ctx, l->ar, path_join(l->ar, l->root_dir, "vendor/modules.txt"), &n);
	const char *end = p ? memchr(p, '\n', n) : NULL;
	Arena *a = l->ar;
	if (!p || n < 3 || memcmp(p, "## ", 3))
		return false;
	for (char *s = arena_strndup(a, p + 3, (size_t)((end ? end : p + n) - p - 3)), *save = NULL; (s = strtok_r(s, ";", &save)); s = NULL) {
		const char *w[FieldMax];
		if (fields(a, s, s + strlen(s), w) == 1 && !strcmp(w[0], "workspace"))
			return true;
	}
	return false;
}
