/* Requests over the administration socket. Runs in turnpikectl. */
#ifndef TP_CTL_API_H
#define TP_CTL_API_H

#include <jansson.h>
#include <stddef.h>

struct tp_ctl {
	const char *socket_path;
	int json; /* --json: answers as they came */
};

struct tp_ctl_answer {
	long status;  /* 0: no connection, `text` says why */
	char *text;   /* body, NUL-terminated; heap */
	size_t len;
	json_t *json; /* the body, NULL when it is none */
};

/* body may be NULL. path is percent-encoded and begins with '/'. */
void tp_ctl_request(const struct tp_ctl *ctl, const char *method, const char *path, const char *body,
		    size_t len, struct tp_ctl_answer *out);
void tp_ctl_answer_fini(struct tp_ctl_answer *answer);
/* 0 for a 2xx. Otherwise prints the reasons to standard error and gives the exit
 * status: 1 refused, 2 no connection. */
int tp_ctl_check(const struct tp_ctl *ctl, const struct tp_ctl_answer *answer);

#endif
