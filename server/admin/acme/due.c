/* When an ACME certificate is asked for. Runs in turnpike-admin. */
#include "admin/acme/due.h"

enum { LIVES_A_RETRY = 24 };

int64_t tp_acme_renewal(int64_t not_before, int64_t not_after)
{
	/* Not not_before + life * 2 / 3: a life of many centuries must not overflow. */
	return not_after - (not_after - not_before) / 3;
}

int64_t tp_acme_retry(const struct tp_acme_facts *f)
{
	int64_t wait = TP_ACME_RETRY_S;

	if (f->has_certificate && f->by_acme && (f->not_after - f->not_before) / LIVES_A_RETRY < wait)
		wait = (f->not_after - f->not_before) / LIVES_A_RETRY;
	return f->tried_s + (wait > TP_ACME_RETRY_LEAST_S ? wait : TP_ACME_RETRY_LEAST_S);
}

int64_t tp_acme_next(const struct tp_acme_facts *f)
{
	int64_t due;

	if (f->has_certificate && !f->by_acme)
		return INT64_MAX;
	due = !f->has_certificate || f->names_changed ? 0
						      : tp_acme_renewal(f->not_before, f->not_after);
	/* A failure for which nothing was changed is not repeated at once. */
	if (f->failed && !f->settings_changed && due < tp_acme_retry(f))
		due = tp_acme_retry(f);
	return due;
}
