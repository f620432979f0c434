/* Confinement of a process: no new privileges, a seccomp allow-list (anything else
 * kills the process) and Landlock rules on folders. Used by every child; entered
 * once, after start-up work, before the first byte from outside is read. */
#ifndef TP_OS_SANDBOX_H
#define TP_OS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* What a process may do beyond the base list (memory, threads' locks, clocks, reading
 * and writing of fds it has, epoll, signals to itself, exit). */
struct tp_sandbox_profile {
	const char *name;
	bool inet_udp;     /* make UDP sockets */
	bool inet_tcp;     /* make, listen on, accept and connect TCP sockets */
	bool netlink;      /* NETLINK_ROUTE sockets (getifaddrs) */
	bool unix_accept;  /* accept on a unix socket it was given */
	bool threads;      /* make threads after entering */
	bool files_read;   /* open files; Landlock bounds where */
	bool files_write;  /* create, write, rename, lock, unlink; Landlock bounds where */
	bool programs;     /* run programs: no list of calls can be told, turnpiked's filter holds on */
	bool modules;      /* load libraries, ask daemons on this machine */
	const int *extra;  /* further system call numbers (SCMP_SYS), extra_count of them */
	size_t extra_count;
};

/* A folder or file that stays reachable, by an fd opened before (O_PATH is enough). */
struct tp_sandbox_tree {
	int fd;
	bool write;
	bool run; /* read, and run as a program */
};

/* Ready-made profiles, os/sandbox_profiles.c. */
extern const struct tp_sandbox_profile tp_sandbox_profile_admin;    /* TCP, unix accept, threads, files */
extern const struct tp_sandbox_profile tp_sandbox_profile_sip;      /* UDP, TCP, threads, files read */
extern const struct tp_sandbox_profile tp_sandbox_profile_media;    /* UDP, threads; no files */
extern const struct tp_sandbox_profile tp_sandbox_profile_keys;     /* base only */
extern const struct tp_sandbox_profile tp_sandbox_profile_hash;     /* base only */
extern const struct tp_sandbox_profile tp_sandbox_profile_pam;      /* modules, UDP, TCP, files */
extern const struct tp_sandbox_profile tp_sandbox_profile_ldap;     /* UDP, TCP, files read */
extern const struct tp_sandbox_profile tp_sandbox_profile_validate; /* base and reading of files */
extern const struct tp_sandbox_profile tp_sandbox_profile_crl;   /* base and fsync */
extern const struct tp_sandbox_profile tp_sandbox_profile_fetch; /* UDP, TCP, threads, files read */
extern const struct tp_sandbox_profile tp_sandbox_profile_acme;  /* TCP, programs */

enum { TP_SANDBOX_TREES_MAX = 16 };

/* Every path outside `trees` becomes unreachable (EACCES), also for profiles that may
 * not open files at all. Where the kernel has no Landlock, the profile's system call
 * list still holds and a line is logged. TP_IO, TP_LIMIT. */
TP_NODISCARD enum tp_err tp_sandbox_enter(const struct tp_sandbox_profile *profile,
					  const struct tp_sandbox_tree *trees, size_t tree_count,
					  struct tp_diag *diag);
/* The same where nothing is to be read but the files that say how names are looked up. */
TP_NODISCARD enum tp_err tp_sandbox_enter_looking_up(const struct tp_sandbox_profile *profile,
						     struct tp_diag *diag);

#endif
