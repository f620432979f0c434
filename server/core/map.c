/* Intrusive hash map. Used by every process. */
#include "core/map.h"

#include <stdlib.h>
#include <string.h>

static uint64_t load_le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static uint64_t rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

struct sip_state {
	uint64_t v0, v1, v2, v3;
};

static void sip_round(struct sip_state *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

uint64_t tp_siphash(const uint8_t seed[16], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t k0 = load_le64(seed);
	uint64_t k1 = load_le64(seed + 8);
	struct sip_state s = { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
			       k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u };
	uint64_t last = (uint64_t)len << 56;
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8) {
		uint64_t m = load_le64(p);

		s.v3 ^= m;
		sip_round(&s);
		sip_round(&s);
		s.v0 ^= m;
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)p[i] << (8 * i);
	s.v3 ^= last;
	sip_round(&s);
	sip_round(&s);
	s.v0 ^= last;
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void tp_map_init(struct tp_map *map, const uint8_t seed[16], size_t max)
{
	memset(map, 0, sizeof(*map));
	memcpy(map->seed, seed, sizeof(map->seed));
	map->max = max;
}

void tp_map_fini(struct tp_map *map)
{
	free(map->buckets);
	map->buckets = NULL;
	map->bucket_count = 0;
	map->count = 0;
}

static struct tp_map_node **bucket_of(const struct tp_map *map, uint64_t hash)
{
	return &map->buckets[hash & (map->bucket_count - 1)];
}

static struct tp_map_node *find_hashed(const struct tp_map *map, uint64_t hash, const void *key,
				       size_t key_len)
{
	if (!map->bucket_count)
		return NULL;
	for (struct tp_map_node *n = *bucket_of(map, hash); n; n = n->next)
		if (n->hash == hash && n->key_len == key_len &&
		    (key_len == 0 || memcmp(n->key, key, key_len) == 0))
			return n;
	return NULL;
}

static enum tp_err grow(struct tp_map *map)
{
	size_t count = map->bucket_count ? map->bucket_count * 2 : 16;
	struct tp_map_node **fresh = calloc(count, sizeof(*fresh));

	if (!fresh)
		return TP_NOMEM;
	for (size_t i = 0; i < map->bucket_count; i++) {
		struct tp_map_node *n = map->buckets[i];

		while (n) {
			struct tp_map_node *next = n->next;
			struct tp_map_node **b = &fresh[n->hash & (count - 1)];

			n->next = *b;
			*b = n;
			n = next;
		}
	}
	free(map->buckets);
	map->buckets = fresh;
	map->bucket_count = count;
	return TP_OK;
}

enum tp_err tp_map_put(struct tp_map *map, struct tp_map_node *node, const void *key, size_t key_len)
{
	uint64_t hash = tp_siphash(map->seed, key, key_len);
	struct tp_map_node **b;

	if (find_hashed(map, hash, key, key_len))
		return TP_EXISTS;
	if (map->count >= map->max)
		return TP_LIMIT;
	if (map->count >= map->bucket_count && grow(map) != TP_OK)
		return TP_NOMEM;
	node->key = key;
	node->key_len = key_len;
	node->hash = hash;
	b = bucket_of(map, hash);
	node->next = *b;
	*b = node;
	map->count++;
	return TP_OK;
}

struct tp_map_node *tp_map_find(const struct tp_map *map, const void *key, size_t key_len)
{
	if (!map->count)
		return NULL;
	return find_hashed(map, tp_siphash(map->seed, key, key_len), key, key_len);
}

void tp_map_remove(struct tp_map *map, struct tp_map_node *node)
{
	if (!map->bucket_count)
		return;
	for (struct tp_map_node **at = bucket_of(map, node->hash); *at; at = &(*at)->next) {
		if (*at == node) {
			*at = node->next;
			node->next = NULL;
			map->count--;
			return;
		}
	}
}

struct tp_map_node *tp_map_next(const struct tp_map *map, const struct tp_map_node *after)
{
	size_t i = 0;

	if (after) {
		if (after->next)
			return after->next;
		i = (after->hash & (map->bucket_count - 1)) + 1;
	}
	for (; i < map->bucket_count; i++)
		if (map->buckets[i])
			return map->buckets[i];
	return NULL;
}
