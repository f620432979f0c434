/* Asking and showing, for all commands. Runs in turnpikectl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"
#include "ctl/commands.h"
#include "ctl/print.h"

enum { FILE_MAX = 16 << 20 };

static int show_answer(const struct tp_ctl *ctl, const struct tp_ctl_answer *answer,
		       void (*show)(const json_t *))
{
	int result = tp_ctl_check(ctl, answer);

	if (ctl->json && answer->json)
		tp_ctl_json(answer->json);
	else if (result == 0 && show && answer->json)
		show(answer->json);
	return result;
}

int tp_ctl_get(const struct tp_ctl *ctl, const char *path, void (*show)(const json_t *answer))
{
	struct tp_ctl_answer answer;
	int result;

	tp_ctl_request(ctl, "GET", path, NULL, 0, &answer);
	result = show_answer(ctl, &answer, show);
	tp_ctl_answer_fini(&answer);
	return result;
}

int tp_ctl_send(const struct tp_ctl *ctl, const char *method, const char *path, json_t *body,
		void (*show)(const json_t *answer))
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct tp_ctl_answer answer;
	int result;

	tp_ctl_request(ctl, method, path, text, text ? strlen(text) : 0, &answer);
	result = show_answer(ctl, &answer, show);
	tp_ctl_answer_fini(&answer);
	if (text)
		tp_wipe(text, strlen(text));
	free(text);
	json_decref(body);
	return result;
}

char *tp_ctl_read_file(const char *name, size_t *len)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "rb") : stdin;
	char *text = f ? malloc(FILE_MAX + 1) : NULL;

	if (!text) {
		perror(name);
		return NULL;
	}
	*len = fread(text, 1, FILE_MAX + 1, f);
	if (ferror(f) || *len > FILE_MAX) {
		fprintf(stderr, "turnpikectl: %s cannot be read, or is larger than 16 MiB\n", name);
		free(text);
		text = NULL;
	} else {
		text[*len] = '\0';
	}
	if (f != stdin)
		fclose(f);
	return text;
}
