/* turnpikectl: the administration from a shell, over RUN/admin.sock. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "ctl/commands.h"

static const struct tp_ctl_command *const tables[] = { tp_ctl_status_commands, tp_ctl_config_commands,
							tp_ctl_account_commands,
							tp_ctl_certificate_commands,
							tp_ctl_crl_commands, tp_ctl_audit_commands,
							tp_ctl_session_commands, tp_ctl_login_commands,
							tp_ctl_reset_commands };

enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

static int usage(FILE *to)
{
	fprintf(to, "usage: turnpikectl [--state DIR | --socket PATH] [--json] COMMAND ...\n\n");
	for (size_t t = 0; t < TABLES; t++) {
		for (const struct tp_ctl_command *c = tables[t]; c->name; c++) {
			char line[128];

			snprintf(line, sizeof(line), "%s %s", c->name, c->arguments);
			fprintf(to, "  %-44s %s\n", line, c->help);
		}
	}
	fprintf(to, "\n--state defaults to /var/lib/turnpike. Exit status: 0 done, 1 refused, 2 wrong use or "
		    "no connection.\n");
	return 2;
}

static const struct tp_ctl_command *find(const char *name)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct tp_ctl_command *c = tables[t]; c->name; c++)
			if (!strcmp(c->name, name))
				return c;
	return NULL;
}

static int run(const struct tp_ctl *ctl, int argc, char **argv)
{
	const struct tp_ctl_command *command = argc ? find(argv[0]) : NULL;

	if (!command)
		return usage(stderr);
	if (argc - 1 < command->least || argc - 1 > command->most) {
		fprintf(stderr, "usage: turnpikectl %s %s\n", command->name, command->arguments);
		return 2;
	}
	return command->run(ctl, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	char path[4096] = "/var/lib/turnpike/run/admin.sock";
	struct tp_ctl ctl = { .socket_path = path };
	int i = 1, result;

	/* Passwords pass through this memory. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	for (; i < argc && !strncmp(argv[i], "--", 2); i++) {
		if (!strcmp(argv[i], "--json"))
			ctl.json = 1;
		else if (!strcmp(argv[i], "--state") && i + 1 < argc)
			snprintf(path, sizeof(path), "%s/run/admin.sock", argv[++i]);
		else if (!strcmp(argv[i], "--socket") && i + 1 < argc)
			snprintf(path, sizeof(path), "%s", argv[++i]);
		else if (!strcmp(argv[i], "--help"))
			return usage(stdout), 0;
		else
			return usage(stderr);
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	result = run(&ctl, argc - i, argv + i);
	curl_global_cleanup();
	return result;
}
