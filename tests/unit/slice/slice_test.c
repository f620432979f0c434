/* The way of a slice: written with sealed secrets, unsealed, read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/slice_seal.h"
#include "model/slice_write.h"
#include "os/memfd.h"

enum { SIP = 2 };

static void write_sip(struct tp_wr *wr, const void *m)
{
	tp_cfg_sip_write(wr, m);
}

static int make(uint64_t revision)
{
	struct tp_cfg_account accounts[2] = { { .name = "alice" }, { .name = "bob" } };
	struct tp_cfg_sip sip = { .accounts = accounts, .accounts_count = 2, .host_name = "edge" };
	struct tp_slice_writer *w;
	int fd = -1;

	assert_int_equal(tp_slice_writer_new(SIP, revision, &w), TP_OK);
	assert_int_equal(tp_slice_writer_secret(w, "account/alice/password",
						TP_SPAN("$tp1$alice-sealed"),
						&accounts[0].password_secret), TP_OK);
	assert_int_equal(tp_slice_writer_secret(w, "account/bob/password",
						TP_SPAN("$tp1$bob-sealed"),
						&accounts[1].password_secret), TP_OK);
	assert_int_equal(tp_slice_writer_secret(w, "account/alice/password",
						TP_SPAN("$tp1$alice-sealed"), &sip.identities[0].key_secret), TP_OK);
	assert_int_equal(sip.identities[0].key_secret, 1);
	assert_int_equal(accounts[1].password_secret, 2);
	assert_int_equal(tp_slice_writer_finish(w, write_sip, &sip, &fd), TP_OK);
	tp_slice_writer_free(&w);
	return fd;
}

static enum tp_err opener(void *arg, uint8_t process, const char *name, struct tp_span sealed,
			  struct tp_secret *clear)
{
	assert_int_equal(process, SIP);
	assert_true(sealed.len > 5 && memcmp(sealed.p, "$tp1$", 5) == 0);
	if (arg && strstr(name, arg))
		return TP_DENIED;
	return tp_secret_set(clear, sealed.p + 5, sealed.len - 5);
}

static void secrets_come_out_where_the_record_says(void **state)
{
	struct tp_diag diag;
	struct tp_slice *slice = NULL;
	struct tp_cfg_sip sip;
	const struct tp_secret *secret;
	void *bytes;
	size_t len;
	int sealed = make(7);
	int clear;

	(void)state;
	assert_int_equal(tp_memfd_read(sealed, TP_SLICE_MAX, &bytes, &len), TP_OK);
	assert_int_equal(tp_slice_unseal(bytes, len, SIP, 7, opener, NULL, &clear, &diag), TP_OK);
	assert_true(tp_memfd_is_sealed(clear));
	assert_int_equal(tp_slice_open(clear, &slice, &diag), TP_OK);
	assert_int_equal(slice->process, SIP);
	assert_int_equal(slice->revision, 7);
	assert_int_equal(tp_cfg_sip_read(&slice->body, &sip), TP_OK);
	assert_int_equal(tp_rd_finish(&slice->body), TP_OK);
	assert_int_equal(sip.accounts_count, 2);
	secret = tp_slice_secret(slice, sip.accounts[1].password_secret);
	assert_non_null(secret);
	assert_string_equal((const char *)secret->bytes, "bob-sealed");
	assert_null(tp_slice_secret(slice, 0));
	assert_null(tp_slice_secret(slice, 3));
	tp_cfg_sip_fini(&sip);
	tp_slice_close(&slice);
	free(bytes);
	close(sealed);
	close(clear);
}

static void refused_secret_is_named(void **state)
{
	struct tp_diag diag;
	void *bytes;
	size_t len;
	int fd = make(7);
	int clear = -1;

	(void)state;
	assert_int_equal(tp_memfd_read(fd, TP_SLICE_MAX, &bytes, &len), TP_OK);
	assert_int_equal(tp_slice_unseal(bytes, len, SIP, 7, opener, (void *)"bob", &clear, &diag),
			 TP_DENIED);
	assert_string_equal(diag.where, "account/bob/password");
	assert_int_equal(clear, -1);
	free(bytes);
	close(fd);
}

static void every_cut_and_wrong_head_is_refused(void **state)
{
	uint8_t *bytes;
	size_t len;
	int fd = make(7);

	(void)state;
	assert_int_equal(tp_memfd_read(fd, TP_SLICE_MAX, (void **)&bytes, &len), TP_OK);
	assert_int_equal(tp_slice_check(bytes, len, SIP, 7, NULL), TP_OK);
	assert_int_not_equal(tp_slice_check(bytes, len, SIP, 8, NULL), TP_OK);
	assert_int_not_equal(tp_slice_check(bytes, len, 3, 7, NULL), TP_OK);
	for (size_t n = 0; n < len; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		struct tp_slice *slice = NULL;
		int cut;

		memcpy(copy, bytes, n);
		assert_int_not_equal(tp_slice_check(copy, n, SIP, 7, NULL), TP_OK);
		assert_int_equal(tp_memfd_sealed("cut", copy, n, &cut), TP_OK);
		assert_int_not_equal(tp_slice_open(cut, &slice, NULL), TP_OK);
		assert_null(slice);
		close(cut);
		free(copy);
	}
	free(bytes);
	close(fd);
}

static void expect_other_version(uint8_t *bytes, size_t len)
{
	struct tp_slice *slice = NULL;
	struct tp_diag diag;
	int fd = -1;

	assert_int_equal(tp_slice_check(bytes, len, SIP, 7, &diag), TP_UNSUPPORTED);
	assert_non_null(strstr(diag.text, "made by another version"));
	assert_int_equal(tp_slice_unseal(bytes, len, SIP, 7, opener, NULL, &fd, NULL),
			 TP_UNSUPPORTED);
	assert_int_equal(fd, -1);
	assert_int_equal(tp_memfd_sealed("other", bytes, len, &fd), TP_OK);
	assert_int_equal(tp_slice_open(fd, &slice, &diag), TP_UNSUPPORTED);
	assert_non_null(strstr(diag.text, "made by another version"));
	assert_null(slice);
	close(fd);
}

static void slice_of_another_version_is_told_apart(void **state)
{
	enum { FORM_AT = 4, FORM = 8 };
	uint8_t *bytes;
	size_t len;
	int fd = make(7);

	(void)state;
	assert_int_equal(tp_memfd_read(fd, TP_SLICE_MAX, (void **)&bytes, &len), TP_OK);
	assert_int_equal(tp_load_be64(bytes + FORM_AT), tp_slice_form());
	for (size_t i = FORM_AT; i < FORM_AT + FORM; i++) {
		bytes[i] ^= 1;
		expect_other_version(bytes, len);
		bytes[i] ^= 1;
	}
	assert_int_equal(tp_slice_check(bytes, len, SIP, 7, NULL), TP_OK);
	bytes[3] = '1'; /* from before there was a form */
	expect_other_version(bytes, len);
	bytes[0] = 'X';
	assert_int_equal(tp_slice_check(bytes, len, SIP, 7, NULL), TP_FORMAT);
	free(bytes);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_come_out_where_the_record_says),
		cmocka_unit_test(refused_secret_is_named),
		cmocka_unit_test(every_cut_and_wrong_head_is_refused),
		cmocka_unit_test(slice_of_another_version_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
