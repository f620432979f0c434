/* Fuzz: a user name on its way into a filter and a DN. What libldap reads there is the name, or
 * the name is refused for one of the three reasons there are. */
#include <stdint.h>
#include <stdlib.h>

#include "parse_back.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tp_span name = { (const char *)data, size };
	char out[TP_LDAP_TEXT_MAX + 1];
	enum tp_err err = tp_ldap_escape("(&(uid=%s)(cn=%s))", name, out);
	bool empty_or_nul = size == 0 || memchr(data, 0, size);

	if (err == TP_OK ? empty_or_nul || !reads_back(name)
			 : err == TP_FORMAT ? !empty_or_nul : err != TP_LIMIT || size < TP_LDAP_TEXT_MAX / 6 - 10)
		abort();
	return 0;
}
