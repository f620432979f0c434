/* One question: each server in its turn until one answers. Runs in turnpike-ldap. */
#ifndef TP_LDAP_ASK_H
#define TP_LDAP_ASK_H

#include <ldap.h>

#include "core/err.h"
#include "ipc/messages.h"
#include "wire.h"

enum { TP_LDAP_GROUPS_MAX = 256, TP_LDAP_SEARCHES_MAX = 64, TP_LDAP_DN_MAX = 1023, TP_LDAP_INCOMING_MAX = 1 << 20 };

struct tp_ask {
	const struct tp_msg_ldap_ask *asked;
	struct tp_msg_remote_answered *out;
	struct tp_tls_context *tls; /* NULL: in clear */
	uint64_t until_ms;	    /* of tp_wire_now_ms */
	const char *host;	    /* of the server that is being asked */
	LDAP *ldap;		    /* NULL: not connected */
	struct tp_wire wire;
	char dn[TP_LDAP_DN_MAX + 1]; /* of the user */
};

/* Once, before the sandbox closes. TP_INTERNAL, and what tp_tls_policy_init says. */
TP_NODISCARD enum tp_err tp_ldap_warm_up(void);
/* Always fills *out; end it with tp_msg_remote_answered_fini. */
void tp_ldap_ask(const struct tp_msg_ldap_ask *asked, int trusted_fd, struct tp_msg_remote_answered *out);

/* Notes a step in words; remedy "" where nothing is to be done. */
void tp_ask_note(struct tp_ask *a, const char *name, bool passed, const char *remedy, const char *fmt, ...)
	TP_PRINTF(5, 6);
/* Notes what libldap or the server said to a step that failed, and says what becomes of
 * the question: TP_REMOTE_LATE, TP_REMOTE_UNAVAILABLE. */
enum tp_remote_result tp_ask_failed(struct tp_ask *a, const char *name, const char *what, const char *remedy,
				 int code);

/* server.c. Each says TP_REMOTE_OK or, having noted why not, what becomes of the question. */
enum tp_remote_result tp_ask_connect(struct tp_ask *a, const struct tp_msg_ldap_server *server);
void tp_ask_disconnect(struct tp_ask *a);
/* As the settings say: with DN and password, with neither, or by our certificate. */
enum tp_remote_result tp_ask_bind_service(struct tp_ask *a, bool again);
/* As the user, with the password. */
enum tp_remote_result tp_ask_bind_user(struct tp_ask *a);

/* user.c: the user's entry. */
enum tp_remote_result tp_ask_find_user(struct tp_ask *a);
/* The DN by the form of the settings, without asking. */
enum tp_remote_result tp_ask_form_user(struct tp_ask *a);
/* What the directory calls the user; the typed name where it does not say. */
enum tp_remote_result tp_ask_name_user(struct tp_ask *a);

/* groups.c */
enum tp_remote_result tp_ask_find_groups(struct tp_ask *a);

#endif
