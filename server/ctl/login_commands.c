/* `turnpikectl login test`: what the sources of accounts say of a user, step by step.
 * Runs in turnpikectl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"
#include "ctl/commands.h"
#include "ctl/print.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void put_line(const char *before, const char *text)
{
	if (!text[0])
		return;
	fputs(before, stdout);
	tp_ctl_put_text(stdout, text);
	putchar('\n');
}

static void show_verdict(const json_t *a)
{
	const json_t *step;
	size_t i;

	json_array_foreach(json_object_get(a, "steps"), i, step)
	{
		printf("%s %s: ", json_is_true(json_object_get(step, "passed")) ? "passed" : "FAILED",
		       text_of(step, "source"));
		put_line("", text_of(step, "step"));
		put_line("       ", text_of(step, "text"));
		put_line("       what to do: ", text_of(step, "remedy"));
	}
	put_line("result: ", text_of(a, "result"));
	put_line("level: ", text_of(a, "level"));
}

/* The first line of standard input as the password; false after a message. */
static bool add_password(json_t *body)
{
	size_t len;
	char *line = tp_ctl_read_file("-", &len);
	json_t *value;

	if (!line)
		return false;
	value = json_stringn(line, strcspn(line, "\r\n"));
	tp_wipe(line, len);
	free(line);
	if (value && !json_object_set_new(body, "password", value))
		return true;
	fprintf(stderr, "turnpikectl: the password is not a text\n");
	return false;
}

static int login(const struct tp_ctl *ctl, int argc, char **argv)
{
	bool with_password = argc > 2 && !strcmp(argv[argc - 1], "-");
	bool candidate = argc - with_password > 2 && !strcmp(argv[argc - with_password - 1], "--candidate");
	int words = argc - with_password - candidate;
	struct tp_ctl_answer answer;
	json_t *body;
	char *text;
	int result;

	if (strcmp(argv[0], "test") != 0 || words > 3) {
		fprintf(stderr, "turnpikectl: use: login test USER [SOURCE] [--candidate] [-]\n");
		return 2;
	}
	body = json_pack("{s:s, s:s*, s:s*}", "user", argv[1], "source", words == 3 ? argv[2] : NULL,
			 "datastore", candidate ? "candidate" : NULL);
	if (!body || (with_password && !add_password(body))) {
		json_decref(body);
		return 2;
	}
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	tp_ctl_request(ctl, "POST", "/api/v1/login/test", text, text ? strlen(text) : 0, &answer);
	if (text)
		tp_wipe(text, strlen(text));
	free(text);
	result = tp_ctl_check(ctl, &answer);
	if (result == 0 && strcmp(text_of(answer.json, "result"), "passed") != 0)
		result = 1;
	if (ctl->json && answer.json)
		tp_ctl_json(answer.json);
	else if (answer.json && json_object_get(answer.json, "result"))
		show_verdict(answer.json);
	tp_ctl_answer_fini(&answer);
	return result;
}

const struct tp_ctl_command tp_ctl_login_commands[] = {
	{ "login", "test USER [SOURCE] [--candidate] [-]",
	  "which step of a login fails, by the settings in force or by the candidate; -: password from standard input",
	  2, 5, login },
	{ 0 },
};
