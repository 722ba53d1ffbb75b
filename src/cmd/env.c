/* seago env: where things are, in go's form. */
#include <stdio.h>
#include <stdlib.h>
#include "cmd.h"

typedef struct Var { const char *name, *value; } Var;

int cmd_env(int argc, char **argv)
{
	Arena a = {0};
	Context c = {0};
	context_init(&c, &a, "seago");
	const char *mod = c.modules ? module_file(&a, c.cwd) : NULL;
	const char *on = getenv("GO111MODULE");
	const Var var[] = {
		{"CGO_ENABLED", "0"}, {"GO111MODULE", on ? on : ""}, {"GOARCH", c.goarch}, {"GOHOSTARCH", "amd64"}, {"GOHOSTOS", "linux"},
		{"GOMOD", mod ? mod : c.modules ? "/dev/null" : ""}, {"GOOS", c.goos}, {"GOPATH", c.gopath ? c.gopath : ""},
		{"GOROOT", c.goroot ? c.goroot : ""}, {"SEAGO_OVERLAY", c.overlay ? c.overlay : ""},
	};
	if (!argc) {
		for (size_t i = 0; i < nelem(var); i++)
			printf("%s='%s'\n", var[i].name, var[i].value);
		return 0;
	}
	for (int k = 0; k < argc; k++) {
		const char *v = "";
		for (size_t i = 0; i < nelem(var); i++)
			if (!strcmp(argv[k], var[i].name))
				v = var[i].value;
		printf("%s\n", v);
	}
	return 0;
}
