/* Revocation lists at the distribution points of peers' certificates: downloaded by one
 * helper, read by the next, handed to sip as an index and not kept. Runs in turnpiked,
 * which reads none of it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "os/memfd.h"
#include "supervisor/supervisor.h"

enum {
	INPUT_MAX = 8 << 20, /* bytes of a download */
	DOWNLOAD_MS = 10000,
	REDIRECTS = 3,
	MAKE_MS = 10000,
	HELPER_END_MS = 5000,
};

struct tp_sup_point {
	struct tp_list link;
	struct tp_sup *sup;
	uint32_t request;
	bool sip_waits;
	char url[1024];
	int issuer_fd;
	int bytes_fd;
	int index_fd;
	struct tp_sup_process helper;
	struct tp_timer timer;
	bool answered; /* by the helper */
	struct tp_msg_point_read out;
};

static void free_point(struct tp_sup_point *p)
{
	const int fds[] = { p->issuer_fd, p->bytes_fd, p->index_fd };

	tp_timer_stop(p->sup->loop, &p->timer);
	tp_sup_process_fini(&p->helper);
	tp_list_remove(&p->link);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(p);
}

static void end_point(struct tp_sup_point *p)
{
	struct tp_sup_child *sip = tp_sup_child_of(p->sup, TP_PROCESS_SIP);

	if (p->sip_waits)
		TP_CHANNEL_SEND_FDS(sip->process.channel, point_read, p->request, &p->out, &p->index_fd,
				    p->out.err == TP_OK ? 1 : 0);
	free_point(p);
}

static void fail_point(struct tp_sup_point *p, enum tp_err err, const char *text)
{
	p->out.err = (uint8_t)err;
	tp_text_copy(p->out.text, sizeof(p->out.text), text);
	end_point(p);
}

/* ---------------------------------------------------------------------- reading it */

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sup_point *p = arg;
	struct tp_msg_crl_made made;
	enum tp_err err;

	(void)ch;
	if (frame->type != TP_MSG_TYPE_crl_made || p->answered)
		return TP_STATE;
	err = tp_msg_crl_made_read(&frame->body, &made);
	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK && made.err == TP_OK &&
	    (frame->fd_count != 1 || !tp_memfd_is_sealed(frame->fds[0])))
		err = TP_FORMAT;
	if (err != TP_OK)
		return err;
	p->out.err = made.err;
	tp_text_copy(p->out.text, sizeof(p->out.text), made.text);
	if (made.err == TP_OK) {
		p->index_fd = frame->fds[0];
		frame->fds[0] = -1;
	}
	p->answered = true;
	tp_sup_process_kill_after(&p->helper, HELPER_END_MS);
	tp_channel_free(&p->helper.channel);
	return TP_OK;
}

static void on_end(void *arg)
{
	struct tp_sup_point *p = arg;

	if (p->answered)
		end_point(p);
	else
		fail_point(p, TP_INTERNAL, "The helper that reads it ended without an answer.");
}

static void on_due(void *arg)
{
	struct tp_sup_point *p = arg;

	tp_sup_process_kill(&p->helper);
}

static enum tp_err ask_helper(struct tp_sup_point *p)
{
	struct tp_msg_crl_make m = { 0 };
	const int fds[] = { p->bytes_fd, p->issuer_fd };

	tp_text_copy(m.origin, sizeof(m.origin), p->url);
	return TP_CHANNEL_SEND_FDS(p->helper.channel, crl_make, 0, &m, fds, 2);
}

/* Descriptor 4 is the file that the helper writes: without a name, it goes with the
 * helper. */
static enum tp_err start_helper(struct tp_sup_point *p)
{
	struct tp_sup *sup = p->sup;
	const char *argv[] = { tp_process_name(TP_PROCESS_CRL), "--log-level", sup->options.log_level, NULL };
	int file = openat(sup->crl.folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct tp_diag diag = { 0 };
	enum tp_err err;

	if (file < 0)
		return TP_IO;
	err = tp_sup_process_start(sup, &p->helper, TP_PROCESS_CRL, argv, &file, 1, on_frame, on_end, p, &diag);
	close(file);
	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "point.start", "%s: %s", diag.where, diag.text);
		return err;
	}
	err = ask_helper(p);
	if (err == TP_OK)
		err = tp_timer_start(sup->loop, &p->timer, MAKE_MS, on_due, p);
	/* The end of a helper that was not asked is told as the failure. */
	if (err != TP_OK)
		tp_sup_process_kill(&p->helper);
	return TP_OK;
}

/* ------------------------------------------------------------------- downloading it */

static void on_fetched(void *arg, const struct tp_msg_fetched *m, int body)
{
	struct tp_sup_point *p = arg;

	if (m->err == TP_OK)
		p->bytes_fd = fcntl(body, F_DUPFD_CLOEXEC, 3);
	if (m->err != TP_OK || p->bytes_fd < 0)
		fail_point(p, m->err ? (enum tp_err)m->err : TP_IO, m->text);
	else if (start_helper(p) != TP_OK)
		fail_point(p, TP_IO, "The helper that reads it cannot be started.");
}

static enum tp_err download(struct tp_sup_point *p)
{
	struct tp_msg_fetch *ask = calloc(1, sizeof(*ask));
	enum tp_err err;

	if (!ask)
		return TP_NOMEM;
	tp_text_copy(ask->url, sizeof(ask->url), p->url);
	ask->bytes_max = INPUT_MAX;
	ask->time_ms = DOWNLOAD_MS;
	ask->redirects_max = REDIRECTS;
	/* The URL was signed by a CA that is trusted here, and companies have theirs inside. */
	ask->private_allowed = true;
	err = tp_sup_fetch(p->sup, ask, -1, on_fetched, p);
	free(ask);
	return err;
}

static enum tp_err refuse(struct tp_sup *sup, uint32_t request, enum tp_err why, const char *text)
{
	struct tp_msg_point_read m = { .err = (uint8_t)why };

	tp_text_copy(m.text, sizeof(m.text), text);
	return TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_SIP)->process.channel, point_read, request, &m);
}

static size_t count_of(const struct tp_sup *sup)
{
	size_t n = 0;

	for (const struct tp_list *it = sup->points.next; it != &sup->points; it = it->next)
		n++;
	return n;
}

enum tp_err tp_sup_point_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_point_read_ask m;
	struct tp_sup_point *p;
	enum tp_err err = tp_msg_point_read_ask_read(&frame->body, &m);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK && frame->fd_count != 1)
		err = TP_FORMAT;
	if (err != TP_OK)
		return err;
	if (count_of(sup) >= TP_SUP_POINTS)
		return refuse(sup, frame->request, TP_LIMIT, "Too many downloads are under way.");
	p = calloc(1, sizeof(*p));
	if (!p)
		return TP_NOMEM;
	p->sup = sup;
	p->request = frame->request;
	p->sip_waits = true;
	p->bytes_fd = p->index_fd = -1;
	p->issuer_fd = frame->fds[0];
	frame->fds[0] = -1;
	tp_text_copy(p->url, sizeof(p->url), m.url);
	tp_list_append(&sup->points, &p->link);
	err = download(p);
	if (err != TP_OK)
		fail_point(p, err, "The download cannot be started.");
	return TP_OK;
}

void tp_sup_point_forget(struct tp_sup *sup)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sup->points)
		TP_CONTAINER(it, struct tp_sup_point, link)->sip_waits = false;
}

void tp_sup_point_fini(struct tp_sup *sup)
{
	while (!tp_list_empty(&sup->points))
		free_point(TP_CONTAINER(tp_list_first(&sup->points), struct tp_sup_point, link));
}
