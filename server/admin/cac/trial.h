/* Trying a certificate, a pattern and a format without any consequence (docs/api.md,
 * "Certificate login"). Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_CAC_TRIAL_H
#define TP_ADMIN_CAC_TRIAL_H

#include "admin/cac/routes.h"

enum { TP_CAC_TEST_BODY_MAX = 128 << 10 };

/* A handler; arg is a struct tp_cac_parts. */
void tp_cac_post_test(void *arg, const struct tp_http_request *req, struct tp_http_response *res);

#endif
