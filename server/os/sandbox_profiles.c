/* What each process may do once it is confined. Used by every child. */
#include <seccomp.h>

#include "os/sandbox.h"

/* Whether the clock is synchronised. It cannot be set without CAP_SYS_TIME. */
static const int admin_calls[] = { SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime) };

/* OpenSSL and SQLite look at limits and identities only; nothing further is needed. */
const struct tp_sandbox_profile tp_sandbox_profile_admin = {
	.name = "admin",
	.inet_tcp = true,
	.unix_accept = true,
	.netlink = true,
	.threads = true,
	.files_read = true,
	.files_write = true,
	.extra = admin_calls,
	.extra_count = sizeof(admin_calls) / sizeof(admin_calls[0]),
};

const struct tp_sandbox_profile tp_sandbox_profile_sip = {
	.name = "sip",
	.inet_udp = true,
	.inet_tcp = true,
	.netlink = true,
	.threads = true,
	.files_read = true,
};

const struct tp_sandbox_profile tp_sandbox_profile_media = {
	.name = "media",
	.inet_udp = true,
	.threads = true,
};

const struct tp_sandbox_profile tp_sandbox_profile_keys = {
	.name = "keys",
};

const struct tp_sandbox_profile tp_sandbox_profile_hash = {
	.name = "hash",
};

/* What PAM modules are known to do beside reading files. */
static const int pam_calls[] = {
	SCMP_SYS(umask),     SCMP_SYS(fchown),	  SCMP_SYS(getgroups), SCMP_SYS(getresuid),
	SCMP_SYS(getresgid), SCMP_SYS(getpgrp),	  SCMP_SYS(getsid),    SCMP_SYS(socketpair),
	SCMP_SYS(alarm),     SCMP_SYS(setitimer), SCMP_SYS(setfsuid),  SCMP_SYS(setfsgid),
};

const struct tp_sandbox_profile tp_sandbox_profile_pam = {
	.name = "pam",
	.inet_udp = true,
	.inet_tcp = true,
	.threads = true,
	.files_read = true,
	.files_write = true,
	.modules = true,
	.extra = pam_calls,
	.extra_count = sizeof(pam_calls) / sizeof(pam_calls[0]),
};

const struct tp_sandbox_profile tp_sandbox_profile_validate = {
	.name = "validate",
	.files_read = true,
};

static const int crl_calls[] = { SCMP_SYS(fsync) };

const struct tp_sandbox_profile tp_sandbox_profile_crl = {
	.name = "crl",
	.extra = crl_calls,
	.extra_count = 1,
};

/* libcurl resolves names on a thread of its own. */
static const int fetch_calls[] = { SCMP_SYS(socketpair) };

const struct tp_sandbox_profile tp_sandbox_profile_fetch = {
	.name = "fetch",
	.inet_udp = true,
	.inet_tcp = true,
	.netlink = true,
	.threads = true,
	.files_read = true,
	.extra = fetch_calls,
	.extra_count = 1,
};

/* netlink: names are looked up. */
const struct tp_sandbox_profile tp_sandbox_profile_ldap = {
	.name = "ldap",
	.inet_udp = true,
	.inet_tcp = true,
	.netlink = true,
	.files_read = true,
};

const struct tp_sandbox_profile tp_sandbox_profile_acme = {
	.name = "acme",
	.inet_udp = true,
	.inet_tcp = true,
	.programs = true,
};
