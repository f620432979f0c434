/* The way back to factory state. Runs in turnpikectl. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/commands.h"

enum { NAME_MAX_BYTES = 256 };

/* From the command line, else one line of standard input. */
static bool read_name(int argc, char **argv, char out[NAME_MAX_BYTES])
{
	if (argc)
		return snprintf(out, NAME_MAX_BYTES, "%s", argv[0]) < NAME_MAX_BYTES;
	if (isatty(STDIN_FILENO))
		fputs("All configuration, accounts, logs and keys go, and nothing brings them back.\n"
		      "Host name of this appliance: ",
		      stderr);
	if (!fgets(out, NAME_MAX_BYTES, stdin))
		return false;
	out[strcspn(out, "\r\n")] = '\0';
	return true;
}

static int factory_reset(const struct tp_ctl *ctl, int argc, char **argv)
{
	char name[NAME_MAX_BYTES];
	int result;

	if (!read_name(argc, argv, name)) {
		fprintf(stderr, "turnpikectl: no host name\n");
		return 2;
	}
	result = tp_ctl_send(ctl, "POST", "/api/v1/factory-reset", json_pack("{s:s}", "hostname", name), NULL);
	if (result == 0 && !ctl->json)
		puts("The appliance is being wiped. In a few seconds the first-login secret of the new one is in "
		     "the file first-login of its state folder.");
	return result;
}

const struct tp_ctl_command tp_ctl_reset_commands[] = {
	{ "factory-reset", "[HOST-NAME]", "wipes everything; asks for the host name", 0, 1, factory_reset },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
