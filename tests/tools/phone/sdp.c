/* SDP of a phone: one audio line, PCMU, SDES keys. */
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phone.h"
#include "text.h"

static const struct {
	const char *name;
	size_t key_len; /* key and salt */
} suites[SUITE_COUNT] = {
	[SUITE_NONE] = { "none", 0 },
	[SUITE_AES_128_80] = { "AES_CM_128_HMAC_SHA1_80", 30 },
	[SUITE_AES_128_32] = { "AES_CM_128_HMAC_SHA1_32", 30 },
	[SUITE_AES_256_80] = { "AES_256_CM_HMAC_SHA1_80", 46 },
	[SUITE_GCM_128] = { "AEAD_AES_128_GCM", 28 },
	[SUITE_GCM_256] = { "AEAD_AES_256_GCM", 44 },
};

const char *media_suite_name(enum media_suite suite)
{
	return suites[suite].name;
}

bool media_suite_find(const char *name, size_t len, enum media_suite *out)
{
	for (int i = 0; i < SUITE_COUNT; i++)
		if (strlen(suites[i].name) == len && !strncmp(suites[i].name, name, len)) {
			*out = (enum media_suite)i;
			return true;
		}
	return false;
}

bool media_write_sdp(struct leg *leg, char *out, size_t size)
{
	struct phone *p = leg->phone;
	struct media *m = &leg->media;
	struct text t = { out, 0, size };
	text_add(&t, "v=0\r\no=- %u 1 IN IP%d %s\r\ns=test\r\nc=IN IP%d %s\r\nt=0 0\r\n", leg->id,
		 p->v6 ? 6 : 4, p->address, p->v6 ? 6 : 4, p->address);
	text_add(&t, "m=audio %u RTP/%s 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n", m->port,
		 m->offered == SUITE_NONE ? "AVP" : "SAVP");
	if (m->offered != SUITE_NONE) {
		unsigned char base64[96];
		EVP_EncodeBlock(base64, m->tx_key, (int)suites[m->offered].key_len);
		text_add(&t, "a=crypto:%u %s inline:%s\r\n", m->crypto_tag, suites[m->offered].name, base64);
	}
	text_add(&t, "a=sendrecv\r\n");
	return t.len + 1 < size;
}

static bool read_address(const char *sdp, uint16_t port, struct sockaddr_storage *out)
{
	char text[64];
	const char *audio = strstr(sdp, "m=audio");
	const char *media_level = audio ? strstr(audio, "\nc=IN IP") : NULL;
	const char *c = media_level ? media_level : strstr(sdp, "\nc=IN IP");
	if (!c || strlen(c) < 12)
		return false;
	bool v6 = c[8] == '6';
	size_t len = strcspn(c + 10, "\r\n/ ");
	if (len >= sizeof(text))
		return false;
	memcpy(text, c + 10, len);
	text[len] = 0;
	memset(out, 0, sizeof(*out));
	if (v6) {
		struct sockaddr_in6 *a = (struct sockaddr_in6 *)out;
		a->sin6_family = AF_INET6;
		a->sin6_port = htons(port);
		return inet_pton(AF_INET6, text, &a->sin6_addr) == 1;
	}
	struct sockaddr_in *a = (struct sockaddr_in *)out;
	a->sin_family = AF_INET;
	a->sin_port = htons(port);
	return inet_pton(AF_INET, text, &a->sin_addr) == 1;
}

/* Takes the first crypto line whose suite is `wanted`. */
static bool read_crypto(struct media *m, const char *sdp, enum media_suite wanted)
{
	for (const char *p = strstr(sdp, "a=crypto:"); p; p = strstr(p + 1, "a=crypto:")) {
		enum media_suite suite;
		const char *name = strchr(p, ' ');
		const char *key = strstr(p, "inline:");
		if (!name || !key || !media_suite_find(name + 1, strcspn(name + 1, " "), &suite) ||
		    suite != wanted)
			continue;
		unsigned char raw[96], text[129] = { 0 };
		size_t len = strcspn(key + 7, "|\r\n ");
		if (len > 64 || len % 4)
			continue;
		memcpy(text, key + 7, len);
		if (EVP_DecodeBlock(raw, text, (int)len) < (int)suites[suite].key_len)
			continue;
		memcpy(m->rx_key, raw, suites[suite].key_len);
		m->suite = suite;
		m->crypto_tag = (uint32_t)strtoul(p + 9, NULL, 10);
		return true;
	}
	return false;
}

/* Where RTCP goes: a=rtcp: port, a=rtcp-mux, else the next port. */
static uint16_t rtcp_port(const char *sdp, uint16_t port)
{
	const char *line = strstr(sdp, "a=rtcp:");
	return line ? (uint16_t)strtoul(line + 7, NULL, 10) : (uint16_t)(port + 1);
}

bool media_read_sdp(struct leg *leg, const char *sdp)
{
	struct media *m = &leg->media;
	const char *audio = strstr(sdp, "m=audio ");
	if (!audio)
		return false;
	uint16_t port = (uint16_t)strtoul(audio + 8, NULL, 10);
	size_t line = strcspn(audio, "\r\n");
	const char *profile = strstr(audio, "RTP/SAVP");
	bool secure = profile && profile < audio + line;
	if (port == 0 || !read_address(sdp, port, &m->remote) ||
	    !read_address(sdp, rtcp_port(sdp, port), &m->remote_rtcp))
		return false;
	if (secure != (m->offered != SUITE_NONE))
		return false;
	if (!secure)
		return true;
	if (!read_crypto(m, sdp, m->offered))
		return false;
	media_rekey(leg);
	return true;
}
