/* Downloads: each by a fetch helper of its own, a bounded number at a time. Runs in
 * turnpiked, which never looks at what was fetched. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "supervisor/supervisor.h"

enum {
	LATE_MS = 5000,
	HELPER_END_MS = 5000,
	TIME_MAX_MS = 600000,
	CHILD_BYTES_MAX = 16 << 20, /* of an answer that a child asked for */
};

struct tp_sup_fetch {
	struct tp_list link;
	struct tp_sup *sup;
	struct tp_sup_process helper;
	struct tp_timer timer;
	struct tp_msg_fetch asked;
	uint8_t *body; /* of asked */
	int trusted_fd;
	bool running;
	bool answered;
	tp_sup_fetched done;
	void *arg;
	enum tp_process from; /* of a child's question; else TP_PROCESS_SUP */
	uint32_t request;
};

static void start_waiting(struct tp_sup *sup);

static void free_fetch(struct tp_sup_fetch *f)
{
	tp_timer_stop(f->sup->loop, &f->timer);
	tp_sup_process_fini(&f->helper);
	tp_list_remove(&f->link);
	if (f->trusted_fd >= 0)
		close(f->trusted_fd);
	free(f->body);
	free(f);
}

/* ----------------------------------------------------------------------- answers */

static void tell(struct tp_sup_fetch *f, const struct tp_msg_fetched *m, int body)
{
	if (f->answered)
		return;
	f->answered = true;
	tp_timer_stop(f->sup->loop, &f->timer);
	f->done(f->arg, m, body);
}

static void tell_failure(struct tp_sup_fetch *f, enum tp_err err, const char *text)
{
	struct tp_msg_fetched m = { .err = (uint8_t)err };

	tp_text_copy(m.text, sizeof(m.text), text);
	tell(f, &m, -1);
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sup_fetch *f = arg;
	struct tp_msg_fetched m;
	enum tp_err err;

	(void)ch;
	if (frame->type != TP_MSG_TYPE_fetched || f->answered)
		return TP_STATE;
	err = tp_msg_fetched_read(&frame->body, &m);
	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK && frame->fd_count != (m.err == TP_OK ? 1U : 0U))
		err = TP_FORMAT;
	if (err != TP_OK)
		return err;
	tell(f, &m, frame->fd_count ? frame->fds[0] : -1);
	tp_sup_process_kill_after(&f->helper, HELPER_END_MS);
	tp_channel_free(&f->helper.channel);
	return TP_OK;
}

static void on_end(void *arg)
{
	struct tp_sup_fetch *f = arg;
	struct tp_sup *sup = f->sup;
	char text[200];

	snprintf(text, sizeof(text), "The download helper ended without an answer (%s).",
		 f->helper.last_end);
	tell_failure(f, TP_INTERNAL, text);
	free_fetch(f);
	start_waiting(sup);
}

static void on_due(void *arg)
{
	struct tp_sup_fetch *f = arg;

	tell_failure(f, TP_LIMIT, "It took too long.");
	tp_sup_process_kill(&f->helper);
}

/* ------------------------------------------------------------------------ starting */

static enum tp_err start(struct tp_sup_fetch *f)
{
	struct tp_sup *sup = f->sup;
	const char *argv[] = { tp_process_name(TP_PROCESS_FETCH), "--log-level",
			       sup->options.log_level, NULL };
	uint64_t time_ms = f->asked.time_ms < TIME_MAX_MS ? f->asked.time_ms : TIME_MAX_MS;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_sup_process_start(sup, &f->helper, TP_PROCESS_FETCH, argv, NULL, 0,
					       on_frame, on_end, f, &diag);

	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "fetch.start", "%s: %s", diag.where, diag.text);
		return err;
	}
	f->running = true;
	err = TP_CHANNEL_SEND_FDS(f->helper.channel, fetch, 0, &f->asked, &f->trusted_fd,
				  f->trusted_fd >= 0 ? 1 : 0);
	if (err == TP_OK)
		err = tp_timer_start(sup->loop, &f->timer, time_ms + LATE_MS, on_due, f);
	/* The end of a helper that was not asked is told as the failure. */
	if (err != TP_OK)
		tp_sup_process_kill(&f->helper);
	return TP_OK;
}

static void start_waiting(struct tp_sup *sup)
{
	struct tp_list *it, *next;
	unsigned running = 0;

	TP_LIST_EACH(it, next, &sup->fetches)
		if (TP_CONTAINER(it, struct tp_sup_fetch, link)->running)
			running++;
	TP_LIST_EACH(it, next, &sup->fetches) {
		struct tp_sup_fetch *f = TP_CONTAINER(it, struct tp_sup_fetch, link);

		if (f->running)
			continue;
		if (running == TP_SUP_FETCHES)
			return;
		if (start(f) == TP_OK) {
			running++;
			continue;
		}
		tell_failure(f, TP_INTERNAL, "The download helper cannot be started.");
		free_fetch(f);
	}
}

static size_t count_of(const struct tp_sup *sup)
{
	size_t n = 0;

	for (const struct tp_list *it = sup->fetches.next; it != &sup->fetches; it = it->next)
		n++;
	return n;
}

static struct tp_sup_fetch *new_fetch(struct tp_sup *sup, const struct tp_msg_fetch *asked,
				      int trusted_fd)
{
	struct tp_sup_fetch *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->sup = sup;
	f->asked = *asked;
	f->trusted_fd = trusted_fd >= 0 ? fcntl(trusted_fd, F_DUPFD_CLOEXEC, 3) : -1;
	f->body = asked->body_len ? malloc(asked->body_len) : NULL;
	if (f->body)
		memcpy(f->body, asked->body, asked->body_len);
	f->asked.body = f->body;
	if ((asked->body_len && !f->body) || (trusted_fd >= 0 && f->trusted_fd < 0)) {
		free_fetch(f);
		return NULL;
	}
	return f;
}

static enum tp_err add(struct tp_sup *sup, const struct tp_msg_fetch *asked, int trusted_fd,
		       struct tp_sup_fetch **out)
{
	if (count_of(sup) >= TP_SUP_FETCHES + TP_SUP_FETCHES_WAITING)
		return TP_LIMIT;
	*out = new_fetch(sup, asked, trusted_fd);
	if (!*out)
		return TP_NOMEM;
	tp_list_append(&sup->fetches, &(*out)->link);
	return TP_OK;
}

enum tp_err tp_sup_fetch(struct tp_sup *sup, const struct tp_msg_fetch *asked, int trusted_fd,
			 tp_sup_fetched done, void *arg)
{
	struct tp_sup_fetch *f;
	enum tp_err err = add(sup, asked, trusted_fd, &f);

	if (err != TP_OK)
		return err;
	f->done = done;
	f->arg = arg;
	start_waiting(sup);
	return TP_OK;
}

/* --------------------------------------------------------------- children's questions */

static void answer_child(void *arg, const struct tp_msg_fetched *m, int body)
{
	const struct tp_sup_fetch *f = arg;

	if (f->from != TP_PROCESS_SUP)
		TP_CHANNEL_SEND_FDS(tp_sup_child_of(f->sup, f->from)->process.channel, fetched,
				    f->request, m, &body, body >= 0 ? 1 : 0);
}

static enum tp_err refuse(struct tp_sup *sup, enum tp_process from, uint32_t request,
			  enum tp_err why)
{
	struct tp_msg_fetched m = { .err = (uint8_t)why };

	tp_text_copy(m.text, sizeof(m.text), "Too many downloads are under way.");
	return TP_CHANNEL_SEND(tp_sup_child_of(sup, from)->process.channel, fetched, request, &m);
}

enum tp_err tp_sup_fetch_request(struct tp_sup *sup, enum tp_process from, struct tp_frame *frame)
{
	struct tp_msg_fetch *asked = calloc(1, sizeof(*asked));
	struct tp_sup_fetch *f = NULL;
	enum tp_err err = asked ? tp_msg_fetch_read(&frame->body, asked) : TP_NOMEM;

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK && frame->fd_count > 1)
		err = TP_FORMAT;
	if (err != TP_OK) {
		free(asked);
		return err;
	}
	if (asked->bytes_max > CHILD_BYTES_MAX)
		asked->bytes_max = CHILD_BYTES_MAX;
	err = add(sup, asked, frame->fd_count ? frame->fds[0] : -1, &f);
	free(asked);
	if (err != TP_OK)
		return refuse(sup, from, frame->request, err);
	f->done = answer_child;
	f->arg = f;
	f->from = from;
	f->request = frame->request;
	start_waiting(sup);
	return TP_OK;
}

void tp_sup_fetch_forget(struct tp_sup *sup, enum tp_process from)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sup->fetches) {
		struct tp_sup_fetch *f = TP_CONTAINER(it, struct tp_sup_fetch, link);

		if (f->from != from)
			continue;
		f->from = TP_PROCESS_SUP;
		if (f->running)
			tp_sup_process_kill(&f->helper);
		else
			free_fetch(f);
	}
}

void tp_sup_fetch_fini(struct tp_sup *sup)
{
	while (!tp_list_empty(&sup->fetches))
		free_fetch(TP_CONTAINER(tp_list_first(&sup->fetches), struct tp_sup_fetch, link));
}
