/* A pattern, a format and a certificate's text, each up to a line end. */
#include <stdlib.h>
#include <string.h>

#include "admin/cac/pattern.h"
#include "admin/http/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tp_span rest = { (const char *)data, size };
	char pattern[TP_CAC_PATTERN_MAX + 2], format[TP_CAC_FORMAT_MAX + 2];
	struct tp_cac_pattern *p;
	struct tp_cac_name name;
	struct tp_diag diag;

	tp_text_copy_span(pattern, sizeof(pattern), tp_span_split(&rest, '\n'));
	tp_text_copy_span(format, sizeof(format), rest.p ? tp_span_split(&rest, '\n') : rest);
	if (tp_cac_pattern_new(pattern, format, &p, &diag) != TP_OK)
		return 0;
	if (!rest.p)
		rest = TP_SPAN("");
	if (tp_cac_pattern_apply(p, rest, &name, &diag) == TP_OK &&
	    (!name.text[0] || !tp_utf8_valid(name.text, strlen(name.text))))
		abort();
	tp_cac_pattern_free(&p);
	return 0;
}
