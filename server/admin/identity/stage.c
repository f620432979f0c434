/* Uploads that wait to be activated, in memory: they end with the process. Runs in
 * turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "admin/http/times.h"
#include "admin/identity/parts.h"
#include "os/random.h"

void tp_staged_fini(struct tp_staged *s)
{
	free(s->pem);
	memset(s, 0, sizeof(*s));
}

static enum tp_err copy(struct tp_staged *to, const struct tp_staged *from)
{
	char *pem = malloc(from->pem_len + 1);

	if (!pem)
		return TP_NOMEM;
	memcpy(pem, from->pem, from->pem_len + 1);
	*to = *from;
	to->pem = pem;
	return TP_OK;
}

/* ------------------------------------------------------------------- finding the key */

static struct tp_span key_span(const void *p, size_t len)
{
	return (struct tp_span){p, len};
}

static void match_own(struct tp_tls_upload *upload, enum tp_key_source source,
		      const struct tp_msg_key_answer *key, struct tp_staged *s)
{
	struct tp_span own = key_span(key->public_key, key->public_key_len);

	s->source = source;
	s->found = tp_tls_upload_has_key(upload, own) ? TP_TLS_KEY_FITS : TP_TLS_KEY_NOT_OF_UPLOAD;
	tp_tls_upload_order(upload, own);
	tp_text_copy_span(s->key_sealed, sizeof(s->key_sealed),
			  key_span(key->key_sealed, key->key_sealed_len));
}

/* Whether the leaf has the key of the certificate that stands in the candidate, which
 * then can stay: for a chain that was incomplete, or a renewal without a request. */
static bool match_present(struct tp_identity_call *k, struct tp_tls_upload *upload)
{
	char *pem = tp_identity_own_chain(k->all->config, "candidate", k->info.id);
	struct tp_tls_upload *present = NULL;
	uint8_t key[sizeof(((struct tp_staged *)0)->public_key)];
	size_t len;
	bool fits = pem && tp_tls_upload_read(tp_span_of(pem), &present, NULL) == TP_OK;

	if (fits) {
		tp_tls_upload_order(present, (struct tp_span){0});
		fits = tp_tls_public_key(tp_tls_upload_certificate(present, 0), key, sizeof(key),
					 &len) &&
		       tp_tls_upload_has_key(upload, key_span(key, len));
	}
	if (fits)
		tp_tls_upload_order(upload, key_span(key, len));
	tp_tls_upload_free(&present);
	free(pem);
	return fits;
}

static enum tp_err match_kept(struct tp_identity_call *k, struct tp_tls_upload *upload,
			      struct tp_staged *s)
{
	struct tp_identity_request *r = calloc(1, sizeof(*r));
	enum tp_err err = r ? tp_store_request_get(k->all->store, k->info.id, r) : TP_NOMEM;
	struct tp_span pending = {0};

	if (err == TP_OK)
		pending = key_span(r->public_key, r->public_key_len);
	if (err == TP_OK && tp_tls_upload_has_key(upload, pending)) {
		s->source = TP_KEY_SOURCE_PENDING;
		tp_tls_upload_order(upload, pending);
		tp_text_copy(s->key_sealed, sizeof(s->key_sealed), r->key_sealed);
	} else if (err == TP_OK || err == TP_NOTFOUND) {
		s->found = err == TP_OK ? TP_TLS_KEY_NOT_OF_REQUEST : TP_TLS_KEY_MISSING;
		if (match_present(k, upload)) {
			s->source = TP_KEY_SOURCE_PRESENT;
			s->found = TP_TLS_KEY_FITS;
		} else {
			tp_tls_upload_order(upload, (struct tp_span){0});
		}
		err = TP_OK;
	}
	if (r)
		tp_store_request_fini(r);
	free(r);
	return err;
}

/* ------------------------------------------------------------------------ keeping */

static enum tp_err fill(struct tp_tls_upload *upload, struct tp_staged *s)
{
	uint8_t token[TP_STAGED_TOKEN / 2];
	struct x509_st *leaf = tp_tls_upload_certificate(upload, 0);

	if (!tp_tls_public_key(leaf, s->public_key, sizeof(s->public_key), &s->public_key_len))
		s->public_key_len = 0; /* longer than any that could be used: a finding says so */
	s->left_over = tp_tls_upload_left_over(upload);
	s->until_ms = tp_times_now_ms() + TP_STAGED_MS;
	tp_random_bytes(token, sizeof(token));
	tp_text_write_hex(s->token, token, sizeof(token));
	return tp_tls_upload_write(upload, &s->pem, &s->pem_len);
}

/* With the lock: the identity's place; NULL: nothing is staged for it. */
static struct tp_staged *place_of(struct tp_identities *all, const char *id)
{
	uint64_t now = tp_times_now_ms();

	for (size_t i = 0; i < TP_IDENTITIES_MAX; i++) {
		struct tp_staged *s = &all->staged[i];

		if (s->token[0] && s->until_ms < now)
			tp_staged_fini(s);
		if (s->token[0] && !strcmp(s->identity, id))
			return s;
	}
	return NULL;
}

/* With the lock: that place, or a free one. NULL: identities that are gone hold all. */
static struct tp_staged *place_for(struct tp_identities *all, const char *id)
{
	struct tp_staged *s = place_of(all, id);

	for (size_t i = 0; !s && i < TP_IDENTITIES_MAX; i++)
		if (!all->staged[i].token[0])
			s = &all->staged[i];
	return s;
}

static enum tp_err keep(struct tp_identities *all, const char *id, const struct tp_staged *s)
{
	struct tp_staged *mine = calloc(1, sizeof(*mine));
	enum tp_err err = mine ? copy(mine, s) : TP_NOMEM;

	if (err == TP_OK) {
		struct tp_staged *place;

		tp_text_copy(mine->identity, sizeof(mine->identity), id);
		pthread_mutex_lock(&all->mutex);
		place = place_for(all, id);
		if (place) {
			tp_staged_fini(place);
			*place = *mine;
		} else {
			tp_staged_fini(mine);
			err = TP_LIMIT;
		}
		pthread_mutex_unlock(&all->mutex);
	}
	free(mine);
	return err;
}

enum tp_err tp_identity_stage(struct tp_identity_call *k, struct tp_tls_upload *upload,
			      enum tp_key_source source, const struct tp_msg_key_answer *key,
			      struct tp_staged *s)
{
	enum tp_err err = TP_OK;

	memset(s, 0, sizeof(*s));
	if (key)
		match_own(upload, source, key, s);
	else
		err = match_kept(k, upload, s);
	if (err == TP_OK)
		err = fill(upload, s);
	if (err == TP_OK)
		err = keep(k->all, k->info.id, s);
	if (err != TP_OK)
		tp_staged_fini(s);
	return err;
}

enum tp_err tp_identity_staged(struct tp_identities *all, const char *id, const char *token,
			       struct tp_staged *s)
{
	struct tp_staged *slot;
	enum tp_err err = TP_NOTFOUND;

	pthread_mutex_lock(&all->mutex);
	slot = place_of(all, id);
	if (slot && (!token || !strcmp(token, slot->token)))
		err = copy(s, slot);
	pthread_mutex_unlock(&all->mutex);
	return err;
}

void tp_identity_unstage(struct tp_identities *all, const char *id)
{
	struct tp_staged *slot;

	pthread_mutex_lock(&all->mutex);
	slot = place_of(all, id);
	if (slot)
		tp_staged_fini(slot);
	pthread_mutex_unlock(&all->mutex);
}
