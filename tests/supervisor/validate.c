/* Stands for turnpike-validate in tests of the supervisor. The candidate is plain text:
 *   "invalid"                 is refused       "crash" ends without an answer
 *   "secret NAME SEALED"      puts that secret into the slice of sip
 * The body of each slice is the whole text. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/channel.h"
#include "model/slice_write.h"
#include "os/memfd.h"

struct fake {
	struct tp_loop *loop;
	char *text;
	size_t len;
};

static void write_text(struct tp_wr *wr, const void *text)
{
	tp_wr_text(wr, text);
}

static int make_slice(const struct fake *f, uint8_t process, uint64_t revision)
{
	struct tp_span rest = { f->text, f->len };
	struct tp_slice_writer *w;
	int fd = -1;

	if (tp_slice_writer_new(process, revision, &w) != TP_OK)
		abort();
	while (process == TP_PROCESS_SIP && rest.len) {
		struct tp_span line = tp_span_split(&rest, '\n');
		struct tp_span name;
		char text[256];
		uint16_t number;

		if (!tp_span_equal(tp_span_split(&line, ' '), TP_SPAN("secret")))
			continue;
		name = tp_span_split(&line, ' ');
		tp_text_copy_span(text, sizeof(text), name);
		if (tp_slice_writer_secret(w, text, line, &number) != TP_OK)
			abort();
	}
	if (tp_slice_writer_finish(w, write_text, f->text, &fd) != TP_OK)
		abort();
	tp_slice_writer_free(&w);
	return fd;
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	static struct tp_msg_validated answer;
	struct fake *f = arg;
	struct tp_msg_validate m;
	void *bytes;
	int fds[3];

	if (tp_msg_validate_read(&frame->body, &m) != TP_OK || frame->fd_count != 1 ||
	    tp_memfd_read(frame->fds[0], 1 << 20, &bytes, &f->len) != TP_OK)
		abort();
	f->text = bytes;
	if (strstr(f->text, "crash"))
		_exit(3);
	answer.revision = m.revision;
	if (strstr(f->text, "invalid")) {
		answer.err = TP_FORMAT;
		answer.errors_count = 1;
		tp_text_copy(answer.errors[0].path, 512, "/fake:leaf");
		tp_text_copy(answer.errors[0].text, 512, "is not valid");
		return TP_CHANNEL_SEND(ch, validated, frame->request, &answer);
	}
	for (int i = 0; i < 3; i++)
		fds[i] = make_slice(f, (uint8_t)(i + 1), m.revision);
	return TP_CHANNEL_SEND_FDS(ch, validated, frame->request, &answer, fds, 3);
}

/* The supervisor hangs up when it has the answer. */
static void on_closed(void *arg, struct tp_channel *ch)
{
	struct fake *f = arg;

	(void)ch;
	tp_loop_stop(f->loop);
}

int main(void)
{
	struct fake f = { 0 };
	struct tp_channel *ch;
	int code = 1;

	if (tp_loop_new(&f.loop) == TP_OK &&
	    tp_channel_new(f.loop, 3, TP_PROCESS_VALIDATE, TP_PROCESS_SUP, on_frame, on_closed, &f,
			   &ch) == TP_OK) {
		code = tp_loop_run(f.loop) == TP_OK ? 0 : 1;
		tp_channel_free(&ch);
	}
	tp_loop_free(&f.loop);
	free(f.text);
	return code;
}
