/* SRTP and SRTCP for one direction of one leg (RFC 3711, 6188, 7714), keyed by SDES.
 * One interface, a file for each back end: OpenSSL EVP, which media runs on, and
 * libsrtp2, which judges it (the unit test wants the same bytes of both for every
 * suite). Owned by turnpike-media's one thread. */
#ifndef TP_MEDIA_SRTP_H
#define TP_MEDIA_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "media/srtp_state.h"

enum {
	TP_SRTP_GROWTH_BYTES = 20,  /* most that protecting adds: tag and SRTCP index */
	TP_SRTP_TAIL_BYTES = 160,   /* free bytes that a buffer must have behind the packet */
};

struct tp_srtp;

/* Octets of master key and salt of a suite (enum tp_srtp_suite); 0: no such suite. */
size_t tp_srtp_key_len(uint8_t suite);
/* Name of a key in the shared state. scope tells equal keys apart where that is
 * harmless: a peer may use one key for several legs, we may not. */
void tp_srtp_key_name(uint8_t suite, const uint8_t *key, size_t key_len, const uint64_t scope[2],
		      uint8_t name[TP_SRTP_KEY_NAME_BYTES]);
/* "AES_CM_128_HMAC_SHA1_80", as in a=crypto; "none" for 0. */
const char *tp_srtp_suite_name(uint8_t suite);

/* `record` is borrowed and holds what an earlier process used of this key: sealing
 * continues above it, opening resynchronises to it and refuses what is below it.
 * TP_FORMAT: key length; TP_UNSUPPORTED: suite. */
TP_NODISCARD enum tp_err tp_srtp_new(uint8_t suite, const uint8_t *key, size_t key_len,
				     bool sealing, struct tp_srtp_record *record,
				     struct tp_srtp **out);
void tp_srtp_free(struct tp_srtp **srtp);

/* All work in place on a packet that is aligned to 4 bytes, whose header was parsed,
 * and behind which TP_SRTP_TAIL_BYTES are free. *len is changed on success only.
 * TP_EXISTS: this index was used before (a replay, or too old); TP_LIMIT: more than
 * TP_SRTP_SSRC_MAX sources, or the key is used up; TP_FORMAT. Opening also: TP_AUTH:
 * the tag is wrong, and the packet may then be garbage. *newest (opening RTP): no
 * packet of a higher index came before. */
TP_NODISCARD enum tp_err tp_srtp_seal_rtp(struct tp_srtp *srtp, void *packet, size_t *len);
TP_NODISCARD enum tp_err tp_srtp_seal_rtcp(struct tp_srtp *srtp, void *packet, size_t *len);
TP_NODISCARD enum tp_err tp_srtp_open_rtp(struct tp_srtp *srtp, void *packet, size_t *len,
					  bool *newest);
TP_NODISCARD enum tp_err tp_srtp_open_rtcp(struct tp_srtp *srtp, void *packet, size_t *len);

/* ---------------------------------------------------------------- back ends */

/* What a back end does; its objects begin with a struct tp_srtp. key_len fits. */
struct tp_srtp_backend {
	const char *name;
	enum tp_err (*make)(uint8_t suite, const uint8_t *key, size_t key_len, bool sealing,
			    struct tp_srtp_record *record, struct tp_srtp **out);
	void (*unmake)(struct tp_srtp *srtp);
	enum tp_err (*seal_rtp)(struct tp_srtp *srtp, void *packet, size_t *len);
	enum tp_err (*seal_rtcp)(struct tp_srtp *srtp, void *packet, size_t *len);
	enum tp_err (*open_rtp)(struct tp_srtp *srtp, void *packet, size_t *len, bool *newest);
	enum tp_err (*open_rtcp)(struct tp_srtp *srtp, void *packet, size_t *len);
};

struct tp_srtp {
	const struct tp_srtp_backend *backend;
};

extern const struct tp_srtp_backend tp_srtp_backend_evp;
/* tp_srtp_libsrtp_start must have been called, and its stop at the end. */
extern const struct tp_srtp_backend tp_srtp_backend_libsrtp;
TP_NODISCARD enum tp_err tp_srtp_libsrtp_start(void);
void tp_srtp_libsrtp_stop(void);

/* tp_srtp_new on a chosen back end. */
TP_NODISCARD enum tp_err tp_srtp_new_on(const struct tp_srtp_backend *backend, uint8_t suite,
					const uint8_t *key, size_t key_len, bool sealing,
					struct tp_srtp_record *record, struct tp_srtp **out);

#endif
