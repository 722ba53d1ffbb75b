/* seago mod, get, work and list -m: the go command of the GOROOT, compiled by seago, does them. What it downloads and writes (module cache,
 * go.mod, go.sum, go.work, vendor) is what our own builds read. */
#include "cmd.h"

void as_go(const char *command, int argc, char **argv)
{
	Arena a = {0};
	Context c = {0};
	VEC(const char *) arg = {0};
	context_init(&c, &a, "seago");
	vec_push(&a, &arg, "go");
	vec_push(&a, &arg, command);
	for (int i = 0; i < argc; i++)
		vec_push(&a, &arg, argv[i]);
	vec_push(&a, &arg, NULL);
	tool_exec(&c, "cmd/go", arg.a);
}

int cmd_mod(int argc, char **argv) { as_go("mod", argc, argv); }
int cmd_get(int argc, char **argv) { as_go("get", argc, argv); }
int cmd_work(int argc, char **argv) { as_go("work", argc, argv); }
