/* What the parts share that make the records of model/slice.def from a configuration. Nobody
 * outside of this layer includes this. Runs in turnpike-validate and turnpike-admin. */
#ifndef TP_MODEL_MAKER_H
#define TP_MODEL_MAKER_H

#include "model/leaf.h"
#include "model/slice_write.h"
#include "model/tls_policy.h"

/* What is not looked at by a part may be NULL. */
struct tp_maker {
	const struct tp_tree *tree;
	const struct lyd_node *system, *tls, *sip, *zones, *search, *media, *access, *log;
	struct tp_slice_writer *writer;
	enum tp_err err; /* sticky; TP_LIMIT: something does not fit into its field */
	bool trust_is_too_big;
};

/* Zeroed; NULL when count is 0, or with TP_NOMEM in m->err. */
void *tp_maker_array(struct tp_maker *m, size_t count, size_t size);
void tp_maker_copy(struct tp_maker *m, char *dst, size_t size, const char *src);
#define TP_MAKER_COPY(m, field, src) tp_maker_copy((m), (field), sizeof(field), (src))
/* Number of the secret that the leaf below node holds, which goes to the writer; 0 when it is
 * not set. */
uint16_t tp_maker_secret(struct tp_maker *m, const struct lyd_node *node, const char *name);
/* The service's own certificate where it has one, else the one that all share. */
const struct lyd_node *tp_maker_identity(const struct tp_maker *m, const char *id);
/* That in PEM form; it leans on the tree. */
void tp_maker_certificate(const struct tp_maker *m, const char *id, const uint8_t **pem, uint32_t *len);
void tp_maker_policy(struct tp_maker *m, enum tp_tls_service service, enum tp_tls_side side,
		     struct tp_cfg_tls_policy *out);
/* The authorities trusted for a use in one text, at most 1 MiB; freed by the caller. */
char *tp_maker_trusted(struct tp_maker *m, const char *use, uint32_t *len);

/* What turnpike-admin gets (make_admin.c), but for the trusted authorities. */
void tp_maker_admin(struct tp_maker *m, struct tp_cfg_admin *out);
void tp_maker_ldap(struct tp_maker *m, struct tp_cfg_ldap *out);

#endif
