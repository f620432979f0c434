/* An upload of trusted authorities, and a query of the list of certificates. */
#include <stdlib.h>
#include <string.h>

#include "admin/certificates/list.h"
#include "admin/trust/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *list = json_array(), *results = json_array();
	struct tp_span pem = { (const char *)data, size };
	char *text = strndup((const char *)data, size);
	size_t added = tp_trust_append(list, pem, NULL, 1800000000, results);
	struct tp_list_query query;
	char *out = NULL;
	size_t len;

	if (!text || added != json_array_size(list) || json_array_size(results) < added ||
	    tp_trust_text(list, NULL, &out, &len) != TP_OK)
		abort();
	free(out);
	if (tp_list_query_parse(text, &query, NULL) == TP_OK)
		json_decref(tp_list_select(results, &query));
	json_decref(list);
	json_decref(results);
	free(text);
	return 0;
}
