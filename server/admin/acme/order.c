/* One certificate: key and request, order, check, activation. On the thread of
 * admin/acme/acme.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/acme/inside.h"
#include "core/log.h"
#include "tls/context.h"

enum { AGAIN_MAX = 20 };

/* ------------------------------------------------------------------ key and request */

static enum tp_err make_request(struct tp_acme *a, const struct tp_acme_settings *s,
				struct tp_msg_key_answer *out)
{
	struct tp_msg_key_ask *ask = calloc(1, sizeof(*ask));
	struct tp_msg_key_spec *spec = ask ? &ask->spec[0] : NULL;
	enum tp_err err = ask ? TP_OK : TP_NOMEM;

	if (err == TP_OK && !(spec->dns_names = calloc(s->name_count, sizeof(*spec->dns_names))))
		err = TP_NOMEM;
	if (err == TP_OK) {
		ask->spec_count = 1;
		tp_text_copy(ask->identity, sizeof(ask->identity), s->identity);
		spec->work = TP_KEY_WORK_REQUEST;
		spec->type = s->key_type;
		/* A longer one stands among the names alone. */
		if (strlen(s->names[0].name) < sizeof(spec->common_name))
			tp_text_copy(spec->common_name, sizeof(spec->common_name), s->names[0].name);
		memcpy(spec->dns_names, s->names, s->name_count * sizeof(*spec->dns_names));
		spec->dns_names_count = (uint32_t)s->name_count;
		spec->server_auth = true;
		err = tp_bus_key_ask(a->parts.bus, ask, out);
	}
	if (ask)
		tp_msg_key_ask_fini(ask);
	free(ask);
	return err;
}

/* --------------------------------------------------------------------------- order */

static void fill(const struct tp_acme_settings *s, const struct tp_acme_row *row,
		 const struct tp_msg_key_answer *key, struct tp_msg_acme_order *m)
{
	tp_text_copy(m->directory, sizeof(m->directory), s->directory);
	tp_text_copy(m->contact, sizeof(m->contact), s->contact);
	tp_text_copy(m->hook, sizeof(m->hook), s->hook);
	m->challenge = s->challenge;
	m->request_pem = key->pem;
	m->request_pem_len = key->pem_len;
	tp_text_copy(m->eab_id, sizeof(m->eab_id), s->key_id);
	m->eab_key_sealed_len = (uint16_t)strnlen(s->hmac_sealed, sizeof(m->eab_key_sealed));
	memcpy(m->eab_key_sealed, s->hmac_sealed, m->eab_key_sealed_len);
	/* An account is with one directory, and bound to one customer. */
	if (strcmp(row->directory, s->directory) != 0 || strcmp(row->key_id, s->key_id) != 0)
		return;
	m->account_sealed_len = (uint16_t)strnlen(row->account_sealed, sizeof(m->account_sealed));
	memcpy(m->account_sealed, row->account_sealed, m->account_sealed_len);
}

static void keep_account(const struct tp_acme_settings *s, const struct tp_msg_acme_ordered *done,
			 struct tp_acme_row *row)
{
	if (done->account_unknown) {
		row->directory[0] = '\0';
		row->account_sealed[0] = '\0';
	} else if (done->account_sealed_len) {
		tp_text_copy(row->directory, sizeof(row->directory), s->directory);
		tp_text_copy(row->key_id, sizeof(row->key_id), s->key_id);
		tp_text_copy_span(row->account_sealed, sizeof(row->account_sealed),
				  (struct tp_span){(const char *)done->account_sealed,
						   done->account_sealed_len});
	}
}

/* The helper of an order that has just been answered may need a moment to end. */
static enum tp_err ask(struct tp_acme *a, const struct tp_msg_acme_order *m, int trusted,
		       struct tp_msg_acme_ordered *done)
{
	const struct timespec moment = {.tv_nsec = 250L * 1000 * 1000};
	enum tp_err err;

	for (unsigned i = 0;; i++) {
		err = tp_bus_acme_order(a->parts.bus, m, trusted, done);
		if (err != TP_OK || done->err != TP_CONFLICT || i == AGAIN_MAX)
			return err;
		free((void *)done->chain_pem);
		memset(done, 0, sizeof(*done));
		nanosleep(&moment, NULL);
	}
}

static enum tp_err get_chain(struct tp_acme *a, const struct tp_acme_settings *s,
			     struct tp_acme_row *row, const struct tp_msg_key_answer *key, char **chain)
{
	struct tp_msg_acme_order *m = calloc(1, sizeof(*m));
	struct tp_msg_acme_ordered *done = calloc(1, sizeof(*done));
	int trusted = -1;
	enum tp_err err = m && done ? tp_acme_trusted(a, s, &trusted) : TP_NOMEM;

	if (err == TP_OK) {
		fill(s, row, key, m);
		err = ask(a, m, trusted, done);
		close(trusted);
	}
	tp_acme_hide(a->proofs);
	if (err != TP_OK) {
		tp_text_copy(row->result, sizeof(row->result), "The appliance could not do it now.");
	} else {
		keep_account(s, done, row);
		tp_text_copy(row->result, sizeof(row->result), done->text);
		err = (enum tp_err)done->err;
		if (err == TP_OK)
			*chain = (char *)done->chain_pem; /* NUL behind it */
		else
			free((void *)done->chain_pem);
	}
	free(m);
	free(done);
	return err;
}

/* ---------------------------------------------------------------------- activation */

void tp_acme_forget_waiting(struct tp_acme *a)
{
	struct tp_acme_waiting *w = &a->waiting;

	free(w->chain);
	if (w->key)
		tp_bus_key_answer_fini(w->key);
	free(w->key);
	memset(w, 0, sizeof(*w));
}

static void say_done(const char *chain, const struct tp_acme_settings *s, struct tp_acme_row *row)
{
	struct tp_tls_peer leaf;
	char until[32] = "";
	struct tm tm;
	time_t end;

	if (tp_tls_peer_from_pem(tp_span_of(chain), &leaf) == TP_OK) {
		end = (time_t)leaf.not_after;
		gmtime_r(&end, &tm);
		strftime(until, sizeof(until), "%Y-%m-%d %H:%M UTC", &tm);
		tp_text_write_hex(row->issued, leaf.sha256, sizeof(leaf.sha256));
	}
	snprintf(row->result, sizeof(row->result),
		 "A certificate for %s%s is in use. It is good until %s.", s->names[0].name,
		 s->name_count > 1 ? " and others" : "", until);
}

enum tp_err tp_acme_deploy_waiting(struct tp_acme *a, const struct tp_acme_settings *s,
				   struct tp_acme_row *row)
{
	const struct tp_acme_waiting *w = &a->waiting;
	const char *accept[TP_ACME_ACCEPT_MAX];
	const struct tp_deployment d = {.identity = w->identity,
					.chain = tp_span_of(w->chain),
					.key = w->key,
					.accept = accept,
					.accept_count = s->accept_count,
					.user = "acme",
					.comment = "Certificate by ACME"};
	char text[1600];
	enum tp_err err;

	for (size_t i = 0; i < s->accept_count; i++)
		accept[i] = s->accept[i];
	err = tp_identities_deploy(a->parts.identities, &d, text, sizeof(text));
	if (err == TP_OK)
		say_done(w->chain, s, row);
	else if (err == TP_CONFLICT)
		snprintf(row->result, sizeof(row->result),
			 "The new certificate waits to be put in use. %s", text);
	else
		snprintf(row->result, sizeof(row->result),
			 "The new certificate was not put in use, as findings stand in the way. %s", text);
	if (err != TP_CONFLICT)
		tp_acme_forget_waiting(a);
	return err;
}

enum tp_err tp_acme_order(struct tp_acme *a, const struct tp_acme_settings *s, struct tp_acme_row *row)
{
	struct tp_msg_key_answer *key = calloc(1, sizeof(*key));
	bool had_account = row->directory[0] != '\0';
	char *chain = NULL;
	enum tp_err err = key ? TP_OK : TP_NOMEM;

	tp_acme_forget_waiting(a);
	tp_text_copy(row->result, sizeof(row->result), "There is no name to ask a certificate for.");
	if (err == TP_OK && !s->name_count)
		err = TP_NOTFOUND;
	if (err == TP_OK) {
		err = make_request(a, s, key);
		if (err == TP_OK)
			err = (enum tp_err)key->err;
		if (err != TP_OK)
			snprintf(row->result, sizeof(row->result), "The request cannot be made: %.500s",
				 key->text[0] ? key->text : "the appliance could not do it now.");
	}
	if (err == TP_OK)
		err = get_chain(a, s, row, key, &chain);
	/* One that the directory does not know any more: once again with a new one. */
	if (err != TP_OK && key && had_account && !row->directory[0])
		err = get_chain(a, s, row, key, &chain);
	if (err != TP_OK) {
		if (key)
			tp_bus_key_answer_fini(key);
		free(key);
		/* Only what waits for the configuration is a conflict. */
		return err == TP_CONFLICT ? TP_STATE : err;
	}
	tp_text_copy(a->waiting.identity, sizeof(a->waiting.identity), s->identity);
	a->waiting.chain = chain;
	a->waiting.key = key;
	return tp_acme_deploy_waiting(a, s, row);
}
