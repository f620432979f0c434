/* Slowing down of guessing: each failure against a key (a source or an account)
 * beyond the free ones makes the key wait twice as long as before, and a token bucket
 * bounds all its attempts. Any thread. Runs
 * in turnpike-admin. */
#ifndef TP_ADMIN_ACCOUNT_THROTTLE_H
#define TP_ADMIN_ACCOUNT_THROTTLE_H

#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"

struct tp_throttle_policy {
	uint32_t free;         /* failures without a wait */
	uint32_t most_wait_s;  /* the wait stops growing here */
	uint32_t forget_s;     /* quiet time after which a key starts anew */
	uint32_t keys;         /* most keys kept; the one quiet for longest goes first */
	uint32_t burst;        /* a bucket of so many attempts, good or bad; 0: none */
	uint32_t each_ms;      /* into which one more falls each time */
};

struct tp_throttle;

TP_NODISCARD enum tp_err tp_throttle_new(const struct tp_throttle_policy *policy,
					 struct tp_throttle **out);
void tp_throttle_free(struct tp_throttle **t);
/* Another bucket from now on, also for keys that are known. */
void tp_throttle_set_bucket(struct tp_throttle *t, uint32_t burst, uint32_t each_ms);
/* Seconds that this key has to wait yet; 0: go on. An attempt that may go on counts
 * as failed from here until tp_throttle_passed, so that many attempts at once get no
 * more than one after another. */
uint32_t tp_throttle_try(struct tp_throttle *t, const char *key, uint64_t now_ms);
void tp_throttle_passed(struct tp_throttle *t, const char *key);

enum { TP_THROTTLE_SOURCE_TEXT = 64, TP_THROTTLE_KEY_MAX = 256 };
/* The key of a source: an IPv4 address, or an IPv6 network of 64 bits. */
void tp_throttle_source(const struct tp_addr *peer, char key[TP_THROTTLE_SOURCE_TEXT]);

#endif
