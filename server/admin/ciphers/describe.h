/* TLS policies as JSON: read from settings, shown with what they come to. Runs in
 * turnpike-admin. */
#ifndef TP_ADMIN_CIPHERS_DESCRIBE_H
#define TP_ADMIN_CIPHERS_DESCRIBE_H

#include <jansson.h>

#include "tls/policy.h"

/* What a settings object of a service (as tls/service/<name> of the model; missing
 * members are the defaults) says. Texts of policies are borrowed from it. */
struct tp_cipher_settings {
	enum tp_tls_service service;
	enum tp_tls_preset preset;
	enum tp_tls_version least;
	struct tp_tls_policy sides[2]; /* by enum tp_tls_side */
};

/* TP_FORMAT with the member in diag->where and words for a person. */
TP_NODISCARD enum tp_err tp_cipher_settings_read(enum tp_tls_service service, const json_t *object,
						 struct tp_cipher_settings *out,
						 struct tp_diag *diag);
/* {"preset", "minimum-version", "warning", "sides": [...]}: each side with its lists
 * and its suites, or why it is refused. */
json_t *tp_cipher_settings_json(const struct tp_cipher_settings *settings);
/* Whether the service has this side. */
bool tp_cipher_has_side(enum tp_tls_service service, enum tp_tls_side side);

#endif
