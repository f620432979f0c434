/* The system root key. Runs in turnpiked. */
#include "supervisor/root_key.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "os/file.h"
#include "os/random.h"

static const char file[] = "root.key";

bool tp_root_key_exists(int state_fd)
{
	struct stat st;

	return fstatat(state_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum tp_err make(int state_fd, struct tp_diag *diag)
{
	uint8_t fresh[TP_ROOT_KEY_BYTES];
	enum tp_err err;

	tp_random_bytes(fresh, sizeof(fresh));
	err = tp_file_write(state_fd, file, fresh, sizeof(fresh), 0600, diag);
	tp_wipe(fresh, sizeof(fresh));
	return err;
}

enum tp_err tp_root_key_load(int state_fd, struct tp_secret *key, struct tp_diag *diag)
{
	void *bytes = NULL;
	size_t len = 0;
	enum tp_err err = tp_root_key_exists(state_fd) ? TP_OK : make(state_fd, diag);

	if (err != TP_OK)
		return err;
	err = tp_file_read(state_fd, file, TP_ROOT_KEY_BYTES, &bytes, &len);
	if (err == TP_OK && len != TP_ROOT_KEY_BYTES)
		err = TP_FORMAT;
	if (err == TP_OK)
		err = tp_secret_set(key, bytes, len);
	if (bytes)
		tp_wipe(bytes, len);
	free(bytes);
	if (err != TP_OK)
		return tp_fail(diag, err, file, "the root key does not read (%s)", tp_err_name(err));
	(void)mlock(key->bytes, key->len);
	return TP_OK;
}
