/* Commands about the audit log. Runs in turnpikectl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/audit_export.h"
#include "ctl/commands.h"
#include "ctl/print.h"

/* ------------------------------------------------------------------ in the appliance */

static void show_verified(const json_t *a)
{
	json_t *finding;
	size_t i;

	if (json_is_true(json_object_get(a, "verified")))
		printf("The audit log verifies.\n");
	json_array_foreach(json_object_get(a, "findings"), i, finding) {
		tp_ctl_put_text(stdout, json_string_value(json_object_get(finding, "text")));
		putchar('\n');
	}
	tp_ctl_members(a, "  ");
}

static int verify_here(const struct tp_ctl *ctl)
{
	struct tp_ctl_answer answer;
	int result;

	tp_ctl_request(ctl, "GET", "/api/v1/audit/verify", NULL, 0, &answer);
	result = tp_ctl_check(ctl, &answer);
	if (result == 0 && ctl->json)
		tp_ctl_json(answer.json);
	else if (result == 0)
		show_verified(answer.json);
	if (result == 0 && !json_is_true(json_object_get(answer.json, "verified")))
		result = 1;
	tp_ctl_answer_fini(&answer);
	return result;
}

/* The number that the last line of a page is about; 0: none. */
static long long last_of(const char *page, size_t len)
{
	const char *end = page + len - 1; /* its last new line */
	const char *from = len > 1 ? memrchr(page, '\n', len - 1) : NULL;
	json_t *json;
	long long last;

	from = from ? from + 1 : page;
	json = json_loadb(from, (size_t)(end - from), 0, NULL);
	last = json_integer_value(json_object_get(json, "record"));
	if (!last)
		last = json_integer_value(json_object_get(json, "head"));
	if (!last)
		last = json_integer_value(json_object_get(json, "checkpoint"));
	json_decref(json);
	return last;
}

static int export_to(const struct tp_ctl *ctl, FILE *f)
{
	long long after = 0;
	int result = 0;
	bool more = true;

	while (result == 0 && more) {
		struct tp_ctl_answer answer;
		char path[96];

		snprintf(path, sizeof(path), "/api/v1/audit/export?after=%lld", after);
		tp_ctl_request(ctl, "GET", path, NULL, 0, &answer);
		result = tp_ctl_check(ctl, &answer);
		more = result == 0 && answer.len > 0 && (after = last_of(answer.text, answer.len)) > 0;
		if (result == 0 && answer.len && fwrite(answer.text, 1, answer.len, f) != answer.len) {
			perror("turnpikectl");
			result = 2;
		}
		tp_ctl_answer_fini(&answer);
	}
	return result;
}

static int export(const struct tp_ctl *ctl, const char *name)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "w") : stdout;
	int result;

	if (!f) {
		perror(name);
		return 2;
	}
	result = export_to(ctl, f);
	if (f != stdout && fclose(f) && result == 0) {
		perror(name);
		result = 2;
	}
	return result;
}

static int print_key(const struct tp_ctl *ctl)
{
	struct tp_ctl_answer answer;
	int result;

	tp_ctl_request(ctl, "GET", "/api/v1/audit/key", NULL, 0, &answer);
	result = tp_ctl_check(ctl, &answer);
	if (result == 0)
		fputs(answer.text, stdout);
	tp_ctl_answer_fini(&answer);
	return result;
}

/* ------------------------------------------------------------------- without it */

static int show_check(const struct tp_audit_check *c)
{
	char text[256];

	for (size_t i = 0; i < c->finding_count; i++) {
		tp_audit_finding_write(&c->findings[i], text);
		puts(text);
	}
	if (c->faults > c->finding_count)
		printf("... and %u faults more.\n", c->faults - (unsigned)c->finding_count);
	printf("%s: records %llu to %llu, %llu heads, signed up to record %llu, %llu behind it.\n",
	       c->faults ? "The export does NOT verify" : "The export verifies",
	       (unsigned long long)c->first, (unsigned long long)c->last, (unsigned long long)c->heads,
	       (unsigned long long)c->sealed, (unsigned long long)(c->last - c->sealed));
	return c->faults ? 1 : 0;
}

static int verify_file(const char *name, const char *key_name)
{
	struct tp_audit_check *c = calloc(1, sizeof(*c));
	struct tp_diag diag = { 0 };
	uint8_t key[TP_AUDIT_PUBLIC];
	size_t len;
	char *pem = c ? tp_ctl_read_file(key_name, &len) : NULL;
	FILE *f = pem ? fopen(name, "r") : NULL;
	int result = 2;

	if (pem && !f)
		perror(name);
	else if (f && tp_ctl_audit_key(pem, key) != TP_OK)
		fprintf(stderr, "turnpikectl: %s is not an Ed25519 public key in PEM form\n", key_name);
	else if (f && tp_ctl_audit_export(f, key, c, &diag) != TP_OK)
		fprintf(stderr, "turnpikectl: %s: %s\n", name, diag.text);
	else if (f)
		result = show_check(c);
	if (f)
		fclose(f);
	free(pem);
	free(c);
	return result;
}

static int audit(const struct tp_ctl *ctl, int argc, char **argv)
{
	if (argc == 1 && strcmp(argv[0], "verify") == 0)
		return verify_here(ctl);
	if (argc == 5 && strcmp(argv[0], "verify") == 0 && strcmp(argv[1], "--file") == 0 &&
	    strcmp(argv[3], "--key") == 0)
		return verify_file(argv[2], argv[4]);
	if (argc == 2 && strcmp(argv[0], "export") == 0)
		return export(ctl, argv[1]);
	if (argc == 1 && strcmp(argv[0], "key") == 0)
		return print_key(ctl);
	fprintf(stderr,
		"usage: turnpikectl audit verify [--file EXPORT --key PUB] | export FILE | key\n");
	return 2;
}

const struct tp_ctl_command tp_ctl_audit_commands[] = {
	{ "audit", "verify | export FILE | key", "audit log: verify (also an export), export, public key", 1,
	  5, audit },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
