/* The bytes between libldap and a server: plain, or through our own TLS, and never longer
 * than allowed. Runs in turnpike-ldap. */
#ifndef TP_LDAP_WIRE_H
#define TP_LDAP_WIRE_H

#include <lber.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "tls/session.h"

struct tp_wire {
	int fd;                     /* non-blocking; closed by libldap */
	struct tp_tls_session *tls; /* NULL: in clear */
	uint64_t until_ms;          /* of tp_wire_now_ms */
	bool late;                  /* it took longer */
	size_t received;            /* bytes, of all answers */
	bool flooded;               /* they were more than TP_WIRE_RECEIVED_MAX */
};

/* Of one server: some hundred groups of a user are a few dozen KiB. */
enum { TP_WIRE_RECEIVED_MAX = 8 << 20 };

/* The monotonic clock. */
uint64_t tp_wire_now_ms(void);
/* 0 when the time is over. */
uint64_t tp_wire_left_ms(const struct tp_wire *wire);
/* False when the time is over. */
bool tp_wire_wait(struct tp_wire *wire, short events);
/* From here on what is read and written goes through TLS. The name is what the server's
 * certificate must carry. */
TP_NODISCARD enum tp_err tp_wire_start_tls(struct tp_wire *wire, struct tp_tls_context *context,
					   const char *name, struct tp_diag *diag);
void tp_wire_fini(struct tp_wire *wire);

/* For ber_sockbuf_add_io, with the wire as argument. */
extern Sockbuf_IO tp_wire_io;

#endif
