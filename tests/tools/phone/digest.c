/* Digest answers (RFC 3261 section 22, RFC 8760): MD5 and SHA-256, qop auth. */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "phone.h"
#include "text.h"

static void hash_hex(const char *algorithm, char *out, const char *text)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	const EVP_MD *type = strcasecmp(algorithm, "SHA-256") ? EVP_md5() : EVP_sha256();
	EVP_Digest(text, strlen(text), md, &len, type, NULL);
	for (unsigned i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", md[i]);
}

/* Finds a challenge whose algorithm we are told to use (or any that we can). */
static bool find_challenge(const struct phone_spec *spec, const char *msg, const char *header,
			   char *value, size_t size, char algorithm[16])
{
	for (size_t n = 0; text_header(msg, header, n, value, size); n++) {
		if (strncasecmp(value, "Digest", 6) != 0)
			continue;
		if (!text_param(value, "algorithm", algorithm, 16))
			snprintf(algorithm, 16, "MD5");
		if (strcasecmp(algorithm, "MD5") && strcasecmp(algorithm, "SHA-256"))
			continue;
		if (!spec->digest[0] || !strcasecmp(spec->digest, algorithm))
			return true;
	}
	return false;
}

bool digest_answer(const struct phone_spec *spec, const char *msg, const char *method, const char *uri,
		   char *line, size_t size)
{
	char value[1024], algorithm[16], realm[256], nonce[512], opaque[256], qop[64];
	char a[1024], ha1[65], ha2[65], response[65], cnonce[17];
	bool proxy = false;
	if (!find_challenge(spec, msg, "WWW-Authenticate", value, sizeof(value), algorithm)) {
		proxy = true;
		if (!find_challenge(spec, msg, "Proxy-Authenticate", value, sizeof(value), algorithm))
			return false;
	}
	if (!text_param(value, "realm", realm, sizeof(realm)) ||
	    !text_param(value, "nonce", nonce, sizeof(nonce)))
		return false;
	bool with_qop = text_param(value, "qop", qop, sizeof(qop));
	bool with_opaque = text_param(value, "opaque", opaque, sizeof(opaque));
	unsigned char random[8];
	RAND_bytes(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(cnonce + 2 * i, 3, "%02x", random[i]);

	snprintf(a, sizeof(a), "%s:%s:%s", spec->user, realm, spec->password);
	hash_hex(algorithm, ha1, a);
	snprintf(a, sizeof(a), "%s:%s", method, uri);
	hash_hex(algorithm, ha2, a);
	if (with_qop)
		snprintf(a, sizeof(a), "%s:%s:00000001:%s:auth:%s", ha1, nonce, cnonce, ha2);
	else
		snprintf(a, sizeof(a), "%s:%s:%s", ha1, nonce, ha2);
	hash_hex(algorithm, response, a);

	struct text t = { line, 0, size };
	text_add(&t, "%s: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
		     "response=\"%s\", algorithm=%s",
		 proxy ? "Proxy-Authorization" : "Authorization", spec->user, realm, nonce, uri, response,
		 algorithm);
	if (with_qop)
		text_add(&t, ", qop=auth, nc=00000001, cnonce=\"%s\"", cnonce);
	if (with_opaque)
		text_add(&t, ", opaque=\"%s\"", opaque);
	text_add(&t, "\r\n");
	return true;
}
