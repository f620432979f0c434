/* The temporary CA and the server's leaf, made by the key helper; the private keys are
 * sealed here. Runs in turnpiked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "os/file.h"
#include "supervisor/supervisor.h"

enum { MAKE_MS = 30000, HELPER_END_MS = 5000 };

static const char ca_file[] = "ca.pem";
static const char ca_key_file[] = "ca.key.sealed";
static const char ca_key_name[] = "identity/ca/key";
static const char leaf_key_name[] = "identity/server/key";

/* ------------------------------------------------------------------ the kept CA */

static enum tp_err load_ca_key(struct tp_sup *sup, struct tp_msg_keys_make *m)
{
	struct tp_secret key = { 0 };
	void *bytes;
	size_t len;
	enum tp_err err = tp_file_read(sup->identity_fd, ca_key_file,
				       TP_SEAL_TEXT(sizeof(m->ca_key)), &bytes, &len);

	if (err != TP_OK)
		return err;
	err = tp_seal_unseal(&sup->seal, ca_key_name, (struct tp_span){ bytes, len }, &key);
	free(bytes);
	if (err == TP_OK && key.len > sizeof(m->ca_key))
		err = TP_LIMIT;
	if (err == TP_OK) {
		memcpy(m->ca_key, key.bytes, key.len);
		m->ca_key_len = (uint16_t)key.len;
	}
	tp_secret_fini(&key);
	return err;
}

/* Without a CA both fields stay empty, which asks the helper for a new one. */
static enum tp_err load_ca(struct tp_sup *sup, struct tp_msg_keys_make *m)
{
	void *bytes;
	size_t len;
	enum tp_err err = tp_file_read(sup->identity_fd, ca_file, sizeof(m->ca_pem), &bytes, &len);

	if (err == TP_NOTFOUND)
		return TP_OK;
	if (err != TP_OK)
		return err;
	memcpy(m->ca_pem, bytes, len);
	m->ca_pem_len = (uint16_t)len;
	free(bytes);
	return load_ca_key(sup, m);
}

/* The certificate last: its file says that the CA is whole. */
static enum tp_err keep_ca(struct tp_sup *sup, const struct tp_msg_keys_made *m,
			   struct tp_diag *diag)
{
	char text[TP_SEAL_TEXT(sizeof(m->ca_key))];
	enum tp_err err = tp_seal_secret(&sup->seal, ca_key_name, m->ca_key, m->ca_key_len, text,
					 sizeof(text));

	if (err != TP_OK)
		return tp_fail(diag, err, ca_key_file, "cannot be sealed");
	err = tp_file_write(sup->identity_fd, ca_key_file, text, strlen(text), 0600, diag);
	if (err != TP_OK)
		return err;
	return tp_file_write(sup->identity_fd, ca_file, m->ca_pem, m->ca_pem_len, 0600, diag);
}

/* --------------------------------------------------------------------- answers */

static void answer(struct tp_sup *sup, const struct tp_msg_identity_made *made)
{
	struct tp_channel *admin = tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel;

	tp_timer_stop(sup->loop, &sup->identity.timer);
	if (made->err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "identity.make", "%s: %s", tp_err_name((enum tp_err)made->err),
		       made->text);
	TP_CHANNEL_SEND(admin, identity_made, sup->identity.request, made);
}

static void set_failure(struct tp_sup *sup, enum tp_err err, const char *text)
{
	struct tp_msg_identity_made *made = sup->identity.made;

	memset(made, 0, sizeof(*made));
	made->err = (uint8_t)err;
	tp_text_copy(made->text, sizeof(made->text), text);
}

static enum tp_err fill(struct tp_sup *sup, const struct tp_msg_keys_made *m,
			struct tp_msg_identity_made *made, struct tp_diag *diag)
{
	char *text = (char *)made->key_sealed;
	enum tp_err err = TP_OK;

	if (!sup->identity.make->ca_key_len)
		err = keep_ca(sup, m, diag);
	if (err != TP_OK)
		return err;
	err = tp_seal_secret(&sup->seal, leaf_key_name, m->key_pem, m->key_pem_len, text,
			     sizeof(made->key_sealed));
	if (err != TP_OK)
		return tp_fail(diag, err, leaf_key_name, "the key cannot be sealed");
	made->key_sealed_len = (uint16_t)strlen(text);
	memcpy(made->certificate_pem, m->certificate_pem, m->certificate_pem_len);
	made->certificate_pem_len = m->certificate_pem_len;
	memcpy(made->ca_pem, m->ca_pem, m->ca_pem_len);
	made->ca_pem_len = m->ca_pem_len;
	return TP_OK;
}

static void take_made(struct tp_sup *sup, const struct tp_msg_keys_made *m)
{
	struct tp_msg_identity_made *made = sup->identity.made;
	struct tp_diag diag = { 0 };
	enum tp_err err;

	sup->identity.answered = true;
	if (m->err != TP_OK) {
		set_failure(sup, (enum tp_err)m->err, m->text);
		return;
	}
	memset(made, 0, sizeof(*made));
	err = fill(sup, m, made, &diag);
	if (err != TP_OK)
		set_failure(sup, err, diag.text);
}

/* ---------------------------------------------------------------------- helper */

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sup *sup = arg;
	struct tp_msg_keys_made *m = calloc(1, sizeof(*m));
	enum tp_err err;

	(void)ch;
	if (!m)
		return TP_NOMEM;
	err = tp_msg_keys_made_read(&frame->body, m);
	if (err == TP_OK && sup->identity.answered)
		err = TP_STATE;
	if (err == TP_OK) {
		take_made(sup, m);
		tp_msg_keys_made_fini(m);
		tp_sup_process_kill_after(&sup->identity.helper, HELPER_END_MS);
		tp_channel_free(&sup->identity.helper.channel);
	}
	free(m);
	return err;
}

static void forget_request(struct tp_sup *sup)
{
	if (sup->identity.make)
		tp_msg_keys_make_fini(sup->identity.make);
	free(sup->identity.make);
	free(sup->identity.made);
	sup->identity.make = NULL;
	sup->identity.made = NULL;
}

/* The answer goes out when the helper has ended, so that the next request finds none. */
static void on_end(void *arg)
{
	struct tp_sup *sup = arg;
	char text[256];

	if (!sup->identity.answered) {
		snprintf(text, sizeof(text), "the key helper ended without an answer (%s)",
			 sup->identity.helper.last_end);
		set_failure(sup, TP_INTERNAL, text);
	}
	answer(sup, sup->identity.made);
	forget_request(sup);
}

static void on_due(void *arg)
{
	struct tp_sup *sup = arg;

	tp_sup_process_kill(&sup->identity.helper);
}

static enum tp_err start_helper(struct tp_sup *sup, struct tp_diag *diag)
{
	const char *argv[] = { tp_process_name(TP_PROCESS_KEYS), "--log-level",
			       sup->options.log_level, NULL };
	struct tp_sup_identity *id = &sup->identity;
	enum tp_err err = tp_sup_process_start(sup, &id->helper, TP_PROCESS_KEYS,
					       argv, NULL, 0, on_frame,
					       on_end, sup, diag);

	if (err != TP_OK)
		return err;
	err = TP_CHANNEL_SEND(id->helper.channel, keys_make, 0, id->make);
	if (err == TP_OK)
		err = tp_timer_start(sup->loop, &id->timer, MAKE_MS, on_due, sup);
	/* The end of a helper that was not asked is told as the failure. */
	if (err != TP_OK)
		tp_sup_process_kill(&id->helper);
	return TP_OK;
}

static enum tp_err read_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_keys_make *make = sup->identity.make;
	struct tp_msg_identity_make *asked = calloc(1, sizeof(*asked));
	enum tp_err err;

	if (!asked)
		return TP_NOMEM;
	err = tp_msg_identity_make_read(&frame->body, asked);
	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK) {
		memcpy(make->common_name, asked->common_name, sizeof(make->common_name));
		memcpy(make->dns_names, asked->dns_names, sizeof(make->dns_names));
		memcpy(make->ip_names, asked->ip_names, sizeof(make->ip_names));
		make->dns_names_count = asked->dns_names_count;
		make->ip_names_count = asked->ip_names_count;
	}
	free(asked);
	return err;
}

static enum tp_err refuse_busy(struct tp_sup *sup, uint32_t request)
{
	struct tp_msg_identity_made *made = calloc(1, sizeof(*made));
	enum tp_err err;

	if (!made)
		return TP_NOMEM;
	made->err = TP_CONFLICT;
	tp_text_copy(made->text, sizeof(made->text), "another identity is being made");
	err = TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel, identity_made,
			      request, made);
	free(made);
	return err;
}

enum tp_err tp_sup_identity_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_sup_identity *id = &sup->identity;
	struct tp_diag diag = { 0 };
	enum tp_err err;

	if (id->helper.pid)
		return refuse_busy(sup, frame->request);
	forget_request(sup);
	id->make = calloc(1, sizeof(*id->make));
	id->made = calloc(1, sizeof(*id->made));
	if (!id->make || !id->made) {
		forget_request(sup);
		return TP_NOMEM;
	}
	id->request = frame->request;
	id->answered = false;
	err = read_request(sup, frame);
	if (err != TP_OK) {
		forget_request(sup);
		return err;
	}
	err = load_ca(sup, id->make);
	if (err != TP_OK)
		tp_fail(&diag, err, "", "the kept CA does not read (%s)", tp_err_name(err));
	else
		err = start_helper(sup, &diag);
	if (err != TP_OK) {
		set_failure(sup, err, diag.text);
		answer(sup, id->made);
		forget_request(sup);
	}
	return TP_OK;
}

void tp_sup_identity_fini(struct tp_sup *sup)
{
	tp_sup_process_fini(&sup->identity.helper);
	tp_timer_stop(sup->loop, &sup->identity.timer);
	forget_request(sup);
}
