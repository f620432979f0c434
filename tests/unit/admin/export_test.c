/* Unit tests of how much of a log goes into one answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "admin/log/routes.h"
#include "folder.h"

enum { RECORDS = 12000 };

static enum tp_err state_of(void *arg, struct tp_msg_audit_state *answer)
{
	(void)arg;
	memset(answer, 0, sizeof(*answer));
	return TP_OK;
}

/* As many records under no head; what they are hashed to does not matter to an export. */
static void fill(const struct folder *folder, size_t bytes_each)
{
	char path[128], sql[512];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/turnpike.db", folder->path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		 " INSERT INTO audit SELECT i, 0, zeroblob(16), i, 0, 'x', printf('%%.*c', %zu, 'y'), '', '', '', '',"
		 " '', 1, zeroblob(32) FROM n",
		 RECORDS, bytes_each);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static tp_http_handler find_route(const char *pattern)
{
	size_t count;
	const struct tp_route *routes = tp_log_routes(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(routes[i].pattern, pattern))
			return routes[i].handler;
	fail();
	return NULL;
}

static size_t lines_of(const struct tp_http_response *res)
{
	size_t lines = 0;

	for (size_t i = 0; i < res->body_len; i++)
		lines += res->body[i] == '\n';
	return lines;
}

/* All of it comes, in answers of so many records and bytes at most. */
static void walk(const char *pattern, size_t bytes_each, size_t most_records, size_t most_bytes)
{
	struct tp_log_routes routes = { .supervisor = { .state = state_of } };
	tp_http_handler handler = find_route(pattern);
	struct tp_diag diag = { 0 };
	struct folder folder;
	unsigned long long after = 0;
	size_t lines = 0, answers = 0;

	folder_make(&folder);
	assert_int_equal(tp_store_open(folder.fd, &routes.store, &diag), TP_OK);
	tp_store_close(&routes.store);
	fill(&folder, bytes_each);
	assert_int_equal(tp_store_open(folder.fd, &routes.store, &diag), TP_OK);
	do {
		struct tp_http_request req = { .method = TP_HTTP_GET };
		struct tp_http_response res = { 0 };
		const char *next;
		char query[64];

		snprintf(query, sizeof(query), "format=jsonl&after=%llu", after);
		req.query = query;
		handler(&routes, &req, &res);
		assert_int_equal(res.status, 200);
		assert_in_range(lines_of(&res), 0, most_records);
		assert_in_range(res.body_len, 0, most_bytes);
		lines += lines_of(&res);
		next = json_string_value(json_object_get(res.headers, "X-Turnpike-Next"));
		after = next ? strtoull(next, NULL, 10) : 0;
		tp_http_response_fini(&res);
	} while (after && ++answers < 1000);
	assert_in_range(lines, RECORDS, RECORDS + 1); /* an export of the chain begins with a line of its own */
	tp_store_close(&routes.store);
	folder_remove(&folder);
}

static void records_of_an_export_are_bounded(void **state)
{
	(void)state;
	walk("/api/v1/audit/export", 1, 5501, 4 << 20);
	walk("/api/v1/log/export", 1, 5501, 4 << 20);
}

static void bytes_of_an_export_are_bounded(void **state)
{
	(void)state;
	walk("/api/v1/audit/export", 4000, 5501, 11 << 20);
	walk("/api/v1/log/export", 4000, 5501, 11 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_an_export_are_bounded),
		cmocka_unit_test(bytes_of_an_export_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
