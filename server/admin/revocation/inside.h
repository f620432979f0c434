/* What the files of admin/revocation share about revocation lists. */
#ifndef TP_ADMIN_REVOCATION_INSIDE_H
#define TP_ADMIN_REVOCATION_INSIDE_H

#include <pthread.h>

#include "admin/revocation/lists.h"

enum {
	TP_LISTS_URLS_MAX = 32,
	TP_LISTS_UPLOAD_SLOT = 0,
	TP_LISTS_SHOWN_MAX = 64, /* lists of one source */
};

/* The settings, read from the running configuration. */
struct tp_lists_settings {
	bool enabled;
	char update_at[6];
	char urls[TP_LISTS_URLS_MAX][TP_CRL_ORIGIN_MAX + 1];
	size_t url_count;
	struct tp_msg_host hosts[32];
	size_t host_count;
};

/* What was tried last for a slot; lost when the process ends. */
struct tp_lists_attempt {
	char url[TP_CRL_ORIGIN_MAX + 1]; /* empty: nothing yet */
	int64_t at_s;
	enum tp_err err;
	char text[512];
	uint64_t bytes;
};

struct tp_lists {
	struct tp_bus *bus;
	struct tp_config *config;
	struct tp_status *status;
	struct tp_crl_set *set; /* has its own lock */
	struct tp_peer_check *peers; /* the same */
	struct tp_msg_alarm *told; /* the thread's own: alarms as they were settled last */
	size_t told_count;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	struct tp_lists_attempt attempts[TP_LISTS_URLS_MAX + 1];
	bool asked;    /* update all */
	bool updating;
	bool ending;
	bool running;
	pthread_t thread;
};

/* settings.c. False: the configuration cannot be read now. */
bool tp_lists_read_settings(struct tp_lists *lists, struct tp_lists_settings *out);
/* All trusted CAs in PEM form as a sealed memfd. */
TP_NODISCARD enum tp_err tp_lists_trusted(struct tp_lists *lists, int *fd);

/* alarms.c, on the thread: raises and clears. */
void tp_lists_alarms(struct tp_lists *lists, const struct tp_lists_settings *settings);

int64_t tp_lists_now_s(void);

#endif
