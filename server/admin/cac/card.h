/* The certificate that the client of a connection has shown, and what is to be said about it
 * now. Runs in turnpike-admin. */
#ifndef TP_ADMIN_CAC_CARD_H
#define TP_ADMIN_CAC_CARD_H

#include <stdbool.h>
#include <stdint.h>

struct x509_st;       /* X509 */
struct stack_st_X509; /* STACK_OF(X509) */

struct tp_card {
	struct x509_st *leaf;         /* borrowed from the connection; NULL: none shown */
	struct stack_st_X509 *others; /* what came with it; may be NULL */
	uint8_t sha256[32];           /* of the leaf's DER form */
	bool wanted;                  /* nobody is served without a good one */
	bool login;                   /* and it is the login: there are no passwords */
	bool good;                    /* of a CA trusted for it, valid now, not revoked */
	char reason[256];             /* why not good, for a person; printable */
	bool named;
	char name[128];               /* by the pattern and format in force */
	char name_reason[256];        /* why there is none */
	bool again;                   /* the pattern fits a second place */
};

#endif
