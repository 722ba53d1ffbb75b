/* Inputs that a compiler may refuse but must survive: every construct nested deeply, every list long, every number large.
 *
 *     limits [-v] [-back] SEAGO [name]
 *
 * A case is a source made of head, n times open, mid, n times close, tail; in open and close $ stands for the number of the repetition
 * and # for the next one. Each case is compiled with n and with 2n: success or errors (exit status 0 or 1) within the time limit
 * and without growing faster than nearly linearly; a signal, an internal error or a timeout is a failure. With -back the
 * functions are compiled to machine code too, else checked only, but for those whose names begin with "code:". */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Case { const char *name; int n; const char *head, *open, *mid, *close, *tail; } Case;

#define P "package p\n"
#define F P "func f(a, b int, c bool, s string, p *int) {\n"
static const Case cases[] = {
	/* expressions */
	{"parens", 100000, F "_ = ", "(", "a", ")", "\n}\n"},
	{"unary minus", 100000, F "_ = ", "- ", "a", "", "\n}\n"},
	{"unary not", 100000, F "_ = ", "!", "c", "", "\n}\n"},
	{"dereference", 100000, F "_ = ", "*", "p", "", "\n}\n"},
	{"address", 100000, F "_ = ", "& ", "a", "", "\n}\n"},
	{"receive", 100000, F "_ = ", "<-", "p", "", "\n}\n"},
	{"sum", 100000, F "_ = a", "+ b", "", "", "\n}\n"},
	{"sum of constants", 100000, P "const x = 1", "+ 1", "", "", "\n"},
	{"product of constants", 100000, P "const x = 1", "* 3", "", "", "\n"},
	{"concatenation", 100000, P "const x = \"a\"", "+ \"b\"", "", "", "\n"},
	{"concatenation of variables", 50000, F "_ = s", "+ s", "", "", "\n}\n"},
	{"right nesting", 100000, F "_ = ", "a + (", "b", ")", "\n}\n"},
	{"logical or", 100000, F "_ = c", "|| c", "", "", "\n}\n"},
	{"comparison chain", 50000, F "_ = c", "== c", "", "", "\n}\n"},
	{"calls", 100000, P "func g(int) int\nfunc f() { _ = ", "g(", "1", ")", "\n}\n"},
	{"call results", 50000, P "type T func() T\nfunc f(t T) { _ = t", "()", "", "", "\n}\n"},
	{"index", 100000, P "func f(a []int) { _ = ", "a[", "1", "]", "\n}\n"},
	{"index of index", 50000, P "type T []T\nfunc f(t T) { _ = t", "[0]", "", "", "\n}\n"},
	{"slice", 50000, F "_ = s", "[:]", "", "", "\n}\n"},
	{"selector", 50000, P "type T struct { x *T }\nfunc f(t T) { _ = t", ".x", "", "", "\n}\n"},
	{"assertion", 50000, P "func f(x any) { _ = x", ".(any)", "", "", "\n}\n"},
	{"conversion", 100000, F "_ = ", "int(", "a", ")", "\n}\n"},
	{"literals", 50000, P "type T []T\nvar _ = T", "{", "", "}", "\n"},
	{"pointer literals", 50000, P "type T []*T\nvar _ = T", "{", "", "}", "\n"},
	{"undefined operands", 50000, F "_ = x", "+ y$", "", "", "\n}\n"},
	{"function literals", 10000, F "", "_ = func() {", "", "}", "\n}\n"},
	{"called literals", 5000, F "", "func() {", "_ = a", "}()", "\n}\n"},
	{"generic call", 50000, P "func g[T any](x T) T { return x }\nfunc f() { _ = ", "g(", "1", ")", "\n}\n"},
	{"shifts", 50000, F "_ = a", "<< 1", "", "", "\n}\n"},
	{"untyped shift", 50000, F "var _ int = 1", "<< a", "", "", "\n}\n"},
	/* machine code */
	{"code: sparse cases", 30000, F "switch a {\n", "case $ * 7: b = $\n", "", "", "}\n*p = b\n}\n"},
	{"code: dense cases", 30000, F "switch a {\n", "case $: b = 3 * $\n", "", "", "}\n*p = b\n}\n"},
	{"code: logical or", 50000, F "*p = b\nx := c", "|| c", "", "", "\n_ = x\nif x {\n*p = a\n}\n}\n"},
	/* types */
	{"slices", 100000, P "var x ", "[]", "int", "", "\n"},
	{"arrays", 100000, P "var x ", "[1]", "int", "", "\n"},
	{"big arrays", 100, P "var x ", "[1000000]", "int", "", "\n"},
	{"pointers", 100000, P "var x ", "*", "int", "", "\n"},
	{"maps", 100000, P "var x ", "map[int]", "int", "", "\n"},
	{"map keys", 10000, P "var x ", "map[", "int", "]int", "\n"},
	{"channels", 100000, P "var x ", "chan ", "int", "", "\n"},
	{"receive channels", 100000, P "var x ", "<-chan ", "int", "", "\n"},
	{"functions", 50000, P "var x ", "func(", "int", ")", "\n"},
	{"results", 50000, P "var x ", "func() ", "int", "", "\n"},
	{"structs", 20000, P "var x ", "struct { a ", "int", "}", "\n"},
	{"interfaces", 20000, P "var x ", "interface { m(", "int", ") }", "\n"},
	{"embedded interfaces", 20000, P "var x ", "interface { ", "any", "}", "\n"},
	{"type parens", 100000, P "var x ", "(", "int", ")", "\n"},
	{"instances", 2000, P "type T[P any] struct{ x *P }\nvar x ", "T[", "int", "]", "\n"},
	{"constraints", 20000, P "func f[T ", "interface{ ~[]", "int", "}", "]() {}\n"},
	{"type parameters", 20000, P "func f[", "T$ any, ", "", "", "]() {}\n"},
	{"type arguments", 20000, P "type T[P any] int\nvar x T[", "int, ", "", "", "]\n"},
	{"union", 20000, P "type U interface { int", " | T$", "", "", "}\n"},
	{"tilde", 50000, P "type U interface { ", "~", "int", "", "}\n"},
	/* chains of declarations */
	{"type chain", 50000, P, "type T$ []T#\n", "type E int", "", "\n"},
	{"type chain to the end", 30000, P "type T0 int\n", "type T# T$\n", "", "", ""},
	{"backward chain", 20000, P "var x T0\n", "type T$ struct { x T# }\n", "", "", "type T20000 int\ntype T40000 int\n"},
	{"alias chain", 30000, P "type T0 = int\n", "type T# = T$\n", "", "", ""},
	{"embedding chain", 2000, P "type T0 struct { x int }\n", "type T# struct { T$ }\n", "func f(t T2000) { _ = t.x }", "", "\n"},
	{"embedded interface chain", 10000, P "type T0 interface { m() }\n", "type T# interface { T$ }\n", "", "", ""},
	{"doubling structs", 40, P "type T0 struct { x int }\n", "type T# struct { a, b T$ }\n", "", "", ""},
	{"doubling interfaces", 40, P "type T0 interface { m() }\n", "type T# interface { T$; T$ }\n", "", "", ""},
	{"doubling functions", 40, P "type T0 func()\n", "type T# func(T$, T$) (T$, T$)\n", "", "", ""},
	{"doubling embedded structs", 30, P "type T0 struct { x int }\n", "type A# struct { T$ }; type B# struct { T$ }; type T# struct { A#; B# }\n", "func f(t T20) { _ = t.x }", "", "\n"},
	{"constant chain", 30000, P "const c0 = 1\n", "const c# = c$ + 1\n", "", "", ""},
	{"backward constants", 20000, P, "const c$ = c# + 1\n", "", "", "const c20000 = 1\nconst c40000 = 1\n"},
	{"doubling constants", 1000, P "const c0 = 3\n", "const c# = c$ * c$\n", "", "", ""},
	{"doubling strings", 60, P "const c0 = \"abc\"\n", "const c# = c$ + c$\n", "", "", ""},
	{"doubling floats", 1000, P "const c0 = 1e10\n", "const c# = c$ * c$\n", "", "", ""},
	{"variable chain", 10000, P, "var v$ = v#\n", "", "", "var v10000 = 1\nvar v20000 = 1\n"},
	{"variable cycle", 5000, P "var v0 = v1\n", "var v# = v$\n", "", "", ""},
	{"function chain", 20000, P "var x = f0()\n", "func f$() int { return f#() }\n", "", "", "func f20000() int { return 1 }\nfunc f40000() int { return 1 }\n"},
	{"method values", 10000, P "type T int\n", "func (T) m$() {}\n", "", "", ""},
	{"interface methods", 20000, P "type I interface {\n", "m$()\n", "", "", "}\n"},
	{"duplicate methods", 20000, P "type T int\n", "func (T) m() {}\n", "", "", ""},
	{"fields", 50000, P "type T struct {\n", "f$ int\n", "", "", "}\nvar x T\nvar y = x == x\n"},
	{"duplicate fields", 20000, P "type T struct {\n", "f int\n", "", "", "}\n"},
	{"embedded fields", 5000, P "type E struct{}\n", "type T$ struct { x int; E }\n", "", "", ""},
	{"parameters", 20000, P "func f(", "p$ int, ", "", "", ") {}\n"},
	{"variables", 50000, P, "var v$ int\n", "", "", ""},
	{"redeclarations", 20000, P, "var v int\n", "", "", ""},
	{"unused variables", 30000, F, "v$ := 1\n", "", "", "}\n"},
	{"unused imports", 5000, P, "import _ \"fmt\"\n", "", "", ""},
	{"init functions", 10000, P, "func init() {}\n", "", "", ""},
	{"generic chain", 500, P "func f0[T any](x T) {}\n", "func f#[T any](x T) { f$(x) }\n", "func g() { f500(1) }", "", "\n"},
	{"instantiation cycle", 1, P "type T[P any] struct { x *T[[]P] }\nfunc f[P any]() { f[[]P]() }\nvar x T[int]\n", "", "", "", "func g() { f[int]() }\n"},
	{"inference", 500, P "func f[", "T$ any, ", "", "", "](x map[int]func()) {}\nvar x = f(nil)\n"},
	/* statements */
	{"blocks", 50000, F, "{", "", "}", "}\n"},
	{"ifs", 20000, F, "if c {", "", "}", "}\n"},
	{"else ifs", 20000, F "if c {}", " else if c {}", "", "", "\n}\n"},
	{"loops", 10000, F, "for c {", "", "}", "}\n"},
	{"ranges", 10000, F, "for range s {", "", "}", "}\n"},
	{"switches", 10000, F, "switch { case c: ", "", "}", "}\n"},
	{"type switches", 10000, P "func f(x any) {", "switch x.(type) { case int: ", "", "}", "}\n"},
	{"selects", 10000, F, "select { default: ", "", "}", "}\n"},
	{"labels", 20000, F, "L$:\n", "_ = a", "", "\n}\n"},
	{"gotos", 20000, F, "goto L$; L$:\n", "_ = a", "", "\n}\n"},
	{"gotos across blocks", 10000, F, "{ goto L$ }; { L$: _ = a }\n", "", "", "\n}\n"},
	{"statements", 50000, F, "a = b\n", "", "", "}\n"},
	{"calls in sequence", 30000, P "func g(int)\nfunc f() {\n", "g($)\n", "", "", "}\n"},
	{"cases", 50000, F "switch a {\n", "case $:\n", "", "", "}}\n"},
	{"duplicate cases", 20000, F "switch a {\n", "case 1:\n", "", "", "}}\n"},
	{"string cases", 30000, F "switch s {\n", "case \"s$\":\n", "", "", "}}\n"},
	{"type cases", 5000, P "func f(x any) { switch x.(type) {\n", "case [$]int:\n", "", "", "}}\n"},
	{"assignments", 20000, F, "a, b = b, a\n", "", "", "}\n"},
	{"tuple", 20000, F "_", ", _", " = 1", "", "\n}\n"},
	{"defers", 10000, F, "defer println(a)\n", "", "", "}\n"},
	{"go statements", 10000, F, "go println(a)\n", "", "", "}\n"},
	{"local types", 10000, F, "type T$ int\n", "", "", "}\n"},
	{"scopes", 5000, F "x := a\n", "{ x := x; ", "_ = x", "}", "}\n"},
	/* literals and tokens */
	{"slice literal", 200000, P "var x = []int{\n", "$, ", "", "", "}\n"},
	{"slice literal of strings", 100000, P "var x = []string{\n", "\"s$\", ", "", "", "}\n"},
	{"array literal", 100000, P "var x = [...]int{\n", "$: $, ", "", "", "}\n"},
	{"duplicate indices", 30000, P "var x = [...]int{\n", "0: $, ", "", "", "}\n"},
	{"map literal", 50000, P "var x = map[int]int{\n", "$: 1, ", "", "", "}\n"},
	{"map literal of strings", 50000, P "var x = map[string]int{\n", "\"s$\": 1, ", "", "", "}\n"},
	{"duplicate keys", 30000, P "var x = map[int]int{\n", "0: $, ", "", "", "}\n"},
	{"nested struct literal", 50000, P "type T struct { a, b int }\nvar x = []T{\n", "{$, 1}, ", "", "", "}\n"},
	{"digits", 100000, P "const x = ", "9", "", "", "\n"},
	{"digits of a float", 100000, P "const x = 0.", "7", "", "", "e-10\n"},
	{"hexadecimal digits", 100000, P "const x = 0x", "f", "", "", "\n"},
	{"digits of an exponent", 30, P "const x = 1e", "9", "", "", "\n"},
	{"digits of a negative exponent", 30, P "const x = 1e-", "9", "", "", "\n"},
	{"digits of a binary exponent", 30, P "const x = 0x1p", "9", "", "", "\n"},
	{"digits of a shift count", 30, P "const x = 1 << 1", "0", "", "", "\n"},
	{"digits of a right shift", 30, P "const x = 1 >> 1", "0", "", "", "\n"},
	{"digits of an array length", 30, P "var x [1", "0", "", "", "]int\n"},
	{"digits of an index", 30, P "var x = []int{1", "0", "", "", ": 1}\n"},
	{"digits of an imaginary", 100000, P "const x = ", "9", "", "", "i\n"},
	{"identifier", 1000000, P "var ", "x", "", "", " int\n"},
	{"string", 1000000, P "var x = \"", "s", "", "", "\"\n"},
	{"raw string", 1000000, P "var x = `", "s\n", "", "", "`\n"},
	{"open string", 100000, P "var x = \"", "s", "", "", "\n"},
	{"escapes", 200000, P "var x = \"", "\\n", "", "", "\"\n"},
	{"bad escapes", 50000, P "var x = \"", "\\q", "", "", "\"\n"},
	{"comment", 1000000, P "/*", "*", "", "", "*/\n"},
	{"open comment", 1000000, P "/*", "*", "", "", "\n"},
	{"line comments", 200000, P, "//\n", "", "", ""},
	{"line directives", 20000, P, "//line x$.go:1\n", "", "", "var x int = \"\"\n"},
	{"go directives", 20000, P, "//go:noinline\n", "", "", "func f() {}\n"},
	{"linknames", 20000, P "import _ \"unsafe\"\n", "//go:linkname f$ f$\n", "", "", "func f0()\n"},
	{"empty lines", 1000000, P, "\n", "", "", "var x int\n"},
	{"semicolons", 200000, F, ";", "", "", "}\n"},
	/* broken input */
	{"open parens", 100000, F "_ = ", "(", "", "", ""},
	{"open braces", 50000, P "func f() ", "{", "", "", ""},
	{"open brackets", 100000, P "var x ", "[", "", "", ""},
	{"close braces", 50000, P, "}", "", "", ""},
	{"commas", 50000, F "f(", ",", "", "", ")}\n"},
	{"operators", 50000, F "_ = ", "+ /", "", "", "\n}\n"},
	{"keywords", 50000, P, "func if else ", "", "", "\n"},
	{"func func", 50000, P "var x = ", "func ", "", "", "\n"},
	{"func parens", 50000, P, "func (", "", "", "\n"},
	{"struct struct", 50000, P "type T ", "struct {", "", "", "\n"},
	{"interface interface", 50000, P "type T ", "interface {", "", "", "\n"},
	{"type brackets", 50000, P "type T ", "[P ", "", "", "\n"},
	{"type errors", 20000, F, "a = \"\"\n", "", "", "}\n"},
	{"undefined", 20000, F, "x$ = y$\n", "", "", "}\n"},
	{"syntax errors", 20000, F, "a = = b\n", "", "", "}\n"},
	{"bad bytes", 20000, P, "\xff\xfe", "", "", "\n"},
	{"bad characters", 20000, P, "# ? $ ", "", "", "\n"},
};

static char *append(char *p, const char *s, int i)
{
	for (; *s; s++)
		if (*s == '$' || *s == '#')
			p += sprintf(p, "%d", i + (*s == '#'));
		else
			*p++ = *s;
	return p;
}

static void write_source(const Case *c, int n, const char *file)
{
	size_t each = strlen(c->open) + strlen(c->close) + 80, size = (size_t)n * each + strlen(c->head) + strlen(c->mid) + strlen(c->tail) + 1;
	char *s = malloc(size), *p = stpcpy(s, c->head);
	for (int i = 0; i < n; i++)
		p = append(p, c->open, i);
	p = stpcpy(p, c->mid);
	for (int i = n; i-- > 0;)
		p = append(p, c->close, i);
	p = stpcpy(p, c->tail);
	FILE *f = fopen(file, "w");
	if (!f || fwrite(s, 1, (size_t)(p - s), f) != (size_t)(p - s) || fclose(f)) {
		perror(file);
		exit(2);
	}
	free(s);
}

enum { Seconds = 60, MemoryGB = 6 };
static bool back, verbose;

/* User and system seconds, or -1 after telling what went wrong. */
static double compile(const char *seago, const Case *c, int n, const char *file)
{
	write_source(c, n, file);
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit cpu = {Seconds, Seconds}, mem = {(rlim_t)MemoryGB << 30, (rlim_t)MemoryGB << 30};
		setrlimit(RLIMIT_CPU, &cpu);
#ifndef __SANITIZE_ADDRESS__
		setrlimit(RLIMIT_AS, &mem);
#endif
		int null = open("/dev/null", O_WRONLY);
		dup2(null, 1);
		dup2(null, 2);
		if (back || !strncmp(c->name, "code:", 5))
			execl(seago, seago, "build", "-gcflags=-complete=false", "-d", "all", file, NULL);
		else
			execl(seago, seago, "build", "-gcflags=-complete=false", "-d", "stop=check", file, NULL);
		_exit(127);
	}
	int status;
	struct rusage u;
	wait4(pid, &status, 0, &u);
	double t = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	if (verbose)
		printf("%-32s %8d  status %3d  %6.2f s  %5ld MB\n", c->name, n, WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status), t, u.ru_maxrss >> 10);
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return t;
	if (WIFEXITED(status))
		printf("%s, n = %d: exit status %d\n", c->name, n, WEXITSTATUS(status));
	else
		printf("%s, n = %d: %s after %.1f s\n", c->name, n, strsignal(WTERMSIG(status)), t);
	return -1;
}

int main(int argc, char **argv)
{
	int failed = 0, ran = 0;
	for (; argc > 1 && argv[1][0] == '-'; argv++, argc--) {
		back |= !strcmp(argv[1], "-back");
		verbose |= !strcmp(argv[1], "-v");
	}
	if (argc < 2)
		return 2;
	char dir[] = "/tmp/seago-limits-XXXXXX", file[64];
	if (!mkdtemp(dir))
		return 2;
	sprintf(file, "%s/x.go", dir);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const Case *c = &cases[i];
		if (argc > 2 && strcmp(argv[2], c->name))
			continue;
		ran++;
		double one = compile(argv[1], c, c->n, file), two = one < 0 ? -1 : compile(argv[1], c, 2 * c->n, file);
		bool steep = two > 1 && two > 3.2 * one;
		if (steep)
			printf("%s: %.2f s for n = %d, %.2f s for twice that\n", c->name, one, c->n, two);
		failed += one < 0 || two < 0 || steep;
		fflush(stdout);
	}
	unlink(file);
	rmdir(dir);
	printf("%d cases, %d failed\n", ran, failed);
	return failed > 0;
}
