/* tls/: the certificate that we show, and how many connections were made with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/ssl.h>

#include "../sipbase/certificates.h"

static void what_we_show_is_told(void **state)
{
	const struct identity_options o = { .common_name = "core.test", .san = "DNS:core.test,IP:192.0.2.2" };
	char reason[TP_TLS_REASON_MAX + 1] = "";
	struct tp_tls_context *context, *empty;
	struct tp_tls_own own;
	struct identity id;

	(void)state;
	identity_make(&id, &o);
	ASN1_INTEGER_set(X509_get_serialNumber(id.cert), 0x0a1b);
	assert_true(X509_sign(id.cert, id.key, EVP_sha256()) > 0);
	identity_write_pem(&id);
	context = identity_context(&id, NULL, true, TP_TLS_VERIFY_OFF);
	tp_tls_context_own(context, &own);
	assert_true(own.present);
	assert_string_equal(own.serial, "0A1B");
	assert_string_equal(own.subject, "CN=core.test");
	assert_string_equal(own.names, "DNS:core.test, IP:192.0.2.2");
	assert_true(own.not_before < own.not_after);
	assert_true(tp_tls_context_carries(context, "Core.Test", reason));
	assert_false(tp_tls_context_carries(context, "other.test", reason));
	assert_string_equal(reason, "name does not match: certificate has DNS:core.test, IP:192.0.2.2, "
				    "wanted other.test");
	empty = identity_context(NULL, NULL, false, TP_TLS_VERIFY_OFF);
	tp_tls_context_own(empty, &own);
	assert_false(own.present);
	assert_false(tp_tls_context_carries(empty, "core.test", reason));
	assert_string_equal(reason, "there is no certificate");
	tp_tls_context_unref(&empty);
	tp_tls_context_unref(&context);
	identity_fini(&id);
}

/* The count is what says when a replaced certificate has served its last connection. */
static void connections_are_counted(void **state)
{
	struct tp_tls_context *old, *next, *again;
	SSL *connections[3];
	struct identity id;

	(void)state;
	identity_make(&id, &(struct identity_options){ .common_name = "a", .san = "DNS:a" });
	old = identity_context(&id, NULL, true, TP_TLS_VERIFY_OFF);
	next = identity_context(&id, NULL, true, TP_TLS_VERIFY_OFF);
	assert_int_equal(tp_tls_context_connections(old), 0);
	for (size_t i = 0; i < 3; i++)
		connections[i] = SSL_new(tp_tls_context_ssl(i < 2 ? old : next));
	assert_int_equal(tp_tls_context_connections(old), 2);
	assert_int_equal(tp_tls_context_connections(next), 1);
	SSL_free(connections[0]);
	assert_int_equal(tp_tls_context_connections(old), 1);
	/* The connection outlives our reference, and its end finds the count. */
	tp_tls_context_ref(old);
	SSL_free(connections[1]);
	assert_int_equal(tp_tls_context_connections(old), 0);
	again = old;
	tp_tls_context_unref(&again);
	tp_tls_context_unref(&old);
	tp_tls_context_unref(&next);
	SSL_free(connections[2]);
	identity_fini(&id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_we_show_is_told),
		cmocka_unit_test(connections_are_counted),
	};

	return cmocka_run_group_tests_name("tls/own", tests, NULL, NULL);
}
