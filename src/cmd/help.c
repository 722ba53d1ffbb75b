/* seago help. */
#include <stdio.h>
#include "cmd.h"

int cmd_help(int argc, char **argv)
{
	if (argc > 1)
		as_go("help", argc, argv);
	if (argc > 0) {
		for (const Command *c = commands; c->name; c++)
			if (!strcmp(c->name, argv[0])) {
				printf("usage: seago %s %s\n\n%s.\n", c->name, c->args, c->summary);
				if (c->run == cmd_build || c->run == cmd_run)
					options_help();
				return 0;
			}
		as_go("help", argc, argv);      /* upstream's pages on other topics hold here too */
	}
	printf("seago is a Go toolchain.\n\nUsage:\n\n\tseago <command> [arguments]\n\nThe commands are:\n\n");
	for (const Command *c = commands; c->name; c++)
		printf("\t%-12s%s\n", c->name, c->summary);
	printf("\nUse \"seago help <command>\" for more information about a command.\n");
	return 0;
}
