/* Sealing of secrets, the first-login secret, the decision file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/slice_write.h"
#include "os/file.h"
#include "os/memfd.h"
#include "supervisor/decision.h"
#include "supervisor/first_login.h"
#include "supervisor/root_key.h"
#include "supervisor/seal.h"

struct world {
	char folder[64];
	int fd;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->folder, "/tmp/tp-seal-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->fd = open(w->folder, O_RDONLY | O_DIRECTORY);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	close(w->fd);
	snprintf(command, sizeof(command), "rm -r %s", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void open_seal(struct tp_seal *seal, const char *root)
{
	struct tp_secret key = { 0 };

	assert_int_equal(tp_secret_set(&key, root, 32), TP_OK);
	assert_int_equal(tp_seal_open(seal, &key), TP_OK);
	tp_secret_fini(&key);
}

static const char root_a[] = "0123456789abcdef0123456789abcdef";
static const char root_b[] = "0123456789abcdef0123456789abcdeF";

static void what_is_sealed_opens_under_its_name_only(void **state)
{
	struct tp_seal a = { 0 };
	struct tp_seal b = { 0 };
	struct tp_secret clear = { 0 };
	char text[TP_SEAL_TEXT(9)];
	char again[TP_SEAL_TEXT(9)];
	struct tp_span span;

	(void)state;
	open_seal(&a, root_a);
	open_seal(&b, root_b);
	assert_int_equal(tp_seal_secret(&a, "zone/x/password", "s3cret\0\xff!", 9, text,
					sizeof(text)), TP_OK);
	span = tp_span_of(text);
	assert_int_equal(span.len, sizeof(text) - 1);
	assert_memory_equal(text, "$tp1$", 5);
	assert_int_equal(tp_seal_unseal(&a, "zone/x/password", span, &clear), TP_OK);
	assert_int_equal(clear.len, 9);
	assert_memory_equal(clear.bytes, "s3cret\0\xff!", 9);
	assert_int_equal(tp_seal_unseal(&a, "zone/y/password", span, &clear), TP_AUTH);
	assert_int_equal(tp_seal_unseal(&b, "zone/x/password", span, &clear), TP_AUTH);
	assert_int_equal(tp_seal_secret(&a, "zone/x/password", "s3cret\0\xff!", 9, again,
					sizeof(again)), TP_OK);
	assert_string_not_equal(text, again);
	assert_int_equal(tp_seal_secret(&a, "n", "123456789", 9, text, sizeof(text) - 1), TP_LIMIT);
	tp_secret_fini(&clear);
	tp_seal_close(&a);
	tp_seal_close(&b);
}

static void every_changed_byte_is_noticed(void **state)
{
	struct tp_seal seal = { 0 };
	struct tp_secret clear = { 0 };
	char text[TP_SEAL_TEXT(4)];

	(void)state;
	open_seal(&seal, root_a);
	assert_int_equal(tp_seal_secret(&seal, "n", "abcd", 4, text, sizeof(text)), TP_OK);
	for (size_t i = 0; i < strlen(text); i++) {
		char kept = text[i];

		text[i] = kept == 'A' ? 'B' : 'A';
		assert_int_not_equal(tp_seal_unseal(&seal, "n", tp_span_of(text), &clear), TP_OK);
		text[i] = kept;
	}
	for (size_t n = 0; n < strlen(text); n++)
		assert_int_not_equal(tp_seal_unseal(&seal, "n", (struct tp_span){ text, n }, &clear),
				     TP_OK);
	assert_int_equal(tp_seal_unseal(&seal, "n", tp_span_of(text), &clear), TP_OK);
	tp_secret_fini(&clear);
	tp_seal_close(&seal);
}

/* After a factory reset: the same root key, and nothing that opens. */
static void a_later_generation_opens_nothing_of_before(void **state)
{
	const uint8_t first[] = "generation 1", second[] = "generation 2";
	struct tp_seal before = { 0 }, none = { 0 }, after = { 0 };
	struct tp_secret key = { 0 }, clear = { 0 };
	uint8_t device[2][32];
	char text[TP_SEAL_TEXT(6)];

	(void)state;
	assert_int_equal(tp_secret_set(&key, root_a, 32), TP_OK);
	open_seal(&before, root_a);
	assert_int_equal(tp_seal_open_generation(&none, &key, NULL, 0), TP_OK);
	assert_int_equal(tp_seal_secret(&before, "zone/x/password", "secret", 6, text, sizeof(text)), TP_OK);
	assert_int_equal(tp_seal_unseal(&none, "zone/x/password", tp_span_of(text), &clear), TP_OK);
	assert_int_equal(tp_seal_open_generation(&after, &key, first, sizeof(first)), TP_OK);
	assert_int_equal(tp_seal_unseal(&after, "zone/x/password", tp_span_of(text), &clear), TP_AUTH);
	assert_int_equal(tp_seal_secret(&after, "zone/x/password", "secret", 6, text, sizeof(text)), TP_OK);
	assert_int_equal(tp_seal_derive(&before, "cookies", device[0]), TP_OK);
	assert_int_equal(tp_seal_derive(&after, "cookies", device[1]), TP_OK);
	assert_memory_not_equal(device[0], device[1], 32);
	assert_int_equal(tp_seal_open_generation(&after, &key, second, sizeof(second)), TP_OK);
	assert_int_equal(tp_seal_unseal(&after, "zone/x/password", tp_span_of(text), &clear), TP_AUTH);
	assert_int_equal(tp_seal_open_generation(&after, &key, first, sizeof(first)), TP_OK);
	assert_int_equal(tp_seal_unseal(&after, "zone/x/password", tp_span_of(text), &clear), TP_OK);
	tp_seal_close(&before);
	tp_seal_close(&none);
	tp_seal_close(&after);
	tp_secret_fini(&clear);
	tp_secret_fini(&key);
}

static void names_restrict_recipients(void **state)
{
	enum { ADMIN = 1, SIP = 2, MEDIA = 3 };

	(void)state;
	assert_true(tp_seal_may_receive(SIP, "zone/a/password"));
	assert_true(tp_seal_may_receive(SIP, "account/a/password"));
	assert_true(tp_seal_may_receive(SIP, "identity/server/key"));
	assert_true(tp_seal_may_receive(ADMIN, "identity/server/key"));
	assert_false(tp_seal_may_receive(ADMIN, "zone/a/password"));
	assert_false(tp_seal_may_receive(ADMIN, "account/a/password"));
	assert_true(tp_seal_may_receive(SIP, "client-identity/to-pbx/key"));
	assert_false(tp_seal_may_receive(ADMIN, "client-identity/to-pbx/key"));
	assert_true(tp_seal_may_make("client-identity/to-pbx/key"));
	assert_false(tp_seal_may_receive(MEDIA, "identity/server/key"));
	assert_false(tp_seal_may_receive(SIP, "identity/ca/key"));
	assert_false(tp_seal_may_receive(SIP, "identity/server/key2"));
	assert_true(tp_seal_may_receive(ADMIN, "identity/web-server/key"));
	assert_false(tp_seal_may_receive(SIP, "identity/web-server/key"));
	assert_true(tp_seal_may_receive(SIP, "identity/traversal-client/key"));
	assert_false(tp_seal_may_receive(ADMIN, "identity/traversal-client/key"));
	assert_false(tp_seal_may_receive(MEDIA, "identity/sip-server/key"));
	assert_false(tp_seal_may_make("identity/other/key"));
	assert_true(tp_seal_may_make("identity/sip-client/key"));
	assert_false(tp_seal_may_make("identity/ca/key"));
	assert_false(tp_seal_may_make(""));
}

static void root_key_is_made_once(void **state)
{
	const struct world *w = *state;
	struct tp_secret first = { 0 };
	struct tp_secret second = { 0 };
	struct stat st;

	assert_false(tp_root_key_exists(w->fd));
	assert_int_equal(tp_root_key_load(w->fd, &first, NULL), TP_OK);
	assert_true(tp_root_key_exists(w->fd));
	assert_int_equal(tp_root_key_load(w->fd, &second, NULL), TP_OK);
	assert_int_equal(first.len, 32);
	assert_memory_equal(first.bytes, second.bytes, 32);
	assert_int_equal(fstatat(w->fd, "root.key", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(tp_file_write(w->fd, "root.key", "short", 5, 0600, NULL), TP_OK);
	assert_int_equal(tp_root_key_load(w->fd, &second, NULL), TP_FORMAT);
	tp_secret_fini(&first);
	tp_secret_fini(&second);
}

/* As admin checks what a person types. */
static void first_login_hash_is_of_the_letters(void **state)
{
	const struct world *w = *state;
	struct tp_first_login f;
	uint8_t hash[32];
	char letters[64];
	size_t n = 0;
	void *bytes;
	size_t len;

	assert_int_equal(tp_first_login_load(w->fd, &f, NULL), TP_OK);
	assert_false(f.open);
	assert_int_equal(tp_first_login_make(w->fd, NULL), TP_OK);
	assert_int_equal(tp_first_login_load(w->fd, &f, NULL), TP_OK);
	assert_true(f.open);
	assert_int_equal(tp_file_read(w->fd, "first-login", 100, &bytes, &len), TP_OK);
	assert_int_equal(len, 30);
	for (size_t i = 0; i < len; i++)
		if (((char *)bytes)[i] != '-' && ((char *)bytes)[i] != '\n')
			letters[n++] = ((char *)bytes)[i];
	free(bytes);
	assert_int_equal(n, 24);
	assert_int_equal(EVP_PBE_scrypt(letters, n, f.hash.salt, f.hash.salt_len,
					1u << f.hash.log2_n, f.hash.r, f.hash.p, 64 << 20, hash, 32),
			 1);
	assert_memory_equal(hash, f.hash.hash, 32);
	assert_int_equal(tp_first_login_end(w->fd, &f), TP_OK);
	assert_int_equal(tp_first_login_load(w->fd, &f, NULL), TP_OK);
	assert_false(f.open);
}

static void decision_comes_back(void **state)
{
	const struct world *w = *state;
	struct tp_decision d = { .running = { 7, { 1, 2 } },
				 .last_good = { 5, { 0xff } },
				 .trial_until_s = 1790000000 };
	struct tp_decision read = { .trial_until_s = 9 };
	void *bytes;
	size_t len;

	assert_int_equal(tp_decision_read(w->fd, &read, NULL), TP_OK);
	assert_int_equal(read.running.number, 0);
	assert_int_equal(read.trial_until_s, 0);
	assert_int_equal(tp_decision_write(w->fd, &d, NULL), TP_OK);
	assert_int_equal(tp_decision_read(w->fd, &read, NULL), TP_OK);
	assert_memory_equal(&read, &d, sizeof(d));
	/* A damaged one is not taken for a first start. */
	assert_int_equal(tp_file_read(w->fd, "decision", 4096, &bytes, &len), TP_OK);
	for (size_t n = 0; n + 1 < len; n += 7) {
		assert_int_equal(tp_file_write(w->fd, "decision", bytes, n, 0600, NULL), TP_OK);
		assert_int_equal(tp_decision_read(w->fd, &read, NULL), TP_FORMAT);
	}
	free(bytes);
}

static void write_nothing(struct tp_wr *wr, const void *record)
{
	(void)wr;
	(void)record;
}

static void fill_revision(struct tp_revision *r, uint64_t number)
{
	r->number = number;
	r->json = strdup("{\"a\":1}");
	r->json_len = strlen(r->json);
	assert_int_equal(tp_sha256(r->json, r->json_len, r->sha256), TP_OK);
	for (uint8_t i = 0; i < TP_SLICES; i++) {
		struct tp_slice_writer *w;
		int fd;

		assert_int_equal(tp_slice_writer_new(i + 1, number, &w), TP_OK);
		assert_int_equal(tp_slice_writer_finish(w, write_nothing, NULL, &fd), TP_OK);
		assert_int_equal(tp_memfd_read(fd, 4096, &r->slices[i], &r->slice_lens[i]), TP_OK);
		tp_slice_writer_free(&w);
		close(fd);
	}
}

static void revisions_are_kept_and_swept(void **state)
{
	const struct world *w = *state;
	struct tp_decision d = { 0 };
	struct tp_revision r = { 0 };
	struct tp_revision read = { 0 };

	for (uint64_t n = 1; n <= 3; n++) {
		fill_revision(&r, n);
		assert_int_equal(tp_revision_store(w->fd, &r, NULL), TP_OK);
		d.running.number = n;
		memcpy(d.running.sha256, r.sha256, sizeof(r.sha256));
		tp_revision_fini(&r);
	}
	d.last_good.number = 1;
	assert_int_equal(tp_file_write(w->fd, ".3.json.leftover", "x", 1, 0600, NULL), TP_OK);
	tp_revision_sweep(w->fd, &d);
	assert_int_equal(faccessat(w->fd, "1.sip", F_OK, 0), 0);
	assert_int_equal(faccessat(w->fd, "3.media", F_OK, 0), 0);
	assert_int_not_equal(faccessat(w->fd, "2.sip", F_OK, 0), 0);
	assert_int_not_equal(faccessat(w->fd, ".3.json.leftover", F_OK, 0), 0);
	assert_int_equal(tp_revision_load(w->fd, &d.running, &read, NULL), TP_OK);
	assert_string_equal(read.json, "{\"a\":1}");
	tp_revision_fini(&read);
	/* Another file under the number of the decision is refused. */
	assert_int_equal(tp_file_write(w->fd, "3.json", "{\"a\":2}", 7, 0600, NULL), TP_OK);
	assert_int_equal(tp_revision_load(w->fd, &d.running, &read, NULL), TP_FORMAT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_is_sealed_opens_under_its_name_only), T(every_changed_byte_is_noticed),
		T(a_later_generation_opens_nothing_of_before), T(names_restrict_recipients), T(root_key_is_made_once),
		T(first_login_hash_is_of_the_letters), T(decision_comes_back),
		T(revisions_are_kept_and_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
