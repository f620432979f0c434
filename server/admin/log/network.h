/* Connections for the network log: those of sip and of the web server. Runs in
 * turnpike-admin, any thread. */
#ifndef TP_ADMIN_LOG_NETWORK_H
#define TP_ADMIN_LOG_NETWORK_H

#include "admin/http/server.h"
#include "admin/log/keeper.h"

void tp_network_of_sip(struct tp_keeper *keeper, const struct tp_msg_connections *m);
void tp_network_add(struct tp_keeper *keeper, const struct tp_network_note *note);

#endif
