/* Every certificate that the appliance knows of, as rows. Runs in turnpike-admin. */
#include "admin/certificates/collect.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/certificates/facts.h"
#include "admin/http/router.h"
#include "admin/http/times.h"
#include "tls/identity.h"

static const char *text_of(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text ? text : "";
}

/* The last CN of a name in RFC 2253 order stands first; the whole name without one. */
static json_t *issuer_json(X509 *x, const struct tp_facts *f)
{
	char cn[256] = "";

	X509_NAME_get_text_by_NID(X509_get_issuer_name(x), NID_commonName, cn, sizeof(cn));
	return tp_json_text(cn[0] ? cn : f->issuer);
}

struct about {
	const char *kind;
	const char *name;
	const char *certificate;
	const char *distribution;
	const char *description;
};

static void add_row(json_t *rows, X509 *x, const struct about *a)
{
	struct tp_facts f;

	if (tp_facts_read(x, &f) != TP_OK)
		return;
	json_array_append_new(
		rows,
		json_pack("{s:o, s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:I}", "id",
			  json_sprintf("%s/%s", a->kind, a->name), "kind", a->kind, "name",
			  tp_json_text(a->name), "certificate", tp_json_text(a->certificate), "common-name",
			  tp_json_text(f.common_name), "type", f.self_signed ? "self-signed" : "CA-signed",
			  "distribution", a->distribution, "issued-by", issuer_json(x, &f), "expires-at",
			  tp_times_json((uint64_t)f.not_after * 1000), "description",
			  tp_json_text(a->description), "subject", tp_json_text(f.subject), "serial", f.serial,
			  "sha256", f.sha256, "not-after-s", (json_int_t)f.not_after));
}

/* -------------------------------------------------------------------- identities */

/* A name for several servers carries the suffix -ms in its first label (row 76). */
static const char *distribution_of(X509 *x)
{
	char cn[256] = "";
	size_t n;

	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, cn, sizeof(cn));
	n = strcspn(cn, ".");
	return n > 3 && !strncmp(cn + n - 3, "-ms", 3) ? "multi-server" : "this server";
}

/* "sip-client" as people call it. */
static void label_of(const char *id, char *label, size_t size)
{
	unsigned which = tp_tls_identity_find(id);

	tp_text_copy(label, size,
		     which < TP_TLS_IDENTITIES ? tp_tls_identity_info(which).label : id);
}

static void add_identity(json_t *rows, const char *id, const char *chain, bool for_zones)
{
	BIO *bio = BIO_new_mem_buf(chain, -1);
	X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	char label[128], description[256] = "Shown by every service without one of its own";
	struct about a = { "identity", id, label, "", description };

	label_of(id, label, sizeof(label));
	if (for_zones)
		snprintf(description, sizeof(description), "Shown by the zones that name it");
	else if (strcmp(id, "default"))
		snprintf(description, sizeof(description), "Shown by: %s", label);
	if (leaf) {
		a.distribution = distribution_of(leaf);
		add_row(rows, leaf, &a);
	}
	X509_free(leaf);
	BIO_free(bio);
}

/* --------------------------------------------------------------------- authorities */

static void describe_use(const json_t *use, char *text, size_t size)
{
	size_t n = (size_t)snprintf(text, size, "Trusted for ");
	size_t i;
	json_t *name;

	if (!json_array_size(use))
		snprintf(text + n, size - n, "everything");
	json_array_foreach(use, i, name)
	{
		enum tp_tls_service s = tp_tls_service_find(json_string_value(name));

		if (n < size)
			n += (size_t)snprintf(text + n, size - n, "%s%s", i ? ", " : "",
					      s < TP_TLS_SERVICES ? tp_tls_service_info(s)->label : "?");
	}
}

static void add_authority(json_t *rows, const json_t *entry)
{
	const char *name = text_of(entry, "name");
	BIO *bio = BIO_new_mem_buf(text_of(entry, "certificate"), -1);
	char label[128], description[256];
	struct about a = { "trusted-ca", name, label, "", description };
	X509 *x;

	describe_use(json_object_get(entry, "use"), description, sizeof(description));
	for (unsigned part = 1; bio && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)); part++) {
		snprintf(label, sizeof(label), part > 1 ? "%s, no. %u" : "%s", name, part);
		add_row(rows, x, &a);
		X509_free(x);
	}
	BIO_free(bio);
}

json_t *tp_certificates_rows(const json_t *tls)
{
	const json_t *identities = json_object_get(json_object_get(tls, "identities"), "identity");
	const json_t *named = json_object_get(json_object_get(tls, "identities"), "client-identity");
	json_t *rows = json_array();
	json_t *entry;
	size_t i;

	add_identity(rows, "default", text_of(json_object_get(tls, "identity"), "certificate"), false);
	json_array_foreach(identities, i, entry)
		add_identity(rows, text_of(entry, "id"), text_of(entry, "certificate"), false);
	json_array_foreach(named, i, entry)
		add_identity(rows, text_of(entry, "name"), text_of(entry, "certificate"), true);
	json_array_foreach(json_object_get(tls, "trusted-ca"), i, entry)
		add_authority(rows, entry);
	ERR_clear_error();
	return rows;
}

/* ------------------------------------------------------------ requests and lists */

static void add_request(json_t *rows, const struct tp_identity_request *r)
{
	BIO *bio = BIO_new_mem_buf(r->pem, -1);
	X509_REQ *req = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
	char cn[256] = "", label[128], words[200];

	if (req)
		X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(req), NID_commonName, cn, sizeof(cn));
	label_of(r->identity, label, sizeof(label));
	snprintf(words, sizeof(words), "Made by %s; waits for its certificate", r->created_by);
	json_array_append_new(
		rows, json_pack("{s:o, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:n, s:o}", "id",
				json_sprintf("request/%s", r->identity), "kind", "request", "name", r->identity,
				"certificate", label, "common-name", tp_json_text(cn), "type", "request",
				"distribution", strcmp(r->distribution, "multi-server") ? "this server" : "multi-server",
				"issued-by", "", "expires-at", "description", tp_json_text(words)));
	X509_REQ_free(req);
	BIO_free(bio);
	ERR_clear_error();
}

static void add_request_of(json_t *rows, struct tp_store *store, const char *id)
{
	struct tp_identity_request r;

	if (tp_store_request_get(store, id, &r) != TP_OK)
		return;
	add_request(rows, &r);
	tp_store_request_fini(&r);
}

void tp_certificates_add_requests(json_t *rows, struct tp_store *store, const json_t *tls)
{
	const json_t *named = json_object_get(json_object_get(tls, "identities"), "client-identity");
	json_t *entry;
	size_t i;

	for (unsigned which = 0; which < TP_TLS_IDENTITIES; which++)
		add_request_of(rows, store, tp_tls_identity_info(which).id);
	json_array_foreach(named, i, entry)
		add_request_of(rows, store, text_of(entry, "name"));
}

/* Unix time of a text that tp_times_json made; 0 when it is none. */
static int64_t time_of(const char *text)
{
	struct tm tm = { 0 };

	return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : 0;
}

static void add_lists(json_t *rows, const json_t *lists, const char *from)
{
	json_t *list;
	size_t i;

	json_array_foreach(lists, i, list)
	{
		int64_t until = time_of(text_of(list, "next-update-at"));

		json_array_append_new(
			rows, json_pack("{s:o, s:s, s:s, s:O, s:s, s:s, s:o, s:O, s:O, s:o, s:o}", "id",
					json_sprintf("crl/%s/%zu", from, i), "kind", "crl", "name", from, "certificate",
					json_object_get(list, "issuer"), "common-name", "", "type", "CRL", "distribution",
					tp_json_text(from), "issued-by", json_object_get(list, "issuer"), "expires-at",
					json_object_get(list, "next-update-at"), "description",
					json_sprintf("%lld revoked certificates",
						     (long long)json_integer_value(json_object_get(list, "entries"))),
					"not-after-s", until ? json_integer(until) : json_null()));
	}
}

void tp_certificates_add_crls(json_t *rows, const json_t *revocation)
{
	json_t *source;
	size_t i;

	json_array_foreach(json_object_get(revocation, "sources"), i, source)
		add_lists(rows, json_object_get(source, "lists"), text_of(source, "url"));
	add_lists(rows, json_object_get(json_object_get(revocation, "manual"), "lists"), "uploaded");
}
