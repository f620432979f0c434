/* plugins/keys: requests, self-signed certificates, and what an upload opens to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "make.h"
#include "work.h"

static struct tp_msg_key_made done;

static BIO *bio_of(const uint8_t *bytes, size_t len)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)len);

	assert_non_null(bio);
	return bio;
}

static EVP_PKEY *made_key(void)
{
	BIO *bio = bio_of(done.key_pem, done.key_pem_len);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(key);
	return key;
}

static X509_REQ *made_request(void)
{
	BIO *bio = bio_of(done.pem, done.pem_len);
	X509_REQ *request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(request);
	return request;
}

static X509 *made_certificate(void)
{
	BIO *bio = bio_of(done.pem, done.pem_len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(x);
	return x;
}

static void work(const struct tp_msg_key_spec *spec)
{
	tp_keys_work(spec, &done);
	if (done.err != TP_OK)
		fail_msg("%s: %s", tp_err_name((enum tp_err)done.err), done.text);
}

static void expect_failure(const struct tp_msg_key_spec *spec, enum tp_err err, const char *words)
{
	tp_keys_work(spec, &done);
	assert_int_equal(done.err, err);
	if (!strstr(done.text, words))
		fail_msg("'%s' is not in '%s'", words, done.text);
	assert_int_equal(done.key_pem_len, 0);
	tp_keys_done_fini(&done);
}

/* "DNS:a, IP Address:192.0.2.1" */
static void expect_extension(X509_EXTENSION *e, const char *text)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long len;

	assert_non_null(e);
	assert_int_equal(X509V3_EXT_print(bio, e, 0, 0), 1);
	len = BIO_get_mem_data(bio, &p);
	if ((size_t)len != strlen(text) || memcmp(p, text, (size_t)len) != 0)
		fail_msg("%.*s", (int)len, p);
	BIO_free(bio);
}

static void expect_request_extension(X509_REQ *request, int nid, const char *text)
{
	STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(request);

	expect_extension(X509v3_get_ext(list, X509v3_get_ext_by_NID(list, nid, -1)), text);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void expect_name(const X509_NAME *name, const char *text)
{
	char *line = X509_NAME_oneline(name, NULL, 0);

	assert_string_equal(line, text);
	OPENSSL_free(line);
}

static void row_54_a_request_says_what_was_asked(void **state)
{
	struct tp_msg_name dns[] = { { "edge.example.com" }, { "example.com" } };
	struct tp_msg_name ip[] = { { "192.0.2.1" }, { "2001:db8::1" } };
	const struct tp_msg_key_spec spec = {
		.work = TP_KEY_WORK_REQUEST, .type = TP_KEY_RSA_2048, .hash = 1,
		.common_name = "edge.example.com-ms", .organization = "Example & Söhne",
		.country = "DE", .state = "Bayern", .dns_names = dns, .dns_names_count = 2,
		.ip_names = ip, .ip_names_count = 2, .server_auth = true, .client_auth = true,
	};
	X509_REQ *request;
	EVP_PKEY *key;

	(void)state;
	work(&spec);
	request = made_request();
	key = made_key();
	assert_int_equal(X509_REQ_verify(request, key), 1);
	assert_int_equal(X509_REQ_check_private_key(request, key), 1);
	assert_int_equal(X509_REQ_get_signature_nid(request), NID_sha384WithRSAEncryption);
	expect_name(X509_REQ_get_subject_name(request),
		    "/C=DE/ST=Bayern/O=Example & S\\xC3\\xB6hne/CN=edge.example.com-ms");
	expect_request_extension(request, NID_subject_alt_name,
				 "DNS:edge.example.com, DNS:example.com, IP Address:192.0.2.1, "
				 "IP Address:2001:DB8:0:0:0:0:0:1");
	expect_request_extension(request, NID_ext_key_usage,
				 "TLS Web Server Authentication, TLS Web Client Authentication");
	expect_request_extension(request, NID_key_usage, "Digital Signature, Key Encipherment");
	X509_REQ_free(request);
	EVP_PKEY_free(key);
	tp_keys_done_fini(&done);
}

/* Each key type and hash of the form (rows 30, 67, 78), self-signed for five years (row 68). */
static void row_67_and_68_each_key_type_signs_for_itself(void **state)
{
	static const struct {
		enum tp_key_type type;
		int bits;
		int signature[2];
	} types[] = {
		{ TP_KEY_RSA_2048, 2048, { NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption } },
		{ TP_KEY_RSA_3072, 3072, { NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption } },
		{ TP_KEY_EC_P256, 256, { NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384 } },
		{ TP_KEY_EC_P384, 384, { NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384 } },
	};
	struct tp_msg_name dns[] = { { "edge.example.com" } };

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		const struct tp_msg_key_spec spec = {
			.work = TP_KEY_WORK_SELF_SIGNED, .type = types[i / 2].type, .hash = i % 2, .days = 1825,
			.common_name = "edge.example.com", .dns_names = dns, .dns_names_count = 1,
			.server_auth = true,
		};
		int days, left;
		EVP_PKEY *key;
		X509 *x;

		work(&spec);
		x = made_certificate();
		key = made_key();
		assert_int_equal(X509_check_private_key(x, key), 1);
		assert_int_equal(X509_verify(x, key), 1);
		assert_int_equal(EVP_PKEY_get_bits(key), types[i / 2].bits);
		assert_int_equal(X509_get_signature_nid(x), types[i / 2].signature[i % 2]);
		assert_int_equal(ASN1_TIME_diff(&days, &left, NULL, X509_get0_notAfter(x)), 1);
		assert_in_range(days, 1824, 1825);
		assert_int_equal(X509_check_ca(x), 0);
		assert_int_equal(X509_check_host(x, "edge.example.com", 0, 0, NULL), 1);
		X509_free(x);
		EVP_PKEY_free(key);
		tp_keys_done_fini(&done);
	}
}

static void wish_7_a_renewal_asks_for_the_same_names(void **state)
{
	struct tp_msg_name dns[] = { { "a.example.com" }, { "b.example.com" } };
	struct tp_msg_name ip[] = { { "192.0.2.7" } };
	struct tp_msg_key_spec spec = {
		.work = TP_KEY_WORK_SELF_SIGNED, .type = TP_KEY_EC_P256, .days = 30, .country = "US",
		.organization = "Example", .common_name = "a.example.com", .dns_names = dns,
		.dns_names_count = 2, .ip_names = ip, .ip_names_count = 1, .server_auth = true,
	};
	X509_REQ *request;
	uint8_t *old;

	(void)state;
	work(&spec);
	old = malloc(done.pem_len);
	memcpy(old, done.pem, done.pem_len);
	spec = (struct tp_msg_key_spec){ .work = TP_KEY_WORK_REQUEST, .type = TP_KEY_EC_P384, .hash = 1,
					 .input = old, .input_len = done.pem_len, .server_auth = true };
	tp_keys_done_fini(&done);
	work(&spec);
	free(old);
	request = made_request();
	expect_name(X509_REQ_get_subject_name(request), "/C=US/O=Example/CN=a.example.com");
	expect_request_extension(request, NID_subject_alt_name,
				 "DNS:a.example.com, DNS:b.example.com, IP Address:192.0.2.7");
	expect_request_extension(request, NID_ext_key_usage, "TLS Web Server Authentication");
	X509_REQ_free(request);
	tp_keys_done_fini(&done);
}

static void names_and_subjects_that_are_none_are_refused(void **state)
{
	struct tp_msg_name dns[] = { { "good.example" }, { "a b" } };
	struct tp_msg_name ip[] = { { "192.0.2.300" } };
	struct tp_msg_key_spec spec = { .work = TP_KEY_WORK_REQUEST, .type = TP_KEY_EC_P256,
					.dns_names = dns, .dns_names_count = 2 };

	(void)state;
	expect_failure(&spec, TP_FORMAT, "'a b' is not a DNS name");
	spec.dns_names_count = 1;
	spec.ip_names = ip;
	spec.ip_names_count = 1;
	expect_failure(&spec, TP_FORMAT, "'192.0.2.300' is not an IP address");
	spec.ip_names_count = 0;
	tp_text_copy(spec.country, sizeof(spec.country), "D");
	expect_failure(&spec, TP_FORMAT, "the subject is not valid");
	spec.country[0] = '\0';
	spec.input = (const uint8_t *)"-----BEGIN CERTIFICATE-----\n";
	spec.input_len = 28;
	expect_failure(&spec, TP_FORMAT, "the present certificate does not read");
}

/* ------------------------------------------------------------------- uploads */

struct parts {
	EVP_PKEY *key;
	X509 *cert;
};

static struct parts make_parts(enum tp_key_type type)
{
	const struct tp_msg_key_spec spec = { .work = TP_KEY_WORK_SELF_SIGNED, .type = type, .days = 10,
					      .common_name = "upload", .client_auth = true };
	struct parts p;

	work(&spec);
	p = (struct parts){ made_key(), made_certificate() };
	tp_keys_done_fini(&done);
	return p;
}

static void free_parts(struct parts *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
}

/* A PKCS#12 file; nid of the encryption of key and certificates. */
static size_t write_pkcs12(const struct parts *p, X509 *other, const char *passphrase, int nid,
			   int mac_iterations, uint8_t *out, size_t size)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	unsigned char *at = out;
	PKCS12 *p12;
	int len;

	if (other)
		sk_X509_push(others, other);
	p12 = PKCS12_create(passphrase, "edge", p->key, p->cert, others, nid, nid, 0, mac_iterations, 0);
	sk_X509_free(others);
	assert_non_null(p12);
	len = i2d_PKCS12(p12, NULL);
	assert_in_range(len, 1, size);
	i2d_PKCS12(p12, &at);
	PKCS12_free(p12);
	return (size_t)len;
}

static void expect_opened(const struct parts *p)
{
	EVP_PKEY *key = made_key();
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	assert_int_equal(EVP_PKEY_eq(key, p->key), 1);
	assert_int_equal(done.public_key_len, len);
	assert_memory_equal(done.public_key, der, len);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void pkcs12_opens_with_its_passphrase_only(void **state)
{
	struct parts p = make_parts(TP_KEY_RSA_2048), ca = make_parts(TP_KEY_EC_P256);
	uint8_t file[16384];
	struct tp_msg_key_spec spec = { .work = TP_KEY_WORK_OPEN_PKCS12, .input = file,
					.passphrase = "s\xc3\xa9"
						      "same" };
	X509 *x;

	(void)state;
	spec.input_len = (uint32_t)write_pkcs12(&p, ca.cert, spec.passphrase, NID_aes_256_cbc, 2048, file,
						sizeof(file));
	work(&spec);
	expect_opened(&p);
	x = made_certificate();
	assert_int_equal(X509_cmp(x, p.cert), 0);
	X509_free(x);
	assert_non_null(memmem(done.pem, done.pem_len, "-----END CERTIFICATE-----\n-----BEGIN", 36));
	tp_keys_done_fini(&done);
	tp_text_copy(spec.passphrase, sizeof(spec.passphrase), "another");
	expect_failure(&spec, TP_AUTH, "passphrase is wrong");
	spec.passphrase[0] = '\0';
	expect_failure(&spec, TP_AUTH, "passphrase is wrong");
	spec.input_len /= 2;
	expect_failure(&spec, TP_FORMAT, "not a PKCS#12 file");
	free_parts(&p);
	free_parts(&ca);
}

static void pkcs12_of_older_systems_opens_and_a_greedy_one_does_not(void **state)
{
	struct parts p = make_parts(TP_KEY_RSA_2048);
	uint8_t file[16384];
	struct tp_msg_key_spec spec = { .work = TP_KEY_WORK_OPEN_PKCS12, .input = file,
					.passphrase = "secret" };
	const unsigned char *in = file;
	unsigned char *to = file;
	const ASN1_INTEGER *count;
	PKCS12 *p12;

	(void)state;
	spec.input_len = (uint32_t)write_pkcs12(&p, NULL, "secret", NID_pbe_WithSHA1And40BitRC2_CBC, 1, file,
						sizeof(file));
	work(&spec);
	expect_opened(&p);
	tp_keys_done_fini(&done);
	spec.input_len = (uint32_t)write_pkcs12(&p, NULL, "secret", NID_aes_256_cbc, 2048, file, sizeof(file));
	p12 = d2i_PKCS12(NULL, &in, spec.input_len);
	PKCS12_get0_mac(NULL, NULL, NULL, &count, p12);
	ASN1_INTEGER_set_int64((ASN1_INTEGER *)(uintptr_t)count, (int64_t)1 << 40);
	spec.input_len = (uint32_t)i2d_PKCS12(p12, NULL);
	i2d_PKCS12(p12, &to);
	PKCS12_free(p12);
	expect_failure(&spec, TP_LIMIT, "1099511627776 times");
	free_parts(&p);
}

static void private_keys_open_in_each_form(void **state)
{
	struct parts p = make_parts(TP_KEY_EC_P256);
	struct tp_msg_key_spec spec = { .work = TP_KEY_WORK_OPEN_KEY };
	unsigned char *der = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	(void)state;
	spec.input_len = (uint32_t)i2d_PrivateKey(p.key, &der);
	spec.input = der;
	work(&spec);
	expect_opened(&p);
	assert_int_equal(done.pem_len, 0);
	tp_keys_done_fini(&done);
	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, p.key, EVP_aes_128_cbc(), "key words", 9, NULL,
						       NULL), 1);
	spec.input_len = (uint32_t)BIO_get_mem_data(bio, &text);
	spec.input = (const uint8_t *)text;
	expect_failure(&spec, TP_AUTH, "needs its passphrase");
	tp_text_copy(spec.passphrase, sizeof(spec.passphrase), "other");
	expect_failure(&spec, TP_AUTH, "is wrong");
	tp_text_copy(spec.passphrase, sizeof(spec.passphrase), "key words");
	work(&spec);
	expect_opened(&p);
	tp_keys_done_fini(&done);
	spec.input = (const uint8_t *)"garbage";
	spec.input_len = 7;
	expect_failure(&spec, TP_FORMAT, "not a private key");
	OPENSSL_free(der);
	BIO_free(bio);
	free_parts(&p);
}

static int warm_up(void **state)
{
	(void)state;
	return tp_keys_warm_up() == TP_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_54_a_request_says_what_was_asked),
		cmocka_unit_test(row_67_and_68_each_key_type_signs_for_itself),
		cmocka_unit_test(wish_7_a_renewal_asks_for_the_same_names),
		cmocka_unit_test(names_and_subjects_that_are_none_are_refused),
		cmocka_unit_test(pkcs12_opens_with_its_passphrase_only),
		cmocka_unit_test(pkcs12_of_older_systems_opens_and_a_greedy_one_does_not),
		cmocka_unit_test(private_keys_open_in_each_form),
	};

	return cmocka_run_group_tests(tests, warm_up, NULL);
}
