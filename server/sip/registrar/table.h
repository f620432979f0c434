/* The registrar's table, between the files of registrar/. */
#ifndef TP_SIP_REGISTRAR_TABLE_H
#define TP_SIP_REGISTRAR_TABLE_H

#include "sip/registrar/registrar.h"

struct tp_registrar {
	struct tp_map users; /* struct tp_registered by key */
	size_t binding_count;
	struct tp_timer sweep;
};

void tp_registrar_key(const char *user, char key[128]);
struct tp_registered *tp_registrar_user(struct tp_sip *sip, const char *user);
/* The user goes with the last one. */
void tp_binding_remove(struct tp_registrar *r, struct tp_binding *b);

#endif
