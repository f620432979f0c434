/* One path, anchor to leaf, by RFC 5280 section 6.1, and our own rules for it. Used by
 * sip, admin and turnpikectl. */
#include <string.h>
#include <time.h>

#include "tls/check_internal.h"

static const char *whose(unsigned depth)
{
	return depth == 0 ? "certificate" : "CA certificate";
}

static bool refuse_date(struct tp_check_failure *why, int error, unsigned depth, X509 *x,
			const char *words, int64_t when)
{
	time_t t = (time_t)when;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	return tp_check_refuse(why, error, depth, x, "%s %s %s", whose(depth), words, text);
}

static bool form_is_good(struct tp_check_run *run, const struct tp_check_cert *c, unsigned depth,
			 struct tp_check_failure *why)
{
	char subject[150];
	const char *weak;

	tp_tls_subject_write(X509_get_subject_name(c->x), subject, sizeof(subject));
	if (c->problem)
		return tp_check_refuse(why, c->error, depth, c->x, "%s %s: %s", whose(depth), c->problem, subject);
	if (run->want->at < c->not_before)
		return refuse_date(why, X509_V_ERR_CERT_NOT_YET_VALID, depth, c->x, "not valid before",
				   c->not_before);
	if (run->want->at > c->not_after)
		return refuse_date(why, X509_V_ERR_CERT_HAS_EXPIRED, depth, c->x, "expired on", c->not_after);
	if (run->want->purpose == TP_TLS_PURPOSE_ANY)
		return true;
	/* Nobody relies on the signature of an anchor. */
	weak = tp_check_strength(c->x, !c->anchor);
	if (weak)
		return tp_check_refuse(why, strstr(weak, "key") ? X509_V_ERR_EE_KEY_TOO_SMALL
								: X509_V_ERR_CA_MD_TOO_WEAK,
				       depth, c->x, "%s %s: %s", whose(depth), weak, subject);
	return true;
}

/* 6.1.4 (k) to (n): what lets a certificate issue others. `below` counts the CAs
 * between it and the leaf that are not self-issued. */
static bool may_issue(struct tp_check_run *run, const struct tp_check_path *path, unsigned depth,
		      long below, struct tp_check_failure *why)
{
	const struct tp_check_cert *c = &run->all[path->certs[depth]];
	const struct tp_check_cert *child = &run->all[path->certs[depth - 1]];
	bool old_root = c->anchor && X509_get_version(c->x) != X509_VERSION_3;
	char subject[150];

	tp_tls_subject_write(X509_get_subject_name(c->x), subject, sizeof(subject));
	if (!old_root && X509_get_version(c->x) != X509_VERSION_3)
		return tp_check_refuse(why, X509_V_ERR_INVALID_CA, depth, c->x,
				       "CA certificate is not of version 3: %s", subject);
	if (!old_root && !c->ca)
		return tp_check_refuse(why, X509_V_ERR_INVALID_CA, depth, c->x, "is no CA, but issued another: %s",
				       subject);
	if (c->has_usage && !(c->usage & KU_KEY_CERT_SIGN))
		return tp_check_refuse(why, X509_V_ERR_KEYUSAGE_NO_CERTSIGN, depth, c->x,
				       "CA may not sign certificates by its key usage: %s", subject);
	if (c->path_length >= 0 && below > c->path_length)
		return tp_check_refuse(why, X509_V_ERR_PATH_LENGTH_EXCEEDED, depth, c->x,
				       "more CAs below it than it allows: %s", subject);
	if (run->want->profile && child->authority && child->authority->keyid && !c->key_id && !old_root)
		return tp_check_refuse(why, X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER, depth, c->x,
				       "CA without a subject key identifier: %s", subject);
	return true;
}

static bool constraints_hold(struct tp_check_run *run, const struct tp_check_path *path, unsigned holder,
			     struct tp_check_failure *why)
{
	const NAME_CONSTRAINTS *nc = run->all[path->certs[holder]].constraints;
	const char *problem;

	for (unsigned depth = holder; nc && depth-- > 0;) {
		const struct tp_check_cert *c = &run->all[path->certs[depth]];
		char subject[120];

		if (depth > 0 && c->self_issued)
			continue;
		if (tp_check_names_allowed(run, nc, c, depth == 0, &problem))
			continue;
		tp_tls_subject_write(X509_get_subject_name(c->x), subject, sizeof(subject));
		return tp_check_refuse(why, X509_V_ERR_PERMITTED_VIOLATION, depth, c->x, "%s %s: %s", whose(depth),
				       problem ? problem : "has a name that may not be certified", subject);
	}
	return true;
}

/* ------------------------------------------------------------------------ purpose */

static bool has_purpose(const struct tp_check_cert *c, int nid)
{
	if (!c->purposes)
		return true;
	for (int i = 0; i < sk_ASN1_OBJECT_num(c->purposes); i++) {
		int has = OBJ_obj2nid(sk_ASN1_OBJECT_value(c->purposes, i));

		if (has == nid || has == NID_anyExtendedKeyUsage)
			return true;
	}
	return false;
}

/* Whether a host name stands in the subject alone. */
static bool has_name_in_cn_only(const struct tp_check_cert *c)
{
	const X509_NAME *subject = X509_get_subject_name(c->x);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *cn;

	for (int i = 0; i < sk_GENERAL_NAME_num(c->names); i++) {
		int type = sk_GENERAL_NAME_value(c->names, i)->type;

		if (type == GEN_DNS || type == GEN_IPADD || type == GEN_URI)
			return false;
	}
	if (at < 0)
		return false;
	cn = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	return ASN1_STRING_length(cn) > 0 &&
	       memchr(ASN1_STRING_get0_data(cn), '.', (size_t)ASN1_STRING_length(cn));
}

static bool purpose_holds(struct tp_check_run *run, const struct tp_check_path *path,
			  struct tp_check_failure *why)
{
	bool server = run->want->purpose == TP_TLS_PURPOSE_SERVER;
	uint32_t usage = KU_DIGITAL_SIGNATURE | (server ? KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT : 0);
	const struct tp_check_cert *leaf = &run->all[path->certs[0]];
	char subject[150];

	for (unsigned depth = 0; depth < path->length; depth++) {
		const struct tp_check_cert *c = &run->all[path->certs[depth]];

		tp_tls_subject_write(X509_get_subject_name(c->x), subject, sizeof(subject));
		if (!has_purpose(c, server ? NID_server_auth : NID_client_auth))
			return tp_check_refuse(why, X509_V_ERR_INVALID_PURPOSE, depth, c->x,
					       "%s is not for this purpose: %s", whose(depth), subject);
	}
	tp_tls_subject_write(X509_get_subject_name(leaf->x), subject, sizeof(subject));
	if (leaf->has_usage && !(leaf->usage & usage))
		return tp_check_refuse(why, X509_V_ERR_INVALID_PURPOSE, 0, leaf->x,
				       "certificate is not for this purpose (key usage): %s", subject);
	if (X509_get_version(leaf->x) != X509_VERSION_3)
		return tp_check_refuse(why, X509_V_ERR_CERT_REJECTED, 0, leaf->x,
				       "certificate is not of version 3: %s", subject);
	if (server && run->want->profile && !run->want->cn_names && has_name_in_cn_only(leaf))
		return tp_check_refuse(why, X509_V_ERR_CERT_REJECTED, 0, leaf->x,
				       "certificate has its name in the CN only, not in subjectAltName: %s", subject);
	if (leaf->ca || (leaf->has_usage && (leaf->usage & KU_KEY_CERT_SIGN)))
		return tp_check_refuse(why, X509_V_ERR_CERT_REJECTED, 0, leaf->x,
				       "certificate is that of a CA, not of one end: %s", subject);
	return true;
}

bool tp_check_path_valid(struct tp_check_run *run, const struct tp_check_path *path, bool whole,
			 struct tp_check_failure *why)
{
	long below = 0;

	for (unsigned depth = 0; depth < path->length; depth++) {
		const struct tp_check_cert *c = tp_check_cert_at(run, path->certs[depth]);

		if (!form_is_good(run, c, depth, why))
			return false;
		if (depth > 0 && !may_issue(run, path, depth, below, why))
			return false;
		if (depth > 0 && !c->self_issued)
			below++;
		if (!constraints_hold(run, path, depth, why))
			return false;
	}
	return !whole || run->want->purpose == TP_TLS_PURPOSE_ANY || purpose_holds(run, path, why);
}
