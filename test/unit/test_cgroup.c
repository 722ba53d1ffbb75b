/* test_cgroup.c: the quota of the cgroup, read from files that are made up. */
#include <stdio.h>
#include <string.h>
#include "../../runtime/linux/cgroup.c"

typedef struct { const char *path, *text; } File;
static const File *files;
static struct { const File *f; u64 at; } open_files[16];
static i32 nopen;

i64 os_open(const char *path, i32 flags, i32 mode) {
	(void)flags, (void)mode;
	for (const File *f = files; f->path; f++)
		if (!strcmp(f->path, path)) {
			open_files[++nopen].f = f;
			open_files[nopen].at = 0;
			return nopen;
		}
	return -2;
}

i64 os_close(i32 fd) { (void)fd; return 0; }
void *os_mmap(void *at, u64 n, i32 prot, i32 flags) { static char room[1 << 20]; (void)at, (void)prot, (void)flags; return n <= sizeof room ? room : NULL; }
i64 os_munmap(void *p, u64 n) { (void)p, (void)n; return 0; }
u64 rt_strlen(const char *s) { return strlen(s); }

i64 os_read(i32 f, void *p, u64 n) {
	const char *t = open_files[f].f->text + open_files[f].at;
	u64 k = strlen(t) < 7 ? strlen(t) : 7;          /* in small pieces */
	k = k < n ? k : n;
	memcpy(p, t, k);
	open_files[f].at += k;
	return (i64)k;
}

i64 os_syscall(i64 no, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
	(void)no, (void)d, (void)e, (void)f;
	const char *t = open_files[a].f->text;
	u64 k = strlen(t) < c ? strlen(t) : c;
	memcpy((void *)b, t, k);
	return (i64)k;
}

static int failed;

static void check(const char *what, const File *f, i64 want) {
	files = f;
	nopen = 0;
	fd.period = 0;
	openquota();
	i64 got = fd.quota < 0 ? 0 : quotaof();
	printf("%s %s: %lld\n", got == want ? "ok  " : "FAIL", what, (long long)got);
	failed |= got != want;
}

int main(void) {
	const char *v2mount = "22 1 0:5 / /proc rw - proc proc rw\n29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
	const char *v1mount = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n33 31 0:30 / /c/acct rw - cgroup cgroup rw,cpuacct\n"
		"32 31 0:29 /docker /with\\040space/cpu rw - cgroup cgroup rw,cpu\n";
	check("version 2", (File[]){ {"/proc/self/cgroup", "0::/a/b\n"}, {"/proc/self/mountinfo", v2mount},
		{"/sys/fs/cgroup/a/b/cpu.max", "250000 100000\n"}, {0} }, 3);
	check("version 2 without a limit", (File[]){ {"/proc/self/cgroup", "0::/\n"}, {"/proc/self/mountinfo", v2mount},
		{"/sys/fs/cgroup/cpu.max", "max 100000\n"}, {0} }, 0);
	check("version 1 below the mount's root", (File[]){ {"/proc/self/cgroup", "3:cpuset:/\n2:cpu,cpuacct:/docker/x\n0::/y\n"},
		{"/proc/self/mountinfo", v1mount}, {"/with space/cpu/x/cpu.cfs_quota_us", "400000\n"},
		{"/with space/cpu/x/cpu.cfs_period_us", "100000\n"}, {0} }, 4);
	check("version 1 without a limit", (File[]){ {"/proc/self/cgroup", "1:cpu:/docker\n"}, {"/proc/self/mountinfo", v1mount},
		{"/with space/cpu/cpu.cfs_quota_us", "-1\n"}, {"/with space/cpu/cpu.cfs_period_us", "100000\n"}, {0} }, 0);
	check("a group outside of the mount", (File[]){ {"/proc/self/cgroup", "1:cpu:/dockers\n"}, {"/proc/self/mountinfo", v1mount},
		{"/with space/cpu/cpu.cfs_quota_us", "400000\n"}, {"/with space/cpu/cpu.cfs_period_us", "100000\n"}, {0} }, 0);
	check("no files", (File[]){ {0} }, 0);
	return failed;
}
