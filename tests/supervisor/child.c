/* Stands for turnpike-sip and turnpike-media in tests of the supervisor. What it does
 * with a configuration is written in its slice, whose body is the candidate's text:
 *   "<process>-refuse"  refuses it       "<process>-die"  ends while preparing it
 *   "<process>-hang"    stops answering once it is committed */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "ipc/child.h"

struct fake {
	const char *name; /* "sip" or "media" */
	struct tp_child *child;
};

static bool asks(const struct tp_slice *slice, const char *name, const char *what)
{
	char word[32];

	snprintf(word, sizeof(word), "%s-%s", name, what);
	return memmem(slice->body.p, tp_rd_left(&slice->body), word, strlen(word)) != NULL;
}

static enum tp_err prepare(void *arg, const struct tp_slice *slice, struct tp_diag *diag)
{
	struct fake *f = arg;

	for (uint16_t i = 1; i <= slice->secret_count; i++)
		TP_LOG(TP_LOG_INFO, "fake.secret", "%s", tp_slice_secret(slice, i)->bytes);
	if (asks(slice, f->name, "refuse"))
		return tp_fail(diag, TP_CONFLICT, "/fake:leaf", "the port is taken");
	if (asks(slice, f->name, "die"))
		_exit(9);
	TP_LOG(TP_LOG_INFO, "fake.prepare", "%llu", (unsigned long long)slice->revision);
	return TP_OK;
}

static void commit(void *arg)
{
	struct fake *f = arg;
	const struct tp_slice *slice = tp_child_slice(f->child);

	TP_LOG(TP_LOG_INFO, "fake.commit", "%llu", (unsigned long long)slice->revision);
	while (asks(slice, f->name, "hang"))
		sleep(60);
}

static void abort_it(void *arg)
{
	(void)arg;
	TP_LOG(TP_LOG_INFO, "fake.abort", "dropped");
}

static void peer_up(void *arg, struct tp_channel *ch)
{
	(void)arg;
	TP_LOG(TP_LOG_INFO, "fake.peer", "up %s", tp_process_name(tp_channel_peer(ch)));
}

static void peer_closed(void *arg, enum tp_process peer)
{
	(void)arg;
	TP_LOG(TP_LOG_INFO, "fake.peer", "closed %s", tp_process_name(peer));
}

int main(int argc, char **argv)
{
	const struct tp_child_handlers handlers = { .prepare = prepare,
						    .commit = commit,
						    .abort = abort_it,
						    .peer_up = peer_up,
						    .peer_closed = peer_closed };
	bool sip = strcmp(argv[0], "turnpike-sip") == 0;
	struct fake f = { .name = sip ? "sip" : "media" };
	int code = 1;

	if (tp_child_new(sip ? TP_PROCESS_SIP : TP_PROCESS_MEDIA, argc, argv, &handlers, &f,
			 &f.child) != TP_OK)
		return 1;
	if (tp_child_ready(f.child) == TP_OK)
		code = tp_child_run(f.child);
	tp_child_free(&f.child);
	return code;
}
