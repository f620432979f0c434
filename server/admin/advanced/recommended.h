/* Settings that the advanced mode recommends (recommended.def), and the alarms about those that
 * are otherwise while it is on. Pure. Runs in turnpike-admin. */
#ifndef TP_ADMIN_ADVANCED_RECOMMENDED_H
#define TP_ADMIN_ADVANCED_RECOMMENDED_H

#include <jansson.h>

#include "ipc/messages.h"
#include "model/model.h"

enum {
	TP_ALARM_RECOMMENDED = 40060, /* subject: the recommendation's id */
	TP_RECOMMENDED_MAX = 32,
};

/* One of those that apply to a configuration. */
struct tp_recommendation {
	char id[32];
	char path[128]; /* of the setting to change, behind a datastore's name */
	char text[192];
	const char *remedy;
	char service[64]; /* label of the service that it is the check of (tls/services.def), or "" */
	bool met;
};

/* Those that apply to the tree; their number. */
size_t tp_recommended_look(const struct tp_tree *tree, struct tp_recommendation out[TP_RECOMMENDED_MAX]);
/* [{"id","met","text","remedy","path","service"}] */
json_t *tp_recommended_json(const struct tp_tree *tree);
/* The alarms that should be open under this configuration: none out of the mode. */
size_t tp_recommended_alarms(const struct tp_tree *running, struct tp_msg_alarm out[TP_RECOMMENDED_MAX]);

#endif
