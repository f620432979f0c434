/* A folder for one test, as the state folder of an appliance is for its database. */
#ifndef TP_TESTS_ADMIN_FOLDER_H
#define TP_TESTS_ADMIN_FOLDER_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct folder {
	char path[64];
	int fd;
};

static inline void folder_make(struct folder *f)
{
	snprintf(f->path, sizeof(f->path), "/tmp/turnpike-unit-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->fd >= 0);
}

/* There are no folders in it. */
static inline void folder_empty(const struct folder *f)
{
	DIR *dir = opendir(f->path);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			assert_int_equal(unlinkat(f->fd, entry->d_name, 0), 0);
	closedir(dir);
}

static inline void folder_remove(struct folder *f)
{
	folder_empty(f);
	close(f->fd);
	assert_int_equal(rmdir(f->path), 0);
}

#endif
