/* -gcflags: the flags of gc that a user, a Makefile or the upstream suites pass to go build.
 *
 * Flags that change the language or the checks are honoured; those that tune gc's code generator mean nothing here and
 * are accepted; those that ask for gc's own diagnostics are refused, since silence would be taken for an answer. */
#include <stdio.h>
#include <stdlib.h>
#include "cmd.h"

typedef enum Action { Honour, Accept, Refuse } Action;
typedef enum Arg { None, Bool, Text } Arg;

/* name, argument, what is done */
static const struct GcFlag { const char *name; Arg arg; Action action; } gcflags[] = {
	{"e", Bool, Honour}, {"lang", Text, Honour}, {"D", Text, Honour}, {"complete", Bool, Honour}, {"std", Bool, Honour}, {"+", Bool, Accept},
	{"p", Text, Accept}, {"C", Bool, Accept}, {"N", Bool, Accept}, {"l", Bool, Accept}, {"B", Bool, Accept}, {"c", Text, Accept},
	{"t", Bool, Accept}, {"dynlink", Bool, Accept}, {"shared", Bool, Accept}, {"smallframes", Bool, Accept}, {"d", Text, Accept},
	{"m", Bool, Refuse}, {"live", Bool, Refuse}, {"S", Bool, Refuse}, {"W", Bool, Refuse}, {"race", Bool, Refuse}, {"msan", Bool, Refuse},
	{"asan", Bool, Refuse}, {"wb", Bool, Refuse},
};

/* -d=...: only what leaves the program's behaviour alone. */
static bool debug_accepted(const char *v)
{
	return !strcmp(v, "panic") || !strncmp(v, "ssa/check", 9);
}

static bool valid_lang(const char *v)
{
	char *end;
	if (strncmp(v, "go1.", 4))
		return false;
	return strtol(v + 4, &end, 10) <= 26 && end > v + 4 && !*end;
}

static bool honour(Options *o, const char *name, char *v)
{
	bool on = !v || !strcmp(v, "true") || !strcmp(v, "1");
	if (!strcmp(name, "e"))
		o->all_errors = on;
	else if (!strcmp(name, "complete"))
		o->front.incomplete = !on;
	else if (!strcmp(name, "std"))
		o->front.as_std = on;
	else if (!strcmp(name, "D"))
		o->front.local = v;
	else if (!valid_lang(v))
		return false;
	else
		o->front.lang = v;
	return true;
}

static bool one_flag(Options *o, char *name, char *v)
{
	for (size_t i = 0; i < nelem(gcflags); i++) {
		const struct GcFlag *f = &gcflags[i];
		if (strcmp(f->name, name))
			continue;
		if (f->action == Refuse || (name[0] == 'd' && !name[1] && !debug_accepted(v))) {
			fprintf(stderr, "seago: gc's flag -%s%s%s is not supported\n", name, v ? "=" : "", v ? v : "");
			return false;
		}
		if (f->action == Honour && !honour(o, name, v)) {
			fprintf(stderr, "invalid value \"%s\" for -%s: should be something like \"go1.12\", at most \"go1.26\"\n", v, name);
			return false;
		}
		return true;
	}
	fprintf(stderr, "flag provided but not defined: -%s\n", name);
	return false;
}

static bool takes_text(const char *name)
{
	for (size_t i = 0; i < nelem(gcflags); i++)
		if (!strcmp(gcflags[i].name, name))
			return gcflags[i].arg == Text;
	return false;
}

bool gcflags_parse(Arena *a, Options *o, const char *text)
{
	if (text[0] != '-' && strchr(text, '='))        /* pattern=flags */
		text = strchr(text, '=') + 1;
	char *s = arena_strndup(a, text, strlen(text)), *save = NULL;
	for (char *w = strtok_r(s, " \t\n'\"", &save); w; w = strtok_r(NULL, " \t\n'\"", &save)) {
		if (w[0] != '-' || !w[1]) {
			fprintf(stderr, "invalid value \"%s\" for flag -gcflags\n", text);
			return false;
		}
		char *name = w + 1, *v = strchr(name, '=');
		if (v)
			*v++ = 0;
		else if (takes_text(name) && !(v = strtok_r(NULL, " \t\n'\"", &save))) {
			fprintf(stderr, "flag needs an argument: -%s\n", name);
			return false;
		}
		if (!one_flag(o, name, v))
			return false;
	}
	return true;
}
