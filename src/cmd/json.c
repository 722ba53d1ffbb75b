/* JSON text, as encoding/json writes it. */
#include "cmd.h"

void json_quote(Buf *o, const char *s, size_t n)
{
	buf_putc(o, '"');
	for (size_t i = 0; i < n; i++) {
		u8 c = (u8)s[i];
		if (c == '"' || c == '\\')
			buf_printf(o, "\\%c", c);
		else if (c == '\n')
			buf_puts(o, "\\n");
		else if (c == '\t')
			buf_puts(o, "\\t");
		else if (c < ' ' || c == '<' || c == '>' || c == '&')
			buf_printf(o, "\\u%04x", c);
		else
			buf_putc(o, c);
	}
	buf_putc(o, '"');
}
