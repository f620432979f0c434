/* What admin may ask of the supervisor. Runs in turnpiked. */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "ipc/remote.h"
#include "supervisor/supervisor.h"

static struct tp_channel *admin_channel(struct tp_sup *sup)
{
	return tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel;
}

static enum tp_err seal_it(struct tp_sup *sup, const struct tp_msg_seal *m,
			   struct tp_msg_sealed *sealed)
{
	enum tp_err err = TP_DENIED;

	if (tp_seal_may_make(m->name))
		err = tp_seal_secret(&sup->seal, m->name, m->secret, m->secret_len,
				     (char *)sealed->sealed, sizeof(sealed->sealed));
	sealed->err = (uint8_t)err;
	if (err == TP_OK)
		sealed->sealed_len = (uint16_t)strlen((char *)sealed->sealed);
	return err;
}

static enum tp_err take_seal(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_sealed sealed = { 0 };
	struct tp_msg_seal m;
	enum tp_err err = tp_msg_seal_read(&frame->body, &m);

	if (err != TP_OK)
		return err;
	if (seal_it(sup, &m, &sealed) != TP_OK)
		TP_LOG(TP_LOG_WARN, "seal.refused", "%s: %s", m.name,
		       tp_err_name((enum tp_err)sealed.err));
	tp_msg_seal_fini(&m);
	return TP_CHANNEL_SEND(admin_channel(sup), sealed, frame->request, &sealed);
}

static enum tp_err take_status(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_supervisor_status m = { .started_ms = sup->started_unix_ms,
					      .pam_service = tp_remote_has_pam_service() };

	tp_text_copy(m.version, sizeof(m.version), TP_VERSION);
	for (size_t i = 0; i < TP_SLICES; i++) {
		const struct tp_sup_child *c = &sup->children[i];
		struct tp_msg_process_status *p = &m.processes[m.processes_count++];

		tp_text_copy(p->name, sizeof(p->name), tp_process_name(c->process.which));
		p->pid = (uint32_t)c->process.pid;
		p->ready = c->ready;
		p->restarts = c->restarts;
		p->started_ms = c->started_unix_ms;
		tp_text_copy(p->last_end, sizeof(p->last_end), c->process.last_end);
	}
	return TP_CHANNEL_SEND(admin_channel(sup), supervisor_status, frame->request, &m);
}

static enum tp_err take_first_login_done(struct tp_sup *sup)
{
	if (!sup->first_login.open)
		return TP_OK;
	TP_LOG(TP_LOG_INFO, "first-login", "a password is set: the first-login secret is forgotten");
	/* What could not be removed is tried again when admin says it again. */
	if (tp_first_login_end(sup->state_fd, &sup->first_login) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "first-login", "the file first-login cannot be removed");
	return TP_OK;
}

enum tp_err tp_sup_asked(struct tp_sup *sup, struct tp_frame *frame)
{
	switch (frame->type) {
	case TP_MSG_TYPE_candidate:
		return tp_sup_commit_request(sup, frame);
	case TP_MSG_TYPE_trial_end:
		return tp_sup_trial_request(sup, frame);
	case TP_MSG_TYPE_seal:
		return take_seal(sup, frame);
	case TP_MSG_TYPE_identity_make:
		return tp_sup_identity_request(sup, frame);
	case TP_MSG_TYPE_key_ask:
		return tp_sup_key_work_request(sup, frame);
	case TP_MSG_TYPE_pam_ask:
		return tp_sup_pam_request(sup, frame);
	case TP_MSG_TYPE_ldap_ask:
		return tp_sup_ldap_request(sup, frame);
	case TP_MSG_TYPE_hash_ask:
		return tp_sup_hash_request(sup, frame);
	case TP_MSG_TYPE_supervisor_status_get:
		return take_status(sup, frame);
	case TP_MSG_TYPE_crl_update:
		return tp_sup_crl_update(sup, frame);
	case TP_MSG_TYPE_crl_drop:
		return tp_sup_crl_drop(sup, frame);
	case TP_MSG_TYPE_acme_order:
		return tp_sup_acme_order(sup, frame);
	case TP_MSG_TYPE_acme_challenge_ready:
		return tp_sup_acme_ready(sup, frame);
	case TP_MSG_TYPE_first_login_done:
		return take_first_login_done(sup);
	case TP_MSG_TYPE_factory_reset:
		return tp_sup_reset_request(sup, frame);
	case TP_MSG_TYPE_audit_seal:
		return tp_sup_audit_seal(sup, frame);
	case TP_MSG_TYPE_audit_state_get:
		return tp_sup_audit_state(sup, frame);
	case TP_MSG_TYPE_audit_check:
		return tp_sup_audit_check(sup, frame);
	default:
		return TP_UNSUPPORTED;
	}
}
