/* The list of all certificates as a table: columns, filters, order, pages, CSV. Rows
 * are JSON objects whose members named after the columns are texts or null. Nothing here
 * knows where they come from. Runs in turnpike-admin. */
#ifndef TP_ADMIN_CERTIFICATES_LIST_H
#define TP_ADMIN_CERTIFICATES_LIST_H

#include <jansson.h>

#include "core/err.h"
#include "core/text.h"

enum { TP_LIST_FILTERS_MAX = 8, TP_LIST_VALUE_MAX = 255, TP_LIST_PAGE = 50, TP_LIST_PAGE_MAX = 500 };

enum tp_list_condition {
	TP_LIST_CONTAINS = 0,
	TP_LIST_IS_EXACTLY,
	TP_LIST_BEGINS_WITH,
	TP_LIST_ENDS_WITH,
	TP_LIST_IS_EMPTY,
	TP_LIST_IS_NOT_EMPTY,
	TP_LIST_IS_BEFORE, /* the last two: dates only */
	TP_LIST_IS_AFTER,
	TP_LIST_CONDITIONS,
};

struct tp_list_filter {
	size_t column;
	enum tp_list_condition condition;
	char value[TP_LIST_VALUE_MAX + 1];
};

struct tp_list_query {
	struct tp_list_filter filters[TP_LIST_FILTERS_MAX];
	size_t count;
	bool any;     /* one filter that holds is enough; else all must */
	size_t sort;  /* column */
	bool down;
};

/* {"columns":[{"name","label","date":false}],"conditions":[{"name","label","date":false}]} */
json_t *tp_list_describe(void);
/* Reads `filter` (as often as wanted: <column>:<condition>[:<value>]), `match` (all,
 * any) and `sort` (<column> or -<column>) out of a query string, percent-encoded.
 * TP_FORMAT, TP_LIMIT with words for a person. */
TP_NODISCARD enum tp_err tp_list_query_parse(const char *text, struct tp_list_query *out,
					     struct tp_diag *diag);
/* The rows that fit, in the order asked for; a new array. Letters compare without
 * case; dates as RFC 3339 texts, where a day alone stands for the whole day. */
json_t *tp_list_select(const json_t *rows, const struct tp_list_query *query);
/* RFC 4180, with a head line. What a spreadsheet would take for a formula gets a ' in
 * front. *out is freed by the caller. */
TP_NODISCARD enum tp_err tp_list_csv(const json_t *rows, char **out, size_t *len);

#endif
