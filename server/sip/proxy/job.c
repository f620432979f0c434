/* Messages of a dialog in their order: each waits until the media process has done
 * what the one before asked for. Runs in turnpike-sip. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "sip/proxy/call.h"

struct tp_job {
	struct tp_list link;
	enum tp_job_kind kind;
	uint8_t side;
	struct tp_branch *branch;
	struct tp_sip_msg *msg;
	struct tp_exchange *exchange;
};

bool tp_msg_has_sdp(const struct tp_sip_msg *msg)
{
	return tp_sip_msg_body(msg).len && strcasecmp(tp_sip_msg_content_type(msg), "application/sdp") == 0;
}

static void free_job(struct tp_job *job)
{
	tp_sip_msg_free(&job->msg);
	free(job);
}

void tp_jobs_clear(struct tp_branch *branch)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &branch->jobs) {
		tp_list_remove(it);
		free_job(TP_CONTAINER(it, struct tp_job, link));
	}
	branch->job_count = 0;
	if (branch->job) {
		/* The media session is closed with it, so its callback does not come. */
		free_job(branch->job);
		branch->job = NULL;
	}
}

void tp_jobs_forget(struct tp_branch *branch, const struct tp_exchange *exchange)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &branch->jobs) {
		struct tp_job *job = TP_CONTAINER(it, struct tp_job, link);

		if (job->exchange != exchange)
			continue;
		tp_list_remove(it);
		branch->job_count--;
		free_job(job);
	}
	if (branch->job && branch->job->exchange == exchange)
		branch->job->exchange = NULL;
}

static void run(struct tp_branch *branch);

/* The job is over; the next one may go. */
static void finish(struct tp_branch *branch, struct tp_job *job)
{
	branch->job = NULL;
	free_job(job);
	run(branch);
}

/* Sends the message on, which owns it from then. */
static void proceed(struct tp_job *job)
{
	struct tp_branch *branch = job->branch;
	struct tp_sip_msg *msg = job->msg;

	job->msg = NULL;
	switch (job->kind) {
	case TP_JOB_RESPONSE:
		tp_fork_forward(branch, msg);
		break;
	case TP_JOB_REQUEST:
		if (job->exchange)
			tp_exchange_forward(job->exchange, msg);
		else
			tp_sip_msg_free(&msg);
		break;
	case TP_JOB_REPLY:
		if (job->exchange)
			tp_exchange_forward_reply(job->exchange, msg);
		else
			tp_sip_msg_free(&msg);
		break;
	case TP_JOB_ACK:
		tp_ack_forward(branch, job->side, msg);
		break;
	}
}

static void strip_body(struct tp_job *job)
{
	if (tp_sip_msg_set_body(job->msg, NULL, NULL, 0) != TP_OK)
		TP_LOG(TP_LOG_WARN, "sip.sdp", "a body could not be taken off");
}

/* The SDP cannot be used. */
static void refuse(struct tp_job *job, enum tp_err err, const struct tp_diag *diag)
{
	struct tp_branch *branch = job->branch;
	struct tp_sip_msg *msg = job->msg;
	int status = tp_sip_sdp_status(err, diag);

	tp_call_step(branch->call, "SDP refused: %s", diag->text);
	switch (job->kind) {
	case TP_JOB_RESPONSE:
		if (tp_sip_msg_status(msg) < 200) {
			strip_body(job);
			proceed(job);
			return;
		}
		job->msg = NULL;
		tp_fork_reject(branch, msg, diag);
		return;
	case TP_JOB_REQUEST:
		if (job->exchange)
			tp_exchange_reply(job->exchange, status, NULL, diag->text);
		return;
	case TP_JOB_REPLY:
		if (tp_sip_msg_method(msg) == TP_SIP_INVITE && tp_sip_msg_status(msg) >= 200)
			tp_fork_hang_up(branch, NULL);
		if (job->exchange)
			tp_exchange_reply(job->exchange, 488, NULL, diag->text);
		if (branch->media)
			tp_media_offer_over(branch->media);
		return;
	case TP_JOB_ACK:
		strip_body(job);
		proceed(job);
		(void)tp_calls_disconnect(branch->call->sip, branch->call->info.id, diag->text);
		return;
	}
}

static void on_media(void *arg, enum tp_err err, const struct tp_diag *diag, struct tp_span body)
{
	struct tp_job *job = arg;
	struct tp_branch *branch = job->branch;
	struct tp_call *call = branch->call;

	tp_call_ref(call);
	if (err == TP_OK && tp_sip_msg_set_body(job->msg, NULL, body.p, body.len) == TP_OK)
		proceed(job);
	else
		refuse(job, err == TP_OK ? TP_NOMEM : err, diag);
	/* What just ran may have ended the call, and with it this job. */
	if (branch->job == job)
		finish(branch, job);
	tp_call_unref(call);
}

/* True when the media process has been asked and on_media will come. */
static bool ask_media(struct tp_job *job)
{
	struct tp_media_session *media = job->branch->media;
	bool response = job->kind == TP_JOB_RESPONSE || job->kind == TP_JOB_REPLY;

	if (!media || !tp_msg_has_sdp(job->msg))
		return false;
	if (response && tp_sip_msg_status(job->msg) >= 300) {
		strip_body(job);
		return false;
	}
	if (tp_media_is_answer(media, job->side, response)) {
		tp_media_answer(media, tp_sip_msg_body(job->msg), on_media, job);
		return true;
	}
	if (job->kind == TP_JOB_ACK) {
		strip_body(job); /* an offer cannot travel in an ACK */
		return false;
	}
	tp_media_offer(media, job->side, tp_sip_msg_body(job->msg), on_media, job);
	return true;
}

static void run(struct tp_branch *branch)
{
	while (!branch->job && tp_list_first(&branch->jobs)) {
		struct tp_job *job = TP_CONTAINER(tp_list_first(&branch->jobs), struct tp_job, link);
		struct tp_call *call = branch->call;

		tp_list_remove(&job->link);
		branch->job_count--;
		branch->job = job;
		tp_call_ref(call);
		if (!ask_media(job)) {
			proceed(job);
			if (branch->job == job) {
				branch->job = NULL;
				free_job(job);
			}
		}
		tp_call_unref(call);
	}
}

void tp_job_add(struct tp_branch *branch, enum tp_job_kind kind, uint8_t side, struct tp_sip_msg *msg,
		struct tp_exchange *exchange)
{
	struct tp_job *job = branch->job_count < TP_CALL_JOBS_MAX ? calloc(1, sizeof(*job)) : NULL;

	if (!job) {
		TP_LOG(TP_LOG_WARN, "sip.jobs", "a message of a call is dropped: too many wait for media");
		tp_sip_msg_free(&msg);
		return;
	}
	job->kind = kind;
	job->side = side;
	job->branch = branch;
	job->msg = msg;
	job->exchange = exchange;
	tp_list_append(&branch->jobs, &job->link);
	branch->job_count++;
	run(branch);
}
