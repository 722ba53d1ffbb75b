/* Measures what seago makes beside what go makes.
 *
 *     bench [-n rounds] [-seago command] [-go command] [-dir bench] [-o file.md] [NAME...]
 *
 * NAME is a program of run/ (without .go) or a section: run, build, cost, million, http. Without a name everything is measured.
 *
 * Both toolchains work in one session on one machine, and take turns: round by round each program runs once as built by
 * each of them, so that whatever else the machine does strikes both. Of all rounds the best one counts, for wall time, for processor
 * time (user and system) and for peak memory each on its own: noise only ever adds. A ratio is seago's number through go's; the mean is the
 * geometric one. What fails to build, fails to run, takes too long or prints something other than NAME.out has no ratio and is
 * listed with its reason; then the exit status is 1. Without go on the PATH, seago's numbers stand alone.
 *
 * The report is Markdown, on stdout line by line and, with -o, in a file. If that file exists and holds the lines "<!-- bench -->" and
 * "<!-- end of bench -->", only what is between them is replaced. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BuildSeconds = 120, ColdSeconds = 900, RunSeconds = 60, MaxFile = 1 << 30, WordMax = 12, PathMax = 1024 };
enum { Seago, Gc, NTool };

#define nelem(a) (sizeof(a) / sizeof((a)[0]))

typedef struct Cost { double wall, cpu, rss; } Cost;             /* seconds, seconds, megabytes */

/* A command line; the words are owned by others. */
typedef struct Args { const char *word[WordMax + 1]; int n; } Args;

/* What one toolchain made of one program. */
typedef struct Result {
	int runs;        /* successful ones, of which best is the minimum */
	Cost best;
	char why[160];   /* not empty: failed, measured no further */
} Result;

typedef struct Bench {
	Args tool[NTool];      /* tool[Gc].n == 0: no go here */
	int rounds, nnames, failures;
	char **names;
	const char *dir, *out;
	char tmp[64];
	FILE *md;              /* the report, in memory */
} Bench;

static const char *const tool_name[NTool] = {"seago", "go"};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

/* One of several buffers in turn: enough for the arguments of one call. */
static char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *fmt, ...)
{
	static char ring[16][PathMax];
	static unsigned turn;
	char *s = ring[turn++ % 16];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(s, PathMax, fmt, ap);
	va_end(ap);
	return s;
}

static void say(Bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(Bench *b, const char *fmt, ...)
{
	va_list ap, ap2;
	va_start(ap, fmt);
	va_copy(ap2, ap);
	vfprintf(b->md, fmt, ap);
	vprintf(fmt, ap2);
	fflush(stdout);
	va_end(ap2);
	va_end(ap);
}

/* ---- children ---- */

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		die(path);
	return fd;
}

/* Waits for the child until the deadline, then ends its process group. SIGCHLD is blocked, so none is missed between looking and
 * waiting. False: it took too long. */
static bool await(pid_t pid, double deadline, int *status, struct rusage *ru)
{
	sigset_t chld;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	while (wait4(pid, status, WNOHANG, ru) == 0) {
		double left = deadline - now();
		if (left <= 0) {
			kill(-pid, SIGKILL);
			wait4(pid, status, 0, ru);
			return false;
		}
		struct timespec t = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
		sigtimedwait(&chld, NULL, &t);
	}
	kill(-pid, SIGKILL);    /* what it may have left running */
	return true;
}

/* The first line of a child's complaints, for the report. */
static void first_line(const char *path, char *buf, int size)
{
	FILE *f = fopen(path, "r");
	buf[0] = 0;
	while (f && fgets(buf, size, f) && (buf[0] == '#' || buf[0] == '\n'))
		;
	if (f)
		fclose(f);
	buf[strcspn(buf, "\n")] = 0;
	for (char *p = buf; *p; p++)
		if (*p == '|')
			*p = '/';
}

/* Runs the command with stdout in OUT and stderr in ERR of the temporary directory. False: it did not end well, why says how. */
static bool run(Bench *b, const Args *a, int seconds, Cost *c, char *why, size_t size)
{
	const char *err = format("%s/err", b->tmp);
	int in = open("/dev/null", O_RDONLY), out = create(format("%s/out", b->tmp)), errfd = create(err);
	fflush(NULL);
	double start = now();
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setpgid(0, 0);
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){MaxFile, MaxFile});
		dup2(in, 0);
		dup2(out, 1);
		dup2(errfd, 2);
		execvp(a->word[0], (char **)(uintptr_t)a->word);
		dprintf(2, "%s: %s\n", a->word[0], strerror(errno));
		_exit(127);
	}
	setpgid(pid, pid);
	int status = 0;
	struct rusage ru = {0};
	bool intime = await(pid, start + seconds, &status, &ru);
	*c = (Cost){now() - start, seconds_of(ru.ru_utime) + seconds_of(ru.ru_stime), (double)ru.ru_maxrss * 1024 / 1e6};
	close(in);
	close(out);
	close(errfd);
	if (intime && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	char line[100];
	first_line(err, line, sizeof line);
	if (!intime)
		snprintf(why, size, "longer than %d s", seconds);
	else if (WIFSIGNALED(status))
		snprintf(why, size, "%s", strsignal(WTERMSIG(status)));
	else
		snprintf(why, size, "exit status %d: %s", WEXITSTATUS(status), line);
	return false;
}

static void take_best(Result *r, Cost c)
{
	if (r->runs++ == 0) {
		r->best = c;
		return;
	}
	r->best.wall = fmin(r->best.wall, c.wall);
	r->best.cpu = fmin(r->best.cpu, c.cpu);
	r->best.rss = fmin(r->best.rss, c.rss);
}

/* TOOL build [flag] -o OUT FILE. The output is removed first, so that no linking is saved. */
static bool build(Bench *b, int tool, const char *flag, const char *exe, const char *file, int seconds, Result *r)
{
	Args a = b->tool[tool];
	a.word[a.n++] = "build";
	if (flag)
		a.word[a.n++] = flag;
	a.word[a.n++] = "-o";
	a.word[a.n++] = exe;
	a.word[a.n++] = file;
	a.word[a.n] = NULL;
	unlink(exe);
	Cost c;
	char why[120] = "no executable";
	if (run(b, &a, seconds, &c, why, sizeof why) && access(exe, X_OK) == 0) {
		take_best(r, c);
		return true;
	}
	snprintf(r->why, sizeof r->why, "does not build: %s", why);
	return false;
}

/* ---- comparing files ---- */

static char *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	if (!f)
		return NULL;
	char *s = NULL;
	FILE *m = open_memstream(&s, n);
	char buf[65536];
	for (size_t k; (k = fread(buf, 1, sizeof buf, f)) > 0;)
		fwrite(buf, 1, k, m);
	fclose(f);
	fclose(m);
	return s;
}

static bool same_file(const char *a, const char *b)
{
	size_t n, m;
	char *s = slurp(a, &n), *t = slurp(b, &m);
	bool same = s && t && n == m && !memcmp(s, t, n);
	free(s);
	free(t);
	return same;
}

/* ---- tables ---- */

/* The product of ratios, kept as a sum of logarithms. */
typedef struct Mean { double sum; int n; } Mean;

static void mean_add(Mean *m, double ratio)
{
	if (ratio > 0) {
		m->sum += log(ratio);
		m->n++;
	}
}

/* A number with about three digits, or a dash where there is none. */
static const char *number(bool have, double x)
{
	return !have ? "-" : format(x < 10 ? "%.2f" : x < 100 ? "%.1f" : "%.0f", x);
}

/* Three cells: seago, go, seago through go. The ratio also goes into the mean. */
static void triple(Bench *b, const Result *r, double seago, double gc, Mean *m)
{
	bool have[NTool] = {r[Seago].runs && !r[Seago].why[0], r[Gc].runs && !r[Gc].why[0]};
	double ratio = have[Seago] && have[Gc] && gc > 0 ? seago / gc : 0;
	say(b, " %8s | %8s | %6s |", number(have[Seago], seago), number(have[Gc], gc), number(ratio > 0, ratio));
	if (m)
		mean_add(m, ratio);
}

static void table_head(Bench *b, const char *first, int width)
{
	say(b, "\n| %-*s | %8s | %8s | %6s | %8s | %8s | %6s | %8s | %8s | %6s |\n", width, first, "wall ms", "go", "ratio", "cpu ms", "go", "ratio",
	    "peak MB", "go", "ratio");
	say(b, "|%.*s|", width + 2, "------------------------------------------------");
	for (int i = 0; i < 3; i++)
		say(b, "---------:|---------:|-------:|");
	say(b, "\n");
}

static void table_row(Bench *b, const char *name, int width, const Result *r, Mean *mean)
{
	const Cost *s = &r[Seago].best, *g = &r[Gc].best;
	say(b, "| %-*s |", width, name);
	triple(b, r, s->wall * 1e3, g->wall * 1e3, mean ? &mean[0] : NULL);
	triple(b, r, s->cpu * 1e3, g->cpu * 1e3, mean ? &mean[1] : NULL);
	triple(b, r, s->rss, g->rss, mean ? &mean[2] : NULL);
	say(b, "\n");
}

/* Counts seago's failures; says them and go's in a list. */
static void list_failures(Bench *b, const char *name, const Result *r)
{
	for (int t = 0; t < NTool; t++)
		if (r[t].why[0]) {
			say(b, "- %s, %s: %s\n", name, tool_name[t], r[t].why);
			b->failures += t == Seago;
		}
}

/* ---- run: the programs of run/ ---- */

static bool wanted(const Bench *b, const char *name)
{
	for (int i = 0; i < b->nnames; i++)
		if (!strcmp(b->names[i], name))
			return true;
	return b->nnames == 0;
}

static int is_program(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');
	return dot && !strcmp(dot, ".go");
}

static void measure_program(Bench *b, const char *name, Result *r)
{
	char exe[NTool][PathMax], file[PathMax], want[PathMax], output[PathMax];
	snprintf(file, sizeof file, "%s/run/%s.go", b->dir, name);
	snprintf(want, sizeof want, "%s/run/%s.out", b->dir, name);
	snprintf(output, sizeof output, "%s/out", b->tmp);
	bool alive[NTool] = {0};
	for (int t = 0; t < NTool; t++) {
		Result built = {0};
		snprintf(exe[t], PathMax, "%s/%s.%s", b->tmp, name, tool_name[t]);
		alive[t] = b->tool[t].n && build(b, t, NULL, exe[t], file, BuildSeconds, &built);
		memcpy(r[t].why, built.why, sizeof built.why);
	}
	for (int i = 0; i < b->rounds * NTool; i++) {
		int t = i % NTool;
		Args a = {{exe[t], NULL}, 1};
		Cost c;
		if (!alive[t])
			continue;
		char why[120];
		if (!run(b, &a, RunSeconds, &c, why, sizeof why))
			snprintf(r[t].why, sizeof r[t].why, "does not run: %s", why);
		else if (!same_file(output, want))
			snprintf(r[t].why, sizeof r[t].why, "wrong output");
		else
			take_best(&r[t], c);
		alive[t] = !r[t].why[0];
	}
	for (int t = 0; t < NTool; t++)
		unlink(exe[t]);
}

static void section_run(Bench *b)
{
	enum { Width = 14 };
	struct dirent **e;
	int n = scandir(format("%s/run", b->dir), &e, is_program, alphasort), total = 0;
	if (n < 0)
		die(format("%s/run", b->dir));
	Result (*all)[NTool] = calloc((size_t)n + 1, sizeof *all);
	Mean mean[3] = {0};
	bool whole = wanted(b, "run");
	for (int i = 0; i < n; i++) {
		*strrchr(e[i]->d_name, '.') = 0;
		if (!whole && !wanted(b, e[i]->d_name))
			continue;
		if (total++ == 0) {
			say(b, "\n## Running\n");
			table_head(b, "program", Width);
		}
		measure_program(b, e[i]->d_name, all[i]);
		table_row(b, e[i]->d_name, Width, all[i], mean);
	}
	if (total) {
		say(b, "| %-*s |", Width, "geometric mean");
		for (int k = 0; k < 3; k++)
			say(b, " %8s | %8s | %6s |", "", "", number(mean[k].n, exp(mean[k].sum / mean[k].n)));
		int before = b->failures;
		say(b, "\n\n");
		for (int i = 0; i < n; i++)
			list_failures(b, e[i]->d_name, all[i]);
		say(b, "%s%d of %d programs compared, %d failed with seago.\n", b->failures > before ? "\n" : "", mean[0].n, total, b->failures - before);
	}
	for (int i = 0; i < n; i++)
		free(e[i]);
	free(e);
	free(all);
}

/* ---- build: what building costs ---- */

/* The same program with a change, as between two builds of a working day; it keeps go's cache from answering without work. */
static void write_edited(Bench *b, const char *name, int edit, const char *to)
{
	size_t n;
	char *s = slurp(format("%s/%s.go", b->dir, name), &n);
	FILE *f = s ? fopen(to, "w") : NULL;
	if (!f)
		die(format("%s/%s.go", b->dir, name));
	fprintf(f, "%s\nconst edit = %d\n", s, edit);
	fclose(f);
	free(s);
}

static void check_runs(Bench *b, const char *exe, Result *r)
{
	Cost c;
	char why[120];
	if (!r->why[0] && !run(b, &(Args){{exe, NULL}, 1}, RunSeconds, &c, why, sizeof why))
		snprintf(r->why, sizeof r->why, "does not run: %s", why);
}

/* seago has no cache: its builds are all cold. go's cold build (-a) is done for hello only, and once. */
static void measure_builds(Bench *b, const char *name, const char *label, bool cold, double *size)
{
	char exe[PathMax], file[PathMax];
	snprintf(exe, sizeof exe, "%s/%s.exe", b->tmp, name);
	snprintf(file, sizeof file, "%s/%s.go", b->tmp, name);
	Result warm[NTool] = {0};
	for (int i = 0; i < (b->rounds + 1) * NTool; i++) {
		int t = i % NTool;
		write_edited(b, name, i, file);
		if (!b->tool[t].n || warm[t].why[0])
			continue;
		build(b, t, NULL, exe, file, i < NTool ? ColdSeconds : BuildSeconds, &warm[t]);
		if (i < NTool) {    /* fills caches: go's and the file system's */
			check_runs(b, exe, &warm[t]);
			struct stat st;
			size[t] = stat(exe, &st) ? 0 : (double)st.st_size / 1e6;
			warm[t].runs = 0;
		}
	}
	table_row(b, format("%s, after an edit", label), 32, warm, NULL);
	if (cold && b->tool[Gc].n) {
		Result r[NTool] = {warm[Seago]};
		build(b, Gc, "-a", exe, file, ColdSeconds, &r[Gc]);
		table_row(b, format("%s, everything (go build -a)", label), 32, r, NULL);
	}
	unlink(exe);
	unlink(file);
	list_failures(b, label, warm);
}

static void section_build(Bench *b)
{
	double size[NTool] = {0}, big[NTool] = {0};
	if (!wanted(b, "build"))
		return;
	say(b, "\n## Building\n\nseago compiles the whole program from source each time. go's time counts its child processes; its memory is that of the largest.\n");
	table_head(b, "program", 32);
	measure_builds(b, "hello", "hello", true, size);
	measure_builds(b, "large", "types+json", false, big);
	say(b, "\nExecutables: hello %s MB (go %s MB), types+json %s MB (go %s MB).\n", number(size[Seago] > 0, size[Seago]), number(size[Gc] > 0, size[Gc]),
	    number(big[Seago] > 0, big[Seago]), number(big[Gc] > 0, big[Gc]));
}

/* ---- cost: single operations, as measured by cost.go itself ---- */

enum { OperationMax = 32 };
typedef struct Operation { char name[80], unit[8]; double best[NTool]; bool have[NTool]; } Operation;
typedef struct Operations { Operation op[OperationMax]; int n; } Operations;

/* Lines of name, number, unit. False: something else was printed. */
static bool read_operations(Operations *o, int tool, const char *path)
{
	FILE *f = fopen(path, "r");
	char line[256], name[80], unit[8];
	double x;
	int lines = 0;
	bool ok = f != NULL;
	while (ok && fgets(line, sizeof line, f)) {
		ok = sscanf(line, "%79[^\t]\t%lf\t%7s", name, &x, unit) == 3;
		int i = 0;
		while (i < o->n && strcmp(o->op[i].name, name))
			i++;
		if (!ok || i == OperationMax)
			break;
		Operation *p = &o->op[i];
		if (i == o->n) {
			o->n++;
			memcpy(p->name, name, sizeof name);
			memcpy(p->unit, unit, sizeof unit);
		}
		p->best[tool] = p->have[tool] ? fmin(p->best[tool], x) : x;
		p->have[tool] = true;
		lines++;
	}
	if (f)
		fclose(f);
	return ok && lines > 0;
}

static void section_cost(Bench *b)
{
	Operations o = {0};
	Result r[NTool] = {0};
	if (!wanted(b, "cost"))
		return;
	for (int t = 0; t < NTool; t++)
		if (b->tool[t].n)
			build(b, t, NULL, format("%s/cost.%s", b->tmp, tool_name[t]), format("%s/cost.go", b->dir), BuildSeconds, &r[t]);
	for (int i = 0; i < b->rounds * NTool; i++) {
		int t = i % NTool;
		Cost c;
		char why[120];
		if (!b->tool[t].n || r[t].why[0])
			continue;
		if (!run(b, &(Args){{format("%s/cost.%s", b->tmp, tool_name[t]), NULL}, 1}, RunSeconds, &c, why, sizeof why))
			snprintf(r[t].why, sizeof r[t].why, "does not run: %s", why);
		else if (!read_operations(&o, t, format("%s/out", b->tmp)))
			snprintf(r[t].why, sizeof r[t].why, "wrong output");
	}
	say(b, "\n## Single operations\n\n| %-44s | unit | %8s | %8s | %6s |\n|%.46s|------|---------:|---------:|-------:|\n", "operation", "seago", "go", "ratio",
	    "------------------------------------------------");
	for (Operation *p = o.op; p < o.op + o.n; p++)
		say(b, "| %-44s | %-4s | %8s | %8s | %6s |\n", p->name, p->unit, number(p->have[Seago], p->best[Seago]), number(p->have[Gc], p->best[Gc]),
		    number(p->have[Seago] && p->have[Gc], p->best[Seago] / p->best[Gc]));
	list_failures(b, "cost", r);
	for (int t = 0; t < NTool; t++)
		unlink(format("%s/cost.%s", b->tmp, tool_name[t]));
}

/* ---- million: goroutines alive at once ---- */

static double available_memory(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	double kb = 0;
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "MemAvailable: %lf", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb * 1024 / 1e6;
}

static void measure_million(Bench *b, int tool, const char *count, const char *want, Result *r)
{
	char exe[PathMax], why[120];
	size_t n;
	Cost c;
	snprintf(exe, sizeof exe, "%s/million.%s", b->tmp, tool_name[tool]);
	Args a = {{exe, "-n", count, NULL}, 3};
	if (!b->tool[tool].n || r->why[0])
		return;
	if (!run(b, &a, RunSeconds, &c, why, sizeof why)) {
		snprintf(r->why, sizeof r->why, "does not run: %s", why);
		return;
	}
	char *s = slurp(format("%s/out", b->tmp), &n);
	if (s && !strcmp(s, want))
		take_best(r, c);
	else
		snprintf(r->why, sizeof r->why, "wrong output");
	free(s);
}

static void section_million(Bench *b)
{
	enum { NeedMegabytes = 5000, Width = 14 };
	Result one[NTool] = {0}, many[NTool] = {0};
	if (!wanted(b, "million"))
		return;
	say(b, "\n## A million goroutines at once\n");
	if (available_memory() < NeedMegabytes) {
		say(b, "\nNot measured: less than %d MB of memory are available.\n", NeedMegabytes);
		return;
	}
	for (int t = 0; t < NTool; t++)
		if (b->tool[t].n)
			build(b, t, NULL, format("%s/million.%s", b->tmp, tool_name[t]), format("%s/../examples/million/main.go", b->dir), BuildSeconds, &many[t]);
	for (int t = 0; t < NTool; t++) {
		memcpy(one[t].why, many[t].why, sizeof one[t].why);
		many[t].runs = 0;    /* of the program, not of its build */
	}
	for (int i = 0; i < b->rounds * NTool; i++) {
		measure_million(b, i % NTool, "1", "true sum 0\n", &one[i % NTool]);
		measure_million(b, i % NTool, "1000000", "true sum 499999500000\n", &many[i % NTool]);
	}
	table_head(b, "goroutines", Width);
	table_row(b, "1", Width, one, NULL);
	table_row(b, "1000000", Width, many, NULL);
	for (int t = 0; t < NTool; t++)
		if (one[t].runs && many[t].runs && !many[t].why[0])
			say(b, "- %s: %.0f bytes for each parked goroutine, everything counted\n", tool_name[t], many[t].best.rss - one[t].best.rss);
	list_failures(b, "million", many);
	for (int t = 0; t < NTool; t++)
		unlink(format("%s/million.%s", b->tmp, tool_name[t]));
}

/* ---- http: a web server under load ---- */

/* The load generator's report on one run, and what the server paid for it. */
typedef struct Load { double persecond, p99, requests; } Load;
typedef struct Serving { Result r; Load best; double cpu; } Serving;    /* milliseconds; microseconds a request */

/* Starts the server and reads the address it prints. */
static pid_t start_server(const char *exe, char *address, int size)
{
	int fd[2];
	if (pipe2(fd, O_CLOEXEC))
		die("pipe");
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setpgid(0, 0);
		dup2(fd[1], 1);
		execl(exe, exe, NULL);
		_exit(127);
	}
	setpgid(pid, pid);
	close(fd[1]);
	int n = 0;
	for (ssize_t k; n < size - 1 && (k = read(fd[0], address + n, (size_t)(size - 1 - n))) > 0 && !memchr(address, '\n', (size_t)(n + k));)
		n += (int)k;
	address[size - 1] = 0;
	address[strcspn(address, "\n")] = 0;
	close(fd[0]);
	return pid;
}

/* A number with the unit wrk gives it, in milliseconds. */
static double milliseconds(const char *s)
{
	char *unit;
	double x = strtod(s, &unit);
	return !strncmp(unit, "us", 2) ? x / 1e3 : !strncmp(unit, "ms", 2) ? x : !strncmp(unit, "m", 1) ? x * 60e3 : x * 1e3;
}

/* False: a request failed, or this is not wrk's report. */
static bool read_load(const char *path, Load *l)
{
	FILE *f = fopen(path, "r");
	char line[256];
	bool ok = f != NULL;
	*l = (Load){0};
	while (ok && fgets(line, sizeof line, f)) {
		char *s = line + strspn(line, " ");
		if (!strncmp(s, "99%", 3))
			l->p99 = milliseconds(s + 3);
		else if (!strncmp(s, "Requests/sec:", 13))
			l->persecond = atof(s + 13);
		else if (strstr(s, " requests in "))
			l->requests = atof(s);
		else if (strstr(s, "Socket errors") || strstr(s, "Non-2xx"))
			ok = false;
	}
	if (f)
		fclose(f);
	return ok && l->p99 > 0 && l->persecond > 0 && l->requests > 0;
}

/* One server, loaded for some seconds and stopped. */
static void measure_load(Bench *b, const char *exe, const char *path, const char *connections, Serving *s)
{
	enum { LoadSeconds = 5 };
	char address[64] = "", why[120] = "";
	pid_t pid = start_server(exe, address, sizeof address);
	const char *wrk[] = {"wrk", "-t1", "-c", connections, "-d", format("%d", LoadSeconds), "--latency", format("http://%s%s", address, path)};
	Args a = {.n = nelem(wrk)};
	memcpy(a.word, wrk, sizeof wrk);
	Cost client, server;
	Load l = {0};
	bool loaded = address[0] && run(b, &a, LoadSeconds + 30, &client, why, sizeof why) && read_load(format("%s/out", b->tmp), &l);
	kill(pid, SIGTERM);
	int status = 0;
	struct rusage ru = {0};
	bool ended = await(pid, now() + 10, &status, &ru) && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	server = (Cost){1 / fmax(l.persecond, 1), seconds_of(ru.ru_utime) + seconds_of(ru.ru_stime), (double)ru.ru_maxrss * 1024 / 1e6};
	if (!loaded || !ended) {
		snprintf(s->r.why, sizeof s->r.why, "%s", why[0] ? why : !address[0] ? "the server does not start" : !loaded ? "requests failed" : "the server does not stop");
		return;
	}
	double cpu = server.cpu * 1e6 / l.requests;
	s->best.p99 = s->r.runs ? fmin(s->best.p99, l.p99) : l.p99;
	s->cpu = s->r.runs ? fmin(s->cpu, cpu) : cpu;
	take_best(&s->r, server);
}

static void section_http(Bench *b)
{
	static const struct { const char *name, *path, *connections; } loads[] = {
		{"hello, 64 connections", "/hello", "64"},
		{"hello, 1,000 connections", "/hello", "1000"},
		{"JSON, 64 connections", "/json", "64"},
		{"JSON, 1,000 connections", "/json", "1000"},
	};
	char exe[NTool][PathMax], why[120];
	Cost c;
	if (!wanted(b, "http"))
		return;
	say(b, "\n## A web server under load\n");
	if (!run(b, &(Args){{"sh", "-c", "command -v wrk", NULL}, 3}, RunSeconds, &c, why, sizeof why)) {
		say(b, "\nNot measured: wrk is not installed.\n");
		return;
	}
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){files.rlim_max, files.rlim_max});
	Result built[NTool] = {0};
	for (int t = 0; t < NTool; t++) {
		snprintf(exe[t], PathMax, "%s/http.%s", b->tmp, tool_name[t]);
		if (b->tool[t].n)
			build(b, t, NULL, exe[t], format("%s/http.go", b->dir), BuildSeconds, &built[t]);
	}
	say(b, "\nwrk on the same machine; best of the rounds, of which each starts a server anew.\n");
	say(b, "\n| %-24s | %8s | %8s | %6s | %8s | %8s | %6s | %8s | %8s | %6s | %8s | %8s | %6s |\n|%.26s|", "handler", "req/s", "go", "ratio", "p99 ms",
	    "go", "ratio", "cpu us/r", "go", "ratio", "peak MB", "go", "ratio", "--------------------------");
	for (int i = 0; i < 4; i++)
		say(b, "---------:|---------:|-------:|");
	say(b, "\n");
	Result failed[NTool] = {0};
	for (size_t i = 0; i < nelem(loads); i++) {
		Serving s[NTool] = {{.r = built[Seago]}, {.r = built[Gc]}};
		s[Seago].r.runs = s[Gc].r.runs = 0;
		for (int k = 0; k < b->rounds * NTool; k++)
			if (b->tool[k % NTool].n && !s[k % NTool].r.why[0])
				measure_load(b, exe[k % NTool], loads[i].path, loads[i].connections, &s[k % NTool]);
		Result r[NTool] = {s[Seago].r, s[Gc].r};
		say(b, "| %-24s |", loads[i].name);
		triple(b, r, 1 / r[Seago].best.wall, 1 / r[Gc].best.wall, NULL);
		triple(b, r, s[Seago].best.p99, s[Gc].best.p99, NULL);
		triple(b, r, s[Seago].cpu, s[Gc].cpu, NULL);
		triple(b, r, r[Seago].best.rss, r[Gc].best.rss, NULL);
		say(b, "\n");
		for (int t = 0; t < NTool; t++)
			if (r[t].why[0])
				failed[t] = r[t];
	}
	list_failures(b, "http", failed);
	for (int t = 0; t < NTool; t++)
		unlink(exe[t]);
}

/* ---- the report ---- */

/* Its first line as the command prints it, or the empty string. */
static const char *version_of(Bench *b, int tool)
{
	Args a = b->tool[tool];
	Cost c;
	char why[120];
	static char line[NTool][160];
	a.word[a.n++] = "version";
	a.word[a.n] = NULL;
	if (run(b, &a, RunSeconds, &c, why, sizeof why))
		first_line(format("%s/out", b->tmp), line[tool], sizeof line[tool]);
	return line[tool];
}

static void describe(Bench *b)
{
	char line[256], cpu[256] = "unknown processor";
	FILE *f = fopen("/proc/cpuinfo", "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "model name : %255[^\n]", cpu) == 1)
			break;
	if (f)
		fclose(f);
	struct utsname u;
	uname(&u);
	double load = 0;
	getloadavg(&load, 1);
	const char *gc = b->tool[Gc].n ? version_of(b, Gc) : "";
	if (!gc[0])
		b->tool[Gc].n = 0;
	say(b, "%s, %ld processors, %s %s; load before: %.1f. Best of %d rounds.\n", cpu, sysconf(_SC_NPROCESSORS_ONLN), u.sysname, u.release, load, b->rounds);
	const char *seago = version_of(b, Seago);
	say(b, "Compared: %s; %s.\n", seago[0] ? seago : b->tool[Seago].word[0], gc[0] ? gc : "no go here");
	say(b, "Three columns belong together: seago, go, and the ratio of seago to go.\n");
}

/* Puts the report into the file: between the marks if it has them, else as all of it. */
static void write_report(Bench *b, const char *report)
{
	static const char open_mark[] = "<!-- bench -->\n", close_mark[] = "<!-- end of bench -->";
	size_t n;
	char *old = slurp(b->out, &n);
	char *from = old ? strstr(old, open_mark) : NULL, *to = from ? strstr(from, close_mark) : NULL;
	char *tmp = format("%s.tmp", b->out);
	FILE *f = fopen(tmp, "w");
	if (!f)
		die(tmp);
	if (to)
		fprintf(f, "%.*s%s%s", (int)(from - old) + (int)sizeof open_mark - 1, old, report, to);
	else
		fprintf(f, "%s%s%s\n", open_mark, report, close_mark);
	if (fclose(f) || rename(tmp, b->out))
		die(b->out);
	free(old);
}

static void split(Args *a, char *command)
{
	a->n = 0;
	for (char *save, *w = strtok_r(command, " ", &save); w && a->n < 4; w = strtok_r(NULL, " ", &save))
		a->word[a->n++] = w;
	a->word[a->n] = NULL;
}

static void options(Bench *b, int argc, char **argv)
{
	b->tool[Seago] = (Args){{"build/seago", NULL}, 1};
	b->tool[Gc] = (Args){{"go", NULL}, 1};
	int i = 1;
	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (!strcmp(argv[i], "-n"))
			b->rounds = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "-seago"))
			split(&b->tool[Seago], argv[i + 1]);
		else if (!strcmp(argv[i], "-go"))
			split(&b->tool[Gc], argv[i + 1]);
		else if (!strcmp(argv[i], "-dir"))
			b->dir = argv[i + 1];
		else if (!strcmp(argv[i], "-o"))
			b->out = argv[i + 1];
		else
			break;
	}
	if (!b->tool[Seago].n || (i < argc && argv[i][0] == '-') || b->rounds < 1) {
		fprintf(stderr, "usage: bench [-n rounds] [-seago command] [-go command] [-dir bench] [-o file.md] [NAME...]\n");
		exit(2);
	}
	b->names = argv + i;
	b->nnames = argc - i;
}

int main(int argc, char **argv)
{
	Bench b = {.rounds = 5, .dir = "bench", .tmp = "/tmp/seago-bench-XXXXXX"};
	options(&b, argc, argv);
	setenv("GOFLAGS", "", 1);
	setenv("SEAGOCACHE", "off", 1);
	setenv("CGO_ENABLED", "0", 1);
	setenv("GOTOOLCHAIN", "local", 1);
	unsetenv("GOMAXPROCS");
	unsetenv("GOGC");
	sigset_t chld;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	if (!mkdtemp(b.tmp))
		die(b.tmp);
	char *report = NULL;
	size_t n;
	b.md = open_memstream(&report, &n);
	describe(&b);
	section_run(&b);
	section_build(&b);
	section_cost(&b);
	section_million(&b);
	section_http(&b);
	fclose(b.md);
	bool found = strstr(report, "\n## ") != NULL;
	if (!found)
		fprintf(stderr, "bench: no program and no section has such a name\n");
	else if (b.out)
		write_report(&b, report);
	unlink(format("%s/out", b.tmp));
	unlink(format("%s/err", b.tmp));
	rmdir(b.tmp);
	free(report);
	return found ? b.failures != 0 : 2;
}
