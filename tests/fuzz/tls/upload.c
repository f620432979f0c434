/* An uploaded certificate in any form: read, ordered, judged. */
#include <stdlib.h>

#include "tls/findings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tp_tls_judgement by = { .now = 1700000000, .server = true, .client = true,
					     .present_pem = { (const char *)data, size } };
	struct tp_tls_upload *upload = NULL;
	struct tp_tls_findings *findings;
	struct tp_diag diag = { 0 };

	if (tp_tls_upload_read((struct tp_span){ (const char *)data, size }, &upload, &diag) != TP_OK)
		return 0;
	findings = calloc(1, sizeof(*findings));
	tp_tls_upload_order(upload, (struct tp_span){ NULL, 0 });
	if (findings)
		tp_tls_findings_make(upload, &by, findings);
	free(findings);
	tp_tls_upload_free(&upload);
	return 0;
}
