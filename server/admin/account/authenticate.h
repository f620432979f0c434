/* Who may administer, and as what: the one place that asks the sources of accounts, in
 * the order of the table in authenticate.c. For logins, for requests of programs, and
 * for users whom a certificate has identified. Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_ACCOUNT_AUTHENTICATE_H
#define TP_ADMIN_ACCOUNT_AUTHENTICATE_H

#include "admin/account/access.h"
#include "core/err.h"
#include "ipc/messages.h"
#include "model/slice.h"

struct tp_login;

/* turnpike-access:access/login/source. */
enum tp_login_source { TP_LOGIN_LOCAL = 0, TP_LOGIN_REMOTE = 1, TP_LOGIN_BOTH = 2 };

enum { TP_AUTH_GROUPS_MAX = 64, TP_AUTH_STEPS_MAX = 32 };

/* Who asks PAM and the directory for us. Not on the main thread. */
struct tp_auth_helpers {
	enum tp_err (*ldap)(void *arg, const struct tp_msg_ldap_ask *ask, int trusted_fd,
			    struct tp_msg_remote_answered *out);
	enum tp_err (*pam)(void *arg, const struct tp_msg_pam_ask *ask, struct tp_msg_remote_answered *out);
	void *arg;
};

/* Of the configuration in force. */
struct tp_auth_settings {
	enum tp_login_source source;
	bool pam;
	uint8_t pam_time_s;
	bool ldap; /* the rest of it is in struct tp_auth_ldap */
	uint64_t ldap_digest; /* of where and how the directory is searched */
	size_t group_count;
	struct tp_cfg_login_group groups[TP_AUTH_GROUPS_MAX];
};

/* How the directory is asked. */
struct tp_auth_ldap {
	struct tp_msg_ldap_ask form; /* all but the user */
	int trusted_fd;		     /* memfd; -1 before there is a configuration */
	uint64_t failed_ms[4];	     /* when each server of form last gave no answer, steady; 0: it did */
};

/* Settings that are not in force. */
struct tp_auth_draft {
	struct tp_auth_settings settings;
	struct tp_auth_ldap ldap;
};

struct tp_auth_ask {
	const char *user;
	const char *password; /* NULL: it is certain who it is; what may he do? */
	const char *address;  /* of who asks, as text */
	const char *only;     /* name of the one source to ask, whatever the settings say; or NULL */
	const struct tp_auth_draft *draft; /* by these settings; NULL: by those in force */
	bool in_order;        /* servers as configured, whatever is known of them */
	bool urgent;          /* before strangers (account/attempt.c) */
	bool by_api;          /* a program; else the web interface */
};

/* What somebody was let in on; it may be taken away later (account/standing.c). Names are
 * kept as digests. */
struct tp_auth_basis {
	const char *source;   /* of the table in authenticate.c; NULL: none was asked */
	uint64_t ldap_digest; /* as it was; of LDAP alone */
	uint8_t group_count;  /* of remote sources: those of the settings that the user is in */
	uint64_t groups[TP_AUTH_GROUPS_MAX];
};

struct tp_auth_step {
	const char *source;
	char name[32];
	bool passed;
	char text[512];
	char remedy[256]; /* "" where nothing is to be done */
};

/* text and steps are for the log and for administrators, never for who logs in. */
struct tp_auth_verdict {
	const char *source; /* that let the user pass */
	bool remote;        /* there is no account here */
	bool local;         /* an account here has this name, and was asked about */
	struct tp_auth_basis basis;
	char user[128];
	struct tp_rights rights;
	uint64_t previous_login_ms;
	uint32_t failures; /* since then */
	char text[512];
	struct tp_auth_step steps[TP_AUTH_STEPS_MAX];
	size_t step_count;
};

/* TP_OK; TP_AUTH: no; TP_LIMIT: too many at once; TP_IO: a source that might know does
 * not answer. *out is filled in each case. */
TP_NODISCARD enum tp_err tp_authenticate(struct tp_login *login, const struct tp_auth_ask *ask,
					 struct tp_auth_verdict *out);
/* Whether there is a source of this name. */
bool tp_authenticate_knows(const char *source);
/* What members of these groups may do: the level that can do most (read-write, then
 * read-only, then auditor), and each access that any of them gives. False: none is mapped. */
bool tp_authenticate_map(const struct tp_auth_settings *settings, const struct tp_msg_remote_group *groups,
			 size_t count, struct tp_rights *out);
/* Whether a source is asked about logins now. */
bool tp_authenticate_asks(const struct tp_auth_settings *settings, const char *source);
/* Adds the groups of the settings that are among these. */
void tp_auth_basis_add(struct tp_auth_basis *basis, const struct tp_auth_settings *settings,
		       const struct tp_msg_remote_group *groups, size_t count);
/* What those groups give by these settings. False: nothing. */
bool tp_auth_basis_map(const struct tp_auth_basis *basis, const struct tp_auth_settings *settings,
		       struct tp_rights *out);

void tp_auth_settings_set(struct tp_auth_settings *out, const struct tp_cfg_admin *cfg);
/* Replaces what *out holds; it begins as { .trusted_fd = -1 }. TP_LIMIT, TP_IO: it asks
 * nobody. */
TP_NODISCARD enum tp_err tp_auth_ldap_set(struct tp_auth_ldap *out, const struct tp_cfg_ldap *cfg);
void tp_auth_ldap_fini(struct tp_auth_ldap *ldap);
/* Of all that decides which directory is asked, and who its users are. */
uint64_t tp_auth_ldap_digest(const struct tp_auth_ldap *ldap);
/* Puts servers that gave no answer within the last minute behind the others, so that not each
 * login waits for them. */
void tp_auth_ldap_order(const struct tp_auth_ldap *ldap, uint64_t now_ms, struct tp_msg_ldap_ask *m);
/* Remembers which of the servers that were asked gave no answer (failed as in remote_answered),
 * and that the next one did. */
void tp_auth_ldap_learn(struct tp_auth_ldap *ldap, uint64_t now_ms, const struct tp_msg_ldap_ask *m,
			uint8_t failed);

#endif
