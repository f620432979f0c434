/* Making requests and self-signed certificates. Runs in turnpike-admin's workers. */
#include <stdlib.h>
#include <string.h>

#include "admin/http/times.h"
#include "admin/identity/parts.h"

void tp_identity_get_request(void *arg, const struct tp_http_request *req,
			     struct tp_http_response *res)
{
	struct tp_identity_request *r = calloc(1, sizeof(*r));
	struct tp_identity_call k;
	char disposition[96];
	enum tp_err err;

	if (!tp_identity_start(&k, arg, req, res)) {
		free(r);
		return;
	}
	err = r ? tp_store_request_get(k.all->store, k.info.id, r) : TP_NOMEM;
	if (err == TP_OK) {
		tp_http_reply_bytes(res, 200, "application/x-pem-file", r->pem, strlen(r->pem));
		snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s.csr.pem\"",
			 k.info.id);
		tp_http_header(res, "Content-Disposition", disposition);
		tp_store_request_fini(r);
	} else if (err == TP_NOTFOUND) {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "No request is pending.");
	} else {
		tp_http_reply_failure(res, err, NULL);
	}
	free(r);
}

static bool is_pending(struct tp_identity_call *k)
{
	struct tp_identity_request *r = calloc(1, sizeof(*r));
	bool is = r && tp_store_request_get(k->all->store, k->info.id, r) == TP_OK;

	if (is)
		tp_store_request_fini(r);
	free(r);
	return is;
}

static void keep_request(struct tp_identity_call *k, const struct tp_msg_key_answer *made,
			 const char *distribution)
{
	struct tp_identity_request *r = calloc(1, sizeof(*r));
	enum tp_err err = r ? TP_OK : TP_NOMEM;

	if (err == TP_OK) {
		r->created_ms = tp_times_now_ms();
		tp_text_copy(r->identity, sizeof(r->identity), k->info.id);
		tp_text_copy(r->created_by, sizeof(r->created_by), k->op.user);
		tp_text_copy(r->distribution, sizeof(r->distribution), distribution);
		tp_text_copy_span(
			r->key_sealed, sizeof(r->key_sealed),
			(struct tp_span){(const char *)made->key_sealed, made->key_sealed_len});
		memcpy(r->public_key, made->public_key, made->public_key_len);
		r->public_key_len = made->public_key_len;
		r->pem = (char *)made->pem; /* NUL behind it; stays the answer's */
		err = tp_store_request_put(k->all->store, r);
	}
	if (err == TP_OK) {
		tp_http_reply_json(k->res, 201, tp_identity_request_json(r));
		tp_identity_note(k, 0, "identity.request", "%s: a key and a request were made",
				 k->info.id);
	} else {
		tp_http_reply_failure(k->res, err, NULL);
	}
	free(r);
}

/* Makes what the body asks for; then goes on with it. */
static void make(struct tp_identity_call *k, enum tp_key_work work, const json_t *body,
		 void (*then)(struct tp_identity_call *k, const struct tp_msg_key_answer *made,
			      const char *distribution))
{
	struct tp_msg_key_ask *ask = calloc(1, sizeof(*ask));
	struct tp_msg_key_answer *made = calloc(1, sizeof(*made));
	char distribution[16], *like = NULL;

	if (!ask || !made) {
		tp_http_reply_failure(k->res, TP_NOMEM, NULL);
	} else if (tp_identity_read_request(k, body, ask, distribution, &like)) {
		ask->spec[0].work = (uint8_t)work;
		if (tp_identity_ask(k, ask, made)) {
			then(k, made, distribution);
			tp_bus_key_answer_fini(made);
		}
	}
	if (ask)
		tp_msg_key_ask_fini(ask);
	free(like);
	free(ask);
	free(made);
}

void tp_identity_post_request(void *arg, const struct tp_http_request *req,
			      struct tp_http_response *res)
{
	struct tp_identity_call k;
	json_t *body;

	if (!tp_identity_start(&k, arg, req, res) || !(body = tp_http_body_object(req, res)))
		return;
	tp_identity_settle(k.all);
	if (!json_is_true(json_object_get(body, "replace")) && is_pending(&k))
		tp_http_reply_error(
			res, 409, "in-use", NULL,
			"A request of this identity is pending already: upload its certificate, "
			"discard it, or replace it.");
	else
		make(&k, TP_KEY_WORK_REQUEST, body, keep_request);
	json_decref(body);
}

void tp_identity_delete_request(void *arg, const struct tp_http_request *req,
				struct tp_http_response *res)
{
	struct tp_identity_call k;
	enum tp_err err;

	if (!tp_identity_start(&k, arg, req, res))
		return;
	err = tp_store_request_delete(k.all->store, k.info.id);
	if (err == TP_OK) {
		tp_identity_note(&k, 0, "identity.discard",
				 "%s: the pending request and its key were discarded", k.info.id);
		tp_http_reply_empty(res, 204);
	} else if (err == TP_NOTFOUND) {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "No request is pending.");
	} else {
		tp_http_reply_failure(res, err, NULL);
	}
}

/* ------------------------------------------------------------------- self-signed */

static void stage_made(struct tp_identity_call *k, const struct tp_msg_key_answer *made,
		       const char *distribution)
{
	(void)distribution;
	tp_identity_bring(k, (struct tp_span){(const char *)made->pem, made->pem_len},
			  TP_KEY_SOURCE_MADE, made);
}

void tp_identity_post_self_signed(void *arg, const struct tp_http_request *req,
				  struct tp_http_response *res)
{
	struct tp_identity_call k;
	json_t *body;

	if (!tp_identity_start(&k, arg, req, res) || !(body = tp_http_body_object(req, res)))
		return;
	make(&k, TP_KEY_WORK_SELF_SIGNED, body, stage_made);
	json_decref(body);
}
