/* Fuzzing the front end: any bytes may be given to the scanner, the parser and the checker.
 *
 * Built by clang with -fsanitize=fuzzer this is a libFuzzer target (-DTARGET=Target_scan, Target_parse or Target_check). Built with -DSTANDALONE by any
 * compiler it drives itself:
 *
 *     fuzz_check [-seed n] [-runs n] [-keep file] [DIR|FILE]...
 *
 * takes the .go files below DIR (without one: those of the type checker's and GOROOT's tests), changes a few tokens of one
 * at a time and feeds it to the target. Equal seeds give equal runs. When something goes wrong the input is written to the file
 * of -keep, "crash.go". Runs under sanitizers; internal errors (bug) and more than Seconds on one input are failures too. */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "../../src/types/types.h"
#include "../../src/syntax/scan.h"

enum { Seconds = 20 };

/* ---- targets ---- */

static const u8 *current;
static size_t ncurrent;
static const char *keep = "crash.go";

static void save(void)
{
	FILE *f = current ? fopen(keep, "w") : NULL;
	if (!f)
		return;
	fwrite(current, 1, ncurrent, f);
	fclose(f);
	current = NULL;
}

/* bug and fatal end here: see the rule in the Makefile. */
void fuzz_exit(int status)
{
	save();
	abort();
}

static Pkg *import_none(void *arg, Pkg *from, const char *path, Pos pos)
{
	return NULL;
}

static void check_types(Checker *k, File *f)
{
	for (NodeId n = 1; n < f->nnode; n++) {
		Type *t = f->info[n].type;
		if (!t || t->kind == KindInvalid || types_has_tparam(t))
			continue;
		Type *u = types_unalias(t);
		if (u->kind == KindTuple || u->kind == KindUnion || (u->kind == KindNamed && u->named.ntparams && !u->named.ntargs))
			continue;
		if (u->kind == KindFunc && u->fn.ntparams)
			continue;
		types_linkname(k, t);
		types_layout(k, t);
	}
}

static void check(Arena *a, File *f, Diag *d)
{
	Checker *k = types_new(a);
	Pkg *p = arena_new(a, Pkg);
	*p = (Pkg){.path = "p", .file = &f, .nfile = 1, .name = f->pkgname, .goversion = "go1.26", .main_module = true, .diag = d, .chk = k};
	if (!p->name)
		return;
	k->import = import_none;
	k->all_bodies = true;
	types_collect(k, p);
	types_decls(k, p);
	types_finish(k, p);
	if (!d->v.n)            /* what later phases ask of a correct program */
		check_types(k, f);
}

static bool has_syntax_error(const Diag *d)
{
	for (u32 i = 0; i < d->v.n; i++)
		if (!strncmp(d->v.a[i].msg, "syntax error", 12))
			return true;
	return false;
}

/* The scanner lives in a parser, where directives end up; its tables survive, as between the files of a build. */
static void scan_all(Arena *a, SrcFile *src, Diag *d)
{
	static Parser p;
	Scanner old = p.s;
	p = (Parser){.s = {.slot = old.slot, .nslot = old.nslot, .stamp = old.stamp, .names = old.names, .capnames = old.capnames}, .ar = a};
	p.f.src = src;
	scan_init(&p.s, src, &p.tmp, d);
	do
		scan_next(&p.s);
	while (p.s.tok != TokEOF);
	arena_free(&p.tmp);
}

enum { Target_scan, Target_parse, Target_check };
#ifndef TARGET
#define TARGET Target_check
#endif

static void one_input(const u8 *data, size_t n)
{
	Arena a = {0};
	Diag d;
	Buf out = {.ar = &a};
	current = data;
	ncurrent = n;
	diag_init(&d, &a);
	char *text = arena_alloc(&a, n + 64, 64);
	memcpy(text, data, n);
	SrcFile *src = src_add("x.go", "x.go", NULL, text, (u32)n);
	if (TARGET == Target_scan) {
		scan_all(&a, src, &d);
	} else {
		File *f = syntax_parse(&a, src, ParseFull, false, &d);
		if (TARGET == Target_check && !has_syntax_error(&d))
			check(&a, f, &d);
		else
			tree_dump(&out, f);
	}
	diag_print(&d, &out, 0);
	arena_free(&a);
	current = NULL;
}

/* ---- changes of a program's text, token by token ---- */

static u64 random_state;

static u32 pick(u32 n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return n ? (u32)((random_state >> 33) % n) : 0;
}

typedef struct Text { u8 *a; size_t n, cap; } Text;
typedef struct Span { size_t at, n; } Span;

static bool wordy(u8 c) { return c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); }

/* The token at or after i. */
static Span token_at(const Text *t, size_t i)
{
	while (i < t->n && (t->a[i] == ' ' || t->a[i] == '\t'))
		i++;
	size_t e = i;
	if (e < t->n && wordy(t->a[e]))
		while (e < t->n && wordy(t->a[e]))
			e++;
	else
		e += e < t->n;
	return (Span){i, e - i};
}

static Span some_token(const Text *t)
{
	size_t i = pick((u32)t->n);
	while (i && wordy(t->a[i]) && wordy(t->a[i - 1]))
		i--;
	return token_at(t, i);
}

static Span some_line(const Text *t)
{
	size_t i = pick((u32)t->n), e;
	while (i && t->a[i - 1] != '\n')
		i--;
	for (e = i; e < t->n && t->a[e++] != '\n';)
		;
	return (Span){i, e - i};
}

/* Replaces where by n bytes at s. */
static void replace(Text *t, Span where, const u8 *s, size_t n)
{
	if (t->n - where.n + n > t->cap)
		return;
	memmove(t->a + where.at + n, t->a + where.at + where.n, t->n - where.at - where.n);
	memcpy(t->a + where.at, s, n);
	t->n += n - where.n;
}

static const char *const words[] = {
	"break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go", "goto", "if", "import",
	"interface", "map", "package", "range", "return", "select", "struct", "switch", "type", "var", "+", "-", "*", "/", "%", "&", "|", "^",
	"<<", ">>", "&^", "+=", "<<=", "&&", "||", "<-", "++", "--", "==", "<", ">", "=", "!", "~", "!=", "<=", ">=", ":=", "...", "(", "[", "{", ",", ".",
	")", "]", "}", ";", ":", "\n", "0", "1", "-1", "1<<63", "1e1000", "0x1p-2000", "1i", "'a'", "\"s\"", "`r`", "int", "uint8", "string", "any",
	"comparable", "error", "float64", "complex128", "uintptr", "nil", "true", "iota", "_", "[]", "[...]int", "T", "P", "T[int]", "[T any]", "[P interface{~int}]",
	"func()", "struct{}", "interface{}", "map[string]int", "<-chan int", "make", "new", "len", "cap", "append", "copy", "min", "max", "clear", "panic",
	"recover", "unsafe.Sizeof", "unsafe.Pointer", "unsafe.Add", "x", "y", "f", "m", "init", "main", "//line x.go:1\n", "//go:build go1.17\n", "/*", "*/", "\"", "'", "\\",
};

static Text other;      /* a program to take pieces from */

static void change(Text *t)
{
	Span a = some_token(t), b = some_token(t);
	u8 piece[256];
	switch (pick(11)) {
	case 0: replace(t, a, (const u8 *)"", 0); break;
	case 1: replace(t, some_line(t), (const u8 *)"", 0); break;
	case 2: case 3: {
		const char *w = words[pick(nelem(words))];
		replace(t, a, (const u8 *)w, strlen(w));
		break;
	}
	case 4: case 5: {
		const char *w = words[pick(nelem(words))];
		replace(t, (Span){a.at, 0}, (const u8 *)w, strlen(w));
		break;
	}
	case 6: case 7:                 /* a token of elsewhere */
		if (b.n <= sizeof piece) {
			memcpy(piece, t->a + b.at, b.n);
			replace(t, a, piece, b.n);
		}
		break;
	case 8: {                       /* some text of elsewhere */
		size_t n = 1 + pick(sizeof piece), from = pick((u32)t->n);
		n = from + n > t->n ? t->n - from : n;
		memcpy(piece, t->a + from, n);
		replace(t, (Span){a.at, 0}, piece, n);
		break;
	}
	case 9:
		if (other.n) {
			Span l = some_line(&other);
			replace(t, (Span){some_line(t).at, 0}, other.a + l.at, l.n);
		}
		break;
	default:
		if (t->n)
			t->a[pick((u32)t->n)] = (u8)(pick(8) ? 32 + pick(95) : pick(256));
	}
}

#ifndef STANDALONE

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t n);
size_t LLVMFuzzerMutate(u8 *data, size_t n, size_t max);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t n, size_t max, unsigned seed);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	syntax_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	if (n < 1 << 20)
		one_input(data, n);
	return 0;
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t n, size_t max, unsigned seed)
{
	Text t = {data, n, max};
	random_state = seed;
	if (n == 0 || pick(8) == 0)
		return LLVMFuzzerMutate(data, n, max);
	for (u32 k = 1 + pick(4); k > 0; k--)
		change(&t);
	return t.n;
}

#else

/* ---- driving ourselves ---- */

typedef struct Seeds { Arena ar; VEC(Text) v; } Seeds;

static void add_seeds(Seeds *s, const char *path)
{
	enum { Largest = 20000 };
	size_t n, m = strlen(path);
	DIR *d = opendir(path);
	VEC(char *) names = {0};
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			vec_push(&s->ar, &names, path_join(&s->ar, path, e->d_name));
	if (d)
		closedir(d);
	for (u32 i = 1; i < names.n; i++)       /* by name: runs must not depend on the file system's order */
		for (u32 k = i; k && strcmp(names.a[k - 1], names.a[k]) > 0; k--) {
			char *x = names.a[k];
			names.a[k] = names.a[k - 1];
			names.a[k - 1] = x;
		}
	for (u32 i = 0; i < names.n; i++)
		add_seeds(s, names.a[i]);
	if (d || m < 3 || strcmp(path + m - 3, ".go"))
		return;
	char *text = file_read(&s->ar, path, &n);
	if (text && n && n < Largest)
		vec_push(&s->ar, &s->v, (Text){(u8 *)text, n, n});
}

static void on_signal(int sig)
{
	save();
	signal(sig, SIG_DFL);
	raise(sig);
}

#ifdef ARENA_CHECKED
void __sanitizer_set_death_callback(void (*fn)(void));
#endif

int main(int argc, char **argv)
{
	Seeds s = {0};
	u64 seed = 1, runs = 2000;
	const char *goroot = getenv("GOROOT");
	int i = 1;
	for (; i + 1 < argc && argv[i][0] == '-'; i += 2)
		if (!strcmp(argv[i], "-seed"))
			seed = strtoull(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "-runs"))
			runs = strtoull(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "-keep"))
			keep = argv[i + 1];
	for (; i < argc; i++)
		add_seeds(&s, argv[i]);
	if (!s.v.n) {
		goroot = goroot ? goroot : "/usr/local/go";
		add_seeds(&s, path_join(&s.ar, goroot, "src/internal/types/testdata"));
		add_seeds(&s, path_join(&s.ar, goroot, "test"));
	}
	if (!s.v.n)
		fatal("no programs to start from");
	signal(SIGALRM, on_signal);
	signal(SIGSEGV, on_signal);
#ifdef ARENA_CHECKED
	__sanitizer_set_death_callback(save);
#endif
	syntax_init();
	static u8 space[64 << 10];
	for (u64 r = 0; r < runs; r++) {
		random_state = seed * 1000003 + r;
		Text from = s.v.a[pick(s.v.n)], t = {space, from.n, sizeof space};
		other = s.v.a[pick(s.v.n)];
		memcpy(space, from.a, from.n);
		for (u32 k = pick(8); k > 0 && t.n; k--)
			change(&t);
		alarm(Seconds);
		one_input(t.a, t.n);
	}
	printf("%llu inputs from %u programs\n", (unsigned long long)runs, s.v.n);
	return 0;
}
#endif
