/* Commands about who is logged in. Runs in turnpikectl. */
#include <stdio.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/print.h"

static void show_sessions(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "USER", "user" },   { "LEVEL", "level" },	{ "OVER", "access" }, { "METHOD", "method" },
		{ "FROM", "source" }, { "SINCE", "since-at" }, { "IDLE S", "idle-s" }, { "ID", "id" },
		{ NULL, NULL },
	};

	tp_ctl_table(json_object_get(a, "sessions"), columns, "nobody is logged in");
}

/* collection and name make the path. */
static int end(const struct tp_ctl *ctl, const char *collection, const char *name)
{
	char path[256];

	if (strpbrk(name, "/?%#&+[] \t") ||
	    snprintf(path, sizeof(path), "/api/v1/sessions%s%s", collection, name) >= (int)sizeof(path)) {
		fprintf(stderr, "turnpikectl: that is no session or user\n");
		return 2;
	}
	return tp_ctl_send(ctl, "DELETE", path, NULL, NULL);
}

static int sessions(const struct tp_ctl *ctl, int argc, char **argv)
{
	if (argc == 0)
		return tp_ctl_get(ctl, "/api/v1/sessions", show_sessions);
	if (argc == 2 && !strcmp(argv[0], "revoke"))
		return end(ctl, "/", argv[1]);
	if (argc == 2 && !strcmp(argv[0], "revoke-user"))
		return end(ctl, "?user=", argv[1]);
	fprintf(stderr, "usage: turnpikectl sessions [revoke ID | revoke-user USER]\n");
	return 2;
}

static void show_successful(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "USER", "user" },	  { "OVER", "protocol" },    { "METHOD", "method" }, { "FROM", "source" },
		{ "START", "started-at" }, { "END", "ended-at" }, { "S", "duration-s" }, { "HOW", "end" },
		{ NULL, NULL },
	};
	json_t *login;
	size_t i;

	json_array_foreach(json_object_get(a, "logins"), i, login) {
		const char *end = json_string_value(json_object_get(login, "end"));

		if (end && !strcmp(end, "no-logout"))
			json_object_set_new(login, "end", json_string("gone - no logout"));
		else if (end && !strcmp(end, "open"))
			json_object_set_new(login, "end", json_string("still logged in"));
	}
	tp_ctl_table(json_object_get(a, "logins"), columns, "nobody has logged in");
}

static void show_unsuccessful(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "USER", "user" },	  { "OVER", "protocol" }, { "METHOD", "method" }, { "FROM", "source" },
		{ "AT", "started-at" }, { "REASON", "failure" }, { NULL, NULL },
	};

	tp_ctl_table(json_object_get(a, "logins"), columns, "no login has failed");
}

int tp_ctl_show_logins(const struct tp_ctl *ctl, int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "successful"))
		return tp_ctl_get(ctl, "/api/v1/logins?result=successful&limit=200", show_successful);
	if (argc == 2 && !strcmp(argv[1], "unsuccessful"))
		return tp_ctl_get(ctl, "/api/v1/logins?result=unsuccessful&limit=200", show_unsuccessful);
	fprintf(stderr, "usage: turnpikectl show logins successful | unsuccessful\n");
	return 2;
}

const struct tp_ctl_command tp_ctl_session_commands[] = {
	{ "sessions", "[revoke ID | revoke-user USER]", "who is logged in, and ending a session", 0, 2, sessions },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
