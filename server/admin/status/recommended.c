/* Alarms about settings that the advanced mode recommends, kept equal to what should be open
 * now. One thread of turnpike-admin. */
#include "admin/advanced/recommended.h"

#include <stdlib.h>

#include "admin/config/inside.h"
#include "admin/status/parts.h"

struct wanted {
	struct tp_msg_alarm list[TP_RECOMMENDED_MAX];
	size_t count;
};

static bool is_ours(uint32_t code)
{
	return code == TP_ALARM_RECOMMENDED;
}

static void look(void *arg, const struct tp_model *model, const struct tp_tree *running,
		 const struct tp_tree *candidate)
{
	struct wanted *w = arg;

	(void)model;
	(void)candidate;
	w->count = tp_recommended_alarms(running, w->list);
}

void tp_status_check_recommended(struct tp_status *s)
{
	struct wanted *w = calloc(1, sizeof(*w));

	/* Without a configuration, just after a start, the alarms of before stand. */
	if (w && s->config && tp_config_look_at(s->config, look, w) == TP_OK)
		tp_status_settle(s, is_ours, w->list, w->count);
	free(w);
}
