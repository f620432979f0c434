/* Bytes that are said to be a revocation list; nobody is trusted, so none is used. */
#include <stdlib.h>

#include "tls/crl_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tp_crl_about about = { .source = TP_CRL_MANUAL };
	struct tp_crl_reading how = { .now = 1 };
	struct tp_crl_write *w = NULL;
	struct tp_crl_trust *trust = NULL;
	struct tp_diag diag;
	bool in_use;

	if (tp_crl_trust_new((struct tp_span){ NULL, 0 }, &trust) != TP_OK ||
	    tp_crl_write_new(&about, 100, &w) != TP_OK)
		abort();
	how.trust = trust;
	if (tp_crl_read(&how, data, size, w, &in_use, &diag) == TP_OK ||
	    tp_crl_write_lists(w) != 0)
		abort();
	tp_crl_write_free(&w);
	tp_crl_trust_free(&trust);
	return 0;
}
