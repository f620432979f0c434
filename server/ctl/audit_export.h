/* Verifying an exported audit log without the appliance. Runs in turnpikectl. */
#ifndef TP_CTL_AUDIT_EXPORT_H
#define TP_CTL_AUDIT_EXPORT_H

#include <stdio.h>

#include "audit/check.h"

enum { TP_CTL_EXPORT_LINE_MAX = 65536 };

/* The 32 bytes of an Ed25519 key out of its PEM file (RFC 8410). */
TP_NODISCARD enum tp_err tp_ctl_audit_key(const char *pem, uint8_t key[TP_AUDIT_PUBLIC]);
/* Reads an export (docs/audit.md) to its end. TP_FORMAT: not one, with the line in diag;
 * faults of the log are no error. */
TP_NODISCARD enum tp_err tp_ctl_audit_export(FILE *f, const uint8_t key[TP_AUDIT_PUBLIC],
					     struct tp_audit_check *c, struct tp_diag *diag);

#endif
