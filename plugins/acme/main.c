/* turnpike-acme: orders one certificate for the supervisor, then ends. Runs uacme for the
 * protocol and hooks for DNS-01; sees its channel, the network and a folder of its own. */
#include <stdlib.h>

#include "core/secret.h"
#include "ipc/helper.h"
#include "order.h"

static enum tp_err warm_up(void)
{
	return TP_OK;
}

static enum tp_err read_order(struct tp_frame *frame, struct tp_order *o,
			      struct tp_msg_acme_done *out)
{
	struct tp_msg_acme_do *asked = calloc(1, sizeof(*asked));
	enum tp_err err = asked ? tp_msg_acme_do_read(&frame->body, asked) : TP_NOMEM;

	if (err == TP_OK && (tp_rd_finish(&frame->body) != TP_OK || frame->fd_count != 1))
		err = TP_FORMAT;
	if (err == TP_OK)
		err = tp_order_begin(o, asked, frame->fds[0], out);
	if (asked)
		tp_wipe(asked, sizeof(*asked));
	free(asked);
	return err;
}

static enum tp_err read_ready(struct tp_frame *frame, struct tp_order *o,
			      struct tp_msg_acme_done *out)
{
	struct tp_msg_acme_challenge_ready m;
	enum tp_err err = tp_msg_acme_challenge_ready_read(&frame->body, &m);

	return err == TP_OK ? tp_order_go_on(o, m.ready, out) : err;
}

static enum tp_err show(struct tp_channel *ch, uint32_t request, const struct tp_order *o)
{
	struct tp_msg_acme_challenge m = { 0 };
	enum tp_err err;

	tp_text_copy(m.name, sizeof(m.name), o->said.name);
	tp_text_copy(m.token, sizeof(m.token), o->said.token);
	tp_text_copy(m.proof, sizeof(m.proof), o->said.proof);
	err = TP_CHANNEL_SEND(ch, acme_challenge, request, &m);
	return err == TP_OK ? TP_AGAIN : err;
}

static enum tp_err converse(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_msg_acme_done *out = calloc(1, sizeof(*out));
	struct tp_order *o = arg;
	enum tp_err err;

	if (!out)
		return TP_NOMEM;
	err = frame->type == TP_MSG_TYPE_acme_do ? read_order(frame, o, out)
						 : read_ready(frame, o, out);
	if (err == TP_OK)
		err = TP_CHANNEL_SEND(ch, acme_done, frame->request, out);
	else if (err == TP_AGAIN)
		err = show(ch, frame->request, o);
	free((void *)out->chain_pem);
	tp_wipe(out, sizeof(*out));
	free(out);
	return err;
}

int main(int argc, char **argv)
{
	struct tp_order *order = calloc(1, sizeof(*order));
	const struct tp_helper helper = { .self = TP_PROCESS_ACME,
					  .warm_up = warm_up,
					  .confine = tp_program_confine_helper,
					  .converse = converse,
					  .arg = order };
	int result;

	if (!order)
		return 1;
	result = tp_helper_main(argc, argv, &helper);
	tp_order_fini(order);
	free(order);
	return result;
}
