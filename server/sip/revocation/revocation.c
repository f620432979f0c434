/* Questions to OCSP responders and who waits for their answers. Runs in turnpike-sip. */
#include "sip/revocation/revocation.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "os/memfd.h"
#include "os/random.h"
#include "sip/config/config.h"
#include "sip/revocation/internal.h"
#include "sip/zone/zone.h"
#include "tls/crl_index.h"

enum { TICK_MS = 1000, HTTP_OK = 200 };

static int64_t now_s(const struct tp_sip *sip)
{
	return (int64_t)(tp_loop_unix_ms(sip->loop) / 1000);
}

/* -------------------------------------------------------------------- waiting */

static void end_waiter(struct waiter *w)
{
	struct tp_sip_revocation *r = w->sip->revocation;

	tp_list_remove(&w->link);
	tp_timer_stop(w->sip->loop, &w->timer);
	tp_revocation_chain_free(&w->chain);
	if (!w->flow)
		r->test_count--;
	tp_flow_unref(&w->flow);
	free(w);
}

/* Lets go of whoever waits for nothing any more. */
static void settle(struct waiter *w)
{
	struct tp_revocation_verdict verdict;
	char reason[TP_REVOCATION_REASON_MAX + 32];
	struct tp_flow *flow;

	tp_revocation_chain_decide(w->chain, &verdict);
	if (verdict.outcome == TP_REVOCATION_WAIT)
		return;
	if (!w->flow) {
		tp_sip_revocation_tested(w, &verdict);
		end_waiter(w);
		return;
	}
	tp_revocation_count(w->sip->revocation->shared, &verdict);
	flow = tp_flow_ref(w->flow);
	end_waiter(w);
	tp_text_copy(reason, sizeof(reason), "TLS: certificate refused: ");
	tp_text_copy(reason + strlen(reason), sizeof(reason) - strlen(reason), verdict.reason);
	tp_flow_release(flow, verdict.outcome == TP_REVOCATION_ACCEPT, reason);
	tp_flow_unref(&flow);
}

static void on_deadline(void *arg)
{
	struct waiter *w = arg;

	tp_revocation_chain_give_up(w->chain);
	settle(w);
}

/* --------------------------------------------------------------------- asking */

static void end_query(struct query *q)
{
	struct tp_sip_revocation *r = q->sip->revocation;

	tp_list_remove(&q->link);
	r->query_count--;
	tp_timer_stop(q->sip->loop, &q->timer);
	tp_ocsp_question_fini(&q->question);
	free(q);
}

/* Gives the answer to all who wait for it. Letting a connection go may do anything but
 * end another waiter. */
static void deliver(struct tp_sip *sip, const uint8_t key[32], const struct tp_ocsp_answer *answer)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sip->revocation->waiters) {
		struct waiter *w = TP_CONTAINER(it, struct waiter, link);

		if (tp_revocation_chain_answer(w->chain, key, answer))
			settle(w);
	}
}

static void send_waiting(struct tp_sip *sip);

static void answer_query(struct query *q, struct tp_ocsp_answer *answer)
{
	struct tp_sip *sip = q->sip;
	uint8_t key[32];

	memcpy(key, q->question.key, sizeof(key));
	if (q->request) /* nobody is to blame for a question that was never put to him */
		tp_sip_revocation_note(sip, q->question.url, answer);
	if (answer->status != TP_OCSP_GOOD)
		TP_LOG(TP_LOG_INFO, "revocation.ocsp", "%s: %s%s%s", q->question.url,
		       tp_ocsp_status_words(answer->status), answer->text[0] ? ": " : "", answer->text);
	end_query(q);
	send_waiting(sip);
	deliver(sip, key, answer);
}

static void fail_query(struct query *q, const char *why)
{
	struct tp_ocsp_answer answer = { .status = TP_OCSP_UNREACHABLE };

	tp_text_copy(answer.text, sizeof(answer.text), why);
	answer_query(q, &answer);
}

static void on_query_late(void *arg)
{
	const struct query *q = arg;

	fail_query(arg, q->request ? "no answer in time" : "not asked: too many questions are under way");
}

/* Sent or waiting for its turn; the helper has a limit of its own, this one is for a
 * helper that never answers. */
static enum tp_err arm_query(struct query *q)
{
	return tp_timer_start(q->sip->loop, &q->timer, TP_SIP_OCSP_QUERY_MS + 2000, on_query_late, q);
}

static enum tp_err send_query(struct query *q)
{
	struct tp_channel *sup = tp_child_supervisor(q->sip->child);
	struct tp_msg_fetch m = {
		.method = 1,
		.bytes_max = TP_OCSP_RESPONSE_MAX,
		.time_ms = TP_SIP_OCSP_QUERY_MS,
		/* The URL was signed by a CA that is trusted here, and companies have responders inside. */
		.private_allowed = true,
		.body = q->question.request,
		.body_len = q->question.request_len,
	};
	uint32_t request;
	enum tp_err err;

	if (!sup)
		return TP_CLOSED;
	tp_text_copy(m.url, sizeof(m.url), q->question.url);
	tp_text_copy(m.content_type, sizeof(m.content_type), "application/ocsp-request");
	tp_text_copy(m.accept, sizeof(m.accept), "application/ocsp-response");
	request = tp_channel_next_request(sup);
	err = TP_CHANNEL_SEND(sup, fetch, request, &m);
	if (err != TP_OK)
		return err;
	q->request = request;
	return arm_query(q);
}

size_t tp_sip_revocation_host_length(const char *url)
{
	const char *host = strstr(url, "://");

	return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : strlen(url);
}

static bool has_turn(const struct tp_sip_revocation *r, const struct query *q)
{
	size_t len = tp_sip_revocation_host_length(q->question.url);
	size_t asked = 0, of_it = 0;

	for (const struct tp_list *it = r->queries.next; it != &r->queries; it = it->next) {
		const struct query *other = TP_CONTAINER(it, struct query, link);

		if (!other->request)
			continue;
		asked++;
		if (tp_sip_revocation_host_length(other->question.url) == len &&
		    strncasecmp(other->question.url, q->question.url, len) == 0)
			of_it++;
	}
	return asked < TP_SIP_OCSP_ASKED_MAX && of_it < TP_SIP_OCSP_ASKED_ONE_MAX;
}

/* One has ended: others may have their turn. One that cannot be sent is told of by its
 * timer. */
static void send_waiting(struct tp_sip *sip)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sip->revocation->queries) {
		struct query *q = TP_CONTAINER(it, struct query, link);

		if (!q->request && has_turn(sip->revocation, q) && send_query(q) != TP_OK)
			return;
	}
}

static struct query *find_query(struct tp_sip_revocation *r, const uint8_t key[32])
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &r->queries) {
		struct query *q = TP_CONTAINER(it, struct query, link);

		if (memcmp(q->question.key, key, 32) == 0)
			return q;
	}
	return NULL;
}

/* One question under way serves all who want to know the same. */
static enum tp_err ask(struct tp_sip *sip, const struct tp_ocsp_question *question)
{
	struct tp_sip_revocation *r = sip->revocation;
	struct query *q;
	enum tp_err err;

	if (find_query(r, question->key))
		return TP_OK;
	if (r->query_count >= TP_SIP_OCSP_QUERIES_MAX)
		return TP_LIMIT;
	q = calloc(1, sizeof(*q));
	if (!q)
		return TP_NOMEM;
	q->sip = sip;
	tp_ocsp_question_copy(&q->question, question);
	tp_list_append(&r->queries, &q->link);
	r->query_count++;
	err = arm_query(q);
	if (err == TP_OK && has_turn(r, q))
		err = send_query(q);
	if (err != TP_OK)
		end_query(q);
	return err;
}

void tp_sip_revocation_wait(struct waiter *w, uint64_t ms)
{
	tp_list_append(&w->sip->revocation->waiters, &w->link);
	for (size_t n = 0; n < tp_revocation_chain_count(w->chain); n++) {
		const struct tp_ocsp_question *q = tp_revocation_chain_question(w->chain, n);
		bool download = tp_revocation_chain_point(w->chain, n) != NULL;
		struct tp_ocsp_answer answer = { .status = TP_OCSP_UNREACHABLE };
		enum tp_err err = q ? ask(w->sip, q) : TP_OK;

		if (download && tp_sip_revocation_download(w->sip, w->chain, n) != TP_OK)
			(void)tp_revocation_chain_point_ended(w->chain, tp_revocation_chain_point_key(w->chain, n),
							      "it cannot be downloaded now");
		if (err == TP_OK)
			continue;
		tp_text_copy(answer.text, sizeof(answer.text),
			     err == TP_LIMIT ? "too many questions are under way" : "it cannot be asked now");
		(void)tp_revocation_chain_answer(w->chain, q->key, &answer);
	}
	if (tp_timer_start(w->sip->loop, &w->timer, ms, on_deadline, w) != TP_OK)
		tp_revocation_chain_give_up(w->chain);
	settle(w);
}

void tp_sip_revocation_downloaded(struct tp_sip *sip, const char *key, const char *text)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sip->revocation->waiters) {
		struct waiter *w = TP_CONTAINER(it, struct waiter, link);

		if (tp_revocation_chain_point_ended(w->chain, key, text))
			settle(w);
	}
}

/* ------------------------------------------------------------------ the answer */

/* Bytes of the helper's answer, judged. */
static void read_answer(struct query *q, int fd, struct tp_ocsp_answer *out)
{
	struct tp_sip *sip = q->sip;
	void *bytes = NULL;
	size_t len = 0;

	if (fd >= 0 && tp_memfd_read(fd, TP_OCSP_RESPONSE_MAX, &bytes, &len) == TP_OK)
		tp_revocation_learn(sip->revocation->shared, &q->question, bytes, len, now_s(sip), out);
	else
		tp_text_copy(out->text, sizeof(out->text), "its answer cannot be read");
	free(bytes);
}

enum tp_err tp_sip_revocation_fetched(struct tp_sip *sip, struct tp_frame *frame)
{
	struct tp_ocsp_answer answer = { .status = TP_OCSP_UNREACHABLE };
	struct tp_list *it, *next;
	struct query *found = NULL;
	struct tp_msg_fetched m;
	enum tp_err err = tp_msg_fetched_read(&frame->body, &m);

	if (err != TP_OK)
		return err;
	TP_LIST_EACH(it, next, &sip->revocation->queries) {
		struct query *q = TP_CONTAINER(it, struct query, link);

		if (frame->request && q->request == frame->request)
			found = q;
	}
	if (!found)
		return TP_OK; /* given up meanwhile */
	if (m.err == TP_OK && m.status == HTTP_OK)
		read_answer(found, frame->fd_count ? frame->fds[0] : -1, &answer);
	else
		tp_text_copy(answer.text, sizeof(answer.text), m.text);
	answer_query(found, &answer);
	tp_ocsp_answer_fini(&answer);
	return TP_OK;
}

enum tp_err tp_sip_revocation_crls(struct tp_sip *sip, struct tp_frame *frame)
{
	struct tp_msg_crl_index m;
	enum tp_err err = tp_msg_crl_index_read(&frame->body, &m);

	if (err != TP_OK)
		return err;
	err = tp_crl_set_put(sip->crls, m.slot, frame->fd_count ? frame->fds[0] : -1);
	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "revocation.crls", "the lists of slot %u cannot be used (%s): what was there stays",
		       m.slot, tp_err_name(err));
	return TP_OK;
}

/* ---------------------------------------------------------------- connections */

void tp_sip_revocation_held(struct tp_sip *sip, struct tp_flow *flow)
{
	struct waiter *w = calloc(1, sizeof(*w));
	enum tp_err err = w ? tp_flow_chain(flow, &w->chain) : TP_NOMEM;
	uint64_t deadline_s = sip->config ? sip->config->cfg.revocation_deadline_s : 1;

	if (err != TP_OK) {
		free(w);
		tp_flow_release(flow, false, "TLS: the certificate cannot be checked for revocation");
		return;
	}
	w->sip = sip;
	w->flow = tp_flow_ref(flow);
	tp_revocation_chain_set_unknown(w->chain, tp_zones_unknown_of(sip, flow));
	tp_sip_revocation_wait(w, deadline_s * 1000);
}

/* ----------------------------------------------------------------- life and end */

static void on_tick(void *arg)
{
	struct tp_sip *sip = arg;

	tp_sip_revocation_tick(sip);
	if (tp_timer_start(sip->loop, &sip->revocation->tick, TICK_MS, on_tick, sip) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "revocation.alarms", "no timer: the alarms about revocation stand still");
}

enum tp_err tp_sip_revocation_new(struct tp_sip *sip, struct tp_sip_revocation **out)
{
	struct tp_sip_revocation *r = calloc(1, sizeof(*r));
	enum tp_err err = TP_NOMEM;

	if (!r)
		return TP_NOMEM;
	tp_list_init(&r->queries);
	tp_list_init(&r->downloads);
	tp_list_init(&r->waiters);
	r->troubled = calloc(TP_SIP_OCSP_TROUBLED_MAX, sizeof(*r->troubled));
	if (r->troubled)
		err = tp_crl_set_new(&sip->crls);
	if (err == TP_OK)
		err = tp_revocation_new(sip->crls, sip->seed, &r->shared);
	if (err == TP_OK)
		err = tp_timer_start(sip->loop, &r->tick, TICK_MS, on_tick, sip);
	*out = r;
	return err;
}

void tp_sip_revocation_free(struct tp_sip *sip)
{
	struct tp_sip_revocation *r = sip->revocation;
	struct tp_list *it;

	if (!r)
		return;
	while ((it = tp_list_first(&r->waiters)))
		end_waiter(TP_CONTAINER(it, struct waiter, link));
	while ((it = tp_list_first(&r->queries)))
		end_query(TP_CONTAINER(it, struct query, link));
	tp_sip_revocation_drop_downloads(sip);
	sip->revocation = NULL;
	tp_timer_stop(sip->loop, &r->tick);
	tp_revocation_unref(&r->shared);
	free(r->troubled);
	free(r);
}

struct tp_revocation *tp_sip_revocation_shared(const struct tp_sip_revocation *revocation)
{
	return revocation->shared;
}

void tp_sip_revocation_apply(struct tp_sip *sip)
{
	const struct tp_cfg_sip *cfg = &sip->config->cfg;
	const struct tp_revocation_policy policy = {
		.enabled = cfg->revocation,
		.use_ocsp = cfg->revocation_ocsp,
		.use_crls = cfg->revocation_crls,
		.use_points = cfg->revocation_cdp,
		.unknown_is_revoked = cfg->revocation_fallback,
		.last_known_good_s = 3600u * cfg->revocation_last_good_h,
	};

	tp_revocation_set_policy(sip->revocation->shared, &policy);
	if (!policy.enabled)
		tp_sip_revocation_calm(sip);
	if (!policy.use_points)
		tp_sip_revocation_drop_points(sip);
}
