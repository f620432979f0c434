/* Revocation of a whole chain, and the OCSP answers kept. Used by sip. */
#include "tls/revocation_chain.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "core/map.h"
#include "tls/crl_question.h"
#include "tls/internal.h"

enum { GOOD_MAX_S = 86400 };

struct kept {
	struct tp_map_node node;
	struct tp_list link; /* the longest kept first */
	uint8_t key[32];
	enum tp_ocsp_status status;
	int64_t this_update;
	int64_t fresh_until; /* then it is asked again, ... */
	int64_t until;       /* ... and until then no older answer takes its place */
	int64_t revoked_at;
};

/* What is known of a distribution point that certificates name. */
struct point {
	char key[TP_REVOCATION_POINT_KEY_MAX + 1];
	int64_t ended_at; /* the last download; Unix time, seconds */
};

struct tp_revocation {
	unsigned refs;
	struct point *points; /* TP_REVOCATION_POINTS_MAX of them; key empty: free */
	const struct tp_crl_set *crls;
	struct tp_revocation_policy policy;
	struct tp_revocation_counters counters;
	struct tp_map cache;
	struct tp_list order;
};

/* One certificate of a chain. */
struct entry {
	char subject[256];
	struct tp_revocation_facts facts;
	struct tp_ocsp_question question; /* url empty: there is no responder */
	char ocsp_text[TP_OCSP_TEXT_MAX + 1];
	char point[TP_REVOCATION_POINT_MAX + 1]; /* to be downloaded from; empty: nothing is */
	char point_key[TP_REVOCATION_POINT_KEY_MAX + 1];
	char point_text[TP_OCSP_TEXT_MAX + 1];
	struct tp_crl_question crl;              /* with it: what the list is to be asked then */
	X509 *issuer;                            /* the same; a reference */
};

struct tp_revocation_chain {
	struct tp_revocation *shared; /* a reference */
	bool enabled;
	size_t count;
	struct entry entries[];
};

/* ------------------------------------------------------------------ what is shared */

enum tp_err tp_revocation_new(const struct tp_crl_set *crls, const uint8_t seed[16],
			      struct tp_revocation **out)
{
	struct tp_revocation *r = calloc(1, sizeof(*r));

	if (!r)
		return TP_NOMEM;
	r->points = calloc(TP_REVOCATION_POINTS_MAX, sizeof(*r->points));
	if (!r->points) {
		free(r);
		return TP_NOMEM;
	}
	r->refs = 1;
	r->crls = crls;
	tp_map_init(&r->cache, seed, TP_REVOCATION_CACHE_MAX);
	tp_list_init(&r->order);
	*out = r;
	return TP_OK;
}

struct tp_revocation *tp_revocation_ref(struct tp_revocation *r)
{
	r->refs++;
	return r;
}

static void forget(struct tp_revocation *r, struct kept *k)
{
	tp_map_remove(&r->cache, &k->node);
	tp_list_remove(&k->link);
	free(k);
}

void tp_revocation_unref(struct tp_revocation **revocation)
{
	struct tp_revocation *r = *revocation;
	struct tp_list *first;

	*revocation = NULL;
	if (!r || --r->refs > 0)
		return;
	while ((first = tp_list_first(&r->order)))
		forget(r, TP_CONTAINER(first, struct kept, link));
	tp_map_fini(&r->cache);
	free(r->points);
	free(r);
}

void tp_revocation_set_policy(struct tp_revocation *r, const struct tp_revocation_policy *policy)
{
	r->policy = *policy;
}

const struct tp_revocation_policy *tp_revocation_policy(const struct tp_revocation *r)
{
	return &r->policy;
}

const struct tp_revocation_counters *tp_revocation_counters(const struct tp_revocation *r)
{
	return &r->counters;
}

void tp_revocation_count(struct tp_revocation *r, const struct tp_revocation_verdict *v)
{
	if (v->outcome == TP_REVOCATION_ACCEPT)
		r->counters.accepted++;
	else
		r->counters.refused++;
	if (v->fallback) {
		r->counters.fallback++;
		tp_text_copy(r->counters.fallback_text, sizeof(r->counters.fallback_text), v->reason);
	}
	if (v->last_known_good) {
		r->counters.last_known_good++;
		tp_text_copy(r->counters.last_known_good_text, sizeof(r->counters.last_known_good_text),
			     v->reason);
	}
}

/* ------------------------------------------------------------- distribution points */

static struct point *find_point(struct tp_revocation *r, const char *key)
{
	for (size_t i = 0; i < TP_REVOCATION_POINTS_MAX; i++)
		if (r->points[i].key[0] && strcmp(r->points[i].key, key) == 0)
			return &r->points[i];
	return NULL;
}

/* A free place, else that of the one asked longest ago. */
static struct point *place_for(struct tp_revocation *r)
{
	struct point *place = &r->points[0];

	for (size_t i = 0; i < TP_REVOCATION_POINTS_MAX; i++) {
		struct point *p = &r->points[i];

		if (!p->key[0])
			return p;
		if (p->ended_at < place->ended_at)
			place = p;
	}
	return place;
}

void tp_revocation_point_ended(struct tp_revocation *r, const char *key, int64_t now)
{
	struct point *p = find_point(r, key);

	if (!p) {
		p = place_for(r);
		tp_text_copy(p->key, sizeof(p->key), key);
	}
	p->ended_at = now;
}

static bool is_in_force(const struct tp_revocation_crl *crl, int64_t now)
{
	return crl->present && (!crl->next_update || now < crl->next_update);
}

/* With a list in force at hand, only one that was downloaded long ago is asked for again;
 * without, one that has just failed, or brought nothing of use, is left alone for a while. */
static bool wants_download(struct tp_revocation *r, const struct entry *e, const char *key)
{
	const struct point *p = find_point(r, key);
	int64_t now = e->facts.now;
	bool at_hand = is_in_force(&e->facts.automatic, now) || is_in_force(&e->facts.manual, now);

	if (e->facts.automatic.revoked || e->facts.manual.revoked)
		return false;
	if (!p)
		return !at_hand;
	return now - p->ended_at >= (at_hand ? TP_REVOCATION_POINT_FRESH_S : TP_REVOCATION_POINT_AGAIN_S);
}

/* -------------------------------------------------------------------- answers kept */

static const struct kept *find_kept(struct tp_revocation *r, const uint8_t key[32], int64_t now)
{
	struct tp_map_node *node = tp_map_find(&r->cache, key, 32);
	struct kept *k = node ? TP_CONTAINER(node, struct kept, node) : NULL;

	if (k && k->until <= now) {
		forget(r, k);
		k = NULL;
	}
	return k && k->fresh_until > now ? k : NULL;
}

static void keep(struct tp_revocation *r, const uint8_t key[32], const struct tp_ocsp_answer *answer,
		 int64_t now)
{
	struct tp_map_node *node = tp_map_find(&r->cache, key, 32);
	struct kept *k = node ? TP_CONTAINER(node, struct kept, node) : NULL;

	/* Not every answer is made for the question: an old one can be played again. */
	if (k && k->until > now && answer->this_update < k->this_update)
		return;
	/* Also where the new one cannot be kept: it replaces what was said before. */
	if (k)
		forget(r, k);
	if ((answer->status != TP_OCSP_GOOD && answer->status != TP_OCSP_REVOKED) || answer->next_update <= now)
		return;
	if (r->cache.count >= TP_REVOCATION_CACHE_MAX)
		forget(r, TP_CONTAINER(tp_list_first(&r->order), struct kept, link));
	k = calloc(1, sizeof(*k));
	if (!k)
		return;
	memcpy(k->key, key, sizeof(k->key));
	k->status = answer->status;
	k->this_update = answer->this_update;
	k->until = k->fresh_until = answer->next_update;
	/* A responder's word that all is well must not outlive a day, whatever it says of itself. */
	if (k->status == TP_OCSP_GOOD && k->until - now > GOOD_MAX_S)
		k->fresh_until = now + GOOD_MAX_S;
	k->revoked_at = answer->revoked_at;
	if (tp_map_put(&r->cache, &k->node, k->key, sizeof(k->key)) != TP_OK) {
		free(k);
		return;
	}
	tp_list_append(&r->order, &k->link);
}

/* Whether any list here revokes it. */
static bool is_on_a_list(const struct tp_revocation *r, X509 *certificate, int64_t now)
{
	struct tp_crl_question question;
	struct tp_crl_answer answer;

	if (!r->crls || tp_crl_question_of(certificate, &question) != TP_OK)
		return false;
	question.sources = 1u << TP_CRL_AUTOMATIC | 1u << TP_CRL_MANUAL;
	question.now = now;
	tp_crl_set_ask(r->crls, &question, &answer);
	return answer.state == TP_CRL_REVOKED;
}

void tp_revocation_learn(struct tp_revocation *r, const struct tp_ocsp_question *question,
			 const void *response, size_t response_len, int64_t now,
			 struct tp_ocsp_answer *out)
{
	tp_ocsp_judge(question, response, response_len, now, out);
	if (out->delegate && is_on_a_list(r, out->delegate, now)) {
		out->status = TP_OCSP_WRONG;
		tp_text_copy(out->text, sizeof(out->text), "its signer's certificate is revoked");
	}
	/* What says nothing leaves what is kept alone: anybody on the way can send that. */
	if (out->status == TP_OCSP_GOOD || out->status == TP_OCSP_REVOKED)
		keep(r, question->key, out, now);
}

/* ----------------------------------------------------------------------- one chain */

static void fill_crl(const struct tp_revocation *r, struct tp_crl_question *question,
		     enum tp_crl_source source, struct tp_revocation_crl *out)
{
	struct tp_crl_answer answer;

	question->sources = 1u << source;
	tp_crl_set_ask(r->crls, question, &answer);
	out->present = answer.state != TP_CRL_NONE;
	out->revoked = answer.state == TP_CRL_REVOKED;
	out->next_update = answer.next_update;
	out->revoked_at = answer.revoked_at;
	out->reason = answer.reason;
}

static bool write_point_key(const char *url, X509 *issuer, char key[TP_REVOCATION_POINT_KEY_MAX + 1])
{
	uint8_t digest[32];
	unsigned len = 0;
	char hex[17];

	if (X509_digest(issuer, EVP_sha256(), digest, &len) != 1)
		return false;
	tp_text_write_hex(hex, digest, 8);
	tp_tls_say(key, TP_REVOCATION_POINT_KEY_MAX + 1, "%s %s", hex, url);
	return true;
}

static void fill_crls(const struct tp_revocation *r, struct entry *e)
{
	fill_crl(r, &e->crl, TP_CRL_AUTOMATIC, &e->facts.automatic);
	fill_crl(r, &e->crl, TP_CRL_MANUAL, &e->facts.manual);
}

static enum tp_err ask_crls(struct tp_revocation *r, X509 *certificate, X509 *issuer, int64_t now,
			    struct entry *e)
{
	char url[TP_REVOCATION_POINT_MAX + 1];
	enum tp_err err;

	if (!r->crls)
		return TP_OK;
	err = tp_crl_question_of(certificate, &e->crl);
	if (err != TP_OK)
		return err;
	e->crl.now = now;
	fill_crls(r, e);
	if (!r->policy.use_points || !tp_crl_point_url(certificate, url, sizeof(url)) ||
	    !write_point_key(url, issuer, e->point_key) || !wants_download(r, e, e->point_key))
		return TP_OK;
	tp_text_copy(e->point, sizeof(e->point), url);
	X509_up_ref(issuer);
	e->issuer = issuer;
	e->facts.crl_waiting = true;
	return TP_OK;
}

static enum tp_err fill_ocsp(struct tp_revocation *r, X509 *certificate, X509 *issuer, bool kept_may,
			     int64_t now, struct entry *e)
{
	const struct kept *kept;
	enum tp_err err = tp_ocsp_ask(certificate, issuer, &e->question);

	if (err == TP_NOMEM)
		return err;
	if (err != TP_OK)
		return TP_OK; /* it names no responder that could be asked */
	kept = kept_may ? find_kept(r, e->question.key, now) : NULL;
	e->facts.ocsp = kept ? kept->status : TP_OCSP_WAITING;
	e->facts.ocsp_revoked_at = kept ? kept->revoked_at : 0;
	return TP_OK;
}

static enum tp_err fill_entry(struct tp_revocation *r, X509 *certificate, X509 *issuer, bool kept,
			      int64_t now, struct entry *e)
{
	const struct tp_revocation_policy *p = &r->policy;
	enum tp_err err = TP_OK;

	tp_tls_subject_write(X509_get_subject_name(certificate), e->subject, sizeof(e->subject));
	e->facts = (struct tp_revocation_facts){
		.use_crls = p->use_crls,
		.use_ocsp = p->use_ocsp,
		.automatic_overrides = p->automatic_overrides,
		.unknown_is_revoked = p->unknown_is_revoked,
		.last_known_good_s = p->last_known_good_s,
		.now = now,
	};
	if (p->use_crls)
		err = ask_crls(r, certificate, issuer, now, e);
	if (err == TP_OK && p->use_ocsp)
		err = fill_ocsp(r, certificate, issuer, kept, now, e);
	return err;
}

enum tp_err tp_revocation_chain_new(struct tp_revocation *r, struct x509_st *const *certificates,
				    size_t count, bool kept, int64_t now,
				    struct tp_revocation_chain **out)
{
	size_t asked = count > 0 && r->policy.enabled ? count - 1 : 0;
	struct tp_revocation_chain *chain;
	enum tp_err err = TP_OK;

	if (count > TP_REVOCATION_CHAIN_MAX)
		return TP_LIMIT;
	chain = calloc(1, sizeof(*chain) + asked * sizeof(chain->entries[0]));
	if (!chain)
		return TP_NOMEM;
	chain->shared = tp_revocation_ref(r);
	chain->enabled = r->policy.enabled;
	for (; err == TP_OK && chain->count < asked; chain->count++)
		err = fill_entry(r, certificates[chain->count], certificates[chain->count + 1], kept, now,
				 &chain->entries[chain->count]);
	if (err != TP_OK)
		tp_revocation_chain_free(&chain);
	else
		*out = chain;
	return err;
}

void tp_revocation_chain_free(struct tp_revocation_chain **chain)
{
	struct tp_revocation_chain *c = *chain;

	*chain = NULL;
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++) {
		tp_ocsp_question_fini(&c->entries[i].question);
		X509_free(c->entries[i].issuer);
	}
	tp_revocation_unref(&c->shared);
	free(c);
}

void tp_revocation_chain_set_unknown(struct tp_revocation_chain *chain,
				     enum tp_revocation_unknown unknown)
{
	if (unknown != TP_REVOCATION_UNKNOWN_REVOKED && unknown != TP_REVOCATION_UNKNOWN_NOT_REVOKED)
		return;
	for (size_t i = 0; i < chain->count; i++)
		chain->entries[i].facts.unknown_is_revoked = unknown == TP_REVOCATION_UNKNOWN_REVOKED;
}

size_t tp_revocation_chain_count(const struct tp_revocation_chain *chain)
{
	return chain->count;
}

const struct tp_ocsp_question *tp_revocation_chain_question(const struct tp_revocation_chain *chain,
							    size_t n)
{
	const struct entry *e = &chain->entries[n];

	return e->facts.ocsp == TP_OCSP_WAITING ? &e->question : NULL;
}

const char *tp_revocation_chain_point(const struct tp_revocation_chain *chain, size_t n)
{
	const struct entry *e = &chain->entries[n];

	return e->facts.crl_waiting ? e->point : NULL;
}

const char *tp_revocation_chain_point_key(const struct tp_revocation_chain *chain, size_t n)
{
	return chain->entries[n].point_key;
}

enum tp_err tp_revocation_chain_point_issuer(const struct tp_revocation_chain *chain, size_t n, char **pem,
					     size_t *len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long written = 0;

	if (bio && PEM_write_bio_X509(bio, chain->entries[n].issuer) == 1)
		written = BIO_get_mem_data(bio, &text);
	*pem = written > 0 ? malloc((size_t)written) : NULL;
	if (*pem) {
		memcpy(*pem, text, (size_t)written);
		*len = (size_t)written;
	}
	BIO_free(bio);
	return *pem ? TP_OK : TP_NOMEM;
}

bool tp_revocation_chain_point_ended(struct tp_revocation_chain *chain, const char *key, const char *text)
{
	bool any = false;

	for (size_t i = 0; i < chain->count; i++) {
		struct entry *e = &chain->entries[i];

		if (!e->facts.crl_waiting || strcmp(e->point_key, key) != 0)
			continue;
		e->facts.crl_waiting = false;
		fill_crls(chain->shared, e);
		tp_text_copy(e->point_text, sizeof(e->point_text), text);
		any = true;
	}
	return any;
}

bool tp_revocation_chain_answer(struct tp_revocation_chain *chain, const uint8_t key[32],
				const struct tp_ocsp_answer *answer)
{
	bool any = false;

	for (size_t i = 0; i < chain->count; i++) {
		struct entry *e = &chain->entries[i];

		if (e->facts.ocsp != TP_OCSP_WAITING || memcmp(e->question.key, key, 32) != 0)
			continue;
		e->facts.ocsp = answer->status;
		e->facts.ocsp_revoked_at = answer->revoked_at;
		tp_text_copy(e->ocsp_text, sizeof(e->ocsp_text), answer->text);
		any = true;
	}
	return any;
}

void tp_revocation_chain_give_up(struct tp_revocation_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		struct entry *e = &chain->entries[i];

		if (e->facts.crl_waiting)
			tp_text_copy(e->point_text, sizeof(e->point_text), "no answer in time");
		e->facts.crl_waiting = false;
		if (e->facts.ocsp != TP_OCSP_WAITING)
			continue;
		e->facts.ocsp = TP_OCSP_UNREACHABLE;
		tp_text_copy(e->ocsp_text, sizeof(e->ocsp_text), "no answer in time");
	}
}

/* The worse of two outcomes: refusing, waiting, the fallback's accepting, accepting. */
static unsigned badness(const struct tp_revocation_verdict *v)
{
	if (v->outcome == TP_REVOCATION_REFUSE)
		return 4;
	if (v->outcome == TP_REVOCATION_WAIT)
		return 3;
	return v->fallback ? 2 : v->last_known_good;
}

void tp_revocation_chain_decide(const struct tp_revocation_chain *chain,
				struct tp_revocation_verdict *out)
{
	struct tp_revocation_verdict sum = { .outcome = TP_REVOCATION_ACCEPT };
	bool other_id = false;
	bool last_known_good = false;

	tp_text_copy(sum.reason, sizeof(sum.reason),
		     chain->enabled ? "the certificate itself is trusted: there is nobody to ask"
				    : "revocation checking is switched off");
	for (size_t i = 0; i < chain->count; i++) {
		struct tp_revocation_verdict v;

		tp_revocation_decide(&chain->entries[i].facts, &v);
		other_id = other_id || v.other_id;
		last_known_good = last_known_good || v.last_known_good;
		if (i > 0 && badness(&v) <= badness(&sum))
			continue;
		sum = v;
		if (i > 0)
			tp_tls_say(sum.reason, sizeof(sum.reason), "CA certificate %s: %s",
				   chain->entries[i].subject, v.reason);
	}
	sum.other_id = other_id;
	sum.last_known_good = last_known_good && sum.outcome == TP_REVOCATION_ACCEPT;
	*out = sum;
}

void tp_revocation_chain_look(const struct tp_revocation_chain *chain, size_t n,
			      struct tp_revocation_look *out)
{
	const struct entry *e = &chain->entries[n];

	memset(out, 0, sizeof(*out));
	tp_text_copy(out->subject, sizeof(out->subject), e->subject);
	tp_text_copy(out->responder, sizeof(out->responder), e->question.url);
	tp_text_copy(out->ocsp_text, sizeof(out->ocsp_text), e->ocsp_text);
	tp_text_copy(out->point_text, sizeof(out->point_text), e->point_text);
	out->facts = e->facts;
	tp_revocation_decide(&e->facts, &out->verdict);
}
