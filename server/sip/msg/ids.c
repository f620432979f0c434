/* Tags, branches and Call-IDs that nobody can guess. Used by sip. */
#include <stdio.h>

#include "core/map.h"
#include "os/random.h"
#include "sip/msg/msg.h"

void tp_sip_ids_init(struct tp_sip_ids *ids)
{
	tp_random_bytes(ids->key, sizeof(ids->key));
	ids->counter = 0;
}

/* 128 bits for each number of the counter. */
static char *write_id(struct tp_sip_ids *ids, const char *prefix, char buf[TP_SIP_ID_TEXT])
{
	uint64_t n = ++ids->counter;

	snprintf(buf, TP_SIP_ID_TEXT, "%s%016llx%016llx", prefix,
		 (unsigned long long)tp_siphash(ids->key[0], &n, sizeof(n)),
		 (unsigned long long)tp_siphash(ids->key[1], &n, sizeof(n)));
	return buf;
}

char *tp_sip_ids_tag(struct tp_sip_ids *ids, char buf[TP_SIP_ID_TEXT])
{
	return write_id(ids, "", buf);
}

char *tp_sip_ids_branch(struct tp_sip_ids *ids, char buf[TP_SIP_ID_TEXT])
{
	return write_id(ids, "z9hG4bK", buf);
}

char *tp_sip_ids_call_id(struct tp_sip_ids *ids, char buf[TP_SIP_ID_TEXT])
{
	return write_id(ids, "", buf);
}
