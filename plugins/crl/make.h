/* From a download or an upload to an index of revocation lists. Runs in turnpike-crl. */
#ifndef TP_CRL_MAKE_H
#define TP_CRL_MAKE_H

#include "ipc/messages.h"

enum {
	TP_CRL_INPUT_MAX = 128 << 20,    /* bytes, as they come */
	TP_CRL_UNPACKED_MAX = 256 << 20, /* bytes of all files of an archive */
	TP_CRL_FILES_MAX = 256,
	TP_CRL_RATIO_MAX = 50, /* unpacked to packed; a real list packs to a fifth or less rarely */
};

struct tp_crl_asked {
	struct tp_msg_crl_make m;
	int bytes_fd;
	int trusted_fd;
	int file_fd;
	int current_fd; /* -1: none */
};

/* Loads what OpenSSL loads late, while files can still be opened. */
TP_NODISCARD enum tp_err tp_crl_warm_up(void);
/* Fills made; on TP_OK *index is a sealed memfd whose bytes stand in the file too. */
void tp_crl_make(const struct tp_crl_asked *asked, struct tp_msg_crl_made *made, int *index);

#endif
