/* UTF-8 checking, and JSON strings of whatever a peer sent. Runs in turnpike-admin. */
#include "admin/http/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http/router.h"

static bool is_continuation(uint8_t c)
{
	return (c & 0xc0) == 0x80;
}

size_t tp_utf8_step(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (!is_continuation(p[i]))
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

bool tp_utf8_valid(const char *p, size_t len)
{
	while (len) {
		size_t n = tp_utf8_step(p, len);

		if (!n)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

json_t *tp_json_text(const char *bytes)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t len = strlen(bytes), out = 0;
	json_t *json;
	char *clean;

	if (tp_utf8_valid(bytes, len))
		return json_stringn(bytes, len);
	clean = malloc(len * 3 + 1);
	if (!clean)
		return json_string("");
	for (size_t i = 0; i < len;) {
		size_t n = tp_utf8_step(bytes + i, len - i);
		const char *from = n ? bytes + i : replacement;
		size_t count = n ? n : 3;

		memcpy(clean + out, from, count);
		out += count;
		i += n ? n : 1;
	}
	json = json_stringn(clean, out);
	free(clean);
	return json;
}
