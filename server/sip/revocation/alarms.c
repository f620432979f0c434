/* Alarms about revocation: responders in trouble, and verdicts that lean on less than an
 * answer. Runs in turnpike-sip. */
#include <stdio.h>
#include <string.h>

#include "sip/revocation/internal.h"
#include "sip/status/report.h"

enum {
	QUIET_MS = 15 * 60 * 1000, /* without its cause, an alarm goes */
	AGAIN_MS = 10000,          /* between two tellings of a growing count */
};

/* ------------------------------------------------------------------- responders */

static void tell_responder(struct tp_sip *sip, const struct troubled *t, enum tp_sip_alarm code, bool raised)
{
	char subject[128];

	tp_text_copy(subject, sizeof(subject), t->url);
	if (code == TP_ALARM_OCSP_SHA1)
		tp_sip_alarm(sip, code, raised, TP_SEVERITY_CRITICAL, subject, t->text,
			     "Peers whose certificates name this responder are refused. Have it answer SHA-256 "
			     "CertIDs, or switch off Use OCSP and use CRLs.");
	else
		tp_sip_alarm(sip, code, raised, TP_SEVERITY_WARNING, subject, t->text,
			     "Look whether the responder runs and whether the firewall lets this appliance reach it; "
			     "until it answers, CRLs and the fallback decide.");
}

static struct troubled *find_troubled(struct tp_sip_revocation *r, const char *url, bool make)
{
	struct troubled *place = NULL;

	for (size_t i = 0; i < TP_SIP_OCSP_TROUBLED_MAX; i++) {
		struct troubled *t = &r->troubled[i];

		if (strcmp(t->url, url) == 0)
			return t;
		if (!t->url[0] && !place)
			place = t;
	}
	if (!make || !place)
		return NULL;
	memset(place, 0, sizeof(*place));
	tp_text_copy(place->url, sizeof(place->url), url);
	return place;
}

static void set_trouble(struct tp_sip *sip, struct troubled *t, bool unreachable, bool other_id)
{
	if (t->unreachable != unreachable) {
		t->unreachable = unreachable;
		tell_responder(sip, t, TP_ALARM_OCSP_UNREACHABLE, unreachable);
	}
	if (t->other_id != other_id) {
		t->other_id = other_id;
		tell_responder(sip, t, TP_ALARM_OCSP_SHA1, other_id);
	}
	if (!unreachable && !other_id)
		t->url[0] = '\0';
}

void tp_sip_revocation_note(struct tp_sip *sip, const char *url, const struct tp_ocsp_answer *answer)
{
	bool other_id = answer->status == TP_OCSP_OTHER_ID;
	bool unreachable = answer->status == TP_OCSP_UNREACHABLE;
	struct troubled *t = find_troubled(sip->revocation, url, unreachable || other_id);

	if (!t)
		return;
	t->last_ms = tp_loop_now_ms(sip->loop);
	snprintf(t->text, sizeof(t->text), "OCSP responder %.100s: %.120s", url, answer->text);
	set_trouble(sip, t, unreachable, other_id);
}

/* --------------------------------------------------------------------- counters */

static void tell_counted(struct tp_sip *sip, enum tp_sip_alarm code, const struct counted_alarm *a,
			 const char *what, const char *last)
{
	char text[512];

	snprintf(text, sizeof(text), "%s: %llu since this alarm was raised; the last: %s", what,
		 (unsigned long long)(a->seen - a->since), last);
	tp_sip_alarm(sip, code, a->raised, TP_SEVERITY_WARNING, "SIP TLS", text,
		     code == TP_ALARM_REVOCATION_FALLBACK ?
			     "Load CRLs of the CAs that your peers use, or make their OCSP responders reachable." :
			     "Bring the CRL up to date before the last-known-good window ends.");
}

static void follow(struct tp_sip *sip, struct counted_alarm *a, uint64_t count, enum tp_sip_alarm code,
		   const char *what, const char *last)
{
	uint64_t now = tp_loop_now_ms(sip->loop);
	bool grew = count != a->seen;

	if (grew)
		a->last_ms = now;
	if (grew && (!a->raised || now - a->told_ms >= AGAIN_MS)) {
		if (!a->raised)
			a->since = a->seen;
		a->seen = count;
		a->raised = true;
		a->told_ms = now;
		tell_counted(sip, code, a, what, last);
	} else if (a->raised && now - a->last_ms >= QUIET_MS) {
		a->raised = false;
		tell_counted(sip, code, a, what, last);
	}
}

static const char fallback_words[] = "connections whose revocation status is unknown, decided by the fallback";
static const char last_good_words[] = "connections accepted by a CRL that has run out, as last known good";

void tp_sip_revocation_tick(struct tp_sip *sip)
{
	struct tp_sip_revocation *r = sip->revocation;
	const struct tp_revocation_counters *c = tp_revocation_counters(r->shared);
	uint64_t now = tp_loop_now_ms(sip->loop);

	follow(sip, &r->fallback, c->fallback, TP_ALARM_REVOCATION_FALLBACK, fallback_words, c->fallback_text);
	follow(sip, &r->last_known_good, c->last_known_good, TP_ALARM_REVOCATION_LAST_GOOD, last_good_words,
	       c->last_known_good_text);
	for (size_t i = 0; i < TP_SIP_OCSP_TROUBLED_MAX; i++) {
		struct troubled *t = &r->troubled[i];

		if (t->url[0] && now - t->last_ms >= QUIET_MS)
			set_trouble(sip, t, false, false);
	}
}

void tp_sip_revocation_calm(struct tp_sip *sip)
{
	struct tp_sip_revocation *r = sip->revocation;

	for (size_t i = 0; i < TP_SIP_OCSP_TROUBLED_MAX; i++)
		if (r->troubled[i].url[0])
			set_trouble(sip, &r->troubled[i], false, false);
	if (r->fallback.raised) {
		r->fallback.raised = false;
		tell_counted(sip, TP_ALARM_REVOCATION_FALLBACK, &r->fallback, fallback_words, "");
	}
	if (r->last_known_good.raised) {
		r->last_known_good.raised = false;
		tell_counted(sip, TP_ALARM_REVOCATION_LAST_GOOD, &r->last_known_good, last_good_words, "");
	}
}

void tp_sip_revocation_report(struct tp_sip *sip)
{
	struct tp_sip_revocation *r = sip->revocation;
	const struct tp_revocation_counters *c = tp_revocation_counters(r->shared);

	for (size_t i = 0; i < TP_SIP_OCSP_TROUBLED_MAX; i++) {
		const struct troubled *t = &r->troubled[i];

		if (t->url[0] && t->unreachable)
			tell_responder(sip, t, TP_ALARM_OCSP_UNREACHABLE, true);
		if (t->url[0] && t->other_id)
			tell_responder(sip, t, TP_ALARM_OCSP_SHA1, true);
	}
	if (r->fallback.raised)
		tell_counted(sip, TP_ALARM_REVOCATION_FALLBACK, &r->fallback, fallback_words, c->fallback_text);
	if (r->last_known_good.raised)
		tell_counted(sip, TP_ALARM_REVOCATION_LAST_GOOD, &r->last_known_good, last_good_words,
			     c->last_known_good_text);
}
