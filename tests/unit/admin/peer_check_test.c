/* admin/revocation/peer_check: who comes to the web interface is judged by the one table,
 * with the responder's answer where there is one, and within the deadline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../tls/responder.h"
#include "admin/revocation/peer_check.h"

#define RESPONDER "OCSP;URI:http://127.0.6.1:8080/"

struct world {
	struct identity root, middle, leaf;
	X509 *chain[3];
	struct tp_peer_check *check;
	struct said says;
	bool silent;
	unsigned asked;
	uint32_t time_ms; /* that the last one got */
};

static enum tp_err fetch(void *arg, const struct tp_ocsp_question *q, uint32_t time_ms, void **bytes,
			 size_t *len, char text[TP_OCSP_TEXT_MAX + 1])
{
	struct world *w = arg;
	bool of_leaf = w->asked++ % 2 == 0;
	struct said said = w->says;
	int n;

	w->time_ms = time_ms;
	if (w->silent) {
		strcpy(text, "nobody is there");
		return TP_IO;
	}
	said.signer = of_leaf ? &w->middle : &w->root;
	*bytes = malloc(16384);
	n = answer_write(q, w->chain[!of_leaf], w->chain[1 + !of_leaf], &said, *bytes, 16384);
	*len = (size_t)n;
	return TP_OK;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	identity_make(&w->root, &(struct identity_options){ .common_name = "root", .is_ca = true });
	identity_with_responder(&w->middle, &(struct identity_options){ .common_name = "middle", .ca = &w->root,
									.is_ca = true }, RESPONDER);
	identity_with_responder(&w->leaf, &(struct identity_options){ .common_name = "leaf", .ca = &w->middle },
				RESPONDER);
	w->chain[0] = w->leaf.cert;
	w->chain[1] = w->middle.cert;
	w->chain[2] = w->root.cert;
	w->says = (struct said){ .status = V_OCSP_CERTSTATUS_GOOD, .next_s = 600 };
	assert_int_equal(tp_peer_check_new(NULL, fetch, w, &w->check), TP_OK);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	tp_peer_check_free(&w->check);
	identity_fini(&w->leaf);
	identity_fini(&w->middle);
	identity_fini(&w->root);
	free(w);
	return 0;
}

static struct tp_revocation_verdict run(struct world *w, bool strict, size_t count)
{
	const struct tp_revocation_policy policy = { .enabled = true, .use_ocsp = true, .use_crls = true,
						     .automatic_overrides = true,
						     .unknown_is_revoked = strict };
	struct tp_revocation_verdict v;

	tp_peer_check_run(w->check, &policy, 3000, w->chain, count, &v);
	return v;
}

static void good_answers_accept_and_are_kept(void **state)
{
	struct world *w = *state;

	assert_int_equal(run(w, true, 3).outcome, TP_REVOCATION_ACCEPT);
	assert_int_equal(w->asked, 2);
	assert_int_equal(run(w, true, 3).outcome, TP_REVOCATION_ACCEPT);
	assert_int_equal(w->asked, 2);
}

static void one_that_is_revoked_refuses_and_no_more_is_asked(void **state)
{
	struct world *w = *state;
	struct tp_revocation_verdict v;

	w->says.status = V_OCSP_CERTSTATUS_REVOKED;
	v = run(w, false, 3);
	assert_int_equal(v.outcome, TP_REVOCATION_REFUSE);
	assert_int_equal(v.rule, 1);
	assert_int_equal(w->asked, 1);
}

static void silence_is_the_fallbacks(void **state)
{
	struct world *w = *state;
	struct tp_revocation_verdict v;

	w->silent = true;
	v = run(w, false, 3);
	assert_int_equal(v.outcome, TP_REVOCATION_ACCEPT);
	assert_true(v.fallback);
	assert_in_range(w->time_ms, 2000, 3000); /* the first left its share */
	v = run(w, true, 3);
	assert_int_equal(v.outcome, TP_REVOCATION_REFUSE);
	assert_int_equal(v.rule, 5);
}

static void a_policy_that_is_off_asks_nobody(void **state)
{
	static const struct tp_revocation_policy off = { .use_ocsp = true, .unknown_is_revoked = true };
	struct world *w = *state;
	struct tp_revocation_verdict v;

	tp_peer_check_run(w->check, &off, 1000, w->chain, 3, &v);
	assert_int_equal(v.outcome, TP_REVOCATION_ACCEPT);
	assert_int_equal(w->asked, 0);
}

static void a_chain_that_is_too_long_refuses(void **state)
{
	struct world *w = *state;
	X509 *many[TP_REVOCATION_CHAIN_MAX + 1];
	const struct tp_revocation_policy policy = { .enabled = true };
	struct tp_revocation_verdict v;

	for (size_t i = 0; i <= TP_REVOCATION_CHAIN_MAX; i++)
		many[i] = w->leaf.cert;
	tp_peer_check_run(w->check, &policy, 1000, many, TP_REVOCATION_CHAIN_MAX + 1, &v);
	assert_int_equal(v.outcome, TP_REVOCATION_REFUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good_answers_accept_and_are_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_revoked_refuses_and_no_more_is_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silence_is_the_fallbacks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_policy_that_is_off_asks_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_chain_that_is_too_long_refuses, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
