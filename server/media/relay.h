/* The way of a packet, stage by stage: receive, classify, flow, source filter, open,
 * learn and count, seal, send. Nothing is learned from a packet before it is
 * authenticated where the leg is encrypted; a bad packet costs no allocation and no
 * log line. Owned by turnpike-media's one thread. */
#ifndef TP_MEDIA_RELAY_H
#define TP_MEDIA_RELAY_H

#include "media/leg.h"

/* A datagram on one of a leg's two sockets; owner is the struct tp_leg. */
void tp_relay_from_leg(void *owner, struct tp_socket *socket, struct tp_buffer *buffer);
/* An authenticated packet for a leg from its link. */
void tp_relay_from_hop(struct tp_leg *leg, struct tp_buffer *buffer, bool rtcp);

#endif
