/* What there is to say about a certificate before it is put in use. Used by admin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/finding.h"
#include "tls/internal.h"

enum {
	DAY_S = 24 * 3600,
	SOON_DAYS = 30,
	LONG_DAYS = 825, /* what some makers' devices take at most */
	RSA_LEAST = 2048,
	RSA_LONG = 4096,
	SIGNATURE_BITS_LEAST = 112, /* OpenSSL's security level 2: a service would not start */
};

/* One judging on its way. */
struct judge {
	const struct tp_tls_upload *upload;
	const struct tp_tls_judgement *by;
	struct tp_tls_findings *out;
	X509 *leaf;
	STACK_OF(X509) *trusted;
	X509 *present; /* NULL = none */
};

struct tp_tls_finding *tp_tls_finding_add(struct tp_tls_findings *out, const char *id,
					  enum tp_tls_severity severity)
{
	struct tp_tls_finding *f = &out->list[out->count];

	if (out->count + 1 < TP_TLS_FINDINGS_MAX)
		out->count++;
	memset(f, 0, sizeof(*f));
	f->id = id;
	f->severity = severity;
	return f;
}

static struct tp_tls_finding *find(struct judge *j, const char *id, enum tp_tls_severity severity)
{
	return tp_tls_finding_add(j->out, id, severity);
}

static void name_of(X509 *x, char buf[160])
{
	tp_tls_subject_write(X509_get_subject_name(x), buf, 160);
}

/* ------------------------------------------------------------------------- keys */

static void check_key(struct judge *j)
{
	struct tp_tls_finding *f;

	switch (j->by->key) {
	case TP_TLS_KEY_FITS:
		return;
	case TP_TLS_KEY_MISSING:
		f = find(j, "key-missing", TP_TLS_REFUSE);
		SAY(f, "There is no private key for this certificate: no request is pending for this "
		       "identity and none was uploaded with it.");
		ADVISE(f, "Upload it to the identity and appliance that made its request, or upload its "
			  "private key with it.");
		return;
	case TP_TLS_KEY_NOT_OF_REQUEST:
		f = find(j, "key-mismatch", TP_TLS_REFUSE);
		SAY(f, "The certificate was not issued for the pending request: its public key is another.");
		ADVISE(f, "It may belong to another appliance of the pair or to another identity: upload "
			  "it there. Or send the authority the request that is pending now.");
		return;
	case TP_TLS_KEY_NOT_OF_UPLOAD:
		f = find(j, "key-mismatch", TP_TLS_REFUSE);
		SAY(f, "The uploaded private key does not belong to the certificate.");
		ADVISE(f, "Upload the private key that the certificate was issued for.");
		return;
	}
}

static void check_key_type(struct judge *j)
{
	EVP_PKEY *key = X509_get0_pubkey(j->leaf);
	int type = key ? EVP_PKEY_get_base_id(key) : NID_undef;
	int bits = key ? EVP_PKEY_get_bits(key) : 0;
	struct tp_tls_finding *f;
	char name[64] = "unknown";

	if (key)
		tp_tls_key_name(key, name, sizeof(name));
	if (type == EVP_PKEY_RSA && bits < RSA_LEAST) {
		f = find(j, "weak-key", TP_TLS_REFUSE);
		SAY(f, "Its RSA key has %d bits; less than %d can be broken.", bits, RSA_LEAST);
		ADVISE(f, "Make a new request with RSA of 2048 bits or more, or with P-256.");
	} else if (type == EVP_PKEY_RSA && bits > RSA_LONG) {
		f = find(j, "long-key", TP_TLS_WARN);
		SAY(f, "Its RSA key has %d bits: handshakes take several times as long, and some phones "
		       "and peers refuse more than %d.", bits, RSA_LONG);
		ADVISE(f, "Use RSA of 2048 to 4096 bits, P-256 or P-384.");
	} else if (type == EVP_PKEY_EC && bits < 256) {
		f = find(j, "weak-key", TP_TLS_REFUSE);
		SAY(f, "Its key (%s) is too short.", name);
		ADVISE(f, "Make a new request with P-256 or P-384.");
	} else if (type != EVP_PKEY_RSA &&
		   !(type == EVP_PKEY_EC && (!strcmp(name, "EC P-256") || !strcmp(name, "EC P-384") ||
					     !strcmp(name, "EC P-521")))) {
		f = find(j, "unsupported-key-type", TP_TLS_REFUSE);
		SAY(f, "Its key is of type %s, which TLS peers do not speak.", name);
		ADVISE(f, "Make a new request with RSA (recommended), P-256 or P-384.");
	}
}

/* A root's signature of itself proves nothing and is not looked at by anybody. */
static void check_signatures(struct judge *j)
{
	size_t count = tp_tls_upload_count(j->upload);

	for (size_t i = 0; i < count; i++) {
		X509 *x = tp_tls_upload_certificate(j->upload, i);
		int bits = 0, digest = NID_undef;
		struct tp_tls_finding *f;
		char subject[160];

		if (i > 0 && tp_tls_is_issuer(x, x))
			continue;
		if (!X509_get_signature_info(x, &digest, NULL, &bits, NULL) ||
		    bits >= SIGNATURE_BITS_LEAST)
			continue;
		name_of(x, subject);
		f = find(j, "weak-signature", TP_TLS_REFUSE);
		SAY(f, "The signature of %s uses %s, which can be forged.", subject,
		    digest != NID_undef ? OBJ_nid2sn(digest) : "a weak algorithm");
		ADVISE(f, "Have it issued again with SHA-256 or better.");
		return;
	}
}

/* ------------------------------------------------------------------------ dates */

/* 0 for a time that does not read. */
static int64_t seconds(const ASN1_TIME *t)
{
	struct tm tm;
	time_t s;

	if (!ASN1_TIME_to_tm(t, &tm) || (s = timegm(&tm)) == (time_t)-1)
		return 0;
	return (int64_t)s;
}

static void write_date(int64_t at, char buf[32])
{
	time_t s = (time_t)at;
	struct tm tm;

	if (!gmtime_r(&s, &tm) || !strftime(buf, 32, "%Y-%m-%d %H:%M UTC", &tm))
		tp_text_copy(buf, 32, "a time that does not read");
}

static void check_dates_of(struct judge *j, X509 *x, bool is_leaf)
{
	int64_t from = seconds(X509_get0_notBefore(x));
	int64_t until = seconds(X509_get0_notAfter(x));
	struct tp_tls_finding *f;
	char subject[160], date[32];

	name_of(x, subject);
	if (until <= j->by->now) {
		write_date(until, date);
		f = find(j, "expired", TP_TLS_REFUSE);
		SAY(f, "%s expired on %s.", subject, date);
		ADVISE(f, is_leaf ? "Have the certificate renewed and upload the new one."
				  : "Ask the authority for its present certificate and upload that with yours.");
	} else if (from > j->by->now) {
		write_date(from, date);
		f = find(j, "not-yet-valid", TP_TLS_REFUSE);
		SAY(f, "%s is not valid before %s.", subject, date);
		ADVISE(f, "Check the clock of this appliance; else upload it again after that time.");
	} else if (is_leaf && until - j->by->now < (int64_t)SOON_DAYS * DAY_S) {
		write_date(until, date);
		f = find(j, "expires-soon", TP_TLS_NOTE);
		SAY(f, "It expires on %s, in less than %d days.", date, SOON_DAYS);
		ADVISE(f, "Plan its renewal: 'Renew with the same names' makes the request.");
	}
}

static void check_dates(struct judge *j)
{
	int64_t days = (seconds(X509_get0_notAfter(j->leaf)) - seconds(X509_get0_notBefore(j->leaf))) / DAY_S;

	for (size_t i = 0; i < tp_tls_upload_count(j->upload); i++)
		check_dates_of(j, tp_tls_upload_certificate(j->upload, i), i == 0);
	if (days > LONG_DAYS) {
		struct tp_tls_finding *f = find(j, "long-lived", TP_TLS_NOTE);

		SAY(f, "It is good for %lld days; some phones and browsers refuse more than %d.",
		    (long long)days, LONG_DAYS);
		ADVISE(f, "Where such clients are used, have one issued for a shorter time.");
	}
}

/* ------------------------------------------------------------------------ chain */

static X509 *trusted_issuer(const struct judge *j, X509 *x)
{
	for (int i = 0; i < sk_X509_num(j->trusted); i++)
		if (tp_tls_is_issuer(sk_X509_value(j->trusted, i), x))
			return sk_X509_value(j->trusted, i);
	return NULL;
}

static bool is_trusted(const struct judge *j, X509 *x)
{
	for (int i = 0; i < sk_X509_num(j->trusted); i++)
		if (X509_cmp(sk_X509_value(j->trusted, i), x) == 0)
			return true;
	return false;
}

/* Where the uploaded chain ends: at a root, below a trusted one, or in the air. */
static void check_chain_end(struct judge *j)
{
	size_t count = tp_tls_upload_count(j->upload);
	X509 *top = tp_tls_upload_certificate(j->upload, count - 1);
	X509 *above = trusted_issuer(j, top);
	struct tp_tls_finding *f;
	char subject[160], issuer[160];

	name_of(top, subject);
	tp_tls_subject_write(X509_get_issuer_name(top), issuer, sizeof(issuer));
	if (tp_tls_is_issuer(top, top)) {
		if (count == 1) {
			f = find(j, "self-signed", TP_TLS_WARN);
			SAY(f, "It is signed with its own key: nobody trusts it who was not given it beforehand.");
			ADVISE(f, "Good for a test. For service, make a request and have it signed by an "
				  "authority that the peers trust.");
		} else if (!is_trusted(j, top)) {
			f = find(j, "untrusted-issuer", TP_TLS_WARN);
			SAY(f, "Its chain ends at %s, which this appliance does not trust.", subject);
			ADVISE(f, "Add that authority to the trusted CAs, and check that the peers trust it.");
		}
	} else if (above && !tp_tls_is_issuer(above, above)) {
		f = find(j, "chain-incomplete", TP_TLS_WARN);
		SAY(f, "The certificate of %s is not in the upload. This appliance trusts it, but peers know "
		       "only roots and need to be shown it.", issuer);
		ADVISE(f, "Upload the certificate together with those of all intermediate authorities.");
	} else if (!above && count == 1) {
		f = find(j, "chain-incomplete", TP_TLS_WARN);
		SAY(f, "The certificate of its issuer, %s, is neither in the upload nor trusted here.", issuer);
		ADVISE(f, "Upload the certificate together with those of all intermediate authorities; when "
			  "that issuer is a root, add it to the trusted CAs.");
	} else if (!above) {
		f = find(j, "untrusted-issuer", TP_TLS_WARN);
		SAY(f, "Its chain ends at %s, whose issuer %s is neither in the upload nor trusted here.",
		    subject, issuer);
		ADVISE(f, "Add the root authority to the trusted CAs, and check that the peers trust it.");
	}
}

static void check_chain(struct judge *j)
{
	size_t count = tp_tls_upload_count(j->upload);
	size_t left_over = tp_tls_upload_left_over(j->upload) + j->by->left_over;
	struct tp_tls_finding *f;
	char *pem = NULL;
	size_t len = 0;

	check_chain_end(j);
	if (tp_tls_upload_write(j->upload, &pem, &len) == TP_OK &&
	    (count > TP_TLS_CHAIN_MAX || len > TP_TLS_PEM_LIMIT)) {
		f = find(j, "chain-too-long", TP_TLS_REFUSE);
		SAY(f, "The chain has %zu certificates of %zu characters; at most %d of %d are taken.", count,
		    len, TP_TLS_CHAIN_MAX, TP_TLS_PEM_LIMIT);
		ADVISE(f, "Upload the certificate and only those between it and the root.");
	}
	free(pem);
	if (left_over) {
		f = find(j, "chain-unrelated", TP_TLS_NOTE);
		SAY(f, "%zu of the uploaded certificates had no part in its chain and are left out.",
		    left_over);
		ADVISE(f, "To trust authorities, add them on the page of trusted CAs.");
	}
}

/* ------------------------------------------------------- what it may be used for */

static void check_form(struct judge *j)
{
	struct tp_tls_finding *f;

	if (X509_get_extension_flags(j->leaf) & EXFLAG_CA) {
		f = find(j, "ca-as-leaf", TP_TLS_REFUSE);
		SAY(f, "This is the certificate of an authority, not of a server or client.");
		ADVISE(f, "Upload the certificate that was issued to this appliance; authorities belong "
			  "to the trusted CAs.");
	}
	if (X509_get_version(j->leaf) != X509_VERSION_3) {
		f = find(j, "old-version", TP_TLS_REFUSE);
		SAY(f, "It is of X.509 version %ld, which has no names and no purposes; peers refuse it.",
		    X509_get_version(j->leaf) + 1);
		ADVISE(f, "Have it issued as version 3.");
	}
}

unsigned tp_tls_purposes(X509 *certificate)
{
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	unsigned purposes = list ? 0 : TP_TLS_USABLE_SERVER | TP_TLS_USABLE_CLIENT;

	for (int i = 0; i < sk_ASN1_OBJECT_num(list); i++) {
		switch (OBJ_obj2nid(sk_ASN1_OBJECT_value(list, i))) {
		case NID_server_auth:
			purposes |= TP_TLS_USABLE_SERVER;
			break;
		case NID_client_auth:
			purposes |= TP_TLS_USABLE_CLIENT;
			break;
		case NID_anyExtendedKeyUsage:
			purposes |= TP_TLS_USABLE_SERVER | TP_TLS_USABLE_CLIENT;
			break;
		default:
			break;
		}
	}
	EXTENDED_KEY_USAGE_free(list);
	ERR_clear_error();
	return purposes;
}

static void check_purposes(struct judge *j)
{
	unsigned has = tp_tls_purposes(j->leaf);
	uint32_t usage = X509_get_key_usage(j->leaf);
	struct tp_tls_finding *f;

	if (j->by->server && !(has & TP_TLS_USABLE_SERVER)) {
		f = find(j, "purpose-missing", TP_TLS_REFUSE);
		SAY(f, "It is not for servers (purpose serverAuth), but servers would show it.");
		ADVISE(f, "Have it issued with the purpose serverAuth, or use it as a client's identity.");
	}
	if (j->by->client && !(has & TP_TLS_USABLE_CLIENT)) {
		f = find(j, "purpose-missing", j->by->server ? TP_TLS_WARN : TP_TLS_REFUSE);
		SAY(f, "It is not for clients (purpose clientAuth)%s.",
		    j->by->server ? ", but outgoing connections would show it too: peers that ask for a "
				    "certificate may refuse them" :
				    ", but outgoing connections would show it");
		ADVISE(f, "%s", j->by->server ? "Give outgoing SIP and the outgoing traversal link a client "
						"identity of their own, from an authority that issues clientAuth." :
						"Have it issued with the purpose clientAuth.");
	}
	if (usage != UINT32_MAX && !(usage & KU_DIGITAL_SIGNATURE)) {
		f = find(j, "key-usage", TP_TLS_REFUSE);
		SAY(f, "Its key usage does not allow digital signatures, without which TLS 1.3 and the "
		       "recommended suites do not work.");
		ADVISE(f, "Have it issued with the key usage digitalSignature.");
	}
}

/* ------------------------------------------------------------------ unknown parts */

static void check_extensions(struct judge *j)
{
	char oid[80];

	for (int i = 0; i < X509_get_ext_count(j->leaf); i++) {
		X509_EXTENSION *e = X509_get_ext(j->leaf, i);
		struct tp_tls_finding *f;

		OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(e), 0);
		if (X509_EXTENSION_get_critical(e) && !X509_supported_extension(e)) {
			f = find(j, "unknown-critical", TP_TLS_REFUSE);
			SAY(f, "It has an extension (%.60s) that peers must understand or refuse it.", oid);
			ADVISE(f, "Have it issued without that extension, or with it marked as not critical.");
		}
	}
}

static void check_oids(struct judge *j)
{
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(j->leaf, NID_ext_key_usage, NULL, NULL);
	const X509_NAME *subject = X509_get_subject_name(j->leaf);
	const ASN1_OBJECT *unknown = NULL;
	char oid[80];

	for (int i = 0; i < sk_ASN1_OBJECT_num(list); i++)
		if (OBJ_obj2nid(sk_ASN1_OBJECT_value(list, i)) == NID_undef)
			unknown = sk_ASN1_OBJECT_value(list, i);
	for (int i = 0; i < X509_NAME_entry_count(subject); i++) {
		const ASN1_OBJECT *o = X509_NAME_ENTRY_get_object(X509_NAME_get_entry(subject, i));

		if (OBJ_obj2nid(o) == NID_undef)
			unknown = o;
	}
	if (unknown) {
		struct tp_tls_finding *f = find(j, "unknown-oid", TP_TLS_NOTE);

		OBJ_obj2txt(oid, sizeof(oid), unknown, 1);
		SAY(f, "Its subject or purposes hold an identifier that is not widely known (%.60s).", oid);
		ADVISE(f, "If a peer fails to read it, have it issued without.");
	}
	EXTENDED_KEY_USAGE_free(list);
}

/* ------------------------------------------------------------------------ whole */

static void (*const checks[])(struct judge *j) = {
	check_key,   check_key_type, check_signatures, check_dates,	 check_form,
	check_chain, check_purposes, check_extensions, check_oids,
};

static STACK_OF(X509) *read_all(struct tp_span pem)
{
	BIO *bio = pem.len ? BIO_new_mem_buf(pem.p, (int)pem.len) : NULL;
	STACK_OF(X509) *list = sk_X509_new_null();
	X509 *x;

	while (bio && list && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		if (!sk_X509_push(list, x))
			X509_free(x);
	}
	BIO_free(bio);
	return list;
}

static void sort(struct tp_tls_findings *f)
{
	for (size_t i = 1; i < f->count; i++) {
		struct tp_tls_finding moved = f->list[i];
		size_t at = i;

		for (; at > 0 && f->list[at - 1].severity < moved.severity; at--)
			f->list[at] = f->list[at - 1];
		f->list[at] = moved;
	}
}

void tp_tls_findings_make(const struct tp_tls_upload *upload, const struct tp_tls_judgement *by,
			  struct tp_tls_findings *out)
{
	STACK_OF(X509) *present = read_all(by->present_pem);
	struct judge j = {
		.upload = upload,
		.by = by,
		.out = out,
		.leaf = tp_tls_upload_certificate(upload, 0),
		.trusted = read_all(by->trusted_pem),
		.present = sk_X509_num(present) > 0 ? sk_X509_value(present, 0) : NULL,
	};

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&j);
	tp_tls_find_names(j.leaf, j.present, by->server, out);
	sort(out);
	sk_X509_pop_free(j.trusted, X509_free);
	sk_X509_pop_free(present, X509_free);
	ERR_clear_error();
}

enum tp_tls_severity tp_tls_findings_worst(const struct tp_tls_findings *findings)
{
	return findings->count ? findings->list[0].severity : TP_TLS_NOTE;
}

const char *tp_tls_severity_name(enum tp_tls_severity severity)
{
	static const char *const names[] = { "note", "warn", "refuse" };

	return names[severity];
}
