/* Why a browser's TLS handshake failed, and what to do about it. Any thread. */
#ifndef TP_ADMIN_HTTP_HANDSHAKE_H
#define TP_ADMIN_HTTP_HANDSHAKE_H

#include <stddef.h>

enum { TP_HANDSHAKE_TEXT = 224 };

/* reason: of OpenSSL's queue of errors; 0: the peer went away, or took too long. */
void tp_handshake_words(unsigned long reason, char out[TP_HANDSHAKE_TEXT]);

#endif
