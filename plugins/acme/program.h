/* The programs that turnpike-acme runs, uacme and the hooks, each in a sandbox of its own
 * inside the helper's. */
#ifndef TP_ACME_PROGRAM_H
#define TP_ACME_PROGRAM_H

#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

/* Descriptors that the supervisor hands over. */
enum { TP_ACME_FOLDER_FD = 4, TP_ACME_TRUST_FD = 5, TP_ACME_HOOKS_FD = 6 };

/* Stands in uacme's arguments for what the file holds (trust.c): ID:KEY of the external account. */
#define TP_ACME_BINDING "/proc/self/fd/4/binding"

enum tp_program_kind { TP_PROGRAM_UACME, TP_PROGRAM_HOOK };

/* One that runs. */
struct tp_program {
	pid_t pid;
	int in;	 /* its standard input */
	int out; /* its standard output and error */
};

/* Confines the helper to what it and its programs need. */
TP_NODISCARD enum tp_err tp_program_confine_helper(struct tp_diag *diag);

/* argv[0]: a path, or of a hook its name in the folder; NULL behind the last. */
TP_NODISCARD enum tp_err tp_program_start(enum tp_program_kind kind, const char *const *argv,
					  struct tp_program *p);
/* One line of what it says, without its end, cut at size - 1 bytes. TP_CLOSED: it said all;
 * TP_LIMIT: nothing came until the monotonic time until_ms. */
TP_NODISCARD enum tp_err tp_program_read_line(struct tp_program *p, char *line, size_t size,
					      uint64_t until_ms);
/* Waits for its end, which it is forced to when it has not come by then; its exit
 * status, -1 after a signal. */
int tp_program_end(struct tp_program *p, uint64_t until_ms);

uint64_t tp_program_now_ms(void);

#endif
