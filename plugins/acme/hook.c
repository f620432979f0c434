/* Running a hook. Runs in turnpike-acme. */
#include "hook.h"

#include <string.h>

#include "program.h"

enum { OUTPUT_LINES_MAX = 1000 };

bool tp_hook_is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(name);

	return len && len <= 63 && strchr(letters, name[0]) &&
	       strspn(name + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       len - 1;
}

enum tp_err tp_hook_run(const char *name, const char *what, const char *dns_name,
			const char *value, struct tp_diag *diag)
{
	char line[300], last[300] = "";
	const char *argv[] = { name, what, dns_name, value, NULL };
	uint64_t until = tp_program_now_ms() + TP_HOOK_MS;
	struct tp_program p;
	unsigned lines = 0;
	enum tp_err err;
	int status;

	if (!tp_hook_is_name(name))
		return tp_fail(diag, TP_FORMAT, name, "This is not the name of a hook.");
	err = tp_program_start(TP_PROGRAM_HOOK, argv, &p);
	if (err != TP_OK)
		return tp_fail(diag, err, name, "The hook %s cannot be started.", name);
	while ((err = tp_program_read_line(&p, line, sizeof(line), until)) == TP_OK &&
	       lines++ < OUTPUT_LINES_MAX)
		if (line[0])
			tp_text_copy(last, sizeof(last), line);
	status = tp_program_end(&p, err == TP_CLOSED ? until : 0);
	if (status == 0)
		return TP_OK;
	if (status > 0)
		return tp_fail(diag, TP_DENIED, name, "The hook %s ended with status %d%s%.200s", name,
			       status, last[0] ? ": " : ".", last);
	return tp_fail(diag, TP_LIMIT, name, "The hook %s took too long or was ended%s%.200s", name,
		       last[0] ? ": " : ".", last);
}
