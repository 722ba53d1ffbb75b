/* Flags of build and run. A flag is -name, -name=value or -name value, with one dash or two, as the go command takes them. */
#include <stdio.h>
#include <stdlib.h>
#include "cmd.h"

static const char *const d_help[] = {
	"help       this list",
	"time       time of each phase on standard error",
	"all        compile every function of the named packages, commands or not; nothing is linked",
	"stop=P     stop after phase P: load, check, reach, summarise, compile; or run no optional pass after pass P",
	"parse      print the syntax trees of the named packages",
	"PASS[=F]   print functions (or only function F) after the pass; \"build\": before the first",
	"off=P,...  leave out optional passes",
	"on=P,...   run passes that are off by default",
	"check      verify the SSA after every pass",
};

void options_help(void)
{
	printf("\nFlags:\n\n"
	       "\t-o file     write the program to file\n"
	       "\t-j n, -p n  threads (default: all CPUs)\n"
	       "\t-e          report all errors, not just the first 10 of a package\n"
	       "\t-gcflags f  flags of gc: -e, -lang=go1.N, -complete=false, -D=path; those that tune its code generator are accepted\n"
	       "\t-check=all  check unreachable functions of dependencies too\n"
	       "\t-d what     look inside; -d help lists what\n");
}

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

static bool d_flag(Options *o, const char *v)
{
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
	else if (!strncmp(v, "stop=", 5) && ssa_pass_known(v + 5, strlen(v + 5)))
		o->pass.stop = v + 5;
	else if (!strncmp(v, "stop=", 5))
		o->stop = v + 5;
	else if (!strncmp(v, "off=", 4))
		o->pass.off = v + 4;
	else if (!strncmp(v, "on=", 3))
		o->pass.on = v + 3;
	else if (!strcmp(v, "check"))
		o->pass.check = true;
	else if (!strcmp(v, "parse"))
		o->dump = v;
	else
		return pass_dump(o, v);
	return true;
}

bool options_parse(Arena *a, Options *o, int argc, char **argv, bool run)
{
	int i = 0;
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		char *name = argv[i] + 1 + (argv[i][1] == '-'), *v = strchr(name, '=');
		size_t n = v ? (size_t)(v - name) : strlen(name);
		v = v ? v + 1 : NULL;
		#define IS(s) (n == strlen(s) && !memcmp(name, s, n))
		if (IS("e")) {
			o->all_errors = true;
			continue;
		}
		bool known = IS("o") || IS("j") || IS("p") || IS("d") || IS("check") || IS("gcflags");
		if (!known) {
			fprintf(stderr, "flag provided but not defined: -%.*s\n", (int)n, name);
			return false;
		}
		if (!v && ++i < argc)
			v = argv[i];
		if (!v) {
			fprintf(stderr, "flag needs an argument: -%.*s\n", (int)n, name);
			return false;
		}
		bool ok = true;
		if (IS("o"))
			o->out = v;
		else if (IS("j") || IS("p"))
			ok = (o->jobs = atoi(v)) > 0;
		else if (IS("d"))
			ok = d_flag(o, v);
		else if (IS("check"))
			ok = o->check_all = !strcmp(v, "all");
		else
			if (!gcflags_parse(a, o, v))
				return false;
		#undef IS
		if (!ok) {
			fprintf(stderr, "invalid value \"%s\" for flag -%.*s\n", v, (int)n, name);
			return false;
		}
	}
	u32 left = (u32)(argc - i), take = left;
	if (run) {      /* files, or one package; the rest is the program's */
		take = 0;
		while (take < left && strlen(argv[i + take]) > 3 && !strcmp(argv[i + take] + strlen(argv[i + take]) - 3, ".go"))
			take++;
		if (!take)
			take = left ? 1 : 0;
	}
	static const char *here[] = {"."};
	o->arg = take ? (const char **)argv + i : here;
	o->narg = take ? take : 1;
	o->rest = (const char **)argv + i + take;
	o->nrest = left - take;
	return true;
}
