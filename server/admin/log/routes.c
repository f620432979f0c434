/* The logs by API. Runs in turnpike-admin, any HTTP worker. */
#include "admin/log/routes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http/times.h"
#include "admin/log/lines.h"
#include "core/auto.h"
#include "core/log.h"

/* Of one answer, more or less; a program asks again behind the last record. */
enum { EXPORT_RECORDS = 5000, EXPORT_BYTES = 8 << 20, EXPORT_STEP = 500 };

static const char *const kinds[] = { "event", "configuration", "network" };

/* ------------------------------------------------------------------------ lists */

static uint64_t query_u64(const struct tp_http_request *req, const char *key)
{
	char text[24];
	uint64_t v;

	return tp_http_query(req, key, text, sizeof(text)) &&
			       tp_text_parse_u64(tp_span_of(text), INT64_MAX, &v) == TP_OK ?
		       v :
		       0;
}

static bool read_query(const struct tp_http_request *req, char filter[128], struct tp_log_query *q)
{
	char kind[32] = "event";
	unsigned i = 0;

	*q = (struct tp_log_query){ .filter = filter };
	if (!tp_http_query(req, "filter", filter, 128))
		filter[0] = '\0';
	if (!tp_http_query(req, "kind", kind, sizeof(kind)))
		tp_text_copy(kind, sizeof(kind), kinds[0]);
	while (i < 3 && strcmp(kind, kinds[i]) != 0)
		i++;
	if (i == 3)
		return false;
	q->kind = (enum tp_log_kind)i;
	q->least = (uint8_t)tp_http_query_u32(req, "severity", 0, 2);
	q->from_ms = query_u64(req, "from");
	q->until_ms = query_u64(req, "until");
	q->after = query_u64(req, "after");
	q->offset = tp_http_query_u32(req, "offset", 0, UINT32_MAX);
	q->limit = tp_http_query_u32(req, "limit", 50, TP_STORE_PAGE_MAX);
	return true;
}

static void refuse_kind(struct tp_http_response *res)
{
	tp_http_reply_error(res, 400, "invalid-value", NULL,
			    "kind is event, configuration or network");
}

static void get_list(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_log_routes *from = arg;
	TP_AUTO(free) struct tp_log_entry *rows = NULL;
	struct tp_log_query q;
	char filter[128];
	json_t *list;
	size_t count = 0;
	uint64_t total = 0;
	enum tp_err err;

	if (!read_query(req, filter, &q)) {
		refuse_kind(res);
		return;
	}
	err = tp_store_log_list(from->store, &q, &rows, &count, &total);
	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, tp_log_line_json(&rows[i]));
	tp_http_reply_json(res, 200, json_pack("{s:I, s:o}", "total", (json_int_t)total, "lines", list));
}

/* ---------------------------------------------------------------------- exports */

struct export {
	FILE *f;
	char *text;
	size_t size;
	uint64_t last; /* id of the last record in it */
	uint32_t records;
};

static bool begin_export(struct export *x)
{
	*x = (struct export){ 0 };
	x->f = open_memstream(&x->text, &x->size);
	return x->f != NULL;
}

static bool is_full(struct export *x)
{
	return x->records >= EXPORT_RECORDS || ftello(x->f) >= EXPORT_BYTES;
}

/* The answer, with the number to ask behind when there may be more. */
static void end_export(struct export *x, struct tp_http_response *res, const char *type,
		       const char *name, enum tp_err err)
{
	char text[96];
	bool more = is_full(x), whole = fclose(x->f) == 0;

	if (err == TP_OK && !whole)
		err = TP_NOMEM;
	if (err == TP_OK) {
		tp_http_reply_bytes(res, 200, type, x->text, x->size);
		snprintf(text, sizeof(text), "attachment; filename=\"%s\"", name);
		tp_http_header(res, "Content-Disposition", text);
		snprintf(text, sizeof(text), "%" PRIu64, x->last);
		if (more)
			tp_http_header(res, "X-Turnpike-Next", text);
	} else {
		tp_http_reply_failure(res, err, NULL);
	}
	free(x->text);
}

/* One page of the store after another. */
static enum tp_err export_lines(struct tp_store *store, struct tp_log_query *q, bool csv, struct export *x)
{
	size_t count = TP_STORE_PAGE_MAX;

	q->oldest_first = true;
	q->offset = 0;
	q->limit = TP_STORE_PAGE_MAX;
	while (count == TP_STORE_PAGE_MAX && !is_full(x)) {
		TP_AUTO(free) struct tp_log_entry *rows = NULL;
		enum tp_err err = tp_store_log_list(store, q, &rows, &count, NULL);

		if (err != TP_OK)
			return err;
		for (size_t i = 0; i < count; i++) {
			tp_log_line_write(x->f, &rows[i], csv);
			q->after = x->last = rows[i].id;
		}
		x->records += (uint32_t)count;
	}
	return TP_OK;
}

static void get_export(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_log_routes *from = arg;
	struct tp_log_query q;
	struct export x;
	char filter[128], format[8], name[64];
	bool csv;
	enum tp_err err;

	if (!tp_http_query(req, "format", format, sizeof(format)))
		tp_text_copy(format, sizeof(format), "csv");
	csv = strcmp(format, "csv") == 0;
	if (!csv && strcmp(format, "jsonl") != 0) {
		tp_http_reply_error(res, 400, "invalid-value", NULL, "format is csv or jsonl");
	} else if (!read_query(req, filter, &q)) {
		refuse_kind(res);
	} else if (!begin_export(&x)) {
		tp_http_reply_failure(res, TP_NOMEM, NULL);
	} else {
		if (csv && !q.after)
			tp_log_csv_head(x.f);
		err = export_lines(from->store, &q, csv, &x);
		snprintf(name, sizeof(name), "turnpike-%s-log.%s", kinds[q.kind], format);
		end_export(&x, res, csv ? "text/csv; charset=utf-8" : "application/x-ndjson", name, err);
	}
}

/* The chain itself: what turnpikectl verifies without the appliance. */
static void take_record(void *arg, const struct tp_audit_record *r)
{
	struct export *x = arg;

	tp_log_record_write(x->f, r);
	x->last = r->sequence;
	x->records++;
}

static enum tp_err export_head(const struct tp_log_routes *from, struct export *x)
{
	struct tp_msg_audit_state state;
	struct tp_audit_head checkpoint;
	enum tp_err err = from->supervisor.state(from->supervisor.arg, &state);

	if (err != TP_OK)
		return err;
	err = tp_store_checkpoint(from->store, &checkpoint);
	if (err != TP_OK && err != TP_NOTFOUND)
		return err;
	tp_log_export_head_write(x->f, state.public_key, tp_times_now_ms());
	if (err == TP_OK)
		tp_log_head_write(x->f, &checkpoint);
	return TP_OK;
}

/* Records up to a head, and the head, again and again; then those under none. */
static enum tp_err export_chain(struct tp_store *store, struct export *x)
{
	struct tp_log_state end;
	enum tp_err err = TP_OK;
	bool more = true;

	tp_store_log_state(store, &end);
	while (err == TP_OK && more && !is_full(x)) {
		TP_AUTO(free) struct tp_audit_head *head = NULL;
		uint64_t until;
		uint32_t count = EXPORT_STEP;
		size_t heads;

		err = tp_store_head_list(store, x->last, end.last, 1, &head, &heads);
		if (err != TP_OK)
			break;
		more = heads == 1;
		until = more ? head->sequence : end.last;
		while (err == TP_OK && count > 0 && x->last < until && !is_full(x))
			err = tp_store_audit_read(store, x->last, until, EXPORT_STEP, take_record, x, &count);
		/* A head stands behind all of its records. */
		if (err == TP_OK && more && (count == 0 || x->last >= until)) {
			tp_log_head_write(x->f, head);
			x->last = head->sequence;
		}
	}
	return err;
}

static void get_chain(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_log_routes *from = arg;
	struct tp_audit_head checkpoint;
	struct export x;
	uint64_t after = query_u64(req, "after");
	enum tp_err err = TP_OK;

	if (!begin_export(&x)) {
		tp_http_reply_failure(res, TP_NOMEM, NULL);
		return;
	}
	if (!after)
		err = export_head(from, &x);
	x.last = after;
	if (err == TP_OK && !after && tp_store_checkpoint(from->store, &checkpoint) == TP_OK)
		x.last = checkpoint.sequence;
	if (err == TP_OK)
		err = export_chain(from->store, &x);
	end_export(&x, res, "application/x-ndjson", "turnpike-audit.jsonl", err);
}

static void get_key(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_log_routes *from = arg;
	struct tp_msg_audit_state state;
	enum tp_err err = from->supervisor.state(from->supervisor.arg, &state);
	char pem[TP_LOG_KEY_PEM];

	(void)req;
	if (err == TP_OK && (state.damaged || state.public_key_len != TP_AUDIT_PUBLIC))
		err = TP_STATE;
	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	tp_log_key_write(state.public_key, pem);
	tp_http_reply_bytes(res, 200, "application/x-pem-file", pem, strlen(pem));
	tp_http_header(res, "Content-Disposition", "attachment; filename=\"turnpike-audit-key.pem\"");
}

/* ----------------------------------------------------------------------- state */

static json_t *log_json(uint64_t records, uint64_t bytes, uint64_t most, uint32_t days)
{
	return json_pack("{s:I, s:I, s:I, s:i}", "records", (json_int_t)records, "bytes",
			 (json_int_t)bytes, "most-bytes", (json_int_t)most, "days", (int)days);
}

static void get_state(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_log_routes *from = arg;
	struct tp_keeper_settings s;
	struct tp_log_state state;

	(void)req;
	tp_keeper_settings(from->keeper, &s);
	tp_store_log_state(from->store, &state);
	tp_http_reply_json(res, 200,
			   json_pack("{s:o, s:o, s:i, s:b, s:b, s:i}", "audit",
				     log_json(state.audit_records, state.audit_bytes, s.audit_bytes,
					      s.audit_days),
				     "network",
				     log_json(state.network_records, state.network_bytes, s.network_bytes,
					      s.network_days),
				     "warn-percent", s.warn_percent, "network-on", s.network, "failing",
				     state.failing, "waiting", (int)state.waiting));
}

static json_t *findings_json(const struct tp_audit_check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->finding_count; i++) {
		const struct tp_audit_finding *f = &c->findings[i];
		char text[256];

		tp_audit_finding_write(f, text);
		json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:s}", "fault",
						      tp_audit_fault_name(f->fault), "first",
						      (json_int_t)f->first, "last",
						      (json_int_t)f->last, "text", text));
	}
	return list;
}

static json_t *verified_json(const struct tp_log_verified *v)
{
	const struct tp_audit_check *c = &v->check;

	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:o}", "verified", c->faults == 0,
			 "first", (json_int_t)c->first, "last", (json_int_t)c->last, "records",
			 (json_int_t)c->records, "heads", (json_int_t)c->heads, "sealed",
			 (json_int_t)c->sealed, "unsealed", (json_int_t)v->unsealed, "counter",
			 (json_int_t)v->head.counter, "faults", (int)c->faults, "findings",
			 findings_json(c));
}

static void get_verify(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_log_routes *from = arg;
	struct tp_log_verified *v = calloc(1, sizeof(*v));
	enum tp_err err = v ? tp_keeper_verify(from->keeper, v) : TP_NOMEM;

	(void)req;
	if (err == TP_OK)
		tp_http_reply_json(res, 200, verified_json(v));
	else if (err == TP_STATE)
		tp_http_reply_error(res, 503, "operation-failed", NULL,
				    "The supervisor's own book of heads is damaged: nothing can be verified.");
	else
		tp_http_reply_failure(res, err, NULL);
	free(v);
}

/* ------------------------------------------------------------- before each change */

bool tp_log_may_change(void *store, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_log_entry line = { .at_ms = tp_times_now_ms(), .name = "request" };
	const char *method = req->method == TP_HTTP_POST ? "POST" :
			     req->method == TP_HTTP_PUT	 ? "PUT" :
							   "DELETE";

	snprintf(line.text, sizeof(line.text), "%s %.900s", method, req->path);
	tp_text_make_printable(line.text);
	tp_text_copy(line.user, sizeof(line.user), req->user);
	tp_text_make_printable(line.user);
	if (req->local)
		tp_text_copy(line.source, sizeof(line.source), "socket");
	else
		tp_addr_write_ip(&req->peer, line.source);
	if (tp_store_log_must(store, TP_LOG_KIND_CONFIGURATION, &line) == TP_OK)
		return true;
	tp_http_reply_error(res, 503, "operation-failed", NULL,
			    "Nothing was changed: the audit log cannot be written. If the disk is full, make room "
			    "on it and try again; calls go on.");
	return false;
}

static const struct tp_route table[] = {
	TP_ROUTE(TP_HTTP_GET, "/api/v1/log", TP_ACCESS_LOGS, 0, get_list),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/log/export", TP_ACCESS_LOGS, 0, get_export),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/log/state", TP_ACCESS_LOGS, 0, get_state),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/audit/verify", TP_ACCESS_LOGS, 0, get_verify),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/audit/export", TP_ACCESS_LOGS, 0, get_chain),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/audit/key", TP_ACCESS_LOGS, 0, get_key),
};

const struct tp_route *tp_log_routes(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}
