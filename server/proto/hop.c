/* Framing and replay window of the hop. Runs in turnpike-media. */
#include "proto/hop.h"

#include <string.h>

#include "core/bytes.h"

enum tp_err tp_hop_parse(const void *datagram, size_t len, struct tp_hop_header *out)
{
	struct tp_hop_header h;
	struct tp_rd rd;
	uint8_t version;

	if (len < TP_HOP_OVERHEAD_BYTES)
		return TP_SHORT;
	tp_rd_init(&rd, datagram, len);
	version = tp_rd_u8(&rd);
	h.type = tp_rd_u8(&rd);
	h.epoch = tp_rd_u16(&rd);
	h.flow = tp_rd_u32(&rd);
	h.number = tp_rd_u64(&rd);
	if (rd.err)
		return rd.err;
	if (version != TP_HOP_VERSION)
		return TP_UNSUPPORTED;
	if (h.type < TP_HOP_RTP || h.type > TP_HOP_KEEPALIVE || h.flow == 0 || h.number == 0)
		return TP_FORMAT;
	*out = h;
	return TP_OK;
}

void tp_hop_write(uint8_t out[TP_HOP_HEADER_BYTES], const struct tp_hop_header *header)
{
	out[0] = TP_HOP_VERSION;
	out[1] = header->type;
	tp_store_be16(out + 2, header->epoch);
	tp_store_be32(out + 4, header->flow);
	tp_store_be64(out + 8, header->number);
}

enum tp_err tp_hop_keepalive_parse(const void *payload, size_t len, struct tp_hop_keepalive *out)
{
	struct tp_hop_keepalive k;
	struct tp_rd rd;
	uint8_t holds;
	enum tp_err err;

	tp_rd_init(&rd, payload, len);
	holds = tp_rd_u8(&rd);
	k.held_epoch = tp_rd_u16(&rd);
	err = tp_rd_finish(&rd);
	if (err)
		return err;
	if (holds > 1)
		return TP_FORMAT;
	k.holds_key = holds;
	*out = k;
	return TP_OK;
}

void tp_hop_keepalive_write(uint8_t out[TP_HOP_KEEPALIVE_BYTES], const struct tp_hop_keepalive *k)
{
	out[0] = k->holds_key;
	tp_store_be16(out + 1, k->held_epoch);
}

static uint64_t bit_of(uint64_t number)
{
	return (uint64_t)1 << (number % 64);
}

static size_t word_of(uint64_t number)
{
	return (size_t)(number / 64 % (TP_HOP_WINDOW / 64));
}

/* The word that holds the highest number is partly ahead of it, so what counts as
 * known ends one word short of the whole ring. */
static bool too_old(const struct tp_hop_window *w, uint64_t number)
{
	return w->highest - number >= TP_HOP_WINDOW - 64;
}

bool tp_hop_window_is_new(const struct tp_hop_window *w, uint64_t number)
{
	if (number == 0)
		return false;
	if (number > w->highest)
		return true;
	return !too_old(w, number) && !(w->bits[word_of(number)] & bit_of(number));
}

bool tp_hop_window_mark(struct tp_hop_window *w, uint64_t number)
{
	bool newest = number > w->highest;

	if (newest) {
		uint64_t from = w->highest / 64, to = number / 64;

		if (to - from >= TP_HOP_WINDOW / 64) {
			memset(w->bits, 0, sizeof(w->bits));
		} else {
			for (uint64_t word = from + 1; word <= to; word++)
				w->bits[word % (TP_HOP_WINDOW / 64)] = 0;
		}
		w->highest = number;
	}
	w->bits[word_of(number)] |= bit_of(number);
	return newest;
}
