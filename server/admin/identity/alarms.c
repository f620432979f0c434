/* Alarms about the certificates in use. Runs in turnpike-admin. */
#include "admin/identity/alarms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/identity/parts.h"

/* What peers notice. The end of a certificate, and the temporary CA, have alarms of
 * their own; what only an administrator has to know stands on the page. */
static bool is_alarming(const char *id)
{
	static const char *const ids[] = {"cn-missing",	  "untrusted-issuer", "chain-incomplete",
					  "self-signed",  "weak-key",	      "weak-signature",
					  "not-yet-valid"};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (!strcmp(id, ids[i]))
			return true;
	return false;
}

static struct tp_msg_alarm alarm_of(const struct tp_tls_identity_info *info,
				    const struct tp_tls_finding *f)
{
	struct tp_msg_alarm m = {
		.code = TP_ALARM_CERTIFICATE_FINDING, .raised = true, .severity = 1};

	snprintf(m.subject, sizeof(m.subject), "%s: %s", info->id, f->id);
	snprintf(m.text, sizeof(m.text), "The certificate of the identity %s: %.400s", info->id,
		 f->text);
	tp_text_copy(m.remedy, sizeof(m.remedy), f->remedy);
	return m;
}

static void add(const struct tp_tls_identity_info *info, const struct tp_tls_findings *findings,
		struct tp_msg_alarm *out, size_t *count)
{
	for (size_t i = 0; i < findings->count && *count < TP_IDENTITY_ALARMS_MAX; i++)
		if (is_alarming(findings->list[i].id))
			out[(*count)++] = alarm_of(info, &findings->list[i]);
}

/* Those of the identity's own certificate. */
static void check(struct tp_config *config, const struct tp_tls_identity_info *info,
		  struct tp_tls_findings *findings, struct tp_msg_alarm *out, size_t *count)
{
	struct tp_staged *s = calloc(1, sizeof(*s));

	if (s && (s->pem = tp_identity_own_chain(config, "running", info->id))) {
		s->pem_len = strlen(s->pem);
		if (!tp_identity_is_temporary(s->pem) &&
		    tp_identity_judge(config, info->id, s, findings))
			add(info, findings, out, count);
	}
	if (s)
		tp_staged_fini(s);
	free(s);
}

bool tp_identity_alarms(struct tp_config *config, struct tp_msg_alarm out[TP_IDENTITY_ALARMS_MAX],
			size_t *count)
{
	struct tp_tls_findings *findings = calloc(1, sizeof(*findings));
	struct tp_identity_list *list = calloc(1, sizeof(*list));
	char *chain = tp_identity_own_chain(config, "running", "default");
	bool readable = findings && list && chain;

	*count = 0;
	if (readable)
		tp_identity_list(config, list);
	for (size_t i = 0; readable && i < list->count; i++)
		check(config, &list->rows[i], findings, out, count);
	free(chain);
	free(list);
	free(findings);
	return readable;
}
