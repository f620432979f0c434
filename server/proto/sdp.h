/* Session descriptions (RFC 8866), read and edited without changing a byte that is
 * not ours to change. Bytes in, struct out; no I/O. Used by turnpike-sip. */
#ifndef TP_PROTO_SDP_H
#define TP_PROTO_SDP_H

#include "core/addr.h"
#include "core/bytes.h"

enum {
	TP_SDP_BODY_MAX = 65536,   /* bytes */
	TP_SDP_LINE_MAX = 8192,    /* bytes of one line */
	TP_SDP_STREAMS_MAX = 16,   /* m-lines */
	TP_SDP_CRYPTO_MAX = 8,     /* usable a=crypto lines kept of one m-line */
	TP_SDP_KEY_MAX = 46,       /* bytes of master key and salt of the longest suite */
	TP_SDP_TAG_MAX = 999999999 /* RFC 4568: nine digits */
};

/* Numbers are those of enum tp_srtp_suite (ipc/messages.h). */
enum tp_sdp_suite {
	TP_SDP_SUITE_NONE = 0,
	TP_SDP_SUITE_AES_CM_128_HMAC_SHA1_80 = 1,
	TP_SDP_SUITE_AES_CM_128_HMAC_SHA1_32 = 2,
	TP_SDP_SUITE_AES_256_CM_HMAC_SHA1_80 = 3,
	TP_SDP_SUITE_AES_256_CM_HMAC_SHA1_32 = 4,
	TP_SDP_SUITE_AEAD_AES_128_GCM = 5,
	TP_SDP_SUITE_AEAD_AES_256_GCM = 6,
	TP_SDP_SUITE_COUNT
};

/* RFC 4568, 6188 and 7714 name of a suite; NULL for none or an unknown one. */
const char *tp_sdp_suite_name(enum tp_sdp_suite suite);
/* Bytes of master key and salt together; 0 for none or an unknown one. */
size_t tp_sdp_suite_key_len(enum tp_sdp_suite suite);

enum tp_sdp_direction {
	TP_SDP_SENDRECV = 0,
	TP_SDP_SENDONLY = 1,
	TP_SDP_RECVONLY = 2,
	TP_SDP_INACTIVE = 3,
};

/* One a=crypto line with a key. */
struct tp_sdp_crypto {
	uint32_t tag;
	uint8_t suite; /* enum tp_sdp_suite */
	uint8_t key_len;
	uint8_t key[TP_SDP_KEY_MAX]; /* master key, then salt */
};

/* One m-line and what belongs to it. Spans are borrowed from the body. */
struct tp_sdp_stream {
	struct tp_span media;   /* "audio" */
	struct tp_span proto;   /* "RTP/AVP" */
	struct tp_span formats; /* "0 8 101" */
	uint16_t port;          /* 0: refused or closed */
	bool rtp;               /* proto is one of RTP/AVP, RTP/SAVP, RTP/AVPF, RTP/SAVPF */
	bool secure;            /* proto is RTP/SAVP or RTP/SAVPF */
	bool feedback;          /* proto is RTP/AVPF or RTP/SAVPF */
	bool rtcp_mux;
	uint8_t direction;       /* enum tp_sdp_direction, the session's when the m-line has none */
	bool held;               /* connection address 0.0.0.0: nothing may be sent there */
	struct tp_addr rtp_addr; /* family 0 when the connection address is no unicast number */
	struct tp_addr rtcp_addr;
	uint32_t clock_rate;     /* Hz of the first format; 0 = unknown */
	uint32_t hop_flow;       /* a=x-turnpike-hop; 0 = none */
	uint8_t crypto_count;
	uint8_t crypto_refused;  /* a=crypto lines that we cannot use (suite, MKI, parameters) */
	struct tp_sdp_crypto crypto[TP_SDP_CRYPTO_MAX];
};

struct tp_sdp {
	struct tp_span body;   /* borrowed */
	uint64_t version;      /* second number of o= */
	uint8_t stream_count;
	struct tp_sdp_stream streams[TP_SDP_STREAMS_MAX];
};

/* Reads a body; *out borrows from it. TP_FORMAT, or TP_LIMIT for a body, line or
 * number of m-lines beyond the limits; *diag says which line. Costs no more than one
 * pass over the body up to the point of refusal. */
TP_NODISCARD enum tp_err tp_sdp_parse(struct tp_span body, struct tp_sdp *out, struct tp_diag *diag);

/* What the copy says about one m-line. */
struct tp_sdp_edit_stream {
	uint16_t port;     /* 0: the stream is refused or closed */
	const char *proto; /* NULL: as it was */
	uint32_t hop_flow; /* 0: no hop attribute */
	bool hold;         /* add a=sendonly: the address that said it (0.0.0.0) is rewritten */
	uint8_t crypto_count;
	const struct tp_sdp_crypto *crypto; /* lines to write, in this order */
};

struct tp_sdp_edit {
	struct tp_addr connection; /* for every c= line; the port is not looked at */
	struct tp_sdp_edit_stream streams[TP_SDP_STREAMS_MAX]; /* one for each of the body's */
};

/* Writes the body with new addresses, ports and profiles. Left out of the copy, since
 * they speak of the other leg: a=crypto, a=rtcp, a=x-turnpike-hop, ICE attributes and
 * RFC 5939 capability attributes. Every other line is copied byte for byte, in order.
 * TP_LIMIT when the writer is full. */
TP_NODISCARD enum tp_err tp_sdp_write(const struct tp_sdp *sdp, const struct tp_sdp_edit *edit,
				      struct tp_wr *wr);

#endif
