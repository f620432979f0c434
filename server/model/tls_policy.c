/* From the settings below tls/service to TLS policies. Runs in turnpike-validate and
 * turnpike-admin. */
#include "model/tls_policy.h"

#include <string.h>

enum tp_tls_service tp_node_tls_service(const struct lyd_node *node)
{
	const struct lyd_node *parent = lyd_parent(node);

	if (!parent || strcmp(parent->schema->name, "service") != 0 ||
	    strcmp(node->schema->module->name, "turnpike-tls") != 0)
		return TP_TLS_SERVICES;
	return tp_tls_service_find(node->schema->name);
}

static const struct lyd_node *child(const struct lyd_node *node, const char *name)
{
	return node ? tp_leaf_child(node, name) : NULL;
}

void tp_leaf_tls_policy(const struct lyd_node *tls, enum tp_tls_service service,
			enum tp_tls_side side, struct tp_tls_policy *out)
{
	const struct tp_tls_service_info *info = tp_tls_service_info(service);
	const struct lyd_node *at = child(child(tls, "service"), info->name);
	enum tp_tls_preset preset = TP_TLS_RECOMMENDED;
	const struct lyd_node *lists;

	(void)tp_tls_preset_find(at ? tp_leaf_text(at, "preset") : "", &preset);
	tp_tls_policy_preset(service, side, preset, out);
	if (!at)
		return;
	(void)tp_tls_version_find(tp_leaf_text(at, "minimum-version"), &out->least);
	if (preset != TP_TLS_CUSTOM)
		return;
	/* Services that also connect have a list for each direction. */
	lists = info->client ? child(at, side == TP_TLS_INBOUND ? "inbound" : "outbound") : at;
	if (lists && tp_leaf_child(lists, "ciphers"))
		out->ciphers = tp_leaf_text(lists, "ciphers");
	if (tp_leaf_child(at, "ciphersuites"))
		out->ciphersuites = tp_leaf_text(at, "ciphersuites");
}
