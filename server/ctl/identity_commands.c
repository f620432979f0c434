/* Certificates of the appliance's identities from a shell. Runs in turnpikectl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"
#include "core/text.h"
#include "ctl/commands.h"
#include "ctl/print.h"

enum { PATH_MAX_BYTES = 160, WARN_COLUMN = 22 };

static int usage(void)
{
	fprintf(stderr, "usage: turnpikectl identity list | request ID [--renew] | upload ID FILE [KEYFILE] |\n"
			"                            activate ID [--accept FINDING]...\n");
	return 2;
}

/* False after a message: an id that would be another path. */
static bool path_of(const char *id, const char *what, char path[PATH_MAX_BYTES])
{
	bool plain = *id && strspn(id, "abcdefghijklmnopqrstuvwxyz-") == strlen(id);

	if (plain && snprintf(path, PATH_MAX_BYTES, "/api/v1/identities/%s%s", id, what) < PATH_MAX_BYTES)
		return true;
	fprintf(stderr, "turnpikectl: %s is no identity\n", id);
	return false;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* -------------------------------------------------------------------------- list */

static void show_list(const json_t *answer)
{
	static const struct tp_ctl_column columns[] = { { "ID", "id" },	      { "SHOWS", "common-name" },
							{ "ISSUER", "issuer" }, { "EXPIRES", "not-after-at" },
							{ "OWN", "own" },     { "REQUEST", "pending" },
							{ NULL, NULL } };
	json_t *rows = json_array();
	const json_t *identity;
	size_t i;

	json_array_foreach(json_object_get(answer, "identities"), i, identity)
	{
		const json_t *certificate = json_object_get(identity, "certificate");

		json_array_append_new(
			rows, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", text_of(identity, "id"),
					"common-name", text_of(certificate, "common-name"), "issuer",
					text_of(certificate, "issuer"), "not-after-at",
					text_of(certificate, "not-after-at"), "own",
					json_is_true(json_object_get(identity, "configured")) ? "yes" : "no",
					"pending",
					json_is_object(json_object_get(identity, "request")) ? "pending" : ""));
	}
	tp_ctl_table(rows, columns, "There are no identities.");
	json_decref(rows);
}

/* ----------------------------------------------------------------------- request */

static void show_request(const json_t *answer)
{
	fputs(text_of(answer, "pem"), stdout);
}

static int request(const struct tp_ctl *ctl, int argc, char **argv)
{
	bool renew = argc == 2 && !strcmp(argv[1], "--renew");
	char path[PATH_MAX_BYTES];

	if (argc < 1 || argc > 2 || (argc == 2 && !renew))
		return usage();
	if (!path_of(argv[0], "/request", path))
		return 2;
	return tp_ctl_send(ctl, "POST", path, json_pack("{s:b}", "renew", renew), show_request);
}

/* ------------------------------------------------------------------------ upload */

static void show_findings(const json_t *list)
{
	const json_t *f;
	size_t i;

	json_array_foreach(list, i, f)
	{
		printf("%-7s %-*s ", text_of(f, "severity"), WARN_COLUMN, text_of(f, "id"));
		tp_ctl_put_text(stdout, text_of(f, "text"));
		printf("\n%*s", 8 + WARN_COLUMN + 1, "");
		tp_ctl_put_text(stdout, text_of(f, "remedy"));
		putchar('\n');
	}
}

static void show_staged(const json_t *answer)
{
	const json_t *certificate = json_object_get(answer, "certificate");

	printf("%s, issued by %s, expires %s\n", text_of(certificate, "subject"),
	       text_of(certificate, "issuer"), text_of(certificate, "not-after-at"));
	show_findings(json_object_get(answer, "findings"));
	if (json_is_true(json_object_get(answer, "refused")))
		printf("It cannot be put in use.\n");
	else
		printf("To put it in use: turnpikectl identity activate ID, with --accept FINDING for each "
		       "warning\n");
}

static bool is_text(const char *bytes, size_t len)
{
	return memmem(bytes, len, "-----BEGIN ", 11) != NULL;
}

/* As text, or in base64. */
static json_t *file_json(const char *name, bool *text)
{
	size_t len = 0;
	char *bytes = tp_ctl_read_file(name, &len);
	char *encoded = bytes ? malloc(4 * ((len + 2) / 3) + 1) : NULL;
	json_t *out = NULL;

	if (encoded && is_text(bytes, len)) {
		*text = true;
		out = json_stringn(bytes, len);
	} else if (encoded) {
		*text = false;
		tp_text_write_base64(encoded, bytes, len);
		out = json_string(encoded);
	}
	if (bytes)
		tp_wipe(bytes, len);
	free(bytes);
	free(encoded);
	return out;
}

static int upload(const struct tp_ctl *ctl, int argc, char **argv)
{
	char path[PATH_MAX_BYTES];
	bool text = false, key_text;
	json_t *certificate, *key = NULL;

	if (argc < 2 || argc > 3)
		return usage();
	if (!path_of(argv[0], "/upload", path) || !(certificate = file_json(argv[1], &text)))
		return 2;
	if (argc == 3 && !(key = file_json(argv[2], &key_text))) {
		json_decref(certificate);
		return 2;
	}
	return tp_ctl_send(ctl, "POST", path,
			   json_pack("{s:o, s:o*}", text ? "pem" : "der", certificate, "key", key),
			   show_staged);
}

/* ---------------------------------------------------------------------- activate */

static void show_revision(const json_t *answer)
{
	printf("Revision %s is in force.\n", text_of(answer, "revision"));
}

static int activate(const struct tp_ctl *ctl, int argc, char **argv)
{
	char path[PATH_MAX_BYTES], activate_path[PATH_MAX_BYTES];
	struct tp_ctl_answer answer;
	json_t *accept = json_array(), *body = NULL;
	int result;

	for (int i = 1; i < argc; i += 2) {
		if (strcmp(argv[i], "--accept") || i + 1 == argc) {
			json_decref(accept);
			return usage();
		}
		json_array_append_new(accept, json_string(argv[i + 1]));
	}
	if (argc < 1 || !path_of(argv[0], "", path) ||
	    !path_of(argv[0], "/activate", activate_path)) {
		json_decref(accept);
		return argc < 1 ? usage() : 2;
	}
	tp_ctl_request(ctl, "GET", path, NULL, 0, &answer);
	result = tp_ctl_check(ctl, &answer);
	if (result == 0)
		body = json_pack("{s:s, s:O, s:b}", "staged",
				 text_of(json_object_get(answer.json, "staged"), "staged"), "accept", accept,
				 "commit", 1);
	tp_ctl_answer_fini(&answer);
	json_decref(accept);
	if (result != 0)
		return result;
	return tp_ctl_send(ctl, "POST", activate_path, body, show_revision);
}

int tp_ctl_identity(const struct tp_ctl *ctl, int argc, char **argv)
{
	if (!strcmp(argv[0], "list") && argc == 1)
		return tp_ctl_get(ctl, "/api/v1/identities", show_list);
	if (!strcmp(argv[0], "request"))
		return request(ctl, argc - 1, argv + 1);
	if (!strcmp(argv[0], "upload"))
		return upload(ctl, argc - 1, argv + 1);
	if (!strcmp(argv[0], "activate"))
		return activate(ctl, argc - 1, argv + 1);
	return usage();
}
