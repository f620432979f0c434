/* Sessions that the media process reports after our restart wait here until the
 * configuration is there to understand them with. Runs in turnpike-sip. */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "sip/dialog/record.h"
#include "sip/proxy/table.h"

struct kept {
	struct tp_list link;
	struct tp_msg_media_kept msg;
	uint8_t record[];
};

void tp_calls_kept(struct tp_sip *sip, const struct tp_msg_media_kept *msg)
{
	struct kept *k;

	if (!msg->session)
		return;
	if (sip->config) {
		tp_record_restore(sip, msg);
		return;
	}
	k = calloc(1, sizeof(*k) + msg->record_len);
	if (!k) {
		TP_LOG(TP_LOG_ERROR, "call.restore", "no memory to take a call over");
		return;
	}
	k->msg = *msg;
	if (msg->record_len)
		memcpy(k->record, msg->record, msg->record_len);
	k->msg.record = k->record;
	tp_list_append(&sip->calls->kept, &k->link);
}

static void free_kept(struct kept *k)
{
	tp_list_remove(&k->link);
	tp_wipe(k, sizeof(*k) + k->msg.record_len);
	free(k);
}

void tp_calls_take_kept(struct tp_sip *sip)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sip->calls->kept) {
		struct kept *k = TP_CONTAINER(it, struct kept, link);

		tp_record_restore(sip, &k->msg);
		free_kept(k);
	}
}

void tp_calls_drop_kept(struct tp_calls *calls)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &calls->kept)
		free_kept(TP_CONTAINER(it, struct kept, link));
}
