/* The proofs of an order. Runs in turnpike-admin. */
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "admin/acme/proofs_inside.h"

enum tp_err tp_acme_proofs_new(struct tp_acme_proofs **out)
{
	struct tp_acme_proofs *p = calloc(1, sizeof(*p));

	if (!p || !(p->list = calloc(TP_ACME_PROOFS_MAX, sizeof(*p->list)))) {
		free(p);
		return TP_NOMEM;
	}
	p->listener = -1;
	pthread_mutex_init(&p->lock, NULL);
	*out = p;
	return TP_OK;
}

void tp_acme_proofs_free(struct tp_acme_proofs **proofs)
{
	struct tp_acme_proofs *p = *proofs;

	if (!p)
		return;
	tp_acme_hide(p);
	pthread_mutex_destroy(&p->lock);
	free(p->list);
	free(p);
	*proofs = NULL;
}

/* With the lock. */
static enum tp_err add(struct tp_acme_proofs *p, const struct tp_msg_acme_challenge *m, SSL_CTX *tls)
{
	struct tp_acme_proof *proof = &p->list[p->count];

	if (p->count == TP_ACME_PROOFS_MAX)
		return TP_LIMIT;
	tp_text_copy(proof->name, sizeof(proof->name), m->name);
	tp_text_copy(proof->token, sizeof(proof->token), m->token);
	tp_text_copy(proof->text, sizeof(proof->text), m->proof);
	proof->tls = tls;
	p->count++;
	return TP_OK;
}

enum tp_err tp_acme_show_http(struct tp_acme_proofs *p, uint16_t port,
			      const struct tp_msg_acme_challenge *m)
{
	enum tp_err err;

	pthread_mutex_lock(&p->lock);
	err = add(p, m, NULL);
	if (err == TP_OK)
		err = tp_acme_listen(p, port);
	pthread_mutex_unlock(&p->lock);
	return err;
}

enum tp_err tp_acme_show_tls(struct tp_acme_proofs *p, const struct tp_msg_acme_challenge *m)
{
	SSL_CTX *tls = NULL;
	enum tp_err err = tp_acme_tls_make(m->name, m->proof, &tls);

	if (err != TP_OK)
		return err;
	pthread_mutex_lock(&p->lock);
	err = add(p, m, tls);
	if (err == TP_OK)
		atomic_fetch_add(&p->tls_count, 1);
	else
		SSL_CTX_free(tls);
	pthread_mutex_unlock(&p->lock);
	return err;
}

void tp_acme_hide(struct tp_acme_proofs *p)
{
	tp_acme_unlisten(p);
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->tls_count, 0);
	while (p->count) {
		struct tp_acme_proof *proof = &p->list[--p->count];

		SSL_CTX_free(proof->tls);
		memset(proof, 0, sizeof(*proof));
	}
	pthread_mutex_unlock(&p->lock);
}
