/* Commands that work on the configuration. Runs in turnpikectl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "ctl/commands.h"
#include "ctl/path.h"
#include "ctl/print.h"

enum { REQUEST_MAX = TP_CTL_PATH_MAX + 64 };

/* "/restconf/ds/<datastore><path>" for a path as written; false after a message. */
static bool data_path(const char *datastore, const char *written, char out[REQUEST_MAX])
{
	char path[TP_CTL_PATH_MAX];

	if (tp_ctl_path(written, path) != 0) {
		fprintf(stderr, "turnpikectl: malformed path: %s\n", written);
		return false;
	}
	snprintf(out, REQUEST_MAX, "/restconf/ds/%s%s", datastore, path);
	return true;
}

static void show_json(const json_t *answer)
{
	tp_ctl_json(answer);
}

static int show(const struct tp_ctl *ctl, int argc, char **argv)
{
	bool candidate = argc > 0 && !strcmp(argv[0], "--candidate");
	char path[REQUEST_MAX];

	if (argc > 0 && !strcmp(argv[0], "logins"))
		return tp_ctl_show_logins(ctl, argc, argv);
	if (!data_path(candidate ? "candidate" : "running", argc > candidate ? argv[candidate] : "", path))
		return 2;
	return tp_ctl_get(ctl, path, show_json);
}

static int set(const struct tp_ctl *ctl, int argc, char **argv)
{
	struct tp_ctl_answer model;
	char path[REQUEST_MAX], name[256];
	json_t *value;
	int result;

	(void)argc;
	if (!data_path("candidate", argv[0], path))
		return 2;
	tp_ctl_request(ctl, "GET", "/api/v1/model", NULL, 0, &model);
	result = tp_ctl_check(ctl, &model);
	if (result == 0) {
		value = tp_ctl_value(model.json, path + strlen("/restconf/ds/candidate"), argv[1], name,
				     sizeof(name));
		if (value) {
			result = tp_ctl_send(ctl, "PUT", path, json_pack("{s:o}", name, value), NULL);
		} else {
			fprintf(stderr, "turnpikectl: there is no such setting, or the value does not fit it\n");
			result = 1;
		}
	}
	tp_ctl_answer_fini(&model);
	return result;
}

static int delete(const struct tp_ctl *ctl, int argc, char **argv)
{
	char path[REQUEST_MAX];

	(void)argc;
	if (!data_path("candidate", argv[0], path))
		return 2;
	return tp_ctl_send(ctl, "DELETE", path, NULL, NULL);
}

static int load(const struct tp_ctl *ctl, int argc, char **argv)
{
	size_t len;
	char *text = tp_ctl_read_file(argv[0], &len);
	json_error_t error;
	json_t *tree, *value;
	const char *key;
	int result = 0;

	(void)argc;
	if (!text)
		return 2;
	tree = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (!json_is_object(tree)) {
		fprintf(stderr, "turnpikectl: %s: not a JSON object: %s (line %d)\n", argv[0], error.text,
			error.line);
		json_decref(tree);
		return 2;
	}
	json_object_foreach(tree, key, value) {
		char path[REQUEST_MAX];

		if (!data_path("candidate", key, path)) {
			result = 2;
			break;
		}
		result = tp_ctl_send(ctl, "PUT", path, json_pack("{s:O}", key, value), NULL);
		if (result != 0)
			break;
	}
	json_decref(tree);
	return result;
}

static void show_changes(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "CHANGE", "op" },    { "SETTING", "label" },   { "BEFORE", "before" },
		{ "AFTER", "after" }, { "MAY LOCK OUT", "lockout" }, { NULL, NULL },
	};

	tp_ctl_table(json_object_get(a, "changes"), columns, "no changes");
}

static int diff(const struct tp_ctl *ctl, int argc, char **argv)
{
	char path[128] = "/api/v1/config/diff";

	if (argc == 1)
		return 2;
	if (argc == 2)
		snprintf(path, sizeof(path), "/api/v1/config/diff?from=%.20s&to=%.20s", argv[0], argv[1]);
	return tp_ctl_get(ctl, path, show_changes);
}

static int validate(const struct tp_ctl *ctl, int argc, char **argv)
{
	static const struct tp_ctl_column columns[] = {
		{ "SETTING", "path" },
		{ "WHAT IS WRONG", "message" },
		{ NULL, NULL },
	};
	struct tp_ctl_answer answer;
	int result;

	(void)argc;
	(void)argv;
	tp_ctl_request(ctl, "POST", "/api/v1/config/validate", "{}", 2, &answer);
	result = tp_ctl_check(ctl, &answer);
	if (result == 0 && !json_is_true(json_object_get(answer.json, "valid")))
		result = 1;
	if (ctl->json && answer.json)
		tp_ctl_json(answer.json);
	else if (result == 0)
		puts("valid");
	else if (json_array_size(json_object_get(answer.json, "errors")))
		tp_ctl_table(json_object_get(answer.json, "errors"), columns, "");
	tp_ctl_answer_fini(&answer);
	return result;
}

static void show_commit(const json_t *a)
{
	const json_t *left = json_object_get(json_object_get(a, "trial"), "left-s");
	const json_t *revision = json_object_get(a, "revision");

	if (json_is_string(revision))
		printf("revision %s is in force\n", json_string_value(revision));
	if (left)
		printf("on trial: undone in %lld s unless confirmed (turnpikectl confirm)\n",
		       (long long)json_integer_value(left));
}

static int commit(const struct tp_ctl *ctl, int argc, char **argv)
{
	const char *comment = "";
	uint64_t seconds = 0;

	for (int i = 0; i < argc; i += 2) {
		if (i + 1 == argc)
			return 2;
		if (!strcmp(argv[i], "--comment"))
			comment = argv[i + 1];
		else if (strcmp(argv[i], "--confirm-within") != 0 ||
			 tp_text_parse_u64(tp_span_of(argv[i + 1]), 3600, &seconds) != TP_OK)
			return 2;
	}
	return tp_ctl_send(ctl, "POST", "/api/v1/config/commit",
			   json_pack("{s:s, s:I}", "comment", comment, "confirm-within-s",
				     (json_int_t)seconds),
			   show_commit);
}

static int confirm(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tp_ctl_send(ctl, "POST", "/api/v1/config/confirm", json_object(), NULL);
}

static int undo(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tp_ctl_send(ctl, "POST", "/api/v1/config/undo", json_object(), NULL);
}

static int discard(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tp_ctl_send(ctl, "POST", "/api/v1/config/discard", json_object(), NULL);
}

static void show_revisions(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "REVISION", "revision" }, { "AT", "at" },	   { "AUTHOR", "author" },
		{ "STATE", "state" },	    { "RUNNING", "running" }, { "CHANGES", "changes" },
		{ "COMMENT", "comment" },   { NULL, NULL },
	};

	tp_ctl_table(json_object_get(a, "revisions"), columns, "none yet");
}

static int revisions(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tp_ctl_get(ctl, "/api/v1/config/revisions?limit=200", show_revisions);
}

static int restore(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return tp_ctl_send(ctl, "POST", "/api/v1/config/restore", json_pack("{s:s}", "revision", argv[0]),
			   NULL);
}

const struct tp_ctl_command tp_ctl_config_commands[] = {
	{ "show", "[--candidate] [PATH] | logins successful|unsuccessful",
	  "settings in force, or as changed so far; who logged in, or tried to", 0, 2, show },
	{ "set", "PATH VALUE", "change a setting of the candidate", 2, 2, set },
	{ "delete", "PATH", "take a setting or entry off the candidate", 1, 1, delete },
	{ "load", "FILE", "JSON file into the candidate", 1, 1, load },
	{ "diff", "[FROM TO]", "what the candidate, or revision TO, changes", 0, 2, diff },
	{ "validate", "", "check the candidate", 0, 0, validate },
	{ "commit", "[--confirm-within S] [--comment TEXT]", "put the candidate in force", 0, 4, commit },
	{ "confirm", "", "keep the revision that is on trial", 0, 0, confirm },
	{ "undo", "", "end a trial, going back", 0, 0, undo },
	{ "discard", "", "forget the candidate's changes", 0, 0, discard },
	{ "revisions", "", "all revisions, newest first", 0, 0, revisions },
	{ "restore", "REVISION", "copy an earlier revision into the candidate", 1, 1, restore },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
