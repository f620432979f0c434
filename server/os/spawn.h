/* Starting another program with exactly the descriptors, identity and limits it is
 * to have. Used by turnpiked. */
#ifndef TP_OS_SPAWN_H
#define TP_OS_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "core/err.h"

enum { TP_SPAWN_FDS_MAX = 8, TP_SPAWN_LIMITS_MAX = 8 };

struct tp_spawn {
	int program_fd;    /* the executable, opened by whoever could reach it */
	const char *const *argv; /* NULL-terminated */
	/* fds[i] becomes fd 3 + i of the program; 0 is /dev/null, 1 and 2 stay ours, all
	 * others are closed. */
	const int *fds;
	size_t fd_count;
	bool set_ids; /* go to uid and gid, with no further groups and no capabilities */
	uid_t uid;
	gid_t gid;
	bool bind_low_ports; /* with set_ids: keep CAP_NET_BIND_SERVICE, nothing else */
	int nice; /* scheduling priority, e.g. -10; 0 and what is refused: as ours */
	struct {
		int resource; /* RLIMIT_... */
		rlim_t value; /* soft and hard; a raise that is refused leaves the hard limit */
	} limits[TP_SPAWN_LIMITS_MAX];
	size_t limit_count;
	/* glibc keeps no freed blocks for each thread: a program of many threads that are mostly
	 * idle would grow for hours. Not in sanitizer builds, which have their own allocator. */
	bool no_thread_caches;
};

/* The program is killed when the calling thread ends. Its environment is OPENSSL_CONF=/dev/null
 * alone (in sanitizer builds with ASAN_OPTIONS, UBSAN_OPTIONS and LSAN_OPTIONS; else with
 * GLIBC_TUNABLES where no_thread_caches says so). A failure between fork and exec is reported
 * here as TP_IO with the words of the system. */
TP_NODISCARD enum tp_err tp_spawn(const struct tp_spawn *spawn, pid_t *pid, struct tp_diag *diag);

#endif
