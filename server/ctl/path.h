/* Paths of settings, as people write them. Runs in turnpikectl. */
#ifndef TP_CTL_PATH_H
#define TP_CTL_PATH_H

#include <jansson.h>
#include <stddef.h>

enum { TP_CTL_PATH_MAX = 2048 };

/* Into the form of a request: "sip/tls/port", "/turnpike-sip:sip/tls/port",
 * "zones/zone[name='core']" and "zones/zone=core" all work; key values are
 * percent-encoded. 0, or -1 for a malformed or too long path. "" stays "". */
int tp_ctl_path(const char *written, char out[TP_CTL_PATH_MAX]);
/* A value for the leaf at a request path, in the JSON type that the model gives it;
 * *name becomes "module:leaf". model: the answer of /api/v1/model. Containers and
 * lists take JSON text. NULL: no such setting, or the text does not fit. */
json_t *tp_ctl_value(const json_t *model, const char *path, const char *text, char *name, size_t size);

#endif
