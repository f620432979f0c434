/* Records and heads as JSON and CSV. Runs in turnpike-admin. */
#ifndef TP_ADMIN_LOG_LINES_H
#define TP_ADMIN_LOG_LINES_H

#include <jansson.h>
#include <stdio.h>

#include "admin/store/store.h"

enum { TP_LOG_KEY_PEM = 160 };

json_t *tp_log_line_json(const struct tp_log_entry *l);
/* One line of an export; CSV, or JSON. */
void tp_log_line_write(FILE *f, const struct tp_log_entry *l, bool csv);
void tp_log_csv_head(FILE *f);

/* Lines of an export of the chain: docs/audit.md. */
void tp_log_export_head_write(FILE *f, const uint8_t public_key[TP_AUDIT_PUBLIC], uint64_t now_ms);
void tp_log_record_write(FILE *f, const struct tp_audit_record *r);
void tp_log_head_write(FILE *f, const struct tp_audit_head *h);

/* SubjectPublicKeyInfo in PEM form (RFC 8410). */
void tp_log_key_write(const uint8_t public_key[TP_AUDIT_PUBLIC], char pem[TP_LOG_KEY_PEM]);

#endif
