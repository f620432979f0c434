/* One leg's media: RTP with a payload that says whose and which it is, RTCP, SRTP. */
#ifndef TP_TOOLS_MEDIA_H
#define TP_TOOLS_MEDIA_H

#include <netinet/in.h>
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* Every payload begins with this mark; packaging/lib/calls.sh looks for it on the hop. */
#define MEDIA_MARK "TURNPIKE-TEST-MEDIA"
enum {
	MEDIA_PAYLOAD = 160,
	MEDIA_PACKET_MS = 20,
	MEDIA_GAPS_MAX = 16,
	MEDIA_GAP_TOLD_MS = 100,
};

enum media_suite {
	SUITE_NONE,
	SUITE_AES_128_80,
	SUITE_AES_128_32,
	SUITE_AES_256_80,
	SUITE_GCM_128,
	SUITE_GCM_256,
	SUITE_COUNT,
};

struct media_gap {
	uint32_t at_ms; /* since the leg's media began */
	uint32_t ms;
};

struct leg;

struct media {
	struct source rtp;
	struct source rtcp;
	uint16_t port;
	bool open;
	bool sending;
	bool began;
	struct sockaddr_storage remote;
	struct sockaddr_storage remote_rtcp;
	enum media_suite offered;  /* what our SDP carries */
	enum media_suite suite;    /* agreed */
	uint32_t crypto_tag;       /* of our a=crypto line: in an answer that of the line taken */
	uint8_t tx_key[64];
	uint8_t rx_key[64];
	srtp_t tx;
	srtp_t rx;
	uint32_t ssrc;
	uint16_t rtp_seq;
	uint32_t timestamp;
	uint32_t slot;             /* the millisecond of app->packet_ms that it sends in */
	uint64_t began_at;
	uint32_t peer;             /* leg id found in the packets; 0 = none yet */
	uint64_t sent;
	uint64_t received;         /* each packet once */
	uint64_t duplicate;
	uint64_t corrupt;          /* content is not what was sent */
	uint64_t foreign;          /* of another call */
	uint64_t reordered;
	uint64_t srtp_failed;
	uint64_t rtcp_sent;
	uint64_t rtcp_received;
	uint32_t missed_first;     /* packets before the first that arrived */
	uint32_t highest;          /* sequence in the payload, from 1 */
	uint64_t window[16];       /* of the last 1,024 sequences */
	uint64_t last_rx_ns;
	uint64_t last_tx_ns;
	uint32_t gap_ms;           /* longest, without what the sender itself was late */
	uint32_t first_ms;         /* from media's begin to the first packet */
	struct media_gap gaps[MEDIA_GAPS_MAX];
	size_t gap_count;
};

const char *media_suite_name(enum media_suite suite);
bool media_suite_find(const char *name, size_t len, enum media_suite *out);
bool media_open(struct leg *leg);
void media_close(struct leg *leg);
/* sdp.c: our description, and taking in the other end's; false when it does not fit ours. */
bool media_write_sdp(struct leg *leg, char *out, size_t size);
bool media_read_sdp(struct leg *leg, const char *sdp);
/* The other end changed its key inside the call. */
void media_rekey(struct leg *leg);
/* Makes the SRTP contexts when the keys of both ends are known. */
bool media_arm(struct leg *leg);
void media_begin(struct leg *leg);
void media_send(struct leg *leg);
void media_send_rtcp(struct leg *leg);
void media_on_rtp(struct leg *leg);
void media_on_rtcp(struct leg *leg);

#endif
