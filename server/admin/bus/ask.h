/* How a question travels: the part of the bus that knows no message. Only for the
 * files of admin/bus. */
#ifndef TP_ADMIN_BUS_ASK_H
#define TP_ADMIN_BUS_ASK_H

#include "admin/bus/bus.h"

/* One question: what goes out, and the bytes that came back. */
struct tp_bus_question {
	enum tp_process process;
	uint16_t type;
	void (*write)(struct tp_wr *wr, const void *msg);
	const void *msg;
	int fd; /* rides with it; -1 = none */
	uint16_t answer_type;
	uint32_t wait_ms;
	const int *second_fd; /* rides behind fd; NULL = none */
	int *answer_fd;       /* gets what rode with the answer, -1 = nothing; NULL = not wanted */
};

/* Waits for the answer. *bytes (free with free) holds the encoded answer. TP_AGAIN,
 * TP_CLOSED, TP_LIMIT (the channel's queue is full), TP_NOMEM. */
TP_NODISCARD enum tp_err tp_bus_ask(struct tp_bus *bus, const struct tp_bus_question *q, void **bytes,
				    size_t *len);

#endif
