/* Unit test of base: prints nothing and exits with 0 when all is well. */
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include "../../src/base/base.h"

#define CHECK(c) ((c) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #c), exit(1)))

static void test_paths(void)
{
	static const char *const want[][2] = {
		{"", "."}, {"abc", "abc"}, {"a//b/./c", "a/b/c"}, {"a/../b", "b"}, {"../a/..", ".."}, {"/..", "/"},
		{"/a/../..", "/"}, {"a/..", "."}, {"/a/b/", "/a/b"}, {"../../a", "../../a"}, {"./x", "x"}, {"a/b/../../..", ".."},
	};
	Arena a = {0};
	for (size_t i = 0; i < nelem(want); i++)
		CHECK(strcmp(path_clean(&a, want[i][0]), want[i][1]) == 0);
	CHECK(strcmp(path_join(&a, "a/b", "../c"), "a/c") == 0);
	CHECK(strcmp(path_base("a/b"), "b") == 0);
	arena_free(&a);
}

static void intern_many(void *arg, int worker, u32 i)
{
	Name **out = arg;
	for (u32 k = 0; k < 1000; k++) {
		char s[32];
		int n = snprintf(s, sizeof s, "n%u", k);
		Name *x = intern(s, (size_t)n);
		if (i == 0)
			out[k] = x;
		CHECK(x == intern_str(s));
	}
}

struct Tree { Pool *p; _Atomic u32 seen; };

static void grow(void *arg, int worker, void *item)
{
	struct Tree *t = arg;
	u64 depth = (u64)(uintptr_t)item;
	t->seen++;
	for (int i = 0; i < 2 && depth > 1; i++)
		pool_add(t->p, (void *)(uintptr_t)(depth - 1));
}

static void test_pool(void)
{
	Pool *p = pool_new(4);
	static Name *names[1000];
	pool_run(p, 64, intern_many, names);
	for (u32 k = 0; k < 1000; k++)
		CHECK(names[k]->len && atoi(names[k]->s + 1) == (int)k && !names[k]->exported);
	for (int round = 0; round < 3; round++) {
		struct Tree t = {.p = p};
		pool_add(p, (void *)10);
		pool_drain(p, grow, &t);
		CHECK(t.seen == 1023);
	}
	CHECK(intern_str("Ébc")->exported && !intern_str("éb")->exported && intern_str("")->len == 0);
}

static void test_positions(void)
{
	static const char text[128] = "package p\nvar x int\n";
	SrcFile *f = src_add("b.go", NULL, NULL, text, 20), *g = src_add("a.go", NULL, NULL, text, 20);
	SrcLoc l = pos_loc(f->base + 14);
	CHECK(src_of(f->base + 20) == f && src_of(g->base) == g && !src_of(0) && l.line == 2 && l.col == 5);
	static struct LineDirective dir[] = {{10, "z.y", "z.y", 7, 0}};
	f->dir = dir;
	f->ndir = 1;
	l = pos_loc(f->base + 14);
	CHECK(l.line == 7 && l.col == 0 && strcmp(l.file, "z.y") == 0 && pos_loc(f->base).line == 1);
	Arena a = {0};
	Diag d;
	diag_init(&d, &a);
	diag_add(&d, f->base + 14, "second %d", 2);
	diag_add(&d, g->base + 3, "first");
	diag_add(&d, f->base + 12, "second %d", 2);
	Buf b = {.ar = &a};
	CHECK(diag_print(&d, &b, 10) == 3);
	CHECK(strcmp(buf_str(&b), "a.go:1:4: first\nz.y:7: second 2\n") == 0);
	arena_free(&a);
}

static void test_utf8(void)
{
	for (u32 r = 0; r < 0x110000; r++) {
		char s[4];
		u32 back;
		int n = utf8_encode(s, r);
		CHECK(utf8_decode(s, s + n, &back) == n && back == (r >= 0xD800 && r < 0xE000 ? RUNE_ERROR : r));
	}
	CHECK(rune_is_letter(0x4E16) && rune_is_digit(0x663) && !rune_is_letter(0x663) && rune_is_upper(0x100) && !rune_is_upper(0x101));
	CHECK(rune_is_print(0xE9) && !rune_is_print(0x200B) && !rune_is_print(0x7F));
}

static void test_files(void)
{
	Arena a = {0};
	const char *path = arena_printf(&a, "/tmp/seago-test-base-%d", (int)getpid());
	CHECK(file_write_atomic(path, "hello", 5, 0644));
	size_t n;
	char *p = file_read(&a, path, &n);
	CHECK(p && n == 5 && memcmp(p, "hello\0\0", 7) == 0);
	unlink(path);
	CHECK(!file_write_atomic("/nonexistent/dir/x", "", 0, 0644) && !file_read(&a, "/nonexistent", &n));
	CHECK(!file_exists("/tmp") && dir_exists("/tmp"));
	arena_free(&a);
}

static void test_maps(void)
{
	Arena a = {0};
	Map m = {0};
	for (u64 i = 1; i < 10000; i++)
		map_put(&a, &m, i * 4096, i);
	for (u64 i = 1; i < 10000; i++)
		CHECK(map_get(&m, i * 4096) == i);
	CHECK(map_get(&m, 5) == 0 && m.n == 9999);
	u8 buf[64] = {0};
	for (size_t i = 0; i < sizeof buf; i++)
		CHECK(hash_bytes(buf, i, 0) != hash_bytes(buf, i + 1, 0));
	ArenaMark mark = arena_mark(&a);
	memset(arena_alloc(&a, 5 << 20, 4096), 1, 5 << 20);
	arena_release(&a, mark);
	char *z = arena_alloc(&a, 100, 1);
	CHECK(z[0] == 0 && z[99] == 0);
	arena_free(&a);
}

int main(void)
{
	test_maps();
	test_utf8();
	test_paths();
	test_pool();
	test_positions();
	test_files();
	return 0;
}
