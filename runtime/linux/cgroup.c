/* cgroup.c: the processor quota of the process's own cgroup, version 1 (cpu.cfs_quota_us, cpu.cfs_period_us) or 2 (cpu.max).
 *
 * /proc/self/cgroup says which group it is, /proc/self/mountinfo where its hierarchy is mounted and from which group on. The files stay
 * open, since the quota can change. */
#include "../runtime.h"

i64 os_syscall(i64 no, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
enum { SysPread64 = 17, FileBytes = 64 << 10, PathBytes = 4096 };

typedef struct { const char *p; u64 n; } Text;

/* What is before the first of the separator, which goes too. */
static Text cut(Text *t, char sep) {
	Text first = *t;
	for (first.n = 0; first.n < t->n && t->p[first.n] != sep; first.n++)
		;
	u64 used = first.n + (first.n < t->n);
	t->p += used;
	t->n -= used;
	return first;
}

static bool is(Text t, const char *s) { return t.n == rt_strlen(s) && memcmp(t.p, s, t.n) == 0; }

static bool listed(Text list, const char *s) {
	while (list.n != 0)
		if (is(cut(&list, ','), s))
			return true;
	return false;
}

static Text readall(const char *path, char *buf) {
	Text t = { buf, 0 };
	i64 fd = os_open(path, 02000000, 0), k;
	if (fd < 0)
		return t;
	while (t.n < FileBytes && (k = os_read((i32)fd, buf + t.n, FileBytes - t.n)) > 0)
		t.n += (u64)k;
	os_close((i32)fd);
	return t;
}

/* The group: of version 1 if the processor is counted there. */
static bool ourgroup(Text file, Text *group, bool *v1) {
	bool found = false;
	while (file.n != 0) {
		Text line = cut(&file, '\n'), id = cut(&line, ':'), controllers = cut(&line, ':');
		*v1 = listed(controllers, "cpu");
		if (*v1 || (is(id, "0") && controllers.n == 0)) {
			*group = line;
			found = true;
		}
		if (*v1)
			break;
	}
	return found;
}

/* Below root, so that the group is seen in the mount. */
static bool below(Text group, Text root, Text *rest) {
	if (is(root, "/"))
		root.n = 0;
	if (group.n < root.n || memcmp(group.p, root.p, root.n) != 0 || (group.n > root.n && group.p[root.n] != '/'))
		return false;
	*rest = (Text){ group.p + root.n, group.n - root.n };
	return true;
}

static u64 put(char *path, u64 k, Text t, bool escaped) {
	for (u64 i = 0; i < t.n && k < PathBytes - 64; i++) {
		char c = t.p[i];
		if (escaped && c == '\\' && i + 3 < t.n) {      /* three octal digits */
			c = (char)((t.p[i + 1] - '0') << 6 | (t.p[i + 2] - '0') << 3 | (t.p[i + 3] - '0'));
			i += 3;
		}
		path[k++] = c;
	}
	path[k] = 0;
	return k;
}

/* The folder of the group: its path's length, or 0. */
static u64 folder(Text mounts, Text group, bool v1, char *path) {
	while (mounts.n != 0) {
		Text line = cut(&mounts, '\n'), root, point, field, rest;
		cut(&line, ' '), cut(&line, ' '), cut(&line, ' ');
		root = cut(&line, ' ');
		point = cut(&line, ' ');
		do
			field = cut(&line, ' ');
		while (line.n != 0 && !is(field, "-"));
		Text type = cut(&line, ' ');
		cut(&line, ' ');
		if (v1 ? !is(type, "cgroup") || !listed(line, "cpu") : !is(type, "cgroup2"))
			continue;
		if (below(group, root, &rest))
			return put(path, put(path, 0, point, true), is(rest, "/") ? (Text){ "", 0 } : rest, false);
	}
	return 0;
}

static struct { i32 quota, period; } fd;        /* period: of version 1, otherwise 0 */

static void openquota(void) {
	fd.quota = -1;
	char *room = os_mmap(NULL, 2 * FileBytes + PathBytes, 3, 0x22);
	if (room == NULL)
		return;
	char *path = room + 2 * FileBytes;
	Text group;
	bool v1;
	u64 k = 0;
	if (ourgroup(readall("/proc/self/cgroup", room), &group, &v1))
		k = folder(readall("/proc/self/mountinfo", room + FileBytes), group, v1, path);
	if (k != 0) {
		put(path, k, v1 ? (Text){ "/cpu.cfs_quota_us", 17 } : (Text){ "/cpu.max", 8 }, false);
		fd.quota = (i32)os_open(path, 02000000, 0);
	}
	if (k != 0 && v1 && fd.quota >= 0) {
		put(path, k, (Text){ "/cpu.cfs_period_us", 18 }, false);
		fd.period = (i32)os_open(path, 02000000, 0);
	}
	os_munmap(room, 2 * FileBytes + PathBytes);
}

/* Numbers at the beginning of the file; what is not one is -1. */
static void numbers(i32 f, i64 *v, u32 n) {
	char buf[64];
	i64 k = os_syscall(SysPread64, (u64)f, (u64)buf, sizeof buf, 0, 0, 0);
	Text t = { buf, k > 0 ? (u64)k : 0 };
	for (u32 i = 0; i < n; i++) {
		Text word = cut(&t, ' ');
		v[i] = word.n != 0 && word.p[0] >= '0' && word.p[0] <= '9' ? 0 : -1;
		for (u64 j = 0; v[i] >= 0 && j < word.n && word.p[j] >= '0' && word.p[j] <= '9'; j++)
			v[i] = v[i] * 10 + word.p[j] - '0';
	}
}

static i64 quotaof(void) {
	i64 v[2] = { -1, -1 };
	numbers(fd.quota, v, fd.period != 0 ? 1 : 2);
	if (fd.period != 0)
		numbers(fd.period, v + 1, 1);
	return v[0] <= 0 || v[1] <= 0 ? 0 : (v[0] + v[1] - 1) / v[1];
}

/* Processors the quota is worth, rounded up; 0: no quota. */
i64 os_cpuquota(void) {
	static bool opened;
	if (!opened) {
		opened = true;
		openquota();
	}
	return fd.quota < 0 || fd.period < 0 ? 0 : quotaof();
}
