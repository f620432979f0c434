/* Unit tests of how long a verdict on a certificate is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "admin/cac/cac.h"
#include "card_pki.h"

static X509 *certificate(const char *folder, const char *name)
{
	char file[64];
	X509 *x;

	snprintf(file, sizeof(file), "%s.pem", name);
	x = read_leaf(folder, file);
	assert_non_null(x);
	return x;
}

static bool is_good(struct tp_cac *cac, X509 *leaf, STACK_OF(X509) *others)
{
	struct tp_card card = { .leaf = leaf, .others = others };

	tp_cac_look(cac, &card);
	assert_true(card.good || card.reason[0]);
	return card.good;
}

static void a_bad_verdict_is_kept_until_something_changes(void **state)
{
	const struct tp_cfg_card_login settings = { .level = TP_CAC_VALIDATION, .pattern = "/CN=(?<Group1>[^,]+)/",
						    .format = "#Group1#" };
	X509 *leaf = certificate(*state, "card-adams"), *issuer = certificate(*state, "ca2");
	STACK_OF(X509) *others = sk_X509_new_null();
	struct tp_cac_rules *rules = NULL, *held;
	struct tp_diag diag = { "", "" };
	struct tp_cac *cac = NULL;

	assert_int_equal(tp_cac_new(&cac), TP_OK);
	assert_int_equal(tp_cac_rules_new(&settings, &rules, &diag), TP_OK);
	tp_cac_use(cac, &rules);
	held = tp_cac_rules(cac);
	assert_false(is_good(cac, leaf, NULL));
	/* Behind the back of the verdicts the issuer becomes trusted. */
	held->anchors = sk_X509_new_null();
	assert_true(sk_X509_push(held->anchors, X509_dup(issuer)) > 0);
	assert_false(is_good(cac, leaf, NULL));
	/* A connection that sends more beside it is looked at for itself, */
	assert_true(sk_X509_push(others, issuer) > 0);
	assert_true(is_good(cac, leaf, others));
	assert_false(is_good(cac, leaf, NULL));
	/* and news of revocation or of the settings makes all verdicts anew. */
	tp_cac_forget(cac);
	assert_true(is_good(cac, leaf, NULL));
	tp_cac_rules_unref(&held);
	tp_cac_free(&cac);
	sk_X509_pop_free(others, X509_free);
	X509_free(leaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_bad_verdict_is_kept_until_something_changes) };

	return cmocka_run_group_tests(tests, make_pki, remove_pki);
}
