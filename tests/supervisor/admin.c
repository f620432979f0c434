/* Stands for turnpike-admin in tests of the supervisor: obeys lines on the
 * administration socket, one a connection, and answers with one line.
 *   candidate REVISION MODE TRIAL TEXT   (a ';' in TEXT is a line end)
 *   trial REVISION keep|undo             seal NAME SECRET
 *   identity COMMON-NAME DNS-NAME        status      state      peers      first
 *   done      forbidden      slice      alarms      spoil (sends sip what it refuses) */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "ipc/child.h"
#include "os/memfd.h"

struct fake {
	struct tp_child *child;
	struct tp_watch listening;
	int client; /* that waits for an answer; -1: none */
	struct tp_msg_revision_state state;
	char running[4096];
	uint32_t alarm; /* code of the one that stands; 0: none */
	bool first_login;
	char line[4096];
};

static enum tp_err prepare(void *arg, const struct tp_slice *slice, struct tp_diag *diag)
{
	(void)arg;
	if (memmem(slice->body.p, tp_rd_left(&slice->body), "admin-refuse", 12))
		return tp_fail(diag, TP_CONFLICT, "/fake:web", "admin says no");
	return TP_OK;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void answer(struct fake *f, const char *fmt, ...) TP_PRINTF(2, 3);

static void answer(struct fake *f, const char *fmt, ...)
{
	va_list ap;

	if (f->client < 0)
		return;
	va_start(ap, fmt);
	vdprintf(f->client, fmt, ap);
	va_end(ap);
	close(f->client);
	f->client = -1;
}

/* ------------------------------------------------------------------ commands */

static void send_candidate(struct fake *f, uint64_t revision, unsigned mode, unsigned trial_s,
			   char *text)
{
	struct tp_msg_candidate m = { .revision = revision,
				      .mode = (uint8_t)mode,
				      .trial_s = trial_s,
				      .author = "test" };
	int fd;

	for (char *p = text; *p; p++)
		if (*p == ';')
			*p = '\n';
	if (tp_memfd_sealed("candidate", text, strlen(text), &fd) != TP_OK)
		abort();
	if (TP_CHANNEL_SEND_FDS(tp_child_supervisor(f->child), candidate, 5, &m, &fd, 1) != TP_OK)
		answer(f, "not sent\n");
	close(fd);
}

static void tell_peers(struct fake *f)
{
	answer(f, "peers%s%s\n", tp_child_peer(f->child, TP_PROCESS_SIP) ? " sip" : "",
	       tp_child_peer(f->child, TP_PROCESS_MEDIA) ? " media" : "");
}

static void forbidden(struct fake *f)
{
	uint8_t frame[8] = { 0, TP_MSG_TYPE_validated };

	if (send(3, frame, sizeof(frame), 0) < 0)
		abort();
	answer(f, "sent\n");
}

static void obey(struct fake *f, char *line)
{
	struct tp_channel *sup = tp_child_supervisor(f->child);
	struct tp_msg_identity_make *identity = calloc(1, sizeof(*identity));
	struct tp_msg_trial_end trial = { 0 };
	struct tp_msg_seal seal = { 0 };
	uint64_t revision;
	unsigned mode;
	unsigned trial_s;
	int at = 0;

	if (sscanf(line, "candidate %" SCNu64 " %u %u %n", &revision, &mode, &trial_s, &at) == 3) {
		send_candidate(f, revision, mode, trial_s, line + at);
	} else if (sscanf(line, "trial %" SCNu64 " %n", &trial.revision, &at) == 1) {
		trial.undo = strcmp(line + at, "undo") == 0;
		TP_CHANNEL_SEND(sup, trial_end, 6, &trial);
	} else if (sscanf(line, "seal %255s %n", seal.name, &at) == 1) {
		seal.secret_len = (uint16_t)strlen(line + at);
		memcpy(seal.secret, line + at, seal.secret_len);
		TP_CHANNEL_SEND(sup, seal, 7, &seal);
	} else if (sscanf(line, "identity %255s %255s", identity->common_name,
			  identity->dns_names[0].name) == 2) {
		identity->dns_names_count = 1;
		TP_CHANNEL_SEND(sup, identity_make, 8, identity);
	} else if (strcmp(line, "status") == 0) {
		TP_CHANNEL_SEND(sup, supervisor_status_get, 9,
				&(struct tp_msg_supervisor_status_get){ 0 });
	} else if (strcmp(line, "done") == 0) {
		TP_CHANNEL_SEND(sup, first_login_done, 0, &(struct tp_msg_first_login_done){ 0 });
		answer(f, "done\n");
	} else if (strcmp(line, "state") == 0) {
		answer(f, "state %" PRIu64 " %" PRIu64 " %u %" PRIu64 " %s|%s\n", f->state.running,
		       f->state.last_good, f->state.trial_left_s, f->state.undone, f->state.reason,
		       f->running);
	} else if (strcmp(line, "slice") == 0) {
		const struct tp_slice *s = tp_child_slice(f->child);

		answer(f, "slice %" PRIu64 "\n", s ? s->revision : 0);
	} else if (strcmp(line, "alarms") == 0) {
		if (f->alarm)
			answer(f, "alarms %" PRIu32 "\n", f->alarm);
		else
			answer(f, "alarms\n");
	} else if (strcmp(line, "first") == 0) {
		answer(f, "first %s\n", f->first_login ? "yes" : "no");
	} else if (strcmp(line, "peers") == 0) {
		tell_peers(f);
	} else if (strcmp(line, "spoil") == 0) {
		TP_CHANNEL_SEND(tp_child_peer(f->child, TP_PROCESS_SIP), zones_get, 1,
				&(struct tp_msg_zones_get){ 0 });
		answer(f, "sent\n");
	} else if (strcmp(line, "forbidden") == 0) {
		forbidden(f);
	} else {
		answer(f, "what?\n");
	}
	free(identity);
}

static void on_client(void *arg, uint32_t events)
{
	struct fake *f = arg;
	ssize_t n;

	(void)events;
	if (f->client >= 0)
		close(f->client);
	f->client = accept(f->listening.fd, NULL, NULL);
	n = f->client >= 0 ? read(f->client, f->line, sizeof(f->line) - 1) : 0;
	if (n <= 0)
		return;
	f->line[n] = '\0';
	f->line[strcspn(f->line, "\n")] = '\0';
	obey(f, f->line);
}

/* ------------------------------------------------------------------- answers */

static void take_result(struct fake *f, struct tp_frame *frame)
{
	static struct tp_msg_candidate_result m;

	if (tp_msg_candidate_result_read(&frame->body, &m) != TP_OK)
		abort();
	answer(f, "result %" PRIu64 " %s %s|%s\n", m.revision, tp_err_name((enum tp_err)m.err),
	       m.errors[0].path, m.errors[0].text);
}

static void take_state(struct fake *f, struct tp_frame *frame)
{
	void *bytes;
	size_t len;

	if (tp_msg_revision_state_read(&frame->body, &f->state) != TP_OK)
		abort();
	f->running[0] = '\0';
	if (frame->fd_count == 0)
		return;
	if (tp_memfd_read(frame->fds[0], sizeof(f->running) - 1, &bytes, &len) != TP_OK)
		abort();
	tp_text_copy(f->running, sizeof(f->running), bytes);
	tp_text_make_printable(f->running);
	free(bytes);
}

static void take_alarm(struct fake *f, struct tp_frame *frame)
{
	struct tp_msg_alarm m;

	if (tp_msg_alarm_read(&frame->body, &m) != TP_OK || (m.raised && (!m.text[0] || !m.remedy[0])))
		abort();
	TP_LOG(TP_LOG_INFO, "fake.alarm", "%" PRIu32 " %s %s", m.code, m.subject,
	       m.raised ? "raised" : "cleared");
	f->alarm = m.raised ? m.code : 0;
}

static void take_status(struct fake *f, struct tp_frame *frame)
{
	struct tp_msg_supervisor_status m;
	char text[1024] = "status";
	size_t at = 6;

	if (tp_msg_supervisor_status_read(&frame->body, &m) != TP_OK)
		abort();
	for (size_t i = 0; i < m.processes_count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, " %s,%u,%d,%u,%s",
				       m.processes[i].name, m.processes[i].pid,
				       m.processes[i].ready, m.processes[i].restarts,
				       m.processes[i].last_end);
	answer(f, "%s\n", text);
}

static void take_identity(struct fake *f, struct tp_frame *frame)
{
	static struct tp_msg_identity_made m;

	if (tp_msg_identity_made_read(&frame->body, &m) != TP_OK)
		abort();
	answer(f, "identity %s %s\n%.*s%.*s%.*s\n", tp_err_name((enum tp_err)m.err), m.text,
	       m.certificate_pem_len, m.certificate_pem, m.ca_pem_len, m.ca_pem, m.key_sealed_len,
	       m.key_sealed);
}

static enum tp_err on_supervisor(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct fake *f = arg;
	struct tp_msg_sealed sealed;

	(void)ch;
	switch (frame->type) {
	case TP_MSG_TYPE_candidate_result:
		take_result(f, frame);
		return TP_OK;
	case TP_MSG_TYPE_revision_state:
		take_state(f, frame);
		return TP_OK;
	case TP_MSG_TYPE_alarm:
		take_alarm(f, frame);
		return TP_OK;
	case TP_MSG_TYPE_supervisor_status:
		take_status(f, frame);
		return TP_OK;
	case TP_MSG_TYPE_identity_made:
		take_identity(f, frame);
		return TP_OK;
	case TP_MSG_TYPE_sealed:
		if (tp_msg_sealed_read(&frame->body, &sealed) != TP_OK)
			return TP_FORMAT;
		answer(f, "sealed %s %.*s\n", tp_err_name((enum tp_err)sealed.err),
		       sealed.sealed_len, sealed.sealed);
		return TP_OK;
	case TP_MSG_TYPE_first_login:
		f->first_login = true;
		return TP_OK;
	default:
		return TP_OK;
	}
}

int main(int argc, char **argv)
{
	const struct tp_child_handlers handlers = { .prepare = prepare,
						    .commit = nothing,
						    .abort = nothing,
						    .supervisor_frame = on_supervisor };
	struct fake *f = calloc(1, sizeof(*f));
	int code = 1;

	f->client = -1;
	if (tp_child_new(TP_PROCESS_ADMIN, argc, argv, &handlers, f, &f->child) != TP_OK)
		return 1;
	if (tp_watch_start(tp_child_loop(f->child), &f->listening,
			   tp_child_arg_fd(argc, argv, "--socket-fd"), TP_LOOP_READ, on_client,
			   f) == TP_OK &&
	    tp_child_ready(f->child) == TP_OK)
		code = tp_child_run(f->child);
	if (f->client >= 0)
		close(f->client);
	tp_child_free(&f->child);
	free(f);
	return code;
}
