/* Keys, epochs, sealing and opening of a link; status to sip. Runs in turnpike-media. */
#include "media/link_keys.h"

#include <string.h>

#include "core/secret.h"
#include "os/random.h"

static enum tp_err make_tx(struct tp_link *l, uint16_t epoch, struct tp_link_tx *out)
{
	enum tp_err err;

	memset(out, 0, sizeof(*out));
	tp_random_bytes(out->key, sizeof(out->key));
	out->epoch = epoch;
	out->made_ms = tp_loop_now_ms(l->media->loop);
	err = tp_seal_new(out->key, true, &out->seal);
	if (err)
		tp_wipe(out, sizeof(*out));
	return err;
}

static void free_tx(struct tp_link_tx *tx)
{
	tp_seal_free(&tx->seal);
	tp_wipe(tx, sizeof(*tx));
}

static void free_rx(struct tp_link_rx *rx)
{
	tp_seal_free(&rx->seal);
	tp_wipe(rx, sizeof(*rx));
}

enum tp_err tp_link_start_keys(struct tp_link *l)
{
	return make_tx(l, (uint16_t)tp_random_u64(), &l->tx);
}

void tp_link_free_keys(struct tp_link *l)
{
	free_tx(&l->tx);
	free_tx(&l->tx_next);
	free_rx(&l->rx);
	free_rx(&l->rx_old);
}

bool tp_link_seal(struct tp_link *l, enum tp_hop_type type, uint32_t flow, struct tp_buffer *b)
{
	struct tp_hop_header h = { (uint8_t)type, l->tx.epoch, flow, 0 };
	uint8_t *header = b->data - TP_HOP_HEADER_BYTES;

	if (!l->tx.seal || l->tx.number == UINT64_MAX || header < b->room ||
	    b->data + b->len + TP_HOP_TAG_BYTES > b->room + sizeof(b->room))
		return false;
	h.number = ++l->tx.number;
	tp_hop_write(header, &h);
	if (tp_seal_close(l->tx.seal, h.number, header, TP_HOP_AAD_BYTES, b->data, b->len) != TP_OK)
		return false;
	b->data = header;
	b->len += TP_HOP_OVERHEAD_BYTES;
	return true;
}

static struct tp_link_rx *rx_of_epoch(struct tp_link *l, uint16_t epoch)
{
	if (l->rx.seal && l->rx.epoch == epoch)
		return &l->rx;
	if (l->rx_old.seal && l->rx_old.epoch == epoch)
		return &l->rx_old;
	return NULL;
}

struct tp_link_rx *tp_link_open(struct tp_link *l, const struct tp_hop_header *h,
				struct tp_buffer *b)
{
	struct tp_link_rx *rx = rx_of_epoch(l, h->epoch);
	uint8_t *text = b->data + TP_HOP_HEADER_BYTES;
	size_t len = b->len - TP_HOP_OVERHEAD_BYTES;

	if (!rx || !tp_hop_window_is_new(&rx->window, h->number))
		return NULL;
	if (tp_seal_open(rx->seal, h->number, b->data, TP_HOP_AAD_BYTES, text, len) != TP_OK)
		return NULL;
	tp_hop_window_mark(&rx->window, h->number);
	if (rx == &l->rx && l->rx_old.seal && !l->rx_old_until_ms)
		l->rx_old_until_ms = tp_loop_now_ms(l->media->loop) + TP_LINK_OLD_KEY_MS;
	b->data = text;
	b->len = len;
	return rx;
}

void tp_link_peer_holds(struct tp_link *l, uint16_t epoch)
{
	if (!l->tx_next.seal || l->tx_next.epoch != epoch)
		return;
	free_tx(&l->tx);
	l->tx = l->tx_next;
	memset(&l->tx_next, 0, sizeof(l->tx_next));
}

enum tp_err tp_link_set_peer_key(struct tp_media *m, const struct tp_msg_hop_peer_key *key)
{
	struct tp_link *l = tp_link_find(m, key->link);
	struct tp_link_rx *known, fresh = { .epoch = key->epoch };
	enum tp_err err;

	if (!l)
		return TP_NOTFOUND;
	if (key->key_len != TP_SEAL_KEY_BYTES || key->link_flow == 0)
		return TP_FORMAT;
	l->peer_flow = key->link_flow;
	known = rx_of_epoch(l, key->epoch);
	/* Told again: the replay window of a key must never begin anew. */
	if (known && tp_equal_constant_time(known->key, key->key, TP_SEAL_KEY_BYTES)) {
		tp_link_send_keepalives(l);
		return TP_OK;
	}
	memcpy(fresh.key, key->key, TP_SEAL_KEY_BYTES);
	err = tp_seal_new(fresh.key, false, &fresh.seal);
	if (err)
		return err;
	if (known == &l->rx_old)
		free_rx(&l->rx_old);
	if (l->rx.seal && l->rx.epoch != key->epoch) {
		free_rx(&l->rx_old);
		l->rx_old = l->rx;
		l->rx_old_until_ms = 0;
	} else {
		free_rx(&l->rx);
	}
	l->rx = fresh;
	tp_link_send_keepalives(l);
	return TP_OK;
}

void tp_link_tell_key(struct tp_link *l, uint32_t request)
{
	const struct tp_link_tx *tx = l->tx_next.seal ? &l->tx_next : &l->tx;
	struct tp_msg_hop_key msg = { .link = l->id, .epoch = tx->epoch,
				      .key_len = TP_SEAL_KEY_BYTES, .link_flow = l->flow.id };

	if (!l->media->sip)
		return;
	memcpy(msg.key, tx->key, TP_SEAL_KEY_BYTES);
	(void)TP_CHANNEL_SEND(l->media->sip, hop_key, request, &msg);
	tp_wipe(&msg, sizeof(msg));
}

void tp_link_tick_keys(struct tp_link *l, uint64_t now)
{
	if (l->rx_old.seal && l->rx_old_until_ms && now >= l->rx_old_until_ms) {
		free_rx(&l->rx_old);
		l->rx_old_until_ms = 0;
	}
	if (now - l->tx.made_ms < TP_LINK_EPOCH_MS || l->tx_next.seal)
		return;
	if (make_tx(l, (uint16_t)(l->tx.epoch + 1), &l->tx_next) == TP_OK)
		tp_link_tell_key(l, 0);
}

static void tell_status(struct tp_link *l, bool up, uint64_t now)
{
	struct tp_msg_hop_status msg = {
		.link = l->id, .up = up, .remote = l->remote[0], .rx_packets = l->rx_packets,
		.tx_packets = l->tx_packets,
		.rx_rejected = l->rejected + (l->hop_pair ? l->hop_pair->unknown : 0),
	};

	l->told_up = up;
	l->status_ms = now;
	if (l->media->sip)
		(void)TP_CHANNEL_SEND(l->media->sip, hop_status, 0, &msg);
}

void tp_link_tick(struct tp_media *m)
{
	uint64_t now = tp_loop_now_ms(m->loop);
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &m->links) {
		struct tp_link *l = TP_CONTAINER(it, struct tp_link, link);
		bool up = tp_link_is_up(l);
		uint64_t pause = up ? TP_LINK_KEEPALIVE_MS : TP_LINK_HURRY_MS;

		tp_link_open_pair(l);
		tp_link_tick_keys(l, now);
		/* Half a tick early rather than a whole one late. */
		if (now - l->keepalive_ms + TP_MEDIA_TICK_MS / 2 >= pause)
			tp_link_send_keepalives(l);
		if (up != l->told_up || now - l->status_ms >= 10000)
			tell_status(l, up, now);
	}
}
