/* Remote users. Runs in turnpike-pam, turnpike-ldap and turnpiked. */
#include "ipc/remote.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/text.h"

bool tp_remote_has_pam_service(void)
{
	static const char *const paths[] = { TP_PAM_SERVICE_FILE, "/usr/lib/pam.d/" TP_PAM_SERVICE };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		if (fd >= 0) {
			close(fd);
			return true;
		}
	}
	return false;
}

void tp_remote_vnote(struct tp_msg_remote_answered *answer, const char *name, bool passed,
		     const char *remedy, const char *fmt, va_list ap)
{
	struct tp_msg_remote_step *step = &answer->steps[answer->steps_count];

	if (answer->steps_count == sizeof(answer->steps) / sizeof(answer->steps[0]))
		return;
	answer->steps_count++;
	step->passed = passed;
	snprintf(step->name, sizeof(step->name), "%s", name);
	snprintf(step->remedy, sizeof(step->remedy), "%s", remedy);
	vsnprintf(step->text, sizeof(step->text), fmt, ap);
	tp_text_make_printable(step->text);
}

void tp_remote_note(struct tp_msg_remote_answered *answer, const char *name, bool passed,
		    const char *remedy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* Started one line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	tp_remote_vnote(answer, name, passed, remedy, fmt, ap);
	va_end(ap);
}
