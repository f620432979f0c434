/* Accounts of administrators. Runs in turnpikectl. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/secret.h"
#include "ctl/commands.h"
#include "ctl/print.h"

enum { PASSWORD_MAX = 512, ADDRESS_MAX = 512 };

/* One line of standard input; on a terminal, without showing it. */
static bool read_password(const char *prompt, char out[PASSWORD_MAX])
{
	struct termios before, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	bool got;

	if (terminal) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
		fputs(prompt, stderr);
	}
	got = fgets(out, PASSWORD_MAX, stdin) != NULL;
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	if (got)
		out[strcspn(out, "\r\n")] = '\0';
	return got;
}

/* Twice on a terminal. False after a message. */
static bool read_new_password(char out[PASSWORD_MAX])
{
	char again[PASSWORD_MAX] = "";
	bool good = read_password("New password: ", out) &&
		    (!isatty(STDIN_FILENO) || (read_password("Again: ", again) && !strcmp(out, again)));

	tp_wipe(again, sizeof(again));
	if (!good)
		fprintf(stderr, "turnpikectl: no password, or not the same one twice\n");
	return good;
}

/* Into the address of an account; false after a message. */
static bool address_of(const char *name, const char *behind, char out[ADDRESS_MAX])
{
	size_t n = (size_t)snprintf(out, ADDRESS_MAX, "/api/v1/accounts/%s%s", name, behind);

	if (name[0] && n < ADDRESS_MAX && !strpbrk(name, "/?%#[] \t"))
		return true;
	fprintf(stderr, "turnpikectl: that is no user name\n");
	return false;
}

static int password(const struct tp_ctl *ctl, int argc, char **argv)
{
	char text[PASSWORD_MAX] = "", path[ADDRESS_MAX];
	int result = 2;

	(void)argc;
	if (address_of(argv[0], "/password", path) && read_new_password(text))
		result = tp_ctl_send(ctl, "PUT", path, json_pack("{s:s}", "password", text), NULL);
	tp_wipe(text, sizeof(text));
	return result;
}

/* ---------------------------------------------------------------------- accounts */

static void show_accounts(const json_t *answer)
{
	static const struct tp_ctl_column columns[] = {
		{ "NAME", "name" },
		{ "LEVEL", "level" },
		{ "WEB", "web" },
		{ "API", "api" },
		{ "DISABLED", "disabled" },
		{ "CHANGE PASSWORD", "must-change-password" },
		{ "LAST LOGIN", "last-login-at" },
		{ "FROM", "last-login-source" },
		{ NULL, NULL },
	};

	tp_ctl_table(json_object_get(answer, "accounts"), columns, "no accounts");
}

/* level=..., and web, api, disabled, change-password = yes or no; NULL after a message. */
static json_t *read_rights(int argc, char **argv)
{
	static const struct {
		const char *written, *name;
	} flags[] = {
		{ "web", "web" },
		{ "api", "api" },
		{ "disabled", "disabled" },
		{ "change-password", "must-change-password" },
	};
	json_t *out = json_object();

	for (int i = 0; i < argc; i++) {
		const char *value = strchr(argv[i], '=');
		size_t len = value ? (size_t)(value++ - argv[i]) : 0, f = 0;

		while (f < 4 && (strlen(flags[f].written) != len || strncmp(flags[f].written, argv[i], len) != 0))
			f++;
		if (len == 5 && !strncmp(argv[i], "level", 5))
			json_object_set_new(out, "level", json_string(value));
		else if (len && f < 4 && (!strcmp(value, "yes") || !strcmp(value, "no")))
			json_object_set_new(out, flags[f].name, json_boolean(value[0] == 'y'));
		else {
			fprintf(stderr, "turnpikectl: %s: say level=read-write|read-only|auditor, or web, api, "
					"disabled or change-password =yes|no\n",
				argv[i]);
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static int add(const struct tp_ctl *ctl, const char *name, int argc, char **argv)
{
	json_t *body = read_rights(argc, argv);
	char text[PASSWORD_MAX] = "";
	int result = 2;

	if (body && read_new_password(text)) {
		json_object_set_new(body, "name", json_string(name));
		json_object_set_new(body, "password", json_string(text));
		result = tp_ctl_send(ctl, "POST", "/api/v1/accounts", body, NULL);
	} else {
		json_decref(body);
	}
	tp_wipe(text, sizeof(text));
	return result;
}

static int change(const struct tp_ctl *ctl, const char *name, int argc, char **argv)
{
	char path[ADDRESS_MAX];
	json_t *body = address_of(name, "", path) ? read_rights(argc, argv) : NULL;

	return body ? tp_ctl_send(ctl, "PUT", path, body, NULL) : 2;
}

static int accounts(const struct tp_ctl *ctl, int argc, char **argv)
{
	char path[ADDRESS_MAX];

	if (argc == 0)
		return tp_ctl_get(ctl, "/api/v1/accounts", show_accounts);
	if (argc >= 2 && !strcmp(argv[0], "add"))
		return add(ctl, argv[1], argc - 2, argv + 2);
	if (argc >= 3 && !strcmp(argv[0], "set"))
		return change(ctl, argv[1], argc - 2, argv + 2);
	if (argc == 2 && !strcmp(argv[0], "delete"))
		return address_of(argv[1], "", path) ? tp_ctl_send(ctl, "DELETE", path, NULL, NULL) : 2;
	fprintf(stderr, "usage: turnpikectl accounts [add USER [RIGHT=VALUE ...] | set USER RIGHT=VALUE ... | "
			"delete USER]\n");
	return 2;
}

const struct tp_ctl_command tp_ctl_account_commands[] = {
	{ "accounts", "[add | set | delete USER ...]", "administrators, and changing them", 0, 7, accounts },
	{ "password", "USER", "set a password, read from standard input", 1, 1, password },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
