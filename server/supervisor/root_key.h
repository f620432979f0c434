/* The system root key: made on first start, never shown, never leaves turnpiked. */
#ifndef TP_SUPERVISOR_ROOT_KEY_H
#define TP_SUPERVISOR_ROOT_KEY_H

#include <stdbool.h>

#include "core/secret.h"

enum { TP_ROOT_KEY_BYTES = 32 };

/* Whether the state folder has one: without it this is a first start. */
bool tp_root_key_exists(int state_fd);
/* Reads `root.key`, making it first where there is none. */
TP_NODISCARD enum tp_err tp_root_key_load(int state_fd, struct tp_secret *key, struct tp_diag *diag);

#endif
