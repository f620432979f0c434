/* Settings that the advanced mode recommends. Runs in turnpike-admin. */
#include "admin/advanced/recommended.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/services.h"

#define ACCESS "turnpike-access:access/"

enum { IDLE_MIN = 30 };

/* ---------------------------------------------------------------- what is looked at */

static bool is(const struct tp_tree *tree, const char *path, const char *value)
{
	const char *now = tp_tree_value(tree, path);

	return now && !strcmp(now, value);
}

static bool always(const struct tp_tree *tree)
{
	(void)tree;
	return true;
}

static bool ends_idle_sessions(const struct tp_tree *tree)
{
	const char *minutes = tp_tree_value(tree, "turnpike-system:system/web/session-idle");
	long n = minutes ? strtol(minutes, NULL, 10) : 0;

	return n > 0 && n <= IDLE_MIN;
}

static bool wants_client_certificates(const struct tp_tree *tree)
{
	return !is(tree, ACCESS "certificate-login/level", "not-required");
}

static bool checks_client_revocation(const struct tp_tree *tree)
{
	return is(tree, ACCESS "certificate-login/unknown-status", "refuse") &&
	       (is(tree, ACCESS "certificate-login/use-crls", "true") ||
		is(tree, ACCESS "certificate-login/use-ocsp", "true"));
}

static bool asks_ldap(const struct tp_tree *tree)
{
	return is(tree, ACCESS "ldap/enabled", "true");
}

static bool encrypts_ldap(const struct tp_tree *tree)
{
	return !is(tree, ACCESS "ldap/encryption", "none");
}

static bool checks_ldap_revocation(const struct tp_tree *tree)
{
	return is(tree, ACCESS "ldap/crl-check", "all");
}

static bool speaks_sip_encrypted(const struct tp_tree *tree)
{
	return is(tree, "turnpike-sip:sip/udp/enabled", "false") && is(tree, "turnpike-sip:sip/tcp/enabled", "false");
}

static bool checks_peer_revocation(const struct tp_tree *tree)
{
	return is(tree, "turnpike-tls:tls/revocation/sip/mode", "on");
}

/* ------------------------------------------------------------------------ the table */

static const struct {
	const char *id;
	const char *path;
	bool (*applies)(const struct tp_tree *tree);
	bool (*holds)(const struct tp_tree *tree);
	const char *text;
	const char *remedy;
} table[] = {
#define TP_RECOMMENDED(id_, path_, applies_, holds_, text_, remedy_) \
	{ id_, path_, applies_, holds_, text_, remedy_ },
#include "admin/advanced/recommended.def"
#undef TP_RECOMMENDED
};
enum { LINES = sizeof(table) / sizeof(table[0]) };

_Static_assert(LINES + TP_TLS_SERVICES <= TP_RECOMMENDED_MAX, "more recommendations than fit");

/* Label of the service whose check it is; "" for none. */
static const char *service_of(const char *id)
{
	for (enum tp_tls_service s = 0; s < TP_TLS_SERVICES; s++)
		if (!strcmp(tp_tls_service_info(s)->advanced, id))
			return tp_tls_service_info(s)->label;
	return "";
}

/* Row 121: TLS 1.2 or later for whatever speaks TLS. */
static void look_at_versions(const struct tp_tree *tree, enum tp_tls_service s, struct tp_recommendation *out)
{
	const struct tp_tls_service_info *info = tp_tls_service_info(s);

	memset(out, 0, sizeof(*out));
	snprintf(out->id, sizeof(out->id), "tls-%s", info->name);
	snprintf(out->path, sizeof(out->path), "turnpike-tls:tls/service/%s/minimum-version", info->name);
	snprintf(out->text, sizeof(out->text), "%s: TLS 1.2 or later.", info->label);
	tp_text_copy(out->service, sizeof(out->service), info->label);
	out->remedy = "Set the minimum on the page Ciphers.";
	out->met = is(tree, out->path, "1.2") || is(tree, out->path, "1.3");
}

size_t tp_recommended_look(const struct tp_tree *tree, struct tp_recommendation out[TP_RECOMMENDED_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < LINES; i++) {
		struct tp_recommendation *r = &out[n];

		if (!table[i].applies(tree))
			continue;
		memset(r, 0, sizeof(*r));
		tp_text_copy(r->id, sizeof(r->id), table[i].id);
		tp_text_copy(r->path, sizeof(r->path), table[i].path);
		tp_text_copy(r->text, sizeof(r->text), table[i].text);
		tp_text_copy(r->service, sizeof(r->service), service_of(table[i].id));
		r->remedy = table[i].remedy;
		r->met = table[i].holds(tree);
		n++;
	}
	for (enum tp_tls_service s = 0; s < TP_TLS_SERVICES; s++)
		look_at_versions(tree, s, &out[n++]);
	return n;
}

json_t *tp_recommended_json(const struct tp_tree *tree)
{
	struct tp_recommendation found[TP_RECOMMENDED_MAX];
	size_t count = tp_recommended_look(tree, found);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct tp_recommendation *r = &found[i];

		json_array_append_new(list, json_pack("{s:s, s:b, s:s, s:s, s:s+, s:s?}", "id", r->id, "met", r->met,
						      "text", r->text, "remedy", r->remedy, "path", "/", r->path,
						      "service", r->service[0] ? r->service : NULL));
	}
	return list;
}

size_t tp_recommended_alarms(const struct tp_tree *running, struct tp_msg_alarm out[TP_RECOMMENDED_MAX])
{
	struct tp_recommendation found[TP_RECOMMENDED_MAX];
	size_t count = tp_recommended_look(running, found), n = 0;

	if (!is(running, ACCESS "advanced/enabled", "true"))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct tp_msg_alarm *m = &out[n];

		if (found[i].met)
			continue;
		memset(m, 0, sizeof(*m));
		m->code = TP_ALARM_RECOMMENDED;
		m->severity = 1;
		m->raised = true;
		tp_text_copy(m->subject, sizeof(m->subject), found[i].id);
		snprintf(m->text, sizeof(m->text), "Recommended in the advanced mode, and not so here: %s",
			 found[i].text);
		tp_text_copy(m->remedy, sizeof(m->remedy), found[i].remedy);
		n++;
	}
	return n;
}
