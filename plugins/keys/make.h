/* Keys and certificates: a temporary CA and leaves signed by it. Runs in
 * turnpike-keys. */
#ifndef TP_PLUGINS_KEYS_MAKE_H
#define TP_PLUGINS_KEYS_MAKE_H

#include "ipc/messages.h"

/* Fetches what OpenSSL loads on first use, before the sandbox closes. */
TP_NODISCARD enum tp_err tp_keys_warm_up(void);

/* P-256 throughout. Without asked->ca_key a CA for 10 years is made; the leaf is good
 * for 397 days, for both sides of TLS, with every asked name as SAN. made->err and
 * made->text tell the outcome. */
void tp_keys_make(const struct tp_msg_keys_make *asked, struct tp_msg_keys_made *made);

#endif
