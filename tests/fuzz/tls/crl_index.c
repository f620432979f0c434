/* An index of revocation lists from a helper gone bad: whatever it says, nothing outside
 * of the file is read. */
#include <stdlib.h>
#include <string.h>

#include "tls/crl_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tp_crl_question q = { .sources = 3, .now = 1 };
	struct tp_crl_answer a = { 0 };
	struct tp_crl_index *x = NULL;
	struct tp_crl_list list;

	if (tp_crl_index_over(data, size, &x) != TP_OK)
		return 0;
	if (size > 64 + TP_CRL_HASH)
		memcpy(q.issuer, data + 64, TP_CRL_HASH);
	q.point_count = 1;
	tp_crl_index_ask(x, &q, &a);
	for (size_t i = 0; i < tp_crl_index_lists(x); i++) {
		tp_crl_index_list(x, i, &list);
		if (strlen(list.issuer) > TP_CRL_ISSUER_MAX)
			abort();
	}
	tp_crl_index_close(&x);
	return 0;
}
