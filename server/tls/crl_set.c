/* All revocation lists of a process, replaced one by one while others are asked. Runs in
 * sip and admin; any thread. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tls/crl_index.h"

struct tp_crl_set {
	pthread_rwlock_t *lock; /* apart, so that asking changes nothing of the set */
	struct tp_crl_index *slots[TP_CRL_SLOTS_MAX]; /* under the lock */
};

enum tp_err tp_crl_set_new(struct tp_crl_set **out)
{
	struct tp_crl_set *set = calloc(1, sizeof(*set));

	if (!set)
		return TP_NOMEM;
	set->lock = malloc(sizeof(*set->lock));
	if (!set->lock || pthread_rwlock_init(set->lock, NULL) != 0) {
		free(set->lock);
		free(set);
		return TP_NOMEM;
	}
	*out = set;
	return TP_OK;
}

void tp_crl_set_free(struct tp_crl_set **set)
{
	if (!*set)
		return;
	for (unsigned i = 0; i < TP_CRL_SLOTS_MAX; i++)
		tp_crl_index_close(&(*set)->slots[i]);
	pthread_rwlock_destroy((*set)->lock);
	free((*set)->lock);
	free(*set);
	*set = NULL;
}

enum tp_err tp_crl_set_put(struct tp_crl_set *set, unsigned slot, int fd)
{
	struct tp_crl_index *fresh = NULL;
	struct tp_crl_index *old;
	enum tp_err err = TP_OK;

	if (slot >= TP_CRL_SLOTS_MAX)
		return TP_LIMIT;
	if (fd >= 0)
		err = tp_crl_index_open(fd, &fresh);
	if (err != TP_OK)
		return err;
	pthread_rwlock_wrlock(set->lock);
	old = set->slots[slot];
	set->slots[slot] = fresh;
	pthread_rwlock_unlock(set->lock);
	/* Nobody asks it any more: who asks holds the lock. */
	tp_crl_index_close(&old);
	return TP_OK;
}

bool tp_crl_set_about(const struct tp_crl_set *set, unsigned slot, struct tp_crl_about *about,
		      struct tp_crl_list *lists, size_t max, size_t *count)
{
	const struct tp_crl_index *x;

	if (slot >= TP_CRL_SLOTS_MAX)
		return false;
	pthread_rwlock_rdlock(set->lock);
	x = set->slots[slot];
	if (x) {
		tp_crl_index_about(x, about);
		*count = tp_crl_index_lists(x) < max ? tp_crl_index_lists(x) : max;
		for (size_t i = 0; i < *count; i++)
			tp_crl_index_list(x, i, &lists[i]);
	}
	pthread_rwlock_unlock(set->lock);
	return x != NULL;
}

void tp_crl_set_ask(const struct tp_crl_set *set, const struct tp_crl_question *question,
		    struct tp_crl_answer *out)
{
	const struct tp_crl_index *all[TP_CRL_SLOTS_MAX];
	size_t count = 0;

	memset(out, 0, sizeof(*out));
	pthread_rwlock_rdlock(set->lock);
	for (unsigned i = 0; i < TP_CRL_SLOTS_MAX; i++)
		if (set->slots[i])
			all[count++] = set->slots[i];
	tp_crl_indexes_ask(all, count, question, out);
	pthread_rwlock_unlock(set->lock);
}
