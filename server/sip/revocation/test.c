/* "What would happen now": each source asked about a peer's certificate, and the verdict.
 * Runs in turnpike-sip. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sip/config/config.h"
#include "sip/revocation/internal.h"
#include "tls/crl_index.h"

static void write_day(int64_t at, char buf[32])
{
	time_t t = (time_t)at;
	struct tm tm;

	buf[0] = '\0';
	if (gmtime_r(&t, &tm))
		strftime(buf, 32, "%Y-%m-%d %H:%M UTC", &tm);
}

static void say_crl(const struct tp_revocation_facts *f, const struct tp_revocation_crl *crl, char *buf,
		    size_t size)
{
	bool over = crl->next_update && f->now >= crl->next_update;
	char next[32], when[32];

	write_day(crl->next_update, next);
	write_day(crl->revoked_at, when);
	if (!f->use_crls)
		snprintf(buf, size, "not asked: CRLs are switched off");
	else if (!crl->present)
		snprintf(buf, size, "there is none of its issuer");
	else if (crl->revoked)
		snprintf(buf, size, "revoked on %s (%s)%s%s", when, tp_crl_reason_text(crl->reason),
			 over ? "; ran out on " : "", over ? next : "");
	else if (over)
		snprintf(buf, size, "ran out on %s", next);
	else
		snprintf(buf, size, "not revoked%s%s", crl->next_update ? "; counts until " : "",
			 crl->next_update ? next : "");
}

/* Also why none came from the distribution point that the certificate names. */
static void say_automatic(const struct tp_revocation_look *look, char *buf, size_t size)
{
	size_t len;

	say_crl(&look->facts, &look->facts.automatic, buf, size);
	len = strlen(buf);
	if (look->point_text[0])
		snprintf(buf + len, size - len, "; its distribution point: %s", look->point_text);
}

static void say_ocsp(const struct tp_revocation_look *look, char *buf, size_t size)
{
	if (!look->facts.use_ocsp)
		snprintf(buf, size, "not asked: OCSP is switched off");
	else if (!look->responder[0])
		snprintf(buf, size, "not asked: the certificate names no responder");
	else
		snprintf(buf, size, "%s%s%s", tp_ocsp_status_words(look->facts.ocsp),
			 look->ocsp_text[0] ? ": " : "", look->ocsp_text);
}

void tp_sip_revocation_tested(struct waiter *w, const struct tp_revocation_verdict *verdict)
{
	struct tp_channel *admin = tp_child_peer(w->sip->child, TP_PROCESS_ADMIN);
	struct tp_msg_revocation_tested *m = calloc(1, sizeof(*m));
	size_t count = tp_revocation_chain_count(w->chain);

	if (!m || !admin) {
		free(m);
		return;
	}
	m->refused = verdict->outcome == TP_REVOCATION_REFUSE;
	m->rule = verdict->rule;
	tp_text_copy(m->text, sizeof(m->text), verdict->reason);
	for (size_t i = 0; i < count && i < sizeof(m->certificates) / sizeof(m->certificates[0]); i++) {
		struct tp_msg_revocation_look *c = &m->certificates[m->certificates_count++];
		struct tp_revocation_look look;

		tp_revocation_chain_look(w->chain, i, &look);
		tp_text_copy(c->subject, sizeof(c->subject), look.subject);
		tp_text_copy(c->responder, sizeof(c->responder), look.responder);
		say_automatic(&look, c->automatic, sizeof(c->automatic));
		say_crl(&look.facts, &look.facts.manual, c->manual, sizeof(c->manual));
		say_ocsp(&look, c->ocsp, sizeof(c->ocsp));
		c->refused = look.verdict.outcome == TP_REVOCATION_REFUSE;
		tp_text_copy(c->text, sizeof(c->text), look.verdict.reason);
	}
	(void)TP_CHANNEL_SEND(admin, revocation_tested, w->request, m);
	free(m);
}

static enum tp_err refuse_test(struct tp_sip *sip, uint32_t request, enum tp_err why, const char *text)
{
	struct tp_channel *admin = tp_child_peer(sip->child, TP_PROCESS_ADMIN);
	struct tp_msg_revocation_tested *m = calloc(1, sizeof(*m));
	enum tp_err err = TP_NOMEM;

	if (m && admin) {
		m->err = (uint8_t)why;
		tp_text_copy(m->text, sizeof(m->text), text);
		err = TP_CHANNEL_SEND(admin, revocation_tested, request, m);
	}
	free(m);
	return err;
}

/* As a SIP peer would show it, else as the other half of the pair would. */
static enum tp_err find_chain(const struct tp_sip_config *c, struct tp_span pem,
			      struct tp_revocation_chain **out, struct tp_diag *diag)
{
	enum tp_err err;

	if (!c || !c->tls_verify)
		return tp_fail(diag, TP_STATE, "", "this appliance has no certificate yet: there is no TLS");
	err = tp_tls_revocation_chain_of_pem(c->tls_verify, pem, out, diag);
	if (err == TP_DENIED)
		err = tp_tls_revocation_chain_of_pem(c->tls_link_client, pem, out, diag);
	return err;
}

enum tp_err tp_sip_revocation_test(struct tp_sip *sip, uint32_t request,
				   const struct tp_msg_revocation_test *m)
{
	const struct tp_span pem = { (const char *)m->pem, m->pem_len };
	struct tp_sip_revocation *r = sip->revocation;
	struct tp_diag diag = { "", "" };
	struct waiter *w;
	enum tp_err err;

	if (r->test_count >= TP_SIP_REVOCATION_TESTS_MAX)
		return refuse_test(sip, request, TP_LIMIT, "too many tests are under way");
	w = calloc(1, sizeof(*w));
	if (!w)
		return refuse_test(sip, request, TP_NOMEM, "out of memory");
	err = find_chain(sip->config, pem, &w->chain, &diag);
	if (err != TP_OK) {
		free(w);
		return refuse_test(sip, request, err, diag.text);
	}
	w->sip = sip;
	w->request = request;
	r->test_count++;
	tp_sip_revocation_wait(w, (uint64_t)1000 * sip->config->cfg.revocation_deadline_s);
	return TP_OK;
}
