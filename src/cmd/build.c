/* seago build and seago run. */
#include <stdio.h>
#include "cmd.h"

static int compile(Build *b, int argc, char **argv, bool run)
{
	if (!options_parse(&b->ar, &b->opt, argc, argv, run))
		return 2;
	build_start(b, "seago");
	bool ok = build_front(b);
	build_phase(b, NULL);
	if (b->opt.time)
		build_print_times(b);
	if (!ok)
		return 1;
	if (b->opt.stop)
		return 0;
	fatal("code generation is not wired up yet; -d stop=check ends here");
}

int cmd_build(int argc, char **argv)
{
	Build b = {0};
	return compile(&b, argc, argv, false);
}

int cmd_run(int argc, char **argv)
{
	Build b = {0};
	return compile(&b, argc, argv, true);
}
