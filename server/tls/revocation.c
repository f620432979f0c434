/* The one table of revocation's precedence. Used by sip, admin and turnpikectl.
 *
 * (1) any valid source says revoked: refuse;
 * (2) a CRL past nextUpdate: refuse, but for the last-known-good window;
 * (3) a verified OCSP answer without the asked SHA-256 CertID: refuse;
 * (4) an OCSP answer that cannot be used: the CRLs decide where they are switched on;
 * (5) nothing usable: the fallback. */
#include "tls/revocation.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tls/crl_index.h"

/* What the CRLs say together. */
enum crl_says { CRL_NONE, CRL_GOOD, CRL_REVOKED, CRL_EXPIRED, CRL_WAIT, CRL_COUNT };
/* What OCSP says, as far as the table cares. */
enum ocsp_says { OCSP_NONE, OCSP_WAIT, OCSP_GOOD, OCSP_REVOKED, OCSP_ID, OCSP_USELESS, OCSP_COUNT };

enum cell { ACCEPT_4, REFUSE_1, REFUSE_2, REFUSE_3, FALLBACK_5, WAIT };

static const uint8_t table[CRL_COUNT][OCSP_COUNT] = {
	/*               none        wait      good      revoked   other ID  useless */
	[CRL_NONE]    = { FALLBACK_5, WAIT,     ACCEPT_4, REFUSE_1, REFUSE_3, FALLBACK_5 },
	[CRL_GOOD]    = { ACCEPT_4,   WAIT,     ACCEPT_4, REFUSE_1, REFUSE_3, ACCEPT_4   },
	[CRL_REVOKED] = { REFUSE_1,   REFUSE_1, REFUSE_1, REFUSE_1, REFUSE_1, REFUSE_1   },
	[CRL_EXPIRED] = { REFUSE_2,   REFUSE_2, REFUSE_2, REFUSE_1, REFUSE_2, REFUSE_2   },
	[CRL_WAIT]    = { WAIT,       WAIT,     WAIT,     REFUSE_1, REFUSE_3, WAIT       },
};

static const uint8_t ocsp_class[TP_OCSP_STATUS_COUNT] = {
	[TP_OCSP_NOT_ASKED] = OCSP_NONE,      [TP_OCSP_WAITING] = OCSP_WAIT,
	[TP_OCSP_GOOD] = OCSP_GOOD,           [TP_OCSP_REVOKED] = OCSP_REVOKED,
	[TP_OCSP_OTHER_ID] = OCSP_ID,         [TP_OCSP_UNKNOWN] = OCSP_USELESS,
	[TP_OCSP_UNREACHABLE] = OCSP_USELESS, [TP_OCSP_STALE] = OCSP_USELESS,
	[TP_OCSP_WRONG] = OCSP_USELESS,
};

const char *tp_ocsp_status_words(enum tp_ocsp_status status)
{
	static const char *const words[TP_OCSP_STATUS_COUNT] = {
		[TP_OCSP_NOT_ASKED] = "not asked",
		[TP_OCSP_WAITING] = "no answer yet",
		[TP_OCSP_GOOD] = "good",
		[TP_OCSP_REVOKED] = "revoked",
		[TP_OCSP_OTHER_ID] = "no answer about the SHA-256 CertID",
		[TP_OCSP_UNKNOWN] = "unknown certificate",
		[TP_OCSP_UNREACHABLE] = "unreachable",
		[TP_OCSP_STALE] = "out of date",
		[TP_OCSP_WRONG] = "not to be trusted",
	};

	return (unsigned)status < TP_OCSP_STATUS_COUNT ? words[status] : "?";
}

/* ------------------------------------------------------------------ the CRLs */

struct crls {
	enum crl_says says;
	bool kept;                              /* only the window makes it count */
	const struct tp_revocation_crl *source; /* of what is said */
	const char *name;
};

/* One CRL alone. */
static struct crls weigh_one(const struct tp_revocation_facts *f, const struct tp_revocation_crl *crl,
			     const char *name, uint32_t window_s)
{
	struct crls c = { CRL_NONE, false, crl, name };
	bool expired = crl->next_update && f->now >= crl->next_update;

	if (!crl->present)
		return c;
	c.kept = expired && f->now - crl->next_update < (int64_t)window_s;
	if (expired && !c.kept)
		c.says = CRL_EXPIRED;
	else
		c.says = crl->revoked ? CRL_REVOKED : CRL_GOOD;
	return c;
}

/* Both together: one that lists the certificate wins; then one that is in force
 * replaces an older one of the same issuer that has run out. */
static struct crls weigh_both(const struct tp_revocation_facts *f)
{
	struct crls a = { CRL_NONE, false, &f->automatic, "automatic" };
	struct crls m;

	if (!f->use_crls)
		return a;
	a = weigh_one(f, &f->automatic, "automatic", f->last_known_good_s);
	m = weigh_one(f, &f->manual, "manually loaded", 0);
	if (m.says == CRL_NONE || (f->automatic_overrides && a.says != CRL_NONE))
		return a;
	if (a.says == CRL_NONE || m.says == CRL_REVOKED)
		return a.says == CRL_REVOKED && !a.kept ? a : m;
	if (a.says == CRL_REVOKED)
		return a;
	if (m.says == CRL_GOOD && (a.says == CRL_EXPIRED || a.kept))
		return m;
	return a;
}

/* A list that is still on its way could say worse than those that are here. */
static struct crls weigh_crls(const struct tp_revocation_facts *f)
{
	struct crls c = weigh_both(f);

	if (f->use_crls && f->crl_waiting && c.says != CRL_REVOKED)
		c.says = CRL_WAIT;
	return c;
}

/* -------------------------------------------------------------------- words */

static const char *day(int64_t at, char buf[32])
{
	time_t t = (time_t)at;
	struct tm tm;

	buf[0] = '\0';
	if (at > 0 && gmtime_r(&t, &tm))
		strftime(buf, 32, "%Y-%m-%d %H:%M UTC", &tm);
	return buf;
}

static void say_revoked(const struct tp_revocation_facts *f, const struct crls *c, char *buf, size_t size)
{
	char when[32];

	if (c->says == CRL_REVOKED)
		snprintf(buf, size, "revoked%s%s (%s), says the %s CRL",
			 c->source->revoked_at > 0 ? " on " : "", day(c->source->revoked_at, when),
			 tp_crl_reason_text(c->source->reason), c->name);
	else
		snprintf(buf, size, "revoked%s%s, says the OCSP responder",
			 f->ocsp_revoked_at > 0 ? " on " : "", day(f->ocsp_revoked_at, when));
}

static void say_accepted(const struct crls *c, enum tp_ocsp_status ocsp, char *buf, size_t size)
{
	char when[32];

	if (ocsp == TP_OCSP_GOOD)
		snprintf(buf, size, "not revoked, says the OCSP responder");
	else if (c->kept)
		snprintf(buf, size, "not revoked, says the %s CRL that ran out on %s and counts as last known good",
			 c->name, day(c->source->next_update, when));
	else
		snprintf(buf, size, "not revoked, says the %s CRL", c->name);
}

static void say_fallback(const struct tp_revocation_facts *f, enum tp_ocsp_status ocsp, char *buf,
			 size_t size)
{
	char asked[64] = "OCSP off";

	if (f->use_ocsp && ocsp == TP_OCSP_NOT_ASKED)
		snprintf(asked, sizeof(asked), "no OCSP responder in the certificate");
	else if (f->use_ocsp)
		snprintf(asked, sizeof(asked), "OCSP: %s", tp_ocsp_status_words(ocsp));
	snprintf(buf, size, "revocation status unknown (%s; %s): the fallback treats it as %s", asked,
		 f->use_crls ? "no CRL of its issuer" : "CRLs off",
		 f->unknown_is_revoked ? "revoked" : "not revoked");
}

/* --------------------------------------------------------------- the verdict */

void tp_revocation_decide(const struct tp_revocation_facts *f, struct tp_revocation_verdict *out)
{
	struct crls crls = weigh_crls(f);
	enum tp_ocsp_status ocsp = f->use_ocsp ? f->ocsp : TP_OCSP_NOT_ASKED;
	struct tp_revocation_verdict v = { .outcome = TP_REVOCATION_REFUSE };
	char when[32];

	switch (table[crls.says][ocsp_class[ocsp]]) {
	case ACCEPT_4:
		v.outcome = TP_REVOCATION_ACCEPT;
		v.rule = 4;
		v.last_known_good = crls.kept && ocsp != TP_OCSP_GOOD;
		say_accepted(&crls, ocsp, v.reason, sizeof(v.reason));
		break;
	case REFUSE_1:
		v.rule = 1;
		say_revoked(f, &crls, v.reason, sizeof(v.reason));
		break;
	case REFUSE_2:
		v.rule = 2;
		snprintf(v.reason, sizeof(v.reason),
			 "the %s CRL of its issuer ran out on %s: its certificates count as revoked",
			 crls.name, day(crls.source->next_update, when));
		break;
	case REFUSE_3:
		v.rule = 3;
		snprintf(v.reason, sizeof(v.reason),
			 "the OCSP responder does not answer about the SHA-256 CertID that it was asked");
		break;
	case FALLBACK_5:
		v.rule = 5;
		v.fallback = true;
		v.outcome = f->unknown_is_revoked ? TP_REVOCATION_REFUSE : TP_REVOCATION_ACCEPT;
		say_fallback(f, ocsp, v.reason, sizeof(v.reason));
		break;
	default:
		v.outcome = TP_REVOCATION_WAIT;
		snprintf(v.reason, sizeof(v.reason), crls.says == CRL_WAIT ?
			 "the list that the certificate names is being downloaded" :
			 "the OCSP responder is being asked");
	}
	v.other_id = ocsp == TP_OCSP_OTHER_ID;
	*out = v;
}
