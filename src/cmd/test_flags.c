/* The command line of seago test: [build and test flags] [packages] [flags and arguments of the test program].
 *
 * Flags of package testing are renamed to -test.name and handed on; flags of the build go to the builds; what is unknown belongs to
 * the test program, and after it no argument is a package. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "test.h"

typedef enum Kind { TestBool, TestValue, BuildBool, BuildValue, OwnBool, OwnValue } Kind;
typedef struct Flag { const char *name; Kind kind; } Flag;

static const Flag flags[] = {
	{"bench", TestValue}, {"benchmem", TestBool}, {"benchtime", TestValue}, {"blockprofile", TestValue}, {"blockprofilerate", TestValue},
	{"count", TestValue}, {"cpu", TestValue}, {"cpuprofile", TestValue}, {"failfast", TestBool}, {"fullpath", TestBool},
	{"fuzz", TestValue}, {"fuzzminimizetime", TestValue}, {"fuzztime", TestValue}, {"list", TestValue}, {"memprofile", TestValue},
	{"memprofilerate", TestValue}, {"mutexprofile", TestValue}, {"mutexprofilefraction", TestValue}, {"outputdir", TestValue},
	{"parallel", TestValue}, {"run", TestValue}, {"short", TestBool}, {"shuffle", TestValue}, {"skip", TestValue},
	{"timeout", TestValue}, {"trace", TestValue}, {"v", TestBool}, {"artifacts", TestBool},
	{"c", OwnBool}, {"o", OwnValue}, {"json", OwnBool}, {"exec", OwnValue}, {"p", OwnValue}, {"vet", OwnValue},
	{"cover", OwnBool}, {"covermode", OwnValue}, {"coverpkg", OwnValue}, {"coverprofile", OwnValue},
	{"race", OwnBool}, {"msan", OwnBool}, {"asan", OwnBool},
	{"a", BuildBool}, {"n", BuildBool}, {"x", BuildBool}, {"work", BuildBool}, {"trimpath", BuildBool}, {"e", BuildBool},
	{"modcacherw", BuildBool}, {"linkshared", BuildBool},
	{"j", BuildValue}, {"d", BuildValue}, {"check", BuildValue}, {"gcflags", BuildValue}, {"asmflags", BuildValue}, {"ldflags", BuildValue},
	{"tags", BuildValue}, {"mod", BuildValue}, {"modfile", BuildValue}, {"overlay", BuildValue}, {"C", BuildValue},
	{"buildmode", BuildValue}, {"buildvcs", BuildValue}, {"pgo", BuildValue}, {"pkgdir", BuildValue}, {"toolexec", BuildValue},
};

static const Flag *find(const char *name, size_t n)
{
	if (n > 5 && !memcmp(name, "test.", 5)) {
		name += 5;
		n -= 5;
	}
	for (size_t i = 0; i < nelem(flags); i++)
		if (strlen(flags[i].name) == n && !memcmp(flags[i].name, name, n))
			return &flags[i];
	return NULL;
}

/* time.ParseDuration; false if s is none. */
static bool duration(const char *s, u64 *ns)
{
	static const struct { const char *unit; double ns; } u[] = {
		{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9},
	};
	double sum = 0;
	if (!strcmp(s, "0")) {
		*ns = 0;
		return true;
	}
	bool negative = *s == '-';
	s += *s == '-' || *s == '+';
	if (!*s)
		return false;
	while (*s) {
		char *e;
		if (!(*s >= '0' && *s <= '9') && *s != '.')
			return false;
		double v = strtod(s, &e);
		size_t i = 0, n = strcspn(e, "0123456789.");
		while (i < nelem(u) && (strlen(u[i].unit) != n || memcmp(u[i].unit, e, n)))
			i++;
		if (i == nelem(u))
			return false;
		sum += v * u[i].ns;
		s = e + n;
	}
	*ns = negative ? 0 : (u64)sum;
	return true;
}

static bool bad_value(const char *v, const char *name, const char *why)
{
	fprintf(stderr, "invalid value \"%s\" for flag -%s: %s\nusage: seago test [build/test flags] [packages] [build/test flags & test binary flags]\n", v, name, why);
	return false;
}

static bool parse_bool(const char *v, bool *b)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"}, *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
	for (size_t i = 0; i < nelem(yes); i++)
		if (!strcmp(v, yes[i]) || !strcmp(v, no[i])) {
			*b = !strcmp(v, yes[i]);
			return true;
		}
	return false;
}

static void split_words(Arena *a, TestFlags *t, const char *s)
{
	for (;;) {
		s += strspn(s, " \t\n");
		size_t n = strcspn(s, " \t\n");
		if (!n)
			return;
		vec_push(a, &t->exec, arena_strndup(a, s, n));
		s += n;
	}
}

/* "-name" of a flag that names a file for a profile; NULL. */
static const char *profile_flag(const char *name)
{
	static const char *const flag[] = {"-blockprofile", "-cpuprofile", "-memprofile", "-mutexprofile", "-trace"};
	for (size_t i = 0; i < nelem(flag); i++)
		if (!strcmp(flag[i] + 1, name))
			return flag[i];
	return NULL;
}

/* A flag of package testing that seago looks at as well. */
static bool note(TestFlags *t, const char *name, const char *v)
{
	bool b = false;
	parse_bool(v, &b);
	if (!strcmp(name, "bench"))
		t->bench = *v;
	else if (!strcmp(name, "v"))
		t->verbose = b || !strcmp(v, "test2json");
	else if (!strcmp(name, "failfast"))
		t->failfast = b;
	else if (!strcmp(name, "list"))
		t->list = v;
	else if (!strcmp(name, "fuzz"))
		t->fuzz = v;
	else if (!strcmp(name, "outputdir"))
		t->outputdir = v;
	else if (!strcmp(name, "artifacts"))
		t->artifacts = b;
	else if (profile_flag(name) && *v) {
		t->profile = t->profile && strcmp(t->profile + 1, name) < 0 ? t->profile : profile_flag(name);
		t->keep |= strcmp(name, "trace") != 0;
	}
	else if (!strcmp(name, "timeout")) {
		u64 ns;
		if (!duration(v, &ns))
			return bad_value(v, name, "parse error");
		t->has_timeout = true;
		t->kill_ns = ns ? ns + 60000000000u : 0;
	}
	return true;
}

static bool unsupported(const char *name)
{
	fprintf(stderr, "seago test: -%s is not supported yet\n", name);
	return false;
}

/* mode NULL: the default unless one was given; "": none. */
static void cover(TestFlags *t, const char *mode)
{
	if (mode)
		t->cover.mode = *mode ? mode : NULL;
	else if (!t->cover.mode)
		t->cover.mode = "set";
}

static bool own(Arena *a, TestFlags *t, const Flag *f, const char *v)
{
	bool b = false;
	if (f->kind == OwnBool && !parse_bool(v, &b))
		return bad_value(v, f->name, "parse error");
	if (!strcmp(f->name, "c"))
		t->compile_only = b;
	else if (!strcmp(f->name, "json"))
		t->json = b;
	else if (!strcmp(f->name, "cover"))
		cover(t, b ? NULL : "");
	else if (!strcmp(f->name, "covermode")) {
		if (strcmp(v, "set") && strcmp(v, "count") && strcmp(v, "atomic"))
			return bad_value(v, f->name, "valid modes are \"set\", \"count\", or \"atomic\"");
		cover(t, v);
	} else if (!strcmp(f->name, "coverpkg")) {
		cover(t, NULL);
		for (const char *s = v; *s; s += strcspn(s, ","), s += *s == ',')
			if (strcspn(s, ","))
				vec_push(a, &t->cover.pkg, arena_strndup(a, s, strcspn(s, ",")));
	} else if (!strcmp(f->name, "coverprofile")) {
		cover(t, NULL);
		t->cover.profile = *v ? v : NULL;
	} else if (!strcmp(f->name, "o"))
		t->out = v;
	else if (!strcmp(f->name, "exec"))
		split_words(a, t, v);
	else if (!strcmp(f->name, "p")) {
		t->jobs = atoi(v);
		if (t->jobs <= 0)
			return bad_value(v, f->name, "parse error");
	} else if (strcmp(f->name, "vet") && (f->kind == OwnValue || b)) {
		return unsupported(f->name);
	}
	return true;
}

static bool known_flag(Arena *a, TestFlags *t, const Flag *f, const char *v)
{
	if (f->kind == BuildBool || f->kind == BuildValue) {
		vec_push(a, &t->build_args, v ? arena_printf(a, "-%s=%s", f->name, v) : arena_printf(a, "-%s", f->name));
		return true;
	}
	if (!v)
		v = "true";
	if (f->kind == OwnBool || f->kind == OwnValue)
		return own(a, t, f, v);
	if (!strcmp(f->name, "outputdir") && *v != '/') {
		char cwd[4096];
		v = getcwd(cwd, sizeof cwd) ? path_join(a, cwd, v) : v;
	}
	vec_push(a, &t->pass, arena_printf(a, "-test.%s=%s", f->name, v));
	return note(t, f->name, v);
}

static bool takes_value(const Flag *f)
{
	return f->kind == TestValue || f->kind == BuildValue || f->kind == OwnValue;
}

bool test_flags_parse(Build *b, Arena *a, TestFlags *t, int argc, char **argv)
{
	bool in_list = false, listed = false, after_flag = false;
	const char *unknown = NULL;
	t->kill_ns = 660000000000u;
	int i = 0;
	for (; i < argc; i++) {
		const char *s = argv[i];
		bool was_after = after_flag;
		after_flag = false;
		if (s[0] != '-' || !s[1]) {
			if (listed && !in_list && !was_after)
				break;
			if (listed && !in_list) {
				vec_push(a, &t->pass, s);
				continue;
			}
			in_list = listed = true;
			vec_push(a, &t->pkg, s);
			continue;
		}
		in_list = false;
		if (!strcmp(s, "--"))
			break;
		const char *name = s + 1 + (s[1] == '-'), *v = strchr(name, '=');
		size_t n = v ? (size_t)(v - name) : strlen(name);
		if (n == 4 && !memcmp(name, "args", 4)) {
			i++;
			break;
		}
		v = v ? v + 1 : NULL;
		const Flag *f = find(name, n);
		if (!f) {
			t->help |= (n == 1 && *name == 'h') || (n == 4 && !memcmp(name, "help", 4));
			unknown = unknown ? unknown : s;
			listed = true;
			after_flag = !v;
			vec_push(a, &t->pass, s);
			continue;
		}
		if (!v && takes_value(f)) {
			if (++i >= argc) {
				fprintf(stderr, "flag needs an argument: -%s\n", f->name);
				return false;
			}
			v = argv[i];
		}
		if (!known_flag(a, t, f, v))
			return false;
	}
	for (; i < argc; i++)
		vec_push(a, &t->pass, argv[i]);
	if (unknown && t->compile_only) {
		fprintf(stderr, "seago: unknown flag %s cannot be used with -c\n", unknown);
		return false;
	}
	/* the build's own parser takes the rest */
	VEC(char *) arg = {0};
	for (u32 k = 0; k < t->build_args.n; k++)
		vec_push(a, &arg, (char *)(uintptr_t)t->build_args.a[k]);
	for (u32 k = 0; k < t->pkg.n; k++)
		vec_push(a, &arg, (char *)(uintptr_t)t->pkg.a[k]);
	options_parse(b, "test", (int)arg.n, arg.a);
	return true;
}
