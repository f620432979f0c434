/* The classification banner (row 134), which stands on every page while the appliance is in the
 * advanced mode: of the browser application by this, of the server's own by admin/http/page.h.
 * Runs in turnpike-admin. */
#ifndef TP_ADMIN_ADVANCED_BANNER_H
#define TP_ADMIN_ADVANCED_BANNER_H

#include <jansson.h>

#include "admin/advanced/advanced.h"

/* {"text","colour"}, or null out of the mode. */
json_t *tp_banner_json(struct tp_advanced *advanced);

#endif
