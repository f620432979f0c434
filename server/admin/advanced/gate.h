/* Commits that touch advanced account security: what begins the mode has all that it stands
 * on, and no commit ends it. Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_ADVANCED_GATE_H
#define TP_ADMIN_ADVANCED_GATE_H

#include "admin/advanced/routes.h"
#include "admin/config/restconf.h"
#include "model/model.h"

/* For struct tp_config_gate; arg is a struct tp_advanced_parts. TP_DENIED. What the model itself
 * refuses is not said again. */
enum tp_err tp_advanced_gate(void *arg, const struct tp_tree *running, const struct tp_tree *candidate,
			     const struct tp_operator *op, uint32_t confirm_within_s,
			     struct tp_model_errors *errors);

#endif
