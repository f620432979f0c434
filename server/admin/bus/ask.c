/* The questions that admin asks the other processes, by name. Any thread but the
 * main one. */
#include "admin/bus/ask.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/auto.h"
#include "os/memfd.h"

/* Asks `question` and reads the answer into *out as `answer`. */
#define ASK(bus_, process_, question, msg_, fd_, answer, wait_ms_, out_)                       \
	do {                                                                                   \
		TP_AUTO(free) void *bytes_ = NULL;                                             \
		size_t len_ = 0;                                                               \
		const struct tp_bus_question q_ = {                                            \
			(process_),	       TP_MSG_TYPE_##question, tp_msg_##question##_write_any, \
			(1 ? (msg_) : (const struct tp_msg_##question *)0),                    \
			(fd_),	       TP_MSG_TYPE_##answer,   (wait_ms_), NULL, NULL          \
		};                                                                             \
		enum tp_err err_ = tp_bus_ask((bus_), &q_, &bytes_, &len_);                    \
		struct tp_rd rd_;                                                              \
                                                                                               \
		if (err_ != TP_OK)                                                             \
			return err_;                                                           \
		tp_rd_init(&rd_, bytes_, len_);                                                \
		err_ = tp_msg_##answer##_read(&rd_, (out_));                                   \
		if (err_ == TP_OK && tp_rd_finish(&rd_) != TP_OK) {                            \
			tp_msg_##answer##_fini(out_);                                          \
			err_ = TP_FORMAT;                                                      \
		}                                                                              \
		tp_wipe(bytes_, len_);                                                         \
		return err_;                                                                   \
	} while (0)

enum tp_err tp_bus_seal(struct tp_bus *bus, const struct tp_msg_seal *q, struct tp_msg_sealed *out)
{
	ASK(bus, TP_PROCESS_SUP, seal, q, -1, sealed, TP_BUS_WAIT_MS, out);
}

static enum tp_err ask_candidate(struct tp_bus *bus, const struct tp_msg_candidate *q, int fd,
				 struct tp_msg_candidate_result *out)
{
	ASK(bus, TP_PROCESS_SUP, candidate, q, fd, candidate_result, TP_BUS_COMMIT_WAIT_MS, out);
}

enum tp_err tp_bus_candidate(struct tp_bus *bus, const struct tp_msg_candidate *q, const char *json,
			     size_t len, struct tp_msg_candidate_result *out)
{
	int fd = -1;
	enum tp_err err = tp_memfd_sealed("candidate", json, len, &fd);

	if (err != TP_OK)
		return err;
	err = ask_candidate(bus, q, fd, out);
	close(fd);
	return err;
}

enum tp_err tp_bus_trial_end(struct tp_bus *bus, const struct tp_msg_trial_end *q,
			     struct tp_msg_candidate_result *out)
{
	ASK(bus, TP_PROCESS_SUP, trial_end, q, -1, candidate_result, TP_BUS_COMMIT_WAIT_MS, out);
}

enum tp_err tp_bus_factory_reset(struct tp_bus *bus, const struct tp_msg_factory_reset *q,
				 struct tp_msg_factory_reset_begun *out)
{
	ASK(bus, TP_PROCESS_SUP, factory_reset, q, -1, factory_reset_begun, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_identity_make(struct tp_bus *bus, const struct tp_msg_identity_make *q,
				 struct tp_msg_identity_made *out)
{
	ASK(bus, TP_PROCESS_SUP, identity_make, q, -1, identity_made, TP_BUS_COMMIT_WAIT_MS, out);
}

static enum tp_err read_key_answer(void *bytes, size_t len, struct tp_msg_key_answer *out)
{
	struct tp_msg_key_answer *m = calloc(1, sizeof(*m));
	struct tp_rd rd;
	uint8_t *pem;
	enum tp_err err;

	if (!m)
		return TP_NOMEM;
	tp_rd_init(&rd, bytes, len);
	err = tp_msg_key_answer_read(&rd, m);
	if (err == TP_OK && tp_rd_finish(&rd) != TP_OK)
		err = TP_FORMAT;
	pem = err == TP_OK ? calloc(1, m->pem_len + 1) : NULL;
	if (pem) {
		if (m->pem_len)
			memcpy(pem, m->pem, m->pem_len);
		m->pem = pem;
		*out = *m;
	} else if (err == TP_OK) {
		err = TP_NOMEM;
	}
	free(m);
	return err;
}

/* Not by ASK: the text is borrowed from the answer's bytes. */
enum tp_err tp_bus_key_ask(struct tp_bus *bus, const struct tp_msg_key_ask *q,
			   struct tp_msg_key_answer *out)
{
	const struct tp_bus_question question = {
		TP_PROCESS_SUP, TP_MSG_TYPE_key_ask,	tp_msg_key_ask_write_any, q,
		-1,		TP_MSG_TYPE_key_answer, TP_BUS_COMMIT_WAIT_MS, NULL, NULL,
	};
	void *bytes = NULL;
	size_t len = 0;
	enum tp_err err = tp_bus_ask(bus, &question, &bytes, &len);

	if (err == TP_OK)
		err = read_key_answer(bytes, len, out);
	free(bytes);
	return err;
}

void tp_bus_key_answer_fini(struct tp_msg_key_answer *answer)
{
	free((void *)answer->pem);
	tp_msg_key_answer_fini(answer);
}

enum tp_err tp_bus_hash(struct tp_bus *bus, const struct tp_msg_hash_ask *q,
			struct tp_msg_hash_made *out)
{
	ASK(bus, TP_PROCESS_SUP, hash_ask, q, -1, hash_made, TP_BUS_HASH_WAIT_MS, out);
}

enum tp_err tp_bus_pam(struct tp_bus *bus, const struct tp_msg_pam_ask *q,
		       struct tp_msg_remote_answered *out)
{
	ASK(bus, TP_PROCESS_SUP, pam_ask, q, -1, remote_answered, TP_BUS_PAM_WAIT_MS, out);
}

enum tp_err tp_bus_ldap(struct tp_bus *bus, const struct tp_msg_ldap_ask *q, int trusted_fd,
			struct tp_msg_remote_answered *out)
{
	ASK(bus, TP_PROCESS_SUP, ldap_ask, q, trusted_fd, remote_answered, TP_BUS_PAM_WAIT_MS, out);
}

enum tp_err tp_bus_crl_update(struct tp_bus *bus, const struct tp_msg_crl_update *q, int trusted_fd,
			      int bytes_fd, struct tp_msg_crl_made *out)
{
	TP_AUTO(free) void *bytes = NULL;
	size_t len = 0;
	const struct tp_bus_question ask = {
		.process = TP_PROCESS_SUP,
		.type = TP_MSG_TYPE_crl_update,
		.write = tp_msg_crl_update_write_any,
		.msg = q,
		.fd = trusted_fd,
		.answer_type = TP_MSG_TYPE_crl_made,
		.wait_ms = TP_BUS_CRL_WAIT_MS,
		.second_fd = bytes_fd >= 0 ? &bytes_fd : NULL,
	};
	enum tp_err err = tp_bus_ask(bus, &ask, &bytes, &len);
	struct tp_rd rd;

	if (err != TP_OK)
		return err;
	tp_rd_init(&rd, bytes, len);
	err = tp_msg_crl_made_read(&rd, out);
	return err == TP_OK ? tp_rd_finish(&rd) : err;
}

enum tp_err tp_bus_crl_drop(struct tp_bus *bus, uint8_t slot, struct tp_msg_crl_made *out)
{
	const struct tp_msg_crl_drop q = { .slot = slot };

	ASK(bus, TP_PROCESS_SUP, crl_drop, &q, -1, crl_made, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_fetch(struct tp_bus *bus, const struct tp_msg_fetch *q, struct tp_msg_fetched *out,
			 int *body_fd)
{
	TP_AUTO(free) void *bytes = NULL;
	size_t len = 0;
	int fd = -1;
	const struct tp_bus_question ask = {
		.process = TP_PROCESS_SUP,
		.type = TP_MSG_TYPE_fetch,
		.write = tp_msg_fetch_write_any,
		.msg = q,
		.fd = -1,
		.answer_type = TP_MSG_TYPE_fetched,
		.wait_ms = q->time_ms + TP_BUS_WAIT_MS,
		.answer_fd = &fd,
	};
	enum tp_err err = tp_bus_ask(bus, &ask, &bytes, &len);
	struct tp_rd rd;

	if (err != TP_OK)
		return err;
	tp_rd_init(&rd, bytes, len);
	err = tp_msg_fetched_read(&rd, out);
	if (err == TP_OK)
		err = tp_rd_finish(&rd);
	if (err == TP_OK)
		*body_fd = fd;
	else if (fd >= 0)
		close(fd);
	return err;
}

static enum tp_err read_ordered(const void *bytes, size_t len, struct tp_msg_acme_ordered *out)
{
	struct tp_rd rd;
	uint8_t *chain;
	enum tp_err err;

	tp_rd_init(&rd, bytes, len);
	err = tp_msg_acme_ordered_read(&rd, out);
	if (err == TP_OK)
		err = tp_rd_finish(&rd);
	chain = err == TP_OK ? calloc(1, out->chain_pem_len + 1) : NULL;
	if (chain && out->chain_pem_len)
		memcpy(chain, out->chain_pem, out->chain_pem_len);
	out->chain_pem = chain;
	return err == TP_OK && !chain ? TP_NOMEM : err;
}

/* Not by ASK: the chain is borrowed from the answer's bytes. */
enum tp_err tp_bus_acme_order(struct tp_bus *bus, const struct tp_msg_acme_order *q, int trusted_fd,
			      struct tp_msg_acme_ordered *out)
{
	const struct tp_bus_question question = {
		.process = TP_PROCESS_SUP,
		.type = TP_MSG_TYPE_acme_order,
		.write = tp_msg_acme_order_write_any,
		.msg = q,
		.fd = trusted_fd,
		.answer_type = TP_MSG_TYPE_acme_ordered,
		.wait_ms = TP_BUS_ACME_WAIT_MS,
	};
	void *bytes = NULL;
	size_t len = 0;
	enum tp_err err = tp_bus_ask(bus, &question, &bytes, &len);

	if (err == TP_OK)
		err = read_ordered(bytes, len, out);
	free(bytes);
	return err;
}

enum tp_err tp_bus_supervisor_status(struct tp_bus *bus, struct tp_msg_supervisor_status *out)
{
	const struct tp_msg_supervisor_status_get q = { 0 };

	ASK(bus, TP_PROCESS_SUP, supervisor_status_get, &q, -1, supervisor_status, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_audit_seal(struct tp_bus *bus, const struct tp_msg_audit_seal *q,
			      struct tp_msg_audit_sealed *out)
{
	ASK(bus, TP_PROCESS_SUP, audit_seal, q, -1, audit_sealed, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_audit_state(struct tp_bus *bus, struct tp_msg_audit_state *out)
{
	const struct tp_msg_audit_state_get q = { 0 };

	ASK(bus, TP_PROCESS_SUP, audit_state_get, &q, -1, audit_state, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_audit_check(struct tp_bus *bus, const struct tp_msg_audit_check *q,
			       struct tp_msg_audit_checked *out)
{
	ASK(bus, TP_PROCESS_SUP, audit_check, q, -1, audit_checked, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_zones(struct tp_bus *bus, uint32_t offset, uint32_t limit, struct tp_msg_zones *out)
{
	const struct tp_msg_zones_get q = { offset, limit };

	ASK(bus, TP_PROCESS_SIP, zones_get, &q, -1, zones, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_registrations(struct tp_bus *bus, uint32_t offset, uint32_t limit,
				 const char *filter, struct tp_msg_registrations *out)
{
	struct tp_msg_registrations_get q = { .offset = offset, .limit = limit };

	if (!tp_text_copy(q.filter, sizeof(q.filter), filter))
		return TP_LIMIT;
	ASK(bus, TP_PROCESS_SIP, registrations_get, &q, -1, registrations, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_calls(struct tp_bus *bus, uint32_t offset, uint32_t limit, struct tp_msg_calls *out)
{
	const struct tp_msg_calls_get q = { offset, limit };

	ASK(bus, TP_PROCESS_SIP, calls_get, &q, -1, calls, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_call(struct tp_bus *bus, uint64_t id, struct tp_msg_call_detail *out)
{
	const struct tp_msg_call_get q = { id };

	ASK(bus, TP_PROCESS_SIP, call_get, &q, -1, call_detail, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_call_disconnect(struct tp_bus *bus, uint64_t id,
				   struct tp_msg_call_disconnected *out)
{
	const struct tp_msg_call_disconnect q = { id };

	ASK(bus, TP_PROCESS_SIP, call_disconnect, &q, -1, call_disconnected, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_sip_counters(struct tp_bus *bus, struct tp_msg_sip_counters *out)
{
	const struct tp_msg_sip_counters_get q = { 0 };

	ASK(bus, TP_PROCESS_SIP, sip_counters_get, &q, -1, sip_counters, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_tls_serials(struct tp_bus *bus, struct tp_msg_tls_serials *out)
{
	const struct tp_msg_tls_serials_get q = { 0 };

	ASK(bus, TP_PROCESS_SIP, tls_serials_get, &q, -1, tls_serials, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_name_lookup(struct tp_bus *bus, const char *host, struct tp_msg_name_found *out)
{
	struct tp_msg_name_lookup q;

	if (!tp_text_copy(q.host, sizeof(q.host), host))
		return TP_LIMIT;
	ASK(bus, TP_PROCESS_SIP, name_lookup, &q, -1, name_found, TP_BUS_TEST_WAIT_MS, out);
}

enum tp_err tp_bus_traversal_test(struct tp_bus *bus, const struct tp_msg_traversal_test *q,
				  struct tp_msg_traversal_test_result *out)
{
	ASK(bus, TP_PROCESS_SIP, traversal_test, q, -1, traversal_test_result, TP_BUS_TEST_WAIT_MS, out);
}

enum tp_err tp_bus_revocation_test(struct tp_bus *bus, const struct tp_msg_revocation_test *q,
				   struct tp_msg_revocation_tested *out)
{
	ASK(bus, TP_PROCESS_SIP, revocation_test, q, -1, revocation_tested, TP_BUS_TEST_WAIT_MS, out);
}

enum tp_err tp_bus_media_stats(struct tp_bus *bus, uint64_t session, struct tp_msg_media_stats *out)
{
	const struct tp_msg_media_stats_get q = { session };

	ASK(bus, TP_PROCESS_MEDIA, media_stats_get, &q, -1, media_stats, TP_BUS_WAIT_MS, out);
}

enum tp_err tp_bus_media_counters(struct tp_bus *bus, struct tp_msg_media_counters *out)
{
	const struct tp_msg_media_counters_get q = { 0 };

	ASK(bus, TP_PROCESS_MEDIA, media_counters_get, &q, -1, media_counters, TP_BUS_WAIT_MS, out);
}
