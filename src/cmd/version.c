/* seago version: in go's form, since scripts read it. */
#include <stdio.h>
#include "cmd.h"

int cmd_version(int argc, char **argv)
{
	Arena a = {0};
	Context c = {0};
	size_t n;
	context_init(&c, &a, "seago");
	char *v = c.goroot ? file_read(&a, path_join(&a, c.goroot, "VERSION"), &n) : NULL;
	char *nl = v ? strchr(v, '\n') : NULL;
	if (nl)
		*nl = 0;
	printf("go version %s seago %s/%s\n", v && *v ? v : "go1.26", c.goos, c.goarch);
	return 0;
}
