/* Alarms about certificates that end soon, kept equal to what should be open now. One
 * thread of turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "admin/certificates/collect.h"
#include "admin/certificates/expiry.h"
#include "admin/config/inside.h"
#include "admin/http/times.h"
#include "admin/status/parts.h"
#include "admin/trust/bundle.h"
#include "admin/trust/list.h"

static bool is_ours(uint32_t code)
{
	return code == TP_ALARM_CERTIFICATE_EXPIRES || code == TP_ALARM_TRUSTED_CA_EXPIRES ||
	       code == TP_ALARM_DEFAULT_TRUST_OLD;
}

static bool is_about(const struct tp_alarm *open, const struct tp_msg_alarm *m)
{
	return !open->cleared_ms && open->code == m->code && !strcmp(open->subject, m->subject);
}

/* Whether it stands in the store as it should be. */
static bool is_open(const struct tp_alarm *open, size_t count, const struct tp_msg_alarm *m)
{
	for (size_t i = 0; i < count; i++) {
		if (is_about(&open[i], m))
			return open[i].severity == m->severity && !strcmp(open[i].text, m->text);
	}
	return false;
}

static bool is_wanted(const struct tp_msg_alarm *wanted, size_t count, const struct tp_alarm *open)
{
	for (size_t i = 0; i < count; i++) {
		if (is_about(open, &wanted[i]))
			return true;
	}
	return false;
}

void tp_status_settle(struct tp_status *s, bool (*ours)(uint32_t code),
		      const struct tp_msg_alarm *wanted, size_t count)
{
	struct tp_alarm *open = NULL;
	size_t open_count = 0;

	if (tp_store_alarm_list(s->store, &open, &open_count) != TP_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!is_open(open, open_count, &wanted[i]))
			tp_status_on_alarm(s, TP_PROCESS_ADMIN, &wanted[i]);
	}
	for (size_t i = 0; i < open_count; i++) {
		struct tp_msg_alarm m = { .code = open[i].code };

		if (!ours(open[i].code) || open[i].cleared_ms || is_wanted(wanted, count, &open[i]))
			continue;
		tp_text_copy(m.subject, sizeof(m.subject), open[i].subject);
		tp_text_copy(m.text, sizeof(m.text), open[i].text);
		tp_status_on_alarm(s, TP_PROCESS_ADMIN, &m);
	}
	free(open);
}

void tp_status_check_expiry(struct tp_status *s)
{
	json_t *tls = s->config ? tp_config_get(s->config, "running/turnpike-tls:tls", NULL) : NULL;
	struct tp_msg_alarm *wanted = calloc(TP_EXPIRY_ALARMS_MAX, sizeof(*wanted));
	json_t *rows;
	size_t trusted;

	/* Without a configuration, just after a start, the alarms of before stand. */
	if (!tls || !wanted) {
		json_decref(tls);
		free(wanted);
		return;
	}
	rows = tp_certificates_rows(tls);
	trusted = tp_trust_count_default(json_object_get(tls, "trusted-ca"));
	tp_status_settle(s, is_ours, wanted,
			 tp_expiry_alarms(rows, trusted ? tp_trust_bundle_at() : 0,
					  (int64_t)(tp_times_now_ms() / 1000), wanted));
	json_decref(rows);
	json_decref(tls);
	free(wanted);
}
