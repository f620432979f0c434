/* Any text as a cipher list and as a list of TLS 1.3 suites: what is taken leaves suites,
 * and none without authentication inbound. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tls/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tp_tls_policy p;
	struct tp_tls_suite *list = NULL;
	struct tp_diag diag = {0};
	char text[512] = "";
	size_t count = 0;

	if (size < 1 || size > sizeof(text))
		return 0;
	memcpy(text, data + 1, size - 1);
	tp_tls_policy_preset(TP_TLS_SERVICE_SIP, TP_TLS_INBOUND, TP_TLS_RECOMMENDED, &p);
	p.least = (enum tp_tls_version)(data[0] & 3);
	*(data[0] & 4 ? &p.ciphersuites : &p.ciphers) = text;
	if (tp_tls_policy_expand(&p, TP_TLS_INBOUND, &list, &count, &diag) != TP_OK)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(list[i].authentication, "none"))
			abort();
	}
	if (!count)
		abort();
	free(list);
	return 0;
}
