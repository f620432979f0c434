/* Commands that look at the running appliance. Runs in turnpikectl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/path.h"
#include "ctl/print.h"


static void heading(const char *text)
{
	printf("\n%s\n", text);
}

static void show_status(const json_t *a)
{
	static const struct tp_ctl_column processes[] = {
		{ "PROCESS", "name" },	 { "PID", "pid" },	      { "READY", "ready" },
		{ "RESTARTS", "restarts" }, { "SINCE", "started-at" }, { "LAST END", "last-end" },
		{ NULL, NULL },
	};

	tp_ctl_members(a, "");
	heading("processes");
	tp_ctl_table(json_object_get(a, "processes"), processes, "unknown: turnpiked does not answer");
	heading("zones");
	tp_ctl_members(json_object_get(a, "zones"), "  ");
	heading("alarms");
	tp_ctl_members(json_object_get(a, "alarms"), "  ");
	heading("sip");
	if (json_is_object(json_object_get(a, "sip")))
		tp_ctl_members(json_object_get(a, "sip"), "  ");
	else
		puts("  turnpike-sip does not answer");
	heading("media");
	if (json_is_object(json_object_get(a, "media")))
		tp_ctl_members(json_object_get(a, "media"), "  ");
	else
		puts("  turnpike-media does not answer");
	heading("admin");
	tp_ctl_members(json_object_get(a, "admin"), "  ");
}

static int status(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tp_ctl_get(ctl, "/api/v1/status", show_status);
}

static void show_zones(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "ZONE", "name" },   { "TYPE", "type" },  { "STATE", "state" }, { "PEER", "peer" },
		{ "SINCE", "since-at" }, { "RTT MS", "round-trip-ms" }, { "CALLS", "calls" },
		{ "HOP", "hop-up" },  { "REASON", "reason" }, { NULL, NULL },
	};

	tp_ctl_table(json_object_get(a, "zones"), columns, "no zones");
}

static int zones(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tp_ctl_get(ctl, "/api/v1/zones", show_zones);
}

static void show_registrations(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "ADDRESS OF RECORD", "aor" }, { "CONTACT", "contact" },	 { "SOURCE", "source" },
		{ "OVER", "transport" },	{ "EXPIRES S", "expires-s" }, { "USER AGENT", "user-agent" },
		{ NULL, NULL },
	};

	tp_ctl_table(json_object_get(a, "registrations"), columns, "no registrations");
}

static int registrations(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tp_ctl_get(ctl, "/api/v1/registrations?limit=500", show_registrations);
}

static void show_calls(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "ID", "id" },	      { "STATE", "state" },	  { "FROM", "from" },
		{ "TO", "to" },	      { "SOURCE", "source-zone" }, { "TARGET", "target-zone" },
		{ "S", "duration-s" }, { NULL, NULL },
	};

	tp_ctl_table(json_object_get(a, "calls"), columns, "no calls");
}

static int calls(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tp_ctl_get(ctl, "/api/v1/calls?limit=500", show_calls);
}

static void show_call(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "STREAM", "index" },	     { "TYPE", "type" },	  { "LEG", "leg" },
		{ "KIND", "kind" },	     { "RECEIVES", "rx-suite" }, { "SENDS", "tx-suite" },
		{ "REMOTE", "remote-learned" }, { "RX", "rx-packets" },	  { "TX", "tx-packets" },
		{ "LOST", "rx-lost" },	     { "SILENT MS", "silent-ms" }, { "REASON", "reason" },
		{ NULL, NULL },
	};
	json_t *step;
	size_t i;

	tp_ctl_members(a, "");
	heading("how it was routed");
	json_array_foreach(json_object_get(a, "steps"), i, step) {
		printf("  %zu. ", i + 1);
		tp_ctl_put_text(stdout, json_is_string(step) ? json_string_value(step) : "-");
		putchar('\n');
	}
	heading("streams");
	tp_ctl_table(json_object_get(a, "streams"), columns, "none");
}

/* One member of a collection, by its id. */
static int get_one(const struct tp_ctl *ctl, const char *collection, const char *id)
{
	char path[128];

	if (strspn(id, "0123456789") != strlen(id) ||
	    snprintf(path, sizeof(path), "%s/%s", collection, id) >= (int)sizeof(path)) {
		fprintf(stderr, "turnpikectl: an id is a number\n");
		return 2;
	}
	return tp_ctl_get(ctl, path, show_call);
}

static int call(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return get_one(ctl, "/api/v1/calls", argv[0]);
}

static void show_history(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "ID", "id" },	       { "STARTED", "started-at" }, { "FROM", "from" },
		{ "TO", "to" },	       { "STATUS", "status" },	    { "S", "duration-s" },
		{ "ENDED BY", "end-reason" }, { NULL, NULL },
	};

	tp_ctl_table(json_object_get(a, "calls"), columns, "no calls yet");
}

static int history(const struct tp_ctl *ctl, int argc, char **argv)
{
	if (argc == 1)
		return get_one(ctl, "/api/v1/history", argv[0]);
	return tp_ctl_get(ctl, "/api/v1/history?limit=50", show_history);
}

static void show_alarms(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "ID", "id" },	      { "SEVERITY", "severity" }, { "ABOUT", "subject" },
		{ "RAISED", "raised-at" }, { "CLEARED", "cleared-at" }, { "TEXT", "text" },
		{ NULL, NULL },
	};

	tp_ctl_table(json_object_get(a, "alarms"), columns, "no alarms");
}

static int alarms(const struct tp_ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tp_ctl_get(ctl, "/api/v1/alarms", show_alarms);
}

static void show_log(const json_t *a)
{
	static const struct tp_ctl_column columns[] = {
		{ "AT", "at" },	    { "SEVERITY", "severity" }, { "EVENT", "name" },
		{ "USER", "user" }, { "SOURCE", "source" },	{ "TEXT", "text" },
		{ "SETTING", "path" }, { "BEFORE", "before" },	{ "AFTER", "after" },
		{ NULL, NULL },
	};

	tp_ctl_table(json_object_get(a, "lines"), columns, "nothing yet");
}

static int log_lines(const struct tp_ctl *ctl, int argc, char **argv)
{
	const char *kind = argc ? argv[0] : "event";
	char path[64];

	if (strcmp(kind, "event") && strcmp(kind, "configuration") && strcmp(kind, "network")) {
		fprintf(stderr, "usage: turnpikectl log [event | configuration | network]\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/api/v1/log?kind=%s&limit=100", kind);
	return tp_ctl_get(ctl, path, show_log);
}

static void show_identity(const json_t *a)
{
	const char *pem = json_string_value(json_object_get(a, "ca"));
	json_t *plain = json_copy((json_t *)a);

	json_object_del(plain, "ca");
	json_object_del(plain, "certificate");
	tp_ctl_members(plain, "");
	json_decref(plain);
	if (pem)
		printf("\n%s", pem);
}

static int identity(const struct tp_ctl *ctl, int argc, char **argv)
{
	if (argc)
		return tp_ctl_identity(ctl, argc, argv);
	return tp_ctl_get(ctl, "/api/v1/identity", show_identity);
}

static void show_traversal_test(const json_t *a)
{
	json_t *step;
	size_t i;

	json_array_foreach(json_object_get(a, "steps"), i, step) {
		const char *remedy = json_string_value(json_object_get(step, "remedy"));
		const char *text = json_string_value(json_object_get(step, "text"));
		const char *result = json_string_value(json_object_get(step, "result"));
		const char *name = json_string_value(json_object_get(step, "step"));

		printf("%-12s %-12s ", name ? name : "-", result ? result : "-");
		tp_ctl_put_text(stdout, text ? text : "");
		if (remedy && remedy[0]) {
			printf("\n%-26s", "");
			tp_ctl_put_text(stdout, remedy);
		}
		putchar('\n');
	}
}

/* Exit status 1 also for a test that was made and failed. */
static int traversal_test(const struct tp_ctl *ctl, int argc, char **argv)
{
	static const char *const keys[] = { "address", "port", "verify-name", "edge-name" };
	json_t *body = json_object();
	struct tp_ctl_answer answer;
	const char *verdict;
	char *text;
	int result;

	for (int i = 0; i < argc; i++)
		json_object_set_new(body, keys[i],
				    i == 1 ? json_integer(strtol(argv[i], NULL, 10)) : json_string(argv[i]));
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	tp_ctl_request(ctl, "POST", "/api/v1/traversal-test", text, text ? strlen(text) : 0, &answer);
	free(text);
	result = tp_ctl_check(ctl, &answer);
	if (ctl->json && answer.json)
		tp_ctl_json(answer.json);
	else if (result == 0)
		show_traversal_test(answer.json);
	verdict = json_string_value(json_object_get(answer.json, "result"));
	if (result == 0 && verdict && !strcmp(verdict, "fail"))
		result = 1;
	tp_ctl_answer_fini(&answer);
	return result;
}

static int api(const struct tp_ctl *ctl, int argc, char **argv)
{
	struct tp_ctl_answer answer;
	size_t len = 0;
	char *body = argc == 3 ? tp_ctl_read_file(argv[2], &len) : NULL;
	int result;

	if (argc == 3 && !body)
		return 2;
	if (argv[1][0] != '/') {
		fprintf(stderr, "turnpikectl: the path begins with /\n");
		free(body);
		return 2;
	}
	tp_ctl_request(ctl, argv[0], argv[1], body, len, &answer);
	result = tp_ctl_check(ctl, &answer);
	if (answer.json)
		tp_ctl_json(answer.json);
	else if (answer.status && answer.text)
		fwrite(answer.text, 1, answer.len, stdout);
	tp_ctl_answer_fini(&answer);
	free(body);
	return result;
}

const struct tp_ctl_command tp_ctl_status_commands[] = {
	{ "status", "", "the overview, with all counters", 0, 0, status },
	{ "zones", "", "zones and the state of their links", 0, 0, zones },
	{ "registrations", "", "registered phones", 0, 0, registrations },
	{ "calls", "", "live calls", 0, 0, calls },
	{ "call", "ID", "one live call with its streams and routing", 1, 1, call },
	{ "history", "[ID]", "ended calls, or one of them", 0, 1, history },
	{ "alarms", "", "alarms, open ones first", 0, 0, alarms },
	{ "log", "[event | configuration | network]", "the last lines of a log", 0, 1, log_lines },
	{ "identity", "[list|request|upload|activate ...]", "the certificate and its CA; certificates of services",
	  0, 64, identity },
	{ "traversal-test", "ADDRESS [PORT [VERIFY-NAME [EDGE-NAME]]]",
	  "on a core: try the way to the edge, step by step", 1, 4, traversal_test },
	{ "api", "METHOD PATH [FILE]", "one request of docs/api.md; FILE - is standard input", 2, 3, api },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
