/* Events of a test program's output, one JSON object a line: the form that go test -json has.
 *
 * The program runs with -test.v=test2json and marks the lines of the framework with ^V. Lines such as "=== RUN" and "--- PASS"
 * become events; everything is also given as output, attributed to the test that was last named. Reports are held back
 * until the next one at the same depth, so that a test's output comes before its result. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "test.h"

enum { Marker = 0x16, LineMax = 4096, OutMax = 1024 };

typedef struct Event { const char *action, *test, *key, *value, *path; double elapsed; bool timed; } Event;

/* Gathers bytes to lines; longer ones are handed on in parts. */
typedef struct Lines { char b[LineMax]; u32 n, cap; bool mid; } Lines;

struct TestJson {
	Arena *a;
	const char *pkg, *test, *result, *failed_build;
	VEC(Event) report;
	Lines in, out;
	bool need_marker;
	u64 start;
};

/* ---- writing ---- */

static void put_string(Buf *b, const char *s, size_t n)
{
	buf_putc(b, '"');
	for (const char *p = s, *end = s + n; p < end;) {
		u32 r;
		int k = utf8_decode(p, end, &r);
		u8 c = (u8)*p;
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f')
			buf_printf(b, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\b' ? 'b' : 'f');
		else if (c < ' ' || c == '<' || c == '>' || c == '&' || r == 0x2028 || r == 0x2029)
			buf_printf(b, "\\u%04x", r);
		else if (r == RUNE_ERROR && k == 1)
			buf_puts(b, "\\ufffd");
		else
			buf_write(b, p, (size_t)k);
		p += k;
	}
	buf_putc(b, '"');
}

static void put_field(Buf *b, const char *name, const char *s)
{
	if (!s || !*s)
		return;
	buf_printf(b, ",\"%s\":", name);
	put_string(b, s, strlen(s));
}

static void put_time(Buf *b)
{
	struct timespec t;
	struct tm tm;
	char date[32], zone[8];
	clock_gettime(CLOCK_REALTIME, &t);
	localtime_r(&t.tv_sec, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof zone, "%z", &tm);
	char frac[12];
	int n = snprintf(frac, sizeof frac, ".%09ld", t.tv_nsec);
	while (n > 0 && (frac[n - 1] == '0' || frac[n - 1] == '.'))
		if (frac[--n] == '.')
			break;
	frac[n] = 0;
	if (!strcmp(zone, "+0000"))
		buf_printf(b, "{\"Time\":\"%s%sZ\",", date, frac);
	else
		buf_printf(b, "{\"Time\":\"%s%s%.3s:%s\",", date, frac, zone, zone + 3);
}

static void emit(TestJson *j, const Event *e, const char *output, size_t n)
{
	ARENA_LOCAL(tmp, 8192);
	Buf b = {.ar = &tmp};
	put_time(&b);
	buf_printf(&b, "\"Action\":\"%s\"", e->action);
	put_field(&b, "Package", j->pkg);
	put_field(&b, "Test", e->test ? e->test : j->test);
	if (e->timed) {
		char t[40];
		snprintf(t, sizeof t, "%.3f", e->elapsed);
		size_t k = strlen(t);
		while (t[k - 1] == '0')
			t[--k] = 0;
		if (t[k - 1] == '.')
			t[--k] = 0;
		buf_printf(&b, ",\"Elapsed\":%s", t);
	}
	if (output) {
		buf_puts(&b, ",\"Output\":");
		put_string(&b, output, n);
	}
	if (!strcmp(e->action, "fail") && !e->test && !j->test)
		put_field(&b, "FailedBuild", j->failed_build);
	put_field(&b, "Key", e->key);
	put_field(&b, "Value", e->value);
	put_field(&b, "Path", e->path);
	buf_puts(&b, "}\n");
	fwrite(b.a, 1, b.n, stdout);
	fflush(stdout);
	arena_free(&tmp);
}

void test_json_build(Arena *a, const char *id, const char *action, const char *output, size_t n)
{
	Buf b = {.ar = a};
	buf_puts(&b, "{\"ImportPath\":");
	put_string(&b, id, strlen(id));
	buf_printf(&b, ",\"Action\":\"%s\"", action);
	if (output) {
		buf_puts(&b, ",\"Output\":");
		put_string(&b, output, n);
	}
	buf_puts(&b, "}\n");
	fwrite(b.a, 1, b.n, stdout);
	fflush(stdout);
}

/* ---- lines ---- */

/* The longest part of s that does not cut a character. */
static u32 whole_chars(const char *s, u32 n)
{
	for (u32 i = 1; i < 4 && i <= n; i++) {
		u8 c = (u8)s[n - i];
		if ((c & 0xc0) == 0x80)
			continue;
		u32 want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
		return want > i ? n - i : n;
	}
	return n;
}

static void out_event(TestJson *j, const char *s, size_t n)
{
	emit(j, &(Event){.action = "output"}, s, n);
}

/* Where the line at the start of s ends: after a newline, or before a marker inside. 0: not yet. */
static u32 line_end(const char *s, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		if (s[i] == '\n')
			return i + 1;
		if (s[i] == Marker && i > 0)
			return i;
	}
	return 0;
}

/* "BenchmarkX \t": shown at once, since its result takes long. Bytes up to and with the tab, or 0. */
static u32 benchmark_name(const char *s, u32 n)
{
	const char *tab = memchr(s, '\t', n);
	if (!tab || n < 9 || memcmp(s, "Benchmark", 9) || (tab > s + 9 && s[9] >= 'a' && s[9] <= 'z'))
		return 0;
	return (u32)(tab - s) + 1;
}

typedef void LineFn(TestJson *j, const char *s, size_t n);

static void feed(TestJson *j, Lines *l, const char *s, size_t n, LineFn *line, LineFn *part)
{
	while (n) {
		u32 m = (u32)min_u64(l->cap - l->n, n), i = 0;
		memcpy(l->b + l->n, s, m);
		l->n += m;
		s += m;
		n -= m;
		for (u32 k; i < l->n; i += k) {
			k = line_end(l->b + i, l->n - i);
			if (!k && !l->mid && (k = benchmark_name(l->b + i, l->n - i))) {
				part(j, l->b + i, k);
				l->mid = true;
				continue;
			}
			if (!k)
				break;
			(l->mid ? part : line)(j, l->b + i, k);
			l->mid = false;
		}
		if (i == 0 && l->n == l->cap) {
			i = whole_chars(l->b, l->n);
			part(j, l->b, i);
			l->mid = true;
		}
		memmove(l->b, l->b + i, l->n - i);
		l->n -= i;
	}
}

static void flush(TestJson *j, Lines *l, LineFn *part)
{
	if (l->n)
		part(j, l->b, l->n);
	l->n = 0;
}

static void output(TestJson *j, const char *s, size_t n)
{
	feed(j, &j->out, s, n, out_event, out_event);
}

/* ---- what a line means ---- */

static void flush_reports(TestJson *j, u32 depth)
{
	j->test = NULL;
	while (j->report.n > depth) {
		Event e = vec_pop(&j->report);
		emit(j, &e, NULL, 0);
	}
}

static bool begins(const char *s, size_t n, const char *with)
{
	return n >= strlen(with) && !memcmp(s, with, strlen(with));
}

static bool is_update(const char *s, size_t n)
{
	static const char *const word[] = {"RUN   ", "PAUSE ", "CONT  ", "NAME  ", "PASS  ", "FAIL  ", "SKIP  ", "ATTR  ", "ARTIFACTS "};
	if (!begins(s, n, "=== "))
		return false;
	for (size_t i = 0; i < nelem(word); i++)
		if (begins(s + 4, n - 4, word[i]))
			return true;
	return false;
}

static bool is_report(const char *s, size_t n)
{
	return begins(s, n, "--- PASS: ") || begins(s, n, "--- FAIL: ") || begins(s, n, "--- SKIP: ") || begins(s, n, "--- BENCH: ");
}

/* The word at s up to a space, and what follows. */
static const char *word(TestJson *j, const char *s, const char **rest)
{
	size_t n = strcspn(s, " ");
	*rest = s[n] ? s + n + 1 : s + n;
	return arena_strndup(j->a, s, n);
}

static const char *action_of(TestJson *j, const char *line, const char **name)
{
	char *act = (char *)(uintptr_t)word(j, line + 4, name);
	size_t n = strlen(act);
	if (n && act[n - 1] == ':')
		act[n - 1] = 0;
	for (char *p = act; *p; p++)
		*p = (char)tolower((u8)*p);
	while (**name == ' ')
		(*name)++;
	return act;
}

static void report(TestJson *j, const char *line, u32 indent, const char *orig, size_t n, bool marked)
{
	const char *name;
	Event e = {.action = action_of(j, line, &name)};
	const char *paren = strstr(name, " (");
	if (paren) {
		e.elapsed = strtod(paren + 2, NULL);
		e.timed = true;
		name = arena_strndup(j->a, name, (size_t)(paren - name));
	}
	if (j->report.n < indent) {     /* deeper than expected: plain output */
		output(j, orig, n);
		return;
	}
	j->need_marker = marked;
	flush_reports(j, indent);
	j->test = e.test = name;
	vec_push(j->a, &j->report, e);
	output(j, orig, n);
}

static void update(TestJson *j, const char *line, const char *orig, size_t n, bool marked)
{
	const char *name, *rest;
	Event e = {.action = action_of(j, line, &name)};
	if (!strcmp(e.action, "artifacts")) {
		name = word(j, name, &e.path);
	} else if (!strcmp(e.action, "attr")) {
		name = word(j, name, &rest);
		e.key = word(j, rest, &e.value);
	}
	j->need_marker = marked;
	flush_reports(j, 0);
	j->test = name;
	if (!strcmp(e.action, "name"))
		return;
	bool pause = !strcmp(e.action, "pause");
	if (pause)
		output(j, orig, n);
	emit(j, &e, NULL, 0);
	if (!pause)
		output(j, orig, n);
}

static void input_line(TestJson *j, const char *s, size_t n)
{
	bool marked = n && s[0] == Marker;
	if (!n)
		return;
	if (j->need_marker && !marked) {
		output(j, s, n);
		return;
	}
	if (marked) {
		flush(j, &j->out, out_event);
		s++;
		n--;
	}
	size_t k = n;
	if (k && s[k - 1] == '\n')
		k--;
	if (k && k < n && s[k - 1] == '\r')
		k--;
	if (k == 8 && begins(s, k, "=== NAME")) {
		s = "=== NAME  \n";
		n = 11;
		k = 10;
	}
	char *line = arena_strndup(j->a, s, k);
	if (!strcmp(line, "PASS") || !strcmp(line, "FAIL") || begins(s, k, "FAIL\t")) {
		flush_reports(j, 0);
		j->test = NULL;
		j->need_marker = marked;
		output(j, s, n);
		j->result = strcmp(line, "PASS") ? "fail" : "pass";
		return;
	}
	static const char none[] = "\t[no test files]";
	if (begins(s, k, "?   \t") && k > sizeof none && !strcmp(line + k - (sizeof none - 1), none) && !j->report.n)
		j->result = "skip";
	if (is_update(s, k)) {
		update(j, line, s, n, marked);
		return;
	}
	u32 indent = 0;
	while (begins(line + 4 * indent, k - 4 * indent, "    "))
		indent++;
	if (is_report(line + 4 * indent, k - 4 * indent)) {
		report(j, line + 4 * indent, indent, s, n, marked);
		return;
	}
	if (indent > 0 && indent <= j->report.n)
		j->test = j->report.a[indent - 1].test;
	output(j, s, n);
}

/* ---- entry ---- */

TestJson *test_json_new(Arena *a, const char *pkg)
{
	TestJson *j = arena_new(a, TestJson);
	*j = (TestJson){.a = a, .pkg = pkg, .start = clock_ns()};
	j->in.cap = LineMax;
	j->out.cap = OutMax;
	emit(j, &(Event){.action = "start"}, NULL, 0);
	return j;
}

void test_json_write(TestJson *j, const char *s, size_t n)
{
	feed(j, &j->in, s, n, input_line, output);
}

void test_json_close(TestJson *j, bool ok, const char *failed_build)
{
	flush(j, &j->in, output);
	flush(j, &j->out, out_event);
	const char *r = !ok ? "fail" : j->result && !strcmp(j->result, "skip") ? "skip" : "pass";
	j->failed_build = failed_build;
	j->test = NULL;
	u64 ms = (clock_ns() - j->start + 500000) / 1000000;
	emit(j, &(Event){.action = r, .timed = true, .elapsed = ms / 1e3}, NULL, 0);
}
