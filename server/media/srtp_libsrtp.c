/* The SRTP back end on libsrtp2, the judge of the other; the one file that includes its header. A stream is
 * made for each synchronisation source: for sealing when it first sends, for opening
 * by libsrtp's template once a packet was authenticated, or at once where an earlier
 * process knew the source. Runs in turnpike-media. */
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/secret.h"
#include "ipc/messages.h"
#include "media/srtp.h"
#include "proto/rtcp.h"
#include "proto/rtp.h"

/* What this process has made of a slot of the record. */
enum slot_state {
	SLOT_NEW,     /* nothing yet */
	SLOT_RESUMED, /* stream made, cycle counter still a guess */
	SLOT_LIVE,
};

struct libsrtp {
	struct tp_srtp base;
	srtp_t session;
	srtp_policy_t policy; /* policy.key points to `key` */
	uint8_t key[64];
	bool gcm;
	struct tp_srtp_record *record;
	uint8_t state[TP_SRTP_SSRC_MAX];
	uint64_t resumed_rtp[TP_SRTP_SSRC_MAX]; /* indices below were used by an earlier process */
	uint32_t resumed_rtcp[TP_SRTP_SSRC_MAX];
};

enum {
	REPLAY_WINDOW = 256,
	RTCP_BURN_MAX = 1 << 20, /* SRTCP indices skipped at most to go on with a source */
	RTCP_MIN_BYTES = 8,
};

enum tp_err tp_srtp_libsrtp_start(void)
{
	return srtp_init() == srtp_err_status_ok ? TP_OK : TP_INTERNAL;
}

void tp_srtp_libsrtp_stop(void)
{
	srtp_shutdown();
}

static enum tp_err set_suite(srtp_policy_t *p, uint8_t suite)
{
	switch (suite) {
	case TP_SRTP_AES_CM_128_HMAC_SHA1_80:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
		return TP_OK;
	case TP_SRTP_AES_CM_128_HMAC_SHA1_32: /* SRTCP keeps 80 bits: RFC 4568 6.2.2 */
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&p->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
		return TP_OK;
	case TP_SRTP_AES_256_CM_HMAC_SHA1_80:
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p->rtp);
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p->rtcp);
		return TP_OK;
	case TP_SRTP_AES_256_CM_HMAC_SHA1_32:
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&p->rtp);
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p->rtcp);
		return TP_OK;
	case TP_SRTP_AEAD_AES_128_GCM:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtcp);
		return TP_OK;
	case TP_SRTP_AEAD_AES_256_GCM:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtcp);
		return TP_OK;
	default:
		return TP_UNSUPPORTED;
	}
}

static void remember_earlier(struct libsrtp *s)
{
	for (uint32_t i = 0; i < s->record->slot_count; i++) {
		s->resumed_rtp[i] = s->record->slots[i].rtp_next;
		s->resumed_rtcp[i] = s->record->slots[i].rtcp_next;
	}
}

static void unmake(struct tp_srtp *base)
{
	struct libsrtp *s = (struct libsrtp *)base;

	if (s->session)
		srtp_dealloc(s->session);
	tp_wipe(s, sizeof(*s));
	free(s);
}

static enum tp_err make(uint8_t suite, const uint8_t *key, size_t key_len, bool sealing,
			struct tp_srtp_record *record, struct tp_srtp **out)
{
	struct libsrtp *s = calloc(1, sizeof(*s));
	enum tp_err err;

	if (!s)
		return TP_NOMEM;
	memcpy(s->key, key, key_len);
	s->base.backend = &tp_srtp_backend_libsrtp;
	s->gcm = suite == TP_SRTP_AEAD_AES_128_GCM || suite == TP_SRTP_AEAD_AES_256_GCM;
	s->record = record;
	remember_earlier(s);
	s->policy.key = s->key;
	s->policy.window_size = REPLAY_WINDOW;
	s->policy.ssrc.type = ssrc_any_inbound;
	err = set_suite(&s->policy, suite);
	if (!err && srtp_create(&s->session, sealing ? NULL : &s->policy) != srtp_err_status_ok)
		err = TP_INTERNAL;
	if (err) {
		unmake(&s->base);
		return err;
	}
	*out = &s->base;
	return TP_OK;
}

static enum tp_err err_of(srtp_err_status_t status)
{
	switch (status) {
	case srtp_err_status_ok:
		return TP_OK;
	case srtp_err_status_auth_fail:
		return TP_AUTH;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
		return TP_EXISTS;
	case srtp_err_status_key_expired:
		return TP_LIMIT;
	default:
		return TP_FORMAT;
	}
}

static enum tp_err add_stream(struct libsrtp *s, uint32_t ssrc)
{
	srtp_policy_t policy = s->policy;

	policy.ssrc.type = ssrc_specific;
	policy.ssrc.value = ssrc;
	return srtp_add_stream(s->session, &policy) == srtp_err_status_ok ? TP_OK : TP_NOMEM;
}

/* libsrtp cannot be told where its SRTCP index shall begin, so the used ones are
 * counted through on a packet that nobody gets. */
static enum tp_err burn_rtcp_indices(struct libsrtp *s, uint32_t ssrc, uint32_t next)
{
	_Alignas(8) uint8_t packet[RTCP_MIN_BYTES + TP_SRTP_TAIL_BYTES];

	if (next > RTCP_BURN_MAX)
		return TP_LIMIT;
	for (uint32_t i = 1; i < next; i++) {
		int len = RTCP_MIN_BYTES;

		memset(packet, 0, RTCP_MIN_BYTES);
		packet[0] = 0x80;
		packet[1] = TP_RTCP_RR;
		packet[3] = 1;
		tp_store_be32(packet + 4, ssrc);
		if (srtp_protect_rtcp(s->session, packet, &len) != srtp_err_status_ok)
			return TP_INTERNAL;
	}
	return TP_OK;
}

/* The slot of a source about to be sealed, with its stream. */
static enum tp_err sealing_slot(struct libsrtp *s, uint32_t ssrc, struct tp_srtp_slot **out)
{
	struct tp_srtp_slot *slot = tp_srtp_record_slot(s->record, ssrc, true);
	size_t i;
	enum tp_err err;

	if (!slot)
		return TP_LIMIT;
	i = (size_t)(slot - s->record->slots);
	if (s->state[i] == SLOT_NEW) {
		err = add_stream(s, ssrc);
		if (!err)
			err = burn_rtcp_indices(s, ssrc, s->resumed_rtcp[i]);
		if (err)
			return err;
		s->state[i] = s->resumed_rtp[i] ? SLOT_RESUMED : SLOT_LIVE;
	}
	*out = slot;
	return TP_OK;
}

static enum tp_err seal_rtp(struct tp_srtp *base, void *packet, size_t *len)
{
	struct libsrtp *s = (struct libsrtp *)base;
	uint32_t ssrc = tp_load_be32((uint8_t *)packet + 8);
	struct tp_srtp_slot *slot;
	uint64_t index;
	int n = (int)*len;
	size_t i;
	enum tp_err err = sealing_slot(s, ssrc, &slot);

	if (err)
		return err;
	i = (size_t)(slot - s->record->slots);
	index = tp_srtp_guess_index(slot->rtp_next, tp_load_be16((uint8_t *)packet + 2));
	if (index < s->resumed_rtp[i])
		return TP_EXISTS;
	if (s->state[i] == SLOT_RESUMED &&
	    srtp_set_stream_roc(s->session, ssrc, (uint32_t)(index >> 16)) != srtp_err_status_ok)
		return TP_INTERNAL;
	if (index >= slot->rtp_next)
		__atomic_store_n(&slot->rtp_next, index + 1, __ATOMIC_RELEASE);
	err = err_of(srtp_protect(s->session, packet, &n));
	if (err)
		return err;
	s->state[i] = SLOT_LIVE;
	*len = (size_t)n;
	return TP_OK;
}

static enum tp_err seal_rtcp(struct tp_srtp *base, void *packet, size_t *len)
{
	struct libsrtp *s = (struct libsrtp *)base;
	uint32_t ssrc = tp_load_be32((uint8_t *)packet + 4);
	struct tp_srtp_slot *slot;
	int n = (int)*len;
	enum tp_err err = sealing_slot(s, ssrc, &slot);

	if (err)
		return err;
	/* libsrtp counts from 1. */
	__atomic_store_n(&slot->rtcp_next, (slot->rtcp_next ? slot->rtcp_next : 1) + 1,
			 __ATOMIC_RELEASE);
	err = err_of(srtp_protect_rtcp(s->session, packet, &n));
	if (err)
		return err;
	*len = (size_t)n;
	return TP_OK;
}

/* Makes the stream of a source that an earlier process knew. */
static enum tp_err resume_opening(struct libsrtp *s, size_t i, uint32_t ssrc)
{
	enum tp_err err;

	if (s->state[i] != SLOT_NEW || (!s->resumed_rtp[i] && !s->resumed_rtcp[i]))
		return TP_OK;
	err = add_stream(s, ssrc);
	if (!err)
		s->state[i] = SLOT_RESUMED;
	return err;
}

static enum tp_err open_rtp(struct tp_srtp *base, void *packet, size_t *len, bool *newest)
{
	struct libsrtp *s = (struct libsrtp *)base;
	uint32_t ssrc = tp_load_be32((uint8_t *)packet + 8);
	uint16_t sequence = tp_load_be16((uint8_t *)packet + 2);
	struct tp_srtp_slot *slot = tp_srtp_record_slot(s->record, ssrc, false);
	uint64_t index = tp_srtp_guess_index(slot ? slot->rtp_next : 0, sequence);
	int n = (int)*len;
	enum tp_err err;

	if (!slot && s->record->slot_count == TP_SRTP_SSRC_MAX)
		return TP_LIMIT;
	if (slot) {
		size_t i = (size_t)(slot - s->record->slots);

		if (index < s->resumed_rtp[i])
			return TP_EXISTS;
		err = resume_opening(s, i, ssrc);
		if (err)
			return err;
		if (s->state[i] == SLOT_RESUMED &&
		    srtp_set_stream_roc(s->session, ssrc, (uint32_t)(index >> 16)) !=
			    srtp_err_status_ok)
			return TP_INTERNAL;
	}
	err = err_of(srtp_unprotect(s->session, packet, &n));
	if (err)
		return err;
	if (!slot)
		slot = tp_srtp_record_slot(s->record, ssrc, true);
	s->state[slot - s->record->slots] = SLOT_LIVE;
	*newest = index >= slot->rtp_next;
	if (*newest)
		slot->rtp_next = index + 1;
	*len = (size_t)n;
	return TP_OK;
}

/* Where the SRTCP index stands: behind the tag with GCM, before it otherwise. */
static enum tp_err read_rtcp_index(const struct libsrtp *s, const uint8_t *packet, size_t len,
				   uint32_t *out)
{
	size_t behind = s->gcm ? 4 : 4 + 10;

	if (len < RTCP_MIN_BYTES + 4 + (s->gcm ? 16 : 10))
		return TP_FORMAT;
	*out = tp_load_be32(packet + len - behind) & 0x7fffffff;
	return TP_OK;
}

static enum tp_err open_rtcp(struct tp_srtp *base, void *packet, size_t *len)
{
	struct libsrtp *s = (struct libsrtp *)base;
	uint32_t ssrc = tp_load_be32((uint8_t *)packet + 4), index;
	struct tp_srtp_slot *slot = tp_srtp_record_slot(s->record, ssrc, false);
	int n = (int)*len;
	enum tp_err err = read_rtcp_index(s, packet, *len, &index);

	if (err)
		return err;
	if (!slot && s->record->slot_count == TP_SRTP_SSRC_MAX)
		return TP_LIMIT;
	if (slot) {
		size_t i = (size_t)(slot - s->record->slots);

		if (index < s->resumed_rtcp[i])
			return TP_EXISTS;
		err = resume_opening(s, i, ssrc);
		if (err)
			return err;
	}
	err = err_of(srtp_unprotect_rtcp(s->session, packet, &n));
	if (err)
		return err;
	if (!slot)
		slot = tp_srtp_record_slot(s->record, ssrc, true);
	if (index >= slot->rtcp_next)
		slot->rtcp_next = index + 1;
	*len = (size_t)n;
	return TP_OK;
}

const struct tp_srtp_backend tp_srtp_backend_libsrtp = {
	.name = "libsrtp2",
	.make = make,
	.unmake = unmake,
	.seal_rtp = seal_rtp,
	.seal_rtcp = seal_rtcp,
	.open_rtp = open_rtp,
	.open_rtcp = open_rtcp,
};
