/* A byte stream cut into SIP messages, once whole and once in pieces whose length the
 * input chooses: both must give the same messages. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sip/transport/framer.h"

struct result {
	unsigned messages;
	size_t bytes;
	bool failed;
};

static struct result feed(const uint8_t *data, size_t size, size_t piece)
{
	struct tp_framer f = { 0 };
	struct result r = { 0, 0, false };
	enum tp_framer_kind kind;
	struct tp_span message;
	size_t room;
	char *p;

	while (size > 0 && !r.failed && tp_framer_space(&f, &p, &room) == TP_OK) {
		size_t n = size < piece ? size : piece;
		enum tp_err err = TP_OK;

		n = n < room ? n : room;
		memcpy(p, data, n);
		tp_framer_commit(&f, n);
		data += n;
		size -= n;
		while (err == TP_OK) {
			err = tp_framer_next(&f, &kind, &message, NULL);
			if (err == TP_OK && kind == TP_FRAMER_MESSAGE) {
				r.messages++;
				r.bytes += message.len + (unsigned char)message.p[message.len - 1];
			}
		}
		r.failed = err != TP_AGAIN;
	}
	tp_framer_fini(&f);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole;
	struct result cut;

	if (size < 2)
		return 0;
	whole = feed(data + 1, size - 1, size);
	cut = feed(data + 1, size - 1, 1 + data[0] % 64);
	if (whole.messages != cut.messages || whole.bytes != cut.bytes)
		abort();
	return 0;
}
