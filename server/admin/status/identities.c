/* Alarms about what is wrong with the certificates in use, kept equal to what should be
 * open now. One thread of turnpike-admin. */
#include <stdlib.h>

#include "admin/identity/alarms.h"
#include "admin/status/parts.h"

static bool is_ours(uint32_t code)
{
	return code == TP_ALARM_CERTIFICATE_FINDING;
}

void tp_status_check_identities(struct tp_status *s)
{
	struct tp_msg_alarm *wanted = calloc(TP_IDENTITY_ALARMS_MAX, sizeof(*wanted));
	size_t count;

	/* Without a configuration, just after a start, the alarms of before stand. */
	if (wanted && s->config && tp_identity_alarms(s->config, wanted, &count))
		tp_status_settle(s, is_ours, wanted, count);
	free(wanted);
}
