/* The table of calls, between the files of proxy/. */
#ifndef TP_SIP_PROXY_TABLE_H
#define TP_SIP_PROXY_TABLE_H

#include "sip/proxy/call.h"

struct tp_calls {
	struct tp_map by_id;
	struct tp_map by_dialog;
	struct tp_list all;
	struct tp_list kept; /* kept.c */
	size_t active; /* INVITEs and their dialogs that are not over */
	uint64_t total;
	uint64_t failed;
};

void tp_calls_drop_kept(struct tp_calls *calls);

#endif
