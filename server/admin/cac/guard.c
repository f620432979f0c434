/* Requests without the certificate that they need. Runs in turnpike-admin's workers. */
#include "admin/cac/guard.h"

#include <stdio.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/http/page.h"

static bool is_bound(const struct tp_http_request *req)
{
	static const uint8_t none[sizeof(req->session_card)];

	return memcmp(req->session_card, none, sizeof(none)) != 0;
}

static bool is_its_card(const struct tp_http_request *req)
{
	return req->card->good && !memcmp(req->card->sha256, req->session_card, sizeof(req->session_card));
}

/* The certificate is the session's; but was it the login, and is it called as it was then? */
static const char *fault_of_login(const struct tp_http_request *req)
{
	if (!req->card->login)
		return NULL;
	if (!req->session_card_name[0])
		return "The session was opened by a password before certificates were the login.";
	if (!req->card->named || strcmp(req->card->name, req->session_card_name) != 0)
		return "The name in its certificate is read in another way now.";
	return NULL;
}

/* Why the session of a request does not count; NULL: it does. */
static const char *stranger(const struct tp_http_request *req, char text[TP_DIAG_TEXT_MAX + 1])
{
	const struct tp_card *card = req->card;
	bool bound = is_bound(req);

	if (bound && is_its_card(req))
		return fault_of_login(req);
	if (!bound && !card->wanted)
		return NULL;
	if (!bound)
		return "The session was opened before certificates were asked for.";
	if (!card->leaf)
		return "The session was used without its certificate.";
	if (card->good)
		return "The session was used with another certificate.";
	snprintf(text, TP_DIAG_TEXT_MAX + 1, "The session was used with a certificate that is refused: %s.",
		 card->reason);
	return text;
}

/* ------------------------------------------------------------------------- the page */

static void reply_page(struct tp_http_response *res, struct tp_advanced *advanced, const struct tp_card *card)
{
	char page[TP_PAGE_MAX];
	struct tp_wr wr;

	tp_wr_init(&wr, page, sizeof(page));
	tp_page_begin(&wr, advanced, "Certificate needed");
	tp_wr_text(&wr, "<h1>This appliance asks for your certificate</h1>\n<p>");
	if (card->leaf) {
		tp_wr_text(&wr, "The certificate that your browser has shown is refused: ");
		tp_page_put_text(&wr, card->reason);
		tp_wr_text(&wr, ".");
	} else {
		tp_wr_text(&wr, "Your browser has shown none.");
	}
	tp_wr_text(&wr, "</p>\n<ul>\n<li>Insert your smart card, or install your certificate in the browser.</li>\n"
			"<li>Close all windows of the browser, so that it asks again which certificate to show.</li>\n"
			"<li>If it does not ask, none of your certificates comes from a CA that is trusted here for web "
			"login: speak to your administrator.</li>\n</ul>\n"
			"<p><a href=\"/\">Try again</a></p>\n");
	tp_page_end(&wr, advanced);
	if (wr.err == TP_OK)
		tp_http_reply_bytes(res, 401, "text/html; charset=utf-8", page, wr.len);
	else
		tp_http_reply_failure(res, wr.err, NULL);
}

static void refuse(struct tp_http_response *res, struct tp_advanced *advanced, const struct tp_card *card,
		   bool api)
{
	if (!api)
		reply_page(res, advanced, card);
	else if (card->leaf)
		tp_http_reply_error(res, 401, "access-denied", NULL, "Your certificate is refused: %s.",
				    card->reason);
	else
		tp_http_reply_error(res, 401, "access-denied", NULL,
				    "This appliance asks for a certificate, and none was shown.");
}

/* ------------------------------------------------------------------------ the guard */

bool tp_cac_guard(struct tp_login *login, struct tp_http_request *req, bool api, struct tp_http_response *res)
{
	char text[TP_DIAG_TEXT_MAX + 1];
	const char *why;

	if (!req->card)
		return true;
	/* A token has no session; the connection's certificate it needs as everybody does. */
	why = req->state == TP_OPERATOR_ANONYMOUS || req->by_token ? NULL : stranger(req, text);
	if (why) {
		tp_login_log(login, req, 1, "session.certificate", req->user, why);
		tp_login_end_session(login, req);
	}
	if (req->card->wanted && !req->card->good) {
		refuse(res, tp_login_advanced(login), req->card, api);
		return false;
	}
	if (req->card->login && req->method == TP_HTTP_POST && !strcmp(req->path, "/api/v1/session")) {
		tp_http_reply_error(res, 403, "access-denied", NULL,
				    "There is no login by password here: your certificate is the login.");
		return false;
	}
	return true;
}
