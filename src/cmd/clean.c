/* seago clean. The caches are ours to empty; everything else is the go command's own clean, compiled on first use. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cmd.h"

static void remove_all(Arena *a, const char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		const char *path = path_join(a, dir, e->d_name);
		if (e->d_type == DT_DIR)
			remove_all(a, path);
		else
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

int cmd_clean(int argc, char **argv)
{
	static const char *const ours[] = {"build", "tool", "vet"};
	Context c = {0};
	Arena a = {0};
	bool cache = false, dry = false;
	VEC(const char *) rest = {0};
	vec_push(&a, &rest, "go");
	vec_push(&a, &rest, "clean");
	for (int i = 0; i < argc; i++) {
		const char *s = argv[i] + (argv[i][0] == '-' && argv[i][1] == '-');
		dry |= !strcmp(s, "-n");
		if (!strcmp(s, "-cache") || !strcmp(s, "-cache=true"))
			cache = true;
		else
			vec_push(&a, &rest, argv[i]);
	}
	context_init(&c, &a, "seago");
	const char *folder = cache ? cache_folder(&a) : NULL;
	for (size_t i = 0; i < nelem(ours) && folder; i++) {
		const char *dir = path_join(&a, folder, ours[i]);
		if (dry && dir_exists(dir))
			printf("rm -rf %s\n", dir);
		else if (!dry)
			remove_all(&a, dir);
	}
	if (cache && rest.n == (dry ? 3 : 2))
		return 0;
	vec_push(&a, &rest, NULL);
	tool_exec(&c, "cmd/go", rest.a);
}
