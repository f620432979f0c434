/* tls/: revocation lists made by OpenSSL, read into an index, looked up; indexes that lie
 * about their offsets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "../sipbase/certificates.h"
#include "core/bytes.h"
#include "os/memfd.h"
#include "tls/crl_question.h"
#include "tls/crl_read.h"

enum { DAY = 86400, BOTH = 3 };

static const struct tp_crl_about automatic = { .source = TP_CRL_AUTOMATIC, .made_at = 7,
					       .from_bytes = 9, .origin = "http://a.example/c.crl" };
static const struct tp_crl_about manual = { .source = TP_CRL_MANUAL };

struct pki {
	struct identity ca;
	struct identity other; /* another CA, not trusted */
	struct identity leaf;
	struct identity second;
	struct tp_crl_trust *trust;
	int64_t now;
};

static int set_up(void **state)
{
	struct pki *p = calloc(1, sizeof(*p));
	const struct identity_options ca = { .common_name = "CRL CA", .is_ca = true };
	const struct identity_options other = { .common_name = "Other CA", .is_ca = true };
	const struct identity_options leaf = { .common_name = "leaf", .ca = &p->ca };
	const struct identity_options second = { .common_name = "second", .ca = &p->other };

	identity_make(&p->ca, &ca);
	identity_make(&p->other, &other);
	identity_make(&p->leaf, &leaf);
	identity_make(&p->second, &second);
	assert_int_equal(tp_crl_trust_new(tp_span_of(p->ca.pem), &p->trust), TP_OK);
	p->now = time(NULL);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct pki *p = *state;

	tp_crl_trust_free(&p->trust);
	identity_fini(&p->ca);
	identity_fini(&p->other);
	identity_fini(&p->leaf);
	identity_fini(&p->second);
	free(p);
	return 0;
}

/* ------------------------------------------------------------------ making lists */

struct crl_options {
	const struct identity *by;
	const X509_NAME *name; /* NULL: by's */
	long from_s;           /* of now */
	long to_s;
	const X509 *revoke;    /* NULL: none */
	int reason;            /* -1: none */
	const X509_NAME *issuer_of_revoked; /* certificateIssuer */
	long fill;             /* further entries, serials from 1,000,000 on */
	const char *idp;       /* configuration of issuingDistributionPoint */
	long number;           /* 0: none */
	long base;             /* of a delta; 0: it is none */
	bool strange;          /* an unknown critical extension */
};

static void add_entry(X509_CRL *crl, const ASN1_INTEGER *serial, const struct crl_options *o)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *at = ASN1_TIME_adj(NULL, time(NULL), 0, -3600);

	X509_REVOKED_set_serialNumber(r, (ASN1_INTEGER *)(uintptr_t)serial);
	X509_REVOKED_set_revocationDate(r, at);
	if (o && o->reason >= 0) {
		ASN1_ENUMERATED *e = ASN1_ENUMERATED_new();

		ASN1_ENUMERATED_set(e, o->reason);
		X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, e, 0, 0);
		ASN1_ENUMERATED_free(e);
	}
	if (o && o->issuer_of_revoked) {
		GENERAL_NAMES *names = GENERAL_NAMES_new();
		GENERAL_NAME *name = GENERAL_NAME_new();

		GENERAL_NAME_set0_value(name, GEN_DIRNAME, X509_NAME_dup(o->issuer_of_revoked));
		sk_GENERAL_NAME_push(names, name);
		X509_REVOKED_add1_ext_i2d(r, NID_certificate_issuer, names, 1, 0);
		GENERAL_NAMES_free(names);
	}
	X509_CRL_add0_revoked(crl, r);
	ASN1_TIME_free(at);
}

static void add_extension(X509_CRL *crl, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, NULL, NULL, NULL, crl, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	X509_CRL_add_ext(crl, ext, -1);
	X509_EXTENSION_free(ext);
}

static void add_strange(X509_CRL *crl)
{
	ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05", 2);
	ext = X509_EXTENSION_create_by_OBJ(NULL, id, 1, value);
	X509_CRL_add_ext(crl, ext, -1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(id);
}

static void add_number(X509_CRL *crl, int nid, long number, int critical)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	ASN1_INTEGER_set(n, number);
	X509_CRL_add1_ext_i2d(crl, nid, n, critical, 0);
	ASN1_INTEGER_free(n);
}

/* DER; free with OPENSSL_free. */
static unsigned char *make_crl(const struct crl_options *o, size_t *len)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = ASN1_TIME_adj(NULL, time(NULL), 0, o->from_s);
	ASN1_TIME *to = ASN1_TIME_adj(NULL, time(NULL), 0, o->to_s);
	unsigned char *der = NULL;
	int n;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, o->name ? o->name : X509_get_subject_name(o->by->cert));
	X509_CRL_set1_lastUpdate(crl, from);
	X509_CRL_set1_nextUpdate(crl, to);
	if (o->revoke)
		add_entry(crl, X509_get0_serialNumber(o->revoke), o);
	for (long i = 0; i < o->fill; i++) {
		ASN1_INTEGER *serial = ASN1_INTEGER_new();

		ASN1_INTEGER_set(serial, 1000000 + (i * 7919) % o->fill);
		add_entry(crl, serial, NULL);
		ASN1_INTEGER_free(serial);
	}
	if (o->idp)
		add_extension(crl, NID_issuing_distribution_point, o->idp);
	if (o->number)
		add_number(crl, NID_crl_number, o->number, 0);
	if (o->base)
		add_number(crl, NID_delta_crl, o->base, 1);
	if (o->strange)
		add_strange(crl);
	assert_true(X509_CRL_sign(crl, o->by->key, EVP_sha256()) > 0);
	n = i2d_X509_CRL(crl, &der);
	assert_true(n > 0);
	*len = (size_t)n;
	X509_CRL_free(crl);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return der;
}

static struct crl_options usual(const struct pki *p)
{
	return (struct crl_options){ .by = &p->ca, .from_s = -DAY, .to_s = DAY, .reason = -1 };
}

/* One list as an index, or how it was refused. */
static enum tp_err read_crl(const struct pki *p, const struct crl_options *o,
			    const struct tp_crl_index *current, struct tp_crl_index **out,
			    struct tp_diag *diag)
{
	const struct tp_crl_reading how = { .trust = p->trust, .current = current, .now = p->now };
	struct tp_crl_write *w = NULL;
	size_t len;
	unsigned char *der = make_crl(o, &len);
	bool in_use;
	int fd = -1;
	enum tp_err err;

	assert_int_equal(tp_crl_write_new(&automatic, 1 << 20, &w), TP_OK);
	err = tp_crl_read(&how, der, len, w, &in_use, diag);
	if (err == TP_OK) {
		assert_int_equal(tp_crl_write_seal(w, &fd), TP_OK);
		assert_int_equal(tp_crl_index_open(fd, out), TP_OK);
		close(fd);
	} else {
		assert_int_equal(tp_crl_write_lists(w), 0);
	}
	tp_crl_write_free(&w);
	OPENSSL_free(der);
	return err;
}

static void ask(const struct pki *p, const struct tp_crl_index *x, X509 *cert,
		struct tp_crl_answer *a)
{
	struct tp_crl_question q;

	assert_int_equal(tp_crl_question_of(cert, &q), TP_OK);
	q.sources = BOTH;
	q.now = p->now;
	memset(a, 0, sizeof(*a));
	tp_crl_index_ask(x, &q, a);
}

/* What a list with these options says about cert. */
static enum tp_crl_state says(const struct pki *p, const struct crl_options *o, X509 *cert)
{
	struct tp_diag diag = { "", "" };
	struct tp_crl_index *x = NULL;
	struct tp_crl_answer a;

	if (read_crl(p, o, NULL, &x, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
	ask(p, x, cert, &a);
	tp_crl_index_close(&x);
	return a.state;
}

static void refused(const struct pki *p, const struct crl_options *o, enum tp_err wanted,
		    const char *words)
{
	struct tp_diag diag = { "", "" };
	struct tp_crl_index *x = NULL;

	assert_int_equal(read_crl(p, o, NULL, &x, &diag), wanted);
	assert_non_null(strstr(diag.text, words));
	assert_non_null(strstr(diag.where, "CA"));
}

/* ----------------------------------------------------------------------- answers */

static void a_list_revokes_what_it_holds_and_nothing_else(void **state)
{
	const struct pki *p = *state;
	struct crl_options o = usual(p);
	struct tp_diag diag;
	struct tp_crl_index *x = NULL;
	struct tp_crl_answer a;
	struct tp_crl_about about;

	assert_int_equal(says(p, &o, p->leaf.cert), TP_CRL_GOOD);
	assert_int_equal(says(p, &o, p->second.cert), TP_CRL_NONE);
	o.revoke = p->leaf.cert;
	o.reason = 1;
	assert_int_equal(read_crl(p, &o, NULL, &x, &diag), TP_OK);
	ask(p, x, p->leaf.cert, &a);
	assert_int_equal(a.state, TP_CRL_REVOKED);
	assert_int_equal(a.source, TP_CRL_AUTOMATIC);
	assert_int_equal(a.reason, 1);
	assert_string_equal(tp_crl_reason_text(a.reason), "keyCompromise");
	assert_string_equal(a.issuer, "CN=CRL CA");
	assert_in_range(p->now - a.revoked_at, 3590, 3660);
	assert_in_range(a.next_update - p->now, DAY - 60, DAY + 60);
	tp_crl_index_about(x, &about);
	assert_string_equal(about.origin, automatic.origin);
	assert_int_equal(about.made_at, 7);
	assert_int_equal(about.from_bytes, 9);
	tp_crl_index_close(&x);
}

static void row_90_a_list_past_its_end_says_expired_and_still_revokes(void **state)
{
	const struct pki *p = *state;
	struct crl_options o = usual(p);

	o.from_s = -2 * DAY;
	o.to_s = -60;
	assert_int_equal(says(p, &o, p->leaf.cert), TP_CRL_EXPIRED);
	o.revoke = p->leaf.cert;
	assert_int_equal(says(p, &o, p->leaf.cert), TP_CRL_REVOKED);
}

static void a_hundred_thousand_entries_are_found_one_by_one(void **state)
{
	const struct pki *p = *state;
	struct crl_options o = usual(p);
	struct tp_crl_index *x = NULL;
	struct tp_crl_list list;
	struct tp_crl_question q;
	struct tp_diag diag;

	o.fill = 100000;
	o.revoke = p->leaf.cert;
	assert_int_equal(read_crl(p, &o, NULL, &x, &diag), TP_OK);
	tp_crl_index_list(x, 0, &list);
	assert_int_equal(list.entries, 100001);
	assert_int_equal(tp_crl_question_of(p->leaf.cert, &q), TP_OK);
	q.sources = BOTH;
	q.now = p->now;
	for (uint32_t i = 0; i < 100002; i++) {
		struct tp_crl_answer a = { 0 };
		uint8_t serial[4];

		tp_store_be32(serial, 999999 + i);
		tp_crl_serial_key(serial, sizeof(serial), q.serial);
		tp_crl_index_ask(x, &q, &a);
		assert_int_equal(a.state, i == 0 || i == 100001 ? TP_CRL_GOOD : TP_CRL_REVOKED);
	}
	tp_crl_index_close(&x);
}

static void serials_compare_as_numbers(void **state)
{
	static const uint8_t long_one[30] = { 1, 2, 3 };
	static const uint8_t longer[31] = { 0, 1, 2, 3 };
	uint8_t a[TP_CRL_SERIAL_KEY];
	uint8_t b[TP_CRL_SERIAL_KEY];

	(void)state;
	tp_crl_serial_key((const uint8_t *)"\x00\x80", 2, a);
	tp_crl_serial_key((const uint8_t *)"\x80", 1, b); /* -128 */
	assert_memory_not_equal(a, b, sizeof(a));
	tp_crl_serial_key((const uint8_t *)"\x00\x01", 2, a);
	tp_crl_serial_key((const uint8_t *)"\x01", 1, b);
	assert_memory_equal(a, b, sizeof(a));
	tp_crl_serial_key(long_one, sizeof(long_one), a);
	tp_crl_serial_key(longer, sizeof(longer), b);
	assert_memory_equal(a, b, sizeof(a));
	tp_crl_serial_key(longer + 1, 20, b);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void names_are_equal_as_rfc_5280_says(void **state)
{
	X509_NAME *a = X509_NAME_new();
	X509_NAME *b = X509_NAME_new();
	uint8_t ha[TP_CRL_HASH];
	uint8_t hb[TP_CRL_HASH];

	(void)state;
	X509_NAME_add_entry_by_txt(a, "O", V_ASN1_PRINTABLESTRING, (const unsigned char *)"My  Org ", -1, -1, 0);
	X509_NAME_add_entry_by_txt(b, "O", V_ASN1_UTF8STRING, (const unsigned char *)"my org", -1, -1, 0);
	assert_int_equal(tp_crl_name_hash(a, ha), TP_OK);
	assert_int_equal(tp_crl_name_hash(b, hb), TP_OK);
	assert_memory_equal(ha, hb, sizeof(ha));
	X509_NAME_add_entry_by_txt(b, "OU", V_ASN1_UTF8STRING, (const unsigned char *)"x", -1, -1, 0);
	assert_int_equal(tp_crl_name_hash(b, hb), TP_OK);
	assert_memory_not_equal(ha, hb, sizeof(ha));
	X509_NAME_free(a);
	X509_NAME_free(b);
}

/* ----------------------------------------------------------------------- deltas */

struct delta_case {
	const char *what;
	long number, delta_number, base;
	bool whole_holds;
	int reason;        /* of the delta's entry; -1: none; -2: no entry at all */
	long delta_to_s;
	const char *idp;   /* of the delta */
	enum tp_crl_state then;
};

static const struct delta_case deltas[] = {
	{ "one more", 5, 7, 5, false, 1, DAY, NULL, TP_CRL_REVOKED },
	{ "on an older base", 5, 7, 3, false, 1, DAY, NULL, TP_CRL_REVOKED },
	{ "one less", 5, 7, 5, true, 8, DAY, NULL, TP_CRL_GOOD },
	{ "says nothing of it", 5, 7, 5, true, -2, DAY, NULL, TP_CRL_REVOKED },
	{ "neither holds it", 5, 7, 5, false, -2, DAY, NULL, TP_CRL_GOOD },
	{ "its base is newer", 5, 7, 6, false, 1, DAY, NULL, TP_CRL_GOOD },
	{ "no newer than the list", 5, 5, 4, false, 1, DAY, NULL, TP_CRL_GOOD },
	{ "the list has no number", 0, 7, 5, false, 1, DAY, NULL, TP_CRL_GOOD },
	{ "has run out", 5, 7, 5, false, 1, -60, NULL, TP_CRL_GOOD },
	{ "has run out, with one less", 5, 7, 5, true, 8, -60, NULL, TP_CRL_REVOKED },
	{ "another scope", 5, 7, 5, false, 1, DAY, "onlyuser:TRUE", TP_CRL_GOOD },
};

static void check_delta(const struct pki *p, const struct delta_case *d)
{
	struct crl_options whole = usual(p), delta = usual(p);
	const struct tp_crl_index *both[2];
	struct tp_crl_index *a = NULL, *b = NULL;
	struct tp_crl_question q;
	struct tp_crl_answer answer = { 0 };
	struct tp_diag diag = { "", "" };

	whole.number = d->number;
	whole.revoke = d->whole_holds ? p->leaf.cert : NULL;
	whole.reason = 6;
	whole.from_s = -2 * DAY;
	delta.number = d->delta_number;
	delta.base = d->base;
	delta.revoke = d->reason > -2 ? p->leaf.cert : NULL;
	delta.reason = d->reason;
	delta.to_s = d->delta_to_s;
	delta.idp = d->idp;
	assert_int_equal(read_crl(p, &whole, NULL, &a, &diag), TP_OK);
	assert_int_equal(read_crl(p, &delta, NULL, &b, &diag), TP_OK);
	assert_int_equal(tp_crl_question_of(p->leaf.cert, &q), TP_OK);
	q.sources = BOTH;
	q.now = p->now;
	for (unsigned order = 0; order < 2; order++) {
		both[order] = a;
		both[!order] = b;
		memset(&answer, 0, sizeof(answer));
		tp_crl_indexes_ask(both, 2, &q, &answer);
		if (answer.state != d->then)
			fail_msg("%s: %d, wanted %d", d->what, (int)answer.state, (int)d->then);
	}
	ask(p, b, p->leaf.cert, &answer); /* alone it says nothing */
	assert_int_equal(answer.state, TP_CRL_NONE);
	tp_crl_index_close(&a);
	tp_crl_index_close(&b);
}

static void row_86_a_delta_counts_with_its_base_while_it_is_in_force(void **state)
{
	for (size_t i = 0; i < sizeof(deltas) / sizeof(deltas[0]); i++)
		check_delta(*state, &deltas[i]);
}

/* --------------------------------------------------------------------- refusals */

static void lists_that_prove_nothing_are_refused(void **state)
{
	const struct pki *p = *state;
	struct crl_options o = usual(p);

	o.by = &p->other;
	refused(p, &o, TP_NOTFOUND, "not among the trusted CAs");
	o.name = X509_get_subject_name(p->ca.cert);
	refused(p, &o, TP_AUTH, "signature is wrong");
	o = usual(p);
	o.from_s = DAY / 2;
	refused(p, &o, TP_DENIED, "not yet valid");
	o = usual(p);
	o.base = 1;
	refused(p, &o, TP_UNSUPPORTED, "delta list without a number");
	o.number = 1;
	refused(p, &o, TP_FORMAT, "older than its base");
	o = usual(p);
	o.strange = true;
	refused(p, &o, TP_UNSUPPORTED, "critical extension");
	o = usual(p);
	o.to_s = -2 * DAY;
	refused(p, &o, TP_FORMAT, "ends before it begins");
}

static void a_certificate_without_crl_sign_may_not_sign_lists(void **state)
{
	struct pki *p = *state;
	const struct identity_options ca = { .common_name = "Weak CA", .is_ca = true };
	struct tp_crl_trust *before = p->trust;
	struct crl_options o = usual(p);
	struct identity weak;

	identity_make(&weak, &ca);
	identity_extension(&weak, NULL, NID_key_usage, "critical,keyCertSign");
	X509_sign(weak.cert, weak.key, EVP_sha256());
	identity_write_pem(&weak);
	assert_int_equal(tp_crl_trust_new(tp_span_of(weak.pem), &p->trust), TP_OK);
	o.by = &weak;
	refused(p, &o, TP_DENIED, "cRLSign");
	tp_crl_trust_free(&p->trust);
	p->trust = before;
	identity_fini(&weak);
}

static void an_older_list_does_not_replace_a_newer_one(void **state)
{
	const struct pki *p = *state;
	struct crl_options o = usual(p);
	struct tp_crl_index *current = NULL;
	struct tp_crl_index *x = NULL;
	struct tp_diag diag = { "", "" };

	assert_int_equal(read_crl(p, &o, NULL, &current, &diag), TP_OK);
	o.from_s = -2 * DAY;
	assert_int_equal(read_crl(p, &o, current, &x, &diag), TP_DENIED);
	assert_non_null(strstr(diag.text, "older"));
	o.from_s = -DAY / 2;
	assert_int_equal(read_crl(p, &o, current, &x, &diag), TP_OK);
	tp_crl_index_close(&x);
	tp_crl_index_close(&current);
}

static void a_changed_byte_anywhere_is_noticed(void **state)
{
	const struct pki *p = *state;
	const struct crl_options o = usual(p);
	const struct tp_crl_reading how = { .trust = p->trust, .now = p->now };
	struct tp_crl_write *w = NULL;
	size_t len;
	unsigned char *der = make_crl(&o, &len);
	bool in_use;

	assert_int_equal(tp_crl_write_new(&manual, 100, &w), TP_OK);
	for (size_t i = 0; i < len; i++) {
		der[i] ^= 1;
		assert_int_not_equal(tp_crl_read(&how, der, len, w, &in_use, NULL), TP_OK);
		der[i] ^= 1;
		assert_int_not_equal(tp_crl_read(&how, der, i, w, &in_use, NULL), TP_OK);
	}
	assert_int_equal(tp_crl_read(&how, der, len, w, &in_use, NULL), TP_OK);
	tp_crl_write_free(&w);
	OPENSSL_free(der);
}

/* ----------------------------------------------------------------- kinds of list */

static void a_list_says_nothing_outside_of_its_scope(void **state)
{
	const struct pki *p = *state;
	struct crl_options o = usual(p);

	o.idp = "critical,onlyuser:TRUE";
	assert_int_equal(says(p, &o, p->leaf.cert), TP_CRL_GOOD);
	assert_int_equal(says(p, &o, p->ca.cert), TP_CRL_NONE);
	o.idp = "critical,onlyCA:TRUE";
	assert_int_equal(says(p, &o, p->leaf.cert), TP_CRL_NONE);
	assert_int_equal(says(p, &o, p->ca.cert), TP_CRL_GOOD);
	o.idp = "critical,onlysomereasons:keyCompromise";
	assert_int_equal(says(p, &o, p->leaf.cert), TP_CRL_NONE);
}

static void a_partition_speaks_of_certificates_that_name_it(void **state)
{
	const struct pki *p = *state;
	const struct identity_options named = { .common_name = "named", .ca = &p->ca };
	struct crl_options o = usual(p);
	struct identity id;

	identity_make(&id, &named);
	identity_extension(&id, &p->ca, NID_crl_distribution_points, "URI:http://crl.example/1.crl");
	o.idp = "critical,fullname:URI:http://crl.example/1.crl";
	assert_int_equal(says(p, &o, id.cert), TP_CRL_GOOD);
	assert_int_equal(says(p, &o, p->leaf.cert), TP_CRL_NONE);
	o.revoke = p->leaf.cert;
	assert_int_equal(says(p, &o, p->leaf.cert), TP_CRL_REVOKED);
	o.revoke = NULL;
	o.idp = "critical,fullname:URI:http://crl.example/2.crl";
	assert_int_equal(says(p, &o, id.cert), TP_CRL_NONE);
	identity_fini(&id);
}

static void an_indirect_list_revokes_for_others_and_praises_nobody(void **state)
{
	const struct pki *p = *state;
	struct crl_options o = usual(p);

	o.idp = "critical,indirectCRL:TRUE";
	assert_int_equal(says(p, &o, p->second.cert), TP_CRL_NONE);
	o.revoke = p->second.cert;
	o.issuer_of_revoked = X509_get_subject_name(p->other.cert);
	assert_int_equal(says(p, &o, p->second.cert), TP_CRL_REVOKED);
	assert_int_equal(says(p, &o, p->leaf.cert), TP_CRL_GOOD);
	/* A direct list must not speak for another CA. */
	o.idp = NULL;
	refused(p, &o, TP_UNSUPPORTED, "critical extension");
}

/* -------------------------------------------------------------- files that lie */

static void an_index_that_lies_about_its_parts_is_refused(void **state)
{
	static const size_t numbers[] = { 8, 16, 40, 48, 64 + 52, 64 + 56, 64 + 64, 64 + 68, 64 + 72,
					  64 + 80, 64 + 88, 64 + 96 };
	const uint8_t hash[TP_CRL_HASH] = { 1 };
	const uint8_t serial[TP_CRL_SERIAL_KEY] = { 1, 5 };
	struct tp_crl_write *w = NULL;
	struct tp_crl_index *x = NULL;
	uint8_t *bytes;
	size_t len;
	int fd = -1;

	(void)state;
	assert_int_equal(tp_crl_write_new(&manual, 100, &w), TP_OK);
	assert_int_equal(tp_crl_write_list(w, hash, TP_SPAN("CN=x"), 1, 2, 0), TP_OK);
	assert_int_equal(tp_crl_write_entry(w, NULL, serial, 1, 1), TP_OK);
	assert_int_equal(tp_crl_write_seal(w, &fd), TP_OK);
	assert_int_equal(tp_memfd_read(fd, 1 << 20, (void **)&bytes, &len), TP_OK);
	close(fd);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint8_t was[4];

		memcpy(was, bytes + numbers[i], 4);
		tp_store_be32(bytes + numbers[i], 0x7fffffff);
		assert_int_not_equal(tp_crl_index_over(bytes, len, &x), TP_OK);
		memcpy(bytes + numbers[i], was, 4);
	}
	assert_int_not_equal(tp_crl_index_over(bytes, len - 1, &x), TP_OK);
	assert_int_equal(tp_crl_index_over(bytes, len, &x), TP_OK);
	tp_crl_index_close(&x);
	free(bytes);
	tp_crl_write_free(&w);
}

static void a_file_that_can_still_be_written_is_refused(void **state)
{
	struct tp_crl_index *x = NULL;
	int fd;

	(void)state;
	assert_int_equal(tp_memfd_sized("index", 4096, &fd), TP_OK);
	assert_int_equal(tp_crl_index_open(fd, &x), TP_DENIED);
	close(fd);
}

/* ------------------------------------------------------------------------ the set */

static long resident_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages;
	long resident = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &pages, &resident), 2);
	fclose(f);
	return resident * 4;
}

static void row_90_a_set_of_lists_does_not_grow_with_its_refreshes(void **state)
{
	const struct pki *p = *state;
	struct crl_options o = usual(p);
	struct tp_crl_set *set = NULL;
	struct tp_crl_question q;
	struct tp_crl_answer a;
	struct tp_crl_write *w = NULL;
	const struct tp_crl_reading how = { .trust = p->trust, .now = p->now };
	size_t len;
	unsigned char *der;
	long early = 0;
	bool in_use;

	o.fill = 1000;
	o.revoke = p->leaf.cert;
	der = make_crl(&o, &len);
	assert_int_equal(tp_crl_set_new(&set), TP_OK);
	assert_int_equal(tp_crl_question_of(p->leaf.cert, &q), TP_OK);
	q.sources = BOTH;
	q.now = p->now;
	for (int i = 0; i < 200; i++) {
		int fd = -1;

		assert_int_equal(tp_crl_write_new(&automatic, 2000, &w), TP_OK);
		assert_int_equal(tp_crl_read(&how, der, len, w, &in_use, NULL), TP_OK);
		assert_int_equal(tp_crl_write_seal(w, &fd), TP_OK);
		tp_crl_write_free(&w);
		assert_int_equal(tp_crl_set_put(set, 3, fd), TP_OK);
		close(fd);
		tp_crl_set_ask(set, &q, &a);
		assert_int_equal(a.state, TP_CRL_REVOKED);
		if (i == 10)
			early = resident_kb();
	}
#ifndef TP_SANITIZE /* which keeps freed memory for a while */
	assert_in_range(resident_kb(), 1, early + early * 3 / 100);
#else
	(void)early;
#endif
	q.sources = 1 << TP_CRL_MANUAL;
	tp_crl_set_ask(set, &q, &a);
	assert_int_equal(a.state, TP_CRL_NONE);
	q.sources = BOTH;
	assert_int_equal(tp_crl_set_put(set, 3, -1), TP_OK);
	tp_crl_set_ask(set, &q, &a);
	assert_int_equal(a.state, TP_CRL_NONE);
	tp_crl_set_free(&set);
	OPENSSL_free(der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_revokes_what_it_holds_and_nothing_else),
		cmocka_unit_test(row_90_a_list_past_its_end_says_expired_and_still_revokes),
		cmocka_unit_test(a_hundred_thousand_entries_are_found_one_by_one),
		cmocka_unit_test(serials_compare_as_numbers),
		cmocka_unit_test(names_are_equal_as_rfc_5280_says),
		cmocka_unit_test(row_86_a_delta_counts_with_its_base_while_it_is_in_force),
		cmocka_unit_test(lists_that_prove_nothing_are_refused),
		cmocka_unit_test(a_certificate_without_crl_sign_may_not_sign_lists),
		cmocka_unit_test(an_older_list_does_not_replace_a_newer_one),
		cmocka_unit_test(a_changed_byte_anywhere_is_noticed),
		cmocka_unit_test(a_list_says_nothing_outside_of_its_scope),
		cmocka_unit_test(a_partition_speaks_of_certificates_that_name_it),
		cmocka_unit_test(an_indirect_list_revokes_for_others_and_praises_nobody),
		cmocka_unit_test(an_index_that_lies_about_its_parts_is_refused),
		cmocka_unit_test(a_file_that_can_still_be_written_is_refused),
		cmocka_unit_test(row_90_a_set_of_lists_does_not_grow_with_its_refreshes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
