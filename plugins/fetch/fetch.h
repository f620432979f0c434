/* One HTTP request with limits. Runs in turnpike-fetch. */
#ifndef TP_FETCH_FETCH_H
#define TP_FETCH_FETCH_H

#include "ipc/messages.h"

/* Loads what libcurl and OpenSSL load late, while files can still be opened. */
TP_NODISCARD enum tp_err tp_fetch_warm_up(void);
/* Fills out; on TP_OK *body is a sealed memfd. trusted_fd: -1 = no https. */
void tp_fetch(const struct tp_msg_fetch *asked, int trusted_fd, struct tp_msg_fetched *out,
	      int *body);

#endif
