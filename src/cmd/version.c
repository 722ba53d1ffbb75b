/* seago version: ours in go's form, since scripts read it; that of executables, from what the linker left in them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "cmd.h"

typedef struct Flags { bool m, v, json; } Flags;
typedef struct Info { const char *version, *text; } Info;       /* text without its marks */

/* ---- reading an executable ---- */

static bool uvarint(const u8 **p, const u8 *end, u64 *v)
{
	*v = 0;
	for (int shift = 0; *p < end && shift < 63; shift += 7) {
		u8 b = *(*p)++;
		*v |= (u64)(b & 0x7f) << shift;
		if (b < 0x80)
			return true;
	}
	return false;
}

static const char *counted(Arena *a, const u8 **p, const u8 *end)
{
	u64 n;
	if (!uvarint(p, end, &n) || n > (u64)(end - *p))
		return NULL;
	const char *s = arena_strndup(a, (const char *)*p, n);
	*p += n;
	return s;
}

/* The header is 16-aligned in the file's first writable data; strings follow it. */
static bool find_info(Arena *a, const u8 *f, size_t size, Info *out)
{
	static const char magic[] = "\xff Go buildinf:";
	for (const u8 *p = f; size >= 32 && (p = memmem(p, size - (size_t)(p - f), magic, sizeof magic - 1)); p++) {
		if ((p - f) % 16 || size - (size_t)(p - f) < 32 || !(p[15] & 2))
			continue;
		const u8 *s = p + 32, *end = f + size;
		const char *version = counted(a, &s, end);
		const u8 *text = s;
		const char *mod = version ? counted(a, &s, end) : NULL;
		u64 n;
		if (!mod || !uvarint(&text, end, &n))
			continue;
		out->version = version;
		out->text = n >= 33 && text[n - 17] == '\n' ? arena_strndup(a, (const char *)text + 16, n - 32) : "";
		return true;
	}
	return false;
}

static const char *read_info(Arena *a, const char *file, Info *out)
{
	size_t n;
	const char *p = file_read(a, file, &n);
	if (!p)
		return arena_printf(a, "open %s: %s", file, strerror_go(errno));
	if (n < 16 || memcmp(p, ELFMAG, SELFMAG))
		return "unrecognized file format";
	return find_info(a, (const u8 *)p, n, out) ? NULL : "not a Go executable";
}

/* ---- printing ---- */

static void print_text(const char *text)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		printf("\t%.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
}

static const char *field(Arena *a, const char **p, const char *end)
{
	size_t n = 0;
	while (*p + n < end && (*p)[n] != '\t')
		n++;
	const char *s = arena_strndup(a, *p, n);
	*p += n + (*p + n < end);
	return s;
}

static void put_member(Buf *b, const char *indent, bool *first, const char *key, const char *value)
{
	buf_printf(b, "%s\n%s\"%s\": ", *first ? "" : ",", indent, key);
	json_quote(b, value, strlen(value));
	*first = false;
}

static void put_module(Buf *b, Arena *a, const char *indent, const char *p, const char *end)
{
	bool first = true;
	const char *path = field(a, &p, end), *version = field(a, &p, end), *sum = field(a, &p, end);
	put_member(b, indent, &first, "Path", path);
	put_member(b, indent, &first, "Version", version);
	if (*sum)
		put_member(b, indent, &first, "Sum", sum);
}

/* The JSON form of debug.BuildInfo. */
static void print_json(Arena *a, const Info *in)
{
	Buf b = {.ar = a}, mod = {.ar = a}, deps = {.ar = a}, set = {.ar = a};
	const char *path = "";
	for (const char *p = in->text; *p;) {
		const char *end = p + strcspn(p, "\n"), *s = p;
		const char *word = field(a, &s, end);
		if (!strcmp(word, "path"))
			path = field(a, &s, end);
		else if (!strcmp(word, "mod"))
			put_module(&mod, a, "\t\t", s, end);
		else if (!strcmp(word, "dep")) {
			buf_puts(&deps, deps.n ? ",\n\t\t{" : "\n\t\t{");
			put_module(&deps, a, "\t\t\t", s, end);
			buf_puts(&deps, "\n\t\t}");
		} else if (!strcmp(word, "build")) {
			const char *kv = arena_strndup(a, s, (size_t)(end - s)), *eq = strchr(kv, '=');
			bool first = true;
			buf_puts(&set, set.n ? ",\n\t\t{" : "\n\t\t{");
			put_member(&set, "\t\t\t", &first, "Key", eq ? arena_strndup(a, kv, (size_t)(eq - kv)) : kv);
			put_member(&set, "\t\t\t", &first, "Value", eq ? eq + 1 : "");
			buf_puts(&set, "\n\t\t}");
		}
		p = end + (*end == '\n');
	}
	bool first = true;
	put_member(&b, "\t", &first, "GoVersion", in->version);
	put_member(&b, "\t", &first, "Path", path);
	buf_printf(&b, ",\n\t\"Main\": {%s%s}", buf_str(&mod), mod.n ? "\n\t" : "");
	if (deps.n)
		buf_printf(&b, ",\n\t\"Deps\": [%s\n\t]", buf_str(&deps));
	buf_printf(&b, ",\n\t\"Settings\": [%s\n\t]", buf_str(&set));
	printf("{%s\n}\n", buf_str(&b));
}

static bool show_file(const char *file, const struct stat *st, const Flags *f, bool must)
{
	Arena a = {0};
	Info in = {0};
	const char *bad = read_info(&a, file, &in);
	if (bad && must && has_prefix(bad, "open "))
		fprintf(stderr, "%s\n", file);
	else if (bad && must && st->st_mode & 0111)
		fprintf(stderr, "%s: %s\n", file, bad);
	if (!bad && f->m && f->json) {
		print_json(&a, &in);
	} else if (!bad) {
		printf("%s: %s\n", file, in.version);
		if (f->m)
			print_text(in.text);
	}
	arena_free(&a);
	return !bad;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void show_dir(Arena *a, const char *dir, const Flags *f)
{
	struct dirent **e;
	int n = scandir(dir, &e, NULL, by_name);
	for (int i = 0; i < n; i++) {
		struct stat st;
		const char *path = path_join(a, dir, e[i]->d_name);
		bool dots = !strcmp(e[i]->d_name, ".") || !strcmp(e[i]->d_name, "..");
		if (!dots && lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			show_dir(a, path, f);
		else if (!dots && stat(path, &st) == 0 && S_ISREG(st.st_mode))
			show_file(path, &st, f, f->v);
		free(e[i]);
	}
	if (n >= 0)
		free(e);
}

int cmd_version(int argc, char **argv)
{
	Arena a = {0};
	Flags f = {0};
	int i = 0, status = 0;
	for (; i < argc && argv[i][0] == '-'; i++) {
		const char *s = argv[i] + 1 + (argv[i][1] == '-');
		if (!strcmp(s, "m"))
			f.m = true;
		else if (!strcmp(s, "v"))
			f.v = true;
		else if (!strcmp(s, "json"))
			f.json = true;
		else
			go_fatal(2, "flag provided but not defined: -%s\nusage: go version [-m] [-v] [-json] [file ...]\nRun 'go help version' for details.", s);
	}
	if (i == argc && (f.m || f.v || f.json))
		go_fatal(2, "go: 'go version' only accepts -%s flag with arguments", f.m ? "m" : f.v ? "v" : "json");
	if (f.json && !f.m)
		go_fatal(2, "go: 'go version' with -json flag requires -m flag");
	if (i == argc) {
		Context c = {0};
		context_init(&c, &a, "seago");
		printf("go version %s seago %s/%s\n", c.goversion, c.goos, c.goarch);
	}
	for (; i < argc; i++) {
		struct stat st;
		if (stat(argv[i], &st) != 0) {
			fprintf(stderr, "stat %s: %s\n", argv[i], strerror_go(errno));
			status = 1;
		} else if (S_ISDIR(st.st_mode)) {
			show_dir(&a, argv[i], &f);
		} else if (!show_file(argv[i], &st, &f, true) && f.m) {
			status = 1;
		}
	}
	return status;
}
