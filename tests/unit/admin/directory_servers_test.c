/* admin/account/authenticate: which servers of the directory are asked first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin/account/authenticate.h"

enum { NOW_MS = 1000000 };

static struct tp_auth_ldap ldap;
static struct tp_msg_ldap_ask ask;

static void configure(const char *hosts)
{
	memset(&ldap, 0, sizeof(ldap));
	ldap.trusted_fd = -1;
	for (; *hosts; hosts++) {
		struct tp_msg_ldap_server *server = &ldap.form.servers[ldap.form.servers_count++];

		snprintf(server->host, sizeof(server->host), "%c", *hosts);
		server->port = 636;
	}
}

static void assert_order(uint64_t now_ms, const char *hosts)
{
	memset(&ask, 0, sizeof(ask));
	tp_auth_ldap_order(&ldap, now_ms, &ask);
	assert_int_equal(ask.servers_count, strlen(hosts));
	for (size_t i = 0; hosts[i]; i++)
		assert_int_equal(ask.servers[i].host[0], hosts[i]);
}

static void row_178_servers_that_are_down_come_last_for_a_minute(void **state)
{
	(void)state;
	configure("abcd");
	assert_order(NOW_MS, "abcd");
	tp_auth_ldap_learn(&ldap, NOW_MS, &ask, 1 | 2);
	assert_order(NOW_MS + 1, "cdab");
	tp_auth_ldap_learn(&ldap, NOW_MS + 2, &ask, 1); /* c, in the order that was asked */
	assert_order(NOW_MS + 3, "dabc");
	assert_order(NOW_MS + 59999, "dabc");
	assert_order(NOW_MS + 60000, "abdc");
	assert_order(NOW_MS + 60002, "abcd");
}

static void row_178_a_server_that_answers_again_is_first_again(void **state)
{
	(void)state;
	configure("ab");
	assert_order(NOW_MS, "ab");
	tp_auth_ldap_learn(&ldap, NOW_MS, &ask, 1 | 2);
	assert_order(NOW_MS, "ab"); /* both are down */
	tp_auth_ldap_learn(&ldap, NOW_MS + 1, &ask, 0);
	assert_order(NOW_MS + 2, "ab");
	tp_auth_ldap_learn(&ldap, NOW_MS + 3, &ask, 1);
	assert_order(NOW_MS + 4, "ba");
}

static void an_answer_for_earlier_settings_marks_no_other_server(void **state)
{
	(void)state;
	configure("ab");
	assert_order(NOW_MS, "ab");
	configure("bc");
	tp_auth_ldap_learn(&ldap, NOW_MS, &ask, 1);
	assert_order(NOW_MS, "bc");
	configure("");
	tp_auth_ldap_learn(&ldap, NOW_MS, &ask, 3);
	assert_order(NOW_MS, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_178_servers_that_are_down_come_last_for_a_minute),
		cmocka_unit_test(row_178_a_server_that_answers_again_is_first_again),
		cmocka_unit_test(an_answer_for_earlier_settings_marks_no_other_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
