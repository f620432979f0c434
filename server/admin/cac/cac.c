/* The rules of certificate login in force. Runs in turnpike-admin's workers. */
#include "admin/cac/cac.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct verdict {
	uint8_t sha256[32];
	uint64_t until_ms; /* good until then; 0: nothing here */
};

struct tp_cac {
	struct tp_peer_check *peers;

	pthread_mutex_t lock;       /* guards what follows */
	struct tp_cac_rules *rules; /* NULL until the first configuration */
	uint64_t generation;        /* of what verdicts lean on */
	struct verdict verdicts[TP_CAC_REMEMBERED]; /* a place is a function of the hash */
};

enum tp_err tp_cac_new(struct tp_cac **out)
{
	struct tp_cac *c = calloc(1, sizeof(*c));

	if (!c)
		return TP_NOMEM;
	pthread_mutex_init(&c->lock, NULL);
	*out = c;
	return TP_OK;
}

void tp_cac_free(struct tp_cac **cac)
{
	struct tp_cac *c = *cac;

	*cac = NULL;
	if (!c)
		return;
	tp_cac_rules_unref(&c->rules);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void tp_cac_set_peers(struct tp_cac *c, struct tp_peer_check *peers)
{
	c->peers = peers;
}

struct tp_peer_check *tp_cac_peers(const struct tp_cac *c)
{
	return c->peers;
}

/* With the lock. */
static void forget(struct tp_cac *c)
{
	c->generation++;
	memset(c->verdicts, 0, sizeof(c->verdicts));
}

void tp_cac_forget(struct tp_cac *c)
{
	pthread_mutex_lock(&c->lock);
	forget(c);
	pthread_mutex_unlock(&c->lock);
}

void tp_cac_use(struct tp_cac *c, struct tp_cac_rules **rules)
{
	struct tp_cac_rules *old;

	pthread_mutex_lock(&c->lock);
	old = c->rules;
	c->rules = *rules;
	*rules = NULL;
	forget(c);
	pthread_mutex_unlock(&c->lock);
	tp_cac_rules_unref(&old);
}

static struct tp_cac_rules *take(struct tp_cac *c, uint64_t *generation)
{
	struct tp_cac_rules *rules;

	pthread_mutex_lock(&c->lock);
	rules = c->rules ? tp_cac_rules_ref(c->rules) : NULL;
	*generation = c->generation;
	pthread_mutex_unlock(&c->lock);
	return rules;
}

struct tp_cac_rules *tp_cac_rules(struct tp_cac *c)
{
	uint64_t generation;

	return take(c, &generation);
}

enum tp_cac_level tp_cac_level(struct tp_cac *c)
{
	struct tp_cac_rules *rules = tp_cac_rules(c);
	enum tp_cac_level level = rules ? rules->level : TP_CAC_NOT_REQUIRED;

	tp_cac_rules_unref(&rules);
	return level;
}

/* --------------------------------------------------------------------------- verdicts */

static uint64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct verdict *place_of(struct tp_cac *c, const uint8_t sha256[32])
{
	return &c->verdicts[sha256[0] % TP_CAC_REMEMBERED];
}

/* Good ones alone: a bad one may be for want of what another connection sends with it. */
static bool recall(struct tp_cac *c, const struct tp_card *card)
{
	const struct verdict *v = place_of(c, card->sha256);
	bool known;

	pthread_mutex_lock(&c->lock);
	known = v->until_ms > steady_ms() && !memcmp(v->sha256, card->sha256, sizeof(v->sha256));
	pthread_mutex_unlock(&c->lock);
	return known;
}

static void remember(struct tp_cac *c, const struct tp_card *card, uint64_t generation)
{
	struct verdict *v = place_of(c, card->sha256);

	pthread_mutex_lock(&c->lock);
	if (generation == c->generation) {
		memcpy(v->sha256, card->sha256, sizeof(v->sha256));
		v->until_ms = steady_ms() + 1000ull * TP_CAC_REMEMBER_S;
	}
	pthread_mutex_unlock(&c->lock);
}

void tp_cac_look(struct tp_cac *c, struct tp_card *card)
{
	uint64_t generation;
	struct tp_cac_rules *rules = take(c, &generation);
	unsigned len = sizeof(card->sha256);

	if (!rules)
		return;
	card->wanted = rules->level != TP_CAC_NOT_REQUIRED;
	card->login = rules->level == TP_CAC_AUTHENTICATION;
	if (card->leaf && X509_digest(card->leaf, EVP_sha256(), card->sha256, &len) == 1 &&
	    recall(c, card)) {
		card->good = true;
		tp_cac_name(rules->pattern, card);
	} else {
		tp_cac_judge(rules, c->peers, card);
		if (card->good)
			remember(c, card, generation);
	}
	tp_cac_rules_unref(&rules);
}
