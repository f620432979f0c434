/* The list of all certificates as a table. Runs in turnpike-admin. */
#include "admin/certificates/list.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/http/router.h"

struct column {
	const char *name;
	const char *label;
	bool date;
};

static const struct column columns[] = {
	{ "certificate", "Certificate", false },
	{ "common-name", "Common name", false },
	{ "type", "Type", false },
	{ "distribution", "Distribution", false },
	{ "issued-by", "Issued by", false },
	{ "expires-at", "Expiration", true },
	{ "description", "Description", false },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const struct {
	const char *name;
	const char *label;
} conditions[TP_LIST_CONDITIONS] = {
	[TP_LIST_CONTAINS] = { "contains", "contains" },
	[TP_LIST_IS_EXACTLY] = { "is-exactly", "is exactly" },
	[TP_LIST_BEGINS_WITH] = { "begins-with", "begins with" },
	[TP_LIST_ENDS_WITH] = { "ends-with", "ends with" },
	[TP_LIST_IS_EMPTY] = { "is-empty", "is empty" },
	[TP_LIST_IS_NOT_EMPTY] = { "is-not-empty", "is not empty" },
	[TP_LIST_IS_BEFORE] = { "is-before", "is before" },
	[TP_LIST_IS_AFTER] = { "is-after", "is after" },
};

static bool is_of_dates(enum tp_list_condition c)
{
	return c == TP_LIST_IS_BEFORE || c == TP_LIST_IS_AFTER;
}

static bool is_valueless(enum tp_list_condition c)
{
	return c == TP_LIST_IS_EMPTY || c == TP_LIST_IS_NOT_EMPTY;
}

json_t *tp_list_describe(void)
{
	json_t *list = json_array(), *words = json_array();

	for (size_t i = 0; i < COLUMNS; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "name", columns[i].name, "label",
						      columns[i].label, "date", columns[i].date));
	for (size_t i = 0; i < TP_LIST_CONDITIONS; i++)
		json_array_append_new(words, json_pack("{s:s, s:s, s:b, s:b}", "name", conditions[i].name,
						       "label", conditions[i].label, "date",
						       is_of_dates((enum tp_list_condition)i), "value",
						       !is_valueless((enum tp_list_condition)i)));
	return json_pack("{s:o, s:o}", "columns", list, "conditions", words);
}

/* ------------------------------------------------------------------- reading it */

static bool find_column(struct tp_span name, size_t *out)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (tp_span_equal(name, tp_span_of(columns[i].name))) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool find_condition(struct tp_span name, enum tp_list_condition *out)
{
	for (size_t i = 0; i < TP_LIST_CONDITIONS; i++) {
		if (tp_span_equal(name, tp_span_of(conditions[i].name))) {
			*out = (enum tp_list_condition)i;
			return true;
		}
	}
	return false;
}

/* "2026-11-22", or with a time behind it that begins with T. */
static bool is_date(const char *text)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	return !text[10] || text[10] == 'T';
}

static enum tp_err parse_filter(const char *text, struct tp_list_query *q, struct tp_diag *diag)
{
	struct tp_span rest = tp_span_of(text);
	struct tp_span column = tp_span_split(&rest, ':');
	struct tp_span condition = tp_span_split(&rest, ':');
	struct tp_list_filter *f = &q->filters[q->count];

	if (q->count == TP_LIST_FILTERS_MAX)
		return tp_fail(diag, TP_LIMIT, "filter", "There are more than %d filters.",
			       TP_LIST_FILTERS_MAX);
	if (!find_column(column, &f->column))
		return tp_fail(diag, TP_FORMAT, "filter", "There is no column '%.*s'.", (int)column.len,
			       column.p ? column.p : "");
	if (!find_condition(condition, &f->condition))
		return tp_fail(diag, TP_FORMAT, "filter", "There is no condition '%.*s'.",
			       (int)condition.len, condition.p ? condition.p : "");
	f->value[0] = '\0';
	if (rest.p)
		tp_text_copy_span(f->value, sizeof(f->value), rest);
	if (is_of_dates(f->condition) && !columns[f->column].date)
		return tp_fail(diag, TP_FORMAT, "filter", "%s is not a date.", columns[f->column].label);
	if (is_of_dates(f->condition) && !is_date(f->value))
		return tp_fail(diag, TP_FORMAT, "filter", "A date has the form 2026-11-22.");
	q->count++;
	return TP_OK;
}

static enum tp_err parse_one(const char *key, const char *value, struct tp_list_query *q,
			     struct tp_diag *diag)
{
	if (!strcmp(key, "filter"))
		return value[0] ? parse_filter(value, q, diag) : TP_OK;
	if (!strcmp(key, "match")) {
		q->any = !strcmp(value, "any");
		return q->any || !strcmp(value, "all") ? TP_OK :
							 tp_fail(diag, TP_FORMAT, "match", "match is all or any.");
	}
	if (!strcmp(key, "sort") && value[0]) {
		q->down = value[0] == '-';
		if (!find_column(tp_span_of(value + q->down), &q->sort))
			return tp_fail(diag, TP_FORMAT, "sort", "There is no column '%s'.", value + q->down);
	}
	return TP_OK;
}

/* '+' as a space too, as forms send it. */
static bool decode(struct tp_span text, char *buf, size_t size)
{
	char plain[3 * TP_LIST_VALUE_MAX + 1];

	if (!tp_text_copy_span(plain, sizeof(plain), text))
		return false;
	for (char *p = plain; *p; p++) {
		if (*p == '+')
			*p = ' ';
	}
	return tp_http_decode(tp_span_of(plain), buf, size) == TP_OK;
}

enum tp_err tp_list_query_parse(const char *text, struct tp_list_query *out, struct tp_diag *diag)
{
	struct tp_list_query q = { .sort = 0 };
	struct tp_span rest = tp_span_of(text);

	while (rest.len) {
		struct tp_span value = tp_span_split(&rest, '&');
		struct tp_span key = tp_span_split(&value, '=');
		char name[16], decoded[TP_LIST_VALUE_MAX + 1] = "";
		enum tp_err err;

		if (!tp_text_copy_span(name, sizeof(name), key))
			continue;
		if (value.p && !decode(value, decoded, sizeof(decoded)))
			return tp_fail(diag, TP_FORMAT, name, "This value is too long or not UTF-8.");
		err = parse_one(name, decoded, &q, diag);
		if (err != TP_OK)
			return err;
	}
	*out = q;
	return TP_OK;
}

/* ------------------------------------------------------------------- filtering */

static const char *cell(const json_t *row, size_t column)
{
	const char *text = json_string_value(json_object_get(row, columns[column].name));

	return text ? text : "";
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcasecmp(text + n - m, end);
}

/* A day alone is over when its last moment is. */
static bool is_after(const char *text, const char *date)
{
	if (!date[10])
		return strncmp(text, date, 10) > 0;
	return strcmp(text, date) > 0;
}

static bool holds(const json_t *row, const struct tp_list_filter *f)
{
	const char *text = cell(row, f->column);

	switch (f->condition) {
	case TP_LIST_CONTAINS:
		return strcasestr(text, f->value) != NULL;
	case TP_LIST_IS_EXACTLY:
		return columns[f->column].date && strlen(f->value) == 10 ?
			       !strncmp(text, f->value, 10) : !strcasecmp(text, f->value);
	case TP_LIST_BEGINS_WITH:
		return !strncasecmp(text, f->value, strlen(f->value));
	case TP_LIST_ENDS_WITH:
		return ends_with(text, f->value);
	case TP_LIST_IS_EMPTY:
		return !text[0];
	case TP_LIST_IS_NOT_EMPTY:
		return text[0];
	case TP_LIST_IS_BEFORE:
		return text[0] && strcmp(text, f->value) < 0;
	case TP_LIST_IS_AFTER:
		return text[0] && is_after(text, f->value);
	case TP_LIST_CONDITIONS:
		break;
	}
	return false;
}

static bool fits(const json_t *row, const struct tp_list_query *q)
{
	size_t good = 0;

	for (size_t i = 0; i < q->count; i++)
		good += holds(row, &q->filters[i]);
	return q->any && q->count ? good > 0 : good == q->count;
}

struct place {
	json_t *row;
	const char *text;
	size_t index;
	bool down;
};

/* Rows that compare equal, and those without a value behind all others, keep their order. */
static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int by = strcasecmp(x->text, y->text);

	if (!x->text[0] != !y->text[0])
		return x->text[0] ? -1 : 1;
	if (by)
		return x->down ? -by : by;
	return x->index < y->index ? -1 : x->index > y->index;
}

json_t *tp_list_select(const json_t *rows, const struct tp_list_query *q)
{
	size_t n = json_array_size(rows), count = 0;
	struct place *places = calloc(n ? n : 1, sizeof(*places));
	json_t *out = json_array();

	for (size_t i = 0; places && i < n; i++) {
		json_t *row = json_array_get(rows, i);

		if (fits(row, q)) {
			places[count] = (struct place){ row, cell(row, q->sort), i, q->down };
			count++;
		}
	}
	if (places)
		qsort(places, count, sizeof(*places), compare);
	for (size_t i = 0; i < count; i++)
		json_array_append(out, places[i].row);
	free(places);
	return out;
}

/* ------------------------------------------------------------------------- CSV */

static void put_field(FILE *f, const char *text)
{
	fputc('"', f);
	if (text[0] && strchr("=+-@\t\r", text[0]))
		fputc('\'', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

enum tp_err tp_list_csv(const json_t *rows, char **out, size_t *len)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return TP_NOMEM;
	for (size_t c = 0; c < COLUMNS; c++) {
		put_field(f, columns[c].label);
		fputs(c + 1 < COLUMNS ? "," : "\r\n", f);
	}
	for (size_t i = 0; i < json_array_size(rows); i++) {
		for (size_t c = 0; c < COLUMNS; c++) {
			put_field(f, cell(json_array_get(rows, i), c));
			fputs(c + 1 < COLUMNS ? "," : "\r\n", f);
		}
	}
	if (fclose(f)) {
		free(text);
		return TP_NOMEM;
	}
	*out = text;
	*len = size;
	return TP_OK;
}
