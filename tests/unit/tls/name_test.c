/* tls/: names in certificates, inputs that are no certificates, what a context refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sipbase/certificates.h"

static bool matches(const char *common_name, const char *san, const char *wanted, const char *why)
{
	const struct identity_options o = { .common_name = common_name, .san = san };
	char reason[TP_TLS_REASON_MAX + 1] = "";
	struct identity id;
	bool ok;

	identity_make(&id, &o);
	ok = tp_tls_check_name(id.cert, wanted, reason);
	identity_fini(&id);
	if (why)
		assert_string_equal(reason, why);
	return ok;
}

static void names_match_as_the_rfcs_say(void **state)
{
	(void)state;
	assert_true(matches("x", "DNS:a.example", "A.Example", NULL));
	assert_false(matches("x", "DNS:a.example,DNS:b.example", "c.example",
			     "name does not match: certificate has DNS:a.example, DNS:b.example, "
			     "wanted c.example"));
	assert_true(matches("x", "DNS:a.example", "a.example.", NULL)); /* absolute */
	assert_false(matches("x", "DNS:a.example", "a.example..", NULL));
	assert_false(matches("x", "DNS:a.example", ".", NULL));
	assert_true(matches("x", "IP:192.0.2.1", "192.0.2.1", NULL));
	assert_false(matches("x", "DNS:192.0.2.1", "192.0.2.1", NULL)); /* a name is no address */
	assert_true(matches("x", "IP:2001:db8::1", "2001:db8:0::1", NULL));
	assert_true(matches("x", "URI:sip:example.com", "example.com", NULL));
	assert_false(matches("x", "URI:sip:alice@example.com", "example.com", NULL));
	/* A name that stands in the CN alone is none (RFC 9525). */
	assert_false(matches("edge.example", NULL, "edge.example", NULL));
	assert_false(matches("edge.example", "email:a@b", "edge.example", NULL));
	assert_false(matches("edge.example", "DNS:other.example", "edge.example", NULL));
	assert_false(matches("edge.example", "IP:192.0.2.1", "edge.example", NULL));
}

static void wildcards_are_one_whole_label(void **state)
{
	(void)state;
	assert_true(matches("x", "DNS:*.example.com", "a.example.com", NULL));
	assert_true(matches("x", "DNS:*.example.com", "a.example.com.", NULL));
	assert_false(matches("x", "DNS:*.example.com", "example.com.", NULL));
	assert_false(matches("x", "DNS:*.example.com", "a.b.example.com", NULL));
	assert_false(matches("x", "DNS:*.example.com", "example.com", NULL));
	assert_false(matches("x", "DNS:*.com", "example.com", NULL));
	assert_false(matches("x", "DNS:a*.example.com", "ab.example.com", NULL));
	assert_false(matches("x", "DNS:a.*.com", "a.b.com", NULL));
	assert_false(matches("x", "DNS:*", "a", NULL));
	assert_false(matches("x", "DNS:*.0.2.1", "192.0.2.1", NULL));
	assert_false(matches("*.2.0.192", NULL, "1.2.0.192", NULL));
	assert_false(matches("x", "URI:sip:*.example.com", "a.example.com", NULL));
}

static enum tp_err make(const struct tp_tls_options *o, struct tp_diag *diag)
{
	struct tp_tls_context *context = NULL;
	enum tp_err err = tp_tls_context_new(o, &context, diag);

	tp_tls_context_unref(&context);
	return err;
}

static void bad_inputs_are_named(void **state)
{
	struct tp_diag diag = { "", "" };
	struct tp_tls_options o = { .server = true };
	struct tp_tls_policy bad;
	struct tp_secret junk = { 0 };
	struct identity other;
	struct identity id;

	(void)state;
	identity_make(&id, &(struct identity_options){ .common_name = "a" });
	identity_make(&other, &(struct identity_options){ .common_name = "b" });
	assert_int_equal(make(&o, &diag), TP_FORMAT);
	assert_string_equal(diag.where, "certificate");
	o.certificate_pem = tp_span_of(id.pem);
	assert_int_equal(make(&o, &diag), TP_FORMAT);
	assert_string_equal(diag.where, "key");
	o.key = &other.secret;
	assert_int_equal(make(&o, &diag), TP_FORMAT);
	assert_string_equal(diag.where, "key");
	assert_int_equal(tp_secret_set(&junk, "junk", 4), TP_OK);
	o.key = &junk;
	assert_int_equal(make(&o, &diag), TP_FORMAT);
	assert_string_equal(diag.where, "key");
	o.key = &id.secret;
	assert_int_equal(make(&o, &diag), TP_OK);
	o.certificate_pem = TP_SPAN("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
	assert_int_equal(make(&o, &diag), TP_FORMAT);
	assert_string_equal(diag.where, "certificate");
	o.certificate_pem = tp_span_of(id.pem);
	o.trusted_pem = TP_SPAN("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
	assert_int_equal(make(&o, &diag), TP_FORMAT);
	assert_string_equal(diag.where, "trusted");
	o.trusted_pem = TP_SPAN("");
	tp_tls_policy_preset(TP_TLS_SERVICE_SIP, TP_TLS_INBOUND, TP_TLS_RECOMMENDED, &bad);
	bad.ciphers = "NO-SUCH-CIPHER";
	o.policy = &bad;
	assert_int_equal(make(&o, &diag), TP_FORMAT);
	assert_string_equal(diag.where, "ciphers");
	tp_secret_fini(&junk);
	identity_fini(&id);
	identity_fini(&other);
}

static void a_certificate_is_summed_up(void **state)
{
	struct tp_tls_peer peer;
	struct identity id;

	(void)state;
	identity_make(&id, &(struct identity_options){ .common_name = "edge, inc", .san = "DNS:a,IP:192.0.2.1" });
	assert_int_equal(tp_tls_peer_from_pem(tp_span_of(id.pem), &peer), TP_OK);
	assert_true(peer.present);
	assert_false(peer.trusted);
	assert_string_equal(peer.subject, "CN=edge\\, inc");
	assert_string_equal(peer.names, "DNS:a, IP:192.0.2.1");
	assert_true(peer.not_before < peer.not_after);
	assert_int_equal(tp_tls_peer_from_pem(TP_SPAN("nothing"), &peer), TP_FORMAT);
	identity_fini(&id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_match_as_the_rfcs_say),
		cmocka_unit_test(wildcards_are_one_whole_label),
		cmocka_unit_test(bad_inputs_are_named),
		cmocka_unit_test(a_certificate_is_summed_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
