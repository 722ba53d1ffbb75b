/* Flags of build and of the commands that build, one row each. A flag is -name, -name=value or -name value, with one dash or
 * two; a boolean one takes its value only after '='. $GOFLAGS comes first; what it names need only be known to some
 * command. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cmd.h"

static const char *const d_help[] = {
	"help       this list",
	"time       time of each phase on standard error",
	"nocache    neither look into the cache of builds nor keep the result there",
	"all        compile every function of the named packages, commands or not; nothing is linked",
	"stop=P     stop after phase P: load, check, reach, summarise, compile; or run no optional pass after pass P",
	"parse      print the syntax trees of the named packages",
	"PASS[=F]   print functions (or only function F) after the pass; \"build\": before the first",
	"off=P,...  leave out optional passes",
	"on=P,...   run passes that are off by default",
	"check      verify the SSA after every pass",
};

typedef struct Flag {
	const char *name;
	bool value;            /* takes one; otherwise a boolean */
	bool ours;             /* not one of the go command's */
	const char *(*set)(Build *b, const char *v);   /* returns what is wrong, or NULL */
	const char *help;
} Flag;

/* ---- -d ---- */

/* PASS or PASS=function */
static bool pass_dump(Options *o, const char *v)
{
	size_t n = strcspn(v, "=");
	if (!ssa_pass_known(v, n))
		return false;
	o->pass.dump = intern(v, n)->s;
	o->pass.dumpfunc = v[n] ? v + n + 1 : NULL;
	return true;
}

static void list_passes(void)
{
	printf("\nPasses:\n\n");
	for (const Pass *p = ssa_passes; p->name; p++)
		printf("  %-10s %s%s\n", p->name, p->what, p->required ? " (required)" : "");
}

static const char *set_d(Build *b, const char *v)
{
	Options *o = &b->opt;
	if (!strcmp(v, "help")) {
		for (size_t i = 0; i < nelem(d_help); i++)
			printf("  %s\n", d_help[i]);
		list_passes();
		exit(0);
	}
	if (!strcmp(v, "time"))
		o->time = true;
	else if (!strcmp(v, "all"))
		o->build_all = true;
	else if (!strcmp(v, "nocache"))
		o->nocache = true;
	else if (has_prefix(v, "stop=") && ssa_pass_known(v + 5, strlen(v + 5)))
		o->pass.stop = v + 5;
	else if (has_prefix(v, "stop="))
		o->stop = v + 5;
	else if (has_prefix(v, "off="))
		o->pass.off = v + 4;
	else if (has_prefix(v, "on="))
		o->pass.on = v + 3;
	else if (!strcmp(v, "check"))
		o->pass.check = true;
	else if (!strcmp(v, "parse"))
		o->dump = v;
	else if (!pass_dump(o, v))
		return "unknown";
	return NULL;
}

/* ---- the others ---- */

static bool is_false(const char *v) { return !strcmp(v, "false") || !strcmp(v, "0") || !strcmp(v, "f") || !strcmp(v, "F"); }

#define STORE(fn, field) static const char *fn(Build *b, const char *v) { b->opt.field = v; return NULL; }
#define TURN(fn, field) static const char *fn(Build *b, const char *v) { b->opt.field = !is_false(v); return NULL; }
STORE(set_out, out)
STORE(set_modfile, modfile)
STORE(set_overlay, overlay)
STORE(set_asmflags, asmflags)
TURN(set_e, all_errors)
TURN(set_v, verbose)
TURN(set_x, trace)
TURN(set_n, dry)
TURN(set_json, json)
TURN(set_trimpath, trimpath)
TURN(set_a, rebuild)

static const char *set_nothing(Build *b, const char *v) { (void)b; (void)v; return NULL; }

static const char *set_jobs(Build *b, const char *v)
{
	char *end;
	long n = strtol(v, &end, 10);
	if (*end || !*v || n <= 0 || n > 1 << 20)
		return "parse error";
	b->opt.jobs = (int)n;
	return NULL;
}

static const char *set_check(Build *b, const char *v)
{
	b->opt.check_all = !strcmp(v, "all");
	return b->opt.check_all ? NULL : "must be \"all\"";
}

static const char *set_tags(Build *b, const char *v)
{
	bool comma = strchr(v, ',') != NULL;
	if (comma && strpbrk(v, " \t"))
		go_fatal(2, "go: -tags space-separated list contains comma");
	b->opt.tags = v;
	return NULL;
}

static const char *flag_form(const char *v)
{
	return *v && *v != '-' && !strchr(v, '=') ? "missing =<value> in <pattern>=<value>" : NULL;
}

static const char *set_gcflags(Build *b, const char *v)
{
	const char *bad = flag_form(v);
	if (bad)
		return bad;
	b->opt.gcflags = v;
	if (!gcflags_parse(&b->ar, &b->opt, v))
		exit(1);
	return NULL;
}

static const char *set_ldflags(Build *b, const char *v)
{
	const char *bad = flag_form(v);
	if (!bad)
		ldflags_parse(&b->ar, &b->opt.link, v);
	return bad;
}

static const char *set_mod(Build *b, const char *v)
{
	if (*v && strcmp(v, "mod") && strcmp(v, "readonly") && strcmp(v, "vendor"))
		go_fatal(1, "-mod=%s not supported (can be '', 'mod', 'readonly', or 'vendor')", v);
	b->opt.mod = *v ? v : NULL;
	return NULL;
}

static const char *set_buildmode(Build *b, const char *v)
{
	static const char *const external[] = {"plugin", "c-shared", "c-archive", "shared"};
	for (size_t i = 0; i < nelem(external); i++)
		if (!strcmp(v, external[i]))
			go_fatal(1, "-buildmode=%s requires external (cgo) linking, but cgo is not enabled", v);
	if (!strcmp(v, "pie"))
		go_fatal(1, "-buildmode=pie is not supported by seago: its executables are linked at a fixed address; use -buildmode=exe");
	if (strcmp(v, "exe") && strcmp(v, "default") && strcmp(v, "archive"))
		go_fatal(1, "buildmode=%s not supported", v);
	b->opt.buildmode = v;
	return NULL;
}

static const char *set_buildvcs(Build *b, const char *v)
{
	if (strcmp(v, "auto") && strcmp(v, "true") && strcmp(v, "1") && strcmp(v, "t") && !is_false(v))
		return "value is neither 'auto' nor a valid bool";
	b->opt.buildvcs = is_false(v) ? "false" : !strcmp(v, "auto") ? v : "true";
	return NULL;
}

static const char *needs_cgo(const char *flag, const char *v)
{
	if (!is_false(v))
		go_fatal(2, "go: -%s requires cgo; seago builds without cgo and has no %s runtime: leave the flag out", flag, flag);
	return NULL;
}

static const char *set_race(Build *b, const char *v) { (void)b; return needs_cgo("race", v); }
static const char *set_msan(Build *b, const char *v) { (void)b; return needs_cgo("msan", v); }
static const char *set_asan(Build *b, const char *v) { (void)b; return needs_cgo("asan", v); }

static const char *set_cover(Build *b, const char *v)
{
	(void)b;
	if (!is_false(v))
		go_fatal(1, "go: -cover is not supported by seago's build yet");
	return NULL;
}

static const char *set_linkshared(Build *b, const char *v)
{
	(void)b;
	if (!is_false(v))
		go_fatal(1, "-linkshared requires external (cgo) linking, but cgo is not enabled");
	return NULL;
}

static const char *set_compiler(Build *b, const char *v)
{
	(void)b;
	if (strcmp(v, "gc"))
		go_fatal(2, strcmp(v, "gccgo") ? "unknown compiler \"%s\"" : "go: -compiler=%s: seago is the only compiler here", v);
	return NULL;
}

static const char *set_C(Build *b, const char *v) { (void)b; (void)v; return "-C flag must be first flag on command line"; }

static const Flag flags[] = {
	{"o", true, false, set_out, "-o file     write the program to file, or programs into the folder file/"},
	{"p", true, false, set_jobs, "-p n, -j n  threads (default: all CPUs)"},
	{"j", true, true, set_jobs, NULL},
	{"C", true, false, set_C, "-C dir      change to dir first"},
	{"tags", true, false, set_tags, "-tags a,b   build tags that hold"},
	{"ldflags", true, false, set_ldflags, "-ldflags f  linker's flags: -X importpath.name=value, -s, -w, -buildid"},
	{"gcflags", true, false, set_gcflags, "-gcflags f  flags of gc: -e, -lang=go1.N, -complete=false, -D=path; those that tune its code generator are accepted"},
	{"asmflags", true, false, set_asmflags, NULL},
	{"trimpath", false, false, set_trimpath, "-trimpath   no file system paths in the program"},
	{"mod", true, false, set_mod, "-mod m      readonly, vendor or mod"},
	{"modfile", true, false, set_modfile, "-modfile f  read f instead of go.mod"},
	{"overlay", true, false, set_overlay, "-overlay f  JSON file that replaces files"},
	{"buildvcs", false, false, set_buildvcs, "-buildvcs   stamp the program with version control: true, false, auto"},
	{"buildmode", true, false, set_buildmode, NULL},
	{"v", false, false, set_v, "-v          print the names of packages as they are compiled"},
	{"x", false, false, set_x, "-x          print what is done"},
	{"n", false, false, set_n, "-n          print what would be done"},
	{"a", false, false, set_a, "-a          build anew, whatever the cache knows"},
	{"work", false, false, set_nothing, NULL},
	{"json", false, false, set_json, NULL},
	{"modcacherw", false, false, set_nothing, NULL},
	{"race", false, false, set_race, NULL},
	{"msan", false, false, set_msan, NULL},
	{"asan", false, false, set_asan, NULL},
	{"cover", false, false, set_cover, NULL},
	{"linkshared", false, false, set_linkshared, NULL},
	{"compiler", true, false, set_compiler, NULL},
	{"gccgoflags", true, false, set_nothing, NULL},
	{"pkgdir", true, false, set_nothing, NULL},
	{"installsuffix", true, false, set_nothing, NULL},
	{"toolexec", true, false, set_nothing, NULL},
	{"pgo", true, false, set_nothing, NULL},
	{"debug-trace", true, false, set_nothing, NULL},
	{"e", false, true, set_e, "-e          report all errors, not just the first 10 of a package"},
	{"check", true, true, set_check, "-check=all  check unreachable functions of dependencies too"},
	{"d", true, true, set_d, "-d what     look inside; -d help lists what"},
};

/* Flags of other commands, which $GOFLAGS may hold. */
static const char *const foreign[] = {
	"count", "cpu", "run", "short", "timeout", "vet", "bench", "benchmem", "benchtime", "coverprofile", "covermode", "coverpkg",
	"parallel", "failfast", "shuffle", "exec", "list", "test", "deps", "f", "m", "u", "insecure", "fix", "c", "fullpath", "skip",
};

void options_help(void)
{
	printf("\nFlags:\n\n");
	for (size_t i = 0; i < nelem(flags); i++)
		if (flags[i].help)
			printf("\t%s\n", flags[i].help);
}

static const Flag *find(const char *name, size_t n)
{
	for (size_t i = 0; i < nelem(flags); i++)
		if (strlen(flags[i].name) == n && !memcmp(flags[i].name, name, n))
			return &flags[i];
	return NULL;
}

bool options_known(const char *name)
{
	return find(name, strlen(name)) != NULL;
}

bool options_takes_value(const char *name)
{
	const Flag *f = find(name, strlen(name));
	return f && f->value;
}

static _Noreturn void usage(const Build *b)
{
	for (const Command *c = commands; c->name; c++)
		if (!strcmp(c->name, b->command))
			go_fatal(2, "usage: go %s %s\nRun 'go help %s' for details.", c->name, c->args, c->name);
	exit(2);
}

/* Applies one flag whose name is s[0..n); eq: its value after '=', next: the argument that follows. True if next was used. */
static bool apply(Build *b, const char *s, size_t n, const char *eq, const char *next)
{
	const Flag *f = find(s, n);
	if (!f) {
		fprintf(stderr, "flag provided but not defined: -%.*s\n", (int)n, s);
		usage(b);
	}
	const char *v = eq ? eq : f->value ? next : "true";
	if (!v) {
		fprintf(stderr, "flag needs an argument: -%s\n", f->name);
		usage(b);
	}
	const char *bad = f->set(b, v);
	if (bad) {
		fprintf(stderr, f->value ? "invalid value \"%s\" for flag -%s: %s\n" : "invalid boolean value \"%s\" for -%s: %s\n", v, f->name, bad);
		usage(b);
	}
	return f->value && !eq;
}

static void parse_goflags(Build *b)
{
	const char **w;
	u32 n;
	const char *env = context_env(&b->ctx, "GOFLAGS");
	if (!split_quoted(&b->ar, env, &w, &n))
		go_fatal(1, "go: parsing $GOFLAGS: unterminated quote");
	for (u32 i = 0; i < n; i++) {
		if (w[i][0] != '-' || !w[i][1] || !strcmp(w[i], "--"))
			go_fatal(1, "go: parsing $GOFLAGS: non-flag \"%s\"", w[i]);
		const char *name = w[i] + 1 + (w[i][1] == '-'), *eq = strchr(name, '=');
		size_t len = eq ? (size_t)(eq - name) : strlen(name);
		bool other = false;
		for (size_t k = 0; k < nelem(foreign); k++)
			other |= strlen(foreign[k]) == len && !memcmp(foreign[k], name, len);
		const Flag *f = find(name, len);
		if (!f && !other)
			go_fatal(1, "go: parsing $GOFLAGS: unknown flag -%.*s", (int)len, name);
		if (f && f->value && !eq)
			go_fatal(1, "go: parsing $GOFLAGS: missing value for -%s", f->name);
		if (f)
			apply(b, name, len, eq ? eq + 1 : NULL, NULL);
	}
}

/* -C dir comes first or not at all. */
static int change_dir(int argc, char **argv)
{
	if (argc < 1 || (strcmp(argv[0], "-C") && strcmp(argv[0], "--C") && strncmp(argv[0], "-C=", 3)))
		return 0;
	const char *dir = argv[0][2] == '=' ? argv[0] + 3 : argc > 1 ? argv[1] : NULL;
	if (!dir)
		return 0;
	if (chdir(dir) != 0)
		go_fatal(1, "go: chdir %s: %s", dir, strerror_go(errno));
	return argv[0][2] == '=' ? 1 : 2;
}

void options_parse(Build *b, const char *command, int argc, char **argv)
{
	Options *o = &b->opt;
	int i = change_dir(argc, argv);
	b->skip = (u32)i;
	b->command = command;
	b->asked = getenv("SEAGO_ASKED") != NULL;
	unsetenv("SEAGO_ASKED");
	context_init(&b->ctx, &b->ar, "seago");
	parse_goflags(b);
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		char *name = argv[i] + 1 + (argv[i][1] == '-'), *eq = strchr(name, '=');
		i += apply(b, name, eq ? (size_t)(eq - name) : strlen(name), eq ? eq + 1 : NULL, i + 1 < argc ? argv[i + 1] : NULL);
	}
	u32 left = (u32)(argc - i), take = left;
	if (!strcmp(command, "run")) {      /* files, or one package; the rest is the program's */
		take = 0;
		while (take < left && has_suffix(argv[i + take], ".go"))
			take++;
		if (!take)
			take = left ? 1 : 0;
	}
	static const char *here[] = {"."};
	o->arg = take ? (const char **)argv + i : here;
	o->narg = take ? take : 1;
	o->rest = (const char **)argv + i + take;
	o->nrest = left - take;
}
