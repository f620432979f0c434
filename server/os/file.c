/* Small files on disk, written so that a power cut leaves the old or the new one.
 * Used by turnpiked. */
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/memfd.h"
#include "os/random.h"

static bool write_synced(int fd, const uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return fsync(fd) == 0;
}

enum tp_err tp_file_write(int dir_fd, const char *name, const void *bytes, size_t len, mode_t mode,
			  struct tp_diag *diag)
{
	char temporary[256];
	int error;
	int fd;

	if (snprintf(temporary, sizeof(temporary), ".%s.%08x", name,
		     (unsigned)tp_random_u64()) >= (int)sizeof(temporary))
		return tp_fail(diag, TP_LIMIT, name, "the file name is too long");
	fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return tp_fail(diag, TP_IO, name, "cannot create: %s", strerror(errno));
	/* fchmod: the mode asked for, whatever the umask is. */
	if (fchmod(fd, mode) < 0 || !write_synced(fd, bytes, len) ||
	    renameat(dir_fd, temporary, dir_fd, name) < 0) {
		error = errno;
		close(fd);
		unlinkat(dir_fd, temporary, 0);
		return tp_fail(diag, TP_IO, name, "cannot write: %s", strerror(error));
	}
	close(fd);
	if (fsync(dir_fd) < 0)
		return tp_fail(diag, TP_IO, name, "cannot sync the folder: %s", strerror(errno));
	return TP_OK;
}

enum tp_err tp_file_read(int dir_fd, const char *name, size_t max, void **bytes, size_t *len)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum tp_err err;

	if (fd < 0)
		return errno == ENOENT ? TP_NOTFOUND : TP_IO;
	err = tp_memfd_read(fd, max, bytes, len);
	close(fd);
	return err;
}

enum tp_err tp_file_remove(int dir_fd, const char *name)
{
	if (unlinkat(dir_fd, name, 0) < 0)
		return errno == ENOENT ? TP_OK : TP_IO;
	return fsync(dir_fd) == 0 ? TP_OK : TP_IO;
}

enum tp_err tp_file_open_dir(int dir_fd, const char *name, mode_t mode, int *out,
			     struct tp_diag *diag)
{
	int fd;

	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return tp_fail(diag, TP_IO, name, "cannot make the folder: %s", strerror(errno));
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return tp_fail(diag, TP_IO, name, "cannot open the folder: %s", strerror(errno));
	*out = fd;
	return TP_OK;
}

/* ----------------------------------------------------------------------- wiping */

enum { WIPE_DEPTH = 8 };

/* Best effort: what may not be written is removed all the same. */
static void overwrite_file(int dir_fd, const char *name)
{
	static const uint8_t zeros[65536];
	int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1) {
		uint64_t left = (uint64_t)st.st_size;

		while (left) {
			ssize_t n = write(fd, zeros, left < sizeof(zeros) ? (size_t)left : sizeof(zeros));

			if (n <= 0)
				break;
			left -= (uint64_t)n;
		}
		(void)fsync(fd);
	}
	close(fd);
}

static enum tp_err wipe_dir(int dir_fd, bool overwrite, unsigned depth);

static enum tp_err wipe(int dir_fd, const char *name, bool overwrite, unsigned depth)
{
	struct stat st;
	enum tp_err err;
	int fd;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? TP_OK : TP_IO;
	if (!S_ISDIR(st.st_mode)) {
		if (overwrite && S_ISREG(st.st_mode))
			overwrite_file(dir_fd, name);
		return unlinkat(dir_fd, name, 0) == 0 ? TP_OK : TP_IO;
	}
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || depth == 0) {
		if (fd >= 0)
			close(fd);
		return TP_IO;
	}
	err = wipe_dir(fd, overwrite, depth - 1);
	close(fd);
	return unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 ? err : TP_IO;
}

static enum tp_err wipe_dir(int dir_fd, bool overwrite, unsigned depth)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	enum tp_err err = TP_OK;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return TP_IO;
	}
	/* cppcheck-suppress readdirCalled ; each process that wipes does so from one thread */
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    wipe(dir_fd, entry->d_name, overwrite, depth) != TP_OK)
			err = TP_IO;
	closedir(dir);
	return fsync(dir_fd) == 0 ? err : TP_IO;
}

enum tp_err tp_file_wipe(int dir_fd, const char *name, bool overwrite)
{
	return wipe(dir_fd, name, overwrite, WIPE_DEPTH);
}

enum tp_err tp_file_wipe_dir(int dir_fd, bool overwrite)
{
	return wipe_dir(dir_fd, overwrite, WIPE_DEPTH);
}
