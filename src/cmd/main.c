/* The seago command: finds the subcommand and runs it. */
#include <signal.h>
#include <stdio.h>
#include "cmd.h"

const Command commands[] = {
	{"build",   "[-o output] [build flags] [packages]", "compile packages and dependencies", cmd_build},
	{"run",     "[build flags] package [arguments...]",  "compile and run a Go program",      cmd_run},
	{"test",    "[build/test flags] [packages] [build/test flags & test binary flags]", "test packages", cmd_test},
	{"list",    "[-f format] [-json] [-m] [list flags] [build flags] [packages]", "list packages or modules", cmd_list},
	{"install", "[build flags] [packages]",             "compile programs and put them into GOBIN", cmd_install},
	{"get",     "[-t] [-u] [-tool] [build flags] [packages]", "add dependencies to current module and install them", cmd_get},
	{"mod",     "<command> [arguments]",                "module maintenance",                 cmd_mod},
	{"work",    "<command> [arguments]",                "workspace maintenance",              cmd_work},
	{"clean",   "[-i] [-r] [-cache] [-testcache] [-modcache] [-fuzzcache] [build flags] [packages]", "remove object files and cached files", cmd_clean},
	{"fmt",     "[-n] [-x] [packages]",                 "gofmt (reformat) package sources",   cmd_fmt},
	{"vet",     "[build flags] [-vettool prog] [vet flags] [packages]", "report likely mistakes in packages", cmd_vet},
	{"fix",     "[build flags] [-fixtool prog] [fix flags] [packages]", "apply fixes suggested by static checkers", cmd_fix},
	{"doc",     "[doc flags] [package|[package.]symbol[.methodOrField]]", "show documentation for package or symbol", cmd_doc},
	{"generate", "[-run regexp] [-n] [-v] [-x] [build flags] [file.go... | packages]", "generate Go files by processing source", cmd_generate},
	{"tool",    "[-n] command [args...]",               "run specified go tool",              cmd_tool},
	{"bug",     "",                                     "tell where to report faults",        cmd_bug},
	{"version", "[-m] [-v] [-json] [file ...]",        "print the version of seago or of programs",                 cmd_version},
	{"env",     "[-json] [-changed] [-u] [-w] [var ...]",                           "print the environment",             cmd_env},
	{"help",    "[command]",                            "print help",                        cmd_help},
	{0},
};

int main(int argc, char **argv)
{
	signal(SIGXFSZ, SIG_IGN);       /* a limit on file sizes is an error like a full disk */
	if (argc < 2) {
		cmd_help(0, NULL);
		return 2;
	}
	for (const Command *c = commands; c->name; c++)
		if (!strcmp(argv[1], c->name))
			return c->run(argc - 2, argv + 2);
	fprintf(stderr, "go %s: unknown command\nRun 'go help' for usage.\n", argv[1]);
	return 2;
}
