/* Whether what the appliance shows stands the validation of clients. Runs in
 * turnpike-admin. */
#include "admin/certificates/names.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "admin/http/router.h"
#include "tls/check.h"
#include "tls/identity.h"

enum { CHAIN_MAX = 20, ANCHORS_MAX = 600 };

static const char *text_of(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text ? text : "";
}

/* Chain and id of what an identity's connections show: its own, or the default one. */
static const char *chain_of(const json_t *tls, const char *id, const char **shown)
{
	const json_t *all = json_object_get(json_object_get(tls, "identities"), "identity");
	json_t *entry;
	size_t i;

	json_array_foreach(all, i, entry)
	{
		if (!strcmp(text_of(entry, "id"), id) && text_of(entry, "certificate")[0]) {
			*shown = id;
			return text_of(entry, "certificate");
		}
	}
	*shown = "default";
	return text_of(json_object_get(tls, "identity"), "certificate");
}

static STACK_OF(X509) *read_pem(const char *pem, unsigned max)
{
	STACK_OF(X509) *stack = NULL;
	struct tp_diag diag;

	if (tp_tls_check_read(tp_span_of(pem), max, &stack, NULL, &diag) != TP_OK)
		return NULL;
	return stack;
}

static void free_stack(STACK_OF(X509) *stack)
{
	sk_X509_pop_free(stack, X509_free);
}

/* The trusted CAs, and the top of the chain itself. */
static STACK_OF(X509) *anchors_of(const json_t *tls, STACK_OF(X509) *chain)
{
	STACK_OF(X509) *anchors = sk_X509_new_null();
	X509 *top = sk_X509_value(chain, sk_X509_num(chain) - 1);
	json_t *entry;
	size_t i;

	if (!anchors || X509_add_cert(anchors, top, X509_ADD_FLAG_UP_REF) != 1)
		return anchors;
	json_array_foreach(json_object_get(tls, "trusted-ca"), i, entry)
	{
		STACK_OF(X509) *some = read_pem(text_of(entry, "certificate"), CHAIN_MAX);

		if (some && sk_X509_num(anchors) < ANCHORS_MAX)
			X509_add_certs(anchors, some, X509_ADD_FLAG_UP_REF);
		free_stack(some);
	}
	return anchors;
}

/* One service's chain, read once for all names. */
struct shown {
	struct tp_tls_identity_info info;
	const char *id;
	STACK_OF(X509) *chain;
	STACK_OF(X509) *anchors;
};

static void add_row(json_t *list, const struct shown *s, const char *name, const char *from,
		    int64_t now_s)
{
	const struct tp_tls_check check = {
		.purpose = TP_TLS_PURPOSE_SERVER,
		.at = now_s,
		.name = name,
		.leaf = sk_X509_value(s->chain, 0),
		.others = s->chain,
		.anchors = s->anchors,
	};
	struct tp_tls_checked checked;

	tp_tls_check_run(&check, &checked);
	json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:s, s:b, s:o}", "name", tp_json_text(name),
					      "from", from, "service", s->info.label, "identity", s->id,
					      "accepted", checked.accepted, "reason",
					      tp_json_text(checked.reason)));
	tp_tls_checked_fini(&checked);
}

static void add_service(json_t *list, const struct shown *s, const char *host, const json_t *domains,
			const char *name, int64_t now_s)
{
	json_t *domain;
	size_t i;

	if (host && host[0])
		add_row(list, s, host, "Host name", now_s);
	/* Phones that were given a domain check the domain (RFC 5922). */
	json_array_foreach(s->info.service == TP_TLS_SERVICE_SIP ? domains : NULL, i, domain)
		add_row(list, s, json_string_value(domain), "SIP domain", now_s);
	if (name && name[0])
		add_row(list, s, name, "Asked for", now_s);
}

json_t *tp_certificates_names(const json_t *tls, const char *host, const json_t *domains,
			      const char *name, int64_t now_s)
{
	json_t *list = json_array();

	for (unsigned which = 1; which < TP_TLS_IDENTITIES; which++) {
		struct shown s = { .info = tp_tls_identity_info(which) };

		if (!s.info.server)
			continue;
		s.chain = read_pem(chain_of(tls, s.info.id, &s.id), CHAIN_MAX);
		s.anchors = s.chain && sk_X509_num(s.chain) ? anchors_of(tls, s.chain) : NULL;
		if (s.anchors)
			add_service(list, &s, host, domains, name, now_s);
		free_stack(s.chain);
		free_stack(s.anchors);
	}
	ERR_clear_error();
	return json_pack("{s:o}", "names", list);
}
