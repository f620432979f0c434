/* Every limit of the SIP process's input in one place. Used by sip. */
#ifndef TP_SIP_LIMITS_H
#define TP_SIP_LIMITS_H

enum {
	TP_SIP_MESSAGE_MAX = 65536,      /* bytes of a message, head and body */
	TP_SIP_HEAD_MAX = 65536 - 512,   /* bytes up to and with the empty line */
	TP_SIP_LINE_MAX = 16384,         /* bytes of one header with its folded lines */
	TP_SIP_HEADERS_MAX = 256,        /* header lines */
	TP_SIP_VIA_MAX = 64,
	TP_SIP_ROUTE_MAX = 64,           /* of Route, and of Record-Route */
	TP_SIP_CONTACT_MAX = 64,
	TP_SIP_CREDENTIALS_MAX = 16,     /* of each kind */
	TP_SIP_TOKEN_MAX = 255,          /* bytes of a tag, a branch, a Call-ID, a method */
	TP_SIP_URI_MAX = 1023,           /* bytes of a URI */

	TP_SIP_CONNECTIONS_MAX = 20000,  /* all listeners together */
	TP_SIP_CONNECTIONS_SOURCE_MAX = 256, /* from one address (IPv6: one /64) */
	TP_SIP_HALF_OPEN_MAX = 1024,     /* connections that have not yet sent a message */
	TP_SIP_WRITE_QUEUE_MAX = 1 << 20, /* bytes waiting for a slow reader */
	TP_SIP_HANDSHAKE_MS = 10000,     /* TCP connect or TLS handshake */
	TP_SIP_HELD_MS = 40000,          /* held connection that nobody lets go or puts out */
	TP_SIP_FIRST_MESSAGE_MS = 15000, /* from accepted to the first whole message */
	TP_SIP_MESSAGE_MS = 15000,       /* from the first byte of a message to its last */
	TP_SIP_IDLE_MS = 1200000,        /* connection without traffic; keepalives count */

	TP_SIP_TRANSACTIONS_MAX = 50000, /* server and client together; 503 beyond */
};

#endif
