/* Commands about revocation lists. Runs in turnpikectl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/print.h"

static void show_source(const json_t *source, const char *name)
{
	static const struct tp_ctl_column columns[] = {
		{ "ISSUER", "issuer" },	    { "STATE", "state" },     { "PUBLISHED", "this-update-at" },
		{ "NEXT UPDATE", "next-update-at" }, { "ENTRIES", "entries" }, { NULL, NULL },
	};

	tp_ctl_put_text(stdout, name);
	putchar('\n');
	tp_ctl_members(source, "  ");
	tp_ctl_table(json_object_get(source, "lists"), columns, "  no list in use");
}

static void show_crls(const json_t *a)
{
	const json_t *source;
	size_t i;

	tp_ctl_members(a, "");
	json_array_foreach(json_object_get(a, "sources"), i, source)
	{
		const char *url = json_string_value(json_object_get(source, "url"));

		putchar('\n');
		show_source(source, url ? url : "-");
	}
	if (json_is_object(json_object_get(a, "manual"))) {
		putchar('\n');
		show_source(json_object_get(a, "manual"), "uploaded");
	}
}

static void show_result(const json_t *a)
{
	const char *result = json_string_value(json_object_get(a, "result"));

	tp_ctl_put_text(stdout, result ? result : "");
	putchar('\n');
}

static int upload(const struct tp_ctl *ctl, const char *name)
{
	size_t len;
	char *pem = tp_ctl_read_file(name, &len);
	json_t *body;

	if (!pem)
		return 2;
	body = json_pack("{s:s#}", "pem", pem, len);
	free(pem);
	if (!body) {
		fprintf(stderr, "turnpikectl: %s is not a text\n", name);
		return 2;
	}
	return tp_ctl_send(ctl, "PUT", "/api/v1/revocation/crls/manual", body, show_result);
}

static int crls(const struct tp_ctl *ctl, int argc, char **argv)
{
	if (argc == 0)
		return tp_ctl_get(ctl, "/api/v1/revocation/crls", show_crls);
	if (argc == 1 && strcmp(argv[0], "update") == 0)
		return tp_ctl_send(ctl, "POST", "/api/v1/revocation/crls/update", json_object(), NULL);
	if (argc == 1 && strcmp(argv[0], "remove") == 0)
		return tp_ctl_send(ctl, "DELETE", "/api/v1/revocation/crls/manual", NULL, NULL);
	if (argc == 2 && strcmp(argv[0], "upload") == 0)
		return upload(ctl, argv[1]);
	fprintf(stderr, "usage: turnpikectl crls [update | upload FILE | remove]\n");
	return 2;
}

const struct tp_ctl_command tp_ctl_crl_commands[] = {
	{ "crls", "[update | upload FILE | remove]", "revocation lists: what is in use, and changing it", 0,
	  2, crls },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
