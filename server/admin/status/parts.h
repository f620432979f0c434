/* What the files of admin/status share. */
#ifndef TP_ADMIN_STATUS_PARTS_H
#define TP_ADMIN_STATUS_PARTS_H

#include <jansson.h>
#include <pthread.h>

#include "admin/status/status.h"
#include "tls/policy.h"

enum { TP_STATUS_WEB_CONTEXTS = 16 };

/* Least versions in force, by enum tp_tls_service and numbered as enum tp_tls_version. */
struct tp_status_tls {
	uint8_t known; /* 0 until the first configuration */
	uint8_t least[TP_TLS_SERVICES];
};

struct tp_status {
	struct tp_store *store;
	struct tp_bus *bus;
	struct tp_login *login;
	struct tp_config *config;

	pthread_mutex_t lock; /* guards what follows */
	int64_t not_after_s;
	bool temporary;
	struct tp_status_tls tls;
	bool pam; /* it is asked about logins */
	struct tp_tls_context *web[TP_STATUS_WEB_CONTEXTS]; /* references; the last is in force */
	size_t web_count;
	bool ending;
	bool look; /* at once */
	pthread_cond_t wake;
	bool watching;
	pthread_t watcher;
};

/* JSON of what the messages carry; texts are made valid UTF-8. 64-bit numbers are
 * text (RFC 7951), addresses without a family null. */
json_t *tp_status_u64(uint64_t v);
json_t *tp_status_addr(const struct tp_addr *a);
json_t *tp_status_zone(const struct tp_msg_zone_status *z);
json_t *tp_status_registration(const struct tp_msg_registration *r);
json_t *tp_status_call(const struct tp_msg_call *c);
json_t *tp_status_steps(const struct tp_msg_decision_step *steps, size_t count);
json_t *tp_status_streams(const struct tp_msg_stream_stats *stats, size_t count);
json_t *tp_status_history(const struct tp_history *h);
json_t *tp_status_sip_counters(const struct tp_msg_sip_counters *c);
json_t *tp_status_media_counters(const struct tp_msg_media_counters *c);
json_t *tp_status_pauses(struct tp_loop_pauses p);
const char *tp_status_severity(uint8_t severity);

/* Brings the alarms about certificates up to date (expiring.c). May wait; not with the
 * lock held. */
void tp_status_check_expiry(struct tp_status *s);
/* The same about what is wrong with them (identities.c). */
void tp_status_check_identities(struct tp_status *s);
/* And about what the advanced mode recommends (recommended.c). */
void tp_status_check_recommended(struct tp_status *s);

#define TP_STATUS_HANDLER(name) \
	void tp_status_get_##name(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
TP_STATUS_HANDLER(status);
TP_STATUS_HANDLER(readiness);
TP_STATUS_HANDLER(zones);
TP_STATUS_HANDLER(registrations);
TP_STATUS_HANDLER(calls);
TP_STATUS_HANDLER(call);
TP_STATUS_HANDLER(history);
TP_STATUS_HANDLER(history_one);
TP_STATUS_HANDLER(alarms);
TP_STATUS_HANDLER(tls_serials);
void tp_status_web_contexts_free(struct tp_status *s);
void tp_status_end_call(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_status_traversal_test(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_status_revocation_test(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_status_acknowledge(void *arg, const struct tp_http_request *req, struct tp_http_response *res);

#endif
