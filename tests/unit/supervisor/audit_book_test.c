/* supervisor/audit_book: no second head for a number, heads that outlive a restart, checkpoints
 * at own heads only, damaged files. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "supervisor/audit_book.h"

struct fixture {
	char dir[64];
	int dir_fd;
	struct tp_secret root;
	struct tp_seal seal;
	struct tp_audit_book book;
};

static void open_book(struct fixture *f)
{
	struct tp_diag diag = { 0 };

	assert_int_equal(tp_audit_book_open(f->dir_fd, &f->root, &f->seal, &f->book, &diag), TP_OK);
}

static int set_up(void **state)
{
	static const uint8_t root[32] = { 7, 7, 7 };
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/turnpike-book-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(tp_secret_set(&f->root, root, sizeof(root)), TP_OK);
	assert_int_equal(tp_seal_open(&f->seal, &f->root), TP_OK);
	open_book(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tp_audit_book_close(&f->book);
	tp_seal_close(&f->seal);
	tp_secret_fini(&f->root);
	unlinkat(f->dir_fd, "audit/head", 0);
	unlinkat(f->dir_fd, "audit/key.sealed", 0);
	unlinkat(f->dir_fd, "audit", AT_REMOVEDIR);
	close(f->dir_fd);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static const uint8_t one[TP_AUDIT_HASH] = { 1 };
static const uint8_t two[TP_AUDIT_HASH] = { 2 };

static void a_number_gets_one_head(void **state)
{
	struct fixture *f = *state;
	struct tp_audit_head a, b, c;

	assert_int_equal(tp_audit_book_seal(&f->book, 5, one, 1000, &a), TP_OK);
	assert_int_equal(a.counter, 1);
	assert_int_equal(a.sequence, 5);
	assert_true(tp_audit_book_made(&f->book, &a));
	assert_true(tp_audit_head_is_signed(f->book.public_key, &a));
	/* The same again is the same again, byte for byte; another is refused. */
	assert_int_equal(tp_audit_book_seal(&f->book, 5, one, 2000, &b), TP_OK);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(tp_audit_book_seal(&f->book, 5, two, 2000, &b), TP_DENIED);
	assert_int_equal(tp_audit_book_seal(&f->book, 4, two, 2000, &b), TP_DENIED);
	assert_int_equal(tp_audit_book_seal(&f->book, 6, two, 2000, &c), TP_OK);
	assert_int_equal(c.counter, 2);
	/* Once there is a later one, not even the same. */
	assert_int_equal(tp_audit_book_seal(&f->book, 5, one, 2000, &b), TP_DENIED);
}

static void heads_outlive_a_restart(void **state)
{
	struct fixture *f = *state;
	uint8_t boot[TP_AUDIT_BOOT], public_key[TP_AUDIT_PUBLIC];
	struct tp_audit_head a, b;

	assert_int_equal(tp_audit_book_seal(&f->book, 9, one, 1000, &a), TP_OK);
	memcpy(boot, f->book.boot, sizeof(boot));
	memcpy(public_key, f->book.public_key, sizeof(public_key));
	tp_audit_book_close(&f->book);
	open_book(f);
	assert_false(f->book.damaged);
	assert_memory_equal(f->book.public_key, public_key, sizeof(public_key));
	assert_memory_not_equal(f->book.boot, boot, sizeof(boot));
	assert_memory_equal(&f->book.head, &a, sizeof(a));
	assert_int_equal(tp_audit_book_seal(&f->book, 9, two, 2000, &b), TP_DENIED);
	assert_int_equal(tp_audit_book_seal(&f->book, 9, one, 2000, &b), TP_OK);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void a_changed_head_is_none_of_ours(void **state)
{
	struct fixture *f = *state;
	struct tp_audit_head a, other;

	assert_int_equal(tp_audit_book_seal(&f->book, 3, one, 1000, &a), TP_OK);
	for (size_t field = 0; field < 7; field++) {
		other = a;
		other.kind ^= field == 0;
		other.counter ^= field == 1;
		other.sequence ^= field == 2;
		other.hash[31] ^= field == 3;
		other.boot[0] ^= field == 4;
		other.at_ms ^= field == 5;
		other.signature[0] ^= field == 6;
		assert_false(tp_audit_book_made(&f->book, &other));
		if (field < 6)
			assert_false(tp_audit_head_is_signed(f->book.public_key, &other));
	}
}

static void checkpoints_stand_at_own_heads(void **state)
{
	struct fixture *f = *state;
	struct tp_audit_head a, b, cp, again, forged;

	assert_int_equal(tp_audit_book_seal(&f->book, 10, one, 1000, &a), TP_OK);
	assert_int_equal(tp_audit_book_seal(&f->book, 20, two, 1000, &b), TP_OK);
	forged = a;
	forged.sequence = 15;
	assert_int_equal(tp_audit_book_drop_to(&f->book, &forged, 2000, &cp), TP_AUTH);
	assert_int_equal(tp_audit_book_drop_to(&f->book, &a, 2000, &cp), TP_OK);
	assert_int_equal(cp.kind, TP_AUDIT_CHECKPOINT);
	assert_int_equal(cp.counter, 3);
	assert_memory_equal(cp.hash, one, sizeof(one));
	assert_int_equal(tp_audit_book_drop_to(&f->book, &a, 3000, &again), TP_OK);
	assert_memory_equal(&cp, &again, sizeof(cp));
	/* A checkpoint is no head to drop to, and none goes back. */
	assert_int_equal(tp_audit_book_drop_to(&f->book, &cp, 3000, &again), TP_AUTH);
	assert_int_equal(tp_audit_book_drop_to(&f->book, &b, 3000, &again), TP_OK);
	assert_int_equal(tp_audit_book_drop_to(&f->book, &a, 3000, &again), TP_DENIED);
	tp_audit_book_close(&f->book);
	open_book(f);
	assert_int_equal(f->book.checkpoint.sequence, 20);
	assert_int_equal(f->book.checkpoint.counter, 4);
	assert_int_equal(tp_audit_book_seal(&f->book, 21, one, 1000, &a), TP_OK);
	assert_int_equal(a.counter, 5);
}

/* A counter set back by hand, or a cut file, stops the sealing: no silent start afresh. */
static void a_damaged_file_seals_nothing(void **state)
{
	struct fixture *f = *state;
	struct tp_audit_head a, b;
	char text[1024];
	ssize_t n;
	int fd;

	assert_int_equal(tp_audit_book_seal(&f->book, 3, one, 1000, &a), TP_OK);
	tp_audit_book_close(&f->book);
	fd = openat(f->dir_fd, "audit/head", O_RDWR);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n > 30);
	text[n] = '\0';
	assert_int_equal(strstr(text, "0 1 3 ") - text, 17);
	assert_int_equal(pwrite(fd, "0 1 2 ", 6, 17), 6);
	close(fd);
	open_book(f);
	assert_true(f->book.damaged);
	assert_int_equal(tp_audit_book_seal(&f->book, 3, two, 1000, &b), TP_STATE);
	tp_audit_book_close(&f->book);
	assert_int_equal(unlinkat(f->dir_fd, "audit/head", 0), 0);
	open_book(f);
	assert_true(f->book.damaged);
	assert_int_equal(tp_audit_book_seal(&f->book, 4, two, 1000, &b), TP_STATE);
}

static void what_cannot_be_written_is_not_given_out(void **state)
{
	struct fixture *f = *state;
	struct tp_audit_head a;
	int folder = f->book.folder_fd;

	f->book.folder_fd = -1;
	assert_int_equal(tp_audit_book_seal(&f->book, 3, one, 1000, &a), TP_IO);
	assert_int_equal(f->book.head.counter, 0);
	f->book.folder_fd = folder;
	assert_int_equal(tp_audit_book_seal(&f->book, 3, two, 1000, &a), TP_OK);
	assert_int_equal(a.counter, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_number_gets_one_head),
		TEST(heads_outlive_a_restart),
		TEST(a_changed_head_is_none_of_ours),
		TEST(checkpoints_stand_at_own_heads),
		TEST(a_damaged_file_seals_nothing),
		TEST(what_cannot_be_written_is_not_given_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
