/* The notice that everybody has to accept before a login, where one is set. Who accepts
 * sends its digest along, and so has been given this very text. Runs in turnpike-admin's
 * workers. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "admin/account/login_state.h"

static bool get_consent(struct tp_login *l, struct tp_cfg_consent *out)
{
	pthread_mutex_lock(&l->lock);
	*out = l->consent;
	pthread_mutex_unlock(&l->lock);
	return out->text[0] != '\0';
}

static void digest_of(const struct tp_cfg_consent *c, char digest[65])
{
	char both[sizeof(c->title) + sizeof(c->text)];
	int len = snprintf(both, sizeof(both), "%s\n%s", c->title, c->text);
	uint8_t hash[32];

	digest[0] = '\0'; /* that nobody can send */
	if (EVP_Digest(both, (size_t)len, hash, NULL, EVP_sha256(), NULL) == 1)
		tp_text_write_hex(digest, hash, sizeof(hash));
}

json_t *tp_login_consent_json(struct tp_login *l)
{
	struct tp_cfg_consent consent;
	char digest[65];

	if (!get_consent(l, &consent))
		return json_null();
	digest_of(&consent, digest);
	return json_pack("{s:o, s:o, s:s, s:b}", "title", tp_json_text(consent.title), "text",
			 tp_json_text(consent.text), "digest", digest, "must-acknowledge", consent.required);
}

bool tp_login_has_consent(struct tp_login *l, const struct tp_http_request *req, const json_t *body,
			  struct tp_http_response *res)
{
	const char *given = json_string_value(json_object_get(body, "consent"));
	struct tp_cfg_consent consent;
	char digest[65];

	if (req->local || !get_consent(l, &consent) || !consent.required)
		return true;
	digest_of(&consent, digest);
	if (given && digest[0] && !strcmp(given, digest))
		return true;
	tp_http_reply_error(res, 403, "access-denied", "/consent",
			    given ? "The notice of this appliance has changed: read and accept it again." :
				    "Read and accept the notice of this appliance first: send its digest as consent.");
	return false;
}

void tp_login_consent(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_cfg_consent consent;
	char text[sizeof(consent.title) + sizeof(consent.text) + 3], digest[65];
	int len;

	(void)req;
	if (!get_consent(arg, &consent)) {
		tp_http_reply_error(res, 404, "data-missing", NULL, "There is no notice to accept.");
		return;
	}
	digest_of(&consent, digest);
	len = snprintf(text, sizeof(text), "%s\n\n%s\n", consent.title, consent.text);
	tp_http_reply_bytes(res, 200, "text/plain; charset=utf-8", text, (size_t)len);
	tp_http_header(res, "X-Turnpike-Consent", digest);
}
