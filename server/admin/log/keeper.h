/* Keeps the logs in order: heads of the audit log from turnpiked, what it finds at start,
 * limits of size and age, alarms. One thread of turnpike-admin; docs/audit.md. */
#ifndef TP_ADMIN_LOG_KEEPER_H
#define TP_ADMIN_LOG_KEEPER_H

#include "admin/log/verify.h"

enum {
	TP_KEEPER_SEAL_MS = 2000, /* most heads: one in so long */
	TP_KEEPER_VERIFY_S = 86400,
	/* Alarms. 15010, of records that cannot be written, the store itself shows. */
	TP_ALARM_AUDIT_UNSEALED = 15011,
	TP_ALARM_AUDIT_BROKEN = 15012,
	TP_ALARM_LOG_FULL = 15013,
};

struct tp_keeper_settings {
	uint64_t audit_bytes;
	uint32_t audit_days;
	bool network;
	uint64_t network_bytes;
	uint32_t network_days;
	uint8_t warn_percent; /* of either size */
};

struct tp_keeper;

/* All outlive it. alarm: called on its thread, on change. */
TP_NODISCARD enum tp_err tp_keeper_new(struct tp_store *store, const struct tp_log_supervisor *supervisor,
				       void (*alarm)(void *arg, const struct tp_msg_alarm *m),
				       void *alarm_arg, struct tp_keeper **out);
TP_NODISCARD enum tp_err tp_keeper_start(struct tp_keeper *keeper);
void tp_keeper_stop(struct tp_keeper *keeper);
void tp_keeper_free(struct tp_keeper **keeper);

/* Any thread. */
void tp_keeper_configure(struct tp_keeper *keeper, const struct tp_keeper_settings *settings);
void tp_keeper_settings(struct tp_keeper *keeper, struct tp_keeper_settings *out);
/* Verifies all now; the alarm follows what is found. A thread that may wait. */
TP_NODISCARD enum tp_err tp_keeper_verify(struct tp_keeper *keeper, struct tp_log_verified *out);

/* A record for the network log, written with others within about a second; copied. Beyond
 * TP_KEEPER_NETWORK of them at once they are counted, and so are `suppressed` that the caller
 * left out; both are told. Any thread; never waits for the disk. */
enum { TP_KEEPER_NETWORK = 256 };
void tp_keeper_note(struct tp_keeper *keeper, const struct tp_log_entry *line);
void tp_keeper_suppressed(struct tp_keeper *keeper, uint32_t count);

/* One turn of the thread, for tests. */
void tp_keeper_turn(struct tp_keeper *keeper);

#endif
