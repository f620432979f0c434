/* The rules of certificate login in force. Runs in turnpike-admin's workers. */
#include "admin/cac/cac.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of a certificate with all that was sent beside it: another connection may send more. */
struct verdict {
	uint8_t sha256[32];
	uint64_t until_ms; /* it counts until then; 0: nothing here */
	char reason[sizeof(((struct tp_card *)0)->reason)];
};

struct tp_cac {
	struct tp_peer_check *peers;

	pthread_mutex_t lock;       /* guards what follows */
	struct tp_cac_rules *rules; /* NULL until the first configuration */
	uint64_t generation;        /* of what verdicts lean on */
	/* Bad ones and good ones, so that neither pushes the other out; a place is a function of the
	 * hash. */
	struct verdict verdicts[2][TP_CAC_REMEMBERED];
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

static bool add_digest(EVP_MD_CTX *md, X509 *x)
{
	uint8_t sha256[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return X509_digest(x, EVP_sha256(), sha256, &len) == 1 && EVP_DigestUpdate(md, sha256, len) == 1;
}

/* The digest of all that was shown. False: nothing to know it by. */
static bool digest_of(const struct tp_card *card, uint8_t sha256[32])
{
	EVP_MD_CTX *md = card->leaf ? EVP_MD_CTX_new() : NULL;
	bool done = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 && add_digest(md, card->leaf);

	for (int i = 0; done && i < sk_X509_num(card->others); i++)
		done = add_digest(md, sk_X509_value(card->others, i));
	done = done && EVP_DigestFinal_ex(md, sha256, NULL) == 1;
	EVP_MD_CTX_free(md);
	return done;
}

static struct verdict *place_of(struct tp_cac *c, bool good, const uint8_t sha256[32])
{
	return &c->verdicts[good][sha256[0] % TP_CAC_REMEMBERED];
}

static bool recall(struct tp_cac *c, const uint8_t sha256[32], struct tp_card *card)
{
	uint64_t now_ms = steady_ms();
	bool known = false;

	pthread_mutex_lock(&c->lock);
	for (int good = 0; good < 2 && !known; good++) {
		const struct verdict *v = place_of(c, good, sha256);

		known = v->until_ms > now_ms && !memcmp(v->sha256, sha256, sizeof(v->sha256));
		if (!known)
			continue;
		card->good = good;
		memcpy(card->reason, v->reason, sizeof(v->reason));
	}
	pthread_mutex_unlock(&c->lock);
	return known;
}

static void remember(struct tp_cac *c, const uint8_t sha256[32], const struct tp_card *card,
		     uint64_t generation)
{
	struct verdict *v = place_of(c, card->good, sha256);

	pthread_mutex_lock(&c->lock);
	if (generation == c->generation) {
		memcpy(v->sha256, sha256, sizeof(v->sha256));
		memcpy(v->reason, card->reason, sizeof(v->reason));
		v->until_ms = steady_ms() + 1000ull * TP_CAC_REMEMBER_S;
	}
	pthread_mutex_unlock(&c->lock);
}

void tp_cac_look(struct tp_cac *c, struct tp_card *card)
{
	uint64_t generation;
	struct tp_cac_rules *rules = take(c, &generation);
	unsigned len = sizeof(card->sha256);
	uint8_t shown[32];
	bool known;

	if (!rules)
		return;
	card->wanted = rules->level != TP_CAC_NOT_REQUIRED;
	card->login = rules->level == TP_CAC_AUTHENTICATION;
	known = digest_of(card, shown) && X509_digest(card->leaf, EVP_sha256(), card->sha256, &len) == 1;
	if (known && recall(c, shown, card)) {
		tp_cac_name(rules->pattern, card);
	} else {
		tp_cac_judge(rules, c->peers, card);
		if (known)
			remember(c, shown, card, generation);
	}
	tp_cac_rules_unref(&rules);
}
