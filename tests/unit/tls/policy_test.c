/* tls/policy: presets, what lists come to, what is refused, and that each version and
 * preset is what a handshake really has. The system's openssl.cnf is made hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "../sipbase/certificates.h"
#include "tls/policy.h"

static struct tp_tls_policy preset(enum tp_tls_preset which, enum tp_tls_side side)
{
	struct tp_tls_policy p;

	tp_tls_policy_preset(TP_TLS_SERVICE_SIP, side, which, &p);
	return p;
}

/* ------------------------------------------------------------------------- lists */

static size_t expand(const struct tp_tls_policy *p, enum tp_tls_side side, struct tp_tls_suite **out)
{
	struct tp_diag diag = {0};
	size_t count = 0;

	if (tp_tls_policy_expand(p, side, out, &count, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
	return count;
}

static const struct tp_tls_suite *find(const struct tp_tls_suite *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(list[i].name, name))
			return &list[i];
	}
	return NULL;
}

static void refused(enum tp_tls_version least, const char *ciphers, const char *suites,
		    enum tp_tls_side side, const char *where, const char *words)
{
	struct tp_tls_policy p = preset(TP_TLS_RECOMMENDED, side);
	struct tp_diag diag = {0};

	p.least = least;
	p.ciphers = ciphers ? ciphers : p.ciphers;
	p.ciphersuites = suites ? suites : p.ciphersuites;
	assert_int_equal(tp_tls_policy_check(&p, side, &diag), TP_FORMAT);
	assert_string_equal(diag.where, where);
	if (!strstr(diag.text, words))
		fail_msg("\"%s\" does not say \"%s\"", diag.text, words);
}

static void taken(const char *ciphers, enum tp_tls_side side)
{
	struct tp_tls_policy p = preset(TP_TLS_RECOMMENDED, side);
	struct tp_diag diag = {0};

	p.ciphers = ciphers;
	if (tp_tls_policy_check(&p, side, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
}

static void row_111_lists_that_cannot_be_are_refused_with_words(void **state)
{
	(void)state;
	refused(TP_TLS_1_2, "HIGH:!HIGH", NULL, TP_TLS_INBOUND, "ciphers", "leaves no cipher suite");
	refused(TP_TLS_1_2, "", NULL, TP_TLS_INBOUND, "ciphers", "leaves no cipher suite");
	refused(TP_TLS_1_2, "PSK:!aNULL:!eNULL", NULL, TP_TLS_INBOUND, "ciphers", "up to TLS 1.2");
	refused(TP_TLS_1_2, "HIGH:!aNUL", NULL, TP_TLS_INBOUND, "ciphers", "'aNUL' is not known");
	refused(TP_TLS_1_2, "HIGH:!anull", NULL, TP_TLS_INBOUND, "ciphers", "capital");
	refused(TP_TLS_1_2, "EECDH+AESGM:!aNULL", NULL, TP_TLS_INBOUND, "ciphers", "'AESGM'");
	refused(TP_TLS_1_2, "HIGH:!", NULL, TP_TLS_INBOUND, "ciphers", "'' is not a word");
	refused(TP_TLS_1_2, "HIGH:!aNULL:@SECLEVEL=0", NULL, TP_TLS_INBOUND, "ciphers", "@SECLEVEL=0");
	refused(TP_TLS_1_2, "SUITEB128", NULL, TP_TLS_INBOUND, "ciphers", "SUITEB128");
	refused(TP_TLS_1_2, "HIGH:DEFAULT:!aNULL", NULL, TP_TLS_INBOUND, "ciphers", "beginning");
	refused(TP_TLS_1_2, "HIGH:eNULL:!aNULL", NULL, TP_TLS_OUTBOUND, "ciphers", "without encryption");
	refused(TP_TLS_1_2, "HIGH:%n%s", NULL, TP_TLS_INBOUND, "ciphers", "'%n%s'");
	refused(TP_TLS_1_2, NULL, "TLS_AES_256_GCM_SHA38", TP_TLS_INBOUND, "ciphersuites", "SHA38'");
	refused(TP_TLS_1_3, NULL, "", TP_TLS_INBOUND, "ciphersuites", "''");
	refused(TP_TLS_1_3, NULL, "TLS_AES_256_GCM_SHA384:", TP_TLS_INBOUND, "ciphersuites", "''");
	taken("EECDH+AESGCM:EDH+AESGCM:!EXP:!aNULL:@STRENGTH", TP_TLS_INBOUND);
	taken("DEFAULT:!aNULL", TP_TLS_INBOUND);
	taken("ECDHE-RSA-AES128-GCM-SHA256, AES128-SHA", TP_TLS_INBOUND);
}

static void row_118_anonymous_suites_do_not_come_in(void **state)
{
	struct tp_tls_policy p = preset(TP_TLS_COMPATIBLE, TP_TLS_OUTBOUND);
	struct tp_tls_suite *list = NULL;
	const struct tp_tls_suite *adh;
	char text[512];
	size_t count;

	(void)state;
	/* The outbound list of the seed lets them out, and would let them in. */
	refused(TP_TLS_1_2, p.ciphers, NULL, TP_TLS_INBOUND, "ciphers", "!aNULL");
	/* What the seed adds is not enough: AECDH stays. */
	snprintf(text, sizeof(text), "%s:!ADH", p.ciphers);
	refused(TP_TLS_1_2, text, NULL, TP_TLS_INBOUND, "ciphers", "AECDH-");
	snprintf(text, sizeof(text), "%s:!aNULL", p.ciphers);
	taken(text, TP_TLS_INBOUND);
	assert_string_equal(text, preset(TP_TLS_COMPATIBLE, TP_TLS_INBOUND).ciphers);
	count = expand(&p, TP_TLS_OUTBOUND, &list);
	adh = find(list, count, "ADH-AES256-GCM-SHA384");
	assert_non_null(adh);
	assert_string_equal(adh->authentication, "none");
	assert_non_null(strstr(adh->weak, "authentication"));
	/* Last of all, as "+ADH" says. */
	assert_string_equal(list[count - 1].authentication, "none");
	free(list);
}

static void row_116_and_117_the_compatible_lists_are_the_seeds(void **state)
{
	struct tp_tls_policy p;

	(void)state;
	for (int s = 0; s < TP_TLS_SERVICES; s++) {
		for (int side = 0; side < 2; side++) {
			struct tp_tls_suite *list = NULL;
			size_t count;

			tp_tls_policy_preset((enum tp_tls_service)s, (enum tp_tls_side)side,
					     TP_TLS_COMPATIBLE, &p);
			if (s != TP_TLS_SERVICE_SIP)
				assert_string_equal(p.ciphers,
					"EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL");
			count = expand(&p, (enum tp_tls_side)side, &list);
			assert_non_null(find(list, count, "AES128-SHA"));
			assert_null(find(list, count, "AES256-SHA"));
			free(list);
		}
	}
	p = preset(TP_TLS_COMPATIBLE, TP_TLS_OUTBOUND);
	assert_string_equal(p.ciphers,
			    "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:+ADH");
}

static void row_29_disa_is_gcm_with_nist_curves_and_nothing_else(void **state)
{
	static const char *const wanted[] = {
		"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
		"ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256",
		"ECDHE-RSA-AES128-GCM-SHA256",
	};
	struct tp_tls_policy p = preset(TP_TLS_DISA, TP_TLS_INBOUND);
	struct tp_tls_suite *list = NULL;
	size_t count = expand(&p, TP_TLS_INBOUND, &list);

	(void)state;
	assert_int_equal(count, 6);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(list[i].name, wanted[i]);
		assert_null(list[i].weak);
	}
	free(list);
	assert_null(strstr(p.groups, "X25519"));
}

static void weak_suites_are_marked_with_the_reason(void **state)
{
	static const struct {
		const char *name, *says;
	} cases[] = {
		{"AES128-GCM-SHA256", "forward secrecy"},
		{"ECDHE-RSA-AES128-SHA", "CBC"},
		{"ECDHE-ECDSA-AES256-CCM8", "64 bits"},
		{"DHE-DSS-AES128-GCM-SHA256", "DSA"},
		{"ECDHE-RSA-AES256-GCM-SHA384", NULL},
		{"TLS_AES_128_GCM_SHA256", NULL},
	};
	struct tp_tls_policy p = preset(TP_TLS_COMPATIBLE, TP_TLS_INBOUND);
	struct tp_tls_suite *list = NULL;
	size_t count = expand(&p, TP_TLS_INBOUND, &list);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct tp_tls_suite *s = find(list, count, cases[i].name);

		if (!s)
			fail_msg("%s is missing", cases[i].name);
		if (cases[i].says)
			assert_non_null(strstr(s->weak, cases[i].says));
		else
			assert_null(s->weak);
	}
	free(list);
	p.least = TP_TLS_1_3;
	count = expand(&p, TP_TLS_INBOUND, &list);
	assert_int_equal(count, 3); /* what only older versions have is not shown */
	free(list);
}

/* -------------------------------------------------------------------- handshakes */

struct world {
	struct identity ca, ec, rsa;
};

/* certificates.h makes P-256 keys; old suites want RSA. */
static void make_rsa(struct identity *id, const struct identity *ca)
{
	identity_make(id, &(struct identity_options){.common_name = "rsa", .ca = ca});
	EVP_PKEY_free(id->key);
	id->key = EVP_RSA_gen(2048);
	X509_set_pubkey(id->cert, id->key);
	assert_true(X509_sign(id->cert, ca->key, EVP_sha256()) > 0);
	tp_secret_fini(&id->secret);
	identity_write_pem(id);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	identity_make(&w->ca, &(struct identity_options){.common_name = "ca", .is_ca = true});
	identity_make(&w->ec, &(struct identity_options){.common_name = "ec", .ca = &w->ca});
	make_rsa(&w->rsa, &w->ca);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	identity_fini(&w->ca);
	identity_fini(&w->ec);
	identity_fini(&w->rsa);
	free(w);
	return 0;
}

static struct tp_tls_context *server(const struct world *w, const struct identity *id,
				     const struct tp_tls_policy *policy, enum tp_tls_verify verify)
{
	const struct tp_tls_options o = {
		.server = true,
		.certificate_pem = tp_span_of(id->pem),
		.key = &id->secret,
		.trusted_pem = tp_span_of(w->ca.pem),
		.verify = verify,
		.policy = policy,
	};
	struct tp_tls_context *context = NULL;
	struct tp_diag diag = {0};

	if (tp_tls_context_new(&o, &context, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
	return context;
}

static struct tp_tls_context *client(const struct world *w, const struct tp_tls_policy *policy,
				     enum tp_tls_verify verify)
{
	const struct tp_tls_options o = {
		.client = true,
		.trusted_pem = tp_span_of(w->ca.pem),
		.verify = verify,
		.policy = policy,
	};
	struct tp_tls_context *context = NULL;
	struct tp_diag diag = {0};

	if (tp_tls_context_new(&o, &context, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
	return context;
}

/* A peer that can do everything, at no level: what is refused, our side refuses. */
static SSL_CTX *lax(int version, const char *ciphers)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	assert_non_null(ctx);
	SSL_CTX_set_security_level(ctx, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
	assert_int_equal(SSL_CTX_set_cipher_list(ctx, ciphers), 1);
	return ctx;
}

/* Both ends in this process; true when both are through. */
static bool shake(SSL *accepting, SSL *connecting)
{
	BIO *a, *b;
	bool up = false;

	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(accepting, a, a);
	SSL_set_bio(connecting, b, b);
	SSL_set_accept_state(accepting);
	SSL_set_connect_state(connecting);
	for (int i = 0; i < 20 && !up; i++) {
		int x = SSL_do_handshake(connecting);
		int y = SSL_do_handshake(accepting);

		up = x == 1 && y == 1;
	}
	ERR_clear_error();
	return up;
}

struct outcome {
	bool up;
	char version[16];
	char cipher[64];
	int dh_bits;
};

static struct outcome try(SSL_CTX *accepting, SSL_CTX *connecting)
{
	SSL *s = SSL_new(accepting), *c = SSL_new(connecting);
	struct outcome o = {.up = shake(s, c)};
	EVP_PKEY *temporary = NULL;

	if (o.up) {
		snprintf(o.version, sizeof(o.version), "%s", SSL_get_version(c));
		snprintf(o.cipher, sizeof(o.cipher), "%s", SSL_get_cipher_name(c));
		if (SSL_get_peer_tmp_key(c, &temporary) == 1)
			o.dh_bits = EVP_PKEY_is_a(temporary, "DH") ? EVP_PKEY_get_bits(temporary) : 0;
		EVP_PKEY_free(temporary);
	}
	SSL_free(s);
	SSL_free(c);
	return o;
}

static void row_111_and_114_each_minimum_is_what_handshakes_get(void **state)
{
	static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
	static const char *const names[] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
	struct world *w = *state;

	for (int which = TP_TLS_COMPATIBLE; which <= TP_TLS_DISA; which++) {
		for (int least = TP_TLS_1_0; least <= TP_TLS_1_3; least++) {
			struct tp_tls_policy p = preset((enum tp_tls_preset)which, TP_TLS_INBOUND);
			struct tp_tls_context *context;

			p.least = (enum tp_tls_version)least;
			context = server(w, &w->rsa, &p, TP_TLS_VERIFY_OFF);
			for (int v = 0; v < 4; v++) {
				SSL_CTX *peer = lax(versions[v], "ALL");
				struct outcome o = try(tp_tls_context_ssl(context), peer);
				/* Only the compatible list has suites that old versions know. */
				bool wanted = v >= least && (v >= 2 || which == TP_TLS_COMPATIBLE);

				if (o.up != wanted)
					fail_msg("%s from %s: %s %s", tp_tls_preset_name(which),
						 tp_tls_version_name(least), names[v],
						 o.up ? "passes" : "is refused");
				if (o.up)
					assert_string_equal(o.version, names[v]);
				SSL_CTX_free(peer);
			}
			tp_tls_context_unref(&context);
		}
	}
}

/* Row 119: the same for what we connect with. */
static void row_119_a_client_keeps_the_minimum_too(void **state)
{
	static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
	struct world *w = *state;

	for (int least = TP_TLS_1_0; least <= TP_TLS_1_3; least++) {
		struct tp_tls_policy p = preset(TP_TLS_COMPATIBLE, TP_TLS_OUTBOUND);
		struct tp_tls_context *context;

		p.least = (enum tp_tls_version)least;
		context = client(w, &p, TP_TLS_VERIFY_ENFORCE);
		for (int v = 0; v < 4; v++) {
			SSL_CTX *peer = lax(versions[v], "ALL");
			struct outcome o;

			SSL_CTX_use_certificate(peer, w->rsa.cert);
			SSL_CTX_use_PrivateKey(peer, w->rsa.key);
			o = try(peer, tp_tls_context_ssl(context));
			assert_int_equal(o.up, v >= least);
			SSL_CTX_free(peer);
		}
		tp_tls_context_unref(&context);
	}
}

static void row_116_every_suite_of_a_preset_makes_a_handshake(void **state)
{
	struct world *w = *state;

	for (int which = TP_TLS_COMPATIBLE; which <= TP_TLS_DISA; which++) {
		struct tp_tls_policy p = preset((enum tp_tls_preset)which, TP_TLS_INBOUND);
		struct tp_tls_context *rsa = server(w, &w->rsa, &p, TP_TLS_VERIFY_OFF);
		struct tp_tls_context *ec = server(w, &w->ec, &p, TP_TLS_VERIFY_OFF);
		struct tp_tls_suite *list = NULL;
		size_t count = expand(&p, TP_TLS_INBOUND, &list);

		for (size_t i = 0; i < count; i++) {
			bool new = !strcmp(list[i].protocol, "TLSv1.3");
			bool ecdsa = !strcmp(list[i].authentication, "ECDSA");
			SSL_CTX *peer;
			struct outcome o;

			if (!strcmp(list[i].authentication, "DSS"))
				continue; /* no such certificate is taken */
			peer = lax(new ? TLS1_3_VERSION : TLS1_2_VERSION, new ? "ALL" : list[i].name);
			if (new)
				SSL_CTX_set_ciphersuites(peer, list[i].name);
			o = try(tp_tls_context_ssl(ecdsa ? ec : rsa), peer);
			if (!o.up)
				fail_msg("%s: no handshake", list[i].name);
			assert_string_equal(o.cipher, list[i].name);
			SSL_CTX_free(peer);
		}
		free(list);
		tp_tls_context_unref(&rsa);
		tp_tls_context_unref(&ec);
	}
}

static void row_118_no_handshake_without_authentication_inbound(void **state)
{
	/* Even if a list got past the check. */
	struct tp_tls_policy p = preset(TP_TLS_COMPATIBLE, TP_TLS_OUTBOUND);
	struct world *w = *state;

	for (int least = TP_TLS_1_0; least <= TP_TLS_1_2; least++) {
		struct tp_tls_context *context;
		SSL_CTX *peer = lax(TLS1_2_VERSION, "aNULL");

		p.least = (enum tp_tls_version)least;
		context = server(w, &w->rsa, &p, TP_TLS_VERIFY_OFF);
		assert_false(try(tp_tls_context_ssl(context), peer).up);
		SSL_CTX_free(peer);
		tp_tls_context_unref(&context);
	}
}

static SSL_CTX *anonymous_server(void)
{
	SSL_CTX *peer = lax(TLS1_2_VERSION, "aNULL");

	SSL_CTX_set_dh_auto(peer, 1);
	return peer;
}

/* Row 117: an endpoint without a certificate, but never where one is to be checked. */
static void row_117_anonymous_suites_go_out_only_where_nothing_is_checked(void **state)
{
	struct tp_tls_policy p = preset(TP_TLS_COMPATIBLE, TP_TLS_OUTBOUND);
	struct world *w = *state;

	for (int least = TP_TLS_1_0; least <= TP_TLS_1_2; least++) {
		static const enum tp_tls_verify modes[] = {TP_TLS_VERIFY_OFF, TP_TLS_VERIFY_REPORT,
							   TP_TLS_VERIFY_ENFORCE};

		p.least = (enum tp_tls_version)least;
		for (int i = 0; i < 3; i++) {
			struct tp_tls_context *context = client(w, &p, modes[i]);
			SSL_CTX *peer = anonymous_server();

			assert_int_equal(try(peer, tp_tls_context_ssl(context)).up, i == 0);
			SSL_CTX_free(peer);
			tp_tls_context_unref(&context);
		}
	}
}

static SSL_CTX *dh_server(const struct world *w, const char *group)
{
	SSL_CTX *peer = lax(TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256");
	EVP_PKEY *parameters;

	SSL_CTX_use_certificate(peer, w->rsa.cert);
	SSL_CTX_use_PrivateKey(peer, w->rsa.key);
	if (group) {
		OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string("group", (char *)group, 0),
			OSSL_PARAM_construct_end(),
		};
		EVP_PKEY_CTX *made = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);

		assert_int_equal(EVP_PKEY_keygen_init(made), 1);
		assert_int_equal(EVP_PKEY_CTX_set_params(made, params), 1);
		parameters = NULL;
		assert_int_equal(EVP_PKEY_generate(made, &parameters), 1);
		EVP_PKEY_CTX_free(made);
		assert_int_equal(SSL_CTX_set0_tmp_dh_pkey(peer, parameters), 1);
	}
	return peer;
}

static void row_120_diffie_hellman_has_2048_bits_at_every_level(void **state)
{
	struct world *w = *state;

	for (int least = TP_TLS_1_0; least <= TP_TLS_1_2; least++) {
		struct tp_tls_policy in = preset(TP_TLS_COMPATIBLE, TP_TLS_INBOUND);
		struct tp_tls_policy out = preset(TP_TLS_COMPATIBLE, TP_TLS_OUTBOUND);
		struct tp_tls_context *accepting, *connecting;
		SSL_CTX *peer = lax(TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256");
		struct outcome o;

		in.least = out.least = (enum tp_tls_version)least;
		accepting = server(w, &w->rsa, &in, TP_TLS_VERIFY_OFF);
		connecting = client(w, &out, TP_TLS_VERIFY_OFF);
		o = try(tp_tls_context_ssl(accepting), peer);
		assert_true(o.up);
		assert_in_range(o.dh_bits, TP_TLS_DH_BITS_MIN, 8192);
		SSL_CTX_free(peer);
		peer = dh_server(w, "dh_1024_160"); /* a group of RFC 5114 */
		assert_false(try(peer, tp_tls_context_ssl(connecting)).up);
		SSL_CTX_free(peer);
		peer = dh_server(w, "ffdhe2048");
		assert_true(try(peer, tp_tls_context_ssl(connecting)).up);
		SSL_CTX_free(peer);
		tp_tls_context_unref(&accepting);
		tp_tls_context_unref(&connecting);
	}
}

/* ---------------------------------------------------------------------- sessions */

/* A session made with `from`, shown to `to`: whether it is taken up again. */
static bool resumes(struct tp_tls_context *from, struct tp_tls_context *to, int version)
{
	SSL_CTX *peer = lax(version, "ALL");
	SSL *s = SSL_new(tp_tls_context_ssl(from)), *c = SSL_new(peer);
	char buf[16];
	bool resumed;
	SSL_SESSION *session;

	SSL_CTX_set_session_cache_mode(peer, SSL_SESS_CACHE_CLIENT);
	assert_true(shake(s, c));
	/* TLS 1.3 would send its tickets now. */
	(void)SSL_read(c, buf, sizeof(buf));
	session = SSL_get1_session(c);
	assert_int_equal(SSL_SESSION_has_ticket(session), 0);
	SSL_shutdown(c);
	SSL_shutdown(s);
	SSL_free(s);
	SSL_free(c);
	s = SSL_new(tp_tls_context_ssl(to));
	c = SSL_new(peer);
	assert_int_equal(SSL_set_session(c, session), 1);
	assert_true(shake(s, c));
	resumed = SSL_session_reused(c) == 1 || SSL_session_reused(s) == 1;
	SSL_free(s);
	SSL_free(c);
	SSL_SESSION_free(session);
	SSL_CTX_free(peer);
	return resumed;
}

static void attack_49_no_session_is_taken_up_again_here_or_on_another_port(void **state)
{
	struct world *w = *state;
	struct tp_tls_context *open = server(w, &w->rsa, NULL, TP_TLS_VERIFY_OFF);
	struct tp_tls_context *other = server(w, &w->rsa, NULL, TP_TLS_VERIFY_REPORT);

	assert_false(resumes(open, open, TLS1_2_VERSION));
	assert_false(resumes(open, other, TLS1_2_VERSION));
	assert_false(resumes(open, open, TLS1_3_VERSION));
	assert_false(resumes(open, other, TLS1_3_VERSION));
	tp_tls_context_unref(&open);
	tp_tls_context_unref(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_111_lists_that_cannot_be_are_refused_with_words),
		cmocka_unit_test(row_118_anonymous_suites_do_not_come_in),
		cmocka_unit_test(row_116_and_117_the_compatible_lists_are_the_seeds),
		cmocka_unit_test(row_29_disa_is_gcm_with_nist_curves_and_nothing_else),
		cmocka_unit_test(weak_suites_are_marked_with_the_reason),
		cmocka_unit_test(row_111_and_114_each_minimum_is_what_handshakes_get),
		cmocka_unit_test(row_119_a_client_keeps_the_minimum_too),
		cmocka_unit_test(row_116_every_suite_of_a_preset_makes_a_handshake),
		cmocka_unit_test(row_118_no_handshake_without_authentication_inbound),
		cmocka_unit_test(row_117_anonymous_suites_go_out_only_where_nothing_is_checked),
		cmocka_unit_test(row_120_diffie_hellman_has_2048_bits_at_every_level),
		cmocka_unit_test(attack_49_no_session_is_taken_up_again_here_or_on_another_port),
	};
	char conf[] = "/tmp/turnpike-openssl-XXXXXX";
	int fd = mkstemp(conf), failed;
	static const char hostile[] = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
				      "[c]\nMinProtocol = TLSv1.3\nCipherString = eNULL:@SECLEVEL=5\n";

	/* Every handshake below would fail if the system's file were read. */
	if (fd < 0 || write(fd, hostile, sizeof(hostile) - 1) != (ssize_t)sizeof(hostile) - 1 ||
	    setenv("OPENSSL_CONF", conf, 1) != 0 || tp_tls_policy_init() != TP_OK)
		return 1;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	close(fd);
	unlink(conf);
	return failed;
}
