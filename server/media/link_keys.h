/* Keys and packet numbers of a link. Parts of media/link, apart for their size. */
#ifndef TP_MEDIA_LINK_KEYS_H
#define TP_MEDIA_LINK_KEYS_H

#include "media/link.h"

/* A first transmit key under a random epoch. */
TP_NODISCARD enum tp_err tp_link_start_keys(struct tp_link *link);
void tp_link_free_keys(struct tp_link *link);

/* Writes the header in front of buffer->data and seals; false: no key, or spent. */
bool tp_link_seal(struct tp_link *link, enum tp_hop_type type, uint32_t flow,
		  struct tp_buffer *buffer);
/* Opens a datagram into buffer->data: the key that fitted, NULL when not authentic or
 * replayed. Nothing is changed before the packet is authenticated. */
struct tp_link_rx *tp_link_open(struct tp_link *link, const struct tp_hop_header *header,
				struct tp_buffer *buffer);
/* The peer said in an authenticated packet which of our keys it holds. */
void tp_link_peer_holds(struct tp_link *link, uint16_t epoch);
/* A new epoch when it is time, and the end of the peer's old key. */
void tp_link_tick_keys(struct tp_link *link, uint64_t now_ms);
/* Opens the socket pair where it is missing. */
void tp_link_open_pair(struct tp_link *link);
/* On both sockets. */
void tp_link_send_keepalives(struct tp_link *link);

#endif
