/* When an ACME certificate is asked for. Pure: the clock is an argument. */
#ifndef TP_ADMIN_ACME_DUE_H
#define TP_ADMIN_ACME_DUE_H

#include <stdbool.h>
#include <stdint.h>

/* Unix times in seconds. */
struct tp_acme_facts {
	bool has_certificate;  /* the identity has one that others gave it */
	bool by_acme;	       /* and it is the one that ACME got last */
	int64_t not_before;
	int64_t not_after;
	bool settings_changed; /* since the last try */
	bool names_changed;    /* others are wanted than those asked for last */
	int64_t tried_s;       /* 0: never */
	bool failed;	       /* that last try */
};

enum { TP_ACME_RETRY_S = 3600, TP_ACME_RETRY_LEAST_S = 60 };

/* Two thirds of its life. */
int64_t tp_acme_renewal(int64_t not_before, int64_t not_after);
/* When a failed try is made again: after an hour, or sooner for a certificate that lives
 * for a few hours only. */
int64_t tp_acme_retry(const struct tp_acme_facts *facts);
/* When the next try is due; INT64_MAX: not by itself, as the identity has a certificate
 * that did not come by ACME. */
int64_t tp_acme_next(const struct tp_acme_facts *facts);

#endif
