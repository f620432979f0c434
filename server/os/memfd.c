/* Files in memory, passed between processes. Used by every process. */
#include "os/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FROZEN = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL };

static bool write_all(int fd, const uint8_t *p, size_t len)
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
	return true;
}

enum tp_err tp_memfd_sealed(const char *name, const void *bytes, size_t len, int *out)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return TP_IO;
	if (!write_all(fd, bytes, len) || fcntl(fd, F_ADD_SEALS, FROZEN) < 0) {
		close(fd);
		return TP_IO;
	}
	*out = fd;
	return TP_OK;
}

enum tp_err tp_memfd_sized(const char *name, size_t size, int *out)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return TP_IO;
	if (ftruncate(fd, (off_t)size) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
		close(fd);
		return TP_IO;
	}
	*out = fd;
	return TP_OK;
}

bool tp_memfd_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)) ==
				     (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
}

static enum tp_err regular_size(int fd, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return TP_IO;
	if (!S_ISREG(st.st_mode))
		return TP_FORMAT;
	*size = (size_t)st.st_size;
	return TP_OK;
}

enum tp_err tp_memfd_read(int fd, size_t max, void **bytes, size_t *len)
{
	size_t size;
	size_t done = 0;
	uint8_t *p;
	enum tp_err err = regular_size(fd, &size);

	if (err != TP_OK)
		return err;
	if (size > max)
		return TP_LIMIT;
	p = malloc(size + 1);
	if (!p)
		return TP_NOMEM;
	while (done < size) {
		ssize_t n = pread(fd, p + done, size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(p);
			return TP_IO;
		}
		done += (size_t)n;
	}
	p[size] = 0;
	*bytes = p;
	*len = size;
	return TP_OK;
}

enum tp_err tp_memfd_map(int fd, bool writable, void **address, size_t *len)
{
	size_t size;
	void *p;
	enum tp_err err = regular_size(fd, &size);

	if (err != TP_OK)
		return err;
	if (!size)
		return TP_FORMAT;
	p = mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ,
		 writable ? MAP_SHARED : MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return TP_IO;
	*address = p;
	*len = size;
	return TP_OK;
}
