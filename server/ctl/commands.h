/* The commands of turnpikectl. Each gives the exit status: 0 done, 1 refused or not
 * valid, 2 wrong use or no connection. */
#ifndef TP_CTL_COMMANDS_H
#define TP_CTL_COMMANDS_H

#include "ctl/api.h"

struct tp_ctl_command {
	const char *name;
	const char *arguments; /* for the usage text */
	const char *help;
	int least;             /* arguments behind the name */
	int most;
	int (*run)(const struct tp_ctl *ctl, int argc, char **argv);
};

/* Ends with a NULL name. */
extern const struct tp_ctl_command tp_ctl_status_commands[];
extern const struct tp_ctl_command tp_ctl_config_commands[];
extern const struct tp_ctl_command tp_ctl_account_commands[];
extern const struct tp_ctl_command tp_ctl_certificate_commands[];
extern const struct tp_ctl_command tp_ctl_crl_commands[];
extern const struct tp_ctl_command tp_ctl_audit_commands[];
extern const struct tp_ctl_command tp_ctl_login_commands[];
extern const struct tp_ctl_command tp_ctl_session_commands[];
extern const struct tp_ctl_command tp_ctl_reset_commands[];

/* `identity` with arguments (identity_commands.c). */
int tp_ctl_identity(const struct tp_ctl *ctl, int argc, char **argv);

/* `show logins` with its argument (session_commands.c). */
int tp_ctl_show_logins(const struct tp_ctl *ctl, int argc, char **argv);

/* GETs `path`; on success prints the JSON with --json, else calls `show`. */
int tp_ctl_get(const struct tp_ctl *ctl, const char *path, void (*show)(const json_t *answer));
/* Sends a JSON object (stolen, may be NULL) and prints an answer with --json. */
int tp_ctl_send(const struct tp_ctl *ctl, const char *method, const char *path, json_t *body,
		void (*show)(const json_t *answer));
/* Whole file ("-": standard input) with a NUL behind; NULL after a message. */
char *tp_ctl_read_file(const char *name, size_t *len);

#endif
