/* print.c: how C speaks when it must: messages, fatal errors, and Go panics raised on
 * behalf of the calling goroutine. Formatting of tracebacks is the Go overlay's. */
#include "runtime.h"
#include <stdarg.h>

extern void go_throw(void) __asm__("runtime.throw");
extern void go_fatal(void) __asm__("runtime.fatal");
extern void go_panicplain(void) __asm__("runtime.rtPanicPlain");
extern void go_panicerror(void) __asm__("runtime.rtPanicError");

static u64 number(char *p, u64 v, u32 base) {
	char tmp[24];
	u64 n = 0, k = 0;
	do {
		tmp[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	while (n > 0)
		p[k++] = tmp[--n];
	return k;
}

void rt_printf(const char *fmt, ...) {
	char buf[32];
	va_list ap;
	va_start(ap, fmt);
	for (const char *p = fmt; *p != 0;) {
		const char *q = p;
		while (*q != 0 && *q != '%')
			q++;
		if (q > p)
			os_write(2, p, (u64)(q - p));
		if (*q == 0)
			break;
		const char *s;
		i64 v;
		u64 k = 0;
		switch (q[1]) {
		case 's':
			s = va_arg(ap, const char *);
			os_write(2, s, rt_strlen(s));
			break;
		case 'S': {
			String *str = va_arg(ap, String *);
			os_write(2, str->ptr, (u64)str->len);
			break;
		}
		case 'd':
			v = va_arg(ap, i64);
			if (v < 0) {
				buf[k++] = '-';
				v = -v;
			}
			k += number(buf + k, (u64)v, 10);
			os_write(2, buf, k);
			break;
		case 'x': case 'p':
			buf[0] = '0', buf[1] = 'x';
			k = 2 + number(buf + 2, va_arg(ap, u64), 16);
			os_write(2, buf, k);
			break;
		}
		p = q + 2;
	}
	va_end(ap);
}

static u32 throwing;

static void NORETURN die(const void *gofn, const char *msg) {
	if (axadd(&throwing, 1) == 1) {
		rt_dying_p();
		rt_callgo(gofn, (u64)msg, rt_strlen(msg), 0, 0);
	}
	rt_printf("fatal error: %s\n", msg);
	os_exit(2);
}

void rt_throw(const char *msg) { die((const void *)go_throw, msg); }
void rt_fatal(const char *msg) { die((const void *)go_fatal, msg); }
void rt_panic_plain(const char *msg) { rt_gocall((const void *)go_panicplain, (u64)msg, rt_strlen(msg)); }
void rt_panic_error(const char *msg) { rt_gocall((const void *)go_panicerror, (u64)msg, rt_strlen(msg)); }
