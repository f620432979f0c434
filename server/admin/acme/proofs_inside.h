/* What http.c and tls.c of admin/acme share; nobody else includes this. */
#ifndef TP_ADMIN_ACME_PROOFS_INSIDE_H
#define TP_ADMIN_ACME_PROOFS_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "admin/acme/proofs.h"

struct ssl_ctx_st; /* SSL_CTX */

struct tp_acme_proof {
	char name[256];
	char token[256];
	char text[512];
	struct ssl_ctx_st *tls; /* NULL: shown by HTTP */
};

struct tp_acme_proofs {
	atomic_uint tls_count; /* so that a handshake need not lock for nothing */
	pthread_mutex_t lock;  /* guards what follows */
	struct tp_acme_proof *list;
	size_t count;

	int listener;  /* -1: closed */
	int end_pipe[2];
	bool running;
	pthread_t thread;
};

/* http.c. With the lock: opens the port and starts its thread, once. */
TP_NODISCARD enum tp_err tp_acme_listen(struct tp_acme_proofs *proofs, uint16_t port);
/* Without the lock. */
void tp_acme_unlisten(struct tp_acme_proofs *proofs);
/* tls.c: a context that shows the certificate of RFC 8737 section 3. */
TP_NODISCARD enum tp_err tp_acme_tls_make(const char *name, const char *proof,
					  struct ssl_ctx_st **out);

#endif
