/* What stands before every request: at the higher levels nobody is served without a good
 * certificate, and a session is good only together with the certificate it was opened
 * with. Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_CAC_GUARD_H
#define TP_ADMIN_CAC_GUARD_H

#include "admin/account/login.h"

/* req has been identified. A session that comes without its certificate is ended and noted
 * in the event log, and the request goes on as nobody's. False: *res holds the refusal, a
 * page or (api) an error, and the connection is to be closed, since another one may show
 * another certificate. */
TP_NODISCARD bool tp_cac_guard(struct tp_login *login, struct tp_http_request *req, bool api,
			       struct tp_http_response *res);

#endif
