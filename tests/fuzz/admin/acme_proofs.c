/* Fuzz: what comes to the port of HTTP-01, and the two extensions of a client hello. A token
 * and a name lie inside of what was sent. */
#include <stdint.h>
#include <stdlib.h>

#include "admin/acme/proofs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct tp_span found;

	if (tp_acme_read_request((struct tp_span){bytes, size}, &found) &&
	    (!found.len || found.p < bytes || found.p + found.len > bytes + size))
		abort();
	if (tp_acme_read_name(data, size, &found) &&
	    (!found.len || found.p < bytes || found.p + found.len > bytes + size))
		abort();
	if (tp_acme_is_offer(data, size) && size != 13)
		abort();
	return 0;
}
