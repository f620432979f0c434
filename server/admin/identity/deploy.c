/* Certificates that are put in use without an administrator: the same findings as an
 * upload's decide. Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "admin/identity/parts.h"

static bool is_accepted(const struct tp_deployment *d, const char *id)
{
	for (size_t i = 0; i < d->accept_count; i++)
		if (!strcmp(d->accept[i], id))
			return true;
	return false;
}

/* The names of what the appliance made for itself need not be kept. */
static bool replaces_temporary(struct tp_identity_call *k)
{
	char *present = tp_identity_chain(k->all->config, "running", k->info.id);
	bool temporary = present && tp_identity_is_temporary(present);

	free(present);
	return temporary;
}

/* What stands in the way, in words; false: nothing. */
static bool object(struct tp_identity_call *k, const struct tp_deployment *d,
		   const struct tp_tls_findings *findings, char *text, size_t size)
{
	bool temporary = replaces_temporary(k);
	size_t at = 0;

	for (size_t i = 0; i < findings->count; i++) {
		const struct tp_tls_finding *f = &findings->list[i];
		int n;

		if (f->severity == TP_TLS_NOTE ||
		    (f->severity == TP_TLS_WARN &&
		     (is_accepted(d, f->id) || (temporary && !strcmp(f->id, "names-lost")))))
			continue;
		n = snprintf(text + at, size - at, "%s%.300s (%s)", at ? " " : "", f->text, f->id);
		at += n > 0 && (size_t)n < size - at ? (size_t)n : 0;
	}
	return at > 0;
}

/* The chain as the identity would keep it, the key with it. */
static enum tp_err stage(const struct tp_deployment *d, struct tp_staged *s)
{
	const struct tp_span own = {(const char *)d->key->public_key, d->key->public_key_len};
	struct tp_tls_upload *upload = NULL;
	enum tp_err err = tp_tls_upload_read(d->chain, &upload, NULL);

	if (err != TP_OK)
		return err;
	s->source = TP_KEY_SOURCE_PENDING;
	s->found = tp_tls_upload_has_key(upload, own) ? TP_TLS_KEY_FITS : TP_TLS_KEY_NOT_OF_REQUEST;
	tp_tls_upload_order(upload, own);
	memcpy(s->public_key, own.p, own.len);
	s->public_key_len = own.len;
	s->left_over = tp_tls_upload_left_over(upload);
	tp_text_copy_span(s->key_sealed, sizeof(s->key_sealed),
			  (struct tp_span){(const char *)d->key->key_sealed, d->key->key_sealed_len});
	err = tp_tls_upload_write(upload, &s->pem, &s->pem_len);
	tp_tls_upload_free(&upload);
	return err;
}

/* The first error of an answer. */
static void take_words(const struct tp_http_response *res, char *text, size_t size)
{
	json_t *body = res->body ? json_loadb(res->body, res->body_len, 0, NULL) : NULL;
	const char *said = json_string_value(json_object_get(
		json_array_get(json_object_get(json_object_get(body, "ietf-restconf:errors"), "error"),
			       0),
		"error-message"));

	tp_text_copy(text, size, said ? said : "The configuration cannot be changed now.");
	json_decref(body);
}

static enum tp_err put(struct tp_identity_call *k, const struct tp_deployment *d,
		       const struct tp_staged *s, char *text, size_t size)
{
	json_t *body = json_pack("{s:b, s:s}", "commit", 1, "comment", d->comment);
	enum tp_err err = TP_OK;

	tp_identity_put(k, s->pem, s->key_sealed, body);
	json_decref(body);
	if (k->res->status != 200) {
		take_words(k->res, text, size);
		err = k->res->status == 409 ? TP_CONFLICT : TP_IO;
	} else {
		tp_identity_note(k, 0, "identity.activate", "%s: %s", k->info.id, d->comment);
	}
	return err;
}

enum tp_err tp_identities_deploy(struct tp_identities *all, const struct tp_deployment *d, char *text,
				 size_t size)
{
	struct tp_http_response res = {0};
	struct tp_identity_call k = {.all = all, .res = &res};
	struct tp_tls_findings *findings = calloc(1, sizeof(*findings));
	struct tp_staged *s = calloc(1, sizeof(*s));
	enum tp_err err = findings && s ? TP_OK : TP_NOMEM;

	if (!tp_identity_find(all->config, d->identity, &k.info))
		err = TP_NOTFOUND;
	k.op = (struct tp_operator){.user = d->user, .source = "", .connection = 1, .may_write = true};
	text[0] = '\0';
	if (err == TP_OK)
		err = stage(d, s);
	if (err == TP_OK && !tp_identity_judge(all->config, k.info.id, s, findings))
		err = TP_FORMAT;
	if (err == TP_OK && object(&k, d, findings, text, size))
		err = TP_DENIED;
	if (err == TP_OK)
		err = put(&k, d, s, text, size);
	if (err != TP_OK && !text[0])
		tp_text_copy(text, size, "The certificate does not read.");
	tp_http_response_fini(&res);
	if (s)
		tp_staged_fini(s);
	free(s);
	free(findings);
	return err;
}
