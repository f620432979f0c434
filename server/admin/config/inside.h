/* The configuration for the other parts of turnpike-admin: reading a setting, and
 * replacing one in the candidate. A thin way over admin/config/restconf.h; any thread
 * that may wait. */
#ifndef TP_ADMIN_CONFIG_INSIDE_H
#define TP_ADMIN_CONFIG_INSIDE_H

#include <jansson.h>

#include "admin/config/restconf.h"
#include "model/model.h"

/* Fits "candidate/turnpike-tls:tls/trusted-ca" and the like. */
enum { TP_CONFIG_PATH_MAX = 255 };

/* What stands at a path that begins with its datastore, as only somebody set it:
 * the value without the member that names it, an array for a list. NULL: not set, or
 * the configuration cannot be read now. etag (may be NULL) is "" then. */
json_t *tp_config_get(struct tp_config *config, const char *path, char etag[68]);

/* The same with secrets in their sealed form, not as "********". */
json_t *tp_config_get_sealed(struct tp_config *config, const char *path);

/* Replaces what stands at `path` (behind the datastore's name) in the candidate by
 * {"<name>": value}, when it is still what `etag` was given for. value is stolen.
 * Answers are those of a PUT (docs/api.md): 201 and 204 for done, 412 when it was
 * changed meanwhile; the caller ends *out with tp_restconf_response_fini. */
void tp_config_put(struct tp_config *config, const struct tp_operator *op, const char *path,
		   const char *name, json_t *value, const char *etag,
		   struct tp_restconf_response *out);
/* The same for a value whose secrets are sealed already, or "********" to stay. */
void tp_config_put_sealed(struct tp_config *config, const struct tp_operator *op, const char *path,
			  const char *name, json_t *value, const char *etag,
			  struct tp_restconf_response *out);
/* Looks at both trees at one moment. The look must not come back to the configuration: it is
 * locked. TP_STATE: the appliance is starting. */
typedef void (*tp_config_look)(void *arg, const struct tp_model *model, const struct tp_tree *running,
			       const struct tp_tree *candidate);
TP_NODISCARD enum tp_err tp_config_look_at(struct tp_config *config, tp_config_look look, void *arg);
/* Lets `edit` change a copy of the candidate, which then is the candidate. The edit must not come
 * back either; what it returns but TP_OK leaves everything as it was. TP_STATE as above. */
typedef enum tp_err (*tp_config_edit)(void *arg, const struct tp_model *model, struct tp_tree *tree);
TP_NODISCARD enum tp_err tp_config_change(struct tp_config *config, const char *user, tp_config_edit edit,
					  void *arg);
/* Any other request of docs/api.md about the configuration, as this operator. body (may
 * be NULL) is stolen. */
void tp_config_ask(struct tp_config *config, const struct tp_operator *op, const char *method,
		   const char *path, json_t *body, struct tp_restconf_response *out);

#endif
