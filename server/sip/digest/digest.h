/* Digest authentication (RFC 7616 and 8760): challenges and checks as a server,
 * answers as a client. Used by sip; nothing is kept for a challenge but a slot of a
 * fixed table, so that strangers cannot fill memory by asking. */
#ifndef TP_SIP_DIGEST_DIGEST_H
#define TP_SIP_DIGEST_DIGEST_H

#include "core/secret.h"
#include "sip/msg/msg.h"

enum tp_digest_algorithm { TP_DIGEST_SHA256 = 0, TP_DIGEST_MD5 = 1 };

enum {
	TP_DIGEST_NONCE_SLOTS = 32768,
	TP_DIGEST_NONCE_LIFE_S = 300,
	TP_DIGEST_REALM_MAX = 255,
	TP_DIGEST_USER_MAX = 127,
	TP_DIGEST_VALUE_MAX = 1536, /* bytes of a whole header value that we write */
};

/* The highest nonce count seen of one nonce. */
struct tp_digest_slot {
	uint64_t counter;
	uint32_t nc;
};

struct tp_digest {
	uint8_t key[32];
	uint64_t counter;
	struct tp_digest_slot *slots;
};

TP_NODISCARD enum tp_err tp_digest_init(struct tp_digest *d);
void tp_digest_fini(struct tp_digest *d);

/* Value of a WWW-Authenticate or Proxy-Authenticate header with a fresh nonce. */
TP_NODISCARD enum tp_err tp_digest_challenge(struct tp_digest *d, enum tp_digest_algorithm algorithm,
					     const char *realm, uint64_t now_s, bool stale, char *buf,
					     size_t size);

/* What a client sent, copied out of its header. */
struct tp_digest_answer {
	enum tp_digest_algorithm algorithm;
	char user[TP_DIGEST_USER_MAX + 1];
	char realm[TP_DIGEST_REALM_MAX + 1];
	char nonce[128];
	char uri[TP_SIP_URI_MAX + 1];
	char response[65];
	char cnonce[256];
	char nc[9];
};

/* Reads the parameters of a Digest credential. TP_FORMAT: not one, or one without
 * qop=auth, nc, cnonce; TP_UNSUPPORTED: another algorithm; TP_LIMIT. */
TP_NODISCARD enum tp_err tp_digest_read(const struct tp_sip_credentials *credentials,
					struct tp_digest_answer *out);

/* The response in hexadecimal for these values (RFC 7616 section 3.4.1, qop=auth). */
bool tp_digest_response(const struct tp_digest_answer *a, const char *method,
			const struct tp_secret *password, char response[65]);

/* Checks an answer for this realm against the password. TP_OK; TP_AUTH: wrong, or
 * password NULL (an unknown user takes the same time); TP_AGAIN: the nonce is old,
 * not ours or used with this count already: challenge again with stale. */
TP_NODISCARD enum tp_err tp_digest_check(struct tp_digest *d, const struct tp_digest_answer *answer,
					 const char *method, const char *realm,
					 const struct tp_secret *password, uint64_t now_s);

/* Client: writes the Authorization value that answers a challenge. Answers only
 * SHA-256 with qop=auth for exactly the realm expected; else TP_DENIED. */
TP_NODISCARD enum tp_err tp_digest_answer_challenge(const struct tp_sip_credentials *challenge,
						    const char *expected_realm, const char *user,
						    const struct tp_secret *password,
						    const char *method, const char *uri, char *buf,
						    size_t size);

#endif
