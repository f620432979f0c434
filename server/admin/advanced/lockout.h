/* The lockout of the advanced mode (row 144): after so many failed logins in a row, of whomever,
 * nobody logs in with a password for a while. What counts is in the store, so that a restart of
 * admin neither ends a block nor forgives a try. Any thread. Runs in turnpike-admin. */
#ifndef TP_ADMIN_ADVANCED_LOCKOUT_H
#define TP_ADMIN_ADVANCED_LOCKOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/advanced/advanced.h"
#include "admin/store/store.h"

struct tp_lockout;

struct tp_lockout_state {
	bool blocked;
	uint64_t until_ms; /* Unix time; 0 while blocked: until an administrator releases it */
	uint32_t failures; /* in a row so far */
};

/* Both outlive it. What the store does not give counts as none. */
TP_NODISCARD enum tp_err tp_lockout_new(struct tp_store *store, struct tp_advanced *advanced,
					struct tp_lockout **out);
void tp_lockout_free(struct tp_lockout **lockout);
/* Called after each change, on the thread that made it. Before the first login. */
void tp_lockout_on_change(struct tp_lockout *lockout, void (*changed)(void *arg), void *arg);

/* now_ms: Unix time, here and below. Outside of the mode: all zeros. */
void tp_lockout_look(struct tp_lockout *lockout, uint64_t now_ms, struct tp_lockout_state *out);
/* A login by password failed. True: from now on all are blocked. One that was under way when
 * the block began does not count, so nothing prolongs it. */
bool tp_lockout_failed(struct tp_lockout *lockout, uint64_t now_ms);
/* One succeeded: those before it do not count any more. */
void tp_lockout_passed(struct tp_lockout *lockout);
/* False: nobody was blocked. */
bool tp_lockout_release(struct tp_lockout *lockout, uint64_t now_ms);

#endif
