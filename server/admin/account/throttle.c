/* Slowing down of guessing. Runs in turnpike-admin's workers. */
#include "admin/account/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "os/random.h"

struct entry {
	struct tp_map_node node;
	struct tp_list by_use; /* longest quiet first */
	char key[TP_THROTTLE_KEY_MAX];
	uint32_t failures;
	uint64_t last_ms;
	uint64_t until_ms;
	uint64_t paid_ms; /* the bucket is full again then */
};

struct tp_throttle {
	struct tp_throttle_policy policy;
	pthread_mutex_t lock;
	struct tp_map map;
	struct tp_list by_use;
};

enum tp_err tp_throttle_new(const struct tp_throttle_policy *policy, struct tp_throttle **out)
{
	struct tp_throttle *t = calloc(1, sizeof(*t));
	uint8_t seed[16];

	if (!t)
		return TP_NOMEM;
	t->policy = *policy;
	pthread_mutex_init(&t->lock, NULL);
	tp_random_bytes(seed, sizeof(seed));
	tp_map_init(&t->map, seed, policy->keys);
	tp_list_init(&t->by_use);
	*out = t;
	return TP_OK;
}

static void drop(struct tp_throttle *t, struct entry *e)
{
	tp_map_remove(&t->map, &e->node);
	tp_list_remove(&e->by_use);
	free(e);
}

void tp_throttle_free(struct tp_throttle **t)
{
	struct tp_list *node;

	if (!*t)
		return;
	while ((node = tp_list_first(&(*t)->by_use)))
		drop(*t, TP_CONTAINER(node, struct entry, by_use));
	tp_map_fini(&(*t)->map);
	pthread_mutex_destroy(&(*t)->lock);
	free(*t);
	*t = NULL;
}

void tp_throttle_set_bucket(struct tp_throttle *t, uint32_t burst, uint32_t each_ms)
{
	pthread_mutex_lock(&t->lock);
	t->policy.burst = burst;
	t->policy.each_ms = each_ms;
	pthread_mutex_unlock(&t->lock);
}

static struct entry *find(struct tp_throttle *t, const char *key)
{
	struct tp_map_node *node = tp_map_find(&t->map, key, strlen(key));

	return node ? TP_CONTAINER(node, struct entry, node) : NULL;
}

static struct entry *make(struct tp_throttle *t, const char *key)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	if (t->map.count >= t->policy.keys)
		drop(t, TP_CONTAINER(tp_list_first(&t->by_use), struct entry, by_use));
	tp_text_copy(e->key, sizeof(e->key), key);
	if (tp_map_put(&t->map, &e->node, e->key, strlen(e->key)) != TP_OK) {
		free(e);
		return NULL;
	}
	tp_list_append(&t->by_use, &e->by_use);
	return e;
}

/* Milliseconds to wait after this many failures. */
static uint64_t wait_after(const struct tp_throttle_policy *policy, uint32_t failures)
{
	uint32_t over = failures > policy->free ? failures - policy->free : 0;
	uint64_t wait_s = over == 0 ? 0 : over > 20 ? policy->most_wait_s : 1ull << (over - 1);

	return 1000 * (wait_s < policy->most_wait_s ? wait_s : policy->most_wait_s);
}

static uint32_t seconds(uint64_t ms)
{
	return (uint32_t)((ms + 999) / 1000);
}

/* Takes a token; else the milliseconds until there is one. */
static uint64_t take_token(const struct tp_throttle_policy *policy, struct entry *e, uint64_t now_ms)
{
	uint64_t full = e->paid_ms > now_ms ? e->paid_ms : now_ms;
	uint64_t most = (uint64_t)policy->burst * policy->each_ms;

	if (!policy->burst)
		return 0;
	if (full + policy->each_ms > now_ms + most)
		return full + policy->each_ms - now_ms - most;
	e->paid_ms = full + policy->each_ms;
	return 0;
}

uint32_t tp_throttle_try(struct tp_throttle *t, const char *key, uint64_t now_ms)
{
	uint64_t wait_ms = 0;
	struct entry *e;
	char bounded[TP_THROTTLE_KEY_MAX];

	tp_text_copy(bounded, sizeof(bounded), key);
	pthread_mutex_lock(&t->lock);
	e = find(t, bounded);
	if (!e)
		e = make(t, bounded);
	if (e && e->until_ms > now_ms) {
		wait_ms = e->until_ms - now_ms;
	} else if (e && !(wait_ms = take_token(&t->policy, e, now_ms))) {
		/* A guess that read the clock before another one must not clear the count. */
		if (now_ms > e->last_ms && now_ms - e->last_ms > 1000ull * t->policy.forget_s)
			e->failures = 0;
		e->failures++;
		e->last_ms = now_ms;
		e->until_ms = now_ms + wait_after(&t->policy, e->failures);
		tp_list_remove(&e->by_use);
		tp_list_append(&t->by_use, &e->by_use);
	}
	pthread_mutex_unlock(&t->lock);
	return seconds(wait_ms);
}

void tp_throttle_passed(struct tp_throttle *t, const char *key)
{
	struct entry *e;
	char bounded[TP_THROTTLE_KEY_MAX];

	tp_text_copy(bounded, sizeof(bounded), key);
	pthread_mutex_lock(&t->lock);
	e = find(t, bounded);
	if (e && t->policy.burst) {
		e->failures = 0;
		e->until_ms = 0;
	} else if (e) {
		drop(t, e);
	}
	pthread_mutex_unlock(&t->lock);
}

void tp_throttle_source(const struct tp_addr *peer, char key[TP_THROTTLE_SOURCE_TEXT])
{
	struct tp_addr network = *peer;

	if (network.family == TP_ADDR_V6)
		memset(network.ip + 8, 0, 8);
	network.port = 0;
	tp_addr_write_ip(&network, key);
}
