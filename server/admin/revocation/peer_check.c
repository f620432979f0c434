/* Revocation of who comes to the web interface. Runs in turnpike-admin's workers. */
#include "admin/revocation/peer_check.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/bus/bus.h"
#include "core/log.h"
#include "os/memfd.h"

struct tp_peer_check {
	tp_peer_fetch fetch;
	void *arg;
	pthread_mutex_t lock; /* guards what follows */
	struct tp_revocation *shared;
};

enum tp_err tp_peer_check_new(const struct tp_crl_set *crls, tp_peer_fetch fetch, void *arg,
			      struct tp_peer_check **out)
{
	struct tp_peer_check *c = calloc(1, sizeof(*c));
	uint8_t seed[16];

	if (!c)
		return TP_NOMEM;
	c->fetch = fetch;
	c->arg = arg;
	if (RAND_bytes(seed, sizeof(seed)) != 1 || tp_revocation_new(crls, seed, &c->shared) != TP_OK) {
		free(c);
		return TP_NOMEM;
	}
	pthread_mutex_init(&c->lock, NULL);
	*out = c;
	return TP_OK;
}

void tp_peer_check_free(struct tp_peer_check **check)
{
	struct tp_peer_check *c = *check;

	*check = NULL;
	if (!c)
		return;
	tp_revocation_unref(&c->shared);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* -------------------------------------------------------------------- the network */

static enum tp_err take_body(int fd, void **bytes, size_t *len)
{
	enum tp_err err = fd >= 0 ? tp_memfd_read(fd, TP_OCSP_RESPONSE_MAX, bytes, len) : TP_FORMAT;

	if (fd >= 0)
		close(fd);
	return err;
}

enum tp_err tp_peer_fetch_by_bus(void *arg, const struct tp_ocsp_question *question, uint32_t time_ms,
				 void **bytes, size_t *len, char text[TP_OCSP_TEXT_MAX + 1])
{
	struct tp_msg_fetch m = {
		.method = 1,
		.bytes_max = TP_OCSP_RESPONSE_MAX,
		.time_ms = time_ms,
		/* The URL was signed by a CA that is trusted here, and companies have responders inside. */
		.private_allowed = true,
		.body = question->request,
		.body_len = question->request_len,
	};
	struct tp_msg_fetched answer = { 0 };
	int fd = -1;
	enum tp_err err;

	tp_text_copy(m.url, sizeof(m.url), question->url);
	tp_text_copy(m.content_type, sizeof(m.content_type), "application/ocsp-request");
	tp_text_copy(m.accept, sizeof(m.accept), "application/ocsp-response");
	err = tp_bus_fetch(arg, &m, &answer, &fd);
	if (err != TP_OK) {
		tp_text_copy(text, TP_OCSP_TEXT_MAX + 1, "it cannot be asked now");
		return err;
	}
	if (answer.err != TP_OK) {
		tp_text_copy(text, TP_OCSP_TEXT_MAX + 1, answer.text);
		return (enum tp_err)answer.err;
	}
	err = take_body(fd, bytes, len);
	if (err != TP_OK)
		tp_text_copy(text, TP_OCSP_TEXT_MAX + 1, "its answer cannot be read");
	return err;
}

/* ------------------------------------------------------------------------ one peer */

static int64_t now_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void ask_responder(struct tp_peer_check *c, const struct tp_ocsp_question *question, uint32_t time_ms,
			  struct tp_ocsp_answer *out)
{
	void *bytes = NULL;
	size_t len = 0;

	*out = (struct tp_ocsp_answer){ .status = TP_OCSP_UNREACHABLE };
	if (c->fetch(c->arg, question, time_ms, &bytes, &len, out->text) == TP_OK) {
		pthread_mutex_lock(&c->lock);
		tp_revocation_learn(c->shared, question, bytes, len, now_ms(CLOCK_REALTIME) / 1000, out);
		pthread_mutex_unlock(&c->lock);
	}
	free(bytes);
	if (out->status != TP_OCSP_GOOD)
		TP_LOG(TP_LOG_INFO, "revocation.ocsp", "%s: %s%s%s", question->url,
		       tp_ocsp_status_words(out->status), out->text[0] ? ": " : "", out->text);
}

/* One after another, each with its share of the time that is left: a responder that
 * stalls leaves some for the next. */
static void ask_all(struct tp_peer_check *c, struct tp_revocation_chain *chain, uint32_t deadline_ms)
{
	int64_t until = now_ms(CLOCK_MONOTONIC) + deadline_ms;
	size_t count = tp_revocation_chain_count(chain);

	for (size_t n = 0; n < count; n++) {
		const struct tp_ocsp_question *q = tp_revocation_chain_question(chain, n);
		struct tp_revocation_verdict so_far;
		struct tp_ocsp_answer answer;
		uint8_t key[32];
		int64_t left;

		tp_revocation_chain_decide(chain, &so_far);
		if (so_far.outcome != TP_REVOCATION_WAIT)
			return;
		left = (until - now_ms(CLOCK_MONOTONIC)) / (int64_t)(count - n);
		if (!q || left <= 0)
			continue;
		memcpy(key, q->key, sizeof(key));
		ask_responder(c, q, (uint32_t)left, &answer);
		(void)tp_revocation_chain_answer(chain, key, &answer);
		tp_ocsp_answer_fini(&answer);
	}
}

void tp_peer_check_run(struct tp_peer_check *c, const struct tp_revocation_policy *policy,
		       uint32_t deadline_ms, struct x509_st *const *certificates, size_t count,
		       struct tp_revocation_verdict *out)
{
	struct tp_revocation_chain *chain = NULL;
	enum tp_err err;

	pthread_mutex_lock(&c->lock);
	tp_revocation_set_policy(c->shared, policy);
	err = tp_revocation_chain_new(c->shared, certificates, count, true, now_ms(CLOCK_REALTIME) / 1000,
				      &chain);
	pthread_mutex_unlock(&c->lock);
	if (err != TP_OK) {
		*out = (struct tp_revocation_verdict){ .outcome = TP_REVOCATION_REFUSE };
		tp_text_copy(out->reason, sizeof(out->reason), "its revocation cannot be checked");
		return;
	}
	ask_all(c, chain, deadline_ms);
	tp_revocation_chain_give_up(chain);
	tp_revocation_chain_decide(chain, out);
	pthread_mutex_lock(&c->lock);
	tp_revocation_chain_free(&chain);
	pthread_mutex_unlock(&c->lock);
}
