/* Intrusive hash map from byte keys, SipHash-2-4 under a random seed so that
 * peers cannot choose collisions. Used by every process. */
#ifndef TP_CORE_MAP_H
#define TP_CORE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/list.h"

/* Embedded in the mapped object. The key is borrowed and must live and stay
 * unchanged as long as the node is in the map. */
struct tp_map_node {
	struct tp_map_node *next;
	const void *key;
	size_t key_len;
	uint64_t hash;
};

struct tp_map {
	struct tp_map_node **buckets;
	size_t bucket_count; /* a power of two, or 0 */
	size_t count;
	size_t max; /* most entries */
	uint8_t seed[16];
};

uint64_t tp_siphash(const uint8_t seed[16], const void *data, size_t len);

/* max: most entries the map takes; tp_map_put answers TP_LIMIT beyond. */
void tp_map_init(struct tp_map *map, const uint8_t seed[16], size_t max);
/* Frees the table, not the objects. */
void tp_map_fini(struct tp_map *map);
/* TP_EXISTS when the key is there already, TP_LIMIT when full, TP_NOMEM. */
TP_NODISCARD enum tp_err tp_map_put(struct tp_map *map, struct tp_map_node *node, const void *key,
				    size_t key_len);
struct tp_map_node *tp_map_find(const struct tp_map *map, const void *key, size_t key_len);
/* Removing a node that is not in the map does nothing. */
void tp_map_remove(struct tp_map *map, struct tp_map_node *node);
/* Walks all nodes: pass NULL first, then the last one returned. The node just
 * returned may be removed only after asking for the one behind it. */
struct tp_map_node *tp_map_next(const struct tp_map *map, const struct tp_map_node *after);

#endif
