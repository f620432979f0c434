/* How near the end of a certificate is, and the alarms about it. Runs in
 * turnpike-admin. */
#include "admin/certificates/expiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http/times.h"
#include "admin/trust/bundle.h"

static const int64_t day_s = 86400;

enum tp_expiry tp_expiry_of(int64_t not_after_s, int64_t now_s)
{
	int64_t left_s = not_after_s - now_s;

	if (left_s < 0)
		return TP_EXPIRY_OVER;
	if (left_s <= 7 * day_s)
		return TP_EXPIRY_CRITICAL;
	if (left_s <= 30 * day_s)
		return TP_EXPIRY_WARNING;
	return left_s <= 60 * day_s ? TP_EXPIRY_INFORMATION : TP_EXPIRY_FINE;
}

const char *tp_expiry_name(enum tp_expiry expiry)
{
	static const char *const names[] = { "fine", "information", "warning", "critical", "expired" };

	return names[expiry];
}

static uint8_t severity(enum tp_expiry expiry)
{
	return expiry >= TP_EXPIRY_CRITICAL ? 2 : expiry == TP_EXPIRY_WARNING ? 1 : 0;
}

/* A row with an end in sight. */
struct near {
	const json_t *row;
	int64_t not_after_s;
};

static int by_end(const void *a, const void *b)
{
	const struct near *x = a, *y = b;

	return x->not_after_s < y->not_after_s ? -1 : x->not_after_s > y->not_after_s;
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

static struct tp_msg_alarm alarm_of(const struct near *n, int64_t now_s)
{
	enum tp_expiry expiry = tp_expiry_of(n->not_after_s, now_s);
	bool own = !strcmp(text_of(n->row, "kind"), "identity");
	struct tp_msg_alarm m = { .raised = true, .severity = severity(expiry) };
	char when[TP_TIMES_TEXT];

	tp_times_write((uint64_t)n->not_after_s * 1000, when);
	when[10] = '\0';
	m.code = own ? TP_ALARM_CERTIFICATE_EXPIRES : TP_ALARM_TRUSTED_CA_EXPIRES;
	tp_text_copy(m.subject, sizeof(m.subject), text_of(n->row, "name"));
	snprintf(m.text, sizeof(m.text), "%s %.200s %s on %s.",
		 own ? "The certificate" : "The trusted CA",
		 text_of(n->row, own ? "common-name" : "certificate"),
		 expiry == TP_EXPIRY_OVER ? "has expired" : "expires", when);
	tp_text_copy(m.remedy, sizeof(m.remedy),
		     own ? "Renew it: page Identities, Renew with the same names." :
		     expiry == TP_EXPIRY_OVER ?
			   "Delete it, and append its successor: page Trusted CAs." :
			   "Ask the authority for its new certificate and append it in time: page Trusted CAs.");
	return m;
}

/* Whether one before it in `out` is about the same: an entry with several certificates. */
static bool is_told(const struct tp_msg_alarm *out, size_t count, const struct tp_msg_alarm *m)
{
	for (size_t i = 0; i < count; i++) {
		if (out[i].code == m->code && !strcmp(out[i].subject, m->subject))
			return true;
	}
	return false;
}

static size_t collect(const json_t *rows, int64_t now_s, struct near *near)
{
	size_t count = 0, i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		const json_t *at = json_object_get(row, "not-after-s");
		const char *kind = text_of(row, "kind");

		/* Revocation lists and requests have their own pages and alarms. */
		if (!json_is_integer(at) || (strcmp(kind, "identity") && strcmp(kind, "trusted-ca")))
			continue;
		if (tp_expiry_of(json_integer_value(at), now_s) != TP_EXPIRY_FINE)
			near[count++] = (struct near){ row, json_integer_value(at) };
	}
	return count;
}

static struct tp_msg_alarm old_list(int64_t bundle_at_s)
{
	struct tp_msg_alarm m = {
		.code = TP_ALARM_DEFAULT_TRUST_OLD,
		.raised = true,
		.severity = 1,
		.subject = "default-list",
		.remedy = "Install a newer release and reset the list, or delete those of its authorities "
			  "that you do not need: page Trusted CAs.",
	};
	char when[TP_TIMES_TEXT];

	tp_times_write((uint64_t)bundle_at_s * 1000, when);
	when[10] = '\0';
	snprintf(m.text, sizeof(m.text),
		 "Authorities of the default list are trusted, and that list is from %s, more than %d days ago.",
		 when, TP_TRUST_BUNDLE_DAYS);
	return m;
}

size_t tp_expiry_alarms(const json_t *rows, int64_t bundle_at_s, int64_t now_s,
			struct tp_msg_alarm out[TP_EXPIRY_ALARMS_MAX])
{
	size_t n = json_array_size(rows), count = 0;
	struct near *near = calloc(n ? n : 1, sizeof(*near));

	if (!near)
		return 0;
	if (bundle_at_s && now_s - bundle_at_s > TP_TRUST_BUNDLE_DAYS * day_s)
		out[count++] = old_list(bundle_at_s);
	n = collect(rows, now_s, near);
	qsort(near, n, sizeof(*near), by_end);
	for (size_t i = 0; i < n && count < TP_EXPIRY_ALARMS_MAX; i++) {
		struct tp_msg_alarm m = alarm_of(&near[i], now_s);

		if (!is_told(out, count, &m))
			out[count++] = m;
	}
	free(near);
	return count;
}
