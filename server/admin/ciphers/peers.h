/* Peers seen in the last 30 days, and what a TLS policy would mean for them. Runs in
 * turnpike-admin. */
#ifndef TP_ADMIN_CIPHERS_PEERS_H
#define TP_ADMIN_CIPHERS_PEERS_H

#include "admin/bus/bus.h"
#include "admin/ciphers/describe.h"
#include "admin/store/store.h"

/* Keeps a batch from sip. */
void tp_cipher_peers_seen(struct tp_store *store, const struct tp_msg_tls_seen *m);
/* {"seen": peers in 30 days, "affected": [{side, peer, protocol, cipher, last-seen-at,
 * "why": "version"|"suite"}]}; null for a service whose peers nobody reports. */
json_t *tp_cipher_peers_json(struct tp_store *store, const struct tp_cipher_settings *settings);

#endif
