/* Unit tests of wiping files and folders. */
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

#include "os/file.h"

struct world {
	char path[64];
	int fd;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	snprintf(w->path, sizeof(w->path), "/tmp/turnpike-unit-XXXXXX");
	assert_non_null(mkdtemp(w->path));
	w->fd = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->fd >= 0);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	assert_int_equal(tp_file_wipe_dir(w->fd, false), TP_OK);
	close(w->fd);
	assert_int_equal(rmdir(w->path), 0);
	free(w);
	return 0;
}

static void put(int dir_fd, const char *name)
{
	static const char text[] = "a secret";

	assert_int_equal(tp_file_write(dir_fd, name, text, sizeof(text) - 1, 0600, NULL), TP_OK);
}

static bool is_there(const struct world *w, const char *name)
{
	return faccessat(w->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Whoever still has it open reads zeros. */
static void a_file_is_overwritten_and_removed(void **state)
{
	struct world *w = *state;
	char read_back[16] = "";
	int fd;

	put(w->fd, "file");
	fd = openat(w->fd, "file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(tp_file_wipe(w->fd, "file", true), TP_OK);
	assert_false(is_there(w, "file"));
	assert_int_equal(pread(fd, read_back, sizeof(read_back), 0), 8);
	assert_memory_equal(read_back, "\0\0\0\0\0\0\0\0", 8);
	close(fd);
	assert_int_equal(tp_file_wipe(w->fd, "file", true), TP_OK);
}

static void what_has_another_name_is_not_overwritten(void **state)
{
	struct world *w = *state;
	void *bytes;
	size_t len;

	put(w->fd, "file");
	assert_int_equal(linkat(w->fd, "file", w->fd, "other", 0), 0);
	assert_int_equal(tp_file_wipe(w->fd, "file", true), TP_OK);
	assert_int_equal(tp_file_read(w->fd, "other", 100, &bytes, &len), TP_OK);
	assert_memory_equal(bytes, "a secret", 8);
	free(bytes);
}

static void a_folder_is_emptied_to_its_ground(void **state)
{
	struct world *w = *state;
	struct world other;
	int inner;

	snprintf(other.path, sizeof(other.path), "/tmp/turnpike-unit-XXXXXX");
	assert_non_null(mkdtemp(other.path));
	other.fd = open(other.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(other.fd, "stays");
	put(w->fd, "file");
	assert_int_equal(mkdirat(w->fd, "inner", 0700), 0);
	inner = openat(w->fd, "inner", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(inner, "deeper");
	assert_int_equal(symlinkat(other.path, inner, "link"), 0);
	assert_int_equal(mkfifoat(inner, "pipe", 0600), 0);
	close(inner);
	assert_int_equal(tp_file_wipe_dir(w->fd, true), TP_OK);
	assert_false(is_there(w, "file"));
	assert_false(is_there(w, "inner"));
	assert_int_equal(faccessat(other.fd, "stays", F_OK, 0), 0);
	assert_int_equal(tp_file_wipe_dir(other.fd, false), TP_OK);
	close(other.fd);
	assert_int_equal(rmdir(other.path), 0);
}

/* Nobody makes so many of them; what is left is said. */
static void folders_in_folders_have_an_end(void **state)
{
	struct world *w = *state;
	char path[128] = "f";

	assert_int_equal(mkdirat(w->fd, path, 0700), 0);
	for (unsigned i = 0; i < 12; i++) {
		strcat(path, "/f");
		assert_int_equal(mkdirat(w->fd, path, 0700), 0);
	}
	put(w->fd, "file");
	assert_int_equal(tp_file_wipe_dir(w->fd, true), TP_IO);
	assert_false(is_there(w, "file"));
	while (path[0] && unlinkat(w->fd, path, AT_REMOVEDIR) == 0)
		path[strlen(path) > 1 ? strlen(path) - 2 : 0] = '\0';
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_file_is_overwritten_and_removed),
		T(what_has_another_name_is_not_overwritten),
		T(a_folder_is_emptied_to_its_ground),
		T(folders_in_folders_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
